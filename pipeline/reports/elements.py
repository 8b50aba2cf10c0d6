"""The elements that management's report and a manager's have in common,
each for whom it is about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.measures.company import FIGURES_PROVEN
from pipeline.measures.completeness import (
    BASE_FILLED,
    BASE_MISSING,
    BASE_SCORE,
    FIELD_FILLED,
    FIELD_MISSING,
    SCORE,
)
from pipeline.measures.plan import (
    PLAN_DONE,
    PLAN_LEFT,
    PLAN_NEEDED_PER_DAY,
    PLAN_OVER,
    PLAN_TARGET,
    PLAN_WITHOUT_TARGET,
    WORKING_DAYS_LEFT,
)
from pipeline.measures.registry import PLANNED
from pipeline.model import SCORED, Figure, Measure, RunResult, Scope, Window
from pipeline.reports.report import Cell, Row, Table, halves, month_text

Company = Mapping[str, tuple[Figure, ...]]
"""Metric -> the company's figures of it: every other scope has the same
dimensions and currencies.
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a part of a report is about: a manager, a team, the company…"""

    result: RunResult
    company: Company
    money: frozenset[tuple[str, str]]  # (metric, currency) of which anybody has any
    scope: Scope
    key: str = ""

    def about(self, scope: Scope, key: str = "") -> Subject:
        """The same edition, about somebody else."""
        return replace(self, scope=scope, key=key)

    def find(self, measure: Measure, dimension: str = "", currency: str = "") -> Figure | None:
        """The subject's figure, or None where it does not exist."""
        return self.result.find(measure, self.scope, self.key, dimension, currency)

    def plan(self, figure: Measure, of: Measure) -> Figure | None:
        """The subject's figure of the plan for a measure."""
        return self.find(figure, of.name)

    def value(self, measure: Measure, dimension: str = "", currency: str = "") -> int:
        """A count for sorting and choosing, never for printing; 0 where
        the figure does not exist.
        """
        figure = self.find(measure, dimension, currency)
        return figure.numerator if figure else 0

    def currencies(self, measure: Measure) -> list[str]:
        """The currencies in which the company has such money."""
        return sorted(figure.currency for figure in self.company_has(measure))

    def company_has(self, measure: Measure) -> tuple[Figure, ...]:
        """The company's figures of a measure."""
        return self.company.get(measure.name, ())

    def amounts(self, measure: Measure) -> tuple[Cell, ...]:
        """The money that is not nothing, as in ", 96,200.00 EUR and 1,000 JPY";
        currencies are never added.
        """
        found = [self.find(measure, currency=currency) for currency in self.currencies(measure)]
        money = [figure for figure in found if figure and figure.numerator]
        joints = [", "] * (len(money) - 1) + [" and "] if len(money) > 1 else [", "]
        return tuple(
            cell
            for joint, figure in zip(joints, money, strict=False)
            for cell in (joint, figure)
        )


def the_company(result: RunResult) -> Subject:
    """The company as the subject, with its figures by metric: one walk over all
    figures, for all reports.
    """
    company: dict[str, list[Figure]] = defaultdict(list)
    money: set[tuple[str, str]] = set()
    for figure in result.figures.values():
        if figure.scope is Scope.COMPANY:
            company[figure.metric].append(figure)
        if figure.currency and figure.numerator:
            money.add((figure.metric, figure.currency))
    figures = {metric: tuple(of_metric) for metric, of_metric in company.items()}
    return Subject(result, figures, frozenset(money), Scope.COMPANY)


def counted(figure: Figure, one: str, many: str) -> tuple[Cell, ...]:
    """A count with its noun, in the singular for one."""
    return figure, f" {one if figure.numerator == 1 else many}"


def ratio_row(
    element: str,
    label: str,
    figure: Figure | None,
    noun: str,
    rest: str = "",
    *,
    bar: bool = True,
) -> Row:
    """ "91.3 %" in big type, then "8,217 of 9,000 fields are filled"; without a value, or a figure at all, why."""
    nothing = f"Nothing was due: no {noun} to look at."
    if figure is None:
        return Row(label, (nothing,), element=element)
    if not figure.denominator:
        return Row(label, (figure, f" {nothing}"), element=element, big=1)
    part, whole = halves(figure)
    drawn = (part.numerator, whole.numerator) if bar else None
    return Row(
        label,
        (figure, part, " of ", whole, f" {noun}{rest}"),
        element=element,
        big=1,
        bar=drawn,
    )


def score_rows(subject: Subject) -> Iterator[Row]:
    """The score of the period, and the base beside it, apart."""
    for measure, label in ((SCORE, "Completeness"), (BASE_SCORE, "The base, apart")):
        yield score_row(measure.name, label, subject, subject.find(measure))


def score_row(element: str, label: str, subject: Subject, figure: Figure | None) -> Row:
    """A score with what its two numbers count: fields, or points where some field
    weighs more than another.
    """
    sets = (fields for entity, fields in subject.result.field_sets.items() if entity in SCORED)
    if {field.weight for fields in sets for field in fields.fields} <= {1}:
        return ratio_row(element, label, figure, "fields", " are filled")
    return ratio_row(element, label, figure, "points", ", each field by its weight")


def plan_rows(subject: Subject) -> Iterator[Row]:
    """Done of target, how much is to go, and what a working day needs, for
    every metric with targets.
    """
    for measure in PLANNED:
        done, target = subject.plan(PLAN_DONE, measure), subject.plan(PLAN_TARGET, measure)
        if done is None or target is None:
            continue
        bar = (done.numerator, target.numerator)
        cells = (done, " of ", target, *_still(subject, measure))
        yield Row(measure.label, cells, element="plan", big=3, bar=bar)


