"""`crm-audit init` as its user meets it: at a terminal, which answers; and without one."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from pipeline.config import load_audit
from pipeline.errors import ConfigError
from pipeline.setup import without_password
from tests.postgres import database as postgresql
from tests.requirements import require_mariadb
from tests.setup.first_minutes.terminal import at_a_terminal, crm_audit, figures
from tests.small_demo import write_small_demo

AS_OF = "2026-11-24T09:00+01:00"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_small_demo(folder, date(2026, 11, 24))
    (folder / "audit.yaml").unlink()
    return folder


# ------------------------------------------------------------------------------------------------ a known CRM


def test_the_demo_is_recognised_asked_about_checked_and_run(demo: Path, tmp_path: Path) -> None:
    ended, said = at_a_terminal(
        demo, "init", "--source", "sqlite:///crm.db", "--output", str(tmp_path / "new" / "audit.yaml"), TZ="UTC",
        answers=[("zone of your people:", "Mars"), ("Mars' is no time zone.*\n.*people:", "Europe/Amsterdam"),
                 (r"name none \[EUR\]:", ""), (r"Language of the reports.*:", "nl"),
                 (r"Which \(own, named\).*:", ""), (r"plan.*\[y/N\]:", "y")],
    )  # fmt: skip
    assert ended == 0, said
    assert "The demo CRM" in said
    assert "meeting's result" not in said  # the preset knows it
    folder = tmp_path / "new"
    audit = load_audit(folder / "audit.yaml")
    assert (audit.preset.name, audit.settings.zone, audit.settings.currency) == (
        "demo",
        "Europe/Amsterdam",
        "EUR",
    )
    lines = (folder / "targets-example.csv").read_text("utf-8").splitlines()
    assert lines[0] == "manager,month,metric,target,name"
    assert len(lines) == 13
    assert audit.settings.audience == "own"
    assert audit.targets == ()  # an example is nobody's plan
    checked = crm_audit(folder, "check")
    assert checked.returncode == 0, checked.stderr
    ran = crm_audit(folder, "run", "--as-of", AS_OF)
    assert ran.returncode == 0, ran.stderr
    [page] = folder.glob("output/runs/*/report.html")
    assert '<html lang="nl">' in page.read_text("utf-8")
    text = (folder / "audit.yaml").read_text("utf-8")
    (folder / "audit.yaml").write_text(text.replace("# targets:", "targets:"), "utf-8")
    assert len(load_audit(folder / "audit.yaml").targets) == 12


def test_without_a_terminal_nothing_is_guessed(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.yaml"
    done = crm_audit(
        demo,
        "init",
        "--source",
        "sqlite:///crm.db",
        "--output",
        str(file),
        TZ="Europe/Amsterdam",
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"(?m)^id: audit-[0-9a-f]{8}$", file.read_text("utf-8"))
    assert "Fill in:\n  zone:" in done.stdout
    assert "so it is teams of five or more (audience: own)" in done.stdout
    assert re.search(r"(?m)^audience: own$", file.read_text("utf-8"))
    assert "\n  currency:" in done.stdout
    with pytest.raises(
        ConfigError, match=r"the key 'zone' is missing(.|\n)*'currency' is missing"
    ):
        load_audit(file)
    filled = (
        file.read_text("utf-8").replace("# zone:", "zone:").replace("# currency:", "currency:")
    )
    file.write_text(filled, "utf-8")
    assert crm_audit(tmp_path, "check").returncode == 0


def test_a_file_of_the_users_own_is_left_as_it_is(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text("mine", "utf-8")
    arguments = ("init", "--source", f"sqlite:///{demo / 'crm.db'}")
    for more in ((), ("--yes",)):
        done = crm_audit(tmp_path, *arguments, *more)
        assert done.returncode == 2
        assert "already exists" in done.stderr
    ended, said = at_a_terminal(
        tmp_path, *arguments, answers=[(r"Overwrite it\? \[y/N\]:", "")]
    )
    assert ended == 2, said
    assert file.read_text("utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["audit.yaml"]


def test_an_audit_written_anew_keeps_its_id(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text("name: Ours\nid: sales-europe\nsource: {}\n", "utf-8")
    ended, said = at_a_terminal(
        tmp_path,
        "init",
        "--source",
        f"sqlite:///{demo / 'crm.db'}",
        TZ="UTC",
        answers=[
            (r"Overwrite it\? \[y/N\]:", "y"),
            ("zone of your people:", "Europe/Amsterdam"),
            (r"name none \[EUR\]:", ""),
            (r"Language of the reports.*:", ""),
            (r"Which \(own, named\).*:", ""),
            (r"plan.*\[y/N\]:", "n"),
        ],
    )
    assert ended == 0, said
    assert load_audit(file).settings.id == "sales-europe"


# ------------------------------------------------------------------------------------------------ secrets


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("sqlite:///crm.db", "sqlite:///crm.db"),
        ("postgresql://u:${PW}@h/d", "postgresql://u:${PW}@h/d"),
        ("postgresql://u:s3cret@h:5432/d", "postgresql://u:${CRM_PASSWORD}@h:5432/d"),
        ("postgresql://u:s3:c@ret/@h/d", "postgresql://u:${CRM_PASSWORD}@h/d"),
        ("postgresql://u:${PW}s3cret@h/d", "postgresql://u:${CRM_PASSWORD}@h/d"),
        (
            "postgresql://h/d?user=u&password=s3cret&x=1",
            "postgresql://h/d?user=u&password=${CRM_PASSWORD}&x=1",
        ),
        ("mysql+pymysql://u:s3cret@h/d?ssl_key_password=s3cret", None),
        ("postgresql://u@h/d?ssl%70assword=s3cret", None),
        (
            "duckdb:///x.duckdb?motherduck_token=s3cret",
            "duckdb:///x.duckdb?motherduck_token=${CRM_PASSWORD}",
        ),
    ],
)
def test_a_typed_password_becomes_a_variable(typed: str, written: str | None) -> None:
    assert "s3cret" not in without_password(typed)
    assert written is None or without_password(typed) == written


def test_a_password_is_written_and_said_nowhere(tmp_path: Path) -> None:
    for address in (
        "mysql+pymysql://reader:hunter2@127.0.0.1:9/crm",
        "postgresql://reader:hunter2@127.0.0.1:9/crm",
    ):
        done = crm_audit(tmp_path, "init", "--source", address, "--yes")
        assert done.returncode == 3, done.stderr
        assert "hunter2" not in done.stdout + done.stderr
        assert "${CRM_PASSWORD}" in done.stdout
    assert list(tmp_path.iterdir()) == []
    done = crm_audit(
        tmp_path, "init", "--source", "mysql+pymysql://reader:${NOT_SET}@127.0.0.1:9/crm"
    )
    assert (done.returncode, "NOT_SET is not set" in done.stderr) == (2, True)


# ------------------------------------------------------------------------------------------------ broken off


def test_who_breaks_off_has_no_file(tmp_path: Path) -> None:
    dutch(tmp_path / "crm.db")
    ended, said = at_a_terminal(
        tmp_path, "init", "--source", "sqlite:///crm.db",
        answers=[*RIGHT, *MEANT, (r"Which \[1\]:", ""), UTC, ("zone of your people.*:", "\x04")],
    )  # fmt: skip
    assert ended == 130, said
    assert [path.name for path in tmp_path.iterdir()] == ["crm.db"]


# ------------------------------------------------------------------------------------------------ an unknown CRM

TABLES = """
CREATE TABLE tblMedewerkers (nummer INTEGER PRIMARY KEY, voornaam TEXT, achternaam TEXT, afdeling TEXT,
                             actief INTEGER);
