"""Texts of a database that are written otherwise than we read them: `init` proposes the formats that fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from pipeline.errors import ConfigError
from pipeline.flows import run
from pipeline.presets import load_preset
from pipeline.progress import Silence
from pipeline.setup import initialise
from tests.crms.exports.ours import load_audit
from tests.crms.rebuilt import espocrm
from tests.crms.rebuilt.schema import built, fill
from tests.crms.suitecrm.database import Database
from tests.crms.suitecrm.test_equal import AMSTERDAM
from tests.setup.test_init import duckdb_file, mariadb, postgresql

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SETTINGS = {
    "name": "Sales",
    "zone": "Europe/Amsterdam",
    "currency": "EUR",
    "period": "month",
    "output": "output",
}


def audited(
    folder: Path, source: dict[str, object], as_of: datetime, **settings: object
) -> dict[str, object]:
    """Every figure of an audit in that folder."""
    document = {**SETTINGS, **settings, "source": source}
    (folder / "audit.yaml").write_text(yaml.safe_dump(document), "utf-8")
    audit = load_audit(folder / "audit.yaml")
    data = folder / f"data{len(list(folder.glob('data*')))}"
    data.mkdir()
    run.extract(audit, data, clock=lambda: as_of, as_of=as_of, progress=Silence())
    result = run.compute(data, run_id="test", progress=Silence())
    return {
        f.id: (f.numerator, f.denominator)
        for f in result.figures.values()
        if f.metric != "figures_proven"
    }


def confirm(file: Path) -> None:
    file.write_text(re.sub(r"unconfirmed:\n(  - .*\n)+", "", file.read_text("utf-8")), "utf-8")


# ------------------------------------------------------------------------------------------------ nobody knows the CRM

WRITTEN = (
    "5-11-2026 10:00",
    "25-11-2026 9:30",
    "1234,5",
    "12,25",
    "WAAR",
    "ONWAAR",
    "13-11-2026",
)
ISO = ("2026-11-05 10:00:00", "2026-11-25 09:30:00", "1234.5", "12.25", "1", "0", "2026-11-13")


def tables(
    first: str, second: str, amount: str, less: str, yes: str, no: str, day: str
) -> tuple[str, ...]:
    """A CRM that keeps all in texts."""
    return (
        "CREATE TABLE gebruikers (id INTEGER PRIMARY KEY, naam VARCHAR(50), actief VARCHAR(10))",
        "CREATE TABLE klanten (id INTEGER PRIMARY KEY, naam VARCHAR(50), telefoon VARCHAR(20), verkoper_id INTEGER, "
        "verwijderd VARCHAR(10))",
        "CREATE TABLE afspraken (id INTEGER PRIMARY KEY, verkoper_id INTEGER, klant_id INTEGER, status VARCHAR(20), "
        "begin_tijd VARCHAR(30))",
        "CREATE TABLE offertes (id INTEGER PRIMARY KEY, verkoper_id INTEGER, naam VARCHAR(80), fase VARCHAR(20), "
        "bedrag VARCHAR(20), sluitdatum VARCHAR(20))",
        f"INSERT INTO gebruikers VALUES (1, 'An', '{yes}'), (2, 'Be', '{no}'), (3, 'Co', '{yes}')",
        f"INSERT INTO klanten VALUES (1, 'K', '020-1234567', 1, '{no}'), (2, 'L', '020-1234568', 3, '{yes}'), "
        f"(3, 'M', NULL, 1, '{no}')",
        f"INSERT INTO afspraken VALUES (1, 1, 1, 'geweest', '{first}'), (2, 1, 1, 'gepland', '{second}'), "
        f"(3, 3, 3, 'geweest', '{first}')",
        f"INSERT INTO offertes VALUES (1, 1, 'o', 'gewonnen', '{amount}', '{day}'), "
        f"(2, 1, 'p', 'lopend', '{less}', NULL), (3, 3, 'q', 'gewonnen', '{less}', '{day}')",
    )


@contextmanager
def sqlite_file() -> Iterator[URL]:
    with duckdb_file() as url:
        yield URL.create("sqlite", database=str(url.database).replace("duckdb", "db"))


@pytest.mark.parametrize("server", [sqlite_file, postgresql, mariadb, duckdb_file])
def test_the_formats_of_a_crm_of_ones_own(
    server: Callable[[], AbstractContextManager[URL]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its figures are those of the same CRM with texts as we read them."""
    monkeypatch.chdir(tmp_path)
    found = []
    for texts in (WRITTEN, ISO):
        with server() as url:
            engine = create_engine(url)
            with engine.begin() as connection:
                for statement in tables(*texts):
                    connection.exec_driver_sql(statement)
            engine.dispose()
            monkeypatch.setenv("CRM_URL", url.render_as_string(hide_password=False))
            initialise(
                "${CRM_URL}",
                Path("audit.yaml"),
                preset=None,
                asking=False,
                now=NOW,
                new_id=lambda: "audit-1",
            )
            own = yaml.safe_load((tmp_path / "crm.yaml").read_text("utf-8"))
            assert ("formats" in own) == (texts == WRITTEN)
            if texts == WRITTEN:
                named = " ".join(own["unconfirmed"])
                for said in (
                    "formats.day = %d-%m-%Y",
                    "formats.instant = %-d-%m-%Y",
                    "formats.amount = 1234,50",
                ):
                    assert said in named
            (tmp_path / "audit.yaml").unlink()
            confirm(tmp_path / "crm.yaml")
            own = yaml.safe_load((tmp_path / "crm.yaml").read_text("utf-8"))
            own["datetimes"] = "audit"
            (tmp_path / "crm.yaml").write_text(yaml.safe_dump(own), "utf-8")
            found.append(audited(tmp_path, {"url": "${CRM_URL}", "preset": "crm.yaml"}, NOW))
            (tmp_path / "audit.yaml").unlink()
            (tmp_path / "crm.yaml").unlink()
    assert found[0] == found[1]
    counted = {
        "managers": 2,
        "clients": 2,
        "meetings_held": 2,
        "meetings_planned_7d": 1,
        "deals_won_amount/EUR": 124675,
    }
    assert {name: found[0][f"{name}@company"][0] for name in counted} == counted  # type: ignore[index]


