"""The moments of a run: bounds that are half-open in the audit's zone, whatever its clock does."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pipeline.calendar.window import (
    days_of_score,
    microseconds,
    month_of,
    open_window,
    quarter_of,
    week_of,
    year_of,
)
from pipeline.model import PeriodWord, Window

WORKDAYS = range(5)
DAY_US = 24 * 3_600 * 1_000_000
HOUR_US = 3_600 * 1_000_000


def window(
    as_of: str,
    zone: str = "Europe/Amsterdam",
    first: str | None = None,
    to: str | None = None,
    week: range = WORKDAYS,
) -> Window:
    """`as_of` with an offset, or in UTC."""
    moment = datetime.fromisoformat(as_of)
    return open_window(
        as_of=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        zone=zone,
        working_week=week,
        first=date.fromisoformat(first) if first else None,
        after_last=date.fromisoformat(to) if to else None,
    )


def us(text: str) -> int:
    """Microseconds of an instant that is written with its offset."""
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def local_day(instant_us: int, zone: str) -> date:
    return (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant_us))
        .astimezone(ZoneInfo(zone))
        .date()
    )


# ------------------------------------------------------------------------------------------------ microseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00+00:00", 0),
        ("1969-12-31T23:59:59.999999+00:00", -1),
        ("1970-01-01T01:00:00.000001+01:00", 1),
        ("0001-01-01T00:00:00+00:00", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999+00:00", 253_402_300_799_999_999),
        ("2026-11-24T10:00:00.123457+00:00", 1_795_514_400_123_457),
    ],
)
def test_microseconds_are_exact(text: str, expected: int) -> None:
    assert microseconds(datetime.fromisoformat(text)) == expected


# ------------------------------------------------------------------------------------------------ the period


def test_the_current_month_is_the_default() -> None:
    seen = window("2026-11-16T06:00:00")
    assert (
        (seen.first, seen.after_last)
        == (date(2026, 11, 1), date(2026, 12, 1))
        == (seen.month_first, seen.month_after)
    )
    assert (seen.first_us, seen.after_us) == (
        us("2026-11-01T00:00:00+01:00"),
        us("2026-12-01T00:00:00+01:00"),
    )
    assert (seen.month_first_us, seen.month_after_us) == (seen.first_us, seen.after_us)
    assert seen.as_of_us == us("2026-11-16T06:00:00+00:00")
    assert seen.as_of == datetime(2026, 11, 16, 6, tzinfo=UTC)
    assert seen.today == date(2026, 11, 16)


@pytest.mark.parametrize(
    ("as_of", "zone", "today", "first"),
    [
        # the same instant belongs to three days, and at the month's turn to two months
        ("2026-11-30T23:30:00+00:00", "Europe/Amsterdam", "2026-12-01", "2026-12-01"),
        ("2026-11-30T23:30:00+00:00", "America/Los_Angeles", "2026-11-30", "2026-11-01"),
        ("2026-11-30T23:30:00+00:00", "Asia/Tokyo", "2026-12-01", "2026-12-01"),
        ("2026-11-30T14:59:59.999999+00:00", "Asia/Tokyo", "2026-11-30", "2026-11-01"),
        ("2026-11-30T15:00:00+00:00", "Asia/Tokyo", "2026-12-01", "2026-12-01"),
        ("2026-12-01T07:59:59+00:00", "America/Los_Angeles", "2026-11-30", "2026-11-01"),
        ("2026-12-01T08:00:00+00:00", "America/Los_Angeles", "2026-12-01", "2026-12-01"),
        ("2026-11-30T22:59:59.999999+00:00", "Europe/Amsterdam", "2026-11-30", "2026-11-01"),
        ("2026-11-30T23:00:00+00:00", "Europe/Amsterdam", "2026-12-01", "2026-12-01"),
        ("2027-01-01T00:00:00+01:00", "UTC", "2026-12-31", "2026-12-01"),
        ("2024-02-29T23:30:00+00:00", "UTC", "2024-02-29", "2024-02-01"),
    ],
)
def test_as_of_near_midnight(as_of: str, zone: str, today: str, first: str) -> None:
    seen = window(as_of, zone)
    assert (seen.today.isoformat(), seen.first.isoformat()) == (today, first)
    assert seen.first_us <= seen.as_of_us < seen.after_us


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Amsterdam", "2026-03-29", 23),
        ("Europe/Amsterdam", "2026-10-25", 25),
        ("Europe/Amsterdam", "2026-10-24", 24),
        ("America/Los_Angeles", "2027-03-14", 23),
        ("America/Los_Angeles", "2026-11-01", 25),
        ("Asia/Tokyo", "2026-10-25", 24),
        ("UTC", "2026-03-29", 24),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(zone: str, day: str, hours: int) -> None:
    following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    seen = window("2026-06-01T12:00:00", zone, day, following)
    assert seen.after_us - seen.first_us == hours * HOUR_US


def test_half_an_hour_of_lord_howe() -> None:
    seen = window("2027-04-10T12:00:00", "Australia/Lord_Howe", "2027-04-04", "2027-04-05")
    assert seen.after_us - seen.first_us == 24 * HOUR_US + HOUR_US // 2


@pytest.mark.parametrize(
    ("month", "hours"),
    [
        ("2026-03", 31 * 24 - 1),
        ("2026-10", 31 * 24 + 1),
        ("2026-11", 30 * 24),
        ("2024-02", 29 * 24),
    ],
)
def test_months_with_a_change_of_the_clock(month: str, hours: int) -> None:
    seen = window(f"{month}-16T12:00:00")
    assert seen.after_us - seen.first_us == hours * HOUR_US
    assert seen.month_first == date.fromisoformat(f"{month}-01")


@pytest.mark.parametrize(
    "zone",
    [
        *("Europe/Amsterdam", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Kiritimati",
          "Pacific/Pago_Pago"),
        # clocks that change at midnight: it does not occur, or occurs twice
        *("Asia/Beirut", "Africa/Cairo", "America/Havana", "America/Santiago", "America/Asuncion", "Atlantic/Azores"),
    ],
)  # fmt: skip
def test_a_bound_is_the_first_instant_of_its_local_day(zone: str) -> None:
    seed = random.Random(zone)
    starts = [date(1990, 1, 1) + timedelta(days=seed.randrange(18_000)) for _ in range(300)]
    # every day on which one of these clocks changes lies in these years
    for day in [*starts, *(date(2024, 1, 1) + timedelta(days=n) for n in range(731))]:
        seen = window(
            "2026-11-16T06:00:00", zone, day.isoformat(), (day + timedelta(days=1)).isoformat()
        )
        assert local_day(seen.first_us, zone) == day
        assert local_day(seen.first_us - 1, zone) < day
        assert local_day(seen.after_us - 1, zone) == day
        assert local_day(seen.after_us, zone) > day


def test_days_follow_each_other_without_gap_or_overlap() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(366)]
    seen = [
        window("2026-06-01T12:00:00", "Europe/Amsterdam", *map(str, pair))
        for pair in pairwise(days)
    ]
    assert all(earlier.after_us == later.first_us for earlier, later in pairwise(seen))


def test_an_instant_of_another_offset_is_the_same_instant() -> None:
    assert window("2026-11-16T07:00:00+01:00") == window("2026-11-16T06:00:00+00:00")


def test_whether_as_of_was_given_is_told() -> None:
    given = {
        "as_of": datetime(2026, 11, 16, tzinfo=UTC),
        "zone": "UTC",
        "working_week": WORKDAYS,
    }
    assert [open_window(**given, injected=injected).injected for injected in (True, False)] == [
        True,
        False,
    ]  # type: ignore[arg-type]
    assert not open_window(**given).injected  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ periods by a word

AMSTERDAM = "Europe/Amsterdam"


def days(word: PeriodWord, as_of: str, fire: str | None = None, zone: str = AMSTERDAM) -> str:
    """'2026-11-01 2026-12-01', the first day and the one after the last; both moments in the zone's wall clock."""
    place = ZoneInfo(zone)
    seen = open_window(
        as_of=datetime.fromisoformat(as_of).replace(tzinfo=place),
        zone=zone,
        working_week=WORKDAYS,
        word=word,
        fire=datetime.fromisoformat(fire).replace(tzinfo=place) if fire else None,
    )
    assert seen.word == word
    return f"{seen.first} {seen.after_last}"


