"""Every published figure of a SuiteCRM, by SQL written by hand against SuiteCRM's own tables.

Nothing here comes from the preset, the catalogue or our SQL; the moments are literals of the test. Each entity has
one SELECT of its live records with what is to be known of each, and one SELECT that counts them per owner.
In a name of a count, '/' separates the dimension.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

from tests.crms.suitecrm.database import Database, Row

Value = tuple[int, int | None]
"""Numerator and denominator; None where the figure is no ratio."""
Counts = dict[str, dict[str, int]]
"""Name of a count -> owner ('' = nobody) -> how many."""


@dataclass(frozen=True)
class Setting:
    """The moments of a run, as a person reads them off a calendar: instants in UTC, days as days."""

    zone: str
    as_of: str
    today: str
    first_day: str
    after_day: str
    first: str  # the midnights of first_day and after_day in the zone
    after: str
    score_first: str  # the midnights between which records count in completeness: 28 days or the period's
    score_after: str
    soon: str  # the midnight that ends the seventh local day after today
    period: str = "month"  # as audit.yaml says it
    month: str | None = (
        None  # the calendar month of the plan: none where the period is not inside one
    )
    month_first_day: str | None = None
    month_after_day: str | None = None
    month_first: str | None = None
    month_after: str | None = None
    working_days_left: int | None = None
    currency: str = "EUR"
    targets: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict
    )  # manager -> metric -> target


# ------------------------------------------------------------------------------------------------ words

BLANK = """
CREATE FUNCTION hand_blank(said TEXT CHARACTER SET utf8mb3) RETURNS INT DETERMINISTIC NO SQL
RETURN said IS NULL OR said REGEXP '^[\\\\x{9}-\\\\x{D}\\\\x{1C}-\\\\x{20}\\\\x{85}\\\\x{A0}\\\\x{1680}\\\\x{180E}\\\\x{2000}-\\\\x{200F}\\\\x{2028}\\\\x{2029}\\\\x{202F}\\\\x{205F}\\\\x{2060}\\\\x{3000}\\\\x{FEFF}]*\\\\z'
"""  # noqa: E501
"""The 37 code points of 'missing', as a function: the SELECTs below stay readable."""

NO_LEADS = "(SELECT NULL AS meeting_id, NULL AS lead_id, 1 AS deleted FROM users WHERE 1 = 0)"
NO_RESULTS = "(SELECT NULL AS id_c, NULL AS result_c FROM users WHERE 1 = 0)"
NO_CURRENCIES = "(SELECT NULL AS id, NULL AS iso4217, 1 AS deleted FROM users WHERE 1 = 0)"
OPTIONAL = {
    "meetings_leads": NO_LEADS,
    "meetings_cstm": NO_RESULTS,
    "currencies": NO_CURRENCIES,
}
"""Tables that the bare dump lacks, as if they were empty."""

USERS = """
SELECT id, deleted = 0 AND BINARY status = 'Active' AND COALESCE(is_group, 0) = 0 AND COALESCE(portal_only, 0) = 0
           AS manager,
       (SELECT b.id FROM users b WHERE b.id = u.reports_to_id AND b.deleted = 0) AS boss
FROM users u
"""

# ------------------------------------------------------------------------------------------------ persons

CLIENT = """
SELECT a.id, (SELECT u.id FROM users u WHERE u.id = a.assigned_user_id) AS owner,
       IF(MONTH(a.date_entered) > 0, a.date_entered, NULL) AS moment, 1 AS scored, 0 AS ahead,
       COALESCE(a.date_entered <> '0000-00-00' AND MONTH(a.date_entered) = 0, 0) AS `bad created_at`,
       hand_blank(a.name) AS `no name`,
       hand_blank(a.phone_office) AND hand_blank(a.phone_alternate) AND NOT EXISTS
           (SELECT 1 FROM email_addr_bean_rel r, email_addresses e
            WHERE r.bean_id = a.id AND BINARY r.bean_module = 'Accounts' AND r.deleted = 0
              AND e.id = r.email_address_id AND e.deleted = 0 AND NOT hand_blank(e.email_address)) AS `no details`
FROM accounts a WHERE a.deleted = 0
"""

CONTACT = """
SELECT c.id,
       COALESCE((SELECT u.id FROM users u WHERE u.id = c.assigned_user_id),
                (SELECT u.id FROM users u, accounts a WHERE u.id = a.assigned_user_id AND a.id =
                     (SELECT x.id FROM accounts_contacts r, accounts x
                      WHERE r.contact_id = c.id AND r.deleted = 0 AND x.id = r.account_id AND x.deleted = 0
                      ORDER BY BINARY x.id LIMIT 1))) AS owner,
       IF(MONTH(c.date_entered) > 0, c.date_entered, NULL) AS moment, 1 AS scored, 0 AS ahead,
       COALESCE(c.date_entered <> '0000-00-00' AND MONTH(c.date_entered) = 0, 0) AS `bad created_at`,
       hand_blank(c.last_name) AS `no last_name`, hand_blank(c.first_name) AS `no first_name`,
       hand_blank(c.phone_mobile) AND hand_blank(c.phone_work) AND hand_blank(c.phone_home)
           AND hand_blank(c.phone_other) AND NOT EXISTS
           (SELECT 1 FROM email_addr_bean_rel r, email_addresses e
            WHERE r.bean_id = c.id AND BINARY r.bean_module = 'Contacts' AND r.deleted = 0
              AND e.id = r.email_address_id AND e.deleted = 0 AND NOT hand_blank(e.email_address)) AS `no details`
