"""Conditions: of which records a demand is due. A tree that says nothing of any database.

By `kind` a manifest tells apart, and a hash, what has equal fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

MOMENT: Final = "moment"
"""Stands for a record's moment (an event's start, else its creation) in the place of a column."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part is true."""

    parts: tuple[Condition, ...]
    kind: Literal["all"] = "all"

    def __str__(self) -> str:
        return " and ".join(f"({part})" for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part is true."""

    parts: tuple[Condition, ...]
    kind: Literal["any"] = "any"

    def __str__(self) -> str:
        return " or ".join(f"({part})" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part is false. Of what is unknown the opposite is unknown too."""

    part: Condition
    kind: Literal["not"] = "not"

    def __str__(self) -> str:
        return f"not ({self.part})"


@dataclass(frozen=True, slots=True)
class InState:
    """The record is in one of our states: a meeting that is held."""

    states: tuple[str, ...]
    kind: Literal["state"] = "state"

    def __str__(self) -> str:
        return "|".join(self.states)


@dataclass(frozen=True, slots=True)
class Filled:
    """Something was entered, be it unreadable."""

    column: str
    kind: Literal["filled"] = "filled"

    def __str__(self) -> str:
        return f"{self.column} filled"


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing was entered."""

    column: str
    kind: Literal["missing"] = "missing"

    def __str__(self) -> str:
        return f"{self.column} missing"


@dataclass(frozen=True, slots=True)
class Says:
    """A flag says yes, or it says no. One that was never entered says no."""

    column: str
    yes: bool
    kind: Literal["says"] = "says"

    def __str__(self) -> str:
        return f"{self.column} {'yes' if self.yes else 'no'}"


@dataclass(frozen=True, slots=True)
class Among:
    """The text is exactly one of these words."""

    column: str
    words: tuple[str, ...]
    kind: Literal["among"] = "among"

    def __str__(self) -> str:
        return f"{self.column} in {json.dumps(self.words)}"


@dataclass(frozen=True, slots=True)
class Matches:
    """The whole text matches a pattern (values/patterns.py)."""

    column: str
    pattern: str
    kind: Literal["matches"] = "matches"

    def __str__(self) -> str:
        return f"{self.column} matches {json.dumps(self.pattern)}"


@dataclass(frozen=True, slots=True)
class Between:
    """The amount or the local day lies within these bounds, which belong to it. A side without
    a bound is open. Amounts are in units of the record's own currency.
    """

    column: str
    low: Decimal | date | None
    high: Decimal | date | None
    kind: Literal["between"] = "between"

    def __str__(self) -> str:
        return f"{self.column} in [{self.low}, {self.high}]"


@dataclass(frozen=True, slots=True)
class OlderThan:
    """More than so many whole days lie between the local day and the day of as-of."""

    column: str
    days: int
    kind: Literal["older_than"] = "older_than"

    def __str__(self) -> str:
        return f"{self.column} older than {self.days}"


@dataclass(frozen=True, slots=True)
class Since:
    """The record's moment is on this local day or after it; without one it is not."""

    day: date
    kind: Literal["since"] = "since"

    def __str__(self) -> str:
        return f"since {self.day}"


Condition = (
    AllOf
    | AnyOf
    | Not
    | InState
    | Filled
    | Missing
    | Says
    | Among
    | Matches
    | Between
    | OlderThan
    | Since
)


def columns_in(condition: Condition | None) -> Iterator[str]:
    """The columns at which a condition looks, its moment not among them."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from columns_in(part)
        case Not(part):
            yield from columns_in(part)
        case None | InState() | Since() | OlderThan(column="moment"):
            return
        case _:
            yield condition.column


def something_in(columns: Sequence[str]) -> Condition:
    """Something was entered in one of these columns at least."""
    entered = tuple(Filled(column) for column in columns)
    return entered[0] if len(entered) == 1 else AnyOf(entered)


HELD: Final = InState(("held",))
"""An event took place. One that starts after as-of did not, whatever its status says."""

REACHED: Final = Says("reached", yes=True)
"""A call reached somebody: where it did not, its demands but the status go without saying."""
