"""The few expressions that no two engines write alike, each compiled for
every dialect that we read.

Each was tried against Python on the same values (tests/test_sql.py), so that one definition
holds everywhere. DuckDB is the dialect of the snapshot; the others are those of sources.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Date, Dialect, Text, and_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from pipeline.values.money import LARGEST_AMOUNT
from pipeline.values.white_space import WHITE_SPACE, WHITE_SPACE_CLASS

_WITHIN = f"{{0}} > -{LARGEST_AMOUNT} AND {{0}} < {LARGEST_AMOUNT}"
SPACES: Final = "'" + WHITE_SPACE + "'"
_NOT_SPACE = "'[^" + WHITE_SPACE_CLASS + "]'"
_SPACES_MYSQL = "[" + WHITE_SPACE_CLASS.replace("\\", "\\\\") + "]*+"
_HUGE = "TRY_CAST(split_part(s.t, '.', 1) || rpad(rtrim(split_part(s.t, '.', 2), '0'), s.d, '0') AS HUGEINT)"
# in a list of one, so that number and digits are not worked out anew
# wherever they are looked at
DECIMAL_UNITS = (
    "list_extract(list_transform([struct_pack(t := {0}, d := CAST({1} AS INTEGER))], lambda s:"
    " CASE WHEN length(rtrim(split_part(s.t, '.', 2), '0')) <= s.d AND "
    + _WITHIN.format(_HUGE)
    + " THEN CAST("
    + _HUGE
    + " AS BIGINT) END), 1)"
)
# the shortest text of a number; the driver hands out the four bytes of a FLOAT as eight, and
# what DuckDB writes with a negative exponent is finer than any minor unit
_SHORTEST = "CASE WHEN typeof({0}) = 'FLOAT' THEN CAST(CAST({0} AS DOUBLE) AS VARCHAR) ELSE CAST({0} AS VARCHAR) END"
_AMOUNT_DUCKDB = (
    "(CASE WHEN contains({0}, 'e-') THEN NULL WHEN contains({0}, 'e') THEN"
    " CAST(TRY_CAST({0} AS DECIMAL(38, 0)) AS VARCHAR) ELSE {0} END)"
).replace("{0}", f"({_SHORTEST})")
# from the first character that is no white space to the last one: a run of it is passed once
STRIPPED_MYSQL: Final = (
    "COALESCE(REGEXP_SUBSTR(CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin,"
    f" '(?s)[^{WHITE_SPACE_CLASS}](?:.*[^{WHITE_SPACE_CLASS}])?'), '')".replace("\\", "\\\\")
)
_NOT_SPACE_MYSQL = _NOT_SPACE.replace("\\", "\\\\")
# what are bytes already stays as it is: of some that are no UTF-8, CONVERT would make '?'
_EXACT_MYSQL = "IF(CHARSET({0}) = 'binary', CAST({0} AS BINARY), CAST(CONVERT({0} USING utf8mb4) AS BINARY))"


# valid days of the years 1 to 9999: PostgreSQL would stop at any other
_YEAR = "(?!0000)[0-9][0-9][0-9][0-9]"
_LEAP = "([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAY: Final = (
    f"({_YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    f"|(?!0000){_LEAP}-02-29)"
)
_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
INSTANT_POSTGRESQL: Final = (
    "CAST(EXTRACT(EPOCH FROM date_trunc('second', {v})) AS bigint) * 1000000"
    " + CAST(EXTRACT(MICROSECONDS FROM {v}) AS bigint) % 1000000"
).replace("{v}", "CAST({0} AS timestamp)")
_AMOUNT_POSTGRESQL: Final = "CAST(CAST({0} AS text) AS numeric)"


class blank(FunctionElement[bool]):
    """blank(text): NULL, empty or nothing but white space."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class letters(FunctionElement[str]):
    """letters(column): the text, to be compared with words code point by code
    point, whatever its collation.
    """

    type: TypeEngine[str] = Text()
    inherit_cache = True


class _Utf8(TypeDecorator[str]):
    """Text that a database hands out as bytes."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


class same_bytes(FunctionElement[bool]):
    """same_bytes(one, other): equal to the letter, trailing blanks and case included."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class exact_text(FunctionElement[str]):
    """exact_text(column): the text, compared and grouped code point by code point."""

    type: TypeEngine[str] = _Utf8()
    inherit_cache = True


class derived_key(FunctionElement[str]):
    """derived_key(id): an id of a derived table, and the one that finds it there:
    exact, and fit for an index.

    SQLite makes none where it cannot tell the type of one of the two, or their types differ.
    """

    type: TypeEngine[str] = _Utf8()
    inherit_cache = True