@pytest.mark.parametrize(
    ("word", "first_of_december", "monday", "new_year", "thursday"),
    [  # a fire at seven of Tue 1 Dec 2026, Mon 16 Nov 2026, Fri 1 Jan 2027, Thu 26 Nov 2026
        ("month", "2026-11-01 2026-12-01", "2026-11-01 2026-12-01", "2026-12-01 2027-01-01", "2026-11-01 2026-12-01"),
        ("last month", "2026-11-01 2026-12-01", "2026-10-01 2026-11-01", "2026-12-01 2027-01-01",
         "2026-10-01 2026-11-01"),
        ("week", "2026-11-30 2026-12-07", "2026-11-09 2026-11-16", "2026-12-28 2027-01-04", "2026-11-23 2026-11-30"),
        ("last week", "2026-11-23 2026-11-30", "2026-11-09 2026-11-16", "2026-12-21 2026-12-28",
         "2026-11-16 2026-11-23"),
        ("quarter", "2026-10-01 2027-01-01", "2026-10-01 2027-01-01", "2026-10-01 2027-01-01", "2026-10-01 2027-01-01"),
        ("last quarter", "2026-07-01 2026-10-01", "2026-07-01 2026-10-01", "2026-10-01 2027-01-01",
         "2026-07-01 2026-10-01"),
        ("year", "2026-01-01 2027-01-01", "2026-01-01 2027-01-01", "2026-01-01 2027-01-01", "2026-01-01 2027-01-01"),
        ("last year", "2025-01-01 2026-01-01", "2025-01-01 2026-01-01", "2026-01-01 2027-01-01",
         "2025-01-01 2026-01-01"),
    ],
)  # fmt: skip
def test_a_scheduled_period_holds_the_day_before_its_fire(
    word: PeriodWord, first_of_december: str, monday: str, new_year: str, thursday: str
) -> None:
    fires = ("2026-12-01T07:00", "2026-11-16T07:00", "2027-01-01T07:00", "2026-11-26T07:00")
    assert [days(word, fire, fire) for fire in fires] == [
        first_of_december,
        monday,
        new_year,
        thursday,
    ]


