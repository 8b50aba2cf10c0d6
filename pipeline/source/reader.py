"""Reads a CRM through a preset in the open transaction: raw rows, and entities for queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlalchemy import (
    ClauseElement,
    Connection,
    FromClause,
    Select,
    case,
    column,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Text

from pipeline.databases.constructs import single_amount
from pipeline.databases.kinds import kind_of
from pipeline.databases.select_guard import wrapped
from pipeline.errors import ConfigError, SourceError
from pipeline.language.languages import in_all
from pipeline.model import DATED, LOGS, Kind, LocalText, TableAccount
from pipeline.model.source_sql import COLUMNS, EntitySql
from pipeline.presets import Part
from pipeline.source.names import Tables, close_to, listed
from pipeline.source.part_columns import columns_of_parts, not_given, partly_given
from pipeline.source.selects import ReadSpec, Selects
from pipeline.source.typed import Typed, in_place
from pipeline.values.texts import text_of

_AUDITED: Final = ""
"""The reason for an audited row: none."""
_TWICE: Final = "twice"
"""The reason for a row that two entities audit, or that a SELECT returns twice."""


BATCH: Final = 5_000
"""Rows per batch of a stream."""


class SourceReader:
    """The source in its transaction: rows, counts, and entities for queries."""

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
            spec.reading_rules,
            spec.preset.money == "minor",
            self._raw,
            {entity: self._column_kinds(entity) for entity in self.spec.schema},
            {entity: self._instants(entity) for entity in self.spec.schema},
        )

    def entities(self) -> dict[str, FromClause]:
        """Every entity's audited rows, typed for our queries, as common table expressions."""
        return {entity: self._typed.audited(entity) for entity in self._raw}

    def sql(self) -> dict[str, EntitySql]:
        """How every entity's audited rows are read, with all values written out."""
        return {entity: self._sql_of(rows) for entity, rows in self.entities().items()}

    def _sql_of(self, rows: FromClause) -> EntitySql:
        audited: Any = rows
        select_ = audited.element
        place = select_.with_only_columns(literal_column(COLUMNS), maintain_column_froms=True)
        columns = {str(each.key): self._text(each.element) for each in select_.selected_columns}
        return EntitySql(self._text(place), columns)

    def _text(self, element: ClauseElement) -> str:
        dialect = self.connection.dialect
        sql = str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        # a driver would read %% as %, and none will see it
        return sql.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else sql

    def narrow(self, entity: str, names: Sequence[str]) -> FromClause:
        """These texts of an entity's audited rows: the database reads no more of them."""
        return self._typed.narrow(entity, names)

    def worked_out(self, rows: Select[Any], name: str) -> FromClause:
        """A part of a statement that the database evaluates once, if it can be told to."""
        return self._typed.worked_out(rows, name)

    @property
    def rolls_up(self) -> bool:
        """Whether a statement should mention such a part only once, and group it by ROLLUP."""
        return kind_of(self.connection.dialect.name).rolls_up

    def shared_code_note(self) -> LocalText:
        """A note if both readings share code because the database lacks a function."""
        return self._typed.shared_code_note()

    @property
    def tables(self) -> frozenset[str]:
        """The tables that the preset reads and the account can see."""
        return self._tables & self._needed()

    def caveats(self) -> list[LocalText]:
        """Caveats for reports: views, missing tables, and partly mapped columns."""
        sentences = [*self._partly_given]
        if views := sorted(self.tables & self._views):
            sentences.append(
                in_all(
                    "A view, so that rows which it leaves out are not accounted for: {views}.",
                    views=", ".join(views),
                )
            )
        if lacking := sorted(self.spec.preset.optional.keys() - self._tables):
            sentences.append(
                in_all(
                    "Not there, or not granted, and read as if empty: {tables}. "
                    "Where the CRM has one of them, grant it.",
                    tables=", ".join(lacking),
                )
            )
        return sentences

    def columns(self, entity: str) -> list[str]:
        """The entity's columns that the CRM holds, in our order."""
        return [
            name
            for name in self.spec.schema[entity]
            if f"{entity}.{name}" not in self.spec.absent
        ]

    def count(self, entity: str) -> int:
        """The number of rows that a stream of this entity must have."""
        raw = self._raw[entity]
        return int(
            self.connection.scalar(
                select(func.count()).select_from(raw).where(raw.c.excluded.is_(None))
            )
            or 0
        )

    def rows(self, entity: str) -> Iterator[Sequence[Any]]:
        """The entity's audited rows in batches, as the driver returns them.

        The caller must exhaust the stream.
        """
        if self.columns(entity):  # otherwise the CRM lacks the entity
            yield from self.stream(self.audited(entity))

    def stream(self, statement: Select[Any]) -> Iterator[Sequence[Any]]:
        """A statement's rows in batches; the caller must exhaust the stream."""
        # options of the connection would outlive this statement, and PostgreSQL cannot
        # declare a cursor for ROLLBACK
        options = {"stream_results": True, "yield_per": BATCH}
        streamed = self.connection.execute(statement, execution_options=options)
        yield from streamed.partitions()

    def head(self, entity: str, rows: int) -> list[Sequence[Any]]:
        """A few audited rows of an entity, as the driver returns them."""
        return list(self.connection.execute(self.audited(entity).limit(rows)).all())

    def audited(self, entity: str, columns: Iterable[str] | None = None) -> Select[Any]:
        """Selects these columns, or all that the CRM holds, from rows that nothing excludes."""
        raw = self._raw[entity]
        names = self.columns(entity) if columns is None else columns
        return select(*(raw.c[name] for name in names)).where(raw.c.excluded.is_(None))

    def spelled(self, entity: str) -> frozenset[str]:
        """The columns whose SQL text equals what the driver delivers."""
        return frozenset(
            name
            for name, code in self._codes[entity].items()
            if kind_of(self._dialect).spells(code)
        )

    def is_number(self, entity: str, name: str) -> bool:
        """Whether the column has a numeric type."""
        return self._typed.column_kinds[entity][name] is Kind.MONEY

    def control(self, figure: str, sql: str) -> str:
        """The number that an analyst's SELECT returns for this figure, as text.

        Raises SourceError if it returns anything else.
        """
        clause = self._selects.text(
            f"{wrapped(self._selects.guarded(sql, f'controls: the select of {figure}'))} LIMIT 2"
        )
        rows = self.connection.execute(clause).all()
        value = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None
        if not _is_number(value):
            raise SourceError(
                f"controls: the select of {figure} must give one row with one number, and gives "
                f"{_shape(rows)}; correct it in audit.yaml."
            )
        return str(value)

    def accounts(self) -> list[TableAccount]:
        """Per table: count(*) = audited + excluded by reason. Raises SourceError if not.

        Only the rows of the period are counted in a log.
        """
        readers: dict[str, dict[str, str]] = {}  # table -> reader -> its SELECT
        for entity, parts in self.spec.preset.entities.items():
            for number, part in enumerate(parts):
                if entity in LOGS and part.within is None:
                    continue  # a table of records, which these account for
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

    def _condition_on(self, table: str) -> str:
        """What bounds the rows of a log's table that are accounted for; '' of any other."""
        bounds = (
            part.within
            for log in LOGS
            for part in self.spec.preset.entities.get(log, ())
            if part.table == table and part.within
        )
        within = next(bounds, None)
        return f" WHERE {within}" if within else ""

    def must_understand_marks(self) -> None:
        """Raises SourceError if a mark of deletion is neither yes nor no.

        A run excludes and lists such rows instead.
        """
        unclear = list(self._selects.marks_unread())
        # such a user would silently not be a manager
        if not unclear:
            unclear = [
                f"{name}: {words}" for name, words in self.flags_unread(["user"]).items()
            ]
        if unclear:
            raise SourceError(
                f"{'; '.join(unclear)}. Nobody could say whether these rows are deleted or active. Correct them in the "
                "CRM, declare the word under empty in the preset if it means nothing, or write the condition as "
                "{sql: …}; docs/sources.md lists the words that are read."
            )

    def flags_unread(self, entities: Iterable[str]) -> dict[str, str]:
        """'client.private_person' -> the words of this flag that are neither yes nor no."""
        unclear = {}
        for entity in entities:
            raw = self._raw[entity]
            flags = (
                name
                for name in self.columns(entity)
                if self.spec.schema[entity][name] is Kind.FLAG
            )
            for name in flags if self._parts[entity] else ():
                if words := self._selects.flag_unread(raw.c[name], raw.c.excluded.is_(None)):
                    unclear[f"{entity}.{name}"] = words
        return unclear

    def _account(self, table: str, selects: Mapping[str, str]) -> TableAccount:
        name = self._names.quoted(table)
        counting = self._selects.text(f"SELECT count(*) FROM {name}{self._condition_on(table)}")
        total = int(self.connection.scalar(counting) or 0)
        reasons = self._reasons(selects)
        audited = reasons.pop(_AUDITED, 0)
        if audited + reasons.total() != total or reasons.keys() & {*selects, _TWICE}:
            raise SourceError(
                f"table {table}: it has {total} rows, but the preset's SELECT gives {audited} audited and "
                f"{reasons.total()} excluded; each row must come out once. Correct the preset's joins."
            )
        return TableAccount(table, total, audited, dict(reasons))

    def _reasons(self, selects: Mapping[str, str]) -> Counter[str]:
        """Reason -> rows.

        A row that several entities read counts once: as audited if any entity audits it,
        otherwise by a reason other than an entity's name.
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
        counted = self.connection.execute(
            select(excluded, func.count()).select_from(rows).group_by(excluded)
        )
        return Counter({str(reason): int(count) for reason, count in counted})

    # -------------------------------------------------------------------------------- its parts

    def _raw_entity(self, entity: str) -> FromClause:
        names, dialect = [*self.columns(entity), "excluded"], self.connection.dialect.name
        raws = []
        for position, (part, part_columns) in enumerate(
            zip(self._parts[entity], self._part_columns[entity], strict=True)
        ):
            own: list[ColumnElement[Any]] = [
                column(name) for name in names if name in part_columns
            ]
            raw = self._selects.text(self._selects.with_added(entity, part)).columns(*own)
            raws.append(in_place(dialect, raw, f"raw_{entity}_{position}"))
        selects = [
            select(*(_column_or_null(raw, raws, name) for name in names)) for raw in raws
        ]
        if not selects:  # all its tables are optional and missing
            # an untyped NULL: MariaDB gives a typed one its own collation, which cannot be
            # joined to the CRM's columns
            return (
                select(*(null().label(name) for name in names))
                .where(literal(1) == 0)
                .cte(f"raw_{entity}")
            )
        return in_place(
            dialect, union_all(*selects) if len(selects) > 1 else selects[0], f"raw_{entity}"
        )

    def _column_kinds(self, entity: str) -> dict[str, Kind | None]:
        """Column -> its kind by the database's type; text if each value has its own type."""
        column_kind = kind_of(self._dialect).column_kind
        return {
            name: Kind.TEXT if column_kind is None else column_kind(code)
            for name, code in self._codes[entity].items()
        }

    def _instants(self, entity: str) -> frozenset[str]:
        """The columns with a type of instants, to which no declared zone applies.

        Raises ConfigError if only some parts of the entity have such a type, because the
        database would merge both into one.
        """
        named = kind_of(self._dialect).instants
        zoned = frozenset(name for name, code in self._codes[entity].items() if named(code))
        parts = self._parts[entity]
        if self.spec.reading_rules.datetimes == "UTC" or len(parts) < 2:
            return zoned
        dated = [name for name, kind in self.spec.schema[entity].items() if kind in DATED]
        for part in parts:
            codes = {
                name: code
                for name, code in self._codes_of(entity, part).items()
                if name in dated
            }
            moments = {name: code for name, code in codes.items() if self._is_moment(code)}
            mixed = [name for name, code in moments.items() if named(code) != (name in zoned)]
            if mixed:
                raise ConfigError(
                    f"preset {self.spec.preset.name}: {entity}.{mixed[0]} is an instant in one table and a datetime "
                    f"without a zone in another ({', '.join(other.table for other in parts)}), "
                    "so `datetimes` cannot say which clock it shows; make them one type in the preset's SELECTs."
                )
        return zoned

    def _is_moment(self, code: Any) -> bool:
        column_kind = kind_of(self._dialect).column_kind
        return column_kind is not None and column_kind(code) is Kind.INSTANT

    def _codes_of(self, entity: str, part: Part) -> dict[str, Any]:
        """Column of one part -> the driver's type code."""
        sql = f"SELECT * FROM ({self._selects.with_added(entity, part)}) d WHERE 1 = 0"
        return {
            str(name): code
            for name, code, *_ in self.connection.execute(
                self._selects.text(sql)
            ).cursor.description
        }

    def _settle_singles(self, entity: str) -> None:
        """Reads single-precision amounts as the decimal they show; drivers may round them."""
        single, kinds = kind_of(self._dialect).single, self.spec.schema[entity]
        names = {
            name
            for name, code in self._codes[entity].items()
            if kinds[name] is Kind.MONEY and single(code)
        }
        if names and self.spec.preset.money == "decimal":
            raw = self._raw[entity]
            columns = (
                single_amount(amount).label(amount.key) if amount.key in names else amount
                for amount in raw.c
            )
            self._raw[entity] = select(*columns).cte(f"exact_{entity}")
            self._codes[entity] = self._type_codes(entity)

    def _type_codes(self, entity: str) -> dict[str, Any]:
        """Column that the CRM holds -> the driver's type code."""
        names = self.columns(entity)
        if not names:
            return {}
        described = self.connection.execute(
            self.audited(entity).where(literal(1) == 0)
        ).cursor.description
        return {name: code for name, (_, code, *_) in zip(names, described, strict=True)}

    def _parts_of(self, entity: str) -> list[Part]:
        """The entity's parts whose tables exist."""
        parts = self.spec.preset.entities.get(entity, ()) if self.columns(entity) else ()
        return [part for part in parts if part.table in self._tables]

    def _settle_columns(self) -> None:
        """Finds the columns that each SELECT returns; all others are absent.

        Raises ConfigError with all wrong names of the preset at once.
        """
        preset = self.spec.preset.name
        if mistakes := self._selects.misnamed():
            raise ConfigError(listed(f"preset {preset}: names that are not there", mistakes))
        self._parts = {entity: self._parts_of(entity) for entity in self.spec.schema}
        self._part_columns = columns_of_parts(
            self.connection, self._selects, preset, self._parts
        )
        wanted = {entity: self.columns(entity) for entity in self.spec.schema}
        self.not_given = not_given(self._parts, self._part_columns, wanted)
        self.spec = replace(self.spec, absent=self.spec.absent | self.not_given.keys())
        columns = {entity: self.columns(entity) for entity in self.spec.schema}
        self._partly_given = partly_given(self._parts, self._part_columns, columns)

    def _needed(self) -> set[str]:
        needed = {part.table for parts in self.spec.preset.entities.values() for part in parts}
        added = {self.spec.preset.place_of(theirs)[0] for theirs in self.spec.add.values()}
        return needed | added | set(self.spec.preset.tables)

    def _must_have_tables(self) -> None:
        # missing exports were checked when the folder was opened
        may_lack = {*self.spec.preset.optional, *self.spec.preset.exports}
        if lacking := sorted(self._needed() - self._tables - may_lack):
            raise SourceError(
                f"the source has no table {', '.join(lacking)}, which the preset {self.spec.preset.name} reads"
                f"{close_to(lacking, self._tables)}; "
                "check that source.url names the CRM's database and that the account may read it."
            )


