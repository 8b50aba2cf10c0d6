"""Compares the reports of a run with the same reports, made again."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from zipfile import BadZipFile, ZipFile
from zlib import error as DeflateError  # noqa: N812 - it is an exception

_PIECE: Final = 1 << 20
_UNREADABLE: Final = (
    BadZipFile,
    DeflateError,
    EOFError,
    NotImplementedError,  # a way of compression that Python does not know
    OSError,
    RuntimeError,  # encrypted
    ValueError,
)
"""What reading an archive that somebody altered may raise."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A file of a report: `differences` name what differs in it, none if it is equal.

    `same_bytes` is false where only the contents are equal: archives differ with the library
    that compressed them, Parquet with the library that wrote it.
    """

    file: str
    differences: tuple[str, ...] = ()
    same_bytes: bool = False


def compare_folders(published: Path, again: Path, files: frozenset[str]) -> list[Compared]:
    """Every file of both folders, by its path; `files` are those of the published folder that
    are reports, whether they are there or not.
    """
    made = {file.relative_to(again).as_posix() for file in again.rglob("*") if file.is_file()}
    return [_compared(name, published, again, made) for name in sorted(made | files)]


def _compared(name: str, published: Path, again: Path, made: set[str]) -> Compared:
    if name not in made:
        return Compared(name, ("this run makes no such file",))
    if (published / name).is_symlink():
        return Compared(name, ("it is a link, not a file",))
    if not (published / name).is_file():
        return Compared(name, ("missing in the run's folder",))
    try:
        return _compared_files(name, published / name, again / name)
    except OSError as error:
        return Compared(name, (f"cannot be read: {error.strerror}",))


def _compared_files(name: str, published: Path, again: Path) -> Compared:
    if filecmp.cmp(published, again, shallow=False):
        return Compared(name, same_bytes=True)
    if published.suffix == ".xlsx":
        return Compared(name, tuple(_parts_that_differ(published, again)))
    if published.suffix == ".parquet" and _same_rows(published, again):
        return Compared(name)
    return Compared(name, ("differs",))


def _parts_that_differ(published: Path, again: Path) -> Iterator[str]:
    """The parts of two workbooks whose contents are not the same."""
    try:
        with ZipFile(published) as ours, ZipFile(again) as theirs:
            there, made = ours.namelist(), theirs.namelist()
            yield from (f"{part} is not made again" for part in there if part not in made)
            yield from (f"{part} is missing" for part in made if part not in there)
            if _has_more(ours):
                yield "it holds more than its parts"
            for part in filter(there.__contains__, made):
                with ours.open(part) as one, theirs.open(part) as other:
                    if not _same(one, other):
                        yield f"{part} differs"
    except _UNREADABLE:
        yield "it cannot be read as a workbook"


def _has_more(book: ZipFile) -> bool:
    """Whether an archive has a part twice, a comment or extra fields: something may hide there."""
    parts = book.infolist()
    twice = len(parts) > len({part.filename for part in parts})
    return twice or bool(book.comment) or any(part.comment or part.extra for part in parts)


def _same(one: IO[bytes], other: IO[bytes]) -> bool:
    while piece := one.read(_PIECE):
        if piece != other.read(_PIECE):
            return False
    return not other.read(1)


def _same_rows(published: Path, again: Path) -> bool:
    """Whether two Parquet files hold the same columns and rows, in the same order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return bool(pq.read_table(published).equals(pq.read_table(again)))
    except (pa.ArrowException, OSError):
        return False
