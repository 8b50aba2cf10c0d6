"""The SQL by which a CRM's own database gave the audited rows, kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Dialect, make_url

from pipeline.errors import ConfigError
from pipeline.model.source_sql import EntitySql

_FILE: Final = "source.json"
_TRAITS: Final = ("_backslash_escapes", "white_space", "bytewise")
"""What a dialect learns of its database when it is opened, and then writes otherwise."""


@dataclass(frozen=True, slots=True)
class SourceSql:
    """How every kind of record is read, and the dialect in which that is written."""

    dialect: str  # SQLAlchemy's name
    traits: Mapping[str, bool | str | None]
    entities: Mapping[str, EntitySql]

    def opened_dialect(self) -> Dialect:
        """The dialect as it was while the CRM was open; it writes no driver's parameters."""
        make: Any = make_url(f"{self.dialect}://").get_dialect()
        dialect: Dialect = make(paramstyle="named")
        for name, value in self.traits.items():
            setattr(dialect, name, value)
        return dialect


def traits_of(dialect: Dialect) -> dict[str, Any]:
    """What the dialect has learnt of its database."""
    return {name: getattr(dialect, name) for name in _TRAITS if hasattr(dialect, name)}


def save_source_sql(folder: Path, sql: SourceSql) -> None:
    """Writes source.json into the folder of a snapshot."""
    (folder / _FILE).write_bytes(_written().dump_json(sql, indent=1))


def load_source_sql(folder: Path) -> SourceSql | None:
    """The SQL of a snapshot's source; None where an earlier version read it. Raises ConfigError
    if it cannot be read.
    """
    file = folder / _FILE
    if not file.is_file():
        return None
    try:
        return _written().validate_json(file.read_bytes())
    except ValidationError:
        raise ConfigError(
            f"{file} cannot be read: it was altered, or another version of this program wrote it."
        ) from None


@cache
def _written() -> TypeAdapter[SourceSql]:
    return TypeAdapter(SourceSql)
