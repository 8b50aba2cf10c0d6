"""The workbook: what it holds, that it reads back to the last digit, and that every alteration is caught."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from lxml import etree

from pipeline.language.format import excel_format, excel_value, format_figure
from pipeline.language.languages import ENGLISH
from pipeline.model import (
    SPANS,
    Figure,
    FixItem,
    LanguageCode,
    Rule,
    Scope,
    Span,
    Unit,
    Verdict,
    same_in_all,
)
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import Report, Row, Table
from pipeline.reports.excel import read_workbook as reader
from pipeline.reports.excel import sheet_text, workbook
from pipeline.reports.excel.read_workbook import (
    as_printed,
    compared,
    read_workbook,
    workbook_differences,
)
from pipeline.reports.excel.sheet_text import (
    CELL_LIMIT,
    LINK_LIMIT,
    Link,
    excel_text,
    is_link,
    list_rows,
    sheet_names,
    stamp,
)
from pipeline.reports.excel.workbook import write_workbook
from tests import factory
from tests.paths import GOLDEN, ROOT

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ANNA, BO, HOSTILE = factory.PEOPLE[:3]
REPAIRS, INDEX = "To complete", "Index"
AMOUNT = Rule("deal", "amount", Verdict.MISSING)


def figure(
    unit: Unit, numerator: int, denominator: int | None = None, currency: str = ""
) -> Figure:
    name = f"x{numerator}/{denominator}/{unit.value}/{currency}@company"
    return Figure(
        name,
        Scope.COMPANY,
        "",
        "x",
        "",
        "period",
        numerator,
        denominator,
        unit,
        currency,
        "database",
    )


def report_of(*rows: Row, fix_list: tuple[FixItem, ...] = (), **changes: object) -> Report:
    width = max((len(row.cells) for row in rows), default=1)
    table = Table("table", "A table", ("Name", *map(str, range(width))), rows)
    report = Report(
        "manager", "Title", BO, factory.result(), ENGLISH, (), (table,), fix_list, ()
    )
    return replace(report, **changes)  # type: ignore[arg-type]


def written(report: Report, folder: Path) -> Path:
    file = folder / "report.xlsx"
    write_workbook(report, file)
    return file


# ------------------------------------------------------------------------------------------------ alterations


class Package:
    """A workbook's parts, from which altered copies are made one at a time."""

    def __init__(self, report: Report, folder: Path) -> None:
        self.report, self.file, self.copy = (
            report,
            written(report, folder),
            folder / "altered.xlsx",
        )
        with zipfile.ZipFile(self.file) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist()}
        self.read = read_workbook(self.file, report)

    def sheet(self, name: str) -> str:
        return f"xl/worksheets/sheet{list(self.read.sheets).index(name) + 1}.xml"

    def found(self, part: str, content: bytes) -> list[tuple[str, str, str, str]]:
        """The differences of a copy in which one part has another content."""
        self._write(self.parts | {part: content})
        return workbook_differences(self.report, self.copy)

    def found_in(self, sheet: str, content: bytes) -> list[tuple[str, str, str, str]]:
        """The same, of a sheet: it is read from a copy that has no other; those are as written."""
        others = {self.sheet(name) for name in self.read.sheets if name != sheet}
        book = etree.fromstring(self.parts["xl/workbook.xml"])
        for node in [*book.iter(f"{MAIN}sheet")]:
            if node.get("name") != sheet:
                node.getparent().remove(node)
        altered = {"xl/workbook.xml": etree.tostring(book), self.sheet(sheet): content}
        self._write(
            {name: part for name, part in (self.parts | altered).items() if name not in others}
        )
        sheets = self.read.sheets | {sheet: read_workbook(self.copy, self.report).sheets[sheet]}
        return compared(self.report, replace(self.read, sheets=sheets))

    def _write(self, parts: Mapping[str, bytes]) -> None:
        with zipfile.ZipFile(self.copy, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)

    def each(
        self,
        sheet: str,
        alter: Callable[[etree._Element], None],
        wanted: Callable[[etree._Element], bool],
    ) -> int:
        """Alter every wanted cell of a sheet in turn; each time just that cell must be named. How many there were."""
        part = self.sheet(sheet)
        tree = etree.fromstring(self.parts[part])
        refs = [str(cell.get("r")) for cell in tree.iter(f"{MAIN}c") if wanted(cell)]
        for ref in refs:
            changed = etree.fromstring(self.parts[part])
            cell = changed.find(f".//{MAIN}c[@r='{ref}']")
            alter(cell)
            places = {where for _, where, _, _ in self.found_in(sheet, etree.tostring(changed))}
            assert f"{sheet}!{ref}" in places, f"{sheet}!{ref} was altered unseen"
        return len(refs)


