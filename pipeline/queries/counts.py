"""What is counted of an entity's records: the counts that a run asks for, as
questions to a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from sqlalchemy import FromClause, and_, case, func
from sqlalchemy.sql.elements import ColumnElement

from pipeline.queries.context import (
    Condition,
    Conditions,
    Count,
    QueryContext,
    Question,
    Where,
    by_dimension,
    flag,
    question,
)

_MOST_COLUMNS: Final = 390
"""Sums of one statement: with owner and currency 400 columns at most, far below the 1,664 of
PostgreSQL, and few enough to be quick on MariaDB.
"""


def conditions_of(
    entity: str, view: FromClause, context: QueryContext
) -> dict[Count, Mapping[str, Condition]]:
    """Each count of an entity that the CRM can tell -> dimension -> its condition; one
    object for one condition.
    """
    made: dict[Where, Mapping[str, Condition]] = {}
    conditions = {}
    for count in context.counts:
        if count.entity != entity or not count.can_be_told(context):
            continue
        if count.where not in made:
            made[count.where] = by_dimension(count.where(view, context))
        conditions[count] = made[count.where]
    return conditions


def of_records(conditions: Mapping[Count, Mapping[str, Condition]]) -> Conditions:
    """The conditions of what is counted whatever its currency."""
    return _named(conditions, money=False, per_currency=False)


def of_money(conditions: Mapping[Count, Mapping[str, Condition]]) -> Conditions:
    """The conditions of the sums of money."""
    return _named(conditions, money=True, per_currency=False)


def of_currencies(conditions: Mapping[Count, Mapping[str, Condition]]) -> Conditions:
    """The conditions of what is counted per currency."""
    return _named(conditions, money=False, per_currency=True)


def _named(
    conditions: Mapping[Count, Mapping[str, Condition]], *, money: bool, per_currency: bool
) -> Conditions:
    return {
        (count.name, dimension): condition
        for count, by_dimension in conditions.items()
        if (count.money, count.per_currency) == (money, per_currency)
        for dimension, condition in by_dimension.items()
    }


def measure_questions(
    entity: str, view: FromClause, context: QueryContext
) -> Iterator[Question]:
    """What is counted of an entity: per owner, and once more for the
    company, by a query of its own.
    """
    conditions = conditions_of(entity, view, context)
    counts = {
        name: func.sum(flag(condition)) for name, condition in of_records(conditions).items()
    }
    amounts: dict[tuple[str, str], ColumnElement[int]] = {
        name: func.sum(case((and_(condition, view.c.amount_unreadable == 0), view.c.amount)))
        for name, condition in of_money(conditions).items()
    }
    for name, condition in of_currencies(conditions).items():
        amounts[name] = func.sum(flag(and_(condition, has_amount(view))))
    for sums, what, money in ((counts, "counts", False), (amounts, "amounts", True)):
        for some in _in_parts(sums):
            for grain in context.grains:
                yield question(f"{entity}.{what}", view, some, grain=grain, money=money)


def _in_parts(
    sums: Mapping[tuple[str, str], ColumnElement[int]],
) -> Iterator[dict[tuple[str, str], ColumnElement[int]]]:
    """The sums, so many at a time as a statement may have columns."""
    named = iter(sums.items())
    while part := dict(islice(named, _MOST_COLUMNS)):
        yield part


def has_amount(view: FromClause) -> Condition:
    """An amount was entered and can be read."""
    return and_(view.c.amount.is_not(None), view.c.amount_unreadable == 0)
