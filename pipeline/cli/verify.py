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
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The public key of whoever publishes: is the list of hashes signed with it?",
)
@click.option(
    "--run", type=FOLDER, help="The folder of the run that PATH, a file, was taken from."
)
def verify(path: Path, key: Path | None, run: Path | None) -> None:
    """Compares PATH, a run's folder, with the hashes of its files that were written
    when it was published. PATH may be one file that somebody was sent: name the run.

    With --key it also checks the list's signature, which audits with `sign_with:` write.
    Nothing is computed and the CRM is not read: see `crm-audit rerun`.

    \b
    Example: crm-audit verify output/latest
             crm-audit verify output/latest --key public.pem
             crm-audit verify report.xlsx --run output/runs/20261124T080000000000Z-manual
    """
    if path.is_dir():
        if run is not None:
            raise click.UsageError("--run goes with a file; PATH is a folder.")
        _verify_run(path, key)
    elif run is None:
        raise click.UsageError("PATH is a file: name the run's folder, --run FOLDER.")
    else:
        _verify_file(path, run, key)


def _verify_run(run: Path, key: Path | None) -> None:
    from pipeline.delivery.erased import ERASED, read_erased
    from pipeline.delivery.sums import SUMS, deviations, read_sums

    sums = read_sums(run)
    signed = _signed(run / SUMS, sums.sha256, key)
    different = deviations(run, sums)
    for deviation in different:
        click.echo(deviation)
    if different:
        raise ProofError(
            f"{run} is not what was published: see the {len(different)} lines above. {signed}"
        )
    erased = read_erased(run)
    for erasure in erased.erasures:
        click.echo(
            f"Changed by erasure on {erasure.at[:10]} ({erasure.why}): {_number(erasure.paths)}."
        )
    held = len(sums.files) - len(erased.reasons)
    click.echo(
        f"SHA-256 of {held} files equal those in {run / SUMS}, and nothing else is in the folder."
    )
    if erased.erasures:
        click.echo(
            f"What the {len(erased.reasons)} others held when they were published cannot be checked "
            f"any more. {_signed(run / ERASED, None, key)}"
        )
    click.echo(signed)


def _number(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{len(paths)} files"


def _verify_file(file: Path, run: Path, key: Path | None) -> None:
    from pipeline.delivery.sums import SUMS, published_as, read_sums

    sums = read_sums(run)
    signed = _signed(run / SUMS, sums.sha256, key)
    paths = published_as(file, sums)
    if not paths:
        raise ProofError(
            f"{file} is none of the {len(sums.files)} files that were published with this run: "
            f"no hash in {run / SUMS} is its own. It was altered, or belongs to another run."
        )
    click.echo(
        f"SHA-256 of {file} equals that of {', '.join(paths)} in {run / SUMS}. Nothing else of the "
        f"run was looked at.\n{signed}"
    )


def _signed(file: Path, sha256: str | None, key: Path | None) -> str:
    """What is known of who wrote a list. Raises ProofError if it lacks the signature that is asked
    for.
    """
    from pipeline.delivery.signing import is_signed, public_key, signature_of

    if key is not None:
        if not is_signed(file, public_key(key)):
            raise ProofError(
                f"{file} is not signed with the key {key}: somebody altered it, or it was published "
                "without that key. Nothing that it says is certain."
            )
        return f"{file.name} is signed with the key {key}."
    own = f" Its own SHA-256 is {sha256}." if sha256 else ""
    if signature_of(file).is_file():
        return f"{file.name} has a signature, which was not checked: name the public key, --key FILE.{own}"
    return f"{file.name} is not signed: whoever can alter a file can alter the list.{own}"
