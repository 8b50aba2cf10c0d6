"""Conditions on every engine, held against plain Python: true, unknown, and the rest false.

The records are every way a value can be good, missing or unreadable; Hypothesis makes the conditions.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Integer,
    MetaData,
    Table,
    Text,
    case,
    insert,
    not_,
    select,
)

from pipeline.calendar.window import microseconds
from pipeline.model import STATES
from pipeline.model.conditions import (
    HELD,
    MOMENT,
    AllOf,
    Among,
    AnyOf,
    Between,
    Condition,
    Filled,
    InState,
    Matches,
    Missing,
    Not,
    OlderThan,
    Says,
    Since,
    columns_in,
)
from pipeline.queries.conditions import Records, truth_of
from tests.benches import Bench, benches, mariadb, postgres, writable  # noqa: F401
from tests.factory import window

Row = Mapping[str, Any]
Known = Literal["true", "false", "unknown"]

WINDOW = window()
ZONE = ZoneInfo(WINDOW.zone)
DAYS = (None, *(WINDOW.today - timedelta(days=days) for days in (-1, 0, 7, 8, 31, 32)))
WORDS = ("web", "Web", "web ", "é", "e", "fair", "#REF!")
SEVERAL = (
    "fair\x1fweb",
    "no\x1f\u3000\x1fé",
    "nothing\x1fE",
    "web \x1f",
    " \x1f\t",
    "web\x1f#REF!",
)
"""Values of several columns of one kind, such as two phones."""
TEXTS = (None, "", " \t", "\u3000", *WORDS, *SEVERAL)
READABLE = frozenset(
    {"next_step"}
)  # comes from a file: an error of a spreadsheet is unreadable
BLANK = (None, "", " \t", "\u3000", " \x1f\t")


def midnight(day: date, *, less: int = 0) -> int:
    return (
        microseconds(datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)) - less
    )


INSTANTS = (
    None,
    *(
        midnight(WINDOW.today - timedelta(days=days), less=less)
        for days in (0, 7, 8)
        for less in (0, 1)
    ),
    midnight(date(2026, 10, 26), less=1),  # the day on which the clock went back
)
# the same number of minor units is much in one currency and little in another
UNITS = (None, 0, -1, 999, 1_000, 1_001, 9_999, 10_000, 99_999, 100_000, 100_001, 10**18 - 1)
ROWS_TABLE = Table(
    "records",
    MetaData(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("state", Integer),
    Column("scored", Integer),
    Column("span", Integer),
    Column("occurred_at_us", BigInteger),
    Column("next_step", Text),
    Column("lost_reason", Text),
    Column("amount", BigInteger),
    Column("amount_unreadable", Integer),
    Column("currency", Text),
    Column("currency_unreadable", Integer),
    Column("close_day", Date),
    Column("close_day_unreadable", Integer),
    Column("modified_at", BigInteger),
    Column("modified_at_unreadable", Integer),
    Column("agreed", Integer),
    Column("agreed_unreadable", Integer),
)


def records() -> list[dict[str, Any]]:
    seed = random.Random(19)
    made = []
    for number in range(400):
        row: dict[str, Any] = {
            "n": number,
            "scored": 1,
            "state": seed.choice((-1, 0, 1, 2, 3)),
            "span": seed.choice((0, 1, 2)),
            "occurred_at_us": seed.choice(INSTANTS),
            "next_step": seed.choice(TEXTS),
            "lost_reason": seed.choice(TEXTS),
        }
        for name, values in (
            ("amount", UNITS),
            ("currency", (None, "EUR", "JPY", "KWD", "CLF")),
            ("close_day", DAYS),
            ("modified_at", INSTANTS),
            ("agreed", (None, 0, 1)),
        ):
            row[name] = seed.choice(values)
            row[f"{name}_unreadable"] = int(row[name] is None and seed.random() < 0.5)
        made.append(row)
    return made


ROWS = records()

# ----------------------------------------------------------------------------------- the oracle


def known_of(condition: Condition, row: Row) -> Known:
    """Kleene's logic over one record."""
    match condition:
        case AllOf(parts):
            known = [known_of(part, row) for part in parts]
            return "false" if "false" in known else "unknown" if "unknown" in known else "true"
        case AnyOf(parts):
            known = [known_of(part, row) for part in parts]
            return "true" if "true" in known else "unknown" if "unknown" in known else "false"
        case Not(part):
            opposite: Mapping[Known, Known] = {
                "true": "false",
                "false": "true",
                "unknown": "unknown",
            }
            return opposite[known_of(part, row)]
        case Filled(column):
            return told(not is_missing(row, column))
        case Missing(column):
            return told(is_missing(row, column))
        case InState(states):
            return "unknown" if row["state"] <= 0 else told(row["state"] in map(code, states))
        case Since(day):
            moment = row["occurred_at_us"]
            return told(moment is not None and local_day(moment) >= day)
        case Says(column, yes):
            said: Known = told((row[column] == 1) is yes)
            return "unknown" if row[f"{column}_unreadable"] else said
    return compared(condition, row)


