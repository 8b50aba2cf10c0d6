"""What stands in a report, for whom, and in which order; how it looks is for
the page and the workbook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pipeline.calendar.window import month_of, quarter_of, week_of, year_of
from pipeline.language.format import (
    day_text,
    hour_text,
    hundredths,
    moment_text,
    month_text,
    plain_decimal,
)
from pipeline.language.labels import entity_label
from pipeline.language.languages import Cell, Language
from pipeline.language.marked import forms
from pipeline.model import (
    SCORED,
    Debtor,
    Difference,
    Figure,
    FixItem,
    LocalText,
    Person,
    RunResult,
    Span,
    Unit,
    Window,
)
from pipeline.model.sent import by_fields


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
    line: tuple[
        Fraction | None, ...
    ] = ()  # drawn too: what it was in the reports before, and is
    marks: tuple[int, ...] = ()  # the places of the line from which on rules are others

    __reduce__ = by_fields


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
    """One report, for one reader: the same content on the page and in the workbook."""

    reader: Literal["management", "manager", "operators"]
    title: str
    person: Person | None  # whose report it is; None for management's and sales support's
    result: RunResult
    language: Language
    headline: tuple[Row, ...]  # the first screen, in the order of docs: label, then its figures
    tables: tuple[Table, ...]
    fix_list: tuple[FixItem, ...]  # a manager's, the queue; of management the records of nobody
    notes: tuple[str, ...]  # what is not checked, what is excluded, who else sees this
    contact: str = ""  # the address for what is not right; of management's there is none

    @property
    def lists_records(self) -> bool:
        """Whether it has a list of records, be it empty."""
        return self.reader != "management" or bool(self.fix_list)

    @property
    def can_be_disputed(self) -> bool:
        """Whether its reader can say of a record that it is not right."""
        return self.reader != "management"

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

SECTIONS: Final = (
    "now",
    "now later",
    "leads",
    "coming up",
    "check",
    "with others",
    "with colleagues",
    "taken over",
    "imported",
    "of colleagues",
    "outside",
    "leads outside",
)
"""The parts of a fix-list, in its order; leads are in no manager's score and stand apart, and
so does what is to be checked only, and what another is to complete.
"""

ELEMENTS: Final = frozenset(
    {
        "who",
        "readers",
        "agreement",
        "proof",
        "stake",
        "plan",
        "days",
        "score",
        "base",
        "team",
        "meetings",
        "changed",
        "completed",
        "lacking",
        "person",
        "warning",
        "ahead",
        "discussed",
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


def parts_of(report: Report) -> list[tuple[str, tuple[FixItem, ...]]]:
    """The fix-list as its page shows it: a manager's by section, management's as a whole."""
    if report.reader == "management":
        return [("nobody", report.fix_list)] if report.fix_list else []
    by_section: dict[str, list[FixItem]] = {section: [] for section in SECTIONS}
    for item in report.fix_list:
        by_section[section_of(item)].append(item)
    return [(section, tuple(items)) for section, items in by_section.items() if items]


def miscounted(report: Report) -> Iterator[Difference]:
    """Parts of a manager's fix-list that are not as long as their headings say."""
    if report.reader != "manager":
        return  # other lists may be cut, and say so
    parts = dict(parts_of(report))
    for name in SECTIONS:
        for row in report.element(f"fix {name}"):
            numbers = [cell for cell in row.cells if isinstance(cell, Figure)]
            listed = len(parts.get(name, ()))
            if numbers and numbers[0].numerator != listed:
                yield numbers[0].id, name, str(numbers[0].numerator), str(listed)


def section_of(item: FixItem) -> str:
    """The part of the fix-list to which a record belongs."""
    if item.elsewhere:
        return "with colleagues" if item.debtor is Debtor.CREATOR else "with others"
    if item.check:
        return "check"
    scored = item.entity in SCORED and item.span is Span.SCORE
    if item.debtor is Debtor.CREATOR and not scored:
        return "of colleagues"
    if item.entity in SCORED:
        return "now later" if item.later else _SECTION_OF[item.span]
    return "leads" if item.span is Span.SCORE else "leads outside"


_SECTION_OF: Final = {
    Span.SCORE: "now",
    Span.COMING_UP: "coming up",
    Span.TAKEN_OVER: "taken over",
    Span.IMPORTED: "imported",
    Span.OUTSIDE: "outside",
}


def halves(figure: Figure) -> tuple[Figure, Figure]:
    """A ratio's numerator and denominator, as figures that can be printed: "440" and "500"."""
    numerator = replace(figure, id=f"{figure.id}#numerator", denominator=None, unit=Unit.COUNT)
    return numerator, replace(
        numerator, id=f"{figure.id}#denominator", numerator=figure.denominator or 0
    )


def rest_of(figure: Figure) -> Figure:
    """What a ratio's numerator leaves of its denominator, as a figure that can be printed: "60"."""
    part, whole = halves(figure)
    rest = whole.numerator - part.numerator
    return replace(part, id=f"{figure.id}#rest", numerator=rest)


def as_of_text(window: Window, language: Language) -> str:
    """'Mon 16 Nov 2026 07:00 CET', and whether it was given instead of read from the clock."""
    moment = moment_text(window.as_of, window.zone, language)
    return (
        language.translate("{moment}, set by hand", moment=moment)
        if window.injected
        else moment
    )