def other_value(cell: etree._Element) -> None:
    """A number that is a little larger, or a text that is a little longer."""
    node = cell.find(f"{MAIN}v")
    if node is not None:
        node.text = repr(float(node.text) + (0.001 if "." in node.text else 1))
    else:
        text = cell.find(f"{MAIN}is/{MAIN}t")
        text.text += "0"


def filled(cell: etree._Element) -> bool:
    return len(cell) > 0


@pytest.fixture(scope="module")
def management(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(management_report(factory.result()), tmp_path_factory.mktemp("management"))


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(manager_report(factory.result(), BO), tmp_path_factory.mktemp("manager"))


def figure_sheets(package: Package) -> list[str]:
    return [name for name in sheet_names(package.report) if name != INDEX]


def figure_cells(package: Package) -> dict[str, set[str]]:
    """Sheet -> the cells in which the index says that a figure stands."""
    index = openpyxl.load_workbook(package.file)[INDEX]
    found: dict[str, set[str]] = {}
    for _, sheet, cell in index.iter_rows(min_row=5, max_col=3, values_only=True):
        found.setdefault(sheet, set()).add(cell)
    return found


def test_reads_back_as_written(management: Package, manager: Package) -> None:
    for package in (management, manager):
        assert workbook_differences(package.report, package.file) == []


@pytest.mark.parametrize("name", ["management", "manager"])
def test_every_figure_altered_in_turn_is_caught(
    name: str, request: pytest.FixtureRequest
) -> None:
    package: Package = request.getfixturevalue(name)
    altered = sum(
        package.each(sheet, other_value, lambda cell, cells=cells: cell.get("r") in cells)
        for sheet, cells in figure_cells(package).items()
    )
    assert altered == len(list(package.report.figures()))


def test_a_step_too_small_to_be_printed_is_caught(manager: Package) -> None:
    def nudge(cell: etree._Element) -> None:
        node = cell.find(f"{MAIN}v")
        node.text = repr(float(node.text) + 1e-9)

    for sheet, cells in figure_cells(manager).items():
        manager.each(
            sheet,
            nudge,
            lambda c, cells=cells: c.get("r") in cells and c.find(f"{MAIN}v") is not None,
        )


def test_every_format_altered_in_turn_is_caught(manager: Package) -> None:
    styles = etree.fromstring(manager.parts["xl/styles.xml"])
    own = {
        node.get("numFmtId"): node.get("formatCode") for node in styles.iter(f"{MAIN}numFmt")
    }
    styled = [
        own.get(xf.get("numFmtId"), xf.get("numFmtId")) for xf in styles.find(f"{MAIN}cellXfs")
    ]
    percent = str(styled.index("#,##0.0%"))
    count = str(styled.index("3"))

    def reformat(cell: etree._Element) -> None:
        cell.set("s", count if styled[int(cell.get("s"))] == "#,##0.0%" else percent)

    for sheet, cells in figure_cells(manager).items():
        assert manager.each(sheet, reformat, lambda cell, cells=cells: cell.get("r") in cells)


@pytest.mark.parametrize(
    "code", ["#,##0", "#,##0.00%", "0.0%", "#,##0.0", ";;;", '"91.3%"', "#,##0.0%;[Red]0"]
)
def test_a_changed_format_code_is_caught(manager: Package, code: str) -> None:
    styles = manager.parts["xl/styles.xml"].replace(
        b"#,##0.0%", code.replace('"', "&quot;").encode()
    )
    assert manager.found("xl/styles.xml", styles)


def test_every_cell_of_the_fix_list_altered_in_turn_is_caught(manager: Package) -> None:
    cells = manager.each(REPAIRS, other_value, filled)
    rows = list(list_rows(manager.report))
    empty = sum(cell == "" for row in rows for cell in row)
    assert cells == 3 + 12 * (1 + len(rows)) - empty
    assert len(rows) == sum(len(item.rules) for item in manager.report.fix_list) > 14
    assert {type(cell) for row in rows for cell in row} == {str, int, date, Link}


def test_every_cell_of_the_index_altered_is_caught(manager: Package) -> None:
    """All at once, each of them named: one at a time is done for the cells that people read."""
    part = manager.sheet(INDEX)
    tree = etree.fromstring(manager.parts[part])
    cells = [cell for cell in tree.iter(f"{MAIN}c") if filled(cell)]
    for cell in cells:
        other_value(cell)
    places = Counter(where for _, where, _, _ in manager.found(part, etree.tostring(tree)))
    assert all(places[f"{INDEX}!{cell.get('r')}"] == 1 for cell in cells)


def test_labels_titles_stamps_and_notes_altered_in_turn_are_caught(manager: Package) -> None:
    figures = figure_cells(manager)
    for sheet in figure_sheets(manager):
        if sheet != REPAIRS:
            known = figures.get(sheet, set())
            assert manager.each(
                sheet, other_value, lambda c, known=known: filled(c) and c.get("r") not in known
            )


def test_every_link_altered_in_turn_is_caught(manager: Package) -> None:
    part = manager.sheet(REPAIRS).replace("worksheets/", "worksheets/_rels/") + ".rels"
    tree = etree.fromstring(manager.parts[part])
    links = [node.get("Id") for node in tree if node.get("Type").endswith("/hyperlink")]
    findings = sum(len(item.rules) for item in manager.report.fix_list)
    without = sum(not is_link(item.link) for item in manager.report.fix_list)
    assert len(links) == 2 * findings - without  # to the record, and a mail
    for link in links:
        changed = etree.fromstring(manager.parts[part])
        node = next(node for node in changed if node.get("Id") == link)
        node.set("Target", f"{node.get('Target')}x")
        assert len(manager.found(part, etree.tostring(changed))) == 1


def test_a_count_of_what_is_not_held_leads_to_its_reasons(manager: Package) -> None:
    book = openpyxl.load_workbook(manager.file)
    cell = book["How completeness is made"]["H6"]
    assert (cell.value, cell.hyperlink.location) == (1, "'Not checked'!A1")
    assert book["Not checked"]["B5"].value == "this CRM does not hold it"
    part = manager.sheet("How completeness is made")
    for location in ("'Notes'!A1", "'Not checked'!A2"):
        changed = etree.fromstring(manager.parts[part])
        (link,) = changed.iter(f"{MAIN}hyperlink")
        link.set("location", location)
        assert len(manager.found(part, etree.tostring(changed))) == 1
        link.getparent().remove(link)
        assert len(manager.found(part, etree.tostring(changed))) == 1


def rows_of(package: Package, sheet: str) -> Iterator[tuple[etree._Element, etree._Element]]:
    part = package.sheet(sheet)
    for number in range(
        5, len(etree.fromstring(package.parts[part]).find(f"{MAIN}sheetData")) + 1
    ):
        tree = etree.fromstring(package.parts[part])
        yield tree, tree.find(f".//{MAIN}row[@r='{number}']")


def test_a_row_emptied_or_hidden_is_caught(manager: Package) -> None:
    for sheet in sheet_names(manager.report)[:-1]:
        for tree, row in rows_of(manager, sheet):
            row.set("hidden", "1")
            assert manager.found_in(sheet, etree.tostring(tree))
        for tree, row in rows_of(manager, sheet):
            row.getparent().remove(row)
            assert manager.found_in(sheet, etree.tostring(tree))


@pytest.mark.parametrize("sheet", [0, 1, -3, -2, -1])
def test_a_row_removed_or_added_by_hand_is_caught(manager: Package, sheet: int) -> None:
    for change in ("delete_rows", "insert_rows"):
        book = openpyxl.load_workbook(manager.file)
        getattr(book.worksheets[sheet], change)(5)
        book.save(manager.copy)
        assert workbook_differences(manager.report, manager.copy)
    book = openpyxl.load_workbook(manager.file)
    book.worksheets[sheet].append(["one more", 1])
    book.save(manager.copy)
    assert workbook_differences(manager.report, manager.copy)


def test_saved_again_by_another_program_it_still_reads_back(manager: Package) -> None:
    openpyxl.load_workbook(manager.file).save(manager.copy)
    assert workbook_differences(manager.report, manager.copy) == []


def test_other_ways_to_show_another_figure_are_caught(manager: Package) -> None:
    sheet, cells = next(iter(figure_cells(manager).items()))
    ref = min(cells)

    def formula(cell: etree._Element) -> None:
        node = etree.Element(f"{MAIN}f")
        node.text = "1+1"
        cell.insert(0, node)

    def boolean(cell: etree._Element) -> None:
        cell.set("t", "b")
        cell.find(f"{MAIN}v").text = "1"

    def as_text(cell: etree._Element) -> None:
        cell.set("t", "str")

    def empty(cell: etree._Element) -> None:
        del cell[:]

    for alter in (formula, boolean, as_text, empty):
        assert manager.each(sheet, alter, lambda cell: cell.get("r") == ref) == 1


def test_a_formula_that_comes_to_the_same_text_is_caught(manager: Package) -> None:
    """Whoever recalculates it may see another one."""
    sheet = sheet_names(manager.report)[0]

    def formula(cell: etree._Element) -> None:
        del cell[:]
        cell.set("t", "str")
        for tag, text in (("f", '"a"&"b"'), ("v", manager.report.title)):
            etree.SubElement(cell, f"{MAIN}{tag}").text = text

    assert manager.each(sheet, formula, lambda cell: cell.get("r") == "A1") == 1


def test_sheets_hidden_moved_or_added_are_caught(manager: Package) -> None:
    def changed(
        change: Callable[[openpyxl.Workbook], object],
    ) -> list[tuple[str, str, str, str]]:
        book = openpyxl.load_workbook(manager.file)
        change(book)
        book.save(manager.copy)
        return workbook_differences(manager.report, manager.copy)

    assert changed(lambda book: setattr(book.worksheets[1], "sheet_state", "hidden"))
    assert changed(lambda book: book.move_sheet(REPAIRS, 1))
    assert changed(lambda book: book.create_sheet("More"))
    assert changed(lambda book: book.remove(book[REPAIRS]))


def test_another_report_is_not_taken_for_this_one(
    management: Package, manager: Package
) -> None:
    assert workbook_differences(management.report, manager.file)
    other = replace(manager.report, result=replace(manager.report.result, run_id="another"))
    places = [where for _, where, _, _ in workbook_differences(other, manager.file)]
    names = sheet_names(other)
    assert [place for place in places if "!" in place] == [f"{name}!A2" for name in names]
    assert {place for place in places if "!" not in place} == {*names}  # as printed, too


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no workbook", b"plain text"])
def test_a_file_that_is_no_workbook_is_a_difference(manager: Package, content: bytes) -> None:
    manager.copy.write_bytes(content)
    assert workbook_differences(manager.report, manager.copy)[0][2] == "a readable workbook"


# ------------------------------------------------------------------------------------------------ what it holds


def test_same_report_same_bytes(manager: Package, tmp_path: Path) -> None:
    again = written(manager.report, tmp_path)
    assert again.read_bytes() == manager.file.read_bytes()
    with zipfile.ZipFile(again) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 16, 6, 0, 0)}
    properties = openpyxl.load_workbook(again).properties
    assert (
        properties.created == properties.modified == factory.window().as_of.replace(tzinfo=None)
    )


