"""Invented CRMs of any size, to hold and to count: one of our own on SQLite and PostgreSQL, three makers' on MariaDB.

All have the same records. What is missing, and whose a record is, follows from its number, so that each run has the
same rows on each engine.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL

AS_OF: Final = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
MANAGERS: Final = 600
SHARES: Final = {
    "client": 0.1,
    "contact": 0.2,
    "lead": 0.05,
    "meeting": 0.3,
    "call": 0.28,
    "deal": 0.07,
}
"""Kind -> its share of the records. Beside them are links of meetings to contacts, three for two meetings."""

PRESET: Final = """
about: A CRM for measuring
dialects: [sqlite, postgresql]
money: decimal
states:
  meeting: {planned: [Planned], held: [Held], not held: [Not Held]}
  call: {planned: [Planned], held: [Held], not held: [Not Held]}
  deal: {open: [Prospecting, Negotiation], won: [Closed Won], lost: [Closed Lost]}
entities:
  user: {table: users, columns: {id: id, name: name, team_id: team, team: team, active: active, person: active}}
  client: {table: clients, columns: {id: id, owner_id: owner, name: name, phone: phone, email: email, created_at: made}}
  contact:
    table: contacts
    columns: {id: id, owner_id: owner, client_id: client, first_name: first, last_name: name, phone: phone,
              email: email, created_at: made}
  lead:
    table: leads
    columns: {id: id, owner_id: owner, first_name: first, last_name: name, phone: phone, email: email,
              created_at: made}
  meeting:
    table: meetings
    columns: {id: id, owner_id: owner, subject: name, status: state, start_at: starts, end_at: ends, created_at: made,
              result: result, parent_kind: kind, parent_id: client, client_id: client}
  meeting_contact: {table: invited, columns: {meeting_id: meeting, person_kind: kind, person_id: contact}}
  call:
    table: calls
    columns: {id: id, owner_id: owner, subject: name, status: state, start_at: starts, end_at: ends, created_at: made,
              direction: direction, client_id: client, contact_id: contact}
  deal:
    table: deals
    columns: {id: id, owner_id: owner, name: name, client_id: client, stage: state, amount: amount,
              currency: currency, close_day: closed, created_at: made}
"""
TABLES: Final = {"client": "clients", "contact": "contacts", "lead": "leads", "meeting": "meetings", "call": "calls",
                 "deal": "deals", "user": "users", "link": "invited"}  # fmt: skip

Row = dict[str, Any]
IdOf = Callable[[str, int], Any]
"""(kind, number) -> the record's id"""

_BLANKS: Final = (None, "", " ", "\u00a0")
_DAYS: Final = [f"{datetime(2025, 12, 1) + timedelta(days=n):%Y-%m-%d}" for n in range(360)]  # noqa: DTZ001 - all are UTC
_NAMES: Final = (
    "Aurora Foods",
    "Müller & Söhne KG",
    "Øresund Marine",
    "O'Neill Ltd",
    "Café Zürich",
    "Nowak",
    "Sato",
)
_TOPICS: Final = (
    "Offer for the new machines",
    "Renewal of the contract",
    "Site visit",
    "Price talks",
    "Complaint",
)
_RESULTS: Final = (
    "They want a second offer by the end of the month, with the longer guarantee",
    "Agreed on the price; the contract goes to their lawyers",
    "No budget before spring. Call again in February",
)


# ------------------------------------------------------------------------------------------------ records


