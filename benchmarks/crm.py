"""A demo CRM of any size: invented people and companies, some of whose fields are missing. Same size, same content."""

from __future__ import annotations

import csv
import random
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pipeline.demo import words

AS_OF: Final = datetime(2026, 11, 24, 8, tzinfo=UTC)
SHARES: Final = {
    "clients": 10,
    "contacts": 20,
    "leads": 5,
    "meetings": 30,
    "calls": 25,
    "deals": 10,
}
"""Table -> its share of the records, in hundredths."""

_TEAM: Final = 12
_DAYS_BACK, _DAYS_AHEAD = 720, 14
_CURRENCIES: Final = ("EUR",) * 18 + ("USD", "JPY")
_Row = tuple[str | int | None, ...]


def make(folder: Path, records: int, managers: int) -> Path:
    """Writes crm.db, targets.csv and audit.yaml, and gives the last."""
    folder.mkdir(parents=True, exist_ok=True)
    crm = _Crm(
        {table: max(1, records * share // 100) for table, share in SHARES.items()}, managers
    )
    with closing(sqlite3.connect(folder / "crm.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN")
        for table, columns in words.TABLES.items():
            db.execute(f"CREATE TABLE {table} ({columns})")
            names = _filled(columns)
            marks = ", ".join("?" * len(names))
            insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
            db.executemany(insert, getattr(crm, table)())
        for number, target in enumerate(words.INDEXES):
            db.execute(f"CREATE INDEX demo_{number:02d} ON {target}")
        db.execute("COMMIT")
    with (folder / "targets.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("manager", "month", "metric", "target"), *crm.targets()])
    audit = folder / "audit.yaml"
    text = words.AUDIT_YAML.replace("  preset: demo\n", "  preset: demo\n  max_hold: 60 min\n")
    # by the field sets of the program and without exceptions, as before the demo had its own
    for own in ("field_sets: expectations\n", "exceptions: exceptions.csv\n"):
        text = text.replace(own, "")
    audit.write_text(text, "utf-8")
    return audit


def _filled(columns: str) -> list[str]:
    """The names of a table's columns that are filled here; those after `is_deleted`, which an
    audit reads only where something asks, stay empty.
    """
    names = [column.split()[0] for column in columns.split(", ")]
    return names[: names.index("is_deleted") + 1] if "is_deleted" in names else names


class _Crm:
    """The rows of each table, in the order of its columns, made one by one."""

    def __init__(self, sizes: Mapping[str, int], managers: int) -> None:
        self.sizes, self.managers, self.rng = sizes, managers, random.Random(7)
        self.n_teams = managers // _TEAM + 1

    def teams(self) -> Iterator[_Row]:
        for n in range(self.n_teams):
            yield f"t{n}", f"Team {n}", None, "2024-01-01 08:00:00", 0

    def users(self) -> Iterator[_Row]:
        for n in range(self.managers):
            first, last = self.rng.choice(words.FIRST_NAMES), self.rng.choice(words.LAST_NAMES)
            yield (
                f"u{n}",
                first,
                last,
                None,
                f"t{n % self.n_teams}",
                1,
                0,
                "2024-01-01 08:00:00",
                0,
            )

    def clients(self) -> Iterator[_Row]:
        for n in range(self.sizes["clients"]):
            kind = "person" if n % 20 == 0 else "company"
            yield (
                f"k{n}",
                self._owner(),
                kind,
                self._text(words.COMPANY_STEMS),
                *self._person(n),
                None,
                *self._life(),
            )

    def contacts(self) -> Iterator[_Row]:
        for n in range(self.sizes["contacts"]):
            yield (
                f"c{n}",
                self._owner(),
                self._some("k", "clients"),
                *self._person(n),
                *self._life(),
            )

    def leads(self) -> Iterator[_Row]:
        for n in range(self.sizes["leads"]):
            yield f"l{n}", self._owner(), "new", None, *self._person(n), *self._life()

    def meetings(self) -> Iterator[_Row]:
        for n in range(self.sizes["meetings"]):
            start = self._moment()
            status = (
                "planned" if start > AS_OF else self.rng.choice(("held",) * 6 + ("cancelled",))
            )
            result = self._text(words.RESULTS, 0.15) if status == "held" else None
            yield (
                f"m{n}", self._owner(), self._some("k", "clients"), None, self._text(words.SUBJECTS), status,
                self._maybe(_said(start), 0.03), _said(start + timedelta(hours=1)), result, *self._life(start),
            )  # fmt: skip

    def meeting_contacts(self) -> Iterator[_Row]:
        for n in range(self.sizes["meetings"]):
            if self.rng.random() < 0.9:
                yield f"x{n}", f"m{n}", self._some("c", "contacts"), 0

    def calls(self) -> Iterator[_Row]:
        for n in range(self.sizes["calls"]):
            start, status = self._moment(), "done"
            if start > AS_OF:
                status = "planned"
            direction = self._maybe(self.rng.choice(("in", "out")), 0.08)
            yield (
                f"b{n}", self._owner(), self._some("k", "clients"), self._some("c", "contacts"), direction,
                self._text(words.CALL_SUBJECTS), status, self._maybe(_said(start), 0.03),
                _said(start + timedelta(minutes=10)), *self._life(start),
            )  # fmt: skip

    def deals(self) -> Iterator[_Row]:
        for n in range(self.sizes["deals"]):
            made = self._moment()
            stage = self.rng.choice(("new", "proposal", "negotiation", "won", "won", "lost"))
            closed = self._maybe(
                _said(made + timedelta(days=self.rng.randrange(90)))[:10], 0.06
            )
            amount = self._maybe(self.rng.randrange(100_000, 9_000_000), 0.07)
            yield (
                f"d{n}", self._owner(), self._some("k", "clients"), self._text(words.DEAL_NAMES), stage, amount,
                self.rng.choice(_CURRENCIES), closed, *self._life(made),
            )  # fmt: skip

    def changes(self) -> Iterator[_Row]:
        return iter(())

    def targets(self) -> Iterator[_Row]:
        for n in range(self.managers):
            for metric in ("deals_won", "meetings_held"):
                yield f"u{n}", f"{AS_OF:%Y-%m}", metric, 2 + n % 9

    # --- what the columns hold

    def _owner(self) -> str | None:
        chance = self.rng.random()
        if chance < 0.01:
            return None if chance < 0.005 else "somebody-who-is-gone"
        return f"u{self.rng.randrange(self.managers)}"

    def _some(self, letter: str, table: str) -> str:
        return f"{letter}{self.rng.randrange(self.sizes[table])}"

    def _maybe(self, value: Any, missing: float) -> Any:
        return self.rng.choice(words.BLANKS) if self.rng.random() < missing else value

    def _text(self, choice: tuple[str, ...], missing: float = 0.05) -> str | None:
        return self._maybe(self.rng.choice(choice), missing)

    def _person(self, n: int) -> _Row:
        reached = (
            self._maybe(f"+31 6 0000 {n % 10_000:04d}", 0.25),
            self._maybe(f"someone{n}@mail.example", 0.25),
        )
        return self._text(words.FIRST_NAMES), self._text(words.LAST_NAMES), *reached

    def _moment(self) -> datetime:
        return AS_OF + timedelta(
            minutes=self.rng.randrange(-_DAYS_BACK * 1440, _DAYS_AHEAD * 1440, 15)
        )

    def _life(self, start: datetime | None = None) -> _Row:
        made = min(start or self._moment(), AS_OF) - timedelta(days=self.rng.randrange(30))
        return _said(made), int(self.rng.random() < 0.01)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
