"""What could this column be? Guesses about a database that no preset knows, each with
confidence and evidence.

They come from names (English and Dutch), from what stands in the columns, and from
references that lead somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    column,
    func,
    null,
    select,
    table,
    true,
)

from pipeline.databases.constructs import exact_text, one_of_words
from pipeline.formats.flags import flag_of
from pipeline.model import ENTITIES, STATES, Kind
from pipeline.setup.guess.two_kinds import Kinds, kinds_in
from pipeline.setup.look.contents import GLUE, Contents, Looked, look, plain
from pipeline.setup.look.markup import Markup
from pipeline.setup.look.recognise import Candidate, candidates_in, prose_in
from pipeline.setup.look.tables import called_so, chosen_of, keyed, looked_into, met_in, usable
from pipeline.setup.look.text_formats import Written, settle, texts_of
from pipeline.setup.look.vocabulary import (
    COLUMNS,
    DELETED,
    DELETED_ON,
    EMPTY,
    FITS,
    LEADS_TO,
    STATE_WORDS,
)
from pipeline.values.texts import text_of

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
    odd: int = 0  # texts of the sample that we read only where their format is declared
    whole: bool = False
    markup: Markup | None = None  # what it holds, where nobody sees every character
    dated: bool = False  # of a mark of deletion: the date on which it was set
    zoned: bool | None = (
        None  # whether the database's own datetimes name their zone; None of text, and of all others
    )

    def said(self) -> str:
        """'90%: called so; e-mail addresses'."""
        return f"{round(100 * self.confidence)}%: {self.evidence}"


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
    # of the status or stage -> how often
    words: Mapping[str, int] = field(default_factory=dict)
    kinds: Kinds | None = None  # where the table holds clients and contacts

    def of(self, ours: str) -> Guess | None:
        """The guess about one of our columns."""
        return next((one for one in self.columns if one.ours == ours), None)


def propose(connection: Connection, looked: Sequence[Looked] | None = None) -> list[Proposal]:
    """What each of our entities may be in this database, as far as anything speaks for it."""
    seen = looked_into(connection) if looked is None else looked
    chosen, shared = keyed(connection, chosen_of(usable(seen))), None
    if (
        "client" in chosen
        and "contact" not in chosen
        and (shared := kinds_in(connection, chosen["client"]))
    ):
        chosen["contact"] = chosen["client"]
    found = []
    for entity in COLUMNS:
        if entity in chosen:
            guesses = _columns_of(connection, entity, chosen)
            if shared:
                guesses = _of_both(entity, guesses)
            if proposal := _proposal(connection, entity, chosen[entity], guesses):
                kinds = shared if entity in ("client", "contact") else None
                found.append(replace(proposal, kinds=kinds) if kinds else proposal)
    return found


def _of_both(entity: str, guesses: Sequence[Guess]) -> list[Guess]:
    """Where clients and contacts share a table, a reference to it may lead to either."""
    client = next((one for one in guesses if one.ours == "client_id"), None)
    if (
        entity not in ("meeting", "call")
        or client is None
        or any(one.ours == "contact_id" for one in guesses)
    ):
        return list(guesses)
    return [
        *guesses,
        replace(
            client, ours="contact_id", evidence=f"{client.evidence}, where that is a person"
        ),
    ]


def state_of(entity: str, word: str) -> str | None:
    """The state of ours that a word of the CRM may stand for."""
    for state, pattern in STATE_WORDS["deal" if entity == "deal" else "event"].items():
        if re.search(rf"\b({pattern})", plain(word)):
            return state
    return None


def results_of(
    connection: Connection,
    meeting: Proposal,
    states: Mapping[str, str],
    empty: Sequence[str] = (),
) -> tuple[Candidate, ...]:
    """Columns of the meetings' table in which results may be written, over those that are
    held and not deleted; the words of `empty` say nothing.
    """
    used, source = {one.theirs for one in meeting.columns}, table(meeting.table)
    written = {
        one.name
        for one in look(connection, meeting.table).columns
        if one.what in ("word", "text")
    }
    names = [
        name
        for name in prose_in(connection, meeting.table)
        if name not in used and name in written
    ]
    if not names:
        return ()
    columns = {f"{meeting.table}.{name}": _without(column(name), empty) for name in names}
    status, wanted = meeting.of("status"), []
    if status and (words := [word for word, state in states.items() if state == "held"]):
        wanted.append(one_of_words(column(status.theirs), words))
    if meeting.deleted:
        wanted.append(func.coalesce(flag_of(column(meeting.deleted.theirs)), 0) == 0)
    return candidates_in(connection, source, columns, and_(true(), *wanted))


def _without(own: ColumnElement[Any], empty: Sequence[str]) -> ColumnElement[Any]:
    return case((func.trim(own).in_(empty), null()), else_=own) if empty else own


def written_in(connection: Connection, proposals: Sequence[Proposal]) -> Written | None:
    """How days, instants and amounts are written, and which words say nothing; None in a
    database that writes them as we read them without being told.
    """
    if connection.dialect.name != "files" and not any(
        one.odd for proposal in proposals for one in proposal.columns
    ):
        return None
    places: dict[str, list[tuple[str, str]]] = {
        "days": [],
        "instants": [],
        "amounts": [],
        "others": [],
    }
    for proposal in proposals:
        for guess in proposal.columns:
            kind = ENTITIES[proposal.entity].get(guess.ours, Kind.TEXT)
            group = {
                Kind.DAY: "days",
                Kind.INSTANT: "instants",
                Kind.MONEY: "amounts",
                Kind.TEXT: "others",
            }.get(kind)
            if group and guess.ours not in _NO_PROSE:
                places[group] += [(proposal.table, part) for part in guess.theirs.split(GLUE)]
        if proposal.entity == "meeting":  # its result is one of them
            used = {guess.theirs for guess in proposal.columns}
            own = [
                one.name
                for one in look(connection, proposal.table).columns
                if one.what in ("word", "text")
            ]
            places["others"] += [(proposal.table, name) for name in own if name not in used]
    # clients and contacts may share a table
    return settle(
        texts_of(connection, **{group: list(dict.fromkeys(of)) for group, of in places.items()})
    )


_NO_PROSE: Final = ("id", "status", "stage", "direction", "team")


# -------------------------------------------------------------------------------------- columns


def _columns_of(
    connection: Connection, entity: str, chosen: Mapping[str, Looked]
) -> list[Guess]:
    """For each of our columns the likeliest of theirs; each of theirs
    once, to whom it fits best.
    """
    looked, ranked = chosen[entity], []
    for order, (ours, pattern) in enumerate(COLUMNS[entity].items()):
        for one in looked.columns:
            own = one.name != looked.key or (one.name in looked.names and ours == "name")
            if own and (
                guess := _guess(connection, entity, looked, ours, pattern, one, chosen)
            ):
                ranked.append((-guess.confidence, order, guess))
    taken: dict[str, Guess] = {}
    for _, _, guess in sorted(ranked, key=lambda one: one[:2]):
        if guess.ours not in taken and guess.theirs not in {
            one.theirs for one in taken.values()
        }:
            taken[guess.ours] = guess
    for ours in {"phone", "email"} & taken.keys():
        used = [one.theirs for one in taken.values()]
        taken[ours] = _with_others(taken[ours], COLUMNS[entity][ours], looked, used)
    if entity in ("contact", "lead") and "last_name" not in taken:
        taken |= _only_name(looked, {one.theirs for one in taken.values()})
    return [taken[ours] for ours in COLUMNS[entity] if ours in taken]


def _with_others(guess: Guess, pattern: str, looked: Looked, taken: Sequence[str]) -> Guess:
    """The guess with further columns of its kind: `mobiel` beside `telefoon`."""
    others = [
        one.name
        for one in looked.columns
        if one.name not in taken
        and one.filled
        and one.what == guess.ours
        and called_so(pattern, one.name)
    ]
    if not others:
        return guess
    said = f"{guess.evidence}; likewise {', '.join(others)}"
    return replace(guess, theirs=GLUE.join([guess.theirs, *others]), evidence=said)


def _only_name(looked: Looked, taken: Iterable[str]) -> dict[str, Guess]:
    """A person's one name, where it is not kept in parts."""
    for one in looked.columns:
        if one.name not in taken and re.fullmatch(COLUMNS["user"]["name"], plain(one.name)):
            return {
                "last_name": Guess("last_name", one.name, 0.6, "the only name that is kept")
            }
    return {}


