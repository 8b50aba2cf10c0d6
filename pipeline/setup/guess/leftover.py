"""The tables and columns that `crm-audit init` did not use, with their contents.

A mapping that is nearly right looks right until somebody sees what it leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from pipeline.model import CHECKED
from pipeline.presets import Preset
from pipeline.setup.grants import custom_tables
from pipeline.setup.guess.proposals import Proposal
from pipeline.setup.look.contents import GLUE, SAFE, Contents, Looked, look
from pipeline.setup.look.recognise import Candidate, Place, likely, tables_in
from pipeline.setup.write.audit_file import clean
from pipeline.source.names import described

_MOST_TABLES: Final = 150
"""Tables that are looked into; any others are only named."""
_SHOWN: Final = 40
"""Tables that the terminal shows; the file names all."""
_WIDTH: Final = 108

_LABELS: Final[Mapping[str, str]] = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "instant": "dates with time",
    "day": "dates",
    "number": "numbers",
    "flag": "yes and no",
    "word": "few words",
    "text": "free text",
}


@dataclass(frozen=True, slots=True)
class Left:
    """A table and its unused columns, each with its contents."""

    table: str
    rows: int | None  # None where it was not looked into
    used_as: str  # 'client, contact'; '' if no column is used
    columns: tuple[tuple[str, str], ...]
    why: str = ""  # why it was not looked into

    def summary(self) -> str:
        """'klanten, read as client: regio (few words), fax (always empty)'."""
        columns = ", ".join(f"{clean(name)} ({kind})" for name, kind in self.columns)
        rows = (
            ""
            if self.rows is None
            else f", {self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        )
        about = f", read as {self.used_as}" if self.used_as else rows
        return f"{clean(self.table)}{about}: {columns or self.why or 'no column that can be mapped'}"


def kind_label(contents: Contents, key: str | None = None) -> str:
    """A column's contents in words: 'dates', 'few words', 'always empty'."""
    if not contents.filled:
        return "always empty"
    return "the key" if contents.name == key else _LABELS[contents.what]


def left_of(looked: Looked, used: Collection[str], used_as: str = "") -> Left:
    """The columns of a table that are not among those used."""
    columns = [
        (contents.name, kind_label(contents, looked.key))
        for contents in looked.columns
        if contents.name not in used
    ]
    columns += [
        (name, "a name that cannot be mapped") for name in looked.odd_names if name not in used
    ]
    return Left(looked.name, looked.rows, used_as, tuple(columns))


def leftovers(
    connection: Connection,
    looked: Sequence[Looked],
    proposals: Sequence[Proposal],
    result: str | None,
) -> tuple[Left, ...]:
    """Every table with unused columns: partly used tables first."""
    seen, lefts = {table.name: table for table in looked}, []
    tables = sorted(tables_in(connection))
    for place, name in enumerate(tables):
        of_it = [proposal for proposal in proposals if proposal.table == name]
        known = seen.get(name) or (_looked(connection, name) if place < _MOST_TABLES else None)
        if known is None:
            why = "not looked into" if place >= _MOST_TABLES else "this account cannot read it"
            lefts.append(Left(name, None, "", (), why))
            continue
        left = left_of(
            known, set(_used(of_it, result)), ", ".join(proposal.entity for proposal in of_it)
        )
        if left.columns or not of_it:
            lefts.append(left)
    return tuple(sorted(lefts, key=lambda left: not left.used_as))


def _used(proposals: Iterable[Proposal], result: str | None) -> Iterator[str]:
    for proposal in proposals:
        for guess in (*proposal.columns, *([proposal.deleted] if proposal.deleted else [])):
            yield from guess.theirs.split(GLUE)
        if proposal.kinds:
            yield proposal.kinds.column
        if proposal.entity == "meeting" and result:
            yield result


def _looked(connection: Connection, name: str) -> Looked | None:
    """The table, or None if the account may not read it.

    An error must not end the transaction that reads everything.
    """
    if not SAFE.fullmatch(name):
        return None
    try:
        with _tried(connection):
            return look(connection, name)
    except SQLAlchemyError:
        return None


