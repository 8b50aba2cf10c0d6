"""The files that `crm-audit init` writes: audit.yaml, a preset of the user's own, and an example of a plan.

They are written as text, not dumped: their comments are half of what they are for. Whatever comes from the CRM or the
user goes through `quoted` or `clean`, so that no name breaks a line or becomes a key.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import yaml

from pipeline.model import ENTITIES, STATES, Kind
from pipeline.presets import Amount
from pipeline.setup.guess import Guess, Proposal, state_of
from pipeline.setup.kinds import COMPANY, PERSON, Kinds
from pipeline.setup.recognise import masked
from pipeline.setup.vocabulary import TRUE
from pipeline.setup.written import Written, coverage, formats_of, still_open

_WIDEST: Final = 60
_NOT_SO: Final = "formats: you said that they are not right; correct them below, then delete this"
_ID_CELLS: Final = ("=", "+", "-", "@")


def quoted(text: str) -> str:
    """The text as a YAML scalar on one line, whatever it holds."""
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=2**31)).strip()


def clean(text: object, most: int = _WIDEST) -> str:
    """The text as it can stand in a comment or on a terminal: printable, on one line, not too long."""
    shown = "".join(char if char.isprintable() else "?" for char in str(text))
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


# ------------------------------------------------------------------------------------------------ audit.yaml


@dataclass(slots=True)
class Settings:
    """What audit.yaml is to say. What is None has to be filled in by the user."""

    url: str
    preset: str
    recognised: str  # how, as a comment
    zone: str | None = None
    currency: str | None = None
    currency_said: str = ""
    crm_url: str = ""
    result: str | None = None  # 'meetings_cstm.result_c'
    result_said: Sequence[str] = ()  # comments
    end_passed_is_held: bool = False
    targets_example: str | None = None
    open_keys: list[str] = field(default_factory=list)  # what is left to fill in, in words


def audit_text(settings: Settings) -> str:
    """audit.yaml with a comment at each key."""
    return "\n".join(_audit_lines(settings)) + "\n"


def _audit_lines(settings: Settings) -> Iterator[str]:
    yield "# What crm-audit audits, and how. Written by `crm-audit init`; it is yours to edit."
    yield "# Relative paths start at this file."
    if settings.open_keys:
        yield "#"
        yield "# STILL OPEN, because only you can know it:"
        yield from (f"#   - {clean(one, 110)}" for one in settings.open_keys)
    yield ""
    yield "# What the reports call the whole."
    yield "name: Sales"
    yield ""
    yield from _source_lines(settings)
    yield ""
    yield "# The zone of the people whose days are counted."
    yield f"zone: {quoted(settings.zone)}" if settings.zone else "# zone: Europe/Amsterdam"
    yield ""
    yield "# The currency of the plan, and of amounts that name none."
    said = f"  # {clean(settings.currency_said, 90)}" if settings.currency_said else ""
    yield f"currency: {quoted(settings.currency)}{said}" if settings.currency else f"# currency: EUR{said}"
    yield from _rest_lines(settings)


def _source_lines(settings: Settings) -> Iterator[str]:
    yield "source:"
    yield "  # The database to read; it is never written to. Secrets stand here as ${ENVIRONMENT_VARIABLE} only."
    yield f"  url: {quoted(settings.url)}"
    yield f"  # {clean(settings.recognised, 110)}"
    yield f"  preset: {quoted(settings.preset)}"
    yield "  # The address of the CRM's pages: it makes the links in the fix-lists."
    yield f"  crm_url: {quoted(settings.crm_url)}" if settings.crm_url else "  # crm_url: https://crm.example.com"
    yield from (f"  # {clean(line, 110)}" for line in settings.result_said)
    if settings.result:
        yield "  add:"
        yield f"    meeting.result: {quoted(settings.result)}"
    if settings.end_passed_is_held:
        yield "  # This CRM holds no status of meetings: one whose end has passed counts as held."
        yield "  end_passed_is_held: true"


def _rest_lines(settings: Settings) -> Iterator[str]:
    yield ""
    yield "# The days on which people work: they decide how many are left for the plan."
    yield "working_week: [mon, tue, wed, thu, fri]"
    yield ""
    yield "# The days that are audited: month is the current month to date."
    yield "period: month"
    yield ""
    yield "# The plan: a CSV with the columns manager, month, metric, target."
    if settings.targets_example:
        yield f"# Put your numbers into {clean(settings.targets_example)}, then take away the # of the next line."
    yield f"# targets: {quoted(settings.targets_example or 'targets.csv')}"
    yield ""
    yield "# Where reports go."
    yield "output: output"
    yield ""
    yield "# When the audit runs by itself, as cron writes it: minute hour day month weekday."
    yield "# schedule:"
    yield '#   weekly: "0 7 * * mon"  # Monday 07:00'


def targets_text(managers: Iterable[tuple[str, str]], month: str) -> str:
    """A plan with a line per manager; the name is for the reader only."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("manager", "month", "metric", "target", "name"))
    for key, name in managers:
        shown = clean(name)
        writer.writerow((key, month, "meetings_held", 20, f"'{shown}" if shown.startswith(_ID_CELLS) else shown))
    return text.getvalue()


