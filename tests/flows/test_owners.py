"""Ownership as it is in life: nobody, somebody gone, several, and who changes teams. Counted by hand."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, insert, text
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.engine import URL
from sqlalchemy.schema import Column, MetaData, Table
from sqlalchemy.types import BigInteger, Date, DateTime, Integer, String

from pipeline.config import load_audit
from pipeline.errors import ConfigError
from pipeline.flows import run
from pipeline.model import RunResult, Span
from pipeline.progress import Silence
from tests import postgres
from tests.requirements import require_mariadb

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NAMES = ("a", "A", "b", "c", "x")  # 'a' and 'A' are two persons, whatever a collation says
MANAGERS = NAMES[:4]
TEAMS = {"a": "north", "A": "north", "b": "south", "c": None, "x": "north"}
TARGETS = {"a": 3, "b": 40}

PRESET = """
about: A CRM in which records have several owners
dialects: [sqlite, mysql, mariadb, postgresql]
money: minor
states: {meeting: {held: [held], planned: [planned]}, deal: {won: [won], open: [open]}}
entities:
  user: {table: people, columns: {id: id, name: name, team_id: team, team: team, active: active, person: active}}
  client: {table: clients, columns: {id: id, owner_id: owner, name: name, created_at: made}}
  contact:
    table: contacts
    columns: {id: id, owner_id: owner, client_id: client, last_name: name, created_at: made}
  meeting:
    table: meetings
    columns: {id: id, owner_id: owner, subject: name, status: state, start_at: made, created_at: made,
              client_id: client}
  deal:
    table: deals
    select: |
      SELECT id, owner AS owner_id, name, client AS client_id, state AS stage, amount, 'EUR' AS currency,
             closed AS close_day, made AS created_at, NULL AS excluded FROM deals
  co_owner: {table: owners, columns: {record_kind: kind, record_id: record, owner_id: owner}}
"""
RECORDS = {"client": "clients", "contact": "contacts", "meeting": "meetings", "deal": "deals"}

Rows = Sequence[dict[str, Any]]
Counts = Mapping[str, Mapping[str, int]]
"""Name -> whose ('a', …, '' = nobody, 'company', 'twice') -> number."""


# ------------------------------------------------------------------------------------------------ the CRM


def rows_of(seed: int) -> dict[str, Rows]:
    """Records with no owner, one, a gone one, several, the same twice; and owners of what does not exist."""
    rng = random.Random(seed)
    owners = (*NAMES, *NAMES, "gone", None, "", "B")

    def record(kind: str, number: int) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": f"{kind[0]}{number}" if number % 7 else f"{kind[0].upper()}{number - 1}",
            "owner": rng.choice(owners),
            "name": rng.choice(("Low", "Low", None, " ")),
            "made": datetime(2026, rng.choice((10, 11)), rng.randint(1, 23), 10),
        }
        if kind != "client":
            found["client"] = f"c{rng.randrange(1, 30)}"
        if kind in ("meeting", "deal"):
            found["state"] = rng.choice(
                ("held", "planned") if kind == "meeting" else ("won", "open")
            )
        if kind == "deal":
            found |= {
                "amount": rng.choice((None, rng.randrange(10**9))),
                "closed": found["made"].date(),
            }
        return found

    tables: dict[str, Rows] = {
        table: [record(kind, number) for number in range(1, 61)]
        for kind, table in RECORDS.items()
    }
    tables["people"] = [
        {"id": n, "name": f"P {n}", "team": TEAMS[n], "active": int(n != "x")} for n in NAMES
    ]
    tables["owners"] = [
        {"kind": kind, "record": record_id, "owner": rng.choice(owners)}
        for kind, table in RECORDS.items()
        for record_id in rng.choices([*(row["id"] for row in tables[table]), "none"], k=50)
    ]
    return tables


@contextmanager
def sqlite(folder: Path) -> Iterator[URL]:
    yield URL.create("sqlite", database=str(folder / "crm.db"))


@contextmanager
def mariadb(_: Path) -> Iterator[URL]:
    server, name = require_mariadb(), f"crm_audit_test_{uuid4().hex[:12]}"
    engine = create_engine(server.set(database=None))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    try:
        yield server.set(database=name)
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        engine.dispose()


@contextmanager
def postgresql(_: Path) -> Iterator[URL]:
    with postgres.database() as url:
        yield url


def store(url: URL, tables: Mapping[str, Rows]) -> None:
    moment = DateTime().with_variant(DATETIME(truncate_microseconds=True), "sqlite")
    kinds = {"made": moment, "closed": Date, "amount": BigInteger, "active": Integer}
    metadata = MetaData()
    engine = create_engine(url)
    binary = {"mysql": "utf8mb4_bin"}.get(url.get_backend_name())
    for name, rows in tables.items():
        columns = [
            Column(key, kinds.get(key, String(40, collation=binary if key == "id" else None)))
            for key in rows[0]
        ]
        Table(name, metadata, *columns)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for name, rows in tables.items():
            connection.execute(insert(metadata.tables[name]), list(rows))
    engine.dispose()


def audited(folder: Path, url: URL, owners: str, name: str = "data") -> RunResult:
    (folder / "own.yaml").write_text(PRESET, "utf-8")
    targets = "".join(
        f"\n  {who}: {{2026-11: {{deals_won: {target}}}}}" for who, target in TARGETS.items()
    )
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    (folder / "audit.yaml").write_text(
        f"name: T\nsource: {{url: '{address}', preset: own.yaml, several_owners: {owners}}}\n"
        f"zone: UTC\ncurrency: EUR\ntargets:{targets}\n"
    )
    audit, data = load_audit(folder / "audit.yaml"), folder / name
    data.mkdir()
    run.extract(audit, data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    return run.compute(data, run_id="r", progress=Silence())


# ------------------------------------------------------------------------------------------------ by hand


def owners_of(
    tables: Mapping[str, Rows], kind: str, row: dict[str, Any], several: bool
) -> list[str]:
    """Who exists and owns it: its own owner first, then by id; of a contact without any the first of its client's."""
    more = {
        one["owner"]
        for one in tables["owners"]
        if (one["kind"], one["record"]) == (kind, row["id"]) and several
    }
    own = [row["owner"]] if row["owner"] in NAMES else []
    found = own + sorted(who for who in more - set(own) if who in NAMES)
    if not found and kind == "contact":
        clients = [client for client in tables["clients"] if client["id"] == row["client"]]
        return owners_of(tables, "client", clients[0], several)[:1] if clients else []
    return found


