"""Decides when a run is due; every fire of a schedule ends exactly once, published or missed.

One pass checks every schedule. All fires since the last closed one are due: the latest is
published as of now, the earlier ones are missed. A failed run leaves its fire open; it is tried
again until it is published or a later fire is due. This holds with several schedulers on one
output folder and after a crash at any point, for two reasons. An operating system lock surrounds
deciding, publishing and recording. And the run id follows from the fire, so a folder with that
name means that the fire was published, even if the ledger does not know it yet. Schedulers of
several machines, each with its folder, share a registry: whoever publishes holds a lease in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from traceback import extract_tb, format_tb
from types import FrameType
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from pipeline.calendar.cron import Cron, fires, next_fire, read_cron
from pipeline.delivery.folder import complete_latest
from pipeline.errors import AuditError, ConfigError, PublishError
from pipeline.registry.fires import MANUAL, Fire, Ledger, Run, State

RETRY_MINUTES: Final = (1, 5, 15, 60)
"""Pauses before each further attempt; the last one repeats."""

_LOOK_AGAIN_SECONDS: Final = 60
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far a clock may be set back without a message."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timetable:
    """Which schedules an audit has, in which zone, and the folder into which it publishes."""

    audit: str
    zone: str
    rules: Mapping[str, Cron]
    output: Path


def read_timetable(
    audit: str, zone: str, schedule: Mapping[str, str], output: Path
) -> Timetable:
    """The timetable of `audit.yaml`: name -> cron line. ConfigError where nothing, or
    something wrong, is scheduled.
    """
    if not schedule:
        raise ConfigError(
            "schedule: nothing is scheduled; add a name and a line, like weekly: 0 7 * * mon."
        )
    if MANUAL in schedule:
        raise ConfigError(f"schedule.{MANUAL}: runs by hand bear this name; choose another.")
    try:
        rules = {name: read_cron(line) for name, line in schedule.items()}
    except ValueError as error:
        raise ConfigError(f"schedule: {error}.") from None
    return Timetable(audit, zone, rules, output)


def run_id_of(fire: Fire) -> str:
    """The run id of a fire, safe as a folder name: 20261116T060000Z-weekly-1a2b3c4d."""
    return f"{fire.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{_safe_name(fire.audit, fire.schedule)}"


def _safe_name(audit: str, schedule: str) -> str:
    """A readable file name, unique per audit and schedule."""
    digest = hashlib.sha256(f"{audit}\0{schedule}".encode()).hexdigest()[:8]
    return "-".join([*re.findall("[a-z0-9]+", schedule.lower()[:40]), digest])


class Scheduler:
    """Decides what is due and has it published.

    `read` returns the current timetable, or raises ConfigError. `clock` returns the present as
    an aware instant. `publish` takes a run id and the instant at which the run was due, and
    creates `output/runs/ID` completely or not at all; it raises AuditError if the run fails.
    `tell` takes one line for the user. `holder` names the scheduler among those that share its
    registry; it is this process unless said.
    """

    def __init__(
        self,
        read: Callable[[], Timetable],
        ledger: Ledger,
        clock: Callable[[], datetime],
        publish: Callable[[str, datetime], None],
        tell: Callable[[str], None],
        holder: str = "",
    ) -> None:
        self.read, self.ledger, self.clock, self.publish, self.tell = (
            read,
            ledger,
            clock,
            publish,
            tell,
        )
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}"
        self.timetable = read()
        self._armed: Timetable | None = None  # the timetable with alarms set
        self._last_lines: dict[str, str] = {}  # subject -> the last line about it

    def tick(self) -> dict[str, datetime | None]:
        """One pass over all schedules; returns when to try each again, or None.

        Raises PublishError if the lock or the ledger cannot be used. Nothing is lost: the next
        pass catches up.
        """
        self._read_anew()
        complete_latest(self.timetable.output, self.clock())
        return {name: self._attend(name) for name in self.timetable.rules}

    def _read_anew(self) -> None:
        """Reads the timetable again; a broken one is reported once, and the old one stays."""
        try:
            self.timetable = self.read()
        except ConfigError as error:
            self._tell_changed("configuration", f"the schedules stay as they were: {error}")
        else:
            self._last_lines.pop("configuration", None)

    def run_forever(self) -> NoReturn:
        """Runs passes at once, at every fire and for every new attempt, until SIGINT or SIGTERM.

        Then it raises KeyboardInterrupt. Call it in the main thread: runs take place there, one
        at a time, so a signal breaks off the current run and its fire stays open. APScheduler
        wakes it from its own thread.
        """
        wake = threading.Event()
        alarms = BackgroundScheduler(timezone=UTC)
        with _stopped_by_signals():
            alarms.start()
            try:
                while True:
                    self._pass(alarms, wake)
                    # timers stop while the machine sleeps, and the clock may be set
                    wake.wait(_LOOK_AGAIN_SECONDS)
                    wake.clear()
            finally:
                alarms.shutdown()

    def _pass(self, alarms: BackgroundScheduler, wake: threading.Event) -> None:
        """Runs one pass, sets alarms, and tells a line per schedule whose next moment changed."""
        try:
            again = self.tick()
        except AuditError as error:
            _log.error("A pass over the schedules failed: %s", error)
            self._tell_changed("pass", f"schedules wait: {error}")
            again = {}
        else:
            self._last_lines.pop("pass", None)
        self._arm(alarms, wake)
        for name, moment in again.items():
            if moment is not None:
                alarms.add_job(
                    wake.set,
                    "date",
                    run_date=moment,
                    id=f"again {name}",
                    replace_existing=True,
                    misfire_grace_time=None,
                )
                self._tell_changed(name, f"{name}: tried again at {self._local(moment)}")
            else:
                following = next_fire(
                    self.timetable.rules[name], self.timetable.zone, self.clock()
                )
                self._tell_changed(name, f"{name}: next at {self._local(following)}")

    def _arm(self, alarms: BackgroundScheduler, wake: threading.Event) -> None:
        """Sets an alarm for every fire, if the timetable has changed."""
        if self._armed == self.timetable:
            return
        alarms.remove_all_jobs()
        for name, rule in self.timetable.rules.items():
            trigger = CronFires(rule, self.timetable.zone)
            alarms.add_job(
                wake.set,
                trigger,
                id=name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._armed = self.timetable

    def _tell_changed(self, about: str, line: str) -> None:
        if self._last_lines.get(about) != line:
            self._last_lines[about] = line
            self.tell(line)

    # ----------------------------------------------------------------------------- one schedule

    def _attend(self, name: str) -> datetime | None:
        """Closes what is due of one schedule, or returns when to try again."""
        with _alone(
            self.timetable.output / f".schedule-{_safe_name(self.timetable.audit, name)}.lock"
        ):
            now = self.clock()
            owed = []
            for fire in self._due(name, now):
                if (self.timetable.output / "runs" / run_id_of(fire)).exists():
                    self.ledger.published(
                        fire, now, "was published before it could be written down"
                    )
                    self._say(fire, "was already published")
                else:
                    owed.append(fire)
            if not owed:
                return None
            *earlier, latest = owed
            self.ledger.missed(earlier, now)
            if earlier:
                until = self._local(earlier[-1].at)
                self.tell(
                    f"{name}: {len(earlier)} missed, the last of {until}; a later one is due"
                )
            run = self.ledger.find(latest)
            again = _next_attempt(run) if run else now
            return again if again > now else self._leased(latest, now)

    def _leased(self, fire: Fire, now: datetime) -> datetime | None:
        """Performs the fire unless a scheduler of another machine is at it, or was."""
        lease = self.ledger.lease(fire.audit, fire.schedule, self.holder)
        with lease.held(self.clock) as until:
            if until is not None:
                return until
            run = self.ledger.find(fire)
            is_owed = run is None or run.state is State.OPEN
            return self._perform(fire, now) if is_owed else None

    def _due(self, name: str, now: datetime) -> list[Fire]:
        """The open fires up to now, ascending, including those since the last closed one."""
        audit, zone, rule = (
            self.timetable.audit,
            self.timetable.zone,
            self.timetable.rules[name],
        )
        since = self.ledger.known_since(audit, name, f"{rule.line} {zone}", now)
        last, known = self.ledger.last_fires(audit, name, now)
        ahead = max(since, known or since)
        if ahead > now:
            self._set_back(name, ahead, now)
        after = max(since, last) if last else since
        left_open = {run.fire for run in self.ledger.rows(audit, name, State.OPEN)}
        return sorted(
            left_open
            | {Fire(audit, name, instant) for instant in fires(rule, zone, after, now)}
        )

    def _set_back(self, name: str, ahead: datetime, now: datetime) -> None:
        """Recovers from a clock that was ahead once, whose traces would silence the schedule."""
        self.ledger.set_back(self.timetable.audit, name, now)
        if ahead > now + _CLOCKS_DIFFER:
            known = self._local(ahead, year=True)
            line = f"the ledger knows of {known}, which is still to come: a clock was wrong once; going on from now"
            self._tell_changed(f"{name} ahead", f"{name}: {line}")

    def _perform(self, fire: Fire, now: datetime) -> datetime | None:
        """Tries to publish; returns the moment of the next attempt if it fails."""
        run_id = run_id_of(fire)
        self.ledger.opened(fire, run_id, now)
        try:
            self.publish(run_id, fire.at)
        except AuditError as error:
            return self._failed(fire, error.exit_status, str(error))
        except Exception as error:  # noqa: BLE001 - a defect in one run must not end the runs to come
            _log.error(
                "Run %s broke off: %s\n%s",
                run_id,
                type(error).__name__,
                "".join(format_tb(error.__traceback__)),
            )
            return self._failed(fire, AuditError.exit_status, _defect(error))
        self._say(fire, f"published as {run_id}")  # even if the ledger fails
        self.ledger.published(fire, self.clock())
        return None

    def _failed(self, fire: Fire, exit_status: int, message: str) -> datetime:
        self._say(fire, f"failed with exit status {exit_status}: {' '.join(message.split())}")
        self.ledger.failed(fire, exit_status, message, self.clock())
        run = self.ledger.find(fire)
        return _next_attempt(run) if run else self.clock()

    def _say(self, fire: Fire, what: str) -> None:
        self.tell(f"{fire.schedule}: {self._local(fire.at)} {what}")

    def _local(self, instant: datetime, *, year: bool = False) -> str:
        form = "%a %d %b %Y %H:%M %Z" if year else "%a %d %b %H:%M %Z"
        return instant.astimezone(ZoneInfo(self.timetable.zone)).strftime(form)


def _next_attempt(run: Run) -> datetime:
    """When to try an open run again; the pause grows with every attempt."""
    attempted = run.ended_at or run.started_at or run.fire.at
    return attempted + timedelta(
        minutes=RETRY_MINUTES[min(run.attempts, len(RETRY_MINUTES)) - 1]
    )


def _defect(error: Exception) -> str:
    """The error's type and place, without its text, which may quote the CRM's data."""
    place = extract_tb(error.__traceback__)[-1]
    return f"a defect of crm-audit: {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Waits for and holds the lock on `file`; the operating system frees it if we die."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except BaseException:
            os.close(lock)
            raise
    except OSError as error:
        raise PublishError(
            f"{file}: the schedule cannot be locked ({error.strerror})."
        ) from None
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Makes SIGINT and SIGTERM raise KeyboardInterrupt in the main thread."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class CronFires(BaseTrigger):  # type: ignore[misc]
    """Our fires as an APScheduler trigger; its own reads weekdays and clock changes differently."""

    def __init__(self, rule: Cron, zone: str) -> None:
        self._rule, self._zone = rule, zone

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> Any:
        """The first fire after the previous one, or after now; in UTC."""
        return next_fire(self._rule, self._zone, previous_fire_time or now)
