"""Counting in the CRM's own database: an entity by one statement, equal to the same asked question by question."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from sqlalchemy import BigInteger, column, create_engine, insert, select, true, values
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.engine import URL
from sqlalchemy.schema import Column, MetaData, Table
from sqlalchemy.types import Date, DateTime, Numeric, String

from benchmarks.questions import one_by_one
from pipeline import source
from pipeline.config import Audit, load_audit
from pipeline.databases import mysql
from pipeline.flows import run
from pipeline.flows.extract import answers_of, read_spec_of, window_of
from pipeline.measures.deals import DEALS_OPEN_AMOUNT, DEALS_WON_AMOUNT
from pipeline.measures.measure import average
from pipeline.measures.registry import COUNTED
from pipeline.model import (
    Answers,
    CustomMeasure,
    Demand,
    FailingRecord,
    FieldSet,
    Tally,
    same_in_all,
)
from pipeline.model.conditions import (
    MOMENT,
    AllOf,
    Among,
    AnyOf,
    Between,
    Filled,
    InState,
    Missing,
    Not,
    OlderThan,
)
from pipeline.model.conditions import Condition as When
from pipeline.progress import Silence
from pipeline.queries import WORD
from pipeline.queries.census import _Asked, _is_wrong
from pipeline.source import typed
from tests.flows.test_owners import mariadb, postgresql, sqlite
from tests.requirements import require_mariadb

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PEOPLE = ("a", "A", "b", "", " ", "\u00e9", "e")
"""Users whom a collation takes to be alike, and whose ids are blank."""
CURRENCIES = ("EUR", "eur", "EUR ", "JPY", "ZZZ", "", None)
FIELDS = 58
HUNDREDS = 300
CONDITIONS = {
    1: Between("amount", Decimal("100.005"), None),
    2: AnyOf((Among("name", ("Low", "low")), Not(OlderThan(MOMENT, 7)))),
}
AVERAGED = "deals_won_amount.records"
PRESET = """
about: A CRM of odd owners
dialects: [sqlite, mysql, mariadb, postgresql, duckdb, files]
money: decimal
absent: {user.leader_id: no teams, client.email: no addresses}
states:
  meeting: {held: [held], planned: [planned]}
  call: {held: [held], planned: [planned]}
  deal: {won: [won], open: [open], lost: [lost]}
entities:
  user:
    table: people
    select: |
      SELECT id, name, id AS team_id, id AS team, CAST(active AS DECIMAL(1, 0)) AS active, 1 AS person, NULL AS excluded
      FROM people
  client:
    table: clients
    select: |
      SELECT id, owner AS owner_id, name, phone, made AS created_at, CAST(home AS DECIMAL(1, 0)) AS private_person,
             phone AS first_name, name AS last_name, NULL AS excluded
      FROM clients
  contact:
    table: contacts
    columns: {id: id, owner_id: owner, client_id: client, last_name: name, first_name: phone, phone: phone,
              created_at: made}
  lead: {table: leads, columns: {id: id, owner_id: owner, last_name: name, phone: phone, created_at: made}}
  meeting:
    table: meetings
    columns: {id: id, owner_id: owner, subject: name, status: state, start_at: starts, created_at: made,
              client_id: client, result: phone, parent_kind: kind, parent_id: client}
  meeting_contact: {table: invited, columns: {meeting_id: meeting, person_kind: kind, person_id: person}}
  call:
    table: calls
    columns: {id: id, owner_id: owner, subject: name, status: state, start_at: starts, created_at: made,
              client_id: client, contact_id: contact}
  deal:
    table: deals
    columns: {id: id, owner_id: owner, name: name, client_id: client, stage: state, amount: amount,
              currency: currency, close_day: closed, created_at: made}
  co_owner: {table: owners, columns: {record_kind: kind, record_id: record, owner_id: owner}}