# ------------------------------------------------------------------------------------------------ a preset of one's own


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
    written: Written | None = None  # how days, instants and amounts are written in files

    def kinds(self) -> Kinds | None:
        """What tells companies from persons, where clients and contacts share a table."""
        return next((one.kinds for one in self.proposals if one.kinds), None)

    def left_open(self) -> Sequence[str]:
        """What only the user can know, and did not say: nothing is read before he does."""
        doubts = still_open(self.written) if self.written else ()
        doubted = [_NOT_SO] if self.written and self.written.doubted else []
        return [*(_doubt(which, shown) for which, shown in doubts), *doubted]


def preset_text(own: Own) -> str:
    """The preset, with confidence and evidence beside each line. Unless confirmed it is refused until the user did."""
    return "\n".join(_preset_lines(own)) + "\n"


def _preset_lines(own: Own) -> Iterator[str]:
    yield "# The tables of our own CRM, as `crm-audit init` understood them from names and contents. Yours to edit."
    yield "# Behind each line stands how sure that was, and why. docs/measures.md says what every word means."
    yield ""
    if not own.confirmed or own.left_open():
        yield "# Nothing below is used before you confirmed it. Compare each line with your CRM, correct below what is"
        yield "# wrong, and delete the line here. When the last one is gone, this preset is used."
        yield "unconfirmed:"
        yield from (f"  - {quoted(line)}" for line in own.left_open())
        yield from (f"  - {quoted(line)}" for line in (() if own.confirmed else _guesses(own)))
        yield ""
    yield f"about: {quoted(own.about)}"
    yield f"dialects: [{own.dialect}]"
    yield _money_line(own)
    yield from _format_lines(own.written) if own.written else ()
    yield ""
    yield from _state_lines(own)
    yield from _absent_lines(own)
    yield ""
    yield "# Each row of a table comes out once; `excluded` is the reason for which a row is not audited."
    yield "entities:"
    for proposal in own.proposals:
        yield from _entity_lines(own, proposal)


def _money_line(own: Own) -> str:
    if not own.whole_units:
        return "money: minor  # amounts are integers of cents"
    if own.dialect == "sqlite":
        return "money: minor  # SQLite knows no decimals: the SELECT of deals makes cents; for yen write * 1"
    return "money: decimal  # amounts are whole units, with decimals if any"


def _format_lines(written: Written) -> Iterator[str]:
    formats, read = formats_of(written), coverage(written)
    yield ""
    yield "# How days, instants and amounts are written; what is written otherwise is counted as unreadable."
    yield "formats:"
    for kind, shown in (("day", formats.day), ("instant", formats.instant)):
        yield f"  {kind}: [{', '.join(map(quoted, shown))}]" + (f"  # {_read(*read[kind])}" if kind in read else "")
    yield f"  zone: {formats.zone}  # of the instants: " + (
        "they say so themselves" if formats.zone == "UTC" else "the clock of your people"
    )
    yield "  amount:" + (f"  # {_read(*read['amount'])}" if "amount" in read else "")
    for one in formats.amount:
        signs = ", ".join(map(quoted, one.signs))
        yield f"    - {{decimal: {quoted(one.decimal)}, thousands: {quoted(one.thousands)}, signs: [{signs}]}}"
    if written.empty:
        yield f"# Words that say that nothing was entered: {_times(written)}"
        yield f"empty: [{', '.join(map(quoted, written.empty))}]"


def _times(written: Written) -> str:
    return ", ".join(f"{clean(word)} {written.texts.empty.get(word, 0):,} times" for word in written.empty)


def _read(read: int, all_of_them: int, unreadable: str) -> str:
    """'9 of 10 different texts are written so; not: x… (3 characters)'."""
    said = f"{read:,} of {all_of_them:,} different texts are written so"
    return f"{said}; not: {masked(unreadable)}" if unreadable else said


