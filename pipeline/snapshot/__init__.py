"""The snapshot: the CRM's audited rows as typed Parquet, and DuckDB over it.

Text stays text, money is exact, an instant is one and a calendar day is one. Everything
later reads these files only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import URL, Engine, FromClause, Select, column, create_engine, table

from pipeline.errors import SourceError
from pipeline.formats import Rules
from pipeline.formats.currencies import read_currency
from pipeline.model import ASSUMED, ENTITIES, PROVEN_TEXT, READ, Kind, Schema
from pipeline.values.flags import read_flag
from pipeline.values.money import LARGEST_AMOUNT, digits_of, to_minor
from pipeline.values.texts import UNREADABLE, Undecodable, minor_units, plain_decimal, text_of
from pipeline.values.white_space import WHITE_SPACE

ROW_GROUP: Final = 100_000
"""Rows of a Parquet row group: one big group would keep DuckDB on one core."""

DELIVERED: Final = "_delivered"
"""The text of a declared empty word, beside the column of PROVEN_TEXT that is empty for it."""

_TYPES: Final[Mapping[Kind, pa.DataType]] = {
    Kind.TEXT: pa.string(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.MONEY: pa.int64(),
    Kind.CURRENCY: pa.string(),
    Kind.FLAG: pa.int8(),
}
_INSTANT_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\d (?:[01]\d|2[0-3]):\d\d:\d\d", re.ASCII)
_DAY_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stored:
    """One entity's file."""

    entity: str
    file: str
    rows: int
    sha256: str
    undecodable: tuple[
        tuple[str, str], ...
    ] = ()  # (column, record id) of every text whose bytes are no UTF-8


# -------------------------------------------------------------------------------------- writing


def write_entity(
    folder: Path,
    entity: str,
    columns: Sequence[str],
    batches: Iterable[Sequence[Sequence[Any]]],
    *,
    expected: int,
    minor: bool,
    advance: Callable[[int], None],
    schema: Schema = ENTITIES,
    rules: Rules = Rules(),  # noqa: B008 - it never changes
    origin: str = "",
) -> Stored:
    """Streams an entity's rows into one Parquet file. SourceError where the stream's
    length is not `expected`.

    `minor` says that the source's amounts are integers of minor units; `advance` is told of
    rows as they come; `rules` say how text is read; `origin` says where the entity's ids stand,
    for an error about one of them.
    """
    file = folder / f"{entity}.parquet"
    kinds = schema[entity]
    judged = [
        name
        for name in PROVEN_TEXT.get(entity, ())
        if name in kinds and rules.may_drop(entity, name)
    ]
    rows = 0
    undecodable: list[tuple[str, str]] = []
    with pq.ParquetWriter(file, _arrow(kinds, judged), compression="zstd") as writer:
        for chunk in _chunks(batches, advance):
            rows += len(chunk)
            undecodable += _undecodable(columns, chunk, origin or entity)
            typed = _typed_table(entity, kinds, columns, chunk, rules, judged, minor=minor)
            writer.write_table(typed, row_group_size=ROW_GROUP)
    if rows != expected:
        raise SourceError(
            f"{entity}: {rows} rows came out of the source, where its count(*) says {expected}; nothing was published. "
            "Run again; if it happens again, the connection loses rows."
        )
    return Stored(entity, file.name, rows, sha256_of(file), tuple(undecodable))


def _chunks(
    batches: Iterable[Sequence[Sequence[Any]]], advance: Callable[[int], None]
) -> Iterator[list[Sequence[Any]]]:
    chunk: list[Sequence[Any]] = []
    for batch in batches:
        chunk += batch
        advance(len(batch))
        if len(chunk) >= ROW_GROUP:
            yield chunk
            chunk = []
    yield chunk


def _arrow(kinds: Mapping[str, Kind], judged: Iterable[str]) -> pa.Schema:
    fields = [
        pa.field(name, _TYPES[kinds[name]])
        if name in kinds
        else pa.field(name, pa.int8(), nullable=False)
        for name in _columns(kinds)
    ]
    return pa.schema(
        [*fields, *(pa.field(f"{name}{DELIVERED}", pa.string()) for name in judged)]
    )


