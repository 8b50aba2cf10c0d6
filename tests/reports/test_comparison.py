"""A comparison's page, workbook and screen say the same, and add up as they are shown."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from openpyxl import load_workbook

from pipeline.flows.compare import compare
from pipeline.language.changes import format_change, shown_difference, shown_parts
from pipeline.language.languages import ENGLISH, language_of
from pipeline.model import Figure, Scope, Unit
from pipeline.model.comparison import Cause, Change, Comparison, Step, value_of
from pipeline.progress import Silence
from pipeline.reports.content.comparison import ComparisonReport, comparison_report
from pipeline.reports.excel.comparison_book import write_comparison
from pipeline.reports.html.comparison_page import render_comparison
from tests.histories import Crm, lived
from tests.paths import ROOT
from tests.program import crm_audit

HOSTILE = "=HYPERLINK(1)<script>alert(1)</script>"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    crm = Crm.made(tmp_path_factory.mktemp("crm"))
    crm.does(f"UPDATE users SET first_name = '{HOSTILE}', last_name = '' WHERE id = 'u09'")
    first = crm.run("first")
    as_of = lived(crm, random.Random(11))
    return first, crm.run("second", as_of)


@pytest.fixture(scope="module")
def comparison(runs: tuple[Path, Path]) -> Comparison:
    return compare(*runs, Silence())


@pytest.fixture(params=["en", "nl"])
def report(request: pytest.FixtureRequest, comparison: Comparison) -> ComparisonReport:
    return comparison_report(comparison, language_of(request.param))


# -------------------------------------------------------------------------------------- rounding


def changed(unit: Unit, was: tuple[int, int], parts: list[Fraction]) -> Change:
    """A figure that changed by these parts."""
    start = Fraction(*was)
    after = start + sum(parts, Fraction())
    about = ("score@company", Scope.COMPANY, "", "score", "", "period")
    figures = [
        Figure(*about, v.numerator, v.denominator, unit, "EUR", "database")
        for v in (start, after)
    ]
    steps = (Step((cause,), part) for cause, part in zip(Cause, parts, strict=False))
    return Change(*figures, tuple(steps))


small = st.fractions(min_value=Fraction(-1, 20), max_value=Fraction(1, 20), max_denominator=997)


@given(st.lists(small, min_size=1, max_size=11), st.sampled_from([Unit.PERCENT, Unit.PER_DAY]))
def test_parts_add_up_as_they_are_shown(parts: list[Fraction], unit: Unit) -> None:
    change = changed(unit, (3, 5), parts)
    shown = shown_parts(change)
    assert sum(shown) == shown_difference(change)
    scale = 100 if unit is Unit.PERCENT else 1
    for part, exact in zip(shown, parts, strict=True):
        assert abs(Fraction(part) - exact * scale) < Fraction(1, 5), (
            "no part is far from its own"
        )


def test_what_rounding_leaves_goes_to_the_largest_remainder() -> None:
    thirds = [Fraction(1, 3000)] * 2 + [Fraction(1, 2990)]  # of a point: 0.033 0.033 0.0334
    change = changed(Unit.PERCENT, (1, 2), thirds)
    assert shown_difference(change) == Decimal("0.1")
    assert shown_parts(change) == [Decimal("0.0"), Decimal("0.0"), Decimal("0.1")]


@pytest.mark.parametrize(
    ("unit", "change", "text"),
    [
        (Unit.PERCENT, "2.2", "+2.2 points"), (Unit.PERCENT, "-0.1", "-0.1 points"),
        (Unit.COUNT, "1234", "+1,234"), (Unit.COUNT, "0", "0"), (Unit.MONEY, "-1200.00", "-€1,200"),
        (Unit.MONEY, "0.50", "+€0.50"), (Unit.PER_DAY, "0.3", "+0.3"),
    ],
)  # fmt: skip
def test_a_change_says_its_direction_and_unit(unit: Unit, change: str, text: str) -> None:
    figure = Figure(
        "x@company", Scope.COMPANY, "", "x", "", "period", 1, None, unit, "EUR", "database"
    )
    assert format_change(figure, Decimal(change), ENGLISH) == text


# ----------------------------------------------------------------------------- page, workbook, screen


def cells_of(page: str) -> dict[str, list[str]]:
    """Figure's id -> was, now, difference, as the page shows them."""
    return {
        row.get("data-figure"): [
            cell.text_content() for cell in row.xpath("td[contains(@class, 'num')]")
        ]
        for row in html.fromstring(page).xpath("//tr[@data-figure]")
    }


