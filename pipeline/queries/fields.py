"""Minimum field sets: what is due, and the records that fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.sql.elements import ColumnElement, False_

from pipeline.model import SPANS, Debtor, Demand, FieldSet, Rule, Span, Verdict, Window
from pipeline.model.conditions import Condition as When
from pipeline.model.rules import (
    counted_twice,
    counted_under,
    is_of_creator,
    with_colleague,
)
from pipeline.queries.checks import checks_together
from pipeline.queries.conditions import Records, Truth, truth_of
from pipeline.queries.context import (
    WORD,
    Condition,
    Conditions,
    Grain,
    QueryContext,
    Question,
    flag,
    question,
    span_code,
    unreadable,
)
from pipeline.queries.counts import conditions_of
from pipeline.queries.facts import Fact
from pipeline.queries.verdicts import by_python, code_of, settled

Failing = Mapping[Rule, Condition | None]
"""Rule -> the condition that a record meets to fail it, in the order of the bits of a mask. None
where this reading cannot tell: its bit stays 0.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What is asked to validate an entity: counts per owner, and every failing record."""

    entity: str
    counts: tuple[Question, ...]
    rules: tuple[Rule, ...]  # by the bits of a failing record's mask
    fields: FieldSet
    failing: Select[Any]
    judged: Select[Any] | None = None  # the same of Python's verdicts alone


def asks(fields: FieldSet) -> bool:
    """Whether there is anything to look for."""
    return bool(fields.demands or fields.readable)


def due_truths(fields: FieldSet, view: FromClause, window: Window) -> dict[str, Truth]:
    """What demands are due of, each once: 'meeting', 'meeting.held' -> of which of the scored
    records its condition is true, and of which it is unknown.
    """
    records = Records(fields.entity, view, window, fields.readable)
    conditions = dict.fromkeys(demand.when for demand in fields.demands)
    truths = {when: _due(when, records) for when in conditions}
    return {fields.due_key(demand): truths[demand.when] for demand in fields.demands}


def due_of_records(fields: FieldSet, view: FromClause, window: Window) -> Select[Any]:
    """(id, owner, entered_by, *words of bits): bit i is set where the demands with the i-th of
    the set's due keys are due; each record once.
    """
    truths = due_truths(fields, view, window)
    dues = [truths[key].true for key in fields.due_keys]
    words = (_word(dues[start : start + WORD]) for start in range(0, len(dues), WORD))
    asked = select(view.c.id, view.c.owner, entered_by(view), *words)
    return asked.where(view.c.is_repeat == 0)


def due_counts(
    fields: FieldSet, view: FromClause, window: Window
) -> dict[tuple[str, str], tuple[Condition, ...]]:
    """The records of which demands are due, and those of which any is that has weight; among
    all records and in the score: each count -> the conditions that a record must meet.

    Demands are many and their conditions few, so that the columns of a statement stay few.
    """
    dues = due_truths(fields, view, window)
    in_score = view.c.span == span_code(Span.SCORE)
    elsewhere = _entered_by_another(view) if fields.asks_creator else false()
    conditions: dict[tuple[str, str], tuple[Condition, ...]] = {}
    for key, due in dues.items():
        conditions["due.base", key] = (due.true,)
        conditions["due.score", key] = (in_score, due.true)
        if not isinstance(due.unknown, False_):
            conditions["unknown.base", key] = (due.unknown,)
        if is_of_creator(key):
            conditions["due.score", with_colleague(key)] = (in_score, elsewhere, due.true)
    for dimension, any_due in _any_due(fields, dues, view).items():
        conditions["records.base", dimension] = (any_due,)
        conditions["records.score", dimension] = (in_score, any_due)
    return conditions


def _any_due(
    fields: FieldSet, dues: Mapping[str, Truth], view: FromClause
) -> dict[str, Condition]:
    """The records of which anything that has weight is due from their owner, from sales
    support, and from both.
    """
    by_debtor: dict[Debtor, Condition] = {}
    for debtor in fields.debtors:
        weighty = {
            fields.due_key(demand)
            for demand in fields.demands
            if demand.weight and demand.owed_by is debtor
        }
        if weighty:
            by_debtor[debtor] = or_(*(due.true for key, due in dues.items() if key in weighty))
    return _of_records(fields.entity, by_debtor, view)


def _of_records(
    entity: str, by_debtor: Mapping[Debtor, Condition], view: FromClause
) -> dict[str, Condition]:
    """The records that meet a condition of their owner's, of sales support's, and of both.

    What a creator owes counts where they are the owner: of several the first.
    """
    met = dict(by_debtor)
    theirs = met.pop(Debtor.CREATOR, None)
    if theirs is not None:
        own = and_(_entered_by_owner(view), theirs)
        others = met.pop(Debtor.OWNER, None)
        met = {Debtor.OWNER: own if others is None else or_(others, own), **met}
    conditions = {counted_under(debtor, entity): has for debtor, has in met.items()}
    if len(conditions) > 1:
        conditions[counted_twice(entity)] = and_(*conditions.values())
    return conditions


def _entered_by_owner(view: FromClause) -> Condition:
    return and_(view.c.is_repeat == 0, view.c.entered_by_owner == 1)


def _entered_by_another(view: FromClause) -> Condition:
    return view.c.entered_by_owner == 0


def failing_conditions(fields: FieldSet, view: FromClause, context: QueryContext) -> Failing:
    """All that a record can fail: the demands of its field set, then what our own
    counts name.
    """
    demands = _demands(fields, view, context.window)
    return {**demands, **noted(fields.entity, view, context)}


def judged_conditions(fields: FieldSet, view: FromClause, context: QueryContext) -> Failing:
    """Python's verdicts on what is due, whatever else is wrong with it."""
    dues = due_truths(fields, view, context.window)
    judged: dict[Rule, Condition | None] = {}
    for demand, rule in fields.judged:
        code = code_of(demand, fields, view)
        has = None if code is None else by_python(rule.verdict, demand, code)
        judged[rule] = None if has is None else and_(dues[fields.due_key(demand)].true, has)
    return judged