FROM contacts c WHERE c.deleted = 0
"""

LEAD = """
SELECT l.id, (SELECT u.id FROM users u WHERE u.id = l.assigned_user_id) AS owner,
       IF(MONTH(l.date_entered) > 0, l.date_entered, NULL) AS moment, 1 AS scored, 0 AS ahead,
       COALESCE(l.date_entered <> '0000-00-00' AND MONTH(l.date_entered) = 0, 0) AS `bad created_at`,
       hand_blank(l.last_name) AS `no last_name`, hand_blank(l.first_name) AS `no first_name`,
       hand_blank(l.phone_mobile) AND hand_blank(l.phone_work) AND hand_blank(l.phone_home)
           AND hand_blank(l.phone_other) AND NOT EXISTS
           (SELECT 1 FROM email_addr_bean_rel r, email_addresses e
            WHERE r.bean_id = l.id AND BINARY r.bean_module = 'Leads' AND r.deleted = 0
              AND e.id = r.email_address_id AND e.deleted = 0 AND NOT hand_blank(e.email_address)) AS `no details`
FROM leads l
WHERE l.deleted = 0 AND NOT (COALESCE(l.converted, 0) <> 0 OR BINARY COALESCE(l.status, '') = 'Converted')
"""

# ------------------------------------------------------------------------------------------------ events and deals

# 'invited' first, then the parent; a person is a live contact or a lead that is live and not converted.
# Of several the one who lacks the fewest things stands for the meeting, of equals the one with the smallest code.
MEETING = f"""
WITH person AS (
    SELECT 'Contacts' AS kind, id, owner, `no last_name` AS l, `no first_name` AS f, `no details` AS d
    FROM ({CONTACT}) c
    UNION ALL
    SELECT 'Leads', id, owner, `no last_name`, `no first_name`, `no details` FROM ({LEAD}) l),
attending AS (
    SELECT 1 AS turn, meeting_id, 'Contacts' AS kind, contact_id AS person_id FROM meetings_contacts WHERE deleted = 0
    UNION ALL
    SELECT 1, meeting_id, 'Leads', lead_id FROM meetings_leads t WHERE deleted = 0
    UNION ALL
    SELECT 2, id, parent_type, parent_id FROM meetings WHERE BINARY parent_type IN ('Contacts', 'Leads')),
about AS (
    SELECT a.meeting_id, a.turn, p.l, p.f, p.d, COALESCE(BINARY p.owner <> BINARY u.id, 0) AS anothers
    FROM attending a JOIN person p ON p.kind = a.kind AND p.id = a.person_id
    LEFT JOIN meetings k ON k.id = a.meeting_id LEFT JOIN users u ON u.id = k.assigned_user_id),
ranked AS (
    SELECT meeting_id, l, f, d, anothers,
           ROW_NUMBER() OVER (PARTITION BY meeting_id
                              ORDER BY turn, l + f + d, l + 2 * f + 4 * d, anothers) AS place
    FROM about)
SELECT m.*, m.state <> 'unknown' AS scored, COALESCE(m.start > %(as_of)s, 0) AS ahead,
       m.state = 'held' AND COALESCE(m.start <= %(as_of)s, 1) AS happened,
       m.start IS NULL AND NOT m.`bad start_at` AS `no date`, hand_blank(m.name) AS `no subject`,
       b.meeting_id IS NULL AS `no contact`,
       hand_blank(x.result_c) AS `no result`,
       m.state = 'held' AND COALESCE(m.start <= %(as_of)s, 1) AS `due result`,
       COALESCE(b.l, 1) AS lacks_last, COALESCE(b.f, 1) AS lacks_first, COALESCE(b.d, 1) AS lacks_details,
       COALESCE(b.anothers, 0) AS anothers
FROM (SELECT id, name, (SELECT u.id FROM users u WHERE u.id = assigned_user_id) AS owner,
             COALESCE(date_start <> '0000-00-00' AND MONTH(date_start) = 0, 0) AS `bad start_at`,
             COALESCE(date_end <> '0000-00-00' AND MONTH(date_end) = 0, 0) AS `bad end_at`,
             COALESCE(date_entered <> '0000-00-00' AND MONTH(date_entered) = 0, 0) AS `bad created_at`,
             IF(MONTH(date_start) > 0, date_start, NULL) AS start, IF(MONTH(date_end) > 0, date_end, NULL) AS finish,
             CASE WHEN date_start IS NULL OR date_start = '0000-00-00' THEN
                      IF(MONTH(date_entered) > 0, date_entered, NULL)
                  WHEN MONTH(date_start) > 0 THEN date_start END AS moment,
             CASE WHEN hand_blank(status) THEN 'blank' WHEN BINARY status = 'Held' THEN 'held'
                  WHEN BINARY status = 'Planned' THEN 'planned' WHEN BINARY status = 'Not Held' THEN 'not held'
                  ELSE 'unknown' END AS state
      FROM meetings WHERE deleted = 0) m
