"""`init` names what it did not use, knows more words, and takes a line that is lacking."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from pipeline.flows.check.sentences import on_unmarked
from pipeline.model import same_in_all
from pipeline.presets import Preset, load_preset
from pipeline.setup.guess.leftover import (
    as_comments,
    leftovers,
    on_custom_fields,
    on_the_terminal,
)
from pipeline.setup.guess.mapping import CustomPreset, expressions
from pipeline.setup.guess.proposals import Guess, Proposal, propose
from pipeline.setup.look.recognise import Place
from pipeline.setup.look.tables import looked_into
from tests import postgres
from tests.crms.odoo.database import rebuilt
from tests.crms.rebuilt import espocrm
from tests.crms.rebuilt.schema import built
from tests.crms.suitecrm.database import Database
from tests.paths import ROOT
from tests.setup.first_minutes.terminal import at_a_terminal, crm_audit

PEOPLE = (
    "CREATE TABLE gebruikers (id INTEGER PRIMARY KEY, naam TEXT); "
    "INSERT INTO gebruikers VALUES (1, 'An'), (2, 'Bo');"
)


def crm(folder: Path, script: str) -> Place:
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        db.executescript(PEOPLE + script)
    return Place("sqlite:///crm.db", folder)


def proposed(place: Place) -> dict[str, Proposal]:
    with place.opened() as connection:
        return {one.entity: one for one in propose(connection)}


KLANTEN = """
CREATE TABLE klanten (nr INTEGER PRIMARY KEY, naam TEXT, verkoper INT, telefoon TEXT, mobiel TEXT, regio TEXT,
                      notitie TEXT, fax TEXT, klantsinds TEXT, "a\nb" TEXT, saldo NUMERIC, bank TEXT);
