"""`crm-audit check`: what would be audited, before anything is."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from sqlalchemy import ColumnElement, FromClause, case, func, null, select

from pipeline import snapshot, source
from pipeline.compute import targets_of_strangers
from pipeline.config import Audit, secrets_of
from pipeline.extract import demand_of, window_of, witness_of
from pipeline.model import Field, FieldSet, Kind, Person, TableAccount, Window
from pipeline.presets import Part
from pipeline.sql import blank

SAMPLES: Final = 5
_HEAD: Final = 5_000
"""Rows of each entity that are read and stored as a run would, to measure how fast that goes."""

_WIDTH: Final = 100
_CELL: Final = 11
_NOTHING: Final = "–"
_DATED: Final = (Kind.INSTANT, Kind.DAY)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AN: Final = ("a", "e", "i", "o", "u")
_ANONYMOUS: Final = re.compile(r"[A-Za-z]{0,2}\d+|(?=.*\d)[0-9a-fA-F-]+")


@dataclass(frozen=True, slots=True)
class Column:
    """How full a column of ours is, over the audited rows."""

    name: str
    kind: Kind
    empty: int
    unreadable: int
    first: Any = None  # of instants and days
    last: Any = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What an entity's audited rows look like."""

    entity: str
    rows: int
    columns: tuple[Column, ...]
    samples: tuple[Sequence[str], ...]  # masked, in the order of `columns`