LEFT JOIN meetings_cstm x ON x.id_c = m.id
LEFT JOIN ranked b ON b.meeting_id = m.id AND b.place = 1
"""

NOBODY = "wrong number|voicemail|no answer|verkeerd nummer|geen gehoor"
"""Begins the status or the subject of a call that reached nobody."""

CALL = f"""
SELECT c.*, c.state <> 'unknown' AS scored, COALESCE(c.start > %(as_of)s, 0) AS ahead,
       c.state = 'held' AND COALESCE(c.start <= %(as_of)s, 1) AS happened,
       c.start IS NULL AND NOT c.`bad start_at` AS `no date`, hand_blank(c.direction) AS `no direction`,
       c.state = 'blank' AS `no status`,
       NOT (c.state = 'not held' OR LOWER(TRIM(COALESCE(c.status, ''))) REGEXP '^({NOBODY})'
            OR LOWER(TRIM(COALESCE(c.name, ''))) REGEXP '^({NOBODY})') AS reached,
       NOT (EXISTS (SELECT 1 FROM accounts a
                    WHERE BINARY c.parent_type = 'Accounts' AND a.id = c.parent_id AND a.deleted = 0)
            OR EXISTS (SELECT 1 FROM calls_contacts r, contacts p
                       WHERE r.call_id = c.id AND r.deleted = 0 AND p.id = r.contact_id AND p.deleted = 0)
            OR EXISTS (SELECT 1 FROM contacts p
                       WHERE BINARY c.parent_type = 'Contacts' AND p.id = c.parent_id AND p.deleted = 0)
            OR EXISTS (SELECT 1 FROM leads l
                       WHERE BINARY c.parent_type = 'Leads' AND l.id = c.parent_id AND l.deleted = 0
                         AND COALESCE(l.converted, 0) = 0 AND BINARY COALESCE(l.status, '') <> 'Converted'))
           AS `no counterpart`
FROM (SELECT id, name, status, direction, parent_type, parent_id,
             COALESCE(date_start <> '0000-00-00' AND MONTH(date_start) = 0, 0) AS `bad start_at`,
             COALESCE(date_end <> '0000-00-00' AND MONTH(date_end) = 0, 0) AS `bad end_at`,
             COALESCE(date_entered <> '0000-00-00' AND MONTH(date_entered) = 0, 0) AS `bad created_at`,
             (SELECT u.id FROM users u WHERE u.id = assigned_user_id) AS owner,
             IF(MONTH(date_start) > 0, date_start, NULL) AS start,
             CASE WHEN date_start IS NULL OR date_start = '0000-00-00' THEN
                      IF(MONTH(date_entered) > 0, date_entered, NULL)
                  WHEN MONTH(date_start) > 0 THEN date_start END AS moment,
             CASE WHEN hand_blank(status) THEN 'blank' WHEN BINARY status = 'Held' THEN 'held'
                  WHEN BINARY status = 'Planned' THEN 'planned' WHEN BINARY status = 'Not Held' THEN 'not held'
                  ELSE 'unknown' END AS state
      FROM calls WHERE deleted = 0) c
"""

# minor: the amount in minor units, still a decimal; whole only where it is no finer than one of them
DEAL = """
SELECT o.*, o.state <> 'unknown' AS scored, 0 AS ahead,
       o.amount IS NOT NULL AND (o.iso = '' OR o.minor <> TRUNCATE(o.minor, 0)) AS `bad amount`,
       o.closed >= %(first_day)s AND o.closed < %(after_day)s AND o.closed <= %(today)s AS closed_in_period,
       o.closed >= %(month_first_day)s AND o.closed < %(month_after_day)s AND o.closed <= %(today)s AS closed_in_month,
       hand_blank(o.name) AS `no name`, o.state = 'blank' AS `no stage`, o.amount IS NULL AS `no amount`,
       o.closed IS NULL AND NOT o.`bad close_day` AS `no close_date`,
       NOT EXISTS (SELECT 1 FROM accounts_opportunities r, accounts a WHERE r.opportunity_id = o.id
                   AND r.deleted = 0 AND a.id = r.account_id AND a.deleted = 0) AS `no client`
FROM (SELECT d.*, CAST(CONCAT('', d.amount) AS DECIMAL(65, 25)) * CASE d.iso WHEN 'JPY' THEN 1 WHEN 'KWD' THEN 1000
                                                                            ELSE 100 END AS minor
      FROM (SELECT id, name, amount, (SELECT u.id FROM users u WHERE u.id = assigned_user_id) AS owner,
                   IF(MONTH(date_entered) > 0, date_entered, NULL) AS moment,
                   IF(MONTH(date_closed) > 0, date_closed, NULL) AS closed,
                   COALESCE(date_closed <> '0000-00-00' AND MONTH(date_closed) = 0, 0) AS `bad close_day`,
                   COALESCE(date_entered <> '0000-00-00' AND MONTH(date_entered) = 0, 0) AS `bad created_at`,
                   CASE WHEN COALESCE(currency_id, '') IN ('', '-99') THEN %(currency)s
                        ELSE COALESCE((SELECT c.iso4217 FROM currencies c WHERE c.id = currency_id AND c.deleted = 0),
                                      '') END AS iso,
                   CASE WHEN hand_blank(sales_stage) THEN 'blank' WHEN BINARY sales_stage = 'Closed Won' THEN 'won'
                        WHEN BINARY sales_stage = 'Closed Lost' THEN 'lost'
                        WHEN BINARY sales_stage IN ('Prospecting', 'Qualification', 'Needs Analysis',
                             'Value Proposition', 'Id. Decision Makers', 'Perception Analysis',
                             'Proposal/Price Quote', 'Negotiation/Review') THEN 'open' ELSE 'unknown' END AS state
            FROM opportunities WHERE deleted = 0) d) o
