"""A manager's own report: the counters, the score, and what to
repair; nobody else's figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pipeline.language.labels import column_label, entity_label
from pipeline.language.languages import Cells, Language
from pipeline.language.marked import forms, marked
from pipeline.measures.calls import CALLS_HELD_IN_FUTURE, CALLS_UNKNOWN
from pipeline.measures.completeness import (
    FAILING_COMING_UP,
    FAILING_IMPORTED,
    FAILING_OUTSIDE,
    FAILING_TAKEN_OVER,
    IN_SCORE,
    OF_COLLEAGUES_BESIDE,
    RECORDS_FAILING,
    RECORDS_WITH_COLLEAGUES,
    RECORDS_WITH_OPERATORS,
    UNREADABLE,
)
from pipeline.measures.deals import (
    DEALS_OPEN,
    DEALS_OPEN_AMOUNT,
    DEALS_UNKNOWN,
    DEALS_WON,
    DEALS_WON_IN_FUTURE,
    WON_ON_NO_DAY,
)
from pipeline.measures.meetings import (
    MEETINGS_HELD_IN_FUTURE,
    MEETINGS_OVERDUE,
    MEETINGS_PLANNED_7D,
    MEETINGS_UNKNOWN,
)
from pipeline.measures.plan import PLAN_TARGET, PLAN_WITHOUT_TARGET
from pipeline.measures.registry import PLANNED
from pipeline.model import FixItem, Person, RunResult, Scope
from pipeline.reports.content.audience import agreement_notes, compared_with, readers_row
from pipeline.reports.content.earlier import earlier_table, lined
from pipeline.reports.content.elements import (
    Subject,
    asked_table,
    completed_rows,
    counted,
    custom_table,
    days_rows,
    fields_table,
    meetings_rows,
    no_plan_row,
    not_checked_table,
    plan_rows,
    proof_rows,
    score_row,
    score_rows,
    score_table,
    the_company,
)
from pipeline.reports.content.exceptions import exempt_table
from pipeline.reports.content.fix_list import first_of, fix_lists, leads_outside
from pipeline.reports.content.people import seen_table, worth_discussing
from pipeline.reports.content.report import (
    Report,
    Row,
    origin_notes,
    period_notes,
    score_notes,
)

_OUTSIDE: Final = (
    DEALS_WON_IN_FUTURE,
    MEETINGS_HELD_IN_FUTURE,
    CALLS_HELD_IN_FUTURE,
    DEALS_UNKNOWN,
    MEETINGS_UNKNOWN,
    CALLS_UNKNOWN,
)
"""A manager's own records that are in none of the counters."""


_MOST_ASKED: Final = 100
"""Fields that a manager's report explains: an audit may have hundreds, and a page per manager."""


def manager_reports(result: RunResult) -> Iterator[Report]:
    """The report of every manager, one at a time, in the order of the result's people."""
    company, lists = the_company(result), fix_lists(result)
    discussed = _discussed(company)
    for person in result.people:
        if person.scope is Scope.MANAGER:
            own = company.about(Scope.MANAGER, person.id)
            yield _report(own, person, lists.get(person.id, ()), discussed.get(person.id))


def manager_report(result: RunResult, person: Person) -> Report:
    """The content of one manager's report."""
    company = the_company(result)
    own, discussed = company.about(Scope.MANAGER, person.id), _discussed(company)
    fix_list = fix_lists(result).get(person.id, ())
    return _report(own, person, fix_list, discussed.get(person.id))


def _discussed(company: Subject) -> Mapping[str, Cells]:
    """Whom management's report names as worth discussing, and by what evidence."""
    return worth_discussing(company) if company.result.audience == "named" else {}


def _report(
    own: Subject, person: Person, fix_list: tuple[FixItem, ...], discussed: Cells | None
) -> Report:
    """In the order of the first screen; `discussed` is what management's report says of them."""
    return Report(
        "manager",
        person.name,
        person,
        own.result,
        own.language,
        headline=tuple(lined(_headline(own, person, fix_list, discussed), own)),
        tables=(
            *custom_table(own),
            *earlier_table(own),
            score_table(own),
            fields_table(own),
            *exempt_table(own),
            not_checked_table(own),
            asked_table(own, marked("What is asked of you, and why"), _MOST_ASKED),
            *([seen_table(own)] if own.result.audience == "named" else []),
        ),
        fix_list=fix_list,
        contact=own.result.contacts.get(person.id, ""),
        notes=(
            *period_notes(own.result, own.language),
            *agreement_notes(own.result, own.language),
            *score_notes(own.result.window, own.language),
            *origin_notes(own.result, own.language),
            own.language.translate(
                "All your records stand beside your completeness; what is coming up, and what you took over, is among "
                "them and does not count for you."
            ),
        ),
    )


