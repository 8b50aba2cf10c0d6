"""What sales management sees of one person: the figures by name, and who is worth discussing.

The same stands on that person's own page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from pipeline.language.languages import Cells, joined
from pipeline.language.marked import forms, marked
from pipeline.measures.completeness import BASE_SCORE, RECORDS_FAILING, SCORE
from pipeline.measures.deals import (
    DEALS_OPEN,
    DEALS_WON,
    DEALS_WON_UNDATED,
    DEALS_WON_UNDATED_AMOUNT,
)
from pipeline.measures.meetings import COMPLETE_MEETINGS, MEETINGS_HELD, MEETINGS_OVERDUE
from pipeline.measures.plan import PLAN_DONE, PLAN_PROGRESS, PLAN_TARGET
from pipeline.measures.registry import PLANNED
from pipeline.model import Figure, Measure, Person, RunResult, Scope
from pipeline.reports.content.elements import Subject, counted, remembered
from pipeline.reports.content.report import Row, Table

_TO_COMPLETE: Final = forms("{count} record to complete", "{count} records to complete")
_STILL_TO_CLOSE: Final = marked("{count} of the company's {all} meetings still to be closed")

_OF_PERSON: Final = (
    marked("Complete"),
    marked("All records"),
    marked("Meetings held"),
    marked("Of which complete"),
    marked("Still to be closed"),
    marked("Open deals"),
    marked("Deals won"),
    marked("Target"),
    marked("Target reached"),
    marked("To complete"),
)
"""What management's table of account managers has of each."""


def columns_of_person(subject: Subject) -> tuple[str, ...]:
    """The headings of that table; what became of findings where it is known."""
    labels = (*_OF_PERSON, *(measure.label for measure in remembered(subject)))
    return tuple(map(subject.language.translate, labels))


def figures_of_person(manager: Subject) -> tuple[Figure | None, ...]:
    """A manager's figures in that table, in its order."""
    return (
        *_figures_of(manager),
        *(manager.find(measure) for measure in remembered(manager)),
    )


def _figures_of(manager: Subject) -> tuple[Figure | None, ...]:
    return (
        manager.find(SCORE),
        manager.find(BASE_SCORE),
        manager.find(MEETINGS_HELD),
        manager.find(COMPLETE_MEETINGS),
        manager.find(MEETINGS_OVERDUE),
        manager.find(DEALS_OPEN),
        manager.find(DEALS_WON),
        manager.plan(PLAN_TARGET, DEALS_WON),
        manager.plan(PLAN_PROGRESS, DEALS_WON),
        manager.find(RECORDS_FAILING),
    )


def seen_table(manager: Subject) -> Table:
    """The same figures on the manager's own page, and the drawing's."""
    language = manager.language
    rows = [
        Row(label, (figure,))
        for label, figure in zip(
            columns_of_person(manager), figures_of_person(manager), strict=True
        )
        if figure is not None
    ]
    planned = drawn_target(manager.about(Scope.COMPANY))
    progress = manager.plan(PLAN_PROGRESS, planned)
    if planned is not DEALS_WON and progress is not None:
        label = language.translate(
            "Target reached: {measure}", measure=language.translate(planned.label)
        )
        rows.append(Row(label, (progress,)))
    title = language.translate("What sales management sees of you by name")
    columns = language.translate("Figure"), language.translate("You")
    note = language.translate(
        "Management's report has these figures of every account manager, and no record of yours."
    )
    return Table("seen", title, columns, tuple(rows), note)


def drawn_target(company: Subject) -> Measure:
    """The measure whose target management's drawing shows."""
    with_target = (measure for measure in PLANNED if company.plan(PLAN_TARGET, measure))
    return next(with_target, DEALS_WON)


# ---------------------------------------------------------------------------- worth discussing


