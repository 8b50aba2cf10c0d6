"""The audited rows in the types of our queries, as the database reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from sqlite3 import sqlite_version_info
from typing import Any, Final

from sqlalchemy import (
    CTE,
    FromClause,
    Select,
    and_,
    case,
    cast,
    false,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CompoundSelect, TextualSelect
from sqlalchemy.types import BigInteger, Date, Text

from pipeline.databases.constructs import (
    blank,
    day_of,
    micros,
    minor_units,
    no_date,
    whole_units,
)
from pipeline.databases.kinds import kind_of
from pipeline.formats import ReadingRules, units_of
from pipeline.formats.currencies import currency_of
from pipeline.formats.flags import flag_nothing, flag_of
from pipeline.model import ASSUMED, FORMATTED, NO_TEXT, READ, Kind, LocalText, Schema
from pipeline.values.money import ODD_FACTORS

_ALL: Final = 2**63 - 1
_SQLITE_MATERIALIZES: Final = sqlite_version_info >= (3, 35)


def in_place(
    dialect: str, rows: Select[Any] | CompoundSelect[Any] | TextualSelect, name: str
) -> CTE:
    """A part of a statement that lets the database use the CRM's indexes at each mention."""
    hinted = dialect == "postgresql" or (dialect == "sqlite" and _SQLITE_MATERIALIZES)
    return rows.cte(name).prefix_with("NOT MATERIALIZED") if hinted else rows.cte(name)


