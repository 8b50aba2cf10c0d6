"""What is asked: the entities, the minimum field sets and the metrics, as SQLAlchemy Core selectables.

Nothing here touches a database. The same selectables run on the source (the witness) and on the snapshot: databases
only count and sum integers over conditions; ratios and percentages are made later, in Python, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    FromClause,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement

from pipeline.model import CHECKED, ENTITIES, STATES, Field, FieldSet, Kind, Window
from pipeline.sql import blank, exact_text, one_of_words

Condition = ColumnElement[bool]
Conditions = dict[tuple[str, str], Condition]
"""(name of a count, its dimension or '') -> the condition that a record meets to be counted."""
Entities = Mapping[str, FromClause]
"""Entity -> its audited rows: instants as integers of microseconds, money of minor units, days as days."""

UNKNOWN: Final = 0
"""The state of a word that is not mapped: in no figure but its own."""
MISSING: Final = -1
"""The state of a record whose status is blank: a missing field, no unknown word."""

DERIVED: Final[Mapping[str, Mapping[str, Kind]]] = {"meeting": {"contact": Kind.FLAG}}
"""Columns that a view adds to its entity's own and that a field set may demand."""


@dataclass(frozen=True, slots=True)
class Question:
    """One SELECT of integers. Its columns: the owner (unless of the company), the currency (if of money), `counts`."""

    name: str
    company: bool
    money: bool
    counts: tuple[tuple[str, str], ...]  # (name, dimension) of each integer, in the order of the columns
    statement: Select[Any]


# ------------------------------------------------------------------------------------------------ views


def state_code(entity: str, state: str) -> int:
    """The integer that stands for a state in a view: text would be compared by the database's collation."""
    return STATES[entity].index(state) + 1


def columns_of(entity: str) -> Mapping[str, Kind]:
    """The columns that a field set of this entity may name."""
    return {**ENTITIES[entity], **DERIVED.get(entity, {})}


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms everything is asked: the moments, the CRM's words for our states, and what it does not hold."""

    window: Window
    words: Mapping[str, Mapping[str, tuple[str, ...]]]  # entity -> our state -> the CRM's words
    absent: frozenset[str] = frozenset()  # 'entity.column'


def view_of(entity: str, e: Entities, terms: Terms) -> Select[Any]:
    """An entity's live records, each with: owner, state, at_us (its moment), scored and in_period (0 or 1).

    Also what is derived from other entities, so that every later question looks at this view alone.
    """
    return _VIEWS[entity](e, e[entity], terms)


def _state(entity: str, column: ColumnElement[Any], terms: Terms) -> ColumnElement[int]:
    words = terms.words.get(entity, {})
    known = [(one_of_words(column, said), state_code(entity, state)) for state, said in words.items()]
    return case((blank(column), MISSING), *known, else_=UNKNOWN)


def _flag(condition: Condition) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _kept(record: FromClause, *without: str) -> list[ColumnElement[Any]]:
    return [column for column in record.c if column.key not in ("owner_id", *without)]


def _placed(rows: Select[Any], w: Window) -> Select[Any]:
    """Adds in_period to a SELECT that already has scored and at_us."""
    inner = rows.subquery()
    return select(inner, _flag(and_(inner.c.scored == 1, _in_flow(inner.c.at_us, w))).label("in_period"))


def _in_flow(moment: ColumnElement[Any], w: Window) -> Condition:
    return and_(moment >= w.first_us, moment < w.after_us, moment <= w.as_of_us)


def _in_month(moment: ColumnElement[Any], w: Window) -> Condition:
    if w.month_first_us is None or w.month_after_us is None:
        return false()
    return and_(moment >= w.month_first_us, moment < w.month_after_us, moment <= w.as_of_us)


def _owned(e: Entities, record: FromClause) -> tuple[ColumnElement[Any], FromClause]:
    """The owner who exists, and the join that finds him."""
    owner = e["manager"].alias()
    return owner.c.id.label("owner"), record.outerjoin(owner, owner.c.id == record.c.owner_id)


