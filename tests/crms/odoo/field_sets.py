"""Field sets of an audit's own on an Odoo 15: as the audit writes them, and by hand as SQL on Odoo's own tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.crms.dirt import Dirt, Moments
from tests.crms.odoo.by_hand import OdooHand
from tests.crms.odoo.database import Odoo
from tests.crms.suitecrm.by_hand import Setting
from tests.crms.verdicts import ALWAYS, Asked, AskedSets, Entered, Judged, words_of

TABLES_ADDED = (
    "CREATE TABLE res_country (id integer NOT NULL, name varchar NOT NULL, code varchar(2))",
    "INSERT INTO res_country VALUES (9001, 'Netherlands', 'NL'), (9002, 'Belgium', 'BE'), (9003, 'Nowhere', NULL),"
    " (9004, 'Blank', ' ')",
    "CREATE TABLE mail_blacklist (id serial, email varchar NOT NULL, active boolean)",
    "INSERT INTO mail_blacklist (email, active) VALUES ('no@x.example', true), ('yes@x.example', false)",
    "INSERT INTO crm_lost_reason (id, name) VALUES (9001, 'Too dear'), (9002, 'too dear'), (9003, ' ')",
    "ALTER TABLE calendar_event ADD COLUMN google_id varchar, ADD COLUMN microsoft_id varchar",
    "INSERT INTO mail_activity (id, activity_type_id, res_model_id, res_model, res_id, user_id, date_deadline)"
    " SELECT 100000 + id, 62, 1, 'crm.lead', id, 101, '2026-12-01' FROM crm_lead WHERE id % 3 > 0",
)
"""Odoo's own tables that the dump leaves out, and a next step for most deals."""

FIELD_SETS = {
    "deal": """\
entity: deal
fields:
  - {name: close_day, columns: [close_day], lies: future, when: {state: open}}
  - {name: amount, columns: [amount], between: [100, 50000.50], weight: 3}
  - {name: next_step, columns: [next_step], one_of: [Call back, Order], weight: 2, when: {any: [
      {state: open, amount: {between: [1000, null]}}, {state: lost, not: {close_day: {older_than: 20}}}]}}
  - {name: lost_reason, columns: [lost_reason], one_of: [Too dear], when: {state: lost}, grace: 5, weight: 2}
  - {name: touched, columns: [modified_at], within_months: 1, lies: past, when: {not: {lost_reason: filled}}}
  - {name: ended, columns: [close_day, modified_at], lies: past, when: {state: [won, lost]}}
  - {name: client, columns: [client_id]}
""",
    "meeting": """\
entity: meeting
fields:
  - {name: subject, columns: [subject]}
  - {name: contact, columns: [contact], weight: 2}
  - {name: result, columns: [result], one_of: [They will order, "No"], when: held, grace: 2, weight: 3}
  - {name: in_november, columns: [start_at], between: [2026-11-01, 2026-11-30], when: {source: [google, outlook]}}
  - {name: touched, columns: [modified_at], within_months: 2, when: {any: [{deal_id: filled}, {not: {source: google}}]}}
""",
    "call": """\
entity: call
fields:
  - {name: counterpart, columns: [client_id, contact_id], when: {reached: yes, subject: filled}, weight: 4}
  - {name: subject, columns: [subject], one_of: [Ring, "Call: order"], when: {created_at: {older_than: 2}}}
""",
    "client": """\
entity: client
fields:
  - {name: country, columns: [country], one_of: [NL], weight: 2}
  - {name: city, columns: [city], when: {any: [{country: [NL, BE]}, {not: {street: missing}}]}}
  - {name: details, columns: [phone, email], grace: 5, weight: 5}
  - {name: recent, columns: [modified_at], within_months: 2, when: {created_at: {older_than: 20}}}
  - {name: postcode, columns: [postcode], pattern: '[1-9][0-9]{3} ?[A-Z]{2}', when: {country: NL}}
""",
    "contact": """\
entity: contact
fields:
  - {name: email, columns: [email], when: {opted_out: no}, weight: 3}
  - {name: city, columns: [city], one_of: [Delft, é], when: {not: {all: [{country: [NL, BE]}, {any: [
      {street: missing}, {modified_at: {between: [2026-11-01, null]}}]}]}}}
  - {name: last_name, columns: [last_name]}
""",
    "lead": """\
entity: lead
fields:
  - {name: details, columns: [phone, email], grace: 2, weight: 2}
  - {name: country, columns: [country], one_of: [NL], when: {last_name: Ada}}
""",
}