# ------------------------------------------------------------------------------------------------ a preset knows it


@pytest.fixture(scope="module")
def espo() -> Iterator[Database]:
    with built("espocrm", espocrm.TABLES, espocrm.FURTHER, espocrm.COLLATION) as crm:
        fill(crm, espocrm.EspoSeed(20270326).rows)
        yield crm


def test_the_formats_of_a_crm_that_a_preset_knows(
    espo: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A column that somebody made a text: nothing is used before it is confirmed, then every figure is as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRM_URL", espo.url.render_as_string(hide_password=False))
    as_of = datetime.fromisoformat(AMSTERDAM.as_of).replace(tzinfo=UTC)
    source: dict[str, object] = {"url": "${CRM_URL}", "preset": "espocrm"}
    settings = {
        "zone": AMSTERDAM.zone,
        "period": yaml.safe_load(AMSTERDAM.period),
        "accept": [],
    }
    before = audited(tmp_path, source, as_of, **settings)
    espo.execute(
        "ALTER TABLE opportunity MODIFY close_date VARCHAR(20)",
        "UPDATE opportunity SET close_date = DATE_FORMAT(close_date, '%e-%c-%Y')",
    )
    (tmp_path / "audit.yaml").unlink()
    initialise(
        "${CRM_URL}",
        Path("audit.yaml"),
        preset=None,
        asking=False,
        now=as_of,
        new_id=lambda: "audit-1",
    )
    said = capsys.readouterr().out
    assert re.search(
        r"deal\.close_day: (\S+) of \1 values .* are not written as espocrm writes them: \d… \(",
        said,
    )
    assert "crm.yaml: confirm each line under `unconfirmed`" in said
    assert "source.add: meeting.result" in said  # it is no preset that maps the tables itself
    own = yaml.safe_load((tmp_path / "crm.yaml").read_text("utf-8"))
    assert own.keys() == {"unconfirmed", "extends", "formats"}
    assert [line.partition(" =")[0] for line in own["unconfirmed"]] == ["formats.day"]
    assert (
        yaml.safe_load((tmp_path / "audit.yaml").read_text("utf-8"))["source"]["preset"]
        == "crm.yaml"
    )
    with pytest.raises(ConfigError, match=r"(?s)not confirmed yet.*formats\.day"):
        load_preset("crm.yaml", tmp_path)
    confirm(tmp_path / "crm.yaml")
    assert audited(tmp_path, {**source, "preset": "crm.yaml"}, as_of, **settings) == before


def test_a_preset_of_ones_own_is_left_as_it_is_and_the_line_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with create_engine("sqlite:///crm.db").begin() as connection:
        connection.execute(
            text("CREATE TABLE offertes (id INTEGER PRIMARY KEY, wie INTEGER, sluit TEXT)")
        )
        connection.execute(
            text("INSERT INTO offertes VALUES (1, 1, '25-11-2026'), (2, 1, '13-11-2026')")
        )
    mine = (
        "about: Ours\ndialects: [sqlite]\nmoney: decimal\nentities:\n  user: {table: offertes, columns: {id: wie}}\n"
        "  deal: {table: offertes, columns: {id: id, owner_id: wie, close_day: sluit}}\n"
    )
    (tmp_path / "mine.yaml").write_text(mine, "utf-8")
    initialise(
        "sqlite:///crm.db",
        Path("audit.yaml"),
        preset="mine.yaml",
        asking=False,
        now=NOW,
        new_id=lambda: "audit-1",
    )
    said = capsys.readouterr().out
    assert (
        "deal.close_day: 2 of 2 values that were looked at are not written as mine.yaml writes them"
        in said
    )
    assert 'Under formats in mine.yaml, this line fits: day: ["%d-%m-%Y", "%Y-%m-%d"]' in said
    assert (tmp_path / "mine.yaml").read_text("utf-8") == mine
    assert not (tmp_path / "crm.yaml").exists()
