"""Conditions as SQL: each as two expressions that are never NULL, true and unknown.

A comparison with what is missing or cannot be read is unknown. `and`, `or` and `not` are
Kleene's. What is neither true nor unknown is false.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import singledispatch
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import FromClause, and_, case, false, literal, not_, or_, true
from sqlalchemy.sql.elements import ColumnElement

from pipeline.calendar.window import microseconds
from pipeline.databases.constructs import has_pattern, one_of_words, one_value_of_words
from pipeline.model import Kind, Span, Window, conditions
from pipeline.queries.context import (
    UNKNOWN,
    Condition,
    columns_of,
    nothing_entered,
    span_code,
    state_code,
    unreadable,
)
from pipeline.queries.facts import Fact
from pipeline.values.money import LARGEST_AMOUNT, ODD_FACTORS

_USUAL_FACTOR: Final = 100
"""Minor units in one unit of most currencies."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is known of a condition: never both true and unknown, and neither is ever NULL."""

    true: Condition
    unknown: Condition

    @property
    def possible(self) -> Condition:
        """It is not false."""
        return or_(self.true, self.unknown)


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The records of which a condition is asked."""

    entity: str
    view: FromClause
    window: Window
    readable: Collection[str]  # columns whose text may be unreadable

    def missing(self, column: str) -> Condition:
        """Nothing was entered."""
        return Fact(f"missing.{column}", nothing_entered(self.view, self.entity, column))

    def unreadable(self, column: str) -> Condition:
        """Something was entered that cannot be read. A text that is NULL is neither."""
        if column not in self.readable and self.kind(column) is Kind.TEXT:
            return false()
        unread = unreadable(self.view, self.entity, column)
        return Fact(f"unreadable.{column}", and_(not_(self.missing(column)), unread))

    def incomparable(self, column: str) -> Condition:
        """What is missing or cannot be read."""
        return or_(self.missing(column), self.unreadable(column))

    def kind(self, column: str) -> Kind:
        """The kind of a column; one that an audit adds is text."""
        return columns_of(self.entity).get(column, Kind.TEXT)

    def compared(self, column: str, comparison: Condition) -> Truth:
        """A comparison with a column's value."""
        unknown = self.incomparable(column)
        return Truth(and_(not_(unknown), comparison), unknown)


@singledispatch
def truth_of(condition: Any, records: Records) -> Truth:
    """What is known of a condition of these records."""
    raise TypeError(f"no condition: {condition!r}")


@truth_of.register
def _all(condition: conditions.AllOf, records: Records) -> Truth:
    parts = [truth_of(part, records) for part in condition.parts]
    unknown = or_(*(part.unknown for part in parts))
    return Truth(
        and_(*(part.true for part in parts)),
        and_(unknown, *(part.possible for part in parts)),
    )


@truth_of.register
def _any(condition: conditions.AnyOf, records: Records) -> Truth:
    parts = [truth_of(part, records) for part in condition.parts]
    is_true = or_(*(part.true for part in parts))
    return Truth(is_true, and_(not_(is_true), or_(*(part.unknown for part in parts))))


@truth_of.register
def _not(condition: conditions.Not, records: Records) -> Truth:
    part = truth_of(condition.part, records)
    return Truth(not_(part.possible), part.unknown)


@truth_of.register
def _in_state(condition: conditions.InState, records: Records) -> Truth:
    """What is still to come is not held yet, whatever its status says."""
    state = records.view.c.state
    in_state: list[Condition] = []
    for name in condition.states:
        is_so = state == state_code(records.entity, name)
        if name == "held":
            is_so = and_(is_so, records.view.c.span != span_code(Span.COMING_UP))
        in_state.append(is_so)
    return Truth(or_(false(), *in_state), state <= UNKNOWN)


@truth_of.register
def _filled(condition: conditions.Filled, records: Records) -> Truth:
    return Truth(not_(records.missing(condition.column)), false())


@truth_of.register
def _missing(condition: conditions.Missing, records: Records) -> Truth:
    return Truth(records.missing(condition.column), false())