def _headline(
    own: Subject, person: Person, fix_list: tuple[FixItem, ...], discussed: Cells | None
) -> Iterator[Row]:
    yield readers_row(own)
    yield from _plan(own)
    yield from _warnings(own)
    yield from score_rows(own)
    yield from _team(own, person)
    yield from meetings_rows(own)
    yield from completed_rows(own)
    yield from _to_complete(own, fix_list)
    if any(item.check for item in fix_list):
        yield _to_check(own.language)
    yield from _ahead(own)
    if discussed:
        label = own.language.translate("Worth discussing")
        yield Row(label, discussed, element="discussed")
    yield from proof_rows(own)


def _plan(own: Subject) -> Iterator[Row]:
    company, language = own.about(Scope.COMPANY), own.language
    if own.result.window.month_first is None:
        yield no_plan_row(own)
        return
    rows = {row.label: row for row in plan_rows(own)}
    for measure in PLANNED:
        done, label = own.plan(PLAN_WITHOUT_TARGET, measure), language.translate(measure.label)
        if label in rows:
            yield rows[label]
        elif done is not None and company.plan(PLAN_TARGET, measure):
            none = language.translate("no target is set for you")
            yield Row(label, (done, none), element="plan", big=1)
    if not any(company.plan(PLAN_TARGET, measure) for measure in PLANNED):
        yield no_plan_row(own)
    if rows:
        yield from days_rows(own)


def _warnings(own: Subject) -> Iterator[Row]:
    label = own.language.translate("Not counted yet")
    for sentence in (*_undated(own), *_outside(own), *_unreadable(own)):
        yield Row(label, sentence, element="warning")


_ADD: Final = forms(
    "Add {count} closing date, and that won deal can count on top of your {won}",
    "Add {count} closing dates, and those won deals can count on top of your {won}",
)
_ADD_WORTH: Final = forms(
    "Add {count} closing date, and that won deal ({money}) can count on top of your {won}",
    "Add {count} closing dates, and those won deals ({money}) can count on top of your {won}",
)


def _undated(own: Subject) -> Iterator[Cells]:
    """What closing dates would add."""
    for measure, amount in WON_ON_NO_DAY:
        undated, won, money = own.find(measure), own.find(DEALS_WON), own.amounts(amount)
        if undated is not None and won is not None and undated.numerator:
            yield own.language.plural_sentence(
                *(_ADD_WORTH if money else _ADD),
                undated.numerator,
                count=undated,
                money=money,
                won=won,
            )


def _outside(own: Subject) -> Iterator[Cells]:
    for measure in _OUTSIDE:
        figure = own.find(measure)
        if figure is not None and figure.numerator:
            yield counted(figure, measure.sentence, own.language)


_CANNOT_BE_READ: Final = forms(
    "{record}: {column} cannot be read in {count} record",
    "{record}: {column} cannot be read in {count} records",
)


def _unreadable(own: Subject) -> Iterator[Cells]:
    language = own.language
    for everyone in own.company_has(UNREADABLE):
        figure = own.find(UNREADABLE, everyone.dimension)
        if figure is not None and figure.numerator:
            entity, _, column = everyone.dimension.partition(".")
            yield language.plural_sentence(
                *_CANNOT_BE_READ,
                figure.numerator,
                record=entity_label(entity, language),
                column=column_label(column, language),
                count=figure,
            )


def _team(own: Subject, person: Person) -> Iterator[Row]:
    beside = compared_with(own, person)
    if beside is not None:
        label, group = beside
        yield score_row("team", label, group, IN_SCORE)


_START: Final = forms("Complete {count} record", "Complete these {count} records")
_START_WITH: Final = forms("Start with {count} record", "Start with these {count} records")
_WORTH: Final = marked("{records}: your completeness goes from {before} to {after}")
_OTHERS: Final = forms("The other {count} record", "The other {count} records")

