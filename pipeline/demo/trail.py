"""The demo's audit trail and its plan."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from pipeline.demo import words
from pipeline.demo.company import (
    MORNING,
    Company,
    Row,
    days_between,
    next_month,
    owner_of,
    working_days,
)

# --- the trail and the plan -------------------------------------------------------------------


def leave_trail(crm: Company) -> None:
    """How deals went through their stages and meetings got their status;
    ids in the order of time.
    """
    for row in crm.rows["deals"]:
        _stages(crm, row)
    for row in crm.rows["meetings"]:
        ended = str(row["ends_at"] or "")
        if row["status"] == "held" and "" < ended <= crm.now and crm.rng.random() < 0.3:
            crm.change(
                "meetings",
                row,
                "status",
                "planned",
                "held",
                owner_of(row) or words.SYSTEM,
                ended,
            )
    crm.rows["changes"].sort(key=lambda change: str(change["changed_at"]))
    for number, change in enumerate(crm.rows["changes"], 1):
        change["id"] = f"h{number:06d}"


def _stages(crm: Company, deal: Row) -> None:
    """The changes that led to the deal's stage, on days between its creation and its close."""
    stage, created = str(deal["stage"]), str(deal["created_at"])
    begun = date.fromisoformat(created[:10])
    last = date.fromisoformat(min(str(deal["closed_on"] or crm.today), crm.today.isoformat()))
    passed = words.OPEN.index(stage) if stage in words.OPEN else crm.rng.randint(1, 3)
    steps = [*words.OPEN[:passed], stage]
    offsets = sorted(crm.rng.randint(0, max(0, (last - begun).days)) for _ in steps[1:])
    for old, new, offset in zip(steps, steps[1:], offsets, strict=False):
        moment = max(created, crm.at(begun + timedelta(days=offset), MORNING - 1))
        crm.change("deals", deal, "stage", old, new, owner_of(deal) or words.SYSTEM, moment)


def targets(crm: Company) -> list[tuple[str, str, str, int]]:
    """(manager, month, metric, target): about what they usually do in a month
    of so many working days.
    """
    held = Counter(owner_of(row) for row in crm.rows["meetings"] if row["status"] == "held")
    won = Counter(owner_of(row) for row in crm.rows["clients"] if id(row) not in crm.imported)
    before = (crm.month - timedelta(days=1)).replace(day=1)
    made: list[tuple[str, str, str, int]] = []
    for seller in (seller for seller in words.SELLERS if seller.planned):
        for month in (before, crm.month, next_month(crm.month)):
            share = len(working_days(days_between(month, next_month(month)))) / len(crm.past)
            label = f"{month:%Y-%m}"
            made.append((seller.id, label, "deals_won", seller.wins))
            made.append(
                (
                    seller.id,
                    label,
                    "meetings_held",
                    max(1, round(held[seller.id] * share * 1.05)),
                )
            )
            made.append(
                (seller.id, label, "clients_new", max(1, round(won[seller.id] * share * 1.1)))
            )
    return made
