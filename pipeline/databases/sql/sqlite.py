"""SQLite's SQL.

It has no regular expressions and no exact decimals. Each value has its own type: texts go to
Python's functions as bytes.
"""

from __future__ import annotations

from typing import Final

import pipeline.databases.constructs as c
from pipeline.databases.sql.parts import OPENS, SPACES, WITHIN, Sql, with_text
from pipeline.values.flags import AFTER, SHAPES

_BYTES: Final = (
    f"WHEN 'blob' THEN CASE WHEN trim(CAST({{0}} AS TEXT), {SPACES}) <> '' THEN '\ufffd' END"
)
_WORDS: Final = "char(10) || {1} || char(10)"
_AT_ONCE: Final = "WHEN 1 THEN '1' WHEN 0 THEN '0' WHEN x'01' THEN '1' WHEN x'00' THEN '0'"
_FOLDED: Final = f"lower(trim(CAST({{0}} AS TEXT), {SPACES}))"
_GLOBS: Final = " OR ".join(
    f"{{0}} GLOB '{shape}{after}'" for shape in SHAPES for after in ("", f"{AFTER}*")
)

_SQL: Final[Sql] = {
    # the first character decides for almost every text, many times faster
    c.blank: (
        "(CASE WHEN unicode({0}) BETWEEN 33 AND 126 THEN 0"
        " ELSE {0} IS NULL OR trim(CAST({0} AS TEXT), " + SPACES + ") = '' END)"
    ),
    c.letters: "CAST({0} AS TEXT) COLLATE BINARY",
    c.same_bytes: "{0} = {1} COLLATE BINARY",
    # bytes on MariaDB, whose binary collations still hold 'a' and 'a ' to be equal
    c.exact_text: "{0} COLLATE BINARY",
    c.derived_key: "CAST({0} AS TEXT) COLLATE BINARY",
    # The text must equal its canonical form, because SQLite reads 30 February as 2 March;
    # without a modifier older versions return it unchanged. The year 0 does not exist. A
    # column declared as DATE is NUMERIC here and would turn '0001' into a number.
    c.micros: (
        "CASE WHEN strftime('%Y-%m-%d %H:%M:%S', {0}, '+0 days') = {0} AND CAST({0} AS TEXT) >= '0001'"
        " THEN CAST(strftime('%s', {0}) AS INTEGER) * 1000000 END"
    ),
    c.day_of: "CASE WHEN date({0}, '+0 days') = {0} AND CAST({0} AS TEXT) >= '0001' THEN {0} END",
    c.no_date: (
        "(CASE WHEN unicode({0}) BETWEEN 49 AND 126 THEN 0 ELSE {0} IS NULL"
        " OR trim(CAST({0} AS TEXT), "
        + SPACES
        + ") = '' OR substr({0}, 1, 10) = '0000-00-00' END)"
    ),
    # abs() of the smallest integer is out of range
    c.whole_units: "CASE WHEN typeof({0}) = 'integer' AND " + WITHIN + " THEN {0} END",
    # SQLite writes floats with 15 digits and adds decimals as floats, so Python reads both
    c.minor_units: (
        "minor_units(CASE typeof({0}) WHEN 'text' THEN decimal_written(CAST({0} AS BLOB))"
        " WHEN 'integer' THEN number_text({0}) WHEN 'real' THEN number_text({0}) END, length(CAST({1} AS TEXT)) - 1)"
    ),
    # SQLite has no single precision
    c.single_amount: "{0}",
    # a number is not a word
    c.empty_word: (
        "typeof({0}) IN ('text', 'blob') AND trim(CAST({0} AS TEXT), "
        + SPACES
        + ") = {1} COLLATE BINARY"
    ),
    # each value has its own type: the functions below receive texts as bytes
    c.as_text: f"CASE typeof({{0}}) {_BYTES} ELSE {{0}} END",
    c.stripped: f"CASE typeof({{0}}) WHEN 'text' THEN trim({{0}}, {SPACES}) {_BYTES} ELSE {{0}} END",
    c.written_day: "CASE typeof({0}) WHEN 'text' THEN day_written(CAST({0} AS BLOB), {1}) END",
    c.written_micros: "CASE typeof({0}) WHEN 'text' THEN micros_written(CAST({0} AS BLOB), {1}) END",
    c.written_instant: "CASE typeof({0}) WHEN 'text' THEN micros_written(CAST({0} AS BLOB), {1}) END",
    c.written_local_day: "CASE typeof({0}) WHEN 'text' THEN day_written(CAST({0} AS BLOB), {1}, {4}) END",
    # the seconds before, also before 1970
    c.day_at: "date(({0} - (({0} % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch')",
    c.local_micros: "micros_in_utc({0}, {3})",
    c.plain_number: (
        "CASE typeof({0}) WHEN 'text' THEN number_written(CAST({0} AS BLOB), {3}, {2}, {4})"
        " WHEN 'integer' THEN number_text({0}) WHEN 'real' THEN number_text({0}) END"
    ),
    c.decimal_units: "minor_units({0}, {1})",
    c.unseen_html: (
        "CASE WHEN instr({t}, '<') > 0 OR instr({t}, '&') > 0 THEN html_unseen(CAST({0} AS BLOB))"
        " ELSE 0 END"
    ),
    c.unseen_json: (
        "CASE WHEN substr(trim({t}, " + SPACES + "), 1, 1) " + OPENS + " THEN"
        " json_unseen(CAST({0} AS BLOB), {3}) ELSE 0 END"
    ),
    c.empty_parts: (
        "CASE WHEN instr({t}, char(31)) > 0 THEN NOT EXISTS (SELECT 1 FROM json_each('[' ||"  # noqa: S608
        " replace(json_quote(replace({t}, '\\', char(1))), '\\u001f', '\",\"') || ']') part"
        " WHERE instr(char(10) || "
        + _WORDS
        + ", char(10) || trim(part.value, "
        + SPACES
        + ") || char(10)) = 0)"
        " ELSE 0 END"
    ),
    c.has_pattern: "has_pattern(CAST({t} AS BLOB), {1})",
    c.has_word: (
        "CASE WHEN instr({t}, char(31)) > 0 THEN has_word(CAST({t} AS BLOB), {1}) ELSE 0 END"
    ),
    c.raised: f"upper(trim(CAST({{0}} AS TEXT), {SPACES}))",
    c.is_sign: f"trim(CAST({{0}} AS TEXT), {SPACES}) = {{1}}",
    c.folded: f"CASE {{0}} {_AT_ONCE} ELSE {_FOLDED} END",
    c.begins_otherwise: (
        "unicode({0}) BETWEEN 33 AND 126 AND instr({1}, substr({t}, 1, 1)) = 0"
    ),
    c.looks_dated: f"({_GLOBS})",
    # a text goes to Python as bytes; the driver would refuse invalid UTF-8
    c.text_mark: (
        "text_mark(CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) ELSE {0} END,"
        " CASE typeof({1}) WHEN 'text' THEN CAST({1} AS BLOB) ELSE {1} END,"
        " (typeof({0}) = 'text') + 2 * (typeof({1}) = 'text'))"
    ),
}
SQL: Final = with_text(_SQL, "CAST({0} AS TEXT)")
