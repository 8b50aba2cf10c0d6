"""Progress against plan, over the calendar month. Each figure's dimension is the
measure that has a target.
"""

from __future__ import annotations

from typing import Final

from pipeline.language.marked import marked
from pipeline.measures.measure import MONTH
from pipeline.model import Measure, Unit

PLAN_DONE: Final = Measure(name="plan_done", label=marked("Done"), period=MONTH)
PLAN_TARGET: Final = Measure(name="plan_target", label=marked("Target"), period=MONTH)
PLAN_LEFT: Final = Measure(name="plan_left", label=marked("To go"), period=MONTH)
PLAN_OVER: Final = Measure(name="plan_over", label=marked("Over target"), period=MONTH)
PLAN_PROGRESS: Final = Measure(
    name="plan_progress", label=marked("Target reached"), unit=Unit.PERCENT, period=MONTH
)
PLAN_NEEDED_PER_DAY: Final = Measure(
    name="plan_needed_per_day",
    label=marked("Needed per working day"),
    unit=Unit.PER_DAY,
    period=MONTH,
)
PLAN_WITHOUT_TARGET: Final = Measure(
    name="plan_without_target", label=marked("By colleagues without a target"), period=MONTH
)
WORKING_DAYS_LEFT: Final = Measure(
    name="working_days_left", label=marked("Working days left"), unit=Unit.DAYS, period=MONTH
)
