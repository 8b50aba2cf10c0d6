"""Measures of an audit's own: one of ours, narrowed by what stands in columns of the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from sqlalchemy import FromClause, and_, not_

from pipeline.databases.constructs import one_of_words
from pipeline.measures.measure import Counted
from pipeline.measures.registry import NARROWED
from pipeline.model import CustomMeasure, Measure, Unit
from pipeline.queries.context import (
    Condition,
    QueryContext,
    Where,
    by_dimension,
    nothing_entered,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Narrowed:
    """The condition of one of our counts, and what the audit asks besides."""

    counted: Where
    own: CustomMeasure

    def __call__(self, view: FromClause, context: QueryContext) -> Mapping[str, Condition]:
        asked = tuple(self._asked(view))
        counted = by_dimension(self.counted(view, context))
        return {dimension: and_(condition, *asked) for dimension, condition in counted.items()}

    def _asked(self, view: FromClause) -> Iterator[Condition]:
        for column, wanted in self.own.where.items():
            missing = nothing_entered(view, self.own.entity, column)
            if wanted == "missing":
                yield missing
            elif wanted == "filled":
                yield not_(missing)
            else:
                yield one_of_words(view.c[column], wanted)


def measure_of(own: CustomMeasure) -> Counted:
    """A measure of the audit's own as it is published: over the days and in the
    unit of what it narrows.
    """
    ours = NARROWED[own.counted]
    (count,) = ours.numerator
    where = _Narrowed(count.where, own)
    narrowed = replace(count, name=own.name, where=where, verdict=None)
    if own.share:
        return Counted(
            name=own.name,
            label=own.label,
            unit=Unit.PERCENT,
            period=ours.period,
            numerator=(narrowed,),
            denominator=(count,),
        )
    return Counted(
        name=own.name,
        label=own.label,
        unit=ours.unit,
        period=ours.period,
        numerator=(narrowed,),
    )


def face_of(measure: Measure) -> Measure:
    """What reports need of a measure, without its conditions."""
    return Measure(**{part.name: getattr(measure, part.name) for part in fields(Measure)})
