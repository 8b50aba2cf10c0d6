"""A manager's fix-list: what is to be completed, best first, and what that is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Final

from pipeline.language.languages import ENGLISH, joined_texts, language_of
from pipeline.measures.completeness import (
    FAILING,
    FAILING_OUTSIDE,
    POINTS_DUE,
    POINTS_KEPT,
    RECORDS_FAILING,
    RECORDS_OF_COLLEAGUES,
    SCORE,
    SHARE,
)
from pipeline.measures.points import FEWEST_OF_KIND, Points, whole
from pipeline.model import (
    CHECKED,
    SCORED,
    Debtor,
    FieldSet,
    Figure,
    FixItem,
    LocalText,
    Queued,
    Rule,
    RunResult,
    Scope,
    Span,
)
from pipeline.reports.content.checks import to_check
from pipeline.reports.content.report import SECTIONS, clean, label_text, section_of

FIRST: Final = 15
"""Records that a manager's page opens with; the others are folded."""

FixLists = Mapping[str, tuple[FixItem, ...]]
"""Owner -> their records, section by section."""


def fix_lists(result: RunResult) -> FixLists:
    """Every record that misses something or is to be checked, of each owner. Those of the
    score come first, by what a record adds to it; then by section, kind, the most missing
    first, name.
    """
    owned: dict[str, list[FixItem]] = defaultdict(list)
    for person, item in _on_pages(result):
        owned[person].append(item)
    for item in to_check(result):
        owned[item.owner].append(item)
    return {owner: _in_order(items, _Worth(result, owner)) for owner, items in owned.items()}


def _on_pages(result: RunResult) -> Iterator[tuple[str, FixItem]]:
    """Whose page lists what: of whoever is to complete it, and of the owner. There it is
    marked, and left out if others are only to check it.
    """
    names = {person.id: clean(person.name) for person in result.people}
    nobody = language_of(result.language).translate("nobody")
    for item in result.fix_list:
        if item.debtor is Debtor.OWNER:
            yield item.owner, item
            continue
        if item.debtor is Debtor.CREATOR and not item.is_repeat:
            whose = Queued(names.get(item.owner, nobody), age_of(item, result))
            yield item.entered_by, replace(item, queued=whose)
        is_theirs = item.debtor is Debtor.CREATOR and item.entered_by == item.owner
        if not item.check and not is_theirs:
            yield item.owner, replace(item, elsewhere=True)


def age_of(item: FixItem, result: RunResult) -> int | None:
    """Whole local days since the record's own day; None before it, and without one."""
    if item.day is None or item.day > result.window.today:
        return None
    return (result.window.today - item.day).days


def _in_order(items: Iterable[FixItem], worth: _Worth) -> tuple[FixItem, ...]:
    ordered = sorted(items, key=_section_order)
    now = [item for item in ordered if section_of(item) == "now"]
    now.sort(key=worth.order)
    now = [replace(item, gain=worth.gain(item)) for item in now]
    first, later = now[:FIRST], (replace(item, later=True) for item in now[FIRST:])
    return (*first, *later, *ordered[len(now) :])


def _section_order(item: FixItem) -> tuple[int, int, int, str, str]:
    section, entity = SECTIONS.index(section_of(item)), CHECKED.index(item.entity)
    return section, entity, -len(item.missing), label_text(item, ENGLISH), item.record_id


class _Worth:
    """What records add to an owner's score when they are completed."""

    def __init__(self, result: RunResult, owner: str) -> None:
        self._result, self._owner = result, owner
        self._points = cache(lambda rules, entity: points_of(rules, result.field_sets[entity]))
        self._unit = cache(self._worth_of_a_point)
        self._shares = self._shares_in_score()

    def order(self, item: FixItem) -> tuple[Fraction, int, bytes]:
        """Best first, then by kind and id."""
        record = item.record_id.encode("utf-8", "surrogatepass")
        return -self._worth(item), CHECKED.index(item.entity), record

    def gain(self, item: FixItem) -> Fraction | None:
        """What completing the record adds to the score, which is 1 at most; None without a
        score.
        """
        return self._worth(item) / self._shares if self._shares else None

    def _worth(self, item: FixItem) -> Fraction:
        return self._unit(item.entity) * self._points(item.rules, item.entity)

    def _shares_in_score(self) -> int:
        """The shares of the kinds that are in the score, together; 0 without a score."""
        score = self._result.find(SCORE, Scope.MANAGER, self._owner)
        if score is None or not score.denominator:
            return 0
        points = _points_by_kind(self._result, self._owner)
        counting = (kind for kind, of in points.kinds.items() if of.due >= FEWEST_OF_KIND)
        return sum(points.shares[kind] for kind in counting)

    def _worth_of_a_point(self, entity: str) -> Fraction:
        due = self._result.find(POINTS_DUE, Scope.MANAGER, self._owner, entity)
        share = self._result.find(SHARE, dimension=entity)
        if due is None or share is None or due.numerator < FEWEST_OF_KIND:
            return Fraction(0)
        return Fraction(share.numerator, due.numerator)


def points_of(rules: Iterable[Rule], fields: FieldSet) -> int:
    """The points that a record loses by the rules that it fails."""
    demands = {demand.name: demand for demand in fields.demands}
    failing = ((demands.get(rule.id), rule.verdict) for rule in rules)
    return sum(
        demand.weight for demand, verdict in failing if demand and verdict in demand.costs
    )


