"""Exports as they are in life: read exactly as exported, or refused with file, row and column."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from pipeline import source
from pipeline.databases import files
from pipeline.databases.exports import sizes
from pipeline.databases.exports.cells import _as_text as as_text
from pipeline.databases.kinds import kind_of
from pipeline.errors import AuditError, ConfigError, ImplausibleError, SourceError
from pipeline.presets import load_preset
from pipeline.setup.look.recognise import _ANY as ANY
from pipeline.source import open_engine
from tests.crms.files.ours import compute, extract, prepared

HEADER = (
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
)
TEAMS = "sales_agent,manager,regional_office\nAnn,Mia,North\n"
ACCOUNTS = "account,sector\nAcme,x\n"


def opened(folder: Path, query: str = "") -> Engine:
    return files.DATABASE.open(make_url(f"files:///exports{query}"), folder)


def read(folder: Path, query: str = "") -> dict[str, list[tuple[Any, ...]]]:
    """Table -> its header and its rows, as DuckDB holds them."""
    engine = opened(folder, query)
    with engine.connect() as connection:
        names = (
            connection.exec_driver_sql("SELECT table_name FROM duckdb_tables()").scalars().all()
        )
        found = {}
        for name in names:
            result = connection.exec_driver_sql(f'SELECT * FROM "{name}"')
            found[name] = [tuple(result.keys()), *map(tuple, result)]
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path


def put(folder: Path, name: str, data: str | bytes) -> None:
    (folder / "exports" / name).write_bytes(data.encode() if isinstance(data, str) else data)


# ------------------------------------------------------------------------------------------------ as exported

CELLS = (
    "", " ", " a ", "NULL", "null", "\\N", "007", "1e3", "1.0", "2017-03-01", "true", "=1+1", "@SUM(A1)", "-2+3", "+1",
    "a,b", "a;b", "a\tb", 'say "hi"', "two\nlines", "two\r\nlines", "\x00", "a\x0bb\x1f", "\u202e\u05d0\u05d1",
    "\U0001f642\u0301",
    "\ufeff", "\u65e5\u672c", "'; DROP TABLE t; --", "%s", ":x", "?", "n" * 40_000, "x" * 200_000,
)  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_cell_is_as_exported(
    folder: Path, delimiter: str, ending: str, encoding: str
) -> None:
    with (folder / "exports" / "t.csv").open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending)
        writer.writerow(["id", "a header", "%v"])
        writer.writerows([str(n), cell, cell] for n, cell in enumerate(CELLS))
    assert read(folder) == {
        "t": [("id", "a header", "%v"), *((str(n), c, c) for n, c in enumerate(CELLS))]
    }


def test_utf_16_of_the_other_order(folder: Path) -> None:
    put(folder, "t.csv", "\ufeffid;n\n1;\u00e9\n".encode("utf-16-be"))
    assert read(folder) == {"t": [("id", "n"), ("1", "\u00e9")]}


def test_windows_1252_only_where_declared(folder: Path) -> None:
    put(folder, "t.csv", "id;name\n1;x\n2;caf\u00e9 \u20ac\n".encode("cp1252"))
    with pytest.raises(
        SourceError,
        match=r"t\.csv, row 3, column name: this is not UTF-8 text \(byte e9\).*windows-1252",
    ):
        read(folder)
    assert read(folder, "?encoding=windows-1252")["t"][-1] == ("2", "caf\u00e9 \u20ac")


def test_empty_lines_are_no_rows_and_what_excel_writes_of_the_delimiter_is_taken(
    folder: Path,
) -> None:
    put(folder, "t.csv", "sep=;\r\nid;a,b,c\r\n\r\n1;x\r\n\r\n")
    assert read(folder) == {"t": [("id", "a,b,c"), ("1", "x")]}


def test_a_delimiter_that_cannot_be_told_is_declared(folder: Path) -> None:
    put(folder, "t.csv", "a;b,c\n1;2,3\n")
    with pytest.raises(SourceError, match="delimiter is ambiguous"):
        read(folder)
    assert read(folder, "?delimiter=semicolon") == {"t": [("a", "b,c"), ("1", "2,3")]}


def test_what_an_office_program_leaves_is_no_export(folder: Path) -> None:
    put(folder, "t.csv", "a\n1\n")
    put(folder, "~$t.xlsx", "x")
    put(folder, ".t.csv", "x")
    put(folder, "read me.txt", "x")
    assert read(folder) == {"t": [("a",), ("1",)]}


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (
            "t.csv",
            "a,b\n1,2\n3\n",
            r"t\.csv, row 3, column b: the row has 1 cells where the header has 2",
        ),
        ("t.csv", "a,b\n\n1,2,3\n", r"t\.csv, row 3, column 3: the row has 3 cells"),
        ("t.csv", "a,,b\n1,2,3\n", r"t\.csv, row 1, column 2: the column has no name"),
        ("t.csv", "a,b, A\n1,2,3\n", r"t\.csv, row 1, column a: two columns have this name"),
        ("t.csv", 'a,b\n1,"2\n3,4\n', r"t\.csv, row 2 .*quote is not closed"),
        ("t.csv", 'a,b\n1,"2"3\n', r"t\.csv, row 2 .*quote"),
        # the line that names the delimiter is one of the file's
        (
            "t.csv",
            "sep=;\na;b\n1;2\n3\n",
            r"t\.csv, row 4, column b: the row has 1 cells where the header has 2",
        ),
        ("t.csv", "sep=;\na;;b\n1;2;3\n", r"t\.csv, row 2, column 2: the column has no name"),
        ("t.csv", 'sep=;\na;b\n1;"2\n3;4\n', r"t\.csv, row 3 \(line 4\).*quote is not closed"),
        ("t.csv", "", r"t\.csv is empty"),
        (
            "t.csv",
            b"\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8",
            r"t\.csv, row 2, column .*not UTF-16 text",
        ),
        ("T.xlsx", b"PK no workbook", r"T\.xlsx is not a readable workbook"),
    ],
)
def test_what_cannot_be_read_is_named(
    folder: Path, name: str, data: str | bytes, said: str
) -> None:
    put(folder, name, data)
    with pytest.raises(SourceError, match=said):
        read(folder)


def test_two_files_of_one_name_are_refused(folder: Path) -> None:
    put(folder, "deals.csv", "a\n1\n")
    put(folder, "Deals.tsv", "a\n1\n")
    with pytest.raises(SourceError, match="holds a table"):
        read(folder)


@pytest.mark.parametrize("query", ["?encoding=latin", "?delimiter=pipe", "?x=1"])
def test_an_address_that_says_something_else_is_refused(folder: Path, query: str) -> None:
    put(folder, "t.csv", "a\n1\n")
    with pytest.raises(ConfigError, match="allowed"):
        read(folder, query)


def test_no_folder_and_no_file(folder: Path) -> None:
    with pytest.raises(SourceError, match="holds no export"):
        read(folder)
    (folder / "exports").rmdir()
    with pytest.raises(SourceError, match="there is no folder"):
        read(folder)


# ------------------------------------------------------------------------------------------------ workbooks


def workbook(folder: Path, name: str, **sheets: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "exports" / name)


def test_a_sheet_is_a_table_of_texts(folder: Path) -> None:
    from datetime import date, datetime, time

    cells = [
        (1, "1"), (1.5, "1.5"), (0.1, "0.1"), (1e-7, "0.0000001"), (123456789012, "123456789012"), (-0.25, "-0.25"),
        (1e20, "100000000000000000000"), (True, "TRUE"), (False, "FALSE"), (date(2017, 3, 1), "2017-03-01"),
        (datetime(2017, 3, 1, 10, 11, 12), "2017-03-01 10:11:12"), (time(1, 2, 3), "01:02:03"), (" x ", " x "),
        ("007", "007"), (None, ""), ("two\nlines", "two\nlines"), ("\u05d0\U0001f642", "\u05d0\U0001f642"),
    ]  # fmt: skip
    workbook(
        folder,
        "deals.xlsx",
        Sheet1=[["id", "value"], *([f"r{n}", cell] for n, (cell, _) in enumerate(cells))],
    )
    assert read(folder) == {
        "deals": [("id", "value"), *((f"r{n}", text) for n, (_, text) in enumerate(cells))]
    }


def test_of_several_sheets_each_is_a_table(folder: Path) -> None:
    workbook(
        folder, "all.xlsx", Deals=[["id"], [1]], People=[["id"], [None], [2], [None]], Empty=[]
    )
    assert read(folder) == {"Deals": [("id",), ("1",)], "People": [("id",), ("2",)]}


def test_a_column_of_a_sheet_without_a_name_is_refused(folder: Path) -> None:
    workbook(folder, "deals.xlsx", Sheet1=[["id", None, "b"], [1, 2, 3]])
    with pytest.raises(SourceError, match=r"deals\.xlsx, row 1, column 2"):
        read(folder)


# ------------------------------------------------------------------------------------------------ audited


def audited(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rows: list[str], **changed: Any
) -> Any:
    """The edition of a folder with these deals, under the Maven preset changed so."""
    put(folder, "sales_pipeline.csv", "\n".join([HEADER, *rows]) + "\n")
    put(folder, "sales_teams.csv", TEAMS)
    put(folder, "accounts.csv", ACCOUNTS)
    preset = type(load_preset("maven", folder)).model_validate(
        {**load_preset("maven", folder).model_dump(), **changed}
    )
    monkeypatch.setattr("pipeline.config.load_preset", lambda name, base: preset)
    audit = prepared(folder)
    extract(audit)
    return compute(audit)


def test_what_cannot_be_read_is_counted_and_not_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several formats in one column, either decimal mark, empty words; and what no format reads."""
    rows = [
        '1,Ann,p,Acme,Won,01-06-2017,05-06-2017,"1.234,50"',
        "2,Ann,p,Acme,Won,01-06-2017,2017-06-06,1234.5",
        '3,Ann,p,Acme,Won,01-06-2017,6/7/2017,"$ 1,00"',
        "4,Ann,p,Acme,Won,01-06-2017,07-06-17,gratis",
        "5,Ann,p,Acme,Won,01-06-2017,00-00-0000,n/a",
        "6,Ann,p, - ,-,01-06-2017, n/a ,-",
        "7,Ann,p,Acme,Won,31-06-2017,08-06-2017,=1+1",
    ]
    formats = {"day": ["%d-%m-%Y", "%Y-%m-%d"], "instant": ["%d-%m-%Y"], "zone": "audit",
               "amount": [{"decimal": ",", "thousands": ".", "signs": ["$"]}, {"decimal": "."}]}  # fmt: skip
    figures = audited(folder, monkeypatch, rows, formats=formats, empty=["-", "n/a"]).figures
    found = {name: figures[f"{name}@company"].numerator for name in (
        "deals_won", "deals_won_amount/USD", "unreadable/deal.amount", "deals_won_undated",
        "base_missing/deal.amount", "base_missing/deal.close_date", "base_missing/deal.client",
        "base_missing/deal.stage", "deals_unknown", "deals_undated", "deals_won_unreadable_date",
        "unreadable/deal.created_at",
    )}  # fmt: skip
    assert found == {
        "deals_won": 3, "deals_won_amount/USD": 123_450 + 123_450, "unreadable/deal.amount": 2,
        "deals_won_undated": 1, "base_missing/deal.amount": 2, "base_missing/deal.close_date": 2,
        "base_missing/deal.client": 1, "base_missing/deal.stage": 1, "deals_unknown": 0, "deals_undated": 0,
        "deals_won_unreadable_date": 2, "unreadable/deal.created_at": 1,
    }  # fmt: skip


