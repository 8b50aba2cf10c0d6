"""What we publish of a SuiteCRM equals SQL written by hand against its tables, figure by figure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from pipeline import run
from pipeline.config import load_audit
from pipeline.metrics import METRICS
from pipeline.progress import Silence
from pipeline.reports.report import Edition
from tests.suitecrm.by_hand import Hand, Setting, Value
from tests.suitecrm.database import Database, suitecrm
from tests.suitecrm.in_python import Rows
from tests.suitecrm.overlay import lay

TARGETS = {
    "seed_chris_id": {"deals_won": 2, "meetings_held": 40, "clients_new": 0},
    "seed_max_id": {"deals_won": 30, "meetings_held": 3},
    "seed_sally_id": {"clients_new": 4},
    "m-nina": {"deals_won": 9},
    "m-plan": {"deals_won": 5},  # a manager by this plan alone
    "u-absent": {"meetings_held": 5},
}
AS_OF = "2027-03-26 22:30:00"  # a Friday; on Sunday the clock goes forward in Amsterdam

AMSTERDAM = Setting(
    zone="Europe/Amsterdam", as_of=AS_OF, today="2027-03-26", soon="2027-04-02 22:00:00",
    first_day="2027-03-01", after_day="2027-04-01", first="2027-02-28 23:00:00", after="2027-03-31 22:00:00",
    month="2027-03", month_first_day="2027-03-01", month_after_day="2027-04-01",
    month_first="2027-02-28 23:00:00", month_after="2027-03-31 22:00:00",
    working_days_left=4, targets=TARGETS,
)  # fmt: skip
TOKYO = Setting(  # there it is Saturday
    zone="Asia/Tokyo", as_of=AS_OF, today="2027-03-27", soon="2027-04-03 15:00:00",
    first_day="2027-03-01", after_day="2027-04-01", first="2027-02-28 15:00:00", after="2027-03-31 15:00:00",
    month="2027-03", month_first_day="2027-03-01", month_after_day="2027-04-01",
    month_first="2027-02-28 15:00:00", month_after="2027-03-31 15:00:00",
    working_days_left=3, targets=TARGETS, currency="JPY",
)  # fmt: skip
LOS_ANGELES = Setting(  # part of a month, over the clock's change on 14 March: the plan is the whole month's
    zone="America/Los_Angeles", as_of=AS_OF, today="2027-03-26", soon="2027-04-03 07:00:00",
    period="{first: 2027-03-10, to: 2027-03-20}",
    first_day="2027-03-10", after_day="2027-03-20", first="2027-03-10 08:00:00", after="2027-03-20 07:00:00",
    month="2027-03", month_first_day="2027-03-01", month_after_day="2027-04-01",
    month_first="2027-03-01 08:00:00", month_after="2027-04-01 07:00:00",
    working_days_left=4, targets=TARGETS, currency="USD",
)  # fmt: skip
PAST = Setting(  # a month that is over: no working days are left of it
    zone="Asia/Tokyo", as_of=AS_OF, today="2027-03-27", soon="2027-04-03 15:00:00",
    period="{first: 2027-02-01, to: 2027-03-01}",
    first_day="2027-02-01", after_day="2027-03-01", first="2027-01-31 15:00:00", after="2027-02-28 15:00:00",
    month="2027-02", month_first_day="2027-02-01", month_after_day="2027-03-01",
    month_first="2027-01-31 15:00:00", month_after="2027-02-28 15:00:00",
    targets=TARGETS,
)  # fmt: skip
BARE = {
    zone: Setting(
        zone=zone, as_of="2027-06-30 12:00:00", today="2027-06-30", soon=soon,
        period="{first: 2026-11-24, to: 2027-07-01}",
        first_day="2026-11-24", after_day="2027-07-01", first=first, after=after,
    )
    for zone, first, after, soon in (
        ("Europe/Amsterdam", "2026-11-23 23:00:00", "2027-06-30 22:00:00", "2027-07-07 22:00:00"),
        ("Asia/Tokyo", "2026-11-23 15:00:00", "2027-06-30 15:00:00", "2027-07-07 15:00:00"),
        ("America/Los_Angeles", "2026-11-24 08:00:00", "2027-07-01 07:00:00", "2027-07-08 07:00:00"),
    )
}  # fmt: skip


@pytest.fixture(scope="module")
def laid() -> Iterator[Database]:
    """The dump with dirt laid over it."""
    with suitecrm() as database:
        lay(database, seed=20270326)
        yield database


@pytest.fixture(scope="module")
def bare() -> Iterator[Database]:
    """The dump as it is."""
    with suitecrm() as database:
        yield database


def audited(database: Database, setting: Setting, folder: Path, *, results: bool) -> Edition:
    """What we compute."""
    file = folder / "audit.yaml"
    source = {"url": "${CRM_AUDIT_TEST_URL}", "preset": "suitecrm", "crm_url": "https://crm.example"}
    if results:
        source["add"] = {"meeting.result": "meetings_cstm.result_c"}
    document = {
        "name": "SuiteCRM", "zone": setting.zone, "currency": setting.currency, "source": source,
        "period": yaml.safe_load(setting.period),
        "targets": {who: {setting.month or "2027-03": dict(of)} for who, of in setting.targets.items()},
    }  # fmt: skip
    file.write_text(yaml.safe_dump(document), "utf-8")
    audit, data = load_audit(file), folder / "data"
    data.mkdir()
    as_of = datetime.fromisoformat(setting.as_of).replace(tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_AUDIT_TEST_URL", database.url.render_as_string(hide_password=False))
        run.extract(audit, data, clock=lambda: as_of, as_of=as_of, progress=Silence())
    return run.compute(audit, data, run_id="test", progress=Silence())


def ours(edition: Edition) -> dict[str, Value]:
    return {
        name: (figure.numerator, figure.denominator)
        for name, figure in edition.figures.items()
        if figure.metric != "figures_proven"  # about the proof, not about the CRM
    }


def differences(edition: Edition, hand: Hand) -> dict[str, tuple[Value | None, Value | None]]:
    """Figure -> (by hand, ours), where they are not the same."""
    expected, got = hand.figures(hand.counts()), ours(edition)
    return {
        name: (expected.get(name), got.get(name))
        for name in sorted(expected.keys() | got.keys())
        if expected.get(name) != got.get(name)
    }


@pytest.mark.parametrize("setting", [AMSTERDAM, TOKYO, LOS_ANGELES, PAST], ids=["amsterdam", "tokyo", "la", "past"])
def test_laid_over(laid: Database, tmp_path: Path, setting: Setting) -> None:
    edition = audited(laid, setting, tmp_path, results=True)
    assert differences(edition, Hand(laid, setting, results=True)) == {}


@pytest.mark.parametrize("setting", [AMSTERDAM, TOKYO, LOS_ANGELES, PAST], ids=["amsterdam", "tokyo", "la", "past"])
def test_two_hands_agree(laid: Database, setting: Setting) -> None:
    """Complete meetings, contacts of whom and money are hard enough in SQL to be counted once more in Python."""
    by_sql, in_python = Hand(laid, setting, results=True).counts(), Rows(laid, setting).counts()
    found = {what: {owner: n for owner, n in of.items() if n} for what, of in in_python.items()}
    assert found == {what: {owner: n for owner, n in by_sql[what].items() if n} for what in found}
    assert {what for what in by_sql if "_amount/" in what} == {what for what in found if "_amount/" in what}
    assert {what for what in by_sql if "lacking/" in what} == {what for what in found if "lacking/" in what}


@pytest.mark.parametrize("setting", BARE.values(), ids=BARE)
def test_bare_dump(bare: Database, tmp_path: Path, setting: Setting) -> None:
    edition = audited(bare, setting, tmp_path, results=False)
    assert differences(edition, Hand(bare, setting, results=False)) == {}


@pytest.mark.parametrize("setting", [AMSTERDAM, TOKYO, LOS_ANGELES], ids=["amsterdam", "tokyo", "la"])
def test_every_measure_is_tried(laid: Database, setting: Setting) -> None:
    """A measure that is zero proves nothing: each is non-zero for three managers and more, in each setting."""
    hand = Hand(laid, setting, results=True)
    managers: dict[str, set[str]] = {metric.name: set() for metric in METRICS}
    for name, (numerator, _) in hand.figures(hand.counts()).items():
        what, _, who = name.partition("@")
        if who.startswith("manager:") and numerator and what.split("/")[0] in managers:
            managers[what.split("/")[0]].add(who)
    assert {metric: len(who) for metric, who in managers.items() if len(who) < 3} == {}
