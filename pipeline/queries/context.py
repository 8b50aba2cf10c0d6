"""The words in which everything is asked: on what terms, of which
states, and what a question is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import FromClause, Select, and_, case, false, func, select
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import blank, exact_text, one_of_words
from pipeline.model import (
    CELL_ERRORS,
    ENTITIES,
    SPANS,
    STATES,
    Debtor,
    Kind,
    Span,
    Verdict,
    Window,
)

Condition = ColumnElement[bool]
Conditions = dict[tuple[str, str], Condition]
"""(name of a count, its dimension or '') -> the condition that a record meets to be counted."""
Entities = Mapping[str, FromClause]
"""Entity -> its audited rows: instants as integers of microseconds, money of
minor units, days as days.
"""

UNKNOWN: Final = 0
"""The state of a word that is not mapped: in no figure but its own."""
MISSING: Final = -1
"""The state of a record whose status is blank: a missing field, no unknown word."""

WORD: Final = 60
"""Bits in one integer: a sum of them stays within 64, a sign among them, on every database."""

DERIVED: Final[Mapping[str, Mapping[str, Kind]]] = {
    "meeting": {"contact": Kind.FLAG},
    "call": {"reached": Kind.FLAG},
}
"""Columns that a view adds to its entity's own and that a field set may demand."""


class Grain(StrEnum):
    """Of whom a question asks. Of several owners each has the record, and
    the company has it once.
    """

    OWNERS = "owners"
    COMPANY = "company"
    REPEATS = "repeats"  # what owners have that is another's already: what adds up too much
    CREATORS = "creators"  # what they owe who entered records, of each record once


@dataclass(frozen=True, slots=True)
class Question:
    """One SELECT of integers. Its columns: the owner (unless of the company), the currency
    (if of money), `counts`.
    """

    name: str
    grain: Grain
    money: bool
    # (name, dimension) of each integer, in the order of the columns
    counts: tuple[tuple[str, str], ...]
    statement: Select[Any]


@dataclass(frozen=True, slots=True)
class QueryContext:
    """Everything a query depends on besides the data: the moments, the CRM's words for
    our states, and what it does not hold.
    """

    window: Window
    words: Mapping[str, Mapping[str, tuple[str, ...]]]  # entity -> our state -> the CRM's words
    absent: frozenset[str] = frozenset()  # 'entity.column'
    # entities without a status, whose events are held once their end passed
    held_at_end: frozenset[str] = frozenset()
    several_owners: bool = False  # a record counts for each of its owners
    # what begins like one of these says that a call reached nobody, in lower case
    reached_nobody: tuple[str, ...] = ()
    importers: tuple[str, ...] = ()  # users whose records no person typed
    counts: tuple[Count, ...] = ()  # what is counted, besides what the field sets ask
    # entities of which something is owed by whoever entered a record
    owed_by_creators: frozenset[str] = frozenset()
    # 'contact.phone' -> all who are asked for it
    asked_of: Mapping[str, set[Debtor]] = field(default_factory=dict)

    @property
    def grains(self) -> tuple[Grain, ...]:
        """Of whom everything is asked."""
        repeats = (Grain.REPEATS,) if self.several_owners else ()
        return Grain.OWNERS, Grain.COMPANY, *repeats

    def has_columns(self, *columns: str) -> bool:
        """Whether the CRM holds all of these, given as 'entity.column'; a status
        that the time tells counts.
        """
        from_time = {f"{entity}.status" for entity in self.held_at_end}
        return not (set(columns) & self.absent) - from_time

    def is_with_operators(self, entity: str, *columns: str) -> bool:
        """Whether operators alone are asked for what any one of these columns fills."""
        asked = (self.asked_of.get(f"{entity}.{column}", set()) for column in columns)
        return set().union(*asked) == {Debtor.OPERATOR}


Where = Callable[[FromClause, QueryContext], Condition | Mapping[str, Condition]]
"""Gives, on an entity's view, the condition that its records meet to be counted;
or one for each dimension.
"""


def by_dimension(condition: Condition | Mapping[str, Condition]) -> Mapping[str, Condition]:
    """The conditions by dimension; a single one is that of ''."""
    return condition if isinstance(condition, Mapping) else {"": condition}


