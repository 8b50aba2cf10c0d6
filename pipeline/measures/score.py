"""From what databases counted to everything that is printed: figures, for every scope, exactly.

The witness's answers and our own both go through here, so that they are
compared figure by figure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.errors import ProofError
from pipeline.findings.stored import failing_tallies
from pipeline.measures import company as of_company
from pipeline.measures import plan
from pipeline.measures.completeness import SPANS, Span
from pipeline.measures.measure import Counted
from pipeline.measures.registry import COUNTED, PLANNED
from pipeline.model import (
    ONE_READING,
    SCORED,
    Answers,
    FieldSet,
    Figure,
    Measure,
    Person,
    Scope,
    TableAccount,
    Target,
    Unit,
    Window,
    figure_id,
)
from pipeline.queries.context import Count

Counts = Mapping[tuple[str, str, str], int]
"""(name, dimension, currency) -> the integer, pooled over a scope."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Those whom one group of figures is about, and what was counted of them."""

    scope: Scope
    key: str
    counts: Counts
    targets: Mapping[
        str, int
    ]  # name of a measure -> target; of a team and the company, of the managers with one
    aimed: Counts  # what those have done who have a target, by the name of the measure in the second place


@dataclass(frozen=True, slots=True)
class Ground:
    """What figures are made from besides the answers."""

    people: Sequence[Person]
    field_sets: Mapping[str, FieldSet]
    targets: Collection[Target]
    accounts: Collection[TableAccount]
    window: Window
    measures: Sequence[Counted] = COUNTED


def who_owns(
    people: Iterable[Person], answers: Answers, targets: Collection[Target], month: str
) -> list[Person]:
    """The users that a report is about: managers who own a record or have a
    plan, and inactive owners.
    """
    owners = {tally.owner for tally in answers.tallies if tally.value and tally.owner}
    planned = {target.manager for target in targets if target.month == month}
    users = list(people)
    return _with_teams(
        [p for p in users if p.id in owners or (p.scope is Scope.MANAGER and p.id in planned)],
        users,
    )


def _with_teams(people: Sequence[Person], users: Iterable[Person]) -> list[Person]:
    """Where people report to each other: a leader is whoever a manager reports to, and
    belongs to the team he leads.
    """
    names = {user.id: user.name for user in users}
    leaders = {
        person.leader_id
        for person in people
        if person.scope is Scope.MANAGER and person.leader_id
    }
    teams = {
        person.id: person.id if person.id in leaders else person.leader_id for person in people
    }
    return [
        replace(p, team_id=teams[p.id], team=names.get(teams[p.id], "")) if leaders else p
        for p in people
    ]


def make_figures(answers: Answers, ground: Ground) -> list[Figure]:
    """Every figure, in a stable order. ProofError where the parts do
    not add up to the company.
    """
    pools = _pools(answers, ground)
    _must_add_up(pools)
    slices = [(measure, _slices(measure, pools[-1].counts)) for measure in ground.measures]
    figures: list[Figure] = []
    for pool in pools:
        figures += _measured(pool, slices)
        figures += _fields(pool, ground.field_sets)
        figures += _plan(pool, ground, pools[-1].counts)
    figures += _about_the_company(ground)
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


# ---------------------------------------------------------------------------------------- pools


