"""Measures of meetings: held, complete and what is lacking, coming up, overdue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import FromClause, and_, false, not_, or_, true

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
from pipeline.queries.views import PERSONS, may_be_met, owed_by_operators

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

_BORROWED: Final[Mapping[str, str]] = {
    "last_name": "contact_lacks_last_name",
    "first_name": "contact_lacks_first_name",
    "contact_details": "contact_lacks_details",
}
"""What is the contact's -> the view's column that says whether it lacks, 2 where sales support
owes it. It is known only where it is known whom a meeting was with.
"""

_OWN: Final[Mapping[str, str]] = {"date": "start_at", "subject": "subject", "result": "result"}
"""What is the meeting's own -> the column that it is read from."""

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
        **{what: m.c[column] > 0 for what, column in _BORROWED.items()},
        "subject": blank(m.c.subject),
        "result": blank(m.c.result),
    }
    askable = {what for what, columns in COMPLETE.items() if not t.absent.issuperset(columns)}
    if "meeting.contact" in t.absent:  # who was met is not known, so neither is what they lack
        askable -= _BORROWED.keys()
    return {what: lack for what, lack in lacks.items() if what in askable}


def _met(m: FromClause, t: QueryContext) -> Condition:
    """Somebody is known to have been met, or nobody asks."""
    return true() if "meeting.contact" in t.absent else m.c.contact == 1


def _complete(m: FromClause, t: QueryContext) -> Condition:
    lacks = (not_(lack) for lack in _lacks(m, t).values())
    return and_(_held_in_period(m, t), _met(m, t), *lacks)


def _lacking(m: FromClause, t: QueryContext) -> Mapping[str, Condition]:
    ours = _held_in_period(m, t)
    return {what: and_(ours, lack) for what, lack in _lacks(m, t).items()}


def _to_complete(m: FromClause, t: QueryContext) -> Mapping[str, Condition]:
    """The held meetings that are not complete, each once: its owner's where they owe anything
    of what lacks, else a colleague's who does, else sales support's.
    """
    ours, lacks = _held_in_period(m, t), _lacks(m, t)
    complete = and_(_met(m, t), *(not_(lack) for lack in lacks.values()))
    of_contact = or_(
        false(), *(m.c[_BORROWED[what]] == 1 for what in lacks if what in _BORROWED)
    )
    own = or_(*_its_own(m, t, lacks), and_(m.c.contact_is_anothers == 0, of_contact))
    owing = {"own": own}
    if not lacks.keys().isdisjoint(_BORROWED):
        owing["colleague"] = and_(m.c.contact_is_anothers == 1, of_contact, not_(own))
    if _with_operators(t, lacks):
        owing["operators"] = not_(or_(complete, *owing.values()))
    return {who: and_(ours, owes) for who, owes in owing.items()}


def _its_own(
    m: FromClause, t: QueryContext, lacks: Mapping[str, Condition]
) -> Iterator[Condition]:
    """What a meeting lacks of its own set and its owner owes, a contact among it."""
    if not t.is_with_operators("meeting", "contact"):
        yield not_(_met(m, t))
    for what, lack in lacks.items():
        if what not in _BORROWED and not t.is_with_operators("meeting", _OWN[what]):
            yield lack


def _with_operators(t: QueryContext, lacks: Mapping[str, Condition]) -> bool:
    """Whether sales support owes anything that a complete meeting has."""
    own = ["contact", *(_OWN[what] for what in lacks if what not in _BORROWED)]
    if any(t.is_with_operators("meeting", column) for column in own):
        return True
    kinds = [kind for kind in PERSONS if may_be_met(kind, t)]
    borrowed = [what for what in lacks if what in _BORROWED]
    return any(owed_by_operators(kind, what, t) for kind in kinds for what in borrowed)


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
MEETINGS_TO_COMPLETE: Final = counted(
    "meetings_to_complete",
    marked("Held meetings to complete, by whose it is to do"),
    of="meeting",
    needs=_HELD,
    where=_to_complete,
    each="debtor",
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
