"""A vtiger: its rows, and what a person reads out of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tests.crms.rebuilt.counting import Deal, Event, Human, User, Words, World
from tests.crms.rebuilt.seed import UNREADABLE, Id, Seed, day, moment
from tests.crms.suitecrm.database import Row
from tests.crms.suitecrm.in_python import blank

TABLES = (
    "vtiger_users", "vtiger_groups", "vtiger_crmentity", "vtiger_account", "vtiger_contactdetails",
    "vtiger_contactsubdetails", "vtiger_leaddetails", "vtiger_leadaddress", "vtiger_potential", "vtiger_activity",
    "vtiger_activitycf", "vtiger_seactivityrel", "vtiger_cntactivityrel",
)  # fmt: skip
FURTHER = (
    """CREATE TABLE vtiger_currency_info (id int(11) NOT NULL PRIMARY KEY, currency_name varchar(100),
       currency_code varchar(100), currency_status varchar(25), defaultid varchar(10) NOT NULL DEFAULT '0',
       deleted int(1) NOT NULL DEFAULT 0)""",
    "ALTER TABLE vtiger_activitycf ADD cf_901 text",
)
"""What every vtiger has and the list of columns lacks; and a custom field of the company's own."""
COLLATION = "utf8mb3_general_ci"
BASE_CURRENCY = "KWD"
ZERO_DAY, ZERO = "0000-00-00", "0000-00-00 00:00:00"

USERS: tuple[Row, ...] = (
    {"id": 1, "first_name": "Ann", "last_name": "Admin", "is_admin": "on", "reports_to_id": ""},
    {"id": 5, "first_name": None, "last_name": "Ben", "reports_to_id": "1"},
    {"id": 6, "first_name": "Cem", "last_name": "South", "reports_to_id": "1"},
    {"id": 7, "first_name": "Dee", "last_name": "South", "reports_to_id": "6"},
    {"id": 8, "first_name": "Eva", "last_name": None, "reports_to_id": "13"},
    {"id": 51, "first_name": " ", "last_name": "Fay", "reports_to_id": None},
    {"id": 9, "last_name": "Only planned", "reports_to_id": "6"},
    {"id": 10, "last_name": "No records", "reports_to_id": "12"},
    {"id": 12, "status": "Inactive", "last_name": "Off", "reports_to_id": "1"},
    {"id": 13, "deleted": 1, "last_name": "Deleted", "reports_to_id": "1"},
    {"id": 14, "status": "active", "last_name": "No such status"},
    {"id": 15, "status": None, "last_name": "No status"},
)
GROUPS: tuple[Row, ...] = (
    {"groupid": 2, "groupname": "Team Selling"},
    {"groupid": 3, "groupname": "Support Group"},
)
MANAGERS = tuple(row["id"] for row in USERS[:6])
TARGETS = {
    1: {"deals_won": 2, "meetings_held": 40, "clients_new": 0},
    5: {"deals_won": 70, "meetings_held": 3},
    6: {"clients_new": 4},
    7: {"deals_won": 9, "meetings_held": 50},
    8: {"clients_new": 900, "deals_won": 1},
    51: {"clients_new": 1},
    9: {"deals_won": 5},  # a manager by this plan alone
    2: {"meetings_held": 5},  # a group has no plan
}
STAGES = ("Prospecting", "Negotiation or Review", "Proposal/Price Quote", "Id. Decision Makers")
WORDS = Words(
    {"Planned": "planned", "Held": "held", "Not Held": "not held"},
    {**dict.fromkeys(STAGES, "open"), "Closed Won": "won", "Closed Lost": "lost"},
)
MODULES = {"vtiger_account": "Accounts", "vtiger_contactdetails": "Contacts", "vtiger_leaddetails": "Leads",
           "vtiger_potential": "Potentials", "vtiger_activity": "Calendar"}  # fmt: skip


FREE = frozenset(
    {
        ("client", "name"),
        ("contact", "last_name"),
        ("lead", "last_name"),
        *(("meeting", name) for name in ("subject", "date")),
        *(("call", name) for name in ("status", "date")),
        *(("deal", name) for name in ("name", "stage", "close_date")),
    }
)
"""What the CRM's own form demands."""


