"""From what was counted to everything that is printed: figures of every scope, exactly.

The witness's answers and our own both go through here, so that they are
compared figure by figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.measures import plan
from pipeline.measures.company import (
    INACTIVE_USERS,
    MANAGERS,
    TABLE_AUDITED,
    TABLE_EXCLUDED,
    TABLE_ROWS,
    TEAMS,
)
from pipeline.measures.completeness import SPANS, Span
from pipeline.measures.measure import Counted
from pipeline.measures.registry import PLANNED
from pipeline.measures.scopes import (
    Counts,
    FigureInputs,
    ScopeTotals,
    must_add_up,
    plan_month,
    totals_of,
)
from pipeline.model import (
    ONE_READING,
    SCORED,
    Answers,
    FieldSet,
    Figure,
    Measure,
    Scope,
    Unit,
    figure_id,
)
from pipeline.queries.context import Count


def make_figures(answers: Answers, inputs: FigureInputs) -> list[Figure]:
    """Every figure, in a stable order. ProofError where the parts do
    not add up to the company.
    """
    totals = totals_of(answers, inputs)
    must_add_up(totals)
    slices = [(measure, _slices(measure, totals[-1].counts)) for measure in inputs.measures]
    figures: list[Figure] = []
    for pool in totals:
        figures += _measured(pool, slices)
        figures += _fields(pool, inputs.field_sets)
        figures += _plan(pool, inputs, totals[-1].counts)
    figures += _about_the_company(inputs)
    return _due_to_somebody(figures)


def _due_to_somebody(figures: Sequence[Figure]) -> list[Figure]:
    """All but the ratios of which nothing is due to anybody: 0 of 0 for everybody
    says less than a sentence.
    """
    due = {
        (figure.metric, figure.dimension, figure.currency)
        for figure in figures
        if figure.denominator
    }
    return [
        figure
        for figure in figures
        if figure.denominator is None
        or (figure.metric, figure.dimension, figure.currency) in due
    ]


def _figure(
    pool: ScopeTotals,
    measure: Measure,
    numerator: int,
    *,
    denominator: int | None = None,
    dimension: str = "",
    currency: str = "",
    basis: str = "database",
) -> Figure:
    return Figure(
        figure_id(measure.name, dimension, currency, pool.scope, pool.key),
        pool.scope,
        pool.key,
        measure.name,
        dimension,
        measure.period,
        numerator,
        denominator,
        measure.unit,
        currency,
        basis,
    )


Slice = tuple[str, str]
"""(dimension, currency)"""


def _slices(measure: Counted, company: Counts) -> list[Slice]:
    """The slices in which the company has this measure: every scope
    has them, be it as a zero.
    """
    names = {count.name for count in (*measure.numerator, *measure.denominator)}
    found = {(dimension, currency) for name, dimension, currency in company if name in names}
    return sorted(
        found if measure.unit is not Unit.MONEY else {slice for slice in found if slice[1]}
    )


def _measured(
    pool: ScopeTotals, slices: Sequence[tuple[Counted, list[Slice]]]
) -> Iterator[Figure]:
    for measure, found in slices:
        for slice in found:
            total, of = (
                _total(pool, counts, slice)
                for counts in (measure.numerator, measure.denominator)
            )
            denominator = of if measure.denominator else None
            yield _figure(
                pool,
                measure,
                total,
                denominator=denominator,
                dimension=slice[0],
                currency=slice[1],
            )


def _total(pool: ScopeTotals, counts: Iterable[Count], slice: Slice) -> int:
    return sum(pool.counts.get((count.name, *slice), 0) for count in counts)


def _fields(pool: ScopeTotals, field_sets: Mapping[str, FieldSet]) -> Iterator[Figure]:
    for span in SPANS:
        weights: dict[str, tuple[int, int]] = {}  # entity -> (filled, due), weighted
        for entity, fields in field_sets.items():
            got = owed = 0
            for field in fields.fields:
                dimension = f"{entity}.{field.name}"
                due = pool.counts.get((f"due.{span.name}", fields.due_key(field.when), ""), 0)
                lacking = pool.counts.get((f"missing.{span.name}", dimension, ""), 0)
                yield _figure(
                    pool, span.filled, due - lacking, denominator=due, dimension=dimension
                )
                yield _figure(pool, span.missing, lacking, dimension=dimension)
                got, owed = got + field.weight * (due - lacking), owed + field.weight * due
            weights[entity] = (got, owed)
            if fields.fields:
                yield _figure(pool, span.score, got, denominator=owed, dimension=entity)
            if fields.fields or fields.readable:
                yield _failing(pool, span, [entity], entity)
        scored = [weights[entity] for entity in SCORED if entity in weights]
        got, owed = (sum(weight[part] for weight in scored) for part in (0, 1))
        yield _figure(pool, span.score, got, denominator=owed)
        yield _failing(pool, span, SCORED, "")


def _failing(pool: ScopeTotals, span: Span, entities: Iterable[str], dimension: str) -> Figure:
    count = sum(pool.counts.get((f"failing.{span.name}", entity, ""), 0) for entity in entities)
    return _figure(pool, span.failing, count, dimension=dimension, basis="failing records")


def _plan(pool: ScopeTotals, inputs: FigureInputs, company: Counts) -> Iterator[Figure]:
    if plan_month(inputs.window) is None or pool.scope in (Scope.INACTIVE, Scope.UNASSIGNED):
        return
    if pool.scope is Scope.DOUBLE_COUNTED:
        for name in pool.targets:
            yield _figure(pool, plan.PLAN_DONE, pool.aimed["aimed", name, ""], dimension=name)
        return
    for measure in PLANNED:
        month = (measure.month.name if measure.month else "", "", "")
        if month not in company:
            continue  # the CRM cannot tell it
        name, done = measure.name, pool.aimed.get(("aimed", measure.name, ""), 0)
        if name in pool.targets:
            yield from _progress(pool, name, done, inputs.window.working_days_left)
        if pool.scope is Scope.GROUP:
            continue
        if pool.scope is not Scope.MANAGER or name not in pool.targets:
            everything = pool.counts.get(month, 0)
            yield _figure(pool, plan.PLAN_WITHOUT_TARGET, everything - done, dimension=name)


def _progress(pool: ScopeTotals, name: str, done: int, days: int | None) -> Iterator[Figure]:
    """Against the target for the measure of this name; `days` are the working days left."""
    target = pool.targets[name]
    left = max(0, target - done)
    yield _figure(pool, plan.PLAN_DONE, done, dimension=name)
    yield _figure(pool, plan.PLAN_LEFT, left, dimension=name)
    yield _figure(pool, plan.PLAN_OVER, max(0, done - target), dimension=name)
    yield _figure(pool, plan.PLAN_TARGET, target, dimension=name, basis="targets")
    yield _figure(pool, plan.PLAN_PROGRESS, done, denominator=target, dimension=name)
    if days is not None:
        yield _figure(pool, plan.PLAN_NEEDED_PER_DAY, left, denominator=days, dimension=name)


def company_figure(
    measure: Measure, numerator: int, *, dimension: str = "", basis: str = "database"
) -> Figure:
    """A figure that the company alone has."""
    company = ScopeTotals(Scope.COMPANY, "", {}, {}, {})
    return _figure(company, measure, numerator, dimension=dimension, basis=basis)


def _about_the_company(inputs: FigureInputs) -> Iterator[Figure]:
    managers = [person for person in inputs.people if person.scope is Scope.MANAGER]
    teams = {person.team_id for person in managers if person.team_id}
    yield company_figure(MANAGERS, len(managers), basis="people")
    yield company_figure(TEAMS, len(teams), basis="people")
    yield company_figure(INACTIVE_USERS, len(inputs.people) - len(managers), basis="people")
    days = inputs.window.working_days_left
    if days is not None:
        yield company_figure(plan.WORKING_DAYS_LEFT, days, basis="calendar")
    for account in inputs.accounts:
        table = account.table
        yield company_figure(TABLE_ROWS, account.rows, dimension=table, basis=ONE_READING)
        yield company_figure(TABLE_AUDITED, account.audited, dimension=table)
        for reason, rows in sorted(account.excluded.items()):
            of = f"{table}/{reason}"
            yield company_figure(TABLE_EXCLUDED, rows, dimension=of, basis=ONE_READING)
