"""What an audit asks for: minimum field sets, measures of its own, targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Final, Literal

from pipeline.model.checks import Check
from pipeline.model.conditions import AllOf, Condition, columns_in, something_in
from pipeline.model.judging import Judged, Judgement, proven_text
from pipeline.model.schema import Schema, TextColumns
from pipeline.model.sent import by_fields
from pipeline.model.texts import NO_TEXT, LocalText


class Debtor(StrEnum):
    """Who owes a demand, and whose points it is worth."""

    OWNER = "owner"  # of the record
    OPERATOR = "operator"  # sales support: the users whom an audit names, as one pool
    CREATOR = "created_by"  # the user whom that column of the record names


PEOPLE: Final = (Debtor.OWNER, Debtor.CREATOR)
"""Those whose points are an account manager's own."""


class Verdict(StrEnum):
    """What is wrong with a record under a rule."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    PLACEHOLDER = "placeholder"  # a filler value: entered because the form asked for it
    INVALID = "invalid"  # a word that is not mapped, or one that cannot be true yet
    DUPLICATE = "duplicate"  # another record has it too
    HINT = "hint"  # good, and worth a look: a phone number of no range that has been issued
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that a record of an entity may fail: a demand of its minimum field set, a
    column that must be readable, or a count of ours that names a defect.
    """

    entity: str
    id: str  # 'result', 'unreadable.start_at', 'check.meetings_lacking.last_name'
    verdict: Verdict
    measure: str = ""  # the count that names it; '' where it is of the minimum field set
    dimension: str = ""  # of that count

    __reduce__ = by_fields


def failed(rules: Sequence[Rule], mask: int) -> tuple[Rule, ...]:
    """The rules that a record with this mask fails."""
    return tuple(rules[bit] for bit in bits_in(mask & (1 << len(rules)) - 1))