def period_text(window: Window, language: Language) -> str:
    """'November 2026 to date', 'week of 16 Nov 2026', 'Q4 2026', '2026', or
    the first and the last day.
    """
    days, named = _days_text(window, language)
    if not window.first <= window.today < window.after_last:
        return days
    if named:
        return language.translate("{days} to date", days=days)
    return language.translate("{days}, to date", days=days)


def _days_text(window: Window, language: Language) -> tuple[str, bool]:
    """The days, and whether they have a name of their own."""
    first, year = window.first, str(window.first.year)
    days = first, window.after_last
    if days == month_of(first):
        return month_text(first, language), True
    if days == week_of(first):
        return language.translate("week of {day}", day=day_text(first, language)), True
    if days == quarter_of(first):
        quarter = first.month // 3 + 1
        return language.translate("Q{number} {year}", number=quarter, year=year), True
    if days == year_of(first):
        return year, True
    last = window.after_last - timedelta(days=1)
    ends = {"first": day_text(first, language), "last": day_text(last, language)}
    return language.translate("{first} to {last}", **ends), False


def period_notes(result: RunResult, language: Language) -> Iterator[str]:
    """What a reader must know where a period is over: results are the period's, and stocks are
    of now. Then when the report was made whose figures stand beside this one's.
    """
    window = result.window
    if window.today >= window.after_last:
        yield language.translate(
            "This report covers {period} and was made afterwards. What happened, and the "
            "completeness beside it, are of those days. What is open, still to be closed or coming "
            "up, and all records, are as of {as_of}.",
            period=period_text(window, language),
            as_of=as_of_text(window, language),
        )
    if window.fire and window.fire.astimezone(ZoneInfo(window.zone)).date() < window.today:
        due = moment_text(window.fire, window.zone, language)
        yield language.translate("It was due on {moment} and was made later.", moment=due)
    if result.before is not None:
        moment = moment_text(result.before.as_of, window.zone, language)
        yield language.translate("What was, is from the report as of {moment}.", moment=moment)


def score_notes(window: Window, language: Language) -> Iterator[str]:
    """Over which days completeness is, where these are not the period's."""
    if (window.score_first, window.score_after) == (window.first, window.after_last):
        return
    yield language.translate(
        "The period is shorter than four weeks so far, so completeness looks at the records of "
        "four whole weeks, up to its last day or today."
    )


def origin_notes(result: RunResult, language: Language) -> Iterator[str]:
    """What stands apart from completeness only where the CRM tells it, and where it does not."""

    def listed(kinds: tuple[str, ...]) -> str:
        return ", ".join(entity_label(kind, language) for kind in kinds)

    if result.untold_owners:
        yield language.translate(
            "The CRM does not tell who had these before, so what was taken over counts there: {kinds}.",
            kinds=listed(result.untold_owners),
        )
    if result.untold_makers:
        yield language.translate(
            "The CRM does not tell who entered these, so what was imported counts there: {kinds}.",
            kinds=listed(result.untold_makers),
        )


def clean(text: str) -> str:
    """A text of the CRM as it is shown: a line break is a blank, what could
    garble the page is U+FFFD.
    """
    return _HARMFUL.sub("\ufffd", _BREAKS.sub(" ", text))


def label_text(item: FixItem, language: Language) -> str:
    """The record's own name; without one, its day and hour and its client. Its number stands
    beside either.
    """
    if item.label.strip():
        return clean(item.label)
    moment = " ".join(
        (
            *([day_text(item.day, language)] if item.day else []),
            *([hour_text(item.hour, language)] if item.hour else []),
        )
    )
    known_by = ", ".join(filter(None, (moment, clean(item.client))))
    return known_by or language.translate("without a name")


def shows_day(item: FixItem) -> bool:
    """Whether the day stands beside the label, and not in it."""
    return item.day is not None and bool(item.label.strip())


def missing_texts(item: FixItem, language: Language) -> tuple[str, ...]:
    """What is missing, each marked where it is under discussion."""
    texts = zip(item.missing, item.ids, strict=True)
    return tuple(noted_text(what, finding, item, language) for what, finding in texts)


def noted_text(what: LocalText, finding: str, item: FixItem, language: Language) -> str:
    """What is missing, and that it is under discussion or had been completed before."""
    text = language.chosen(what)
    if finding in item.again:
        text = language.translate("{what} (open again)", what=text)
    if finding in item.disputed:
        text = language.translate("{what} (under discussion)", what=text)
    return text


def gain_text(item: FixItem, language: Language) -> str:
    """What completing the record adds to its owner's score, in percentage points: '+0.36'; ''
    where it adds none.
    """
    if not item.gain:
        return ""
    return f"+{plain_decimal(hundredths(item.gain * 100), language)}"


_AGE: Final = forms("{count} day old", "{count} days old")


def queued_text(item: FixItem, language: Language) -> str:
    """Whose a record of the queue is, and how old: 'Anna Berg, 14 days old'; on the page of
    whoever entered it 'owner: Anna Berg'.
    """
    if item.queued is None:
        return ""
    owner, age = item.queued.owner, item.queued.age
    if item.debtor is Debtor.CREATOR:
        return language.translate("owner: {owner}", owner=owner)
    if age is None:
        return owner
    return f"{owner}, {language.translate_plural(*_AGE, age, count=age)}"


def web_address(link: str) -> str:
    """The link, if it leads into the web and nowhere else; otherwise ''."""
    if _HARMFUL.search(link) or any(map(str.isspace, link)):
        return ""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return link if parts.scheme in ("http", "https") and parts.netloc else ""
