"""What a CRM holds: kinds of records, their columns, and the kinds of these."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The type of an entity's column. An instant and a calendar day are never mixed."""

    TEXT = "text"
    INSTANT = "instant"  # a moment, in UTC; in questions an integer of microseconds since 1970
    DAY = "day"  # a calendar day without zone
    MONEY = "money"  # an integer of the currency's minor units
    CURRENCY = "currency"  # its ISO 4217 code; the audit's own where none is named
    FLAG = "flag"  # 0 or 1; NULL where nothing was entered, which says no


_PERSON: Final = {
    "first_name": Kind.TEXT,
    "last_name": Kind.TEXT,
    "phone": Kind.TEXT,
    "email": Kind.TEXT,
}
_EVENT: Final = {
    "id": Kind.TEXT,
    "owner_id": Kind.TEXT,
    "subject": Kind.TEXT,
    "status": Kind.TEXT,
    "start_at": Kind.INSTANT,
    "end_at": Kind.INSTANT,
    "created_at": Kind.INSTANT,
}

Schema = Mapping[str, Mapping[str, Kind]]
"""Entity -> column -> kind."""

_ALWAYS_READ: Final[Schema] = {
    "user": {
        "id": Kind.TEXT,
        "name": Kind.TEXT,
        "team_id": Kind.TEXT,
        "team": Kind.TEXT,
        "leader_id": Kind.TEXT,  # where a team is those who report to one user
        "active": Kind.FLAG,  # neither deleted nor disabled
        "person": Kind.FLAG,  # neither a group nor a system account
    },
    "client": {
        "id": Kind.TEXT,
        "owner_id": Kind.TEXT,
        "name": Kind.TEXT,
        "private_person": Kind.FLAG,
        **_PERSON,
        "created_at": Kind.INSTANT,
    },
    "contact": {
        "id": Kind.TEXT,
        "owner_id": Kind.TEXT,
        "client_id": Kind.TEXT,  # of several clients the lowest id in binary order
        **_PERSON,
        "created_at": Kind.INSTANT,
    },
    "lead": {"id": Kind.TEXT, "owner_id": Kind.TEXT, **_PERSON, "created_at": Kind.INSTANT},
    "meeting": {
        **_EVENT,
        "result": Kind.TEXT,
        "parent_kind": Kind.TEXT,  # 'contact', 'lead', 'client' or nothing
        "parent_id": Kind.TEXT,
        "client_id": Kind.TEXT,
    },
    "meeting_contact": {
        "meeting_id": Kind.TEXT,
        "person_kind": Kind.TEXT,
        "person_id": Kind.TEXT,
    },
    "call": {**_EVENT, "direction": Kind.TEXT, "client_id": Kind.TEXT, "contact_id": Kind.TEXT},
    "co_owner": {"record_kind": Kind.TEXT, "record_id": Kind.TEXT, "owner_id": Kind.TEXT},
    "deal": {
        "id": Kind.TEXT,
        "owner_id": Kind.TEXT,
        "name": Kind.TEXT,
        "client_id": Kind.TEXT,
        "stage": Kind.TEXT,
        "amount": Kind.MONEY,
        "currency": Kind.CURRENCY,
        "close_day": Kind.DAY,
        "created_at": Kind.INSTANT,
    },
}
_ADDRESS: Final = {"street": Kind.TEXT, "postcode": Kind.TEXT, "city": Kind.TEXT}
_ORIGIN: Final = {"modified_at": Kind.INSTANT, "created_by": Kind.TEXT}
_REACHABLE: Final = {
    "country": Kind.TEXT,
    "opted_out": Kind.FLAG,  # wants no mailings
    "consent": Kind.FLAG,  # agreed to mailings
    "bounced": Kind.FLAG,  # mail to the address came back
    **_ORIGIN,
}
_CUSTOMER: Final = {
    **_REACHABLE,
    **_ADDRESS,
    "confirmed_at": Kind.INSTANT,  # when somebody last said that the details are right
}
_ACTIVITY: Final = {"deal_id": Kind.TEXT, "source": Kind.TEXT, **_ORIGIN}

FURTHER: Final[Schema] = {
    "user": {
        "email": Kind.TEXT,
        "language": Kind.TEXT,
        "working_share": Kind.TEXT,  # of full time, as a decimal: 0.8
        "joined_day": Kind.DAY,
        "left_day": Kind.DAY,
    },
    "client": _CUSTOMER,
    "contact": _CUSTOMER,
    "lead": _REACHABLE,
    "meeting": _ACTIVITY,
    "call": {**_ACTIVITY, "reached_nobody": Kind.TEXT},  # a word such as 'no answer'
    "deal": {"next_step": Kind.TEXT, "lost_reason": Kind.TEXT, **_ORIGIN},
}
"""Columns that are read only where something asks for them."""

