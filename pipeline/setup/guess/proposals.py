"""Guesses about a database that no preset knows, each with confidence and evidence.

They come from names (English and Dutch), from the contents of columns, and from references
that resolve.
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
    markup: Markup | None = None  # HTML or JSON that people do not see as such
    dated: bool = False  # a mark of deletion that is a date
    # whether the database's own datetimes name their zone; None for other types
    zoned: bool | None = None

    def summary(self) -> str:
        """'90%: called so; e-mail addresses'."""
        return f"{round(100 * self.confidence)}%: {self.evidence}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entity, the table that may hold it, and its columns, the key first."""

    entity: str
    table: str
    rows: int
    confidence: float
    evidence: str
    columns: tuple[Guess, ...]
    deleted: Guess | None = None
    # word of the status or stage -> how often
    words: Mapping[str, int] = field(default_factory=dict)
    kinds: Kinds | None = None  # where the table holds clients and contacts

    def of(self, ours: str) -> Guess | None:
        """The guess about one of our columns."""
        return next((guess for guess in self.columns if guess.ours == ours), None)


def propose(connection: Connection, looked: Sequence[Looked] | None = None) -> list[Proposal]:
    """Proposes a table for each of our entities that something speaks for."""
    seen = looked_into(connection) if looked is None else looked
    chosen, shared = keyed(connection, chosen_of(usable(seen))), None
    if (
        "client" in chosen
        and "contact" not in chosen
        and (shared := kinds_in(connection, chosen["client"]))
    ):
        chosen["contact"] = chosen["client"]
    proposals = []
    for entity in COLUMNS:
        if entity in chosen:
            guesses = _columns_of(connection, entity, chosen)
            if shared:
                guesses = _of_both(entity, guesses)
            if proposal := _proposal(connection, entity, chosen[entity], guesses):
                kinds = shared if entity in ("client", "contact") else None
                proposals.append(replace(proposal, kinds=kinds) if kinds else proposal)
    return proposals


def _of_both(entity: str, guesses: Sequence[Guess]) -> list[Guess]:
    """In a shared table, a reference may lead to a client or a contact."""
    client = next((guess for guess in guesses if guess.ours == "client_id"), None)
    if (
        entity not in ("meeting", "call")
        or client is None
        or any(guess.ours == "contact_id" for guess in guesses)
    ):
        return list(guesses)
    return [
        *guesses,
        replace(
            client, ours="contact_id", evidence=f"{client.evidence}, where that is a person"
        ),
    ]


