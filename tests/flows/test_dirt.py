"""Dirt in a CRM's own database: whole runs on SQLite, MariaDB and PostgreSQL, from tables of text to opened reports."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
import yaml
from lxml import html
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.engine import URL, make_url

from pipeline.config import Audit, load_audit
from pipeline.errors import ImplausibleError, SourceError
from pipeline.flows import run
from pipeline.flows.check import check_audit
from pipeline.model import RunResult
from pipeline.progress import Silence
from pipeline.snapshot.manifest import load_manifest
from tests.postgres import database
from tests.requirements import require_mariadb

AS_OF = datetime(2026, 11, 24, 8, tzinfo=UTC)
TABLES: Mapping[str, Sequence[str]] = {
    "people": ("id", "name"),
    "firms": ("id", "name", "phone", "who", "since"),
    "contacts": ("id", "first", "last", "phone", "firm", "since"),
    "deals": ("id", "name", "who", "firm", "stage", "amount", "closed", "entered"),
    "talks": ("id", "subject", "who", "how", "begun", "outcome", "contact"),
}
PRESET: Mapping[str, Any] = {
    "about": "A CRM of text",
    "dialects": ["sqlite", "mysql", "mariadb", "postgresql"],
    "money": "decimal",
    "formats": {
        "day": ["%d-%m-%Y", "%Y-%m-%d"], "instant": ["%d-%m-%Y %H:%M", "%Y-%m-%d %H:%M:%S"], "zone": "audit",
        "amount": [{"decimal": ",", "thousands": ".", "signs": ["\u20ac", "EUR"]}, {"decimal": ".", "thousands": ","}],
    },
    "empty": ["-", "n/a", "n.v.t.", "0"],
    "states": {"deal": {"open": ["open"], "won": ["won"], "lost": ["lost"]}, "meeting": {"held": ["held"]}},
    "absent": {f"meeting.{column}": "not kept" for column in ("client_id", "created_at", "end_at")},
    "entities": {
        "user": {
            "table": "people",
            "select": "SELECT id, name, NULL AS team_id, NULL AS team, NULL AS leader_id, 1 AS active, 1 AS person,"
            " NULL AS excluded FROM people",
        },
        "client": {
            "table": "firms",
            "columns": {"id": "id", "name": "name", "phone": "phone", "owner_id": "who", "created_at": "since"},
        },
        "contact": {
            "table": "contacts",
            "columns": {"id": "id", "first_name": "first", "last_name": "last", "phone": "phone", "client_id": "firm",
                        "created_at": "since"},
        },
        "deal": {
            "table": "deals",
            "select": "SELECT id, name, who AS owner_id, firm AS client_id, stage, amount, :currency AS currency,"
            " closed AS close_day, entered AS created_at, NULL AS excluded FROM deals",
        },
        "meeting": {
            "table": "talks",
            "select": "SELECT id, subject, who AS owner_id, how AS status, begun AS start_at, outcome AS result,"
            " 'contact' AS parent_kind, contact AS parent_id, NULL AS excluded FROM talks",
        },
    },
}  # fmt: skip
KIND = {"sqlite": "TEXT", "mysql": "LONGTEXT CHARACTER SET utf8mb4", "postgresql": "TEXT"}
PEOPLE = [("a", "Anna"), ("b", "Bert")]
FIRMS = [("f", "Bakker", "020", "a", "02-11-2026 09:00")]
CONTACTS = [("c", "Jan", "Jansen", "06", "f", "02-11-2026 09:00")]


@dataclass(frozen=True)
class Computed:
    """A run without its reports."""

    folder: Path
    result: RunResult


@dataclass(frozen=True)
class Crm:
    """Five tables of text, without any key."""

    url: URL
    folder: Path

    def engine(self) -> Engine:
        given = (
            {"client_encoding": "utf8"} if self.url.get_backend_name() == "postgresql" else {}
        )
        return create_engine(self.url, connect_args=given)

    def fill(self, **rows: Sequence[Sequence[Any]]) -> Crm:
        engine = self.engine()
        dialect = self.url.get_backend_name()
        mark = "?" if dialect == "sqlite" else "%s"
        given = {"people": PEOPLE, "firms": FIRMS, "contacts": CONTACTS, **rows}
        with engine.begin() as connection:
            for table, columns in TABLES.items():
                kinds = ", ".join(f"{column} {KIND[dialect]}" for column in columns)
                connection.exec_driver_sql(f"CREATE TABLE {table} ({kinds})")
                if given.get(table):
                    marks = ", ".join([mark] * len(columns))
                    connection.exec_driver_sql(
                        f"INSERT INTO {table} VALUES ({marks})", [*map(tuple, given[table])]
                    )
        engine.dispose()
        return self

    def sql(self, *statements: str) -> Crm:
        engine = self.engine()
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()
        return self

    def audit(self, **changed: Any) -> Audit:
        preset = {**PRESET, **changed}
        (self.folder / "own.yaml").write_text(yaml.safe_dump(preset), "utf-8")
        (self.folder / "audit.yaml").write_text(
            yaml.safe_dump(
                {
                    "name": "Dirt", "zone": "Europe/Amsterdam", "currency": "EUR",
                    "source": {"url": self.url.render_as_string(hide_password=False), "preset": "own.yaml"},
                    "period": {"first": "2026-11-01", "to": "2026-12-01"},
                }
            ),
            "utf-8",
        )  # fmt: skip
        return load_audit(self.folder / "audit.yaml")

    def run(self, **changed: Any) -> Computed:
        """Read and proven."""
        folder = self.folder / uuid4().hex[:8]
        data = folder / "snapshot"
        data.mkdir(parents=True)
        audit = self.audit(**changed)
        run.extract(audit, data, clock=lambda: AS_OF, progress=Silence(), as_of=AS_OF)
        return Computed(folder, run.compute(data, run_id=folder.name, progress=Silence()))

    def published(self, **changed: Any) -> run.Outcome:
        """And written, read back and published."""
        return run.run_audit(
            self.audit(**changed),
            run_id=uuid4().hex[:8],
            clock=lambda: AS_OF,
            progress=Silence(),
            as_of=AS_OF,
        )


@pytest.fixture(scope="module")
def on_mariadb() -> Iterator[URL]:
    server, name = require_mariadb(), f"crm_audit_dirt_{uuid4().hex[:12]}"
    with create_engine(server).begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield server.set(database=name)
    finally:
        with create_engine(server).begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def on_postgresql() -> Iterator[URL]:
    with database() as url:
        yield url


def emptied(crm: Crm) -> Crm:
    """Without the tables of the test before."""
    engine = crm.engine()
    tables = inspect(engine).get_table_names()
    engine.dispose()
    return crm.sql(*(f"DROP TABLE {table}" for table in tables))


@pytest.fixture(params=["sqlite", "mysql", "postgresql"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Crm:
    if request.param == "sqlite":
        return Crm(make_url(f"sqlite:///{tmp_path / 'crm.db'}"), tmp_path)
    fixture = {"mysql": "on_mariadb", "postgresql": "on_postgresql"}[request.param]
    return emptied(Crm(request.getfixturevalue(fixture), tmp_path))


@pytest.fixture
def lite(tmp_path: Path) -> Crm:
    return Crm(make_url(f"sqlite:///{tmp_path / 'crm.db'}"), tmp_path)


def found(outcome: Computed | run.Outcome, *names: str) -> dict[str, int]:
    return {name: outcome.result.figures[f"{name}@company"].numerator for name in names}


def missing(outcome: Computed | run.Outcome) -> dict[str, int]:
    """'deal.amount' -> how many lack it, where any does."""
    return {
        figure.dimension: figure.numerator
        for figure in outcome.result.figures.values()
        if figure.metric == "base_missing" and figure.scope == "company" and figure.numerator
    }


def deal(
    n: Any,
    amount: Any = "1",
    closed: Any = "05-11-2026",
    entered: Any = "02-11-2026 09:00",
    **more: Any,
) -> Any:
    return (n, more.get("name", "x"), more.get("who", "a"), more.get("firm", "f"), more.get("stage", "won"), amount,
            closed, entered)  # fmt: skip


# ------------------------------------------------------------------------------------------------ days and amounts


def test_several_formats_in_one_column_and_either_decimal_mark(crm: Crm) -> None:
    deals = [
        deal(1, "\u20ac 1.234,50"), deal(2, "1234.50", "2026-11-06"), deal(3, "1,234.50", " 06-11-2026 "),
        deal(4, "-\u20ac\u00a010,00", "06-11-2026", "2026-11-02 09:00:00"), deal(5, "EUR 3", "2026-11-06"),
        deal(6, "3,005"), deal(7, "\u00a3 3"), deal(8, "gratis", "6-11-2026"), deal(9, "=1+1", "11/06/2026"),
        deal(10, "1", "30-02-2026"), deal(11, "1", "05-11-26", "02-11-2026"),
    ]  # fmt: skip
    outcome = crm.fill(deals=deals).run()
    assert found(
        outcome, "deals_won", "deals_won_amount/EUR", "unreadable/deal.amount", "deals_won_undated",
        "deals_won_unreadable_date", "deals_won_unreadable_date_amount/EUR", "deals_undated",
        "unreadable/deal.created_at",
    ) == {
        "deals_won": 7, "deals_won_amount/EUR": 3 * 123_450 - 1_000 + 300,
        "unreadable/deal.amount": 4, "deals_won_undated": 0, "deals_won_unreadable_date": 4,
        "deals_won_unreadable_date_amount/EUR": 200, "deals_undated": 0, "unreadable/deal.created_at": 1,
    }  # fmt: skip
    assert missing(outcome) == {}  # what cannot be read was entered


def test_a_local_time_is_of_the_declared_zone(crm: Crm) -> None:
    """23:30 on the last of October is October in Amsterdam, and November in UTC if it was read as New York's."""
    talks = [
        (1, "x", "a", "held", "31-10-2026 23:30", "y", "c"),
        (2, "x", "a", "held", "01-11-2026 00:00", "y", "c"),
    ]
    outcome = crm.fill(talks=talks).run()
    assert found(outcome, "meetings_held") == {"meetings_held": 1}
    zoned = {**PRESET["formats"], "zone": "America/New_York"}
    assert found(crm.run(formats=zoned), "meetings_held") == {"meetings_held": 2}


