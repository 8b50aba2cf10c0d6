"""Reads cells of CSV files and workbooks exactly as exported.

It guesses no format and no type, and turns no cell into NULL.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from sqlalchemy.engine import URL

from pipeline.complaints import without_values
from pipeline.databases.exports.formulas import Cells, without_value
from pipeline.databases.exports.sizes import must_unpack
from pipeline.errors import ConfigError, SourceError
from pipeline.values.white_space import WHITE_SPACE

_WIDEST: Final = 100_000_000
"""Characters of a cell; long notes exceed the library's own limit."""
_CHUNK: Final = 1 << 20
_MARKS: Final[Mapping[bytes, str]] = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_ENCODINGS: Final = ("utf-8", "utf-16", "windows-1252")
_DELIMITERS: Final[Mapping[str, str]] = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    ",": ",",
    ";": ";",
}

Row = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Declared:
    """Options in an address: ?encoding=windows-1252&delimiter=semicolon."""

    encoding: str | None
    delimiter: str | None

    @classmethod
    def of(cls, url: URL) -> Declared:
        """The options in an address. Raises ConfigError for an unknown one."""
        options = {
            name: value if isinstance(value, str) else value[-1]
            for name, value in url.query.items()
        }
        encoding, delimiter = options.pop("encoding", None), options.pop("delimiter", None)
        if options:
            raise ConfigError(
                f"source.url: files know no '{min(options)}'; allowed: encoding, delimiter."
            )
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise ConfigError(
                f"source.url: encoding '{encoding}'; allowed: {', '.join(_ENCODINGS)}."
            )
        if delimiter is not None and delimiter not in _DELIMITERS:
            raise ConfigError(
                f"source.url: delimiter '{delimiter}'; allowed: comma, semicolon, tab."
            )
        return cls(
            encoding.lower() if encoding else None,
            _DELIMITERS[delimiter] if delimiter else None,
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file, or a sheet of a workbook."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Row]
    where: str  # the file's name, and the sheet's where there are several
    # column -> its header in the file, if that differs
    headers: Mapping[str, str] = field(default_factory=dict)


def tables_of(file: Path, data: bytes, declared: Declared, each_once: bool) -> Iterator[Sheet]:
    """The file's tables; rows are read lazily.

    SourceError names the row and column of a broken cell. `each_once` refuses duplicate
    headers.
    """
    if file.suffix.lower() == ".xlsx":
        yield from _sheets(file, data, each_once)
    else:
        yield _csv(file, data, declared, each_once)


# ------------------------------------------------------------------------------------------ CSV


def _csv(file: Path, data: bytes, declared: Declared, each_once: bool) -> Sheet:
    encoding = next(
        (name for mark, name in _MARKS.items() if data.startswith(mark)),
        declared.encoding or "utf-8",
    )
    _must_decode(file, data, encoding)
    text = _lines_of(data, encoding)
    first = text.readline().rstrip("\r\n")
    separator = re.fullmatch("sep=(.)", first)  # what Excel writes and reads
    if not separator:
        text = _lines_of(data, encoding)
    delimiter = separator[1] if separator else declared.delimiter or _delimiter(file, first)
    rows = _rows(file, text, delimiter, 2 if separator else 1)
    number, header = next(rows, (0, []))
    if not number:
        raise SourceError(f"{file} is empty; export it again with its header line.")
    columns = _header(file, number, header, each_once)
    return Sheet(file.stem, columns, _even(file, columns, rows), file.name)


def _lines_of(data: bytes, encoding: str) -> io.TextIOWrapper:
    """The text, decoded while it is read, to save memory."""
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline="")


def _must_decode(file: Path, data: bytes, encoding: str) -> None:
    """Raises SourceError with the row and column that cannot be decoded."""
    decoder, start = codecs.getincrementaldecoder(encoding)(), 0
    try:
        for start in range(0, len(data), _CHUNK):
            decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
    except UnicodeDecodeError:
        raise _undecodable(file, data, encoding) from None


def _undecodable(file: Path, data: bytes, encoding: str) -> SourceError:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        start = error.start
    before = data[:start].decode(encoding, "ignore")
    first = before.split("\n", 1)[0]
    rows = list(
        csv.reader(io.StringIO(before + "x", newline=""), delimiter=_most(first) or ",")
    )
    at = len(rows[-1])
    named = rows[0][at - 1] if len(rows) > 1 and at <= len(rows[0]) else at
    return SourceError(
        f"{file}, row {len(rows)}, column {named}: this is not {encoding.removesuffix('-sig').upper()} "
        f"text (byte {data[start]:02x}); export as UTF-8, or declare it: ?encoding=windows-1252 after the "
        "folder in source.url."
    )


