"""Each construct of `pipeline.sql` on every engine that it is written for, against plain Python on the same values."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, TableClause, Text, cast, column, create_engine, func, literal, select, table
from sqlalchemy.sql.elements import ColumnElement

from pipeline import snapshot, sql
from pipeline.money import ODD_FACTORS
from pipeline.sql import (
    LARGEST_AMOUNT,
    WHITE_SPACE,
    blank,
    day_of,
    exact_text,
    micros,
    minor_units,
    no_date,
    one_of_words,
    same_text,
    whole_units,
)
from pipeline.window import microseconds
from tests.requirements import require_mariadb

SPACES = frozenset(
    (*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F,
     0x205F, 0x2060, 0x3000, 0xFEFF)
)  # fmt: skip
"""The 37 code points, from the definition and not from the program."""


def is_blank(text: str | None) -> bool:
    return text is None or all(ord(character) in SPACES for character in text)


# ------------------------------------------------------------------------------------------------ engines


class Bench:
    """Tables of numbered values on a real engine, and what expressions say of each value."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder

    def load(self, kind: str, values: Sequence[Any]) -> TableClause:
        """A new table (n, v) with v of that type; MariaDB takes what its strict mode would refuse."""
        name = f"t{uuid4().hex}"
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "duckdb":
                file = self.folder / f"{name}.parquet"
                pq.write_table(pa.table({"n": range(len(values)), "v": pa.array(values)}), file)
                sql_text = f"CREATE TABLE {name} AS SELECT n, v::{kind} AS v FROM read_parquet('{file}')"
                connection.exec_driver_sql(sql_text)
                return table(name, column("n"), column("v"))
            mark = "?" if self.engine.dialect.name == "sqlite" else "%s"
            if mark == "%s":
                connection.exec_driver_sql("SET SESSION sql_mode = ''")
            connection.exec_driver_sql(f"CREATE TABLE {name} (n INTEGER PRIMARY KEY, v {kind})")
            rows = list(enumerate(values))
            if rows:
                connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({mark}, {mark})", rows)
            if mark == "%s":
                connection.exec_driver_sql("SET SESSION sql_mode = DEFAULT")
        return table(name, column("n"), column("v"))

    def said(self, source: TableClause, *expressions: ColumnElement[Any]) -> list[tuple[Any, ...]]:
        """(the value as the driver gives it, each expression) in the order of the values."""
        labelled = [expression.label(f"x{position}") for position, expression in enumerate(expressions)]
        with self.engine.connect() as connection:
            if self.engine.dialect.name in ("mysql", "mariadb"):
                connection.exec_driver_sql("SET time_zone = '+00:00'")
            return [tuple(row) for row in connection.execute(select(source.c.v, *labelled).order_by(source.c.n))]


@pytest.fixture(scope="module")
def benches(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Bench]:
    """Opens each engine once, when it is first asked for."""
    folder = tmp_path_factory.mktemp("engines")
    opened: dict[str, Bench] = {}

    def bench(dialect: str) -> Bench:
        if dialect not in opened:
            if dialect == "mysql":
                opened[dialect] = request.getfixturevalue("mariadb")
            else:
                opened[dialect] = Bench(create_engine(f"{dialect}:///{folder / dialect}.db"), folder)
        return opened[dialect]

    return bench


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    server = require_mariadb()
    name = f"crm_audit_sql_{uuid4().hex[:12]}"
    with create_engine(server).begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    engine = create_engine(server.set(database=name))
    try:
        yield Bench(engine, tmp_path_factory.mktemp("mariadb"))
    finally:
        engine.dispose()
        with create_engine(server).begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


def holds(kind: str) -> Callable[[str], bool]:
    """Whether a column of this type can hold a text."""
    if "utf8mb3" in kind:
        return lambda text: all(ord(character) < 0x10000 for character in text)
    if "latin1" in kind:  # which is the code page 1252 here
        return lambda text: text.encode("cp1252", "ignore").decode("cp1252") == text
    return lambda text: True


TEXT_COLUMNS = [
    ("sqlite", "TEXT"),
    ("duckdb", "VARCHAR"),
    ("mysql", "LONGTEXT CHARACTER SET utf8mb4"),
    ("mysql", "LONGTEXT CHARACTER SET utf8mb3"),
    ("mysql", "LONGTEXT CHARACTER SET latin1"),
]
text_columns = pytest.mark.parametrize(("dialect", "kind"), TEXT_COLUMNS)