@pytest.mark.parametrize(
    ("word", "by_hand"),
    [
        ("month", "2026-12-01 2027-01-01"),
        ("last month", "2026-11-01 2026-12-01"),
        ("week", "2026-11-30 2026-12-07"),
        ("last week", "2026-11-23 2026-11-30"),
        ("quarter", "2026-10-01 2027-01-01"),
        ("last quarter", "2026-07-01 2026-10-01"),
        ("year", "2026-01-01 2027-01-01"),
        ("last year", "2025-01-01 2026-01-01"),
    ],
)
def test_by_hand_a_period_holds_its_own_day(word: PeriodWord, by_hand: str) -> None:
    assert days(word, "2026-12-01T07:00") == by_hand


def test_a_fire_that_is_made_up_keeps_its_period() -> None:
    late = "2026-12-01T00:05"
    assert days("month", late, "2026-11-30T23:50") == "2026-11-01 2026-12-01"
    assert days("month", late, "2026-11-01T07:00") == "2026-10-01 2026-11-01"
    assert days("week", "2026-12-07T00:05", "2026-12-06T23:50") == "2026-11-30 2026-12-07"
    assert days("last week", "2026-12-07T00:05", "2026-12-06T23:50") == "2026-11-23 2026-11-30"


def test_the_day_of_a_fire_is_local() -> None:
    """15:30 in UTC on 30 November is 1 December in Tokyo and in Amsterdam it is not."""
    fire = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)
    seen = {
        zone: open_window(
            as_of=fire, zone=zone, working_week=WORKDAYS, word="last month", fire=fire
        ).first.month
        for zone in ("Asia/Tokyo", AMSTERDAM)
    }
    assert seen == {"Asia/Tokyo": 11, AMSTERDAM: 10}


def test_a_month_that_is_over_has_its_plan_and_no_days_left() -> None:
    seen = open_window(as_of=datetime(2026, 12, 1, 6, tzinfo=UTC), zone=AMSTERDAM, working_week=WORKDAYS,
                       word="month", fire=datetime(2026, 12, 1, 6, tzinfo=UTC))  # fmt: skip
    assert (seen.month_first, seen.month_after) == (date(2026, 11, 1), date(2026, 12, 1))
    assert seen.working_days_left is None


@pytest.mark.parametrize("word", ["week", "quarter", "year"])
def test_a_period_by_a_word_that_leaves_its_month_has_no_plan(word: PeriodWord) -> None:
    seen = open_window(
        as_of=datetime(2026, 12, 1, 6, tzinfo=UTC),
        zone=AMSTERDAM,
        working_week=WORKDAYS,
        word=word,
    )
    assert seen.month_first is None


def test_days_that_are_given_go_before_a_word() -> None:
    given = {"first": date(2026, 10, 1), "after_last": date(2026, 11, 1)}
    seen = open_window(
        as_of=datetime(2026, 12, 1, 6, tzinfo=UTC),
        zone=AMSTERDAM,
        working_week=WORKDAYS,
        **given,
    )
    assert (seen.first, seen.after_last, seen.word) == (*given.values(), None)


