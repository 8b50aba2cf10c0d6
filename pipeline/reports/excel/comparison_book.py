"""Writes a comparison of two runs as a workbook: all figures, and each cause in a column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.language.changes import excel_change, shown_difference, shown_parts
from pipeline.language.format import excel_format, excel_value, format_figure
from pipeline.language.labels import cause_label
from pipeline.model import Figure
from pipeline.model.comparison import Cause, Change
from pipeline.reports.content.comparison import (
    ComparisonReport,
    Section,
    causes_text,
    figure_label,
    line_of,
    who_text,
)
from pipeline.reports.excel.plain_book import Number, Sheet, write_book

Cells = list[str | Number | None]


def write_comparison(report: ComparisonReport, file: Path) -> None:
    """Writes the workbook: a sheet of each section, and one of all figures."""
    sheets = [*(_section(report, section) for section in report.sections), _all(report)]
    write_book(file, sheets, report.language)


def _above(report: ComparisonReport) -> list[str]:
    was, now = report.runs
    language = report.language
    return [
        report.title,
        language.translate("Was: {was}", was=was),
        language.translate("Now: {now}", now=now),
        *report.notes,
        "",
    ]


def _section(report: ComparisonReport, section: Section) -> Sheet:
    """As on the page: the causes as a text."""
    language = report.language
    columns = [
        (section.title, 28),
        (language.translate("Figure"), 34),
        *_numbers(report),
        (language.translate("Why"), 90),
    ]
    rows = (
        [line.who, line.label, *_values(line.change, report), line.why]
        for line in section.lines
    )
    return Sheet(section.title, _above(report), columns, rows)


def _numbers(report: ComparisonReport) -> list[tuple[str, int]]:
    language = report.language
    return [
        (language.translate("Was"), 14),
        (language.translate("Now"), 14),
        (language.translate("Difference"), 14),
    ]


def _all(report: ComparisonReport) -> Sheet:
    """Every figure of both runs, and what each cause changed it by."""
    language = report.language
    causes = report.comparison.causes
    columns = [
        (language.translate("Figure's id"), 40),
        (language.translate("About"), 24),
        (language.translate("Figure"), 34),
        *_numbers(report),
        *((cause_label(cause, language), 16) for cause in causes),
        (language.translate("Several causes that cannot be told apart"), 40),
    ]
    title = language.translate("All figures")
    return Sheet(title, _above(report), columns, _rows(report, causes))


def _rows(report: ComparisonReport, causes: tuple[Cause, ...]) -> Iterator[Cells]:
    language, comparison = report.language, report.comparison
    named = comparison.after.audit.audience == "named"
    for change in comparison.changes.values():
        figure = change.figure
        if not named and figure.key:
            continue  # nobody sees a person beside another
        yield [
            figure.id,
            who_text(figure, comparison, language),
            figure_label(figure, language),
            *_values(change, report),
            *_parts(change, causes, report),
        ]


def _values(change: Change, report: ComparisonReport) -> Cells:
    language = report.language
    difference = shown_difference(change)
    return [
        _value(change.before, report),
        _value(change.after, report),
        None if difference is None else excel_change(change.figure, difference, language),
    ]


def _value(figure: Figure | None, report: ComparisonReport) -> str | Number | None:
    """A number that shows as on a page; its text where Excel cannot hold it."""
    if figure is None:
        return None
    value = excel_value(figure)
    if value is None:
        return format_figure(figure, report.language)
    return value, excel_format(figure, report.language)


def _parts(change: Change, causes: tuple[Cause, ...], report: ComparisonReport) -> Cells:
    language = report.language
    if not change.told:
        return [*[None] * len(causes), line_of(change, report.comparison, language).why]
    parts = dict(zip((step.causes for step in change.steps), shown_parts(change), strict=True))
    alone = [parts.pop((cause,), None) for cause in causes]
    together = "; ".join(
        f"{causes_text(names, language)} {part}" for names, part in parts.items()
    )
    return [
        *(
            part if part is None else excel_change(change.figure, part, language)
            for part in alone
        ),
        together or None,
    ]
