"""Asking a database our questions, and making its answers alike: integers,
and text for identifiers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Connection, FromClause, null, select

from pipeline.databases.sql import compile as _compile  # noqa: F401 - constructs need their SQL
from pipeline.model import SPANS, Answers, FailingRecord, Person, Scope, Span, Tally
from pipeline.model.rules import is_of_creator
from pipeline.queries import WORD, Census, Grain, Question, RowKind, Scan
from pipeline.values.texts import text_of


def ask(connection: Connection, questions: Iterable[Question]) -> Iterator[Tally]:
    """Every integer that the questions count."""
    for question in questions:
        yield from tallies(question, connection.execute(question.statement).all())


def tallies(question: Question, rows: Iterable[Any]) -> Iterator[Tally]:
    """A question's rows as tallies: SUM comes as a Decimal here, as a huge integer
    there, as NULL of no rows.
    """
    for row in rows:
        values = list(row)
        company = question.grain is Grain.COMPANY
        owner = None if company else values.pop(0)
        owner = None if owner is None else text_said(owner)
        currency = values.pop(0) if question.money else ""
        for (name, dimension), value in zip(question.counts, values, strict=True):
            is_repeat = question.grain is Grain.REPEATS
            yield Tally(
                company, owner, name, dimension, currency or "", int(value or 0), is_repeat
            )


def ask_failing(connection: Connection, scans: Iterable[Scan]) -> Iterator[FailingRecord]:
    """Every failing record of every entity."""
    for scan in scans:
        yield from failing(scan.entity, connection.execute(scan.failing))


def failing(entity: str, rows: Iterable[Any]) -> Iterator[FailingRecord]:
    """Rows of (id, owner, span, is_repeat, occurred_at_us, entered_by, *words of the mask) as
    failing records.
    """
    user = cache(text_said)  # one text for all the records of a user
    for record_id, owner, span, is_repeat, occurred_at_us, entered_by, word, *more in rows:
        yield FailingRecord(
            entity,
            record_id if type(record_id) is str else text_said(record_id),
            user(owner),
            joined((word, *more)) if more else int(word),
            SPANS[span],
            bool(is_repeat),
            _moment(occurred_at_us),
            user(entered_by),
        )


def _span(above: int) -> Span:
    """The span of a failing record from the bits above its mask, of which one is set at most."""
    return SPANS[above.bit_length()]


def _moment(occurred_at_us: Any) -> int | None:
    """A driver may deliver a Decimal."""
    return None if occurred_at_us is None else int(occurred_at_us)


def joined(words: Iterable[Any]) -> int:
    """Words of bits as one integer, the lowest first."""
    bits = 0
    for number, word in enumerate(words):
        bits |= int(word) << WORD * number
    return bits


def ask_people(connection: Connection, user: FromClause) -> list[Person]:
    """The CRM's users: who is active and a person is a manager,
    everyone else an inactive owner.
    """
    columns = user.c
    email = columns.email if "email" in columns else null()
    rows = connection.execute(
        select(
            columns.id,
            columns.name,
            columns.team_id,
            columns.team,
            columns.leader_id,
            columns.active,
            columns.person,
            email,
        )
    )
    people = [
        Person(
            text_said(key),
            text_said(name).strip() or text_said(key),
            text_said(team_id),
            text_said(team),
            Scope.MANAGER if active and person else Scope.INACTIVE,
            text_said(leader_id),
            text_said(email).strip(),
        )
        for key, name, team_id, team, leader_id, active, person, email in rows
    ]
    return sorted(people, key=lambda person: (person.name.casefold(), person.id))


# -------------------------------------------------------------------------------------- at once


def ask_at_once(connection: Connection, census: Census) -> Answers:
    """Every integer and every failing record of an entity, from the rows of one statement."""
    expansion = _Expansion(census)
    for row in connection.execute(census.statement):
        expansion.add(*row)
    return Answers(tuple(expansion.tallies()), tuple(expansion.failing))


_Whom = tuple[Grain, str | None]


class _Expansion:
    """Adds up, for each count, the records whose bits hold all of its mask."""

    def __init__(self, census: Census) -> None:
        self.failing: list[FailingRecord] = []
        self._census = census
        self._counts: dict[_Whom, list[int]] = defaultdict(lambda: [0] * len(census.counts))
        self._amounts: dict[tuple[_Whom, str], list[int]] = defaultdict(
            lambda: [0] * len(census.amounts)
        )
        self._numbers: dict[tuple[_Whom, str], list[int]] = defaultdict(
            lambda: [0] * len(census.priced)
        )
        self._counts[Grain.COMPANY, None]  # is said to be zero where there are no records
        self._bits = cache(lambda *words: joined(words))
        self._counted = cache(lambda bits: _all_set(census.counts.values(), bits))
        of_creators = [is_of_creator(dimension) for _, dimension in census.counts]
        self._of_creators = {place for place, theirs in enumerate(of_creators) if theirs}
        self._summed = cache(lambda bits: _all_set(census.amounts.values(), bits))
        self._priced = cache(lambda bits: _all_set(census.priced.values(), bits))
        self._text = cache(text_said)

    def add(
        self,
        part: int,
        owner: Any,
        is_repeat: int,
        currency: Any,
        record: Any,
        records: int,
        value: Any,
        *rest: Any,
    ) -> None:
        """One row of the statement."""
        entered_by, words = (rest[0], rest[1:]) if self._census.tells_creator else (None, rest)
        bits = self._bits(*words)
        name = None if owner is None else self._text(owner)
        if part == RowKind.WRONG:
            above, mask = divmod(bits, self._census.above_mask)
            named = self._census.entity, text_said(record), name or ""
            place = _span(above), bool(is_repeat), _moment(value)
            self.failing.append(FailingRecord(*named, mask, *place, self._text(entered_by)))
            return
        for whom in self._whom(part, name, is_repeat):
            self._add_up(whom, self._text(currency), int(records), int(value or 0), bits)
        if self._of_creators and part == RowKind.OWNERS and not is_repeat:
            who = None if entered_by is None else self._text(entered_by)
            self._add(who, int(records), bits)

    def _whom(self, part: int, owner: str | None, is_repeat: int) -> Iterator[_Whom]:
        if part == RowKind.COMPANY:
            yield Grain.COMPANY, None
            return
        yield Grain.OWNERS, owner
        if is_repeat:
            yield Grain.REPEATS, owner

    def _add_up(self, whom: _Whom, currency: str, records: int, amount: int, bits: int) -> None:
        counts, company = self._counts[whom], whom[0] is Grain.COMPANY
        for place in self._counted(bits):
            if company or place not in self._of_creators:
                counts[place] += records
        if self._census.amounts or self._census.priced:
            amounts = self._amounts[whom, currency]
            for place in self._summed(bits):
                amounts[place] += amount
            numbers = self._numbers[whom, currency]
            for place in self._priced(bits):
                numbers[place] += records

    def _add(self, entered_by: str | None, records: int, bits: int) -> None:
        """Adds what is owed by whoever entered the records."""
        counts = self._counts[Grain.OWNERS, entered_by]
        for place in self._of_creators.intersection(self._counted(bits)):
            counts[place] += records

    def tallies(self) -> Iterator[Tally]:
        """The sums, zeros among them."""
        for whom, counts in self._counts.items():
            yield from _tallies(whom, "", self._census.counts, counts)
        for (whom, currency), amounts in self._amounts.items():
            yield from _tallies(whom, currency, self._census.amounts, amounts)
        for (whom, currency), numbers in self._numbers.items():
            yield from _tallies(whom, currency, self._census.priced, numbers)


def _all_set(masks: Iterable[int], bits: int) -> tuple[int, ...]:
    """The places of the masks of which all bits are set."""
    return tuple(place for place, mask in enumerate(masks) if bits & mask == mask)


def _tallies(
    whom: _Whom, currency: str, names: Iterable[tuple[str, str]], values: Iterable[int]
) -> Iterator[Tally]:
    grain, owner = whom
    for (name, dimension), value in zip(names, values, strict=True):
        yield Tally(
            grain is Grain.COMPANY,
            owner,
            name,
            dimension,
            currency,
            value,
            grain is Grain.REPEATS,
        )


def text_said(value: Any) -> str:
    """The value as text; bytes as the text that they are, and nothing as ''."""
    return "" if value is None else str(text_of(value))
