"""What was, beside what is: on pages and in workbooks, and only where it can be compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lxml import html
from python_calamine import CalamineWorkbook

from pipeline.model import RunResult, Scope
from pipeline.model.history import History
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.excel.workbook import write_workbook
from pipeline.reports.html.page import render_page
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
    assert not [name for name in bo if name.endswith("#was")]  # not there a week ago


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


def test_a_workbook_says_it_too_and_names_its_basis(tmp_path: Path) -> None:
    report = management_report(result())
    write_workbook(report, tmp_path / "report.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "report.xlsx"))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    texts = {str(cell) for rows in sheets for row in rows for cell in row}
    assert "an earlier report" in texts
    assert any("was 88.1%" in text for text in texts)
