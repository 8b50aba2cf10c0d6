"""Opens a snapshot: DuckDB over its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, FromClause, Select, column, create_engine, table

from pipeline.databases.sql import compile as _compile  # noqa: F401 - constructs need their SQL
from pipeline.errors import SourceError
from pipeline.model import ENTITIES, Kind, Schema
from pipeline.snapshot.typing import stored_columns
from pipeline.snapshot.write import Stored
from pipeline.values.hashes import file_sha256


@dataclass(frozen=True, slots=True)
class OpenSnapshot:
    """An open snapshot: its address for other engines of this process, and its views."""

    url: str
    engine: Engine
    views: Mapping[str, FromClause]

    def work_out(self) -> None:
        """Works each view out, once, for whoever asks many questions of it."""
        with self.engine.begin() as connection:
            for view in self.views.values():
                name = view.description
                connection.exec_driver_sql(f"CREATE TABLE worked_out AS FROM {name}")
                connection.exec_driver_sql(f"DROP VIEW {name}")
                connection.exec_driver_sql(f"ALTER TABLE worked_out RENAME TO {name}")


def entities(stored: Iterable[Stored], schema: Schema = ENTITIES) -> dict[str, FromClause]:
    """The stored entities as tables for queries."""
    names = (entry.entity for entry in stored)
    return {
        name: table(
            name, *(column(column_name) for column_name in stored_columns(schema[name]))
        )
        for name in names
    }


@contextmanager
def opened(
    folder: Path,
    stored: Sequence[Stored],
    views: Mapping[str, Select[Any]],
    work: Path,
    schema: Schema = ENTITIES,
) -> Iterator[OpenSnapshot]:
    """Opens DuckDB over the snapshot, in a file under `work`.

    Raises SourceError if a file is missing or does not match the manifest.
    """
    for entry in stored:
        file = folder / entry.file
        if not file.is_file() or file_sha256(file) != entry.sha256:
            raise SourceError(
                f"the snapshot's {entry.file} is not the file that its manifest names; extract again."
            )
    url = URL.create(
        "duckdb", database=str(work / "audit.duckdb")
    ).render_as_string()  # a folder may hold a %
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for entry in stored:
                connection.exec_driver_sql(
                    entity_view(entry.entity, schema[entry.entity], folder / entry.file)
                )
            for entity, view in views.items():
                sql = view.compile(engine, compile_kwargs={"literal_binds": True})
                connection.exec_driver_sql(f"CREATE OR REPLACE VIEW view_{entity} AS {sql}")
        named = {
            name: table(f"view_{name}", *(column(str(c.key)) for c in view.selected_columns))
            for name, view in views.items()
        }
        yield OpenSnapshot(url, engine, named)
    finally:
        engine.dispose()


def entity_view(entity: str, kinds: Mapping[str, Kind], file: Path) -> str:
    """The SQL of a view of an entity's rows, in the types of our queries."""
    columns = (
        f"epoch_us({name}) AS {name}" if kinds.get(name) is Kind.INSTANT else name
        for name in stored_columns(kinds)
    )
    path = str(file).replace("'", "''")
    return f"CREATE OR REPLACE VIEW {entity} AS SELECT {', '.join(columns)} FROM read_parquet('{path}')"
