"""Conditions that measures of several kinds of records share."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import FromClause, and_, true

from pipeline.queries.context import (
    UNKNOWN,
    Condition,
    QueryContext,
    in_flow,
    in_month,
    in_state,
    nothing_entered,
)


def every(_view: FromClause, _context: QueryContext) -> Condition:
    """Every audited record."""
    return true()


def in_unknown_state(view: FromClause, _context: QueryContext) -> Condition:
    """The CRM's word for its state is not mapped."""
    return view.c.state == UNKNOWN


def in_period(view: FromClause, context: QueryContext) -> Condition:
    """Its moment lies in the period, and not after the as-of."""
    return in_flow(view.c.occurred_at_us, context.window)


def in_plan_month(view: FromClause, context: QueryContext) -> Condition:
    """Its moment lies in the plan's calendar month, and not after the as-of."""
    return in_month(view.c.occurred_at_us, context.window)


@dataclass(frozen=True, slots=True)
class Undated:
    """Nothing stands in any of these columns; what cannot be read is counted as unreadable."""

    entity: str
    columns: tuple[str, ...] = ("created_at",)

    def __call__(self, view: FromClause, _context: QueryContext) -> Condition:
        """The condition on a view of the entity."""
        return and_(*(nothing_entered(view, self.entity, column) for column in self.columns))


@dataclass(frozen=True, slots=True)
class Held:
    """An event that is marked held and is not still to come."""

    entity: str

    def __call__(self, view: FromClause, context: QueryContext) -> Condition:
        """The condition on a view of the entity."""
        start = view.c.start_at
        return and_(
            in_state(view, self.entity, "held"),
            start.is_(None) | (start <= context.window.as_of_us),
        )


@dataclass(frozen=True, slots=True)
class HeldAhead:
    """An event that is marked held and is still to come."""

    entity: str

    def __call__(self, view: FromClause, context: QueryContext) -> Condition:
        """The condition on a view of the entity."""
        return and_(
            in_state(view, self.entity, "held"), view.c.start_at > context.window.as_of_us
        )
