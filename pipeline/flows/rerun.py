"""Makes a published run's reports again from its snapshot, and compares: nothing is published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.delivery.folder import scratch, temporary_files
from pipeline.delivery.sums import entries, must_be_as_published
from pipeline.errors import ConfigError, ProofError, PublishError
from pipeline.flows.compute import open_run
from pipeline.progress import Progress
from pipeline.reports.made_again import Compared, compare_folders
from pipeline.reports.write import write_reports
from pipeline.snapshot.manifest import load_manifest, versions

_DATA: Final = "snapshot/"


@dataclass(frozen=True, slots=True)
class Rerun:
    """What a run's files are beside those made again.

    `versions` are the program's and its libraries' that are others now: name -> (then, now).
    """

    run_id: str
    files: tuple[Compared, ...]
    versions: Mapping[str, tuple[str, str]]

    @property
    def differing(self) -> tuple[Compared, ...]:
        """The files that are not equal."""
        return tuple(compared for compared in self.files if compared.differences)

    @property
    def same_bytes(self) -> bool:
        """Whether all files are equal to the last byte."""
        return all(compared.same_bytes for compared in self.files)


def rerun(run: Path, progress: Progress, to: Path | None = None) -> Rerun:
    """Computes the run in this folder again, and compares its reports.

    They are kept in the new folder `to`, if there is one; the run's own stays as it is. Raises
    ProofError if what they are made from is not what was published, ConfigError if it is no run
    of this version.
    """
    os.umask(0o077)  # the files hold clients' data
    must_be_as_published(run, (_DATA,), "The run cannot be made again")
    if to is not None:
        _must_be_free(to, run)
    changed = _changed(load_manifest(run / "snapshot").versions, versions())
    with scratch() as work, temporary_files(work / "temporary"):
        made = work / "reports"
        made.mkdir()
        with _blamed(changed):
            result = open_run(run, progress)
            write_reports(result, made, progress)
        progress.stage("Comparing with the published files")
        files = compare_folders(run, made, _reports_of(run))
        if to is not None:
            _keep(made, to)
    return Rerun(result.run_id, tuple(files), changed)


@contextmanager
def _blamed(changed: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """Adds to a failed proof which versions are others than the run's."""
    try:
        yield
    except ProofError as error:
        if not changed:
            raise
        names = "; ".join(version_texts(changed))
        raise ProofError(
            f"{error} Other versions made the run: {names}.", error.differences
        ) from None


def version_texts(changed: Mapping[str, tuple[str, str]]) -> list[str]:
    """Each version that is another now than the run's: 'duckdb 1.4 then, 2.0 now'."""
    return [f"{name} {then} then, {now} now" for name, (then, now) in changed.items()]


def _must_be_free(to: Path, run: Path) -> None:
    if to.exists() or to.is_symlink():
        raise ConfigError(f"--to: {to} exists already; name a folder that does not.")
    if to.resolve().is_relative_to(run.resolve()):
        raise ConfigError(
            f"--to: {to} lies in the run's own folder, which stays as it is; name another."
        )


def _reports_of(run: Path) -> frozenset[str]:
    """All that lies in a run's folder, but for its snapshot and the list of hashes."""
    return frozenset(path for path in entries(run) if not path.startswith(_DATA))


def _keep(made: Path, to: Path) -> None:
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, to)
    except OSError as error:
        raise PublishError(
            f"--to: {to} could not be written: {error.strerror}; free the place, or name another."
        ) from None


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    names = sorted({*then, *now})
    pairs = {name: (then.get(name, "none"), now.get(name, "none")) for name in names}
    return {name: (before, after) for name, (before, after) in pairs.items() if before != after}
