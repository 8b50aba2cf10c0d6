"""`crm-audit expectations`: field sets to edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import AUDIT_FILE, FOLDER, OUTPUT, run_folder, shown_progress

if TYPE_CHECKING:
    from pipeline.model import LanguageCode


@click.group()
def expectations() -> None:
    """What each record must hold: the minimum field sets.

    \b
    Example: crm-audit expectations copy expectations
    """


@expectations.command()
@click.argument("folder", type=FOLDER)
def copy(folder: Path) -> None:
    """Copies our field sets into FOLDER, for you to edit; existing files stay as
    they are.

    \b
    Example: crm-audit expectations copy expectations
    """
    from pipeline.config.field_sets import copy_field_sets

    written, kept = copy_field_sets(folder)
    for file in written:
        click.echo(file)
    for file in kept:
        click.echo(f"{file} already exists, and was left as it is.", err=True)
    click.echo(
        f"Name the folder in audit.yaml, seen from that file: field_sets: {folder}", err=True
    )


@expectations.command()
@click.argument("folder", type=FOLDER, required=False)
@click.option(
    "--config",
    "audit_file",
    type=AUDIT_FILE,
    help="An audit.yaml, whose field sets and CRM are shown instead.",
)
@click.option("--language", type=click.Choice(["en", "nl"]), help="English or Dutch.")
def show(folder: Path | None, audit_file: Path | None, language: LanguageCode | None) -> None:
    """Says in plain sentences what FOLDER's field sets ask, when, and why; without
    FOLDER, ours.

    \b
    Example: crm-audit expectations show expectations --language nl
    """
    from pipeline.flows.expectations import field_sets_in_words

    if folder is not None and audit_file is not None:
        raise click.UsageError("Name a folder or --config, not both.")
    for line in field_sets_in_words(folder, audit_file, language):
        click.echo(line)


@expectations.command(name="try")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--run",
    "run_id",
    required=True,
    help="A run of the output folder, latest, or the folder of a copy.",
)
@OUTPUT
def try_(path: Path, run_id: str, output: Path) -> None:
    """Computes a stored run with PATH's field sets, and shows each team and manager
    before and after; nothing is published. PATH is a folder, or the file of one set.

    \b
    Example: crm-audit expectations try expectations/deal.yaml --run latest
    """
    from pipeline.cli.trial import print_trial
    from pipeline.flows.trial import try_field_sets

    run = run_folder(output, run_id)
    with shown_progress() as progress:
        trial = try_field_sets(path, run, progress)
    print_trial(trial)


@expectations.command()
def schema() -> None:
    """Prints the JSON Schema of a field set's file, by which editors complete it.

    \b
    Example: crm-audit expectations schema > expectations/field-set.schema.json
    """
    from pipeline.config.field_sets import json_schema

    click.echo(json_schema())
