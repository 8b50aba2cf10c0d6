"""What is drawn: charts of a workbook, bars in its cells, and the scatter of a page show what they are said to show."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html as lxml_html

from pipeline.language.format import format_figure
from pipeline.language.languages import ENGLISH
from pipeline.measures.figures import make_figures
from pipeline.measures.scopes import FigureInputs
from pipeline.model import Figure, Person, Scope, Unit
from pipeline.reports.content.management import management_report
from pipeline.reports.content.report import Row, Table
from pipeline.reports.html import charts
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences
from tests import factory
from tests.reports.test_workbook import Package, figure, report_of, written

HOSTILE = '"><i id="x" data-figure="y">&amp;'


@pytest.fixture(scope="module")
def management(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(management_report(factory.result()), tmp_path_factory.mktemp("drawn"))


# ------------------------------------------------------------------------------------------------ the workbook


def charts_of(package: Package) -> dict[str, str]:
    return {
        name: part.decode()
        for name, part in package.parts.items()
        if name.startswith("xl/charts/chart")
    }


def test_the_charts_draw_the_columns_that_their_titles_name(management: Package) -> None:
    drawn = {}
    for part in charts_of(management).values():
        title = "".join(re.findall(r"<a:t>([^<]*)</a:t>", part)).replace("&amp;", "&")
        drawn[title] = re.findall(r"<(?:c:)?f>([^<]*)</", part)
    tables = {table.key: table for table in management.report.tables}
    assert tables["teams"].columns[1] == "Complete"
    assert tables["fields"].columns[1] == "Missing"
    count = len([row for row in tables["teams"].rows if not row.total])
    assert drawn["Teams: Complete"] == [
        f"'Teams'!$A$5:$A${4 + count}",
        f"'Teams'!$B$5:$B${4 + count}",
    ]
    [fields] = [
        refs
        for title, refs in drawn.items()
        if title.startswith("Where fields are missing: Missing")
    ]
    assert [re.sub(r"\d+$", "N", ref) for ref in fields] == [
        "'Where fields are missing'!$A$5:$A$N", "'Where fields are missing'!$B$5:$B$N",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "by"),
    [
        (r"!\$B\$5:\$B\$", "!$C$5:$C$"),  # the neighbouring column
        (r"!\$A\$5:\$A\$", "!$B$5:$B$"),  # labels that are none
        (r"\$5:", "$6:"),  # a row later
        (r"(\$[AB]\$)(\d+)<", r"\g<1>7<"),  # another number of rows
        ("'Teams'|'Where fields are missing'", "'Account managers'"),
        (r": Complete|: Missing", ": Deals won"),
        (r"</a:t>", " (first 2)</a:t>"),
    ],
)
def test_a_chart_of_anything_else_is_caught(management: Package, pattern: str, by: str) -> None:
    for name, part in charts_of(management).items():
        altered, times = re.subn(pattern, by, part)
        assert times
        assert [what for what, *_ in management.found(name, altered.encode())] == ["chart"], (
            altered
        )


@pytest.mark.parametrize(
    "letter", ["A", "E", "Z", "AA"]
)  # labels, counts, and columns that are not there
def test_bars_in_cells_that_are_no_percentages_are_caught(
    management: Package, letter: str
) -> None:
    part = management.sheet("Teams")
    pattern = rb'(conditionalFormatting sqref=")[A-Z](\d+:)[A-Z]'
    to = rb"\g<1>" + letter.encode() + rb"\g<2>" + letter.encode()
    altered, times = re.subn(pattern, to, management.parts[part])
    assert times == 1
    assert [what for what, *_ in management.found(part, altered)] == ["bars in cells"]


def test_a_chart_is_not_drawn_over_a_cell_without_a_number(tmp_path: Path) -> None:
    """What has no value would be drawn as zero: bars end before it."""
    values = [(1, 2), (1, 3), (0, 0), (1, 4)]
    rows = tuple(
        Row(f"t{n}", (figure(Unit.PERCENT, *value),)) for n, value in enumerate(values)
    )
    table = Table("teams", "Teams", ("Team", "Complete"), rows)
    report = report_of(tables=(table,))
    package = Package(report, tmp_path)
    [part] = charts_of(package).values()
    assert re.findall(r"<(?:c:)?f>([^<]*)</", part) == [
        "'Teams'!$A$5:$A$6",
        "'Teams'!$B$5:$B$6",
    ]
    assert "Teams: Complete (first 2)" in part
    [name] = charts_of(package)
    assert package.found(name, part.replace("$6<", "$8<").replace(" (first 2)", "").encode())
    assert written(report, tmp_path)


# ------------------------------------------------------------------------------------------------ the page


def spots(table: Table) -> dict[str, tuple[float, float]]:
    tree = lxml_html.fromstring(str(charts.scatter(table, ENGLISH)))
    return {
        str(point.xpath("string(*[local-name()='title'])")): (
            float(point.get("cx")),
            float(point.get("cy")),
        )
        for point in tree.iter("circle")
    }


def point(name: str, score: tuple[int, int], plan: tuple[int, int]) -> Row:
    return Row(name, (figure(Unit.PERCENT, *score), figure(Unit.PERCENT, *plan)))


def test_the_scatter_draws_the_plan_to_the_right_and_completeness_upwards() -> None:
    drawn = (
        point("low", (1, 10), (9, 10)),
        point("high", (9, 10), (1, 10)),
        point("met", (1, 2), (1, 1)),
    )
    table = Table(
        "scatter",
        "Drawn",
        ("Manager", "Complete", "Plan done"),
        drawn[:1],
        "",
        "scatter",
        drawn,
    )
    found = spots(table)
    assert found["low"][0] - found["high"][0] == pytest.approx(
        (0.9 - 0.1) * (760 - 40 - 30) / 1.2, abs=0.11
    )
    assert found["low"][1] > found["met"][1] > found["high"][1]  # on paper, up is less
    svg = str(charts.scatter(table, ENGLISH))
    [line] = re.findall(r'class="plan" x1="([\d.]+)"', svg)
    assert float(line) == pytest.approx(found["met"][0], abs=0.11)


@pytest.mark.parametrize(
    ("part", "whole", "width"),
    [
        (1, 4, "25.00"),
        (4, 4, "100.00"),
        (5, 4, "100.00"),
        (0, 4, "0.00"),
        (1, 0, "0.00"),
        (-1, 4, "0.00"),
    ],
)
def test_a_bar_is_as_long_as_its_part(part: int, whole: int, width: str) -> None:
    assert re.findall(r'class="part" width="([\d.]+)"', str(charts.bar(part, whole))) == [width]


def test_what_the_scatter_names_is_text_and_never_markup() -> None:
    """An id of the CRM's may hold anything; it stands in the mark of a figure and in no element of its own."""
    people = tuple(
        replace(person, id=HOSTILE, name=HOSTILE) if person.id == "m4" else person
        for person in factory.PEOPLE
    )
    report = management_report(renamed(people))
    [table] = [table for table in report.tables if table.key == "scatter"]
    assert HOSTILE in {row.label for row in table.rows}
    page = render_page(report)
    assert page_differences(report, page) == []
    tree = lxml_html.document_fromstring(
        page.encode(), parser=lxml_html.HTMLParser(encoding="utf-8")
    )
    assert not tree.xpath("//i | //*[@id='x'] | //*[@data-figure='y']")
    [svg] = tree.xpath("//*[local-name()='svg'][@class='scatter']")
    marks = svg.xpath(".//@data-figure")
    assert f"score@manager:{HOSTILE}" in marks
    wanted = [
        format_figure(cell, ENGLISH)
        for row in table.rows
        for cell in row.cells
        if isinstance(cell, Figure)
    ]
    assert [mark.text for mark in svg.xpath(".//*[@data-figure]")] == wanted


def renamed(people: tuple[Person, ...]):  # type: ignore[no-untyped-def]
    """The edition in which m4 has another id."""
    answers = factory.answers()
    tallies = tuple(
        replace(one, owner=HOSTILE) if one.owner == "m4" else one for one in answers.tallies
    )
    failing = tuple(
        one._replace(owner=HOSTILE) if one.owner == "m4" else one for one in answers.failing
    )
    targets = tuple(
        replace(one, manager=HOSTILE) if one.manager == "m4" else one for one in factory.TARGETS
    )
    inputs = FigureInputs(
        people, factory.field_sets(), targets, factory.ACCOUNTS, factory.window()
    )
    figures = make_figures(replace(answers, tallies=tallies, failing=failing), inputs)
    assert [
        one for one in figures.values() if one.scope is Scope.MANAGER and one.key == HOSTILE
    ]
    return replace(factory.result(), people=people, figures=figures)
