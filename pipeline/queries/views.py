"""Views: an entity's live records with everything that later questions look at, its
owner and its moment first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import (
    begins_otherwise,
    blank,
    derived_key,
    exact_text,
    folded,
    one_of_words,
    same_bytes,
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
        "state",
        "says_reached_nobody",
        "says_status",
        "says_subject",
    }
)
"""The columns of a record with its state from which a view derives others; of the rest of
them it makes nothing else.
"""


REFERENCES: Final = frozenset({"client_id", "contact_id", "deal_id"})
"""The columns that are NULL in a view where they lead to nothing that exists."""
FOUND_LATER: Final = {"contact": ("client_id", "owner"), "call": ("contact_id", "client_id")}
"""Entity -> what its view finds by itself where records come without it, and in whose absence:
of a contact without an owner its client, of a call without a client its contact.
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


def narrow_view(
    entity: str, e: Entities, names: Collection[str], context: QueryContext
) -> Select[Any]:
    """The same with no other columns of the entity's own than these, and what a view looks at."""
    stated = with_state(entity, e[entity], context)
    kept = {*names, *LOOKED_AT, "state"}
    columns = [column for column in stated.selected_columns if column.key in kept]
    narrow = stated.with_only_columns(*columns, maintain_column_froms=True)
    return view_from(entity, e, narrow.subquery(), context)


def with_state(entity: str, record: FromClause, context: QueryContext) -> Select[Any]:
    """The records, each with its state; where the CRM tells who made it, whether it came with
    many others; of a call, how what may say that it reached nobody begins.
    """
    state: ColumnElement[int] = literal(UNKNOWN)
    if entity in context.held_at_end:
        state = _state_by_time(entity, record, context)
    elif entity in STATES:
        state = _state(entity, record.c[STATE_COLUMNS[entity]], context)
    rows = select(*record.c, state.label("state"))
    if tells_maker(entity, record, context):
        rows = rows.add_columns(made_in_bulk(record).label("made_in_bulk"))
    if entity == "call":
        rows = rows.add_columns(*_said_of_call(record, context))
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
    best, joined = _best_contact(e, m, owned[0], context, joined)
    deal, joined = _deal_of(m, e, joined)
    rows = select(
        *_kept(m, *(str(column.key) for column in deal)),
        *deal,
        *owned,
        *_event(m),
        flag(best.is_not(None)).label("contact"),
        *_about_best(best, owned[0], context),
    ).select_from(joined)
    return _placed("meeting", rows, e, context)


_LACKS: Final[Mapping[str, int]] = {"last_name": 2, "first_name": 4, "contact_details": 8}
"""What a person may lack -> its bit."""
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "last_name": ("last_name",),
    "first_name": ("first_name",),
    "contact_details": ("phone", "email"),
}
"""What a person may lack -> the columns any of which fills it."""
_ALL_LACKS: Final = sum(_LACKS.values())
_ANOTHERS: Final = 1
"""The person is somebody else's than the meeting."""
_LACKING: Final = 8
"""Times this, a lack's bit says that it lacks; the bit itself, that sales support owes it."""
_ONE_LACK: Final = 128
"""What each lack adds, above the bits: fewer lacks always go before."""


def _about_best(
    best: ColumnElement[int], owner: ColumnElement[Any], context: QueryContext
) -> Iterator[ColumnElement[int]]:
    """Of the best contact: whether it lacks last name, first name, contact details (2 where
    sales support owes that), and whether it is somebody else's than the meeting, which has an
    owner.

    Without a contact each of them lacks, and whoever owes the contact owes them.
    """
    for_all = context.is_with_operators("meeting", "contact")
    nobody = _ALL_LACKS * (_LACKING + for_all)
    bits = func.coalesce(best % _ONE_LACK, nobody)

    def has(bit: int) -> Condition:
        return bits % (2 * bit) >= bit

    for what, bit in _LACKS.items():
        lacks = flag(has(_LACKING * bit))
        if for_all or any(owed_by_operators(kind, what, context) for kind in PERSONS):
            lacks += flag(has(bit))
        yield lacks.label(f"contact_lacks_{what.removeprefix('contact_')}")
    yield flag(and_(owner.is_not(None), has(_ANOTHERS))).label("contact_is_anothers")


PERSONS: Final = ("contact", "lead", "client")
"""The kinds of records that may be a meeting's contact."""


def may_be_met(kind: str, context: QueryContext) -> bool:
    """Whether the CRM has such persons; of clients where it tells which are private persons."""
    told = "private_person" if kind == "client" else "id"
    return f"{kind}.{told}" not in context.absent


def owed_by_operators(kind: str, what: str, context: QueryContext) -> bool:
    """Whether sales support owes what a person lacks. A private client's last name is its name."""
    named = ("name",) if (kind, what) == ("client", "last_name") else ()
    return context.is_with_operators(kind, *_COLUMNS[what], *named)


