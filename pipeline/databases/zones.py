"""Zones in SQL: a local time as an instant, and an instant as a local day.

Python uses zoneinfo (`values/texts`). Databases get every change of a zone's offset in the
years ZONED.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import literal, literal_column
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import day_at, local_micros, written_local_day
from pipeline.values.texts import ZONED


def in_utc_of(local: ColumnElement[Any], zone: str) -> ColumnElement[Any]:
    """A local time's microseconds as microseconds in UTC; NULL outside the years ZONED."""
    return local if zone == "UTC" else local_micros(local, *_changes(zone, local=True))


def day_in(instant: ColumnElement[Any], zone: str) -> ColumnElement[Any]:
    """The day in a zone at an instant in microseconds; NULL outside the years ZONED."""
    return day_at(local_micros(instant, *_changes(zone, local=False)))


def day_of_offset(text: ColumnElement[Any], written: str, zone: str) -> ColumnElement[Any]:
    """The day in a zone at the instant that a format with an offset reads; else NULL."""
    return written_local_day(text, literal(written), *_changes(zone, local=False))


def _changes(
    zone: str, *, local: bool
) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
    bounds, offsets = _transitions(zone, local=local)
    return literal_column(bounds), literal_column(offsets), literal(zone)


@cache
def _transitions(zone: str, *, local: bool) -> tuple[str, str]:
    """The moments at which the offset changes, and the offsets between, as SQL lists.

    With `local` the moments are local times (as if in UTC); otherwise they are instants, and
    the offsets have the opposite sign. A local time before the later of both clocks' readings
    keeps the old offset, so an ambiguous one is the earlier instant, as in Python.
    """
    place = ZoneInfo(zone)

    def offset(second: int) -> int:
        return int(
            ((datetime.fromtimestamp(second, place)).utcoffset() or timedelta()).total_seconds()
        )

    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in ZONED)
    bounds: list[int] = []
    offsets = [offset(first - 86_400)]
    for day in range(first, last + 86_400, 86_400):
        if (now := offset(day)) != offsets[-1]:
            bounds.append(
                _change(offset, day - 86_400, day) + (max(now, offsets[-1]) if local else 0)
            )
            offsets.append(now)
    in_micros = [str(1_000_000 * second) for second in (first, *bounds, last)]
    sign = 1 if local else -1
    # outside the known years: unreadable
    shifts = ["NULL", *(str(sign * 1_000_000 * shift) for shift in offsets), "NULL"]
    return ", ".join(in_micros), ", ".join(shifts)


def _change(offset: Callable[[int], int], before: int, after: int) -> int:
    """The first second with the new offset."""
    old = offset(before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(middle) == old else (before, middle)
    return after
