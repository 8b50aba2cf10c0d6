"""What a figure is the sum of: counts, each with the records that it counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of an entity's view: a record is one row for each of its owners."""

    owners: frozenset[str] | None = None  # '' = nobody; None: everybody's and nobody's
    # whether they repeat a record that counts at another owner already; None: both do
    repeats: bool | None = None


@dataclass(frozen=True, slots=True)
class Addend:
    """One count of a scope: 'missing.score' of 'meeting.result', over some of the rows."""

    name: str
    dimension: str
    currency: str
    rows: Rows


Addends = Mapping[Addend, int]
"""Each count, and how many times it is added; less than nothing where it is taken off."""