def _column_or_null(
    raw: FromClause, raws: Sequence[FromClause], name: str
) -> ColumnElement[Any]:
    """The column of a part, or a NULL in its type in another part.

    PostgreSQL needs the type in a UNION of three parts.
    """
    if name in raw.c:
        return raw.c[name]
    giver = next(other for other in raws if name in other.c)
    return select(giver.c[name]).where(literal(1) == 0).scalar_subquery().label(name)


def _rank(excluded: ColumnElement[Any], entities: Iterable[str]) -> ColumnElement[Any]:
    """A text to sort verdicts by: audited, then a reason, then another entity's name."""
    return case(
        (excluded.is_(None), "0" + _AUDITED),
        (excluded.in_(list(entities)), literal("2").concat(excluded)),
        else_=literal("1").concat(excluded),
    )


def _is_number(value: Any) -> bool:
    """Whether a database's value is a number or the text of one."""
    try:
        return value is not None and Decimal(str(text_of(value))).is_finite()
    except InvalidOperation:
        return False


def _shape(rows: Sequence[Sequence[Any]]) -> str:
    """The shape of a result that is not one number; it shows no contents of the CRM."""
    if len(rows) != 1:
        return "none" if not rows else "several rows"
    return f"{len(rows[0])} columns" if len(rows[0]) != 1 else "something else"
