"""A workbook's own words: names of sheets, headings, and text as a cell can hold it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import Final

from openpyxl.utils import quote_sheetname

from pipeline.language.format import day_text, display_value, format_figure
from pipeline.language.labels import (
    basis_label,
    entity_label,
    period_label,
    unit_label,
    verdict_label,
)
from pipeline.language.languages import Language
from pipeline.language.marked import forms, marked
from pipeline.model import Figure, FixItem, LocalText, Rule
from pipeline.reports.content.disputes import NOT_RIGHT, short_dispute_links
from pipeline.reports.content.fix_list import field_labels, field_of, points_of
from pipeline.reports.content.openings import TableOpenings
from pipeline.reports.content.report import (
    Report,
    Row,
    Table,
    as_of_text,
    label_text,
    noted_text,
    period_text,
    section_of,
)
from pipeline.values.visible import encoded

FIRST_ROW: Final = 5
"""The row under the headings, on every sheet."""

CELL_LIMIT: Final = 32_767  # UTF-16 units in one cell
LINK_LIMIT: Final = 65_530  # hyperlinks on one sheet
MAIL_LIMIT: Final = 255  # characters of an address that every spreadsheet program opens
DAY_FORMAT: Final = "d mmm yyyy"
_FIRST_DAY: Final = date(1900, 3, 1)  # from which on every program counts days alike
_DIGITS: Final = 15  # significant digits that Excel keeps
EXACT_BELOW: Final = 10**_DIGITS

# characters of a URI
_LINK: Final = re.compile(r"https?://[!#-;=?-\[\]_a-z~]{1,2040}", re.IGNORECASE | re.ASCII)
_UNHELD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CODE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # Excel reads _x0041_ as the letter A

_COUNTS_IN: Final = {
    "now": marked("your completeness"),
    "now later": marked("your completeness"),
    "leads": marked("the leads' completeness"),
    "coming up": marked("all records only: coming up"),
    "check": marked("nothing: please check"),
    "with others": marked("nothing of yours: with sales support"),
    "with colleagues": marked("nothing of yours: with a colleague"),
    "taken over": marked("all records only: taken over"),
    "imported": marked("all records only: imported"),
    "of colleagues": marked("all records only: entered by you"),
    "outside": marked("all records only"),
    "leads outside": marked("all leads only"),
}
"""Section of the fix-list -> the figures in which its records count."""

_HISTORY: Final = "History"
"""A sheet name that Excel reserves."""


@dataclass(frozen=True, slots=True)
class SheetWords:
    """A workbook's own words, in the report's language."""

    overview: str
    to_complete: str
    notes: str
    index: str
    nothing_to_complete: str
    no_notes: str
    records_to_complete: str
    notes_heading: str
    on_index: str
    link: str
    mail: str
    headline: tuple[str, ...]
    columns_to_complete: tuple[str, ...]
    columns_of_queue: tuple[str, ...]
    columns_of_index: tuple[str, ...]


@cache
def sheet_words(language: Language) -> SheetWords:
    """The words of a workbook in this language."""
    translate = language.translate
    return SheetWords(
        overview=translate("Overview"),
        to_complete=translate("To complete"),
        notes=translate("Notes"),
        index=translate("Index"),
        nothing_to_complete=translate("Nothing to complete."),
        no_notes=translate("No notes."),
        records_to_complete=translate("Records to complete"),
        notes_heading=translate("What to know when reading this report"),
        on_index=translate(
            "Every figure of this workbook: where it is, and the exact numbers behind it."
        ),
        link=translate("Open in the CRM"),
        mail=translate("Write a mail"),
        headline=(
            translate("At a glance"),
            translate("Figure"),
            translate("In words"),
            translate("In numbers"),
        ),
        columns_to_complete=(
            translate("What"),
            translate("Record"),
            translate("Record id"),
            translate("Field"),
            translate("What is wrong"),
            translate("Counts in"),
            translate("Points"),
            translate("Day"),
            translate("Link"),
            translate("Finding"),
            translate("Why it is asked"),
        ),
        columns_of_queue=(translate("Account manager"), translate("Age in days")),
        columns_of_index=(
            translate("Figure"),
            translate("Sheet"),
            translate("Cell"),
            translate("As shown"),
            translate("Numerator"),
            translate("Denominator"),
            translate("Unit"),
            translate("Currency"),
            translate("Period"),
            translate("Basis"),
        ),
    )


def excel_text(text: str, language: Language) -> tuple[str, str]:
    """The text as a cell can hold it, and a note on what changed ('' if nothing did).

    Line ends become Excel's own, characters that XML cannot hold become U+FFFD, and text that
    exceeds a cell is cut, with a mark.
    """
    # fits even if every character takes four units
    if len(text) <= CELL_LIMIT // 4 and text.isprintable():
        return text, ""
    fitted, replaced = _UNHELD.subn("\ufffd", re.sub("\r\n?", "\n", text))
    notes = []
    if replaced:
        notes.append(
            language.translate_plural(*_UNHELD_NOTE, replaced, count=replaced, sign="\ufffd")
        )
    if size(fitted) > CELL_LIMIT:
        kept = _fitting(fitted, language)
        cut = len(fitted) - kept
        notes.append(
            language.translate(
                "A cell holds {limit} characters: {count} are cut; the CRM has them all.",
                limit=CELL_LIMIT,
                count=cut,
            )
        )
        fitted = f"{fitted[:kept]}{_cut_mark(cut, language)}"
    return fitted, " ".join(notes)


_UNHELD_NOTE: Final = forms(
    "{count} character that Excel cannot hold is shown as {sign}.",
    "{count} characters that Excel cannot hold are shown as {sign}.",
)


def _cut_mark(count: int, language: Language) -> str:
    return language.translate("… [cut: {count} characters]", count=count)


def _fitting(text: str, language: Language) -> int:
    """How many of its characters a cell can hold beside the mark of the cut."""
    room = CELL_LIMIT - len(_cut_mark(len(text), language))
    return bisect_right(range(len(text) + 1), room, key=lambda length: size(text[:length])) - 1


def escaped(text: str) -> str:
    return _CODE.sub("_x005F_", text)


def size(text: str) -> int:
    """UTF-16 units as written to the file: an emoji is two, and escapes count."""
    return len(escaped(text).encode("utf-16-le")) // 2


def stamp(report: Report) -> str:
    """Run and as-of, for the second row of every sheet."""
    window = report.result.window
    return report.language.translate(
        "Run {run} · as of {as_of} ({zone})",
        run=report.result.run_id,
        as_of=as_of_text(window, report.language),
        zone=window.zone,
    )


def printed_around(report: Report, sheet: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The left and right of a sheet's printed head, and of its foot."""
    language = report.language
    page = language.translate("Page {page} of {pages}", page="&P", pages="&N")
    head = _printed(report.title, language), _printed(sheet, language)
    return head, (_printed(stamp(report), language), page)