def _guess(
    connection: Connection,
    entity: str,
    looked: Looked,
    ours: str,
    pattern: str,
    one: Contents,
    chosen: Mapping[str, Looked],
) -> Guess | None:
    called = called_so(pattern, one.name)
    if not called:
        return None
    confidence, evidence = 0.5 * called, ["by its name"]
    if ours in LEADS_TO:
        target = chosen.get(LEADS_TO[ours])
        return _reference(
            connection, looked, Guess(ours, one.name, confidence, evidence[0]), target
        )
    listed = one.markup is not None and one.markup.what == "json" and ours in ("phone", "email")
    if listed or one.what in FITS.get(ours, ("text", "word", "phone", "email")):
        confidence += 0.4
        evidence.append(_SAID[one.what])
    elif one.filled:
        return None
    else:
        evidence.append("empty so far")
    if confidence < _LEAST:
        return None
    return _with_contents(
        Guess(ours, one.name, confidence, "; ".join(evidence)),
        entity,
        one,
        connection.dialect.name,
    )


def told_by_you(
    connection: Connection, entity: str, ours: str, columns: Sequence[Contents]
) -> Guess:
    """A line that the user gives: one column, or several of one kind."""
    dated = ours == "deleted" and columns[0].what in ("instant", "day")
    guess = Guess(ours, GLUE.join(one.name for one in columns), 1.0, "as you said", dated=dated)
    return _with_contents(guess, entity, columns[0], connection.dialect.name)


