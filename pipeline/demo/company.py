"""The demo's company: its people, what they do, and how carefully they write it down."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.demo import words

Row = dict[str, str | int | None]
Test = Callable[[Row], bool]

DEMO_ZONE: Final = "Europe/Amsterdam"
"""The zone of the demo's company."""

_ZONE: Final = ZoneInfo(DEMO_ZONE)
MORNING: Final = 9  # the local hour of `today` up to which things have happened
_AHEAD_DAYS: Final = 60
_SIZES: Final = {"clients": 1_800, "contacts": 3_500, "leads": 900, "deals": 1_600}
_EVENTS: Final = {
    "past meetings": 5_640,
    "planned meetings": 360,
    "past calls": 5_800,
    "planned calls": 200,
}
_LONG_ID: Final = 305184080441754059  # beyond 2**53: as floats, two such ids would be equal
# the rows with such an id, including some of the careless star
_LONG_NUMBERS: Final = (100, 101, 200, 201, 900, 901)


def text_of(instant: datetime) -> str:
    return instant.isoformat(" ", "seconds")[:19]  # without the zone


def owner_of(row: Row) -> str:
    return str(row.get("owner_id") or "")


def exposed(row: Row) -> bool:
    """Whether reports show the row: an active manager's, no private person, already happened."""
    happened = row.get("status", "done") in ("done", "held", "new", "contacted")
    return happened and owner_of(row) in words.ACTIVE and row.get("kind") != "person"


def days_between(first: date, after_last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((after_last - first).days)]


def working_days(days: Iterable[date]) -> list[date]:
    return [day for day in days if day.weekday() < 5]


