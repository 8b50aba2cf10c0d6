"""Rows that the database keeps from the account are never shown as "no records". On PostgreSQL, as its own role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from pipeline.config import load_audit
from pipeline.errors import SourceError
from pipeline.flows import run
from pipeline.flows.check import check_audit
from pipeline.model import RunResult
from pipeline.progress import Silence
from pipeline.reports.content.management import management_report
from tests import postgres

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TABLES = """
CREATE TABLE people (id text, name text, active int);
CREATE TABLE clients (id text, owner text, name text, made timestamp, shown boolean);
INSERT INTO people VALUES ('a', 'Anna', 1), ('b', 'Bert', 1);
INSERT INTO clients VALUES ('1', 'a', 'One', '2026-11-02', true), ('2', 'b', 'Two', '2026-11-03', false);
CREATE TABLE elsewhere (id text);
ALTER TABLE elsewhere ENABLE ROW LEVEL SECURITY;
"""
PRESET = """
about: Our own CRM
dialects: [postgresql]
money: decimal
optional: {partners: [id, owner, name]}
entities:
  user: {table: people, columns: {id: id, name: name, active: active, person: active}}
  client: {table: clients, columns: {id: id, owner_id: owner, name: name, created_at: made}}
  lead: {table: partners, columns: {id: id, owner_id: owner, last_name: name}}
"""


class Crm:
    """A database, and a role that may SELECT in it."""

    def __init__(self, owner: URL, role: str, folder: Path) -> None:
        self.owner, self.role, self.folder = owner, role, folder
        (folder / "own.yaml").write_text(PRESET, "utf-8")

    def does(self, *statements: str) -> None:
        engine = create_engine(self.owner)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement.replace("READER", self.role)))
        engine.dispose()

    def file(self, more: str = "") -> Path:
        url = self.owner.set(
            username=self.role, password=None, drivername="postgresql"
        ).render_as_string()
        file = self.folder / "audit.yaml"
        file.write_text(
            f"name: T\nsource: {{url: '{url}', preset: own.yaml{more}}}\nzone: UTC\ncurrency: EUR\n",
            "utf-8",
        )
        return file

    def audited(self, more: str = "") -> RunResult:
        audit, data = load_audit(self.file(more)), self.folder / uuid4().hex
        data.mkdir()
        run.extract(audit, data, clock=lambda: AS_OF, as_of=None, progress=Silence())
        return run.compute(data, run_id="r", progress=Silence())


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[Crm]:
    with postgres.database() as url:
        made = Crm(url, f"reader_{uuid4().hex[:8]}", tmp_path)
        made.does(
            *TABLES.strip().split(";\n"),
            "CREATE ROLE READER LOGIN",
            "GRANT SELECT ON people, clients TO READER",
        )
        try:
            yield made
        finally:
            made.does("DROP OWNED BY READER", "DROP ROLE READER")


ALL = "CREATE POLICY everything ON clients FOR SELECT TO READER USING (true)"
HIDING = {
    "no policy": [],
    "of some rows": ["CREATE POLICY part ON clients USING (shown)"],
    "for another role": ["CREATE POLICY theirs ON clients TO postgres USING (true)"],
    "of writing": ["CREATE POLICY written ON clients FOR UPDATE USING (true)"],
    "restricted again": [ALL, "CREATE POLICY less ON clients AS RESTRICTIVE USING (shown)"],
}


@pytest.mark.parametrize("policies", HIDING.values(), ids=HIDING)
def test_hidden_rows_stop_the_run(crm: Crm, policies: list[str]) -> None:
    crm.does("ALTER TABLE clients ENABLE ROW LEVEL SECURITY", *policies)
    with pytest.raises(
        SourceError, match=r"Row-level security may hide rows of clients from .*BYPASSRLS"
    ):
        crm.audited()


SHOWING = {
    "switched off": [],
    "all to the role": ["ALTER TABLE clients ENABLE ROW LEVEL SECURITY", ALL],
    "all to everybody": [
        "ALTER TABLE clients ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON clients USING (true)",
    ],
    "of nothing that is read": ["ALTER TABLE elsewhere FORCE ROW LEVEL SECURITY"],
}


@pytest.mark.parametrize("statements", SHOWING.values(), ids=SHOWING)
def test_where_every_row_is_shown_nothing_stops_it(crm: Crm, statements: list[str]) -> None:
    crm.does(*statements)
    result = crm.audited()
    assert result.figures["clients@company"].numerator == 2
    assert "row-level" not in str(result.source)


def test_what_is_allowed_is_said_in_every_report(
    crm: Crm, capsys: pytest.CaptureFixture[str]
) -> None:
    crm.does(
        "ALTER TABLE clients ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY part ON clients USING (shown)",
    )
    result = crm.audited(", hidden_rows: allow")
    assert result.figures["clients@company"].numerator == 1
    said = "row-level security may hide rows of clients from the account that reads, so only what it sees is counted"
    assert str(result.source) == f"Our own CRM; {said}"
    assert result.warnings == (said,)
    check_audit(load_audit(crm.file(", hidden_rows: allow")), AS_OF)
    assert said[1:] in " ".join(capsys.readouterr().out.split())


def test_views_and_what_is_not_there_are_told_to_management(crm: Crm) -> None:
    crm.does(
        "ALTER TABLE clients RENAME TO all_clients",
        "CREATE VIEW clients AS SELECT * FROM all_clients WHERE shown",
        "GRANT SELECT ON clients TO READER",
    )
    result = crm.audited()
    assert result.figures["clients@company"].numerator == 1
    notes = management_report(result).notes
    assert "A view, so that rows which it leaves out are not accounted for: clients." in notes
    assert (
        "Not there, or not granted, and read as if empty: partners. Where the CRM has one of them, grant it."
        in notes
    )
