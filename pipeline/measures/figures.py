"""From what was counted to everything that is printed: figures of every scope, exactly.

The witness's answers and our own both go through here, so that they are
compared figure by figure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pipeline.measures import plan
from pipeline.measures.company import (
    INACTIVE_USERS,
    MANAGERS,
    TABLE_AUDITED,
    TABLE_EXCLUDED,
    TABLE_ROWS,
    TEAMS,
)
from pipeline.measures.completeness import (
    AMONG,
    DEMAND_UNKNOWN,
    FAILING,
    IN_ALL,
    IN_SCORE,
    NOT_HELD,
    OF_COLLEAGUES_BESIDE,
    RECORDS_OF_COLLEAGUES,
    REMEMBERED_OF_FINDINGS,
    SHARE,
    WITH_COLLEAGUES,
    WITH_OPERATORS,
    Among,
)
from pipeline.measures.groups import EVERYBODY
from pipeline.measures.measure import Counted
from pipeline.measures.points import (
    Points,
    due_of,
    lost,
    points_of,
    records_of,
    unknown_name,
    waived_of,
    whole,
    with_verdict,
    without_exceptions,
)
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
    JUDGED_TEXT,
    ONE_READING,
    PEOPLE,
    REMEMBERED,
    SCORED,
    SPANS,
    Answers,
    Debtor,
    Demand,
    Entry,
    FieldSet,
    Figures,
    Heading,
    Measure,
    Scope,
    Span,
    Unit,
)
from pipeline.model.rules import counted_under, left_to_colleagues
from pipeline.queries.context import Count


def make_figures(answers: Answers, inputs: FigureInputs) -> Figures:
    """Every figure, in a stable order. ProofError where the parts do
    not add up to the company.
    """
    totals = totals_of(answers, inputs)
    must_add_up(totals)
    maker = FigureMaker(inputs, totals[-1].counts)
    figures = Figures()
    for pool in totals:
        figures.add(pool.scope, pool.key, maker.entries(pool))
    figures.add(Scope.COMPANY, "", _about_the_company(inputs))
    return _due_to_somebody(figures)


class FigureMaker:
    """Makes the figures of one scope after the other from what was counted of it; `company` is
    what was counted of the company.
    """

    def __init__(self, inputs: FigureInputs, company: Counts) -> None:
        self._inputs, self._company = inputs, company
        self._slices = [(measure, _slices(measure, company)) for measure in inputs.measures]
        self._owed = {debtors: _owed_by(debtors, inputs) for debtors in _DEBTORS}
        self._bases = {debtors: _bases(of.field_sets) for debtors, of in self._owed.items()}
        self._asks_creators = any(of.asks_creator for of in inputs.field_sets.values())

    def entries(self, pool: ScopeTotals) -> list[Entry]:
        """The figures of a scope."""
        debtors, entries = _debtors(pool), list[Entry]()
        owed, bases, company = self._owed[debtors], self._bases[debtors], self._company
        if debtors != _OPERATORS:  # records and money are their owners'
            entries += _measured(pool, self._slices)
            others = pool.with_operators, self._owed[_OPERATORS], self._bases[_OPERATORS]
            entries += _with_others(WITH_OPERATORS, *others)
            if self._asks_creators:
                entries += _among_colleagues(
                    pool, self._owed[_CREATORS], self._bases[_CREATORS]
                )
        entries += _completeness(pool, owed, bases)
        entries += _exempt(pool, owed, bases, company)
        entries += _unknown(pool, owed.field_sets, company)
        entries += _remembered(pool, company)
        entries += _plan(pool, self._inputs, company)
        return entries


_EVERYBODY: Final = tuple(Debtor)
_OPERATORS: Final = (Debtor.OPERATOR,)
_CREATORS: Final = (Debtor.CREATOR,)
_DEBTORS: Final = (_EVERYBODY, PEOPLE, _OPERATORS, _CREATORS)


def _debtors(pool: ScopeTotals) -> tuple[Debtor, ...]:
    """As what these owe; the company owes everything."""
    if pool.scope is Scope.COMPANY or (pool.scope, pool.key) == (Scope.GROUP, EVERYBODY):
        return _EVERYBODY
    return _OPERATORS if pool.scope is Scope.OPERATOR else PEOPLE


def _owed_by(debtors: tuple[Debtor, ...], inputs: FigureInputs) -> FigureInputs:
    """The inputs with the demands of these debtors alone."""
    field_sets = {
        entity: fields.owed_by(*debtors) for entity, fields in inputs.field_sets.items()
    }
    return replace(inputs, field_sets=field_sets)


def _due_to_somebody(figures: Figures) -> Figures:
    """All but the ratios of which nothing is due to anybody: 0 of 0 for everybody
    says less than a sentence.
    """
    ratios: dict[tuple[str, str, str], bool] = defaultdict(bool)
    for heading, _, denominator in figures.entries():
        if denominator is not None:
            ratios[_name(heading)] |= denominator != 0
    return figures.only(lambda heading: ratios.get(_name(heading), True))


def _name(heading: Heading) -> tuple[str, str, str]:
    return heading.metric, heading.dimension, heading.currency


def entry(
    measure: Measure,
    numerator: int,
    *,
    denominator: int | None = None,
    dimension: str = "",
    currency: str = "",
    basis: str = "database",
) -> Entry:
    """A figure of a measure."""
    heading = Heading(measure.name, dimension, measure.period, measure.unit, currency, basis)
    return heading, numerator, denominator


Slice = tuple[str, str]
"""(dimension, currency)"""


def _slices(measure: Counted, company: Counts) -> list[Slice]:
    """The slices in which the company has this measure: every scope
    has them, be it as a zero.
    """
    names = {count.name for count in (*measure.numerator, *measure.denominator)}
    slices = {(dimension, currency) for name, dimension, currency in company if name in names}
    return sorted(
        slices if measure.unit is not Unit.MONEY else {slice for slice in slices if slice[1]}
    )


def _measured(
    pool: ScopeTotals, slices: Sequence[tuple[Counted, list[Slice]]]
) -> Iterator[Entry]:
    for measure, own in slices:
        for slice in own:
            total, of = (
                _total(pool, counts, slice)
                for counts in (measure.numerator, measure.denominator)
            )
            denominator = of if measure.denominator else None
            yield entry(
                measure,
                total,
                denominator=denominator,
                dimension=slice[0],
                currency=slice[1],
            )


def _total(pool: ScopeTotals, counts: Iterable[Count], slice: Slice) -> int:
    return sum(pool.counts.get((count.name, *slice), 0) for count in counts)


Bases = Mapping[str, str]
"""Kind of record -> the basis of what is made of its points; '' -> that of all in the whole."""


def _bases(field_sets: Mapping[str, FieldSet]) -> Bases:
    by_python = {
        entity: any(map(fields.costs_by_python, fields.demands))
        for entity, fields in field_sets.items()
    }
    by_python[""] = any(by_python.get(entity, False) for entity in SCORED)
    return {entity: _basis(costs) for entity, costs in by_python.items()}


def _basis(by_python: bool) -> str:
    return JUDGED_TEXT if by_python else "database"


def _completeness(pool: ScopeTotals, inputs: FigureInputs, bases: Bases) -> Iterator[Entry]:
    for among in AMONG:
        for fields in inputs.field_sets.values():
            yield from _demands(pool, fields, among)
        yield from _points(pool, inputs, among, bases)
        yield from _complete(pool, inputs.field_sets, among, bases)
    yield from _failing(pool, inputs.field_sets, bases)


def _demands(pool: ScopeTotals, fields: FieldSet, among: Among) -> Iterator[Entry]:
    for demand in fields.demands:
        dimension = f"{fields.entity}.{demand.name}"
        due = due_of(pool.counts, fields, demand, among)
        good = due - lost(pool.counts, fields, demand, among)
        basis = _basis(fields.costs_by_python(demand))
        yield entry(among.good, good, denominator=due, dimension=dimension, basis=basis)
        for verdict in fields.verdicts_of(demand):
            number = with_verdict(pool.counts, fields, demand, verdict, among)
            measure, basis = among.verdicts[verdict], _basis(demand.is_judged(verdict))
            yield entry(measure, number, dimension=dimension, basis=basis)


def _unknown(
    pool: ScopeTotals, field_sets: Mapping[str, FieldSet], company: Counts
) -> Iterator[Entry]:
    """Of a demand without a condition, or of one that can always be told, nothing is asked."""
    for fields in field_sets.values():
        for demand in fields.demands:
            name = unknown_name(fields, demand)
            if name in company:
                dimension = f"{fields.entity}.{demand.name}"
                number = pool.counts.get(name, 0)
                yield entry(DEMAND_UNKNOWN, number, dimension=dimension)


def _exempt(
    pool: ScopeTotals, inputs: FigureInputs, bases: Bases, company: Counts
) -> Iterator[Entry]:
    """The demands that exceptions waive, and the score as it would be without them; nothing
    where nobody has any.
    """
    exempt = [
        (fields, demand)
        for fields in inputs.field_sets.values()
        for demand in fields.demands
        if waived_of(company, fields, demand, IN_ALL)
    ]
    for among in AMONG if exempt else ():
        yield from _exempt_among(pool, exempt, among)
        if pool.scope is not Scope.DOUBLE_COUNTED:
            yield _without_exceptions(pool, inputs, among, bases)


def _exempt_among(
    pool: ScopeTotals, exempt: Sequence[tuple[FieldSet, Demand]], among: Among
) -> Iterator[Entry]:
    """Of each demand, of each kind of record, and of all kinds in the score."""
    kinds: Counter[str] = Counter()
    judged: set[str] = set()
    for fields, demand in exempt:
        number = waived_of(pool.counts, fields, demand, among)
        kinds[fields.entity] += number
        if demand.judgement is not None:
            judged.add(fields.entity)
        dimension = f"{fields.entity}.{demand.name}"
        basis = _basis(demand.judgement is not None)
        yield entry(among.exempt, number, dimension=dimension, basis=basis)
    for kind, number in kinds.items():
        basis = _basis(kind in judged)
        yield entry(among.exempt, number, dimension=kind, basis=basis)
    in_score = sum(number for kind, number in kinds.items() if kind in SCORED)
    yield entry(among.exempt, in_score, basis=_basis(bool(judged)))


def _without_exceptions(
    pool: ScopeTotals, inputs: FigureInputs, among: Among, bases: Bases
) -> Entry:
    points = {
        entity: without_exceptions(
            points_of(pool.counts, fields, among), pool.counts, fields, among
        )
        for entity, fields in inputs.field_sets.items()
        if fields.demands
    }
    numerator, denominator = _whole(points, inputs)
    return entry(
        among.without_exceptions,
        numerator,
        denominator=denominator,
        basis=bases[""],
    )


def _whole(points: Mapping[str, Points], inputs: FigureInputs) -> tuple[int, int]:
    """The whole score as numerator and denominator; of nothing where there is none."""
    score = whole(points, inputs.shares)
    return score.as_integer_ratio() if score is not None else (0, 0)


def _points(
    pool: ScopeTotals, inputs: FigureInputs, among: Among, bases: Bases
) -> Iterator[Entry]:
    points = {
        entity: points_of(pool.counts, fields, among)
        for entity, fields in inputs.field_sets.items()
        if fields.demands
    }
    for entity, of_kind in points.items():
        yield entry(among.kept, of_kind.kept, dimension=entity, basis=bases[entity])
        yield entry(among.due, of_kind.due, dimension=entity)
    if pool.scope is Scope.DOUBLE_COUNTED:
        return  # what adds up are points; a percentage of what is counted twice is nobody's
    for entity, of_kind in points.items():
        kept, due = of_kind.ratio
        yield entry(among.score, kept, denominator=due, dimension=entity, basis=bases[entity])
    numerator, denominator = _whole(points, inputs)
    yield entry(among.score, numerator, denominator=denominator, basis=bases[""])


def _complete(
    pool: ScopeTotals, field_sets: Mapping[str, FieldSet], among: Among, bases: Bases
) -> Iterator[Entry]:
    """The records of which something is due, and those of them that lose nothing."""
    all_due = all_good = 0
    for entity, fields in field_sets.items():
        if not fields.demands:
            continue
        due = records_of(pool.counts, f"records.{among.name}", entity)
        good = due - sum(_failing_in(pool, span, entity) for span in among.spans)
        yield entry(
            among.complete, good, denominator=due, dimension=entity, basis=bases[entity]
        )
        if entity in SCORED:
            all_due, all_good = all_due + due, all_good + good
    yield entry(among.complete, all_good, denominator=all_due, basis=bases[""])


def _failing(
    pool: ScopeTotals, field_sets: Mapping[str, FieldSet], bases: Bases
) -> Iterator[Entry]:
    """The records that lose a point, by span and kind."""
    bases = _of_records(bases)
    for span, measure in FAILING.items():
        for entity, fields in field_sets.items():
            if fields.demands:
                number = _failing_in(pool, span, entity)
                yield entry(measure, number, dimension=entity, basis=bases[entity])
        number = sum(_failing_in(pool, span, entity) for entity in SCORED)
        yield entry(measure, number, basis=bases[""])


def _of_records(bases: Bases) -> Bases:
    """The bases of what is counted from the list of failing records."""
    return {
        entity: "failing records" if basis == "database" else basis
        for entity, basis in bases.items()
    }


def _failing_in(pool: ScopeTotals, span: Span, entity: str) -> int:
    return records_of(pool.counts, f"failing.{span}", entity)


def _with_others(
    measures: tuple[Measure, Measure, Measure], counts: Counts, owed: FigureInputs, bases: Bases
) -> Iterator[Entry]:
    """What others owe on a pool's records: of each kind the points due in the score and the
    demands that lose theirs, and the records that lose any, wherever they count.
    """
    due_there, lacking_there, records_there = measures
    in_all, bases = 0, _of_records(bases)
    field_sets = {entity: of for entity, of in owed.field_sets.items() if of.demands}
    for entity, fields in field_sets.items():
        due = points_of(counts, fields, IN_SCORE).due
        yield entry(due_there, due, dimension=entity)
        lacking = sum(
            lost(counts, fields, demand, IN_SCORE) for demand in fields.demands if demand.weight
        )
        basis = bases[entity]
        yield entry(lacking_there, lacking, dimension=entity, basis=basis)
        records = sum(_others_failing(counts, span, fields) for span in SPANS)
        yield entry(records_there, records, dimension=entity, basis=basis)
        in_all += records
    if field_sets:
        yield entry(records_there, in_all, basis=bases[""])


def _others_failing(counts: Counts, span: Span, fields: FieldSet) -> int:
    """The records that lose a point to the one debtor of a set that is not their owner."""
    debtor = fields.demands[0].owed_by
    return counts.get((f"failing.{span}", counted_under(debtor, fields.entity), ""), 0)


def _among_colleagues(pool: ScopeTotals, owed: FigureInputs, bases: Bases) -> Iterator[Entry]:
    """What others owe on a pool's records as they entered them, and it on theirs."""
    yield from _with_others(WITH_COLLEAGUES, _with_colleagues(pool), owed, bases)
    yield from _of_colleagues(pool, owed.field_sets, bases)


