"""The user's own preset for a folder of exports: what these exports hold and lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from sqlalchemy import func, not_, select

from pipeline.databases.constructs import blank
from pipeline.databases.exports.tables import ExportedFiles, lacking
from pipeline.model import STATES, LocalText
from pipeline.presets import Preset
from pipeline.setup.guess.leftover import Left, as_comments, left_of
from pipeline.setup.look.contents import look
from pipeline.setup.look.recognise import Place, reading_of, tables_in
from pipeline.setup.write.audit_file import clean, in_languages, quoted
from pipeline.setup.write.extended import Extended

_MOST_WORDS: Final = 50
_SAYS_STATE: Final = {"meeting": "status", "call": "status", "deal": "stage"}


@dataclass
class CustomExports(Extended):
    """A built-in preset, the exports in a folder, and the user's meaning of unknown words."""

    files: ExportedFiles
    # entity -> the CRM's word -> our state
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    left: tuple[Left, ...] = ()  # columns that are not used

    @cached_property
    def lacking(self) -> dict[str, LocalText]:
        """'deal.amount', or a whole entity -> why the exports lack it."""
        return lacking(self.preset, self.files)

    def summary_lines(self) -> Iterator[str]:
        """One line per table with its file, and one per omission."""
        yield from (f"{export.table}: {export.where}" for export in self.files.exports.values())
        if self.files.unread:
            yield f"not read: {', '.join(self.files.unread)}"
        yield from (f"not checked: {name} ({why})" for name, why in self.lacking.items())

    def _about(self) -> str:
        return "What our exports hold. docs/exports.md says more."

    def _why(self) -> str:
        return (
            "The files are not written as the CRM writes them: a spreadsheet saved them again."
        )

    def _lines(self, unconfirmed: Sequence[str]) -> Iterator[str]:
        yield from super()._lines(unconfirmed)
        yield ""
        yield "# The columns that each export had, recognised by headers; the file may have any name."
        yield "# An export that later lacks one of them stops the audit; remove it here if that is intended."
        yield "held:"
        for export in self.files.exports.values():
            yield f"  {export.table}: [{', '.join(export.columns)}]  # {clean(export.where, 90)}"
        yield from (f"# not read: {clean(where, 90)}" for where in self.files.unread)
        yield from self._lacking_lines()
        yield from self._state_lines()
        yield from as_comments(self.left)

    def _lacking_lines(self) -> Iterator[str]:
        if self.lacking:
            yield ""
            yield "# Not in the exports: nobody is charged for it, and reports say that it was not checked. When you"
            yield "# export it one day, take it out here."
            yield "absent:"
            yield from (f"  {name}: {in_languages(why)}" for name, why in self.lacking.items())
        if whole := [name for name in self.lacking if "." not in name]:
            yield ""
            yield "# Without an export of their own: taken away."
            yield "entities:"
            yield from (f"  {name}:" for name in whole)

    def _state_lines(self) -> Iterator[str]:
        answered = {entity: words for entity, words in self.states.items() if words}
        if answered:
            yield ""
            yield "# What your own words mean, after those that the preset knows."
            yield "states:"
        for entity, words in answered.items():
            yield f"  {entity}:"
            for state in STATES[entity]:
                known = self.preset.states.get(entity, {}).get(state, ())
                own = [word for word, meant in words.items() if meant == state]
                if own:
                    yield f"    {state}: [{', '.join(map(quoted, (*known, *own)))}]"


def left_in(place: Place, preset: Preset) -> tuple[Left, ...]:
    """The columns of the files that the preset does not read."""
    reads = {part.table: entity for entity, parts in preset.entities.items() for part in parts}
    with place.opened(preset) as connection:
        there = tables_in(connection)
        tables = [table for table in preset.exports if table in there]
        tables_left = [
            left_of(look(connection, table), preset.exports[table], reads.get(table, table))
            for table in tables
        ]
    return tuple(left for left in tables_left if left.columns)


def unknown_words(place: Place, preset: Preset) -> dict[str, dict[str, int]]:
    """Entity -> word of its status or stage that the preset does not know -> how often."""
    absent = preset.absent_columns()
    asked = [
        name
        for name in _SAYS_STATE
        if name in preset.entities and f"{name}.{_SAYS_STATE[name]}" not in absent
    ]
    with place.opened(preset) as connection:
        entities = reading_of(connection, preset, preset.add).entities()
        counted: dict[str, Iterable[tuple[str, int]]] = {}
        for entity in asked:
            column = entities[entity].c[_SAYS_STATE[entity]]
            words = select(column, func.count()).where(not_(blank(column))).group_by(column)
            rows = connection.execute(words.order_by(func.count().desc(), column)).all()
            counted[entity] = [(str(word), int(times)) for word, times in rows]
    return {
        entity: dict(unknown)
        for entity, words in counted.items()
        if (unknown := _unknown(preset, entity, words))
    }


def _unknown(
    preset: Preset, entity: str, words: Iterable[tuple[str, int]]
) -> Mapping[str, int]:
    known = {
        word for state_words in preset.states.get(entity, {}).values() for word in state_words
    }
    return dict(
        [(word, times) for word, times in words if word.strip() not in known][:_MOST_WORDS]
    )
