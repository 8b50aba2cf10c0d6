"""Field sets as they are written, on every engine, against verdicts written down by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import case, insert, select

from pipeline.config.field_sets import read_field_sets
from pipeline.databases.sql import compile as _compile  # noqa: F401 - constructs need their SQL
from pipeline.model import ENTITIES, Debtor, FieldSet
from pipeline.queries import QueryContext, failing_conditions
from pipeline.queries.fields import due_counts
from tests.benches import Bench, benches, mariadb, postgres, writable  # noqa: F401
from tests.queries.test_conditions import ENGINES, ROWS_TABLE, WINDOW, midnight

OPEN, WON, LOST = 1, 2, 3
BEFORE = midnight(date(2026, 11, 1), less=1)
ON = midnight(date(2026, 11, 1))


def deal(number: int, **values: Any) -> dict[str, Any]:
    """A deal in which nothing is entered but what is given."""
    nothing = {column.name: None for column in ROWS_TABLE.columns}
    readable = {name: 0 for name in nothing if name.endswith("_unreadable")}
    made = {"n": number, "scored": 1, "state": OPEN, "span": 0, "occurred_at_us": ON}
    return {**nothing, **readable, **made, **values}


DEALS = (
    deal(0, next_step="AB-12", lost_reason="price"),
    deal(1, next_step="ab-12", lost_reason="Price"),
    deal(2, next_step="AB-12\n", lost_reason=" "),
    deal(3),
    deal(4, occurred_at_us=BEFORE),
    deal(5, occurred_at_us=None, lost_reason="late"),
    deal(6, state=LOST, close_day_unreadable=1),
)

CASES: Mapping[str, tuple[str, list[str]]] = {
    "a pattern": (
        "{name: n, columns: [next_step], pattern: '[A-Z]{2}-[0-9]+'}",
        ["good", "invalid", "invalid", "missing", "missing", "missing", "missing"],
    ),
    "a pattern as a condition": (
        "{name: n, columns: [lost_reason], when: {next_step: {pattern: '[A-Za-z-]*12'}}}",
        ["good", "good", "", "", "", "", ""],
    ),
    "from a day on": (
        "{name: n, columns: [next_step], from: 2026-11-01}",
        ["good", "good", "good", "missing", "", "", "missing"],
    ),
    "only what is entered": (
        "{name: n, columns: [lost_reason], required: no, one_of: [price, late]}",
        ["good", "invalid", "", "", "", "good", ""],
    ),
    "a day, only where entered": (
        "{name: n, columns: [close_day], required: no}",
        ["", "", "", "", "", "", "unreadable"],
    ),
    "one of two, only where entered": (
        "{name: n, columns: [close_day, lost_reason], required: no}",
        ["good", "good", "", "", "", "good", "unreadable"],
    ),
    "without points": (
        "{name: n, columns: [next_step], weight: 0}",
        ["good", "good", "good", "missing", "missing", "missing", "missing"],
    ),
}
"""What a demand says of each deal: its verdict, or '' where it is not due."""


@pytest.fixture(scope="module", params=ENGINES)
def bench(request: pytest.FixtureRequest, benches: Callable[[str], Bench]) -> Bench:  # noqa: F811
    loaded = benches(request.param)
    with loaded.engine.begin() as connection:
        writable(connection)
        ROWS_TABLE.create(connection)
        connection.execute(insert(ROWS_TABLE), DEALS)
    return loaded


def read(demand: str, folder: Path) -> FieldSet:
    (folder / "deal.yaml").write_text(f"entity: deal\nfields: [{demand}]\n", "utf-8")
    fields = read_field_sets(folder, {}, ENTITIES)["deal"]
    here = tuple(name for name in fields.readable if f"{name}_unreadable" in ROWS_TABLE.c)
    return replace(fields, readable=here)


def verdicts(fields: FieldSet, bench: Bench) -> list[str]:
    failing = failing_conditions(fields, ROWS_TABLE, QueryContext(WINDOW, {}))
    due = due_counts(fields, ROWS_TABLE, WINDOW)["due.base", fields.due_key(fields.demands[0])]
    shown = [case((condition, 1), else_=0) for condition in (*due, *failing.values())]
    with bench.engine.connect() as connection:
        rows = connection.execute(select(*shown).order_by(ROWS_TABLE.c.n)).all()
    return [_verdict(row[0], row[1:], list(failing)) for row in rows]


def _verdict(due: int, bits: Any, rules: Any) -> str:
    failed = [
        str(rule.verdict)
        for rule, bit in zip(rules, bits, strict=True)
        if bit and rule.id == "n"
    ]
    assert len(failed) <= due
    return failed[0] if failed else "good" if due else ""


@pytest.mark.parametrize("written", CASES)
def test_by_hand(bench: Bench, tmp_path: Path, written: str) -> None:
    demand, expected = CASES[written]
    fields = read(demand, tmp_path)
    assert verdicts(fields, bench) == expected
    assert bool(fields.costing(Debtor.OWNER)) is (written != "without points")


def test_records_of_which_only_something_without_points_is_due_are_not_counted(
    bench: Bench, tmp_path: Path
) -> None:
    free = "{name: free, columns: [next_step], weight: 0}"
    fields = read(
        f"{free}, {{name: n, columns: [lost_reason], when: {{lost_reason: filled}}}}", tmp_path
    )
    [counted] = due_counts(fields, ROWS_TABLE, WINDOW)["records.base", "deal"]
    with bench.engine.connect() as connection:
        found = connection.execute(select(ROWS_TABLE.c.n).where(counted)).scalars()
        assert sorted(found) == [0, 1, 5]
    assert ("records.base", "deal") not in due_counts(read(free, tmp_path), ROWS_TABLE, WINDOW)
