"""Text read by declared formats: every engine and Python say the same of every value, and nothing is guessed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import TableClause, literal

from pipeline.calendar.window import microseconds
from pipeline.formats import ReadingRules, units_of
from pipeline.model import Kind
from pipeline.presets import Amount, Formats
from pipeline.values.months import MONTHS
from pipeline.values.texts import UNREADABLE
from pipeline.values.white_space import WHITE_SPACE
from tests.benches import Bench

TEXT_OF = {
    "duckdb": "VARCHAR",
    "sqlite": "TEXT",
    "mysql": "LONGTEXT CHARACTER SET utf8mb4",
    "postgresql": "TEXT",
}


@pytest.fixture(scope="module", params=list(TEXT_OF))
def bench(request: pytest.FixtureRequest, benches: Callable[[str], Bench]) -> Bench:
    return benches(request.param)


def held(bench: Bench, texts: Sequence[str | None]) -> tuple[TableClause, list[str | None]]:
    """A table of the texts that this engine can hold, and these."""
    kept = [
        text
        for text in texts
        if text is None or "\x00" not in text or bench.engine.dialect.name != "postgresql"
    ]
    return bench.load(TEXT_OF.get(bench.engine.dialect.name, TEXT_OF["mysql"]), kept), kept


def both(
    bench: Bench, rules: ReadingRules, kind: str, texts: Sequence[str | None]
) -> list[tuple[Any, Any, Any]]:
    """(text, what the engine says, what Python says): a value, None for nothing entered, or UNREADABLE."""
    given, texts = held(bench, texts)
    kept = rules.text_in(given.c.v)
    value = rules.day_of(kept) if kind == "day" else rules.micros_of(kept)
    rows = bench.said(
        given, value, rules.nothing(kept, Kind.DAY if kind == "day" else Kind.INSTANT)
    )
    assert [row[0] for row in rows] == list(texts)
    sql = [
        found if found is not None else None if empty else UNREADABLE
        for _, found, empty in rows
    ]
    read = rules.day if kind == "day" else rules.instant
    python = [None if rules.is_empty(text) else read(text) for text in texts]
    return list(
        zip(
            texts,
            sql,
            [microseconds(v) if isinstance(v, datetime) else v for v in python],
            strict=True,
        )
    )


def differing(found: Sequence[tuple[Any, Any, Any]]) -> list[Any]:
    return [one for one in found if one[1] != one[2]]


# ------------------------------------------------------------------------------------------------ days

DAY_FORMATS = (
    "%d-%m-%Y", "%m/%d/%Y", "%Y-%m-%d", "%Y%m%d", "%-d-%-m-%Y", "%d.%m.%y", "%-d %b %Y", "%B %-d, %Y", "%d %B %Y",
)  # fmt: skip


def written(day: date, form: str) -> str:
    """By hand: the library's strftime does not pad the year, and knows no %-d everywhere."""
    parts = {
        "%-d": str(day.day), "%-m": str(day.month), "%d": f"{day.day:02}", "%m": f"{day.month:02}",
        "%Y": f"{day.year:04}", "%y": f"{day.year % 100:02}", "%b": MONTHS[day.month - 1][:3],
        "%B": MONTHS[day.month - 1],
    }  # fmt: skip
    for part, text in parts.items():
        form = form.replace(part, text)
    return form


def days() -> list[date]:
    seed = random.Random(7)
    edges = [
        date(1, 1, 1), date(999, 12, 31), date(1582, 10, 4), date(1582, 10, 15), date(1900, 2, 28), date(1968, 12, 31),
        date(1969, 1, 1), date(2000, 2, 29), date(2068, 12, 31), date(9999, 12, 31),
    ]  # fmt: skip
    return [*edges, *(date(1, 1, 1) + timedelta(days=seed.randrange(3_652_059)) for _ in range(400)),
            *(date(2024, 1, 1) + timedelta(days=n) for n in range(400))]  # fmt: skip