def _typed_table(
    entity: str,
    kinds: Mapping[str, Kind],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    rules: Rules,
    judged: Sequence[str],
    *,
    minor: bool,
) -> pa.Table:
    cells: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(columns)
    given = {
        name: _kept(entity, name, values, rules)
        for name, values in zip(columns, cells, strict=True)
    }
    codes = _codes(given.get("currency"), len(rows), rules)
    typed: dict[str, list[Any]] = {}
    for name, kind in kinds.items():
        values = given.get(name, (ASSUMED.get(name),) * len(rows))
        if kind is Kind.MONEY:
            by_text = rules.money if rules.formats else None
            pairs = zip(
                values, (None if code is UNREADABLE else code for code in codes), strict=True
            )
            read = [
                by_text(value, currency)
                if by_text and isinstance(value, str)
                else _money(value, currency, minor)
                for value, currency in pairs
            ]
        else:
            read = codes if kind is Kind.CURRENCY else [*map(_reader(kind, rules), values)]
        typed[name] = [None if value is UNREADABLE else value for value in read]
        if kind in READ:
            typed[f"{name}_unreadable"] = [int(value is UNREADABLE) for value in read]
    for name in judged:
        delivered = cells[columns.index(name)] if name in columns else (None,) * len(rows)
        typed[f"{name}{DELIVERED}"] = [
            _text(said) if kept is None else None
            for said, kept in zip(delivered, typed[name], strict=True)
        ]
    return pa.table(typed, schema=_arrow(kinds, judged))


def _codes(values: Sequence[Any] | None, rows: int, rules: Rules) -> list[Any]:
    """The currency of each row: the audit's, where the CRM has no such column."""
    if values is None:
        return [rules.currency or None] * rows
    read = {value: read_currency(value, rules.signs, rules.currency) for value in set(values)}
    return [read[value] for value in values]


def _reader(kind: Kind, rules: Rules) -> Callable[[Any], Any]:
    """How values of a kind are read: text by the declared formats, and as it is what the
    database has typed itself.
    """
    if kind not in (Kind.DAY, Kind.INSTANT):
        return read_flag if kind is Kind.FLAG else _text
    own, by_text = (_day, rules.day) if kind is Kind.DAY else (_instant, rules.instant)
    if rules.formats is None:
        return lambda value: own(value, rules)
    return lambda value: by_text(value) if isinstance(value, str) else own(value, rules)


def _kept(entity: str, name: str, values: Sequence[Any], rules: Rules) -> Sequence[Any]:
    """The values without declared empty words and without those of which nobody sees anything.

    An id is one whatever it is, and a number is no word.
    """
    if name == "id":
        return values
    if rules.empty:
        values = [None if rules.is_empty(value) else value for value in values]
    if content := rules.contents.get(f"{entity}.{name}"):
        values = [
            None
            if isinstance(text := text_of(value), str) and content.is_unseen(text)
            else value
            for value in values
        ]
    return values


def _undecodable(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], origin: str
) -> Iterator[tuple[str, str]]:
    """(column, record id) of each text whose bytes are no UTF-8.
    SourceError where that is an id.
    """
    key = columns.index("id") if "id" in columns else 0
    for position, name in enumerate(columns):
        kinds = {type(row[position]) for row in rows}
        if kinds.isdisjoint((bytes, Undecodable)):
            continue
        for row in rows:
            if isinstance(said := text_of(row[position]), Undecodable):
                if name == "id":
                    raise SourceError(
                        f"{origin}: an id names one record, and the bytes of '{said[:60]}' are no UTF-8 text; correct "
                        "it in the CRM, or write it as hexadecimal digits in a SELECT of yours."
                    )
                yield name, str(_text(row[key]))


# --------------------------------------------------------------------------------------- typing


def _text(value: Any) -> str | None:
    return None if value is None else str(text_of(value))


def _nothing(value: Any) -> bool:
    """Nothing was entered: NULL, white space or a zero date."""
    if value is None:
        return True
    zero = isinstance(value, str) and value[:10] == "0000-00-00"
    return zero or (isinstance(text := text_of(value), str) and not text.strip(WHITE_SPACE))


