"""The very records that a figure counts: every count of an entity as a condition, and the SELECT
of the records that meet it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any, Final

from sqlalchemy import FromClause, Select, and_, case, func, literal, not_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import exact_text
from pipeline.model import RECORD_NAMES, SPANS, Debtor, FieldSet, Span
from pipeline.model.addends import Addend, Addends
from pipeline.model.rules import is_of_creator, with_colleague
from pipeline.queries.context import Condition, Conditions, QueryContext, span_code
from pipeline.queries.counts import (
    conditions_of,
    has_amount,
    of_currencies,
    of_money,
    of_records,
)
from pipeline.queries.fields import due_counts, failing_conditions, losing_conditions

VALUE: Final = "value"
"""The column that says what a record adds to the figure."""


@dataclass(frozen=True, slots=True)
class Counting:
    """Every count of an entity's view: name and dimension -> the condition of its records."""

    entity: str
    view: FromClause
    records: Conditions
    money: Conditions  # of which the amounts are added up, per currency
    priced: Conditions  # which are counted per currency

    def has(self, addend: Addend) -> bool:
        """Whether it is one of these counts."""
        key = addend.name, addend.dimension
        return key in self.records or key in self.money or key in self.priced

    def condition(self, addend: Addend) -> Condition:
        """What its records meet."""
        key = addend.name, addend.dimension
        if key in self.records:
            return self.records[key]
        met = self.money[key] if key in self.money else self.priced[key]
        in_currency = exact_text(self.view.c.currency) == addend.currency
        return and_(met, has_amount(self.view), in_currency)

    def value(self, addend: Addend) -> ColumnElement[Any] | None:
        """The money in each of its records; None where these are counted."""
        is_money = (addend.name, addend.dimension) in self.money
        return self.view.c.amount if is_money else None


def counting_of(
    fields: FieldSet, view: FromClause, context: QueryContext, exempt: Collection[int] = ()
) -> Counting:
    """All counts of an entity, those of its field set among them. `exempt` are the bits of a
    failing record's mask of which `with_exempt` added a column.
    """
    counted = counting_without_failing(fields, view, context)
    failing = dict(_failing(fields, view, context, exempt))
    return replace(counted, records=counted.records | failing)


def counting_without_failing(
    fields: FieldSet, view: FromClause, context: QueryContext
) -> Counting:
    """The same but for the counts of failing records: these alone look at exceptions, and at
    what Python judged.
    """
    measured = conditions_of(fields.entity, view, context)
    due = due_counts(fields, view, context.window)
    records = of_records(measured) | {name: and_(*met) for name, met in due.items()}
    return Counting(fields.entity, view, records, of_money(measured), of_currencies(measured))


def with_exempt(view: FromClause, exempt: FromClause) -> FromClause:
    """An entity's view, and beside each record 1 in _exempt_0, _exempt_3, … where exceptions waive that bit of
    its mask: `exempt` has a record's id and these columns.
    """
    bits = [column for column in exempt.c if column.key != "id"]
    rows = select(*view.c, *(func.coalesce(bit, 0).label(str(bit.key)) for bit in bits))
    joined = view.outerjoin(exempt, exempt.c.id == view.c.id)
    return rows.select_from(joined).subquery(f"{view.description}_and_exempt")


def exempt_name(bit: int) -> str:
    """The column that says whether this bit is waived; no column of an audit is called so."""
    return f"_exempt_{bit}"


_Named = Iterator[tuple[tuple[str, str], Condition]]


