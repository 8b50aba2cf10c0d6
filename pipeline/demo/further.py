"""What the demo keeps of its records besides what every audit reads: addresses, consent, who
made a record and who changed it last.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zlib import crc32

from pipeline.demo import words
from pipeline.demo.company import Company, Row, owner_of

_COUNTRIES: Final = ("NL", "NL", "NL", "Nederland", "BE", "Deutschland", "")
_STREETS: Final = ("Kerkstraat", "Stationsweg", "Dorpsstraat", "Havenkade", "")
_STEPS: Final = ("send the proposal", "plan a visit", "wait for the budget", "")
_REASONS: Final = ("price", "another supplier", "no budget", "")
_SHARES: Final = ("1", "1", "1", "0.8", "0.6")
_PERSONS: Final = ("clients", "contacts", "leads")
_TRACKED: Final = (*_PERSONS, "meetings", "calls", "deals")


def keep_further(crm: Company) -> None:
    """Draws nothing from the generator: the rest of the demo stays what it is."""
    _keep_people(crm)
    for table in _PERSONS:
        for row in crm.rows[table]:
            _keep_address(table, row)
            _keep_consent(table, row)
    for row in crm.rows["deals"]:
        _keep_outcome(row)
    _keep_deals_of_events(crm)
    _keep_origin(crm)


def _draw(row: Row, purpose: str) -> int:
    """A number that the row's id decides, another one for each purpose."""
    return crc32(f"{purpose} {row['id']}".encode())


def _pick(choices: tuple[str, ...], row: Row, purpose: str) -> str:
    return choices[_draw(row, purpose) % len(choices)]


def _keep_people(crm: Company) -> None:
    sellers = {seller.id: seller for seller in words.SELLERS}
    for user in crm.rows["users"]:
        seller = sellers.get(str(user["id"]))
        if seller is None:
            continue
        user["language"] = _pick(("nl", "en"), user, "language")
        user["fte"] = _pick(_SHARES, user, "fte")
        user["hired_on"] = (crm.today - timedelta(days=seller.joined)).isoformat()
        if seller.left:
            user["left_on"] = (crm.today - timedelta(days=seller.left)).isoformat()


def _keep_address(table: str, row: Row) -> None:
    row["country"] = _pick(_COUNTRIES, row, "country")
    if table == "leads":
        return
    street = _pick(_STREETS, row, "street")
    row["street"] = f"{street} {_draw(row, 'house') % 90 + 1}" if street else ""
    row["postcode"] = f"{_draw(row, 'postcode') % 9_000 + 1_000} XX" if street else ""
    row.setdefault("city", _pick(words.CITIES, row, "city"))
    if _draw(row, "confirmed") % 4 == 0:
        row["confirmed_at"] = row["created_at"]


def _keep_consent(table: str, row: Row) -> None:
    row["no_mail"] = int(_draw(row, "no mail") % 9 == 0)
    row["consent"] = (0, 1, 1, None)[_draw(row, "consent") % 4]
    row["bounced"] = int(_draw(row, "bounced") % 20 == 0)


def _keep_outcome(deal: Row) -> None:
    if deal["stage"] == "lost":
        deal["lost_reason"] = _pick(_REASONS, deal, "reason")
    elif deal["stage"] in words.OPEN:
        deal["next_step"] = _pick(_STEPS, deal, "step")


def _keep_deals_of_events(crm: Company) -> None:
    """A third of the events with a client is about one of its deals; some came from a calendar."""
    deals = {
        str(deal["client_id"]): deal["id"] for deal in crm.rows["deals"] if deal["client_id"]
    }
    for table in ("meetings", "calls"):
        for row in crm.rows[table]:
            deal = deals.get(str(row.get("client_id")))
            row["deal_id"] = deal if _draw(row, "deal") % 3 == 0 else None
            row["source"] = "calendar" if _draw(row, "source") % 5 == 0 else None
    for call in crm.rows["calls"]:
        if _draw(call, "reached") % 12 == 0:
            call["reached"] = "no answer"


def _keep_origin(crm: Company) -> None:
    """Who made a record (an import the clients with which the CRM began), and its last change."""
    changes = {
        (change["table_name"], change["record_id"]): change for change in crm.rows["changes"]
    }
    first_owner = {
        (change["table_name"], change["record_id"]): change["old_value"]
        for change in reversed(crm.rows["changes"])
        if change["field"] == "owner_id"
    }
    for table in _TRACKED:
        for row in crm.rows[table]:
            key = table, row["id"]
            maker = first_owner.get(key) or owner_of(row) or words.SYSTEM
            row["created_by"] = words.SYSTEM if id(row) in crm.imported else maker
            row["updated_at"] = (
                changes[key]["changed_at"] if key in changes else row["created_at"]
            )
