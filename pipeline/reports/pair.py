"""A report's two files: written, and read back. Each is a task for one process, which
needs nothing but the pair.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.memory import uncollected
from pipeline.model import Difference, Figures
from pipeline.reports.content.report import Report, miscounted
from pipeline.reports.excel.read_workbook import workbook_differences
from pipeline.reports.excel.workbook import write_workbook
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences


@dataclass(frozen=True, slots=True)
class Pair:
    """A report and the folder, below the run's, of its page and workbook."""

    report: Report
    folder: Path
    place: Path

    @property
    def page(self) -> Path:
        """The report as a page."""
        return self.folder / self.place / "report.html"

    @property
    def book(self) -> Path:
        """The report as a workbook."""
        return self.folder / self.place / "report.xlsx"


def pair_of(report: Report, folder: Path, place: Path) -> Pair:
    """The report with no more of the result than its own figures: what goes to
    another process is small.
    """
    result = report.result
    names = {figure.id.partition("#")[0] for figure in report.figures()}
    own = filter(None, map(result.figures.get, names))
    return Pair(
        replace(
            report,
            result=replace(
                result,
                figures=Figures(own),
                people=(),
                fix_list=(),
                checks=(),
                exempt=(),
                exceptions=(),
                contacts={},
            ),
        ),
        folder,
        place,
    )


def write_pair(pair: Pair) -> None:
    """Writes page and workbook; the same pair gives the same bytes."""
    with uncollected():
        pair.page.write_text(render_page(pair.report), "utf-8")
        write_workbook(pair.report, pair.book)


def _page_differences(pair: Pair) -> list[Difference]:
    try:
        html = pair.page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [("page", "", "a readable page", type(error).__name__)]
    return page_differences(pair.report, html)


def read_pair(pair: Pair) -> list[Difference]:
    """Where page or workbook say anything else than the report."""
    with uncollected():
        page = _page_differences(pair)
        book = workbook_differences(pair.report, pair.book)
    return [
        (what, f"{file.relative_to(pair.folder)} {where}".strip(), expected, got)
        for file, differences in (
            (pair.page, [*page, *miscounted(pair.report)]),
            (pair.book, book),
        )
        for what, where, expected, got in differences
    ]
