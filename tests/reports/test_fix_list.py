"""The fix-list: best first by what a record adds to its owner's score, and true about what that comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from pipeline.language.languages import ENGLISH
from pipeline.measures.completeness import SCORE
from pipeline.measures.figures import make_figures
from pipeline.measures.scopes import FigureInputs
from pipeline.model import (
    Demand,
    FailingRecord,
    FieldSet,
    Figures,
    FixItem,
    LocalText,
    Rule,
    RunResult,
    Scope,
    Span,
    Verdict,
)
from pipeline.reports.content.fix_list import FIRST, age_of, fix_lists, groups_of, points_of
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import gain_text, miscounted, parts_of, section_of
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences
from tests.factory import ACCOUNTS, PEOPLE, TARGETS, answers, field_sets, result, window
from tests.measures.test_sentences import text_of

SHARE = {"deal": 30, "meeting": 30, "contact": 20, "client": 10, "call": 10}


def now(owner: str) -> list[FixItem]:
    return [
        item
        for item in fix_lists(result())[owner]
        if item.entity != "lead" and item.span == "score" and not item.check
    ]


def gain(item: FixItem) -> Fraction:
    """What completing a record adds, by hand: share x points / points due of its kind."""
    due = result().figures[f"points_due/{item.entity}@manager:{item.owner}"].numerator
    return Fraction(SHARE[item.entity] * len(item.missing), due) if due >= 10 else Fraction(0)


def test_the_best_come_first() -> None:
    for owner in ("m1", "m3", "m4"):
        items = now(owner)
        assert [gain(item) for item in items] == sorted(map(gain, items), reverse=True)
    kinds = [item.entity for item in now("m1")]
    assert kinds[:2] == ["client", "deal"]  # 10 for 12 points, 30 for 40
    assert len({gain(item) for item in now("m1")}) > 3


def test_a_page_opens_with_fifteen_and_folds_the_others() -> None:
    items = now("m1")
    assert len(items) > FIRST == 15
    assert [section_of(item) for item in items] == ["now"] * 15 + ["now later"] * (
        len(items) - 15
    )
    report = manager_report(result(), PEOPLE[0])
    [first], [others] = report.element("fix now"), report.element("fix now later")
    assert text_of(first).startswith(
        "Start with these 15 records: your completeness goes from "
    )
    assert text_of(others) == f"The other {len(items) - 15} records"
    few = manager_report(result(), PEOPLE[2])
    assert text_of(few.element("fix now")[0]).startswith("Complete these 10 records: ")
    assert few.element("fix now later") == ()


def completed(owner: str) -> RunResult:
    """The run once the records that the owner's page opens with are complete, computed anew."""
    mended = {item.record_id for item in now(owner)[:FIRST]}
    given = answers()
    left = tuple(record for record in given.failing if record.record_id not in mended)
    figures = make_figures(
        replace(given, failing=left),
        FigureInputs(PEOPLE, field_sets(), TARGETS, ACCOUNTS, window()),
    )
    return replace(result(), figures=figures)


def test_the_second_percentage_is_what_a_run_would_say() -> None:
    for person in (PEOPLE[0], PEOPLE[2], PEOPLE[3]):
        [row] = manager_report(result(), person).element("fix now")
        after = row.cells[-1]
        expected = completed(person.id).find(SCORE, Scope.MANAGER, person.id)
        assert expected is not None
        assert (after.numerator, after.denominator) == (
            expected.numerator,
            expected.denominator,
        )
        assert expected != result().find(SCORE, Scope.MANAGER, person.id)


def test_what_each_record_adds_comes_to_what_all_of_them_do() -> None:
    for person in (PEOPLE[0], PEOPLE[2], PEOPLE[3]):
        first = [item.gain for item in now(person.id)[:FIRST]]
        [row] = manager_report(result(), person).element("fix now")
        before, after = (Fraction(f.numerator, f.denominator) for f in row.cells[-3::2])
        assert None not in first
        assert sum(filter(None, first)) == after - before > 0


def test_what_a_record_adds_is_never_shown_as_nothing() -> None:
    item = now("m1")[0]
    for gain, shown in (
        (None, ""),
        (Fraction(0), ""),
        (Fraction(1, 10**6), "+0.01"),
        (Fraction(125, 100_000), "+0.13"),
        (Fraction(1, 3), "+33.33"),
    ):
        assert gain_text(replace(item, gain=gain), ENGLISH) == shown