NO_DAYS = (
    None, "", " ", "\u3000", "30-02-2017", "31-04-2017", "29-02-2023", "00-00-0000", "0000-00-00",
    "0000-00-00 00:00:00",
    "00000000", "0-0-0000", "00.00.00", "01-01-0000", "0000-01-01", "1-1-2017", "01-1-2017", "001-01-2017", "01-01-17",
    "01-01-02017", "32-01-2017", "01-13-2017", "13/13/2017", " 01-03-2017 ", "\u00a001-03-2017\u200b", "01 - 03 - 2017",
    "01-03-2017 10:00", "01/03-2017", "-1-03-2017", "+1-03-2017", "\u0660\u0661-03-2017", "01-03-2017\x00",
    "1 mar 2017", "1 MAR 2017", "1 Mar 2017", "1 March 2017", "1 Mrt 2017", "march 1, 2017", "March 1, 2017", "n/a",
    "01.01.68", "01.01.69", "x", "%d-%m-%Y", "42795", "20170230", "2017-3-1", "2017-03-01T00:00:00", "=1+1", "1e3",
    "01-03-2017;", "\u202e01-03-2017", "9" * 40_000,
)  # fmt: skip


@pytest.mark.parametrize("form", DAY_FORMATS)
def test_a_day_is_read_alike(bench: Bench, form: str) -> None:
    rules = ReadingRules(Formats(day=(form,)))
    given = days()
    texts = [*NO_DAYS, *(written(day, one) for day in given for one in DAY_FORMATS)]
    pairs = both(bench, rules, "day", texts)
    assert differing(pairs) == []
    own = [said for _, said, _ in pairs[-len(given) * len(DAY_FORMATS) :]]
    read = own[DAY_FORMATS.index(form) :: len(DAY_FORMATS)]
    wanted = [d if "%Y" in form else d.replace(year=d.year % 100 + (2000 if d.year % 100 < 69 else 1900)) for d in given
              if "%Y" in form or (d.month, d.day) != (2, 29)]  # fmt: skip
    if "%Y" in form:
        assert read == wanted
    else:
        assert set(wanted) <= set(read)


def test_several_formats_are_tried_in_order(bench: Bench) -> None:
    texts = [
        "01-03-2017",
        "2017-03-01",
        "12/31/2016",
        "31/12/2016",
        "03/04/2017",
        "04-03-2017",
        "1-3-2017",
        "",
    ]
    rules = ReadingRules(Formats(day=("%d-%m-%Y", "%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y")))
    pairs = both(bench, rules, "day", texts)
    assert differing(pairs) == []
    assert [said for _, said, _ in pairs] == [
        date(2017, 3, 1), date(2017, 3, 1), date(2016, 12, 31), date(2016, 12, 31), date(2017, 3, 4),
        date(2017, 3, 4), UNREADABLE, None,
    ]  # fmt: skip


def test_two_digits_of_a_year_only_where_declared(bench: Bench) -> None:
    texts = ["01-03-17", "01-03-2017"]
    refused = both(bench, ReadingRules(Formats(day=("%d-%m-%Y",))), "day", texts)
    assert [row[1:] for row in refused] == [
        (UNREADABLE, UNREADABLE),
        (date(2017, 3, 1), date(2017, 3, 1)),
    ]
    declared = both(bench, ReadingRules(Formats(day=("%d-%m-%y",))), "day", texts)
    assert [row[1:] for row in declared] == [
        (date(2017, 3, 1), date(2017, 3, 1)),
        (UNREADABLE, UNREADABLE),
    ]


@pytest.mark.parametrize(
    "form",
    [
        "%d-%m",
        "%m-%Y",
        "%d-%m-%Y %y",
        "%d-%m-%Y %z",
        "%d-%m-%Y%z %H",
        "%j-%Y",
        "%d'%m-%Y",
        "%-d%m%Y",
        "%d%m%Y1",
        "%d-%m-%Y%",
        "d-m-Y",
    ],
)
def test_a_format_that_does_not_say_the_day_is_refused(form: str) -> None:
    with pytest.raises(ValidationError):
        Formats(day=(form,))


