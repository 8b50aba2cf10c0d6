"""An EspoCRM: its rows, and what a person reads out of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tests.crms.rebuilt.counting import Deal, Event, Human, User, Words, World
from tests.crms.rebuilt.seed import UNREADABLE, Id, Seed, day, moment
from tests.crms.suitecrm.database import Row

TABLES = (
    "user", "team", "account", "contact", "lead", "meeting", "call", "opportunity", "account_contact",
    "email_address", "entity_email_address", "phone_number", "entity_phone_number",
)  # fmt: skip
_RELATION = "CREATE TABLE {0} (id bigint(20) NOT NULL PRIMARY KEY, {1} varchar(17), {2} varchar(17), {3} deleted tinyint(1) DEFAULT 0)"  # noqa: E501
RELATIONS = (
    _RELATION.format("team_user", "team_id", "user_id", "role varchar(100),"),
    _RELATION.format("contact_meeting", "contact_id", "meeting_id", "status varchar(36),"),
    _RELATION.format("lead_meeting", "lead_id", "meeting_id", "status varchar(36),"),
    _RELATION.format("call_contact", "call_id", "contact_id", "status varchar(36),"),
    _RELATION.format("call_lead", "call_id", "lead_id", "status varchar(36),"),
)
FURTHER = (*RELATIONS, "ALTER TABLE meeting ADD c_result text")
"""What every EspoCRM has and the list of columns lacks; and a custom field of the company's own."""
COLLATION = "utf8mb4_unicode_ci"

USERS: tuple[Row, ...] = (
    {
        "id": "65a0c0ffee000001a",
        "type": "admin",
        "first_name": "Ann",
        "last_name": "N",
        "default_team_id": "team-n",
    },
    {
        "id": "65a0c0ffee000002b",
        "first_name": None,
        "last_name": "Ben",
        "default_team_id": "team-n",
    },
    {
        "id": "65a0c0ffee000003c",
        "first_name": "Cem",
        "last_name": "South",
        "default_team_id": "team-gone",
    },
    {
        "id": "65a0c0ffee000004d",
        "first_name": "Dee",
        "last_name": "South",
        "default_team_id": None,
    },
    {
        "id": "65a0c0ffee000005e",
        "first_name": "Eva",
        "last_name": None,
        "default_team_id": "team-absent",
    },
    {
        "id": "65A0C0FFEE000006f",
        "type": "super-admin",
        "last_name": "Fay",
        "default_team_id": "team-s",
    },
    {"id": "u-plan", "last_name": "Only planned", "default_team_id": "team-n"},
    {"id": "u-idle", "last_name": "No records", "default_team_id": "team-s"},
    {"id": "u-typeless", "type": None, "last_name": "Typeless"},
    {"id": "u-off", "is_active": 0, "last_name": "Off"},
    {"id": "u-deleted", "deleted": 1, "last_name": "Deleted", "default_team_id": "team-n"},
    {"id": "u-half", "deleted": None, "last_name": "Half"},
    {"id": "u-portal", "type": "portal", "last_name": "Portal"},
    {"id": "u-api", "type": "api", "user_name": "robot"},
    {"id": "system", "type": "system", "last_name": "System"},
    {"id": "u-admin", "type": "Admin", "last_name": "No such type"},
)
MANAGERS = tuple(row["id"] for row in USERS[:6])
TARGETS = {
    MANAGERS[0]: {"deals_won": 2, "meetings_held": 40, "clients_new": 0},
    MANAGERS[1]: {"deals_won": 70, "meetings_held": 3},
    MANAGERS[2]: {"clients_new": 4},
    MANAGERS[3]: {"deals_won": 9, "meetings_held": 50},
    MANAGERS[4]: {"clients_new": 900, "deals_won": 1},
    MANAGERS[5]: {"clients_new": 1},
    "u-plan": {"deals_won": 5},  # a manager by this plan alone
    "u-absent": {"meetings_held": 5},
}
WORDS = Words(
    {"Planned": "planned", "Held": "held", "Not Held": "not held"},
    {"Prospecting": "open", "Qualification": "open", "Proposal": "open", "Negotiation": "open", "Closed Won": "won",
     "Closed Lost": "lost"},
)  # fmt: skip


FREE = frozenset(
    {
        ("client", "name"),
        ("contact", "last_name"),
        ("lead", "last_name"),
        *(("meeting", name) for name in ("subject", "date")),
        *(("call", name) for name in ("status", "date")),
        *(("deal", name) for name in ("name", "stage", "amount", "close_date")),
    }
)
"""What the CRM's own form demands."""


