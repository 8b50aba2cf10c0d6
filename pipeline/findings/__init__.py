"""Findings: every failing record with its fields, for the fix-lists
and as files of their own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, FromClause, Select, func, select
from sqlalchemy.sql.elements import ColumnElement

from pipeline.model import RECORD_NAMES, FailingRecord, FieldSet, FixItem, read_as

_UNREADABLE: Final = "What stands there cannot be read, and is in no figure."
_BATCH: Final = 50_000
"""Findings that are written at a time."""
_COLUMNS: Final = ("entity", "record_id", "owner", "missing", "counts_in", "link")


def labels_of(
    connection: Connection, views: Mapping[str, FromClause], failing: Mapping[str, Select[Any]]
) -> dict[tuple[str, str], str]:
    """(entity, record id) -> the name by which its manager knows it,
    of every failing record.
    """
    found: dict[tuple[str, str], str] = {}
    for entity, statement in failing.items():
        view, wrong = views[entity], statement.subquery("wrong")
        name: ColumnElement[Any] = func.concat_ws(
            " ", *(view.c[part] for part in RECORD_NAMES[entity])
        )
        rows = connection.execute(select(view.c.id, name).join(wrong, wrong.c.id == view.c.id))
        found.update(
            {(entity, str(record)): str(label or "").strip() for record, label in rows}
        )
    return found


def fix_items(
    failing: Iterable[FailingRecord],
    labels: Mapping[tuple[str, str], str],
    field_sets: Mapping[str, FieldSet],
    links: Mapping[str, str],
    zone: str,
) -> list[FixItem]:
    """The failing records as people read them; of the period first, then by kind and id.

    `links` gives for an entity the address of a record's edit form,
    with {id} where its id goes.
    """
    told = cache(partial(_told, field_sets))  # of many records, few lack other things
    found = []
    for record in sorted(failing, key=lambda r: (not r.in_period, r.entity, r.record_id)):
        missing, why = told(record.entity, record.mask)
        link = links.get(record.entity, "").replace("{id}", quote(record.record_id, safe=""))
        found.append(
            FixItem(
                entity=record.entity,
                record_id=record.record_id,
                owner=record.owner,
                label=labels[record.entity, record.record_id],
                missing=missing,
                why=why,
                link=link,
                in_period=record.in_period,
                day=_local_day(record.occurred_at_us, zone),
            )
        )
    return found


def _told(
    field_sets: Mapping[str, FieldSet], entity: str, mask: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a record with this mask lacks, and why each of it is asked."""
    fields, unreadable = field_sets[entity].missing(mask), field_sets[entity].unreadable(mask)
    missing = (
        *(field.label for field in fields),
        *(f"{read_as(name)}: unreadable" for name in unreadable),
    )
    return missing, (*(field.why for field in fields), *(_UNREADABLE for _ in unreadable))


def _local_day(occurred_at_us: int | None, zone: str) -> date | None:
    if occurred_at_us is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=occurred_at_us)
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    # programs write 0001-01-01 for no date, and west of Greenwich that is in the year 0
    except OverflowError:
        return moment.date()


def write_findings(folder: Path, found: Sequence[FixItem]) -> None:
    """findings.parquet and findings.csv: one row per failing record; without
    names, which are in the CRM.
    """
    schema = pa.schema([pa.field(name, pa.string()) for name in _COLUMNS])
    with (
        pq.ParquetWriter(folder / "findings.parquet", schema, compression="zstd") as parquet,
        (folder / "findings.csv").open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS)
        for begin in range(0, len(found), _BATCH):
            rows = [
                (
                    r.entity,
                    r.record_id,
                    r.owner,
                    ", ".join(r.missing),
                    "period" if r.in_period else "base",
                    r.link,
                )
                for r in found[begin : begin + _BATCH]
            ]
            columns = dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
            parquet.write_table(pa.table(columns, schema=schema))
            writer.writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: str) -> str:
    """A spreadsheet would run a cell that begins like a formula; an
    apostrophe keeps it text.
    """
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