def test_before_1980_it_is_still_written(tmp_path: Path) -> None:
    result = factory.result()
    window = replace(result.window, as_of=result.window.as_of - timedelta(days=20_000))
    report = report_of(result=replace(result, window=window))
    assert workbook_differences(report, written(report, tmp_path)) == []


def test_run_and_as_of_on_every_sheet(management: Package) -> None:
    for sheet in openpyxl.load_workbook(management.file):
        assert sheet["A2"].value == stamp(management.report)
        assert "16 Nov 2026 07:00 CET" in sheet["A2"].value
        assert "2026-11-16T060000Z-7f3a" in sheet["A2"].value
        assert "7f3a" in sheet.oddFooter.left.text


def test_an_ampersand_of_a_printed_title_is_whole(tmp_path: Path) -> None:
    """There & begins a code, and && is the character: also where a long title ends."""
    file = written(report_of(title=f"{'x' * 89}& Co"), tmp_path)
    with zipfile.ZipFile(file) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode("utf-8")
    (printed,) = re.findall("<oddHeader>(.*?)</oddHeader>", xml)
    assert f"&L{'x' * 89}&&&R" in unescape(printed)


AMOUNTS = [
    (Unit.MONEY, 99_999_999_999_999, None, "EUR", 999999999999.99),
    (Unit.MONEY, 999_999_999_999_999, None, "EUR", 9999999999999.99),
    (Unit.MONEY, 1_000_000_000_000_001, None, "EUR", None),
    (Unit.MONEY, 305_184_080_441_754_059, None, "JPY", None),
    (Unit.MONEY, -1_234_567, None, "KWD", -1234.567),
    (Unit.MONEY, 0, None, "EUR", 0),
    (Unit.PERCENT, 1, 16, "", 0.063),
    (Unit.PERCENT, 9999, 10_000, "", 0.999),
    (Unit.PERCENT, 45, 10, "", 4.5),
    (Unit.PERCENT, 0, 0, "", None),
    (Unit.PER_DAY, 25, 4, "", 6.3),
    (Unit.PER_DAY, 25, 0, "", None),
    (Unit.COUNT, 999_999_999_999_999, None, "", 999_999_999_999_999),
    (Unit.COUNT, 1_000_000_000_000_001, None, "", None),
    (Unit.DAYS, 11, None, "", 11),
]


