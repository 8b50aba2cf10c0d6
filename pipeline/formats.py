"""Text that stands for days, instants and amounts, as a preset declares it: read by Python here, by DuckDB in SQL.

The two readings share the declaration and nothing else, so that the proof compares them. Both are strict: a text is
read if it is exactly what its format would write, white space around it aside. Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Date, case, cast, func, literal, literal_column, null, or_
from sqlalchemy.sql.elements import ColumnElement

from pipeline.money import ODD_FACTORS, digits_of
from pipeline.presets import MONTHS, Amount, Formats, Preset
from pipeline.sql import (
    LARGEST_AMOUNT,
    WHITE_SPACE,
    WHITE_SPACE_CLASS,
    blank,
    decimal_units,
    empty_word,
    local_micros,
    micros,
    moment_in,
    one_of_words,
    plain_number,
    stripped,
)

UNREADABLE: Final = object()
"""Something was entered that cannot be read: counted apart, in no figure, and never guessed."""

_ZONED: Final = (1900, 2100)  # the years of which a zone's transitions are known to both readings
_SPACES_AS_THOUSANDS: Final = " \u00a0\u202f"
_DIRECTIVES: Final = {
    "Y": "(?P<Y>[0-9]{4})", "y": "(?P<y>[0-9]{2})", "B": f"(?P<B>{'|'.join(MONTHS)})",
    "b": f"(?P<b>{'|'.join(month[:3] for month in MONTHS)})",
    "m": "(?P<m>0[1-9]|1[0-2])", "-m": "(?P<m>[1-9]|1[0-2])",
    "d": "(?P<d>0[1-9]|[12][0-9]|3[01])", "-d": "(?P<d>[1-9]|[12][0-9]|3[01])",
    "H": "(?P<H>[01][0-9]|2[0-3])", "-H": "(?P<H>1?[0-9]|2[0-3])",
    "I": "(?P<I>0[1-9]|1[0-2])", "-I": "(?P<I>[1-9]|1[0-2])",
    "M": "(?P<M>[0-5][0-9])", "S": "(?P<S>[0-5][0-9])", "p": "(?P<p>AM|PM)",
    "f": "(?P<f>[0-9]{6})", "g": "(?P<g>[0-9]{3})",
}  # fmt: skip
_DIRECTIVE: Final = re.compile("%(-?[A-Za-z])")


@dataclass(frozen=True, slots=True)
class Rules:
    """How what was entered is read: declared formats (None: the database's own types), empty words, and a zone."""

    formats: Formats | None = None
    empty: frozenset[str] = frozenset()
    zone: str = "UTC"

    @classmethod
    def of(cls, preset: Preset, zone: str) -> Rules:
        """The preset's rules in an audit of that zone."""
        formats = preset.formats or (Formats() if "files" in preset.dialects else None)
        declared = formats.zone if formats else "UTC"
        return cls(formats, frozenset(preset.empty), zone if declared == "audit" else declared)

    # ---------------------------------------------------------------------------------------- in Python

    def is_empty(self, value: Any) -> bool:
        """A declared empty word, white space around it aside."""
        return isinstance(value, str) and value.strip(WHITE_SPACE) in self.empty

    def day(self, value: str | None) -> Any:
        """The calendar day; None where nothing was entered."""
        moment = self._moment(value, self.formats.day if self.formats else ())
        return moment.date() if isinstance(moment, datetime) else moment

    def instant(self, value: str | None) -> Any:
        """The instant in UTC. Of a local time that exists twice the first; one that is skipped, as if it was not."""
        moment = self._moment(value, self.formats.instant if self.formats else ())
        if not isinstance(moment, datetime):
            return moment
        if self.zone == "UTC":
            return moment.replace(tzinfo=UTC)
        if not _ZONED[0] <= moment.year < _ZONED[1]:
            return UNREADABLE
        return moment.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def money(self, value: str | None, currency: str | None) -> Any:
        """The amount in minor units; None where nothing was entered."""
        text = (value or "").strip(WHITE_SPACE)
        if not text:
            return None
        if not (currency or "").strip(WHITE_SPACE):
            return UNREADABLE
        for amount in self.formats.amount if self.formats else ():
            if (plain := _plain(text, amount)) is not None:
                return _minor(*plain, digits_of(currency or ""))
        return UNREADABLE

    def _moment(self, value: str | None, formats: Sequence[str]) -> Any:
        text = (value or "").strip(WHITE_SPACE)
        if not text or text in _zeros(formats):
            return None
        return next((moment for one in formats if (moment := _read(text, one)) is not None), UNREADABLE)

    # ---------------------------------------------------------------------------------------- in SQL

    def kept(self, entered: ColumnElement[Any]) -> ColumnElement[Any]:
        """What was entered, and NULL for a declared empty word."""
        words = [empty_word(entered, word) for word in sorted(self.empty)]
        return case((or_(*words), null()), else_=entered) if words else entered

    def day_of(self, entered: ColumnElement[Any]) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
        """(the day or NULL, whether nothing was entered)."""
        formats = self.formats.day if self.formats else ()
        moments = [moment_in(stripped(entered), literal(one)) for one in formats]
        return cast(func.coalesce(*moments, null()), Date), _nothing(entered, formats)

    def micros_of(self, entered: ColumnElement[Any]) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
        """(microseconds or NULL, whether nothing was entered)."""
        formats = self.formats.instant if self.formats else ()
        value: ColumnElement[Any] = micros(
            func.coalesce(*(moment_in(stripped(entered), literal(one)) for one in formats), null())
        )
        if self.zone != "UTC":
            bounds, offsets = _transitions(self.zone)
            value = local_micros(value, literal_column(bounds), literal_column(offsets))
        return value, _nothing(entered, formats)

    def units_of(self, entered: ColumnElement[Any], currency: ColumnElement[Any]) -> ColumnElement[Any]:
        """Minor units, or NULL."""
        numbers = [
            plain_number(stripped(entered), _pattern(amount), _thousands(amount), amount.decimal)
            for amount in (self.formats.amount if self.formats else ())
        ]
        by_digits = {digits: [code for code in ODD_FACTORS if digits_of(code) == digits] for digits in (0, 3, 4)}
        digits = case(*((one_of_words(currency, codes), n) for n, codes in by_digits.items()), else_=2)
        return decimal_units(func.coalesce(*numbers, null()), digits)


# ------------------------------------------------------------------------------------------------ days and instants


@cache
def _zeros(formats: Sequence[str]) -> frozenset[str]:
    """Zero dates: what a format writes of nothing but zeros, and the way in which databases write it."""
    widths = {"Y": 4, "f": 6, "g": 3}

    def zero(match: re.Match[str]) -> str:
        return "0" * (1 if match[1].startswith("-") else widths.get(match[1], 2))

    return frozenset(_DIRECTIVE.sub(zero, one) for one in formats) | {"0000-00-00", "0000-00-00 00:00:00"}


def _nothing(entered: ColumnElement[Any], formats: Sequence[str]) -> ColumnElement[bool]:
    return or_(blank(entered), *(empty_word(entered, zero) for zero in sorted(_zeros(formats))))


@cache
def _reader(written: str) -> re.Pattern[str]:
    parts = _DIRECTIVE.split(written)  # literal, directive, literal, …
    return re.compile("".join(_DIRECTIVES[part] if n % 2 else re.escape(part) for n, part in enumerate(parts)))


def _read(text: str, written: str) -> datetime | None:
    found = _reader(written).fullmatch(text)
    if found is None:
        return None
    of = found.groupdict()

    def number(name: str) -> int:
        return int(of.get(name) or 0)

    names = [month[: len(of.get("b") or of.get("B") or "")] for month in MONTHS]
    month = names.index(of.get("b") or of.get("B") or "") + 1 if "b" in of or "B" in of else number("m")
    short = number("y")
    year = number("Y") if "Y" in of else short + (2000 if short < 69 else 1900)
    hour = number("I") % 12 + 12 * (of["p"] == "PM") if "I" in of else number("H")
    try:
        return datetime(  # noqa: DTZ001 - in the declared zone
            year, month, number("d"), hour, number("M"), number("S"), number("f") + 1000 * number("g")
        )
    except ValueError:
        return None


@cache
def _transitions(zone: str) -> tuple[str, str]:
    """The local times (as if they were UTC) at which the offset changes, and the offsets between: lists for DuckDB.

    A local time before the later of both clocks' readings still has the old offset: so of one that exists twice the
    first is meant, as in Python.
    """
    place = ZoneInfo(zone)

    def offset(second: int) -> int:
        return int(((datetime.fromtimestamp(second, place)).utcoffset() or timedelta()).total_seconds())

    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in _ZONED)
    bounds: list[int] = []
    offsets = [offset(first - 86_400)]
    for day in range(first, last + 86_400, 86_400):
        if (now := offset(day)) != offsets[-1]:
            bounds.append(_change(offset, day - 86_400, day) + max(now, offsets[-1]))
            offsets.append(now)
    in_micros = [str(1_000_000 * second) for second in (first, *bounds, last)]
    shifts = ["NULL", *(str(1_000_000 * shift) for shift in offsets), "NULL"]  # outside the known years: unreadable
    return ", ".join(in_micros), ", ".join(shifts)


