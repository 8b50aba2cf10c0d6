"""What each record counts for, in plain Python: a second opinion that shares nothing with the program.

A CRM's own module reads its rows into the records below; here they are counted, under the names of the other hand
(tests/crms/suitecrm/by_hand.py), which then makes figures of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.crms.suitecrm.by_hand import BAD, FIELDS, Counts, Hand, People, Setting
from tests.crms.suitecrm.in_python import DIGITS, LACKING, blank

NOBODY = ("wrong number", "voicemail", "no answer", "verkeerd nummer", "geen gehoor")
"""Begins the status or the subject of a call that reached nobody."""


@dataclass(frozen=True)
class Words:
    """The CRM's words for states; a blank one is a missing field, any other is unknown."""

    events: Mapping[str, str]
    stages: Mapping[str, str]


@dataclass(frozen=True)
class User:
    """`team` is the user's own, or whom he reports to, as the CRM has it."""

    id: str
    manager: bool  # active, not deleted, a person
    team: str = ""


@dataclass(frozen=True)
class Human:
    """A client (which has only one name), a contact or a lead."""

    owner: str  # '' = nobody
    created: datetime | None
    last_name: str | None
    first_name: str | None = None
    ways: Sequence[str | None] = ()  # phones and addresses
    unread_created: bool = False

    def lacks(self) -> tuple[bool, bool, bool]:
        return blank(self.last_name), blank(self.first_name), all(map(blank, self.ways))


@dataclass(frozen=True)
class Event:
    """`persons` are those who count as its contacts; `unread_start` says that a start was entered in no known form."""

    owner: str
    created: datetime | None
    status: str | None
    start: datetime | None
    end: datetime | None
    subject: str | None = None
    persons: Sequence[Human] = ()
    counterpart: bool = False
    direction: str | None = None
    result: str | None = None
    unread_start: bool = False
    unread_end: bool = False
    unread_created: bool = False


@dataclass(frozen=True)
class Deal:
    owner: str
    created: datetime | None
    name: str | None
    client: bool
    stage: str | None
    amount: Decimal | None
    currency: str
    closed: date | None
    unread_closed: bool = False
    unread_created: bool = False


@dataclass(frozen=True)
class World:
    """A CRM's live records, and its tables: rows, audited, excluded by reason."""

    words: Words
    users: Sequence[User]
    clients: Sequence[Human]
    contacts: Sequence[Human]
    leads: Sequence[Human]
    meetings: Sequence[Event]
    calls: Sequence[Event]
    deals: Sequence[Deal]
    accounts: Mapping[str, Counter[str]]  # table -> reason, '' = audited -> rows
    absent: frozenset[str] = frozenset()  # fields that the CRM does not hold
    led: bool = False  # teams are those who report to one user
    free: frozenset[tuple[str, str]] = (
        frozenset()
    )  # fields that the CRM itself demands: no points

    @property
    def humans(self) -> dict[str, Sequence[Human]]:
        return {"client": self.clients, "contact": self.contacts, "lead": self.leads}