@contextmanager
def _tried(connection: Connection) -> Iterator[None]:
    # on other databases an error ends only its statement
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql("SAVEPOINT looked")
    try:
        yield
    except SQLAlchemyError:
        # bypasses the statement time limit, whose own statement would fail here
        raw: Any = connection.connection.dbapi_connection
        raw.execute("ROLLBACK TO SAVEPOINT looked")
        raise


def on_custom_fields(
    place: Place, preset: Preset, candidates: Sequence[Candidate]
) -> Iterator[str]:
    """What is known about custom fields, for a CRM that a preset knows.

    Whether the account sees them, what they hold, and how to add a field for a meeting's
    result if none looks like one.
    """
    with place.opened(preset) as connection:
        seen = tables_in(connection)
        custom = custom_tables(preset)
        looked = [look(connection, table) for table in custom if table in seen]
        columns = tuple(_custom_columns(connection, preset)) if preset.custom_columns else ()
    if preset.custom_columns and not columns:
        yield (
            f"No custom field is there: that would be a column {preset.custom_columns}… of the tables that are read, "
            "and needs no grant of its own."
        )
    if custom and not looked:
        yield (
            f"This account sees no table of custom fields ({', '.join(custom)}). Either the CRM has none, or the "
            f"account may not read them: `crm-audit grants --preset {preset.name} --custom` prints what it needs."
        )
    yield from on_the_terminal(
        [*(left_of(table_seen, [str(table_seen.key)]) for table_seen in looked), *columns],
        "the database",
    )
    if (
        "meeting.result" in preset.absent_columns()
        and not any(map(likely, candidates))
        and preset.add_result
    ):
        yield f"No field seems to hold a meeting's result, so nobody would owe one. {preset.add_result}"


def _custom_columns(connection: Connection, preset: Preset) -> Iterator[Left]:
    """The custom fields in the tables of records themselves."""
    readers: dict[str, list[str]] = {}
    for entity in CHECKED:
        for part in preset.entities.get(entity, ()):
            readers.setdefault(part.table, []).append(entity)
    for table, entities in readers.items():
        own = [
            name
            for name in described(connection, table)
            if name.startswith(preset.custom_columns)
        ]
        if own:
            looked = look(connection, table)
            others = {contents.name for contents in looked.columns}.difference(own)
            yield left_of(looked, others, ", ".join(entities))


# ------------------------------------------------------------------------------------- in words


def unmarked(proposals: Iterable[Proposal]) -> tuple[str, ...]:
    """Record tables without a mark of deletion."""
    tables = (
        clean(proposal.table)
        for proposal in proposals
        if proposal.deleted is None and proposal.entity in CHECKED
    )
    return tuple(dict.fromkeys(tables))


def unmarked_sentence(tables: Iterable[str]) -> str:
    """'No mark of deleted rows was found in deals, klanten: every row there counts.'"""
    return f"No mark of deleted rows was found in {', '.join(dict.fromkeys(tables))}: every row there counts."


def on_the_terminal(left: Sequence[Left], file: str) -> Iterator[str]:
    """The unused columns, one paragraph per table."""
    if not left:
        return
    yield "Found in the CRM but not used:"
    for table in left[:_SHOWN]:
        yield from wrap(
            table.summary(),
            _WIDTH,
            initial_indent="  ",
            subsequent_indent="      ",
            break_long_words=False,
        )
    if len(left) > _SHOWN:
        yield f"  … and {len(left) - _SHOWN} more tables, which {file} names"


def as_comments(left: Sequence[Left]) -> Iterator[str]:
    """The unused columns as comments in a preset."""
    if not left:
        return
    yield ""
    yield "# Found in the CRM but not used in any figure. To use a column, add a line like the ones above."
    for table in left:
        yield from wrap(
            table.summary(),
            _WIDTH,
            initial_indent="#   ",
            subsequent_indent="#       ",
            break_long_words=False,
        )
