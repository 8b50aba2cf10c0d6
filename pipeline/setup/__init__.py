"""`crm-audit init`: the first ten minutes.

It recognises the CRM, asks what only its owner knows, and writes audit.yaml.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from sqlalchemy.engine import make_url

from pipeline.config import load_audit, secrets_of
from pipeline.databases.exports.tables import find
from pipeline.errors import ConfigError, PublishError
from pipeline.language.languages import in_all
from pipeline.presets import Preset, load_preset
from pipeline.setup.ask import interview
from pipeline.setup.guess.leftover import (
    leftovers,
    on_custom_fields,
    on_the_terminal,
    unmarked,
    unmarked_sentence,
)
from pipeline.setup.guess.mapping import CustomPreset, states_of
from pipeline.setup.guess.proposals import Proposal, propose, results_of, state_of, written_in
from pipeline.setup.look.contents import Looked
from pipeline.setup.look.recognise import Known, Place, best, fitting, masked, share, survey
from pipeline.setup.look.tables import looked_into, naming_people, without_key
from pipeline.setup.look.text_formats import currencies
from pipeline.setup.write import exported
from pipeline.setup.write.audit_file import Settings, audit_text, clean, targets_text
from pipeline.setup.write.custom_preset import left_open, preset_text
from pipeline.setup.write.extended import Extended, fit_in
from pipeline.values.addresses import without_secret

SECRET: Final = "${CRM_PASSWORD}"  # noqa: S105 - the name of one
_ID_LINE: Final = re.compile(r"^id: ([a-z0-9][a-z0-9_-]{2,39})\s*$", re.MULTILINE)
_PRESET_FILE: Final = "crm.yaml"
_TARGETS_FILE: Final = "targets-example.csv"


def initialise(
    address: str,
    output: Path,
    *,
    preset: str | None,
    asking: bool,
    now: datetime,
    new_id: Callable[[], str],
) -> None:
    """Looks at the CRM, asks if it may, and writes the files.

    Raises ConfigError if there is nothing to write or a file is in the way. An audit.yaml
    that is overwritten keeps its id; a new one gets an id from `new_id`.
    """
    _must_not_overwrite(output, asking)
    written = without_password(address)
    if written != address:
        click.echo(
            f"The password that you typed is written nowhere: the file says {SECRET} instead. Set that environment "
            "variable before `crm-audit check` and `run`."
        )
    place = Place(secrets_of(address), Path.cwd())
    click.echo(
        f"Looking into the {'files' if address.startswith('files:') else 'database'}, read-only …"
    )
    settings = Settings(
        _from(written, output.parent), "", "", audit_id=_id_in(output) or new_id()
    )
    chosen = _chosen(place, preset, output.parent, asking)
    if chosen is None:
        _unknown(place, settings, output, asking, now)
    elif chosen.exports and not chosen.name.endswith((".yaml", ".yml")):
        _exports(place, settings, chosen, output, asking, now)
    else:
        _known(place, settings, chosen, _recognised(chosen, preset), output, asking, now)


def without_password(address: str) -> str:
    """Replaces a typed password with ${CRM_PASSWORD}."""
    return without_secret(address, SECRET)


def _from(address: str, folder: Path) -> str:
    """Rewrites a relative path: audit.yaml resolves paths from its own folder."""
    if (
        "${" in address
        or folder.resolve() == Path.cwd()
        or not re.match(r"(sqlite|duckdb|files)\b[^:]*:", address)
    ):
        return address
    url = make_url(address)
    if not url.database or Path(url.database).is_absolute() or url.database.startswith(":"):
        return address
    return url.set(database=os.path.relpath(url.database, folder)).render_as_string(
        hide_password=False
    )


def _id_in(file: Path) -> str:
    """The id in an existing audit.yaml, or ''."""
    try:
        id_line = _ID_LINE.search(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""
    return id_line[1] if id_line else ""


def _must_not_overwrite(file: Path, asking: bool) -> None:
    if file.exists() and not (
        asking and click.confirm(f"{file} already exists. Overwrite it?", default=False)
    ):
        raise ConfigError(
            f"{file} already exists, and was left as it is; choose another place with --output."
        )


# ------------------------------------------------------------------------------------ which CRM


def _chosen(place: Place, preset: str | None, folder: Path, asking: bool) -> Preset | None:
    """The named or best-fitting preset; None if no preset knows the database."""
    if preset is not None:
        return load_preset(preset, folder)
    fits = fitting(place)
    if not fits:
        return None
    first = best(fits)
    if len(first) == 1:
        return first[0]
    names = [fit.name for fit in first]
    if not asking:
        raise ConfigError(
            f"--preset: {', '.join(names)} fit equally well; name the one that it is with --preset."
        )
    name = click.prompt(
        "Several presets fit equally well. Which is it?", type=click.Choice(names)
    )
    return next(preset for preset in first if preset.name == name)


def _recognised(preset: Preset, named: str | None) -> str:
    return f"{preset.about}: " + (
        "as you said." if named else "recognised by its tables and columns."
    )


def _rows(known: Known) -> str:
    shown = {
        "client": "clients",
        "contact": "contacts",
        "meeting": "meetings",
        "call": "calls",
        "deal": "deals",
    }
    counts = [
        f"{known.rows[entity]:,} {many}"
        for entity, many in shown.items()
        if entity in known.rows
    ]
    return ", ".join([f"{len(known.managers):,} active users", *counts])


def _known(
    place: Place,
    settings: Settings,
    preset: Preset,
    recognised: str,
    output: Path,
    asking: bool,
    now: datetime,
) -> None:
    """Sets up a CRM that a preset knows.

    If its texts are written differently, the user gets a preset of their own that extends it.
    """
    known = survey(place, preset)
    click.echo(f"Recognised: {clean(preset.about)}, with {_rows(known)}.")
    settings.preset, settings.recognised = preset.name, recognised
    extended, files = Extended(preset, fit=fit_in(place, preset)), {}
    if extended.unconfirmed() and _can_extend(preset):
        own_file = output.parent / _PRESET_FILE
        _must_not_overwrite(own_file, asking)
        _about_the_fit(settings, extended, own_file.name, asking)
        settings.preset, files = own_file.name, {own_file: extended.text()}
    else:
        _say_what_is_misread(extended)
        for line in extended.lines():
            click.echo(f"Under formats in {preset.name}, this line fits: {line}")
    for line in on_custom_fields(place, preset, known.candidates):
        click.echo(line)
    _settle(settings, known, output, asking, now, files)


def _can_extend(preset: Preset) -> bool:
    """Whether the user's own preset can override its formats.

    It can if the preset is built in and its amounts are decimals.
    """
    return not preset.name.endswith((".yaml", ".yml")) and preset.money == "decimal"


def _unknown(
    place: Place, settings: Settings, output: Path, asking: bool, now: datetime
) -> None:
    """Sets up a CRM that no preset knows.

    The user gets a preset of their own, made of guesses to confirm here or in the file.
    """
    own_file = output.parent / _PRESET_FILE
    _must_not_overwrite(own_file, asking)
    with place.opened() as connection:
        dialect = connection.dialect.name
        what = "these files" if dialect == "files" else "this database"
        looked = looked_into(connection)
        proposals = propose(connection, looked)
        if not proposals:
            raise ConfigError(
                f"--source: no preset knows {what}, and no table's name shows what it holds. Check the "
                "address, or write a preset of your own and name it with --preset."
            )
        quote = connection.dialect.identifier_preparer.quote
        written = written_in(connection, proposals)
        own = CustomPreset(
            in_all("Our own CRM"),
            dialect,
            quote,
            proposals,
            states_of(proposals),
            True,
            confirmed=False,
            written=written,
        )
        _say_what_lacks(looked, proposals)
        if asking:
            own = interview.about_own(connection, own)
        meeting = next(
            (proposal for proposal in own.proposals if proposal.entity == "meeting"), None
        )
        states, empty = own.states.get("meeting", {}), own.written.empty if own.written else ()
        candidates = (
            results_of(connection, meeting, states, empty) if meeting and not asking else ()
        )
        own = replace(own, left=leftovers(connection, looked, own.proposals, own.result))
    _say_what_is_left(own, own_file.name)
    known = replace(_survey_of(place, own), candidates=candidates)
    if own.written:
        known = replace(known, currencies=currencies(own.written))
    settings.preset, settings.recognised = (
        own_file.name,
        "No preset of ours knows this CRM; this one is its own.",
    )
    settings.own_mapping = True
    if not own.confirmed:
        click.echo(
            f"No preset knows {what}. {own_file} holds {len(proposals)} guesses, each with its evidence."
        )
        settings.open_keys.append(
            f"{own_file.name}: confirm each line under `unconfirmed`; nothing is used until then"
        )
    settings.open_keys.extend(f"{own_file.name}: {line}" for line in left_open(own))
    _settle(settings, known, output, asking, now, {own_file: preset_text(own)})


def _say_what_is_left(own: CustomPreset, file: str) -> None:
    click.echo()
    if tables := unmarked(own.proposals):
        click.echo(unmarked_sentence(tables))
    for line in on_the_terminal(own.left, file):
        click.echo(line)


def _say_what_lacks(looked: Sequence[Looked], proposals: Sequence[Proposal]) -> None:
    """Prints what cannot be audited because it is missing, and how to add it."""
    for name in without_key(looked):
        click.echo(
            f"Table {clean(name)} is left out: no column of it is called id, nr or number and is unique, so "
            "its records cannot be named. Export it with its number."
        )
    if not any(proposal.entity == "user" for proposal in proposals):
        named = naming_people(looked)
        by = f", whom {clean(' and '.join(named[:2]))} seem to name" if named else ""
        click.echo(
            f"No table holds your people{by}: so far no record has an owner. Add a table or a file of them, "
            "like users or medewerkers, with a row for each and, in a column name or naam, their names as in "
            "the records. Then run init again."
        )


def _exports(
    place: Place, settings: Settings, preset: Preset, output: Path, asking: bool, now: datetime
) -> None:
    """Sets up exports of a cloud CRM; the user's own preset lists what they hold and lack."""
    own_file = output.parent / _PRESET_FILE
    _must_not_overwrite(own_file, asking)
    own = exported.CustomExports(preset, find(preset, place.headers()))
    if "user" in own.lacking:
        raise ConfigError(
            f"--source: {own.lacking['user']}, so no owner would be known; add it to the folder."
        )
    loaded = own.loaded()
    fit = fit_in(place, loaded)
    if fit.misread:
        own.fit = fit
    known = survey(place, loaded)
    click.echo(f"Recognised by their headers: {clean(preset.about)}, with {_rows(known)}.")
    for line in own.summary_lines():
        click.echo(f"  {clean(line, 150)}")
    if own.fit:
        _about_the_fit(settings, own, own_file.name, asking)
        loaded = own.loaded()
    own.left = exported.left_in(place, loaded)
    for line in on_the_terminal(own.left, own_file.name):
        click.echo(line)
    for entity, words in exported.unknown_words(place, loaded).items():
        guessed = {word: state for word in words if (state := state_of(entity, word))}
        if asking:
            own.states[entity] = interview.about_words(entity, words, guessed)
        else:
            listed = ", ".join(words)
            settings.open_keys.append(
                f"{own_file.name}: states.{entity}: what these words mean: {listed}"
            )
    settings.preset, settings.recognised = (
        own_file.name,
        f"{preset.about}, recognised by their headers.",
    )
    _settle(settings, known, output, asking, now, {own_file: own.text()})


