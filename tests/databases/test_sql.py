"""Each construct of `pipeline.databases.constructs` on every engine that it is written for, against plain Python."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Text, cast, create_engine, event, func, literal, select
from sqlalchemy.exc import NotSupportedError

from pipeline.calendar.window import microseconds
from pipeline.databases import constructs as sql
from pipeline.databases import postgresql
from pipeline.databases.constructs import (
    begins_otherwise,
    blank,
    day_at,
    day_of,
    derived_key,
    empty_word,
    exact_text,
    letters,
    micros,
    minor_units,
    no_date,
    one_of_words,
    same_bytes,
    single_amount,
    whole_units,
)
from pipeline.databases.sql.compile import DIALECTS, must_be_complete
from pipeline.snapshot import typing
from pipeline.values.money import LARGEST_AMOUNT, ODD_FACTORS
from pipeline.values.texts import UNREADABLE
from pipeline.values.white_space import WHITE_SPACE
from tests.benches import Bench, writable
from tests.paths import ROOT
from tests.postgres import database

SPACES = frozenset(
    (*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F,
     0x205F, 0x2060, 0x3000, 0xFEFF)
)  # fmt: skip
"""The 37 code points, from the definition and not from the program."""


def is_blank(text: str | None) -> bool:
    return text is None or all(ord(character) in SPACES for character in text)


def holds(kind: str) -> Callable[[str], bool]:
    """Whether a column of this type can hold a text."""
    if "utf8mb3" in kind:
        return lambda text: all(ord(character) < 0x10000 for character in text)
    if "CHARACTER VARYING" in kind:
        return lambda text: "\u0000" not in text
    if "latin1" in kind:  # which is the code page 1252 here
        return lambda text: text.encode("cp1252", "ignore").decode("cp1252") == text
    return lambda text: True


TEXT_COLUMNS = [
    ("sqlite", "TEXT"),
    ("duckdb", "VARCHAR"),
    ("mysql", "LONGTEXT CHARACTER SET utf8mb4"),
    ("mysql", "LONGTEXT CHARACTER SET utf8mb3"),
    ("mysql", "LONGTEXT CHARACTER SET latin1"),
    ("postgresql", "CHARACTER VARYING"),
]
text_columns = pytest.mark.parametrize(("dialect", "kind"), TEXT_COLUMNS)


def test_a_dialect_that_lacks_a_construct_stops_the_program() -> None:
    must_be_complete(DIALECTS)
    poorer = {
        construct: made
        for construct, made in DIALECTS["mysql"].items()
        if construct is not blank
    }
    with pytest.raises(NotImplementedError, match="mysql lacks blank"):
        must_be_complete({**DIALECTS, "mysql": poorer})


def test_every_construct_is_tried_against_python() -> None:
    """Here, or in the tests of what is written, seen, said, and marked."""
    here = {blank, letters, same_bytes, exact_text, derived_key, micros, day_of, no_date, whole_units,
            minor_units, single_amount, empty_word, begins_otherwise}  # fmt: skip
    elsewhere = {
        "setup/test_written.py": "written_day written_micros written_instant written_local_day local_micros "
        "plain_number decimal_units as_text stripped day_at",
        "databases/test_patterns.py": "has_pattern has_word",
        "formats/test_contents.py": "unseen_html unseen_json empty_parts",
        "formats/test_currencies.py": "raised is_sign",
        "formats/test_flags.py": "folded looks_dated",
        "proof/test_fingerprints.py": "text_mark",
    }
    named = {one.__name__ for one in here} | {
        name for names in elsewhere.values() for name in names.split()
    }
    constructs = {one.__name__ for one in sql.Construct.__subclasses__()} - {"Piece"}
    assert named == constructs
    assert all((ROOT / "tests" / file).is_file() for file in elsewhere)


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
        *(
            "\U0001f642",
            " \U0001f642 ",
            "\U0001d7d8",
            "\U000e0020",
            "\U0010ffff",
            "\u3000\U00020000",
        ),
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
        (value and value[:5], len(value or ""), found)
        for value, found in said
        if bool(found) is not is_blank(value)
    ]
    assert wrong == []
    assert len(texts) > (240 if "latin1" in kind else 64_000)
    assert sum(bool(found) for _, found in said) > (100 if "latin1" in kind else 1_400)


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [
        *[("sqlite", "NUMERIC"), ("mysql", "DOUBLE"), ("mysql", "DECIMAL(20, 2)")],
        *[("postgresql", "DOUBLE PRECISION"), ("postgresql", "NUMERIC")],
    ],
)
def test_a_number_is_never_blank(
    benches: Callable[[str], Bench], dialect: str, kind: str
) -> None:
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
def test_letters(benches: Callable[[str], Bench], dialect: str, kind: str) -> None:
    bench = benches(dialect)
    texts = [None, *filter(holds(kind), WORDS)]
    said = bench.said(
        source := bench.load(kind, texts), *(letters(source.c.v) == word for word in WORDS)
    )
    found = {
        (v, word)
        for v, *answers in said
        for word, answer in zip(WORDS, answers, strict=True)
        if answer
    }
    assert [value for value, *_ in said] == texts
    assert found == {(text, text) for text in texts if text is not None}


def make_alike(bench: Bench) -> None:
    """A collation of PostgreSQL to which 'a' = 'A' and 'e' = '\u00e9'; some are built without the library for it."""
    made = "CREATE COLLATION alike (provider = icu, locale = 'und-u-ks-level1', deterministic = false)"
    with bench.engine.connect() as connection:
        writable(connection)
        try:
            connection.exec_driver_sql(made)
        except NotSupportedError:
            pytest.skip(
                "this PostgreSQL is built without ICU, so it has no collation that holds two texts to be equal"
            )


@text_columns
def test_same_bytes(benches: Callable[[str], Bench], dialect: str, kind: str) -> None:
    bench = benches(dialect)
    texts = [None, *filter(holds(kind), WORDS)]
    source = bench.load(kind, texts)
    other = source.alias("other")
    pairs = select(source.c.v, other.c.v).join(other, same_bytes(source.c.v, other.c.v))
    with bench.engine.connect() as connection:
        found = {(str(one), str(another)) for one, another in connection.execute(pairs)}
    assert found == {(text, text) for text in texts if text is not None}


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [
        *TEXT_COLUMNS,
        ("postgresql", "CHARACTER VARYING COLLATE alike"),
        ("sqlite", "TEXT COLLATE NOCASE"),
        ("sqlite", "TEXT COLLATE RTRIM"),
        ("mysql", "VARCHAR(300) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci"),
        ("mysql", "VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"),
    ],
)
def test_words_are_told_apart_whatever_the_collation(
    benches: Callable[[str], Bench], dialect: str, kind: str
) -> None:
    bench = benches(dialect)
    if kind.endswith("alike"):
        make_alike(bench)
    texts = [*filter(holds(kind), WORDS), "Held", "Held", "held"]
    source = bench.load(kind, texts)
    word = exact_text(source.c.v)
    with bench.engine.connect() as connection:
        grouped = connection.execute(
            select(word, func.count()).select_from(source).group_by(word)
        ).all()
    assert {str(text): count for text, count in grouped} == Counter(texts)
    one = [
        bool(found)
        for _, found in bench.said(source, one_of_words(source.c.v, ["held", "Not Held"]))
    ]
    assert one == [text in ("held", "Not Held") for text in texts]
    assert not any(found for _, found in bench.said(source, one_of_words(source.c.v, [])))
    thousands = [*(f"none{number}" for number in range(10_000)), *WORDS[::2]]
    many = [bool(found) for _, found in bench.said(source, one_of_words(source.c.v, thousands))]
    assert many == [text in WORDS[::2] for text in texts]


EMPTY_WORDS = (
    "-",
    "n/a",
    "N.v.t.",
    "0",
    "%",
    "\u00e9",
    "\U0001f642",
    "'",
    "(x|y)*",
    ".",
    "a b",
    "\u65e0",
)


@text_columns
def test_empty_word(benches: Callable[[str], Bench], dialect: str, kind: str) -> None:
    """The word alone, white space around it aside: no case, no accent and no pattern makes two words one."""
    bench = benches(dialect)
    spaces = [chr(point) for point in sorted(SPACES)]
    near = (
        "N/A",
        "n / a",
        "--",
        "- -",
        "n.v.t.",
        "Nxv.t.",
        "00",
        "0.0",
        "e\u0301",
        "\u00c9",
        "x",
        "",
        "a  b",
        "a\u00a0b",
    )
    texts = [
        None,
        *filter(
            holds(kind),
            (
                *near,
                *(
                    before + word + after
                    for word in EMPTY_WORDS
                    for before in ("", *spaces)
                    for after in ("", *spaces)
                ),
                *(f"{space}-{space}-" for space in spaces),
                *(word + "x" for word in EMPTY_WORDS),
                *(f"-{mark}" for mark in "\u00ad\u0301\\"),
                " " * 40_000 + "-",
                "-" + "\u3000" * 20_000 + "-",
                " " * 20_000 + "-" + " " * 20_000,
            ),
        ),
    ]
    source = bench.load(kind, texts)
    words = [*filter(holds(kind), EMPTY_WORDS)]
    wrong = [
        (value and value[:9], word, found)
        for value, *answers in bench.said(
            source, *(empty_word(source.c.v, word) for word in words)
        )
        for word, found in zip(words, answers, strict=True)
        if bool(found) is not (value is not None and value.strip("".join(spaces)) == word)
    ]
    assert wrong == []


@text_columns
def test_how_a_text_begins(benches: Callable[[str], Bench], dialect: str, kind: str) -> None:
    signs = [*map(chr, range(1, 0x180)), "\u212a", "\u3000", "\ufeff", "\U0001f4de"]
    texts = [
        None,
        "",
        *filter(holds(kind), (sign + after for sign in signs for after in ("", "oo"))),
    ]
    bench, letters_of_words = benches(dialect), "gvGV"
    source = bench.load(kind, texts)
    wrong = [
        (value, found)
        for value, found in bench.said(
            source, begins_otherwise(source.c.v, literal(letters_of_words))
        )
        if bool(found)
        is not (bool(value) and "!" <= value[0] <= "~" and value[0] not in letters_of_words)
    ]
    assert wrong == []


@text_columns
def test_a_key_of_a_derived_table_is_the_id(
    benches: Callable[[str], Bench], dialect: str, kind: str
) -> None:
    texts = ["a", "A", "a ", "\u00e9", "1", "01", "", None]
    bench = benches(dialect)
    source = bench.load(kind, texts)
    assert [key for _, key in bench.said(source, derived_key(source.c.v))] == texts


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb", "mysql", "postgresql"])
def test_a_key_of_a_derived_table_may_be_a_number(
    benches: Callable[[str], Bench], dialect: str
) -> None:
    bench = benches(dialect)
    source = bench.load("BIGINT", [1, 2**62, None])
    assert [key and int(key) for _, key in bench.said(source, derived_key(source.c.v))] == [
        1,
        2**62,
        None,
    ]


# ------------------------------------------------------------------------------------------------ moments


def python_says(read: Callable[[Any], Any], value: Any) -> tuple[Any, bool]:
    """(the value, whether something was entered that cannot be read), as the snapshot types it."""
    typed = read(value)
    unreadable = typed is UNREADABLE
    return (None if unreadable or typed is None else typed), unreadable


def python_micros(value: Any) -> tuple[int | None, bool]:
    typed, unreadable = python_says(typing.typed_instant, value)
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
    values = [
        *NO_INSTANTS,
        *(f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0") for moment in instants()),
    ]
    said = bench.said(
        source := bench.load("TEXT", values), micros(source.c.v), no_date(source.c.v)
    )
    assert [value for value, *_ in said] == values
    found = {value: (read, verdict(read, nothing)) for value, read, nothing in said}
    assert found == {value: python_micros(value) for value in values}
    assert sum(read is not None for read, _ in found.values()) > 2_000


@pytest.mark.parametrize("value", [5, 2461369.5, b"2026-11-24 10:00:00", 0, -1])
def test_what_is_no_text_is_no_instant_on_sqlite(
    benches: Callable[[str], Bench], value: Any
) -> None:
    bench = benches("sqlite")
    source = bench.load("BLOB", [value])
    ((given, read, day, nothing),) = bench.said(
        source, micros(source.c.v), day_of(source.c.v), no_date(source.c.v)
    )
    assert given == value
    assert (read, day, verdict(read, nothing)) == (None, None, True)
    assert python_micros(value) == (None, True)
    assert python_says(typing.typed_day, value) == (None, True)


@pytest.mark.parametrize("kind", ["DATETIME", "DATETIME(6)", "TIMESTAMP(6) NULL", "DATE"])
def test_micros_on_mariadb(benches: Callable[[str], Bench], kind: str) -> None:
    bench = benches("mysql")
    fractions = [
        moment + timedelta(microseconds=part)
        for moment in instants()[1:-1]
        for part in (1, 499_999, 999_999)
    ]
    given: list[Any] = [*instants(), *fractions]
    if kind == "DATE":
        given = [moment.date() for moment in given]
    elif kind == "DATETIME":
        given = instants()
    elif kind.startswith("TIMESTAMP"):
        given = [
            moment for moment in given if datetime(1971, 1, 1) < moment < datetime(2038, 1, 18)
        ]
    else:
        given.append(datetime(9999, 12, 31, 23, 59, 59, 999_999))
    given += [
        None,
        "0000-00-00 00:00:00",
        "2026-02-30 10:00:00",
        "nonsense",
        "",
        "2026-11-24 10:00:00.000001",
    ]
    if not kind.startswith("TIMESTAMP"):
        given += [
            "2026-00-10 10:00:00",
            "2026-11-00 00:00:00",
            "0000-05-05 10:00:00",
            "0000-00-05",
        ]
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
        assert [
            row
            for row in plain
            if (row[1], verdict(row[1], row[2])) != python_says(typing.typed_day, row[0])
        ] == []
    assert sum(read is not None for _, read, _ in said) > 50
    assert any(str(value).startswith("0000-00-00") and nothing for value, _, nothing in said)
    if kind == "DATETIME(6)":
        assert {
            read
            for value, read, _ in said
            if value == datetime(1969, 12, 31, 23, 59, 59, 999_999)
        } == {-1}


@pytest.mark.parametrize(
    "kind", ["TIMESTAMP", "TIMESTAMP(0)", "TIMESTAMPTZ", "DATE", "TEXT", "VARCHAR(40)"]
)
def test_micros_on_postgresql(benches: Callable[[str], Bench], kind: str) -> None:
    bench = benches("postgresql")
    given: list[Any] = [*instants(), datetime(9999, 12, 31, 23, 59, 59, 999_999)]
    if kind in ("TIMESTAMP", "TIMESTAMPTZ"):
        given += [
            moment + timedelta(microseconds=part)
            for moment in instants()[:-1]
            for part in (1, 499_999, 999_999)
        ]
    odd = [
        None,
        "infinity",
        "-infinity",
        "0044-03-15 12:00:00 BC",
        "0001-12-31 23:59:59 BC",
        "10000-01-01 00:00:00",
    ]
    if kind == "TIMESTAMPTZ":
        given = [moment.replace(tzinfo=UTC) for moment in given]
        odd = [value and f"{value.removesuffix(' BC')}+00{' BC' * ('BC' in value)}" if value and "inf" not in value
               else value for value in odd]  # fmt: skip
    elif kind in ("TEXT", "VARCHAR(40)"):
        given = [moment.isoformat(" ") for moment in given]
        odd = [
            value
            for value in NO_INSTANTS
            if not value or ("\u0000" not in value and len(value) <= 40)
        ]
    source = bench.load(kind, [*odd, *given])
    said = bench.said(source, micros(source.c.v), no_date(source.c.v))
    wrong = [row for row in said if (row[1], verdict(row[1], row[2])) != python_micros(row[0])]
    assert wrong == []
    assert sum(read is not None for _, read, _ in said) > 2_000 or kind == "DATE"
    assert sum(verdict(read, nothing) for _, read, nothing in said) >= 5
    if kind == "TIMESTAMP":
        assert {
            read
            for value, read, _ in said
            if value == datetime(1970, 1, 1) - timedelta(microseconds=1)
        } <= {-1}


def test_day_of_on_postgresql(benches: Callable[[str], Bench]) -> None:
    bench = benches("postgresql")
    days = [moment.date() for moment in instants()]
    odd = [
        None,
        "infinity",
        "-infinity",
        "0044-03-15 BC",
        "10000-01-01",
        "12345-10-10",
        "0001-01-01 BC",
    ]
    source = bench.load("DATE", [*odd, *days])
    said = bench.said(source, day_of(source.c.v), no_date(source.c.v))
    assert [
        row
        for row in said
        if (row[1], verdict(row[1], row[2])) != python_says(typing.typed_day, row[0])
    ] == []
    assert [verdict(read, nothing) for _, read, nothing in said[: len(odd)]] == [
        False,
        *[True] * 6,
    ]
    bound = date(2000, 2, 29)
    later = bench.said(source, day_of(source.c.v) >= bound)[len(odd) :]
    assert [bool(answer) for _, answer in later] == [day >= bound for day in days]
    source = bench.load(
        "TEXT", [*NO_DAYS, *map(str, days)]
    )  # datetimes have a day of their own: test_datetimes.py
    said = bench.said(source, day_of(source.c.v), no_date(source.c.v))
    assert [
        row
        for row in said
        if (row[1], verdict(row[1], row[2])) != python_says(typing.typed_day, row[0])
    ] == []


def test_every_day_of_some_years_on_postgresql(benches: Callable[[str], Bench]) -> None:
    """Valid days are told by a pattern there: what it lets through has to be a day, and every day."""
    bench = benches("postgresql")
    years = (
        "0000",
        "0001",
        "0004",
        "0100",
        "0400",
        "1900",
        "2000",
        "2023",
        "2024",
        "2100",
        "2400",
        "9996",
        "9999",
    )
    values = [
        f"{year}-{month:02}-{day:02}"
        for year in years
        for month in range(14)
        for day in range(33)
    ]
    source = bench.load("TEXT", values)
    said = bench.said(source, day_of(source.c.v), no_date(source.c.v))
    assert [
        row
        for row in said
        if (row[1], verdict(row[1], row[2])) != python_says(typing.typed_day, row[0])
    ] == []


def test_micros_on_duckdb(benches: Callable[[str], Bench]) -> None:
    bench = benches("duckdb")
    given = [
        None,
        *(
            moment + timedelta(microseconds=part)
            for moment in instants()[:-1]
            for part in (0, 1, 999_999)
        ),
    ]
    source = bench.load("TIMESTAMP", given)
    for value, read in bench.said(source, micros(source.c.v)):
        assert (read, False) == python_micros(value)
    zoned = bench.load(
        "TIMESTAMPTZ", [moment and moment.replace(tzinfo=UTC) for moment in given]
    )
    with bench.engine.connect() as connection:
        found = (
            connection.execute(select(micros(zoned.c.v)).select_from(zoned).order_by(zoned.c.n))
            .scalars()
            .all()
        )
    assert list(found) == [
        None if moment is None else microseconds(moment.replace(tzinfo=UTC)) for moment in given
    ]


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
    found = {
        value: (read and date.fromisoformat(read), verdict(read, nothing))
        for value, read, nothing in said
    }
    assert found == {value: python_says(typing.typed_day, value) for value in values}
    bound = date(2000, 2, 29)
    later = bench.said(source, day_of(source.c.v) >= bound)[len(NO_DAYS) :]
    assert [bool(answer) for _, answer in later] == [day >= bound for day in days]


def test_day_of_on_mariadb(benches: Callable[[str], Bench]) -> None:
    bench = benches("mysql")
    odd = [
        None,
        "0000-00-00",
        "2026-02-30",
        "2026-00-10",
        "2026-11-00",
        "0000-05-05",
        "0000-00-05",
        "nonsense",
        "",
    ]
    days = [moment.date() for moment in instants()]
    source = bench.load("DATE", [*odd, *days])
    said = bench.said(source, day_of(source.c.v), no_date(source.c.v))
    wrong = [
        row
        for row in said
        if (row[1], verdict(row[1], row[2])) != python_says(typing.typed_day, row[0])
    ]
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
    for value, read, later in bench.said(
        source, day_of(source.c.v), day_of(source.c.v) < bound
    ):
        assert read == value == python_says(typing.typed_day, value)[0]
        assert later == (None if value is None else value < bound)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb", "mysql", "postgresql"])
def test_the_day_at_a_moment(benches: Callable[[str], Bench], dialect: str) -> None:
    """Before 1970 too, where the remainder of a division is negative."""
    epoch = datetime(1970, 1, 1)
    days = (-700_000, -25_568, -1, 0, 1, 20_782, 2_000_000)
    moments = [
        day * 86_400_000_000 + rest
        for day in days
        for rest in (-1, 0, 1, 999_999, 1_000_000, 43_200_000_001, 86_399_999_999)
    ]
    bench = benches(dialect)
    source = bench.load("BIGINT", moments)
    wanted = [(epoch + timedelta(microseconds=moment)).date() for moment in moments]
    said = [value for _, value in bench.said(source, day_at(source.c.v))]
    assert said == wanted


def test_padding_is_nothing_on_postgresql(benches: Callable[[str], Bench]) -> None:
    bench = benches("postgresql")
    source = bench.load("CHAR(9)", ["Held", "held", " Held", "", None])
    said = bench.said(
        source, letters(source.c.v) == "Held", blank(source.c.v), exact_text(source.c.v)
    )
    assert [(value, same, nothing) for value, same, nothing, _ in said] == [
        ("Held", True, False), ("held", False, False), (" Held", False, False), ("", False, True), (None, None, True),
    ]  # fmt: skip
    assert [exact for *_, exact in said] == [value for value, *_ in said]


def test_blank_in_a_database_of_one_byte_characters(tmp_path: Path) -> None:
    with database("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0") as url:
        bench = Bench(postgresql.DATABASE.open(url, tmp_path), tmp_path)
        texts = [chr(point) for point in range(1, 256)]
        said = bench.said(
            source := bench.load("TEXT", texts), blank(source.c.v), no_date(source.c.v)
        )
        bench.engine.dispose()
    assert [(value, bool(one), bool(other)) for value, one, other in said] == [
        (text, is_blank(text), is_blank(text)) for text in texts
    ]


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_blank_in_a_database_of_two_byte_characters(tmp_path: Path, encoding: str) -> None:
    """U+202F and others begin with the byte of a letter there."""
    engine = create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    event.listen(
        engine, "connect", lambda raw, _record: raw.execute(f"PRAGMA encoding = '{encoding}'")
    )
    texts = ["", *map(chr, sorted(SPACES)), "\u2021", "\u2f20", "a", " a", "0", "~", "\u00e9"]
    bench = Bench(engine, tmp_path)
    said = bench.said(
        source := bench.load("TEXT", texts), blank(source.c.v), no_date(source.c.v)
    )
    engine.dispose()
    assert [(value, bool(one), bool(other)) for value, one, other in said] == [
        (text, is_blank(text), is_blank(text)) for text in texts
    ]


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
    read = typing.typed_money(value, currency, minor)
    return None if read is UNREADABLE else read


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("DOUBLE", [None, *floats()]),
        ("FLOAT", [None, *(value for value in floats() if abs(value) < 1e38)]),
        ("DECIMAL(30, 6)", [None, *map(Decimal, DECIMALS)]),
        (
            "DECIMAL(38, 30)",
            [None, Decimal(SMALL_SCALE), Decimal("1.5"), Decimal("12345678.01")],
        ),
        ("DECIMAL(10, 0)", [None, 0, 5, -9_999_999_999]),
        (
            "BIGINT",
            [None, 0, -1, 10**15, 10**16 - 1, 10**16, 10**18 - 1, 10**18, 2**63 - 1, -(2**63)],
        ),
        ("BIGINT UNSIGNED", [2**63, 2**64 - 1]),
        ("TINYINT(1)", [0, 1, None]),
    ],
)
def test_minor_units_on_mariadb(
    benches: Callable[[str], Bench], kind: str, values: list[Any]
) -> None:
    assert {
        factor: ODD_FACTORS.get(currency, 100) for factor, currency in CURRENCY_OF.items()
    } == {factor: factor for factor in CURRENCY_OF}
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


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("DOUBLE PRECISION", [None, *floats(), float("nan"), float("inf"), float("-inf")]),
        (
            "REAL",
            [
                None,
                *(value for value in floats() if 1e-37 < abs(value) < 1e38),
                float("nan"),
                float("inf"),
            ],
        ),
        (
            "NUMERIC",
            [
                None,
                *map(Decimal, DECIMALS),
                Decimal(SMALL_SCALE),
                Decimal("NaN"),
                Decimal("1e300"),
            ],
        ),
        ("NUMERIC(30, 6)", [None, *map(Decimal, DECIMALS), Decimal("NaN")]),
        ("NUMERIC(10, 0)", [None, 0, 5, -9_999_999_999]),
        (
            "BIGINT",
            [None, 0, -1, 10**15, 10**16 - 1, 10**16, 10**18 - 1, 10**18, 2**63 - 1, -(2**63)],
        ),
        ("INTEGER", [None, 0, 7, -(2**31), 2**31 - 1]),
        (
            "TEXT",
            [None, "", " ", "x", "12.50", "-0.005", "1e3", "NaN", "1,5", "Infinity", "\u0661"],
        ),
    ],
)
def test_minor_units_on_postgresql(
    benches: Callable[[str], Bench], kind: str, values: list[Any]
) -> None:
    bench = benches("postgresql")
    source = bench.load(kind, values)
    asked = [minor_units(source.c.v, literal(factor)) for factor in CURRENCY_OF]
    wrong = [
        (value, currency, answer, python_money(value, currency, minor=False))
        for value, *answers in bench.said(source, *asked)
        for currency, answer in zip(CURRENCY_OF.values(), answers, strict=True)
        if answer != python_money(value, currency, minor=False) and value != "\u0661"
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("DOUBLE", [None, *floats(), float("nan"), float("inf"), float("-inf")]),
        ("FLOAT", [None, *(value for value in floats() if abs(value) < 1e38)]),
        ("DECIMAL(30, 6)", [None, *map(Decimal, DECIMALS)]),
        (
            "DECIMAL(38, 30)",
            [None, Decimal(SMALL_SCALE), Decimal("1.5"), Decimal("12345678.01")],
        ),
        (
            "BIGINT",
            [None, 0, -1, 10**15, 10**16 - 1, 10**16, 10**18 - 1, 10**18, 2**63 - 1, -(2**63)],
        ),
        ("INTEGER", [None, 0, 7, -(2**31), 2**31 - 1]),
    ],
)
def test_minor_units_on_duckdb(
    benches: Callable[[str], Bench], kind: str, values: list[Any]
) -> None:
    bench = benches("duckdb")
    source = bench.load(kind, values)
    asked = [minor_units(source.c.v, literal(factor)) for factor in CURRENCY_OF]
    wrong = [
        (value, currency, answer, python_money(value, currency, minor=False))
        for value, *answers in bench.said(source, *asked)
        for currency, answer in zip(CURRENCY_OF.values(), answers, strict=True)
        if answer != python_money(value, currency, minor=False)
    ]
    assert wrong == []


@pytest.mark.parametrize("kind", ["BIGINT", "HUGEINT", "UBIGINT", "DOUBLE"])
def test_whole_units_on_duckdb(benches: Callable[[str], Bench], kind: str) -> None:
    bench = benches("duckdb")
    values = [value for value in WHOLE if kind != "UBIGINT" or (value or 0) >= 0]
    source = bench.load(kind, [1.5, None, 2.0] if kind == "DOUBLE" else values)
    for value, read in bench.said(source, whole_units(source.c.v)):
        typed = typing.typed_money(value, "EUR", True)
        assert read == (None if typed is UNREADABLE else typed)


def test_no_date_on_duckdb(benches: Callable[[str], Bench]) -> None:
    bench = benches("duckdb")
    texts = [
        None,
        "",
        "\u3000",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "2026-02-30",
        "x",
        " 0000-00-00",
    ]
    source = bench.load("VARCHAR", texts)
    assert [(v, bool(said)) for v, said in bench.said(source, no_date(source.c.v))] == [
        (v, typing.is_nothing(v)) for v in texts
    ]
    days = bench.load("DATE", [None, date(1, 1, 1), date(9999, 12, 31)])
    assert [bool(said) for _, said in bench.said(days, no_date(days.c.v))] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [("mysql", "DOUBLE"), ("postgresql", "DOUBLE PRECISION"), ("duckdb", "DOUBLE")],
)
def test_floats_are_taken_by_their_shortest_text(
    benches: Callable[[str], Bench], dialect: str, kind: str
) -> None:
    bench = benches(dialect)
    source = bench.load(
        kind, [1.005, 0.1 + 0.2, 12345678901234.86, 1e300, -0.0, 2.675, 8.2, 1e18, 0.01]
    )
    read = [answer for _, answer in bench.said(source, minor_units(source.c.v, literal(100)))]
    assert read == [None, None, 1234567890123486, None, 0, None, 820, None, 1]
    thousandths = [
        answer for _, answer in bench.said(source, minor_units(source.c.v, literal(1000)))
    ]
    assert thousandths[0] == 1005
    assert thousandths[5] == 2675


WHOLE = (
    *(
        None,
        0,
        1,
        -1,
        250_000,
        10**15,
        305184080441754059,
        LARGEST_AMOUNT - 1,
        1 - LARGEST_AMOUNT,
    ),
    *(LARGEST_AMOUNT, -LARGEST_AMOUNT, LARGEST_AMOUNT + 1, 2**63 - 1, -(2**63), 1 - 2**63),
)


def test_whole_units_on_sqlite(benches: Callable[[str], Bench]) -> None:
    bench = benches("sqlite")
    values = [*WHOLE, 1.5, 100.0, 1e18, "100", "12,50", "", " ", "x", b"100", "1e3"]
    source = bench.load("BLOB", values)  # no affinity: each value stays what it is
    for value, read, nothing in bench.said(source, whole_units(source.c.v), blank(source.c.v)):
        typed = typing.typed_money(value, "EUR", True)
        assert (read, verdict(read, nothing)) == (
            None if typed is UNREADABLE else typed,
            typed is UNREADABLE,
        )


@pytest.mark.parametrize(
    "kind", ["BIGINT", "INTEGER", "SMALLINT", "NUMERIC", "DOUBLE PRECISION", "TEXT"]
)
def test_whole_units_on_postgresql(benches: Callable[[str], Bench], kind: str) -> None:
    bench = benches("postgresql")
    largest = {"INTEGER": 2**31, "SMALLINT": 2**15}.get(kind, 2**63)
    values: list[Any] = [
        value for value in WHOLE if value is None or -largest <= value < largest
    ]
    source = bench.load(kind, values if kind != "TEXT" else [None, "5", "", "x"])
    for value, read, nothing in bench.said(source, whole_units(source.c.v), blank(source.c.v)):
        typed = typing.typed_money(value, "EUR", True)
        unreadable = typed is UNREADABLE
        assert (read, verdict(read, nothing)) == (None if unreadable else typed, unreadable)


def test_whole_units_on_mariadb(benches: Callable[[str], Bench]) -> None:
    bench = benches("mysql")
    source = bench.load("BIGINT", WHOLE)
    for value, read in bench.said(source, whole_units(source.c.v)):
        assert read == python_money(value, "EUR", minor=True)
    fractions = bench.load("DECIMAL(20, 2)", ["1.50", "0.01"])
    assert [read for _, read in bench.said(fractions, whole_units(fractions.c.v))] == [
        None,
        None,
    ]


def test_combining_and_composed_are_two_texts() -> None:
    assert unicodedata.normalize("NFC", "e\u0301") == "\u00e9"  # so the words above hold both
    assert {"e\u0301", "\u00e9"} < set(WORDS)


@pytest.mark.parametrize(
    ("engine", "kind"), [("duckdb", "FLOAT"), ("mysql", "FLOAT"), ("postgresql", "real")]
)
def test_a_number_of_single_precision_is_the_decimal_of_its_six_digits(
    benches: Callable[[str], Bench], engine: str, kind: str
) -> None:
    known = {
        1234.5: "1234.5",
        0.1: "0.1",
        -12.35: "-12.35",
        1e9: "1000000000",
        123456.0: "123456",
        0.0: "0",
    }
    lost = [1234567.89, 16777217.0, 1234567.0]
    bench = benches(engine)
    source = bench.load(kind, [*known, *lost, None])
    said = [value for _, value in bench.said(source, single_amount(source.c.v))]
    assert [Decimal(value).normalize() for value in said[: len(known)]] == [
        Decimal(x).normalize() for x in known.values()
    ]
    assert [Decimal(value) for value in said[len(known) : -1]] == [Decimal("1e-20")] * len(
        lost
    )  # finer than any currency
    assert said[-1] is None