_HEADINGS: Final = (
    (
        "leads",
        RECORDS_FAILING,
        "lead",
        forms(
            "Complete {count} lead, outside your completeness",
            "Complete these {count} leads, outside your completeness",
        ),
    ),
    (
        "coming up",
        FAILING_COMING_UP,
        "",
        forms(
            "{count} record coming up: complete it before you go",
            "{count} records coming up: complete them before you go",
        ),
    ),
    (
        "with others",
        RECORDS_WITH_OPERATORS,
        "",
        forms(
            "{count} record with sales support: it costs you nothing",
            "{count} records with sales support: they cost you nothing",
        ),
    ),
    (
        "with colleagues",
        RECORDS_WITH_COLLEAGUES,
        "",
        forms(
            "{count} record with a colleague who entered it: it costs you nothing",
            "{count} records with colleagues who entered them: they cost you nothing",
        ),
    ),
    (
        "taken over",
        FAILING_TAKEN_OVER,
        "",
        forms(
            "{count} record taken over: it does not count for you",
            "{count} records taken over: they do not count for you",
        ),
    ),
    (
        "imported",
        FAILING_IMPORTED,
        "",
        forms(
            "{count} record imported: it does not count for you",
            "{count} records imported: they do not count for you",
        ),
    ),
    (
        "of colleagues",
        OF_COLLEAGUES_BESIDE,
        "",
        forms(
            "{count} colleague's record that you entered, beside your completeness",
            "{count} colleagues' records that you entered, beside your completeness",
        ),
    ),
    (
        "outside",
        FAILING_OUTSIDE,
        "",
        forms("{count} record outside these days", "{count} records outside these days"),
    ),
    (
        "leads outside",
        FAILING_OUTSIDE,
        "lead",
        forms("{count} lead outside these days", "{count} leads outside these days"),
    ),
)
"""Part of the fix-list, the measure that counts its records, of which kind, its heading."""


def _to_complete(own: Subject, fix_list: Sequence[FixItem]) -> Iterator[Row]:
    """A heading for each part of the fix-list that has a record."""
    label = own.language.translate("To complete")
    yield from _first(own, fix_list, label)
    for section, measure, dimension, heading in _HEADINGS:
        figure = own.find(measure, dimension)
        if section == "leads outside":
            figure = leads_outside(own.result, own.key)
        if figure is not None and figure.numerator:
            yield Row(label, counted(figure, heading, own.language), element=f"fix {section}")


def _first(own: Subject, fix_list: Sequence[FixItem], label: str) -> Iterator[Row]:
    """What to begin with and what that is worth, then the others."""
    first, language = first_of(own.result, own.key, fix_list), own.language
    if first is None:
        done = language.translate("Nothing to complete in these days. Thank you.")
        yield Row(label, (done,), element="fix now")
        return
    records = counted(first.number, _START_WITH if first.others else _START, language)
    if first.before is not None and first.after is not None:
        worth = {"before": first.before, "after": first.after}
        records = language.sentence(_WORTH, records=records, **worth)
    yield Row(label, records, element="fix now")
    if first.others is not None:
        yield Row(label, counted(first.others, _OTHERS, language), element="fix now later")


def _to_check(language: Language) -> Row:
    what = language.translate("Please check these records; they do not count against you")
    return Row(language.translate("To check"), (what,), element="fix check")


_PLANNED: Final = forms("planned meeting", "planned meetings")
_PAST: Final = forms("past meeting", "past meetings")


def _ahead(own: Subject) -> Iterator[Row]:
    language = own.language
    for measure, label, words in (
        (MEETINGS_PLANNED_7D, marked("Next seven days"), _PLANNED),
        (MEETINGS_OVERDUE, marked("Still to be closed"), _PAST),
    ):
        figure = own.find(measure)
        if figure is not None:
            meetings = language.translate_plural(*words, figure.numerator)
            yield Row(language.translate(label), (figure, meetings), element="ahead", big=1)
    deals = own.find(DEALS_OPEN)
    if deals is not None:
        cells = (deals, *own.amounts(DEALS_OPEN_AMOUNT))
        yield Row(language.translate("Open deals"), cells, element="ahead", big=1)
