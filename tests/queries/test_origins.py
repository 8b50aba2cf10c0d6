"""What was taken over and what no person typed stand apart from the score, each record by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.model import SPANS, Span
from tests.queries.test_catalogue import MANAGERS, NOON, OLD, Answer, Desk, meeting, window

# Monday 16 November 2026, 13:30 in Amsterdam: the 28 days of the score begin on 20 October
BEFORE_THE_DAYS, IN_THE_DAYS, AFTER_AS_OF = (
    "2026-10-19 21:59:59",
    "2026-10-19 22:00:00",
    "2026-11-16 12:30:01",
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, window())


def client(name: str, **rest: Any) -> dict[str, Any]:
    return {"id": name, "owner_id": "m1", "created_at": OLD, **rest}


def handed(record: str, before: str | None, at: str = NOON, **rest: Any) -> dict[str, Any]:
    row = {"record_kind": "client", "record_id": record, "column_name": "owner_id"}
    return {**row, "value_before": before, "happened_at": at, **rest}


def spans(answer: Answer, entity: str = "client") -> Mapping[str, Span]:
    return {record: SPANS[row["span"]] for record, row in answer.views[entity].items()}


HANDED = (
    # what it is about, whether m1 took it over, its changes
    ("from a colleague", True, [("m2", NOON)]),
    ("from a former colleague", True, [("x1", IN_THE_DAYS)]),
    ("before the days", False, [("m2", BEFORE_THE_DAYS)]),
    ("after as-of", False, [("m2", AFTER_AS_OF)]),
    ("from nobody", False, [(None, NOON), ("", NOON), ("m9", NOON)]),
    ("from themselves", False, [("m1", NOON)]),
    ("lent and given back", False, [("m1", IN_THE_DAYS), ("m2", NOON)]),
    ("by way of nobody", True, [("m2", IN_THE_DAYS), (None, NOON)]),
    ("M1 is another user than m1", False, [("M2", NOON)]),
    ("no change at all", False, []),
)


@pytest.mark.parametrize(
    ("about", "took_over", "changes"), HANDED, ids=[row[0] for row in HANDED]
)
def test_handed_over(
    desk: Desk, about: str, took_over: bool, changes: list[tuple[str | None, str]]
) -> None:
    log = [handed("a", before, at) for before, at in changes]
    answer = desk.ask(client=[client("a")], change=log)
    assert spans(answer) == {"a": Span.TAKEN_OVER if took_over else Span.OUTSIDE}, about


def test_what_the_log_says_of_others_is_of_no_concern(desk: Desk) -> None:
    log = [
        handed("a", "m2", record_kind="contact"),
        handed("a", "m2", column_name="stage"),
        handed("A", "m2"),
    ]
    answer = desk.ask(client=[client("a")], change=log)
    assert spans(answer) == {"a": Span.OUTSIDE}


def test_a_change_in_the_minute_of_creation_is_part_of_it(desk: Desk) -> None:
    made = {"created_at": "2026-11-16 09:15:02"}
    answer = desk.ask(
        client=[client("assigned", **made), client("passed on", **made)],
        change=[
            handed("assigned", "m2", "2026-11-16 09:15:59"),
            handed("passed on", "m2", "2026-11-16 09:16:00"),
        ],
    )
    assert spans(answer) == {"assigned": Span.SCORE, "passed on": Span.TAKEN_OVER}


def test_a_contact_without_an_owner_goes_along_with_its_client(desk: Desk) -> None:
    person = {"client_id": "a", "created_at": "2026-11-16 08:00:00"}
    answer = desk.ask(
        client=[client("a")],
        contact=[{"id": "own", "owner_id": "m1", **person}, {"id": "goes along", **person}],
        change=[handed("a", "m2")],
    )
    assert spans(answer, "contact") == {"own": Span.SCORE, "goes along": Span.TAKEN_OVER}


def test_older_than_its_owners_employment(desk: Desk) -> None:
    """m1 joined on 3 November: in Amsterdam that day began at 23:00 UTC."""
    users = [{**row, "joined_day": "2026-11-03"} for row in MANAGERS if row["id"] == "m1"]
    rows = [
        client("eve", created_at="2026-11-02 22:59:59"),
        client("first day", created_at="2026-11-02 23:00:00"),
        client("undated", created_at=None),
        client("of m2", created_at="2026-11-01 12:00:00", owner_id="m2"),
    ]
    answer = desk.ask(user=[*users, *MANAGERS[1:]], client=rows)
    assert spans(answer) == {
        "eve": Span.TAKEN_OVER,
        "first day": Span.SCORE,
        "undated": Span.OUTSIDE,
        "of m2": Span.SCORE,
    }


def batch(number: int, **rest: Any) -> Iterator[dict[str, Any]]:
    for n in range(number):
        at = f"2026-11-16 09:15:{n % 60:02d}"
        yield client(f"{n}", **{"created_at": at, "created_by": "m2", **rest})


@pytest.mark.parametrize(("number", "span"), [(50, Span.SCORE), (51, Span.IMPORTED)])
def test_more_than_fifty_in_a_minute(desk: Desk, number: int, span: Span) -> None:
    answer = desk.ask(client=list(batch(number)))
    assert set(spans(answer).values()) == {span}


def test_fifty_one_of_two_makers_or_minutes_or_of_nobody(desk: Desk) -> None:
    def changed(**rest: Any) -> Answer:
        rows = list(batch(51))
        return desk.ask(client=[{**rows[0], **rest}, *rows[1:]])

    assert set(spans(changed(created_by="M2")).values()) == {Span.SCORE}
    assert set(spans(changed(created_at="2026-11-16 09:14:59")).values()) == {Span.SCORE}
    assert set(spans(desk.ask(client=list(batch(60, created_by=" ")))).values()) == {Span.SCORE}
    assert set(spans(desk.ask(client=list(batch(60, created_at=None)))).values()) == {
        Span.OUTSIDE
    }


def test_made_by_a_system_account_or_a_declared_importer(desk: Desk) -> None:
    users = [*MANAGERS, {"id": "robot", "name": "Web form", "active": 1, "person": 0}]
    makers = ("robot", "x1", "m2", "nobody", None)
    rows = [client(str(maker), created_at=NOON, created_by=maker) for maker in makers]
    expected = dict.fromkeys(map(str, makers), Span.SCORE) | {"robot": Span.IMPORTED}
    assert spans(desk.ask(user=users, client=rows)) == expected
    desk.context = replace(desk.context, importers=("m2",))
    assert spans(desk.ask(user=users, client=rows)) == expected | {"m2": Span.IMPORTED}


def test_what_is_still_to_come_goes_first_and_taken_over_before_imported(desk: Desk) -> None:
    users = [*MANAGERS, {"id": "robot", "name": "Web form", "active": 1, "person": 0}]
    made = {"created_by": "robot"}
    log = [handed(name, "m2", record_kind="meeting") for name in ("ahead", "past", "odd")]
    answer = desk.ask(
        user=users,
        meeting=[
            meeting("ahead", start_at="2026-11-20 12:00:00", status="Planned", **made),
            meeting("past", **made),
            meeting("odd", status="?", **made),
            meeting("not handed over", **made),
        ],
        change=log,
    )
    assert spans(answer, "meeting") == {
        "ahead": Span.COMING_UP,
        "past": Span.TAKEN_OVER,
        "odd": Span.OUTSIDE,
        "not handed over": Span.IMPORTED,
    }


def test_a_crm_that_does_not_tell(tmp_path: Path) -> None:
    absent = frozenset({"client.created_by", "user.joined_day"})
    desk = Desk(tmp_path, window(), absent)
    assert set(spans(desk.ask(client=list(batch(60)))).values()) == {Span.SCORE}


def test_each_moves_the_score_by_nothing_and_the_base_by_its_points(desk: Desk) -> None:
    """A demand each: due and missing in the score, then among all records."""
    own = [client("good", phone="1", created_at=NOON), client("bad", created_at=NOON)]
    assert desk.ask(client=own).fields("client.details", "m1") == (2, 1, 2, 1)
    old = [client(f"old {n}", created_at="2026-11-10 08:00:00") for n in range(900)]
    log = [handed(f"old {n}", "x1") for n in range(900)]
    answer = desk.ask(client=[*own, *old], change=log)
    assert answer.fields("client.details", "m1") == (2, 1, 902, 901)
    imported = list(batch(500, created_at=NOON))
    answer = desk.ask(client=[*own, *imported])
    assert answer.fields("client.details", "m1") == (2, 1, 502, 501)
    taken = [meeting(f"half {n}", result="", owner_id="m2") for n in range(30)]
    log = [handed(f"half {n}", "x1", record_kind="meeting") for n in range(30)]
    answer = desk.ask(meeting=[*taken, meeting("own", owner_id="m2")], change=log)
    assert answer.fields("meeting.result", "m2") == (1, 0, 31, 30)
    assert {record.span for record in answer.to_complete} >= {Span.TAKEN_OVER}


def test_the_days_are_those_of_the_score() -> None:
    first = datetime.fromisoformat(f"{IN_THE_DAYS}+00:00")
    assert window().score_first_us == int(first.timestamp()) * 1_000_000