class Counting:
    """Counts a world at a setting."""

    def __init__(self, world: World, setting: Setting) -> None:
        self.world, self.setting = world, setting
        self.as_of, self.first, self.after, self.soon = map(
            datetime.fromisoformat, (setting.as_of, setting.first, setting.after, setting.soon)
        )
        self.today = date.fromisoformat(setting.today)
        self.counts: Counts = defaultdict(lambda: defaultdict(int))

    def all(self) -> Counts:
        for entity, humans in self.world.humans.items():
            for human in humans:
                self.human(entity, human)
        for meeting in self.world.meetings:
            self.meeting(meeting)
        for call in self.world.calls:
            self.call(call)
        for deal in self.world.deals:
            self.deal(deal)
        return self.counts

    # -------------------------------------------------------------------------------------------- when

    def ours(self, moment: datetime | None) -> bool:
        return moment is not None and self.first <= moment < self.after and moment <= self.as_of

    def monthly(self, moment: datetime | None) -> bool:
        if moment is None or not self.setting.month_first or not self.setting.month_after:
            return False
        first, after = map(
            datetime.fromisoformat, (self.setting.month_first, self.setting.month_after)
        )
        return first <= moment < after and moment <= self.as_of

    def closed_within(self, day: date | None, first: str | None, after: str | None) -> bool:
        if day is None or not first or not after:
            return False
        return (
            date.fromisoformat(first) <= day < date.fromisoformat(after) and day <= self.today
        )

    # -------------------------------------------------------------------------------------------- records

    def add(self, owner: str, **counted: bool) -> None:
        """Counts what is true; what is not is named all the same, so that its figure is a zero."""
        self.add_named(owner, counted)

    def add_named(self, owner: str, counted: Mapping[str, bool]) -> None:
        for name, true in counted.items():
            self.counts[name][owner] += int(true)

    def timely(self, moment: datetime | None) -> bool:
        """Whether the moment lies in the days of completeness."""
        first, after = map(
            datetime.fromisoformat, (self.setting.score_first, self.setting.score_after)
        )
        return moment is not None and first <= moment < after and moment <= self.as_of

    def fields(
        self, entity: str, owner: str, moment: datetime | None, lacks: Mapping[str, bool], *, scored: bool = True,
        ahead: bool = False, reached: bool = True, **unread: bool,
    ) -> None:  # fmt: skip
        """A record's fields, due if it is scored, in the score and of all records; missing, or unreadable."""
        there = {"score": scored and self.timely(moment), "base": scored}
        unread = {
            column: yes
            for column, yes in unread.items()
            if f"{entity}.{column}" not in self.world.absent
        }
        self.add_named(
            owner, {f"unreadable/{entity}.{column}": yes for column, yes in unread.items()}
        )
        loses = owes = False
        for name, lack in lacks.items():
            if f"{entity}.{name}" in self.world.absent:
                continue
            bad = unread.get(BAD.get((entity, name), ""))
            due = scored and (reached or name == "status")
            if (entity, name) not in self.world.free:
                owes |= due
                loses |= due and (lack or bool(bad))
            for span, timely in there.items():
                where, within = f"{span}/{entity}.{name}", timely and due
                self.add_named(
                    owner, {f"due {where}": within, f"missing {where}": within and lack}
                )
                if bad is not None:
                    self.add_named(owner, {f"unread {where}": within and bad})
        self.add_named(
            owner, {f"due {span}/{entity}": within and owes for span, within in there.items()}
        )
        parts = {
            "score": there["score"],
            "ahead": ahead,
            "outside": not (there["score"] or ahead),
        }
        self.add_named(
            owner,
            {f"failing {part}/{entity}": loses and within for part, within in parts.items()},
        )

    def human(self, entity: str, human: Human) -> None:
        last, first, details = human.lacks()
        undated = human.created is None and not human.unread_created
        self.add_named(human.owner, {f"{entity}s": True, f"{entity}s_undated": undated})
        if entity == "client":
            self.add_named(human.owner, {"clients_new": self.ours(human.created),
                                         "month clients_new": self.monthly(human.created)})  # fmt: skip
            lacks = {"name": last, "details": details}
        else:
            lacks = {"last_name": last, "first_name": first, "details": details}
        self.fields(entity, human.owner, human.created, lacks, created_at=human.unread_created)

    def moment(self, e: Event) -> datetime | None:
        """An event's start, else its creation; none where the start cannot be read."""
        return None if e.unread_start else e.start or e.created

    def undated(self, e: Event) -> bool:
        return self.moment(e) is None and not (e.unread_start or e.unread_created)

    def meeting(self, m: Event) -> None:
        state, moment = self.state(m.status, self.world.words.events), self.moment(m)
        future = state == "held" and m.start is not None and m.start > self.as_of
        held = state == "held" and not future
        ours, ends = held and self.ours(moment), None if m.unread_end else m.end or m.start
        lacking = self.lacking(m)
        self.add(
            m.owner, meetings=True, meetings_held=ours, meetings_complete=ours and not any(lacking.values()),
            meetings_planned_7d=state == "planned" and m.start is not None and self.as_of <= m.start < self.soon,
            meetings_overdue=state == "planned" and ends is not None and ends < self.as_of,
            meetings_held_in_future=future, meetings_unknown=state == "unknown", meetings_undated=self.undated(m),
        )  # fmt: skip
        self.add_named(m.owner, {"month meetings_held": held and self.monthly(moment)})
        self.add_named(
            m.owner,
            {f"meetings_lacking/{what}": ours and lack for what, lack in lacking.items()},
        )
        self.add_named(
            m.owner,
            {
                f"meetings_to_complete/{who}": ours and self.whose(m, lacking) == who
                for who in ("own", "colleague")
            },
        )
        lacks = {"date": lacking["date"], "subject": blank(m.subject), "contact": not m.persons}
        if held:
            lacks["result"] = blank(m.result)
        if "meeting.result" not in self.world.absent:
            self.add_named(m.owner, {"demand_unknown/meeting.result": state == "blank"})
        self.event_fields("meeting", m, moment, lacks, scored=state != "unknown")

    def lacking(self, m: Event) -> dict[str, bool]:
        """What a meeting lacks; of several persons the one who lacks least speaks for it."""
        best = min(
            (p.lacks() for p in m.persons),
            key=lambda lacks: (sum(lacks), lacks[::-1]),
            default=(True,) * 3,
        )
        found = dict(zip(LACKING, best, strict=True))
        found |= {"date": m.start is None and not m.unread_start, "subject": blank(m.subject)}
        return (
            found
            if "meeting.result" in self.world.absent
            else {**found, "result": blank(m.result)}
        )

    def whose(self, m: Event, lacking: Mapping[str, bool]) -> str:
        """Whose it is to complete: a colleague's where all that lacks is their contact's."""
        own = not m.persons or any(
            lack for what, lack in lacking.items() if what not in LACKING
        )
        borrowed = any(lacking[what] for what in LACKING)
        if own or (borrowed and not self.is_anothers(m)):
            return "own"
        return "colleague" if borrowed else ""

    @staticmethod
    def is_anothers(m: Event) -> bool:
        """Whether the best contact is somebody else's; of equals one of the meeting's owner is best."""
        best = min(
            (
                sum(p.lacks()),
                p.lacks()[::-1],
                bool(m.owner) and bool(p.owner) and p.owner != m.owner,
            )
            for p in m.persons
        )
        return best[-1]

    def call(self, c: Event) -> None:
        state, moment = self.state(c.status, self.world.words.events), self.moment(c)
        future = state == "held" and c.start is not None and c.start > self.as_of
        self.add(
            c.owner, calls=True, calls_held=state == "held" and not future and self.ours(moment),
            calls_held_in_future=future, calls_unknown=state == "unknown", calls_undated=self.undated(c),
        )  # fmt: skip
        lacks = {"date": c.start is None and not c.unread_start, "direction": blank(c.direction),
                 "status": state == "blank", "counterpart": not c.counterpart}  # fmt: skip
        texts = ((text or "").strip().lower() for text in (c.status, c.subject))
        reached = state != "not held" and not any(text.startswith(NOBODY) for text in texts)
        self.event_fields("call", c, moment, lacks, scored=state != "unknown", reached=reached)

    def event_fields(
        self,
        entity: str,
        e: Event,
        moment: datetime | None,
        lacks: Mapping[str, bool],
        *,
        scored: bool,
        reached: bool = True,
    ) -> None:
        unread = {
            "start_at": e.unread_start,
            "end_at": e.unread_end,
            "created_at": e.unread_created,
        }
        ahead = scored and e.start is not None and e.start > self.as_of
        self.fields(
            entity,
            e.owner,
            moment,
            lacks,
            scored=scored,
            ahead=ahead,
            reached=reached,
            **unread,
        )

    def deal(self, d: Deal) -> None:
        state, s = self.state(d.stage, self.world.words.stages), self.setting
        won, units = state == "won", self.units(d)
        within = self.closed_within(d.closed, s.first_day, s.after_day)
        counted = {"deals_open": state == "open", "deals_won": won and within,
                   "deals_won_undated": won and d.closed is None and not d.unread_closed,
                   "deals_won_unreadable_date": won and d.unread_closed}  # fmt: skip
        self.add_named(d.owner, counted)
        self.add(
            d.owner, deals=True, deals_lost=state == "lost" and within, deals_unknown=state == "unknown",
            deals_won_in_future=won and d.closed is not None and d.closed > self.today,
            deals_undated=d.created is None and not d.unread_created,
        )  # fmt: skip
        in_month = self.closed_within(d.closed, s.month_first_day, s.month_after_day)
        self.add_named(d.owner, {"month deals_won": won and in_month})
        for name, true in counted.items():
            self.counts[f"{name}_amount/{d.currency}"][d.owner] += (units or 0) if true else 0
        lacks = {"name": blank(d.name), "client": not d.client, "stage": state == "blank",
                 "amount": d.amount is None, "close_date": d.closed is None and not d.unread_closed}  # fmt: skip
        unread = {"amount": d.amount is not None and units is None, "close_day": d.unread_closed,
                  "created_at": d.unread_created}  # fmt: skip
        self.fields("deal", d.owner, d.created, lacks, scored=state != "unknown", **unread)

    def units(self, d: Deal) -> int | None:
        """Minor units; None where there is no amount or it is finer than one."""
        if d.amount is None:
            return None
        scaled = d.amount.scaleb(DIGITS.get(d.currency, 2))
        return int(scaled) if scaled == scaled.to_integral_value() else None

    def state(self, said: str | None, words: Mapping[str, str]) -> str:
        return "blank" if blank(said) else words.get(said or "", "unknown")


