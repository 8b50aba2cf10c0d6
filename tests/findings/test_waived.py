"""What became of each line of exceptions: what it met, until when, and what was decided."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pipeline.findings.waived import uses_of
from pipeline.model import ExceptionLine, ExceptionState

DAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("state", "ended", "met", "outcome"),
    [
        ("exempt", 0, 2, "exempt"),
        ("exempt", 0, 0, "idle"),
        ("exempt", 1, 2, "expired"),
        ("disputed", 0, 1, "disputed"),
        ("disputed", 0, 0, "idle"),
        ("disputed", 1, 0, "expired"),
        # a decision stands, whether anything is missing there or not
        ("rejected", 0, 1, "rejected"),
        ("rejected", 0, 0, "rejected"),
        ("rejected", 1, 0, "rejected"),
    ],
)
def test_what_a_line_did(state: str, ended: int, met: int, outcome: str) -> None:
    """`ended`: so many days ago was its last one."""
    until = DAY - timedelta(days=ended)
    line = ExceptionLine("line 2", ExceptionState(state), rule="amount", until=until)
    [use] = uses_of([line], {line: met} if met else {}, DAY)
    assert (use.outcome, use.findings) == (outcome, met)
