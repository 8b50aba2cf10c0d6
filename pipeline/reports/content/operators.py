"""Sales support's report: what it owes on everybody's records, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from pipeline.language.languages import Language
from pipeline.language.marked import forms
from pipeline.measures.completeness import (
    FAILING_COMING_UP,
    FAILING_IMPORTED,
    FAILING_OUTSIDE,
    FAILING_TAKEN_OVER,
    RECORDS_FAILING,
)
from pipeline.model import CHECKED, Debtor, FixItem, Queued, RunResult, Scope
from pipeline.reports.content.audience import agreement_notes
from pipeline.reports.content.earlier import earlier_table, lined
from pipeline.reports.content.elements import (
    Subject,
    completed_rows,
    counted,
    fields_table,
    not_checked_table,
    proof_rows,
    score_rows,
    score_table,
    the_company,
)
from pipeline.reports.content.exceptions import exempt_table
from pipeline.reports.content.fix_list import age_of
from pipeline.reports.content.report import (
    SECTIONS,
    Report,
    Row,
    clean,
    origin_notes,
    period_notes,
    score_notes,
    section_of,
)

MOST_QUEUED: Final = 1_000
"""Records that the report lists; findings.csv has all of them."""

_HEADINGS: Final = (
    (
        "now",
        RECORDS_FAILING,
        "",
        forms(
            "{count} record for you to complete",
            "{count} records for you to complete, oldest first",
        ),
    ),
    ("leads", RECORDS_FAILING, "lead", forms("{count} lead", "{count} leads, oldest first")),
    (
        "coming up",
        FAILING_COMING_UP,
        "",
        forms("{count} record coming up", "{count} records coming up"),
    ),
    (
        "taken over",
        FAILING_TAKEN_OVER,
        "",
        forms("{count} record taken over", "{count} records taken over"),
    ),
    (
        "imported",
        FAILING_IMPORTED,
        "",
        forms("{count} record imported", "{count} records imported"),
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
"""Part of the queue, the measure that counts its records, of which kind, its heading."""


def operators_report(result: RunResult) -> Report | None:
    """The content of sales support's report; None where an audit names no operators."""
    company = the_company(result)
    pool = company.about(Scope.OPERATOR)
    if pool.find(RECORDS_FAILING) is None:
        return None
    queue = queue_of(result, company.language)
    return Report(
        "operators",
        company.language.translate("Sales support"),
        None,
        result,
        company.language,
        headline=tuple(lined(_headline(pool, any(item.check for item in queue)), pool)),
        tables=(
            *earlier_table(pool),
            score_table(pool),
            fields_table(pool),
            *exempt_table(pool),
            not_checked_table(pool),
        ),
        fix_list=tuple(queue[:MOST_QUEUED]),
        contact=result.contact,
        notes=tuple(_notes(pool, len(queue))),
    )


def queue_of(result: RunResult, language: Language) -> list[FixItem]:
    """What sales support is to complete or check, each record once, with its age and whose it
    is: section by section, the oldest first, what has no day last.
    """
    names = {person.id: clean(person.name) for person in result.people}
    nobody = language.translate("no owner")
    items = [
        replace(item, queued=Queued(names.get(item.owner, nobody), age_of(item, result)))
        for item in result.fix_list
        if item.debtor is Debtor.OPERATOR and not item.is_repeat
    ]
    return sorted(items, key=_queue_order)


def _queue_order(item: FixItem) -> tuple[int, date, int, bytes]:
    record = item.record_id.encode("utf-8", "surrogatepass")
    day = item.day or date.max
    return SECTIONS.index(section_of(item)), day, CHECKED.index(item.entity), record


def _headline(pool: Subject, has_checks: bool) -> Iterator[Row]:
    language = pool.language
    yield _readers(pool)
    yield from score_rows(pool)
    yield from completed_rows(pool)
    label = language.translate("To complete")
    if not pool.value(RECORDS_FAILING):
        done = language.translate("Nothing to complete in these days. Thank you.")
        yield Row(label, (done,), element="fix now")
    for section, measure, dimension, heading in _HEADINGS:
        figure = pool.find(measure, dimension)
        if figure is not None and figure.numerator:
            yield Row(label, counted(figure, heading, language), element=f"fix {section}")
    if has_checks:
        what = language.translate("Please check these records")
        yield Row(language.translate("To check"), (what,), element="fix check")
    yield from proof_rows(pool)


def _readers(pool: Subject) -> Row:
    language = pool.language
    readers = language.translate("For sales support, sales management and the analysts")
    return Row(language.translate("Who sees this page"), (readers,), element="readers")


def _notes(pool: Subject, queued: int) -> Iterator[str]:
    language, result = pool.language, pool.result
    yield from period_notes(result, language)
    yield from agreement_notes(result, language)
    yield from score_notes(result.window, language)
    yield from origin_notes(result, language)
    yield language.translate(
        "Sales support is looked at as one: who of it completed what is not known. Age is counted "
        "in whole days since a record was made, or an event began."
    )
    if queued > MOST_QUEUED:
        yield language.translate(
            "Of {all} records the first {listed} are listed; findings.csv holds all of them.",
            all=queued,
            listed=MOST_QUEUED,
        )
