"""Clients and contacts in one table, told apart by a column: each row is one of them, and figures are as counted."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
import yaml

from pipeline.setup.guess.proposals import propose
from pipeline.setup.guess.two_kinds import meaning_of
from pipeline.setup.look.recognise import Place
from tests.setup.first_minutes.terminal import Answers, at_a_terminal, succeed, values

AS_OF = "2026-11-24T09:00+01:00"
ODD = "persoon's: :x"  # what stands in a condition may be anything
KINDS = ("bedrijf", "contactpersoon", ODD, "leverancier", None)
Rows = dict[str, list[Sequence[object]]]


def company() -> tuple[Rows, Counter[str]]:
    """Sheets with their header rows, and figures of November 2026."""
    counted: Counter[str] = Counter()
    rows: Rows = {
        "verkopers": [("id", "naam"), (1, "An"), (2, "Bo")],
        "relaties": [
            (
                "relatienr",
                "soort",
                "naam",
                "telefoon",
                "bedrijf",
                "verkoper",
                "aangemaakt",
                "verwijderd",
            )
        ],
        "afspraken": [("nr", "verkoper", "relatie", "onderwerp", "status", "begin")],
    }
    made = datetime(2026, 11, 2, 10, 0)
    for number in range(1, 41):
        kind, gone = KINDS[number % 5], number % 8 == 7
        phone = None if number % 4 == 0 else f"020-55500{number:02d}"
        person = kind in ("contactpersoon", ODD)
        of = number - number % 5 if person and number > 4 else None
        rows["relaties"].append(
            (number, kind, f"R {number}", phone, of, 1 + number % 2, made, int(gone))
        )
        entity = "contact" if person else "client"
        counted[f"{entity}s@company"] += kind != "leverancier" and not gone
        counted[f"base_missing/{entity}.details@company"] += (
            kind != "leverancier" and not gone and phone is None
        )
        counted["table_excluded/relaties/deleted@company"] += kind != "leverancier" and gone
        counted["table_excluded/relaties/neither_client_nor_contact@company"] += (
            kind == "leverancier"
        )
        rows["afspraken"].append((number, 1, number, "x", "geweest", made))
        counted["meetings_held@company"] += 1
        counted["base_missing/meeting.contact@company"] += not (person and not gone)
    return rows, counted


def workbook(folder: Path) -> str:
    (folder / "exports").mkdir()
    book = openpyxl.Workbook()
    book.remove(book["Sheet"])
    for name, rows in company()[0].items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(folder / "exports" / "crm.xlsx")
    return "files:///exports"


def database(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for name, (header, *rows) in company()[0].items():
            key, *others = map(str, header)
            db.execute(f"CREATE TABLE {name} ({key} INTEGER PRIMARY KEY, {', '.join(others)})")
            places = ", ".join("?" * len(header))
            cells = [
                [str(cell) if isinstance(cell, datetime) else cell for cell in row]
                for row in rows
            ]
            db.executemany(f"INSERT INTO {name} VALUES ({places})", cells)
        db.commit()
    return "sqlite:///crm.db"


def answers(*, written: bool) -> Answers:
    right = [(rf"{what}: table {name}(.|\n)*?Right \[y\]:", "")
             for what, name in (("Your people", "verkopers"), ("Clients", "relaties"), ("Contacts", "relaties"),
                                ("Meetings", "afspraken"))]  # fmt: skip
    words = {
        "bedrijf": "company",
        "contactpersoon": "person",
        "leverancier": "neither",
        ODD: "person",
    }
    means = [(rf"  {word} \(8 times\) \[{meaning}\]:", "") for word, meaning in words.items()]
    formats = (
        [(r"instant = %Y-%m-%d %H:%M:%S, (.|\n)*Right \[Y/n\]:", "")]
        if written
        else [("Which clock:", "UTC")]
    )
    return [*right, *means, (r"geweest .*\[held\]:", ""), *formats, ("zone of your people.*:", "Europe/Amsterdam"),
            ("name none.*:", "EUR"), (r"Language of the reports.*:", ""),
            (r"Which \(own, named\).*:", ""), (r"\[y/N\]:", "n")]  # fmt: skip


@pytest.mark.parametrize("kept", [workbook, database])
def test_one_table_of_clients_and_contacts(tmp_path: Path, kept) -> None:  # type: ignore[no-untyped-def]
    address = kept(tmp_path)
    asked = answers(written=address.startswith("files"))
    ended, said = at_a_terminal(tmp_path, "init", "--source", address, answers=asked, TZ="UTC")
    assert ended == 0, said
    assert f"soort says: 8 bedrijf, 8 contactpersoon, 8 leverancier, 8 {ODD}" in said
    succeed(tmp_path, ("run", "--as-of", AS_OF))
    found, (_, counted) = values(tmp_path / "output"), company()
    assert {name: found[name][0] for name in counted} == dict(counted)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [("Bedrijf", "company"), ("Contactpersoon", "person"), ("rechtspersoon", "company"), ("Particulier", "person"),
     ("organisation", "company"), ("Individual", "person"), ("leverancier", None), ("B.V.", "company")],
)  # fmt: skip
def test_words_that_tell_companies_from_persons(word: str, meaning: str | None) -> None:
    assert meaning_of(word) == meaning


def proposed(folder: Path, *statements: str) -> dict[str, str]:
    """Entity -> table."""
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    with Place("sqlite:///crm.db", folder).opened() as connection:
        return {one.entity: one.table for one in propose(connection)}


RELATIONS = "CREATE TABLE relaties (id INTEGER PRIMARY KEY, naam TEXT, soort TEXT)"


def test_a_table_of_companies_only_holds_no_contacts(tmp_path: Path) -> None:
    found = proposed(
        tmp_path,
        RELATIONS,
        "INSERT INTO relaties VALUES (1, 'A', 'bedrijf'), (2, 'B', 'stichting')",
    )
    assert found == {"client": "relaties"}


def test_a_column_of_yes_and_no_tells_them_apart(tmp_path: Path) -> None:
    (tmp_path / "persons").mkdir()
    for folder, column, company in (
        (tmp_path, "is_bedrijf", "1"),
        (tmp_path / "persons", "particulier", "0"),
    ):
        made = f"CREATE TABLE klanten (id INTEGER PRIMARY KEY, naam TEXT, {column} INTEGER)"
        found = proposed(
            folder, made, "INSERT INTO klanten VALUES (1, 'A', 1), (2, 'B', 0), (3, 'C', 0)"
        )
        assert found == {"client": "klanten", "contact": "klanten"}
        with Place("sqlite:///crm.db", folder).opened() as connection:
            kinds = propose(connection)[0].kinds
        assert kinds is not None
        assert kinds.of("company") == (company,)


def test_contacts_of_a_table_of_their_own_stay_there(tmp_path: Path) -> None:
    found = proposed(
        tmp_path, RELATIONS, "INSERT INTO relaties VALUES (1, 'A', 'bedrijf'), (2, 'B', 'persoon')",
        "CREATE TABLE contacten (id INTEGER PRIMARY KEY, achternaam TEXT)", "INSERT INTO contacten VALUES (1, 'C')",
    )  # fmt: skip
    assert found == {"client": "relaties", "contact": "contacten"}


def test_without_a_terminal_it_is_a_guess(tmp_path: Path) -> None:
    succeed(tmp_path, ("init", "--source", database(tmp_path)))
    own = yaml.safe_load((tmp_path / "crm.yaml").read_text("utf-8"))
    said = f"; soort says: 8 bedrijf, 8 contactpersoon, 8 leverancier, 8 {ODD}"
    assert f"client = rows whose soort is bedrijf{said}" in own["unconfirmed"]
    assert f"contact = rows whose soort is contactpersoon or {ODD}{said}" in own["unconfirmed"]
