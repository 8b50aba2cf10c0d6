"""Field sets of an audit's own on a SuiteCRM: as the audit writes them, and by hand as SQL on SuiteCRM's own tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.crms.dirt import Dirt, Moments
from tests.crms.suitecrm.by_hand import Hand, Setting, placed
from tests.crms.suitecrm.database import Database
from tests.crms.verdicts import ALWAYS, Asked, AskedSets, Entered, Judged, words_of

CUSTOM = (
    "CREATE TABLE opportunities_cstm (id_c char(36) NOT NULL PRIMARY KEY, lost_reason_c text)"
)
ADD = {"deal.lost_reason": "opportunities_cstm.lost_reason_c"}

FIELD_SETS = {
    "deal": """\
entity: deal
fields:
  - {name: close_day, columns: [close_day], lies: future, when: {state: open}}
  - {name: amount, columns: [amount], between: [100, 50000.50], weight: 3}
  - name: next_step
    columns: [next_step]
    one_of: [Call back, "Send offer, by post"]
    weight: 2
    when:
      any:
        - {state: open, amount: {between: [1000, null]}}
        - {state: lost, not: {close_day: {older_than: 20}}}
  - {name: lost_reason, columns: [lost_reason], when: {state: lost}, grace: 5, weight: 2}
  - {name: touched, columns: [modified_at], within_months: 1, lies: past, when: {not: {lost_reason: filled}}}
  - {name: ended, columns: [close_day, modified_at], lies: past, when: {state: [won, lost]}}
  - {name: client, columns: [client_id]}
""",
    "meeting": """\
entity: meeting
fields:
  - {name: subject, columns: [subject]}
  - {name: contact, columns: [contact], weight: 2}
  - {name: result, columns: [result], when: held, grace: 2, weight: 3}
  - {name: in_march, columns: [start_at], between: [2027-03-01, 2027-03-31], when: {source: [google, outlook]}}
  - {name: over, columns: [end_at], lies: past, when: {state: held, not: {end_at: missing}}}
  - name: deal
    columns: [deal_id]
    when: {any: [{not: {source: google}}, {subject: missing}]}
  - {name: either, columns: [subject, result], one_of: [Talk, They will order]}
""",
    "call": """\
entity: call
fields:
  - {name: direction, columns: [direction], one_of: [Inbound, Outbound], when: reached, weight: 2}
  - {name: counterpart, columns: [client_id, contact_id], when: {reached: yes, status: filled}, weight: 4}
  - {name: over, columns: [end_at], lies: past, when: {state: [held, not held]}}
  - {name: status, columns: [status]}
""",
    "client": """\
entity: client
fields:
  - {name: country, columns: [country], one_of: [NL, BE, Nederland], weight: 2}
  - {name: city, columns: [city], when: {any: [{country: [NL, BE]}, {not: {street: missing}}]}}
  - {name: details, columns: [phone, email], grace: 5, weight: 5}
  - {name: recent, columns: [modified_at], within_months: 2, when: {created_at: {older_than: 20}}}
  - {name: postcode, columns: [postcode], pattern: '[1-9][0-9]{3} ?[A-Z]{2}', when: {country: [NL, Nederland]}}
""",
    "contact": """\
entity: contact
fields:
  - {name: consent, columns: [consent], when: {opted_out: no, email: filled}, weight: 3}
  - name: city
    columns: [city]
    when: {not: {all: [{country: [NL, BE]}, {any: [{street: missing}, {modified_at: {between: [2027-03-01, null]}}]}]}}
  - {name: first_name, columns: [first_name], one_of: [Ada, é]}
  - {name: last_name, columns: [last_name]}
""",
    "lead": """\
entity: lead
fields:
  - {name: details, columns: [phone, email], grace: 2, weight: 2}
  - {name: country, columns: [country], one_of: [NL, Belgium], when: {first_name: Ada}}
