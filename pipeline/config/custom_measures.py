"""The user's own measures: counts of ours, narrowed by columns of the record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

from pipeline.config.settings import MeasureFile
from pipeline.errors import ConfigError
from pipeline.measures.registry import MEASURES, NARROWED
from pipeline.model import Audience, CustomMeasure, Kind, LocalText, Schema, Unit
from pipeline.queries import columns_of

_NAMES_USERS: Final = ("owner_id", "created_by")


def custom_measures(
    file: Path,
    declared: Mapping[str, MeasureFile],
    absent: Mapping[str, LocalText],
    schema: Schema,
    audience: Audience = "named",
) -> tuple[CustomMeasure, ...]:
    """The measures of an audit.yaml. Raises ConfigError with the mistake and what is allowed."""
    measures = []
    for name, measure in declared.items():
        entity = (
            NARROWED[measure.count].numerator[0].entity if measure.count in NARROWED else ""
        )
        problems = _problems(name, measure, entity, absent, schema)
        for problem in chain(problems, _of_one_person(measure, audience)):
            raise ConfigError(f"{file}: measures.{name}: {problem}")
        where = {column.partition(".")[2]: wanted for column, wanted in measure.where.items()}
        measures.append(
            CustomMeasure(
                name,
                measure.label or name.replace("_", " "),
                measure.count,
                entity,
                where,
                measure.share,
            )
        )
    return tuple(measures)


def _problems(
    name: str,
    measure: MeasureFile,
    entity: str,
    absent: Mapping[str, LocalText],
    schema: Schema,
) -> Iterator[str]:
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in MEASURES:
        yield "choose a name of small letters, digits and _ that no figure of ours has."
    if not entity:
        yield f"count: there is no '{measure.count}'; allowed: {', '.join(NARROWED)}."
    (count,) = NARROWED[measure.count].numerator
    for need in count.needs:
        any_of = [f"{entity}.{column}" for column in need.split("|")]
        if all(column in absent for column in any_of):
            named = " or ".join(any_of)
            yield f"count: '{measure.count}' needs {named}, which this CRM does not hold ({absent[any_of[0]]})."
    if measure.share and NARROWED[measure.count].unit is Unit.MONEY:
        yield "share: of a count only; the currencies of an amount are never added."
    columns = {**columns_of(entity), **schema[entity]}
    for key, wanted in measure.where.items():
        column = key.removeprefix(f"{entity}.")
        if column == key or column not in columns:
            yield f"where: there is no '{key}'; {measure.count} is about {', '.join(f'{entity}.{c}' for c in columns)}."
        elif why := absent.get(key):
            yield f"where: this CRM does not hold {key} ({why})."
        elif isinstance(wanted, tuple) and columns[column] is not Kind.TEXT:
            yield f"where: {key} is no text; write filled or missing."


def _of_one_person(measure: MeasureFile, audience: Audience) -> Iterator[str]:
    """Refuses a measure narrowed to a user: a group's figure would be that user's."""
    for key in measure.where:
        if audience == "own" and key.partition(".")[2] in _NAMES_USERS:
            yield (
                f"where: {key} names a person, and with `audience: own` management's report shows "
                "groups only; narrow it by another column, or write audience: named."
            )