def _with_colleagues(pool: ScopeTotals) -> Counts:
    """What those who entered a pool's records owe on them, where others own these."""
    theirs = {
        (name, left_to_colleagues(dimension), currency): value
        for (name, dimension, currency), value in pool.counts.items()
    }
    return {name: value for name, value in theirs.items() if name[1]}


def _of_colleagues(
    pool: ScopeTotals, owed: Mapping[str, FieldSet], bases: Bases
) -> Iterator[Entry]:
    """The records of other owners that lose a pool points, as it entered them: those of the
    score, and the rest, all leads among it.
    """
    bases = _of_records(bases)
    in_all = {RECORDS_OF_COLLEAGUES: 0, OF_COLLEAGUES_BESIDE: 0}
    for entity, fields in owed.items():
        if not fields.demands:
            continue
        numbers = dict.fromkeys(in_all, 0)
        for span in SPANS:
            scored = span is Span.SCORE and entity in SCORED
            measure = RECORDS_OF_COLLEAGUES if scored else OF_COLLEAGUES_BESIDE
            numbers[measure] += _others_failing(pool.counts, span, fields)
        for measure, number in numbers.items():
            in_all[measure] += number
            yield entry(measure, number, dimension=entity, basis=bases[entity])
    for measure, number in in_all.items():
        yield entry(measure, number, basis=bases[""])