@truth_of.register
def _says(condition: conditions.Says, records: Records) -> Truth:
    """A flag that a view derives can always be read."""
    column = records.view.c[condition.column]
    is_yes = and_(column.is_not(None), column == 1)
    mark = f"{condition.column}_unreadable"
    unknown = records.view.c[mark] == 1 if mark in records.view.c else false()
    return Truth(and_(not_(unknown), is_yes if condition.yes else not_(is_yes)), unknown)


@truth_of.register
def _among(condition: conditions.Among, records: Records) -> Truth:
    column = records.view.c[condition.column]
    return records.compared(condition.column, one_value_of_words(column, condition.words))


@truth_of.register
def _matches(condition: conditions.Matches, records: Records) -> Truth:
    column = records.view.c[condition.column]
    pattern = literal(condition.pattern)
    return records.compared(condition.column, has_pattern(column, pattern))


@truth_of.register
def _between(condition: conditions.Between, records: Records) -> Truth:
    column = records.view.c[condition.column]
    match records.kind(condition.column):
        case Kind.MONEY:
            within = _amount_within(condition, records.view)
        case Kind.INSTANT:
            within = and_(*_instants_within(condition, column, records.window.zone))
        case _:
            low = true() if condition.low is None else column >= literal(condition.low)
            high = true() if condition.high is None else column <= literal(condition.high)
            within = and_(low, high)
    return records.compared(condition.column, within)


def _amount_within(condition: conditions.Between, view: FromClause) -> Condition:
    """An amount is in minor units, and how many make one unit depends on its currency."""
    codes: dict[int, list[str]] = defaultdict(list)
    for code, factor in ODD_FACTORS.items():
        codes[factor].append(code)
    odd = [
        (one_of_words(view.c.currency, of), _units_within(condition, view.c.amount, factor))
        for factor, of in codes.items()
    ]
    return case(*odd, else_=_units_within(condition, view.c.amount, _USUAL_FACTOR))


def _units_within(
    condition: conditions.Between, amount: ColumnElement[int], factor: int
) -> Condition:
    """A bound between two minor units lies beyond the nearer one."""
    within: list[Condition] = []
    if isinstance(condition.low, Decimal):
        within.append(amount >= _units(condition.low, factor, ROUND_CEILING))
    if isinstance(condition.high, Decimal):
        within.append(amount <= _units(condition.high, factor, ROUND_FLOOR))
    return and_(true(), *within)


def _units(bound: Decimal, factor: int, rounding: str) -> int:
    """No amount reaches the largest, so that a bound beyond it is as good at it."""
    units = int((bound * factor).to_integral_value(rounding))
    return max(-LARGEST_AMOUNT, min(units, LARGEST_AMOUNT))


def _instants_within(
    condition: conditions.Between, instant: ColumnElement[int], zone: str
) -> list[Condition]:
    within: list[Condition] = [true()]
    if isinstance(condition.low, date):
        within.append(instant >= _midnight(condition.low, zone))
    if isinstance(condition.high, date):
        within.append(instant < _midnight(condition.high + timedelta(days=1), zone))
    return within


def _midnight(day: date, zone: str) -> int:
    return microseconds(datetime.combine(day, time(), ZoneInfo(zone)))


@truth_of.register
def _older(condition: conditions.OlderThan, records: Records) -> Truth:
    window = records.window
    oldest = window.today - timedelta(days=condition.days)
    if condition.column == conditions.MOMENT:
        moment = records.view.c.occurred_at_us
        older = and_(moment.is_not(None), moment < _midnight(oldest, window.zone))
        return Truth(older, moment.is_(None))
    column = records.view.c[condition.column]
    is_day = records.kind(condition.column) is Kind.DAY
    bound: Any = literal(oldest) if is_day else _midnight(oldest, window.zone)
    return records.compared(condition.column, column < bound)


@truth_of.register
def _since(condition: conditions.Since, records: Records) -> Truth:
    """Known of every record."""
    moment = records.view.c.occurred_at_us
    first = _midnight(condition.day, records.window.zone)
    return Truth(and_(moment.is_not(None), moment >= first), false())
