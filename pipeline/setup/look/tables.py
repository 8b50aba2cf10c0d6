"""Which tables of an unknown database may hold our entities, and by which key
the others refer to each.
"""

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
    """The tables whose names say that they may hold an entity of ours."""
    named = [
        name
        for name in sorted(tables_in(connection))
        if SAFE.fullmatch(name) and entity_of(name)
    ]
    return [look(connection, name) for name in named[:_MOST_TABLES]]


def without_key(looked: Iterable[Looked]) -> list[str]:
    """Tables that no column tells apart row by row, so that none of
    their records could be named.
    """
    return [
        one.name
        for one in looked
        if one.rows and not one.key and entity_of(one.name) != "meeting_contact"
    ]


def naming_people(looked: Iterable[Looked]) -> list[str]:
    """Columns like klanten.verkoper, that seem to name the owner of a record."""
    return [
        f"{one.name}.{own.name}"
        for one in looked
        for own in one.columns
        if own.filled
        and "owner_id" in COLUMNS[str(entity_of(one.name))]
        and called_so(COLUMNS[str(entity_of(one.name))]["owner_id"], own.name)
    ]


def usable(looked: Iterable[Looked]) -> list[Looked]:
    """Those whose records can be told apart; what only links meetings
    and contacts needs no key.
    """
    return [
        one
        for one in looked
        if (one.key and one.rows) or entity_of(one.name) == "meeting_contact"
    ]


def chosen_of(looked: Iterable[Looked]) -> dict[str, Looked]:
    """Of several tables of one kind the one that holds the most columns of its
    kind, then the most rows.
    """
    chosen: dict[str, Looked] = {}
    for one in sorted(looked, key=lambda seen: (_named(seen), seen.rows), reverse=True):
        chosen.setdefault(str(entity_of(one.name)), one)
    return chosen


def _named(seen: Looked) -> int:
    wanted = COLUMNS[str(entity_of(seen.name))]
    return sum(
        any(called_so(pattern, one.name) for one in seen.columns) for pattern in wanted.values()
    )


def keyed(connection: Connection, chosen: Mapping[str, Looked]) -> dict[str, Looked]:
    """Each table with the key by which most records refer to it: its own, or a
    name that no two rows share.
    """
    found = dict(chosen)
    for entity, one in chosen.items():
        keys = dict.fromkeys([str(one.key), *one.names])
        if len(keys) > 1:
            met = {
                key: _refer(connection, chosen, entity, replace(one, key=key)) for key in keys
            }
            # of equals its own
            found[entity] = replace(one, key=max(keys, key=lambda key: met[key]))
    return found


def _refer(
    connection: Connection, chosen: Mapping[str, Looked], entity: str, target: Looked
) -> int:
    """How many values of columns that may refer to the entity are keys of it."""
    return sum(
        met_in(connection, looked.name, one.name, target)[0]
        for other, looked in chosen.items()
        for ours, pattern in COLUMNS[other].items()
        if LEADS_TO.get(ours) == entity
        for one in looked.columns
        if one.name != looked.key and called_so(pattern, one.name)
    )


def called_so(pattern: str, name: str) -> float:
    """1 where the name is one of these words, less where it begins with one."""
    bare = re.sub(r" (id|nr|nummer|code|key|op|at|on|datum|date|tijd|time)$", "", plain(name))
    if re.fullmatch(pattern, bare) or re.fullmatch(pattern, plain(name)):
        return 1.0
    return 0.7 if re.match(rf"({pattern})", bare) else 0.0


def met_in(
    connection: Connection, name: str, reference: str, target: Looked
) -> tuple[int, int]:
    """How many of a sample of different references are keys of the other table."""
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
