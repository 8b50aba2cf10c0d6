"""Reads the plan: targets per manager, month and metric, from a CSV or audit.yaml itself."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline.config.csv_files import filled_rows, read_csv
from pipeline.errors import ConfigError
from pipeline.measures.registry import PLANNED
from pipeline.model import Target

_MOST: Final = 10**12


def read_targets(
    file: Path, source: Path | Mapping[str, Mapping[str, Mapping[str, int]]] | None
) -> tuple[Target, ...]:
    """Targets from a CSV (manager, month, metric, target), or from audit.yaml itself.

    There they are manager -> month -> metric -> target.
    """
    if source is None:
        return ()
    if isinstance(source, Path):
        return tuple(_targets_of_csv(file.parent / source))
    targets = [
        Target(manager, month, metric, target)
        for manager, months in source.items()
        for month, metrics in months.items()
        for metric, target in metrics.items()
    ]
    for target in targets:
        _check_target(target, f"{file}: targets")
    return tuple(targets)


def _targets_of_csv(file: Path) -> list[Target]:
    try:
        return list(_targets_in(read_csv(file, "targets"), file))
    except csv.Error as error:
        raise ConfigError(f"{file} is not a valid CSV: {error}.") from None


def _targets_in(rows: csv.DictReader[str], file: Path) -> Iterator[Target]:
    if lacking := [
        name
        for name in ("manager", "month", "metric", "target")
        if name not in (rows.fieldnames or ())
    ]:
        raise ConfigError(
            f"{file}, line 1: there is no column {', '.join(lacking)}; needed are manager, month, metric, target."
        )
    seen: set[tuple[str, str, str]] = set()
    for row in filled_rows(rows):
        where = f"{file}, line {rows.line_num}"
        try:
            target = Target(row["manager"], row["month"], row["metric"], _whole(row["target"]))
        except (ValueError, TypeError):
            raise ConfigError(
                f"{where}: found {dict(row)}; needed are manager, month, metric and a whole number as target."
            ) from None
        _check_target(target, where)
        key = (target.manager, target.month, target.metric)
        if key in seen:
            raise ConfigError(
                f"{where}: a second target of {target.manager} for {target.metric} in {target.month}."
            )
        seen.add(key)
        yield target


def _whole(text: str) -> int:
    """A number as people write it: no other alphabet's digits, and no 1_000."""
    if not re.fullmatch(r"\s*[0-9]{1,18}\s*", text):
        raise ValueError(text)
    return int(text)


def _check_target(target: Target, where: str) -> None:
    allowed = [measure.name for measure in PLANNED]
    if target.metric not in allowed:
        raise ConfigError(
            f"{where}: no target can be set for '{target.metric}'; allowed: {', '.join(allowed)}."
        )
    if (
        not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", target.month)
        or not 0 <= target.target <= _MOST
    ):
        raise ConfigError(
            f"{where}: '{target.month}', {target.target}: write a month like 2026-11 and a target from 0 to {_MOST:,}."
        )
