"""SQLite: a file, opened in SQLite's read-only mode."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from pipeline.databases import remedies
from pipeline.databases.adapter import Database, Rights
from pipeline.databases.exports.places import file_of
from pipeline.databases.select_guard import first_line, wrapped
from pipeline.language.languages import in_all
from pipeline.presets import Preset
from pipeline.values import contents, patterns, texts

_QUOTED: Final = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/""", re.DOTALL
)
"""Texts, names and comments; a quote inside one starts no other."""
_LOCK_SECONDS: Final = 5
_KEPT: Final = 2**17
"""Cached results per function of ours."""
_LONG: Final = 100
"""A longer text is neither a day nor an amount."""
_STEPS: Final = 20_000
"""SQLite's virtual machine instructions between two looks at the clock: a few milliseconds."""


def _open(url: URL, base: Path, _preset: Preset | None = None) -> Engine:
    file = file_of(url, base)
    read_only = url.set(
        database=f"file:{quote(file.as_posix())}", query={"mode": "ro", "uri": "true"}
    )
    engine = create_engine(read_only, hide_parameters=True, isolation_level="AUTOCOMMIT")

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: object) -> None:
        raw.text_factory = texts.decoded
        raw.execute("PRAGMA query_only = ON")
        lend_functions(raw)
        raw.set_authorizer(_only_reading)

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _name(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_more: object
    ) -> tuple[str, Any]:
        return names_as_names(statement), parameters

    return engine


def names_as_names(statement: str) -> str:
    """Quotes the statement's names with backticks.

    If no column is called "Telefoon", SQLite reads it as a text, and everybody has a phone.
    With backticks it reports that there is no such column.
    """

    def named(match: re.Match[str]) -> str:
        token = match[0]
        if not token.startswith('"'):
            return token
        return "`" + token[1:-1].replace('""', '"').replace("`", "``") + "`"

    return _QUOTED.sub(named, statement)


_TELLING: Final = {
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "foreign_key_list",
    "database_list",
    "encoding",
    "journal_mode",
    "user_version",
    "data_version",
    "compile_options",
}
"""Pragmas that only report; an argument is the name of a table."""
_ABOUT_A_TABLE: Final = {
    "table_info",
    "table_xinfo",
    "index_list",
    "index_info",
    "foreign_key_list",
}
_ACTING: Final = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}


def _only_reading(
    action: int, first: str | None, second: str | None, _database: object, _by: object
) -> int:
    """SQLite's authorizer: denies ATTACH, acting functions and pragmas that change things.

    It need not deny writes: the file is open read-only, and virtual tables such as json_each
    announce writes that never happen.
    """
    denied = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    if action == sqlite3.SQLITE_FUNCTION:
        denied = str(second).lower() in _ACTING
    elif action == sqlite3.SQLITE_PRAGMA:
        denied = str(first).lower() not in (_TELLING if second is None else _ABOUT_A_TABLE)
    return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK


def _refuses(connection: Connection, sql: str) -> str:
    """Tries the SQL alone, then inside a SELECT.

    The driver accepts one statement only, and EXPLAIN prepares it without running it.
    """
    for text in (sql, wrapped(sql)):
        try:
            connection.exec_driver_sql(f"EXPLAIN {text}")
        except DBAPIError as error:
            complaint = str(error.orig)
            if any(part in complaint for part in _NO_SELECT):
                return first_line(complaint)
    return ""  # an unknown name: reading reports it, with a remedy


_NO_SELECT: Final = (
    "syntax error",
    "one statement at a time",
    "incomplete input",
    "unrecognized token",
    "not authorized",
    "prohibited",
)


def lend_functions(raw: Any) -> None:
    """Gives SQLite our Python functions that read text.

    Text arrives as bytes, which may not be UTF-8.
    """
    encoding = str(raw.execute("PRAGMA encoding").fetchone()[0])

    def of_bytes(function: Callable[..., Any]) -> Callable[..., Any]:
        if encoding == "UTF-8":
            return function
        return lambda data, *more: function(data.decode(encoding, "replace").encode(), *more)

    read: tuple[Callable[..., Any], ...] = (
        texts.day_written,
        texts.micros_written,
        texts.number_written,
        texts.decimal_written,
        contents.html_unseen,
        contents.json_unseen,
        patterns.has_pattern,
        patterns.has_word,
    )
    worked_out: tuple[Callable[..., Any], ...] = (
        texts.micros_in_utc,
        texts.number_text,
        texts.minor_units,
    )
    for function in (*read, *worked_out):
        shared_code_note = of_bytes(function) if function in read else function
        raw.create_function(
            function.__name__, -1, _remembering(shared_code_note), deterministic=True
        )

    raw.create_function("text_mark", 3, _text_mark(encoding), deterministic=True)