LOGS: Final[Schema] = {
    "mailing": {
        "person_kind": Kind.TEXT,
        "person_id": Kind.TEXT,
        "address": Kind.TEXT,
        "happened_at": Kind.INSTANT,
        "outcome": Kind.TEXT,
    },
    "visit": {"user_id": Kind.TEXT, "happened_at": Kind.INSTANT},
    "change": {
        "record_kind": Kind.TEXT,
        "record_id": Kind.TEXT,
        "column_name": Kind.TEXT,  # ours: owner_id
        "happened_at": Kind.INSTANT,
        "user_id": Kind.TEXT,  # who changed it
        "source": Kind.TEXT,
        "value_before": Kind.TEXT,
    },
    "deletion": {
        "record_kind": Kind.TEXT,
        "record_id": Kind.TEXT,
        "owner_id": Kind.TEXT,
        "happened_at": Kind.INSTANT,
    },
}
"""What happened, row by row: read only where something asks for it, and of the period only.
`person_kind` and `record_kind` are entities of ours.
"""

LOG_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "mailing": ("person_kind", "person_id", "happened_at"),
    "visit": ("user_id", "happened_at"),
    "change": ("record_kind", "record_id", "column_name", "happened_at"),
    "deletion": ("record_kind", "record_id", "happened_at"),
}
"""The columns without which a row of a log says nothing."""


def _with_further() -> dict[str, Mapping[str, Kind]]:
    return {
        entity: {**columns, **FURTHER.get(entity, {})}
        for entity, columns in _ALWAYS_READ.items()
    }


ENTITIES: Final[Schema] = {**_with_further(), **LOGS}
"""What a preset's SELECTs deliver; an audit may add columns of its own, as text."""

DATED: Final = (Kind.INSTANT, Kind.DAY)
FORMATTED: Final = (*DATED, Kind.MONEY)
"""The kinds whose text is read by a declared format."""

READ: Final = (*FORMATTED, Kind.CURRENCY, Kind.FLAG)
"""The kinds of what has to be read, and may be unreadable: whatever was entered is text."""

ASSUMED: Final[Mapping[str, int]] = {"active": 1, "person": 1, "private_person": 0}
"""What a flag says where the CRM has no such column: every user is active and a person, no
client is a private one. Any other flag says nothing.
"""

UNREADABLE_MARK: Final = "_unreadable"
"""Ends the reason of a row whose mark says neither yes nor no: 'deleted_unreadable'."""

NEVER_COMPUTED: Final = "=?"
"""What stands for the value of a workbook's formula that has none: no format reads it."""

CELL_ERRORS: Final = (
    "#REF!",
    "#N/A",
    "#NAME?",
    "#DIV/0!",
    "#VALUE!",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#BUSY!",
    "#UNKNOWN!",
    "#GETTING_DATA",
    "#VERW!",
    "#N/B",
    "#NAAM?",
    "#DEEL/0!",
    "#WAARDE!",
    "#LEEG!",
    "#GETAL!",
    NEVER_COMPUTED,
)
"""What a spreadsheet writes into a cell of which it has no value, in English and Dutch."""

RECORD_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "meeting": ("subject",),
    "call": ("subject",),
    "deal": ("name",),
    "client": ("name",),
    "contact": ("first_name", "last_name"),
    "lead": ("first_name", "last_name"),
}
"""By what its manager knows a record: columns that stand in fix-lists,
in the order of reading.
"""

TextColumns = Mapping[str, tuple[str, ...]]
"""Entity -> some of its text columns."""

_OF_A_CLIENT: Final = ("meeting", "call", "deal", "contact")
"""Records that are called by their client where they have no name."""

PROVEN_TEXT: Final[TextColumns] = {
    "user": ("name", "team"),
    **RECORD_NAMES,
    **{entity: (*RECORD_NAMES[entity], "client_id") for entity in _OF_A_CLIENT},
}
"""Text columns that every audit prints, or whose record it names: fingerprints show that the
snapshot holds the source's text. `proven_text` adds those that an audit judges in Python.
"""

CHECKED: Final = ("meeting", "call", "deal", "client", "contact", "lead")
"""The entities that have a minimum field set, in the order in which reports name them."""

LEADERS_ADDRESS: Final = "user.email"
"""To whom an account manager writes about a finding: read only where users report to a leader."""

ASKED_BY_CODE: Final = frozenset(
    {"change", "user.joined_day", *(f"{entity}.created_by" for entity in CHECKED)}
)
"""What our own measures and views need of FURTHER ('deal.next_step') and LOGS ('change'), where a
preset gives it.
"""

SCORED: Final = tuple(entity for entity in CHECKED if entity != "lead")
"""The entities of a manager's score: a lead is nobody's client yet
and has a score of its own.
"""

STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "meeting": ("planned", "held", "not held"),
    "call": ("planned", "held", "not held"),
    "deal": ("open", "won", "lost"),
}
"""The states onto which a preset maps the CRM's own words; a word that is
not mapped is *unknown*.
"""

STATE_COLUMNS: Final[Mapping[str, str]] = {
    "meeting": "status",
    "call": "status",
    "deal": "stage",
}
"""Where those words stand."""
