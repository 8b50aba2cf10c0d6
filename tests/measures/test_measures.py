"""Measures: each is one declaration, all of them are published, and none says what a CRM cannot tell."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules

import pytest
from sqlalchemy import FromClause, column, create_engine, table
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause

from pipeline import measures, queries
from pipeline.calendar.window import open_window
from pipeline.language.format import excel_format, excel_value, format_figure
from pipeline.language.languages import ENGLISH
from pipeline.measures.custom import measure_of
from pipeline.measures.deals import DEALS_WON, DEALS_WON_AMOUNT
from pipeline.measures.figures import make_figures
from pipeline.measures.measure import average
from pipeline.measures.registry import COUNTED, MEASURES, NARROWED, PLANNED, counts_of
from pipeline.measures.scopes import FigureInputs
from pipeline.model import (
    ENTITIES,
    READ,
    STATE_COLUMNS,
    STATES,
    Answers,
    CustomMeasure,
    Figures,
    Kind,
    Measure,
    Person,
    Scope,
    Unit,
)
from pipeline.queries import Count, QueryContext
from pipeline.queries.ask import ask
from pipeline.queries.context import by_dimension

WINDOW = open_window(
    as_of=datetime(2026, 11, 24, 9, tzinfo=UTC), zone="UTC", working_week=range(5)
)
WORDS = {entity: {state: (state,) for state in states} for entity, states in STATES.items()}
COUNTS = counts_of(COUNTED)
LACKS = ("contact_lacks_last_name", "contact_lacks_first_name", "contact_lacks_details")
OPTIONAL = {
    "meetings_overdue": {"end_at"},  # else the start tells
    "meetings_complete": {
        "subject",
        "result",
        "contact",
        "contact_lacks_last_name",
        "contact_lacks_first_name",
        "contact_lacks_details",
    },  # what is not held is not demanded
    "meetings_lacking": {
        "subject",
        "result",
        "contact_lacks_last_name",
        "contact_lacks_first_name",
        "contact_lacks_details",
    },
    "meetings_to_complete": {"subject", "result", "contact", *LACKS, "contact_is_anothers"},
}
"""Columns that a count reads where the CRM holds them, and does without where not."""


def view_of(entity: str) -> FromClause:
    """The view's columns, without a database."""
    marks = [f"{name}_unreadable" for name, kind in ENTITIES[entity].items() if kind in READ]
    derived = [
        "owner",
        "is_repeat",
        "state",
        "occurred_at_us",
        "contact",
        "contact_lacks_last_name",
        "contact_lacks_first_name",
        "contact_lacks_details",
        "contact_is_anothers",
    ]
    return table(
        entity, *(column(name) for name in dict.fromkeys([*ENTITIES[entity], *derived, *marks]))
    )


def read_by(count: Count) -> set[str]:
    """The columns of the entity that a count's conditions read."""
    found: set[str] = set()
    conditions = by_dimension(
        count.where(view_of(count.entity), QueryContext(WINDOW, WORDS, counts=COUNTS))
    )
    for condition in conditions.values():
        for element in visitors.iterate(condition):
            if isinstance(element, ColumnClause) and element.table is not None:
                found |= columns_behind(count.entity, str(element.key))
    return found


def columns_behind(entity: str, name: str) -> set[str]:
    """What a column of the view is made of; of the two moments of an event one is enough."""
    if name == "occurred_at_us":
        return {"start_at|created_at"} if entity in ("meeting", "call") else {"created_at"}
    return {STATE_COLUMNS[entity]} if name == "state" else {name.removesuffix("_unreadable")}


def declared() -> Iterator[Measure]:
    """Every measure that a module of the package declares."""
    for module in iter_modules(measures.__path__, "pipeline.measures."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Measure):
                yield value


def test_every_measure_that_is_declared_is_published() -> None:
    names = [measure.name for measure in declared()]
    assert set(names) == MEASURES.keys()
    assert all(MEASURES[measure.name] is measure for measure in declared())
    assert len({count.name for count in COUNTS}) == len(
        {(count.name, count.entity) for count in COUNTS}
    )


@pytest.mark.parametrize("count", COUNTS, ids=lambda count: count.name)
def test_a_count_needs_whatever_its_condition_reads(count: Count) -> None:
    """One that is forgotten would make a zero of what a CRM cannot tell, and the proof would confirm it."""
    needed = {column for need in count.needs for column in (need, *need.split("|"))}
    undeclared = read_by(count) - needed
    assert undeclared == OPTIONAL.get(count.name, set())
    assert {column for column in needed if "|" not in column} <= ENTITIES[count.entity].keys()


def test_a_forgotten_need_is_seen() -> None:
    (count,) = DEALS_WON.numerator
    assert read_by(count) == {"stage", "close_day"} == set(count.needs)


def test_what_can_be_planned_has_a_month_and_the_order_of_reports() -> None:
    assert [measure.name for measure in PLANNED] == [
        "deals_won",
        "meetings_held",
        "clients_new",
    ]
    assert all(
        measure.month and measure.month.needs == measure.numerator[0].needs
        for measure in PLANNED
    )


