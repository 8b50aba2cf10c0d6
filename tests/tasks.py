"""Tasks for workers, which import what pairs of reports need and nothing else."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from pathlib import Path

import pipeline.reports.pair  # noqa: F401 - what a worker of a run has imported
from pipeline.errors import ProofError

HEAVY = {"duckdb", "duckdb_engine", "great_expectations", "pandas", "pyarrow"}
"""What takes a worker long to import, or could hold what is ours. SQLAlchemy comes with the measures."""


def whereabouts(number: int) -> tuple[int, int, set[str]]:
    time.sleep(0.02 * (number % 3))  # the later ones are done first
    return number, os.getpid(), HEAVY & sys.modules.keys()


def touch(file: Path) -> None:
    file.write_text("x")


def refuse(kind: str) -> None:
    if kind == "proof":
        raise ProofError("one figure differs", (("a", "b", "c", "d"),))
    if kind == "disk":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "report.xlsx")
    if kind == "death":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "Ctrl-C":  # the terminal sends it to every process of the group
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