_PersonsOf = Mapping[str, FromClause]
"""Kind -> the persons of that kind to whom a row may lead; the first whom it does counts."""


def _best_contact(
    e: Entities,
    m: FromClause,
    owner: ColumnElement[Any],
    context: QueryContext,
    joined: FromClause,
) -> tuple[ColumnElement[int], FromClause]:
    """The rank of a meeting's best contact, NULL without one, and the joins that find it.

    Its invitees; else its parent, if that is a contact or lead; else its client, if that is
    a private person. Only the invitees are many: an identifier names one person, so that
    the others need no group.
    """
    ranks: list[ColumnElement[Any]] = []
    if _invitees(context) and "meeting_contact.meeting_id" not in context.absent:
        invited = _invited(e, context)
        of_meeting = invited.c.meeting_id == derived_key(m.c.id)
        if context.several_owners:
            of_meeting = and_(of_meeting, _or_nobody(invited.c.owner) == _or_nobody(owner))
        joined = joined.outerjoin(invited, of_meeting)
        ranks.append(invited.c.rank)
    persons: dict[str, FromClause] = {}
    parents = [] if "meeting.parent_id" in context.absent else _invitees(context)
    for kind in parents:
        persons[kind] = person = _persons(e, kind, context)
        parent = case((m.c.parent_kind == kind, m.c.parent_id))
        joined = joined.outerjoin(person, same_id(person.c.id, parent))
    if may_be_met("client", context):
        persons["client"] = client = _persons(e, "client", context)
        is_client = and_(same_id(client.c.id, m.c.client_id), client.c.private_person == 1)
        joined = joined.outerjoin(client, is_client)
    if persons:
        rank, joined = _ranked(persons, m.c.parent_id, e, owner, context, joined)
        ranks.append(rank)
    return _first_of(ranks), joined


def _invitees(context: QueryContext) -> list[str]:
    """The kinds of persons who may be invited, or be a meeting's parent."""
    return [kind for kind in ("contact", "lead") if may_be_met(kind, context)]


