"""The preset's parts as SQL: its SELECTs, or those made of its columns, plus added fields."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

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

from pipeline.databases.kinds import kind_of
from pipeline.databases.select_guard import without_semicolon
from pipeline.formats import ReadingRules
from pipeline.formats.flags import flag_nothing, flag_of
from pipeline.model import ENTITIES, PROVEN_TEXT, UNREADABLE_MARK, Schema, TextColumns
from pipeline.presets import Formats, Part, Preset
from pipeline.presets.columns import Mapped
from pipeline.source.guard import must_only_read
from pipeline.source.names import RealColumns, Tables, meant
from pipeline.values.texts import text_of
from pipeline.values.visible import printable

_SHOWN: Final = 4
_WORD: Final = 20


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """What to read: the preset, the user's own fields, and how values are read."""

    preset: Preset
    add: Mapping[str, str]  # 'meeting.result' -> 'meetings_cstm.result_c'
    currency: str
    absent: frozenset[str]  # 'entity.column' that this CRM does not hold
    schema: Schema = field(default_factory=lambda: ENTITIES)
    reading_rules: ReadingRules = field(default_factory=ReadingRules)
    zone: str = "UTC"  # the audit's zone, for presets that take a closing day from an instant
    span: tuple[datetime, datetime] | None = None  # half-open, of logs; None reads no log
    proven: TextColumns = field(default_factory=lambda: PROVEN_TEXT)  # what is fingerprinted


