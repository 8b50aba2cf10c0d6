"""vtiger's own fields: each module keeps them in a table of its own, joined by a key of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.config import load_audit
from pipeline.errors import ConfigError
from pipeline.presets import load_preset
from pipeline.setup.look.recognise import Place, best, fitting, reading_of, survey
from tests.crms.rebuilt import vtiger
from tests.crms.rebuilt.schema import built, fill
from tests.crms.suitecrm.database import Database

# entity -> its table, the table of its custom fields, the key of both
TABLES = {
    "client": ("vtiger_account", "vtiger_accountscf", "accountid"),
    "contact": ("vtiger_contactdetails", "vtiger_contactscf", "contactid"),
    "lead": ("vtiger_leaddetails", "vtiger_leadscf", "leadid"),
    "meeting": ("vtiger_activity", "vtiger_activitycf", "activityid"),
    "deal": ("vtiger_potential", "vtiger_potentialscf", "potentialid"),
}
LATER = [
    f"CREATE TABLE {custom} ({key} INT(19) NOT NULL PRIMARY KEY, cf_901 TEXT)"
    for entity, (_, custom, key) in TABLES.items()
    if entity != "meeting"
]


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A filled vtiger in which every second record has a field of the company's own, and one row is of no record."""
    with built("vtiger", vtiger.TABLES, [*vtiger.FURTHER, *LATER], vtiger.COLLATION) as crm:
        fill(crm, vtiger.VtigerSeed(20270326).rows)
        for entity, (table, custom, key) in TABLES.items():
            if entity != "meeting":
                said = (
                    f"SELECT {key}, CONCAT('{entity} ', {key}) FROM {table} WHERE MOD({key}, 2)"
                )
                crm.execute(
                    f"INSERT INTO {custom} {said}",
                    f"INSERT INTO {custom} VALUES (3, 'of nobody')",
                )
        crm.execute(
            "UPDATE vtiger_activity SET location = CONCAT('Room ', activityid) WHERE MOD(activityid, 3) = 0",
            "UPDATE vtiger_activity SET priority = 'High', recurringtype = '--None--', duration_minutes = '30'",
            "UPDATE vtiger_crmentity SET description = CONCAT('Agreed ', crmid), label = 'Talk', source = 'CRM'",
        )
        yield crm


@pytest.fixture(scope="module")
def place(database: Database) -> Place:
    return Place(database.url.render_as_string(hide_password=False), Path())


def test_a_field_of_each_module_can_be_added(
    database: Database, place: Place, tmp_path: Path
) -> None:
    preset = load_preset("vtiger", tmp_path)
    add = {f"{entity}.said": f"{custom}.cf_901" for entity, (_, custom, _) in TABLES.items()}
    with place.opened(preset) as connection:
        reader = reading_of(connection, preset, add)
        entities, accounts = (
            reader.entities(),
            {account.table: account for account in reader.accounts()},
        )
        for entity, (_, custom, key) in TABLES.items():
            audited = entities[entity]
            ours = {
                str(one): said
                for one, said in connection.execute(select(audited.c.id, audited.c.said))
            }
            written = {
                str(row[key]): row["cf_901"] for row in database.rows(f"SELECT * FROM {custom}")
            }
            assert ours == {one: written.get(one) for one in ours}
            assert len(set(ours.values())) > 2
            assert accounts[custom].excluded == (
                {} if entity == "meeting" else {"of_no_record": 1}
            )


def test_a_column_of_its_own_tables_can_be_added(
    database: Database, place: Place, tmp_path: Path
) -> None:
    preset = load_preset("vtiger", tmp_path)
    with place.opened(preset) as connection:
        meetings = reading_of(
            connection, preset, {"meeting.place": "vtiger_activity.location"}
        ).entities()["meeting"]
        ours = {
            int(one): place
            for one, place in connection.execute(select(meetings.c.id, meetings.c.place))
        }
    assert ours == {one: None if one % 3 else f"Room {one}" for one in ours}
    assert len(ours) > 100


def test_what_all_modules_share_can_be_added(place: Place, tmp_path: Path) -> None:
    """A record's description; the table is accounted for as it is without it."""
    preset = load_preset("vtiger", tmp_path)
    with place.opened(preset) as connection:
        plain = reading_of(connection, preset).accounts()
        reader = reading_of(
            connection, preset, {"meeting.said": "vtiger_crmentity.description"}
        )
        meetings = reader.entities()["meeting"]
        ours = {
            str(one): said
            for one, said in connection.execute(select(meetings.c.id, meetings.c.said))
        }
        assert reader.accounts() == plain
    assert ours == {one: f"Agreed {one}" for one in ours}
    assert len(ours) > 100


def test_init_finds_where_a_result_may_be_written(place: Place) -> None:
    (preset,) = best(fitting(place))
    assert preset.name == "vtiger"
    found = [candidate.column for candidate in survey(place, preset).candidates]
    # a note by its name; then those in which most is written, before lists of a few words that are always filled
    assert found[:3] == [
        "vtiger_crmentity.description",
        "vtiger_activity.location",
        "vtiger_activitycf.cf_901",
    ]
    assert not {"vtiger_crmentity.setype", "vtiger_activity.duration_minutes"} & set(found)


@pytest.mark.parametrize(
    ("preset", "table", "own"),
    [("vtiger", "vtiger_ticketcf", "vtiger_activity"), ("demo", "contacts", "meetings")],
)
def test_a_table_whose_key_is_not_known_is_refused(
    preset: str, table: str, own: str, tmp_path: Path
) -> None:
    file = tmp_path / "audit.yaml"
    source = f"{{url: 'mysql://h/c', preset: {preset}, add: {{meeting.result: {table}.cf_1}}}}"
    file.write_text(f"name: T\nsource: {source}\nzone: UTC\ncurrency: EUR\n")
    with pytest.raises(
        ConfigError, match=f"knows no key of {table}; columns of {own} can be added"
    ):
        load_audit(file)