class VtigerSeed(Seed):
    """Writes vtiger's rows: each record's owner, creation and deletion beside it."""

    managers = MANAGERS
    odd_owners = (*(row["id"] for row in USERS[8:]), 2, 3, 999, 0)
    stages = ("Prospecting", "Negotiation or Review", "Closed Won", "Closed Lost", "closed won", "Closed Won ",
              "Signed", *STAGES[2:])  # fmt: skip
    kinds = ("client", "contact", "contact", "lead", "Potentials", None)
    nobody = (999_999, 0)

    def record(
        self,
        table: str,
        key: str,
        owner: Id,
        created: str | None,
        *,
        live: bool = False,
        **values: object,
    ) -> Id:
        """A row and its vtiger_crmentity, which may say that it is deleted, or be absent."""
        number = 1_000 + 7 * sum(len(self.rows[name]) for name in MODULES)
        self.rows[table].append({key: number, **values})
        if live or not self.chance(0.03):
            self.entity_of(
                number, owner, created, MODULES[table], deleted=0 if live else self.chance(0.1)
            )
        return number

    def entity_of(
        self, number: int, owner: Id, created: str | None, module: str | None, *, deleted: int
    ) -> None:
        self.rows["vtiger_crmentity"].append(
            {"crmid": number, "smcreatorid": 1, "smownerid": owner or 0, "modifiedby": 1, "setype": module,
             "createdtime": created or ZERO, "modifiedtime": "2027-03-26 12:00:00", "version": 0, "deleted": deleted}
        )  # fmt: skip

    def users(self) -> None:
        required = {
            "currency_id": 1,
            "internal_mailer": "1",
            "crypt_type": "",
            "date_entered": "2020-01-01 00:00:00",
        }
        for user in USERS:
            self.rows["vtiger_users"].append(
                {"status": "Active", "deleted": 0, "reports_to_id": "0", **required, **user}
            )
        self.rows["vtiger_groups"] += GROUPS
        for number, code, default, deleted in (
            (1, "kwd", "-11", 0),
            (2, "EUR", "0", 0),
            (3, "AED", "-11", 1),
        ):
            self.rows["vtiger_currency_info"].append(
                {"id": number, "currency_code": code, "defaultid": default, "deleted": deleted}
            )
        for number, module in enumerate(("HelpDesk", "Emails", None, "accounts")):
            self.entity_of(100 + number, 1, "2027-03-01 09:00:00", module, deleted=0)
        self.rows["vtiger_contactsubdetails"].append(
            {"contactsubscriptionid": 77, "homephone": "of nobody"}
        )
        self.rows["vtiger_leadaddress"].append({"leadaddressid": 78, "phone": "of nobody"})

    def ways(self, *columns: str) -> Row:
        lacking = self.chance(0.5)
        return {column: self.word("020 123", 1 if lacking else 0.5) for column in columns}

    def client(self, owner: Id, created: str | None, name: str | None) -> Id:
        return self.record(
            "vtiger_account", "accountid", owner, created, live=not created, account_no="", accountname=name or "",
            **self.ways("phone", "otherphone", "email1", "email2"),
        )  # fmt: skip

    def contact(
        self,
        owner: Id,
        created: str | None,
        last: str | None,
        first: str | None,
        *,
        reach: bool,
    ) -> Id:
        ways = (
            {"phone": "020"}
            if reach
            else self.ways("phone", "mobile", "email", "secondaryemail")
        )
        number = self.record(
            "vtiger_contactdetails", "contactid", owner, created, live=reach, contact_no="", lastname=last or "",
            firstname=first, accountid=self.one("client") if self.chance(0.7) else self.pick((None, 0)), **ways,
        )  # fmt: skip
        if self.chance(0.8):
            ways = self.ways("homephone", "otherphone")
            self.rows["vtiger_contactsubdetails"].append(
                {"contactsubscriptionid": number, **ways}
            )
        return number

    def lead(self, owner: Id, created: str | None, last: str | None, first: str | None) -> Id:
        number = self.record(
            "vtiger_leaddetails", "leadid", owner, created, live=not created, lead_no="", company="",
            lastname=last or "", firstname=first, converted=self.pick((0, 0, 0, None, 1)) if created else 0,
            **self.ways("email", "secondaryemail"),
        )  # fmt: skip
        if self.chance(0.9):
            self.rows["vtiger_leadaddress"].append(
                {"leadaddressid": number, **self.ways("phone", "mobile")}
            )
        return number

    def event(
        self, what: str, owner: Id, status: str | None, start: str | None, end: str | None, created: str | None, *,
        invited: Sequence[tuple[str, Id]] = (), parent: tuple[str | None, Id] = (None, None), live: bool = False,
        subject: str | None = "Talk",
    ) -> None:  # fmt: skip
        kinds = {"meeting": ("Meeting",), "call": ("Call", "Mobile Call")}[what]
        if not live and self.chance(0.1):
            kinds = ("Task", "Emails", "meeting", "Video")
        (day, time), (due, until) = self.split(start, live=live), self.split(end, live=live)
        number = self.record(
            "vtiger_activity", "activityid", owner, created, live=live, subject=subject, activitytype=self.pick(kinds),
            date_start=day or ZERO_DAY, time_start=time, due_date=due, time_end=until, eventstatus=status,
            sendnotification="0", notime="0", visibility="Private",
        )  # fmt: skip
        for person in {person for who, person in invited if who == "contact"}:
            self.rows["vtiger_cntactivityrel"].append(
                {"contactid": person, "activityid": number}
            )
        parents = (
            {parent[1]} - {None}
            if self.chance(0.9)
            else {self.one(kind) for kind in ("client", "client", "lead", "lead")}
        )
        for one in parents:
            self.rows["vtiger_seactivityrel"].append({"crmid": one, "activityid": number})
        if live or self.chance(0.8):
            said = "They will order" if live else self.word("They will order", 0.4)
            self.rows["vtiger_activitycf"].append({"activityid": number, "cf_901": said})

    def under_way(self, owner: Id) -> None:
        self.record(
            "vtiger_activity", "activityid", owner, None, live=True, subject="Fair", activitytype="Meeting",
            date_start="2027-03-25", time_start="", due_date="2027-03-28", time_end="", eventstatus="Planned",
            sendnotification="0", notime="1", visibility="Private",
        )  # fmt: skip

    def edges(self) -> None:
        """Also events that hang on two leads, or on two clients, the first of them deleted."""
        super().edges()
        for owner in self.managers[:3]:
            for what in ("meeting", "call"):
                gone, there = (
                    self.lead(owner, None, "Low", "Ada")
                    if what == "meeting"
                    else self.client(owner, None, "Client")
                    for _ in range(2)
                )
                self.rows["vtiger_crmentity"][-2]["deleted"] = 1
                self.event(what, owner, "Held", "2027-03-12 09:00:00", None, None, live=True)
                number = self.rows["vtiger_activity"][-1]["activityid"]
                self.rows["vtiger_seactivityrel"] += [
                    {"crmid": one, "activityid": number} for one in (gone, there)
                ]

    def split(self, written: str | None, *, live: bool) -> tuple[str | None, str | None]:
        """A day, and a time as text: with seconds, without, blank, or none at all."""
        if written is None:
            return None, None
        day, time = written.split(" ")
        if live or self.chance(0.85):
            return day, time[:5] if time.endswith(":00") and self.chance(0.3) else time
        return day, self.pick(
            ("", None, " ", "\t", "25:99", "noon", "9:30", "12:00:00 ", "-01:00", "00:00:00.5")
        )

    def deal(
        self, owner: Id, created: str | None, name: str | None, stage: str | None, amount: float | None,
        closed: str | None,
    ) -> None:  # fmt: skip
        self.record(
            "vtiger_potential", "potentialid", owner, created, live=not created, potential_no="", converted=0,
            potentialname=name or "", sales_stage=stage, closingdate=closed, currency=self.pick((None, "EUR", "")),
            amount=None if amount is None else Decimal(repr(amount)).quantize(Decimal("1e-8")),
            related_to=self.one("client") if self.chance(0.8) else self.one("contact"),
        )  # fmt: skip


