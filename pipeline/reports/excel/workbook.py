"""Writes the report as an Excel workbook: figures are numbers, everything else stays text.

Each sheet has the same head: row 1 its title, row 2 run and as-of, row 3 a note, row 4 the
headings. The same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache, partial
from math import ceil
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import (
    CharacterProperties,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
)
from openpyxl.drawing.text import Font as DrawingFont
from openpyxl.formatting.rule import DataBarRule
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.language.languages import Cell
from pipeline.model import Figure, Unit
from pipeline.reports.content.report import Report, Row, Table
from pipeline.reports.excel.cell_writer import (
    ACCENT,
    BAR,
    FONT,
    HEAD,
    HEAD_INDENTED,
    HEAD_RIGHT,
    INDENTED,
    INK,
    LABEL,
    LARGE,
    LINE,
    NOTE,
    PLAIN,
    QUIET,
    SENTENCE,
    SMALL,
    SMALL_NUMBER,
    SOFT,
    TITLE,
    URL,
    WRAPPED,
    CellWriter,
    Look,
    excel_number,
)
from pipeline.reports.excel.list_sheet import ListCells, ListSheet, save_book
from pipeline.reports.excel.sheet_text import (
    DAY_FORMAT,
    FIRST_ROW,
    LINK_LIMIT,
    Link,
    ListCell,
    SheetPlaces,
    SheetWords,
    about,
    chart_title,
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
)

MOST_BARS: Final = 12


# --------------------------------------------------------------------------------------- sheets


def write_workbook(report: Report, file: Path) -> None:
    """Writes the report's workbook; the same report gives the same bytes."""
    book = Workbook()
    # column widths are measured in this font
    book._named_styles["Normal"].font = Font(name=FONT, size=10, color=INK)
    writer = CellWriter(report, book)
    names, words = sheet_names(report), sheet_words(report.language)
    overview = book.active
    overview.title = names[0]
    _overview(writer, overview)
    sheets = [_added(book, name, words) for name in names[1:]]
    for table, sheet in zip(report.tables, sheets, strict=False):
        _table(writer, sheet, table)
    if words.to_complete in names:
        _to_complete(writer, book[words.to_complete], words)
    _lead(writer)
    _notes(writer, book[words.notes], words)
    _index(writer, book[words.index], words)
    _charts(report, overview, sheets)
    _save(book, report, file)


def _added(book: Any, name: str, words: SheetWords) -> Any:
    """A new sheet of this name at the end; the list is written as it is made."""
    if name != words.to_complete:
        return book.create_sheet(name)
    sheet = ListSheet(book, name)
    book._add_sheet(sheet)
    return sheet


def _head(
    writer: CellWriter,
    sheet: Any,
    title: str,
    note: str,
    headings: Sequence[str],
    looks: Sequence[Look],
) -> None:
    """Writes the first four rows of a sheet, and sets how it prints."""
    writer.text(sheet, 1, 1, title, TITLE)
    writer.text(sheet, 2, 1, stamp(writer.report), SMALL)
    writer.text(sheet, 3, 1, note, SMALL)
    for column, (heading, look) in enumerate(zip(headings, looks, strict=True), 1):
        writer.text(sheet, FIRST_ROW - 1, column, heading, look)
    _page(writer, sheet)


def _page(writer: CellWriter, sheet: Any) -> None:
    """Sets how a sheet is seen and how it prints."""
    report, language = writer.report, writer.report.language
    words = sheet_words(language)
    sheet.row_dimensions[1].height = 26
    sheet.row_dimensions[3].height = 20
    sheet.sheet_view.showGridLines = False
    sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = 15, True
    first = sheet.title in (words.overview, words.to_complete)
    sheet.sheet_properties.tabColor = ACCENT if first else LINE
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.page_margins.top = sheet.page_margins.bottom = 0.75
    printed = sheet.HeaderFooter
    head, foot = printed_around(report, sheet.title)
    printed.oddHeader.left.text, printed.oddHeader.right.text = head
    printed.oddFooter.left.text, printed.oddFooter.right.text = foot
    sheet.print_title_rows = f"{FIRST_ROW - 1}:{FIRST_ROW - 1}"


def _look(cell: Cell, row: Row, numeric: bool) -> Look:
    return _body_look(row.total, numeric or isinstance(cell, Figure), isinstance(cell, str))


@cache
def _body_look(total: bool, right: bool, text: bool) -> Look:
    if total:
        return Look(bold=True, fill=SOFT, above=ACCENT, rule=LINE, right=right)
    return Look(rule=LINE, right=right, wrap=text)