def worth_discussing(company: Subject) -> Mapping[str, Cells]:
    """Up to three managers, each for another reason -> the figures that are the evidence."""
    managers = [company.about(Scope.MANAGER, person.id) for person in by_name(company.result)]
    chosen: dict[str, Cells] = {}
    for reason in _REASONS:
        choice = reason(company, [manager for manager in managers if manager.key not in chosen])
        if choice is not None and len(chosen) < 3:
            manager, evidence = choice
            chosen[manager.key] = evidence
    return chosen


def by_name(result: RunResult) -> list[Person]:
    """The managers, by name."""
    managers = (person for person in result.people if person.scope is Scope.MANAGER)
    return sorted(managers, key=lambda person: (person.name, person.id))


def share(figure: Figure | None) -> Fraction | None:
    """A ratio's exact value; None where nothing was due."""
    return (
        Fraction(figure.numerator, figure.denominator)
        if figure and figure.denominator
        else None
    )


_Choice = tuple[Subject, Cells] | None
_Reason = Callable[[Subject, Sequence[Subject]], _Choice]


def _sells_but_does_not_type(company: Subject, managers: Sequence[Subject]) -> _Choice:
    """The plan is met and the score under the company's: of these the
    one with the lowest score.
    """
    pool = share(company.find(SCORE))
    candidates: list[tuple[Fraction, Subject]] = []
    for manager in managers:
        score, target = share(manager.find(SCORE)), manager.value(PLAN_TARGET, DEALS_WON.name)
        ahead = target and manager.value(PLAN_DONE, DEALS_WON.name) >= target
        if pool is not None and score is not None and ahead and score < pool:
            candidates.append((score, manager))
    if not candidates:
        return None
    best = min(candidates, key=lambda pair: pair[0])[1]
    return best, company.language.sentence(
        "target reached: {done} of {target} won; records {complete} complete, company {all}",
        done=best.plan(PLAN_DONE, DEALS_WON),
        target=best.plan(PLAN_TARGET, DEALS_WON),
        complete=best.find(SCORE),
        all=company.find(SCORE),
    )


def _most(measure: Measure, managers: Sequence[Subject]) -> tuple[Subject, Figure] | None:
    most = max(managers, key=lambda manager: manager.value(measure), default=None)
    figure = most.find(measure) if most else None
    return (most, figure) if most and figure and figure.numerator else None


def _leaves_meetings_open(company: Subject, managers: Sequence[Subject]) -> _Choice:
    most = _most(MEETINGS_OVERDUE, managers)
    if most is None:
        return None
    manager, overdue = most
    language, open_deals = company.language, manager.find(DEALS_OPEN)
    everyones = company.find(MEETINGS_OVERDUE)
    meetings = language.sentence(_STILL_TO_CLOSE, count=overdue, all=everyones)
    deals = counted(open_deals, DEALS_OPEN.sentence, language) if open_deals else ()
    return manager, joined((meetings, deals), "; ")


def _wins_without_a_date(company: Subject, managers: Sequence[Subject]) -> _Choice:
    most = _most(DEALS_WON_UNDATED, managers)
    if most is None:
        return None
    manager, undated = most
    won = counted(undated, DEALS_WON_UNDATED.sentence, company.language)
    return manager, joined((won, manager.amounts(DEALS_WON_UNDATED_AMOUNT)), ", ")


def _has_most_to_repair(company: Subject, managers: Sequence[Subject]) -> _Choice:
    most = _most(RECORDS_FAILING, managers)
    if most is None:
        return None
    manager, failing = most
    records = counted(failing, _TO_COMPLETE, company.language)
    return manager, joined((records, _complete(manager)), "; ")


def _complete(manager: Subject) -> Cells:
    score = manager.find(SCORE)
    return manager.language.sentence("{complete} complete", complete=score) if score else ()


_REASONS: tuple[_Reason, ...] = (
    _sells_but_does_not_type,
    _leaves_meetings_open,
    _wins_without_a_date,
    _has_most_to_repair,
)
