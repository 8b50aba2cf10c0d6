"""Erases from a published run: what is erased is noted first, so that a kill leaves nothing
unexplained, and the next run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from pipeline.delivery.erased import note_erasure, read_erased
from pipeline.delivery.signing import Sign
from pipeline.values.hashes import file_sha256


def erase(run: Path, paths: Iterable[str], why: str, now: datetime, sign: Sign) -> None:
    """Removes these files of a run, and folders that are empty then."""
    wanted = set(paths)
    fresh = wanted - read_erased(run).reasons.keys()
    if fresh:
        note_erasure(run, now, why, fresh, {}, sign)
    for path in wanted:
        (run / path).unlink(missing_ok=True)
    for folder in sorted((run / path).parent for path in wanted)[::-1]:
        _remove_empty(folder, run)


def rewrite(
    run: Path, path: str, write: Callable[[Path], None], why: str, now: datetime, sign: Sign
) -> None:
    """Puts what `write` makes in the place of a file."""
    fresh = run / f".{path}"
    write(fresh)
    note_erasure(run, now, why, (path,), {path: file_sha256(fresh)}, sign)
    fresh.replace(run / path)


def _remove_empty(folder: Path, run: Path) -> None:
    while folder != run and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
