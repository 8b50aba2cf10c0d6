"""Counts that show whether a mapping is plausible, from the snapshot or the CRM itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, FromClause, case, func, literal, or_, select
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import blank, exact_text
from pipeline.model import STATE_COLUMNS, Kind, Schema, Tally
from pipeline.proof.plausible import OWNED, EntityCounts
from pipeline.queries.ask import text_said

_NAMED = 3
"""Duplicate ids that are named."""


def count_entities(
    connection: Connection,
    entities: Mapping[str, FromClause],
    schema: Schema,
    tallies: Iterable[Tally],
) -> Iterator[EntityCounts]:
    """The counts of each entity; `tallies` of the same reading supply states and owners."""
    counted = _counted(tallies)
    for name, entity in entities.items():
        kinds = {
            column: kind
            for column, kind in schema[name].items()
            if f"{column}_unreadable" in entity.c
        }
        [row] = connection.execute(
            select(
                func.count(), _distinct(entity, schema[name]), *_values(name, entity, kinds)
            ).select_from(entity)
        ).all()
        rows, ids, *numbers = (int(number or 0) for number in row)
        read = {
            column: (numbers[2 * place], numbers[2 * place + 1])
            for place, column in enumerate(kinds)
        }
        unknown, unassigned = (
            counted.get((f"{name}s_unknown", True), 0),
            counted.get((f"{name}s", False), 0),
        )
        stated = numbers[-1] if name in STATE_COLUMNS else 0
        yield EntityCounts(
            name,
            rows,
            read,
            # without a column of states the hour decides, so no state is stated or unknown
            (stated, min(unknown, stated)),
            unassigned if name in OWNED else 0,
            _repeated(connection, entity) if "id" in schema[name] and ids < rows else (),
        )


def _distinct(entity: FromClause, columns: Iterable[str]) -> ColumnElement[int]:
    """How many ids there are, if it has any."""
    return func.count(exact_text(entity.c.id).distinct()) if "id" in columns else literal(0)


def _values(
    name: str, entity: FromClause, kinds: Mapping[str, Kind]
) -> Iterator[ColumnElement[Any]]:
    for column in kinds:
        unreadable = entity.c[f"{column}_unreadable"] == 1
        yield func.sum(case((or_(entity.c[column].is_not(None), unreadable), 1), else_=0))
        yield func.sum(case((unreadable, 1), else_=0))
    if name in STATE_COLUMNS:
        yield func.sum(case((blank(entity.c[STATE_COLUMNS[name]]), 0), else_=1))


def _counted(tallies: Iterable[Tally]) -> dict[tuple[str, bool], int]:
    """(name, whether of the company or of nobody) -> the number."""
    return {
        (tally.name, tally.company): tally.value
        for tally in tallies
        if not tally.dimension
        and not tally.currency
        and not tally.is_repeat
        and (tally.company or not tally.owner)
    }


def _repeated(connection: Connection, entity: FromClause) -> tuple[tuple[str, int], ...]:
    key = exact_text(entity.c.id)
    times = func.count()
    statement = select(key, times).group_by(key).having(times > 1).order_by(key).limit(_NAMED)
    return tuple(
        (text_said(record), int(number)) for record, number in connection.execute(statement)
    )