class Selects:
    """The preset's SQL for this source."""

    def __init__(self, connection: Connection, spec: ReadSpec, tables: Tables) -> None:
        self._connection = connection
        self._spec = spec
        self._names = tables
        self._tables = tables.all
        self._preset = spec.preset
        self._quote = connection.dialect.identifier_preparer.quote
        self._seen: set[str] = set()  # users' SQL that passed the guard

    def text(self, sql: str) -> TextClause:
        """A preset's SELECT; tables that this installation lacks read as empty."""
        empty = [
            f"{table} AS (SELECT {', '.join(f'NULL AS {name}' for name in columns)} FROM (SELECT 1 AS i) o WHERE 1 = 0)"
            for table, columns in self._preset.optional.items()
            if table not in self._tables and table in sql
        ]
        clause = text(f"WITH {', '.join(empty)} {sql}" if empty else sql)
        zone = self._spec.zone
        constants = {"currency": self._spec.currency, "zone": zone, **self._bounds()}
        return clause.bindparams(
            **{name: value for name, value in constants.items() if name in clause._bindparams}
        )

    def _bounds(self) -> dict[str, datetime | str]:
        """`since` and `until` as this database writes its datetimes: in the zone of the
        preset's, and as text where each value has a type of its own.
        """
        if self._spec.span is None:
            return {}
        rules = self._spec.reading_rules
        zone = ZoneInfo(rules.datetimes)
        since, until = (at.astimezone(zone).replace(tzinfo=None) for at in self._spec.span)
        if kind_of(self._connection.dialect.name).column_kind is not None:
            return {"since": since, "until": until}
        written = (rules.formats or Formats()).instant[0]
        return {"since": since.strftime(written), "until": until.strftime(written)}

    def of(self, entity: str, part: Part) -> str:
        """The part's own SELECT, or the one made of its columns."""
        place = f"preset {self._preset.name}: the SELECT of {entity} from {part.table}"
        return self.guarded(part.select or self._of_columns(entity, part), place)

    def guarded(self, sql: str, place: str) -> str:
        """A user's SELECT without its semicolon. Raises ConfigError unless it only reads."""
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
        expressions = {ours: self._value(mapped) for ours, mapped in part.columns.items()} | own
        columns = [f"{theirs} AS {ours}" for ours, theirs in expressions.items()]
        reasons = " ".join(self._reasons(part))
        columns.append(f"CASE {reasons} END AS excluded" if reasons else "NULL AS excluded")
        return f"SELECT {', '.join(columns)} FROM {self._names.quoted(part.table)} t"

    def with_added(self, entity: str, part: Part) -> str:
        """The part's SELECT with the user's own fields, joined if another table holds them."""
        sql = self.of(entity, part)
        for position, (ours, table, name) in enumerate(self.added(entity)):
            if table == part.table and part.columns:
                continue  # already one of its columns
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
        fields = []
        for ours, theirs in self._spec.add.items():
            if ours.partition(".")[0] == entity:
                table, name = self._preset.place_of(theirs)
                fields.append((ours.partition(".")[2], table, name))
        return fields

    def added_reasons(self) -> dict[str, str]:
        """Table of own fields -> a SELECT with the reason why a row is not audited."""
        selects = {}
        for entity, parts in self._preset.entities.items():
            for table in {table for _, table, _ in self.added(entity)} - {
                part.table for part in parts
            }:
                joined = self._same("b.id", f"x.{self._quote(self._key(entity, table))}")
                selects[table] = (
                    "SELECT CASE WHEN b.id IS NULL THEN 'of_no_record' END AS excluded "
                    f"FROM {self._names.quoted(table)} x LEFT JOIN ({self.of(entity, parts[0])}) b ON {joined}"
                )
        return selects

    def _same(self, left: str, right: str) -> str:
        """That two ids are equal; PostgreSQL does not compare numbers with texts."""
        cast = "CAST({} AS text)" if self._connection.dialect.name == "postgresql" else "{}"
        return f"{cast.format(left)} = {cast.format(right)}"

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
        """The branches of a CASE: per reason one for yes, and one for unreadable."""
        for reason, mapped in part.excluded.items():
            verdict = self._rendered(literal(reason))
            if mapped.sql is not None:
                yield f"WHEN {mapped.sql} THEN {verdict}"
            elif mapped.column is not None:
                entered = self._entered(mapped.column)
                wanted = flag_of(entered) == 1 if mapped.says else _says_no(entered)
                unread = self._rendered(literal(reason + UNREADABLE_MARK))
                yield f"WHEN {self._rendered(wanted)} THEN {verdict}"
                yield f"WHEN {self._rendered(_says_neither(entered))} THEN {unread}"

    def marks_unread(self) -> Iterator[str]:
        """A sentence per mark of deletion with words that are neither yes nor no."""
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
        """The words of a flag on live rows that are neither yes nor no; '' if none."""
        kept = self._spec.reading_rules.kept(entered)
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
        """(table, column) of every mark of a deleted record or an inactive user."""
        for entity, parts in self._preset.entities.items():
            for part in parts:
                mapped = [*part.excluded.values()]
                mapped += (
                    [part.columns["active"]]
                    if entity == "user" and "active" in part.columns
                    else []
                )
                if part.table in self._tables:
                    yield from ((part.table, mark.column) for mark in mapped if mark.column)

    def _entered(self, name: str) -> ColumnElement[Any]:
        return self._spec.reading_rules.kept(literal_column(f"t.{self._quote(name)}"))

    def _rendered(self, element: ColumnElement[Any]) -> str:
        """The element as SQL inside a preset's text, where a colon starts a parameter."""
        dialect = self._connection.dialect
        sql = str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        if dialect.paramstyle in ("format", "pyformat"):
            sql = sql.replace("%%", "%")  # the whole text is compiled again
        return sql.replace(":", "\\:")

    # ------------------------------------------------------------------------------------ names

    def misnamed(self) -> list[str]:
        """A sentence per column that the preset names but its table lacks."""
        real = RealColumns(self._connection, self._names)
        mistakes = []
        for where, table, name in self._named():
            if table in self._tables and real.lacking(table, [name]):
                mistakes.append(
                    f"{where}: table {table} has no column {name}{_hint(name, real.of(table))}."
                )
        return mistakes

    def columns_of(self, entity: str, part: Part) -> frozenset[str]:
        """The columns that the part's SELECT returns, with the user's own fields."""
        described = self.text(f"SELECT * FROM ({self.of(entity, part)}) d WHERE 1 = 0")
        added = (ours for ours, *_ in self.added(entity))
        return frozenset((*self._connection.execute(described).keys(), *added))

    def misgiven(
        self, entity: str, part: Part, names: Collection[str], required: Collection[str]
    ) -> list[str]:
        """Sentences about unknown columns and missing required columns of a SELECT."""
        known = {*ENTITIES[entity], *self._spec.schema[entity], "excluded"}
        where = f"the SELECT of {entity} from {part.table} gives"
        unsaid = known - {*names}
        mistakes = [
            f"{where} {name}, which we do not know{meant(name, unsaid)}."
            for name in sorted({*names} - known)
        ]
        if lacking := sorted({*required} - {*names}):
            mistakes.append(
                f"{where} no {', '.join(lacking)}, which every one must give; add the column."
            )
        return mistakes

    def _named(self) -> Iterator[tuple[str, str, str]]:
        """(key in the preset, table, column) of every column that it names."""
        for entity, parts in self._preset.entities.items():
            for number, part in enumerate(parts):
                at = f"entities.{entity}.{number}" if len(parts) > 1 else f"entities.{entity}"
                for key, mapped in (("columns", part.columns), ("excluded", part.excluded)):
                    yield from (
                        (f"{at}.{key}.{name}", part.table, source.column)
                        for name, source in mapped.items()
                        if source.column
                    )
            for ours, table, name in self.added(entity):
                yield f"add.{entity}.{ours}", table, name
                if not any(part.table == table and part.columns for part in parts):
                    yield f"custom_key (add.{entity}.{ours})", table, self._key(entity, table)


def _says_no(entered: ColumnElement[Any]) -> ColumnElement[bool]:
    """An empty value means no, too."""
    return or_(flag_nothing(entered), flag_of(entered) == 0)


def _says_neither(entered: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(flag_of(entered).is_(None), not_(flag_nothing(entered)))


def _words(words: Iterable[Sequence[Any]]) -> str:
    return ", ".join(f"'{_shown(word)}' ({_rows(times)})" for word, times in words)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _shown(word: Any) -> str:
    """A mark's word for printing; a longer text shows only its first letter."""
    shown = printable(str(text_of(word)))
    return shown if len(shown) <= _WORD else f"{shown[:1]}… ({len(shown):,} characters)"


def _hint(name: str, there: Collection[str]) -> str:
    """A suggestion for a column that does not exist."""
    if re.search(r"[^\w $€#./-]", name):
        return "; an expression is written as {sql: …}, a constant as {value: …}"
    return meant(name, there)
