"""What is read of an Odoo only on demand equals SQL written by hand, on 15 and on 17; by default none of it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.model import FURTHER, LOGS
from pipeline.presets import load_preset
from pipeline.setup.grants import grants
from pipeline.snapshot.manifest import load_manifest
from tests.crms.asked import alike, by_hand, everything_asked, held, statements, stored
from tests.crms.odoo.database import Odoo, odoo15, rebuilt
from tests.crms.odoo.ours import prepared
from tests.crms.odoo.overlay import MOMENTS, lay
from tests.crms.odoo.test_equal import AMSTERDAM, TOKYO
from tests.crms.suitecrm.by_hand import Setting
from tests.crms.suitecrm.ours import compute, extract
from tests.setup.test_grants import _statements as sql_in

OTHERS = (
    "CREATE TABLE res_country (id integer NOT NULL, name {name} NOT NULL, code varchar(2))",
    "CREATE TABLE mail_blacklist (id serial, email varchar NOT NULL, active boolean)",
    "CREATE TABLE mailing_trace (id serial, trace_type varchar, email varchar, model varchar, res_id integer,"
    " sent_datetime timestamp, links_click_datetime timestamp, trace_status varchar)",
)
"""Odoo's own tables that the dump and the list of columns leave out."""
LISTED_OF_17 = (
    "CREATE TABLE mail_message (id integer NOT NULL, model varchar, res_id integer, message_type varchar NOT NULL)",
    "CREATE TABLE mail_tracking_value (id integer NOT NULL, field_id integer, old_value_integer integer,"
    " new_value_integer integer, mail_message_id integer NOT NULL, create_uid integer, create_date timestamp)",
    "CREATE TABLE ir_model_fields (id integer NOT NULL, name varchar NOT NULL, model varchar NOT NULL)",
    "INSERT INTO ir_model_fields VALUES (71, 'user_id', 'res.partner'), (72, 'user_id', 'crm.lead'),"
    " (73, 'user_id', 'sale.order'), (75, 'user_id', 'calendar.event'), (74, 'stage_id', 'crm.lead')",
)


def lay_further(odoo: Odoo, version: int) -> None:
    """Values of every further column, spread over the records by their numbers, and logs."""
    kind = "varchar" if version < 16 else "jsonb"
    odoo.execute(*(sql.format(name=kind) for sql in OTHERS))
    if version > 15:
        odoo.execute(*LISTED_OF_17)
    names = {15: "'{0}'", 17: """'{{"en_US": "{0}", "nl_NL": "nl"}}'"""}[version]
    countries = ", ".join(f"({n}, {names.format(name)}, '{code}')" for n, name, code in
                          ((9001, "Netherlands", "NL"), (9002, "Belgium", "BE")))  # fmt: skip
    reason = "lost_reason" if version < 17 else "lost_reason_id"
    moments = ", ".join(f"timestamp '{moment}'" for moment in MOMENTS)
    spread = f"(ARRAY[{moments}])[1 + id % {len(MOMENTS)}]"
    odoo.execute(
        f"INSERT INTO res_country VALUES {countries}",
        "INSERT INTO mail_blacklist (email, active) VALUES ('p1@x.example', true), ('p2@x.example', false)",
        f"INSERT INTO crm_lost_reason (id, name) VALUES (9001, {names.format('Too dear')}),"
        f" (9002, {names.format('No')})",
        "UPDATE res_partner SET country_id = CASE id % 3 WHEN 0 THEN 9001 WHEN 1 THEN 9002 END, street = 's' || id,"
        " zip = id::text, city = CASE id % 3 WHEN 0 THEN 'Delft' WHEN 1 THEN ' ' END,"
        " email_normalized = CASE WHEN id % 4 > 0 THEN 'p' || id % 4 || '@x.example' END,"
        " message_bounce = CASE id % 3 WHEN 0 THEN 2 WHEN 1 THEN 0 END",
        "UPDATE crm_lead SET country_id = CASE id % 3 WHEN 0 THEN 9001 WHEN 1 THEN 9002 END, email_normalized ="
        " CASE WHEN id % 4 > 0 THEN 'p' || id % 4 || '@x.example' END, message_bounce = id % 2",
        f"UPDATE crm_lead SET {reason} = 9001 + id % 2 WHERE {reason} IS NOT NULL",
        *(
            f"UPDATE {table} SET write_date = {spread}, create_uid = CASE id % 3 WHEN 0 THEN 101 WHEN 1 THEN 1 END"
            for table in ("res_partner", "crm_lead", "calendar_event", "mail_activity")
        ),
        "UPDATE res_partner SET lang = CASE id % 2 WHEN 0 THEN 'nl_NL' END",
        "UPDATE res_partner SET email = CASE id % 2 WHEN 0 THEN 'u' || id || '@x.example' END"
        " WHERE id IN (SELECT partner_id FROM res_users)",
        "UPDATE mail_activity SET automated = id % 2 = 0, res_model = 'crm.lead',"
        " res_id = (SELECT min(id) + mail_activity.id % 20 FROM crm_lead WHERE type = 'opportunity') WHERE id % 3 = 0",
        "ALTER TABLE calendar_event ADD COLUMN google_id varchar, ADD COLUMN microsoft_id varchar",
        "UPDATE calendar_event SET google_id = CASE id % 4 WHEN 0 THEN 'g' WHEN 1 THEN '' END,"
        " microsoft_id = CASE id % 4 WHEN 2 THEN 'o' END,"
        " opportunity_id = (SELECT min(id) + calendar_event.id % 30 FROM crm_lead WHERE type <> 'lead')",
    )  # fmt: skip
    lay_logs(odoo, version)


