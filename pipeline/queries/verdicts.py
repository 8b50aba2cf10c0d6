"""Python's verdicts in queries. They stand in a table beside the snapshot; no CRM is asked for
what only Python can judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import FromClause, and_, not_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from pipeline.model import Demand, FieldSet, Verdict
from pipeline.model.rules import IN_ORDER, JUDGED
from pipeline.queries.context import Condition

Verdicts = Mapping[str, FromClause]
"""Entity -> the table of Python's verdicts: id, then a code per judgement of its field set."""

NO_VERDICTS: Final[Verdicts] = MappingProxyType({})


def with_verdicts(view: FromClause, judged: FromClause) -> FromClause:
    """An entity's view, and beside each record what Python judged of it."""
    codes = [column for column in judged.c if column.key != "id"]
    named = [code.label(_name_of(number)) for number, code in enumerate(codes)]
    rows = select(*view.c, *named).join_from(view, judged, judged.c.id == view.c.id)
    return rows.subquery()


def code_of(demand: Demand, fields: FieldSet, view: FromClause) -> ColumnElement[Any] | None:
    """Python's verdict on a demand, as a column; None in a CRM, and where it has none."""
    if demand.judgement is None:
        return None
    judged = [other.name for other in fields.demands if other.judgement is not None]
    name = _name_of(judged.index(demand.name))
    return view.c.get(name)


def _name_of(number: int) -> str:
    """No column of an audit begins with _."""
    return f"_verdict_{number}"


def by_python(verdict: Verdict, demand: Demand, code: ColumnElement[Any]) -> Condition | None:
    """Whether this is Python's verdict; None where it is none that Python has."""
    return code == int(JUDGED[verdict]) if demand.is_judged(verdict) else None


def settled(
    verdict: Verdict, demand: Demand, code: ColumnElement[Any], checked: Condition
) -> Condition:
    """Whether a record that misses nothing has this verdict: the first that Python or a check
    of the database, which finds a value invalid, has.
    """
    found: dict[Verdict, Condition] = {}
    for each in IN_ORDER:
        parts = [by_python(each, demand, code)]
        if each is Verdict.INVALID and demand.checks:
            parts.append(checked)
        if true := [part for part in parts if part is not None]:
            found[each] = or_(*true)
    before = [found[each] for each in IN_ORDER[: IN_ORDER.index(verdict)] if each in found]
    if not demand.checks:
        return found[verdict]  # Python's verdicts exclude each other
    return and_(found[verdict], *(not_(condition) for condition in before))
