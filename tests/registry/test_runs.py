"""Runs in the registry: which one was before another, and what can be taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection

from pipeline.registry.database import Registry
from pipeline.registry.runs import Run, announce, earlier, is_later, number_of, record, withdraw

MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
WEEK = timedelta(weeks=1)
RUN = Run(
    audit_id="sales",
    run_id="first",
    place="here:/output",
    as_of=MONDAY,
    injected=False,
    day=date(2026, 11, 15),
    period="month",
    first=date(2026, 11, 1),
    after_last=date(2026, 12, 1),
    program="1",
    rules="0",
)


def publish(connection: Connection, run: Run, *, observed: bool = True) -> None:
    announce(connection, run)
    number = number_of(connection, run.run_id)
    assert number is not None
    record(connection, number, observed=observed)


@pytest.mark.parametrize(
    ("audit", "period", "as_of", "found"),
    [
        ("sales", "month", MONDAY + WEEK, "first"),
        ("sales", "month", MONDAY, None),
        ("sales", "week", MONDAY + WEEK, None),
        ("service", "month", MONDAY + WEEK, None),
    ],
)
def test_the_run_before_is_an_earlier_one_of_the_same_audit_and_period(
    registry: Registry, audit: str, period: str, as_of: datetime, found: str | None
) -> None:
    with registry.transaction() as connection:
        publish(connection, RUN)
        runs = earlier(connection, audit, period, as_of, most=1)
    assert (runs[0].run_id if runs else None) == found


def test_of_the_runs_before_the_last_ones_are_told_the_oldest_first(registry: Registry) -> None:
    with registry.transaction() as connection:
        for week in range(4):
            publish(
                connection,
                replace(RUN, run_id=f"{week}", as_of=MONDAY + week * WEEK, rules=f"{week}"),
            )
        runs = earlier(connection, "sales", "month", MONDAY + 3 * WEEK, most=2)
    assert [(run.run_id, run.rules) for run in runs] == [("1", "1"), ("2", "2")]


def test_a_run_that_lives_took_no_notice_of_is_before_none(registry: Registry) -> None:
    with registry.transaction() as connection:
        publish(connection, RUN, observed=False)
        assert earlier(connection, "sales", "month", MONDAY + WEEK, most=1) == []


def test_lives_take_notice_of_later_runs_by_the_clock(registry: Registry) -> None:
    later = replace(RUN, run_id="second", as_of=MONDAY + WEEK)
    with registry.transaction() as connection:
        publish(connection, RUN)
        assert is_later(connection, later)
        assert not is_later(connection, replace(later, injected=True))
        assert not is_later(connection, replace(later, as_of=MONDAY))
        assert is_later(connection, replace(later, audit_id="service", as_of=MONDAY - WEEK))


def test_what_was_announced_is_withdrawn_and_what_was_published_is_not(
    registry: Registry,
) -> None:
    """Another process may have recorded it meanwhile."""
    with registry.transaction() as connection:
        announce(connection, replace(RUN, run_id="announced"))
        publish(connection, RUN)
        for run_id in ("announced", RUN.run_id):
            withdraw(connection, run_id)
        assert number_of(connection, "announced") is None
        assert len(earlier(connection, "sales", "month", MONDAY + WEEK, most=1)) == 1