def _event(entity: str, record: FromClause, terms: Terms) -> list[ColumnElement[Any]]:
    state = _state(entity, record.c.status, terms)
    early = and_(state == state_code(entity, "held"), record.c.start_at > terms.window.as_of_us)
    return [
        state.label("state"),
        func.coalesce(record.c.start_at, record.c.created_at).label("at_us"),
        case((state == UNKNOWN, 0), (early, 0), else_=1).label("scored"),
    ]


def _meeting(e: Entities, m: FromClause, terms: Terms) -> Select[Any]:
    owner, joined = _owned(e, m)
    invited, parent, client = (_best(persons) for persons in _meeting_persons(e, m, terms.absent))
    # its invitees; else its parent, if that is a contact or lead; else its client, if that is a private person
    penalty = func.coalesce(invited.c.penalty, parent.c.penalty, client.c.penalty)
    joined = joined.outerjoin(invited, invited.c.meeting_id == m.c.id)
    joined = joined.outerjoin(parent, parent.c.meeting_id == m.c.id)
    joined = joined.outerjoin(client, client.c.meeting_id == m.c.id)
    rows = select(
        *_kept(m),
        owner,
        *_event("meeting", m, terms),
        _flag(penalty.is_not(None)).label("contact"),
        # what the best contact lacks: 1 last name, 2 first name, 4 contact details; without a contact all of them
        func.coalesce(penalty % 8, 7).label("person_lacks"),
    ).select_from(joined)
    return _placed(rows, terms.window)


def _person_penalty(kind: str, person: FromClause, absent: frozenset[str]) -> ColumnElement[int]:
    """Eight times the number of things that a person lacks, plus the mask of them: the least is the best contact."""

    def lacks(*columns: str) -> ColumnElement[int]:
        held = [blank(person.c[column]) for column in columns if f"{kind}.{column}" not in absent]
        return _flag(and_(*held)) if held else literal(0)

    last, first, details = lacks("last_name"), lacks("first_name"), lacks("phone", "email")
    return 8 * (last + first + details) + last + 2 * first + 4 * details


def _meeting_persons(e: Entities, m: FromClause, absent: frozenset[str]) -> Iterator[Select[Any]]:
    """Three SELECTs of (meeting_id, penalty): by invitees, by parent, by client."""
    link = e["meeting_contact"]
    contact, lead, client = (e[name].alias() for name in ("contact", "lead", "client"))

    def of(kind: str, person: FromClause, kind_column: ColumnElement[Any], meeting_id: ColumnElement[Any],
           person_id: ColumnElement[Any], rows: FromClause) -> Select[Any]:  # fmt: skip
        joined = rows.join(person, and_(kind_column == kind, person.c.id == person_id))
        return select(
            meeting_id.label("meeting_id"), _person_penalty(kind, person, absent).label("penalty")
        ).select_from(joined)

    invited = (link.c.person_kind, link.c.meeting_id, link.c.person_id, link)
    by_parent = (m.c.parent_kind, m.c.id, m.c.parent_id, m)
    yield of("contact", contact, *invited).union_all(of("lead", lead, *invited)).subquery().select()
    yield of("contact", contact, *by_parent).union_all(of("lead", lead, *by_parent)).subquery().select()
    private = and_(client.c.id == m.c.client_id, client.c.private_person == 1)
    yield select(m.c.id.label("meeting_id"), _person_penalty("client", client, absent).label("penalty")).select_from(
        m.join(client, private)
    )


def _best(rows: Select[Any]) -> FromClause:
    inner = rows.subquery()
    return (
        select(inner.c.meeting_id, func.min(inner.c.penalty).label("penalty")).group_by(inner.c.meeting_id).subquery()
    )


def _call(e: Entities, c: FromClause, terms: Terms) -> Select[Any]:
    owner, joined = _owned(e, c)
    client, contact, lead = (e[name].alias() for name in ("client", "contact", "lead"))
    joined = joined.outerjoin(client, client.c.id == c.c.client_id)
    joined = joined.outerjoin(contact, contact.c.id == c.c.contact_id).outerjoin(lead, lead.c.id == c.c.contact_id)
    rows = select(
        *_kept(c, "client_id", "contact_id"),
        client.c.id.label("client_id"),  # a reference to nothing is no client
        func.coalesce(contact.c.id, lead.c.id).label("contact_id"),
        owner,
        *_event("call", c, terms),
    ).select_from(joined)
    return _placed(rows, terms.window)


