"""Measures of meetings: held, complete and what is lacking, coming up, overdue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import FromClause, and_, not_, true

from pipeline.databases.constructs import blank
from pipeline.language.marked import forms, marked
from pipeline.measures.common import (
    Held,
    HeldAhead,
    Undated,
    every,
    in_period,
    in_plan_month,
    in_unknown_state,
)
from pipeline.measures.measure import STOCK, counted, share
from pipeline.model import Verdict
from pipeline.queries.context import (
    Condition,
    Count,
    QueryContext,
    ended_at,
    in_state,
    nothing_entered,
)

COMPLETE: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("meeting.start_at",),
    "last_name": ("contact.last_name",),
    "first_name": ("contact.first_name",),
    "contact_details": ("contact.phone", "contact.email"),
    "subject": ("meeting.subject",),
    "result": ("meeting.result",),
}
"""What a complete meeting has -> the columns it is read from; names and
contact details are borrowed.
"""

_BORROWED: Final = frozenset({"last_name", "first_name", "contact_details"})
"""What is the contact's, and so is known only where it is known whom a meeting was with."""

_EVENT: Final = ("status", "start_at")
_HELD: Final = ("status", "start_at|created_at")


_HELD_BY_NOW: Final = Held("meeting")


def _held_in_period(m: FromClause, t: QueryContext) -> Condition:
    return and_(_HELD_BY_NOW(m, t), in_period(m, t))


def _held_in_month(m: FromClause, t: QueryContext) -> Condition:
    return and_(_HELD_BY_NOW(m, t), in_plan_month(m, t))


def _coming_up(m: FromClause, t: QueryContext) -> Condition:
    in_seven_days = and_(m.c.start_at >= t.window.as_of_us, m.c.start_at < t.window.soon_us)
    return and_(in_state(m, "meeting", "planned"), in_seven_days)


def _overdue(m: FromClause, t: QueryContext) -> Condition:
    return and_(in_state(m, "meeting", "planned"), ended_at(m) < t.window.as_of_us)


def _lacks(m: FromClause, t: QueryContext) -> dict[str, Condition]:
    """What a meeting may lack, as far as this CRM can tell -> that it does."""
    lacks = {
        "date": nothing_entered(m, "meeting", "start_at"),
        "last_name": m.c.contact_lacks_last_name == 1,
        "first_name": m.c.contact_lacks_first_name == 1,
        "contact_details": m.c.contact_lacks_details == 1,
        "subject": blank(m.c.subject),
        "result": blank(m.c.result),
    }
    askable = {what for what, columns in COMPLETE.items() if not t.absent.issuperset(columns)}
    if "meeting.contact" in t.absent:  # who was met is not known, so neither is what they lack
        askable -= _BORROWED
    return {what: lack for what, lack in lacks.items() if what in askable}


def _complete(m: FromClause, t: QueryContext) -> Condition:
    met = true() if "meeting.contact" in t.absent else m.c.contact == 1
    return and_(_held_in_period(m, t), met, *(not_(lack) for lack in _lacks(m, t).values()))


def _lacking(m: FromClause, t: QueryContext) -> Mapping[str, Condition]:
    ours = _held_in_period(m, t)
    return {what: and_(ours, lack) for what, lack in _lacks(m, t).items()}


MEETINGS: Final = counted(
    "meetings", marked("Meetings in the CRM"), of="meeting", where=every, period=STOCK
)
MEETINGS_HELD: Final = counted(
    "meetings_held",
    marked("Meetings held"),
    of="meeting",
    needs=_HELD,
    where=_held_in_period,
    in_month=_held_in_month,
)
COMPLETE_MEETINGS: Final = share(
    "complete_meetings",
    marked("Complete meetings"),
    [Count("meetings_complete", "meeting", _complete, _HELD)],
    MEETINGS_HELD.numerator,
)
MEETINGS_LACKING: Final = counted(
    "meetings_lacking",
    marked("Held meetings, by what is missing"),
    of="meeting",
    needs=_HELD,
    where=_lacking,
    each="thing lacking",
    finds=Verdict.MISSING,
)
MEETINGS_PLANNED_7D: Final = counted(
    "meetings_planned_7d",
    marked("Meetings in the next 7 days"),
    of="meeting",
    needs=_EVENT,
    where=_coming_up,
    period="next_7_days",
)
MEETINGS_OVERDUE: Final = counted(
    "meetings_overdue",
    marked("Meetings still to be closed"),
    of="meeting",
    needs=_EVENT,
    where=_overdue,
    period=STOCK,
    sentence=forms("{count} meeting still to be closed", "{count} meetings still to be closed"),
    finds=Verdict.OVERDUE,
)
MEETINGS_HELD_IN_FUTURE: Final = counted(
    "meetings_held_in_future",
    marked("Meetings marked held, still to come"),
    of="meeting",
    needs=_EVENT,
    where=HeldAhead("meeting"),
    period=STOCK,
    left_out=True,
    sentence=forms(
        "{count} meeting is marked held and is still to come",
        "{count} meetings are marked held and are still to come",
    ),
    finds=Verdict.INVALID,
)
MEETINGS_UNKNOWN: Final = counted(
    "meetings_unknown",
    marked("Meetings with an unknown status"),
    of="meeting",
    needs=("status",),
    where=in_unknown_state,
    period=STOCK,
    left_out=True,
    sentence=forms(
        "{count} meeting has an unknown status", "{count} meetings have an unknown status"
    ),
    finds=Verdict.INVALID,
)
MEETINGS_UNDATED: Final = counted(
    "meetings_undated",
    marked("Meetings without a date"),
    of="meeting",
    needs=("start_at|created_at",),
    where=Undated("meeting", ("start_at", "created_at")),
    period=STOCK,
    left_out=True,
    finds=Verdict.MISSING,
)
