"""Where a record comes from: an owner may have taken it over, and a machine may have made it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import FromClause, and_, false, func, not_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import (
    blank,
    derived_key,
    exact_text,
    one_of_words,
    same_id,
)
from pipeline.databases.zones import day_in
from pipeline.queries.context import Condition, Entities, QueryContext, flag

Joined = tuple[Condition, FromClause]
"""A condition on a view's rows, and the joins without which it cannot be asked."""

MOST_BY_HAND: Final = 50
"""Records of one kind that a person makes in one clock minute, at most."""
_MINUTE_US: Final = 60_000_000


def tells_maker(entity: str, record: FromClause, context: QueryContext) -> bool:
    """Whether the CRM tells who made a record of this kind."""
    return "created_by" in record.c and f"{entity}.created_by" not in context.absent


def made_in_bulk(record: FromClause) -> ColumnElement[int]:
    """1 if one user made more of them in that clock minute than a person does."""
    maker, moment = record.c.created_by, record.c.created_at
    minute = moment - moment % _MINUTE_US
    together = func.count().over(partition_by=(exact_text(maker), minute))
    return flag(and_(together > MOST_BY_HAND, moment.is_not(None), not_(blank(maker))))


def imported(
    entity: str, record: FromClause, e: Entities, context: QueryContext, joined: FromClause
) -> Joined:
    """No person typed the record: a system account, a declared importer or a whole batch."""
    if not tells_maker(entity, record, context):
        return false(), joined
    user = e["user"].alias()
    machine = select(user.c.id).where(user.c.person == 0).subquery()
    joined = joined.outerjoin(machine, same_id(machine.c.id, record.c.created_by))
    conditions = [machine.c.id.is_not(None), record.c.made_in_bulk == 1]
    if context.importers:
        conditions.append(one_of_words(record.c.created_by, context.importers))
    return or_(*conditions), joined


def taken_over(
    entity: str, record: FromClause, e: Entities, context: QueryContext, joined: FromClause
) -> Joined:
    """The record came to its present owner from another user within the days of the score,
    or it is older than its owner's employment.
    """
    conditions: list[Condition] = []
    if "change" in e:
        handed, joined = _handed_over(entity, record.c.id, record, e, context, joined)
        conditions.append(handed)
        if entity == "contact":
            through_client, joined = _handed_over(
                "client", record.c.client_id, record, e, context, joined
            )
            conditions.append(and_(record.c.client_answers == 1, through_client))
    if "joined_day" in e["user"].c and "user.joined_day" not in context.absent:
        owner = e["user"].alias()
        joined = joined.outerjoin(owner, same_id(owner.c.id, record.c.owner))
        made = day_in(record.c.created_at, context.window.zone)
        # asked first: to tell a day in a zone takes longest of all that a view works out
        known = owner.c.joined_day.is_not(None)
        conditions.append(and_(known, made < owner.c.joined_day))
    return or_(false(), *conditions), joined


def _handed_over(
    entity: str,
    key: ColumnElement[str],
    record: FromClause,
    e: Entities,
    context: QueryContext,
    joined: FromClause,
) -> Joined:
    """Another user had it within the days of the score, and its present owner had not.

    A change in the minute in which the record was made is part of making it.
    """
    befores = _owners_before(entity, e, context)
    last = (
        select(befores.c.record_id, func.max(befores.c.happened_at).label("happened_at"))
        .group_by(befores.c.record_id)
        .subquery()
    )
    had = select(befores.c.record_id, befores.c.owner).distinct().subquery()
    joined = joined.outerjoin(last, last.c.record_id == derived_key(key)).outerjoin(
        had,
        and_(
            had.c.record_id == derived_key(key),
            had.c.owner == derived_key(record.c.owner),
        ),
    )
    made = record.c.created_at
    later = last.c.happened_at >= made - made % _MINUTE_US + _MINUTE_US
    moved = or_(later, and_(last.c.happened_at.is_not(None), made.is_(None)))
    return and_(moved, record.c.owner.is_not(None), had.c.owner.is_(None)), joined


def _owners_before(entity: str, e: Entities, context: QueryContext) -> FromClause:
    """(record_id, owner, happened_at) of every user whom a record was taken from."""
    change, user, w = e["change"].alias(), e["user"].alias(), context.window
    return (
        select(
            derived_key(change.c.record_id).label("record_id"),
            derived_key(user.c.id).label("owner"),
            change.c.happened_at,
        )
        .join_from(change, user, same_id(user.c.id, change.c.value_before))
        .where(
            change.c.record_kind == entity,
            change.c.column_name == "owner_id",
            change.c.happened_at >= w.score_first_us,
            change.c.happened_at <= w.as_of_us,
        )
        .subquery()
    )
