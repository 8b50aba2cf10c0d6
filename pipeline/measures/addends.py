"""From a figure back to the counts that it is the sum of.

The code that makes figures makes them once more, from integers that remember where they come
from. So there is no second list of what each figure adds up, which could say something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.measures.figures import FigureMaker
from pipeline.measures.groups import EVERYBODY, shown_groups
from pipeline.measures.registry import PLANNED
from pipeline.measures.scopes import Counts, FigureInputs, ScopeTotals, with_target
from pipeline.model import Person, Scope
from pipeline.model.addends import Addend, Addends, Rows
from pipeline.model.figures import Entry
from pipeline.model.rules import Debtor, is_of_creator, owed_by


class Traced(int):
    """An integer that remembers the counts of which it is the sum, and how often each is in it.

    Sums, differences and multiples remember; whatever else is made of one is a plain number.
    """

    addends: Addends

    def __new__(cls, value: int, addends: Addends) -> Traced:
        traced = super().__new__(cls, value)
        traced.addends = addends
        return traced

    def __add__(self, other: int) -> Traced:
        return self._with(other, 1)

    __radd__ = __add__

    def __sub__(self, other: int) -> Traced:
        return self._with(other, -1)

    def __rsub__(self, other: int) -> Traced:
        return -self + other

    def __neg__(self) -> Traced:
        return self * -1

    def __mul__(self, times: int) -> Traced:
        multiples = {addend: times * number for addend, number in self.addends.items()}
        return Traced(int(self) * int(times), multiples)

    __rmul__ = __mul__

    def _with(self, other: int, times: int) -> Traced:
        sums = Counter(self.addends)
        for addend, number in addends_of(other).items():
            sums[addend] += times * number
        added = {addend: number for addend, number in sums.items() if number}
        return Traced(int(self) + times * int(other), added)


def addends_of(number: int | None) -> Addends:
    """The counts of which it is the sum; none of a number that is made otherwise."""
    return number.addends if isinstance(number, Traced) else {}


def traced_entries(
    pool: ScopeTotals, company: ScopeTotals, inputs: FigureInputs
) -> Iterator[Entry]:
    """The figures of a scope, whose numbers remember the counts that they are made of."""
    yield from FigureMaker(inputs, company.counts).entries(
        replace(
            pool,
            counts=_counts(pool, company, inputs),
            aimed=_aimed(pool, inputs),
            with_operators=_traced(
                {key: 0 for key in company.counts if owed_by(key[1]) is Debtor.OPERATOR}
                | dict(pool.with_operators),
                pool,
                inputs,
            ),
        )
    )


def _counts(pool: ScopeTotals, company: ScopeTotals, inputs: FigureInputs) -> Counts:
    """What was counted of a scope, zeros of what it could have among it."""
    known = {key: 0 for key in company.counts if _may_have(pool, key[1])}
    return _traced(known | dict(pool.counts), pool, inputs)


def _may_have(pool: ScopeTotals, dimension: str) -> bool:
    """Whether a scope has counts under this dimension."""
    debtor = owed_by(dimension)
    match pool.scope:
        case Scope.COMPANY:
            return True
        case Scope.OPERATOR:
            return debtor is Debtor.OPERATOR
        case Scope.DOUBLE_COUNTED:
            return debtor is not Debtor.OPERATOR and not is_of_creator(dimension)
        case Scope.GROUP if pool.key == EVERYBODY:
            return True
        case _:
            return debtor is Debtor.OWNER


def _traced(
    counts: Counts, pool: ScopeTotals, inputs: FigureInputs
) -> dict[tuple[str, str, str], int]:
    owners = owners_in(pool.scope, pool.key, inputs.people)
    traced: dict[tuple[str, str, str], int] = {}
    for (name, dimension, currency), value in counts.items():
        # what counts for two debtors is taken off wherever records are counted, and here added
        times = -1 if pool.scope is Scope.DOUBLE_COUNTED and owed_by(dimension) is None else 1
        rows = _rows(pool, owners, repeated=times == 1)
        if is_of_creator(dimension):
            rows = replace(rows, repeats=False)
        addend = Addend(name, dimension, currency, rows)
        traced[name, dimension, currency] = Traced(value, {addend: times})
    return traced


def _rows(pool: ScopeTotals, owners: frozenset[str] | None, *, repeated: bool) -> Rows:
    if pool.scope is Scope.DOUBLE_COUNTED:
        return Rows(owners, repeats=repeated)
    return Rows(owners, repeats=None if owners is not None else False)


def _aimed(pool: ScopeTotals, inputs: FigureInputs) -> Counts:
    """What those have done who have a target; in a group that is everybody."""
    aimed: dict[tuple[str, str, str], int] = {}
    owners = owners_in(pool.scope, pool.key, inputs.people)
    for measure in PLANNED:
        key = ("aimed", measure.name, "")
        if measure.month is None or key not in pool.aimed:
            continue
        rows = _rows(pool, owners, repeated=True)
        if pool.scope is not Scope.GROUP:
            targeted = with_target(measure.name, inputs)
            rows = replace(rows, owners=targeted if owners is None else targeted & owners)
        addend = Addend(measure.month.name, "", "", rows)
        aimed[key] = Traced(pool.aimed[key], {addend: 1})
    return aimed


def owners_in(scope: Scope, key: str, people: Iterable[Person]) -> frozenset[str] | None:
    """Whose records a scope's figures count, '' for nobody's; None where that is everybody's."""
    match scope:
        case Scope.MANAGER:
            return frozenset({key})
        case Scope.UNASSIGNED:
            return frozenset({""})
        case Scope.INACTIVE:
            return _ids(person for person in people if person.scope is Scope.INACTIVE)
        case Scope.TEAM:
            return _ids(
                person
                for person in people
                if person.scope is Scope.MANAGER and person.team_id == key
            )
        case Scope.GROUP if key != EVERYBODY:
            groups = {group.key: group for group in shown_groups(people)}
            return _ids(groups[key].people)
        case _:
            return None


def _ids(people: Iterable[Person]) -> frozenset[str]:
    return frozenset(person.id for person in people)
