"""A copy of the SuiteCRM database for tests: loaded under a name of its own, dropped afterwards."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymysql
from sqlalchemy.engine import URL

from tests.requirements import require_mariadb, require_shared

Row = dict[str, Any]


@dataclass(frozen=True)
class Database:
    """One loaded copy."""

    url: URL

    def connect(self) -> pymysql.connections.Connection:
        """A connection that commits at once and takes zero dates, as SuiteCRM's own do."""
        return _connect(self.url)

    def rows(self, sql: str, given: Row | None = None) -> list[Row]:
        """What a SELECT gives."""
        with (
            closing(self.connect()) as connection,
            connection.cursor(pymysql.cursors.DictCursor) as cursor,
        ):
            cursor.execute(sql, given or None)
            return list(cursor.fetchall())

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Adds rows of equal columns."""
        if rows:
            names = list(rows[0])
            places = ", ".join(["%s"] * len(names))
            with closing(self.connect()) as connection, connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})",
                    [list(row.values()) for row in rows],
                )

    def execute(self, *statements: str) -> None:
        """Changes something."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@contextmanager
def suitecrm() -> Iterator[Database]:
    """A fresh copy of the dump."""
    dump, server = require_shared("suitecrm.mariadb.sql.gz"), require_mariadb()
    name = f"crm_audit_test_{uuid4().hex[:12]}"
    with (
        closing(_connect(server.set(database=None))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb3")
        try:
            cursor.execute(f"USE {name}")
            for statement in _statements(dump):
                if not statement.startswith("DROP TABLE"):  # there are none yet
                    cursor.execute(statement)
            cursor.execute("SET NAMES utf8mb4")
            yield Database(server.set(database=name))
        finally:
            cursor.execute(f"DROP DATABASE {name}")


def _statements(dump: Path) -> Iterator[str]:
    """A dump holds no line break inside a text, so a line that ends in ';' ends a statement."""
    lines: list[str] = []
    with gzip.open(dump, "rt", encoding="utf-8") as stream:
        for line in stream:
            if lines or (line.strip() and not line.startswith("--")):
                lines.append(line)
            if line.rstrip().endswith(";"):
                yield "".join(lines)
                lines = []


def _connect(url: URL) -> pymysql.connections.Connection:
    return pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        database=url.database,
        charset="utf8mb4",
        autocommit=True,
        ssl_disabled=True,  # reading the certificates takes longer than most of our SELECTs
        # the cache of subqueries takes 'accounts' for 'Accounts', even where they are compared as bytes
        init_command="SET sql_mode = '', optimizer_switch = 'subquery_cache=off'",
    )
