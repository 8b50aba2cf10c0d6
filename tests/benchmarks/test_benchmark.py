"""The benchmark compares like with like: all that it measures counts the same. How long that takes is no test."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import crm, whole
from benchmarks.contenders import CONTENDERS
from benchmarks.data import SHARES, Size, make
from benchmarks.validation import COUNTING, check
from pipeline.config import load_audit


def test_ours_and_stock_count_the_same(tmp_path: Path) -> None:
    make(tmp_path, Size(rows=2_000, managers=20, seed=7))
    counted = {name: contender(tmp_path)()() for name, contender in CONTENDERS.items()}
    check({name: counted[name] for name in COUNTING})
    assert set(counted["ours"]) == set(SHARES)
    for field, (due, missing, _) in counted["ours"].items():
        assert 0.02 < missing / due < 0.2, field


def test_a_difference_is_told() -> None:
    same = {"date": (10, 1, "a"), "result": (5, 2, "b")}
    with pytest.raises(SystemExit, match="ours: result: "):
        check({"stock_flat": same, "ours": {**same, "result": (5, 2, "c")}})
    with pytest.raises(SystemExit, match="other fields"):
        check({"stock_flat": same, "ours": {**same, "subject": (5, 2, "c")}})


# ------------------------------------------------------------------------------------------------ a whole run


def rows_of(folder: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        return [
            db.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in crm.SHARES
        ]


def test_a_crm_of_any_size_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    files = [crm.make(tmp_path / name, 400, 5) for name in ("one", "other")]
    one, other = (rows_of(file.parent) for file in files)
    assert one == other
    assert [len(rows) for rows in one] == [4 * share for share in crm.SHARES.values()]
    audit = load_audit(files[0])
    assert {target.manager for target in audit.targets} == {f"u{n}" for n in range(5)}


def test_each_stage_is_measured_from_outside(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "print('Waiting', file=sys.stderr, flush=True)\ntime.sleep(0.3)\n"
        "print('Working (7)', file=sys.stderr, flush=True)\nlarge = bytearray(60_000_000)\nsum(range(9_000_000))\n"
    )
    measured = whole.measure([sys.executable, "-c", program], tmp_path)
    begun, waited, worked = measured.stages
    assert [stage.title for stage in measured.stages] == ["Starting", "Waiting", "Working (7)"]
    assert waited.seconds >= 0.3
    assert worked.processor > waited.processor
    assert measured.largest > 60_000_000
    assert worked.together > begun.together
    lines = list(whole.table(measured))
    assert len(lines) == 6
    assert lines[-2].startswith("the whole run")


def test_a_run_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such thing"):
        whole.measure([sys.executable, "-c", "import sys; sys.exit('no such thing')"], tmp_path)
