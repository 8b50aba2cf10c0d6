"""Connects to the CRM's database: read-only, at one moment, and not for long."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, quote_plus

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from pipeline.complaints import complaint
from pipeline.databases.adapter import Rights
from pipeline.databases.kinds import DATABASES, Database, kind_of
from pipeline.errors import ConfigError, SourceError
from pipeline.lacks import lack_of
from pipeline.language.languages import in_all, joined_texts
from pipeline.model import NO_TEXT, LocalText
from pipeline.presets import Preset
from pipeline.retry import PassingError

_COMMON = "Check source.url, the account and its rights."
DEFAULT_HOLD: Final = 300.0
_LEAST_BOUND: Final = 0.05
"""Seconds; most databases take a limit of zero for none."""

_HALF_CHARACTER: Final = (
    "The source could not be read: a text holds half of a character, which is not UTF-8, although its column is "
    "declared to hold only that. Find it by HEX(column) REGEXP '^(..)*ED[AB]' and correct it in the CRM; or read "
    "that column as bytes, by CAST(column AS BINARY) in a SELECT of yours: then it is shown, counted and listed."
)

_Item = TypeVar("_Item")


def open_engine(url: str, base: Path, preset: Preset, max_hold: float = DEFAULT_HOLD) -> Engine:
    """An engine for the source; relative paths start at `base`.

    Raises ConfigError if address and preset do not match.
    """
    parsed = _address(url)
    dialect = parsed.get_dialect().name
    if dialect not in preset.dialects:
        raise ConfigError(
            f"source.url: the preset {preset.name} reads {', '.join(preset.dialects)}, not {dialect}."
        )
    database = kind_of(dialect)
    engine = database.open(parsed, base, preset)

    @event.listens_for(engine, "do_connect")
    def _patiently(
        _dialect: object, _record: object, _arguments: object, keywords: dict[str, Any]
    ) -> None:
        for name, value in database.patience(max_hold).items():
            keywords.setdefault(name, value)

    return engine


def _address(url: str) -> URL:
    """Parses the address. Raises ConfigError, without quoting the address, if it cannot."""
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        examples = " or ".join(database.example for database in DATABASES)
        raise ConfigError(
            f"source.url: this is not a database address; write one like {examples}."
        ) from None
    except ValueError:  # the port, which may be the end of a password
        parsed = None
    if parsed is None or "@" in (parsed.host or ""):
        raise ConfigError(
            "source.url: host and port cannot be separated from the password; write an @ in a password as %40, a colon "
            "as %3A and a slash as %2F, or give the password alone as ${NAME}, which does that for you."
        )
    return parsed


# --------------------------------------------------------------------------------- not for long


class TransactionLimit:
    """Limits and measures how long the transaction on the CRM lasts."""

    def __init__(self, allowed: float = DEFAULT_HOLD) -> None:
        self.allowed = allowed
        self._since: float | None = None
        self._until: float | None = None

    def begin(self) -> None:
        """The transaction opens."""
        self._since, self._until = time.monotonic(), None

    def end(self) -> None:
        """The transaction is over."""
        self._until = self._until or time.monotonic()

    @property
    def elapsed(self) -> float:
        """How long the transaction has lasted, or lasted."""
        return 0.0 if self._since is None else (self._until or time.monotonic()) - self._since

    @property
    def left(self) -> float:
        """Seconds until the limit."""
        return self.allowed - self.elapsed

    def check(self) -> None:
        """Raises SourceError once the limit is exceeded."""
        if self.left <= 0:
            raise self.exceeded()

    def exceeded(self) -> SourceError:
        """The error for an exceeded limit."""
        return SourceError(
            f"The CRM would be held for more than {duration_text(self.allowed)} (source.max_hold), so its transaction "
            "was given up. Point source.url at a replica, read fewer columns by a SELECT of yours, run at a quiet "
            "hour, or allow more by source.max_hold; `crm-audit check` measures how long it takes."
        )

    def watched(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Yields the items, checking the limit before and after each."""
        for item in items:
            self.check()
            yield item
            self.check()


