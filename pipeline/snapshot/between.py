"""Snapshots between two: the earlier one's rows turned into the later one's, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.model.comparison import Cause
from pipeline.snapshot.typing import DELIVERED
from pipeline.snapshot.write import ROW_GROUP, Stored
from pipeline.values.hashes import file_sha256

DATA_STEPS: Final = (Cause.LEFT, Cause.ENTERED, Cause.VALUES, Cause.OWNERS)
"""The steps that change rows, in order."""

_OWNERS: Final = ("owner_id", "team_id", "team", "leader_id")
"""The columns that tell whose a record is, and in which team a user."""

_AT_ONCE: Final[Mapping[str, Cause]] = {
    "deletion": Cause.LEFT,
    "mailing": Cause.ENTERED,
    "visit": Cause.ENTERED,
    "co_owner": Cause.OWNERS,
    "change": Cause.OWNERS,
}
"""Tables whose rows have no id -> the step that changes them as a whole."""

_OF: Final = {"meeting_contact": ("meeting", "meeting_id")}
"""Tables of links -> the records that they belong to, and the column that names them."""


def between(
    before: Iterable[Stored], after: Iterable[Stored], folder: Path
) -> dict[Cause, tuple[Stored, ...]]:
    """The snapshot after each step that changes rows; after the last one it is the later one.

    Both have the same entities and columns, and name their files by absolute paths. What lies
    between them is written into `folder`; one entity at a time is in memory.
    """
    ours = {entry.entity: entry for entry in before}
    made = [_steps(ours, entry, folder) for entry in after]
    return {step: tuple(entries[step] for entries in made) for step in DATA_STEPS}


def _steps(before: Mapping[str, Stored], after: Stored, folder: Path) -> dict[Cause, Stored]:
    """An entity after each step: what is not written apart is the former file or the later one."""
    entity = after.entity
    ours = before[entity]
    if ours.sha256 == after.sha256:
        return dict.fromkeys(DATA_STEPS, after)
    if entity in _AT_ONCE:
        at = DATA_STEPS.index(_AT_ONCE[entity])
        former = dict.fromkeys(DATA_STEPS[:at], ours)
        return {**former, **dict.fromkeys(DATA_STEPS[at:], after)}
    tables = _links(before, after) if entity in _OF else _records(ours, after)
    written = {step: _written(entity, step, table, folder) for step, table in tables.items()}
    return {Cause.LEFT: ours, Cause.VALUES: after, Cause.OWNERS: after, **written}


def _records(before: Stored, after: Stored) -> dict[Cause, pa.Table]:
    """Records are told apart by their ids."""
    ours, theirs = _read(before), _read(after)
    stayed = ours.filter(pc.is_in(ours["id"], theirs["id"]))
    entered = theirs.filter(pc.invert(pc.is_in(theirs["id"], ours["id"])))
    return {
        Cause.LEFT: stayed,
        Cause.ENTERED: pa.concat_tables([stayed, entered], promote_options="default"),
        Cause.VALUES: _with_owners_of(ours, theirs),
    }


def _links(before: Mapping[str, Stored], after: Stored) -> dict[Cause, pa.Table]:
    """Links enter with their records; those of records that stay are values of them."""
    record, named = _OF[after.entity]
    known = _read(before[record])["id"]
    theirs = _read(after)
    entered = theirs.filter(pc.invert(pc.is_in(theirs[named], known)))
    ours = _read(before[after.entity])
    return {Cause.ENTERED: pa.concat_tables([ours, entered], promote_options="default")}


def _with_owners_of(ours: pa.Table, theirs: pa.Table) -> pa.Table:
    """The later rows, with the owners that their records had before."""
    places = pc.index_in(theirs["id"], ours["id"])
    is_known = pc.is_valid(places)
    for name in (column for owner in _OWNERS for column in (owner, f"{owner}{DELIVERED}")):
        if name in ours.column_names and name in theirs.column_names:
            former = ours[name].take(places)
            owners = pc.if_else(is_known, former, theirs[name])
            theirs = theirs.set_column(theirs.column_names.index(name), name, owners)
    return theirs


def _read(entry: Stored) -> pa.Table:
    return pq.read_table(entry.file)


def _written(entity: str, step: Cause, table: pa.Table, folder: Path) -> Stored:
    file = folder / f"{entity}_{step}.parquet"
    pq.write_table(table, file, row_group_size=ROW_GROUP)
    return Stored(entity, str(file), table.num_rows, file_sha256(file))
