"""What of a workbook could hide a cell, or say a number beside the cells: nothing of it may be
there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from zipfile import ZipFile

from lxml import etree

from pipeline.model import Difference

MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHAPES: Final = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"

_LEAST_HEIGHT: Final = 9  # points: a row of the smallest letters
_LEAST_WIDTH: Final = 4  # digits
_LEAST_SIZE: Final = 8  # points
_LEAST_CONTRAST: Final = 3  # of a letter to its ground, at most 21

_PARTS: Final = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(app|core)\.xml"
    r"|xl/(workbook|styles|sharedStrings|theme/theme1)\.xml|xl/_rels/workbook\.xml\.rels"
    r"|xl/worksheets/sheet\d+\.xml|xl/worksheets/_rels/sheet\d+\.xml\.rels"
    r"|xl/drawings/(\w*[dD]rawing\d+\.(xml|vml)|_rels/drawing\d+\.xml\.rels)"
    r"|xl/charts/chart\d+\.xml|xl/(comments/)?comments?/?\d+\.xml"
)
_NAMES: Final = ("_xlnm.Print_Titles", "_xlnm._FilterDatabase")

_ABSENT: Final = (
    *("dataValidations", "extLst", "oleObjects", "controls", "picture", "tableParts"),
    *("customSheetViews", "scenarios", "filterColumn", "sheetProtection"),
)
"""Elements that no sheet of a report has."""


def book_differences(archive: ZipFile) -> Iterator[Difference]:
    """What of the file around its sheets is no report's."""
    for name in archive.namelist():
        if not _PARTS.fullmatch(name):
            yield "a part of the file", name, "nothing", "something"
    book = etree.fromstring(archive.read("xl/workbook.xml"))
    for node in book.iter(f"{MAIN}definedName"):
        if node.get("name") not in _NAMES:
            yield "a name", "workbook", "nothing", f"{node.get('name')}: {node.text}"
    for view in book.iter(f"{MAIN}workbookView"):
        if view.get("visibility", "visible") != "visible":
            yield "the window", "workbook", "visible", str(view.get("visibility"))
    charts = [name for name in archive.namelist() if name.startswith("xl/charts/")]
    yield from _drawing_differences(archive, len(charts))


def _drawing_differences(archive: ZipFile, charts: int) -> Iterator[Difference]:
    """Drawings that are no charts, and charts that are not drawn."""
    frames = 0
    for name in archive.namelist():
        if re.fullmatch(r"xl/drawings/drawing\d+\.xml", name):
            for node in etree.fromstring(archive.read(name)).iter(etree.Element):
                frames += node.tag == f"{_SHAPES}graphicFrame"
                if node.tag in (
                    f"{_SHAPES}{shape}" for shape in ("sp", "pic", "grpSp", "cxnSp")
                ):
                    yield "a drawing", name, "a chart", node.tag.removeprefix(_SHAPES)
    if frames != charts:
        yield "charts", "drawings", f"{charts} drawn", str(frames)


# ------------------------------------------------------------------------------------------ sheets


def oddity(node: etree._Element) -> str:
    """What an element of a sheet hides or adds: 'row 7 hidden'; '' if nothing."""
    tag = node.tag.removeprefix(MAIN)
    return _ODDITIES[tag](node) if tag in _ODDITIES else ""


def _of_format(sheet: etree._Element) -> str:
    flat = _number(sheet, "defaultRowHeight", 15) < _LEAST_HEIGHT
    return "rows without height" if flat or _is_on(sheet, "zeroHeight") else ""


def _of_view(view: etree._Element) -> str:
    odd = _is_off(view, "showZeros") or _is_on(view, "showFormulas")
    return "zeros not shown, or formulas" if odd else ""


def _of_merged(cells: etree._Element) -> str:
    """Only the note above the headings is spread over columns."""
    is_note = re.fullmatch(r"A3:[A-Z]+3", str(cells.get("ref")))
    return "" if is_note else f"cells merged: {cells.get('ref')}"


def _of_rule(rule: etree._Element) -> str:
    return "" if rule.get("type") == "dataBar" else "a conditional format"


def _of_bar(bar: etree._Element) -> str:
    return "bars without numbers" if _is_off(bar, "showValue") else ""


def _of_row(row: etree._Element) -> str:
    if _is_on(row, "hidden") or _is_on(row, "collapsed"):
        return f"row {row.get('r')} hidden"
    low = _number(row, "ht", 15) < _LEAST_HEIGHT
    return f"row {row.get('r')} of no height" if low else ""