def told(value: bool) -> Known:
    return "true" if value else "false"


def code(state: str) -> int:
    return STATES["deal"].index(state) + 1


def is_missing(row: Row, column: str) -> bool:
    if column in ("next_step", "lost_reason"):
        return row[column] in BLANK
    return row[column] is None and not row[f"{column}_unreadable"]


def compared(condition: Any, row: Row) -> Known:
    if condition.column == MOMENT:
        moment = row["occurred_at_us"]
        return "unknown" if moment is None else told(age(moment) > condition.days)
    value = row[condition.column]
    unreadable = row.get(f"{condition.column}_unreadable") or (
        condition.column in READABLE and value == "#REF!"
    )
    if unreadable or is_missing(row, condition.column):
        return "unknown"
    match condition:
        case Among(_, words):
            return told(any(part in words for part in value.split("\x1f")))
        case Matches(_, pattern):
            return told(any(re.fullmatch(pattern, part) for part in stated(value)))
        case OlderThan(_, days):
            return told(age(value) > days)
        case Between(column, low, high):
            if column == "amount":
                digits = {"JPY": 0, "KWD": 3, "CLF": 4}.get(row["currency"], 2)
                value = Decimal(value).scaleb(-digits)
            elif column == "modified_at":
                value = local_day(value)
            return told((low is None or low <= value) and (high is None or value <= high))
    raise AssertionError(condition)


def stated(text: str) -> list[str]:
    """The values of several columns that are not blank."""
    return [part for part in text.split("\x1f") if part.strip()]


def local_day(moment: int) -> date:
    return (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment))
        .astimezone(ZONE)
        .date()
    )


def age(value: int | date) -> int:
    return (WINDOW.today - (value if isinstance(value, date) else local_day(value))).days


# -------------------------------------------------------------------------------- the conditions

DATES = st.sampled_from([day for day in DAYS if day is not None])
AMOUNTS = st.sampled_from(
    [
        Decimal(text)
        for text in ("0", "9.99", "10", "10.005", "100.0001", "1000", "-0.01", "1e30")
    ]
)
TEXT_COLUMNS = st.sampled_from(["next_step", "lost_reason"])