Reason = tuple[LocalText, LocalText]
"""What is missing, and why it is asked."""


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one kind, in their order, with every reason that they have in common."""

    entity: str
    reasons: tuple[Reason, ...]
    items: tuple[FixItem, ...]


def groups_of(items: Iterable[FixItem], field_sets: Mapping[str, FieldSet]) -> list[Group]:
    """The records by kind; the kind of the first record comes first."""
    kinds: dict[str, list[FixItem]] = defaultdict(list)
    for item in items:
        kinds[item.entity].append(item)
    return [
        Group(kind, _reasons(of_kind, field_labels(field_sets[kind])), tuple(of_kind))
        for kind, of_kind in kinds.items()
    ]


def _reasons(items: Iterable[FixItem], labels: Mapping[str, LocalText]) -> tuple[Reason, ...]:
    """Each reason once, with the fields that are asked for it: what is wrong with a field is on
    its record's own line.
    """
    asked: dict[LocalText, dict[LocalText, None]] = defaultdict(dict)
    for item in items:
        for rule, missing, why in zip(item.rules, item.missing, item.why, strict=True):
            if why:
                asked[why][field_of(rule, labels, missing)] = None
    return tuple((joined_texts(missing, ", "), why) for why, missing in asked.items())


def field_labels(fields: FieldSet) -> dict[str, LocalText]:
    """The label of each demand, by its name."""
    return {demand.name: demand.label for demand in fields.demands}


def field_of(rule: Rule, labels: Mapping[str, LocalText], missing: LocalText) -> LocalText:
    """The field alone, without what is wrong with it; of a count, what it says."""
    return missing if rule.measure else labels.get(rule.id, missing)


@dataclass(frozen=True, slots=True)
class First:
    """The records that a page opens with, and what completing them comes to."""

    number: Figure
    others: Figure | None  # how many more there are; None where there are none
    before: Figure | None  # completeness now, and once they are complete; None without one
    after: Figure | None


def first_of(result: RunResult, owner: str, fix_list: Sequence[FixItem]) -> First | None:
    """What an owner's page opens with; None where nothing of the score is to be completed."""
    failing = _to_complete(result, owner)
    if failing is None or not failing.numerator:
        return None
    opened = [item for item in fix_list if section_of(item) == "now"]
    others = failing.numerator - len(opened)
    if not others:
        number, rest = failing, None
    else:
        number = replace(failing, id=f"{failing.id}#first", numerator=len(opened))
        rest = replace(failing, id=f"{failing.id}#others", numerator=others)
    score = result.find(SCORE, Scope.MANAGER, owner)
    if score is None or not score.denominator:
        return First(number, rest, None, None)
    return First(number, rest, score, _after(opened, score, _points_by_kind(result, owner)))


def _to_complete(result: RunResult, owner: str) -> Figure | None:
    """The records of the score that an owner is to complete, those of colleagues included."""
    own = result.find(RECORDS_FAILING, Scope.MANAGER, owner)
    others = result.find(RECORDS_OF_COLLEAGUES, Scope.MANAGER, owner)
    if own is None or others is None or not others.numerator:
        return own
    number = own.numerator + others.numerator
    return replace(own, id=f"{own.id}#of_colleagues_too", numerator=number)


def figures_of(result: RunResult, owner: str, fix_list: Sequence[FixItem]) -> dict[str, Figure]:
    """The figures that a page makes of its own list, by id."""
    first = first_of(result, owner, fix_list)
    made = (first.number, first.others, first.after) if first else ()
    outside = result.find(FAILING_OUTSIDE, Scope.MANAGER, owner, "lead")
    leads = [item for item in fix_list if section_of(item) == "leads outside"]
    if outside is not None:
        made = (*made, _all_leads(outside, len(leads)))
    return {figure.id: figure for figure in made if figure is not None}


def leads_outside(result: RunResult, owner: str) -> Figure | None:
    """How many leads are to be completed outside these days, those that were taken over or
    imported included: leads have one section for all of these.
    """
    counts = [
        figure
        for span, measure in FAILING.items()
        if span is not Span.SCORE
        and (figure := result.find(measure, Scope.MANAGER, owner, "lead")) is not None
    ]
    outside = result.find(FAILING_OUTSIDE, Scope.MANAGER, owner, "lead")
    if outside is None:
        return None
    number = sum(figure.numerator for figure in counts)
    return outside if number == outside.numerator else _all_leads(outside, number)


def _all_leads(outside: Figure, number: int) -> Figure:
    return replace(outside, id=f"{outside.id}#all", numerator=number)


@dataclass(frozen=True, slots=True)
class _PointsOf:
    """An owner's points by kind of record, and what they count for."""

    kinds: Mapping[str, Points]
    shares: Mapping[str, int]
    field_sets: Mapping[str, FieldSet]


def _points_by_kind(result: RunResult, owner: str) -> _PointsOf:
    """What the owner's score is made of."""
    kinds: dict[str, Points] = {}
    shares: dict[str, int] = {}
    for kind in SCORED:
        kept = result.find(POINTS_KEPT, Scope.MANAGER, owner, kind)
        due = result.find(POINTS_DUE, Scope.MANAGER, owner, kind)
        share = result.find(SHARE, dimension=kind)
        if kept is not None and due is not None and share is not None:
            kinds[kind] = Points(kept.numerator, due.numerator)
            shares[kind] = share.numerator
    return _PointsOf(kinds, shares, result.field_sets)


def _after(items: Iterable[FixItem], score: Figure, points: _PointsOf) -> Figure | None:
    """The score once these records are complete and nothing else has changed."""
    kinds = dict(points.kinds)
    for item in items:
        won = points_of(item.rules, points.field_sets[item.entity])
        kinds[item.entity] = replace(kinds[item.entity], kept=kinds[item.entity].kept + won)
    completed = whole(kinds, points.shares)
    if completed is None:
        return None
    numerator, denominator = completed.as_integer_ratio()
    return replace(
        score, id=f"{score.id}#completed", numerator=numerator, denominator=denominator
    )
