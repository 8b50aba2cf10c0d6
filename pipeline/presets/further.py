"""Adds to a preset the further columns and logs that an audit asks for, and no others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from pipeline.model import Schema
from pipeline.presets.part import Part
from pipeline.presets.preset import Preset

Exports = Mapping[str, Mapping[str, tuple[str, ...]]]


def reading(preset: Preset, schema: Schema, added: Collection[str] = ()) -> Preset:
    """The preset with the further columns and logs that this schema contains.

    `added` holds each 'entity.column' that the user maps to a field of the CRM instead.
    """
    further = preset.further
    entities = {
        entity: tuple(part.with_columns(_wanted(entity, part, schema, added)) for part in parts)
        for entity, parts in preset.entities.items()
    }
    logs = {log: parts for log, parts in further.logs.items() if log in schema}
    texts = [*_expressions(preset, schema, added), *_selects(logs)]
    tables = {name: sql for name, sql in further.tables.items() if _is_named(name, texts)}
    optional = {name: of for name, of in further.optional.items() if _is_named(name, texts)}
    update = {
        "entities": {**entities, **logs},
        "tables": {**preset.tables, **tables},
        "optional": {**preset.optional, **optional},
        "exports": _exports(preset, schema, added),
    }
    return preset.model_copy(update=update)


def _wanted(entity: str, part: Part, schema: Schema, added: Collection[str]) -> list[str]:
    """The part's further columns that are asked for."""
    return [
        name
        for name in part.further
        if name in schema.get(entity, {}) and f"{entity}.{name}" not in added
    ]


def _expressions(preset: Preset, schema: Schema, added: Collection[str]) -> Iterator[str]:
    """The SQL of every further column that is asked for."""
    for entity, parts in preset.entities.items():
        for part in parts:
            yield from (part.further[name] for name in _wanted(entity, part, schema, added))


def _selects(logs: Mapping[str, Iterable[Part]]) -> Iterator[str]:
    for parts in logs.values():
        for part in parts:
            yield from (part.table, part.select or "")


def _is_named(name: str, texts: Iterable[str]) -> bool:
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(map(word.search, texts))


def _exports(
    preset: Preset, schema: Schema, added: Collection[str]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Table -> its column -> headers, with the columns that the further expressions name."""
    exports = {table: dict(columns) for table, columns in preset.exports.items()}
    for entity, parts in preset.entities.items():
        for part in parts:
            wanted = _wanted(entity, part, schema, added)
            texts = [part.further[name] for name in wanted]
            for table in _tables_of(preset, part):
                headers = preset.further.exports.get(table, {})
                exports[table] |= {
                    name: of for name, of in headers.items() if _is_named(name, texts)
                }
    return exports


def _tables_of(preset: Preset, part: Part) -> list[str]:
    """The tables of `exports` that a part reads, by itself or through a view."""
    sql = f"{part.table} {part.select} {preset.derived.get(part.table, '')}"
    return [table for table in preset.exports if _is_named(table, [sql])]
