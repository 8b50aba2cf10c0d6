"""Dirt of every kind around March 2027, the same for every CRM; how a record is written is the CRM's own matter.

Each manager gets every kind of record; users who are no managers, and ids of nobody, get some too. Nothing here knows
how anything is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from tests.crms.suitecrm.database import Row
from tests.crms.suitecrm.overlay import AMOUNTS, BLANKS, EDGES, Overlay

UNREADABLE = "2027-03-00"
"""A day that MariaDB keeps and no calendar has."""
Id = Any
"""As the CRM writes it: a text or a number."""


class Seed(Overlay):
    """The rows, table by table; how it draws is that of the dirt laid over SuiteCRM's dump."""

    managers: Sequence[Id]
    odd_owners: Sequence[Id]
    stages: Sequence[str]  # open, open, won, lost, and words that look like them
    kinds: Sequence[
        str | None
    ]  # what an event may hang on: 'client', 'contact', 'lead', or what is none of ours
    nobody: Sequence[Id]  # references to nothing

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.ids: dict[str, list[Id]] = {"client": [], "contact": [], "lead": []}
        self.users()
        for owner in (*self.managers, *self.managers, *self.odd_owners):
            self.humans(owner)
        for owner in (*self.managers, *self.odd_owners):
            share = (
                1 if owner in self.managers else 4
            )  # an odd owner has a quarter of a manager's records
            self.events(owner, 60 // share, 36 // share)
            self.trades(owner, 72 // share)
        for owner in self.managers:
            self.surely(owner)
        self.edges()

    # ------------------------------------------------------------------------------- what a CRM writes in its own way

    def users(self) -> None:
        raise NotImplementedError

    def client(self, owner: Id, created: str | None, name: str | None) -> Id:
        raise NotImplementedError

    def contact(
        self,
        owner: Id,
        created: str | None,
        last: str | None,
        first: str | None,
        *,
        reach: bool,
    ) -> Id:
        """`reach` says that the contact surely has a phone or an address, and is live."""
        raise NotImplementedError

    def lead(self, owner: Id, created: str | None, last: str | None, first: str | None) -> Id:
        raise NotImplementedError

    def event(
        self, what: str, owner: Id, status: str | None, start: str | None, end: str | None, created: str | None, *,
        invited: Sequence[tuple[str, Id]] = (), parent: tuple[str | None, Id] = (None, None), live: bool = False,
        subject: str | None = "Talk",
    ) -> None:  # fmt: skip
        """A 'meeting' or a 'call'. What is `live` has relations that are live, too."""
        raise NotImplementedError

    def deal(
        self, owner: Id, created: str | None, name: str | None, stage: str | None, amount: float | None,
        closed: str | None,
    ) -> None:  # fmt: skip
        raise NotImplementedError

    def under_way(self, owner: Id) -> None:
        """A planned meeting of whole days, without hours, that began before the as-of and ends after it."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------- how many of what

    def one(self, kind: str | None) -> Id:
        """A record of that kind, be it deleted; sometimes one that does not exist."""
        known = self.ids.get(kind or "") or self.ids["contact"]
        return self.pick(self.nobody) if self.chance(0.08) else self.pick(known)

    def humans(self, owner: Id) -> None:
        for _ in range(5):
            self.ids["client"].append(
                self.client(owner, self.instant(), self.word("Client", 0.25))
            )
        for _ in range(9):
            # half of the contacts have no owner of their own who exists: then their client's owner counts
            own = owner if self.chance(0.5) else self.pick(self.nobody)
            names = self.word("Low", 0.3), self.word("Ada", 0.35)
            self.ids["contact"].append(self.contact(own, self.instant(), *names, reach=False))
        for _ in range(6):
            self.ids["lead"].append(
                self.lead(owner, self.instant(), self.word("Low", 0.3), self.word("Ada", 0.3))
            )

    def events(self, owner: Id, meetings: int, calls: int) -> None:
        for number in range(meetings + calls):
            kind, start = self.pick(self.kinds), self.instant()
            invited = [
                (one, self.one(one))
                for one in self.random.choices(("contact", "lead"), (3, 1), k=3)
            ]
            self.event(
                "meeting" if number < meetings else "call", owner, self.status(), start, self.end(start),
                self.instant(), subject=self.word(self.pick(("Talk", "Talk", "No answer at nine")), 0.15),
                invited=invited[: self.pick((0, 0, 1, 2, 3))],
                parent=(kind, self.one(kind)),
            )  # fmt: skip

    def trades(self, owner: Id, number: int) -> None:
        for _ in range(number):
            stage = self.random.choices(
                (*self.stages, None), (20, 10, 40, 20, *[3] * (len(self.stages) - 4), 4)
            )[0]
            self.deal(
                owner, self.instant(), self.word("Order", 0.2), stage if stage is not None else self.pick(BLANKS),
                None if self.chance(0.08) else self.amount(), self.day(),
            )  # fmt: skip

    def amount(self) -> float:
        return self.pick(AMOUNTS) if self.chance(0.6) else self.random.randrange(10**7) / 100

    def surely(self, owner: Id) -> None:
        """What chance gives too few of: complete meetings, closed deals, and records without any date."""
        ada = self.contact(owner, None, "Low", "Ada", reach=True)
        for day in ("02-09", "02-17", "03-02", "03-11", "03-12", "03-19", "03-25"):
            self.event(
                "meeting",
                owner,
                "Held",
                f"2027-{day} 10:00:00",
                None,
                None,
                invited=[("contact", ada)],
                live=True,
            )
            for stage in self.stages[2:4]:
                self.deal(
                    owner,
                    None,
                    "Order",
                    stage,
                    float(self.random.randrange(10**6)),
                    f"2027-{day}",
                )
        for what in ("meeting", "call"):
            self.event(what, owner, "Held", None, None, None, live=True)
        self.under_way(owner)
        self.client(owner, None, "Since when?")
        self.lead(owner, None, "Low", "Ada")
        for _ in range(3):
            for closed in (None, UNREADABLE):
                self.deal(
                    owner,
                    None,
                    "Order",
                    self.stages[2],
                    float(self.random.randrange(10**6)),
                    closed,
                )

    def edges(self) -> None:
        """One second before, at, and one second after each bound of each zone, held and planned."""
        for edge in EDGES:
            for seconds in (-1, 0, 1):
                moment = str(edge + timedelta(seconds=seconds))
                for what in ("meeting", "call"):
                    for status in ("Held", "Planned"):
                        self.event(
                            what,
                            self.pick(self.managers),
                            status,
                            moment,
                            None,
                            None,
                            live=True,
                        )
                self.client(self.pick(self.managers), moment, "At the edge")
        as_of = EDGES[-1]
        for start, end in ((-60, 60), (-60, 0), (-60, -1), (0, 0), (0, 30), (30, -30)):
            times = [str(as_of + timedelta(minutes=minutes)) for minutes in (start, end)]
            self.event("meeting", self.pick(self.managers), "Planned", *times, None, live=True)


def moment(written: str | None) -> datetime | None:
    """An instant as the test wrote it; a zero date is none."""
    return (
        None
        if written is None or written.startswith("0000")
        else datetime.fromisoformat(written)
    )


def day(written: str | None) -> date | None:
    """A day as the test wrote it."""
    closed = None if written == UNREADABLE else moment(written)
    return closed.date() if closed else None