def duration_text(seconds: float) -> str:
    """'5 minutes', '90 seconds', '0.4 seconds'."""
    number, unit = (
        (seconds / 60, "minute") if seconds >= 120 or seconds == 60 else (seconds, "second")
    )
    text = f"{number:.0f}" if number == int(number) else f"{number:.1f}"
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    """A connection. Raises ConfigError if the driver rejects an option of the address."""
    try:
        connection = engine.connect()
    except (TypeError, ValueError, AttributeError, LookupError, FileNotFoundError):
        if not engine.url.query:
            raise
        options = ", ".join(sorted(engine.url.query))
        raise ConfigError(
            f"source.url: {engine.url.drivername} cannot use the options behind the ? of the address ({options}); "
            "correct them, or leave them out."
        ) from None
    with connection:
        yield connection


@contextmanager
def consistent(
    engine: Engine, begin: Sequence[str] | None = None, limit: TransactionLimit | None = None
) -> Iterator[Connection]:
    """A read-only transaction that sees every table at the same moment.

    `begin` replaces the statements that open it; with it, tests show that the proof notices a
    missing transaction. `limit` bounds and measures it. Raises SourceError if the source fails,
    or PassingError if another attempt may succeed.
    """
    database, limit = kind_of(engine.dialect.name), limit or TransactionLimit()
    try:
        with _connected(engine) as connection:
            limit.begin()
            _bounded(connection, database, limit)
            statements = database.begin if begin is None else begin
            for statement in statements:
                connection.exec_driver_sql(statement)
            try:
                yield connection
                database.unchanged(connection)
                if statements:
                    connection.exec_driver_sql("ROLLBACK")
            except BaseException:
                # closing rolls back immediately; otherwise a half-read stream would first be
                # read to its end
                connection.invalidate()
                raise
    except SQLAlchemyError as error:
        raise _explained(error, database, engine.url, limit) from None
    # MariaDB's UTF-8 accepts halves of characters, its driver does not
    except UnicodeDecodeError:
        raise SourceError(_HALF_CHARACTER) from None
    finally:
        limit.end()


def _bounded(connection: Connection, database: Database, limit: TransactionLimit) -> None:
    """Limits each statement to the time that is left."""

    @event.listens_for(connection, "before_cursor_execute")
    def _bound(asking: Connection, *_: object) -> None:
        limit.check()
        database.bound(asking.connection.dbapi_connection, max(limit.left, _LEAST_BOUND))


def _explained(
    error: SQLAlchemyError, database: Database, url: URL, limit: TransactionLimit
) -> SourceError:
    """The database's error without statement, parameters, values or address, and a remedy."""
    message = complaint(error, database.names_only)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if not url.host and (lack := lack_of(error)):  # a server's disk is not this machine's
        return SourceError(lack)
    lower = message.lower()
    if any(part.lower() in lower for part in database.out_of_time):
        return limit.exceeded()
    remedy = next((do for part, do in database.remedies.items() if part.lower() in lower), None)
    kind = (
        PassingError
        if lost or any(part.lower() in lower for part in database.passing)
        else SourceError
    )
    return kind(
        f"The source could not be read: {without(message, url)}. {remedy or _COMMON} Then run again."
    )


def without(text: str, url: URL) -> str:
    """The text without the address's password, in whatever way it is quoted."""
    password = str(url.password or "")
    # the last one is SQLAlchemy's
    quoted = {quote(password, safe=safe) for safe in ("", "/", " +")}
    for form in sorted({password, quote_plus(password), *quoted} - {""}, key=len, reverse=True):
        # a very short password could occur inside a word
        pattern = re.escape(form) if len(form) > 3 else rf"(?<!\w){re.escape(form)}(?!\w)"
        text = re.sub(pattern, "…", text)
    return text


# --------------------------------------------------------------------------------- what to know


def advice(connection: Connection) -> list[str]:
    """What the administrator should know about reading this source."""
    return list(kind_of(connection.dialect.name).advice(connection))


def hidden(connection: Connection, tables: Collection[str]) -> list[str]:
    """The tables whose rows the database may hide from this account, if it can tell."""
    return list(kind_of(connection.dialect.name).hides(connection, tables))


def moment(engine: Engine) -> LocalText:
    """When the figures are from, if the source has no transactions, and what was not read."""
    left = ", ".join(unread(engine))
    not_read = in_all("not read: {files}", files=left) if left else NO_TEXT
    return joined_texts((kind_of(engine.dialect.name).moment, not_read), "; ")


def unread(engine: Engine) -> list[str]:
    """Names in the source that are none of the preset's tables."""
    return list(kind_of(engine.dialect.name).unread(engine))


def rights(connection: Connection) -> Rights:
    """Whether the account could write to the CRM."""
    return kind_of(connection.dialect.name).rights(connection)
