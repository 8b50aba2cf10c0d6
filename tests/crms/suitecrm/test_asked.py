"""What is read of a SuiteCRM only on demand equals SQL written by hand; by default none of it is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import load_audit
from pipeline.model import FURTHER, LOGS
from pipeline.snapshot.manifest import load_manifest
from tests.crms.asked import alike, by_hand, everything_asked, held, statements, stored
from tests.crms.suitecrm.by_hand import Setting
from tests.crms.suitecrm.database import Database, suitecrm
from tests.crms.suitecrm.ours import compute, extract, prepared
from tests.crms.suitecrm.overlay import lay
from tests.crms.suitecrm.test_equal import AMSTERDAM, TOKYO

LOG_TABLES = (
    "CREATE TABLE tracker (id int AUTO_INCREMENT PRIMARY KEY, monitor_id char(36), user_id varchar(36), module_name"
    " varchar(255), item_id varchar(36), item_summary varchar(255), date_modified datetime, action varchar(255),"
    " session_id varchar(36), visible tinyint(1) DEFAULT 0, deleted tinyint(1) DEFAULT 0)",
    "CREATE TABLE campaign_log (id char(36) NOT NULL PRIMARY KEY, campaign_id char(36), target_tracker_key varchar(36),"
    " target_id varchar(36), target_type varchar(100), activity_type varchar(100), activity_date datetime,"
    " related_id varchar(36), related_type varchar(100), archived tinyint(1) DEFAULT 0, hits int DEFAULT 0,"
    " list_id char(36), deleted tinyint(1), date_modified datetime, more_information varchar(100))",
)
"""Two tables of SuiteCRM's own that the dump leaves out."""

AUDITED = ("accounts", "contacts", "leads", "opportunities")
MOMENTS = (
    "2027-01-15 12:00:00", "2027-02-28 14:59:59", "2027-02-28 15:00:00", "2027-02-28 22:59:59", "2027-02-28 23:00:00",
    "2027-03-10 09:30:00", "2027-03-31 14:59:59", "2027-03-31 15:00:00", "2027-03-31 21:59:59", "2027-03-31 22:00:00",
    "2027-05-01 00:00:00",
)  # fmt: skip
"""Around the bounds of March in Amsterdam and in Tokyo."""
SPREAD = ", ".join(f"'{moment}'" for moment in MOMENTS)


def lay_further(database: Database) -> None:
    """Values of every further column, spread over the records by a checksum of their ids, and logs."""
    database.execute(
        *LOG_TABLES,
        "UPDATE email_addresses SET opt_out = CRC32(id) % 2, invalid_email = CRC32(id) % 5 = 0, confirm_opt_in ="
        " ELT(1 + CRC32(id) % 4, 'not-opt-in', 'opt-in', 'confirmed-opt-in', NULL)",
        "UPDATE meetings SET parent_type = 'Opportunities', outlook_id = 'o', parent_id ="
        " (SELECT MIN(id) FROM opportunities) WHERE CRC32(id) % 9 = 0",
        "UPDATE meetings SET gsync_id = 'g' WHERE CRC32(id) % 4 = 0",
        "UPDATE calls SET parent_type = 'Opportunities', outlook_id = 'o', parent_id ="
        " (SELECT MAX(id) FROM opportunities) WHERE CRC32(id) % 3 = 0",
        "UPDATE opportunities SET next_step = ELT(1 + CRC32(id) % 3, 'Call back', '', NULL)",
        "UPDATE accounts SET billing_address_country = ELT(1 + CRC32(id) % 3, 'Nederland', '', NULL),"
        " billing_address_street = id, billing_address_postalcode = CRC32(id), billing_address_city = LEFT(id, 2)",
        "UPDATE contacts SET primary_address_country = ELT(1 + CRC32(id) % 3, 'BE', '', NULL),"
        " primary_address_street = id, primary_address_postalcode = CRC32(id),"
        " primary_address_city = IF(CRC32(id) % 4, LEFT(id, 2), ' ')",
        "UPDATE leads SET primary_address_country = ELT(1 + CRC32(id) % 3, 'Belgium', '', NULL)",
        *(
            f"UPDATE {table} SET created_by = ELT(1 + CRC32(id) % 3, '1', 'seed_max_id', NULL),"
            f" date_modified = ELT(1 + CRC32(id) % {len(MOMENTS)}, {SPREAD})"
            for table in (*AUDITED, "meetings", "calls")
        ),
        "INSERT INTO email_addr_bean_rel (id, email_address_id, bean_id, bean_module, primary_address, deleted)"
        " SELECT CONCAT('u-', id), (SELECT MIN(id) FROM email_addresses WHERE deleted = 0), id, 'Users', 1, 0"
        " FROM users WHERE CRC32(id) % 2",
    )
    lay_logs(database)


