"""Compares two published runs: by what each figure differs, and why."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipeline import queries, snapshot
from pipeline.delivery.folder import scratch
from pipeline.delivery.sums import must_be_as_published
from pipeline.errors import ConfigError
from pipeline.findings.stored import waived_groups
from pipeline.findings.waived import in_force
from pipeline.flows.counting import audit_and_period, count, figures_by, window_of
from pipeline.measures.asked import context_of
from pipeline.measures.company import OF_TABLES
from pipeline.model import (
    ONE_READING,
    REMEMBERED,
    Figure,
    Figures,
    PeriodBounds,
    Person,
    ResolvedAudit,
    Window,
)
from pipeline.model.comparison import Cause, Change, Comparison, Side, Step, value_of
from pipeline.progress import Progress, Silence
from pipeline.reports.figures_file import FIGURES, read_figures
from pipeline.snapshot import Stored
from pipeline.snapshot.between import DATA_STEPS, between
from pipeline.snapshot.manifest import Manifest, load_manifest

_UNTOLD: Final = (ONE_READING, REMEMBERED, "proof")
"""Figures of these bases are not made of snapshots."""

_PARTS: Final[Mapping[Cause, tuple[str, ...]]] = {
    Cause.RULES: ("field_sets", "shares", "measures"),
    Cause.PLAN: ("targets",),
    Cause.EXCEPTIONS: ("exceptions",),
}
"""The parts of an audit that are exchanged apart from its settings."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A published run; its manifest names the snapshot's files by absolute paths."""

    run_id: str
    manifest: Manifest
    audit: ResolvedAudit
    window: Window
    figures: Figures  # as published

    @property
    def has_snapshot(self) -> bool:
        """Whether its snapshot is kept."""
        return all(Path(entry.file).is_file() for entry in self.manifest.stored)

    @property
    def mapping(self) -> tuple[object, ...]:
        """From what, and how, its rows were read."""
        entities = tuple(entry.entity for entry in self.manifest.stored)
        return self.manifest.preset_sha256, entities

    @property
    def period(self) -> PeriodBounds:
        """The period that its extraction chose."""
        return audit_and_period(self.manifest, Path())[1]


@dataclass(frozen=True, slots=True)
class _State:
    """What is counted on the way from one run to the other: rows, by an audit, as at the moment
    of a run, over its period unless another is given.
    """

    stored: tuple[Stored, ...]
    audit: ResolvedAudit
    run: _Run
    period: PeriodBounds | None = None

    @property
    def window(self) -> Window:
        """Its moments, in the zone of its audit."""
        return window_of(self.audit, self.run.manifest, self.period or self.run.period)

    @property
    def content(self) -> tuple[object, ...]:
        """All that its figures depend on."""
        return self.stored, self.audit, self.window


class _Result(NamedTuple):
    figures: Figures
    users: Mapping[str, Person]  # by id


def compare(one: Path, other: Path, progress: Progress) -> Comparison:
    """Compares the runs in these folders; whatever their order, the earlier is `before`. Both
    snapshots are counted anew, and so is each step between them; nothing is published.

    Raises ConfigError if they are runs of different audits, ProofError if one was altered since
    it was published.
    """
    os.umask(0o077)  # the steps hold clients' data
    before, after = sorted((_loaded(one), _loaded(other)), key=lambda run: run.window.as_of)
    _must_be_of_one_audit(before, after)
    told = before.has_snapshot and after.has_snapshot
    with scratch() as work:
        counted = _counted(_states(before, after, work), progress) if told else []
    made = [(cause, result.figures if result else None) for cause, result in counted]
    changes = _changes(before, after, made)
    ends = [result.users if result else {} for _, result in (*counted[:1], *counted[-1:])]
    first, last = ends or ({}, {})
    return Comparison(_side(before, first), _side(after, last), changes, told)


# ------------------------------------------------------------------------------------- the runs


def _loaded(folder: Path) -> _Run:
    must_be_as_published(
        folder, (FIGURES, "snapshot/manifest.json"), "The run cannot be compared"
    )
    data = folder / "snapshot"
    manifest = load_manifest(data)
    audit, period = audit_and_period(manifest, data)
    here = tuple(
        replace(entry, file=str((data / entry.file).resolve())) for entry in manifest.stored
    )
    return _Run(
        manifest.run_id or folder.name,
        replace(manifest, stored=here),
        audit,
        window_of(audit, manifest, period),
        read_figures(folder / FIGURES),
    )


def _must_be_of_one_audit(before: _Run, after: _Run) -> None:
    known = [run.audit.id or run.audit.name for run in (before, after)]
    if known[0] != known[1]:
        raise ConfigError(
            f"{before.run_id} and {after.run_id} are runs of different audits, "
            f"{known[0]} and {known[1]}; compare two runs of one audit."
        )


def _side(run: _Run, users: Mapping[str, Person]) -> Side:
    return Side(run.run_id, run.audit, run.window, users)


# --------------------------------------------------------------------------- from one to the other


def _states(before: _Run, after: _Run, work: Path) -> list[tuple[Cause, _State | None]]:
    """The way from one run to the other, both ends included; None where a step cannot be told
    from the next one.
    """
    hidden = _hidden(before, after)
    audits = _audits(before.audit, after.audit)
    state = _State(before.manifest.stored, before.audit, before)
    states: list[tuple[Cause, _State | None]] = [(Cause.PROGRAM, state)]
    ruled: list[tuple[Cause, dict[str, Any]]] = [
        (cause, {"audit": audits[cause]}) for cause in (Cause.RULES, Cause.SETTINGS)
    ]
    rows: list[tuple[Cause, dict[str, Any]]] = [
        (cause, {"stored": stored})
        for cause, stored in _rows(before, after, hidden, work).items()
    ]
    # rules that ask for what the first run did not read can only be asked of the second's rows
    asked = [*rows, *ruled] if _asks_more(before, after) and not hidden else [*ruled, *rows]
    moves: list[tuple[Cause, dict[str, Any]]] = [
        *asked,
        (Cause.PLAN, {"audit": audits[Cause.PLAN]}),
        (Cause.EXCEPTIONS, {"audit": after.audit}),
        (Cause.PERIOD, {"period": after.period}),
        (Cause.TIME, {"run": after}),
    ]
    for cause, move in moves:
        state = replace(state, **move)
        states.append((cause, None if cause in hidden else state))
    return states


