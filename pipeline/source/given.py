"""Which of our columns each SELECT of the preset gives; what none gives is absent, and
nobody is charged for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pipeline.complaints import complaint
from pipeline.databases import kind_of
from pipeline.errors import ConfigError
from pipeline.language.languages import in_all
from pipeline.model import ENTITIES, LocalText
from pipeline.presets import Part
from pipeline.source.names import listed
from pipeline.source.selects import Selects

Parts = Mapping[str, Sequence[Part]]
"""Entity -> its parts that are read."""
Given = Mapping[str, Sequence[Collection[str]]]
"""Entity -> the columns that each of these parts gives, the user's own fields among them."""

_REASON: Final = "excluded"


def given_by(connection: Connection, selects: Selects, preset: str, parts: Parts) -> Given:
    """What each part's SELECT gives; the database is asked for the names, and for no row.

    ConfigError names all that is misspelt or lacking at once; the database's own
    complaint where it has one only.
    """
    given: dict[str, list[Collection[str]]] = {}
    found: list[str] = []
    refused: list[tuple[str, DBAPIError]] = []
    for entity, of_entity in parts.items():
        given[entity] = []
        for part in of_entity:
            try:
                names = selects.given(entity, part)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                refused.append((f"{entity} from {part.table}", error))
                connection.rollback()  # what failed ends a transaction here and there; nothing is read in it
                continue
            found += selects.misgiven(entity, part, names, required(entity))
            given[entity].append(names)
    if len(refused) == 1 and not found:
        raise refused[0][1]
    names_only = kind_of(connection.dialect.name).names_only
    found += [
        f"the SELECT of {where}: {complaint(error, names_only)}." for where, error in refused
    ]
    if found:
        raise ConfigError(listed(f"preset {preset}: SELECTs that cannot be used", found))
    return given


def required(entity: str) -> set[str]:
    """What every SELECT of an entity gives: without an id there is no record, and a link
    has nothing but its ends.
    """
    own = {"id"} if "id" in ENTITIES[entity] else set(ENTITIES[entity])
    return {*own, _REASON}


def not_given(
    parts: Parts, given: Given, wanted: Mapping[str, Collection[str]]
) -> dict[str, LocalText]:
    """'entity.column' -> why it is absent, for each wanted column that none of
    the entity's parts gives.
    """
    found = {}
    for entity, of_entity in parts.items():
        tables = ", ".join(dict.fromkeys(part.table for part in of_entity))
        for name in wanted[entity] if of_entity else ():
            if not any(name in names for names in given[entity]):
                found[f"{entity}.{name}"] = in_all(
                    "not given by the SELECT of {tables}", tables=tables
                )
    return found


def partly_given(
    parts: Parts, given: Given, wanted: Mapping[str, Collection[str]]
) -> list[LocalText]:
    """A sentence for each part that does not give what another part of the entity gives."""
    found = []
    for entity, of_entity in parts.items():
        for part, names in zip(of_entity, given[entity], strict=True):
            if lacking := [name for name in wanted[entity] if name not in names]:
                found.append(
                    in_all(
                        "{columns} of {entity}: not given by the SELECT of {table} but by "
                        "another, so on the rows of the first it counts as empty.",
                        columns=", ".join(lacking),
                        entity=entity,
                        table=part.table,
                    )
                )
    return found
