"""The company as Pipedrive exports it: by names in English, and with the ids that one may choose in Dutch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tests.crms.exports.company import (
    GONE,
    OWNERS,
    Client,
    Company,
    Deal,
    Event,
    Maker,
    Person,
    When,
    day_of,
)
from tests.crms.exports.world import Holds
from tests.crms.rebuilt.counting import User
from tests.crms.suitecrm.in_python import blank

ZONE = "Europe/Amsterdam"
Table = list[Sequence[str]]
TASKS = 7
TEAM = {
    OWNERS[0]: "North",
    OWNERS[1]: "North",
    OWNERS[2]: "South",
    OWNERS[3]: "",
    GONE: "South",
}

HEADERS = {
    "english": {
        "organizations": "Organization - ID,Organization - Name,Organization - Owner,"
                         "Organization - Organization created",
        "people": "Person - ID,Person - Name,Person - First name,Person - Last name,Person - Owner,"
                  "Person - Phone (Work),Person - Phone (Mobile),Person - Email (Work),Person - Person created,"
                  "Person - Organization",
        "deals": "Deal - ID,Deal - Title,Deal - Owner,Deal - Status,Deal - Value,Deal - Currency of Value,Deal - Stage,"
                 "Deal - Expected close date,Deal - Won time,Deal - Lost time,Deal - Deal created,Deal - Organization",
        "activities": "Activity - ID,Activity - Subject,Activity - Type,Activity - Done,Activity - Due date,"
                      "Activity - Due time,Activity - Assigned to user,Activity - Add time,Activity - Contact person,"
                      "Activity - Organization,Activity - Note",
    },
    "dutch": {
        "organizations": "Organisatie - ID,Organisatie - Naam,Organisatie - Eigenaar,"
                         "Organisatie - Organisatie gemaakt op",
        "people": "Contactpersoon - ID,Contactpersoon - Naam,Contactpersoon - Voornaam,Contactpersoon - Achternaam,"
                  "Contactpersoon - Eigenaar,Contactpersoon - Telefoon - Werk,Contactpersoon - Telefoon - Mobiel,"
                  "Contactpersoon - E-mail - Werk,Persoon - Persoon gemaakt op,Organisatie - ID",
        "deals": "Deal - ID,Deal - Titel,Deal - Eigenaar,Deal - Status,Deal - Waarde,Deal - Valuta,Deal - Fase,"
                 "Deal - Verwachte sluitingsdatum,Deal - Gewonnen op,Deal - Verloren op,Deal - Deal gemaakt op,"
                 "Organisatie - ID",
        "activities": "Activiteit - ID,Activiteit - Onderwerp,Activiteit - Type,Activiteit - Gereed,"
                      "Activiteit - Vervaldatum,Activiteit - Vervaltijd,Activiteit - Toegewezen aan gebruiker,"
                      "Activiteit - Tijd toegevoegd,Contactpersoon - ID,Organisatie - ID,Activiteit - Notitie",
    },
}  # fmt: skip
RESULT = {"english": "activities.Activity - Note", "dutch": "activities.Activiteit - Notitie"}
DONE = {
    "english": {"held": "Done", "planned": "To do", "odd": "Perhaps"},
    "dutch": {"held": "Gereed", "planned": "Te doen", "odd": "Misschien"},
}
KIND = {"english": ("Meeting", "Call", "Task"), "dutch": ("Vergadering", "Bellen", "Task")}
STATUS = {
    "english": {"open": "Open", "won": "Won", "lost": "Lost", "odd": "Deleted"},
    "dutch": {"open": "Open", "won": "Gewonnen", "lost": "Verloren", "odd": "Verwijderd"},
}
LINKS = {
    "client": "organization/ID",
    "contact": "person/ID",
    "deal": "deal/ID",
    "meeting": "",
    "call": "",
}


FREE = frozenset({("deal", "name"), ("deal", "stage"), ("client", "name")})
"""What Pipedrive itself demands."""


def company(seed: int = 20270327) -> Company:
    """A record has one organization, an activity one person, and neither an end nor a direction."""
    kinds = ("client", "contact", "lead", "meeting", "call", "deal")
    made = Maker(seed, dict.fromkeys(kinds, ""), {}, ("EUR", "EUR", "", "USD", "JPY")).company
    for records in (made.contacts, made.deals, made.meetings, made.calls):
        records[:] = [replace(one, clients=one.clients[:1]) for one in records]
    for events in (made.meetings, made.calls):
        events[:] = [
            replace(
                one,
                contacts=one.contacts[:1],
                end=When(),
                state=one.state.replace("not held", "planned"),
            )
            for one in events
        ]
    made.clients = [replace(one, phone="", email="") for one in made.clients]
    return made


def files(made: Company, language: str) -> dict[str, Table]:
    headers = {table: line.split(",") for table, line in HEADERS[language].items()}
    named = language == "english"
    clients = _names_of(made.clients, lambda one: one.name) if named else {}
    persons = _names_of(made.contacts, _full) if named else {}

    def linked(ids: Sequence[str], names: Mapping[str, str]) -> str:
        return "" if not ids else names.get(ids[0], "") if named else ids[0]

    meeting, call, task = KIND[language]
    activities = [
        (one.id, one.subject, kind, DONE[language].get(one.state, one.state), *_when(one.start), one.owner,
         _time(one.created), linked(one.contacts, persons), linked(one.clients, clients), one.result)
        for kind, events in ((meeting, made.meetings), (call, made.calls)) for one in events
    ]  # fmt: skip
    activities += [
        (f"9{n}", "Write", task, "To do", "", "", OWNERS[0], "", "", "", "")
        for n in range(TASKS)
    ]
    found = {
        "organizations-1.csv": [headers["organizations"], *map(_client, made.clients)],
        "people-2.csv": [
            headers["people"],
            *(_contact(one, linked(one.clients, clients)) for one in made.contacts),
        ],
        "deals-3.csv": [
            headers["deals"],
            *(_deal(one, language, linked(one.clients, clients)) for one in made.deals),
        ],
        "activities-4.csv": [headers["activities"], *activities],
    }
    if named:
        rows = [(name, "no" if name == GONE else "yes", team) for name, team in TEAM.items()]
        found["people.csv"] = [("Owner", "Active", "Team"), *rows]
    return found


def holds(made: Company, language: str) -> Holds:
    accounts = {"organizations": made.clients, "persons": made.contacts, "deals": made.deals}
    counted = {
        "owners": {"": len(TEAM)},
        "activities": {"": len(made.meetings) + len(made.calls), "activity: Task": TASKS},
    }
    absent = frozenset({"lead.last_name", "lead.first_name", "lead.details", "client.details", "call.direction",
                        "meeting.end_at", "call.end_at"})  # fmt: skip
    if language == "dutch":
        return Holds(absent, leads=False, accounts=accounts, counted=counted, free=FREE)
    users = [User(name, name != GONE, team) for name, team in TEAM.items()]
    # a person is named: of several of one name the lowest id; one without a name cannot be
    names = _names_of(made.contacts, _full)
    lowest = {
        name: min((key for key, other in names.items() if other == name), key=str.encode)
        for name in names.values()
    }

    def met(event: Event) -> Sequence[str]:
        return [lowest[names[key]] for key in event.contacts if key in names]

    return Holds(
        absent, leads=False, users=users, invited=met, spoken=met, accounts=accounts,
        counted=counted | {"people": {"": len(TEAM)}}, named=True, free=FREE,
    )  # fmt: skip


def _names_of(records: Iterable[Client | Person], name: object) -> dict[str, str]:
    """Id -> name, of those that have one."""
    return {one.id: text.strip() for one in records if not blank(text := name(one))}  # type: ignore[operator]


def _full(one: Person) -> str:
    return f"{one.first} {one.last}"


def _time(when: When) -> str:
    return when.written(ZONE, "%Y-%m-%d %H:%M:%S")


def _when(when: When) -> tuple[str, str]:
    """A day and an hour."""
    day, _, hour = when.written(ZONE, "%Y-%m-%d %H:%M").partition(" ")
    return day, hour


def _client(one: Client) -> Sequence[str]:
    return one.id, one.name, one.owner, _time(one.created)


def _contact(one: Person, organization: str) -> Sequence[str]:
    return (one.id, _full(one), one.first, one.last, one.owner, one.phone, one.mobile, one.email, _time(one.created),
            organization)  # fmt: skip


def _deal(one: Deal, language: str, organization: str) -> Sequence[str]:
    """What is won or lost was so at an hour; what is open is expected on a day."""
    closed = {
        "won": ("", day_of(one, " 16:45:10"), ""),
        "lost": ("", "", day_of(one, " 09:00:00")),
    }
    return (one.id, one.name, one.owner, STATUS[language].get(one.state, one.state), one.amount, one.currency, "Offer",
            *closed.get(one.state, (day_of(one), "", "")), _time(one.created), organization)  # fmt: skip
