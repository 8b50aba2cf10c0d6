"""Our validation beside stock Great Expectations on the same rows: `python -m benchmarks.validation`.

README.md in this folder says what is measured and holds the table of a run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.contenders import CONTENDERS, Counted
from benchmarks.data import Size, make

COUNTING: Final = ("stock_flat", "ours_flat", "stock", "ours")
"""The contenders that count missing fields and list ids; the others only show what the parts cost."""
_ROOT: Final = Path(__file__).resolve().parent.parent
_LIBRARIES: Final = (
    "great-expectations",
    "duckdb",
    "duckdb-engine",
    "SQLAlchemy",
    "pandas",
    "numpy",
    "pyarrow",
)
_LABELS: Final = {
    "stock_flat": "stock Great Expectations, flat rows",
    "ours_flat": "ours, the same flat rows",
    "stock": "stock, the snapshot prepared by pandas",
    "ours": "ours, the snapshot with its joins",
    "scan_counts": "our first scan: counts per owner",
    "scan_company": "the counts of the company",
    "scan_failing": "our second scan: failing records",
    "read": "DuckDB reading the scans' columns",
}
Measured = Mapping[str, Mapping[str, float]]
"""Contender -> the medians of seconds, processor seconds and MiB above the imports."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the meetings, measures every contender in rounds, and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="meetings (default: 1000000)"
    )
    parser.add_argument("--managers", type=int, default=200, help="their owners (default: 200)")
    parser.add_argument("--seed", type=int, default=7, help="other invented data (default: 7)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="of every contender in turn (default: 3)"
    )
    given = parser.parse_args(arguments)
    size = Size(given.rows, given.managers, given.seed)
    print(
        f"{size.rows:,} meetings of {size.managers} managers, seed {size.seed}; medians of {given.rounds} rounds"
    )
    print(f"{datetime.now(UTC):%Y-%m-%d}; {_versions()}")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        make(Path(folder), size)
        rounds = [
            {name: _run(name, Path(folder)) for name in CONTENDERS} for _ in range(given.rounds)
        ]
    for one in rounds:
        check({name: one[name]["counted"] for name in COUNTING})
    print(_missing(rounds[0][COUNTING[0]]["counted"]))
    print("\n".join(_table(_medians(rounds))))


def check(counted: Mapping[str, Counted]) -> None:
    """SystemExit, naming field and contender, unless all count the same due, missing and failing ids."""
    expected = counted[COUNTING[0]]
    wrong = [
        f"{name}: {field}: {COUNTING[0]} has (due, missing, ids) {told}, {name} has {found.get(field)}"
        for name, found in counted.items()
        for field, told in expected.items()
        if found.get(field) != told
    ]
    wrong += [
        f"{name} has other fields: {', '.join(found)}"
        for name, found in counted.items()
        if {*found} != {*expected}
    ]
    if wrong:
        raise SystemExit("\n".join(["The contenders do not count the same:", *wrong]))


def _run(name: str, folder: Path) -> dict[str, Any]:
    """A contender in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.contenders", name, str(folder)]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _medians(rounds: Sequence[Mapping[str, Mapping[str, Any]]]) -> Measured:
    return {
        name: {
            what: median(one[name][what] for one in rounds)
            for what in ("seconds", "processor", "memory")
        }
        for name in CONTENDERS
    }


def _table(measured: Measured) -> list[str]:
    """The medians as a table of plain text, and what is promised of them."""
    lines = ["", f"{'':<39}{'seconds':>9}{'processor':>11}{'MiB':>7}"]
    for name, label in _LABELS.items():
        m = measured[name]
        lines.append(
            f"{label:<39}{m['seconds']:>9.2f}{m['processor']:>11.2f}{m['memory']:>7.0f}"
        )
    lines += ["", f"{'ratios':<39}{'seconds':>9}{'processor':>11}{'MiB':>7}   expected"]
    for theirs, name, label in (
        ("stock_flat", "ours_flat", "stock / ours, flat rows"), ("stock", "ours", "stock / ours, the snapshot"),
    ):  # fmt: skip
        ratio = [
            measured[theirs][what] / measured[name][what]
            for what in ("seconds", "processor", "memory")
        ]
        lines.append(
            f"{label:<39}{ratio[0]:>9.1f}{ratio[1]:>11.1f}{ratio[2]:>7.1f}   20 in time, 3 in memory"
        )
    scans = {
        what: measured["scan_counts"][what] + measured["scan_failing"][what]
        for what in ("seconds", "processor")
    }
    slower = [scans[what] / measured["read"][what] for what in ("seconds", "processor")]
    lines.append(
        f"{'our two scans / the DuckDB read':<39}{slower[0]:>9.1f}{slower[1]:>11.1f}{'':>7}   6 at most"
    )
    return lines


def _missing(counted: Counted) -> str:
    parts = (f"{field} {missing:,} of {due:,}" for field, (due, missing, _) in counted.items())
    return "all count the same missing, with the same ids: " + ", ".join(parts)


def _versions() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"Python {platform.python_version()}, {libraries}; {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