def test_hours_behind_a_day_are_read_and_left_out(bench: Bench) -> None:
    """Without an offset the day is the one that is written, whatever the zone; the clock must have the hours."""
    texts = [
        "2026-10-31 23:30:00",
        "2026-11-01T00:00:00",
        "2026-11-01",
        "2026-10-31 24:00:00",
        "2026-10-31 23:60:00",
    ]
    formats = Formats(day=("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"), zone="UTC")
    pairs = both(bench, ReadingRules(formats, home="Asia/Tokyo"), "day", texts)
    assert differing(pairs) == []
    wanted = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 1), UNREADABLE, UNREADABLE]
    assert [said for _, said, _ in pairs] == wanted


OFFSETS = {
    "2026-10-31T23:30:00Z": (date(2026, 11, 1), datetime(2026, 10, 31, 23, 30)),
    "2026-10-31T23:30:00+05:00": (date(2026, 10, 31), datetime(2026, 10, 31, 18, 30)),
    "2026-10-31T23:30:00+0000": (date(2026, 11, 1), datetime(2026, 10, 31, 23, 30)),
    "2026-10-31T23:30:00-0930": (date(2026, 11, 1), datetime(2026, 11, 1, 9)),
    "2026-07-01T22:30:00Z": (date(2026, 7, 2), datetime(2026, 7, 1, 22, 30)),
    "2026-07-01T21:59:59-00:00": (date(2026, 7, 1), datetime(2026, 7, 1, 21, 59, 59)),
    "1969-12-31T23:30:00+0000": (date(1970, 1, 1), datetime(1969, 12, 31, 23, 30)),
    "1900-01-01T00:30:00+01:00": UNREADABLE,
    "2099-12-31T23:30:00-01:00": UNREADABLE,
    "0001-01-01T00:00:00+14:00": UNREADABLE,
    "9999-12-31T23:59:59-14:00": UNREADABLE,
    "2026-02-30T10:00:00Z": UNREADABLE,
    "2026-10-31T23:30:00": UNREADABLE,
    "2026-10-31T23:30:00 Z": UNREADABLE,
    "2026-10-31T23:30:00z": UNREADABLE,
    "2026-10-31T23:30:00+5:00": UNREADABLE,
    "2026-10-31T23:30:00+24:00": UNREADABLE,
    "2026-10-31T23:30:00+05:60": UNREADABLE,
    "2026-10-31T23:30:00+05": UNREADABLE,
    "2026-10-31T23:30:00+05:00\n": (date(2026, 10, 31), datetime(2026, 10, 31, 18, 30)),
    "0000-00-00T00:00:00Z": None,
    "0000-00-00T00:00:00+00:00": None,
    "": None,
}
"""A text with an offset -> Amsterdam's day and the instant in UTC."""


@pytest.mark.parametrize("kind", ["day", "instant"])
def test_an_offset_makes_an_instant_whatever_the_zone(bench: Bench, kind: str) -> None:
    form = ("%Y-%m-%dT%H:%M:%S%z",)
    rules = ReadingRules(
        Formats(day=form, instant=form, zone="Asia/Tokyo"),
        zone="Asia/Tokyo",
        home="Europe/Amsterdam",
    )
    pairs = both(bench, rules, kind, list(OFFSETS))
    assert differing(pairs) == []
    for text, said, _ in pairs:
        known = OFFSETS[text]
        if isinstance(known, tuple):
            known = known[0] if kind == "day" else microseconds(known[1].replace(tzinfo=UTC))
        assert (text, said) == (text, known)