"""

RECORDS = {
    "meeting": MEETING,
    "call": CALL,
    "deal": DEAL,
    "client": CLIENT,
    "contact": CONTACT,
    "lead": LEAD,
}
FIELDS = {
    "meeting": ("date", "subject", "contact", "result"),
    "call": ("date", "direction", "status", "counterpart"),
    "deal": ("name", "client", "stage", "amount", "close_date"),
    "client": ("name", "details"),
    "contact": ("last_name", "first_name", "details"),
    "lead": ("last_name", "first_name", "details"),
}

BAD = {
    ("meeting", "date"): "start_at",
    ("call", "date"): "start_at",
    ("deal", "amount"): "amount",
    ("deal", "close_date"): "close_day",
}
"""The fields in which something may stand that cannot be read."""

READ = {
    "meeting": ("start_at", "end_at", "created_at"),
    "call": ("start_at", "end_at", "created_at"),
    "deal": ("amount", "close_day", "created_at"),
    **dict.fromkeys(("client", "contact", "lead"), ("created_at",)),
}
"""What may be unreadable: of an amount what is finer than a minor unit, of a date what has no month."""

# ------------------------------------------------------------------------------------------------ counting

# r: a live record; r.ours: its moment lies in the period and not after as-of; r.monthly: the same of the plan's month;
# r.timely: the same of the days of completeness; r.ahead: an event that starts after as-of
COUNT = {
    "meeting": """
COUNT(*) AS `meetings`,
SUM(r.happened AND r.ours) AS `meetings_held`,
SUM(r.happened AND r.monthly) AS `month meetings_held`,
SUM(r.happened AND r.ours AND NOT r.`no contact` AND NOT r.`no date` AND NOT r.`no subject` AND NOT lacks_last
    AND NOT lacks_first AND NOT lacks_details AND NOT (%(results)s AND r.`no result`)) AS `meetings_complete`,
SUM(r.happened AND r.ours AND r.`no date`) AS `meetings_lacking/date`,
SUM(r.happened AND r.ours AND r.lacks_last) AS `meetings_lacking/last_name`,
SUM(r.happened AND r.ours AND r.lacks_first) AS `meetings_lacking/first_name`,
SUM(r.happened AND r.ours AND r.lacks_details) AS `meetings_lacking/contact_details`,
SUM(r.happened AND r.ours AND r.`no subject`) AS `meetings_lacking/subject`,
SUM(r.happened AND r.ours AND r.`no result`) AS `meetings_lacking/result`,
SUM(r.happened AND r.ours AND (r.`no contact` OR r.`no date` OR r.`no subject` OR (%(results)s AND r.`no result`)
    OR (NOT r.anothers AND (lacks_last OR lacks_first OR lacks_details)))) AS `meetings_to_complete/own`,
SUM(r.happened AND r.ours AND NOT r.`no contact` AND NOT r.`no date` AND NOT r.`no subject`
    AND NOT (%(results)s AND r.`no result`) AND r.anothers AND (lacks_last OR lacks_first OR lacks_details))
    AS `meetings_to_complete/colleague`,
SUM(r.state = 'planned' AND r.start >= %(as_of)s AND r.start < %(soon)s) AS `meetings_planned_7d`,
SUM(r.state = 'planned' AND NOT r.`bad end_at` AND COALESCE(r.finish, r.start) < %(as_of)s) AS `meetings_overdue`,
SUM(r.state = 'held' AND r.start > %(as_of)s) AS `meetings_held_in_future`,
SUM(r.state = 'unknown') AS `meetings_unknown`,
SUM(r.state = 'blank') AS `demand_unknown/meeting.result`,
SUM(r.moment IS NULL AND NOT r.`bad start_at` AND NOT r.`bad created_at`) AS `meetings_undated`
""",
    "call": """
COUNT(*) AS `calls`,
SUM(r.happened AND r.ours) AS `calls_held`,
SUM(r.state = 'held' AND r.start > %(as_of)s) AS `calls_held_in_future`,
SUM(r.state = 'unknown') AS `calls_unknown`,
SUM(r.moment IS NULL AND NOT r.`bad start_at` AND NOT r.`bad created_at`) AS `calls_undated`
""",
    "deal": """
COUNT(*) AS `deals`,
SUM(r.state = 'open') AS `deals_open`,
SUM(r.state = 'won' AND r.closed_in_period) AS `deals_won`,
SUM(r.state = 'won' AND r.closed_in_month) AS `month deals_won`,
SUM(r.state = 'lost' AND r.closed_in_period) AS `deals_lost`,
SUM(r.state = 'won' AND r.closed IS NULL AND NOT r.`bad close_day`) AS `deals_won_undated`,
SUM(r.state = 'won' AND r.`bad close_day`) AS `deals_won_unreadable_date`,
SUM(r.state = 'won' AND r.closed > %(today)s) AS `deals_won_in_future`,
SUM(r.state = 'unknown') AS `deals_unknown`,
SUM(r.moment IS NULL AND NOT r.`bad created_at`) AS `deals_undated`
""",
    "client": """
COUNT(*) AS `clients`,
SUM(r.ours) AS `clients_new`,
SUM(r.monthly) AS `month clients_new`,
SUM(r.moment IS NULL AND NOT r.`bad created_at`) AS `clients_undated`
""",
    "contact": """
