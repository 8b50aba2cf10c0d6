"""What the metrics count: the condition that a record meets, for every count and every sum of money."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlalchemy import FromClause, and_, case, false, func, not_, or_, true

from pipeline.catalogue.terms import (
    UNKNOWN,
    Condition,
    Conditions,
    Question,
    Terms,
    ended_at,
    flag,
    in_flow,
    in_month,
    in_state,
    nothing_entered,
    question,
)
from pipeline.model import OwnMeasure, Window
from pipeline.sql import blank, one_of_words

COMPLETE_MEETING: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("meeting.start_at",),
    "last name": ("contact.last_name",),
    "first name": ("contact.first_name",),
    "contact details": ("contact.phone", "contact.email"),
    "subject": ("meeting.subject",),
    "result": ("meeting.result",),
}
"""What a complete meeting has -> the columns it is read from; names and contact details are borrowed."""
_BORROWED: Final = frozenset({"last name", "first name", "contact details"})
"""What is the contact's, and so is known only where it is known whom a meeting was with."""


def _undated(view: FromClause, entity: str, *columns: str) -> Condition:
    """Nothing stands in any of these; what cannot be read is counted as unreadable."""
    return and_(*(nothing_entered(view, entity, column) for column in columns))


def _meeting_counts(m: FromClause, t: Terms) -> Conditions:
    w = t.window
    held_status, planned = in_state(m, "meeting", "held"), in_state(m, "meeting", "planned")
    held = and_(held_status, or_(m.c.start_at.is_(None), m.c.start_at <= w.as_of_us))
    ours = and_(held, in_flow(m.c.at_us, w))
    lacks = {
        "date": nothing_entered(m, "meeting", "start_at"),
        "last name": m.c.person_lacks % 2 == 1,
        "first name": m.c.person_lacks % 4 >= 2,
        "contact details": m.c.person_lacks >= 4,
        "subject": blank(m.c.subject),
        "result": blank(m.c.result),
    }
    lacks = {what: lack for what, lack in lacks.items() if not t.absent.issuperset(COMPLETE_MEETING[what])}
    met = m.c.contact == 1
    if "meeting.contact" in t.absent:  # who was met is not known, so neither is what they lack
        lacks, met = {what: lack for what, lack in lacks.items() if what not in _BORROWED}, true()
    return {
        ("meetings", ""): true(),
        ("meetings_held", ""): ours,
        ("month.meetings_held", ""): and_(held, in_month(m.c.at_us, w)),
        ("meetings_planned_7d", ""): and_(planned, m.c.start_at >= w.as_of_us, m.c.start_at < w.soon_us),
        ("meetings_overdue", ""): and_(planned, ended_at(m) < w.as_of_us),
        ("meetings_complete", ""): and_(ours, met, *(not_(lack) for lack in lacks.values())),
        **{("meetings_lacking", what): and_(ours, lack) for what, lack in lacks.items()},
        ("meetings_held_in_future", ""): and_(held_status, m.c.start_at > w.as_of_us),
        ("meetings_unknown", ""): m.c.state == UNKNOWN,
        ("meetings_undated", ""): _undated(m, "meeting", "start_at", "created_at"),
    }


def _call_counts(c: FromClause, t: Terms) -> Conditions:
    w = t.window
    held = and_(in_state(c, "call", "held"), or_(c.c.start_at.is_(None), c.c.start_at <= w.as_of_us))
    return {
        ("calls", ""): true(),
        ("calls_held", ""): and_(held, in_flow(c.c.at_us, w)),
        ("calls_held_in_future", ""): and_(in_state(c, "call", "held"), c.c.start_at > w.as_of_us),
        ("calls_unknown", ""): c.c.state == UNKNOWN,
        ("calls_undated", ""): _undated(c, "call", "start_at", "created_at"),
    }


def _closed(d: FromClause, w: Window) -> tuple[Condition, Condition]:
    """The deal's closing day lies in the period (in the month) and not after as-of: days are compared as days."""
    day = d.c.close_day
    ours = and_(day >= w.first, day < w.after_last, day <= w.today)
    if w.month_first is None or w.month_after is None:
        return ours, false()
    return ours, and_(day >= w.month_first, day < w.month_after, day <= w.today)


def _deal_counts(d: FromClause, t: Terms) -> Conditions:
    in_period, in_month = _closed(d, t.window)
    won = in_state(d, "deal", "won")
    return {
        ("deals", ""): true(),
        ("deals_open", ""): in_state(d, "deal", "open"),
        ("deals_won", ""): and_(won, in_period),
        ("month.deals_won", ""): and_(won, in_month),
        ("deals_lost", ""): and_(in_state(d, "deal", "lost"), in_period),
        ("deals_won_undated", ""): and_(won, _undated(d, "deal", "close_day")),
        ("deals_won_unreadable_date", ""): and_(won, d.c.close_day_unreadable == 1),
        ("deals_won_in_future", ""): and_(won, d.c.close_day > t.window.today),
        ("deals_unknown", ""): d.c.state == UNKNOWN,
        ("deals_undated", ""): _undated(d, "deal", "created_at"),
    }


