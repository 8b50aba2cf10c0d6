"""Writes the snapshot: streams an entity's rows into one Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from pipeline.errors import SourceError
from pipeline.formats import ReadingRules
from pipeline.model import ENTITIES, PROVEN_TEXT, Schema, TextColumns
from pipeline.snapshot.typing import arrow_schema, text_or_nothing, typed_table
from pipeline.values.hashes import file_sha256
from pipeline.values.texts import Undecodable, text_of

ROW_GROUP: Final = 100_000
"""Rows of a Parquet row group; with a single big group DuckDB would use one core."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One entity's file."""

    entity: str
    file: str
    rows: int
    sha256: str
    # (column, record id) of every text that is not UTF-8
    undecodable: tuple[tuple[str, str], ...] = ()


def write_entity(
    folder: Path,
    entity: str,
    columns: Sequence[str],
    batches: Iterable[Sequence[Sequence[Any]]],
    *,
    expected: int,
    minor: bool,
    advance: Callable[[int], None],
    schema: Schema = ENTITIES,
    reading_rules: ReadingRules = ReadingRules(),  # noqa: B008 - it never changes
    proven: TextColumns = PROVEN_TEXT,
    origin: str = "",
) -> Stored:
    """Streams an entity's rows into one Parquet file.

    `minor` means that the source's amounts are integers of minor units. `advance` receives the
    number of rows as they arrive, `reading_rules` read text, `proven` names the columns whose
    text is fingerprinted as delivered, and `origin` the place of the entity's ids in errors.
    Raises SourceError unless there are `expected` rows.
    """
    file = folder / f"{entity}.parquet"
    kinds = schema[entity]
    judged = [
        name
        for name in proven.get(entity, ())
        if name in kinds and reading_rules.may_drop(entity, name)
    ]
    rows = 0
    undecodable: list[tuple[str, str]] = []
    with pq.ParquetWriter(file, arrow_schema(kinds, judged), compression="zstd") as writer:
        for chunk in _chunks(batches, advance):
            rows += len(chunk)
            undecodable += _undecodable(columns, chunk, origin or entity)
            typed = typed_table(
                entity, kinds, columns, chunk, reading_rules, judged, minor=minor
            )
            writer.write_table(typed, row_group_size=ROW_GROUP)
    if rows != expected:
        raise SourceError(
            f"{entity}: {rows} rows came out of the source, where its count(*) says {expected}; nothing was published. "
            "Run again; if it happens again, the connection loses rows."
        )
    return Stored(entity, file.name, rows, file_sha256(file), tuple(undecodable))


def _chunks(
    batches: Iterable[Sequence[Sequence[Any]]], advance: Callable[[int], None]
) -> Iterator[list[Sequence[Any]]]:
    chunk: list[Sequence[Any]] = []
    for batch in batches:
        chunk += batch
        advance(len(batch))
        if len(chunk) >= ROW_GROUP:
            yield chunk
            chunk = []
    yield chunk


def _undecodable(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], origin: str
) -> Iterator[tuple[str, str]]:
    """(column, record id) of each text that is not UTF-8. Raises SourceError for an id."""
    key = columns.index("id") if "id" in columns else 0
    for position, name in enumerate(columns):
        kinds = {type(row[position]) for row in rows}
        if kinds.isdisjoint((bytes, Undecodable)):
            continue
        for row in rows:
            if isinstance(text := text_of(row[position]), Undecodable):
                if name == "id":
                    raise SourceError(
                        f"{origin}: an id names one record, and the bytes of '{text[:60]}' are not UTF-8 text; correct "
                        "it in the CRM, or write it as hexadecimal digits in a SELECT of yours."
                    )
                yield name, str(text_or_nothing(row[key]))
