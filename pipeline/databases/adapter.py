"""The adapter: everything the program knows about one kind of database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

from pipeline.model import NO_TEXT, Kind, LocalText
from pipeline.presets import Preset


def _no_advice(connection: Connection) -> Sequence[str]:
    return ()


def _always(code: Any) -> bool:
    return True


def _never(code: Any) -> bool:
    return False


def _all_read(engine: Engine) -> Sequence[str]:
    return ()


def _nothing_changed(connection: Connection) -> None:
    """A transaction guarantees it."""


def _hides_nothing(connection: Connection, tables: Collection[str]) -> Sequence[str]:
    return ()


def _refuses_nothing(connection: Connection, sql: str) -> str:
    return ""


def _no_patience(max_hold: float) -> Mapping[str, Any]:
    return {}


def _unbounded(raw: Any, seconds: float) -> None:
    """No bound on a single statement; the hold is still checked between statements."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Whether the account could write to the CRM, and the evidence; None if unknown."""

    could_write: bool | None
    seen_by: str


def _unknown_rights(connection: Connection) -> Rights:
    return Rights(None, "this kind of database does not tell")


@dataclass(frozen=True, slots=True)
class Database:
    """How to open one kind of database and read it at one moment.

    `begin` opens a read-only transaction in which every table is of the same moment; it is
    empty for files, which have none. `remedies` maps a part of the database's own error
    message to advice.
    """

    dialects: tuple[str, ...]  # SQLAlchemy's names
    example: str  # an address
    # relative paths start at the folder of audit.yaml
    open: Callable[[URL, Path, Preset], Engine]
    begin: tuple[str, ...]
    remedies: Mapping[str, str]
    # whether a driver's error concerns the SQL or the account, not a row; such errors
    # quote only names, no contents
    names_only: Callable[[Any], bool]
    advice: Callable[[Connection], Sequence[str]] = _no_advice
    # which of these tables may hide rows from the account
    hides: Callable[[Connection, Collection[str]], Sequence[str]] = _hides_nothing
    # time-outs for the driver's connect(), for a given longest hold; those in the URL win
    patience: Callable[[float], Mapping[str, Any]] = _no_patience
    # limits the connection's next statement to so many seconds
    bound: Callable[[Any, float], None] = _unbounded
    out_of_time: tuple[str, ...] = ()  # parts of the error message when this limit strikes
    # parts of error messages that another attempt may avoid, besides a lost connection
    passing: tuple[str, ...] = ()
    rights: Callable[[Connection], Rights] = _unknown_rights
    # why a user's SQL is not a single reading SELECT, in the database's words; else ''
    refuses: Callable[[Connection, str], str] = _refuses_nothing
    # raises SourceError if a source without transactions changed while it was read
    unchanged: Callable[[Connection], None] = _nothing_changed
    # the kind behind a driver's type code: text, instant, day or number (MONEY), else None.
    # Left out where each value has its own type, as in SQLite.
    column_kind: Callable[[Any], Kind | None] | None = None
    # whether columns of this type code hold instants, whatever zone the preset declares
    instants: Callable[[Any], bool] = _never
    # whether columns of this type code hold single-precision numbers
    single: Callable[[Any], bool] = _never
    # whether SQL casts this type to the same text that the driver delivers; of a number, what
    # 0 added to it makes
    spells: Callable[[Any], bool] = _always
    # whether it evaluates a common table expression at each mention, and knows WITH ROLLUP
    rolls_up: bool = False
    # printed in reports if the database calls our Python to read text and decimals
    shared_code_note: LocalText = NO_TEXT
    # names in the source that are no table of the preset; printed by reports and `check`
    unread: Callable[[Engine], Sequence[str]] = _all_read
    # printed in reports: the moment of the figures in a source without transactions
    moment: LocalText = NO_TEXT


def spilling_duckdb() -> dict[str, Any]:
    """Connection arguments that make DuckDB spill into this run's temporary folder."""
    return {
        "config": {"temp_directory": str(Path(tempfile.gettempdir()) / f"duckdb-{os.getpid()}")}
    }


def names_only_in_duckdb(error: Any) -> bool:
    """Whether DuckDB's error concerns the SQL, its rights or its file, not a row."""
    import duckdb

    of_the_sql = (
        duckdb.ParserException,
        duckdb.SyntaxException,
        duckdb.BinderException,
        duckdb.CatalogException,
    )
    return isinstance(
        error,
        (
            *of_the_sql,
            duckdb.PermissionException,
            duckdb.IOException,
            duckdb.ConnectionException,
        ),
    )


# adding 0 to a UHUGEINT rounds it
_INTEGERS_OF_DUCKDB: Final = frozenset(
    [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
    ]
)


def spelled_by_duckdb(code: Any) -> bool:
    """Texts and integers: DuckDB formats days, bytes and fractions in its own way."""
    return str(code) == "VARCHAR" or str(code) in _INTEGERS_OF_DUCKDB


def instants_of_duckdb(code: Any) -> bool:
    """DuckDB has one type for instants."""
    return str(code) in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def duckdb_column_kind(code: Any) -> Kind | None:
    """The kind of a DuckDB type, in a DuckDB file and in a folder of exports."""
    name = str(code)
    if name.startswith("TIMESTAMP"):
        return Kind.INSTANT
    if "[" not in name and any(
        number in name for number in ("INT", "DECIMAL", "DOUBLE", "FLOAT")
    ):
        return Kind.MONEY
    return {"VARCHAR": Kind.TEXT, "DATE": Kind.DAY}.get(name)
