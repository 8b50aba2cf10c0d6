"""The demo's dirt: several defects of every kind, spread unevenly over the managers."""

from __future__ import annotations

from datetime import date, timedelta
from heapq import nlargest

from pipeline.demo import words
from pipeline.demo.company import Company, Row, Test, exposed, owner_of

# --- dirt -------------------------------------------------------------------------------------


def spoil(crm: Company, table: str) -> None:
    """Empties fields, according to each owner's carelessness."""
    for _, fields, share, states in (spoil for spoil in words.SPOILS if spoil[0] == table):
        for row in crm.rows[table]:
            if (not states or row.get("status", row.get("stage")) in states) and crm.chance(
                share, owner_of(row)
            ):
                for field in fields:
                    row[field] = (
                        None if field in words.TEXTLESS else crm.rng.choice(words.BLANKS)
                    )


def protect_month(crm: Company) -> None:
    """Protects the current month's won deals, and a held meeting per manager but the silent."""
    first, now = crm.at(crm.month, 0), crm.now
    won = (row for row in crm.rows["deals"] if row["stage"] == "won")
    crm.kept |= {id(row) for row in won if str(row["closed_on"] or "") >= crm.month.isoformat()}
    for seller in words.SELLERS:
        if seller.state != "active" or seller.id == words.SILENT:
            continue
        own = (
            row
            for row in crm.rows["meetings"]
            if owner_of(row) == seller.id and row["status"] == "held"
        )
        held = next((row for row in own if first <= str(row["starts_at"]) <= now), None)
        if held is None:
            day = crm.presence[seller.id][-1]
            held = crm.add_meeting(
                seller.id, crm.start(day), "held", crm.earlier(seller.id, day, 0, 5)
            )
        crm.kept.add(id(held))


def _pick(crm: Company, table: str, number: int, where: Test = lambda row: True) -> list[Row]:
    """Rows for a defect, the careless owners' more often; each row is picked once."""
    powers = {owner: 1 / min(3.0, max(0.3, care)) for owner, care in crm.care.items()}
    draws = (
        (crm.rng.random() ** powers.get(owner_of(row), 1.0), str(row["id"]), row)
        for row in crm.rows[table]
        if id(row) not in crm.kept and where(row)
    )
    chosen = [row for _, _, row in nlargest(number, draws, key=lambda draw: draw[:2])]
    crm.kept |= {id(row) for row in chosen}
    return chosen


def plant_states(crm: Company) -> None:
    """Unknown words, and records whose dates and states contradict each other."""
    soon = crm.at(crm.today + timedelta(days=1), 0)
    long_ago = (crm.today - timedelta(days=20)).isoformat()
    plants: tuple[tuple[str, int, Test, Row], ...] = (
        ("meetings", 9, lambda r: str(r["starts_at"]) < crm.now, {"status": "tbd"}),
        ("calls", 5, lambda r: str(r["starts_at"]) < crm.now, {"status": "tbd"}),
        ("deals", 4, lambda r: r["stage"] in words.OPEN, {"stage": "tbd"}),
        ("meetings", 7, lambda r: str(r["starts_at"]) > soon, {"status": "held"}),
        ("meetings", 8, lambda r: r["status"] == "held", {"starts_at": None, "ends_at": None}),
        (
            "meetings",
            1,
            lambda r: r["status"] == "held",
            {"starts_at": None, "ends_at": None, "created_at": None},
        ),
        (
            "calls",
            1,
            lambda r: r["status"] == "done",
            {"starts_at": None, "ends_at": None, "created_at": None},
        ),
        ("deals", 9, lambda r: r["amount_cents"] is not None, {"currency": "USD"}),
        ("deals", 2, lambda r: r["amount_cents"] is not None, {"currency": "JPY"}),
    )
    for table, number, where, values in plants:
        for row in _pick(crm, table, number, where):
            row.update(values)
    for row in _pick(
        crm, "deals", 3, lambda r: r["stage"] == "won" and str(r["closed_on"]) < long_ago
    ):
        closed = date.fromisoformat(str(row["closed_on"]))
        # after it closed
        row["created_at"] = crm.past_moment(closed + timedelta(days=crm.rng.randint(2, 9)))


def plant_references(crm: Company) -> None:
    """Owners and clients that are nobody, or do not exist."""
    for table in ("clients", "contacts", "leads", "meetings", "calls", "deals"):
        for row, owner in zip(
            _pick(crm, table, len(words.LOST_OWNERS)), words.LOST_OWNERS, strict=True
        ):
            row["owner_id"] = owner
    for row in _pick(crm, "contacts", 120, lambda r: r["client_id"] is not None):
        row["owner_id"] = None  # its client's owner answers for it
    for table, number in (("contacts", 8), ("meetings", 4), ("calls", 5), ("deals", 5)):
        for row in _pick(crm, table, number, lambda r: r.get("client_id") is not None):
            row["client_id"] = f"c9{crm.rng.randrange(100_000):05d}"
    for row in _pick(crm, "meeting_contacts", 4):
        row["contact_id"] = f"p9{crm.rng.randrange(100_000):05d}"


def plant_texts(crm: Company) -> None:
    """Names and texts that break careless software, and addresses that no mail reaches."""
    for table, field, value in words.HOSTILE:
        for row in _pick(crm, table, 1, exposed):
            row[field] = value
    for row in _pick(crm, "contacts", 30, lambda r: "@" in str(r["email"])):
        row["email"] = crm.rng.choice(words.BAD_EMAILS).format(str(row["email"]).split("@")[0])


def plant_details(crm: Company) -> None:
    """Contact details that help nobody, of the last weeks: fillers, notes, numbers of nobody, and
    twice the same.
    """
    since = crm.at(crm.today - timedelta(days=20), 0)

    def recent(row: Row) -> bool:
        return str(row["created_at"]) >= since and _can_be_reached(row)

    plants = ((words.FILLERS, 8), (words.NO_NUMBERS, 3), (words.UNISSUED, 2))
    for texts, number in plants:
        for row, text in zip(_pick(crm, "contacts", number, recent), texts, strict=True):
            row |= {"phone": text, "email": None}
    for row in _pick(crm, "contacts", 3, recent):
        twin = _pick(crm, "contacts", 1, recent)[0]
        twin |= {"phone": row["phone"], "email": row["email"]}


def _can_be_reached(row: Row) -> bool:
    both = str(row.get("phone")).startswith("+") and "@" in str(row.get("email"))
    return both and not row.get("is_deleted")


def delete(crm: Company) -> None:
    """Two in a hundred records are in the bin."""
    for table in ("clients", "contacts", "leads", "meetings", "calls", "deals"):
        for row in crm.rows[table]:
            if id(row) not in crm.kept and crm.rng.random() < 0.02:
                row["is_deleted"] = 1