def test_every_day_lies_in_its_week_its_quarter_and_its_year() -> None:
    for day in (date(2023, 1, 1) + timedelta(days=n) for n in range(1_500)):
        week, quarter, year = (span(day) for span in (week_of, quarter_of, year_of))
        assert all(first <= day < after for first, after in (week, quarter, year))
        assert (week[0].weekday(), week[1] - week[0]) == (0, timedelta(days=7))
        assert quarter[0].day == quarter[1].day == 1
        assert quarter[0].month in (1, 4, 7, 10)
        assert quarter[1] == month_of(month_of(month_of(quarter[0])[1])[1])[1]
        assert year == (date(day.year, 1, 1), date(day.year + 1, 1, 1))


def test_a_day_that_a_zone_skipped_is_an_empty_period() -> None:
    """Apia went from 29 to 31 December 2011."""
    skipped = window("2011-12-31T00:00:00", "Pacific/Apia", "2011-12-30", "2011-12-31")
    assert skipped.first_us == skipped.after_us == us("2011-12-31T00:00:00+14:00")
    before = window("2011-12-31T00:00:00", "Pacific/Apia", "2011-12-29", "2011-12-30")
    assert (before.first_us, before.after_us) == (
        us("2011-12-29T00:00:00-10:00"),
        skipped.first_us,
    )


# ------------------------------------------------------------------------------------------------ the plan's month


@pytest.mark.parametrize(
    ("first", "to", "month"),
    [
        ("2026-11-01", "2026-12-01", "2026-11-01"),
        ("2026-11-10", "2026-11-20", "2026-11-01"),
        ("2026-11-30", "2026-12-01", "2026-11-01"),
        ("2026-12-01", "2027-01-01", "2026-12-01"),
        ("2024-02-01", "2024-03-01", "2024-02-01"),
        ("2026-11-01", "2026-12-02", None),
        ("2026-10-31", "2026-12-01", None),
        ("2026-01-01", "2027-01-01", None),
        ("2025-11-01", "2026-11-30", None),
    ],
)
def test_a_period_that_leaves_its_month_has_no_plan(
    first: str, to: str, month: str | None
) -> None:
    seen = window("2026-11-16T06:00:00", first=first, to=to)
    assert seen.month_first == (None if month is None else date.fromisoformat(month))
    bounds = (seen.month_first, seen.month_after, seen.month_first_us, seen.month_after_us)
    assert all(bound is None for bound in bounds) == (month is None)
    if month is None:
        assert seen.working_days_left is None
    else:
        assert month_of(date.fromisoformat(month)) == (seen.month_first, seen.month_after)
        assert (
            (seen.month_first_us or 0)
            <= seen.first_us
            < seen.after_us
            <= (seen.month_after_us or 0)
        )


@pytest.mark.parametrize(
    ("as_of", "week", "left"),
    [
        ("2026-11-01T12:00:00", WORKDAYS, 21),  # November 2026 begins on a Sunday
        ("2026-11-02T00:00:00+01:00", WORKDAYS, 21),
        ("2026-11-02T23:59:59+01:00", WORKDAYS, 21),
        ("2026-11-03T00:00:00+01:00", WORKDAYS, 20),
        ("2026-11-16T06:00:00", WORKDAYS, 11),
        ("2026-11-28T12:00:00", WORKDAYS, 1),  # a Saturday: Monday the 30th is left
        ("2026-11-30T22:59:59", WORKDAYS, 1),  # the day of as-of counts to its last minute
        ("2026-11-30T23:00:00", WORKDAYS, 23),  # here it is December
        ("2026-11-16T06:00:00", range(7), 15),
        ("2026-11-16T06:00:00", range(5, 7), 4),
        ("2026-11-30T12:00:00", range(5, 7), 0),
        ("2026-11-16T06:00:00", range(0), 0),
    ],
)
def test_working_days_left_include_today(as_of: str, week: range, left: int) -> None:
    assert window(as_of, week=week).working_days_left == left


@pytest.mark.parametrize(
    ("first", "to", "left"),
    [
        ("2026-10-01", "2026-11-01", None),  # a month that is over
        ("2026-12-01", "2027-01-01", None),  # one that has not begun
        (
            "2026-11-01",
            "2026-11-10",
            11,
        ),  # the plan is the month's, whatever part of it is looked at
        ("2026-11-20", "2026-12-01", 11),
    ],
)
def test_working_days_are_left_in_the_current_month_only(
    first: str, to: str, left: int | None
) -> None:
    assert window("2026-11-16T06:00:00", first=first, to=to).working_days_left == left


# ------------------------------------------------------------------------------------------------ the next seven days