_IN_UTC: Final = Rules()


def _instant(value: Any, rules: Rules = _IN_UTC) -> Any:
    """An instant in UTC; text only in the one form that the presets
    know: 'YYYY-MM-DD HH:MM:SS'.
    """
    if _nothing(value):
        return None
    if isinstance(value, datetime):
        return rules.own_instant(value)
    try:
        return (
            rules.own_instant(datetime.fromisoformat(value))
            if _INSTANT_TEXT.fullmatch(value)
            else UNREADABLE
        )
    except (ValueError, TypeError):
        return UNREADABLE


def _day(value: Any, rules: Rules = _IN_UTC) -> Any:
    if _nothing(value):
        return None
    if isinstance(value, datetime):
        return rules.own_day(value)
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if _DAY_TEXT.fullmatch(value) else UNREADABLE
    except (ValueError, TypeError):
        return UNREADABLE


def _money(value: Any, currency: str | None, minor: bool) -> Any:
    """An amount in minor units; of text only '-1234.5', and a float is taken as the
    decimal of its shortest text.
    """
    if value is None or (
        isinstance(given := text_of(value), str) and not given.strip(WHITE_SPACE)
    ):
        return None
    if not currency or not currency.strip(WHITE_SPACE):
        return UNREADABLE
    if minor:
        units = value if isinstance(value, int) else None
    elif isinstance(value, str):
        units = minor_units(plain_decimal(value), digits_of(currency))
    else:
        try:
            units = to_minor(Decimal(str(value)), currency)
        except InvalidOperation:
            return UNREADABLE
    return units if units is not None and abs(units) < LARGEST_AMOUNT else UNREADABLE


# -------------------------------------------------------------------------------------- reading


def sha256_of(file: Path) -> str:
    """The file's hash, as the manifest names it."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class OpenSnapshot:
    """The snapshot, opened: where other engines of this process find it, and the
    views of all queries in it.
    """

    url: str
    engine: Engine
    views: Mapping[str, FromClause]


def entities(stored: Iterable[Stored], schema: Schema = ENTITIES) -> dict[str, FromClause]:
    """The stored entities as queries ask for them."""
    names = (entry.entity for entry in stored)
    return {
        name: table(name, *(column(one) for one in _columns(schema[name]))) for name in names
    }


@contextmanager
def opened(
    folder: Path,
    stored: Sequence[Stored],
    views: Mapping[str, Select[Any]],
    work: Path,
    schema: Schema = ENTITIES,
) -> Iterator[OpenSnapshot]:
    """DuckDB over the snapshot, in a file under `work`. SourceError where a
    file is not the manifest's.
    """
    for entry in stored:
        if sha256_of(folder / entry.file) != entry.sha256:
            raise SourceError(
                f"the snapshot's {entry.file} is not the file that its manifest names; extract again."
            )
    url = URL.create(
        "duckdb", database=str(work / "audit.duckdb")
    ).render_as_string()  # a folder may hold a %
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for entry in stored:
                connection.exec_driver_sql(
                    _entity_view(entry.entity, schema[entry.entity], folder / entry.file)
                )
            for entity, view in views.items():
                sql = view.compile(engine, compile_kwargs={"literal_binds": True})
                connection.exec_driver_sql(f"CREATE OR REPLACE VIEW view_{entity} AS {sql}")
        named = {
            name: table(f"view_{name}", *(column(str(c.key)) for c in view.selected_columns))
            for name, view in views.items()
        }
        yield OpenSnapshot(url, engine, named)
    finally:
        engine.dispose()


def _columns(kinds: Mapping[str, Kind]) -> Iterator[str]:
    for name, kind in kinds.items():
        yield name
        if kind in READ:
            yield f"{name}_unreadable"


def _entity_view(entity: str, kinds: Mapping[str, Kind], file: Path) -> str:
    columns = (
        f"epoch_us({name}) AS {name}" if kinds.get(name) is Kind.INSTANT else name
        for name in _columns(kinds)
    )
    path = str(file).replace("'", "''")
    return f"CREATE OR REPLACE VIEW {entity} AS SELECT {', '.join(columns)} FROM read_parquet('{path}')"
