"""The questions of `crm-audit init`: few, with what the CRM itself says to each, and none
that it can answer alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Final, get_args
from zoneinfo import available_timezones

import click
from sqlalchemy import Connection

from pipeline.model import STATES, LanguageCode
from pipeline.setup.guess.leftover import left_of
from pipeline.setup.guess.mapping import CustomPreset
from pipeline.setup.guess.proposals import (
    Guess,
    Proposal,
    results_of,
    told_by_you,
    words_of,
    written_in,
)
from pipeline.setup.guess.two_kinds import COMPANY, PERSON
from pipeline.setup.look.contents import GLUE, Contents, Looked, hours_of, look
from pipeline.setup.look.markup import Markup
from pipeline.setup.look.recognise import Candidate, Known, likely, machine_zone, share
from pipeline.setup.look.text_formats import Written, still_open
from pipeline.setup.look.vocabulary import COLUMNS
from pipeline.setup.write.audit_file import Settings, clean
from pipeline.setup.write.custom_preset import format_guesses, without_zone
from pipeline.values.money import CODES

_MANY: Final = {
    "user": "your people",
    "client": "clients",
    "contact": "contacts",
    "lead": "leads",
    "meeting": "meetings",
    "meeting_contact": "who was invited to a meeting",
    "call": "calls",
    "deal": "deals",
}
_NOT_COUNTED: Final = "unknown"
_NEITHER: Final = "neither"


def about_the_rest(settings: Settings, known: Known) -> bool:
    """Asks what is needed beside the preset, and puts it into `settings`; returns whether
    an example plan is wanted.
    """
    absent = known.preset.absent_columns()
    has_meetings = "meeting" in known.preset.entities
    if has_meetings and "meeting.status" in absent:
        settings.end_passed_is_held = click.confirm(
            "\nThis CRM holds no status of meetings. Count a meeting as held once its end has passed?",
            default=None,
        )
    if has_meetings and "meeting.result" in absent and known.candidates:
        of = "meetings" if "meeting.status" in absent else "meetings held"
        chosen = where_results_are(known.candidates, of)
        settings.result = chosen.column if chosen else None
        settings.result_said = [_result_said(chosen, of)]
    click.echo()
    settings.zone = click.prompt(
        "Time zone of your people", default=machine_zone(), value_proc=_zone
    )
    settings.currency = click.prompt(
        "Currency of amounts that name none", default=_usual(known), value_proc=_currency
    )
    settings.language = click.prompt(
        "Language of the reports", type=click.Choice(get_args(LanguageCode)), default="en"
    )
    links = (part.link for parts in known.preset.entities.values() for part in parts)
    if any(link and "://" not in link for link in links):
        like = f" (like {known.preset.pages})" if known.preset.pages else ""
        settings.crm_url = click.prompt(
            f"Address of the CRM's pages{like}, for links to records (Enter: none)",
            default="",
            show_default=False,
            value_proc=_address,
        )
    return bool(known.managers) and click.confirm(
        "Write an example of a plan, with your people's ids?", default=False
    )


def _result_said(chosen: Candidate | None, of: str) -> str:
    if chosen is None:
        return "A meeting's result is written nowhere: nobody owes one."
    return f"A meeting's result; filled in {share(chosen.filled, chosen.held)} of {chosen.held:,} {of}."


def where_results_are(candidates: Sequence[Candidate], of: str) -> Candidate | None:
    """The one column in which results are written, or none; `of` says over which
    meetings that was counted.
    """
    click.echo(f"\nWhere is a meeting's result written? Over {candidates[0].held:,} {of}:")
    width = max(len(clean(one.column)) for one in candidates)
    for number, one in enumerate(candidates, 1):
        samples = f"  {', '.join(map(clean, one.samples))}" if one.samples else ""
        fill = f"filled in {share(one.filled, one.held):>4}, {one.words:,} different"
        click.echo(f"  {number}  {clean(one.column):<{width}}  {fill}{samples}")
    click.echo("  0  nowhere: nobody owes a result")
    default = 1 if likely(candidates[0]) and candidates[0].filled else None
    chosen = click.prompt("Which", type=click.IntRange(0, len(candidates)), default=default)
    return candidates[int(chosen) - 1] if chosen else None


def _usual(known: Known) -> str | None:
    named = {
        code: times
        for code, times in known.currencies.items()
        if re.fullmatch("[A-Z]{3}", code)
    }
    return max(named, key=lambda code: named[code]) if named else None


def _zone(text: str) -> str:
    if text.strip() not in available_timezones():
        raise click.BadParameter(
            f"'{clean(text)}' is no time zone; write one like Europe/Amsterdam."
        )
    return text.strip()


def _currency(text: str) -> str:
    code = text.strip().upper()
    if code not in CODES:
        raise click.BadParameter("write an ISO 4217 code like EUR.")
    return code


def _address(text: str) -> str:
    if text.strip() and not re.match(r"https?://[^\s/@:]+(:\d+)?(/\S*)?$", text.strip()):
        raise click.BadParameter("write it like https://crm.example.com, or press Enter.")
    return text.strip()


# --------------------------------------------------------------------------- a CRM of one's own


def about_own(connection: Connection, guessed: CustomPreset) -> CustomPreset:
    """Goes through the guesses; what remains is confirmed."""
    what = "these files" if guessed.dialect == "files" else "this database"
    click.echo(
        f"\nNo preset of ours knows {what}. Here is what its names "
        "and contents look like;\nfor each kind of record press Enter where it is right, or type the numbers of the "
        "wrong lines (2,4),\nor a line that is lacking or another (phone = mobiel), or n where it is not it."
    )
    kept = [
        one for proposal in guessed.proposals if (one := _about_proposal(connection, proposal))
    ]
    if not kept:
        raise click.ClickException("Nothing was confirmed, so nothing was written.")
    kept = _about_kinds(kept)
    states = {
        one.entity: _about_words(one, guessed.states.get(one.entity, {}))
        for one in kept
        if one.words
    }
    deal = next((one.of("amount") for one in kept if one.of("amount")), None)
    found = written_in(connection, kept)
    written = about_the_writing(found) if found else None
    whole_units = True
    if deal and deal.whole:
        whole_units = click.confirm(
            "\nAmounts have no decimals. Are they whole units (n: cents)?", default=None
        )
    meeting = next((one for one in kept if one.entity == "meeting"), None)
    result = (
        _about_result(connection, meeting, states.get("meeting", {}), written)
        if meeting
        else None
    )
    own = replace(
        guessed,
        proposals=kept,
        states=states,
        whole_units=whole_units,
        result=result,
        confirmed=True,
        written=written,
        result_markup=_markup_of(connection, meeting, result),
    )
    times = without_zone(own)
    return replace(own, datetimes=_about_the_clock(connection, *times[0])) if times else own


def _about_the_clock(connection: Connection, of: Proposal, guess: Guess) -> str:
    """In which zone the database's own times are meant that name none; `of` holds some of
    them. Nothing tells, so that there is no default.
    """
    name = f"{of.table}.{guess.theirs}"
    click.echo(
        f"\nTimes like those in {clean(name)} name no zone: compare one with the CRM's page."
    )
    if hours := hours_of(connection, of.table, guess.theirs):
        click.echo(f"Most of them stand at {', '.join(map(str, hours))} o'clock there.")
    click.echo(
        "Is it the clock of your people (audit), UTC, or that of another zone, like Europe/Amsterdam?"
    )
    return str(click.prompt("Which clock", value_proc=_clock))


def _clock(text: str) -> str:
    said = text.strip()
    if said.lower() in ("audit", "utc"):
        return "audit" if said.lower() == "audit" else "UTC"
    if said not in available_timezones():
        raise click.BadParameter(
            f"'{clean(said)}' is no time zone; write audit, UTC, or one like Europe/Amsterdam."
        )
    return said


def _markup_of(
    connection: Connection, meeting: Proposal | None, result: str | None
) -> Markup | None:
    """What the column of results holds, where nobody sees every character."""
    columns = look(connection, meeting.table).columns if meeting and result else ()
    return next((one.markup for one in columns if one.name == result), None)


def _about_proposal(connection: Connection, proposal: Proposal) -> Proposal | None:
    """The proposal with the lines that are right; None where it is not it at all."""
    looked = look(connection, proposal.table)
    while True:
        lines = [*proposal.columns, *([proposal.deleted] if proposal.deleted else [])]
        _show(proposal, lines, looked)
        answer = click.prompt(
            "Right",
            default="y",
            value_proc=_answer_of(connection, proposal, len(lines), looked),
        )
        if isinstance(answer, Guess):
            proposal = _with_line(connection, proposal, answer)
            continue
        return _without(proposal, lines, answer)


def _show(proposal: Proposal, lines: Sequence[Guess], looked: Looked) -> None:
    many = _MANY[proposal.entity]
    click.echo(
        f"\n{many[0].upper()}{many[1:]}: table {clean(proposal.table)}, {proposal.rows:,} rows"
    )
    if proposal.kinds:
        click.echo(f"  Some of them: {clean(proposal.kinds.evidence(), 90)}")
    width = max(len(clean(one.theirs)) for one in lines)
    for number, one in enumerate(lines, 1):
        click.echo(
            f"  {number:>2}  {one.ours:<11} = {clean(one.theirs):<{width}}  {one.said()}"
        )
    used = {part for one in lines for part in one.theirs.split(GLUE)}
    left = left_of(looked, used | ({proposal.kinds.column} if proposal.kinds else set()))
    if left.columns:
        said = "not used: " + ", ".join(
            f"{clean(name)} ({kind})" for name, kind in left.columns
        )
        click.echo(
            "\n".join(wrap(said, 108, initial_indent="      ", subsequent_indent="        "))
        )


def _without(
    proposal: Proposal, lines: Sequence[Guess], wrong: set[int] | None
) -> Proposal | None:
    if wrong is None or (proposal.entity != "meeting_contact" and 1 in wrong):
        return None  # without its key there is no record
    kept = [one for number, one in enumerate(lines, 1) if number not in wrong]
    words = proposal.words if any(one.ours in ("status", "stage") for one in kept) else {}
    deleted = proposal.deleted if proposal.deleted in kept else None
    columns = tuple(one for one in kept if one is not proposal.deleted)
    if proposal.entity == "meeting_contact" and len(columns) < 2:
        return None
    return replace(proposal, columns=columns, deleted=deleted, words=words)


def _with_line(connection: Connection, proposal: Proposal, said: Guess) -> Proposal:
    """The proposal with a line of the user's, instead of the one of the same column of ours."""
    if said.ours == "deleted":
        return replace(proposal, deleted=said)
    columns = tuple(said if one.ours == said.ours else one for one in proposal.columns)
    words = (
        words_of(connection, proposal.table, said.theirs)
        if said.ours in ("status", "stage")
        else proposal.words
    )
    return replace(
        proposal, columns=columns if said in columns else (*columns, said), words=words
    )