# the local days of each zone, read off a calendar: midnights in UTC
AMSTERDAM_DAYS = {
    "today_day": "2026-11-26", "today_ends": "2026-11-26 23:00:00", "day_20_ago": "2026-11-06",
    "over_20": "2026-11-05 23:00:00", "over_2": "2026-11-23 23:00:00", "over_5": "2026-11-20 23:00:00",
    "month_ago": "2026-10-25 23:00:00", "two_months_ago": "2026-09-25 22:00:00",
    "november": "2026-10-31 23:00:00", "december": "2026-11-30 23:00:00",
}  # fmt: skip
TOKYO_DAYS = {
    "today_day": "2026-11-27", "today_ends": "2026-11-27 15:00:00", "day_20_ago": "2026-11-07",
    "over_20": "2026-11-06 15:00:00", "over_2": "2026-11-24 15:00:00", "over_5": "2026-11-21 15:00:00",
    "month_ago": "2026-10-26 15:00:00", "two_months_ago": "2026-09-26 15:00:00",
    "november": "2026-10-31 15:00:00", "december": "2026-11-30 15:00:00",
}  # fmt: skip

# ------------------------------------------------------------------------------------------------ by hand

READ = "CASE WHEN {0} >= timestamp '0001-01-01' AND {0} < timestamp '10000-01-01' THEN {0} END"
"""A moment that can be read: neither infinity nor before the year 1 nor after 9999."""
MODIFIED = READ.format("t.write_date")


def _moment(column: str, passes: str) -> Entered:
    read = READ.format(column)
    return Entered(f"{column} IS NULL", passes, f"{column} IS NOT NULL AND ({read}) IS NULL")


def _text(column: str, *words: str) -> Entered:
    passes = " OR ".join(f"({column}) = '{word}'" for word in words)
    return Entered(f"hand_blank({column})", passes or ALWAYS)


def _among(column: str, *words: str) -> str:
    """NULL where nothing was entered."""
    listed = ", ".join(f"'{word}'" for word in words)
    return f"CASE WHEN NOT hand_blank({column}) THEN {column} IN ({listed}) END"


STATE = "NULLIF(r.state, 'blank')"
CLOSE_DAY = Entered('r."no close_date"', "r.closed {}", 'r."bad close_day" IS TRUE')
BAD_AMOUNT = 'COALESCE(r."bad amount", false)'
READ_AMOUNT = f"CASE WHEN NOT {BAD_AMOUNT} THEN r.amount END"
LOST_REASON = "(SELECT x.name FROM crm_lost_reason x WHERE x.id = t.lost_reason)"
NEXT_STEP = """(SELECT CASE WHEN a.summary <> '' THEN a.summary
                            ELSE (SELECT k.name FROM mail_activity_type k WHERE k.id = a.activity_type_id) END
                FROM mail_activity a WHERE a.res_model = 'crm.lead' AND a.res_id = t.id
                ORDER BY a.date_deadline, a.id LIMIT 1)"""
HELD = "CASE WHEN r.state <> 'blank' THEN r.state = 'held' AND NOT r.ahead END"
FROM_GOOGLE = "COALESCE(t.google_id, '') <> ''"
OUTLOOK = "COALESCE(t.microsoft_id, '') <> ''"
DEAL_OF = """EXISTS (SELECT 1 FROM crm_lead l WHERE l.type = 'opportunity'
    AND (l.active OR l.lost_reason IS NOT NULL OR l.probability = 0)
    AND l.id = COALESCE(t.opportunity_id, CASE WHEN t.res_model = 'crm.lead' THEN t.res_id END))"""
COUNTRY = "(SELECT c.code FROM res_country c WHERE c.id = t.country_id)"
OPTED_OUT = """(COALESCE(t.email_normalized, '') <> ''
    AND EXISTS (SELECT 1 FROM mail_blacklist b WHERE b.active AND b.email = t.email_normalized))"""


def _closed(passes: str) -> Entered:
    return Entered(CLOSE_DAY.missing, CLOSE_DAY.passes.format(passes), CLOSE_DAY.unread)


UNKNOWN = ("deal.close_day", "deal.next_step", "deal.lost_reason", "deal.ended", "meeting.result",
           "meeting.in_november", "meeting.touched", "call.subject", "client.city", "client.details", "client.recent",
           "client.postcode", "contact.city", "lead.details", "lead.country")  # fmt: skip
"""Where a condition compares what may be missing or unreadable."""
NEVER_SO = (
    "base_missing/meeting.in_november",  # a start that is NULL cannot be stored
    "base_missing/deal.ended",  # Odoo writes when it changed a record
)

