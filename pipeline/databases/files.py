"""A folder of exports: every CSV file and workbook sheet is a table of texts, as exported.

DuckDB holds the tables in memory; no type is guessed and no cell becomes NULL. Files have no
transactions, so they are hashed when read and again at the end; the report says that it equals
the export of that time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb_engine
from sqlalchemy import Connection, Engine, String, create_engine, inspect
from sqlalchemy.dialects import registry
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.pool import StaticPool

from pipeline.databases import remedies
from pipeline.databases.adapter import (
    Database,
    duckdb_column_kind,
    names_only_in_duckdb,
    spelled_by_duckdb,
    spilling_duckdb,
)
from pipeline.databases.exports.cells import Declared, Sheet, tables_of
from pipeline.databases.exports.places import SUFFIXES, folder_of, listing
from pipeline.databases.exports.sizes import MOST_TOGETHER, must_fit
from pipeline.databases.exports.tables import ExportedFiles, find, must_hold
from pipeline.databases.select_guard import CLOSED, refused_by_duckdb, without_semicolon
from pipeline.errors import ConfigError, SourceError
from pipeline.language.languages import in_all
from pipeline.model import CELL_ERRORS, NEVER_COMPUTED
from pipeline.presets import Preset
from pipeline.values.batches import batches

_BATCH: Final = 20_000


class FilesDialect(duckdb_engine.Dialect):
    """DuckDB under its own dialect name, so a preset can tell a folder from a database."""

    name = "files"
    supports_statement_cache = False
    hashes: Mapping[Path, str] = {}
    unread: Sequence[str] = ()  # files and sheets that are no table of the preset
    read: Sequence[Sheet] = ()  # the tables of the preset
    loaded = False  # once loaded, it is read-only

    def do_begin(self, connection: Any) -> None:
        """Begins DuckDB's transaction, read-only once the files are loaded."""
        connection.execute(
            "BEGIN TRANSACTION READ ONLY" if self.loaded else "BEGIN TRANSACTION"
        )

    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **_: Any
    ) -> list[ReflectedColumn]:
        """A table's columns, from DuckDB's own pragma; the driver would query PostgreSQL's catalogue."""
        names = connection.exec_driver_sql(
            f"SELECT name FROM pragma_table_info('{_quoted(table_name)}')"
        ).scalars()
        return [
            {"name": name, "type": String(), "nullable": True, "default": None}
            for name in names
        ]


registry.register("files", __name__, "FilesDialect")


def _open(url: URL, base: Path, preset: Preset | None = None) -> Engine:
    """Loads every file as a table of its name, or as a table of the preset's exports."""
    exporter = preset if preset is not None and preset.exports else None
    engine = create_engine(
        "files:///:memory:",
        hide_parameters=True,
        poolclass=StaticPool,
        connect_args=spilling_duckdb(),
    )
    with engine.connect() as connection:
        dialect: Any = engine.dialect
        dialect.hashes, tables = _read(url, base, each_once=exporter is None)
        left = list(listing(folder_of(url, base)).unread)
        if exporter is not None:
            files = find(exporter, {table.where: table.columns for _, table in tables})
            must_hold(exporter, files)
            left += files.unread
            tables = [
                (file, mapped)
                for file, table in tables
                if (mapped := _mapped(exporter, files, table))
            ]
        elif preset is not None:
            left += [table.where for _, table in tables if not _reads(preset, table.name)]
        dialect.unread = tuple(sorted(left))
        _load_all(connection, tables)
        dialect.read = [table for _, table in tables]
        for statement in CLOSED:
            connection.exec_driver_sql(statement)
        if exporter is not None:
            _derive(connection, exporter)
        connection.commit()
        dialect.loaded = True
    return engine


def _reads(preset: Preset, table: str) -> bool:
    """Whether a preset mentions the table; a preset for any CRM reads them all."""
    parts = [part for parts in getattr(preset, "entities", {}).values() for part in parts]
    if not parts or preset.custom_key:  # with such a key any table can be added
        return True
    texts = [
        *(part.table for part in parts),
        *(part.select or "" for part in parts),
        *preset.tables.values(),
    ]
    named = re.compile(rf"(?<!\w){re.escape(table)}(?!\w)", re.IGNORECASE)
    return any(map(named.search, texts))