def bits_in(mask: int) -> Iterator[int]:
    """The places of the bits that are set, the lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def demands_of(rules: Iterable[Rule]) -> int:
    """The bits of a mask that are demands of a minimum field set: what is to be completed."""
    return sum(1 << bit for bit, rule in enumerate(rules) if not rule.measure)


COSTING: Final = (Verdict.MISSING, Verdict.UNREADABLE, Verdict.INVALID)
"""The verdicts that cost the points of a demand, unless it says otherwise."""

JUDGED: Final[Mapping[Verdict, Judged]] = {
    Verdict.UNREADABLE: Judged.UNREADABLE,
    Verdict.PLACEHOLDER: Judged.PLACEHOLDER,
    Verdict.INVALID: Judged.INVALID,
    Verdict.DUPLICATE: Judged.DUPLICATE,
    Verdict.HINT: Judged.HINT,
}
"""The verdicts of demands that Python judges. What is missing, every database can tell."""

IN_ORDER: Final = (
    Verdict.MISSING,
    Verdict.UNREADABLE,
    Verdict.PLACEHOLDER,
    Verdict.INVALID,
    Verdict.DUPLICATE,
    Verdict.HINT,
)
"""The verdicts of demands. A demand has the first that is true."""


TO_CHECK: Final = (Verdict.PLACEHOLDER, Verdict.DUPLICATE, Verdict.HINT)
"""The verdicts on which, where they cost nothing, somebody should still have a look."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One line of a minimum field set: filled when any one of `columns` is.

    It is due of the records of which `when` is true. One without weight costs nobody a point.
    """

    name: str
    label: LocalText
    columns: tuple[str, ...]
    weight: int = 1
    when: Condition | None = None
    why: LocalText = NO_TEXT
    checks: tuple[Check, ...] = ()  # what fails one is invalid
    judgement: Judgement | None = None  # what Python judges of its columns
    costs: tuple[Verdict, ...] = COSTING  # the verdicts that lose its points
    owed_by: Debtor = Debtor.OWNER
    used_for: LocalText = NO_TEXT  # the measures or reports that look at it, in words

    __reduce__ = by_fields

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Its condition, as parts that must all be true."""
        if self.when is None:
            return ()
        return self.when.parts if isinstance(self.when, AllOf) else (self.when,)

    @property
    def is_required(self) -> bool:
        """Whether something must be entered; else it only checks what was."""
        return something_in(self.columns) not in self.conditions

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The columns that it demands, then those of its condition, each once."""
        return tuple(dict.fromkeys((*self.columns, *columns_in(self.when))))

    def is_judged(self, verdict: Verdict) -> bool:
        """Whether Python decides this verdict, in part or alone."""
        asks = () if self.judgement is None else self.judgement.asks
        match verdict:
            case Verdict.MISSING:
                return False
            case Verdict.UNREADABLE:
                return self.judgement is not None
            case Verdict.HINT:
                return self.judgement is not None and self.judgement.judges_phones
            case _:
                return JUDGED.get(verdict) in asks


_OF_BOTH: Final = "both"
_WITH_COLLEAGUE: Final = "with/"


def counted_under(debtor: Debtor, name: str) -> str:
    """The dimension of a count of what a debtor owes: of an owner the name alone.

    What a creator owes is counted for them. Their records are those of other owners.
    """
    return name if debtor is Debtor.OWNER else f"{debtor}/{name}"


def with_colleague(dimension: str) -> str:
    """The dimension of the same count for the owners of records that others entered."""
    return f"{_WITH_COLLEAGUE}{dimension}"


def left_to_colleagues(dimension: str) -> str:
    """What of a dimension is with a colleague; '' of any other."""
    if not dimension.startswith(_WITH_COLLEAGUE):
        return ""
    return dimension.removeprefix(_WITH_COLLEAGUE)


def counted_twice(entity: str) -> str:
    """The dimension of a count of records that count for their owner and for sales support."""
    return f"{_OF_BOTH}/{entity}"


def is_of_creator(dimension: str) -> bool:
    """Whether a count is for whoever entered the records, not for their owners."""
    return dimension.startswith(f"{Debtor.CREATOR}/")


def owed_by(dimension: str) -> Debtor | None:
    """Whose a count is, by its dimension: sales support's or, as the owner's, any person's.
    None where it counts what two debtors have.
    """
    owner, slash, _ = dimension.partition("/")
    if slash and owner == _OF_BOTH:
        return None
    return Debtor.OPERATOR if slash and owner == Debtor.OPERATOR else Debtor.OWNER


@dataclass(frozen=True)  # without slots, so that what follows from it is worked out once
class FieldSet:
    """The minimum field set of an entity, and its columns that may be unreadable.

    Bit i of a failing record's mask stands for `rules[i]`: the demands' verdicts, then each of
    `readable` that cannot be read. The bits above are those of rules that counts name.
    """

    entity: str
    demands: tuple[Demand, ...]
    # demand -> why it is not checked
    absent: Mapping[str, LocalText] = field(default_factory=dict)
    readable: tuple[
        str, ...
    ] = ()  # dates and amounts that the CRM holds; of files also texts that are due

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """What a record can fail, one per bit of a mask, the lowest first."""
        return tuple(rule for _, rule in self.judged) + tuple(
            Rule(self.entity, f"unreadable.{column}", Verdict.UNREADABLE)
            for column in self.readable
        )

    @cached_property
    def judged(self) -> tuple[tuple[Demand, Rule], ...]:
        """Each demand with each verdict that it can have; the first bits of a mask."""
        return tuple(
            (demand, Rule(self.entity, demand.name, verdict))
            for verdict in IN_ORDER
            for demand in self.demands
            if self._can_be(verdict, demand)
        )

    def verdicts_of(self, demand: Demand) -> tuple[Verdict, ...]:
        """The verdicts that a demand can have, the first one first."""
        return self._verdicts[demand.name]

    @cached_property
    def _verdicts(self) -> Mapping[str, tuple[Verdict, ...]]:
        verdicts: dict[str, tuple[Verdict, ...]] = {demand.name: () for demand in self.demands}
        for demand, rule in self.judged:
            verdicts[demand.name] += (rule.verdict,)
        return verdicts

    def _can_be(self, verdict: Verdict, demand: Demand) -> bool:
        if verdict is Verdict.UNREADABLE:
            return not set(self.readable).isdisjoint(demand.columns)
        if verdict is Verdict.INVALID and demand.checks:
            return True
        return verdict is Verdict.MISSING or demand.is_judged(verdict)

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """What Python judges, demand by demand."""
        return tuple(demand.judgement for demand in self.demands if demand.judgement)

    def settled(self, mask: int) -> int:
        """The mask in which each demand has one verdict: the first of those in `mask`."""
        for bits in self._bits_of_demands:
            of_demand = mask & bits
            mask &= ~bits | (of_demand & -of_demand)
        return mask

    @cached_property
    def _bits_of_demands(self) -> tuple[int, ...]:
        bits = dict.fromkeys((demand.name for demand in self.demands), 0)
        for bit, (demand, _) in enumerate(self.judged):
            bits[demand.name] |= 1 << bit
        return tuple(bits.values())

    @property
    def due_keys(self) -> tuple[str, ...]:
        """All such keys, each once."""
        return tuple(dict.fromkeys(self._due_keys.values()))

    def due_key(self, demand: Demand) -> str:
        """Under what the records are counted of which a demand is due: 'meeting.held'. Demands
        of equal conditions and one debtor share a count.
        """
        return self._due_keys[demand.name]

    @cached_property
    def _due_keys(self) -> Mapping[str, str]:
        """Demand -> its key: a condition in words is made once, and figures ask for it often."""
        return {
            demand.name: counted_under(demand.owed_by, self._condition_of(demand))
            for demand in self.demands
        }

    def _condition_of(self, demand: Demand) -> str:
        return self.entity if demand.when is None else f"{self.entity}.{demand.when}"

    def verdicts_key(self, demand: Demand) -> str:
        """Under what the verdicts of a demand are counted: 'meeting.result'."""
        return self._verdicts_keys[demand.name]

    @cached_property
    def _verdicts_keys(self) -> Mapping[str, str]:
        return {
            demand.name: counted_under(demand.owed_by, f"{self.entity}.{demand.name}")
            for demand in self.demands
        }

    @cached_property
    def debtors(self) -> tuple[Debtor, ...]:
        """Those who owe a demand; the owner of a record always, and first."""
        owing = {demand.owed_by for demand in self.demands}
        return tuple(debtor for debtor in Debtor if debtor is Debtor.OWNER or debtor in owing)

    @cached_property
    def bits(self) -> int:
        """The mask of a record that fails everything."""
        return (1 << len(self.rules)) - 1

    @property
    def asks_creator(self) -> bool:
        """Whether anything is owed by whoever entered a record."""
        return Debtor.CREATOR in self.debtors

    @cached_property
    def asked_of(self) -> Mapping[str, set[Debtor]]:
        """Column -> all who are asked for it."""
        asked: dict[str, set[Debtor]] = defaultdict(set)
        for demand in self.demands:
            for column in demand.columns:
                asked[column].add(demand.owed_by)
        return dict(asked)

    def owned(self, *debtors: Debtor) -> int:
        """The bits of a mask that these debtors are to mend: their demands, and the columns
        that cannot be read; a column that the owner is not asked for is theirs who are.
        """
        owing = [demand.owed_by for demand, _ in self.judged]
        owing += [self._asked_for(column) for column in self.readable]
        return sum(1 << bit for bit, debtor in enumerate(owing) if debtor in debtors)

    def _asked_for(self, column: str) -> Debtor:
        asked = self.asked_of.get(column, {Debtor.OWNER})
        return next(debtor for debtor in Debtor if debtor in asked)

    def owed_by(self, *debtors: Debtor) -> FieldSet:
        """The set with the demands of these debtors alone."""
        demands = tuple(demand for demand in self.demands if demand.owed_by in debtors)
        return self if demands == self.demands else replace(self, demands=demands)

    def costing(self, *debtors: Debtor) -> int:
        """The bits of a mask that cost these debtors points."""
        bits = 0
        for debtor in debtors:
            bits |= self._costing.get(debtor, 0)
        return bits

    @cached_property
    def _costing(self) -> Mapping[Debtor, int]:
        costing: dict[Debtor, int] = defaultdict(int)
        for bit, (demand, rule) in enumerate(self.judged):
            if demand.weight and rule.verdict in demand.costs:
                costing[demand.owed_by] |= 1 << bit
        return costing

    @cached_property
    def to_check(self) -> int:
        """The bits of what was entered, costs nothing, and yet may be wrong."""
        return sum(
            1 << bit
            for bit, (demand, rule) in enumerate(self.judged)
            if rule.verdict in TO_CHECK and rule.verdict not in demand.costs
        )

    def costs_by_python(self, demand: Demand) -> bool:
        """Whether a demand's points can be lost by what only Python can tell."""
        if demand.judgement is None or not demand.weight:
            return False
        return any(
            demand.is_judged(verdict) and self._can_be(verdict, demand)
            for verdict in demand.costs
        )

    def failed(self, mask: int) -> tuple[tuple[Demand, Rule], ...]:
        """The demands that a record with this mask fails, each with its verdict."""
        judged = self.judged
        return tuple(judged[bit] for bit in bits_in(mask & (1 << len(judged)) - 1))

    def unreadable(self, mask: int) -> tuple[str, ...]:
        """The columns of a record with this mask in which something
        stands that cannot be read.
        """
        return tuple(
            column
            for bit, column in enumerate(self.readable, len(self.judged))
            if mask >> bit & 1
        )


def judgements_in(field_sets: Mapping[str, FieldSet]) -> dict[str, tuple[Judgement, ...]]:
    """Entity -> what Python judges of it; without those of which it judges nothing."""
    asked = {entity: fields.judgements for entity, fields in field_sets.items()}
    return {entity: judgements for entity, judgements in asked.items() if judgements}


def proven_in(field_sets: Mapping[str, FieldSet], schema: Schema) -> TextColumns:
    """The text columns that an audit with these field sets prints or judges."""
    return proven_text(judgements_in(field_sets), schema)


@dataclass(frozen=True, slots=True)
class CustomMeasure:
    """One of our counts or amounts, narrowed by what stands in columns of the record."""

    name: str
    label: str
    counted: str  # 'meetings_held'
    entity: str
    # column -> one of these words, or whether any
    where: Mapping[str, tuple[str, ...] | Literal["filled", "missing"]]
    share: bool = False  # as a share of what it narrows


@dataclass(frozen=True, slots=True)
class Target:
    """A manager's plan for a calendar month ('2026-11')."""

    manager: str
    month: str
    metric: str
    target: int
