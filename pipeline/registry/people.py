"""Takes out of the registry what is about single people, once that is kept no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, exists, select, update

from pipeline.model import Scope
from pipeline.model.lives import LifeState
from pipeline.registry.database import instant_text
from pipeline.registry.tables import HEADLINES, LIFE_EVENTS, LIVES, RUNS

_OF_PEOPLE: Final = (Scope.MANAGER, Scope.INACTIVE)


def forget_people(connection: Connection, audit_id: str, before: datetime) -> None:
    """Forgets whose figures and findings those of earlier runs of an audit were; figures of teams
    and of the company stay, and so do open findings: somebody is still to complete them.
    """
    was_before = RUNS.c.as_of < instant_text(before)
    old = select(RUNS.c.id).where(RUNS.c.audit == audit_id, was_before)
    of_people = HEADLINES.c.scope.in_([str(scope) for scope in _OF_PEOPLE])
    connection.execute(delete(HEADLINES).where(HEADLINES.c.run.in_(old), of_people))
    forgotten = connection.execute(
        update(LIFE_EVENTS)
        .where(LIFE_EVENTS.c.run.in_(old), LIFE_EVENTS.c.person != "")
        .values(person="")
    )
    if forgotten.rowcount == 0:
        return
    later = (
        exists()
        .where(
            LIFE_EVENTS.c.entity == LIVES.c.entity,
            LIFE_EVENTS.c.record_id == LIVES.c.record_id,
            LIFE_EVENTS.c.rule == LIVES.c.rule,
            LIFE_EVENTS.c.run == RUNS.c.id,
            RUNS.c.audit == audit_id,
            ~was_before,
        )
        .correlate(LIVES)
    )
    is_closed = LIVES.c.state != LifeState.OPEN
    mine = LIVES.c.audit == audit_id
    connection.execute(update(LIVES).where(mine, is_closed, ~later).values(person=""))
