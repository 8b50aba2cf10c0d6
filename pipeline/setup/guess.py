"""What could this column be? Guesses about a database that no preset knows, each with confidence and evidence.

They come from names (English and Dutch), from what stands in the columns, and from references that lead somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, column, func, select, table, true

from pipeline.model import ENTITIES, STATES, Kind
from pipeline.setup.contents import SAFE, Contents, Looked, entity_of, look, plain
from pipeline.setup.recognise import Candidate, candidates_in, prose_in, tables_in
from pipeline.setup.vocabulary import COLUMNS, DELETED, FITS, LEADS_TO, STATE_WORDS
from pipeline.sql import one_of_words

_SAMPLE: Final = 400
_MOST_TABLES: Final = 150
_MOST_WORDS: Final = 20
_LEAST: Final = 0.45
"""Below this confidence nothing is proposed."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One of our columns, what it may be in the CRM, and why we think so."""

    ours: str
    theirs: str
    confidence: float
    evidence: str
    odd: int = 0  # texts of the sample that we cannot read as a moment
    whole: bool = False

    def said(self) -> str:
        """'90%: called so; e-mail addresses'."""
        day = "YYYY-MM-DD" if self.ours == "close_day" else "YYYY-MM-DD HH:MM:SS"
        odd = f"; {self.odd:,} of a sample are not written {day}, so they will be unreadable" if self.odd else ""
        return f"{round(100 * self.confidence)}%: {self.evidence}{odd}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entity, the table that may hold it, and its columns; the first of them is the key."""

    entity: str
    table: str
    rows: int
    confidence: float
    evidence: str
    columns: tuple[Guess, ...]
    deleted: Guess | None = None
    words: Mapping[str, int] = field(default_factory=dict)  # of the status or stage -> how often

    def of(self, ours: str) -> Guess | None:
        """The guess about one of our columns."""
        return next((one for one in self.columns if one.ours == ours), None)


def propose(connection: Connection) -> list[Proposal]:
    """What each of our entities may be in this database, as far as anything speaks for it."""
    named = [name for name in sorted(tables_in(connection)) if SAFE.fullmatch(name) and entity_of(name)]
    looked = [look(connection, name) for name in named[:_MOST_TABLES]]
    chosen = _chosen([one for one in looked if (one.key and one.rows) or entity_of(one.name) == "meeting_contact"])
    found = []
    for entity in COLUMNS:
        if entity in chosen:
            guesses = _columns_of(connection, entity, chosen)
            if proposal := _proposal(connection, entity, chosen[entity], guesses):
                found.append(proposal)
    return found


def state_of(entity: str, word: str) -> str | None:
    """The state of ours that a word of the CRM may stand for."""
    for state, pattern in STATE_WORDS["deal" if entity == "deal" else "event"].items():
        if re.search(rf"\b({pattern})", plain(word)):
            return state
    return None


def results_of(connection: Connection, meeting: Proposal, states: Mapping[str, str]) -> tuple[Candidate, ...]:
    """Columns of the meetings' table in which results may be written, over those that are held and not deleted."""
    used, source = {one.theirs for one in meeting.columns}, table(meeting.table)
    names = [name for name in prose_in(connection, meeting.table) if name not in used]
    if not names:
        return ()
    columns: dict[str, ColumnElement[Any]] = {f"{meeting.table}.{name}": column(name) for name in names}
    status, wanted = meeting.of("status"), []
    if status and (words := [word for word, state in states.items() if state == "held"]):
        wanted.append(one_of_words(column(status.theirs), words))
    if meeting.deleted:
        flag = func.coalesce(cast(column(meeting.deleted.theirs), Text), "")
        wanted.append(flag.not_in(("1", "true", "True")))
    return candidates_in(connection, source, columns, and_(true(), *wanted))


# ------------------------------------------------------------------------------------------------ tables


def _chosen(looked: Iterable[Looked]) -> dict[str, Looked]:
    """Of several tables of one kind the one that holds the most columns of its kind, then the most rows."""
    chosen: dict[str, Looked] = {}
    for one in sorted(looked, key=lambda seen: (_named(seen), seen.rows), reverse=True):
        chosen.setdefault(str(entity_of(one.name)), one)
    return chosen


def _named(seen: Looked) -> int:
    wanted = COLUMNS[str(entity_of(seen.name))]
    return sum(any(_called(pattern, one.name) for one in seen.columns) for pattern in wanted.values())


# ------------------------------------------------------------------------------------------------ columns


def _called(pattern: str, name: str) -> float:
    """1 where the name is one of these words, less where it begins with one."""
    bare = re.sub(r" (id|nr|nummer|code|key|op|at|on|datum|date|tijd|time)$", "", plain(name))
    if re.fullmatch(pattern, bare) or re.fullmatch(pattern, plain(name)):
        return 1.0
    return 0.7 if re.match(rf"({pattern})", bare) else 0.0


