"""A folder of exports that no preset knows: proposed, confirmed, checked, run; figures are counted as it is made."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from pipeline.config import load_audit
from tests.setup.first_minutes.terminal import (
    Answers,
    at_a_terminal,
    crm_audit,
    succeed,
    values,
)

AS_OF = "2026-11-24T09:00+01:00"
PEOPLE = ("An Jansen", "Bo de Wit", "Cor Smit")
WORDS = {"geweest": "held", "gepland": "planned", "afgezegd": "not held"}
STAGES = {"lopend": "open", "gewonnen": "won", "verloren": "lost"}
EMPTY = ("-", "n.v.t.", "", " ")

Row = Sequence[object]


def write(
    folder: Path, name: str, header: str, rows: Iterable[Row], delimiter: str = ";"
) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerows([header.split(";"), *rows])


def euros(cents: int) -> str:
    """'€ 1.234,50'."""
    return f"€ {cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"


def dutch(folder: Path) -> Counter[str]:
    """Exports of Dutch names, in which people and clients are named, not numbered; the figures of November 2026."""
    counted: Counter[str] = Counter()
    write(folder, "medewerkers", "naam;afdeling;in dienst",
          [(name, "Noord" if number else "Zuid", "ja") for number, name in enumerate(PEOPLE)])  # fmt: skip
    clients, deals, meetings = [], [], []
    for number in range(40):
        owner, phone = (
            PEOPLE[number % 3],
            EMPTY[number % 4] if number % 5 == 0 else f"020-55500{number:02d}",
        )
        clients.append((f"Bedrijf {number}", phone, owner, f"{1 + number % 28:02d}-11-2026"))
        counted["clients@company"] += 1
        counted[f"clients@manager:{owner}"] += 1
        counted["clients_new@company"] += 1 + number % 28 <= 24
        counted["base_missing/client.details@company"] += number % 5 == 0
    for number in range(60):
        owner, stage, cents = PEOPLE[number % 3], [*STAGES][number % 3], 123_450 + 7 * number
        client = "-" if number % 10 == 9 else f"Bedrijf {number % 40}"
        day = date(2026, 11, 1) + timedelta(days=number % 24)
        deals.append(
            (
                f"D-{number}",
                f"Offerte {number}",
                owner,
                client,
                stage,
                euros(cents),
                f"{day:%d/%m/%Y}",
            )
        )
        won = stage == "gewonnen"
        counted[f"deals_{STAGES[stage]}@company"] += 1
        counted["deals_won_amount/EUR@company"] += cents * won
        counted[f"deals_won_amount/EUR@manager:{owner}"] += cents * won
        counted["base_missing/deal.client@company"] += number % 10 == 9
        word, start = (
            [*WORDS][number % 3],
            f"{1 + number % 28:02d}-11-2026 {8 + number % 9:02d}:30",
        )
        result = EMPTY[number % 4] if number % 2 else "wil een offerte"
        meetings.append(
            (
                number,
                f"Gesprek {number}",
                PEOPLE[number % 2],
                f"Bedrijf {number % 40}",
                word,
                start,
                result,
            )
        )
        held = (
            word == "geweest" and 1 + number % 28 < 24
        )  # on the 24th at half past eight it was, too
        held |= word == "geweest" and 1 + number % 28 == 24 and 8 + number % 9 == 8
        counted["meetings_held@company"] += held
        counted[f"meetings_held@manager:{PEOPLE[number % 2]}"] += held
        counted["field_missing/meeting.result@company"] += held and bool(number % 2)
    write(folder, "klanten", "bedrijfsnaam;telefoon;accountmanager;aangemaakt", clients)
    write(
        folder,
        "offertes",
        "offertenr;omschrijving;verkoper;klant;fase;bedrag;sluitdatum",
        deals,
    )
    write(folder, "afspraken", "nr;onderwerp;verkoper;klant;status;begin;uitkomst", meetings)
    write(folder, "voorraad", "artikel;aantal", [("stoel", 3)])
    return counted


TABLES = [
    (rf"table {name}(.|\n)*?Right \[y\]:", "")
    for name in ("medewerkers", "klanten", "afspraken", "offertes")
]
MEANT = [
    (rf"  {word} \(\d+ times\) \[{state}\]:", "")
    for words in (WORDS, STAGES)
    for word, state in sorted(words.items())
]
NOTHING = (r"n\.v\.t\.  \d+ times\n(.|\n)*-  \d+ times(.|\n)*Right \[y\]:", "")
READ = (
    r"day = %d/%m/%Y, 24 of 24 (.|\n)*instant = %d-%m-%Y %H:%M or %d-%m-%Y, (.|\n)*amount = € 1\.234,50, 60 of 60"
    r"(.|\n)*Right \[Y/n\]:"
)
REST = [
    ("zone of your people.*:", "Europe/Amsterdam"),
    (r"name none \[EUR\]:", ""),
    (r"Language of the reports.*:", ""),
    (r"Which \(own, named\).*:", ""),
    (r"\[y/N\]", "n"),
]


def exports(folder: Path) -> str:
    return "files:///exports"


def database(folder: Path) -> str:
    """The same texts in a database of nothing but texts."""
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for file in (folder / "exports").iterdir():
            with file.open(encoding="utf-8", newline="") as stream:
                header, *rows = csv.reader(stream, delimiter=";")
            columns = ", ".join(f'"{name}" TEXT' for name in header)
            db.execute(f"CREATE TABLE {file.stem} ({columns})")
            db.executemany(
                f"INSERT INTO {file.stem} VALUES ({', '.join('?' * len(header))})", rows
            )
        db.commit()
    return "sqlite:///crm.db"


def first_minutes(folder: Path, address: str, answers: Answers) -> str:
    ended, said = at_a_terminal(folder, "init", "--source", address, answers=answers, TZ="UTC")
    assert ended == 0, said
    succeed(folder, ("check",), ("run", "--as-of", AS_OF))
    return said


def database_of_two_names(folder: Path) -> str:
    """There people have a number, and a first and a last name, by which the records name them."""
    address = database(folder)
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        db.execute("ALTER TABLE medewerkers RENAME TO given")
        db.execute(
            "CREATE TABLE medewerkers (nr INTEGER PRIMARY KEY, voornaam TEXT, achternaam TEXT, afdeling TEXT)"
        )
        db.execute("INSERT INTO medewerkers SELECT rowid, substr(naam, 1, instr(naam, ' ') - 1), "
                   "substr(naam, instr(naam, ' ') + 1), afdeling FROM given")  # fmt: skip
        db.execute("DROP TABLE given")
        db.commit()
    return address


@pytest.mark.parametrize("kept", [exports, database_of_two_names])
def test_unknown_exports(tmp_path: Path, kept: Callable[[Path], str]) -> None:
    counted = dutch(tmp_path / "exports")
    chosen = (r"1  afspraken\.uitkomst  filled in  50%, \d different(.|\n)*Which \[1\]:", "")
    said = first_minutes(
        tmp_path, kept(tmp_path), [*TABLES, *MEANT, NOTHING, (READ, ""), chosen, *REST]
    )
    assert "40 of 40 values are names in klanten.bedrijfsnaam" in said
    assert (
        "voorraad, 1 row: artikel (few words), aantal (numbers)" in said
    )  # left, and said to be
    found = values(tmp_path / "output")
    assert {name: found[name][0] for name in counted} == dict(counted)
    assert found["managers@company"][0] == len(PEOPLE)


def test_without_a_terminal_formats_are_guesses_to_confirm(tmp_path: Path) -> None:
    dutch(tmp_path / "exports")
    succeed(tmp_path, ("init", "--source", "files:///exports"))
    own, audit = tmp_path / "crm.yaml", tmp_path / "audit.yaml"
    unconfirmed = yaml.safe_load(own.read_text("utf-8"))["unconfirmed"]
    assert "formats.amount = € 1.234,50, 60 of 60 different texts are written so" in unconfirmed
    assert any(line.startswith("empty = n.v.t. ") for line in unconfirmed)
    assert (
        yaml.safe_load(audit.read_text("utf-8"))["currency"] == "EUR"
    )  # every amount has its sign
    assert crm_audit(tmp_path, "check").returncode == 2
    own.write_text(re.sub(r"unconfirmed:\n(  - .*\n)+", "", own.read_text("utf-8")), "utf-8")
    audit.write_text(audit.read_text("utf-8").replace("# zone:", "zone:"), "utf-8")
    succeed(tmp_path, ("check",))


def doubtful(folder: Path) -> None:
    """Deals of which nothing tells whether they closed in March or in April, and for a thousand or for one."""
    write(folder, "users", "name", [("Ann",), ("Ben",)])
    write(folder, "deals", "id;name;owner;stage;amount;close date",
          [(1, "A", "Ann", "won", "1.234", "03/04/2026"), (2, "B", "Ben", "won", "2.500", "04/03/2026")])  # fmt: skip


def test_what_nothing_settles_is_asked(tmp_path: Path) -> None:
    doubtful(tmp_path / "exports")
    answers = [
        (r"table users(.|\n)*?Right \[y\]:", ""), (r"table deals(.|\n)*?Right \[y\]:", ""), (r"won .*\[won\]:", ""),
        (r"first in 0\d/0\d/2026, the day or the month\? ", "month"), (r"mark in \d\.\d+ .*decimals\? ", "thou"),
        (r"%m/%d/%Y(.|\n)*1\.234,50(.|\n)*Right \[Y/n\]:", ""), REST[0], ("name none:", "EUR"), *REST[2:],
    ]  # fmt: skip
    ended, said = at_a_terminal(
        tmp_path, "init", "--source", "files:///exports", answers=answers, TZ="UTC"
    )
    assert ended == 0, said
    formats = load_audit(tmp_path / "audit.yaml").preset.formats
    assert formats is not None
    assert formats.day == ("%m/%d/%Y",)
    assert [(one.decimal, one.thousands) for one in formats.amount] == [(",", ".")]


def test_what_nothing_settles_is_left_open(tmp_path: Path) -> None:
    doubtful(tmp_path / "exports")
    said = succeed(tmp_path, ("init", "--source", "files:///exports"))
    assert "crm.yaml: formats: in 0" in said
    own = yaml.safe_load((tmp_path / "crm.yaml").read_text("utf-8"))
    assert any("write %d/%m/%Y or %m/%d/%Y" in line for line in own["unconfirmed"])
    assert any("may be thousands or decimals" in line for line in own["unconfirmed"])
    assert own["formats"]["day"] == ["%Y-%m-%d"]  # so nothing is read in either way


def test_formats_that_are_wrong_are_not_used(tmp_path: Path) -> None:
    dutch(tmp_path / "exports")
    said = [*TABLES, *MEANT, NOTHING, (READ, "n"), (r"Which \[1\]:", ""), *REST]
    ended, shown = at_a_terminal(
        tmp_path, "init", "--source", "files:///exports", answers=said, TZ="UTC"
    )
    assert ended == 0, shown
    assert "Fill in:\n  crm.yaml: formats: you said that they are wrong" in shown
    refused = crm_audit(tmp_path, "check")
    assert refused.returncode == 2
    assert "correct them below, then delete this" in refused.stderr


def test_what_lacks_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    write(folder, "klanten", "klantnr;naam;verkoper", [(1, "A", "An"), (2, "B", "Bo")])
    write(folder, "afspraken", "onderwerp;klant;verkoper", [("x", 1, "An"), ("y", 2, "Bo")])
    said = succeed(tmp_path, ("init", "--source", "files:///exports"))
    assert "Table afspraken is left out: no column of it" in said
    assert (
        "No table holds your people, whom afspraken.verkoper and klanten.verkoper seem to name"
        in said
    )
