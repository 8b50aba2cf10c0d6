"""What the minimum field sets come to: scores and points, demands, records to complete. Made
from the field sets' own counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.language.marked import marked
from pipeline.measures.measure import BASE, PERIOD, SCORED, STOCK, Counted
from pipeline.model import Measure, Span, Unit, Verdict
from pipeline.queries.context import Count

SCORE: Final = Measure(
    name="score", label=marked("Completeness"), unit=Unit.PERCENT, period=SCORED
)
POINTS_KEPT: Final = Measure(
    name="points_kept", label=marked("Points kept"), period=SCORED, each="kind of record"
)
POINTS_DUE: Final = Measure(
    name="points_due", label=marked("Points in all"), period=SCORED, each="kind of record"
)
SHARE: Final = Measure(name="score_share", label=marked("Share"), period=SCORED)
NOT_HELD: Final = Measure(
    name="fields_not_held",
    label=marked("Not held by this CRM"),
    period=SCORED,
    each="kind of record",
)
RECORDS_COMPLETE: Final = Measure(
    name="records_complete",
    label=marked("Complete records"),
    unit=Unit.PERCENT,
    period=SCORED,
)
FIELD_GOOD: Final = Measure(
    name="field_good", label=marked("In order"), unit=Unit.PERCENT, period=SCORED
)
FIELD_MISSING: Final = Measure(name="field_missing", label=marked("Missing"), period=SCORED)
FIELD_UNREADABLE: Final = Measure(
    name="field_unreadable", label=marked("Cannot be read"), period=SCORED
)
FIELD_PLACEHOLDER: Final = Measure(
    name="field_placeholder", label=marked("Filler value"), period=SCORED
)
FIELD_INVALID: Final = Measure(name="field_invalid", label=marked("Not valid"), period=SCORED)
FIELD_DUPLICATE: Final = Measure(
    name="field_duplicate", label=marked("Duplicate"), period=SCORED
)
FIELD_HINT: Final = Measure(name="field_hint", label=marked("Worth a check"), period=SCORED)

BASE_SCORE: Final = Measure(
    name="base", label=marked("Completeness of all records"), unit=Unit.PERCENT, period=BASE
)
BASE_POINTS_KEPT: Final = Measure(
    name="base_points_kept",
    label=marked("Points kept in all records"),
    period=BASE,
    each="kind of record",
)
BASE_POINTS_DUE: Final = Measure(
    name="base_points_due",
    label=marked("Points of all records"),
    period=BASE,
    each="kind of record",
)
BASE_COMPLETE: Final = Measure(
    name="base_complete",
    label=marked("Complete among all records"),
    unit=Unit.PERCENT,
    period=BASE,
)
BASE_GOOD: Final = Measure(
    name="base_good", label=marked("In order in all records"), unit=Unit.PERCENT, period=BASE
)
BASE_MISSING: Final = Measure(
    name="base_missing", label=marked("Missing in all records"), period=BASE
)
BASE_UNREADABLE: Final = Measure(
    name="base_unreadable", label=marked("Cannot be read in all records"), period=BASE
)

DEMAND_UNKNOWN: Final = Measure(
    name="demand_unknown",
    label=marked("Not known whether it is asked for"),
    period=BASE,
)
BASE_PLACEHOLDER: Final = Measure(
    name="base_placeholder", label=marked("Filler value in all records"), period=BASE
)
BASE_INVALID: Final = Measure(
    name="base_invalid", label=marked("Not valid in all records"), period=BASE
)
BASE_DUPLICATE: Final = Measure(
    name="base_duplicate", label=marked("Duplicate in all records"), period=BASE
)
BASE_HINT: Final = Measure(
    name="base_hint", label=marked("Worth a check in all records"), period=BASE
)

WITHOUT_EXCEPTIONS: Final = Measure(
    name="score_without_exceptions",
    label=marked("Without exceptions"),
    unit=Unit.PERCENT,
    period=SCORED,
)
FIELD_EXEMPT: Final = Measure(name="field_exempt", label=marked("Exempt"), period=SCORED)
BASE_WITHOUT_EXCEPTIONS: Final = Measure(
    name="base_without_exceptions",
    label=marked("All records, without exceptions"),
    unit=Unit.PERCENT,
    period=BASE,
)
BASE_EXEMPT: Final = Measure(
    name="base_exempt", label=marked("Exempt in all records"), period=BASE
)

RECORDS_FAILING: Final = Measure(
    name="records_failing", label=marked("Records to complete"), period=SCORED
)
FAILING_OUTSIDE: Final = Measure(
    name="records_failing_outside",
    label=marked("Records to complete outside these days"),
    period=BASE,
)
FAILING_COMING_UP: Final = Measure(
    name="records_failing_coming_up",
    label=marked("Records to complete, coming up"),
    period=BASE,
)
FAILING_TAKEN_OVER: Final = Measure(
    name="records_failing_taken_over",
    label=marked("Records to complete, taken over"),
    period=BASE,
)
FAILING_IMPORTED: Final = Measure(
    name="records_failing_imported", label=marked("Records to complete, imported"), period=BASE
)
FAILING: Final[Mapping[Span, Measure]] = {
    Span.SCORE: RECORDS_FAILING,
    Span.COMING_UP: FAILING_COMING_UP,
    Span.TAKEN_OVER: FAILING_TAKEN_OVER,
    Span.IMPORTED: FAILING_IMPORTED,
    Span.OUTSIDE: FAILING_OUTSIDE,
}
"""The records that lose a point, each in one span."""

COMPLETED: Final = Measure(name="findings_completed", label=marked("Completed"), period=PERIOD)
OPEN_AGAIN: Final = Measure(
    name="findings_open_again", label=marked("Open again"), period=PERIOD
)
REMEMBERED_OF_FINDINGS: Final = (COMPLETED, OPEN_AGAIN)
"""What became of findings from run to run."""

DUE_WITH_OPERATORS: Final = Measure(
    name="with_operators_due",
    label=marked("Points with sales support"),
    period=SCORED,
    each="kind of record",
)
LACKING_WITH_OPERATORS: Final = Measure(
    name="with_operators_lacking",
    label=marked("Missing or not in order, with sales support"),
    period=SCORED,
    each="kind of record",
)
RECORDS_WITH_OPERATORS: Final = Measure(
    name="with_operators_records",
    label=marked("Records to complete, with sales support"),
    period=BASE,
)

DUE_WITH_COLLEAGUES: Final = Measure(
    name="with_colleagues_due",
    label=marked("Points with colleagues"),
    period=SCORED,
    each="kind of record",
)
LACKING_WITH_COLLEAGUES: Final = Measure(
    name="with_colleagues_lacking",
    label=marked("Missing or not in order, with colleagues"),
    period=SCORED,
    each="kind of record",
)
RECORDS_WITH_COLLEAGUES: Final = Measure(
    name="with_colleagues_records",
    label=marked("Records to complete, with colleagues"),
    period=BASE,
)
RECORDS_OF_COLLEAGUES: Final = Measure(
    name="of_colleagues_records",
    label=marked("Colleagues' records to complete"),
    period=SCORED,
)
OF_COLLEAGUES_BESIDE: Final = Measure(
    name="of_colleagues_records_beside",
    label=marked("Colleagues' records to complete, beside completeness"),
    period=BASE,
)

WITH_COLLEAGUES: Final = (
    DUE_WITH_COLLEAGUES,
    LACKING_WITH_COLLEAGUES,
    RECORDS_WITH_COLLEAGUES,
)
COLLEAGUES: Final = (*WITH_COLLEAGUES, RECORDS_OF_COLLEAGUES, OF_COLLEAGUES_BESIDE)
"""What those who entered records owe of records that others own: only where a field set asks
it of them.
"""

WITH_OPERATORS: Final = (DUE_WITH_OPERATORS, LACKING_WITH_OPERATORS, RECORDS_WITH_OPERATORS)
"""What others owe of somebody's records: only where an audit names operators."""