def _deal(e: Entities, d: FromClause, terms: Terms) -> Select[Any]:
    owner, joined = _owned(e, d)
    client = e["client"].alias()
    state = _state("deal", d.c.stage, terms)
    rows = select(
        *_kept(d, "client_id"),
        client.c.id.label("client_id"),
        owner,
        state.label("state"),
        d.c.created_at.label("at_us"),
        case((state == UNKNOWN, 0), else_=1).label("scored"),
    ).select_from(joined.outerjoin(client, client.c.id == d.c.client_id))
    return _placed(rows, terms.window)


def _record(e: Entities, r: FromClause, terms: Terms) -> Select[Any]:
    owner, joined = _owned(e, r)
    return _placed(_created(r, owner).select_from(joined), terms.window)


def _contact(e: Entities, c: FromClause, terms: Terms) -> Select[Any]:
    """A contact is its own owner's; without one that exists, its client's."""
    own, client, heir = e["manager"].alias(), e["client"].alias(), e["manager"].alias()
    joined = c.outerjoin(own, own.c.id == c.c.owner_id).outerjoin(client, client.c.id == c.c.client_id)
    joined = joined.outerjoin(heir, heir.c.id == client.c.owner_id)
    owner = func.coalesce(own.c.id, heir.c.id).label("owner")
    return _placed(_created(c, owner).select_from(joined), terms.window)


def _created(record: FromClause, owner: ColumnElement[Any]) -> Select[Any]:
    """A record that belongs to the day on which it was created, and has no state."""
    return select(
        *_kept(record), owner, literal(UNKNOWN).label("state"), record.c.created_at.label("at_us"),
        literal(1).label("scored"),
    )  # fmt: skip


_VIEWS: Final[Mapping[str, Callable[..., Select[Any]]]] = {
    "meeting": _meeting, "call": _call, "deal": _deal, "client": _record, "contact": _contact, "lead": _record,
}  # fmt: skip


# ------------------------------------------------------------------------------------------------ metrics


COMPLETE_MEETING: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("meeting.start_at",),
    "last name": ("contact.last_name",),
    "first name": ("contact.first_name",),
    "contact details": ("contact.phone", "contact.email"),
    "subject": ("meeting.subject",),
    "result": ("meeting.result",),
}
"""What a complete meeting has -> the columns it is read from; names and contact details are borrowed."""


def _is(view: FromClause, entity: str, state: str) -> Condition:
    return view.c.state == state_code(entity, state)


def _meeting_counts(m: FromClause, t: Terms) -> Conditions:
    w = t.window
    held_status, planned = _is(m, "meeting", "held"), _is(m, "meeting", "planned")
    held = and_(held_status, or_(m.c.start_at.is_(None), m.c.start_at <= w.as_of_us))
    ours = and_(held, _in_flow(m.c.at_us, w))
    lacks = {
        "date": _absent_value(m, "meeting", "start_at"),
        "last name": m.c.person_lacks % 2 == 1,
        "first name": m.c.person_lacks % 4 >= 2,
        "contact details": m.c.person_lacks >= 4,
        "subject": blank(m.c.subject),
        "result": blank(m.c.result),
    }
    lacks = {what: lack for what, lack in lacks.items() if not t.absent.issuperset(COMPLETE_MEETING[what])}
    return {
        ("meetings", ""): true(),
        ("meetings_held", ""): ours,
        ("month.meetings_held", ""): and_(held, _in_month(m.c.at_us, w)),
        ("meetings_planned_7d", ""): and_(planned, m.c.start_at >= w.as_of_us, m.c.start_at < w.soon_us),
        ("meetings_overdue", ""): and_(planned, func.coalesce(m.c.end_at, m.c.start_at) < w.as_of_us),
        ("meetings_complete", ""): and_(ours, m.c.contact == 1, *(not_(lack) for lack in lacks.values())),
        **{("meetings_lacking", what): and_(ours, lack) for what, lack in lacks.items()},
        ("meetings_held_in_future", ""): and_(held_status, m.c.start_at > w.as_of_us),
        ("meetings_unknown", ""): m.c.state == UNKNOWN,
        ("meetings_undated", ""): m.c.at_us.is_(None),
    }


