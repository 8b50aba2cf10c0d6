"""The lives of findings in the registry: how each stands, and every change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, insert, select
from sqlalchemy.sql.elements import ColumnElement

from pipeline.model import Debtor
from pipeline.model.history import Credit
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState
from pipeline.registry.database import execute_many, upsert
from pipeline.registry.tables import LIFE_EVENTS, LIVES, RULE_VERSIONS, RUNS
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


def changed_in(
    connection: Connection, audit_id: str, first: date, after_last: date
) -> tuple[dict[FindingKey, Credit], dict[FindingKey, Credit]]:
    """What runs of these days saw completed, unless a later one saw it again, and what they saw
    fail again, as far as it still stands so: whose repair it was, and whose finding it is.
    """
    days = first.isoformat(), after_last.isoformat()
    since = select(func.min(RUNS.c.id)).where(RUNS.c.audit == audit_id, RUNS.c.day >= days[0])
    same = (LIVES.c[name] == LIFE_EVENTS.c[name] for name in ("entity", "record_id", "rule"))
    happened = (
        select(LIFE_EVENTS, RUNS.c.day, LIVES.c.id.label("finding"), LIVES.c.state)
        .add_columns(LIVES.c.person.label("owner"), LIVES.c.debtor.label("owing"))
        .join(RUNS)
        .join(LIVES, and_(LIVES.c.audit == audit_id, *same))
        .where(RUNS.c.audit == audit_id, LIFE_EVENTS.c.run >= since.scalar_subquery())
        .order_by(LIFE_EVENTS.c.run)
    )
    completed, open_again = dict[FindingKey, Credit](), dict[FindingKey, Credit]()
    for row in connection.execute(happened.where(_now(LifeState.REPAIRED))):
        completed.pop(_key(row), None)
        if days[0] <= row.day < days[1]:
            completed[_key(row)] = Credit(row.finding, row.person, Debtor(row.debtor))
    for row in connection.execute(happened.where(_now(LifeState.OPEN))):
        open_again.pop(_key(row), None)
        if days[0] <= row.day < days[1] and row.event == str(LifeEvent.REOPENED):
            open_again[_key(row)] = Credit(row.finding, row.owner, Debtor(row.owing))
    return completed, open_again


_MADE_BY: Final[Mapping[LifeState, tuple[LifeEvent, ...]]] = {
    LifeState.REPAIRED: (LifeEvent.REPAIRED,),
    LifeState.OPEN: (LifeEvent.REOPENED, LifeEvent.RESUMED),
}


def _now(state: LifeState) -> ColumnElement[bool]:
    """What made findings be in this state, in which they still are."""
    events = map(str, _MADE_BY[state])
    return and_(LIVES.c.state == str(state), LIFE_EVENTS.c.event.in_([*events]))


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


def _key(row: Row[Any]) -> FindingKey:
    return FindingKey(row.entity, row.record_id, row.rule)


def _life(row: Row[Any]) -> Life:
    return Life(
        row.id,
        _key(row),
        LifeState(row.state),
        row.person,
        Debtor(row.debtor),
        row.content,
    )
