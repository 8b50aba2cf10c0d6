"""Cron lines as people mean them: weekdays by name, and each time once per local day.

A line becomes plain numbers. Fires are found in naive wall-clock time, day by day, and then
turned into instants, so the two days of a clock change come out right. With fixed hours, a time
that occurs twice fires only the first time, and a skipped time fires once, later by the length
of the gap. A line for every hour means elapsed time: it fires whenever the clock shows such a
minute, twice in a repeated hour and never in a skipped one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY: Final = timedelta(days=1)
_LAST: Final = 32
"""The last day of the month, whichever it is."""
# contains 29 February at least once, even from 2096 to 2104
_LEAP_CYCLE: Final = timedelta(days=9 * 366)


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed cron line.

    Each field holds its numbers in ascending order; Monday is 0, and day 32 is the last day.
    """

    line: str  # in lower case, one space between fields: two lines that mean the same text are equal
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def walls(self, day: date) -> Iterator[datetime]:
        """The wall-clock times of that day, naive and ascending."""
        if day.month in self.months and self._has_day(day) and day.weekday() in self.weekdays:
            for hour in self.hours:
                for minute in self.minutes:
                    yield datetime.combine(day, time(hour, minute))

    def _has_day(self, day: date) -> bool:
        return day.day in self.days or (_LAST in self.days and (day + _DAY).day == 1)

    @property
    def every_hour(self) -> bool:
        """Whether the line means elapsed time, and not the hours of a local day."""
        return len(self.hours) == 24


# -------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class _Part:
    """The values allowed in one of the five fields."""

    name: str
    first: int
    last: int
    names: Mapping[str, int]
    by_name_only: bool = False


_PARTS: Final = (
    _Part("minute", 0, 59, {}),
    _Part("hour", 0, 23, {}),
    _Part("day of the month", 1, 31, {"l": _LAST}),
    _Part("month", 1, 12, {name: number for number, name in enumerate(MONTHS, start=1)}),
    _Part(
        "weekday",
        0,
        6,
        {name: number for number, name in enumerate(WEEKDAYS)},
        by_name_only=True,
    ),
)


def read_cron(line: str) -> Cron:
    """Parses a line of five fields: minute, hour, day of the month, month, weekday.

    A field is `*`, a value, a range `a-b`, a step `*/n` or `a-b/n`, or a comma-separated list
    of these. Months may be names; weekdays must be. `L` is the last day of the month. Raises
    ValueError with the mistake and a correction.
    """
    fields = line.lower().split()
    if len(fields) != len(_PARTS):
        raise ValueError(
            f"'{line}' has {len(fields)} fields, not five; write minute, hour, day of the month, month and weekday,"
            " like '0 7 * * mon'"
        )
    try:
        values = [_read_field(part, field) for part, field in zip(_PARTS, fields, strict=True)]
    except ValueError as error:
        raise ValueError(f"'{line}': {error}") from None
    rule = Cron(" ".join(fields), *values)
    if len(rule.days) < 31 and len(rule.weekdays) < 7:
        raise ValueError(
            f"'{line}' names a day of the month and a weekday; programs differ on whether one or both must match,"
            " so write * for one of them"
        )
    if _LAST not in rule.days and rule.days[0] > max(
        _LONGEST[month - 1] for month in rule.months
    ):
        raise ValueError(
            f"'{line}' never fires: no month that it names has a day {rule.days[0]}"
        )
    return rule


def _read_field(part: _Part, field: str) -> tuple[int, ...]:
    return tuple(
        sorted({value for item in field.split(",") for value in _read_item(part, item)})
    )


def _read_item(part: _Part, item: str) -> Iterator[int]:
    """The numbers of one item of a list: `*`, a value or a range, with or without a step."""
    span, slash, stride = item.partition("/")
    step = _number(stride) if slash else 1
    if step is None or step < 1:
        raise ValueError(
            f"{part.name} '{item}': a step is a whole number from 1; write one like {_example(part)}"
        )
    first, dash, last = span.partition("-")
    if span == "*":
        if slash and part.by_name_only:
            raise ValueError(
                f"{part.name} '{item}': weeks do not start on one day everywhere; name the days: mon,wed"
            )
        start, stop = part.first, part.last
    elif dash:
        start, stop = _read_value(part, first, item), _read_value(part, last, item)
    elif slash:
        raise ValueError(
            f"{part.name} '{item}': a step needs a range; write one like {_example(part)}"
        )
    else:
        start = stop = _read_value(part, first, item)
    if stop < start and not part.by_name_only:
        raise ValueError(
            f"{part.name} '{item}': the range runs backwards; write two, with a comma"
        )
    if stop < start:  # sun-thu: a week is a circle, and many a working week begins on Sunday
        stop += 7
    for value in range(start, stop + 1, step):
        yield value % 7 if part.by_name_only else value


def _read_value(part: _Part, text: str, item: str) -> int:
    if text in part.names:
        return part.names[text]
    number = _number(text)
    if part.by_name_only:
        why = "a number means another day in other programs; " if number is not None else ""
        raise ValueError(
            f"{part.name} '{item}': {why}write {', '.join(WEEKDAYS)}, a range like mon-fri, or *"
        )
    if number is None or not part.first <= number <= part.last:
        last_day = ", L for the last day" if _LAST in part.names.values() else ""
        names = last_day or "".join(f", {name}" for name in part.names)
        raise ValueError(
            f"{part.name} '{item}': write {part.first} to {part.last}{names}, or *"
        )
    return number


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else None


def _example(part: _Part) -> str:
    return "mon-fri/2" if part.by_name_only else f"*/2 or {part.first}-{part.last}/2"


# --------------------------------------------------------------------------------------- firing


def fires(rule: Cron, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """The instants at which the rule fires in that zone, ascending: after < fire <= until.

    All instants are aware; the results are in UTC.
    """
    place = ZoneInfo(zone)
    # a skipped time fires up to a day later, if a country skipped a whole day
    day = after.astimezone(place).date() - 2 * _DAY
    waiting: set[datetime] = set()
    while True:
        for wall in rule.walls(day):
            waiting.update(_shown(wall, place) if rule.every_hour else [_instant(wall, place)])
        day += _DAY
        rest = _earliest(day, place)
        ready = sorted(instant for instant in waiting if instant < rest)
        waiting.difference_update(ready)
        for instant in ready:
            if instant > until:
                return
            if instant > after:
                yield instant
        if rest > until:
            return


def next_fire(rule: Cron, zone: str, after: datetime) -> datetime:
    """The first instant after `after` at which the rule fires, in UTC; every valid rule does."""
    return next(fires(rule, zone, after, after + _LEAP_CYCLE))


def _instant(wall: datetime, place: ZoneInfo) -> datetime:
    """The instant of a wall-clock time: the earlier of two, or after a gap by its length."""
    return wall.replace(tzinfo=place, fold=0).astimezone(UTC)


def _shown(wall: datetime, place: ZoneInfo) -> Iterator[datetime]:
    """The instants at which the clock shows this time: one, two if repeated, none if skipped."""
    for fold in (0, 1):
        instant = wall.replace(tzinfo=place, fold=fold).astimezone(UTC)
        if instant.astimezone(place).replace(tzinfo=None) == wall:
            yield instant


def _earliest(day: date, place: ZoneInfo) -> datetime:
    """The earliest instant of that day.

    If midnight is skipped, fold 1 is an instant before the gap; if it is repeated, fold 0
    comes first.
    """
    midnight = datetime.combine(day, time(), place)
    return min(midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC))