def _with_contents(guess: Guess, entity: str, one: Contents, dialect: str) -> Guess:
    """The guess with how the contents of its column are written."""
    as_text, kind = dialect == "files", ENTITIES.get(entity, {}).get(guess.ours, Kind.TEXT)
    odd = {
        Kind.INSTANT: one.odd_instants,
        Kind.DAY: one.odd_days,
        Kind.MONEY: one.odd_amounts,
    }.get(kind, 0)
    hours = kind is Kind.DAY and one.what == "instant" and (as_text or bool(odd))
    said = f"{guess.evidence}; the hour is read and left out" if hours else guess.evidence
    if kind is Kind.DAY and one.what == "instant" and not hours:
        said += "; the day is that of your people's zone"
    markup = one.markup if kind is Kind.TEXT and entity != "user" else None
    if markup:
        said += f"; {markup.said()}"
    return replace(
        guess,
        evidence=said,
        odd=odd,
        whole=one.whole and not as_text,
        markup=markup,
        zoned=one.zoned,
    )


_SAID: Final[Mapping[str, str]] = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "instant": "dates with time",
    "day": "dates",
    "number": "numbers",
    "flag": "only yes and no",
    "word": "few different words",
    "text": "text",
}


def _reference(
    connection: Connection, looked: Looked, guess: Guess, target: Looked | None
) -> Guess | None:
    """The guess with what its values say: they have to be keys of
    the table that it leads to.
    """
    if target is None:
        return None
    if looked.refers.get(guess.theirs) == target.name:
        return replace(guess, confidence=0.95, evidence=f"a foreign key to {target.name}")
    met, asked = met_in(connection, looked.name, guess.theirs, target)
    if not asked or met < 0.5 * asked:
        return None
    by = (
        f"names in {target.name}.{target.key}"
        if target.key in target.names
        else f"keys of {target.name}"
    )
    said = f"{guess.evidence}; {met:,} of {asked:,} values are {by}"
    return replace(guess, confidence=guess.confidence + 0.45 * met / asked, evidence=said)


# ------------------------------------------------------------------------------------ proposals


_NEEDED: Final[Mapping[str, str]] = {
    "meeting_contact": "meeting_id person_id",
    "user": "name|last_name",
}
"""Without these columns an entity would say nothing."""


def _proposal(
    connection: Connection, entity: str, looked: Looked, guesses: Sequence[Guess]
) -> Proposal | None:
    ours = {guess.ours for guess in guesses}
    lacking = [one for one in _NEEDED.get(entity, "").split() if not ours & set(one.split("|"))]
    if lacking or not guesses:
        return None
    key = () if entity == "meeting_contact" else (_key(looked),)
    confidence = min(0.95, 0.5 + 0.1 * len(guesses))
    words = next((guess.theirs for guess in guesses if guess.ours in ("status", "stage")), None)
    return Proposal(
        entity,
        looked.name,
        looked.rows,
        confidence,
        f"by its name and {len(guesses)} of its columns",
        (*key, *guesses),
        _deleted(looked),
        words_of(connection, looked.name, words if entity in STATES else None),
    )


def _key(looked: Looked) -> Guess:
    if looked.key in looked.names:
        return Guess(
            "id", str(looked.key), 0.8, "no two rows share it; the other tables refer to it"
        )
    return Guess("id", str(looked.key), 0.95, "the key of the table")


def _deleted(looked: Looked) -> Guess | None:
    for one in looked.columns:
        if one.what == "flag" and DELETED.fullmatch(plain(one.name)):
            return Guess("deleted", one.name, 0.9, "by its name; only yes and no")
        if one.what in ("instant", "day") and DELETED_ON.fullmatch(plain(one.name)):
            return Guess("deleted", one.name, 0.9, "by its name; a date or nothing", dated=True)
    return None


def words_of(connection: Connection, name: str, status: str | None) -> dict[str, int]:
    """The words of a status or stage, each with how often it stands there."""
    if status is None:
        return {}
    number = func.count().label("number")
    own = exact_text(column(status))  # by a collation held and Held would be one word
    counted = select(own, number).select_from(table(name)).group_by(own).order_by(number.desc())
    found = [
        (text_of(word), times) for word, times in connection.execute(counted.limit(_MOST_WORDS))
    ]
    words = {
        str(word): int(times)
        for word, times in found
        if word is not None and str(word).strip() and str(word).strip().lower() not in EMPTY
    }
    return dict(sorted(words.items(), key=lambda one: (-one[1], one[0])))