def _failing(
    fields: FieldSet, view: FromClause, context: QueryContext, exempt: Collection[int]
) -> _Named:
    """The counts of failing records, as `findings/tallies.py` makes them of masks."""
    conditions = list(failing_conditions(fields, view, context).values())[: len(fields.rules)]
    waived = [
        view.c[exempt_name(bit)] == 1 if bit in exempt else None
        for bit in range(len(conditions))
    ]
    failing = [_unless(condition, by) for condition, by in zip(conditions, waived, strict=True)]
    for bit, (demand, rule) in enumerate(fields.judged):
        key = fields.verdicts_key(demand)
        theirs = demand.owed_by is Debtor.CREATOR
        yield from _of_verdict(key, f"{rule.verdict}", failing[bit], view, theirs=theirs)
        exempted = _and(conditions[bit], waived[bit])
        yield from _of_verdict(key, f"waived_{rule.verdict}", exempted, view, theirs=theirs)
    for column, condition in zip(fields.readable, failing[len(fields.judged) :], strict=True):
        if condition is not None:
            yield ("unreadable", f"{fields.entity}.{column}"), condition
    for dimension, loses in losing_conditions(fields, failing, view).items():
        for span in SPANS:
            yield (f"failing.{span}", dimension), and_(_in_span(view, span), loses)


def _unless(condition: Condition | None, waived: Condition | None) -> Condition | None:
    if condition is None or waived is None:
        return condition
    return and_(condition, not_(waived))


def _and(condition: Condition | None, waived: Condition | None) -> Condition | None:
    return None if condition is None or waived is None else and_(condition, waived)


def _of_verdict(
    key: str, verdict: str, condition: Condition | None, view: FromClause, *, theirs: bool
) -> _Named:
    """The records of which a demand has a verdict, among all and in the score; what whoever
    entered them owes once more for owners who are others.
    """
    if condition is None:
        return
    in_score = _in_span(view, Span.SCORE)
    for among, met in (("base", condition), ("score", and_(in_score, condition))):
        yield (f"{verdict}.{among}", key), met
        if theirs:
            elsewhere = view.c.entered_by_owner == 0
            yield (f"{verdict}.{among}", with_colleague(key)), and_(elsewhere, met)


def _in_span(view: FromClause, span: Span) -> Condition:
    return view.c.span == span_code(span)


def listing(counting: Counting, addends: Addends) -> Select[Any]:
    """The records that some addends of an entity count, a row for each owner of whom it is
    counted: the columns of `shown`, and in `value` what each adds.
    """
    view = counting.view
    columns = shown(counting)
    wheres = {addend: _rows(addend, view) for addend in addends}
    if len(addends) == 1:
        [(addend, times)] = addends.items()
        number = _times(counting.value(addend), times).label(VALUE)
        met = and_(counting.condition(addend), *wheres[addend])
        return select(*columns, number).where(met).order_by(view.c.id, view.c.owner)
    values: list[ColumnElement[int]] = []
    for addend, times in addends.items():
        met = and_(counting.condition(addend), *wheres[addend])
        values.append(case((met, times), else_=0))
    each = select(*columns, reduce(add, values).label(VALUE)).subquery("each_record")
    return select(each).where(each.c[VALUE] != 0).order_by(each.c.id, each.c.owner)


def _times(value: ColumnElement[Any] | None, times: int) -> ColumnElement[Any]:
    if value is None:
        return literal(times)
    return value if times == 1 else value * times


def shown(counting: Counting) -> list[ColumnElement[Any]]:
    """The columns by which a record is known: its id, its owner, its moment, its name in parts,
    and its client's id and its closing day where it has them.
    """
    columns = counting.view.c
    names = ("id", "owner", "occurred_at_us", *RECORD_NAMES[counting.entity])
    further = (name for name in ("client_id", "close_day") if name in columns)
    return [columns[name] for name in (*names, *further)]


def _rows(addend: Addend, view: FromClause) -> list[Condition]:
    """Whose rows are counted; what whoever entered a record owes counts for them."""
    rows, conditions = addend.rows, list[Condition]()
    if rows.repeats is not None:
        conditions.append(view.c.is_repeat == int(rows.repeats))
    if rows.owners is not None:
        whose = view.c.entered_by if is_of_creator(addend.dimension) else view.c.owner
        known = exact_text(whose).in_(sorted(rows.owners - {""}))
        conditions.append(or_(whose.is_(None), known) if "" in rows.owners else known)
    return conditions
