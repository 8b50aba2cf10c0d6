"""The preset as SQL inside the open transaction: rows as the driver gives them, and entities that can be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlalchemy import (
    Connection,
    FromClause,
    Select,
    TextClause,
    case,
    column,
    func,
    inspect,
    literal,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Text

from pipeline.errors import ConfigError, SourceError
from pipeline.formats import Rules
from pipeline.formats.texts import text_of
from pipeline.model import ENTITIES, Kind, Schema, TableAccount
from pipeline.presets import Part, Preset
from pipeline.source.databases import kind_of
from pipeline.source.databases.select_guard import without_semicolon, wrapped
from pipeline.source.guard import must_only_read
from pipeline.source.typed import Typed, in_place

_AUDITED: Final = ""
"""The reason of a row that is audited: none."""
_TWICE: Final = "audited by two entities"


BATCH: Final = 5_000
"""Rows that one step of a stream brings into memory."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is read from where: the preset with the user's own fields, and the currency of amounts without one."""

    preset: Preset
    add: Mapping[str, str]  # 'meeting.result' -> 'meetings_cstm.result_c'
    currency: str
    absent: frozenset[str]  # 'entity.column' that this CRM does not hold
    schema: Schema = field(default_factory=lambda: ENTITIES)
    rules: Rules = field(default_factory=Rules)
    zone: str = "UTC"  # the audit's, for a preset in which a closing day is an instant's


