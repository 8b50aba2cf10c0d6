"""Opens the registry: a SQLite file in the output folder, or a PostgreSQL of several machines.

Several processes may use it at once: every transaction takes the write lock when it begins, so
whatever it reads is still true when it writes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Executable,
    MetaData,
    NullPool,
    RowMapping,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    literal_column,
    select,
)
from sqlalchemy import table as lightweight
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement

from pipeline.errors import ConfigError, PublishError
from pipeline.registry import migrations
from pipeline.registry.tables import FIRES, METADATA, SCHEDULES
from pipeline.values.batches import batches

FILE: Final = "registry.db"
HEAD: Final = "0003"
"""The last of the migrations: the version of the tables in `tables.py`."""

_LEDGER: Final = "ledger.db"
_BUSY_SECONDS: Final = 30
_ROWS: Final = 5_000
"""How many are written at a time."""

_DIALECTS: Final = ("postgresql", "sqlite")
_VERSION: Final = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", Text, primary_key=True),
)


class Registry:
    """An open registry. Raises PublishError wherever it cannot be used."""

    def __init__(self, url: URL, *, shown: str) -> None:
        self.url, self.shown = url, shown
        self._engine = create_engine(url, poolclass=NullPool, **_settings(url))
        event.listen(self._engine, "begin", _lock)

    @property
    def is_file(self) -> bool:
        """Whether it is a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing, alone."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = one_line(str(getattr(error, "orig", None) or type(error).__name__))
            raise PublishError(
                f"{self.shown}: the registry cannot be used ({reason})."
            ) from None

    def upgrade(self) -> None:
        """Takes an older registry through the migrations that it lacks, all or none."""
        # not while a program starts that needs no upgrade
        from alembic import command
        from alembic.config import Config

        steps = Config()
        steps.set_main_option("script_location", str(Path(migrations.__file__).parent))
        with self.transaction() as connection:
            steps.attributes["connection"] = connection
            command.upgrade(steps, "head")

    def version(self) -> str:
        """The number of the last migration that it went through; '' of an empty database."""
        with self.transaction() as connection:
            return _version(connection)


def open_registry(output: Path, address: str = "") -> Registry:
    """The registry at this address, or the file in the output folder; made if there is none.

    Raises PublishError if it cannot be used, or if its tables are of another version.
    """
    registry = _at(address) if address else _in(output / FILE)
    _ensure(registry, output / _LEDGER)
    return registry


def new_file(file: Path) -> Registry:
    """A registry in a new file, such as a backup."""
    registry = _in(file)
    _ensure(registry)
    return registry


@contextmanager
def opened_copy(file: Path) -> Iterator[Registry]:
    """A copy of the registry that is in a file, upgraded: the file stays as it is. Raises ConfigError
    if none is in it.
    """
    registry = Registry(URL.create("sqlite", database=str(file)), shown=str(file))
    if not file.is_file() or not registry.version():
        raise ConfigError(
            f"{file}: there is no registry in it; name a file that `registry backup` wrote."
        )
    with TemporaryDirectory() as place:
        copied = shutil.copyfile(file, Path(place, FILE))
        copy = Registry(URL.create("sqlite", database=str(copied)), shown=str(file))
        _ensure(copy)
        yield copy


def _ensure(registry: Registry, ledger: Path | None = None) -> None:
    """Makes the tables if there are none, or upgrades them."""
    with registry.transaction() as connection:
        found = _version(connection)
        if not found:
            _make(connection)
            if registry.is_file and ledger is not None:
                _take_in(connection, ledger)
    if found > HEAD:
        raise PublishError(
            f"{registry.shown}: a newer crm-audit has upgraded the registry (to {found}; this one knows {HEAD}). "
            "Install that version here too; nothing was changed."
        )
    if found and found < HEAD:
        registry.upgrade()


def _in(file: Path) -> Registry:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise PublishError(
            f"{file}: the registry cannot be opened ({error.strerror})."
        ) from None
    return Registry(URL.create("sqlite", database=str(file)), shown=str(file))


def _at(address: str) -> Registry:
    try:
        url = make_url(address)
    except ArgumentError:
        raise ConfigError(
            "registry: this is no address of a database; write one like postgresql://user:${PASSWORD}@host/name, "
            "or leave the line out to have a file in the output folder."
        ) from None
    if url.get_backend_name() not in _DIALECTS:
        raise ConfigError(
            f"registry: a registry is a PostgreSQL or a SQLite database, not {url.get_backend_name()}; "
            "leave the line out to have a file in the output folder."
        )
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return Registry(url, shown=url.render_as_string(hide_password=True))


def _settings(url: URL) -> dict[str, Any]:
    """Without a pool, a fork carries no SQLite connection into another process."""
    if url.get_backend_name() != "sqlite":
        return {}
    return {"connect_args": {"timeout": _BUSY_SECONDS, "isolation_level": None}}


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # any number that is ours alone
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(72616365)")


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table(_VERSION.name):
        return ""
    return connection.execute(select(_VERSION.c.version_num)).scalar() or ""


def _make(connection: Connection) -> None:
    """Makes the tables as all migrations would, which a test compares."""
    METADATA.create_all(connection)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=HEAD))


def _take_in(connection: Connection, ledger: Path) -> None:
    """Copies the ledger that earlier versions kept beside it. The file stays as it is."""
    if not ledger.is_file():
        return
    source = create_engine(f"sqlite:///file:{ledger}?mode=ro&uri=true", poolclass=NullPool)
    with source.connect() as old:
        for name, table in (("runs", FIRES), ("schedules", SCHEDULES)):
            if inspect(old).has_table(name):
                columns: list[ColumnElement[Any]] = [
                    literal_column(column.name) for column in table.c
                ]
                rows = old.execute(select(*columns).select_from(lightweight(name))).mappings()
                execute_many(connection, table.insert(), rows)
    source.dispose()


def execute_many(
    connection: Connection,
    statement: Executable,
    rows: Iterable[Mapping[str, Any]] | Iterable[RowMapping],
) -> None:
    """Executes a statement for every row, which may be millions: some at a time."""
    for some in batches(rows, _ROWS):
        connection.execute(statement, [dict(row) for row in some])


def instant_text(instant: datetime) -> str:
    """An aware instant as the tables hold it: text in UTC of a fixed width, so that its order is
    that of time.
    """
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def one_line(text: str) -> str:
    """A text of several lines in one."""
    return " ".join(text.split())


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of this database that can take ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
