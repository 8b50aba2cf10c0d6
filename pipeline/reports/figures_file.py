"""figures.json: every figure of a run, exactly; a figure a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ConfigError
from pipeline.model import Figure, Figures, RunResult, Scope, Unit

FIGURES: Final = "figures.json"
"""Its name in a run's folder."""


def write_figures(result: RunResult, file: Path) -> None:
    """Writes figures.json line by line, because all figures together could fill the memory."""
    window = result.window
    document: dict[str, Any] = {
        "run_id": result.run_id,
        "audit_id": result.audit_id,
        "audit": result.audit,
        "as_of": window.as_of.isoformat(),
        "zone": window.zone,
        "period": {
            "word": window.word,
            "first": window.first.isoformat(),
            "to": window.after_last.isoformat(),
            "due": window.fire.isoformat() if window.fire else None,
        },
        "figures": [],
    }
    begun, _, ended = json.dumps(document, ensure_ascii=False, indent=1).rpartition("]")
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(begun)
        for position, figure in enumerate(result.figures.values()):
            parts = {name: getattr(figure, name) for name in Figure.__slots__}
            stream.write(f"{',' * bool(position)}\n  {json.dumps(parts, ensure_ascii=False)}")
        stream.write(f"]{ended}")


def read_figures(file: Path) -> Figures:
    """The figures of such a file. Raises ConfigError if it is not one."""
    try:
        with file.open(encoding="utf-8") as stream:
            return Figures(_figures_in(stream))
    except FileNotFoundError:
        raise ConfigError(f"There is no {file}: name a run that was published.") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{file} cannot be read: it was altered, or another version of this program wrote it. "
            "Take the run's folder from where it was published, or run the audit again."
        ) from None


def _figures_in(lines: Iterator[str]) -> Iterator[Figure]:
    """Line by line, because all figures together could fill the memory."""
    for line in lines:
        if line.lstrip().startswith('{"id"'):
            parts, _ = json.JSONDecoder().raw_decode(line.lstrip())
            yield Figure(
                **{**parts, "scope": Scope(parts["scope"]), "unit": Unit(parts["unit"])}
            )
