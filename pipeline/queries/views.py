"""Views: an entity's live records with everything that later questions look at, its
owner and its moment first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    FromClause,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import (
    blank,
    derived_key,
    exact_text,
    folded,
    one_of_words,
    same_id,
)
from pipeline.model import STATE_COLUMNS, STATES, Span
from pipeline.queries.context import (
    MISSING,
    UNKNOWN,
    Condition,
    Entities,
    QueryContext,
    ended_at,
    flag,
    nothing_entered,
    span_code,
    state_code,
)
from pipeline.queries.origins import imported, made_in_bulk, taken_over, tells_maker

LOOKED_AT: Final = frozenset(
    {
        "id",
        "owner_id",
        "client_id",
        "contact_id",
        "parent_kind",
        "parent_id",
        "created_at",
        "created_by",
        "made_in_bulk",
        "start_at",
        "start_at_unreadable",
        "status",
        "subject",
        "reached_nobody",
    }
)
"""The columns of a record from which a view derives others; of the rest of
them it makes nothing else.
"""


def view_of(entity: str, e: Entities, context: QueryContext) -> Select[Any]:
    """An entity's live records, each with: owner, is_repeat, state, occurred_at_us (its
    moment), scored (0 or 1) and span (its place in SPANS); entered_by and entered_by_owner,
    where whoever entered it owes something.

    One row per owner; `is_repeat` is 1 on every row but the first owner's.

    Also what is derived from other entities, so that every later question
    looks at this view alone.
    """
    return view_from(entity, e, with_state(entity, e[entity], context).subquery(), context)


def view_from(
    entity: str, e: Entities, records: FromClause, context: QueryContext
) -> Select[Any]:
    """The same from the entity's records with their state, wherever these were worked out."""
    return _VIEWS[entity](e, records, context)


def with_state(entity: str, record: FromClause, context: QueryContext) -> Select[Any]:
    """The records, each with its state and, where the CRM tells who made it, whether it came
    with many others.
    """
    state: ColumnElement[int] = literal(UNKNOWN)
    if entity in context.held_at_end:
        state = _state_by_time(entity, record, context)
    elif entity in STATES:
        state = _state(entity, record.c[STATE_COLUMNS[entity]], context)
    rows = select(*record.c, state.label("state"))
    if tells_maker(entity, record, context):
        rows = rows.add_columns(made_in_bulk(record).label("made_in_bulk"))
    return rows


def _state(
    entity: str, column: ColumnElement[Any], context: QueryContext
) -> ColumnElement[int]:
    words = context.words.get(entity, {})
    known = [
        (one_of_words(column, listed), state_code(entity, state))
        for state, listed in words.items()
    ]
    return case((blank(column), MISSING), *known, else_=UNKNOWN)


def _kept(record: FromClause, *without: str) -> list[ColumnElement[Any]]:
    return [column for column in record.c if column.key not in ("owner_id", *without)]


def _placed(entity: str, rows: Select[Any], e: Entities, context: QueryContext) -> Select[Any]:
    """Adds the span to a SELECT that already has owner, scored and occurred_at_us."""
    record = rows.subquery()
    joined: FromClause = record
    had_by_another, joined = taken_over(entity, record, e, context, joined)
    typed_by_nobody, joined = imported(entity, record, e, context, joined)
    beside_score = [
        (had_by_another, span_code(Span.TAKEN_OVER)),
        (typed_by_nobody, span_code(Span.IMPORTED)),
    ]
    span = case(*_ahead(record, context), *beside_score, *_within(record, context), else_=_OUT)
    entered, joined = _entered(entity, record, e, context, joined)
    return select(record, span.label("span"), *entered).select_from(joined)


def _entered(
    entity: str, record: FromClause, e: Entities, context: QueryContext, joined: FromClause
) -> tuple[list[ColumnElement[Any]], FromClause]:
    """Where that decides who owes something: the user who entered the record, if they exist,
    and whether that is the owner of this row. What nobody entered and nobody owns is nobody's.
    """
    if entity not in context.owed_by_creators:
        return [], joined
    user = e["user"].alias()
    joined = joined.outerjoin(user, same_id(user.c.id, record.c.created_by))
    nobody = and_(user.c.id.is_(None), record.c.owner.is_(None))
    somebody = and_(user.c.id.is_not(None), record.c.owner.is_not(None))
    same = and_(somebody, exact_text(user.c.id) == exact_text(record.c.owner))
    return [
        user.c.id.label("entered_by"),
        flag(or_(nobody, same)).label("entered_by_owner"),
    ], joined


