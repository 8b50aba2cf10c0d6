"""The run ledger in SQLite: which fire of which schedule was published, missed or is open.

Several processes may use it at once: every transaction takes the write lock when it begins, so
whatever it reads is still true when it writes. Times are fixed-width text in UTC, so text order
is time order. No row holds the CRM's data or a secret.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Integer,
    MetaData,
    NullPool,
    Row,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import PublishError

MANUAL: Final = "manual"
"""The schedule of a run that somebody started by hand."""

_BUSY_SECONDS: Final = 30
_MESSAGE_LENGTH: Final = 500

_METADATA: Final = MetaData()
_RUNS: Final = Table(
    "runs",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("audit", Text, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("fire_utc", Text, nullable=False),
    Column("run_id", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("started_at", Text),
    Column("ended_at", Text),
    Column("exit_status", Integer),
    Column("message", Text, nullable=False),
    UniqueConstraint("audit", "schedule", "fire_utc"),
    CheckConstraint("state IN ('open', 'published', 'missed')"),
)
_SCHEDULES: Final = Table(
    "schedules",
    _METADATA,
    Column("audit", Text, primary_key=True),
    Column("schedule", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("since_utc", Text, nullable=False),
)
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
    """The ledger in `file`, created if needed (0600, a new folder 0700).

    A fire that was published or missed never changes again. Raises PublishError if the ledger
    cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise PublishError(
                f"{file}: the run ledger cannot be opened ({error.strerror})."
            ) from None
        # without a pool, a fork carries no SQLite connection into another process
        self._engine = create_engine(
            f"sqlite:///{file}",
            poolclass=NullPool,
            connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
        )
        event.listen(
            self._engine,
            "begin",
            lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"),
        )
        with self._transaction() as connection:
            _METADATA.create_all(connection)

    def known_since(self, audit: str, schedule: str, line: str, now: datetime) -> datetime:
        """Since when the schedule has had this line; no earlier fire is owed.

        A new line counts from `now`.
        """
        values = {"audit": audit, "schedule": schedule, "line": line, "since_utc": _text(now)}
        anew = insert(_SCHEDULES).values(values)
        anew = anew.on_conflict_do_update(
            ["audit", "schedule"], set_=values, where=_SCHEDULES.c.line != line
        )
        since = select(_SCHEDULES.c.since_utc).filter_by(audit=audit, schedule=schedule)
        with self._transaction() as connection:
            connection.execute(anew)
            return datetime.fromisoformat(connection.execute(since).scalar_one())

    def opened(self, fire: Fire, run_id: str, now: datetime) -> None:
        """Records a new attempt, and clears the outcome of an earlier one."""
        begun = {
            "run_id": run_id,
            "started_at": _text(now),
            "ended_at": None,
            "exit_status": None,
            "message": "",
        }
        statement = insert(_RUNS).values(**_key(fire), **begun, state=State.OPEN, attempts=1)
        statement = statement.on_conflict_do_update(
            _KEY,
            set_={**begun, "attempts": _RUNS.c.attempts + 1},
            where=_RUNS.c.state == State.OPEN,
        )
        with self._transaction() as connection:
            connection.execute(statement)

    @contextmanager
    def by_hand(self, audit: str, output: Path, now: datetime) -> Iterator[None]:
        """Wraps a run by hand; the next one closes a run that died as broken off.

        Each run holds a shared lock; whoever gets it exclusively knows that no other is alive.
        """
        file = self._file.with_name(f".{MANUAL}.lock")
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
                    run.fire, state=State.MISSED, ended_at=_text(now), message="broken off"
                )
            else:
                self._close(run.fire, state=State.MISSED)

    def published(self, fire: Fire, now: datetime, message: str = "") -> None:
        """Records that the attempt, and so the fire, was published."""
        self._close(
            fire,
            state=State.PUBLISHED,
            ended_at=_text(now),
            exit_status=0,
            message=_one_line(message),
        )

    def failed(self, fire: Fire, exit_status: int, message: str, now: datetime) -> None:
        """Records a failed attempt; the fire stays open.

        `message` must hold no personal data and no secret.
        """
        self._close(
            fire, ended_at=_text(now), exit_status=exit_status, message=_one_line(message)
        )

    def missed(self, passed_over: Iterable[Fire], now: datetime) -> None:
        """Closes these fires without a report; a failed one keeps its status and message."""
        ended = {"state": State.MISSED, "ended_at": _text(now)}
        rows = [
            _key(fire) | ended | {"attempts": 0, "message": "a later one was due"}
            for fire in passed_over
        ]
        statement = insert(_RUNS).on_conflict_do_update(
            _KEY, set_=ended, where=_RUNS.c.state == State.OPEN
        )
        if rows:
            with self._transaction() as connection:
                connection.execute(statement, rows)

    def last_fires(
        self, audit: str, schedule: str, now: datetime
    ) -> tuple[datetime | None, datetime | None]:
        """The latest closed fire up to now, and the latest known fire, even in the future."""
        fire = _RUNS.c.fire_utc
        ended = case((and_(_RUNS.c.state != State.OPEN, fire <= _text(now)), fire))
        latest = select(func.max(ended), func.max(fire)).filter_by(
            audit=audit, schedule=schedule
        )
        with self._transaction() as connection:
            last, known = connection.execute(latest).one()
        return _instant(last), _instant(known)

    def set_back(self, audit: str, schedule: str, now: datetime) -> None:
        """Forgets unpublished fires after now, which a wrong clock produced."""
        ours, present = {"audit": audit, "schedule": schedule}, _text(now)
        unpublished = delete(_RUNS).filter_by(**ours).where(_RUNS.c.state != State.PUBLISHED)
        known = update(_SCHEDULES).filter_by(**ours).values(since_utc=present)
        with self._transaction() as connection:
            connection.execute(unpublished.where(_RUNS.c.fire_utc > present))
            connection.execute(known.where(_SCHEDULES.c.since_utc > present))

    def rows(
        self, audit: str | None = None, schedule: str | None = None, state: State | None = None
    ) -> list[Run]:
        """The rows that match all given filters, by fire time."""
        filters = {"audit": audit, "schedule": schedule, "state": state}
        wanted = select(_RUNS).filter_by(
            **{name: value for name, value in filters.items() if value is not None}
        )
        with self._transaction() as connection:
            return [
                _run(row)
                for row in connection.execute(wanted.order_by(_RUNS.c.fire_utc, _RUNS.c.id))
            ]

    def find(self, fire: Fire) -> Run | None:
        """The fire's row, or None."""
        with self._transaction() as connection:
            row = connection.execute(select(_RUNS).filter_by(**_key(fire))).one_or_none()
        return None if row is None else _run(row)

    def _close(self, fire: Fire, **values: Any) -> None:
        statement = update(_RUNS).filter_by(**_key(fire), state=State.OPEN).values(values)
        with self._transaction() as connection:
            connection.execute(statement)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = getattr(error, "orig", None) or type(error).__name__
            raise PublishError(
                f"{self._file}: the run ledger cannot be used ({reason})."
            ) from None


def _alone(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _key(fire: Fire) -> dict[str, str]:
    return {"audit": fire.audit, "schedule": fire.schedule, "fire_utc": _text(fire.at)}


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


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _one_line(message: str) -> str:
    return " ".join(message.split())[:_MESSAGE_LENGTH]
