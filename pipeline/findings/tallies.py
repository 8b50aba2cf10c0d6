"""Counts of failing records."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final, NamedTuple

from pipeline.model import PEOPLE, SPANS, Debtor, FailingRecord, FieldSet, Span, Tally
from pipeline.model.rules import bits_in, counted_twice, counted_under, with_colleague

Group = tuple[str, str, Span, bool, int, int, str]
"""(owner, entity, span, listed at another owner already, mask, those of its bits that are
waived, who entered it)
"""


class Place(NamedTuple):
    """Where a failing record counts, besides its owner."""

    span: Span
    is_repeat: bool  # listed at another owner already
    entered_by_owner: bool  # of this row


group_of: Final[Callable[[FailingRecord], Group]] = attrgetter(
    "owner", "entity", "span", "is_repeat", "mask", "waived", "entered_by"
)
"""What of a failing record decides where it counts."""


def place_of(record: FailingRecord) -> Place:
    """Where a failing record counts."""
    return Place(record.span, record.is_repeat, record.entered_by == record.owner)


def failing_tallies(
    groups: Mapping[Group, int], field_sets: Mapping[str, FieldSet]
) -> Iterator[Tally]:
    """Counts failing records, and how many fail each demand.

    Per owner, per owner for records that count under another owner already, per user who
    entered records, and for the company, where a demand that nobody fails counts zero.
    """
    counts_of = {entity: CountsOf(fields) for entity, fields in field_sets.items()}
    company = Counter(dict.fromkeys(_all_counts(counts_of.values()), 0))
    owners: dict[tuple[str, bool], Counter[_Count]] = defaultdict(Counter)
    for (owner, entity, span, is_repeat, mask, waived, entered_by), number in groups.items():
        place, counts = Place(span, is_repeat, entered_by == owner), counts_of[entity]
        own = owners[owner, False]
        other = owners[owner, True] if is_repeat else company
        for count in counts.into(place, mask, waived):
            own[count] += number
            other[count] += number
        for count in counts.of_creator(place, mask, waived):
            owners[entered_by, False][count] += number
            company[count] += number
    for (whose, is_repeat), counted in owners.items():
        for (name, dimension), number in counted.items():
            yield Tally(False, whose, name, dimension, "", number, is_repeat)
    for (name, dimension), number in company.items():
        yield Tally(True, None, name, dimension, "", number)


_Count = tuple[str, str]
"""(its name, its dimension)"""


def _all_counts(counts_of: Iterable[CountsOf]) -> Iterator[_Count]:
    """Every count that failing records can go into."""
    for counts in counts_of:
        for span in SPANS:
            for entered_by_owner in (True, False):
                place = Place(span, False, entered_by_owner)
                yield from counts.into(place, counts.bits)
                yield from counts.of_creator(place, counts.bits)


class CountsOf:
    """The counts of a kind of record, bit by bit: where rules are hundreds, nearly every record
    has a mask of its own.
    """

    def __init__(self, fields: FieldSet) -> None:
        self.bits = fields.bits
        self._fields = fields
        demands = (1 << len(fields.judged)) - 1
        self._theirs = fields.owned(Debtor.CREATOR) & demands
        self._counts = _Spans(fields)
        self._with_colleague = _Spans(fields, with_colleague)

    def into(self, place: Place, mask: int, waived: int = 0) -> Iterator[_Count]:
        """The owner's counts of a record with this mask; none where it fails no demand.

        Among all records everything counts; the records that lose a debtor a point count in
        their span. What is waived counts as waived alone. What whoever entered it owes counts
        as with a colleague, unless that is the owner.
        """
        failing, waived = mask & ~waived & self.bits, waived & self.bits
        if mask & self.bits:
            losing = self.losing(failing, place)
            yield from ((f"failing.{place.span}", dimension) for dimension in losing)
        yield from self._counts.of(place.span, failing & ~self._theirs, waived & ~self._theirs)
        if self._theirs and not place.entered_by_owner:
            theirs = failing & self._theirs, waived & self._theirs
            yield from self._with_colleague.of(place.span, *theirs)

    def of_creator(self, place: Place, mask: int, waived: int = 0) -> Iterator[_Count]:
        """The same of whoever entered the record: what they owe, once."""
        if not self._theirs or place.is_repeat:
            return
        failing, waived = mask & ~waived & self._theirs, waived & self._theirs
        losing = self.losing_creator(failing, place)
        yield from ((f"failing.{place.span}", dimension) for dimension in losing)
        yield from self._counts.of(place.span, failing, waived)

    def losing(self, mask: int, place: Place) -> Iterator[str]:
        """As what a record with this mask counts as failing for its owner: as theirs, as with
        sales support, once more for both, and as with a colleague.

        What the owner entered is theirs; of several owners that is the first one.
        """
        fields, entity = self._fields, self._fields.entity
        own = place.entered_by_owner and not place.is_repeat
        loses = mask & fields.costing(*(PEOPLE if own else (Debtor.OWNER,)))
        loses_operators = mask & fields.costing(Debtor.OPERATOR)
        if loses:
            yield counted_under(Debtor.OWNER, entity)
        if loses_operators:
            yield counted_under(Debtor.OPERATOR, entity)
        if loses and loses_operators:
            yield counted_twice(entity)
        if not place.entered_by_owner and mask & fields.costing(Debtor.CREATOR):
            yield with_colleague(counted_under(Debtor.CREATOR, entity))

    def losing_creator(self, mask: int, place: Place) -> Iterator[str]:
        """As what it counts for whoever entered it and does not own it."""
        if place.entered_by_owner or place.is_repeat:
            return
        if mask & self._fields.costing(Debtor.CREATOR):
            yield counted_under(Debtor.CREATOR, self._fields.entity)


class _Spans:
    """The counts of each bit of a mask, span by span."""

    def __init__(
        self, fields: FieldSet, called: Callable[[str], str] = lambda dimension: dimension
    ) -> None:
        self._failing = {span: _by_bit(fields, _over(span), called) for span in SPANS}
        self._waived = {span: _by_bit(fields, _over(span), called, "waived_") for span in SPANS}

    def of(self, span: Span, failing: int, waived: int) -> Iterator[_Count]:
        """The counts of a record that fails these bits, and of which those are waived."""
        for bit in bits_in(failing):
            yield from self._failing[span][bit]
        for bit in bits_in(waived):
            yield from self._waived[span][bit]


def _over(span: Span) -> tuple[str, ...]:
    return ("base", "score") if span is Span.SCORE else ("base",)


def _by_bit(
    fields: FieldSet, over: tuple[str, ...], called: Callable[[str], str], prefix: str = ""
) -> list[tuple[_Count, ...]]:
    """The counts of each bit of a mask: of its demand's verdict, or of a column that cannot be
    read.
    """
    demands = [
        tuple(
            (f"{prefix}{rule.verdict}.{among}", called(fields.verdicts_key(demand)))
            for among in over
        )
        for demand, rule in fields.judged
    ]
    return [
        *demands,
        *((("unreadable", f"{fields.entity}.{name}"),) for name in fields.readable),
    ]
