"""Attacks on the proof: none publishes a wrong figure, writes to the CRM, or ends in anything but an error of ours."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.config import load_audit
from pipeline.errors import AuditError
from pipeline.flows import run
from pipeline.model import RunResult
from pipeline.progress import Silence
from pipeline.reports.write import write_reports
from tests.databases.test_select_guard import COMMON, ENGINES, OWN, Crm, crms  # noqa: F401 - a fixture

AS_OF = datetime(2026, 11, 24, 8, tzinfo=UTC)
PRESET = """
about: Our own CRM
dialects: [sqlite]
money: decimal
states: {deal: {open: [open], won: [won], lost: [lost]}, meeting: {held: [held], planned: [planned]}}
entities:
  user: {table: people, columns: {id: id, name: name, team_id: team, team: team, active: active, person: active}}
  client: {table: clients, columns: {id: id, owner_id: owner, name: name, phone: phone, created_at: made}}
  deal:
    table: deals
    columns: {id: id, owner_id: owner, name: name, client_id: client, stage: stage, amount: amount, currency: currency,
              close_day: day, created_at: made}
  meeting:
    table: meetings
    columns: {id: id, owner_id: owner, subject: name, status: stage, start_at: made, client_id: client,
              created_at: made}
"""
TABLES = """
CREATE TABLE people (id TEXT, name TEXT, team TEXT, active INT);
CREATE TABLE clients (id TEXT, owner TEXT, name TEXT, phone TEXT, made TEXT);
CREATE TABLE deals (id TEXT, owner TEXT, name TEXT, client TEXT, stage TEXT, amount TEXT, currency TEXT, day TEXT,
                    made TEXT);
