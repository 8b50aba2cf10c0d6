"""What is asked, on a few rows made by hand: DuckDB answers over a snapshot, and the numbers were counted by eye."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import column, create_engine, table

from pipeline import queries, snapshot
from pipeline.calendar.window import open_window
from pipeline.findings.tallies import failing_tallies, group_of
from pipeline.measures.deals import DEALS_OPEN_AMOUNT
from pipeline.measures.measure import average
from pipeline.measures.registry import COUNTED, counts_of
from pipeline.model import (
    ENTITIES,
    READ,
    Demand,
    FailingRecord,
    FieldSet,
    Scope,
    Span,
    Tally,
    Window,
)
from pipeline.model.conditions import HELD
from pipeline.proof.listed import must_be_listed
from pipeline.queries import MISSING, UNKNOWN, QueryContext, columns_of, state_code, view_of
from pipeline.queries.ask import ask, ask_failing, ask_people
from pipeline.queries.counts import measure_questions

WORDS = {
    "meeting": {"planned": ("Planned",), "held": ("Held", "Done"), "not held": ("Not Held",)},
    "call": {"planned": ("Planned",), "held": ("Held",), "not held": ("Not Held",)},
    "deal": {"open": ("Open",), "won": ("Won",), "lost": ("Lost",)},
}
SETS = {
    "meeting": FieldSet(
        "meeting",
        (
            Demand("date", "date", ("start_at",)),
            Demand("subject", "subject", ("subject",)),
            Demand("contact", "contact", ("contact",)),
            Demand("result", "result", ("result",), when=HELD),
        ),
        readable=("start_at", "end_at"),
    ),
    "call": FieldSet("call", (Demand("status", "status", ("status",)), Demand("whom", "whom", ("client_id",
    "contact_id")))),
    "deal": FieldSet(
        "deal",
        (
            Demand("client", "client", ("client_id",)),
            Demand("stage", "stage", ("stage",)),
            Demand("amount", "amount", ("amount",)),
            Demand("close_date", "close date", ("close_day",)),
        ),
        readable=("amount", "close_day"),
    ),
    "client": FieldSet("client", (Demand("details", "details", ("phone", "email")),)),
    "contact": FieldSet("contact", (Demand("last_name", "last name", ("last_name",)),)),
    "lead": FieldSet("lead", (Demand("last_name", "last name", ("last_name",)),)),
}  # fmt: skip
NOON = "2026-11-16 12:00:00"
OLD = "2026-01-05 12:00:00"
FUTURE = "2026-11-20 12:00:00"
MANAGERS = (
    {"id": "m1", "name": "Anna", "active": 1, "person": 1},
    {"id": "m2", "name": "Bo", "active": 1, "person": 1},
    {"id": "x1", "name": "Gone", "active": 0, "person": 1},
)

Rows = Sequence[Mapping[str, Any]]


def window(**bounds: date) -> Window:
    """Monday, 16 November 2026, 13:30 in Amsterdam."""
    return open_window(
        as_of=datetime(2026, 11, 16, 12, 30, tzinfo=UTC),
        zone="Europe/Amsterdam",
        working_week=range(5),
        **bounds,
    )


@dataclass(frozen=True)
class Answer:
    """What the snapshot says of the rows."""

    tallies: tuple[Tally, ...]
    failing: tuple[FailingRecord, ...]
    views: Mapping[str, Mapping[str, Mapping[str, Any]]]  # entity -> record -> column -> value

    def count(
        self, name: str, owner: str | None = "company", dimension: str = "", currency: str = ""
    ) -> int:
        """A count of the company, or of an owner; None is nobody."""
        return sum(
            t.value
            for t in self.tallies
            if (t.name, t.dimension, t.currency) == (name, dimension, currency)
            and (t.company if owner == "company" else not t.company and t.owner == owner)
        )

    def fields(self, field: str, owner: str | None = "company") -> tuple[int, int, int, int]:
        """(due and missing of the period, due and missing of the base)"""
        entity, _, name = field.partition(".")
        (demand,) = (one for one in SETS[entity].demands if one.name == name)
        key = SETS[entity].due_key(demand)
        names = ("due.score", "missing.score", "due.base", "missing.base")
        return tuple(  # type: ignore[return-value]
            self.count(name, owner, key if name.startswith("due") else field) for name in names
        )

    def misses(self, entity: str) -> dict[str, tuple[str, ...]]:
        named = (
            (r.record_id, SETS[entity].failed(r.mask))
            for r in self.failing
            if r.entity == entity
        )
        return {
            record: tuple(demand.name for demand, rule in failed if rule.verdict == "missing")
            for record, failed in named
            if any(rule.verdict == "missing" for _, rule in failed)
        }

    @property
    def to_complete(self) -> tuple[FailingRecord, ...]:
        """The records that fail a demand of a field set."""
        return tuple(r for r in self.failing if r.mask & SETS[r.entity].bits)

    def unreadable(self, entity: str) -> dict[str, tuple[str, ...]]:
        """Record id -> its columns that hold what cannot be read."""
        named = (
            (r.record_id, SETS[entity].unreadable(r.mask))
            for r in self.failing
            if r.entity == entity
        )
        return {record: columns for record, columns in named if columns}


class Desk:
    """Writes rows as a snapshot does and asks everything of them."""

    def __init__(
        self, folder: Path, moments: Window, absent: frozenset[str] = frozenset()
    ) -> None:
        self.folder = folder
        self.context = QueryContext(moments, WORDS, absent, counts=counts_of(COUNTED))

    def ask(self, **rows: Rows) -> Answer:
        given = {"user": MANAGERS, **rows}
        stored = []
        for entity, columns in ENTITIES.items():
            values = [tuple(row.get(name) for name in columns) for row in given.get(entity, ())]
            assert all(set(row) <= set(columns) for row in given.get(entity, ()))
            stored.append(
                snapshot.write_entity(
                    self.folder,
                    entity,
                    list(columns),
                    [values],
                    expected=len(values),
                    minor=True,
                    advance=lambda _: None,
                )
            )
        context = self.context
        views = queries.views_of(snapshot.entities(stored), context)
        with ExitStack() as stack:
            shelf = stack.enter_context(
                snapshot.opened(self.folder, stored, views, self.folder)
            )
            connection = stack.enter_context(shelf.engine.connect())
            asked = {
                name: view
                for name, view in shelf.views.items()
                if name in rows or set(rows) <= {"user"}
            }
            questions = (
                *queries.measures(asked, context),
                *queries.field_counts(asked, SETS, context),
            )
            tallies = tuple(ask(connection, questions))
            scans = queries.scans_of(asked, SETS, context)
            failing = tuple(ask_failing(connection, scans))
            rules = {scan.entity: scan.rules for scan in scans}
            groups = Counter(map(group_of, failing))
            must_be_listed(tallies, groups, rules)
            counted = {
                (t.name, t.dimension, t.owner): t.value for t in tallies if not t.company
            }
            listed = tuple(failing_tallies(groups, {name: SETS[name] for name in asked}))
            for tally in listed:
                if tally.name.startswith("failing.") and not tally.company:
                    owner = tally.owner or None
                    assert counted[tally.name, tally.dimension, owner] == tally.value
            tallies = tuple(t for t in tallies if not t.name.startswith("failing."))
            tallies += tuple(replace(t, owner=t.owner or None) for t in listed)
            seen = {
                entity: {row["id"]: row for row in connection.execute(view.select()).mappings()}
                for entity, view in asked.items()
            }
        self._adds_up(tallies)
        assert len({(record.entity, record.record_id) for record in failing}) == len(failing)
        return Answer(tallies, failing, seen)

    @staticmethod
    def _adds_up(tallies: Sequence[Tally]) -> None:
        total: dict[tuple[str, str, str], int] = {}
        for tally in tallies:
            what = (tally.name, tally.dimension, tally.currency)
            total[what] = total.get(what, 0) + (tally.value if tally.company else -tally.value)
        assert not any(total.values())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, window())


def meeting(name: str, **rest: Any) -> dict[str, Any]:
    given = {
        "owner_id": "m1",
        "status": "Held",
        "subject": "s",
        "result": "r",
        "start_at": NOON,
        "created_at": OLD,
    }
    return {"id": name, **given, **rest}


def lacks_of(row: Mapping[str, Any]) -> int:
    """1 for a last name, 2 for a first name, 4 for contact details."""
    names = ("last_name", "first_name", "details")
    return sum(row[f"contact_lacks_{name}"] << bit for bit, name in enumerate(names))


def person(
    name: str, last: str = "L", first: str = "F", phone: str = "1", **rest: Any
) -> dict[str, Any]:
    return {
        "id": name,
        "last_name": last,
        "first_name": first,
        "phone": phone,
        "created_at": OLD,
        **rest,
    }


def invited(meeting_id: str, *persons: str, kind: str = "contact") -> list[dict[str, Any]]:
    return [
        {"meeting_id": meeting_id, "person_kind": kind, "person_id": name} for name in persons
    ]


# ----------------------------------------------------------------------------------------- whom a meeting is with


BEST = (
    ([("", "", "")], 7),
    ([("L", "F", "1")], 0),
    ([("L", "F", "1"), ("", "", "")], 0),
    ([("", "", "1"), ("", "F", "1")], 1),  # fewest lacks
    ([("L", "", ""), ("", "F", "1")], 1),
    (
        [("", "F", "1"), ("L", "", "1")],
        1,
    ),  # as many: the smaller mask, last name before first name
    ([("L", "F", ""), ("L", "", "1")], 2),  # first name before contact details
    ([("L", "F", ""), ("", "F", "1")], 1),
    ([("", "", "1"), ("L", "", "")], 3),  # 1+2 before 2+4
    ([("", "F", ""), ("", "", "1")], 3),  # 1+2 before 1+4
    ([("", "F", ""), ("L", "", "")], 5),  # 1+4 before 2+4
    ([("\u3000", "F", "\t"), ("L", " ", "1")], 2),  # white space is nothing
)
"""The persons of a meeting (last name, first name, phone) -> what the best of them lacks."""


def test_the_best_contact_is_the_one_that_lacks_least(desk: Desk) -> None:
    meetings, contacts, links, expected = [], [], [], {}
    for case, (persons, lacks) in enumerate(BEST):
        for turned, order in enumerate((persons, persons[::-1])):
            name = f"{case}, {'turned' if turned else 'as it is'}"
            invitees = [person(f"{name}, {n}", *parts) for n, parts in enumerate(order)]
            meetings.append(meeting(name))
            contacts += invitees
            links += invited(name, *(one["id"] for one in invitees))
            expected[name] = lacks
    answer = desk.ask(meeting=meetings, contact=contacts, meeting_contact=links)
    assert {name: lacks_of(row) for name, row in answer.views["meeting"].items()} == expected
    for bit, what in enumerate(("last_name", "first_name", "contact_details")):
        assert answer.count("meetings_lacking", "m1", what) == sum(
            lacks >> bit & 1 for lacks in expected.values()
        )
    assert answer.count("meetings_complete", "m1") == list(expected.values()).count(0)


def test_invitees_else_the_parent_else_a_private_client(desk: Desk) -> None:
    answer = desk.ask(
        contact=[person("good"), person("poor", "", "", "")],
        lead=[person("lead", "", "F", "1")],
        client=[
            {
                "id": "home",
                "private_person": 1,
                "last_name": "L",
                "first_name": "",
                "phone": "1",
                "created_at": OLD,
            },
            {
                "id": "firm",
                "private_person": 0,
                "name": "Firm",
                "phone": "1",
                "created_at": OLD,
            },
        ],
        meeting=[
            meeting("invitee first", parent_kind="contact", parent_id="good", client_id="home"),
            meeting(
                "parent contact", parent_kind="contact", parent_id="good", client_id="home"
            ),
            meeting("parent lead", parent_kind="lead", parent_id="lead", client_id="home"),
            meeting("invited lead"),
            meeting("private client", client_id="home"),
            meeting(
                "client as parent", parent_kind="client", parent_id="home", client_id="home"
            ),
            meeting("company", client_id="firm"),
            meeting("nobody"),
            meeting("wrong kind", parent_kind="lead", parent_id="good"),
        ],
        meeting_contact=[
            *invited("invitee first", "poor"),
            *invited("invited lead", "lead", kind="lead"),
        ],
    )
    seen = {
        name: (row["contact"], lacks_of(row)) for name, row in answer.views["meeting"].items()
    }
    assert seen == {
        "invitee first": (1, 7),
        "parent contact": (1, 0),
        "parent lead": (1, 1),
        "invited lead": (1, 1),
        "private client": (1, 2),
        "client as parent": (1, 2),
        "company": (0, 7),
        "nobody": (0, 7),
        "wrong kind": (0, 7),
    }
    assert set(answer.misses("meeting")) == {"company", "nobody", "wrong kind"}
    assert answer.count("meetings_held") == 9
    assert answer.count("meetings_complete") == 1


def test_a_reference_is_to_a_person_of_its_kind(desk: Desk) -> None:
    """A contact and a lead of one id are two persons, as in CRMs that count each table's rows from 1."""
    answer = desk.ask(
        contact=[person("1", "", "F", "1"), person("2", "L", "F", "1")],
        lead=[person("1", "L", "", "1"), person("3", "L", "F", "")],
        client=[
            {
                "id": "1",
                "private_person": 1,
                "last_name": "",
                "first_name": "",
                "phone": "",
                "created_at": OLD,
            }
        ],
        meeting=[
            meeting("invited contact"),
            meeting("invited lead"),
            meeting("a lead that is only a contact"),
            meeting("parent contact", parent_kind="contact", parent_id="1"),
            meeting("parent lead", parent_kind="lead", parent_id="1"),
            meeting("parent of no kind", parent_kind=None, parent_id="2"),
        ],
        meeting_contact=[
            *invited("invited contact", "1"),
            *invited("invited lead", "1", kind="lead"),
            *invited("a lead that is only a contact", "2", kind="lead"),
        ],
    )
    seen = {
        name: (row["contact"], lacks_of(row)) for name, row in answer.views["meeting"].items()
    }
    assert seen == {
        "invited contact": (1, 1),
        "invited lead": (1, 2),
        "a lead that is only a contact": (0, 7),
        "parent contact": (1, 1),
        "parent lead": (1, 2),
        "parent of no kind": (0, 7),
    }


