"""Whose the held meetings that are not complete are to complete: random CRMs, counted in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from pipeline.config import load_audit
from pipeline.flows import run
from pipeline.model import RunResult
from pipeline.progress import Silence
from tests.flows.test_owners import mariadb, postgresql, sqlite
from tests.postgres import database
from tests.queries.test_counting import export, files, store

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ENGINES = pytest.mark.parametrize(
    "engine", [sqlite, mariadb, postgresql, files], ids=lambda engine: engine.__name__
)
PRESET = """
about: A CRM of invitations
dialects: [sqlite, mysql, mariadb, postgresql, duckdb, files]
money: decimal
absent: {user.leader_id: no teams, call: no calls, deal: no deals, client.email: none, contact.email: none,
         lead.email: none, meeting.end_at: no ends}
states:
  meeting: {held: [held], planned: [planned]}
entities:
  user:
    table: people
    select: |
      SELECT id, name, id AS team_id, id AS team, CAST(active AS DECIMAL(1, 0)) AS active, 1 AS person, NULL AS excluded
      FROM people
  client:
    table: clients
    select: |
      SELECT id, owner AS owner_id, last AS name, phone, made AS created_at, CAST(home AS DECIMAL(1, 0)) AS private_person,
             first AS first_name, last AS last_name, NULL AS excluded
      FROM clients
  contact:
    table: contacts
    columns: {id: id, owner_id: owner, client_id: client, last_name: last, first_name: first, phone: phone,
              created_at: made}
  lead: {table: leads, columns: {id: id, owner_id: owner, last_name: last, first_name: first, phone: phone, created_at: made}}
  meeting:
    table: meetings
    columns: {id: id, owner_id: owner, subject: subject, status: state, start_at: starts, created_at: made,
              client_id: client, result: result, parent_kind: kind, parent_id: parent}
  meeting_contact: {table: invited, columns: {meeting_id: meeting, person_kind: kind, person_id: person}}
  co_owner: {table: owners, columns: {record_kind: kind, record_id: record, owner_id: owner}}
