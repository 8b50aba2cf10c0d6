"""What a run says on the terminal: a table of managers, or the table of what differs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.metrics import BESIDE
from pipeline.model import Scope
from pipeline.prove import Difference
from pipeline.reports.report import Edition
from pipeline.show import NOTHING, show

_COLUMNS = (
    ("Complete", "score", ""),
    ("Base", "base", ""),
    ("Meetings", "meetings_held", ""),
    ("Complete mtgs", "complete_meetings", ""),
    ("Overdue", "meetings_overdue", ""),
    ("Open deals", "deals_open", ""),
    ("Won", "deals_won", ""),
    ("Target", "plan_target", "deals_won"),
    ("To go", "plan_left", "deals_won"),
    ("To repair", "records_failing", ""),
)
_SHOWN_DIFFERENCES = 40


def print_summary(edition: Edition) -> None:
    """One line a manager, and the company's total, to standard output."""
    window = edition.window
    table = Table(
        title=f"{edition.audit}: {window.first:%d %b %Y} to date, {show(edition.figures['figures_proven@company'])}"
        " figures equal to the CRM",
        title_justify="left",
    )
    table.add_column("Manager")
    for heading, *_ in _COLUMNS:
        table.add_column(heading, justify="right")
    for person in edition.people:
        if person.scope is Scope.MANAGER:
            table.add_row(escape(_plain(person.name)), *_cells(edition, Scope.MANAGER, person.id))
    table.add_section()
    for scope, label in BESIDE.items():
        if edition.find("base", scope) is not None:
            table.add_row(label, *_cells(edition, scope, ""))
    table.add_row("[bold]Company[/]", *_cells(edition, Scope.COMPANY, ""))
    _console(sys.stdout.isatty()).print(table)


def _cells(edition: Edition, scope: Scope, key: str) -> list[str]:
    figures = (edition.find(metric, scope, key, dimension) for _, metric, dimension in _COLUMNS)
    return [show(figure) if figure else NOTHING for figure in figures]


def print_differences(differences: Sequence[Difference]) -> None:
    """Which figure differs where, to standard error; as many as fit a screen, and how many more there are."""
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
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
