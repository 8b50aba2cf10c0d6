"""The proof: what the CRM's own database says against what was computed from the snapshot. A pure comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

import duckdb

from pipeline.errors import ProofError
from pipeline.model import Figure
from pipeline.show import rounded, show

Difference = tuple[str, str, str, str]
"""(figure or record, where, in the source, in ours)"""


def prove(witness: Sequence[Figure], ours: Sequence[Figure], seen: Path, found: Path) -> None:
    """Every figure and every failing record, with its mask, must be the same in both; else a ProofError names them.

    `seen` and `found` are Parquet files of failing records, the source's and ours; only what differs is read from them.
    """
    differences = [*_figures(witness, ours), *_records(seen, found)]
    if differences:
        raise ProofError(
            f"{len(differences)} figures or records differ between the source and what was computed; "
            "nothing was published, and the last good report stays.",
            tuple(differences),
        )


def prove_controls(figures: Mapping[str, Figure], controls: Iterable[tuple[str, str]]) -> None:
    """Every control total (figure, number as text) must be what its figure says. ProofError names those that differ."""
    differences = [
        (name, "control total", given, show(figures[name]) if name in figures else "no such figure")
        for name, given in controls
        if name not in figures or not _says(figures[name], given)
    ]
    if differences:
        raise ProofError(
            f"{len(differences)} control totals differ from what was computed; nothing was published, "
            "and the last good report stays.",
            tuple(differences),
        )


def _says(figure: Figure, given: str) -> bool:
    try:
        return rounded(figure) == Decimal(given)
    except InvalidOperation:
        return False


def _figures(witness: Sequence[Figure], ours: Sequence[Figure]) -> Iterator[Difference]:
    source, own = _by_id(witness), _by_id(ours)
    for name in sorted(source.keys() | own.keys()):
        there, here = _written(source.get(name)), _written(own.get(name))
        if there != here:
            yield name, "figures", there, here


def _by_id(figures: Sequence[Figure]) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for figure in figures:
        if figure.id in found:
            raise ProofError(f"the figure {figure.id} exists twice")
        found[figure.id] = figure
    return found


def _written(figure: Figure | None) -> str:
    """All of a figure that is compared: how it was found is no difference."""
    if figure is None:
        return "no such figure"
    number = f"{figure.numerator}" if figure.denominator is None else f"{figure.numerator} of {figure.denominator}"
    return " ".join(filter(None, (number, figure.unit, figure.currency, f"({figure.period})")))


_KEY: Final = "entity, record_id, again, holder"
"""What names a failing record, and where it is another owner's already, that owner: an owner's id may be blank."""

_DIFFERING: Final = """
    SELECT entity, record_id, source.mask, source.owner, source.in_period, ours.mask, ours.owner, ours.in_period
    FROM source FULL JOIN ours USING (entity, record_id, again, holder)
    WHERE source.mask IS DISTINCT FROM ours.mask OR source.owner IS DISTINCT FROM ours.owner
       OR source.in_period IS DISTINCT FROM ours.in_period
    ORDER BY entity, record_id, again, holder
"""


def _records(seen: Path, found: Path) -> Iterator[Difference]:
    with closing(duckdb.connect(config={"temp_directory": str(found.parent)})) as db:
        for name, file in (("source", seen), ("ours", found)):
            records = db.read_parquet(str(file)).project("*, CASE WHEN again THEN owner ELSE '' END AS holder")
            records.create_view(name)
            repeated = _count(records) - _count(records.project(_KEY).distinct())
            if repeated:
                yield "failing records", f"listed more than once in {name}", str(repeated), "0"
        for entity, record, *sides in db.execute(_DIFFERING).fetchall():
            yield f"{entity} {record}", "failing records", _failing(*sides[:3]), _failing(*sides[3:])


def _count(records: duckdb.DuckDBPyRelation) -> int:
    [(number,)] = records.aggregate("count(*)").fetchall()
    return int(number)


def _failing(mask: str | None, owner: str | None, in_period: bool | None) -> str:
    """`mask` is written to the base of 16."""
    if mask is None:
        return "not failing"
    return f"mask {int(mask, 16):b}, owner {owner or 'nobody'}, {'period' if in_period else 'base'}"
