"""What a run knows of the runs before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from pipeline.model.figures import Figure, Numbers, what_of, who_of
from pipeline.model.people import Scope
from pipeline.model.rules import Debtor

WAS: Final = "#was"
"""How the id ends of a figure that an earlier run published."""

AGO: Final = "#ago"
"""What stands between the id of a figure and how many reports ago it was another."""

EARLIER: Final = "an earlier report"
"""The basis of such a figure."""

_OF_THEIR_PERIOD: Final = ("period", "month")
_COMPARED: Final = (Scope.COMPANY, Scope.TEAM, Scope.MANAGER, Scope.OPERATOR)
"""Who is the same from run to run; a pool of small teams need not be."""


@dataclass(frozen=True, slots=True)
class Before:
    """The last published run before a run, of the same period word, as-of the clock's."""

    run_id: str
    as_of: datetime
    first: date
    after_last: date
    rules: str  # SHA-256 of what decided completeness
    # 'manager:m1' -> 'score/deal' -> its numbers
    figures: Mapping[str, Mapping[str, Numbers]] = field(default_factory=dict)

    def was(self, figure: Figure, first: date, after_last: date) -> Figure | None:
        """What a figure of a run over these days was then. None where there is none, and of a
        flow or a plan where the days are others.
        """
        days = (self.first, self.after_last) == (first, after_last)
        if figure.period in _OF_THEIR_PERIOD and not days:
            return None
        return self.then(figure, WAS)

    def then(self, figure: Figure, called: str) -> Figure | None:
        """What a figure was then, whatever the days: its id, and `called` behind it. None where
        there was none, or no value.
        """
        if figure.scope not in _COMPARED:
            return None
        of_theirs = self.figures.get(who_of(figure.scope, figure.key), {})
        numbers = of_theirs.get(what_of(figure.metric, figure.dimension, figure.currency))
        if numbers is None or numbers[1] == 0:
            return None
        numerator, denominator = numbers
        return replace(
            figure,
            id=f"{figure.id}{called}",
            numerator=numerator,
            denominator=denominator,
            basis=EARLIER,
        )


@dataclass(frozen=True, slots=True)
class Credit:
    """What became of a finding, and to whom that counts."""

    finding: str  # its id
    person: str  # a user's id; '' of sales support's pool, and where nobody owns the record
    debtor: Debtor


@dataclass(frozen=True, slots=True)
class Completions:
    """What the runs of a period saw become of findings, as they stand now."""

    completed: tuple[Credit, ...]  # last completed in the period, and in order now
    open_again: tuple[Credit, ...]  # failing again in the period after that, and failing now


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the runs before a run."""

    before: Before | None  # None: it is the first
    completions: Completions | None = None  # None: the run observes no lives, or is the first
    rules: str = ""  # SHA-256 of what decides it in the run itself
    # the runs before, the oldest first, `before` the last of them; with few of their figures
    earlier: tuple[Before, ...] = ()

    @property
    def rules_changed(self) -> bool:
        """Whether other rules were asked in the run before."""
        return self.before is not None and self.before.rules != self.rules

    def ago(self, figure: Figure, reports: int) -> Figure | None:
        """What a figure was so many reports ago; 1 is the one before."""
        if not 0 < reports <= len(self.earlier):
            return None
        return self.earlier[-reports].then(figure, f"{AGO}{reports}")
