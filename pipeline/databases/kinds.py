"""Every kind of database: to add one, add a file to this folder and list it here."""

from __future__ import annotations

from typing import Final

from pipeline.databases import duckdb, files, mysql, postgresql, sqlite
from pipeline.databases.adapter import Database
from pipeline.databases.sql import compile as _compile  # noqa: F401 - constructs need their SQL
from pipeline.errors import ConfigError

DATABASES: Final[tuple[Database, ...]] = (
    mysql.DATABASE,
    postgresql.DATABASE,
    sqlite.DATABASE,
    duckdb.DATABASE,
    files.DATABASE,
)

__all__ = ["DATABASES", "Database", "kind_of"]


def kind_of(dialect: str) -> Database:
    """The kind of database with this dialect. Raises ConfigError if there is none."""
    for database in DATABASES:
        if dialect in database.dialects:
            return database
    raise ConfigError(
        f"source.url: {dialect} cannot be read; allowed: {', '.join(d.dialects[0] for d in DATABASES)}."
    )
