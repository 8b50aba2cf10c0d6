"""Extracts a CRM in one transaction: its rows as typed Parquet, and the CRM's own counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from pipeline import queries, snapshot, source
from pipeline.calendar.window import open_window
from pipeline.config import Audit, Period, completed, secrets_of
from pipeline.errors import SourceError
from pipeline.flows.operators import must_be_users
from pipeline.formats import ReadingRules
from pipeline.language.languages import in_all, joined_texts
from pipeline.memory import uncollected
from pipeline.model import NO_TEXT, Answers, LocalText, PeriodBounds, TextColumns, Window
from pipeline.model.rules import proven_in
from pipeline.progress import Progress
from pipeline.proof import fingerprints
from pipeline.proof.witness import Witness, save_witness
from pipeline.queries.ask import ask_at_once, ask_people
from pipeline.retry import retry
from pipeline.snapshot.manifest import Manifest, hash_of, save_manifest, versions
from pipeline.snapshot.source_sql import SourceSql, save_source_sql, traits_of

Clock = Callable[[], datetime]


def extract(
    audit: Audit,
    folder: Path,
    *,
    clock: Clock,
    as_of: datetime | None,
    progress: Progress,
    begin: Sequence[str] | None = None,
    fire: datetime | None = None,
    run_id: str = "",
) -> None:
    """Reads the CRM twice in one transaction, and starts again after a passing failure.

    `as_of` injects the instant of the run; otherwise `clock` supplies it inside the
    transaction. `fire` is the instant at which the run was due, None by hand; it decides the
    period. `run_id` is written into the manifest.
    """

    def once() -> None:
        _extract_once(
            audit,
            folder,
            clock=clock,
            as_of=as_of,
            fire=fire,
            progress=progress,
            begin=begin,
            run_id=run_id,
        )

    retry(once, progress.stage)


def _extract_once(
    audit: Audit,
    folder: Path,
    *,
    clock: Clock,
    as_of: datetime | None,
    fire: datetime | None,
    progress: Progress,
    begin: Sequence[str] | None,
    run_id: str,
) -> None:
    """One attempt; each file it writes replaces that of an earlier attempt."""
    settings = audit.settings
    limit = source.TransactionLimit(settings.source.max_hold)
    engine = source.open_engine(
        secrets_of(settings.source.url), audit.file.parent, audit.preset, limit.allowed
    )
    progress.stage("Opening the CRM")
    try:
        with source.consistent(engine, begin, limit) as connection:
            read_at = clock()
            moment = as_of or read_at
            window = window_of(audit, moment, injected=as_of is not None, fire=fire)
            reader = source.SourceReader(connection, read_spec_of(audit, window))
            audit = completed(audit, reader.not_given)
            # columns that no SELECT gives may be the reason why others are not judged
            reader.spec = replace(reader.spec, proven=_proven(audit))
            hidden = hidden_rows(audit, connection, reader)
            accounts = reader.accounts()
            stored = [
                _store(reader, entity, folder, audit, progress, limit)
                for entity in audit.schema
            ]
            progress.stage("Comparing text with the CRM's")
            texts = fingerprints.must_agree(reader, folder, stored, limit)
            shared = fingerprints.basis(reader)
            progress.stage("Asking the CRM's own database")
            witness = witness_of(audit, reader, window)
            dialect = connection.dialect
            asked = SourceSql(dialect.name, traits_of(dialect), reader.sql())
    finally:
        engine.dispose()
    held_for = round(limit.elapsed, 3)
    notes = (source.moment(engine), reader.shared_code_note(), shared)
    save_witness(folder, replace(witness, fingerprints=tuple(texts)))
    save_source_sql(folder, asked)
    resolved = audit.resolved()
    save_manifest(
        folder,
        Manifest(
            as_of=moment,
            injected=as_of is not None,
            preset=audit.preset.name,
            transaction_seconds=held_for,
            stored=tuple(stored),
            accounts=tuple(accounts),
            moment=joined_texts(notes, "; "),
            hidden=hidden,
            caveats=tuple(reader.caveats()),
            period=PeriodBounds(window.first, window.after_last, window.word, window.fire),
            not_given=reader.not_given,
            audit=resolved,
            field_sets_sha256=hash_of(resolved.field_sets),
            preset_sha256=audit.preset_sha256,
            add=dict(audit.add),
            versions=versions(),
            run_id=run_id,
            read_at=read_at,
        ),
    )


def read_spec_of(audit: Audit, window: Window | None = None) -> source.ReadSpec:
    """What an audit reads, and on what terms; logs only over a window's period and the days of
    its score, up to as-of.
    """
    return source.ReadSpec(
        audit.preset,
        audit.add,
        audit.settings.currency,
        frozenset(audit.absent),
        audit.schema,
        ReadingRules.of(audit.preset, audit.settings.zone, audit.settings.currency),
        audit.settings.zone,
        span=_span_of_logs(window) if window else None,
        proven=_proven(audit),
    )


def _proven(audit: Audit) -> TextColumns:
    """The texts that are fingerprinted."""
    return proven_in(audit.field_sets, audit.schema)


def _span_of_logs(window: Window) -> tuple[datetime, datetime]:
    since = min(window.first_us, window.score_first_us)
    until = max(window.after_us, window.as_of_us + 1)
    return _instant(since), _instant(until)


def _instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def hidden_rows(audit: Audit, connection: Connection, reader: source.SourceReader) -> LocalText:
    """A note for reports if the database hides rows.

    Raises SourceError if audit.yaml does not allow that.
    """
    tables = source.hidden(connection, reader.tables)
    if not tables:
        return NO_TEXT
    named = ", ".join(tables)
    if audit.settings.source.hidden_rows == "allow":
        return in_all(
            "row-level security may hide rows of {tables} from the account that reads, so only what "
            "it sees is counted",
            tables=named,
        )
    raise SourceError(
        f"Row-level security may hide rows of {named} from the account that reads, "
        "so no figure could be said to be the CRM's, and nothing was published. Let a "
        "policy show that account every row, or give it BYPASSRLS; or write hidden_rows: allow under source in "
        "audit.yaml, and every report will say so."
    )


def _store(
    reader: source.SourceReader,
    entity: str,
    folder: Path,
    audit: Audit,
    progress: Progress,
    limit: source.TransactionLimit,
) -> snapshot.Stored:
    expected = reader.count(entity)
    if reader.columns(entity):
        progress.stage(f"Reading {entity.replace('_', ' ')}s", expected)
    return snapshot.write_entity(
        folder,
        entity,
        reader.columns(entity),
        limit.watched(reader.rows(entity)),
        schema=audit.schema,
        reading_rules=reader.spec.reading_rules,
        expected=expected,
        minor=audit.preset.money == "minor",
        advance=progress.advance,
        proven=reader.spec.proven,
        origin=_origin(audit, entity),
    )


def _origin(audit: Audit, entity: str) -> str:
    """The source of an entity's ids: 'table relaties, column nr'."""
    places = []
    for part in audit.preset.entities.get(entity, ()):
        mapped = part.columns.get("id")
        column = mapped.column if mapped and mapped.column else "id (of the SELECT)"
        places.append(f"table {part.table}, column {column}")
    return " or ".join(places)


