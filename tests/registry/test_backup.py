"""A backup holds every row, and goes back into either kind of database."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.errors import ConfigError, PublishError
from pipeline.model import Debtor, Scope
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState
from pipeline.registry import database
from pipeline.registry.backup import back_up, restore
from pipeline.registry.database import Registry, open_registry, opened_copy
from pipeline.registry.fires import Fire, Ledger
from pipeline.registry.lives import lives_of, record_lives, record_rules
from pipeline.registry.runs import Run, announce, number_of, record, record_headlines
from pipeline.registry.tables import METADATA
from tests.registry.test_fires import FIRE, HOUR, NOON


def a_run(number: int) -> Run:
    return Run(
        "sales", f"r{number}", "here:/output", NOON + number * HOUR, False, NOON.date(), "month", NOON.date(),
        NOON.date(), "1", "00",
    )  # fmt: skip


def fill(registry: Registry, *, runs: int = 3) -> None:
    """Something in every table."""
    ledger = Ledger(registry)
    ledger.known_since("acme", "weekly", "line", NOON)
    ledger.opened(FIRE, "id", NOON)
    ledger.lease("acme", "weekly", "here:1").take(NOON)
    for number in range(runs):
        with registry.transaction() as connection:
            announce(connection, a_run(number))
            row = number_of(connection, f"r{number}")
            assert row is not None
            record(connection, row, observed=True)
            big = 10**30 + number  # a ratio's halves may be of any size
            record_headlines(
                connection,
                row,
                [(Scope.COMPANY, "", {"score": (big, 7), "deals_won": (0, None)})],
            )
            record_rules(connection, "sales", row, {("deal", "amount"): f"{number}"})
            life = Life(
                "ID",
                FindingKey("deal", f"d{number}", "amount"),
                LifeState.OPEN,
                "a",
                Debtor.OWNER,
                "1",
            )
            record_lives(connection, "sales", row, [(life, LifeEvent.OPENED)])


def rows(registry: Registry) -> dict[str, list[tuple[object, ...]]]:
    with registry.transaction() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in METADATA.sorted_tables
        }


def held_by(file: Path) -> dict[str, list[tuple[object, ...]]]:
    with opened_copy(file) as backup:
        return rows(backup)


def test_an_older_backup_is_restored_and_stays_as_it_is(
    registry: Registry, tmp_path: Path
) -> None:
    fill(registry)
    file = tmp_path / "backup.db"
    back_up(registry, file)
    with closing(sqlite3.connect(file)) as older:
        older.execute("ALTER TABLE headlines DROP COLUMN lines")
        older.execute("DROP TABLE leases")
        older.execute("UPDATE alembic_version SET version_num = '0001'")
        older.commit()
    before = file.read_bytes()
    assert restore(registry, file, replace=True) == 3
    assert file.read_bytes() == before
    assert rows(registry)["runs"]


def test_it_holds_every_row_and_goes_back(
    registry: Registry, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_ROWS", 2)  # so that the last ones are fewer
    fill(registry)
    before, file = rows(registry), tmp_path / "backup.db"
    assert all(before.values())
    assert back_up(registry, file) == 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert held_by(file) == before
    with registry.transaction() as connection:
        announce(connection, a_run(8))
    assert restore(registry, file, replace=True) == 3
    assert rows(registry) == before
    # numbers go on behind those that were restored
    with registry.transaction() as connection:
        announce(connection, a_run(9))
        assert number_of(connection, "r9") == 4
    Ledger(registry).opened(Fire("acme", "weekly", NOON + HOUR), "id", NOON)
    with registry.transaction() as connection:
        assert len(list(lives_of(connection, "sales", "deal"))) == 3


def test_from_a_file_into_a_postgresql_and_back(registry: Registry, tmp_path: Path) -> None:
    other = open_registry(tmp_path / "other")
    fill(other)
    back_up(other, tmp_path / "one.db")
    assert restore(registry, tmp_path / "one.db", replace=False) == 3
    back_up(registry, tmp_path / "two.db")
    assert held_by(tmp_path / "two.db") == rows(other)


def test_what_is_there_is_not_replaced_unasked(registry: Registry, tmp_path: Path) -> None:
    fill(registry)
    back_up(registry, tmp_path / "backup.db")
    before = rows(registry)
    with pytest.raises(
        ConfigError, match="holds 3 runs, which the backup would replace; give --replace"
    ):
        restore(registry, tmp_path / "backup.db", replace=False)
    with pytest.raises(ConfigError, match="already exists; name a new file"):
        back_up(registry, tmp_path / "backup.db")
    assert rows(registry) == before
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == ["backup.db"]


def test_what_is_no_backup(registry: Registry, tmp_path: Path) -> None:
    fill(registry)
    with pytest.raises(ConfigError, match="there is no registry in it"):
        restore(registry, tmp_path / "none.db", replace=True)
    (tmp_path / "text.db").write_text("a text, long enough to be read as a page " * 50)
    with pytest.raises(PublishError, match="not a database"):
        restore(registry, tmp_path / "text.db", replace=True)
    crm = tmp_path / "crm.db"
    with sqlite3.connect(crm) as database:
        database.execute("CREATE TABLE deals (id TEXT)")
    database.close()
    before, held = crm.read_bytes(), rows(registry)
    with pytest.raises(ConfigError, match=r"crm\.db: there is no registry in it; name a file"):
        restore(registry, crm, replace=True)
    assert crm.read_bytes() == before  # nothing was made in somebody else's database
    assert rows(registry) == held
    assert not (tmp_path / "none.db").exists()
