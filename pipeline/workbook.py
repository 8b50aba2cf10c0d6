"""The report as an Excel workbook: figures are numbers under a format, everything else is text that stays text.

Each sheet has the same head: row 1 its title, row 2 run and as-of, row 3 a note, row 4 the headings, then the rows.
The same report gives the same bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import Cell as ExcelCell
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.comments import Comment
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.drawing.text import Font as DrawingFont
from openpyxl.formatting.rule import DataBarRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.xml.functions import tostring

from pipeline.model import Figure, Unit
from pipeline.report import Cell, Edition, Repair, Report, Row, Table, as_of_text, period_text, section_of
from pipeline.show import NOTHING, excel_format, excel_value, show

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
NOTE_OF_INDEX: Final = "Every figure of this workbook: where it stands, and the exact numbers it is made of."
OPEN: Final = "Open in the CRM"
HEADLINE_HEADINGS: Final = ("At a glance", "Figure", "In words", "In numbers")
REPAIR_HEADINGS: Final = ("What", "Record", "Missing", "Why it is asked", "Link", "Counts in", "Record id")
INDEX_HEADINGS: Final = (
    "Figure", "Sheet", "Cell", "As shown", "Numerator", "Denominator", "Unit", "Currency", "Period", "Basis",
)  # fmt: skip

CELL_LIMIT: Final = 32_767  # UTF-16 units in one cell
LINK_LIMIT: Final = 65_530  # hyperlinks on one sheet
MOST_BARS: Final = 12
EXACT_BELOW: Final = 10**15  # Excel keeps 15 significant digits

_LINK: Final = re.compile(r"https?://[!#-;=?-\[\]_a-z~]{1,2040}", re.IGNORECASE)  # what a URI may consist of
_UNHELD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CODE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # Excel reads _x0041_ as the letter A

_COUNTS_IN: Final = {
    "now": "score of the period",
    "leads": "leads of the period",
    "older": "base only",
    "older leads": "base of the leads only",
}

_ACCENT: Final = "1F6F8B"
_INK: Final = "22303A"
_QUIET: Final = "6B7A85"
_SOFT: Final = "E8F1F4"
_LINE: Final = "DDE4E8"
_BAR: Final = "A9CEDA"
_FONT: Final = "Arial"


# ------------------------------------------------------------------------------------------------ words


def excel_text(text: str) -> tuple[str, str]:
    """The text as a cell holds it, and a note on what had to be changed ('' = nothing).

    Line ends become Excel's own; whatever XML cannot carry becomes U+FFFD; what exceeds a cell is cut and says so.
    """
    held, replaced = _UNHELD.subn("\ufffd", re.sub("\r\n?", "\n", text))
    notes = [f"{replaced} characters that Excel cannot hold are shown as \ufffd."] if replaced else []
    if _size(held) > CELL_LIMIT:
        room = CELL_LIMIT - len(f"… [cut: {len(held)} characters]")
        kept = bisect_right(range(len(held) + 1), room, key=lambda length: _size(held[:length])) - 1
        notes.append(f"A cell holds {CELL_LIMIT:,} characters: {len(held) - kept:,} are cut; the CRM has them all.")
        held = f"{held[:kept]}… [cut: {len(held) - kept} characters]"
    return held, " ".join(notes)


def _escaped(text: str) -> str:
    return _CODE.sub("_x005F_", text)


def _size(text: str) -> int:
    """UTF-16 units as written to the file: an emoji is two, and escapes count."""
    return len(_escaped(text).encode("utf-16-le")) // 2


def stamp(edition: Edition) -> str:
    """Run and as-of, as the second row of every sheet says them."""
    return f"Run {edition.run_id} · as of {as_of_text(edition.window)} ({edition.window.zone})"


def about(report: Report) -> str:
    """For whom the report is, which audit made it, from what, and over which days."""
    edition = report.edition
    whom = report.person.name if report.person else report.audience
    return f"For {whom} · audit {edition.audit} · {edition.source} · {period_text(edition.window)}"


def headline_label(row: Row) -> str:
    """The label of a headline's line, which a page sets under a heading of its element."""
    return {"person": "Talk to: ", "lacking": "Lacking: "}.get(row.element, "") + row.label


