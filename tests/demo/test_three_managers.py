"""Score and base of three managers of the demo, by hand: a good one, a middling one and a bad one.

Every record is written down in three_managers.txt: of the score one a line, with its day and what it lacks; of the base
how many are alike. The rows of the demo are asserted to be still those; all else is arithmetic on these lines.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import load_audit
from pipeline.demo import write_demo
from pipeline.flows import run
from pipeline.model import RunResult
from pipeline.progress import Silence
from pipeline.reports.content.manager import manager_report
from tests.crms.suitecrm.in_python import blank
from tests.reports.test_openings import opened

MANAGERS = {"u07": "good", "u09": "middling", "u02": "bad"}
AS_OF = "2026-11-24 08:00:00"
FIRST = "2026-10-27 23:00:00"  # the midnight that begins 28 October: with as-of's own day the 28 days of the score
LINES = Path(__file__).parent / "three_managers.txt"

OWED = {
    "deal": {"name", "client", "stage", "amount", "close_date"},
    "meeting": {"date", "subject", "contact"},
    "held meeting": {"date", "subject", "contact", "result"},
    "contact": {"last_name", "first_name", "details"},
    "client": {"name", "details"},
    "call": {"date", "direction", "status", "counterpart"},
    "call to nobody": {"status"},
}
"""What each record owes, a point apiece."""
ADDRESS = re.compile(r"[a-z0-9.-]+@[a-z0-9.-]+\.example(\.com)?")
SHARES = {"deal": 30, "meeting": 30, "contact": 20, "client": 10, "call": 10}
KIND = {"held meeting": "meeting", "call to nobody": "call"}


# ------------------------------------------------------------------------------------------------ the arithmetic


@dataclass(frozen=True)
class Line:
    """So many records that owe the same and lack the same."""

    number: int
    what: str  # a key of OWED
    lacks: tuple[str, ...]  # 'result', or 'exempt result': not asked until a day

    @property
    def exempt(self) -> int:
        return sum(name.startswith("exempt ") for name in self.lacks)


def written(manager: str, part: str) -> list[Line]:
    """The lines of a manager: those of the score, or those of the base."""
    lines = []
    for text in LINES.read_text("utf-8").splitlines():
        who, where, rest = text.split(" | ", 2)
        if (who, where) != (manager, part):
            continue
        counted, what, lacks = rest.split(" | ")
        number = int(counted) if part == "base" else 1
        lines.append(Line(number, what, tuple(lacks.split(", ")) if lacks != "nothing" else ()))
    return lines


def points(lines: list[Line]) -> dict[str, tuple[int, int]]:
    """Kind -> points kept, points due."""
    by_kind = {}
    for kind in SHARES:
        own = [line for line in lines if KIND.get(line.what, line.what) == kind]
        due = sum(line.number * (len(OWED[line.what]) - line.exempt) for line in own)
        lost = sum(line.number * (len(line.lacks) - line.exempt) for line in own)
        by_kind[kind] = due - lost, due
    return by_kind


def whole(by_kind: dict[str, tuple[int, int]]) -> Fraction:
    """The mean of the kinds with 10 points due or more, weighted by their shares."""
    counting = [kind for kind, (_, due) in by_kind.items() if due >= 10]
    weighted = sum((SHARES[kind] * Fraction(*by_kind[kind]) for kind in counting), Fraction(0))
    return weighted / sum(SHARES[kind] for kind in counting)


@pytest.mark.parametrize("manager", MANAGERS, ids=MANAGERS.values())
@pytest.mark.parametrize("part", ["score", "base"])
def test_by_hand(demo: Demo, manager: str, part: str) -> None:
    by_kind = points(written(manager, part))
    figures = demo.result.figures
    prefix = "base_" if part == "base" else ""
    for kind, (kept, due) in by_kind.items():
        assert figures[f"{prefix}points_kept/{kind}@manager:{manager}"].numerator == kept
        assert figures[f"{prefix}points_due/{kind}@manager:{manager}"].numerator == due
    score = figures[f"{part}@manager:{manager}"]
    assert score.denominator is not None
    assert Fraction(score.numerator, score.denominator) == whole(by_kind)


def test_what_is_exempt_is_one_persons_and_shown_with_and_without(demo: Demo) -> None:
    """The bad one's: without the exception it would be asked, and is missing."""
    figures, (exempt,) = demo.result.figures, demo.exempt
    assert exempt[0] == "meeting"
    assert figures["field_exempt/meeting.result@manager:u02"].numerator == 1
    assert figures["field_exempt@company"].numerator == 1
    lines = written("u02", "score")
    assert sum(line.exempt for line in lines) == 1
    asked = [
        replace(line, lacks=tuple(name.removeprefix("exempt ") for name in line.lacks))
        for line in lines
    ]
    without = figures["score_without_exceptions@manager:u02"]
    assert Fraction(without.numerator, without.denominator or 0) == whole(points(asked))
    states = {use.line.state: use for use in demo.result.exceptions}
    assert sorted(use.outcome for use in demo.result.exceptions) == [
        "disputed",
        "exempt",
        "expired",
    ]
    assert states["disputed"].findings == 1