def test_references_to_nothing(desk: Desk) -> None:
    answer = desk.ask(
        contact=[
            person("good", owner_id="ghost", client_id="ghost"),
            person("heir", owner_id=None, client_id="firm"),
        ],
        client=[
            {"id": "firm", "owner_id": "ghost", "name": "Firm", "phone": "1", "created_at": OLD}
        ],
        meeting=[
            meeting(
                "ghost invitee, good parent",
                owner_id="ghost",
                parent_kind="contact",
                parent_id="good",
            ),
            meeting("ghost parent", parent_kind="contact", parent_id="ghost"),
            meeting("ghost client", client_id="ghost"),
        ],
        meeting_contact=[
            *invited("ghost invitee, good parent", "ghost"),
            *invited("no such meeting", "good"),
        ],
        call=[
            {
                "id": "1",
                "owner_id": "m1",
                "status": "Held",
                "start_at": NOON,
                "client_id": "ghost",
                "contact_id": "ghost",
            },
            {
                "id": "2",
                "owner_id": "m1",
                "status": "Held",
                "start_at": NOON,
                "client_id": "ghost",
                "contact_id": "good",
            },
            {
                "id": "3",
                "owner_id": "m1",
                "status": "Held",
                "start_at": NOON,
                "client_id": "firm",
            },
        ],
        deal=[
            {
                "id": "1",
                "owner_id": "ghost",
                "stage": "Open",
                "client_id": "ghost",
                "created_at": NOON,
            },
            {
                "id": "2",
                "owner_id": "m1",
                "stage": "Open",
                "client_id": "firm",
                "created_at": NOON,
            },
        ],
    )
    seen = {
        name: (row["contact"], row["owner"]) for name, row in answer.views["meeting"].items()
    }
    assert seen == {
        "ghost invitee, good parent": (1, None),
        "ghost parent": (0, "m1"),
        "ghost client": (0, "m1"),
    }
    assert answer.count("meetings_held", None) == 1
    assert answer.misses("call") == {"1": ("whom",)}
    assert "client" in answer.misses("deal")["1"]
    assert "client" not in answer.misses("deal")["2"]
    assert answer.count("deals_open", None) == 1
    assert {row["owner"] for row in answer.views["contact"].values()} == {None}
    assert answer.count("contacts", None) == 2


