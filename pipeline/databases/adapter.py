"""The seam: what there is to know about one kind of database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """A transaction sees to it."""


def _hides_nothing(connection: Connection, tables: Collection[str]) -> Sequence[str]:
    return ()


def _refuses_nothing(connection: Connection, sql: str) -> str:
    return ""


def _no_patience(max_hold: float) -> Mapping[str, Any]:
    return {}


def _unbounded(raw: Any, seconds: float) -> None:
    """Nothing bounds a statement here; the hold is still watched
    between batches and statements.
    """


@dataclass(frozen=True, slots=True)
class Rights:
    """Whether the account could write to the CRM, and by what that was seen; None
    where it cannot be told.
    """

    could_write: bool | None
    seen_by: str


def _untold(connection: Connection) -> Rights:
    return Rights(None, "this kind of database does not tell")


@dataclass(frozen=True, slots=True)
class Database:
    """How one kind of database is reached and held still, and what its
    administrator should know.

    `begin` opens one read-only transaction that sees one moment of every table; empty where
    there are none, as with files. `remedies` maps a part of the database's own complaint
    onto what to do about it.
    """

    dialects: tuple[str, ...]  # SQLAlchemy's names
    example: str  # an address
    # relative files start at the folder of audit.yaml
    open: Callable[[URL, Path, Preset], Engine]
    begin: tuple[str, ...]
    remedies: Mapping[str, str]
    # whether an error of the driver is of the SQL or the account, and not of a row:
    # then it quotes names only
    names_only: Callable[[Any], bool]
    advice: Callable[[Connection], Sequence[str]] = _no_advice
    # of these tables those whose rows the database may hide from the account, where it can tell
    hides: Callable[[Connection, Collection[str]], Sequence[str]] = _hides_nothing
    # arguments of the driver's connect(), given how long the transaction may be held:
    # time-outs; the URL's own win
    patience: Callable[[float], Mapping[str, Any]] = _no_patience
    # bounds the driver's connection to so many seconds for its next statement, by
    # the database's own means
    bound: Callable[[Any, float], None] = _unbounded
    out_of_time: tuple[str, ...] = ()  # parts of the complaint that says that this bound struck
    passing: tuple[
        str, ...
    ] = ()  # parts of complaints that another attempt may not meet; a lost connection is known
    rights: Callable[[Connection], Rights] = _untold
    # why a text that a user wrote is not one SELECT that only reads, in the database's
    # own words; '' where it is
    refuses: Callable[[Connection, str], str] = _refuses_nothing
    # SourceError where the source changed while it was read, which only a source
    # without transactions can
    unchanged: Callable[[Connection], None] = _nothing_changed
    # what a column of that type code of the driver holds: a text, an instant, a day or
    # a number (MONEY); None is anything else. Without it each value has a type of its
    # own, as SQLite's have.
    column_kind: Callable[[Any], Kind | None] | None = None
    # whether what a column of that type code holds are instants, whatever zone the
    # preset says of datetimes
    instants: Callable[[Any], bool] = _never
    # whether a column of that type code holds numbers of single precision
    single: Callable[[Any], bool] = _never
    # whether the text that the database's SQL makes of a column of that type is the one
    # that the driver delivers
    spells: Callable[[Any], bool] = _always
    # it works a common table expression out anew each time that a statement names it, and knows
    # GROUP BY … WITH ROLLUP
    rolls_up: bool = False
    # where it calls Python to read text and decimals: reports say so beside the source
    shared_code_note: LocalText = NO_TEXT
    # what lies in the source and is no table of the preset's, in words:
    # reports and `check` say it
    unread: Callable[[Engine], Sequence[str]] = _all_read
    # where there are no transactions: of when the figures are; reports say it beside the source
    moment: LocalText = NO_TEXT


def spilling_duckdb() -> dict[str, Any]:
    """What a DuckDB is opened with, so that what it spills to disk lies where
    temporary files of this run do.
    """
    return {
        "config": {"temp_directory": str(Path(tempfile.gettempdir()) / f"duckdb-{os.getpid()}")}
    }


def names_only_in_duckdb(error: Any) -> bool:
    """Whether DuckDB complains of the SQL, of what it may read or of its file: of no row."""
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


def spelled_by_duckdb(code: Any) -> bool:
    """DuckDB writes days, bytes and numbers in its own way."""
    return str(code) == "VARCHAR"


def instants_of_duckdb(code: Any) -> bool:
    """DuckDB has one type of instants."""
    return str(code) in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def duckdb_column_kind(code: Any) -> Kind | None:
    """What a column of this type of DuckDB's holds: in a file of its own,
    and in a folder of exports.
    """
    name = str(code)
    if name.startswith("TIMESTAMP"):
        return Kind.INSTANT
    if "[" not in name and any(
        number in name for number in ("INT", "DECIMAL", "DOUBLE", "FLOAT")
    ):
        return Kind.MONEY
    return {"VARCHAR": Kind.TEXT, "DATE": Kind.DAY}.get(name)
