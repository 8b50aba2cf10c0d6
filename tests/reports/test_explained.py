"""An explanation as a CSV and as a workbook: every record, each text a text."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from pipeline.cli.explain import explain, new_file
from pipeline.errors import ConfigError, PublishError
from pipeline.model import Figure, Scope, Unit
from pipeline.model.explanations import Explanation, Listed, Part
from pipeline.reports.excel.explained_book import write_explanation
from pipeline.reports.explained import COLUMNS, heading, parts_shown, write_csv

HOSTILE = ("=1+1", "@SUM(A1)", "\x1b[31mred", "a\nb", '"quoted", and more', "_x0041_")


def figure(metric: str, numerator: int, **more: object) -> Figure:
    parts = {
        "scope": Scope.COMPANY, "key": "", "dimension": "", "period": "period", "denominator": None,
        "unit": Unit.COUNT, "currency": "", "basis": "database",
    } | more  # fmt: skip
    return Figure(f"{metric}@company", metric=metric, numerator=numerator, **parts)  # type: ignore[arg-type]


def hostile() -> Explanation:
    records = tuple(
        Listed("deal", name, 1, name, day=date(2026, 11, 24), owner="u1", owner_name=name,
               link="https://crm.example/1")
        for name in HOSTILE
    )  # fmt: skip
    return Explanation(
        figure("deals_open", len(HOSTILE)),
        "=Open deals",
        ("=1+1", "what it means"),
        (Part("number", len(HOSTILE), records),),
    )


def money() -> Explanation:
    records = (Listed("deal", "d1", 635050, "One"), Listed("deal", "d2", -100, "Two"))
    won = figure("deals_won_amount", 634950, unit=Unit.MONEY, currency="EUR")
    return Explanation(won, "Won amount", ("a", "b"), (Part("number", 634950, records),))


def drawn() -> Explanation:
    parts = (figure("points_kept", 7), figure("points_due", 9))
    score = figure("score", 7, denominator=9, unit=Unit.PERCENT)
    numbers = (("numerator", 7), ("denominator", 9))
    return Explanation(
        score,
        "Completeness",
        ("a", "b"),
        tuple(Part(name, number, drawn_from=parts) for name, number in numbers),
    )


def lines(explanation: Explanation) -> list[dict[str, str]]:
    stream = io.StringIO()
    write_csv(explanation, stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue())))


def test_no_line_of_a_csv_is_a_formula() -> None:
    rows = lines(hostile())
    assert [row["id"] for row in rows] == ["'=1+1", "'@SUM(A1)", *HOSTILE[2:]]
    assert {row["adds"] for row in rows} == {"1"}
    assert {row["figure"] for row in rows} == {"deals_open@company"}


def test_amounts_of_a_csv_are_numbers_in_their_currency() -> None:
    rows = lines(money())
    assert [(row["adds"], row["currency"]) for row in rows] == [
        ("6350.50", "EUR"),
        ("-1", "EUR"),
    ]


def test_what_both_numbers_are_worked_out_from_is_said_once() -> None:
    rows = lines(drawn())
    assert [
        (row["part"], row["kind"], row["id"], row["name"], row["adds"]) for row in rows
    ] == [
        ("numerator", "figure", "points_kept@company", "7", ""),
        ("numerator", "figure", "points_due@company", "9", ""),
    ]
    [part] = parts_shown(drawn())
    assert heading(drawn(), part) == "77.8%, worked out from other figures"


def written(explanation: Explanation, folder: Path) -> openpyxl.Workbook:
    write_explanation(explanation, datetime(2026, 11, 24, 8, tzinfo=UTC), folder / "a.xlsx")
    return openpyxl.load_workbook(folder / "a.xlsx")


def test_every_text_of_a_workbook_is_a_text(tmp_path: Path) -> None:
    book = written(hostile(), tmp_path)
    words, records = book["figure"], book["number"]
    assert [cell.data_type for (cell,) in words["A1:A5"]] == ["s"] * 5
    ids = [row[1] for row in records.iter_rows(min_row=3)]
    assert [cell.data_type for cell in ids] == ["s"] * len(HOSTILE)
    # Excel reads _x005F_ as the character that it stands for; openpyxl does not
    texts = [cell.value.replace("\ufffd", "\x1b").replace("_x005F_", "_") for cell in ids]
    assert texts == [*HOSTILE[:-1], "_x0041_"]
    assert records["A1"].value == f"number: {len(HOSTILE)}, of {len(HOSTILE)} deals"
    links = [
        row[COLUMNS.index("link")].hyperlink.target for row in records.iter_rows(min_row=3)
    ]
    assert links == ["https://crm.example/1"] * len(HOSTILE)


def test_amounts_of_a_workbook_are_numbers(tmp_path: Path) -> None:
    sheet = written(money(), tmp_path)["number"]
    assert [row[COLUMNS.index("adds")].value for row in sheet.iter_rows(min_row=3)] == [
        6350.5,
        -1,
    ]
    assert sheet["A1"].value == "number: €6,349.50, of 2 deals"


def test_the_same_explanation_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(hostile(), tmp_path / name)
    assert (tmp_path / "one/a.xlsx").read_bytes() == (tmp_path / "two/a.xlsx").read_bytes()


# ------------------------------------------------------------------------------------------ files


def test_a_file_replaces_none(tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine", "utf-8")
    with (
        pytest.raises(ConfigError, match=r"there\.csv exists already"),
        new_file(tmp_path / "there.csv"),
    ):
        pass
    assert (tmp_path / "there.csv").read_text("utf-8") == "mine"


def half_written(file: Path) -> None:
    with new_file(file) as place:
        place.write_text("half", "utf-8")
        raise OSError(28, "No space left on device")


def test_half_a_file_is_never_seen(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="could not be written: No space left"):
        half_written(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["r", "f@company", "--to", "a.txt"], "name a file that ends in .csv or .xlsx"),
        (["r", "f@company", "--format", "xlsx"], "name the file, --to FILE"),
        (["r", "f@company", "--format", "table", "--to", "a.csv"], "a table is printed"),
        (["r", "--format", "csv"], "go with a FIGURE"),
        (["r", "@company", "--format", "csv"], "go with a FIGURE"),
        (["r", "f@company", "--format", "csv", "--sql", "snapshot"], "not with --sql"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(asked: list[str], said: str) -> None:
    done = CliRunner().invoke(explain, asked)
    assert done.exit_code == 2
    assert said in done.output
