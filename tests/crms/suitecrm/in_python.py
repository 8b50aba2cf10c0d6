"""The figures that are hardest in SQL once more: raw rows, and plain Python that decides and counts.

Names of the counts are those of by_hand, so that the two can be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.crms.suitecrm.by_hand import Counts, Setting
from tests.crms.suitecrm.database import Database, Row

SPACES = frozenset(
    map(chr, (*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x2010),
              0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF))
)  # fmt: skip
PHONES = ("phone_mobile", "phone_work", "phone_home", "phone_other")
LACKING = ("last_name", "first_name", "contact_details")
DIGITS = {"JPY": 0, "KWD": 3}


def blank(text: str | None) -> bool:
    return all(letter in SPACES for letter in text or "")


ZERO = (None, "0000-00-00", "0000-00-00 00:00:00")


def moment(value: Any) -> datetime | None:
    """The driver gives a zero date as a text."""
    return value if isinstance(value, datetime) else None


class Rows:
    """The live rows of SuiteCRM's tables, as they are."""

    def __init__(self, database: Database, setting: Setting) -> None:
        self.setting = setting
        self.as_of = datetime.fromisoformat(setting.as_of)
        live = {
            table: database.rows(f"SELECT * FROM {table} WHERE deleted = 0")
            for table in ("accounts", "contacts", "leads", "meetings", "opportunities", "currencies",
                          "meetings_contacts", "meetings_leads", "accounts_contacts",
                          "email_addresses", "email_addr_bean_rel")
        }  # fmt: skip
        self.live = live
        self.users = {row["id"] for row in database.rows("SELECT id FROM users")}
        self.results = {
            row["id_c"]: row["result_c"] for row in database.rows("SELECT * FROM meetings_cstm")
        }
        self.accounts = {row["id"]: row for row in live["accounts"]}
        texts = {row["id"]: row["email_address"] for row in live["email_addresses"]}
        self.emails: dict[tuple[str, str], list[str | None]] = defaultdict(list)
        for row in live["email_addr_bean_rel"]:
            self.emails[row["bean_module"], row["bean_id"]].append(
                texts.get(row["email_address_id"])
            )
        leads = [
            row
            for row in live["leads"]
            if not row["converted"] and row["status"] != "Converted"
        ]
        self.persons = {
            ("Contacts", row["id"]): self.lacks("Contacts", row) for row in live["contacts"]
        }
        self.persons |= {("Leads", row["id"]): self.lacks("Leads", row) for row in leads}

    def owner(self, row: Row) -> str:
        return row["assigned_user_id"] if row["assigned_user_id"] in self.users else ""

    def lacks(self, module: str, row: Row) -> tuple[bool, bool, bool]:
        """Last name, first name, contact details."""
        ways = [row[phone] for phone in PHONES] + self.emails[module, row["id"]]
        return blank(row["last_name"]), blank(row["first_name"]), all(map(blank, ways))

    # -------------------------------------------------------------------------------------------- counts

    def counts(self) -> Counts:
        """Complete meetings with what the others lack, contacts by owner, and amounts."""
        counts: Counts = defaultdict(lambda: defaultdict(int))
        self.meetings(counts)
        self.contacts(counts)
        self.deals(counts)
        return counts

    def meetings(self, counts: Counts) -> None:
        attending: Mapping[str, list[tuple[str, str]]] = defaultdict(list)
        for table, module, column in (
            ("meetings_contacts", "Contacts", "contact_id"),
            ("meetings_leads", "Leads", "lead_id"),
        ):
            for link in self.live[table]:
                attending[link["meeting_id"]].append((module, link[column]))
        first, after = map(datetime.fromisoformat, (self.setting.first, self.setting.after))
        for row in self.live["meetings"]:
            start = moment(row["date_start"])
            unreadable = start is None and row["date_start"] not in ZERO
            day = start or (None if unreadable else moment(row["date_entered"]))
            if (
                row["status"] != "Held"
                or day is None
                or not first <= day < after
                or day > self.as_of
            ):
                continue
            if start is None or start <= self.as_of:
                lacking = self.lacking(row, start, attending[row["id"]])
                for what in (
                    "meetings_held",
                    *(f"meetings_lacking/{what}" for what in lacking),
                ):
                    counts[what][self.owner(row)] += 1
                counts["meetings_complete"][self.owner(row)] += not lacking

    def lacking(
        self, row: Row, start: datetime | None, invited: Iterable[tuple[str, str]]
    ) -> list[str]:
        """What a held meeting lacks; of several contacts the one who lacks least speaks for it."""
        found = [self.persons[who] for who in invited if who in self.persons]
        if not found and (parent := (row["parent_type"], row["parent_id"])) in self.persons:
            found = [self.persons[parent]]
        # of equals: the one whose gaps come first in the order last name, first name, contact details
        best = min(
            found, key=lambda lacks: (sum(lacks), lacks[::-1]), default=(True, True, True)
        )
        lacking = [what for what, lacks in zip(LACKING, best, strict=True) if lacks]
        lacking += ["date"] * (start is None and row["date_start"] in ZERO) + [
            "subject"
        ] * blank(row["name"])
        return lacking + ["result"] * blank(self.results.get(row["id"]))

    def contacts(self, counts: Counts) -> None:
        clients: Mapping[str, list[str]] = defaultdict(list)
        for link in self.live["accounts_contacts"]:
            if link["account_id"] in self.accounts:
                clients[link["contact_id"]].append(link["account_id"])
        for row in self.live["contacts"]:
            of = sorted(clients[row["id"]], key=str.encode)[:1]
            owner = self.owner(row) or (self.owner(self.accounts[of[0]]) if of else "")
            counts["contacts"][owner] += 1
            for what, lacks in zip(
                ("last_name", "first_name", "details"),
                self.persons["Contacts", row["id"]],
                strict=True,
            ):
                counts[f"missing base/contact.{what}"][owner] += lacks

    def deals(self, counts: Counts) -> None:
        codes = {row["id"]: row["iso4217"] for row in self.live["currencies"]}
        first, after, today = map(
            date.fromisoformat,
            (self.setting.first_day, self.setting.after_day, self.setting.today),
        )
        for row in self.live["opportunities"]:
            owner, closed, stage = self.owner(row), row["date_closed"], row["sales_stage"]
            closed = closed if isinstance(closed, date) else None
            code = (
                self.setting.currency
                if row["currency_id"] in (None, "", "-99")
                else codes.get(row["currency_id"])
            )
            # the shortest text of a float is its repr
            units = Decimal(repr(row["amount"] or 0.0)).scaleb(DIGITS.get(code or "", 2))
            readable = code is not None and units == units.to_integral_value()
            counts["unreadable/deal.amount"][owner] += (
                row["amount"] is not None and not readable
            )
            if not readable:
                continue
            if stage not in (
                "Closed Won",
                "Closed Lost",
                "closed won",
                "Closed Won ",
                "Signed",
            ) and not blank(stage):
                counts[f"deals_open_amount/{code}"][owner] += int(units)
            if stage == "Closed Won" and closed is None:
                name = (
                    "deals_won_undated"
                    if row["date_closed"] in ZERO
                    else "deals_won_unreadable_date"
                )
                counts[f"{name}_amount/{code}"][owner] += int(units)
            if (
                stage == "Closed Won"
                and closed is not None
                and first <= closed < after
                and closed <= today
            ):
                counts[f"deals_won_amount/{code}"][owner] += int(units)