"""
KINDS = {"client": "clients", "contact": "contacts", "lead": "leads", "meeting": "meetings", "call": "calls",
         "deal": "deals"}  # fmt: skip

Rows = Mapping[str, Sequence[dict[str, Any]]]


# ------------------------------------------------------------------------------------------------ the CRM


def rows_of(seed: int, records: int = 80) -> Rows:
    """Records of one owner, of several, of nobody and of somebody gone; texts, amounts and states of all sorts."""
    rng = Random(seed)
    owners = (*PEOPLE, *PEOPLE, "gone", None)

    def record(kind: str, number: int) -> dict[str, Any]:
        made = datetime(2026, rng.choice((10, 11)), rng.randint(1, 23), 10)
        states = (
            ("won", "open", "lost", "Won")
            if kind == "deal"
            else ("held", "held", "planned", "Held", " ")
        )
        return {
            "id": f"{kind}{number}",
            "owner": rng.choice(owners),
            "name": rng.choice((*["Low"] * 5, None, " ", "\u3000")),
            "phone": rng.choice(("1", "1", "", None)),
            "made": rng.choice((made, made, None)),
            "client": f"client{rng.randrange(records + 5)}",
            "contact": f"{rng.choice(('contact', 'lead'))}{rng.randrange(records + 5)}",
            "kind": rng.choice(("contact", "lead", "client", None)),
            "home": rng.choice((0, 1)),
            "state": rng.choice(states),
            "starts": rng.choice((made, made + timedelta(days=20), None)),
            "amount": rng.choice((None, *[rng.randrange(10**6) / 100] * 3)),
            "currency": rng.choice(CURRENCIES),
            "closed": rng.choice((*[made.date()] * 3, date(2026, 12, 24), None)),
        }

    tables: dict[str, Sequence[dict[str, Any]]] = {
        table: [record(kind, number) for number in range(records)]
        for kind, table in KINDS.items()
    }
    tables["people"] = [{"id": n, "name": f"P{n}", "active": int(n != "b")} for n in PEOPLE]
    tables["owners"] = [
        {"kind": kind, "record": rng.choice(tables[table])["id"], "owner": rng.choice(owners)}
        for kind, table in KINDS.items()
        for _ in range(records // 2)
    ]
    tables["invited"] = [
        {
            "meeting": f"meeting{rng.randrange(records)}",
            "kind": kind,
            "person": f"{kind}{rng.randrange(records)}",
        }
        for kind in ("contact", "lead")
        for _ in range(records)
    ]
    return tables


def store(url: URL, tables: Rows) -> None:
    moment = DateTime().with_variant(DATETIME(truncate_microseconds=True), "sqlite")
    binary = {"mysql": "utf8mb4_bin"}.get(url.get_backend_name())
    kinds: dict[str, Any] = {
        "made": moment,
        "starts": moment,
        "closed": Date,
        "amount": Numeric(20, 2),
    }
    kinds |= dict.fromkeys(("active", "home"), Numeric(1, 0))
    text, key = String(40), String(40, collation=binary)
    metadata = MetaData()
    engine = create_engine(url)
    for name, rows in tables.items():
        Table(
            name,
            metadata,
            *(Column(one, kinds.get(one, key if one == "id" else text)) for one in rows[0]),
        )
    metadata.create_all(engine)
    with engine.begin() as connection:
        for name, rows in tables.items():
            connection.execute(insert(metadata.tables[name]), list(rows))
    engine.dispose()


@contextmanager
def duckdb(folder: Path) -> Iterator[URL]:
    yield URL.create("duckdb", database=str(folder / "crm.duckdb"))


@contextmanager
def files(folder: Path) -> Iterator[URL]:
    (folder / "exports").mkdir()
    yield URL.create("files", database=str(folder / "exports"))


def export(folder: Path, tables: Rows) -> None:
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


ENGINES = {one.__name__: one for one in (sqlite, mariadb, postgresql, duckdb, files)}


@pytest.fixture(scope="module", params=ENGINES)
def crm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, URL]]:
    """The same rows in each kind of database."""
    folder, tables = tmp_path_factory.mktemp(request.param), rows_of(14)
    with ENGINES[request.param](folder) as url:
        if request.param == "files":
            export(folder / "exports", tables)
        else:
            store(url, tables)
        yield folder, url


def audit_of(folder: Path, url: URL, owners: str = "all", fields: int = FIELDS) -> Audit:
    (folder / "own.yaml").write_text(PRESET, "utf-8")
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    file = folder / "audit.yaml"
    file.write_text(
        f"name: T\nsource: {{url: '{address}', preset: own.yaml, several_owners: {owners}}}\nzone: UTC\ncurrency: EUR\n"
    )
    audit = load_audit(file)
    measures = (
        CustomMeasure("low_won", "", "deals_won_amount", "deal", {"name": ("Low",)}),
        CustomMeasure(
            "met", "", "meetings_held", "meeting", {"contact": "filled", "subject": "missing"}
        ),
    )
    sets = {**audit.field_sets, "deal": many(audit.field_sets["deal"], fields)}
    return replace(audit, field_sets=sets, measures=measures)


def many(fields: FieldSet, number: int = FIELDS) -> FieldSet:
    """The field set with further demands, more than an integer has bits."""
    columns = ("name", "amount", "close_day", "client_id", "stage", "currency")
    further = (
        Demand(
            f"f{n}",
            same_in_all(f"f{n}"),
            (columns[n % 6], columns[n // 6 % 6])[: 1 + n % 2],
            1,
            CONDITIONS.get(n, InState(("won",)) if n % 3 == 0 else None),
        )
        for n in range(number)
    )
    return replace(fields, demands=(*fields.demands, *further))


# ------------------------------------------------------------------------------------------------ equal


def test_one_statement_says_what_the_questions_say(
    crm: tuple[Path, URL], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Averages among it, whose records are counted per currency."""
    averages = [
        average(f"average_{one.name}", "", one) for one in (DEALS_OPEN_AMOUNT, DEALS_WON_AMOUNT)
    ]
    monkeypatch.setattr("pipeline.measures.asked.COUNTED", (*COUNTED, *averages))
    folder, url = crm
    # files are asked in DuckDB's own SQL: there a second word of bits is enough
    demands = FIELDS * 2 if url.get_backend_name() == "files" else HUNDREDS
    at_once, before = both(audit_of(folder, url, fields=demands), url)
    assert at_once == before
    tallies, failing = at_once
    assert len(tallies) > 1_000
    assert {owner for _, owner, *_ in tallies if owner is not None} == set(PEOPLE)
    assert any(again for *_, again in tallies)
    currencies = {
        currency for *_, name, _, currency, _ in tallies if name == "deals_won_amount"
    }
    assert currencies == {"EUR", "JPY", ""}  # in any letters; what is none is in no sum
    counted = {
        (currency, value)
        for (*_, name, _, currency, _), value in tallies.items()
        if name == AVERAGED and value
    }
    assert {currency for currency, _ in counted} == {
        "EUR"
    }  # yens have no cents, and these have
    of_company: Counter[str] = Counter()
    for (company, _, name, *_), value in tallies.items():
        of_company[name] += value * company
    zero = {name for name, value in of_company.items() if not value}
    assert zero <= {
        "deals_won_unreadable_date",
        "deals_won_unreadable_date_amount",
    }  # their columns are dates
    assert max(record.mask for record in failing) >> demands
    moments = {record.occurred_at_us for record in failing}
    assert None in moments
    assert len(moments) > 20


