"""Guesses about an unknown CRM as SQL: our columns, and why a row is not audited."""

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
    """The contents of the preset for a CRM that no preset knows."""

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
    # how days, instants and amounts are written; None if the database's own types say it
    written: Written | None = None
    # the user's answer: the zone of datetimes that name none; '' if not asked
    datetimes: str = ""

    def markup(self) -> dict[str, Markup]:
        """'entity.column' -> its markup, for columns with characters that nobody sees."""
        markups = {
            f"{proposal.entity}.{guess.ours}": guess.markup
            for proposal in self.proposals
            for guess in proposal.columns
            if guess.markup
        }
        return (
            {**markups, "meeting.result": self.result_markup}
            if self.result and self.result_markup
            else markups
        )

    def kinds(self) -> Kinds | None:
        """The column that separates companies from persons in a shared table."""
        return next((proposal.kinds for proposal in self.proposals if proposal.kinds), None)


def expressions(own: CustomPreset, proposal: Proposal) -> dict[str, Mapped]:
    """Maps each of our columns to its source."""
    mapped = {guess.ours: _typed(own, proposal.entity, guess) for guess in proposal.columns}
    if proposal.entity == "user":
        return _manager(own, proposal, mapped)
    if proposal.entity == "meeting_contact":
        mapped["person_kind"] = Mapped(value="contact")
    if proposal.entity == "meeting":
        if contact := mapped.pop("contact_id", None):
            parent_kind = f"CASE WHEN {_sql(own, contact)} IS NOT NULL THEN 'contact' END"
            mapped |= {"parent_kind": Mapped(sql=parent_kind), "parent_id": contact}
        if own.result:
            mapped["result"] = Mapped(column=own.result)
    if proposal.entity == "deal" and "amount" in mapped and own.written and not own.whole_units:
        # formats read amounts as whole units
        mapped["amount"] = Mapped(sql=f"{_sql(own, mapped['amount'])} / 100.0")
    return mapped


def reasons(own: CustomPreset, proposal: Proposal) -> dict[str, Mapped]:
    """Why a row is not audited.

    Deleted users still own records, so they are inactive, not excluded.
    """
    excluded = {
        reason: Mapped(sql=condition)
        for reason, condition in of_the_other(own, proposal).items()
    }
    if proposal.deleted and proposal.entity != "user":
        excluded["deleted"] = Mapped(column=proposal.deleted.theirs)
    return excluded


def _typed(own: CustomPreset, entity: str, guess: Guess) -> Mapped:
    """The column, cast to text if we need text and the database is strict about types."""
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
    """One part of a joined text, without words that mean "empty"."""
    text = "CHAR" if own.dialect in ("mysql", "mariadb") else "text"
    value = f"CAST({name} AS {text})"
    empty = own.written.empty if own.written else ()
    return (
        f"CASE WHEN TRIM({value}) IN ({_literals(empty)}) THEN '' ELSE {value} END"
        if empty
        else value
    )


def _named(own: CustomPreset, name: str) -> str:
    """A column of the preset's table, which SQL calls t."""
    return f"t.{own.quote(name)}"


def _sql(own: CustomPreset, mapped: Mapped) -> str:
    return mapped.sql if mapped.sql is not None else _named(own, str(mapped.column))


def _manager(
    own: CustomPreset, proposal: Proposal, mapped: Mapping[str, Mapped]
) -> dict[str, Mapped]:
    """Users by their full name; a team is named after its column's value."""
    names = [mapped[part] for part in ("first_name", "last_name") if part in mapped]
    whole = (
        Mapped(sql=_glued(own, [_sql(own, name) for name in names])) if len(names) > 1 else None
    )
    name = whole or mapped.get("name") or (names or [mapped["id"]])[0]
    team = {"team_id": mapped["team"], "team": mapped["team"]} if "team" in mapped else {}
    active = _active(own, proposal.deleted, mapped.get("active"))
    return {"id": mapped["id"], "name": name, **team, **({"active": active} if active else {})}


def _active(own: CustomPreset, deleted: Guess | None, active: Mapped | None) -> Mapped | None:
    """Whether a user is neither deleted nor disabled, as far as columns show it."""
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
"""Columns that may hold several values, each judged by itself."""


def _several(own: CustomPreset, values: Sequence[str]) -> str:
    """Joins values of one kind with U+001F."""
    if own.dialect in ("mysql", "mariadb"):
        return f"CONCAT_WS(CHAR(31 USING utf8mb4), {', '.join(values)})"
    mark = "char(31)" if own.dialect == "sqlite" else "chr(31)"
    return f" || {mark} || ".join(f"COALESCE({value}, '')" for value in values)


def _glued(own: CustomPreset, names: Sequence[str]) -> str:
    """Joins names with a blank."""
    if own.dialect in ("mysql", "mariadb"):
        return f"TRIM(CONCAT_WS(' ', {', '.join(names)}))"
    return "TRIM(" + " || ' ' || ".join(f"COALESCE({name}, '')" for name in names) + ")"


def states_of(proposals: Iterable[Proposal]) -> dict[str, dict[str, str]]:
    """Guesses the state behind each word of a status or stage."""
    return {
        proposal.entity: {
            word: state for word in proposal.words if (state := state_of(proposal.entity, word))
        }
        for proposal in proposals
        if proposal.words
    }


def of_the_other(own: CustomPreset, proposal: Proposal) -> dict[str, str]:
    """Reason -> condition for rows of the other kind, and of neither, in a shared table.

    A row that does not name its kind stays a client: it is the clients' table.
    """
    if proposal.kinds is None:
        return {}
    kinds = proposal.kinds
    text = "CHAR" if own.dialect in ("mysql", "mariadb") else "text"
    column = f"COALESCE(CAST({_named(own, kinds.column)} AS {text}), '')"
    neither = [word for word in kinds.words if word not in kinds.means]
    persons = f"{column} IN ({_literals(kinds.of(PERSON))})"
    other = (
        {"contact": persons} if proposal.entity == "client" else {"client": f"NOT {persons}"}
    )
    return (
        {"neither_client_nor_contact": f"{column} IN ({_literals(neither)})", **other}
        if neither
        else other
    )


def _literals(words: Iterable[str]) -> str:
    """SQL literals; a colon is escaped, because it would start a parameter."""
    return ", ".join("'" + word.replace("'", "''").replace(":", "\\:") + "'" for word in words)