def test_a_meeting_of_many_contacts_is_one_meeting(desk: Desk) -> None:
    contacts = [person(f"c{n}") for n in range(5)]
    answer = desk.ask(
        meeting=[meeting("1", parent_kind="contact", parent_id="c1")],
        contact=contacts,
        meeting_contact=invited("1", "c0", "c1", "c2", "c2", "c3"),
    )
    assert (
        len(answer.views["meeting"])
        == answer.count("meetings")
        == answer.count("meetings_complete")
        == 1
    )


def test_what_the_crm_does_not_hold_is_not_asked(tmp_path: Path) -> None:
    absent = frozenset({"meeting.result", "contact.first_name"})
    desk = Desk(tmp_path, window(), absent)
    answer = desk.ask(
        meeting=[meeting("1", result=None)],
        contact=[person("c", "L", "", "1")],
        meeting_contact=invited("1", "c"),
    )
    assert answer.count("meetings_complete") == 1
    assert not any(t.dimension == "result" for t in answer.tallies)
    assert lacks_of(answer.views["meeting"]["1"]) == 0


def test_a_meeting_with_nobody_is_complete_of_no_crm_that_knows_contacts(
    tmp_path: Path,
) -> None:
    """Even where nothing of a contact is held that it could lack."""
    nothing = {f"contact.{name}" for name in ("last_name", "first_name", "phone", "email")}
    answer = Desk(tmp_path, window(), frozenset(nothing)).ask(
        meeting=[meeting("alone"), meeting("met")],
        contact=[person("c", "", "", "")],
        meeting_contact=invited("met", "c"),
    )
    assert (answer.count("meetings_held"), answer.count("meetings_complete")) == (2, 1)


# ------------------------------------------------------------------------------------------------ states and moments