@dataclass(frozen=True, slots=True)
class World:
    """The records of a CRM of this size, made anew whenever they are asked for."""

    records: int
    id_of: IdOf
    managers: int = MANAGERS

    def number(self, kind: str) -> int:
        """How many there are."""
        if kind == "user":
            return self.managers
        return int(self.records * (SHARES["meeting"] * 1.5 if kind == "link" else SHARES[kind]))

    def rows(self, kind: str) -> Iterator[Row]:
        """Every record of this kind."""
        made = {"user": _user, "link": self._link}.get(kind) or getattr(self, f"_{kind}")
        for number in range(self.number(kind)):
            row: Row = made(number, _mixed(number))
            yield row if kind == "link" else {"id": self.id_of(kind, number), **row}

    def _any(self, kind: str, mixed: int) -> Any:
        return self.id_of(kind, mixed % self.number(kind))

    def _owned(self, mixed: int) -> Row:
        owner = None if mixed % 211 == 0 else self._any("user", mixed)
        return {"owner": owner, "made": f"{_DAYS[mixed % 350]} 08:{mixed % 60:02d}:00"}

    def _client(self, number: int, mixed: int) -> Row:
        return {**self._owned(mixed), **_reach(number, mixed)}

    def _contact(self, number: int, mixed: int) -> Row:
        row = {
            **self._owned(mixed),
            **_reach(number, mixed),
            "client": self._any("client", mixed >> 3),
        }
        return {**row, "first": _dirty("Ada", mixed >> 4, 9)}

    def _lead(self, number: int, mixed: int) -> Row:
        return {
            **self._owned(mixed),
            **_reach(number, mixed),
            "first": _dirty("Ada", mixed >> 4, 5),
        }

    def _event(self, mixed: int) -> Row:
        day, hour = _DAYS[mixed % 360], mixed % 9 + 8
        states = (
            ("Held", "Held", "Held", "Not Held", "Planned")
            if day < "2026-11-16"
            else ("Planned",)
        )
        dated = mixed % 23 != 0
        return {
            **self._owned(mixed >> 2),
            "name": _dirty(_TOPICS[mixed % 5], mixed >> 5, 13),
            "state": states[mixed % len(states)],
            "starts": f"{day} {hour:02d}:30:00" if dated else None,
            "ends": f"{day} {hour:02d}:59:00" if dated else None,
            "client": self._any("client", mixed >> 6),
        }

    def _meeting(self, number: int, mixed: int) -> Row:
        kind = "client" if mixed % 3 else None
        return {
            **self._event(mixed),
            "result": _dirty(_RESULTS[mixed % 3], mixed >> 7, 4),
            "kind": kind,
        }

    def _call(self, number: int, mixed: int) -> Row:
        contact = self._any("contact", mixed >> 8) if mixed % 7 else None
        return {
            **self._event(mixed),
            "direction": _dirty("Outbound", mixed >> 9, 6),
            "contact": contact,
        }

    def _deal(self, number: int, mixed: int) -> Row:
        stages = ("Prospecting", "Negotiation", "Closed Won", "Closed Lost", "Signed", "")
        return {
            **self._owned(mixed),
            "name": _dirty(f"Order {number}", mixed >> 4, 20),
            "client": self._any("client", mixed >> 5),
            "state": stages[mixed % 31 % len(stages)],
            "amount": None if mixed % 19 == 0 else mixed % 10**7 / 100,
            "currency": ("EUR", "EUR", "USD", "JPY")[mixed % 4],
            "closed": None if mixed % 17 == 0 else _DAYS[(mixed >> 3) % 360],
        }

    def _link(self, number: int, mixed: int) -> Row:
        meetings = self.number("meeting")
        met = number % meetings if number < meetings else mixed % meetings
        contact = self._any("contact", (mixed >> 3) + number)
        return {"meeting": self.id_of("meeting", met), "kind": "contact", "contact": contact}


def text_id(kind: str, number: int) -> str:
    """As long as those of most CRMs."""
    return f"{kind[:4]}{number:08d}-4c1d-8f00-2b7e151628ae"


def short_id(kind: str, number: int) -> str:
    """Of 17 characters, as EspoCRM's."""
    return f"{kind[:4]}{number:013d}"[:17]


def integer_id(kind: str, number: int) -> int:
    """As vtiger's, whose records share their numbers."""
    return (1 + ("user", *SHARES).index(kind)) * 10_000_000 + number


def _mixed(number: int) -> int:
    """A number without a pattern, always the same."""
    return (number + 7_919) * 2_654_435_761 % 2**32 >> 3


def _user(number: int, mixed: int) -> Row:
    return {
        "name": f"Seller {number}",
        "team": f"t{number % 12}",
        "active": int(number % 20 != 0),
    }


def _reach(number: int, mixed: int) -> Row:
    return {
        "name": _dirty(_NAMES[mixed % len(_NAMES)], mixed >> 2, 11),
        "phone": _dirty(f"+49 30 {number}", mixed >> 3, 3),
        "email": _dirty(f"someone{number}@crm.example", mixed >> 5, 4),
    }


def _dirty(text: str, mixed: int, of: int) -> str | None:
    """Nothing, in one of its forms, in one of so many records."""
    return text if mixed % of else _BLANKS[mixed % len(_BLANKS)]


# ------------------------------------------------------------------------------------------------ our own


