"""Writes cells: figures become numbers with a format, text stays text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from openpyxl.cell import Cell as ExcelCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from pipeline.language.format import (
    excel_format,
    excel_value,
    format_figure,
)
from pipeline.language.languages import Cell
from pipeline.model import Figure
from pipeline.reports.content.report import Report
from pipeline.reports.excel.sheet_text import escaped, excel_text, why_text

ACCENT: Final = "1F6F8B"
INK: Final = "22303A"
QUIET: Final = "6B7A85"
SOFT: Final = "E8F1F4"
LINE: Final = "DDE4E8"
BAR: Final = "A9CEDA"
FONT: Final = "Arial"


# compared by identity, so looking up its style is cheap
@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How a cell looks, apart from its number format."""

    bold: bool = False
    size: int = 10
    color: str = INK
    fill: str = ""
    right: bool = False
    wrap: bool = False
    rule: str = ""  # colour of the line below
    above: str = ""  # colour of the line above
    underline: bool = False
    middle: bool = False
    indent: int = 0


PLAIN = Look(rule=LINE)
INDENTED = Look(rule=LINE, indent=1)
TITLE = Look(bold=True, size=16, color=ACCENT)
SMALL = Look(size=9, color=QUIET)
NOTE = Look(size=9, color=QUIET, wrap=True)
HEAD = Look(bold=True, fill=SOFT, wrap=True, rule=ACCENT)
HEAD_RIGHT = Look(bold=True, fill=SOFT, wrap=True, rule=ACCENT, right=True)
WRAPPED = Look(rule=LINE, wrap=True)
LABEL = Look(rule=LINE, middle=True)
LARGE = Look(rule=LINE, middle=True, size=12, bold=True, color=ACCENT, right=True)
SENTENCE = Look(rule=LINE, middle=True, wrap=True, indent=1)
HEAD_INDENTED = Look(bold=True, fill=SOFT, rule=ACCENT, indent=1)
SMALL_NUMBER = Look(rule=LINE, middle=True, size=9, color=QUIET, right=True)
RIGHT = Look(rule=LINE, right=True)
URL = Look(rule=LINE, color=ACCENT, underline=True)


class Styles:
    """The styles of one workbook's cells, each made once: setting fonts per cell is ten times
    slower.
    """

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Look, str], Any] = {}

    def of(self, look: Look, number_format: str) -> Any:
        """The style for a look and a format."""
        style = self._made.get((look, number_format))
        if style is None:
            style = self._made[look, number_format] = self._style(look, number_format)
        return style

    def _style(self, look: Look, number_format: str) -> Any:
        cell = ExcelCell(self._book.worksheets[0], row=1, column=1)
        line = "single" if look.underline else None
        cell.font = Font(
            name=FONT, size=look.size, bold=look.bold, color=look.color, underline=line
        )
        cell.alignment = Alignment(
            horizontal="right" if look.right else "left",
            vertical="top" if look.rule == LINE and not look.middle else "center",
            wrap_text=look.wrap,
            indent=look.indent,
        )
        edges = {"bottom": look.rule, "top": look.above}
        cell.border = Border(
            **{edge: Side(style="thin", color=color) for edge, color in edges.items() if color}
        )
        if look.fill:
            cell.fill = PatternFill("solid", fgColor=look.fill)
        cell.number_format = number_format
        cell.quotePrefix = number_format in ("@", "General")
        return cell._style


@dataclass(slots=True)
class CellWriter:
    """Writes cells into one workbook, and remembers where each figure went."""

    report: Report
    book: Any
    places: list[tuple[Figure, str, str]] = field(default_factory=list)
    wrapped: dict[str, list[tuple[int, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    styles: Styles = field(init=False)

    def __post_init__(self) -> None:
        self.styles = Styles(self.book)

    def style(self, look: Look, number_format: str) -> Any:
        """The style for a look and a format."""
        return self.styles.of(look, number_format)

    def text(self, sheet: Any, row: int, column: int, text: str, look: Look) -> Any:
        """Writes text that stays text, even if it looks like a formula, number or error."""
        fitted, note = excel_text(text, self.report.language)
        cell = sheet.cell(row, column)
        # the setter would search again for characters that `excel_text` has replaced
        cell._value, cell.data_type = (escaped(fitted), "s")
        # Excel shows #### for a long text in a cell with text format
        cell._style = self.style(look, "@" if len(fitted) <= 255 else "General")
        if look.wrap:
            self.wrapped[sheet.title].append((row, column, fitted))
        if note:
            _remark(cell, note)
        return cell

    def figure(self, sheet: Any, row: int, column: int, figure: Figure, look: Look) -> Any:
        """Writes the figure as a number, or as text with a note if Excel cannot hold it."""
        number = excel_number(figure)
        if number is None:
            language = self.report.language
            cell = self.text(sheet, row, column, format_figure(figure, language), look)
            _remark(cell, why_text(figure, language))
        else:
            cell = sheet.cell(row, column, number)
            cell._style = self.style(look, excel_format(figure, self.report.language))
        self.places.append((figure, sheet.title, cell.coordinate))
        return cell

    def number(self, sheet: Any, row: int, column: int, number: int, look: Look) -> Any:
        """Writes an integer of the index that is a part of a figure."""
        cell = sheet.cell(row, column, number)
        cell._style = self.style(look, "#,##0")
        return cell

    def cells(
        self, sheet: Any, row: int, first: int, cells: Iterable[Cell], looks: Sequence[Look]
    ) -> None:
        """Writes a row of figures and texts; None becomes an empty, styled cell."""
        for column, (cell, look) in enumerate(zip(cells, looks, strict=True), first):
            if isinstance(cell, Figure):
                self.figure(sheet, row, column, cell, look)
            else:
                self.text(sheet, row, column, cell or "", look)


def excel_number(figure: Figure) -> int | float | None:
    """The number whose shortest text is exactly the printed decimal, or None."""
    value = excel_value(figure)
    if value is None:
        return None
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else None


def _remark(cell: Any, text: str) -> None:
    """Adds a note to the cell, after any other."""
    text = f"{cell.comment.text} {text}" if cell.comment else text
    cell.comment = Comment(text, "crm-audit", height=20 + 18 * (len(text) // 34 + 1), width=240)