def test_held_in_the_future_is_a_finding_and_in_no_figure(desk: Desk) -> None:
    answer = desk.ask(
        meeting=[
            meeting("1", start_at=FUTURE, subject="", result="", created_at=NOON),
            meeting("2", start_at=FUTURE, status="Done"),
        ]
    )
    assert answer.count("meetings_held_in_future") == 2
    assert (
        answer.count("meetings_held")
        == answer.count("month.meetings_held")
        == answer.count("meetings_planned_7d")
        == 0
    )
    assert answer.fields("meeting.result") == (0, 0, 0, 0)  # it has none yet
    assert answer.fields("meeting.subject") == (
        0,
        0,
        2,
        1,
    )  # among all records, and in no score
    assert {record.span for record in answer.to_complete} == {Span.COMING_UP}
    assert answer.count("meetings") == 2
    late = desk.ask(call=[{"id": "1", "owner_id": "m1", "status": "Held", "start_at": FUTURE}])
    assert (
        late.count("calls_held_in_future"),
        late.count("calls_held"),
        late.misses("call"),
    ) == (1, 0, {"1": ("whom",)})


def test_held_at_as_of_is_held_and_a_microsecond_later_is_not(desk: Desk) -> None:
    at = datetime(2026, 11, 16, 12, 30)
    answer = desk.ask(
        meeting=[
            meeting("now", start_at=at),
            meeting("after", start_at=at.replace(microsecond=1)),
        ],
    )
    assert (answer.count("meetings_held"), answer.count("meetings_held_in_future")) == (1, 1)


def test_held_without_a_start_belongs_to_the_day_on_which_it_was_created(desk: Desk) -> None:
    answer = desk.ask(
        meeting=[
            meeting("in", start_at=None, created_at=NOON),
            meeting("before", start_at=None, created_at=OLD),
            meeting("never", start_at=None, created_at=None),
        ],
    )
    assert answer.count("meetings_held") == 1
    assert answer.count("meetings_lacking", "m1", "date") == 1
    assert answer.count("meetings_undated") == 1
    assert answer.fields("meeting.date") == (1, 1, 3, 3)
    assert {r.record_id: r.span for r in answer.to_complete}["in"] is Span.SCORE
    assert {r.record_id: r.span for r in answer.to_complete}["never"] is Span.OUTSIDE
    assert answer.count("meetings_complete") == 0


def test_a_blank_status_is_a_missing_field(desk: Desk) -> None:
    calls = [
        {"id": str(n), "owner_id": "m1", "status": s, "start_at": NOON, "client_id": "c"}
        for n, s in enumerate((None, "", " \u3000"))
    ]
    answer = desk.ask(call=calls, client=[{"id": "c", "phone": "1", "created_at": OLD}])
    assert answer.fields("call.status") == (3, 3, 3, 3)
    assert answer.misses("call") == {str(n): ("status",) for n in range(3)}
    assert (answer.count("calls_unknown"), answer.count("calls_held")) == (0, 0)
    assert {row["state"] for row in answer.views["call"].values()} == {MISSING}


def test_an_unknown_word_is_in_neither_score_nor_base(desk: Desk) -> None:
    words = ("held", "HELD", "Held ", "Tentative", "x")
    answer = desk.ask(
        meeting=[meeting(word, status=word, subject=None, result=None) for word in words],
        deal=[
            {
                "id": "1",
                "owner_id": "m1",
                "stage": "won",
                "amount": 5,
                "currency": "EUR",
                "created_at": NOON,
            }
        ],
    )
    assert answer.count("meetings_unknown") == 5
    assert answer.count("meetings_held") == 0
    assert answer.fields("meeting.subject") == answer.fields("meeting.result") == (0, 0, 0, 0)
    assert {row["state"] for row in answer.views["meeting"].values()} == {UNKNOWN}
    assert (
        answer.count("deals_unknown"),
        answer.count("deals_won"),
        answer.count("deals_open"),
    ) == (1, 0, 0)
    assert answer.fields("deal.client") == (0, 0, 0, 0)
    assert answer.to_complete == ()


def test_a_result_is_due_of_what_was_held_only(desk: Desk) -> None:
    answer = desk.ask(
        meeting=[meeting(f"{status} {n}", status=status, result=r) for status in ("Held", "Planned", "Not Held", "")
                 for n, r in enumerate((None, "r"))],
    )  # fmt: skip
    assert answer.fields("meeting.result") == (2, 1, 2, 1)
    assert answer.fields("meeting.subject")[0] == 8


def test_planned_and_overdue(desk: Desk) -> None:
    def planned(name: str, start: str | None, end: str | None = None) -> dict[str, Any]:
        return meeting(name, status="Planned", start_at=start, end_at=end, created_at=NOON)

    answer = desk.ask(
        meeting=[
            planned("now", "2026-11-16 12:30:00"),  # planned; its start is not before as-of
            planned("just before", "2026-11-16 12:29:59"),
            planned("under way", "2026-11-16 12:00:00", "2026-11-16 13:00:00"),
            planned("ended", "2026-11-16 10:00:00", "2026-11-16 11:00:00"),
            planned("last minute", "2026-11-23 22:59:59"),  # midnight in Amsterdam is 23:00
            planned("too late", "2026-11-23 23:00:00"),
            planned("no start", None),
            planned("end only", None, "2026-11-01 10:00:00"),
        ]
    )
    assert answer.count("meetings_planned_7d") == 2
    assert answer.count("meetings_overdue") == 3
    # future ones are in the base; of the period are those until as-of, and those without a start by their creation
    assert answer.fields("meeting.subject")[::2] == (6, 8)


def test_the_period_is_half_open_in_the_audits_zone(desk: Desk) -> None:
    answer = desk.ask(
        meeting=[
            meeting("in", start_at="2026-10-31 23:00:00"),  # midnight of the first in Amsterdam
            meeting("before", start_at="2026-10-31 22:59:59"),
        ],
        client=[
            {"id": "in", "phone": "1", "created_at": "2026-10-31 23:00:00"},
            {"id": "before", "phone": "1", "created_at": "2026-10-31 22:59:59"},
            {"id": "later", "phone": "1", "created_at": "2026-11-16 12:30:01"},
            {"id": "never", "phone": "1"},
        ],
        deal=[
            {
                "id": day,
                "owner_id": "m1",
                "stage": "Won",
                "amount": 100,
                "currency": "EUR",
                "close_day": day,
                "created_at": OLD,
            }
            for day in ("2026-10-31", "2026-11-01", "2026-11-16", "2026-11-17", "2026-12-01")
        ],
    )
    assert answer.count("meetings_held") == 1
    assert answer.count("clients_new") == answer.count("month.clients_new") == 1
    assert (answer.count("clients"), answer.count("clients_undated")) == (4, 1)
    assert answer.count("deals_won") == 2  # the 1st and today
    assert answer.count("deals_won_in_future") == 2
    assert answer.count("deals_won_amount", currency="EUR") == 200


