"""Asking a database the catalogue's questions, and making its answers alike: integers, and text for identifiers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, FromClause, Select, select

from pipeline.catalogue import Question, Whose
from pipeline.formats.texts import text_of
from pipeline.model import Failing, Person, Scope, Tally


def ask(connection: Connection, questions: Iterable[Question]) -> Iterator[Tally]:
    """Every integer that the questions count."""
    for question in questions:
        yield from tallies(question, connection.execute(question.statement).all())


def tallies(question: Question, rows: Iterable[Any]) -> Iterator[Tally]:
    """A question's rows as tallies: SUM comes as a Decimal here, as a huge integer there, as NULL of no rows."""
    for row in rows:
        values = list(row)
        company = question.whose is Whose.COMPANY
        owner = None if company else values.pop(0)
        owner = None if owner is None else _said(owner)
        currency = values.pop(0) if question.money else ""
        for (name, dimension), value in zip(question.counts, values, strict=True):
            again = question.whose is Whose.AGAIN
            yield Tally(company, owner, name, dimension, currency or "", int(value or 0), again)


def ask_failing(connection: Connection, selects: Mapping[str, Select[Any]]) -> Iterator[Failing]:
    """Every failing record of every entity."""
    for entity, statement in selects.items():
        yield from failing(entity, connection.execute(statement))


def failing(entity: str, rows: Iterable[Any]) -> Iterator[Failing]:
    """Rows of (id, owner, mask, in_period, again) as failing records."""
    for record_id, owner, mask, in_period, again in rows:
        yield Failing(entity, _said(record_id), _said(owner), int(mask), bool(in_period), bool(again))


def ask_people(connection: Connection, manager: FromClause) -> list[Person]:
    """The CRM's users: who is active and a person is a manager, everyone else an inactive owner."""
    columns = manager.c
    rows = connection.execute(
        select(
            columns.id, columns.name, columns.team_id, columns.team, columns.leader_id, columns.active, columns.person
        )
    )
    people = [
        Person(
            _said(user),
            _said(name).strip() or _said(user),
            _said(team_id),
            _said(team),
            Scope.MANAGER if active and person else Scope.INACTIVE,
            _said(leader_id),
        )
        for user, name, team_id, team, leader_id, active, person in rows
    ]
    return sorted(people, key=lambda person: (person.name.casefold(), person.id))


def _said(value: Any) -> str:
    """The value as text; bytes as the text that they are, and nothing as ''."""
    return "" if value is None else str(text_of(value))
