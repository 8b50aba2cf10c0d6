"""Which of our columns each SELECT of the preset returns.

A column that none returns is absent, and nobody is charged for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pipeline.complaints import complaint
from pipeline.databases.kinds import kind_of
from pipeline.errors import ConfigError
from pipeline.language.languages import in_all
from pipeline.model import ENTITIES, LOG_KEYS, LocalText
from pipeline.presets import Part
from pipeline.source.names import listed
from pipeline.source.selects import Selects

Parts = Mapping[str, Sequence[Part]]
"""Entity -> the parts that are read."""
PartColumns = Mapping[str, Sequence[Collection[str]]]
"""Entity -> the columns that each of its parts returns, including the user's own fields."""

_REASON: Final = "excluded"


def columns_of_parts(
    connection: Connection, selects: Selects, preset: str, parts: Parts
) -> PartColumns:
    """The columns that each part's SELECT returns; the database returns names and no rows.

    Raises ConfigError with every misspelt or missing column at once. A single database error
    is raised as it is.
    """
    part_columns: dict[str, list[Collection[str]]] = {}
    mistakes: list[str] = []
    refused: list[tuple[str, DBAPIError]] = []
    for entity, of_entity in parts.items():
        part_columns[entity] = []
        for part in of_entity:
            try:
                names = selects.columns_of(entity, part)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                refused.append((f"{entity} from {part.table}", error))
                connection.rollback()  # on some databases an error ends the transaction
                continue
            mistakes += selects.misgiven(entity, part, names, required(entity))
            part_columns[entity].append(names)
    if len(refused) == 1 and not mistakes:
        raise refused[0][1]
    names_only = kind_of(connection.dialect.name).names_only
    mistakes += [
        f"the SELECT of {where}: {complaint(error, names_only)}." for where, error in refused
    ]
    if mistakes:
        raise ConfigError(listed(f"preset {preset}: SELECTs that cannot be used", mistakes))
    return part_columns


def required(entity: str) -> set[str]:
    """The columns that every SELECT of an entity must return: its id, both ends of a link,
    or what happened to what and when.
    """
    if entity in LOG_KEYS:
        return {*LOG_KEYS[entity], _REASON}
    own = {"id"} if "id" in ENTITIES[entity] else set(ENTITIES[entity])
    return {*own, _REASON}


def not_given(
    parts: Parts, part_columns: PartColumns, wanted: Mapping[str, Collection[str]]
) -> dict[str, LocalText]:
    """'entity.column' -> the reason, for each wanted column that no part returns."""
    reasons = {}
    for entity, of_entity in parts.items():
        tables = ", ".join(dict.fromkeys(part.table for part in of_entity))
        for name in wanted[entity] if of_entity else ():
            if not any(name in names for names in part_columns[entity]):
                reasons[f"{entity}.{name}"] = in_all(
                    "not given by the SELECT of {tables}", tables=tables
                )
    return reasons


def partly_given(
    parts: Parts, part_columns: PartColumns, wanted: Mapping[str, Collection[str]]
) -> list[LocalText]:
    """A sentence per part that lacks a column of another part."""
    sentences = []
    for entity, of_entity in parts.items():
        for part, names in zip(of_entity, part_columns[entity], strict=True):
            if lacking := [name for name in wanted[entity] if name not in names]:
                sentences.append(
                    in_all(
                        "{columns} of {entity}: not given by the SELECT of {table} but by "
                        "another, so on the rows of the first it counts as empty.",
                        columns=", ".join(lacking),
                        entity=entity,
                        table=part.table,
                    )
                )
    return sentences