def test_the_page_says_what_the_lines_say(report: ComparisonReport) -> None:
    page = render_comparison(report)
    assert "<script" not in page
    shown = cells_of(page)
    lines = [line for section in report.sections for line in section.lines]
    assert len(lines) > 40
    assert [shown[line.change.id.replace(":", ":")] for line in lines] == [
        [line.was, line.now, line.difference] for line in lines
    ]
    assert {section.key for section in report.sections} == {"company", "teams", "managers"}


def test_the_workbook_holds_every_figure_and_its_causes_add_up(
    report: ComparisonReport, tmp_path: Path
) -> None:
    write_comparison(report, tmp_path / "book.xlsx")
    sheet = load_workbook(tmp_path / "book.xlsx").worksheets[-1]
    rows: list[tuple[Any, ...]] = list(sheet.iter_rows(values_only=True))
    start = next(n for n, row in enumerate(rows) if row[3] is not None)
    causes = report.comparison.causes
    body = rows[start + 1 :]
    assert [row[0] for row in body] == list(report.comparison.changes)
    added = 0
    for row in body:
        change = report.comparison.changes[row[0]]
        parts = [value for value in row[6 : 6 + len(causes)] if value is not None]
        if change.steps and not any(len(step.causes) > 1 for step in change.steps):
            assert sum(map(Decimal, map(str, parts))) == Decimal(str(row[5])), row[0]
            added += 1
        was = value_of(change.before)
        if was is not None and change.figure.unit is Unit.COUNT:
            assert row[3] == was
    assert added > 200


def test_no_text_of_the_crm_becomes_a_formula(report: ComparisonReport, tmp_path: Path) -> None:
    write_comparison(report, tmp_path / "book.xlsx")
    cells = [
        cell
        for sheet in load_workbook(tmp_path / "book.xlsx")
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    ]
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in cells)
    assert {cell.data_type for cell in cells} == {"s", "n"}


def test_nobody_is_shown_beside_another_where_management_sees_no_names(
    comparison: Comparison, tmp_path: Path
) -> None:
    from dataclasses import replace

    own = replace(
        comparison,
        after=replace(comparison.after, audit=replace(comparison.after.audit, audience="own")),
    )
    report = comparison_report(own, ENGLISH)
    assert [section.key for section in report.sections] == ["company"]
    write_comparison(report, tmp_path / "book.xlsx")
    ids = [
        row[0].value
        for row in load_workbook(tmp_path / "book.xlsx").worksheets[-1].iter_rows(min_row=8)
    ]
    assert len(ids) > 100
    assert not any(re.search("@(manager|team|inactive):", str(name)) for name in ids)


def test_the_command(runs: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = map(str, runs)
    done = crm_audit(ROOT, "compare", first, second, "--to", str(tmp_path / "to"))
    assert done.returncode == 0, done.stderr
    lines = re.findall(
        r"^Meetings held +(\d+) +(\d+) +([+-]?\d+)  .+", done.stdout, re.MULTILINE
    )
    assert [int(now) - int(was) for was, now, _ in lines] == [int(by) for *_, by in lines] != []
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == [
        "comparison.html",
        "comparison.xlsx",
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "to").iterdir())
    done = crm_audit(ROOT, "compare", first, second, "--figure", "clients@company")
    assert "Company, Clients looked after: was" in done.stdout
    parts = re.findall(r"^ +([+-]\d+)  \w", done.stdout, re.MULTILINE)
    [total] = re.findall(r", ([+-]?\d+)$", done.stdout, re.MULTILINE)
    assert len(parts) > 1
    assert sum(map(int, parts)) == int(total)
    done = crm_audit(ROOT, "compare", first, second, "--of", "u02")
    assert done.returncode == 0, done.stderr
    assert len(re.findall("^Complete", done.stdout, re.MULTILINE)) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--figure", "scor@company"], "there is no figure 'scor@company' in these runs; did you mean score@company"),
        (["--of", "Nobody Atall"], "there is no team or account manager 'Nobody Atall' in these runs"),
    ],
)  # fmt: skip
def test_what_is_not_there(runs: tuple[Path, Path], arguments: list[str], said: str) -> None:
    done = crm_audit(ROOT, "compare", *map(str, runs), *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_that_cannot_be_written(runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = crm_audit(ROOT, "compare", *map(str, runs), "--to", str(tmp_path / "file" / "x"))
    assert done.returncode == 5
    assert "could not be written" in done.stderr
