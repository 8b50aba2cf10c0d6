"""The plan: targets per manager, calendar month and metric, of a CSV or of audit.yaml itself."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline.errors import ConfigError
from pipeline.metrics import PLANNED
from pipeline.model import Target

_WIDEST: Final = 10_000
"""Characters of a cell: no id of a manager, month or metric has more, so that a quote was left open."""


def read_targets(file: Path, given: Path | Mapping[str, Mapping[str, Mapping[str, int]]] | None) -> tuple[Target, ...]:
    """Targets from a CSV (manager, month, metric, target), or from the file: manager -> month -> metric -> target."""
    if given is None:
        return ()
    if isinstance(given, Path):
        return tuple(_targets_of_csv(file.parent / given))
    found = [
        Target(manager, month, metric, target)
        for manager, months in given.items()
        for month, metrics in months.items()
        for metric, target in metrics.items()
    ]
    for target in found:
        _check_target(target, f"{file}: targets")
    return tuple(found)


def _targets_of_csv(file: Path) -> list[Target]:
    csv.field_size_limit(_WIDEST)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return list(_targets_in(csv.DictReader(stream), file))
    except OSError as error:
        raise ConfigError(
            f"targets: {file} cannot be read ({error.strerror}); correct the path in audit.yaml."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is no UTF-8 text; save it as UTF-8.") from None
    except csv.Error as error:
        raise ConfigError(f"{file} is no CSV: {error}.") from None


def _targets_in(rows: csv.DictReader[str], file: Path) -> Iterator[Target]:
    if lacking := [name for name in ("manager", "month", "metric", "target") if name not in (rows.fieldnames or ())]:
        raise ConfigError(
            f"{file}, line 1: there is no column {', '.join(lacking)}; needed are manager, month, metric, target."
        )
    found: set[tuple[str, str, str]] = set()
    for row in rows:
        where = f"{file}, line {rows.line_num}"
        try:
            target = Target(row["manager"], row["month"], row["metric"], int(row["target"]))
        except (ValueError, TypeError):
            raise ConfigError(
                f"{where}: found {dict(row)}; needed are manager, month, metric and a whole number as target."
            ) from None
        _check_target(target, where)
        key = (target.manager, target.month, target.metric)
        if key in found:
            raise ConfigError(f"{where}: a second target of {target.manager} for {target.metric} in {target.month}.")
        found.add(key)
        yield target


def _check_target(target: Target, where: str) -> None:
    if target.metric not in PLANNED:
        raise ConfigError(f"{where}: no target can be set for '{target.metric}'; allowed: {', '.join(PLANNED)}.")
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", target.month) or target.target < 0:
        raise ConfigError(
            f"{where}: '{target.month}', {target.target}: write a month like 2026-11 and a target from 0."
        )
