"""Writes a report as one HTML page: self-contained, offline, without scripts; every
figure is marked with its id.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.language.format import format_figure
from pipeline.model import Figure, FixItem
from pipeline.reports import charts
from pipeline.reports.report import (
    SECTIONS,
    Report,
    Row,
    Table,
    as_of_text,
    clean,
    day_text,
    label_text,
    period_text,
    section_of,
    web_address,
)
from pipeline.resources import REPORT_TEMPLATES
from pipeline.values.visible import encoded


def render_page(report: Report) -> str:
    """The report's page; a template that names what does not exist is
    an error, never a blank.
    """
    style = (REPORT_TEMPLATES / "style.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template(f"{report.audience}.html.j2")
        .render(
            report=report,
            sections=_sections(report),
            as_of=as_of_text(report.result.window),
            period=period_text(report.result.window),
            style=Markup(style),  # noqa: S704 - our own file; the page's policy admits this text alone
            style_hash=f"sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
        )
    )


@cache
def environment() -> Environment:
    """The templates with their vocabulary: nothing in it can compute a number."""
    made = Environment(
        loader=FileSystemLoader(REPORT_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        format_figure=format_figure,
        clean=clean,
        mark=encoded,
        label=label_text,
        day=day_text,
        section=section_of,
        address=web_address,
        asked=_asked,
    )
    made.tests.update(figure=_is_figure, numeric=_is_numeric)
    made.globals.update(bar=charts.bar, scatter=charts.scatter)
    return made


def _is_figure(cell: object) -> bool:
    return isinstance(cell, Figure)


def _is_numeric(table: Table, column: int) -> bool:
    """Whether a column of cells holds figures, and so is set to the right."""
    return any(isinstance(row.cells[column], Figure) for row in table.rows)


def _asked(item: FixItem) -> Sequence[tuple[str, str]]:
    return tuple(zip(item.missing, item.why, strict=True))


def _sections(report: Report) -> list[tuple[str, Row, tuple[FixItem, ...]]]:
    """The parts of the fix-list: its name, its heading, its records; a part without
    records only where it says so.
    """
    found = []
    for name in SECTIONS:
        records = tuple(item for item in report.fix_list if section_of(item) == name)
        found += [(name, heading, records) for heading in report.element(f"fix {name}")]
    return found
