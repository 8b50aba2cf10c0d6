"""PostgreSQL's SQL.

A failing cast ends the statement, so texts are checked before they are cast. A SQL_ASCII
database knows no characters: its texts are bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from sqlalchemy import Dialect, literal
from sqlalchemy.sql.elements import ColumnElement

import pipeline.databases.constructs as c
from pipeline.databases.sql.parts import (
    CALENDAR,
    CLOCK,
    DAY,
    OPENS,
    SPACES,
    Filled,
    Sql,
    bytewise,
    with_text,
)
from pipeline.databases.sql.pieces import (
    day_by_offset,
    day_by_pieces,
    instant_by_offset,
    micros_by_pieces,
)
from pipeline.values.contents import SEVERAL, by_point
from pipeline.values.flags import DATED
from pipeline.values.money import LARGEST_AMOUNT
from pipeline.values.patterns import (
    LONGEST,
    Node,
    by_digits,
    in_bytes,
    in_encoding,
    parse_pattern,
    written,
    written_of_several,
)
from pipeline.values.white_space import WHITE_SPACE_CLASS

_AS_TEXT: Final = "CAST({0} AS text)"
_DAY: Final = f"(?!0000){DAY}"
_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_INSTANT: Final = (
    "CAST(EXTRACT(EPOCH FROM date_trunc('second', {v})) AS bigint) * 1000000"
    " + CAST(EXTRACT(MICROSECONDS FROM {v}) AS bigint) % 1000000"
).replace("{v}", "CAST({0} AS timestamp)")
_AMOUNT: Final = "CAST(CAST({0} AS text) AS numeric)"
_WHOLE: Final = "ltrim(split_part({0}, '.', 1), '-0')"
_PART: Final = "rtrim(split_part({0}, '.', 2), '0')"

# valid UTF-8 in a SQL_ASCII database, whose texts are bytes
_UTF8: Final = (
    r"^([\x01-\x7F]|[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}"
    r"|\xED[\x80-\x9F][\x80-\xBF]|\xF0[\x90-\xBF][\x80-\xBF]{2}|[\xF1-\xF3][\x80-\xBF]{3}"
    r"|\xF4[\x80-\x8F][\x80-\xBF]{2})*$"
)
_BITS: Final = "('x' || left(md5(%s), 8))::bit(32)::bigint"
_MARKED: Final = "CAST({0} AS text) || chr(31) || CAST({1} AS text)"
_TRIMMED: Final = re.compile(r"btrim\((CAST\(\{0\} AS text\)), " + re.escape(SPACES) + r"\)")
_BYTEWISE_SPACES: Final = "^{ws}+|{ws}+$".replace("{ws}", bytewise(f"[{WHITE_SPACE_CLASS}]"))
_PLAIN_NUMBER: Final = (
    "CASE WHEN {0} ~ ('^(?:' || {1} || ')$') THEN"
    " CASE WHEN position('-' IN {0}) > 0 THEN '-' ELSE '' END || replace(regexp_replace("
    "substring({0} FROM '[0-9](?:.*[0-9])?'), '[^0-9' || {3} || ']', '', 'g'), {3}, '.') END"
)
_UNSEEN_JSON: Final = (
    "CASE WHEN left(btrim({t}, " + SPACES + "), 1) " + OPENS + " THEN"
    " regexp_replace({t}, {2}, '', 'g') !~ {1} ELSE false END"
)


def adapted(template: str, dialect: Dialect) -> str:
    """Adapts the template to the database's encoding, which is known once it is open."""
    if _is_bytewise(dialect):
        template = _TRIMMED.sub(
            lambda match: f"regexp_replace({match[1]}, '{_BYTEWISE_SPACES}', '', 'g')", template
        )
    spaces = getattr(dialect, "white_space", None)  # those in the encoding
    return template if spaces is None else template.replace(SPACES, f"'{spaces}'")


def _is_bytewise(dialect: Dialect) -> bool:
    return bool(getattr(dialect, "bytewise", False))


def _plain_number(element: c.Construct[Any], dialect: Dialect) -> Filled:
    text, pattern, *more = element.clauses
    written = str(pattern.value)  # a literal
    if _is_bytewise(dialect):
        read = bytewise(written)
    else:
        read = re.sub(r"\\x\{(\w+)\}", lambda point: f"\\U{point[1]:0>8}", written)
    return Filled(_PLAIN_NUMBER, (text, literal(read), *more))


def _unseen_json(element: c.Construct[Any], dialect: Dialect) -> Filled:
    text, filled, *more = element.clauses
    pattern = str(filled.value)  # a literal
    read = bytewise(pattern) if _is_bytewise(dialect) else by_point(pattern)
    clauses: list[ColumnElement[Any]] = [text, literal(read), *more]
    return Filled(_UNSEEN_JSON.replace("{t}", _AS_TEXT), clauses)


