"""`crm-audit verify`: is this what was published?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.cli.common import FOLDER
from pipeline.errors import ProofError


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--run", type=FOLDER, help="The folder of the run that PATH, a file, was taken from."
)
def verify(path: Path, run: Path | None) -> None:
    """Compares PATH, a run's folder, with the hashes of its files that were written
    when it was published. PATH may be one file that somebody was sent: name the run.

    Nothing is computed and the CRM is not read: see `crm-audit rerun`.

    \b
    Example: crm-audit verify output/latest
             crm-audit verify report.xlsx --run output/runs/20261124T080000000000Z-manual
    """
    if path.is_dir():
        if run is not None:
            raise click.UsageError("--run goes with a file; PATH is a folder.")
        _verify_run(path)
    elif run is None:
        raise click.UsageError("PATH is a file: name the run's folder, --run FOLDER.")
    else:
        _verify_file(path, run)


def _verify_run(run: Path) -> None:
    from pipeline.delivery.erased import read_erased
    from pipeline.delivery.sums import SUMS, deviations, read_sums

    sums = read_sums(run)
    different = deviations(run, sums)
    for deviation in different:
        click.echo(deviation)
    if different:
        raise ProofError(
            f"{run} is not what was published: see the {len(different)} lines above. The list of "
            f"hashes, {SUMS}, is not signed: whoever can alter a file can alter the list."
        )
    erased = read_erased(run)
    for erasure in erased.erasures:
        click.echo(
            f"Changed by erasure on {erasure.at[:10]} ({erasure.why}): {_number(erasure.paths)}."
        )
    held = len(sums.files) - len(erased.reasons)
    click.echo(
        f"SHA-256 of {held} files equal those in {run / SUMS}, and nothing else is in the folder."
        f"{_erased_text(len(erased.reasons))}\n{_not_signed(sums.sha256)}"
    )


def _number(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{len(paths)} files"


def _erased_text(files: int) -> str:
    if not files:
        return ""
    return (
        f" What the {files} others held when they were published cannot be checked any more, and who "
        "can alter a file can alter the list of erasures."
    )


def _verify_file(file: Path, run: Path) -> None:
    from pipeline.delivery.sums import SUMS, published_as, read_sums

    sums = read_sums(run)
    paths = published_as(file, sums)
    if not paths:
        raise ProofError(
            f"{file} is none of the {len(sums.files)} files that were published with this run: "
            f"no hash in {run / SUMS} is its own. It was altered, or belongs to another run."
        )
    click.echo(
        f"SHA-256 of {file} equals that of {', '.join(paths)} in {run / SUMS}. Nothing else of the "
        f"run was looked at.\n{_not_signed(sums.sha256)}"
    )


def _not_signed(sha256: str) -> str:
    return (
        "The list itself is not signed: whoever can alter a file can alter the list. "
        f"Its own SHA-256 is {sha256}."
    )
