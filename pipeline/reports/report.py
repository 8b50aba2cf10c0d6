"""What stands in a report, for whom, and in which order; how it looks is for
the page and the workbook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pipeline.calendar.window import month_of, quarter_of, week_of, year_of
from pipeline.model import SCORED, Figure, FixItem, Person, RunResult, Scope, Unit, Window
from pipeline.values.months import MONTHS

Cell = Figure | str | None
"""A figure, a text, or nothing: the figure does not exist for this row."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; `total` sets it apart. In the headline the cells form a
    sentence, with its own spaces.
    """

    label: str
    cells: tuple[Cell, ...]
    total: bool = False
    element: str = ""  # of the headline: 'stake', 'plan', 'score', …
    big: int = 0  # so many of the first cells are set in big type
    bar: tuple[int, int] | None = (
        None  # drawn beside the cells and not printed: a part, and its whole
    )


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; on a page a section, in a workbook a sheet."""

    key: str  # short and unique in the report: 'teams'
    title: str
    columns: tuple[str, ...]  # the heading of the label, then one for each cell
    rows: tuple[Row, ...]
    note: str = ""
    look: Literal["plain", "bars", "scatter"] = "plain"
    drawn: tuple[
        Row, ...
    ] = ()  # of a scatter, every point: drawn and not printed; `rows` are those that are named


@dataclass(frozen=True, slots=True)
class Report:
    """One report, for one audience: the same content on the page and in the workbook."""

    audience: Literal["management", "manager"]
    title: str
    person: Person | None  # whose report it is; None for management's
    result: RunResult
    headline: tuple[Row, ...]  # the first screen, in the order of docs: label, then its figures
    tables: tuple[Table, ...]
    fix_list: tuple[FixItem, ...]  # a manager's fix-list; empty for management
    notes: tuple[str, ...]  # what is not checked, what is excluded, who else sees this

    def figures(self) -> Iterator[Figure]:
        """Every figure that must be found in the published files, in
        order, repeats included.
        """
        for row in (*self.headline, *(row for table in self.tables for row in table.rows)):
            yield from (cell for cell in row.cells if isinstance(cell, Figure))

    def element(self, name: str) -> tuple[Row, ...]:
        """The rows of one element of the headline; KeyError where none is ever called so."""
        if name not in ELEMENTS:
            raise KeyError(f"no element of a headline is called {name!r}")
        return tuple(row for row in self.headline if row.element == name)


# ---------------------------------------------------------------------------------------- words

BESIDE: Final = {
    Scope.INACTIVE: "Inactive owners",
    Scope.UNASSIGNED: "Records of nobody",
    Scope.DOUBLE_COUNTED: "Less: counted twice",
}
"""What it takes beside the managers to add up to the company; the last only where
records have several owners.
"""

SECTIONS: Final = ("now", "leads", "outside", "leads outside")
"""The parts of a fix-list, in its order; leads are in no manager's score and stand apart."""

ELEMENTS: Final = frozenset(
    {
        "who",
        "readers",
        "proof",
        "stake",
        "plan",
        "days",
        "score",
        "base",
        "team",
        "meetings",
        "lacking",
        "person",
        "warning",
        "ahead",
        *(f"fix {section}" for section in SECTIONS),
    }
)
"""What a headline consists of: templates and tests ask for its rows by these names."""

_BREAKS: Final = re.compile(r"\r\n|[\t\n\r]")
_HARMFUL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, those that turn the direction of the text around them, and
what is no character at all.
"""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def section_of(item: FixItem) -> str:
    """The part of the fix-list to which a record belongs."""
    if item.entity in SCORED:
        return "now" if item.in_period else "outside"
    return "leads" if item.in_period else "leads outside"


def halves(figure: Figure) -> tuple[Figure, Figure]:
    """A ratio's numerator and denominator, as figures that can be printed: "440" and "500"."""
    numerator = replace(figure, id=f"{figure.id}#numerator", denominator=None, unit=Unit.COUNT)
    return numerator, replace(
        numerator, id=f"{figure.id}#denominator", numerator=figure.denominator or 0
    )


def day_text(day: date) -> str:
    """'16 Nov 2026', in no locale but English."""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def moment_text(instant: datetime, zone: str) -> str:
    """'Mon 16 Nov 2026 07:00 CET', in no locale but English."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{_DAYS[local.weekday()]} {day_text(local.date())} {local:%H:%M} {local.tzname()}"


def as_of_text(window: Window) -> str:
    """'Mon 16 Nov 2026 07:00 CET', and whether it was given instead of read from the clock."""
    moment = moment_text(window.as_of, window.zone)
    return f"{moment}, injected" if window.injected else moment


def month_text(day: date) -> str:
    """'November 2026'."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def period_text(window: Window) -> str:
    """'November 2026 to date', 'week of 16 Nov 2026', 'Q4 2026', '2026', or
    the first and the last day.
    """
    to_date = window.first <= window.today < window.after_last
    days = window.first, window.after_last
    if days == month_of(window.first):
        said = month_text(window.first)
    elif days == week_of(window.first):
        said = f"week of {day_text(window.first)}"
    elif days == quarter_of(window.first):
        said = f"Q{window.first.month // 3 + 1} {window.first.year}"
    elif days == year_of(window.first):
        said = str(window.first.year)
    else:
        last = window.after_last - timedelta(days=1)
        return f"{day_text(window.first)} to {day_text(last)}{', to date' * to_date}"
    return f"{said}{' to date' * to_date}"


def period_notes(window: Window) -> Iterator[str]:
    """What a reader must know where a period is over: results are the
    period's, and stocks are of now.
    """
    if window.today >= window.after_last:
        yield (
            f"This report is about {period_text(window)}, and was made when that was over: what happened, and the "
            f"completeness beside it, are of those days. What is open, overdue or coming up, and all records, are as "
            f"of {as_of_text(window)}."
        )
    if window.fire and window.fire.astimezone(ZoneInfo(window.zone)).date() < window.today:
        yield f"It was due on {moment_text(window.fire, window.zone)} and was made up later."


def clean(text: str) -> str:
    """A text of the CRM as it is shown: a line break is a blank, what could
    garble the page is U+FFFD.
    """
    return _HARMFUL.sub("\ufffd", _BREAKS.sub(" ", text))


def label_text(item: FixItem) -> str:
    """The record's own name; without one, its id."""
    return (
        clean(item.label) if item.label.strip() else f"without a name, {clean(item.record_id)}"
    )


def web_address(link: str) -> str:
    """The link, if it leads into the web and nowhere else; otherwise ''."""
    if _HARMFUL.search(link) or any(map(str.isspace, link)):
        return ""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return link if parts.scheme in ("http", "https") and parts.netloc else ""