def test_the_last_day_is_the_day_before_the_bound(tmp_path: Path) -> None:
    desk = Desk(tmp_path, window(first=date(2026, 11, 2), after_last=date(2026, 11, 10)))
    days = ("2026-11-01", "2026-11-02", "2026-11-09", "2026-11-10")
    answer = desk.ask(
        deal=[
            {"id": day, "owner_id": "m1", "stage": "Won", "close_day": day, "created_at": OLD}
            for day in days
        ],
        meeting=[
            meeting(moment, start_at=moment)
            for moment in ("2026-11-09 22:59:59", "2026-11-09 23:00:00", "2026-11-01 23:00:00")
        ],
    )
    assert (answer.count("deals_won"), answer.count("month.deals_won")) == (2, 4)
    assert (answer.count("meetings_held"), answer.count("month.meetings_held")) == (2, 3)


def test_a_period_over_months_counts_nothing_for_a_plan(tmp_path: Path) -> None:
    desk = Desk(tmp_path, window(first=date(2026, 10, 1), after_last=date(2026, 12, 1)))
    answer = desk.ask(
        meeting=[meeting("1")],
        deal=[
            {
                "id": "1",
                "owner_id": "m1",
                "stage": "Won",
                "close_day": "2026-11-02",
                "created_at": OLD,
            }
        ],
    )
    assert (answer.count("deals_won"), answer.count("month.deals_won")) == (1, 0)
    assert (answer.count("meetings_held"), answer.count("month.meetings_held")) == (1, 0)


# ------------------------------------------------------------------------------------------------ owners


def test_whose_a_contact_is(desk: Desk) -> None:
    answer = desk.ask(
        client=[
            {"id": "k1", "owner_id": "m2", "phone": "1"},
            {"id": "k2", "owner_id": "ghost"},
            {"id": "k3"},
            {"id": "k4", "owner_id": "x1"},
        ],
        contact=[
            person("own", owner_id="m1", client_id="k1"),
            person("the client's", client_id="k1"),
            person("own is a ghost", owner_id="ghost", client_id="k1"),
            person("blank", owner_id="", client_id="k1"),
            person("both ghosts", owner_id="ghost", client_id="k2"),
            person("client of nobody", client_id="k3"),
            person("client that is none", client_id="k9"),
            person("inactive", owner_id="x1", client_id="k1"),
            person("inactive client's", client_id="k4"),
        ],
    )
    assert {name: row["owner"] for name, row in answer.views["contact"].items()} == {
        "own": "m1",
        "the client's": "m2",
        "own is a ghost": "m2",
        "blank": "m2",
        "both ghosts": None,
        "client of nobody": None,
        "client that is none": None,
        "inactive": "x1",
        "inactive client's": "x1",
    }
    assert [
        answer.count("contacts", owner) for owner in ("m1", "m2", "x1", None, "company")
    ] == [1, 3, 2, 3, 9]


def test_owners_are_told_apart_by_case_and_accent(desk: Desk) -> None:
    people = [
        {"id": name, "name": name, "active": 1, "person": 1}
        for name in ("a", "A", "\u00e9", "e\u0301", "a ")
    ]
    answer = desk.ask(
        user=people,
        client=[{"id": str(n), "owner_id": p["id"]} for n, p in enumerate(people)],
    )
    assert [answer.count("clients", p["id"]) for p in people] == [1] * 5


def test_people(tmp_path: Path) -> None:
    rows = [
        ("1", "Anna", "t", "North", 1, 1),
        ("2", " ", None, None, 1, 1),
        ("3", "bo", "", "", 0, 1),
        ("4", "System", None, None, 1, 0),
        ("5", "Bo", None, None, None, 1),
    ]
    names = ("id", "name", "team_id", "team", "active", "person")
    stored = snapshot.write_entity(
        tmp_path, "user", names, [rows], expected=5, minor=True, advance=lambda _: None
    )
    with (
        snapshot.opened(tmp_path, [stored], {}, tmp_path) as shelf,
        shelf.engine.connect() as connection,
    ):
        people = ask_people(connection, snapshot.entities([stored])["user"])
    assert [(p.id, p.name, p.team_id, p.team, p.scope) for p in people] == [
        ("2", "2", "", "", Scope.MANAGER),
        ("1", "Anna", "t", "North", Scope.MANAGER),
        ("3", "bo", "", "", Scope.INACTIVE),
        ("5", "Bo", "", "", Scope.INACTIVE),
        ("4", "System", "", "", Scope.INACTIVE),
    ]


# ------------------------------------------------------------------------------------------------ deals and fields


def deal(name: str, **rest: Any) -> dict[str, Any]:
    given = {
        "owner_id": "m1",
        "stage": "Open",
        "amount": 100,
        "currency": "EUR",
        "close_day": "2026-12-24",
        "client_id": "k",
    }
    return {"id": name, **given, "created_at": NOON, **rest}


CLIENT = [{"id": "k", "owner_id": "m1", "phone": "1", "created_at": OLD}]


def test_money_is_summed_by_currency_and_without_what_cannot_be_read(desk: Desk) -> None:
    answer = desk.ask(
        client=CLIENT,
        deal=[
            deal("1", amount=10**18 - 1),
            deal("2", amount=10**18 - 1),
            deal("3", currency="USD", amount=7),
            deal("4", amount=None),
            deal("5", amount=1.5),
            deal("6", currency=None, amount=9),
            deal("7", currency="eur", amount=5, owner_id=None),
            deal("8", stage="Lost", amount=1_000, close_day="2026-11-02"),
            deal("9", stage="Won", amount=-40, close_day="2026-11-02"),
            deal("10", stage="Won", amount=8, close_day=None),
        ],
    )
    assert answer.count("deals_open") == 7
    assert (
        answer.count("deals_open_amount", currency="EUR") == 2 * (10**18 - 1) + 5
    )  # eur is EUR
    assert answer.count("deals_open_amount", currency="USD") == 7
    assert answer.count("deals_open_amount", None, currency="EUR") == 5
    assert answer.count("unreadable", dimension="deal.amount") == 2
    assert answer.unreadable("deal") == {"5": ("amount",), "6": ("amount",)}
    assert answer.count("deals_won_amount", currency="EUR") == -40
    assert answer.count("deals_won_undated_amount", currency="EUR") == 8
    assert (
        answer.count("deals_won"),
        answer.count("deals_lost"),
        answer.count("deals_won_undated"),
    ) == (1, 1, 1)
    # entered and unreadable is not missing: it is told apart
    assert answer.misses("deal") == {"4": ("amount",), "10": ("close_date",)}
    assert answer.fields("deal.amount") == (10, 1, 10, 1)