def _call_counts(c: FromClause, t: Terms) -> Conditions:
    w = t.window
    held = and_(_is(c, "call", "held"), or_(c.c.start_at.is_(None), c.c.start_at <= w.as_of_us))
    return {
        ("calls", ""): true(),
        ("calls_held", ""): and_(held, _in_flow(c.c.at_us, w)),
        ("calls_held_in_future", ""): and_(_is(c, "call", "held"), c.c.start_at > w.as_of_us),
        ("calls_unknown", ""): c.c.state == UNKNOWN,
        ("calls_undated", ""): c.c.at_us.is_(None),
    }


def _closed(d: FromClause, w: Window) -> tuple[Condition, Condition]:
    """The deal's closing day lies in the period (in the month) and not after as-of: days are compared as days."""
    day = d.c.close_day
    ours = and_(day >= w.first, day < w.after_last, day <= w.today)
    if w.month_first is None or w.month_after is None:
        return ours, false()
    return ours, and_(day >= w.month_first, day < w.month_after, day <= w.today)


def _deal_counts(d: FromClause, t: Terms) -> Conditions:
    in_period, in_month = _closed(d, t.window)
    won = _is(d, "deal", "won")
    return {
        ("deals", ""): true(),
        ("deals_open", ""): _is(d, "deal", "open"),
        ("deals_won", ""): and_(won, in_period),
        ("month.deals_won", ""): and_(won, in_month),
        ("deals_lost", ""): and_(_is(d, "deal", "lost"), in_period),
        ("deals_won_undated", ""): and_(won, d.c.close_day.is_(None)),
        ("deals_won_in_future", ""): and_(won, d.c.close_day > t.window.today),
        ("deals_unknown", ""): d.c.state == UNKNOWN,
        ("deals_undated", ""): d.c.at_us.is_(None),
        ("deals_amount_unreadable", ""): d.c.amount_unreadable == 1,
    }


def _deal_amounts(d: FromClause, t: Terms) -> Conditions:
    in_period, _ = _closed(d, t.window)
    won = _is(d, "deal", "won")
    return {
        ("deals_open_amount", ""): _is(d, "deal", "open"),
        ("deals_won_amount", ""): and_(won, in_period),
        ("deals_won_undated_amount", ""): and_(won, d.c.close_day.is_(None)),
    }


def _client_counts(c: FromClause, t: Terms) -> Conditions:
    return {
        ("clients", ""): true(),
        ("clients_new", ""): _in_flow(c.c.at_us, t.window),
        ("month.clients_new", ""): _in_month(c.c.at_us, t.window),
        ("clients_undated", ""): c.c.at_us.is_(None),
    }


def _plain_counts(name: str) -> Callable[[FromClause, Terms], Conditions]:
    return lambda view, terms: {(name, ""): true(), (f"{name}_undated", ""): view.c.at_us.is_(None)}


_COUNTS: Final[Mapping[str, Callable[[FromClause, Terms], Conditions]]] = {
    "meeting": _meeting_counts,
    "call": _call_counts,
    "deal": _deal_counts,
    "client": _client_counts,
    "contact": _plain_counts("contacts"),
    "lead": _plain_counts("leads"),
}


def measure_questions(entity: str, view: FromClause, terms: Terms) -> Iterator[Question]:
    """What is counted of an entity: per owner, and once more for the company, by a query of its own."""
    counts = _COUNTS[entity](view, terms)
    sums = {name: func.sum(_flag(condition)) for name, condition in counts.items()}
    for company in (False, True):
        yield _question(f"{entity}.counts", view, sums, company=company)
    if entity == "deal":
        amounts = {
            name: func.sum(case((and_(condition, view.c.amount_unreadable == 0), view.c.amount)))
            for name, condition in _deal_amounts(view, terms).items()
        }
        for company in (False, True):
            yield _question("deal.amounts", view, amounts, company=company, money=True)


