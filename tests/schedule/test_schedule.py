"""Every fire ends exactly once: through failures, downtime, crashes at any point, and schedulers side by side."""

from __future__ import annotations

import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from pipeline.errors import ConfigError, ProofError, PublishError, SourceError
from pipeline.registry.database import open_registry
from pipeline.registry.fires import Fire, Ledger, Run, State
from pipeline.schedule.scheduler import (
    RETRY_MINUTES,
    CronFires,
    Scheduler,
    Timetable,
    read_timetable,
    run_id_of,
)
from tests.paths import ROOT

ZONE = "Europe/Amsterdam"
PLACE = ZoneInfo(ZONE)
WEEKLY = {"weekly": "0 7 * * mon"}
THREE = {**WEEKLY, "nightly": "30 2 * * *", "evening": "0 18 * * mon-fri"}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Crash(BaseException):
    """The process dies here: nothing that catches an Exception sees it."""


@dataclass
class World:
    """An output folder, a clock that the test turns, and what was published when."""

    output: Path
    now: datetime
    published: list[tuple[str, datetime]] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    dues: list[datetime] = field(default_factory=list)
    collisions: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda run_id: (
        None
    )  # what happens in a run before it publishes
    after: Callable[[str], None] = lambda run_id: None  # and between publishing and the ledger

    def publish(self, run_id: str, due: datetime) -> None:
        """Like the real one: written aside, then renamed as a whole; a folder that is there is never replaced."""
        self.attempts.append(run_id)
        self.dues.append(due)
        self.before(run_id)
        runs = self.output / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=self.output, prefix=".aside-"))
        try:
            (aside / "report.html").write_text(run_id)
            try:
                aside.rename(runs / run_id)
            except OSError:
                self.collisions.append(run_id)
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        self.published.append((run_id, self.now))
        self.after(run_id)

    def scheduler(
        self,
        schedule: Mapping[str, str] = WEEKLY,
        ledger: type[Ledger] = Ledger,
        audit: str = "acme",
    ) -> Scheduler:
        return Scheduler(
            lambda: read_timetable(audit, ZONE, schedule, self.output),
            ledger(open_registry(self.output)),
            clock=lambda: self.now,
            publish=self.publish,
            tell=self.told.append,
        )

    def rows(self, schedule: str | None = None) -> list[Run]:
        return Ledger(open_registry(self.output)).rows("acme", schedule)

    def states(self) -> list[str]:
        return [
            f"{run.fire.at.astimezone(PLACE):%m-%d %H:%M} {run.state}" for run in self.rows()
        ]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PLACE).astimezone(UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A Sunday noon; nothing has run yet, and the weekly schedule is known from now on."""
    world = World(tmp_path / "output", local("2026-11-15 12:00"))
    world.scheduler().tick()
    return world


# ------------------------------------------------------------------------------------------------ one by one


def test_a_new_schedule_owes_nothing_from_before_it_existed(world: World) -> None:
    world.scheduler(THREE).tick()
    assert world.rows() == []
    assert world.attempts == []


def test_a_fire_is_published_once_and_not_before_its_time(world: World) -> None:
    for moment in (
        "2026-11-16 06:59",
        "2026-11-16 07:00",
        "2026-11-16 07:00",
        "2026-11-18 12:00",
    ):
        world.now = local(moment)
        assert world.scheduler().tick() == {"weekly": None}
    assert world.published == [
        (
            run_id_of(Fire("acme", "weekly", local("2026-11-16 07:00"))),
            local("2026-11-16 07:00"),
        )
    ]
    assert world.states() == ["11-16 07:00 published"]
    assert world.told == [f"weekly: Mon 16 Nov 07:00 CET published as {world.published[0][0]}"]


def test_after_downtime_the_latest_is_published_and_the_earlier_ones_are_missed(
    world: World,
) -> None:
    world.now = local("2026-12-02 15:00")
    world.scheduler().tick()
    assert world.states() == [
        "11-16 07:00 missed",
        "11-23 07:00 missed",
        "11-30 07:00 published",
    ]
    assert [moment for _, moment in world.published] == [world.now]
    assert (
        world.told[0]
        == "weekly: 2 missed, the last of Mon 23 Nov 07:00 CET; a later one is due"
    )


def test_a_failed_run_is_tried_again_after_longer_and_longer_pauses(world: World) -> None:
    def down(run_id: str) -> None:
        raise SourceError("the CRM does\nnot answer")

    world.before = down
    world.now = local("2026-11-16 07:00")
    for number, pause in enumerate((*RETRY_MINUTES, 60), start=1):
        assert world.scheduler().tick() == {"weekly": world.now + pause * MINUTE}
        assert len(world.attempts) == number
        world.scheduler().tick()
        world.now += pause * MINUTE - timedelta(seconds=1)
        world.scheduler().tick()
        assert len(world.attempts) == number
        world.now += timedelta(seconds=1)
    (run,) = world.rows()
    assert (run.state, run.exit_status, run.message) == (
        State.OPEN,
        3,
        "the CRM does not answer",
    )
    world.before = lambda run_id: None
    assert world.scheduler().tick() == {"weekly": None}
    (run,) = world.rows()
    assert (run.state, run.exit_status, run.attempts, run.message) == (
        State.PUBLISHED,
        0,
        6,
        "",
    )


def test_a_later_fire_makes_a_failed_one_missed(world: World) -> None:
    def differs(run_id: str) -> None:
        raise ProofError("deals_won differs")

    world.before = differs
    world.now = local("2026-11-16 07:00")
    world.scheduler().tick()
    world.now = local("2026-11-23 07:00")
    world.before = lambda run_id: None
    world.scheduler().tick()
    assert world.states() == ["11-16 07:00 missed", "11-23 07:00 published"]
    assert (world.rows()[0].exit_status, world.rows()[0].message) == (4, "deals_won differs")


def test_a_defect_is_ledgered_and_logged_without_its_text_and_does_not_end_the_scheduler(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    client = "jane.doe@example.com"

    def defect(run_id: str) -> None:
        raise KeyError(client)

    world.before = defect
    world.now = local("2026-11-16 07:00")
    assert world.scheduler(THREE).tick()["weekly"] == world.now + MINUTE
    (run,) = world.rows("weekly")
    assert (run.state, run.exit_status) == (State.OPEN, 70)
    assert run.message.startswith("a defect of crm-audit: KeyError in test_schedule.py, line ")
    assert "raise KeyError" in caplog.text  # where it happened
    assert client not in " ".join([run.message, caplog.text, *world.told])


def test_a_changed_line_starts_anew_but_a_fire_left_open_is_still_owed(world: World) -> None:
    def down(run_id: str) -> None:
        raise SourceError("down")

    world.before = down
    world.now = local("2026-11-16 07:00")
    world.scheduler().tick()
    world.before = lambda run_id: None
    world.now = local("2026-11-18 12:00")
    world.scheduler(
        {"weekly": "0 7 * * tue"}
    ).tick()  # the Tuesday before the change is not made up
    world.now = local("2026-11-24 07:00")
    world.scheduler({"weekly": "0 7 * * tue"}).tick()
    assert world.states() == ["11-16 07:00 published", "11-24 07:00 published"]


def test_a_run_that_published_and_then_broke_is_not_published_again(world: World) -> None:
    def latest_cannot_be_switched(run_id: str) -> None:
        raise PublishError("output/latest cannot be switched")

    world.after = latest_cannot_be_switched
    world.now = local("2026-11-16 07:00")
    again = world.scheduler().tick()["weekly"]
    assert again is not None
    world.now = local("2026-11-23 07:00")
    world.after = lambda run_id: None
    world.scheduler().tick()
    assert world.states() == ["11-16 07:00 published", "11-23 07:00 published"]
    assert len(world.attempts) == 2


def test_names_cannot_leave_the_folder_nor_meet(world: World) -> None:
    names = ["../../etc/passwd", "weekly", "Weekly", "", "неделя", "a/b", "a b", "x" * 500]
    fires = [Fire(audit, name, world.now) for name in names for audit in ("acme", "other")]
    ids = {run_id_of(fire).lower() for fire in fires}
    assert len(ids) == len(fires)
    assert all(
        set(run_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and len(run_id) < 100
        for run_id in ids
    )
    world.scheduler(dict.fromkeys(names, "0 7 * * mon")).tick()
    locks = {file.name for file in world.output.iterdir()} - {"registry.db"}
    assert len(locks) == len(names)
    assert all(lock.startswith(".schedule-") and lock.endswith(".lock") for lock in locks)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({}, "nothing is scheduled"),
        ({"manual": "0 7 * * mon"}, "by hand"),
        ({"weekly": "0 7 * * 1"}, "write mon, tue"),
    ],
)
def test_a_timetable_that_cannot_be_kept_is_refused(
    schedule: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        read_timetable("acme", ZONE, schedule, tmp_path)


def test_the_trigger_gives_our_fires(tmp_path: Path) -> None:
    rule = read_timetable("acme", ZONE, THREE, tmp_path).rules["nightly"]
    trigger, start = CronFires(rule, ZONE), local("2026-10-24 12:00")
    first = trigger.get_next_fire_time(None, start)
    second = trigger.get_next_fire_time(first, start)
    assert [first, second] == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
    ]


def test_a_run_is_told_when_it_was_due(world: World) -> None:
    world.now = local("2026-12-02 15:00")
    world.scheduler().tick()
    assert world.dues == [local("2026-11-30 07:00")]


def test_the_pause_after_a_failed_attempt_is_counted_from_its_end(world: World) -> None:
    def slow(run_id: str) -> None:
        world.now += 10 * MINUTE
        raise SourceError("the CRM does not answer")

    world.before = slow
    world.now = local("2026-11-16 07:00")
    assert world.scheduler().tick() == {"weekly": local("2026-11-16 07:11")}
    assert world.rows()[0].ended_at == local("2026-11-16 07:10")


# ------------------------------------------------------------------------------------------------ read anew


def test_the_timetable_is_read_anew_and_a_broken_one_is_told_once(world: World) -> None:
    schedule: dict[str, str] = dict(WEEKLY)
    scheduler = world.scheduler(schedule)
    schedule["nightly"] = "30 2 * * *"
    assert scheduler.tick().keys() == {"weekly", "nightly"}
    schedule["nightly"] = "30 2 * * 1"
    for moment in ("2026-11-16 01:00", "2026-11-16 02:30"):
        world.now = local(moment)
        scheduler.tick()
    assert [line for line in world.told if "stay as they were" in line] == [world.told[0]]
    assert "write mon, tue" in world.told[0]
    assert world.states() == ["11-16 02:30 published"]  # by the line of before
    schedule["nightly"] = "30 3 * * *"
    world.now = local("2026-11-16 03:30")
    scheduler.tick()
    del schedule["nightly"]
    world.now = local("2026-11-18 03:30")
    assert scheduler.tick().keys() == {"weekly"}


def test_alarms_follow_the_timetable(world: World) -> None:
    schedule: dict[str, str] = dict(WEEKLY)
    scheduler, alarms = world.scheduler(schedule), BackgroundScheduler(timezone=UTC)
    scheduler._pass(alarms, threading.Event())
    armed = alarms.get_jobs()
    scheduler._pass(alarms, threading.Event())
    assert [job.id for job in armed] == ["weekly"]
    assert list(map(id, alarms.get_jobs())) == list(
        map(id, armed)
    )  # left alone where nothing has changed
    schedule["nightly"] = "30 2 * * *"
    scheduler._pass(alarms, threading.Event())
    assert {job.id for job in alarms.get_jobs()} == {"weekly", "nightly"}


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_a_clock_that_was_wrong_once_does_not_end_the_schedule(world: World) -> None:
    world.now = local("2035-01-01 12:00")
    world.scheduler(
        {**WEEKLY, "nightly": "30 2 * * *"}
    ).tick()  # nightly is known since then only
    assert len(world.published) == 1
    world.told.clear()
    scheduler = world.scheduler({**WEEKLY, "nightly": "30 2 * * *"})
    for moment in ("2026-11-15 13:00", "2026-11-15 13:01", "2026-11-16 07:00"):
        world.now = local(moment)
        scheduler.tick()
    assert [line.split(",")[0] for line in world.told[:2]] == [
        "weekly: the ledger knows of Mon 01 Jan 2035 07:00 CET",
        "nightly: the ledger knows of Mon 01 Jan 2035 12:00 CET",
    ]
    assert sorted(line.split(":")[0] for line in world.told[2:]) == ["nightly", "weekly"]
    assert [at for _, at in world.published[1:]] == [local("2026-11-16 07:00")] * 2
    assert world.states() == [
        "11-16 02:30 published",
        "11-16 07:00 published",
        "01-01 07:00 published",
    ]


def test_a_clock_that_is_put_right_by_seconds_is_no_news(world: World) -> None:
    world.now = local("2026-11-16 07:00")
    world.scheduler().tick()
    world.told.clear()
    world.now -= timedelta(seconds=2)
    world.scheduler().tick()
    assert world.told == []
    world.now += timedelta(seconds=2)
    world.scheduler().tick()
    assert len(world.attempts) == 1


def test_a_report_that_is_published_while_the_ledger_is_locked_is_said_to_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.registry.database._BUSY_SECONDS", 0.05)
    world.now = local("2026-11-16 07:00")
    holder = sqlite3.connect(world.output / "registry.db", isolation_level=None)

    def lock(run_id: str) -> None:
        holder.execute("BEGIN IMMEDIATE")

    world.after = lock
    with pytest.raises(PublishError, match="locked"):
        world.scheduler().tick()
    assert world.told == [f"weekly: Mon 16 Nov 07:00 CET published as {world.published[0][0]}"]
    holder.execute("ROLLBACK")
    holder.close()
    world.scheduler().tick()
    assert world.states() == ["11-16 07:00 published"]


def test_a_failure_is_said_while_the_ledger_is_locked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.registry.database._BUSY_SECONDS", 0.05)
    world.now = local("2026-11-16 07:00")
    holder = sqlite3.connect(world.output / "registry.db", isolation_level=None)

    def lock(run_id: str) -> None:
        holder.execute("BEGIN IMMEDIATE")
        raise SourceError("the CRM does not answer")

    world.before = lock
    with pytest.raises(PublishError, match="locked"):
        world.scheduler().tick()
    holder.close()
    assert world.told == [
        "weekly: Mon 16 Nov 07:00 CET failed with exit status 3: the CRM does not answer"
    ]


def test_latest_is_completed_by_the_next_pass(world: World) -> None:
    run = world.output / "runs" / "killed"
    run.mkdir(parents=True)
    (world.output / ".latest-killed").symlink_to(Path("runs") / "killed")
    world.scheduler().tick()
    assert (world.output / "latest").resolve() == run.resolve()


def test_the_lock_of_a_schedule_is_its_owners_alone(world: World) -> None:
    [lock] = world.output.glob(".schedule-*.lock")
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


# ------------------------------------------------------------------------------------------------ thirty weeks

FIRST, LAST = date(2026, 9, 28), date(2027, 4, 26)
"""210 days and both clock changes: 25 October and 28 March."""
AFTERWARDS = local(f"{LAST} 01:30")
"""The longest pause after a failure is over, and no further fire is due yet."""


def expected_fires() -> dict[str, set[datetime]]:
    """What is due from FIRST to the day before LAST, counted by hand: local days, one fire each."""
    days = [FIRST + n * DAY for n in range((LAST - FIRST).days)]

    def at(day: date, hour: int, minute: int) -> datetime:
        return local(f"{day} {time(hour, minute)}")

    nightly = {at(day, 2, 30) for day in days} - {local("2027-03-28 02:30")}
    return {
        "weekly": {at(day, 7, 0) for day in days if day.weekday() == 0},
        "nightly": nightly | {datetime(2027, 3, 28, 1, 30, tzinfo=UTC)},  # 03:30 in summer time
        "evening": {at(day, 18, 0) for day in days if day.weekday() < 5},
    }


def assert_each_fire_ended_once(runs: list[Run], published: Counter[str]) -> None:
    """Each due fire has one row, ended; a published one was published once, and a missed one had a later one due."""
    due = expected_fires()
    assert Counter((run.fire.schedule, run.fire.at) for run in runs) == {
        (name, instant): 1 for name, instants in due.items() for instant in instants
    }
    ended = {state: [run for run in runs if run.state == state] for state in State}
    assert not ended[State.OPEN]
    assert published == {run_id_of(run.fire): 1 for run in ended[State.PUBLISHED]}
    for run in ended[State.MISSED]:
        assert run.ended_at is not None
        assert any(run.fire.at < later <= run.ended_at for later in due[run.fire.schedule])
    assert {run.fire.at for run in ended[State.PUBLISHED]} >= {
        max(instants) for instants in due.values()
    }


def moments(chance: random.Random) -> Iterator[datetime]:
    """Irregular steps of minutes to hours, and now and then days without one; to the end of the last retry."""
    now, end = local(f"{FIRST} 00:00"), local(f"{LAST} 00:00")
    while now < end:
        yield now
        downtime = chance.random() < 0.02
        now += (
            chance.uniform(1, 9) * DAY
            if downtime
            else chance.choice([3 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR])
        )
        now += chance.uniform(0, 60) * MINUTE
    yield from (end - MINUTE + n * timedelta(seconds=1) for n in range(3))


class Deaths:
    """Lets the process die now and then at each point: at every 13th time that it comes there."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.died: Counter[str] = Counter()

    def may_die(self, where: str) -> None:
        self.times[where] += 1
        often = 97 if "known_since" in where else 13  # every pass begins with it
        if self.times[where] % often == 0:
            self.died[where] += 1
            raise Crash(where)


class Brittle(Ledger):
    """A ledger whose process may die right before and right after any of its writes."""

    deaths: ClassVar = Deaths()

    def __getattribute__(self, name: str) -> Any:
        verb = super().__getattribute__(name)
        if name not in {"known_since", "opened", "published", "failed", "missed"}:
            return verb

        def brittle(*given: Any) -> Any:
            self.deaths.may_die(f"before {name}")
            result = verb(*given)
            self.deaths.may_die(f"after {name}")
            return result

        return brittle


LIVES = '''
import fcntl, os, random, shutil, sys, tempfile
from datetime import datetime, timedelta
from pathlib import Path
from pipeline.errors import SourceError
from pipeline.registry.database import open_registry
from pipeline.registry.fires import Ledger
from pipeline.schedule.scheduler import Scheduler, read_timetable
from tests.schedule.test_schedule import THREE, ZONE, moments

output, seed = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
start = datetime.fromisoformat(sys.argv[3])

def write(line):
    with open(output / "log", "a") as log:  # one short write to the end of a file is atomic
        log.write(line + "\\n")

def publish(run_id, due):
    if chance.random() < 0.02:
        os._exit(9)
    if chance.random() < 0.2:
        raise SourceError("down")
    (output / "runs").mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=output, prefix=".aside-"))
    (aside / "report.html").write_text(run_id)
    try:
        aside.rename(output / "runs" / run_id)
    except OSError:
        write("collision " + run_id)
        raise
    write("published " + run_id)
    if chance.random() < 0.02:
        os._exit(9)

def clock():
    return datetime.fromisoformat((output / "clock").read_text())

def turn(moment):
    """Both live by one clock, as processes of one machine do; it is never put back."""
    with open(output / "turning", "w") as turning:
        fcntl.flock(turning, fcntl.LOCK_EX)
        if moment > clock():
            (output / "turned").write_text(moment.isoformat())
            (output / "turned").replace(output / "clock")

scheduler = Scheduler(lambda: read_timetable("acme", ZONE, THREE, output), Ledger(open_registry(output)),
    clock=clock, publish=publish, tell=lambda line: None)
for now in moments(random.Random(seed)):
    if now >= start and chance.random() < 0.5:
        (output / f"clock-{sys.argv[2]}").write_text(now.isoformat())
        turn(now)
        scheduler.tick()
'''


# ------------------------------------------------------------------------------------------------ for ever

FOREVER = """
import signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from pipeline.registry.database import open_registry
from pipeline.registry.fires import Ledger
from pipeline.schedule.scheduler import Scheduler, read_timetable

output, seconds = Path(sys.argv[1]), float(sys.argv[2])
signal.alarm(20)  # whatever happens, the test does not wait for ever

def publish(run_id, due):
    print("begun", flush=True)
    time.sleep(seconds)
    (output / "runs" / run_id).mkdir(parents=True)

try:
    Scheduler(lambda: read_timetable("acme", "Europe/Amsterdam", {"daily": "0 0 * * *"}, output),
        Ledger(open_registry(output)),
        clock=lambda: datetime.now(UTC), publish=publish, tell=lambda line: print(line, flush=True)).run_forever()
except KeyboardInterrupt:
    sys.exit(130)
"""


def forever(output: Path, seconds: float) -> subprocess.Popen[str]:
    """A scheduler process on a daily schedule that is known for ten days; a run takes that many seconds."""
    now = datetime.now(UTC)
    Ledger(open_registry(output)).known_since(
        "acme", "daily", f"0 0 * * * {ZONE}", now - 10 * DAY
    )
    command = [sys.executable, "-c", FOREVER, str(output), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_makes_up_at_once_what_was_missed_and_stops_at_a_signal(
    number: int, tmp_path: Path
) -> None:
    with forever(tmp_path, 0) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        process.send_signal(number)
        assert process.wait(10) == 130
    assert "missed, the last of" in lines[0]
    assert lines[1] == "begun\n"
    assert "00:00 CE" in lines[2]
    assert "published as" in lines[2]
    assert lines[3].startswith("daily: next at ")
    *missed, published = Ledger(open_registry(tmp_path)).rows()
    assert {run.state for run in missed} == {State.MISSED}
    assert 8 <= len(missed) <= 10
    assert published.state == State.PUBLISHED
    assert [folder.name for folder in (tmp_path / "runs").iterdir()] == [published.run_id]


def test_a_signal_breaks_off_the_run_under_way_and_its_fire_stays_open(tmp_path: Path) -> None:
    with forever(tmp_path, 60) as process:
        assert process.stdout is not None
        assert "begun\n" in iter(process.stdout.readline, "")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 130
    last = Ledger(open_registry(tmp_path)).rows()[-1]
    assert (last.state, last.attempts, last.exit_status) == (State.OPEN, 1, None)


def test_an_unusable_ledger_does_not_end_the_scheduler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first pass fails, the second publishes; then the clock's signal ends the test."""
    passes = iter([PublishError("the run ledger cannot be used"), KeyboardInterrupt()])
    told: list[str] = []

    def known_since(*given: object) -> datetime:
        raise next(passes)

    ledger = Ledger(open_registry(tmp_path))
    monkeypatch.setattr(ledger, "known_since", known_since)
    monkeypatch.setattr("pipeline.schedule.scheduler._LOOK_AGAIN_SECONDS", 0.01)
    timetable: Timetable = read_timetable("acme", ZONE, WEEKLY, tmp_path)
    scheduler = Scheduler(
        lambda: timetable,
        ledger,
        lambda: datetime.now(UTC),
        lambda run_id, due: None,
        told.append,
    )
    before = signal.getsignal(signal.SIGINT)  # started in the background, the tests ignore it
    with pytest.raises(KeyboardInterrupt):
        scheduler.run_forever()
    assert told == ["schedules wait: the run ledger cannot be used"]
    assert signal.getsignal(signal.SIGINT) is before


def test_two_audits_of_one_folder_do_not_wait_for_each_other(world: World) -> None:
    """Their schedules have the same name."""
    for audit in ("acme", "other"):
        world.scheduler(audit=audit).tick()
    assert len([*world.output.glob(".schedule-*.lock")]) == 2


def test_different_audits_and_schedules_never_share_a_run_or_a_lock() -> None:
    """Whatever their names have in common, joined or cut to what a file's name can hold."""
    pairs = [("a-", "c"), ("a", "-c"), ("a", "c"), ("a", "C"), ("a", "c "), ("ac", ""), ("", "ac"), ("a", "\u65e5"),
             ("a", "\u672c"), ("a", "x" * 50), ("a", "x" * 51)]  # fmt: skip
    at = datetime(2026, 11, 16, 6, tzinfo=UTC)
    names = [run_id_of(Fire(audit, schedule, at)) for audit, schedule in pairs]
    assert len(set(names)) == len(pairs)
    assert all(re.fullmatch("[A-Za-z0-9-]{1,80}", name) for name in names)
