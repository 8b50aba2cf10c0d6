"""What a demand checks of a value that was entered and can be read. A value that fails is
invalid.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipeline.model.conditions import Among, Between, Condition, Matches
from pipeline.values.patterns import has_pattern


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


def checks_together(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks, each of which can be asked by itself: one of several values must be both a
    word and written like a pattern, and not one the one and another the other.
    """
    patterns = [check.pattern for check in checks if isinstance(check, Pattern)]
    if not patterns:
        return tuple(checks)
    return tuple(
        _matching(check, patterns) if isinstance(check, OneOf) else check
        for check in checks
        if not (isinstance(check, Pattern) and any(isinstance(c, OneOf) for c in checks))
    )


def _matching(words: OneOf, patterns: Sequence[str]) -> OneOf:
    """The words that are written like the patterns."""
    return OneOf(
        tuple(
            word
            for word in words.words
            if all(has_pattern(word.encode(), pattern) for pattern in patterns)
        )
    )


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier; the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
