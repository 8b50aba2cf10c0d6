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
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import BadZipFile, ZipFile

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from pipeline.language.format import excel_format, excel_value, format_figure
from pipeline.language.languages import Cell, Language
from pipeline.model import Difference, Figure
from pipeline.reports.content.report import Report, Row
from pipeline.reports.excel.read_drawings import (
    Chart,
    bar_differences,
    chart_differences,
    charts_in,
    column_letters,
)
from pipeline.reports.excel.sheet_text import (
    FIRST_ROW,
    LINK_LIMIT,
    about,
    cells_of_queue,
    excel_text,
    headings_to_complete,
    headline_label,
    index_row,
    is_link,
    note_to_complete,
    sheet_names,
    sheet_words,
    split_headline,
    stamp,
    texts_to_complete,
)
from pipeline.values.visible import decoded

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINKED: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BUILT_IN: Final = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    49: "@",
}
_FORMAT: Final = re.compile(r'(?:"([^"]+)")?#,##0(?:\.(0+))?(%)?')
_TEXT: Final = ("s", "inlineStr", "str")
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
        workbook = _read(file)
    except _UNREADABLE as error:
        return [("workbook", file.name, "a readable workbook", type(error).__name__)]
    names = sheet_names(report)
    if list(workbook.sheets) != names:
        return [("sheets", file.name, ", ".join(names), ", ".join(workbook.sheets))]
    differences = list(workbook.oddities)
    places: list[tuple[Figure, str, str]] = []
    language, index = report.language, sheet_words(report.language).index
    for name, rows in zip(names, _expected(report), strict=False):
        differences += _compared(workbook.sheets[name], rows, places, language)
    differences += _compared(
        workbook.sheets[index], _expected_index(report, places), [], language
    )
    differences += _unaccounted(report, workbook)
    differences += chart_differences(report, workbook.charts)
    differences += bar_differences(
        report, {name: sheet.bars for name, sheet in workbook.sheets.items()}
    )
    return differences


# --------------------------------------------------------------------------- what must be there


@dataclass(frozen=True, slots=True)
class _Link:
    """A text that is a hyperlink to this address."""

    text: str
    target: str


_Expected = Cell | int | _Link


def _head(
    report: Report, title: str, note: str, headings: Sequence[str]
) -> list[Sequence[_Expected]]:
    return [(title,), (stamp(report),), (note,), headings]


def _expected(report: Report) -> Iterator[list[Sequence[_Expected]]]:
    """The rows of every sheet but the index, in the order of `sheet_names`."""

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
    if report.lists_records:
        note = note_to_complete(report)
        headings = headings_to_complete(report)
        head = _head(report, words.records_to_complete, note, headings)
        yield head + (list(_expected_to_complete(report)) or [(words.nothing_to_complete,)])
    yield _head(report, words.notes, "", (words.notes_heading,)) + [
        (note,) for note in report.notes or (words.no_notes,)
    ]


def _expected_to_complete(report: Report) -> Iterator[Sequence[_Expected]]:
    for number, item in enumerate(report.fix_list):
        *texts, link, counts, record_id, ids = texts_to_complete(item, report.language)
        linked = is_link(item.link) and number < LINK_LIMIT
        shown = _Link(link, item.link) if linked else link
        yield *texts, shown, counts, record_id, ids, *cells_of_queue(item)


def _expected_index(
    report: Report, places: Sequence[tuple[Figure, str, str]]
) -> list[Sequence[_Expected]]:
    words = sheet_words(report.language)
    head = _head(report, words.index, words.on_index, words.columns_of_index)
    return head + [index_row(*place, report.language) for place in places]


# -------------------------------------------------------------------------------- what is there


@dataclass(slots=True)
class _FileCell:
    """A cell in the file."""

    value: object
    kind: str = "n"  # the type that the XML names: 'n', 's', 'inlineStr', 'b', …
    number_format: str = "General"
    formula: bool = False
    link: str = ""

    def text(self) -> str:
        """The cell for a message."""
        kind = "formula " if self.formula else "text " if self.kind in _TEXT else ""
        return f"{kind}{self.value!r} as {self.number_format}"[:200]