class micros(FunctionElement[int]):
    """micros(instant): microseconds since 1970 in UTC; NULL where the
    database cannot read it.
    """

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
    """minor_units(amount, factor): amount times factor, exactly; NULL where
    that is no whole number.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class single_amount(FunctionElement[Any]):
    """single_amount(amount): a number of single precision as the decimal of its six digits.

    Where these are not the same number, what was entered is lost: then it is finer than any
    currency is, and so unreadable.
    """

    # whatever is a type of numbers might round on its way out
    type: TypeEngine[Any] = NullType()
    inherit_cache = True


class empty_word(FunctionElement[bool]):
    """empty_word(column, word): the word and nothing else, white space around it aside,
    code point for code point.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


def same_id(key: ColumnElement[Any], reference: ColumnElement[Any]) -> ColumnElement[bool]:
    """The reference names this key: found by the key's index, and equal to the letter."""
    return and_(key == reference, same_bytes(key, reference))


def one_of_words(column: ColumnElement[Any], words: Collection[str]) -> ColumnElement[bool]:
    """The column holds exactly one of these words: a set and no chain of ORs,
    for they may be thousands.
    """
    return letters(column).in_(words)


_TEMPLATES: Final[Mapping[type[FunctionElement[Any]], Mapping[str, str]]] = {
    blank: {
        # almost every text is settled by its first character, many times
        # faster than by the rest
        "sqlite": "(CASE WHEN unicode({0}) BETWEEN 33 AND 126 THEN 0"
        " ELSE {0} IS NULL OR trim(CAST({0} AS TEXT), " + SPACES + ") = '' END)",
        "mysql": "(CASE WHEN ASCII(CONVERT({0} USING utf8mb4)) BETWEEN 33 AND 126 THEN FALSE"
        " ELSE {0} IS NULL OR CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin NOT REGEXP "
        + _NOT_SPACE_MYSQL
        + " END)",
        "duckdb": "(CASE WHEN {0} IS NULL THEN true WHEN CAST({0} AS VARCHAR) >= '!'"
        " AND CAST({0} AS VARCHAR) < chr(127) THEN false"
        " ELSE NOT regexp_matches(CAST({0} AS VARCHAR), " + _NOT_SPACE + ") END)",
        "postgresql": "(CASE WHEN CAST({0} AS text) COLLATE \"C\" BETWEEN '!' AND '~' THEN false"
        " ELSE {0} IS NULL OR btrim(CAST({0} AS text), " + SPACES + ") = '' END)",
    },
    letters: {
        "sqlite": "CAST({0} AS TEXT) COLLATE BINARY",
        "mysql": "CAST(CONVERT({0} USING utf8mb4) AS BINARY)",
        "duckdb": "CAST({0} AS VARCHAR)",
        "postgresql": 'CAST({0} AS text) COLLATE "C"',
    },
    same_bytes: {
        "sqlite": "{0} = {1} COLLATE BINARY",  # a column may be declared NOCASE or RTRIM
        "mysql": "CAST({0} AS BINARY) = CAST({1} AS BINARY)",
        "duckdb": "{0} = {1}",
        "postgresql": 'CAST({0} AS text) COLLATE "C" = CAST({1} AS text)',
    },
    # bytes on MariaDB, whose binary collations still hold 'a' and 'a ' to be equal
    exact_text: {
        "sqlite": "{0} COLLATE BINARY",
        "mysql": _EXACT_MYSQL,
        "duckdb": "{0}",
        "postgresql": 'CAST({0} AS text) COLLATE "C"',
    },
    derived_key: {
        "sqlite": "CAST({0} AS TEXT) COLLATE BINARY",
        "mysql": _EXACT_MYSQL,
        "duckdb": "{0}",
        "postgresql": 'CAST({0} AS text) COLLATE "C"',
    },
    micros: {
        # equal to its own canonical form, or SQLite would read 30 February as 2 March;
        # without a modifier older versions give 30 February back as it is. No calendar has
        # the year 0, and some databases do; a column declared as DATE is NUMERIC here, and
        # would make a number of '0001'.
        "sqlite": "CASE WHEN strftime('%Y-%m-%d %H:%M:%S', {0}, '+0 days') = {0} AND CAST({0} AS TEXT) >= '0001'"
        " THEN CAST(strftime('%s', {0}) AS INTEGER) * 1000000 END",
        "mysql": "CASE WHEN YEAR({0}) > 0 THEN TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', {0}) END",
        "duckdb": "epoch_us({0})",
        # the session's zone is UTC, so an instant with zone casts to the same one without
        "postgresql": "CASE WHEN pg_typeof({0}) IN ('timestamp'::regtype, 'timestamptz'::regtype) THEN"
        " CASE WHEN CAST({0} AS timestamp) BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999'"
        " THEN " + INSTANT_POSTGRESQL + " END"
        " WHEN pg_typeof({0}) <> 'date'::regtype AND CAST({0} AS text) ~ '^"
        + _DAY
        + " "
        + _TIME
        + "$'"
        " THEN " + INSTANT_POSTGRESQL + " END",
    },
    day_of: {
        "sqlite": "CASE WHEN date({0}, '+0 days') = {0} AND CAST({0} AS TEXT) >= '0001' THEN {0} END",
        "mysql": "CASE WHEN YEAR({0}) > 0 AND TO_DAYS({0}) IS NOT NULL THEN {0} END",
        "duckdb": "{0}",
        "postgresql": "CASE WHEN CAST({0} AS text) ~ '^"
        + _DAY
        + "$' THEN CAST({0} AS date) END",
    },
    no_date: {
        "duckdb": "({0} IS NULL OR trim(CAST({0} AS VARCHAR), " + SPACES + ") = ''"
        " OR left(CAST({0} AS VARCHAR), 10) = '0000-00-00')",
        "sqlite": "(CASE WHEN unicode({0}) BETWEEN 49 AND 126 THEN 0 ELSE {0} IS NULL"
        " OR trim(CAST({0} AS TEXT), "
        + SPACES
        + ") = '' OR substr({0}, 1, 10) = '0000-00-00' END)",
        "mysql": "({0} IS NULL OR {0} = '0000-00-00')",
        "postgresql": "(CASE WHEN CAST({0} AS text) COLLATE \"C\" BETWEEN '1' AND '~' THEN false ELSE {0} IS NULL"
        " OR btrim(CAST({0} AS text), "
        + SPACES
        + ") = '' OR left(CAST({0} AS text), 10) = '0000-00-00' END)",
    },
    whole_units: {
        "duckdb": "CASE WHEN typeof({0}) LIKE '%INT' OR typeof({0}) = 'INTEGER' THEN"
        " CASE WHEN " + _WITHIN + " THEN CAST({0} AS BIGINT) END END",
        # no abs(): that of the least integer is out of range
        "sqlite": "CASE WHEN typeof({0}) = 'integer' AND " + _WITHIN + " THEN {0} END",
        "mysql": "CASE WHEN {0} = FLOOR({0}) AND " + _WITHIN + " THEN CAST({0} AS SIGNED) END",
        "postgresql": "CASE WHEN pg_typeof({0}) IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)"
        " THEN CASE WHEN abs(" + _AMOUNT_POSTGRESQL + ") < " + str(LARGEST_AMOUNT) + " THEN"
        " CAST({0} AS bigint) END END",
    },
    minor_units: {
        # its own text of a float has 15 digits, and its sums of decimals are
        # floats: Python reads both
        "sqlite": "minor_units(CASE typeof({0}) WHEN 'text' THEN decimal_written(CAST({0} AS BLOB))"
        " WHEN 'integer' THEN number_text({0}) WHEN 'real' THEN number_text({0}) END, length(CAST({1} AS TEXT)) - 1)",
        "duckdb": DECIMAL_UNITS.replace("{1}", "(length(CAST({1} AS VARCHAR)) - 1)").replace(
            "{0}", _AMOUNT_DUCKDB
        ),
        "mysql": "CASE WHEN ABS(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1}) < "
        + str(LARGEST_AMOUNT)
        + " AND"
        " CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1} = FLOOR(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1})"
        # what is too small for 20 decimals is no zero
        " AND ({0} = 0) = (CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) = 0)"
        " THEN CAST(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1} AS SIGNED) END",
        "postgresql": "CASE WHEN CAST({0} AS text) ~ '^-?[0-9]+([.][0-9]+)?$'"
        " OR pg_typeof({0}) IN ('real'::regtype, 'double precision'::regtype) AND CAST({0} AS text) ~ '^-?[0-9]'"
        " THEN CASE WHEN abs("
        + _AMOUNT_POSTGRESQL
        + " * {1}) < "
        + str(LARGEST_AMOUNT)
        + " AND"
        " " + _AMOUNT_POSTGRESQL + " * {1} = trunc(" + _AMOUNT_POSTGRESQL + " * {1})"
        " THEN CAST(" + _AMOUNT_POSTGRESQL + " * {1} AS bigint) END END",
    },
    single_amount: {
        # no number of single precision
        "sqlite": "{0}",
        "duckdb": "CASE WHEN {0} IS NOT NULL THEN COALESCE(CASE WHEN CAST(format('{:.6g}', {0}) AS FLOAT) = {0} THEN"
        " TRY_CAST(format('{:.6g}', {0}) AS DECIMAL(38, 20)) END, CAST('1e-20' AS DECIMAL(38, 20))) END",
        # what the server writes has six digits; CAST to FLOAT is the test
        "mysql": "CASE WHEN CAST(CAST({0} AS CHAR) AS FLOAT) = {0} THEN CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20))"
        " WHEN {0} IS NOT NULL THEN CAST(1e-20 AS DECIMAL(65, 20)) END",
        # a cast to numeric has six digits
        "postgresql": "CASE WHEN {0} IN ('NaN', 'Infinity', '-Infinity') THEN 1e-20"
        " WHEN CAST(CAST({0} AS numeric) AS real) = {0} THEN CAST({0} AS numeric)"
        " WHEN {0} IS NOT NULL THEN 1e-20 END",
    },
    empty_word: {
        # a number is no word
        "sqlite": "typeof({0}) IN ('text', 'blob') AND trim(CAST({0} AS TEXT), "
        + SPACES
        + ") = {1} COLLATE BINARY",
        # possessive, or a long run of white space would be tried from each of its characters
        "mysql": "CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin REGEXP"
        " CONCAT('^" + _SPACES_MYSQL + "\\\\Q', {1}, '\\\\E" + _SPACES_MYSQL + "\\\\z')",
        "duckdb": "trim(CAST({0} AS VARCHAR), " + SPACES + ") = {1}",
        "postgresql": "btrim(CAST({0} AS text), " + SPACES + ') COLLATE "C" = {1}',
    },
}


