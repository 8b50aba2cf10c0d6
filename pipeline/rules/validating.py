"""Where the minimum field sets are validated: of a large snapshot by a process of its own,
whose memory ends with it.

The library alone takes more memory than all reports of a large company, and is needed no
more once they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, make_url

from pipeline.findings.stored import write_failing
from pipeline.model import Tally
from pipeline.queries import Scan
from pipeline.workers import apart

_FEWEST_ROWS: Final = 200_000
"""Rows of a snapshot that make a process worth starting: it takes about two seconds."""


def validated(
    engine: Engine, url: str, scans: Sequence[Scan], file: Path, *, rows: int
) -> tuple[Tally, ...]:
    """What is due in the views of the DuckDB at `url`; the failing records are in `file`.

    `engine` is this process's own way to that DuckDB, and `rows` how many the snapshot has.
    """
    if rows < _FEWEST_ROWS:
        return _validate(url, scans, file)
    engine.dispose()  # one process at a time has the DuckDB
    # each takes memory of its own
    lone = make_url(url).update_query_dict({"threads": "1"}).render_as_string()
    return apart(_validate, lone, scans, file)


def _validate(url: str, scans: Sequence[Scan], file: Path) -> tuple[Tally, ...]:
    from pipeline.rules.gx import validate

    found = validate(url, scans)
    write_failing(file, found.failing)
    return found.tallies