"""  # noqa: E501
SETS = {
    "meeting": "[{name: subject, columns: [subject], owed_by: operator}, {name: result, columns: [result]}]",
    "contact": "[{name: last_name, columns: [last_name]}, {name: details, columns: [phone], owed_by: operator}]",
    "lead": "[{name: last_name, columns: [last_name], owed_by: operator}, {name: details, columns: [phone]}]",
    "client": "[{name: name, columns: [name]}]",
}
"""Sales support owes another thing of each kind of record."""
WITH_SUPPORT: Mapping[str, tuple[bool, bool, bool]] = {
    "contact": (False, False, True), "lead": (True, False, False), "client": (False, False, False)
}  # fmt: skip
"""Kind of person -> whether sales support owes last name, first name, phone."""
USERS = ("a", "A", "b", "x")
TABLES = {"contact": "contacts", "lead": "leads", "client": "clients", "meeting": "meetings"}

Row = dict[str, Any]
Tables = Mapping[str, Sequence[Row]]


# ------------------------------------------------------------------------------------------------ the CRM


def tables_of(seed: int, number: int = 90) -> Tables:
    """Persons who lack this and that, of somebody, nobody and somebody gone; ids that differ by their case."""
    rng = Random(seed)
    owners = ("a", "a", "A", "b", "b", "x", "gone", None)
    made = datetime(2026, 11, 2, 10)

    def filled(full: str, often: int = 4) -> str | None:
        return rng.choice((*[full] * often, None, " "))

    def person(kind: str, n: int) -> Row:
        return {
            "id": f"{kind}{n}", "owner": rng.choice(owners), "last": filled("Low"), "first": filled("Ada"),
            "phone": filled("1", 2), "made": made, "client": f"client{rng.randrange(number + 9)}",
            "home": rng.choice((0, 1)),
        }  # fmt: skip

    def meeting(n: int) -> Row:
        kind = rng.choice(("contact", "lead", "client", None))
        return {
            "id": f"meeting{n}", "owner": rng.choice(owners), "subject": filled("Talk", 9), "result": filled("Yes", 9),
            "state": rng.choice(("held", "held", "held", "planned")), "made": made,
            "starts": rng.choice((*[datetime(2026, 11, 9, 9)] * 8, None, datetime(2026, 9, 9))),
            "client": f"client{rng.randrange(number)}", "kind": kind, "parent": f"{kind}{rng.randrange(number + 9)}",
        }  # fmt: skip

    tables: dict[str, list[Row]] = {
        TABLES[kind]: [person(kind, n) for n in range(number)]
        for kind in ("contact", "lead", "client")
    }
    tables["meetings"] = [meeting(n) for n in range(3 * number)]
    tables["invited"] = [
        {"meeting": f"meeting{rng.randrange(2 * number)}", "kind": kind, "person": f"{kind}{rng.randrange(number + 9)}"}
        for kind in ("contact", "lead")
        for _ in range(2 * number)
    ]  # fmt: skip
    tables["owners"] = [
        {"kind": kind, "record": rng.choice(tables[table])["id"], "owner": rng.choice(owners)}
        for kind, table in TABLES.items()
        for _ in range(number // 2)
    ]
    people = (*USERS, "op")
    tables["people"] = [{"id": p, "name": f"P {p}", "active": int(p != "x")} for p in people]
    return tables


def audited(folder: Path, url: URL, owners: str, *, support: bool = True) -> RunResult:
    (folder / "own.yaml").write_text(PRESET, "utf-8")
    (folder / "sets").mkdir(exist_ok=True)
    for entity in ("meeting", "contact", "lead", "client", "deal", "call"):
        fields = SETS.get(entity, "[]")
        (folder / f"sets/{entity}.yaml").write_text(f"entity: {entity}\nfields: {fields}\n")
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    file = folder / "audit.yaml"
    file.write_text(
        f"name: T\nid: whose\nsource: {{url: '{address}', preset: own.yaml, several_owners: {owners}}}\n"
        f"zone: UTC\ncurrency: EUR\nfield_sets: sets\n{'operators: [op]' if support else ''}\n"
    )
    data = folder / f"data-{owners}-{support}"
    data.mkdir()
    run.extract(load_audit(file), data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    return run.compute(data, run_id="r", progress=Silence())


# ------------------------------------------------------------------------------------------------ by hand


def blank(text: str | None) -> bool:
    return not (text or "").strip()


class Hand:
    """Plain Python over the rows."""

    def __init__(self, tables: Tables, *, several: bool, support: bool) -> None:
        self.tables, self.several, self.support = tables, several, support
        self.records = {
            (kind, row["id"]): row for kind, table in TABLES.items() for row in tables[table]
        }

    def owners(self, kind: str, record: Row) -> list[str]:
        """Those who exist, the first one first; a contact without any is its client's."""
        named = [record["owner"]]
        if self.several:
            more = [
                o
                for o in self.tables["owners"]
                if (o["kind"], o["record"]) == (kind, record["id"])
            ]
            named += sorted(str(o["owner"]) for o in more)  # fmt: skip
        owners = list(dict.fromkeys(owner for owner in named if owner in USERS))
        client = self.records.get(("client", record["client"]))
        if kind == "contact" and not owners and client:
            return self.owners("client", client)[:1]
        return owners

    def persons(self, meeting: Row) -> list[tuple[str, Row]]:
        links = [i for i in self.tables["invited"] if i["meeting"] == meeting["id"]]
        invited = [(i["kind"], i["person"]) for i in links]
        parent = (meeting["kind"], meeting["parent"])
        client = ("client", meeting["client"])
        is_private = client in self.records and self.records[client]["home"]
        for some in (
            invited,
            [parent] if parent[0] in ("contact", "lead") else [],
            [client] if is_private else [],
        ):
            there = [
                (kind, self.records[kind, who])
                for kind, who in some
                if (kind, who) in self.records
            ]
            if there:  # fmt: skip
                return there
        return []

    def whose(self, meeting: Row, owner: str | None) -> str:
        """'own', 'colleague', 'operators', or '' where the meeting is complete."""
        supports = self.support and blank(meeting["subject"])
        persons = self.persons(meeting)
        own = meeting["starts"] is None or blank(meeting["result"]) or not persons
        own |= not self.support and blank(meeting["subject"])
        of_contact, anothers = "", False
        if persons:
            *_, owed, anothers = min(self.ranked(kind, who, owner) for kind, who in persons)
            of_contact = "owner" if "owner" in owed else "support" if owed else ""
        if own or (of_contact == "owner" and not anothers):
            return "own"
        if of_contact == "owner":
            return "colleague"
        return "operators" if supports or of_contact else ""

    def ranked(self, kind: str, who: Row, owner: str | None) -> tuple[Any, ...]:
        """(how many, last name first, how little of it is with support, whose, debtors, another's)"""
        lacks = [blank(who[column]) for column in ("last", "first", "phone")]
        with_support = [
            lack and mine and self.support
            for lack, mine in zip(lacks, WITH_SUPPORT[kind], strict=True)
        ]
        owed = sorted(
            {
                "support" if theirs else "owner"
                for lack, theirs in zip(lacks, with_support, strict=True)
                if lack
            }
        )
        owners = self.owners(kind, who)
        anothers = bool(owners) and owner is not None and owner not in owners
        return sum(lacks), lacks[::-1], with_support[::-1], anothers, owed, anothers

    def counts(self) -> dict[str, Counter[str]]:
        """Scope -> whose -> how many; complete ones under ''."""
        counts: dict[str, Counter[str]] = {
            scope: Counter()
            for scope in ("company", "double_counted", "unassigned", "inactive")
        }
        for owner in ("a", "A", "b"):
            counts[f"manager:{owner}"] = Counter()
        for scope, whose in self.rows():
            counts[scope][whose] += 1
        return counts

    def rows(self) -> Iterator[tuple[str, str]]:
        for meeting in self.tables["meetings"]:
            if meeting["state"] != "held" or meeting["starts"] == datetime(2026, 9, 9):
                continue
            owners = self.owners("meeting", meeting) or [None]
            for place, owner in enumerate(owners):
                whose = self.whose(meeting, owner)
                yield "company" if not place else "double_counted", whose
                scopes = {None: "unassigned", "x": "inactive"}
                yield scopes.get(owner, f"manager:{owner}"), whose


