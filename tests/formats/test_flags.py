"""Yes and no, read by Python and by every database alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import literal

from pipeline.formats.flags import flag_nothing, flag_of
from pipeline.values.flags import read_flag
from pipeline.values.texts import UNREADABLE
from tests.benches import Bench

ENGINES = ("sqlite", "mysql", "postgresql", "duckdb")

TEXTS = (
    "1", "0", "-1", "1.0", "0.0", "2", "10", "01", "true", "TRUE", "True", "false", "FALSE", "t", "F", "yes", "Yes",
    "NO", "y", "N", "ja", "JA", "Nee", "nee ", "j", "J", "waar", "WAAR", "Onwaar", "ONWAAR", "on", "Off", "AAN", "uit",
    "UIT", "x", " X\t", "\u00a0ja\u200b", "", "  ", "\u3000", "misschien", "jaja", "yeſ", "YEſ", "\u212a", "ｘ", "é",
    "ja.", "'", "\\", "2026-11-24", "2026-11-24 10:00:00", "2026-11-24T10:00:00Z", "24-11-2026", "4/1/26",
    "24.11.2026, 10:00", "0000-00-00", "0000-00-00 00:00:00", "00-00-0000", "2026-11-24x", "2026-11", "20261124",
    "1730000000", "24-11-2026\nx",
)  # fmt: skip


def expected(value: Any) -> tuple[Any, bool]:
    said = read_flag(value)
    return (None if said is UNREADABLE else said), said is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (1, "1 -1 1.0 -1.0 true t yes y ja j waar on aan x"),
        (0, "0 0.0 false f no n nee onwaar off uit"),
    ],
)
def test_what_says_yes_and_what_says_no(answer: int, words: str) -> None:
    """All readings share one list of words, so that their agreement cannot show a missing one."""
    for word in words.split():
        assert read_flag(word) == answer, word


@pytest.mark.parametrize("dialect", ENGINES)
def test_words_are_read_alike(dialect: str, benches: Callable[[str], Bench]) -> None:
    bench = benches(dialect)
    source = bench.load("VARCHAR(60)" if dialect == "mysql" else "TEXT", TEXTS)
    for value, flag, nothing in bench.said(
        source, flag_of(source.c.v), flag_nothing(source.c.v)
    ):
        assert (flag, bool(nothing)) == expected(value), repr(value)


TYPED = {
    "sqlite": {
        "INTEGER": (0, 1, None, 2, -1),
        "BOOLEAN": (True, False, None),
        "REAL": (1.0, 0.0, 2.5),
        "BLOB": (b"ja", b"", b"\xff"),
        "DATETIME": ("2026-11-24 10:00:00", None, "0000-00-00"),
    },
    "mysql": {
        "BIT(1)": (b"\x01", b"\x00", None),
        "BOOLEAN": (True, False, None),
        "TINYINT": (0, 1, 2, -1, None),
        "ENUM('Y','N')": ("Y", "N", None),
        "ENUM('ja','nee','')": ("ja", "nee", ""),
        "DOUBLE": (1.0, 0.0, 2.5),
        "DATETIME": ("2026-11-24 10:00:00", None, "0000-00-00 00:00:00"),
        "DATE": ("2026-11-24", None, "0000-00-00"),
        "VARBINARY(9)": (b"nee", b"JA", b"", b"\xff"),
        "CHAR(3) CHARACTER SET latin1": ("ja", "NEE", "é"),
    },
    "postgresql": {
        "boolean": (True, False, None),
        "smallint": (0, 1, 2, -1, None),
        "double precision": (1.0, 0.0, 2.5),
        "char(3)": ("y", "N", ""),
        "timestamptz": (datetime(2026, 11, 24, tzinfo=UTC), None),
        "timestamp": ("infinity", "0044-03-15 BC"),
        "date": (date(2026, 11, 24), None),
        "bit(1)": ("1", "0"),
    },
    "duckdb": {
        "BOOLEAN": (True, False, None),
        "TINYINT": (0, 1, 2, -1, None),
        "DOUBLE": (1.0, 0.0, 2.5),
        "DATE": (date(2026, 11, 24), None),
        "TIMESTAMP": (datetime(2026, 11, 24, 10), None),
    },
}


@pytest.mark.parametrize(
    ("dialect", "kind"), [(dialect, kind) for dialect in ENGINES for kind in TYPED[dialect]]
)
def test_types_are_read_alike(dialect: str, kind: str, benches: Callable[[str], Bench]) -> None:
    bench = benches(dialect)
    source = bench.load(kind, TYPED[dialect][kind])
    seen = [(value, flag, bool(nothing)) for value, flag, nothing in bench.said(
        source, flag_of(source.c.v), flag_nothing(source.c.v))]  # fmt: skip
    assert [(flag, nothing) for _, flag, nothing in seen] == [
        expected(value) for value, *_ in seen
    ]


def test_the_table_of_words() -> None:
    assert [
        read_flag(word) for word in ("x", "WAAR", " ja ", "-1", b"\x01", True, date(2026, 1, 1))
    ] == [1] * 7
    assert [read_flag(word) for word in ("n", "Onwaar", 0, b"\x00", False)] == [0] * 5
    assert [read_flag(word) for word in (None, "", " \u200b", "0000-00-00")] == [None] * 4
    assert [read_flag(word) for word in ("misschien", 2, "yeſ", "1730000000")] == [
        UNREADABLE
    ] * 4


@pytest.mark.parametrize("mark", ["-", "/", "."])
def test_the_dates_that_say_yes_and_those_that_say_nothing(mark: str) -> None:
    for day in ("2026-11-24", "24-11-2026", "4-1-26"):
        for hour in ("", " 10:00", "T10:00:00Z", ", 10:00"):
            assert read_flag(day.replace("-", mark) + hour) == 1
    for day in ("0000-00-00", "00-00-0000"):
        for hour in ("", " 00:00:00"):
            assert read_flag(day.replace("-", mark) + hour) is None


@pytest.mark.parametrize("dialect", ENGINES)
def test_a_constant_is_read_too(dialect: str, benches: Callable[[str], Bench]) -> None:
    bench = benches(dialect)
    source = bench.load("INTEGER", (1,))
    assert bench.said(source, flag_of(literal("no")), flag_of(literal(1)))[0][1:] == (0, 1)