def bytewise(pattern: str) -> str:
    """A pattern of code points written as \\x{20AC}, alone or between brackets,
    as one of UTF-8's bytes.
    """

    def one(point: int) -> str:
        return "".join(f"\\x{byte:02X}" for byte in chr(point).encode())

    def any_of(found: re.Match[str]) -> str:
        ranges = re.findall(r"\\x\{(\w+)\}(?:-\\x\{(\w+)\})?", found[1])
        points = (
            point
            for low, high in ranges
            for point in range(int(low, 16), int(high or low, 16) + 1)
        )
        return f"(?:{'|'.join(map(one, points))})"

    pattern = re.sub(r"\[((?:\\x\{\w+\}-?)+)\]", any_of, pattern)
    return re.sub(r"\\x\{(\w+)\}", lambda found: one(int(found[1], 16)), pattern)


# in a database of SQL_ASCII, which knows no characters
_TRIMMED: Final = re.compile(r"btrim\((CAST\(\{0\} AS text\)), " + re.escape(SPACES) + r"\)")
_BYTEWISE_SPACES: Final = "^{ws}+|{ws}+$".replace("{ws}", bytewise(f"[{WHITE_SPACE_CLASS}]"))


def compile_by(
    templates: Mapping[type[FunctionElement[Any]], Mapping[str, str]],
    element: FunctionElement[Any],
    compiler: SQLCompiler,
    **kw: Any,
) -> str:
    """The construct's template of the dialect, with its arguments in their places."""
    dialect = {"mariadb": "mysql", "files": "duckdb"}.get(
        compiler.dialect.name, compiler.dialect.name
    )
    template = templates[type(element)][dialect]
    if getattr(compiler.dialect, "bytewise", False):
        template = _TRIMMED.sub(
            lambda found: f"regexp_replace({found[1]}, '{_BYTEWISE_SPACES}', '', 'g')", template
        )
    if (
        spaces := getattr(compiler.dialect, "white_space", None)
    ) is not None:  # what the database's encoding holds of it
        template = template.replace(SPACES, f"'{spaces}'")
    # a constant per cent sign is the driver's own
    if compiler.dialect.paramstyle in ("format", "pyformat"):
        template = template.replace("%", "%%")
    for position, clause in enumerate(element.clauses):
        if f"{{{position}}}" not in template:
            continue  # what this dialect has no use for must not be bound either
        template = template.replace(f"{{{position}}}", compiler.process(clause, **kw))
    return f"({template})"


def compiles_by(templates: Mapping[type[FunctionElement[Any]], Mapping[str, str]]) -> None:
    """Compiles each of these constructs by its template, on every dialect that we read."""

    def compiled(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
        return compile_by(templates, element, compiler, **kw)

    for construct in templates:
        compiles(construct)(compiled)


compiles_by(_TEMPLATES)