COUNT(*) AS `contacts`, SUM(r.moment IS NULL AND NOT r.`bad created_at`) AS `contacts_undated`
""",
    "lead": "COUNT(*) AS `leads`, SUM(r.moment IS NULL AND NOT r.`bad created_at`) AS `leads_undated`",
}

PLACED = """
SELECT r.*, COALESCE(r.moment >= %(first)s AND r.moment < %(after)s AND r.moment <= %(as_of)s, 0) AS ours,
       COALESCE(r.moment >= %(score_first)s AND r.moment < %(score_after)s AND r.moment <= %(as_of)s, 0)
           AND NOT r.ahead AND NOT r.had AND NOT r.typed AS timely,
       COALESCE(r.moment >= %(month_first)s AND r.moment < %(month_after)s AND r.moment <= %(as_of)s, 0) AS monthly
"""

TABLE_OF = {
    "meeting": "meetings", "call": "calls", "deal": "opportunities",
    "client": "accounts", "contact": "contacts", "lead": "leads",
}  # fmt: skip
LIVE = {
    "lead": "x.deleted = 0 AND NOT (COALESCE(x.converted, 0) <> 0 OR BINARY COALESCE(x.status, '') = 'Converted')"
}
"""What is live, where that is more than not deleted."""

# typed by a machine: in the name of a group or a portal's account, or one of more than 50 in a clock minute
TYPED_BY_NOBODY = """
(COALESCE((SELECT u.is_group = 1 OR u.portal_only = 1 FROM users u WHERE BINARY u.id = t.created_by), 0)
 OR COALESCE(MONTH(t.date_entered) > 0 AND NOT hand_blank(t.created_by) AND
        (SELECT COUNT(*) FROM {table} x WHERE {live} AND BINARY x.created_by = t.created_by
         AND x.date_entered BETWEEN DATE_FORMAT(t.date_entered, '%%Y-%%m-%%d %%H:%%i:00')
                                AND DATE_FORMAT(t.date_entered, '%%Y-%%m-%%d %%H:%%i:59')) > 50, 0))
"""
# somebody else had it in the days of completeness, after the minute in which it was made, and its owner had not
HAD_BY_ANOTHER = """
(r.owner IS NOT NULL AND EXISTS (
    SELECT 1 FROM {log} c, users u
    WHERE c.parent_id = {key} AND BINARY c.parent_id = {key} AND BINARY c.field_name = 'assigned_user_id'
      AND BINARY u.id = c.before_value_string
      AND c.date_created >= %(score_first)s AND c.date_created <= %(as_of)s
      AND (t.date_entered IS NULL OR MONTH(t.date_entered) = 0
           OR DATE_FORMAT(c.date_created, '%%Y%%m%%d%%H%%i') > DATE_FORMAT(t.date_entered, '%%Y%%m%%d%%H%%i')))
 AND NOT EXISTS (
    SELECT 1 FROM {log} c
    WHERE c.parent_id = {key} AND BINARY c.parent_id = {key} AND BINARY c.field_name = 'assigned_user_id'
      AND BINARY c.before_value_string = r.owner
      AND c.date_created >= %(score_first)s AND c.date_created <= %(as_of)s))
"""
# a contact of nobody is its client's owner's, and changes hands with the client
CLIENT_OF = """
(SELECT x.id FROM accounts_contacts l, accounts x
 WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = t.assigned_user_id)
   AND l.contact_id = t.id AND l.deleted = 0 AND x.id = l.account_id AND x.deleted = 0 ORDER BY BINARY x.id LIMIT 1)
"""


_ONCE = "LIMIT 9223372036854775807"
"""MariaDB works the columns of a limited SELECT out once, and not in each sum of them."""


def _apart(entity: str) -> str:
    """The records with what stands apart from the score: nobody logs who owned a meeting or a call."""
    table = TABLE_OF[entity]
    typed = TYPED_BY_NOBODY.format(table=table, live=LIVE.get(entity, "x.deleted = 0"))
    had = "0"
    if entity not in ("meeting", "call"):
        had = HAD_BY_ANOTHER.format(log=f"{table}_audit", key="t.id")
    if entity == "contact":
        had = f"({had} OR {HAD_BY_ANOTHER.format(log='accounts_audit', key=CLIENT_OF)})"
    records = f"({RECORDS[entity]} {_ONCE}) r"
    return f"SELECT r.*, {had} AS had, {typed} AS typed FROM {records} JOIN {table} t ON t.id = r.id"


def placed(entity: str) -> str:
    """The live records of an entity, each with where it counts."""
    return f"{PLACED} FROM ({_apart(entity)} {_ONCE}) r"


AMOUNTS = f"""
SELECT r.owner, r.iso, SUM(CASE WHEN r.state = 'open' AND NOT r.`bad amount` THEN r.minor END) AS `deals_open_amount`,
       SUM(CASE WHEN r.state = 'won' AND r.closed_in_period AND NOT r.`bad amount` THEN r.minor END)
           AS `deals_won_amount`,
       SUM(CASE WHEN r.state = 'won' AND r.closed IS NULL AND NOT r.`bad close_day` AND NOT r.`bad amount`
                THEN r.minor END) AS `deals_won_undated_amount`,
       SUM(CASE WHEN r.state = 'won' AND r.`bad close_day` AND NOT r.`bad amount` THEN r.minor END)
           AS `deals_won_unreadable_date_amount`