_KINDS: Final = {"made": "TIMESTAMP", "starts": "TIMESTAMP", "ends": "TIMESTAMP", "closed": "DATE",
                 "amount": "NUMERIC(20, 2)", "active": "INTEGER"}  # fmt: skip


@contextmanager
def sqlite(folder: Path, records: int, managers: int = MANAGERS) -> Iterator[URL]:
    """A file, as a CRM's own program would leave it: keys, and statistics."""
    file = folder / f"crm{records}.db"
    with closing(sqlite3.connect(file)) as connection:
        for name, columns, rows in _tables(records, managers):
            connection.execute(
                _creating(name, columns).replace("TIMESTAMP", "TEXT").replace("DATE", "TEXT")
            )
            places = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {name} VALUES ({places})", rows)
        connection.execute("CREATE INDEX by_meeting ON invited (meeting)")
        connection.execute("ANALYZE")
        connection.commit()
    yield URL.create("sqlite", database=str(file))
    file.unlink()


@contextmanager
def postgresql(_: Path, records: int, managers: int = MANAGERS) -> Iterator[URL]:
    """A database of its own, dropped afterwards."""
    import psycopg

    from tests.postgres import database

    with database() as url:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as connection, connection.cursor() as cursor:
            for name, columns, rows in _tables(records, managers):
                cursor.execute(_creating(name, columns))
                with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            cursor.execute("CREATE INDEX by_meeting ON invited (meeting)")
            connection.commit()
            connection.autocommit = True
            cursor.execute("ANALYZE")
        yield url


def _tables(
    records: int, managers: int
) -> Iterator[tuple[str, Sequence[str], Iterable[tuple[Any, ...]]]]:
    """(name, columns, rows) of each table."""
    world = World(records, text_id, managers)
    for kind, name in TABLES.items():
        yield (
            name,
            list(next(world.rows(kind))),
            (tuple(row.values()) for row in world.rows(kind)),
        )


def _creating(name: str, columns: Sequence[str]) -> str:
    described = (
        f"{one} {_KINDS.get(one, 'TEXT')}{' PRIMARY KEY' if one == 'id' else ''}"
        for one in columns
    )
    return f"CREATE TABLE {name} ({', '.join(described)})"


# ------------------------------------------------------------------------------------------------ those of makers


@contextmanager
def suitecrm(_: Path, records: int, managers: int = MANAGERS) -> Iterator[URL]:
    """Their own dump's tables, emptied."""
    from tests.crms.suitecrm.database import suitecrm as loaded

    with loaded() as database:
        tables = ("users", "accounts", "contacts", "leads", "meetings", "calls", "opportunities", "meetings_contacts",
                  "accounts_contacts", "accounts_opportunities", "calls_contacts", "email_addr_bean_rel",
                  "email_addresses")  # fmt: skip
        database.execute(*(f"DELETE FROM {table}" for table in tables))
        _load(database, _suitecrm_rows(World(records, text_id, managers)))
        yield database.url


@contextmanager
def espocrm(_: Path, records: int, managers: int = MANAGERS) -> Iterator[URL]:
    """Tables rebuilt from a list of their columns, with the keys that EspoCRM gives its relations."""
    from tests.crms.rebuilt import espocrm as made
    from tests.crms.rebuilt.schema import built

    keys = [
        "CREATE INDEX of_meeting ON contact_meeting (meeting_id)",
        "CREATE INDEX of_contact ON contact_meeting (contact_id)",
        "CREATE INDEX of_call ON call_contact (call_id)",
    ]
    with built("espocrm", made.TABLES, [*made.FURTHER, *keys], made.COLLATION) as database:
        _load(database, _espocrm_rows(World(records, short_id, managers)))
        yield database.url


@contextmanager
def vtiger(_: Path, records: int, managers: int = MANAGERS) -> Iterator[URL]:
    """Tables rebuilt from a list of their columns."""
    from tests.crms.rebuilt import vtiger as made
    from tests.crms.rebuilt.schema import built

    with built("vtiger", made.TABLES, made.FURTHER, made.COLLATION) as database:
        _load(database, _vtiger_rows(World(records, integer_id, managers)))
        yield database.url


_BATCH: Final = 20_000


