"""DuckDB: a file, opened read-only, so nobody can write while it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL

from pipeline.databases import remedies
from pipeline.databases.adapter import (
    Database,
    duckdb_column_kind,
    instants_of_duckdb,
    names_only_in_duckdb,
    spelled_by_duckdb,
    spilling_duckdb,
)
from pipeline.databases.exports.places import file_of
from pipeline.databases.select_guard import CLOSED, refused_by_duckdb
from pipeline.presets import Preset

_SETTLED: Final = ("SET TimeZone = 'UTC'", *CLOSED)


def _open(url: URL, base: Path, _preset: Preset | None = None) -> Engine:
    file = file_of(url, base)
    engine = create_engine(
        URL.create("duckdb", database=str(file)),
        hide_parameters=True,
        connect_args={"read_only": True, **spilling_duckdb()},
    )

    @event.listens_for(engine, "connect")
    def _settle(raw: Any, _record: object) -> None:
        for statement in _SETTLED:
            raw.execute(statement)

    return engine


DATABASE: Final = Database(
    dialects=("duckdb",),
    example="duckdb:///crm.duckdb",
    open=_open,
    begin=(),  # SQLAlchemy opens DuckDB's transaction, and the file is held read-only
    remedies={
        **remedies.OF_DUCKDB,
        "lock": "Another program holds the database open for writing; run again when it has finished.",
        "pytz": "Write a time with zone as `x AT TIME ZONE 'UTC'` in the preset's SELECT, or in the zone that the "
        "preset names as datetimes.",
        "not a valid DuckDB": "Check that source.url names the CRM's database file.",
    },
    names_only=names_only_in_duckdb,
    column_kind=duckdb_column_kind,
    instants=instants_of_duckdb,
    single=lambda code: str(code) == "FLOAT",
    spells=spelled_by_duckdb,
    refuses=refused_by_duckdb,
)
