"""From what databases counted to everything that is printed: figures, for every scope, exactly.

The witness's answers and our own both go through here, so that they are compared figure by figure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.errors import ProofError
from pipeline.metrics import METRICS, PLANNED, Metric
from pipeline.model import (
    ONE_READING,
    SCORED,
    Answers,
    FieldSet,
    Figure,
    Person,
    Scope,
    TableAccount,
    Tally,
    Target,
    Unit,
    Window,
    figure_id,
)

Counts = Mapping[tuple[str, str, str], int]
"""(name, dimension, currency) -> the integer, pooled over a scope."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Those whom one group of figures is about, and what was counted of them."""

    scope: Scope
    key: str
    counts: Counts
    targets: Mapping[str, int]  # metric -> target; of a team and the company, of the managers with one
    aimed: Counts  # the counts of those with a target for the metric named in the second place


@dataclass(frozen=True, slots=True)
class Ground:
    """What figures are made from besides the answers."""

    people: Sequence[Person]
    field_sets: Mapping[str, FieldSet]
    targets: Collection[Target]
    accounts: Collection[TableAccount]
    window: Window
    metrics: Sequence[Metric] = METRICS


def who_owns(people: Iterable[Person], answers: Answers, targets: Collection[Target], month: str) -> list[Person]:
    """The users that a report is about: managers who own a record or have a plan, and inactive owners."""
    owners = {tally.owner for tally in answers.tallies if tally.value and tally.owner}
    planned = {target.manager for target in targets if target.month == month}
    users = list(people)
    return _with_teams([p for p in users if p.id in owners or (p.scope is Scope.MANAGER and p.id in planned)], users)


def _with_teams(people: Sequence[Person], users: Iterable[Person]) -> list[Person]:
    """Where people report to each other: a leader is whoever a manager reports to, and belongs to the team he leads."""
    names = {user.id: user.name for user in users}
    leaders = {person.leader_id for person in people if person.scope is Scope.MANAGER and person.leader_id}
    teams = {person.id: person.id if person.id in leaders else person.leader_id for person in people}
    return [replace(p, team_id=teams[p.id], team=names.get(teams[p.id], "")) if leaders else p for p in people]


def make_figures(answers: Answers, ground: Ground) -> list[Figure]:
    """Every figure, in a stable order. ProofError where the parts do not add up to the company."""
    pools = _pools(answers, ground)
    _must_add_up(pools)
    slices = [(metric, _slices(metric, pools[-1].counts)) for metric in ground.metrics]
    figures: list[Figure] = []
    for pool in pools:
        figures += _measured(pool, slices)
        figures += _fields(pool, ground.field_sets)
        figures += _plan(pool, ground, pools[-1].counts)
    figures += _about_the_company(ground)
    return _due_to_somebody(figures)


def _due_to_somebody(figures: Sequence[Figure]) -> list[Figure]:
    """All but the ratios of which nothing is due to anybody: 0 of 0 for everybody says less than a sentence."""
    due = {(figure.metric, figure.dimension, figure.currency) for figure in figures if figure.denominator}
    return [
        figure
        for figure in figures
        if figure.denominator is None or (figure.metric, figure.dimension, figure.currency) in due
    ]


# ------------------------------------------------------------------------------------------------ pools