def witness_of(audit: Audit, reader: source.SourceReader, window: Window) -> Witness:
    """Everything that is published, as the source's own database counts it."""
    answers = answers_of(audit, reader, window)
    controls = tuple(
        (
            control.figure,
            str(control.equals)
            if control.select is None
            else reader.control(control.figure, control.select),
        )
        for control in audit.settings.controls
    )
    people = tuple(ask_people(reader.connection, reader.entities()["user"]))
    must_be_users(audit, people)
    return Witness(answers, people, controls)


def answers_of(audit: Audit, reader: source.SourceReader, window: Window) -> Answers:
    """Every count and every failing record, in one statement per entity."""
    context = audit.query_context(window)
    narrow = {
        f"{entity}{queries.NARROW}": reader.narrow(entity, names)
        for entity, names in queries.LOOKED_UP.items()
    }
    asked = ({**reader.entities(), **narrow}, audit.field_sets, context, reader.worked_out)
    censuses = queries.censuses(*asked, rolled_up=reader.rolls_up)
    with uncollected():
        parts = [ask_at_once(reader.connection, census) for census in censuses]
    return Answers(
        tuple(tally for answers in parts for tally in answers.tallies),
        tuple(record for answers in parts for record in answers.failing),
    )


def window_of(
    audit: Audit, as_of: datetime, *, injected: bool, fire: datetime | None = None
) -> Window:
    """The moments of a run of this audit that was due at `fire`."""
    asked = audit.settings.period
    days = asked if isinstance(asked, Period) else None
    return open_window(
        as_of=as_of,
        zone=audit.settings.zone,
        working_week=audit.working_week,
        first=days.first if days else None,
        after_last=days.to if days else None,
        word=None if isinstance(asked, Period) else asked,
        fire=fire,
        injected=injected,
    )
