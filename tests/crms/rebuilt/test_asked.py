"""What is read of an EspoCRM and a vtiger only on demand equals SQL written by hand; by default none of it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline.model import LOGS
from pipeline.snapshot.manifest import load_manifest
from tests.crms.asked import alike, by_hand, everything_asked, held, statements, stored
from tests.crms.rebuilt.test_equal import CRMS, Crm, Filled, made, set_for
from tests.crms.suitecrm import ours
from tests.crms.suitecrm.by_hand import Setting
from tests.crms.suitecrm.database import Database, Row
from tests.crms.suitecrm.test_asked import MOMENTS, SPREAD
from tests.crms.suitecrm.test_equal import AMSTERDAM, TOKYO

ESPO, VTIGER = CRMS


@dataclass(frozen=True)
class Wide:
    """What a preset holds besides what is always read, and how a person finds it."""

    crm: Crm
    tables: tuple[str, ...]  # of the list of columns, built besides those that are always read
    others: tuple[str, ...]  # statements that make what the list lacks
    lay: Callable[[Database], None]
    hand: Mapping[str, str]
    not_held: Mapping[str, set[str]]
    words: tuple[str, ...]  # that stand in no statement by default


# ------------------------------------------------------------------------------------------------ EspoCRM

ESPO_KINDS = {"Account": "client", "Contact": "contact", "Lead": "lead", "Opportunity": "deal", "Meeting": "meeting",
              "Call": "call"}  # fmt: skip
ESPO_OTHERS = (
    "CREATE TABLE campaign_log_record (id varchar(17) PRIMARY KEY, deleted tinyint(1) DEFAULT 0, action varchar(50),"
    " action_date datetime, data mediumtext, string_data varchar(100), string_additional_data varchar(100),"
    " is_test tinyint(1) NOT NULL DEFAULT 0, parent_id varchar(17), parent_type varchar(100))",
)


def lay_espo(database: Database) -> None:
    """Values of every further column, spread over the records by a checksum of their ids, and logs."""
    moment = f"ELT(1 + CRC32(id) % {len(MOMENTS)}, {SPREAD})"
    address = (
        "{0}_country = ELT(1 + CRC32(id) % 3, 'Nederland', '', NULL), {0}_street = id, {0}_postal_code = CRC32(id),"
        " {0}_city = LEFT(id, 2)"
    )
    database.execute(
        "UPDATE email_address SET opt_out = CRC32(id) % 2, invalid = CRC32(id) % 3 = 0",
        f"UPDATE account SET {address.format('billing_address')}",
        f"UPDATE contact SET {address.format('address')}",
        f"UPDATE `lead` SET {address.format('address')}",
        *(
            f"UPDATE `{table}` SET modified_at = {moment},"
            " created_by_id = ELT(1 + CRC32(id) % 3, 'u-off', 'system', NULL)"
            for table in ("account", "contact", "lead", "opportunity", "meeting", "call")
        ),
        *(
            f"UPDATE `{table}` SET parent_type = 'Opportunity', parent_id = (SELECT MIN(id) FROM opportunity)"
            " WHERE CRC32(id) % 5 = 0"
            for table in ("meeting", "call")
        ),
        "INSERT INTO entity_email_address (id, entity_id, email_address_id, entity_type, `primary`, deleted)"
        " SELECT 900000 + ROW_NUMBER() OVER (), u.id, (SELECT MIN(x.id) FROM email_address x WHERE x.deleted = 0"
        " AND x.name <> ''), 'User', 1, 0 FROM user u WHERE CRC32(u.id) % 2",
    )
    notes: list[Row] = []
    kinds = [*ESPO_KINDS, "Task"]
    for number, at in enumerate(MOMENTS * 14):
        type_ = ("Create", "Assign", "Assign", "Update", "Post")[number % 5]
        data: str | None = json.dumps(
            {"assignedUserId": f"u-{number % 6}" if number % 4 else None}
        )
        if number % 9 == 0:
            data = "no JSON" if number % 2 else None
        notes.append({
            "id": f"n{number:05d}", "deleted": number % 17 == 0, "type": type_, "data": data, "number": number,
            "is_global": 0, "is_internal": 0, "is_pinned": 0, "created_at": at, "created_by_id": f"u-{number % 3}",
            "parent_type": kinds[number % 7], "parent_id": f"r-{number % 14}",
        })  # fmt: skip
    database.insert("note", notes)
    database.insert(
        "action_history_record",
        [{"id": f"a{n}", "deleted": n % 7 == 0, "number": n, "user_id": f"u-{n % 3}", "created_at": at}
         for n, at in enumerate(MOMENTS * 4)],
    )  # fmt: skip
    actions = ("Sent", "Bounced", "Opened", "Clicked", "Opted Out", "Lead Created", "sent")
    parents = ("Contact", "Lead", "Account", "User")
    database.insert(
        "campaign_log_record",
        [{"id": f"c{n}", "deleted": n % 13 == 0, "is_test": n % 11 == 0, "action": actions[n % 7], "action_date": at,
          "string_data": f"s{n}@x.example", "parent_type": parents[n % 4], "parent_id": f"p-{n % 9}"}
         for n, at in enumerate(MOMENTS * 30)],
    )  # fmt: skip


def _espo_person(table: str, kind: str, prefix: str, live: str = "t.deleted = 0") -> str:
    return f"""
        WITH ranked AS (
          SELECT r.entity_id, x.*, ROW_NUMBER() OVER (PARTITION BY r.entity_id ORDER BY r.`primary` DESC, x.id) AS place
          FROM email_address x, entity_email_address r
          WHERE x.id = r.email_address_id AND x.deleted = 0 AND r.deleted = 0 AND r.entity_type = BINARY '{kind}')
        SELECT t.id, t.{prefix}_country AS country, m.opt_out AS opted_out, m.invalid AS bounced, t.modified_at,
               t.created_by_id AS created_by, t.{prefix}_street AS street, t.{prefix}_postal_code AS postcode,
               t.{prefix}_city AS city
        FROM `{table}` t LEFT JOIN ranked m ON m.entity_id = t.id AND m.place = 1 WHERE {live}"""


def _espo_event(table: str) -> str:
    return (
        "SELECT id, IF(parent_type = BINARY 'Opportunity', parent_id, NULL) AS deal_id, modified_at,"
        f" created_by_id AS created_by FROM `{table}` WHERE deleted = 0"
    )


ESPO_HAND = {
    "user": "SELECT u.id, (SELECT MIN(x.name) FROM email_address x JOIN entity_email_address r"
            " ON r.email_address_id = x.id WHERE r.entity_id = u.id AND r.entity_type = BINARY 'User'"
            " AND r.deleted = 0 AND x.deleted = 0) AS email"
            " FROM user u",
    "client": _espo_person("account", "Account", "billing_address"),
    "contact": _espo_person("contact", "Contact", "address"),
    "lead": _espo_person("lead", "Lead", "address", "t.deleted = 0 AND NOT COALESCE(BINARY t.status = 'Converted', 0)"),
    "meeting": _espo_event("meeting"),
    "call": _espo_event("call"),
    "deal": "SELECT id, modified_at, created_by_id AS created_by FROM opportunity WHERE deleted = 0",
    "visit": "SELECT user_id, created_at AS happened_at FROM action_history_record WHERE deleted = 0"
             " AND created_at >= %(first)s AND created_at < %(after)s",
    "deletion": " UNION ALL ".join(
        f"SELECT '{kind}' AS record_kind, id AS record_id, assigned_user_id AS owner_id, modified_at AS happened_at"
        f" FROM `{theirs.lower()}` WHERE (deleted IS NULL OR deleted = 1) AND modified_at >= %(first)s"
        " AND modified_at < %(after)s"
        for theirs, kind in ESPO_KINDS.items()
    ),
    "change": " UNION ALL ".join(
        f"""
            SELECT '{kind}' AS record_kind, parent_id AS record_id, 'owner_id' AS column_name,
                   created_at AS happened_at, created_by_id AS user_id,
                   JSON_VALUE(earlier, '$.assignedUserId') AS value_before
            FROM (SELECT n.*, LAG(n.data) OVER (PARTITION BY n.parent_id ORDER BY n.number) AS earlier FROM note n
              WHERE n.deleted = 0 AND n.type IN ('Create', 'Assign') AND n.parent_type = '{theirs}') said
            WHERE type = 'Assign' AND created_at >= %(first)s AND created_at < %(after)s"""
        for theirs, kind in ESPO_KINDS.items()
    ),
    "mailing": " UNION ALL ".join(
        f"SELECT '{kind}' AS person_kind, parent_id AS person_id,"
        f" {'string_data' if outcome in ('sent', 'bounced') else 'NULL'} AS address, action_date AS happened_at,"
        f" '{outcome}' AS outcome FROM campaign_log_record WHERE deleted = 0 AND is_test = 0"
        f" AND parent_type = '{theirs}' AND action = BINARY '{action}'"
        " AND action_date >= %(first)s AND action_date < %(after)s"
        for theirs, kind in list(ESPO_KINDS.items())[:3]
        for action, outcome in (("Sent", "sent"), ("Bounced", "bounced"), ("Opened", "opened"), ("Clicked", "clicked"),
                                ("Opted Out", "unsubscribed"))
    ),
}  # fmt: skip

# ------------------------------------------------------------------------------------------------- vtiger

VTIGER_KINDS = {
    "Accounts": "client",
    "Contacts": "contact",
    "Leads": "lead",
    "Potentials": "deal",
}
VTIGER_OTHERS = (
    "CREATE TABLE vtiger_contactaddress (contactaddressid int PRIMARY KEY, mailingcity varchar(40), mailingstreet"
    " varchar(250), mailingcountry varchar(40), mailingzip varchar(30))",
    "CREATE TABLE vtiger_loginhistory (login_id int AUTO_INCREMENT PRIMARY KEY, user_name varchar(255), user_ip"
    " varchar(25), logout_time timestamp NULL, login_time timestamp NULL, status varchar(25))",
)


def lay_vtiger(database: Database) -> None:
    """Values of every further column, spread over the records by their numbers, and logs."""
    database.execute(
        "SET time_zone = '+00:00'",
        "INSERT INTO vtiger_accountbillads (accountaddressid, bill_city, bill_code, bill_country, bill_street)"
        " SELECT accountid, accountid % 7, accountid, ELT(1 + accountid % 3, 'Nederland', '', NULL), accountid"
        " FROM vtiger_account WHERE accountid % 4",
        "INSERT INTO vtiger_contactaddress (contactaddressid, mailingcity, mailingzip, mailingcountry, mailingstreet)"
        " SELECT contactid, contactid % 7, contactid, ELT(1 + contactid % 3, 'NL', '', NULL), contactid"
        " FROM vtiger_contactdetails WHERE contactid % 4",
        "INSERT INTO vtiger_contactaddress (contactaddressid) VALUES (987654321)",  # of no record
        "UPDATE vtiger_leadaddress SET country = ELT(1 + leadaddressid % 3, 'NL', '', NULL)",
        *(
            f"UPDATE {table} SET emailoptout = ELT(1 + {key} % 3, '1', '0', NULL)"
            for table, key in (("vtiger_account", "accountid"), ("vtiger_contactdetails", "contactid"),
                               ("vtiger_leaddetails", "leadid"))
        ),
        "UPDATE vtiger_potential SET nextstep = ELT(1 + potentialid % 3, 'Call back', '', NULL)",
        f"UPDATE vtiger_crmentity SET smcreatorid = 1 + crmid % 5, source = ELT(1 + crmid % 3, 'CRM', 'GOOGLE', NULL),"
        f" modifiedtime = ELT(1 + crmid % {len(MOMENTS)}, {SPREAD})",
        "INSERT IGNORE INTO vtiger_seactivityrel (crmid, activityid) SELECT p.potentialid, a.activityid"
        " FROM vtiger_activity a JOIN (SELECT potentialid, ROW_NUMBER() OVER (ORDER BY potentialid) AS place"
        " FROM vtiger_potential) p ON p.place = 1 + a.activityid % 9 WHERE a.activityid % 2",
        "UPDATE vtiger_users SET email1 = CONCAT('u', id, '@x.example'), language = IF(id % 2, 'nl_nl', 'en_us'),"
        " user_name = CONCAT('user', id)",
    )  # fmt: skip
    events = [
        row["activityid"]
        for row in database.rows("SELECT activityid FROM vtiger_activity ORDER BY 1")
    ]
    modules = [*VTIGER_KINDS, "Events", "Calendar", "Invoice", "accounts"]
    fields = (
        "assigned_user_id",
        "sales_stage",
        "amount",
        "closingdate",
        "description",
        "Assigned_User_Id",
    )
    basics: list[Row] = []
    details: list[Row] = []
    for number, at in enumerate(MOMENTS * 16):
        module = modules[number % 8]
        record = (
            events[number % len(events)]
            if module in ("Events", "Calendar")
            else 900_000_000 + number % 9
        )
        basics.append({"id": number, "crmid": record, "module": module, "whodid": 1 + number % 3, "changedon": at,
                       "status": (0, 0, 0, 2)[number % 4 if number % 5 else 3]})  # fmt: skip
        details += [{"id": number, "fieldname": fields[(number + more) % 6], "prevalue": f"before {number}",
                     "postvalue": "after"} for more in range(1 + number % 3)]  # fmt: skip
    database.insert("vtiger_modtracker_basic", basics)
    database.insert("vtiger_modtracker_detail", details)
    names = ("user1", "user5", "User5", "nobody")
    rows = ", ".join(
        f"('{names[n % 4]}', CONVERT_TZ('{at}', '+00:00', @@session.time_zone))"
        for n, at in enumerate(MOMENTS * 4)
    )
    database.execute(f"INSERT INTO vtiger_loginhistory (user_name, login_time) VALUES {rows}")


LIVE = "JOIN vtiger_crmentity e ON e.crmid = t.{0} AND e.deleted = 0"
WHO = "e.modifiedtime AS modified_at, e.smcreatorid AS created_by"
IN_PERIOD = "{0} >= %(first)s AND {0} < %(after)s"


def _vtiger_event(types: str) -> str:
    return f"""
        SELECT t.activityid AS id, MIN(p.potentialid) AS deal_id, e.source, {WHO} FROM vtiger_activity t
        {LIVE.format("activityid")} LEFT JOIN vtiger_seactivityrel r ON r.activityid = t.activityid
        LEFT JOIN (SELECT d.potentialid FROM vtiger_potential d JOIN vtiger_crmentity x ON x.crmid = d.potentialid
                   AND x.deleted = 0 AND x.setype = BINARY 'Potentials') p ON p.potentialid = r.crmid
        WHERE BINARY t.activitytype IN ({types}) GROUP BY t.activityid"""


VTIGER_HAND = {
    "user": "SELECT id, email1 AS email, language FROM vtiger_users"
            " UNION ALL SELECT groupid, NULL, NULL FROM vtiger_groups",
    "client": f"SELECT t.accountid AS id, b.bill_country AS country, b.bill_street AS street, b.bill_code AS postcode,"
              f" b.bill_city AS city, CAST(t.emailoptout AS INT) AS opted_out, {WHO} FROM vtiger_account t"
              f" {LIVE.format('accountid')} LEFT JOIN vtiger_accountbillads b ON b.accountaddressid = t.accountid",
    "contact": f"SELECT t.contactid AS id, b.mailingcountry AS country, b.mailingstreet AS street,"
               f" b.mailingzip AS postcode, b.mailingcity AS city, CAST(t.emailoptout AS INT) AS opted_out, {WHO}"
               " FROM vtiger_contactdetails t"
               f" {LIVE.format('contactid')} LEFT JOIN vtiger_contactaddress b ON b.contactaddressid = t.contactid",
    "lead": f"SELECT t.leadid AS id, b.country, CAST(t.emailoptout AS INT) AS opted_out, {WHO}"
            f" FROM vtiger_leaddetails t {LIVE.format('leadid')}"
            " LEFT JOIN vtiger_leadaddress b ON b.leadaddressid = t.leadid WHERE COALESCE(t.converted, 0) = 0",
    "deal": f"SELECT t.potentialid AS id, t.nextstep AS next_step, {WHO} FROM vtiger_potential t"
            f" {LIVE.format('potentialid')}",
    "meeting": _vtiger_event("'Meeting'"),
    "call": _vtiger_event("'Call', 'Mobile Call'"),
    "visit": "SELECT CASE BINARY user_name WHEN 'user1' THEN 1 WHEN 'user5' THEN 5 END AS user_id,"
             " CONVERT_TZ(login_time, @@session.time_zone, '+00:00') AS happened_at FROM vtiger_loginhistory WHERE "
             + IN_PERIOD.format("CONVERT_TZ(login_time, @@session.time_zone, '+00:00')"),
    "deletion": f"""
        SELECT CASE e.setype WHEN 'Accounts' THEN 'client' WHEN 'Contacts' THEN 'contact' WHEN 'Leads' THEN 'lead'
               ELSE 'deal' END AS record_kind, e.crmid AS record_id, e.smownerid AS owner_id,
               e.modifiedtime AS happened_at
        FROM vtiger_crmentity e
        WHERE e.deleted = 1 AND BINARY e.setype IN ('Accounts', 'Contacts', 'Leads', 'Potentials')
          AND {IN_PERIOD.format("e.modifiedtime")}
        UNION ALL SELECT IF(a.activitytype = 'Meeting', 'meeting', 'call'), e.crmid, e.smownerid, e.modifiedtime
        FROM vtiger_activity a JOIN vtiger_crmentity e ON e.crmid = a.activityid
        WHERE e.deleted = 1 AND BINARY a.activitytype IN ('Meeting', 'Call', 'Mobile Call')
          AND BINARY e.setype IN ('Calendar', 'Events') AND {IN_PERIOD.format("e.modifiedtime")}""",
    "change": " UNION ALL ".join(
        f"SELECT {kind} AS record_kind, b.crmid AS record_id, '{ours}' AS column_name, b.changedon AS happened_at,"
        f" b.whodid AS user_id, d.prevalue AS value_before FROM vtiger_modtracker_basic b {join}"
        f" JOIN vtiger_modtracker_detail d ON d.id = b.id AND d.fieldname = BINARY '{field}'"
        f" WHERE b.status = 0 AND BINARY b.module IN ({modules}) AND {IN_PERIOD.format('b.changedon')}"
        for field, ours in (("assigned_user_id", "owner_id"), ("sales_stage", "stage"), ("amount", "amount"),
                            ("closingdate", "close_day"))
        for kind, modules, join in (
            *((f"'{kind}'", f"'{module}'", "") for module, kind in VTIGER_KINDS.items()),
            ("IF(a.activitytype = 'Meeting', 'meeting', 'call')", "'Events', 'Calendar'",
             "JOIN vtiger_activity a ON a.activityid = b.crmid"
             " AND BINARY a.activitytype IN ('Meeting', 'Call', 'Mobile Call')"),
        )
    ),
}  # fmt: skip

WIDE = (
    Wide(
        ESPO, ("note", "action_history_record"), ESPO_OTHERS, lay_espo, ESPO_HAND,
        {"user": {"language", "working_share", "joined_day", "left_day"}, "client": {"consent", "confirmed_at"},
         "contact": {"consent", "confirmed_at"}, "lead": {"consent"}, "meeting": {"source"},
         "call": {"source", "reached_nobody"}, "deal": {"next_step", "lost_reason"}, "change": {"source"}},
        ("modified_at", "opt_out", "billing_address", "campaign_log_record"),
    ),
    Wide(
        VTIGER, ("vtiger_accountbillads", "vtiger_modtracker_basic", "vtiger_modtracker_detail"), VTIGER_OTHERS,
        lay_vtiger, VTIGER_HAND,
        {"user": {"working_share", "joined_day", "left_day"}, "client": {"consent", "bounced", "confirmed_at"},
         "contact": {"consent", "bounced", "confirmed_at"}, "lead": {"consent", "bounced"}, "call": {"reached_nobody"},
         "deal": {"lost_reason"}, "change": {"source"}, "mailing": set(LOGS["mailing"])},
        ("modifiedtime", "emailoptout", "billads", "contactaddress", "loginhistory"),
    ),
)  # fmt: skip


@pytest.fixture(scope="module", params=WIDE, ids=[wide.crm.preset for wide in WIDE])
def filled(request: pytest.FixtureRequest) -> Iterator[tuple[Wide, Filled]]:
    wide: Wide = request.param
    crm = replace(
        wide.crm,
        tables=(*wide.crm.tables, *wide.tables),
        further=(*wide.crm.further, *wide.others),
    )
    with made(crm) as there:
        wide.lay(there.database)
        yield wide, there


@pytest.mark.parametrize("setting", [AMSTERDAM, TOKYO], ids=["amsterdam", "tokyo"])
def test_all_that_can_be_asked_for_equals_the_hand(
    filled: tuple[Wide, Filled], setting: Setting, tmp_path: Path
) -> None:
    wide, there = filled
    setting = set_for(wide.crm, setting)
    with everything_asked():
        audit = there.audit(setting, tmp_path, results=True)
        ours.extract(there.database, setting, audit)
        ours.compute(audit)  # proven, its accounts too
    bounds = {"first": min(setting.first, setting.score_first), "after": setting.after}
    for entity, sql in wide.hand.items():
        columns = held(entity, wide.not_held)
        hand = by_hand(there.database.rows(sql, bounds), columns)
        assert stored(tmp_path / "data", entity, columns) == hand, entity
        assert set(alike(hand, columns)) <= {"column_name"}, entity
    manifest = load_manifest(tmp_path / "data")
    assert {f"{entity}.{column}" for entity, of in wide.not_held.items() for column in of} <= {
        *manifest.not_given, *audit.absent,
    }  # fmt: skip


def test_by_default_only_what_our_code_asks_for_is_read(
    filled: tuple[Wide, Filled], tmp_path: Path
) -> None:
    wide, there = filled
    audit = there.audit(set_for(wide.crm, AMSTERDAM), tmp_path, results=True)
    said = "\n".join(statements(there.database.url, audit))
    assert [word for word in wide.words if word in said] == []