def _audits(a: ResolvedAudit, b: ResolvedAudit) -> dict[Cause, ResolvedAudit]:
    """The first audit as it becomes the second, part by part."""
    rules = {name: getattr(b, name) for name in (*_PARTS[Cause.RULES], "schema", "absent")}
    plan = {name: getattr(a, name) for name in _PARTS[Cause.PLAN]}
    exceptions = {name: getattr(a, name) for name in _PARTS[Cause.EXCEPTIONS]}
    return {
        Cause.RULES: replace(a, **rules),
        Cause.SETTINGS: replace(b, **plan, **exceptions),
        Cause.PLAN: replace(b, **exceptions),
    }


def _rows(
    before: _Run, after: _Run, hidden: Collection[Cause], work: Path
) -> dict[Cause, tuple[Stored, ...]]:
    """The rows after each step that changes them."""
    theirs = after.manifest.stored
    if hidden:
        return dict.fromkeys(DATA_STEPS, theirs)
    return between(before.manifest.stored, theirs, work)


def _hidden(before: _Run, after: _Run) -> frozenset[Cause]:
    """The steps that cannot be told apart, as rows were read in another way."""
    if before.mapping == after.mapping and _adds_alike(before, after):
        return frozenset()
    apart = {Cause.SETTINGS, *DATA_STEPS[:-1]}
    return frozenset({*apart, Cause.RULES} if _asks_more(before, after) else apart)


def _asks_more(before: _Run, after: _Run) -> bool:
    """Whether the second audit asks for columns that the first did not read."""
    read = before.audit.schema
    return any(
        columns.keys() - read.get(entity, {}).keys()
        for entity, columns in after.audit.schema.items()
    )


def _adds_alike(before: _Run, after: _Run) -> bool:
    """Whether the columns that both read come from the same places."""
    added = before.manifest.add, after.manifest.add
    return all(added[0][name] == added[1][name] for name in added[0].keys() & added[1].keys())


def _counted(
    states: Sequence[tuple[Cause, _State | None]], progress: Progress
) -> list[tuple[Cause, _Result | None]]:
    """Each state's figures; what equals the state before is not counted again."""
    counted: list[tuple[Cause, _Result | None]] = []
    last: tuple[_State, _Result] | None = None
    progress.stage("Counting what lies between the runs", len(states))
    for cause, state in states:
        progress.advance(1)
        if state is None:
            counted.append((cause, None))
            continue
        if last is None or last[0].content != state.content:
            last = state, _result(state)
        counted.append((cause, last[1]))
    return counted


def _result(state: _State) -> _Result:
    audit, window = state.audit, state.window
    entities = snapshot.entities(state.stored, audit.schema)
    views = queries.views_of(entities, context_of(audit, window))
    exceptions = in_force(audit.exceptions, window.today, audit.id, audit.field_sets)
    with (
        scratch() as work,
        snapshot.opened(work, state.stored, views, work, audit.schema) as opened,
    ):
        rows = sum(entry.rows for entry in state.stored)
        counts = count(audit, window, opened, entities["user"], work, Silence(), rows=rows)
        groups = waived_groups(counts.failing, exceptions)
    figures_of = figures_by(audit, state.run.manifest.accounts, window, None)
    _, figures = figures_of((*counts.measured, *counts.due), groups, counts.users)
    return _Result(figures, {user.id: user for user in counts.users})


# -------------------------------------------------------------------------------------- the changes


def _changes(
    before: _Run, after: _Run, counted: Sequence[tuple[Cause, Figures | None]]
) -> dict[str, Change]:
    """Every figure of the runs, by id, and why it differs."""
    path = [*counted, (Cause.PROGRAM, after.figures)] if counted else []
    ids = dict.fromkeys((*before.figures, *after.figures))
    return {name: _change(name, before.figures, after.figures, path) for name in ids}


def _change(
    name: str,
    before: Figures,
    after: Figures,
    path: Sequence[tuple[Cause, Figures | None]],
) -> Change:
    change = Change(before.get(name), after.get(name))
    told = bool(path) and _is_told(change.figure)
    if not told or change.difference is None:
        return replace(change, told=told)
    values = [
        (cause, value_of(figures.get(name)) if figures else None) for cause, figures in path
    ]
    return replace(change, steps=tuple(_steps(value_of(change.before), values)))


def _is_told(figure: Figure) -> bool:
    """Whether the snapshots tell why a figure differs."""
    return figure.basis not in _UNTOLD and figure.metric not in OF_TABLES


def _steps(
    start: Fraction | None, values: Iterable[tuple[Cause, Fraction | None]]
) -> list[Step]:
    """What each cause changed a figure by; causes between which it has no value share a step."""
    changed: dict[tuple[Cause, ...], Fraction] = {}
    causes: tuple[Cause, ...] = ()
    for cause, value in values:
        causes = (*causes, cause)
        if value is not None and start is not None:
            changed[causes] = changed.get(causes, Fraction()) + value - start
            start, causes = value, ()
    return [Step(causes, change) for causes, change in changed.items() if change]
