"""`crm-audit compare`: two runs beside each other, and why figures differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import FOLDER, OUTPUT, run_folder, shown_progress
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.reports.content.comparison import ComparisonReport, Line


@click.command()
@click.argument("first")
@click.argument("second")
@OUTPUT
@click.option("--figure", help="One figure, with every cause: its id, as in figures.json.")
@click.option("--of", "who", help="A team or an account manager instead of the company.")
@click.option("--to", type=FOLDER, help="Write comparison.html and comparison.xlsx there.")
def compare(
    first: str, second: str, output: Path, figure: str | None, who: str | None, to: Path | None
) -> None:
    """Says by what the figures of two runs differ, and why: records entered, changed,
    gone or handed over, rules, settings, targets, exceptions, another period, or time.
    The causes add up to the difference.

    FIRST and SECOND are runs of the output folder, latest, or folders of copies.
    Neither the CRM nor audit.yaml is read, and nothing is published.

    \b
    Example: crm-audit compare 20261117T080000000000Z-manual latest
             crm-audit compare 20261117T080000000000Z-manual latest --figure score@company
             crm-audit compare 20261117T080000000000Z-manual latest --to comparison
    """
    from pipeline.flows.compare import compare as comparison_of
    from pipeline.language.languages import ENGLISH, language_of
    from pipeline.reports.content.comparison import comparison_report

    with shown_progress() as progress:
        found = comparison_of(run_folder(output, first), run_folder(output, second), progress)
    report = comparison_report(found, ENGLISH)
    if figure is not None:
        _print_figure(report, figure)
    else:
        _print_lines(report, _lines(report, who))
    if to is not None:
        _write(comparison_report(found, language_of(found.after.audit.language)), to)
        click.echo(f"comparison.html and comparison.xlsx are in {to}.")


def _lines(report: ComparisonReport, who: str | None) -> list[Line]:
    """The company's lines, or those of a team or an account manager."""
    if who is None:
        return [line for section in report.sections[:1] for line in section.lines]
    found = [
        line
        for section in report.sections
        for line in section.lines
        if who in (line.who, line.change.figure.key)
    ]
    if not found:
        raise _unknown(
            f"--of: there is no team or account manager {who!r}", who, _names(report)
        )
    return found


def _names(report: ComparisonReport) -> list[str]:
    return [line.who for section in report.sections[1:] for line in section.lines]


def _unknown(what: str, word: str, known: list[str]) -> ConfigError:
    from difflib import get_close_matches

    close = get_close_matches(word, dict.fromkeys(known), n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else "."
    return ConfigError(f"{what} in these runs{hint}")


def _print_lines(report: ComparisonReport, lines: list[Line]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    from pipeline.cli.summary import console, plain

    _print_head(report)
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Figure", overflow="fold", ratio=4)
    for heading in ("Was", "Now", "Difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Why", overflow="fold", ratio=7)
    for line in lines:
        cells = (line.label, line.was, line.now, line.difference, line.why)
        table.add_row(*(escape(plain(cell)) for cell in cells))
    console().print(table)
    for note in report.notes:
        click.echo(note)


def _print_head(report: ComparisonReport) -> None:
    from pipeline.cli.summary import plain

    was, now = report.runs
    click.echo(f"{plain(report.title)}\nWas: {plain(was)}\nNow: {plain(now)}\n")


def _print_figure(report: ComparisonReport, name: str) -> None:
    """Every cause of one figure, a line each."""
    from pipeline.cli.summary import plain
    from pipeline.language.changes import format_change, shown_parts
    from pipeline.reports.content.comparison import causes_text, line_of

    change = report.comparison.changes.get(name)
    if change is None:
        known = list(report.comparison.changes)
        raise _unknown(f"--figure: there is no figure {name!r}", name, known)
    line = line_of(change, report.comparison, report.language)
    _print_head(report)
    click.echo(
        plain(f"{line.who}, {line.label}: was {line.was}, is {line.now}, {line.difference}")
    )
    for step, part in zip(change.steps, shown_parts(change), strict=True):
        causes = causes_text(step.causes, report.language)
        click.echo(f"  {format_change(change.figure, part, report.language):>14}  {causes}")
    if not change.steps:
        click.echo(f"  {line.why}")


def _write(report: ComparisonReport, to: Path) -> None:
    from pipeline.errors import PublishError
    from pipeline.reports.excel.comparison_book import write_comparison
    from pipeline.reports.html.comparison_page import render_comparison

    try:
        to.mkdir(parents=True, exist_ok=True)
        (to / "comparison.html").write_text(render_comparison(report), "utf-8")
        write_comparison(report, to / "comparison.xlsx")
    except OSError as error:
        raise PublishError(
            f"--to: {to} could not be written: {error.strerror}; free the place, or name another."
        ) from None
