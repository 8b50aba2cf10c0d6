"""Exceptions, laid over failing records: which demands are waived, and which are under
discussion.

Both readings go through here once they are made and compared, so that an exception changes
figures and never hides a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from pipeline.findings.ids import finding_id
from pipeline.model import (
    Demand,
    ExceptionLine,
    ExceptionOutcome,
    ExceptionState,
    ExceptionUse,
    FailingRecord,
    FieldSet,
    Rule,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The exceptions that are in force on a day, by what they are about. Of several the
    narrowest decides: that about a finding, then about a record, then about a rule.
    """

    audit_id: str
    # entity -> the bits that are demands which a record can fail
    judged: Mapping[str, tuple[tuple[int, Demand, Rule], ...]]
    findings: Mapping[str, ExceptionLine] = field(default_factory=dict)
    # (entity, record id), (entity, rule id)
    records: Mapping[tuple[str, str], ExceptionLine] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], ExceptionLine] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.findings or self.records or self.rules)

    def about(self, entity: str, record_id: str, rule: str) -> ExceptionLine | None:
        """The line that decides on a finding."""
        if self.findings:
            line = self.findings.get(finding_id(self.audit_id, entity, record_id, rule))
            if line is not None:
                return line
        return self.records.get((entity, record_id)) or self.rules.get((entity, rule))

    def is_disputed(self, entity: str, record_id: str, rule: str) -> bool:
        """Whether a finding is under discussion."""
        line = self.about(entity, record_id, rule)
        return line is not None and line.state is ExceptionState.DISPUTED

    def exempting(
        self, record: FailingRecord
    ) -> Iterator[tuple[int, Demand, Rule, ExceptionLine]]:
        """The demands that a record fails and that are waived: bit, demand, rule, and the line."""
        for bit, demand, rule in self.judged[record.entity]:
            if record.mask >> bit & 1:
                line = self.about(record.entity, record.record_id, rule.id)
                if line is not None and line.state is ExceptionState.EXEMPT:
                    yield bit, demand, rule, line


def in_force(
    lines: Iterable[ExceptionLine],
    day: date,
    audit_id: str,
    field_sets: Mapping[str, FieldSet],
) -> Exceptions:
    """The lines that count on a day."""
    findings: dict[str, ExceptionLine] = {}
    records: dict[tuple[str, str], ExceptionLine] = {}
    rules: dict[tuple[str, str], ExceptionLine] = {}
    for line in lines:
        if line.expired_by(day):
            continue
        if line.finding:
            findings[line.finding] = line
        elif line.record_id:
            records[line.entity, line.record_id] = line
        else:
            rules[line.entity, line.rule] = line
    judged = {entity: _failing(fields) for entity, fields in field_sets.items()}
    return Exceptions(audit_id, judged, findings, records, rules)


def _failing(fields: FieldSet) -> tuple[tuple[int, Demand, Rule], ...]:
    """A hint is no failure."""
    return tuple(
        (bit, demand, rule)
        for bit, (demand, rule) in enumerate(fields.judged)
        if rule.verdict is not Verdict.HINT
    )


def waived(records: Iterable[FailingRecord], exceptions: Exceptions) -> Iterator[FailingRecord]:
    """The records, each with the bits of its mask that are waived."""
    for record in records:
        bits = sum(1 << bit for bit, *_ in exceptions.exempting(record))
        yield record._replace(waived=bits) if bits else record


def uses_of(
    lines: Iterable[ExceptionLine], met: Mapping[ExceptionLine, int], day: date
) -> tuple[ExceptionUse, ...]:
    """What each line did; `met` says to how many findings it applies."""
    return tuple(
        ExceptionUse(line, _outcome(line, met.get(line, 0), day), met.get(line, 0))
        for line in lines
    )


def _outcome(line: ExceptionLine, met: int, day: date) -> ExceptionOutcome:
    if line.expired_by(day):
        return ExceptionOutcome.EXPIRED
    if not met and line.state is not ExceptionState.REJECTED:
        return ExceptionOutcome.IDLE
    return ExceptionOutcome(line.state)