_OUT: Final = span_code(Span.OUTSIDE)
_Place = tuple[Condition, int]
"""A condition, and the integer of the span of the records that meet it."""


def _ahead(record: FromClause, context: QueryContext) -> Iterator[_Place]:
    """What is unknown is in no span but the last, and what is still to come in its own."""
    yield record.c.scored == 0, _OUT
    if "start_at" in record.c:
        yield record.c.start_at > context.window.as_of_us, span_code(Span.COMING_UP)


def _within(record: FromClause, context: QueryContext) -> Iterator[_Place]:
    """What lies in the days of the score."""
    moment, w = record.c.occurred_at_us, context.window
    in_score = and_(moment >= w.score_first_us, moment < w.score_after_us, moment <= w.as_of_us)
    yield in_score, span_code(Span.SCORE)


def _owned(
    entity: str, e: Entities, record: FromClause, context: QueryContext
) -> tuple[list[ColumnElement[Any]], FromClause]:
    """The owner who exists, whether this row repeats the record, and the join that finds
    both.
    """
    if context.several_owners:
        owners = _owners(entity, e, record)
        is_repeat = flag(owners.c.place > 1).label("is_repeat")
        return [owners.c.owner, is_repeat], record.outerjoin(
            owners, owners.c.record_id == derived_key(record.c.id)
        )
    owner = e["user"].alias()
    joined = record.outerjoin(owner, same_id(owner.c.id, record.c.owner_id))
    return [owner.c.id.label("owner"), literal(0).label("is_repeat")], joined


def _owners(entity: str, e: Entities, record: FromClause) -> FromClause:
    """(record_id, owner, place) of everybody who exists and owns a record: its own
    owner first, then by id.
    """
    more, user = e["co_owner"].alias(), e["user"].alias()
    own = select(record.c.id.label("record_id"), record.c.owner_id, literal(0).label("rank"))
    co = select(more.c.record_id, more.c.owner_id, literal(1)).where(
        more.c.record_kind == entity
    )
    named = union_all(own, co).subquery()
    record_id, owner = derived_key(named.c.record_id), user.c.id.label("owner")
    place = func.row_number().over(
        partition_by=record_id, order_by=(named.c.rank, exact_text(owner))
    )
    ranked = (
        select(record_id.label("record_id"), owner, place.label("place"))
        .join_from(named, user, same_id(user.c.id, named.c.owner_id))
        .subquery()
    )
    # whoever is named twice keeps their first place
    key, least = (derived_key(ranked.c.record_id), func.min(ranked.c.place))
    by_owner = select(key.label("record_id"), ranked.c.owner, least.label("place"))
    return by_owner.group_by(key, exact_text(ranked.c.owner), ranked.c.owner).subquery()


def _state_by_time(
    entity: str, record: FromClause, context: QueryContext
) -> ColumnElement[int]:
    """Without a status: held once its end passed, planned until then."""
    end = ended_at(record)
    held, planned = state_code(entity, "held"), state_code(entity, "planned")
    nothing = and_(
        nothing_entered(record, entity, "end_at"), nothing_entered(record, entity, "start_at")
    )
    passed = end <= context.window.as_of_us
    # an end that cannot be read leaves the record in the base, in neither state
    return case((nothing, UNKNOWN), (end.is_(None), MISSING), (passed, held), else_=planned)


def _moment(record: FromClause) -> ColumnElement[Any]:
    """An event's start, else its creation; NULL where a start was
    entered that cannot be read.
    """
    return case(
        (
            record.c.start_at_unreadable == 0,
            func.coalesce(record.c.start_at, record.c.created_at),
        )
    )


def _event(record: FromClause) -> list[ColumnElement[Any]]:
    return [
        _moment(record).label("occurred_at_us"),
        case((record.c.state == UNKNOWN, 0), else_=1).label("scored"),
    ]


def _meeting(e: Entities, m: FromClause, context: QueryContext) -> Select[Any]:
    owned, joined = _owned("meeting", e, m, context)
    penalty, joined = _best_penalty(e, m, context.absent, joined)
    deal, joined = _deal_of(m, e, joined)
    rows = select(
        *_kept(m, *(str(column.key) for column in deal)),
        *deal,
        *owned,
        *_event(m),
        flag(penalty.is_not(None)).label("contact"),
        *_lacks_of_best(penalty),
    ).select_from(joined)
    return _placed("meeting", rows, e, context)


