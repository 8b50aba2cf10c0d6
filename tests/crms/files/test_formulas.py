"""Cells of a workbook without a value are not empty: errors, and formulas that no program ever computed."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.config.field_sets import read_field_sets
from pipeline.databases.exports.cells import Declared, tables_of
from pipeline.databases.exports.formulas import without_value
from pipeline.errors import ImplausibleError, SourceError
from pipeline.flows.check import check_audit
from pipeline.formats import ReadingRules
from pipeline.model import ENTITIES
from pipeline.presets import Formats
from pipeline.values.texts import UNREADABLE
from tests.crms.files.ours import compute, extract, prepared

ERRORS = ("#REF!", "#N/A", "#NAME?", "#DIV/0!", "#VALUE!", "#NULL!", "#NUM!")


def workbook(*rows: list[Any]) -> bytes:
    """Formulas as a library writes them, without a value; errors as Excel does."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value in ERRORS:
                cell.data_type = "e"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rows_of(data: bytes) -> list[list[Any]]:
    (table,) = tables_of(Path("deals.xlsx"), data, Declared(None, None), each_once=True)
    return [list(row) for row in table.rows]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_no_empty_cell(error: str) -> None:
    assert rows_of(workbook(["id", "amount"], [1, error], [2, None])) == [
        ["1", error],
        ["2", ""],
    ]


def test_a_formula_without_a_value_is_no_empty_cell() -> None:
    rows = rows_of(
        workbook(
            ["id", "name", "amount"], [1, '="x"', "=1+1"], [2, "", "=A2"], ["=1", None, None]
        )
    )
    assert rows == [["1", "=?", "=?"], ["2", "", "=?"], ["=?", "", ""]]


def test_what_stands_there_is_unreadable_as_a_day_and_as_an_amount() -> None:
    rules = ReadingRules(Formats())
    for text in (*ERRORS, "=?"):
        assert rules.day(text) is rules.instant(text) is rules.money(text, "EUR") is UNREADABLE


def test_a_formula_that_was_computed_has_its_value() -> None:
    """An empty text is one too."""
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        '<c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>""</f><v></v></c><c r="C1"><f>1</f><v/></c>'
        '<c r="AB1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row></sheetData></worksheet>'
    )
    assert without_value(_with_sheet(sheet)) == {"Sheet": {(0, 2): "=?", (0, 27): "#DIV/0!"}}


def test_xml_that_cannot_be_read_is_told() -> None:
    with pytest.raises(SourceError, match=r"deals\.xlsx"):
        rows_of(_with_sheet("<worksheet><f>"))


def test_in_a_text_it_is_unreadable_and_neither_entered_nor_missing(tmp_path: Path) -> None:
    """In a workbook, and in what a spreadsheet saved of one; the owner's fix-list names the record."""
    (tmp_path / "exports").mkdir()
    stages = ["#REF!", '=A1&"x"', None, "Engaging", "#N/B", "#1"]
    header = ["opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date",
              "close_value"]  # fmt: skip
    deals = [
        [n, "Ann", "p", "Acme", stage, "01-06-2017", None, None]
        for n, stage in enumerate(stages, 1)
    ]
    deals.append(
        [7, "Ann", "p", "#REF!", "Engaging", "01-06-2017", None, None]
    )  # a reference to nothing
    (tmp_path / "exports" / "sales_pipeline.xlsx").write_bytes(workbook(header, *deals))
    (tmp_path / "exports" / "sales_teams.csv").write_text(
        "sales_agent,manager,regional_office\nAnn,Mia,North\n"
    )
    (tmp_path / "exports" / "accounts.csv").write_text("account,sector\nAcme,x\n")
    audit = prepared(tmp_path)
    extract(audit)
    result = compute(audit)
    names = ("unreadable/deal.stage", "base_missing/deal.stage", "base_missing/deal.client")
    assert [result.figures[f"{name}@company"].numerator for name in names] == [3, 1, 1]
    said = {item.record_id: list(map(str, item.missing)) for item in result.fix_list}
    assert {n for n, missing in said.items() if "stage: cannot be read" in missing} == {
        "1",
        "2",
        "5",
    }


def test_check_says_in_which_file_sheet_and_column_they_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in columns that nothing reads; what a spreadsheet saved as CSV has them as text."""
    (tmp_path / "exports").mkdir()
    header = ["opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date",
              "close_value"]  # fmt: skip
    deals = [
        [1, "Ann", "p", "Acme", "#REF!", "01-06-2017", None, "=1+1"],
        [2, "Ann", "#REF!", "Acme", "#N/A", "=TODAY()", None, 2],
        [3, "Ann", "p", "Acme", "#REF!", "01-06-2017", None, "=A1"],
        [4, "Ann", "p", "Acme", "Won", "01-06-2017", None, 2],
    ]
    book = openpyxl.load_workbook(io.BytesIO(workbook(header, *deals)))
    assert book.active is not None
    book.active.title = "sales_pipeline"
    notes = book.create_sheet("notes")
    notes.append(["see"])
    notes.append(["=1+1"])
    book.save(tmp_path / "exports" / "sales.xlsx")
    (tmp_path / "exports" / "sales_teams.csv").write_text(
        "sales_agent,manager,regional_office\nAnn,Mia,#VERW!\n"
    )
    (tmp_path / "exports" / "accounts.csv").write_text("account,sector\nAcme,#REF\n")
    with suppress(ImplausibleError):
        check_audit(prepared(tmp_path), datetime(2017, 6, 20, 10, tzinfo=UTC))
    said = " ".join(capsys.readouterr().out.split())
    remedy = "; correct that in the spreadsheet, let it compute, and save it again."
    place = "sales.xlsx, sheet sales_pipeline, column"
    for sentence in (
        f"{place} deal_stage: 3 cells hold an error (#REF! 2, #N/A 1){remedy}",
        f"{place} product: 1 cell holds an error (#REF! 1){remedy}",
        f"{place} engage_date: 1 cell holds a formula without a value{remedy}",
        f"{place} close_value: 2 cells hold a formula without a value{remedy}",
        f"sales.xlsx, sheet notes, column see: 1 cell holds a formula without a value{remedy}",
        f"sales_teams.csv, column regional_office: 1 cell holds an error (#VERW! 1){remedy}",
    ):
        assert sentence in said
    assert said.count(remedy) == 6


def test_only_files_have_such_texts(tmp_path: Path) -> None:
    schema = {entity: dict(columns) for entity, columns in ENTITIES.items()}
    own, of_files = (
        read_field_sets(tmp_path, {}, schema, cells=cells) for cells in (False, True)
    )
    assert "subject" not in own["meeting"].readable
    assert (
        of_files["meeting"].readable[: len(own["meeting"].readable)] == own["meeting"].readable
    )
    assert "subject" in of_files["meeting"].readable


def _with_sheet(xml: str) -> bytes:
    given, changed = io.BytesIO(workbook(["id"], [1])), io.BytesIO()
    with zipfile.ZipFile(given) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, xml if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return changed.getvalue()