def format_guesses(written: Written) -> Iterator[str]:
    """What the texts show of how they are written, one line each."""
    formats, read = formats_of(written), coverage(written)
    shown = {"day": formats.day, "instant": formats.instant}
    for kind, (fit, all_of_them, unreadable) in read.items():
        said = " or ".join(shown.get(kind) or map(_amount_said, formats.amount))
        yield f"formats.{kind} = {said}, {_read(fit, all_of_them, unreadable)}"
    if "instant" in read:
        zone = "UTC, as they say themselves" if formats.zone == "UTC" else "the clock of your people"
        yield f"formats.zone = {zone}"
    if written.empty:
        yield f"empty = {_times(written)}"


def _amount_said(amount: Amount) -> str:
    shown = f"1{amount.thousands}234{amount.decimal}50"
    return f"{amount.signs[0]} {shown}" if amount.signs else shown


def _doubt(which: str, shown: str) -> str:
    if which == "amount":
        return f"formats.amount: {clean(shown)} may be thousands or decimals; write the decimal mark, then delete this"
    one, two = (f"%d{which}%m{which}%Y", f"%m{which}%d{which}%Y")
    return f"formats: in {clean(shown)} the day or the month may come first; write {one} or {two}, then delete this"


def _guesses(own: Own) -> Iterator[str]:
    for proposal in own.proposals:
        sure = f"{round(100 * proposal.confidence)}%: {proposal.evidence}"
        yield f"{proposal.entity} = table {clean(proposal.table)}, {sure}"
        for guess in (*proposal.columns, *([proposal.deleted] if proposal.deleted else [])):
            yield f"{proposal.entity}.{guess.ours} = {clean(guess.theirs)}, {guess.said()}"
        for word, state in own.states.get(proposal.entity, {}).items():
            yield f"states.{proposal.entity}.{state} = {clean(word)}, {proposal.words.get(word, 0):,} times"
    if kinds := own.kinds():
        for meaning, entity in ((COMPANY, "client"), (PERSON, "contact")):
            said = f"{_spoken(kinds.of(meaning))}; {clean(kinds.evidence(), 90)}"
            yield f"{entity} = rows whose {clean(kinds.column)} is {said}"
    yield from format_guesses(own.written) if own.written else ()
    if own.written is None and any(proposal.of("amount") for proposal in own.proposals):
        yield f"money = amounts are {'whole units' if own.whole_units else 'cents'}"


def _state_lines(own: Own) -> Iterator[str]:
    shown = [proposal for proposal in own.proposals if proposal.words]
    yield "# The CRM's own words. A word that stands under no state is unknown: listed, and in no figure."
    yield "states:" if shown else "states: {}"
    for proposal in shown:
        chosen = own.states.get(proposal.entity, {})
        yield f"  {proposal.entity}:" + ("" if chosen else " {}")
        for state in STATES[proposal.entity]:
            words = [word for word in proposal.words if chosen.get(word) == state]
            if words:
                yield f"    {state}:"
                yield from (f"      - {quoted(word)}  # {proposal.words[word]:,} times" for word in words)
        for word in proposal.words:
            if word not in chosen:
                yield f"    # under no state: {clean(word)} ({proposal.words[word]:,} times)"


def _absent_lines(own: Own) -> Iterator[str]:
    """A SELECT says itself what it does not give; of columns that are only named, the program knows."""
    lacking = []
    for proposal in own.proposals:
        given = expressions(own, proposal)[0]
        lacking += [f"{proposal.entity}.{ours}" for ours in ENTITIES[proposal.entity] if ours not in given]
    if lacking:
        yield ""
        yield "# Not found in this CRM: nobody is charged for it, and reports say that it was not checked."
        yield "absent:"
        yield from (f"  {name}: not mapped" for name in lacking)