def headers_of(url: URL, base: Path) -> dict[str, tuple[str, ...]]:
    """The headers of every file and sheet of a folder, used to recognise exports."""
    return {table.where: table.columns for _, table in _read(url, base, each_once=False)[1]}


def _read(
    url: URL, base: Path, *, each_once: bool
) -> tuple[dict[Path, str], list[tuple[Path, Sheet]]]:
    """The files' hashes, and their tables, whose rows are read lazily.

    `each_once` refuses every duplicate header, not only duplicates of headers that are read.
    """
    folder, declared = folder_of(url, base), Declared.of(url)
    files = listing(folder).exports
    if not files:
        raise SourceError(
            f"{folder} holds no export; put {', '.join(SUFFIXES)} files there, or correct source.url."
        )
    hashes: dict[Path, str] = {}
    tables: list[tuple[Path, Sheet]] = []
    together = 0
    for file in files:
        data = _bytes(file)
        together += len(data)
        if together > MOST_TOGETHER:
            raise SourceError(
                f"The files in {folder} have more than {MOST_TOGETHER:,} bytes together, which is the most that is "
                "read; export less, or load them into a database and name that in source.url."
            )
        hashes[file] = hashlib.sha256(data).hexdigest()
        tables += [(file, table) for table in tables_of(file, data, declared, each_once)]
    return hashes, tables


def _load_all(connection: Connection, tables: list[tuple[Path, Sheet]]) -> None:
    taken: dict[str, Path] = {}
    for file, table in tables:
        if (other := taken.setdefault(table.name.lower(), file)) is not file:
            raise SourceError(
                f"{file}: {other.name} holds a table {table.name} too; rename one of them."
            )
        _load(connection, file, table)


def _mapped(preset: Preset, files: ExportedFiles, table: Sheet) -> Sheet | None:
    """The file as the preset's table.

    The preset's columns come first, empty if the file lacks them, then the file's others.
    """
    export = next((file for file in files.exports.values() if file.where == table.where), None)
    if export is None:
        return None
    ours = tuple(preset.exports[export.table])
    rest = [
        place for place in range(len(table.columns)) if place not in export.columns.values()
    ]
    order = [export.columns.get(name) for name in ours] + rest
    taken = {name.lower() for name in ours}
    columns = (*ours, *(_unlike(table.columns[place], taken) for place in rest))
    rows = ([None if place is None else row[place] for place in order] for row in table.rows)
    headers = dict(
        zip(
            columns,
            (None if place is None else table.columns[place] for place in order),
            strict=True,
        )
    )
    return Sheet(
        export.table,
        columns,
        rows,
        table.where,
        {ours: header for ours, header in headers.items() if header},
    )


def _unlike(name: str, taken: set[str]) -> str:
    """The name, numbered if another column has it: 'Name (2)'."""
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name} ({number})"
    taken.add(free.lower())
    return free


def _derive(connection: Connection, preset: Preset) -> None:
    """Creates the preset's views; tables without a file are empty in them."""
    there = set(inspect(connection).get_table_names())
    empty = ", ".join(
        f"{table} AS (SELECT {', '.join(f'CAST(NULL AS VARCHAR) AS {column}' for column in columns)} WHERE false)"
        for table, columns in preset.exports.items()
        if table not in there
    )
    for name, select in preset.derived.items():
        sql = without_semicolon(f"WITH {empty} {select}" if empty else select)
        if reason := refused_by_duckdb(connection, sql):
            raise ConfigError(
                f"preset {preset.name}: derived.{name}: this is not a SELECT that only reads ({reason}); correct it."
            )
        connection.exec_driver_sql(f"CREATE VIEW {_quoted(name)} AS {sql}")


def _bytes(file: Path) -> bytes:
    try:
        must_fit(file, file.stat().st_size)
        return file.read_bytes()
    except OSError as error:
        raise SourceError(
            f"{file} cannot be read ({error.strerror}); export it again."
        ) from None


