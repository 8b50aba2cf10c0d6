"""The demo with the records of three of its twelve managers: a run of it costs half.

And with a tenth of their clients, and what belongs to these: a run of that costs half again.
"""

from __future__ import annotations

import atexit
import csv
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import astuple
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from pipeline.demo import DemoFiles, write_demo

MANAGERS: Final = ("u02", "u09", "u12")  # one of one team, two of the other
_OWNED: Final = ("clients", "contacts", "leads", "meetings", "calls", "deals")
_OTHERS: Final = "BETWEEN 'u01' AND 'u12' AND {0} NOT IN ('u02', 'u09', 'u12')"

_MOST: Final = "rowid % 10"


def write_small_demo(folder: Path, today: date) -> DemoFiles:
    """For tests that are about one manager, or about none. Who is no manager keeps their records."""
    whole, made = _written(today)
    shutil.copytree(whole, folder, dirs_exist_ok=True)
    keep_three_managers(folder)
    return DemoFiles(*(folder / file.relative_to(whole) for file in astuple(made)))


@cache
def _written(today: date) -> tuple[Path, DemoFiles]:
    """A whole demo of this day, and its files: made once by each process, for it takes a second."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return folder, write_demo(folder, today)


def keep_three_managers(folder: Path) -> None:
    """Takes the records of the others out of a demo."""
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for table in _OWNED:
            db.execute(f"DELETE FROM {table} WHERE owner_id {_OTHERS.format('owner_id')}")
        db.execute(f"DELETE FROM changes WHERE user_id {_OTHERS.format('user_id')}")
        db.commit()
    targets = folder / "targets.csv"
    with targets.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    with targets.open("w", encoding="utf-8", newline="") as stream:
        ours = [row for row in rows if row[0] in MANAGERS]
        csv.writer(stream, lineterminator="\n").writerows([header, *ours])


def write_tiny_demo(folder: Path, today: date) -> DemoFiles:
    """For tests that need a CRM in which all is there, whatever there is of it."""
    made = write_small_demo(folder, today)
    with closing(sqlite3.connect(made.database)) as db:
        db.execute(f"DELETE FROM clients WHERE {_MOST}")
        for table in ("contacts", "meetings", "calls", "deals"):
            theirs = "client_id NOT IN (SELECT id FROM clients)"
            db.execute(f"DELETE FROM {table} WHERE {theirs} OR client_id IS NULL AND {_MOST}")
        db.execute(f"DELETE FROM leads WHERE {_MOST}")
        db.execute(
            "DELETE FROM meeting_contacts WHERE meeting_id NOT IN (SELECT id FROM meetings)"
        )
        db.execute(f"DELETE FROM changes WHERE {_MOST}")
        db.commit()
        db.execute("VACUUM")
    return made
