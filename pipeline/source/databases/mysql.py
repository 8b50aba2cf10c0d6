"""MariaDB and MySQL, through PyMySQL."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL

from pipeline.source.databases.seam import Database


def _open(url: URL, base: Path) -> Engine:
    # parameters are never logged: they may hold what people typed
    return create_engine(url, hide_parameters=True, isolation_level="AUTOCOMMIT")


DATABASE: Final = Database(
    dialects=("mysql", "mariadb"),
    example="mysql+pymysql://reader:${CRM_PASSWORD}@127.0.0.1/suitecrm",
    open=_open,
    begin=(
        "SET time_zone = '+00:00'",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    remedies={
        "Can't connect": "Check host and port in source.url, and that the server runs and lets this machine in.",
        "Access denied": "Check the account and its password; `GRANT SELECT` on the CRM's tables is enough.",
        "Unknown database": "Check the database's name in source.url.",
        "command denied": "The account lacks SELECT on this table; grant it.",
    },
)
