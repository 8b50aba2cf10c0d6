"""The preset as SQL inside the open transaction: rows as the driver gives them, and
entities that can be asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlalchemy import (
    Connection,
    FromClause,
    Select,
    case,
    column,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Text

from pipeline.databases import kind_of
from pipeline.databases.constructs import single_amount
from pipeline.databases.select_guard import wrapped
from pipeline.errors import ConfigError, SourceError
from pipeline.language.languages import in_all
from pipeline.model import DATED, Kind, LocalText, TableAccount
from pipeline.presets import Part
from pipeline.source.given import given_by, not_given, partly_given
from pipeline.source.names import Tables, close_to, listed
from pipeline.source.selects import ReadSpec, Selects
from pipeline.source.typed import Typed, in_place
from pipeline.values.texts import text_of

_AUDITED: Final = ""
"""The reason of a row that is audited: none."""
_TWICE: Final = "twice"
"""The reason of a row that two entities audit, or that one SELECT gives twice."""


BATCH: Final = 5_000
"""Rows that one step of a stream brings into memory."""


class SourceReader:
    """The source inside its transaction: rows, counts, and whatever queries ask."""

    def __init__(self, connection: Connection, spec: ReadSpec) -> None:
        self.connection = connection
        self.spec = spec
        self._names = Tables(connection, self._needed())
        self._tables, self._views = self._names.all, self._names.views
        self._must_have_tables()
        self._selects = Selects(connection, spec, self._names)
        self._settle_columns()
        self._raw = {entity: self._raw_entity(entity) for entity in self.spec.schema}
        self._dialect = connection.dialect.name
        self._codes = {entity: self._type_codes(entity) for entity in self.spec.schema}
        for entity in self.spec.schema:
            self._settle_singles(entity)
        self._typed = Typed(
            self._dialect,
            spec.schema,
            spec.rules,
            spec.preset.money == "minor",
            self._raw,
            {entity: self._column_kinds(entity) for entity in self.spec.schema},
            {entity: self._instants(entity) for entity in self.spec.schema},
        )

    def entities(self) -> dict[str, FromClause]:
        """The audited rows of every entity, in the types of our queries, as
        common table expressions.
        """
        return {entity: self._typed.audited(entity) for entity in self._raw}

    def worked_out(self, rows: Select[Any], name: str) -> FromClause:
        """A part of a statement that this database works out once, as
        far as it can be told so.
        """
        return self._typed.worked_out(rows, name)

    @property
    def rolls_up(self) -> bool:
        """Whether a statement should name such a part only once, and group it by ROLLUP."""
        return kind_of(self.connection.dialect.name).rolls_up

    def shared_code_note(self) -> LocalText:
        """What the two readings share, where this database cannot work
        something out by itself; else no text.
        """
        return self._typed.shared_code_note()

    @property
    def tables(self) -> frozenset[str]:
        """The tables that the preset reads and the account sees."""
        return self._tables & self._needed()

    def caveats(self) -> list[LocalText]:
        """What a reader should know of what was read: tables that are views, and
        those that are not there.
        """
        found = [*self._partly_given]
        if views := sorted(self.tables & self._views):
            found.append(
                in_all(
                    "A view, so that rows which it leaves out are not accounted for: {views}.",
                    views=", ".join(views),
                )
            )
        if lacking := sorted(self.spec.preset.optional.keys() - self._tables):
            found.append(
                in_all(
                    "Not there, or not granted, and read as if empty: {tables}. "
                    "Where the CRM has one of them, grant it.",
                    tables=", ".join(lacking),
                )
            )
        return found

    def columns(self, entity: str) -> list[str]:
        """The entity's columns that the CRM holds, in our order."""
        return [
            name
            for name in self.spec.schema[entity]
            if f"{entity}.{name}" not in self.spec.absent
        ]

    def count(self, entity: str) -> int:
        """How many rows a stream of this entity must have."""
        raw = self._raw[entity]
        return int(
            self.connection.scalar(
                select(func.count()).select_from(raw).where(raw.c.excluded.is_(None))
            )
            or 0
        )

    def rows(self, entity: str) -> Iterator[Sequence[Any]]:
        """The entity's audited rows in batches, as the driver gives
        them: never left unexhausted.
        """
        if self.columns(entity):  # else the CRM holds no such thing
            yield from self.stream(self.audited(entity))

    def stream(self, statement: Select[Any]) -> Iterator[Sequence[Any]]:
        """A statement's rows in batches, as the driver gives them: never left unexhausted."""
        # of this statement alone: options of the connection would stay, and PostgreSQL can
        # declare no ROLLBACK a cursor
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
        return frozenset(
            name
            for name, code in self._codes[entity].items()
            if kind_of(self._dialect).spells(code)
        )

    def is_number(self, entity: str, name: str) -> bool:
        """Whether the column's own type is one of numbers."""
        return self._typed.column_kinds[entity][name] is Kind.MONEY

    def control(self, figure: str, sql: str) -> str:
        """The one number that an analyst's SELECT for this figure gives, as text.
        SourceError where it gives none.
        """
        clause = self._selects.text(
            f"{wrapped(self._selects.guarded(sql, f'controls: the select of {figure}'))} LIMIT 2"
        )
        rows = self.connection.execute(clause).all()
        value = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None
        if not _is_number(value):
            raise SourceError(
                f"controls: the select of {figure} must give one row with one number, and gives "
                f"{_said(rows)}; correct it in audit.yaml."
            )
        return str(value)

    def accounts(self) -> list[TableAccount]:
        """Per table that the preset reads: count(*) = audited + excluded by reason.
        SourceError where it is not.
        """
        readers: dict[str, dict[str, str]] = {}  # table -> who reads it, each with its SELECT
        for entity, parts in self.spec.preset.entities.items():
            for number, part in enumerate(parts):
                reader = f"{entity} ({number + 1})" if number else entity
                readers.setdefault(part.table, {})[reader] = self._selects.of(entity, part)
        for table, sql in self._selects.added_reasons().items():
            readers[table] = {"": sql}
        for table, sql in self.spec.preset.tables.items():
            if table in self._tables:
                readers[table] = {
                    "": self._selects.guarded(
                        sql, f"preset {self.spec.preset.name}: tables.{table}"
                    )
                }
        return [
            self._account(table, selects)
            for table, selects in readers.items()
            if table in self._tables
        ]

    def must_understand_marks(self) -> None:
        """SourceError where a mark of deletion says neither yes nor no; a run
        excludes and lists such rows.
        """
        found = list(self._selects.marks_unread())
        # a user whose flag says neither would be no manager, and nobody would know
        if not found:
            found = [f"{name}: {said}" for name, said in self.flags_unread(["user"]).items()]
        if found:
            raise SourceError(
                f"{'; '.join(found)}. Nobody could say whether these rows are deleted or active. Correct them in the "
                "CRM, declare the word under empty in the preset if it means nothing, or write the condition as "
                "{sql: …}; docs/sources.md lists the words that are read."
            )

    def flags_unread(self, entities: Iterable[str]) -> dict[str, str]:
        """'client.private_person' -> which words of this flag are neither yes nor
        no, whatever gives them.
        """
        found = {}
        for entity in entities:
            raw = self._raw[entity]
            flags = (
                name
                for name in self.columns(entity)
                if self.spec.schema[entity][name] is Kind.FLAG
            )
            for name in flags if self._parts[entity] else ():
                if said := self._selects.flag_unread(raw.c[name], raw.c.excluded.is_(None)):
                    found[f"{entity}.{name}"] = said
        return found

    def _account(self, table: str, selects: Mapping[str, str]) -> TableAccount:
        name = self._names.quoted(table)
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
        """Reason -> rows. A row that several entities read counts once: as audited if one of
        them audits it, else by the reason that is none of their names.
        """
        if len(selects) == 1:
            (sql,) = selects.values()
            rows = (
                self._selects.text(sql).columns(column("excluded", Text)).subquery("reasoned")
            )
            excluded: ColumnElement[Any] = func.coalesce(rows.c.excluded, _AUDITED)
        else:
            verdicts = [
                self._selects.text(sql)
                .columns(column("id"), column("excluded", Text))
                .subquery()
                for sql in selects.values()
            ]
            ranked = union_all(
                *(
                    select(
                        v.c.id,
                        _rank(v.c.excluded, selects).label("rank"),
                        literal(place).label("reader"),
                    )
                    for place, v in enumerate(verdicts)
                )
            ).subquery()
            audited = func.sum(case((ranked.c.rank == "0", 1), else_=0))
            doubled = [
                func.sum(case((ranked.c.reader == place, 1), else_=0)) > 1
                for place in range(len(verdicts))
            ]
            twice = case((or_(audited > 1, *doubled), 1), else_=0).label("twice")
            rows = (
                select(func.min(ranked.c.rank).label("rank"), twice)
                .group_by(ranked.c.id)
                .subquery()
            )
            excluded = case((rows.c.twice == 1, _TWICE), else_=func.substr(rows.c.rank, 2))
        found = self.connection.execute(
            select(excluded, func.count()).select_from(rows).group_by(excluded)
        )
        return Counter({str(reason): int(count) for reason, count in found})

    # -------------------------------------------------------------------------------- its parts

    def _raw_entity(self, entity: str) -> FromClause:
        names, dialect = [*self.columns(entity), "excluded"], self.connection.dialect.name
        raws = []
        for position, (part, given) in enumerate(
            zip(self._parts[entity], self._given[entity], strict=True)
        ):
            own: list[ColumnElement[Any]] = [column(name) for name in names if name in given]
            raw = self._selects.text(self._selects.with_added(entity, part)).columns(*own)
            raws.append(in_place(dialect, raw, f"raw_{entity}_{position}"))
        selects = [select(*(_given_or_null(raw, raws, name) for name in names)) for raw in raws]
        if not selects:  # every table of it is optional and lacking
            # a NULL without a type, or MariaDB gives it a collation of its own, and no
            # join to the CRM's columns
            return (
                select(*(null().label(name) for name in names))
                .where(literal(1) == 0)
                .cte(f"raw_{entity}")
            )
        return in_place(
            dialect, union_all(*selects) if len(selects) > 1 else selects[0], f"raw_{entity}"
        )

    def _column_kinds(self, entity: str) -> dict[str, Kind | None]:
        """Column that the CRM holds -> what it holds by the database's own type; text
        where values have their own.
        """
        column_kind = kind_of(self._dialect).column_kind
        return {
            name: Kind.TEXT if column_kind is None else column_kind(code)
            for name, code in self._codes[entity].items()
        }

    def _instants(self, entity: str) -> frozenset[str]:
        """The columns whose own type is one of instants: no zone that a preset
        declares applies to them.

        ConfigError where that is so in one part of the entity only: together the
        database makes one type of both.
        """
        named = kind_of(self._dialect).instants
        found = frozenset(name for name, code in self._codes[entity].items() if named(code))
        parts = self._parts[entity]
        if self.spec.rules.datetimes == "UTC" or len(parts) < 2:
            return found
        dated = [name for name, kind in self.spec.schema[entity].items() if kind in DATED]
        for part in parts:
            codes = {
                name: code
                for name, code in self._codes_of(entity, part).items()
                if name in dated
            }
            moments = {name: code for name, code in codes.items() if self._is_moment(code)}
            mixed = [name for name, code in moments.items() if named(code) != (name in found)]
            if mixed:
                raise ConfigError(
                    f"preset {self.spec.preset.name}: {entity}.{mixed[0]} is an instant in one table and a datetime "
                    f"without a zone in another ({', '.join(one.table for one in parts)}), so `datetimes` cannot say "
                    "which clock it shows; make them one type in the preset's SELECTs."
                )
        return found

    def _is_moment(self, code: Any) -> bool:
        column_kind = kind_of(self._dialect).column_kind
        return column_kind is not None and column_kind(code) is Kind.INSTANT

    def _codes_of(self, entity: str, part: Part) -> dict[str, Any]:
        """Column that one part gives -> the driver's code of its type."""
        sql = f"SELECT * FROM ({self._selects.with_added(entity, part)}) d WHERE 1 = 0"
        return {
            str(name): code
            for name, code, *_ in self.connection.execute(
                self._selects.text(sql)
            ).cursor.description
        }

    def _settle_singles(self, entity: str) -> None:
        """Takes an amount of single precision for what it shows, if that is the same
        number; drivers may round it.
        """
        single, kinds = kind_of(self._dialect).single, self.spec.schema[entity]
        names = {
            name
            for name, code in self._codes[entity].items()
            if kinds[name] is Kind.MONEY and single(code)
        }
        if names and self.spec.preset.money == "decimal":
            raw = self._raw[entity]
            columns = (
                single_amount(one).label(one.key) if one.key in names else one for one in raw.c
            )
            self._raw[entity] = select(*columns).cte(f"exact_{entity}")
            self._codes[entity] = self._type_codes(entity)

    def _type_codes(self, entity: str) -> dict[str, Any]:
        """Column that the CRM holds -> the driver's code of its type."""
        names = self.columns(entity)
        if not names:
            return {}
        described = self.connection.execute(
            self.audited(entity).where(literal(1) == 0)
        ).cursor.description
        return {name: code for name, (_, code, *_) in zip(names, described, strict=True)}

    def _parts_of(self, entity: str) -> list[Part]:
        """The parts of an entity that is read, of tables that are there."""
        parts = self.spec.preset.entities.get(entity, ()) if self.columns(entity) else ()
        return [part for part in parts if part.table in self._tables]

    def _settle_columns(self) -> None:
        """What each SELECT gives; what none gives is absent. ConfigError tells all that the
        preset misnames at once.
        """
        preset = self.spec.preset.name
        if found := self._selects.misnamed():
            raise ConfigError(listed(f"preset {preset}: names that are not there", found))
        self._parts = {entity: self._parts_of(entity) for entity in self.spec.schema}
        self._given = given_by(self.connection, self._selects, preset, self._parts)
        wanted = {entity: self.columns(entity) for entity in self.spec.schema}
        self.not_given = not_given(self._parts, self._given, wanted)
        self.spec = replace(self.spec, absent=self.spec.absent | self.not_given.keys())
        columns = {entity: self.columns(entity) for entity in self.spec.schema}
        self._partly_given = partly_given(self._parts, self._given, columns)

    def _needed(self) -> set[str]:
        needed = {part.table for parts in self.spec.preset.entities.values() for part in parts}
        added = {self.spec.preset.place_of(theirs)[0] for theirs in self.spec.add.values()}
        return needed | added | set(self.spec.preset.tables)

    def _must_have_tables(self) -> None:
        # of exports the preset's own say what may lack, and it was looked
        # at when they were opened
        may_lack = {*self.spec.preset.optional, *self.spec.preset.exports}
        if lacking := sorted(self._needed() - self._tables - may_lack):
            raise SourceError(
                f"the source has no table {', '.join(lacking)}, which the preset {self.spec.preset.name} reads"
                f"{close_to(lacking, self._tables)}; "
                "check that source.url names the CRM's database and that the account may read it."
            )


def _given_or_null(
    raw: FromClause, raws: Sequence[FromClause], name: str
) -> ColumnElement[Any]:
    """The column of a part, or a NULL in the type of the part that gives it: three
    parts of PostgreSQL need one.
    """
    if name in raw.c:
        return raw.c[name]
    giver = next(one for one in raws if name in one.c)
    return select(giver.c[name]).where(literal(1) == 0).scalar_subquery().label(name)


def _rank(excluded: ColumnElement[Any], entities: Iterable[str]) -> ColumnElement[Any]:
    """Text whose least is the verdict on a row: audited, then a reason of its own,
    then another entity's name.
    """
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
