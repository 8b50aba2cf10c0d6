"""Which CRM is this, and what could this column be: on real SQLite databases that the tests make."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from pipeline.demo import write_demo
from pipeline.presets import load_preset
from pipeline.setup.guess.proposals import Proposal, propose, state_of, written_in
from pipeline.setup.look.contents import look, plain
from pipeline.setup.look.recognise import (
    Place,
    best,
    fitting,
    machine_zone,
    masked,
    share,
    survey,
)
from pipeline.setup.look.text_formats import formats_of, texts_of


def made(folder: Path, *statements: str) -> Place:
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    return Place("sqlite:///crm.db", folder)


def proposed(place: Place) -> dict[str, Proposal]:
    with place.opened() as connection:
        return {one.entity: one for one in propose(connection)}


def mapped(proposal: Proposal) -> dict[str, str]:
    return {one.ours: one.theirs for one in proposal.columns}


# ------------------------------------------------------------------------------------------------ presets


def test_a_preset_fits_by_tables_and_columns(tmp_path: Path) -> None:
    write_demo(tmp_path, date(2026, 11, 24))
    place = Place("sqlite:///crm.db", tmp_path)
    assert [preset.name for preset, _ in fitting(place)] == ["demo"]
    known = survey(place, load_preset("demo", tmp_path))
    assert known.rows["meeting"] > 5000
    assert len(known.managers) == 12
    assert max(known.currencies, key=lambda code: known.currencies[code]) == "EUR"
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db:
        db.execute("ALTER TABLE deals RENAME COLUMN stage TO phase")
    assert fitting(place) == []  # all tables are there, and a SELECT does not describe


def test_the_best_fit_reads_the_most_tables_and_ties_are_kept(tmp_path: Path) -> None:
    demo, maven = load_preset("demo", tmp_path), load_preset("maven", tmp_path)
    assert best([(demo, 9), (maven, 3)]) == (demo,)
    assert best([(demo, 9), (maven, 9)]) == (demo, maven)


# ------------------------------------------------------------------------------------------------ guesses


@pytest.mark.parametrize(
    ("name", "words"),
    [("tblKlanten", "klanten"), ("tbl_KlantPersonen", "klant personen"), ("CRM_Afspraken", "afspraken"),
     ("e-mail", "e mail"), ("Aangemaakt_Op", "aangemaakt op"), ("categorieën", "categorieen"), ("日本", "")],
)  # fmt: skip
def test_names_become_words(name: str, words: str) -> None:
    assert plain(name) == words


@pytest.mark.parametrize(
    ("entity", "word", "state"),
    [("meeting", "niet gehouden", "not held"), ("meeting", "Gehouden", "held"), ("meeting", "not held", "not held"),
     ("call", "Completed", "held"), ("meeting", "misschien", None), ("deal", "Closed Won", "won"),
     ("deal", "niet gewonnen", "lost"), ("deal", "in onderhandeling", "open"), ("deal", "wonder", "won")],
)  # fmt: skip
def test_words_hint_at_states(entity: str, word: str, state: str | None) -> None:
    assert state_of(entity, word) == state


def test_english_names_in_the_singular(tmp_path: Path) -> None:
    place = made(
        tmp_path,
        "CREATE TABLE employee (employee_id INTEGER PRIMARY KEY, full_name TEXT, is_system INTEGER)",
        "CREATE TABLE company (id INTEGER PRIMARY KEY, company_name TEXT, phone TEXT, owner TEXT, assigned_to INTEGER)",
        "INSERT INTO employee VALUES (1, 'Ann', 0), (2, 'Bob', 0)",
        "INSERT INTO company VALUES (7, 'Acme', '0205551234', 'nobody', 1), (8, 'Apex', '0205551235', 'x', 2)",
    )
    found = proposed(place)
    assert mapped(found["user"]) == {"id": "employee_id", "name": "full_name"}
    assert mapped(found["client"]) == {
        "id": "id",
        "owner_id": "assigned_to",
        "name": "company_name",
        "phone": "phone",
    }
    assert "2 of 2 values are keys of employee" in str(found["client"].of("owner_id"))


def test_contents_overrule_names(tmp_path: Path) -> None:
    """A column called e-mail without addresses, and an owner that is nobody's key, are not proposed."""
    place = made(
        tmp_path,
        "CREATE TABLE verkopers (id INTEGER PRIMARY KEY, naam TEXT)",
        "CREATE TABLE relaties (id INTEGER PRIMARY KEY, naam TEXT, email TEXT, verkoper INTEGER)",
        "INSERT INTO verkopers VALUES (1, 'Ann')",
        "INSERT INTO relaties VALUES (7, 'Acme', 'ja', 98), (8, 'Apex', 'nee', 99)",
    )
    assert mapped(proposed(place)["client"]) == {"id": "id", "name": "naam"}


def test_texts_of_a_database_that_are_not_iso_get_their_formats(tmp_path: Path) -> None:
    place = made(
        tmp_path,
        "CREATE TABLE afspraak (id INTEGER PRIMARY KEY, onderwerp TEXT, begin TEXT)",
        "INSERT INTO afspraak VALUES (1, 'A', '10-11-2026 09:00'), (2, 'B', '13-11-2026 09:00'), (3, 'C', '-')",
    )
    with place.opened() as connection:
        proposals = propose(connection)
        start, written = proposals[0].of("start_at"), written_in(connection, proposals)
    assert start is not None
    assert written is not None
    assert (start.theirs, start.odd, written.empty) == ("begin", 2, ("-",))
    assert formats_of(written).instant == ("%d-%m-%Y %H:%M",)