FROM ({DEAL} {_ONCE}) r WHERE r.iso <> '' GROUP BY r.owner, r.iso
"""

ACCOUNTS = {
    "users": "SELECT NULL AS reason FROM users",
    "accounts": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM accounts",
    "contacts": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM contacts",
    "leads": """SELECT CASE WHEN deleted = 0 THEN IF(COALESCE(converted, 0) = 1 OR BINARY status = 'Converted',
                'converted', NULL) ELSE 'deleted' END AS reason FROM leads""",
    "meetings": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM meetings",
    "meetings_contacts": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM meetings_contacts",
    "meetings_leads": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM meetings_leads",
    "calls": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM calls",
    "opportunities": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM opportunities",
    "accounts_contacts": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM accounts_contacts",
    "accounts_opportunities": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM accounts_opportunities",
    "calls_contacts": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM calls_contacts",
    "email_addresses": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM email_addresses",
    "email_addr_bean_rel": """SELECT CASE WHEN deleted <> 0 OR deleted IS NULL THEN 'deleted'
        WHEN BINARY COALESCE(bean_module, '') IN ('Accounts', 'Contacts', 'Leads') THEN NULL
        ELSE 'address_of_another_module' END AS reason FROM email_addr_bean_rel""",
    "currencies": "SELECT IF(deleted = 0, NULL, 'deleted') AS reason FROM currencies",
    "meetings_cstm": """SELECT IF(EXISTS (SELECT 1 FROM meetings m WHERE m.id = id_c), NULL, 'of_no_record') AS reason
                        FROM meetings_cstm""",
}

LOGS = ("accounts_audit", "contacts_audit", "leads_audit", "opportunities_audit")
CHANGES = """
SELECT COUNT(*) AS n FROM {table} c
WHERE c.date_created >= LEAST(%(first)s, %(score_first)s)
  AND (c.date_created < %(after)s OR c.date_created <= %(as_of)s)
  AND (BINARY c.field_name = 'assigned_user_id' OR '{table}' = 'opportunities_audit'
       AND BINARY c.field_name IN ('sales_stage', 'amount', 'date_closed'))
"""
"""What is read of a log: what happened in the period, or in the days of completeness, up to as-of."""


FREE = frozenset(
    {
        ("client", "name"),
        ("contact", "last_name"),
        ("lead", "last_name"),
        *(("meeting", name) for name in ("subject", "date")),
        *(("call", name) for name in ("status", "date")),
        *(("deal", name) for name in ("name", "client", "stage", "amount", "close_date")),
    }
)
"""The fields without which SuiteCRM's own form saves nothing: they are worth no point."""


