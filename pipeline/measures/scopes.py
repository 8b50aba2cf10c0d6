"""Whom figures are about: managers, teams, the company, and what was counted of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.errors import ProofError
from pipeline.findings.tallies import failing_tallies, group_of
from pipeline.measures.groups import EVERYBODY, shown_groups
from pipeline.measures.measure import Counted
from pipeline.measures.registry import COUNTED, PLANNED
from pipeline.model import (
    SHARES,
    Answers,
    Audience,
    FieldSet,
    Person,
    Scope,
    TableAccount,
    Target,
    Window,
)

Counts = Mapping[tuple[str, str, str], int]
"""(name, dimension, currency) -> the integer, pooled over a scope."""


@dataclass(frozen=True, slots=True)
class ScopeTotals:
    """Those whom one group of figures is about, and what was counted of them."""

    scope: Scope
    key: str
    counts: Counts
    # name of a measure -> target; of a team and the company, of the managers with one
    targets: Mapping[str, int]
    aimed: Counts  # what those have done who have a target, by the name of the measure in the second place


@dataclass(frozen=True, slots=True)
class FigureInputs:
    """What figures are made from besides the answers."""

    people: Sequence[Person]
    field_sets: Mapping[str, FieldSet]
    targets: Collection[Target]
    accounts: Collection[TableAccount]
    window: Window
    measures: Sequence[Counted] = COUNTED
    audience: Audience = "named"
    # kind of record -> its share of the whole score
    shares: Mapping[str, int] = field(default_factory=lambda: SHARES)


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
    belongs to the team they lead.
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


def totals_of(answers: Answers, inputs: FigureInputs) -> list[ScopeTotals]:
    scope_of = {person.id: person.scope for person in inputs.people}
    by_owner: dict[str, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
    repeats: dict[str, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
    company: dict[tuple[str, str, str], int] = defaultdict(int)
    failing = failing_tallies(Counter(map(group_of, answers.failing)), inputs.field_sets)
    for tally in (*answers.tallies, *failing):
        counts = (
            company
            if tally.company
            else (repeats if tally.is_repeat else by_owner)[tally.owner or ""]
        )
        counts[tally.name, tally.dimension, tally.currency] += tally.value
    managers = [person.id for person in inputs.people if person.scope is Scope.MANAGER]
    targets = {owner: own for owner, own in _targets_of(inputs).items() if owner in managers}

    def pool(scope: Scope, key: str, owners: Sequence[str]) -> ScopeTotals:
        own = {owner: targets.get(owner, {}) for owner in owners}
        return ScopeTotals(
            scope,
            key,
            _summed(by_owner[owner] for owner in owners),
            _targets_summed(own.values()),
            _aimed(by_owner, own),
        )

    inactive = sorted(owner for owner in by_owner if scope_of.get(owner) is Scope.INACTIVE)
    teams: dict[str, list[str]] = defaultdict(list)
    for person in inputs.people:
        if person.scope is Scope.MANAGER:
            teams[person.team_id].append(person.id)
    everyone = pool(Scope.COMPANY, "", [*managers, *inactive, ""])
    twice = ScopeTotals(
        Scope.DOUBLE_COUNTED,
        "",
        _summed(repeats.values()),
        everyone.targets,
        _aimed(repeats, targets),
    )

    def groups() -> Iterator[ScopeTotals]:
        for group in shown_groups(inputs.people):
            members = [person.id for person in group.people]
            yield _all_as_done(pool(Scope.GROUP, group.key, members))
        yield _all_as_done(replace(everyone, scope=Scope.GROUP, key=EVERYBODY, counts=company))

    return [
        *(pool(Scope.MANAGER, owner, [owner]) for owner in managers),
        pool(Scope.INACTIVE, "", inactive),
        pool(Scope.UNASSIGNED, "", [""]),
        *([twice] if repeats else []),
        *(pool(Scope.TEAM, team, members) for team, members in sorted(teams.items())),
        *(groups() if inputs.audience == "own" else ()),
        replace(
            everyone,
            counts=company,
            aimed={name: value - twice.aimed[name] for name, value in everyone.aimed.items()},
        ),
    ]


def _all_as_done(group: ScopeTotals) -> ScopeTotals:
    """The group, its plan done by all of its people: what those with a target did would
    tell, by subtraction, what the few without one did.
    """
    done = {
        ("aimed", measure.name, ""): group.counts.get((measure.month.name, "", ""), 0)
        for measure in PLANNED
        if measure.month
    }
    return replace(group, aimed=done)


def _targets_summed(targets: Collection[Mapping[str, int]]) -> dict[str, int]:
    """Name of a measure -> the targets of all who have one."""
    sums: dict[str, int] = {}
    for measure in PLANNED:
        set_for = [own[measure.name] for own in targets if measure.name in own]
        if set_for:
            sums[measure.name] = sum(set_for)
    return sums


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


def _targets_of(inputs: FigureInputs) -> dict[str, dict[str, int]]:
    by_manager: dict[str, dict[str, int]] = defaultdict(dict)
    month = plan_month(inputs.window)
    for target in inputs.targets:
        if target.month == month:
            by_manager[target.manager][target.metric] = target.target
    return by_manager


def plan_month(window: Window) -> str | None:
    """The calendar month ('2026-11') whose targets count; None where the
    period is not inside one.
    """
    return window.month_first.strftime("%Y-%m") if window.month_first else None


def must_add_up(totals: Sequence[ScopeTotals]) -> None:
    """ProofError where a company is not the sum of its parts."""
    owners = [pool for pool in totals if pool.scope in (Scope.MANAGER, Scope.INACTIVE)]
    _must_be_the_company(totals, owners, "Managers, inactive owners and records of nobody")
    groups = [pool for pool in totals if pool.scope is Scope.GROUP and pool.key != EVERYBODY]
    if groups:
        _must_be_the_company(totals, groups, "Groups and records of nobody")


def _must_be_the_company(
    totals: Sequence[ScopeTotals], owners: Sequence[ScopeTotals], who: str
) -> None:
    nobody = [pool for pool in totals if pool.scope is Scope.UNASSIGNED]
    parts = _summed(pool.counts for pool in (*owners, *nobody))
    twice = _summed(pool.counts for pool in totals if pool.scope is Scope.DOUBLE_COUNTED)
    company = totals[-1].counts
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
            f"{who} do not add up to the company.",
            tuple(wrong),
        )
