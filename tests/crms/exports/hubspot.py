"""The company as HubSpot exports it, with headers in English and in Dutch; values are not translated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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

ZONE = "Europe/Amsterdam"
Table = list[Sequence[str]]

HEADERS = {
    "english": {
        "companies": "Record ID,Company name,Phone Number,Email,Company owner,Create Date,Company Domain Name",
        "contacts": "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,Create Date,"
                    "Associated Company,Associated Company IDs,Company Name",
        "deals": "Record ID,Deal Name,Deal Stage,Amount,Currency,Close Date,Create Date,Deal owner,"
                 "Associated Company IDs,Pipeline",
        "meetings": "Record ID,Meeting name,Meeting outcome,Meeting start time,Meeting end time,Activity assigned to,"
                    "Create date,Associated Contact IDs,Associated Company IDs,Internal meeting notes",
        "calls": "Record ID,Call Title,Call outcome,Call direction,Activity date,Activity assigned to,Create date,"
                 "Associated Contact IDs,Associated Company IDs,Call status",
    },
    "dutch": {
        "companies": "Record-ID,Bedrijfsnaam,Telefoonnummer,E-mail,Bedrijfseigenaar,Aanmaakdatum,"
                     "Domeinnaam van bedrijf",
        "contacts": "Record-ID,Voornaam,Achternaam,E-mail,Telefoonnummer,Mobiel telefoonnummer,Contacteigenaar,"
                    "Aanmaakdatum,Associated Company,Associated Company IDs,Bedrijfsnaam",
        "deals": "Record-ID,Dealnaam,Dealfase,Bedrag,Valuta,Sluitingsdatum,Aanmaakdatum,Dealeigenaar,"
                 "Associated Company IDs,Pipeline",
        "meetings": "Record-ID,Naam vergadering,Resultaat vergadering,Starttijd vergadering,Eindtijd vergadering,"
                    "Activiteit toegewezen aan,Aanmaakdatum,Associated Contact IDs,Associated Company IDs,"
                    "Interne vergadernotities",
        "calls": "Record-ID,Titel gesprek,Gespreksresultaat,Gespreksrichting,Activiteitsdatum,"
                 "Activiteit toegewezen aan,Aanmaakdatum,Associated Contact IDs,Associated Company IDs,"
                 "Gespreksstatus",
    },
}  # fmt: skip
RESULT = {
    "english": "meetings.Internal meeting notes",
    "dutch": "meetings.Interne vergadernotities",
}
MEETING = {
    "held": "Completed",
    "planned": "Rescheduled",
    "not held": "No show",
    "odd": "Perhaps",
}
CALL = {
    "held": "Connected",
    "planned": "Queued",
    "not held": "Left voicemail",
    "odd": "Sang a song",
}
STAGE = {
    "open": "Contract Sent",
    "won": "Closed Won",
    "lost": "Closed Lost",
    "odd": "Demo booked",
}
LINKS = {"client": "record/0-2/ID", "contact": "record/0-1/ID", "meeting": "record/0-47/ID", "call": "record/0-48/ID",
         "deal": "record/0-3/ID"}  # fmt: skip
TEAM = {
    OWNERS[0]: "North",
    OWNERS[1]: "North",
    OWNERS[2]: "South",
    OWNERS[3]: "",
    GONE: "South",
}


FREE = frozenset({("deal", "name"), ("deal", "stage")})
"""What HubSpot itself demands."""


def company(seed: int = 20270326) -> Company:
    kinds = ("client", "contact", "lead", "meeting", "call", "deal")
    return Maker(seed, dict.fromkeys(kinds, ""), {}, ("EUR", "EUR", "", "USD", "JPY")).company


def files(made: Company, language: str) -> dict[str, Table]:
    """File -> header and rows; with a list of people in English only."""
    headers = {table: line.split(",") for table, line in HEADERS[language].items()}
    found = {
        f"hubspot-crm-exports-{table}-2027-03-26.csv": [headers[table], *rows]
        for table, rows in (
            ("companies", map(_client, made.clients)), ("contacts", map(_contact, made.contacts)),
            ("deals", map(_deal, made.deals)), ("meetings", map(_meeting, made.meetings)),
            ("calls", map(_call, made.calls)),
        )
    }  # fmt: skip
    if language == "english":
        rows = [(name, "no" if name == GONE else "yes", team) for name, team in TEAM.items()]
        found["people.csv"] = [("Owner", "Active", "Team"), *rows]
    return found


def holds(made: Company, language: str) -> Holds:
    accounts = {
        "companies": made.clients, "contacts": made.contacts, "deals": made.deals, "meetings": made.meetings,
        "calls": made.calls,
    }  # fmt: skip
    invited = sum(len(meeting.contacts) for meeting in made.meetings)
    counted = {"owners": {"": len(TEAM)}, "meeting_contacts": {"": invited}}
    absent = frozenset({"lead.last_name", "lead.first_name", "lead.details", "call.end_at"})
    if language == "dutch":
        return Holds(absent, leads=False, accounts=accounts, counted=counted, free=FREE)
    users = [User(name, name != GONE, team) for name, team in TEAM.items()]
    return Holds(
        absent,
        leads=False,
        users=users,
        free=FREE,
        accounts=accounts,
        counted=counted | {"people": {"": len(TEAM)}},
    )


def _time(when: When) -> str:
    return when.written(ZONE, "%Y-%m-%d %H:%M")


def _ids(ids: Iterable[str]) -> str:
    return ";".join(ids)


def _client(one: Client) -> Sequence[str]:
    return one.id, one.name, one.phone, one.email, one.owner, _time(one.created), ""


def _contact(one: Person) -> Sequence[str]:
    return (one.id, one.first, one.last, one.email, one.phone, one.mobile, one.owner, _time(one.created), "Names",
            "; ".join(one.clients), "A text of the contact's own")  # fmt: skip


def _deal(one: Deal) -> Sequence[str]:
    return (one.id, one.name, STAGE.get(one.state, one.state), one.amount, one.currency, day_of(one, " 14:00"),
            _time(one.created), one.owner, _ids(one.clients), "Sales")  # fmt: skip


def _meeting(one: Event) -> Sequence[str]:
    return (one.id, one.subject, MEETING.get(one.state, one.state), _time(one.start), _time(one.end), one.owner,
            _time(one.created), _ids(one.contacts), _ids(one.clients), one.result)  # fmt: skip


def _call(one: Event) -> Sequence[str]:
    return (one.id, one.subject, CALL.get(one.state, one.state), one.direction, _time(one.start), one.owner,
            _time(one.created), _ids(one.contacts), _ids(one.clients), "")  # fmt: skip