def test_numbers_are_numbers_and_what_excel_cannot_hold_is_text_with_a_note(
    tmp_path: Path,
) -> None:
    figures = [figure(*amount[:4]) for amount in AMOUNTS]
    report = report_of(*(Row(f.id, (f,)) for f in figures))
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    book = openpyxl.load_workbook(file)
    for number, (one, amount) in enumerate(zip(figures, AMOUNTS, strict=True), 5):
        cell = book["A table"][f"B{number}"]
        assert cell.value == (format_figure(one, ENGLISH) if amount[4] is None else amount[4])
        assert cell.data_type == ("s" if amount[4] is None else "n")
        if amount[4] is None:
            assert (
                "not zero" if amount[2] == 0 else "15 significant digits"
            ) in cell.comment.text
        else:
            assert cell.number_format == excel_format(one, ENGLISH)
            assert cell.comment is None
    big = book[INDEX]["E8"]
    assert (big.value, big.data_type) == ("305184080441754059", "s")


@pytest.mark.parametrize("currency", ['E"R', "€", "[Red]"])
def test_a_currency_that_no_format_can_hold_is_text_and_the_note_says_so(
    currency: str, tmp_path: Path
) -> None:
    report = report_of(Row("x", (figure(Unit.MONEY, 1_234, None, currency),)))
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    cell = openpyxl.load_workbook(file)["A table"]["B5"]
    assert (cell.value, cell.data_type) == (f"{currency} 12.34", "s")
    assert "currency cannot be part of an Excel number format" in cell.comment.text
    assert "15" not in cell.comment.text