def split_headline(row: Row) -> tuple[Figure | None, str, tuple[Figure, ...]]:
    """A sentence of the headline as its first figure, the words that follow it, and the other figures as numbers.

    The words say every figure as `show` does; only a figure that opens the sentence is not said twice.
    """
    figures = tuple(cell for cell in row.cells if isinstance(cell, Figure))
    opens = bool(row.cells) and isinstance(row.cells[0], Figure)
    said = [show(cell) if isinstance(cell, Figure) else cell or "" for cell in row.cells]
    large, small = "".join(said[opens : max(row.big, opens)]), "".join(said[max(row.big, opens) :])
    words = " · ".join(part for part in (large.strip(), small.strip(" ,")) if part)
    return (figures[0] if figures else None), words, figures[1:]


def sheet_names(report: Report) -> list[str]:
    """The sheets in their order: one per table between Overview and Notes, named within Excel's rules, each once."""
    fixed = [REPAIRS, NOTES, INDEX] if report.audience == "manager" else [NOTES, INDEX]
    taken = {name.casefold() for name in (OVERVIEW, REPAIRS, NOTES, INDEX, "History")}  # the last is Excel's own
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
    held = excel_text(title)[0].replace("\n", " ")
    if _size(held) > 31:
        held = held.split(": ")[0]
    held = re.sub(r"[\[\]:*?/\\]", "-", held).strip("' ")
    while _size(held) > 31:
        held = held[: held.rfind(" ")] if " " in held else held[:-1]
    return held.strip("' ") or "Table"


def note_of_repairs(report: Report) -> str:
    """How long the complete list is, and how many of its records count in the period."""
    current = sum(repair.in_period for repair in report.repairs)
    older = len(report.repairs) - current
    return f"The complete list: {current:,} of this period; {older:,} older, which count in the base only."


def repair_texts(repair: Repair) -> tuple[str, ...]:
    """A line of the fix-list, as its cells read."""
    return (
        repair.entity.capitalize(),
        repair.label or f"({repair.entity} without a name)",
        "\n".join(repair.missing),
        "\n".join(dict.fromkeys(filter(None, repair.why))),
        OPEN if is_link(repair.link) else repair.link,
        _COUNTS_IN[section_of(repair)],
        repair.record_id,
    )


def is_link(link: str) -> bool:
    """Whether the address becomes a hyperlink; any other is written as text."""
    return bool(_LINK.fullmatch(link))


def index_row(figure: Figure, sheet: str, cell: str) -> tuple[str | int, ...]:
    """The figure's line in the index: where it stands, what it says, and what it is made of, exactly."""
    denominator = "" if figure.denominator is None else _exact(figure.denominator)
    return (
        figure.id, sheet, cell, show(figure), _exact(figure.numerator), denominator,
        figure.unit.value, figure.currency, figure.period, figure.basis,
    )  # fmt: skip


def _exact(number: int) -> int | str:
    return number if abs(number) < EXACT_BELOW else str(number)


# ------------------------------------------------------------------------------------------------ cells


@dataclass(frozen=True, slots=True)
class _Look:
    """How a cell looks, apart from its number format."""

    bold: bool = False
    size: int = 10
    color: str = _INK
    fill: str = ""
    right: bool = False
    wrap: bool = False
    rule: str = ""  # colour of the line below
    above: str = ""  # colour of the line above
    underline: bool = False
    middle: bool = False
    indent: int = 0


