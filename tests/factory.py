"""A believable edition made by hand: five managers in two teams, what they own, what they miss and what they plan.

Everything goes through `score.make_figures`; company tallies are the sums of the owners', missing counts come from the
failing records' masks. Nothing here reads a CRM.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import yaml

from pipeline.calendar.window import open_window
from pipeline.findings.ids import finding_id
from pipeline.findings.lives import with_open_again
from pipeline.measures.credited import credit_tallies
from pipeline.measures.figures import make_figures
from pipeline.measures.scopes import FigureInputs
from pipeline.model import (
    CHECKED,
    Answers,
    Check,
    Debtor,
    Demand,
    FailingRecord,
    FieldSet,
    Figure,
    Figures,
    FixItem,
    LanguageCode,
    LocalText,
    Person,
    Rule,
    RunResult,
    Scope,
    Span,
    TableAccount,
    Tally,
    Target,
    Unit,
    Verdict,
    Window,
    failed,
    figure_id,
)
from pipeline.model.conditions import HELD, REACHED
from pipeline.model.history import Before, Completions, Credit, History
from pipeline.proof.prove import proven as proven_of
from pipeline.resources import EXPECTATIONS

HOSTILE_NAME = "<script>alert(1)</script>"
HOSTILE_LABEL = '=HYPERLINK("x")'
NOBODY = ""

PEOPLE = (
    Person("m1", "Anna Berg", "t1", "North", Scope.MANAGER),
    Person("m2", "Bo Lindqvist", "t1", "North", Scope.MANAGER),
    Person("m3", HOSTILE_NAME, "t2", "South & Sons", Scope.MANAGER),
    Person("m4", "Dolores Ibárruri-Gómez", "t2", "South & Sons", Scope.MANAGER),
    Person("m5", "Emre Yıldız", "", "", Scope.MANAGER),
    Person("x1", "Former Colleague", "t1", "North", Scope.INACTIVE),
)

TARGETS = (
    *(Target(manager, "2026-11", "deals_won", target) for manager, target in
      (("m1", 8), ("m2", 10), ("m3", 6), ("m4", 10))),
    *(Target(manager, "2026-11", "meetings_held", target) for manager, target in
      (("m1", 30), ("m2", 30), ("m3", 24), ("m4", 30))),
)  # fmt: skip
"""For all but Emre Yıldız."""

ACCOUNTS = (
    TableAccount("users", 8, 6, {"disabled or deleted, owns nothing": 1, "system account": 1}),
    TableAccount("clients", 431, 420, {"deleted": 11}),
    TableAccount("contacts", 655, 640, {"deleted": 15}),
    TableAccount("leads", 90, 61, {"converted": 22, "deleted": 7}),
    TableAccount("meetings", 1_268, 1_240, {"deleted": 28}),
    TableAccount("calls", 902, 900, {"deleted": 2}),
    TableAccount("deals", 312, 312, {}),
)


@dataclass(frozen=True)
class Owner:
    """What one owner has; the numbers of a column belong to `_COLUMNS`."""

    id: str
    counts: tuple[int, ...]
    amounts: dict[tuple[str, str], int]  # (name, currency) -> minor units
    due: dict[str, tuple[int, int]]  # entity -> records in the period, records of the base


_COLUMNS = (
    "meetings_held", "meetings_complete", "meetings_planned_7d", "meetings_overdue", "meetings", "calls_held", "calls",
    "deals_open", "deals_won", "deals_lost", "deals", "deals_won_undated", "clients_new", "clients", "contacts",
    "leads", "meetings_unknown", "deals_won_in_future", "meetings_held_in_future",
)  # fmt: skip

OWNERS = (
    Owner("m1", (24, 13, 9, 3, 310, 40, 220, 21, 9, 2, 70, 0, 6, 90, 140, 12, 0, 0, 1),
          {("deals_open_amount", "EUR"): 21_200_000, ("deals_won_amount", "EUR"): 8_150_050},
          {"meeting": (30, 310), "call": (44, 220), "deal": (8, 70), "client": (6, 90), "contact": (14, 140),
           "lead": (3, 12)}),
    Owner("m2", (28, 27, 11, 0, 320, 35, 230, 17, 7, 4, 66, 0, 9, 110, 160, 15, 0, 0, 0),
          {("deals_open_amount", "EUR"): 17_000_010, ("deals_won_amount", "EUR"): 6_020_000,
           ("deals_open_amount", "JPY"): 1_250_000},
          {"meeting": (33, 320), "call": (38, 230), "deal": (9, 66), "client": (9, 110), "contact": (18, 160),
           "lead": (4, 15)}),
    Owner("m3", (18, 14, 4, 2, 250, 20, 180, 12, 5, 1, 50, 1, 4, 80, 120, 9, 2, 0, 0),
          {("deals_open_amount", "EUR"): 9_900_000, ("deals_won_amount", "EUR"): 4_100_000,
           ("deals_won_undated_amount", "EUR"): 840_000},
          {"meeting": (22, 250), "call": (22, 180), "deal": (6, 50), "client": (4, 80), "contact": (9, 120),
           "lead": (2, 9)}),
    Owner("m4", (12, 11, 2, 19, 240, 18, 170, 46, 2, 3, 80, 2, 1, 85, 130, 14, 0, 1, 0),
          {("deals_open_amount", "EUR"): 40_100_000, ("deals_won_amount", "EUR"): 1_275_000,
           ("deals_won_undated_amount", "EUR"): 310_000, ("deals_won_undated_amount", "JPY"): 77_000,
           ("deals_open_amount", "JPY"): 305_184_080_441_754_059},
          {"meeting": (20, 240), "call": (20, 170), "deal": (7, 80), "client": (1, 85), "contact": (4, 130),
           "lead": (5, 14)}),
    Owner("m5", (0, 0, 1, 0, 40, 6, 40, 5, 0, 0, 20, 0, 3, 25, 40, 4, 0, 0, 0),
          {("deals_open_amount", "EUR"): 1_500_000},
          {"meeting": (0, 40), "call": (6, 40), "deal": (3, 20), "client": (3, 25), "contact": (5, 40),
           "lead": (0, 4)}),
    Owner("x1", (2, 1, 0, 1, 60, 3, 50, 4, 1, 0, 20, 0, 0, 20, 35, 5, 0, 0, 0),
          {("deals_open_amount", "EUR"): 800_000, ("deals_won_amount", "EUR"): 90_000},
          {"meeting": (5, 60), "call": (6, 50), "deal": (0, 20), "client": (0, 20), "contact": (0, 35),
           "lead": (0, 5)}),
    Owner(NOBODY, (1, 0, 0, 0, 20, 2, 10, 2, 0, 0, 6, 0, 1, 10, 15, 2, 0, 0, 0),
          {("deals_open_amount", "EUR"): 55_000},
          {"meeting": (4, 20), "call": (5, 10), "deal": (0, 6), "client": (1, 10), "contact": (1, 15),
           "lead": (0, 2)}),
)  # fmt: skip

LACKING = {
    "m1": (0, 1, 0, 5, 2, 6), "m2": (0, 0, 0, 1, 0, 0), "m3": (0, 0, 1, 2, 0, 2), "m4": (0, 0, 0, 0, 0, 1),
    "m5": (0, 0, 0, 0, 0, 0), "x1": (0, 0, 0, 1, 0, 0), NOBODY: (0, 1, 1, 1, 0, 0),
}  # fmt: skip
TO_COMPLETE = {
    "m1": {"own": 7, "colleague": 4}, "m2": {"own": 0, "colleague": 1}, "m3": {"own": 4, "colleague": 0},
    "m4": {"own": 1, "colleague": 0}, "m5": {"own": 0, "colleague": 0}, "x1": {"own": 1, "colleague": 0},
    NOBODY: {"own": 1, "colleague": 0},
}  # fmt: skip
"""Held less complete meetings, by whose they are to complete."""
_LACKABLE = ("date", "last_name", "first_name", "contact_details", "subject", "result")

_WORDS = (
    "Quarterly review",
    "Offer, second round",
    "Site visit",
    "Kick-off",
    "Price talks",
    "Renewal",
    "Complaint",
)
_PLACES = (
    "Øresund Marine",
    "Müller & Söhne KG",
    "Aurora Foods",
    "日本精工",
    "Café Zürich",
    "O'Neill Ltd",
)


def window() -> Window:
    """Monday, 16 November 2026, 07:00 in Berlin."""
    return open_window(
        as_of=datetime(2026, 11, 16, 6, 0, tzinfo=UTC),
        zone="Europe/Berlin",
        working_week=range(5),
        injected=True,
    )


NOT_HELD = LocalText("this CRM does not hold it", "dit CRM heeft dit niet")


def _field(declared: dict[str, Any]) -> Demand:
    texts = {name: LocalText(**declared[name]) for name in ("label", "why")}
    conditions = {"held": HELD, "reached": REACHED}
    when = {"when": conditions[declared["when"]]} if "when" in declared else {}
    columns = tuple(declared["columns"])
    return Demand(**{**declared, **texts, **when, "columns": columns})


@cache
def field_sets() -> dict[str, FieldSet]:
    """The defaults, of a CRM that does not hold the direction of a call."""
    found = {}
    for entity in CHECKED:
        declared = yaml.safe_load(
            (EXPECTATIONS / f"{entity}.yaml").read_text(encoding="utf-8")
        )["fields"]
        fields = tuple(map(_field, declared))
        absent = {"direction": NOT_HELD} if entity == "call" else {}
        found[entity] = FieldSet(
            entity, tuple(field for field in fields if field.name not in absent), absent
        )
    return found


def _misses(entity: str, number: int) -> int:
    """A mask that is never empty and names one or two fields."""
    fields = len(field_sets()[entity].demands)
    return 1 << number % fields | (1 << (number + 1) % fields if number % 4 == 0 else 0)


_SPANS = (Span.SCORE, Span.OUTSIDE, Span.COMING_UP, Span.TAKEN_OVER, Span.IMPORTED)
_SAID = ("now", "old", "ahead", "theirs", "imported")


def _repairs_of(owner: str, name: int, *wanted: dict[str, int]) -> Iterator[FixItem]:
    for span, said, numbers in zip(_SPANS, _SAID, wanted, strict=False):
        current = span is Span.SCORE
        for entity, count in numbers.items():
            for number in range(count):
                mask = _misses(entity, number + name)
                fields = [
                    f for bit, f in enumerate(field_sets()[entity].demands) if mask >> bit & 1
                ]
                record = f"{owner or 'nobody'}-{entity}-{said}-{number:03d}"
                label = (
                    ""
                    if number % 9 == 8
                    else f"{_WORDS[number % 7]}, {_PLACES[(number + name) % 6]}"
                )
                rules = failed(field_sets()[entity].rules, mask)
                yield FixItem(
                    entity, record, owner, label, tuple(f.label for f in fields), tuple(f.why for f in fields),
                    f"https://crm.example/{entity}/{record}/edit?a=1&b=2", span,
                    None if number % 5 == 4 else date(2026, 11 if current else 3, 1 + number % 16), rules,
                    tuple(finding_id("sales", entity, record, rule.id) for rule in rules),
                )  # fmt: skip


_FAILING = {
    "m1": ({"meeting": 9, "call": 6, "deal": 2, "client": 1, "contact": 5, "lead": 2},
           {"meeting": 30, "call": 12, "contact": 22, "deal": 5},
           {"meeting": 3}, {"client": 2, "contact": 4}, {"contact": 1}),
    "m2": ({"meeting": 1, "contact": 1}, {"meeting": 8, "client": 3}),
    "m3": ({"meeting": 4, "call": 2, "deal": 1, "contact": 3, "lead": 1}, {"meeting": 12, "call": 4, "lead": 2}),
    "m4": ({"meeting": 1, "deal": 1, "lead": 3}, {"meeting": 40, "deal": 9, "client": 14, "contact": 31, "lead": 2}),
    "m5": ({"contact": 1}, {"client": 2}),
    "x1": ({"meeting": 1}, {"meeting": 15, "contact": 11}),
    NOBODY: ({"meeting": 1, "contact": 1}, {"client": 5, "contact": 6}),
}  # fmt: skip


@cache
def fix_list() -> tuple[FixItem, ...]:
    """Hundreds of records to mend, some with names and links that want to break out of the page."""
    made = [
        r
        for name, (owner, parts) in enumerate(_FAILING.items())
        for r in _repairs_of(owner, name, *parts)
    ]
    odd = {
        "m1-meeting-now-000": (HOSTILE_LABEL, None),
        "m1-meeting-now-001": ('"><img src=x onerror=alert(1)> & \u202egnp.exe\x0b\x00', None),
        "m1-meeting-now-002": ("  =1+1\nsecond line ", "javascript:alert(1)"),
        "m1-contact-now-000": ("山田 太郎", ""),
    }
    return tuple(
        replace(r, label=odd[r.record_id][0], link=r.link if odd[r.record_id][1] is None else odd[r.record_id][1])
        if r.record_id in odd else r
        for r in made
    )  # fmt: skip


_CHECKED = (
    ("meetings_overdue", "", Verdict.OVERDUE, ("m1", "m1", "m3", "x1")),
    ("meetings_unknown", "", Verdict.INVALID, ("m1", NOBODY)),
    ("meetings_lacking", "last_name", Verdict.MISSING, ("m1", "m2")),
    ("meetings_lacking", "contact_details", Verdict.MISSING, ("m1",)),
    ("meetings_lacking", "result", Verdict.MISSING, ("m1",)),
    ("meetings_to_complete", "own", Verdict.MISSING, ("m1",)),
    ("meetings_to_complete", "colleague", Verdict.MISSING, ("m2",)),
)


def checks() -> tuple[Check, ...]:
    """Records that counts name; the first meeting of an owner is the same in all of these."""
    made = (
        Check(
            Rule(
                "meeting",
                ".".join(filter(None, ("check", measure, dimension))),
                verdict,
                measure,
                dimension,
            ),
            f"{owner or 'nobody'}-meeting-check-{number:03d}",
            owner,
            HOSTILE_LABEL if owner == "m3" else "Lunch, Delft",
            f"https://crm.example/meeting/{number}",
            Span.SCORE if dimension else Span.OUTSIDE,
            date(2026, 11, 2 + number),
        )
        for measure, dimension, verdict, owners in _CHECKED
        for number, owner in enumerate(owners)
    )
    return tuple(
        replace(check, id=finding_id("sales", "meeting", check.record_id, check.rule.id))
        for check in made
    )


def failing() -> tuple[FailingRecord, ...]:
    """The failing records behind the fix-lists."""
    found = []
    for item in fix_list():
        labels = [field.label for field in field_sets()[item.entity].demands]
        mask = sum(1 << labels.index(label) for label in item.missing)
        found.append(FailingRecord(item.entity, item.record_id, item.owner, mask, item.span))
    return tuple(found)


def _due_tallies(owner: Owner) -> Iterator[tuple[str, str, str, int]]:
    for entity, fields in field_sets().items():
        for key in {fields.due_key(field) for field in fields.demands}:
            for span, due in zip(("score", "base"), owner.due[entity], strict=True):
                yield f"due.{span}", key, "", due
        for span, due in zip(("score", "base"), owner.due[entity], strict=True):
            yield f"records.{span}", entity, "", due


def _counted(owner: Owner) -> Iterator[tuple[str, str, str, int]]:
    for name, value in zip(_COLUMNS, owner.counts, strict=True):
        yield name, "", "", value
        if name in ("deals_won", "meetings_held", "clients_new"):
            yield f"month.{name}", "", "", value
    for dimension, value in zip(_LACKABLE, LACKING[owner.id], strict=True):
        yield "meetings_lacking", dimension, "", value
    for dimension, value in TO_COMPLETE[owner.id].items():
        yield "meetings_to_complete", dimension, "", value
    for name in ("calls_unknown", "deals_undated", "contacts_undated"):
        yield name, "", "", 0
    for (name, currency), value in owner.amounts.items():
        yield name, "", currency, value
    yield from _due_tallies(owner)


def answers() -> Answers:
    """Every owner's counts, and the company's as their sum."""
    company: Counter[tuple[str, str, str]] = Counter()
    tallies = []
    for owner in OWNERS:
        for name, dimension, currency, value in _counted(owner):
            tallies.append(Tally(False, owner.id or None, name, dimension, currency, value))
            company[name, dimension, currency] += value
    tallies += [Tally(True, None, *what, value) for what, value in company.items()]
    return Answers(tuple(tallies), failing())


def proven(count: int) -> Figure:
    """What the run adds once the proof held."""
    name = figure_id("figures_proven", "", "", Scope.COMPANY, "")
    return Figure(
        name,
        Scope.COMPANY,
        "",
        "figures_proven",
        "",
        "run",
        count,
        None,
        Unit.COUNT,
        "",
        "proof",
    )


BEFORE = Before(
    run_id="2026-11-09T060000Z-1c2b",
    as_of=datetime(2026, 11, 9, 6, 0, tzinfo=UTC),
    first=date(2026, 11, 1),
    after_last=date(2026, 12, 1),
    rules="1f",
    figures={
        "company": {
            "score": (881, 1000),
            "base": (2, 3),
            "complete_meetings": (7, 8),
            "records_failing": (40, None),
        },
        "team:t1": {"score": (1, 2)},
        "team:t2": {"score": (1, 10)},
        "manager:m1": {"score": (1, 2), "base": (0, 0), "complete_meetings": (1, 3)},
    },
)
"""What was a week before: of the company, and of Anna, of whom nothing was due."""


EARLIER_RUNS = tuple(
    replace(
        BEFORE,
        run_id=f"{week}",
        as_of=BEFORE.as_of - timedelta(weeks=3 - week),
        rules="1f" if week else "0e",
        figures={
            "company": {"score": (80 + week, 100), "complete_meetings": (week, 8)},
            "manager:m1": {"score": (1 + week, 8), "plan_progress/deals_won": (week, 5)},
        },
    )
    for week in range(4)
)
"""Four weeks, the last of them the one before; after the first the rules were others."""


def completions() -> Completions:
    """What Anna completed, and what of it is open again; somebody who left completed one, too."""
    again = [name for item in fix_list() if item.owner == "m1" for name in item.ids][3:5]
    done = [("m1", 7), ("m2", 2), ("x1", 1), ("gone", 1)]
    return Completions(
        tuple(
            Credit(f"done{number}", who, Debtor.OWNER)
            for who, many in done
            for number in range(many)
        ),
        tuple(Credit(name, "m1", Debtor.OWNER) for name in again),
    )


@cache
def result(language: LanguageCode = "en") -> RunResult:
    """The edition from which the tests cut their reports."""
    known = completions()
    counted = answers()
    counted = replace(counted, tallies=(*counted.tallies, *credit_tallies(known, PEOPLE)))
    figures = make_figures(
        counted, FigureInputs(PEOPLE, field_sets(), TARGETS, ACCOUNTS, window())
    )
    return RunResult(
        run_id="2026-11-16T060000Z-7f3a",
        audit_id="sales",
        audit="Sales",
        source=LocalText("The demo CRM (SQLite)", "Het demo-CRM (SQLite)"),
        window=window(),
        people=PEOPLE,
        figures=Figures([*figures.values(), proven(proven_of(figures))]),
        fix_list=with_open_again(fix_list(), known),
        checks=checks(),
        field_sets=field_sets(),
        not_checked={"call.direction": NOT_HELD},
        language=language,
        history=History(BEFORE, known, "1f", EARLIER_RUNS),
    )
