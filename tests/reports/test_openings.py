"""What management sees of a person stands on their page, and every figure there opens its records or its rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest
from lxml import html as lxml_html

from pipeline.measures.registry import MEASURES
from pipeline.model import LanguageCode, Person, Scope
from pipeline.reports.content.explanations import EXPLANATIONS
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report, manager_reports
from pipeline.reports.content.report import Report
from pipeline.reports.html.page import render_page
from tests.factory import PEOPLE, result

MANAGERS = [person for person in PEOPLE if person.scope is Scope.MANAGER]


@pytest.mark.parametrize("person", MANAGERS, ids=lambda person: person.id)
def test_what_management_sees_of_a_person_stands_on_their_page(person: Person) -> None:
    seen = {
        figure.id.partition("#")[0]
        for figure in management_report(result()).figures()
        if figure.scope is Scope.MANAGER and figure.key == person.id
    }
    own = {figure.id.partition("#")[0] for figure in manager_report(result(), person).figures()}
    assert len(seen) > 5
    assert seen <= own


def test_whom_management_names_reads_it_in_the_same_words() -> None:
    named = {row.label: row.cells for row in management_report(result()).element("person")}
    reports = {
        report.title: report.element("discussed") for report in manager_reports(result())
    }
    assert len(named) == 3 < len(reports)
    assert {title: row.cells for title, rows in reports.items() for row in rows} == named


def opened(report: Report) -> Iterator[tuple[str, str, str]]:
    """(figure's id, what its link leads to, the text there) of every figure of a page."""
    page = lxml_html.document_fromstring(render_page(report))
    texts = defaultdict(list)
    for place in page.xpath("//*[@id]"):
        texts[place.get("id")].append(place.text_content())
    for figure in page.xpath("//*[@data-figure]"):
        links = figure.xpath("ancestor::a[@class='opens']/@href")
        assert len(links) == 1, figure.get("data-figure")
        (text,) = texts[links[0].removeprefix("#")]
        yield figure.get("data-figure"), links[0], text.strip()


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("person", MANAGERS, ids=lambda person: person.id)
def test_every_figure_opens_its_records_or_its_rule(
    person: Person, language: LanguageCode
) -> None:
    report = manager_report(result(language), person)
    leads = list(opened(report))
    assert len(leads) == len(list(report.figures())) > 30
    assert all(len(text) > 20 for *_, text in leads)
    targets = {target for _, target, _ in leads}
    assert "#about-score" in targets
    assert any(target.startswith("#fix-") for target in targets)


def test_a_figure_that_names_a_defect_opens_its_list() -> None:
    report = manager_report(result(), MANAGERS[0])
    leads = {name: target for name, target, _ in opened(report)}
    assert leads["records_failing@manager:m1#first"] == "#fix-now"
    assert leads["records_failing@manager:m1#others"] == "#fix-now-later"
    assert leads["records_failing_coming_up@manager:m1"] == "#fix-coming-up"
    assert leads["records_failing/lead@manager:m1"] == "#fix-leads"
    assert leads["meetings_overdue@manager:m1"] == "#fix-check"
    assert leads["field_missing/meeting.subject@manager:m1"] == "#fix-now"
    assert leads["meetings_to_complete/own@manager:m1"] == "#fix-check"
    assert leads["complete_meetings@manager:m1#rest"] == "#fix-check"
    good = {name: target for name, target, _ in opened(manager_report(result(), MANAGERS[1]))}
    assert good["meetings_overdue@manager:m2"] == "#about-meetings_overdue"  # there is none


@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_is_not_held_is_counted_by_kind_and_opens_why(language: LanguageCode) -> None:
    edition = result(language)
    for report in (management_report(edition), manager_report(edition, MANAGERS[0])):
        (table,) = (table for table in report.tables if table.key == "score")
        numbers = {row.label: row.cells[-1].numerator for row in table.rows[:-1]}
        assert list(numbers.values()) == [0, 1, 0, 0, 0]  # of calls their direction
        assert "direction" in table.note or "richting" in table.note
        page = lxml_html.document_fromstring(render_page(report))
        (link,) = page.xpath("//a[data[@data-figure='fields_not_held/call@company']]/@href")
        (reasons,) = page.xpath("//*[@id=$name]", name=link.removeprefix("#"))
        assert ("this CRM does not hold it", "dit CRM heeft dit niet")[
            language == "nl"
        ] in reasons.text_content()


def test_every_measure_is_explained() -> None:
    """`crm-audit explain` prints any of them."""
    assert set(EXPLANATIONS) == set(MEASURES)
    assert all(len(text) > 20 for text in EXPLANATIONS.values())
