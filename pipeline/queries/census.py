"""All that is asked of an entity in one statement: what a record meets is a set of bits,
and equal sets are counted.

The questions of counts.py and fields.py go through the records once each. A CRM is held while
it counts, so there its view is worked out once: each condition becomes a bit, records of the
same owner and bits become one row with their number, and Python adds up for each count the rows
that have all its bits. What a record fails is bits of their own, which only the rows of failing
records have: of hundreds of rules nearly every record would have a set of its own. The snapshot
is asked the questions one by one, so that the two readings of the proof differ in form.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    FromClause,
    Select,
    Text,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.base import ColumnCollection
from sqlalchemy.sql.elements import AsBoolean, ColumnClause, ColumnElement, Grouping, True_
from sqlalchemy.sql.selectable import CompoundSelect

from pipeline.databases.constructs import blank, exact_text
from pipeline.model import SPANS, FieldSet
from pipeline.queries.context import WORD, Condition, Entities, QueryContext, flag, span_code
from pipeline.queries.counts import (
    conditions_of,
    has_amount,
    of_currencies,
    of_money,
    of_records,
)
from pipeline.queries.facts import Fact, parts_of, shared_facts
from pipeline.queries.fields import due_counts, failing_conditions
from pipeline.queries.views import (
    FOUND_LATER,
    LOOKED_AT,
    REFERENCES,
    view_from,
    view_of,
    with_met,
    with_state,
)


class RowKind(IntEnum):
    """What a row is about: records of one owner, records of the company, or one
    failing record of one owner.
    """

    OWNERS = 0
    COMPANY = 1
    WRONG = 2


Named = tuple[str, str]
"""(name of a count, its dimension or '')"""
Columns = ColumnCollection[str, ColumnElement[Any]]
WorkedOut = Callable[[Select[Any], str], FromClause]
"""Gives a SELECT a name under which the statement works it out once."""


@dataclass(frozen=True, slots=True)
class Census:
    """One statement, and what its rows stand for.

    A row is (part, owner, is_repeat, currency, id, records, value, *words of bits); before the
    words stands who entered the records, if the census `tells_creator`. `value` is the sum of
    the amounts, and of a failing record its moment in microseconds. A record counts where it
    has all bits of a count's mask; `priced` are the counts that are made per currency.
    Of a failing record the bits are its mask; above it is one bit for its span, none where it
    is outside.
    """

    entity: str
    counts: Mapping[Named, int]
    amounts: Mapping[Named, int]
    priced: Mapping[Named, int]
    above_mask: int  # the lowest of those bits
    tells_creator: bool
    statement: Select[Any] | CompoundSelect[Any]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Conditions by their bits, before there is a statement."""

    conditions: Sequence[Condition]
    counts: Mapping[Named, int]
    amounts: Mapping[Named, int]
    priced: Mapping[Named, int]
    # what a record can fail, by the bits of its mask; None where the CRM cannot tell
    failing: Sequence[Condition | None]
    spans: Sequence[Condition] = ()  # in which span it is, by the bits above
    tells_creator: bool = False  # whether anything is owed by whoever entered a record

    @property
    def per_currency(self) -> bool:
        """Whether anything is counted for each currency apart."""
        return bool(self.amounts or self.priced)

    @property
    def counted_words(self) -> list[str]:
        """The words of bits by which records are counted; at least one, so that a row always
        says what it is.
        """
        return _names("w", max(1, len(self.conditions)))

    @property
    def failing_words(self) -> list[str]:
        """The words of bits of a failing record."""
        return _names("f", len(self.failing_bits))

    @property
    def failing_bits(self) -> list[Condition | None]:
        """The conditions of a failing record's bits: its mask, and its span above."""
        return [*self.failing, *self.spans] if self.failing else []

    @property
    def all_conditions(self) -> list[Condition]:
        """Every condition that the CRM is asked."""
        told = (condition for condition in self.failing_bits if condition is not None)
        return [*self.conditions, *told]

    def on(self, moved: Callable[[Condition], Condition]) -> _Asked:
        """The same of other columns."""
        return replace(
            self,
            conditions=[moved(condition) for condition in self.conditions],
            failing=[
                None if condition is None else moved(condition) for condition in self.failing
            ],
            spans=[moved(condition) for condition in self.spans],
        )