def lay_logs(database: Database) -> None:
    fields = (
        "assigned_user_id",
        "sales_stage",
        "amount",
        "date_closed",
        "description",
        "Assigned_user_id",
    )
    for table in AUDITED:
        database.insert(
            f"{table}_audit",
            [
                {"id": f"{table}-{number}", "parent_id": f"r-{number % 7}", "date_created": moment,
                 "created_by": "seed_max_id" if number % 2 else "1", "field_name": fields[number % len(fields)],
                 "before_value_string": f"before {number}"}
                for number, moment in enumerate(MOMENTS * 6)
            ],
        )  # fmt: skip
    database.insert(
        "tracker",
        [{"user_id": f"u-{n % 3}", "date_modified": at} for n, at in enumerate(MOMENTS * 3)],
    )
    types = (
        "targeted",
        "send error",
        "invalid email",
        "blocked",
        "viewed",
        "link",
        "removed",
        "lead",
    )
    kinds = ("Contacts", "Leads", "Accounts", "Prospects", "contacts")
    database.insert(
        "campaign_log",
        [
            {"id": f"m-{n}", "target_id": f"p-{n % 11}", "target_type": kinds[n % 5], "activity_type": types[n % 8],
             "activity_date": at, "deleted": n % 13 == 0, "more_information": f"a{n}@b.example"}
            for n, at in enumerate(MOMENTS * 40)
        ],
    )  # fmt: skip


def _ranked(module: str) -> str:
    """The address that counts is the primary one; of several the one with the lowest id."""
    return f"""
        WITH ranked AS (
          SELECT r.bean_id, x.*,
                 ROW_NUMBER() OVER (PARTITION BY r.bean_id ORDER BY r.primary_address DESC, x.id) AS place
          FROM email_addresses x, email_addr_bean_rel r
          WHERE x.id = r.email_address_id AND x.deleted = 0 AND r.deleted = 0 AND r.bean_module = '{module}')"""


def _person(table: str, module: str, prefix: str, live: str) -> str:
    return f"""
        {_ranked(module)}
        SELECT t.id, t.{prefix}_country AS country, m.opt_out AS opted_out, m.invalid_email AS bounced,
               CASE m.confirm_opt_in WHEN 'opt-in' THEN 1 WHEN 'confirmed-opt-in' THEN 1
                                     WHEN 'not-opt-in' THEN 0 END AS consent,
               t.date_modified AS modified_at, t.created_by, t.{prefix}_street AS street,
               t.{prefix}_postalcode AS postcode, t.{prefix}_city AS city
        FROM {table} t LEFT JOIN ranked m ON m.bean_id = t.id AND m.place = 1 WHERE {live}"""


HAND = {
    "user": _ranked("Users") + "SELECT u.id, m.email_address AS email FROM users u"
            " LEFT JOIN ranked m ON m.bean_id = u.id AND m.place = 1",
    "client": _person("accounts", "Accounts", "billing_address", "t.deleted = 0"),
    "contact": _person("contacts", "Contacts", "primary_address", "t.deleted = 0"),
    "lead": _person("leads", "Leads", "primary_address", "t.deleted = 0 AND t.converted = 0 AND"
                    " (t.status IS NULL OR BINARY t.status <> 'Converted')"),
    "meeting": "SELECT id, IF(parent_type = 'Opportunities', parent_id, NULL) AS deal_id, IF(gsync_id = 'g', 'google',"
               " IF(outlook_id = 'o', 'outlook', NULL)) AS source, date_modified AS modified_at, created_by"
               " FROM meetings WHERE deleted = 0",
    "call": "SELECT id, IF(parent_type = 'Opportunities', parent_id, NULL) AS deal_id,"
            " IF(outlook_id = 'o', 'outlook', NULL) AS source, date_modified AS modified_at, created_by"
            " FROM calls WHERE deleted = 0",
    "deal": "SELECT id, next_step, date_modified AS modified_at, created_by FROM opportunities WHERE deleted = 0",
    "visit": "SELECT user_id, date_modified AS happened_at FROM tracker WHERE date_modified >= %(first)s AND"
             " date_modified < %(after)s",
    "change": " UNION ALL ".join(
        f"SELECT '{kind}' AS record_kind, parent_id AS record_id, '{ours}' AS column_name, date_created AS happened_at,"
        f" created_by AS user_id, before_value_string AS value_before FROM {table}_audit"
        f" WHERE date_created >= %(first)s AND date_created < %(after)s AND field_name LIKE BINARY '{theirs}'"
        for kind, table, theirs, ours in (
            ("client", "accounts", "assigned_user_id", "owner_id"),
            ("contact", "contacts", "assigned_user_id", "owner_id"),
            ("lead", "leads", "assigned_user_id", "owner_id"),
            ("deal", "opportunities", "assigned_user_id", "owner_id"),
            ("deal", "opportunities", "sales_stage", "stage"), ("deal", "opportunities", "amount", "amount"),
            ("deal", "opportunities", "date_closed", "close_day"),
        )
    ),
    "deletion": " UNION ALL ".join(
        f"SELECT '{kind}' AS record_kind, id AS record_id, assigned_user_id AS owner_id, date_modified AS happened_at"
        f" FROM {table} WHERE deleted = 1 AND date_modified >= %(first)s AND date_modified < %(after)s"
        for kind, table in (("client", "accounts"), ("contact", "contacts"), ("lead", "leads"), ("meeting", "meetings"),
                            ("call", "calls"), ("deal", "opportunities"))
    ),
    "mailing": " UNION ALL ".join(
        f"SELECT '{ours}' AS person_kind, target_id AS person_id,"
        f" IF(activity_type = 'targeted', more_information, NULL) AS address, activity_date AS happened_at,"
        f" '{outcome}' AS outcome FROM campaign_log WHERE deleted = 0"
        f" AND activity_date >= %(first)s AND activity_date < %(after)s AND target_type LIKE BINARY '{kind}'"
        f" AND activity_type = '{type_}'"
        for ours, kind in (("contact", "Contacts"), ("lead", "Leads"), ("client", "Accounts"))
        for type_, outcome in (("targeted", "sent"), ("send error", "failed"), ("invalid email", "bounced"),
                               ("blocked", "blocked"), ("viewed", "opened"), ("link", "clicked"),
                               ("removed", "unsubscribed"))
    ),
}  # fmt: skip
"""Entity -> its id and every further column that SuiteCRM holds; or the log of the period."""