_LAST_NAME, _FIRST_NAME, _DETAILS = 1, 2, 4
"""The bits of what a person lacks."""
_ALL_LACKS: Final = _LAST_NAME + _FIRST_NAME + _DETAILS
_ONE_LACK: Final = _ALL_LACKS + 1
"""What each lack adds to a penalty, above the bits: fewer lacks always go before."""


def _lacks_of_best(penalty: ColumnElement[int]) -> list[ColumnElement[int]]:
    """Whether the best contact lacks last name, first name, contact details; without a
    contact each of them.
    """
    bits = func.coalesce(penalty % _ONE_LACK, _ALL_LACKS)
    return [
        flag(bits % (2 * bit) >= bit).label(name)
        for name, bit in (
            ("contact_lacks_last_name", _LAST_NAME),
            ("contact_lacks_first_name", _FIRST_NAME),
            ("contact_lacks_details", _DETAILS),
        )
    ]


def _best_penalty(
    e: Entities, m: FromClause, absent: frozenset[str], joined: FromClause
) -> tuple[ColumnElement[int], FromClause]:
    """The penalty of a meeting's best contact, NULL without one, and the joins that find it.

    Its invitees; else its parent, if that is a contact or lead; else its client, if that is
    a private person. Only the invitees are many: an identifier names one person, so that
    the others need no group.
    """
    invited = _invited(e, absent)
    joined = joined.outerjoin(invited, invited.c.meeting_id == derived_key(m.c.id))
    penalties: list[ColumnElement[Any]] = [invited.c.penalty]
    for kind in ("contact", "lead"):
        person = _persons(e, kind, absent)
        joined = joined.outerjoin(
            person, and_(same_id(person.c.id, m.c.parent_id), m.c.parent_kind == kind)
        )
        penalties.append(person.c.penalty)
    if "client.private_person" in absent:  # then no client is one
        return func.coalesce(*penalties), joined
    client = _persons(e, "client", absent)
    joined = joined.outerjoin(
        client, and_(same_id(client.c.id, m.c.client_id), client.c.private_person == 1)
    )
    return func.coalesce(*penalties, client.c.penalty), joined


def _invited(e: Entities, absent: frozenset[str]) -> FromClause:
    """(meeting_id, penalty) of the best of a meeting's invitees;
    NULL if none of them exists.
    """
    link = e["meeting_contact"].alias()
    joined: FromClause = link
    penalties: list[ColumnElement[Any]] = []
    for kind in ("contact", "lead"):
        person = _persons(e, kind, absent)
        joined = joined.outerjoin(
            person, and_(same_id(person.c.id, link.c.person_id), link.c.person_kind == kind)
        )
        penalties.append(person.c.penalty)
    penalty = func.min(func.coalesce(*penalties)).label("penalty")
    meeting_id = derived_key(link.c.meeting_id)
    return (
        select(meeting_id.label("meeting_id"), penalty)
        .select_from(joined)
        .group_by(meeting_id)
        .subquery()
    )


def _persons(e: Entities, kind: str, absent: frozenset[str]) -> FromClause:
    """Each person of a kind gets a penalty; the lowest penalty is the best contact.

    It counts what the person lacks, and holds the bits of it.
    """
    person = e[kind].alias()

    def lacks(*columns: str) -> ColumnElement[int]:
        held = [
            blank(person.c[column]) for column in columns if f"{kind}.{column}" not in absent
        ]
        return flag(and_(*held)) if held else literal(0)

    last, first, details = lacks("last_name"), lacks("first_name"), lacks("phone", "email")
    # each named once: a database works it out wherever it is named
    penalty = (
        (_ONE_LACK + _LAST_NAME) * last
        + (_ONE_LACK + _FIRST_NAME) * first
        + (_ONE_LACK + _DETAILS) * details
    )
    private = [person.c.private_person] if kind == "client" else []
    return select(person.c.id, *private, penalty.label("penalty")).subquery()


def _deal_of(
    event: FromClause, e: Entities, joined: FromClause
) -> tuple[list[ColumnElement[Any]], FromClause]:
    """The deal that an event is about, where that is read: a reference to nothing is no deal."""
    if "deal_id" not in event.c or "deal" not in e:
        return [], joined
    deal = e["deal"].alias()
    joined = joined.outerjoin(deal, same_id(deal.c.id, event.c.deal_id))
    return [deal.c.id.label("deal_id")], joined


