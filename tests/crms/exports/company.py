"""A company of fictional people with dirt of every kind around March 2027, before any CRM has written it down.

Each record is what a person would know of it; how a CRM exports it is the CRM's own matter. Nothing here knows how
anything is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

OWNERS = ("Anna Smit", "Bram de Vries", "Chloë Jansen", "Dirk O'Neil")
GONE = "Eva Bakker"
"""Owns records, and works there no more: where a CRM's exports can say so."""
NOBODY = ("", " ", "\u00a0")
BLANKS = ("", "  ", "\u00a0")
UNREADABLE = "yesterday"

AS_OF = datetime(2027, 3, 26, 22, 30)


@dataclass(frozen=True)
class When:
    """A moment in UTC; or nothing; or a text that is none."""

    utc: datetime | None = None
    unreadable: bool = False

    def written(self, zone: str, form: str) -> str:
        if self.unreadable:
            return UNREADABLE
        return (
            ""
            if self.utc is None
            else f"{self.utc.replace(tzinfo=ZoneInfo('UTC')).astimezone(ZoneInfo(zone)):{form}}"
        )


@dataclass(frozen=True)
class Record:
    id: str
    owner: str
    created: When
    excluded: str = ""  # the reason for which it is not audited


@dataclass(frozen=True)
class Client(Record):
    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class Person(Record):
    """A contact or a lead."""

    first: str = ""
    last: str = ""
    phone: str = ""
    mobile: str = ""
    email: str = ""
    clients: Sequence[str] = ()


@dataclass(frozen=True)
class Event(Record):
    """A meeting or a call; `state` is ours, or 'odd', or ''."""

    subject: str = ""
    state: str = ""
    start: When = When()
    end: When = When()
    contacts: Sequence[str] = ()
    clients: Sequence[str] = ()
    result: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Deal(Record):
    """`amount` is a text, and `worth` what it says: None where nothing was entered, an atom where it is unreadable."""

    name: str = ""
    clients: Sequence[str] = ()
    state: str = ""
    amount: str = ""
    worth: Decimal | None = None
    currency: str = ""
    closed: date | None = None
    unread: bool = False  # whether the closing day is a text that is no day


ATOM = Decimal("0.0001")
"""An amount that is finer than any minor unit: unreadable, as is a text that is no amount."""


def day_of(deal: Deal, hour: str = "") -> str:
    """A deal's closing day as it is written."""
    return UNREADABLE if deal.unread else f"{deal.closed}{hour}" if deal.closed else ""


@dataclass
class Company:
    """Its records; ids are made by the CRM."""

    clients: list[Client] = field(default_factory=list)
    contacts: list[Person] = field(default_factory=list)
    leads: list[Person] = field(default_factory=list)
    meetings: list[Event] = field(default_factory=list)
    calls: list[Event] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)


