"""When a run is due, and what becomes of it: every fire of a schedule ends exactly
once, published or missed.

One pass looks at every schedule. Fires since the last one that ended are due: the latest is
published as of now, the earlier ones are missed. A run that fails leaves its fire open, and
it is tried again until it is published or a later fire is due. Two things make that hold
with several schedulers on one output folder and after a crash at any point: a lock of the
operating system around deciding, publishing and writing down, and a run id that follows
from the fire, so that a folder of that name says that the fire was published, whatever the
ledger had time to learn.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import signal
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
from pipeline.schedule.ledger import MANUAL, Fire, Ledger, Run, State

RETRY_MINUTES: Final = (1, 5, 15, 60)
"""How long after a failed attempt the next one begins; after the last of these, every hour."""

_LOOK_AGAIN_SECONDS: Final = 60
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""By how much clocks may be set back without a word."""
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
    """The run id that follows from a fire, safe as a folder's name:
    20261116T060000Z-weekly-1a2b3c4d.
    """
    return f"{fire.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{_safe_name(fire.audit, fire.schedule)}"


def _safe_name(audit: str, schedule: str) -> str:
    """A readable name for a file, of the schedule's; different audits or
    schedules never share one.
    """
    digest = hashlib.sha256(f"{audit}\0{schedule}".encode()).hexdigest()[:8]
    return "-".join([*re.findall("[a-z0-9]+", schedule.lower()[:40]), digest])


class Scheduler:
    """Decides what is due and has it published.

    `read` gives the timetable as the configuration says it now, ConfigError where it cannot be
    used. `clock` gives the present as an aware instant. `publish` takes a run id and the
    instant at which the run was due, and makes `output/runs/ID` whole or not at all; it raises
    AuditError where the run broke. `tell` takes one line for the user.
    """

    def __init__(
        self,
        read: Callable[[], Timetable],
        ledger: Ledger,
        clock: Callable[[], datetime],
        publish: Callable[[str, datetime], None],
        tell: Callable[[str], None],
    ) -> None:
        self.read, self.ledger, self.clock, self.publish, self.tell = (
            read,
            ledger,
            clock,
            publish,
            tell,
        )
        self.timetable = read()
        self._armed: Timetable | None = None  # for which alarms are set
        self._told: dict[str, str] = {}  # about what -> the last line said of it

    def tick(self) -> dict[str, datetime | None]:
        """One pass over all schedules. Gives when each is to be tried again;
        None where nothing is open.

        PublishError where the lock or the ledger cannot be used: nothing is lost, the
        next pass makes up for it.
        """
        self._read_anew()
        complete_latest(self.timetable.output, self.clock())
        return {name: self._attend(name) for name in self.timetable.rules}

    def _read_anew(self) -> None:
        """A timetable that is broken meanwhile is told once, and the one
        of before stays in force.
        """
        try:
            self.timetable = self.read()
        except ConfigError as error:
            self._tell_changed("configuration", f"the schedules stay as they were: {error}")
        else:
            self._told.pop("configuration", None)

    def run_forever(self) -> NoReturn:
        """Passes at once, at every fire and for every new attempt, until SIGINT or
        SIGTERM: then KeyboardInterrupt.

        To be called in the main thread. Runs take place in it too, one at a time, so
        that a signal breaks off the run under way; its fire stays open. APScheduler says
        when, in a thread of its own.
        """
        wake = threading.Event()
        alarms = BackgroundScheduler(timezone=UTC)
        with _stopped_by_signals():
            alarms.start()
            try:
                while True:
                    self._pass(alarms, wake)
                    # A timer stands still while the machine sleeps, and its clock may be
                    # set: look now and then.
                    wake.wait(_LOOK_AGAIN_SECONDS)
                    wake.clear()
            finally:
                alarms.shutdown()

    def _pass(self, alarms: BackgroundScheduler, wake: threading.Event) -> None:
        """One pass, the alarms that follow from it, and a line for each schedule whose
        next moment has changed.
        """
        try:
            again = self.tick()
        except AuditError as error:
            _log.error("A pass over the schedules failed: %s", error)
            self._tell_changed("pass", f"schedules wait: {error}")
            again = {}
        else:
            self._told.pop("pass", None)
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
        """An alarm for every fire, set anew where the timetable has changed."""
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
        if self._told.get(about) != line:
            self._told[about] = line
            self.tell(line)

    # ----------------------------------------------------------------------------- one schedule

    def _attend(self, name: str) -> datetime | None:
        """Ends what is due of one schedule, or gives the moment at which
        it is to be tried again.
        """
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
            return again if again > now else self._perform(latest, now)

    def _due(self, name: str, now: datetime) -> list[Fire]:
        """The fires up to now that have not ended, ascending: those left open, and those
        since the last that ended.
        """
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
        """Goes on where a clock stood ahead once: what it left in the ledger would
        end the schedule silently.
        """
        self.ledger.set_back(self.timetable.audit, name, now)
        if ahead > now + _CLOCKS_DIFFER:
            known = self._local(ahead, year=True)
            line = f"the ledger knows of {known}, which is still to come: a clock was wrong once; going on from now"
            self._tell_changed(f"{name} ahead", f"{name}: {line}")

    def _perform(self, fire: Fire, now: datetime) -> datetime | None:
        """One attempt at publishing; gives the moment of the next one where it fails."""
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
        self._say(fire, f"published as {run_id}")  # whatever becomes of the ledger
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
    """When an open run is tried again: after a pause that grows with the attempts,
    broken-off ones included.
    """
    attempted = run.ended_at or run.started_at or run.fire.at
    return attempted + timedelta(
        minutes=RETRY_MINUTES[min(run.attempts, len(RETRY_MINUTES)) - 1]
    )


def _defect(error: Exception) -> str:
    """What broke and where. The error's own text may quote the CRM's data and is left out."""
    place = extract_tb(error.__traceback__)[-1]
    return f"a defect of crm-audit: {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Holds the lock on `file`, waiting for it. The operating system frees it,
    also when the process dies.
    """
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
    """Within it SIGINT and SIGTERM raise KeyboardInterrupt in the main thread."""

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
    """Our fires as a trigger of APScheduler, whose own cron trigger reads weekdays and
    clock changes otherwise.
    """

    def __init__(self, rule: Cron, zone: str) -> None:
        self._rule, self._zone = rule, zone

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> Any:
        """The first fire after the previous one, or after now; in UTC."""
        return next_fire(self._rule, self._zone, previous_fire_time or now)