def test_a_start_that_cannot_be_read_is_in_no_period(desk: Desk) -> None:
    """Its creation day does not stand in for it; the record is in the base, and is no record without a date."""
    words = ("5 nov 10u", "1795258800", "2026-11-05T10:00:00+01:00", "2026-11-31 10:00:00")
    held = [meeting(word, start_at=word, created_at=NOON) for word in words]
    planned = [
        meeting(f"plan {word}", status="Planned", start_at=word, created_at=NOON)
        for word in words
    ]
    calls = [
        {"id": word, "owner_id": "m1", "status": "Held", "start_at": word, "created_at": NOON}
        for word in words
    ]
    answer = desk.ask(meeting=[*held, *planned], call=calls)
    assert answer.count("meetings") == 8
    for name in ("meetings_held", "month.meetings_held", "meetings_complete", "meetings_planned_7d",
                 "meetings_overdue", "meetings_held_in_future", "meetings_undated", "meetings_unknown",
                 "calls_held", "calls_held_in_future", "calls_undated", "calls_unknown"):  # fmt: skip
        assert answer.count(name) == 0, name
    assert answer.fields("meeting.date") == (0, 0, 8, 0)  # what cannot be read is not missing
    assert answer.count("unreadable", dimension="meeting.start_at") == 8
    assert {record.span for record in answer.failing} == {Span.OUTSIDE}


def test_a_creation_date_that_cannot_be_read_is_not_one_that_lacks(desk: Desk) -> None:
    row = {"owner_id": "m1", "created_at": "soon"}
    answer = desk.ask(
        meeting=[meeting("m", start_at=None, created_at="soon")],
        call=[{"id": "c", **row}],
        deal=[deal("d", created_at="soon")],
        client=[{"id": "k", **row}],
        contact=[{"id": "p", **row}],
        lead=[{"id": "l", **row}],
    )
    for name in ("meetings", "calls", "deals", "clients", "contacts", "leads"):
        assert (answer.count(name), answer.count(f"{name}_undated")) == (1, 0), name
    assert (answer.count("meetings_held"), answer.count("clients_new")) == (0, 0)


def test_overdue_is_told_by_the_end_and_only_without_one_by_the_start(desk: Desk) -> None:
    planned = [
        meeting("end past", status="Planned", start_at=FUTURE, end_at=OLD),
        meeting("no end", status="Planned", start_at=OLD, end_at=None),
        meeting("end to come", status="Planned", start_at=OLD, end_at=FUTURE),
        meeting("end unreadable", status="Planned", start_at=OLD, end_at="noon"),
        meeting("start unreadable", status="Planned", start_at="noon", end_at=OLD),
        meeting("neither", status="Planned", start_at=None, end_at=None, created_at=OLD),
    ]
    answer = desk.ask(meeting=planned)
    assert answer.count("meetings_overdue") == 3
    assert answer.count("meetings_planned_7d") == 1
    assert answer.count("unreadable", dimension="meeting.end_at") == 1


def test_a_state_by_time_needs_an_end_that_can_be_read(desk: Desk) -> None:
    """It is neither held nor planned, and no unknown status: it is in the base, and in the period by its start."""
    desk.context = replace(
        desk.context, held_at_end=frozenset({"meeting"}), absent=frozenset({"meeting.status"})
    )
    answer = desk.ask(
        meeting=[
            meeting("past", status=None, start_at=OLD, end_at=NOON),
            meeting("end unreadable", status=None, start_at=NOON, end_at="noon"),
            meeting("start unreadable", status=None, start_at="noon", end_at=None),
            meeting("nothing", status=None, start_at=None, end_at=None),
        ]
    )
    states = {record: row["state"] for record, row in answer.views["meeting"].items()}
    held = state_code("meeting", "held")
    assert states == {
        "past": held,
        "end unreadable": MISSING,
        "start unreadable": MISSING,
        "nothing": UNKNOWN,
    }
    assert (answer.count("meetings_held"), answer.count("meetings_unknown"), answer.count("meetings_overdue")) == (
        0, 1, 0,
    )  # fmt: skip
    assert answer.fields("meeting.subject") == (1, 0, 3, 0)


_OF_EVENTS = {"held", "held_in_future", "unknown"}
_DEALS_BY_DAY = {
    "deals_won", "month.deals_won", "deals_lost", "deals_won_in_future", "deals_won_undated",
    "deals_won_unreadable_date", "deals_won_amount", "deals_won_undated_amount", "deals_won_unreadable_date_amount",
}  # fmt: skip
_AMOUNTS = {
    "deals_open_amount", "deals_won_amount", "deals_won_undated_amount", "deals_won_unreadable_date_amount",
}  # fmt: skip
TOLD_BY = {
    "meeting.status": {"month.meetings_held", "meetings_complete", "meetings_lacking", "meetings_to_complete",
                       "meetings_planned_7d",
                       "meetings_overdue", *(f"meetings_{one}" for one in _OF_EVENTS)},
    "meeting.start_at": {"meetings_planned_7d", "meetings_overdue", "meetings_held_in_future"},
    "call.status": {f"calls_{one}" for one in _OF_EVENTS},
    "call.start_at": {"calls_held_in_future"},
    "deal.stage": {*_DEALS_BY_DAY, *_AMOUNTS, "deals_open", "deals_unknown"},
    "deal.close_day": _DEALS_BY_DAY,
    "deal.amount": _AMOUNTS,
    "deal.created_at": {"deals_undated"},
    "client.created_at": {"clients_new", "month.clients_new", "clients_undated"},
    "contact.created_at": {"contacts_undated"},
    "lead.created_at": {"leads_undated"},
}  # fmt: skip
"""A column -> the counts that say nothing without it: there is no such figure then, and no zero."""


