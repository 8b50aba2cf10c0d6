"""Every published figure of an Odoo, by SQL written by hand against Odoo's own tables.

Nothing here comes from the preset, the catalogue or our SQL; the moments are literals of the test. Each entity has
one SELECT of its live records with what is to be known of each, and one list of counts per owner. What makes figures
of counts (ratios, plans, scopes) is the hand of tests/crms/suitecrm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.crms.odoo.database import Odoo, Row
from tests.crms.suitecrm.by_hand import Counts, Hand, People, Setting, Value


@dataclass(frozen=True)
class Zoned(Setting):
    """Also how many hours the zone's clock was ahead of UTC: until `change`, and after it."""

    change: str = "2026-01-01 00:00:00"
    hours_before: int = 0
    hours_after: int = 0


BLANK = r"""
CREATE OR REPLACE FUNCTION hand_blank(said text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT said IS NULL OR said ~ '^[\u0009-\u000D\u001C-\u0020\u0085\u00A0\u1680\u180E\u2000-\u200F\u2028\u2029\u202F\u205F\u2060\u3000\uFEFF]*$'
$$
"""  # noqa: E501
"""The 37 code points of 'missing'."""

# ------------------------------------------------------------------------------------------------ persons

USERS = """
SELECT u.id::text AS id, u.active AND NOT u.share AND u.id NOT IN (1, 3, 4, 5) AS manager,
       (SELECT t.id::text FROM crm_team t WHERE t.active AND t.id =
            CASE WHEN u.sale_team_id IS NOT NULL THEN u.sale_team_id
                 ELSE (SELECT m.crm_team_id FROM crm_team_member m, crm_team a WHERE m.user_id = u.id AND m.active
                         AND a.id = m.crm_team_id AND a.active ORDER BY m.crm_team_id LIMIT 1) END) AS team
FROM res_users u
"""

# who is a client (company or private), who a contact; all others have no kind
PARTNER = """
SELECT p.*, (SELECT u.id::text FROM res_users u WHERE u.id = p.user_id) AS owner,
       CASE WHEN p.active AND NOT EXISTS (SELECT 1 FROM res_users u WHERE u.partner_id = p.id AND NOT u.share)
             AND NOT EXISTS (SELECT 1 FROM res_company c WHERE c.partner_id IN (p.id, p.parent_id))
            THEN CASE WHEN p.is_company THEN 'company' WHEN p.type IN ('invoice', 'other', 'private') THEN NULL
                      WHEN p.parent_id IS NULL THEN 'private' ELSE 'contact' END END AS kind,
       CASE WHEN p.is_company OR p.parent_id IS NULL THEN p.id
            WHEN p.commercial_partner_id <> p.id THEN p.commercial_partner_id ELSE p.parent_id END AS client,
       hand_blank(p.name) AS unnamed, hand_blank(p.phone) AND hand_blank(p.MOBILE) AND hand_blank(p.email) AS unreached
FROM res_partner p
"""

CLIENT = f"""
SELECT id, create_uid, create_date, owner,
       CASE WHEN isfinite(create_date) THEN create_date END AS moment, true AS scored,
       NOT isfinite(create_date) AS "bad created_at",
       unnamed AS "no name", unreached AS "no details"
FROM ({PARTNER}) p WHERE kind IN ('company', 'private')
"""

CONTACT = f"""
SELECT p.id, p.create_uid, p.create_date, p.owner IS NULL AS of_client, p.client,
       COALESCE(p.owner, (SELECT c.owner FROM ({PARTNER}) c WHERE c.kind IN ('company', 'private') AND c.id = p.client))
           AS owner,
       CASE WHEN isfinite(p.create_date) THEN p.create_date END AS moment, true AS scored,
       NOT isfinite(p.create_date) AS "bad created_at",
       p.unnamed AS "no last_name", p.unreached AS "no details"
FROM ({PARTNER}) p WHERE p.kind = 'contact'
"""