def lay_logs(odoo: Odoo, version: int) -> None:
    numbered = odoo.rows(
        "SELECT id, name, model FROM ir_model_fields WHERE name IN ('user_id', 'stage_id')"
    )
    fields = {(row["name"], row["model"]): row["id"] for row in numbered}
    models = ("res.partner", "crm.lead", "sale.order", "calendar.event")
    targets = {model: [row["id"] for row in odoo.rows(f"SELECT id FROM {table} ORDER BY id LIMIT 60")]
               for model, table in (("res.partner", "res_partner"), ("crm.lead", "crm_lead"),
                                     ("calendar.event", "calendar_event"))}  # fmt: skip
    messages, values, traces = [], [], []
    status = ("sent", "open", "bounce", "error", "cancel", "reply", "outgoing")
    for number, moment in enumerate(MOMENTS * 8):
        model = models[number % 4]
        record = targets.get(model, [1])[number % len(targets.get(model, [1]))]
        messages.append(
            {
                "id": 90_000 + number,
                "model": model,
                "res_id": record,
                "message_type": "notification",
            }
        )
        name = "stage_id" if (number % 5, model) == (0, "crm.lead") else "user_id"
        value = {
            "id": 90_000 + number, ("field_id" if version > 15 else "field"): fields.get((name, model), 1),
            "old_value_integer": number % 4, "new_value_integer": 101, "mail_message_id": 90_000 + number,
            "create_uid": 101 + number % 2, "create_date": moment,
        }  # fmt: skip
        values.append(value if version > 15 else {**value, "field_desc": "Salesperson"})
        traces.append({
            "trace_type": "sms" if number % 11 == 0 else "mail", "email": f"t{number}@x.example", "model": model,
            "res_id": record, "sent_datetime": moment, "trace_status": status[number % 7],
            "links_click_datetime": moment if number % 2 else None,
        })  # fmt: skip
    odoo.insert("mail_message", messages)
    odoo.insert("mail_tracking_value", values)
    odoo.insert("mailing_trace", traces)


PERSON = """
    (SELECT code FROM res_country c WHERE c.id = t.country_id) AS country,
    CASE WHEN t.email_normalized IS NULL OR t.email_normalized = '' THEN NULL
         WHEN t.email_normalized IN (SELECT email FROM mail_blacklist WHERE active) THEN 1 ELSE 0 END AS opted_out,
    CASE WHEN t.message_bounce > 0 THEN 1 ELSE 0 END AS bounced, t.write_date AS modified_at,
    CAST(t.create_uid AS text) AS created_by"""
ADDRESS = ", t.street, t.zip AS postcode, t.city"
OURS = """
    (t.is_company OR t.type IS NULL OR t.type = 'contact')
    AND NOT EXISTS (SELECT 1 FROM res_users u WHERE u.partner_id = t.id AND u.share IS NOT TRUE)"""
