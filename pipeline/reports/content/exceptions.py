"""Exceptions on pages: what is exempt until when and by whom, completeness without them, and
which lines have ended or do nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pipeline.language.format import day_text
from pipeline.language.labels import entity_label
from pipeline.language.languages import Language
from pipeline.language.marked import forms, marked
from pipeline.measures.completeness import (
    BASE_EXEMPT,
    BASE_SCORE,
    BASE_WITHOUT_EXCEPTIONS,
    FIELD_EXEMPT,
    SCORE,
    WITHOUT_EXCEPTIONS,
)
from pipeline.model import (
    Debtor,
    ExceptionLine,
    ExceptionOutcome,
    ExceptionUse,
    ExemptFinding,
    RunResult,
    Scope,
)
from pipeline.reports.content.audience import Line
from pipeline.reports.content.elements import Subject
from pipeline.reports.content.report import Row, Table, clean

_OUTCOMES: Final[Mapping[ExceptionOutcome, str]] = {
    ExceptionOutcome.EXPIRED: marked("ended: it counts again"),
    ExceptionOutcome.IDLE: marked("no effect: nothing is missing there"),
    ExceptionOutcome.DISPUTED: marked("under discussion: it still counts"),
    ExceptionOutcome.EXEMPT: marked("exempt"),
    ExceptionOutcome.REJECTED: marked("rejected: it counts"),
}
"""In the order in which management reads them."""

_ALL_OF_KIND: Final = forms("{kind}: {count} record", "{kind}: {count} records")
_NAMED: Final = marked("{kind}: {name}, {number}")
_NAMELESS: Final = marked("{kind}: {number}")
_FIELD_OF: Final = marked("{record}: {field}")


# -------------------------------------------------------------------------------- of a manager


def exempt_table(own: Subject) -> Iterator[Table]:
    """A manager's records of which something is not asked; no table where there are none."""
    language = own.language
    exempt = [finding for finding in own.result.exempt if _is_theirs(finding, own)]
    if not exempt:
        return
    single = (finding for finding in exempt if not finding.line.is_general)
    rows = [_exempt_row(finding, language) for finding in single]
    rows += _general_rows(exempt, language)
    columns = (
        language.translate("Record"),
        language.translate("Exempt"),
        language.translate("Until"),
        language.translate("By"),
        language.translate("Why"),
        language.translate("Finding"),
    )
    note = language.translate(
        "These fields are not asked of these records until that day: they count neither for you nor "
        "against you. A record that misses nothing else is complete."
    )
    yield Table("exempt", language.translate("Exempt"), columns, tuple(rows), note)


def _is_theirs(finding: ExemptFinding, own: Subject) -> bool:
    """Whether it would be asked of the subject: of an account manager, or of sales support."""
    if own.scope is Scope.OPERATOR:
        return finding.debtor is Debtor.OPERATOR and not finding.is_repeat
    if finding.debtor is Debtor.CREATOR and finding.is_repeat:
        return False
    return finding.debtor is not Debtor.OPERATOR and finding.person == own.key


def _exempt_row(finding: ExemptFinding, language: Language) -> Row:
    kind = entity_label(finding.rule.entity, language)
    name, number = finding.label.strip(), finding.record_id
    template = _NAMED if name else _NAMELESS
    label = language.translate(template, kind=kind, name=name, number=number)
    what = language.chosen(finding.what)
    return Row(label, (what, *_decided(finding.line, language), finding.id))


def _general_rows(exempt: Iterable[ExemptFinding], language: Language) -> Iterator[Row]:
    """A row for each rule that is lifted for all records."""
    numbers: Counter[ExceptionLine] = Counter()
    names: dict[ExceptionLine, str] = {}
    for finding in exempt:
        if finding.line.is_general:
            numbers[finding.line] += 1
            names.setdefault(finding.line, language.chosen(finding.what))
    for line, number in numbers.items():
        kind = entity_label(line.entity, language)
        label = language.translate_plural(*_ALL_OF_KIND, number, kind=kind, count=number)
        yield Row(label, (names[line], *_decided(line, language), ""))


def _decided(line: ExceptionLine, language: Language) -> tuple[str, str, str]:
    """Until when, by whom and why."""
    until = day_text(line.until, language) if line.until else ""
    return until, line.approver, line.reason


