"""Text that stands for a day, an instant or an amount, read in SQL: strictly, and never with
an error of the database.

DuckDB has functions that read by a format. SQLite calls Python (texts.py). MariaDB, MySQL and
PostgreSQL cut the text into pieces, put them together as ISO writes it, and read that if it is
a moment of the calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from pipeline.databases.expressions import (
    DECIMAL_UNITS,
    INSTANT_POSTGRESQL,
    SPACES,
    STRIPPED_MYSQL,
    bytewise,
    compile_by,
)
from pipeline.values.months import MONTHS
from pipeline.values.texts import DIRECTIVE, ZONED


class as_text(FunctionElement[str]):
    """as_text(column): the text, code point for code point; of bytes that say something
    U+FFFD, which nothing reads.
    """

    type: TypeEngine[str] = Text()
    inherit_cache = True


class stripped(FunctionElement[str]):
    """stripped(column): as_text without the white space around it."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class written_day(FunctionElement[Any]):
    """written_day(text, format): the day that the format would write exactly so, else NULL."""

    type: TypeEngine[Any] = Date()
    inherit_cache = False  # of what stands in the format, statements are made


class written_micros(FunctionElement[int]):
    """written_micros(text, format): microseconds, as if it was in UTC, of the moment
    written exactly so; else NULL.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = False


class written_instant(FunctionElement[int]):
    """written_instant(text, format): microseconds of the instant that a format with an
    offset writes so; else NULL.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = False


class written_local_day(FunctionElement[Any]):
    """written_local_day(text, format, bounds, offsets, zone): the zone's day at the
    instant written so; else NULL.

    Bounds are the instants at which the zone's offset changes, ascending;
    offsets have the other sign.
    """

    type: TypeEngine[Any] = Date()
    inherit_cache = False


class local_micros(FunctionElement[int]):
    """local_micros(local, bounds, offsets, zone): microseconds of UTC.

    Bounds are the local moments at which the offset changes, ascending.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class plain_number(FunctionElement[str]):
    """plain_number(text, pattern, thousands, decimal, signs): an amount
    as '-1234.5', else NULL.
    """

    type: TypeEngine[str] = Text()
    inherit_cache = False


class decimal_units(FunctionElement[int]):
    """decimal_units(number, digits): minor units of a plain number's
    text, exactly; else NULL.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class _matches(FunctionElement[bool]):
    """_matches(text, pattern): the whole text is of this pattern."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class _head(FunctionElement[str]):
    """_head(text, n): the text without its last n characters."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class _tail(FunctionElement[str]):
    """_tail(text, n): its last n characters."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class day_at(FunctionElement[Any]):
    """day_at(micros): the day of a local time in microseconds since 1970."""

    type: TypeEngine[Any] = Date()
    inherit_cache = True


class _iso_day(FunctionElement[Any]):
    """_iso_day(text): the day of 'YYYY-MM-DD', if the calendar has it."""

    type: TypeEngine[Any] = Date()
    inherit_cache = True


class _iso_micros(FunctionElement[int]):
    """_iso_micros(text): the microseconds of 'YYYY-MM-DD HH:MM:SS.ffffff', if
    calendar and clock have it.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


# the days of the years 1 to 9999: a database would stop at any other, or read it as it likes
_LEAP: Final = "([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAY: Final = (
    "([0-9][0-9][0-9][0-9]-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_CALENDAR: Final = f"^(?!0000){_DAY}"
_CLOCK: Final = " ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9][0-9][0-9][0-9][0-9][0-9]"

