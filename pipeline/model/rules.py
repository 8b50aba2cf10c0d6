"""What an audit asks for: minimum field sets, measures of its own, targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

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
class Field:
    """One demand of a minimum field set: filled when any one of `columns` is.

    `when` names a state of the record (for a meeting 'held'): the field is due only then.
    """

    name: str
    label: LocalText
    columns: tuple[str, ...]
    weight: int = 1
    when: str | None = None
    why: LocalText = NO_TEXT


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The minimum field set of an entity, and its columns that may be unreadable.

    Bit i of a failing record's mask stands for `rules[i]`: each of `fields`, missing, then
    each of `readable`, unreadable. The bits above are those of rules that counts name.
    """

    entity: str
    fields: tuple[Field, ...]
    # field -> why it is not checked
    absent: Mapping[str, LocalText] = field(default_factory=dict)
    readable: tuple[
        str, ...
    ] = ()  # dates and amounts that the CRM holds; of files also texts that are due

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The demands of the set, one per bit of a mask, the lowest first."""
        return tuple(self._rules())

    def _rules(self) -> Iterator[Rule]:
        for one in self.fields:
            yield Rule(self.entity, one.name, Verdict.MISSING)
        for column in self.readable:
            yield Rule(self.entity, f"unreadable.{column}", Verdict.UNREADABLE)

    def due_key(self, when: str | None) -> str:
        """Under what the records are counted of which fields are due: 'meeting.held'."""
        return f"{self.entity}.{when}" if when else self.entity

    @property
    def bits(self) -> int:
        """The mask of a record that fails every demand."""
        return (1 << len(self.fields) + len(self.readable)) - 1

    def missing(self, mask: int) -> tuple[Field, ...]:
        """The fields that a record with this mask misses."""
        return tuple(f for bit, f in enumerate(self.fields) if mask >> bit & 1)

    def unreadable(self, mask: int) -> tuple[str, ...]:
        """The columns of a record with this mask in which something
        stands that cannot be read.
        """
        return tuple(
            name for bit, name in enumerate(self.readable, len(self.fields)) if mask >> bit & 1
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