def _entity_lines(own: Own, proposal: Proposal) -> Iterator[str]:
    yield f"  # {round(100 * proposal.confidence)}%: {proposal.evidence}; {proposal.rows:,} rows"
    yield f"  {proposal.entity}:"
    yield f"    table: {quoted(proposal.table)}"
    plain, deleted = expressions(own, proposal)
    excluded = {**_of_the_other(own, proposal), **({"deleted": deleted} if deleted else {})}
    mapped = {guess.ours: guess.theirs for guess in proposal.columns}
    if own.result and proposal.entity == "meeting":
        mapped["result"] = own.result
    if all(plain.get(ours) == own.quote(theirs) for ours, theirs in mapped.items()) and len(plain) == len(mapped):
        yield "    columns:"
        for ours, theirs in mapped.items():
            yield f"      {ours}: {quoted(theirs)}  # {_said(proposal.of(ours))}"
        if excluded:
            said = proposal.kinds.evidence() if proposal.kinds else _said(proposal.deleted)
            yield f"    excluded:  # {clean(said, 90)}"
            yield from (f"      {reason}: {quoted(condition)}" for reason, condition in excluded.items())
        return
    yield from (f"    # {guess.ours} = {clean(guess.theirs)}, {_said(guess)}" for guess in proposal.columns)
    yield "    select: |"
    lines = [f"{theirs} AS {ours}" for ours, theirs in plain.items()]
    reasons = " ".join(f"WHEN {condition} THEN '{reason}'" for reason, condition in excluded.items())
    lines.append(f"CASE {reasons} END AS excluded" if reasons else "NULL AS excluded")
    yield "      SELECT " + ",\n             ".join(lines)
    yield f"      FROM {own.quote(proposal.table)}"


def _of_the_other(own: Own, proposal: Proposal) -> dict[str, str]:
    """Where clients and contacts share a table: which rows are the other's, and which are neither's.

    A row that does not say its kind stays a client: it is the clients' table.
    """
    if proposal.kinds is None:
        return {}
    kinds = proposal.kinds
    column = f"COALESCE({own.quote(kinds.column)}, '')"
    neither = [word for word in kinds.words if word not in kinds.means]
    persons = f"{column} IN ({_literals(kinds.of(PERSON))})"
    found = {"contact": persons} if proposal.entity == "client" else {"client": f"NOT {persons}"}
    return {"neither client nor contact": f"{column} IN ({_literals(neither)})", **found} if neither else found


def _literals(words: Iterable[str]) -> str:
    """As SQL has them, in a statement of which a colon would begin a parameter."""
    return ", ".join("'" + word.replace("'", "''").replace(":", "\\:") + "'" for word in words)


def _spoken(words: Sequence[str]) -> str:
    return " or ".join(map(clean, words))


def _said(guess: Guess | None) -> str:
    if guess is None:
        return "as answered"
    return guess.said()


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
        if own.whole_units and own.dialect == "sqlite":
            found["amount"] = _cents(found["amount"])
    return found, deleted


def _typed(own: Own, entity: str, guess: Guess) -> str:
    """The column; what is text to us is made so where a database does not compare numbers with texts."""
    name = own.quote(guess.theirs)
    if guess.timed:
        name = f"split_part(replace({name}, 'T', ' '), ' ', 1)"
    strict = own.dialect in ("postgresql", "duckdb") and guess.ours != "active"
    text = ENTITIES[entity].get(guess.ours, Kind.TEXT) is Kind.TEXT
    return f"CAST({name} AS text)" if strict and text else name


def _manager(own: Own, found: Mapping[str, str], deleted: str) -> dict[str, str]:
    """A user who is deleted owns records still: he is inactive, not excluded."""
    names = [found[part] for part in ("first_name", "last_name") if part in found]
    if len(names) > 1:
        glued = " || ' ' || ".join(f"COALESCE({name}, '')" for name in names)
        name = f"CONCAT_WS(' ', {', '.join(names)})" if own.dialect in ("mysql", "mariadb") else glued
        name = f"TRIM({name})"
    else:
        name = found.get("name") or names[0]
    conditions = [_true(found["active"])] if "active" in found else []
    conditions += [f"NOT COALESCE({deleted}, FALSE)"] if deleted else []
    active = f"CASE WHEN {' AND '.join(conditions)} THEN 1 ELSE 0 END" if conditions else "1"
    team = {"team_id": found["team"], "team": found["team"]} if "team" in found else {}
    return {"id": found["id"], "name": name, **team, "active": active, "person": "1"}


def _cents(amount: str) -> str:
    """Cents of what has at most two decimals, by its text, so exactly; anything else stays as it is: unreadable."""
    two = f"printf('%.2f', {amount})"
    return (
        f"CASE WHEN typeof({amount}) IN ('integer', 'real') AND CAST({two} AS REAL) = {amount}\n"
        f"                    OR {amount} IN ({two}, printf('%.1f', {amount}), printf('%d', {amount}))\n"
        f"                  THEN CAST(replace({two}, '.', '') AS INTEGER) ELSE {amount} END"
    )


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