def context_of(*absent: str) -> QueryContext:
    """On what our own measures are asked of a CRM that lacks these columns."""
    return QueryContext(window(), WORDS, frozenset(absent), counts=counts_of(COUNTED))


def asked_of(entity: str, *absent: str) -> set[str]:
    """What is counted of an entity in a CRM that lacks these columns; nothing is asked of a database."""
    marks = [f"{name}_unreadable" for name, kind in ENTITIES[entity].items() if kind in READ]
    derived = [
        "owner",
        "is_repeat",
        "state",
        "occurred_at_us",
        "scored",
        "span",
        "contact",
        "contact_lacks_last_name",
        "contact_lacks_first_name",
        "contact_lacks_details",
        "contact_is_anothers",
    ]
    names = dict.fromkeys([*ENTITIES[entity], *derived, *marks])
    view, context = table("view", *map(column, names)), context_of(*absent)
    return {
        name
        for question in measure_questions(entity, view, context)
        for name, _ in question.counts
    }


@pytest.mark.parametrize("entity", ["meeting", "call", "deal", "client", "contact", "lead"])
def test_what_a_crm_does_not_hold_makes_no_figure(entity: str) -> None:
    everything = asked_of(entity)
    for name in ENTITIES[entity]:
        held = f"{entity}.{name}"
        assert everything - asked_of(entity, held) == TOLD_BY.get(held, set()), held
        assert asked_of(entity, held) <= everything


@pytest.mark.parametrize("entity", ["meeting", "call"])
def test_events_without_any_day_make_no_zero(entity: str) -> None:
    """Where neither start nor creation is kept, nobody can say how many were held in the period."""
    gone = asked_of(entity) - asked_of(entity, f"{entity}.start_at", f"{entity}.created_at")
    by_day = {
        "held",
        "undated",
        *(("complete", "lacking", "to_complete") if entity == "meeting" else ()),
    }
    month = {"month.meetings_held"} if entity == "meeting" else set()
    assert gone == TOLD_BY[f"{entity}.start_at"] | month | {
        f"{entity}s_{name}" for name in by_day
    }


@pytest.mark.parametrize(
    ("first", "after_last", "month"),
    [
        (
            date(2026, 11, 10),
            date(2026, 11, 15),
            3,
        ),  # the plan is the whole month's, whatever part is looked at
        (date(2026, 11, 1), date(2026, 12, 1), 3),
        (date(2026, 10, 20), date(2026, 11, 20), 0),  # not inside one month: no plan
        (date(2026, 10, 5), date(2026, 10, 10), 1),
    ],
)
def test_a_plan_counts_its_whole_month_and_nothing_else(
    tmp_path: Path, first: date, after_last: date, month: int
) -> None:
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 12), date(2026, 11, 16), date(2026, 11, 17),
            date(2026, 12, 1)]  # fmt: skip
    names = [f"{day} 12:00:00" for day in days]
    part = sum(first <= day < after_last and day <= date(2026, 11, 16) for day in days)
    answer = Desk(tmp_path, window(first=first, after_last=after_last)).ask(
        client=[
            *CLIENT,
            *(
                {"id": name, "owner_id": "m1", "name": "C", "created_at": name}
                for name in names
            ),
        ],
        meeting=[meeting(name, start_at=name) for name in names],
        deal=[deal(name, stage="Won", close_day=name[:10]) for name in names],
    )
    for metric in ("clients_new", "meetings_held", "deals_won"):
        for owner in ("company", "m1"):
            assert (answer.count(metric, owner), answer.count(f"month.{metric}", owner)) == (
                part,
                month,
            ), metric


@pytest.mark.parametrize("entity", ["meeting", "call"])
def test_a_state_by_time_turns_at_the_very_end(desk: Desk, entity: str) -> None:
    """As-of is 12:30 UTC; without an end the start is the end."""
    common = {"owner_id": "m1", "status": None, "created_at": OLD}
    desk.context = replace(
        desk.context, held_at_end=frozenset({entity}), absent=frozenset({f"{entity}.status"})
    )
    ends = {"before": "12:29:59", "at": "12:30:00", "after": "12:30:01"}
    days = {name: f"2026-11-16 {end}" for name, end in ends.items()}
    records = [
        {**common, "id": name, "start_at": NOON, "end_at": end} for name, end in days.items()
    ]
    records += [
        {**common, "id": f"start {name}", "start_at": end} for name, end in days.items()
    ]
    answer = desk.ask(**{entity: records})
    held, planned = state_code(entity, "held"), state_code(entity, "planned")
    states = {record: row["state"] for record, row in answer.views[entity].items()}
    assert states == {
        "before": held, "at": held, "after": planned, "start before": held, "start at": held, "start after": planned,
    }  # fmt: skip
    assert answer.count(f"{entity}s_held") == 4


def test_won_without_a_closing_date_and_with_one_that_cannot_be_read_are_two_figures(
    desk: Desk,
) -> None:
    answer = desk.ask(
        client=CLIENT,
        deal=[
            deal("1", stage="Won", amount=1, close_day=None),
            deal("2", stage="Won", amount=2, close_day="2026-11-31"),
            deal("3", stage="Lost", amount=4, close_day="5 nov"),
            deal("4", stage="Won", amount=8, close_day="2026-11-16"),
            deal("5", stage="Won", amount=16, close_day="2026-11-17"),
        ],
    )
    assert [
        answer.count(name) for name in ("deals_won", "deals_won_in_future", "deals_lost")
    ] == [1, 1, 0]
    for name, number, amount in (
        ("deals_won_undated", 1, 1),
        ("deals_won_unreadable_date", 1, 2),
    ):
        assert answer.count(name, "m1") == answer.count(name) == number
        assert answer.count(f"{name}_amount", currency="EUR") == amount
    assert answer.count("unreadable", dimension="deal.close_day") == 2
    assert answer.fields("deal.close_date") == (5, 1, 5, 1)


