"""Resolves the file or folder in an address, and lists what may be read of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from pipeline.errors import ConfigError, SourceError

SUFFIXES: Final = (".csv", ".tsv", ".xlsx")
_HIDDEN: Final = (".", "~$")
"""Prefixes of files that are no exports: hidden ones, and an office program's lock files."""


def file_of(url: URL, base: Path) -> Path:
    """The database file in an address; relative paths start at `base`.

    Raises SourceError if it does not exist.
    """
    return _place(url, base, "database file")


def folder_of(url: URL, base: Path) -> Path:
    """The folder in an address; relative paths start at `base`.

    Raises SourceError if it does not exist.
    """
    return _place(url, base, "folder")


def _place(url: URL, base: Path, what: str) -> Path:
    name, scheme = url.database or "", url.drivername
    if url.host or not name:
        raise ConfigError(
            f"source.url: this names no {what}; write {scheme}:///NAME, which starts at the folder of audit.yaml, or "
            f"{scheme}:////NAME, which starts at the root of this machine."
        )
    place = base / name
    try:
        place = Path(os.path.realpath(place))
        there = place.is_dir() if what == "folder" else place.is_file()
    except PermissionError as error:
        raise SourceError(
            f"source.url: {place} cannot be read ({error.strerror}); let this user read it."
        ) from None
    except (OSError, ValueError):  # too long, or with a NUL: there is nothing of that name
        there = False
    if there:
        return place
    shown = str(place) if str(place).isprintable() else repr(str(place))
    raise SourceError(
        f"source.url: there is no {what} {shown}; correct the path in audit.yaml.{_hint(url, base)}"
    )


def _hint(url: URL, base: Path) -> str:
    """The path that was probably meant, if it exists."""
    name, scheme = url.database or "", url.drivername
    if not name.startswith("/") and _exists(Path("/") / name):
        return f" Three slashes start at {base.absolute()}; /{name} is written {scheme}:////{name}."
    return ""


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except (OSError, ValueError):
        return False


# -------------------------------------------------------------------------- a folder of exports


@dataclass(frozen=True, slots=True)
class Listing:
    """The contents of a folder of exports."""

    exports: tuple[Path, ...]  # by name
    # names of everything else; a folder's name ends with a slash
    unread: tuple[str, ...]


def listing(folder: Path) -> Listing:
    """The folder's exports, and everything else in it.

    Raises SourceError if an export is a link that leads out of the folder.
    """
    try:
        places = [
            place for place in sorted(folder.iterdir()) if not place.name.startswith(_HIDDEN)
        ]
        exports = tuple(
            place for place in places if place.suffix.lower() in SUFFIXES and place.is_file()
        )
        for file in exports:
            _must_lie_in(folder, file)
        return Listing(exports, tuple(_named(places, exports)))
    except OSError as error:
        raise SourceError(
            f"{folder} cannot be read ({error.strerror}); let this user read it."
        ) from None


def _must_lie_in(folder: Path, file: Path) -> None:
    if file.is_symlink() and not Path(os.path.realpath(file)).is_relative_to(folder):
        raise SourceError(
            f"{file} is a link that leads out of the folder, so it is not read; put a copy of the file there instead."
        )


def _named(places: list[Path], exports: tuple[Path, ...]) -> Iterator[str]:
    for place in places:
        if place not in exports:
            yield f"{place.name}/" if place.is_dir() else place.name