class Hand:
    """One database at one setting, asked by hand."""

    free: frozenset[tuple[str, str]] = FREE

    def __init__(self, database: Database, setting: Setting, *, results: bool) -> None:
        """`results` says that audit.yaml maps the custom field of a meeting's result."""
        self.database, self.setting, self.results = database, setting, results
        self.tables = {next(iter(row.values())) for row in database.rows("SHOW TABLES")}
        database.execute("DROP FUNCTION IF EXISTS hand_blank", BLANK)

    def rows(self, sql: str) -> list[Row]:
        """Asks with the setting's moments; tables that the CRM lacks are empty."""
        for table, empty in OPTIONAL.items():
            if table not in self.tables:
                sql = sql.replace(f" {table} ", f" {empty} ")
        return self.database.rows(sql, {**self.moments(), "results": int(self.results)})

    def moments(self) -> dict[str, Any]:
        """The setting's moments, by the names under which a SELECT asks for them."""
        return {name: at for name, at in asdict(self.setting).items() if name != "targets"}

    def fields(self, entity: str) -> tuple[str, ...]:
        """The fields that are due of an entity: the result of a meeting only where the CRM holds one."""
        return tuple(
            name
            for name in FIELDS[entity]
            if self.results or (entity, name) != ("meeting", "result")
        )

    def weight(self, entity: str, name: str) -> int:
        """The points of a field."""
        return int((entity, name) not in self.free)

    # -------------------------------------------------------------------------------------------- per owner

    def counts(self) -> Counts:
        """All that is counted, per owner."""
        counts: Counts = defaultdict(lambda: defaultdict(int))
        for entity in RECORDS:
            for row in self.rows(self._counting(entity)):
                owner = row.pop("owner") or ""
                for name, value in row.items():
                    counts[name][owner] += int(value or 0)
        for row in self.rows(AMOUNTS):
            owner, currency = row.pop("owner") or "", row.pop("iso")
            for name, value in row.items():
                counts[f"{name}/{currency}"][owner] += int(value or 0)
        if not self.results:
            counts.pop("meetings_lacking/result")
            counts.pop("demand_unknown/meeting.result")
        return counts

    def _counting(self, entity: str) -> str:
        sums = [COUNT[entity]]
        loses, owing = ["0"], ["0"]
        for name in self.fields(entity):
            due = "r.`due result`" if name == "result" else "1"
            if entity == "call" and name != "status":
                due = "r.reached"
            bad = f"r.`bad {BAD[entity, name]}`" if (entity, name) in BAD else "0"
            if (entity, name) not in self.free:
                loses.append(f"{due} AND (r.`no {name}` OR {bad})")
                owing.append(due)
            for span, within in (("score", "r.scored AND r.timely"), ("base", "r.scored")):
                where = f"{entity}.{name}"
                sums.append(f"SUM({within} AND {due}) AS `due {span}/{where}`")
                sums.append(
                    f"SUM({within} AND {due} AND r.`no {name}`) AS `missing {span}/{where}`"
                )
                if (entity, name) in BAD:
                    sums.append(f"SUM({within} AND {due} AND {bad}) AS `unread {span}/{where}`")
        lost = f"(r.scored AND ({' OR '.join(loses)}))"
        sums += [
            f"SUM(r.`bad {name}`) AS `unreadable/{entity}.{name}`" for name in READ[entity]
        ]
        sums += [
            f"SUM(r.scored AND r.timely AND ({' OR '.join(owing)})) AS `due score/{entity}`",
            f"SUM(r.scored AND ({' OR '.join(owing)})) AS `due base/{entity}`",
            f"SUM({lost} AND r.timely) AS `failing score/{entity}`",
            f"SUM({lost} AND r.ahead) AS `failing ahead/{entity}`",
            f"SUM({lost} AND NOT r.ahead AND r.had) AS `failing taken over/{entity}`",
            f"SUM({lost} AND NOT r.ahead AND NOT r.had AND r.typed) AS `failing imported/{entity}`",
            f"SUM({lost} AND NOT r.timely AND NOT r.ahead AND NOT r.had AND NOT r.typed) AS `failing outside/{entity}`",
        ]
        return f"SELECT r.owner, {', '.join(sums)} FROM ({placed(entity)} {_ONCE}) r GROUP BY r.owner"

    # -------------------------------------------------------------------------------------------- figures

    def figures(self, counts: Counts) -> dict[str, Value]:
        """Every figure of every scope, by its id."""
        figures: dict[str, Value] = {}
        people = self.people(counts)
        for scope, owners in people.pools():
            pooled = {
                name: sum(of.get(owner, 0) for owner in owners) for name, of in counts.items()
            }
            for name, value in (
                *_measures(pooled),
                *self.completeness(pooled),
                *self._plan(scope, owners, people, counts),
            ):
                figures[f"{name}@{scope}"] = value
        for name, value in (*self._calendar(), *people.numbers(), *self._accounts()):
            figures[f"{name}@company"] = (value, None)
        return figures

    def people(self, counts: Counts) -> People:
        """Who is a manager, who is inactive, and who leads whom."""
        users = self.rows(USERS)
        owning = {owner for of in counts.values() for owner, number in of.items() if number}
        known = owning | set(self.setting.targets)
        managers = {
            row["id"]: row["boss"] for row in users if row["manager"] and row["id"] in known
        }
        inactive = [row["id"] for row in users if not row["manager"] and row["id"] in owning]
        return People(managers, inactive)

    def completeness(self, pooled: Mapping[str, int]) -> Iterator[tuple[str, Value]]:
        """Of the counts of one scope all figures of its field sets."""
        for span, names in SPANS.items():
            points: dict[str, tuple[int, int]] = {}
            for entity in FIELDS:
                kept = owed = 0
                for name in self.fields(entity):
                    where = f"{span}/{entity}.{name}"
                    due, missing = pooled[f"due {where}"], pooled[f"missing {where}"]
                    unread = pooled.get(f"unread {where}")
                    invalid = pooled.get(f"invalid {where}")
                    good = due - missing - (unread or 0) - (invalid or 0)
                    yield f"{names.good}/{entity}.{name}", (good, due)
                    yield f"{names.missing}/{entity}.{name}", (missing, None)
                    if unread is not None:
                        yield f"{names.unreadable}/{entity}.{name}", (unread, None)
                    if invalid is not None:
                        yield f"{names.invalid}/{entity}.{name}", (invalid, None)
                    weight = self.weight(entity, name)
                    kept, owed = kept + weight * good, owed + weight * due
                points[entity] = kept, owed
                yield f"{names.kept}/{entity}", (kept, None)
                yield f"{names.due}/{entity}", (owed, None)
                # under 10 points there is no percentage
                yield f"{names.score}/{entity}", points[entity] if owed >= 10 else (0, 0)
            yield names.score, _whole(points)
            yield from _complete(span, names, pooled)
        for where, measure in FAILING.items():
            yield from _of_each_kind(
                measure,
                {entity: pooled.get(f"failing {where}/{entity}", 0) for entity in FIELDS},
            )

    def _plan(
        self, scope: str, owners: Iterable[str], people: People, counts: Counts
    ) -> Iterator[tuple[str, Value]]:
        """Done against target by those with a target, and what the others did beside it."""
        setting, kind = self.setting, scope.partition(":")[0]
        if not setting.month or kind in ("inactive", "unassigned"):
            return
        for metric in ("deals_won", "meetings_held", "clients_new"):
            done_by = {owner: counts[f"month {metric}"].get(owner, 0) for owner in owners}
            target_of = {
                owner: setting.targets[owner][metric]
                for owner in owners
                if owner in people.managers and metric in setting.targets.get(owner, {})
            }
            done, target = sum(done_by[owner] for owner in target_of), sum(target_of.values())
            if target_of:
                left = max(0, target - done)
                yield f"plan_done/{metric}", (done, None)
                yield f"plan_target/{metric}", (target, None)
                yield f"plan_left/{metric}", (left, None)
                yield f"plan_over/{metric}", (max(0, done - target), None)
                yield f"plan_progress/{metric}", (done, target)
                if setting.working_days_left is not None:
                    yield f"plan_needed_per_day/{metric}", (left, setting.working_days_left)
            if not target_of or kind != "manager":
                yield f"plan_without_target/{metric}", (sum(done_by.values()) - done, None)

    def _calendar(self) -> Iterator[tuple[str, int]]:
        for kind, share in SHARES.items():
            yield f"score_share/{kind}", share
        for entity, names in FIELDS.items():
            if held := self.fields(entity):  # else the CRM has no such records at all
                yield f"fields_not_held/{entity}", len(names) - len(held)
        if self.setting.working_days_left is not None:
            yield "working_days_left", self.setting.working_days_left

    def _accounts(self) -> Iterator[tuple[str, int]]:
        for table, reasons in ACCOUNTS.items():
            if table not in self.tables or (table == "meetings_cstm" and not self.results):
                continue
            by_reason = {row["reason"]: row["n"] for row in self.rows(
                f"SELECT reason, COUNT(*) AS n FROM ({reasons}) t GROUP BY reason")}  # fmt: skip
            yield (
                f"table_rows/{table}",
                self.rows(f"SELECT COUNT(*) AS n FROM {table} t")[0]["n"],
            )
            yield f"table_audited/{table}", by_reason.pop(None, 0)
            for reason, number in by_reason.items():
                yield f"table_excluded/{table}/{reason}", number
        for table in LOGS:
            [changes] = self.rows(CHANGES.format(table=table))
            yield f"table_rows/{table}", changes["n"]
            yield f"table_audited/{table}", changes["n"]