CREATE TABLE meetings (id TEXT, owner TEXT, name TEXT, client TEXT, stage TEXT, made TEXT);
INSERT INTO people VALUES ('a', 'Anna', 'North', 1), ('b', 'Bert', 'South', 1), ('c', 'Carla', 'South', 0);
"""


def build(folder: Path, change: str = "") -> Path:
    """A small CRM, in which that was changed, and its audit.yaml."""
    with sqlite3.connect(folder / "crm.db") as db:
        db.executescript(TABLES)
        for n in range(24):
            owner, made = "abc"[n % 3], f"2026-11-{1 + n % 20:02} 09:00:00"
            stage, name = ("open", "won", "lost")[n % 3], None if n % 5 == 0 else f"n{n}"
            db.execute(
                "INSERT INTO clients VALUES (?, ?, ?, ?, ?)",
                (f"k{n}", owner, name, f"020{n}", made),
            )
            deal = (f"d{n}", owner, name, f"k{n}", stage, f"{n}.50", "EUR", made[:10], made)
            db.execute("INSERT INTO deals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", deal)
            meeting = (f"m{n}", owner, name, f"k{n}", "held" if n % 2 else "planned", made)
            db.execute("INSERT INTO meetings VALUES (?, ?, ?, ?, ?, ?)", meeting)
        if change:
            db.executescript(change)
    (folder / "own.yaml").write_text(PRESET, "utf-8")
    file = folder / "audit.yaml"
    file.write_text(
        "name: T\nsource: {url: 'sqlite:///crm.db', preset: own.yaml}\nzone: UTC\ncurrency: EUR\n",
        "utf-8",
    )
    return file


def extracted(file: Path) -> Path:
    data = file.parent / "data"
    data.mkdir()
    run.extract(load_audit(file), data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    return data


def computed(file: Path, data: Path) -> RunResult:
    return run.compute(data, run_id="r", progress=Silence())


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunResult]:
    """A snapshot, and what it says."""
    file = build(tmp_path_factory.mktemp("good"))
    extracted(file)
    return file, computed(file, file.parent / "data")


def must_hold(
    good: tuple[Path, RunResult], folder: Path, forge: Callable[[Path], None]
) -> None:
    """What was forged is refused, or changes nothing that is printed."""
    file, result = good
    shutil.copytree(file.parent, folder / "copy")
    data = folder / "copy" / "data"
    forge(data)
    try:
        found = computed(folder / "copy" / "audit.yaml", data)
    except AuditError:
        return
    assert found.figures == result.figures
    assert found.people == result.people
    assert found.fix_list == result.fix_list


# ------------------------------------------------------------------------------------------------ altered snapshots

_EXCHANGED = "* REPLACE (coalesce(lead({0}) OVER (ORDER BY id), min({0}) OVER ()) AS {0})"
COLUMNS = {
    "user": ("id", "name", "team_id", "team", "active", "person"),
    "client": ("id", "owner_id", "name", "phone", "created_at"),
    "deal": (
        "id",
        "owner_id",
        "name",
        "client_id",
        "stage",
        "amount",
        "currency",
        "close_day",
        "created_at",
    ),
    "meeting": ("id", "owner_id", "subject", "status", "start_at", "client_id", "created_at"),
}


def _exchanged(entity: str, column: str) -> tuple[str, str]:
    """Two records exchange what stands in that column."""
    return entity, _EXCHANGED.format(column)


SNAPSHOTS = [
    *(_exchanged(entity, column) for entity, columns in COLUMNS.items() for column in columns),
    *(
        (entity, f"* REPLACE (NULL AS {column})")
        for entity, columns in COLUMNS.items()
        for column in columns[1:4]
    ),
    *((entity, "* FROM {0} UNION ALL SELECT * FROM {0} LIMIT 25") for entity in COLUMNS),
    *((entity, "* FROM {0} WHERE id <> (SELECT min(id) FROM {0})") for entity in COLUMNS),
    ("deal", "* REPLACE (1 AS amount_unreadable)"),
    ("deal", "* REPLACE (1 AS close_day_unreadable)"),
    ("deal", "* REPLACE (amount + 1 AS amount)"),
    ("deal", "* REPLACE (currency || chr(13) AS currency)"),
    ("deal", "* REPLACE (id || chr(8238) AS id)"),
    ("client", "* REPLACE (name || ' ' AS name)"),
    ("meeting", "* REPLACE (start_at + INTERVAL 40 DAY AS start_at)"),
]


@pytest.mark.parametrize(("entity", "change"), SNAPSHOTS)
def test_an_altered_snapshot(
    good: tuple[Path, RunResult], tmp_path: Path, entity: str, change: str
) -> None:
    def forge(data: Path) -> None:
        file, new = data / f"{entity}.parquet", data / "new.parquet"
        read = f"read_parquet('{file}')"
        select = change.format(read) if "FROM" in change else f"{change} FROM {read}"
        duckdb.sql(f"COPY (SELECT {select}) TO '{new}' (FORMAT parquet)")
        new.replace(file)
        manifest = json.loads((data / "manifest.json").read_text("utf-8"))
        for stored in manifest["stored"]:
            if stored["entity"] == entity:
                stored["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        (data / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    must_hold(good, tmp_path, forge)


# ------------------------------------------------------------------------------------------------ altered witnesses

WITNESSES = {
    "one more": lambda d: d["tallies"][0].update(value=d["tallies"][0]["value"] + 1),
    "a name": lambda d: d["people"][0].update(name="Zed"),
    "two names": lambda d: d["people"][0].update(name=d["people"][1]["name"]),
    "a team": lambda d: d["people"][0].update(team="East"),
    "a team's id": lambda d: d["people"][0].update(team_id="East"),
    "a leader": lambda d: d["people"][0].update(leader_id="b"),
    "a scope": lambda d: d["people"][0].update(scope="inactive"),
    "nobody": lambda d: d["people"].pop(),
    "somebody twice": lambda d: d["people"].append(d["people"][0]),
    "a tally less": lambda d: d["tallies"].pop(),
    "a tally twice": lambda d: d["tallies"].append(d["tallies"][0]),
}
ACCOUNTS = {
    "a row more": lambda a: a.update(rows=a["rows"] + 1, audited=a["audited"] + 1),
    "a row less": lambda a: a.update(rows=a["rows"] - 1, audited=a["audited"] - 1),
    "none audited": lambda a: a.update(audited=0, excluded={"deleted": a["rows"]}),
}


@pytest.mark.parametrize("name", WITNESSES)
def test_an_altered_witness(good: tuple[Path, RunResult], tmp_path: Path, name: str) -> None:
    def forge(data: Path) -> None:
        document = json.loads((data / "witness.json").read_text("utf-8"))
        WITNESSES[name](document)
        (data / "witness.json").write_text(json.dumps(document), "utf-8")

    must_hold(good, tmp_path, forge)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_an_altered_accounting(good: tuple[Path, RunResult], tmp_path: Path, name: str) -> None:
    def forge(data: Path) -> None:
        manifest = json.loads((data / "manifest.json").read_text("utf-8"))
        ACCOUNTS[name](next(one for one in manifest["accounts"] if one["table"] == "deals"))
        (data / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    file, _ = good
    shutil.copytree(file.parent, tmp_path / "copy")
    forge(tmp_path / "copy" / "data")
    with pytest.raises(AuditError):
        computed(tmp_path / "copy" / "audit.yaml", tmp_path / "copy" / "data")


# ------------------------------------------------------------------------------------------------ odd characters

ODD = (
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\u202e",
    "\u200b",
    "e\u0301",
    "%{41}",
    "'",
    '"',
    "<b>",
    "\\",
    "\x1b[2J",
    "\xa0",
)
PLACES = (
    "UPDATE people SET id = id || 'ODD'; UPDATE deals SET owner = owner || 'ODD'; "
    "UPDATE clients SET owner = owner || 'ODD'; UPDATE meetings SET owner = owner || 'ODD'",
    "UPDATE people SET team = team || 'ODD', name = 'ODD' || name",
    "UPDATE deals SET currency = currency || 'ODD' WHERE rowid = 1; "  # of all deals, it would not be plausible
    "UPDATE deals SET id = id || 'ODD', name = 'ODD'",
)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("place", range(len(PLACES)))
def test_an_odd_character(tmp_path: Path, odd: str, place: int) -> None:
    """It is published as it is, with every figure read back; no other data can stop a report for good."""
    file = build(tmp_path, PLACES[place].replace("ODD", odd.replace("'", "''")))
    result = computed(file, extracted(file))
    (tmp_path / "written").mkdir()
    write_reports(result, tmp_path / "written", Silence())
    assert (tmp_path / "written" / "report.html").is_file()


# ------------------------------------------------------------------------------------------------ SQL of users


@pytest.mark.parametrize("sql", range(len(COMMON)))
@pytest.mark.parametrize("dialect", ENGINES)
def test_sql_through_a_further_table(
    crms: Callable[[str], Crm],  # noqa: F811
    dialect: str,
    sql: int,
) -> None:
    crm = crms(dialect)
    with pytest.raises(AuditError):
        crm.read("tables: {people: " + json.dumps(COMMON[sql]) + "}\n")
    assert crm.deals() == 2


@pytest.mark.parametrize("dialect", ENGINES)
def test_sql_of_its_own_through_a_select(
    crms: Callable[[str], Crm],  # noqa: F811
    dialect: str,
    tmp_path: Path,
) -> None:
    crm = crms(dialect)
    for sql in OWN[dialect]:
        lead = f"  lead: {{table: deals, select: {json.dumps(sql.replace('FOLDER', str(tmp_path)))}}}\n"
        with pytest.raises(AuditError):
            crm.read(lead)
        assert crm.deals() == 2
    assert list(tmp_path.iterdir()) == []
