"""An explanation as a workbook: a sheet that says what the figure means, and one per number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from pipeline.language.format import format_figure
from pipeline.language.languages import ENGLISH
from pipeline.model import Figure
from pipeline.model.explanations import Explanation, Part
from pipeline.reports.excel.cell_writer import FONT, HEAD, INK, TITLE, WRAPPED, Styles
from pipeline.reports.excel.list_sheet import ListCells, ListSheet, Place, save_book
from pipeline.reports.excel.sheet_text import (
    LINK_LIMIT,
    Link,
    ListCell,
    escaped,
    excel_text,
    is_link,
)
from pipeline.reports.explained import COLUMNS, heading, parts_shown, rows_of

_MOST_ROWS: Final = 1_048_000
"""Records on one sheet; Excel has 1,048,576 rows."""
_HEAD_ROWS: Final = 2
_ADDS, _LINK = COLUMNS.index("adds"), COLUMNS.index("link")
_WIDEST: Final = 60
_TEXT_WIDTH: Final = 100

_Row = tuple[tuple[str, ...], Figure | None]


def write_explanation(explanation: Explanation, moment: datetime, file: Path) -> None:
    """Writes the workbook; `moment` stands in it instead of the time of saving."""
    book = Workbook()
    book._named_styles["Normal"].font = Font(name=FONT, size=10, color=INK)
    styles = Styles(book)
    _words(explanation, book.active, styles)
    for part in parts_shown(explanation):
        rows = list(rows_of(explanation.figure, part))
        for number, first in enumerate(range(0, max(1, len(rows)), _MOST_ROWS), 1):
            name = part.name if number == 1 else f"{part.name} ({number})"
            sheet = ListSheet(book, name)
            book._add_sheet(sheet)
            _list(explanation, part, rows[first : first + _MOST_ROWS], sheet, styles)
    save_book(book, excel_text(explanation.label, ENGLISH)[0], moment, file)


def _words(explanation: Explanation, sheet: Any, styles: Styles) -> None:
    """What the figure is called, its value, and what it means."""
    figure = explanation.figure
    sheet.title = "figure"
    sheet.column_dimensions["A"].width = _TEXT_WIDTH
    lines = [
        (explanation.label, TITLE),
        (format_figure(figure, ENGLISH), TITLE),
        *((line, WRAPPED) for line in (figure.id, *explanation.text)),
    ]
    for row, (text, look) in enumerate(lines, 1):
        cell = sheet.cell(row, 1)
        # the setter would take a text for a formula
        cell._value, cell.data_type = escaped(excel_text(text, ENGLISH)[0]), "s"
        cell._style = styles.of(look, "@" if len(text) <= 255 else "General")
        if look is WRAPPED:
            sheet.row_dimensions[row].height = 5 + 12.5 * ceil(len(text) / _TEXT_WIDTH)
    _landscape(sheet)


def _landscape(sheet: Any) -> None:
    """Has a sheet printed as wide as a page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _list(
    explanation: Explanation, part: Part, rows: list[_Row], sheet: ListSheet, styles: Styles
) -> None:
    """A row per record; what a sheet has above its rows must be settled before them."""
    for column, title in enumerate(COLUMNS):
        longest = max((len(texts[column]) for texts, _ in rows), default=0)
        width = min(max(longest * 1.2 + 2, len(title) + 4), _WIDEST)
        sheet.column_dimensions[get_column_letter(column + 1)].width = width
    _landscape(sheet)
    sheet.freeze_panes = f"A{_HEAD_ROWS + 1}"
    last = get_column_letter(len(COLUMNS))
    sheet.auto_filter.ref = f"A{_HEAD_ROWS}:{last}{_HEAD_ROWS + len(rows)}"
    cells = ListCells(styles, sheet, ENGLISH)
    sheet.append(cells.texts((heading(explanation, part),), (TITLE,)))
    sheet.append(cells.texts(COLUMNS, [HEAD] * len(COLUMNS)))
    for number, (texts, adds) in enumerate(rows):
        row = cells.row(_cells(number, texts))
        if adds is not None:
            row[_ADDS] = cells.figure(_ADDS, adds)
        sheet.append(row)
    sheet.links = partial(_links, rows)


def _cells(number: int, texts: tuple[str, ...]) -> list[ListCell]:
    cells: list[ListCell] = list(texts)
    if _is_linked(number, texts):
        cells[_LINK] = Link(texts[_LINK], texts[_LINK])
    return cells


def _links(rows: list[_Row]) -> Iterator[Place]:
    """The cells that are hyperlinks, and where they lead."""
    letter = get_column_letter(_LINK + 1)
    for number, (texts, _) in enumerate(rows):
        if _is_linked(number, texts):
            yield f"{letter}{number + _HEAD_ROWS + 1}", texts[_LINK]


def _is_linked(number: int, texts: tuple[str, ...]) -> bool:
    """A sheet may have so many hyperlinks and no more; then the address stands there."""
    return number < LINK_LIMIT and is_link(texts[_LINK])