def _printed(text: str, language: Language) -> str:
    """Text for a printed header, where & starts a code and 255 characters are the limit."""
    return excel_text(text, language)[0].replace("\n", " ")[:90].replace("&", "&&")


def why_text(figure: Figure, language: Language) -> str:
    """Why a figure is written as text."""
    if display_value(figure) is None:
        return language.translate("Nothing was due: there is no value, and it is not zero.")
    if len(str(abs(figure.numerator))) <= _DIGITS:
        return language.translate(
            "This currency cannot be part of an Excel number format, so the amount is text."
        )
    return language.translate(
        "Excel keeps 15 significant digits. This amount has more, so it is text and none is lost."
    )


def about(report: Report) -> str:
    """The report's reader, audit, source and period."""
    result, language = report.result, report.language
    whom = _whom(report)
    return language.translate(
        "For {whom} · audit {audit} · {source} · {period}",
        whom=whom,
        audit=result.audit,
        source=result.source,
        period=period_text(result.window, language),
    )


def _whom(report: Report) -> str:
    """Whom the report is for."""
    if report.person is not None:
        return report.person.name
    if report.reader == "operators":
        return report.language.translate("sales support")
    return report.language.translate("sales management")


def headline_label(row: Row, language: Language) -> str:
    """The label of a headline's row; a page puts it under its element's heading instead."""
    if row.element == "person":
        return language.translate("Worth discussing: {what}", what=row.label)
    if row.element == "lacking":
        return language.translate("Still missing: {what}", what=row.label)
    return row.label