class EspoSeed(Seed):
    """Writes EspoCRM's rows."""

    managers = MANAGERS
    odd_owners = (*(row["id"] for row in USERS[8:]), "u-absent", "65A0C0FFEE000001A", "", None)
    stages = (
        "Qualification",
        "Negotiation",
        "Closed Won",
        "Closed Lost",
        "closed won",
        "Closed Won ",
        "Signed",
    )
    kinds = ("client", "contact", "contact", "lead", "Opportunity", "contact ", None, "")
    nobody = ("absent", "", None)

    def row(self, table: str, **values: object) -> Id:
        """One row; records have ids of 17 letters in no order, relations numbers."""
        number = len(self.rows[table]) + 1
        made = {"id": f"{self.random.randrange(16**10):010x}{table[:2]}{number:05d}"}
        if "_" in table and table not in ("phone_number", "email_address"):
            made = {"id": number}
        self.rows[table].append({**made, **values})
        return self.rows[table][-1]["id"]

    def gone(self, share: float) -> int | None:
        """`deleted` is 0 in live rows only: NULL is not."""
        return self.pick((1, 1, 1, None)) if self.chance(share) else 0

    def users(self) -> None:
        for team, deleted in (
            ("team-n", 0),
            ("team-s", 0),
            ("team-t", 0),
            ("team-gone", 1),
            ("team-half", None),
        ):
            self.row("team", id=team, name=f"Team {team}", deleted=deleted)
        defaults = {
            "deleted": 0,
            "is_active": 1,
            "type": "regular",
            "delete_id": "0",
            "default_team_id": None,
        }
        for user in USERS:
            self.row("user", **{**defaults, "user_name": user["id"], **user})
        for user, team, deleted in (
            (MANAGERS[0], "team-s", 0), (MANAGERS[2], "team-t", 0), (MANAGERS[2], "team-s", 0),
            (MANAGERS[3], "team-half", 0), (MANAGERS[3], "team-n", 1), (MANAGERS[3], "team-t", 0),
            (MANAGERS[4], "team-n", None), (MANAGERS[4], "team-gone", 0), ("u-half", "team-n", 0),
        ):  # fmt: skip
            self.row("team_user", team_id=team, user_id=user, deleted=deleted)

    def reach_of(self, entity: str, record: Id, *, surely: bool = False) -> None:
        """Phones and addresses: in relation tables, of several entities, live or not."""
        if surely:
            phone = self.row(
                "phone_number", name="+31 20 123 4567", deleted=0, invalid=0, opt_out=0
            )
            self.reaching("phone_number", entity, record, phone, 0)
            return
        for what, text in (
            ("phone_number", "+31 20 123 4567"),
            ("email_address", "a@b.example"),
        ):
            for _ in range(self.pick((0, 0, 1, 2))):
                way = self.row(
                    what,
                    name=self.word(text, 0.3),
                    deleted=self.gone(0.2),
                    invalid=0,
                    opt_out=0,
                )
                named = (
                    entity
                    if self.chance(0.85)
                    else self.pick(("User", "Case", entity.lower(), None))
                )
                self.reaching(
                    what, named, record, way if self.chance(0.95) else "absent", self.gone(0.2)
                )

    def reaching(
        self, what: str, entity: str | None, record: Id, way: Id, deleted: int | None
    ) -> None:
        linked = {"entity_type": entity, "entity_id": record, f"{what}_id": way}
        self.row(f"entity_{what}", **linked, primary=self.chance(0.5), deleted=deleted)

    def client(self, owner: Id, created: str | None, name: str | None) -> Id:
        record = self.row(
            "account",
            name=name,
            assigned_user_id=owner,
            created_at=created,
            deleted=self.gone(0.1) if created else 0,
        )
        self.reach_of("Account", record)
        return record

    def contact(
        self,
        owner: Id,
        created: str | None,
        last: str | None,
        first: str | None,
        *,
        reach: bool,
    ) -> Id:
        record = self.row(
            "contact", last_name=last, first_name=first, assigned_user_id=owner, created_at=created, do_not_call=0,
            account_id=self.one("client") if self.chance(0.6) else self.pick(self.nobody),
            deleted=0 if reach else self.gone(0.1),
        )  # fmt: skip
        for _ in range(self.pick((0, 1, 2))):
            self.row(
                "account_contact",
                account_id=self.one("client"),
                contact_id=record,
                deleted=self.gone(0.2),
            )
        self.reach_of("Contact", record, surely=reach)
        return record

    def lead(self, owner: Id, created: str | None, last: str | None, first: str | None) -> Id:
        status = (
            self.pick(("New", "In Process", None, "Converted", "converted"))
            if created
            else "New"
        )
        record = self.row(
            "lead", last_name=last, first_name=first, status=status, assigned_user_id=owner, created_at=created,
            do_not_call=0, deleted=self.gone(0.1) if created else 0,
        )  # fmt: skip
        self.reach_of("Lead", record)
        return record

    def event(
        self, what: str, owner: Id, status: str | None, start: str | None, end: str | None, created: str | None, *,
        invited: Sequence[tuple[str, Id]] = (), parent: tuple[str | None, Id] = (None, None), live: bool = False,
        subject: str | None = "Talk",
    ) -> None:  # fmt: skip
        kind = {"client": "Account", "contact": "Contact", "lead": "Lead"}.get(
            parent[0] or "", parent[0]
        )
        further = self.meeting_of_days(start, live=live) if what == "meeting" else {}
        if what == "call":
            further = {"direction": "Outbound" if live else self.word("Inbound", 0.3)}
        record = self.row(
            what, **{"name": subject, "status": status, "date_start": start, "date_end": end, "created_at": created,
                     "assigned_user_id": owner, "parent_type": kind, "parent_id": parent[1],
                     "account_id": self.one("client") if self.chance(0.1) else None,
                     "deleted": 0 if live else self.gone(0.1), **further},
        )  # fmt: skip
        for who, person in invited:
            names = (what, who) if what == "call" else (who, what)
            linked = {f"{what}_id": record, f"{who}_id": person}
            self.row(
                "_".join(names),
                **linked,
                status="Accepted",
                deleted=0 if live else self.gone(0.2),
            )

    def meeting_of_days(self, start: str | None, *, live: bool) -> Row:
        """A result, if the company has such a field; and now and then a meeting of whole days without hours."""
        said: Row = {
            "c_result": "They will order" if live else self.word("They will order", 0.4),
            "is_all_day": 0,
        }
        if live or start is None or start.startswith("0000") or not self.chance(0.06):
            return said
        hours = self.pick((None, "0000-00-00 00:00:00"))
        day = datetime.fromisoformat(start).date()
        until = self.pick((None, str(day), str(day + timedelta(1))))
        return {**said, "is_all_day": 1, "date_start": hours, "date_end": hours,
                "date_start_date": str(day), "date_end_date": until}  # fmt: skip

    def under_way(self, owner: Id) -> None:
        self.row(
            "meeting", name="Fair", status="Planned", date_start=None, date_end=None, is_all_day=1, c_result=None,
            date_start_date="2027-03-25", date_end_date="2027-03-28", assigned_user_id=owner, parent_type=None,
            parent_id=None, account_id=None, created_at=None, deleted=0,
        )  # fmt: skip

    def deal(
        self, owner: Id, created: str | None, name: str | None, stage: str | None, amount: float | None,
        closed: str | None,
    ) -> None:  # fmt: skip
        self.row(
            "opportunity", name=name, stage=stage, amount=amount, close_date=closed, assigned_user_id=owner,
            created_at=created, account_id=self.one("client"), deleted=self.gone(0.1) if created else 0,
            amount_currency=self.pick(("EUR", "EUR", "EUR", "USD", "usd", "JPY", "KWD", None, "")),
        )  # fmt: skip


