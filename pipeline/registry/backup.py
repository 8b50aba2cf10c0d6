"""Backups of a registry: a SQLite file with the same tables, whatever database it is in.

So a backup of a file can be restored into a PostgreSQL, and the other way round.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Integer, Table, delete, func, insert, literal_column, select

from pipeline.errors import ConfigError
from pipeline.registry.database import Registry, execute_many, new_file, opened_copy
from pipeline.registry.tables import METADATA, RUNS

_FETCHED: Final = 5_000
"""How many rows are read at a time."""


def back_up(registry: Registry, file: Path) -> int:
    """Writes a backup into a new file, 0600; returns how many runs it holds.

    Raises ConfigError if the file exists: a backup replaces none.
    """
    if file.exists():
        raise ConfigError(f"{file} already exists; name a new file: a backup replaces none.")
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        copy = new_file(partial)
        with registry.transaction() as source, copy.transaction() as target:
            runs = _copied(source, target)
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    return runs


def restore(registry: Registry, file: Path, *, replace: bool) -> int:
    """Fills a registry with what a backup holds; returns how many runs that are.

    Raises ConfigError if there is no registry in the file, or if the registry holds runs and is not to be
    replaced.
    """
    with (
        opened_copy(file) as backup,
        backup.transaction() as source,
        registry.transaction() as target,
    ):
        held = target.execute(select(func.count()).select_from(RUNS)).scalar_one()
        if held and not replace:
            raise ConfigError(
                f"{registry.shown} holds {held} runs, which the backup would replace; give --replace if it shall, "
                "after a backup of what is there."
            )
        for table in reversed(METADATA.sorted_tables):
            target.execute(delete(table))
        return _copied(source, target)


def _copied(source: Connection, target: Connection) -> int:
    """Copies every row; returns the number of runs."""
    for table in METADATA.sorted_tables:
        rows = source.execution_options(yield_per=_FETCHED).execute(select(table)).mappings()
        execute_many(target, insert(table), rows)
        _count_on(target, table)
    return target.execute(select(func.count()).select_from(RUNS)).scalar_one()


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL's own numbers go on behind those that were copied."""
    number = table.c.get("id")
    if connection.dialect.name != "postgresql" or number is None:
        return
    if isinstance(number.type, Integer):
        sequence = func.pg_get_serial_sequence(table.name, "id")
        following = func.coalesce(func.max(number), literal_column("0")) + 1
        connection.execute(select(func.setval(sequence, following, False)))