def bounds(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    either = st.tuples(values, values).map(lambda pair: (min(pair), max(pair)))
    return st.one_of(either, st.tuples(values, st.none()), st.tuples(st.none(), values))


LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.sampled_from([("open",), ("won",), ("open", "lost")]).map(InState),
    st.builds(Says, st.just("agreed"), st.booleans()),
    DATES.map(Since),
    st.sampled_from(["next_step", "lost_reason", "amount", "close_day", "modified_at"]).map(
        Filled
    ),
    st.sampled_from(["next_step", "lost_reason", "amount", "close_day", "modified_at"]).map(
        Missing
    ),
    st.builds(
        Among,
        TEXT_COLUMNS,
        st.lists(st.sampled_from(WORDS), min_size=1, unique=True).map(tuple),
    ),
    st.builds(
        Matches,
        st.one_of(TEXT_COLUMNS, st.just("currency")),
        st.sampled_from(
            ["[a-z]{3}", "[^a-z]+", "[^a-z]*", "[Ww]eb ?", "é|e|EUR", ".*R.*", ".*"]
        ),
    ),
    st.sampled_from([("EUR",), ("JPY", "EUR"), ("eur",)]).map(
        lambda codes: Among("currency", codes)
    ),
    bounds(AMOUNTS).map(lambda pair: Between("amount", *pair)),
    st.builds(
        lambda name, pair: Between(name, *pair),
        st.sampled_from(["close_day", "modified_at"]),
        bounds(DATES),
    ),
    st.builds(
        OlderThan,
        st.sampled_from(["close_day", "modified_at", MOMENT]),
        st.sampled_from([0, 6, 7, 8, 40]),
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=6,
)


@dataclass(frozen=True)
class Loaded:
    """The records in an engine."""

    bench: Bench

    def known(self, condition: Condition) -> list[tuple[Any, Any]]:
        """(true, unknown) of each record, as the engine says; NULL would be neither."""
        truth = truth_of(condition, Records("deal", ROWS_TABLE, WINDOW, READABLE))
        shown = [case((part, 1), (not_(part), 0)) for part in (truth.true, truth.unknown)]
        with self.bench.engine.connect() as connection:
            rows = connection.execute(select(*shown).order_by(ROWS_TABLE.c.n)).all()
        return [(row[0], row[1]) for row in rows]


ENGINES = ("duckdb", "sqlite", "postgresql", "mysql")


@pytest.fixture(scope="module", params=ENGINES)
def loaded(request: pytest.FixtureRequest, benches: Callable[[str], Bench]) -> Loaded:  # noqa: F811
    bench = benches(request.param)
    with bench.engine.begin() as connection:
        writable(connection)
        ROWS_TABLE.create(connection)
        connection.execute(insert(ROWS_TABLE), ROWS)
    return Loaded(bench)


def oracle(condition: Condition) -> list[tuple[int, int]]:
    known = [known_of(condition, row) for row in ROWS]
    return [(int(each == "true"), int(each == "unknown")) for each in known]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(condition=CONDITIONS)
def test_every_engine_knows_what_python_knows(loaded: Loaded, condition: Condition) -> None:
    assert loaded.known(condition) == oracle(condition), str(condition)


@pytest.mark.parametrize(
    "condition",
    [
        AllOf(
            (
                Filled("amount"),
                Not(AnyOf((Says("agreed", yes=True), Among("next_step", ("web", "é"))))),
            )
        ),
        InState(("won",)),
    ],
)
def test_each_record_is_in_exactly_one_of_three(loaded: Loaded, condition: Condition) -> None:
    """The opposite of true is false, and what is unknown stays so."""
    known, opposite = loaded.known(condition), loaded.known(Not(condition))
    for (is_true, unknown), (is_false, still_unknown) in zip(known, opposite, strict=True):
        assert is_true + is_false + unknown == 1
        assert unknown == still_unknown
    assert {*known} == {(1, 0), (0, 0), (0, 1)}


@settings(max_examples=200)
@given(condition=CONDITIONS)
def test_a_condition_survives_a_manifest_and_has_a_text_of_its_own(
    condition: Condition,
) -> None:
    adapter: TypeAdapter[Condition] = TypeAdapter(Condition)
    assert adapter.validate_json(adapter.dump_json(condition)) == condition


def test_equal_fields_of_another_kind_are_another_condition() -> None:
    adapter: TypeAdapter[Condition] = TypeAdapter(Condition)
    kinds = (Filled("amount"), Missing("amount"), AllOf((HELD,)), AnyOf((HELD,)))
    assert len({adapter.dump_json(condition) for condition in kinds}) == len(kinds)
    assert len({str(condition) for condition in kinds[:2]}) == 2


def test_columns_are_those_of_the_whole_tree() -> None:
    tree = AllOf(
        (
            Not(Among("next_step", ("x",))),
            AnyOf((OlderThan(MOMENT, 3), Says("agreed", yes=True), Since(WINDOW.today))),
        )
    )
    assert list(columns_in(tree)) == ["next_step", "agreed"]