def _change(offset: Callable[[int], int], before: int, after: int) -> int:
    """The first second with the new offset."""
    old = offset(before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(middle) == old else (before, middle)
    return after


# ------------------------------------------------------------------------------------------------ amounts


def _thousands(amount: Amount) -> str:
    return _SPACES_AS_THOUSANDS if amount.thousands == " " else amount.thousands


def _plain(text: str, amount: Amount) -> tuple[bool, str, str] | None:
    """(negative, whole digits, decimals) of a text like '-€ 1.234,50'; None where it is not of this format."""
    negative, signed = False, False
    signs = sorted(amount.signs, key=len, reverse=True)  # EUR is not E and something else
    while text and not "0" <= text[0] <= "9":
        sign = next((one for one in signs if text.startswith(one)), None)
        if text[0] == "-" and not negative:
            negative, text = True, text[1:]
        elif sign is not None and not signed:
            signed, text = True, text[len(sign) :]
        else:
            return None
        text = text.lstrip(WHITE_SPACE)
    if not signed and (sign := next((one for one in signs if text.endswith(one)), None)) is not None:
        text = text.removesuffix(sign).rstrip(WHITE_SPACE)
    whole, mark, decimals = text.partition(amount.decimal)
    if not _digits(decimals) and mark:
        return None
    first, *groups = re.split(f"[{_thousands(amount)}]", whole) if amount.thousands else [whole]
    if not _digits(first) or (groups and len(first) > 3) or any(len(g) != 3 or not _digits(g) for g in groups):
        return None
    return negative, first + "".join(groups), decimals


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _minor(negative: bool, whole: str, decimals: str, digits: int) -> Any:
    """Exact, and without turning thousands of digits into an integer."""
    whole, decimals = whole.lstrip("0"), decimals.rstrip("0")
    if len(decimals) > digits or len(whole) + digits > 20:
        return UNREADABLE
    units = int(whole + decimals.ljust(digits, "0") or "0")
    return UNREADABLE if units >= LARGEST_AMOUNT else -units if negative else units


def _pattern(amount: Amount) -> str:
    """The same in RE2, for DuckDB: one minus and one sign at most, both before the digits, or the sign behind."""
    space = f"[{WHITE_SPACE_CLASS}]*"
    sign = "(?:" + "|".join(map(_escaped, sorted(amount.signs, key=len, reverse=True))) + ")" if amount.signs else ""
    mark, thousands = _escaped(amount.decimal), "".join(map(_escaped, _thousands(amount)))
    grouped = f"[0-9]{{1,3}}(?:[{thousands}][0-9]{{3}})+|" if thousands else ""
    number = f"(?:{grouped}[0-9]+)(?:{mark}[0-9]+)?"
    bare = f"(?:-{space})?{number}"
    if not sign:
        return bare
    return f"(?:-{space})?{sign}{space}{number}|{sign}{space}-{space}{number}|{bare}(?:{space}{sign})?"


def _escaped(text: str) -> str:
    return "".join(f"\\x{{{ord(character):X}}}" for character in text)