@pytest.mark.parametrize(
    ("as_of", "zone", "ends"),
    [
        ("2026-11-16T06:00:00", "Europe/Amsterdam", "2026-11-24T00:00:00+01:00"),
        ("2026-11-16T00:00:00+01:00", "Europe/Amsterdam", "2026-11-24T00:00:00+01:00"),
        ("2026-11-16T23:59:59.999999+01:00", "Europe/Amsterdam", "2026-11-24T00:00:00+01:00"),
        ("2026-11-16T23:30:00", "Asia/Tokyo", "2026-11-25T00:00:00+09:00"),
        ("2026-11-16T23:30:00", "America/Los_Angeles", "2026-11-24T00:00:00-08:00"),
        (
            "2026-10-20T06:00:00",
            "Europe/Amsterdam",
            "2026-10-28T00:00:00+01:00",
        ),  # the clock goes back within
        (
            "2026-10-17T06:00:00",
            "Europe/Amsterdam",
            "2026-10-25T00:00:00+02:00",
        ),  # and just after
        (
            "2026-10-18T06:00:00",
            "Europe/Amsterdam",
            "2026-10-26T00:00:00+01:00",
        ),  # on the last of the seven
        (
            "2027-03-22T06:00:00",
            "Europe/Amsterdam",
            "2027-03-30T00:00:00+02:00",
        ),  # it goes forward within
        ("2026-10-28T20:00:00", "America/Los_Angeles", "2026-11-05T00:00:00-08:00"),
        ("2026-12-28T06:00:00", "Europe/Amsterdam", "2027-01-05T00:00:00+01:00"),
    ],
)
def test_soon_ends_with_the_seventh_local_day_after_today(
    as_of: str, zone: str, ends: str
) -> None:
    seen = window(as_of, zone)
    assert seen.soon_us == us(ends)
    assert (local_day(seen.soon_us - 1, zone) - seen.today).days == 7
    assert local_day(seen.soon_us, zone) == seen.today + timedelta(days=8)


def test_a_week_with_a_change_of_the_clock_is_an_hour_longer_or_shorter() -> None:
    spans = [(window(f"{day}T00:00:00{offset}").soon_us - us(f"{day}T00:00:00{offset}")) for day, offset in
             (("2026-10-20", "+02:00"), ("2027-03-22", "+01:00"), ("2026-11-16", "+01:00"))]  # fmt: skip
    assert spans == [8 * DAY_US + HOUR_US, 8 * DAY_US - HOUR_US, 8 * DAY_US]


def test_month_of() -> None:
    for offset in range(1_500):
        day = date(2023, 1, 1) + timedelta(days=offset)
        first, after = month_of(day)
        assert (first.day, after.day) == (1, 1)
        assert first <= day < after
        assert (after - timedelta(days=1)).month == day.month


@pytest.mark.parametrize(
    ("as_of", "left"),
    [
        ("2026-10-31T23:59:59+01:00", None),  # the month has not begun
        ("2026-11-01T00:00:00+01:00", 21),
        ("2026-11-30T23:59:59+01:00", 1),
        (
            "2026-12-01T00:00:00+01:00",
            None,
        ),  # it ended a moment ago: none is left, which is not the same as 0
    ],
)
def test_the_month_of_a_plan_ends_at_its_midnight(as_of: str, left: int | None) -> None:
    assert window(as_of, first="2026-11-01", to="2026-12-01").working_days_left == left


# ------------------------------------------------------------------------------- the days of the score


@pytest.mark.parametrize(
    ("first", "to", "today", "expected"),
    [
        # today is one of the days
        ("2026-11-01", "2026-12-01", "2026-11-16", ("2026-10-20", "2026-11-17")),
        ("2026-11-01", "2026-12-01", "2026-11-27", ("2026-10-31", "2026-11-28")),
        # from the 28th on, and then to the period's end
        ("2026-11-01", "2026-12-01", "2026-11-28", ("2026-11-01", "2026-12-01")),
        ("2026-11-01", "2026-12-01", "2026-11-30", ("2026-11-01", "2026-12-01")),
        # a period that is over ends the days
        ("2026-11-01", "2026-12-01", "2027-02-03", ("2026-11-01", "2026-12-01")),
        ("2026-11-09", "2026-11-16", "2026-11-20", ("2026-10-19", "2026-11-16")),
        ("2027-02-01", "2027-03-01", "2027-03-01", ("2027-02-01", "2027-03-01")),
    ],
)
def test_the_days_of_the_score_are_28_or_the_periods(
    first: str, to: str, today: str, expected: tuple[str, str]
) -> None:
    given = (date.fromisoformat(day) for day in (first, to, today))
    assert days_of_score(*given) == tuple(map(date.fromisoformat, expected))
