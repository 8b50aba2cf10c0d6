"""What an audit asks for: minimum field sets, measures of its own, targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from pipeline.model.checks import Check
from pipeline.model.conditions import Condition, columns_in
from pipeline.model.texts import NO_TEXT, LocalText


class Verdict(StrEnum):
    """What is wrong with a record under a rule."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    INVALID = "invalid"  # a word that is not mapped, or one that cannot be true yet
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that a record of an entity may fail: a demand of its minimum field set, a
    column that must be readable, or a count of ours that names a defect.
    """

    entity: str
    id: str  # 'result', 'unreadable.start_at', 'check.meetings_lacking.last_name'
    verdict: Verdict
    measure: str = ""  # the count that names it; '' where it is of the minimum field set
    dimension: str = ""  # of that count


def failed(rules: Sequence[Rule], mask: int) -> tuple[Rule, ...]:
    """The rules that a record with this mask fails."""
    return tuple(rule for bit, rule in enumerate(rules) if mask >> bit & 1)


def demands_of(rules: Iterable[Rule]) -> int:
    """The bits of a mask that are demands of a minimum field set: what is to be completed."""
    return sum(1 << bit for bit, rule in enumerate(rules) if not rule.measure)


@dataclass(frozen=True, slots=True)
class Demand:
    """One line of a minimum field set: filled when any one of `columns` is.

    It is due of the records of which `when` is true. One without weight costs nobody a point.
    """

    name: str
    label: LocalText
    columns: tuple[str, ...]
    weight: int = 1
    when: Condition | None = None
    why: LocalText = NO_TEXT
    checks: tuple[Check, ...] = ()  # what fails one is invalid

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The columns that it demands, then those of its condition, each once."""
        return tuple(dict.fromkeys((*self.columns, *columns_in(self.when))))


COSTING: Final = frozenset({Verdict.MISSING, Verdict.UNREADABLE, Verdict.INVALID})
"""The verdicts that cost the points of a demand."""


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The minimum field set of an entity, and its columns that may be unreadable.

    Bit i of a failing record's mask stands for `rules[i]`: the demands' verdicts, then each of
    `readable` that cannot be read. The bits above are those of rules that counts name.
    """

    entity: str
    demands: tuple[Demand, ...]
    # demand -> why it is not checked
    absent: Mapping[str, LocalText] = field(default_factory=dict)
    readable: tuple[
        str, ...
    ] = ()  # dates and amounts that the CRM holds; of files also texts that are due

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What a record can fail, one per bit of a mask, the lowest first."""
        return tuple(rule for _, rule in self.judged) + tuple(
            Rule(self.entity, f"unreadable.{column}", Verdict.UNREADABLE)
            for column in self.readable
        )

    @property
    def judged(self) -> tuple[tuple[Demand, Rule], ...]:
        """Each demand with each verdict that it can have; the first bits of a mask."""
        return tuple(
            (demand, Rule(self.entity, demand.name, verdict))
            for verdict in (Verdict.MISSING, Verdict.UNREADABLE, Verdict.INVALID)
            for demand in self.demands
            if self._can_be(verdict, demand)
        )

    def _can_be(self, verdict: Verdict, demand: Demand) -> bool:
        if verdict is Verdict.UNREADABLE:
            return not set(self.readable).isdisjoint(demand.columns)
        return verdict is Verdict.MISSING or bool(demand.checks)

    def due_key(self, demand: Demand) -> str:
        """Under what the records are counted of which a demand is due: 'meeting.held'. Demands
        of equal conditions share a count.
        """
        return self.entity if demand.when is None else f"{self.entity}.{demand.when}"

    @property
    def bits(self) -> int:
        """The mask of a record that fails everything."""
        return (1 << len(self.rules)) - 1

    @property
    def costing(self) -> int:
        """The bits of a mask that cost points."""
        return sum(
            1 << bit
            for bit, (demand, rule) in enumerate(self.judged)
            if demand.weight and rule.verdict in COSTING
        )

    def failed(self, mask: int) -> tuple[tuple[Demand, Rule], ...]:
        """The demands that a record with this mask fails, each with its verdict."""
        return tuple(pair for bit, pair in enumerate(self.judged) if mask >> bit & 1)

    def unreadable(self, mask: int) -> tuple[str, ...]:
        """The columns of a record with this mask in which something
        stands that cannot be read.
        """
        return tuple(
            column
            for bit, column in enumerate(self.readable, len(self.judged))
            if mask >> bit & 1
        )


@dataclass(frozen=True, slots=True)
class CustomMeasure:
    """One of our counts or amounts, narrowed by what stands in columns of the record."""

    name: str
    label: str
    counted: str  # 'meetings_held'
    entity: str
    # column -> one of these words, or whether any
    where: Mapping[str, tuple[str, ...] | Literal["filled", "missing"]]
    share: bool = False  # as a share of what it narrows


@dataclass(frozen=True, slots=True)
class Target:
    """A manager's plan for a calendar month ('2026-11')."""

    manager: str
    month: str
    metric: str
    target: int
