"""Writes a comparison of two runs as one HTML page: self-contained, without scripts."""

from __future__ import annotations

from pipeline.reports.content.comparison import ComparisonReport
from pipeline.reports.html.page import environment, styled


def render_comparison(report: ComparisonReport) -> str:
    """The comparison's page."""
    template = environment(report.language).get_template("comparison.html.j2")
    return template.render(report=report, language=report.language.code, **styled())
