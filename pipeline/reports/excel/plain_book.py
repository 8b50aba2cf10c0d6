"""Writes tables as a workbook, row by row: numbers with their formats, and text that stays text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from pipeline.language.languages import Language
from pipeline.reports.excel.cell_writer import ACCENT, FONT, INK, QUIET, SOFT
from pipeline.reports.excel.sheet_text import escaped, excel_text

Number = tuple[Decimal, str]
"""A number, and the format that shows it."""

_WIDE: Final = 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its title, what is said above it, its columns with their widths, and its rows."""

    title: str
    above: Sequence[str]
    columns: Sequence[tuple[str, int]]
    rows: Iterable[Sequence[str | Number | None]]


def write_book(file: Path, sheets: Iterable[Sheet], language: Language) -> None:
    """Writes a workbook of these sheets; each is streamed."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _write(book.create_sheet(sheet.title), sheet, language)
    book.save(file)


def _write(made: Any, sheet: Sheet, language: Language) -> None:
    made.sheet_view.showGridLines = False
    made.page_setup.orientation = "landscape"
    made.page_setup.fitToWidth, made.page_setup.fitToHeight = 1, 0
    made.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    made.freeze_panes = f"A{len(sheet.above) + 2}"
    for number, (_, width) in enumerate(sheet.columns, 1):
        made.column_dimensions[get_column_letter(number)].width = width
    for size, text in zip((16, *(9,) * len(sheet.above)), sheet.above, strict=False):
        cell = _text(made, text, language, Font(name=FONT, size=size, color=QUIET))
        cell.alignment = Alignment(vertical="top")
        made.append([cell])
    head = Font(name=FONT, size=10, bold=True, color=ACCENT)
    made.append([_heading(made, heading, language, head) for heading, _ in sheet.columns])
    body = Font(name=FONT, size=10, color=INK)
    for row in sheet.rows:
        made.append([_cell(made, value, language, body) for value in row])


def _heading(made: Any, text: str, language: Language, font: Font) -> Any:
    cell = _text(made, text, language, font)
    cell.fill = PatternFill("solid", fgColor=SOFT)
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    return cell


def _cell(made: Any, value: str | Number | None, language: Language, font: Font) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        return _text(made, value, language, font)
    number, shown = value
    cell = WriteOnlyCell(made, number)
    cell.number_format, cell.font = shown, font
    cell.alignment = Alignment(vertical="top")
    return cell


def _text(made: Any, text: str, language: Language, font: Font) -> Any:
    """Text that stays text, even if it looks like a formula, number or error."""
    cell = WriteOnlyCell(made)
    fitted, _ = excel_text(text, language)
    cell._value, cell.data_type = escaped(fitted), "s"
    cell.font, cell.quotePrefix = font, True
    cell.alignment = Alignment(vertical="top", wrap_text=len(text) > _WIDE, indent=1)
    return cell