def test_offsets_stand_beside_local_times_in_one_column(bench: Bench) -> None:
    texts = ["2026-07-01 12:00", "2026-07-01T12:00:00.250Z", "01-07-2026 12:00:00 +0200", "x"]
    form = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S.%g%z", "%d-%m-%Y %H:%M:%S %z")
    rules = ReadingRules(
        Formats(instant=form, zone="Europe/Amsterdam"),
        zone="Europe/Amsterdam",
        home="Europe/Amsterdam",
    )
    pairs = both(bench, rules, "instant", texts)
    assert differing(pairs) == []
    noon = microseconds(datetime(2026, 7, 1, 12, tzinfo=UTC))
    hours = 3_600_000_000
    assert [said for _, said, _ in pairs] == [
        noon - 2 * hours,
        noon + 250_000,
        noon - 2 * hours,
        UNREADABLE,
    ]


def test_a_day_that_a_zone_skipped_is_never_shown(bench: Bench) -> None:
    """Apia went from 29 to 31 December 2011: a local time of the 30th keeps the old offset."""
    form = ("%Y-%m-%dT%H:%M:%S%z",)
    rules = ReadingRules(
        Formats(day=form, instant=("%Y-%m-%d %H:%M:%S",)),
        zone="Pacific/Apia",
        home="Pacific/Apia",
    )
    days = both(bench, rules, "day", ["2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"])
    assert [row[1:] for row in days] == [(date(2011, 12, 29),) * 2, (date(2011, 12, 31),) * 2]
    local = [
        "2011-12-29 23:59:59",
        "2011-12-30 00:00:00",
        "2011-12-30 23:59:59",
        "2011-12-31 00:00:00",
    ]
    wanted = [datetime(2011, 12, 30, 9, 59, 59), datetime(2011, 12, 30, 10), datetime(2011, 12, 31, 9, 59, 59),
              datetime(2011, 12, 30, 10)]  # fmt: skip
    us = [microseconds(moment.replace(tzinfo=UTC)) for moment in wanted]
    assert [row[1:] for row in both(bench, rules, "instant", local)] == [
        (one, one) for one in us
    ]


# ------------------------------------------------------------------------------------------------ instants

INSTANTS = {
    "%Y-%m-%d %H:%M:%S": "{0:%Y-%m-%d %H:%M:%S}",
    "%d-%m-%Y %H:%M": "{0:%d-%m-%Y %H:%M}",
    "%m/%d/%Y %-I:%M %p": "{0:%m/%d/%Y} {1}:{0:%M} {2}",
    "%Y-%m-%dT%H:%M:%S.%gZ": "{0:%Y-%m-%dT%H:%M:%S}.{3:03}Z",
    "%Y-%m-%d %H:%M:%S.%f": "{0:%Y-%m-%d %H:%M:%S.%f}",
    "%d-%m-%Y": "{0:%d-%m-%Y}",
}


def clocks() -> list[datetime]:
    """Minutes around every change of the clock in a year, and moments of two centuries."""
    seed = random.Random(11)
    around = [datetime(2026, month, day, 22) + timedelta(minutes=15 * n) for month, day in
              ((3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31)) for n in range(40)]  # fmt: skip
    span = int((datetime(2101, 1, 1) - datetime(1899, 12, 30)).total_seconds())
    return [
        *around, datetime(1899, 12, 31, 23, 59, 59), datetime(1900, 1, 1), datetime(2099, 12, 31, 23, 59, 59),
        datetime(2100, 1, 1), datetime(2026, 1, 1), datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 0, 30),
        *(datetime(1899, 12, 30) + timedelta(seconds=seed.randrange(span), microseconds=seed.randrange(10**6))
          for _ in range(3_000)),
    ]  # fmt: skip


NO_INSTANTS = (
    "", "2026-01-01 24:00:00", "2026-01-01 23:60:00", "2026-01-01 23:59:60", "2026-01-01", "2026-01-01 1:00:00",
    "2026-01-01T01:00:00", "01/01/2026 13:00 PM", "01/01/2026 0:30 AM", "01/01/2026 12:30 AM", "01/01/2026 12:30 pm",
    "0000-00-00 00:00:00", "00-00-0000 00:00", "2026-01-01 10:00:00+01:00", "2026-01-01 10:00:00.5", None,
)  # fmt: skip