# ------------------------------------------------------------------------------------------------ equal


def told(result: RunResult, scopes: Sequence[str]) -> dict[str, Counter[str]]:
    """The same of the run's figures."""
    counts = {}
    for scope in scopes:
        complete = result.figures[f"complete_meetings@{scope}"]
        counts[scope] = Counter({"": complete.numerator})
        for whose in ("own", "colleague", "operators"):
            figure = result.figures.get(f"meetings_to_complete/{whose}@{scope}")
            counts[scope][whose] = figure.numerator if figure else 0
        assert counts[scope].total() == complete.denominator  # each meeting is one of these
    return counts


@ENGINES
@pytest.mark.parametrize(("owners", "seed"), [("first", 3), ("all", 8)])
def test_whose_meetings_are_to_complete(
    tmp_path: Path, engine: Callable[..., Any], owners: str, seed: int
) -> None:
    tables = tables_of(seed)
    with engine(tmp_path) as url:
        if engine is files:
            export(tmp_path / "exports", tables)
        else:
            store(url, tables)
        result = audited(tmp_path, url, owners)  # which proves one reading by the other
        alone = audited(tmp_path, url, owners, support=False)
    expected = Hand(tables, several=owners == "all", support=True).counts()
    scopes = [scope for scope in expected if f"complete_meetings@{scope}" in result.figures]
    assert told(result, scopes) == {scope: expected[scope] for scope in scopes}
    assert all(expected["company"][whose] > 9 for whose in ("own", "colleague", "operators"))
    # without sales support there is no such count, and not a zero either
    assert "meetings_to_complete/operators@company" not in alone.figures
    expected = Hand(tables, several=owners == "all", support=False).counts()
    scopes = [scope for scope in expected if f"complete_meetings@{scope}" in alone.figures]
    assert told(alone, scopes) == {scope: expected[scope] for scope in scopes}
    listed = Counter(
        check.rule.dimension
        for check in result.checks
        if check.rule.measure == "meetings_to_complete"
    )
    for whose in ("own", "colleague", "operators"):  # each is a finding of its owner
        once, again = (
            result.figures.get(f"meetings_to_complete/{whose}@{scope}")
            for scope in ("company", "double_counted")
        )
        assert once is not None
        assert listed[whose] == once.numerator + (again.numerator if again else 0)