def _overview(writer: CellWriter, sheet: Any) -> None:
    """Writes a row per element: its figure in large type, its sentence, its other figures."""
    report, language = writer.report, writer.report.language
    headings = sheet_words(language).headline
    _head(
        writer,
        sheet,
        report.title,
        about(report),
        headings,
        [HEAD, HEAD_RIGHT, HEAD_INDENTED, HEAD_RIGHT],
    )
    lines = [split_headline(row, language) for row in report.headline]
    columns = max((len(others) for _, _, others in lines), default=1)
    for column in range(len(headings) + 1, columns + 4):
        writer.text(sheet, FIRST_ROW - 1, column, "", HEAD)
    for number, (row, (figure, words, others)) in enumerate(
        zip(report.headline, lines, strict=True), FIRST_ROW
    ):
        looks = (LARGE, SENTENCE, *[SMALL_NUMBER] * columns)
        writer.text(sheet, number, 1, headline_label(row, language), LABEL)
        writer.cells(
            sheet, number, 2, (figure, words, *others, *[None] * (columns - len(others))), looks
        )
        sheet.row_dimensions[number].height = 20
    _widths(writer, sheet, most=74)
    sheet.column_dimensions["B"].width *= 1.25  # its figures are in larger type
    sheet.page_setup.fitToHeight = 1


def _table(writer: CellWriter, sheet: Any, table: Table) -> None:
    numeric = [
        any(isinstance(row.cells[at], Figure) for row in table.rows if at < len(row.cells))
        for at in range(len(table.columns) - 1)
    ]
    looks = [HEAD, *(HEAD_RIGHT if is_number else HEAD for is_number in numeric)]
    _head(writer, sheet, table.title, table.note, table.columns, looks)
    for number, row in enumerate(table.rows, FIRST_ROW):
        writer.text(sheet, number, 1, row.label, _look(None, row, numeric=False))
        cells = (*row.cells, *[None] * (len(numeric) - len(row.cells)))
        writer.cells(
            sheet,
            number,
            2,
            cells,
            [_look(c, row, n) for c, n in zip(cells, numeric, strict=True)],
        )
    sheet.freeze_panes = f"B{FIRST_ROW}"
    body = _body(table)
    if body >= 6 and body + sum(row.total for row in table.rows) == len(table.rows):
        sheet.auto_filter.ref = (
            f"A{FIRST_ROW - 1}:{get_column_letter(len(table.columns))}{FIRST_ROW + body - 1}"
        )
    for at in _percent_columns(table):
        bar = DataBarRule("num", 0, "num", 1, color=BAR, showValue=True)
        letter = get_column_letter(at + 2)
        sheet.conditional_formatting.add(
            f"{letter}{FIRST_ROW}:{letter}{FIRST_ROW + body - 1}", bar
        )
    _widths(writer, sheet, most=46)


def _lead(writer: CellWriter) -> None:
    """Makes links of the figures for which a sheet says why."""
    places = SheetPlaces(writer.report)
    for figure, name, ref in writer.places:
        if place := places.of(figure):
            cell = writer.book[name][ref]
            cell.hyperlink = Hyperlink(ref=ref, location=place)
            font = {"size": cell.font.size, "bold": cell.font.bold}
            cell.font = Font(name=FONT, color=ACCENT, underline="single", **font)


def _body(table: Table) -> int:
    """The number of rows above the first total."""
    return next((number for number, row in enumerate(table.rows) if row.total), len(table.rows))


def _percent_columns(table: Table) -> list[int]:
    """The percentage columns above the totals; none if there are fewer than two rows."""
    rows = table.rows[: _body(table)]
    columns = []
    for at in range(len(table.columns) - 1) if len(rows) >= 2 else ():
        cells = [
            row.cells[at] for row in rows if at < len(row.cells) and row.cells[at] is not None
        ]
        if cells and all(
            isinstance(cell, Figure) and cell.unit is Unit.PERCENT for cell in cells
        ):
            columns.append(at)
    return columns