def test_zero_dates_are_missing(crm: Crm) -> None:
    zeros = ["0000-00-00", "00-00-0000", "0000-00-00 00:00:00", " 00-00-0000 ", "", None]
    outcome = crm.fill(deals=[deal(n, closed=zero) for n, zero in enumerate(zeros)]).run()
    assert missing(outcome) == {"deal.close_date": len(zeros)}
    assert found(outcome, "deals_won_undated") == {"deals_won_undated": len(zeros)}


def test_declared_empty_words_are_missing_everywhere(crm: Crm) -> None:
    words = ["-", "n/a", "n.v.t.", "0", " 0 ", "\u00a0n/a\u3000"]
    deals = [
        deal(n, word, word, "02-11-2026 09:00", name=word, firm=word)
        for n, word in enumerate(words)
    ]
    outcome = crm.fill(
        deals=deals, firms=[*FIRMS, ("0", "0", "0", "0", "02-11-2026 09:00")]
    ).run()
    every = len(words)
    assert missing(outcome) == {
        "deal.name": every, "deal.amount": every, "deal.close_date": every, "deal.client": every,
        "client.name": 1, "client.details": 1,
    }  # fmt: skip
    assert found(outcome, "clients") == {"clients": 2}  # an id is one, whatever it is
    none = crm.run(empty=[])
    assert "deal.name" not in missing(none)
    assert found(none, "unreadable/deal.amount") == {
        "unreadable/deal.amount": 4
    }  # 0 is an amount


