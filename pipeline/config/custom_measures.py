"""Measures of one's own: a count of ours, narrowed by what stands in columns of
the record; without code.
"""

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
    given: Mapping[str, MeasureFile],
    absent: Mapping[str, LocalText],
    schema: Schema,
    audience: Audience = "named",
) -> tuple[CustomMeasure, ...]:
    """The measures of an audit.yaml. ConfigError says which is wrong, and what is allowed."""
    found = []
    for name, one in given.items():
        entity = NARROWED[one.count].numerator[0].entity if one.count in NARROWED else ""
        problems = _problems(name, one, entity, absent, schema)
        for problem in chain(problems, _of_one_person(one, audience)):
            raise ConfigError(f"{file}: measures.{name}: {problem}")
        where = {column.partition(".")[2]: wanted for column, wanted in one.where.items()}
        found.append(
            CustomMeasure(
                name, one.label or name.replace("_", " "), one.count, entity, where, one.share
            )
        )
    return tuple(found)


def _problems(
    name: str,
    one: MeasureFile,
    entity: str,
    absent: Mapping[str, LocalText],
    schema: Schema,
) -> Iterator[str]:
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in MEASURES:
        yield "choose a name of small letters, digits and _ that no figure of ours has."
    if not entity:
        yield f"count: there is no '{one.count}'; allowed: {', '.join(NARROWED)}."
    (count,) = NARROWED[one.count].numerator
    for need in count.needs:
        any_of = [f"{entity}.{column}" for column in need.split("|")]
        if all(column in absent for column in any_of):
            named = " or ".join(any_of)
            yield f"count: '{one.count}' needs {named}, which this CRM does not hold ({absent[any_of[0]]})."
    if one.share and NARROWED[one.count].unit is Unit.MONEY:
        yield "share: of a count only; the currencies of an amount are never added."
    columns = {**columns_of(entity), **schema[entity]}
    for key, wanted in one.where.items():
        column = key.removeprefix(f"{entity}.")
        if column == key or column not in columns:
            yield f"where: there is no '{key}'; {one.count} is about {', '.join(f'{entity}.{c}' for c in columns)}."
        elif why := absent.get(key):
            yield f"where: this CRM does not hold {key} ({why})."
        elif isinstance(wanted, tuple) and columns[column] is not Kind.TEXT:
            yield f"where: {key} is no text; write filled or missing."


def _of_one_person(one: MeasureFile, audience: Audience) -> Iterator[str]:
    """Narrowed to a user, a group's figure would be that user's."""
    for key in one.where:
        if audience == "own" and key.partition(".")[2] in _NAMES_USERS:
            yield (
                f"where: {key} names a person, and with `audience: own` management's report shows "
                "groups only; narrow it by another column, or write audience: named."
            )