def _nowhere(_view: FromClause, _context: QueryContext) -> Mapping[str, Condition]:
    return {}


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """An integer that databases make: the number of an entity's records that meet a
    condition, or the money in them.

    `needs` names the columns without which it says nothing: in a CRM that lacks one, there is
    no such count. Of columns with | between them one is enough. Without an entity, it is the
    field sets that count it.
    """

    name: str
    entity: str = ""
    where: Where = _nowhere
    needs: tuple[str, ...] = ()
    money: bool = False  # the sum of their amounts, per currency; amounts that cannot be read are left out
    verdict: Verdict | None = None  # a record that is counted is a finding
    per_currency: bool = False  # the number of their amounts that can be read, per currency

    def can_be_told(self, context: QueryContext) -> bool:
        """Whether the CRM holds what it needs."""
        needs = (need.split("|") for need in self.needs)
        return all(
            any(context.has_columns(f"{self.entity}.{column}") for column in any_of)
            for any_of in needs
        )


def state_code(entity: str, state: str) -> int:
    """The integer that stands for a state in a view: text would be compared by
    the database's collation.
    """
    return STATES[entity].index(state) + 1


def span_code(span: Span) -> int:
    """The integer that stands for a span in a view."""
    return SPANS.index(span)


def columns_of(entity: str) -> Mapping[str, Kind]:
    """The columns that a field set of this entity may name."""
    return {**ENTITIES.get(entity, {}), **DERIVED.get(entity, {})}


def in_state(view: FromClause, entity: str, state: str) -> Condition:
    return view.c.state == state_code(entity, state)


def flag(condition: Condition) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def in_flow(moment: ColumnElement[Any], w: Window) -> Condition:
    return and_(moment >= w.first_us, moment < w.after_us, moment <= w.as_of_us)


def in_month(moment: ColumnElement[Any], w: Window) -> Condition:
    if w.month_first_us is None or w.month_after_us is None:
        return false()
    return and_(moment >= w.month_first_us, moment < w.month_after_us, moment <= w.as_of_us)


def ended_at(event: FromClause) -> ColumnElement[Any]:
    """An event's end, else its start; NULL where an end was entered that cannot be read."""
    return case(
        (event.c.end_at_unreadable == 0, func.coalesce(event.c.end_at, event.c.start_at))
    )


def nothing_entered(view: FromClause, entity: str, column: str) -> Condition:
    """Nothing was entered. What was entered and cannot be read is not
    missing: it is counted apart.
    """
    match columns_of(entity).get(column, Kind.TEXT):  # what an audit adds is text
        case Kind.TEXT:
            return blank(view.c[column])
        case Kind.FLAG if column in DERIVED.get(entity, {}):
            return view.c[column] == 0
        case _:
            return and_(view.c[column].is_(None), view.c[f"{column}_unreadable"] == 0)


def unreadable(view: FromClause, entity: str, column: str) -> Condition:
    """Something was entered that cannot be read. A text says so itself: a spreadsheet
    wrote an error instead of it.
    """
    if columns_of(entity).get(column, Kind.TEXT) is Kind.TEXT:
        return one_of_words(view.c[column], CELL_ERRORS)
    return view.c[f"{column}_unreadable"] == 1


def question(
    name: str,
    view: FromClause,
    sums: Mapping[tuple[str, str], ColumnElement[Any]],
    *,
    grain: Grain,
    money: bool = False,
) -> Question:
    groups: list[ColumnElement[Any]] = []
    if grain is Grain.CREATORS:
        groups.append(exact_text(view.c.entered_by))
    elif grain is not Grain.COMPANY:
        groups.append(exact_text(view.c.owner))
    if money:
        groups.append(exact_text(view.c.currency))
    labelled = [column.label(f"n{position}") for position, column in enumerate(sums.values())]
    statement = select(*groups, *labelled).select_from(view)
    if grain is not Grain.OWNERS:
        statement = statement.where(view.c.is_repeat == int(grain is Grain.REPEATS))
    return Question(
        name, grain, money, tuple(sums), statement.group_by(*groups) if groups else statement
    )
