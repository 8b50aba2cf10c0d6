"""Publishing: a run is written aside, and then is there as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.errors import PublishError

_PARTIAL: Final = ".partial-"


class Draft:
    """A run's folder while it is written. Nobody sees it under a run's name before `publish`."""

    def __init__(self, output: Path, folder: Path) -> None:
        self.output = output
        self.folder = folder
        self._published = False

    def publish(self, run_id: str) -> Path:
        """Gives the folder its name, and then switches `latest` to it, each in one step."""
        final = self.output / "runs" / run_id
        try:
            self.folder.rename(final)  # refused where a run of that name exists: a fire is published once
            try:
                _switch(self.output / "latest", Path("runs") / run_id)
            except OSError:
                final.rename(self.folder)  # else the run could never be tried again
                raise
            self._published = True
        except OSError as error:
            raise PublishError(
                f"{final} could not be published: {error.strerror}; free the place and run again."
            ) from None
        return final

    def discard(self) -> None:
        """Removes what was not published: it holds clients' data."""
        if not self._published:
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def draft(output: Path) -> Iterator[Draft]:
    """A private folder to write a run in; removed unless it was published. PublishError where it cannot be made.

    Folders that a crash left behind are removed too: a living run holds a lock on its own.
    """
    try:
        runs = output / "runs"
        output.mkdir(mode=0o700, parents=True, exist_ok=True)  # one that stands keeps its mode: it may hold more
        runs.mkdir(mode=0o700, exist_ok=True)
        _sweep(runs)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=runs))
        lock = os.open(fresh, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = fresh.rename(runs / f"{_PARTIAL}{fresh.name}")  # named so only once it is locked
    except OSError as error:
        raise PublishError(
            f"{output} cannot be written: {error.strerror}; free the place, or choose another."
        ) from None
    begun = Draft(output, folder)
    try:
        yield begun
    except OSError as error:
        raise PublishError(
            f"the report could not be written: {error.strerror}; free the place and run again."
        ) from None
    finally:
        begun.discard()
        os.close(lock)


def _sweep(runs: Path) -> None:
    for folder in runs.glob(f"{_PARTIAL}*"):
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # somebody is writing it now
        finally:
            os.close(handle)


def _switch(link: Path, target: Path) -> None:
    aside = link.with_name(f".{link.name}-{os.getpid()}")
    aside.unlink(missing_ok=True)
    try:
        aside.symlink_to(target)
        aside.replace(link)
    finally:
        aside.unlink(missing_ok=True)
