"""Publishes a run completely or not at all: it is written in a draft folder, then renamed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.delivery.signing import Sign, no_signature
from pipeline.delivery.sums import write_sums
from pipeline.errors import ConfigError, PublishError
from pipeline.lacks import lack_of
from pipeline.snapshot.manifest import Manifest, load_manifest

_PARTIAL: Final = ".partial-"
_SCRATCH: Final = ".crm-audit-scratch-"
_TEMPORARY: Final = ".temporary"
_PENDING: Final = ".latest-"
"""Prefix of a link that becomes `latest` once its run has its final name."""


class Draft:
    """A run's folder while it is written; `publish` gives it the run's name."""

    def __init__(self, output: Path, folder: Path) -> None:
        self.output = output
        self.folder = folder
        self._published = False

    def publish(self, run_id: str, now: datetime, sign: Sign = no_signature) -> Path:
        """Lists and signs the hashes of its files, renames the folder, then switches `latest` to it;
        both of the last steps are atomic.

        `latest` stays if this run's as-of was injected, or is older than that of its target.
        """
        final, pending = self.output / "runs" / run_id, self.output / f"{_PENDING}{run_id}"
        try:
            with _alone(self.output / "runs"):
                if (self.folder / _TEMPORARY).exists():
                    shutil.rmtree(self.folder / _TEMPORARY)
                write_sums(self.folder, sign)
                leads = _leads(self.folder, self.output / "latest", now)
                pending.unlink(missing_ok=True)
                if leads:
                    # if we die after the next line, `complete_latest` finishes
                    pending.symlink_to(Path("runs") / run_id)
                self._rename(final, pending)
        except OSError as error:
            raise _unwritten(
                error, f"{final} could not be published", "free the place and run again"
            ) from None
        return final

    def _rename(self, final: Path, pending: Path) -> None:
        try:
            # fails if a run of that name exists: a fire is published once
            self.folder.rename(final)
            try:
                if pending.is_symlink():
                    pending.replace(self.output / "latest")
            except OSError:
                final.rename(self.folder)  # otherwise the run could never be retried
                raise
            self._published = True
        finally:
            pending.unlink(missing_ok=True)

    def discard(self) -> None:
        """Removes an unpublished folder, because it holds clients' data."""
        if not self._published:
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def draft(output: Path) -> Iterator[Draft]:
    """A private folder for writing a run, removed unless it was published.

    Folders left by a crash are removed too; a living run holds a lock on its own. Raises
    PublishError if the folder cannot be created.
    """
    try:
        runs = output / "runs"
        # an existing folder keeps its mode, because it may hold other files
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        runs.mkdir(mode=0o700, exist_ok=True)
        folder, lock = _locked(runs, _PARTIAL)
    except OSError as error:
        raise _unwritten(
            error, f"{output} cannot be written", "free the place, or choose another"
        ) from None
    begun = Draft(output, folder)
    try:
        with temporary_files(folder / _TEMPORARY):
            yield begun
    except OSError as error:
        raise _unwritten(
            error, "the report could not be written", "free the place and run again"
        ) from None
    finally:
        begun.discard()
        os.close(lock)


def _unwritten(error: OSError, what: str, remedy: str) -> PublishError:
    return PublishError(lack_of(error) or f"{what}: {error.strerror}; {remedy}.")


@contextmanager
def temporary_files(folder: Path) -> Iterator[None]:
    """Makes all libraries and child processes put their temporary files into a new folder.

    They hold clients' data, and are removed with what the folder lies in, also after a kill.
    """
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    folder.mkdir(mode=0o700)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before[0]
        if before[1] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[1]


@contextmanager
def scratch() -> Iterator[Path]:
    """A private temporary folder for what is never published; leftovers of kills are removed."""
    folder, lock = _locked(Path(tempfile.gettempdir()), _SCRATCH)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(place: Path, prefix: str) -> tuple[Path, int]:
    """A new private folder and its lock; older folders without a lock are removed."""
    _sweep(place, prefix)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=place))
    lock = os.open(fresh, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # renamed only after locking, so that no other process sweeps it
    return fresh.rename(place / f"{prefix}{fresh.name}"), lock


def _sweep(place: Path, prefix: str) -> None:
    for folder in (entry for entry in place.glob(f"{prefix}*") if not entry.is_symlink()):
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except (FileNotFoundError, PermissionError, NotADirectoryError):
            continue  # removed meanwhile, or owned by another user
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # in use
        finally:
            os.close(handle)


# ----------------------------------------------------------------------------------- the latest


def complete_latest(output: Path, now: datetime) -> None:
    """Switches `latest` to runs whose process died after renaming and before switching."""
    for pending in output.glob(f"{_PENDING}*"):
        try:
            with _alone(output / "runs"):
                if pending.exists() and _leads(pending, output / "latest", now):
                    pending.replace(output / "latest")
                pending.unlink(missing_ok=True)
        except OSError as error:
            place = output / "latest"
            raise _unwritten(
                error, f"{place} could not be switched", "free the place and run again"
            ) from None


def _leads(run: Path, latest: Path, now: datetime) -> bool:
    """Whether `latest` should lead to the run: never to an injected or an older as-of.

    An as-of after `now` came from a wrong clock, and does not count.
    """
    new, old = _manifest(run), _manifest(latest)
    if new is None or old is None or old.injected:
        return new is None or not new.injected
    return not new.injected and (new.as_of >= old.as_of or old.as_of > now)


def _manifest(run: Path) -> Manifest | None:
    """The manifest of a run's snapshot; None if it cannot be read."""
    try:
        return load_manifest(run / "snapshot")
    except (OSError, ConfigError):
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes from publishing into the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