def _names(letter: str, bits: int) -> list[str]:
    return [f"{letter}{number}" for number in range(-(-bits // WORD))]


class _Bits:
    """Gives each distinct condition a bit."""

    def __init__(self) -> None:
        self.conditions: list[Condition] = []
        self._places: dict[
            int, int
        ] = {}  # by identity: SQLAlchemy's == makes another condition

    def of(self, *conditions: Condition) -> int:
        """The mask of the bits that a record has if it meets them all."""
        mask = 0
        for condition in conditions:
            if isinstance(condition, True_):
                continue  # every record meets it
            if id(condition) not in self._places:
                self._places[id(condition)] = len(self.conditions)
                self.conditions.append(condition)
            mask |= 1 << self._places[id(condition)]
        return mask


def census(
    entity: str,
    entities: Entities,
    fields: FieldSet,
    context: QueryContext,
    worked_out: WorkedOut,
    *,
    rolled_up: bool,
) -> Census:
    """Counts, amounts, field counts and failing records of an entity's view, as one statement.

    `worked_out` is the database's own way to work a part out once. `rolled_up` asks for
    one GROUP BY … WITH ROLLUP, where a database would work out a part anew each time
    that the statement names it.
    """
    whole = view_of(entity, entities, context).subquery()
    asked = _asked(entity, whole, fields, context)
    facts = shared_facts(asked.all_conditions)
    marks = {called: f"fact_{number}" for number, called in enumerate(facts)}
    kept = _kept(asked, facts)
    inside = {*_columns_in([fact.condition for fact in facts.values()])}
    stated = with_state(entity, entities[entity], context)
    # worked out, or dates would be read and texts compared wherever they are named
    blanks = [
        flag(blank(stated.selected_columns[name])).label(f"{name}{_BLANK}")
        for name in _texts_in(asked.all_conditions)
    ]
    looked_at = (kept | inside | LOOKED_AT) - _found_later(entity, asked.all_conditions)
    records = worked_out(_only(stated, looked_at, *blanks), f"records_{entity}")
    among = with_met(entities, context, worked_out) if entity == "meeting" else entities
    view = view_from(entity, among, records, context)
    flags = (
        flag(_moved(fact.condition, whole, view.selected_columns)).label(marks[called])
        for called, fact in facts.items()
    )
    narrow = worked_out(_only(view, kept, *flags), f"view_{entity}")
    seen = asked.on(lambda condition: _moved(condition, whole, narrow.c, marks))
    compose = _rolled_up if rolled_up else _in_arms
    statement = compose(seen, worked_out(_flagged(seen, narrow), f"flagged_{entity}"))
    above_mask = 1 << len(asked.failing)
    counted = asked.counts, asked.amounts, asked.priced
    return Census(entity, *counted, above_mask, asked.tells_creator, statement)


def _only(
    rows: Select[Any], names: Collection[str], *further: ColumnElement[Any]
) -> Select[Any]:
    """The rows with no other columns than these."""
    columns = [column for column in rows.selected_columns if column.key in names]
    return rows.with_only_columns(*columns, *further, maintain_column_froms=True)


def _kept(asked: _Asked, facts: Collection[str]) -> set[str]:
    """The columns of a view at which something is looked besides these facts."""
    kept = {"id", "owner", "is_repeat", *_columns_in(asked.all_conditions, facts)}
    if asked.per_currency:
        kept |= {"amount", "amount_unreadable", "currency"}
    if asked.failing:
        kept.add("occurred_at_us")
    if asked.tells_creator:
        kept.add("entered_by")
    return kept


def _asked(entity: str, view: FromClause, fields: FieldSet, context: QueryContext) -> _Asked:
    bits, conditions = _Bits(), conditions_of(entity, view, context)
    counts = {name: bits.of(condition) for name, condition in of_records(conditions).items()}
    amounts = {name: bits.of(condition) for name, condition in of_money(conditions).items()}
    priced = {
        name: bits.of(condition, has_amount(view))
        for name, condition in of_currencies(conditions).items()
    }
    for name, met in due_counts(fields, view, context.window).items():
        counts[name] = bits.of(*met)
    failing = list(failing_conditions(fields, view, context).values())
    # where nothing can fail, nobody looks at a span, and the view has none
    later = SPANS[1:] if failing else ()
    spans = [view.c.span == span_code(span) for span in later]
    counted = counts, amounts, priced
    return _Asked(bits.conditions, *counted, failing, spans, fields.asks_creator)


def _columns_in(conditions: Sequence[Condition], facts: Collection[str] = ()) -> Iterator[str]:
    """The columns at which the conditions look; those of such facts are not among them, nor
    texts that may be blank.
    """

    def is_whole(element: ClauseElement) -> bool:
        of_fact = isinstance(element, Fact) and element.called in facts
        return of_fact or _text_of(element) is not None

    for condition in conditions:
        for element in parts_of(condition, is_whole):
            if (text := _text_of(element)) is not None:
                yield f"{text}{_BLANK}"
            elif isinstance(element, ColumnClause) and element.table is not None:
                yield str(element.key)


_BLANK: Final = "_is_blank"
"""How the column is called, after a text's, that says whether it is blank: records are narrow
where a text that nothing else looks at is left behind.
"""


def _text_of(element: ClauseElement) -> str | None:
    """The column of which this says whether it is blank, if a view makes nothing else of it."""
    if not isinstance(element, blank):
        return None
    (column,) = element.clauses
    ours = isinstance(column, ColumnClause) and column.key not in LOOKED_AT | REFERENCES
    return str(column.key) if ours else None


def _found_later(entity: str, conditions: Sequence[Condition]) -> set[str]:
    """What a record need not bring along, because of it nothing is asked but whether it lacks
    together with that in whose absence the view finds it.
    """
    sought, other = FOUND_LATER.get(entity, ("", ""))

    def is_whole(element: ClauseElement) -> bool:
        if getattr(element, "operator", None) is not operators.and_:
            return False
        return {sought, other} <= {_blank_column(child) for child in element.get_children()}

    elements = (part for each in conditions for part in parts_of(each, is_whole))
    asked = any(isinstance(part, ColumnClause) and part.key == sought for part in elements)
    return set() if asked else {sought}


def _blank_column(element: ClauseElement) -> str | None:
    """The column of which a condition says that nothing stands in it."""
    if isinstance(element, Fact | Grouping | AsBoolean):
        inner = element.condition if isinstance(element, Fact) else element.element
        return _blank_column(inner) if isinstance(inner, ClauseElement) else None
    if not isinstance(element, blank):
        return None
    (column,) = element.clauses
    return str(column.key) if isinstance(column, ColumnClause) else None


def _texts_in(conditions: Sequence[Condition]) -> list[str]:
    elements = (part for each in conditions for part in parts_of(each, lambda _: False))
    return sorted({text for element in elements if (text := _text_of(element)) is not None})


def _moved(
    condition: Condition,
    before: FromClause,
    columns: Columns,
    marks: Mapping[str, str] | None = None,
) -> Condition:
    """The same condition of the same columns elsewhere, where marks stand for facts."""

    def column_of(element: Any, **_: Any) -> ColumnElement[Any] | None:
        if marks and isinstance(element, Fact) and element.called in marks:
            return columns[marks[element.called]] == 1
        if (text := _text_of(element)) is not None:
            return columns[f"{text}{_BLANK}"] == 1
        ours = isinstance(element, ColumnClause) and element.table is before
        return columns[element.key] if ours else None

    return visitors.replacement_traverse(condition, {}, column_of)


def _flagged(asked: _Asked, view: FromClause) -> Select[Any]:
    """(id, owner, is_repeat, currency, amount, occurred_at_us, *words) of each record and owner;
    before the words who entered it, where that is asked.
    """
    currency: ColumnElement[Any] = cast(null(), Text)
    amount: ColumnElement[Any] = cast(null(), BigInteger)
    if asked.per_currency:
        currency = exact_text(view.c.currency)
        amount = case((view.c.amount_unreadable == 0, view.c.amount))
    moment = view.c.occurred_at_us if asked.failing else cast(null(), BigInteger)
    return select(
        exact_text(view.c.id).label("id"),
        exact_text(view.c.owner).label("owner"),
        view.c.is_repeat,
        currency.label("currency"),
        amount.label("amount"),
        moment.label("occurred_at_us"),
        *(exact_text(column).label("entered_by") for column in _entered_by(asked, view)),
        *_words(asked.conditions, asked.counted_words),
        *_words(asked.failing_bits, asked.failing_words),
    )


def _entered_by(asked: _Asked, rows: FromClause) -> list[ColumnElement[Any]]:
    """The column of whoever entered the records; none where nothing is owed by them."""
    return [rows.c.entered_by] if asked.tells_creator else []


def _words(
    conditions: Sequence[Condition | None], names: Sequence[str]
) -> list[ColumnElement[int]]:
    return [_word(conditions, number).label(name) for number, name in enumerate(names)]


def _word(conditions: Sequence[Condition | None], number: int) -> ColumnElement[int]:
    word: ColumnElement[int] = _integer(0)
    for place, condition in enumerate(conditions[number * WORD : (number + 1) * WORD]):
        if condition is not None:
            word = word + case((condition, _integer(1 << place)), else_=_integer(0))
    return word


def _integer(value: int) -> ColumnElement[int]:
    """Written out: a driver would give a parameter the smallest type that holds it,
    and sums would leave that.
    """
    return literal_column(str(int(value)), BigInteger)


def _is_wrong(asked: _Asked, flagged: FromClause) -> Condition:
    """The record has one of the bits that make it a failing one."""
    bits = (1 << len(asked.failing)) - 1
    words = (
        (flagged.c[name], bits >> number * WORD & (1 << WORD) - 1)
        for number, name in enumerate(asked.failing_words)
    )
    return or_(
        false(), *(word.bitwise_and(_integer(part)) != 0 for word, part in words if part)
    )


def _side_by_side(
    asked: _Asked, row: Any
) -> tuple[list[ColumnElement[int]], list[ColumnElement[int]]]:
    """The words by which records are counted, and those of a failing one, in as many columns."""
    counted: list[Any] = [row[name] for name in asked.counted_words]
    failing: list[Any] = [row[name] for name in asked.failing_words]
    wide = max(len(counted), len(failing))
    counted += [_integer(0)] * (wide - len(counted))
    failing += [_integer(0)] * (wide - len(failing))
    return counted, failing


# ----------------------------------------------------------------------------- two compositions


def _in_arms(asked: _Asked, flagged: FromClause) -> CompoundSelect[Any]:
    """Owners, the company by a grouping of its own, and failing records: arms that read
    the same flagged records.
    """
    nothing = cast(null(), Text)
    words, failing = _side_by_side(asked, flagged.c)
    keys = [flagged.c[name] for name in asked.counted_words]
    owner, is_repeat, currency = (
        exact_text(flagged.c.owner),
        flagged.c.is_repeat,
        exact_text(flagged.c.currency),
    )
    entered = [exact_text(column) for column in _entered_by(asked, flagged)]
    unsaid = [nothing for _ in entered]
    sums = (func.count(), func.sum(flagged.c.amount))
    owners = select(
        _integer(RowKind.OWNERS), owner, is_repeat, currency, nothing, *sums, *entered, *words
    )
    company = select(
        _integer(RowKind.COMPANY),
        *(nothing, _integer(0), currency, nothing),
        *(*sums, *unsaid, *words),
    )
    arms = [
        owners.group_by(owner, is_repeat, currency, *entered, *keys),
        company.where(is_repeat == 0).group_by(currency, *keys),
    ]
    if asked.failing:
        record = (flagged.c.id, _integer(1), flagged.c.occurred_at_us, *entered)
        wrong = select(_integer(RowKind.WRONG), owner, is_repeat, nothing, *record, *failing)
        arms.append(wrong.where(_is_wrong(asked, flagged)))
    return union_all(*arms)


def _rolled_up(asked: _Asked, flagged: FromClause) -> Select[Any]:
    """The same rows by one grouping: the company's bits, of these each owner's, of these each
    creator's where that is asked, of these each failing record.
    """
    words = [flagged.c[name] for name in asked.counted_words]
    bits = [flagged.c[name] for name in asked.failing_words]
    entered = [_marked(column).label("entered_by") for column in _entered_by(asked, flagged)]
    wrong = case((_is_wrong(asked, flagged), _marked(flagged.c.id)), else_=literal(""))
    keyed = select(
        flagged.c.is_repeat,
        *words,
        _marked(flagged.c.currency).label("currency"),
        _marked(flagged.c.owner).label("owner"),
        *entered,
        wrong.label("id"),
        flagged.c.amount,
        flagged.c.occurred_at_us,
        *bits,
    ).subquery()
    keys, amount, moment = (
        list(keyed.c)[: 4 + len(words) + len(entered)],
        keyed.c.amount,
        keyed.c.occurred_at_us,
    )
    sums = (
        func.count().label("records"),
        func.sum(amount).label("amount"),
        func.max(moment).label("occurred_at_us"),
        # a row of a failing record is of that record alone
        *(func.max(keyed.c[name]).label(name) for name in asked.failing_words),
    )
    grouped = select(*keys, *sums).group_by(*keys)
    r = grouped.suffix_with("WITH ROLLUP").subquery("rolled").c
    of_company, of_owner = r.owner.is_(None), r.id.is_(None)
    part = case(
        (of_company, _integer(RowKind.COMPANY)),
        (of_owner, _integer(RowKind.OWNERS)),
        else_=_integer(RowKind.WRONG),
    )
    names = (_unmarked(r.owner), r.is_repeat, _unmarked(r.currency), _unmarked(r.id))
    value = case((part == _integer(RowKind.WRONG), r.occurred_at_us), else_=r.amount)
    counted, failing = _side_by_side(asked, r)
    shown = [
        case((part == _integer(RowKind.WRONG), bits_of_record), else_=word)
        for word, bits_of_record in zip(counted, failing, strict=True)
    ]
    who = [r.entered_by] if asked.tells_creator else []
    entered_by = [_unmarked(column) for column in who]
    return select(part, *names, r.records, value, *entered_by, *shown).where(
        r.currency.is_not(None),  # else it is of several sets of bits
        # else it is of several who entered records
        *(or_(of_company, column.is_not(None)) for column in who),
        or_(r.owner.is_not(None), r.is_repeat == 0),
        or_(of_owner, r.id != ""),  # else it is what an owner has without a failing record
    )


def _marked(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """'=' and the text, or '' for NULL: a ROLLUP's own NULL says that a row is of all."""
    return func.coalesce(literal("=").concat(text), literal(""))


def _unmarked(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((text != "", func.substr(text, 2)))