""",
}

# the local days of each zone, read off a calendar: midnights in UTC
AMSTERDAM_DAYS = {
    "today_day": "2027-03-26", "today_ends": "2027-03-26 23:00:00", "day_20_ago": "2027-03-06",
    "over_20": "2027-03-05 23:00:00", "over_2": "2027-03-23 23:00:00", "over_5": "2027-03-20 23:00:00",
    "month_ago": "2027-02-25 23:00:00", "two_months_ago": "2027-01-25 23:00:00",
    "march": "2027-02-28 23:00:00", "april": "2027-03-31 22:00:00",
}  # fmt: skip
TOKYO_DAYS = {
    "today_day": "2027-03-27", "today_ends": "2027-03-27 15:00:00", "day_20_ago": "2027-03-07",
    "over_20": "2027-03-06 15:00:00", "over_2": "2027-03-24 15:00:00", "over_5": "2027-03-21 15:00:00",
    "month_ago": "2027-02-26 15:00:00", "two_months_ago": "2027-01-26 15:00:00",
    "march": "2027-02-28 15:00:00", "april": "2027-03-31 15:00:00",
}  # fmt: skip

# ------------------------------------------------------------------------------------------------ by hand


def _read(column: str) -> str:
    """A moment or day that can be read: MariaDB keeps days without a month, a day or a year."""
    return (
        f"IF(YEAR({column}) > 0 AND MONTH({column}) > 0 AND DAY({column}) > 0, {column}, NULL)"
    )


def _dated(column: str, passes: str) -> Entered:
    nothing = f"{column} IS NULL OR {column} = '0000-00-00'"
    return Entered(
        nothing, f"{column} {passes}", f"NOT ({nothing}) AND {_read(column)} IS NULL"
    )


def _text(column: str, *words: str) -> Entered:
    passes = " OR ".join(f"BINARY {column} = BINARY '{word}'" for word in words)
    return Entered(f"hand_blank({column})", passes or ALWAYS)


STATE = "NULLIF(r.state, 'blank')"
CLOSED, MODIFIED = _read("t.date_closed"), _read("t.date_modified")
AMOUNT = "CAST(CONCAT('', t.amount) AS DECIMAL(65, 25))"
READ_AMOUNT = f"IF(r.`bad amount`, NULL, {AMOUNT})"
SOURCE = "IF(LENGTH(TRIM(COALESCE(t.{}, ''))) > 0, 1, 0)"
FROM_GOOGLE = SOURCE.format("gsync_id")
OUTLOOK = SOURCE.format("outlook_id")
HELD = "IF(r.state = 'blank', NULL, r.state = 'held' AND NOT r.ahead)"
ADDRESS = """(SELECT {} FROM email_addr_bean_rel b, email_addresses e WHERE b.bean_id = r.id
    AND BINARY b.bean_module = '{}' AND b.deleted = 0 AND e.id = b.email_address_id AND e.deleted = 0
    ORDER BY b.primary_address DESC, e.id LIMIT 1)"""
CONSENT = ADDRESS.format(
    "CASE WHEN BINARY e.confirm_opt_in IN ('opt-in', 'confirmed-opt-in') THEN 1"
    " WHEN e.confirm_opt_in IS NOT NULL THEN 0 END",
    "Contacts",
)
WANTS_MAIL = f"COALESCE({ADDRESS.format('CASE WHEN e.opt_out IS NULL THEN 0 ELSE e.opt_out END', 'Contacts')}, 0)"
NOT_OPTED_OUT = f"CASE {WANTS_MAIL} WHEN 0 THEN 1 WHEN 1 THEN 0 WHEN -1 THEN 0 END"
HAS_EMAIL = """EXISTS (SELECT 1 FROM email_addr_bean_rel b, email_addresses e WHERE b.bean_id = r.id
    AND BINARY b.bean_module = 'Contacts' AND b.deleted = 0 AND e.id = b.email_address_id AND e.deleted = 0
    AND NOT hand_blank(e.email_address))"""
CONTACT_COUNTRY = "t.primary_address_country"


def _among(column: str, *words: str) -> str:
    """NULL where nothing was entered."""
    return f"IF(hand_blank({column}), NULL, {' OR '.join(f'BINARY {column} = BINARY {word!r}' for word in words)})"


UNKNOWN = ("deal.close_day", "deal.next_step", "deal.lost_reason", "deal.ended", "meeting.result", "meeting.in_march",
           "meeting.over", "meeting.deal", "call.over", "client.city", "client.details", "client.recent",
           "client.postcode",
           "contact.consent", "contact.city", "lead.details", "lead.country")  # fmt: skip
"""Where a condition compares what may be missing or unreadable."""
NEVER_SO = ("base_missing/meeting.over",)  # it is due where an end was entered

ASKED: AskedSets = {
    "deal": {
        "close_day": Asked((_dated("t.date_closed", ">= %(today_day)s"),), f"{STATE} = 'open'"),
        "amount": Asked(
            (Entered("r.`no amount`", f"{AMOUNT} >= 100 AND {AMOUNT} <= 50000.5", "r.`bad amount`"),), weight=3
        ),
        "next_step": Asked(
            (_text("t.next_step", "Call back", "Send offer, by post"),),
            f"({STATE} = 'open' AND {READ_AMOUNT} >= 1000)"
            f" OR ({STATE} = 'lost' AND NOT ({CLOSED} < %(day_20_ago)s))",
            weight=2,
        ),
        "lost_reason": Asked(
            (_text("x.lost_reason_c"),), f"{STATE} = 'lost' AND r.moment < %(over_5)s", weight=2
        ),
        "touched": Asked(
            (_dated("t.date_modified", ">= %(month_ago)s AND t.date_modified < %(today_ends)s"),),
            "hand_blank(x.lost_reason_c)",
        ),
        "ended": Asked(
            (_dated("t.date_closed", "<= %(today_day)s"), _dated("t.date_modified", "< %(today_ends)s")),
            f"{STATE} IN ('won', 'lost')",
        ),
        "client": Asked((Entered("r.`no client`"),), weight=0),
    },
    "meeting": {
        "subject": Asked((_text("t.name"),), weight=0),
        "contact": Asked((Entered("r.`no contact`"),), weight=2),
        "result": Asked((_text("x.result_c"),), f"{HELD} AND r.moment < %(over_2)s", weight=3),
        "in_march": Asked(
            (_dated("t.date_start", ">= %(march)s AND t.date_start < %(april)s"),),
            f"IF({FROM_GOOGLE} OR {OUTLOOK}, 1, NULL)",
        ),
        "over": Asked(
            (_dated("t.date_end", "< %(today_ends)s"),),
            f"{HELD} AND NOT (t.date_end IS NULL OR t.date_end = '0000-00-00')",
        ),
        "deal": Asked(
            (Entered("NOT (BINARY COALESCE(t.parent_type, '') = 'Opportunities' AND EXISTS (SELECT 1 FROM opportunities"
                     " o WHERE o.id = t.parent_id AND o.deleted = 0))"),),
            f"IF({FROM_GOOGLE}, 0, IF({OUTLOOK}, 1, NULL)) OR hand_blank(t.name)",
        ),
        "either": Asked((_text("t.name", "Talk"), _text("x.result_c", "They will order"))),
    },
    "call": {
        "direction": Asked((_text("t.direction", "Inbound", "Outbound"),), "r.reached", weight=2),
        "counterpart": Asked(
            (Entered("r.`no counterpart`"),), "r.reached AND NOT hand_blank(t.status)", weight=4
        ),
        "over": Asked(
            (_dated("t.date_end", "< %(today_ends)s"),), f"{HELD} OR {STATE} = 'not held'"
        ),
        "status": Asked((_text("t.status"),), weight=0),
    },
    "client": {
        "country": Asked((_text("t.billing_address_country", "NL", "BE", "Nederland"),), weight=2),
        "city": Asked(
            (_text("t.billing_address_city"),),
            f"{_among('t.billing_address_country', 'NL', 'BE')} OR NOT hand_blank(t.billing_address_street)",
        ),
        "details": Asked((Entered("r.`no details`"),), "r.moment < %(over_5)s", weight=5),
        "recent": Asked(
            (_dated("t.date_modified", ">= %(two_months_ago)s"),), "r.moment < %(over_20)s"
        ),
        "postcode": Asked(
            (Entered("hand_blank(t.billing_address_postalcode)",
                     "BINARY t.billing_address_postalcode REGEXP BINARY '^[1-9][0-9]{3} ?[A-Z]{2}\\\\z'"),),
            _among("t.billing_address_country", "NL", "Nederland"),
        ),
    },
    "contact": {
        "consent": Asked((Entered(f"{CONSENT} IS NULL"),), f"{NOT_OPTED_OUT} AND {HAS_EMAIL}", weight=3),
        "city": Asked(
            (_text("t.primary_address_city"),),
            f"NOT ({_among(CONTACT_COUNTRY, 'NL', 'BE')}"
            f" AND (hand_blank(t.primary_address_street) OR {MODIFIED} >= %(march)s))",
        ),
        "first_name": Asked((_text("t.first_name", "Ada", "é"),)),
        "last_name": Asked((_text("t.last_name"),), weight=0),
    },
    "lead": {
        "details": Asked((Entered("r.`no details`"),), "r.moment < %(over_2)s", weight=2),
        "country": Asked(
            (_text("t.primary_address_country", "NL", "Belgium"),), _among("t.first_name", "Ada")
        ),
    },
}  # fmt: skip

TABLES = {
    "deal": "opportunities t ON t.id = r.id LEFT JOIN opportunities_cstm x ON x.id_c = r.id",
    "meeting": "meetings t ON t.id = r.id LEFT JOIN meetings_cstm x ON x.id_c = r.id",
    "call": "calls t ON t.id = r.id",
    "client": "accounts t ON t.id = r.id",
    "contact": "contacts t ON t.id = r.id",
    "lead": "leads t ON t.id = r.id",
}


class FieldSetHand(Hand):
    """One SuiteCRM at one setting, asked by hand for these field sets."""

    def __init__(self, database: Database, setting: Setting, days: Mapping[str, str]) -> None:
        super().__init__(database, setting, results=True)
        self.days = days

    def fields(self, entity: str) -> tuple[str, ...]:
        return tuple(ASKED[entity])

    def weight(self, entity: str, name: str) -> int:
        return ASKED[entity][name].weight

    def judged(self) -> Judged:
        """Every live record with its verdicts."""
        return {
            entity: self.rows(
                f"SELECT r.id, r.owner, r.scored, r.timely, r.ahead, r.had, r.typed, {words_of(asked)}"
                f" FROM ({placed(entity)}) r JOIN {TABLES[entity]}"
            )
            for entity, asked in ASKED.items()
        }

    def moments(self) -> dict[str, Any]:
        return {**super().moments(), **self.days}


# ------------------------------------------------------------------------------------------------ dirt

MOMENTS = Moments(
    edges=(
        "2027-01-25 23:00:00", "2027-01-26 15:00:00", "2027-02-25 23:00:00", "2027-02-26 15:00:00",
        "2027-02-28 15:00:00", "2027-02-28 23:00:00", "2027-03-05 23:00:00", "2027-03-26 22:30:00",
        "2027-03-26 23:00:00", "2027-03-27 15:00:00", "2027-03-31 15:00:00", "2027-03-31 22:00:00",
    ),
    first="2027-01-05 00:00:00",
    days=100,
    nothing=(
        None, "0000-00-00 00:00:00", "2027-00-10 00:00:00", "2027-03-00 12:00:00", "0000-03-10 12:00:00",
    ),
    far=("1000-01-01 00:00:00", "1969-12-31 23:59:59", "9999-12-31 23:59:59", "2028-02-29 12:00:00"),
)  # fmt: skip
"""MariaDB keeps days without a month, a day or a year."""


def lay_dirt(database: Database, seed: int) -> None:
    """Values of every column at which these field sets look, over all records."""
    dirt = Dirt(seed, MOMENTS)
    database.execute(
        "DROP TABLE IF EXISTS opportunities_cstm", f"{CUSTOM} DEFAULT CHARSET=utf8mb3"
    )
    database.execute("INSERT INTO opportunities_cstm (id_c) SELECT id FROM opportunities")
    columns: Mapping[str, Mapping[str, Any]] = {
        "opportunities": {
            "next_step": lambda: dirt.text("Call back", "Send offer, by post"),
            "date_closed": dirt.day,
            "date_modified": dirt.moment,
            "amount": dirt.amount,
        },
        "opportunities_cstm": {"lost_reason_c": lambda: dirt.text("price", "quality")},
        "meetings": {
            "name": lambda: dirt.text("Talk", "Lunch"),
            "date_end": dirt.moment,
            "gsync_id": lambda: dirt.chance.choice((None, "", " ", "g1")),
            "outlook_id": lambda: dirt.chance.choice((None, "", "o1")),
        },
        "meetings_cstm": {"result_c": lambda: dirt.text("They will order", "No")},
        "calls": {"direction": lambda: dirt.text("Inbound", "Outbound"), "date_end": dirt.moment},
        "accounts": {
            "billing_address_country": lambda: dirt.text("NL", "BE", "Nederland"),
            "billing_address_city": lambda: dirt.text("Delft"),
            "billing_address_postalcode": lambda: dirt.text("1234 AB", "2611CD", "0123 AB"),
            "billing_address_street": lambda: dirt.text("Main street"),
            "date_modified": dirt.moment,
        },
        "contacts": {
            "primary_address_country": lambda: dirt.text("NL", "BE", "DE"),
            "primary_address_city": lambda: dirt.text("Delft"),
            "primary_address_street": lambda: dirt.text("Main street"),
            "first_name": lambda: dirt.text("Ada", "é"),
            "date_modified": dirt.moment,
        },
        "leads": {
            "primary_address_country": lambda: dirt.text("NL", "Belgium"),
            "first_name": lambda: dirt.text("Ada", "Bo"),
        },
        "email_addresses": {
            "opt_out": lambda: dirt.chance.choice((None, 0, 0, 0, 1, -1, 2)),
            "confirm_opt_in": lambda: dirt.text("not-opt-in", "opt-in", "confirmed-opt-in"),
            "email_address": lambda: dirt.text("a@b.example"),
        },
    }  # fmt: skip
    for table, drawn in columns.items():
        _update(database, table, drawn)
    database.execute(  # of these chance gives too few
        "UPDATE opportunities SET date_closed = NULL, date_modified = '0000-00-00' WHERE CRC32(id) % 12 = 0",
        "UPDATE meetings SET parent_id = (SELECT o.id FROM opportunities o ORDER BY CRC32(CONCAT(o.id, meetings.id))"
        " LIMIT 1) WHERE parent_type = 'Opportunities' AND CRC32(id) % 3 > 0",
        "UPDATE meetings SET outlook_id = 'o1' WHERE MONTH(date_start) = 0",
        "UPDATE accounts SET date_modified = NULL WHERE CRC32(id) % 8 = 0",
        "UPDATE accounts SET billing_address_country = ' ', billing_address_street = NULL WHERE CRC32(id) % 8 = 1",
        "UPDATE email_addresses SET confirm_opt_in = NULL, opt_out = NULL WHERE CRC32(id) % 7 = 0",
    )


def _update(database: Database, table: str, drawn: Mapping[str, Any]) -> None:
    key = "id_c" if table.endswith("_cstm") else "id"
    keys = [
        row[key] for row in database.rows(f"SELECT {key} FROM {table} ORDER BY BINARY {key}")
    ]
    values = [[*(draw() for draw in drawn.values()), record] for record in keys]
    setting = ", ".join(f"{column} = %s" for column in drawn)
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.executemany(f"UPDATE {table} SET {setting} WHERE BINARY {key} = %s", values)
        cursor.execute("COMMIT")