NOT_OWN = """
    NOT EXISTS (SELECT 1 FROM res_company c WHERE c.partner_id = t.id OR c.partner_id = t.parent_id)"""
IS_CLIENT = "(t.is_company IS TRUE OR t.parent_id IS NULL)"
OF_DEAL = "(SELECT CAST(d.id AS text) FROM crm_lead d WHERE d.type <> 'lead' AND d.id = {0})"


def hand_of(version: int) -> dict[str, str]:
    """Entity -> its id and every further column that Odoo holds; or the log of the period."""
    reason = "lost_reason" if version < 17 else "lost_reason_id"
    field = "field" if version < 17 else "field_id"
    name = "name" if version < 16 else "name->>'en_US'"
    open_only = "" if version < 17 else "AND a.active IS NOT FALSE"
    partner = "CASE WHEN {0}.is_company IS TRUE OR {0}.parent_id IS NULL THEN 'client' ELSE 'contact' END"
    lost = f"(t.{reason} IS NOT NULL OR t.probability = 0)"
    return {
        "user": "SELECT CAST(u.id AS text) AS id, t.email, t.lang AS language FROM res_users u"
                " LEFT JOIN res_partner t ON t.id = u.partner_id",
        "client": f"SELECT CAST(t.id AS text) AS id, {PERSON} {ADDRESS} FROM res_partner t"
                  f" WHERE t.active AND {OURS} AND {NOT_OWN} AND {IS_CLIENT}",
        "contact": f"SELECT CAST(t.id AS text) AS id, {PERSON} {ADDRESS} FROM res_partner t"
                   f" WHERE t.active AND {OURS} AND {NOT_OWN} AND NOT {IS_CLIENT}",
        "lead": f"SELECT CAST(t.id AS text) AS id, {PERSON} FROM crm_lead t WHERE t.active AND t.type = 'lead'",
        "deal": f"""
            WITH steps AS (
              SELECT a.res_id, COALESCE(NULLIF(a.summary, ''), y.{name}) AS step,
                     row_number() OVER (PARTITION BY a.res_id ORDER BY a.date_deadline, a.id) AS place
              FROM mail_activity a LEFT JOIN mail_activity_type y ON y.id = a.activity_type_id
              WHERE a.res_model = 'crm.lead' {open_only})
            SELECT CAST(t.id AS text) AS id, s.step AS next_step, r.{name} AS lost_reason, t.write_date AS modified_at,
                   CAST(t.create_uid AS text) AS created_by
            FROM crm_lead t LEFT JOIN steps s ON s.res_id = t.id AND s.place = 1
            LEFT JOIN crm_lost_reason r ON r.id = t.{reason}
            WHERE t.type <> 'lead' AND (t.active OR {lost})""",
        "meeting": "SELECT CAST(t.id AS text) AS id, "
                   + OF_DEAL.format("COALESCE(t.opportunity_id, CASE t.res_model WHEN 'crm.lead' THEN t.res_id END)")
                   + " AS deal_id, CASE WHEN t.google_id = 'g' THEN 'google'"
                   " WHEN t.microsoft_id = 'o' THEN 'outlook' END"
                   " AS source, t.write_date AS modified_at, CAST(t.create_uid AS text) AS created_by"
                   " FROM calendar_event t WHERE t.active",
        "call": "SELECT CAST(t.id AS text) AS id, "
                + OF_DEAL.format("CASE t.res_model WHEN 'crm.lead' THEN t.res_id END")
                + " AS deal_id, CASE WHEN t.automated THEN 'automated' END AS source, t.write_date AS modified_at,"
                " CAST(t.create_uid AS text) AS created_by FROM mail_activity t JOIN mail_activity_type y"
                " ON y.id = t.activity_type_id AND y.category = 'phonecall'"
                " WHERE t.res_model IN ('crm.lead', 'res.partner')"
                + open_only.replace("a.active", "t.active"),
        "change": f"""
            SELECT CASE m.model WHEN 'res.partner'
                   THEN (SELECT {partner.format("p")} FROM res_partner p WHERE p.id = m.res_id)
                   WHEN 'calendar.event' THEN 'meeting'
                   ELSE (SELECT CASE l.type WHEN 'lead' THEN 'lead' ELSE 'deal' END
                         FROM crm_lead l WHERE l.id = m.res_id)
                   END AS record_kind, CAST(m.res_id AS text) AS record_id, 'owner_id' AS column_name,
                   v.create_date AS happened_at, CAST(v.create_uid AS text) AS user_id,
                   CASE WHEN v.old_value_integer > 0 THEN CAST(v.old_value_integer AS text) END AS value_before
            FROM mail_tracking_value v, mail_message m, ir_model_fields f
            WHERE v.mail_message_id = m.id AND v.{field} = f.id AND f.name = 'user_id'
              AND f.model <> 'sale.order' AND m.model <> 'sale.order'
              AND v.create_date >= %(first)s::timestamp AND v.create_date < %(after)s::timestamp""",
        "deletion": f"""
            SELECT {partner.format("t")} AS record_kind, CAST(t.id AS text) AS record_id,
                   CAST(t.user_id AS text) AS owner_id,
                   t.write_date AS happened_at FROM res_partner t WHERE (t.active IS NULL OR NOT t.active) AND {OURS}
              AND t.write_date >= %(first)s::timestamp AND t.write_date < %(after)s::timestamp
            UNION ALL SELECT CASE t.type WHEN 'lead' THEN 'lead' ELSE 'deal' END, CAST(t.id AS text),
                   CAST(t.user_id AS text), t.write_date FROM crm_lead t
            WHERE (t.active IS NULL OR NOT t.active) AND (t.type = 'lead' OR NOT COALESCE({lost}, false))
              AND t.write_date >= %(first)s::timestamp AND t.write_date < %(after)s::timestamp
            UNION ALL SELECT 'meeting', CAST(t.id AS text), CAST(t.user_id AS text), t.write_date FROM calendar_event t
            WHERE (t.active IS NULL OR NOT t.active)
              AND t.write_date >= %(first)s::timestamp AND t.write_date < %(after)s::timestamp""",
        "mailing": f"""
            SELECT CASE WHEN l.type = 'lead' THEN 'lead' ELSE {partner.format("p")} END AS person_kind,
                   CAST(CASE WHEN l.type = 'lead' THEN l.id ELSE p.id END AS text) AS person_id, t.email AS address,
                   t.sent_datetime AS happened_at,
                   CASE t.trace_status WHEN 'bounce' THEN 'bounced' WHEN 'error' THEN 'failed'
                        WHEN 'cancel' THEN 'blocked'
                        WHEN 'reply' THEN 'replied' ELSE CASE WHEN t.links_click_datetime IS NOT NULL THEN 'clicked'
                        WHEN t.trace_status = 'open' THEN 'opened' ELSE 'sent' END END AS outcome
            FROM mailing_trace t LEFT JOIN crm_lead l ON l.id = t.res_id AND t.model = 'crm.lead'
            LEFT JOIN res_partner p ON p.id = COALESCE(
              l.partner_id, CASE t.model WHEN 'res.partner' THEN t.res_id END)
            WHERE t.trace_type <> 'sms' AND t.model IN ('crm.lead', 'res.partner')
              AND t.sent_datetime >= %(first)s::timestamp AND t.sent_datetime < %(after)s::timestamp""",
    }  # fmt: skip


