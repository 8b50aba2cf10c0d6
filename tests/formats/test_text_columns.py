"""Text columns of a CRM's own database: both readings say the same of every record, with and without formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from pipeline import snapshot
from pipeline.calendar.window import microseconds
from pipeline.databases.kinds import kind_of
from pipeline.formats import ReadingRules
from pipeline.model import ENTITIES
from pipeline.presets import Formats, Preset
from pipeline.source import ReadSpec, SourceReader, consistent
from tests.benches import Bench, writable

OWN = ("", " ", "\u00a0", "0000-00-00", "0000-00-00 00:00:00", "2026-02-30", "2026-02-28", "2026-02-28 10:00:00",
       "2026-02-28 24:00:00", "2026-02-28 10:00:00.5", "2026-02-28T10:00:00", " 2026-02-28", "2026-02-28 ",
       " 2026-02-28 10:00:00 ", "12/31/2026", "28-02-2026", "28-02-2026 10:00", "20260228", "2026-2-8", "0000-01-01",
       "10000-01-01", "abc", "12.5.1", "1e3", "1E3", "12,50", " 12 ", "12", "12.50", "-12.5", "+12", "12.", ".5",
       "1_000", "0x10", "12.345", "1.234,50", "\u20ac 12", "\u20ac\u00a01.234,50", "EUR 12", "12 \u20ac", "-", "n/a",
       " n/a ", "N/A", "0", "00", "nan", "inf", "'", '"', "\\", "%s", "999999999999999999", "9999999999999999.99",
       "10000000000000000", "1" * 60, "0" * 60 + "1", None)  # fmt: skip
FORMATS = Formats.model_validate(
    {
        "day": ["%d-%m-%Y", "%Y-%m-%d", "%m/%d/%Y"],
        "instant": ["%d-%m-%Y %H:%M", "%Y-%m-%d %H:%M:%S"],
        "zone": "Europe/Amsterdam",
        "amount": [
            {"decimal": ",", "thousands": ".", "signs": ["\u20ac", "EUR"]},
            {"decimal": "."},
        ],
    }
)
RULES = {
    "no formats": (None, ()), "no formats, empty words": (None, ("-", "n/a", "0")), "formats": (FORMATS, ()),
    "formats, empty words": (FORMATS, ("-", "n/a", "0")),
}  # fmt: skip


def preset(dialect: str, table: str, rules: str) -> Preset:
    formats, empty = RULES[rules]
    absent = {entity: "not kept" for entity in ENTITIES if entity != "deal"}
    columns = {
        "id": "n",
        "amount": "v",
        "close_day": "v",
        "created_at": "v",
        "currency": "currency",
    }
    return Preset.model_validate(
        {
            "name": "own", "about": "Own", "dialects": [dialect], "money": "decimal", "states": {},
            "absent": absent | {f"deal.{c}": "not kept" for c in ENTITIES["deal"] if c not in columns},
            "entities": {"deal": [{"table": table, "columns": columns}]}, "formats": formats, "empty": empty,
        }
    )  # fmt: skip


class CustomPreset:
    """The two readings of one table, row by row."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.engine, self.folder = bench.engine, folder

    def load(self, kind: str, values: Sequence[Any]) -> str:
        """A table (n, v, currency) with v of that type."""
        name, dialect = f"own_{uuid4().hex}", self.engine.dialect.name
        mark = "?" if dialect in ("sqlite", "duckdb") else "%s"
        with self.engine.begin() as connection:
            if dialect in ("mysql", "mariadb"):
                connection.exec_driver_sql("SET SESSION sql_mode = ''")
            writable(connection)
            number = "VARCHAR(20)" if dialect == "postgresql" else "INTEGER"
            connection.exec_driver_sql(
                f"CREATE TABLE {name} (n {number} PRIMARY KEY, v {kind}, currency VARCHAR(3))"
            )
            rows = [
                (str(n) if dialect == "postgresql" else n, value, "EUR")
                for n, value in enumerate(values)
            ]
            connection.exec_driver_sql(
                f"INSERT INTO {name} VALUES ({mark}, {mark}, {mark})", rows
            )
            if dialect in ("mysql", "mariadb"):
                connection.exec_driver_sql("SET SESSION sql_mode = DEFAULT")
        return name

    def readings(self, table: str, rules: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Record id -> (amount, unreadable, day, unreadable, microseconds, unreadable): the database's, and ours."""
        return self.readings_by(preset(self.engine.dialect.name, table, rules), "UTC")

    def readings_by(self, made: Preset, zone: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same by that preset, in an audit of that zone."""
        absent = frozenset(made.absent_columns())
        demand = ReadSpec(made, {}, "EUR", absent, ENTITIES, ReadingRules.of(made, zone), zone)
        names = [
            f"{name}{mark}"
            for name in ("amount", "close_day", "created_at")
            for mark in ("", "_unreadable")
        ]
        with consistent(self.engine) as connection:
            reader = SourceReader(connection, demand)
            stored = snapshot.write_entity(
                self.folder, "deal", reader.columns("deal"), reader.rows("deal"), expected=reader.count("deal"),
                minor=False, advance=lambda _: None, reading_rules=demand.reading_rules,
            )  # fmt: skip
            deal = reader.entities()["deal"]
            said = connection.execute(
                select(deal.c.id, *(deal.c[name] for name in names))
            ).all()
        rows = pq.read_table(self.folder / stored.file).to_pylist()
        ours = {row["id"]: tuple(map(plain, (row[name] for name in names))) for row in rows}
        return {str(row[0]): tuple(map(plain, row[1:])) for row in said}, ours


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return microseconds(value if value.tzinfo else value.replace(tzinfo=UTC))
    return int(value) if isinstance(value, Decimal | bool) else value


@pytest.fixture
def own(benches: Callable[[str], Bench], tmp_path: Path) -> Callable[[str], CustomPreset]:
    return lambda dialect: CustomPreset(benches(dialect), tmp_path)


COLUMNS = [
    ("sqlite", "TEXT"), ("sqlite", "BLOB"), ("sqlite", "NUMERIC"),
    ("mysql", "VARCHAR(90) CHARACTER SET utf8mb4"), ("mysql", "LONGTEXT CHARACTER SET utf8mb3"),
    ("mysql", "VARCHAR(90) CHARACTER SET latin1 COLLATE latin1_german2_ci"), ("mysql", "VARBINARY(90)"),
    ("mysql", "LONGBLOB"), ("postgresql", "TEXT"), ("postgresql", "VARCHAR(90)"), ("postgresql", "CHAR(90)"),
    ("duckdb", "VARCHAR"),
]  # fmt: skip


@pytest.mark.parametrize("rules", list(RULES))
@pytest.mark.parametrize(("dialect", "kind"), COLUMNS)
def test_text_is_read_alike(
    own: Callable[[str], CustomPreset], dialect: str, kind: str, rules: str
) -> None:
    ours = own(dialect)
    database, python = ours.readings(ours.load(kind, OWN), rules)
    differing = [
        (OWN[int(n)], database[n], python[n]) for n in python if database[n] != python[n]
    ]
    assert differing == []
    assert len(database) == len(OWN)
    amounts = {OWN[int(n)]: row[0] for n, row in database.items() if row[0] is not None}
    if ("BLOB" in kind and dialect == "mysql") or "BINARY" in kind:
        assert amounts == {}  # bytes are no amount
        return
    assert amounts.get("12,50") == (1250 if "no formats" not in rules else None)
    assert amounts["12.50"] == 1250
    assert amounts.get("1e3") == (
        100_000 if kind == "NUMERIC" else None
    )  # SQLite makes a number of it
    days = {OWN[int(n)]: row[2] for n, row in database.items() if row[2] is not None}
    assert days.get("28-02-2026") == (date(2026, 2, 28) if "no formats" not in rules else None)
    assert days["2026-02-28"] == date(2026, 2, 28)
    assert "2026-02-30" not in days


NATIVE = [
    ("sqlite", "NUMERIC", [1, 0, 1.5, 0.1, 1.005, 1e300, -2.25, 12345678901234.86, 2**62, "12,50", "x", None, 1e16]),
    ("sqlite", "REAL", [1, 1.1, 1.005, -0.0, 5e-324, 8.2, None, float("inf")]),
    ("mysql", "DOUBLE", [1.1, 1.005, 0, None]), ("mysql", "DECIMAL(20, 3)", ["1.1", "1.005", "0", None]),
    ("mysql", "INT", [1, 0, 20260228, None]), ("mysql", "DATE", ["2026-02-28", "0000-00-00", "2026-02-30", None]),
    ("mysql", "DATETIME", ["2026-02-28 10:00:00", "0000-00-00 00:00:00", None]),
    ("mysql", "TIME", ["10:00:00", None]), ("mysql", "YEAR", [2026, None]),
    ("mysql", "DATETIME(6)", ["2026-02-28 10:00:00.25", "2026-00-10 10:00:00", None]),
    ("mysql", "ENUM('2026-02-28', '12.50', '')", ["2026-02-28", "12.50", "", None]),
    ("postgresql", "DOUBLE PRECISION", [1.1, 1.005, 0, float("nan"), 1e300, None]),
    ("postgresql", "NUMERIC(20, 3)", ["1.1", "1.005", "0", "NaN", None]), ("postgresql", "INTEGER", [1, 0, 20260228]),
    ("postgresql", "DATE", ["2026-02-28", "infinity", "0044-03-15 BC", None]),
    ("postgresql", "TIMESTAMP", ["2026-02-28 10:00:00.25", "-infinity", None]),
    ("postgresql", "TIMESTAMPTZ", ["2026-02-28 10:00:00+05", None]), ("postgresql", "BOOLEAN", [True, False, None]),
    ("postgresql", "UUID", ["00000000-0000-0000-0000-000000000012", None]), ("postgresql", "TIME", ["10:00", None]),
    ("postgresql", "BYTEA", [b"", b" ", b"12", b"2026-02-28", b"\xff", None]),
    ("postgresql", "MONEY", ["12.50", "0", None]), ("postgresql", "JSONB", ["12.5", '"2026-02-28"', "null", None]),
    ("duckdb", "DOUBLE", [1.1, 1.005, 0.0, None]), ("duckdb", "DECIMAL(20, 3)", ["1.1", "1.005", None]),
    ("duckdb", "DATE", ["2026-02-28", None]), ("duckdb", "TIMESTAMP", ["2026-02-28 10:00:00.25", None]),
    ("duckdb", "BIGINT", [1, 0, 20260228, None]),
]  # fmt: skip


@pytest.mark.parametrize("rules", list(RULES))
@pytest.mark.parametrize(("dialect", "kind", "values"), NATIVE)
def test_what_a_database_has_typed_itself_is_read_as_that(
    own: Callable[[str], CustomPreset], dialect: str, kind: str, values: list[Any], rules: str
) -> None:
    """With formats or without: an amount of 0 is one even where '0' is an empty word."""
    ours = own(dialect)
    database, python = ours.readings(ours.load(kind, values), rules)
    assert [
        (values[int(n)], database[n], python[n]) for n in python if database[n] != python[n]
    ] == []
    if kind in ("DATE", "TIMESTAMP", "TIMESTAMPTZ") or kind.startswith("DATETIME"):
        assert any(row[2] is not None or row[4] is not None for row in database.values())
    if (
        kind in ("DOUBLE", "REAL", "NUMERIC", "INT", "BIGINT", "INTEGER", "DOUBLE PRECISION")
        or "(20, 3)" in kind
    ):
        assert any(row[0] is not None for row in database.values())
        assert all(row[2] is None and row[4] is None for row in database.values())
        assert all(row[0] == 0 for n, row in database.items() if values[int(n)] in (0, "0"))


def test_every_database_says_what_its_columns_hold() -> None:
    assert kind_of("sqlite").column_kind is None
    for dialect in ("mysql", "mariadb", "postgresql", "duckdb", "files"):
        assert kind_of(dialect).column_kind is not None