_PLAIN = _Look(rule=_LINE)
_INDENTED = _Look(rule=_LINE, indent=1)
_TITLE = _Look(bold=True, size=16, color=_ACCENT)
_SMALL = _Look(size=9, color=_QUIET)
_NOTE = _Look(size=9, color=_QUIET, wrap=True)
_HEAD = _Look(bold=True, fill=_SOFT, wrap=True, rule=_ACCENT)
_HEAD_RIGHT = _Look(bold=True, fill=_SOFT, wrap=True, rule=_ACCENT, right=True)
_WRAPPED = _Look(rule=_LINE, wrap=True)
_LABEL = _Look(rule=_LINE, middle=True)
_LARGE = _Look(rule=_LINE, middle=True, size=12, bold=True, color=_ACCENT, right=True)
_SENTENCE = _Look(rule=_LINE, middle=True, wrap=True, indent=1)
_HEAD_INDENTED = _Look(bold=True, fill=_SOFT, rule=_ACCENT, indent=1)
_SMALL_NUMBER = _Look(rule=_LINE, middle=True, size=9, color=_QUIET, right=True)
_URL = _Look(rule=_LINE, color=_ACCENT, underline=True)


@dataclass(slots=True)
class _Pen:
    """Writes cells into one workbook, and remembers where each figure went."""

    report: Report
    book: Any
    places: list[tuple[Figure, str, str]] = field(default_factory=list)
    styles: dict[tuple[_Look, str], Any] = field(default_factory=dict)
    wrapped: dict[str, list[tuple[int, int, str]]] = field(default_factory=lambda: defaultdict(list))

    def _style(self, look: _Look, number_format: str) -> Any:
        """One style array per look and format: assigning fonts and borders cell by cell takes ten times as long."""
        found = self.styles.get((look, number_format))
        if found is None:
            cell = ExcelCell(self.book.active, row=1, column=1)
            line = "single" if look.underline else None
            cell.font = Font(name=_FONT, size=look.size, bold=look.bold, color=look.color, underline=line)
            cell.alignment = Alignment(
                horizontal="right" if look.right else "left",
                vertical="top" if look.rule == _LINE and not look.middle else "center",
                wrap_text=look.wrap,
                indent=look.indent,
            )
            edges = {"bottom": look.rule, "top": look.above}
            cell.border = Border(**{edge: Side(style="thin", color=color) for edge, color in edges.items() if color})
            if look.fill:
                cell.fill = PatternFill("solid", fgColor=look.fill)
            cell.number_format = number_format
            cell.quotePrefix = number_format in ("@", "General")
            found = self.styles[look, number_format] = cell._style
        return found

    def text(self, sheet: Any, row: int, column: int, text: str, look: _Look) -> Any:
        """Text that stays text: never a formula, a number or an error, whatever it looks like."""
        held, note = excel_text(text)
        cell = sheet.cell(row, column)
        cell.value = _escaped(held)
        cell.data_type = "s"
        # Excel shows long text in a cell formatted as text as ####
        cell._style = self._style(look, "@" if len(held) <= 255 else "General")
        if look.wrap:
            self.wrapped[sheet.title].append((row, column, held))
        if note:
            _remark(cell, note)
        return cell

    def figure(self, sheet: Any, row: int, column: int, figure: Figure, look: _Look) -> Any:
        """The figure as a number; as text with the reason where Excel has no number for it."""
        number = _number(figure)
        if number is None:
            cell = self.text(sheet, row, column, show(figure), look)
            _remark(cell, _why_text(figure))
        else:
            cell = sheet.cell(row, column, number)
            cell._style = self._style(look, excel_format(figure))
        self.places.append((figure, sheet.title, cell.coordinate))
        return cell

    def number(self, sheet: Any, row: int, column: int, number: int, look: _Look) -> Any:
        """An integer that is no figure: a part of one, in the index."""
        cell = sheet.cell(row, column, number)
        cell._style = self._style(look, "#,##0")
        return cell

    def cells(self, sheet: Any, row: int, first: int, cells: Iterable[Cell], looks: Sequence[_Look]) -> None:
        """A line of figures and texts; nothing stays an empty, styled cell."""
        for column, (cell, look) in enumerate(zip(cells, looks, strict=True), first):
            if isinstance(cell, Figure):
                self.figure(sheet, row, column, cell, look)
            else:
                self.text(sheet, row, column, cell or "", look)


