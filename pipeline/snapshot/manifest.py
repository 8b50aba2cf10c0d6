"""The manifest of a snapshot: its moment and source, the audit, and all versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any, Final
from zoneinfo import TZPATH

from pydantic import TypeAdapter, ValidationError

from pipeline import __version__
from pipeline.errors import ConfigError
from pipeline.model import (
    NO_TEXT,
    FieldSet,
    LocalText,
    PeriodBounds,
    ResolvedAudit,
    TableAccount,
)
from pipeline.snapshot import Stored
from pipeline.values.hashes import json_sha256

_FILE: Final = "manifest.json"
_LIBRARIES: Final = (
    "duckdb",
    "email-validator",
    "great-expectations",
    "jinja2",
    "openpyxl",
    "pandas",
    "phonenumbers",
    "pyarrow",
    "sqlalchemy",
)
"""The libraries that make figures and reports."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A snapshot's moment, source and files, the account of every table, and the audit."""

    as_of: datetime
    injected: bool
    preset: str
    transaction_seconds: float  # how long the source's transaction was open
    stored: tuple[Stored, ...]
    accounts: tuple[TableAccount, ...]
    # printed in reports: when files are from, and code that both readings share
    moment: LocalText = NO_TEXT
    hidden: LocalText = NO_TEXT  # what the database may have kept from the account
    caveats: tuple[LocalText, ...] = ()  # further warnings about what was read
    period: PeriodBounds | None = None  # None: the audit's period for a run by hand
    # 'entity.column' that no SELECT returns -> why
    not_given: Mapping[str, LocalText] = field(default_factory=dict)
    audit: ResolvedAudit | None = None  # None in a run of an older version
    run_id: str = ""  # '' of a snapshot that belongs to no run
    read_at: datetime | None = None  # by the clock, whatever the as-of; None in an older run
    field_sets_sha256: str = ""
    preset_sha256: str = ""
    # 'entity.column' -> 'table.column' of the user's own fields
    add: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The number of rows of all entities."""
        return sum(entry.rows for entry in self.stored)

    @property
    def undecodable(self) -> tuple[tuple[str, str, str], ...]:
        """(entity, column, record id) of every text that is not UTF-8 and so contains U+FFFD."""
        return tuple(
            (entry.entity, column, record)
            for entry in self.stored
            for column, record in entry.undecodable
        )


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes manifest.json beside the files that it names."""
    (folder / _FILE).write_bytes(_written().dump_json(manifest, indent=1))


def load_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot. Raises ConfigError if another version wrote it."""
    file = folder / _FILE
    try:
        return _written().validate_json(file.read_bytes())
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"])) or "its JSON"
        raise ConfigError(
            f"{file}: {where}: {wrong['msg']}. Another version of this program wrote it, or it was altered since; "
            "run the audit again to get one that can be recomputed."
        ) from None


@cache
def _written() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def hash_of(field_sets: Mapping[str, FieldSet]) -> str:
    """SHA-256 of the field sets, in hexadecimal; equal field sets have equal hashes."""
    document: Any = TypeAdapter(Mapping[str, FieldSet]).dump_python(field_sets, mode="json")
    return json_sha256(document)


def versions() -> dict[str, str]:
    """The versions of the program, of its libraries, and of the time zone data."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return {
        "crm-audit": __version__,
        "python": python_version(),
        **libraries,
        "time zones": _time_zones(),
    }


def _time_zones() -> str:
    """The IANA release that Python uses: the system's, otherwise the package's."""
    for folder in TZPATH:
        file = Path(folder) / "tzdata.zi"
        if file.is_file():
            with file.open(encoding="utf-8") as lines:
                return lines.readline().removeprefix("# version ").strip()
    return version("tzdata")