LEAD = """
SELECT l.id, l.create_uid, l.create_date, (SELECT u.id::text FROM res_users u WHERE u.id = l.user_id) AS owner,
       CASE WHEN isfinite(l.create_date) THEN l.create_date END AS moment, true AS scored,
       NOT isfinite(l.create_date) AS "bad created_at",
       hand_blank(l.contact_name) AS "no last_name",
       hand_blank(l.phone) AND hand_blank(l.MOBILE) AND hand_blank(l.email_from) AS "no details"
FROM crm_lead l WHERE l.type = 'lead' AND l.active
"""

# ------------------------------------------------------------------------------------------------ events and deals

# turn 1: contacts who are invited; 2: the first private person who is; 3 and 4, where none of those is: the lead or the
# contact whom it is about, and then its client, if that is a private person
MEETING = f"""
WITH partner AS ({PARTNER}),
lead AS ({LEAD}),
about AS (
    SELECT m.id, l.id AS lead, l.type, p.id AS partner, p.client
    FROM calendar_event m
    LEFT JOIN crm_lead l ON l.id = CASE WHEN m.opportunity_id IS NOT NULL THEN m.opportunity_id
                                        WHEN m.res_model = 'crm.lead' THEN m.res_id END
    LEFT JOIN partner p ON p.id = CASE m.res_model WHEN 'res.partner' THEN m.res_id ELSE l.partner_id END),
invited AS (
    SELECT r.calendar_event_id AS meeting, p.* FROM calendar_event_res_partner_rel r, partner p
    WHERE p.id = r.res_partner_id),
first_private AS (
    SELECT DISTINCT ON (i.meeting) i.meeting, i.kind, i.owner, i.unnamed, i.unreached FROM invited i
    WHERE i.active AND i.is_company IS NOT TRUE AND i.parent_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM res_users u WHERE u.partner_id = i.id AND NOT u.share)
    ORDER BY i.meeting, i.id::text COLLATE "C"),
attending AS (
    SELECT 1 AS turn, meeting, unnamed AS l, unreached AS d,
           COALESCE(i.owner, (SELECT k.owner FROM partner k
                            WHERE k.kind IN ('company', 'private') AND k.id = i.client)) AS own
    FROM invited i WHERE kind = 'contact'
    UNION ALL SELECT 2, meeting, unnamed, unreached, owner FROM first_private WHERE kind = 'private'
    UNION ALL SELECT 3, a.id, l."no last_name", l."no details", l.owner FROM about a, lead l
              WHERE l.id = a.lead AND a.id NOT IN (SELECT meeting FROM first_private)
    UNION ALL SELECT 3, a.id, p.unnamed, p.unreached,
              COALESCE(p.owner, (SELECT k.owner FROM partner k
                                 WHERE k.kind IN ('company', 'private') AND k.id = p.client)) FROM about a, partner p
              WHERE p.id = a.partner AND p.kind = 'contact' AND a.type IS DISTINCT FROM 'lead'
                AND a.id NOT IN (SELECT meeting FROM first_private)
    UNION ALL SELECT 4, a.id, p.unnamed, p.unreached, p.owner FROM about a, partner p
              WHERE p.id = a.client AND p.kind = 'private' AND a.id NOT IN (SELECT meeting FROM first_private)),
owned AS (
    SELECT t.*, COALESCE(t.own <> u.id::text, false) AS anothers
    FROM attending t JOIN calendar_event e ON e.id = t.meeting LEFT JOIN res_users u ON u.id = e.user_id),
best AS (
    SELECT DISTINCT ON (meeting) meeting, l, d, anothers FROM owned
    ORDER BY meeting, turn, l::int + d::int, l::int + 4 * d::int, anothers)
SELECT m.*, m.state <> 'unknown' AS scored, COALESCE(m.start_at > %(as_of)s, false) AS ahead,
       m.state = 'held' AND COALESCE(m.start_at <= %(as_of)s, true) AS happened,
       false AS "no date", hand_blank(m.name) AS "no subject", b.meeting IS NULL AS "no contact",
       m.state = 'held' AND COALESCE(m.start_at <= %(as_of)s, true) AS "due result",
       hand_blank(m.result) AS "no result",
       COALESCE(b.l, true) AS lacks_last, COALESCE(b.d, true) AS lacks_details,
       COALESCE(b.anothers, false) AS anothers
FROM (SELECT e.*, CASE WHEN "bad start_at" IS NOT TRUE THEN
                       COALESCE(start_at, CASE WHEN isfinite(create_date) THEN create_date END) END AS moment,
             NOT isfinite(create_date) AS "bad created_at",
             CASE WHEN NOT %(by_time)s THEN 'none'
                  WHEN "bad end_at" OR end_at IS NULL AND "bad start_at" THEN 'blank'
                  WHEN COALESCE(end_at, start_at) IS NULL THEN 'unknown'
                  WHEN COALESCE(end_at, start_at) <= %(as_of)s THEN 'held' ELSE 'planned' END AS state
      FROM (SELECT id, name, create_uid, create_date, RESULT AS result,
                   (SELECT u.id::text FROM res_users u WHERE u.id = user_id) AS owner,
                   NOT isfinite(CASE WHEN allday AND start_date IS NOT NULL THEN start_date ELSE start END)
                       AS "bad start_at",
                   NOT isfinite(CASE WHEN allday AND stop_date IS NOT NULL THEN stop_date ELSE stop END)
                       AS "bad end_at",
                   CASE WHEN allday AND start_date IS NOT NULL
                        THEN CASE WHEN isfinite(start_date) THEN start_date + interval '12 hours' END
                        WHEN isfinite(start) THEN start END AS start_at,
                   CASE WHEN allday AND stop_date IS NOT NULL
                        THEN CASE WHEN isfinite(stop_date) THEN stop_date + interval '12 hours' END
                        WHEN isfinite(stop) THEN stop END AS end_at
            FROM calendar_event WHERE active) e) m
LEFT JOIN best b ON b.meeting = m.id
"""