def _answer_of(
    connection: Connection, proposal: Proposal, most: int, looked: Looked
) -> Callable[[str], set[int] | Guess | None]:
    """A line like 'phone = mobiel', or what `_lines_of` reads."""
    numbers = _lines_of(most)
    allowed = [*COLUMNS[proposal.entity], "deleted"]

    def read(text: str) -> set[int] | Guess | None:
        ours, equals, theirs = (part.strip() for part in text.partition("="))
        if not equals:
            return numbers(text)
        if ours not in allowed:
            raise click.BadParameter(
                f"'{clean(ours)}' is none of ours; write one of {', '.join(allowed)}."
            )
        return told_by_you(
            connection,
            proposal.entity,
            ours,
            [_column(looked, part) for part in _parts(ours, theirs)],
        )

    return read


def _parts(ours: str, theirs: str) -> list[str]:
    """'telefoon + mobiel' names two columns of one kind."""
    return theirs.split("+") if ours in ("phone", "email") else [theirs]


def _column(looked: Looked, name: str) -> Contents:
    one = next(
        (one for one in looked.columns if one.name.lower() == name.strip().lower()), None
    )
    if one is None:
        there = ", ".join(clean(one.name) for one in looked.columns)
        raise click.BadParameter(
            f"there is no column '{clean(name.strip())}'; there are {there}."
        )
    return one