@pytest.mark.parametrize(
    "zone",
    ["UTC", "Europe/Amsterdam", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kolkata"],
)
@pytest.mark.parametrize("form", INSTANTS)
def test_an_instant_is_read_alike(bench: Bench, zone: str, form: str) -> None:
    if form.endswith("Z") and zone != "UTC":
        with pytest.raises(ValidationError):
            Formats(instant=(form,), zone=zone)
        return
    rules = ReadingRules(Formats(instant=(form,), zone=zone), zone=zone)
    moments = clocks()
    texts = [*NO_INSTANTS, *(INSTANTS[form].format(m, (m.hour - 1) % 12 + 1, "PM" if m.hour > 11 else "AM",
                                                   m.microsecond // 1000) for m in moments)]  # fmt: skip
    pairs = both(bench, rules, "instant", texts)
    assert differing(pairs) == []
    assert sum(isinstance(said, int) for _, said, _ in pairs) > 3_000


def test_an_instant_is_of_the_declared_zone(bench: Bench) -> None:
    """02:30 is skipped in March (as if the clock had gone on), and exists twice in October: the first is meant."""
    texts = ["2026-07-01 12:00:00", "2026-03-29 02:30:00", "2026-10-25 02:30:00"]
    rules = ReadingRules(Formats(zone="Europe/Amsterdam"), zone="Europe/Amsterdam")
    wanted = [
        datetime(2026, 7, 1, 10),
        datetime(2026, 3, 29, 1, 30),
        datetime(2026, 10, 25, 0, 30),
    ]
    read = [microseconds(moment.replace(tzinfo=UTC)) for moment in wanted]
    assert [row[1:] for row in both(bench, rules, "instant", texts)] == [
        (us, us) for us in read
    ]
    assert ZoneInfo("Europe/Amsterdam").utcoffset(datetime(2026, 7, 1)) == timedelta(hours=2)


# ------------------------------------------------------------------------------------------------ amounts

STYLES = {
    "comma": Amount(decimal=",", thousands=".", signs=("E", "EUR", "\u20ac")),
    "point": Amount(decimal=".", thousands=",", signs=("$", "USD")),
    "plain": Amount(),
    "swiss": Amount(decimal=".", thousands="'", signs=("CHF", "Fr.")),
    "french": Amount(decimal=",", thousands=" ", signs=("\u20ac",)),
}
NUMBERS = (
    "0", "-0", "00", "1", "12", "1234", "1.5", "1,5", "1.50", "1,50", "1.234", "1,234", "1.234,56", "1,234.56",
    "1.234.567", "1,234,567", "1.234.567,8", "12.34,5", "1234.567,8", "1234,5", "1.2345", "0,005", "0.005", "1,000000",
    "1'234.5", "1 234,5", "1\u00a0234,5", "1\u202f234,5", "1  234", "1 2", ".5", ",5", "5.", "5,", "1..5", "1e3",
    "1E+3",
    "0x10", "1_000", "\u0661", "\uff11", "99999999999999999", "9999999999999999.99", "10000000000000000",
    "999999999999999999", "1000000000000000000", "0" * 60 + "1", "1" + "0" * 60, "1," + "0" * 60, "1." + "0" * 60,
    "0," + "0" * 60 + "1", "9" * 5_000, "1" * 40_000,
)  # fmt: skip
AROUND = (
    "{}", " {} ", "-{}", "- {}", "--{}", "+{}", "({})", "{}-", "\u20ac {}", "\u20ac{}", "{} \u20ac", "{}\u20ac",
    "-\u20ac{}",
    "\u20ac -{}", "\u20ac- {}", "-\u20ac -{}", "EUR {}", "EUR{}", "E{}", "EEUR{}", "eur {}", "{} EUR", "EUR {} EUR",
    "-{} EUR",
    "$ {}", "${}", "\u00a3{}", "USD {}", "CHF {}", "Fr. {}", "{} Fr.", "{} x", "x {}", "=\u20ac{}",
    "\u3000\u20ac\u00a0{}\u200b",
    "\u2212{}", "'{}", '"{}"', "\u20ac\n{}", "{}\n", "\u202e{}",
)  # fmt: skip
WHOLE_AMOUNTS = (
    None,
    "",
    " ",
    "-",
    "\u20ac",
    "EUR",
    "- \u20ac",
    "n/a",
    "NULL",
    "nan",
    "inf",
    "gratis",
    "1;2",
    "=1+1",
    "\x00",
    "1\x00",
)


@pytest.mark.parametrize("style", [*STYLES, "comma, point"])
def test_an_amount_is_read_alike(bench: Bench, style: str) -> None:
    rules = ReadingRules(Formats(amount=tuple(STYLES[one] for one in style.split(", "))))
    texts = [
        *WHOLE_AMOUNTS,
        *(around.format(number) for around, number in product(AROUND, NUMBERS)),
    ]
    wrong, read = [], 0
    given, texts = held(bench, texts)
    for currency in ("EUR", "JPY", "KWD", "CLF"):
        rows = bench.said(
            given, units_of(rules.number_of(rules.text_in(given.c.v)), literal(currency))
        )
        for (text, said), asked in zip(rows, texts, strict=True):
            python = rules.money(asked, currency)
            read += isinstance(python, int)
            if text != asked or said != (None if python is UNREADABLE else python):
                wrong.append((str(text)[:30], currency, said, python))
    assert wrong == []
    assert read > 200


@pytest.mark.parametrize(
    ("style", "text", "units"),
    [
        ("comma", "\u20ac 1.234,50", 123_450),
        ("comma", "-\u20ac\u00a01.234,50", -123_450),
        ("comma", "1234,5 EUR", 123_450),
        ("comma", "1,234.50", UNREADABLE),
        ("comma", "$ 5", UNREADABLE),
        ("comma", "1.5", UNREADABLE),
        ("comma", "1,005", UNREADABLE),
        ("comma", " - ", UNREADABLE),
        ("point", "$1,234.50", 123_450),
        ("french", "1\u202f234,50 \u20ac", 123_450),
        ("swiss", "CHF 1'234.50", 123_450),
    ],
)
def test_amounts_by_hand(style: str, text: str, units: Any) -> None:
    assert ReadingRules(Formats(amount=(STYLES[style],))).money(text, "EUR") == units


def test_of_two_amount_formats_the_first_that_fits_is_taken() -> None:
    rules = ReadingRules(Formats(amount=(STYLES["comma"], STYLES["point"])))
    assert [rules.money(text, "EUR") for text in ("1.234", "1,234", "1,23", "1.23", "1,234.5")] == [
        123_400, UNREADABLE, 123, 123, 123_450
    ]  # fmt: skip


def test_an_amount_without_a_currency_is_unreadable() -> None:
    rules = ReadingRules(Formats())
    assert [rules.money("5", currency) for currency in (None, "", WHITE_SPACE)] == [
        UNREADABLE
    ] * 3
    assert rules.money(" ", None) is None


@pytest.mark.parametrize(
    "amount",
    [{"decimal": ",", "thousands": ","}, {"signs": ["5"]}, {"signs": ["-"]}, {"signs": [""]}],
)
def test_an_amount_format_that_tells_nothing_apart_is_refused(amount: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Amount(**amount)


# ------------------------------------------------------------------------------------------------ empty words


def test_an_empty_word_is_nothing_entered(bench: Bench) -> None:
    rules = ReadingRules(Formats(day=("%d-%m-%Y",)), frozenset({"-", "n/a", "0"}))
    texts = ["-", " - ", "\u3000n/a\ufeff", "N/A", "0", "00", "--", "01-03-2017", "-1"]
    pairs = both(bench, rules, "day", texts)
    assert differing(pairs) == []
    assert [said for _, said, _ in pairs] == [
        None, None, None, UNREADABLE, None, UNREADABLE, UNREADABLE, date(2017, 3, 1), UNREADABLE
    ]  # fmt: skip
