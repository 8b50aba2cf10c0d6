"""Verdicts on every engine, held against plain Python: of several columns a good one is enough."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import case, column, not_, select, table

from pipeline.model import COSTING, Debtor, Demand, FieldSet, Verdict, same_in_all
from pipeline.model.checks import Dated, OneOf, Pattern, Recent, Within, months_before
from pipeline.queries import QueryContext, failing_conditions
from pipeline.queries.checks import checks_together
from pipeline.queries.fields import due_counts
from tests.benches import benches, mariadb, postgres  # noqa: F401
from tests.queries.test_conditions import (
    READABLE,
    ROWS,
    ROWS_TABLE,
    WINDOW,
    Loaded,
    Row,
    is_missing,
    known_of,
    loaded,  # noqa: F401
)

TEXT = same_in_all("x")
TEXTS = ("next_step", "lost_reason")
WEB = OneOf(("web", "é"))
DEMANDS = (
    Demand("words", TEXT, ("next_step",), checks=(WEB,)),
    Demand("either", TEXT, ("next_step", "lost_reason"), checks=(WEB,)),
    Demand("amount", TEXT, ("amount",), checks=(Within(Decimal(10), Decimal("1000.001")),)),
    Demand("written", TEXT, ("next_step", "lost_reason"), checks=(Pattern("[a-z]{3,4} ?"),)),
    Demand("past", TEXT, ("close_day",), checks=(Dated("past"),)),
    Demand("future", TEXT, ("modified_at",), checks=(Dated("future"),)),
    Demand("recent", TEXT, ("close_day",), checks=(Recent(1),)),
    Demand(
        "both",
        TEXT,
        ("close_day",),
        checks=(Dated("past"), Within(WINDOW.today - timedelta(days=7), None)),
    ),
    Demand(
        "word_and_pattern",
        TEXT,
        ("lost_reason",),
        checks=(OneOf(("web", "fair", "nothing")), Pattern("[a-z]{5,}|[^a-z]+|web ")),
    ),
    Demand("unchecked", TEXT, ("next_step", "amount")),
)
FIELDS = FieldSet("deal", DEMANDS, readable=("amount", "close_day", "modified_at", *READABLE))


def verdict_of(demand: Demand, row: Row) -> Verdict | None:
    """The first verdict that a stated value has, where none is good."""
    verdicts = [verdict_of_value(demand, column, row) for column in demand.columns]
    if None in verdicts:
        return None
    stated = [verdict for verdict in verdicts if verdict is not Verdict.MISSING]
    order = [Verdict.UNREADABLE, Verdict.INVALID]
    return min(stated, key=order.index) if stated else Verdict.MISSING  # type: ignore[arg-type]


def verdict_of_value(demand: Demand, column: str, row: Row) -> Verdict | None:
    if is_missing(row, column):
        return Verdict.MISSING
    if row.get(f"{column}_unreadable") or (column in READABLE and row[column] == "#REF!"):
        return Verdict.UNREADABLE
    values = str(row[column]).split("\x1f") if column in TEXTS else [row[column]]
    good = [
        value
        for value in values
        if all(
            known_of(check.passed(column, WINDOW.today), {**row, column: value}) == "true"
            for check in demand.checks
        )
    ]
    return None if good else Verdict.INVALID


def test_every_engine_gives_the_verdict_that_python_gives(loaded: Loaded) -> None:  # noqa: F811
    failing = failing_conditions(FIELDS, ROWS_TABLE, QueryContext(WINDOW, {}))
    shown = [case((fails, 1), (not_(fails), 0)) for fails in failing.values()]
    with loaded.bench.engine.connect() as connection:
        rows = connection.execute(select(*shown).order_by(ROWS_TABLE.c.n)).all()
    seen = set()
    for row, bits in zip(ROWS, rows, strict=True):
        for demand in DEMANDS:
            verdict = verdict_of(demand, row)
            failed = [
                rule.verdict
                for rule, bit in zip(failing, bits, strict=True)
                if rule.id == demand.name and bit
            ]
            assert failed == [verdict] * (verdict is not None), (demand.name, dict(row))
            seen.add((demand.name, verdict))
        assert None not in bits[: len(FIELDS.judged)]
    assert {(demand.name, Verdict.INVALID) for demand in DEMANDS[:-1]} <= seen
    assert ("unchecked", Verdict.INVALID) not in seen


@pytest.mark.parametrize(
    ("weight", "counted"), [(0, set()), (1, {"records.base", "records.score"})]
)
def test_a_record_of_which_only_what_weighs_nothing_is_due_is_not_among_those_in_all(
    weight: int, counted: set[str]
) -> None:
    fields = FieldSet("deal", (Demand("words", TEXT, ("next_step",), weight=weight),))
    view = table(
        "view_deal", *map(column, ("scored", "span", "occurred_at_us", "owner", "is_repeat"))
    )
    found = {what for what, _ in due_counts(fields, view, WINDOW)}
    assert found - {"due.base", "due.score"} == counted


def test_a_word_is_written_like_every_pattern() -> None:
    words = OneOf(("ab", "abc", "b", "xy"))
    patterns = Pattern("a[a-z]+"), Pattern("[a-z]{2}")
    assert checks_together((words, *patterns)) == (OneOf(("ab",)),)
    assert checks_together(patterns) == patterns
    assert checks_together((words,)) == (words,)


def test_what_is_invalid_costs_points() -> None:
    assert Verdict.INVALID in COSTING
    fields = FieldSet("deal", (Demand("words", TEXT, ("next_step",), checks=(WEB,)),))
    assert [rule.verdict for rule in fields.rules] == [Verdict.MISSING, Verdict.INVALID]
    assert fields.costing(Debtor.OWNER) == 0b11


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 11, 16), 24, date(2024, 11, 16)),
    ],
)
def test_so_many_months_earlier(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before
