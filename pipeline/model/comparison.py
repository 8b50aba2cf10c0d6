"""Two runs beside each other: by what each figure differs, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pipeline.model.audit import ResolvedAudit
from pipeline.model.figures import Figure
from pipeline.model.people import Person
from pipeline.model.window import Window


class Cause(StrEnum):
    """What turns one run into another; in this order, step by step."""

    PROGRAM = "program"
    RULES = "rules"
    SETTINGS = "settings"
    LEFT = "records_left"
    ENTERED = "records_entered"
    VALUES = "values_changed"
    OWNERS = "owners_changed"
    PLAN = "plan"
    EXCEPTIONS = "exceptions"
    PERIOD = "period"
    TIME = "time_passed"


@dataclass(frozen=True, slots=True)
class Step:
    """What a figure changed by. Several causes, where it had no value between them."""

    causes: tuple[Cause, ...]
    change: Fraction  # in the figure's own unit: minor units of money, 1 for 100%


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of two runs; the steps add up to their difference.

    There are none where it stayed, where a run has no such figure, and where the data do not
    tell (`told`).
    """

    before: Figure | None
    after: Figure | None
    steps: tuple[Step, ...] = ()
    told: bool = True

    @property
    def id(self) -> str:
        """The figure's id."""
        return self.figure.id

    @property
    def figure(self) -> Figure:
        """The later one, or the earlier where there is no later one."""
        figure = self.after or self.before
        assert figure is not None, "one of the runs has it"
        return figure

    @property
    def difference(self) -> Fraction | None:
        """By what it differs; None where a run has no value."""
        before, after = value_of(self.before), value_of(self.after)
        return None if before is None or after is None else after - before


def value_of(figure: Figure | None) -> Fraction | None:
    """A figure's exact value; None where it has none."""
    if figure is None or figure.denominator == 0:
        return None
    return Fraction(figure.numerator, figure.denominator or 1)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the runs."""

    run_id: str
    audit: ResolvedAudit
    window: Window
    people: Mapping[str, Person]  # id -> user of the CRM


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, and the changes of all figures that they have, by id."""

    before: Side
    after: Side
    changes: Mapping[str, Change]
    told: bool  # False where a run's snapshot is not kept: differences only

    @property
    def users(self) -> dict[str, Person]:
        """The users of both runs, as the later one knows them where it does."""
        return {**self.before.people, **self.after.people}

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Everything that changed a figure, in order."""
        found = {
            cause
            for change in self.changes.values()
            for step in change.steps
            for cause in step.causes
        }
        return tuple(cause for cause in Cause if cause in found)