@dataclass(frozen=True)
class People:
    """Managers with their superiors, and inactive owners."""

    managers: Mapping[str, str | None]
    inactive: list[str]

    def pools(self) -> Iterator[tuple[str, list[str]]]:
        """Scope, and the owners in it."""
        for manager in self.managers:
            yield f"manager:{manager}", [manager]
        for team, members in self.teams().items():
            yield f"team:{team}" if team else "team", members
        yield "inactive", self.inactive
        yield "unassigned", [""]
        yield "company", [*self.managers, *self.inactive, ""]

    def teams(self) -> dict[str, list[str]]:
        """A leader is whoever a manager reports to, and belongs to the team led; '' is no team."""
        leaders = set(self.managers.values())
        teams: dict[str, list[str]] = defaultdict(list)
        for manager, boss in self.managers.items():
            teams[manager if manager in leaders else boss or ""].append(manager)
        return teams

    def numbers(self) -> Iterator[tuple[str, int]]:
        yield "managers", len(self.managers)
        yield "inactive_users", len(self.inactive)
        yield "teams", len(self.teams().keys() - {""})


SHARES = {"deal": 30, "meeting": 30, "contact": 20, "client": 10, "call": 10}
FAILING = {
    "score": "records_failing",
    "ahead": "records_failing_coming_up",
    "taken over": "records_failing_taken_over",
    "imported": "records_failing_imported",
    "outside": "records_failing_outside",
}


@dataclass(frozen=True)
class Names:
    """How the figures of completeness are called."""

    score: str
    kept: str
    due: str
    complete: str
    good: str
    missing: str
    unreadable: str
    invalid: str


SPANS = {
    "score": Names("score", "points_kept", "points_due", "records_complete", "field_good", "field_missing",
                   "field_unreadable", "field_invalid"),
    "base": Names("base", "base_points_kept", "base_points_due", "base_complete", "base_good", "base_missing",
                  "base_unreadable", "base_invalid"),
}  # fmt: skip


def _whole(points: Mapping[str, tuple[int, int]]) -> Value:
    """Of the kinds with 10 points or more the mean by shares; none under 20 points."""
    counting = {kind: points[kind] for kind in SHARES if points[kind][1] >= 10}
    if sum(due for _, due in counting.values()) < 20:
        return 0, 0
    weighted = sum(SHARES[kind] * Fraction(kept, due) for kind, (kept, due) in counting.items())
    return (weighted / sum(SHARES[kind] for kind in counting)).as_integer_ratio()


def _complete(
    span: str, names: Names, pooled: Mapping[str, int]
) -> Iterator[tuple[str, Value]]:
    """The records that lose nothing; a lead is in no manager's score."""
    parts = ("score",) if span == "score" else tuple(FAILING)
    all_good = all_due = 0
    for entity in FIELDS:
        due = pooled[f"due {span}/{entity}"]
        good = due - sum(pooled.get(f"failing {part}/{entity}", 0) for part in parts)
        yield f"{names.complete}/{entity}", (good, due)
        if entity != "lead":
            all_good, all_due = all_good + good, all_due + due
    yield names.complete, (all_good, all_due)


def _of_each_kind(measure: str, numbers: Mapping[str, int]) -> Iterator[tuple[str, Value]]:
    for entity, number in numbers.items():
        yield f"{measure}/{entity}", (number, None)
    yield measure, (sum(number for entity, number in numbers.items() if entity != "lead"), None)


def _measures(pooled: Mapping[str, int]) -> Iterator[tuple[str, Value]]:
    """Counts as they are, and the two ratios."""
    for name, value in pooled.items():
        if name == "meetings_complete":
            yield "complete_meetings", (value, pooled["meetings_held"])
        elif not name.startswith(("month ", "due ", "missing ", "unread ", "failing ")):
            yield name, (value, None)
    yield "win_rate", (pooled["deals_won"], pooled["deals_won"] + pooled["deals_lost"])
