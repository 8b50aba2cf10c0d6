"""The demo's exceptions: one that is in force, one under discussion, and one that has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from pipeline.demo.company import Company, Row, owner_of

HEADINGS: Final = (
    "finding",
    "kind",
    "record",
    "rule",
    "state",
    "reason",
    "approver",
    "until",
)
_BOARD: Final = "Sales board"


def exceptions(crm: Company) -> Iterator[tuple[str, ...]]:
    """A line for each; none about a record that the demo does not have."""
    later = (crm.today + timedelta(days=60)).isoformat()
    over = (crm.today - timedelta(days=10)).isoformat()
    meeting = _latest(crm, "meetings", "u02", lambda row: _is_held(crm, row))
    deal = _latest(crm, "deals", "u09", lambda row: row.get("amount_cents") is None)
    contact = _latest(
        crm, "contacts", "u07", lambda row: not (row.get("phone") or row.get("email"))
    )
    if meeting:
        why = "The visit was by telephone"
        yield "", "meeting", meeting, "result", "exempt", why, _BOARD, later
    if deal:
        yield "", "deal", deal, "amount", "disputed", "The price is not ours to set", "", ""
    if contact:
        why = "Details follow after the fair"
        yield "", "contact", contact, "details", "exempt", why, _BOARD, over


def _is_held(crm: Company, row: Row) -> bool:
    """Whether it is a past meeting without a result."""
    is_past = row.get("starts_at") is not None and str(row["starts_at"]) < crm.now
    return row["status"] == "held" and is_past and row.get("result") is None


def _latest(crm: Company, table: str, owner: str, where: Callable[[Row], bool]) -> str:
    """The id of the owner's last such record, or of anybody's; '' where there is none."""
    day = "starts_at" if table == "meetings" else "created_at"
    found = [row for row in crm.rows[table] if not row.get("is_deleted") and where(row)]
    order = ((owner_of(row) == owner, str(row.get(day) or ""), str(row["id"])) for row in found)
    return max(order, default=(False, "", ""))[2]
