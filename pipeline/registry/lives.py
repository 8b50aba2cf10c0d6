"""The lives of findings in the registry: how each stands, and every change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from pipeline.model import Debtor
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState
from pipeline.registry.database import execute_many, upsert
from pipeline.registry.tables import LIFE_EVENTS, LIVES, RULE_VERSIONS
from pipeline.values.batches import batches

_AT_ONCE: Final = 5_000
"""How many lives are in memory until they are written."""

_KEY: Final = ["audit", "entity", "record_id", "rule"]


def lives_of(connection: Connection, audit_id: str, entity: str) -> Iterator[Life]:
    """How the findings of a kind of record stand."""
    ours = select(LIVES).where(LIVES.c.audit == audit_id, LIVES.c.entity == entity)
    return map(_life, connection.execute(ours.order_by(LIVES.c.record_id, LIVES.c.rule)))


def kinds_with_lives(connection: Connection, audit_id: str) -> list[str]:
    """The kinds of records of which an audit has known a finding."""
    kinds = select(LIVES.c.entity).where(LIVES.c.audit == audit_id).distinct()
    return list(connection.execute(kinds.order_by(LIVES.c.entity)).scalars())


def record_lives(
    connection: Connection,
    audit_id: str,
    number: int,
    lives: Iterable[tuple[Life, LifeEvent | None]],
) -> None:
    """Keeps lives as a run leaves them, and what it changed; some at a time, as they come."""
    for some in batches(lives, _AT_ONCE):
        kept = ({"audit": audit_id, **_values(life)} for life, _ in some)
        execute_many(connection, _kept(connection), kept)
        events = ((life, event) for life, event in some if event is not None)
        execute_many(
            connection,
            insert(LIFE_EVENTS),
            ({"run": number, **_event(life, event)} for life, event in events),
        )


def record_rules(
    connection: Connection, audit_id: str, number: int, rules: Mapping[tuple[str, str], str]
) -> None:
    """Keeps which contents the rules have had, and since which run; (entity, rule) -> content."""
    rows = (
        {
            "audit": audit_id,
            "entity": entity,
            "rule": rule,
            "content": content,
            "first_run": number,
        }
        for (entity, rule), content in rules.items()
    )
    known = upsert(connection, RULE_VERSIONS).on_conflict_do_nothing()
    execute_many(connection, known, rows)


def _kept(connection: Connection) -> Any:
    statement = upsert(connection, LIVES)
    changing = ("id", "state", "person", "debtor", "content")
    new = {name: statement.excluded[name] for name in changing}
    return statement.on_conflict_do_update(index_elements=_KEY, set_=new)


def _values(life: Life) -> dict[str, str]:
    return {
        "entity": life.key.entity,
        "record_id": life.key.record_id,
        "rule": life.key.rule,
        "id": life.id,
        "state": str(life.state),
        "person": life.person,
        "debtor": str(life.debtor),
        "content": life.content,
    }


def _event(life: Life, event: LifeEvent) -> dict[str, str]:
    return {
        "entity": life.key.entity,
        "record_id": life.key.record_id,
        "rule": life.key.rule,
        "event": str(event),
        "person": life.person,
        "debtor": str(life.debtor),
    }


def _life(row: Row[Any]) -> Life:
    return Life(
        row.id,
        FindingKey(row.entity, row.record_id, row.rule),
        LifeState(row.state),
        row.person,
        Debtor(row.debtor),
        row.content,
    )
