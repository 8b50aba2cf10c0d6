"""The guesses about a CRM of the user's own as SQL: our columns, and
why a row is not audited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.model import ENTITIES, Kind, LocalText
from pipeline.presets.columns import Mapped
from pipeline.setup.guess.leftover import Left
from pipeline.setup.guess.proposals import Guess, Proposal, state_of
from pipeline.setup.guess.two_kinds import PERSON, Kinds
from pipeline.setup.look.contents import GLUE
from pipeline.setup.look.markup import Markup
from pipeline.setup.look.text_formats import Written
from pipeline.values.flags import YES


@dataclass(frozen=True, slots=True)
class CustomPreset:
    """What the preset of a CRM that nobody knew is to say."""

    about: LocalText
    dialect: str
    quote: Callable[[str], str]  # of names in the database's SQL
    proposals: Sequence[Proposal]
    states: Mapping[str, Mapping[str, str]]  # entity -> the CRM's word -> our state
    whole_units: bool  # amounts that are integers: of whole units, not of cents
    confirmed: bool
    result: str | None = None  # the column of the meetings' table
    result_markup: Markup | None = None
    left: tuple[Left, ...] = ()  # what is not used
    written: Written | None = (
        None  # how days, instants and amounts are written, where that must be told
    )
    datetimes: str = (
        ""  # the zone of datetimes that name none, as the user says; '' where nobody was asked
    )

    def markup(self) -> dict[str, Markup]:
        """'entity.column' -> what it holds, where nobody sees every character."""
        found = {
            f"{proposal.entity}.{guess.ours}": guess.markup
            for proposal in self.proposals
            for guess in proposal.columns
            if guess.markup
        }
        return (
            {**found, "meeting.result": self.result_markup}
            if self.result and self.result_markup
            else found
        )

    def kinds(self) -> Kinds | None:
        """What tells companies from persons, where clients and contacts share a table."""
        return next((one.kinds for one in self.proposals if one.kinds), None)


def expressions(own: CustomPreset, proposal: Proposal) -> dict[str, Mapped]:
    """Our columns, and where each comes from."""
    found = {guess.ours: _typed(own, proposal.entity, guess) for guess in proposal.columns}
    if proposal.entity == "user":
        return _manager(own, proposal, found)
    if proposal.entity == "meeting_contact":
        found["person_kind"] = Mapped(value="contact")
    if proposal.entity == "meeting":
        if contact := found.pop("contact_id", None):
            said = f"CASE WHEN {_sql(own, contact)} IS NOT NULL THEN 'contact' END"
            found |= {"parent_kind": Mapped(sql=said), "parent_id": contact}
        if own.result:
            found["result"] = Mapped(column=own.result)
    if proposal.entity == "deal" and "amount" in found and own.written and not own.whole_units:
        # of formats amounts are units
        found["amount"] = Mapped(sql=f"{_sql(own, found['amount'])} / 100.0")
    return found


def reasons(own: CustomPreset, proposal: Proposal) -> dict[str, Mapped]:
    """Why a row is not audited. A user who is deleted owns records
    still: inactive, not excluded.
    """
    found = {
        reason: Mapped(sql=condition)
        for reason, condition in of_the_other(own, proposal).items()
    }
    if proposal.deleted and proposal.entity != "user":
        found["deleted"] = Mapped(column=proposal.deleted.theirs)
    return found


def _typed(own: CustomPreset, entity: str, guess: Guess) -> Mapped:
    """The column; what is text to us is made so where a database does not
    compare numbers with texts.
    """
    if GLUE in guess.theirs:
        parts = [_stated(own, _named(own, part)) for part in guess.theirs.split(GLUE)]
        return Mapped(
            sql=_several(own, parts) if guess.ours in _SEVERAL else _glued(own, parts)
        )
    strict = own.dialect in ("postgresql", "duckdb") and guess.ours != "active"
    if strict and ENTITIES[entity].get(guess.ours, Kind.TEXT) is Kind.TEXT:
        return Mapped(sql=f"CAST({_named(own, guess.theirs)} AS text)")
    return Mapped(column=guess.theirs)


def _stated(own: CustomPreset, name: str) -> str:
    """A part of a text that is joined: a word that says nothing must not become
    a part of one that does.
    """
    text = "CHAR" if own.dialect in ("mysql", "mariadb") else "text"
    value = f"CAST({name} AS {text})"
    empty = own.written.empty if own.written else ()
    return (
        f"CASE WHEN TRIM({value}) IN ({_literals(empty)}) THEN '' ELSE {value} END"
        if empty
        else value
    )


def _named(own: CustomPreset, name: str) -> str:
    """A column in an expression: of the preset's table, which is called t."""
    return f"t.{own.quote(name)}"


