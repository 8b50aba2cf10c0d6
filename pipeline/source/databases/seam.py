"""The seam: what there is to know about one kind of database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL


def _no_advice(connection: Connection) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Database:
    """How one kind of database is reached and held still, and what its administrator should know.

    `begin` opens one read-only transaction that sees one moment of every table; empty where there are none, as with
    files. `remedies` maps a part of the database's own complaint onto what to do about it.
    """

    dialects: tuple[str, ...]  # SQLAlchemy's names
    example: str  # an address
    open: Callable[[URL, Path], Engine]  # relative files start at the folder of audit.yaml
    begin: tuple[str, ...]
    remedies: Mapping[str, str]
    advice: Callable[[Connection], Sequence[str]] = _no_advice