class Reading:
    """The source inside its transaction: rows, counts, and whatever the catalogue asks."""

    def __init__(self, connection: Connection, demand: Demand) -> None:
        self.connection = connection
        self.demand = demand
        self._views = frozenset(inspect(connection).get_view_names())
        self._tables = frozenset(inspect(connection).get_table_names()) | self._views
        self._seen: set[str] = set()  # texts of users that may run
        self._must_have_tables()
        self._raw = {entity: self._raw_entity(entity) for entity in self.demand.schema}
        self._dialect = connection.dialect.name
        self._codes = {entity: self._type_codes(entity) for entity in self.demand.schema}
        self._typed = Typed(
            self._dialect,
            demand.schema,
            demand.rules,
            demand.preset.money == "minor",
            self._raw,
            {entity: self._holds(entity) for entity in self.demand.schema},
        )

    def entities(self) -> dict[str, FromClause]:
        """The audited rows of every entity, in the catalogue's types, as common table expressions."""
        return {entity: self._typed.audited(entity) for entity in self._raw}

    def worked_out(self, rows: Select[Any], name: str) -> FromClause:
        """A part of a statement that this database works out once, as far as it can be told so."""
        return self._typed.worked_out(rows, name)

    @property
    def rolls_up(self) -> bool:
        """Whether a statement should name such a part only once, and group it by ROLLUP."""
        return kind_of(self.connection.dialect.name).rolls_up

    def lent(self) -> str:
        """What the two readings share, where this database cannot work something out by itself; else ''."""
        return self._typed.lent()

    @property
    def tables(self) -> frozenset[str]:
        """The tables that the preset reads and the account sees."""
        return self._tables & self._needed()

    def caveats(self) -> list[str]:
        """What a reader should know of what was read: tables that are views, and those that are not there."""
        found = []
        if views := sorted(self.tables & self._views):
            found.append(f"A view, so that rows which it leaves out are not accounted for: {', '.join(views)}.")
        if lacking := sorted(self.demand.preset.optional.keys() - self._tables):
            found.append(
                f"Not there, or not granted, and read as if empty: {', '.join(lacking)}. "
                "Where the CRM has one of them, grant it."
            )
        return found

    def columns(self, entity: str) -> list[str]:
        """The entity's columns that the CRM holds, in our order."""
        return [name for name in self.demand.schema[entity] if f"{entity}.{name}" not in self.demand.absent]

    def count(self, entity: str) -> int:
        """How many rows a stream of this entity must have."""
        raw = self._raw[entity]
        return int(self.connection.scalar(select(func.count()).select_from(raw).where(raw.c.excluded.is_(None))) or 0)

    def rows(self, entity: str) -> Iterator[Sequence[Any]]:
        """The entity's audited rows in batches, as the driver gives them: never left unexhausted."""
        if self.columns(entity):  # else the CRM holds no such thing
            yield from self.stream(self.audited(entity))

    def stream(self, statement: Select[Any]) -> Iterator[Sequence[Any]]:
        """A statement's rows in batches, as the driver gives them: never left unexhausted."""
        # of this statement alone: options of the connection would stay, and PostgreSQL can declare no ROLLBACK a cursor
        options = {"stream_results": True, "yield_per": BATCH}
        streamed = self.connection.execute(statement, execution_options=options)
        yield from streamed.partitions()

    def head(self, entity: str, rows: int) -> list[Sequence[Any]]:
        """A few audited rows of an entity that the CRM holds, as the driver gives them."""
        return list(self.connection.execute(self.audited(entity).limit(rows)).all())

    def audited(self, entity: str, columns: Iterable[str] | None = None) -> Select[Any]:
        """These columns, or all that the CRM holds, of the rows that no reason excludes."""
        raw = self._raw[entity]
        names = self.columns(entity) if columns is None else columns
        return select(*(raw.c[name] for name in names)).where(raw.c.excluded.is_(None))

    def spelled(self, entity: str) -> frozenset[str]:
        """The columns of which the database's own text is what the driver delivers."""
        return frozenset(name for name, code in self._codes[entity].items() if kind_of(self._dialect).spells(code))

    def holds_number(self, entity: str, name: str) -> bool:
        """Whether the column's own type is one of numbers."""
        return self._typed.held[entity][name] is Kind.MONEY

    def control(self, figure: str, sql: str) -> str:
        """The one number that an analyst's SELECT for this figure gives, as text. SourceError where it gives none."""
        clause = self._text(f"{wrapped(self._guarded(sql, f'controls: the select of {figure}'))} LIMIT 2")
        rows = self.connection.execute(clause).all()
        value = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None
        if not _is_number(value):
            raise SourceError(
                f"controls: the select of {figure} must give one row with one number, and gives "
                f"{_said(rows)}; correct it in audit.yaml."
            )
        return str(value)

    def accounts(self) -> list[TableAccount]:
        """Per table that the preset reads: count(*) = audited + excluded by reason. SourceError where it is not."""
        readers: dict[str, dict[str, str]] = {}  # table -> who reads it, each with its SELECT
        for entity, parts in self.demand.preset.entities.items():
            for number, part in enumerate(parts):
                reader = f"{entity} ({number + 1})" if number else entity
                readers.setdefault(part.table, {})[reader] = self._select(entity, part)
        for table, sql in self._custom_reasons().items():
            readers[table] = {"": sql}
        for table, sql in self.demand.preset.tables.items():
            if table in self._tables:
                readers[table] = {"": self._guarded(sql, f"preset {self.demand.preset.name}: tables.{table}")}
        return [self._account(table, selects) for table, selects in readers.items() if table in self._tables]

    def _account(self, table: str, selects: Mapping[str, str]) -> TableAccount:
        name = self.connection.dialect.identifier_preparer.quote(table)
        total = int(self.connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0)
        reasons = self._reasons(selects)
        audited = reasons.pop(_AUDITED, 0)
        if audited + reasons.total() != total or reasons.keys() & {*selects, _TWICE}:
            raise SourceError(
                f"table {table}: it has {total} rows, but the preset's SELECT gives {audited} audited and "
                f"{reasons.total()} excluded; each row must come out once. Correct the preset's joins."
            )
        return TableAccount(table, total, audited, dict(reasons))

    def _reasons(self, selects: Mapping[str, str]) -> Counter[str]:
        """Reason -> rows. A row that several entities read counts once: as audited if one of them audits it, else by
        the reason that is none of their names."""
        if len(selects) == 1:
            (sql,) = selects.values()
            rows = self._text(sql).columns(column("excluded", Text)).subquery("reasoned")
            excluded: ColumnElement[Any] = func.coalesce(rows.c.excluded, _AUDITED)
        else:
            verdicts = [
                self._text(sql).columns(column("id"), column("excluded", Text)).subquery() for sql in selects.values()
            ]
            ranked = union_all(
                *(select(v.c.id, _rank(v.c.excluded, selects).label("rank")) for v in verdicts)
            ).subquery()
            times = func.sum(case((ranked.c.rank == "0", 1), else_=0)).label("times")
            rows = select(func.min(ranked.c.rank).label("rank"), times).group_by(ranked.c.id).subquery()
            excluded = case((rows.c.times > 1, _TWICE), else_=func.substr(rows.c.rank, 2))
        found = self.connection.execute(select(excluded, func.count()).select_from(rows).group_by(excluded))
        return Counter({str(reason): int(count) for reason, count in found})

    # -------------------------------------------------------------------------------------------- its parts

    def _text(self, sql: str) -> TextClause:
        """A preset's SELECT; tables that this installation lacks are read as if they were empty."""
        empty = [
            f"{table} AS (SELECT {', '.join(f'NULL AS {name}' for name in columns)} FROM (SELECT 1 AS i) o WHERE 1 = 0)"
            for table, columns in self.demand.preset.optional.items()
            if table not in self._tables and table in sql
        ]
        clause = text(f"WITH {', '.join(empty)} {sql}" if empty else sql)
        given = {"currency": self.demand.currency, "zone": self.demand.zone}
        return clause.bindparams(**{name: value for name, value in given.items() if name in clause._bindparams})

    def _guarded(self, sql: str, place: str) -> str:
        """A user's SELECT, after the database has taken it as one that only reads. ConfigError where it does not."""
        sql = without_semicolon(sql)
        if sql not in self._seen:
            must_only_read(self.connection, self._text(sql), place)
            self._seen.add(sql)
        return sql

    def _raw_entity(self, entity: str) -> FromClause:
        held = self.demand.preset.entities.get(entity, ()) if self.columns(entity) else ()
        parts = [part for part in held if part.table in self._tables]
        names, dialect = [*self.columns(entity), "excluded"], self.connection.dialect.name
        selects = []
        for position, part in enumerate(parts):
            raw = self._text(self._with_custom(entity, part)).columns(*(column(name) for name in names))
            if missing := set(names) - set(self._described(entity, part)) - {ours for ours, *_ in self._custom(entity)}:
                raise ConfigError(
                    f"preset {self.demand.preset.name}: the SELECT of {entity} from {part.table} gives no "
                    f"{', '.join(sorted(missing))}; add the column, or declare it under absent with the reason."
                )
            selects.append(select(*in_place(dialect, raw, f"raw_{entity}_{position}").c))
        if not selects:  # every table of it is optional and lacking
            # a NULL without a type, or MariaDB gives it a collation of its own, and no join to the CRM's columns
            return select(*(null().label(name) for name in names)).where(literal(1) == 0).cte(f"raw_{entity}")
        return in_place(dialect, union_all(*selects) if len(selects) > 1 else selects[0], f"raw_{entity}")

    def _holds(self, entity: str) -> dict[str, Kind | None]:
        """Column that the CRM holds -> what it holds by the database's own type; text where values have their own."""
        holds = kind_of(self._dialect).holds
        return {name: Kind.TEXT if holds is None else holds(code) for name, code in self._codes[entity].items()}

    def _type_codes(self, entity: str) -> dict[str, Any]:
        """Column that the CRM holds -> the driver's code of its type."""
        names = self.columns(entity)
        if not names:
            return {}
        described = self.connection.execute(self.audited(entity).where(literal(1) == 0)).cursor.description
        return {name: code for name, (_, code, *_) in zip(names, described, strict=True)}

    def _select(self, entity: str, part: Part) -> str:
        """The part's own SELECT, or the one that its column names stand for."""
        place = f"preset {self.demand.preset.name}: the SELECT of {entity} from {part.table}"
        if part.select is not None:
            return self._guarded(part.select, place)
        quote = self.connection.dialect.identifier_preparer.quote
        own = {ours: name for ours, table, name in self._custom(entity) if table == part.table}
        columns = [f"{quote(theirs)} AS {ours}" for ours, theirs in {**part.columns, **own}.items()]
        reasons = " ".join(f"WHEN {condition} THEN '{reason}'" for reason, condition in part.excluded.items())
        columns.append(f"CASE {reasons} END AS excluded" if reasons else "NULL AS excluded")
        return self._guarded(f"SELECT {', '.join(columns)} FROM {quote(part.table)}", place)

    def _described(self, entity: str, part: Part) -> list[str]:
        described = self._text(f"SELECT * FROM ({self._select(entity, part)}) d WHERE 1 = 0")
        return list(self.connection.execute(described).keys())

    def _custom(self, entity: str) -> list[tuple[str, str, str]]:
        """The user's own fields of an entity: (our column, table, column)."""
        found = []
        for ours, theirs in self.demand.add.items():
            if ours.partition(".")[0] == entity:
                table, _, name = theirs.partition(".")
                found.append((ours.partition(".")[2], table, name))
        return found

    def _with_custom(self, entity: str, part: Part) -> str:
        quote = self.connection.dialect.identifier_preparer.quote
        sql = self._select(entity, part)
        for position, (ours, table, name) in enumerate(self._custom(entity)):
            if table == part.table and part.columns:
                continue  # one of its own columns
            alias = f"x{position}"
            key = f"{alias}.{quote(self.demand.preset.key_of(entity, table) or 'id')}"
            if self.connection.dialect.name == "postgresql":  # compares no number with our ids, which are text
                key = f"CAST({key} AS text)"
            sql = (
                f"SELECT b{position}.*, {alias}.{quote(name)} AS {ours} FROM ({sql}) b{position} "
                f"LEFT JOIN {quote(table)} {alias} ON {key} = b{position}.id"
            )
        return sql

    def _custom_reasons(self) -> dict[str, str]:
        quote = self.connection.dialect.identifier_preparer.quote
        found = {}
        for entity, parts in self.demand.preset.entities.items():
            for table in {table for _, table, _ in self._custom(entity)} - {part.table for part in parts}:
                key = quote(self.demand.preset.key_of(entity, table) or "id")
                found[table] = (
                    f"SELECT CASE WHEN b.id IS NULL THEN 'of no record' END AS excluded FROM {quote(table)} x "
                    f"LEFT JOIN ({self._select(entity, parts[0])}) b ON b.id = x.{key}"
                )
        return found

    def _needed(self) -> set[str]:
        needed = {part.table for parts in self.demand.preset.entities.values() for part in parts}
        return needed | set(self.demand.preset.tables) | {one.partition(".")[0] for one in self.demand.add.values()}

    def _must_have_tables(self) -> None:
        # of exports the preset's own say what may lack, and it was looked at when they were opened
        may_lack = {*self.demand.preset.optional, *self.demand.preset.exports}
        if lacking := sorted(self._needed() - self._tables - may_lack):
            raise SourceError(
                f"the source has no table {', '.join(lacking)}, which the preset {self.demand.preset.name} reads; "
                "check that source.url names the CRM's database and that the account may read it."
            )


def _rank(excluded: ColumnElement[Any], entities: Iterable[str]) -> ColumnElement[Any]:
    """Text whose least is the verdict on a row: audited, then a reason of its own, then another entity's name."""
    return case(
        (excluded.is_(None), "0" + _AUDITED),
        (excluded.in_(list(entities)), literal("2").concat(excluded)),
        else_=literal("1").concat(excluded),
    )


def _is_number(value: Any) -> bool:
    """Whether a database's value is a number, be it written as text."""
    try:
        return value is not None and Decimal(str(text_of(value))).is_finite()
    except InvalidOperation:
        return False


def _said(rows: Sequence[Sequence[Any]]) -> str:
    """What came instead of one number, without what stands in it: it may be a client's."""
    if len(rows) != 1:
        return "none" if not rows else "several rows"
    return f"{len(rows[0])} columns" if len(rows[0]) != 1 else "something else"