def _has_pattern(element: c.Construct[Any], dialect: Dialect) -> Filled:
    text, pattern = element.clauses
    node = parse_pattern(str(pattern.value))  # a literal
    encoding = str(getattr(dialect, "encoding", "utf-8"))
    characters, point = _AS_TEXT, by_digits
    fitted: Callable[[Node], Node] = _unchanged
    if _is_bytewise(dialect):
        fitted = in_bytes
        characters = f"regexp_replace({_AS_TEXT}, '[\\x80-\\xBF]', '', 'g')"  # first bytes only
    elif encoding != "utf-8":
        fitted, point = partial(in_encoding, encoding=encoding), _literal_beyond_ascii
    template = (
        f"length({characters}) <= {LONGEST} AND CASE WHEN strpos({{t}}, chr(31)) = 0"
        ' THEN {t} COLLATE "C" ~ {1} ELSE {t} COLLATE "C" ~ {2} END'
    )
    patterns = written(fitted(node), point), written_of_several(node, point, fitted)
    whole = (literal(f"^{pattern}$") for pattern in patterns)
    return Filled(template.replace("{t}", _AS_TEXT), (text, *whole))


def _unchanged(node: Node) -> Node:
    return node


def _has_word(element: c.Construct[Any], dialect: Dialect) -> Filled:
    """A statement must not hold a sign that the database's encoding lacks."""
    text, words = element.clauses
    encoding = "utf-8" if _is_bytewise(dialect) else getattr(dialect, "encoding", "utf-8")
    known = [word for word in str(words.value).split(SEVERAL) if _is_in(word, encoding)]
    listed = literal(SEVERAL.join(known).encode().hex())
    template = (
        "CASE WHEN strpos({t}, chr(31)) > 0 THEN string_to_array({t}, chr(31)) &&"
        " string_to_array(convert_from(decode({1}, 'hex'), 'UTF8'), chr(31)) ELSE false END"
    )
    return Filled(template.replace("{t}", f'{_AS_TEXT} COLLATE "C"'), (text, listed))


def _is_in(word: str, encoding: str) -> bool:
    try:
        word.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _literal_beyond_ascii(code: int) -> str:
    return by_digits(code) if code < 128 else chr(code)


def _text_mark(_: c.Construct[Any], dialect: Dialect) -> str:
    if _is_bytewise(dialect):
        return f"CASE WHEN CAST({{1}} AS text) ~ '{_UTF8}' THEN {_BITS % _MARKED} END"
    return _BITS % f"convert_to({_MARKED}, 'UTF8')"