@dataclass(slots=True)
class _Sheet:
    name: str
    cells: dict[str, _FileCell]
    bars: list[str] = field(default_factory=list)  # ranges of conditional formats


@dataclass(slots=True)
class _Workbook:
    sheets: dict[str, _Sheet]
    oddities: list[Difference] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)


def _read(file: Path) -> _Workbook:
    workbook = _Workbook({})
    calamine = CalamineWorkbook.from_path(str(file))
    with ZipFile(file) as archive:
        workbook.charts = charts_in(archive)
        styles = etree.fromstring(archive.read("xl/styles.xml"))
        formats = _formats(styles)
        if styles.find(f"{_MAIN}dxfs//{_MAIN}numFmt") is not None:
            workbook.oddities.append(
                ("format", "conditional format", "no number format", "one")
            )
        for metadata, part in zip(calamine.sheets_metadata, _parts(archive), strict=True):
            if metadata.visible is not SheetVisibleEnum.Visible:
                workbook.oddities.append(("sheet", metadata.name, "visible", "hidden"))
            sheet = _Sheet(metadata.name, _values(calamine, metadata.name))
            workbook.sheets[metadata.name] = sheet
            workbook.oddities += _types(archive, part, formats, sheet)
    return workbook


def _values(calamine: CalamineWorkbook, name: str) -> dict[str, _FileCell]:
    """The non-empty cells of a sheet."""
    rows = calamine.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return {
        f"{column_letters(column)}{row}": _FileCell(value)
        for row, line in enumerate(rows, 1)
        for column, value in enumerate(line, 1)
        if value != ""
    }


def _relations(archive: ZipFile, part: str) -> dict[str, str]:
    """Relation id -> target, for a part of the package."""
    path = PurePosixPath(part)
    name = str(path.parent / "_rels" / f"{path.name}.rels")
    if name not in archive.namelist():
        return {}
    return {
        str(node.get("Id")): str(node.get("Target"))
        for node in etree.fromstring(archive.read(name))
    }


def _parts(archive: ZipFile) -> list[str]:
    """The XML parts of the sheets, in the workbook's order."""
    targets = _relations(archive, "xl/workbook.xml")
    sheets = etree.fromstring(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")
    linked = [targets[str(sheet.get(_LINKED))] for sheet in sheets]
    return [
        target.lstrip("/") if target.startswith("/") else f"xl/{target}" for target in linked
    ]


def _formats(styles: etree._Element) -> list[str]:
    """The number format of each style that a cell can name."""
    own = {
        str(node.get("numFmtId")): str(node.get("formatCode"))
        for node in styles.iter(f"{_MAIN}numFmt")
    }
    formats = []
    for node in styles.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf"):
        number = str(node.get("numFmtId", "0"))
        formats.append(
            own.get(number) or _BUILT_IN.get(int(number), f"built-in format {number}")
        )
    return formats


def _types(
    archive: ZipFile, part: str, formats: Sequence[str], sheet: _Sheet
) -> list[Difference]:
    """Fills in types, formats and links of the sheet's cells; returns hidden rows and columns."""
    tree = etree.fromstring(archive.read(part))
    for node in tree.iter(f"{_MAIN}c"):
        if cell := sheet.cells.get(str(node.get("r"))):
            cell.kind = str(node.get("t", "n"))
            cell.number_format = formats[int(node.get("s", "0"))]
            cell.formula = node.find(f"{_MAIN}f") is not None
        elif node.find(f"{_MAIN}f") is not None:
            sheet.cells[str(node.get("r"))] = _FileCell("", formula=True)
    targets = _relations(archive, part)
    for node in tree.iter(f"{_MAIN}hyperlink"):
        target = targets.get(str(node.get(_LINKED)), "")
        if cell := sheet.cells.get(str(node.get("ref"))):
            cell.link = target + (f"#{node.get('location')}" if node.get("location") else "")
    sheet.bars = [str(node.get("sqref")) for node in tree.iter(f"{_MAIN}conditionalFormatting")]
    hidden = [
        node
        for tag in ("row", "col")
        for node in tree.iter(f"{_MAIN}{tag}")
        if node.get("hidden") in ("1", "true")
    ]
    return (
        [("sheet", sheet.name, "rows and columns in sight", f"{len(hidden)} hidden")]
        if hidden
        else []
    )


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
    sheet: _Sheet,
    rows: Sequence[Sequence[_Expected]],
    places: list[tuple[Figure, str, str]],
    language: Language,
) -> Iterator[Difference]:
    """Differences of one sheet; `places` receives where each figure is expected."""
    awaited: dict[str, _Expected] = {}
    for number, line in enumerate(rows, 1):
        for column, expected in enumerate(line, 1):
            if expected is None or expected == "":
                continue
            ref = f"{column_letters(column)}{number}"
            awaited[ref] = expected
            if isinstance(expected, Figure):
                places.append((expected, sheet.name, ref))
    for ref, expected in awaited.items():
        what = (
            expected.id
            if isinstance(expected, Figure)
            else f"row {ref.lstrip('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}"
        )
        cell = sheet.cells.get(ref)
        wanted, equal = _wanted(expected, cell, language)
        if not equal:
            yield what, f"{sheet.name}!{ref}", wanted[:200], cell.text() if cell else "nothing"
    for ref, cell in sheet.cells.items():
        if ref not in awaited:
            yield (
                "a cell that is not in the report",
                f"{sheet.name}!{ref}",
                "nothing",
                cell.text(),
            )


