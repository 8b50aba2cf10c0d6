"""Reads a workbook back, with other libraries, and compares it with the report cell by cell.

The expected cells are built directly from the report, so a row that the writer forgets, moves
or repeats is a difference. Values come from python-calamine; types, formats and links from the
file's XML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from lxml import etree
from openpyxl.utils import quote_sheetname
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from pipeline.language.format import excel_format, excel_value, format_figure
from pipeline.language.languages import Cell, Language
from pipeline.language.shown import is_shown_as
from pipeline.model import Difference, Figure
from pipeline.reports.content.report import Report, Row
from pipeline.reports.excel.file_cells import (
    AROUND,
    PRINTED,
    TEXT,
    Around,
    CellStyle,
    FileCell,
    Streamed,
    around_of,
    mark,
    notes_in,
    parts,
    relations,
    styles_of,
)
from pipeline.reports.excel.read_drawings import (
    Chart,
    bar_differences,
    chart_differences,
    charts_in,
    column_letters,
)
from pipeline.reports.excel.sheet_form import MAIN, book_differences
from pipeline.reports.excel.sheet_text import (
    DAY_FORMAT,
    FIRST_ROW,
    LINK_LIMIT,
    Link,
    ListCell,
    SheetPlaces,
    about,
    excel_text,
    headings_to_complete,
    headline_label,
    index_row,
    list_rows,
    note_to_complete,
    printed_around,
    sheet_names,
    sheet_words,
    split_headline,
    stamp,
    why_text,
)
from pipeline.values.visible import decoded

_FORMAT: Final = re.compile(r'(?:"([^"]+)")?#,##0(?:\.(0+))?(%)?')
_UNREADABLE: Final = (
    CalamineError,
    BadZipFile,
    etree.XMLSyntaxError,
    KeyError,
    ValueError,
    IndexError,
    OSError,
)


def workbook_differences(report: Report, file: Path) -> list[Difference]:
    """Every difference between the file and the report."""
    try:
        workbook = read_workbook(file, report)
    except _UNREADABLE as error:
        return [("workbook", file.name, "a readable workbook", type(error).__name__)]
    return compared(report, workbook)


def compared(report: Report, workbook: Workbook) -> list[Difference]:
    """Every difference between what a file holds and the report."""
    names = sheet_names(report)
    if list(workbook.sheets) != names:
        place = workbook.file.name
        return [("sheets", place, ", ".join(names), ", ".join(workbook.sheets))]
    differences = list(workbook.oddities)
    for sheet in workbook.sheets.values():
        differences += sheet.oddities
    places: list[tuple[Figure, str, str]] = []
    language, words = report.language, sheet_words(report.language)
    index = words.index
    expected = _expected(report)
    for name in names[:-1]:
        if name == words.to_complete:
            differences += workbook.sheets[name].listed
        else:
            rows = next(expected)
            differences += _compared(workbook.sheets[name], rows, places, language)
            differences += _noted(workbook.sheets[name], rows, language)
    rows = _expected_index(report, places)
    differences += _compared(workbook.sheets[index], rows, [], language)
    differences += _noted(workbook.sheets[index], rows, language)
    differences += _misled(report, workbook, places)
    differences += _unaccounted(report, workbook)
    differences += chart_differences(report, workbook.charts)
    differences += bar_differences(
        report, {name: sheet.bars for name, sheet in workbook.sheets.items()}
    )
    return differences


# --------------------------------------------------------------------------- what must be there


_Expected = Cell | ListCell


def _head(
    report: Report, title: str, note: str, headings: Sequence[str]
) -> list[Sequence[_Expected]]:
    return [(title,), (stamp(report),), (note,), headings]


def _expected(report: Report) -> Iterator[list[Sequence[_Expected]]]:
    """The rows of every sheet but the list and the index, in the order of `sheet_names`."""

    def lines(rows: Sequence[Row]) -> list[Sequence[_Expected]]:
        return [(row.label, *row.cells) for row in rows]

    language, words = report.language, sheet_words(report.language)
    sentences = [
        (headline_label(row, language), *split_headline(row, language))
        for row in report.headline
    ]
    head = _head(report, report.title, about(report), words.headline)
    yield head + [
        (label, figure, wording, *others) for label, figure, wording, others in sentences
    ]
    for table in report.tables:
        yield _head(report, table.title, table.note, table.columns) + lines(table.rows)
    yield _head(report, words.notes, "", (words.notes_heading,)) + [
        (note,) for note in report.notes or (words.no_notes,)
    ]


def _expected_list(report: Report) -> Iterator[Sequence[_Expected]]:
    words, note = sheet_words(report.language), note_to_complete(report)
    yield from _head(report, words.records_to_complete, note, headings_to_complete(report))
    rows = iter(list_rows(report))
    yield next(rows, (words.nothing_to_complete,))
    yield from rows


def _expected_index(
    report: Report, places: Sequence[tuple[Figure, str, str]]
) -> list[Sequence[_Expected]]:
    words = sheet_words(report.language)
    head = _head(report, words.index, words.on_index, words.columns_of_index)
    return head + [
        _linked(index_row(*place, report.language), number)
        for number, place in enumerate(places)
    ]


def _linked(line: tuple[str | int, ...], number: int) -> tuple[_Expected, ...]:
    """A line of the index, whose cell leads to the figure."""
    name, sheet, cell, *others = line
    place = f"#{quote_sheetname(str(sheet))}!{cell}"
    return name, sheet, Link(str(cell), place) if number < LINK_LIMIT else cell, *others


# -------------------------------------------------------------------------------- what is there


@dataclass(slots=True)
class Sheet:
    """A sheet of the file; the list's is compared as it is read, and keeps no cells."""

    name: str
    cells: dict[str, FileCell]
    bars: list[str] = field(default_factory=list)  # ranges of conditional formats
    notes: dict[str, str] = field(default_factory=dict)  # cell -> the note on it
    widths: dict[str, float] = field(default_factory=dict)  # column -> its digits
    oddities: list[Difference] = field(default_factory=list)
    listed: list[Difference] = field(default_factory=list)  # of the list's rows


