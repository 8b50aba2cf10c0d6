"""Dirt of every kind, laid over the clean dump: a seeded set of further rows, all of them around March 2027.

The dump's own records lie on either side of it. Each manager gets every kind of record; users who are no managers, and
ids of nobody, get some too. Nothing here knows how anything is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import combinations_with_replacement, product
from random import Random
from typing import Any

from tests.crms.suitecrm.database import Database, Row

MANAGERS = (
    "seed_chris_id", "seed_max_id", "seed_sally_id", "seed_sarah_id", "seed_will_id", "m-nina", "M-Omar",
)  # fmt: skip
USERS: tuple[Row, ...] = (
    {
        "id": "m-nina",
        "first_name": "Nina",
        "last_name": "Nowak",
        "status": "Active",
        "reports_to_id": None,
    },
    {
        "id": "M-Omar",
        "first_name": " ",
        "last_name": "Omar",
        "status": "Active",
        "reports_to_id": "u-absent",
    },
    {
        "id": "m-plan",
        "first_name": "Only",
        "last_name": "Planned",
        "status": "Active",
        "reports_to_id": "seed_will_id",
    },
    {
        "id": "m-idle",
        "first_name": "No",
        "last_name": "Records",
        "status": "Active",
        "reports_to_id": "seed_will_id",
    },
    {
        "id": "u-gone",
        "first_name": "In",
        "last_name": "Active",
        "status": "Inactive",
        "reports_to_id": "seed_jim_id",
    },
    {
        "id": "u-deleted",
        "first_name": "De",
        "last_name": "Leted",
        "status": "Active",
        "deleted": 1,
    },
    {
        "id": "u-group",
        "first_name": "",
        "last_name": "Sales group",
        "status": "Active",
        "is_group": 1,
    },
    {
        "id": "u-portal",
        "first_name": "Por",
        "last_name": "Tal",
        "status": "Active",
        "portal_only": 1,
    },
    {"id": "u-blank", "first_name": None, "last_name": "No status", "status": None},
)
ODD_OWNERS = (
    "u-gone",
    "u-deleted",
    "u-group",
    "u-portal",
    "u-blank",
    "u-absent",
    "u absent",
    "",
    None,
)

BLANKS = (None, "", " ", "   ", "\t", "\r\n", "\x1c", "\x85", "\u00a0", "\u1680", "\u180e", "\u2003", "\u200b",
          "\u200f", "\u2028", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff", " \u00a0\u3000\u200b ")  # fmt: skip
LOOK_BLANK = (
    "-",
    ".",
    "0",
    "\u00ad",
    "\u2800",
    "\u3164",
    "n/a",
    " x",
    "\u00a0é\u00a0",
)  # and are not

EDGES = tuple(
    datetime.fromisoformat(text)
    for text in (
        "2027-02-28 23:00:00", "2027-03-31 22:00:00", "2027-04-02 22:00:00",  # Amsterdam: month, seven days
        "2027-02-28 15:00:00", "2027-03-31 15:00:00", "2027-04-03 15:00:00", "2027-01-31 15:00:00",  # Tokyo
        "2027-03-01 08:00:00", "2027-04-01 07:00:00", "2027-04-03 07:00:00",  # Los Angeles
        "2027-03-10 08:00:00", "2027-03-20 07:00:00",  # Los Angeles: the partial period, over the clock's change
        "2027-03-26 22:30:00",  # the as-of of the tests
    )
)  # fmt: skip
ZERO = "0000-00-00 00:00:00"
MONTHLESS = "2027-00-10 00:00:00"  # which MariaDB keeps where it is not told to be strict
DAY_EDGES = tuple(date(2027, *rest) for rest in ((2, 28), (3, 1), (3, 9), (3, 10), (3, 19), (3, 20), (3, 26), (3, 27),
                                                 (3, 28), (3, 31), (4, 1), (1, 31), (2, 1)))  # fmt: skip
AMOUNTS = (1.005, 12345678901234.86, 0.1 + 0.2, 0.29, 1.15, 4.35, 1e14, 25000.0, 0.0, -50.5, 1234567.891, 99.999,
           8.41, 1e-7, 333.0, 2.675)  # fmt: skip
CURRENCIES: tuple[Row, ...] = (
    {"id": "cur-jpy", "name": "Yen", "iso4217": "JPY", "deleted": 0},
    {"id": "cur-kwd", "name": "Dinar", "iso4217": "KWD", "deleted": 0},
    {"id": "cur-usd", "name": "Dollar", "iso4217": "USD", "deleted": 0},
    {
        "id": "cur-gone",
        "name": "Franc",
        "iso4217": "CHF",
        "deleted": 1,
    },  # no deal has it: see test_disputes
)
CURRENCY_IDS = ("-99", "-99", None, "", "cur-jpy", "cur-kwd", "cur-usd")
EVENT_STATUSES = (
    "Planned",
    "Held",
    "Not Held",
    "held",
    "Held ",
    "HELD",
    "Cancelled",
    " Planned",
)
STAGES = (
    "Prospecting",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
    "closed won",
    "Closed Won ",
    "Signed",
)

TABLES = (
    """CREATE TABLE currencies (id char(36) NOT NULL PRIMARY KEY, name varchar(36), symbol varchar(36),
       iso4217 varchar(3), conversion_rate double DEFAULT 1, status varchar(100), deleted tinyint(1) DEFAULT 0)""",
    """CREATE TABLE meetings_leads (id varchar(36) NOT NULL PRIMARY KEY, meeting_id varchar(36), lead_id varchar(36),
       required varchar(1) DEFAULT '1', accept_status varchar(25), date_modified datetime,
       deleted tinyint(1) DEFAULT 0, KEY idx_lead_meeting (meeting_id))""",
    "CREATE TABLE meetings_cstm (id_c char(36) NOT NULL PRIMARY KEY, result_c text)",
)


def lay(database: Database, seed: int) -> None:
    """Adds the tables that the dump lacks, and the rows."""
    database.execute(*(table + " DEFAULT CHARSET=utf8mb3" for table in TABLES))
    for table, rows in Overlay(database, seed).rows.items():
        for columns in {tuple(row): None for row in rows}:
            database.insert(table, [row for row in rows if tuple(row) == columns])
    database.execute(
        # the dump's owners of a client and of its contacts are always the same, and none is missing
        "UPDATE contacts SET assigned_user_id = '' ORDER BY id LIMIT 30",
        "UPDATE accounts SET assigned_user_id = 'u-absent' ORDER BY id LIMIT 6",
        "UPDATE accounts_contacts SET deleted = 1 ORDER BY id LIMIT 15",
        "UPDATE email_addresses SET deleted = 1 ORDER BY id LIMIT 60",
        "UPDATE leads SET status = 'Converted' ORDER BY id DESC LIMIT 5",
    )
    lay_origins(database)


LOGGED = ("accounts", "contacts", "leads", "opportunities")
BEFORE = (
    "seed_chris_id",
    "seed_max_id",
    "seed_sally_id",
    "u-gone",
    "u-deleted",
    "u-group",
    "u-absent",
    "",
)
HANDED_ON = ("2027-01-31 14:59:59", "2027-02-20 08:00:00", "2027-03-01 09:00:00", "2027-03-26 22:30:00",
             "2027-03-26 22:30:01")  # fmt: skip


def lay_origins(database: Database) -> None:
    """Who made the records and who had them before, spread over them by checksums of their ids.

    60 clients, contacts and meetings each came in one minute, in one name.
    """
    for table in (*LOGGED, "meetings", "calls"):
        database.execute(
            f"UPDATE {table} SET created_by = CASE CRC32(id) % 9 WHEN 0 THEN 'u-group' WHEN 1 THEN 'u-portal'"
            " WHEN 2 THEN NULL WHEN 3 THEN 'u-absent' ELSE assigned_user_id END"
        )
    for table in ("accounts", "contacts", "meetings"):
        database.execute(
            f"UPDATE {table} SET created_by = 'm-nina', date_entered = '2027-03-12 10:15:30'"
            " WHERE date_entered > '2027-03-01' AND MONTH(date_entered) = 3 AND deleted = 0 ORDER BY id LIMIT 60"
        )
    for table in LOGGED:
        for turn, share in enumerate((3, 5)):
            database.execute(
                f"INSERT INTO {table}_audit (id, parent_id, date_created, field_name, before_value_string)"
                f" SELECT CONCAT('{turn}', LEFT(id, 35)), id, "
                f" ELT(1 + CRC32(CONCAT(id, {turn})) % 5, {_listed(HANDED_ON)}),"
                f" 'assigned_user_id', ELT(1 + CRC32(CONCAT({turn}, id)) % 9, {_listed(BEFORE)}, assigned_user_id)"
                f" FROM {table} WHERE CRC32(id) % {share} = 0"
            )


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


SUBJECTS = ("Ring", "Ring", "Ring", "Geen gehoor om 9u", " VoiceMail", "Reached: no answer")
"""Of calls: some begin with a word that says that nobody was reached."""


class Overlay:
    """The rows, table by table. Parents come first: what refers to them draws from their ids."""

    def __init__(self, database: Database, seed: int) -> None:
        self.random = Random(seed)
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.ids = {
            table: [
                row["id"]
                for row in database.rows(f"SELECT id FROM {table} ORDER BY id LIMIT 40")
            ]
            for table in ("accounts", "contacts", "leads")
        }
        self.users()
        self.rows["currencies"] = list(CURRENCIES)
        for owner in (*MANAGERS, *MANAGERS, *ODD_OWNERS):
            self.persons(owner)
        for owner in (*MANAGERS, *ODD_OWNERS):
            share = (
                1 if owner in MANAGERS else 4
            )  # an odd owner has a quarter of a manager's records
            self.meetings(owner, 64 // share)
            self.calls(owner, 40 // share)
            self.deals(owner, 72 // share)
        for owner in MANAGERS:
            self.surely(owner)
        self.pairs()
        self.under_way()
        self.edges()

    # -------------------------------------------------------------------------------------------- drawing

    def add(self, table: str, **values: Any) -> str:
        """One row; its id is readable, unique, and in no order."""
        letter = self.random.choice("aAbBzZ09")
        values.setdefault("id", f"{letter}-{table[:12]}-{len(self.rows[table]):05d}")
        self.rows[table].append(values)
        return str(values["id"])

    def entity(self, table: str, owner: str | None, **values: Any) -> str:
        """A record; one in twelve is deleted."""
        return self.add(
            table,
            **values,
            assigned_user_id=owner,
            date_entered=self.instant(),
            deleted=self.chance(1 / 12),
        )

    def chance(self, share: float) -> int:
        return int(self.random.random() < share)

    def pick(self, choices: Sequence[Any]) -> Any:
        return self.random.choice(choices)

    def word(self, said: str, blank: float) -> str | None:
        """A text, or a blank of some kind, or what only looks blank."""
        if self.chance(blank):
            return self.pick(BLANKS)
        return self.pick(LOOK_BLANK) if self.chance(0.05) else said

    def instant(self) -> str | None:
        """From the middle of January to the end of April; or none, or a zero date; sometimes a zone's edge."""
        if self.chance(0.12):
            return self.pick((None, ZERO))
        if self.chance(0.1):
            return str(self.pick(EDGES))
        return str(
            datetime(2027, 1, 15) + timedelta(minutes=15 * self.random.randrange(100 * 96))
        )

    def day(self) -> str | None:
        if self.chance(0.12):
            return self.pick((None, "0000-00-00"))
        return str(
            self.pick(DAY_EDGES)
            if self.chance(0.4)
            else date(2027, 1, 1) + timedelta(self.random.randrange(140))
        )

    # -------------------------------------------------------------------------------------------- records

    def users(self) -> None:
        defaults = {"deleted": 0, "is_group": 0, "portal_only": 0, "reports_to_id": None}
        for user in USERS:
            self.add("users", **{**defaults, **user})

    def persons(self, owner: str | None) -> None:
        """Clients, and contacts and leads with gaps of every kind and addresses that are live or not."""
        for _ in range(5):
            account = self.entity(
                "accounts",
                owner,
                name=self.word("Client", 0.25),
                **self.phones("office", "alternate"),
            )
            self.ids["accounts"].append(account)
            self.addresses("Accounts", account)
        for _ in range(9):
            # half of the contacts have no owner of their own who exists: then their client's owner counts
            own = owner if self.chance(0.5) else self.pick((None, "", "u-absent"))
            contact = self.entity("contacts", own, **self.person())
            self.ids["contacts"].append(contact)
            self.addresses("Contacts", contact)
            for _ in range(self.pick((0, 1, 1, 2, 3))):
                self.link(
                    "accounts_contacts",
                    "contact_id",
                    contact,
                    account_id=self.one_of("accounts"),
                )
        for _ in range(6):
            converted, status = self.pick(
                (
                    (0, "New"),
                    (0, None),
                    (1, "New"),
                    (0, "Converted"),
                    (0, "converted"),
                    (1, "Converted"),
                )
            )
            lead = self.entity(
                "leads", owner, **self.person(), converted=converted, status=status
            )
            self.ids["leads"].append(lead)
            self.addresses("Leads", lead)

    def person(self) -> Row:
        return {
            "first_name": self.word("Ada", 0.35),
            "last_name": self.word("Low", 0.3),
            **self.phones("mobile", "work", "home", "other"),
        }

    def phones(self, *kinds: str) -> Row:
        lacking = self.chance(0.55)
        return {
            f"phone_{kind}": self.pick(BLANKS) if lacking else self.word("020 123", 0.5)
            for kind in kinds
        }

    def addresses(self, module: str, record: str) -> None:
        for _ in range(self.pick((0, 0, 1, 2))):
            address = self.add(
                "email_addresses",
                email_address=self.word("a@b.example", 0.3),
                deleted=self.chance(0.2),
            )
            self.add(
                "email_addr_bean_rel",
                email_address_id=address if self.chance(0.95) else "absent",
                bean_id=record,
                bean_module=module
                if self.chance(0.85)
                else self.pick(("Users", "Prospects", None)),
                primary_address=self.chance(0.5),
                deleted=self.chance(0.2),
            )

    def one_of(self, table: str) -> str | None:
        """A record of that table, be it deleted; sometimes one that does not exist."""
        return (
            self.pick(("absent", "", None)) if self.chance(0.08) else self.pick(self.ids[table])
        )

    def link(self, table: str, column: str, record: str, **values: Any) -> None:
        self.add(table, **{column: record}, **values, deleted=self.chance(0.2))

    # -------------------------------------------------------------------------------------------- events

    def meetings(self, owner: str | None, number: int) -> None:
        for _ in range(number):
            kind = self.pick(
                (
                    "Accounts",
                    "Contacts",
                    "Contacts",
                    "Leads",
                    "Opportunities",
                    "contacts",
                    None,
                    "",
                )
            )
            table = kind.lower() if kind in ("Accounts", "Contacts", "Leads") else "contacts"
            self.meeting(
                owner,
                self.status(),
                self.instant(),
                parent_type=kind,
                parent_id=self.one_of(table),
                invited=self.pick((0, 0, 1, 2, 3)),
            )

    def meeting(
        self,
        owner: str | None,
        status: str | None,
        start: str | None,
        *,
        invited: int,
        **parent: Any,
    ) -> None:
        meeting = self.entity(
            "meetings", owner, name=self.word("Talk", 0.15), status=status,
            date_start=start, date_end=self.end(start), **parent,
        )  # fmt: skip
        for _ in range(invited):
            if self.chance(0.75):
                self.link(
                    "meetings_contacts",
                    "meeting_id",
                    meeting,
                    contact_id=self.one_of("contacts"),
                )
            else:
                self.link("meetings_leads", "meeting_id", meeting, lead_id=self.one_of("leads"))
        if self.chance(0.85):
            self.rows["meetings_cstm"].append(
                {"id_c": meeting, "result_c": self.word("They will order", 0.3)}
            )

    def calls(self, owner: str | None, number: int) -> None:
        for _ in range(number):
            kind = self.pick(("Accounts", "Contacts", "Leads", "Cases", "accounts", None))
            table = kind.lower() if kind in ("Accounts", "Contacts", "Leads") else "accounts"
            start = self.instant()
            call = self.entity(
                "calls", owner, name=self.word(self.pick(SUBJECTS), 0.1), status=self.status(),
                direction=self.word("Inbound", 0.3),
                date_start=start, date_end=self.end(start), parent_type=kind, parent_id=self.one_of(table),
            )  # fmt: skip
            for _ in range(self.pick((0, 0, 1, 2))):
                self.link("calls_contacts", "call_id", call, contact_id=self.one_of("contacts"))

    def status(self) -> str | None:
        weights = (30, 50, 10, 3, 3, 2, 3, 2, 6)
        status = self.random.choices((*EVENT_STATUSES, None), weights)[0]
        return status if status is not None else self.pick(BLANKS)

    def end(self, start: str | None) -> str | None:
        if start in (None, ZERO) or self.chance(0.3):
            return self.pick((None, ZERO))
        return str(
            datetime.fromisoformat(start) + timedelta(minutes=self.pick((0, 30, 60, 60 * 24)))
        )

    def surely(self, owner: str) -> None:
        """What chance gives too few of: complete meetings, and records without any date."""
        ada = self.add(
            "contacts",
            assigned_user_id=owner,
            last_name="Low",
            first_name="Ada",
            phone_work="020",
            date_entered=ZERO,
        )
        for day in ("02-09", "02-17", "03-02", "03-11", "03-12", "03-19", "03-25"):
            meeting = self.add(
                "meetings",
                assigned_user_id=owner,
                name="Talk",
                status="Held",
                date_start=f"2027-{day} 10:00:00",
            )
            self.add("meetings_contacts", meeting_id=meeting, contact_id=ada)
            self.rows["meetings_cstm"].append({"id_c": meeting, "result_c": "They will order"})
            self.deal_won(owner, f"2027-{day}")
        for table in ("meetings", "calls"):
            self.add(
                table,
                assigned_user_id=owner,
                name="When?",
                status="Held",
                date_start=ZERO,
                date_entered=None,
            )
        self.add("accounts", assigned_user_id=owner, name="Since when?", date_entered=None)
        self.add("leads", assigned_user_id=owner, last_name="Low", date_entered=ZERO)
        self.deal_won(owner, None)
        self.deal_won(owner, MONTHLESS[:10])
        for table in ("meetings", "calls"):
            self.add(table, assigned_user_id=owner, name="In what month?", status="Held", date_start=MONTHLESS,
                     date_end=MONTHLESS, date_entered="2027-03-10 10:00:00")  # fmt: skip
            self.add(
                table,
                assigned_user_id=owner,
                name="And this?",
                status="Odd",
                date_entered=MONTHLESS,
            )
        for table in ("accounts", "contacts", "leads"):
            self.add(table, assigned_user_id=owner, date_entered=MONTHLESS)

    def deal_won(self, owner: str, closed: str | None) -> None:
        for currency in ("-99", "cur-jpy", "cur-kwd", "cur-usd"):
            self.add(
                "opportunities", assigned_user_id=owner, name="Order", sales_stage="Closed Won", date_entered=None,
                date_closed=closed, amount=self.random.randrange(10**6), currency_id=currency,
            )  # fmt: skip

    def pairs(self) -> None:
        """Meetings with two contacts, for each pair of the eight ways in which a contact can be incomplete."""
        gaps = list(product((0, 1), repeat=3))
        persons = [
            self.add(
                "contacts", last_name=self.pick(BLANKS) if last else "Low", first_name=None if first else "Ada",
                phone_home=self.pick(BLANKS) if details else "020", assigned_user_id=self.pick(MANAGERS),
                date_entered="2027-01-20 09:00:00",
            )
            for last, first, details in gaps
        ]  # fmt: skip
        for pair in combinations_with_replacement(persons, 2):
            meeting = self.add(
                "meetings", assigned_user_id=self.pick(MANAGERS), name="Two", status="Held",
                date_start="2027-03-15 09:00:00",
            )  # fmt: skip
            for person in self.random.sample(pair, 2):
                self.add("meetings_contacts", meeting_id=meeting, contact_id=person)

    def under_way(self) -> None:
        """Planned meetings that end before, at or after the as-of at which they have begun or not."""
        as_of = EDGES[-1]
        for start, end in (
            (-60, 60),
            (-60, 0),
            (-60, -1),
            (-1, None),
            (0, 0),
            (0, 30),
            (30, -30),
            (None, -1),
            (None, 1),
        ):
            times = [
                None if m is None else str(as_of + timedelta(minutes=m)) for m in (start, end)
            ]
            self.add(
                "meetings", assigned_user_id=self.pick(MANAGERS), name="Now", status="Planned",
                date_start=times[0], date_end=times[1], date_entered="2027-03-20 09:00:00",
            )  # fmt: skip

    def edges(self) -> None:
        """One second before, at, and one second after each bound of each zone, held and planned."""
        for edge in EDGES:
            for seconds in (-1, 0, 1):
                for status in ("Held", "Planned"):
                    self.meeting(
                        self.pick(MANAGERS), status, str(edge + timedelta(seconds=seconds)),
                        parent_type="Contacts", parent_id=self.pick(self.ids["contacts"]), invited=self.pick((0, 1)),
                    )  # fmt: skip
                self.rows["accounts"].append(
                    {**self.rows["accounts"][0], "id": f"edge-{edge:%m%d%H}-{seconds}", "deleted": 0,
                     "assigned_user_id": self.pick(MANAGERS), "date_entered": str(edge + timedelta(seconds=seconds))}
                )  # fmt: skip

    # -------------------------------------------------------------------------------------------- deals

    def deals(self, owner: str | None, number: int) -> None:
        for _ in range(number):
            stage = self.random.choices((*STAGES, None), (20, 10, 40, 20, 3, 3, 3, 4))[0]
            amount = (
                self.pick(AMOUNTS) if self.chance(0.6) else self.random.randrange(10**7) / 100
            )
            deal = self.entity(
                "opportunities", owner, name=self.word("Order", 0.2),
                sales_stage=stage if stage is not None else self.pick(BLANKS),
                amount=None if self.chance(0.08) else amount, currency_id=self.pick(CURRENCY_IDS),
                date_closed=self.day(),
            )  # fmt: skip
            for _ in range(self.pick((0, 1, 1, 2))):
                self.link(
                    "accounts_opportunities",
                    "opportunity_id",
                    deal,
                    account_id=self.one_of("accounts"),
                )
