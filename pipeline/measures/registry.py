"""All measures, in the order in which they are published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline.measures import calls, clients, company, completeness, deals, meetings, plan
from pipeline.measures.measure import Counted
from pipeline.model import Measure
from pipeline.queries.context import Count

COUNTED: Final[tuple[Counted, ...]] = (
    meetings.MEETINGS_HELD,
    meetings.COMPLETE_MEETINGS,
    meetings.MEETINGS_LACKING,
    meetings.MEETINGS_TO_COMPLETE,
    meetings.MEETINGS_PLANNED_7D,
    meetings.MEETINGS_OVERDUE,
    calls.CALLS_HELD,
    deals.DEALS_OPEN,
    deals.DEALS_OPEN_AMOUNT,
    deals.DEALS_WON,
    deals.DEALS_WON_AMOUNT,
    deals.DEALS_LOST,
    deals.WIN_RATE,
    clients.CLIENTS_NEW,
    clients.CLIENTS,
    clients.CONTACTS,
    clients.LEADS,
    meetings.MEETINGS,
    calls.CALLS,
    deals.DEALS,
    deals.DEALS_WON_UNDATED,
    deals.DEALS_WON_UNDATED_AMOUNT,
    deals.DEALS_WON_UNREADABLE_DATE,
    deals.DEALS_WON_UNREADABLE_DATE_AMOUNT,
    deals.DEALS_WON_IN_FUTURE,
    completeness.UNREADABLE,
    deals.DEALS_UNKNOWN,
    meetings.MEETINGS_HELD_IN_FUTURE,
    meetings.MEETINGS_UNKNOWN,
    calls.CALLS_HELD_IN_FUTURE,
    calls.CALLS_UNKNOWN,
    meetings.MEETINGS_UNDATED,
    calls.CALLS_UNDATED,
    deals.DEALS_UNDATED,
    clients.CLIENTS_UNDATED,
    clients.CONTACTS_UNDATED,
    clients.LEADS_UNDATED,
)
"""The measures whose figures are sums of what databases count."""

OF_THE_COMPANY: Final[tuple[Measure, ...]] = (
    plan.WORKING_DAYS_LEFT,
    company.MANAGERS,
    company.TEAMS,
    company.INACTIVE_USERS,
    company.TABLE_ROWS,
    company.TABLE_AUDITED,
    company.TABLE_EXCLUDED,
    company.FIGURES_PROVEN,
)
"""Those that are about nobody: they have no figure but the company's."""

_MADE: Final = (
    *(measure for among in completeness.AMONG for measure in among.measures),
    *completeness.FAILING.values(),
    completeness.DEMAND_UNKNOWN,
    *completeness.REMEMBERED_OF_FINDINGS,
    *completeness.WITH_OPERATORS,
    *completeness.COLLEAGUES,
    completeness.SHARE,
    completeness.NOT_HELD,
    plan.PLAN_DONE,
    plan.PLAN_TARGET,
    plan.PLAN_LEFT,
    plan.PLAN_OVER,
    plan.PLAN_PROGRESS,
    plan.PLAN_NEEDED_PER_DAY,
    plan.PLAN_WITHOUT_TARGET,
    *OF_THE_COMPANY,
)
"""Those whose figures are made of field sets, of the plan, of the audit itself."""

MEASURES: Final[Mapping[str, Measure]] = {
    measure.name: measure for measure in (*COUNTED, *_MADE)
}
"""Every measure by its name."""

NARROWED: Final = {
    measure.name: measure for measure in COUNTED if not (measure.denominator or measure.each)
}
"""What a measure of an audit's own may narrow: whatever is one figure, and no ratio."""

LEFT_OUT: Final = tuple(measure for measure in COUNTED if measure.left_out)
"""Records that are in the CRM and in no result, each with the reason in its label."""

_PLAN_ORDER: Final = ("deal", "meeting", "call", "client")
PLANNED: Final = tuple(
    sorted(
        (measure for measure in COUNTED if measure.month),
        key=lambda measure: _PLAN_ORDER.index(measure.numerator[0].entity),
    )
)
"""The measures for which a target can be set, over the calendar month: deals first."""


def counts_of(measures: Iterable[Counted]) -> tuple[Count, ...]:
    """What databases count for these measures, each once; the field sets' own
    counts are not among them.
    """
    counts = {
        count.name: count for measure in measures for count in measure.counts if count.entity
    }
    return tuple(counts.values())


def columns_counted(measures: Iterable[Measure]) -> set[str]:
    """'deal.amount' of every column at which these measures look."""
    columns = {column for read in meetings.COMPLETE.values() for column in read}
    for measure in measures:
        for count in measure.counts if isinstance(measure, Counted) else ():
            needs = (column for need in count.needs for column in need.split("|"))
            columns.update(f"{count.entity}.{column}" for column in needs)
    return columns