def _wanted(
    expected: _Expected, cell: _FileCell | None, language: Language
) -> tuple[str, bool]:
    """The expected content, for a message, and whether the cell has it."""
    if isinstance(expected, Figure):
        return (
            f"{format_figure(expected, language)} as {excel_format(expected, language)}",
            cell is not None and _is_figure(cell, expected, language),
        )
    if isinstance(expected, int):
        return str(expected), cell is not None and _number(
            cell
        ) == expected and cell.number_format == "#,##0"
    text, target = (
        (expected.text, expected.target)
        if isinstance(expected, _Link)
        else (expected or "", "")
    )
    fitted = excel_text(text, language)[0]
    wanted = f"{fitted} -> {target}" if target else fitted
    return wanted, cell is not None and _is_text(cell, fitted) and (
        not target or cell.link == target
    )


def _is_text(cell: _FileCell, text: str) -> bool:
    plain = cell.kind in _TEXT and not cell.formula and cell.number_format in ("@", "General")
    return plain and cell.value == text


def _number(cell: _FileCell) -> Decimal | None:
    """A numeric cell's value, by the shortest text of its float; None for any other cell."""
    if (
        cell.kind != "n"
        or cell.formula
        or not isinstance(cell.value, (int, float))
        or isinstance(cell.value, bool)
    ):
        return None
    return Decimal(repr(cell.value))


def _is_figure(cell: _FileCell, figure: Figure, language: Language) -> bool:
    value, printed = excel_value(figure), format_figure(figure, language)
    if value is None:
        return _is_text(cell, excel_text(printed, language)[0])
    number = _number(cell)
    if number is None or number != value:
        return False
    return as_printed(number, cell.number_format, language) == printed


def _unaccounted(report: Report, workbook: _Workbook) -> Iterator[Difference]:
    """Compares the index with the report and with the cells, wherever they are."""
    words = sheet_words(report.language)
    index, without_figures = words.index, (words.index, words.to_complete)
    lines: dict[int, dict[str, _FileCell]] = {}
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
            if name in without_figures:
                continue  # their numbers are no figures: days, ages, parts
            if cell.kind not in _TEXT and (name, ref) not in places:
                yield (
                    "a number that is not in the index",
                    f"{name}!{ref}",
                    "nothing",
                    cell.text(),
                )
