"""The hashes of a published run's files: written when it is published, compared at any time.

The list is what `sha256sum` writes and checks, so that nobody needs this program to use it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.delivery import signing
from pipeline.delivery.erased import ERASED, read_erased
from pipeline.delivery.signing import Sign, no_signature, write_signed
from pipeline.errors import ConfigError, ProofError
from pipeline.values.hashes import file_sha256
from pipeline.values.visible import printable

SUMS: Final = "SHA256SUMS"
"""The list's name in a run's folder: a line per file, its hash, two spaces, its path."""

_LISTS: Final = frozenset(
    {SUMS, ERASED, *(f"{name}{signing.SUFFIX}" for name in (SUMS, ERASED))}
)
"""What is no published file itself, and is compared by nobody but its signature."""

_LINE: Final = re.compile(r"(?P<hash>[0-9a-f]{64})  (?P<path>[^/\r][^\r]*)")


@dataclass(frozen=True, slots=True)
class Sums:
    """A run's list: path, relative to its folder, -> hash; and the hash of the list itself."""

    files: Mapping[str, str]
    sha256: str

    def paths_of(self, sha256: str) -> list[str]:
        """The published files of that content."""
        return [path for path, published in self.files.items() if published == sha256]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A path of a run's folder that is not as it was published, and in what way."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.what}"


@contextmanager
def _unread_reported() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{error.filename} cannot be read: {error.strerror}. Nothing was compared; let this "
            "account read it."
        ) from None


def write_sums(folder: Path, sign: Sign = no_signature) -> None:
    """Writes the list of every file in the folder, sorted by path, and signs it."""
    hashes = {path: file_sha256(folder / path) for path in entries(folder)}
    lines = (f"{hashes[path]}  {path}\n" for path in sorted(hashes))
    write_signed(folder / SUMS, "".join(lines), sign)


@_unread_reported()
def read_sums(run: Path) -> Sums:
    """The list of a run. Raises ConfigError if it has none, ProofError if it cannot be read."""
    file = run / SUMS
    if file.is_symlink() or not file.is_file():
        raise ConfigError(_without_list(run))
    files: dict[str, str] = {}
    for number, line in enumerate(_lines(file), 1):
        match = _LINE.fullmatch(line)
        if match is None or match["path"] in files:
            raise ProofError(
                f"{file} was altered: its line {number} is not one that this program wrote. "
                "Nothing was compared; take the run's folder from where it was published."
            )
        files[match["path"]] = match["hash"]
    return Sums(files, file_sha256(file))


@_unread_reported()
def deviations(
    run: Path, sums: Sums, is_wanted: Callable[[str], bool] = lambda path: True
) -> list[Deviation]:
    """Everything in the run's folder that is not as the list says, by path; only paths that are
    wanted are looked at. Raises ConfigError if a folder in it cannot be read.
    """
    there, listed = set(filter(is_wanted, entries(run))), set(filter(is_wanted, sums.files))
    erased = read_erased(run)
    added = {path: _added(run, path, sums) for path in there - listed}
    missing = dict.fromkeys(listed - there - erased.reasons.keys(), "missing")
    altered = {
        path: what
        for path in there & listed
        if (what := _altered(run, path, sums, erased.rewritten.get(path))) is not None
    }
    found = {**added, **missing, **altered}
    return [Deviation(path, found[path]) for path in sorted(found)]


def must_be_as_published(run: Path, wanted: Collection[str], refused: str) -> None:
    """Raises ProofError, with what is `refused`, unless these of a run's files are as they were
    published; a path that ends with / stands for all below it.
    """
    folders = tuple(path for path in wanted if path.endswith("/"))

    def is_wanted(path: str) -> bool:
        return path in wanted or path.startswith(folders)

    gone = {why for path, why in read_erased(run).reasons.items() if is_wanted(path)}
    if gone:
        raise ConfigError(f"{refused}: its data were erased ({'; '.join(sorted(gone))}).")
    if altered := deviations(run, read_sums(run), is_wanted):
        raise ProofError(
            f"{refused}, because the data are not those that were published: "
            f"{'; '.join(map(str, altered))}. Take the run's folder from where it was published."
        )


@_unread_reported()
def published_as(file: Path, sums: Sums) -> list[str]:
    """Which of a run's files this one is, wherever it lies and whatever its name; several where
    they were the same.
    """
    return sums.paths_of(file_sha256(file))


def _without_list(run: Path) -> str:
    if (run / "snapshot" / "manifest.json").is_file():
        return (
            f"{run} has no {SUMS}: an earlier version of this program published it, or somebody "
            "removed the list. Nothing can be compared; take the folder from where it was "
            "published, or run the audit again."
        )
    return f"There is no run in {run}; name a folder under the output folder's runs."


def _lines(file: Path) -> list[str]:
    text = file.read_bytes().decode("utf-8", "replace")
    return text.removesuffix("\n").split("\n")


def entries(folder: Path) -> Iterator[str]:
    """The paths of all files, links and empty folders below, but for the lists and their signatures."""
    for place, folders, files in os.walk(folder, onerror=_unread):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        for name in (*files, *links):
            path = (here / name).relative_to(folder).as_posix()
            if path not in _LISTS:
                yield path
        if not folders and not files and here != folder:
            yield here.relative_to(folder).as_posix()


def _unread(error: OSError) -> None:
    """What cannot be looked at is not passed over."""
    raise error


def _added(run: Path, path: str, sums: Sums) -> str:
    if not _is_file(run / path):
        return "not published, and no file"
    return f"not published{_origin(sums, _hash_of(run / path))}"


def _altered(run: Path, path: str, sums: Sums, since: str | None) -> str | None:
    """What became of a published file; None if nothing, or if it has the hash that it got when
    something was erased from it.
    """
    if not _is_file(run / path):
        return "altered: it is no file of its own"
    sha256 = _hash_of(run / path)
    if sha256 is not None and sha256 in (sums.files[path], since):
        return None
    return "cannot be read" if sha256 is None else f"altered{_origin(sums, sha256)}"


def _is_file(file: Path) -> bool:
    """Whether it is a file, no link to one: that would change as another does."""
    return file.is_file() and not file.is_symlink()


def _hash_of(file: Path) -> str | None:
    try:
        return file_sha256(file)
    except OSError:  # its permissions do not allow that
        return None


def _origin(sums: Sums, sha256: str | None) -> str:
    """Where this content was published, if anywhere."""
    paths = sums.paths_of(sha256) if sha256 else []
    return f"; this was published as {', '.join(paths)}" if paths else ""