_SQL: Final[Sql] = {
    c.blank: (
        "(CASE WHEN CAST({0} AS text) COLLATE \"C\" BETWEEN '!' AND '~' THEN false"
        " ELSE {0} IS NULL OR btrim(CAST({0} AS text), " + SPACES + ") = '' END)"
    ),
    c.letters: 'CAST({0} AS text) COLLATE "C"',
    c.same_bytes: 'CAST({0} AS text) COLLATE "C" = CAST({1} AS text)',
    # bytes on MariaDB, whose binary collations still hold 'a' and 'a ' to be equal
    c.exact_text: 'CAST({0} AS text) COLLATE "C"',
    c.derived_key: 'CAST({0} AS text) COLLATE "C"',
    # the session's zone is UTC, so a cast to a type without zone keeps the instant
    c.micros: (
        "CASE WHEN pg_typeof({0}) IN ('timestamp'::regtype, 'timestamptz'::regtype) THEN"
        " CASE WHEN CAST({0} AS timestamp) BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999'"
        " THEN " + _INSTANT + " END"
        " WHEN pg_typeof({0}) <> 'date'::regtype AND CAST({0} AS text) ~ '^"
        + _DAY
        + " "
        + _TIME
        + "$'"
        " THEN " + _INSTANT + " END"
    ),
    c.day_of: ("CASE WHEN CAST({0} AS text) ~ '^" + _DAY + "$' THEN CAST({0} AS date) END"),
    c.no_date: (
        "(CASE WHEN CAST({0} AS text) COLLATE \"C\" BETWEEN '1' AND '~' THEN false ELSE {0} IS NULL"
        " OR btrim(CAST({0} AS text), "
        + SPACES
        + ") = '' OR left(CAST({0} AS text), 10) = '0000-00-00' END)"
    ),
    c.whole_units: (
        "CASE WHEN pg_typeof({0}) IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)"
        " THEN CASE WHEN abs(" + _AMOUNT + ") < " + str(LARGEST_AMOUNT) + " THEN"
        " CAST({0} AS bigint) END END"
    ),
    c.minor_units: (
        "CASE WHEN CAST({0} AS text) ~ '^-?[0-9]+([.][0-9]+)?$'"
        " OR pg_typeof({0}) IN ('real'::regtype, 'double precision'::regtype) AND CAST({0} AS text) ~ '^-?[0-9]'"
        " THEN CASE WHEN abs(" + _AMOUNT + " * {1}) < " + str(LARGEST_AMOUNT) + " AND"
        " " + _AMOUNT + " * {1} = trunc(" + _AMOUNT + " * {1})"
        " THEN CAST(" + _AMOUNT + " * {1} AS bigint) END END"
    ),
    # a cast to numeric has six digits
    c.single_amount: (
        "CASE WHEN {0} IN ('NaN', 'Infinity', '-Infinity') THEN 1e-20"
        " WHEN CAST(CAST({0} AS numeric) AS real) = {0} THEN CAST({0} AS numeric)"
        " WHEN {0} IS NOT NULL THEN 1e-20 END"
    ),
    c.empty_word: "btrim(CAST({0} AS text), " + SPACES + ') COLLATE "C" = {1}',
    c.as_text: 'CAST({0} AS text) COLLATE "C"',
    c.stripped: "btrim(CAST({0} AS text), " + SPACES + ') COLLATE "C"',
    c.head: "left({0}, -{1})",
    c.tail: "right({0}, {1})",
    # intervals multiply as floats: seconds and their parts apart, to avoid rounding
    c.day_at: (
        "CAST(TIMESTAMP '1970-01-01 00:00:00' + {0} / 1000000 * INTERVAL '1 second'"
        " + {0} % 1000000 * INTERVAL '1 microsecond' AS date)"
    ),
    c.local_micros: "{0} - (CAST(ARRAY[{2}] AS bigint[]))[1 + width_bucket({0}, CAST(ARRAY[{1}] AS bigint[]))]",
    c.plain_number: _plain_number,
    c.decimal_units: (
        f"CASE WHEN length({_PART}) <= {{1}} AND length({_WHOLE}) + {{1}} <= 18"
        " THEN CAST(CASE WHEN left({0}, 1) = '-' THEN '-' ELSE '' END || '0' ||"
        f" {_WHOLE} || rpad({_PART}, {{1}}, '0') AS bigint) END"
    ),
    c.matches: "{0} ~ ({1} || '$')",
    c.iso_day: f"CASE WHEN {{0}} ~ '{CALENDAR}$' THEN CAST({{0}} AS date) END",
    c.iso_micros: f"CASE WHEN {{0}} ~ '{CALENDAR}{CLOCK}$' THEN {_INSTANT} END",
    c.unseen_html: (
        "CASE WHEN strpos({t}, '<') > 0 OR strpos({t}, '&') > 0 THEN btrim(CAST(regexp_replace("
        "regexp_replace({t}, {1}, '', 'g'), {2}, '', 'g') AS text), "
        + SPACES
        + ") = '' ELSE false END"
    ),
    c.unseen_json: _unseen_json,
    c.empty_parts: (
        "CASE WHEN strpos({t}, chr(31)) > 0 THEN NOT EXISTS (SELECT 1 FROM"
        " unnest(string_to_array({t}, chr(31))) part WHERE btrim(CAST(part AS text), "
        + SPACES
        + ') COLLATE "C"'
        " <> ALL (string_to_array(chr(10) || {1}, chr(10)))) ELSE false END"
    ),
    c.has_pattern: _has_pattern,
    c.has_word: _has_word,
    c.raised: f'upper(btrim(CAST({{0}} AS text), {SPACES}) COLLATE "C")',
    # a statement must not hold a sign that the database's encoding lacks
    c.is_sign: f"convert_to(btrim(CAST({{0}} AS text), {SPACES}), 'UTF8') = decode({{2}}, 'hex')",
    c.folded: f'lower(btrim(CAST({{0}} AS text), {SPACES}) COLLATE "C")',
    c.begins_otherwise: (
        'CAST({0} AS text) COLLATE "C" >= \'!\' AND CAST({0} AS text) COLLATE "C" < chr(127)'
        " AND strpos({1}, left(CAST({0} AS text), 1)) = 0"
    ),
    c.looks_dated: f"{{0}} ~ '{DATED}'",
    c.written_day: day_by_pieces,
    c.written_micros: micros_by_pieces,
    c.written_instant: instant_by_offset,
    c.written_local_day: day_by_offset,
    c.text_mark: _text_mark,
}
SQL: Final = with_text(_SQL, _AS_TEXT)
