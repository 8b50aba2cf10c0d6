"""Shared by several commands: the clock, the types of arguments, progress, and warnings."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from pipeline.progress import Progress

AUDIT_FILE: Final = click.Path(path_type=Path, dir_okay=False)
FOLDER: Final = click.Path(path_type=Path, file_okay=False)

OUTPUT: Final = click.option(
    "--output",
    type=FOLDER,
    default=Path("output"),
    show_default=True,
    help="Where its reports lie.",
)


def run_folder(output: Path, run: str) -> Path:
    """The folder of a run of the output folder, of latest, or of a copy elsewhere."""
    stored = output / "latest" if run == "latest" else output / "runs" / run
    return (
        stored.resolve() if stored.exists() or not Path(run).is_dir() else Path(run).resolve()
    )


def now() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Bars on a terminal, lines elsewhere."""
    from pipeline.progress import Bars, Lines

    progress: Progress = Bars(sys.stderr) if sys.stderr.isatty() else Lines(sys.stderr)
    try:
        yield progress
    finally:
        progress.close()


def warn(warnings: Iterable[str]) -> None:
    """Prints each warning to standard error."""
    for line in warnings:
        click.echo(f"Warning: {line}", err=True)