def test_an_empty_word_is_something_where_it_is_not_declared(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = audited(folder, monkeypatch, ["6,Ann,p,Acme,-,01-06-2017,n/a,-"]).figures
    assert figures["deals_unknown@company"].numerator == 1
    assert figures["unreadable/deal.amount@company"].numerator == 1


def test_an_id_that_stands_twice_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{n},Ann,p,Acme,Won,01-06-2017,05-06-2017,1" for n in ("a1", "a2", "a1", "A1")]
    with pytest.raises(
        ImplausibleError,
        match=r"deal: an id names one record, and this source has 'a1' \(2 times\);",
    ):
        audited(folder, monkeypatch, rows)


def test_odd_texts_reach_the_reports(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = [
        "\U0001f642 Zo\u00eb",
        "\u05d0\u05d1\u05d2",
        "=HYPERLINK(1)",
        "x\x0by",
        "n" * 40_000,
    ]
    rows = [
        f"{n}{name[:30]},Ann,p,{name},Engaging,01-06-2017,," for n, name in enumerate(names)
    ]
    put(folder, "extra.csv", "id\n1\n")
    result = audited(folder, monkeypatch, rows)
    assert result.figures["deals_open@company"].numerator == len(names)
    assert {item.record_id for item in result.fix_list} == {
        f"{n}{name[:30]}" for n, name in enumerate(names)
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"money": "minor"},
        {"empty": [" -"]},
        {"empty": ["a\\E"]},
        {"formats": {"zone": "Mars"}},
    ],
)
def test_a_preset_that_cannot_be_meant_is_refused(
    folder: Path, changed: dict[str, Any]
) -> None:
    ours = load_preset("maven", folder)
    with pytest.raises(ValidationError):
        type(ours).model_validate({**ours.model_dump(), **changed})


