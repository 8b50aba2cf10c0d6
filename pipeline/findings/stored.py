"""Failing records in a file, and their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from sys import intern

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.model import SPANS, FailingRecord, FieldSet, Span, Tally

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
    ]
)


Group = tuple[str, str, Span, bool, int]
"""(owner, entity, span, listed at another owner already, mask)"""


def group_of(record: FailingRecord) -> Group:
    """What of a failing record decides where it counts."""
    return record.owner, record.entity, record.span, record.is_repeat, record.mask


def failing_tallies(
    groups: Mapping[Group, int], field_sets: Mapping[str, FieldSet]
) -> list[Tally]:
    """Counts failing records, and how many fail each demand.

    Per owner, per owner for records that count under another owner already, and for the
    company, where a demand that nobody fails counts zero.
    """
    names = cache(lambda entity, span, mask: _names(field_sets[entity], span, mask))
    company = Counter(dict.fromkeys(_all_names(field_sets), 0))
    owners: Counter[tuple[str, bool, str, str]] = Counter()
    for (owner, entity, span, is_repeat, mask), number in groups.items():
        for name, dimension in names(entity, span, mask):
            owners[owner, False, name, dimension] += number
            if is_repeat:
                owners[owner, True, name, dimension] += number
            else:
                company[name, dimension] += number
    return [
        *(
            Tally(False, owner, name, dimension, "", number, is_repeat)
            for (owner, is_repeat, name, dimension), number in owners.items()
        ),
        *(
            Tally(True, None, name, dimension, "", number)
            for (name, dimension), number in company.items()
        ),
    ]


def _all_names(field_sets: Mapping[str, FieldSet]) -> Iterator[tuple[str, str]]:
    """Every count that failing records can go into."""
    for fields in field_sets.values():
        for span in SPANS:
            yield from _names(fields, span, fields.bits)


def _names(fields: FieldSet, span: Span, mask: int) -> tuple[tuple[str, str], ...]:
    """The counts in which a record with this mask counts; none where it fails no demand.

    Among all records everything counts; the records that lose a point count in their span.
    """
    if not mask & fields.bits:
        return ()
    over = ("base", "score") if span is Span.SCORE else ("base",)
    return (
        *([(f"failing.{span}", fields.entity)] if mask & fields.costing else ()),
        *(
            (f"{rule.verdict}.{among}", f"{fields.entity}.{demand.name}")
            for demand, rule in fields.failed(mask)
            for among in over
        ),
        *(("unreadable", f"{fields.entity}.{name}") for name in fields.unreadable(mask)),
    )


def groups_in(file: Path) -> dict[Group, int]:
    """How many records of a file count alike."""
    keys = ["owner", "entity", "span", "is_repeat", "mask"]
    counted = pq.read_table(file, columns=keys).group_by(keys).aggregate([([], "count_all")])
    return {
        (
            row["owner"],
            row["entity"],
            Span(row["span"]),
            row["is_repeat"],
            int(row["mask"], 16),
        ): row["count_all"]
        for row in counted.to_pylist()
    }


def write_failing(file: Path, failing: tuple[FailingRecord, ...]) -> None:
    """Writes failing records as Parquet."""
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
        for entity, record, owner, mask, span, *more in zip(
            *map(pa.Array.to_pylist, batch.columns), strict=True
        ):
            # one text of all of a kind
            yield FailingRecord(
                intern(entity), record, intern(owner), int(mask, 16), Span(span), *more
            )