def _lines_of(most: int) -> Callable[[str], set[int] | None]:
    """'y' = none is wrong, 'n' = all, '2,4' = these."""

    def read(text: str) -> set[int] | None:
        said = text.strip().lower()
        if said in ("y", "yes", "j", "ja"):
            return set()
        if said in ("n", "no", "nee"):
            return None
        numbers = re.findall(r"\d+", said)
        if (
            not numbers
            or re.sub(r"[\d,;\s]", "", said)
            or not all(1 <= int(one) <= most for one in numbers)
        ):
            raise click.BadParameter(
                f"press Enter, or type n, or numbers from 1 to {most} like 2,4."
            )
        return {int(one) for one in numbers}

    return read


def _about_words(proposal: Proposal, guessed: Mapping[str, str]) -> dict[str, str]:
    return about_words(proposal.entity, proposal.words, guessed)


def about_words(
    entity: str, words: Mapping[str, int], guessed: Mapping[str, str]
) -> dict[str, str]:
    """What each word of a status or stage means: word -> state; a word that is to
    stay unknown is left out.
    """
    states = STATES[entity]
    click.echo(
        f"\nWhat do the words of {_MANY[entity]} mean? {', '.join(states)}, or {_NOT_COUNTED}:"
    )
    found = {}
    for word, times in words.items():
        state = click.prompt(
            f"  {clean(word)} ({times:,} times)",
            default=guessed.get(word),
            value_proc=_one_of((*states, _NOT_COUNTED)),
        )
        if state != _NOT_COUNTED:
            found[word] = state
    return found


