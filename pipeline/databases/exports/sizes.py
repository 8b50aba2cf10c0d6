"""Bounds a file's size before it is read: a workbook of a few kilobytes can fill any memory.

A workbook is a zip of XML. In memory a sheet is a table up to its outermost cell, including
empty cells, and each cell that shares a text gets its own copy.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pipeline.errors import SourceError

MOST_BYTES: Final = 1_000_000_000
"""Limit for a file, for an unpacked workbook, and for the texts that its cells share."""
MOST_TOGETHER: Final = 2_000_000_000
"""Limit for all files of a folder."""
MOST_CELLS: Final = 20_000_000
"""Limit for a sheet."""
_CHUNK: Final = 1 << 20

_COLUMN: Final = re.compile(rb"\br\s*=\s*[\"']\$?([A-Za-z]{1,9})")
_ROW: Final = re.compile(rb"\br\s*=\s*[\"']\$?[A-Za-z]{0,9}\$?(\d{1,9})[\"']")
_CELL_TAG: Final = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW_TAG: Final = re.compile(rb"<(?:\w+:)?row[\s/>]")
_TEXT_TAG: Final = re.compile(rb"<(?:\w+:)?si[\s/>]")
_SHARES: Final = re.compile(rb"\bt\s*=\s*[\"']s[\"'][^>]*>\s*<(?:\w+:)?v>\s*(\d{1,9})\s*<")


def must_fit(file: Path, size: int) -> None:
    """Raises SourceError if a file is too large."""
    if size > MOST_BYTES:
        raise _too_large(file, f"has {size:,} bytes; no more than {MOST_BYTES:,} are read")


def must_unpack(file: Path, data: bytes) -> None:
    """Raises SourceError if a workbook unpacks to too much, or is not a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _must_be_bounded(file, archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
    ) as error:
        raise SourceError(
            f"{file} is not a readable workbook ({error}); save it again as .xlsx."
        ) from None


def _must_be_bounded(file: Path, archive: zipfile.ZipFile) -> None:
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MOST_BYTES:
        raise _too_large(
            file,
            f"unpacks to {unpacked:,} bytes; no more than {MOST_BYTES:,} are read",
        )
    # sheets may have any name
    sheets = [member for member in archive.infolist() if not _holds_texts(member)]
    sharing = 0
    for sheet in sheets:
        cells, shared = _cells_of(archive, sheet)
        sharing += shared
        if cells > MOST_CELLS:
            raise _too_large(
                file,
                f"has a sheet whose cells, empty ones included, are {cells:,}; no more than {MOST_CELLS:,} are read",
            )
    if _bytes_shared(archive, sheets, sharing) > MOST_BYTES:
        raise _too_large(
            file, f"repeats its texts until they are more than {MOST_BYTES:,} bytes"
        )


def _holds_texts(member: zipfile.ZipInfo) -> bool:
    return member.filename.lower().endswith("sharedstrings.xml")


def _cells_of(archive: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> tuple[int, int]:
    """(cells up to the outermost one, cells with a shared text); (0, 0) if it is no sheet."""
    columns: set[bytes] = set()
    numbers: set[bytes] = set()
    placed = cells = rows = sharing = 0
    is_sheet = False
    for piece in _pieces(archive, sheet):
        is_sheet = is_sheet or b"sheetData" in piece
        positions = _COLUMN.findall(piece)
        columns.update(positions)
        numbers.update(_ROW.findall(piece))
        placed += len(positions)
        cells += len(_CELL_TAG.findall(piece))
        rows += len(_ROW_TAG.findall(piece))
        sharing += piece.count(b'"s"') + piece.count(b"'s'")
    if not is_sheet:
        return 0, 0
    # cells and rows without a position follow each other
    width = max(map(_number_of, columns), default=0) + max(0, cells - placed)
    return width * max(rows, max(map(int, numbers), default=0)), sharing


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A file in pieces, each ending with a tag."""
    rest = b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            piece = rest + chunk
            end = piece.rfind(b">") + 1
            if not end and len(piece) > 2 * _CHUNK:  # no tag is that long
                end = len(piece)
            rest = piece[end:]
            yield piece[:end]
    yield rest


def _number_of(letters: bytes) -> int:
    """A column's number: 28 for AB."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _bytes_shared(
    archive: zipfile.ZipFile, sheets: Sequence[zipfile.ZipInfo], sharing: int
) -> int:
    """Bytes of shared texts, once per cell; counted exactly only if they may be too many."""
    texts = filter(_holds_texts, archive.infolist())
    lengths = [
        len(text) for member in texts for text in _TEXT_TAG.split(archive.read(member))[1:]
    ]
    longest = max(lengths, default=0)
    if sharing * longest <= MOST_BYTES:
        return sharing * longest
    places = [int(place) for sheet in sheets for place in _SHARES.findall(archive.read(sheet))]
    known = sum(lengths[place] for place in places if place < len(lengths))
    return known + max(0, sharing - len(places)) * longest


def _too_large(file: Path, why: str) -> SourceError:
    return SourceError(
        f"{file} {why}. Export less of it, or load it into a database and name that in source.url."
    )
