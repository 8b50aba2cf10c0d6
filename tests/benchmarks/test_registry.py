"""What the registry weighs is measured by what a run does."""

from __future__ import annotations

import re

import pytest

from benchmarks.registry import main


def test_runs_are_written_and_asked(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--weeks", "3", "--managers", "40", "--changes", "10"])
    said = capsys.readouterr().out
    assert "3 runs of 40 managers, 10 findings changed in each" in said
    assert re.search(r"the registry: \d+ MB", said)
    assert re.search(r"the figures of 3 runs before: [\d.]+ s", said)
    # of December, which the weeks of 1 and 8 December are of
    assert re.search(r"10 findings completed in the month: [\d.]+ s", said)
