"""What every query of an audit depends on besides the data."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.measures.custom import measure_of
from pipeline.measures.registry import COUNTED, counts_of
from pipeline.model import Debtor, ResolvedAudit, Window
from pipeline.queries.context import QueryContext


def context_of(audit: ResolvedAudit, window: Window) -> QueryContext:
    """What is counted, in the CRM's words, and what it cannot tell."""
    return QueryContext(
        window,
        audit.words,
        frozenset(audit.absent),
        frozenset(audit.held_at_end),
        audit.several_owners,
        audit.reached_nobody,
        audit.importers,
        counts_of((*COUNTED, *map(measure_of, audit.measures))),
        frozenset(entity for entity, of in audit.field_sets.items() if of.asks_creator),
        dict(_asked_of(audit)),
    )


def _asked_of(audit: ResolvedAudit) -> Iterator[tuple[str, set[Debtor]]]:
    for entity, fields in audit.field_sets.items():
        for column, debtors in fields.asked_of.items():
            yield f"{entity}.{column}", debtors
