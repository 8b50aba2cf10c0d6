"""A CRM of deals that people work on, audited week by week; and what the registry knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, select
from sqlalchemy.engine import URL

from pipeline.config import load_audit
from pipeline.flows.run import Outcome, run_audit
from pipeline.progress import Silence
from pipeline.registry.database import Registry, open_registry
from pipeline.registry.tables import LIFE_EVENTS, RUNS
from tests.flows.test_exceptions import CLIENT, LONG_AGO, PRESET
from tests.flows.test_owners import store

FIRST: Final = datetime(2026, 6, 1, 5, tzinfo=UTC)  # a Monday, seven o'clock in Amsterdam
WEEK: Final = timedelta(weeks=1)
FIELDS: Final = {
    "name": "{name: name, columns: [name]}",
    "client": "{name: client, columns: [client_id], weight: 2}",
    "amount": "{name: amount, columns: [amount], weight: 3, when: {state: open}}",
}
EXCEPTIONS: Final = "finding,kind,record,rule,state,reason,approver,until\n"


def deal(record: str, owner: str = "a", **changed: Any) -> dict[str, Any]:
    return {
        "id": record, "owner": owner, "name": "A deal", "client": "c1", "state": "open", "amount": 100,
        "closed": date(2027, 12, 1), "made": LONG_AGO, **changed,
    }  # fmt: skip


class Weeks:
    """Runs of one audit; week 1 is that of FIRST."""

    def __init__(
        self, folder: Path, deals: Sequence[dict[str, Any]] = (), registry: str = ""
    ) -> None:
        """Made in the folder; without deals one that was made there before."""
        self.folder, self.address = folder, registry
        self.file = folder / "audit.yaml"
        self.outcomes: dict[int, Outcome] = {}
        url = URL.create("sqlite", database=str(folder / "crm.db"))
        self._crm = create_engine(url)
        if deals:
            self._make(url, deals)

    def _make(self, url: URL, deals: Sequence[dict[str, Any]]) -> None:
        people = [
            {"id": name, "name": name, "team": "north", "active": 1} for name in ("a", "b")
        ]
        clients = [{"id": "c1", "owner": "a", "name": "Bakker", "made": LONG_AGO}]
        store(url, {"people": people, "clients": clients, "deals": deals})
        (self.folder / "own.yaml").write_text(PRESET, "utf-8")
        (self.folder / "sets").mkdir()
        (self.folder / "sets" / "client.yaml").write_text(CLIENT, "utf-8")
        self.asks(FIELDS)
        self.exempts("")
        self.file.write_text(
            f"name: T\nid: sales\nsource: {{url: 'sqlite:///{self.folder / 'crm.db'}', preset: own.yaml}}\n"
            "zone: Europe/Amsterdam\ncurrency: EUR\nfield_sets: sets\nexceptions: exceptions.csv\n"
            + (f"registry: '{self.address}'\n" if self.address else ""),
            "utf-8",
        )

    def asks(self, fields: dict[str, str]) -> None:
        """The demands on a deal."""
        lines = "".join(f"  - {field}\n" for field in fields.values())
        (self.folder / "sets" / "deal.yaml").write_text(
            f"entity: deal\nfields:\n{lines}", "utf-8"
        )

    def exempts(self, lines: str) -> None:
        (self.folder / "exceptions.csv").write_text(EXCEPTIONS + lines, "utf-8")

    def change(self, *statements: str) -> None:
        """What people do in the CRM."""
        with self._crm.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def fill(self, *records: str) -> None:
        """Their amounts."""
        self.change(*(f"UPDATE deals SET amount = 5 WHERE id = '{one}'" for one in records))

    def empty(self, *records: str) -> None:
        self.change(*(f"UPDATE deals SET amount = NULL WHERE id = '{one}'" for one in records))

    def hand_over(self, *records: str, to: str = "b") -> None:
        self.change(*(f"UPDATE deals SET owner = '{to}' WHERE id = '{one}'" for one in records))

    def delete(self, *records: str) -> None:
        self.change(*(f"DELETE FROM deals WHERE id = '{one}'" for one in records))

    def without_amount(self) -> set[str]:
        """The deals without one."""
        with self._crm.connect() as connection:
            rows = connection.exec_driver_sql("SELECT id FROM deals WHERE amount IS NULL")
            return set(rows.scalars())

    def run(
        self, week: int, *, late: timedelta = timedelta(), as_of: datetime | None = None
    ) -> Outcome:
        """The run of that week's Monday, `late` as one that is made up later; by hand with an as-of."""
        fire = FIRST + (week - 1) * WEEK
        kind = "by-hand" if as_of else "weekly"
        self.outcomes[week] = run_audit(
            load_audit(self.file),
            run_id=f"{week:02}-{kind}",
            clock=lambda: fire + late,
            progress=Silence(),
            as_of=as_of,
            fire=None if as_of else fire,
        )
        return self.outcomes[week]

    def registry(self) -> Registry:
        return open_registry(self.folder / "output", self.address)

    def lives(self) -> dict[tuple[str, str], str]:
        """(record, rule) -> all that became of the finding: 'opened 1 a, repaired 3 a'."""
        lines: dict[tuple[str, str], list[str]] = {}
        events = select(LIFE_EVENTS, RUNS.c.run_id).join(RUNS).order_by(LIFE_EVENTS.c.id)
        with self.registry().transaction() as connection:
            for row in connection.execute(events):
                line = f"{row.event} {int(row.run_id[:2])} {row.person}"
                lines.setdefault((row.record_id, row.rule), []).append(line)
        return {key: ", ".join(events) for key, events in lines.items()}
