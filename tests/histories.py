"""Runs of a tiny CRM that changes between them, for tests that compare runs: without reports."""

from __future__ import annotations

import csv
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipeline.config import load_audit
from pipeline.delivery.sums import write_sums
from pipeline.flows.compute import compute
from pipeline.flows.extract import extract
from pipeline.progress import Silence
from pipeline.reports.figures_file import write_figures
from tests.small_demo import write_tiny_demo

TODAY = date(2026, 11, 24)
AS_OF = datetime(2026, 11, 24, 8, tzinfo=UTC)
_TABLES = ("clients", "contacts", "leads", "meetings", "calls", "deals")


@dataclass(frozen=True, slots=True)
class Crm:
    """A tiny demo in a folder of its own."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Crm:
        """A new one."""
        write_tiny_demo(folder, TODAY)
        return cls(folder)

    def copied(self, folder: Path) -> Crm:
        """The same CRM elsewhere, to be changed."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("runs"))
        return Crm(folder)

    def does(self, *statements: str) -> Crm:
        """What somebody does in it."""
        with closing(sqlite3.connect(self.folder / "crm.db")) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()
        return self

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What it holds."""
        with closing(sqlite3.connect(self.folder / "crm.db")) as db:
            return db.execute(sql).fetchall()

    def declares(self, old: str, new: str) -> Crm:
        """Another line in audit.yaml."""
        file = self.folder / "audit.yaml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")
        return self

    def run(self, name: str, as_of: datetime = AS_OF) -> Path:
        """A run of it, published without its reports."""
        folder = self.folder / "runs" / name
        data = folder / "snapshot"
        data.mkdir(parents=True)
        audit = load_audit(self.folder / "audit.yaml")
        clock = lambda: as_of  # noqa: E731
        extract(audit, data, clock=clock, as_of=as_of, progress=Silence(), run_id=name)
        result = compute(data, run_id=name, progress=Silence())
        write_figures(result, folder / "figures.json")
        write_sums(folder)
        return folder


def lived(crm: Crm, dice: random.Random) -> datetime:
    """Lets days pass in a CRM: records go, enter, change and are handed over, and so do targets
    and the period. The moment of its next run.
    """
    with closing(sqlite3.connect(crm.folder / "crm.db")) as db:
        for table in _TABLES:
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            _records(db, table, [name for name in columns if name != "id"], dice)
        people = [row[0] for row in db.execute("SELECT id FROM users")]
        teams = [row[0] for row in db.execute("SELECT id FROM teams")]
        for person in dice.sample(people, 2):
            db.execute(
                "UPDATE users SET team_id = ? WHERE id = ?", (dice.choice(teams), person)
            )
        db.execute(
            f"DELETE FROM users WHERE id = '{dice.choice(people)}' AND {dice.random()} < 0.3"
        )
        db.commit()
    _targets(crm.folder / "targets.csv", dice)
    period = dice.choice(["month", "week", "last month", "quarter", "year"])
    crm.declares("period: month", f"period: {period}")
    return AS_OF + timedelta(hours=dice.randrange(24 * 40))


def _records(
    db: sqlite3.Connection, table: str, columns: list[str], dice: random.Random
) -> None:
    ids = [row[0] for row in db.execute(f"SELECT id FROM {table} ORDER BY id")]
    for record in dice.sample(ids, min(4, len(ids))):
        db.execute(f"DELETE FROM {table} WHERE id = ?", (record,))
    names = ", ".join(columns)
    for record in dice.sample(ids, min(4, len(ids))):
        db.execute(
            f"INSERT INTO {table} (id, {names}) SELECT 'n' || id, {names} FROM {table} WHERE id = ?",
            (record,),
        )
    for record in dice.sample(ids, min(12, len(ids))):
        name = dice.choice(columns)
        [(value,)] = db.execute(
            f"SELECT {name} FROM {table} ORDER BY id LIMIT 1 OFFSET {dice.randrange(9)}"
        )
        db.execute(f"UPDATE {table} SET {name} = ? WHERE id = ?", (value, record))
    for record in dice.sample(ids, min(5, len(ids))):
        owner = dice.choice(["u02", "u09", "u12"])
        db.execute(f"UPDATE {table} SET owner_id = ? WHERE id = ?", (owner, record))


def _targets(file: Path, dice: random.Random) -> None:
    with file.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    rows[dice.randrange(len(rows))][-1] = str(dice.randrange(1, 60))
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
