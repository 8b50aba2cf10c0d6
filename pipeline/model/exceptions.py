"""Exceptions: findings that somebody decided on, or that are under discussion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pipeline.model.rules import Debtor, Rule
from pipeline.model.spans import Span
from pipeline.model.texts import LocalText


class ExceptionState(StrEnum):
    """What was decided about a finding."""

    EXEMPT = "exempt"  # not asked of the record until a day
    DISPUTED = "disputed"  # counted and marked until a decision
    REJECTED = "rejected"  # counted


@dataclass(frozen=True, slots=True)
class ExceptionLine:
    """A line of an exceptions file: about one finding, all findings of a record, or a rule of
    all records.
    """

    place: str  # 'exceptions.csv, line 3'
    state: ExceptionState
    finding: str = ""  # '' unless it is about one finding
    entity: str = ""
    record_id: str = ""
    rule: str = ""
    reason: str = ""
    approver: str = ""
    until: date | None = None  # its last day

    @property
    def is_general(self) -> bool:
        """Whether it is about a rule of all records."""
        return not self.finding and not self.record_id

    def expired_by(self, day: date) -> bool:
        """Whether its last day has passed. What was rejected stays rejected."""
        if self.state is ExceptionState.REJECTED or self.until is None:
            return False
        return self.until < day


class ExceptionOutcome(StrEnum):
    """What a line did in a run."""

    EXEMPT = "exempt"
    DISPUTED = "disputed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    IDLE = "idle"  # it meets nothing that fails


@dataclass(frozen=True, slots=True)
class ExceptionUse:
    """A line, and what it did."""

    line: ExceptionLine
    outcome: ExceptionOutcome
    findings: int  # to which it applies, in all records


@dataclass(frozen=True, slots=True)
class ExemptFinding:
    """A demand that a record fails and that an exception takes off it."""

    id: str
    rule: Rule
    record_id: str
    owner: str
    label: str  # the record's own name, as the CRM has it; '' where it has none
    what: LocalText  # what is missing
    link: str  # '' where the CRM has no address
    span: Span
    line: ExceptionLine
    debtor: Debtor = Debtor.OWNER  # of whom it is not asked
    entered_by: str = ""  # the user of whom, where it is whoever entered it; '' = nobody
    is_repeat: bool = False  # listed at another owner already
    day: date | None = None  # the record's own day in the audit's zone

    @property
    def person(self) -> str:
        """The user of whom it would be asked, unless it is sales support."""
        return self.entered_by if self.debtor is Debtor.CREATOR else self.owner