def _of_column(column: etree._Element) -> str:
    if _is_on(column, "hidden") or _is_on(column, "collapsed"):
        return f"column {column.get('min')} hidden"
    narrow = _number(column, "width", 9) < _LEAST_WIDTH
    return f"column {column.get('min')} of no width" if narrow else ""


def _of_link(link: etree._Element) -> str:
    ref = str(link.get("ref"))
    if ":" in ref:
        return f"a link over {ref}"
    said = link.get("tooltip") or link.get("display")
    return f"a link at {ref} that says {said}" if said else ""


def _is_on(node: etree._Element, name: str) -> bool:
    return node.get(name) in ("1", "true")


def _is_off(node: etree._Element, name: str) -> bool:
    return node.get(name) in ("0", "false")


def _number(node: etree._Element, name: str, default: float) -> float:
    return float(node.get(name, default))


_ODDITIES: Final[Mapping[str, Callable[[etree._Element], str]]] = {
    **dict.fromkeys(_ABSENT, lambda node: str(node.tag.removeprefix(MAIN))),
    "row": _of_row,
    "col": _of_column,
    "sheetFormatPr": _of_format,
    "sheetView": _of_view,
    "mergeCell": _of_merged,
    "cfRule": _of_rule,
    "dataBar": _of_bar,
    "hyperlink": _of_link,
}
"""Element of a sheet -> what is odd of it."""

FORM_TAGS: Final = tuple(f"{MAIN}{tag}" for tag in _ODDITIES)
"""The elements of a sheet at which `oddity` looks."""


# ------------------------------------------------------------------------------------------ styles


def looks_of(styles: etree._Element) -> list[str]:
    """Of each style that a cell can name, what makes its text hard to see; '' if nothing."""
    fonts = [_font(node) for node in styles.iterfind(f"{MAIN}fonts/{MAIN}font")]
    grounds = [_ground(node) for node in styles.iterfind(f"{MAIN}fills/{MAIN}fill")]
    return [_look(node, fonts, grounds) for node in styles.iterfind(f"{MAIN}cellXfs/{MAIN}xf")]


_Font = tuple[str, str]
"""(colour, what is odd of it): ('22303A', '')."""


def _font(font: etree._Element) -> _Font:
    size = font.find(f"{MAIN}sz")
    if size is not None and float(size.get("val", "0")) < _LEAST_SIZE:
        return "", f"letters of {size.get('val')} points"
    strike = font.find(f"{MAIN}strike")
    if strike is not None and not _is_off(strike, "val"):
        return "", "letters struck out"
    return _colour(font.find(f"{MAIN}color"), "000000"), ""


def _ground(fill: etree._Element) -> str:
    pattern = fill.find(f"{MAIN}patternFill")
    if pattern is None or pattern.get("patternType", "none") == "none":
        return "FFFFFF" if len(fill) == 0 or pattern is not None else ""
    if pattern.get("patternType") != "solid":
        return ""
    return _colour(pattern.find(f"{MAIN}fgColor"), "")


def _colour(color: etree._Element | None, default: str) -> str:
    """Six hexadecimal digits; '' where it is not known without a program that draws it."""
    if color is None:
        return default
    if rgb := color.get("rgb"):
        return rgb[-6:]
    known: Mapping[str | None, str] = {"1": "000000", "0": "FFFFFF"}
    return known.get(color.get("theme"), "")


def _look(xf: etree._Element, fonts: list[_Font], grounds: list[str]) -> str:
    colour, odd = fonts[int(xf.get("fontId", "0"))]
    if odd:
        return odd
    ground = grounds[int(xf.get("fillId", "0"))]
    if not colour or not ground or _contrast(colour, ground) < _LEAST_CONTRAST:
        return f"letters of {colour or 'an unknown colour'} on {ground or 'a pattern'}"
    alignment = xf.find(f"{MAIN}alignment")
    if alignment is None:
        return ""
    turned = alignment.get("textRotation", "0") != "0" or _is_on(alignment, "shrinkToFit")
    spread = alignment.get("horizontal") in ("fill", "distributed")
    return "text turned, shrunk or spread" if turned or spread else ""


def _contrast(colour: str, other: str) -> float:
    """Between two colours, from 1 to 21, as WCAG 2 has it."""
    low, high = sorted((_luminance(colour), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
