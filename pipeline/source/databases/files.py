"""A folder of exports: every CSV file and every sheet of a workbook is a table of texts, exactly as exported.

DuckDB holds the tables in memory; no type is guessed and no cell becomes NULL. Files know no transaction: they are
hashed as they are read and once more at the end, and the report says that it equals the export of that time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

import duckdb_engine
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

from pipeline.errors import ConfigError, SourceError
from pipeline.source.databases.seam import Database, held_by_duckdb

_SUFFIXES: Final = (".csv", ".tsv", ".xlsx")
_BATCH: Final = 20_000
_WIDEST: Final = 100_000_000
"""Characters of a cell; the library's own limit is one that notes pass."""
_MARKS: Final[Mapping[bytes, str]] = {
    b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip
_ENCODINGS: Final = ("utf-8", "utf-16", "windows-1252")
_DELIMITERS: Final[Mapping[str, str]] = {"comma": ",", "semicolon": ";", "tab": "\t", ",": ",", ";": ";"}

Row = Sequence[str]


class FilesDialect(duckdb_engine.Dialect):
    """DuckDB under a name of its own: a preset says whether it reads a database or a folder."""

    name = "files"
    supports_statement_cache = False
    hashes: Mapping[Path, str] = {}


registry.register("files", __name__, "FilesDialect")


@dataclass(frozen=True, slots=True)
class _Declared:
    """What an address may say of its files: ?encoding=windows-1252&delimiter=semicolon."""

    encoding: str | None
    delimiter: str | None

    @classmethod
    def of(cls, url: URL) -> _Declared:
        given = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
        encoding, delimiter = given.pop("encoding", None), given.pop("delimiter", None)
        if given:
            raise ConfigError(f"source.url: files know no '{min(given)}'; allowed: encoding, delimiter.")
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise ConfigError(f"source.url: encoding '{encoding}'; allowed: {', '.join(_ENCODINGS)}.")
        if delimiter is not None and delimiter not in _DELIMITERS:
            raise ConfigError(f"source.url: delimiter '{delimiter}'; allowed: comma, semicolon, tab.")
        return cls(encoding.lower() if encoding else None, _DELIMITERS[delimiter] if delimiter else None)


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    rows: Iterable[Row]


def _open(url: URL, base: Path) -> Engine:
    folder, declared = (base / (url.database or "")).resolve(), _Declared.of(url)
    if not folder.is_dir():
        raise SourceError(f"source.url: there is no folder {folder}; correct the path in audit.yaml.")
    files = _exports(folder)
    if not files:
        raise SourceError(f"{folder} holds no export; put {', '.join(_SUFFIXES)} files there, or correct source.url.")
    engine = create_engine("files:///:memory:", hide_parameters=True, poolclass=StaticPool)
    hashes: dict[Path, str] = {}
    with engine.connect() as connection:
        taken: dict[str, Path] = {}
        for file in files:
            data = _bytes(file)
            hashes[file] = hashlib.sha256(data).hexdigest()
            for table in _tables(file, data, declared):
                if (other := taken.setdefault(table.name.lower(), file)) is not file:
                    raise SourceError(f"{file}: {other.name} holds a table {table.name} too; rename one of them.")
                _load(connection, file, table)
        connection.commit()
    engine.dialect.hashes = hashes  # type: ignore[attr-defined]
    return engine


def _exports(folder: Path) -> list[Path]:
    """The folder's exports by name; not what an office program leaves beside a file that is open in it."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in _SUFFIXES and not file.name.startswith((".", "~$")) and file.is_file()
    )


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file} cannot be read ({error.strerror}); export it again.") from None


def _unchanged(connection: Connection) -> None:
    """SourceError where a file is not what was read: one export may be of another time than the next."""
    hashes: Mapping[Path, str] = connection.dialect.hashes  # type: ignore[attr-defined]
    for file, seen in hashes.items():
        if not file.is_file() or hashlib.sha256(_bytes(file)).hexdigest() != seen:
            raise SourceError(f"{file} changed while it was read; run again once the export is complete.")
    folders = {file.parent for file in hashes}
    if added := sorted({file for folder in folders for file in _exports(folder)} - hashes.keys()):
        raise SourceError(f"{added[0]} was added while the others were read; run again once the export is complete.")


def _load(connection: Connection, file: Path, table: _Table) -> None:
    import pyarrow as pa

    raw: Any = connection.connection.dbapi_connection
    columns = ", ".join(f"{_quoted(name)} VARCHAR" for name in table.columns)
    raw.execute(f"CREATE TABLE {_quoted(table.name)} ({columns})")
    names = [f"c{position}" for position in range(len(table.columns))]
    rows = iter(table.rows)
    while batch := list(islice(rows, _BATCH)):
        try:
            cells = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
        except UnicodeEncodeError:
            raise SourceError(f"{file}: half of a character stands in it; export it again.") from None
        raw.register("batch", pa.table(cells, names=names))
        raw.execute(f"INSERT INTO {_quoted(table.name)} SELECT * FROM batch")
        raw.unregister("batch")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _tables(file: Path, data: bytes, declared: _Declared) -> Iterator[_Table]:
    if file.suffix.lower() == ".xlsx":
        yield from _sheets(file, data)
    else:
        yield _csv(file, data, declared)


# ------------------------------------------------------------------------------------------------ CSV


def _csv(file: Path, data: bytes, declared: _Declared) -> _Table:
    text = _decoded(file, data, declared)
    first = text.split("\n", 1)[0].rstrip("\r")
    said = re.fullmatch("sep=(.)", first)  # what Excel writes and reads
    if said:
        text = text.partition("\n")[2]
    delimiter = said[1] if said else declared.delimiter or _delimiter(file, first)
    rows = _rows(file, text, delimiter, 2 if said else 1)
    number, header = next(rows, (0, []))
    if not number:
        raise SourceError(f"{file} is empty; export it again with its header line.")
    columns = _header(file, number, header)
    return _Table(file.stem, columns, _even(file, columns, rows))


def _decoded(file: Path, data: bytes, declared: _Declared) -> str:
    """The text; by its mark, else as declared, else UTF-8. SourceError names row and column of what is none."""
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), declared.encoding or "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "ignore")
        first = before.split("\n", 1)[0]
        rows = list(csv.reader(io.StringIO(before + "x", newline=""), delimiter=_most(first) or ","))
        at = len(rows[-1])
        named = rows[0][at - 1] if len(rows) > 1 and at <= len(rows[0]) else at
        raise SourceError(
            f"{file}, row {len(rows)}, column {named}: this is no {encoding.removesuffix('-sig').upper()} "
            f"text (byte {data[error.start]:02x}); export as UTF-8, or declare it: ?encoding=windows-1252 behind the "
            "folder in source.url."
        ) from None


def _most(header: str) -> str | None:
    """The delimiter that the header has most of, outside quotes; None where two are equal, or there is none."""
    bare = re.sub('"[^"]*"', "", header)
    counts = sorted(((bare.count(mark), mark) for mark in ",;\t"), reverse=True)
    return counts[0][1] if counts[0][0] > counts[1][0] else None


def _delimiter(file: Path, header: str) -> str:
    if found := _most(header):
        return found
    if any(mark in header for mark in ",;\t"):
        raise SourceError(f"{file}, row 1: the delimiter cannot be told; declare it: ?delimiter=semicolon.")
    return ","  # a table of one column


def _rows(file: Path, text: str, delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """(number as a spreadsheet shows it, cells); lines without anything are no rows."""
    csv.field_size_limit(_WIDEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = first - 1
    try:
        for row in reader:
            number += 1
            if row:
                yield number, row
    except csv.Error as error:
        raise SourceError(
            f"{file}, row {number + 1} (line {reader.line_num + first - 1}): {error}; a quote is not closed, or stands "
            "inside a cell without being doubled. Export it again."
        ) from None


def _header(file: Path, number: int, header: Sequence[str]) -> tuple[str, ...]:
    columns = tuple(name.strip() for name in header)
    if "" in columns:
        raise SourceError(f"{file}, row {number}, column {columns.index('') + 1}: the column has no name; give it one.")
    counts = Counter(name.lower() for name in columns)  # as the database tells columns apart
    if twice := next((name for name in columns if counts[name.lower()] > 1), None):
        raise SourceError(f"{file}, row {number}, column {twice}: two columns have this name; rename one.")
    return columns


def _even(file: Path, columns: Sequence[str], rows: Iterable[tuple[int, list[str]]]) -> Iterator[Row]:
    for number, row in rows:
        if len(row) != len(columns):
            at = columns[len(row)] if len(row) < len(columns) else len(columns) + 1
            raise SourceError(
                f"{file}, row {number}, column {at}: the row has {len(row)} cells where the header has {len(columns)}; "
                "a cell that holds the delimiter must stand in quotes. Export it again."
            )
        yield row


# ------------------------------------------------------------------------------------------------ workbooks


def _sheets(file: Path, data: bytes) -> Iterator[_Table]:
    """Of one sheet the file's name is the table's; of several each sheet's own."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(f"{file} is no workbook that can be read ({error}); save it again as .xlsx.") from None
    filled = {name: cells for name, cells in sheets.items() if any(cell != "" for row in cells for cell in row)}
    if not filled:
        raise SourceError(f"{file} is empty; export it again with its header row.")
    for name, cells in filled.items():
        yield _sheet(file, file.stem if len(filled) == 1 else name, cells)


def _sheet(file: Path, name: str, cells: Sequence[Sequence[Any]]) -> _Table:
    rows = [(number, [_as_text(cell) for cell in row]) for number, row in enumerate(cells, 1)]
    rows = [(number, row) for number, row in rows if any(row)]
    width = max(position for _, row in rows for position, cell in enumerate(row, 1) if cell)
    number, header = rows[0]
    columns = _header(file, number, header[:width])
    return _Table(name, columns, [row[:width] for _, row in rows[1:]])


def _as_text(cell: Any) -> str:
    """A cell's value as text: a number as its shortest, a date as ISO text."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if not math.isfinite(cell):
            return str(cell)
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(Decimal(repr(cell)), "f")
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


DATABASE: Final = Database(
    dialects=("files",),
    example="files:///exports",
    open=_open,
    begin=(),
    remedies={},
    unchanged=_unchanged,
    holds=held_by_duckdb,
    moment="equal to the export of that time; files know no transaction",
)