_AS_TEXT_MYSQL: Final = "CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin"
_BYTES_MYSQL: Final = (
    f"CASE WHEN CHARSET({{0}}) <> 'binary' THEN {{text}}"
    f" WHEN {STRIPPED_MYSQL} <> '' THEN '\ufffd' END"
)
_BYTES_SQLITE: Final = (
    f"WHEN 'blob' THEN CASE WHEN trim(CAST({{0}} AS TEXT), {SPACES}) <> '' THEN '\ufffd' END"
)
_MOMENT_DUCKDB: Final = (
    # DuckDB knows the year 0, and calendars do not
    "CASE WHEN strftime(try_strptime({0}, {1}), {1}) = {0}"
    " AND try_strptime({0}, {1}) >= TIMESTAMP '0001-01-01' THEN try_strptime({0}, {1}) END"
)
_WHOLE_MYSQL: Final = "TRIM(LEADING '0' FROM REPLACE(SUBSTRING_INDEX({0}, '.', 1), '-', ''))"
_PART_MYSQL: Final = (
    "TRIM(TRAILING '0' FROM IF(LOCATE('.', {0}) > 0, SUBSTRING_INDEX({0}, '.', -1), ''))"
)
_WHOLE_POSTGRESQL: Final = "ltrim(split_part({0}, '.', 1), '-0')"
_PART_POSTGRESQL: Final = "rtrim(split_part({0}, '.', 2), '0')"

