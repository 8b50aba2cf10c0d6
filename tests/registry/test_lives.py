"""Lives in the registry: they are kept as the last run left them, and counted by days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection

from pipeline.model import Debtor
from pipeline.model.history import Credit
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState
from pipeline.registry.database import Registry
from pipeline.registry.lives import changed_in, lives_of, record_lives
from pipeline.registry.runs import announce, number_of
from tests.registry.test_runs import RUN

DAY = timedelta(days=1)
KEY = FindingKey("deal", "d1", "amount")
OPEN = Life("AAAAAAAAAA", KEY, LifeState.OPEN, "a", Debtor.OWNER, "1")
REPAIRED = replace(OPEN, state=LifeState.REPAIRED)


def see(connection: Connection, day: date, life: Life, event: LifeEvent | None) -> None:
    """A run of that day leaves the life so."""
    announce(connection, replace(RUN, run_id=str(day), day=day))
    number = number_of(connection, str(day))
    assert number is not None
    record_lives(connection, "sales", number, [(life, event)])


@pytest.mark.parametrize(
    ("first", "after", "counts"),
    [
        (RUN.day, RUN.day + DAY, True),
        (RUN.day - DAY, RUN.day, False),
        (RUN.day + DAY, RUN.day + 7 * DAY, False),
    ],
)
def test_what_a_run_saw_is_of_the_period_that_holds_its_day(
    registry: Registry, first: date, after: date, counts: bool
) -> None:
    credit = Credit(OPEN.id, "a", Debtor.OWNER)
    expected = {KEY: credit} if counts else {}
    with registry.transaction() as connection:
        see(connection, RUN.day - 9 * DAY, OPEN, LifeEvent.OPENED)
        see(connection, RUN.day, REPAIRED, LifeEvent.REPAIRED)
        assert changed_in(connection, "sales", first, after) == (expected, {})
        assert changed_in(connection, "service", first, after) == ({}, {})


@pytest.mark.parametrize(
    ("first", "after", "counts"),
    [
        (RUN.day, RUN.day + DAY, True),
        (RUN.day - DAY, RUN.day, False),
        (RUN.day + DAY, RUN.day + 7 * DAY, False),
    ],
)
def test_what_fails_again_is_of_the_period_in_which_it_did(
    registry: Registry, first: date, after: date, counts: bool
) -> None:
    """It was completed the day before, and is no longer."""
    expected = {KEY} if counts else set()
    with registry.transaction() as connection:
        see(connection, RUN.day - DAY, REPAIRED, LifeEvent.REPAIRED)
        see(connection, RUN.day, OPEN, LifeEvent.REOPENED)
        completed, open_again = changed_in(connection, "sales", first, after)
    assert (completed, open_again.keys()) == ({}, expected)


def test_a_life_is_kept_as_the_last_run_left_it(registry: Registry) -> None:
    """Whoever owes it now, and by what rule; it keeps its id."""
    now = replace(OPEN, person="", debtor=Debtor.OPERATOR, content="2")
    with registry.transaction() as connection:
        see(connection, RUN.day, OPEN, LifeEvent.OPENED)
        see(connection, RUN.day + DAY, now, LifeEvent.HANDED_OVER)
        assert [*lives_of(connection, "sales", "deal")] == [now]
        assert [*lives_of(connection, "service", "deal")] == []
