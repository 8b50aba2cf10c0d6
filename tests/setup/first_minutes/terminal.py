"""The program as a user starts it: in a process of its own, at a terminal that answers, or without one."""

from __future__ import annotations

import json
import os
import pty
import re
import time
from collections.abc import Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from tests.crms.suitecrm.by_hand import Value
from tests.program import PATIENCE, crm_audit, started

__all__ = ["at_a_terminal", "crm_audit", "figures", "succeed"]


Answers = Sequence[tuple[str, str]]
"""Questions, each by a pattern of the words that it ends in, and what is typed; \\1 is what the pattern found there."""


def at_a_terminal(
    folder: Path, *arguments: str, answers: Answers, **environment: str
) -> tuple[int, str]:
    """The program at a terminal, at which each question gets its answer, in this order: (exit status, what it said)."""
    ours, theirs = pty.openpty()
    terminal = [os.ttyname(theirs)] * 3
    process = started(folder, arguments, {"TERM": "dumb", **environment}, terminal)
    said, since, left, end = "", 0, list(answers), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ready = wait([ours, process.sentinel], end - time.monotonic())
        if ours in ready:
            said += os.read(ours, 65536).decode("utf-8", "replace").replace("\r", "")
        elif ready:  # it has ended, and all is read
            break
        if left and (asked := re.search(left[0][0], said[since:])):
            since += asked.end()
            os.write(ours, asked.expand(left.pop(0)[1]).encode() + b"\n")
    process.kill()
    process.join(10)
    os.close(theirs)
    os.close(ours)
    assert not left, f"never asked: {left[0][0]}\n{said}"
    return process.exitcode or 0, said


def succeed(folder: Path, *commands: Sequence[str], **environment: str) -> str:
    """Runs the commands, which must succeed; all that they said."""
    said = ""
    for command in commands:
        done = crm_audit(folder, *command, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout + done.stderr
    return said


def newest(output: Path) -> Path:
    """The folder of the run that was published last; `latest` never leads to one whose as-of was given."""
    return max((output / "runs").iterdir())


def figures(output: Path) -> dict[str, dict[str, Any]]:
    """What was published in a folder: figure -> all that figures.json says of it."""
    published = json.loads((newest(output) / "figures.json").read_text("utf-8"))
    return {one["id"]: one for one in published["figures"]}


def values(output: Path) -> dict[str, Value]:
    """Figure -> (numerator, denominator); without the one that is about the proof."""
    return {
        name: (one["numerator"], one["denominator"])
        for name, one in figures(output).items()
        if one["metric"] != "figures_proven"
    }
