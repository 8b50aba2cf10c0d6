"""The history that a run shows, kept beside its snapshot: a report is made of its folder alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import ConfigError
from pipeline.model.history import History

_FILE: Final = "history.json"


def save_history(folder: Path, history: History) -> None:
    """Writes history.json into the snapshot's folder."""
    (folder / _FILE).write_bytes(_written().dump_json(history))


def load_history(folder: Path) -> History | None:
    """The history of a snapshot; None where none was kept. Raises ConfigError if it cannot be read."""
    file = folder / _FILE
    if not file.is_file():
        return None
    try:
        return _written().validate_json(file.read_bytes())
    except ValidationError:
        raise ConfigError(
            f"{file} cannot be read: it was altered, or another version of this program wrote it. "
            "Remove it to compute the run without its history."
        ) from None


@cache
def _written() -> TypeAdapter[History]:
    return TypeAdapter(History)
