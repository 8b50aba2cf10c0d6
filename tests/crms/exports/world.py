"""The company as it is to be counted: which of its records a CRM's exports hold, under the names of the other hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.crms.exports.company import (
    AS_OF,
    GONE,
    OWNERS,
    Client,
    Company,
    Deal,
    Event,
    Person,
    Record,
)
from tests.crms.rebuilt import counting
from tests.crms.rebuilt.counting import Counting, PlainHand, User, Words, World
from tests.crms.suitecrm.by_hand import FIELDS, Setting, Value
from tests.crms.suitecrm.in_python import blank

WORDS = Words(
    events={"planned": "planned", "held": "held", "not held": "not held"},
    stages={"open": "open", "won": "won", "lost": "lost"},
)


@dataclass(frozen=True)
class Holds:
    """What a CRM's exports hold of a company."""

    absent: frozenset[str] = frozenset()  # 'client.details'
    leads: bool = True
    users: Sequence[User] = tuple(User(name, True) for name in (*OWNERS, GONE))
    led: bool = False  # teams are those who report to one user
    free: frozenset[tuple[str, str]] = frozenset()  # fields that the CRM itself demands
    invited: Callable[[Event], Sequence[str]] = lambda meeting: (
        meeting.contacts
    )  # who counts as a meeting's contacts
    spoken: Callable[[Event], Sequence[str]] = lambda call: call.contacts
    accounts: Mapping[str, Sequence[Record]] = field(
        default_factory=dict
    )  # table -> the rows that it reads
    counted: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict
    )  # table -> reason -> rows, where not so
    named: bool = False  # a client is named by its name: one without a name cannot be
    by_time: bool = False  # meetings have no status: those whose end passed are held


class SourceReader:
    """Reads a company as those exports hold it."""

    def __init__(self, company: Company, holds: Holds, currency: str) -> None:
        self.company, self.holds, self.currency = company, holds, currency
        self.clients = {
            one.id: one
            for one in live(company.clients)
            if not holds.named or not blank(one.name)
        }
        self.contacts = {one.id: one for one in live(company.contacts)}

    def world(self) -> World:
        c = self.company
        return World(
            WORDS, self.holds.users,
            [self.client(one) for one in live(c.clients)],
            [self.human(one) for one in live(c.contacts)],
            [self.human(one) for one in live(c.leads)] if self.holds.leads else [],
            [self.meeting(one) for one in live(c.meetings)], [self.call(one) for one in live(c.calls)],
            [self.deal(one) for one in live(c.deals)],
            self.accounts(), self.holds.absent, self.holds.led, self.holds.free,
        )  # fmt: skip

    def client(self, one: Client) -> counting.Human:
        ways = (one.phone, one.email)
        return counting.Human(
            owner(one), one.created.utc, one.name, None, ways, one.created.unreadable
        )

    def deal(self, one: Deal) -> counting.Deal:
        client = self.client_of(one.clients) is not None
        return counting.Deal(
            owner(one), one.created.utc, one.name, client, one.state, one.worth, one.currency or self.currency,
            one.closed, one.unread, one.created.unreadable,
        )  # fmt: skip

    def client_of(self, ids: Iterable[str]) -> str | None:
        """Of several the lowest in binary order that exists."""
        return min((one for one in ids if one in self.clients), key=str.encode, default=None)

    def human(self, one: Person) -> counting.Human:
        own, heir = owner(one), self.client_of(one.clients)
        ways = (one.phone, one.mobile, one.email)
        return counting.Human(
            own or (owner(self.clients[heir]) if heir else ""),
            one.created.utc,
            one.last,
            one.first,
            ways,
            one.created.unreadable,
        )

    def meeting(self, one: Event) -> counting.Event:
        return self.event(
            one, self.holds.invited(one), self.by_time(one) if self.holds.by_time else one.state
        )

    def call(self, one: Event) -> counting.Event:
        return self.event(one, self.holds.spoken(one), one.state)

    def by_time(self, one: Event) -> str:
        if one.end.unreadable or (one.end.utc is None and one.start.unreadable):
            return ""  # neither held nor planned, and no unknown word
        end = one.end.utc or one.start.utc
        return "unknown" if end is None else "held" if end <= AS_OF else "planned"

    def event(self, one: Event, contacts: Sequence[str], state: str) -> counting.Event:
        persons = [self.human(self.contacts[key]) for key in contacts if key in self.contacts]
        met = bool(persons) or self.client_of(one.clients) is not None
        return counting.Event(
            owner(one), one.created.utc, state, one.start.utc, one.end.utc, one.subject, persons, met, one.direction,
            one.result, one.start.unreadable, False, one.created.unreadable,
        )  # fmt: skip

    def accounts(self) -> dict[str, Counter[str]]:
        found = {
            table: Counter(one.excluded for one in records)
            for table, records in self.holds.accounts.items()
        }
        return found | {
            table: Counter(reasons) for table, reasons in self.holds.counted.items()
        }


def owner(one: Record) -> str:
    return "" if blank(one.owner) else one.owner


def live(records: Iterable[Any]) -> list[Any]:
    return [one for one in records if not one.excluded]


def hand(company: Company, holds: Holds, setting: Setting) -> dict[str, Value]:
    """Every figure, counted from what was made."""
    world = SourceReader(company, holds, setting.currency).world()
    counts = Counting(world, setting).all()
    if not holds.leads:
        counts |= {"due score/lead": {}, "due base/lead": {}}
    figures = PlainHand(world, setting).figures(counts)
    if holds.leads:
        return figures
    of_others = {name: value for name, value in figures.items() if "/lead@" not in name}
    return {**of_others, "fields_not_held/lead@company": (len(FIELDS["lead"]), None)}