@dataclass(slots=True)
class Workbook:
    """What a file holds."""

    file: Path
    sheets: dict[str, Sheet]
    oddities: list[Difference] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)


def read_workbook(file: Path, report: Report) -> Workbook:
    """The file's cells; those of the list, which may be long, are compared as they are read."""
    workbook, to_complete = Workbook(file, {}), sheet_words(report.language).to_complete
    calamine = CalamineWorkbook.from_path(str(file))
    with ZipFile(file) as archive:
        workbook.charts = charts_in(archive)
        styles = etree.fromstring(archive.read("xl/styles.xml"))
        looks = styles_of(styles)
        workbook.oddities += book_differences(archive)
        if styles.find(f"{MAIN}dxfs//{MAIN}numFmt") is not None:
            workbook.oddities.append(
                ("format", "conditional format", "no number format", "one")
            )
        for metadata, part in zip(calamine.sheets_metadata, parts(archive), strict=True):
            sheet = workbook.sheets[metadata.name] = Sheet(metadata.name, {})
            if metadata.visible is not SheetVisibleEnum.Visible:
                sheet.oddities.append(("sheet", metadata.name, "visible", "hidden"))
            if metadata.name == to_complete:
                streamed = Streamed(calamine, archive, part, metadata.name, looks)
                sheet.listed += _list_differences(report, streamed)
                sheet.bars = streamed.around.bars
                around = streamed.around
            else:
                sheet.cells = _values(calamine, metadata.name)
                around = _types(archive, part, looks, sheet)
            sheet.notes = notes_in(archive, part)
            sheet.oddities += _around_differences(report, metadata.name, around)
    return workbook


def _values(calamine: CalamineWorkbook, name: str) -> dict[str, FileCell]:
    """The non-empty cells of a sheet."""
    rows = calamine.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return {
        f"{column_letters(column)}{row}": FileCell(value)
        for row, line in enumerate(rows, 1)
        for column, value in enumerate(line, 1)
        if value != ""
    }


def _types(archive: ZipFile, part: str, styles: Sequence[CellStyle], sheet: Sheet) -> Around:
    """Fills in types, styles and links of the sheet's cells; returns what is around them."""
    tree = etree.fromstring(archive.read(part))
    for node in tree.iter(f"{MAIN}c"):
        mark(node, sheet.cells, styles)
    around = around_of(tree.iter(*AROUND), relations(archive, part))
    for ref, link in around.links.items():
        sheet.cells.setdefault(ref, FileCell("")).link = link
    sheet.bars = around.bars
    for node in tree.iter(f"{MAIN}col"):
        for column in range(int(node.get("min", "1")), int(node.get("max", "1")) + 1):
            sheet.widths[column_letters(column)] = float(node.get("width", "9"))
    return around


