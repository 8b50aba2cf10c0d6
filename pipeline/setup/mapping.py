"""The guesses about a CRM of the user's own as SQL: our columns, and why a row is not audited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model import ENTITIES, Kind
from pipeline.setup.contents import GLUE
from pipeline.setup.guess import Guess, Proposal, state_of
from pipeline.setup.kinds import PERSON, Kinds
from pipeline.setup.leftover import Left
from pipeline.setup.vocabulary import TRUE
from pipeline.setup.written import Written


@dataclass(frozen=True, slots=True)
class Own:
    """What the preset of a CRM that nobody knew is to say."""

    about: str
    dialect: str
    quote: Callable[[str], str]  # of names in the database's SQL
    proposals: Sequence[Proposal]
    states: Mapping[str, Mapping[str, str]]  # entity -> the CRM's word -> our state
    whole_units: bool  # amounts that are integers: of whole units, not of cents
    confirmed: bool
    result: str | None = None  # the column of the meetings' table
    left: tuple[Left, ...] = ()  # what is not used
    written: Written | None = None  # how days, instants and amounts are written, where that must be told

    def kinds(self) -> Kinds | None:
        """What tells companies from persons, where clients and contacts share a table."""
        return next((one.kinds for one in self.proposals if one.kinds), None)


def expressions(own: Own, proposal: Proposal) -> tuple[dict[str, str], str]:
    """Our columns as SQL, and the condition under which a row is deleted ('' where there is none)."""
    found = {guess.ours: _typed(own, proposal.entity, guess) for guess in proposal.columns}
    deleted = _true(own.quote(proposal.deleted.theirs)) if proposal.deleted else ""
    if proposal.entity == "manager":
        return _manager(own, found, deleted), ""
    if proposal.entity == "meeting_contact":
        found = {"meeting_id": found["meeting_id"], "person_kind": "'contact'", "person_id": found["person_id"]}
    if proposal.entity == "meeting":
        if contact := found.pop("contact_id", None):
            found |= {"parent_kind": f"CASE WHEN {contact} IS NOT NULL THEN 'contact' END", "parent_id": contact}
        if own.result:
            found["result"] = own.quote(own.result)
    if proposal.entity == "deal" and "amount" in found:
        found.setdefault("currency", ":currency")  # the audit's own
        if own.written and not own.whole_units:
            found["amount"] = f"{found['amount']} / 100.0"  # of formats amounts are units
    return found, deleted


def _typed(own: Own, entity: str, guess: Guess) -> str:
    """The column; what is text to us is made so where a database does not compare numbers with texts."""
    if GLUE in guess.theirs:
        return _glued(own, [_stated(own, own.quote(part)) for part in guess.theirs.split(GLUE)])
    name = own.quote(guess.theirs)
    if guess.timed:
        name = f"split_part(replace({name}, 'T', ' '), ' ', 1)"
    strict = own.dialect in ("postgresql", "duckdb") and guess.ours != "active"
    text = ENTITIES[entity].get(guess.ours, Kind.TEXT) is Kind.TEXT
    return f"CAST({name} AS text)" if strict and text else name


def _stated(own: Own, name: str) -> str:
    """A part of a text that is joined: a word that says nothing must not become a part of one that does."""
    text = "CHAR" if own.dialect in ("mysql", "mariadb") else "text"
    value = f"CAST({name} AS {text})"
    empty = own.written.empty if own.written else ()
    return f"CASE WHEN TRIM({value}) IN ({_literals(empty)}) THEN '' ELSE {value} END" if empty else value


def _manager(own: Own, found: Mapping[str, str], deleted: str) -> dict[str, str]:
    """A user who is deleted owns records still: he is inactive, not excluded."""
    names = [found[part] for part in ("first_name", "last_name") if part in found]
    name = _glued(own, names) if len(names) > 1 else found.get("name") or (names or [found["id"]])[0]
    conditions = [_true(found["active"])] if "active" in found else []
    conditions += [f"NOT COALESCE({deleted}, FALSE)"] if deleted else []
    active = f"CASE WHEN {' AND '.join(conditions)} THEN 1 ELSE 0 END" if conditions else "1"
    team = {"team_id": found["team"], "team": found["team"]} if "team" in found else {}
    return {"id": found["id"], "name": name, **team, "active": active, "person": "1"}


def _glued(own: Own, names: Sequence[str]) -> str:
    """Names with a blank between them."""
    if own.dialect in ("mysql", "mariadb"):
        return f"TRIM(CONCAT_WS(' ', {', '.join(names)}))"
    return "TRIM(" + " || ' ' || ".join(f"COALESCE({name}, '')" for name in names) + ")"


def _true(flag: str) -> str:
    """Holds for 1 as for true, whatever type the column has."""
    return f"LOWER(CAST({flag} AS CHAR(5))) IN ({_literals(TRUE)})"


def states_of(proposals: Iterable[Proposal]) -> dict[str, dict[str, str]]:
    """The states that the words of status and stage may stand for: guesses like the others."""
    return {
        one.entity: {word: state for word in one.words if (state := state_of(one.entity, word))}
        for one in proposals
        if one.words
    }


def of_the_other(own: Own, proposal: Proposal) -> dict[str, str]:
    """Where clients and contacts share a table, reason -> condition: rows of the other, and of neither.

    A row that does not say its kind stays a client: it is the clients' table.
    """
    if proposal.kinds is None:
        return {}
    kinds = proposal.kinds
    text = "CHAR" if own.dialect in ("mysql", "mariadb") else "text"
    column = f"COALESCE(CAST({own.quote(kinds.column)} AS {text}), '')"
    neither = [word for word in kinds.words if word not in kinds.means]
    persons = f"{column} IN ({_literals(kinds.of(PERSON))})"
    found = {"contact": persons} if proposal.entity == "client" else {"client": f"NOT {persons}"}
    return {"neither client nor contact": f"{column} IN ({_literals(neither)})", **found} if neither else found


def _literals(words: Iterable[str]) -> str:
    """As SQL has them, in a statement of which a colon would begin a parameter."""
    return ", ".join("'" + word.replace("'", "''").replace(":", "\\:") + "'" for word in words)
