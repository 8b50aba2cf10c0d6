"""Copies of an Odoo's database for tests, each under a name of its own, dropped afterwards.

Odoo 15 is the real dump; Odoo 17 is built from the list of its columns.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy.engine import URL

from tests.postgres import database
from tests.requirements import require_shared

Row = dict[str, Any]

TABLES = (
    "calendar_event", "calendar_event_res_partner_rel", "crm_lead", "crm_lost_reason", "crm_stage", "crm_team",
    "crm_team_member", "mail_activity", "mail_activity_type", "res_partner", "res_users",
)  # fmt: skip
"""The tables of Odoo 17 that are built."""

COMPANIES = (
    "CREATE TABLE res_company (id integer NOT NULL, name varchar NOT NULL, partner_id integer NOT NULL,"
    " currency_id integer NOT NULL)",
    "CREATE TABLE res_currency (id integer NOT NULL, name varchar NOT NULL, symbol varchar NOT NULL, active boolean)",
)
"""Two tables that the list of columns leaves out."""


@dataclass(frozen=True)
class Odoo:
    """One loaded copy."""

    url: URL

    def connect(self) -> psycopg.Connection[Row]:
        """A connection that commits at once, in UTC as Odoo's own are."""
        url = self.url
        return psycopg.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False),
            autocommit=True, row_factory=dict_row, options="-c timezone=UTC",
        )  # fmt: skip

    def rows(self, sql: str, given: Row | None = None) -> list[Row]:
        """What a SELECT gives."""
        with self.connect() as connection:
            return connection.execute(sql, given).fetchall()

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Adds rows, each with columns of its own."""
        with self.connect() as connection, connection.transaction(), connection.cursor() as cursor:
            for row in rows:
                places = ", ".join(["%s"] * len(row))
                cursor.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))

    def execute(self, *statements: str) -> None:
        """Changes something."""
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def odoo15() -> Iterator[Odoo]:
    """A fresh copy of the dump."""
    dump = require_shared("odoo15.postgresql.sql.gz")
    with database() as url:
        loaded = Odoo(url)
        with loaded.connect() as connection:
            _restore(connection, dump)
        yield loaded


@contextmanager
def odoo17() -> Iterator[Odoo]:
    """Odoo 17's tables, empty."""
    columns = require_shared("schemas/odoo17.tsv")
    with database() as url:
        built = Odoo(url)
        built.execute(*_creating(columns), *COMPANIES)
        yield built


def _restore(connection: psycopg.Connection[Row], dump: Path) -> None:
    """What psql would do: statements that end with a line's ';', and COPY with the lines that follow."""
    lines: list[str] = []
    with gzip.open(dump, "rt", encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("COPY "):
                with connection.cursor().copy(line.strip().removesuffix(";")) as copy:
                    for row in stream:
                        if row == "\\.\n":
                            break
                        copy.write(row)
            elif lines or (line.strip() and not line.startswith(("--", "\\"))):
                lines.append(line)
                if line.rstrip().endswith(";"):
                    connection.execute("".join(lines))
                    lines = []


def _creating(columns: Path) -> Iterator[str]:
    found: dict[str, list[str]] = {table: [] for table in TABLES}
    for line in columns.read_text("utf-8").splitlines():
        table, name, kind, nullable, *_ = line.split("\t")
        if table in found:
            found[table].append(f'"{name}" {kind} {"NULL" if nullable == "YES" else "NOT NULL"}')
    for table, described in found.items():
        yield f"CREATE TABLE {table} ({', '.join(described)})"