NOT_HELD = {
    "user": {"working_share", "joined_day", "left_day"},
    "client": {"consent", "confirmed_at"},
    "contact": {"consent", "confirmed_at"},
    "lead": {"consent"},
    "call": {"reached_nobody"},
    "change": {"source"},
    "visit": set(LOGS["visit"]),
}


@pytest.fixture(scope="module", params=[15, 17])
def odoo(request: pytest.FixtureRequest) -> Iterator[tuple[int, Odoo]]:
    version: int = request.param
    with ExitStack() as stack:
        loaded = stack.enter_context(odoo15() if version == 15 else rebuilt(version))
        lay(loaded, version=version, seed=20261126)
        lay_further(loaded, version)
        yield version, loaded


@pytest.mark.parametrize("setting", [AMSTERDAM, TOKYO], ids=["amsterdam", "tokyo"])
def test_all_that_can_be_asked_for_equals_the_hand(
    odoo: tuple[int, Odoo], setting: Setting, tmp_path: Path
) -> None:
    version, loaded = odoo
    with everything_asked():
        audit = prepared(setting, tmp_path)
        extract(loaded, setting, audit)
        compute(audit)  # proven, its accounts too
    bounds = {"first": min(setting.first, setting.score_first), "after": setting.after}
    for entity, sql in hand_of(version).items():
        columns = held(entity, NOT_HELD)
        hand = by_hand(loaded.rows(sql, bounds), columns)
        assert stored(tmp_path / "data", entity, columns) == hand, entity
        assert set(alike(hand, columns)) <= {"column_name"}, entity
    manifest = load_manifest(tmp_path / "data")
    assert {f"{entity}.{column}" for entity, of in NOT_HELD.items() for column in of} <= {
        *manifest.not_given, *audit.absent,
    }  # fmt: skip


