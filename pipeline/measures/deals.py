"""Measures of deals: open, won and lost, in number and in money. Days are compared
as days, never as moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import FromClause, and_, false

from pipeline.language.marked import forms, marked
from pipeline.measures.common import Undated, every, in_unknown_state
from pipeline.measures.measure import STOCK, amount_of, counted, share
from pipeline.model import Verdict
from pipeline.queries.context import Condition, QueryContext, in_state

_STAGE: Final = ("stage",)
_CLOSED: Final = ("stage", "close_day")
_WITHOUT_DAY: Final = Undated("deal", ("close_day",))


@dataclass(frozen=True, slots=True)
class _ClosedInPeriod:
    """Won, or lost, on a day of the period that is not after today."""

    state: str

    def __call__(self, d: FromClause, t: QueryContext) -> Condition:
        day, w = d.c.close_day, t.window
        in_period = and_(day >= w.first, day < w.after_last, day <= w.today)
        return and_(in_state(d, "deal", self.state), in_period)


def _won_in_month(d: FromClause, t: QueryContext) -> Condition:
    day, w = d.c.close_day, t.window
    if w.month_first is None or w.month_after is None:
        return false()
    in_month = and_(day >= w.month_first, day < w.month_after, day <= w.today)
    return and_(in_state(d, "deal", "won"), in_month)


def _open(d: FromClause, _: QueryContext) -> Condition:
    return in_state(d, "deal", "open")


def _won_without_day(d: FromClause, t: QueryContext) -> Condition:
    return and_(in_state(d, "deal", "won"), _WITHOUT_DAY(d, t))


def _won_on_unreadable_day(d: FromClause, _: QueryContext) -> Condition:
    return and_(in_state(d, "deal", "won"), d.c.close_day_unreadable == 1)


def _won_after_today(d: FromClause, t: QueryContext) -> Condition:
    return and_(in_state(d, "deal", "won"), d.c.close_day > t.window.today)


DEALS: Final = counted(
    "deals", marked("Deals in the CRM"), of="deal", where=every, period=STOCK
)
DEALS_OPEN: Final = counted(
    "deals_open",
    marked("Open deals"),
    of="deal",
    needs=_STAGE,
    where=_open,
    period=STOCK,
    sentence=forms("{count} open deal", "{count} open deals"),
)
DEALS_OPEN_AMOUNT: Final = amount_of(DEALS_OPEN, "deals_open_amount", marked("Open amount"))
DEALS_WON: Final = counted(
    "deals_won",
    marked("Deals won"),
    of="deal",
    needs=_CLOSED,
    where=_ClosedInPeriod("won"),
    in_month=_won_in_month,
)
DEALS_WON_AMOUNT: Final = amount_of(DEALS_WON, "deals_won_amount", marked("Won amount"))
DEALS_LOST: Final = counted(
    "deals_lost", marked("Deals lost"), of="deal", needs=_CLOSED, where=_ClosedInPeriod("lost")
)
WIN_RATE: Final = share(
    "win_rate",
    marked("Win rate"),
    DEALS_WON.numerator,
    (*DEALS_WON.numerator, *DEALS_LOST.numerator),
)
DEALS_WON_UNDATED: Final = counted(
    "deals_won_undated",
    marked("Won deals, no closing date yet"),
    of="deal",
    needs=_CLOSED,
    where=_won_without_day,
    period=STOCK,
    left_out=True,
    sentence=forms(
        "{count} won deal, no closing date yet", "{count} won deals, no closing date yet"
    ),
    finds=Verdict.MISSING,
)
DEALS_WON_UNDATED_AMOUNT: Final = amount_of(
    DEALS_WON_UNDATED, "deals_won_undated_amount", marked("Won amount, no closing date yet")
)
DEALS_WON_UNREADABLE_DATE: Final = counted(
    "deals_won_unreadable_date",
    marked("Won deals whose closing date cannot be read"),
    of="deal",
    needs=_CLOSED,
    where=_won_on_unreadable_day,
    period=STOCK,
    left_out=True,
    sentence=forms(
        "{count} won deal with a closing date that cannot be read",
        "{count} won deals with a closing date that cannot be read",
    ),
    finds=Verdict.UNREADABLE,
)
DEALS_WON_UNREADABLE_DATE_AMOUNT: Final = amount_of(
    DEALS_WON_UNREADABLE_DATE,
    "deals_won_unreadable_date_amount",
    marked("Won amount whose closing date cannot be read"),
)
DEALS_WON_IN_FUTURE: Final = counted(
    "deals_won_in_future",
    marked("Won deals dated after today"),
    of="deal",
    needs=_CLOSED,
    where=_won_after_today,
    period=STOCK,
    left_out=True,
    sentence=forms(
        "{count} won deal has a closing date after today",
        "{count} won deals have a closing date after today",
    ),
    finds=Verdict.INVALID,
)
DEALS_UNKNOWN: Final = counted(
    "deals_unknown",
    marked("Deals with an unknown stage"),
    of="deal",
    needs=_STAGE,
    where=in_unknown_state,
    period=STOCK,
    left_out=True,
    sentence=forms("{count} deal has an unknown stage", "{count} deals have an unknown stage"),
    finds=Verdict.INVALID,
)
DEALS_UNDATED: Final = counted(
    "deals_undated",
    marked("Deals without a creation date"),
    of="deal",
    needs=("created_at",),
    where=Undated("deal"),
    period=STOCK,
    left_out=True,
    finds=Verdict.MISSING,
)

WON_ON_NO_DAY: Final = (
    (DEALS_WON_UNDATED, DEALS_WON_UNDATED_AMOUNT),
    (DEALS_WON_UNREADABLE_DATE, DEALS_WON_UNREADABLE_DATE_AMOUNT),
)
"""The won deals that are in no period, and the money in them."""
