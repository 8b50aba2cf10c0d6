"""The lives of findings: what becomes of a failing demand from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.rules import Debtor


class Sight(StrEnum):
    """What a run sees of a finding."""

    FAILING = "failing"
    WAIVED = "waived"  # failing, under an exception that is in force
    GOOD = "good"  # due, and in order
    NOT_DUE = "not_due"  # of a live record, and nobody is asked for it now
    GONE = "gone"  # its record is not audited: deleted, merged, excluded
    DROPPED = "dropped"  # no field set asks for it


class LifeState(StrEnum):
    """How a finding stands after the last run that observed it."""

    OPEN = "open"
    REPAIRED = "repaired"
    WAIVED = "waived"
    GONE = "gone"
    ENDED_BY_RULE = "ended_by_rule"  # its rule was dropped, or asks for something else now
    ENDED_BY_TIME = "ended_by_time"  # it is no longer due


class LifeEvent(StrEnum):
    """What a run changed about a finding."""

    OPENED = "opened"
    REPAIRED = "repaired"
    REOPENED = "reopened"  # failing again after it was repaired
    RESUMED = "resumed"  # failing again after anything else
    HANDED_OVER = "handed_over"  # open, and another person's
    WAIVED = "waived"
    GONE = "gone"
    ENDED_BY_RULE = "ended_by_rule"
    ENDED_BY_TIME = "ended_by_time"


@dataclass(frozen=True, slots=True, order=True)
class FindingKey:
    """What a finding is about, within one audit."""

    entity: str
    record_id: str
    rule: str  # the id of a demand, or 'unreadable.start_at'


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding as one run sees it."""

    sight: Sight
    # whose it is: a user's id; '' of sales support's pool, and where nobody owns the record
    person: str = ""
    debtor: Debtor = Debtor.OWNER
    content: str = ""  # the hash of what its rule asks for; '' of a dropped one


@dataclass(frozen=True, slots=True)
class Life:
    """A finding as the runs before left it."""

    id: str  # of the finding
    key: FindingKey
    state: LifeState
    person: str
    debtor: Debtor
    content: str