def _load(database: Any, rows: Iterable[tuple[str, Row]]) -> None:
    """(table, row)s, in batches; statistics as MariaDB has them once it is at rest."""
    waiting: dict[str, list[Row]] = {}
    for table, row in rows:
        batch = waiting.setdefault(table, [])
        batch.append({f"`{name}`": value for name, value in row.items()})
        if len(batch) == _BATCH:
            database.insert(f"`{table}`", batch)
            batch.clear()
    for table, batch in waiting.items():
        database.insert(f"`{table}`", batch)
        database.execute(f"ANALYZE TABLE `{table}`")


def _suitecrm_rows(world: World) -> Iterator[tuple[str, Row]]:
    def of(row: Row) -> Row:
        return {
            "id": row["id"],
            "assigned_user_id": row.get("owner"),
            "date_entered": row["made"],
            "deleted": 0,
        }

    def event(row: Row) -> Row:
        parent = "Accounts" if row.get("kind", "client") else None
        moments = {"date_start": row["starts"], "date_end": row["ends"]}
        return {**of(row), **moments, "name": row["name"], "status": row["state"], "parent_type": parent,
                "parent_id": row["client"]}  # fmt: skip

    for row in world.rows("user"):
        status = "Active" if row["active"] else "Inactive"
        yield (
            "users",
            {
                "id": row["id"],
                "last_name": row["name"],
                "status": status,
                "deleted": 0,
                "is_group": 0,
            },
        )
    for row in world.rows("client"):
        yield "accounts", {**of(row), "name": row["name"], "phone_office": row["phone"]}
        yield from _mailed(row, "Accounts")
    for row in world.rows("contact"):
        yield (
            "contacts",
            {
                **of(row),
                "first_name": row["first"],
                "last_name": row["name"],
                "phone_work": row["phone"],
            },
        )
        yield (
            "accounts_contacts",
            {
                "id": row["id"],
                "contact_id": row["id"],
                "account_id": row["client"],
                "deleted": 0,
            },
        )
        yield from _mailed(row, "Contacts")
    for row in world.rows("lead"):
        yield "leads", {**of(row), "first_name": row["first"], "last_name": row["name"], "phone_work": row["phone"],
                        "converted": 0}  # fmt: skip
    for row in world.rows("meeting"):
        yield "meetings", event(row)
    for number, row in enumerate(world.rows("link")):
        yield "meetings_contacts", {"id": text_id("link", number), "meeting_id": row["meeting"],
                                    "contact_id": row["contact"], "deleted": 0}  # fmt: skip
    for row in world.rows("call"):
        yield "calls", {**event(row), "direction": row["direction"]}
        if row["contact"]:
            yield (
                "calls_contacts",
                {
                    "id": row["id"],
                    "call_id": row["id"],
                    "contact_id": row["contact"],
                    "deleted": 0,
                },
            )
    for row in world.rows("deal"):
        yield "opportunities", {**of(row), "name": row["name"], "sales_stage": row["state"], "amount": row["amount"],
                                "currency_id": "-99", "date_closed": row["closed"]}  # fmt: skip
        yield "accounts_opportunities", {"id": row["id"], "opportunity_id": row["id"], "account_id": row["client"],
                                         "deleted": 0}  # fmt: skip


def _mailed(row: Row, module: str) -> Iterator[tuple[str, Row]]:
    if row["email"]:
        yield "email_addresses", {"id": row["id"], "email_address": row["email"], "deleted": 0}
        yield "email_addr_bean_rel", {"id": row["id"], "email_address_id": row["id"], "bean_id": row["id"],
                                      "bean_module": module, "primary_address": 1, "deleted": 0}  # fmt: skip