def test_where_the_first_owner_counts_and_much_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the CRM does not hold is in no condition, and so in no column of the statement."""
    preset = PRESET
    for held in (", result: phone", ", subject: name", ", close_day: closed"):
        preset = preset.replace(held, "")
    monkeypatch.setattr("tests.queries.test_counting.PRESET", preset)
    with sqlite(tmp_path) as url:
        store(url, rows_of(7, records=30))
        at_once, before = both(audit_of(tmp_path, url, "first"), url)
    assert at_once == before
    assert not any(again for *_, again in at_once[0])


@pytest.mark.parametrize(
    ("columns", "when"),
    [
        ((), None),
        (("contact_id",), None),
        (("client_id",), None),
        (("client_id", "contact_id"), None),
        (("client_id", "contact_id", "subject"), None),
        (("subject",), Filled("contact_id")),
        (("subject",), AllOf((Missing("client_id"), Missing("contact_id")))),
        (("subject",), AnyOf((Missing("client_id"), Missing("contact_id")))),
        (("subject",), Not(AnyOf((Filled("client_id"), Filled("contact_id"))))),
    ],
)
def test_a_client_or_contact_is_found_wherever_one_is_asked_for(
    crm: tuple[Path, URL], columns: tuple[str, ...], when: When | None
) -> None:
    """A call without a client has its contact looked up, and a contact without an owner its client;
    others only where a demand or a condition asks for them.
    """
    folder, url = crm
    audit = audit_of(folder, url, "first", fields=1)
    demands = {"call": columns, "contact": () if "subject" in columns else columns[:1]}
    sets = {
        entity: replace(
            audit.field_sets[entity],
            demands=(
                *audit.field_sets[entity].demands,
                *(
                    [Demand("more", same_in_all("more"), asked, 1, when)]
                    if asked and (entity, *asked) != ("contact", "contact_id")
                    else []
                ),
            ),
        )
        for entity, asked in demands.items()
    }
    at_once, before = both(replace(audit, field_sets={**audit.field_sets, **sets}), url)
    assert at_once == before
    assert {"call", "contact"} <= {record.entity for record in at_once[1]}


@pytest.mark.parametrize("rules", [1, 58, 59, 60, 61, 118, 119, 120, 121, 129])
def test_a_record_fails_by_a_bit_of_any_word_but_those_of_its_span(rules: int) -> None:
    """Records with one bit each: those that are listed have one of the rules'."""
    bits = range(rules + 4)
    asked = _Asked([], {}, {}, {}, [true()] * rules, [true()] * 4)
    rows = [
        (
            bit,
            *(
                (1 << bit) >> number * WORD & (1 << WORD) - 1
                for number in range(len(asked.failing_words))
            ),
        )
        for bit in bits
    ]
    flagged = values(
        *(column(name, BigInteger) for name in ("n", *asked.failing_words)), name="flagged"
    ).data(rows)
    with create_engine("duckdb:///:memory:").connect() as connection:
        found = connection.execute(
            select(flagged.c.n).where(_is_wrong(asked, flagged)).order_by(flagged.c.n)
        )
        assert tuple(found.scalars()) == tuple(range(rules))


