"""Engines to try expressions on: the same values in a table of each, and what it says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import (
    Connection,
    Engine,
    TableClause,
    column,
    create_engine,
    event,
    select,
    table,
)
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases import postgresql
from pipeline.databases.sql import compile as _compile  # noqa: F401 - constructs need their SQL
from pipeline.databases.sqlite import lend_functions
from tests.postgres import database
from tests.requirements import require_mariadb


def writable(connection: Connection) -> None:
    """Lets a session write again, which a reading left read-only."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        connection.exec_driver_sql("SET TRANSACTION READ WRITE")
    elif connection.dialect.name in ("mysql", "mariadb"):
        connection.exec_driver_sql("SET SESSION TRANSACTION READ WRITE")


class Bench:
    """Tables of numbered values on a real engine, and what expressions say of each value."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self._loaded: dict[tuple[str, str], TableClause] = {}

    def load(self, kind: str, values: Sequence[Any]) -> TableClause:
        """A table (n, v) with v of that type, made when these values are first asked for.

        MariaDB takes what its strict mode would refuse.
        """
        key = (kind, repr(values))
        if key not in self._loaded:
            self._loaded[key] = self._load(kind, values)
        return self._loaded[key]

    def _load(self, kind: str, values: Sequence[Any]) -> TableClause:
        name = f"t{uuid4().hex}"
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "duckdb":
                file = self.folder / f"{name}.parquet"
                pq.write_table(pa.table({"n": range(len(values)), "v": pa.array(values)}), file)
                sql_text = f"CREATE TABLE {name} AS SELECT n, v::{kind} AS v FROM read_parquet('{file}')"
                connection.exec_driver_sql(sql_text)
                return table(name, column("n"), column("v"))
            writable(connection)
            mark = "?" if self.engine.dialect.name == "sqlite" else "%s"
            lax = self.engine.dialect.name in ("mysql", "mariadb")
            if lax:
                connection.exec_driver_sql("SET SESSION sql_mode = ''")
            connection.exec_driver_sql(f"CREATE TABLE {name} (n INTEGER PRIMARY KEY, v {kind})")
            rows = list(enumerate(values))
            if rows:
                connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({mark}, {mark})", rows)
            if lax:
                connection.exec_driver_sql("SET SESSION sql_mode = DEFAULT")
        return table(name, column("n"), column("v"))

    def said(
        self, source: TableClause, *expressions: ColumnElement[Any]
    ) -> list[tuple[Any, ...]]:
        """(the value as the driver gives it, each expression) in the order of the values."""
        labelled = [
            expression.label(f"x{position}") for position, expression in enumerate(expressions)
        ]
        with self.engine.connect() as connection:
            if self.engine.dialect.name in ("mysql", "mariadb"):
                connection.exec_driver_sql("SET time_zone = '+00:00'")
            if self.engine.dialect.name == "postgresql":
                for statement in postgresql.DATABASE.begin:
                    connection.exec_driver_sql(statement)
            return [
                tuple(row)
                for row in connection.execute(
                    select(source.c.v, *labelled).order_by(source.c.n)
                )
            ]


@pytest.fixture(scope="module")
def benches(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Bench]:
    """Opens each engine once, when it is first asked for."""
    folder = tmp_path_factory.mktemp("engines")
    opened: dict[str, Bench] = {}

    def bench(dialect: str) -> Bench:
        if dialect not in opened:
            if dialect == "mysql":
                opened[dialect] = request.getfixturevalue("mariadb")
            elif dialect == "postgresql":
                opened[dialect] = request.getfixturevalue("postgres")
            else:
                engine = create_engine(f"{dialect}:///{folder / dialect}.db")
                if dialect == "sqlite":
                    event.listen(engine, "connect", lambda raw, _record: lend_functions(raw))
                opened[dialect] = Bench(engine, folder)
        return opened[dialect]

    return bench


@cache
def in_memory() -> Connection:
    """A DuckDB for what takes any: to open one costs more than most of its answers."""
    return create_engine("duckdb:///:memory:").connect()


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    server = require_mariadb()
    name = f"crm_audit_sql_{uuid4().hex[:12]}"
    with create_engine(server).begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    engine = create_engine(server.set(database=name))
    try:
        yield Bench(engine, tmp_path_factory.mktemp("mariadb"))
    finally:
        engine.dispose()
        with create_engine(server).begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("postgresql")
    with database() as url:
        engine = postgresql.DATABASE.open(url, folder)
        yield Bench(engine, folder)
        engine.dispose()
