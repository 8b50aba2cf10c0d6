"""Failing records in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from sys import intern
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, func, select

from pipeline.findings.tallies import Group, group_of
from pipeline.findings.waived import Exceptions, waived
from pipeline.model import FailingRecord, Span

_FAILING = pa.schema(
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


def groups_in(file: Path) -> dict[Group, int]:
    """How many records of a file count alike."""
    keys = ["owner", "entity", "span", "is_repeat", "mask", "entered_by"]
    counted = pq.read_table(file, columns=keys).group_by(keys).aggregate([([], "count_all")])
    return {
        (
            row["owner"],
            row["entity"],
            Span(row["span"]),
            row["is_repeat"],
            int(row["mask"], 16),
            0,
            row["entered_by"],
        ): row["count_all"]
        for row in counted.to_pylist()
    }


def waived_groups(file: Path, exceptions: Exceptions) -> Mapping[Group, int]:
    """How many records of a file count alike, once exceptions are laid over them."""
    if not exceptions:
        return groups_in(file)
    return Counter(map(group_of, waived(read_failing(file), exceptions)))


def write_failing(file: Path, failing: tuple[FailingRecord, ...]) -> None:
    """Writes failing records as Parquet."""
    columns: dict[str, list[object]] = {
        name: [getattr(record, name) for record in failing]
        for name in _FAILING.names
        if name != "mask"
    }
    columns["mask"] = [f"{record.mask:x}" for record in failing]
    pq.write_table(pa.table(columns, schema=_FAILING), file, compression="zstd")


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
