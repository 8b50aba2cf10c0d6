"""The questions of `crm-audit init`: few, each with what the CRM itself shows.

It asks nothing that it can answer itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Final, get_args

import click
from sqlalchemy import Connection

from pipeline.model import STATES, Audience, LanguageCode
from pipeline.setup.guess.leftover import left_of
from pipeline.setup.guess.mapping import CustomPreset
from pipeline.setup.guess.proposals import (
    Guess,
    Proposal,
    results_of,
    typed_guess,
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
from pipeline.values.zone_names import zone_names

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
    """Asks for the remaining settings and stores them in `settings`.

    Returns whether the user wants an example plan.
    """
    absent = known.preset.absent_columns()
    has_meetings = "meeting" in known.preset.entities
    if has_meetings and "meeting.status" in absent:
        settings.end_passed_is_held = click.confirm(
            "\nThis CRM has no status of meetings. Count a meeting as held once its end has passed?",
            default=None,
        )
    if has_meetings and "meeting.result" in absent and known.candidates:
        of = "meetings" if "meeting.status" in absent else "meetings held"
        chosen = where_results_are(known.candidates, of)
        settings.result = chosen.column if chosen else None
        settings.result_comments = [_result_comment(chosen, of)]
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
    settings.audience = _audience()
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


def _audience() -> Audience:
    """Asks whom management may see; what was seen cannot be taken back."""
    click.echo(
        "\nFigures about named people may need the agreement of staff representatives, like a\n"
        "works council. Whom does management see?\n"
        "  own    teams of five or more; each account manager sees their own page\n"
        "  named  every account manager by name"
    )
    chosen = click.prompt("Which", type=click.Choice(("own", "named")), default="own")
    return "named" if chosen == "named" else "own"


def _result_comment(chosen: Candidate | None, of: str) -> str:
    if chosen is None:
        return "No column holds a meeting's result: nobody owes one."
    return f"A meeting's result; filled in {share(chosen.filled, chosen.held)} of {chosen.held:,} {of}."


def where_results_are(candidates: Sequence[Candidate], of: str) -> Candidate | None:
    """Asks for the column that holds results; `of` names the meetings that were counted."""
    click.echo(f"\nWhere is a meeting's result written? Over {candidates[0].held:,} {of}:")
    width = max(len(clean(candidate.column)) for candidate in candidates)
    for number, candidate in enumerate(candidates, 1):
        samples = f"  {', '.join(map(clean, candidate.samples))}" if candidate.samples else ""
        fill = f"filled in {share(candidate.filled, candidate.held):>4}, {candidate.words:,} different"
        click.echo(f"  {number}  {clean(candidate.column):<{width}}  {fill}{samples}")
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
    if text.strip() not in zone_names():
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
    """Goes through the guesses with the user; what remains is confirmed."""
    what = "these files" if guessed.dialect == "files" else "this database"
    click.echo(
        f"\nNo preset of ours knows {what}. Here is what its names "
        "and contents look like;\nfor each kind of record press Enter if it is right, or type the numbers of the "
        "wrong lines (2,4),\na missing or different line (phone = mobiel), or n if the table is the wrong one."
    )
    kept = [
        confirmed
        for proposal in guessed.proposals
        if (confirmed := _about_proposal(connection, proposal))
    ]
    if not kept:
        raise click.ClickException("Nothing was confirmed, so nothing was written.")
    kept = _about_kinds(kept)
    states = {
        record.entity: _about_words(record, guessed.states.get(record.entity, {}))
        for record in kept
        if record.words
    }
    deal = next((proposal.of("amount") for proposal in kept if proposal.of("amount")), None)
    written_now = written_in(connection, kept)
    written = about_the_writing(written_now) if written_now else None
    whole_units = True
    if deal and deal.whole:
        whole_units = click.confirm(
            "\nAmounts have no decimals. Are they whole units (n: cents)?", default=None
        )
    meeting = next((proposal for proposal in kept if proposal.entity == "meeting"), None)
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
    """Asks for the zone of database times that name none; `of` holds some of them.

    There is no default: nothing in the data shows the zone.
    """
    name = f"{of.table}.{guess.theirs}"
    click.echo(
        f"\nTimes like those in {clean(name)} name no zone: compare one with the CRM's page."
    )
    if hours := hours_of(connection, of.table, guess.theirs):
        click.echo(f"Most of them are at {', '.join(map(str, hours))} o'clock there.")
    click.echo(
        "Is it the clock of your people (audit), UTC, or that of another zone, like Europe/Amsterdam?"
    )
    return str(click.prompt("Which clock", value_proc=_clock))


def _clock(text: str) -> str:
    answer = text.strip()
    if answer.lower() in ("audit", "utc"):
        return "audit" if answer.lower() == "audit" else "UTC"
    if answer not in zone_names():
        raise click.BadParameter(
            f"'{clean(answer)}' is no time zone; write audit, UTC, or one like Europe/Amsterdam."
        )
    return answer


def _markup_of(
    connection: Connection, meeting: Proposal | None, result: str | None
) -> Markup | None:
    """The markup in the column of results, if any."""
    columns = look(connection, meeting.table).columns if meeting and result else ()
    return next((column.markup for column in columns if column.name == result), None)


def _about_proposal(connection: Connection, proposal: Proposal) -> Proposal | None:
    """The proposal reduced to its right lines; None if the table is the wrong one."""
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
    width = max(len(clean(line.theirs)) for line in lines)
    for number, line in enumerate(lines, 1):
        click.echo(
            f"  {number:>2}  {line.ours:<11} = {clean(line.theirs):<{width}}  {line.summary()}"
        )
    used = {part for line in lines for part in line.theirs.split(GLUE)}
    left = left_of(looked, used | ({proposal.kinds.column} if proposal.kinds else set()))
    if left.columns:
        unused = "not used: " + ", ".join(
            f"{clean(name)} ({kind})" for name, kind in left.columns
        )
        click.echo(
            "\n".join(wrap(unused, 108, initial_indent="      ", subsequent_indent="        "))
        )


def _without(
    proposal: Proposal, lines: Sequence[Guess], wrong: set[int] | None
) -> Proposal | None:
    if wrong is None or (proposal.entity != "meeting_contact" and 1 in wrong):
        return None  # a record needs its key
    kept = [line for number, line in enumerate(lines, 1) if number not in wrong]
    words = proposal.words if any(line.ours in ("status", "stage") for line in kept) else {}
    deleted = proposal.deleted if proposal.deleted in kept else None
    columns = tuple(line for line in kept if line is not proposal.deleted)
    if proposal.entity == "meeting_contact" and len(columns) < 2:
        return None
    return replace(proposal, columns=columns, deleted=deleted, words=words)


def _with_line(connection: Connection, proposal: Proposal, line: Guess) -> Proposal:
    """Replaces or adds the user's line for one of our columns."""
    if line.ours == "deleted":
        return replace(proposal, deleted=line)
    columns = tuple(line if guess.ours == line.ours else guess for guess in proposal.columns)
    words = (
        words_of(connection, proposal.table, line.theirs)
        if line.ours in ("status", "stage")
        else proposal.words
    )
    return replace(
        proposal, columns=columns if line in columns else (*columns, line), words=words
    )


