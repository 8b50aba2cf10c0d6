"""The demo CRM: a SQLite database of an invented sales department, with a plan and a
configuration to audit it.

All people and companies in it are fictional. The same `today` and `seed` give the same
contents. The dirt is deliberate: there are several defects of every kind that the audit finds,
spread unevenly over the managers.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.demo import dirt, origins, words
from pipeline.demo.company import DEMO_ZONE, Company, Row
from pipeline.demo.decided import HEADINGS, exceptions
from pipeline.demo.further import keep_further
from pipeline.demo.trail import leave_trail, targets
from pipeline.errors import PublishError

__all__ = ["DEMO_ZONE", "DemoFiles", "write_demo"]


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """What `write_demo` wrote."""

    database: Path
    config: Path
    targets: Path
    field_set: Path  # of contacts
    exceptions: Path


def write_demo(folder: Path, today: date, *, seed: int = 7) -> DemoFiles:
    """Writes crm.db, targets.csv, exceptions.csv, audit.yaml and a field set into `folder`, with
    records around `today`.

    An existing demo is replaced. Raises PublishError if a file is not ours or cannot be
    written.
    """
    made = DemoFiles(
        folder / "crm.db",
        folder / "audit.yaml",
        folder / "targets.csv",
        folder / "expectations" / "contact.yaml",
        folder / "exceptions.csv",
    )
    paths = (made.database, made.targets, made.field_set, made.exceptions, made.config)
    if any(path.exists() for path in paths) and not _is_demo(made.config):
        raise PublishError(
            f"{folder} holds files that are no demo; they are left as they are. Choose an empty folder."
        )
    crm = _filled(today, seed)
    try:
        made.field_set.parent.mkdir(parents=True, exist_ok=True)
        for path in (*paths, *folder.glob("crm.db-*")):
            path.unlink(missing_ok=True)
        _write_database(made.database, crm.rows)
        planned = ("manager", "month", "metric", "target")
        _write_csv(made.targets, [planned, *targets(crm)])
        _write_csv(made.exceptions, [HEADINGS, *exceptions(crm)])
        made.field_set.write_text(words.FIELD_SET, encoding="utf-8", newline="\n")
        made.config.write_text(words.AUDIT_YAML, encoding="utf-8", newline="\n")
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):  # half a demo would block the next one
            for path in paths:
                path.unlink(missing_ok=True)
        raise PublishError(f"The demo cannot be written to {folder}: {error}.") from error
    return made


def _write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _is_demo(config: Path) -> bool:
    return config.is_file() and config.read_text("utf-8", errors="replace") == words.AUDIT_YAML


def _filled(today: date, seed: int) -> Company:
    """All rows: referenced ones first, then dirt, then the trail of changes."""
    crm = Company(today, seed)
    crm.hire()
    crm.win_clients()
    crm.meet_contacts()
    for table in ("clients", "contacts"):
        dirt.spoil(crm, table)
    crm.inherit()
    crm.gather_leads()
    crm.hold_meetings()
    crm.make_calls()
    crm.close_deals()
    for table in ("leads", "meetings", "calls", "deals"):
        dirt.spoil(crm, table)
    dirt.protect_month(crm)
    dirt.plant_states(crm)
    dirt.plant_references(crm)
    dirt.plant_texts(crm)
    origins.hand_over(crm)
    dirt.delete(crm)
    origins.import_contacts(crm)
    leave_trail(crm)
    keep_further(crm)
    dirt.plant_details(crm)
    return crm


def _write_database(path: Path, rows: Mapping[str, Sequence[Row]]) -> None:
    """Writes all tables in one transaction, the indexes last for speed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        for table, columns in words.TABLES.items():
            connection.execute(f"CREATE TABLE {table} (/* {words.FICTION} */ {columns})")
            names = [column.split()[0] for column in columns.split(", ")]
            marks = ", ".join("?" * len(names))
            connection.executemany(
                f"INSERT INTO {table} VALUES ({marks})",  # noqa: S608 - the tables are ours
                (
                    [row.get(name, 0 if name == "is_deleted" else None) for name in names]
                    for row in rows[table]
                ),
            )
        for number, target in enumerate(words.INDEXES):
            connection.execute(f"CREATE INDEX demo_{number:02d} ON {target}")
        connection.execute("COMMIT")
