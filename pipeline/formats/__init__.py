"""Reads entered values by a preset's declared formats of days, instants and amounts.

Formats apply to text; a database's own days, instants and numbers are read as they are. The
proof compares two readings: Python's (`values/texts`) and that of the database's SQL
(`databases/sql`). They share only the declaration, except on SQLite, which calls Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Date, Text, case, func, literal, null, or_
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import (
    as_text,
    blank,
    day_at,
    decimal_units,
    empty_word,
    one_of_words,
    stripped,
    written_day,
    written_instant,
    written_micros,
)
from pipeline.databases.constructs import plain_number as number_in
from pipeline.databases.zones import day_in, day_of_offset, in_utc_of
from pipeline.formats.contents import empty_parts, unseen
from pipeline.formats.currencies import SIGNS
from pipeline.model import Kind
from pipeline.presets import Amount, Formats, Preset
from pipeline.values.contents import SEVERAL, Content, is_empty_in_parts
from pipeline.values.money import ODD_FACTORS, digits_of
from pipeline.values.texts import (
    DIRECTIVE,
    UNREADABLE,
    in_utc,
    instant_of,
    local_day,
    minor_units,
    plain_number,
    read_moment,
    text_of,
)
from pipeline.values.white_space import WHITE_SPACE, WHITE_SPACE_CLASS

_SPACES_AS_THOUSANDS: Final = " \u00a0\u202f"


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How entries are read: by declared formats (None: the database's types), words and zones."""

    formats: Formats | None = None
    empty: frozenset[str] = frozenset()
    zone: str = "UTC"  # of texts without an offset
    datetimes: str = "UTC"  # of the database's own datetimes that name no zone
    home: str = "UTC"  # the audit's zone, which turns an instant into a day
    exact: bool = False  # nothing may surround a text, not even white space
    # 'entity.column' -> HTML or JSON
    contents: Mapping[str, Content] = field(default_factory=dict)
    currency: str = ""  # of amounts that name none
    # currency sign -> code
    signs: Mapping[str, str] = field(default_factory=lambda: SIGNS)

    @classmethod
    def of(cls, preset: Preset, zone: str, currency: str = "") -> ReadingRules:
        """The preset's rules in an audit with this zone and currency."""
        formats = preset.formats or (Formats() if "files" in preset.dialects else None)
        datetimes = zone if preset.datetimes == "audit" else preset.datetimes
        written = zone if preset.text_zone == "audit" else preset.text_zone
        contents = {
            name: Content("json", tuple(what["json"]))
            if isinstance(what, dict)
            else Content(what)
            for name, what in preset.contents.items()
        }
        return cls(
            formats,
            frozenset(preset.empty),
            written,
            datetimes,
            home=zone,
            contents=contents,
            currency=currency,
            signs={**SIGNS, **preset.currencies},
        )

    # -------------------------------------------------------------------------------- in Python

    def is_empty(self, value: Any) -> bool:
        """Whether the value is a declared empty word, or consists of empty or blank values."""
        value = text_of(value)
        if not isinstance(value, str):
            return False
        return value.strip(WHITE_SPACE) in self.empty or (
            SEVERAL in value and is_empty_in_parts(value, self.empty)
        )

    def may_drop(self, entity: str, name: str) -> bool:
        """Whether a text of this column that is not blank can count as missing."""
        return bool(self.empty) or f"{entity}.{name}" in self.contents

    def day(self, value: str | None) -> Any:
        """The calendar day; None if nothing was entered.

        An instant takes its day in the audit's zone; a moment without offset keeps its own.
        """
        moment = self._moment(value, self.formats.day if self.formats else ())
        if not isinstance(moment, datetime):
            return moment
        day = local_day(moment, self.home)
        return UNREADABLE if day is None else day

    def instant(self, value: str | None) -> Any:
        """The instant in UTC. An ambiguous local time is the earlier instant; a skipped
        one keeps the old offset.
        """
        moment = self._moment(value, self.formats.instant if self.formats else ())
        if not isinstance(moment, datetime):
            return moment
        instant = in_utc(moment, self.zone) if moment.tzinfo is None else instant_of(moment)
        return UNREADABLE if instant is None else instant

    def own_instant(self, moment: datetime) -> Any:
        """A database's datetime as an instant in UTC; without a zone it is in `datetimes`."""
        instant = (
            in_utc(moment, self.datetimes) if moment.tzinfo is None else moment.astimezone(UTC)
        )
        return UNREADABLE if instant is None else instant

    def own_day(self, moment: datetime) -> Any:
        """The day of a database's datetime in the audit's zone."""
        if moment.tzinfo is None and self.datetimes == self.home:
            return moment.date()
        instant = self.own_instant(moment)
        day = None if instant is UNREADABLE else local_day(instant, self.home)
        return UNREADABLE if day is None else day

    def money(self, value: str | None, currency: str | None) -> Any:
        """The amount in minor units; None if nothing was entered."""
        text = (value or "").strip(WHITE_SPACE)
        if not text:
            return None
        if not (currency or "").strip(WHITE_SPACE):
            return UNREADABLE
        for amount in self.formats.amount if self.formats else ():
            if (
                plain := plain_number(text, amount.decimal, _thousands(amount), amount.signs)
            ) is not None:
                units = minor_units(plain, digits_of(currency or ""))
                return UNREADABLE if units is None else units
        return UNREADABLE

    def _moment(self, value: str | None, formats: Sequence[str]) -> Any:
        text = (value or "").strip(WHITE_SPACE)
        if not text or text in _zeros(formats):
            return None
        return next(
            (
                moment
                for written in formats
                if (moment := read_moment(text, written)) is not None
            ),
            UNREADABLE,
        )

    # ----------------------------------------------------------------------------------- in SQL

    def for_text(self) -> ReadingRules:
        """The rules for a text column: the declared formats, otherwise exactly ISO."""
        return (
            self if self.formats is not None else replace(self, formats=Formats(), exact=True)
        )

    def kept(
        self,
        entered: ColumnElement[Any],
        text: ColumnElement[Any] | None = None,
        content: Content | None = None,
    ) -> ColumnElement[Any]:
        """The entry, or the `text` made of it; NULL for an empty word or invisible content."""
        nothing: list[ColumnElement[bool]] = [
            empty_word(entered, word) for word in sorted(self.empty)
        ]
        if nothing and text is None:
            nothing.append(empty_parts(entered, sorted(self.empty)))
        if content is not None:
            nothing.append(unseen(content, entered))
        value = entered if text is None else text
        return case((or_(*nothing), null()), else_=value) if nothing else value

    def text_in(self, entered: ColumnElement[Any]) -> ColumnElement[Any]:
        """The text to be read by the methods below."""
        return self.kept(entered, as_text(entered) if self.exact else stripped(entered))

    def nothing(self, text: ColumnElement[Any], kind: Kind) -> ColumnElement[bool]:
        """Nothing was entered: NULL, white space, or a zero date."""
        if kind is Kind.MONEY:
            return blank(text)
        if self.exact:
            return or_(blank(text), one_of_words(func.substr(text, 1, 10), ["0000-00-00"]))
        return or_(blank(text), one_of_words(text, sorted(_zeros(self._formats_of(kind)))))

    def day_of(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """The day, or NULL."""
        days = [self._day_by(text, written) for written in self._formats_of(Kind.DAY)]
        return func.coalesce(*days, null(), type_=Date())

    def _day_by(self, text: ColumnElement[Any], written: str) -> ColumnElement[Any]:
        if not written.endswith("%z"):
            return written_day(text, literal(written))
        return day_of_offset(text, written, self.home)

    def micros_of(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Microseconds since 1970, or NULL."""
        formats = self._formats_of(Kind.INSTANT)
        instants = [
            written_instant(text, literal(written))
            for written in formats
            if written.endswith("%z")
        ]
        moments = [
            written_micros(text, literal(written))
            for written in formats
            if not written.endswith("%z")
        ]
        if not moments:
            return func.coalesce(*instants, null(), type_=BigInteger())
        value = in_utc_of(func.coalesce(*moments, null(), type_=BigInteger()), self.zone)
        return func.coalesce(*instants, value, type_=BigInteger()) if instants else value

    def own_micros(self, moment: ColumnElement[Any], *, instant: bool) -> ColumnElement[Any]:
        """Microseconds in UTC of a database's datetime, or NULL; an `instant` is in UTC already."""
        return moment if instant else in_utc_of(moment, self.datetimes)

    def own_day_of(self, moment: ColumnElement[Any], *, instant: bool) -> ColumnElement[Any]:
        """The day of a database's datetime in the audit's zone, or NULL."""
        if not instant and self.datetimes == self.home:
            return day_at(moment)
        return day_in(self.own_micros(moment, instant=instant), self.home)

    def number_of(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """The amount as '-1234.5', or NULL."""
        numbers = [
            number_in(
                text,
                literal(_pattern(amount)),
                literal(_thousands(amount)),
                literal(amount.decimal),
                literal(" ".join(amount.signs)),
            )
            for amount in (self.formats.amount if self.formats else ())
        ]
        return func.coalesce(*numbers, null(), type_=Text())

    def _formats_of(self, kind: Kind) -> Sequence[str]:
        if self.formats is None:
            return ()
        return self.formats.day if kind is Kind.DAY else self.formats.instant


def units_of(number: ColumnElement[Any], currency: ColumnElement[Any]) -> ColumnElement[Any]:
    """Minor units of '-1234.5', or NULL."""
    return decimal_units(number, _digits_in(currency))


def _digits_in(currency: ColumnElement[Any]) -> ColumnElement[int]:
    by_digits = {
        digits: [code for code in ODD_FACTORS if digits_of(code) == digits]
        for digits in (0, 3, 4)
    }
    return case(
        *((one_of_words(currency, codes), n) for n, codes in by_digits.items()), else_=2
    )


# ---------------------------------------------------------------------------- days and instants


@cache
def _zeros(formats: Sequence[str]) -> frozenset[str]:
    """Zero dates in these formats, and as databases write them."""
    widths = {"Y": 4, "f": 6, "g": 3}

    def zero(match: re.Match[str]) -> str:
        return "0" * (1 if match[1].startswith("-") else widths.get(match[1], 2))

    offsets = ("Z", "+0000", "+00:00")
    written = {text.replace("%z", offset) for text in formats for offset in offsets}
    return frozenset(DIRECTIVE.sub(zero, text) for text in written) | {
        "0000-00-00",
        "0000-00-00 00:00:00",
    }


# -------------------------------------------------------------------------------------- amounts


def _thousands(amount: Amount) -> str:
    return _SPACES_AS_THOUSANDS if amount.thousands == " " else amount.thousands


def _pattern(amount: Amount) -> str:
    """A regular expression for an amount.

    It allows one minus before the digits, and one currency sign before or after them.
    """
    space = f"[{WHITE_SPACE_CLASS}]*"
    sign = (
        "(?:" + "|".join(map(_escaped, sorted(amount.signs, key=len, reverse=True))) + ")"
        if amount.signs
        else ""
    )
    mark, thousands = _escaped(amount.decimal), "".join(map(_escaped, _thousands(amount)))
    grouped = f"[0-9]{{1,3}}(?:[{thousands}][0-9]{{3}})+|" if thousands else ""
    number = f"(?:{grouped}[0-9]+)(?:{mark}[0-9]+)?"
    bare = f"(?:-{space})?{number}"
    if not sign:
        return bare
    return f"(?:-{space})?{sign}{space}{number}|{sign}{space}-{space}{number}|{bare}(?:{space}{sign})?"


def _escaped(text: str) -> str:
    return "".join(f"\\x{{{ord(character):X}}}" for character in text)