@pytest.mark.parametrize(
    ("currency", "value", "number_format"),
    [
        ("JPY", 1_234_567, '"JPY "#,##0'),
        ("KWD", 1_234.567, '"KWD "#,##0.000'),
        ("CLF", 123.4567, '"CLF "#,##0.0000'),
    ],
)
def test_a_currency_without_cents_or_with_more_of_them(
    currency: str, value: float, number_format: str, tmp_path: Path
) -> None:
    one = figure(Unit.MONEY, 1_234_567, None, currency)
    file = written(report_of(Row("x", (one,))), tmp_path)
    cell = openpyxl.load_workbook(file)["A table"]["B5"]
    assert (cell.value, cell.number_format) == (value, number_format)
    assert as_printed(Decimal(repr(cell.value)), cell.number_format, ENGLISH) == format_figure(
        one, ENGLISH
    )


def test_two_notes_on_one_cell_are_both_there(tmp_path: Path) -> None:
    large = replace(figure(Unit.MONEY, 10**17 + 1, None, "E\x0bR"), id="x@company")
    report = report_of(Row("x", (large,)))
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    note = openpyxl.load_workbook(file)["A table"]["B5"].comment.text
    assert "1 character that Excel cannot hold" in note
    assert "15 significant digits" in note


def test_integers_beyond_fifteen_digits_are_text_in_the_index_too(tmp_path: Path) -> None:
    numbers = (10**15 - 1, 10**15, -(10**15), 2**53 + 1, 305_184_080_441_754_059)
    report = report_of(*(Row(str(n), (figure(Unit.PERCENT, n, 7 * n),)) for n in numbers))
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    index = openpyxl.load_workbook(file)[INDEX]
    for row, n in enumerate(numbers, 5):
        assert index[f"E{row}"].value == (n if abs(n) < 10**15 else str(n))
        assert index[f"F{row}"].value == (7 * n if abs(7 * n) < 10**15 else str(7 * n))