TEMPLATES: Final[Mapping[type[FunctionElement[Any]], Mapping[str, str]]] = {
    # SQLite's values have a type each: the functions below are given the bytes
    # of those that are text
    as_text: {
        "sqlite": f"CASE typeof({{0}}) {_BYTES_SQLITE} ELSE {{0}} END",
        "duckdb": "CAST({0} AS VARCHAR)",
        "mysql": _BYTES_MYSQL.replace("{text}", _AS_TEXT_MYSQL),
        "postgresql": 'CAST({0} AS text) COLLATE "C"',
    },
    stripped: {
        "sqlite": f"CASE typeof({{0}}) WHEN 'text' THEN trim({{0}}, {SPACES}) {_BYTES_SQLITE} ELSE {{0}} END",
        "duckdb": "trim(CAST({0} AS VARCHAR), " + SPACES + ")",
        "mysql": _BYTES_MYSQL.replace("{text}", STRIPPED_MYSQL),
        "postgresql": "btrim(CAST({0} AS text), " + SPACES + ') COLLATE "C"',
    },
    written_day: {
        "sqlite": "CASE typeof({0}) WHEN 'text' THEN day_written(CAST({0} AS BLOB), {1}) END",
        "duckdb": f"CAST({_MOMENT_DUCKDB} AS DATE)",
    },
    written_micros: {
        "sqlite": "CASE typeof({0}) WHEN 'text' THEN micros_written(CAST({0} AS BLOB), {1}) END",
        "duckdb": f"epoch_us({_MOMENT_DUCKDB})",
    },
    written_instant: {
        "sqlite": "CASE typeof({0}) WHEN 'text' THEN micros_written(CAST({0} AS BLOB), {1}) END"
    },
    written_local_day: {
        "sqlite": "CASE typeof({0}) WHEN 'text' THEN day_written(CAST({0} AS BLOB), {1}, {4}) END"
    },
    _head: {
        "duckdb": "left({0}, -{1})",
        "mysql": "LEFT({0}, CHAR_LENGTH({0}) - {1})",
        "postgresql": "left({0}, -{1})",
    },
    _tail: {
        "duckdb": "right({0}, {1})",
        "mysql": "RIGHT({0}, {1})",
        "postgresql": "right({0}, {1})",
    },
    day_at: {
        "duckdb": "CAST(make_timestamp({0}) AS DATE)",
        "mysql": "DATE('1970-01-01 00:00:00.000000' + INTERVAL {0} MICROSECOND)",
        "postgresql": "CAST(TIMESTAMP '1970-01-01 00:00:00' + {0} * INTERVAL '1 microsecond' AS date)",
    },
    local_micros: {
        "sqlite": "micros_in_utc({0}, {3})",
        # in a list of one, or the moment would be read anew for each bound
        "duckdb": "list_extract(list_transform([{0}], lambda m: m - list_extract([{2}],"
        " 1 + len(list_filter([{1}], lambda b: b <= m)))), 1)",
        "mysql": "{0} - CAST(ELT(1 + INTERVAL({0}, {1}), {2}) AS SIGNED)",
        "postgresql": "{0} - (CAST(ARRAY[{2}] AS bigint[]))[1 + width_bucket({0}, CAST(ARRAY[{1}] AS bigint[]))]",
    },
    plain_number: {
        "sqlite": "CASE typeof({0}) WHEN 'text' THEN number_written(CAST({0} AS BLOB), {3}, {2}, {4})"
        " WHEN 'integer' THEN number_text({0}) WHEN 'real' THEN number_text({0}) END",
        "duckdb": "CASE WHEN regexp_full_match({0}, {1}) THEN CASE WHEN contains({0}, '-') THEN '-' ELSE '' END ||"
        " replace(translate(regexp_extract({0}, '[0-9](?:.*[0-9])?'), {2}, ''), {3}, '.') END",
        "mysql": "CASE WHEN {0} REGEXP CONCAT('^(?:', {1}, ')\\\\z') THEN CONCAT(IF(LOCATE('-', {0}) > 0, '-', ''),"
        " REPLACE(REGEXP_REPLACE(REGEXP_SUBSTR({0}, '[0-9](?:.*[0-9])?'), CONCAT('[^0-9', {3}, ']'), ''),"
        " {3}, '.')) END",
        "postgresql": "CASE WHEN {0} ~ ('^(?:' || {1} || ')$') THEN"
        " CASE WHEN position('-' IN {0}) > 0 THEN '-' ELSE '' END || replace(regexp_replace("
        "substring({0} FROM '[0-9](?:.*[0-9])?'), '[^0-9' || {3} || ']', '', 'g'), {3}, '.') END",
    },
    decimal_units: {
        "sqlite": "minor_units({0}, {1})",
        "duckdb": DECIMAL_UNITS,
        # eighteen digits at most are less than 10^18
        "mysql": f"CASE WHEN CHAR_LENGTH({_PART_MYSQL}) <= {{1}} AND CHAR_LENGTH({_WHOLE_MYSQL}) + {{1}} <= 18 THEN"
        f" IF(LEFT({{0}}, 1) = '-', -1, 1) * CAST(CONCAT('0', {_WHOLE_MYSQL}, RPAD({_PART_MYSQL}, {{1}}, '0'))"
        " AS SIGNED) END",
        "postgresql": f"CASE WHEN length({_PART_POSTGRESQL}) <= {{1}} AND length({_WHOLE_POSTGRESQL}) + {{1}} <= 18"
        " THEN CAST(CASE WHEN left({0}, 1) = '-' THEN '-' ELSE '' END || '0' ||"
        f" {_WHOLE_POSTGRESQL} || rpad({_PART_POSTGRESQL}, {{1}}, '0') AS bigint) END",
    },
    _matches: {
        "duckdb": "regexp_matches({0}, {1} || '$')",
        "mysql": "{0} REGEXP CONCAT({1}, '\\\\z')",
        "postgresql": "{0} ~ ({1} || '$')",
    },
    _iso_day: {
        "mysql": f"CASE WHEN {{0}} REGEXP '{_CALENDAR}\\\\z' THEN CAST({{0}} AS DATE) END",
        "postgresql": f"CASE WHEN {{0}} ~ '{_CALENDAR}$' THEN CAST({{0}} AS date) END",
    },
    _iso_micros: {
        "mysql": f"CASE WHEN {{0}} REGEXP '{_CALENDAR}{_CLOCK}\\\\z' THEN"
        " TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', CAST({0} AS DATETIME(6))) END",
        "postgresql": f"CASE WHEN {{0}} ~ '{_CALENDAR}{_CLOCK}$' THEN {INSTANT_POSTGRESQL} END",
    },
}


# -------------------------------------------------------------------------- put together as ISO

