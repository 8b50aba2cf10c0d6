"""What was taken over or imported moves no score, and all records by its points: by hand on the demo."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from pipeline.config import load_audit
from pipeline.demo import write_demo
from pipeline.flows import run
from pipeline.model import Figure
from pipeline.progress import Silence

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
OF_THE_SCORE = {
    "score",
    "points_kept",
    "points_due",
    "records_complete",
    "field_good",
    "field_missing",
    "field_unreadable",
    "records_failing",
}
ZOE = "manager:u10"
OLD = "'2026-02-03 09:00:00'"
HANDED = "INSERT INTO changes (id, table_name, record_id, field, old_value, new_value, user_id, changed_at)"


def figures(folder: Path, name: str) -> Mapping[str, Figure]:
    """Every figure of the demo in `folder`, proven against it."""
    audit, data = load_audit(folder / "audit.yaml"), folder / name
    data.mkdir()
    run.extract(audit, data, clock=lambda: AS_OF, as_of=AS_OF, progress=Silence())
    return run.compute(data, run_id="test", progress=Silence()).figures


def numbered(number: int) -> str:
    return (
        f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})"
    )


def lay(folder: Path) -> None:
    """900 bad old clients and 20 half-filled meetings of a leaver, and 500 contacts in one minute."""
    with closing(sqlite3.connect(folder / "crm.db")) as db, db:
        db.execute(
            f"""{numbered(900)} INSERT INTO clients (id, owner_id, kind, name, created_at, created_by)
            SELECT 'old' || i, 'u10', 'company', 'Old ' || i, {OLD}, 'u13' FROM n"""
        )
        db.execute(
            f"""{numbered(900)} {HANDED}
            SELECT 'h-c' || i, 'clients', 'old' || i, 'owner_id', 'u13', 'u10', 'u07', '2026-11-12 09:00:00' FROM n"""
        )
        db.execute(
            f"""{numbered(500)} INSERT INTO contacts (id, owner_id, last_name, created_at, created_by)
            SELECT 'fair' || i, 'u10', 'Fair ' || i, '2026-11-10 10:15:' || printf('%02d', i % 60), 'u10' FROM n"""
        )
        db.execute(
            f"""{numbered(20)} INSERT INTO meetings
                (id, owner_id, subject, status, starts_at, ends_at, created_at, created_by)
            SELECT 'half' || i, 'u10', 'Visit', 'held', '2026-11-09 10:00:00', '2026-11-09 11:00:00',
                   {OLD}, 'u13' FROM n"""
        )
        db.execute(
            f"""{numbered(20)} {HANDED}
            SELECT 'h-m' || i, 'meetings', 'half' || i, 'owner_id', 'u13', 'u10', 'u07', '2026-11-12 09:00:00' FROM n"""
        )


def of_the_score(known: Mapping[str, Figure]) -> dict[str, tuple[int, int | None]]:
    return {
        name: (figure.numerator, figure.denominator)
        for name, figure in known.items()
        if figure.metric in OF_THE_SCORE
    }


def test_no_score_moves_and_all_records_do(tmp_path: Path) -> None:
    write_demo(tmp_path, date(2026, 11, 24))
    before = figures(tmp_path, "before")
    lay(tmp_path)
    after = figures(tmp_path, "after")
    assert of_the_score(after) == of_the_score(before)
    assert before[f"score@{ZOE}"].denominator > 1  # type: ignore[operator]

    def moved(figure: str) -> int:
        name = f"{figure}@{ZOE}"
        return after[name].numerator - before[name].numerator

    # a client has its name, and neither phone nor e-mail; a contact its last name alone
    assert (moved("base_points_due/client"), moved("base_points_kept/client")) == (1_800, 900)
    assert (moved("base_points_due/contact"), moved("base_points_kept/contact")) == (1_500, 500)
    # a held meeting has its date and subject, and neither a contact nor a result
    assert (moved("base_points_due/meeting"), moved("base_points_kept/meeting")) == (80, 40)
    assert moved("records_failing_taken_over/client") == 900
    assert moved("records_failing_taken_over/meeting") == 20
    assert moved("records_failing_imported/contact") == 500
    assert moved("records_failing_outside") == 0
