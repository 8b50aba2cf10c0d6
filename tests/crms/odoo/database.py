"""Copies of an Odoo's database for tests, each under a name of its own, dropped afterwards.

Odoo 15 is the real dump; Odoo 17 is built from the list of its columns, 16, 18 and 19 from that list and what differs.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
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
"""The tables of Odoo 16 to 19 that are built."""

Column = tuple[str, str]

LACKING: dict[int, frozenset[Column]] = {
    16: frozenset(
        {
            ("crm_lead", "date_automation_last"),
            ("crm_lead", "email_domain_criterion"),
            ("crm_lead", "recurring_revenue_prorated"),
            ("mail_activity", "active"),
            ("mail_activity", "date_done"),
            ("mail_activity_type", "keep_done"),
            ("res_partner", "complete_name"),
        }
    ),
    17: frozenset(),
    18: frozenset({("res_partner", "date"), ("res_partner", "team_id")}),
    19: frozenset(
        {
            ("crm_lead", "mobile"),
            ("crm_lead", "title"),
            ("crm_stage", "team_id"),
            ("mail_activity_type", "keep_done"),
            ("res_partner", "date"),
            ("res_partner", "mobile"),
            ("res_partner", "team_id"),
            ("res_partner", "title"),
            ("res_users", "target_sales_done"),
            ("res_users", "target_sales_won"),
        }
    ),
}
"""Columns of 17 that another version has not: those that OCA/OpenUpgrade's upgrade_analysis.txt of base, crm, mail,
calendar and sales_team calls NEW in 17.0, and DEL in 18.0 or 19.0."""

FURTHER: dict[int, dict[Column, str]] = {
    16: {
        ("calendar_event", "message_main_attachment_id"): "integer",
        ("crm_lead", "message_main_attachment_id"): "integer",
        ("crm_team", "message_main_attachment_id"): "integer",
        ("crm_team_member", "message_main_attachment_id"): "integer",
        ("res_partner", "message_main_attachment_id"): "integer",
        ("crm_lead", "date_action_last"): "timestamp without time zone",
        ("res_partner", "display_name"): "character varying",
    },
    17: {},
    18: {
        ("mail_activity", "user_tz"): "character varying",
        ("res_partner", "barcode"): "jsonb",
    },
    19: {
        ("calendar_event", "notes"): "text",
        ("crm_lead", "won_status"): "character varying",
        ("crm_stage", "color"): "integer",
        ("crm_stage", "rotting_threshold_days"): "integer",
        ("crm_team_member", "assignment_domain_preferred"): "character varying",
        ("mail_activity", "feedback"): "text",
        ("mail_activity", "user_tz"): "character varying",
        ("res_partner", "barcode"): "jsonb",
        ("res_partner", "properties"): "jsonb",
    },
}
"""Columns that 17 has not: those that it calls DEL (or stored no longer) in 17.0, and NEW (or converted) in 18.0 or
19.0."""

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
            connection.execute("SET jit = off")  # it takes longer than our longest SELECT
            return connection.execute(sql, given).fetchall()

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Adds rows, each with columns of its own."""
        with self.connect() as connection, connection.cursor() as cursor:
            for columns, alike in groupby(rows, key=tuple):
                with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in alike:
                        copy.write_row(list(row.values()))

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
def rebuilt(version: int) -> Iterator[Odoo]:
    """The tables of Odoo 16 to 19, empty."""
    columns = require_shared("schemas/odoo17.tsv")
    with database() as url:
        built = Odoo(url)
        built.execute(*_creating(columns, version), *COMPANIES)
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


def _creating(columns: Path, version: int) -> Iterator[str]:
    found: dict[str, list[str]] = {table: [] for table in TABLES}
    lacking = set(LACKING[version])
    for line in columns.read_text("utf-8").splitlines():
        table, name, kind, nullable, *_ = line.split("\t")
        if (table, name) in lacking:
            lacking.remove((table, name))
        elif table in found:
            found[table].append(
                f'"{name}" {kind} {"NULL" if nullable == "YES" else "NOT NULL"}'
            )
    assert not lacking, "17 has no such columns"
    for (table, name), kind in FURTHER[version].items():
        found[table].append(f'"{name}" {kind}')
    for table, described in found.items():
        yield f"CREATE TABLE {table} ({', '.join(described)})"
