"""Reads a workbook's drawings back.

Each chart must show the column in its title, and each bar must lie on a percentage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from zipfile import ZipFile

from lxml import etree

from pipeline.language.format import excel_value
from pipeline.model import Difference, Figure, Unit
from pipeline.reports.content.report import Report, Table
from pipeline.reports.excel.sheet_text import FIRST_ROW, chart_title, sheet_names

_CHART: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_TEXT: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
_RANGE: Final = re.compile(r"([A-Z]+)(\d+):\1(\d+)")


@cache
def column_letters(number: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in the file: its title, and the ranges of its labels and numbers."""

    title: str
    ranges: tuple[str, ...]  # "'Teams'!$A$5:$A$9"


def charts_in(archive: ZipFile) -> list[Chart]:
    """Every chart of a workbook."""
    parts = sorted(name for name in archive.namelist() if name.startswith("xl/charts/chart"))
    return [_chart(etree.fromstring(archive.read(part))) for part in parts]


def _chart(tree: etree._Element) -> Chart:
    title = tree.find(f"{_CHART}chart/{_CHART}title")
    words = "" if title is None else "".join(str(node.text) for node in title.iter(_TEXT))
    return Chart(words, tuple(str(node.text) for node in tree.iter(f"{_CHART}f")))


def chart_differences(report: Report, charts: Sequence[Chart]) -> Iterator[Difference]:
    """Charts that draw anything but what their titles name."""
    named = dict(_titles(report))
    for chart in charts:
        place = named.get(chart.title)
        wanted = _ranges(*place) if place else ()
        if not wanted or sorted(chart.ranges) != sorted(wanted):
            yield (
                "chart",
                chart.title,
                ", ".join(wanted) or "a column of the report",
                ", ".join(chart.ranges),
            )


_Place = tuple[str, Table, int, int]
"""The sheet, its table, which column of it, and how many of its rows."""


def _titles(report: Report) -> Iterator[tuple[str, _Place]]:
    """Every possible chart title of the report, and the cells for it."""
    language = report.language
    for sheet, table in zip(sheet_names(report)[1:], report.tables, strict=False):
        rows = len([row for row in table.rows if not row.total])
        for at in range(len(table.columns) - 1):
            yield chart_title(table, at, None, language), (sheet, table, at, rows)
            for shown in range(1, rows):
                yield chart_title(table, at, shown, language), (sheet, table, at, shown)


def _ranges(sheet: str, table: Table, at: int, count: int) -> tuple[str, ...]:
    """The ranges of a column's labels and numbers; none if a row has no number."""
    cells = [row.cells[at] if at < len(row.cells) else None for row in table.rows[:count]]
    if not all(isinstance(cell, Figure) and excel_value(cell) is not None for cell in cells):
        return ()
    quoted = sheet.replace("'", "''")
    last = FIRST_ROW + count - 1
    return tuple(
        f"'{quoted}'!${letter}${FIRST_ROW}:${letter}${last}"
        for letter in ("A", column_letters(at + 2))
    )


def bar_differences(report: Report, bars: Mapping[str, Sequence[str]]) -> Iterator[Difference]:
    """Bars inside cells, from 0 to 100 %, that lie on anything but percentages.

    `bars` maps a sheet to its ranges.
    """
    tables = dict(zip(sheet_names(report)[1:], report.tables, strict=False))
    for sheet, ranges in bars.items():
        for covered in ranges:
            if sheet not in tables or not _all_percent(tables[sheet], covered):
                yield (
                    "bars in cells",
                    f"{sheet}!{covered}",
                    "a column of percentages",
                    "something else",
                )


def _all_percent(table: Table, covered: str) -> bool:
    match = _RANGE.fullmatch(covered)
    letters = [column_letters(number) for number in range(2, len(table.columns) + 1)]
    if match is None or match[1] not in letters:
        return False
    at, rows = (
        letters.index(match[1]),
        table.rows[int(match[2]) - FIRST_ROW : int(match[3]) - FIRST_ROW + 1],
    )
    cells = [row.cells[at] if at < len(row.cells) else None for row in rows]
    return all(
        cell is None or (isinstance(cell, Figure) and cell.unit is Unit.PERCENT)
        for cell in cells
    )
