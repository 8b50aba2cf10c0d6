"""What an audit reads: what is always read, and what something asks for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.config import Audit, load_audit
from pipeline.flows import run
from pipeline.model import CHECKED, ENTITIES, FURTHER, LOGS
from pipeline.progress import Silence
from pipeline.snapshot.manifest import load_manifest
from tests.crms.asked import alike, by_hand, everything_asked, held, stored
from tests.small_demo import write_small_demo

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NOVEMBER = ("2026-10-31 23:00:00", "2026-11-30 23:00:00")
MAKERS = {"user.joined_day", *(f"{entity}.created_by" for entity in CHECKED)}
SINCE = "2026-10-27 23:00:00"  # 28 days up to as-of's own
CITY = """\
entity: contact
fields:
  - {name: city, columns: [city], label: {en: city, nl: plaats}}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_small_demo(folder, date(2026, 11, 24))
    with closing(sqlite3.connect(folder / "crm.db")) as connection, connection:
        at = [(moment,) for moment in NOVEMBER]
        connection.executemany(
            "INSERT INTO changes VALUES ('edge' || ?1, 'deals', 'd1', 'stage', 'new', 'won', 'u01', ?1)",
            at,
        )
    return folder


def asking(demo: Path, folder: Path, field_set: str = "", more: str = "") -> Audit:
    """An audit of the demo, with a field set of its own for contacts."""
    sets = folder / "sets"
    sets.mkdir()
    if field_set:
        (sets / "contact.yaml").write_text(field_set, "utf-8")
    (folder / "data").mkdir()
    file = folder / "audit.yaml"
    file.write_text(
        f"name: Demo\nzone: Europe/Amsterdam\ncurrency: EUR\nfield_sets: sets\n"
        f"source: {{url: 'sqlite:///{demo}/crm.db', preset: demo}}\n{more}",
        "utf-8",
    )
    return load_audit(file)


def extracted(audit: Audit) -> Path:
    data = audit.file.parent / "data"
    run.extract(audit, data, clock=lambda: AS_OF, as_of=AS_OF, progress=Silence())
    return data


def in_crm(demo: Path, sql: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(demo / "crm.db")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql)]


def further_in(audit: Audit) -> set[str]:
    return {
        f"{entity}.{column}"
        for entity, columns in FURTHER.items()
        for column in columns
        if column in audit.schema[entity]
    }


def test_by_default_it_is_what_our_code_asks_for(demo: Path, tmp_path: Path) -> None:
    audit = asking(demo, tmp_path)
    assert audit.schema.keys() == ENTITIES.keys() - LOGS.keys() | {"change"}
    assert further_in(audit) == MAKERS
    assert "city" not in str(audit.preset.entities["client"][0].select)
    assert audit.preset.entities.keys() & LOGS.keys() == {"change"}


def test_a_demand_asks(demo: Path, tmp_path: Path) -> None:
    audit = asking(demo, tmp_path, CITY)
    assert further_in(audit) == {"contact.city"} | MAKERS
    data = extracted(audit)
    figures = run.compute(data, run_id="test", progress=Silence()).figures
    [hand] = in_crm(
        demo, "SELECT count(*) AS number, count(nullif(trim(city), '')) AS filled FROM contacts WHERE NOT is_deleted"
    )  # fmt: skip
    assert figures["base_good/contact.city@company"].numerator == hand["filled"]
    assert figures["base_good/contact.city@company"].denominator == hand["number"]


def test_a_measure_of_ones_own_asks(demo: Path, tmp_path: Path) -> None:
    more = "measures: {from_delft: {count: clients_new, where: {client.city: filled}}}\n"
    audit = asking(demo, tmp_path, more=more)
    assert further_in(audit) == {"client.city"} | MAKERS


def test_what_a_user_maps_is_read_from_there(demo: Path, tmp_path: Path) -> None:
    audit = asking(demo, tmp_path)
    text = audit.file.read_text("utf-8").replace(
        "preset: demo", "preset: demo, add: {client.city: clients.kind}"
    )
    audit.file.write_text(text, "utf-8")
    audit = load_audit(audit.file)
    rows = stored(extracted(audit), "client", ["city"])
    assert set(rows) == {("company",), ("person",)}