def _to_complete(writer: CellWriter, sheet: ListSheet, words: SheetWords) -> None:
    """Writes a row per finding; what a sheet has above its rows must be settled before them."""
    report, headings = writer.report, headings_to_complete(writer.report)
    last, rows = get_column_letter(len(headings)), 0
    widths = [len(heading) + 3 for heading in headings]
    for row in list_rows(report):
        rows += 1
        widths = [max(pair) for pair in zip(widths, map(_list_width, row), strict=True)]
    for column, width in enumerate(widths, 1):  # capitals, as of a finding, are wide
        wide = min(max(width * 1.3 + 2, 9), 44)
        sheet.column_dimensions[get_column_letter(column)].width = wide
    _page(writer, sheet)
    sheet.freeze_panes = f"C{FIRST_ROW}"
    if rows >= 6:
        sheet.auto_filter.ref = f"A{FIRST_ROW - 1}:{last}{FIRST_ROW + rows - 1}"
    cells = ListCells(writer.styles, sheet, report.language)
    sheet.append(cells.texts((words.records_to_complete,), (TITLE,)))
    sheet.append(cells.texts((stamp(report),), (SMALL,)))
    sheet.append(cells.texts((note_to_complete(report),), (SMALL,)))
    sheet.append(cells.texts(headings, [HEAD] * len(headings)))
    for row in list_rows(report):
        sheet.append(cells.row(row))
    if not rows:
        sheet.append(cells.texts((words.nothing_to_complete,), (Look(color=QUIET),)))
    sheet.links = partial(_links, report)


def _list_width(cell: ListCell) -> int:
    match cell:
        case Link():
            return len(cell.text)
        case date():
            return len(DAY_FORMAT)
    return len(str(cell))


def _links(report: Report) -> Iterator[tuple[str, str]]:
    """The cells of the list that are hyperlinks, and where they lead."""
    for number, row in enumerate(list_rows(report), FIRST_ROW):
        for column, cell in enumerate(row, 1):
            if isinstance(cell, Link):
                yield f"{get_column_letter(column)}{number}", cell.target


def _notes(writer: CellWriter, sheet: Any, words: SheetWords) -> None:
    _head(writer, sheet, words.notes, "", (words.notes_heading,), [HEAD])
    for number, note in enumerate(writer.report.notes or (words.no_notes,), FIRST_ROW):
        writer.text(sheet, number, 1, note, WRAPPED)
    sheet.column_dimensions["A"].width = 120
    _heights(writer, sheet)


def _index(writer: CellWriter, sheet: Any, words: SheetWords) -> None:
    looks = [HEAD] * 3 + [HEAD_RIGHT] * 3 + [HEAD_INDENTED] * 4
    _head(writer, sheet, words.index, words.on_index, words.columns_of_index, looks)
    right = Look(rule=LINE, right=True)
    for number, (figure, where, ref) in enumerate(writer.places, FIRST_ROW):
        line = index_row(figure, where, ref, writer.report.language)
        for column, value in enumerate(line, 1):
            if isinstance(value, int):
                writer.number(sheet, number, column, value, right)
            elif value:
                look = INDENTED if column > 6 else PLAIN
                writer.text(sheet, number, column, value, right if 4 <= column <= 6 else look)
        if number - FIRST_ROW < LINK_LIMIT:
            cell = sheet.cell(number, 3)
            cell._style = writer.style(URL, "@")
            cell.hyperlink = Hyperlink(
                ref=cell.coordinate, location=f"{quote_sheetname(where)}!{ref}"
            )
    sheet.freeze_panes = f"B{FIRST_ROW}"
    if writer.places:
        sheet.auto_filter.ref = f"A{FIRST_ROW - 1}:J{FIRST_ROW + len(writer.places) - 1}"
    _widths(writer, sheet, most=60)


def _widths(writer: CellWriter, sheet: Any, most: int) -> None:
    """Sets each column's width by its contents, up to `most`; a heading breaks at spaces."""
    for column, cells in enumerate(sheet.iter_cols(min_row=FIRST_ROW - 1), 1):
        head = str(cells[0].value or "")
        longest = max((len(word) for word in head.split()), default=0) + (
            3 if sheet.auto_filter.ref else 1
        )
        for cell in cells[1:]:
            longest = max(longest, _shown_width(cell))
        sheet.column_dimensions[get_column_letter(column)].width = min(
            max(longest + 2, 9), most
        )
    _heights(writer, sheet)
    _fit_note(writer, sheet)


def _heights(writer: CellWriter, sheet: Any) -> None:
    """Sets row heights for wrapped texts, because not every program does when it opens a file."""
    needed: dict[int, int] = {}
    for row, column, text in writer.wrapped[sheet.title]:
        width = sheet.column_dimensions[get_column_letter(column)].width - 1
        lines = sum(_lines(line, width, row) for line in text.split("\n"))
        needed[row] = max(needed.get(row, 1), lines)
    for row, lines in needed.items():
        if lines > 1:
            sheet.row_dimensions[row].height = min(5 + 12.5 * lines, 400)


def _lines(text: str, width: float, row: int) -> int:
    """How many lines a text takes; a heading breaks only at spaces."""
    if row != FIRST_ROW - 1:
        return max(1, ceil(len(text) / width))
    return len(wrap(text, max(1, int(width)), break_long_words=False)) or 1