def test_an_amount_without_a_currency_is_in_no_sum_on_the_source_either(tmp_path: Path) -> None:
    """There it is a number still, and only marked."""
    rows = [(5, 0, "EUR", 1), (7, 1, "", 1), (11, 0, "EUR", 2), (13, 1, "EUR", 1)]
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    view = table(
        "view_deal",
        *map(column, ("owner", "is_repeat", "amount", "amount_unreadable", "currency", "state", "close_day",
              "close_day_unreadable", "created_at", "created_at_unreadable")),
    )  # fmt: skip
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE view_deal (owner, is_repeat, amount, amount_unreadable, currency, state, close_day,"
            " close_day_unreadable, created_at, created_at_unreadable)"
        )
        connection.exec_driver_sql(
            "INSERT INTO view_deal VALUES ('m1', 0, ?, ?, ?, ?, NULL, 0, 0, 0)", rows
        )
        priced = average("average_open", "", DEALS_OPEN_AMOUNT).denominator
        context = replace(context_of(), counts=(*context_of().counts, *priced))
        tallies = list(ask(connection, queries.measures({"deal": view}, context)))
    engine.dispose()
    found = {(t.company, t.name, t.currency): t.value for t in tallies}
    assert [found[company, "deals_open_amount", "EUR"] for company in (True, False)] == [5, 5]
    assert found[True, "deals_open_amount", ""] == 0
    numbers = {key: value for key, value in found.items() if key[1] == priced[0].name}
    assert numbers[True, priced[0].name, "EUR"] == 1
    assert sum(number for (company, *_), number in numbers.items() if company) == 1
    assert found[True, "deals_won_undated_amount", "EUR"] == 11


DEALS: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
    ({}, ()),
    ({"amount": 0}, ()),  # nought is an amount
    ({"amount": " "}, ("amount",)),
    ({"close_day": "2026-02-30"}, ()),
    ({"close_day": "0000-00-00"}, ("close_date",)),
    ({"close_day": ""}, ("close_date",)),
    ({"stage": "\u200b"}, ("stage",)),
    ({"client_id": "gone"}, ("client",)),
    (
        {"client_id": None, "amount": None, "close_day": None, "stage": None},
        ("client", "stage", "amount", "close_date"),
    ),
)


def test_what_a_deal_misses(desk: Desk) -> None:
    answer = desk.ask(
        client=CLIENT, deal=[deal(str(number), **row) for number, (row, _) in enumerate(DEALS)]
    )
    assert answer.misses("deal") == {
        str(number): misses for number, (_, misses) in enumerate(DEALS) if misses
    }


def test_one_of_several_is_enough(desk: Desk) -> None:
    filled = (("1", None), (None, "a@b"), ("1", "a@b"), ("0", None), (" ", "a"))
    nothing = (("", " "), (None, None), ("\u3000", "\ufeff"))
    answer = desk.ask(
        client=[
            {
                "id": str(number),
                "owner_id": "m1",
                "phone": phone,
                "email": email,
                "created_at": NOON,
            }
            for number, (phone, email) in enumerate((*filled, *nothing))
        ]
    )
    assert answer.fields("client.details", "m1") == (8, 3, 8, 3)
    assert set(answer.misses("client")) == {"5", "6", "7"}


def test_the_base_holds_all_and_the_period_its_own(desk: Desk) -> None:
    answer = desk.ask(
        contact=[
            person("new", "", owner_id="m1", created_at=NOON),
            person("old", "", owner_id="m1"),
            person("never", "", owner_id="m1", created_at=None),
            person("good", owner_id="m2", created_at=NOON),
        ],
        lead=[person("lead", "", owner_id="m1", created_at=NOON)],
    )
    assert answer.fields("contact.last_name", "m1") == (1, 1, 3, 3)
    assert answer.fields("contact.last_name", "m2") == (1, 0, 1, 0)
    assert answer.fields("lead.last_name", "m1") == (1, 1, 1, 1)
    assert {(r.entity, r.record_id): r.span for r in answer.to_complete} == {
        ("contact", "new"): Span.SCORE,
        ("contact", "old"): Span.OUTSIDE,
        ("contact", "never"): Span.OUTSIDE,
        ("lead", "lead"): Span.SCORE,
    }
    assert answer.count("contacts_undated") == 1


def test_nothing_at_all(desk: Desk) -> None:
    answer = desk.ask(user=())
    assert answer.to_complete == ()
    assert {t.value for t in answer.tallies} == {0}
    assert answer.count("meetings_held") == 0


def test_states_and_columns() -> None:
    assert [state_code("meeting", state) for state in ("planned", "held", "not held")] == [
        1,
        2,
        3,
    ]
    assert [state_code("deal", state) for state in ("open", "won", "lost")] == [1, 2, 3]
    assert len({UNKNOWN, MISSING, 1, 2, 3}) == 5
    assert "contact" in columns_of("meeting")
    assert "contact" not in columns_of("call")
    assert view_of.__doc__


def test_calls_without_a_start_belong_to_the_day_on_which_they_were_created(desk: Desk) -> None:
    row = {"owner_id": "m1", "status": "Held", "start_at": None}
    answer = desk.ask(
        call=[
            {"id": "in", **row, "created_at": NOON},
            {"id": "before", **row, "created_at": OLD},
            {"id": "ahead", **row, "created_at": FUTURE},
            {"id": "never", **row, "created_at": None},
        ]
    )
    assert (
        answer.count("calls_held"),
        answer.count("calls_held", "m1"),
        answer.count("calls_undated"),
    ) == (1, 1, 1)
    assert answer.count("calls_held_in_future") == 0


def test_a_deal_dated_after_today_is_not_in_the_plan_of_its_month(desk: Desk) -> None:
    days = ("2026-11-01", "2026-11-16", "2026-11-17", "2026-11-30", "2026-12-01")
    answer = desk.ask(
        client=CLIENT, deal=[deal(day, stage="Won", amount=1, close_day=day) for day in days]
    )
    assert answer.count("month.deals_won") == answer.count("deals_won") == 2
    assert (
        answer.count("deals_won_in_future"),
        answer.count("deals_won_amount", currency="EUR"),
    ) == (3, 2)


@pytest.mark.parametrize("lacking", ["meeting.start_at", "meeting.status"])
def test_without_a_start_or_a_status_nothing_is_planned_or_overdue_and_no_zero(
    tmp_path: Path, lacking: str
) -> None:
    answer = Desk(tmp_path, window(), frozenset({lacking})).ask(
        meeting=[meeting("1", status="Planned", start_at=None, end_at=OLD)]
    )
    names = {tally.name for tally in answer.tallies}
    assert "meetings" in names
    assert names.isdisjoint(
        {"meetings_planned_7d", "meetings_overdue", "meetings_held_in_future"}
    )