def counted(tables: Mapping[str, Rows], several: bool) -> Counts:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, table in RECORDS.items():
        for row in tables[table]:
            owners = owners_of(tables, kind, row, several) or [""]
            for name, value in what(kind, row).items():
                counts[name].update(dict.fromkeys(owners, value))
                counts[name]["company"] += value
                counts[name]["twice"] += value * (len(owners) - 1)
                counts[f"twice {name}"].update(dict.fromkeys(owners[1:], value))
    return counts


def what(kind: str, row: dict[str, Any]) -> dict[str, int]:
    named, ours = bool((row["name"] or "").strip()), row["made"].month == 11
    lacks = [not named] + ([row["amount"] is None] if kind == "deal" else [])
    found = {f"{kind}s": 1, f"fails {kind}": int(ours and any(lacks))}
    if kind == "client":
        found["clients_new"] = int(ours)
    if kind == "meeting":
        found |= {"meetings_held": int(ours and row["state"] == "held")}
    if kind == "deal":
        won = ours and row["state"] == "won"
        found |= {"deals_won": int(won), "deals_won_amount/EUR": (row["amount"] or 0) * won}
    return found


def pooled(counts: Mapping[str, int], twice: Mapping[str, int]) -> dict[str, int]:
    """Scope -> number."""
    found = {f"manager:{who}": counts[who] for who in MANAGERS}
    found |= {"inactive": counts["x"], "unassigned": counts[""], "company": counts["company"]}
    found |= {
        "team:north": counts["a"] + counts["A"],
        "team:south": counts["b"],
        "team": counts["c"],
    }
    return {**found, "double_counted": sum(twice.values())}


