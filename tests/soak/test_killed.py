"""Runs that are killed while they publish: no run and no finding is lost or doubled."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import nullcontext
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.delivery.folder import Draft
from pipeline.flows import run as flow
from pipeline.registry.tables import HEADLINES, LIVES, RUNS
from tests.postgres import database
from tests.weeks import Weeks, deal

KILLED = 50
LONGEST = 0.15  # seconds: a run that began to publish has done so by then
PAUSE = 0.04
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.preloaded"])


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with database() if request.param == "postgresql" else nullcontext() as url:
        yield url.render_as_string(hide_password=False) if url else ""


def test_runs_that_are_killed_while_they_publish(tmp_path: Path, address: str) -> None:
    chance = random.Random(20261127)
    deals = [deal(f"d{number:02}") for number in range(40)]
    weeks = Weeks(tmp_path, deals, address)
    names = [row["id"] for row in deals]
    for week in range(1, KILLED + 1):
        weeks.empty(*chance.sample(names, 3))
        weeks.fill(*chance.sample(names, 3))
        _killed(tmp_path, address, week, chance.uniform(0, LONGEST))
    weeks.run(KILLED + 1)
    published = {folder.name for folder in (tmp_path / "output" / "runs").iterdir()}
    with weeks.registry().transaction() as connection:
        runs = connection.execute(select(RUNS)).all()
        lives = connection.execute(select(LIVES)).all()
        headlines = connection.execute(select(HEADLINES.c.run)).scalars().all()
    assert {run.run_id for run in runs} == published
    assert {run.state for run in runs} == {"published"}
    assert set(headlines) == {run.id for run in runs}
    assert 5 < len(published) < KILLED - 5  # some had their name, some had not
    latest = (tmp_path / "output" / "latest").resolve().name
    assert latest == f"{KILLED + 1:02}-weekly"
    assert {life.record_id for life in lives if life.state == "open"} == weeks.without_amount()
    for events in weeks.lives().values():
        _alternate([event.split()[0] for event in events.split(", ")])


def _alternate(events: list[str]) -> None:
    """Opened, repaired, reopened, repaired…: each once, none left out."""
    assert events[0] == "opened"
    assert events[1::2] == ["repaired"] * len(events[1::2])
    assert events[2::2] == ["reopened"] * len(events[2::2])


def _killed(folder: Path, address: str, week: int, after: float) -> None:
    """A run in a process of its own that is killed so many seconds after it began to publish."""
    begun = _SERVER.Event()
    process = _SERVER.Process(target=_run, args=(folder, address, week, begun))
    process.start()
    assert begun.wait(60)
    time.sleep(after)
    process.kill()
    process.join()


def _run(folder: Path, address: str, week: int, begun: Event) -> None:
    """The steps of publishing, with pauses between them in which a process may die too."""
    announce, publish = flow.announce, Draft.publish

    def announced(*given: Any) -> Any:
        begun.set()
        run = announce(*given)
        time.sleep(PAUSE)
        return run

    def published(draft: Draft, *given: Any) -> Path:
        final = publish(draft, *given)
        time.sleep(PAUSE)
        return final

    flow.announce, Draft.publish = announced, published  # type: ignore[method-assign]
    Weeks(folder, registry=address).run(week)