@dataclass(frozen=True, slots=True)
class Pace:
    """What a run would do inside its transaction, as far as it was measured."""

    counting: float  # seconds in which the database answered all that a run asks it
    rows: int  # to be read
    tried: int  # rows that were read and stored for the measurement
    reading: float  # seconds that this took

    @property
    def hold(self) -> float:
        """Seconds for which a run would hold the transaction."""
        return self.counting + (self.reading * self.rows / self.tried if self.tried else 0.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was found inside the transaction."""

    accounts: Sequence[TableAccount]
    profiles: Sequence[Profile]
    people: Sequence[Person]
    rights: source.Rights
    pace: Pace
    advice: Sequence[str]


def check_audit(audit: Audit, now: datetime) -> None:
    """Opens the source, counts, and prints what it found to standard output. Raises as a run would."""
    # not wider than it reads well, nor than the terminal
    width = min(_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else _WIDTH
    console = Console(width=width, highlight=False)
    window = window_of(audit, now, injected=False)
    for part in _report(audit, window, look(audit, window)):
        console.print(part)


# ------------------------------------------------------------------------------------------------ looking


def look(audit: Audit, window: Window) -> Seen:
    """One transaction like a run's, in which the source is counted and a few rows are read."""
    settings = audit.settings
    hold = source.Hold(settings.source.max_hold)
    engine = source.open_engine(secrets_of(settings.source.url), audit.file.parent, audit.preset, hold.limit)
    try:
        with source.consistent(engine, hold=hold) as connection:
            began = time.monotonic()
            reading = source.Reading(connection, demand_of(audit))
            accounts = reading.accounts()
            counts = {entity: reading.count(entity) for entity in audit.schema}
            witness = witness_of(audit, reading, window)
            counting = time.monotonic() - began
            heads = {entity: reading.head(entity, _HEAD) for entity in audit.schema if reading.columns(entity)}
            reading_seconds = time.monotonic() - began - counting + _storing(audit, reading, heads)
            profiles = [_profile(audit, reading, entity, counts[entity], head) for entity, head in heads.items()]
            tried = sum(len(head) for head in heads.values())
            pace = Pace(counting, sum(counts.values()), tried, reading_seconds)
            rights, advice = source.rights(connection), source.advice(connection)
    finally:
        engine.dispose()
    return Seen(accounts, profiles, witness.people, rights, pace, advice)


def _storing(audit: Audit, reading: source.Reading, heads: Mapping[str, Sequence[Sequence[Any]]]) -> float:
    """Seconds in which these rows are typed and stored, as a run does while it holds the transaction."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crm-audit-") as folder:  # nobody else may look into it
        for entity, head in heads.items():
            snapshot.write_entity(
                Path(folder), entity, reading.columns(entity), [head], schema=audit.schema, expected=len(head),
                minor=audit.preset.money == "minor", advance=lambda _: None, rules=reading.demand.rules,
            )  # fmt: skip
    return time.monotonic() - began


def _profile(audit: Audit, reading: source.Reading, entity: str, rows: int, head: Sequence[Sequence[Any]]) -> Profile:
    names, kinds = reading.columns(entity), audit.schema[entity]
    audited = reading.entities()[entity]
    [counted] = reading.connection.execute(select(*_counts(audited, names, kinds))).all()
    answers = iter(counted)
    columns = tuple(Column(name, kinds[name], *_answered(kinds[name], answers)) for name in names)
    words = {word for words in audit.preset.states.get(entity, {}).values() for word in words}
    step = max(1, len(head) // SAMPLES)
    zone = ZoneInfo(audit.settings.zone)
    samples = tuple(
        [mask(name, kinds[name], value, words, zone) for name, value in zip(names, row, strict=True)]
        for row in list(head[::step])[:SAMPLES]
    )
    return Profile(entity, rows, columns, samples)


def _counts(audited: FromClause, names: Iterable[str], kinds: Mapping[str, Kind]) -> Iterator[ColumnElement[Any]]:
    """Per column: how many are empty, how many unreadable; of dates the first and the last."""
    for name in names:
        column, kind = audited.c[name], kinds[name]
        marked = kind in (*_DATED, Kind.MONEY)
        broken: ColumnElement[Any] = audited.c[f"{name}_unreadable"] if marked else null()
        missing = blank(column) if kind is Kind.TEXT else column.is_(None)
        yield func.sum(case((broken == 1, 0), (missing, 1), else_=0) if marked else case((missing, 1), else_=0))
        if marked:
            yield func.sum(broken)
        if kind in _DATED:
            yield func.min(column)
            yield func.max(column)


def _answered(kind: Kind, answers: Iterator[Any]) -> tuple[int, int, Any, Any]:
    empty = int(next(answers) or 0)
    unreadable = int(next(answers) or 0) if kind in (*_DATED, Kind.MONEY) else 0
    first, last = (next(answers), next(answers)) if kind in _DATED else (None, None)
    return empty, unreadable, first, last


# ------------------------------------------------------------------------------------------------ masking


def mask(column: str, kind: Kind, value: Any, words: Iterable[str], zone: ZoneInfo) -> str:
    """A cell that shows what kind of thing stands there, and of nobody's data more than a first letter."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if value is None or not text.strip():
        return _NOTHING
    if kind in _DATED:
        return _dated(value, zone)
    if (text in words or column in ("parent_kind", "person_kind")) and text.isprintable():
        return text  # the CRM's own words
    how = _BY_KIND.get(kind) or _BY_COLUMN.get(column)
    if how is None:  # else it is what people write about people
        how = _identifier if column == "id" or column.endswith("_id") else _length
    return how(text)


def _initial(text: str) -> str:
    first = text.strip()[0]
    return f"{first if first.isprintable() else '?'}…"


def _length(text: str) -> str:
    return f"{len(text):,} chars"


def _email(text: str) -> str:
    return f"{_initial(text)}@…" if "@" in text else _initial(text)


def _currency(text: str) -> str:
    return text if re.fullmatch("[A-Z]{3}", text) else _initial(text)


def _flag(text: str) -> str:
    return "no" if text in ("0", "False") else "yes"


def _digits(text: str) -> str:
    shown = "".join("x" if char.isdigit() else char if char in "+-()/.," else "?" for char in "".join(text.split()))
    return _cut(shown)


def _identifier(text: str) -> str:
    """Numbers and hexadecimal ids lead nobody to a person; words may be a name."""
    return _cut(text) if _ANONYMOUS.fullmatch(text) else _initial(text)


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _dated(value: Any, zone: ZoneInfo) -> str:
    """The day, in the audit's zone; from when to when is told apart, to the minute."""
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return moment.astimezone(zone).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    try:
        return _dated(datetime.fromisoformat(text), zone) if len(text) > 10 else date.fromisoformat(text).isoformat()
    except ValueError:
        return _digits(text)


_BY_KIND: Final[Mapping[Kind, Callable[[str], str]]] = {Kind.FLAG: _flag, Kind.MONEY: _digits}
_BY_COLUMN: Final[Mapping[str, Callable[[str], str]]] = {
    "phone": _digits,
    "email": _email,
    "currency": _currency,
    **dict.fromkeys(("first_name", "last_name", "name", "team", "status", "stage", "direction"), _initial),
}


# ------------------------------------------------------------------------------------------------ printing


def _report(audit: Audit, window: Window, seen: Seen) -> Iterator[RenderableType]:
    yield f"[bold]{escape(audit.settings.name)}[/]: {escape(audit.preset.about)}"
    yield f"Period {window.first} up to, not including, {window.after_last}; {window.zone}; today {window.today}\n"
    yield _title("What would be read")
    yield _accounts(seen.accounts, audit.preset.entities)
    if lacking := sorted(set(audit.preset.optional) - {account.table for account in seen.accounts}):
        yield (
            f"Not there, or not granted, and read as if empty: {escape(', '.join(lacking))}. "
            "Where the CRM has one of them, grant it."
        )
    yield _title("From when to when")
    yield _ranges(seen.profiles, ZoneInfo(window.zone))
    for profile in seen.profiles:
        if profile.rows:
            yield _title(f"{profile.entity}: {profile.rows:,} audited; how often a column is empty, some rows masked")
            yield _columns(profile)
    yield _title("Minimum field sets")
    for line in sentences(audit.field_sets):
        indent = 2 + len(line) - len(line.lstrip())
        yield Padding(escape(line.strip()), (0, 0, 0, indent), expand=False)
    yield ""
    yield from _about_the_account(seen.rights)
    yield escape(_about_the_hold(seen.pace, audit.settings.source.max_hold))
    yield from map(escape, seen.advice)
    yield from (f"[yellow]Warning:[/] {escape(line)}" for line in targets_of_strangers(audit, seen.people))
    yield "[green]Ready:[/] crm-audit run " + escape(audit.file.name)


def _accounts(accounts: Iterable[TableAccount], entities: Mapping[str, Sequence[Part]]) -> Table:
    table = _table("Record", "Table", "Rows>", "Audited>", "Excluded>", "by reason")
    for account in accounts:
        reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(account.excluded.items()))
        excluded = sum(account.excluded.values())
        records = [entity for entity, parts in entities.items() if any(part.table == account.table for part in parts)]
        cells = (
            ", ".join(records),
            account.table,
            f"{account.rows:,}",
            f"{account.audited:,}",
            f"{excluded:,}",
            reasons,
        )
        table.add_row(*map(escape, cells))
    return table