NOT_HELD = {
    "user": {"language", "working_share", "joined_day", "left_day"},
    "client": {"confirmed_at"},
    "contact": {"confirmed_at"},
    "call": {"reached_nobody"},
    "deal": {"lost_reason"},
    "change": {"source"},
}


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with suitecrm() as loaded:
        lay(loaded, seed=20270326)
        lay_further(loaded)
        yield loaded


@pytest.mark.parametrize("setting", [AMSTERDAM, TOKYO], ids=["amsterdam", "tokyo"])
def test_all_that_can_be_asked_for_equals_the_hand(
    database: Database, setting: Setting, tmp_path: Path
) -> None:
    with everything_asked():
        audit = prepared(setting, tmp_path, results=True)
        extract(database, setting, audit)
        compute(audit)  # proven, its accounts too
    bounds = {"first": min(setting.first, setting.score_first), "after": setting.after}
    for entity, sql in HAND.items():
        columns = held(entity, NOT_HELD)
        hand = by_hand(database.rows(sql, bounds), columns)
        assert stored(tmp_path / "data", entity, columns) == hand, entity
        assert alike(hand, columns) == [], entity
    manifest = load_manifest(tmp_path / "data")
    assert {f"{entity}.{column}" for entity, of in NOT_HELD.items() for column in of} <= {
        *manifest.not_given, *audit.absent,
    }  # fmt: skip
    rows = {account.table: account.rows for account in manifest.accounts}
    [counted] = database.rows(
        "SELECT COUNT(*) AS number FROM tracker WHERE date_modified >= %(first)s AND date_modified < %(after)s", bounds
    )  # fmt: skip
    assert rows["tracker"] == counted["number"]  # the log's rows of the period, not all


def test_by_default_only_what_our_code_asks_for_is_read(
    database: Database, tmp_path: Path
) -> None:
    audit = prepared(AMSTERDAM, tmp_path)
    said = "\n".join(statements(database.url, audit))
    for word in (
        "billing_address",
        "date_modified",
        "opt_out",
        "tracker",
        "campaign_log",
    ):
        assert word not in said, word  # fmt: skip
    assert audit.schema.keys() & LOGS.keys() == {"change"}


FIELDS = """\
entity: contact
fields:
  - {name: city, columns: [city], label: {en: city, nl: plaats}}
"""


def test_a_demand_has_its_column_read_and_no_other(database: Database, tmp_path: Path) -> None:
    audit = prepared(AMSTERDAM, tmp_path)
    (tmp_path / "fields").mkdir()
    (tmp_path / "fields" / "contact.yaml").write_text(FIELDS, "utf-8")
    audit.file.write_text(audit.file.read_text("utf-8") + "field_sets: fields\n", "utf-8")
    audit = load_audit(audit.file)
    assert audit.schema["contact"].keys() & FURTHER["contact"].keys() == {"city", "created_by"}
    said = "\n".join(statements(database.url, audit))
    assert "primary_address_city" in said
    assert "primary_address_street" not in said
    extract(database, AMSTERDAM, audit)
    [hand] = database.rows(
        "SELECT COUNT(*) AS number, COUNT(NULLIF(TRIM(primary_address_city), '')) AS filled FROM contacts"
        " WHERE deleted = 0"
    )  # fmt: skip
    figures = compute(audit)
    assert figures["base_good/contact.city@company"].numerator == hand["filled"]
    assert (
        figures["base_missing/contact.city@company"].numerator
        == hand["number"] - hand["filled"]
    )
    assert 0 < hand["filled"] < hand["number"]