def _about_kinds(kept: Sequence[Proposal]) -> list[Proposal]:
    """What each word means of the column that tells companies from persons; without
    persons it tells nothing.
    """
    kinds = next((one.kinds for one in kept if one.kinds), None)
    if kinds is None:
        return list(kept)
    click.echo(
        f"\nClients and contacts share a table. What do the words of {clean(kinds.column)} mean?\n"
        f"{COMPANY}, {PERSON}, or {_NEITHER}:"
    )
    means = {}
    for word, times in kinds.words.items():
        said = click.prompt(
            f"  {clean(word)} ({times:,} times)",
            default=kinds.means.get(word, _NEITHER),
            value_proc=_one_of((COMPANY, PERSON, _NEITHER)),
        )
        if said != _NEITHER:
            means[word] = said
    told = replace(kinds, means=means) if PERSON in means.values() else None
    if told is None:
        return [
            replace(one, kinds=None)
            for one in kept
            if not (one.kinds and one.entity == "contact")
        ]
    return [replace(one, kinds=told if one.kinds else None) for one in kept]


def about_the_writing(written: Written, *, zone: bool = True) -> Written:
    """How days, instants and amounts are written: what the texts leave open is asked,
    what they show is confirmed.

    `zone` tells whether that of the instants is part of it.
    """
    for which, shown in still_open(written):
        if which == "amount":
            mark = click.prompt(
                f"\nDoes the mark in {clean(shown)} stand between thousands or before decimals?",
                prompt_suffix=" ",
                value_proc=_one_of(("thousands", "decimals")),
            )
            own = next((char for char in shown if char in ".,"), ".")
            decimal = own if mark == "decimals" else "." if own == "," else ","
            written = written.answered(decimal=decimal)
        else:
            first = click.prompt(
                f"\nWhich comes first in {clean(shown)}, the day or the month?",
                prompt_suffix=" ",
                value_proc=_one_of(("day", "month")),
            )
            written = written.answered(first={**written.first, which: first})
    if written.empty:
        click.echo("\nWords that seem to say that nothing was entered:")
        for number, word in enumerate(written.empty, 1):
            click.echo(f"  {number:>2}  {clean(word)}  {written.texts.empty[word]:,} times")
        wrong = click.prompt("Right", default="y", value_proc=_lines_of(len(written.empty)))
        kept = (
            ()
            if wrong is None
            else tuple(w for n, w in enumerate(written.empty, 1) if n not in wrong)
        )
        written = written.answered(empty=kept)
    lines = [
        line.partition(".")[2]
        for line in format_guesses(written)
        if line.startswith("formats.")
    ]
    lines = [line for line in lines if zone or not line.startswith("zone ")]
    if lines:
        click.echo(
            "\nSo they are written; what is written otherwise will be counted as unreadable:"
        )
        click.echo("\n".join(f"  {line}" for line in lines))
        if not click.confirm("Right", default=True):
            return written.answered(doubted=True)
    return written


def _one_of(allowed: Iterable[str]) -> Callable[[str], str]:
    """One of these words, or the beginning of only one of them."""

    def read(text: str) -> str:
        said = text.strip().lower()
        fits = [one for one in allowed if one == said] or [
            one for one in allowed if said and one.startswith(said)
        ]
        if len(fits) != 1:
            raise click.BadParameter(f"write one of {', '.join(allowed)}, or its beginning.")
        return fits[0]

    return read


def _about_result(
    connection: Connection,
    meeting: Proposal,
    states: Mapping[str, str],
    written: Written | None,
) -> str | None:
    found = results_of(connection, meeting, states, written.empty if written else ())
    of = "meetings held" if "held" in states.values() else "meetings"
    chosen = where_results_are(found, of) if found else None
    return chosen.column.removeprefix(f"{meeting.table}.") if chosen else None