def test_each_condition_is_made_once() -> None:
    """So that a number of deals and the money in them are one bit of a statement."""
    view = view_of("deal")
    made = queries.counts.conditions_of(
        "deal", view, QueryContext(WINDOW, WORDS, counts=COUNTS)
    )
    by_name = {count.name: conditions[""] for count, conditions in made.items()}
    assert by_name["deals_won"] is by_name["deals_won_amount"]
    assert by_name["deals_won"] is not by_name["deals_lost"]


def test_measures_reach_another_process() -> None:
    own = measure_of(
        CustomMeasure("big", "Big", "deals_won", "deal", {"name": ("Big",)}, share=True)
    )
    for measure in (*MEASURES.values(), own):
        there = pickle.loads(pickle.dumps(measure))
        assert (there.name, there.label, there.unit) == (
            measure.name,
            measure.label,
            measure.unit,
        )


def test_only_what_is_one_figure_may_be_narrowed() -> None:
    refused = {measure.name for measure in COUNTED} - NARROWED.keys()
    assert refused == {
        "complete_meetings",
        "win_rate",
        "meetings_lacking",
        "meetings_to_complete",
        "unreadable",
    }


@pytest.mark.parametrize(
    "name", [name for name, ours in NARROWED.items() if ours.numerator[0].verdict]
)
def test_what_is_narrowed_lists_no_records_of_its_own(name: str) -> None:
    """What is wrong with a record is said once, by our count: no page has words for another."""
    (ours,) = NARROWED[name].numerator
    own = measure_of(CustomMeasure("own", "Own", name, ours.entity, {"owner_id": "filled"}))
    assert [count.verdict for count in own.counts] == [None]


# ------------------------------------------------------------------------------------------------ averages


def test_an_average_is_money_over_the_amounts_that_it_lies_in() -> None:
    """Per currency; what has no amount, or one that cannot be read, is in neither."""
    won = average("average_won_amount", "Average won amount", DEALS_WON_AMOUNT)
    figures = figures_of(won)
    euros, yen = (
        figures[f"average_won_amount/{currency}@manager:m1"] for currency in ("EUR", "JPY")
    )
    assert (euros.numerator, euros.denominator, euros.unit) == (1000, 3, Unit.MONEY)
    assert (yen.numerator, yen.denominator) == (5, 2)
    assert [format_figure(euros, ENGLISH), format_figure(yen, ENGLISH)] == ["€3.33", "JPY 3"]
    assert excel_value(euros) == Decimal("3.33")
    assert excel_format(euros, ENGLISH) == '"€"#,##0.00'
    company = figures["average_won_amount/EUR@company"]
    assert (company.numerator, company.denominator, format_figure(company, ENGLISH)) == (
        1001,
        5,
        "€2",
    )
    nobody = figures["average_won_amount/EUR@unassigned"]
    assert (nobody.numerator, nobody.denominator, format_figure(nobody, ENGLISH)) == (0, 0, "–")


def figures_of(measure: Measure) -> Figures:
    """Figures of won deals: three of m1 in euros, two in yen, two of m2 that come to a cent; others do not count."""
    view = view_of("deal")
    rows = [
        *((f"d{n}", "m1", amount, 0, "EUR") for n, amount in enumerate((400, 300, 300))),
        *((f"y{n}", "m1", amount, 0, "JPY") for n, amount in enumerate((2, 3))),
        ("none", "m1", None, 0, "EUR"),
        ("odd", "m1", 7, 1, "EUR"),
        ("cent", "m2", 1, 0, "EUR"),
        ("nought", "m2", 0, 0, "EUR"),
    ]
    engine = create_engine("duckdb:///:memory:")
    with engine.connect() as connection:
        names = [one.name for one in view.c]
        kinds = {
            name: "DATE" if ENTITIES["deal"].get(name) is Kind.DAY else "VARCHAR"
            for name in names
        }
        numbers = dict.fromkeys(
            (
                "is_repeat",
                "state",
                "occurred_at_us",
                "amount",
                "contact_lacks_last_name",
                "contact_lacks_first_name",
                "contact_lacks_details",
                "contact_is_anothers",
                "contact",
            ),
            "BIGINT",
        )
        kinds |= numbers | {name: "INTEGER" for name in names if name.endswith("_unreadable")}
        connection.exec_driver_sql(
            f"CREATE TABLE deal ({', '.join(f'{n} {kinds[n]}' for n in names)})"
        )
        for record, owner, amount, unreadable, currency in rows:
            connection.exec_driver_sql(
                "INSERT INTO deal (id, owner, is_repeat, state, amount, amount_unreadable, currency, close_day,"
                f" close_day_unreadable) VALUES ('{record}', '{owner}', 0, {queries.state_code('deal', 'won')},"
                f" {'NULL' if amount is None else amount}, {unreadable}, '{currency}', '2026-11-03', 0)"
            )
        context = QueryContext(WINDOW, WORDS, counts=counts_of([measure]))
        tallies = tuple(ask(connection, queries.measures({"deal": view}, context)))
    engine.dispose()
    people = [Person(name, name.upper(), "", "", Scope.MANAGER) for name in ("m1", "m2")]
    return make_figures(
        Answers(tallies, ()), FigureInputs(people, {}, (), (), WINDOW, (measure,))
    )