UNREADABLE: Final = Counted(
    name="unreadable",
    label=marked("Cannot be read"),
    period=STOCK,
    numerator=(Count("unreadable"),),
    each="column of dates, amounts or texts",
    left_out=True,
)


@dataclass(frozen=True, slots=True)
class Among:
    """Which records are looked at, and the measures of these."""

    name: str  # as in 'due.score'
    spans: tuple[Span, ...]
    score: Measure
    kept: Measure
    due: Measure
    complete: Measure
    good: Measure
    verdicts: Mapping[Verdict, Measure]
    without_exceptions: Measure
    exempt: Measure  # of each demand, and of all

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All of them."""
        return (
            self.score,
            self.kept,
            self.due,
            self.complete,
            self.good,
            *self.verdicts.values(),
            self.without_exceptions,
            self.exempt,
        )


IN_SCORE: Final = Among(
    "score",
    (Span.SCORE,),
    SCORE,
    POINTS_KEPT,
    POINTS_DUE,
    RECORDS_COMPLETE,
    FIELD_GOOD,
    {
        Verdict.MISSING: FIELD_MISSING,
        Verdict.UNREADABLE: FIELD_UNREADABLE,
        Verdict.PLACEHOLDER: FIELD_PLACEHOLDER,
        Verdict.INVALID: FIELD_INVALID,
        Verdict.DUPLICATE: FIELD_DUPLICATE,
        Verdict.HINT: FIELD_HINT,
    },
    WITHOUT_EXCEPTIONS,
    FIELD_EXEMPT,
)
IN_ALL: Final = Among(
    "base",
    tuple(Span),
    BASE_SCORE,
    BASE_POINTS_KEPT,
    BASE_POINTS_DUE,
    BASE_COMPLETE,
    BASE_GOOD,
    {
        Verdict.MISSING: BASE_MISSING,
        Verdict.UNREADABLE: BASE_UNREADABLE,
        Verdict.PLACEHOLDER: BASE_PLACEHOLDER,
        Verdict.INVALID: BASE_INVALID,
        Verdict.DUPLICATE: BASE_DUPLICATE,
        Verdict.HINT: BASE_HINT,
    },
    BASE_WITHOUT_EXCEPTIONS,
    BASE_EXEMPT,
)
AMONG: Final = (IN_SCORE, IN_ALL)