def test_what_nobody_sees_is_missing_whatever_is_written_there(crm: Crm) -> None:
    """A note that is an empty paragraph, a list of numbers without one, and two phones that are a dash each."""
    notes = ["<p><br></p>", "&nbsp;", "<p>They will order</p>", "-", "plain"]
    phones = [
        "[]",
        '[{"label":"work","value":null}]',
        '[{"label":"work","value":"06 12"}]',
        "-\x1f-",
        "-\x1f06",
    ]
    crm.fill(
        talks=[
            (n, "x", "a", "held", "05-11-2026 09:00", note, f"c{n}")
            for n, note in enumerate(notes)
        ],
        contacts=[
            (f"c{n}", "Jan", "Jansen", phone, "f", "02-11-2026 09:00")
            for n, phone in enumerate(phones)
        ],
    )
    outcome = crm.run(contents={"meeting.result": "html", "contact.phone": {"json": ["value"]}})
    assert missing(outcome) == {"meeting.result": 3, "contact.details": 3}
    assert found(outcome, "meetings_held", "complete_meetings", "meetings_lacking/result") == {
        "meetings_held": 5, "complete_meetings": 2, "meetings_lacking/result": 3,
    }  # fmt: skip


def test_columns_of_the_databases_own_types_are_read_beside_text(crm: Crm) -> None:
    """A CRM has both; formats say how text is read, and an amount of 0 is one where '0' is an empty word."""
    crm.fill(deals=[deal(1, "\u20ac 1,50", "05-11-2026"), deal(2, "-", "-")])
    moment = "TIMESTAMP" if crm.url.get_backend_name() == "postgresql" else "DATETIME"
    crm.sql(
        f"CREATE TABLE typed (id INTEGER, amount NUMERIC(12, 2), closed DATE, entered {moment})",
        "INSERT INTO typed VALUES (10, 0, '2026-11-06', '2026-11-02 09:00:00')",
        "INSERT INTO typed VALUES (11, 12.25, NULL, NULL)",
    )
    typed = {
        "table": "typed",
        "select": "SELECT id, 'x' AS name, 'a' AS owner_id, 'f' AS client_id, 'won' AS stage, amount,"
        " :currency AS currency, closed AS close_day, entered AS created_at, NULL AS excluded FROM typed",
    }
    entities = {**PRESET["entities"], "deal": typed}
    outcome = crm.run(entities=entities)
    assert found(outcome, "deals", "deals_won", "deals_won_amount/EUR", "deals_won_undated_amount/EUR") == {
        "deals": 2, "deals_won": 1, "deals_won_amount/EUR": 0, "deals_won_undated_amount/EUR": 1_225,
    }  # fmt: skip
    assert missing(outcome) == {"deal.close_date": 1}


