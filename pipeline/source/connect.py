"""Reaching the CRM's database: read-only by its own means, all tables as of one
moment, and not for long.
"""

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
from pipeline.databases import DATABASES, Database, kind_of
from pipeline.databases.adapter import Rights
from pipeline.errors import ConfigError, SourceError
from pipeline.lacks import lack_of
from pipeline.language.languages import in_all, joined_texts
from pipeline.model import NO_TEXT, LocalText
from pipeline.presets import Preset
from pipeline.retry import PassingError

_COMMON = "Check source.url, the account and its rights."
DEFAULT_HOLD: Final = 300.0
_LEAST_BOUND: Final = 0.05
"""Seconds; a bound of zero means 'none' to most databases."""

_HALF_CHARACTER: Final = (
    "The source could not be read: a text holds half of a character, which is no UTF-8 although its column is said to "
    "hold nothing else. Find it by HEX(column) REGEXP '^(..)*ED[AB]' and correct it in the CRM; or read that column as "
    "bytes, by CAST(column AS BINARY) in a SELECT of yours: then it is shown, counted and listed."
)

_Item = TypeVar("_Item")


def open_engine(url: str, base: Path, preset: Preset, max_hold: float = DEFAULT_HOLD) -> Engine:
    """An engine on the source; relative files start at `base`. ConfigError where
    address and preset do not fit.
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
        _dialect: object, _record: object, _given: object, keywords: dict[str, Any]
    ) -> None:
        for name, value in database.patience(max_hold).items():
            keywords.setdefault(name, value)

    return engine


def _address(url: str) -> URL:
    """The address taken apart. ConfigError, without quoting it, where that cannot be done."""
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        examples = " or ".join(database.example for database in DATABASES)
        raise ConfigError(
            f"source.url: this is no database address; write one like {examples}."
        ) from None
    except ValueError:  # the port; what stands there may be the end of a password
        parsed = None
    if parsed is None or "@" in (parsed.host or ""):
        raise ConfigError(
            "source.url: host and port cannot be told from the password; write an @ in a password as %40, a colon as "
            "%3A and a slash as %2F, or give the password alone as ${NAME}, which does that for you."
        )
    return parsed


# --------------------------------------------------------------------------------- not for long


class TransactionLimit:
    """How long the CRM is held: from the opening of the transaction until it is let go."""

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
        """For how long it is held, or was."""
        return 0.0 if self._since is None else (self._until or time.monotonic()) - self._since

    @property
    def left(self) -> float:
        """Seconds until the limit."""
        return self.allowed - self.elapsed

    def check(self) -> None:
        """SourceError once the limit is passed."""
        if self.left <= 0:
            raise self.exceeded()

    def exceeded(self) -> SourceError:
        """What to say where the limit is passed."""
        return SourceError(
            f"The CRM would be held for more than {said_duration(self.allowed)} (source.max_hold), so its transaction "
            "was given up. Point source.url at a replica, read fewer columns by a SELECT of yours, run at a quiet "
            "hour, or allow more by source.max_hold; `crm-audit check` measures how long it takes."
        )

    def watched(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """The items, for as long as the limit is not passed."""
        for item in items:
            self.check()
            yield item
            self.check()


def said_duration(seconds: float) -> str:
    """'5 minutes', '90 seconds', '0.4 seconds'."""
    number, unit = (
        (seconds / 60, "minute") if seconds >= 120 or seconds == 60 else (seconds, "second")
    )
    text = f"{number:.0f}" if number == int(number) else f"{number:.1f}"
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    """A connection. ConfigError where the driver does not know an option of the address,
    or cannot use its value.
    """
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
    """One read-only transaction that sees one moment of every table.
    SourceError where the source fails.

    `begin` replaces the statements that open it: tests show by it that the proof notices a
    missing transaction. `hold` bounds it, and is told how long it took. A PassingError is a
    failure that may not come twice.
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
                # closing rolls back, and at once: a stream half read would
                # first be read to its end
                connection.invalidate()
                raise
    except SQLAlchemyError as error:
        raise _explained(error, database, engine.url, limit) from None
    # MariaDB's UTF-8 lets halves of characters pass, and its driver does not
    except UnicodeDecodeError:
        raise SourceError(_HALF_CHARACTER) from None
    finally:
        limit.end()


def _bounded(connection: Connection, database: Database, limit: TransactionLimit) -> None:
    """Each statement gets the time that is left, by the database's own means."""

    @event.listens_for(connection, "before_cursor_execute")
    def _bound(asking: Connection, *_: object) -> None:
        limit.check()
        database.bound(asking.connection.dbapi_connection, max(limit.left, _LEAST_BOUND))


def _explained(
    error: SQLAlchemyError, database: Database, url: URL, limit: TransactionLimit
) -> SourceError:
    """The database's complaint without statement, parameters, values or address,
    and what to do about it.
    """
    said = complaint(error, database.names_only)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if not url.host and (lack := lack_of(error)):  # a server's lacks are not this machine's
        return SourceError(lack)
    lower = said.lower()
    if any(part.lower() in lower for part in database.out_of_time):
        return limit.exceeded()
    remedy = next((do for part, do in database.remedies.items() if part.lower() in lower), None)
    kind = (
        PassingError
        if lost or any(part.lower() in lower for part in database.passing)
        else SourceError
    )
    return kind(
        f"The source could not be read: {without(said, url)}. {remedy or _COMMON} Then run again."
    )


def without(text: str, url: URL) -> str:
    """The text without the address's password, however it is written there."""
    password = str(url.password or "")
    # the last is how SQLAlchemy writes it
    quoted = {quote(password, safe=safe) for safe in ("", "/", " +")}
    for form in sorted({password, quote_plus(password), *quoted} - {""}, key=len, reverse=True):
        # a very short one would be found inside of words
        pattern = re.escape(form) if len(form) > 3 else rf"(?<!\w){re.escape(form)}(?!\w)"
        text = re.sub(pattern, "…", text)
    return text


# --------------------------------------------------------------------------------- what to know


def advice(connection: Connection) -> list[str]:
    """What the administrator should know about reading this source."""
    return list(kind_of(connection.dialect.name).advice(connection))


def hidden(connection: Connection, tables: Collection[str]) -> list[str]:
    """Of these tables those whose rows the database may hide from this
    account, where it can tell.
    """
    return list(kind_of(connection.dialect.name).hides(connection, tables))


def moment(engine: Engine) -> LocalText:
    """Of when the figures are, where no transaction says it, and what was not read."""
    left = ", ".join(unread(engine))
    not_read = in_all("not read: {files}", files=left) if left else NO_TEXT
    return joined_texts((kind_of(engine.dialect.name).moment, not_read), "; ")


def unread(engine: Engine) -> list[str]:
    """What lies in the source and is none of the preset's tables."""
    return list(kind_of(engine.dialect.name).unread(engine))


def rights(connection: Connection) -> Rights:
    """Whether the account could write."""
    return kind_of(connection.dialect.name).rights(connection)
