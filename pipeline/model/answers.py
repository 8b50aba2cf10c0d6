"""What one reading of the data says: integers, failing records, sums of texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pipeline.model.spans import Span


@dataclass(frozen=True, slots=True, order=True)
class Tally:
    """One integer that a database counted: for one owner (None = nobody), or for the company.

    `is_repeat`: of the owner's records those that are counted at another owner already.
    """

    company: bool
    owner: str | None
    name: str  # 'deals_won', 'due.score', …
    dimension: str  # 'meeting.result', or ''
    currency: str  # '' where it is no money
    value: int
    is_repeat: bool = False


class FailingRecord(NamedTuple):
    """A record that fails a rule: a demand of its field set, or a count that names a
    defect. Once for each of its owners.
    """

    entity: str
    record_id: str
    owner: str  # '' = nobody
    mask: int
    span: Span
    is_repeat: bool = False  # listed at another owner already
    occurred_at_us: int | None = (
        None  # its own moment, in microseconds since 1970; None without a readable one
    )
    # the user who entered it, where they owe something; '' = nobody
    entered_by: str = ""
    waived: int = 0  # the bits of its mask that exceptions take off it


class Fingerprint(NamedTuple):
    """What the texts of one column come to, over one owner's records."""

    entity: str
    column: str
    owner: str  # as the record names it; '' = nobody
    texts: int  # that are there, empty ones included
    total: int  # of the first 32 bits of MD5 (record id, U+001F, text), big-endian; without text that is no UTF-8


@dataclass(frozen=True, slots=True)
class Answers:
    """All that one reading of the data says: of the source itself (the
    witness), or of the snapshot.
    """

    tallies: tuple[Tally, ...]
    failing: tuple[FailingRecord, ...]
