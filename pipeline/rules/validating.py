"""Validates the minimum field sets, for a large snapshot in a separate process.

The library alone takes more memory than all reports of a large company; the process returns
it at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, make_url

from pipeline.model import Tally
from pipeline.queries import Scan
from pipeline.workers import apart

_FEWEST_ROWS: Final = 200_000
"""Rows of a snapshot that make a process worth starting, which takes about two seconds."""


def validated(
    engine: Engine, url: str, scans: Sequence[Scan], file: Path, *, rows: int
) -> tuple[Tally, ...]:
    """The tallies of what is due in the DuckDB at `url`; writes failing records to `file`.

    `engine` is this process's own connection to that DuckDB, and `rows` the snapshot's size.
    """
    if rows < _FEWEST_ROWS:
        return _validate(url, scans, file)
    engine.dispose()  # only one process at a time can open the DuckDB
    # each thread takes its own memory
    lone = make_url(url).update_query_dict({"threads": "1"}).render_as_string()
    return apart(_validate, lone, scans, file)


def _validate(url: str, scans: Sequence[Scan], file: Path) -> tuple[Tally, ...]:
    from pipeline.rules.gx import validate

    return validate(url, scans, file)
