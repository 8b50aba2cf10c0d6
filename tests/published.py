"""A published run, for tests that look at its folder; they copy it before they alter anything."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from pipeline.config import load_audit
from pipeline.flows.run import run_audit
from pipeline.progress import Silence
from tests.small_demo import write_tiny_demo

AS_OF = datetime(2026, 11, 24, 8, tzinfo=UTC)


@cache
def published_run() -> Path:
    """The folder of run `good`, of a tiny demo: made once by each process, as it takes seconds."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    write_tiny_demo(folder, date(2026, 11, 24))
    audit = load_audit(folder / "audit.yaml")
    outcome = run_audit(audit, run_id="good", clock=lambda: AS_OF, progress=Silence())
    return outcome.folder


def copied_to(folder: Path) -> Path:
    """A copy of that run, for a test to alter."""
    return Path(shutil.copytree(published_run(), folder))


def managers_of(run: Path) -> list[Path]:
    """The folders of account managers, in a fixed order."""
    return sorted((run / "managers").iterdir())
