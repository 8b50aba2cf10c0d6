"""Measures of calls."""

from __future__ import annotations

from typing import Final

from sqlalchemy import FromClause, and_

from pipeline.language.marked import forms, marked
from pipeline.measures.common import (
    Held,
    HeldAhead,
    Undated,
    every,
    in_period,
    in_unknown_state,
)
from pipeline.measures.measure import STOCK, counted
from pipeline.model import Verdict
from pipeline.queries.context import Condition, QueryContext

_HELD_BY_NOW: Final = Held("call")


def _held_in_period(c: FromClause, t: QueryContext) -> Condition:
    return and_(_HELD_BY_NOW(c, t), in_period(c, t))


CALLS: Final = counted(
    "calls", marked("Calls in the CRM"), of="call", where=every, period=STOCK
)
CALLS_HELD: Final = counted(
    "calls_held",
    marked("Calls held"),
    of="call",
    needs=("status", "start_at|created_at"),
    where=_held_in_period,
)
CALLS_HELD_IN_FUTURE: Final = counted(
    "calls_held_in_future",
    marked("Calls marked held, still to come"),
    of="call",
    needs=("status", "start_at"),
    where=HeldAhead("call"),
    period=STOCK,
    left_out=True,
    sentence=forms(
        "{count} call is marked held and is still to come",
        "{count} calls are marked held and are still to come",
    ),
    finds=Verdict.INVALID,
)
CALLS_UNKNOWN: Final = counted(
    "calls_unknown",
    marked("Calls with an unknown status"),
    of="call",
    needs=("status",),
    where=in_unknown_state,
    period=STOCK,
    left_out=True,
    sentence=forms(
        "{count} call has an unknown status", "{count} calls have an unknown status"
    ),
    finds=Verdict.INVALID,
)
CALLS_UNDATED: Final = counted(
    "calls_undated",
    marked("Calls without a date"),
    of="call",
    needs=("start_at|created_at",),
    where=Undated("call", ("start_at", "created_at")),
    period=STOCK,
    left_out=True,
    finds=Verdict.MISSING,
)