def _call(e: Entities, c: FromClause, context: QueryContext) -> Select[Any]:
    owned, joined = _owned("call", e, c, context)
    client, contact, lead = (e[name].alias() for name in ("client", "contact", "lead"))
    joined = joined.outerjoin(client, same_id(client.c.id, c.c.client_id))
    joined = joined.outerjoin(contact, same_id(contact.c.id, c.c.contact_id)).outerjoin(
        lead, same_id(lead.c.id, c.c.contact_id)
    )
    deal, joined = _deal_of(c, e, joined)
    rows = select(
        *_kept(c, "client_id", "contact_id", *(str(column.key) for column in deal)),
        *deal,
        client.c.id.label("client_id"),  # a reference to nothing is no client
        func.coalesce(contact.c.id, lead.c.id).label("contact_id"),
        *owned,
        *_event(c),
        flag(not_(_reached_nobody(c, context))).label("reached"),
    ).select_from(joined)
    return _placed("call", rows, e, context)


def _reached_nobody(c: FromClause, context: QueryContext) -> Condition:
    """Whether a call reached nobody: by its state, else by what its own column says, or its
    status and its subject where no such column is read.
    """
    own = "reached_nobody" in c.c
    columns = [c.c.reached_nobody] if own else [c.c.status, c.c.subject]
    begins = (_begins(column, context.reached_nobody) for column in columns)
    return or_(c.c.state == state_code("call", "not held"), *begins)


def _begins(column: ColumnElement[Any], words: Sequence[str]) -> Condition:
    """Whether the text begins with one of the words, in whatever letters."""
    text = func.coalesce(folded(column), "")
    lengths = sorted({len(word) for word in words})
    return or_(
        false(),
        *(
            func.substr(text, 1, length).in_([word for word in words if len(word) == length])
            for length in lengths
        ),
    )


def _deal(e: Entities, d: FromClause, context: QueryContext) -> Select[Any]:
    owned, joined = _owned("deal", e, d, context)
    client = e["client"].alias()
    rows = select(
        *_kept(d, "client_id"),
        client.c.id.label("client_id"),
        *owned,
        d.c.created_at.label("occurred_at_us"),
        case((d.c.state == UNKNOWN, 0), else_=1).label("scored"),
    ).select_from(joined.outerjoin(client, same_id(client.c.id, d.c.client_id)))
    return _placed("deal", rows, e, context)


def _client(e: Entities, c: FromClause, context: QueryContext) -> Select[Any]:
    owned, joined = _owned("client", e, c, context)
    rows = _created(c, owned).select_from(joined)
    return _placed("client", rows, e, context)


def _lead(e: Entities, r: FromClause, context: QueryContext) -> Select[Any]:
    owned, joined = _owned("lead", e, r, context)
    rows = _created(r, owned).select_from(joined)
    return _placed("lead", rows, e, context)


def _contact(e: Entities, c: FromClause, context: QueryContext) -> Select[Any]:
    """A contact is its own owners'; without one that exists, its client's first."""
    (own, is_repeat), joined = _owned("contact", e, c, context)
    client = e["client"].alias()
    (heir, later), clients = _owned("client", e, client, context)
    heirs = select(client.c.id, heir).select_from(clients).where(later == 0).subquery()
    joined = joined.outerjoin(heirs, same_id(heirs.c.id, c.c.client_id))
    owner = func.coalesce(own, heirs.c.owner).label("owner")
    client_answers = flag(own.is_(None)).label("client_answers")
    client_id = heirs.c.id.label("client_id")  # a reference to nothing is no client
    own_columns = [owner, is_repeat, client_answers, client_id]
    rows = _created(c, own_columns, "client_id").select_from(joined)
    return _placed("contact", rows, e, context)


def _created(
    record: FromClause, owned: Sequence[ColumnElement[Any]], *without: str
) -> Select[Any]:
    """A record that belongs to the day on which it was created, and has no state."""
    return select(
        *_kept(record, *without),
        *owned,
        record.c.created_at.label("occurred_at_us"),
        literal(1).label("scored"),
    )


_VIEWS: Final[Mapping[str, Callable[..., Select[Any]]]] = {
    "meeting": _meeting,
    "call": _call,
    "deal": _deal,
    "client": _client,
    "contact": _contact,
    "lead": _lead,
}