def _pools(answers: Answers, ground: Ground) -> list[Pool]:
    scope_of = {person.id: person.scope for person in ground.people}
    by_owner: dict[str, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
    again: dict[str, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
    company: dict[tuple[str, str, str], int] = defaultdict(int)
    failing = Counter(
        (record.owner, record.entity, record.in_period, record.again)
        for record in answers.failing
    )
    for tally in (*answers.tallies, *failing_tallies(failing)):
        counts = (
            company
            if tally.company
            else (again if tally.again else by_owner)[tally.owner or ""]
        )
        counts[tally.name, tally.dimension, tally.currency] += tally.value
    managers = [person.id for person in ground.people if person.scope is Scope.MANAGER]
    targets = {owner: own for owner, own in _targets_of(ground).items() if owner in managers}

    def pool(scope: Scope, key: str, owners: Sequence[str]) -> Pool:
        own = {owner: targets.get(owner, {}) for owner in owners}
        return Pool(
            scope,
            key,
            _summed(by_owner[owner] for owner in owners),
            _targets_summed(own.values()),
            _aimed(by_owner, own),
        )

    inactive = sorted(owner for owner in by_owner if scope_of.get(owner) is Scope.INACTIVE)
    teams: dict[str, list[str]] = defaultdict(list)
    for person in ground.people:
        if person.scope is Scope.MANAGER:
            teams[person.team_id].append(person.id)
    everyone = pool(Scope.COMPANY, "", [*managers, *inactive, ""])
    twice = Pool(
        Scope.TWICE, "", _summed(again.values()), everyone.targets, _aimed(again, targets)
    )
    return [
        *(pool(Scope.MANAGER, owner, [owner]) for owner in managers),
        pool(Scope.INACTIVE, "", inactive),
        pool(Scope.UNASSIGNED, "", [""]),
        *([twice] if again else []),
        *(pool(Scope.TEAM, team, members) for team, members in sorted(teams.items())),
        replace(
            everyone,
            counts=company,
            aimed={name: value - twice.aimed[name] for name, value in everyone.aimed.items()},
        ),
    ]


def _targets_summed(targets: Collection[Mapping[str, int]]) -> dict[str, int]:
    """Name of a measure -> the targets of all who have one."""
    found: dict[str, int] = {}
    for measure in PLANNED:
        set_for = [own[measure.name] for own in targets if measure.name in own]
        if set_for:
            found[measure.name] = sum(set_for)
    return found


def _aimed(by_owner: Mapping[str, Counts], targets: Mapping[str, Mapping[str, int]]) -> Counts:
    """What those have done who have a target, by the name of the measure."""
    aimed: Counter[tuple[str, str, str]] = Counter()
    for measure in PLANNED:
        done = (measure.month.name if measure.month else "", "", "")
        ours = [
            owner for owner, own in targets.items() if measure.name in own and owner in by_owner
        ]
        aimed["aimed", measure.name, ""] = sum(by_owner[owner].get(done, 0) for owner in ours)
    return aimed


def _summed(parts: Iterable[Counts]) -> Counts:
    total: dict[tuple[str, str, str], int] = defaultdict(int)
    for counts in parts:
        for name, value in counts.items():
            total[name] += value
    return total


def _targets_of(ground: Ground) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    month = plan_month(ground.window)
    for target in ground.targets:
        if target.month == month:
            found[target.manager][target.metric] = target.target
    return found


def plan_month(window: Window) -> str | None:
    """The calendar month ('2026-11') whose targets count; None where the
    period is not inside one.
    """
    return window.month_first.strftime("%Y-%m") if window.month_first else None


def _must_add_up(pools: Sequence[Pool]) -> None:
    parts = _summed(
        pool.counts
        for pool in pools
        if pool.scope in (Scope.MANAGER, Scope.INACTIVE, Scope.UNASSIGNED)
    )
    twice = _summed(pool.counts for pool in pools if pool.scope is Scope.TWICE)
    company = pools[-1].counts
    once = {
        name: parts.get(name, 0) - twice.get(name, 0) for name in {*parts, *twice, *company}
    }
    wrong = [
        (
            f"{'/'.join(filter(None, name))}@company",
            "adding up",
            str(company.get(name, 0)),
            str(value),
        )
        for name, value in sorted(once.items())
        if value != company.get(name, 0)
    ]
    if wrong:
        raise ProofError(
            "Managers, inactive owners and records of nobody do not add up to the company.",
            tuple(wrong),
        )


# -------------------------------------------------------------------------------------- figures


def _figure(
    pool: Pool,
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


def _measured(pool: Pool, slices: Sequence[tuple[Counted, list[Slice]]]) -> Iterator[Figure]:
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


def _total(pool: Pool, counts: Iterable[Count], slice: Slice) -> int:
    return sum(pool.counts.get((count.name, *slice), 0) for count in counts)


def _fields(pool: Pool, field_sets: Mapping[str, FieldSet]) -> Iterator[Figure]:
    for span in SPANS:
        weights: dict[str, tuple[int, int]] = {}  # entity -> (filled, due), weighted
        for entity, fields in field_sets.items():
            got = owed = 0
            for field in fields.fields:
                dimension = f"{entity}.{field.name}"
                due = pool.counts.get((f"due.{span.name}", dimension, ""), 0)
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


def _failing(pool: Pool, span: Span, entities: Iterable[str], dimension: str) -> Figure:
    count = sum(pool.counts.get((f"failing.{span.name}", entity, ""), 0) for entity in entities)
    return _figure(pool, span.failing, count, dimension=dimension, basis="failing records")


def _plan(pool: Pool, ground: Ground, company: Counts) -> Iterator[Figure]:
    if plan_month(ground.window) is None or pool.scope in (Scope.INACTIVE, Scope.UNASSIGNED):
        return
    if pool.scope is Scope.TWICE:
        for name in pool.targets:
            yield _figure(pool, plan.PLAN_DONE, pool.aimed["aimed", name, ""], dimension=name)
        return
    for measure in PLANNED:
        month = (measure.month.name if measure.month else "", "", "")
        if month not in company:
            continue  # the CRM cannot tell it
        name, done = measure.name, pool.aimed.get(("aimed", measure.name, ""), 0)
        if name in pool.targets:
            yield from _progress(pool, name, done, ground.window.working_days_left)
        if pool.scope is not Scope.MANAGER or name not in pool.targets:
            everything = pool.counts.get(month, 0)
            yield _figure(pool, plan.PLAN_WITHOUT_TARGET, everything - done, dimension=name)


def _progress(pool: Pool, name: str, done: int, days: int | None) -> Iterator[Figure]:
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


def _about_the_company(ground: Ground) -> Iterator[Figure]:
    company = Pool(Scope.COMPANY, "", {}, {}, {})
    managers = [person for person in ground.people if person.scope is Scope.MANAGER]
    teams = {person.team_id for person in managers if person.team_id}
    yield _figure(company, of_company.MANAGERS, len(managers), basis="people")
    yield _figure(company, of_company.TEAMS, len(teams), basis="people")
    yield _figure(
        company, of_company.INACTIVE_USERS, len(ground.people) - len(managers), basis="people"
    )
    days = ground.window.working_days_left
    if days is not None:
        yield _figure(company, plan.WORKING_DAYS_LEFT, days, basis="calendar")
    for account in ground.accounts:
        table = account.table
        yield _figure(
            company, of_company.TABLE_ROWS, account.rows, dimension=table, basis=ONE_READING
        )
        yield _figure(company, of_company.TABLE_AUDITED, account.audited, dimension=table)
        for reason, rows in sorted(account.excluded.items()):
            of = f"{table}: {reason}"
            yield _figure(
                company, of_company.TABLE_EXCLUDED, rows, dimension=of, basis=ONE_READING
            )
