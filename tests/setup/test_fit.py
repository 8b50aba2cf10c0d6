"""Whether texts are written as a preset's formats say, and the formats that fit where most are not."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.databases.exports.tables import ExportedFiles
from pipeline.formats import ReadingRules
from pipeline.model import ENTITIES, Kind
from pipeline.presets import Formats, Preset, load_preset
from pipeline.setup import _about_the_fit
from pipeline.setup.look.fit import Fit, fit_of
from pipeline.setup.write.audit_file import Settings
from pipeline.setup.write.exported import CustomExports

DUTCH = ("5-11-2026", "25-11-2026", "13-1-2026")


@pytest.fixture(scope="module")
def hubspot() -> Preset:
    return load_preset("hubspot", Path())


def fit(preset: Preset, column: str, values: Sequence[Any], entity: str = "deal") -> Fit:
    return fit_of(
        ReadingRules.of(preset, "Europe/Amsterdam"),
        ENTITIES,
        {entity: ([column], [[value] for value in values])},
    )


@pytest.mark.parametrize(
    ("column", "values", "kind", "line"),
    [
        ("close_day", DUTCH, Kind.DAY, 'day: ["%-d-%-m-%Y"'),
        ("close_day", ("05-11-2026", "25-11-2026"), Kind.DAY, 'day: ["%d-%m-%Y"'),
        ("close_day", ("11/5/2026", "11/25/2026"), Kind.DAY, 'day: ["%m/%-d/%Y", "%-m/%-d/%Y"'),
        (
            "created_at",
            ("5-11-2026 10:00", "25-11-2026 9:05"),
            Kind.INSTANT,
            'instant: ["%-d-%m-%Y %-H:%M", "%-d-%-m-%Y %-H:%M"',
        ),
        ("amount", ("1234,5", "-1,25", "7"), Kind.MONEY, 'amount: [{decimal: ","}]'),
        (
            "amount",
            ("1.234,50", "12,00"),
            Kind.MONEY,
            'amount: [{decimal: ",", thousands: "."}]',
        ),
        (
            "amount",
            ("€ 1.234,50", "€ 12,00"),
            Kind.MONEY,
            'amount: [{decimal: ",", thousands: ".", signs: ["€"]}]',
        ),
        ("amount", ("1234,5", "12,5", "about 7"), Kind.MONEY, 'amount: [{decimal: ","}]'),
    ],
)
def test_the_line_that_fits(
    hubspot: Preset, column: str, values: Sequence[str], kind: Kind, line: str
) -> None:
    found = fit(hubspot, column, values)
    assert [one.kind for one in found.misread] == [kind]
    assert found.lines()[kind].startswith(line)
    declared = Formats.model_validate(yaml.safe_load(found.lines()[kind]))
    rules = ReadingRules(declared, zone="Europe/Amsterdam")
    read = {Kind.DAY: rules.day, Kind.INSTANT: rules.instant}.get(kind)
    if read:
        assert [read(value) for value in values if not isinstance(read(value), date)] == []


def test_formats_that_begin_with_the_year_stay(hubspot: Preset) -> None:
    """The next export may be as the CRM writes it."""
    assert '"%Y-%m-%d"' in fit(hubspot, "close_day", DUTCH).lines()[Kind.DAY]


@pytest.mark.parametrize(
    "values",
    [
        ("2026-11-05", "2026-11-25", "25-11-2026"),
        ("2026-11-05", "25-11-2026"),  # a half is not more than half
        ("", " ", None),
        (date(2026, 11, 5),),  # a workbook's own
        (),
    ],
)
def test_what_can_mostly_be_read_needs_no_other_format(
    hubspot: Preset, values: Sequence[Any]
) -> None:
    assert fit(hubspot, "close_day", values).misread == ()
    assert fit(hubspot, "close_day", values).lines() == {}


@pytest.mark.parametrize("values", [("5-11-2026", "6-7-2026"), ("vijf november", "morgen")])
def test_what_is_open_or_unknown_gets_no_line(hubspot: Preset, values: Sequence[str]) -> None:
    found = fit(hubspot, "close_day", values)
    assert [(one.column, one.stated, one.unreadable, one.samples) for one in found.misread] == [
        ("close_day", 2, 2, values)
    ]
    assert found.lines() == {}


def test_words_that_say_neither_yes_nor_no(hubspot: Preset) -> None:
    assert fit(hubspot, "active", ("WAAR", "ONWAAR", "x"), "user").misread == ()
    (one,) = fit(hubspot, "active", ("VERDADERO", "FALSO", "1"), "user").misread
    assert (one.kind, one.unreadable, one.stated) == (Kind.FLAG, 2, 3)


@pytest.mark.parametrize(
    ("values", "typed", "unconfirmed"),
    [
        (DUTCH, "y\n", []),
        (
            DUTCH,
            "n\n",
            ["formats: you said that they are wrong; correct them below, then delete this"],
        ),
        (("5-11-2026", "6-7-2026"), "day\ny\n", []),
        (DUTCH, None, ["formats.day = %-d-%-m-%Y, 3 of 3 different texts are written so"]),
        (
            ("5-11-2026", "6-7-2026"),
            None,
            [
                "formats: in 5-11-2026 the day or the month may come first; "
                "write %d-%m-%Y or %m-%d-%Y, then delete this"
            ],
        ),
    ],
)
def test_it_is_confirmed_at_the_terminal_or_in_the_file(
    hubspot: Preset,
    monkeypatch: pytest.MonkeyPatch,
    values: Sequence[str],
    typed: str | None,
    unconfirmed: list[str],
) -> None:
    found = fit(hubspot, "close_day", values)
    own, settings = (
        CustomExports(hubspot, ExportedFiles({}, ()), fit=found),
        Settings("files:///x", "crm.yaml", "", "audit-1"),
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(typed or ""))
    _about_the_fit(settings, own, "crm.yaml", typed is not None)
    document = yaml.safe_load(own.text())
    assert document.get("unconfirmed", []) == unconfirmed
    assert bool(settings.open_keys) is (typed is None)
    assert "unconfirmed" not in yaml.safe_load(own.text(tried=True))
    if typed is not None:
        assert document["formats"]["day"][0] == "%-d-%-m-%Y"
