"""The moments and days of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

PeriodWord = Literal[
    "month", "last month", "week", "last week", "quarter", "last quarter", "year", "last year"
]
"""How a period is asked for; `pipeline/calendar/window.py` says which days each one holds."""


@dataclass(frozen=True, slots=True)
class PeriodBounds:
    """The days that a run reports on, half-open, and where they come from."""

    first: date
    after_last: date
    word: PeriodWord | None  # None where audit.yaml names the days
    fire: datetime | None  # the scheduled moment, an aware instant; None by hand


@dataclass(frozen=True, slots=True)
class Window:
    """The moments of one run. Bounds are half-open; `*_us` are microseconds since 1970 in UTC.

    `month_*` bound the calendar month that holds the period: the plan's. None
    where the period leaves it.
    """

    zone: str
    as_of: datetime
    injected: bool  # the as-of was given and is not the clock's
    today: date  # the local day of as_of
    first: date
    after_last: date
    word: PeriodWord | None  # 'last month'; None where audit.yaml names the days
    fire: datetime | None  # when the run was due; None by hand
    month_first: date | None
    month_after: date | None
    as_of_us: int
    first_us: int
    after_us: int
    month_first_us: int | None
    month_after_us: int | None
    score_first: date  # the days of the score, half-open: 28 of them or more
    score_after: date
    score_first_us: int
    score_after_us: int
    soon_us: int  # the midnight that ends the seventh local day after today
    working_days_left: int | None  # in the month, the day of as-of included
