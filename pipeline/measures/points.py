"""Points: what the demands of a field set are worth, what is kept of them, and the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pipeline.measures.completeness import Among
from pipeline.measures.scopes import Counts
from pipeline.model import SCORED, Debtor, Demand, FieldSet, Verdict
from pipeline.model.rules import counted_twice, counted_under

FEWEST_OF_KIND: Final = 10
"""Points due of a kind of record, under which it has no percentage and is not in the whole."""
FEWEST_IN_ALL: Final = 20
"""Points due of all the kinds in the whole, under which it is no percentage."""


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one kind of record: those due, and those kept of them."""

    kept: int
    due: int

    @property
    def ratio(self) -> tuple[int, int]:
        """Kept of due; of nothing where too few are due to speak of a percentage."""
        return (self.kept, self.due) if self.due >= FEWEST_OF_KIND else (0, 0)


def due_of(counts: Counts, fields: FieldSet, demand: Demand, among: Among) -> int:
    """The records of which a demand is due: those of which it is waived are not among them."""
    due = counts.get((f"due.{among.name}", fields.due_key(demand), ""), 0)
    return due - waived_of(counts, fields, demand, among)


def waived_of(counts: Counts, fields: FieldSet, demand: Demand, among: Among) -> int:
    """The records of which a demand is waived."""
    return sum(_waived_by_verdict(counts, fields, demand, among).values())


def _waived_by_verdict(
    counts: Counts, fields: FieldSet, demand: Demand, among: Among
) -> dict[Verdict, int]:
    """The same by the verdict that the demand would have."""
    dimension = fields.verdicts_key(demand)
    return {
        verdict: counts.get((f"waived_{verdict}.{among.name}", dimension, ""), 0)
        for verdict in fields.verdicts_of(demand)
    }


def unknown_name(fields: FieldSet, demand: Demand) -> tuple[str, str, str]:
    """The count of the records, among all, of which nobody can tell whether a demand is due."""
    return "unknown.base", fields.due_key(demand), ""


def with_verdict(
    counts: Counts, fields: FieldSet, demand: Demand, verdict: Verdict, among: Among
) -> int:
    """The records of which a demand has a verdict."""
    return counts.get((f"{verdict}.{among.name}", fields.verdicts_key(demand), ""), 0)


def lost(counts: Counts, fields: FieldSet, demand: Demand, among: Among) -> int:
    """The records of which a demand loses its points."""
    return sum(
        with_verdict(counts, fields, demand, verdict, among)
        for verdict in fields.verdicts_of(demand)
        if verdict in demand.costs
    )


def points_of(counts: Counts, fields: FieldSet, among: Among) -> Points:
    """The points of a kind of record."""
    due = kept = 0
    for demand in fields.demands:
        records = due_of(counts, fields, demand, among)
        due += demand.weight * records
        kept += demand.weight * (records - lost(counts, fields, demand, among))
    return Points(kept, due)


def without_exceptions(
    points: Points, counts: Counts, fields: FieldSet, among: Among
) -> Points:
    """What the points of a kind of record would be if nothing was waived."""
    due = kept = 0
    for demand in fields.demands:
        waived = _waived_by_verdict(counts, fields, demand, among)
        due += demand.weight * sum(waived.values())
        kept += demand.weight * sum(
            records for verdict, records in waived.items() if verdict not in demand.costs
        )
    return Points(points.kept + kept, points.due + due)


def records_of(counts: Counts, name: str, entity: str) -> int:
    """The records of a kind that have a count of their owner's or sales support's, each once:
    'failing.score'.
    """
    under = (counted_under(debtor, entity) for debtor in (Debtor.OWNER, Debtor.OPERATOR))
    each = sum(counts.get((name, dimension, ""), 0) for dimension in under)
    return each - counts.get((name, counted_twice(entity), ""), 0)


def whole(points: Mapping[str, Points], shares: Mapping[str, int]) -> Fraction | None:
    """The whole score: the mean of the kinds of which enough is due, weighted by their shares.
    None where that is too little to speak of a percentage.
    """
    counting = [
        kind for kind in SCORED if kind in points and points[kind].due >= FEWEST_OF_KIND
    ]
    total = sum(shares.get(kind, 0) for kind in counting)
    due = sum(points[kind].due for kind in counting if shares.get(kind, 0))
    if not total or due < FEWEST_IN_ALL:
        return None
    weighted = Fraction(0)
    for kind in counting:
        weighted += shares.get(kind, 0) * Fraction(points[kind].kept, points[kind].due)
    return weighted / total
