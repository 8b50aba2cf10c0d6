"""Masks cells of the CRM: shows the kind of contents, but nobody's data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pipeline.model import DATED, Kind
from pipeline.values.flags import read_flag

SEVERAL: Final = "\x1f"
"""Separates values of several columns of one kind."""
NOTHING: Final = "–"
_CELL: Final = 11
_FLAGS: Final = {1: "yes", 0: "no", None: NOTHING}
_ANONYMOUS: Final = re.compile(r"[A-Za-z]{0,2}\d+|(?=.*\d)[0-9a-fA-F-]+")


def mask(column: str, kind: Kind, value: Any, words: Iterable[str], zone: ZoneInfo) -> str:
    """A cell that shows the kind of its contents, and at most a first letter of anybody's data."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if value is None or not text.strip():
        return NOTHING
    if kind in DATED:
        return _dated(value, zone)
    if kind is Kind.FLAG:
        return _FLAGS.get(read_flag(value)) or _initial(text)
    if (text in words or column in ("parent_kind", "person_kind")) and text.isprintable():
        return text  # the CRM's own words
    how = _BY_KIND.get(kind) or _BY_COLUMN.get(column)
    if how is None:  # ids are cut; other texts may be about people
        how = _identifier if column == "id" or column.endswith("_id") else _length
    return how(text)


def _initial(text: str) -> str:
    first = text.strip()[0]
    return f"{first if first.isprintable() else '?'}…"


def _length(text: str) -> str:
    return f"{len(text):,} chars"


def _email(text: str) -> str:
    return f"{_initial(text)}@…" if "@" in text else _initial(text)


def _currency(text: str) -> str:
    return text if re.fullmatch("[A-Z]{3}", text) else _initial(text)


def _digits(text: str) -> str:
    numbers = ("".join(number.split()) for number in text.split(SEVERAL))
    shown = ", ".join(re.sub(r"[^\d+()/.,-]", "?", number) for number in numbers if number)
    return _cut(re.sub(r"\d", "x", shown))


def _identifier(text: str) -> str:
    """Shows numbers and hexadecimal ids, which identify nobody; words may be a name."""
    return _cut(text) if _ANONYMOUS.fullmatch(text) else _initial(text)


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _dated(value: Any, zone: ZoneInfo) -> str:
    """The day, in the audit's zone; the range table has the minutes."""
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return moment.astimezone(zone).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    try:
        return (
            _dated(datetime.fromisoformat(text), zone)
            if len(text) > 10
            else date.fromisoformat(text).isoformat()
        )
    except ValueError:
        return _digits(text)


_BY_KIND: Final[Mapping[Kind, Callable[[str], str]]] = {Kind.MONEY: _digits}
_BY_COLUMN: Final[Mapping[str, Callable[[str], str]]] = {
    "phone": _digits,
    "email": _email,
    "currency": _currency,
    **dict.fromkeys(
        ("first_name", "last_name", "name", "team", "status", "stage", "direction"), _initial
    ),
}
