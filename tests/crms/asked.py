"""Reading all that a preset can read, as if something asked for it, and comparing that with SQL written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.config import asked
from pipeline.model import FURTHER, LOGS

Rows = list[tuple[Any, ...]]


@contextmanager
def everything_asked(*but: str) -> Iterator[None]:
    """Code that needs every further column and every log."""
    columns = {f"{entity}.{column}" for entity, of in FURTHER.items() for column in of}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asked, "ASKED_BY_CODE", frozenset({*columns, *LOGS} - {*but}))
        yield


def stored(folder: Path, entity: str, columns: Sequence[str]) -> Rows:
    """What the snapshot in `folder` holds of these columns, in an order of its own."""
    table = pq.read_table(folder / f"{entity}.parquet", columns=list(columns))
    return _ordered(tuple(row.values()) for row in table.to_pylist())


def by_hand(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Rows:
    """The same of the rows of a SELECT."""
    return _ordered(tuple(row[column] for column in columns) for row in rows)


def alike(rows: Rows, columns: Sequence[str]) -> list[str]:
    """The columns in which all rows hold the same: of those a test says little."""
    return [
        column for place, column in enumerate(columns) if len({row[place] for row in rows}) < 2
    ]


def _ordered(rows: Iterable[tuple[Any, ...]]) -> Rows:
    return sorted((tuple(map(_plain, row)) for row in rows), key=repr)


def _plain(value: Any) -> Any:
    """An instant in UTC, and a number or a truth value as a whole number."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, bool | Decimal):
        return int(value)
    return value
