"""Reads the CSV files that audit.yaml names, as spreadsheets save them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.errors import ConfigError
from pipeline.yaml_files import bounded_text

WIDEST: Final = 10_000
"""Characters of a cell; a longer one means that a quote was left open."""


def read_csv(file: Path, key: str) -> csv.DictReader[str]:
    """The rows of a file that audit.yaml names under `key`; a comma, semicolon or tab
    separates their cells. ConfigError where it cannot be read.
    """
    try:
        text = bounded_text(file)
    except ConfigError as error:
        raise ConfigError(f"{key}, as audit.yaml names them: {error}") from None
    csv.field_size_limit(WIDEST)
    header = text.split("\n", 1)[0]
    delimiter = max(
        ",;\t", key=header.count
    )  # spreadsheets write any of them; comma by default
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)


def filled_rows(rows: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    """The rows in which something stands: spreadsheets leave rows of only delimiters below a
    table.
    """
    for row in rows:
        if any(cell and cell.strip() for cell in row.values() if isinstance(cell, str)):
            yield row
