"""What an audit reads of all that a CRM may hold: what is always read, and what something
asks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from pipeline.model import ASKED_BY_CODE, FURTHER, LOGS, CustomMeasure, Debtor, FieldSet, Schema
from pipeline.model.judging import judged_columns
from pipeline.model.rules import judgements_in


def asked_schema(
    schema: Schema,
    further: Collection[str],
    add: Collection[str],
    field_sets: Mapping[str, FieldSet],
    measures: Iterable[CustomMeasure],
) -> Schema:
    """The part of `schema` that is read. Source, snapshot, fingerprints and queries know
    no more of it.

    A further column is read where a demand, a measure of one's own or our code asks for it, or
    where `add` maps it; a log only where our code asks for it. Our code asks for what is among
    `further`, the columns and logs that the preset gives: without them it does less.
    """
    asked = {
        *ASKED_BY_CODE.intersection(further),
        *_judged(field_sets, schema).intersection(further),
        *add,
        *_demanded(field_sets.values()),
        *_naming_debtors(field_sets.values()),
        *_narrowing(measures),
    }
    return {
        entity: {
            column: kind
            for column, kind in columns.items()
            if column not in FURTHER.get(entity, {}) or f"{entity}.{column}" in asked
        }
        for entity, columns in schema.items()
        if entity not in LOGS or entity in asked
    }


def _demanded(field_sets: Iterable[FieldSet]) -> set[str]:
    """'contact.city' of every column at which a demand or its condition looks."""
    return {
        f"{fields.entity}.{column}"
        for fields in field_sets
        for field in fields.demands
        for column in field.looked_at
    }


def _naming_debtors(field_sets: Iterable[FieldSet]) -> set[str]:
    """'meeting.created_by' of every column that names who owes something."""
    return {f"{fields.entity}.{Debtor.CREATOR}" for fields in field_sets if fields.asks_creator}


def _judged(field_sets: Mapping[str, FieldSet], schema: Schema) -> set[str]:
    """'contact.country' of every column that decides a verdict of Python's."""
    return set(judged_columns(judgements_in(field_sets), schema))


def _narrowing(measures: Iterable[CustomMeasure]) -> set[str]:
    """'contact.city' of every column by which a measure of one's own narrows a count."""
    return {f"{measure.entity}.{column}" for measure in measures for column in measure.where}


def of_what_is_read(field_sets: Mapping[str, FieldSet], schema: Schema) -> dict[str, FieldSet]:
    """The field sets, in which only what is read can be unreadable."""
    return {
        entity: replace(
            fields, readable=tuple(name for name in fields.readable if name in schema[entity])
        )
        for entity, fields in field_sets.items()
    }
