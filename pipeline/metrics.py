"""The metrics that are published: their names, units and periods. What they count is in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.model import OwnMeasure, Scope, Unit


@dataclass(frozen=True, slots=True)
class Metric:
    """`numerator` and `denominator` are sums of the catalogue's counts; without a denominator it is no ratio."""

    name: str
    label: str
    period: str  # 'period', 'stock', 'next 7 days'
    unit: Unit
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()


def _count(name: str, label: str, period: str = "period") -> Metric:
    return Metric(name, label, period, Unit.COUNT, (name,))


def _money(name: str, label: str, period: str) -> Metric:
    return Metric(name, label, period, Unit.MONEY, (name,))


METRICS: Final = (
    _count("meetings_held", "Meetings held"),
    Metric(
        "complete_meetings", "Complete meetings", "period", Unit.PERCENT, ("meetings_complete",), ("meetings_held",)
    ),
    _count("meetings_lacking", "Held meetings that lack"),  # one figure per thing lacking
    _count("meetings_planned_7d", "Meetings in the next 7 days", "next 7 days"),
    _count("meetings_overdue", "Overdue meetings", "stock"),
    _count("calls_held", "Calls held"),
    _count("deals_open", "Open deals", "stock"),
    _money("deals_open_amount", "Open amount", "stock"),
    _count("deals_won", "Deals won"),
    _money("deals_won_amount", "Won amount", "period"),
    _count("deals_lost", "Deals lost"),
    Metric("win_rate", "Win rate", "period", Unit.PERCENT, ("deals_won",), ("deals_won", "deals_lost")),
    _count("clients_new", "New clients"),
    _count("clients", "Clients looked after", "stock"),
    _count("contacts", "Contacts", "stock"),
    _count("leads", "Leads", "stock"),
    _count("meetings", "Meetings in the CRM", "stock"),
    _count("calls", "Calls in the CRM", "stock"),
    _count("deals", "Deals in the CRM", "stock"),
    # findings: in no other figure, listed so that nothing vanishes
    _count("deals_won_undated", "Won deals without a closing date", "stock"),
    _money("deals_won_undated_amount", "Won amount without a closing date", "stock"),
    _count("deals_won_unreadable_date", "Won deals whose closing date cannot be read", "stock"),
    _money("deals_won_unreadable_date_amount", "Won amount whose closing date cannot be read", "stock"),
    _count("deals_won_in_future", "Deals won after today", "stock"),
    _count("unreadable", "Unreadable", "stock"),  # one figure per column that holds dates or amounts
    _count("deals_unknown", "Deals with an unknown stage", "stock"),
    _count("meetings_held_in_future", "Meetings held after now", "stock"),
    _count("meetings_unknown", "Meetings with an unknown status", "stock"),
    _count("calls_held_in_future", "Calls held after now", "stock"),
    _count("calls_unknown", "Calls with an unknown status", "stock"),
    _count("meetings_undated", "Meetings without any date", "stock"),
    _count("calls_undated", "Calls without any date", "stock"),
    _count("deals_undated", "Deals without a creation date", "stock"),
    _count("clients_undated", "Clients without a creation date", "stock"),
    _count("contacts_undated", "Contacts without a creation date", "stock"),
    _count("leads_undated", "Leads without a creation date", "stock"),
)

_OF_SEVERAL_FIGURES: Final = ("meetings_lacking", "unreadable")
COUNTED: Final = {
    metric.name: metric for metric in METRICS if not metric.denominator and metric.name not in _OF_SEVERAL_FIGURES
}
"""What a measure of one's own may narrow: whatever is one figure, and not one for each thing that is lacking."""


def metric_of(own: OwnMeasure) -> Metric:
    """A measure of one's own as it is published: over the days and in the unit of what it narrows."""
    counted = COUNTED[own.counted]
    if own.share:
        return Metric(own.name, own.label, counted.period, Unit.PERCENT, (own.name,), (own.counted,))
    return Metric(own.name, own.label, counted.period, counted.unit, (own.name,))


_FINDING_ENDS: Final = (
    "_undated", "_undated_amount", "_in_future", "unreadable", "_unreadable_date", "_unreadable_date_amount",
    "_unknown",
)  # fmt: skip
FINDINGS: Final = tuple(metric.name for metric in METRICS if metric.name.endswith(_FINDING_ENDS))
"""Records that are in the CRM and in no other figure, each with the reason in its name."""

WON_ON_NO_DAY: Final = {
    "deals_won_undated": "without a closing date",
    "deals_won_unreadable_date": "with a closing date that cannot be read",
}
"""The won deals that are in no period -> why, as reports say it."""

BESIDE: Final = {
    Scope.INACTIVE: "Inactive owners",
    Scope.UNASSIGNED: "Records of nobody",
    Scope.TWICE: "Less: counted twice",
}
"""What it takes beside the managers to add up to the company; the last only where records have several owners."""

PLANNED: Final = {"deals_won": "Deals won", "meetings_held": "Meetings held", "clients_new": "New clients"}
"""The metrics for which a target can be set, over the calendar month."""

LABELS: Final = {
    **{metric.name: metric.label for metric in METRICS},
    "score": "Completeness",
    "base": "Completeness of the base",
    "lead_score": "Completeness of leads",
    "lead_base": "Completeness of all leads",
    "field_filled": "Filled",
    "field_missing": "Missing",
    "base_filled": "Filled in the base",
    "base_missing": "Missing in the base",
    "records_failing": "Records to repair",
    "base_failing": "Records to repair outside this period",
    "plan_done": "Done",
    "plan_target": "Target",
    "plan_left": "To go",
    "plan_over": "Over target",
    "plan_progress": "Progress against plan",
    "plan_needed_per_day": "Needed per working day",
    "plan_without_target": "Done without a target",
    "working_days_left": "Working days left",
    "managers": "Managers",
    "teams": "Teams",
    "inactive_users": "Inactive owners",
    "table_rows": "Rows in the source",
    "table_audited": "Audited",
    "table_excluded": "Excluded",
    "figures_proven": "Figures equal to the CRM",
}
"""Metric -> its name in a report."""