CREATE TABLE tblKlanten (klantnr INTEGER PRIMARY KEY, bedrijfsnaam TEXT, telefoon TEXT, "e-mail" TEXT,
                         accountmanager INTEGER, aangemaakt TEXT, verwijderd INTEGER);
CREATE TABLE contactpersonen (id INTEGER PRIMARY KEY, klantnr INTEGER, voornaam TEXT, achternaam TEXT, tel_nr TEXT,
                              email TEXT, aangemaakt_op TEXT);
CREATE TABLE afspraken (nr INTEGER PRIMARY KEY, verkoper INTEGER, contactpersoon_id INTEGER, onderwerp TEXT,
                        status TEXT, begintijd TEXT, eindtijd TEXT, uitkomst TEXT, kleur TEXT, verwijderd INTEGER);
CREATE TABLE offertes (nr INTEGER PRIMARY KEY, verkoper INTEGER, klant_id INTEGER REFERENCES tblKlanten,
                       omschrijving TEXT, fase TEXT, bedrag REAL, sluitdatum TEXT, aangemaakt TEXT);
CREATE TABLE voorraad (artikel TEXT, aantal INTEGER);
"""
WORDS = {"geweest": "held", "gepland": "planned", "afgezegd": "not held"}
STAGES = {"lopend": "open", "gewonnen": "won", "verloren": "lost"}


def dutch(file: Path, *, hostile: bool = False) -> Counter[str]:
    """An SQLite CRM of Dutch names; returns its figures of November 2026, counted while the rows are made."""
    counted: Counter[str] = Counter()
    with closing(sqlite3.connect(file)) as db:
        db.executescript(TABLES)
        for number in range(1, 5):
            first = ("An", "Be", "Co", "Di")[number - 1]
            db.execute("INSERT INTO tblMedewerkers VALUES (?, ?, ?, ?, ?)",
                       (number, first, f"Jansen{number}", "NZ"[number % 2], 1))  # fmt: skip
        for number in range(40):
            gone, owner, phone = (
                number % 10 == 0,
                1 + number % 4,
                None if number % 4 == 1 else f"020-55500{number:02d}",
            )
            email = None if number % 8 == 1 else f"info{number}@bedrijf.example"
            db.execute("INSERT INTO tblKlanten VALUES (?, ?, ?, ?, ?, ?, ?)",
                       (100 + number, f"Bedrijf {number} B.V.", phone, email, owner, "2026-11-02 10:00:00",
                        int(gone)))  # fmt: skip
            counted["clients@company"] += not gone
            counted[f"clients@manager:{owner}"] += not gone
            counted["field_missing/client.details@company"] += (
                not gone and not phone and not email
            )
            first = "" if number % 3 == 0 else "Jan"
            db.execute("INSERT INTO contactpersonen VALUES (?, ?, ?, ?, ?, ?, ?)",
                       (500 + number, 100 + number, first, f"de Vries {number}", f"06-123456{number:02d}", None,
                        "2026-11-03 10:00:00"))  # fmt: skip
            counted["contacts@company"] += 1
            counted["field_missing/contact.first_name@company"] += not first
        for number in range(90):
            owner, word, gone = 1 + number % 4, [*WORDS][number % 3], number % 9 == 8
            result = "wil een offerte" if number % 2 else None
            start = (
                f"2026-11-{1 + number % 23:02d} 09:30:00"
                if word != "gepland"
                else "2026-11-26 09:30:00"
            )
            db.execute("INSERT INTO afspraken VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       (number, owner, 500 + number % 40, f"Gesprek {number}", word, start, None, result, "rood",
                        int(gone)))  # fmt: skip
            held = word == "geweest" and not gone
            counted["meetings_held@company"] += held
            counted[f"meetings_held@manager:{owner}"] += held
            counted["meetings_planned_7d@company"] += word == "gepland" and not gone
            counted["field_missing/meeting.result@company"] += held and not result
            stage = [*STAGES][number % 3]
            db.execute("INSERT INTO offertes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                       (number, owner, 100 + number % 40, f"Offerte {number}", stage, 1000.25 + number, "2026-11-10",
                        "2026-10-01 08:00:00"))  # fmt: skip
            counted[f"deals_{STAGES[stage]}@company"] += 1
            counted["deals_won_amount/EUR@company"] += (100025 + 100 * number) * (
                stage == "gewonnen"
            )
        if hostile:
            db.execute(
                'CREATE TABLE "klant\n  evil: [*&" ("id: {x}" INTEGER PRIMARY KEY, "naam""; --" TEXT)'
            )
            db.execute('ALTER TABLE afspraken ADD COLUMN "resultaat\nzone: Mars" TEXT')
            db.execute(
                "UPDATE afspraken SET status = ? WHERE nr = 1",
                ("'afgezegd\": [\n\x1b[31m#&*!|>%@`\u2028",),
            )
            db.execute(
                "UPDATE tblMedewerkers SET achternaam = ? WHERE nummer = 2", ('=1+1\n"\x07,;',)
            )
        db.commit()
    return counted


RIGHT = [(f"(?i)table {name}(.|\n)*?Right.*:", "") for name in
         ("tblMedewerkers", "tblKlanten", "contactpersonen", "afspraken", "offertes")]  # fmt: skip
MEANT = [
    (rf"  {word} \(\d+ times\) \[{state}\]:", "")
    for words in (WORDS, STAGES)
    for word, state in sorted(words.items())
]
UTC = ("Which clock:", "UTC")
REST = [
    ("zone of your people.*:", "Europe/Amsterdam"),
    ("name none.*:", "EUR"),
    (r"Language of the reports.*:", ""),
    (r"Which \(own, named\).*:", ""),
    (r"\[y/N\]", "n"),
]


def test_an_unknown_crm_is_proposed_confirmed_checked_and_run(tmp_path: Path) -> None:
    counted = dutch(tmp_path / "crm.db")
    ended, said = at_a_terminal(
        tmp_path, "init", "--source", "sqlite:///crm.db",
        answers=[*RIGHT, *MEANT, (r"1  afspraken\.uitkomst +filled in  50%(.|\n)*Which \[1\]:", ""), UTC, *REST],
    )  # fmt: skip
    assert ended == 0, said
    assert "voorraad, 0 rows: artikel (always empty), aantal (always empty)" in said
    checked = crm_audit(tmp_path, "check")
    assert checked.returncode == 0, checked.stderr
    ran = crm_audit(tmp_path, "run", "--as-of", AS_OF)
    assert ran.returncode == 0, ran.stderr
    found = figures(tmp_path / "output")
    assert {name: found[name]["numerator"] for name in counted} == dict(counted)
    assert found["managers@company"]["numerator"] == 4


def test_the_zone_of_times_that_name_none_is_asked_at_a_terminal(tmp_path: Path) -> None:
    """It decides on the day of a meeting at night, and so on its month."""
    dutch(tmp_path / "crm.db")
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db, db:
        db.execute("UPDATE afspraken SET begintijd = '2026-10-31 23:30:00' WHERE nr = 3")
    asked = r"in afspraken\.begintijd name no zone(.|\n)*Most of them are at 9, 23 o'clock(.|\n)*Which clock:"
    clock = [(asked, "Mars"), (r"'Mars' is no time zone(.|\n)*Which clock:", "AUDIT")]
    ended, said = at_a_terminal(
        tmp_path, "init", "--source", "sqlite:///crm.db",
        answers=[*RIGHT, *MEANT, (r"Which \[1\]:", ""), *clock, *REST],
    )  # fmt: skip
    assert ended == 0, said
    file = tmp_path / "crm.yaml"
    assert yaml.safe_load(file.read_text("utf-8"))["datetimes"] == "audit"
    held = []
    for zone in ("audit", "UTC"):
        file.write_text(
            re.sub(r"\ndatetimes: .*", f"\ndatetimes: {zone}", file.read_text("utf-8")), "utf-8"
        )
        ran = crm_audit(tmp_path, "run", "--as-of", AS_OF)
        assert ran.returncode == 0, ran.stderr
        held.append(figures(tmp_path / "output")["meetings_held@company"]["numerator"])
    assert held[1] == held[0] + 1


def test_what_is_not_confirmed_is_not_used(tmp_path: Path) -> None:
    counted = dutch(tmp_path / "crm.db")
    done = crm_audit(tmp_path, "init", "--source", "sqlite:///crm.db", "--yes")
    assert done.returncode == 0, done.stderr
    assert "crm.yaml: confirm each line" in done.stdout
    audit, own = tmp_path / "audit.yaml", tmp_path / "crm.yaml"
    filled = (
        audit.read_text("utf-8").replace("# zone:", "zone:").replace("# currency:", "currency:")
    )
    audit.write_text(filled, "utf-8")
    refused = crm_audit(tmp_path, "run", "--as-of", AS_OF)
    assert refused.returncode == 2
    evidence = "client.owner_id = accountmanager, 95%: by its name; 4 of 4 values are keys of tblMedewerkers"
    assert evidence in refused.stderr
    text = own.read_text("utf-8")
    assert "uitkomst: filled in 50%" in audit.read_text("utf-8")
    confirmed = re.sub(r"unconfirmed:\n(  - .*\n)+", "", text)
    own.write_text(confirmed, "utf-8")
    ran = crm_audit(tmp_path, "run", "--as-of", AS_OF)
    assert ran.returncode == 0, ran.stderr
    found = figures(tmp_path / "output")
    unasked = "field_missing/meeting.result@company"  # nobody said where results are
    assert unasked not in found
    assert {name: found[name]["numerator"] for name in counted if name != unasked} == {
        name: number for name, number in counted.items() if name != unasked
    }


ON_SERVERS = (
    "CREATE TABLE gebruikers (id INTEGER PRIMARY KEY, naam VARCHAR(50), actief BOOLEAN)",
    "CREATE TABLE klanten (id INTEGER PRIMARY KEY, naam VARCHAR(50), telefoon VARCHAR(20), verkoper_id INTEGER, "
    "aangemaakt_op TIMESTAMP NULL, verwijderd BOOLEAN)",
    "CREATE TABLE afspraken (id INTEGER PRIMARY KEY, verkoper_id INTEGER, klant_id INTEGER, onderwerp VARCHAR(80), "
    "status VARCHAR(20), begin_tijd TIMESTAMP NULL)",
    "CREATE TABLE offertes (id INTEGER PRIMARY KEY, verkoper_id INTEGER, naam VARCHAR(80), fase VARCHAR(20), "
    "bedrag DECIMAL(12, 2), sluitdatum DATE)",
    "INSERT INTO gebruikers VALUES (1, 'An', TRUE), (2, 'Be', FALSE)",
    "INSERT INTO klanten VALUES (1, 'K', '020-1234567', 1, '2026-11-02 10:00:00', FALSE), "
    "(2, 'L', '020-1234568', 2, '2026-11-02 10:00:00', TRUE), (3, 'M', NULL, 1, NULL, NULL)",
    "INSERT INTO afspraken VALUES (1, 1, 1, 'x', 'geweest', '2026-11-10 10:00:00'), "
    "(2, 1, 1, 'x', 'gepland', '2026-11-26 10:00:00'), (3, 1, 3, 'y', 'geweest', '2026-11-11 10:00:00')",
    "INSERT INTO offertes VALUES (1, 1, 'o', 'gewonnen', 12.50, '2026-11-10'), (2, 1, 'p', 'lopend', 100, NULL), "
    "(3, 1, 'q', 'gewonnen', 1, '2026-11-11')",
)


@contextmanager
def mariadb() -> Iterator[URL]:
    server, name = require_mariadb(), f"crm_audit_test_{uuid4().hex[:12]}"
    engine = create_engine(server.set(database=None))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


@contextmanager
def duckdb_file() -> Iterator[URL]:
    with tempfile.TemporaryDirectory() as folder:
        yield URL.create("duckdb", database=f"{folder}/crm.duckdb")


@pytest.mark.parametrize("server", [postgresql, mariadb, duckdb_file])
def test_an_unknown_crm_on_a_server(
    tmp_path: Path, server: Callable[[], AbstractContextManager[URL]]
) -> None:
    with server() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            for statement in ON_SERVERS:
                connection.exec_driver_sql(statement)
        engine.dispose()
        done = crm_audit(
            tmp_path, "init", "--source", url.render_as_string(hide_password=False)
        )
        assert done.returncode == 0, done.stderr
        own, audit = tmp_path / "crm.yaml", tmp_path / "audit.yaml"
        own.write_text(
            re.sub(r"unconfirmed:\n(  - .*\n)+", "", own.read_text("utf-8")), "utf-8"
        )
        filled = (
            audit.read_text("utf-8")
            .replace("# zone:", "zone:")
            .replace("# currency:", "currency:")
        )
        audit.write_text(filled, "utf-8")
        for command in (("check",), ("run", "--as-of", AS_OF)):
            done = crm_audit(tmp_path, *command)
            assert done.returncode == 0, done.stderr
    found = figures(tmp_path / "output")
    counted = {
        "managers": 1,
        "clients": 2,
        "clients_new": 1,
        "meetings_held": 2,
        "deals_won_amount/EUR": 1350,
    }
    assert {name: found[f"{name}@company"]["numerator"] for name in counted} == counted


def test_wrong_lines_are_left_out(tmp_path: Path) -> None:
    dutch(tmp_path / "crm.db")
    wrong = [*RIGHT[:1], (r"(?i)table tblKlanten(.|\n)*?Right.*:", "3,99"), (r"numbers from 1 to(.|\n)*Right.*:", "4"),
             (RIGHT[2][0], "n"), *RIGHT[3:]]  # fmt: skip
    ended, said = at_a_terminal(
        tmp_path,
        "init",
        "--source",
        "sqlite:///crm.db",
        answers=[*wrong, *MEANT, (r"Which \[1\]:", "0"), UTC, *REST],
    )
    assert ended == 0, said
    own = yaml.safe_load((tmp_path / "crm.yaml").read_text("utf-8"))
    assert set(own["entities"]) == {"user", "client", "meeting", "deal"}
    assert len(own["entities"]["client"]["columns"]) == 5
    assert crm_audit(tmp_path, "check").returncode == 0


def test_hostile_names_break_nothing(tmp_path: Path) -> None:
    dutch(tmp_path / "crm.db", hostile=True)
    done = crm_audit(tmp_path, "init", "--source", "sqlite:///crm.db")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "crm.yaml").read_text("utf-8")
    own = yaml.safe_load(text)
    assert set(own) == {
        "unconfirmed",
        "about",
        "dialects",
        "money",
        "datetimes",
        "states",
        "entities",
    }
    assert "\x1b" not in text + done.stdout
    for state in own["states"]["meeting"].values():
        assert set(state) <= {*WORDS, "'afgezegd\": [\n\x1b[31m#&*!|>%@`\u2028"}
    audit = yaml.safe_load((tmp_path / "audit.yaml").read_text("utf-8"))
    assert "zone" not in audit
    (tmp_path / "crm.yaml").write_text(re.sub(r"unconfirmed:\n(  - .*\n)+", "", text), "utf-8")
    filled = (tmp_path / "audit.yaml").read_text("utf-8").replace("# zone:", "zone:")
    (tmp_path / "audit.yaml").write_text(filled.replace("# currency:", "currency:"), "utf-8")
    checked = crm_audit(tmp_path, "check")
    assert checked.returncode == 0, checked.stderr


def test_a_database_of_something_else_is_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as db:
        db.execute("CREATE TABLE voorraad (artikel TEXT, aantal INTEGER)")
    done = crm_audit(tmp_path, "init", "--source", "sqlite:///x.db")
    assert done.returncode == 2
    assert "no preset knows this database" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]