def next_month(day: date) -> date:
    """The first day of the month after."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


class Company:
    """The rows in the making. Everything random comes from one generator, in one order."""

    def __init__(self, today: date, seed: int) -> None:
        self.today = today
        self.rng = random.Random(seed)  # noqa: S311 - the same demo every time is the point
        self.month = today.replace(day=1)
        self.now = self.at(today, MORNING)
        self.rows: dict[str, list[Row]] = {table: [] for table in words.TABLES}
        self.care = {seller.id: seller.care for seller in words.SELLERS}
        self.kept: set[int] = set()  # id() of rows that no further dirt may touch
        self.long_ids = count(_LONG_ID)
        self.imported: set[int] = set()  # id() of the clients with which the CRM began
        past = days_between(today - timedelta(days=words.PAST_DAYS), today + timedelta(days=1))
        self.past = [day for day in past if day.weekday() < 5]
        # a month that began in this weekend: somebody worked today
        if self.past[-1] < self.month:
            self.past.append(today)
        self.ahead = working_days(
            days_between(today + timedelta(days=1), today + timedelta(days=_AHEAD_DAYS + 1))
        )
        self.presence = {seller.id: self._presence(seller) for seller in words.SELLERS}
        self.books: dict[tuple[str, str], tuple[list[str], list[Row]]] = {}

    # --- small things -------------------------------------------------------------------------

    def at(self, day: date, hour: int, minute: int = 0, second: int = 0) -> str:
        """A local time as text in UTC."""
        return text_of(datetime.combine(day, time(hour, minute, second), _ZONE).astimezone(UTC))

    def past_moment(self, day: date) -> str:
        """A moment in that day's office hours; of today only the first hour has passed."""
        hour = MORNING - 1 if day == self.today else self.rng.randint(8, 17)
        return self.at(day, hour, self.rng.randrange(60), self.rng.randrange(60))

    def _presence(self, seller: words.Seller) -> list[date]:
        """The past days on which the seller wrote anything."""
        first, last = (
            self.today - timedelta(days=seller.joined),
            self.today - timedelta(days=seller.left),
        )
        days = [day for day in self.past if first <= day <= last]
        if seller.writes == 1.0:
            return days
        recent = self.rng.sample(days[-10:], 4)  # silent on six of the last ten days
        return sorted(
            recent + self.rng.sample(days[:-10], int(len(days[:-10]) * seller.writes))
        )

    def earlier(self, owner: str, day: date, low: int, high: int) -> date:
        """A day of the owner's presence, `low` to `high` of such days
        before; at most their first.
        """
        days = self.presence[owner]
        return days[max(0, bisect_right(days, day) - 1 - self.rng.randint(low, high))]

    def _shares(self, total: int) -> list[tuple[words.Seller, int]]:
        """`total` divided over the sellers by pace and presence."""
        weights = [
            seller.pace * len(self.presence[seller.id]) / seller.writes
            for seller in words.SELLERS
        ]
        return [
            (s, round(total * w / sum(weights)))
            for s, w in zip(words.SELLERS, weights, strict=True)
        ]

    def _busy(self, number: int) -> list[str]:
        """Draws that many active sellers, weighted by pace."""
        working = [seller for seller in words.SELLERS if seller.state == "active"]
        return [s.id for s in self.rng.choices(working, [s.pace for s in working], k=number)]

    def _add(self, table: str, **values: str | int | None) -> Row:
        """A new row. A handful of ids look like long numbers."""
        number = len(self.rows[table]) + 1
        long = number in _LONG_NUMBERS and table in ("clients", "contacts", "meetings", "deals")
        prefix = {"contacts": "p", "calls": "k", "meeting_contacts": "i", "changes": "h"}.get(
            table, table[0]
        )
        row: Row = {
            "id": str(next(self.long_ids)) if long else f"{prefix}{number:06d}",
            **values,
        }
        self.rows[table].append(row)
        return row

    def _book(self, table: str, owner: str, moment: str) -> Row | None:
        """A row of the owner's that existed at that moment, if any."""
        if (table, owner) not in self.books:
            own = [row for row in self.rows[table] if owner_of(row) == owner]
            own.sort(key=lambda row: str(row["created_at"]))
            self.books[table, owner] = [str(row["created_at"]) for row in own], own
        keys, rows = self.books[table, owner]
        known = bisect_right(keys, moment)
        return rows[self.rng.randrange(known)] if known else None

    def chance(self, share: float, owner: str) -> bool:
        """Whether the owner leaves it out; an average owner does in `share` of cases."""
        return self.rng.random() < min(0.92, share * self.care.get(owner, 1.0))

    # --- who ----------------------------------------------------------------------------------

    def hire(self) -> None:
        began = self.at(self.today - timedelta(days=words.PAST_DAYS + 5), 9)
        for team, name, leader in words.TEAMS:
            self.rows["teams"].append(
                {"id": team, "name": name, "leader_id": leader, "created_at": began}
            )
        for s in words.SELLERS:
            joined = (
                began
                if s.joined == words.PAST_DAYS
                else self.at(self.today - timedelta(days=s.joined), 9)
            )
            row: Row = {
                "id": s.id,
                "first_name": s.first,
                "last_name": s.last,
                "team_id": s.team,
                "created_at": joined,
            }
            row |= {
                "email": f"{words.slug(s.first)}.{words.slug(s.last)}@example.com",
                "is_system": 0,
            }
            row |= {
                "is_active": int(s.state == "active"),
                "is_deleted": int(s.state == "deleted"),
            }
            self.rows["users"].append(row)
        system: Row = {
            "id": words.SYSTEM,
            "first_name": "Web form",
            "last_name": "",
            "is_active": 1,
            "is_system": 1,
        }
        self.rows["users"].append(system | {"created_at": began})

    def win_clients(self) -> None:
        """A third came with the import on the first day; the others as they were won."""
        for seller, number in self._shares(_SIZES["clients"]):
            days = self.presence[seller.id]
            for _ in range(number):
                imported = seller.joined == words.PAST_DAYS and self.rng.random() < 0.35
                created = (
                    self.at(self.past[0], 7)
                    if imported
                    else self.past_moment(self.rng.choice(days))
                )
                name, domain = words.company(self.rng)
                row: Row = {
                    "kind": "company",
                    "name": name,
                    "phone": words.phone(self.rng, name),
                    "email": f"info@{domain}",
                }
                if self.rng.random() < 0.15:
                    row = {"kind": "person", **words.person(self.rng, "mail.example")}
                    row["name"] = f"{row['first_name']} {row['last_name']}"
                made = self._add("clients", owner_id=seller.id, created_at=created, **row)
                made |= {"city": self.rng.choice(words.CITIES), "domain": domain}
                self.imported |= {id(made)} if imported else set()

    def meet_contacts(self) -> None:
        """People of the companies, and some of none."""
        companies = [row for row in self.rows["clients"] if row["kind"] == "company"]
        for _ in range(_SIZES["contacts"]):
            client = self.rng.choice(companies)
            owner, created = owner_of(client), str(client["created_at"])
            if self.rng.random() < 0.6:  # entered later than the company itself
                later = self.past_moment(self.rng.choice(self.presence[owner]))
                created = max(created, later)
            bound = self.rng.random() < 0.95
            person = words.person(self.rng, str(client["domain"]) if bound else "mail.example")
            row = self._add("contacts", owner_id=owner, created_at=created, **person)
            row["client_id"] = client["id"] if bound else None

    def inherit(self) -> None:
        """The newcomer got clients of the one who left, with their contacts and gaps."""
        theirs = [row for row in self.rows["clients"] if owner_of(row) == words.LEAVER]
        passed = {row["id"] for row in theirs[: len(theirs) // 2]}
        day = self.presence[words.NEWCOMER][0]
        for table, key in (("clients", "id"), ("contacts", "client_id")):
            for row in self.rows[table]:
                if owner_of(row) == words.LEAVER and row[key] in passed:
                    row["owner_id"] = words.NEWCOMER
                    self.change(
                        table,
                        row,
                        "owner_id",
                        words.LEAVER,
                        words.NEWCOMER,
                        "u07",
                        self.at(day, 10),
                    )

    def gather_leads(self) -> None:
        """People who are nobody's client yet; a third has been converted.
        The web form owns a few.
        """
        for seller, number in self._shares(_SIZES["leads"]):
            for _ in range(number):
                owner = words.SYSTEM if self.rng.random() < 0.03 else seller.id
                status = self.rng.choices(
                    ("new", "contacted", "converted", "dropped"), (30, 25, 32, 13)
                )[0]
                name, domain = words.company(self.rng)
                created = self.past_moment(self.rng.choice(self.presence[seller.id]))
                person = words.person(self.rng, domain)
                self._add(
                    "leads",
                    owner_id=owner,
                    status=status,
                    company=name,
                    created_at=created,
                    **person,
                )

    # --- what happens -------------------------------------------------------------------------

    def start(self, day: date) -> datetime:
        """The local start of an event, in quarters of an hour; now and then on the Saturday."""
        if (
            day.weekday() == 4
            and day + timedelta(days=1) < self.today
            and self.rng.random() < 0.1
        ):
            day += timedelta(days=1)
        hour = self.rng.randint(8, 17)
        if day == self.today:  # 08:00 to 08:30 has passed
            return datetime.combine(day, time(MORNING - 1, self.rng.choice((0, 15, 30))), _ZONE)
        return datetime.combine(day, time(hour, self.rng.choice((0, 15, 30, 45))), _ZONE)

    def _future_start(self) -> datetime:
        """A start after the moment of the demo: soon more often than
        late, later today included.
        """
        days = [self.today, *self.ahead] if self.today.weekday() < 5 else self.ahead
        day = days[min(int(self.rng.expovariate(1 / 12)), len(days) - 1)]
        return datetime.combine(
            day, time(self.rng.randint(10, 16), self.rng.choice((0, 30))), _ZONE
        )

    def hold_meetings(self) -> None:
        for seller, number in self._shares(_EVENTS["past meetings"]):
            late = min(0.08, 0.015 * seller.care)  # share that was never concluded
            for _ in range(number):
                day = self.rng.choice(self.presence[seller.id])
                weights = (83 * (1 - late), 10, 7, 100 * late)
                status = self.rng.choices(("held", "cancelled", "no show", "planned"), weights)[
                    0
                ]
                self.add_meeting(
                    seller.id, self.start(day), status, self.earlier(seller.id, day, 1, 12)
                )
        for owner in self._busy(_EVENTS["planned meetings"]):
            self.add_meeting(
                owner,
                self._future_start(),
                "planned",
                self.rng.choice(self.presence[owner][-12:]),
            )

    def add_meeting(self, owner: str, start: datetime, status: str, made: date) -> Row:
        """With contacts of one client, or a lead, or a private person, or
        (carelessly) with nobody.
        """
        begin, created = text_of(start.astimezone(UTC)), self.past_moment(made)
        row = self._add(
            "meetings",
            owner_id=owner,
            subject=self.rng.choice(words.SUBJECTS),
            status=status,
            starts_at=begin,
        )
        row["ends_at"] = text_of(
            (start + timedelta(minutes=self.rng.choice((30, 60, 60, 90)))).astimezone(UTC)
        )
        row["created_at"] = min(begin, created)
        if status == "held":
            row["result"] = (
                f"{self.rng.choice(words.RESULTS)}; {self.rng.choice(words.NEXT_STEPS)}."
            )
        if self.chance(words.NO_CONTACT, owner):
            return row
        kind = self.rng.random()
        lead = self._book("leads", owner, str(row["created_at"])) if kind < 0.1 else None
        client = self._book("clients", owner, begin) if 0.1 <= kind < 0.25 else None
        if lead is not None:
            row["lead_id"] = lead["id"]
        elif client is not None and client["kind"] == "person":
            row["client_id"] = client["id"]
        else:
            self._invite(row, owner, begin)
        return row

    def _invite(self, meeting: Row, owner: str, moment: str) -> None:
        """One contact, sometimes a second one of theirs."""
        first = self._book("contacts", owner, moment)
        second = self._book("contacts", owner, moment) if self.rng.random() < 0.15 else None
        for contact in (first, second if second is not first else None):
            if contact is not None:
                self._add(
                    "meeting_contacts", meeting_id=meeting["id"], contact_id=contact["id"]
                )
                meeting["client_id"] = meeting.get("client_id") or contact["client_id"]

    def make_calls(self) -> None:
        for seller, number in self._shares(_EVENTS["past calls"]):
            for _ in range(number):
                day = self.rng.choice(self.presence[seller.id])
                status = self.rng.choices(("done", "cancelled", "planned"), (92, 5, 3))[0]
                self._call(seller.id, self.start(day), status, day)
        for owner in self._busy(_EVENTS["planned calls"]):
            self._call(
                owner,
                self._future_start(),
                "planned",
                self.rng.choice(self.presence[owner][-12:]),
            )

    def _call(self, owner: str, start: datetime, status: str, made: date) -> None:
        begin = text_of(start.astimezone(UTC))
        contact = self._book("contacts", owner, begin)
        self._add(
            "calls",
            owner_id=owner,
            contact_id=contact["id"] if contact else None,
            client_id=contact["client_id"] if contact else None,
            direction=self.rng.choices(("out", "in"), (3, 1))[0],
            subject=self.rng.choice(words.CALL_SUBJECTS),
            status=status,
            starts_at=begin,
            ends_at=text_of(
                (start + timedelta(minutes=self.rng.randint(1, 25))).astimezone(UTC)
            ),
            created_at=begin if status == "done" else min(begin, self.past_moment(made)),
        )

    # --- deals --------------------------------------------------------------------------------

    def close_deals(self) -> None:
        """Won ones month by month, the open stock, and lost ones up to the promised number."""
        for seller in words.SELLERS:
            for month in sorted({day.replace(day=1) for day in self.presence[seller.id]}):
                days = [day for day in self.presence[seller.id] if day.replace(day=1) == month]
                for _ in range(self._wins(seller, month, len(days))):
                    self._deal(seller.id, "won", self.rng.choice(days), 8, 70)
            for number in range(seller.open_deals):
                self._open_deal(seller, number < seller.overdue)
        careless = [seller for seller in words.SELLERS if seller.state == "active"]
        for seller in self.rng.choices(careless, [min(s.care, 3) for s in careless], k=14):
            deal = self._deal(
                seller.id, "won", self.earlier(seller.id, self.today, 0, 15), 8, 30
            )
            deal["closed_on"] = None  # won, and in no month
            self.kept.add(id(deal))
        for seller, lost in self._shares(_SIZES["deals"] - len(self.rows["deals"])):
            for _ in range(lost):
                self._deal(seller.id, "lost", self.rng.choice(self.presence[seller.id]), 5, 50)

    def _wins(self, seller: words.Seller, month: date, days: int) -> int:
        """How many deals the seller wins in that month, of which they were there so many days."""
        if month < self.month:
            whole = min(1.0, days / (18 * seller.writes))
            return round(
                seller.wins * whole * self.rng.uniform(0.75, 1.15) * max(1.0, seller.form)
            )
        elapsed = len([day for day in self.past if day >= month])
        if seller.id == words.STAR:  # 9 of 8, and on the first days of a month on the way
            return min(seller.wins + 1, elapsed + 2)
        share = elapsed / max(
            elapsed, len(working_days(days_between(month, next_month(month))))
        )
        return max(1, round(seller.wins * share * seller.form)) if seller.form else 0

    def _deal(self, owner: str, stage: str, closed: date, low: int, high: int) -> Row:
        """A deal created `low` to `high` of the owner's days before it closed."""
        created = self.past_moment(self.earlier(owner, closed, low, high))
        client = self._book("clients", owner, created)
        name = self.rng.choice(words.DEAL_NAMES)
        return self._add(
            "deals",
            owner_id=owner,
            client_id=client["id"] if client else None,
            name=f"{name} {str(client['name'] or '').strip()}".strip() if client else name,
            stage=stage,
            amount_cents=5_000 * max(1, round(self.rng.lognormvariate(4.7, 0.7))),
            currency="EUR",
            closed_on=closed.isoformat(),
            created_at=created,
        )

    def _open_deal(self, seller: words.Seller, overdue: bool) -> None:
        """An open deal; its close day is an expectation, already past if overdue."""
        last = self.presence[seller.id][-1]
        deal = self._deal(
            seller.id,
            self.rng.choices(words.OPEN, (3, 4, 3))[0],
            last,
            20 if overdue else 0,
            80,
        )
        created = date.fromisoformat(str(deal["created_at"])[:10])
        if overdue:
            closed = max(created, self.today - timedelta(days=self.rng.randint(1, 60)))
            closed = min(closed, self.today - timedelta(days=1))
        else:
            closed = self.today + timedelta(days=self.rng.randint(1, 75))
        deal["closed_on"] = closed.isoformat()

    # --- the audit trail ----------------------------------------------------------------------

    def change(
        self,
        table: str,
        row: Row,
        field: str,
        old: str | None,
        new: str,
        user: str,
        moment: str,
    ) -> None:
        """Somebody changed a field."""
        made: Row = {
            "table_name": table,
            "record_id": row["id"],
            "field": field,
            "old_value": old,
        }
        self.rows["changes"].append(
            made | {"new_value": new, "user_id": user, "changed_at": moment}
        )
