"""The proof: what the CRM's own database says against what was computed from the snapshot. A pure comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import pandas as pd

from pipeline.errors import ProofError
from pipeline.model import Failing, Figure
from pipeline.show import rounded, show

Difference = tuple[str, str, str, str]
"""(figure or record, where, in the source, in ours)"""

_VALUE = ["numerator", "denominator", "unit", "currency", "period"]


def prove(witness: Sequence[Figure], ours: Sequence[Figure], seen: Sequence[Failing], found: Sequence[Failing]) -> None:
    """Every figure and every failing record, with its mask, must be the same in both; else a ProofError names them."""
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


def _figures(witness: Sequence[Figure], ours: Sequence[Figure]) -> list[Difference]:
    both = _frame(witness).merge(
        _frame(ours), how="outer", left_index=True, right_index=True, suffixes=("_source", "_ours")
    )
    equal = both["value_source"] == both["value_ours"]
    wrong = both[~equal.astype(bool)].fillna("no such figure")
    return [(str(name), "figures", str(row["value_source"]), str(row["value_ours"])) for name, row in wrong.iterrows()]


def _frame(figures: Sequence[Figure]) -> pd.DataFrame:
    """Indexed by figure id. Values are tuples: pandas would make floats of integers beside None."""
    values = pd.Series(
        [tuple(getattr(figure, part) for part in _VALUE) for figure in figures],
        index=[figure.id for figure in figures], dtype="object", name="value",
    )  # fmt: skip
    if not values.index.is_unique:
        raise ProofError(f"the figure {values.index[values.index.duplicated()][0]} exists twice")
    return values.map(_written).to_frame()


def _written(value: tuple[object, ...]) -> str:
    numerator, denominator, unit, currency, period = value
    number = f"{numerator}" if denominator is None else f"{numerator} of {denominator}"
    return " ".join(filter(None, (number, str(unit), str(currency), f"({period})")))


def _records(seen: Sequence[Failing], found: Sequence[Failing]) -> list[Difference]:
    source, ours = ({_place(record): record for record in records} for records in (seen, found))
    repeated = [(name, len(records) - len(unique)) for name, records, unique in
                (("source", seen, source), ("ours", found, ours)) if len(records) != len(unique)]  # fmt: skip
    differences: list[Difference] = [
        ("failing records", f"listed more than once in {where}", str(count), "0") for where, count in repeated
    ]
    for key in sorted(source.keys() | ours.keys()):
        if source.get(key) != ours.get(key):
            differences.append((f"{key[0]} {key[1]}", "failing records", _mask(source.get(key)), _mask(ours.get(key))))
    return differences


def _place(record: Failing) -> tuple[str, str, bool, str]:
    """The record, and where it is another owner's already, which one this is: an id may be blank."""
    return record.entity, record.record_id, record.again, record.owner if record.again else ""


def _mask(record: Failing | None) -> str:
    if record is None:
        return "not failing"
    return f"mask {record.mask:b}, owner {record.owner or 'nobody'}, {'period' if record.in_period else 'base'}"
