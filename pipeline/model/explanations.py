"""What a figure is made of, down to the records that it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.model.figures import Figure


@dataclass(frozen=True, slots=True)
class Listed:
    """A record that a figure counts, or whatever else one is made of: a user, a target, a day."""

    kind: str  # 'meeting', 'user', 'target', 'day', …
    id: str
    value: int  # what it adds to the number: 1, points, minor units of money; or takes off it
    name: str = ""  # the record's own; '' where it has none
    client: str = ""  # of a record without a name
    day: date | None = None  # its own, in the audit's zone
    closes: date | None = None  # a deal's closing day
    owner: str = ""  # a user's id; '' = nobody
    owner_name: str = ""
    link: str = ""  # '' where the CRM has no address


@dataclass(frozen=True, slots=True)
class Part:
    """One of a figure's numbers, and what it is the sum of."""

    name: str  # 'number', 'numerator' or 'denominator'
    number: int
    listed: tuple[Listed, ...] = ()  # their values add up to the number
    # other figures from which it is worked out, where it is no sum of records
    drawn_from: tuple[Figure, ...] = ()

    @property
    def is_sum(self) -> bool:
        """Whether what is listed adds up to the number."""
        return sum(listed.value for listed in self.listed) == self.number


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of a figure."""

    figure: Figure
    label: str
    text: tuple[str, ...]  # what it means, a sentence or two each
    parts: tuple[Part, ...]
