"""Reads texts in Python: bytes as UTF-8, moments by format, amounts by their marks.

Reading is strict: a text must be exactly what its format would write; nothing is guessed.
SQLite has neither regular expressions nor exact decimals, so it calls these functions; every
other database has its own SQL.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from pipeline.values.money import LARGEST_AMOUNT
from pipeline.values.months import MONTHS
from pipeline.values.white_space import WHITE_SPACE

UNREADABLE: Final = object()
"""An entry that cannot be read: counted separately, in no other figure, never guessed."""

ZONED: Final = (1900, 2100)
"""The years for which both readings know a zone's transitions."""

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - in the declared zone
_MICROSECOND: Final = timedelta(microseconds=1)
_DIRECTIVES: Final = {
    "Y": "(?P<Y>[0-9]{4})",
    "y": "(?P<y>[0-9]{2})",
    "B": f"(?P<B>{'|'.join(MONTHS)})",
    "b": f"(?P<b>{'|'.join(month[:3] for month in MONTHS)})",
    "m": "(?P<m>0[1-9]|1[0-2])",
    "-m": "(?P<m>[1-9]|1[0-2])",
    "d": "(?P<d>0[1-9]|[12][0-9]|3[01])",
    "-d": "(?P<d>[1-9]|[12][0-9]|3[01])",
    "H": "(?P<H>[01][0-9]|2[0-3])",
    "-H": "(?P<H>1?[0-9]|2[0-3])",
    "I": "(?P<I>0[1-9]|1[0-2])",
    "-I": "(?P<I>[1-9]|1[0-2])",
    "M": "(?P<M>[0-5][0-9])",
    "S": "(?P<S>[0-5][0-9])",
    "p": "(?P<p>AM|PM)",
    "f": "(?P<f>[0-9]{6})",
    "g": "(?P<g>[0-9]{3})",
    "z": "(?P<z>Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])",
}
DIRECTIVE: Final = re.compile("%(-?[A-Za-z])")
"""A directive in a declared format."""
_PLAIN_DECIMAL: Final = re.compile("-?[0-9]+(?:[.][0-9]+)?")


# ---------------------------------------------------------------------------------------- bytes


class Undecodable(str):
    """A text from bytes that are not UTF-8; U+FFFD replaces what cannot be read."""

    __slots__ = ()


def decoded(data: bytes) -> str:
    """The text of these bytes; Undecodable if they are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return Undecodable(data.decode("utf-8", "replace"))


def text_of(value: Any) -> Any:
    """Bytes as text; everything else unchanged."""
    return decoded(value) if isinstance(value, bytes) else value


def fingerprint(record: str, text: str | None) -> int | None:
    """The first 32 bits of MD5(record id, U+001F, text), big-endian; None without UTF-8 text."""
    if text is None or isinstance(text, Undecodable):
        return None
    return fingerprint_of_bytes(record.encode(), text.encode())


def fingerprint_of_bytes(record: bytes, text: bytes) -> int | None:
    """The same for bytes, which may not be UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return None
    return int.from_bytes(
        hashlib.md5(b"%b\x1f%b" % (record, text), usedforsecurity=False).digest()[:4], "big"
    )


# -------------------------------------------------------------------------------------- moments


@cache
def _reader(written: str) -> re.Pattern[str]:
    parts = DIRECTIVE.split(written)  # literal, directive, literal, …
    return re.compile(
        "".join(_DIRECTIVES[part] if n % 2 else re.escape(part) for n, part in enumerate(parts))
    )


def read_moment(text: str, written: str) -> datetime | None:
    """The moment that the format writes exactly like this, or None.

    It has no zone unless the format writes an offset from UTC.
    """
    match = _reader(written).fullmatch(text)
    if match is None:
        return None
    of = match.groupdict()

    def number(name: str) -> int:
        return int(of.get(name) or 0)

    names = [month[: len(of.get("b") or of.get("B") or "")] for month in MONTHS]
    month = (
        names.index(of.get("b") or of.get("B") or "") + 1
        if "b" in of or "B" in of
        else number("m")
    )
    short = number("y")
    year = number("Y") if "Y" in of else short + (2000 if short < 69 else 1900)
    hour = number("I") % 12 + 12 * (of["p"] == "PM") if "I" in of else number("H")
    zone = _offset(of["z"]) if "z" in of else None
    try:
        return datetime(
            year,
            month,
            number("d"),
            hour,
            number("M"),
            number("S"),
            number("f") + 1000 * number("g"),
            tzinfo=zone,
        )
    except ValueError:
        return None


def _offset(written: str) -> timezone:
    """'Z', '+0530' or '-05:00' as a zone."""
    if written == "Z":
        return UTC
    away = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return timezone(-away if written[0] == "-" else away)


