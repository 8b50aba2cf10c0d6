"""DuckDB's SQL, used for the snapshot, DuckDB files and exports."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

from sqlalchemy import Dialect, literal

import pipeline.databases.constructs as c
from pipeline.databases.sql.parts import (
    NOT_SPACE,
    OPENS,
    SPACES,
    WITHIN,
    Filled,
    Sql,
    with_text,
)
from pipeline.databases.sql.pieces import day_by_offset, instant_by_offset
from pipeline.values.flags import DATED
from pipeline.values.patterns import LONGEST, by_hex, parse_pattern, written

_AS_TEXT: Final = "CAST({0} AS VARCHAR)"
_HUGE: Final = "TRY_CAST(split_part(s.t, '.', 1) || rpad(rtrim(split_part(s.t, '.', 2), '0'), s.d, '0') AS HUGEINT)"
# a list of one element, so number and digits are computed only once
_DECIMAL_UNITS: Final = (
    "list_extract(list_transform([struct_pack(t := {0}, d := CAST({1} AS INTEGER))], lambda s:"
    " CASE WHEN length(rtrim(split_part(s.t, '.', 2), '0')) <= s.d AND "
    + WITHIN.format(_HUGE)
    + " THEN CAST("
    + _HUGE
    + " AS BIGINT) END), 1)"
)
# the shortest text of a number. The driver returns a FLOAT as a double; a number that DuckDB
# writes with a negative exponent is finer than any minor unit.
_SHORTEST: Final = (
    "CASE WHEN typeof({0}) = 'FLOAT' THEN CAST(CAST({0} AS DOUBLE) AS VARCHAR)"
    " ELSE CAST({0} AS VARCHAR) END"
)
_AMOUNT: Final = (
    "(CASE WHEN contains({0}, 'e-') THEN NULL WHEN contains({0}, 'e') THEN"
    " CAST(TRY_CAST({0} AS DECIMAL(38, 0)) AS VARCHAR) ELSE {0} END)"
).replace("{0}", f"({_SHORTEST})")
_MOMENT: Final = (
    # DuckDB knows the year 0, and calendars do not
    "CASE WHEN strftime(try_strptime({0}, {1}), {1}) = {0}"
    " AND try_strptime({0}, {1}) >= TIMESTAMP '0001-01-01' THEN try_strptime({0}, {1}) END"
)


_MATCHES: Final = (
    f"length({{t}}) <= {LONGEST} AND CASE WHEN NOT contains({{t}}, chr(31))"
    " THEN regexp_full_match({t}, {1}) ELSE len(list_filter(string_split({t}, chr(31)),"
    " lambda v: regexp_full_match(v, {2}) AND regexp_matches(v, " + NOT_SPACE + "))) > 0 END"
)


def _has_pattern(element: c.Construct[Any], _: Dialect) -> Filled:
    text, pattern = element.clauses
    re2 = written(parse_pattern(str(pattern.value)), by_hex)  # a literal
    template = _MATCHES.replace("{t}", _AS_TEXT)
    return Filled(template, (text, literal(re2), literal(re2)))


_SQL: Final[Sql] = {
    c.blank: (
        "(CASE WHEN {0} IS NULL THEN true WHEN CAST({0} AS VARCHAR) >= '!'"
        " AND CAST({0} AS VARCHAR) < chr(127) THEN false"
        " ELSE NOT regexp_matches(CAST({0} AS VARCHAR), " + NOT_SPACE + ") END)"
    ),
    c.letters: "CAST({0} AS VARCHAR)",
    c.same_bytes: "{0} = {1}",
    # bytes on MariaDB, whose binary collations still hold 'a' and 'a ' to be equal
    c.exact_text: "{0}",
    c.derived_key: "{0}",
    c.micros: "epoch_us({0})",
    c.day_of: "{0}",
    c.no_date: (
        "({0} IS NULL OR trim(CAST({0} AS VARCHAR), " + SPACES + ") = ''"
        " OR left(CAST({0} AS VARCHAR), 10) = '0000-00-00')"
    ),
    c.whole_units: (
        "CASE WHEN typeof({0}) LIKE '%INT' OR typeof({0}) = 'INTEGER' THEN"
        " CASE WHEN " + WITHIN + " THEN CAST({0} AS BIGINT) END END"
    ),
    c.minor_units: (
        _DECIMAL_UNITS.replace("{1}", "(length(CAST({1} AS VARCHAR)) - 1)").replace(
            "{0}", _AMOUNT
        )
    ),
    c.single_amount: (
        "CASE WHEN {0} IS NOT NULL THEN COALESCE(CASE WHEN CAST(format('{:.6g}', {0}) AS FLOAT) = {0} THEN"
        " TRY_CAST(format('{:.6g}', {0}) AS DECIMAL(38, 20)) END, CAST('1e-20' AS DECIMAL(38, 20))) END"
    ),
    c.empty_word: "trim(CAST({0} AS VARCHAR), " + SPACES + ") = {1}",
    c.as_text: "CAST({0} AS VARCHAR)",
    c.stripped: "trim(CAST({0} AS VARCHAR), " + SPACES + ")",
    c.written_day: f"CAST({_MOMENT} AS DATE)",
    c.written_micros: f"epoch_us({_MOMENT})",
    c.head: "left({0}, -{1})",
    c.tail: "right({0}, {1})",
    c.day_at: "CAST(make_timestamp({0}) AS DATE)",
    # a list of one element, so the moment is read once and not for each bound
    c.local_micros: (
        "list_extract(list_transform([{0}], lambda m: m - list_extract([{2}],"
        " 1 + len(list_filter([{1}], lambda b: b <= m)))), 1)"
    ),
    c.plain_number: (
        "CASE WHEN regexp_full_match({0}, {1}) THEN CASE WHEN contains({0}, '-') THEN '-' ELSE '' END ||"
        " replace(translate(regexp_extract({0}, '[0-9](?:.*[0-9])?'), {2}, ''), {3}, '.') END"
    ),
    c.decimal_units: _DECIMAL_UNITS,
    c.matches: "regexp_matches({0}, {1} || '$')",
    c.unseen_html: (
        "CASE WHEN contains({t}, '<') OR contains({t}, '&') THEN NOT regexp_matches(regexp_replace("
        "regexp_replace({t}, {1}, '', 'g'), {2}, '', 'g'), " + NOT_SPACE + ") ELSE false END"
    ),
    c.unseen_json: (
        "CASE WHEN left(trim({t}, " + SPACES + "), 1) " + OPENS + " THEN"
        " NOT regexp_matches(regexp_replace({t}, {2}, '', 'g'), {1}) ELSE false END"
    ),
    c.empty_parts: (
        "CASE WHEN contains({t}, chr(31)) THEN len(list_filter(string_split({t}, chr(31)), lambda p:"
        " NOT list_contains(string_split(chr(10) || {1}, chr(10)), trim(p, "
        + SPACES
        + ")))) = 0 ELSE false END"
    ),
    c.has_pattern: _has_pattern,
    c.has_word: (
        "CASE WHEN contains({t}, chr(31))"
        " THEN list_has_any(string_split({t}, chr(31)), string_split({1}, chr(31)))"
        " ELSE false END"
    ),
    c.raised: f"translate(trim(CAST({{0}} AS VARCHAR), {SPACES}), '{ascii_lowercase}', '{ascii_uppercase}')",
    c.is_sign: f"trim(CAST({{0}} AS VARCHAR), {SPACES}) = {{1}}",
    c.folded: f"translate(trim(CAST({{0}} AS VARCHAR), {SPACES}), '{ascii_uppercase}', '{ascii_lowercase}')",
    c.begins_otherwise: (
        "ascii(CAST({0} AS VARCHAR)) BETWEEN 33 AND 126"
        " AND strpos({1}, left(CAST({0} AS VARCHAR), 1)) = 0"
    ),
    c.looks_dated: f"regexp_matches({{0}}, '{DATED}')",
    c.written_instant: instant_by_offset,
    c.written_local_day: day_by_offset,
    c.text_mark: (
        "CAST('0x' || left(md5(CAST({0} AS VARCHAR) || chr(31) || CAST({1} AS VARCHAR)), 8) AS BIGINT)"
    ),
}
SQL: Final = with_text(_SQL, _AS_TEXT)