CALL = f"""
WITH partner AS ({PARTNER}),
call AS (
    SELECT a.*, l.type, l.active AS fresh, COALESCE(l.partner_id, CASE a.res_model WHEN 'res.partner' THEN a.res_id END) AS whom
    FROM mail_activity a LEFT JOIN crm_lead l ON a.res_model = 'crm.lead' AND l.id = a.res_id
    WHERE a.activity_type_id IN (SELECT t.id FROM mail_activity_type t WHERE t.category = 'phonecall')
      AND a.res_model IN ('crm.lead', 'res.partner') AND NOT DONE)
SELECT c.id, c.create_uid, c.create_date, (SELECT u.id::text FROM res_users u WHERE u.id = c.user_id) AS owner,
       true AS scored,
       COALESCE(lower(trim(c.summary)), '') !~ '^(wrong number|voicemail|no answer|verkeerd nummer|geen gehoor)' AS reached,
       CASE WHEN isfinite(c.create_date) THEN c.create_date END AS moment, NOT isfinite(c.create_date) AS "bad created_at",
       NOT (COALESCE(c.type = 'lead' AND c.fresh, false)
            OR EXISTS (SELECT 1 FROM partner p WHERE p.id = c.whom AND p.kind = 'contact')
            OR EXISTS (SELECT 1 FROM partner p, partner k
                       WHERE p.id = c.whom AND k.id = p.client AND k.kind IN ('company', 'private'))) AS "no counterpart"
FROM call c
"""  # noqa: E501