_LONG: Final = tuple(sorted({len(month) for month in MONTHS}))
_WIDTHS: Final[Mapping[str, tuple[int, ...]]] = {
    "Y": (4,),
    "f": (6,),
    "g": (3,),
    "b": (3,),
    "B": _LONG,
    **dict.fromkeys(("-d", "-m", "-H", "-I"), (1, 2)),
    **dict.fromkeys(("y", "m", "d", "H", "I", "M", "S", "p"), (2,)),
}
"""How many characters a part of a format may take."""

_Pieces = Mapping[str, ColumnElement[str]]


def _ways(text: ColumnElement[str], written: str) -> Iterator[tuple[str, _Pieces]]:
    """Each way in which the format's parts can share the text: its pattern, and each
    part's piece of the text.
    """
    parts = DIRECTIVE.split(written)  # literal, directive, literal, …
    for widths in product(*(_WIDTHS[part] for part in parts[1::2])):
        pattern, at, pieces = re.escape(parts[0]), 1 + len(parts[0]), {}
        for part, width, then in zip(parts[1::2], widths, parts[2::2], strict=True):
            kind = (
                "[A-Za-z]"
                if part in "bBp"
                else "[1-9]"
                if part[0] == "-" and width == 2
                else "[0-9]"
            )
            pattern += (
                kind + ("[0-9]" if kind == "[1-9]" else kind) * (width - 1) + re.escape(then)
            )
            pieces[part.removeprefix("-")] = _padded(
                func.substr(text, at, width), short=part[0] == "-" and width == 1
            )
            at += width + len(then)
        yield f"^{pattern}", pieces


def _padded(piece: ColumnElement[str], *, short: bool) -> ColumnElement[str]:
    return literal("0").concat(piece) if short else piece


def _named(piece: ColumnElement[str], names: Mapping[str, str]) -> ColumnElement[str]:
    """The word's number; what is no such word makes no moment."""
    return case(*((piece == word, number) for word, number in names.items()), else_="x")


def _iso(pieces: _Pieces, *, time: bool) -> ColumnElement[str]:
    """'YYYY-MM-DD', or with the time of day behind it."""
    day = _year(pieces).concat("-").concat(_month(pieces)).concat("-").concat(pieces["d"])
    if not time:
        return day
    none = literal("00")
    minutes = (
        literal(":").concat(pieces.get("M", none)).concat(":").concat(pieces.get("S", none))
    )
    return (
        day.concat(" ")
        .concat(_hour(pieces))
        .concat(minutes)
        .concat(".")
        .concat(_fraction(pieces))
    )


def _year(pieces: _Pieces) -> ColumnElement[str]:
    if "Y" in pieces:
        return pieces["Y"]
    return case((pieces["y"] < "69", literal("20")), else_=literal("19")).concat(pieces["y"])


def _month(pieces: _Pieces) -> ColumnElement[str]:
    if "m" in pieces:
        return pieces["m"]
    name = "b" if "b" in pieces else "B"
    return _named(
        pieces[name],
        {month[:3] if name == "b" else month: f"{n:02}" for n, month in enumerate(MONTHS, 1)},
    )


def _hour(pieces: _Pieces) -> ColumnElement[str]:
    if "I" not in pieces:
        return pieces.get("H", literal("00"))
    hours = {
        f"{n:02}{half}": f"{n % 12 + later:02}"
        for n in range(1, 13)
        for half, later in (("AM", 0), ("PM", 12))
    }
    return _named(pieces["I"].concat(pieces["p"]), hours)


def _fraction(pieces: _Pieces) -> ColumnElement[str]:
    if "f" in pieces:
        return pieces["f"]
    return pieces["g"].concat("000") if "g" in pieces else literal("000000")


