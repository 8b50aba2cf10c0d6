"""The ledger of fires: which fire of which schedule was published, missed or is open."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, and_, case, delete, func, select, update

from pipeline.errors import PublishError
from pipeline.registry.database import Registry, instant_text, one_line, upsert
from pipeline.registry.leases import Lease
from pipeline.registry.tables import FIRES, SCHEDULES

MANUAL: Final = "manual"
"""The schedule of a run that somebody started by hand."""

_MESSAGE_LENGTH: Final = 500
_KEY: Final = ["audit", "schedule", "fire_utc"]


class State(StrEnum):
    OPEN = "open"  # under way, broken off, or failed: still owed
    PUBLISHED = "published"
    MISSED = "missed"  # a later fire of the same schedule was due; by hand: nobody publishes it any more


@dataclass(frozen=True, slots=True, order=True)
class Fire:
    """One fire of one schedule of one audit; `at` is an aware instant."""

    audit: str
    schedule: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the ledger.

    `run_id` is None if no run ever began, `exit_status` if none ended.
    """

    id: int
    fire: Fire
    run_id: str | None
    state: State
    attempts: int
    started_at: datetime | None  # of the last attempt
    ended_at: datetime | None
    exit_status: int | None
    message: str


class Ledger:
    """The fires in a registry. One that was published or missed never changes again.

    Raises PublishError if the registry cannot be used.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry, self._transaction = registry, registry.transaction

    def lease(self, audit: str, schedule: str, holder: str) -> Lease:
        """That of a schedule, for a scheduler."""
        return Lease(self._registry, audit, schedule, holder)

    def known_since(self, audit: str, schedule: str, line: str, now: datetime) -> datetime:
        """Since when the schedule has had this line; no earlier fire is owed.

        A new line counts from `now`.
        """
        values = {
            "audit": audit,
            "schedule": schedule,
            "line": line,
            "since_utc": instant_text(now),
        }
        since = select(SCHEDULES.c.since_utc).filter_by(audit=audit, schedule=schedule)
        with self._transaction() as connection:
            anew = upsert(connection, SCHEDULES).values(values)
            anew = anew.on_conflict_do_update(
                index_elements=["audit", "schedule"],
                set_=values,
                where=SCHEDULES.c.line != line,
            )
            connection.execute(anew)
            return datetime.fromisoformat(connection.execute(since).scalar_one())

    def opened(self, fire: Fire, run_id: str, now: datetime) -> None:
        """Records a new attempt, and clears the outcome of an earlier one."""
        begun = {
            "run_id": run_id,
            "started_at": instant_text(now),
            "ended_at": None,
            "exit_status": None,
            "message": "",
        }
        with self._transaction() as connection:
            first = upsert(connection, FIRES).values(
                **_key(fire), **begun, state=State.OPEN, attempts=1
            )
            again = first.on_conflict_do_update(
                index_elements=_KEY,
                set_={**begun, "attempts": FIRES.c.attempts + 1},
                where=FIRES.c.state == State.OPEN,
            )
            connection.execute(again)

    @contextmanager
    def by_hand(self, audit: str, output: Path, now: datetime) -> Iterator[None]:
        """Wraps a run by hand; the next one closes a run that died as broken off.

        Each run holds a shared lock; whoever gets it exclusively knows that no other is alive.
        """
        file = output / f".{MANUAL}.lock"
        try:
            lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise PublishError(
                f"{file}: the run cannot be locked ({error.strerror})."
            ) from None
        try:
            if _alone(lock):
                self._close_broken_off(audit, output, now)
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield
        finally:
            os.close(lock)

    def _close_broken_off(self, audit: str, output: Path, now: datetime) -> None:
        """Closes open runs by hand, which are never owed.

        They failed, or their process died, perhaps after publishing.
        """
        for run in self.rows(audit, MANUAL, State.OPEN):
            if run.run_id and (output / "runs" / run.run_id).exists():
                self.published(run.fire, now, "was published before it could be written down")
            elif run.exit_status is None:
                self._close(
                    run.fire,
                    state=State.MISSED,
                    ended_at=instant_text(now),
                    message="broken off",
                )
            else:
                self._close(run.fire, state=State.MISSED)

    def published(self, fire: Fire, now: datetime, message: str = "") -> None:
        """Records that the attempt, and so the fire, was published."""
        self._close(
            fire,
            state=State.PUBLISHED,
            ended_at=instant_text(now),
            exit_status=0,
            message=_message(message),
        )

    def failed(self, fire: Fire, exit_status: int, message: str, now: datetime) -> None:
        """Records a failed attempt; the fire stays open.

        `message` must hold no personal data and no secret.
        """
        self._close(
            fire, ended_at=instant_text(now), exit_status=exit_status, message=_message(message)
        )

    def missed(self, passed_over: Iterable[Fire], now: datetime) -> None:
        """Closes these fires without a report; a failed one keeps its status and message."""
        ended = {"state": State.MISSED, "ended_at": instant_text(now)}
        rows = [
            _key(fire) | ended | {"attempts": 0, "message": "a later one was due"}
            for fire in passed_over
        ]
        if rows:
            with self._transaction() as connection:
                statement = upsert(connection, FIRES).on_conflict_do_update(
                    index_elements=_KEY, set_=ended, where=FIRES.c.state == State.OPEN
                )
                connection.execute(statement, rows)

    def last_fires(
        self, audit: str, schedule: str, now: datetime
    ) -> tuple[datetime | None, datetime | None]:
        """The latest closed fire up to now, and the latest known fire, even in the future."""
        fire = FIRES.c.fire_utc
        ended = case((and_(FIRES.c.state != State.OPEN, fire <= instant_text(now)), fire))
        latest = select(func.max(ended), func.max(fire)).filter_by(
            audit=audit, schedule=schedule
        )
        with self._transaction() as connection:
            last, known = connection.execute(latest).one()
        return _instant(last), _instant(known)

    def set_back(self, audit: str, schedule: str, now: datetime) -> None:
        """Forgets unpublished fires after now, which a wrong clock produced."""
        ours, present = {"audit": audit, "schedule": schedule}, instant_text(now)
        unpublished = delete(FIRES).filter_by(**ours).where(FIRES.c.state != State.PUBLISHED)
        known = update(SCHEDULES).filter_by(**ours).values(since_utc=present)
        with self._transaction() as connection:
            connection.execute(unpublished.where(FIRES.c.fire_utc > present))
            connection.execute(known.where(SCHEDULES.c.since_utc > present))

    def rows(
        self, audit: str | None = None, schedule: str | None = None, state: State | None = None
    ) -> list[Run]:
        """The rows that match all given filters, by fire time."""
        filters = {"audit": audit, "schedule": schedule, "state": state}
        wanted = select(FIRES).filter_by(
            **{name: value for name, value in filters.items() if value is not None}
        )
        with self._transaction() as connection:
            return [
                _run(row)
                for row in connection.execute(wanted.order_by(FIRES.c.fire_utc, FIRES.c.id))
            ]

    def find(self, fire: Fire) -> Run | None:
        """The fire's row, or None."""
        with self._transaction() as connection:
            row = connection.execute(select(FIRES).filter_by(**_key(fire))).one_or_none()
        return None if row is None else _run(row)

    def _close(self, fire: Fire, **values: Any) -> None:
        statement = update(FIRES).filter_by(**_key(fire), state=State.OPEN).values(values)
        with self._transaction() as connection:
            connection.execute(statement)


def _alone(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _key(fire: Fire) -> dict[str, str]:
    return {"audit": fire.audit, "schedule": fire.schedule, "fire_utc": instant_text(fire.at)}


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        fire=Fire(row.audit, row.schedule, datetime.fromisoformat(row.fire_utc)),
        run_id=row.run_id,
        state=State(row.state),
        attempts=row.attempts,
        started_at=_instant(row.started_at),
        ended_at=_instant(row.ended_at),
        exit_status=row.exit_status,
        message=row.message,
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _message(text: str) -> str:
    return one_line(text)[:_MESSAGE_LENGTH]