DEAL = f"""
SELECT d.*, true AS scored,
       d.amount IS NOT NULL AND (d.amount = 'NaN' OR d.minor <> trunc(d.minor) OR abs(d.minor) >= 1e18) AS "bad amount",
       COALESCE(d.closed >= %(first_day)s AND d.closed < %(after_day)s AND d.closed <= %(today)s, false)
           AS closed_in_period,
       COALESCE(d.closed >= %(month_first_day)s AND d.closed < %(month_after_day)s AND d.closed <= %(today)s, false)
           AS closed_in_month
FROM (SELECT l.*, CASE WHEN isfinite(l.ended) THEN l.ended END AS closed, l.ended IS NULL AS "no close_date",
             NOT isfinite(l.ended) AS "bad close_day",
             l.amount * CASE l.iso WHEN 'JPY' THEN 1 WHEN 'KWD' THEN 1000 ELSE 100 END AS minor
      FROM (SELECT o.id, o.create_uid, o.create_date,
                   (SELECT u.id::text FROM res_users u WHERE u.id = o.user_id) AS owner,
                   o.expected_revenue AS amount,
                   CASE WHEN isfinite(o.create_date) THEN o.create_date END AS moment,
                   NOT isfinite(o.create_date) AS "bad created_at",
                   COALESCE((SELECT y.name FROM res_company c, res_currency y
                             WHERE c.id = o.company_id AND y.id = c.currency_id), %(currency)s) AS iso,
                   CASE WHEN NOT COALESCE(o.active, false) THEN 'lost'
                        WHEN o.stage_id IS NULL THEN 'blank'
                        WHEN EXISTS (SELECT 1 FROM crm_stage s WHERE s.id = o.stage_id AND s.is_won) THEN 'won'
                        ELSE 'open' END AS state,
                   CASE WHEN NOT COALESCE(o.active, false)
                          OR EXISTS (SELECT 1 FROM crm_stage s WHERE s.id = o.stage_id AND s.is_won)
                        THEN date_trunc('day', o.date_closed
                             + interval '1 hour' * CASE WHEN o.date_closed < %(change)s THEN %(hours_before)s
                                                        ELSE %(hours_after)s END)
                        ELSE o.date_deadline END AS ended,
                   hand_blank(o.name) AS "no name", o.expected_revenue IS NULL AS "no amount",
                   COALESCE(o.active, false) AND o.stage_id IS NULL AS "no stage",
                   NOT EXISTS (SELECT 1 FROM ({PARTNER}) p, ({PARTNER}) k
                               WHERE p.id = o.partner_id AND k.id = p.client AND k.kind IN ('company', 'private'))
                       AS "no client"
            FROM crm_lead o
            WHERE o.type = 'opportunity' AND (o.active OR o.REASON IS NOT NULL OR o.probability = 0)) l) d
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
    "call": ("counterpart",),
    "deal": ("name", "client", "stage", "amount", "close_date"),
    "client": ("name", "details"),
    "contact": ("last_name", "details"),
    "lead": ("last_name", "details"),
}

BAD = {
    ("meeting", "date"): "start_at",
    ("deal", "amount"): "amount",
    ("deal", "close_date"): "close_day",
}
"""The fields in which something may stand that cannot be read."""

READ = {
    "meeting": ("start_at", "end_at", "created_at"),
    "call": ("created_at",),
    "deal": ("amount", "close_day", "created_at"),
    **dict.fromkeys(("client", "contact", "lead"), ("created_at",)),
}
"""What may be unreadable: of an amount what is finer than a minor unit, of a date infinity."""

# ------------------------------------------------------------------------------------------------ counting

# r: a live record; r.ours: its moment lies in the period and not after as-of; r.monthly: the same of the plan's month
BY_TIME = {
    "meetings_held": "r.happened AND r.ours",
    "month meetings_held": "r.happened AND r.monthly",
    "meetings_complete": 'r.happened AND r.ours AND NOT (r."no contact" OR r."no subject" OR r.lacks_last'
    ' OR r.lacks_details OR (%(results)s AND r."no result"))',
    "meetings_lacking/date": 'r.happened AND r.ours AND r."no date"',
    "meetings_lacking/last_name": "r.happened AND r.ours AND r.lacks_last",
    "meetings_lacking/contact_details": "r.happened AND r.ours AND r.lacks_details",
    "meetings_lacking/subject": 'r.happened AND r.ours AND r."no subject"',
    "meetings_lacking/result": 'r.happened AND r.ours AND r."no result"',
    "meetings_to_complete/own": 'r.happened AND r.ours AND (r."no contact" OR r."no subject"'
    ' OR (%(results)s AND r."no result") OR NOT r.anothers AND (r.lacks_last OR r.lacks_details))',
    "meetings_to_complete/colleague": 'r.happened AND r.ours AND NOT (r."no contact" OR r."no subject"'
    ' OR (%(results)s AND r."no result")) AND r.anothers AND (r.lacks_last OR r.lacks_details)',
    "meetings_planned_7d": "r.state = 'planned' AND r.start_at >= %(as_of)s AND r.start_at < %(soon)s",
    "meetings_overdue": "r.state = 'planned' AND COALESCE(r.end_at, r.start_at) < %(as_of)s",
    "meetings_held_in_future": "r.state = 'held' AND r.start_at > %(as_of)s",
    "meetings_unknown": "r.state = 'unknown'",
    "demand_unknown/meeting.result": "r.state = 'blank'",
}
"""Counts that a CRM without a status of meetings has only where the time tells."""
ENTERED = 'r."bad created_at" IS NOT TRUE'
COUNT: Mapping[str, Mapping[str, str]] = {
    "meeting": {
        "meetings": "true",
        "meetings_undated": f'r.moment IS NULL AND {ENTERED} AND "bad start_at" IS NOT TRUE',
    },
    "call": {"calls": "true", "calls_undated": f"r.moment IS NULL AND {ENTERED}"},
    "deal": {
        "deals": "true",
        "deals_open": "r.state = 'open'",
        "deals_won": "r.state = 'won' AND r.closed_in_period",
        "month deals_won": "r.state = 'won' AND r.closed_in_month",
        "deals_lost": "r.state = 'lost' AND r.closed_in_period",
        "deals_won_undated": "r.state = 'won' AND r.\"no close_date\"",
        "deals_won_unreadable_date": "r.state = 'won' AND r.\"bad close_day\"",
        "deals_won_in_future": "r.state = 'won' AND r.closed > %(today)s",
        "deals_unknown": "false",
        "deals_undated": f"r.moment IS NULL AND {ENTERED}",
    },
    "client": {
        "clients": "true",
        "clients_new": "r.ours",
        "month clients_new": "r.monthly",
        "clients_undated": f"r.moment IS NULL AND {ENTERED}",
    },
    "contact": {"contacts": "true", "contacts_undated": f"r.moment IS NULL AND {ENTERED}"},
    "lead": {"leads": "true", "leads_undated": f"r.moment IS NULL AND {ENTERED}"},
}

# somebody else had it in the days of completeness, after the minute in which it was made, and its owner had not
CHANGE = """
(SELECT m.model, m.res_id, v.old_value_integer AS before, v.create_date AS at
 FROM mail_tracking_value v, mail_message m, ir_model_fields f
 WHERE m.id = v.mail_message_id AND f.id = v.field AND f.name = 'user_id'
   AND v.create_date >= %(score_first)s::timestamp AND v.create_date <= %(as_of)s::timestamp)
