"""What the registry forgets of people, and what stays: of whom, of which runs, of which audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from pipeline.model import Scope
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState
from pipeline.registry.database import Registry
from pipeline.registry.lives import lives_of, record_lives
from pipeline.registry.people import forget_people
from pipeline.registry.runs import announce, number_of, record, record_headlines
from pipeline.registry.tables import HEADLINES, LIFE_EVENTS, RUNS
from tests.registry.test_lives import OPEN, REPAIRED
from tests.registry.test_runs import MONDAY, RUN, WEEK

LIMIT = MONDAY + WEEK
SCOPES = (
    (Scope.MANAGER, "a"),
    (Scope.INACTIVE, "b"),
    (Scope.TEAM, "t"),
    (Scope.COMPANY, ""),
)
SECOND = replace(REPAIRED, id="BBBBBBBBBB", key=FindingKey("deal", "d2", "amount"))


def run(
    connection: Connection, audit: str, as_of: datetime, *lives: tuple[Life, LifeEvent]
) -> None:
    """A published run that left these lives so."""
    run_id = f"{audit} {as_of}"
    announce(connection, replace(RUN, audit_id=audit, run_id=run_id, as_of=as_of))
    number = number_of(connection, run_id)
    assert number is not None
    record(connection, number, observed=True)
    figures = [(scope, key, {"score": (1, 2)}) for scope, key in SCOPES]
    record_headlines(connection, number, figures)
    record_lives(connection, audit, number, lives)


def scopes_of(connection: Connection, audit: str, as_of: datetime) -> set[str]:
    kept = select(HEADLINES.c.scope).join(RUNS).where(RUNS.c.run_id == f"{audit} {as_of}")
    return {*connection.execute(kept).scalars()}


def test_of_earlier_runs_of_the_audit_only_teams_and_the_company_stay(
    registry: Registry,
) -> None:
    """A run at the limit is no earlier one."""
    every = {str(scope) for scope, _ in SCOPES}
    with registry.transaction() as connection:
        run(connection, "sales", MONDAY)
        run(connection, "sales", LIMIT)
        run(connection, "service", MONDAY)
        forget_people(connection, "sales", LIMIT)
        assert scopes_of(connection, "sales", MONDAY) == {"team", "company"}
        assert scopes_of(connection, "sales", LIMIT) == every
        assert scopes_of(connection, "service", MONDAY) == every


def test_of_a_closed_finding_nobody_is_known_once_all_its_changes_are_earlier(
    registry: Registry,
) -> None:
    """What the same record is in another audit makes no difference."""
    repaired = REPAIRED, LifeEvent.REPAIRED
    with registry.transaction() as connection:
        run(connection, "sales", MONDAY, repaired, (SECOND, LifeEvent.REPAIRED))
        run(connection, "sales", LIMIT, (SECOND, LifeEvent.REPAIRED))
        run(connection, "service", LIMIT, repaired)
        forget_people(connection, "sales", LIMIT)
        assert [*lives_of(connection, "sales", "deal")] == [
            replace(REPAIRED, person=""),
            SECOND,
        ]
        assert [*lives_of(connection, "service", "deal")] == [REPAIRED]
        events = connection.execute(select(LIFE_EVENTS.c.person).order_by(LIFE_EVENTS.c.id))
        assert [*events.scalars()] == ["", "", "a", "a"]


def test_an_open_finding_keeps_who_is_to_complete_it(registry: Registry) -> None:
    with registry.transaction() as connection:
        run(connection, "sales", MONDAY, (OPEN, LifeEvent.OPENED))
        forget_people(connection, "sales", LIMIT)
        [life] = lives_of(connection, "sales", "deal")
    assert (life.state, life.person) == (LifeState.OPEN, "a")