def _around_differences(report: Report, sheet: str, around: Around) -> Iterator[Difference]:
    for odd in around.oddities:
        yield "sheet", sheet, "every cell in sight, and nothing else", odd
    printed = printed_around(report, sheet)
    for tag, (left, right) in zip(PRINTED, printed, strict=True):
        expected, found = f"&L{left}&R{right}", around.printed.get(tag, "")
        if found != expected:
            yield tag, sheet, expected, found


def _list_differences(report: Report, streamed: Streamed) -> Iterator[Difference]:
    """Differences of the list's sheet, row by row."""
    rows = zip_longest(_expected_list(report), streamed.rows(), fillvalue=None)
    for number, (expected, cells) in enumerate(rows, 1):
        row = Sheet(streamed.name, cells or {})
        yield from _compared(row, [expected or ()], [], report.language, first=number)


# ------------------------------------------------------------------------------- the comparison


def as_printed(value: Decimal, number_format: str, language: Language) -> str | None:
    """The text that an Excel in this language shows for a number in a format of `excel_format`.

    None for any other format.
    """
    match = _FORMAT.fullmatch(number_format)
    if not match:
        return None
    before, digits, percent = match[1] or "", len(match[2] or ""), match[3] or ""
    shown = (value.scaleb(2) if percent else value).quantize(
        Decimal(1).scaleb(-digits), ROUND_HALF_UP
    )
    minus = "-" if shown < 0 else ""
    return f"{minus}{before}{_separated(f'{abs(shown):,f}', language)}{percent}"


_SEPARATORS: Final = {"en": str.maketrans(",.", ",."), "nl": str.maketrans(",.", ".,")}


def _separated(number: str, language: Language) -> str:
    """An English number with the separators of an Excel in this language."""
    return number.translate(_SEPARATORS[language.code])


def _compared(
    sheet: Sheet,
    rows: Sequence[Sequence[_Expected]],
    places: list[tuple[Figure, str, str]],
    language: Language,
    first: int = 1,
) -> Iterator[Difference]:
    """Differences of one sheet, or of its rows from the first on; `places` receives where each
    figure is expected.
    """
    awaited: dict[str, _Expected] = {}
    for number, line in enumerate(rows, first):
        for column, expected in enumerate(line, 1):
            if expected is None or expected == "":
                continue
            ref = f"{column_letters(column)}{number}"
            awaited[ref] = expected
            if isinstance(expected, Figure):
                places.append((expected, sheet.name, ref))
    for ref, expected in awaited.items():
        cell = sheet.cells.get(ref)
        if cell is not None and cell.look:
            yield _name(expected, ref), f"{sheet.name}!{ref}", "in sight", cell.look
        if cell is None or not _is_as(expected, cell, language):
            wanted = _wanted(expected, language)[:200]
            found = cell.text() if cell else "nothing"
            yield _name(expected, ref), f"{sheet.name}!{ref}", wanted, found
    for ref, cell in sheet.cells.items():
        if ref not in awaited:
            yield (
                "a cell that is not in the report",
                f"{sheet.name}!{ref}",
                "nothing",
                cell.text(),
            )


def _noted(
    sheet: Sheet, rows: Sequence[Sequence[_Expected]], language: Language
) -> Iterator[Difference]:
    """Notes of cells that are lost, added or altered, and numbers that Excel shows as ####."""
    expected: dict[str, str] = {}
    for number, line in enumerate(rows, 1):
        for column, cell in enumerate(line, 1):
            letters = column_letters(column)
            if cell and (note := _note_on(cell, language)):
                expected[f"{letters}{number}"] = note
            if isinstance(cell, Figure) and excel_value(cell) is not None:
                shown = format_figure(cell, language)
                if len(shown) > sheet.widths.get(letters, 9):
                    where = f"{sheet.name}!{letters}{number}"
                    yield cell.id, where, "a column as wide as its numbers", shown
    for ref in sorted({*expected, *sheet.notes}):
        wanted, got = expected.get(ref, "nothing"), sheet.notes.get(ref, "nothing")
        if wanted != got:
            yield "a note", f"{sheet.name}!{ref}", wanted, got


def _note_on(cell: _Expected, language: Language) -> str:
    """The note that a cell is to have: what was cut or replaced, or why a figure is a text."""
    match cell:
        case str():
            return excel_text(cell, language)[1]
        case Link():
            return excel_text(cell.text, language)[1]
        case Figure() if excel_value(cell) is None:
            replaced = excel_text(format_figure(cell, language), language)[1]
            return " ".join(filter(None, (replaced, why_text(cell, language))))
    return ""