"""
HAD = f"""
COALESCE(r.owner IS NOT NULL
  AND EXISTS (SELECT 1 FROM {CHANGE} c, res_users u WHERE u.id = c.before AND c.model = 'MODEL' AND c.res_id = r.KEY
              AND (NOT COALESCE(isfinite(r.create_date), false)
                   OR date_trunc('minute', c.at) > date_trunc('minute', r.create_date)))
  AND NOT EXISTS (SELECT 1 FROM {CHANGE} c WHERE c.model = 'MODEL' AND c.res_id = r.KEY
                  AND c.before::text = r.owner), false)
"""
MODELS = {
    "client": "res.partner",
    "contact": "res.partner",
    "lead": "crm.lead",
    "deal": "crm.lead",
    "meeting": "calendar.event",
}


def _had(entity: str) -> str:
    """A contact of nobody changes hands with its client; nothing tells it of a call."""
    if entity not in MODELS:
        return "false"
    had = HAD.replace("MODEL", MODELS[entity])
    own = had.replace("r.KEY", "r.id")
    return (
        f"({own} OR r.of_client AND {had.replace('r.KEY', 'r.client')})"
        if entity == "contact"
        else own
    )


# typed by a machine, or one of more than 50 of its kind that one user made in a minute
APART = """
SELECT r.*, COALESCE(r.create_uid IN (SELECT u.id FROM res_users u WHERE u.share OR u.id IN (1, 3, 4, 5)), false)
            OR r.create_uid IS NOT NULL AND COALESCE(isfinite(r.create_date), false)
               AND COUNT(*) OVER (PARTITION BY r.create_uid, date_trunc('minute', r.create_date)) > 50 AS typed,