def test_what_the_crm_does_not_hold_is_not_checked(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: demo\nentities:\n  contact:\n    table: contacts\n"
        "    select: SELECT id, owner_id, NULL AS excluded FROM contacts\n",
        "utf-8",
    )
    audit = asking(demo, tmp_path, CITY)
    text = audit.file.read_text("utf-8").replace("preset: demo", "preset: mine.yaml")
    audit.file.write_text(text, "utf-8")
    data = extracted(load_audit(audit.file))
    result = run.compute(data, run_id="test", progress=Silence())
    assert str(result.not_checked["contact.city"]) == "not given by the SELECT of contacts"
    assert "contact.street" not in result.not_checked  # nothing asks for it


def test_a_log_is_read_of_the_period_only(demo: Path, tmp_path: Path) -> None:
    with everything_asked():
        audit = asking(demo, tmp_path)
        data = extracted(audit)
        run.compute(data, run_id="test", progress=Silence())
    columns = [
        "record_kind",
        "record_id",
        "column_name",
        "happened_at",
        "user_id",
        "value_before",
    ]
    hand = in_crm(
        demo,
        "SELECT rtrim(table_name, 's') AS record_kind, record_id, field AS column_name, changed_at AS happened_at,"
        f" user_id, old_value AS value_before FROM changes"
        f" WHERE changed_at BETWEEN '{SINCE}' AND '2026-11-30 22:59:59'",
    )  # fmt: skip
    for row in hand:
        row["happened_at"] = datetime.fromisoformat(str(row["happened_at"]))
    assert stored(data, "change", columns) == by_hand(hand, columns)
    [change] = [one for one in load_manifest(data).accounts if one.table == "changes"]
    assert (change.rows, change.audited) == (len(hand), len(hand))
    [whole] = in_crm(demo, "SELECT count(*) AS number FROM changes")
    assert len(hand) < int(str(whole["number"]))


def changed_at(demo: Path, folder: Path, *moments: str) -> None:
    """A copy of the demo in a folder, in whose log stand changes of these moments alone."""
    with closing(sqlite3.connect(folder / "crm.db")) as copy, copy:
        with closing(sqlite3.connect(demo / "crm.db")) as whole:
            whole.backup(copy)
        copy.execute("DELETE FROM changes")
        for moment in moments:
            copy.execute(
                "INSERT INTO changes VALUES (?1, 'deals', 'd1', 'stage', 'new', 'won', 'u01', ?1)",
                (moment,),
            )


def test_a_log_is_read_by_the_clock_of_its_crm(demo: Path, tmp_path: Path) -> None:
    """A CRM that writes the time of its people: their November ends at midnight there."""
    changed_at(demo, tmp_path, "2026-11-30 23:30:00", "2026-12-01 00:00:00")
    (tmp_path / "mine.yaml").write_text("extends: demo\ndatetimes: audit\n", "utf-8")
    audit = asking(tmp_path, tmp_path)
    text = audit.file.read_text("utf-8").replace("preset: demo", "preset: mine.yaml")
    audit.file.write_text(text, "utf-8")
    [happened] = stored(extracted(load_audit(audit.file)), "change", ["happened_at"])
    assert happened == (datetime(2026, 11, 30, 22, 30, tzinfo=UTC),)


def test_a_log_is_read_up_to_as_of_where_the_period_is_over(demo: Path, tmp_path: Path) -> None:
    """Who had a record before is told by what happened until then."""
    changed_at(demo, tmp_path, "2026-11-24 07:59:59", "2026-11-24 08:00:01")
    audit = asking(tmp_path, tmp_path, more="period: last month\n")
    [happened] = stored(extracted(audit), "change", ["happened_at"])
    assert happened == (datetime(2026, 11, 24, 7, 59, 59, tzinfo=UTC),)


