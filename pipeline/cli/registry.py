"""`crm-audit registry`: what outlives a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pipeline.cli.common import AUDIT_FILE, FOLDER

if TYPE_CHECKING:
    from pipeline.registry.database import Registry

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_AUDIT: Final = click.option(
    "--config",
    "audit_file",
    type=AUDIT_FILE,
    default=Path("audit.yaml"),
    help="The audit whose registry it is. Default: audit.yaml.",
)
_OUTPUT: Final = click.option("--output", type=FOLDER, help="Where reports go.")


@click.group()
def registry() -> None:
    """What outlives a run: which runs were published, and what became of each finding.

    \b
    Example: crm-audit registry backup registry-2026-11.db
    """


@registry.command()
@_AUDIT
@_OUTPUT
def upgrade(audit_file: Path, output: Path | None) -> None:
    """Brings the registry to this version of the program; a run does that too.

    \b
    Example: crm-audit registry upgrade --config audit.yaml
    """
    opened = _opened(audit_file, output)
    click.echo(f"{opened.shown} is of version {opened.version()}.")


@registry.command()
@click.argument("file", type=_FILE)
@_AUDIT
@_OUTPUT
def backup(file: Path, audit_file: Path, output: Path | None) -> None:
    """Copies the registry into FILE, a new SQLite database, whatever database it is in.

    \b
    Example: crm-audit registry backup registry-2026-11.db
    """
    from pipeline.registry.backup import back_up

    runs = back_up(_opened(audit_file, output), file)
    click.echo(f"{file} is written. Runs: {runs}.")


@registry.command()
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Replaces the runs that the registry holds.")
@_AUDIT
@_OUTPUT
def restore(file: Path, replace: bool, audit_file: Path, output: Path | None) -> None:
    """Fills the registry with what FILE holds, a backup; also to move it into another database.

    \b
    Example: crm-audit registry restore registry-2026-11.db --replace
    """
    from pipeline.registry.backup import restore as restore_from

    opened = _opened(audit_file, output)
    runs = restore_from(opened, file, replace=replace)
    click.echo(f"{opened.shown} is restored. Runs: {runs}.")


def _opened(audit_file: Path, output: Path | None) -> Registry:
    from pipeline.config import load_audit

    return load_audit(audit_file, output=output).registry()