def test_sqlite_before_3_35(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows no MATERIALIZED."""
    monkeypatch.setattr(typed, "_SQLITE_MATERIALIZES", False)
    with sqlite(tmp_path) as url:
        store(url, rows_of(5, records=20))
        at_once, before = both(audit_of(tmp_path, url), url)
    assert at_once == before
    assert at_once[0]


def test_an_empty_crm_counts_nothing_and_says_so(tmp_path: Path) -> None:
    with sqlite(tmp_path) as url:
        store(url, rows_of(5, records=2))
        engine = create_engine(url)
        with engine.begin() as connection:
            for table in KINDS.values():
                connection.exec_driver_sql(f"DELETE FROM {table}")
        engine.dispose()
        at_once, before = both(audit_of(tmp_path, url), url)
    assert at_once == before
    assert set(at_once[0].values()) == {0}
    assert len(at_once[0]) > 50


def both(
    audit: Audit, url: URL
) -> list[tuple[Mapping[tuple[Any, ...], int], Sequence[FailingRecord]]]:
    """What the one statement says, and what the questions say: sums by what they count, and failing records."""
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    engine = source.open_engine(address, audit.file.parent, audit.preset)
    with source.consistent(engine) as connection:
        reader = source.SourceReader(connection, read_spec_of(audit))
        window = window_of(audit, AS_OF, injected=True)
        found = [told(ask(audit, reader, window)) for ask in (answers_of, one_by_one)]
    engine.dispose()
    return found


def told(answers: Answers) -> tuple[Mapping[tuple[Any, ...], int], Sequence[FailingRecord]]:
    sums: Counter[tuple[Any, ...]] = Counter()
    for tally in answers.tallies:
        sums[_what(tally)] += tally.value
    return sums, sorted(answers.failing, key=str)


def _what(tally: Tally) -> tuple[Any, ...]:
    return (
        tally.company,
        tally.owner,
        tally.name,
        tally.dimension,
        tally.currency,
        tally.is_repeat,
    )


# ------------------------------------------------------------------------------------------------ more than 62 fields


def test_a_set_of_more_fields_than_an_integer_has_bits(tmp_path: Path) -> None:
    """Through the snapshot, the library and the files of the witness: the proof compares every mask."""
    with sqlite(tmp_path) as url:
        store(url, rows_of(6, records=30))
        audit, data = audit_of(tmp_path, url, fields=HUNDREDS), tmp_path / "data"
        data.mkdir()
        run.extract(audit, data, clock=lambda: AS_OF, as_of=None, progress=Silence())
        result = run.compute(data, run_id="r", progress=Silence())
    deals = {item.record_id: item.missing for item in result.fix_list if item.entity == "deal"}
    missing = Counter(label.en for labels in deals.values() for label in labels)
    assert missing["f56"] == missing["f8"] > 0  # the same column
    assert result.figures["base_missing/deal.f56@company"].numerator == missing["f56"]


# ------------------------------------------------------------------------------------------------ PostgreSQL


@pytest.mark.parametrize("owners", ["first", "all"])
def test_ids_that_are_uuids(owners: str, tmp_path: Path) -> None:
    """PostgreSQL knows no least of them."""
    kept = {
        "kind",
        "phone",
        "state",
        "amount",
        "currency",
        "made",
        "starts",
        "closed",
        "active",
        "home",
        "name",
    }
    tables = {
        name: [
            {one: value if one in kept else _uuid(value) for one, value in row.items()}
            for row in rows
        ]
        for name, rows in rows_of(8, records=30).items()
    }
    with postgresql(tmp_path) as url:
        store(url, tables)
        engine = create_engine(url)
        with engine.begin() as connection:
            for name, rows in tables.items():
                for one in rows[0].keys() - kept:
                    connection.exec_driver_sql(
                        f"ALTER TABLE {name} ALTER {one} TYPE uuid USING {one}::uuid"
                    )
        engine.dispose()
        at_once, before = both(audit_of(tmp_path, url, owners), url)
    assert at_once == before
    assert any(again for *_, again in at_once[0]) is (owners == "all")
    assert sum(at_once[0].values()) > 1_000


def _uuid(value: str | None) -> str | None:
    return None if value is None else str(uuid5(NAMESPACE_OID, value))


# ------------------------------------------------------------------------------------------------ MariaDB


def test_mariadb_groups_before_it_joins(tmp_path: Path) -> None:
    """Else it groups all contacts anew for each meeting. To MySQL, which has no such switch, it is a comment."""
    engine = mysql._open(require_mariadb(), tmp_path)
    with engine.connect() as connection:
        switches = str(connection.exec_driver_sql("SELECT @@optimizer_switch").scalar()).split(
            ","
        )
    engine.dispose()
    assert "split_materialized=off" in switches
    assert "optimizer_switch" not in re.sub(r"/\*[^!].*?\*/", "", mysql._SETTLED)
