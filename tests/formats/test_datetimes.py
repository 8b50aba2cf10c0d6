"""Datetimes of a database's own types: the zone in which they are meant, and the day on which they fall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine

from pipeline.calendar.window import microseconds
from pipeline.databases.kinds import kind_of
from pipeline.errors import ConfigError
from pipeline.formats import ReadingRules
from pipeline.presets import Preset
from pipeline.values.texts import UNREADABLE
from tests.benches import Bench
from tests.formats.test_text_columns import CustomPreset, preset

AMSTERDAM: Mapping[str, str] = {
    "2026-03-29 01:59:59": "2026-03-29 00:59:59",
    "2026-03-29 02:30:00": "2026-03-29 01:30:00",  # skipped: as if the clock had not been put forward
    "2026-03-29 03:00:00": "2026-03-29 01:00:00",
    "2026-10-25 01:59:59": "2026-10-24 23:59:59",
    "2026-10-25 02:30:00": "2026-10-25 00:30:00",  # twice: the first
    "2026-10-25 03:00:00": "2026-10-25 02:00:00",
    "2026-11-01 00:30:00": "2026-10-31 23:30:00",
}
TOKYO: Mapping[str, str] = {
    "2026-03-29 02:30:00": "2026-03-28 17:30:00",
    "2026-11-01 08:59:59": "2026-10-31 23:59:59",
}
LOS_ANGELES: Mapping[str, str] = {
    "2026-03-08 02:30:00": "2026-03-08 10:30:00",
    "2026-11-01 01:30:00": "2026-11-01 08:30:00",
    "2026-10-31 23:30:00": "2026-11-01 06:30:00",
}
ZONES = {"Europe/Amsterdam": AMSTERDAM, "Asia/Tokyo": TOKYO, "America/Los_Angeles": LOS_ANGELES}
LOCAL = [
    ("sqlite", "TEXT"), ("mysql", "DATETIME"), ("mysql", "VARCHAR(40)"), ("postgresql", "TIMESTAMP"),
    ("postgresql", "TEXT"), ("duckdb", "TIMESTAMP"), ("duckdb", "VARCHAR"),
]  # fmt: skip
TYPED = [("mysql", "DATETIME"), ("postgresql", "TIMESTAMP"), ("duckdb", "TIMESTAMP")]
INSTANTS = [("mysql", "TIMESTAMP NULL"), ("postgresql", "TIMESTAMPTZ")]


@pytest.fixture
def own(benches: Callable[[str], Bench], tmp_path: Path) -> Callable[[str], CustomPreset]:
    return lambda dialect: CustomPreset(benches(dialect), tmp_path)


def read(
    ours: CustomPreset, kind: str, values: Sequence[str | None], zone: str, **says: Any
) -> list[tuple[Any, ...]]:
    """(day, unreadable, microseconds, unreadable) of each value, on which both readings agree."""
    made = saying(
        preset(ours.engine.dialect.name, ours.load(kind, values), "no formats"), **says
    )
    if ours.engine.dialect.name == "mysql":  # as a run opens it
        ours.engine = kind_of("mysql").open(ours.engine.url, ours.folder, made)
    database, python = ours.readings_by(made, zone)
    assert database == python
    return [database[str(n)][2:] for n in range(len(values))]


def saying(made: Preset, **says: Any) -> Preset:
    return Preset.model_validate({**made.model_dump(), **says})


def micros_of(said: str) -> int:
    return microseconds(datetime.fromisoformat(said).replace(tzinfo=UTC))


@pytest.mark.parametrize("zone", list(ZONES))
@pytest.mark.parametrize(("dialect", "kind"), LOCAL)
def test_datetimes_are_in_the_zone_that_is_declared(
    own: Callable[[str], CustomPreset], dialect: str, kind: str, zone: str
) -> None:
    """And columns of another type are read as without it: text by its exact form, and never by a format."""
    values = [*ZONES[zone], None, "1899-12-31 10:00:00", "2100-01-01 10:00:00"]
    found = read(own(dialect), kind, values, zone, datetimes="audit")
    instants = [(row[2], row[3]) for row in found]
    assert instants == [
        *((micros_of(said), 0) for said in ZONES[zone].values()),
        (None, 0),
        (None, 1),
        (None, 1),
    ]
    if (dialect, kind) in TYPED:
        days = [date.fromisoformat(value[:10]) for value in ZONES[zone]]
        assert [row[:2] for row in found[: len(days)]] == [(day, 0) for day in days]


@pytest.mark.parametrize(("dialect", "kind"), LOCAL)
def test_they_are_in_utc_unless_that_is_said(
    own: Callable[[str], CustomPreset], dialect: str, kind: str
) -> None:
    found = read(own(dialect), kind, ["2026-10-31 23:30:00"], "Europe/Amsterdam")
    assert found[0][2:] == (micros_of("2026-10-31 23:30:00"), 0)
    day = (date(2026, 11, 1), 0) if (dialect, kind) in TYPED else (None, 1)
    assert found[0][:2] == day


@pytest.mark.parametrize(("dialect", "kind"), TYPED)
def test_a_closing_day_is_that_of_the_audit(
    own: Callable[[str], CustomPreset], dialect: str, kind: str
) -> None:
    found = read(
        own(dialect),
        kind,
        ["2026-11-01 02:30:00", None],
        "America/Los_Angeles",
        datetimes="Europe/Amsterdam",
    )
    assert found == [
        (date(2026, 10, 31), 0, micros_of("2026-11-01 01:30:00"), 0),
        (None, 0, None, 0),
    ]


@pytest.mark.parametrize("datetimes", ["UTC", "audit", "Asia/Tokyo"])
@pytest.mark.parametrize(("dialect", "kind"), INSTANTS)
def test_what_is_an_instant_needs_no_zone(
    own: Callable[[str], CustomPreset], dialect: str, kind: str, datetimes: str
) -> None:
    ours = own(dialect)
    value = "2026-10-31 23:30:00" + ("+00" if dialect == "postgresql" else "")
    if dialect == "mysql":  # it is written in the session's zone
        ours.engine = create_engine(
            ours.engine.url, connect_args={"init_command": "SET time_zone = '+00:00'"}
        )
    found = read(ours, kind, [value], "Europe/Amsterdam", datetimes=datetimes)
    assert found == [(date(2026, 11, 1), 0, micros_of("2026-10-31 23:30:00"), 0)]


@pytest.mark.parametrize(
    ("dialect", "kind"), [("mysql", "DATETIME"), ("postgresql", "TIMESTAMP")]
)
def test_an_instant_beside_a_datetime_is_refused(
    own: Callable[[str], CustomPreset], dialect: str, kind: str
) -> None:
    """In two tables of one entity: the database would make one type of both, and both readings would believe it."""
    ours, other = own(dialect), dict(INSTANTS)[dialect]
    made = saying(
        preset(dialect, ours.load(kind, ["2026-11-01 10:00:00"]), "no formats"),
        datetimes="Asia/Tokyo",
    )
    [part] = made.entities["deal"]
    again = part.model_copy(update={"table": ours.load(other, ["2026-11-01 10:00:00"])})
    made = saying(made, entities={"deal": [part.model_dump(), again.model_dump()]})
    ours.engine = kind_of(dialect).open(ours.engine.url, ours.folder, made)
    with pytest.raises(
        ConfigError,
        match=r"deal\.(close_day|created_at) is an instant in one table and a datetime",
    ):
        ours.readings_by(made, "UTC")


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [("sqlite", "TEXT"), ("postgresql", "TEXT"), ("postgresql", "TIMESTAMP")],
)
def test_texts_of_a_format_may_have_a_zone_of_their_own(
    own: Callable[[str], CustomPreset], dialect: str, kind: str
) -> None:
    formats = {"instant": ["%Y-%m-%d %H:%M:%S"], "zone": "Asia/Tokyo"}
    found = read(
        own(dialect),
        kind,
        ["2026-11-01 08:30:00"],
        "UTC",
        datetimes="Europe/Amsterdam",
        formats=formats,
    )
    assert found[0][2] == micros_of(
        "2026-10-31 23:30:00" if kind == "TEXT" else "2026-11-01 07:30:00"
    )


def test_a_folder_of_exports_has_datetimes_too() -> None:
    made = saying(preset("files", "deals", "no formats"), datetimes="audit")
    assert ReadingRules.of(made, "Europe/Amsterdam").instant("2026-10-25 02:30:00") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )
    formats = {"instant": ["%Y-%m-%d %H:%M"], "zone": "UTC"}
    plain = ReadingRules.of(saying(made, formats=formats), "Europe/Amsterdam")
    assert plain.instant("2026-10-25 02:30") == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    assert (
        replace(plain, datetimes="Asia/Tokyo").own_instant(datetime(1899, 1, 1)) is UNREADABLE
    )


@pytest.mark.parametrize(
    ("says", "what"),
    [
        ({"datetimes": "Amsterdam"}, "datetimes: 'Amsterdam' is no time zone"),
        (
            {"datetimes": "audit", "formats": {"instant": ["%Y-%m-%dT%H:%M:%SZ"]}},
            "a format that ends in Z says UTC",
        ),
    ],
)
def test_a_zone_that_cannot_be_is_refused(says: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        saying(preset("sqlite", "deals", "no formats"), **says)
