"""Cuts a written moment into pieces and rebuilds it in ISO form.

For databases that cannot read formats, or fail at a moment that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, and_, case, cast, func, literal, literal_column
from sqlalchemy.sql.elements import ColumnElement

import pipeline.databases.constructs as c
from pipeline.values.months import MONTHS
from pipeline.values.texts import DIRECTIVE, ZONED

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

_ISO: Final = "%Y-%m-%d %H:%M:%S"
"""The format in which iso_micros writes, but for the fraction."""

_Pieces = Mapping[str, ColumnElement[str]]


def _ways(text: ColumnElement[str], written: str) -> Iterator[tuple[str, _Pieces]]:
    """Each way to divide the text among the format's parts: a pattern, and the pieces."""
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
    """The word's number; any other word yields no moment."""
    return case(*((piece == word, number) for word, number in names.items()), else_="x")


def _iso(pieces: _Pieces, *, time: bool) -> ColumnElement[str]:
    """'YYYY-MM-DD', optionally followed by the time of day."""
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


def day_by_pieces(element: c.Construct[Any], _: Dialect) -> ColumnElement[Any]:
    """written_day, composed of pieces."""
    return _by_pieces(element, time=False)


def micros_by_pieces(element: c.Construct[Any], _: Dialect) -> ColumnElement[Any]:
    """written_micros, composed of pieces."""
    return _by_pieces(element, time=True)


def _by_pieces(element: c.Construct[Any], *, time: bool) -> ColumnElement[Any]:
    text, written = element.clauses
    if time and str(written.value) == _ISO:
        return c.iso_micros(text.concat(".000000"))  # which looks at every character itself
    ways = _ways(text, str(written.value))  # a literal
    read = _read_micros if time else _read_day
    return case(*((c.matches(text, pattern), read(pieces)) for pattern, pieces in ways))


def _read_micros(pieces: _Pieces) -> ColumnElement[Any]:
    return c.iso_micros(_iso(pieces, time=True))


def _read_day(pieces: _Pieces) -> ColumnElement[Any]:
    """The day; if hours follow, only if the clock has them."""
    day: ColumnElement[Any] = c.iso_day(_iso(pieces, time=False))
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


def instant_by_offset(element: c.Construct[Any], _: Dialect) -> ColumnElement[Any]:
    """written_instant: the moment before the offset, minus the offset."""
    text, written = list(element.clauses)[:2]
    moment = literal(str(written.value).removesuffix("%z"))
    ways = []
    for width, pattern in _OFFSETS:
        micros = c.written_micros(c.head(text, literal_column(str(width))), moment)
        ways.append((c.matches(text, literal(pattern)), micros - _shift(text, width)))
    instant: ColumnElement[Any] = case(*ways)
    return case((and_(instant >= _KNOWN[0], instant < _KNOWN[1]), instant))


def _shift(text: ColumnElement[str], width: int) -> ColumnElement[Any]:
    """The microseconds of an offset of so many characters."""
    if width == 1:
        return literal_column("0")
    offset = c.tail(text, literal_column(str(width)))
    hours, minutes = (cast(func.substr(offset, at, 2), BigInteger) for at in (2, width - 1))
    sign = case((func.substr(offset, 1, 1) == "-", -1), else_=1)
    return sign * (hours * 60 + minutes) * literal_column("60000000")


def day_by_offset(element: c.Construct[Any], dialect: Dialect) -> ColumnElement[Any]:
    """written_local_day: the day of that instant in the zone."""
    bounds, offsets, zone = list(element.clauses)[2:]
    return c.day_at(c.local_micros(instant_by_offset(element, dialect), bounds, offsets, zone))
