"""The manifest of a snapshot: of when and of what it is, how it was audited,
and with which versions.
"""

from __future__ import annotations

import hashlib
import json
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

_FILE: Final = "manifest.json"
_LIBRARIES: Final = (
    "duckdb",
    "great-expectations",
    "jinja2",
    "openpyxl",
    "pandas",
    "pyarrow",
    "sqlalchemy",
)
"""What figures and reports are made with."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the snapshot is: of when and of what, its files, the accounting of every
    source table, and the audit.
    """

    as_of: datetime
    injected: bool
    preset: str
    transaction_seconds: float  # how long the source's transaction was open
    stored: tuple[Stored, ...]
    accounts: tuple[TableAccount, ...]
    # what reports say beside the source: of when files are, what the two readings share
    moment: LocalText = NO_TEXT
    hidden: LocalText = NO_TEXT  # what the database may have kept from the account
    caveats: tuple[LocalText, ...] = ()  # what else a reader should know of what was read
    period: PeriodBounds | None = None  # None: as the audit says it of a run by hand
    # 'entity.column' that no SELECT gives -> why
    not_given: Mapping[str, LocalText] = field(default_factory=dict)
    audit: ResolvedAudit | None = (
        None  # None in a run of a program that did not write it down yet
    )
    field_sets_sha256: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many the snapshot has, of every entity."""
        return sum(entry.rows for entry in self.stored)

    @property
    def undecodable(self) -> tuple[tuple[str, str, str], ...]:
        """(entity, column, record id) of every text whose bytes are no UTF-8; U+FFFD
        stands where they are not.
        """
        return tuple(
            (entry.entity, column, record)
            for entry in self.stored
            for column, record in entry.undecodable
        )


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes manifest.json beside the files that it names."""
    (folder / _FILE).write_bytes(_written().dump_json(manifest, indent=1))


def load_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot. ConfigError where it is none of this version's."""
    file = folder / _FILE
    try:
        return _written().validate_json(file.read_bytes())
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"])) or "its JSON"
        raise ConfigError(
            f"{file}: {where}: {wrong['msg']}. Another version of this program wrote it, or it was altered since; "
            "run the audit anew to have one that can be computed again."
        ) from None


@cache
def _written() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def hash_of(field_sets: Mapping[str, FieldSet]) -> str:
    """SHA-256 of what is demanded, in hexadecimal: two audits with the same demand the same."""
    document: Any = TypeAdapter(Mapping[str, FieldSet]).dump_python(field_sets, mode="json")
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Of this program, of the libraries that make figures and reports, and
    of the data on time zones.
    """
    found = {name: version(name) for name in _LIBRARIES}
    return {
        "crm-audit": __version__,
        "python": python_version(),
        **found,
        "time zones": _time_zones(),
    }


def _time_zones() -> str:
    """The IANA release that Python reads: the system's own, else the package's;
    'unknown' where neither tells.
    """
    for folder in TZPATH:
        file = Path(folder) / "tzdata.zi"
        if file.is_file():
            with file.open(encoding="utf-8") as lines:
                return lines.readline().removeprefix("# version ").strip()
    return version("tzdata")
