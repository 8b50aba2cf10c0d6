"""Where a file or a folder is that an address names, and what may be read of a folder."""

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
"""How names begin of what is nobody's export: hidden files, and what an office program
leaves beside an open one.
"""


def file_of(url: URL, base: Path) -> Path:
    """The database file that an address names; a relative one starts at `base`.
    SourceError where there is none.
    """
    return _place(url, base, "database file")


def folder_of(url: URL, base: Path) -> Path:
    """The folder that an address names; a relative one starts at `base`.
    SourceError where there is none.
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
    """What was meant, where that can be seen."""
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
    """What lies in a folder of exports."""

    exports: tuple[Path, ...]  # by name
    # what is no export that can be read, by name; a folder's ends with a slash
    unread: tuple[str, ...]


def listing(folder: Path) -> Listing:
    """The folder's exports, and what else lies there. SourceError where a link would be
    read that leads out of it.
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