def _about_the_fit(settings: Settings, own: Extended, file: str, asking: bool) -> None:
    """Proposes formats for texts that the preset cannot read.

    The user confirms them here or in the file.
    """
    _say_what_is_misread(own)
    if own.fit and asking:
        written = interview.about_the_writing(own.fit.written, zone=False)
        own.fit, own.confirmed = replace(own.fit, written=written), True
    elif own.unconfirmed():
        settings.open_keys.append(
            f"{file}: confirm each line under `unconfirmed`; nothing is used until then"
        )


def _say_what_is_misread(own: Extended) -> None:
    for misread in own.fit.misread if own.fit else ():
        samples = ", ".join(map(masked, misread.samples))
        click.echo(
            f"{misread.entity}.{misread.column}: {misread.unreadable:,} of {misread.stated:,} "
            f"values that were looked at are not written as {own.preset.name} writes them: {samples}"
        )


def _survey_of(place: Place, own: CustomPreset) -> Known:
    """Surveys the CRM with a preset that is not confirmed yet."""
    with tempfile.TemporaryDirectory(prefix="crm-audit-") as folder:
        (Path(folder) / _PRESET_FILE).write_text(preset_text(own, tried=True), "utf-8")
        # a field that is added to a SELECT needs a key named id; here the preset itself
        # says where results are
        return survey(place, load_preset(_PRESET_FILE, Path(folder)), results=False)


