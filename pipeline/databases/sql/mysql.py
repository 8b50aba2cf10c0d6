"""MariaDB's and MySQL's SQL.

Texts are compared as bytes, because their collations hold 'a' and 'a ' to be equal. Regular
expressions are PCRE's or ICU's.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Dialect, literal

import pipeline.databases.constructs as c
from pipeline.databases.sql.parts import (
    CALENDAR,
    CLOCK,
    NOT_SPACE,
    OPENS,
    WITHIN,
    Filled,
    Sql,
    with_text,
)
from pipeline.databases.sql.pieces import (
    day_by_offset,
    day_by_pieces,
    instant_by_offset,
    micros_by_pieces,
)
from pipeline.values.contents import SEVERAL
from pipeline.values.flags import DATED
from pipeline.values.money import LARGEST_AMOUNT
from pipeline.values.patterns import (
    LONGEST,
    by_hex,
    parse_pattern,
    written,
    written_of_several,
)
from pipeline.values.white_space import WHITE_SPACE_CLASS

_NOT_SPACE: Final = NOT_SPACE.replace("\\", "\\\\")
_RUN_OF_SPACES: Final = "[" + WHITE_SPACE_CLASS.replace("\\", "\\\\") + "]*+"
# from the first to the last character that is not white space, passing each run once
_STRIPPED: Final = (
    "COALESCE(REGEXP_SUBSTR(CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin,"
    f" '(?s)[^{WHITE_SPACE_CLASS}](?:.*[^{WHITE_SPACE_CLASS}])?'), '')".replace("\\", "\\\\")
)
# bytes stay as they are: CONVERT would turn some that are not UTF-8 into '?'
_EXACT: Final = "IF(CHARSET({0}) = 'binary', CAST({0} AS BINARY), CAST(CONVERT({0} USING utf8mb4) AS BINARY))"
_AS_TEXT: Final = "CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin"
_BYTES: Final = f"CASE WHEN CHARSET({{0}}) <> 'binary' THEN {{text}} WHEN {_STRIPPED} <> '' THEN '\ufffd' END"
_WHOLE: Final = "TRIM(LEADING '0' FROM REPLACE(SUBSTRING_INDEX({0}, '.', 1), '-', ''))"
_PART: Final = (
    "TRIM(TRAILING '0' FROM IF(LOCATE('.', {0}) > 0, SUBSTRING_INDEX({0}, '.', -1), ''))"
)
# non-ASCII becomes '?'; otherwise LOWER would turn the kelvin sign into k
_FOLDED: Final = f"LOWER(CONVERT({_STRIPPED} USING ascii))"
_BYTE: Final = "ASCII(CONVERT({0} USING utf8mb4))"
_UTF8: Final = "CAST(CONVERT(%s USING utf8mb4) AS BINARY)"


_BETWEEN: Final = f"CONCAT(CHAR(31), CAST({_AS_TEXT} AS BINARY), CHAR(31))"


def _empty_parts(element: c.Construct[Any], _: Dialect) -> Filled:
    """MySQL has no lists, so this is one regular expression."""
    text, words = element.clauses
    inner = WHITE_SPACE_CLASS.replace(r"\x{1C}-\x{20}", r"\x{1C}-\x{1E}\x{20}")
    empty_words = str(words.value).split("\n")  # a literal
    known = "|".join(f"\\Q{word}\\E" for word in sorted(empty_words, key=len, reverse=True))
    part = f"[{inner}]*+(?:{known})?[{inner}]*+"
    pattern = literal(f"^{part}(?:\\x{{1F}}{part})*\\z")
    template = "CASE WHEN LOCATE(CHAR(31), {t}) > 0 THEN {t} REGEXP {1} ELSE 0 END"
    return Filled(template.replace("{t}", _AS_TEXT), (text, pattern))


def _has_pattern(element: c.Construct[Any], _: Dialect) -> Filled:
    text, pattern = element.clauses
    node = parse_pattern(str(pattern.value))  # a literal
    template = (
        f"CHAR_LENGTH({{t}}) <= {LONGEST} AND CASE WHEN LOCATE(CHAR(31), {{t}}) = 0"
        " THEN {t} REGEXP {1} ELSE {t} REGEXP {2} END"
    )
    patterns = written(node, by_hex), written_of_several(node, by_hex)
    whole = (literal(f"\\A{pattern}\\z") for pattern in patterns)
    return Filled(template.replace("{t}", _AS_TEXT), (text, *whole))


def _has_word(element: c.Construct[Any], _: Dialect) -> Filled:
    """MySQL has no lists: each word is looked for between two separators."""
    text, words = element.clauses
    separated = (f"{SEVERAL}{word}{SEVERAL}" for word in str(words.value).split(SEVERAL))
    found = " OR ".join(
        f"LOCATE(UNHEX('{word.encode().hex()}'), {_BETWEEN}) > 0" for word in separated
    )
    template = f"CASE WHEN LOCATE(CHAR(31), {_AS_TEXT}) > 0 THEN ({found}) ELSE FALSE END"
    return Filled(template, (text,))


_SQL: Final[Sql] = {
    c.blank: (
        "(CASE WHEN ASCII(CONVERT({0} USING utf8mb4)) BETWEEN 33 AND 126 THEN FALSE"
        " ELSE {0} IS NULL OR CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin NOT REGEXP "
        + _NOT_SPACE
        + " END)"
    ),
    c.letters: "CAST(CONVERT({0} USING utf8mb4) AS BINARY)",
    c.same_bytes: "CAST({0} AS BINARY) = CAST({1} AS BINARY)",
    # bytes on MariaDB, whose binary collations still hold 'a' and 'a ' to be equal
    c.exact_text: _EXACT,
    c.derived_key: _EXACT,
    c.micros: "CASE WHEN YEAR({0}) > 0 THEN TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', {0}) END",
    c.day_of: "CASE WHEN YEAR({0}) > 0 AND TO_DAYS({0}) IS NOT NULL THEN {0} END",
    c.no_date: "({0} IS NULL OR {0} = '0000-00-00')",
    c.whole_units: "CASE WHEN {0} = FLOOR({0}) AND " + WITHIN + " THEN CAST({0} AS SIGNED) END",
    c.minor_units: (
        "CASE WHEN ABS(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1}) < "
        + str(LARGEST_AMOUNT)
        + " AND"
        " CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1} = FLOOR(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1})"
        # an amount too small for 20 decimals is not zero
        " AND ({0} = 0) = (CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) = 0)"
        " THEN CAST(CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20)) * {1} AS SIGNED) END"
    ),
    # the server writes six digits; CAST to FLOAT tests whether they suffice
    c.single_amount: (
        "CASE WHEN CAST(CAST({0} AS CHAR) AS FLOAT) = {0} THEN CAST(CAST({0} AS CHAR) AS DECIMAL(65, 20))"
        " WHEN {0} IS NOT NULL THEN CAST(1e-20 AS DECIMAL(65, 20)) END"
    ),
    # possessive; otherwise a long run of white space is tried from each of its characters
    c.empty_word: (
        "CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin REGEXP"
        " CONCAT('^" + _RUN_OF_SPACES + "\\\\Q', {1}, '\\\\E" + _RUN_OF_SPACES + "\\\\z')"
    ),
    c.as_text: _BYTES.replace("{text}", _AS_TEXT),
    c.stripped: _BYTES.replace("{text}", _STRIPPED),
    c.head: "LEFT({0}, CHAR_LENGTH({0}) - {1})",
    c.tail: "RIGHT({0}, {1})",
    c.day_at: "DATE('1970-01-01 00:00:00.000000' + INTERVAL {0} MICROSECOND)",
    c.local_micros: "{0} - CAST(ELT(1 + INTERVAL({0}, {1}), {2}) AS SIGNED)",
    c.plain_number: (
        "CASE WHEN {0} REGEXP CONCAT('^(?:', {1}, ')\\\\z') THEN CONCAT(IF(LOCATE('-', {0}) > 0, '-', ''),"
        " REPLACE(REGEXP_REPLACE(REGEXP_SUBSTR({0}, '[0-9](?:.*[0-9])?'), CONCAT('[^0-9', {3}, ']'), ''),"
        " {3}, '.')) END"
    ),
    # at most eighteen digits, so less than 10^18
    c.decimal_units: (
        f"CASE WHEN CHAR_LENGTH({_PART}) <= {{1}} AND CHAR_LENGTH({_WHOLE}) + {{1}} <= 18 THEN"
        f" IF(LEFT({{0}}, 1) = '-', -1, 1) * CAST(CONCAT('0', {_WHOLE}, RPAD({_PART}, {{1}}, '0'))"
        " AS SIGNED) END"
    ),
    c.matches: "{0} REGEXP CONCAT({1}, '\\\\z')",
    c.iso_day: f"CASE WHEN {{0}} REGEXP '{CALENDAR}\\\\z' THEN CAST({{0}} AS DATE) END",
    c.iso_micros: (
        f"CASE WHEN {{0}} REGEXP '{CALENDAR}{CLOCK}\\\\z' THEN"
        " TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', CAST({0} AS DATETIME(6))) END"
    ),
    c.unseen_html: (
        "CASE WHEN LOCATE('<', {t}) > 0 OR LOCATE('&', {t}) > 0 THEN"
        " REGEXP_REPLACE(REGEXP_REPLACE({t}, {1}, ''), {2}, '') NOT REGEXP "
        + _NOT_SPACE
        + " ELSE 0 END"
    ),
    c.unseen_json: (
        "CASE WHEN REGEXP_SUBSTR({t}, " + _NOT_SPACE + ") " + OPENS + " THEN"
        " REGEXP_REPLACE({t}, {2}, '') NOT REGEXP {1} ELSE 0 END"
    ),
    c.empty_parts: _empty_parts,
    # non-ASCII becomes '?'; otherwise UPPER would turn a long s into S
    c.has_pattern: _has_pattern,
    c.has_word: _has_word,
    c.raised: f"CONVERT(UPPER(CONVERT({_STRIPPED} USING ascii)) USING utf8mb4) COLLATE utf8mb4_bin",
    c.is_sign: f"CAST({_STRIPPED} AS BINARY) = UNHEX({{2}})",
    c.folded: (
        f"CONVERT(CASE WHEN CHARSET({{0}}) = 'binary' AND LENGTH({{0}}) = 1 AND {_BYTE} < 2"
        f" THEN {_BYTE} ELSE {_FOLDED} END USING utf8mb4) COLLATE utf8mb4_bin"
    ),
    c.begins_otherwise: f"{_BYTE} BETWEEN 33 AND 126 AND LOCATE(LEFT({_AS_TEXT}, 1), {{1}}) = 0",
    c.looks_dated: f"{{0}} REGEXP '{DATED}'",
    c.written_day: day_by_pieces,
    c.written_micros: micros_by_pieces,
    c.written_instant: instant_by_offset,
    c.written_local_day: day_by_offset,
    # CONVERT turns unreadable bytes into '?' and keeps halves of characters
    c.text_mark: (
        "CASE WHEN CHARSET({1}) = 'binary' AND (" + _UTF8 % "{1}" + " <> CAST({1} AS BINARY)"
        " OR CONVERT(CAST({1} AS BINARY) USING latin1) COLLATE latin1_bin REGEXP '\\\\x{ED}[\\\\x{A0}-\\\\x{BF}]')"
        " THEN NULL ELSE CAST(CONV(LEFT(MD5(CONCAT("
        + _UTF8 % "{0}"
        + ", 0x1F, "
        + _UTF8 % "{1}"
        + ")), 8), 16, 10) AS UNSIGNED) END"
    ),
}
SQL: Final = with_text(_SQL, _AS_TEXT)