def _remembered(pool: ScopeTotals, company: Counts) -> Iterator[Entry]:
    """What became of findings; nothing where the run does not know."""
    for measure in REMEMBERED_OF_FINDINGS:
        if any(name == measure.name for name, *_ in company):
            own = (value for name, value in pool.counts.items() if name[0] == measure.name)
            yield entry(measure, sum(own), basis=REMEMBERED)


_WITHOUT_PLAN: Final = (Scope.INACTIVE, Scope.UNASSIGNED, Scope.OPERATOR)


def _plan(pool: ScopeTotals, inputs: FigureInputs, company: Counts) -> Iterator[Entry]:
    if plan_month(inputs.window) is None or pool.scope in _WITHOUT_PLAN:
        return
    if pool.scope is Scope.DOUBLE_COUNTED:
        for name in pool.targets:
            yield entry(plan.PLAN_DONE, pool.aimed["aimed", name, ""], dimension=name)
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
            yield entry(plan.PLAN_WITHOUT_TARGET, everything - done, dimension=name)


def _progress(pool: ScopeTotals, name: str, done: int, days: int | None) -> Iterator[Entry]:
    """Against the target for the measure of this name; `days` are the working days left."""
    target = pool.targets[name]
    left = max(0, target - done)
    yield entry(plan.PLAN_DONE, done, dimension=name)
    yield entry(plan.PLAN_LEFT, left, dimension=name)
    yield entry(plan.PLAN_OVER, max(0, done - target), dimension=name)
    yield entry(plan.PLAN_TARGET, target, dimension=name, basis="targets")
    yield entry(plan.PLAN_PROGRESS, done, denominator=target, dimension=name)
    if days is not None:
        yield entry(plan.PLAN_NEEDED_PER_DAY, left, denominator=days, dimension=name)