def _name(expected: _Expected, ref: str) -> str:
    if isinstance(expected, Figure):
        return expected.id
    return f"row {ref.lstrip('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}"


def _is_as(expected: _Expected, cell: FileCell, language: Language) -> bool:
    """Whether a cell is as it should be."""
    match expected:
        case str():
            return _is_text(cell, excel_text(expected, language)[0]) and not cell.link
        case Figure():
            return _is_figure(cell, expected, language)
        case int():
            return _number(cell) == expected and cell.number_format == "#,##0" and not cell.link
        case date():
            return _is_day(cell, expected)
        case Link(text, target):
            fitted = excel_text(text, language)[0]
            return _is_text(cell, fitted) and cell.link == target
    return False


def _wanted(expected: _Expected, language: Language) -> str:
    """What a cell should hold, for a message."""
    match expected:
        case Figure():
            return f"{format_figure(expected, language)} as {excel_format(expected, language)}"
        case date():
            return f"{expected} as {DAY_FORMAT}"
        case Link(text, target):
            fitted = excel_text(text, language)[0]
            return f"{fitted} -> {target}" if target else fitted
        case str():
            return excel_text(expected, language)[0]
    return str(expected)


def _is_text(cell: FileCell, text: str) -> bool:
    plain = cell.kind in TEXT and not cell.formula and cell.number_format in ("@", "General")
    return plain and cell.value == text


def _is_day(cell: FileCell, day: date) -> bool:
    return (
        cell.kind == "n"
        and not cell.formula
        and cell.number_format == DAY_FORMAT
        and type(cell.value) is date
        and cell.value == day
        and not cell.link
    )


def _number(cell: FileCell) -> Decimal | None:
    """A numeric cell's value, by the shortest text of its float; None for any other cell."""
    if (
        cell.kind != "n"
        or cell.formula
        or not isinstance(cell.value, (int, float))
        or isinstance(cell.value, bool)
    ):
        return None
    return Decimal(repr(cell.value))


def _is_figure(cell: FileCell, figure: Figure, language: Language) -> bool:
    value, printed = excel_value(figure), format_figure(figure, language)
    if value is None:
        fitted = excel_text(printed, language)[0]
        return _is_text(cell, fitted) and is_shown_as(figure, fitted, language.code)
    number = _number(cell)
    if number is None or number != value:
        return False
    seen = as_printed(number, cell.number_format, language)
    return seen == printed and is_shown_as(figure, seen, language.code)


def _misled(
    report: Report, workbook: Workbook, figures: Sequence[tuple[Figure, str, str]]
) -> Iterator[Difference]:
    """Figures that lead elsewhere than to the sheet that says why."""
    places = SheetPlaces(report)
    for figure, name, ref in figures:
        wanted, cell = places.of(figure), workbook.sheets[name].cells.get(ref)
        link = cell.link if cell else ""
        if link != (f"#{wanted}" if wanted else ""):
            yield figure.id, f"{name}!{ref}", wanted or "no link", link or "no link"


def _unaccounted(report: Report, workbook: Workbook) -> Iterator[Difference]:
    """Compares the index with the report and with the cells, wherever they are."""
    index = sheet_words(report.language).index
    lines: dict[int, dict[str, FileCell]] = {}
    for ref, cell in workbook.sheets[index].cells.items():
        column = ref.rstrip("0123456789")
        lines.setdefault(int(ref[len(column) :]), {})[column] = cell
    rows = [line for number, line in lines.items() if number >= FIRST_ROW]
    indexed = Counter(decoded(str(line["A"].value)) for line in rows if "A" in line)
    due = Counter(figure.id for figure in report.figures())
    for name in sorted({*indexed, *due}):
        if indexed[name] != due[name]:
            yield name, index, f"{due[name]} times", f"{indexed[name]} times"
    places = {
        tuple(str(line[column].value) for column in "BC")
        for line in rows
        if {"B", "C"} <= line.keys()
    }
    for name, sheet in workbook.sheets.items():
        for ref, cell in sheet.cells.items():
            if name != index and cell.kind not in TEXT and (name, ref) not in places:
                yield (
                    "a number that is not in the index",
                    f"{name}!{ref}",
                    "nothing",
                    cell.text(),
                )
