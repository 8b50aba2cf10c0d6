"""Counts of failing records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from pipeline.model import SPANS, FailingRecord, FieldSet, Span, Tally
from pipeline.model.rules import counted_twice, counted_under

Group = tuple[str, str, Span, bool, int, int]
"""(owner, entity, span, listed at another owner already, mask, those of its bits that are
waived)
"""


def group_of(record: FailingRecord) -> Group:
    """What of a failing record decides where it counts."""
    return (
        record.owner,
        record.entity,
        record.span,
        record.is_repeat,
        record.mask,
        record.waived,
    )


def failing_tallies(
    groups: Mapping[Group, int], field_sets: Mapping[str, FieldSet]
) -> list[Tally]:
    """Counts failing records, and how many fail each demand.

    Per owner, per owner for records that count under another owner already, and for the
    company, where a demand that nobody fails counts zero.
    """
    names = cache(lambda entity, *what: _names(field_sets[entity], *what))
    company = Counter(dict.fromkeys(_all_names(field_sets), 0))
    owners: Counter[tuple[str, bool, str, str]] = Counter()
    for (owner, entity, span, is_repeat, mask, waived), number in groups.items():
        for name, dimension in names(entity, span, mask, waived):
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


def _names(
    fields: FieldSet, span: Span, mask: int, waived: int = 0
) -> tuple[tuple[str, str], ...]:
    """The counts in which a record with this mask counts; none where it fails no demand.

    Among all records everything counts; the records that lose a debtor a point count in their
    span. What is waived counts as waived alone.
    """
    if not mask & fields.bits:
        return ()
    over = ("base", "score") if span is Span.SCORE else ("base",)
    counted = mask & ~waived
    return (
        *((f"failing.{span}", dimension) for dimension in _losing(fields, counted)),
        *(
            (f"{rule.verdict}.{among}", fields.verdicts_key(demand))
            for demand, rule in fields.failed(counted)
            for among in over
        ),
        *(
            (f"waived_{rule.verdict}.{among}", fields.verdicts_key(demand))
            for demand, rule in fields.failed(waived)
            for among in over
        ),
        *(("unreadable", f"{fields.entity}.{name}") for name in fields.unreadable(mask)),
    )


def _losing(fields: FieldSet, mask: int) -> Iterator[str]:
    """For whom a record with this mask counts as failing: each debtor, and once more for two."""
    losing = [debtor for debtor in fields.debtors if mask & fields.costing(debtor)]
    yield from (counted_under(debtor, fields.entity) for debtor in losing)
    if len(losing) > 1:
        yield counted_twice(fields.entity)
