"""Names that a preset gives, held against the tables and columns that are really there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy import Connection, String, inspect, text
from sqlalchemy.types import NullType, TypeEngine

_MANY: Final = 12
_CLOSE: Final = 0.6
"""How much of two names must be alike for one to be meant by the other."""


def described(connection: Connection, name: str) -> dict[str, TypeEngine[Any]]:
    """The columns of a table or view, with their types."""
    if connection.dialect.name not in ("duckdb", "files"):
        return {str(one["name"]): one["type"] for one in inspect(connection).get_columns(name)}
    # its inspector asks PostgreSQL's catalogue, of which DuckDB has a part only
    asked = text(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = :name "
        "ORDER BY ordinal_position"
    )
    rows = connection.execute(asked, {"name": name})
    return {str(own): String() if str(kind) == "VARCHAR" else NullType() for own, kind in rows}


def views_in(connection: Connection) -> frozenset[str]:
    """The views that the account sees; PostgreSQL lists those that it keeps on disk apart."""
    inspector = inspect(connection)
    kept = inspector.get_materialized_view_names() if connection.dialect.name == "postgresql" else []
    return frozenset((*inspector.get_view_names(), *kept))


def meant(name: str, there: Collection[str]) -> str:
    """'; did you mean phone?', or what there is instead; '' where there is nothing."""
    if close := _closest(name, there):
        return f"; did you mean {close}?"
    shown = sorted(there)[:_MANY]
    more = ", …" if len(there) > _MANY else ""
    return f"; there are {', '.join(shown)}{more}" if shown else ""


def close_to(names: Iterable[str], there: Collection[str]) -> str:
    """' (did you mean klanten?)', where one of the names is much like one that is there."""
    close = [found for name in names if (found := _closest(name, there))]
    return f" (did you mean {', '.join(close)}?)" if close else ""


def _closest(name: str, there: Collection[str]) -> str:
    by_fold = {one.casefold(): one for one in sorted(there)}
    close = get_close_matches(name.casefold(), by_fold, n=1, cutoff=_CLOSE)
    return by_fold[close[0]] if close else ""


def listed(what: str, sentences: Sequence[str]) -> str:
    """One sentence as it is, or all of them, a line each."""
    if len(sentences) == 1:
        return f"{what.partition(':')[0]}: {sentences[0]}"
    return f"{what}:" + "".join(f"\n  {sentence}" for sentence in sentences)


class RealColumns:
    """The columns of the source's tables, each table looked at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._of: dict[str, tuple[str, ...]] = {}

    def of(self, table: str) -> tuple[str, ...]:
        """The columns of a table that is there."""
        if table not in self._of:
            self._of[table] = tuple(described(self._connection, table))
        return self._of[table]

    def lacking(self, table: str, names: Iterable[str]) -> list[str]:
        """Those of the names that are no columns of the table: PostgreSQL alone tells capitals apart."""
        there = self.of(table)
        if self._connection.dialect.name != "postgresql":
            known = {name.lower() for name in there}
            return [name for name in names if name.lower() not in known]
        return [name for name in names if name not in there]