@pytest.mark.parametrize("several", [True, False], ids=["all", "first"])
@pytest.mark.parametrize(
    "engine", [sqlite, mariadb, postgresql], ids=lambda engine: engine.__name__
)
def test_every_owner_is_credited_and_the_company_once(
    tmp_path: Path, engine: Callable[..., Any], several: bool
) -> None:
    tables = rows_of(7)
    with engine(tmp_path) as url:
        store(url, tables)
        result = audited(tmp_path, url, "all" if several else "first")
    counts, figures = counted(tables, several), result.figures
    for name in ("clients", "contacts", "meetings", "deals", "clients_new", "meetings_held", "deals_won",
                 "deals_won_amount/EUR"):  # fmt: skip
        expected = pooled(counts[name], counts[f"twice {name}"])
        if not several:
            assert not expected.pop("double_counted")
        assert {
            scope: figures[f"{name}@{scope}"].numerator for scope in expected
        } == expected, name
        assert not several or expected["double_counted"] > 3, name
    assert bool([one for one in figures if one.endswith("@double_counted")]) is several


@pytest.mark.parametrize(
    "engine", [sqlite, mariadb, postgresql], ids=lambda engine: engine.__name__
)
def test_scores_lists_and_the_plan_add_up_too(
    tmp_path: Path, engine: Callable[..., Any]
) -> None:
    tables = rows_of(8)
    with engine(tmp_path) as url:
        store(url, tables)
        result = audited(tmp_path, url, "all")
    figures, counts = result.figures, counted(tables, several=True)
    parts = [*(f"manager:{who}" for who in MANAGERS), "inactive", "unassigned"]
    for name in (
        "points_kept/deal",
        "base_points_due/meeting",
        "records_complete",
        "field_good/contact.last_name",
        "win_rate",
        "records_failing",
    ):
        sums = [figures[f"{name}@{scope}"] for scope in parts]
        twice, company = figures[f"{name}@double_counted"], figures[f"{name}@company"]
        assert sum(one.numerator for one in sums) - twice.numerator == company.numerator, name
        assert (sum(one.denominator or 0 for one in sums) - (twice.denominator or 0)) == (
            company.denominator or 0
        )
        assert twice.numerator, name
    for who in MANAGERS:  # the fix-list of each holds all of his
        own = {
            (one.entity, one.record_id)
            for one in result.fix_list
            if one.owner == who and one.span is Span.SCORE
        }
        assert len(own) == figures[f"records_failing@manager:{who}"].numerator
    mine = {who: counts["deals_won"][who] for who in TARGETS}
    again = sum(counts["twice deals_won"][who] for who in TARGETS)
    assert again
    assert [figures[f"plan_done/deals_won@manager:{who}"].numerator for who in TARGETS] == list(
        mine.values()
    )
    assert figures["plan_done/deals_won@double_counted"].numerator == again
    assert figures["plan_done/deals_won@company"].numerator == sum(mine.values()) - again
    without = figures["plan_without_target/deals_won@company"].numerator
    assert without == counts["deals_won"]["company"] - sum(mine.values()) + again


def test_who_changes_teams_takes_his_figures_along(tmp_path: Path) -> None:
    """The team is that of now: nothing is in two teams, and the company stays what it was."""
    tables = rows_of(9)
    with sqlite(tmp_path) as url:
        store(url, tables)
        before = audited(tmp_path, url, "all", "before").figures
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE people SET team = 'south' WHERE id = 'a'"))
        engine.dispose()
        after = audited(tmp_path, url, "all", "after").figures
    for name in ("deals_won", "meetings_held", "points_kept/deal", "records_failing"):
        own = before[f"{name}@manager:a"].numerator
        assert own
        assert (
            after[f"{name}@team:south"].numerator
            == before[f"{name}@team:south"].numerator + own
        )
        assert (
            after[f"{name}@team:north"].numerator
            == before[f"{name}@team:north"].numerator - own
        )
        assert after[f"{name}@manager:a"] == before[f"{name}@manager:a"]
        assert after[f"{name}@company"] == before[f"{name}@company"]


def test_all_needs_a_preset_that_tells_of_them(tmp_path: Path) -> None:
    (tmp_path / "audit.yaml").write_text(
        "name: T\nsource: {url: 'sqlite:///crm.db', preset: demo, several_owners: all}\nzone: UTC\ncurrency: EUR\n"
    )
    with pytest.raises(
        ConfigError, match="tells of no owners but the first; give it a SELECT of co_owner"
    ):
        load_audit(tmp_path / "audit.yaml")
