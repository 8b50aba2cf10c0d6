"""Cron lines: what is read, what is refused and how, and that a wall-clock time fires once per local day."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pipeline.calendar.cron import Cron, fires, next_fire, read_cron

TICK = timedelta(microseconds=1)


def fired(line: str, zone: str, first: str, last: str) -> list[str]:
    """The fires of the local days from `first` to the one before `last`, as local time with its offset."""
    place = ZoneInfo(zone)
    after, until = (
        datetime.fromisoformat(day).replace(tzinfo=place).astimezone(UTC) - TICK
        for day in (first, last)
    )
    return [
        f"{instant.astimezone(place):%m-%d %H:%M%z}"
        for instant in fires(read_cron(line), zone, after, until)
    ]


@pytest.mark.parametrize(
    ("line", "field", "values"),
    [
        ("*/20 * * * *", "minutes", (0, 20, 40)),
        ("5-20/5,59 * * * *", "minutes", (5, 10, 15, 20, 59)),
        ("0 7,19,7 * * *", "hours", (7, 19)),
        ("0 7 1,15 * *", "days", (1, 15)),
        ("0 7 15,L * *", "days", (15, 32)),
        ("0 7 * 1-3,12 *", "months", (1, 2, 3, 12)),
        ("0 7 * JAN,apr-jun *", "months", (1, 4, 5, 6)),
        ("0 7 * * mon", "weekdays", (0,)),
        ("0 7 * * Mon-Fri", "weekdays", (0, 1, 2, 3, 4)),
        ("0 7 * * mon-fri/2,sun", "weekdays", (0, 2, 4, 6)),
        ("0 7 * * sun-thu", "weekdays", (0, 1, 2, 3, 6)),
        ("0 7 * * *", "weekdays", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_a_field_is_read(line: str, field: str, values: tuple[int, ...]) -> None:
    assert getattr(read_cron(line), field) == values


@pytest.mark.parametrize(
    ("line", "found", "advice"),
    [
        ("0 7 * * 1", "'1'", "mon, tue, wed"),
        ("0 7 * * 1-5", "'1-5'", "mon-fri"),
        ("0 7 * * mon,0", "'0'", "mon, tue, wed"),
        ("0 7 * * mon-5", "'mon-5'", "mon-fri"),
        ("0 7 * * monday", "'monday'", "mon, tue, wed"),
        ("0 7 * * */2", "'*/2'", "name the days"),
        ("0 7 * * mon/2", "'mon/2'", "mon-fri/2"),
        ("0 7 * *", "4 fields", "0 7 * * mon"),
        ("@daily", "1 fields", "0 7 * * mon"),
        ("", "0 fields", "0 7 * * mon"),
        ("60 7 * * *", "'60'", "0 to 59"),
        ("0 24 * * *", "'24'", "0 to 23"),
        ("0 -1 * * *", "'-1'", "0 to 23"),
        ("0 7 0 * *", "'0'", "1 to 31"),
        ("0 7 last * *", "'last'", "1 to 31, L for the last day, or *"),
        ("0 7 L-3 * *", "'l-3'", "backwards"),
        ("0 7 * L *", "'l'", "1 to 12, jan"),
        ("0 7 L * mon", "weekday", "write * for one of them"),
        ("0 7 * foo *", "'foo'", "1 to 12, jan"),
        ("0 ٧ * * *", "'٧'", "0 to 23"),
        ("0, 7 * * *", "''", "0 to 59"),
        ("*/0 7 * * *", "'*/0'", "from 1"),
        ("*/x 7 * * *", "'*/x'", "from 1"),
        ("0/10 7 * * *", "'0/10'", "0-59/2"),
        ("0 19-7 * * *", "'19-7'", "backwards"),
        ("0 7 1 * mon", "weekday", "write * for one of them"),
        ("0 7 31 apr,jun *", "day 31", "never fires"),
        ("0 7 30 feb *", "day 30", "never fires"),
    ],
)
def test_a_line_is_refused_with_what_was_found_and_what_to_write(
    line: str, found: str, advice: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(found)) as refusal:
        read_cron(line)
    assert advice in str(refusal.value)


def test_spelling_does_not_make_another_rule() -> None:
    assert read_cron(" 0  7 * * MON ") == read_cron("0 7 * * mon")


def test_monday_is_monday() -> None:
    assert fired("0 7 * * mon", "Europe/Amsterdam", "2026-11-01", "2026-11-18") == [
        "11-02 07:00+0100",
        "11-09 07:00+0100",
        "11-16 07:00+0100",
    ]


def test_after_is_left_out_and_until_is_kept() -> None:
    rule = read_cron("0 7 * * *")
    seven, later = datetime(2026, 11, 2, 7, tzinfo=UTC), datetime(2026, 11, 3, 7, tzinfo=UTC)
    assert list(fires(rule, "UTC", seven, later)) == [later]
    assert list(fires(rule, "UTC", later, seven)) == []


@pytest.mark.parametrize(
    ("line", "zone", "first", "last", "expected"),
    [
        # The clock goes back: the first of the two.
        (
            "30 2 * * *",
            "Europe/Amsterdam",
            "2026-10-24",
            "2026-10-27",
            ["10-24 02:30+0200", "10-25 02:30+0200", "10-26 02:30+0100"],
        ),
        ("30 1 * * *", "America/Los_Angeles", "2026-11-01", "2026-11-03", ["11-01 01:30-0700", "11-02 01:30-0800"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2027-04-04", "2027-04-06", ["04-04 01:45+1100", "04-05 01:45+1030"]),
        ("*/30 2 * * *", "Europe/Amsterdam", "2026-10-25", "2026-10-26", ["10-25 02:00+0200", "10-25 02:30+0200"]),
        # Every hour means elapsed time: four times between two and three of the long night, none where an hour lacks.
        (
            "*/30 * * * *",
            "Europe/Amsterdam",
            "2026-10-25",
            "2026-10-26",
            ["10-25 00:00+0200", "10-25 00:30+0200", "10-25 01:00+0200", "10-25 01:30+0200",
             "10-25 02:00+0200", "10-25 02:30+0200", "10-25 02:00+0100", "10-25 02:30+0100",
             *(f"10-25 {hour:02}:{minute:02}+0100" for hour in range(3, 24) for minute in (0, 30))],
        ),
        (
            "15 0-23 * * *",
            "Europe/Amsterdam",
            "2027-03-28",
            "2027-03-29",
            ["03-28 00:15+0100", "03-28 01:15+0100", *(f"03-28 {hour:02}:15+0200" for hour in range(3, 24))],
        ),
        # The clock leaves out half an hour: no 2:15, and none in its place.
        ("15 * * * *", "Australia/Lord_Howe", "2026-10-04", "2026-10-05",
         ["10-04 00:15+1030", "10-04 01:15+1030", *(f"10-04 {hour:02}:15+1100" for hour in range(3, 24))]),
        # The clock goes back over midnight, in Beirut: 23:00 occurs twice, on the day before the change.
        ("0 * * * *", "Asia/Beirut", "2026-10-24", "2026-10-25",
         [*(f"10-24 {hour:02}:00+0300" for hour in range(24)), "10-24 23:00+0200"]),
        # Every second hour is a list of fixed ones.
        ("0 */2 * * *", "Europe/Amsterdam", "2026-10-25", "2026-10-26",
         ["10-25 00:00+0200", "10-25 02:00+0200", *(f"10-25 {hour:02}:00+0100" for hour in range(4, 24, 2))]),
        # Any that leaves an hour out means the clock: a repeated time fires once.
        ("30 1-23 * * *", "Europe/Amsterdam", "2026-10-25", "2026-10-26",
         ["10-25 01:30+0200", "10-25 02:30+0200", *(f"10-25 {hour:02}:30+0100" for hour in range(3, 24))]),
        # A day that one of the months has.
        ("0 7 31 jan,feb,apr *", "UTC", "2026-01-01", "2027-01-01", ["01-31 07:00+0000"]),
        # The last day of the month.
        ("0 7 L * *", "Europe/Amsterdam", "2028-01-15", "2028-05-01",
         ["01-31 07:00+0100", "02-29 07:00+0100", "03-31 07:00+0200", "04-30 07:00+0200"]),
        ("0 7 15,L feb *", "UTC", "2026-01-01", "2027-01-01", ["02-15 07:00+0000", "02-28 07:00+0000"]),
        # The clock goes forward: once, later by what was skipped.
        (
            "30 2 * * *",
            "Europe/Amsterdam",
            "2027-03-27",
            "2027-03-30",
            ["03-27 02:30+0100", "03-28 03:30+0200", "03-29 02:30+0200"],
        ),
        ("30 2 * * *", "America/Los_Angeles", "2027-03-14", "2027-03-16", ["03-14 03:30-0700", "03-15 02:30-0700"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-04", "2026-10-06", ["10-04 02:45+1100", "10-05 02:15+1100"]),
        # Two times that become one instant fire once, and in order.
        (
            "*/30 2-3 * * *",
            "Europe/Amsterdam",
            "2027-03-28",
            "2027-03-29",
            ["03-28 03:00+0200", "03-28 03:30+0200"],
        ),
        # The gap lies over midnight (23:00 becomes 0:00), and over a whole day.
        (
            "30 0,23 * * *",
            "America/Nuuk",
            "2027-03-27",
            "2027-03-29",
            ["03-27 00:30-0200", "03-28 00:30-0100", "03-28 23:30-0100"],
        ),
        (
            "0 7 * * *",
            "Pacific/Apia",
            "2011-12-28",
            "2012-01-02",
            ["12-28 07:00-1000", "12-29 07:00-1000", "12-31 07:00+1400", "01-01 07:00+1400"],
        ),
        # and a rule of the skipped day alone fires on the next one
        ("0 7 30 dec *", "Pacific/Apia", "2011-12-28", "2012-01-02", ["12-31 07:00+1400"]),
        ("59 23 30 dec *", "Pacific/Apia", "2011-12-31", "2012-01-02", ["12-31 23:59+1400"]),
    ],
)  # fmt: skip
def test_clock_changes(
    line: str, zone: str, first: str, last: str, expected: list[str]
) -> None:
    assert fired(line, zone, first, last) == expected


@pytest.mark.parametrize(
    "zone", ["Europe/Amsterdam", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kolkata"]
)
@pytest.mark.parametrize("clock", ["0 7", "30 2", "45 1", "15 2", "0 0", "59 23"])
@pytest.mark.parametrize("days", ["* * *", "* * mon", "* * mon-fri", "1,31 */2 *", "29 feb *"])
def test_each_matching_local_day_of_three_years_fires_once(
    zone: str, clock: str, days: str
) -> None:
    rule = read_cron(f"{clock} {days}")
    first, last = date(2026, 1, 1), date(2028, 12, 31)
    start, end = (
        datetime(year, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) - TICK
        for year in (2026, 2029)
    )
    found = list(fires(rule, zone, start, end))
    assert found == sorted(set(found))
    per_day = Counter(instant.astimezone(ZoneInfo(zone)).date() for instant in found)
    every_day = (first + timedelta(days=n) for n in range((last - first).days + 1))
    assert per_day == {
        day: 1
        for day in every_day
        if day.month in rule.months and day.day in rule.days and day.weekday() in rule.weekdays
    }
    odd = [i for i in found if f"{i.astimezone(ZoneInfo(zone)):%-M %-H}" != clock]
    assert len(odd) <= 3  # the time itself, but for the spring days that lack it


def test_fires_do_not_depend_on_how_time_is_cut() -> None:
    for line in ("*/20 1-3 * * *", "*/20 * * * *"):
        _must_not_depend_on_how_time_is_cut(read_cron(line), "Europe/Amsterdam")


def _must_not_depend_on_how_time_is_cut(rule: Cron, zone: str) -> None:
    for middle in (datetime(2026, 10, 25, tzinfo=UTC), datetime(2027, 3, 28, tzinfo=UTC)):
        start, end = middle - timedelta(days=2), middle + timedelta(days=2)
        cuts = [start + timedelta(minutes=7 * n) for n in range(4 * 24 * 60 // 7 + 1)] + [end]
        pieces = [i for a, b in pairwise(cuts) for i in fires(rule, zone, a, b)]
        assert pieces == list(fires(rule, zone, start, end))


def test_a_fire_between_the_two_midnights_of_a_day_is_not_passed_over() -> None:
    """In Havana the clock goes back from one to midnight: whoever looks meanwhile finds it."""
    rule, until = read_cron("30 0 * * *"), datetime(2026, 11, 1, 4, 45, tzinfo=UTC)
    found = list(fires(rule, "America/Havana", until - timedelta(hours=2), until))
    assert found == [datetime(2026, 11, 1, 4, 30, tzinfo=UTC)]


def test_the_next_fire_may_be_years_away() -> None:
    rule = read_cron("0 7 29 2 *")
    assert next_fire(rule, "UTC", datetime(2096, 3, 1, tzinfo=UTC)) == datetime(
        2104, 2, 29, 7, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "after", ["2011-12-29T12:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T06:59+14:00"]
)
def test_a_fire_of_a_day_that_was_left_out_is_found_from_the_day_after(after: str) -> None:
    """Samoa had no 30 December 2011: what was due on it at seven fires on the 31st, whenever it is looked for."""
    rule = read_cron("0 7 30 12 *")
    expected = datetime.fromisoformat("2011-12-31T07:00+14:00").astimezone(UTC)
    assert next_fire(rule, "Pacific/Apia", datetime.fromisoformat(after)) == expected
