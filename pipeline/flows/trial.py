"""A stored run computed with other field sets, to compare: nothing is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config.field_sets import (
    read_field_set,
    read_field_sets,
    without_points,
)
from pipeline.errors import ConfigError
from pipeline.flows.compute import compute
from pipeline.model import (
    CHECKED,
    ENTITIES,
    FORMATTED,
    FieldSet,
    Kind,
    ResolvedAudit,
    RunResult,
)
from pipeline.progress import Progress
from pipeline.snapshot.manifest import hash_of, load_manifest


@dataclass(frozen=True, slots=True)
class Trial:
    """A run's figures with its own field sets, and with others."""

    before: RunResult
    after: RunResult
    sha256_before: str
    sha256_after: str


def try_field_sets(path: Path, run: Path, progress: Progress) -> Trial:
    """The run in this folder with the sets of a folder, or with one set's file in the place of
    its own. ConfigError where a set needs a column that the run did not read.
    """
    data = run / "snapshot"
    if not (data / "manifest.json").is_file():
        raise ConfigError(
            f"--run: there is no run in {run}; name one that lies under the output folder's runs."
        )
    manifest = load_manifest(data)
    if manifest.audit is None:
        raise ConfigError(
            f"{data / 'manifest.json'} does not hold the audit: an earlier version of this program wrote it. "
            "Run the audit anew, and try the field sets on that run."
        )
    field_sets = _read(path, manifest.audit)
    audit = replace(manifest.audit, field_sets=field_sets)
    return Trial(
        compute(data, run_id=run.name, progress=progress),
        compute(data, run_id=run.name, progress=progress, audit=audit, proves=False),
        manifest.field_sets_sha256,
        hash_of(field_sets),
    )


def _read(path: Path, audit: ResolvedAudit) -> Mapping[str, FieldSet]:
    mapped = [
        f"{entity}.{column}"
        for entity, fields in audit.field_sets.items()
        for column in fields.readable
        if audit.schema[entity].get(column) not in (Kind.TEXT, *FORMATTED)
    ]
    asked = audit.absent, _with_ours(audit), mapped
    if path.is_dir():
        field_sets = read_field_sets(path, *asked, cells=audit.from_files)
    else:
        if path.stem not in CHECKED:
            names = ", ".join(f"{entity}.yaml" for entity in CHECKED)
            raise ConfigError(
                f"{path}: no field set has this name; rename it to one of {names}."
            )
        tried = read_field_set(path, path.stem, *asked, cells=audit.from_files)
        field_sets = {**audit.field_sets, path.stem: tried}
    for fields in field_sets.values():
        _must_be_stored(path, fields, audit)
    return without_points(field_sets, audit.enforced)


def _with_ours(audit: ResolvedAudit) -> Mapping[str, Mapping[str, Kind]]:
    """The columns that the run read, of every kind of record."""
    return {entity: audit.schema.get(entity, {}) for entity in {*audit.schema, *CHECKED}}


def _must_be_stored(path: Path, fields: FieldSet, audit: ResolvedAudit) -> None:
    unread = ENTITIES[fields.entity].keys() - audit.schema.get(fields.entity, {}).keys()
    for demand in fields.demands:
        for column in demand.looked_at:
            if column in unread:
                raise ConfigError(
                    f"{path}: {fields.entity}.{demand.name} needs its {column}, which this run did not read: "
                    "nothing asked for it, or the CRM does not hold it. Run the audit with these field sets first, or "
                    "leave the field out."
                )
