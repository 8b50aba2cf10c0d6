"""What was handed over lately in the demo, and what was imported."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from pipeline.demo import words
from pipeline.demo.company import Company, owner_of

_GIVER, _TAKER = "u02", words.NEWCOMER
_HANDED: Final = {"clients": 25, "meetings": 8}
"""Table -> how many of the giver's records the newcomer has taken over this week."""
_IMPORTED: Final = 60
"""Contacts that came from a fair in one go, in the name of one seller."""
_VISITOR: Final = "u08"


def hand_over(crm: Company) -> None:
    """The newcomer has taken over clients and meetings of a careless colleague."""
    at = crm.at(_lately(crm, 2), 9)
    since = crm.at(_lately(crm, 20), 0)
    for table, number in _HANDED.items():
        own = [
            row
            for row in crm.rows[table]
            if owner_of(row) == _GIVER and id(row) not in crm.kept
        ]
        if table == "meetings":
            own = [row for row in own if since <= str(row["starts_at"]) < at]
        for row in [row for row in own if str(row["created_at"]) < at][:number]:
            row["owner_id"] = _TAKER
            crm.change(table, row, "owner_id", _GIVER, _TAKER, "u07", at)


def import_contacts(crm: Company) -> None:
    """Visitors of a fair: two in three have a first name, and one in two a way to reach them."""
    day = _lately(crm, 3)
    for number in range(_IMPORTED):
        made = crm.at(day, 10, 15, number % 60)
        crm.rows["contacts"].append(
            {
                "id": f"p8{number:05d}",
                "owner_id": _VISITOR,
                "created_at": made,
                "last_name": f"Fair {number:02d}",
                "first_name": "Guest" if number % 3 else None,
                "email": f"guest{number:02d}@fair.example" if number % 2 else None,
            }
        )


def _lately(crm: Company, days: int) -> date:
    """The working day so many of them before the last one."""
    return crm.past[-days - 1] if len(crm.past) > days else crm.today - timedelta(days=days)
