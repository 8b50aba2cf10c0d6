"""Where the minimum field sets are validated: of a large snapshot by a process of its own,
whose memory ends with it.

The library alone takes more memory than all reports of a large company, and is needed no
more once they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, FromClause, make_url

from pipeline.findings.stored import tallies_of_failing, write_failing
from pipeline.model import FieldSet, Tally
from pipeline.workers import apart

_FEWEST_ROWS: Final = 200_000
"""Rows of a snapshot that make a process worth starting: it takes about two seconds."""


def validated(
    engine: Engine,
    url: str,
    views: Mapping[str, FromClause],
    field_sets: Mapping[str, FieldSet],
    file: Path,
    *,
    several_owners: bool,
    rows: int,
) -> tuple[Tally, ...]:
    """What is due, missing and failing in the views of the DuckDB at `url`; the
    failing records are in `file`.

    `engine` is this process's own way to that DuckDB, and `rows` how many the snapshot has.
    """
    if rows < _FEWEST_ROWS:
        return _validate(url, views, field_sets, file, several_owners)
    engine.dispose()  # one process at a time has the DuckDB
    # each takes memory of its own
    lone = make_url(url).update_query_dict({"threads": "1"}).render_as_string()
    return apart(_validate, lone, views, field_sets, file, several_owners)


def _validate(
    url: str,
    views: Mapping[str, FromClause],
    field_sets: Mapping[str, FieldSet],
    file: Path,
    several_owners: bool,
) -> tuple[Tally, ...]:
    from pipeline.rules.gx import validate

    found = validate(url, views, field_sets, several_owners=several_owners)
    write_failing(file, found.failing)
    return (*found.tallies, *tallies_of_failing(file))