def test_every_construct_of_every_dialect_is_tried_here() -> None:
    tried = {
        blank: {"sqlite", "mysql", "duckdb"},
        same_text: {"sqlite", "mysql", "duckdb"},
        exact_text: {"sqlite", "mysql", "duckdb"},
        micros: {"sqlite", "mysql", "duckdb"},
        day_of: {"sqlite", "mysql", "duckdb"},
        no_date: {"sqlite", "mysql"},
        whole_units: {"sqlite", "mysql"},
        minor_units: {"mysql"},
    }
    assert {construct: set(dialects) for construct, dialects in sql._TEMPLATES.items()} == tried


# ------------------------------------------------------------------------------------------------ blank


def blank_texts() -> list[str]:
    spaces = [chr(point) for point in sorted(SPACES)]
    bmp = [chr(point) for point in range(0x10000) if not 0xD800 <= point <= 0xDFFF]
    return [
        "",
        *map("".join, product(spaces, repeat=2)),
        *(f"{space}a{space}" for space in spaces),
        *(f"a{space}" for space in spaces),
        *(f"{space}-" for space in spaces),
        *(f"{space}\u0301" for space in spaces),  # a combining accent on nothing is something
        WHITE_SPACE,
        WHITE_SPACE + "\u200b\u00ad",
        "\u0000",
        " \u0000 ",
        *bmp,
        *("\U0001f642", " \U0001f642 ", "\U0001d7d8", "\U000e0020", "\U0010ffff", "\u3000\U00020000"),
        *("0", "'", '"', "\\", "%", "%s", ":ws", "\\x{9}", "a\nb", "\n\r\n", "NULL"),
        " " * 40_000,
        "\u3000" * 40_000,
        WHITE_SPACE * 1_081 + "x",
        "x" + WHITE_SPACE * 1_081,
        "\u2060" * 20_000 + "\u00e9" + "\u2060" * 20_000,
        "x" * 40_000,
    ]


def test_white_space_is_the_definitions() -> None:
    assert {ord(character) for character in WHITE_SPACE} == SPACES
    assert len(WHITE_SPACE) == len(SPACES) == 37


@text_columns
def test_blank(benches: Callable[[str], Bench], dialect: str, kind: str) -> None:
    texts = [None, *filter(holds(kind), blank_texts())]
    bench = benches(dialect)
    said = bench.said(source := bench.load(kind, texts), blank(source.c.v))
    assert [value for value, _ in said] == texts  # it was held as it was given
    wrong = [
        (value and value[:5], len(value or ""), found) for value, found in said if bool(found) is not is_blank(value)
    ]
    assert wrong == []
    assert len(texts) > (240 if "latin1" in kind else 64_000)
    assert sum(bool(found) for _, found in said) > (100 if "latin1" in kind else 1_400)


@pytest.mark.parametrize(("dialect", "kind"), [("sqlite", "NUMERIC"), ("mysql", "DOUBLE"), ("mysql", "DECIMAL(20, 2)")])
def test_a_number_is_never_blank(benches: Callable[[str], Bench], dialect: str, kind: str) -> None:
    bench = benches(dialect)
    said = bench.said(source := bench.load(kind, [None, 0, 5, -1.5]), blank(source.c.v))
    assert [bool(found) for _, found in said] == [True, False, False, False]


# ------------------------------------------------------------------------------------------------ same and exact


WORDS = (
    *("Held", "held", "HELD", "Held ", " Held", "Held\t", "Held\u00a0", "H\u00e9ld", "He\u0301ld", "Heid", "Hel",
      "Helds"),
    *("a", "A", "a ", "e", "E", "\u00e9", "e\u0301", "\u00ea", "ss", "\u00df", "\u1e9e", "i", "I", "\u0131",
      "\u0130", "", " ", "  "),
    *("0", "00", "0.0", "1e0", "1", "o", "O", "'", "''", "\\", "\\\\", "%", "%%", "%s", "{0}", "{1}", ":x",
      "Not Held", "Not\u00a0Held"),
    *("\u65e5\u672c", "\u65e5", "\U0001f642", "\U0001f643", "\ufb01", "fi", "\u2126", "\u03a9", "\u00e5", "\u212b",
      "Proposal/Price Quote", "x" * 300),
)  # fmt: skip


