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
from sqlalchemy import event
from sqlalchemy.engine import URL

from pipeline import source
from pipeline.config import Audit, asked
from pipeline.flows.extract import read_spec_of, window_of
from pipeline.model import FURTHER, LOGS
from pipeline.presets import Preset

Rows = list[tuple[Any, ...]]


@contextmanager
def everything_asked(*but: str) -> Iterator[None]:
    """Code that needs every further column and every log."""
    columns = {f"{entity}.{column}" for entity, of in FURTHER.items() for column in of}
    everything = frozenset({*columns, *LOGS} - {*but})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asked, "ASKED_BY_CODE", everything)
        patch.setattr(Preset, "on_demand", lambda _: everything)
        yield


def held(entity: str, not_held: Mapping[str, set[str]]) -> list[str]:
    """What a preset can read of an entity besides what is always read, after its id; or its log."""
    columns = LOGS.get(entity) or {"id": None, **FURTHER[entity]}
    return [column for column in columns if column not in not_held.get(entity, ())]


def statements(url: URL, audit: Audit) -> list[str]:
    """Every statement that reading the source takes."""
    sent: list[str] = []
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    engine = source.open_engine(address, audit.file.parent, audit.preset)
    window = window_of(audit, datetime(2027, 3, 26, tzinfo=UTC), injected=True)
    event.listen(engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    try:
        with source.consistent(engine) as connection:
            reader = source.SourceReader(connection, read_spec_of(audit, window))
            reader.accounts()
            for entity in audit.schema:
                for _ in reader.rows(entity):
                    pass
    finally:
        engine.dispose()
    return sent


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
    """An instant in UTC, and a number (an id's, or a truth value) as text."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, int | Decimal):
        return str(int(value))
    return value
