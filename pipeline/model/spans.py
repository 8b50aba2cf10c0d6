"""Where the demands on a record count: in the score, or beside it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Span(StrEnum):
    """Where a record counts. All but SCORE count among all records alone."""

    OUTSIDE = "base"  # its moment lies outside the score's days, or it has none
    SCORE = "score"
    COMING_UP = "coming_up"  # an event that starts after as-of
    TAKEN_OVER = "inherited"  # it came from a colleague within the score's days
    IMPORTED = "imported"  # no person typed it


SPANS: Final = tuple(Span)
"""By the integer that stands for each in a view: 0 is outside."""

SHARES: Final[Mapping[str, int]] = {
    "deal": 30,
    "meeting": 30,
    "contact": 20,
    "client": 10,
    "call": 10,
}
"""Kind of record -> its share of the whole score, unless an audit says otherwise."""