@text_columns
def test_same_text(benches: Callable[[str], Bench], dialect: str, kind: str) -> None:
    bench = benches(dialect)
    texts = [None, *filter(holds(kind), WORDS)]
    said = bench.said(source := bench.load(kind, texts), *(same_text(source.c.v, word) for word in WORDS))
    found = {(v, word) for v, *answers in said for word, answer in zip(WORDS, answers, strict=True) if answer}
    assert [value for value, *_ in said] == texts
    assert found == {(text, text) for text in texts if text is not None}


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [
        *TEXT_COLUMNS,
        ("sqlite", "TEXT COLLATE NOCASE"),
        ("sqlite", "TEXT COLLATE RTRIM"),
        ("mysql", "VARCHAR(300) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci"),
        ("mysql", "VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"),
    ],
)
def test_words_are_told_apart_whatever_the_collation(benches: Callable[[str], Bench], dialect: str, kind: str) -> None:
    bench = benches(dialect)
    texts = [*filter(holds(kind), WORDS), "Held", "Held", "held"]
    source = bench.load(kind, texts)
    word = exact_text(source.c.v)
    with bench.engine.connect() as connection:
        grouped = connection.execute(select(word, func.count()).select_from(source).group_by(word)).all()
    assert {str(text): count for text, count in grouped} == Counter(texts)
    one = [bool(found) for _, found in bench.said(source, one_of_words(source.c.v, ["held", "Not Held"]))]
    assert one == [text in ("held", "Not Held") for text in texts]
    assert not any(found for _, found in bench.said(source, one_of_words(source.c.v, [])))


# ------------------------------------------------------------------------------------------------ moments


def python_says(read: Callable[[Any], Any], value: Any) -> tuple[Any, bool]:
    """(the value, whether something was entered that cannot be read), as the snapshot types it."""
    typed = read(value)
    unreadable = typed is snapshot.UNREADABLE
    return (None if unreadable or typed is None else typed), unreadable


def python_micros(value: Any) -> tuple[int | None, bool]:
    typed, unreadable = python_says(snapshot._instant, value)
    return (None if typed is None else microseconds(typed)), unreadable


def verdict(read: Any, nothing: Any) -> bool:
    """As the source says it: something was entered and was not read."""
    return read is None and not nothing


def instants() -> list[datetime]:
    seed = random.Random(12)
    span = int((datetime(9999, 12, 31, 23, 59, 59) - datetime(1, 1, 1)).total_seconds())
    return [
        datetime(1, 1, 1),
        datetime(1000, 1, 1),
        datetime(1582, 10, 4, 23, 59, 59),
        datetime(1582, 10, 15),
        datetime(1900, 2, 28, 23, 59, 59),
        datetime(1900, 3, 1),
        datetime(1969, 12, 31, 23, 59, 59),
        datetime(1970, 1, 1),
        datetime(1970, 1, 1, 0, 0, 1),
        datetime(2000, 2, 29, 12),
        datetime(2026, 3, 29, 1, 30),
        datetime(2026, 10, 25, 0, 30),
        datetime(2038, 1, 19, 3, 14, 7),
        datetime(2038, 1, 19, 3, 14, 8),
        datetime(2400, 2, 29),
        datetime(9999, 12, 31, 23, 59, 59),
        *(datetime(1, 1, 1) + timedelta(seconds=seed.randrange(span)) for _ in range(2_000)),
    ]


NO_INSTANTS = (
    None, "", " ", "\u00a0\u3000", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T", "0000-00-0",
    "0000-00-01 00:00:00",
    "0000-01-01 00:00:00", "0000-12-31 23:59:59", "2026-02-30 10:00:00", "2026-02-29 10:00:00", "2024-02-29 10:00:00",
    "2026-11-31 10:00:00", "2026-00-10 10:00:00", "2026-13-01 10:00:00", "2026-01-00 10:00:00", "2026-01-32 10:00:00",
    "2026-11-24", "2026-11-24 10:00", "2026-11-24T10:00:00", "2026-11-24 10:00:00Z", "2026-11-24 10:00:00+01:00",
    "2026-11-24 10:00:00.5", "2026-11-24 10:00:00.000000", " 2026-11-24 10:00:00", "2026-11-24 10:00:00 ",
    "2026-11-24 10:00:00\n", "2026-11-24  10:00:00", "2026-11-24 24:00:00", "2026-11-24 23:59:60",
    "2026-11-24 23:60:00",
    "2026-11-24 25:00:00", "26-11-24 10:00:00", "12026-11-24 10:00:00", "-2026-11-24 10:00:00", "2026/11/24 10:00:00",
    "24.11.2026 10:00:00", "20261124 10:00:00", "2026-1-4 1:0:0", "2026-11-24 1O:00:00",
    "\u0662\u0660\u0662\u0666-11-24 10:00:00", "\uff12026-11-24 10:00:00", "now", "today", "tomorrow", "2461369.5",
    "1795478400",
    "2026-W48-2", "2026-328", "NULL", "null", "-", "x" * 1_000, "2026-11-24 10:00:00\u0000",
    "\u00002026-11-24 10:00:00",
)  # fmt: skip


