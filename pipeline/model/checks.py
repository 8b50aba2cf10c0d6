"""What a demand checks of a value that was entered and can be read. A value that fails is
invalid.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipeline.model.conditions import Among, Between, Condition, Matches


@dataclass(frozen=True, slots=True)
class OneOf:
    """The text is exactly one of these words."""

    words: tuple[str, ...]
    kind: Literal["one_of"] = "one_of"

    def passed(self, column: str, _today: date) -> Condition:
        """The condition that a value of this column meets."""
        return Among(column, self.words)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The whole text matches a pattern (values/patterns.py)."""

    pattern: str
    kind: Literal["pattern"] = "pattern"

    def passed(self, column: str, _today: date) -> Condition:
        """The condition that a value of this column meets."""
        return Matches(column, self.pattern)


@dataclass(frozen=True, slots=True)
class Within:
    """The amount or day lies within these bounds, which belong to it."""

    low: Decimal | date | None
    high: Decimal | date | None
    kind: Literal["within"] = "within"

    def passed(self, column: str, _today: date) -> Condition:
        """The condition that a value of this column meets."""
        return Between(column, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Dated:
    """The day lies in the past or in the future. The day of as-of is in both."""

    lies: Literal["past", "future"]
    kind: Literal["dated"] = "dated"

    def passed(self, column: str, today: date) -> Condition:
        """The condition that a value of this column meets."""
        if self.lies == "past":
            return Between(column, None, today)
        return Between(column, today, None)


@dataclass(frozen=True, slots=True)
class Recent:
    """The day lies at most so many calendar months before the day of as-of."""

    months: int
    kind: Literal["recent"] = "recent"

    def passed(self, column: str, today: date) -> Condition:
        """The condition that a value of this column meets."""
        return Between(column, months_before(today, self.months), None)


Check = OneOf | Pattern | Within | Dated | Recent


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier; the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
