"""Sales support's page: its parts stand in one order, on the page and in the report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.measures.completeness import RECORDS_FAILING
from pipeline.measures.figures import entry
from pipeline.model import Figures, Scope
from pipeline.reports.content.operators import _HEADINGS, operators_report
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences
from tests.factory import result


@pytest.mark.parametrize("now", [0, 2])
def test_that_nothing_is_to_complete_now_comes_before_what_counts_for_nothing(now: int) -> None:
    figures = Figures(result().figures.values())
    others = [
        (measure, dimension)
        for _, measure, dimension, _ in _HEADINGS
        if measure is not RECORDS_FAILING
    ]
    assert len(others) > 2
    figures.add(
        Scope.OPERATOR, "",
        [entry(RECORDS_FAILING, now), *(entry(measure, 3, dimension=dimension) for measure, dimension in others)],
    )  # fmt: skip
    report = operators_report(replace(result(), figures=figures, fix_list=()))
    assert report is not None
    rows = [row.element for row in report.headline if row.element.startswith("fix ")]
    assert rows[0] == "fix now"
    assert len(rows) == len(set(rows)) > 3
    assert [
        d for d in page_differences(report, render_page(report)) if d[0].startswith("headline")
    ] == []