def test_ids_that_are_numbers_in_a_crm_without_leads(tmp_path: Path) -> None:
    """PostgreSQL compares no number with a text: whatever is not held is not looked up."""
    (tmp_path / "own.yaml").write_text(NUMBERED, "utf-8")
    with database() as url:
        with create_engine(url).begin() as connection:
            for statement in NUMBERED_ROWS:
                connection.exec_driver_sql(statement)
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        audit = tmp_path / "audit.yaml"
        audit.write_text(
            f"name: T\nsource: {{url: '{address}', preset: own.yaml}}\nzone: UTC\ncurrency: EUR\n"
        )
        now = datetime(2026, 11, 26, 8, tzinfo=UTC)
        outcome = run.run_audit(
            load_audit(audit), run_id="r", clock=lambda: now, progress=Silence()
        )
    figures = outcome.result.figures
    to_complete = {
        name: figures[f"meetings_to_complete/{name}@company"].numerator
        for name in ("own", "colleague")
    }
    assert to_complete == {"own": 1, "colleague": 1}
    complete = figures["complete_meetings@company"]
    assert (complete.numerator, complete.denominator) == (1, 3)


NUMBERED = """\
about: Ours
dialects: [postgresql]
money: decimal
states:
  meeting: {held: [held]}
  deal: {won: [won]}
entities:
  user: {table: people, columns: {id: id, name: name}}
  client: {table: firms, columns: {id: id, name: name, owner_id: owner, email: email}}
  contact:
    table: persons
    columns: {id: id, first_name: first, last_name: last, client_id: firm, owner_id: owner, email: email}
  meeting:
    table: visits
    columns: {id: id, owner_id: owner, client_id: firm, subject: subject, status: status, start_at: at}
  meeting_contact:
    table: guests
    select: SELECT visit AS meeting_id, 'contact' AS person_kind, person AS person_id, NULL AS excluded FROM guests
"""
NUMBERED_ROWS = (
    "CREATE TABLE people (id int PRIMARY KEY, name text)",
    "CREATE TABLE firms (id int PRIMARY KEY, name text, owner int, email text)",
    "CREATE TABLE persons (id int PRIMARY KEY, first text, last text, firm int, owner int, email text)",
    "CREATE TABLE visits (id int PRIMARY KEY, owner int, firm int, subject text, status text, at timestamp)",
    "CREATE TABLE guests (visit int, person int)",
    "INSERT INTO people VALUES (1, 'An'), (2, 'Bo')",
    "INSERT INTO firms VALUES (1, 'Aurora', 1, 'a@b.nl')",
    "INSERT INTO persons VALUES (1, 'Cas', 'Dijk', 1, 2, NULL), (2, 'Eva', 'Fok', 1, NULL, 'e@b.nl')",
    "INSERT INTO visits VALUES (1, 1, 1, 'Demo', 'held', '2026-11-10 10:00'),"
    " (2, 1, 1, NULL, 'held', '2026-11-11 10:00'), (3, 1, 1, 'Price', 'held', '2026-11-12 10:00')",
    "INSERT INTO guests VALUES (1, 1), (2, 2), (3, 2)",
)