class Maker:
    """Makes a company, record by record."""

    def __init__(
        self,
        seed: int,
        ids: dict[str, str],
        reasons: dict[str, Sequence[str]],
        currencies: Sequence[str],
    ):
        """`ids`: kind -> how its ids begin; `reasons`: kind -> the CRM's reasons to leave a record out."""
        self.random, self.ids, self.reasons, self.currencies = (
            Random(seed),
            ids,
            reasons,
            currencies,
        )
        self.numbers = 0
        self.company = Company()
        for owner in (*OWNERS, *OWNERS, GONE, *NOBODY):
            self.people(owner)
        for owner in (*OWNERS, GONE, *NOBODY):
            self.work(owner, 24 if owner in OWNERS else 6)
        for owner in OWNERS:
            self.surely(owner)

    # -------------------------------------------------------------------------------------------- drawing

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, of: Sequence[Any]) -> Any:
        return self.random.choice(of)

    def word(self, said: str, blank: float) -> str:
        return self.pick(BLANKS) if self.chance(blank) else said

    def when(self) -> When:
        """Around March 2027, to the minute; some are lacking, some are no moment at all."""
        if self.chance(0.08):
            return When(unreadable=self.chance(0.5))
        return When(AS_OF + timedelta(minutes=self.random.randrange(-70 * 1440, 20 * 1440)))

    def day(self) -> date | None:
        return (
            None
            if self.chance(0.1)
            else AS_OF.date() + timedelta(days=self.random.randrange(-60, 15))
        )

    def base(self, kind: str, owner: str) -> dict[str, Any]:
        self.numbers += 1
        prefix = self.ids[kind]
        number = self.random.randrange(10**4) * 10**4 + self.numbers  # unique, in no order
        key = (
            f"{prefix}{self.pick('abAB')}{number:0{14 - len(prefix)}d}AAQ"
            if prefix
            else str(number)
        )
        reasons = self.reasons.get(kind, ())
        excluded = self.pick(reasons) if reasons and self.chance(0.12) else ""
        return {"id": key, "owner": owner, "created": self.when(), "excluded": excluded}

    def some(self, records: Sequence[Record], most: int) -> tuple[str, ...]:
        """Ids of some of them, the one or other twice over and one of nobody's."""
        found = (
            [self.pick(records).id for _ in range(self.random.randrange(most + 1))]
            if records
            else []
        )
        if found and self.chance(0.1):
            found[0] = self.base("contact", "")["id"]
        return tuple(dict.fromkeys(found))

    # -------------------------------------------------------------------------------------------- records

    def people(self, owner: str) -> None:
        c = self.company
        for _ in range(5):
            base = self.base("client", owner)
            name = self.word(f"Client {base['id']}", 0.2)
            c.clients.append(
                Client(
                    **base,
                    name=name,
                    phone=self.word("030 123", 0.4),
                    email=self.word("a@b.nl", 0.5),
                )
            )
        for _ in range(8):
            own = (
                owner if self.chance(0.6) else self.pick(NOBODY)
            )  # then their client's owner counts
            c.contacts.append(
                Person(
                    **self.base("contact", own),
                    **self.person(),
                    clients=self.some(c.clients, 3),
                )
            )
        for _ in range(5):
            c.leads.append(Person(**self.base("lead", owner), **self.person()))

    def person(self) -> dict[str, str]:
        return {
            "first": self.word("Ada", 0.3), "last": self.word(f"Low {self.numbers}", 0.3),
            "phone": self.word("06 1", 0.5), "mobile": self.word("06 2", 0.7), "email": self.word("ada@x.nl", 0.5),
        }  # fmt: skip

    def work(self, owner: str, number: int) -> None:
        c = self.company
        for _ in range(number):
            for kind, events in (("meeting", c.meetings), ("call", c.calls)):
                events.append(self.event(kind, owner))
            for _ in range(2):
                c.deals.append(self.deal(owner))

    def event(self, kind: str, owner: str, **surely: Any) -> Event:
        start = self.when()
        end = (
            start.utc + timedelta(minutes=self.pick((30, 60)))
            if start.utc and self.chance(0.9)
            else None
        )
        c = self.company
        drawn = {
            "subject": self.word("Talk", 0.15), "start": start, "end": When(end),
            "state": self.random.choices(("held", "planned", "not held", "odd", " "), (50, 30, 8, 7, 5))[0],
            "contacts": self.some(c.contacts, 3), "clients": self.some(c.clients, 2),
            "result": self.word("Agreed", 0.3), "direction": self.pick(("Inbound", "Outbound", "")),
        }  # fmt: skip
        return Event(**self.base(kind, owner) | drawn | surely)

    def deal(self, owner: str, **surely: Any) -> Deal:
        written = self.random.choices(("amount", "nothing", "fine", "text"), (80, 8, 6, 6))[0]
        amount = {"amount": f"{self.random.randrange(10**7) / 100}", "nothing": self.pick(BLANKS), "fine": "12.345",
                  "text": "about 5"}[written]  # fmt: skip
        worth = {
            "amount": Decimal(amount) if written == "amount" else None,
            "nothing": None,
        }.get(written, ATOM)
        day = self.day()
        drawn = {
            "name": self.word("Order", 0.2), "unread": day is None and self.chance(0.4),
            "clients": self.some(self.company.clients, 3),
            "state": self.random.choices(("open", "won", "lost", "odd", ""), (30, 40, 15, 10, 5))[0],
            "amount": amount, "worth": worth, "currency": self.pick(self.currencies), "closed": day,
        }  # fmt: skip
        return Deal(**self.base("deal", owner) | drawn | surely)

    def surely(self, owner: str) -> None:
        """What chance gives too few of: complete meetings, overdue ones, deals of each kind."""
        c, live = self.company, {"excluded": ""}
        ada = Person(
            **self.base("contact", owner) | live,
            first="Ada",
            last=f"Whole {self.numbers}",
            email="a@b.nl",
        )
        c.contacts.append(ada)
        for day in (2, 11, 19, 25):
            at = {
                "start": When(datetime(2027, 3, day, 10)),
                "end": When(datetime(2027, 3, day, 11)),
            }
            whole = {
                "subject": "Talk",
                "result": "Agreed",
                "contacts": (ada.id,),
                "state": "held",
            }
            c.meetings.append(self.event("meeting", owner, **live, **at, **whole))
            c.meetings.append(
                self.event("meeting", owner, **live, **at, **whole | {"state": "planned"})
            )
            c.calls.append(self.event("call", owner, **live, **at, **whole))
        for minutes in (
            -120,
            -15,
            15,
            1440,
            4320,
        ):  # the day of the as-of in Amsterdam, on both sides of it
            start = AS_OF + timedelta(minutes=minutes)
            at = {"start": When(start), "end": When(start + timedelta(minutes=9))}
            for state in ("planned", "held"):
                c.meetings.append(self.event("meeting", owner, **live, **at, state=state))
                c.calls.append(self.event("call", owner, **live, **at, state=state))
        for state, closed in (("won", date(2027, 3, 9)), ("lost", date(2027, 3, 9)), ("won", date(2027, 4, 20)),
                              ("won", None), ("odd", date(2027, 3, 9))):  # fmt: skip
            c.deals.append(
                self.deal(
                    owner,
                    **live,
                    state=state,
                    closed=closed,
                    unread=False,
                    amount="7.5",
                    worth=Decimal("7.5"),
                )
            )
        nothing = {"start": When(), "end": When(), "created": When()}
        c.meetings.append(self.event("meeting", owner, **live, **nothing, state="held"))
        c.calls.append(self.event("call", owner, **live, **nothing, state="held"))
        c.clients.append(
            Client(
                **self.base("client", owner) | live | {"created": When()},
                name=f"Since when {owner}?",
            )
        )
        c.leads.append(
            Person(**self.base("lead", owner) | live | {"created": When()}, last="Low")
        )
        c.contacts.append(
            Person(**self.base("contact", owner) | live | {"created": When()}, last="Low")
        )