def instant_of(moment: datetime) -> datetime | None:
    """A moment with an offset as an instant in UTC; None outside the years ZONED."""
    if not 1 < moment.year < 9999:
        return None
    instant = moment.astimezone(UTC)
    return instant if ZONED[0] <= instant.year < ZONED[1] else None


def local_day(moment: datetime, zone: str) -> date | None:
    """The day in a zone at a moment with an offset; without an offset, the moment's own day."""
    if moment.tzinfo is None:
        return moment.date()
    instant = instant_of(moment)
    return None if instant is None else instant.astimezone(ZoneInfo(zone)).date()


def in_utc(moment: datetime, zone: str) -> datetime | None:
    """A local moment as an instant; None outside the years ZONED.

    An ambiguous local time is the earlier instant; a skipped one keeps the old offset.
    """
    if zone == "UTC":
        return moment.replace(tzinfo=UTC)
    if not ZONED[0] <= moment.year < ZONED[1]:
        return None
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# -------------------------------------------------------------------------------------- amounts


def plain_number(text: str, decimal: str, thousands: str, signs: Sequence[str]) -> str | None:
    """A text like '-€ 1.234,50' as '-1234.50'; None if it does not match this format.

    `decimal` is the decimal mark, `thousands` holds every character that may separate groups
    of three digits, and `signs` holds currency signs.
    """
    negative, signed = False, False
    signs = sorted(signs, key=len, reverse=True)  # EUR before E
    while text and not "0" <= text[0] <= "9":
        sign = next((prefix for prefix in signs if text.startswith(prefix)), None)
        if text[0] == "-" and not negative:
            negative, text = True, text[1:]
        elif sign is not None and not signed:
            signed, text = True, text[len(sign) :]
        else:
            return None
        text = text.lstrip(WHITE_SPACE)
    if (
        not signed
        and (sign := next((suffix for suffix in signs if text.endswith(suffix)), None))
        is not None
    ):
        text = text.removesuffix(sign).rstrip(WHITE_SPACE)
    whole, mark, decimals = text.partition(decimal)
    if not _digits(decimals) and mark:
        return None
    first, *groups = re.split(f"[{thousands}]", whole) if thousands else [whole]
    if (
        not _digits(first)
        or (groups and len(first) > 3)
        or any(len(g) != 3 or not _digits(g) for g in groups)
    ):
        return None
    return f"{'-' * negative}{first}{''.join(groups)}{'.' * bool(mark)}{decimals}"


def plain_decimal(text: str) -> str | None:
    """The text if it looks like '-1234.5': digits and at most one point."""
    return text if _PLAIN_DECIMAL.fullmatch(text) else None


def number_text(value: float) -> str | None:
    """A number as '-1234.5', from a float's shortest text; None if it is not finite."""
    number = Decimal(repr(value))
    return format(number, "f") if number.is_finite() else None


def minor_units(number: str | None, digits: int) -> int | None:
    """Minor units of '-1234.5', exactly, or None; refuses very long numbers early."""
    if number is None:
        return None
    whole, _, decimals = number.removeprefix("-").partition(".")
    whole, decimals = whole.lstrip("0"), decimals.rstrip("0")
    if len(decimals) > digits or len(whole) + digits > 20:
        return None
    units = int(whole + decimals.ljust(digits, "0") or "0")
    return None if units >= LARGEST_AMOUNT else -units if number.startswith("-") else units


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


# ----------------------------------------------------------------------------------- for SQLite


def day_written(data: bytes, written: str, zone: str = "UTC") -> str | None:
    """The day of a text's bytes, as SQLite writes days; an instant takes the day in `zone`."""
    moment = read_moment(decoded(data).strip(WHITE_SPACE), written)
    day = local_day(moment, zone) if moment else None
    return day.isoformat() if day else None


def micros_written(data: bytes, written: str) -> int | None:
    """Microseconds since 1970 of a text's bytes, as UTC if they have no offset."""
    moment = read_moment(decoded(data).strip(WHITE_SPACE), written)
    if moment is not None and moment.tzinfo is not None:
        moment = instant_of(moment)
    return (moment.replace(tzinfo=None) - _EPOCH) // _MICROSECOND if moment else None


def micros_in_utc(local: int | None, zone: str) -> int | None:
    """Microseconds of a local moment as microseconds in UTC."""
    instant = None if local is None else in_utc(_EPOCH + local * _MICROSECOND, zone)
    return (instant.replace(tzinfo=None) - _EPOCH) // _MICROSECOND if instant else None


def number_written(data: bytes, decimal: str, thousands: str, signs: str) -> str | None:
    """The plain number of a text's bytes; spaces separate the `signs`."""
    return plain_number(decoded(data).strip(WHITE_SPACE), decimal, thousands, signs.split())


def decimal_written(data: bytes) -> str | None:
    """A text's bytes, if they are a plain decimal."""
    return plain_decimal(decoded(data))
