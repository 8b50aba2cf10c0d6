"""The moments of a run: which instants and days belong to the period, in the audit's zone.

Databases never convert zones: every bound is computed here, as an instant for instants and as
a day for days.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.model import PeriodWord, Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_FEWEST_DAYS: Final = 28
"""Local days that a score is over, at least."""


def microseconds(instant: datetime) -> int:
    """Whole microseconds from 1970-01-01 UTC to an aware instant, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def month_of(day: date) -> tuple[date, date]:
    """The first day of a day's calendar month, and of the next month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def week_of(day: date) -> tuple[date, date]:
    """The Monday of a day's week, and the next Monday."""
    first = day - timedelta(days=day.weekday())
    return first, first + timedelta(days=7)


def quarter_of(day: date) -> tuple[date, date]:
    """The first day of a day's calendar quarter, and of the next quarter."""
    first = day.replace(month=day.month - (day.month - 1) % 3, day=1)
    return first, month_of(first + timedelta(days=80))[1]


def year_of(day: date) -> tuple[date, date]:
    """The first day of a day's calendar year, and of the next year."""
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


_SPANS: Final[Mapping[str, Callable[[date], tuple[date, date]]]] = {
    "month": month_of,
    "week": week_of,
    "quarter": quarter_of,
    "year": year_of,
}


def days_of(word: PeriodWord, today: date, fire_day: date | None) -> tuple[date, date]:
    """The first day of the period that a word names, and the day after its last.

    `fire_day` is the local day on which the run was due, None by hand; `today` is the local
    day of as-of. A scheduled period contains the day before its fire: a report at seven on the
    first is about the month that has just ended. By hand it contains today. `last …` is the
    last period that was over when that day began.
    """
    span_of = _SPANS[word.removeprefix("last ")]
    day = today if fire_day is None else fire_day
    if word.startswith("last "):
        begun, _ = span_of(day)
        return span_of(begun - _DAY)
    return span_of(day if fire_day is None else day - _DAY)


def days_of_score(first: date, after_last: date, today: date) -> tuple[date, date]:
    """The days of the score, half-open: the period's where it holds 28 or more up to today,
    else the 28 that end with its last day, or today where that comes first.
    """
    end = min(after_last, today + _DAY)
    if end - first >= timedelta(days=_FEWEST_DAYS):
        return first, after_last
    return end - timedelta(days=_FEWEST_DAYS), end


def open_window(
    *,
    as_of: datetime,
    zone: str,
    working_week: Collection[int],
    first: date | None = None,
    after_last: date | None = None,
    word: PeriodWord | None = None,
    fire: datetime | None = None,
    injected: bool = False,
) -> Window:
    """The window of a run at `as_of`: over the given days, the period `word`, or the month.

    `working_week` holds weekdays, Monday = 0. `after_last` is the day after the last one.
    `fire` is the instant at which the run was due, None by hand.
    """
    place = ZoneInfo(zone)
    today = as_of.astimezone(place).date()
    if first is None or after_last is None:
        fire_day = fire.astimezone(place).date() if fire else None
        word = word or "month"
        first, after_last = days_of(word, today, fire_day)
    month, next_month = month_of(first)
    within_month = after_last <= next_month
    score_first, score_after = days_of_score(first, after_last, today)
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
        word=word,
        fire=fire,
        month_first=month if within_month else None,
        month_after=next_month if within_month else None,
        as_of_us=microseconds(as_of),
        first_us=midnight(first),
        after_us=midnight(after_last),
        month_first_us=midnight(month) if within_month else None,
        month_after_us=midnight(next_month) if within_month else None,
        score_first=score_first,
        score_after=score_after,
        score_first_us=midnight(score_first),
        score_after_us=midnight(score_after),
        soon_us=midnight(today + timedelta(days=8)),
        working_days_left=_working_days(today, next_month, working_week) if current else None,
    )


def _working_days(first: date, after_last: date, working_week: Collection[int]) -> int:
    days = (first + timedelta(days=n) for n in range((after_last - first).days))
    return sum(day.weekday() in working_week for day in days)
