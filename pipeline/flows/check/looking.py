"""Looks at the source in a transaction like a run's: size, completeness, dates and speed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, case, func, null, select

from pipeline import snapshot, source
from pipeline.config import Audit, completed, secrets_of
from pipeline.databases.constructs import blank
from pipeline.delivery.folder import scratch
from pipeline.flows.check.demands import Unfailed, unfailed
from pipeline.flows.check.masking import mask
from pipeline.flows.extract import hidden_rows, read_spec_of, witness_of
from pipeline.model import (
    CHECKED,
    DATED,
    READ,
    Kind,
    LocalText,
    Person,
    TableAccount,
    Window,
)
from pipeline.proof.entity_counts import count_entities
from pipeline.proof.fingerprints import SourceTexts
from pipeline.proof.plausible import Implausible, implausibilities
from pipeline.setup.look.fit import Fit, fit_of

SAMPLES: Final = 5
_HEAD: Final = 5_000
"""Rows of each entity that are read and stored to measure the speed of a run."""


@dataclass(frozen=True, slots=True)
class Column:
    """How full one of our columns is, over the audited rows."""

    name: str
    kind: Kind
    empty: int
    unreadable: int
    first: Any = None  # instants and days only
    last: Any = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of an entity's audited rows."""

    entity: str
    rows: int
    columns: tuple[Column, ...]
    samples: tuple[Sequence[str], ...]  # masked, in the order of `columns`


@dataclass(frozen=True, slots=True)
class Pace:
    """The measured speed of a run's work inside its transaction."""

    counting: float  # seconds for all queries of a run
    rows: int  # rows to read
    tried: int  # rows that were read and stored for the measurement
    reading: float  # seconds for these rows

    @property
    def hold(self) -> float:
        """Seconds that a run would hold the transaction."""
        return self.counting + (self.reading * self.rows / self.tried if self.tried else 0.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that the transaction showed."""

    accounts: Sequence[TableAccount]
    profiles: Sequence[Profile]
    people: Sequence[Person]
    rights: source.Rights
    pace: Pace
    advice: Sequence[str]
    moment: LocalText  # when the figures would be from, if the source has no transactions
    implausible: Sequence[Implausible] = ()
    # 'entity.column' that no SELECT returns -> why
    not_given: Mapping[str, LocalText] = field(default_factory=dict)
    fit: Fit | None = None  # tried on the rows that were read
    unfailed: Sequence[Unfailed] = ()


def look(audit: Audit, window: Window) -> Seen:
    """Counts the source and reads a few rows, in one transaction like a run's."""
    settings = audit.settings
    limit = source.TransactionLimit(settings.source.max_hold)
    engine = source.open_engine(
        secrets_of(settings.source.url), audit.file.parent, audit.preset, limit.allowed
    )
    try:
        with source.consistent(engine, limit=limit) as connection:
            began = time.monotonic()
            reader = source.SourceReader(connection, read_spec_of(audit, window))
            audit = completed(audit, reader.not_given)
            reader.must_understand_marks()
            accounts = reader.accounts()
            counts = {entity: reader.count(entity) for entity in audit.schema}
            witness = witness_of(audit, reader, window)
            SourceTexts(reader, limit).fingerprints()
            counting = time.monotonic() - began
            heads = {
                entity: reader.head(entity, _HEAD)
                for entity in audit.schema
                if reader.columns(entity)
            }
            reading_seconds = (
                time.monotonic() - began - counting + _storing(audit, reader, heads)
            )
            profiles = [
                _profile(audit, reader, entity, counts[entity], head)
                for entity, head in heads.items()
            ]
            counted = tuple(
                count_entities(
                    connection, reader.entities(), audit.schema, witness.answers.tallies
                )
            )
            odd = implausibilities(counted, accounts, [user.scope for user in witness.people])
            columns = {entity: reader.columns(entity) for entity in heads}
            fit = fit_of(
                reader.spec.reading_rules,
                audit.schema,
                {name: (columns[name], heads[name]) for name in heads},
            )
            tried = sum(len(head) for head in heads.values())
            pace = Pace(counting, sum(counts.values()), tried, reading_seconds)
            rights, advice = (
                source.rights(connection),
                [*source.advice(connection), *map(str, reader.caveats())],
            )
            advice += [
                f"{name}: {words_unread}."
                for name, words_unread in reader.flags_unread(CHECKED).items()
            ]
            hidden = str(hidden_rows(audit, connection, reader))
            advice += [f"{hidden[0].upper()}{hidden[1:]}."] if hidden else []
    finally:
        engine.dispose()
    return Seen(
        accounts,
        profiles,
        witness.people,
        rights,
        pace,
        advice,
        source.moment(engine),
        odd,
        reader.not_given,
        fit,
        unfailed(audit.field_sets, witness.answers, window),
    )


def _storing(
    audit: Audit, reader: source.SourceReader, heads: Mapping[str, Sequence[Sequence[Any]]]
) -> float:
    """Seconds for typing and storing these rows, which a run does inside its transaction."""
    began = time.monotonic()
    with scratch() as folder:  # private
        for entity, head in heads.items():
            snapshot.write_entity(
                folder,
                entity,
                reader.columns(entity),
                [head],
                schema=audit.schema,
                reading_rules=reader.spec.reading_rules,
                expected=len(head),
                minor=audit.preset.money == "minor",
                advance=lambda _: None,
                proven=reader.spec.proven,
            )
    return time.monotonic() - began


def _profile(
    audit: Audit,
    reader: source.SourceReader,
    entity: str,
    rows: int,
    head: Sequence[Sequence[Any]],
) -> Profile:
    names, kinds = reader.columns(entity), audit.schema[entity]
    audited = reader.entities()[entity]
    [counted] = reader.connection.execute(select(*_counts(audited, names, kinds))).all()
    answers = iter(counted)
    columns = tuple(
        Column(name, kinds[name], *_answered(kinds[name], answers)) for name in names
    )
    words = {word for words in audit.preset.states.get(entity, {}).values() for word in words}
    step = max(1, len(head) // SAMPLES)
    zone = ZoneInfo(audit.settings.zone)
    samples = tuple(
        [
            mask(name, kinds[name], value, words, zone)
            for name, value in zip(names, row, strict=True)
        ]
        for row in list(head[::step])[:SAMPLES]
    )
    return Profile(entity, rows, columns, samples)


def _counts(
    audited: FromClause, names: Iterable[str], kinds: Mapping[str, Kind]
) -> Iterator[ColumnElement[Any]]:
    """Per column the empty and unreadable values; for dates also the first and the last."""
    for name in names:
        column, kind = audited.c[name], kinds[name]
        marked = kind in READ
        broken: ColumnElement[Any] = audited.c[f"{name}_unreadable"] if marked else null()
        missing = blank(column) if kind is Kind.TEXT else column.is_(None)
        yield func.sum(
            case((broken == 1, 0), (missing, 1), else_=0)
            if marked
            else case((missing, 1), else_=0)
        )
        if marked:
            yield func.sum(broken)
        if kind in DATED:
            yield func.min(column)
            yield func.max(column)


def _answered(kind: Kind, answers: Iterator[Any]) -> tuple[int, int, Any, Any]:
    empty = int(next(answers) or 0)
    unreadable = int(next(answers) or 0) if kind in READ else 0
    first, last = (next(answers), next(answers)) if kind in DATED else (None, None)
    return empty, unreadable, first, last
