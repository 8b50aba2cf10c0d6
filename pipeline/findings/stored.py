"""Failing records in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from sys import intern
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, func, select

from pipeline.findings.tallies import Group, group_of
from pipeline.findings.waived import Exceptions, waived
from pipeline.model import FailingRecord, Span

FAILING: Final = pa.schema(
    [
        pa.field("entity", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("owner", pa.string()),
        # in hexadecimal: a set may have more fields than an integer has bits
        pa.field("mask", pa.string()),
        pa.field("span", pa.string()),
        pa.field("is_repeat", pa.bool_()),
        pa.field("occurred_at_us", pa.int64()),
        pa.field("entered_by", pa.string()),
    ]
)
"""The columns of such a file: those of `FailingRecord`, once exceptions are left out."""

_ALIKE: Final = ["owner", "entity", "span", "is_repeat", "mask", "entered_by"]
"""What decides where a record counts."""

_REPEATED: Final = ["entity", "owner", "mask", "span", "entered_by"]
"""What many records share, and so is stored once for all of them; ids and moments are their own."""


def groups_in(file: Path) -> dict[Group, int]:
    """How many records of a file count alike."""
    return groups_of(pq.read_table(file, columns=_ALIKE))


def groups_of(records: pa.Table) -> dict[Group, int]:
    """How many records of a table with the columns of such a file count alike."""
    counted = records.group_by(_ALIKE).aggregate([([], "count_all")])
    columns = (counted[name].to_pylist() for name in (*_ALIKE, "count_all"))
    return {
        (owner, entity, Span(span), is_repeat, int(mask, 16), 0, entered_by): number
        for owner, entity, span, is_repeat, mask, entered_by, number in zip(
            *columns, strict=True
        )
    }


def waived_groups(file: Path, exceptions: Exceptions) -> Mapping[Group, int]:
    """How many records of a file count alike, once exceptions are laid over them."""
    if not exceptions:
        return groups_in(file)
    return Counter(map(group_of, waived(read_failing(file), exceptions)))


def failing_writer(file: Path) -> pq.ParquetWriter:
    """Writes tables of the schema `FAILING` to a file, one after the other."""
    return pq.ParquetWriter(file, FAILING, compression="zstd", use_dictionary=_REPEATED)


def write_failing(file: Path, failing: tuple[FailingRecord, ...]) -> None:
    """Writes failing records as Parquet."""
    columns: dict[str, list[object]] = {
        name: [getattr(record, name) for record in failing]
        for name in FAILING.names
        if name != "mask"
    }
    columns["mask"] = [f"{record.mask:x}" for record in failing]
    with failing_writer(file) as writer:
        writer.write_table(pa.table(columns, schema=FAILING))


def ids_in(file: Path, entity: str) -> Select[Any]:
    """The records of an entity in such a file, each once, as DuckDB reads them."""
    records = func.read_parquet(str(file)).table_valued("entity", "record_id", name="failing")
    named = records.c.record_id.label("id")
    return select(named).where(records.c.entity == entity).distinct()


def read_failing(file: Path) -> Iterator[FailingRecord]:
    """The failing records of such a file."""
    for batch in pq.ParquetFile(file).iter_batches():
        for entity, record, owner, mask, span, *more in zip(
            *map(pa.Array.to_pylist, batch.columns), strict=True
        ):
            # one text of all of a kind
            yield FailingRecord(
                intern(entity), record, intern(owner), int(mask, 16), Span(span), *more
            )
