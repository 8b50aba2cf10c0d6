"""What `check` notices of demands: those that nothing uses, and those that nobody fails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.calendar.window import microseconds
from pipeline.measures.registry import MEASURES, columns_counted
from pipeline.model import SCORED, Answers, CustomMeasure, Demand, FieldSet, Window
from pipeline.model.checks import months_before

_MONTHS: Final = 12
_ENOUGH: Final = 20
"""Records of the score's days; fewer say little about how a form is filled in."""


@dataclass(frozen=True, slots=True)
class Unfailed:
    """A demand that no record of the last twelve months fails."""

    entity: str
    demand: Demand
    records: int  # of the score's days, of which it is due


def unfailed(
    field_sets: Mapping[str, FieldSet], answers: Answers, window: Window
) -> tuple[Unfailed, ...]:
    """The required demands with points that no record of the last twelve months fails, by its
    moment. The records of the score's days show that there are enough of them.
    """
    masks = _recent_masks(answers, window)
    due = {
        tally.dimension: tally.value
        for tally in answers.tallies
        if tally.company and tally.name == "due.score"
    }
    return tuple(
        Unfailed(entity, demand, due[fields.due_key(demand)])
        for entity, fields in field_sets.items()
        for demand in fields.demands
        if entity in SCORED
        and demand.weight
        and demand.is_required
        and due.get(fields.due_key(demand), 0) >= _ENOUGH
        and demand not in {failed for failed, _ in fields.failed(masks[entity])}
    )


def _recent_masks(answers: Answers, window: Window) -> Mapping[str, int]:
    """Entity -> the rules that any record of the last twelve months fails."""
    first = months_before(window.today, _MONTHS)
    first_us = microseconds(datetime.combine(first, time(), ZoneInfo(window.zone)))
    masks: dict[str, int] = defaultdict(int)
    for record in answers.failing:
        if record.occurred_at_us is not None and record.occurred_at_us >= first_us:
            masks[record.entity] |= record.mask
    return masks


def on_unfailed(demands: Iterable[Unfailed]) -> Iterator[str]:
    """What to do about demands that cost nobody a point."""
    for unfailing in demands:
        yield (
            f"{unfailing.entity}.{unfailing.demand.name}: no {unfailing.entity} of the last twelve months fails it, "
            f"and it is asked of {unfailing.records:,} in the days of the score alone. Perhaps the CRM's own form "
            "asks for it. Points that nobody can lose raise everybody's completeness: give it weight 0, or take it out."
        )


def on_unused(
    field_sets: Mapping[str, FieldSet], measures: Iterable[CustomMeasure]
) -> Iterator[str]:
    """What to do about required demands that nothing uses and nobody explains."""
    used = columns_counted(MEASURES.values())
    used |= {f"{measure.entity}.{column}" for measure in measures for column in measure.where}
    for entity, fields in field_sets.items():
        for demand in fields.demands:
            counted = not used.isdisjoint(f"{entity}.{column}" for column in demand.columns)
            if demand.is_required and not (counted or demand.why or demand.used_for):
                yield (
                    f"{entity}.{demand.name}: nothing uses it: no measure looks at it, and the field set says neither "
                    "why it is asked nor what it is used_for. Write one of these, or take it out: people fill in "
                    "what serves somebody."
                )