def test_micros_of_text_on_sqlite(benches: Callable[[str], Bench]) -> None:
    bench = benches("sqlite")
    values = [*NO_INSTANTS, *(f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0") for moment in instants())]
    said = bench.said(source := bench.load("TEXT", values), micros(source.c.v), no_date(source.c.v))
    assert [value for value, *_ in said] == values
    found = {value: (read, verdict(read, nothing)) for value, read, nothing in said}
    assert found == {value: python_micros(value) for value in values}
    assert sum(read is not None for read, _ in found.values()) > 2_000


@pytest.mark.parametrize("value", [5, 2461369.5, b"2026-11-24 10:00:00", 0, -1])
def test_what_is_no_text_is_no_instant_on_sqlite(benches: Callable[[str], Bench], value: Any) -> None:
    bench = benches("sqlite")
    source = bench.load("BLOB", [value])
    ((given, read, day, nothing),) = bench.said(source, micros(source.c.v), day_of(source.c.v), no_date(source.c.v))
    assert given == value
    assert (read, day, verdict(read, nothing)) == (None, None, True)
    assert python_micros(value) == (None, True)
    assert python_says(snapshot._day, value) == (None, True)


@pytest.mark.parametrize("kind", ["DATETIME", "DATETIME(6)", "TIMESTAMP(6) NULL", "DATE"])
def test_micros_on_mariadb(benches: Callable[[str], Bench], kind: str) -> None:
    bench = benches("mysql")
    fractions = [moment + timedelta(microseconds=part) for moment in instants()[1:-1] for part in (1, 499_999, 999_999)]
    given: list[Any] = [*instants(), *fractions]
    if kind == "DATE":
        given = [moment.date() for moment in given]
    elif kind == "DATETIME":
        given = instants()
    elif kind.startswith("TIMESTAMP"):
        given = [moment for moment in given if datetime(1971, 1, 1) < moment < datetime(2038, 1, 18)]
    else:
        given.append(datetime(9999, 12, 31, 23, 59, 59, 999_999))
    given += [None, "0000-00-00 00:00:00", "2026-02-30 10:00:00", "nonsense", "", "2026-11-24 10:00:00.000001"]
    if not kind.startswith("TIMESTAMP"):
        given += ["2026-00-10 10:00:00", "2026-11-00 00:00:00", "0000-05-05 10:00:00", "0000-00-05"]
    source = bench.load(kind, given)
    said = bench.said(source, micros(source.c.v), no_date(source.c.v))
    wrong = [
        (value, read, nothing)
        for value, read, nothing in said
        if kind != "DATE" and (read, verdict(read, nothing)) != python_micros(value)
    ]
    assert wrong == []
    if kind == "DATE":
        plain = bench.said(source, day_of(source.c.v), no_date(source.c.v))
        assert [row for row in plain if (row[1], verdict(row[1], row[2])) != python_says(snapshot._day, row[0])] == []
    assert sum(read is not None for _, read, _ in said) > 50
    assert any(str(value).startswith("0000-00-00") and nothing for value, _, nothing in said)
    if kind == "DATETIME(6)":
        assert {read for value, read, _ in said if value == datetime(1969, 12, 31, 23, 59, 59, 999_999)} == {-1}


def test_micros_on_duckdb(benches: Callable[[str], Bench]) -> None:
    bench = benches("duckdb")
    given = [None, *(moment + timedelta(microseconds=part) for moment in instants()[:-1] for part in (0, 1, 999_999))]
    source = bench.load("TIMESTAMP", given)
    for value, read in bench.said(source, micros(source.c.v)):
        assert (read, False) == python_micros(value)
    zoned = bench.load("TIMESTAMPTZ", [moment and moment.replace(tzinfo=UTC) for moment in given])
    with bench.engine.connect() as connection:
        found = connection.execute(select(micros(zoned.c.v)).select_from(zoned).order_by(zoned.c.n)).scalars().all()
    assert list(found) == [None if moment is None else microseconds(moment.replace(tzinfo=UTC)) for moment in given]


NO_DAYS = (
    None, "", "  ", "\u2003", "0000-00-00", "0000-00-00 00:00:00", "0000-01-01", "2026-02-30", "2026-02-29",
    "2024-02-29",
    "2026-04-31", "2026-13-01", "2026-00-01", "2026-01-00", "2026-11-24 00:00:00", "2026-11-24T00:00:00",
    " 2026-11-24",
    "2026-11-24 ", "2026-11-24\n", "24-11-2026", "24.11.2026", "20261124", "2026-W48-2", "2026-328", "26-11-24",
    "+2026-11-24",
    "12026-11-24", "now", "x", "2461369.5", "\u0662\u0660\u0662\u0666-11-24", "2026-1-4",
)  # fmt: skip


def test_day_of_text_on_sqlite(benches: Callable[[str], Bench]) -> None:
    bench = benches("sqlite")
    days = [moment.date() for moment in instants()]
    values = [*NO_DAYS, *(day.isoformat() for day in days)]
    source = bench.load("TEXT", values)
    said = bench.said(source, cast(day_of(source.c.v), Text), no_date(source.c.v))
    found = {value: (read and date.fromisoformat(read), verdict(read, nothing)) for value, read, nothing in said}
    assert found == {value: python_says(snapshot._day, value) for value in values}
    bound = date(2000, 2, 29)
    later = bench.said(source, day_of(source.c.v) >= bound)[len(NO_DAYS) :]
    assert [bool(answer) for _, answer in later] == [day >= bound for day in days]


def test_day_of_on_mariadb(benches: Callable[[str], Bench]) -> None:
    bench = benches("mysql")
    odd = [None, "0000-00-00", "2026-02-30", "2026-00-10", "2026-11-00", "0000-05-05", "0000-00-05", "nonsense", ""]
    days = [moment.date() for moment in instants()]
    source = bench.load("DATE", [*odd, *days])
    said = bench.said(source, day_of(source.c.v), no_date(source.c.v))
    wrong = [row for row in said if (row[1], verdict(row[1], row[2])) != python_says(snapshot._day, row[0])]
    assert wrong == []
    assert [value for value, *_ in said[len(odd) :]] == days
    bound = date(2000, 2, 29)
    later = bench.said(source, day_of(source.c.v) >= bound)[len(odd) :]
    assert [bool(answer) for _, answer in later] == [day >= bound for day in days]


def test_day_of_on_duckdb(benches: Callable[[str], Bench]) -> None:
    bench = benches("duckdb")
    days = [None, *(moment.date() for moment in instants())]
    source = bench.load("DATE", days)
    bound = date(2026, 11, 24)
    for value, read, later in bench.said(source, day_of(source.c.v), day_of(source.c.v) < bound):
        assert read == value == python_says(snapshot._day, value)[0]
        assert later == (None if value is None else value < bound)


# ------------------------------------------------------------------------------------------------ money


CURRENCY_OF = {1: "JPY", 100: "EUR", 1000: "KWD", 10_000: "CLF"}


def floats() -> list[float]:
    seed = random.Random(1005)
    return [
        *(0.0, -0.0, 1.005, 0.1 + 0.2, 0.3, 2.675, 1.1, 1.15, 8.2, 19.99, 0.01, 0.001, 0.0001, 0.00001,
          12345678901234.86),
        *(1234567890123456.7, 9007199254740993.0, 9007199254740992.5, 1e14, 1e15, 1e16, 1e17, 123456789012345678.0),
        *(9.999e17, 1e18, 9999999999999999.99, 9.99999999999999e15, 1e19, 1e21, 1e22, 1e23, 1e45, 1e60, 1e65, 1e300,
          1.7976931348623157e308),
        *(1e-5, 1e-10, 1e-19, 1e-20, 1e-21, 1e-22, 1e-30, 5e-324, 2.2250738585072014e-308, 0.1 + 0.2 - 0.3, 4.35,
          4.349999999999999),
        *(round(seed.uniform(-1e7, 1e7), seed.choice((0, 1, 2, 3, 4))) for _ in range(3_000)),
        *(seed.uniform(-1e6, 1e6) for _ in range(500)),
        *(seed.choice((1, -1)) * 10 ** seed.uniform(-25, 25) for _ in range(500)),
        *(seed.randrange(-(10**17), 10**17) / 100 for _ in range(1_000)),
    ]  # fmt: skip


DECIMALS = (
    *("0", "-0", "1.005", "2.675", "0.3", "12345678901234.86", "-12345678901234.86", "9999999999999999.99", "0.01",
      "0.001"),
    *("99999999999999999999.99", "9999999999999.999", "0.000001", "100", "-7.5", "10000000000000000",
      "9999999999999999.9"),
    *("1000000000000000000", "999999999999999999", "99999999999999.9999"),
)  # fmt: skip
SMALL_SCALE = "0.0000000000000000000000001"


def python_money(value: Any, currency: str, *, minor: bool) -> int | None:
    read = snapshot._money(value, currency, minor)
    return None if read is snapshot.UNREADABLE else read


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("DOUBLE", [None, *floats()]),
        ("FLOAT", [None, *(value for value in floats() if abs(value) < 1e38)]),
        ("DECIMAL(30, 6)", [None, *map(Decimal, DECIMALS)]),
        ("DECIMAL(38, 30)", [None, Decimal(SMALL_SCALE), Decimal("1.5"), Decimal("12345678.01")]),
        ("DECIMAL(10, 0)", [None, 0, 5, -9_999_999_999]),
        ("BIGINT", [None, 0, -1, 10**15, 10**16 - 1, 10**16, 10**18 - 1, 10**18, 2**63 - 1, -(2**63)]),
        ("BIGINT UNSIGNED", [2**63, 2**64 - 1]),
        ("TINYINT(1)", [0, 1, None]),
    ],
)
def test_minor_units_on_mariadb(benches: Callable[[str], Bench], kind: str, values: list[Any]) -> None:
    assert {factor: ODD_FACTORS.get(currency, 100) for factor, currency in CURRENCY_OF.items()} == {
        factor: factor for factor in CURRENCY_OF
    }
    bench = benches("mysql")
    source = bench.load(kind, values)
    asked = [minor_units(source.c.v, literal(factor)) for factor in CURRENCY_OF]
    wrong = [
        (value, currency, answer, python_money(value, currency, minor=False))
        for value, *answers in bench.said(source, *asked)
        for currency, answer in zip(CURRENCY_OF.values(), answers, strict=True)
        if answer != python_money(value, currency, minor=False)
    ]
    assert wrong == []


