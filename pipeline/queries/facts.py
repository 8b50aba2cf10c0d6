"""Facts: conditions that others are made of, so that a CRM works each out once per record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement


class Fact(FunctionElement[bool]):
    """A condition on a record, under a name. Of one view equal names are equal conditions.

    In a statement it is the condition itself, unless whoever composes the statement puts a
    column in its place. It is never NULL.
    """

    # no type: SQLite would compare a Boolean with 1, and then works out both sides of an AND
    inherit_cache = True

    def __init__(self, called: str, condition: ColumnElement[bool]) -> None:
        self.called = called
        super().__init__(condition)

    @property
    def condition(self) -> ColumnElement[bool]:
        """What it says of a record."""
        return next(iter(self.clauses))


@compiles(Fact)
def _condition_of(element: Fact, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.condition, **kw)})"


def shared_facts(conditions: Iterable[ColumnElement[bool]]) -> dict[str, Fact]:
    """The facts that the conditions mention more than once, by name; what these are made of is
    not among them.
    """
    mentioned: dict[str, Fact] = {}
    mentions: Counter[str] = Counter()
    for condition in conditions:
        for element in parts_of(condition, _is_fact):
            if isinstance(element, Fact):
                mentioned[element.called] = element
                mentions[element.called] += 1
    return {called: fact for called, fact in mentioned.items() if mentions[called] > 1}


def _is_fact(element: ClauseElement) -> bool:
    return isinstance(element, Fact)


def parts_of(
    element: ClauseElement, is_whole: Callable[[ClauseElement], bool]
) -> Iterator[ClauseElement]:
    """The element and all that it is made of, but for the parts of what is left whole."""
    yield element
    if not is_whole(element):
        for child in element.get_children():
            if isinstance(child, ClauseElement):
                yield from parts_of(child, is_whole)