OWN_VALUES = ("", " ", "0000-00-00", "2026-02-30", "12/31/2026", "abc", "12.5.1", "1e3", "12,50", " 12 ", "12.50",
              "2026-11-05", "2026-11-05 10:00:00")  # fmt: skip


def test_text_without_formats_is_read_where_it_is_iso_or_a_plain_decimal(crm: Crm) -> None:
    """A field of text that somebody mapped onto a day, an instant or an amount."""
    rows = [deal(n, value, value, value) for n, value in enumerate(OWN_VALUES)]
    outcome = crm.fill(deals=rows).run(formats=None, empty=[])
    assert missing(outcome) == {"deal.amount": 2, "deal.close_date": 3}
    assert found(
        outcome, "deals_won", "unreadable/deal.amount", "deals_undated", "unreadable/deal.created_at",
        "deals_won_undated", "deals_won_unreadable_date", "deals_won_unreadable_date_amount/EUR",
    ) == {
        "deals_won": 1, "unreadable/deal.amount": 10, "deals_undated": 3, "unreadable/deal.created_at": 9,
        "deals_won_undated": 3, "deals_won_unreadable_date": 9, "deals_won_unreadable_date_amount/EUR": 1_250,
    }  # fmt: skip


SINGLES = {"1234567.89": None, "16777217": None, "1234.5": 123_450, "0.1": 10, "-12.35": -1_235, "1e9": 10**11,
           "123456": 12_345_600, "0.001": None, "0": 0}  # fmt: skip
"""Amounts as they were entered into a column of single precision -> their cents, where these can still be known."""