class Teams(People):
    """Where a user's team is a thing of its own."""

    def teams(self) -> dict[str, list[str]]:
        teams: dict[str, list[str]] = defaultdict(list)
        for manager, team in self.managers.items():
            teams[team or ""].append(manager)
        return teams


class PlainHand(Hand):
    """Makes figures of what was counted: scopes, ratios and plans are those of the other hand."""

    def __init__(self, world: World, setting: Setting) -> None:
        self.world, self.setting, self.free = world, setting, world.free

    def fields(self, entity: str) -> tuple[str, ...]:
        return tuple(
            name for name in FIELDS[entity] if f"{entity}.{name}" not in self.world.absent
        )

    def people(self, counts: Counts) -> People:
        owning = {owner for of in counts.values() for owner, number in of.items() if number}
        known = owning | set(self.setting.targets)
        managers = {
            user.id: user.team or None
            for user in self.world.users
            if user.manager and user.id in known
        }
        inactive = [
            user.id for user in self.world.users if not user.manager and user.id in owning
        ]
        return (People if self.world.led else Teams)(managers, inactive)

    def _accounts(self) -> Iterator[tuple[str, int]]:
        for table, reasons in self.world.accounts.items():
            yield f"table_rows/{table}", reasons.total()
            yield f"table_audited/{table}", reasons[""]
            for reason in reasons.keys() - {""}:
                yield f"table_excluded/{table}/{reason}", reasons[reason]