"""
PLACED = """
SELECT r.*, COALESCE(r.moment >= %(first)s AND r.moment < %(after)s AND r.moment <= %(as_of)s, false) AS ours,
       COALESCE(r.moment >= %(score_first)s AND r.moment < %(score_after)s AND r.moment <= %(as_of)s, false) AS timely,
       COALESCE(r.moment >= %(month_first)s AND r.moment < %(month_after)s AND r.moment <= %(as_of)s, false) AS monthly
"""

AMOUNTS = f"""
SELECT r.owner, r.iso, SUM(r.minor) FILTER (WHERE r.state = 'open' AND NOT r."bad amount") AS deals_open_amount,
       SUM(r.minor) FILTER (WHERE r.state = 'won' AND r.closed_in_period AND NOT r."bad amount") AS deals_won_amount,
       SUM(r.minor) FILTER (WHERE r.state = 'won' AND r."no close_date" AND NOT r."bad amount")
           AS deals_won_undated_amount,
       SUM(r.minor) FILTER (WHERE r.state = 'won' AND r."bad close_day" AND NOT r."bad amount")
           AS deals_won_unreadable_date_amount
FROM ({DEAL} OFFSET 0) r GROUP BY r.owner, r.iso
"""

CALLS = "(SELECT t.id FROM mail_activity_type t WHERE t.category = 'phonecall')"
ACCOUNTS = {
    "res_users": "SELECT NULL AS reason FROM res_users",
    "res_partner": """
        SELECT CASE WHEN NOT COALESCE(p.active, false) THEN 'archived'
                    WHEN EXISTS (SELECT 1 FROM res_users u WHERE u.partner_id = p.id AND NOT u.share) THEN 'of_a_user'
                    WHEN EXISTS (SELECT 1 FROM res_company c WHERE c.partner_id IN (p.id, p.parent_id))
                    THEN 'of_the_own_company'
                    WHEN NOT COALESCE(p.is_company, false) AND p.type <> 'contact' THEN 'address' END AS reason
        FROM res_partner p""",
    "crm_lead": """
        SELECT CASE WHEN active THEN NULL
                    WHEN type = 'opportunity' AND (REASON IS NOT NULL OR probability = 0) THEN NULL
                    ELSE 'archived' END AS reason FROM crm_lead""",
    "calendar_event": "SELECT CASE WHEN active THEN NULL ELSE 'archived' END AS reason FROM calendar_event",
    "calendar_event_res_partner_rel": "SELECT NULL AS reason FROM calendar_event_res_partner_rel",
    "mail_activity": f"""
        SELECT CASE WHEN activity_type_id IS NULL OR activity_type_id NOT IN {CALLS} THEN 'no_call'
                    WHEN DONE THEN 'done'
                    WHEN res_model IN ('crm.lead', 'res.partner') THEN NULL ELSE 'of_another_module' END AS reason
        FROM mail_activity a""",
    "crm_stage": "SELECT NULL AS reason FROM crm_stage",
    "crm_team": "SELECT CASE WHEN active THEN NULL ELSE 'archived' END AS reason FROM crm_team",
    "crm_team_member": "SELECT CASE WHEN active THEN NULL ELSE 'archived' END AS reason FROM crm_team_member",
    "mail_activity_type": f"""
        SELECT CASE WHEN id IN {CALLS} THEN NULL ELSE 'no_call' END AS reason FROM mail_activity_type""",
    "res_company": "SELECT NULL AS reason FROM res_company",
    "res_currency": "SELECT NULL AS reason FROM res_currency",
}

CHANGES = """
SELECT COUNT(*) AS n FROM mail_tracking_value v, mail_message m, ir_model_fields f
WHERE m.id = v.mail_message_id AND f.id = v.field AND f.name = 'user_id'
  AND m.model IN ('res.partner', 'crm.lead', 'calendar.event')
  AND f.model IN ('res.partner', 'crm.lead', 'calendar.event')
  AND v.create_date >= LEAST(%(first)s::timestamp, %(score_first)s::timestamp)
  AND (v.create_date < %(after)s::timestamp OR v.create_date <= %(as_of)s::timestamp)