def test_amounts_of_single_precision_are_read_only_where_nothing_was_lost(crm: Crm) -> None:
    """MariaDB shows 1234567.89 as 1234570, and PostgreSQL as 1234567.9: neither is what was entered."""
    if crm.url.get_backend_name() == "sqlite":
        pytest.skip("SQLite has no numbers of single precision")
    kind = "real" if crm.url.get_backend_name() == "postgresql" else "FLOAT"
    rows = ", ".join(f"('{n}', {value})" for n, value in enumerate(SINGLES))
    crm.fill(deals=[deal(n, closed="2026-11-05") for n in range(len(SINGLES))]).sql(
        f"CREATE TABLE worth (id VARCHAR(9), value {kind})", f"INSERT INTO worth VALUES {rows}"
    )
    of_deal = {**PRESET["entities"]["deal"]}
    of_deal["select"] = of_deal["select"].replace(
        " amount,", " (SELECT w.value FROM worth w WHERE w.id = deals.id) AS amount,"
    )
    outcome = crm.run(
        entities={**PRESET["entities"], "deal": of_deal},
        tables={"worth": "SELECT NULL AS excluded FROM worth"},
    )
    known = [cents for cents in SINGLES.values() if cents is not None]
    assert found(outcome, "deals_won", "deals_won_amount/EUR", "unreadable/deal.amount") == {
        "deals_won": len(SINGLES), "deals_won_amount/EUR": sum(known),
        "unreadable/deal.amount": len(SINGLES) - len(known),
    }  # fmt: skip