CREATE TABLE leveranciers (nr INTEGER PRIMARY KEY, firma TEXT);
""" + "".join(
    f"INSERT INTO klanten VALUES ({n}, 'K {n}', {1 + n % 2}, '020-55500{n:02d}', '06-123456{n:02d}', 'regio {n % 3}', "
    f"'Wat er over {n} te zeggen valt', NULL, '2026-01-{n:02d}', 'x', {n}.5, 'nee');"
    for n in range(1, 21)
)


# ------------------------------------------------------------------------------------------------ what is left


def test_every_table_and_column_that_is_not_used_is_named_with_its_kind(tmp_path: Path) -> None:
    place = crm(tmp_path, KLANTEN)
    with place.opened() as connection:
        looked = looked_into(connection)
        left = leftovers(connection, looked, propose(connection, looked), None)
    assert [one.summary() for one in left] == [
        "klanten, read as client: regio (few words), notitie (free text), fax (always empty), klantsinds (dates), "
        "saldo (numbers), bank (yes and no), a?b (a name that cannot be mapped)",
        "leveranciers, 0 rows: nr (always empty), firma (always empty)",
    ]
    heading, *_, last = on_the_terminal(left, "crm.yaml")
    assert (heading, last) == ("Found in the CRM but not used:", f"  {left[1].summary()}")
    comments = list(as_comments(left))
    assert comments[1].startswith("# Found in the CRM but not used in any figure.")
    assert all(line.startswith("#") or not line for line in comments)
    assert "leveranciers" in comments[-1]


def test_a_table_that_the_account_cannot_read_is_named_and_ends_nothing(tmp_path: Path) -> None:
    with postgres.database() as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        role = f"left_{str(url.database)[-8:]}"
        with engine.connect() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE gebruikers (id int PRIMARY KEY, naam text); CREATE TABLE loon (x int)"
            )
            connection.exec_driver_sql(
                f"INSERT INTO gebruikers VALUES (1, 'An'); CREATE ROLE {role} LOGIN"
            )
            connection.exec_driver_sql(f"GRANT SELECT ON gebruikers TO {role}")
        try:
            place = Place(
                url.set(username=role).render_as_string(hide_password=False), tmp_path
            )
            with place.opened() as connection:
                looked = looked_into(connection)
                left = leftovers(connection, looked, propose(connection, looked), None)
                assert [one.summary() for one in left] == ["loon: this account cannot read it"]
                assert looked_into(connection)  # the transaction goes on
        finally:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"DROP OWNED BY {role}; DROP ROLE {role}")
            engine.dispose()


def test_init_writes_it_into_the_file_and_says_it(tmp_path: Path) -> None:
    crm(tmp_path, KLANTEN)
    done = crm_audit(tmp_path, "init", "--source", "sqlite:///crm.db", "--yes")
    assert done.returncode == 0, done.stderr
    assert "klanten, read as client: regio (few words)" in done.stdout
    assert (
        "No mark of deleted rows was found in klanten: every row there counts." in done.stdout
    )
    written = (tmp_path / "crm.yaml").read_text("utf-8")
    assert "#   leveranciers, 0 rows: nr (always empty)" in written
    assert "# No mark of deleted rows was found in klanten" in written


def test_columns_of_exports_that_no_preset_reads_are_named(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    preset = load_preset("pipedrive", ROOT)
    for table, added in (("deals", "Colour"), ("users", "Shoe size")):
        headers = [names[0] for names in preset.exports.get(table, {}).values()]
        lines = [[*headers, added], [*("x" for _ in headers), "red"]]
        (tmp_path / "exports" / f"{table}.csv").write_text(
            "".join(",".join(line) + "\n" for line in lines)
        )
    done = crm_audit(tmp_path, "init", "--source", "files:///exports", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Colour (few words)" in done.stdout
    assert "Colour (few words)" in (tmp_path / "crm.yaml").read_text("utf-8")


# ------------------------------------------------------------------------------------------------ words


def test_a_second_number_is_taken_beside_the_first(tmp_path: Path) -> None:
    phone = proposed(crm(tmp_path, KLANTEN))["client"].of("phone")
    assert phone is not None
    assert phone.theirs == "telefoon + mobiel"
    assert "likewise mobiel" in phone.evidence


SEVERAL = [
    ("sqlite", " char(31) "),
    ("files", " chr(31) "),
    ("mariadb", "CHAR(31 USING utf8mb4)"),
]


@pytest.mark.parametrize(("dialect", "between"), SEVERAL)
def test_several_numbers_are_judged_each_by_itself(dialect: str, between: str) -> None:
    columns = (Guess("id", "nr", 1, ""), Guess("phone", "telefoon + mobiel", 1, ""))
    proposal = Proposal("client", "klanten", 1, 1.0, "", columns)
    own = CustomPreset(
        same_in_all("x"),
        dialect,
        lambda name: f"[{name}]",
        [proposal],
        {},
        True,
        confirmed=True,
    )
    sql = str(expressions(own, proposal)["phone"].sql)
    assert between in sql
    assert sql.count("t.[telefoon]") == sql.count("t.[mobiel]") == 1


CLOSED = ("gesloten_op", "afsluitdatum", "date_closed", "won_on", "datum_gewonnen", "afgesloten_op", "closing_date",
          "signed_on", "sluitingsdatum", "expected_close", "datumGesloten", "close_date", "beslisdatum",
          "date_won")  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
def test_the_day_on_which_a_deal_closes_has_many_names(tmp_path: Path, name: str) -> None:
    script = (
        "CREATE TABLE deals (id INTEGER PRIMARY KEY, title TEXT, amount REAL, "
        f"{name} TEXT, date_entered TEXT, owner INT);"
    )
    for day in range(1, 9):
        script += f"INSERT INTO deals VALUES ({day}, 'D', {day}.5, '2026-02-0{day}', '2026-01-0{day}', 1);"
    deal = proposed(crm(tmp_path, script))["deal"]
    found = {guess.ours: guess.theirs for guess in deal.columns}
    assert (found["close_day"], found["created_at"]) == (name, "date_entered")


# ------------------------------------------------------------------------------------------------ a line of the user's


def test_a_line_is_added_and_one_is_changed_at_the_terminal(tmp_path: Path) -> None:
    crm(tmp_path, KLANTEN)
    ended, said = at_a_terminal(
        tmp_path, "init", "--source", "sqlite:///crm.db",
        answers=[
            (r"Your people(.|\n)*?Right \[y\]:", ""),
            (r"not used: regio \(few words\)(.|\n)*?Right \[y\]:", "fone = fax"),
            (r"'fone' is not a column of ours(.|\n)*?Right \[y\]:", "phone = faxx"),
            (r"there is no column 'faxx'(.|\n)*?Right \[y\]:", "phone = mobiel + telefoon"),
            (r"phone +=(.|\n)*mobiel \+ telefoon +100%: as you said(.|\n)*?Right \[y\]:", "created_at = klantsinds"),
            (r"created_at +=(.|\n)*klantsinds +100%: as you said(.|\n)*?Right \[y\]:", ""),
            (r"Right \[Y/n\]:", ""),
            ("zone of your people.*:", "Europe/Amsterdam"), ("name none.*:", "EUR"),
            (r"Language of the reports.*:", ""), (r"Which \(own, named\).*:", ""), (r"\[y/N\]", "n"),
        ],
    )  # fmt: skip
    assert ended == 0, said
    written = (tmp_path / "crm.yaml").read_text("utf-8")
    assert "klantsinds" in written.partition("# Not used")[0]
    assert "klantsinds" not in written.partition("# Not used")[2]


# ------------------------------------------------------------------------------------------------ known CRMs


def test_tables_of_custom_fields_that_are_not_seen_are_said_and_how_a_result_is_added(
    bare_suitecrm: Database,
) -> None:
    place, preset = (
        Place(bare_suitecrm.url.render_as_string(hide_password=False), ROOT),
        load_preset("suitecrm", ROOT),
    )
    said = "\n".join(on_custom_fields(place, preset, ()))
    assert "This account sees no table of custom fields (accounts_cstm," in said
    assert "crm-audit grants --preset suitecrm --custom" in said
    assert "Admin, Studio, Meetings" in said
    bare_suitecrm.execute(
        "CREATE TABLE meetings_cstm (id_c CHAR(36) PRIMARY KEY, hall_c VARCHAR(20))"
    )
    try:
        said = "\n".join(on_custom_fields(place, preset, ()))
    finally:
        bare_suitecrm.execute("DROP TABLE meetings_cstm")
    assert "sees no table" not in said
    assert "meetings_cstm, 0 rows: hall_c (always empty)" in said


def test_custom_fields_that_are_columns_of_the_records_are_named() -> None:
    """EspoCRM's and Odoo's, on MariaDB and PostgreSQL: nothing is to be granted."""
    with (
        built("espocrm", espocrm.TABLES, espocrm.FURTHER, espocrm.COLLATION) as espo,
        rebuilt(17) as seventeen,
    ):
        for crm, name, table, more in (
            (espo, "espocrm", "contact", "c_hobby"),
            (seventeen, "odoo", "crm_lead", "x_studio_hobby"),
        ):
            place = Place(crm.url.render_as_string(hide_password=False), ROOT)
            preset = load_preset(name, ROOT)
            before = "\n".join(on_custom_fields(place, preset, ()))
            crm.execute(f"ALTER TABLE {table} ADD COLUMN {more} VARCHAR(20)")
            said = "\n".join(on_custom_fields(place, preset, ()))
            assert "grants" not in before + said
            entity = "contact" if name == "espocrm" else "deal, lead"
            assert f"{table}, read as {entity}: " in said
            assert f"{more} (always empty)" in said
            assert more not in before
            assert ("No custom field is there: that would be a column x_…" in before) == (
                name == "odoo"
            )


@pytest.mark.parametrize("name", ["suitecrm", "suitecrm8", "espocrm", "odoo"])
def test_a_preset_says_how_a_result_is_added(name: str) -> None:
    preset = load_preset(name, ROOT)
    assert "meeting.result" in preset.absent_columns()
    assert "add: {meeting.result: " in preset.add_result


def test_a_mapping_without_a_mark_of_deletion_is_said_by_check() -> None:
    def mapped(excluded: dict[str, str]) -> Preset:
        part = {"table": "klanten", "columns": {"id": "nr"}, "excluded": excluded}
        demo = load_preset("demo", ROOT).model_dump()
        return Preset.model_validate(
            {**demo, "entities": {**demo["entities"], "client": [part]}}
        )

    assert list(on_unmarked(mapped({"contact": "soort"}))) == [
        "No mark of deleted rows was found in klanten: every row there counts."
    ]
    assert list(on_unmarked(mapped({"gone": "weg"}))) == []
    assert list(on_unmarked(load_preset("suitecrm", ROOT))) == []
