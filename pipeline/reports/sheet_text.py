"""What a workbook says beside the report's own words: sheets, headings, and
text as a cell holds it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from pipeline.language.format import format_figure
from pipeline.model import Figure, FixItem, RunResult
from pipeline.reports.report import Report, Row, as_of_text, day_text, period_text, section_of
from pipeline.values.visible import encoded

OVERVIEW: Final = "Overview"
REPAIRS: Final = "Repairs"
NOTES: Final = "Notes"
INDEX: Final = "Index"
FIRST_ROW: Final = 5
"""The row under the headings, on every sheet."""

NO_REPAIRS: Final = "Nothing to repair."
NO_NOTES: Final = "No notes."
REPAIRS_TITLE: Final = "Records to repair"
NOTES_HEADING: Final = "What to know when reading this report"
NOTE_OF_INDEX: Final = (
    "Every figure of this workbook: where it stands, and the exact numbers it is made of."
)
OPEN: Final = "Open in the CRM"
HEADLINE_HEADINGS: Final = ("At a glance", "Figure", "In words", "In numbers")
REPAIR_HEADINGS: Final = (
    "What",
    "Record",
    "Day",
    "Missing",
    "Why it is asked",
    "Link",
    "Counts in",
    "Record id",
)
INDEX_HEADINGS: Final = (
    "Figure",
    "Sheet",
    "Cell",
    "As shown",
    "Numerator",
    "Denominator",
    "Unit",
    "Currency",
    "Period",
    "Basis",
)

CELL_LIMIT: Final = 32_767  # UTF-16 units in one cell
LINK_LIMIT: Final = 65_530  # hyperlinks on one sheet
EXACT_BELOW: Final = 10**15  # Excel keeps 15 significant digits

# what a URI may consist of
_LINK: Final = re.compile(r"https?://[!#-;=?-\[\]_a-z~]{1,2040}", re.IGNORECASE | re.ASCII)
_UNHELD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CODE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # Excel reads _x0041_ as the letter A

_COUNTS_IN: Final = {
    "now": "score of the period",
    "leads": "leads of the period",
    "outside": "all records only",
    "leads outside": "all leads only",
}


def excel_text(text: str) -> tuple[str, str]:
    """The text as a cell holds it, and a note on what had to be changed ('' = nothing).

    Line ends become Excel's own; whatever XML cannot carry becomes U+FFFD; what exceeds a
    cell is cut and says so.
    """
    # even if every character counted for four
    if len(text) <= CELL_LIMIT // 4 and text.isprintable():
        return text, ""
    fitted, replaced = _UNHELD.subn("\ufffd", re.sub("\r\n?", "\n", text))
    notes = (
        [f"{replaced} characters that Excel cannot hold are shown as \ufffd."]
        if replaced
        else []
    )
    if size(fitted) > CELL_LIMIT:
        room = CELL_LIMIT - len(f"… [cut: {len(fitted)} characters]")
        kept = (
            bisect_right(range(len(fitted) + 1), room, key=lambda length: size(fitted[:length]))
            - 1
        )
        notes.append(
            f"A cell holds {CELL_LIMIT:,} characters: {len(fitted) - kept:,} are cut; the CRM has them all."
        )
        fitted = f"{fitted[:kept]}… [cut: {len(fitted) - kept} characters]"
    return fitted, " ".join(notes)


def escaped(text: str) -> str:
    return _CODE.sub("_x005F_", text)


def size(text: str) -> int:
    """UTF-16 units as written to the file: an emoji is two, and escapes count."""
    return len(escaped(text).encode("utf-16-le")) // 2


def stamp(result: RunResult) -> str:
    """Run and as-of, as the second row of every sheet says them."""
    return f"Run {result.run_id} · as of {as_of_text(result.window)} ({result.window.zone})"


def about(report: Report) -> str:
    """For whom the report is, which audit made it, from what, and over which days."""
    result = report.result
    whom = report.person.name if report.person else report.audience
    return f"For {whom} · audit {result.audit} · {result.source} · {period_text(result.window)}"


def headline_label(row: Row) -> str:
    """The label of a headline's line, which a page sets under a heading of its element."""
    return {"person": "Talk to: ", "lacking": "Lacking: "}.get(row.element, "") + row.label


