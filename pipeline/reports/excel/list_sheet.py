"""The sheet of findings: a row each, written as it is made, so that it may be as long as need be.

openpyxl's write-only mode sends each row to a file; hyperlinks and their addresses, which it
would keep in memory, are written the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Final
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml.etree import Element
from openpyxl.cell import WriteOnlyCell
from openpyxl.packaging.relationship import get_rels_path
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from pipeline.language.format import excel_format, format_figure
from pipeline.language.languages import Language
from pipeline.model import Figure
from pipeline.reports.excel.cell_writer import PLAIN, RIGHT, URL, Look, Styles, excel_number
from pipeline.reports.excel.sheet_text import DAY_FORMAT, Link, ListCell, escaped, excel_text

_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"

Place = tuple[str, str]
"""A cell, and the address to which it leads."""


class ListSheet(WriteOnlyWorksheet):  # type: ignore[misc]  # openpyxl has no types
    """A write-only sheet whose hyperlinks are made when they are written."""

    _writer: Any

    def __init__(self, book: Any, title: str) -> None:
        super().__init__(book, title)
        self.links: Callable[[], Iterable[Place]] = tuple

    def _get_writer(self) -> None:
        if self._writer is None:
            self._writer = _ListWriter(self)
            self._writer.write_top()


class _ListWriter(WorksheetWriter):  # type: ignore[misc]
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
        self._archive.write(ws._writer.out, ws.path[1:])
        self.manifest.append(ws)
        ws._writer.cleanup()
        addresses = _addresses(_named(ws.links()))
        self._archive.write_parts(get_rels_path(ws.path)[1:], addresses)


def _addresses(links: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield f'<Relationships xmlns="{_PACKAGE}">'
    for name, _, target in links:
        yield (
            f'<Relationship Id="{name}" Type="{_RELATIONS}/hyperlink" TargetMode="External" '
            f"Target={quoteattr(target)}/>"
        )
    yield "</Relationships>"


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
            copyfileobj(source, target, 1 << 20)

    def write_parts(self, name: str, parts: Iterable[str]) -> None:
        """Writes an entry from texts, one at a time."""
        with self.open(self._entry(name), "w") as target:
            for part in parts:
                target.write(part.encode("utf-8"))


def save_book(book: Any, title: str, moment: datetime, file: Path) -> None:
    """Writes a workbook to a file, with this moment instead of the time of saving."""
    book.properties.creator = "crm-audit"
    book.properties.title = title
    book.properties.created = book.properties.modified = moment.replace(
        tzinfo=None, microsecond=0
    )
    BookWriter(book, StampedZip(file, moment)).save()


class ListCells:
    """Makes a sheet's cells: one object per style, given a new value for each row."""

    def __init__(self, styles: Styles, sheet: ListSheet, language: Language) -> None:
        self._styles, self._sheet, self._language = styles, sheet, language
        self._cells: dict[tuple[int, Look, str], Any] = {}

    def texts(self, texts: Sequence[str], looks: Sequence[Look]) -> list[Any]:
        """A row of texts, each with its look."""
        pairs = enumerate(zip(texts, looks, strict=True))
        return [self._text(column, text, look) for column, (text, look) in pairs]

    def row(self, cells: Sequence[ListCell]) -> list[Any]:
        """A row of the list."""
        return [self._cell(column, cell) for column, cell in enumerate(cells)]

    def figure(self, column: int, figure: Figure) -> Any:
        """A cell with a figure's number, or with its text if Excel cannot hold it."""
        number = excel_number(figure)
        if number is None:
            return self._text(column, format_figure(figure, self._language), RIGHT)
        return self._made(column, number, "n", RIGHT, excel_format(figure, self._language))

    def _cell(self, column: int, cell: ListCell) -> Any:
        match cell:
            case int():
                return self._made(column, cell, "n", RIGHT, "#,##0")
            case date():
                return self._made(column, cell, "d", RIGHT, DAY_FORMAT)
            case Link():
                return self._text(column, cell.text, URL)
        return self._text(column, cell, PLAIN)

    def _text(self, column: int, text: str, look: Look) -> Any:
        fitted, _ = excel_text(text, self._language)
        number_format = "@" if len(fitted) <= 255 else "General"
        return self._made(column, escaped(fitted), "s", look, number_format)

    def _made(
        self, column: int, value: object, kind: str, look: Look, number_format: str
    ) -> Any:
        key = column, look, number_format
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = WriteOnlyCell(self._sheet)
            cell._style = self._styles.of(look, number_format)
        cell._value, cell.data_type = value, kind
        return cell