@dataclass(frozen=True)
class Typed:
    """The kinds of every entity's columns, and their conversion to the types of our queries."""

    dialect: str
    schema: Schema
    reading_rules: ReadingRules
    minor: bool  # amounts are integers of minor units
    raw: Mapping[str, FromClause]  # entity -> the preset's SELECT
    # entity -> column that the CRM holds -> its kind by type
    column_kinds: Mapping[str, Mapping[str, Kind | None]]
    # entity -> columns whose type names a zone
    instants: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def audited(self, entity: str) -> CTE:
        """The audited rows; text is read once, in steps, and not again in every condition."""
        name, raw = f"audited_{entity}", self.raw[entity]
        live, here = raw.c.excluded.is_(None), self.dialect in ("files", "duckdb")
        if not self._is_worked_out(entity):
            rows = select(*self._marked(entity, self._values(entity, raw))).where(live)
            return self.worked_out(rows, name) if here else in_place(self.dialect, rows, name)
        texts = {
            column: self.reading_rules.for_text().text_in(raw.c[column])
            for column in self._in_text(entity)
        }
        labelled = (
            texts.get(column, self._kept(entity, column)).label(column)
            for column in self.column_kinds[entity]
        )
        source = self.worked_out(select(*labelled).where(live), f"texts_{entity}")
        amounts = [column for column in texts if self.schema[entity][column] is Kind.MONEY]
        if amounts:
            numbers = (
                self.reading_rules.for_text()
                .number_of(source.c[column])
                .label(f"{column}_number")
                for column in amounts
            )
            source = self.worked_out(select(*source.c, *numbers), f"numbers_{entity}")
        values = self._values(entity, source)
        pairs = (
            (value.label(column), case((nothing, 1), else_=0).label(f"{column}_nothing"))
            for column, (value, nothing) in values.items()
        )
        read = self.worked_out(select(*chain.from_iterable(pairs)), f"read_{entity}")
        again = {
            column: (read.c[column], read.c[f"{column}_nothing"] == 1) for column in values
        }
        return select(*self._marked(entity, again)).cte(name)

    def narrow(self, entity: str, names: Sequence[str]) -> CTE:
        """These texts of the audited rows alone, of which no moment or amount is read."""
        held = self.column_kinds[entity]
        columns = (
            (self._kept(entity, name) if name in held else self._nothing(Kind.TEXT)).label(name)
            for name in names
        )
        rows = select(*columns).where(self.raw[entity].c.excluded.is_(None))
        return in_place(self.dialect, rows, f"narrow_{entity}")

    def worked_out(self, rows: Select[Any], name: str) -> CTE:
        """Has the database evaluate the rows once per statement, if it can be told to."""
        if self.dialect in ("mysql", "mariadb") or (
            self.dialect == "sqlite" and not _SQLITE_MATERIALIZES
        ):
            # a LIMIT keeps the database from merging it into the statement
            return rows.limit(_ALL).cte(name)
        return rows.cte(name).prefix_with("MATERIALIZED")

    def _in_text(self, entity: str) -> list[str]:
        """The entity's days, instants and amounts that are read as text."""
        typed = [
            name for name in self.column_kinds[entity] if self.schema[entity][name] in FORMATTED
        ]
        if self._by_value:
            return typed if self.reading_rules.formats is not None else []
        return [name for name in typed if self.column_kinds[entity][name] is Kind.TEXT]

    def _is_worked_out(self, entity: str) -> bool:
        """Whether reading the entity is slow enough to be done only once."""
        if not self._by_value:
            return bool(self._in_text(entity))
        kinds = {self.schema[entity][name] for name in self.column_kinds[entity]}
        local = Kind.INSTANT in kinds and self.reading_rules.datetimes != "UTC"
        return (
            self.reading_rules.formats is not None
            or local
            or (Kind.MONEY in kinds and not self.minor)
        )

    def _marked(
        self, entity: str, values: Mapping[str, tuple[ColumnElement[Any], ColumnElement[bool]]]
    ) -> Iterator[ColumnElement[Any]]:
        """Each value, plus a column that is 1 where a day, instant or amount is unreadable."""
        for name, kind in self.schema[entity].items():
            value, nothing = values[name]
            yield value.label(name)
            if kind is Kind.MONEY:
                unread = or_(value.is_(None), values["currency"][0].is_(None))
                yield case((nothing, 0), (unread, 1), else_=0).label(f"{name}_unreadable")
            elif kind in READ:
                unread = and_(value.is_(None), nothing.is_(False))
                yield case((unread, 1), else_=0).label(f"{name}_unreadable")

    def _values(
        self, entity: str, source: FromClause
    ) -> dict[str, tuple[ColumnElement[Any], ColumnElement[bool]]]:
        """Column -> (its typed value or NULL, whether nothing was entered)."""
        kinds = self.column_kinds[entity]
        return {
            name: self._value(entity, source, name, kind)
            if name in kinds
            else (self._absent(name, kind), true())
            for name, kind in self.schema[entity].items()
        }

    def _absent(self, name: str, kind: Kind) -> ColumnElement[Any]:
        if kind is Kind.CURRENCY and self.reading_rules.currency:
            return literal(self.reading_rules.currency)
        return literal(ASSUMED[name]) if name in ASSUMED else self._nothing(kind)

    def _nothing(self, kind: Kind) -> ColumnElement[Any]:
        """A NULL of the column's type."""
        if kind is Kind.TEXT and self.dialect in ("mysql", "mariadb"):
            # a typed NULL has its own collation there, and cannot be joined to the CRM's columns
            return null()
        types: Mapping[Kind, Any] = {Kind.TEXT: Text(), Kind.CURRENCY: Text(), Kind.DAY: Date()}
        return cast(null(), types.get(kind, BigInteger()))

    def _value(
        self, entity: str, source: FromClause, name: str, kind: Kind
    ) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
        entered: ColumnElement[Any] = source.c[name]
        stored_kind = self.column_kinds[entity][name]
        if name in self._in_text(entity):
            return self._from_text(
                entity, source, name, kind
            ), self.reading_rules.for_text().nothing(entered, kind)
        if source is self.raw[entity]:
            entered = self._kept(entity, name)
        if kind is Kind.TEXT:
            return entered, false()
        if kind in (Kind.FLAG, Kind.CURRENCY):
            return self._word(entered, kind)
        dated = kind is not Kind.MONEY and stored_kind in (Kind.INSTANT, Kind.DAY, Kind.TEXT)
        nothing = no_date(entered) if dated else blank(entered)
        return self._of_own_type(entity, source, name, entered), nothing

    def _of_own_type(
        self, entity: str, source: FromClause, name: str, entered: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        """A day, an instant or an amount that the database has typed itself; NULL
        where it is of another kind.
        """
        kind, stored_kind = self.schema[entity][name], self.column_kinds[entity][name]
        instant = name in self.instants.get(entity, ())
        if kind is Kind.DAY and stored_kind is Kind.INSTANT:
            return self.reading_rules.own_day_of(micros(entered), instant=instant)
        if stored_kind not in (kind, Kind.TEXT):
            return self._nothing(kind)
        if kind is Kind.MONEY:
            return self._amount(entered, self._currency(entity, source))
        if kind is Kind.INSTANT:
            return self.reading_rules.own_micros(micros(entered), instant=instant)
        return day_of(entered)

    def _word(
        self, entered: ColumnElement[Any], kind: Kind
    ) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
        """What is one of few words, in any type; an amount that names no
        currency is in the audit's.
        """
        if kind is Kind.FLAG:
            return flag_of(entered), flag_nothing(entered)
        return currency_of(
            entered, self.reading_rules.signs, self.reading_rules.currency
        ), false()

    def _kept(self, entity: str, name: str) -> ColumnElement[Any]:
        """What the column holds, without empty words; an id is one whatever it is,
        and a number is no word.
        """
        entered: ColumnElement[Any] = self.raw[entity].c[name]
        stored_kind = self.column_kinds[entity][name]
        kind = self.schema[entity][name]
        if name != "id" and stored_kind is Kind.TEXT:
            content = (
                self.reading_rules.contents.get(f"{entity}.{name}")
                if kind is Kind.TEXT
                else None
            )
            entered = self.reading_rules.kept(entered, content=content)
        # an id that is a number here and a text there is one id; but its
        # index would find it no more
        by_text = self._by_value and self.reading_rules.formats is not None
        return cast(entered, Text) if kind is Kind.TEXT and by_text else entered

    def _from_text(
        self, entity: str, source: FromClause, name: str, kind: Kind
    ) -> ColumnElement[Any]:
        rules = self.reading_rules.for_text()
        if kind is not Kind.MONEY:
            return (
                rules.micros_of(source.c[name])
                if kind is Kind.INSTANT
                else rules.day_of(source.c[name])
            )
        if self.minor:
            return self._nothing(kind)  # a text is not an integer of minor units
        return units_of(source.c[f"{name}_number"], self._currency(entity, source))

    def _currency(self, entity: str, source: FromClause) -> ColumnElement[Any]:
        if "currency" not in self.column_kinds[entity]:
            return self._absent("currency", Kind.CURRENCY)
        return self._value(entity, source, "currency", Kind.CURRENCY)[0]

    def _amount(
        self, entered: ColumnElement[Any], currency: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        if self.minor:
            return whole_units(entered)
        odd = [
            (currency.in_([code for code, of in ODD_FACTORS.items() if of == factor]), factor)
            for factor in sorted(set(ODD_FACTORS.values()))
        ]
        return case(
            *((codes, minor_units(entered, literal(factor))) for codes, factor in odd),
            else_=minor_units(entered, literal(100)),
        )

    def shared_code_note(self) -> LocalText:
        """A note if both readings share code because the database lacks a function."""
        worked_out = any(self._is_worked_out(entity) for entity in self.schema)
        shares = self._by_value and (worked_out or bool(self.reading_rules.contents))
        return kind_of(self.dialect).shared_code_note if shares else NO_TEXT

    @property
    def _by_value(self) -> bool:
        """Whether each value has its own type, which the dialect's expressions check."""
        return kind_of(self.dialect).column_kind is None
