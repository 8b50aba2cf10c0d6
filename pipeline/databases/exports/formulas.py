"""Workbook cells without a value: errors like #REF!, and formulas never computed.

The library that reads workbooks returns them as empty, so this module reads them from the
workbook's XML.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.etree import ElementTree

from pipeline.model import NEVER_COMPUTED

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE: Final = re.compile(r"([A-Z]+)([0-9]+)")

Cells = Mapping[tuple[int, int], str]
"""(row, column), counted from 0 -> the text of the cell."""


def without_value(data: bytes) -> dict[str, Cells]:
    """Sheet -> its cells with an error or an uncomputed formula; empty for other XML."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        by_sheet: dict[str, Cells] = {}
        for name, part in _sheets(book):
            xml = book.read(part)
            # most sheets have neither
            if b'"e"' in xml or b"'e'" in xml or b"<f" in xml or b":f" in xml:
                by_sheet[name] = dict(_cells(xml))
        return by_sheet


def _sheets(book: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """(a sheet's name, its file in the archive)."""
    names = set(book.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return
    links = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):  # noqa: S314
        target = targets.get(sheet.get(_LINK), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if part in names:
            yield str(sheet.get("name")), part


def _cells(xml: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for _, cell in ElementTree.iterparse(io.BytesIO(xml)):  # noqa: S314
        if cell.tag == f"{_MAIN}c":
            place = _PLACE.fullmatch(cell.get("r", ""))
            text = _written(cell)
            if place and text:
                yield (int(place[2]) - 1, _column(place[1])), text
        elif cell.tag == f"{_MAIN}row":
            cell.clear()


def _written(cell: Any) -> str:
    """The cell's text instead of a value; '' if it has a value."""
    value = cell.findtext(f"{_MAIN}v") or ""
    if cell.get("t") == "e":
        return value or "#N/A"
    computed = value or cell.get("t") in ("str", "inlineStr")  # a text may be empty
    return NEVER_COMPUTED if cell.find(f"{_MAIN}f") is not None and not computed else ""


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