def test_by_default_only_what_our_code_asks_for_is_read(
    odoo: tuple[int, Odoo], tmp_path: Path
) -> None:
    audit = prepared(AMSTERDAM, tmp_path)
    said = "\n".join(statements(odoo[1].url, audit))
    for word in (
        "write_date",
        "res_country",
        "mail_blacklist",
        "mailing_trace",
        "street",
    ):
        assert word not in said, word  # fmt: skip


FIELDS = """\
entity: contact
fields:
  - {name: city, columns: [city], label: {en: city, nl: plaats}}
"""


def test_a_demand_has_its_column_read_and_no_other(
    odoo: tuple[int, Odoo], tmp_path: Path
) -> None:
    audit = prepared(AMSTERDAM, tmp_path, field_sets={"contact": FIELDS})
    assert audit.schema["contact"].keys() & FURTHER["contact"].keys() == {"city", "created_by"}
    said = "\n".join(statements(odoo[1].url, audit))
    assert "p.city AS city" in said
    assert "street" not in said
    extract(odoo[1], AMSTERDAM, audit)
    [hand] = odoo[1].rows(
        f"SELECT count(*) AS number, count(*) FILTER (WHERE t.city = 'Delft') AS filled"
        f" FROM res_partner t WHERE t.active AND {OURS} AND {NOT_OWN} AND NOT {IS_CLIENT}"
    )  # fmt: skip
    figures = compute(audit)
    assert figures["base_good/contact.city@company"].numerator == hand["filled"]
    assert figures["base_good/contact.city@company"].denominator == hand["number"]
    assert 0 < hand["filled"] < hand["number"]


def test_its_account_may_read_what_is_asked_for(odoo: tuple[int, Odoo], tmp_path: Path) -> None:
    loaded = odoo[1]
    name = f"asked_{loaded.url.database}"
    plain = grants(load_preset("odoo", Path()), account=name, database=loaded.url.database)
    assert (
        "mail_tracking_value" in plain
    )  # who owned a record before is read without being asked
    assert "mailing_trace" not in plain
    assert "res_country" not in plain
    with everything_asked():
        audit = prepared(AMSTERDAM, tmp_path)
        made = grants(audit.preset, audit=audit, account=name, database=loaded.url.database)
        *statements_of, _ = sql_in(made)
        loaded.execute(*statements_of)
        try:
            reader = replace(loaded, url=loaded.url.set(username=name, password=None))
            extract(reader, AMSTERDAM, audit)
        finally:
            loaded.execute(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    accounted = {account.table for account in load_manifest(tmp_path / "data").accounts}
    assert {
        "res_country",
        "mail_blacklist",
        "mail_tracking_value",
        "mailing_trace",
    } <= accounted


def test_a_table_that_is_asked_for_and_not_there_is_named(
    odoo: tuple[int, Odoo], tmp_path: Path
) -> None:
    loaded = odoo[1]
    audit = prepared(
        AMSTERDAM, tmp_path, field_sets={"contact": FIELDS.replace("[city]", "[country]")}
    )
    loaded.execute("ALTER TABLE res_country RENAME TO elsewhere")
    try:
        with pytest.raises(
            SourceError, match="no table res_country, which the preset odoo reads"
        ):
            extract(loaded, AMSTERDAM, audit)
    finally:
        loaded.execute("ALTER TABLE elsewhere RENAME TO res_country")