def test_floats_are_taken_by_their_shortest_text(benches: Callable[[str], Bench]) -> None:
    bench = benches("mysql")
    source = bench.load("DOUBLE", [1.005, 0.1 + 0.2, 12345678901234.86, 1e300, -0.0, 2.675, 8.2, 1e18, 0.01])
    read = [answer for _, answer in bench.said(source, minor_units(source.c.v, literal(100)))]
    assert read == [None, None, 1234567890123486, None, 0, None, 820, None, 1]
    thousandths = [answer for _, answer in bench.said(source, minor_units(source.c.v, literal(1000)))]
    assert thousandths[0] == 1005
    assert thousandths[5] == 2675


WHOLE = (
    *(None, 0, 1, -1, 250_000, 10**15, 305184080441754059, LARGEST_AMOUNT - 1, 1 - LARGEST_AMOUNT),
    *(LARGEST_AMOUNT, -LARGEST_AMOUNT, LARGEST_AMOUNT + 1, 2**63 - 1, -(2**63), 1 - 2**63),
)


def test_whole_units_on_sqlite(benches: Callable[[str], Bench]) -> None:
    bench = benches("sqlite")
    values = [*WHOLE, 1.5, 100.0, 1e18, "100", "12,50", "", " ", "x", b"100", "1e3"]
    source = bench.load("BLOB", values)  # no affinity: each value stays what it is
    for value, read, nothing in bench.said(source, whole_units(source.c.v), blank(source.c.v)):
        typed = snapshot._money(value, "EUR", True)
        assert (read, verdict(read, nothing)) == (
            None if typed is snapshot.UNREADABLE else typed,
            typed is snapshot.UNREADABLE,
        )


def test_whole_units_on_mariadb(benches: Callable[[str], Bench]) -> None:
    bench = benches("mysql")
    source = bench.load("BIGINT", WHOLE)
    for value, read in bench.said(source, whole_units(source.c.v)):
        assert read == python_money(value, "EUR", minor=True)
    fractions = bench.load("DECIMAL(20, 2)", ["1.50", "0.01"])
    assert [read for _, read in bench.said(fractions, whole_units(fractions.c.v))] == [None, None]


def test_combining_and_composed_are_two_texts() -> None:
    assert unicodedata.normalize("NFC", "e\u0301") == "\u00e9"  # so the words above hold both
    assert {"e\u0301", "\u00e9"} < set(WORDS)
