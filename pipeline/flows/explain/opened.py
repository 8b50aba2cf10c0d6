"""A stored run, opened to be asked: its snapshot, and all that was counted in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, FromClause

from pipeline import queries, snapshot
from pipeline.delivery.folder import scratch
from pipeline.findings.tallies import Group, group_of
from pipeline.findings.waived import in_force, waived
from pipeline.flows import judged
from pipeline.flows.counting import all_answers, audit_and_period, inputs_of, window_of
from pipeline.measures.asked import context_of
from pipeline.measures.custom import face_of, measure_of
from pipeline.measures.registry import MEASURES
from pipeline.measures.scopes import FigureInputs, ScopeTotals, totals_of
from pipeline.model import FailingRecord, Measure, Person, ResolvedAudit, Tally, Window
from pipeline.model.history import History
from pipeline.progress import Progress
from pipeline.queries.ask import ask, ask_failing, ask_people
from pipeline.queries.verdicts import Verdicts
from pipeline.snapshot.history import load_history
from pipeline.snapshot.manifest import Manifest, load_manifest
from pipeline.snapshot.open import OpenSnapshot


@dataclass(frozen=True, slots=True)
class Stored:
    """What a stored run is computed with, besides its data."""

    manifest: Manifest
    audit: ResolvedAudit
    window: Window
    context: queries.QueryContext
    measures: Mapping[str, Measure]  # by name, those of the audit's own among them
    history: History | None


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A stored run with its snapshot open."""

    data: Path  # the snapshot's folder
    stored: Stored
    connection: Connection
    views: Mapping[str, FromClause]
    verdicts: Verdicts
    users: tuple[Person, ...]
    exempt: tuple[FailingRecord, ...]  # those of which exceptions waive something
    inputs: FigureInputs
    totals: tuple[ScopeTotals, ...]  # the company's last


def link_to(kind: str, record: str, audit: ResolvedAudit) -> str:
    """The address of a record's form; '' where the CRM has none."""
    return audit.links.get(kind, "").replace("{id}", quote(record, safe=""))


def load_stored(data: Path) -> Stored:
    """What lies in the folder of a snapshot beside its rows. ConfigError if it is no run of
    this version.
    """
    manifest = load_manifest(data)
    audit, period = audit_and_period(manifest, data)
    window = window_of(audit, manifest, period)
    custom = map(measure_of, audit.measures)
    return Stored(
        manifest,
        audit,
        window,
        context_of(audit, window),
        {**MEASURES, **{measure.name: face_of(measure) for measure in custom}},
        load_history(data),
    )


@contextmanager
def open_stored(data: Path, progress: Progress) -> Iterator[OpenRun]:
    """Opens a run's snapshot, and counts all that its figures are made of."""
    progress.stage("Opening the run's snapshot")
    stored = load_stored(data)
    entries, schema = stored.manifest.stored, stored.audit.schema
    views = queries.views_of(snapshot.entities(entries, schema), stored.context)
    with (
        scratch() as work,
        snapshot.opened(data, entries, views, work, schema) as opened,
    ):
        opened.work_out()
        verdicts = judged.verdicts_on(stored.audit, opened, progress)
        progress.stage("Counting")
        with opened.engine.connect() as connection:
            yield _counted(data, stored, opened, verdicts, connection)


def _counted(
    data: Path, stored: Stored, opened: OpenSnapshot, verdicts: Verdicts, connection: Connection
) -> OpenRun:
    audit, context, views = stored.audit, stored.context, opened.views
    scans = queries.scans_of(views, audit.field_sets, context, verdicts)
    exceptions = in_force(audit.exceptions, stored.window.today, audit.id, audit.field_sets)
    groups, exempt = Counter[Group](), list[FailingRecord]()
    for record in waived(ask_failing(connection, scans), exceptions):
        groups[group_of(record)] += 1
        if record.waived:
            exempt.append(record)
    tallies = _tallies(stored, views, connection)
    users = tuple(
        ask_people(connection, snapshot.entities(stored.manifest.stored, audit.schema)["user"])
    )
    answers = all_answers(tallies, groups, users, audit, stored.history)
    inputs = inputs_of(answers, users, audit, stored.manifest.accounts, stored.window)
    totals = tuple(totals_of(answers, inputs))
    return OpenRun(
        data, stored, connection, views, verdicts, users, tuple(exempt), inputs, totals
    )


def _tallies(
    stored: Stored, views: Mapping[str, FromClause], connection: Connection
) -> Iterator[Tally]:
    """What the database counts; failing records are counted from their list."""
    audit, context = stored.audit, stored.context
    yield from ask(connection, queries.measures(views, context))
    for tally in ask(connection, queries.field_counts(views, audit.field_sets, context)):
        if not tally.name.startswith("failing."):
            yield tally
