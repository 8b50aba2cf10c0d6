"""Failing records in a file, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from sys import intern

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.model import FailingRecord, Tally

_FAILING = pa.schema(
    [
        pa.field("entity", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("owner", pa.string()),
        # in hexadecimal: a set may have more fields than an integer has bits
        pa.field("mask", pa.string()),
        pa.field("in_period", pa.bool_()),
        pa.field("is_repeat", pa.bool_()),
        pa.field("occurred_at_us", pa.int64()),
    ]
)


FailingCounts = Mapping[tuple[str, str, bool, bool], int]
"""(owner, entity, in the period, listed at another owner already) -> failing records."""


def failing_tallies(counted: FailingCounts) -> Iterator[Tally]:
    """Failing records as tallies: of each owner, of what counts at another owner
    already, and of the company.
    """
    for (owner, entity, in_period, is_repeat), number in counted.items():
        name = "failing.period" if in_period else "failing.base"
        yield Tally(False, owner, name, entity, "", number)
        yield Tally(
            not is_repeat, owner if is_repeat else None, name, entity, "", number, is_repeat
        )


def tallies_of_failing(file: Path) -> list[Tally]:
    """How many records of a file fail, per owner and kind."""
    keys = ["owner", "entity", "in_period", "is_repeat"]
    counted = (
        pq.read_table(file, columns=keys)
        .group_by(keys)
        .aggregate([([], "count_all")])
        .to_pylist()
    )
    return list(
        failing_tallies({tuple(row[key] for key in keys): row["count_all"] for row in counted})
    )


def write_failing(file: Path, failing: tuple[FailingRecord, ...]) -> None:
    """Failing records as Parquet."""
    columns: dict[str, list[object]] = {
        name: [getattr(record, name) for record in failing]
        for name in _FAILING.names
        if name != "mask"
    }
    columns["mask"] = [f"{record.mask:x}" for record in failing]
    pq.write_table(pa.table(columns, schema=_FAILING), file, compression="zstd")


def read_failing(file: Path) -> Iterator[FailingRecord]:
    """The failing records of such a file."""
    for batch in pq.ParquetFile(file).iter_batches():
        for entity, record, owner, mask, *more in zip(
            *map(pa.Array.to_pylist, batch.columns), strict=True
        ):
            # one text of all of a kind
            yield FailingRecord(intern(entity), record, intern(owner), int(mask, 16), *more)
