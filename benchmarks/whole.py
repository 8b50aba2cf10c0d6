"""A whole run by stage: makes a demo CRM, audits it from the command line, and measures the program from outside.

`python -m benchmarks.whole --records 1000000 --managers 600`. Linux: processor time and memory are read from /proc.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.crm import AS_OF, make

_ROOT: Final = Path(__file__).parent.parent
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_MIB: Final = 1024 * 1024
_START: Final = "Starting"


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the CRM, audits it, and prints what each stage took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--records",
        type=int,
        default=1_000_000,
        help="of all kinds together (default: 1000000)",
    )
    parser.add_argument("--managers", type=int, default=600, help="their owners (default: 600)")
    parser.add_argument(
        "--folder", type=Path, help="where the CRM is left for the next time (default: nowhere)"
    )
    parser.add_argument(
        "--checkout",
        type=Path,
        default=_ROOT,
        help="the program that is measured (default: this one)",
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="whole-") as temporary:
        folder = given.folder or Path(temporary)
        audit = folder / "audit.yaml"
        if not audit.exists():
            make(folder, given.records, given.managers)
        output = Path(temporary) / "output"
        command = [
            sys.executable,
            "-m",
            "pipeline",
            "run",
            str(audit.resolve()),
            "--as-of",
            AS_OF.isoformat(),
        ]
        measured = measure([*command, "--output", str(output)], given.checkout)
    print(f"{given.records:,} records of {given.managers:,} managers; {os.cpu_count()} cores")
    print("\n".join(table(measured)))


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage took: seconds by the clock and of the processors, and bytes of all its processes at one moment."""

    title: str
    seconds: float
    processor: float
    together: int


@dataclass(slots=True)
class Measured:
    """What a program took, stage by stage as it named them, and at most in memory."""

    stages: list[Stage] = field(default_factory=list)
    largest: int = 0  # bytes of its largest process
    together: int = (
        0  # bytes of all its processes at one moment, of the stage that is under way
    )


def measure(command: Sequence[str], folder: Path) -> Measured:
    """Runs the program, whose standard error has a line per stage. SystemExit where it fails."""
    measured = Measured()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as program:
        ended = threading.Event()
        watching = threading.Thread(target=_watch, args=(program.pid, measured, ended))
        watching.start()
        said = []
        title, since, used = _START, time.perf_counter(), 0.0
        assert program.stderr is not None
        for line in program.stderr:
            said.append(line)
            now, processor = time.perf_counter(), _processor(program.pid)
            measured.stages.append(
                Stage(title, now - since, processor - used, measured.together)
            )
            measured.together = 0
            title, since, used = line.strip(), now, processor
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        processor = usage.ru_utime + usage.ru_stime - used
        measured.stages.append(
            Stage(title, time.perf_counter() - since, processor, measured.together)
        )
        measured.largest = usage.ru_maxrss * 1024
        ended.set()
        watching.join()
    if program.returncode:
        raise SystemExit("".join(said))
    return measured


def table(measured: Measured) -> Iterator[str]:
    """The stages as plain text, and their sum."""
    yield f"{'':<48}{'seconds':>9}{'processor':>11}{'MiB':>7}"
    stages = measured.stages
    seconds, processor = (
        sum(stage.seconds for stage in stages),
        sum(stage.processor for stage in stages),
    )
    total = Stage("the whole run", seconds, processor, max(stage.together for stage in stages))
    for stage in (*stages, total):
        used = f"{stage.seconds:>9.1f}{stage.processor:>11.1f}{stage.together / _MIB:>7,.0f}"
        yield f"{stage.title[:47]:<48}{used}"
    yield f"peak: {measured.largest / _MIB:,.0f} MiB in one process, {total.together / _MIB:,.0f} MiB in all"


# ------------------------------------------------------------------------------------------------ /proc


def _watch(pid: int, measured: Measured, ended: threading.Event) -> None:
    """Looks ten times a second how much memory the program and its descendants hold."""
    while not ended.wait(0.1):
        measured.together = max(measured.together, sum(map(_held, _family(pid))))


def _held(pid: int) -> int:
    """Bytes of a process; what it shares with others, as libraries, is counted by its share."""
    found = re.search(r"^Pss:\s+(\d+) kB", _read(pid, "smaps_rollup"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _processor(pid: int) -> float:
    """Processor seconds of a process and its descendants, those that ended included."""
    return sum(sum(map(int, _stat(one)[11:15])) for one in _family(pid)) / _TICKS


def _family(pid: int) -> list[int]:
    """A process and its living descendants."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    parents = {one: int(_stat(one)[1]) for one in pids}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; zeros where the process is gone."""
    return (_read(pid, "stat").rpartition(")")[2] or "Z" + " 0" * 20).split()


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


if __name__ == "__main__":
    main()
