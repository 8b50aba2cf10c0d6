"""What was, beside what is: on pages and in workbooks, and only where it can be compared."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from lxml import html
from python_calamine import CalamineWorkbook

from pipeline.language.format import format_figure
from pipeline.language.languages import ENGLISH
from pipeline.model import RunResult, Scope
from pipeline.model.figures import Numbers
from pipeline.model.history import History
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.excel.workbook import write_workbook
from pipeline.reports.html.charts import line
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences
from tests.factory import BEFORE, PEOPLE, result


def figures_on(page: str) -> dict[str, str]:
    tree = html.fromstring(page)
    return {
        one.get("data-figure"): one.text_content() for one in tree.xpath("//*[@data-figure]")
    }


def management_page(run: RunResult) -> str:
    return render_page(management_report(run))


def test_what_was_stands_beside_what_is() -> None:
    page = management_page(result())
    found = figures_on(page)
    assert found["score@company#was"] == "88.1%"
    assert found["base@company#was"] == "66.7%"
    assert found["complete_meetings@company#was"] == "87.5%"
    assert "first report" not in page
    anna = figures_on(render_page(manager_report(result(), PEOPLE[0])))
    assert anna["score@manager:m1#was"] == "50.0%"
    assert "base@manager:m1#was" not in anna  # nothing was due: no figure, and not 0 %
    bo = figures_on(render_page(manager_report(result(), PEOPLE[1])))
    assert not [name for name in bo if name.endswith("@manager:m2#was")]  # not there a week ago


@pytest.mark.parametrize(
    ("days", "flows"),
    [
        ((date(2026, 11, 1), date(2026, 12, 1)), True),
        ((date(2026, 10, 1), date(2026, 11, 1)), False),
    ],
)
def test_a_flow_was_only_over_the_same_days(days: tuple[date, date], flows: bool) -> None:
    before = replace(BEFORE, first=days[0], after_last=days[1])
    found = figures_on(management_page(replace(result(), history=History(before))))
    assert "score@company#was" in found
    assert ("complete_meetings@company#was" in found) == flows


def test_a_plan_says_what_was_done_at_the_report_before_of_the_same_period() -> None:
    now = result().figures["plan_done/deals_won@company"]
    figures = {"company": {"plan_done/deals_won": (now.numerator - 1, None)}}
    same = replace(result(), history=History(replace(BEFORE, figures=figures)))
    page = management_page(same)
    assert figures_on(page)["plan_done/deals_won@company#was"] == str(now.numerator - 1)
    [row] = [row for row in management_report(same).element("plan") if row.label == "Deals won"]
    said = "".join(
        cell if isinstance(cell, str) else "#" for cell in row.cells if cell is not None
    )
    assert said.startswith("# of #was #; ")
    other = replace(
        BEFORE, figures=figures, first=date(2026, 10, 1), after_last=date(2026, 11, 1)
    )
    assert "plan_done/deals_won@company#was" not in figures_on(
        management_page(replace(result(), history=History(other)))
    )


def test_the_first_report_says_so_once() -> None:
    page = management_page(replace(result(), history=History(None)))
    assert page.count("first report") == 1
    assert "#was" not in page
    unknown = management_page(replace(result(), history=None))
    assert "first report" not in unknown


def test_a_pool_of_small_teams_is_not_compared() -> None:
    """Other teams may be in it: the difference could tell of one."""
    company = next(f for f in result().figures.values() if f.id == "score@company")
    pool = replace(company, id="score@group:others", scope=Scope.GROUP, key="others")
    figures = {**BEFORE.figures, "group:others": {"score": (1, 2)}}
    before = replace(BEFORE, figures=figures)
    assert before.was(pool, before.first, before.after_last) is None


def test_what_was_completed_and_is_open_again_stands_on_the_page() -> None:
    page = render_page(manager_report(result(), PEOPLE[0]))
    found = figures_on(page)
    assert found["findings_completed@manager:m1"] == "7"
    assert found["findings_open_again@manager:m1"] == "2"
    assert page.count("(open again)") == 2  # the records that the figure counts
    tree = html.fromstring(page)
    assert {
        one.getparent().get("href")
        for one in tree.xpath("//*[@data-figure='findings_open_again@manager:m1']")
    } == {"#fix-now"}
    bo = figures_on(render_page(manager_report(result(), PEOPLE[1])))
    assert bo["findings_completed@manager:m2"] == "2"
    everybody = figures_on(management_page(result()))
    assert everybody["findings_completed@company"] == "11"  # with the one of nobody known
    assert everybody["findings_completed@unassigned"] == "1"
    assert everybody["findings_completed@inactive"] == "1"


def test_without_a_run_that_knows_it_nothing_is_said_of_it() -> None:
    figures = result().figures.only(lambda heading: not heading.metric.startswith("findings_"))
    run = replace(result(), figures=figures, history=History(BEFORE))
    for page in (management_page(run), render_page(manager_report(run, PEOPLE[0]))):
        assert "findings_" not in page
        assert "Completed" not in page


def changed(run: RunResult) -> list[str]:
    """The sentences about what changed."""
    rows = management_report(run).element("changed")
    language = management_report(run).language
    return [
        "".join(
            cell if isinstance(cell, str) else format_figure(cell, language)
            for cell in row.cells
            if cell is not None
        )
        for row in rows
    ]


def with_before(**others: dict[str, Numbers]) -> RunResult:
    """The run, after one in which the company and teams had these figures."""
    figures = {name.replace("_", ":"): numbers for name, numbers in others.items()}
    return replace(result(), history=History(replace(BEFORE, figures=figures), None, "1f"))


def test_three_sentences_say_what_changed() -> None:
    told = changed(result())
    assert [sentence.split(" ")[0] for sentence in told] == ["Completeness", "Of", "Of"]
    assert told[0].startswith("Completeness was 88.1% and is ")
    assert told[1].startswith("Of the teams South & Sons moved most: it was 10.0% and is ")
    assert told[2].startswith("Of the held meetings 87.5% were complete, and ")
    assert (
        '<h2 id="changed" data-words="changed">Since the previous report</h2>'
        in management_page(result())
    )


def test_what_moved_or_cannot_be_compared_leaves_its_place_to_the_next() -> None:
    score = result().figures["score@company"]
    stayed = {"score": (score.numerator * 2, (score.denominator or 0) * 2)}
    assert changed(with_before(company=stayed | {"records_failing": (40, None)})) == [
        f"Completeness is {format_figure(score, ENGLISH)}, as it was.",
        f"Records to complete were 40 and are {result().figures['records_failing@company'].numerator}.",
    ]
    # one team alone is not the one that moved most
    assert len(changed(with_before(company={"score": (1, 2)}, team_t1={"score": (1, 2)}))) == 1
    assert changed(replace(result(), history=History(None))) == []


def test_a_team_that_fell_may_have_moved_most() -> None:
    """North fell by five points, South rose by less than one."""
    was = with_before(
        company={"score": (1, 2)}, team_t1={"score": (1, 1)}, team_t2={"score": (19, 20)}
    )
    assert changed(was)[1].startswith("Of the teams North moved most: it was 100.0% and is ")


def test_other_rules_are_said_first() -> None:
    history = result().history
    assert history is not None
    told = changed(replace(result(), history=replace(history, rules="2a")))
    assert told[0].startswith("The rules for minimum data have changed since then")
    assert len(told) == 3


def test_with_audience_own_no_team_is_named() -> None:
    told = changed(replace(result(), audience="own"))
    assert not [sentence for sentence in told if "moved most" in sentence]
    assert len(told) == 3


def test_a_line_leads_up_to_what_is() -> None:
    rows = {
        (row.element, row.label): row
        for row in management_report(result()).headline
        if row.line
    }
    score = rows["score", "Completeness"]
    assert score.line[:4] == (Fraction(80, 100), *(Fraction(n, 100) for n in (81, 82, 83)))
    now = result().figures["score@company"]
    assert score.line[4] == Fraction(now.numerator, now.denominator or 1)
    assert score.marks == (1,)  # from the second report on by other rules
    own = manager_report(result(), PEOPLE[0])
    [plan] = [row for row in own.element("plan") if row.line]
    assert (plan.label, plan.line[:4]) == ("Deals won", (*(Fraction(n, 5) for n in range(4)),))
    assert not [row for row in manager_report(result(), PEOPLE[1]).headline if row.line]
    stood = {"score": (now.numerator, now.denominator)}
    history = History(None, earlier=(replace(BEFORE, figures={"company": stood}),))
    report = management_report(replace(result(), history=history))
    assert not [row for row in report.headline if row.line]


def test_what_the_line_draws_stands_in_a_table() -> None:
    [table] = [table for table in management_report(result()).tables if table.key == "earlier"]
    assert table.columns == (
        "Report as of",
        "Completeness",
        "Complete meetings",
        "Minimum data",
    )
    assert table.rows[0].label == "Mon 9 Nov 2026 07:00 CET"
    shown = [
        [cell if isinstance(cell, str | None) else cell.id for cell in row.cells]
        for row in table.rows
    ]
    assert shown[0] == ["score@company#ago1", "complete_meetings@company#ago1", None]
    assert shown[2] == [
        "score@company#ago3", "complete_meetings@company#ago3", "rules changed",
    ]  # fmt: skip
    page = management_page(result())
    assert figures_on(page)["score@company#ago4"] == "80.0%"
    assert page_differences(management_report(result()), page) == []
    altered = page.replace(">80.0%<", ">81.0%<")
    assert page_differences(management_report(result()), altered) != []


def test_a_report_that_told_nothing_is_a_gap_in_the_line() -> None:
    drawn = line((Fraction(1, 2), None, Fraction(1, 4), Fraction(1)), marks=(3,))
    assert re.findall(r'points="([^"]*)"', drawn) == ["66.7,24.0 100.0,4.0"]
    assert re.findall(r'<line x1="([^"]*)"', drawn) == ["83.3"]
    level = line((Fraction(1, 2), Fraction(1, 2)), marks=())
    assert re.findall(r'points="([^"]*)"', level) == ["0.0,14.0 100.0,14.0"]


def test_a_workbook_says_it_too_and_names_its_basis(tmp_path: Path) -> None:
    report = management_report(result())
    write_workbook(report, tmp_path / "report.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "report.xlsx"))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    texts = {str(cell) for rows in sheets for row in rows for cell in row}
    assert "an earlier report" in texts
    assert any("was 88.1%" in text for text in texts)
