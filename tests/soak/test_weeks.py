"""Thirty weeks of schedulers that fail, die and are started again: each fire ends once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time as real_time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.registry.fires import State
from pipeline.schedule.scheduler import Scheduler
from tests.schedule.test_schedule import (
    AFTERWARDS,
    DAY,
    FIRST,
    LIVES,
    THREE,
    Brittle,
    Crash,
    Deaths,
    World,
    assert_each_fire_ended_once,
    local,
    moments,
)


def test_thirty_weeks(tmp_path: Path) -> None:
    chance = random.Random(20260928)
    world = World(tmp_path / "output", local(f"{FIRST} 00:00"))
    Brittle.deaths = Deaths()
    outages = {FIRST + n * DAY for n in chance.sample(range(210), 30)}
    failures: Counter[str] = Counter()

    def fail(run_id: str) -> None:
        real_time.sleep(0.001)  # long enough for the other one to come along
        Brittle.deaths.may_die("before publishing")
        if world.now.date() in outages or chance.random() < 0.15:
            failures[run_id] += 1
            raise SourceError("the CRM does not answer")
        if chance.random() < 0.03:
            raise ZeroDivisionError

    def die(run_id: str) -> None:
        Brittle.deaths.may_die("after publishing")

    world.before, world.after = fail, die
    world.scheduler(THREE).tick()  # first sight
    together = threading.Barrier(2)

    def live(scheduler: Scheduler, beside_another: bool) -> None:
        if beside_another:
            together.wait()
        try:
            scheduler.tick()
        except Crash:
            return

    with ThreadPoolExecutor(2) as pool:
        schedulers = [world.scheduler(THREE, Brittle) for _ in range(2)]
        for number, moment in enumerate(moments(chance)):
            world.now = moment
            alive = schedulers[: 1 + number % 2]
            list(pool.map(live, alive, [len(alive) == 2] * 2))

    world.before = world.after = lambda run_id: None
    world.now = AFTERWARDS
    world.scheduler(THREE).tick()
    assert world.collisions == []
    assert_each_fire_ended_once(world.rows(), Counter(run_id for run_id, _ in world.published))
    states = Counter(run.state for run in world.rows())
    assert states[State.PUBLISHED] > 150, "the simulation published too little to say anything"
    assert states[State.MISSED] > 30
    assert len(failures) > 30
    assert len(Brittle.deaths.died) == 2 * 6, "the process did not die at each point"
    assert not list(world.output.glob(".aside-*"))


def test_thirty_weeks_of_two_processes_that_die_and_are_started_again(tmp_path: Path) -> None:
    output = tmp_path / "output"
    world = World(output, local(f"{FIRST} 00:00"))
    world.scheduler(THREE).tick()  # first sight
    (output / "clock").write_text(world.now.isoformat())

    def keep_alive(seed: int) -> int:
        """Starts the process again wherever its clock stood when it died; gives how often it died."""
        lives, at = seed, world.now.isoformat()
        while True:
            done = subprocess.run(
                [sys.executable, "-c", LIVES, output, str(lives), at],
                check=False,
                capture_output=True,
            )
            if done.returncode == 0:
                return lives // 100
            assert done.returncode == 9, done.stderr.decode()
            at = (output / f"clock-{lives}").read_text()
            lives += 100

    with ThreadPoolExecutor(2) as pool:
        deaths = list(pool.map(keep_alive, (1, 2)))
    world.now = AFTERWARDS
    world.scheduler(THREE).tick()
    log = [line.split() for line in (output / "log").read_text().splitlines()]
    assert [word for word in log if word[0] == "collision"] == []
    published = Counter([word[1] for word in log] + [run_id for run_id, _ in world.published])
    assert_each_fire_ended_once(world.rows(), published)
    assert sum(deaths) >= 3  # which of the two publishes, and so may die, is their race
