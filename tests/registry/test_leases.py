"""Schedulers of several machines, each with its own folder, that share a registry."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SourceError
from pipeline.registry.database import Registry
from pipeline.registry.fires import Ledger, State
from pipeline.registry.leases import HELD, Lease
from pipeline.schedule.scheduler import Scheduler, read_timetable
from tests.schedule.test_schedule import MINUTE, WEEKLY, ZONE, World, local

SUNDAY, MONDAY = local("2026-11-15 12:00"), local("2026-11-16 07:00")


def machine(name: str, folder: Path, registry: Registry) -> tuple[World, Scheduler]:
    """A machine with its own folder, its own clock, and the registry of all."""
    world = World(folder / name, SUNDAY)
    world.output.mkdir()
    scheduler = Scheduler(
        lambda: read_timetable("acme", ZONE, WEEKLY, world.output),
        Ledger(registry),
        clock=lambda: world.now,
        publish=world.publish,
        tell=world.told.append,
        holder=name,
    )
    scheduler.tick()
    return world, scheduler


def test_a_fire_is_published_by_one_machine(registry: Registry, tmp_path: Path) -> None:
    (a, first), (b, second) = (machine(name, tmp_path, registry) for name in "ab")
    a.now = b.now = MONDAY + MINUTE
    first.tick()
    second.tick()
    assert (len(a.published), len(b.published)) == (1, 0)
    assert [run.state for run in Ledger(registry).rows("acme")] == [State.PUBLISHED]


def test_while_one_is_at_it_the_other_waits(registry: Registry, tmp_path: Path) -> None:
    (a, first), (b, second) = (machine(name, tmp_path, registry) for name in "ab")
    a.now = b.now = MONDAY + MINUTE
    waits: list[Any] = []

    def meanwhile(_: str) -> None:
        waits.append(second.tick()["weekly"])  # as long as after an attempt that failed
        b.now += 2 * MINUTE
        waits.append(second.tick()["weekly"])  # and as long as the lease holds

    a.before = meanwhile
    first.tick()
    assert waits == [a.now + MINUTE, a.now + HELD]
    assert (len(a.published), b.attempts) == (1, [])
    b.now += HELD
    assert second.tick() == {"weekly": None}
    assert b.attempts == []


def test_what_a_machine_failed_at_the_other_tries_again(
    registry: Registry, tmp_path: Path
) -> None:
    """It gives the lease back; the pause is the same for all."""
    (a, first), (b, second) = (machine(name, tmp_path, registry) for name in "ab")
    a.now = b.now = MONDAY + MINUTE

    def fails(_: str) -> None:
        raise SourceError("the CRM is away")

    a.before = fails
    again = first.tick()["weekly"]
    assert again == a.now + MINUTE
    assert second.tick() == {"weekly": again}
    b.now = again
    assert second.tick() == {"weekly": None}
    assert len(b.published) == 1


def test_the_lease_of_a_machine_that_died_runs_out(registry: Registry, tmp_path: Path) -> None:
    (_, _), (b, second) = (machine(name, tmp_path, registry) for name in "ab")
    b.now = MONDAY + MINUTE
    assert Lease(registry, "acme", "weekly", "a").take(b.now) is None  # and then it dies
    assert second.tick() == {"weekly": b.now + HELD}
    b.now += HELD
    assert second.tick() == {"weekly": None}
    assert len(b.published) == 1


def test_a_lease_is_renewed_while_a_run_lasts(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.registry.leases._RENEWED_SECONDS", 0.01)
    lease, now = Lease(registry, "acme", "weekly", "a"), [MONDAY]
    other = replace(lease, holder="b")
    with lease.held(lambda: now[0]) as until:
        assert until is None
        now[0] = MONDAY + HELD - timedelta(seconds=1)
        for _ in range(500):
            if (held := other.take(MONDAY)) and held > MONDAY + HELD:
                break
            threading.Event().wait(0.01)
        assert other.take(MONDAY + HELD) == now[0] + HELD
    assert other.take(now[0]) is None


def test_the_same_scheduler_takes_its_own_again(registry: Registry) -> None:
    lease = Lease(registry, "acme", "weekly", "a")
    assert lease.take(MONDAY) is None
    assert lease.take(MONDAY) is None
    assert replace(lease, schedule="nightly", holder="b").take(MONDAY) is None
    assert replace(lease, audit="other", holder="b").take(MONDAY) is None
    replace(lease, holder="b").give_back()
    assert replace(lease, holder="b").take(MONDAY) == MONDAY + HELD


def test_five_machines_at_once(registry: Registry, tmp_path: Path) -> None:
    """Eight Mondays: each fire is published once, by whichever comes first."""
    machines = [machine(name, tmp_path, registry) for name in "abcde"]
    for week in range(8):
        for world, _ in machines:
            world.now = MONDAY + timedelta(weeks=week, minutes=1)
        threads = [threading.Thread(target=scheduler.tick) for _, scheduler in machines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    published = Counter(run_id for world, _ in machines for run_id, _ in world.published)
    assert len(published) == 8
    assert set(published.values()) == {1}
    rows = Ledger(registry).rows("acme")
    assert [run.state for run in rows] == [State.PUBLISHED] * 8
    assert {run.attempts for run in rows} == {1}