def _text_mark(encoding: str) -> Callable[[Any, Any, int], int | None]:
    """The fingerprint of an id and a text, which arrive as bytes in the file's encoding.

    `kinds` is 1 if the id is a text, plus 2 if the text is one and not a number or blob.
    """

    plain = encoding == "UTF-8"

    def delivered(value: Any, is_text: int) -> str:
        if is_text and not plain:
            value = value.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
        return texts.decoded(value) if isinstance(value, bytes) else str(value)

    def text_mark(record: Any, text: Any, kinds: int) -> int | None:
        if text is None:
            return None
        # the usual case, kept fast because calls add up
        if plain and isinstance(record, bytes) and isinstance(text, bytes):
            return texts.fingerprint_of_bytes(record, text)
        return texts.fingerprint(delivered(record, kinds & 1), delivered(text, kinds & 2))

    return text_mark


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Caches results: one question after another reads the same days and amounts."""
    known = lru_cache(_KEPT)(function)

    def answer(first: Any, *more: Any) -> Any:
        long = isinstance(first, str | bytes) and len(first) > _LONG
        return function(first, *more) if long else known(first, *more)

    return answer


def _advice(connection: Connection) -> Sequence[str]:
    mode = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
    if mode == "wal":
        return ["SQLite in WAL mode: the CRM can write while it is read."]
    return [
        f"SQLite in {mode} mode: while the audit reads, the CRM's writers wait. "
        "PRAGMA journal_mode=WAL, set once on the database, avoids that."
    ]


def _patience(max_hold: float) -> Mapping[str, Any]:
    return {"timeout": _LOCK_SECONDS}


def _bound(raw: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    raw.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)


def _rights(connection: Connection) -> Rights:
    """SQLite has no accounts: whoever may write to the file may write to the CRM."""
    file = Path(str(connection.exec_driver_sql("PRAGMA database_list").one()[2]))
    if os.access(file, os.W_OK):
        return Rights(True, "the permissions of the database file let this user write to it")
    return Rights(False, "the permissions of the database file let this user only read it")


DATABASE: Final = Database(
    dialects=("sqlite",),
    example="sqlite:///crm.db",
    open=_open,
    # in SQLite BEGIN takes no snapshot until the first SELECT
    begin=("BEGIN", "SELECT count(*) FROM sqlite_schema"),
    remedies={
        "integer overflow": remedies.VALUES,
        "no such function": remedies.FUNCTIONS,
        "wrong number of arguments": remedies.FUNCTIONS,
        "ambiguous column": remedies.AMBIGUOUS,
        "aggregate": remedies.GROUPS,
        "sub-select returns": remedies.SUBQUERIES,
        "same number of result columns": remedies.COLUMNS,
        "no such collation": remedies.UNKNOWN_COLLATION,
        "malformed JSON": remedies.JSON,
        "syntax error": remedies.SYNTAX,
        "not a database": "Check that source.url names the CRM's database file.",
        "locked": "Another program holds the database; run again when it has finished.",
        "unable to open": "Check that this user may read the file and its folder.",
        "no such column": "The preset's SELECT names a column that this CRM does not have; give a SELECT of yours in a "
        "preset that extends this one, or correct source.add. A text goes between single quotes.",
        "no such table": "The preset reads a table that this CRM does not have; check that source.url names the "
        "CRM's file.",
    },
    names_only=lambda error: str(error).startswith(("near ", "unrecognized token")),
    advice=_advice,
    patience=_patience,
    bound=_bound,
    out_of_time=("interrupted",),
    passing=("database is locked", "database table is locked", "disk I/O error"),
    rights=_rights,
    refuses=_refuses,
    shared_code_note=in_all(
        "SQLite reads no text and no decimals by itself: it calls the code that reads the rows"
    ),
)
