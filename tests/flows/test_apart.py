"""What moves no score: what was taken over or imported, and easy calls. By hand on the demo.

The base moves by the points of exactly these records.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.config import load_audit
from pipeline.flows import run
from pipeline.model import Figure, RunResult
from pipeline.progress import Silence
from tests.small_demo import write_small_demo

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
OF_THE_SCORE = {
    "score",
    "points_kept",
    "points_due",
    "records_complete",
    "field_good",
    "field_missing",
    "field_unreadable",
    "field_invalid",
    "records_failing",
}
DAAN = "manager:u02"
WITH_DAAN = {DAAN, "team:t1", "company"}
SHARES = {"deal": 30, "meeting": 30, "contact": 20, "client": 10, "call": 10}
OLD = "'2026-02-03 09:00:00'"
HANDED = "INSERT INTO changes (id, table_name, record_id, field, old_value, new_value, user_id, changed_at)"


def numbered(number: int) -> str:
    return (
        f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})"
    )


@dataclass(frozen=True)
class Apart:
    """Records of Daan's that are none of his doing, and what they are worth."""

    statements: tuple[str, ...]
    kind: str
    number: int
    kept: int  # points, of each record
    due: int
    failing: str  # the figure that counts them


CASES = {
    # a client has its name, and neither phone nor e-mail
    "900 bad old clients, handed over": Apart(
        (
            f"""{numbered(900)} INSERT INTO clients (id, owner_id, kind, name, created_at, created_by)
            SELECT 'old' || i, 'u02', 'company', 'Old ' || i, {OLD}, 'u13' FROM n""",
            f"""{numbered(900)} {HANDED}
            SELECT 'h-c' || i, 'clients', 'old' || i, 'owner_id', 'u13', 'u02', 'u07', '2026-11-12 09:00:00' FROM n""",
        ), "client", 900, 1, 2, "records_failing_taken_over",
    ),
    # a contact has its last name alone
    "500 contacts, imported in his name": Apart(
        (
            f"""{numbered(500)} INSERT INTO contacts (id, owner_id, last_name, created_at, created_by)
            SELECT 'fair' || i, 'u02', 'Fair ' || i, '2026-11-10 10:15:' || printf('%02d', i % 60), 'u02' FROM n""",
        ), "contact", 500, 1, 3, "records_failing_imported",
    ),
    # a held meeting has its date and subject, and neither a contact nor a result
    "20 half-filled meetings of a leaver": Apart(
        (
            f"""{numbered(20)} INSERT INTO meetings
                (id, owner_id, subject, status, starts_at, ends_at, created_at, created_by)
            SELECT 'half' || i, 'u02', 'Visit', 'held', '2026-11-09 10:00:00', '2026-11-09 11:00:00',
                   {OLD}, 'u13' FROM n""",
            f"""{numbered(20)} {HANDED}
            SELECT 'h-m' || i, 'meetings', 'half' || i, 'owner_id', 'u13', 'u02', 'u07', '2026-11-12 09:00:00'
            FROM n""",
        ), "meeting", 20, 2, 4, "records_failing_taken_over",
    ),
}  # fmt: skip
CALLS = (
    f"""{numbered(200)} INSERT INTO calls
        (id, owner_id, client_id, direction, subject, status, starts_at, ends_at, created_at, created_by)
    SELECT 'easy' || i, 'u02', (SELECT min(id) FROM clients WHERE is_deleted = 0), 'out', 'Talk', 'done',
           '2026-11-16 09:00:00', '2026-11-16 09:05:00', '2026-11-16 09:' || printf('%02d', i % 60) || ':00', 'u02'
    FROM n""",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_small_demo(folder, date(2026, 11, 24))
    return folder


@pytest.fixture(scope="module")
def before(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return result(demo, tmp_path_factory.mktemp("before"))


def result(demo: Path, folder: Path, statements: Iterable[str] = ()) -> RunResult:
    """What a run makes of a copy of the demo in which these statements were carried out; proven."""
    shutil.copytree(demo, folder, dirs_exist_ok=True)
    with closing(sqlite3.connect(folder / "crm.db")) as db, db:
        for statement in statements:
            db.execute(statement)
    audit, data = load_audit(folder / "audit.yaml"), folder / "data"
    data.mkdir()
    run.extract(audit, data, clock=lambda: AS_OF, as_of=AS_OF, progress=Silence())
    return run.compute(data, run_id="test", progress=Silence())


def changed(before: RunResult, after: RunResult, metrics: Iterable[str]) -> dict[str, int]:
    """Figure -> by how much its numerator moved, of those that moved at all."""
    assert before.figures.keys() == after.figures.keys()
    return {
        name: after.figures[name].numerator - figure.numerator
        for name, figure in before.figures.items()
        if figure.metric in metrics and _value(figure) != _value(after.figures[name])
    }


def _value(figure: Figure) -> tuple[int, int | None]:
    return figure.numerator, figure.denominator


def base_by_hand(figures: Mapping[str, Figure], more: Apart) -> Fraction:
    """Daan's base: the mean of his kinds by their shares, with the points of further records."""
    weighted = Fraction(0)
    for kind, share in SHARES.items():
        kept = figures[f"base_points_kept/{kind}@{DAAN}"].numerator
        due = figures[f"base_points_due/{kind}@{DAAN}"].numerator
        if kind == more.kind:
            kept, due = kept + more.number * more.kept, due + more.number * more.due
        weighted += share * Fraction(kept, due)
    return weighted / 100


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_score_moves_and_the_base_does_by_its_points(
    demo: Path, before: RunResult, tmp_path: Path, case: Apart
) -> None:
    assert before.figures[f"score@{DAAN}"].denominator
    after = result(demo, tmp_path, case.statements)
    assert changed(before, after, OF_THE_SCORE) == {}
    points = {
        "base_points_due": case.number * case.due,
        "base_points_kept": case.number * case.kept,
    }
    assert changed(before, after, points) == {
        f"{metric}/{case.kind}@{who}": number
        for metric, number in points.items()
        for who in WITH_DAAN
    }
    base = after.figures[f"base@{DAAN}"]
    assert Fraction(base.numerator, base.denominator or 0) == base_by_hand(before.figures, case)
    failing = changed(before, after, {"records_failing_outside", case.failing})
    assert failing == {
        name: case.number
        for who in WITH_DAAN
        for name in (f"{case.failing}/{case.kind}@{who}", f"{case.failing}@{who}")
    }


def test_200_complete_calls_move_no_other_kind(
    demo: Path, before: RunResult, tmp_path: Path
) -> None:
    after = result(demo, tmp_path, CALLS)
    moved = changed(before, after, OF_THE_SCORE)
    kinds = {name.partition("@")[0].partition("/")[2].partition(".")[0] for name in moved}
    assert kinds == {"call", ""}  # '' is the whole
    assert {name.partition("@")[2] for name in moved} == WITH_DAAN
    assert moved[f"points_due/call@{DAAN}"] == moved[f"points_kept/call@{DAAN}"] == 200 * 4
    kept, due = (
        before.figures[f"points_{what}/call@{DAAN}"].numerator for what in ("kept", "due")
    )
    was, now = (_ratio(of.figures[f"score@{DAAN}"]) for of in (before, after))
    # a tenth of the whole is made of calls, however many there are
    assert now - was == Fraction(1, 10) * (
        Fraction(kept + 800, due + 800) - Fraction(kept, due)
    )


def _ratio(figure: Figure) -> Fraction:
    return Fraction(figure.numerator, figure.denominator or 0)


def test_a_call_that_reached_nobody_owes_its_status_alone(
    demo: Path, before: RunResult
) -> None:
    with closing(sqlite3.connect(demo / "crm.db")) as db:
        nobody = {
            record
            for (record,) in db.execute(
                "SELECT id FROM calls WHERE status = 'cancelled' OR lower(subject) LIKE 'no answer%'"
                " OR lower(subject) LIKE 'voicemail%' OR lower(subject) LIKE 'geen gehoor%'"
            )
        }
    listed = [
        item for item in before.fix_list if item.entity == "call" and item.record_id in nobody
    ]
    assert len(nobody) > 300
    assert len(listed) > 10
    assert {rule.id for item in listed for rule in item.rules} == {"status"}