# ----------------------------------------------------------------------------- of management


def exceptions_tables(company: Subject, lines: Iterable[Line]) -> Iterator[Table]:
    """What exceptions change, and each of them; no table where there are none."""
    if company.find(FIELD_EXEMPT) is not None:
        yield _with_and_without(company, lines)
    if company.result.exceptions:
        yield _all_exceptions(company)


def _with_and_without(company: Subject, lines: Iterable[Line]) -> Table:
    language = company.language
    everybody = (*lines, (language.translate("Company"), company))
    rows = [
        Row(
            label,
            (
                subject.find(SCORE),
                subject.find(WITHOUT_EXCEPTIONS),
                subject.find(FIELD_EXEMPT),
                subject.find(BASE_SCORE),
                subject.find(BASE_WITHOUT_EXCEPTIONS),
                subject.find(BASE_EXEMPT),
            ),
            total=subject.scope is Scope.COMPANY,
        )
        for label, subject in everybody
    ]
    columns = (
        language.translate("Who"),
        language.translate("Complete"),
        language.translate("Without exceptions"),
        language.translate("Exempt"),
        language.translate("All records"),
        language.translate("All records, without exceptions"),
        language.translate("Exempt in all records"),
    )
    title = language.translate("With and without exceptions")
    return Table("with_and_without", title, columns, tuple(rows))


def _all_exceptions(company: Subject) -> Table:
    language, result = company.language, company.result
    order = list(_OUTCOMES)
    uses = sorted(result.exceptions, key=lambda use: order.index(use.outcome))
    described = {finding.line: finding for finding in result.exempt if finding.line.finding}
    rows = tuple(_use_row(use, described.get(use.line), company) for use in uses)
    columns = (
        language.translate("Exception"),
        language.translate("About"),
        language.translate("State"),
        language.translate("Records"),
        language.translate("Until"),
        language.translate("By"),
        language.translate("Why"),
    )
    note = ""
    if result.audience == "own":
        note = language.translate(
            "What is about one record is shown without it: it might say whose it is."
        )
    return Table("exceptions", language.translate("Exceptions"), columns, rows, note)


def _use_row(use: ExceptionUse, finding: ExemptFinding | None, company: Subject) -> Row:
    language, line = company.language, use.line
    state = language.translate(_OUTCOMES[use.outcome])
    until, approver, reason = _decided(line, language)
    if company.result.audience == "own" and not line.is_general:
        hidden = language.translate("one record")
        return Row(line.place, (hidden, state, "", until, "", ""))
    about = _about(line, finding, company)
    number = language.number(use.findings)
    return Row(line.place, (about, state, number, until, approver, reason))


def _about(line: ExceptionLine, finding: ExemptFinding | None, company: Subject) -> str:
    """What a line is about, without a client's name."""
    language = company.language
    entity, record, rule = line.entity, line.record_id, line.rule
    if finding is not None:
        entity, record, rule = finding.rule.entity, finding.record_id, finding.rule.id
    if not entity:
        return line.finding
    kind = entity_label(entity, language)
    what = language.translate(_NAMELESS, kind=kind, number=record) if record else kind
    if not rule:
        return what
    demands = company.result.field_sets[entity].demands
    labels = {demand.name: language.chosen(demand.label) for demand in demands}
    text = language.translate(_FIELD_OF, record=what, field=labels.get(rule, rule))
    return text if record else language.translate("{rule}, for all", rule=text)


_ENDED: Final = forms(
    "{count} exception has ended and counts again: {places}.",
    "{count} exceptions have ended and count again: {places}.",
)
MOST_NAMED: Final = 20
"""Lines of exceptions that a sentence names."""


def ended_note(result: RunResult, language: Language) -> Iterator[str]:
    """Which exceptions have ended, as a sentence."""
    ended = [
        clean(use.line.place)
        for use in result.exceptions
        if use.outcome is ExceptionOutcome.EXPIRED
    ]
    if ended:
        places = "; ".join(ended[:MOST_NAMED]) + ("; …" if len(ended) > MOST_NAMED else "")
        yield language.translate_plural(*_ENDED, len(ended), count=len(ended), places=places)