def _espocrm_rows(world: World) -> Iterator[tuple[str, Row]]:
    def of(row: Row) -> Row:
        return {
            "id": row["id"],
            "assigned_user_id": row.get("owner"),
            "created_at": row["made"],
            "deleted": 0,
        }

    def event(row: Row) -> Row:
        return {**of(row), "name": row["name"], "status": row["state"], "date_start": row["starts"],
                "date_end": row["ends"], "account_id": row["client"]}  # fmt: skip

    numbers = iter(range(1, 10**9))
    for row in world.rows("user"):
        yield "user", {"id": row["id"], "last_name": row["name"], "type": "regular", "is_active": row["active"],
                       "deleted": 0}  # fmt: skip
    for kind, table in (("client", "account"), ("contact", "contact"), ("lead", "lead")):
        for row in world.rows(kind):
            person = (
                {"name": row["name"]}
                if kind == "client"
                else {"last_name": row["name"], "first_name": row["first"]}
            )
            account = {"account_id": row["client"]} if kind == "contact" else {}
            yield table, {**of(row), **person, **account}
            yield "phone_number", {"id": row["id"], "name": row["phone"], "deleted": 0}
            yield "entity_phone_number", {"id": next(numbers), "entity_type": table.title(), "entity_id": row["id"],
                                          "phone_number_id": row["id"], "primary": 1, "deleted": 0}  # fmt: skip
    for row in world.rows("meeting"):
        yield "meeting", {**event(row), "c_result": row["result"]}
    for row in world.rows("link"):
        yield "contact_meeting", {"id": next(numbers), "contact_id": row["contact"], "meeting_id": row["meeting"],
                                  "deleted": 0}  # fmt: skip
    for row in world.rows("call"):
        yield "call", {**event(row), "direction": row["direction"]}
        if row["contact"]:
            yield (
                "call_contact",
                {
                    "id": next(numbers),
                    "call_id": row["id"],
                    "contact_id": row["contact"],
                    "deleted": 0,
                },
            )
    for row in world.rows("deal"):
        yield "opportunity", {**of(row), "name": row["name"], "stage": row["state"], "amount": row["amount"],
                              "amount_currency": row["currency"], "account_id": row["client"],
                              "close_date": row["closed"]}  # fmt: skip


def _vtiger_rows(world: World) -> Iterator[tuple[str, Row]]:
    def of(row: Row, kind: str) -> tuple[str, Row]:
        return "vtiger_crmentity", {"crmid": row["id"], "smownerid": row["owner"] or 0, "setype": kind, "deleted": 0,
                                    "createdtime": row["made"]}  # fmt: skip

    def event(row: Row, kind: str) -> Iterator[tuple[str, Row]]:
        (day, _, hour), (end, _, until) = (
            (row[one] or "").partition(" ") for one in ("starts", "ends")
        )
        yield of(row, "Calendar")
        yield "vtiger_activity", {"activityid": row["id"], "subject": row["name"], "eventstatus": row["state"],
                                  "activitytype": kind, "date_start": day or None, "time_start": hour,
                                  "due_date": end or None, "time_end": until}  # fmt: skip
        yield "vtiger_seactivityrel", {"crmid": row["client"], "activityid": row["id"]}

    for row in world.rows("user"):
        yield "vtiger_users", {"id": row["id"], "last_name": row["name"], "deleted": 0,
                               "status": "Active" if row["active"] else "Inactive"}  # fmt: skip
    for row in world.rows("client"):
        yield of(row, "Accounts")
        yield "vtiger_account", {"accountid": row["id"], "accountname": row["name"], "phone": row["phone"],
                                 "email1": row["email"]}  # fmt: skip
    for row in world.rows("contact"):
        yield of(row, "Contacts")
        yield "vtiger_contactdetails", {"contactid": row["id"], "accountid": row["client"], "firstname": row["first"],
                                        "lastname": row["name"], "phone": row["phone"],
                                        "email": row["email"]}  # fmt: skip
        yield "vtiger_contactsubdetails", {"contactsubscriptionid": row["id"]}
    for row in world.rows("lead"):
        yield of(row, "Leads")
        yield "vtiger_leaddetails", {"leadid": row["id"], "firstname": row["first"], "lastname": row["name"],
                                     "email": row["email"], "converted": 0}  # fmt: skip
        yield "vtiger_leadaddress", {"leadaddressid": row["id"], "phone": row["phone"]}
    for row in world.rows("meeting"):
        yield from event(row, "Meeting")
    met = {(row["contact"], row["meeting"]) for row in world.rows("link")}
    for contact, meeting in sorted(met):
        yield "vtiger_cntactivityrel", {"contactid": contact, "activityid": meeting}
    for row in world.rows("call"):
        yield from event(row, "Call")
    for row in world.rows("deal"):
        yield of(row, "Potentials")
        yield "vtiger_potential", {"potentialid": row["id"], "potentialname": row["name"], "related_to": row["client"],
                                   "sales_stage": row["state"], "amount": row["amount"],
                                   "closingdate": row["closed"]}  # fmt: skip


CRMS: Final[Mapping[str, Callable[..., Any]]] = {
    "sqlite": sqlite, "postgresql": postgresql, "suitecrm": suitecrm, "espocrm": espocrm, "vtiger": vtiger,
}  # fmt: skip
"""Name -> opens an empty place, fills it with so many records of so many managers, and takes it
away afterwards.
"""