def test_without_a_percentage_nothing_is_promised() -> None:
    figures = dict(result().figures)
    figures["score@manager:m1"] = replace(
        figures["score@manager:m1"], numerator=0, denominator=0
    )
    report = manager_report(replace(result(), figures=Figures(figures.values())), PEOPLE[0])
    assert text_of(report.element("fix now")[0]) == "Start with these 15 records"
    assert {item.gain for item in report.fix_list} == {None}


def with_an_imported_lead() -> RunResult:
    """Bo Lindqvist has one lead to complete, and it was imported."""
    made = answers()
    lead = FailingRecord("lead", "imported", "m2", 1, Span.IMPORTED)
    figures = make_figures(
        replace(made, failing=(*made.failing, lead)),
        FigureInputs(PEOPLE, field_sets(), TARGETS, ACCOUNTS, window()),
    )
    item = next(item for item in result().fix_list if item.entity == "lead")
    listed = replace(item, owner="m2", record_id="imported", span=Span.IMPORTED)
    return replace(
        result(),
        figures=figures,
        fix_list=(*result().fix_list, listed),
    )


def test_leads_have_one_section_for_all_outside_these_days() -> None:
    report = manager_report(with_an_imported_lead(), PEOPLE[1])
    [heading] = report.element("fix leads outside")
    assert text_of(heading) == "1 lead outside these days"
    assert page_differences(report, render_page(report)) == []
    assert list(miscounted(report)) == []


def test_a_part_that_is_not_as_long_as_its_heading_says_is_noticed() -> None:
    report = manager_report(result(), PEOPLE[0])
    assert list(miscounted(report)) == []
    for name, items in parts_of(report):
        shorter = tuple(item for item in report.fix_list if item is not items[0])
        found = [part for _, part, *_ in miscounted(replace(report, fix_list=shorter))]
        assert found == ([] if name == "check" else [name])


def test_a_group_names_a_field_once_whatever_is_wrong_with_it() -> None:
    """One record lacks the details, another's are not valid, a third fails a demand of the same
    label: one reason, one field.
    """
    why = LocalText("so that we can call", "om te kunnen bellen")
    label = LocalText("phone or e-mail", "telefoon of e-mail")
    details = Demand("details", label, ("phone",), why=why)
    fields = FieldSet("contact", (details, replace(details, name="reachable")))
    item = next(item for item in now("m1") if item.entity == "contact")
    items = [
        replace(item, rules=(Rule("contact", name, verdict),), missing=(what,), why=(why,))
        for name, verdict, what in (
            ("details", Verdict.MISSING, label),
            ("details", Verdict.INVALID, LocalText("phone or e-mail: not valid", "…")),
            ("reachable", Verdict.MISSING, label),
        )
    ]
    (group,) = groups_of(items, {"contact": fields})
    assert group.reasons == ((label, why),)


def test_points_are_the_weights_of_what_costs() -> None:
    item = now("m1")[0]
    fields = field_sets()[item.entity]
    heavy = replace(
        fields, demands=tuple(replace(demand, weight=3) for demand in fields.demands)
    )
    assert points_of(item.rules, heavy) == 3 * points_of(item.rules, fields) > 0


def test_a_kind_with_too_few_points_for_a_percentage_adds_nothing() -> None:
    kind = now("m1")[0].entity
    figures = dict(result().figures)
    due = f"points_due/{kind}@manager:m1"
    figures[due] = replace(figures[due], numerator=9)
    few = replace(result(), figures=Figures(figures.values()))
    listed = [item for item in fix_lists(few)["m1"] if section_of(item) in ("now", "now later")]
    assert {bool(item.gain) for item in listed if item.entity == kind} == {False}
    assert listed[0].entity != kind  # what adds something comes first
    assert listed[0].gain


@pytest.mark.parametrize(
    ("days_ago", "age"), [(30, 30), (1, 1), (0, 0), (-1, None), (None, None)]
)
def test_a_record_is_as_old_as_the_days_since_its_own(
    days_ago: int | None, age: int | None
) -> None:
    day = None if days_ago is None else window().today - timedelta(days=days_ago)
    assert age_of(replace(result().fix_list[0], day=day), result()) == age
