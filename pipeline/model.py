"""The words of the trade as types: what a CRM holds, what is asked of it, and what is published.

Stages exchange only these. Nothing here touches a database, a file or the clock.
Definitions of every word: docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal, NamedTuple


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

ENTITIES: Final[Schema] = {
    "manager": {
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
    "meeting_contact": {"meeting_id": Kind.TEXT, "person_kind": Kind.TEXT, "person_id": Kind.TEXT},
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
"""What a preset's SELECTs deliver; an audit may add columns of its own, as text."""

DATED: Final = (Kind.INSTANT, Kind.DAY)
FORMATTED: Final = (*DATED, Kind.MONEY)
"""The kinds whose text is read by a declared format."""

READ: Final = (*FORMATTED, Kind.CURRENCY, Kind.FLAG)
"""The kinds of what has to be read, and may be unreadable: whatever was entered is text."""

ASSUMED: Final[Mapping[str, int]] = {"active": 1, "person": 1, "private_person": 0}
"""What a flag says where the CRM has no such column: every user is active and a person, no client is a private one."""

READ_AS: Final[Mapping[str, str]] = {
    "start_at": "start",
    "end_at": "end",
    "created_at": "creation date",
    "close_day": "close date",
    "amount": "amount",
    "currency": "currency",
    "private_person": "mark of a private person",
}
"""What a report calls the columns of these kinds."""


def read_as(column: str) -> str:
    """What a report calls a column that cannot be read; of a text its own name."""
    return READ_AS.get(column, column.replace("_", " "))


UNREADABLE_MARK: Final = ": unreadable"
"""How the reason ends of a row whose mark says neither yes nor no: 'deleted: unreadable', whatever the reason is."""

NEVER_COMPUTED: Final = "=?"
"""What stands for the value of a workbook's formula that has none: no format reads it."""

CELL_ERRORS: Final = (
    "#REF!", "#N/A", "#NAME?", "#DIV/0!", "#VALUE!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!",
    "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#GETTING_DATA",
    "#VERW!", "#N/B", "#NAAM?", "#DEEL/0!", "#WAARDE!", "#LEEG!", "#GETAL!", NEVER_COMPUTED,
)  # fmt: skip
"""What a spreadsheet writes into a cell of which it has no value, in English and Dutch."""

RECORD_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "meeting": ("subject",),
    "call": ("subject",),
    "deal": ("name",),
    "client": ("name",),
    "contact": ("first_name", "last_name"),
    "lead": ("first_name", "last_name"),
}
"""By what its manager knows a record: columns that stand in fix-lists, in the order of reading."""

PROVEN_TEXT: Final[Mapping[str, tuple[str, ...]]] = {"manager": ("name", "team"), **RECORD_NAMES}
"""Text columns that are printed, or judged in Python: fingerprints show that the snapshot holds the source's text."""

CHECKED: Final = ("meeting", "call", "deal", "client", "contact", "lead")
"""The entities that have a minimum field set, in the order in which reports name them."""

SCORED: Final = tuple(entity for entity in CHECKED if entity != "lead")
"""The entities of a manager's score: a lead is nobody's client yet and has a score of its own."""

STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "meeting": ("planned", "held", "not held"),
    "call": ("planned", "held", "not held"),
    "deal": ("open", "won", "lost"),
}
"""The states onto which a preset maps the CRM's own words; a word that is not mapped is *unknown*."""

STATE_COLUMNS: Final[Mapping[str, str]] = {"meeting": "status", "call": "status", "deal": "stage"}
"""Where those words stand."""


class Scope(StrEnum):
    """Whom a figure is about. manager + inactive + unassigned - counted twice = company."""

    MANAGER = "manager"
    INACTIVE = "inactive"
    UNASSIGNED = "unassigned"
    TWICE = "counted twice"  # records of several owners, once for each owner but the first
    TEAM = "team"
    COMPANY = "company"


class Unit(StrEnum):
    COUNT = "count"
    PERCENT = "percent"
    MONEY = "money"
    DAYS = "days"
    PER_DAY = "per day"


PeriodWord = Literal[
    "month", "last month", "week", "last week", "quarter", "last quarter", "year", "last year"
]  # fmt: skip
"""How a period is asked for; `pipeline/window.py` says which days each one holds."""


@dataclass(frozen=True, slots=True)
class PeriodBounds:
    """The days that a run reports on, half-open, and where they come from."""

    first: date
    after_last: date
    word: PeriodWord | None  # None where audit.yaml names the days
    fire: datetime | None  # the scheduled moment, an aware instant; None by hand


@dataclass(frozen=True, slots=True)
class Window:
    """The moments of one run. Bounds are half-open; `*_us` are microseconds since 1970 in UTC.

    `month_*` bound the calendar month that holds the period: the plan's. None where the period leaves it.
    """

    zone: str
    as_of: datetime
    injected: bool  # the as-of was given and is not the clock's
    today: date  # the local day of as_of
    first: date
    after_last: date
    word: PeriodWord | None  # 'last month'; None where audit.yaml names the days
    fire: datetime | None  # when the run was due; None by hand
    month_first: date | None
    month_after: date | None
    as_of_us: int
    first_us: int
    after_us: int
    month_first_us: int | None
    month_after_us: int | None
    soon_us: int  # the midnight that ends the seventh local day after today
    working_days_left: int | None  # in the month, the day of as-of included


