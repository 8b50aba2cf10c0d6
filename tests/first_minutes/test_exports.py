"""A folder of exports that no preset knows: proposed, confirmed, checked, run; figures are counted as it is made."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from tests.first_minutes.terminal import Answers, at_a_terminal, figures, succeed

AS_OF = "2026-11-24T09:00+01:00"
PEOPLE = ("An Jansen", "Bo de Wit", "Cor Smit")
WORDS = {"geweest": "held", "gepland": "planned", "afgezegd": "not held"}
STAGES = {"lopend": "open", "gewonnen": "won", "verloren": "lost"}
EMPTY = ("-", "n.v.t.", "", " ")

Row = Sequence[object]


def write(folder: Path, name: str, header: str, rows: Iterable[Row], delimiter: str = ";") -> None:
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
        owner, phone = PEOPLE[number % 3], EMPTY[number % 4] if number % 5 == 0 else f"020-55500{number:02d}"
        clients.append((f"Bedrijf {number}", phone, owner, f"{1 + number % 28:02d}-11-2026"))
        counted["clients@company"] += 1
        counted[f"clients@manager:{owner}"] += 1
        counted["clients_new@company"] += 1 + number % 28 <= 24
        counted["base_missing/client.details@company"] += number % 5 == 0
    for number in range(60):
        owner, stage, cents = PEOPLE[number % 3], [*STAGES][number % 3], 123_450 + 7 * number
        client = "-" if number % 10 == 9 else f"Bedrijf {number % 40}"
        day = date(2026, 11, 1) + timedelta(days=number % 24)
        deals.append((f"D-{number}", f"Offerte {number}", owner, client, stage, euros(cents), f"{day:%d/%m/%Y}"))
        won = stage == "gewonnen"
        counted[f"deals_{STAGES[stage]}@company"] += 1
        counted["deals_won_amount/EUR@company"] += cents * won
        counted[f"deals_won_amount/EUR@manager:{owner}"] += cents * won
        counted["base_missing/deal.client@company"] += number % 10 == 9
        word, start = [*WORDS][number % 3], f"{1 + number % 28:02d}-11-2026 {8 + number % 9:02d}:30"
        result = EMPTY[number % 4] if number % 2 else "wil een offerte"
        meetings.append(
            (number, f"Gesprek {number}", PEOPLE[number % 2], f"Bedrijf {number % 40}", word, start, result)
        )
        held = word == "geweest" and 1 + number % 28 < 24  # on the 24th at half past eight it was, too
        held |= word == "geweest" and 1 + number % 28 == 24 and 8 + number % 9 == 8
        counted["meetings_held@company"] += held
        counted[f"meetings_held@manager:{PEOPLE[number % 2]}"] += held
        counted["field_missing/meeting.result@company"] += held and bool(number % 2)
    write(folder, "klanten", "bedrijfsnaam;telefoon;accountmanager;aangemaakt", clients)
    write(folder, "offertes", "offertenr;omschrijving;verkoper;klant;fase;bedrag;sluitdatum", deals)
    write(folder, "afspraken", "nr;onderwerp;verkoper;klant;status;begin;uitkomst", meetings)
    write(folder, "voorraad", "artikel;aantal", [("stoel", 3)])
    return counted


TABLES = [(rf"table {name}(.|\n)*?Right \[y\]:", "") for name in ("medewerkers", "klanten", "afspraken", "offertes")]
MEANT = [
    (rf"  {word} \(\d+ times\) \[{state}\]:", "")
    for words in (WORDS, STAGES)
    for word, state in sorted(words.items(), key=lambda one: one[0])
]
REST = [("zone of your people.*:", "Europe/Amsterdam"), ("name none.*:", "EUR"), (r"\[y/N\]", "n")]


def first_minutes(folder: Path, answers: Answers) -> str:
    ended, said = at_a_terminal(folder, "init", "--source", "files:///exports", answers=answers, TZ="UTC")
    assert ended == 0, said
    succeed(folder, ("check",), ("run", "--as-of", AS_OF))
    return said


def test_unknown_exports(tmp_path: Path) -> None:
    counted = dutch(tmp_path / "exports")
    said = first_minutes(tmp_path, [
        *TABLES, *MEANT, (r"n\.v\.t\.  \d+ times\n(.|\n)*-  \d+ times(.|\n)*Right \[y\]:", ""),
        (r"day = %d/%m/%Y, (.|\n)*instant = %d-%m-%Y %H:%M or %d-%m-%Y(.|\n)*amount = € 1.234,50(.|\n)*Right \[Y/n\]:", ""),
        (r"(\d)  afspraken\.uitkomst (.|\n)*Which \[1\]:", ""), *REST])
    print(said)
    print((tmp_path / "crm.yaml").read_text())
    found = figures(tmp_path)
    assert {name: found[name][0] for name in counted} == dict(counted)
