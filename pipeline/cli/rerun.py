"""`crm-audit rerun`: a published run's reports, made again and compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import FOLDER, OUTPUT, run_folder, shown_progress
from pipeline.errors import ProofError

if TYPE_CHECKING:
    from pipeline.flows.rerun import Rerun


@click.command()
@click.argument("run")
@OUTPUT
@click.option("--to", type=FOLDER, help="Keep the reports made again in this new folder.")
def rerun(run: str, output: Path, to: Path | None) -> None:
    """Makes the reports of RUN again from the data stored with it, and compares
    them with those that were published; neither the CRM nor audit.yaml is read.

    RUN is a run of the output folder, latest, or the folder of a copy. Nothing is
    published, and the run's folder stays as it is.

    \b
    Example: crm-audit rerun latest
             crm-audit rerun ~/copies/20261124T080000000000Z-manual --to again
    """
    from pipeline.flows.rerun import rerun as rerun_of
    from pipeline.flows.rerun import version_texts

    folder = run_folder(output, run)
    with shown_progress() as progress:
        made = rerun_of(folder, progress, to)
    for line in version_texts(made.versions):
        click.echo(f"Another version: {line}.")
    _print_files(made)
    if to is not None:
        click.echo(f"The reports made again are in {to}.")
    if made.differing:
        raise ProofError(
            f"{len(made.differing)} of {len(made.files)} files of run {made.run_id} are not what "
            "its stored data give; the others are equal. `crm-audit verify` says which of them "
            "were altered after they were published."
        )
    click.echo(
        f"All {len(made.files)} files of run {made.run_id} are equal to those made again"
        + (", byte for byte." if made.same_bytes else ".")
    )


def _print_files(made: Rerun) -> None:
    """Prints a line for each file that is not equal to the last byte."""
    from pipeline.values.visible import printable

    for compared in made.files:
        for difference in compared.differences:
            click.echo(printable(f"{compared.file}: {difference}"))
        if not compared.differences and not compared.same_bytes:
            click.echo(f"{compared.file}: equal in what it holds, not in its bytes")
