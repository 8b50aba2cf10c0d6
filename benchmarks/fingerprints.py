"""What fingerprints cost a CRM: the same contacts on every engine, read as a run reads them, then hashed.

    .venv/bin/python -m benchmarks.fingerprints [--rows 300000]

Seconds by the clock on each engine: reading (rows streamed and stored as Parquet), the source's sums, the snapshot's.
PostgreSQL and MariaDB are those of the tests (tests/postgres.py, tests/requirements.py); one database is made in each
and dropped.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pymysql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from pipeline import snapshot
from pipeline.databases.kinds import kind_of
from pipeline.formats import ReadingRules
from pipeline.model import ENTITIES
from pipeline.presets import Preset
from pipeline.proof.fingerprints import SourceTexts, stored_texts
from pipeline.source import ReadSpec, SourceReader, consistent
from tests.postgres import database
from tests.requirements import require_mariadb

FIRST = ("Anneke", "Béla", "Chen", "Dora", "Ewa", "Femke", "日本", "")
LAST = ("de Vries", "Müller", "O'Neill", "van den Berg", "Øster", "Li", "Smith-Jones", "")
PROVEN = {"contact": ("first_name", "last_name", "phone", "email")}
COLUMNS = (
    "id VARCHAR(36) PRIMARY KEY, owner VARCHAR(36),"
    " a VARCHAR(100), b VARCHAR(100), c VARCHAR(100), d VARCHAR(100)"
)


def rows(count: int) -> Iterator[tuple[str, ...]]:
    for n in range(count):
        first, last = FIRST[n % 8], LAST[n // 8 % 8]
        yield (
            f"c{n:08d}-0000-4000-8000-00000000",
            f"owner-{n % 200}",
            first,
            last,
            f"+31 6 {n:08d}",
            f"{first}{n}@example.com",
        )


def columns_of(table: str, dialect: str) -> Preset:
    """Four texts per contact; phone and e-mail are hashed here as names are."""
    ours = {
        "id": "id",
        "owner_id": "owner",
        "first_name": "a",
        "last_name": "b",
        "phone": "c",
        "email": "d",
    }
    absent = {entity: "not kept" for entity in ENTITIES if entity != "contact"}
    absent |= {
        f"contact.{name}": "not kept" for name in ENTITIES["contact"] if name not in ours
    }
    return Preset.model_validate(
        {
            "name": "own", "about": "Own", "dialects": [dialect], "money": "decimal", "states": {}, "absent": absent,
            "entities": {"contact": [{"table": table, "columns": ours}]},
        }
    )  # fmt: skip


def measured(engine: Engine, folder: Path) -> tuple[float, float, float]:
    """Seconds of reading, of the source's sums, of the snapshot's; the last two must say the same."""
    preset = columns_of("contacts", engine.dialect.name)
    demand = ReadSpec(
        preset,
        {},
        "EUR",
        frozenset(preset.absent_columns()),
        ENTITIES,
        ReadingRules(),
        "UTC",
        proven=PROVEN,
    )
    with consistent(engine) as connection:
        reader = SourceReader(connection, demand)
        began = time.perf_counter()
        stored = snapshot.write_entity(
            folder, "contact", reader.columns("contact"), reader.rows("contact"), minor=False,
            expected=reader.count("contact"), advance=lambda _: None, proven=PROVEN,
        )  # fmt: skip
        read = time.perf_counter()
        source = SourceTexts(reader).fingerprints()
        asked = time.perf_counter()
        with stored_texts(folder, [stored], PROVEN) as texts:
            ours = texts.fingerprints()
        done = time.perf_counter()
    if set(source) != set(ours):
        raise SystemExit(f"{engine.dialect.name}: the sums differ")
    return read - began, asked - read, done - asked


@contextmanager
def sqlite(folder: Path, count: int) -> Iterator[Engine]:
    with sqlite3.connect(folder / "crm.db") as raw:
        raw.execute(f"CREATE TABLE contacts ({COLUMNS})")
        raw.executemany("INSERT INTO contacts VALUES (?, ?, ?, ?, ?, ?)", rows(count))
    yield opened("sqlite:///crm.db", folder)


@contextmanager
def duckdb_file(folder: Path, count: int) -> Iterator[Engine]:
    names = ("id", "owner", "a", "b", "c", "d")
    import pyarrow as pa

    batch = pa.table([list(values) for values in zip(*rows(count), strict=True)], names=names)
    with duckdb.connect(str(folder / "crm.duckdb")) as raw:
        raw.register("batch", batch)
        raw.execute("CREATE TABLE contacts AS SELECT * FROM batch")
    yield opened("duckdb:///crm.duckdb", folder)


@contextmanager
def postgresql(folder: Path, count: int) -> Iterator[Engine]:
    with database() as url:
        engine = opened(url.render_as_string(hide_password=False), folder)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE contacts ({COLUMNS})")
            raw: Any = connection.connection.dbapi_connection
            with raw.cursor().copy("COPY contacts FROM STDIN") as copy:
                for row in rows(count):
                    copy.write_row(row)
        yield engine
        engine.dispose()


@contextmanager
def mariadb(folder: Path, count: int) -> Iterator[Engine]:
    server, name = require_mariadb(), f"crm_audit_bench_{uuid4().hex[:12]}"
    raw = pymysql.connect(
        host=server.host,
        port=server.port or 3306,
        user=server.username,
        password=server.password or "",
    )
    with raw.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            cursor.execute(f"USE {name}")
            cursor.execute(f"CREATE TABLE contacts ({COLUMNS})")
            cursor.executemany(
                "INSERT INTO contacts VALUES (%s, %s, %s, %s, %s, %s)", rows(count)
            )
            raw.commit()
            engine = opened(
                server.set(database=name).render_as_string(hide_password=False), folder
            )
            yield engine
            engine.dispose()
        finally:
            cursor.execute(f"DROP DATABASE {name}")


def opened(url: str, folder: Path) -> Engine:
    parsed = make_url(url)
    dialect = parsed.get_dialect().name
    return kind_of(dialect).open(parsed, folder, columns_of("contacts", dialect))


ENGINES: dict[str, Callable[[Path, int], Any]] = {
    "SQLite": sqlite, "PostgreSQL": postgresql, "MariaDB": mariadb, "DuckDB": duckdb_file,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=300_000)
    count = parser.parse_args().rows
    print(f"{count:,} contacts, 4 texts each; seconds\n")
    print(f"{'':<12}{'reading':>9}{'source':>9}{'snapshot':>9}{'together, of reader':>23}")
    for name, engine_of in ENGINES.items():
        with tempfile.TemporaryDirectory() as folder, engine_of(Path(folder), count) as engine:
            reader, source, ours = measured(engine, Path(folder))
            print(
                f"{name:<12}{reader:>9.2f}{source:>9.2f}{ours:>9.2f}{(source + ours) / reader:>22.0%}"
            )


if __name__ == "__main__":
    main()
