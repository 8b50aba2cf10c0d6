"""Asking a database the catalogue's questions, and making its answers alike: integers, and text for identifiers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, FromClause, Select, select

from pipeline.catalogue import Question, Whose
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
        owner = None if owner is None else str(owner)
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
        whose = "" if owner is None else str(owner)
        yield Failing(entity, str(record_id), whose, int(mask), bool(in_period), bool(again))


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
            str(user),
            str(name or "").strip() or str(user),
            "" if team_id is None else str(team_id),
            str(team or ""),
            Scope.MANAGER if active and person else Scope.INACTIVE,
            "" if leader_id is None else str(leader_id),
        )
        for user, name, team_id, team, leader_id, active, person in rows
    ]
    return sorted(people, key=lambda person: (person.name.casefold(), person.id))
