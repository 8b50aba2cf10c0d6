"""`crm-audit explain`: what a figure means, and the records that it counts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from pipeline.cli.common import OUTPUT, run_folder, shown_progress
from pipeline.errors import ConfigError, PublishError

if TYPE_CHECKING:
    from pipeline.model import Figure, Figures
    from pipeline.model.explanations import Explanation, Part

Form = Literal["table", "csv", "xlsx"]
_BY_ENDING: Final[Mapping[str, Form]] = {".csv": "csv", ".xlsx": "xlsx"}


@click.command()
@click.argument("run")
@click.argument("figure", required=False)
@OUTPUT
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "xlsx"]),
    help="A table, which is the default, or a CSV, or a workbook; else as --to ends.",
)
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="A new file.")
@click.option(
    "--sql",
    type=click.Choice(["snapshot", "source"]),
    help="Print the SQL that lists the records instead: for DuckDB in the run's folder, or for the CRM's database.",
)
def explain(
    run: str,
    figure: str | None,
    output: Path,
    form: Form | None,
    to: Path | None,
    sql: Literal["snapshot", "source"] | None,
) -> None:
    """Says what FIGURE of RUN means, and lists the records that it counts: as many as it
    says, or that add up to it. Nothing but the data stored with the run is read.

    RUN is a run of the output folder, latest, or the folder of a copy. FIGURE is the id
    that pages, workbooks and figures.json have. Without it, all whom figures are about
    are listed; with @ and one of these, their figures.

    \b
    Example: crm-audit explain latest deals_won@company
             crm-audit explain latest deals_won@company --to won.xlsx
             crm-audit explain latest @company
    """
    from pipeline.flows.explain import published_figures

    form = _form_of(form, to)
    if (figure is None or figure.startswith("@") or sql) and form != "table":
        raise click.UsageError("--format and --to go with a FIGURE, and not with --sql.")
    folder = run_folder(output, run)
    figures = published_figures(folder)
    if figure is None:
        _print_scopes(figures, folder)
    elif figure.startswith("@"):
        _print_figures(figure, figures)
    elif sql:
        _print_sql(figure, figures, folder, sql)
    else:
        _explain(figure, figures, folder, form, to)


def _form_of(form: Form | None, to: Path | None) -> Form:
    """How the explanation is given: as --format says, else as the file's name ends."""
    if form is None and to is not None:
        form = _BY_ENDING.get(to.suffix.lower())
        if form is None:
            raise click.UsageError(
                f"--to: name a file that ends in .csv or .xlsx, not {to.name}."
            )
    if form == "xlsx" and to is None:
        raise click.UsageError("--format xlsx: name the file, --to FILE.")
    if form == "table" and to is not None:
        raise click.UsageError("--to: a table is printed; write --format csv or xlsx.")
    return form or "table"


def _print_scopes(figures: Figures, folder: Path) -> None:
    from pipeline.flows.explain.figures import scopes_of

    _print_table(("figures about", "name"), scopes_of(figures, folder))


def _print_figures(about: str, figures: Figures) -> None:
    from pipeline.flows.explain.figures import figures_about
    from pipeline.language.format import format_figure
    from pipeline.language.languages import ENGLISH
    from pipeline.values.visible import encoded

    rows = [
        (encoded(figure.id), format_figure(figure, ENGLISH))
        for figure in figures_about(about, figures)
    ]
    _print_table(("figure", "value"), rows)


def _explain(name: str, figures: Figures, folder: Path, form: Form, to: Path | None) -> None:
    from pipeline.flows.explain import open_explainer
    from pipeline.flows.explain.figures import named_figure

    named = named_figure(name, figures, folder)
    with (
        shown_progress() as progress,
        open_explainer(folder / "snapshot", figures, progress) as explainer,
    ):
        explanation, as_of = explainer.explain(named.figure), explainer.as_of
    if named.note:
        click.echo(named.note, err=form != "table")
    if form == "table":
        _print_explanation(explanation)
    elif to is None:
        from pipeline.reports.explained import write_csv

        write_csv(explanation, sys.stdout)
    else:
        _write(explanation, form, as_of, to)
        click.echo(to)


def _write(explanation: Explanation, form: Form, as_of: datetime, to: Path) -> None:
    """Writes the file, which only its owner may read; it replaces none."""
    from pipeline.reports.excel.explained_book import write_explanation
    from pipeline.reports.explained import write_csv

    os.umask(0o077)  # clients' data
    with new_file(to) as partial:
        if form == "xlsx":
            write_explanation(explanation, as_of, partial)
        else:
            with partial.open("w", encoding="utf-8", newline="") as stream:
                write_csv(explanation, stream)


@contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """A place beside the file, which gets its name once it is wholly written."""
    if file.exists() or file.is_symlink():
        raise ConfigError(f"--to: {file} exists already; name a file that does not.")
    partial = file.with_name(f".{file.name}.partial")
    try:
        yield partial
        partial.rename(file)
    except OSError as error:
        raise PublishError(
            f"--to: {file} could not be written: {error.strerror}; free the place, or name another."
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def _print_sql(
    name: str, figures: Figures, folder: Path, where: Literal["snapshot", "source"]
) -> None:
    from pipeline.flows.explain import open_explainer
    from pipeline.flows.explain.figures import named_figure
    from pipeline.values.visible import printable

    figure = named_figure(name, figures, folder).figure
    with (
        shown_progress() as progress,
        open_explainer(folder / "snapshot", figures, progress) as explainer,
    ):
        of_snapshot = where == "snapshot"
        asked = explainer.snapshot_sql if of_snapshot else explainer.source_sql
        statements = asked(figure)
    if not statements:
        raise ConfigError(
            f"--sql: {printable(figure.id)} is no count of records, so no SQL lists any. Without --sql "
            "you are told what it is made of."
        )
    place = (
        "DuckDB in the run's folder"
        if of_snapshot
        else "the CRM's database, without exceptions"
    )
    click.echo(f"-- {printable(figure.id)}: its records, listed by {place}")
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
    from pipeline.reports.explained import COLUMNS, rows_of

    if part.drawn_from:
        id_and_name = slice(COLUMNS.index("id"), COLUMNS.index("client"))
        drawn = (texts[id_and_name] for texts, _ in rows_of(figure, part))
        _print_table(("figure", "value"), drawn)
        return
    rows = [list(texts) for texts, _ in rows_of(figure, part)]
    if all(listed.value == 1 for listed in part.listed):
        for row in rows:
            row[COLUMNS.index("adds")] = ""  # the list says it
    if rows:
        _print_table(COLUMNS, rows)


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints columns as wide as their longest cell; one that is empty throughout is left out."""
    from pipeline.values.visible import printable

    shown = [[printable(cell, "\N{REPLACEMENT CHARACTER}") for cell in row] for row in rows]
    filled = [at for at in range(len(columns)) if any(row[at] for row in shown)]
    widths = {at: max(len(row[at]) for row in ([*columns], *shown)) for at in filled}
    for row in ([*columns], *shown):
        click.echo("  ".join(row[at].ljust(widths[at]) for at in filled).rstrip())
