"""The company as Salesforce exports it: by the weekly Data Export, and by the Data Loader, which writes otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time

from tests.crms.exports.company import (
    GONE,
    OWNERS,
    Client,
    Company,
    Deal,
    Event,
    Maker,
    Person,
    Record,
    When,
    day_of,
)
from tests.crms.exports.world import Holds
from tests.crms.rebuilt.counting import User

Table = list[Sequence[str]]
KINDS = {
    "client": "001",
    "contact": "003",
    "lead": "00Q",
    "meeting": "00U",
    "call": "00T",
    "deal": "006",
}
REASONS = {
    "client": ("deleted", "merged"), "contact": ("deleted", "merged", "person_account"),
    "lead": ("deleted", "merged", "converted"), "meeting": ("deleted", "copy_of_an_invitee", "series"),
    "call": ("deleted", "no_call", "series"), "deal": ("deleted",),
}  # fmt: skip
USERS = {
    name: f"005xx00000AbC{number}{'aA'[number % 2]}AAQ"
    for number, name in enumerate((*OWNERS, GONE))
}
"""Ids of which some differ in case only, to the fifteenth character."""
USERS[OWNERS[1]] = (
    USERS[OWNERS[0]][:14] + USERS[OWNERS[0]][14].swapcase() + USERS[OWNERS[0]][15:]
)
LEADS = {OWNERS[0]: OWNERS[2], OWNERS[1]: OWNERS[2], GONE: OWNERS[3]}
"""Who reports to whom."""
MADE = "AutomatedProcess"

HEADERS = {
    "User.csv": "Id,Username,LastName,FirstName,IsActive,UserType,ManagerId",
    "Account.csv": "Id,IsDeleted,MasterRecordId,Name,Type,BillingCity,Phone,OwnerId,CreatedDate,IsPersonAccount,"
                   "FirstName,LastName,PersonEmail",
    "Contact.csv": "Id,IsDeleted,MasterRecordId,AccountId,LastName,FirstName,Phone,MobilePhone,Email,OwnerId,"
                   "CreatedDate,IsPersonAccount",
    "Lead.csv": "Id,IsDeleted,MasterRecordId,LastName,FirstName,Company,Phone,MobilePhone,Email,Status,OwnerId,"
                "IsConverted,CreatedDate",
    "Opportunity.csv": "Id,IsDeleted,AccountId,Name,StageName,Amount,CloseDate,IsClosed,IsWon,CurrencyIsoCode,OwnerId,"
                       "CreatedDate",
    "Event.csv": "Id,WhoId,WhatId,Subject,IsAllDayEvent,ActivityDateTime,ActivityDate,StartDateTime,EndDateTime,"
                 "Description,AccountId,OwnerId,IsDeleted,IsChild,IsRecurrence,CreatedDate",
    "EventRelation.csv": "Id,RelationId,EventId,IsDeleted",
    "Task.csv": "Id,WhoId,WhatId,Subject,ActivityDate,Status,TaskSubtype,Type,CallType,AccountId,OwnerId,IsDeleted,"
                "IsRecurrence,CreatedDate",
    "OpportunityHistory.csv": "Id,OpportunityId,CreatedDate,StageName,Amount,CloseDate,IsDeleted",
}  # fmt: skip
STATUS = {
    "held": "Completed",
    "planned": "Not Started",
    "not held": "Deferred",
    "odd": "On ice",
}
STAGE = {"open": "Angebot", "won": "Signed", "lost": "Gone", "odd": "Thinking"}
LINKS = {
    entity: f"lightning/r/{name}/ID/edit"
    for entity, name in {"client": "Account", "contact": "Contact", "lead": "Lead", "meeting": "Event", "call": "Task",
                         "deal": "Opportunity"}.items()
}  # fmt: skip


FREE = frozenset(
    {
        ("client", "name"),
        ("contact", "last_name"),
        ("lead", "last_name"),
        ("meeting", "date"),
        ("call", "status"),
        *(("deal", name) for name in ("name", "stage", "close_date")),
    }
)
"""What Salesforce itself demands."""


def company(seed: int = 20270328) -> Company:
    """A record has one account; a call has a day and one person; some meetings last a day."""
    made = Maker(seed, KINDS, REASONS, ("EUR", "EUR", "", "USD", "JPY")).company
    for records in (made.contacts, made.deals, made.meetings, made.calls):
        records[:] = [replace(one, clients=one.clients[:1]) for one in records]
    for records in (
        made.clients,
        made.contacts,
        made.leads,
        made.meetings,
        made.calls,
        made.deals,
    ):
        records[:] = [replace(one, owner=USERS.get(one.owner, one.owner)) for one in records]
    made.clients = [replace(one, email="") for one in made.clients]
    made.meetings = [_whole_day(one) if all_day(one) else one for one in made.meetings]
    made.calls = [
        replace(one, start=noon(one.start), end=When(), contacts=one.contacts[:1],
                direction=one.direction if one.excluded != "no_call" else "")
        for one in made.calls
    ]  # fmt: skip
    return made


def all_day(meeting: Event) -> bool:
    return meeting.id[-4] == "7" and meeting.start.utc is not None


def noon(when: When) -> When:
    return When(datetime.combine(when.utc, time(12))) if when.utc else when


def _whole_day(meeting: Event) -> Event:
    return replace(meeting, start=noon(meeting.start), end=noon(meeting.end))


def related(meeting: Event) -> Sequence[str]:
    """Whom the relations name: all but the first, who stands in the event itself."""
    return meeting.contacts[1:]


def files(made: Company, how: str) -> dict[str, Table]:
    w = Writer(how)
    relations = [
        (f"0RE{m.id[3:]}", who, m.id, w.flag(False))
        for m in made.meetings
        for who in related(m)
    ]
    relations += [
        (f"0RF{m.id[3:]}", m.owner, m.id, w.flag(False)) for m in made.meetings[:9]
    ]  # a user
    relations += [
        (f"0RG{m.id[3:]}", made.contacts[0].id, m.id, w.flag(True)) for m in made.meetings[:4]
    ]
    rows: dict[str, list[Sequence[str]]] = {
        "User.csv": [w.user(name) for name in USERS] + [("005auto", "auto", "Auto", "", w.flag(True), MADE, "")],
        "Account.csv": list(map(w.client, made.clients)), "Contact.csv": list(map(w.contact, made.contacts)),
        "Lead.csv": list(map(w.lead, made.leads)), "Opportunity.csv": list(map(w.deal, made.deals)),
        "Event.csv": list(map(w.meeting, made.meetings)), "EventRelation.csv": relations,
        "Task.csv": list(map(w.call, made.calls)),
        "OpportunityHistory.csv": [("008", made.deals[0].id, "", "Open", "1", "", "0")],
    }  # fmt: skip
    return {name: [HEADERS[name].split(","), *rows[name]] for name in HEADERS}


def holds(made: Company, _how: str) -> Holds:
    def invited(meeting: Event) -> Sequence[str]:
        known = {one.id for one in made.contacts if not one.excluded}
        return (
            related(meeting) if known.intersection(related(meeting)) else meeting.contacts[:1]
        )

    accounts: dict[str, Sequence[Record]] = {
        "accounts": made.clients, "contacts": made.contacts, "leads": made.leads, "opportunities": made.deals,
        "events": made.meetings, "tasks": made.calls,
    }  # fmt: skip
    named = sum(len(related(meeting)) for meeting in made.meetings)
    users = [
        User(USERS[name], name != GONE, USERS.get(LEADS.get(name, ""), "")) for name in USERS
    ]
    return Holds(
        frozenset({"call.end_at"}), users=[*users, User("005auto", False)], led=True, invited=invited,
        accounts=accounts, by_time=True, free=FREE,
        counted={"users": {"": len(users) + 1}, "event_relations": {"": named, "no_person": 9, "deleted": 4}},
    )  # fmt: skip


class Writer:
    """How flags and moments are written: 1 and '2027-03-01 10:00:00', or true and '2027-03-01T10:00:00.000Z'."""

    def __init__(self, how: str) -> None:
        self.loader = how == "loader"

    def flag(self, true: bool) -> str:
        return (("false", "true") if self.loader else ("0", "1"))[true]

    def time(self, when: When) -> str:
        return when.written(
            "UTC", "%Y-%m-%dT%H:%M:%S.000Z" if self.loader else "%Y-%m-%d %H:%M:%S"
        )

    def day(self, when: When) -> str:
        return when.written("UTC", "%Y-%m-%d" if self.loader else "%Y-%m-%d 00:00:00")

    def user(self, name: str) -> Sequence[str]:
        first, _, last = name.partition(" ")
        leader = USERS.get(LEADS.get(name, ""), "")
        return (
            USERS[name],
            f"{first}@x.nl",
            last,
            first,
            self.flag(name != GONE),
            "Standard",
            leader,
        )

    def gone(self, one: Record) -> tuple[str, str]:
        """Deleted, and merged into which: what is merged is deleted."""
        return self.flag(
            one.excluded in ("deleted", "merged")
        ), "001other" if one.excluded == "merged" else ""

    def client(self, one: Client) -> Sequence[str]:
        return (one.id, *self.gone(one), one.name, "", "Ede", one.phone, one.owner, self.time(one.created),
                self.flag(False), "", "", "")  # fmt: skip

    def contact(self, one: Person) -> Sequence[str]:
        return (one.id, *self.gone(one), next(iter(one.clients), ""), one.last, one.first, one.phone, one.mobile,
                one.email, one.owner, self.time(one.created), self.flag(one.excluded == "person_account"))  # fmt: skip

    def lead(self, one: Person) -> Sequence[str]:
        return (one.id, *self.gone(one), one.last, one.first, "A firm", one.phone, one.mobile, one.email, "Open",
                one.owner, self.flag(one.excluded == "converted"), self.time(one.created))  # fmt: skip

    def deal(self, one: Deal) -> Sequence[str]:
        known = one.state in STAGE and one.state != "odd"
        flags = (
            [self.flag(one.state in ("won", "lost")), self.flag(one.state == "won")]
            if known
            else ["", ""]
        )
        closed = day_of(one, "" if self.loader else " 00:00:00")
        return (one.id, self.gone(one)[0], next(iter(one.clients), ""), one.name, STAGE.get(one.state, one.state),
                one.amount, closed, *flags, one.currency, one.owner, self.time(one.created))  # fmt: skip

    def meeting(self, one: Event) -> Sequence[str]:
        whole = all_day(one)
        start = (
            When(datetime.combine(one.start.utc, time(0)))
            if whole and one.start.utc
            else one.start
        )
        end = When(datetime.combine(one.end.utc, time(0))) if whole and one.end.utc else one.end
        return (one.id, next(iter(one.contacts), ""), next(iter(one.clients), ""), one.subject, self.flag(whole),
                "" if whole else self.time(start), self.day(start) if whole else "", self.time(start), self.time(end),
                one.result, "", one.owner, self.flag(one.excluded == "deleted"),
                self.flag(one.excluded == "copy_of_an_invitee"), self.flag(one.excluded == "series"),
                self.time(one.created))  # fmt: skip

    def call(self, one: Event) -> Sequence[str]:
        subtype, kind = (
            ("Task", "Other")
            if one.excluded == "no_call"
            else (("Call", ""), ("Task", "Call"))[int(one.id[-4]) % 2]
        )
        return (one.id, next(iter(one.contacts), ""), "", one.subject, self.day(one.start),
                STATUS.get(one.state, one.state), subtype, kind, one.direction, next(iter(one.clients), ""), one.owner,
                self.flag(one.excluded == "deleted"), self.flag(one.excluded == "series"),
                self.time(one.created))  # fmt: skip