# ------------------------------------------------------------------------------------------------ DuckDB's own files


def test_a_duckdb_file_is_read_only_and_of_native_types(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    with duckdb.connect(str(folder / "crm.duckdb")) as crm:
        crm.execute("CREATE TABLE sales_teams AS SELECT 'Ann' AS sales_agent, 'Mia' AS manager")
        crm.execute("CREATE TABLE accounts AS SELECT 'Acme' AS account")
        crm.execute(
            "CREATE TABLE sales_pipeline (opportunity_id INTEGER, sales_agent VARCHAR, account VARCHAR,"
            " deal_stage VARCHAR, engage_date TIMESTAMP, close_date DATE, close_value DOUBLE)"
        )
        crm.execute(
            "INSERT INTO sales_pipeline VALUES (1, 'Ann', 'Acme', 'Won', '2017-06-01 22:30:00', '2017-06-05', 1.1),"
            " (2, 'Ann', 'Acme', 'Won', '2017-06-01', '2017-06-06', 1.005), (3, NULL, '', 'Engaging', NULL, NULL, NULL)"
        )
    ours = load_preset("maven", folder)
    preset = ours.model_copy(update={"dialects": ("duckdb",), "formats": None})
    monkeypatch.setattr("pipeline.config.load_preset", lambda name, base: preset)
    audit = prepared(folder, source={"url": "duckdb:///crm.duckdb", "preset": "maven"})
    extract(audit)
    figures = compute(audit).figures
    assert figures["deals_won@company"].numerator == 2
    assert figures["deals_won_amount/USD@company"].numerator == 110
    assert figures["unreadable/deal.amount@company"].numerator == 1
    assert figures["deals_open@unassigned"].numerator == 1
    engine = source.open_engine("duckdb:///crm.duckdb", folder, preset)
    with pytest.raises(SourceError, match="read-only"), source.consistent(engine) as connection:
        connection.exec_driver_sql("DELETE FROM sales_pipeline")
    engine.dispose()


def test_a_duckdb_file_that_is_none(folder: Path) -> None:
    preset = load_preset("maven", folder).model_copy(update={"dialects": ("duckdb",)})
    with pytest.raises(SourceError, match="there is no database file"):
        source.open_engine("duckdb:///none.duckdb", folder, preset)
    (folder / "crm.duckdb").write_text("no database, but long enough to be looked at" * 400)
    engine = source.open_engine("duckdb:///crm.duckdb", folder, preset)
    with pytest.raises(AuditError, match="Check that source"), source.consistent(engine):
        pass


# ------------------------------------------------------------------------------------------------ what is no record


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_rows_of_delimiters_only_are_no_records(folder: Path, mark: str) -> None:
    lines = [
        f"a{mark}b",
        f"1{mark}2",
        mark,
        f" {mark}\u00a0",
        f"{mark}{mark}{mark}",
        f'""{mark}""',
        f"3{mark}",
        "",
    ]
    put(folder, "deals.csv", "\r\n".join(lines))
    assert read(folder)["deals"] == [("a", "b"), ("1", "2"), ("3", "")]


def test_rows_of_blank_cells_are_no_records_of_a_workbook(folder: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["a", "b"], [" ", None], [1, 2], ["\u00a0", "\n"], [None, None]):
        book.active.append(row)
    book.create_sheet("only blanks").append([" ", " "])
    book.save(folder / "exports" / "deals.xlsx")
    assert read(folder) == {"deals": [("a", "b"), ("1", "2")]}


# ------------------------------------------------------------------------------------------------ what else lies there


def test_what_is_not_read_is_named(folder: Path, tmp_path: Path) -> None:
    put(folder, "deals.csv", "a\n1\n")
    for name in (
        "old.xls",
        "all.zip",
        "deals.ods",
        "deals.json",
        "README",
        ".hidden.csv",
        "~$deals.xlsx",
    ):
        put(folder, name, "x")
    (folder / "exports" / "2025").mkdir()
    (folder / "exports" / "gone.csv").symlink_to("nowhere.csv")
    named = "2025/, README, all.zip, deals.json, deals.ods, gone.csv, old.xls"
    assert str(source.moment(opened(folder))).endswith(f"not read: {named}")


def test_a_file_that_a_preset_of_ones_own_names_nowhere_is_not_read(folder: Path) -> None:
    put(folder, "sales_pipeline.csv", HEADER + "\n")
    put(folder, "sales_teams.csv", TEAMS)
    put(folder, "accounts.csv", ACCOUNTS)
    put(folder, "accounts_2024.csv", ACCOUNTS)
    engine = files.DATABASE.open(
        make_url("files:///exports"), folder, load_preset("maven", folder)
    )
    assert str(source.moment(engine)).endswith("not read: accounts_2024.csv")


def test_a_link_that_leads_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (folder / "exports" / "deals.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(SourceError, match=r"deals\.csv is a link that leads out"):
        opened(folder)
    (folder / "exports" / "deals.csv").unlink()
    put(folder, "real.csv", "a\n1\n")
    (folder / "exports" / "deals.csv").symlink_to("real.csv")
    assert sorted(read(folder)) == ["deals", "real"]


def test_a_link_that_appears_while_the_files_are_read_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    put(folder, "deals.csv", "a\n1\n")
    engine = opened(folder)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (folder / "exports" / "more.csv").symlink_to(tmp_path / "secret.csv")
    with engine.connect() as connection, pytest.raises(SourceError, match="leads out"):
        files.DATABASE.unchanged(connection)


def test_a_file_that_is_added_or_altered_while_the_others_are_read_is_refused(
    folder: Path,
) -> None:
    put(folder, "deals.csv", "a\n1\n")
    with opened(folder).connect() as connection:
        files.DATABASE.unchanged(connection)
        put(folder, "more.csv", "a\n1\n")
        with pytest.raises(SourceError, match=r"more.csv was added"):
            files.DATABASE.unchanged(connection)
        (folder / "exports" / "more.csv").unlink()
        put(folder, "deals.csv", "a\n2\n")
        with pytest.raises(SourceError, match=r"deals.csv changed"):
            files.DATABASE.unchanged(connection)


# ------------------------------------------------------------------------------------------------ what fills the memory


def by_hand(folder: Path, sheet: str, shared: str = "") -> None:
    """A workbook that is written by hand: openpyxl would not write such a one."""
    book = openpyxl.Workbook()
    book.active["A1"] = "a"
    plain, bomb = io.BytesIO(), io.BytesIO()
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data: str | bytes = old.read(name)
            if name.endswith("sheet1.xml"):
                data = f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>'
            new.writestr(name, data)
        new.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{shared}</sst>')
    put(folder, "deals.xlsx", bomb.getvalue())


BOMBS = {
    "one cell in the last corner": ('<row r="1"><c r="A1" t="n"><v>1</v></c></row>'
                                    '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', ""),
    "a cell whose row says another number": ("<row r='1'><c r = 'A1'/><c r='XFD1048576'><v>1</v></c></row>", ""),
    "cells that say no place": ("<row>" + "<c/>" * 30_000 + "</row>" + "<row/>" * 1_000, ""),
    "a text that is repeated": (
        "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>1</v></c></row>' for n in range(1, 40_001)),
        f"<si><t>a</t></si><si><t>{'x' * 32_767}</t></si>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_workbook_that_comes_to_too_much_is_refused_before_it_is_read(
    folder: Path, bomb: str
) -> None:
    by_hand(folder, *BOMBS[bomb])
    with pytest.raises(
        SourceError, match=r"deals\.xlsx (has a sheet|repeats).*Export less of it"
    ):
        opened(folder)


def test_texts_that_many_cells_share_are_counted_by_their_own_lengths(folder: Path) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>{int(n == 2)}</v></c></row>'
        for n in range(1, 40_001)
    )
    by_hand(folder, rows, f"<si><t>a</t></si><si><t>{'x' * 32_767}</t></si>")
    assert len(read(folder)["deals"]) == 40_000


def test_a_workbook_that_unpacks_to_too_much_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "MOST_BYTES", 5_000)
    by_hand(folder, '<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 10_000)
    with pytest.raises(SourceError, match="unpacks to"):
        opened(folder)


def test_more_bytes_than_are_read_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "deals.csv", "a\n1\n")
    put(folder, "more.csv", "a\n1\n")
    monkeypatch.setattr(files, "MOST_TOGETHER", 7)
    with pytest.raises(SourceError, match="bytes together"):
        opened(folder)
    with (folder / "exports" / "deals.csv").open("ab") as stream:
        stream.truncate(sizes.MOST_BYTES + 1)  # of which none takes a place on the disk
    with pytest.raises(SourceError, match=r"deals\.csv has 1,000,000,001 bytes"):
        opened(folder)


# ------------------------------------------------------------------------------------------------ where it is


@pytest.mark.parametrize("database", ["files", "sqlite", "duckdb"])
def test_an_absolute_path_with_three_slashes_is_explained(
    tmp_path: Path, database: str
) -> None:
    there = tmp_path / "there"
    there.mkdir() if database == "files" else there.write_bytes(b"")
    with pytest.raises(SourceError) as refusal:
        kind_of(database).open(make_url(f"{database}://{there}"), tmp_path, None)  # type: ignore[arg-type]
    assert f"{there} is written {database}:///{there}." in str(refusal.value)


@pytest.mark.parametrize("database", ["files", "sqlite", "duckdb"])
@pytest.mark.parametrize(
    "rest", ["", "//", "//exports", "///", "///a\0b", "///" + "x" * 5_000, "///loop"]
)
def test_what_names_nothing_is_explained(tmp_path: Path, database: str, rest: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises((SourceError, ConfigError), match=r"source\.url"):
        open_engine(f"{database}:{rest}", tmp_path, ANY)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (5.0, "5"), (-0.0, "0"), (0.1, "0.1"), (1e-7, "0.0000001"), (1234.5, "1234.5"),
        (999_999_999_999_999.0, "999999999999999"), (1e15, "1000000000000000"),
        # the shortest text, and not the digits of the nearest binary number
        (1e23, "1" + 23 * "0"), (2.0**60, "1152921504606847000"), (-(2.0**60), "-1152921504606847000"),
        (True, "TRUE"), (False, "FALSE"), ("007", "007"), (date(2026, 2, 28), "2026-02-28"),
        (datetime(2026, 2, 28, 1, 2, 3), "2026-02-28 01:02:03"),
    ],
)  # fmt: skip
def test_a_cell_of_a_workbook_is_its_shortest_text(cell: Any, text: str) -> None:
    assert as_text(cell) == text
