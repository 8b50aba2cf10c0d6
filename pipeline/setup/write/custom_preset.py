"""The preset that `crm-audit init` writes for an unknown CRM: its guesses, how sure, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.model import DATED, ENTITIES, STATES, Kind
from pipeline.presets import Amount
from pipeline.presets.columns import Mapped
from pipeline.setup.guess.leftover import as_comments, unmarked, unmarked_sentence
from pipeline.setup.guess.mapping import CustomPreset, expressions, reasons
from pipeline.setup.guess.proposals import Guess, Proposal
from pipeline.setup.guess.two_kinds import COMPANY, PERSON
from pipeline.setup.look.recognise import masked
from pipeline.setup.look.text_formats import Written, coverage, formats_of, still_open
from pipeline.setup.write.audit_file import clean, in_languages, quoted

_NOT_SO: Final = "formats: you said that they are wrong; correct them below, then delete this"


def left_open(own: CustomPreset) -> Sequence[str]:
    """Open questions that only the user can answer; nothing is read until they do."""
    return doubts(own.written) if own.written else []


def doubts(written: Written) -> list[str]:
    """What the texts leave open, and whether the user rejected the formats."""
    open_questions = [_doubt(which, shown) for which, shown in still_open(written)]
    return [*open_questions, _NOT_SO] if written.doubted else open_questions


def without_zone(own: CustomPreset) -> list[tuple[Proposal, Guess]]:
    """Columns of times without a zone and without a declared format, meetings first."""
    if own.dialect == "files":
        return []
    times = [
        (proposal, guess)
        for proposal in own.proposals
        for guess in proposal.columns
        if _names_no_zone(own, proposal.entity, guess)
    ]
    return sorted(times, key=lambda of: of[0].entity != "meeting")


def _names_no_zone(own: CustomPreset, entity: str, guess: Guess) -> bool:
    kind = ENTITIES[entity].get(guess.ours)
    if guess.zoned is not None:  # a closing day may be one too
        return kind in DATED and not guess.zoned
    return kind is Kind.INSTANT and own.written is None


def preset_text(own: CustomPreset, *, tried: bool = False) -> str:
    """The preset, with confidence and evidence beside each line.

    An unconfirmed preset is refused when loaded, except one that is only `tried` on the CRM.
    """
    unconfirmed = [] if tried else [*left_open(own), *([] if own.confirmed else _guesses(own))]
    return "\n".join(_preset_lines(own, unconfirmed)) + "\n"


def _preset_lines(own: CustomPreset, unconfirmed: Sequence[str]) -> Iterator[str]:
    yield "# The tables of our own CRM, as `crm-audit init` understood them from names and contents. Yours to edit."
    yield "# After each line: how sure that was, and why. docs/measures.md defines every word."
    yield ""
    if unconfirmed:
        yield "# Nothing below is used until you confirm it. Compare each line with your CRM, correct below what is"
        yield "# wrong, and delete the line here. When the last one is gone, this preset is used."
        yield "unconfirmed:"
        yield from (f"  - {quoted(line)}" for line in unconfirmed)
        yield ""
    yield f"about: {in_languages(own.about)}"
    yield f"dialects: [{own.dialect}]"
    yield _money_line(own)
    yield from _format_lines(own.written) if own.written else ()
    if markups := own.markup():
        yield ""
        yield "# Texts with markup that nobody sees; a text without anything visible counts as missing."
        yield "contents:"
        yield from (
            f"  {name}: {markup.declared()}  # {markup.summary()}"
            for name, markup in markups.items()
        )
    if without_zone(own):
        yield ""
        yield "# The zone of datetimes that name none: compare a record's time here with the one on the CRM's page."
        yield "# UTC, one like Europe/Amsterdam, or audit: that of your people. MySQL's TIMESTAMP and PostgreSQL's"
        yield "# timestamptz need none."
        yield f"datetimes: {own.datetimes or 'UTC'}"
    yield ""
    yield from _state_lines(own)
    yield ""
    yield "# Whatever is not mapped is absent: nobody is charged for it, and reports list it as not checked."
    yield "# `excluded` gives the reasons for which a row is not audited. In SQL the table is called t."
    yield "entities:"
    for proposal in own.proposals:
        yield from _entity_lines(own, proposal)
    if tables := unmarked(own.proposals):
        yield ""
        yield f"# {unmarked_sentence(tables)}"
    yield from as_comments(own.left)


def _money_line(own: CustomPreset) -> str:
    if not own.whole_units and not own.written:
        return "money: minor  # amounts are integers of cents"
    return "money: decimal  # amounts are whole units, with decimals if any"


def _format_lines(written: Written) -> Iterator[str]:
    formats, read = formats_of(written), coverage(written)
    yield ""
    yield "# How days, instants and amounts are written; anything else counts as unreadable."
    yield "formats:"
    for kind, shown in (("day", formats.day), ("instant", formats.instant)):
        yield f"  {kind}: [{', '.join(map(quoted, shown))}]" + (
            f"  # {_read(*read[kind])}" if kind in read else ""
        )
    yield f"  zone: {formats.zone}  # of the instants: " + (
        "they say so themselves" if formats.zone == "UTC" else "the clock of your people"
    )
    yield "  amount:" + (f"  # {_read(*read['amount'])}" if "amount" in read else "")
    for amount in formats.amount:
        signs = ", ".join(map(quoted, amount.signs))
        yield f"    - {{decimal: {quoted(amount.decimal)}, thousands: {quoted(amount.thousands)}, signs: [{signs}]}}"
    if written.empty:
        yield f"# Words that say that nothing was entered: {_times(written)}"
        yield f"empty: [{', '.join(map(quoted, written.empty))}]"


def _times(written: Written) -> str:
    return ", ".join(
        f"{clean(word)} {written.texts.empty.get(word, 0):,} times" for word in written.empty
    )


def _read(read: int, all_of_them: int, unreadable: str) -> str:
    """'9 of 10 different texts are written so; not: x… (3 characters)'."""
    coverage_text = f"{read:,} of {all_of_them:,} different texts are written so"
    return f"{coverage_text}; not: {masked(unreadable)}" if unreadable else coverage_text


def format_guesses(written: Written) -> Iterator[str]:
    """How the texts are written, one line per kind."""
    formats, read = formats_of(written), coverage(written)
    shown = {"day": formats.day, "instant": formats.instant}
    for kind, (fit, all_of_them, unreadable) in read.items():
        wordings = " or ".join(shown.get(kind) or map(_amount_example, formats.amount))
        yield f"formats.{kind} = {wordings}, {_read(fit, all_of_them, unreadable)}"
    if "instant" in read:
        zone = (
            "UTC, as they say themselves"
            if formats.zone == "UTC"
            else "the clock of your people"
        )
        yield f"formats.zone = {zone}"
    if written.empty:
        yield f"empty = {_times(written)}"


def _amount_example(amount: Amount) -> str:
    shown = f"1{amount.thousands}234{amount.decimal}50"
    return f"{amount.signs[0]} {shown}" if amount.signs else shown


def _doubt(which: str, shown: str) -> str:
    if which == "amount":
        return f"formats.amount: {clean(shown)} may be thousands or decimals; write the decimal mark, then delete this"
    day_first, month_first = (f"%d{which}%m{which}%Y", f"%m{which}%d{which}%Y")
    return (
        f"formats: in {clean(shown)} the day or the month may come first; "
        f"write {day_first} or {month_first}, then delete this"
    )


def _guesses(own: CustomPreset) -> Iterator[str]:
    for proposal in own.proposals:
        sure = f"{round(100 * proposal.confidence)}%: {proposal.evidence}"
        yield f"{proposal.entity} = table {clean(proposal.table)}, {sure}"
        for guess in (*proposal.columns, *([proposal.deleted] if proposal.deleted else [])):
            yield f"{proposal.entity}.{guess.ours} = {clean(guess.theirs)}, {guess.summary()}"
        for word, state in own.states.get(proposal.entity, {}).items():
            yield f"states.{proposal.entity}.{state} = {clean(word)}, {proposal.words.get(word, 0):,} times"
    if kinds := own.kinds():
        for meaning, entity in ((COMPANY, "client"), (PERSON, "contact")):
            rows = f"{_spoken(kinds.of(meaning))}; {clean(kinds.evidence(), 90)}"
            yield f"{entity} = rows whose {clean(kinds.column)} is {rows}"
    yield from format_guesses(own.written) if own.written else ()
    yield from (
        f"contents.{name} = {markup.declared()}, {markup.summary()}"
        for name, markup in own.markup().items()
    )
    if without_zone(own):
        yield "datetimes = UTC; write the zone if the times in your database are those of your people's clock"
    if own.written is None and any(proposal.of("amount") for proposal in own.proposals):
        yield f"money = amounts are {'whole units' if own.whole_units else 'cents'}"


def _state_lines(own: CustomPreset) -> Iterator[str]:
    shown = [proposal for proposal in own.proposals if proposal.words]
    yield "# The CRM's own words. A word under no state is unknown: listed, but in no figure."
    yield "states:" if shown else "states: {}"
    for proposal in shown:
        chosen = own.states.get(proposal.entity, {})
        yield f"  {proposal.entity}:" + ("" if chosen else " {}")
        for state in STATES[proposal.entity]:
            words = [word for word in proposal.words if chosen.get(word) == state]
            if words:
                yield f"    {state}:"
                yield from (
                    f"      - {quoted(word)}  # {proposal.words[word]:,} times"
                    for word in words
                )
        for word in proposal.words:
            if word not in chosen:
                yield f"    # under no state: {clean(word)} ({proposal.words[word]:,} times)"


def _entity_lines(own: CustomPreset, proposal: Proposal) -> Iterator[str]:
    yield f"  # {round(100 * proposal.confidence)}%: {proposal.evidence}; {proposal.rows:,} rows"
    yield f"  {proposal.entity}:"
    yield f"    table: {quoted(proposal.table)}"
    yield "    columns:"
    guesses = {guess.ours: guess for guess in proposal.columns}
    for ours, mapped in expressions(own, proposal).items():
        guess = guesses.get(ours)
        comment = "" if guess is None and mapped.column is None else f"  # {_comment(guess)}"
        yield f"      {ours}: {_form(mapped)}{comment}"
    if excluded := reasons(own, proposal):
        comment = proposal.kinds.evidence() if proposal.kinds else _comment(proposal.deleted)
        yield f"    excluded:  # {clean(comment, 90)}"
        yield from (f"      {reason}: {_form(mapped)}" for reason, mapped in excluded.items())


def _form(mapped: Mapped) -> str:
    """The mapping as written in a preset; a plain column is its name alone."""
    if mapped.sql is not None:
        return f"{{sql: {quoted(mapped.sql)}}}"
    if mapped.column is None:
        return f"{{value: {quoted(str(mapped.value))}}}"
    return (
        quoted(mapped.column) if mapped.says else f"{{column: {quoted(mapped.column)}, is: no}}"
    )


def _spoken(words: Sequence[str]) -> str:
    return " or ".join(map(clean, words))


def _comment(guess: Guess | None) -> str:
    if guess is None:
        return "as answered"
    return guess.summary()
