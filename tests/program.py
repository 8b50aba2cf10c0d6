"""The program in a process of its own, forked from one that has imported already what takes it seconds."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

PATIENCE = 60.0
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.preloaded"])


def crm_audit(
    folder: Path, *arguments: str, program: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What `python -m pipeline ARGUMENTS` does without a terminal: exit status, and what it said.
    `program` is the folder of another version of it.
    """
    with tempfile.TemporaryDirectory() as place:
        said = [f"{place}/out", f"{place}/err"]
        process = started(folder, arguments, environment, (os.devnull, *said), program)
        process.join(PATIENCE)
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired(list(arguments), PATIENCE)
        out, err = (Path(file).read_text("utf-8") for file in said)
        return subprocess.CompletedProcess(list(arguments), process.exitcode or 0, out, err)


def started(
    folder: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    streams: Sequence[str],
    program: Path | None = None,
) -> BaseProcess:
    """The program, just started; `streams` are the files of its input, output and errors."""
    given = (str(folder), arguments, {**os.environ, **environment}, streams, program)
    process = _SERVER.Process(target=_run, args=given)
    process.start()
    return process


def _run(
    folder: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    streams: Sequence[str],
    program: Path | None,
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for file, stream in zip(streams, (0, 1, 2), strict=True):
        # a terminal that is opened here does not become the one that sends signals
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOCTTY, 0o600)
        os.dup2(opened, stream)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["crm-audit", *arguments]
    if program is not None:
        _forget_ours()
        sys.path.insert(0, str(program))
    from pipeline.cli import main

    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _forget_ours() -> None:
    """The libraries stay imported; the program is not."""
    for name in [*sys.modules]:
        if name.partition(".")[0] == "pipeline":
            del sys.modules[name]
