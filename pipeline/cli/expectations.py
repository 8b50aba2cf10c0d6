"""`crm-audit expectations`: field sets to edit."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.common import FOLDER


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
def schema() -> None:
    """Prints the JSON Schema of a field set's file, by which editors complete it.

    \b
    Example: crm-audit expectations schema > expectations/field-set.schema.json
    """
    from pipeline.config.field_sets import json_schema

    click.echo(json_schema())
