"""Reaching the CRM's database: read-only by its own means, and all tables as of one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from pipeline.errors import ConfigError, SourceError
from pipeline.presets import Preset


def open_engine(url: str, base: Path, preset: Preset) -> Engine:
    """An engine on the source. Relative SQLite paths start at `base`; SQLite is opened read-only by its own means."""
    try:
        parsed = make_url(url)
        dialect = parsed.get_dialect().name
    except (ArgumentError, NoSuchModuleError):
        raise ConfigError(
            "source.url: this is no database address; write one like sqlite:///crm.db or "
            "mysql+pymysql://reader:${CRM_PASSWORD}@host/database."
        ) from None
    if dialect not in preset.dialects:
        raise ConfigError(f"source.url: the preset {preset.name} reads {', '.join(preset.dialects)}, not {dialect}.")
    if dialect == "sqlite":
        parsed = _sqlite_read_only(parsed, base)
    # parameters are never logged: they may hold what people typed
    engine = create_engine(parsed, hide_parameters=True, isolation_level="AUTOCOMMIT")
    if dialect == "sqlite":
        event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA query_only = ON"))
    return engine


def _sqlite_read_only(url: URL, base: Path) -> URL:
    file = (base / (url.database or "")).resolve()
    if not file.is_file():
        raise SourceError(f"source.url: there is no database file {file}; correct the path in audit.yaml.")
    return url.set(database=f"file:{file.as_posix()}", query={"mode": "ro", "uri": "true"})


@contextmanager
def consistent(engine: Engine, begin: Sequence[str] | None = None) -> Iterator[Connection]:
    """One read-only transaction that sees one moment of every table. SourceError where the source fails.

    `begin` replaces the statements that open it: tests show by it that the proof notices a missing transaction.
    """
    try:
        with engine.connect() as connection:
            statements = _BEGIN[engine.dialect.name] if begin is None else begin
            for statement in statements:
                connection.exec_driver_sql(statement)
            try:
                yield connection
            finally:
                if statements and not connection.invalidated:
                    connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError as error:
        raise SourceError(explained(error)) from None


_MYSQL: Final = (
    "SET time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_BEGIN: Final[Mapping[str, tuple[str, ...]]] = {
    # a plain BEGIN of SQLite takes no snapshot before the first SELECT
    "sqlite": ("BEGIN", "SELECT count(*) FROM sqlite_schema"),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}


def explained(error: SQLAlchemyError) -> str:
    """A database's complaint without statement, parameters or address."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        said = " ".join(str(part) for part in error.orig.args) or type(error.orig).__name__
        return f"The source could not be read: {said}. Check source.url, the account and its rights, and run again."
    return f"The source could not be read: {type(error).__name__}. Check source.url and run again."


def advice(connection: Connection) -> list[str]:
    """What the administrator should know about reading this source."""
    if connection.dialect.name != "sqlite":
        return []
    mode = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
    if mode == "wal":
        return ["SQLite in WAL mode: the CRM can write while it is read."]
    return [
        f"SQLite in {mode} mode: while the audit reads, the CRM's writers wait. "
        "PRAGMA journal_mode=WAL, set once on the database, avoids that."
    ]