ASKED: AskedSets = {
    "deal": {
        "close_day": Asked((_closed(">= %(today_day)s::date"),), f"{STATE} = 'open'"),
        "amount": Asked(
            (Entered('r."no amount"', "r.amount BETWEEN 100 AND 50000.5", BAD_AMOUNT),), weight=3
        ),
        "next_step": Asked(
            (_text(NEXT_STEP, "Call back", "Order"),),
            f"({STATE} = 'open' AND {READ_AMOUNT} >= 1000)"
            f" OR ({STATE} = 'lost' AND NOT (r.closed < %(day_20_ago)s::date))",
            weight=2,
        ),
        "lost_reason": Asked(
            (_text(LOST_REASON, "Too dear"),), f"{STATE} = 'lost' AND r.moment < %(over_5)s", weight=2
        ),
        "touched": Asked(
            (_moment("t.write_date", "t.write_date >= %(month_ago)s AND t.write_date < %(today_ends)s"),),
            f"hand_blank({LOST_REASON})",
        ),
        "ended": Asked(
            (_closed("<= %(today_day)s::date"), _moment("t.write_date", "t.write_date < %(today_ends)s")),
            f"{STATE} IN ('won', 'lost')",
        ),
        "client": Asked((Entered('r."no client"'),)),
    },
    "meeting": {
        "subject": Asked((_text("t.name"),), weight=0),
        "contact": Asked((Entered('r."no contact"'),), weight=2),
        "result": Asked(
            (_text("t.x_result", "They will order", "No"),), f"({HELD}) AND r.moment < %(over_2)s", weight=3
        ),
        "in_november": Asked(
            (Entered('r."no date"', "r.start_at >= %(november)s AND r.start_at < %(december)s",
                     'r."bad start_at" IS TRUE'),),
            f"CASE WHEN {FROM_GOOGLE} OR {OUTLOOK} THEN true END",
        ),
        "touched": Asked(
            (_moment("t.write_date", "t.write_date >= %(two_months_ago)s"),),
            f"{DEAL_OF} OR CASE WHEN {FROM_GOOGLE} THEN false WHEN {OUTLOOK} THEN true END",
        ),
    },
    "call": {
        "counterpart": Asked(
            (Entered('r."no counterpart"'),), "r.reached AND NOT hand_blank(t.summary)", weight=4
        ),
        "subject": Asked((_text("t.summary", "Ring", "Call: order"),), "r.moment < %(over_2)s"),
    },
    "client": {
        "country": Asked((_text(COUNTRY, "NL"),), weight=2),
        "city": Asked(
            (_text("t.city"),), f"{_among(COUNTRY, 'NL', 'BE')} OR NOT hand_blank(t.street)"
        ),
        "details": Asked((Entered('r."no details"'),), "r.moment < %(over_5)s", weight=5),
        "recent": Asked(
            (_moment("t.write_date", "t.write_date >= %(two_months_ago)s"),), "r.moment < %(over_20)s"
        ),
        "postcode": Asked(
            (Entered("hand_blank(t.zip)", "t.zip ~ '^[1-9][0-9]{3} ?[A-Z]{2}$'"),), _among(COUNTRY, "NL")
        ),
    },
    "contact": {
        "email": Asked((_text("t.email"),), f"NOT {OPTED_OUT}", weight=3),
        "city": Asked(
            (_text("t.city", "Delft", "é"),),
            f"NOT ({_among(COUNTRY, 'NL', 'BE')} AND (hand_blank(t.street) OR ({MODIFIED}) >= %(november)s))",
        ),
        "last_name": Asked((_text("t.name"),), weight=0),
    },
    "lead": {
        "details": Asked((Entered('r."no details"'),), "r.moment < %(over_2)s", weight=2),
        "country": Asked((_text(COUNTRY, "NL"),), _among("t.contact_name", "Ada")),
    },
}  # fmt: skip

TABLES = {
    "deal": "crm_lead", "meeting": "calendar_event", "call": "mail_activity", "client": "res_partner",
    "contact": "res_partner", "lead": "crm_lead",
}  # fmt: skip