def _pools(answers: Answers, ground: Ground) -> list[Pool]:
    scope_of = {person.id: person.scope for person in ground.people}
    by_owner: dict[str, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
    again: dict[str, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
    company: dict[tuple[str, str, str], int] = defaultdict(int)
    failing = Counter((record.owner, record.entity, record.in_period, record.again) for record in answers.failing)
    for tally in (*answers.tallies, *failing_tallies(failing)):
        counts = company if tally.company else (again if tally.again else by_owner)[tally.owner or ""]
        counts[tally.name, tally.dimension, tally.currency] += tally.value
    managers = [person.id for person in ground.people if person.scope is Scope.MANAGER]
    targets = {owner: own for owner, own in _targets_of(ground).items() if owner in managers}

    def pool(scope: Scope, key: str, owners: Sequence[str]) -> Pool:
        own = {owner: targets.get(owner, {}) for owner in owners}
        return Pool(
            scope,
            key,
            _summed(by_owner[owner] for owner in owners),
            {metric: sum(t[metric] for t in own.values() if metric in t)
             for metric in PLANNED if any(metric in t for t in own.values())},
            _aimed(by_owner, own),
        )  # fmt: skip

    inactive = sorted(owner for owner in by_owner if scope_of.get(owner) is Scope.INACTIVE)
    teams: dict[str, list[str]] = defaultdict(list)
    for person in ground.people:
        if person.scope is Scope.MANAGER:
            teams[person.team_id].append(person.id)
    everyone = pool(Scope.COMPANY, "", [*managers, *inactive, ""])
    twice = Pool(Scope.TWICE, "", _summed(again.values()), everyone.targets, _aimed(again, targets))
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


FailingCounts = Mapping[tuple[str, str, bool, bool], int]
"""(owner, entity, in the period, listed at another owner already) -> failing records."""


def failing_tallies(counted: FailingCounts) -> Iterator[Tally]:
    """Failing records as tallies: of each owner, of what counts at another owner already, and of the company."""
    for (owner, entity, in_period, again), number in counted.items():
        name = "failing.period" if in_period else "failing.base"
        yield Tally(False, owner, name, entity, "", number)
        yield Tally(not again, owner if again else None, name, entity, "", number, again)


def _aimed(by_owner: Mapping[str, Counts], targets: Mapping[str, Mapping[str, int]]) -> Counts:
    """Metric -> what those have done who have a target for it."""
    return {
        ("aimed", metric, ""): sum(
            by_owner[owner].get((f"month.{metric}", "", ""), 0)
            for owner, own in targets.items()
            if metric in own and owner in by_owner
        )
        for metric in PLANNED
    }


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
    """The calendar month ('2026-11') whose targets count; None where the period is not inside one."""
    return window.month_first.strftime("%Y-%m") if window.month_first else None


def _must_add_up(pools: Sequence[Pool]) -> None:
    parts = _summed(pool.counts for pool in pools if pool.scope in (Scope.MANAGER, Scope.INACTIVE, Scope.UNASSIGNED))
    twice = _summed(pool.counts for pool in pools if pool.scope is Scope.TWICE)
    company = pools[-1].counts
    once = {name: parts.get(name, 0) - twice.get(name, 0) for name in {*parts, *twice, *company}}
    wrong = [
        (f"{'/'.join(filter(None, name))}@company", "adding up", str(company.get(name, 0)), str(value))
        for name, value in sorted(once.items())
        if value != company.get(name, 0)
    ]
    if wrong:
        raise ProofError("Managers, inactive owners and records of nobody do not add up to the company.", tuple(wrong))


# ------------------------------------------------------------------------------------------------ figures


def _figure(
    pool: Pool, metric: str, period: str, numerator: int, *, denominator: int | None = None, unit: Unit = Unit.COUNT,
    dimension: str = "", currency: str = "", basis: str = "database",
) -> Figure:  # fmt: skip
    name = figure_id(metric, dimension, currency, pool.scope, pool.key)
    return Figure(name, pool.scope, pool.key, metric, dimension, period, numerator, denominator, unit, currency, basis)


def _slices(metric: Metric, company: Counts) -> list[tuple[str, str]]:
    """The dimensions and currencies in which the company has this metric: every scope has them, be it as a zero."""
    names = {*metric.numerator, *metric.denominator}
    found = {(dimension, currency) for name, dimension, currency in company if name in names}
    return sorted(found if metric.unit is not Unit.MONEY else {slice for slice in found if slice[1]})


def _measured(pool: Pool, slices: Sequence[tuple[Metric, list[tuple[str, str]]]]) -> Iterator[Figure]:
    for metric, found in slices:
        for dimension, currency in found:
            total, of = (
                sum(pool.counts.get((name, dimension, currency), 0) for name in names)
                for names in (metric.numerator, metric.denominator)
            )
            yield _figure(pool, metric.name, metric.period, total, denominator=of if metric.denominator else None,
                          unit=metric.unit, dimension=dimension, currency=currency)  # fmt: skip


def _fields(pool: Pool, field_sets: Mapping[str, FieldSet]) -> Iterator[Figure]:
    for span, filled, missing, score, failing in (
        ("period", "field_filled", "field_missing", "score", "records_failing"),
        ("base", "base_filled", "base_missing", "base", "base_failing"),
    ):
        weights: dict[str, tuple[int, int]] = {}  # entity -> (filled, due), weighted
        for entity, fields in field_sets.items():
            got = owed = 0
            for field in fields.fields:
                dimension = f"{entity}.{field.name}"
                due = pool.counts.get((f"due.{span}", dimension, ""), 0)
                lacking = pool.counts.get((f"missing.{span}", dimension, ""), 0)
                yield _figure(
                    pool, filled, span, due - lacking, denominator=due, unit=Unit.PERCENT, dimension=dimension
                )
                yield _figure(pool, missing, span, lacking, dimension=dimension)
                got, owed = got + field.weight * (due - lacking), owed + field.weight * due
            weights[entity] = (got, owed)
            if fields.fields:
                yield _figure(pool, score, span, got, denominator=owed, unit=Unit.PERCENT, dimension=entity)
            if fields.fields or fields.readable:
                count = pool.counts.get((f"failing.{span}", entity, ""), 0)
                yield _figure(pool, failing, span, count, dimension=entity, basis="failing records")
        got, owed = (sum(weights[entity][part] for entity in SCORED if entity in weights) for part in (0, 1))
        yield _figure(pool, score, span, got, denominator=owed, unit=Unit.PERCENT)
        count = sum(pool.counts.get((f"failing.{span}", entity, ""), 0) for entity in SCORED)
        yield _figure(pool, failing, span, count, basis="failing records")


def _plan(pool: Pool, ground: Ground, company: Counts) -> Iterator[Figure]:
    if plan_month(ground.window) is None or pool.scope in (Scope.INACTIVE, Scope.UNASSIGNED):
        return
    if pool.scope is Scope.TWICE:
        for metric in pool.targets:
            yield _figure(pool, "plan_done", "month", pool.aimed["aimed", metric, ""], dimension=metric)
        return
    days = ground.window.working_days_left
    for metric in PLANNED:
        if (f"month.{metric}", "", "") not in company:
            continue  # the CRM cannot tell it
        everything = pool.counts.get((f"month.{metric}", "", ""), 0)
        done = pool.aimed.get(("aimed", metric, ""), 0)
        if metric in pool.targets:
            target = pool.targets[metric]
            left = max(0, target - done)
            for name, value in (("plan_done", done), ("plan_left", left), ("plan_over", max(0, done - target))):
                yield _figure(pool, name, "month", value, dimension=metric)
            yield _figure(pool, "plan_target", "month", target, dimension=metric, basis="targets")
            yield _figure(pool, "plan_progress", "month", done, denominator=target, unit=Unit.PERCENT, dimension=metric)
            if days is not None:
                yield _figure(pool, "plan_needed_per_day", "month", left, denominator=days, unit=Unit.PER_DAY,
                              dimension=metric)  # fmt: skip
        if pool.scope is not Scope.MANAGER or metric not in pool.targets:
            yield _figure(pool, "plan_without_target", "month", everything - done, dimension=metric)


def _about_the_company(ground: Ground) -> Iterator[Figure]:
    company = Pool(Scope.COMPANY, "", {}, {}, {})
    managers = [person for person in ground.people if person.scope is Scope.MANAGER]
    yield _figure(company, "managers", "stock", len(managers), basis="people")
    yield _figure(company, "teams", "stock", len({p.team_id for p in managers if p.team_id}), basis="people")
    yield _figure(company, "inactive_users", "stock", len(ground.people) - len(managers), basis="people")
    if ground.window.working_days_left is not None:
        yield _figure(company, "working_days_left", "month", ground.window.working_days_left, unit=Unit.DAYS,
                      basis="calendar")  # fmt: skip
    for account in ground.accounts:
        yield _figure(company, "table_rows", "stock", account.rows, dimension=account.table, basis=ONE_READING)
        yield _figure(company, "table_audited", "stock", account.audited, dimension=account.table)
        for reason, rows in sorted(account.excluded.items()):
            yield _figure(company, "table_excluded", "stock", rows, dimension=f"{account.table}: {reason}",
                          basis=ONE_READING)  # fmt: skip