def _about_the_company(inputs: FigureInputs) -> Iterator[Entry]:
    managers = [person for person in inputs.people if person.scope is Scope.MANAGER]
    teams = {person.team_id for person in managers if person.team_id}
    yield entry(MANAGERS, len(managers), basis="people")
    yield entry(TEAMS, len(teams), basis="people")
    yield entry(INACTIVE_USERS, len(inputs.people) - len(managers), basis="people")
    for kind, share in inputs.shares.items():
        if kind in inputs.field_sets and inputs.field_sets[kind].demands:
            yield entry(SHARE, share, dimension=kind, basis="settings")
    for kind, fields in inputs.field_sets.items():
        number = len(fields.absent)
        yield entry(NOT_HELD, number, dimension=kind, basis="settings")
    days = inputs.window.working_days_left
    if days is not None:
        yield entry(plan.WORKING_DAYS_LEFT, days, basis="calendar")
    for account in inputs.accounts:
        table = account.table
        yield entry(TABLE_ROWS, account.rows, dimension=table, basis=ONE_READING)
        yield entry(TABLE_AUDITED, account.audited, dimension=table)
        for reason, rows in sorted(account.excluded.items()):
            of = f"{table}/{reason}"
            yield entry(TABLE_EXCLUDED, rows, dimension=of, basis=ONE_READING)