def _most(header: str) -> str | None:
    """The header's most frequent delimiter outside quotes; None on a tie or without one."""
    bare = re.sub('"[^"]*"', "", header)
    counts = sorted(((bare.count(mark), mark) for mark in ",;\t"), reverse=True)
    return counts[0][1] if counts[0][0] > counts[1][0] else None


def _delimiter(file: Path, header: str) -> str:
    if delimiter := _most(header):
        return delimiter
    if any(mark in header for mark in ",;\t"):
        raise SourceError(
            f"{file}, row 1: the delimiter is ambiguous; declare it: ?delimiter=semicolon."
        )
    return ","  # a table of one column


def _rows(
    file: Path, text: Iterable[str], delimiter: str, first: int
) -> Iterator[tuple[int, list[str]]]:
    """(row number in a spreadsheet, cells); skips lines of only delimiters and blanks."""
    csv.field_size_limit(_WIDEST)  # applies to the whole process
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    number = first - 1
    try:
        for row in reader:
            number += 1
            if _says_something(row):
                yield number, row
    except csv.Error as error:
        raise SourceError(
            f"{file}, row {number + 1} (line {reader.line_num + first - 1}): {error}; a quote is not closed, or "
            "occurs inside a cell without being doubled. Export it again."
        ) from None


def _says_something(row: Sequence[str]) -> bool:
    return any(cell.strip(WHITE_SPACE) for cell in row)


def _header(file: Path, number: int, header: Sequence[str], each_once: bool) -> tuple[str, ...]:
    columns = tuple(name.strip() for name in header)
    if "" in columns:
        raise SourceError(
            f"{file}, row {number}, column {columns.index('') + 1}: the column has no name; give it one."
        )
    counts = Counter(name.lower() for name in columns)  # as the database tells columns apart
    if twice := next(
        (name for name in columns if each_once and counts[name.lower()] > 1), None
    ):
        raise SourceError(
            f"{file}, row {number}, column {twice}: two columns have this name; rename one."
        )
    return columns


def _even(
    file: Path, columns: Sequence[str], rows: Iterable[tuple[int, list[str]]]
) -> Iterator[Row]:
    for number, row in rows:
        if len(row) != len(columns):
            at = columns[len(row)] if len(row) < len(columns) else len(columns) + 1
            raise SourceError(
                f"{file}, row {number}, column {at}: the row has {len(row)} cells where the header has {len(columns)}; "
                "a cell that contains the delimiter must be quoted. Export it again."
            )
        yield row


# ------------------------------------------------------------------------------------ workbooks


def _sheets(file: Path, data: bytes, each_once: bool) -> Iterator[Sheet]:
    """The filled sheets; a single sheet is named after the file."""
    from python_calamine import CalamineError, CalamineWorkbook

    must_unpack(file, data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
        for name, odd in without_value(data).items():
            if name in sheets:
                _put(sheets[name], odd)
    except (CalamineError, OSError, ValueError, ParseError) as error:
        raise SourceError(
            f"{file} is not a readable workbook ({without_values(str(error))}); save it again as .xlsx."
        ) from None
    filled = {
        name: cells
        for name, cells in sheets.items()
        if any(map(_says_something, _texts(cells)))
    }
    if not filled:
        raise SourceError(f"{file} is empty; export it again with its header row.")
    for name, cells in filled.items():
        where = file.name if len(filled) == 1 else f"{file.name}, sheet {name}"
        yield _sheet(file, file.stem if len(filled) == 1 else name, cells, where, each_once)


def _put(rows: list[list[Any]], written: Cells) -> None:
    """Fills in the cells that the library returns as empty or leaves out."""
    for (row, column), text in written.items():
        rows += [[] for _ in range(row + 1 - len(rows))]
        rows[row] += [""] * (column + 1 - len(rows[row]))
        if rows[row][column] == "":
            rows[row][column] = text
    width = max(map(len, rows), default=0)
    for cells in rows:
        cells.extend([""] * (width - len(cells)))


def _texts(cells: Sequence[Sequence[Any]]) -> Iterator[list[str]]:
    for row in cells:
        yield [_as_text(cell) for cell in row]


def _sheet(
    file: Path, name: str, cells: Sequence[Sequence[Any]], where: str, each_once: bool
) -> Sheet:
    rows = list(enumerate(_texts(cells), 1))
    rows = [(number, row) for number, row in rows if _says_something(row)]
    width = max(position for _, row in rows for position, cell in enumerate(row, 1) if cell)
    number, header = rows[0]
    columns = _header(file, number, header[:width], each_once)
    return Sheet(name, columns, [row[:width] for _, row in rows[1:]], where)


def _as_text(cell: Any) -> str:
    """A cell's value as text: a number in its shortest form, a date in ISO form."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if not math.isfinite(cell):
            return str(cell)
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        # 1e15 is written with a decimal
        return format(Decimal(repr(cell)), "f").removesuffix(".0")
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)
