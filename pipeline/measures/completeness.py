"""What the minimum field sets come to: scores, fields, records to complete. Made from
the field sets' own counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.language.marked import marked
from pipeline.measures.measure import BASE, PERIOD, STOCK, Counted
from pipeline.model import Measure, Unit
from pipeline.queries.context import Count

SCORE: Final = Measure(name="score", label=marked("Completeness"), unit=Unit.PERCENT)
FIELD_FILLED: Final = Measure(name="field_filled", label=marked("Filled"), unit=Unit.PERCENT)
FIELD_MISSING: Final = Measure(name="field_missing", label=marked("Missing"))
RECORDS_FAILING: Final = Measure(name="records_failing", label=marked("Records to complete"))

BASE_SCORE: Final = Measure(
    name="base", label=marked("Completeness of all records"), unit=Unit.PERCENT, period=BASE
)
BASE_FILLED: Final = Measure(
    name="base_filled", label=marked("Filled in all records"), unit=Unit.PERCENT, period=BASE
)
BASE_MISSING: Final = Measure(
    name="base_missing", label=marked("Missing in all records"), period=BASE
)
BASE_FAILING: Final = Measure(
    name="base_failing", label=marked("Records to complete outside this period"), period=BASE
)

UNREADABLE: Final = Counted(
    name="unreadable",
    label=marked("Cannot be read"),
    period=STOCK,
    numerator=(Count("unreadable"),),
    each="column of dates, amounts or texts",
    left_out=True,
)


@dataclass(frozen=True, slots=True)
class Span:
    """Which records are looked at, and the measures of these."""

    name: str  # as in 'due.period'
    filled: Measure
    missing: Measure
    score: Measure
    failing: Measure


SPANS: Final = (
    Span(PERIOD, FIELD_FILLED, FIELD_MISSING, SCORE, RECORDS_FAILING),
    Span(BASE, BASE_FILLED, BASE_MISSING, BASE_SCORE, BASE_FAILING),
)