def test_a_table_of_two_entities_is_counted_once(tmp_path: Path) -> None:
    place = made(
        tmp_path,
        "CREATE TABLE klanten (id INTEGER PRIMARY KEY, naam TEXT, is_bedrijf INTEGER, aangemaakt TEXT)",
        "INSERT INTO klanten VALUES (1, 'A', 1, '-'), (2, 'B', 0, '13-11-2026')",
    )
    with place.opened() as connection:
        written = written_in(connection, propose(connection))
    assert written is not None
    assert dict(written.texts.empty) == {"-": 1}
    assert dict(written.texts.instants) == {"13-11-2026": 1}


def test_a_database_that_writes_as_we_read_needs_no_formats(tmp_path: Path) -> None:
    place = made(
        tmp_path,
        "CREATE TABLE afspraak (id INTEGER PRIMARY KEY, onderwerp TEXT, begin TEXT)",
        "INSERT INTO afspraak VALUES (1, '-', '2026-11-10 09:00:00')",
    )
    with place.opened() as connection:
        assert written_in(connection, propose(connection)) is None


def test_a_column_of_numbers_may_hold_other_texts(tmp_path: Path) -> None:
    amounts = ", ".join(f"({number}, 'D', '{number}00')" for number in range(1, 10))
    place = made(
        tmp_path,
        "CREATE TABLE offertes (id INTEGER PRIMARY KEY, naam TEXT, bedrag TEXT)",
        f"INSERT INTO offertes VALUES {amounts}, (10, 'E', 'n.v.t.')",
    )
    amount = proposed(place)["deal"].of("amount")
    assert amount is not None
    assert (amount.theirs, amount.whole) == ("bedrag", False)


@pytest.mark.parametrize(("amount", "empty"), [("0", {}), ("12", {"0": 1})])
def test_a_zero_says_nothing_only_where_it_is_no_amount(
    tmp_path: Path, amount: str, empty: dict[str, int]
) -> None:
    place = made(
        tmp_path,
        "CREATE TABLE offertes (bedrag TEXT, kanaal TEXT)",
        f"INSERT INTO offertes VALUES ('{amount}', '0'), ('7', 'beurs')",
    )
    amounts, others = [("offertes", "bedrag")], [("offertes", "kanaal")]
    with place.opened() as connection:
        texts = texts_of(connection, days=[], instants=[], amounts=amounts, others=others)
    assert texts.empty == empty


def test_a_table_between_meetings_and_contacts(tmp_path: Path) -> None:
    place = made(
        tmp_path,
        "CREATE TABLE contactpersonen (id INTEGER PRIMARY KEY, voornaam TEXT, achternaam TEXT)",
        "CREATE TABLE afspraken (id INTEGER PRIMARY KEY, onderwerp TEXT)",
        "CREATE TABLE afspraak_deelnemers (afspraak_id INTEGER, persoon_id INTEGER)",
        "INSERT INTO contactpersonen VALUES (1, 'Jan', 'Vries')",
        "INSERT INTO afspraken VALUES (5, 'A')",
        "INSERT INTO afspraak_deelnemers VALUES (5, 1)",
    )
    between = proposed(place)["meeting_contact"]
    assert mapped(between) == {"meeting_id": "afspraak_id", "person_id": "persoon_id"}


# ------------------------------------------------------------------------------------------------ small things


def test_nothing_of_what_somebody_wrote_is_shown_but_a_letter() -> None:
    assert masked("Jansen wants\nmore") == "J… (17 characters)"
    assert masked(b"\x1b[31m") == "?… (5 characters)"


def test_shares_are_never_rounded_to_all_or_nothing() -> None:
    assert [share(*pair) for pair in ((0, 9), (1, 1000), (999, 1000), (9, 9), (1, 2))] == [
        "0%", "1%", "99%", "100%", "50%",
    ]  # fmt: skip


def test_a_machine_in_utc_has_no_zone_of_people(tmp_path: Path) -> None:
    assert machine_zone({"TZ": "Europe/Amsterdam"}, tmp_path) == "Europe/Amsterdam"
    assert machine_zone({"TZ": "UTC"}, tmp_path) is None
    assert machine_zone({}, tmp_path) is None
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "timezone").write_text("Etc/UTC\n")
    assert machine_zone({"TZ": "nonsense"}, tmp_path) is None
    (tmp_path / "etc" / "localtime").symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    assert machine_zone({}, tmp_path) == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("column", "last", "key"),
    [("klantnr", 500, "klantnr"), ("klantnr", 1, None), ("naam", 1, None)],
)
def test_a_key_differs_in_every_row_and_not_in_a_sample_only(
    column: str, last: int, key: str | None
) -> None:
    """The 500th row bears the first one's number, which no sample of 400 shows."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE klanten ({column} TEXT, plaats TEXT)")
        values = [(str(number), "Gouda") for number in (*range(1, 500), last)]
        connection.exec_driver_sql("INSERT INTO klanten VALUES (?, ?)", values)
        looked = look(connection, "klanten")
    assert (looked.rows, looked.key, looked.names) == (500, key, ())
