"""One run, from the CRM to its published reports, top to bottom as in the architecture."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.config import Audit
from pipeline.delivery import folder
from pipeline.errors import AuditError, PublishError
from pipeline.flows.compute import compute
from pipeline.flows.extract import Clock, extract
from pipeline.flows.keep import sweep
from pipeline.flows.remember import announce, complete, recalling, remember
from pipeline.lacks import lack_of
from pipeline.memory import let_go, settled
from pipeline.model import RunResult
from pipeline.progress import Progress
from pipeline.registry.database import Registry
from pipeline.registry.runs import Run
from pipeline.reports.write import write_reports
from pipeline.snapshot.manifest import load_manifest


@dataclass(frozen=True, slots=True)
class Outcome:
    """A published run."""

    run_id: str
    folder: Path
    result: RunResult
    transaction_seconds: float
    warnings: tuple[str, ...] = ()


def run_audit(
    audit: Audit,
    *,
    run_id: str,
    clock: Clock,
    progress: Progress,
    as_of: datetime | None = None,
    begin: Sequence[str] | None = None,
    fire: datetime | None = None,
) -> Outcome:
    """Extracts, validates, measures, proves, renders, verifies and publishes.

    An AuditError means that nothing was published. `as_of` injects the instant of the run;
    `fire` is the instant at which it was due, None by hand; `begin` replaces the statements
    that open the source's transaction.
    """
    os.umask(0o077)  # the files hold clients' data: folders 0700, files 0600
    with _lacks_reported():
        registry, sign = audit.registry(), audit.signer()
        folder.complete_latest(audit.output, clock())
        complete(registry, audit.output, clock(), progress)
        with folder.draft(audit.output) as draft:
            data = draft.folder / "snapshot"
            data.mkdir()
            extract(
                audit,
                data,
                clock=clock,
                as_of=as_of,
                fire=fire,
                progress=progress,
                begin=begin,
                run_id=run_id,
            )
            manifest = load_manifest(data)
            let_go(manifest.rows)
            remembers = recalling(registry, run_id, audit.output, data)
            result = compute(data, run_id=run_id, progress=progress, remembers=remembers)
            with settled(manifest.rows):
                write_reports(result, draft.folder, progress)
            announced = announce(registry, result, audit.output, data)
            published = draft.publish(run_id, clock(), sign)
        warnings = (
            *result.warnings,
            *_remembered(registry, announced, result, published),
            *_swept(audit, registry, clock()),
        )
        return Outcome(run_id, published, result, manifest.transaction_seconds, warnings)


def _remembered(
    registry: Registry, run: Run, result: RunResult, published: Path
) -> Iterator[str]:
    """Records the run; a failure there does not undo a published report."""
    try:
        remember(registry, run, result, published / "snapshot")
    except PublishError as error:
        yield f"the report is published, and the next run records that: {error}"


def _swept(audit: Audit, registry: Registry, now: datetime) -> Iterator[str]:
    """Erases what is kept no longer; a failure there does not undo a published report."""
    try:
        sweep(audit, registry, now)
    except (AuditError, OSError) as error:
        yield f"the report is published, and what is kept no longer could not be erased yet: {error}"


@contextmanager
def _lacks_reported() -> Iterator[None]:
    """Reports a lack of memory, open files or disk space as such, not as a defect of ours."""
    try:
        yield
    except AuditError:
        raise
    except Exception as error:
        if lack := lack_of(error):
            raise PublishError(lack) from None
        raise
