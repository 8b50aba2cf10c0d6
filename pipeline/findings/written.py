"""The files of findings: a row per record, owner and rule."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.model import (
    Check,
    Debtor,
    ExceptionState,
    ExemptFinding,
    FixItem,
    Rule,
    RunResult,
)
from pipeline.values.batches import batches
from pipeline.values.csv_cells import harmless

_BATCH: Final = 50_000
"""Findings written per batch."""

FINDING_COLUMNS: Final = (
    "id",
    "audit",
    "entity",
    "record_id",
    "rule",
    "verdict",
    "span",
    "owner",
    "debtor_kind",
    "debtor",
    "link",
    "exception",
    "owner_name",
    "team",
    "day",
)
"""A finding: its id, whose audit, which record, which rule it fails and how; `span` is one of
SPANS. Who is to mend it: `debtor_kind` says whether that is the owner, an operator, or whoever
`created_by` names, and `debtor` is their id; operators are one pool and have none. `exception` is
exempt, disputed or ''. The owner and their team by name, where they have records
or a plan, and the record's own day in the audit's zone, as in ISO 8601 or ''.
"""
_OWNER: Final = FINDING_COLUMNS.index("owner")


def write_findings(folder: Path, result: RunResult) -> None:
    """Writes findings.parquet and findings.csv: a row per record, owner and rule."""
    schema = pa.schema([pa.field(name, pa.string()) for name in FINDING_COLUMNS])
    with (
        pq.ParquetWriter(folder / "findings.parquet", schema, compression="zstd") as parquet,
        (folder / "findings.csv").open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream)
        writer.writerow(FINDING_COLUMNS)
        for rows in batches(_rows(result), _BATCH):
            columns = dict(
                zip(FINDING_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)
            )
            parquet.write_table(pa.table(columns, schema=schema))
            writer.writerows([harmless(cell) for cell in row] for row in rows)


def _rows(result: RunResult) -> Iterator[tuple[str, ...]]:
    named = {person.id: (person.name, person.team) for person in result.people}
    for day, row in _findings(result):
        yield *row, *named.get(row[_OWNER], ("", "")), day.isoformat() if day else ""


def _findings(result: RunResult) -> Iterator[tuple[date | None, tuple[str, ...]]]:
    """Each finding's record's day, and the finding."""
    for item in result.fix_list:
        for finding, rule in zip(item.ids, item.rules, strict=True):
            state = _disputed(finding in item.disputed)
            yield item.day, _row(finding, result.audit_id, rule, item, state)
    for check in result.checks:
        state = _disputed(check.disputed)
        yield check.day, _row(check.id, result.audit_id, check.rule, check, state)
    for exempt in result.exempt:
        state = ExceptionState.EXEMPT
        yield exempt.day, _row(exempt.id, result.audit_id, exempt.rule, exempt, state)


def _disputed(is_disputed: bool) -> str:
    return ExceptionState.DISPUTED if is_disputed else ""


def _row(
    finding: str, audit: str, rule: Rule, record: FixItem | Check | ExemptFinding, state: str
) -> tuple[str, ...]:
    return (
        finding,
        audit,
        rule.entity,
        record.record_id,
        rule.id,
        rule.verdict,
        record.span,
        record.owner,
        *_debtor(record),
        record.link,
        state,
    )


def _debtor(record: FixItem | Check | ExemptFinding) -> tuple[str, str]:
    """As what somebody is to mend it, and who."""
    if isinstance(record, Check):
        return Debtor.OWNER, record.owner
    return record.debtor, "" if record.debtor is Debtor.OPERATOR else record.person
