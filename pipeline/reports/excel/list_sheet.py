"""The sheet of findings: a row each, written as it is made, so that it may be as long as need be.

openpyxl writes the sheet around the rows; hyperlinks and their addresses, which it would keep
in memory, are written as they are made too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml.etree import Element
from openpyxl.packaging.relationship import get_rels_path
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from pipeline.reports.excel.cell_writer import PLAIN, RIGHT, URL, CellWriter, Look
from pipeline.reports.excel.sheet_text import DAY_FORMAT, Link, ListCell, escaped, excel_text

_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_PIECE: Final = 1 << 20
_TEXTS_KEPT: Final = 2_000
"""Texts whose XML is kept: fields, reasons and the like are the same in many rows."""

Place = tuple[str, str]
"""A cell, and the address to which it leads."""


class ListSheet(WriteOnlyWorksheet):  # type: ignore[misc]  # openpyxl has no types
    """A write-only sheet whose rows and hyperlinks are made when they are written."""

    _writer: Any

    def __init__(self, book: Any, title: str) -> None:
        super().__init__(book, title)
        self.lines: Callable[[], Iterable[str]] = tuple  # its rows, as XML
        self.links: Callable[[], Iterable[Place]] = tuple

    def _get_writer(self) -> None:
        if self._writer is None:
            self._writer = _ListWriter(self)
            self._writer.write_top()


class _ListWriter(WorksheetWriter):  # type: ignore[misc]
    def write_rows(self) -> None:
        """Leaves a place for the rows: openpyxl takes ten times as long to write a cell."""
        stream = self.xf.send(True)
        stream.write(Element("sheetData"))
        self.xf.send(None)

    def write_hyperlinks(self) -> None:
        """Writes one element per link."""
        places = iter(self.ws.links())
        first = next(places, None)
        if first is None:
            return
        stream = self.xf.send(True)
        with stream.element("hyperlinks"):
            for name, ref, _ in _named((first, *places)):
                stream.write(Element("hyperlink", {"ref": ref, f"{{{_RELATIONS}}}id": name}))
        self.xf.send(None)


def _named(places: Iterable[Place]) -> Iterator[tuple[str, str, str]]:
    return ((f"rId{number}", *place) for number, place in enumerate(places, 1))


class BookWriter(ExcelWriter):  # type: ignore[misc]
    """Writes a workbook of which some sheets are ListSheets."""

    def write_worksheet(self, ws: Any) -> None:
        """Writes the sheet, and the addresses of its links."""
        if not isinstance(ws, ListSheet):
            super().write_worksheet(ws)
            return
        ws._drawing = None
        ws.close()
        self._archive.write_parts(ws.path[1:], _filled(Path(ws._writer.out), ws.lines()))
        self.manifest.append(ws)
        ws._writer.cleanup()
        addresses = _addresses(_named(ws.links()))
        self._archive.write_parts(get_rels_path(ws.path)[1:], addresses)


def _filled(sheet: Path, lines: Iterable[str]) -> Iterator[bytes]:
    """A sheet's file, with its rows in the place that was left for them."""
    with sheet.open("rb") as file:
        head, place, tail = file.read(_PIECE).partition(b"<sheetData/>")
        if not place:
            raise ValueError(f"no place for rows in {sheet.name}")
        yield head + b"<sheetData>"
        for line in lines:
            yield line.encode("utf-8")
        yield b"</sheetData>" + tail
        while piece := file.read(_PIECE):
            yield piece


def _addresses(links: Iterable[tuple[str, str, str]]) -> Iterator[bytes]:
    yield f'<Relationships xmlns="{_PACKAGE}">'.encode()
    for name, _, target in links:
        link = (
            f'<Relationship Id="{name}" Type="{_RELATIONS}/hyperlink" TargetMode="External" '
            f"Target={quoteattr(target)}/>"
        )
        yield link.encode("utf-8")
    yield b"</Relationships>"


class StampedZip(ZipFile):
    """A compressed archive whose entries all have the same time: same contents, same bytes."""

    def __init__(self, file: Path, moment: datetime) -> None:
        super().__init__(file, "w", ZIP_DEFLATED)
        self._moment = moment

    def _entry(self, name: str) -> ZipInfo:
        entry = ZipInfo(name, max((1980, 1, 1, 0, 0, 0), self._moment.timetuple()[:6]))
        entry.compress_type, entry.external_attr, entry.create_system = (
            ZIP_DEFLATED,
            0o600 << 16,
            3,
        )
        return entry

    def writestr(self, name: Any, data: Any, *_: Any) -> None:
        """Writes an entry from memory."""
        super().writestr(self._entry(name), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any) -> None:
        """Writes an entry from a file, piece by piece."""
        with (
            Path(filename).open("rb") as source,
            self.open(self._entry(arcname), "w") as target,
        ):
            copyfileobj(source, target, _PIECE)

    def write_parts(self, name: str, parts: Iterable[bytes]) -> None:
        """Writes an entry part by part."""
        with self.open(self._entry(name), "w") as target:
            for part in parts:
                target.write(part)


class ListCells:
    """Makes a sheet's rows, as XML."""

    def __init__(self, writer: CellWriter, sheet: ListSheet) -> None:
        self._writer, self._sheet = writer, sheet
        self._style = cache(self._style_of)
        self._text = lru_cache(_TEXTS_KEPT)(self._text_of)

    def texts(self, number: int, texts: Sequence[str], looks: Sequence[Look]) -> str:
        """A row of texts, each with its look."""
        pairs = zip(texts, looks, strict=True)
        return self._line(number, (self._text(text, look) for text, look in pairs))

    def row(self, number: int, cells: Sequence[ListCell]) -> str:
        """A row of the list."""
        return self._line(number, map(self._cell, cells))

    def _line(self, number: int, cells: Iterable[str]) -> str:
        """`cells` are each without their beginning, which says where they are."""
        heights = self._sheet.row_dimensions.get(number, {})
        how = "".join(f" {name}={quoteattr(value)}" for name, value in dict(heights).items())
        placed = (
            f'<c r="{get_column_letter(column)}{number}"{cell}'
            for column, cell in enumerate(cells, 1)
        )
        return f'<row r="{number}"{how}>{"".join(placed)}</row>'

    def _cell(self, cell: ListCell) -> str:
        match cell:
            case int():
                return self._number(cell, "#,##0")
            case date():
                return self._number(to_excel(cell), DAY_FORMAT)
            case Link():
                return self._text(cell.text, URL)
        return self._text(cell, PLAIN)

    def _number(self, number: float, number_format: str) -> str:
        return f' s="{self._style(RIGHT, number_format)}" t="n"><v>{number}</v></c>'

    def _text_of(self, text: str, look: Look) -> str:
        fitted, _ = excel_text(text, self._writer.report.language)
        style = self._style(look, "@" if len(fitted) <= 255 else "General")
        if not fitted:
            return f' s="{style}" t="inlineStr"/>'
        space = "" if fitted == fitted.strip() else ' xml:space="preserve"'
        return (
            f' s="{style}" t="inlineStr"><is><t{space}>{escape(escaped(fitted))}</t></is></c>'
        )

    def _style_of(self, look: Look, number_format: str) -> int:
        style = self._writer.style(look, number_format)
        number: int = self._writer.book._cell_styles.add(style)
        return number