def _question(
    name: str,
    view: FromClause,
    sums: Mapping[tuple[str, str], ColumnElement[Any]],
    *,
    company: bool,
    money: bool = False,
) -> Question:
    groups: list[ColumnElement[Any]] = [] if company else [view.c.owner]
    if money:
        groups.append(exact_text(view.c.currency))
    labelled = [column.label(f"n{position}") for position, column in enumerate(sums.values())]
    statement = select(*groups, *labelled).select_from(view)
    return Question(name, company, money, tuple(sums), statement.group_by(*groups) if groups else statement)


# ------------------------------------------------------------------------------------------------ field sets


def _absent_value(view: FromClause, entity: str, column: str) -> Condition:
    """Nothing was entered. What was entered and cannot be read is not missing: it is counted apart."""
    match columns_of(entity)[column]:
        case Kind.TEXT:
            return blank(view.c[column])
        case Kind.FLAG:
            return view.c[column] == 0
        case _:
            return and_(view.c[column].is_(None), view.c[f"{column}_unreadable"] == 0)


def _due_and_missing(view: FromClause, entity: str, field: Field) -> tuple[Condition, Condition]:
    due = true() if field.when is None else view.c.state == state_code(entity, field.when)
    missing = and_(*(_absent_value(view, entity, column) for column in field.columns))
    return and_(view.c.scored == 1, due), missing


def field_question(fields: FieldSet, view: FromClause, *, company: bool) -> Question:
    """One scan: due and missing per field, of the period and of the base, per owner or of the company."""
    sums: dict[tuple[str, str], ColumnElement[Any]] = {}
    for field in fields.fields:
        due, missing = _due_and_missing(view, fields.entity, field)
        dimension = f"{fields.entity}.{field.name}"
        for span, within in (("base", true()), ("period", view.c.in_period == 1)):
            sums["due." + span, dimension] = func.sum(_flag(and_(within, due)))
            sums["missing." + span, dimension] = func.sum(_flag(and_(within, due, missing)))
    return _question(f"{fields.entity}.fields", view, sums, company=company)


def failing_records(fields: FieldSet, view: FromClause) -> Select[Any]:
    """The second scan: every record that misses something, with the bit mask of the fields that it misses."""
    mask: ColumnElement[Any] = literal(0)
    for bit, field in enumerate(fields.fields):
        due, missing = _due_and_missing(view, fields.entity, field)
        mask = mask + case((and_(due, missing), 1 << bit), else_=0)
    masked = select(view.c.id, view.c.owner, cast(mask, BigInteger).label("mask"), view.c.in_period).subquery()
    return select(masked).where(masked.c.mask != 0)


# ------------------------------------------------------------------------------------------------ composed


def views_of(entities: Entities, terms: Terms) -> dict[str, Select[Any]]:
    """The view of every checked entity that the CRM holds."""
    return {entity: view_of(entity, entities, terms) for entity in CHECKED if entity in entities}


def measures(views: Mapping[str, FromClause], terms: Terms) -> tuple[Question, ...]:
    """Every count and sum of the metrics."""
    return tuple(question for entity, view in views.items() for question in measure_questions(entity, view, terms))


def field_counts(views: Mapping[str, FromClause], field_sets: Mapping[str, FieldSet]) -> tuple[Question, ...]:
    """Due and missing, of every field set."""
    return tuple(
        field_question(field_sets[entity], view, company=company)
        for entity, view in views.items()
        if field_sets[entity].fields
        for company in (False, True)
    )


def failing(views: Mapping[str, FromClause], field_sets: Mapping[str, FieldSet]) -> dict[str, Select[Any]]:
    """Entity -> the SELECT of its failing records."""
    return {
        entity: failing_records(field_sets[entity], view) for entity, view in views.items() if field_sets[entity].fields
    }