# --------------------------------------------------------------------------- what only they know


def _settle(
    settings: Settings,
    known: Known,
    output: Path,
    asking: bool,
    now: datetime,
    files: dict[Path, str],
) -> None:
    """Asks the remaining questions, writes all files, and prints the next steps.

    Files are written last, so breaking off leaves none behind.
    """
    if asking:
        if interview.about_the_rest(settings, known):
            settings.targets_example = _TARGETS_FILE
            example = output.parent / _TARGETS_FILE
            if not example.exists():
                files[example] = targets_text(known.managers, f"{now:%Y-%m}")
    else:
        _leave_open(settings, known)
    for file, text in {**files, output: audit_text(settings)}.items():
        _write(file, text)
    click.echo(f"\nWritten: {', '.join(map(str, (*files, output)))}")
    if settings.open_keys:
        click.echo("Nobody was asked, so nothing was guessed that changes a figure. Fill in:")
        for key in settings.open_keys:
            click.echo(f"  {key}")
    else:
        load_audit(output)
    if not asking:
        click.echo(
            "Nobody was asked whom management sees, so it is teams of five or more (audience: own). "
            "Names may need the agreement of staff representatives; then write audience: named."
        )
    click.echo(f"Next:\n  crm-audit check {output}\n  crm-audit run {output}")


