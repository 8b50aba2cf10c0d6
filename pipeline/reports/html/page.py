"""Writes a report as one HTML page: self-contained, without scripts, figures marked by id."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache, partial

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.language.format import day_text, format_figure
from pipeline.language.labels import kind_label
from pipeline.language.languages import Language
from pipeline.model import Figure, FixItem
from pipeline.reports.content.disputes import dispute_link
from pipeline.reports.content.fix_list import groups_of
from pipeline.reports.content.openings import (
    Openings,
    TableOpenings,
    explanations_of,
)
from pipeline.reports.content.report import (
    SECTIONS,
    Report,
    Row,
    Table,
    as_of_text,
    clean,
    gain_text,
    label_text,
    missing_texts,
    parts_of,
    period_text,
    queued_text,
    section_of,
    shows_day,
    web_address,
)
from pipeline.reports.html import charts
from pipeline.resources import REPORT_TEMPLATES
from pipeline.values.visible import encoded


def render_page(report: Report) -> str:
    """The report's page. An unknown name in a template raises an error."""
    window, language = report.result.window, report.language
    return (
        environment(language)
        .get_template(f"{report.reader}.html.j2")
        .render(
            report=report,
            language=language.code,
            source=language.chosen(report.result.source),
            sections=_sections(report),
            **_opened(report),
            named=report.reader == "management",
            as_of=as_of_text(window, language),
            period=period_text(window, language),
            **styled(),
        )
    )


def styled() -> dict[str, object]:
    """A page's style, and the hash by which its policy allows this style and no other."""
    style = (REPORT_TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {
        "style": Markup(style),  # noqa: S704 - our own file
        "style_hash": f"sha256-{digest}",
    }


def _opened(report: Report) -> dict[str, object]:
    """What the figures of a page open; what they mean is said on a manager's alone."""
    if report.reader != "manager":
        return {"opens": TableOpenings(report).of, "explanations": []}
    return {"opens": Openings(report).of, "explanations": explanations_of(report)}


@cache
def environment(language: Language) -> Environment:
    """The templates' environment; nothing in it can compute a number."""
    made = Environment(
        loader=FileSystemLoader(REPORT_TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # a method of the extension above
    made.install_gettext_translations(language.catalogue, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        format_figure=partial(format_figure, language=language),
        clean=clean,
        mark=encoded,
        label=partial(label_text, language=language),
        day=partial(day_text, language=language),
        section=section_of,
        address=web_address,
        chosen=language.chosen,
        number=_number,
        findings=partial(_findings, language=language),
        kinds=partial(kind_label, language=language),
        queued=partial(queued_text, language=language),
        gain=partial(gain_text, language=language),
        dispute=partial(dispute_link, language=language),
    )
    made.tests.update(figure=_is_figure, numeric=_is_numeric, dated=shows_day)
    made.globals.update(
        bar=charts.bar,
        line=charts.line,
        groups=groups_of,
        scatter=partial(charts.scatter, language=language),
    )
    return made


def _is_figure(cell: object) -> bool:
    return isinstance(cell, Figure)


def _is_numeric(table: Table, column: int) -> bool:
    """Whether a column holds figures, and so is right-aligned."""
    return any(isinstance(row.cells[column], Figure) for row in table.rows)


def _number(item: FixItem) -> str:
    return clean(item.record_id)


def _findings(item: FixItem, language: Language) -> Sequence[tuple[str, str]]:
    """What is missing, each with the id of its finding."""
    return tuple(zip(missing_texts(item, language), item.ids, strict=True))


def _sections(report: Report) -> list[tuple[str, Row, tuple[FixItem, ...]]]:
    """The sections of the fix-list with a heading: name, heading, records."""
    parts = dict(parts_of(report))
    return [
        (name, heading, parts.get(name, ()))
        for name in SECTIONS
        for heading in report.element(f"fix {name}")
    ]
