"""Compares the names in a preset with the tables and columns that exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy import Connection, String, inspect, text
from sqlalchemy.types import NullType, TypeEngine

_MANY: Final = 12
_CLOSE: Final = 0.6
"""How similar two names must be for a suggestion."""


_DUCKDB: Final = ("duckdb", "files")
"""Dialects whose inspector queries PostgreSQL's catalogue, which DuckDB only partly has."""


def described(
    connection: Connection, name: str, schema: str | None = None
) -> dict[str, TypeEngine[Any]]:
    """The columns of a table or view, with their types; by default in the session's schema."""
    if connection.dialect.name not in _DUCKDB:
        return {
            str(described_column["name"]): described_column["type"]
            for described_column in inspect(connection).get_columns(name, schema)
        }
    asked = text(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = :name "
        "AND table_schema = COALESCE(:schema, current_schema()) ORDER BY ordinal_position"
    )
    rows = connection.execute(asked, {"name": name, "schema": schema})
    return {str(own): String() if str(kind) == "VARCHAR" else NullType() for own, kind in rows}


def views_in(connection: Connection, schema: str | None = None) -> frozenset[str]:
    """The views that the account sees, including PostgreSQL's materialized ones."""
    inspector = inspect(connection)
    kept = (
        inspector.get_materialized_view_names(schema)
        if connection.dialect.name == "postgresql"
        else []
    )
    return frozenset((*inspector.get_view_names(schema), *kept))


class Tables:
    """The tables and views of a source, and how a preset's names are quoted in SQL.

    `deals` is in the session's schema; `crm.deals` is in another schema of PostgreSQL or
    DuckDB, or in another database on MariaDB or MySQL.
    """

    def __init__(self, connection: Connection, needed: Iterable[str]) -> None:
        self._connection = connection
        self._quote = connection.dialect.identifier_preparer.quote
        views = views_in(connection)
        self._own = frozenset(inspect(connection).get_table_names()) | views
        all_names, seen_views = set(self._own), set(views)
        elsewhere = {name.partition(".")[0] for name in needed if self._is_elsewhere(name)}
        for schema in sorted(elsewhere & self._schemas()):
            of_schema = views_in(connection, schema)
            seen_views |= {f"{schema}.{name}" for name in of_schema}
            all_names |= {
                f"{schema}.{name}"
                for name in (*inspect(connection).get_table_names(schema), *of_schema)
            }
        self.all = frozenset(all_names)
        self.views = frozenset(seen_views)

    def quoted(self, table: str) -> str:
        """The table's name in SQL."""
        schema, name = self._parted(table)
        return (
            self._quote(name)
            if schema is None
            else f"{self._quote(schema)}.{self._quote(name)}"
        )

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of an existing table."""
        schema, name = self._parted(table)
        return tuple(described(self._connection, name, schema))

    def _is_elsewhere(self, table: str) -> bool:
        """Whether the name has a schema; a file's table may be called deals.2026."""
        return (
            "." in table and table not in self._own and self._connection.dialect.name != "files"
        )

    def _parted(self, table: str) -> tuple[str | None, str]:
        if not self._is_elsewhere(table):
            return None, table
        schema, _, name = table.partition(".")
        return schema, name

    def _schemas(self) -> set[str]:
        if self._connection.dialect.name in _DUCKDB:
            asked = text("SELECT schema_name FROM information_schema.schemata")
            return {str(name) for name in self._connection.execute(asked).scalars()}
        return set(inspect(self._connection).get_schema_names())


def meant(name: str, there: Collection[str]) -> str:
    """'; did you mean phone?', or a list of the names that exist, or ''."""
    if close := _closest(name, there):
        return f"; did you mean {close}?"
    shown = sorted(there)[:_MANY]
    more = ", …" if len(there) > _MANY else ""
    return f"; there are {', '.join(shown)}{more}" if shown else ""


def close_to(names: Iterable[str], there: Collection[str]) -> str:
    """' (did you mean klanten?)' if existing names are similar, else ''."""
    close = [match for name in names if (match := _closest(name, there))]
    return f" (did you mean {', '.join(close)}?)" if close else ""


def _closest(name: str, there: Collection[str]) -> str:
    by_fold = {known.casefold(): known for known in sorted(there)}
    close = get_close_matches(name.casefold(), by_fold, n=1, cutoff=_CLOSE)
    return by_fold[close[0]] if close else ""


def listed(what: str, sentences: Sequence[str]) -> str:
    """A single sentence, or several, one per line."""
    if len(sentences) == 1:
        return f"{what.partition(':')[0]}: {sentences[0]}"
    return f"{what}:" + "".join(f"\n  {sentence}" for sentence in sentences)


class RealColumns:
    """The columns of the source's tables, cached."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._connection = connection
        self._tables = tables
        self._of: dict[str, tuple[str, ...]] = {}

    def of(self, table: str) -> tuple[str, ...]:
        """The columns of an existing table."""
        if table not in self._of:
            self._of[table] = self._tables.columns(table)
        return self._of[table]

    def lacking(self, table: str, names: Iterable[str]) -> list[str]:
        """The names that are not columns of the table; only PostgreSQL is case-sensitive."""
        there = self.of(table)
        if self._connection.dialect.name != "postgresql":
            known = {name.lower() for name in there}
            return [name for name in names if name.lower() not in known]
        return [name for name in names if name not in there]