def _number(figure: Figure) -> int | float | None:
    """The number whose shortest text is exactly the printed decimal; None where there is none."""
    value = excel_value(figure)
    if value is None:
        return None
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else None


def _why_text(figure: Figure) -> str:
    if show(figure) == NOTHING:
        return "Nothing was due: there is no value, and it is not zero."
    return "Excel keeps 15 significant digits. This amount has more and is written as text, so that none is lost."


def _remark(cell: Any, text: str) -> None:
    """A note on the cell; a second one is added to the first."""
    text = f"{cell.comment.text} {text}" if cell.comment else text
    cell.comment = Comment(text, "crm-audit", height=20 + 18 * (len(text) // 34 + 1), width=240)


# ------------------------------------------------------------------------------------------------ sheets


def write_workbook(report: Report, file: Path) -> None:
    """Write the report's workbook; the same report gives the same bytes."""
    book = Workbook()
    book._named_styles["Normal"].font = Font(name=_FONT, size=10, color=_INK)  # column widths are counted in it
    pen = _Pen(report, book)
    names = sheet_names(report)
    overview = book.active
    overview.title = names[0]
    _overview(pen, overview)
    sheets = [book.create_sheet(name) for name in names[1:]]
    for table, sheet in zip(report.tables, sheets, strict=False):
        _table(pen, sheet, table)
    if REPAIRS in names:
        _repairs(pen, book[REPAIRS])
    _notes(pen, book[NOTES])
    _index(pen, book[INDEX])
    _charts(report, overview, sheets)
    file.write_bytes(_packed(book, report))


def _head(pen: _Pen, sheet: Any, title: str, note: str, headings: Sequence[str], looks: Sequence[_Look]) -> None:
    """The first four rows of every sheet, and how it is printed."""
    pen.text(sheet, 1, 1, title, _TITLE)
    pen.text(sheet, 2, 1, stamp(pen.report.edition), _SMALL)
    pen.text(sheet, 3, 1, note, _SMALL)
    sheet.row_dimensions[1].height = 26
    sheet.row_dimensions[3].height = 20
    for column, (heading, look) in enumerate(zip(headings, looks, strict=True), 1):
        pen.text(sheet, FIRST_ROW - 1, column, heading, look)
    sheet.sheet_view.showGridLines = False
    sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = 15, True
    sheet.sheet_properties.tabColor = _ACCENT if sheet.title in (OVERVIEW, REPAIRS) else _LINE
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.page_margins.top = sheet.page_margins.bottom = 0.75
    sheet.oddHeader.left.text = _printed(pen.report.title)
    sheet.oddHeader.right.text = _printed(sheet.title)
    sheet.oddFooter.left.text = _printed(stamp(pen.report.edition))
    sheet.oddFooter.right.text = "Page &P of &N"
    sheet.print_title_rows = f"{FIRST_ROW - 1}:{FIRST_ROW - 1}"


def _printed(text: str) -> str:
    """Text for a printed header, where & begins a code and all of it has to fit into 255 characters."""
    return excel_text(text)[0].replace("\n", " ")[:90].replace("&", "&&")


def _look(cell: Cell, row: Row, numeric: bool) -> _Look:
    right = numeric or isinstance(cell, Figure)
    if row.total:
        return _Look(bold=True, fill=_SOFT, above=_ACCENT, rule=_LINE, right=right)
    return _Look(rule=_LINE, right=right, wrap=isinstance(cell, str))


def _overview(pen: _Pen, sheet: Any) -> None:
    """One line per element: its figure in large type, the sentence, and the sentence's other figures as numbers."""
    report = pen.report
    _head(pen, sheet, report.title, about(report), HEADLINE_HEADINGS, [_HEAD, _HEAD_RIGHT, _HEAD_INDENTED, _HEAD_RIGHT])
    lines = [split_headline(row) for row in report.headline]
    columns = max((len(others) for _, _, others in lines), default=1)
    for column in range(len(HEADLINE_HEADINGS) + 1, columns + 4):
        pen.text(sheet, FIRST_ROW - 1, column, "", _HEAD)
    for number, (row, (figure, words, others)) in enumerate(zip(report.headline, lines, strict=True), FIRST_ROW):
        looks = (_LARGE, _SENTENCE, *[_SMALL_NUMBER] * columns)
        pen.text(sheet, number, 1, headline_label(row), _LABEL)
        pen.cells(sheet, number, 2, (figure, words, *others, *[None] * (columns - len(others))), looks)
        sheet.row_dimensions[number].height = 20
    _widths(pen, sheet, most=74)
    sheet.column_dimensions["B"].width *= 1.25  # its figures are in larger type
    sheet.page_setup.fitToHeight = 1


def _table(pen: _Pen, sheet: Any, table: Table) -> None:
    numeric = [any(isinstance(row.cells[at], Figure) for row in table.rows if at < len(row.cells))
               for at in range(len(table.columns) - 1)]  # fmt: skip
    looks = [_HEAD, *(_HEAD_RIGHT if is_number else _HEAD for is_number in numeric)]
    _head(pen, sheet, table.title, table.note, table.columns, looks)
    for number, row in enumerate(table.rows, FIRST_ROW):
        pen.text(sheet, number, 1, row.label, _look(None, row, numeric=False))
        cells = (*row.cells, *[None] * (len(numeric) - len(row.cells)))
        pen.cells(sheet, number, 2, cells, [_look(c, row, n) for c, n in zip(cells, numeric, strict=True)])
    sheet.freeze_panes = f"B{FIRST_ROW}"
    body = _body(table)
    if body >= 6 and body + sum(row.total for row in table.rows) == len(table.rows):
        sheet.auto_filter.ref = f"A{FIRST_ROW - 1}:{get_column_letter(len(table.columns))}{FIRST_ROW + body - 1}"
    for at in _percent_columns(table):
        bar = DataBarRule("num", 0, "num", 1, color=_BAR, showValue=True)
        letter = get_column_letter(at + 2)
        sheet.conditional_formatting.add(f"{letter}{FIRST_ROW}:{letter}{FIRST_ROW + body - 1}", bar)
    _widths(pen, sheet, most=46)


def _body(table: Table) -> int:
    """How many rows stand above the first total."""
    return next((number for number, row in enumerate(table.rows) if row.total), len(table.rows))


def _percent_columns(table: Table) -> list[int]:
    """The columns of percentages in the rows above the totals; none where there is too little to compare."""
    rows = table.rows[: _body(table)]
    found = []
    for at in range(len(table.columns) - 1) if len(rows) >= 2 else ():
        cells = [row.cells[at] for row in rows if at < len(row.cells) and row.cells[at] is not None]
        if cells and all(isinstance(cell, Figure) and cell.unit is Unit.PERCENT for cell in cells):
            found.append(at)
    return found


def _repairs(pen: _Pen, sheet: Any) -> None:
    _head(pen, sheet, REPAIRS_TITLE, note_of_repairs(pen.report), REPAIR_HEADINGS, [_HEAD] * len(REPAIR_HEADINGS))
    for number, repair in enumerate(pen.report.repairs, FIRST_ROW):
        for column, text in enumerate(repair_texts(repair), 1):
            cell = pen.text(sheet, number, column, text, _WRAPPED)
            if column == 5 and is_link(repair.link):
                cell._style = pen._style(_URL, "@")
                if number - FIRST_ROW < LINK_LIMIT:
                    cell.hyperlink = Hyperlink(ref=cell.coordinate, target=repair.link)
    if not pen.report.repairs:
        pen.text(sheet, FIRST_ROW, 1, NO_REPAIRS, _Look(color=_QUIET))
    sheet.freeze_panes = f"C{FIRST_ROW}"
    if len(pen.report.repairs) >= 6:
        sheet.auto_filter.ref = f"A{FIRST_ROW - 1}:G{FIRST_ROW + len(pen.report.repairs) - 1}"
    _widths(pen, sheet, most=44)


def _notes(pen: _Pen, sheet: Any) -> None:
    _head(pen, sheet, NOTES, "", (NOTES_HEADING,), [_HEAD])
    for number, note in enumerate(pen.report.notes or (NO_NOTES,), FIRST_ROW):
        pen.text(sheet, number, 1, note, _WRAPPED)
    sheet.column_dimensions["A"].width = 120
    _heights(pen, sheet)


def _index(pen: _Pen, sheet: Any) -> None:
    looks = [_HEAD] * 3 + [_HEAD_RIGHT] * 3 + [_HEAD_INDENTED] * 4
    _head(pen, sheet, INDEX, NOTE_OF_INDEX, INDEX_HEADINGS, looks)
    right = _Look(rule=_LINE, right=True)
    for number, (figure, where, ref) in enumerate(pen.places, FIRST_ROW):
        for column, value in enumerate(index_row(figure, where, ref), 1):
            if isinstance(value, int):
                pen.number(sheet, number, column, value, right)
            elif value:
                pen.text(
                    sheet, number, column, value, right if 4 <= column <= 6 else _INDENTED if column > 6 else _PLAIN
                )
        if number - FIRST_ROW < LINK_LIMIT:
            cell = sheet.cell(number, 3)
            cell._style = pen._style(_URL, "@")
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quote_sheetname(where)}!{ref}")
    sheet.freeze_panes = f"B{FIRST_ROW}"
    if pen.places:
        sheet.auto_filter.ref = f"A{FIRST_ROW - 1}:J{FIRST_ROW + len(pen.places) - 1}"
    _widths(pen, sheet, most=60)


def _widths(pen: _Pen, sheet: Any, most: int) -> None:
    """Each column as wide as what it shows, within reason; a heading breaks at its spaces."""
    for column, cells in enumerate(sheet.iter_cols(min_row=FIRST_ROW - 1), 1):
        head = str(cells[0].value or "")
        longest = max((len(word) for word in head.split()), default=0) + (3 if sheet.auto_filter.ref else 1)
        for cell in cells[1:]:
            longest = max(longest, _shown_width(cell))
        sheet.column_dimensions[get_column_letter(column)].width = min(max(longest + 2, 9), most)
    _heights(pen, sheet)
    _fit_note(pen, sheet)


def _heights(pen: _Pen, sheet: Any) -> None:
    """Rows as high as their wrapped texts need: not every program works that out when it opens the file."""
    needed: dict[int, int] = {}
    for row, column, text in pen.wrapped[sheet.title]:
        width = sheet.column_dimensions[get_column_letter(column)].width - 1
        lines = sum(max(1, ceil(len(line) / width)) for line in text.split("\n"))
        needed[row] = max(needed.get(row, 1), lines)
    for row, lines in needed.items():
        if lines > 1:
            sheet.row_dimensions[row].height = min(5 + 12.5 * lines, 400)


def _fit_note(pen: _Pen, sheet: Any) -> None:
    """Let a long note run over the table's width, or a page's, and as many lines as it needs."""
    last, width, columns = 0, 0.0, sheet.max_column
    while last < columns or width < 100:
        last += 1
        width += sheet.column_dimensions[get_column_letter(last)].width if last <= columns else 12
    lines = ceil(len(sheet["A3"].value or "") / width)
    if lines > 1:
        sheet.merge_cells(start_row=3, end_row=3, start_column=1, end_column=last)
        sheet["A3"]._style = pen._style(_NOTE, "General")
        sheet.row_dimensions[3].height = 8 + 12 * lines


def _shown_width(cell: Any) -> int:
    """Roughly how many digits wide the cell is shown."""
    value = cell.value
    if value is None:
        return 0
    if isinstance(value, str):
        return max(map(len, value.split("\n")))
    return len(f"{value:,.0f}") + len(cell.number_format.removeprefix("#,##0").replace('"', ""))


# ------------------------------------------------------------------------------------------------ picture, file


def _charts(report: Report, overview: Any, sheets: Sequence[Any]) -> None:
    """Under the headline, side by side: how complete the teams are, and where most is missing."""
    charts = []
    for table, sheet in zip(report.tables, sheets, strict=False):
        at = next(iter(_percent_columns(table)), None) if table.key == "teams" else 0 if table.key == "fields" else None
        bars = 0 if at is None else _leading_numbers(table, at)
        if at is not None and bars >= 2:
            charts.append(_bars(table, sheet, at, bars))
    for chart, columns in zip(charts, ("AB", "C") if len(charts) == 2 else ("ABC",), strict=True) if charts else ():
        # a column's width is in digits of 7 pixels; 96 pixels are an inch
        chart.width = sum(overview.column_dimensions[name].width * 7 + 5 for name in columns) / 96 * 2.54 - 0.4
        overview.add_chart(chart, f"{columns[0]}{FIRST_ROW + len(report.headline) + 1}")


def _leading_numbers(table: Table, at: int) -> int:
    """How many rows can be drawn, at most twelve: a bar for "no value" would say zero, so they end before it."""
    cells = [row.cells[at] for row in table.rows[: min(_body(table), MOST_BARS)]]
    return next((n for n, c in enumerate(cells) if not isinstance(c, Figure) or _number(c) is None), len(cells))


def _bars(table: Table, sheet: Any, at: int, count: int) -> BarChart:
    """Horizontal bars for the first `count` rows of a column, the first on top, as in the table."""
    chart = BarChart(barDir="bar", gapWidth=45)
    last = FIRST_ROW + count - 1
    chart.add_data(Reference(sheet, min_col=at + 2, min_row=FIRST_ROW, max_row=last))
    chart.set_categories(Reference(sheet, min_col=1, min_row=FIRST_ROW, max_row=last))
    part = "" if count == _body(table) else f" (first {count})"
    chart.title = f"{table.title}: {table.columns[at + 1].lower()}{part}"
    chart.title.tx.rich = _type(1000, bold=True, text=chart.title.tx.rich.paragraphs[0].r[0].t)
    chart.title.overlay = False
    chart.legend = None
    chart.series[0].graphicalProperties = GraphicalProperties(solidFill=_ACCENT)
    chart.dataLabels = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False)
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
    """Type for a chart, in hundredths of a point; with a text for a title."""
    properties = CharacterProperties(sz=size, b=bold, solidFill=_INK, latin=DrawingFont(typeface=_FONT))
    runs = [RegularTextRun(rPr=properties, t=text)] if text else []
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=properties), r=runs, endParaRPr=properties)])


def _packed(book: Any, report: Report) -> bytes:
    """The file's bytes, stamped with the run's as-of wherever openpyxl stamps the time of saving."""
    moment = report.edition.window.as_of
    book.properties.creator = "crm-audit"
    book.properties.title = excel_text(report.title)[0]
    loose, packed = BytesIO(), BytesIO()
    book.save(loose)
    book.properties.created = book.properties.modified = moment.replace(tzinfo=None, microsecond=0)
    with ZipFile(loose) as source, ZipFile(packed, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = tostring(book.properties.to_tree()) if name == "docProps/core.xml" else source.read(name)
            entry = ZipInfo(name, max((1980, 1, 1, 0, 0, 0), moment.timetuple()[:6]))
            entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, 0o600 << 16, 3
            target.writestr(entry, content)
    return packed.getvalue()
