"""The moments of a run: which instants and days belong to the period, in the audit's zone.

Databases never convert zones: every bound is computed here, instants for instants and days for days.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.model import Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """Whole microseconds from 1970-01-01 UTC to an aware instant, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def month_of(day: date) -> tuple[date, date]:
    """The first day of a day's calendar month, and of the next month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def open_window(
    *,
    as_of: datetime,
    zone: str,
    working_week: Collection[int],
    first: date | None = None,
    after_last: date | None = None,
    injected: bool = False,
) -> Window:
    """The window of a run at `as_of`; without bounds the current month.

    `working_week` holds weekdays, Monday = 0. Half-open: `after_last` is the day after the last one.
    """
    place = ZoneInfo(zone)
    today = as_of.astimezone(place).date()
    month, next_month = month_of(today if first is None else first)
    first, after_last = first or month, after_last or next_month
    within_month = after_last <= next_month
    current = within_month and month <= today < next_month

    def midnight(day: date) -> int:
        return microseconds(datetime.combine(day, time(), place).astimezone(UTC))

    return Window(
        zone=zone,
        as_of=as_of.astimezone(UTC),
        injected=injected,
        today=today,
        first=first,
        after_last=after_last,
        month_first=month if within_month else None,
        month_after=next_month if within_month else None,
        as_of_us=microseconds(as_of),
        first_us=midnight(first),
        after_us=midnight(after_last),
        month_first_us=midnight(month) if within_month else None,
        month_after_us=midnight(next_month) if within_month else None,
        soon_us=midnight(today + timedelta(days=8)),
        working_days_left=_working_days(today, next_month, working_week) if current else None,
    )


def _working_days(first: date, after_last: date, working_week: Collection[int]) -> int:
    days = (first + timedelta(days=n) for n in range((after_last - first).days))
    return sum(day.weekday() in working_week for day in days)