def _first_of(values: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """The first that is not NULL; SQLite's coalesce takes no fewer than two."""
    match values:
        case []:
            return cast(null(), BigInteger)
        case [value]:
            return value
    return func.coalesce(*values)


def _or_nobody(owner: ColumnElement[Any]) -> ColumnElement[str]:
    """An owner or nobody, as something that can be compared."""
    return func.coalesce(exact_text(owner), "")


def _invited(e: Entities, context: QueryContext) -> FromClause:
    """(meeting_id, rank) of the best of a meeting's invitees, NULL if none of them exists; for
    each of several owners, who is the third column.
    """
    link = e["meeting_contact"].alias()
    meeting_id = derived_key(link.c.meeting_id)
    persons: dict[str, FromClause] = {}
    joined: FromClause = link
    for kind in _invitees(context):
        invitee = case((link.c.person_kind == kind, link.c.person_id))
        if f"{_MET}{kind}" in e:
            persons[kind] = e[f"{_MET}{kind}"].alias()
            is_invited = persons[kind].c.id == derived_key(invitee)
        else:
            persons[kind] = _persons(e, kind, context)
            is_invited = same_id(persons[kind].c.id, invitee)
        joined = joined.outerjoin(persons[kind], is_invited)
    owner, joined = _inviting(e, link, persons, context, joined)
    rank, joined = _ranked(persons, link.c.person_id, e, owner, context, joined)
    columns: list[ColumnElement[Any]] = [
        meeting_id.label("meeting_id"),
        func.min(rank).label("rank"),
    ]
    groups: list[ColumnElement[Any]] = [meeting_id]
    if context.several_owners:
        columns.append(owner.label("owner"))
        groups += [exact_text(owner), owner]
    return select(*columns).select_from(joined).group_by(*groups).subquery()


def _inviting(
    e: Entities,
    link: FromClause,
    persons: _PersonsOf,
    context: QueryContext,
    joined: FromClause,
) -> tuple[ColumnElement[Any], FromClause]:
    """The owner of the meeting to which a link leads, and the join that finds it. A single
    one is asked only where the invitee lacks something, and not looked up: it is compared with
    people who exist.
    """
    if context.several_owners:
        owners = _owners("meeting", e, e["meeting"].alias())
        of_meeting = owners.c.record_id == derived_key(link.c.meeting_id)
        return owners.c.owner, joined.outerjoin(owners, of_meeting)
    meeting = _narrow(e, "meeting")
    asked = case((_first_penalty(persons) > 0, link.c.meeting_id))
    joined = joined.outerjoin(meeting, same_id(meeting.c.id, asked))
    return meeting.c.owner_id, joined


def _first_penalty(persons: _PersonsOf) -> ColumnElement[int]:
    return _first_of([person.c.penalty for person in persons.values()])


def _ranked(
    persons: _PersonsOf,
    reference: ColumnElement[Any],
    e: Entities,
    owner: ColumnElement[Any],
    context: QueryContext,
    joined: FromClause,
) -> tuple[ColumnElement[int], FromClause]:
    """The rank of a person as the contact of somebody's meeting, and the joins that find it: of
    persons who lack alike, one of theirs, or nobody's, goes before another's. Whose somebody is
    who lacks nothing is not asked. `reference` is the id by which a contact was found.
    """
    penalty = _first_penalty(persons)
    first, joined = _first_owner(persons, reference, e, context, joined)
    if first is None:
        return penalty, joined
    theirs = [penalty == 0, first.is_(None), same_bytes(first, owner)]
    if context.several_owners:
        is_also, joined = _owned_also(persons, e, owner, joined)
        theirs.append(is_also == 1)
    return penalty + case((or_(*theirs), 0), else_=_ANOTHERS), joined


def _owned_also(
    persons: _PersonsOf, e: Entities, owner: ColumnElement[Any], joined: FromClause
) -> tuple[ColumnElement[int], FromClause]:
    """Whether the one person who counts has this owner among several."""
    places: list[tuple[Condition, ColumnElement[int]]] = []
    for kind, person in persons.items():
        also = _owners(kind, e, e[kind].alias())
        of_person = also.c.record_id == derived_key(person.c.id)
        joined = joined.outerjoin(also, and_(of_person, same_id(also.c.owner, owner)))
        places.append((person.c.id.is_not(None), flag(also.c.owner.is_not(None))))
    return case(*places, else_=0), joined


def _first_owner(
    persons: _PersonsOf,
    reference: ColumnElement[Any],
    e: Entities,
    context: QueryContext,
    joined: FromClause,
) -> tuple[ColumnElement[Any] | None, FromClause]:
    """The first owner of a person who exists and lacks something, and the joins that find them:
    of a contact who has none, that of its client. None where the CRM tells no owner of such
    persons.
    """
    lacking = _first_penalty(persons) > 0
    own, joined = _existing(persons, e, context, joined, lacking)
    untold = not context.absent.isdisjoint({"contact.client_id", "client.owner_id"})
    if untold or "contact" not in persons:
        return own, joined
    contact, client = _narrow(e, "contact"), e["client"].alias()
    ownerless = [] if own is None else [own.is_(None)]
    asked = and_(persons["contact"].c.id.is_not(None), lacking, *ownerless)
    joined = joined.outerjoin(contact, same_id(contact.c.id, case((asked, reference))))
    joined = joined.outerjoin(client, same_id(client.c.id, contact.c.client_id))
    heir, joined = _existing({"client": client}, e, context, joined)
    return heir if own is None else func.coalesce(own, heir), joined


def _existing(
    records: _PersonsOf,
    e: Entities,
    context: QueryContext,
    joined: FromClause,
    asked: Condition | None = None,
) -> tuple[ColumnElement[Any] | None, FromClause]:
    """The first owner who exists of the one record that counts, and the joins that find them;
    a single one only where it is asked.
    """
    owned = {
        kind: record
        for kind, record in records.items()
        if f"{kind}.owner_id" not in context.absent
    }
    if not owned:
        return None, joined
    there = [record.c.id.is_not(None) for record in owned.values()]
    if not context.several_owners:
        named = [record.c.owner_id for record in owned.values()]
        user, owner_id = e["user"].alias(), case(*zip(there, named, strict=True))
        if asked is not None:
            owner_id = case((asked, owner_id))
        return user.c.id, joined.outerjoin(user, same_id(user.c.id, owner_id))
    found: list[ColumnElement[Any]] = []
    for kind, record in owned.items():
        owners = _owners(kind, e, e[kind].alias())
        of_record = owners.c.record_id == derived_key(record.c.id)
        joined = joined.outerjoin(owners, and_(of_record, owners.c.place == 1))
        found.append(owners.c.owner)
    return case(*zip(there, found, strict=True)), joined


_MET: Final = "met_"
"""How the names begin under which persons stand beside the entities, with what they lack."""
NARROW: Final = "_narrow"
"""How the names end under which a few columns of an entity may stand beside the entities."""
LOOKED_UP: Final[Mapping[str, Sequence[str]]] = {
    "meeting": ("id", "owner_id"),
    "call": ("id", "contact_id"),
    "contact": ("id", "client_id"),
}
"""Entity -> the columns of it that views look up of some of its records."""


def _narrow(e: Entities, entity: str) -> FromClause:
    return e.get(f"{entity}{NARROW}", e[entity]).alias()


def with_met(
    entities: Entities,
    context: QueryContext,
    worked_out: Callable[[Select[Any], str], FromClause],
) -> Entities:
    """The entities, and beside them (id, owner_id, penalty) of all who may be invited: somebody
    is invited several times, and what they lack is worked out once.
    """
    met: dict[str, FromClause] = {}
    for kind in _invitees(context):
        person = _persons(entities, kind, context)
        columns = (derived_key(person.c.id).label("id"), person.c.owner_id, person.c.penalty)
        met[f"{_MET}{kind}"] = worked_out(select(*columns), f"{_MET}{kind}")
    return {**entities, **met}


def _persons(e: Entities, kind: str, context: QueryContext) -> FromClause:
    """Each person of a kind gets a penalty; the lowest penalty is the best contact.

    It counts what the person lacks, and holds the bits of it; and those of what sales support
    is to complete of that.
    """
    person = e[kind].alias()
    penalty: ColumnElement[int] = literal(0)
    for what, bit in _LACKS.items():
        weight = _ONE_LACK + _LACKING * bit + bit * owed_by_operators(kind, what, context)
        # each named once: a database works it out wherever it is named
        penalty = penalty + weight * _lacks(kind, person, _COLUMNS[what], context)
    further = ["private_person"] if kind == "client" else []
    columns = [person.c[name] for name in ("id", "owner_id", *further)]
    return select(*columns, penalty.label("penalty")).subquery()


def _lacks(
    kind: str, person: FromClause, columns: Sequence[str], context: QueryContext
) -> ColumnElement[int]:
    """Whether a person lacks all of these that the CRM holds."""
    held = [column for column in columns if f"{kind}.{column}" not in context.absent]
    return flag(and_(*(blank(person.c[column]) for column in held))) if held else literal(0)


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
    if "contact_id" in c.c:
        reference = c.c.contact_id
    else:
        alone = _narrow(e, "call")
        found = same_id(alone.c.id, case((blank(client.c.id), c.c.id)))
        joined, reference = joined.outerjoin(alone, found), alone.c.contact_id
    joined = joined.outerjoin(contact, same_id(contact.c.id, reference)).outerjoin(
        lead, same_id(lead.c.id, reference)
    )
    deal, joined = _deal_of(c, e, joined)
    rows = select(
        *_kept(
            c, "client_id", "contact_id", *(str(column.key) for column in (*deal, *_says(c)))
        ),
        *deal,
        client.c.id.label("client_id"),  # a reference to nothing is no client
        func.coalesce(contact.c.id, lead.c.id).label("contact_id"),
        *owned,
        *_event(c),
        flag(not_(_reached_nobody(c, context))).label("reached"),
    ).select_from(joined)
    return _placed("call", rows, e, context)


def _reached_nobody(c: FromClause, context: QueryContext) -> Condition:
    """Whether a call reached nobody: by its state, else by what it says."""
    begins = (_begins(column, context.reached_nobody) for column in _says(c))
    return or_(c.c.state == state_code("call", "not held"), *begins)


_SAYS: Final = "says_"
"""How the columns begin that hold in lower case how a call's texts begin."""


def _said_of_call(c: FromClause, context: QueryContext) -> Iterator[ColumnElement[str]]:
    """What its own column says, or its status and its subject where no such column is read: as
    much of it as is looked at, since a database works it out wherever it is named.
    """
    longest = max(map(len, context.reached_nobody), default=0)
    first = {word[:1] for word in context.reached_nobody if word[:1].isascii()}
    initials = literal("".join(sorted(first | {letter.upper() for letter in first})))
    own = "reached_nobody" in c.c
    for column in [c.c.reached_nobody] if own else [c.c.status, c.c.subject]:
        start = func.substr(func.coalesce(folded(column), ""), 1, longest)
        # most texts begin with none of these words, as their first letter tells
        said = case((begins_otherwise(column, initials), ""), else_=start)
        yield said.label(f"{_SAYS}{column.key}")


def _says(c: FromClause) -> list[ColumnElement[str]]:
    own = f"{_SAYS}reached_nobody"
    return [c.c[own]] if own in c.c else [c.c[f"{_SAYS}status"], c.c[f"{_SAYS}subject"]]


def _begins(text: ColumnElement[str], words: Sequence[str]) -> Condition:
    """Whether a text in lower case begins with one of the words."""
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
    if "client_id" in c.c:
        reference = c.c.client_id
    else:  # nothing else looks at it: it is found where the contact has no owner
        ownerless = _narrow(e, "contact")
        found = same_id(ownerless.c.id, case((own.is_(None), c.c.id)))
        joined, reference = joined.outerjoin(ownerless, found), ownerless.c.client_id
    joined = joined.outerjoin(heirs, same_id(heirs.c.id, reference))
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
