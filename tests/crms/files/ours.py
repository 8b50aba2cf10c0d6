"""What the program makes of a folder of exports: extracted and computed, nothing rendered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from pipeline.config import Audit, load_audit
from pipeline.flows import run
from pipeline.model import RunResult
from pipeline.progress import Progress, Silence

AS_OF = datetime(2017, 6, 20, 10, tzinfo=UTC)
SETTINGS: Mapping[str, Any] = {
    "name": "Exports",
    "source": {"url": "files:///exports", "preset": "maven"},
    "zone": "Europe/Amsterdam",
    "currency": "USD",
    "period": {"first": "2017-06-01", "to": "2017-07-01"},
}


def prepared(folder: Path, **changed: Any) -> Audit:
    """An audit.yaml in that folder, loaded."""
    file = folder / "audit.yaml"
    file.write_text(yaml.safe_dump({**SETTINGS, **changed}), "utf-8")
    return load_audit(file)


def extract(audit: Audit, *, as_of: datetime = AS_OF, progress: Progress | None = None) -> Path:
    """The two readings; the folder that holds them."""
    data = audit.file.parent / "data"
    data.mkdir(exist_ok=True)
    run.extract(audit, data, clock=lambda: as_of, as_of=as_of, progress=progress or Silence())
    return data


def compute(audit: Audit) -> RunResult:
    """Every figure, proven against the witness."""
    return run.compute(audit.file.parent / "data", run_id="test", progress=Silence())