def split_headline(
    row: Row, language: Language
) -> tuple[Figure | None, str, tuple[Figure, ...]]:
    """Splits a headline sentence into its first figure, its words, and its other figures.

    The words include every figure as `format_figure` writes it, except a figure that opens
    the sentence.
    """
    figures = tuple(cell for cell in row.cells if isinstance(cell, Figure))
    opens = bool(row.cells) and isinstance(row.cells[0], Figure)
    parts = [
        format_figure(cell, language) if isinstance(cell, Figure) else cell or ""
        for cell in row.cells
    ]
    large, small = (
        "".join(parts[opens : max(row.big, opens)]),
        "".join(parts[max(row.big, opens) :]),
    )
    words = " · ".join(part for part in (large.strip(), small.strip(" ,")) if part)
    return (figures[0] if figures else None), words, figures[1:]


def sheet_names(report: Report) -> list[str]:
    """The names of all sheets in order, unique and valid in Excel.

    Between the overview and the last two or three sheets there is one per table.
    """
    words = sheet_words(report.language)
    fixed = [words.notes, words.index]
    if report.lists_records:
        fixed = [words.to_complete, *fixed]
    others = (words.overview, words.to_complete, words.notes, words.index, _HISTORY)
    taken = {name.casefold() for name in others}
    names = []
    for table in report.tables:
        base, number = _short(table.title, report.language), 1
        name = base
        while name.casefold() in taken:
            number += 1
            name = f"{base[:26]} ({number})"
        taken.add(name.casefold())
        names.append(name)
    return [words.overview, *names, *fixed]


class SheetPlaces:
    """Where figures of a workbook lead: to the sheet that says why."""

    def __init__(self, report: Report) -> None:
        self._tables = TableOpenings(report)
        keys = (table.key for table in report.tables)
        self._sheets = dict(zip(keys, sheet_names(report)[1:], strict=False))

    def of(self, figure: Figure) -> str:
        """ "'Not checked'!A1"; '' where the figure leads nowhere."""
        table = self._tables.of(figure)
        return f"{quote_sheetname(self._sheets[table])}!A1" if table else ""


def _short(title: str, language: Language) -> str:
    """A title shortened to a sheet's name: at most 31 characters, all allowed by Excel."""
    fitted = excel_text(title, language)[0].replace("\n", " ")
    if size(fitted) > 31:
        fitted = fitted.split(": ")[0]
    fitted = re.sub(r"[\[\]:*?/\\]", "-", fitted).strip("' ")
    while size(fitted) > 31:
        fitted = fitted[: fitted.rfind(" ")] if " " in fitted else fitted[:-1]
    return fitted.strip("' ") or language.translate("Table")


def chart_title(table: Table, at: int, shown: int | None, language: Language) -> str:
    """The title of a column's chart; `shown` limits it to that many first rows."""
    title, heading = table.title, table.columns[at + 1]
    if shown is None:
        return f"{title}: {heading}"
    return language.translate(
        "{title}: {heading} (first {count})", title=title, heading=heading, count=shown
    )


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to an address."""

    text: str
    target: str


ListCell = str | int | date | Link
"""What stands in a cell of the list; '' is nothing."""


def note_to_complete(report: Report) -> str:
    """The length of the whole list, by section."""
    sections = Counter(map(section_of, report.fix_list))
    current = sections["now"] + sections["now later"] + sections["leads"]
    return report.language.translate(
        "The whole list: {current} in completeness now, {other} elsewhere, {check} to check.",
        current=current,
        other=len(report.fix_list) - current - sections["check"],
        check=sections["check"],
    )


def headings_to_complete(report: Report) -> tuple[str, ...]:
    """The headings of the fix-list's columns."""
    words = sheet_words(report.language)
    queue = words.columns_of_queue if _names_owners(report) else ()
    mail = (report.language.translate(NOT_RIGHT),) if report.can_be_disputed else ()
    return (*words.columns_to_complete, *mail, *queue)