def _columns_of(connection: Connection, entity: str, chosen: Mapping[str, Looked]) -> list[Guess]:
    """For each of our columns the likeliest of theirs; each of theirs once, to whom it fits best."""
    looked, ranked = chosen[entity], []
    for order, (ours, pattern) in enumerate(COLUMNS[entity].items()):
        for one in looked.columns:
            if one.name != looked.key and (guess := _guess(connection, entity, looked, ours, pattern, one, chosen)):
                ranked.append((-guess.confidence, order, guess))
    taken: dict[str, Guess] = {}
    for _, _, guess in sorted(ranked, key=lambda one: one[:2]):
        if guess.ours not in taken and guess.theirs not in {one.theirs for one in taken.values()}:
            taken[guess.ours] = guess
    return [taken[ours] for ours in COLUMNS[entity] if ours in taken]


def _guess(
    connection: Connection,
    entity: str,
    looked: Looked,
    ours: str,
    pattern: str,
    one: Contents,
    chosen: Mapping[str, Looked],
) -> Guess | None:
    called = _called(pattern, one.name)
    if not called:
        return None
    confidence, evidence = 0.5 * called, ["by its name"]
    if ours in LEADS_TO:
        target = chosen.get(LEADS_TO[ours])
        return _reference(connection, looked, Guess(ours, one.name, confidence, evidence[0]), target)
    if one.what in FITS.get(ours, ("text", "word", "phone", "email")):
        confidence += 0.4
        evidence.append(_SAID[one.what])
    elif one.filled:
        return None
    else:
        evidence.append("empty so far")
    if confidence < _LEAST:
        return None
    dated = {"instant": one.odd_instants, "day": one.odd_days}
    odd = dated.get(ENTITIES.get(entity, {}).get(ours, Kind.TEXT).value, 0)
    return Guess(ours, one.name, confidence, "; ".join(evidence), odd, one.whole)


_SAID: Final[Mapping[str, str]] = {
    "id": "numbers or codes", "email": "e-mail addresses", "phone": "phone numbers", "instant": "dates with time",
    "day": "dates", "number": "numbers", "flag": "only 0 and 1", "word": "few different words", "text": "text",
}  # fmt: skip


def _reference(connection: Connection, looked: Looked, guess: Guess, target: Looked | None) -> Guess | None:
    """The guess with what its values say: they have to be keys of the table that it leads to."""
    if target is None:
        return None
    if looked.refers.get(guess.theirs) == target.name:
        return replace(guess, confidence=0.95, evidence=f"a foreign key to {target.name}")
    met, asked = _met(connection, looked.name, guess.theirs, target)
    if not asked or met < 0.5 * asked:
        return None
    said = f"{guess.evidence}; {met:,} of {asked:,} values are keys of {target.name}"
    return replace(guess, confidence=guess.confidence + 0.45 * met / asked, evidence=said)


def _met(connection: Connection, name: str, reference: str, target: Looked) -> tuple[int, int]:
    """How many of a sample of different references are keys of the other table."""
    own: ColumnElement[Any] = column(reference)
    values = select(cast(own, Text).label("value")).select_from(table(name)).where(own.is_not(None)).distinct()
    sample = [str(value) for value in connection.execute(values.limit(_SAMPLE)).scalars()]
    if not sample:
        return 0, 0
    key = cast(column(str(target.key)), Text)
    keys = set(connection.execute(select(key).select_from(table(target.name)).where(key.in_(sample))).scalars())
    return len(keys.intersection(sample)), len(sample)


# ------------------------------------------------------------------------------------------------ proposals


_NEEDED: Final[Mapping[str, str]] = {"meeting_contact": "meeting_id person_id", "manager": "name|last_name"}
"""Without these columns an entity would say nothing."""


def _proposal(connection: Connection, entity: str, looked: Looked, guesses: Sequence[Guess]) -> Proposal | None:
    ours = {guess.ours for guess in guesses}
    lacking = [one for one in _NEEDED.get(entity, "").split() if not ours & set(one.split("|"))]
    if lacking or not guesses:
        return None
    key = () if entity == "meeting_contact" else (Guess("id", str(looked.key), 0.95, "the key of the table"),)
    confidence = min(0.95, 0.5 + 0.1 * len(guesses))
    words = next((guess.theirs for guess in guesses if guess.ours in ("status", "stage")), None)
    return Proposal(
        entity, looked.name, looked.rows, confidence, f"by its name and {len(guesses)} of its columns",
        (*key, *guesses), _deleted(looked), _words(connection, looked.name, words if entity in STATES else None),
    )  # fmt: skip


def _deleted(looked: Looked) -> Guess | None:
    for one in looked.columns:
        if one.what == "flag" and DELETED.fullmatch(plain(one.name)):
            return Guess("deleted", one.name, 0.9, "by its name; only 0 and 1")
    return None


def _words(connection: Connection, name: str, status: str | None) -> dict[str, int]:
    if status is None:
        return {}
    number = func.count().label("number")
    own: ColumnElement[Any] = column(status)
    counted = select(own, number).select_from(table(name)).group_by(own).order_by(number.desc())
    found = connection.execute(counted.limit(_MOST_WORDS)).all()
    words = {str(word): int(times) for word, times in found if word is not None and str(word).strip()}
    return dict(sorted(words.items(), key=lambda one: (-one[1], one[0])))