def _ranges(profiles: Iterable[Profile], zone: ZoneInfo) -> Table:
    table = _table("Record", "Moment", "First", "Last", "Unreadable>")
    for profile in profiles:
        for column in profile.columns:
            if column.kind in _DATED and profile.rows:
                ends = (_moment(end, column.kind, zone) for end in (column.first, column.last))
                table.add_row(profile.entity, column.name, *ends, f"{column.unreadable:,}")
    return table


def _moment(value: Any, kind: Kind, zone: ZoneInfo) -> str:
    """An end of a range: microseconds since 1970 of an instant, or a day."""
    if value is None:
        return _NOTHING
    if kind is Kind.DAY:
        return str(value)[:10]
    try:
        return f"{(_EPOCH + timedelta(microseconds=int(value))).astimezone(zone):%Y-%m-%d %H:%M}"
    except OverflowError:
        return "beyond the calendar"


def _columns(profile: Profile) -> Table:
    headings = [f"{number}" for number in range(1, len(profile.samples) + 1)]
    table = _table("Column", "Empty>", *headings)
    for position, column in enumerate(profile.columns):
        cells = (sample[position] for sample in profile.samples)
        table.add_row(column.name, _share(column.empty, profile.rows), *map(escape, cells))
    return table


def _share(part: int, whole: int) -> str:
    """A percentage of which only nothing is 0 and only all is 100."""
    if part in (0, whole):
        return "0%" if part == 0 else "100%"
    return f"{min(99.9, max(0.1, 100 * part / whole)):.1f}%"


def _title(text: str) -> str:
    return f"[bold cyan]{escape(text)}[/]"


def _table(*headings: str) -> Table:
    """A table with these headings; those that end in '>' are over numbers. Its first column is never cut."""
    table = Table()
    for position, heading in enumerate(headings):
        number = heading.endswith(">")
        table.add_column(
            heading.removesuffix(">"), justify="right" if number else "left", no_wrap=number or position == 0
        )
    return table


# ------------------------------------------------------------------------------------------------ sentences


def sentences(field_sets: Mapping[str, FieldSet]) -> Iterator[str]:
    """'A meeting owes a date, a subject, a contact and, once held, its result.'"""
    for entity, fields in field_sets.items():
        owed = [_owed(field) for field in sorted(fields.fields, key=lambda field: field.when is not None)]
        yield f"{_article(entity).capitalize()} owes {_listed(owed)}."
        for name, why in fields.absent.items():
            yield f"  Not checked: {name.replace('_', ' ')} ({why})."


def _owed(field: Field) -> str:
    weight = f" (counts {field.weight})" if field.weight != 1 else ""
    if field.when is not None:
        return f"once {field.when}, its {field.label}{weight}"
    return f"{_article(field.label)}{weight}"


def _article(word: str) -> str:
    plural = word.endswith("s") and not word.endswith(("ss", "us"))
    return word if plural else f"an {word}" if word[:1].lower() in _AN else f"a {word}"


def _listed(owed: Sequence[str]) -> str:
    if len(owed) < 2:
        return owed[0] if owed else "nothing"
    comma = "," if owed[-1].startswith("once ") else ""
    return f"{', '.join(owed[:-1])} and{comma} {owed[-1]}"


def _about_the_account(rights: source.Rights) -> Iterator[str]:
    if rights.could_write:
        yield (
            f"[yellow]This account could write to the CRM:[/] {escape(rights.seen_by)}. The audit reads in a "
            "transaction that refuses writes; better still is an account that cannot: see crm-audit grants."
        )
    elif rights.could_write is None:
        yield (
            f"Whether this account could write to the CRM is not known: {escape(rights.seen_by)}. "
            "crm-audit grants makes one that cannot."
        )
    else:
        yield f"This account cannot write to the CRM: {escape(rights.seen_by)}."


def _about_the_hold(pace: Pace, limit: float) -> str:
    said = (
        f"A run would hold the CRM for about {source.said_duration(round(pace.hold, 1))}; "
        f"{source.said_duration(limit)} are allowed. Measured: all of its counting, {pace.counting:.1f} s, and reading "
        f"and storing {pace.tried:,} of its {pace.rows:,} rows, {pace.reading:.1f} s"
    )
    said += "; the other rows at that pace." if pace.tried < pace.rows else "."
    return said if pace.hold <= limit else f"{said} That is more than allowed: use a replica, or raise source.max_hold."