def test_they_are_a_good_a_middling_and_a_bad_one() -> None:
    good, middling, bad = (whole(points(written(who, "score"))) for who in MANAGERS)
    assert good > Fraction(96, 100) > middling > Fraction(80, 100) > Fraction(60, 100) > bad


@pytest.mark.parametrize("manager", MANAGERS, ids=MANAGERS.values())
def test_every_figure_of_their_pages_opens_its_records_or_its_rule(
    demo: Demo, manager: str
) -> None:
    (person,) = (person for person in demo.result.people if person.id == manager)
    report = manager_report(demo.result, person)
    leads = list(opened(report))
    assert len(leads) == len(list(report.figures())) > 60
    assert all(len(text) > 20 for *_, text in leads)
    targets = {target for _, target, _ in leads}
    assert {"#fix-now", "#about-score"} <= targets


def test_the_bad_ones_deals_one_by_one() -> None:
    """The shortest of the lists, as a reader would add it up."""
    lines = written("u02", "score")
    assert [len(line.lacks) for line in lines if line.what == "deal"] == [1, 2, 2, 1]
    assert points(lines)["deal"] == (4 * 5 - (1 + 2 + 2 + 1), 4 * 5)


# ------------------------------------------------------------------------------------------------ the same rows


class Demo:
    """The demo, its rows as they are, and what the program makes of it."""

    def __init__(self, folder: Path) -> None:
        write_demo(folder, date(2026, 11, 24))
        self.folder = folder
        self.tables: dict[str, list[dict[str, Any]]] = {}
        with closing(sqlite3.connect(folder / "crm.db")) as db:
            db.row_factory = sqlite3.Row
            for table in ("users", "clients", "contacts", "leads", "meetings", "meeting_contacts", "calls", "deals",
                          "changes"):  # fmt: skip
                rows = db.execute(f"SELECT * FROM {table} ORDER BY id")
                self.tables[table] = [
                    row for row in map(dict, rows) if not row.get("is_deleted")
                ]
        self.users = {row["id"]: row for row in self.tables["users"]} | {
            "u14": {"hired_on": None}
        }

    @cached_property
    def result(self) -> RunResult:
        """The figures, proven."""
        audit, data = load_audit(self.folder / "audit.yaml"), self.folder / "data"
        data.mkdir()
        at = datetime.fromisoformat(AS_OF).replace(tzinfo=UTC)
        run.extract(audit, data, clock=lambda: at, as_of=at, progress=Silence())
        return run.compute(data, run_id="test", progress=Silence())

    def lines(self) -> Iterator[str]:
        """What three_managers.txt should say."""
        every = list(self._judged())
        for manager in MANAGERS:
            judged = [record for record in every if record[0] == manager]
            for _, in_score, record, day, what, lacks in judged:
                if in_score:
                    yield f"{manager} | score | {record} of {day} | {what} | {lacks}"
            alike = Counter((what, lacks) for *_, what, lacks in judged)
            for (what, lacks), number in sorted(alike.items()):
                yield f"{manager} | base | {number} | {what} | {lacks}"

    def _judged(self) -> Iterator[tuple[str, bool, str, str, str, str]]:
        """(owner, in the score, id, day, what it is, what it lacks) of each record that owes something."""
        t = self.tables
        self.clients = {row["id"]: row for row in t["clients"]}
        self.persons = {row["id"] for row in t["contacts"]} | {
            row["id"] for row in t["leads"] if row["status"] != "converted"
        }
        yield from self._of("deals", "created_at", self._deal)
        yield from self._of("meetings", "starts_at", self._meeting)
        yield from self._of("contacts", "created_at", self._contact)
        yield from self._of("clients", "created_at", self._client)
        yield from self._of("calls", "starts_at", self._call)

    def _of(
        self, table: str, day: str, judge: Any
    ) -> Iterator[tuple[str, bool, str, str, str, str]]:
        for row in self.tables[table]:
            what, lacks = judge(row)
            if not what:
                continue  # a word for its state that nobody knows
            moment = row[day] or row["created_at"]
            in_score = (
                moment is not None and FIRST <= moment <= AS_OF and not self._apart(table, row)
            )
            owner = self._owner(table, row)
            lacking = [name for name, lacking in lacks.items() if lacking]
            said = (
                ", ".join(self._said(table, row["id"], name) for name in lacking) or "nothing"
            )
            yield owner, in_score, row["id"], str(moment)[:10], what, said

    def _said(self, table: str, record: str, name: str) -> str:
        is_exempt = (table.removesuffix("s"), record, name) in self.exempt
        return f"exempt {name}" if is_exempt else name

    @cached_property
    def exempt(self) -> set[tuple[str, str, str]]:
        """(kind, record, field) of the exceptions that are in force on the day of as-of."""
        with (self.folder / "exceptions.csv").open(encoding="utf-8", newline="") as file:
            return {
                (line["kind"], line["record"], line["rule"])
                for line in csv.DictReader(file)
                if line["state"] == "exempt" and line["until"] >= AS_OF[:10]
            }

    def _owner(self, table: str, row: dict[str, Any]) -> str:
        if row["owner_id"] in self.users:
            return str(row["owner_id"])
        client = self.clients.get(row["client_id"], {}) if table == "contacts" else {}
        return str(client.get("owner_id", "")) if client.get("owner_id") in self.users else ""

    def _apart(self, table: str, row: dict[str, Any]) -> bool:
        """Taken over in these days, made before its owner came, or made by a machine or in one go."""
        owner, made = self._owner(table, row), row["created_at"] or ""
        keys = {(table, row["id"])}
        if table == "contacts" and row["owner_id"] not in self.users:
            keys.add(("clients", row["client_id"]))
        handed = [change for key in keys for change in self._handed_over[key]]
        taken_over = any(
            change["changed_at"][:16] > made[:16] for change in handed
        ) and not any(change["old_value"] == owner for change in handed)
        hired = self.users.get(owner, {}).get("hired_on")
        return (
            taken_over
            or bool(hired and made and made[:10] < hired)
            or self._imported(table, row)
        )

    def _imported(self, table: str, row: dict[str, Any]) -> bool:
        maker = row["created_by"]
        if maker and self.users.get(maker, {}).get("is_system"):
            return True
        together = self._made_at_once[table, maker, str(row["created_at"])[:16]]
        return bool(maker) and together > 50

    @cached_property
    def _handed_over(self) -> defaultdict[tuple[str, str], list[dict[str, Any]]]:
        """(table, id) -> its changes of owner in these days, from somebody who is a user."""
        found = defaultdict(list)
        for change in self.tables["changes"]:
            in_time = FIRST <= change["changed_at"] <= AS_OF
            if change["field"] == "owner_id" and in_time and change["old_value"] in self.users:
                found[change["table_name"], change["record_id"]].append(change)
        return found

    @cached_property
    def _made_at_once(self) -> Counter[tuple[str, str, str]]:
        """How many records of a table somebody made within a minute."""
        tables = ("deals", "meetings", "contacts", "clients", "calls")
        return Counter(
            (table, row["created_by"], str(row["created_at"])[:16])
            for table in tables
            for row in self.tables[table]
        )

    @cached_property
    def _invited(self) -> defaultdict[str, set[str]]:
        """Meeting -> the contacts that were invited."""
        found = defaultdict(set)
        for link in self.tables["meeting_contacts"]:
            found[link["meeting_id"]].add(link["contact_id"])
        return found

    def _deal(self, row: dict[str, Any]) -> tuple[str, dict[str, bool]]:
        stages = ("new", "proposal", "negotiation", "won", "lost")
        known = row["stage"] in stages or blank(row["stage"])
        return "deal" if known else "", {
            "name": blank(row["name"]),
            "client": row["client_id"] not in self.clients,
            "stage": blank(row["stage"]),
            "amount": row["amount_cents"] is None,
            "close_date": row["closed_on"] is None,
        }

    def _meeting(self, row: dict[str, Any]) -> tuple[str, dict[str, bool]]:
        known = row["status"] in ("planned", "held", "cancelled", "no show") or blank(
            row["status"]
        )
        held = row["status"] == "held" and not (row["starts_at"] or "") > AS_OF
        client = self.clients.get(row["client_id"], {})
        met = (
            self._invited[row["id"]] & self.persons
            or row["lead_id"] in self.persons
            or client.get("kind") == "person"
        )
        lacks = {
            "date": row["starts_at"] is None,
            "subject": blank(row["subject"]),
            "contact": not met,
        }
        if held:
            return "held meeting", {**lacks, "result": blank(row["result"])}
        return "meeting" if known else "", lacks

    def _contact(self, row: dict[str, Any]) -> tuple[str, dict[str, bool]]:
        names = {name: blank(row[name]) for name in ("last_name", "first_name")}
        return "contact", {**names, "details": not self._is_reached(row)}

    def _is_reached(self, row: dict[str, Any]) -> bool:
        """By a number that begins with +, or an address of the usual shape. One that another contact has
        too is good for nothing beside one that is wrong, and costs nothing alone.
        """
        entered = {name for name in ("phone", "email") if not blank(row[name])}
        usable = {
            name for name in entered
            if str(row[name]).startswith("+") or ADDRESS.fullmatch(str(row[name]))
        }  # fmt: skip
        own = {name for name in usable if self._having[name, row[name]] == 1}
        return bool(own) or bool(usable and usable == entered)

    @cached_property
    def _having(self) -> Counter[tuple[str, Any]]:
        """How many contacts have a number or address."""
        contacts = self.tables["contacts"]
        return Counter((name, row[name]) for row in contacts for name in ("phone", "email"))

    def _client(self, row: dict[str, Any]) -> tuple[str, dict[str, bool]]:
        return "client", {
            "name": blank(row["name"]), "details": blank(row["phone"]) and blank(row["email"]),
        }  # fmt: skip

    def _call(self, row: dict[str, Any]) -> tuple[str, dict[str, bool]]:
        known = row["status"] in ("planned", "done", "cancelled") or blank(row["status"])
        lacks = {"status": blank(row["status"])}
        if not known:
            return "", lacks
        says_so = (str(row[name] or "").lower() for name in ("status", "subject"))
        nobody = ("wrong number", "voicemail", "no answer", "verkeerd nummer", "geen gehoor")
        if row["status"] == "cancelled" or any(text.startswith(nobody) for text in says_so):
            return "call to nobody", lacks
        return "call", {
            "date": row["starts_at"] is None,
            "direction": blank(row["direction"]),
            **lacks,
            "counterpart": row["client_id"] not in self.clients
            and row["contact_id"] not in self.persons,
        }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo"))


def test_the_demo_still_has_these_rows(demo: Demo, request: pytest.FixtureRequest) -> None:
    lines = "\n".join(demo.lines()) + "\n"
    if request.config.getoption("--update-golden", default=False):
        LINES.write_text(lines, "utf-8")
    assert lines == LINES.read_text("utf-8"), "pytest --update-golden writes it anew"
