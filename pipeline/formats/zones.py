"""Zones in SQL: a local time as an instant, and an instant as a day of a zone's calendar.

In Python zoneinfo knows both (`values/texts`). Databases are told every change of a zone's
offset in the years ZONED.
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
    """Microseconds of a zone's local time as those of UTC; NULL outside the years of
    which the zone is known.
    """
    return local if zone == "UTC" else local_micros(local, *_changes(zone, local=True))


def day_in(instant: ColumnElement[Any], zone: str) -> ColumnElement[Any]:
    """The day that a zone's calendar shows at an instant in microseconds; NULL
    outside the known years.
    """
    return day_at(local_micros(instant, *_changes(zone, local=False)))


def day_of_offset(text: ColumnElement[Any], written: str, zone: str) -> ColumnElement[Any]:
    """The day that a zone's calendar shows at the instant which a format with an
    offset writes so; else NULL.
    """
    return written_local_day(text, literal(written), *_changes(zone, local=False))


def _changes(
    zone: str, *, local: bool
) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
    bounds, offsets = _transitions(zone, local=local)
    return literal_column(bounds), literal_column(offsets), literal(zone)


@cache
def _transitions(zone: str, *, local: bool) -> tuple[str, str]:
    """The local times (as if they were UTC) at which the offset changes, and the
    offsets between: lists in SQL.

    Else the instants at which it changes, and what is to be subtracted from an
    instant for the local time.

    A local time before the later of both clocks' readings keeps the old offset, so an
    ambiguous one is the earlier instant, as in Python.
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
