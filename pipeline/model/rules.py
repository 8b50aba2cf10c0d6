"""What an audit asks for: minimum field sets, measures of its own, targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Field:
    """One demand of a minimum field set: filled when any one of `columns` is.

    `when` names a state of the record (for a meeting 'held'): the field is due only then.
    """

    name: str
    label: str
    columns: tuple[str, ...]
    weight: int = 1
    when: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The minimum field set of an entity, and its columns that may be unreadable.

    Bit i of a failing record's mask stands for `fields[i]`, missing; the bits above,
    for `readable`, unreadable.
    """

    entity: str
    fields: tuple[Field, ...]
    absent: Mapping[str, str] = field(default_factory=dict)  # field -> why it is not checked
    readable: tuple[
        str, ...
    ] = ()  # dates and amounts that the CRM holds; of files also texts that are due

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
