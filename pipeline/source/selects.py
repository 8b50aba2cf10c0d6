"""The preset's parts as SQL: its own SELECTs, those that its columns stand for,
and the user's own fields.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    Connection,
    TextClause,
    and_,
    case,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.select_guard import without_semicolon
from pipeline.formats import Rules
from pipeline.formats.flags import flag_nothing, flag_of
from pipeline.model import ENTITIES, UNREADABLE_MARK, Schema
from pipeline.presets import Part, Preset
from pipeline.presets.columns import Mapped
from pipeline.source.guard import must_only_read
from pipeline.source.names import RealColumns, Tables, meant
from pipeline.values.texts import text_of
from pipeline.values.visible import printable

_SHOWN: Final = 4
_WORD: Final = 20


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """What is read from where: the preset with the user's own fields, and the
    currency of amounts without one.
    """

    preset: Preset
    add: Mapping[str, str]  # 'meeting.result' -> 'meetings_cstm.result_c'
    currency: str
    absent: frozenset[str]  # 'entity.column' that this CRM does not hold
    schema: Schema = field(default_factory=lambda: ENTITIES)
    rules: Rules = field(default_factory=Rules)
    zone: str = "UTC"  # the audit's, for a preset in which a closing day is an instant's


class Selects:
    """The preset as SQL of this source, whose tables are given."""

    def __init__(self, connection: Connection, spec: ReadSpec, tables: Tables) -> None:
        self._connection = connection
        self._spec = spec
        self._names = tables
        self._tables = tables.all
        self._preset = spec.preset
        self._quote = connection.dialect.identifier_preparer.quote
        self._seen: set[str] = set()  # texts of users that may run

    def text(self, sql: str) -> TextClause:
        """A preset's SELECT; tables that this installation lacks are
        read as if they were empty.
        """
        empty = [
            f"{table} AS (SELECT {', '.join(f'NULL AS {name}' for name in columns)} FROM (SELECT 1 AS i) o WHERE 1 = 0)"
            for table, columns in self._preset.optional.items()
            if table not in self._tables and table in sql
        ]
        clause = text(f"WITH {', '.join(empty)} {sql}" if empty else sql)
        given = {"currency": self._spec.currency, "zone": self._spec.zone}
        return clause.bindparams(
            **{name: value for name, value in given.items() if name in clause._bindparams}
        )

    def of(self, entity: str, part: Part) -> str:
        """The part's own SELECT, or the one that its columns stand for."""
        place = f"preset {self._preset.name}: the SELECT of {entity} from {part.table}"
        return self.guarded(part.select or self._of_columns(entity, part), place)

    def guarded(self, sql: str, place: str) -> str:
        """A user's SELECT, after the database has taken it as one that only reads.
        ConfigError where it does not.
        """
        sql = without_semicolon(sql)
        if sql not in self._seen:
            must_only_read(self._connection, self.text(sql), place)
            self._seen.add(sql)
        return sql

    def _of_columns(self, entity: str, part: Part) -> str:
        own = {
            ours: f"t.{self._quote(name)}"
            for ours, table, name in self.added(entity)
            if table == part.table
        }
        given = {ours: self._value(mapped) for ours, mapped in part.columns.items()} | own
        columns = [f"{theirs} AS {ours}" for ours, theirs in given.items()]
        reasons = " ".join(self._reasons(part))
        columns.append(f"CASE {reasons} END AS excluded" if reasons else "NULL AS excluded")
        return f"SELECT {', '.join(columns)} FROM {self._names.quoted(part.table)} t"

    def with_added(self, entity: str, part: Part) -> str:
        """The part's SELECT with the user's own fields, joined where
        another table holds them.
        """
        sql = self.of(entity, part)
        for position, (ours, table, name) in enumerate(self.added(entity)):
            if table == part.table and part.columns:
                continue  # one of its own columns
            alias = f"x{position}"
            joined = self._same(
                f"{alias}.{self._quote(self._key(entity, table))}", f"b{position}.id"
            )
            sql = (
                f"SELECT b{position}.*, {alias}.{self._quote(name)} AS {ours} FROM ({sql}) b{position} "
                f"LEFT JOIN {self._names.quoted(table)} {alias} ON {joined}"
            )
        return sql

    def added(self, entity: str) -> list[tuple[str, str, str]]:
        """The user's own fields of an entity: (our column, table, column)."""
        found = []
        for ours, theirs in self._spec.add.items():
            if ours.partition(".")[0] == entity:
                table, name = self._preset.place_of(theirs)
                found.append((ours.partition(".")[2], table, name))
        return found

    def added_reasons(self) -> dict[str, str]:
        """Table of own fields -> the SELECT of why its rows are not audited."""
        found = {}
        for entity, parts in self._preset.entities.items():
            for table in {table for _, table, _ in self.added(entity)} - {
                part.table for part in parts
            }:
                joined = self._same("b.id", f"x.{self._quote(self._key(entity, table))}")
                found[table] = (
                    "SELECT CASE WHEN b.id IS NULL THEN 'of_no_record' END AS excluded "
                    f"FROM {self._names.quoted(table)} x LEFT JOIN ({self.of(entity, parts[0])}) b ON {joined}"
                )
        return found

    def _same(self, one: str, other: str) -> str:
        """That two ids are one; PostgreSQL compares no number with a text."""
        cast = "CAST({} AS text)" if self._connection.dialect.name == "postgresql" else "{}"
        return f"{cast.format(one)} = {cast.format(other)}"

    def _key(self, entity: str, table: str) -> str:
        return self._preset.key_of(entity, table) or "id"

    # ---------------------------------------------------------------------------------- columns

    def _value(self, mapped: Mapped) -> str:
        if mapped.sql is not None:
            return f"({mapped.sql})"
        if mapped.column is None:
            return self._rendered(literal(mapped.value))
        if mapped.says:
            return f"t.{self._quote(mapped.column)}"
        entered = self._entered(mapped.column)
        turned = case(
            (_says_no(entered), "yes"), (flag_of(entered) == 1, "no"), else_="unreadable"
        )
        return self._rendered(turned)

    def _reasons(self, part: Part) -> Iterator[str]:
        """The branches of a CASE: each reason where its column says so,
        and where nobody can tell.
        """
        for reason, mapped in part.excluded.items():
            said = self._rendered(literal(reason))
            if mapped.sql is not None:
                yield f"WHEN {mapped.sql} THEN {said}"
            elif mapped.column is not None:
                entered = self._entered(mapped.column)
                wanted = flag_of(entered) == 1 if mapped.says else _says_no(entered)
                unread = self._rendered(literal(reason + UNREADABLE_MARK))
                yield f"WHEN {self._rendered(wanted)} THEN {said}"
                yield f"WHEN {self._rendered(_says_neither(entered))} THEN {unread}"

    def marks_unread(self) -> Iterator[str]:
        """Each mark of deletion in which something stands that is neither
        yes nor no, as a sentence.
        """
        for table, name in dict.fromkeys(self._marks()):
            entered = self._entered(name)
            columns: list[ColumnElement[Any]] = [
                literal_column(f"t.{self._quote(name)}"),
                func.count().label("number"),
            ]
            asked = select(*columns).where(_says_neither(entered))
            asked = asked.select_from(text(f"{self._names.quoted(table)} t"))
            asked = asked.group_by(text("1")).order_by(text("number DESC"))
            words = self._connection.execute(asked.limit(_SHOWN)).all()
            if words:
                yield f"table {table}, column {name}: neither yes nor no: {_words(words)}"

    def flag_unread(self, entered: ColumnElement[Any], live: ColumnElement[bool]) -> str:
        """The words of a flag, over its live rows, that are neither yes nor no;
        '' where there are none.
        """
        kept = self._spec.rules.kept(entered)
        asked = (
            select(entered, func.count().label("number"))
            .where(live, _says_neither(kept))
            .group_by(entered)
        )
        words = self._connection.execute(
            asked.order_by(text("number DESC")).limit(_SHOWN)
        ).all()
        return f"neither yes nor no: {_words(words)}" if words else ""

    def _marks(self) -> Iterator[tuple[str, str]]:
        """(table, column) of what says that a record is deleted, or
        that a user is not active.
        """
        for entity, parts in self._preset.entities.items():
            for part in parts:
                mapped = [*part.excluded.values()]
                mapped += (
                    [part.columns["active"]]
                    if entity == "user" and "active" in part.columns
                    else []
                )
                if part.table in self._tables:
                    yield from ((part.table, one.column) for one in mapped if one.column)

    def _entered(self, name: str) -> ColumnElement[Any]:
        return self._spec.rules.kept(literal_column(f"t.{self._quote(name)}"))

    def _rendered(self, element: ColumnElement[Any]) -> str:
        """The element as a piece of a preset's text, in which a colon begins a parameter."""
        dialect = self._connection.dialect
        sql = str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        if dialect.paramstyle in ("format", "pyformat"):
            sql = sql.replace("%%", "%")  # the whole text is compiled once more
        return sql.replace(":", "\\:")

    # ------------------------------------------------------------------------------------ names

    def misnamed(self) -> list[str]:
        """Columns that the preset names and its tables do not have, each as a
        sentence of what is wrong where.
        """
        real = RealColumns(self._connection, self._names)
        found = []
        for where, table, name in self._named():
            if table in self._tables and real.lacking(table, [name]):
                found.append(
                    f"{where}: table {table} has no column {name}{_hint(name, real.of(table))}."
                )
        return found

    def given(self, entity: str, part: Part) -> frozenset[str]:
        """The columns that the part's SELECT gives, with the user's own fields."""
        described = self.text(f"SELECT * FROM ({self.of(entity, part)}) d WHERE 1 = 0")
        added = (ours for ours, *_ in self.added(entity))
        return frozenset((*self._connection.execute(described).keys(), *added))

    def misgiven(
        self, entity: str, part: Part, given: Collection[str], required: Collection[str]
    ) -> list[str]:
        """What the part's SELECT gives and we do not know, and what it must give:
        sentences of what is wrong.
        """
        known = {*ENTITIES[entity], *self._spec.schema[entity], "excluded"}
        where = f"the SELECT of {entity} from {part.table} gives"
        unsaid = known - {*given}
        found = [
            f"{where} {name}, which we do not know{meant(name, unsaid)}."
            for name in sorted({*given} - known)
        ]
        if lacking := sorted({*required} - {*given}):
            found.append(
                f"{where} no {', '.join(lacking)}, which every one must give; add the column."
            )
        return found

    def _named(self) -> Iterator[tuple[str, str, str]]:
        """(the key, table, column) of every column that is named."""
        for entity, parts in self._preset.entities.items():
            for number, part in enumerate(parts):
                at = f"entities.{entity}.{number}" if len(parts) > 1 else f"entities.{entity}"
                for key, mapped in (("columns", part.columns), ("excluded", part.excluded)):
                    yield from (
                        (f"{at}.{key}.{name}", part.table, one.column)
                        for name, one in mapped.items()
                        if one.column
                    )
            for ours, table, name in self.added(entity):
                yield f"add.{entity}.{ours}", table, name
                if not any(part.table == table and part.columns for part in parts):
                    yield f"custom_key (add.{entity}.{ours})", table, self._key(entity, table)


def _says_no(entered: ColumnElement[Any]) -> ColumnElement[bool]:
    """Nothing says no too."""
    return or_(flag_nothing(entered), flag_of(entered) == 0)


def _says_neither(entered: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(flag_of(entered).is_(None), not_(flag_nothing(entered)))


def _words(words: Iterable[Sequence[Any]]) -> str:
    return ", ".join(f"'{_shown(word)}' ({_rows(times)})" for word, times in words)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _shown(word: Any) -> str:
    """A word of a mark of deletion as it can be printed; of what is longer
    than a word its beginning.
    """
    shown = printable(str(text_of(word)))
    return shown if len(shown) <= _WORD else f"{shown[:1]}… ({len(shown):,} characters)"


def _hint(name: str, there: Collection[str]) -> str:
    """What may be meant instead of a column that is not there."""
    if re.search(r"[^\w $€#./-]", name):
        return "; an expression is written as {sql: …}, a constant as {value: …}"
    return meant(name, there)
