"""Whatever is printed, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.model.people import Scope


class Unit(StrEnum):
    COUNT = "count"
    PERCENT = "percent"
    MONEY = "money"
    DAYS = "days"
    PER_DAY = "per_day"


@dataclass(frozen=True, slots=True)
class Figure:
    """Whatever is printed. Exact: counts and minor units are integers, a
    ratio is a pair of integers.

    `denominator` is None where the figure is no ratio; 0 means that nothing was
    due: no value, never zero.
    """

    id: str
    scope: Scope
    key: str  # the manager's or team's id; '' for the others
    metric: str
    dimension: str
    period: str  # 'period', 'month', 'stock', 'score', 'base', 'next_7_days' or 'run'
    numerator: int
    denominator: int | None
    unit: Unit
    currency: str
    basis: str  # 'database', or how else it was found; those of UNCOMPARED no second reading has made


ONE_READING: Final = "the source alone"
"""The basis of a figure that only the CRM's database has counted: rows that are
not audited are never read.
"""

JUDGED_TEXT: Final = "proven text"
"""The basis of a figure for which Python judged what was entered. Not the figure but its text was
compared: letter by letter it is the CRM's.
"""

UNCOMPARED: Final = (ONE_READING, "targets", "calendar", "settings")
"""The bases of figures that are in no proof: no second reading makes them, or
they are none of the CRM's.
"""


def figure_id(metric: str, dimension: str, currency: str, scope: Scope, key: str) -> str:
    """The name under which a figure is found in every file:
    metric[/dimension][/currency]@scope[:key].
    """
    what = "/".join(part for part in (metric, dimension, currency) if part)
    return f"{what}@{scope}:{key}" if key else f"{what}@{scope}"
