"""CRMs that a preset knows: init, check and run as they come, and every figure equals what is counted by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.crms.files.test_maven import hand_of, wrong
from tests.crms.odoo.by_hand import OdooHand
from tests.crms.odoo.database import odoo15
from tests.crms.odoo.overlay import lay
from tests.crms.odoo.test_equal import AMSTERDAM as ODOO_SETTING
from tests.crms.rebuilt.test_equal import CRMS, Crm, made
from tests.crms.suitecrm.by_hand import Hand, Setting, Value
from tests.crms.suitecrm.database import Database
from tests.crms.suitecrm.ours import differences
from tests.crms.suitecrm.test_equal import AMSTERDAM
from tests.requirements import require_shared
from tests.setup.first_minutes.terminal import Answers, at_a_terminal, succeed, values

PASSWORD = "hunter2"
REST = (
    ("zone of your people.*:", "Europe/Amsterdam"),
    (r"name none.*:", "eur"),
    (r"Language of the reports.*:", ""),
    (r"Which \(own, named\).*:", "named"),
)
LINKS = (("pages, for links", "https://crm.example"),)
NO_PLAN = ((r"\[y/N\]:", "n"),)


def first_minutes(
    folder: Path, address: URL | str, as_of: str, answers: Answers, **environment: str
) -> tuple[str, Mapping[str, Value]]:
    """What init said, and the figures of the run after it. `environment` is set for check and run."""
    shown = (
        address if isinstance(address, str) else address.render_as_string(hide_password=False)
    )
    ended, said = at_a_terminal(folder, "init", "--source", shown, answers=answers, TZ="UTC")
    assert ended == 0, said
    written = (folder / "audit.yaml").read_text("utf-8")
    assert "STILL OPEN" not in written
    succeed(folder, ("check",), ("run", "--as-of", f"{as_of}+00:00"), **environment)
    assert (folder / "audit.yaml").read_text("utf-8") == written
    return said, values(folder / "output")


def without_plan(setting: Setting) -> Setting:
    """Nobody has a target before somebody wrote one."""
    return replace(setting, targets={})


@contextmanager
def reader(crm: Database) -> Iterator[URL]:
    """An account of this database that may read its tables and no more, with its password in the address."""
    name = f"{crm.url.database}"[-24:]
    crm.execute(
        f"CREATE USER '{name}'@'%' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON {crm.url.database}.* TO '{name}'@'%'",
    )
    try:
        yield crm.url.set(username=name, password=PASSWORD)
    finally:
        crm.execute(f"DROP USER '{name}'@'%'")


def test_suitecrm(laid_suitecrm: Database, tmp_path: Path) -> None:
    setting = without_plan(AMSTERDAM)
    with reader(laid_suitecrm) as address:
        chosen = (r"(\d)  meetings_cstm\.result_c .*different(.|\n)*Which.*:", r"\1")
        said, found = first_minutes(
            tmp_path,
            address,
            setting.as_of,
            [chosen, *REST, *LINKS, *NO_PLAN],
            CRM_PASSWORD=PASSWORD,
        )
        hand = Hand(laid_suitecrm, setting, results=True)
        assert differences(hand.figures(hand.counts()), found) == {}
    assert "Recognised: SuiteCRM 7" in said
    assert "T… (15 characters)" in said
    assert "They" not in said  # of nobody's data more than a first letter
    assert PASSWORD not in said + (tmp_path / "audit.yaml").read_text("utf-8")


def test_odoo(tmp_path: Path) -> None:
    setting = without_plan(ODOO_SETTING)
    with odoo15() as crm:
        lay(crm, version=15, seed=20261126)
        held, chosen = (
            r"once its end has passed\? \[y/n\]:",
            r"(\d)  calendar_event\.x_result (.|\n)*Which.*:",
        )
        answers = [(held, "y"), (chosen, r"\1"), *REST, *LINKS, *NO_PLAN]
        said, found = first_minutes(tmp_path, crm.url, setting.as_of, answers)
        hand = OdooHand(crm, setting, version=15, results=True, by_time=True)
        assert differences(hand.figures(hand.counts()), found) == {}
        [counted] = crm.rows("SELECT count(*) AS live FROM calendar_event WHERE active")
    assert "Recognised: Odoo" in said
    assert f"Over {counted['live']:,} meetings:" in said  # which were held nobody knows yet
    assert "calendar_event.privacy" not in said  # the same everywhere


@pytest.mark.parametrize("crm", CRMS, ids=[crm.preset for crm in CRMS])
def test_a_crm_of_rebuilt_tables(crm: Crm, tmp_path: Path) -> None:
    setting = without_plan(AMSTERDAM)
    with made(crm) as filled:
        chosen = (rf"(\d)  {crm.result} (.|\n)*Which.*:", r"\1")
        answers = [chosen, *REST, *LINKS, *NO_PLAN]
        _, found = first_minutes(tmp_path, filled.database.url, setting.as_of, answers)
        assert differences(filled.hand(setting, results=True), found) == {}


def test_the_folder_of_sales_opportunities(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    shutil.copytree(require_shared("maven_csv/sales_pipeline.csv").parent, exports)
    answers = [REST[0], (r"name none.*:", "USD"), *REST[2:], *NO_PLAN]
    _, found = first_minutes(tmp_path, "files:///exports", "2017-06-20 10:00:00", answers)
    hand = hand_of(tmp_path, date(2017, 6, 1), date(2017, 7, 1), date(2017, 6, 20))
    assert found["deals_won@company"][0] > 50
    assert wrong(replace(hand, planned={}), found) == {}