def _unchanged(connection: Connection) -> None:
    """Raises SourceError if a file changed or was added while they were read."""
    hashes: Mapping[Path, str] = connection.dialect.hashes  # type: ignore[attr-defined]
    for file, seen in hashes.items():
        if not file.is_file() or hashlib.sha256(_bytes(file)).hexdigest() != seen:
            raise SourceError(
                f"{file} changed while it was read; run again once the export is complete."
            )
    folders = {file.parent for file in hashes}
    if added := sorted(
        {file for folder in folders for file in listing(folder).exports} - hashes.keys()
    ):
        raise SourceError(
            f"{added[0]} was added while the others were read; run again once the export is complete."
        )


# ------------------------------------------------------------------------------ without a value

_NAMED: Final = 20
"""Columns with such cells that are named; any others are only counted."""
_ERRORS: Final = ", ".join(f"'{error}'" for error in CELL_ERRORS)


def _advice(connection: Connection) -> list[str]:
    """Names the cells that a spreadsheet left without a value; they count as unreadable."""
    read: Sequence[Sheet] = connection.dialect.read  # type: ignore[attr-defined]
    sentences = [sentence for table in read for sentence in _without_value(connection, table)]
    further = len(sentences) - _NAMED
    return (
        sentences
        if further <= 0
        else [*sentences[:_NAMED], f"So it is in {further:,} further columns."]
    )


def _without_value(connection: Connection, table: Sheet) -> Iterator[str]:
    """A sentence per column with errors or formulas never computed."""
    for column in table.columns:
        own = _quoted(column)
        counting = (
            f"SELECT {own}, count(*) FROM {_quoted(table.name)} WHERE {own} IN ({_ERRORS})"
        )
        rows = connection.exec_driver_sql(f"{counting} GROUP BY 1 ORDER BY 2 DESC, 1")
        counted = {str(error): int(times) for error, times in rows}
        if counted:
            yield f"{table.where}, column {table.headers.get(column, column)}: {_errors_sentence(counted)}"


def _errors_sentence(counted: Mapping[str, int]) -> str:
    """'3 cells hold an error (#REF! 2, #N/A 1) and …; correct that in the spreadsheet …'."""
    formulas = counted.get(NEVER_COMPUTED, 0)
    errors = {error: times for error, times in counted.items() if error != NEVER_COMPUTED}
    parts = []
    if errors:
        number, each = (
            sum(errors.values()),
            ", ".join(f"{error} {times:,}" for error, times in errors.items()),
        )
        parts.append(
            f"{number:,} {'cell holds' if number == 1 else 'cells hold'} an error ({each})"
        )
    if formulas:
        parts.append(
            f"{formulas:,} {'cell holds' if formulas == 1 else 'cells hold'} a formula without a value"
        )
    return f"{' and '.join(parts)}; correct that in the spreadsheet, let it compute, and save it again."


def _load(connection: Connection, file: Path, table: Sheet) -> None:
    import pyarrow as pa

    raw: Any = connection.connection.dbapi_connection
    columns = ", ".join(f"{_quoted(name)} VARCHAR" for name in table.columns)
    raw.execute(f"CREATE TABLE {_quoted(table.name)} ({columns})")
    names = [f"c{position}" for position in range(len(table.columns))]
    for batch in batches(table.rows, _BATCH):
        try:
            cells = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
        except UnicodeEncodeError:
            raise SourceError(
                f"{file}: it contains half of a character; export it again."
            ) from None
        raw.register("batch", pa.table(cells, names=names))
        raw.execute(f"INSERT INTO {_quoted(table.name)} SELECT * FROM batch")
        raw.unregister("batch")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


DATABASE: Final = Database(
    dialects=("files",),
    example="files:///exports",
    open=_open,
    begin=(),
    remedies=remedies.OF_DUCKDB,
    names_only=names_only_in_duckdb,
    advice=_advice,
    unchanged=_unchanged,
    column_kind=duckdb_column_kind,
    spells=spelled_by_duckdb,
    refuses=refused_by_duckdb,
    unread=lambda engine: engine.dialect.unread,  # type: ignore[attr-defined]
    moment=in_all("equal to the export of that time; files know no transaction"),
)
