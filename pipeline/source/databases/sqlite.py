"""SQLite: a file, opened read-only by SQLite's own means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from pipeline.errors import SourceError
from pipeline.source.databases.seam import Database


def _open(url: URL, base: Path) -> Engine:
    file = (base / (url.database or "")).resolve()
    if not file.is_file():
        raise SourceError(f"source.url: there is no database file {file}; correct the path in audit.yaml.")
    read_only = url.set(database=f"file:{file.as_posix()}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(read_only, hide_parameters=True, isolation_level="AUTOCOMMIT")
    event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA query_only = ON"))
    return engine


def _advice(connection: Connection) -> Sequence[str]:
    mode = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
    if mode == "wal":
        return ["SQLite in WAL mode: the CRM can write while it is read."]
    return [
        f"SQLite in {mode} mode: while the audit reads, the CRM's writers wait. "
        "PRAGMA journal_mode=WAL, set once on the database, avoids that."
    ]


DATABASE: Final = Database(
    dialects=("sqlite",),
    example="sqlite:///crm.db",
    open=_open,
    # a plain BEGIN of SQLite takes no snapshot before the first SELECT
    begin=("BEGIN", "SELECT count(*) FROM sqlite_schema"),
    remedies={
        "not a database": "Check that source.url names the CRM's database file.",
        "locked": "Another program holds the database; run again when it has let go.",
    },
    advice=_advice,
)