def noted(entity: str, view: FromClause, context: QueryContext) -> dict[Rule, Condition]:
    """The counts that name a defect, as rules of their own."""
    return {
        _rule_of(count.name, dimension, entity, count.verdict): condition
        for count, by_dimension in conditions_of(entity, view, context).items()
        if count.verdict is not None
        for dimension, condition in by_dimension.items()
    }


def _rule_of(name: str, dimension: str, entity: str, verdict: Any) -> Rule:
    named = ".".join(filter(None, ("check", name, dimension)))
    return Rule(entity, named, verdict, measure=name, dimension=dimension)


def _demands(fields: FieldSet, view: FromClause, window: Window) -> Failing:
    """Each demand with each verdict that it can have, then the columns that cannot be read."""
    dues = due_truths(fields, view, window)
    records = Records(fields.entity, view, window, fields.readable)
    failing: dict[Rule, Condition | None] = {}
    for demand, rule in fields.judged:
        if demand.judgement is None:
            has: Condition | None = _has(rule.verdict, demand, records)
        else:
            has = _has_judged(rule.verdict, demand, records, code_of(demand, fields, view))
        failing[rule] = None if has is None else and_(dues[fields.due_key(demand)].true, has)
    unread = [unreadable(view, fields.entity, column) for column in fields.readable]
    return failing | dict(zip(fields.rules[len(failing) :], unread, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _Faults:
    """What can be wrong with the value of one column. At most one of these is true."""

    missing: Condition
    unreadable: Condition
    invalid: Condition

    @property
    def any(self) -> Condition:
        """The value is not good."""
        return or_(self.missing, self.unreadable, self.invalid)


def _has(verdict: Verdict, demand: Demand, records: Records) -> Condition:
    """Whether a demand has this verdict. Of several columns one that is good is enough; what
    is entered and cannot be read goes before what is invalid, and that before what is missing.
    """
    faults = [_faults(column, demand, records) for column in demand.columns]
    if verdict is Verdict.MISSING:
        return and_(*(of.missing for of in faults))
    unread = or_(*(of.unreadable for of in faults))
    bad = [of.any for of in faults]
    if verdict is Verdict.UNREADABLE:
        return and_(unread, *bad)
    return and_(not_(unread), or_(*(of.invalid for of in faults)), *bad)


def _has_judged(
    verdict: Verdict, demand: Demand, records: Records, code: ColumnElement[Any] | None
) -> Condition | None:
    """Whether a demand that Python judges has this verdict. None where there is no `code` of
    Python's and no database can tell: it knows what is missing, and what a check finds invalid.
    """
    faults = [_faults(column, demand, records) for column in demand.columns]
    missing = and_(*(of.missing for of in faults))
    if verdict is Verdict.MISSING:
        return missing
    checked = or_(*(of.invalid for of in faults))  # a demand of several columns has no checks
    if code is not None:
        return and_(not_(missing), settled(verdict, demand, code, checked))
    return checked if verdict is Verdict.INVALID and demand.checks else None


def _faults(column: str, demand: Demand, records: Records) -> _Faults:
    missing = records.missing(column)
    unread: Condition = false()
    if column in records.readable:
        unread = records.unreadable(column)
    together = checks_together(demand.checks)
    checks = [check.passed(column, records.window.today) for check in together]
    if not checks:
        return _Faults(missing, unread, false())
    passed = [truth_of(check, records) for check in checks]
    named = " and ".join(f"({check})" for check in checks)
    invalid = Fact(f"not {named}", or_(*(not_(truth.possible) for truth in passed)))
    return _Faults(missing, unread, invalid)


def _due(when: When | None, records: Records) -> Truth:
    """Of a record with an unknown state nothing is due, and nothing is unknown."""
    scored = records.view.c.scored == 1
    if when is None:
        return Truth(scored, false())
    due = truth_of(when, records)
    is_due = Fact(f"due: {when}", and_(scored, due.true))
    if isinstance(due.unknown, False_):
        return Truth(is_due, due.unknown)
    return Truth(is_due, Fact(f"unknown: {when}", and_(scored, due.unknown)))


def grains_of(fields: FieldSet, context: QueryContext) -> tuple[Grain, ...]:
    """Of whom a field set is asked."""
    return (*context.grains, *((Grain.CREATORS,) if fields.asks_creator else ()))


def field_question(
    fields: FieldSet, view: FromClause, context: QueryContext, grain: Grain
) -> Question:
    """One scan: what is due, in the score and of all records, and how many records lose a
    point, by their span.
    """
    failing = list(_demands(fields, view, context.window).values())
    losing = losing_conditions(fields, failing, view)
    # worked out once a record: of hundreds of demands the condition is long, and the spans are five
    marks = {dimension: f"loses_{place}" for place, dimension in enumerate(losing)}
    marked = (flag(loses).label(marks[dimension]) for dimension, loses in losing.items())
    records = select(*view.c, *marked).subquery("records")
    counts: Conditions = {
        name: and_(*conditions)
        for name, conditions in due_counts(fields, records, context.window).items()
    }
    for dimension, mark in marks.items():
        for span in SPANS:
            in_span = records.c.span == span_code(span)
            counts[f"failing.{span}", dimension] = and_(in_span, records.c[mark] == 1)
    sums = {
        (name, dimension): func.sum(flag(condition))
        for (name, dimension), condition in counts.items()
        if grain is Grain.COMPANY or is_of_creator(dimension) == (grain is Grain.CREATORS)
    }
    return question(f"{fields.entity}.fields", records, sums, grain=grain)


def losing_conditions(
    fields: FieldSet, failing: Sequence[Condition | None], view: FromClause
) -> dict[str, Condition]:
    """The records that lose a point, by those for whom they are counted."""
    loses: dict[Debtor, Condition] = {}
    for debtor in fields.debtors:
        bits = fields.costing(debtor)
        costing = [fails for bit, fails in enumerate(failing) if bits >> bit & 1]
        loses[debtor] = or_(false(), *(fails for fails in costing if fails is not None))
    conditions = _of_records(fields.entity, loses, view)
    if fields.asks_creator:
        theirs = counted_under(Debtor.CREATOR, fields.entity)
        of_others = and_(_entered_by_another(view), loses[Debtor.CREATOR])
        conditions |= {theirs: of_others, with_colleague(theirs): of_others}
    return conditions


def failing_records(failing: Failing, view: FromClause) -> Select[Any]:
    """The second scan: every record that fails a rule, and the bit mask of those that it
    fails.

    Its columns are id, owner, span, is_repeat, occurred_at_us, entered_by (NULL where it
    decides nothing), and the mask in words of WORD bits, the lowest first.
    """
    conditions = list(failing.values())
    words = [
        cast(_word(conditions[start : start + WORD]), BigInteger).label(f"mask_{start}")
        for start in range(0, len(conditions), WORD)
    ]
    masked = select(
        view.c.id,
        view.c.owner,
        view.c.span,
        view.c.is_repeat,
        view.c.occurred_at_us,
        entered_by(view),
        *words,
    ).subquery()
    return select(masked).where(or_(*(masked.c[word.key] != 0 for word in words)))


def entered_by(view: FromClause) -> ColumnElement[Any]:
    """Who entered a record, where that decides who owes something."""
    column = view.c.entered_by if "entered_by" in view.c else cast(null(), Text)
    return column.label("entered_by")


def _word(conditions: Sequence[Condition | None]) -> ColumnElement[int]:
    word: ColumnElement[int] = literal(0)
    for bit, condition in enumerate(conditions):
        if condition is not None:
            word = word + case((condition, 1 << bit), else_=0)
    return word