class FieldSetHand(OdooHand):
    """One Odoo at one setting, asked by hand for these field sets."""

    def __init__(self, odoo: Odoo, setting: Setting, days: Mapping[str, str]) -> None:
        super().__init__(odoo, setting, version=15, results=True, by_time=True)
        self.days = days

    def fields(self, entity: str) -> tuple[str, ...]:
        return tuple(ASKED[entity])

    def weight(self, entity: str, name: str) -> int:
        return ASKED[entity][name].weight

    def judged(self) -> Judged:
        """Every live record with its verdicts."""
        return {entity: self._judged(entity, asked) for entity, asked in ASKED.items()}

    def _judged(self, entity: str, asked: Mapping[str, Asked]) -> list[dict[str, Any]]:
        ahead = "r.ahead" if entity == "meeting" else "false"
        timely = f"r.timely AND NOT {ahead} AND NOT r.had AND NOT r.typed"
        return self.rows(
            f"SELECT r.id::text AS id, r.owner, r.scored, {timely} AS timely, {ahead} AS ahead, r.had, r.typed,"
            f" {words_of(asked)} FROM ({self.placed(entity)}) r JOIN {TABLES[entity]} t ON t.id = r.id"
        )

    def moments(self) -> dict[str, Any]:
        return {**super().moments(), **self.days}


# ------------------------------------------------------------------------------------------------ dirt

MOMENTS = Moments(
    edges=(
        "2026-09-25 22:00:00", "2026-09-26 15:00:00", "2026-10-25 23:00:00", "2026-10-26 15:00:00",
        "2026-10-31 15:00:00", "2026-10-31 23:00:00", "2026-11-05 23:00:00", "2026-11-26 22:30:00",
        "2026-11-26 23:00:00", "2026-11-27 15:00:00", "2026-11-30 15:00:00", "2026-11-30 23:00:00",
    ),
    first="2026-09-10 00:00:00",
    days=90,
    nothing=(None, "infinity", "-infinity", "12026-01-01 00:00:00", "0044-03-15 00:00:00 BC"),
    far=("0001-01-01 00:00:00", "1969-12-31 23:59:59", "9999-12-31 23:59:59", "2028-02-29 12:00:00"),
)  # fmt: skip


def lay_dirt(odoo: Odoo, seed: int) -> None:
    """Values of every column at which these field sets look, over all records."""
    dirt = Dirt(seed, MOMENTS)
    choice = dirt.chance.choice
    country = {"country_id": lambda: choice((None, 9001, 9001, 9002, 9003, 9004))}
    for table, drawn in {
        "res_partner": {
            **country,
            "city": lambda: dirt.text("Delft", "é"),
            "zip": lambda: dirt.text("1234 AB", "2611CD", "0123 AB"),
            "street": lambda: dirt.text("Main street"),
            "email": lambda: dirt.text("a@b.example"),
            "email_normalized": lambda: choice((None, "", "no@x.example", "yes@x.example", "NO@x.example")),
            "write_date": dirt.moment,
        },
        "crm_lead": {
            **country,
            "contact_name": lambda: dirt.text("Ada", "Ada", "Ada", "Bo"),
            "expected_revenue": lambda: choice((dirt.amount(), "NaN")) if dirt.chance.random() < 0.1 else dirt.amount(),
            "lost_reason": lambda: choice((None, 9001, 9001, 9002, 9003)),
            "write_date": dirt.moment,
        },
        "calendar_event": {
            "name": lambda: dirt.text("Talk", "Lunch") or "",
            "x_result": lambda: dirt.text("They will order", "No"),
            "google_id": lambda: choice((None, "", "g1", " ")),
            "microsoft_id": lambda: choice((None, "", "o1")),
            "write_date": dirt.moment,
        },
        "mail_activity": {"summary": lambda: dirt.text("Ring", "Call: order", "Call back", "Order")},
    }.items():  # fmt: skip
        _update(odoo, table, drawn)
    odoo.execute(  # of these chance gives too few
        "UPDATE res_partner SET write_date = CASE id % 7 WHEN 0 THEN timestamp '2026-01-02' WHEN 1 THEN 'infinity' END"
        " WHERE id % 7 < 3",
        "UPDATE res_partner SET country_id = 9001, zip = ' ' WHERE id % 7 = 3",
        "UPDATE res_partner SET email = ' ', phone = NULL, mobile = NULL WHERE id % 7 = 2",
        "UPDATE mail_activity SET summary = ' ' WHERE id % 3 = 0",
        "UPDATE crm_lead SET country_id = 9002, contact_name = 'Ada' WHERE type = 'lead' AND id % 7 = 0",
    )


def _update(odoo: Odoo, table: str, drawn: Mapping[str, Callable[[], Any]]) -> None:
    keys = [row["id"] for row in odoo.rows(f"SELECT id FROM {table} ORDER BY id")]
    values = [[*(draw() for draw in drawn.values()), record] for record in keys]
    setting = ", ".join(f"{column} = %s" for column in drawn)
    with odoo.connect() as connection, connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {setting} WHERE id = %s", values)
