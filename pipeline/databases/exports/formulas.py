"""Cells of a workbook that hold no value: an error like #REF!, and a formula that
no program ever computed.

The library that reads workbooks gives them as empty; so they are looked up in the
workbook's own ElementTree.
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
"""(row, column), counted from 0 -> what is written there."""


def without_value(data: bytes) -> dict[str, Cells]:
    """Sheet -> its cells that hold an error, or a formula without a value. Empty where
    the XML is of another kind.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        found: dict[str, Cells] = {}
        for name, part in _sheets(book):
            xml = book.read(part)
            # most sheets hold neither
            if b'"e"' in xml or b"'e'" in xml or b"<f" in xml or b":f" in xml:
                found[name] = dict(_cells(xml))
        return found


def _sheets(book: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """(a sheet's name, its file in the archive)."""
    names = set(book.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return
    links = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {one.get("Id"): str(one.get("Target")) for one in links}
    for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):  # noqa: S314
        target = targets.get(sheet.get(_LINK), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if part in names:
            yield str(sheet.get("name")), part


def _cells(xml: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for _, cell in ElementTree.iterparse(io.BytesIO(xml)):  # noqa: S314
        if cell.tag == f"{_MAIN}c":
            place = _PLACE.fullmatch(cell.get("r", ""))
            said = _written(cell)
            if place and said:
                yield (int(place[2]) - 1, _column(place[1])), said
        elif cell.tag == f"{_MAIN}row":
            cell.clear()


def _written(cell: Any) -> str:
    """What the cell shows instead of a value; '' where it has one."""
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
