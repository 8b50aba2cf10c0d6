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
    Debtor,
    FieldSet,
    Person,
    Scope,
    TableAccount,
    Tally,
    Target,
    Window,
)
from pipeline.model.rules import owed_by

Counts = Mapping[tuple[str, str, str], int]
"""(name, dimension, currency) -> the integer, pooled over a scope."""

_Sums = defaultdict[tuple[str, str, str], int]


def _sums() -> _Sums:
    return defaultdict(int)


@dataclass(frozen=True, slots=True)
class ScopeTotals:
    """Those whom one group of figures is about, and what was counted of them."""

    scope: Scope
    key: str
    counts: Counts
    # name of a measure -> target; of a team and the company, of the managers with one
    targets: Mapping[str, int]
    aimed: Counts  # what those have done who have a target, by the name of the measure in the second place
    with_operators: Counts = field(default_factory=dict)  # what others owe of their records


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


@dataclass(slots=True)
class _Counted:
    """All counts of one reading."""

    by_owner: dict[str, _Sums] = field(default_factory=lambda: defaultdict(_sums))
    repeats: dict[str, _Sums] = field(default_factory=lambda: defaultdict(_sums))
    company: _Sums = field(default_factory=lambda: defaultdict(int))

    def add(self, tally: Tally) -> None:
        """Counts a tally where it belongs."""
        counts = self.company
        if not tally.company:
            by_owner = self.repeats if tally.is_repeat else self.by_owner
            counts = by_owner[tally.owner or ""]
        counts[tally.name, tally.dimension, tally.currency] += tally.value

    def repeated(self) -> Counts:
        """What owners have that is another's already."""
        return _summed(self.repeats.values())

    def once(self) -> Counts:
        """What owners have, each record once."""
        return _less(_summed(self.by_owner.values()), self.repeated())


def totals_of(answers: Answers, inputs: FigureInputs) -> list[ScopeTotals]:
    """Everybody whom figures are about, with what was counted of them; the company last."""
    counted = _Counted()
    failing = failing_tallies(Counter(map(group_of, answers.failing)), inputs.field_sets)
    for tally in (*answers.tallies, *failing):
        counted.add(tally)
    managers = [person.id for person in inputs.people if person.scope is Scope.MANAGER]
    targets = {owner: own for owner, own in _targets_of(inputs).items() if owner in managers}
    scope_of = {person.id: person.scope for person in inputs.people}
    inactive = sorted(
        owner for owner in counted.by_owner if scope_of.get(owner) is Scope.INACTIVE
    )

    def pool(scope: Scope, key: str, owners: Sequence[str]) -> ScopeTotals:
        own = {owner: targets.get(owner, {}) for owner in owners}
        counts = _summed(counted.by_owner[owner] for owner in owners)
        return ScopeTotals(
            scope,
            key,
            _owed(counts, Debtor.OWNER),
            _targets_summed(own.values()),
            _aimed(counted.by_owner, own),
            _owed(counts, Debtor.OPERATOR),
        )

    teams: dict[str, list[str]] = defaultdict(list)
    for person in inputs.people:
        if person.scope is Scope.MANAGER:
            teams[person.team_id].append(person.id)
    everyone = pool(Scope.COMPANY, "", [*managers, *inactive, ""])
    twice = _double_counted(counted, everyone.targets, _aimed(counted.repeats, targets))
    company = replace(
        everyone,
        counts=counted.company,
        aimed={name: value - twice.aimed[name] for name, value in everyone.aimed.items()},
        with_operators=_owed(counted.company, Debtor.OPERATOR),
    )

    def groups() -> Iterator[ScopeTotals]:
        for group in shown_groups(inputs.people):
            members = [person.id for person in group.people]
            yield _all_as_done(pool(Scope.GROUP, group.key, members))
        yield _all_as_done(replace(company, scope=Scope.GROUP, key=EVERYBODY))

    has_operators = any(Debtor.OPERATOR in of.debtors for of in inputs.field_sets.values())
    return [
        *(pool(Scope.MANAGER, owner, [owner]) for owner in managers),
        pool(Scope.INACTIVE, "", inactive),
        pool(Scope.UNASSIGNED, "", [""]),
        *([_operators(counted)] if has_operators else ()),
        *([twice] if has_operators or counted.repeats else ()),
        *(pool(Scope.TEAM, team, members) for team, members in sorted(teams.items())),
        *(groups() if inputs.audience == "own" else ()),
        company,
    ]


def _operators(counted: _Counted) -> ScopeTotals:
    """What sales support owes, of each record once, whoever owns it."""
    return ScopeTotals(Scope.OPERATOR, "", _owed(counted.once(), Debtor.OPERATOR), {}, {})


def _double_counted(
    counted: _Counted, targets: Mapping[str, int], aimed: Counts
) -> ScopeTotals:
    """What several owners have, and records that count for their owner and for operators.

    The latter are negative: wherever records are counted they are taken off (see
    `records_of`), and here that adds them.
    """
    repeated, both = counted.repeated(), _owed(counted.once(), None)
    return ScopeTotals(
        Scope.DOUBLE_COUNTED,
        "",
        {**_owed(repeated, Debtor.OWNER), **_less({}, both)},
        targets,
        aimed,
        _owed(repeated, Debtor.OPERATOR),
    )


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


def _less(counts: Counts, others: Counts) -> dict[tuple[str, str, str], int]:
    """The difference, count by count."""
    return {name: counts.get(name, 0) - others.get(name, 0) for name in {*counts, *others}}


def _owed(counts: Counts, debtor: Debtor | None) -> dict[tuple[str, str, str], int]:
    """What a debtor owes, and all that nobody owes: records, money. Of None what counts for
    two debtors.
    """
    return {name: value for name, value in counts.items() if owed_by(name[1]) is debtor}


def _targets_of(inputs: FigureInputs) -> dict[str, dict[str, int]]:
    by_manager: dict[str, dict[str, int]] = defaultdict(dict)
    month = plan_month(inputs.window)
    for target in inputs.targets:
        if target.month == month:
            by_manager[target.manager][target.metric] = target.target
    return by_manager


def with_target(measure: str, inputs: FigureInputs) -> frozenset[str]:
    """The managers with a target for the measure of this name."""
    managers = {person.id for person in inputs.people if person.scope is Scope.MANAGER}
    targets = _targets_of(inputs)
    return frozenset(owner for owner in managers if measure in targets.get(owner, {}))


def plan_month(window: Window) -> str | None:
    """The calendar month ('2026-11') whose targets count; None where the
    period is not inside one.
    """
    return window.month_first.strftime("%Y-%m") if window.month_first else None


def must_add_up(totals: Sequence[ScopeTotals]) -> None:
    """ProofError where a company is not the sum of its parts."""
    owners = [pool for pool in totals if pool.scope in (Scope.MANAGER, Scope.INACTIVE)]
    _must_be_the_company(
        totals, owners, "Managers, inactive owners, records of nobody and sales support"
    )
    groups = [pool for pool in totals if pool.scope is Scope.GROUP and pool.key != EVERYBODY]
    if groups:
        _must_be_the_company(totals, groups, "Groups, records of nobody and sales support")


def _must_be_the_company(
    totals: Sequence[ScopeTotals], owners: Sequence[ScopeTotals], who: str
) -> None:
    others = [pool for pool in totals if pool.scope in (Scope.UNASSIGNED, Scope.OPERATOR)]
    parts = _summed(pool.counts for pool in (*owners, *others))
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