"""
"""What is read of the log: what happened in the period, or in the days of completeness, up to as-of."""


class OdooHand(Hand):
    """One Odoo at one setting, asked by hand."""

    free = frozenset(
        {
            ("client", "name"),
            ("contact", "last_name"),
            *(("meeting", name) for name in ("subject", "date")),
            *(("deal", name) for name in ("name", "stage")),
        }
    )

    def __init__(
        self, odoo: Odoo, setting: Setting, *, version: int, results: bool, by_time: bool
    ) -> None:
        """`results` says that audit.yaml maps a field of a meeting's result, `by_time` that end passed = held."""
        self.odoo, self.setting, self.version = odoo, setting, version
        self.results, self.by_time = results, by_time
        odoo.execute(BLANK)

    def rows(self, sql: str) -> list[Row]:
        """Asks with the setting's moments; what the versions call differently is written in capitals."""
        named = {
            "o.REASON": "o.lost_reason" if self.version == 15 else "o.lost_reason_id",
            "(REASON": "(lost_reason" if self.version == 15 else "(lost_reason_id",
            "p.MOBILE": "p.mobile" if self.version < 19 else "NULL",
            "l.MOBILE": "l.mobile" if self.version < 19 else "NULL",
            "DONE": "false" if self.version < 17 else "COALESCE(NOT a.active, false)",
            "RESULT": "x_result" if self.results else "NULL::text",
        }
        for word, column in named.items():
            sql = sql.replace(word, column)
        return self.odoo.rows(
            sql, {**self.moments(), "results": self.results, "by_time": self.by_time}
        )

    def fields(self, entity: str) -> tuple[str, ...]:
        """The fields that are due of an entity."""
        return tuple(name for name in FIELDS[entity] if self.results or name != "result")

    def counts(self) -> Counts:
        """All that is counted, per owner."""
        counts: Counts = defaultdict(lambda: defaultdict(int))
        for entity in RECORDS:
            for row in self.rows(self._counting(entity)):
                owner = row.pop("owner") or ""
                for name, value in row.items():
                    counts[name][owner] += int(value)
        for row in self.rows(AMOUNTS):
            owner, currency = row.pop("owner") or "", row.pop("iso")
            for name, value in row.items():
                counts[f"{name}/{currency}"][owner] += int(value or 0)
        return counts

    def _counting(self, entity: str) -> str:
        sums = dict(COUNT[entity])
        if entity == "meeting" and self.by_time:
            sums |= {
                name: sql
                for name, sql in BY_TIME.items()
                if self.results or not name.endswith("result")
            }
        elif entity == "meeting" and self.results:
            sums["demand_unknown/meeting.result"] = "r.scored"
        loses, owing = ["false"], ["false"]
        for name in self.fields(entity):
            due = "r.scored" + (' AND r."due result"' if name == "result" else "")
            if entity == "call":
                due = "r.scored AND r.reached"
            bad = f'r."bad {BAD[entity, name]}" IS TRUE' if (entity, name) in BAD else "false"
            if (entity, name) not in self.free:
                loses.append(f'({due} AND (r."no {name}" OR {bad}))')
                owing.append(f"({due})")
            for span, within in (
                ("score", "r.timely AND NOT r.had AND NOT r.typed AND "),
                ("base", ""),
            ):
                where = f"{span}/{entity}.{name}"
                sums[f"due {where}"] = within + due
                sums[f"missing {where}"] = f'{within}{due} AND r."no {name}"'
                if (entity, name) in BAD:
                    sums[f"unread {where}"] = f"{within}{due} AND {bad}"
        sums |= {f"unreadable/{entity}.{name}": f'r."bad {name}"' for name in READ[entity]}
        lost, ahead = " OR ".join(loses), "r.ahead" if entity == "meeting" else "false"
        counts, imported = (
            f"r.timely AND NOT ({ahead}) AND NOT r.had AND NOT r.typed",
            f"NOT ({ahead}) AND NOT r.had AND r.typed",
        )
        sums |= {
            f"due score/{entity}": f"{counts} AND ({' OR '.join(owing)})",
            f"due base/{entity}": " OR ".join(owing),
            f"failing score/{entity}": f"{counts} AND ({lost})",
            f"failing ahead/{entity}": f"{ahead} AND ({lost})",
            f"failing outside/{entity}": f"NOT r.timely AND NOT {ahead} AND NOT r.had AND NOT r.typed AND ({lost})",
            f"failing taken over/{entity}": f"NOT {ahead} AND r.had AND ({lost})",
            f"failing imported/{entity}": f"{imported} AND ({lost})",
        }
        counted = ", ".join(
            f'COUNT(*) FILTER (WHERE {sql}) AS "{name}"' for name, sql in sums.items()
        )
        return f"SELECT r.owner, {counted} FROM ({self.placed(entity)} OFFSET 0) r GROUP BY r.owner"

    def placed(self, entity: str) -> str:
        """The live records of an entity, each with where it counts."""
        had = _had(entity) if self.version == 15 else "false"  # the others hold no log
        # OFFSET 0: PostgreSQL works a row's columns out once, and not in each sum of them
        return f"{PLACED} FROM ({APART} {had} AS had FROM ({RECORDS[entity]} OFFSET 0) r) r"

    def people(self, counts: Counts) -> People:
        """Who is a manager, who is inactive, and who is in which team."""
        users = self.rows(USERS)
        owning = {owner for of in counts.values() for owner, number in of.items() if number}
        known = owning | set(self.setting.targets)
        managers = {
            row["id"]: row["team"] for row in users if row["manager"] and row["id"] in known
        }
        return Teams(
            managers, [row["id"] for row in users if not row["manager"] and row["id"] in owning]
        )

    def _plan(
        self, scope: str, owners: Iterable[str], people: People, counts: Counts
    ) -> Iterator[tuple[str, Value]]:
        for name, value in super()._plan(scope, owners, people, counts):
            if self.by_time or "meetings_held" not in name:
                yield name, value

    def _accounts(self) -> Iterator[tuple[str, int]]:
        for table, reasons in ACCOUNTS.items():
            counted = self.rows(
                f"SELECT reason, COUNT(*) AS n FROM ({reasons}) t GROUP BY reason"
            )
            by_reason = {row["reason"]: row["n"] for row in counted}
            yield f"table_rows/{table}", self.rows(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"]
            yield f"table_audited/{table}", by_reason.pop(None, 0)
            for reason, number in by_reason.items():
                yield f"table_excluded/{table}/{reason}", number
        if self.version == 15:  # the tables of the others hold no log
            [changes] = self.rows(CHANGES)
            yield "table_rows/mail_tracking_value", changes["n"]
            yield "table_audited/mail_tracking_value", changes["n"]


class Teams(People):
    """Managers with the team that each is in."""

    def teams(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for manager, team in self.managers.items():
            found[team or ""].append(manager)
        return found