def test_links_end_where_excel_takes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LINK_LIMIT == 65_530
    for module in (workbook, sheet_text, reader):
        monkeypatch.setattr(module, "LINK_LIMIT", 3)
    fix_list = tuple(
        FixItem(
            *("deal", str(n), "m2", "x", (same_in_all("a"),), (same_in_all("b"),)),
            f"https://crm.example/{n}",
            Span.SCORE,
            rules=(AMOUNT,),
            ids=("ID",),
        )
        for n in range(5)
    )
    report = report_of(
        *(Row(str(n), (figure(Unit.COUNT, n),)) for n in range(5)), fix_list=fix_list
    )
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    book = openpyxl.load_workbook(file)
    assert [bool(book[REPAIRS][f"I{row}"].hyperlink) for row in range(5, 10)] == [True] * 3 + [
        False
    ] * 2
    assert [bool(book[INDEX][f"C{row}"].hyperlink) for row in range(5, 10)] == [True] * 3 + [
        False
    ] * 2
    assert [book[REPAIRS][f"I{row}"].value for row in range(5, 10)] == [
        *(["Open in the CRM"] * 3),
        "https://crm.example/3",  # an address that can be copied
        "https://crm.example/4",
    ]
    # a link too few, and one too many, are differences
    monkeypatch.setattr(sheet_text, "LINK_LIMIT", 4)
    assert [where for _, where, *_ in workbook_differences(report, file)] == [f"{REPAIRS}!I8"]


def test_a_long_list_costs_little_memory() -> None:
    """In a process of its own, whose most memory is then the list's."""
    rows = 10_000
    command = [sys.executable, "-m", "benchmarks.fix_list", "--rows", str(rows)]
    output = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    written, read = map(int, re.findall(r": (\d+) MB more", output))
    assert written < 15  # a workbook in memory takes 100
    assert read < 60
    assert "differences: 0" in output


def test_a_day_is_a_day_and_an_impossible_one_is_a_text(tmp_path: Path) -> None:
    report = factory.result()
    (item, *_) = manager_report(report, BO).fix_list
    days = date(1899, 12, 31), date(1900, 2, 28), date(1900, 3, 1), date(9999, 12, 31)
    listed = report_of(fix_list=tuple(replace(item, day=day) for day in days))
    file = written(listed, tmp_path)
    assert workbook_differences(listed, file) == []
    sheet = openpyxl.load_workbook(file)[REPAIRS]
    assert [sheet[f"H{row}"].value for row in range(5, 9)] == [
        "31 Dec 1899",
        "28 Feb 1900",
        datetime(1900, 3, 1),
        datetime(9999, 12, 31),
    ]


def test_a_printed_figure_is_what_show_says() -> None:
    for amount in AMOUNTS:
        one = figure(*amount[:4])
        value = excel_value(one)
        if value is not None:
            assert as_printed(
                Decimal(repr(float(value))), excel_format(one, ENGLISH), ENGLISH
            ) == format_figure(one, ENGLISH)
    assert as_printed(Decimal("0.0625"), "#,##0.0%", ENGLISH) == "6.3%"
    assert as_printed(Decimal("1234.5"), "0.00", ENGLISH) is None


