"""Counts of failing records."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pipeline.model import SPANS, FailingRecord, FieldSet, Span, Tally
from pipeline.model.rules import bits_in, counted_twice, counted_under

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
) -> Iterator[Tally]:
    """Counts failing records, and how many fail each demand.

    Per owner, per owner for records that count under another owner already, and for the
    company, where a demand that nobody fails counts zero.
    """
    counts_of = {entity: _CountsOf(fields) for entity, fields in field_sets.items()}
    company = Counter(dict.fromkeys(_all_counts(counts_of.values()), 0))
    owners: dict[tuple[str, bool], Counter[_Count]] = defaultdict(Counter)
    for (owner, entity, span, is_repeat, mask, waived), number in groups.items():
        own = owners[owner, False]
        other = owners[owner, True] if is_repeat else company
        for count in counts_of[entity].into(span, mask, waived):
            own[count] += number
            other[count] += number
    for (whose, is_repeat), counted in owners.items():
        for (name, dimension), number in counted.items():
            yield Tally(False, whose, name, dimension, "", number, is_repeat)
    for (name, dimension), number in company.items():
        yield Tally(True, None, name, dimension, "", number)


_Count = tuple[str, str]
"""(its name, its dimension)"""


def _all_counts(counts_of: Iterable[_CountsOf]) -> Iterator[_Count]:
    """Every count that failing records can go into."""
    for counts in counts_of:
        for span in SPANS:
            yield from counts.into(span, counts.bits)


class _CountsOf:
    """The counts of a kind of record, bit by bit: where rules are hundreds, nearly every record
    has a mask of its own.
    """

    def __init__(self, fields: FieldSet) -> None:
        self.bits = fields.bits
        self._entity = fields.entity
        self._costing = [
            (counted_under(debtor, fields.entity), fields.costing(debtor))
            for debtor in fields.debtors
        ]
        self._failing = {span: _by_bit(fields, _over(span)) for span in SPANS}
        self._waived = {span: _by_bit(fields, _over(span), "waived_") for span in SPANS}

    def into(self, span: Span, mask: int, waived: int = 0) -> Iterator[_Count]:
        """The counts of a record with this mask; none where it fails no demand.

        Among all records everything counts; the records that lose a debtor a point count in
        their span. What is waived counts as waived alone.
        """
        failing = mask & ~waived & self.bits
        if mask & self.bits:
            yield from ((f"failing.{span}", dimension) for dimension in self._losing(failing))
        for bit in bits_in(failing):
            yield from self._failing[span][bit]
        for bit in bits_in(waived & self.bits):
            yield from self._waived[span][bit]

    def _losing(self, mask: int) -> Iterator[str]:
        """For whom a record with this mask counts as failing: each debtor, and once more for
        two.
        """
        losing = [dimension for dimension, costing in self._costing if mask & costing]
        yield from losing
        if len(losing) > 1:
            yield counted_twice(self._entity)


def _over(span: Span) -> tuple[str, ...]:
    return ("base", "score") if span is Span.SCORE else ("base",)


def _by_bit(
    fields: FieldSet, over: tuple[str, ...], prefix: str = ""
) -> list[tuple[_Count, ...]]:
    """The counts of each bit of a mask: of its demand's verdict, or of a column that cannot be
    read.
    """
    demands = [
        tuple(
            (f"{prefix}{rule.verdict}.{among}", fields.verdicts_key(demand)) for among in over
        )
        for demand, rule in fields.judged
    ]
    return [
        *demands,
        *((("unreadable", f"{fields.entity}.{name}"),) for name in fields.readable),
    ]
