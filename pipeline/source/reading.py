"""The preset as SQL inside the open transaction: rows as the driver gives them, and entities that can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Connection,
    FromClause,
    Select,
    TextClause,
    and_,
    case,
    cast,
    column,
    func,
    inspect,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import BigInteger, Date, Text

from pipeline.errors import ConfigError, SourceError
from pipeline.model import ENTITIES, Kind, TableAccount
from pipeline.money import ODD_FACTORS
from pipeline.presets import Part, Preset
from pipeline.sql import blank, day_of, micros, minor_units, no_date, same_text, whole_units

BATCH: Final = 5_000
"""Rows that one step of a stream brings into memory."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is read from where: the preset with the user's own fields, and the currency of amounts without one."""

    preset: Preset
    add: Mapping[str, str]  # 'meeting.result' -> 'meetings_cstm.result_c'
    currency: str
    absent: frozenset[str]  # 'entity.column' that this CRM does not hold


class Reading:
    """The source inside its transaction: rows, counts, and whatever the catalogue asks."""

    def __init__(self, connection: Connection, demand: Demand) -> None:
        self.connection = connection
        self.demand = demand
        self._tables = frozenset(inspect(connection).get_table_names()) | frozenset(
            inspect(connection).get_view_names()
        )
        self._must_have_tables()
        self._raw = {entity: self._raw_entity(entity) for entity in ENTITIES}

    def entities(self) -> dict[str, FromClause]:
        """The audited rows of every entity, in the catalogue's types, as common table expressions."""
        return {entity: self._canonical(entity, raw).cte(f"audited_{entity}") for entity, raw in self._raw.items()}

    def columns(self, entity: str) -> list[str]:
        """The entity's columns that the CRM holds, in our order."""
        return [name for name in ENTITIES[entity] if f"{entity}.{name}" not in self.demand.absent]

    def count(self, entity: str) -> int:
        """How many rows a stream of this entity must have."""
        raw = self._raw[entity]
        return int(self.connection.scalar(select(func.count()).select_from(raw).where(raw.c.excluded.is_(None))) or 0)

    def rows(self, entity: str) -> Iterator[Sequence[Any]]:
        """The entity's audited rows in batches, as the driver gives them: never left unexhausted."""
        if not self.columns(entity):
            return  # the CRM holds no such thing
        raw = self._raw[entity]
        audited = select(*(raw.c[name] for name in self.columns(entity))).where(raw.c.excluded.is_(None))
        streamed = self.connection.execution_options(stream_results=True, yield_per=BATCH).execute(audited)
        yield from streamed.partitions()

    def accounts(self) -> list[TableAccount]:
        """Per table that the preset reads: count(*) = audited + excluded by reason. SourceError where it is not."""
        parts = [part for parts in self.demand.preset.entities.values() for part in parts]
        reasons = {part.table: part.select for part in parts} | dict(self.demand.preset.tables) | self._custom_reasons()
        return [self._account(table, sql) for table, sql in reasons.items() if table in self._tables]

    def _account(self, table: str, sql: str) -> TableAccount:
        reasoned = self._text(sql).columns(column("excluded", Text)).subquery("reasoned")
        rows = self.connection.execute(select(reasoned.c.excluded, func.count()).group_by(reasoned.c.excluded)).all()
        name = self.connection.dialect.identifier_preparer.quote(table)
        total = int(self.connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0)
        excluded = {str(reason): int(count) for reason, count in rows if reason is not None}
        audited = sum(int(count) for reason, count in rows if reason is None)
        if audited + sum(excluded.values()) != total:
            raise SourceError(
                f"table {table}: it has {total} rows, but the preset's SELECT gives {audited} audited and "
                f"{sum(excluded.values())} excluded; each row must come out once. Correct the preset's joins."
            )
        return TableAccount(table, total, audited, excluded)

    # -------------------------------------------------------------------------------------------- its parts

    def _text(self, sql: str) -> TextClause:
        """A preset's SELECT; tables that this installation lacks are read as if they were empty."""
        empty = [
            f"{table} AS (SELECT {', '.join(f'NULL AS {name}' for name in columns)} FROM (SELECT 1 AS i) o WHERE 1 = 0)"
            for table, columns in self.demand.preset.optional.items()
            if table not in self._tables and table in sql
        ]
        clause = text(f"WITH {', '.join(empty)} {sql}" if empty else sql)
        return clause.bindparams(currency=self.demand.currency) if "currency" in clause._bindparams else clause

    def _raw_entity(self, entity: str) -> FromClause:
        parts = [part for part in self.demand.preset.entities.get(entity, ()) if part.table in self._tables]
        names = [*self.columns(entity), "excluded"]
        selects = []
        for position, part in enumerate(parts):
            raw = self._text(self._with_custom(entity, part)).columns(*(column(name) for name in names))
            if missing := set(names) - set(self._described(part)) - {c.partition(".")[2] for c in self.demand.add}:
                raise ConfigError(
                    f"preset {self.demand.preset.name}: the SELECT of {entity} from {part.table} gives no "
                    f"{', '.join(sorted(missing))}; add the column, or declare it under absent with the reason."
                )
            selects.append(select(*raw.cte(f"raw_{entity}_{position}").c))
        if not selects:  # every table of it is optional and lacking
            return (
                select(*(cast(null(), Text).label(name) for name in names)).where(literal(1) == 0).cte(f"raw_{entity}")
            )
        return (union_all(*selects) if len(selects) > 1 else selects[0]).cte(f"raw_{entity}")

    def _described(self, part: Part) -> list[str]:
        described = self._text(f"SELECT * FROM ({part.select}) d WHERE 1 = 0")
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
        sql, key = part.select, quote(self.demand.preset.custom_key or "id")
        for position, (ours, table, name) in enumerate(self._custom(entity)):
            alias = f"x{position}"
            sql = (
                f"SELECT b{position}.*, {alias}.{quote(name)} AS {ours} FROM ({sql}) b{position} "
                f"LEFT JOIN {quote(table)} {alias} ON {alias}.{key} = b{position}.id"
            )
        return sql

    def _custom_reasons(self) -> dict[str, str]:
        quote = self.connection.dialect.identifier_preparer.quote
        key = quote(self.demand.preset.custom_key or "id")
        found = {}
        for entity, parts in self.demand.preset.entities.items():
            for _, table, _ in self._custom(entity):
                found[table] = (
                    f"SELECT CASE WHEN b.id IS NULL THEN 'of no record' END AS excluded FROM {quote(table)} x "
                    f"LEFT JOIN {quote(parts[0].table)} b ON b.id = x.{key}"
                )
        return found

    def _must_have_tables(self) -> None:
        needed = {part.table for parts in self.demand.preset.entities.values() for part in parts}
        needed |= set(self.demand.preset.tables) | {theirs.partition(".")[0] for theirs in self.demand.add.values()}
        if lacking := sorted(needed - self._tables - set(self.demand.preset.optional)):
            raise SourceError(
                f"the source has no table {', '.join(lacking)}, which the preset {self.demand.preset.name} reads; "
                "check that source.url names the CRM's database and that the account may read it."
            )

    # -------------------------------------------------------------------------------------------- its types

    def _canonical(self, entity: str, raw: FromClause) -> Select[Any]:
        columns: list[ColumnElement[Any]] = []
        for name, kind in ENTITIES[entity].items():
            held = f"{entity}.{name}" not in self.demand.absent
            value, unreadable = self._typed(kind, raw, name) if held else (_typed_null(kind), literal(0))
            columns.append(value.label(name))
            if kind in (Kind.INSTANT, Kind.DAY, Kind.MONEY):
                columns.append(unreadable.label(f"{name}_unreadable"))
        return select(*columns).where(raw.c.excluded.is_(None))

    def _typed(self, kind: Kind, raw: FromClause, name: str) -> tuple[ColumnElement[Any], ColumnElement[int]]:
        """The value in the catalogue's type, and 1 where something was entered that cannot be read."""
        entered = raw.c[name]
        if kind is Kind.MONEY:
            value = self._amount(entered, raw.c.currency)
            return value, case((blank(entered), 0), (or_(value.is_(None), blank(raw.c.currency)), 1), else_=0)
        if kind in (Kind.INSTANT, Kind.DAY):
            read: ColumnElement[Any] = micros(entered) if kind is Kind.INSTANT else day_of(entered)
            return read, case((and_(read.is_(None), no_date(entered).is_(False)), 1), else_=0)
        if kind is Kind.FLAG:
            return func.coalesce(entered, 0), literal(0)
        return entered, literal(0)

    def _amount(self, entered: ColumnElement[Any], currency: ColumnElement[Any]) -> ColumnElement[Any]:
        if self.demand.preset.money == "minor":
            return whole_units(entered)
        odd = [
            (same_text(currency, code), minor_units(entered, literal(factor))) for code, factor in ODD_FACTORS.items()
        ]
        return case(*odd, else_=minor_units(entered, literal(100)))


def _typed_null(kind: Kind) -> ColumnElement[Any]:
    types: Mapping[Kind, Any] = {Kind.TEXT: Text(), Kind.DAY: Date(), Kind.FLAG: BigInteger()}
    return literal(0) if kind is Kind.FLAG else cast(null(), types.get(kind, BigInteger()))