def _names_owners(report: Report) -> bool:
    """Whether it lists records that others own."""
    return report.reader == "operators" or any(item.queued for item in report.fix_list)


def cells_of_queue(item: FixItem) -> tuple[str | int, ...]:
    """Whose a record is and how old, for columns of their own; of the reader's own neither."""
    if item.queued is None:
        return "", ""
    age = "" if item.queued.age is None else item.queued.age
    return item.queued.owner, age


def list_rows(report: Report) -> Iterator[tuple[ListCell, ...]]:
    """A row per record and finding, in the order of the fix-list."""
    language, number = report.language, 0
    mails, names_owners = _room_for_mails(report), _names_owners(report)
    said = cache(partial(_rule_cells, report))  # findings are many, and rules few
    for item in report.fix_list:
        record, day = _record_cells(item, language), _day(item.day, language)
        whose = cells_of_queue(item) if names_owners else ()
        counts_in = language.translate(_COUNTS_IN[section_of(item)])
        for rule, missing, name, why in zip(
            item.rules, item.missing, item.ids, item.why, strict=True
        ):
            field, verdict, points = said(rule, missing)
            yield (
                *record,
                noted_text(field, name, item, language),
                verdict,
                counts_in,
                points,
                day,
                _link(item.link, language, linked=number < LINK_LIMIT),
                name,
                language.chosen(why),
                *_mail_cells(item, name, report, linked=number < mails),
                *whose,
            )
            number += 1


def _room_for_mails(report: Report) -> int:
    """How many rows can have a second hyperlink: those to records go before."""
    rows = sum(len(item.rules) for item in report.fix_list)
    return max(0, LINK_LIMIT - rows)


def _mail_cells(
    item: FixItem, finding: str, report: Report, *, linked: bool
) -> tuple[ListCell, ...]:
    """ "This is not right" of one finding; the address alone where a link finds no room."""
    if not report.can_be_disputed:
        return ()
    if linked:
        for link in short_dispute_links(item, finding, report.contact, report.language):
            if len(link) <= MAIL_LIMIT:
                return (Link(sheet_words(report.language).mail, link),)
    return (report.contact,)


def _record_cells(item: FixItem, language: Language) -> tuple[str, str, str]:
    kind = entity_label(item.entity, language)
    label = item.label if item.label.strip() else label_text(item, language)
    return kind[:1].upper() + kind[1:], label, item.record_id


def _rule_cells(
    report: Report, rule: Rule, missing: LocalText
) -> tuple[LocalText, str, ListCell]:
    """The field, what is wrong with it, and the points that this costs."""
    fields = report.result.field_sets[rule.entity]
    field = field_of(rule, field_labels(fields), missing)
    return field, verdict_label(rule.verdict, report.language), points_of([rule], fields) or ""


def _day(day: date | None, language: Language) -> ListCell:
    if day is None:
        return ""
    return day if day >= _FIRST_DAY else day_text(day, language)


def _link(link: str, language: Language, *, linked: bool) -> ListCell:
    """A sheet may have so many hyperlinks and no more; then the address stands there."""
    if linked and is_link(link):
        return Link(sheet_words(language).link, link)
    return link


def is_link(link: str) -> bool:
    """Whether the address can become a hyperlink; otherwise it is written as text."""
    return bool(_LINK.fullmatch(link))


def index_row(
    figure: Figure, sheet: str, cell: str, language: Language
) -> tuple[str | int, ...]:
    """The figure's row in the index: its place, its text and its exact parts."""
    denominator = "" if figure.denominator is None else _exact(figure.denominator)
    return (
        encoded(figure.id),
        sheet,
        cell,
        format_figure(figure, language),
        _exact(figure.numerator),
        denominator,
        unit_label(figure.unit, language),
        figure.currency,
        period_label(figure.period, language),
        basis_label(figure.basis, language),
    )


def _exact(number: int) -> int | str:
    return number if abs(number) < EXACT_BELOW else str(number)