def _fit_note(writer: CellWriter, sheet: Any) -> None:
    """Spreads a long note over the width of the table or a page, on as many lines as needed."""
    last, width, columns = 0, 0.0, sheet.max_column
    while last < columns or width < 100:
        last += 1
        width += (
            sheet.column_dimensions[get_column_letter(last)].width if last <= columns else 12
        )
    lines = ceil(len(sheet["A3"].value or "") / width)
    if lines > 1:
        sheet.merge_cells(start_row=3, end_row=3, start_column=1, end_column=last)
        sheet["A3"]._style = writer.style(NOTE, "General")
        sheet.row_dimensions[3].height = 8 + 12 * lines


def _shown_width(cell: Any) -> int:
    """The cell's approximate width in digits."""
    value = cell.value
    if value is None:
        return 0
    if isinstance(value, str):
        return max(map(len, value.split("\n")))
    return len(f"{value:,.0f}") + len(cell.number_format.replace("#,##0", "").replace('"', ""))


# -------------------------------------------------------------------------------- picture, file


def _charts(report: Report, overview: Any, sheets: Sequence[Any]) -> None:
    """Puts two charts under the headline: completeness by team, and what is missing most."""
    charts = []
    for table, sheet in zip(report.tables, sheets, strict=False):
        at = (
            next(iter(_percent_columns(table)), None)
            if table.key == "teams"
            else 0
            if table.key == "fields"
            else None
        )
        bars = 0 if at is None else _leading_numbers(table, at)
        if at is not None and bars >= 2:
            charts.append(_bars(report, table, sheet, at, bars))
    for chart, columns in (
        zip(charts, ("AB", "C") if len(charts) == 2 else ("ABC",), strict=True)
        if charts
        else ()
    ):
        # a column's width is in digits of 7 pixels; 96 pixels are an inch
        chart.width = (
            sum(overview.column_dimensions[name].width * 7 + 5 for name in columns) / 96 * 2.54
            - 0.4
        )
        overview.add_chart(chart, f"{columns[0]}{FIRST_ROW + len(report.headline) + 1}")


def _leading_numbers(table: Table, at: int) -> int:
    """How many rows to draw, at most twelve.

    They end before a row without a value, whose bar would look like zero.
    """
    cells = [
        row.cells[at] if at < len(row.cells) else None
        for row in table.rows[: min(_body(table), MOST_BARS)]
    ]
    return next(
        (
            n
            for n, c in enumerate(cells)
            if not isinstance(c, Figure) or excel_number(c) is None
        ),
        len(cells),
    )


def _bars(report: Report, table: Table, sheet: Any, at: int, count: int) -> BarChart:
    """Horizontal bars for a column's first `count` rows, in the table's order."""
    chart = BarChart(barDir="bar", gapWidth=45)
    last = FIRST_ROW + count - 1
    chart.add_data(Reference(sheet, min_col=at + 2, min_row=FIRST_ROW, max_row=last))
    chart.set_categories(Reference(sheet, min_col=1, min_row=FIRST_ROW, max_row=last))
    shown = None if count == _body(table) else count
    chart.title = chart_title(table, at, shown, report.language)
    chart.title.tx.rich = _type(1000, bold=True, text=chart.title.tx.rich.paragraphs[0].r[0].t)
    chart.title.overlay = False
    chart.legend = None
    chart.series[0].graphicalProperties = GraphicalProperties(solidFill=ACCENT)
    chart.dataLabels = DataLabelList(
        showVal=True, showSerName=False, showCatName=False, showLegendKey=False
    )
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.delete, chart.y_axis.delete = False, True
    chart.x_axis.majorTickMark, chart.x_axis.tickLblSkip = None, 1
    chart.x_axis.txPr = chart.dataLabels.txPr = _type(900)
    chart.y_axis.scaling.min = 0
    chart.y_axis.majorGridlines = None
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.height = 2 + 0.66 * count
    return chart


def _type(size: int, *, bold: bool = False, text: str = "") -> RichText:
    """Text properties for a chart, in hundredths of a point; `text` makes it a title."""
    properties = CharacterProperties(
        sz=size, b=bold, solidFill=INK, latin=DrawingFont(typeface=FONT)
    )
    runs = [RegularTextRun(rPr=properties, t=text)] if text else []
    return RichText(
        p=[Paragraph(pPr=ParagraphProperties(defRPr=properties), r=runs, endParaRPr=properties)]
    )


def _save(book: Any, report: Report, file: Path) -> None:
    """Writes the file, with the run's as-of instead of the time of saving."""
    save_book(
        book, excel_text(report.title, report.language)[0], report.result.window.as_of, file
    )