@dataclass(frozen=True, slots=True)
class Field:
    """One demand of a minimum field set: filled when any one of `columns` is.

    `when` names a state of the record (for a meeting 'held'): the field is due only then.
    """

    name: str
    label: str
    columns: tuple[str, ...]
    weight: int = 1
    when: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The minimum field set of an entity, and its columns that may be unreadable.

    Bit i of a failing record's mask stands for `fields[i]`, missing; the bits above, for `readable`, unreadable.
    """

    entity: str
    fields: tuple[Field, ...]
    absent: Mapping[str, str] = field(default_factory=dict)  # field -> why it is not checked
    readable: tuple[str, ...] = ()  # dates and amounts that the CRM holds; of files also texts that are due

    def missing(self, mask: int) -> tuple[Field, ...]:
        """The fields that a record with this mask misses."""
        return tuple(f for bit, f in enumerate(self.fields) if mask >> bit & 1)

    def unreadable(self, mask: int) -> tuple[str, ...]:
        """The columns of a record with this mask in which something stands that cannot be read."""
        return tuple(name for bit, name in enumerate(self.readable, len(self.fields)) if mask >> bit & 1)


@dataclass(frozen=True, slots=True)
class OwnMeasure:
    """One of our counts or amounts, narrowed by what stands in columns of the record."""

    name: str
    label: str
    counted: str  # 'meetings_held'
    entity: str
    where: Mapping[str, tuple[str, ...] | Literal["filled", "missing"]]  # column -> one of these words, or whether any
    share: bool = False  # as a share of what it narrows


@dataclass(frozen=True, slots=True, order=True)
class Tally:
    """One integer that a database counted: for one owner (None = nobody), or for the company.

    `again`: of the owner's records those that are counted at another owner already.
    """

    company: bool
    owner: str | None
    name: str  # 'deals_won', 'due.period', …
    dimension: str  # 'meeting.result', or ''
    currency: str  # '' where it is no money
    value: int
    again: bool = False


class Failing(NamedTuple):
    """A record that misses a field that it owes, or holds what cannot be read; once for each of its owners."""

    entity: str
    record_id: str
    owner: str  # '' = nobody
    mask: int
    in_period: bool  # else it counts in the base only
    again: bool = False  # listed at another owner already
    at_us: int | None = None  # its own moment, in microseconds since 1970; None without a readable one


class Fingerprint(NamedTuple):
    """What the texts of one column come to, over one owner's records."""

    entity: str
    column: str
    owner: str  # as the record names it; '' = nobody
    texts: int  # that are there, empty ones included
    total: int  # of the first 32 bits of MD5 (record id, U+001F, text), big-endian; without text that is no UTF-8


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the CRM, as the audit sees him."""

    id: str
    name: str
    team_id: str  # '' = no team
    team: str
    scope: Scope  # MANAGER or INACTIVE
    leader_id: str = ""  # whom he reports to, where that makes the teams


@dataclass(frozen=True, slots=True)
class Answers:
    """All that one reading of the data says: of the source itself (the witness), or of the snapshot."""

    tallies: tuple[Tally, ...]
    failing: tuple[Failing, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """Whatever is printed. Exact: counts and minor units are integers, a ratio is a pair of integers.

    `denominator` is None where the figure is no ratio; 0 means that nothing was due: no value, never zero.
    """

    id: str
    scope: Scope
    key: str  # the manager's or team's id; '' for the others
    metric: str
    dimension: str
    period: str  # 'period', 'month', 'stock', 'base', 'next 7 days' or 'run'
    numerator: int
    denominator: int | None
    unit: Unit
    currency: str
    basis: str  # 'database', or how else it was found; those of UNCOMPARED no second reading has made


ONE_READING: Final = "the source alone"
"""The basis of a figure that only the CRM's database has counted: rows that are not audited are never read."""

UNCOMPARED: Final = (ONE_READING, "targets", "calendar")
"""The bases of figures that are in no proof: no second reading makes them, or they are none of the CRM's."""


@dataclass(frozen=True, slots=True)
class TableAccount:
    """count(*) of a source table = audited + excluded by reason."""

    table: str
    rows: int
    audited: int
    excluded: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Target:
    """A manager's plan for a calendar month ('2026-11')."""

    manager: str
    month: str
    metric: str
    target: int


def figure_id(metric: str, dimension: str, currency: str, scope: Scope, key: str) -> str:
    """The name under which a figure is found in every file: metric[/dimension][/currency]@scope[:key]."""
    what = "/".join(part for part in (metric, dimension, currency) if part)
    return f"{what}@{scope}:{key}" if key else f"{what}@{scope}"
