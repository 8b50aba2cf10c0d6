"""The measures of which the registry keeps every run's figures, to show them beside later ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.measures import calls, clients, completeness, deals, meetings, plan
from pipeline.measures.registry import PLANNED
from pipeline.model import Measure
from pipeline.model.figures import Numbers

HEADLINES: Final[tuple[Measure, ...]] = (
    completeness.SCORE,
    completeness.POINTS_KEPT,
    completeness.POINTS_DUE,
    completeness.RECORDS_COMPLETE,
    completeness.RECORDS_FAILING,
    completeness.RECORDS_WITH_OPERATORS,
    completeness.BASE_SCORE,
    completeness.BASE_COMPLETE,
    *completeness.REMEMBERED_OF_FINDINGS,
    meetings.MEETINGS_HELD,
    meetings.COMPLETE_MEETINGS,
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
    deals.DEALS_WON_UNDATED,
    clients.CLIENTS,
    clients.CLIENTS_NEW,
    plan.PLAN_DONE,
    plan.PLAN_TARGET,
    plan.PLAN_PROGRESS,
)

LINES: Final = frozenset(
    {
        completeness.SCORE.name,
        meetings.COMPLETE_MEETINGS.name,
        *(f"{plan.PLAN_PROGRESS.name}/{measure.name}" for measure in PLANNED),
    }
)
"""Of these figures a report draws the runs before."""


def drawn(figures: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """Those of somebody's figures of which a line is drawn."""
    return {what: numbers for what, numbers in figures.items() if what in LINES}