def split_headline(row: Row) -> tuple[Figure | None, str, tuple[Figure, ...]]:
    """A sentence of the headline as its first figure, the words that follow it, and the
    other figures as numbers.

    The words say every figure as `show` does; only a figure that opens the
    sentence is not said twice.
    """
    figures = tuple(cell for cell in row.cells if isinstance(cell, Figure))
    opens = bool(row.cells) and isinstance(row.cells[0], Figure)
    said = [
        format_figure(cell) if isinstance(cell, Figure) else cell or "" for cell in row.cells
    ]
    large, small = (
        "".join(said[opens : max(row.big, opens)]),
        "".join(said[max(row.big, opens) :]),
    )
    words = " · ".join(part for part in (large.strip(), small.strip(" ,")) if part)
    return (figures[0] if figures else None), words, figures[1:]


def sheet_names(report: Report) -> list[str]:
    """The sheets in their order: one per table between Overview and Notes, named within
    Excel's rules, each once.
    """
    fixed = [REPAIRS, NOTES, INDEX] if report.audience == "manager" else [NOTES, INDEX]
    # the last is Excel's own
    taken = {name.casefold() for name in (OVERVIEW, REPAIRS, NOTES, INDEX, "History")}
    names = []
    for table in report.tables:
        base, number = _short(table.title), 1
        name = base
        while name.casefold() in taken:
            number += 1
            name = f"{base[:26]} ({number})"
        taken.add(name.casefold())
        names.append(name)
    return [OVERVIEW, *names, *fixed]


def _short(title: str) -> str:
    """A title as a sheet can be named: at most 31 of the letters that Excel allows there."""
    fitted = excel_text(title)[0].replace("\n", " ")
    if size(fitted) > 31:
        fitted = fitted.split(": ")[0]
    fitted = re.sub(r"[\[\]:*?/\\]", "-", fitted).strip("' ")
    while size(fitted) > 31:
        fitted = fitted[: fitted.rfind(" ")] if " " in fitted else fitted[:-1]
    return fitted.strip("' ") or "Table"


def note_of_repairs(report: Report) -> str:
    """How long the complete list is, and how many of its records count in the period."""
    current = sum(item.in_period for item in report.fix_list)
    outside = len(report.fix_list) - current
    return f"The complete list: {current:,} of this period; {outside:,} outside this period, in no score."


def repair_texts(item: FixItem) -> tuple[str, ...]:
    """A line of the fix-list, as its cells read."""
    return (
        item.entity.capitalize(),
        item.label or f"({item.entity} without a name)",
        day_text(item.day) if item.day else "",
        "\n".join(item.missing),
        "\n".join(item.why).rstrip(),  # line by line beside what is missing
        OPEN if is_link(item.link) else item.link,
        _COUNTS_IN[section_of(item)],
        item.record_id,
    )


def is_link(link: str) -> bool:
    """Whether the address becomes a hyperlink; any other is written as text."""
    return bool(_LINK.fullmatch(link))


def index_row(figure: Figure, sheet: str, cell: str) -> tuple[str | int, ...]:
    """The figure's line in the index: where it stands, what it says, and
    what it is made of, exactly.
    """
    denominator = "" if figure.denominator is None else _exact(figure.denominator)
    return (
        encoded(figure.id),
        sheet,
        cell,
        format_figure(figure),
        _exact(figure.numerator),
        denominator,
        figure.unit.value,
        figure.currency,
        figure.period,
        figure.basis,
    )


def _exact(number: int) -> int | str:
    return number if abs(number) < EXACT_BELOW else str(number)
