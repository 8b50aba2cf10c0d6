"""Minimum field sets: what is due, and the records that fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement

from pipeline.model import FieldSet, Rule
from pipeline.queries.context import (
    WORD,
    Condition,
    Conditions,
    Grain,
    QueryContext,
    Question,
    flag,
    nothing_entered,
    question,
    state_code,
    unreadable,
)
from pipeline.queries.counts import conditions_of

Failing = Mapping[Rule, Condition]
"""Rule -> the condition that a record meets to fail it, in the order of the bits of a mask."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What is asked to validate an entity: counts per owner, and every failing record."""

    entity: str
    counts: tuple[Question, ...]
    rules: tuple[Rule, ...]  # by the bits of a failing record's mask
    failing: Select[Any]


def asks(fields: FieldSet) -> bool:
    """Whether there is anything to look for."""
    return bool(fields.fields or fields.readable)


def due_conditions(fields: FieldSet, view: FromClause) -> dict[str, Condition]:
    """What fields can be due of, each once: 'meeting', 'meeting.held' -> its condition."""
    whens = dict.fromkeys(field.when for field in fields.fields)
    return {fields.due_key(when): _due(fields.entity, view, when) for when in whens}


def due_counts(
    fields: FieldSet, view: FromClause, in_period: Condition
) -> dict[tuple[str, str], tuple[Condition, ...]]:
    """The records of which fields are due, in the base and in the period: each count -> the
    conditions that a record must meet, all of them.

    Fields are many and their conditions few, so that the columns of a statement stay few.
    """
    found: dict[tuple[str, str], tuple[Condition, ...]] = {}
    for key, due in due_conditions(fields, view).items():
        found["due.base", key] = (due,)
        found["due.period", key] = (in_period, due)
    return found


def failing_conditions(fields: FieldSet, view: FromClause, context: QueryContext) -> Failing:
    """All that a record can fail: the demands of its field set, then what our own
    counts name.
    """
    return {**_demands(fields, view), **noted(fields.entity, view, context)}


def noted(entity: str, view: FromClause, context: QueryContext) -> Failing:
    """The counts that name a defect, as rules of their own."""
    return {
        _rule_of(count.name, dimension, entity, count.verdict): condition
        for count, by_dimension in conditions_of(entity, view, context).items()
        if count.verdict is not None
        for dimension, condition in by_dimension.items()
    }


def _rule_of(name: str, dimension: str, entity: str, verdict: Any) -> Rule:
    named = ".".join(filter(None, ("check", name, dimension)))
    return Rule(entity, named, verdict, measure=name, dimension=dimension)


def _demands(fields: FieldSet, view: FromClause) -> Failing:
    dues = due_conditions(fields, view)
    owed = [
        and_(
            dues[fields.due_key(field.when)],
            *(nothing_entered(view, fields.entity, column) for column in field.columns),
        )
        for field in fields.fields
    ]
    unread = [unreadable(view, fields.entity, column) for column in fields.readable]
    return dict(zip(fields.rules, (*owed, *unread), strict=True))


def _due(entity: str, view: FromClause, when: str | None) -> Condition:
    in_state = true() if when is None else view.c.state == state_code(entity, when)
    return and_(view.c.scored == 1, in_state)


def field_question(fields: FieldSet, view: FromClause, grain: Grain) -> Question:
    """One scan: due, of the period and of the base, and how many records fail a demand."""
    in_period = view.c.in_period == 1
    fails = or_(false(), *_demands(fields, view).values())
    counts: Conditions = {
        name: and_(*conditions)
        for name, conditions in due_counts(fields, view, in_period).items()
    }
    counts["failing.period", fields.entity] = and_(in_period, fails)
    counts["failing.base", fields.entity] = and_(not_(in_period), fails)
    sums = {name: func.sum(flag(condition)) for name, condition in counts.items()}
    return question(f"{fields.entity}.fields", view, sums, grain=grain)


def failing_records(failing: Failing, view: FromClause) -> Select[Any]:
    """The second scan: every record that fails a rule, and the bit mask of those that it
    fails.

    Its columns are id, owner, in_period, is_repeat, occurred_at_us, and the mask in words of
    WORD bits, the lowest first.
    """
    conditions = list(failing.values())
    words = [
        cast(_word(conditions[start : start + WORD]), BigInteger).label(f"mask_{start}")
        for start in range(0, len(conditions), WORD)
    ]
    masked = select(
        view.c.id,
        view.c.owner,
        view.c.in_period,
        view.c.is_repeat,
        view.c.occurred_at_us,
        *words,
    ).subquery()
    return select(masked).where(or_(*(masked.c[word.key] != 0 for word in words)))


def _word(conditions: Sequence[Condition]) -> ColumnElement[int]:
    word: ColumnElement[int] = literal(0)
    for bit, condition in enumerate(conditions):
        word = word + case((condition, 1 << bit), else_=0)
    return word