def state_of(entity: str, word: str) -> str | None:
    """The state that a word of the CRM may mean."""
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
    """Columns of the meetings' table that may hold results.

    Counted over meetings that are held and not deleted; words in `empty` mean "empty".
    """
    used, source = {guess.theirs for guess in meeting.columns}, table(meeting.table)
    written = {
        contents.name
        for contents in look(connection, meeting.table).columns
        if contents.what in ("word", "text")
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
    """How days, instants and amounts are written, and which words mean "empty".

    None if the database's own types need no formats.
    """
    if connection.dialect.name != "files" and not any(
        guess.odd for proposal in proposals for guess in proposal.columns
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
                contents.name
                for contents in look(connection, proposal.table).columns
                if contents.what in ("word", "text")
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
    """Assigns each of our columns the likeliest of theirs, each of theirs at most once."""
    looked, ranked = chosen[entity], []
    for order, (ours, pattern) in enumerate(COLUMNS[entity].items()):
        for contents in looked.columns:
            own = contents.name != looked.key or (
                contents.name in looked.names and ours == "name"
            )
            if own and (
                guess := _guess(connection, entity, looked, ours, pattern, contents, chosen)
            ):
                ranked.append((-guess.confidence, order, guess))
    taken: dict[str, Guess] = {}
    for _, _, guess in sorted(ranked, key=lambda candidate: candidate[:2]):
        theirs = {other.theirs for other in taken.values()}
        if guess.ours not in taken and guess.theirs not in theirs:
            taken[guess.ours] = guess
    for ours in {"phone", "email"} & taken.keys():
        used = [guess.theirs for guess in taken.values()]
        taken[ours] = _with_others(taken[ours], COLUMNS[entity][ours], looked, used)
    if entity in ("contact", "lead") and "last_name" not in taken:
        taken |= _only_name(looked, {guess.theirs for guess in taken.values()})
    return [taken[ours] for ours in COLUMNS[entity] if ours in taken]


def _with_others(guess: Guess, pattern: str, looked: Looked, taken: Sequence[str]) -> Guess:
    """Adds further columns of the same kind to a guess: `mobiel` beside `telefoon`."""
    others = [
        contents.name
        for contents in looked.columns
        if contents.name not in taken
        and contents.filled
        and contents.what == guess.ours
        and called_so(pattern, contents.name)
    ]
    if not others:
        return guess
    evidence = f"{guess.evidence}; likewise {', '.join(others)}"
    return replace(guess, theirs=GLUE.join([guess.theirs, *others]), evidence=evidence)


def _only_name(looked: Looked, taken: Iterable[str]) -> dict[str, Guess]:
    """A person's single name column, for CRMs that keep no separate parts."""
    for contents in looked.columns:
        if contents.name not in taken and re.fullmatch(
            COLUMNS["user"]["name"], plain(contents.name)
        ):
            return {
                "last_name": Guess(
                    "last_name", contents.name, 0.6, "the only name that is kept"
                )
            }
    return {}


def _guess(
    connection: Connection,
    entity: str,
    looked: Looked,
    ours: str,
    pattern: str,
    contents: Contents,
    chosen: Mapping[str, Looked],
) -> Guess | None:
    called = called_so(pattern, contents.name)
    if not called:
        return None
    confidence, evidence = 0.5 * called, ["by its name"]
    if ours in LEADS_TO:
        target = chosen.get(LEADS_TO[ours])
        return _reference(
            connection, looked, Guess(ours, contents.name, confidence, evidence[0]), target
        )
    listed = (
        contents.markup is not None
        and contents.markup.what == "json"
        and ours in ("phone", "email")
    )
    if listed or contents.what in FITS.get(ours, ("text", "word", "phone", "email")):
        confidence += 0.4
        evidence.append(_LABELS[contents.what])
    elif contents.filled:
        return None
    else:
        evidence.append("empty so far")
    if confidence < _LEAST:
        return None
    return _with_contents(
        Guess(ours, contents.name, confidence, "; ".join(evidence)),
        entity,
        contents,
        connection.dialect.name,
    )


def typed_guess(
    connection: Connection, entity: str, ours: str, columns: Sequence[Contents]
) -> Guess:
    """The guess behind a line that the user typed: one column, or several of one kind."""
    dated = ours == "deleted" and columns[0].what in ("instant", "day")
    guess = Guess(
        ours, GLUE.join(contents.name for contents in columns), 1.0, "as you said", dated=dated
    )
    return _with_contents(guess, entity, columns[0], connection.dialect.name)


def _with_contents(guess: Guess, entity: str, contents: Contents, dialect: str) -> Guess:
    """Adds to a guess how the contents of its column are written."""
    as_text, kind = dialect == "files", ENTITIES.get(entity, {}).get(guess.ours, Kind.TEXT)
    odd = {
        Kind.INSTANT: contents.odd_instants,
        Kind.DAY: contents.odd_days,
        Kind.MONEY: contents.odd_amounts,
    }.get(kind, 0)
    hours = kind is Kind.DAY and contents.what == "instant" and (as_text or bool(odd))
    evidence = f"{guess.evidence}; the hour is read and left out" if hours else guess.evidence
    if kind is Kind.DAY and contents.what == "instant" and not hours:
        evidence += "; the day is that of your people's zone"
    markup = contents.markup if kind is Kind.TEXT and entity != "user" else None
    if markup:
        evidence += f"; {markup.summary()}"
    return replace(
        guess,
        evidence=evidence,
        odd=odd,
        whole=contents.whole and not as_text,
        markup=markup,
        zoned=contents.zoned,
    )


_LABELS: Final[Mapping[str, str]] = {
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
    """Checks a reference: its values must be keys of the target table."""
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
    evidence = f"{guess.evidence}; {met:,} of {asked:,} values are {by}"
    return replace(guess, confidence=guess.confidence + 0.45 * met / asked, evidence=evidence)


# ------------------------------------------------------------------------------------ proposals


_NEEDED: Final[Mapping[str, str]] = {
    "meeting_contact": "meeting_id person_id",
    "user": "name|last_name",
}
"""Columns without which an entity is useless."""


def _proposal(
    connection: Connection, entity: str, looked: Looked, guesses: Sequence[Guess]
) -> Proposal | None:
    ours = {guess.ours for guess in guesses}
    lacking = [
        names for names in _NEEDED.get(entity, "").split() if not ours & set(names.split("|"))
    ]
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
    for contents in looked.columns:
        if contents.what == "flag" and DELETED.fullmatch(plain(contents.name)):
            return Guess("deleted", contents.name, 0.9, "by its name; only yes and no")
        if contents.what in ("instant", "day") and DELETED_ON.fullmatch(plain(contents.name)):
            return Guess(
                "deleted", contents.name, 0.9, "by its name; a date or nothing", dated=True
            )
    return None


def words_of(connection: Connection, name: str, status: str | None) -> dict[str, int]:
    """The words of a status or stage and how often each occurs."""
    if status is None:
        return {}
    number = func.count().label("number")
    own = exact_text(column(status))  # a collation could merge held and Held
    counted = select(own, number).select_from(table(name)).group_by(own).order_by(number.desc())
    rows = [
        (text_of(word), times) for word, times in connection.execute(counted.limit(_MOST_WORDS))
    ]
    words = {
        str(word): int(times)
        for word, times in rows
        if word is not None and str(word).strip() and str(word).strip().lower() not in EMPTY
    }
    return dict(sorted(words.items(), key=lambda item: (-item[1], item[0])))
