"""figures.parquet once people are no longer in it: former colleagues are one figure, where that adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.model import Scope
from pipeline.reports.figures_file import _TABLE, without_people

Row = tuple[Scope, str, int, int | None]


def table_of(rows: list[Row], folder: Path) -> dict[str, Any]:
    """Of one measure, after people were taken out: id -> its numbers."""
    columns: dict[str, list[Any]] = {name: ["" for _ in rows] for name in _TABLE.names}
    columns["metric"] = ["deals"] * len(rows)
    columns["id"] = [
        f"deals@{scope}:{key}" if key else f"deals@{scope}" for scope, key, *_ in rows
    ]
    for at, name in enumerate(("scope", "key", "numerator", "denominator")):
        columns[name] = [row[at] for row in rows]
    columns["name"] = [f"name of {key}" if key else "" for _, key, *_ in rows]
    pq.write_table(pa.table(columns, schema=_TABLE), folder / "before")
    without_people(folder / "before", folder / "after")
    left = pq.read_table(folder / "after").to_pylist()
    assert not any(row["name"] for row in left if row["scope"] != "team")
    return {row["id"]: (row["numerator"], row["denominator"]) for row in left}


@pytest.mark.parametrize(
    ("twice", "company", "adds_up"), [(2, 9, True), (2, 11, False), (0, 11, True)]
)
def test_former_colleagues_become_one_figure_where_all_adds_up(
    twice: int, company: int, adds_up: bool, tmp_path: Path
) -> None:
    """Less what is counted twice."""
    left = table_of(
        [
            (Scope.MANAGER, "a", 4, None), (Scope.INACTIVE, "b", 2, None), (Scope.INACTIVE, "c", 1, None),
            (Scope.UNASSIGNED, "", 3, None), (Scope.OPERATOR, "", 1, None),
            (Scope.DOUBLE_COUNTED, "", twice, None), (Scope.TEAM, "t", 4, None), (Scope.COMPANY, "", company, None),
        ],
        tmp_path,
    )  # fmt: skip
    assert ("deals@inactive" in left) == adds_up
    if adds_up:
        assert left["deals@inactive"] == (3, None)
    kept = {
        "deals@unassigned",
        "deals@operator",
        "deals@double_counted",
        "deals@team:t",
        "deals@company",
    }
    assert left.keys() - {"deals@inactive"} == kept


def test_of_a_ratio_both_parts_must_add_up(tmp_path: Path) -> None:
    rows: list[Row] = [
        (Scope.MANAGER, "a", 4, 5),
        (Scope.INACTIVE, "b", 2, 3),
        (Scope.COMPANY, "", 6, 8),
    ]
    assert table_of(rows, tmp_path)["deals@inactive"] == (2, 3)
    rows[-1] = (Scope.COMPANY, "", 6, 9)
    assert "deals@inactive" not in table_of(rows, tmp_path)


def test_without_a_figure_of_the_company_nothing_is_said_of_former_colleagues(
    tmp_path: Path,
) -> None:
    assert table_of([(Scope.INACTIVE, "b", 2, None)], tmp_path) == {}
