"""Reaching the CRM's database: read-only by its own means, and all tables as of one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from pipeline.errors import ConfigError, SourceError
from pipeline.presets import Preset
from pipeline.source.databases import DATABASES, Database

_COMMON = "Check source.url, the account and its rights."


def open_engine(url: str, base: Path, preset: Preset) -> Engine:
    """An engine on the source; relative files start at `base`. ConfigError where address and preset do not fit."""
    try:
        parsed = make_url(url)
        dialect = parsed.get_dialect().name
    except (ArgumentError, NoSuchModuleError):
        examples = " or ".join(database.example for database in DATABASES)
        raise ConfigError(f"source.url: this is no database address; write one like {examples}.") from None
    if dialect not in preset.dialects:
        raise ConfigError(f"source.url: the preset {preset.name} reads {', '.join(preset.dialects)}, not {dialect}.")
    return _kind_of(dialect).open(parsed, base)


def _kind_of(dialect: str) -> Database:
    for database in DATABASES:
        if dialect in database.dialects:
            return database
    raise ConfigError(f"source.url: {dialect} cannot be read; allowed: {', '.join(d.dialects[0] for d in DATABASES)}.")


@contextmanager
def consistent(engine: Engine, begin: Sequence[str] | None = None) -> Iterator[Connection]:
    """One read-only transaction that sees one moment of every table. SourceError where the source fails.

    `begin` replaces the statements that open it: tests show by it that the proof notices a missing transaction.
    """
    database = _kind_of(engine.dialect.name)
    try:
        with engine.connect() as connection:
            statements = database.begin if begin is None else begin
            for statement in statements:
                connection.exec_driver_sql(statement)
            try:
                yield connection
            finally:
                if statements and not connection.invalidated:
                    connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError as error:
        raise SourceError(_explained(error, database)) from None


def _explained(error: SQLAlchemyError, database: Database) -> str:
    """The database's complaint without statement, parameters or address, and what to do about it."""
    said = type(error).__name__
    if isinstance(error, DBAPIError) and error.orig is not None:
        said = " ".join(" ".join(str(part) for part in error.orig.args).split()) or type(error.orig).__name__
    remedy = next((do for part, do in database.remedies.items() if part.lower() in said.lower()), None)
    return f"The source could not be read: {said}. {remedy or _COMMON} Then run again."


def advice(connection: Connection) -> list[str]:
    """What the administrator should know about reading this source."""
    return list(_kind_of(connection.dialect.name).advice(connection))