def test_decimal_amounts_of_sqlite_are_exact(lite: Crm) -> None:
    """SQLite writes 15 digits of a float, and sums of its NUMERIC are floats: both would be a cent off."""
    values = [0.1, 0.2, 12345678901234.86, 1.005, 8.2, 3, "0.30", "1e3", None]
    lite.fill(deals=[deal(n, closed="2026-11-05") for n in range(len(values))]).sql(
        "ALTER TABLE deals ADD COLUMN value NUMERIC"
    )
    with sqlite3.connect(lite.folder / "crm.db") as raw:
        raw.executemany(
            "UPDATE deals SET value = ? WHERE id = ?",
            [(value, str(n)) for n, value in enumerate(values)],
        )
    of_deal = {**PRESET["entities"]["deal"]}
    of_deal["select"] = of_deal["select"].replace(" amount,", " value AS amount,")
    outcome = lite.run(entities={**PRESET["entities"], "deal": of_deal}, formats=None)
    assert "it calls the code that reads the rows" in str(outcome.result.source)
    assert found(outcome, "deals_won_amount/EUR", "unreadable/deal.amount") == {
        "deals_won_amount/EUR": 10 + 20 + 1234567890123486 + 820 + 300 + 30 + 100_000, "unreadable/deal.amount": 1,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ bytes

CAFE = b"Caf\xe9 \x80\xa0"  # Windows-1252 in a column of UTF-8
SHOWN = "Caf\ufffd \ufffd\ufffd"


def spoil(crm: Crm, *updates: tuple[str, str, str, bytes]) -> None:
    """(table, id, column, bytes): what the driver of another program wrote there."""
    with sqlite3.connect(crm.folder / "crm.db") as raw:
        for table, record, column, data in updates:
            raw.execute(
                f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE id = ?", (data, record)
            )


def test_text_that_is_no_utf_8_is_shown_filled_and_listed(lite: Crm) -> None:
    lite.fill(
        deals=[deal("d1", None), deal("d2"), deal("d3"), deal("d4", who="z")],
        talks=[
            ("t1", None, "a", "held", "05-11-2026 10:00", "y", "c"),
            ("t2", "x", "a", "held", "", "y", "c"),
        ],
    )
    spoil(
        lite, ("deals", "d1", "name", CAFE), ("deals", "d2", "amount", b"12\xff"), ("deals", "d3", "closed", CAFE),
        ("deals", "d3", "stage", CAFE), ("deals", "d4", "who", b"a\xff"), ("talks", "t1", "outcome", b"\xa0"),
        ("contacts", "c", "last", CAFE), ("people", "a", "name", CAFE),
    )  # fmt: skip
    outcome = lite.published()
    assert missing(outcome) == {"deal.amount": 1, "meeting.subject": 1, "meeting.date": 1}
    assert found(outcome, "unreadable/deal.amount", "deals_unknown", "meetings_held") == {
        "unreadable/deal.amount": 1, "deals_unknown": 1, "meetings_held": 1,
    }  # fmt: skip
    assert outcome.result.figures["deals@unassigned"].numerator == 1
    manifest = load_manifest(outcome.folder / "snapshot")
    assert sorted(manifest.undecodable) == [
        ("contact", "last_name", "c"), ("deal", "amount", "d2"), ("deal", "close_day", "d3"), ("deal", "name", "d1"),
        ("deal", "owner_id", "d4"), ("deal", "stage", "d3"), ("meeting", "result", "t1"), ("user", "name", "a"),
    ]  # fmt: skip
    assert [person.name for person in outcome.result.people if person.id == "a"] == [SHOWN]
    (page,) = (
        file
        for file in (outcome.folder / "managers").rglob("report.html")
        if SHOWN in text_of(file)
    )
    assert f"{SHOWN}" in text_of(page)


def test_check_shows_text_that_is_no_utf_8(
    lite: Crm, capsys: pytest.CaptureFixture[str]
) -> None:
    lite.fill(deals=[deal("d1")])
    spoil(
        lite,
        ("deals", "d1", "name", CAFE),
        ("deals", "d1", "amount", CAFE),
        ("deals", "d1", "stage", b"\xff"),
    )
    check_audit(lite.audit(), AS_OF)
    assert "Ready:" in capsys.readouterr().out


def test_an_id_that_is_no_utf_8_is_named(lite: Crm) -> None:
    lite.fill(deals=[deal("d1")])
    spoil(lite, ("firms", "f", "id", b"f\xff"))
    with pytest.raises(
        SourceError, match=r"table firms, column id: an id .*'f\ufffd' are not UTF-8"
    ):
        lite.run()


def test_text_in_utf_16_is_text(lite: Crm) -> None:
    """SQLite keeps a whole database in UTF-16 where it was told so."""
    with sqlite3.connect(lite.folder / "crm.db") as raw:
        raw.execute("PRAGMA encoding = 'UTF-16le'")
        raw.execute("CREATE TABLE told (x)")
    outcome = lite.fill(
        deals=[deal(1, "\u20ac 1,50", name="\u05d0\U0001f642"), deal(2, "2.25", "2026-11-05")]
    ).run()
    assert found(outcome, "deals_won", "deals_won_amount/EUR") == {
        "deals_won": 2,
        "deals_won_amount/EUR": 375,
    }
    assert load_manifest(outcome.folder / "snapshot").undecodable == ()


def test_bytes_and_mislabelled_text_of_mariadb(on_mariadb: URL, tmp_path: Path) -> None:
    crm = emptied(Crm(on_mariadb, tmp_path)).fill(
        deals=[deal(n, who="b") for n in ("d1", "d2", "d3")]
    )
    crm.sql(
        "ALTER TABLE deals MODIFY name LONGBLOB, MODIFY firm VARBINARY(20), MODIFY who VARBINARY(20)",
        "ALTER TABLE people MODIFY name VARCHAR(90) CHARACTER SET latin1",
        f"UPDATE deals SET name = x'{CAFE.hex()}' WHERE id = 'd1'",
        "UPDATE deals SET name = x'2020' WHERE id = 'd2'",
        f"UPDATE people SET name = x'{'Zoë'.encode().hex()}' WHERE id = 'b'",  # UTF-8 in a column of Latin-1
    )
    outcome = crm.run()
    assert missing(outcome) == {"deal.name": 1}
    assert outcome.result.figures["deals@manager:b"].numerator == 3
    assert [person.name for person in outcome.result.people if person.id == "b"] == [
        "Zo\u00c3\u00ab"
    ]
    undecodable = load_manifest(outcome.folder / "snapshot").undecodable
    assert undecodable == (("deal", "name", "d1"),)
    crm.sql("ALTER TABLE firms MODIFY id VARBINARY(20)", "UPDATE firms SET id = x'66ff'")
    with pytest.raises(SourceError, match="table firms, column id"):
        crm.run()


def test_a_postgresql_that_knows_no_encoding(tmp_path: Path) -> None:
    """SQL_ASCII holds bytes, whatever they are, and compares bytes: white space of Unicode is still white space."""
    with database("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0") as url:
        crm = Crm(url, tmp_path).fill(deals=[deal(f"d{n}") for n in range(7)])
        space = "\u00a0\u2003".encode().hex()
        amount, coffee, other = (
            "\u20ac\u00a01.234,50".encode().hex(),
            CAFE.hex(),
            "\u20ac12\u2003".encode().hex(),
        )
        crm.sql(
            *(
                f"UPDATE deals SET {column} = convert_from('\\x{data}', 'SQL_ASCII') WHERE id = '{record}'"
                for record, column, data in (
                    ("d1", "name", coffee), ("d2", "name", space), ("d3", "amount", amount), ("d4", "amount", other),
                    ("d5", "stage", coffee), ("d6", "amount", coffee),
                    ("d6", "closed", space + b"05-11-2026".hex()),
                )
            ),
        )  # fmt: skip
        outcome = crm.run()
        assert missing(outcome) == {"deal.name": 1}
        assert found(outcome, "deals_won", "deals_won_amount/EUR", "unreadable/deal.amount", "deals_unknown") == {
            "deals_won": 6, "deals_won_amount/EUR": 3 * 100 + 123_450 + 1_200, "unreadable/deal.amount": 1,
            "deals_unknown": 1,
        }  # fmt: skip
        assert load_manifest(outcome.folder / "snapshot").undecodable == (
            ("deal", "name", "d1"), ("deal", "stage", "d5"), ("deal", "amount", "d6"),
        )  # fmt: skip


# ------------------------------------------------------------------------------------------------ records


def test_an_id_that_stands_twice_is_named(crm: Crm) -> None:
    crm.fill(deals=[deal("d1"), deal("d2"), deal("d1"), deal("D1")])
    with pytest.raises(
        ImplausibleError,
        match=r"deal: an id names one record, and this source has 'd1' \(2 times\);",
    ):
        crm.run()


def test_references_to_nothing(crm: Crm) -> None:
    """No owner, no client and no contact; what differs in case or blanks names nobody."""
    talks = [
        (n, "x", "a", "held", "05-11-2026 10:00", "y", who)
        for n, who in enumerate(("c", "C", "c ", "x", ""))
    ]
    deals = [
        deal(1),
        deal(2, firm="F", who="A"),
        deal(3, firm="f ", who="a "),
        deal(4, firm="gone", who="gone"),
    ]
    outcome = crm.fill(deals=deals, talks=talks).run()
    assert missing(outcome) == {"deal.client": 3, "meeting.contact": 4}
    assert outcome.result.figures["deals@unassigned"].numerator == 3
    assert outcome.result.figures["deals@manager:a"].numerator == 1


@pytest.mark.parametrize(("ids", "references"), [("INTEGER", "TEXT"), ("TEXT", ""), ("", "")])
def test_an_id_of_sqlite_is_one_as_number_and_as_text(
    lite: Crm, ids: str, references: str
) -> None:
    lite.fill(people=[], firms=[]).sql(
        "DROP TABLE people", "DROP TABLE firms", "DROP TABLE deals", f"CREATE TABLE people (id {ids}, name)",
        f"CREATE TABLE firms (id {ids}, name, phone, who {references}, since)",
        f"CREATE TABLE deals (id {ids}, name, who {references}, firm {references}, stage, amount, closed, entered)",
        "INSERT INTO people VALUES (1, 'Anna')", "INSERT INTO firms VALUES (7, 'F', '020', 1, '02-11-2026 09:00')",
        "INSERT INTO deals VALUES (1, 'd', '1', 7, 'won', '1,5', '05-11-2026', '02-11-2026 09:00')",
        "INSERT INTO deals VALUES (2, 'd', 1, '7', 'won', 2, '05-11-2026', '02-11-2026 09:00')",
    )  # fmt: skip
    outcome = lite.run()
    assert outcome.result.figures["deals@manager:1"].numerator == 2
    assert found(outcome, "deals_won_amount/EUR") == {"deals_won_amount/EUR": 350}
    assert missing(outcome) == {}


# ------------------------------------------------------------------------------------------------ into the reports

NOTE = "n\u00f6" * 20_000
NAMES = {
    "right to left": "\u05d0\u05d1\u05d2 \u202eabc\u202c", "arabic": "\u0645\u062d\u0645\u062f",
    "emoji": "\U0001f642\U0001f469\u200d\U0001f680", "combining": "e\u0301", "control": "a\x01\x0b\x1f\x7fb",
    "formula": "=HYPERLINK(\"http://x.example\",1)", "plus": "+1+1", "minus": "-2+3", "at": "@SUM(A1)", "tab": "\t=1",
    "quote": "'=1", "html": "<script>alert(1)</script>&amp;", "xml": "]]>_x0041_", "lines": "one\ntwo\r\nthree",
    "long": NOTE, "dde": "=cmd|'/c calc'!A0", "percent": "%s {0} %(x)s :y",
}  # fmt: skip


PLAIN = (
    "arabic",
    "emoji",
    "combining",
    "formula",
    "plus",
    "minus",
    "at",
    "quote",
    "html",
    "dde",
    "percent",
)


def text_of(page: Path) -> str:
    return str(html.document_fromstring(page.read_text("utf-8")).text_content())


def test_names_of_every_kind_reach_page_and_workbook_as_text(crm: Crm) -> None:
    """Opened by other readers than ours: lxml, openpyxl and calamine. The records fail, so that they are listed."""
    outcome = crm.fill(
        people=[("a", NAMES["formula"]), ("b", NAMES["right to left"])],
        deals=[
            deal(f"{kind}-{n}", None, name=name) for n, (kind, name) in enumerate(NAMES.items())
        ],
        talks=[("t", NOTE, "a", "held", "05-11-2026 10:00", NOTE, "")],
    ).published()
    assert missing(outcome) == {"deal.amount": len(NAMES), "meeting.contact": 1}
    (folder,) = (
        place
        for place in (outcome.folder / "managers").iterdir()
        if "HYPERLINK" in text_of(place / "report.html")
    )
    said = text_of(folder / "report.html")
    for kind in (
        "arabic",
        "emoji",
        "combining",
        "formula",
        "plus",
        "minus",
        "at",
        "html",
        "xml",
        "dde",
        "percent",
        "long",
    ):
        assert NAMES[kind] in said, kind
    assert "\x01" not in said
    assert (
        "\u202e" not in said
    )  # what would turn the rest of the page around is shown as U+FFFD
    page = html.document_fromstring((folder / "report.html").read_text("utf-8"))
    assert not [script for script in page.iter("script") if "alert" in (script.text or "")]
    check_workbook(folder / "report.xlsx")
    with (outcome.folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        assert not [
            cell
            for row in csv.reader(stream)
            for cell in row
            if cell[:1] in ("=", "+", "-", "@", "\t")
        ]


def check_workbook(file: Path) -> None:
    cells = [
        cell
        for sheet in openpyxl.load_workbook(file)
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    texts = {cell.value for cell in cells if isinstance(cell.value, str)}
    for kind in PLAIN:
        assert NAMES[kind] in texts, kind
    (cut,) = {text for text in texts if text.startswith("n\u00f6") and "[cut: " in text}
    assert len(cut) <= 32_767
    book = CalamineWorkbook.from_path(file)
    again = {
        cell
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    }
    assert {NAMES["emoji"], NAMES["formula"], NAMES["arabic"], cut} <= again


def test_formats_of_a_crm_that_counts_minor_units_are_refused(lite: Crm) -> None:
    from pipeline.errors import ConfigError

    with pytest.raises(ConfigError, match="formats: with money: decimal only"):
        lite.fill().audit(money="minor")


def test_an_amount_in_no_currency_that_there_is_is_unreadable_and_in_no_sum(lite: Crm) -> None:
    """The database still reads the number; both readings leave it out. One that names none is in the audit's."""
    lite.fill(
        deals=[deal(1, "12,50", name="EUR"), deal(2, "7,00", name="XQQ"), deal(3, "1,00", name="euros"),
               deal(4, "0,25", name=" ")]
    )  # fmt: skip
    of_deal = {**PRESET["entities"]["deal"]}
    of_deal["select"] = of_deal["select"].replace(":currency AS currency", "name AS currency")
    outcome = lite.run(entities={**PRESET["entities"], "deal": of_deal})
    assert found(outcome, "deals_won", "deals_won_amount/EUR", "unreadable/deal.amount") == {
        "deals_won": 4, "deals_won_amount/EUR": 1_275, "unreadable/deal.amount": 2,
    }  # fmt: skip
