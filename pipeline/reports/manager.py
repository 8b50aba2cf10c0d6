"""A manager's own report: the counters, the score, and what to
repair; nobody else's figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from pipeline.measures.calls import CALLS_HELD_IN_FUTURE, CALLS_UNKNOWN
from pipeline.measures.completeness import BASE_FAILING, RECORDS_FAILING, SCORE, UNREADABLE
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
from pipeline.model import CHECKED, FixItem, Person, RunResult, Scope, read_as
from pipeline.reports.elements import (
    Subject,
    counted,
    custom_table,
    days_rows,
    fields_table,
    no_plan_row,
    not_checked_table,
    plan_rows,
    proof_rows,
    score_row,
    score_rows,
    the_company,
)
from pipeline.reports.report import SECTIONS, Report, Row, label_text, period_notes, section_of

_OUTSIDE: Final = (
    DEALS_WON_IN_FUTURE,
    MEETINGS_HELD_IN_FUTURE,
    CALLS_HELD_IN_FUTURE,
    DEALS_UNKNOWN,
    MEETINGS_UNKNOWN,
    CALLS_UNKNOWN,
)
"""A manager's own records that are in none of the counters."""


def manager_reports(result: RunResult) -> Iterator[Report]:
    """The report of every manager, one at a time, in the order of the edition's people."""
    company, lists = the_company(result), fix_lists(result)
    for person in result.people:
        if person.scope is Scope.MANAGER:
            yield _report(
                company.about(Scope.MANAGER, person.id), person, lists.get(person.id, ())
            )


def manager_report(result: RunResult, person: Person) -> Report:
    """The content of one manager's report."""
    own = the_company(result).about(Scope.MANAGER, person.id)
    return _report(own, person, fix_lists(result).get(person.id, ()))


def _report(own: Subject, person: Person, fix_list: tuple[FixItem, ...]) -> Report:
    """In the order of the first screen."""
    return Report(
        "manager",
        person.name,
        person,
        own.result,
        headline=tuple(_headline(own, person)),
        tables=(*custom_table(own), fields_table(own), not_checked_table(own.result)),
        fix_list=fix_list,
        notes=(
            *period_notes(own.result.window),
            "The score looks at your records of the period. The base looks at all your live records; "
            "what you inherited is in it, and nobody charges you for that.",
        ),
    )


def fix_lists(result: RunResult) -> dict[str, tuple[FixItem, ...]]:
    """Owner -> every record that misses something: by section, entity, the
    most missing first, name.
    """
    owned: dict[str, list[FixItem]] = defaultdict(list)
    for item in result.fix_list:
        owned[item.owner].append(item)
    return {owner: tuple(sorted(fix_list, key=_fix_order)) for owner, fix_list in owned.items()}


def _fix_order(item: FixItem) -> tuple[int, int, int, str, str]:
    section, entity = SECTIONS.index(section_of(item)), CHECKED.index(item.entity)
    return section, entity, -len(item.missing), label_text(item), item.record_id


def _headline(own: Subject, person: Person) -> Iterator[Row]:
    yield Row(
        "Who sees this page",
        ("Seen by you, management and the analysts; by no colleague",),
        element="readers",
    )
    yield from _plan(own)
    yield from _warnings(own)
    yield from score_rows(own)
    yield from _team(own, person)
    yield from _to_repair(own)
    yield from _ahead(own)
    yield from proof_rows(own)


def _plan(own: Subject) -> Iterator[Row]:
    company = own.about(Scope.COMPANY)
    if own.result.window.month_first is None:
        yield no_plan_row(own.result.window)
        return
    rows = {row.label: row for row in plan_rows(own)}
    for measure in PLANNED:
        done = own.plan(PLAN_WITHOUT_TARGET, measure)
        if measure.label in rows:
            yield rows[measure.label]
        elif done is not None and company.plan(PLAN_TARGET, measure):
            yield Row(measure.label, (done, "no target is set for you"), element="plan", big=1)
    if not any(company.plan(PLAN_TARGET, measure) for measure in PLANNED):
        yield no_plan_row(own.result.window)
    if rows:
        yield from days_rows(own)


def _warnings(own: Subject) -> Iterator[Row]:
    for measure, amount in WON_ON_NO_DAY:
        undated, won = own.find(measure), own.find(DEALS_WON)
        if undated is not None and won is not None and undated.numerator:
            verb = ", is not in your " if undated.numerator == 1 else ", are not in your "
            said = (*counted(undated, *measure.sentence), *own.amounts(amount))
            yield Row("Not counted", (*said, verb, won, "."), element="warning")
    for measure in _OUTSIDE:
        figure = own.find(measure)
        if figure is not None and figure.numerator:
            yield Row(
                "Not counted", (*counted(figure, *measure.sentence), "."), element="warning"
            )
    for everyone in own.company_has(UNREADABLE):
        figure = own.find(UNREADABLE, everyone.dimension)
        if figure is not None and figure.numerator:
            record, _, column = everyone.dimension.partition(".")
            said = counted(
                figure,
                f"{record}: its {read_as(column)}",
                f"{record}s: their {read_as(column)}",
            )
            yield Row("Not counted", (*said, " cannot be read."), element="warning")


def _team(own: Subject, person: Person) -> Iterator[Row]:
    group, label = (
        (own.about(Scope.TEAM, person.team_id), "Your team")
        if person.team_id
        else (own.about(Scope.COMPANY), "The company")
    )
    yield score_row("team", label, own, group.find(SCORE))


def _to_repair(own: Subject) -> Iterator[Row]:
    """A heading for each part of the fix-list that has a record."""
    lead = ("lead, in no score of yours", "leads, in no score of yours")
    for section, measure, dimension, before, one, many in (
        ("now", RECORDS_FAILING, "", "Repair these ", "record", "records"),
        ("leads", RECORDS_FAILING, "lead", "Repair these ", *lead),
        (
            "outside",
            BASE_FAILING,
            "",
            "",
            "record outside this period",
            "records outside this period",
        ),
        (
            "leads outside",
            BASE_FAILING,
            "lead",
            "",
            "lead outside this period",
            "leads outside this period",
        ),
    ):
        figure = own.find(measure, dimension)
        if figure is not None and figure.numerator:
            words = (
                before if figure.numerator > 1 else before.replace("these ", ""),
                *counted(figure, one, many),
            )
            yield Row(
                "To repair", tuple(word for word in words if word), element=f"fix {section}"
            )
        elif section == "now":
            yield Row(
                "To repair",
                ("Nothing to repair in this period. Thank you.",),
                element="fix now",
            )


def _ahead(own: Subject) -> Iterator[Row]:
    for measure, label, words in (
        (MEETINGS_PLANNED_7D, "Next seven days", MEETINGS_PLANNED_7D.sentence),
        (DEALS_OPEN, "Open", ("deal", "deals")),
        (MEETINGS_OVERDUE, "Overdue", MEETINGS_OVERDUE.sentence),
    ):
        figure = own.find(measure)
        if figure is not None:
            amounts = own.amounts(DEALS_OPEN_AMOUNT) if measure is DEALS_OPEN else ()
            yield Row(label, (*counted(figure, *words), *amounts), element="ahead", big=1)
