"""Which tables of an unknown database may hold our entities, and which keys others refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Text, cast, column, select, table

from pipeline.setup.look.contents import SAFE, Looked, entity_of, key_column, look, plain
from pipeline.setup.look.recognise import tables_in
from pipeline.setup.look.vocabulary import COLUMNS, LEADS_TO

_SAMPLE: Final = 400
_MOST_TABLES: Final = 150


def looked_into(connection: Connection) -> list[Looked]:
    """Looks into the tables whose names suggest one of our entities."""
    named = [
        name
        for name in sorted(tables_in(connection))
        if SAFE.fullmatch(name) and entity_of(name)
    ]
    return [look(connection, name) for name in named[:_MOST_TABLES]]


def without_key(looked: Iterable[Looked]) -> list[str]:
    """Tables in which no column is unique, so a report could not name a record."""
    return [
        seen.name
        for seen in looked
        if seen.rows and not seen.key and entity_of(seen.name) != "meeting_contact"
    ]


def naming_people(looked: Iterable[Looked]) -> list[str]:
    """Columns like klanten.verkoper that seem to name a record's owner."""
    return [
        f"{seen.name}.{own.name}"
        for seen in looked
        for own in seen.columns
        if own.filled
        and "owner_id" in COLUMNS[str(entity_of(seen.name))]
        and called_so(COLUMNS[str(entity_of(seen.name))]["owner_id"], own.name)
    ]


def usable(looked: Iterable[Looked]) -> list[Looked]:
    """The tables with a key; a link between meetings and contacts needs none."""
    return [
        seen
        for seen in looked
        if (seen.key and seen.rows) or entity_of(seen.name) == "meeting_contact"
    ]


def chosen_of(looked: Iterable[Looked]) -> dict[str, Looked]:
    """One table per entity: the one with the most matching columns, then the most rows."""
    chosen: dict[str, Looked] = {}
    for candidate in sorted(looked, key=lambda seen: (_named(seen), seen.rows), reverse=True):
        chosen.setdefault(str(entity_of(candidate.name)), candidate)
    return chosen


def _named(seen: Looked) -> int:
    wanted = COLUMNS[str(entity_of(seen.name))]
    return sum(
        any(called_so(pattern, contents.name) for contents in seen.columns)
        for pattern in wanted.values()
    )


def keyed(connection: Connection, chosen: Mapping[str, Looked]) -> dict[str, Looked]:
    """Each table with the key that most records refer to: its own, or a unique name."""
    by_entity = dict(chosen)
    for entity, target in chosen.items():
        keys = dict.fromkeys([str(target.key), *target.names])
        if len(keys) > 1:
            met = {
                key: _refer(connection, chosen, entity, replace(target, key=key))
                for key in keys
            }
            # on a tie its own key wins
            by_entity[entity] = replace(target, key=max(keys, key=lambda key: met[key]))
    return by_entity


def _refer(
    connection: Connection, chosen: Mapping[str, Looked], entity: str, target: Looked
) -> int:
    """How many values of possible references are keys of the target."""
    return sum(
        met_in(connection, looked.name, contents.name, target)[0]
        for other, looked in chosen.items()
        for ours, pattern in COLUMNS[other].items()
        if LEADS_TO.get(ours) == entity
        for contents in looked.columns
        if contents.name != looked.key and called_so(pattern, contents.name)
    )


def called_so(pattern: str, name: str) -> float:
    """1 if the name is one of these words, less if it only begins with one."""
    bare = re.sub(r" (id|nr|nummer|code|key|op|at|on|datum|date|tijd|time)$", "", plain(name))
    if re.fullmatch(pattern, bare) or re.fullmatch(pattern, plain(name)):
        return 1.0
    return 0.7 if re.match(rf"({pattern})", bare) else 0.0


def met_in(
    connection: Connection, name: str, reference: str, target: Looked
) -> tuple[int, int]:
    """How many distinct references of a sample are keys of the target, and the sample's size."""
    own: ColumnElement[Any] = column(reference)
    values = (
        select(cast(own, Text).label("value"))
        .select_from(table(name))
        .where(own.is_not(None))
        .distinct()
    )
    sample = [str(value) for value in connection.execute(values.limit(_SAMPLE)).scalars()]
    if not sample:
        return 0, 0
    key = cast(key_column(str(target.key)), Text)
    keys = set(
        connection.execute(
            select(key).select_from(table(target.name)).where(key.in_(sample))
        ).scalars()
    )
    return len(keys.intersection(sample)), len(sample)
