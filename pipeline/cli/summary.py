"""What a run says on the terminal: a table of managers, or the table of what differs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.language.format import NOTHING, format_figure
from pipeline.language.labels import BESIDE
from pipeline.language.languages import ENGLISH
from pipeline.measures.completeness import BASE_SCORE, RECORDS_FAILING, SCORE
from pipeline.measures.deals import DEALS_OPEN, DEALS_WON
from pipeline.measures.meetings import COMPLETE_MEETINGS, MEETINGS_HELD, MEETINGS_OVERDUE
from pipeline.measures.plan import PLAN_LEFT, PLAN_TARGET
from pipeline.model import Difference, RunResult, Scope
from pipeline.reports.content.report import period_text
from pipeline.values.visible import printable

_COLUMNS = (  # headings of two lines, so that a line of figures fits a terminal of 80 columns
    ("Complete", SCORE, ""),
    ("All\nrecords", BASE_SCORE, ""),
    ("Meetings", MEETINGS_HELD, ""),
    ("of them\ncomplete", COMPLETE_MEETINGS, ""),
    ("To be\nclosed", MEETINGS_OVERDUE, ""),
    ("Open\ndeals", DEALS_OPEN, ""),
    ("Won", DEALS_WON, ""),
    ("Target", PLAN_TARGET, DEALS_WON.name),
    ("To\ngo", PLAN_LEFT, DEALS_WON.name),
    ("To com-\nplete", RECORDS_FAILING, ""),
)
_SHOWN_DIFFERENCES = 40


def print_summary(result: RunResult) -> None:
    """One line a manager, and the company's total, to standard output."""
    _console(sys.stdout.isatty()).print(summary_table(result))


def summary_table(result: RunResult) -> Table:
    """The lines; a column in which this CRM has no figure at all is left out."""
    proven = format_figure(result.figures["figures_proven@company"], ENGLISH)
    title = f"{escape(_plain(result.audit))}: {period_text(result.window, ENGLISH)}, {proven}"
    table = Table(
        title=f"{title} figures compared with the CRM: all equal",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    managers = [person for person in result.people if person.scope is Scope.MANAGER]
    lines = [
        (escape(_plain(person.name)), *_cells(result, Scope.MANAGER, person.id))
        for person in managers
    ]
    totals = [
        *(
            (BESIDE[scope], *_cells(result, scope, ""))
            for scope in BESIDE
            if result.find(RECORDS_FAILING, scope)
        ),
        ("[bold]Company[/]", *_cells(result, Scope.COMPANY, "")),
    ]
    shown = [
        place
        for place, cells in enumerate(zip(*lines, *totals, strict=True))
        if {*cells} != {NOTHING}
    ]
    for place in shown:
        number = place > 0
        heading = _COLUMNS[place - 1][0] if number else "Manager"
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


def _cells(result: RunResult, scope: Scope, key: str) -> list[str]:
    figures = (
        result.find(measure, scope, key, dimension) for _, measure, dimension in _COLUMNS
    )
    return [format_figure(figure, ENGLISH) if figure else NOTHING for figure in figures]


def print_differences(differences: Sequence[Difference]) -> None:
    """Which figure differs where, to standard error; as many as fit a screen, and
    how many more there are.
    """
    table = Table(title="What differs", title_justify="left")
    for heading in ("Figure or record", "Where", "In the source", "In ours"):
        table.add_column(heading, overflow="fold")
    for row in differences[:_SHOWN_DIFFERENCES]:
        table.add_row(*(escape(_plain(cell)) for cell in row))
    console = _console(sys.stderr.isatty(), stderr=True)
    console.print(table)
    if len(differences) > _SHOWN_DIFFERENCES:
        console.print(f"and {len(differences) - _SHOWN_DIFFERENCES} more")


def _console(terminal: bool, *, stderr: bool = False) -> Console:
    return Console(stderr=stderr) if terminal else Console(stderr=stderr, width=140)


def _plain(text: str) -> str:
    """CRM text without what would steer a terminal."""
    return printable(text, "\N{REPLACEMENT CHARACTER}")