def _sql(own: CustomPreset, mapped: Mapped) -> str:
    return mapped.sql if mapped.sql is not None else _named(own, str(mapped.column))


def _manager(
    own: CustomPreset, proposal: Proposal, found: Mapping[str, Mapped]
) -> dict[str, Mapped]:
    """People by their whole name, in teams that are called like their column."""
    names = [found[part] for part in ("first_name", "last_name") if part in found]
    whole = (
        Mapped(sql=_glued(own, [_sql(own, name) for name in names])) if len(names) > 1 else None
    )
    name = whole or found.get("name") or (names or [found["id"]])[0]
    team = {"team_id": found["team"], "team": found["team"]} if "team" in found else {}
    active = _active(own, proposal.deleted, found.get("active"))
    return {"id": found["id"], "name": name, **team, **({"active": active} if active else {})}


def _active(own: CustomPreset, deleted: Guess | None, active: Mapped | None) -> Mapped | None:
    """Who is neither deleted nor disabled, as far as columns say it."""
    if deleted is None:
        return active
    if active is None:
        return Mapped(column=deleted.theirs, says=False)
    text = "CHAR" if own.dialect in ("mysql", "mariadb") else "text"
    gone = f"LOWER(CAST({_named(own, deleted.theirs)} AS {text})) IN ({_literals(YES)})"
    if deleted.dated:
        gone = f"{_named(own, deleted.theirs)} IS NOT NULL"
    return Mapped(
        sql=f"CASE WHEN {gone} THEN 'no' ELSE CAST({_sql(own, active)} AS {text}) END"
    )


_SEVERAL: Final = ("phone", "email")
"""Of these there may be several, each judged by itself; a name or a key of
two columns is one text.
"""


def _several(own: CustomPreset, values: Sequence[str]) -> str:
    """Values of one kind with U+001F between them."""
    if own.dialect in ("mysql", "mariadb"):
        return f"CONCAT_WS(CHAR(31 USING utf8mb4), {', '.join(values)})"
    mark = "char(31)" if own.dialect == "sqlite" else "chr(31)"
    return f" || {mark} || ".join(f"COALESCE({value}, '')" for value in values)


def _glued(own: CustomPreset, names: Sequence[str]) -> str:
    """Names with a blank between them."""
    if own.dialect in ("mysql", "mariadb"):
        return f"TRIM(CONCAT_WS(' ', {', '.join(names)}))"
    return "TRIM(" + " || ' ' || ".join(f"COALESCE({name}, '')" for name in names) + ")"


def states_of(proposals: Iterable[Proposal]) -> dict[str, dict[str, str]]:
    """The states that the words of status and stage may stand for: guesses like the others."""
    return {
        one.entity: {word: state for word in one.words if (state := state_of(one.entity, word))}
        for one in proposals
        if one.words
    }


def of_the_other(own: CustomPreset, proposal: Proposal) -> dict[str, str]:
    """Where clients and contacts share a table, reason -> condition: rows of
    the other, and of neither.

    A row that does not say its kind stays a client: it is the clients' table.
    """
    if proposal.kinds is None:
        return {}
    kinds = proposal.kinds
    text = "CHAR" if own.dialect in ("mysql", "mariadb") else "text"
    column = f"COALESCE(CAST({_named(own, kinds.column)} AS {text}), '')"
    neither = [word for word in kinds.words if word not in kinds.means]
    persons = f"{column} IN ({_literals(kinds.of(PERSON))})"
    found = (
        {"contact": persons} if proposal.entity == "client" else {"client": f"NOT {persons}"}
    )
    return (
        {"neither_client_nor_contact": f"{column} IN ({_literals(neither)})", **found}
        if neither
        else found
    )


def _literals(words: Iterable[str]) -> str:
    """As SQL has them, in a statement of which a colon would begin a parameter."""
    return ", ".join("'" + word.replace("'", "''").replace(":", "\\:") + "'" for word in words)