class EspoReader:
    """What EspoCRM's rows say, to one who knows EspoCRM."""

    def __init__(
        self, rows: Mapping[str, Sequence[Row]], currency: str, *, results: bool
    ) -> None:
        self.all, self.currency, self.results = rows, currency, results
        self.live: dict[str, list[Row]] = defaultdict(list)
        for table, of in rows.items():
            self.live[table] = [row for row in of if row.get("deleted", 0) == 0]
        self.users = {row["id"] for row in rows["user"]}
        self.accounts = {row["id"]: row for row in self.live["account"]}
        self.ways = {
            (row["entity_type"], row["entity_id"], what, row["id"]): text[row[f"{what}_id"]]
            for what in ("phone_number", "email_address")
            for text in [{row["id"]: row["name"] for row in self.live[what]}]
            for row in self.live[f"entity_{what}"]
            if row[f"{what}_id"] in text
        }
        self.contacts = {row["id"]: self.human("Contact", row) for row in self.live["contact"]}
        self.leads = {
            row["id"]: self.human("Lead", row) for row in self.live["lead"] if row["status"] != "Converted"
        }  # fmt: skip

    def world(self) -> World:
        return World(
            free=FREE,
            words=WORDS,
            users=[self.user(row) for row in self.all["user"]],
            clients=[self.human("Account", row) for row in self.live["account"]],
            contacts=list(self.contacts.values()),
            leads=list(self.leads.values()),
            meetings=[self.meeting(row) for row in self.live["meeting"]],
            calls=[self.call(row) for row in self.live["call"]],
            deals=[self.deal(row) for row in self.live["opportunity"]],
            accounts={
                table: Counter(self.reason(table, row) for row in of)
                for table, of in self.all.items()
            },
            absent=frozenset(() if self.results else ("meeting.result",)),
        )

    def reason(self, table: str, row: Row) -> str:
        if table == "user":
            return ""
        if row["deleted"] != 0:
            return "deleted"
        if table in ("entity_email_address", "entity_phone_number"):
            other = "address" if "email" in table else "number"
            return (
                ""
                if row["entity_type"] in ("Account", "Contact", "Lead")
                else f"{other}_of_another_entity"
            )
        return "converted" if table == "lead" and row["status"] == "Converted" else ""

    def user(self, row: Row) -> User:
        person = row["type"] in ("regular", "admin", "super-admin", None)
        teams = {team["id"] for team in self.live["team"]}
        own = sorted(r["team_id"] for r in self.live["team_user"] if r["user_id"] == row["id"])
        own = [team for team in own if team in teams]
        team = (
            row["default_team_id"] if row["default_team_id"] in teams else own[0] if own else ""
        )
        return User(row["id"], row["deleted"] == 0 and row["is_active"] == 1 and person, team)

    def owner(self, row: Row) -> str:
        return row["assigned_user_id"] if row["assigned_user_id"] in self.users else ""

    def human(self, entity: str, row: Row) -> Human:
        owner = self.owner(row)
        if entity == "Contact" and not owner:
            owner = next(
                (self.owner(self.accounts[client]) for client in self.clients_of(row)), ""
            )
        ways = [text for (kind, record, *_), text in self.ways_of(entity, row["id"])]
        last = row["name"] if entity == "Account" else row["last_name"]
        return Human(owner, moment(row["created_at"]), last, row.get("first_name"), ways)

    def ways_of(self, entity: str, record: Id) -> Iterator[tuple[tuple[str, ...], str | None]]:
        return ((key, text) for key, text in self.ways.items() if key[:2] == (entity, record))

    def clients_of(self, contact: Row) -> list[Id]:
        """The primary account first, then the others in order."""
        linked = {
            r["account_id"]
            for r in self.live["account_contact"]
            if r["contact_id"] == contact["id"]
        }
        return [
            c
            for c in (contact["account_id"], *sorted(filter(None, linked)))
            if c in self.accounts
        ]

    def invited(self, event: str, record: Id) -> tuple[list[Human], list[Human]]:
        """Contacts and leads."""
        tables = (
            ("call_contact", "call_lead")
            if event == "call"
            else ("contact_meeting", "lead_meeting")
        )
        found = []
        for table, who, known in zip(
            tables, ("contact", "lead"), (self.contacts, self.leads), strict=True
        ):
            ids = [row[f"{who}_id"] for row in self.live[table] if row[f"{event}_id"] == record]
            found.append([known[one] for one in ids if one in known])
        return found[0], found[1]

    def parent(self, row: Row) -> list[Human]:
        known = {"Contact": self.contacts, "Lead": self.leads}.get(row["parent_type"] or "", {})
        return [known[row["parent_id"]]] if row["parent_id"] in known else []

    def meeting(self, row: Row) -> Event:
        contacts, leads = self.invited("meeting", row["id"])
        return Event(
            self.owner(row), moment(row["created_at"]), row["status"],
            moment(row["date_start"]) or self.noon(row.get("date_start_date")),
            moment(row["date_end"]) or self.noon(row.get("date_end_date")), subject=row["name"],
            persons=contacts + leads or self.parent(row), result=row["c_result"],
        )  # fmt: skip

    def noon(self, day: str | None) -> datetime | None:
        return datetime.fromisoformat(f"{day} 12:00:00") if day else None

    def call(self, row: Row) -> Event:
        contacts, leads = self.invited("call", row["id"])
        client = row["account_id"] in self.accounts
        client = client or (
            row["parent_type"] == "Account" and row["parent_id"] in self.accounts
        )
        return Event(
            self.owner(row), moment(row["created_at"]), row["status"], moment(row["date_start"]),
            moment(row["date_end"]), row["name"], direction=row["direction"],
            counterpart=bool(client or contacts or leads or self.parent(row)),
        )  # fmt: skip

    def deal(self, row: Row) -> Deal:
        closed, amount = day(row["close_date"]), row["amount"]
        return Deal(
            self.owner(row), moment(row["created_at"]), row["name"], row["account_id"] in self.accounts, row["stage"],
            None if amount is None else Decimal(repr(amount)), (row["amount_currency"] or self.currency).upper(),
            closed,
            unread_closed=row["close_date"] == UNREADABLE,
        )  # fmt: skip
