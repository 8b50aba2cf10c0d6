"""A CRM's tables, built from a list of its columns in a database of their own, which is dropped afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from tests.crms.suitecrm.database import Database, Row
from tests.requirements import require_mariadb, require_shared


@contextmanager
def built(
    schema: str, tables: Sequence[str], further: Sequence[str], collation: str
) -> Iterator[Database]:
    """The tables of `schema` (a list of columns in the shared data) and `further` ones as they are written."""
    columns, server = require_shared(f"schemas/{schema}.tsv"), require_mariadb()
    name = f"crm_audit_test_{uuid4().hex[:12]}"
    anywhere = Database(server.set(database=None))
    anywhere.execute(f"CREATE DATABASE {name} COLLATE {collation}")
    try:
        database = Database(server.set(database=name))
        database.execute(*_creating(columns, tables), *further)
        yield database
    finally:
        anywhere.execute(f"DROP DATABASE {name}")


def _creating(columns: Path, tables: Sequence[str]) -> Iterator[str]:
    """CREATE TABLE for each: types, nullability, and the keys that the list marks."""
    found: dict[str, list[list[str]]] = {table: [] for table in tables}
    for line in columns.read_text("utf-8").splitlines():
        table, *column = line.split("\t")
        if table in found:
            found[table].append(column)
    for table, described in found.items():
        parts = [
            f"`{name}` {kind} {'NULL' if null == 'YES' else 'NOT NULL'}"
            for name, kind, null, *_ in described
        ]
        primary = [f"`{name}`" for name, _, _, *key in described if key == ["PRI"]]
        parts += [f"PRIMARY KEY ({', '.join(primary)})"] if primary else []
        parts += [
            f"KEY (`{name}`)" for name, _, _, *key in described if key in (["MUL"], ["UNI"])
        ]
        yield f"CREATE TABLE `{table}` ({', '.join(parts)})"


def fill(database: Database, rows: Mapping[str, Sequence[Row]]) -> None:
    """Inserts the rows; those of one table may have different columns, and columns may be reserved words."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        for table, of in rows.items():
            for names in {tuple(row) for row in of}:
                into = ", ".join(f"`{name}`" for name in names)
                places = ", ".join(["%s"] * len(names))
                given = [list(row.values()) for row in of if tuple(row) == names]
                cursor.executemany(f"INSERT INTO `{table}` ({into}) VALUES ({places})", given)
