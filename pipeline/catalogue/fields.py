"""Minimum field sets: what is due and missing, and the records that fail."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, FromClause, Select, and_, case, cast, func, literal, select, true
from sqlalchemy.sql.elements import ColumnElement

from pipeline.catalogue.terms import (
    Condition,
    Question,
    Whose,
    flag,
    nothing_entered,
    question,
    state_code,
)
from pipeline.model import Field, FieldSet


def asks(fields: FieldSet) -> bool:
    """Whether there is anything to look for."""
    return bool(fields.fields or fields.readable)


def _due_and_missing(view: FromClause, entity: str, field: Field) -> tuple[Condition, Condition]:
    due = true() if field.when is None else view.c.state == state_code(entity, field.when)
    missing = and_(*(nothing_entered(view, entity, column) for column in field.columns))
    return and_(view.c.scored == 1, due), missing


def field_question(fields: FieldSet, view: FromClause, whose: Whose) -> Question:
    """One scan: due and missing per field, of the period and of the base, and what cannot be read."""
    sums: dict[tuple[str, str], ColumnElement[Any]] = {}
    for field in fields.fields:
        due, missing = _due_and_missing(view, fields.entity, field)
        dimension = f"{fields.entity}.{field.name}"
        for span, within in (("base", true()), ("period", view.c.in_period == 1)):
            sums["due." + span, dimension] = func.sum(flag(and_(within, due)))
            sums["missing." + span, dimension] = func.sum(flag(and_(within, due, missing)))
    for column in fields.readable:
        sums["unreadable", f"{fields.entity}.{column}"] = func.sum(view.c[f"{column}_unreadable"])
    return question(f"{fields.entity}.fields", view, sums, whose=whose)


def failing_records(fields: FieldSet, view: FromClause) -> Select[Any]:
    """The second scan: every record that misses something or holds what cannot be read, with the bit mask of it."""
    mask: ColumnElement[Any] = literal(0)
    for bit, field in enumerate(fields.fields):
        due, missing = _due_and_missing(view, fields.entity, field)
        mask = mask + case((and_(due, missing), 1 << bit), else_=0)
    for bit, column in enumerate(fields.readable, len(fields.fields)):
        mask = mask + case((view.c[f"{column}_unreadable"] == 1, 1 << bit), else_=0)
    columns = (view.c.id, view.c.owner, cast(mask, BigInteger).label("mask"), view.c.in_period, view.c.again)
    masked = select(*columns).subquery()
    return select(masked).where(masked.c.mask != 0)
