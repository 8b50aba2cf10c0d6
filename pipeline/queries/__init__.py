"""What is asked: the entities, the minimum field sets and the measures, as
SQLAlchemy Core selectables.

Views and conditions are the same for the source and for the snapshot; statements are not, so that
the two readings of the proof differ in form. A CRM answers one statement per entity (`census`); the
snapshot answers many small ones. Databases only count and sum integers over conditions; ratios and
percentages are made later, in Python, exactly. `ask` alone touches a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import FromClause, Select

from pipeline.model import CHECKED, FieldSet
from pipeline.queries.census import Census, RowKind, WorkedOut, census
from pipeline.queries.context import (
    MISSING,
    UNKNOWN,
    WORD,
    Count,
    Entities,
    Grain,
    QueryContext,
    Question,
    columns_of,
    state_code,
)
from pipeline.queries.counts import measure_questions
from pipeline.queries.fields import (
    Failing,
    Scan,
    asks,
    failing_conditions,
    failing_records,
    field_question,
    grains_of,
    judged_conditions,
)
from pipeline.queries.verdicts import NO_VERDICTS, Verdicts, with_verdicts
from pipeline.queries.views import LOOKED_UP, NARROW, view_of

__all__ = [
    "LOOKED_UP",
    "MISSING",
    "NARROW",
    "UNKNOWN",
    "WORD",
    "Census",
    "Count",
    "Entities",
    "Failing",
    "Grain",
    "QueryContext",
    "Question",
    "RowKind",
    "Scan",
    "asks",
    "censuses",
    "columns_of",
    "failing",
    "failing_conditions",
    "failing_records",
    "field_counts",
    "field_question",
    "measures",
    "state_code",
    "view_of",
    "views_of",
]


def views_of(entities: Entities, context: QueryContext) -> dict[str, Select[Any]]:
    """The view of every checked entity that the CRM holds."""
    return {entity: view_of(entity, entities, context) for entity in _audited_entities(context)}


def _audited_entities(context: QueryContext) -> list[str]:
    return [entity for entity in CHECKED if context.has_columns(f"{entity}.id")]


def censuses(
    entities: Entities,
    field_sets: Mapping[str, FieldSet],
    context: QueryContext,
    worked_out: WorkedOut,
    *,
    rolled_up: bool,
) -> Iterator[Census]:
    """All that is asked of every entity, one statement each: how a
    CRM's own database is asked.
    """
    for entity in _audited_entities(context):
        yield census(
            entity, entities, field_sets[entity], context, worked_out, rolled_up=rolled_up
        )


def measures(views: Mapping[str, FromClause], context: QueryContext) -> tuple[Question, ...]:
    """Every count and sum of the metrics."""
    return tuple(
        question
        for entity, view in views.items()
        for question in measure_questions(entity, view, context)
    )


def scans_of(
    views: Mapping[str, FromClause],
    field_sets: Mapping[str, FieldSet],
    context: QueryContext,
    verdicts: Verdicts = NO_VERDICTS,
) -> tuple[Scan, ...]:
    """What Great Expectations asks of the snapshot, entity by entity; `verdicts` are Python's,
    of the entities of which it judges anything.
    """
    seen = {
        entity: with_verdicts(view, verdicts[entity]) if entity in verdicts else view
        for entity, view in views.items()
    }
    return tuple(
        _scan(field_sets[entity], seen[entity], rules, context)
        for entity, rules in failing(seen, field_sets, context).items()
    )


def _scan(fields: FieldSet, view: FromClause, rules: Failing, context: QueryContext) -> Scan:
    grains = [grain for grain in grains_of(fields, context) if grain is not Grain.COMPANY]
    judged = None
    if fields.judgements:
        judged = failing_records(judged_conditions(fields, view, context), view)
    return Scan(
        fields.entity,
        tuple(field_question(fields, view, context, grain) for grain in grains),
        tuple(rules),
        fields,
        failing_records(rules, view),
        judged,
    )


def field_counts(
    views: Mapping[str, FromClause], field_sets: Mapping[str, FieldSet], context: QueryContext
) -> tuple[Question, ...]:
    """Due, missing and unreadable, of every field set."""
    return tuple(
        field_question(field_sets[entity], view, context, grain)
        for entity, view in views.items()
        if asks(field_sets[entity])
        for grain in grains_of(field_sets[entity], context)
    )


def failing(
    views: Mapping[str, FromClause], field_sets: Mapping[str, FieldSet], context: QueryContext
) -> dict[str, Failing]:
    """Entity -> the rules that its records can fail; none where there are none."""
    rules_of = {
        entity: failing_conditions(field_sets[entity], view, context)
        for entity, view in views.items()
    }
    return {entity: rules for entity, rules in rules_of.items() if rules}
