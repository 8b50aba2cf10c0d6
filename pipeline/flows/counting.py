"""Counts what a snapshot holds, and makes figures of the counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import FromClause

from pipeline import queries
from pipeline.calendar.window import open_window
from pipeline.errors import ConfigError
from pipeline.findings.tallies import Group, failing_tallies
from pipeline.flows import judged
from pipeline.measures.asked import context_of
from pipeline.measures.credited import credit_tallies
from pipeline.measures.custom import measure_of
from pipeline.measures.figures import make_figures
from pipeline.measures.registry import COUNTED
from pipeline.measures.scopes import FigureInputs, plan_month, who_owns
from pipeline.model import (
    Answers,
    Figures,
    PeriodBounds,
    Person,
    ResolvedAudit,
    TableAccount,
    Tally,
    Window,
)
from pipeline.model.history import History
from pipeline.progress import Progress
from pipeline.queries import Scan
from pipeline.queries.ask import ask, ask_people
from pipeline.rules.validating import validated
from pipeline.snapshot import OpenSnapshot
from pipeline.snapshot.manifest import Manifest

FiguresOf = Callable[
    [Iterable[Tally], Mapping[Group, int], Iterable[Person]],
    tuple[list[Person], Figures],
]
"""Counts, failing records and users -> the people in reports, and every figure."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a snapshot holds: its own counts, what is due, its users, and all failing records."""

    measured: tuple[Tally, ...]
    due: tuple[Tally, ...]
    users: tuple[Person, ...]
    scans: tuple[Scan, ...]
    failing: Path  # their file


def count(
    audit: ResolvedAudit,
    window: Window,
    opened: OpenSnapshot,
    user: FromClause,
    work: Path,
    progress: Progress,
    *,
    rows: int,
) -> Counts:
    """Validates the open snapshot of so many rows, and asks it every question of its audit.
    `user` is its table of users; failing records are
    written into `work`.
    """
    context = context_of(audit, window)
    opened.work_out()
    failing = work / "failing.parquet"
    verdicts = judged.verdicts_on(audit, opened, progress)
    scans = queries.scans_of(opened.views, audit.field_sets, context, verdicts)
    due = validated(opened.engine, opened.url, scans, failing, rows=rows)
    progress.stage("Measuring")
    with opened.engine.connect() as connection:
        measured = tuple(ask(connection, queries.measures(opened.views, context)))
        users = tuple(ask_people(connection, user))
    return Counts(measured, due, users, tuple(scans), failing)


def audit_and_period(manifest: Manifest, data: Path) -> tuple[ResolvedAudit, PeriodBounds]:
    """The audit and the period that a run's manifest, in the folder `data`, keeps."""
    if manifest.audit is None or manifest.period is None:
        raise ConfigError(
            f"{data / 'manifest.json'} does not hold the audit: an earlier version of this program wrote it. "
            "Run the audit anew to have one that can be computed again."
        )
    return manifest.audit, manifest.period


def window_of(audit: ResolvedAudit, manifest: Manifest, period: PeriodBounds) -> Window:
    """The window of a run, over the period that its extraction chose."""
    return open_window(
        as_of=manifest.as_of,
        zone=audit.zone,
        working_week=audit.working_week,
        first=period.first,
        after_last=period.after_last,
        word=period.word,
        fire=period.fire,
        injected=manifest.injected,
    )


def figures_by(
    audit: ResolvedAudit,
    accounts: Sequence[TableAccount],
    window: Window,
    history: History | None,
) -> FiguresOf:
    """What makes figures of either reading's counts."""

    def figures_of(
        tallies: Iterable[Tally], failing: Mapping[Group, int], users: Iterable[Person]
    ) -> tuple[list[Person], Figures]:
        answers = all_answers(tallies, failing, users, audit, history)
        inputs = inputs_of(answers, users, audit, accounts, window)
        return list(inputs.people), make_figures(answers, inputs)

    return figures_of


def all_answers(
    tallies: Iterable[Tally],
    failing: Mapping[Group, int],
    users: Iterable[Person],
    audit: ResolvedAudit,
    history: History | None,
) -> Answers:
    """All that is counted: by a database, of failing records, and of what became of findings."""
    known = history.completions if history else None
    credited = credit_tallies(known, users) if known else ()
    failed = failing_tallies(failing, audit.field_sets)
    return Answers((*tallies, *failed, *credited), ())


def inputs_of(
    answers: Answers,
    users: Iterable[Person],
    audit: ResolvedAudit,
    accounts: Sequence[TableAccount],
    window: Window,
) -> FigureInputs:
    """What figures are made from besides these answers."""
    return FigureInputs(
        who_owns(users, answers, audit.targets, plan_month(window) or ""),
        audit.field_sets,
        audit.targets,
        accounts,
        window,
        (*COUNTED, *map(measure_of, audit.measures)),
        audit.audience,
        audit.shares,
    )