HOSTILE_TEXTS = [
    "=1+1", "@x", "+1", "-1", "=HYPERLINK(\"http://evil\")", "#N/A", "TRUE", "0123", "1e5", "2026-11-16", "'quoted",
    "305184080441754059", "🙂 team", "שלום עולם", "line one\nline two", "  spaces kept  ", "tab\there", "_x0041_",
    "_x005F_x0041_", "<b>&amp;</b>", "]]>", "&[Page]", "\u202egnp.exe",
]  # fmt: skip


def test_hostile_text_survives(tmp_path: Path) -> None:
    fix_list = tuple(
        FixItem(
            "meeting",
            text,
            "m2",
            text,
            (same_in_all(text),),
            (same_in_all(text),),
            text,
            SPANS[number % 5],
            rules=(replace(AMOUNT, id="of no field set"),),
            ids=(text,),
        )
        for number, text in enumerate(HOSTILE_TEXTS)
    )
    rows = tuple(Row(text, (text, figure(Unit.COUNT, 1))) for text in HOSTILE_TEXTS)
    report = report_of(*rows, fix_list=fix_list, title="=1+1", notes=tuple(HOSTILE_TEXTS))
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    book = openpyxl.load_workbook(file)
    for sheet, column in (
        ("A table", "A"),
        ("A table", "B"),
        (REPAIRS, "B"),
        (REPAIRS, "C"),
        (REPAIRS, "D"),
        (REPAIRS, "K"),
        ("Notes", "A"),
    ):
        for number, text in enumerate(HOSTILE_TEXTS, 5):
            cell = book[sheet][f"{column}{number}"]
            assert (
                cell.value.replace("_x005F_", "_") == text
            )  # openpyxl leaves the escape that Excel resolves
            assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", "@", True)
    cells = (cell for row in book[REPAIRS].iter_rows(min_row=5) for cell in row)
    links = [cell.hyperlink.target for cell in cells if cell.hyperlink]
    assert len(links) > len(HOSTILE_TEXTS) // 2  # mails alone; some have no room for one
    assert all(re.fullmatch(r"mailto:\?subject=[!-~]+", link) for link in links)
    assert all(link.count("&") <= 1 and len(link) <= 255 for link in links)
    assert b"<f>" not in zipfile.ZipFile(file).read("xl/worksheets/sheet2.xml")


@pytest.mark.parametrize(("length", "number_format"), [(255, "@"), (256, "General")])
def test_what_excel_would_show_as_hashes_is_no_cell_of_text(
    length: int, number_format: str, tmp_path: Path
) -> None:
    file = written(report_of(Row("=" * length, ("x",))), tmp_path)
    cell = openpyxl.load_workbook(file)["A table"]["A5"]
    assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", number_format, True)


def test_characters_that_excel_cannot_hold_are_replaced_visibly(tmp_path: Path) -> None:
    report = report_of(Row("a\x0bb\x00c\ud800d\uffff", ("x\r\ny\rz",)))
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    sheet = openpyxl.load_workbook(file)["A table"]
    assert sheet["A5"].value == "a\ufffdb\ufffdc\ufffdd\ufffd"
    assert "4 characters" in sheet["A5"].comment.text
    assert sheet["B5"].value == "x\ny\nz"
    assert sheet["B5"].comment is None


@pytest.mark.parametrize(
    "text", ["ä" * 40_000, "🙂" * 20_000, "_x0041_" * 5_000, "a\x0b" * 20_000]
)
def test_text_too_long_for_a_cell_is_cut_and_says_so(text: str, tmp_path: Path) -> None:
    report = report_of(
        Row("x", (text,)), fix_list=(FixItem("call", "1", "m2", text, (), (), "", Span.SCORE),)
    )
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    held, note = excel_text(text, ENGLISH)
    kept, cut = re.fullmatch(r"(.*)… \[cut: ([\d,]+) characters\]", held).groups()
    assert len(kept) + int(cut.replace(",", "")) == len(text)
    assert text.replace("\x0b", "\ufffd").startswith(kept)
    cell = openpyxl.load_workbook(file)["A table"]["B5"]
    assert CELL_LIMIT - 10 < len(cell.value.encode("utf-16-le")) / 2 <= CELL_LIMIT
    assert cell.comment.text == note
    assert f"{cut} are cut" in note


