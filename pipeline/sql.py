"""The few expressions that no two engines write alike, each compiled for every dialect that we read.

Each was tried against Python on the same values (tests/test_sql.py), so that one definition holds everywhere.
DuckDB is the dialect of the snapshot; the others are those of sources.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Date, Dialect, Text, and_, false, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

_RANGES: Final = (
    (0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x180E, 0x180E), (0x2000, 0x200F),
    (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x2060), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
WHITE_SPACE: Final = "".join(chr(point) for low, high in _RANGES for point in range(low, high + 1))
"""The 37 code points that count as white space: definitions, *Missing*."""

LARGEST_AMOUNT: Final = 10**18
"""Amounts of this many minor units or more are unreadable: they would leave 64 bits when summed."""

_WITHIN = f"{{0}} > -{LARGEST_AMOUNT} AND {{0}} < {LARGEST_AMOUNT}"
_SPACES = "'" + WHITE_SPACE + "'"
_NOT_SPACE = "'[^" + "".join(f"\\x{{{low:X}}}-\\x{{{high:X}}}" for low, high in _RANGES) + "]'"
_NOT_SPACE_MYSQL = _NOT_SPACE.replace("\\", "\\\\")


class blank(FunctionElement[bool]):
    """blank(text): NULL, empty or nothing but white space."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class same_text(FunctionElement[bool]):
    """same_text(column, word): equal code point by code point, whatever the collation takes to be alike."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class _Utf8(TypeDecorator[str]):
    """Text that a database hands out as bytes."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value.decode("utf-8") if isinstance(value, bytes) else value


class same_bytes(FunctionElement[bool]):
    """same_bytes(one, other): equal to the letter, trailing blanks and case included."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class exact_text(FunctionElement[str]):
    """exact_text(column): the text, compared and grouped code point by code point."""

    type: TypeEngine[str] = _Utf8()
    inherit_cache = True


class micros(FunctionElement[int]):
    """micros(instant): microseconds since 1970 in UTC; NULL where the database cannot read it."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class day_of(FunctionElement[Any]):
    """day_of(day): the calendar day; NULL where it is none (a zero date, 30 February)."""

    type: TypeEngine[Any] = Date()
    inherit_cache = True


class no_date(FunctionElement[bool]):
    """no_date(value): nothing was entered: NULL, blank, or a zero date."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class whole_units(FunctionElement[int]):
    """whole_units(amount): the amount if it is an integer of minor units, else NULL."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class minor_units(FunctionElement[int]):
    """minor_units(amount, factor): amount times factor, exactly; NULL where that is no whole number."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


def same_id(key: ColumnElement[Any], reference: ColumnElement[Any]) -> ColumnElement[bool]:
    """The reference names this key: found by the key's index, and equal to the letter."""
    return and_(key == reference, same_bytes(key, reference))


def one_of_words(column: ColumnElement[Any], words: Collection[str]) -> ColumnElement[bool]:
    """The column holds exactly one of these words."""
    return or_(false(), *(same_text(column, word) for word in words))


_TEMPLATES: Final[Mapping[type[FunctionElement[Any]], Mapping[str, str]]] = {
    blank: {
        "sqlite": "({0} IS NULL OR trim(CAST({0} AS TEXT), " + _SPACES + ") = '')",
        "mysql": "({0} IS NULL OR CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin NOT REGEXP " + _NOT_SPACE_MYSQL + ")",
        # the middle branch settles almost every text by its first character, 19 times faster than the rest
        "duckdb": "(CASE WHEN {0} IS NULL THEN true WHEN {0} >= '!' AND {0} < chr(127) THEN false"
        " ELSE NOT regexp_matches({0}, " + _NOT_SPACE + ") END)",
    },
    same_text: {
        "sqlite": "CAST({0} AS TEXT) = {1} COLLATE BINARY",
        "mysql": "CAST(CONVERT({0} USING utf8mb4) AS BINARY) = CAST(CONVERT({1} USING utf8mb4) AS BINARY)",
        "duckdb": "{0} = {1}",
    },
    same_bytes: {
        "sqlite": "{0} = {1}",
        "mysql": "CAST({0} AS BINARY) = CAST({1} AS BINARY)",
        "duckdb": "{0} = {1}",
    },
    # bytes on MariaDB, whose binary collations still hold 'a' and 'a ' to be equal
    exact_text: {
        "sqlite": "{0} COLLATE BINARY",
        "mysql": "CAST(CONVERT({0} USING utf8mb4) AS BINARY)",
        "duckdb": "{0}",
    },
    micros: {
        # equal to its own canonical form, or SQLite would read 30 February as 2 March; without a modifier
        # older versions give 30 February back as it is. No calendar has the year 0, and some databases do.
        "sqlite": "CASE WHEN strftime('%Y-%m-%d %H:%M:%S', {0}, '+0 days') = {0} AND {0} >= '0001'"
        " THEN CAST(strftime('%s', {0}) AS INTEGER) * 1000000 END",
        "mysql": "CASE WHEN YEAR({0}) > 0 THEN TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', {0}) END",
        "duckdb": "epoch_us({0})",
    },
    day_of: {
        "sqlite": "CASE WHEN date({0}, '+0 days') = {0} AND {0} >= '0001' THEN {0} END",
        "mysql": "CASE WHEN YEAR({0}) > 0 AND TO_DAYS({0}) IS NOT NULL THEN {0} END",
        "duckdb": "{0}",
    },
    no_date: {
        "sqlite": "({0} IS NULL OR trim({0}, " + _SPACES + ") = '' OR substr({0}, 1, 10) = '0000-00-00')",
        "mysql": "({0} IS NULL OR {0} = '0000-00-00')",
    },
    whole_units: {
        # no abs(): that of the least integer is out of range
        "sqlite": "CASE WHEN typeof({0}) = 'integer' AND " + _WITHIN + " THEN {0} END",
        "mysql": "CASE WHEN {0} = FLOOR({0}) AND " + _WITHIN + " THEN CAST({0} AS SIGNED) END",
    },
    minor_units: {
        "mysql": "CASE WHEN ABS(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1}) < " + str(LARGEST_AMOUNT) + " AND"
        " CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1} = FLOOR(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1})"
        # what is too small for 20 decimals is no zero
        " AND ({0} = 0) = (CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) = 0)"
        " THEN CAST(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1} AS SIGNED) END",
    },
}


def _compile(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
    dialect = "mysql" if compiler.dialect.name == "mariadb" else compiler.dialect.name
    template = _TEMPLATES[type(element)][dialect]
    if compiler.dialect.paramstyle in ("format", "pyformat"):  # a constant per cent sign is the driver's own
        template = template.replace("%", "%%")
    for position, clause in enumerate(element.clauses):
        template = template.replace(f"{{{position}}}", compiler.process(clause, **kw))
    return f"({template})"


for _construct in _TEMPLATES:
    compiles(_construct)(_compile)