def _by_pieces(element: FunctionElement[Any], *, time: bool) -> ColumnElement[Any]:
    text, written = element.clauses
    ways = _ways(text, str(written.value))  # a literal
    read = _read_micros if time else _read_day
    return case(*((_matches(text, pattern), read(pieces)) for pattern, pieces in ways))


def _read_micros(pieces: _Pieces) -> ColumnElement[Any]:
    return _iso_micros(_iso(pieces, time=True))


def _read_day(pieces: _Pieces) -> ColumnElement[Any]:
    """The day; where hours stand behind it, only if the clock has them."""
    day: ColumnElement[Any] = _iso_day(_iso(pieces, time=False))
    if pieces.keys().isdisjoint(("H", "I")):
        return day
    return case((_read_micros(pieces).is_not(None), day))


# ----------------------------------------------------------------------------- offsets from UTC

_HOURS: Final = "([01][0-9]|2[0-3])"
_OFFSETS: Final = ((1, "Z"), (5, f"[+-]{_HOURS}[0-5][0-9]"), (6, f"[+-]{_HOURS}:[0-5][0-9]"))
"""How many characters an offset takes, and its pattern."""
_KNOWN: Final = tuple(
    1_000_000 * int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in ZONED
)
"""The instants between which zones are known."""


def _by_offset(element: FunctionElement[Any]) -> ColumnElement[Any]:
    """The instant of a text that ends in an offset: what stands before it, less the offset."""
    text, written = list(element.clauses)[:2]
    moment = literal(str(written.value).removesuffix("%z"))
    ways = []
    for width, pattern in _OFFSETS:
        micros = written_micros(_head(text, literal_column(str(width))), moment)
        ways.append((_matches(text, literal(pattern)), micros - _shift(text, width)))
    instant: ColumnElement[Any] = case(*ways)
    return case((and_(instant >= _KNOWN[0], instant < _KNOWN[1]), instant))


def _shift(text: ColumnElement[str], width: int) -> ColumnElement[Any]:
    """The microseconds of an offset of so many characters."""
    if width == 1:
        return literal_column("0")
    offset = _tail(text, literal_column(str(width)))
    hours, minutes = (cast(func.substr(offset, at, 2), BigInteger) for at in (2, width - 1))
    sign = case((func.substr(offset, 1, 1) == "-", -1), else_=1)
    return sign * (hours * 60 + minutes) * literal_column("60000000")


def _day_by_offset(element: FunctionElement[Any]) -> ColumnElement[Any]:
    bounds, offsets, zone = list(element.clauses)[2:]
    return day_at(local_micros(_by_offset(element), bounds, offsets, zone))


# ------------------------------------------------------------------------------------- compiled

_BY_PIECES: Final = ("mysql", "mariadb", "postgresql")
_PUT_TOGETHER: Final[
    Mapping[type[FunctionElement[Any]], Callable[[FunctionElement[Any]], ColumnElement[Any]]]
] = {
    written_instant: _by_offset,
    written_local_day: _day_by_offset,
}
"""Composed of other constructs, on every database but SQLite."""


def _compile(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
    dialect = compiler.dialect.name
    if dialect in _BY_PIECES and isinstance(element, written_day | written_micros):
        moment = _by_pieces(element, time=isinstance(element, written_micros))
        return f"({compiler.process(moment, **kw)})"
    if dialect != "sqlite" and type(element) in _PUT_TOGETHER:
        return f"({compiler.process(_PUT_TOGETHER[type(element)](element), **kw)})"
    if dialect == "postgresql" and isinstance(element, plain_number):
        text, pattern, *more = element.clauses
        given = str(pattern.value)
        if getattr(compiler.dialect, "bytewise", False):
            by_point = bytewise(given)
        else:
            by_point = re.sub(r"\\x\{(\w+)\}", lambda point: f"\\U{point[1]:0>8}", given)
        element = plain_number(text, literal(by_point), *more)
    return compile_by(TEMPLATES, element, compiler, **kw)


for _construct in TEMPLATES:
    compiles(_construct)(_compile)
