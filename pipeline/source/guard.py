"""Checks users' SQL before it runs: it must be a single SELECT that only reads."""

from __future__ import annotations

from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import CompileError

from pipeline.databases.kinds import kind_of
from pipeline.errors import ConfigError


def must_only_read(connection: Connection, clause: TextClause, place: str) -> None:
    """Raises ConfigError, which starts with `place`, unless the SQL only reads."""
    if reason := kind_of(connection.dialect.name).refuses(
        connection, _as_sent(connection, clause, place)
    ):
        raise ConfigError(
            f"{place}: this is not a single SELECT that only reads ({reason}); it was not run. Correct it."
        )


def _as_sent(connection: Connection, clause: TextClause, place: str) -> str:
    """The SQL as the database receives it, with its values filled in."""
    try:
        sql = str(
            clause.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        )
    except CompileError:
        named = ", ".join(
            f":{name}" for name, bound in clause._bindparams.items() if bound.required
        )
        raise ConfigError(
            f"{place}: {named} is unknown here; only :currency and :zone exist. Write a "
            r"literal colon as \:."
        ) from None
    return (
        sql.replace("%%", "%")
        if connection.dialect.identifier_preparer._double_percents
        else sql
    )