def test_text_that_just_fits_is_not_touched() -> None:
    assert excel_text("x" * CELL_LIMIT, ENGLISH) == ("x" * CELL_LIMIT, "")


@pytest.mark.parametrize(
    ("link", "hyperlink"),
    [
        ("https://crm.example/index.php?module=Meetings&record=1#top", True),
        ("http://10.0.0.1:8080/x", True),
        ("javascript:alert(1)", False),
        ("https://crm.example/\u212a", False),
        ("file:///etc/passwd", False),
        ("https://crm.example/a b", False),
        ('https://crm.example/"x"', False),
        ("https://crm.example/" + "x" * 2100, False),
        ("", False),
    ],
)
def test_only_an_address_of_the_web_becomes_a_link(
    link: str, hyperlink: bool, tmp_path: Path
) -> None:
    report = report_of(
        fix_list=(
            FixItem(
                "deal",
                "1",
                "m2",
                "x",
                (same_in_all("amount"),),
                (same_in_all("why"),),
                link,
                Span.SCORE,
                rules=(AMOUNT,),
                ids=("ID",),
            ),
        )
    )
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    cell = openpyxl.load_workbook(file)[REPAIRS]["I5"]
    assert (cell.hyperlink.target if cell.hyperlink else cell.value or "") == link
    assert bool(cell.hyperlink) is hyperlink


def test_sheets_are_named_within_the_rules_of_excel(tmp_path: Path) -> None:
    titles = [
        "Notes", "history", "a/b:c*d?e[f]\\g", "'quoted'", "", "x" * 40, "X" * 40, "x" * 40,
        "Completeness against plan: deals",
        "A title that is so long that it has to be cut", "🙂" * 20, "Line\nbreak", "\x0b",
    ]  # fmt: skip
    tables = tuple(
        Table(f"t{n}", title, ("A", "B"), (Row("r", (figure(Unit.COUNT, n),)),))
        for n, title in enumerate(titles)
    )
    report = report_of(tables=tables)
    names = sheet_names(report)
    assert len({name.casefold() for name in names}) == len(names)
    assert "history" not in {
        name.casefold() for name in names
    }  # Excel keeps the name for itself, and repairs the file
    assert all(
        len(name.encode("utf-16-le")) <= 62 and not set(name) & set("[]:*?/\\\n")
        for name in names
    )
    assert "Completeness against plan" in names
    assert "A title that is so long that it" in names
    assert workbook_differences(report, written(report, tmp_path)) == []


def test_an_empty_report_says_that_it_is_empty(tmp_path: Path) -> None:
    report = report_of()
    file = written(report, tmp_path)
    assert workbook_differences(report, file) == []
    book = openpyxl.load_workbook(file)
    assert book[REPAIRS]["A5"].value == "Nothing to complete."


def test_a_row_with_fewer_cells_than_columns(tmp_path: Path) -> None:
    report = report_of(
        Row("x", (figure(Unit.COUNT, 1), None, "text")),
        Row("y", ()),
        Row("z", (None,), total=True),
    )
    assert workbook_differences(report, written(report, tmp_path)) == []


# ------------------------------------------------------------------------------------------------ golden


def dump(file: Path) -> str:
    """Every cell: sheet!cell, value, format."""
    lines = []
    for sheet in openpyxl.load_workbook(file):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    note = f"\t# {cell.comment.text!r}" if cell.comment else ""
                    lines.append(
                        f"{sheet.title}!{cell.coordinate}\t{cell.value!r}\t{cell.number_format}{note}"
                    )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("name", ["management", "manager"])
def test_golden_cells(
    name: str, language: LanguageCode, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    result = factory.result(language)
    report = management_report(result) if name == "management" else manager_report(result, BO)
    found = dump(written(report, tmp_path))
    golden = GOLDEN / language / f"{name}.cells.txt"
    if request.config.getoption("--update-golden", default=False):
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8"), "pytest --update-golden writes what is there now"
