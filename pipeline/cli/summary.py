"""A run's output on the terminal: a table of managers, or of differences."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.language.format import NOTHING, format_figure
from pipeline.language.languages import ENGLISH
from pipeline.measures.completeness import BASE_SCORE, RECORDS_FAILING, SCORE
from pipeline.measures.deals import DEALS_OPEN, DEALS_WON
from pipeline.measures.meetings import COMPLETE_MEETINGS, MEETINGS_HELD, MEETINGS_OVERDUE
from pipeline.measures.plan import PLAN_LEFT, PLAN_TARGET
from pipeline.model import Difference, RunResult, Scope
from pipeline.reports.content.audience import Line, beside_lines, group_lines
from pipeline.reports.content.elements import Subject, the_company
from pipeline.reports.content.report import period_text
from pipeline.values.visible import printable

_COLUMNS = (  # headings of two lines, so that a line of figures fits a terminal of 80 columns
    ("Complete", SCORE, None),
    ("All\nrecords", BASE_SCORE, None),
    ("Meetings", MEETINGS_HELD, None),
    ("of them\ncomplete", COMPLETE_MEETINGS, None),
    ("To be\nclosed", MEETINGS_OVERDUE, None),
    ("Open\ndeals", DEALS_OPEN, None),
    ("Won", DEALS_WON, None),
    ("Target", PLAN_TARGET, DEALS_WON),
    ("To\ngo", PLAN_LEFT, DEALS_WON),
    ("To com-\nplete", RECORDS_FAILING, None),
)
_SHOWN_DIFFERENCES = 40


def print_summary(result: RunResult) -> None:
    """Prints a line per manager or group and the company's total to standard output."""
    console().print(summary_table(result))


def summary_table(result: RunResult) -> Table:
    """The table, without columns in which this CRM has no figure."""
    proven = format_figure(result.figures["figures_proven@company"], ENGLISH)
    title = f"{escape(plain(result.audit))}: {period_text(result.window, ENGLISH)}, {proven}"
    table = Table(
        title=f"{title} figures compared with the CRM: all equal",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    company = replace(the_company(result), language=ENGLISH)
    lines = [(escape(plain(name)), *_cells(subject)) for name, subject in people_lines(company)]
    totals = [(name, *_cells(subject)) for name, subject in lines_beside(company)]
    totals.append(("[bold]Company[/]", *_cells(company)))
    shown = [
        place
        for place, cells in enumerate(zip(*lines, *totals, strict=True))
        if {*cells} != {NOTHING}
    ]
    for place in shown:
        number = place > 0
        heading = _COLUMNS[place - 1][0] if number else _first_heading(result)
        table.add_column(
            heading,
            justify="right" if number else "left",
            no_wrap=number,
            overflow="fold",
            min_width=None if number else 10,
        )
    for line in lines:
        table.add_row(*(line[place] for place in shown))
    table.add_section()
    for line in totals:
        table.add_row(*(line[place] for place in shown))
    return table


def _first_heading(result: RunResult) -> str:
    return "Manager" if result.audience == "named" else "Team"


def people_lines(company: Subject) -> Iterator[Line]:
    """Every manager; with `audience: own` no line is about a person."""
    if company.result.audience == "own":
        yield from group_lines(company)
        return
    for person in company.result.people:
        if person.scope is Scope.MANAGER:
            yield person.name, company.about(Scope.MANAGER, person.id)


def lines_beside(company: Subject) -> list[Line]:
    return beside_lines(company) if company.result.audience == "named" else []


def _cells(subject: Subject) -> list[str]:
    figures = (
        subject.plan(measure, planned) if planned else subject.find(measure)
        for _, measure, planned in _COLUMNS
    )
    return [format_figure(figure, ENGLISH) if figure else NOTHING for figure in figures]


def print_differences(differences: Sequence[Difference]) -> None:
    """Prints a screenful of differences to standard error, and the number of any others."""
    table = Table(title="What differs", title_justify="left")
    for heading in ("Figure or record", "Where", "In the source", "In ours"):
        table.add_column(heading, overflow="fold")
    for row in differences[:_SHOWN_DIFFERENCES]:
        table.add_row(*(escape(plain(cell)) for cell in row))
    errors = _console(sys.stderr.isatty(), stderr=True)
    errors.print(table)
    if len(differences) > _SHOWN_DIFFERENCES:
        errors.print(f"and {len(differences) - _SHOWN_DIFFERENCES} more")


def console() -> Console:
    """Standard output, which a pipe makes no narrower."""
    return _console(sys.stdout.isatty())


def _console(terminal: bool, *, stderr: bool = False) -> Console:
    return Console(stderr=stderr) if terminal else Console(stderr=stderr, width=140)


def plain(text: str) -> str:
    """CRM text without characters that steer a terminal."""
    return printable(text, "\N{REPLACEMENT CHARACTER}")
