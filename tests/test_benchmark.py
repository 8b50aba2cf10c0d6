"""The benchmark compares like with like: all that it measures counts the same. How long that takes is no test."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.contenders import CONTENDERS
from benchmarks.data import SHARES, Size, make
from benchmarks.validation import COUNTING, check


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
