"""The cells of a workbook's file: values by python-calamine; types, formats and links by the XML.

A sheet that may be long is read row by row.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Any, Final
from zipfile import ZipFile

from lxml import etree
from python_calamine import CalamineWorkbook

from pipeline.reports.excel.read_drawings import column_letters
from pipeline.reports.excel.sheet_form import FORM_TAGS, MAIN, looks_of, oddity

LINKED: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
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
_FORMULA: Final = f"{MAIN}f"
TEXT: Final = ("s", "inlineStr", "str")


CellStyle = tuple[str, str]
"""(number format, what makes a text hard to see): ('#,##0', '')."""


@dataclass(slots=True)
class FileCell:
    """A cell in the file."""

    value: object
    kind: str = "n"  # the type that the XML names: 'n', 's', 'inlineStr', 'b', …
    number_format: str = "General"
    formula: bool = False
    link: str = ""
    look: str = ""  # what makes it hard to see

    def text(self) -> str:
        """The cell for a message."""
        kind = "formula " if self.formula else "text " if self.kind in TEXT else ""
        return f"{kind}{self.value!r} as {self.number_format}"[:200]


def mark(node: etree._Element, cells: dict[str, FileCell], styles: Sequence[CellStyle]) -> None:
    """Fills in a cell's type and style; a formula without a value is a cell too."""
    ref, formula = str(node.get("r")), node.find(_FORMULA) is not None
    if cell := cells.get(ref):
        cell.kind = str(node.get("t", "n"))
        cell.number_format, cell.look = styles[int(node.get("s", "0"))]
        cell.formula = formula
    elif formula:
        cells[ref] = FileCell("", formula=True)


@lru_cache(maxsize=1)
def relations(archive: ZipFile, part: str) -> dict[str, str]:
    """Relation id -> target, for a part of the package."""
    path = PurePosixPath(part)
    name = str(path.parent / "_rels" / f"{path.name}.rels")
    if name not in archive.namelist():
        return {}
    return {
        str(node.get("Id")): str(node.get("Target"))
        for node in etree.fromstring(archive.read(name))
    }


def parts(archive: ZipFile) -> list[str]:
    """The XML parts of the sheets, in the workbook's order."""
    targets = relations(archive, "xl/workbook.xml")
    sheets = etree.fromstring(archive.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
    linked = [targets[str(sheet.get(LINKED))] for sheet in sheets]
    return [
        target.lstrip("/") if target.startswith("/") else f"xl/{target}" for target in linked
    ]


def styles_of(styles: etree._Element) -> list[CellStyle]:
    """Each style that a cell can name."""
    return list(zip(_formats_of(styles), looks_of(styles), strict=True))


def _formats_of(styles: etree._Element) -> list[str]:
    own = {
        str(node.get("numFmtId")): str(node.get("formatCode"))
        for node in styles.iter(f"{MAIN}numFmt")
    }
    formats = []
    for node in styles.iterfind(f"{MAIN}cellXfs/{MAIN}xf"):
        number = str(node.get("numFmtId", "0"))
        formats.append(
            own.get(number) or _BUILT_IN.get(int(number), f"built-in format {number}")
        )
    return formats


def notes_in(archive: ZipFile, part: str) -> dict[str, str]:
    """The notes on a sheet's cells."""
    notes: dict[str, str] = {}
    for target in relations(archive, part).values():
        if "comments" in target and target.endswith(".xml"):
            name = posixpath.normpath(posixpath.join(posixpath.dirname(part), target))
            for comment in etree.fromstring(archive.read(name.lstrip("/"))).iter(
                f"{MAIN}comment"
            ):
                texts = (node.text or "" for node in comment.iter(f"{MAIN}t"))
                notes[str(comment.get("ref"))] = "".join(texts)
    return notes


def address(hyperlink: etree._Element, targets: Mapping[str, str]) -> str:
    """Where a hyperlink leads; `targets` are the part's relations."""
    place = hyperlink.get("location")
    target = targets.get(str(hyperlink.get(LINKED)), "")
    return f"{target}#{place}" if place else target


# ---------------------------------------------------------------------------------- row by row


@dataclass(slots=True)
class Around:
    """What a sheet says about its cells outside of them."""

    links: dict[str, str]  # the cells that lead somewhere, and where
    bars: list[str]  # the ranges of its conditional formats
    printed: dict[str, str]  # 'oddHeader', 'oddFooter': the text
    oddities: list[str]  # what hides cells, or adds to them


AROUND: Final = (
    *FORM_TAGS,
    *(f"{MAIN}{tag}" for tag in ("conditionalFormatting", "oddHeader", "oddFooter")),
)
"""The elements that `around_of` takes."""


def around_of(nodes: Iterable[etree._Element], targets: Mapping[str, str]) -> Around:
    """What these elements of a sheet say; `targets` are its relations."""
    around = Around({}, [], {}, [])
    for node in nodes:
        tag = node.tag.removeprefix(MAIN)
        if tag == "hyperlink":
            around.links[str(node.get("ref"))] = address(node, targets)
        elif tag == "conditionalFormatting":
            around.bars.append(str(node.get("sqref")))
        elif tag in PRINTED:
            around.printed[tag] = node.text or ""
        if odd := oddity(node):
            around.oddities.append(odd)
    return around


PRINTED: Final = ("oddHeader", "oddFooter")


@dataclass(frozen=True)  # without slots, for what is worked out once
class Streamed:
    """A sheet of the file that is read row by row."""

    calamine: CalamineWorkbook
    archive: ZipFile
    part: str
    name: str
    styles: Sequence[CellStyle]

    def rows(self) -> Iterator[dict[str, FileCell]]:
        """The cells of each row by their place, from row 1, empty rows included."""
        links, marked = self.around.links, self._marked()
        upcoming = next(marked, None)
        for number, cells in self._values():
            if upcoming is not None and upcoming[0] == number:
                for node in upcoming[1].iter(f"{MAIN}c"):
                    mark(node, cells, self.styles)
                upcoming = next(marked, None)
            for ref, cell in cells.items():
                cell.link = links.get(ref, "")
            yield cells

    def _values(self) -> Iterator[tuple[int, dict[str, FileCell]]]:
        sheet = self.calamine.get_sheet_by_name(self.name)
        above, before = sheet.start or (0, 0)
        for number in range(1, above + 1):
            yield number, {}
        for number, line in enumerate(sheet.iter_rows(), above + 1):
            cells = enumerate(line, before + 1)
            yield (
                number,
                {
                    f"{column_letters(column)}{number}": FileCell(value)
                    for column, value in cells
                    if value != ""
                },
            )

    def _marked(self) -> Iterator[tuple[int, etree._Element]]:
        """The rows of the XML, each gone once the next is asked for."""
        for node in self._nodes(f"{MAIN}row"):
            yield int(node.get("r", "0")), node

    @cached_property
    def around(self) -> Around:
        """What the sheet says about its cells outside of them: one look at the whole file."""
        return around_of(self._nodes(*AROUND), relations(self.archive, self.part))

    def _nodes(self, *tags: str) -> Iterator[Any]:
        with self.archive.open(self.part) as stream:
            for _, node in etree.iterparse(stream, tag=tags):
                yield node
                node.clear()
                while node.getprevious() is not None:
                    del node.getparent()[0]