def _still(subject: Subject, measure: Measure) -> Iterator[Cell]:
    left, over = subject.plan(PLAN_LEFT, measure), subject.plan(PLAN_OVER, measure)
    pace = subject.plan(PLAN_NEEDED_PER_DAY, measure)
    others = subject.plan(PLAN_WITHOUT_TARGET, measure)
    if left is not None and left.numerator:
        yield from (left, " to go")
        if pace is not None and pace.denominator:
            yield from ("; ", pace, " a working day needed")
    elif over is not None and over.numerator:
        yield from (over, " over the target")
    else:
        yield "the target is met"
    if others is not None and others.numerator:
        yield from ("; besides ", others, " without a target")


def no_plan_row(window: Window) -> Row:
    """Why there is no plan: the period leaves its month, or nobody
    has a target in that month.
    """
    if window.month_first is None:
        why = "The period is not inside one calendar month: it has no plan."
    else:
        why = f"No targets are set for {month_text(window.month_first)}."
    return Row("Plan", (why,), element="plan")


def days_rows(subject: Subject) -> Iterator[Row]:
    """The working days that are left in the month, the day of as-of included."""
    days = subject.about(Scope.COMPANY).find(WORKING_DAYS_LEFT)
    if days is not None:
        yield Row(
            "Time left",
            (*counted(days, "working day left", "working days left"), ", today included"),
            element="days",
        )


def fields_table(subject: Subject) -> Table:
    """Where fields are missing, the most missed first; what is filled
    everywhere is named below.
    """
    rows: list[tuple[int, str, Row]] = []
    spotless: list[str] = []
    never: list[str] = []
    for entity, fields in subject.result.field_sets.items():
        for field in fields.fields:
            dimension, label = f"{entity}.{field.name}", f"{entity}: {field.label}"
            missing, older = (
                subject.value(FIELD_MISSING, dimension),
                subject.value(BASE_MISSING, dimension),
            )
            if missing or older:
                rows.append((-missing, label, _field_row(subject, dimension, label)))
            elif subject.find(BASE_FILLED, dimension) is None:
                never.append(label)
            else:
                spotless.append(label)
    most = max((-order for order, _, _ in rows), default=0)
    notes = [f"Nowhere missing: {', '.join(spotless)}."] if spotless else []
    notes += [f"Due of no record: {', '.join(never)}."] if never else []
    return Table(
        "fields",
        "Where fields are missing",
        ("Field", "Missing", "Of those due", "Filled", "Missing in the base"),
        tuple(_scaled(row, most) for _, _, row in sorted(rows, key=lambda row: row[:2])),
        " ".join(notes),
        look="bars",
    )


def _field_row(subject: Subject, dimension: str, label: str) -> Row:
    filled = subject.find(FIELD_FILLED, dimension)
    due = halves(filled)[1] if filled else "none"
    missing, older = (
        subject.find(FIELD_MISSING, dimension),
        subject.find(BASE_MISSING, dimension),
    )
    return Row(
        label, (missing, due, filled, older), bar=(subject.value(FIELD_MISSING, dimension), 0)
    )


def _scaled(row: Row, most: int) -> Row:
    missing = row.bar[0] if row.bar else 0
    return replace(row, bar=(missing, most))


_OVER = {
    "period": "the period",
    "stock": "all there is now",
    "next_7_days": "the next seven days",
}


def custom_columns(subject: Subject) -> list[tuple[str, Measure, str]]:
    """(heading, measure, currency) of every figure that the audit's own measures make."""
    found = []
    for measure in subject.result.custom:
        for currency in subject.currencies(measure):
            if currency and (measure.name, currency) not in subject.money:
                continue  # a column of nothing but zeros is no news
            found.append(
                (
                    f"{measure.label}, {currency}" if currency else measure.label,
                    measure,
                    currency,
                )
            )
    return found


def custom_table(subject: Subject) -> Iterator[Table]:
    """What one subject has of the audit's own measures; no table where there are none."""
    rows = tuple(
        Row(
            heading,
            (
                subject.find(measure, currency=currency),
                _OVER.get(measure.period, measure.period),
            ),
        )
        for heading, measure, currency in custom_columns(subject)
    )
    if rows or custom_note(subject):
        yield Table(
            "own", "Further measures", ("Measure", "Yours", "Over"), rows, custom_note(subject)
        )


def custom_note(subject: Subject) -> str:
    """Names the shares of nothing: they have no figure, of anybody."""
    empty = [own.label for own in subject.result.custom if own.name not in subject.company]
    return f"There is nothing to take a share of: {', '.join(empty)}." if empty else ""


def not_checked_table(result: RunResult) -> Table:
    """The fields that this CRM does not hold: nobody is charged for them,
    and every report says so.
    """
    rows = tuple(
        Row(field.replace(".", ": ").replace("_", " "), (why,))
        for field, why in sorted(result.not_checked.items())
    )
    note = "" if rows else "Every field of the minimum set is checked."
    return Table("not_checked", "Not checked", ("Field", "Why"), rows, note)


def proof_rows(subject: Subject) -> Iterator[Row]:
    """How many figures were compared with the CRM's own counts; nothing before the proof."""
    proven = subject.about(Scope.COMPANY).find(FIGURES_PROVEN)
    if proven is not None:
        yield Row(
            "Proof",
            counted(proven, "figure equal to the CRM", "figures equal to the CRM"),
            element="proof",
        )