class VtigerReader:
    """What vtiger's rows say, to one who knows vtiger."""

    def __init__(
        self, rows: Mapping[str, Sequence[Row]], currency: str, *, results: bool
    ) -> None:
        self.all, self.results = rows, results
        self.currency = BASE_CURRENCY if rows.get("vtiger_currency_info") else currency
        self.entities = {row["crmid"]: row for row in rows["vtiger_crmentity"]}
        self.users = {row["id"] for row in rows["vtiger_users"]} | {
            row["groupid"] for row in rows["vtiger_groups"]
        }
        self.phones = {
            row["contactsubscriptionid"]: row for row in rows["vtiger_contactsubdetails"]
        }
        self.addresses = {row["leadaddressid"]: row for row in rows["vtiger_leadaddress"]}
        self.said = {row["activityid"]: row["cf_901"] for row in rows["vtiger_activitycf"]}
        self.accounts = {
            row["accountid"]: row
            for row in rows["vtiger_account"]
            if self.alive(row["accountid"])
        }
        self.contacts = {
            row["contactid"]: self.contact(row)
            for row in rows["vtiger_contactdetails"]
            if self.alive(row["contactid"])
        }
        self.leads = {
            row["leadid"]: self.lead(row)
            for row in rows["vtiger_leaddetails"]
            if self.alive(row["leadid"]) and row["converted"] != 1
        }
        self.invited, self.parents = defaultdict(list), defaultdict(list)
        for row in rows["vtiger_cntactivityrel"]:
            self.invited[row["activityid"]].append(row["contactid"])
        for row in rows["vtiger_seactivityrel"]:
            self.parents[row["activityid"]].append(row["crmid"])

    def world(self) -> World:
        events = [row for row in self.all["vtiger_activity"] if self.alive(row["activityid"])]
        absent = ("call.direction",) if self.results else ("call.direction", "meeting.result")
        read = {
            table: of
            for table, of in self.all.items()
            if self.results or table != "vtiger_activitycf"
        }
        return World(
            free=FREE,
            words=WORDS,
            users=[self.user(row) for row in self.all["vtiger_users"]]
            + [User(str(row["groupid"]), False) for row in self.all["vtiger_groups"]],
            clients=[self.client(row) for row in self.accounts.values()],
            contacts=list(self.contacts.values()),
            leads=list(self.leads.values()),
            meetings=[self.event(row) for row in events if row["activitytype"] == "Meeting"],
            calls=[
                self.event(row)
                for row in events
                if row["activitytype"] in ("Call", "Mobile Call")
            ],
            deals=[
                self.deal(row)
                for row in self.all["vtiger_potential"]
                if self.alive(row["potentialid"])
            ],
            accounts={
                table: Counter(self.reason(table, row) for row in of)
                for table, of in read.items()
            },
            absent=frozenset(absent),
            led=True,
        )

    # -------------------------------------------------------------------------------------------- what is read at all

    def alive(self, number: Id) -> bool:
        return number in self.entities and self.entities[number]["deleted"] == 0

    def reason(self, table: str, row: Row) -> str:
        number = next(iter(row.values()))
        if table == "vtiger_crmentity":
            known = (*MODULES.values(), "Events")
            return (
                "deleted"
                if row["deleted"]
                else ""
                if row["setype"] in known
                else "record_of_another_module"
            )
        if table == "vtiger_currency_info":
            return (
                "deleted"
                if row["deleted"]
                else ""
                if row["defaultid"] == "-11"
                else "not_the_base_currency"
            )
        if table in ("vtiger_contactsubdetails", "vtiger_leadaddress"):
            return "of_no_record" if number in (77, 78) else ""
        if table not in MODULES:
            return ""
        if table == "vtiger_activity" and row["activitytype"] not in (
            "Meeting",
            "Call",
            "Mobile Call",
        ):
            return "no_meeting_or_call"
        if number not in self.entities:
            return "not_in_vtiger_crmentity"
        if not self.alive(number):
            return "deleted"
        return "converted" if table == "vtiger_leaddetails" and row["converted"] else ""

    # -------------------------------------------------------------------------------------------- records

    def user(self, row: Row) -> User:
        bosses = {str(one["id"]) for one in self.all["vtiger_users"] if one["deleted"] == 0}
        boss = row["reports_to_id"] if row["reports_to_id"] in bosses else ""
        return User(str(row["id"]), row["deleted"] == 0 and row["status"] == "Active", boss)

    def owner(self, number: Id) -> str:
        owner = self.entities[number]["smownerid"]
        return str(owner) if owner in self.users else ""

    def created(self, number: Id) -> datetime | None:
        return moment(self.entities[number]["createdtime"])

    def client(self, row: Row) -> Human:
        number, ways = (
            row["accountid"],
            [row[way] for way in ("phone", "otherphone", "email1", "email2")],
        )
        return Human(self.owner(number), self.created(number), row["accountname"], ways=ways)

    def contact(self, row: Row) -> Human:
        number, further = row["contactid"], self.phones.get(row["contactid"], {})
        owner = self.owner(number) or (
            self.owner(row["accountid"]) if row["accountid"] in self.accounts else ""
        )
        ways = [row.get(way) for way in ("phone", "mobile", "email", "secondaryemail")]
        ways += [further.get("homephone"), further.get("otherphone")]
        return Human(owner, self.created(number), row["lastname"], row["firstname"], ways)

    def lead(self, row: Row) -> Human:
        number, address = row["leadid"], self.addresses.get(row["leadid"], {})
        ways = [
            row["email"],
            row["secondaryemail"],
            address.get("phone"),
            address.get("mobile"),
        ]
        return Human(
            self.owner(number), self.created(number), row["lastname"], row["firstname"], ways
        )

    def event(self, row: Row) -> Event:
        """Its persons are the invited contacts, else whom it hangs on, of several the one with the lowest number."""
        number = row["activityid"]
        start, unread_start = self.joined(row["date_start"], row["time_start"])
        end, unread_end = self.joined(row["due_date"], row["time_end"])
        live = sorted(one for one in self.parents[number] if self.alive(one))
        hung = [one for one in live if self.entities[one]["setype"] in ("Contacts", "Leads")][
            :1
        ]
        invited = [self.contacts[one] for one in self.invited[number] if one in self.contacts]
        persons = invited or [
            known[one] for one in hung for known in (self.contacts, self.leads) if one in known
        ]
        return Event(
            self.owner(number), self.created(number), row["eventstatus"], start, end,
            subject=row["subject"], persons=persons,
            counterpart=bool(persons or any(one in self.accounts for one in live)), result=self.said.get(number),
            unread_start=unread_start, unread_end=unread_end,
        )  # fmt: skip

    def joined(self, day: str | None, time: str | None) -> tuple[datetime | None, bool]:
        """Day and time as an instant, and whether the time is none."""
        if day is None or day == ZERO_DAY:
            return None, False
        if blank(time):
            return datetime.fromisoformat(f"{day} 00:00:00"), False
        if (
            not re.fullmatch(r"\d?\d:\d\d(:\d\d)?", time or "")
            or int((time or "").split(":")[0]) > 23
        ):
            return None, True
        hours, minutes, *seconds = map(int, (time or "").split(":"))
        return datetime.fromisoformat(day).replace(
            hour=hours, minute=minutes, second=(*seconds, 0)[0]
        ), False

    def deal(self, row: Row) -> Deal:
        number, closed = row["potentialid"], day(row["closingdate"])
        return Deal(
            self.owner(number), self.created(number), row["potentialname"], row["related_to"] in self.accounts,
            row["sales_stage"], row["amount"], self.currency, closed,
            unread_closed=row["closingdate"] == UNREADABLE,
        )  # fmt: skip
