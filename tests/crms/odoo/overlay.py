"""Rows laid over an Odoo: the dirt that people leave, and the traps of its tables. The same for every version.

Everything follows from the seed: two runs lay the same rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from psycopg.types.json import Jsonb

from tests.crms.odoo.database import Odoo, Row

MANAGERS = (101, 102, 103, 104)
OWNERS = (*MANAGERS, 105, 106, 1, 999, None)
"""Also an archived user, a portal user, OdooBot, one whose row is absent, and nobody."""

BLANKS = (None, "", " ", "\u00a0\u2003", "\t\n", "\ufeff")
TEXTS = (
    "Jan",
    "\u05d3\u05e0\u05d9",
    "\U0001f642",
    "=1+1",
    "0",
    "-",
    "O'Brien %s {0} :x",
    "x" * 5_000,
    "\u200b.",
)
MOMENTS = (
    "2026-10-31 06:59:59", "2026-10-31 14:59:59", "2026-10-31 15:00:00", "2026-10-31 22:59:59.999999",
    "2026-10-31 23:00:00", "2026-11-01 06:59:59", "2026-11-01 07:00:00", "2026-11-01 09:30:00", "2026-11-04 00:00:00",
    "2026-11-09 23:30:00", "2026-11-10 07:59:59.999999", "2026-11-10 08:00:00", "2026-11-17 16:45:00.123456",
    "2026-11-25 23:59:59", "2026-11-26 15:00:00", "2026-11-26 22:30:00", "2026-11-26 22:30:00.000001",
    "2026-11-27 09:00:00", "2026-11-30 14:59:59", "2026-11-30 15:00:00", "2026-11-30 22:59:59", "2026-11-30 23:00:00",
    "2026-12-03 22:59:59", "2026-12-03 23:00:00", "2026-12-04 07:59:59", "2026-12-04 08:00:00", "2026-12-04 15:00:00",
    "2026-12-24 10:00:00", "2026-08-05 12:00:00",
)  # fmt: skip
AMOUNTS = (
    "0",
    "12.5",
    "1000",
    "7.005",
    "0.001",
    "-3.10",
    "99999999999999.99",
    "10000000000000000",
    "NaN",
    None,
    "1E+30",
)


class Seeds:
    """Values by chance, the same ones every time."""

    def __init__(self, seed: int, version: int) -> None:
        self.chance = random.Random(seed)
        self.version = version

    def text(self, blank: float = 0.25) -> str | None:
        return self.chance.choice(BLANKS if self.chance.random() < blank else TEXTS)

    def name(self, blank: float = 0.25) -> str:
        """Where the column must not be NULL."""
        return self.text(blank) or ""

    def moment(self, nothing: float = 0.04) -> str | None:
        drawn = self.chance.random()
        if drawn < nothing:
            return None
        return "infinity" if drawn < 2 * nothing else self.chance.choice(MOMENTS)

    def day(self) -> str | None:
        return self.chance.choice(
            (None, "infinity", "2026-11-26", "2026-11-27", *(one[:10] for one in MOMENTS))
        )

    def mobile(self) -> Row:
        """There is no such column from 19 on."""
        return {"mobile": self.text(0.7)} if self.version < 19 else {}

    def translated(self, name: str) -> Any:
        """Names are JSON translations from 16 on."""
        return name if self.version < 16 else Jsonb({"en_US": name, "nl_NL": f"{name} (nl)"})


def lay(odoo: Odoo, *, version: int, seed: int) -> None:
    """Lays users, teams, companies, partners, leads, deals, meetings and calls over the tables."""
    seeds = Seeds(seed, version)
    odoo.execute(
        "ALTER TABLE calendar_event ADD COLUMN x_result varchar"
    )  # as Odoo Studio adds one
    for table, rows in (
        ("res_currency", _currencies(version)),
        ("res_company", _companies(version)),
        ("crm_team", _teams(seeds)),
        ("crm_team_member", _members()),
        ("crm_stage", _stages(seeds)),
        ("mail_activity_type", _types(seeds)),
        ("res_users", _users()),
        ("res_partner", [*_people_of_users(), *_partners(seeds), *_undated_partners()]),
        ("crm_lead", [*_leads(seeds), *_undated_leads()]),
        ("calendar_event", _meetings(seeds)),
        ("calendar_event_res_partner_rel", _invitees(seeds)),
        ("mail_activity", [*_calls(seeds), *_undated_calls()]),
    ):
        odoo.insert(table, rows)
    if version == 15:
        lay_log(odoo)
    odoo.execute("ANALYZE")  # else PostgreSQL plans for empty tables


def lay_log(odoo: Odoo) -> None:
    """Changes of owners, spread over two in three records by their numbers."""
    odoo.execute(  # indexes that Odoo makes, and the dump lacks
        "CREATE INDEX ON mail_message (model, res_id)",
        "CREATE INDEX ON mail_tracking_value (mail_message_id)",
    )
    before = "(ARRAY[101, 102, 103, 104, 105, 106, 1, 999, 0])[1 + (id * 7 + turn) % 9]"
    moment = """(ARRAY[timestamp '2026-10-01 09:00:00', '2026-10-29 23:00:00', '2026-11-03 09:00:00',
                       '2026-11-26 22:30:00', '2026-11-26 22:30:01'])[1 + (id + 3 * turn) % 5]"""
    for place, (table, model) in enumerate(
        (
            ("res_partner", "res.partner"),
            ("crm_lead", "crm.lead"),
            ("calendar_event", "calendar.event"),
        )
    ):
        odoo.execute(
            f"""INSERT INTO mail_message (id, model, res_id, message_type)
                SELECT {place + 1} * 10000000 + 2 * id + turn, '{model}', id, 'notification'
                FROM {table}, (VALUES (0), (1)) AS t (turn) WHERE id % 3 > turn""",
            f"""INSERT INTO mail_tracking_value
                    (id, field, field_desc, old_value_integer, mail_message_id, create_date)
                SELECT {place + 1} * 10000000 + 2 * id + turn,
                       (SELECT f.id FROM ir_model_fields f WHERE f.name = 'user_id' AND f.model = '{model}'),
                       'Salesperson', {before}, {place + 1} * 10000000 + 2 * id + turn, {moment}
                FROM {table}, (VALUES (0), (1)) AS t (turn) WHERE id % 3 > turn""",
        )


def _undated_partners() -> list[Row]:
    """A client and a contact without a creation date for each manager: chance gives too few."""
    given = {"name": "Since when?", "type": "contact", "active": True, "create_date": None}
    return [
        {
            **given,
            "id": 10_000 + 10 * user + company,
            "user_id": user,
            "is_company": bool(company),
            "parent_id": parent,
        }
        for user in MANAGERS
        for company, parent in ((1, None), (0, 10_001 + 10 * user))
    ]


def _undated_leads() -> list[Row]:
    """A lead without a creation date, and deals won without a day and on one that cannot be read."""
    given = {
        "name": "Since when?",
        "active": True,
        "create_date": None,
        "stage_id": 73,
        "expected_revenue": "1250",
    }
    kinds = (("lead", None), ("opportunity", None), ("opportunity", "infinity"))
    return [
        {
            **given,
            "id": 100 * user + place,
            "user_id": user,
            "type": kind,
            "date_closed": closed,
        }
        for user in MANAGERS
        for place, (kind, closed) in enumerate(kinds)
    ]


def _undated_calls() -> list[Row]:
    given = {
        "activity_type_id": 61,
        "res_model_id": 1,
        "res_model": "crm.lead",
        "create_date": None,
    }
    return [
        {
            **given,
            "id": 100 * user,
            "res_id": 100 * user,
            "user_id": user,
            "date_deadline": MOMENTS[0][:10],
        }
        for user in MANAGERS
    ]


def _currencies(version: int) -> list[Row]:
    own = (
        []
        if version == 15
        else [{"id": 1, "name": "EUR", "symbol": "€"}, {"id": 2, "name": "USD", "symbol": "$"}]
    )
    return [
        *own,
        {"id": 901, "name": "JPY", "symbol": "¥"},
        {"id": 902, "name": "KWD", "symbol": "KD"},
    ]


def _companies(version: int) -> list[Row]:
    more = {
        "layout_background": "Blank", "fiscalyear_last_day": 31, "fiscalyear_last_month": "12",
        "account_opening_date": "2026-01-01",
    } if version == 15 else {}  # fmt: skip
    own = (
        []
        if version == 15
        else [{"id": 1, "name": "YourCompany", "partner_id": 1, "currency_id": 2}]
    )
    laid = [
        {"id": 91, "name": "Tokyo", "partner_id": 9001, "currency_id": 901, **more},
        {"id": 92, "name": "Kuwait", "partner_id": 9002, "currency_id": 902, **more},
    ]
    return [*own, *laid]


def _teams(seeds: Seeds) -> list[Row]:
    def team(number: int, name: str, active: bool) -> Row:
        return {
            "id": number,
            "name": seeds.translated(name),
            "active": active,
            "alias_id": number,
        }

    return [team(81, "North", True), team(82, "South", True), team(83, "Gone", False)]


def _members() -> list[Row]:
    """103 is in two teams by membership alone, 102 in an archived one, and what 104 was in is over."""
    found = (
        (103, 82, True),
        (103, 81, True),
        (103, 83, True),
        (104, 83, True),
        (104, 81, False),
    )
    return [
        {"id": 800 + place, "user_id": user, "crm_team_id": team, "active": active}
        for place, (user, team, active) in enumerate(found)
    ]


def _stages(seeds: Seeds) -> list[Row]:
    return [
        {"id": 71, "name": seeds.translated("Talking"), "is_won": False},
        {"id": 72, "name": seeds.translated("Lost"), "is_won": None},  # a name says nothing
        {"id": 73, "name": seeds.translated("Ordered"), "is_won": True},
    ]


def _types(seeds: Seeds) -> list[Row]:
    given = {
        "delay_unit": "days",
        "delay_from": "previous_activity",
        "chaining_type": "suggest",
    }
    return [
        {"id": 61, "name": seeds.translated("Ring"), "category": "phonecall", **given},
        {"id": 62, "name": seeds.translated("Call"), "category": "default", **given},
        {"id": 63, "name": seeds.translated("Whatever"), "category": None, **given},
    ]


def _users() -> list[Row]:
    def user(number: int, **more: Any) -> Row:
        given = {
            "id": number,
            "login": f"u{number}",
            "company_id": 1,
            "partner_id": 9000 + number,
            "active": True,
        }
        return {**given, "notification_type": "email", "share": False, **more}

    return [
        user(101, sale_team_id=81), user(102, sale_team_id=83), user(103), user(104, sale_team_id=82),
        user(105, active=False, sale_team_id=81), user(106, share=True),
    ]  # fmt: skip


def _people_of_users() -> list[Row]:
    people = [
        {
            "id": 9000 + user,
            "name": f"User {user}",
            "active": user != 105,
            "type": "contact",
            "is_company": False,
        }
        for user in (101, 102, 103, 104, 105, 106)
    ]
    own = [
        {
            "id": number,
            "name": f"Company {number}",
            "active": True,
            "type": "contact",
            "is_company": True,
        }
        for number in (9001, 9002)
    ]
    return [*people, *own, {**people[0], "id": 9003, "name": "A colleague", "parent_id": 9001}]


def _partners(seeds: Seeds) -> Iterator[Row]:
    """Companies 1000-, private persons 2000-, contacts 3000-: of a company, of a private person, of a contact."""
    for number in range(1000, 1150):
        yield _partner(
            seeds, number, is_company=True, parent_id=seeds.chance.choice((None, None, 1000))
        )
    for number in range(2000, 2150):
        yield _partner(
            seeds, number, is_company=seeds.chance.choice((False, None)), parent_id=None
        )
    for number in range(3000, 3300):
        parent = seeds.chance.choice(
            (*range(1000, 1150), *range(2000, 2150), *[3000] * 60, 99_999)
        )
        top = {
            "commercial_partner_id": seeds.chance.randrange(1001, 1020)
            if parent == 3000
            else parent
        }
        row = _partner(seeds, number, is_company=False, parent_id=parent)
        yield {**row, **(top if seeds.chance.random() < 0.7 or parent == 3000 else {})}


def _partner(seeds: Seeds, number: int, **more: Any) -> Row:
    return {
        "id": number,
        "name": seeds.name(),
        "type": seeds.chance.choice(
            ("contact",) * 12 + ("invoice", "other") + ("private",) * (seeds.version < 17)
        ),
        "active": seeds.chance.choice((True,) * 15 + (False, None)),
        "user_id": seeds.chance.choice(OWNERS),
        "phone": seeds.text(0.6),
        **seeds.mobile(),
        "email": seeds.text(0.6),
        "create_date": seeds.moment(),
        **more,
    }


def _leads(seeds: Seeds) -> Iterator[Row]:
    """Leads 3000-, under the numbers of contacts, and deals 3300-: archived with and without a reason, and with a
    probability that says lost or not.
    """
    reason = "lost_reason" if seeds.version == 15 else "lost_reason_id"
    for number in range(3000, 4500):
        deal = number >= 3300
        active = seeds.chance.choice((True,) * 7 + (False, False, None))
        yield {
            "id": number,
            "type": "opportunity" if deal else "lead",
            "name": seeds.name(0.1),
            "active": active,
            "user_id": seeds.chance.choice(OWNERS),
            "contact_name": seeds.text(),
            "phone": seeds.text(0.6),
            **seeds.mobile(),
            "email_from": seeds.text(0.6),
            "create_date": seeds.moment(),
            "date_closed": seeds.moment(0.1),
            "date_deadline": seeds.day(),
            "stage_id": seeds.chance.choice((71, 71, 72, 73, 73, None)),
            "expected_revenue": seeds.chance.choice(AMOUNTS),
            "company_id": seeds.chance.choice((None, 1, 91, 92)),
            "partner_id": _someone(seeds),
            "probability": seeds.chance.choice((0, 0.0, 12.5, 100, None)),
            reason: seeds.chance.choice((None, None, None, 1)),
        }


def _someone(seeds: Seeds) -> int | None:
    kinds = (
        range(1000, 1150),
        range(2000, 2150),
        range(3000, 3300),
        (9101, 9106, 9001, 9003, 88_888, None),
    )
    return seeds.chance.choice(seeds.chance.choice(kinds))


def _meetings(seeds: Seeds) -> Iterator[Row]:
    for number in range(7000, 8500):
        start = seeds.moment(0.06) or "infinity"
        allday = seeds.chance.random() < 0.1
        about = seeds.chance.choice(("nothing", "opportunity", "lead", "partner", "other"))
        yield {
            "id": number,
            "name": seeds.name(0.2),
            "active": seeds.chance.choice((True,) * 15 + (False, None)),
            "privacy": "public",
            "show_as": "busy",
            "user_id": seeds.chance.choice(OWNERS),
            "start": start,
            # one in some ends before it starts
            "stop": seeds.moment(0.02) or start if seeds.chance.random() < 0.15 else start,
            "allday": allday or None,
            "start_date": start[:10] if allday else None,
            "stop_date": start[:10] if allday else None,
            "create_date": seeds.moment(0.15),
            "x_result": seeds.text(0.4),
            "opportunity_id": seeds.chance.randrange(3000, 4500)
            if about == "opportunity"
            else None,
            "res_model": {
                "lead": "crm.lead",
                "partner": "res.partner",
                "other": "sale.order",
            }.get(about),
            "res_id": {
                "lead": seeds.chance.randrange(3000, 4500),
                "partner": _someone(seeds),
                "other": 3001,
            }.get(about),
        }


def _invitees(seeds: Seeds) -> Iterator[Row]:
    for meeting in range(7000, 8520):
        for partner in {
            _someone(seeds) for _ in range(seeds.chance.choice((0, 0, 1, 1, 2, 3)))
        } - {None}:
            yield {"calendar_event_id": meeting, "res_partner_id": partner}


def _calls(seeds: Seeds) -> Iterator[Row]:
    for number in range(8600, 9000):
        model = seeds.chance.choice(("crm.lead", "crm.lead", "res.partner", "sale.order", None))
        done = (
            {"active": seeds.chance.choice((True, True, False, None))}
            if seeds.version > 16
            else {}
        )
        yield {
            "id": number,
            "activity_type_id": seeds.chance.choice((61, 61, 61, 2, 62, 63, None)),
            "summary": seeds.chance.choice(
                ("Geen gehoor, 9u", " VoiceMail", seeds.text(), seeds.text())
            ),
            "res_model_id": 1,
            "res_model": model,
            "res_id": seeds.chance.randrange(3000, 4500)
            if model == "crm.lead"
            else _someone(seeds) or 77_777,
            "user_id": seeds.chance.choice([owner for owner in OWNERS if owner]),
            "date_deadline": seeds.chance.choice(MOMENTS)[:10],
            "create_date": seeds.moment(0.15),
            **done,
        }
