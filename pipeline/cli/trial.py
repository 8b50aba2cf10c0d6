"""A run with other field sets on the terminal: before and after, in one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from pipeline.cli.summary import console, lines_beside, people_lines, plain
from pipeline.flows.trial import Trial
from pipeline.language.format import NOTHING, format_figure
from pipeline.language.languages import ENGLISH
from pipeline.measures.completeness import (
    POINTS_DUE,
    POINTS_KEPT,
    RECORDS_FAILING,
    SCORE,
)
from pipeline.model import SCORED, Measure, RunResult, Scope
from pipeline.reports.content.elements import Subject, the_company
from pipeline.reports.content.report import period_text

_COLUMNS: Final = ("Complete", "Points\nkept", "Points\nin all", "To com-\nplete")


def print_trial(trial: Trial) -> None:
    """Prints each team's and manager's figures with the run's own sets and with the others."""
    out = console()
    out.print(trial_table(trial))
    out.print(f"Field sets of the run:      {trial.sha256_before}")
    out.print(f"Field sets that were tried: {trial.sha256_after}")
    if trial.sha256_before == trial.sha256_after:
        out.print("They are the same.")
    out.print(
        "Computed on the stored snapshot; nothing was published, and no other reading has proven it."
    )


def trial_table(trial: Trial) -> Table:
    """A line per team, per manager, and for the company, each figure before and after."""
    run, window = trial.before, trial.before.window
    table = Table(
        title=f"{escape(plain(run.audit))}: {period_text(window, ENGLISH)}, run {run.run_id}; before → after",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
    )
    table.add_column("Team or manager" if run.audience == "named" else "Team", overflow="fold")
    for heading in _COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    before, after = _company(run), _company(trial.after)
    for name, subject in (*_teams(before), *people_lines(before)):
        table.add_row(escape(plain(name)), *_cells(subject, _same(subject, after)))
    table.add_section()
    for name, subject in lines_beside(before):
        table.add_row(name, *_cells(subject, _same(subject, after)))
    table.add_row("[bold]Company[/]", *_cells(before, after))
    return table


def _company(result: RunResult) -> Subject:
    return replace(the_company(result), language=ENGLISH)


def _teams(company: Subject) -> Iterator[tuple[str, Subject]]:
    """Every team; with `audience: own` the groups that may be shown are among the lines."""
    if company.result.audience == "own":
        return
    names = {person.team_id: person.team for person in company.result.people}
    for key in dict.fromkeys(figure.key for figure in company.result.figures.about(Scope.TEAM)):
        yield f"Team: {names.get(key) or key or 'none'}", company.about(Scope.TEAM, key)


def _same(subject: Subject, company: Subject) -> Subject:
    return company.about(subject.scope, subject.key)


def _cells(before: Subject, after: Subject) -> Iterator[str]:
    yield _changed(*(_text(subject, SCORE) for subject in (before, after)))
    yield _changed(*(_points(subject, POINTS_KEPT) for subject in (before, after)))
    yield _changed(*(_points(subject, POINTS_DUE) for subject in (before, after)))
    yield _changed(*(_text(subject, RECORDS_FAILING) for subject in (before, after)))


def _changed(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _text(subject: Subject, measure: Measure) -> str:
    figure = subject.find(measure)
    return format_figure(figure, ENGLISH) if figure else NOTHING


def _points(subject: Subject, measure: Measure) -> str:
    """The points of all kinds that are in the score."""
    return ENGLISH.number(sum(subject.value(measure, kind) for kind in SCORED))
