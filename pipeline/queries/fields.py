"""Minimum field sets: what is due and missing, and the records that fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement

from pipeline.model import FieldSet
from pipeline.queries.context import (
    WORD,
    Condition,
    Grain,
    Question,
    flag,
    nothing_entered,
    question,
    state_code,
    unreadable,
)


def asks(fields: FieldSet) -> bool:
    """Whether there is anything to look for."""
    return bool(fields.fields or fields.readable)


def field_counts_of(
    fields: FieldSet, view: FromClause, in_period: Condition
) -> dict[tuple[str, str], tuple[Condition, ...]]:
    """Due, missing, unreadable: each count -> the conditions that a record must meet,
    all of them, to be counted.
    """
    found: dict[tuple[str, str], tuple[Condition, ...]] = {}
    dues = {field.when: _due(fields.entity, view, field.when) for field in fields.fields}
    for field in fields.fields:
        due, dimension = dues[field.when], f"{fields.entity}.{field.name}"
        owed = and_(
            due, *(nothing_entered(view, fields.entity, column) for column in field.columns)
        )
        found["due.base", dimension], found["missing.base", dimension] = (due,), (owed,)
        found["due.period", dimension], found["missing.period", dimension] = (
            (in_period, due),
            (in_period, owed),
        )
    for column in fields.readable:
        found["unreadable", f"{fields.entity}.{column}"] = (
            unreadable(view, fields.entity, column),
        )
    return found


def wrong_of(fields: FieldSet) -> list[tuple[str, str]]:
    """The counts for which a record is failing, in the order of the bits of its mask."""
    missing = [("missing.base", f"{fields.entity}.{field.name}") for field in fields.fields]
    return missing + [("unreadable", f"{fields.entity}.{column}") for column in fields.readable]


def _due(entity: str, view: FromClause, when: str | None) -> Condition:
    in_state = true() if when is None else view.c.state == state_code(entity, when)
    return and_(view.c.scored == 1, in_state)


def field_question(fields: FieldSet, view: FromClause, grain: Grain) -> Question:
    """One scan: due and missing per field, of the period and of the base,
    and what cannot be read.
    """
    counts = field_counts_of(fields, view, view.c.in_period == 1)
    sums = {name: func.sum(flag(and_(*conditions))) for name, conditions in counts.items()}
    return question(f"{fields.entity}.fields", view, sums, grain=grain)


def failing_records(fields: FieldSet, view: FromClause) -> Select[Any]:
    """The second scan: every record that misses something or holds what cannot be
    read, and the bit mask of it.

    Its columns are id, owner, in_period, again, at_us, and the mask in words of
    WORD bits, the lowest first.
    """
    counts = field_counts_of(fields, view, view.c.in_period == 1)
    wrong = [and_(*counts[name]) for name in wrong_of(fields)]
    words = [
        cast(_word(wrong[start : start + WORD]), BigInteger).label(f"mask_{start}")
        for start in range(0, len(wrong), WORD)
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
