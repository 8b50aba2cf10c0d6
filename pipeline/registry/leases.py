"""Leases of schedules: one scheduler at a time publishes a fire, on whichever machine it runs.

A lease is held for minutes and renewed while a run lasts. That of a process that died runs out,
and another one takes over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from pipeline.errors import PublishError
from pipeline.registry.database import Registry, instant_text, upsert
from pipeline.registry.tables import LEASES

HELD: Final = timedelta(minutes=5)
"""How long a lease holds unless it is renewed; clocks of machines must differ by less."""

_RENEWED_SECONDS: Final = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lease:
    """A schedule's, as one scheduler takes it."""

    registry: Registry
    audit: str
    schedule: str
    holder: str  # machine and process

    def take(self, now: datetime) -> datetime | None:
        """Takes or renews it; until when another scheduler has it, or None."""
        ours = {"audit": self.audit, "schedule": self.schedule}
        values = {**ours, "holder": self.holder, "until_utc": instant_text(now + HELD)}
        held = select(LEASES.c.holder, LEASES.c.until_utc).filter_by(**ours)
        with self.registry.transaction() as connection:
            row = connection.execute(held).one_or_none()
            if row and row.holder != self.holder and row.until_utc > instant_text(now):
                return datetime.fromisoformat(row.until_utc)
            anew = upsert(connection, LEASES).values(values)
            keys = ["audit", "schedule"]
            connection.execute(anew.on_conflict_do_update(index_elements=keys, set_=values))
        return None

    def give_back(self) -> None:
        """Lets another scheduler have it."""
        ours = delete(LEASES).filter_by(
            audit=self.audit, schedule=self.schedule, holder=self.holder
        )
        with self.registry.transaction() as connection:
            connection.execute(ours)

    @contextmanager
    def held(self, clock: Callable[[], datetime]) -> Iterator[datetime | None]:
        """Holds it for the block, which gets None; or until when another scheduler has it."""
        if until := self.take(clock()):
            yield until
            return
        done = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(clock, done), daemon=True)
        renewing.start()
        try:
            yield None
        finally:
            done.set()
            renewing.join()
            self._given_back()

    def _renew(self, clock: Callable[[], datetime], done: threading.Event) -> None:
        while not done.wait(_RENEWED_SECONDS):
            try:
                self.take(clock())
            except PublishError as error:  # it runs out, unless the registry comes back
                _log.error("A lease could not be renewed: %s", error)

    def _given_back(self) -> None:
        try:
            self.give_back()
        except PublishError as error:  # it runs out by itself
            _log.error("A lease could not be given back: %s", error)
