"""`crm-audit explain`: what a figure means, and the records that it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pipeline.cli.common import OUTPUT, run_folder, shown_progress
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.model import Figure, Figures
    from pipeline.model.explanations import Explanation, Part


@click.command()
@click.argument("run")
@click.argument("figure", required=False)
@OUTPUT
@click.option(
    "--sql",
    type=click.Choice(["snapshot"]),
    help="Print the SQL that lists the records instead: for DuckDB, in the run's folder.",
)
def explain(
    run: str,
    figure: str | None,
    output: Path,
    sql: Literal["snapshot"] | None,
) -> None:
    """Says what FIGURE of RUN means, and lists the records that it counts: as many as it
    says, or that add up to it. Nothing but the data stored with the run is read.

    RUN is a run of the output folder, latest, or the folder of a copy. FIGURE is the id
    that pages, workbooks and figures.json have. Without it, all whom figures are about
    are listed; with @ and one of these, their figures.

    \b
    Example: crm-audit explain latest deals_won@company
             crm-audit explain latest @company
    """
    from pipeline.flows.explain import published_figures

    folder = run_folder(output, run)
    figures = published_figures(folder)
    if figure is None:
        _print_scopes(figures, folder)
    elif figure.startswith("@"):
        _print_figures(figure, figures)
    else:
        _explain(figure, figures, folder, sql=sql is not None)


def _print_scopes(figures: Figures, folder: Path) -> None:
    from pipeline.flows.explain.figures import scopes_of

    _print_table(("figures about", "name"), scopes_of(figures, folder))


def _print_figures(about: str, figures: Figures) -> None:
    from pipeline.flows.explain.figures import figures_about
    from pipeline.language.format import format_figure
    from pipeline.language.languages import ENGLISH

    rows = [
        (figure.id, format_figure(figure, ENGLISH)) for figure in figures_about(about, figures)
    ]
    _print_table(("figure", "value"), rows)


def _explain(name: str, figures: Figures, folder: Path, *, sql: bool) -> None:
    from pipeline.flows.explain import open_explainer
    from pipeline.flows.explain.figures import named_figure

    named = named_figure(name, figures, folder)
    with (
        shown_progress() as progress,
        open_explainer(folder / "snapshot", figures, progress) as explainer,
    ):
        if sql:
            script = explainer.snapshot_sql(named.figure)
        else:
            explanation = explainer.explain(named.figure)
    if sql:
        _print_script(named.figure.id, script)
        return
    if named.note:
        click.echo(named.note)
    _print_explanation(explanation)


def _print_script(figure: str, statements: Sequence[str]) -> None:
    from pipeline.values.visible import printable

    if not statements:
        raise ConfigError(
            f"--sql: {printable(figure)} is no count of records, so no SQL lists any. Without --sql you "
            "are told what it is made of."
        )
    click.echo(f"-- {printable(figure)}: the records, listed by DuckDB in the run's folder")
    for statement in statements:
        click.echo(statement if statement.startswith("--") else f"{statement};")


def _print_explanation(explanation: Explanation) -> None:
    from pipeline.language.format import format_figure
    from pipeline.language.languages import ENGLISH
    from pipeline.reports.explained import heading, parts_shown
    from pipeline.values.visible import printable

    figure = explanation.figure
    click.echo(
        printable(f"{explanation.label}: {format_figure(figure, ENGLISH)}   ({figure.id})")
    )
    for line in explanation.text:
        click.echo(printable(f"  {line}"))
    for part in parts_shown(explanation):
        click.echo(f"\n{printable(heading(explanation, part))}")
        _print_part(figure, part)


def _print_part(figure: Figure, part: Part) -> None:
    from pipeline.language.format import format_figure
    from pipeline.language.languages import ENGLISH
    from pipeline.reports.explained import COLUMNS, amount_text, row_of

    if part.drawn_from:
        drawn = [(each.id, format_figure(each, ENGLISH)) for each in part.drawn_from]
        _print_table(("figure", "value"), drawn)
    elif part.listed:
        counts = {listed.value for listed in part.listed} == {1}
        rows = [
            row_of(listed, "" if counts else amount_text(figure, part, listed.value))
            for listed in part.listed
        ]
        _print_table(COLUMNS, rows)


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints columns as wide as their longest cell; one that is empty throughout is left out."""
    from pipeline.values.visible import printable

    shown = [[printable(cell, "\N{REPLACEMENT CHARACTER}") for cell in row] for row in rows]
    filled = [at for at in range(len(columns)) if any(row[at] for row in shown)]
    widths = {at: max(len(row[at]) for row in ([*columns], *shown)) for at in filled}
    for row in ([*columns], *shown):
        click.echo("  ".join(row[at].ljust(widths[at]) for at in filled).rstrip())