def _deal_amounts(d: FromClause, t: Terms) -> Conditions:
    in_period, _ = _closed(d, t.window)
    won = in_state(d, "deal", "won")
    return {
        ("deals_open_amount", ""): in_state(d, "deal", "open"),
        ("deals_won_amount", ""): and_(won, in_period),
        ("deals_won_undated_amount", ""): and_(won, _undated(d, "deal", "close_day")),
        ("deals_won_unreadable_date_amount", ""): and_(won, d.c.close_day_unreadable == 1),
    }


def _client_counts(c: FromClause, t: Terms) -> Conditions:
    return {
        ("clients", ""): true(),
        ("clients_new", ""): in_flow(c.c.at_us, t.window),
        ("month.clients_new", ""): in_month(c.c.at_us, t.window),
        ("clients_undated", ""): _undated(c, "client", "created_at"),
    }


def _plain_counts(entity: str) -> Callable[[FromClause, Terms], Conditions]:
    name = f"{entity}s"
    return lambda view, terms: {
        (name, ""): true(),
        (f"{name}_undated", ""): _undated(view, entity, "created_at"),
    }


_COUNTS: Final[Mapping[str, Callable[[FromClause, Terms], Conditions]]] = {
    "meeting": _meeting_counts,
    "call": _call_counts,
    "deal": _deal_counts,
    "client": _client_counts,
    "contact": _plain_counts("contact"),
    "lead": _plain_counts("lead"),
}


_EVENT = ("status", "start_at")
_HELD = ("status", "start_at|created_at")
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "meetings_held": _HELD, "meetings_complete": _HELD, "meetings_lacking": _HELD,
    "meetings_undated": ("start_at|created_at",), "calls_undated": ("start_at|created_at",),
    "meetings_planned_7d": _EVENT, "meetings_overdue": _EVENT, "meetings_held_in_future": _EVENT,
    "meetings_unknown": ("status",),
    "calls_held": _HELD, "calls_held_in_future": _EVENT, "calls_unknown": ("status",),
    "deals_open": ("stage",), "deals_unknown": ("stage",),
    "deals_won": ("stage", "close_day"), "deals_lost": ("stage", "close_day"),
    "deals_won_undated": ("stage", "close_day"), "deals_won_in_future": ("stage", "close_day"),
    "deals_won_unreadable_date": ("stage", "close_day"),
    "deals_won_unreadable_date_amount": ("stage", "close_day", "amount"),
    "deals_open_amount": ("stage", "amount"),
    "deals_won_amount": ("stage", "close_day", "amount"), "deals_won_undated_amount": ("stage", "close_day", "amount"),
    "clients_new": ("created_at",), "clients_undated": ("created_at",), "contacts_undated": ("created_at",),
    "leads_undated": ("created_at",), "deals_undated": ("created_at",),
}  # fmt: skip
"""A count -> the columns without which it says nothing; in a CRM that lacks one, there is no such figure.

Of columns with | between them one is enough.
"""


def needs_of(name: str) -> tuple[str, ...]:
    """The columns without which a count says nothing; 'start_at|created_at' is one of the two."""
    return _NEEDS.get(name.removeprefix("month."), ())


def _that_can_be_told(entity: str, counts: Conditions, terms: Terms) -> Conditions:
    def told(name: str) -> bool:
        return all(any(terms.holds(f"{entity}.{column}") for column in need.split("|")) for need in needs_of(name))

    return {key: condition for key, condition in counts.items() if told(key[0])}


def _with_own(entity: str, view: FromClause, counts: Conditions, terms: Terms) -> Conditions:
    """The counts, and those of the audit's own that narrow one of them."""
    own = {
        (measure.name, ""): and_(counts[measure.counted, ""], *_narrowed(entity, view, measure))
        for measure in terms.own
        if measure.entity == entity and (measure.counted, "") in counts
    }
    return {**counts, **own}


def _narrowed(entity: str, view: FromClause, measure: OwnMeasure) -> Iterator[Condition]:
    for column, wanted in measure.where.items():
        missing = nothing_entered(view, entity, column)
        if wanted in ("filled", "missing"):
            yield missing if wanted == "missing" else not_(missing)
        else:
            yield one_of_words(view.c[column], wanted)


def counts_of(entity: str, view: FromClause, terms: Terms) -> Conditions:
    """The condition of every count of an entity that the CRM can tell."""
    return _with_own(entity, view, _that_can_be_told(entity, _COUNTS[entity](view, terms), terms), terms)


def amounts_of(entity: str, view: FromClause, terms: Terms) -> Conditions:
    """The condition of every sum of money: of deals, in a CRM that holds their stages and amounts."""
    if entity != "deal" or not terms.holds("deal.stage", "deal.amount"):
        return {}
    return _with_own(entity, view, _that_can_be_told(entity, _deal_amounts(view, terms), terms), terms)


def measure_questions(entity: str, view: FromClause, terms: Terms) -> Iterator[Question]:
    """What is counted of an entity: per owner, and once more for the company, by a query of its own."""
    sums = {name: func.sum(flag(condition)) for name, condition in counts_of(entity, view, terms).items()}
    for whose in terms.whose:
        yield question(f"{entity}.counts", view, sums, whose=whose)
    amounts = {
        name: func.sum(case((and_(condition, view.c.amount_unreadable == 0), view.c.amount)))
        for name, condition in amounts_of(entity, view, terms).items()
    }
    if amounts:
        for whose in terms.whose:
            yield question(f"{entity}.amounts", view, amounts, whose=whose, money=True)
