"""A closing date of text with an hour behind it: its format is proposed, whatever the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from pipeline.formats import ReadingRules
from pipeline.presets.columns import Mapped
from pipeline.setup.guess.mapping import CustomPreset, expressions
from pipeline.setup.guess.proposals import propose, written_in
from pipeline.setup.look.recognise import Place
from pipeline.setup.look.text_formats import formats_of


def laid(folder: Path, closed: Sequence[str]) -> str:
    with closing(sqlite3.connect(folder / "crm.db")) as raw, raw:
        raw.execute("CREATE TABLE verkopers (id INTEGER PRIMARY KEY, naam TEXT)")
        raw.execute(
            "CREATE TABLE deals (id INTEGER PRIMARY KEY, naam TEXT, verkoper INTEGER, sluitingsdatum TEXT)"
        )
        raw.executemany("INSERT INTO verkopers VALUES (?, ?)", [(1, "An"), (2, "Bo")])
        raw.executemany("INSERT INTO deals VALUES (?, ?, ?, ?)",
                        [(n, f"Deal {n}", 1 + n % 2, text) for n, text in enumerate(closed)])  # fmt: skip
    return f"sqlite:///{folder / 'crm.db'}"


HOURS = {
    "2026-11-01 10:00:00": ("%Y-%m-%d %H:%M:%S",),
    "2026-10-31T23:30:00Z": ("%Y-%m-%dT%H:%M:%S%z",),
    "2026-10-31T23:30:00.125+0000": ("%Y-%m-%dT%H:%M:%S.%g%z",),
    "31-10-2026 23:30": ("%d-%m-%Y %H:%M",),
}


@pytest.mark.parametrize("text", HOURS)
def test_the_format_of_a_closing_date_with_an_hour_is_proposed(
    tmp_path: Path, text: str
) -> None:
    place = Place(laid(tmp_path, [text] * 6), tmp_path)
    with place.opened() as connection:
        proposals = propose(connection)
        written = written_in(connection, proposals)
    deal = next(one for one in proposals if one.entity == "deal")
    assert {guess.ours: guess.theirs for guess in deal.columns}["close_day"] == "sluitingsdatum"
    assert written is not None
    formats = formats_of(written)
    assert formats.day == HOURS[text]
    read = ReadingRules(formats, home="Europe/Amsterdam").day(text)
    assert read == (
        date(2026, 11, 1) if text.endswith(("Z", "0000", "10:00:00")) else date(2026, 10, 31)
    )
    own = CustomPreset(
        "x", "sqlite", lambda name: f'"{name}"', proposals, {}, True, True, written=written
    )
    assert expressions(own, deal)["close_day"] == Mapped(
        column="sluitingsdatum"
    )  # what reads it is the format