def test_what_the_crm_enforces_stands_in_the_manifest(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: demo\nenforces: {deal: [stage, name, next_step], call: [subject]}\n"
        "absent: {call.subject: not kept}\n",
        "utf-8",
    )
    audit = asking(demo, tmp_path)
    text = audit.file.read_text("utf-8").replace("preset: demo", "preset: mine.yaml")
    audit.file.write_text(text, "utf-8")
    manifest = load_manifest(extracted(load_audit(audit.file)))
    assert manifest.audit is not None
    assert manifest.audit.enforced == ("deal.name", "deal.next_step", "deal.stage")


def test_what_an_audit_reads_from_elsewhere_no_form_asks_for(
    demo: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: demo\nenforces: {deal: [name, stage]}\n", "utf-8"
    )
    audit = asking(demo, tmp_path)
    elsewhere = "preset: mine.yaml, add: {deal.name: deals.next_step}"
    text = audit.file.read_text("utf-8").replace("preset: demo", elsewhere)
    audit.file.write_text(text, "utf-8")
    assert load_audit(audit.file).resolved().enforced == ("deal.stage",)


DEAL = """\
entity: deal
fields:
  - {name: name, columns: [name], weight: 2}
  - {name: amount, columns: [amount], weight: 2, between: [100, null]}
"""


def test_what_the_crm_enforces_is_worth_no_point_unless_it_is_checked(
    demo: Path, tmp_path: Path
) -> None:
    """The CRM's form demands an amount, and takes any."""
    (tmp_path / "mine.yaml").write_text("extends: demo\nenforces: {deal: [name, amount]}\n")
    audit = asking(demo, tmp_path)
    (tmp_path / "sets" / "deal.yaml").write_text(DEAL, "utf-8")
    text = audit.file.read_text("utf-8").replace("preset: demo", "preset: mine.yaml")
    audit.file.write_text(text, "utf-8")
    demands = load_audit(audit.file).field_sets["deal"].demands
    assert [(demand.name, demand.weight) for demand in demands] == [("name", 0), ("amount", 2)]


HAND = {
    "user": "SELECT id, email, language, fte AS working_share, hired_on AS joined_day, left_on AS left_day FROM users",
    **{
        entity: "SELECT id, country, no_mail AS opted_out, consent, bounced, updated_at AS modified_at, created_by"
        f"{', street, postcode, city, confirmed_at' if entity != 'lead' else ''} FROM {entity}s"
        f" WHERE is_deleted = 0 {'AND status <> ' + repr('converted') if entity == 'lead' else ''}"
        for entity in ("client", "contact", "lead")
    },
    "meeting": "SELECT id, deal_id, source, updated_at AS modified_at, created_by FROM meetings WHERE is_deleted = 0",
    "call": "SELECT id, deal_id, source, reached AS reached_nobody, updated_at AS modified_at, created_by FROM calls"
            " WHERE is_deleted = 0",
    "deal": "SELECT id, next_step, lost_reason, updated_at AS modified_at, created_by FROM deals WHERE is_deleted = 0",
}  # fmt: skip


def test_the_demo_holds_every_further_column(demo: Path, tmp_path: Path) -> None:
    with everything_asked():
        data = extracted(asking(demo, tmp_path))
    for entity, sql in HAND.items():
        columns = held(entity, {})
        rows = in_crm(demo, sql)
        for row in rows:
            for column, value in row.items():
                if value and column.endswith("_at"):
                    row[column] = datetime.fromisoformat(str(value))
                if value and column.endswith("_day"):
                    row[column] = date.fromisoformat(str(value))
        hand = by_hand(rows, columns)
        assert stored(data, entity, columns) == hand, entity
        assert alike(hand, columns) == [], entity


@pytest.mark.parametrize(
    ("preset", "is_read"), [("suitecrm", True), ("demo", False), ("odoo", False)]
)
def test_addresses_of_users_are_read_where_they_report_to_a_leader(
    tmp_path: Path, preset: str, is_read: bool
) -> None:
    (tmp_path / "audit.yaml").write_text(
        f"name: A\nzone: UTC\ncurrency: EUR\nsource: {{url: 'sqlite:///crm.db', preset: {preset}}}\n"
    )
    audit = load_audit(tmp_path / "audit.yaml")
    assert ("email" in audit.schema["user"]) is is_read