def _leave_open(settings: Settings, known: Known) -> None:
    """Writes only what the CRM leaves beyond doubt, and lists the rest as open."""
    settings.open_keys.append("zone: the zone of your people, like Europe/Amsterdam")
    codes = [code for code in known.currencies if code]
    if len(codes) == 1 and set(known.currencies) == set(codes):
        settings.currency, settings.currency_comment = codes[0], "every amount names it"
    else:
        settings.open_keys.append(
            "currency: of the plan, and of amounts that name none, like EUR"
        )
    absent = known.preset.absent_columns()
    if "meeting" not in known.preset.entities:
        return
    if "meeting.result" in absent:
        where = settings.preset if settings.own_mapping else "source.add"
        settings.open_keys.append(
            f"{where}: meeting.result, if results are written anywhere; otherwise nobody owes them"
        )
        settings.result_comments = _candidate_comments(where, known)
    if "meeting.status" in absent:
        settings.open_keys.append(
            "source.end_passed_is_held: true, if a meeting counts as held once its end has passed"
        )


def _candidate_comments(where: str, known: Known) -> Sequence[str]:
    if where == _PRESET_FILE:
        start = f"A meeting's result: map it in {where}, under meeting, as result. What might hold it:"
    else:
        column = known.candidates[0].column if known.candidates else "TABLE.COLUMN"
        start = f"Nobody owes a meeting's result until you say where it is: add: {{meeting.result: {column}}}"
    return [
        start,
        *(
            f"  {candidate.column}: filled in {share(candidate.filled, candidate.held)} of {candidate.held:,}"
            for candidate in known.candidates
        ),
    ]


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(file)
    except OSError as error:
        raise PublishError(
            f"{file} cannot be written ({error.strerror}); choose another place with --output."
        ) from None