def _answer_of(
    connection: Connection, proposal: Proposal, most: int, looked: Looked
) -> Callable[[str], set[int] | Guess | None]:
    """Reads a line like 'phone = mobiel', or whatever `_lines_of` reads."""
    numbers = _lines_of(most)
    allowed = [*COLUMNS[proposal.entity], "deleted"]

    def read(text: str) -> set[int] | Guess | None:
        ours, equals, theirs = (part.strip() for part in text.partition("="))
        if not equals:
            return numbers(text)
        if ours not in allowed:
            raise click.BadParameter(
                f"'{clean(ours)}' is not a column of ours; write one of {', '.join(allowed)}."
            )
        return typed_guess(
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
    column = next(
        (
            contents
            for contents in looked.columns
            if contents.name.lower() == name.strip().lower()
        ),
        None,
    )
    if column is None:
        there = ", ".join(clean(contents.name) for contents in looked.columns)
        raise click.BadParameter(
            f"there is no column '{clean(name.strip())}'; there are {there}."
        )
    return column


def _lines_of(most: int) -> Callable[[str], set[int] | None]:
    """'y' = none is wrong, 'n' = all, '2,4' = these."""

    def read(text: str) -> set[int] | None:
        answer = text.strip().lower()
        if answer in ("y", "yes", "j", "ja"):
            return set()
        if answer in ("n", "no", "nee"):
            return None
        numbers = re.findall(r"\d+", answer)
        if (
            not numbers
            or re.sub(r"[\d,;\s]", "", answer)
            or not all(1 <= int(number) <= most for number in numbers)
        ):
            raise click.BadParameter(
                f"press Enter, or type n, or numbers from 1 to {most} like 2,4."
            )
        return {int(number) for number in numbers}

    return read


def _about_words(proposal: Proposal, guessed: Mapping[str, str]) -> dict[str, str]:
    return about_words(proposal.entity, proposal.words, guessed)


def about_words(
    entity: str, words: Mapping[str, int], guessed: Mapping[str, str]
) -> dict[str, str]:
    """Asks what each word of a status or stage means: word -> state.

    Words that stay unknown are left out.
    """
    states = STATES[entity]
    click.echo(
        f"\nWhat do the words of {_MANY[entity]} mean? {', '.join(states)}, or {_NOT_COUNTED}:"
    )
    meanings = {}
    for word, times in words.items():
        state = click.prompt(
            f"  {clean(word)} ({times:,} times)",
            default=guessed.get(word),
            value_proc=_one_of((*states, _NOT_COUNTED)),
        )
        if state != _NOT_COUNTED:
            meanings[word] = state
    return meanings


def _about_kinds(kept: Sequence[Proposal]) -> list[Proposal]:
    """Asks what each word of the company/person column means.

    If no word means a person, the column is of no use.
    """
    kinds = next((proposal.kinds for proposal in kept if proposal.kinds), None)
    if kinds is None:
        return list(kept)
    click.echo(
        f"\nClients and contacts share a table. What do the words of {clean(kinds.column)} mean?\n"
        f"{COMPANY}, {PERSON}, or {_NEITHER}:"
    )
    means = {}
    for word, times in kinds.words.items():
        meaning = click.prompt(
            f"  {clean(word)} ({times:,} times)",
            default=kinds.means.get(word, _NEITHER),
            value_proc=_one_of((COMPANY, PERSON, _NEITHER)),
        )
        if meaning != _NEITHER:
            means[word] = meaning
    settled = replace(kinds, means=means) if PERSON in means.values() else None
    if settled is None:
        return [
            replace(proposal, kinds=None)
            for proposal in kept
            if not (proposal.kinds and proposal.entity == "contact")
        ]
    return [replace(proposal, kinds=settled if proposal.kinds else None) for proposal in kept]


def about_the_writing(written: Written, *, zone: bool = True) -> Written:
    """Asks how days, instants and amounts are written where the texts leave it open.

    The user then confirms what the texts show; `zone` includes the zone of instants.
    """
    for which, shown in still_open(written):
        if which == "amount":
            mark = click.prompt(
                f"\nDoes the mark in {clean(shown)} separate thousands, or decimals?",
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
        click.echo("\nThey are written like this; anything else will count as unreadable:")
        click.echo("\n".join(f"  {line}" for line in lines))
        if not click.confirm("Right", default=True):
            return written.answered(doubted=True)
    return written


def _one_of(allowed: Iterable[str]) -> Callable[[str], str]:
    """Reads one of these words, or an unambiguous beginning."""

    def read(text: str) -> str:
        answer = text.strip().lower()
        fits = [word for word in allowed if word == answer] or [
            word for word in allowed if answer and word.startswith(answer)
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
    candidates = results_of(connection, meeting, states, written.empty if written else ())
    of = "meetings held" if "held" in states.values() else "meetings"
    chosen = where_results_are(candidates, of) if candidates else None
    return chosen.column.removeprefix(f"{meeting.table}.") if chosen else None
