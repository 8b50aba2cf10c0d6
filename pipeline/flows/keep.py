"""Erases what is kept no longer: the audited rows first, then reports, then whatever is about a
single person. Figures of teams and of the company stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from pipeline.config import Audit
from pipeline.delivery.erase import erase, rewrite
from pipeline.delivery.erased import read_erased
from pipeline.delivery.signing import Sign
from pipeline.delivery.sums import entries
from pipeline.errors import ConfigError
from pipeline.model.keeping import Age, Keep
from pipeline.registry.database import Registry
from pipeline.registry.people import forget_people
from pipeline.reports.figures_file import TABLE, without_people
from pipeline.snapshot.manifest import load_manifest

_MANIFEST: Final = "snapshot/manifest.json"
_DATA: Final = "snapshot/"


@dataclass(frozen=True, slots=True)
class _Run:
    folder: Path
    audit: str  # its id, or its name where it has none
    read_at: datetime  # the data's age, which an as-of set by hand does not tell


def sweep(audit: Audit, registry: Registry, now: datetime) -> None:
    """Erases what `keep` names, of the audit's runs in its output folder and of its registry.

    The last good run stays whole, and so does the one that `latest` leads to.
    """
    keep, zone = audit.settings.keep.kept(), ZoneInfo(audit.settings.zone)
    today, sign = now.astimezone(zone).date(), audit.signer()
    known = audit.settings.id or audit.settings.name
    ours = [run for run in _runs(audit.output) if run.audit == known]
    spared = {(audit.output / "latest").resolve()}
    spared |= {max(ours, key=lambda run: run.read_at).folder.resolve()} if ours else set()
    for run in ours:
        if run.folder.resolve() not in spared:
            day = run.read_at.astimezone(zone).date()
            _sweep(run.folder, day, keep, today, now, sign)
    if keep.people is not None and audit.settings.id:
        limit = datetime.combine(keep.people.before(today), time(), zone)
        with registry.transaction() as connection:
            forget_people(connection, audit.settings.id, limit)


def _runs(output: Path) -> Iterator[_Run]:
    """The published runs of an output folder that say whose they are."""
    for folder in sorted((output / "runs").iterdir()):
        if folder.is_dir() and not folder.is_symlink() and not folder.name.startswith("."):
            of = _of_table(folder / TABLE) or _of_manifest(folder)
            if of is not None:
                yield _Run(folder, *of)


def _of_table(file: Path) -> tuple[str, datetime] | None:
    if not file.is_file():
        return None
    said: dict[bytes, Any] = pq.read_schema(file).metadata or {}
    if not said.keys() >= {b"audit", b"read_at"}:
        return None
    return said[b"audit"].decode(), datetime.fromisoformat(said[b"read_at"].decode())


def _of_manifest(folder: Path) -> tuple[str, datetime] | None:
    """Of a run of a version that wrote no table of figures."""
    try:
        manifest = load_manifest(folder / "snapshot")
    except (ConfigError, FileNotFoundError):
        return None
    if manifest.audit is None:
        return None
    return manifest.audit.id or manifest.audit.name, manifest.read_at or manifest.as_of


def _sweep(run: Path, day: date, keep: Keep, today: date, now: datetime, sign: Sign) -> None:
    there = set(entries(run))
    rows = {path for path in there if path.startswith(_DATA) and path != _MANIFEST}
    if rows and _is_over(keep.snapshots, day, today):
        erase(run, rows, f"keep: snapshots {keep.snapshots}", now, sign)
    rest = there - {TABLE}
    # a report names people
    for name, age in (("people", keep.people), ("reports", keep.reports)):
        if rest and _is_over(age, day, today):
            erase(run, rest, f"keep: {name} {age}", now, sign)
            break
    if _is_over(keep.people, day, today) and _has_people(run):
        why = f"keep: people {keep.people}"
        rewrite(run, TABLE, lambda fresh: without_people(run / TABLE, fresh), why, now, sign)


def _has_people(run: Path) -> bool:
    return (run / TABLE).is_file() and TABLE not in read_erased(run).rewritten


def _is_over(age: Age | None, day: date, today: date) -> bool:
    return age is not None and day < age.before(today)
