"""Yes and no: the words that say so, as Python reads them and as each database does.

A flag is written as a word of the table below, as a number or a truth value, as a byte (MySQL's
BIT), or as the date on which it was set. NULL and blank say no. Anything else is unreadable: a
mark of deletion that nobody understands must neither delete a record nor keep it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Text, case, func, null, or_
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from pipeline.databases.expressions import SPACES, STRIPPED_MYSQL, compiles_by
from pipeline.values.texts import UNREADABLE, text_of
from pipeline.values.white_space import WHITE_SPACE

YES: Final = (
    "1",
    "-1",
    "1.0",
    "-1.0",
    "true",
    "t",
    "yes",
    "y",
    "ja",
    "j",
    "waar",
    "on",
    "aan",
    "x",
)
"""In small letters, white space around them aside. -1 is what Access writes, 1.0 a float."""

NO: Final = ("0", "0.0", "false", "f", "no", "n", "nee", "onwaar", "off", "uit")
"""What says no beside nothing at all."""

_NO_DATE: Final = ("0000-", "0000/", "0000.", "00-00", "00/00", "00.00")
"""How a zero date begins, which is no date."""

_BITS: Final = {b"\x00": 0, b"\x01": 1}
_MARKS: Final = "[-/.]"
_WIDTHS: Final = (*product((4,), (1, 2), (1, 2)), *product((1, 2), (1, 2), (4, 2)))
"""Digits of the three parts of a date, whichever of them is the year."""
_SHAPES: Final = tuple(_MARKS.join("[0-9]" * width for width in widths) for widths in _WIDTHS)
_AFTER: Final = "[ t,]"
"""What may stand between a date and its time of day."""
_DATED: Final = f"^({'|'.join(_SHAPES)})($|{_AFTER})"


def read_flag(value: Any) -> Any:
    """1 or 0; None where nothing was entered, UNREADABLE where something else was."""
    if value is None:
        return None
    if isinstance(value, bytes) and value in _BITS:
        return _BITS[value]
    text = str(text_of(value)).strip(WHITE_SPACE)
    if not text:
        return None
    word = text.lower() if text.isascii() else ""
    if word[:5] in _NO_DATE:
        return None
    if word in YES or re.search(_DATED, word):
        return 1
    return 0 if word in NO else UNREADABLE


class folded(FunctionElement[str]):
    """folded(column): its text without white space around it, its ASCII
    capitals as small letters.
    """

    type: TypeEngine[str] = Text()
    inherit_cache = True


class looks_dated(FunctionElement[bool]):
    """looks_dated(text): it begins as a date does, and goes on as a time of day may."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


def flag_nothing(entered: ColumnElement[Any]) -> ColumnElement[bool]:
    """Nothing was entered: NULL, white space or a zero date."""
    word = folded(entered)
    return or_(entered.is_(None), word == "", func.substr(word, 1, 5).in_(_NO_DATE))


def flag_of(entered: ColumnElement[Any]) -> ColumnElement[Any]:
    """1 or 0; NULL where nothing was entered, and where it cannot be read."""
    word = folded(entered)
    return case(
        (func.substr(word, 1, 5).in_(_NO_DATE), null()),
        (word.in_(YES), 1),
        (word.in_(NO), 0),
        (looks_dated(word), 1),
        else_=null(),
    ).cast(BigInteger)


_SQLITE_AT_ONCE: Final = (
    "WHEN 1 THEN '1' WHEN 0 THEN '0' WHEN x'01' THEN '1' WHEN x'00' THEN '0'"
)
_FOLDED_SQLITE: Final = f"lower(trim(CAST({{0}} AS TEXT), {SPACES}))"
# what is no ASCII becomes a '?', or LOWER would make a k of the sign for kelvin
_FOLDED_MYSQL: Final = f"LOWER(CONVERT({STRIPPED_MYSQL} USING ascii))"
_BYTE_MYSQL: Final = "ASCII(CONVERT({0} USING utf8mb4))"
_GLOBS: Final = " OR ".join(
    f"{{0}} GLOB '{shape}{after}'" for shape in _SHAPES for after in ("", f"{_AFTER}*")
)

_TEMPLATES: Final[Mapping[type[FunctionElement[Any]], Mapping[str, str]]] = {
    folded: {
        "sqlite": f"CASE {{0}} {_SQLITE_AT_ONCE} ELSE {_FOLDED_SQLITE} END",
        "duckdb": f"translate(trim(CAST({{0}} AS VARCHAR), {SPACES}), '{ascii_uppercase}', '{ascii_lowercase}')",
        "mysql": f"CONVERT(CASE WHEN CHARSET({{0}}) = 'binary' AND LENGTH({{0}}) = 1 AND {_BYTE_MYSQL} < 2"
        f" THEN {_BYTE_MYSQL} ELSE {_FOLDED_MYSQL} END USING utf8mb4) COLLATE utf8mb4_bin",
        "postgresql": f'lower(btrim(CAST({{0}} AS text), {SPACES}) COLLATE "C")',
    },
    looks_dated: {
        "sqlite": f"({_GLOBS})",
        "duckdb": f"regexp_matches({{0}}, '{_DATED}')",
        "mysql": f"{{0}} REGEXP '{_DATED}'",
        "postgresql": f"{{0}} ~ '{_DATED}'",
    },
}


compiles_by(_TEMPLATES)
