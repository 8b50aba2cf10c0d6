"""What three years of weekly runs weigh in the registry: `python -m benchmarks.registry`.

Invents the runs of 600 managers in 30 teams: each with its headline figures, as many as the demo has, and with the
findings that it opened and saw completed. Prints the size of the file, and in how many seconds a run learns what was
before it.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.config import load_audit
from pipeline.demo import write_demo
from pipeline.flows.compute import compute
from pipeline.flows.extract import extract
from pipeline.flows.remember import _EARLIER
from pipeline.measures.headlines import HEADLINES
from pipeline.model import Debtor, Scope
from pipeline.model.figures import Numbers
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState
from pipeline.progress import Silence
from pipeline.registry import runs
from pipeline.registry.database import Registry, open_registry
from pipeline.registry.lives import changed_in, record_lives
from pipeline.registry.runs import Run

AS_OF: Final = datetime(2026, 11, 24, 8, tzinfo=UTC)
_WEEK: Final = timedelta(weeks=1)
_NAMES: Final = frozenset(measure.name for measure in HEADLINES)


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the runs, and tells what they weigh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=156, help="runs (default: 156)")
    parser.add_argument("--managers", type=int, default=600, help="(default: 600)")
    parser.add_argument(
        "--changes", type=int, default=6_000, help="findings that a run changes (default: 6000)"
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        figures = headlines(Path(folder))
        registry = open_registry(Path(folder) / "registry")
        for week in range(given.weeks):
            write(registry, week, given.managers, given.changes, figures)
        size = sum(file.stat().st_size for file in (Path(folder) / "registry").iterdir())
        print(
            f"{given.weeks} runs of {given.managers} managers, {given.changes:,} findings changed in each"
        )
        print(f"the registry: {size / 1e6:,.0f} MB")
        for what, seconds in asked(registry, given.weeks):
            print(f"{what}: {seconds:.3f} s")


def headlines(folder: Path) -> dict[str, Numbers]:
    """The headline figures of a manager of the demo."""
    audit = load_audit(write_demo(folder, AS_OF.date()).config)
    data = folder / "data"
    data.mkdir()
    extract(audit, data, clock=lambda: AS_OF, as_of=AS_OF, progress=Silence())
    kept = compute(data, run_id="demo", progress=Silence()).figures.only(
        lambda heading: heading.metric in _NAMES
    )
    return max(
        (numbers for scope, _, numbers in kept.numbers() if scope is Scope.MANAGER), key=len
    )


def write(
    registry: Registry, week: int, managers: int, changes: int, figures: dict[str, Numbers]
) -> None:
    """One run, as `remember` records it."""
    as_of = AS_OF + week * _WEEK
    first, after_last = _month(as_of.date())
    run = Run(
        audit_id="sales",
        run_id=f"{week:04}",
        place="here:/output",
        as_of=as_of,
        injected=False,
        day=as_of.date(),
        period="month",
        first=first,
        after_last=after_last,
        program="1",
        rules="0" * 64,
    )
    people = [(Scope.MANAGER, f"user-{number:04}") for number in range(managers)]
    teams = [(Scope.TEAM, f"team-{number:02}") for number in range(managers // 20)]
    with registry.transaction() as connection:
        runs.announce(connection, run)
        number = runs.number_of(connection, run.run_id)
        assert number is not None
        runs.record(connection, number, observed=True)
        scopes = [*people, *teams, (Scope.COMPANY, "")]
        runs.record_headlines(
            connection, number, ((scope, key, figures) for scope, key in scopes)
        )
        record_lives(connection, "sales", number, _changed(week, managers, changes))


def _changed(week: int, managers: int, changes: int) -> Iterator[tuple[Life, LifeEvent]]:
    """Half of them new, half of those of the week before completed."""
    chance = random.Random(week)
    for number in range(changes // 2):
        person = f"user-{chance.randrange(managers):04}"
        yield _life(week, number, person, LifeState.OPEN), LifeEvent.OPENED
        yield _life(week - 1, number, person, LifeState.REPAIRED), LifeEvent.REPAIRED


def _life(week: int, number: int, person: str, state: LifeState) -> Life:
    key = FindingKey("contact", f"{week:04}-{number:06}-3f2a-4c1e", "phone_or_email")
    return Life(f"F{week:04}{number:05}", key, state, person, Debtor.OWNER, "0" * 16)


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def asked(registry: Registry, weeks: int) -> Iterator[tuple[str, float]]:
    """What a run asks of the runs before it."""
    now = AS_OF + weeks * _WEEK
    began = time.perf_counter()
    with registry.transaction() as connection:
        found = runs.earlier(connection, "sales", "month", now, most=_EARLIER)
    yield f"the figures of {len(found)} runs before", time.perf_counter() - began
    began = time.perf_counter()
    with registry.transaction() as connection:
        completed, _ = changed_in(connection, "sales", *_month(now.date()))
    yield f"{len(completed):,} findings completed in the month", time.perf_counter() - began


if __name__ == "__main__":
    main()
