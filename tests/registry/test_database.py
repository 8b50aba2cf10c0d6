"""The registry's tables: made whole, or by every migration, on both kinds of database."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipeline.errors import ConfigError, PublishError
from pipeline.model import Scope
from pipeline.registry import migrations
from pipeline.registry.database import FILE, HEAD, Registry, _at, _in, open_registry
from pipeline.registry.fires import Fire, Ledger, State
from pipeline.registry.runs import earlier, record_headlines
from pipeline.registry.tables import METADATA
from tests.registry.test_fires import FIRE, HOUR, NOON
from tests.registry.test_runs import MONDAY, RUN, WEEK, publish

LEDGER = """
CREATE TABLE runs (
    id INTEGER NOT NULL PRIMARY KEY, audit TEXT NOT NULL, schedule TEXT NOT NULL, fire_utc TEXT NOT NULL, run_id TEXT,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, started_at TEXT, ended_at TEXT, exit_status INTEGER,
    message TEXT NOT NULL, UNIQUE (audit, schedule, fire_utc), CHECK (state IN ('open', 'published', 'missed')));
CREATE TABLE schedules (
    audit TEXT NOT NULL, schedule TEXT NOT NULL, line TEXT NOT NULL, since_utc TEXT NOT NULL,
    PRIMARY KEY (audit, schedule));
INSERT INTO runs VALUES (7, 'acme', 'weekly', '2026-11-16T12:00:00.000000Z', 'a run', 'published', 2,
    '2026-11-16T12:00:00.000000Z', '2026-11-16T12:01:00.000000Z', 0, '');
INSERT INTO schedules VALUES ('acme', 'weekly', '0 13 * * mon UTC', '2026-11-01T00:00:00.000000Z');
"""
"""The ledger of the versions before there was a registry."""


def unlike(registry: Registry) -> list[object]:
    """How its tables differ from those that are declared."""
    with registry.transaction() as connection:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, METADATA))


def test_the_tables_are_those_that_are_declared(registry: Registry) -> None:
    assert unlike(registry) == []
    assert registry.version() == HEAD


def test_the_migrations_make_the_same_tables(address: str, tmp_path: Path) -> None:
    empty = _at(address) if address else _in(tmp_path / FILE)
    empty.upgrade()
    assert unlike(empty) == []
    assert empty.version() == HEAD


def test_an_older_registry_is_upgraded_and_keeps_what_it_holds(
    registry: Registry, address: str, tmp_path: Path
) -> None:
    """One of the first version: it kept no figures of lines apart, and knew no leases."""
    figures = {"score": (9, 10), "clients": (40, None)}
    with registry.transaction() as connection:
        publish(connection, RUN)
        publish(connection, replace(RUN, run_id="second", as_of=MONDAY + WEEK))
        for number in (1, 2):
            record_headlines(connection, number, [(Scope.COMPANY, "", figures)])
        connection.exec_driver_sql("ALTER TABLE headlines DROP COLUMN lines")
        connection.exec_driver_sql("DROP TABLE leases")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    upgraded = open_registry(tmp_path / "output", address)
    assert upgraded.version() == HEAD
    assert unlike(upgraded) == []
    with upgraded.transaction() as connection:
        first, last = earlier(connection, "sales", "month", MONDAY + 2 * WEEK, most=2)
    assert first.figures == {"company": {"score": (9, 10)}}
    assert last.figures == {"company": figures}


def test_a_lacking_column_is_noticed(registry: Registry) -> None:
    """The comparison that the others rest on."""
    with registry.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE lives DROP COLUMN content")
    assert len(unlike(registry)) == 1


def test_the_last_migration_is_the_version_of_the_tables() -> None:
    steps = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert steps.get_current_head() == HEAD


def test_it_is_made_once(registry: Registry, address: str, tmp_path: Path) -> None:
    Ledger(registry).opened(FIRE, "id", NOON)
    again = Ledger(open_registry(tmp_path / "output", address))
    assert [run.fire for run in again.rows()] == [FIRE]


def test_one_of_a_newer_version_is_refused_and_left_alone(
    registry: Registry, address: str, tmp_path: Path
) -> None:
    with registry.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        PublishError, match=r"newer crm-audit has upgraded the registry \(to 9999"
    ):
        open_registry(tmp_path / "output", address)
    assert registry.version() == "9999"


def test_the_ledger_of_earlier_versions_is_taken_in(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with sqlite3.connect(file) as old:
        old.executescript(LEDGER)
    before = file.read_bytes()
    for _ in range(2):  # once, however often it is opened
        ledger = Ledger(open_registry(tmp_path))
        [run] = ledger.rows()
        assert (run.fire, run.run_id, run.state, run.attempts) == (
            Fire("acme", "weekly", NOON),
            "a run",
            State.PUBLISHED,
            2,
        )
    since = ledger.known_since("acme", "weekly", "0 13 * * mon UTC", NOON)
    assert f"{since:%Y-%m-%d}" == "2026-11-01"
    ledger.opened(Fire("acme", "weekly", NOON + HOUR), "another", NOON)
    assert file.read_bytes() == before


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    address = "postgresql://u:hunter2@127.0.0.1:9/registry"
    with pytest.raises(PublishError, match=re.escape("u:***@127.0.0.1:9/registry")) as caught:
        open_registry(tmp_path, address)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not mysql; leave the line out"):
        open_registry(tmp_path, "mysql://u@127.0.0.1/registry")


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="registry: this is no address of a database; write one"
    ):
        open_registry(tmp_path, "nonsense")
    assert not (tmp_path / "registry.db").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PublishError, match="the registry cannot be opened"):
        open_registry(tmp_path / "file" / "output")
