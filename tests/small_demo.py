"""The demo with the records of three of its twelve managers: a run of it costs half."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final

from pipeline.demo import DemoFiles, write_demo

MANAGERS: Final = ("u02", "u09", "u12")  # one of one team, two of the other
_OWNED: Final = ("clients", "contacts", "leads", "meetings", "calls", "deals")
_OTHERS: Final = "BETWEEN 'u01' AND 'u12' AND {0} NOT IN ('u02', 'u09', 'u12')"


def write_small_demo(folder: Path, today: date) -> DemoFiles:
    """For tests that are about one manager, or about none. Who is no manager keeps their records."""
    made = write_demo(folder, today)
    keep_three_managers(folder)
    return made


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
