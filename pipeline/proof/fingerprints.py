"""Fingerprints prove that printed texts are the CRM's own, letter by letter.

Source and snapshot each hash every text that is printed or judged, together with its record's id, and add
up the hashes per owner and column. Equal sums mean equal texts. If sums differ, the differing
records are looked up while the source is still open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import (
    Connection,
    FromClause,
    Select,
    case,
    column,
    create_engine,
    func,
    null,
    or_,
    select,
    table,
)
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.adapter import spilling_duckdb
from pipeline.databases.constructs import exact_text, one_of_words, text_mark
from pipeline.errors import ProofError
from pipeline.language.languages import in_all
from pipeline.model import (
    NO_TEXT,
    PROVEN_TEXT,
    Difference,
    Fingerprint,
    LocalText,
    TextColumns,
)
from pipeline.snapshot import DELIVERED, Stored
from pipeline.source import SourceReader, TransactionLimit
from pipeline.values import texts
from pipeline.values.visible import visible

_SHOWN: Final = 20
"""Differing records per column that are named; the others are only counted."""
_FEW: Final = 200
"""Owners that a condition may list; with more of them, all records are compared."""

_EVERY: Final = 2**63 - 1
"""With a limit MariaDB works each column out once, and not wherever it is named: a client may take a
SELECT of its own.
"""

Marks = dict[tuple[str, str], int | None]
"""(owner, record id) -> the hash of a text; None if it is not UTF-8."""


# --------------------------------------------------------------------------------------- in SQL


def _owner(rows: FromClause) -> ColumnElement[Any] | None:
    """The owner that a record names; users have none."""
    return exact_text(rows.c.owner_id) if "owner_id" in rows.c else None


def _sums(rows: FromClause, marks: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    """One row per owner: for each column the number of texts and the sum of their hashes."""
    owner = _owner(rows)
    columns: list[ColumnElement[Any]] = [null() if owner is None else owner]
    for name, mark in marks.items():
        columns += [func.count(rows.c[name]), func.sum(mark)]
    return select(*columns) if owner is None else select(*columns).group_by(owner)


def _fingerprints(
    entity: str, columns: Iterable[str], rows: Iterable[Any]
) -> Iterator[Fingerprint]:
    """Fingerprints from the rows of `_sums`; the owners NULL and '' are both nobody."""
    sums_by_column: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for owner, *numbers in rows:
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        for name, (count, total) in zip(columns, pairs, strict=True):
            sums = sums_by_column[name, _text(owner)]
            sums[0] += int(count)
            sums[1] += int(total or 0)
    for (name, owner), (count, total) in sums_by_column.items():
        if count:  # a column without text counts as absent
            yield Fingerprint(entity, name, owner, count, total)


def _text(value: Any) -> str:
    return "" if value is None else str(texts.text_of(value))


# ----------------------------------------------------------------------------------- the source


class SourceTexts:
    """The source's texts, inside its transaction."""

    def __init__(self, reader: SourceReader, limit: TransactionLimit | None = None) -> None:
        self.reader = reader
        self.limit = limit or TransactionLimit()
        self._proven = reader.spec.proven

    def fingerprints(self) -> list[Fingerprint]:
        """The fingerprints of every column that is proven; one statement per entity."""
        return [fingerprint for entity in self._proven for fingerprint in self._of(entity)]

    def marks(self, entity: str, name: str, owners: Sequence[str]) -> Marks:
        """The hash of every text in a column, of these owners' records."""
        if name not in self._columns(entity):
            return {}
        if name in self.read_twice(entity):
            return {
                key: mark
                for key, mark in self._in_python(entity, [name])[name]
                if key[0] in owners
            }
        rows = self._rows(entity)
        return _marks(rows, name, text_mark(rows.c.id, rows.c[name]), owners, self._stream)

    def _stream(self, statement: Select[Any]) -> Iterator[Sequence[Any]]:
        return self.limit.watched(self.reader.stream(statement))

    def _columns(self, entity: str) -> list[str]:
        columns = self.reader.columns(entity)
        return [name for name in self._proven[entity] if name in columns]

    def read_twice(self, entity: str) -> list[str]:
        """Columns whose text differs between driver and SQL: days, fractions, lists."""
        spelled = self.reader.spelled(entity)
        return [name for name in self._columns(entity) if name not in spelled]

    def _rows(self, entity: str) -> FromClause:
        owner = ["owner_id"] if "owner_id" in self.reader.columns(entity) else []
        names = dict.fromkeys(["id", *owner, *self._columns(entity)])
        rows = self.reader.audited(entity, names).subquery("texts")
        read = select(*(self._as_read(entity, each) for each in rows.c))
        if self.reader.connection.dialect.name == "mysql":
            read = read.limit(_EVERY)
        return read.subquery("read")

    def _as_read(self, entity: str, held: ColumnElement[Any]) -> ColumnElement[Any]:
        """A column as the snapshot has it, so far as its sums look at it."""
        name = str(held.key)
        if self.reader.is_number(entity, name):
            return (held + 0).label(
                name
            )  # MySQL may show zeros before it, which the driver drops
        rules = self.reader.spec.reading_rules
        if name == "owner_id" and rules.empty:
            return rules.kept(held).label(name)  # a declared empty word names nobody
        return held

    def _of(self, entity: str) -> Iterator[Fingerprint]:
        again = self.read_twice(entity)
        names = [name for name in self._columns(entity) if name not in again]
        if names:
            rows = self._rows(entity)
            marks = {name: text_mark(rows.c.id, rows.c[name]) for name in names}
            asked = self.reader.connection.execute(_sums(rows, marks))
            yield from _fingerprints(entity, names, asked.all())
        for name, marked in self._in_python(entity, again).items():
            sums = ((owner, 1, mark) for (owner, _), mark in marked)
            yield from _fingerprints(entity, [name], sums)

    def _in_python(
        self, entity: str, names: Sequence[str]
    ) -> dict[str, list[tuple[tuple[str, str], int | None]]]:
        """Column -> ((owner, record id), hash) of each text, read from the driver again."""
        marked: dict[str, list[tuple[tuple[str, str], int | None]]] = {
            name: [] for name in names
        }
        if not names:
            return marked
        owner = ["owner_id"] if "owner_id" in self.reader.columns(entity) else []
        for batch in self._stream(self.reader.audited(entity, [*names, "id", *owner])):
            for row in batch:
                record, named = (
                    _text(row[len(names)]),
                    self._named(row[len(names) + 1]) if owner else "",
                )
                for name, value in zip(names, row, strict=False):
                    if value is not None:
                        text = texts.text_of(value)
                        mark = texts.fingerprint(
                            record, text if isinstance(text, str) else str(text)
                        )
                        marked[name].append(((named, record), mark))
        return marked

    def _named(self, owner: Any) -> str:
        """The owner that a record names; a declared empty word names nobody."""
        return "" if self.reader.spec.reading_rules.is_empty(owner) else _text(owner)


def _marks(
    rows: FromClause,
    name: str,
    mark: ColumnElement[Any],
    owners: Sequence[str],
    stream: Callable[[Select[Any]], Iterable[Sequence[Any]]],
) -> Marks:
    """(owner, record id) -> hash, for these owners' records."""
    owner = _owner(rows)
    asked = select(rows.c.id, mark, null() if owner is None else owner).where(
        rows.c[name].is_not(None)
    )
    if owner is not None and len(owners) <= _FEW:
        nobody = [rows.c.owner_id.is_(None)] if "" in owners else []
        asked = asked.where(or_(one_of_words(rows.c.owner_id, owners), *nobody))
    marked = (
        ((_text(whose), _text(record)), None if value is None else int(value))
        for batch in stream(asked)
        for record, value, whose in batch
    )
    return {key: value for key, value in marked if key[0] in owners}


# --------------------------------------------------------------------------------- the snapshot


class StoredTexts:
    """The snapshot's texts, as DuckDB reads them from its files."""

    def __init__(
        self,
        connection: Connection,
        folder: Path,
        stored: Iterable[Stored],
        proven: TextColumns,
    ) -> None:
        self.connection = connection
        self._proven = proven
        self._names: dict[str, list[str]] = {}
        self._views: dict[str, FromClause] = {}
        self._undecodable: list[tuple[str, str, str]] = []
        for entry in stored:
            if entry.entity in proven:
                self._names[entry.entity] = self._open(folder / entry.file, entry.entity)
                self._undecodable += [
                    (entry.entity, name, record) for name, record in entry.undecodable
                ]
        self._leave_out()

    def fingerprints(self) -> list[Fingerprint]:
        """The fingerprints of every proven column in the files."""
        return [
            fingerprint
            for entity, names in self._names.items()
            for fingerprint in self._of(entity, names)
        ]

    def marks(self, entity: str, name: str, owners: Sequence[str]) -> Marks:
        """The hash of every text in a column, of these owners' records."""
        if name not in self._names.get(entity, ()):
            return {}
        rows = self._views[entity]
        return _marks(rows, name, self._mark(entity, rows, name), owners, self._stream)

    def _stream(self, statement: Select[Any]) -> Iterator[Sequence[Any]]:
        yield self.connection.execute(statement).all()

    def _open(self, file: Path, entity: str) -> list[str]:
        """Creates a view over the file, with texts as they were delivered; it is this
        connection's own, whatever views of that name others have.
        """
        there = pq.read_schema(file).names
        names = [name for name in self._proven[entity] if name in there]
        delivered = {
            name: f"{name}{DELIVERED}" for name in names if f"{name}{DELIVERED}" in there
        }
        columns = [
            f"coalesce({name}, {delivered[name]}) AS {name}" if name in delivered else name
            for name in names
        ]
        keys = [name for name in ("id", "owner_id") if name in there]
        path = str(file).replace("'", "''")
        self.connection.exec_driver_sql(
            f"CREATE OR REPLACE TEMP VIEW {entity} AS "
            f"SELECT {', '.join([*keys, *columns])} FROM read_parquet('{path}')"
        )
        self._views[entity] = table(entity, *map(column, [*keys, *names]))
        return names

    def _leave_out(self) -> None:
        columns = zip(*self._undecodable, strict=True) if self._undecodable else [[], [], []]
        arrays = [pa.array(list(values), pa.string()) for values in columns]
        raw: Any = self.connection.connection.dbapi_connection
        raw.register("undecodable", pa.table(arrays, names=["entity", "name", "id"]))

    def _mark(self, entity: str, rows: FromClause, name: str) -> ColumnElement[Any]:
        mark = text_mark(rows.c.id, rows.c[name])
        if not any(entry[:2] == (entity, name) for entry in self._undecodable):
            return mark
        out = table("undecodable", column("entity"), column("name"), column("id"))
        ids = select(out.c.id).where(out.c.entity == entity, out.c.name == name)
        return case((rows.c.id.in_(ids), null()), else_=mark)

    def _of(self, entity: str, names: Sequence[str]) -> Iterator[Fingerprint]:
        rows = self._views[entity]
        marks = {name: self._mark(entity, rows, name) for name in names}
        return _fingerprints(entity, names, self.connection.execute(_sums(rows, marks)).all())


@contextmanager
def stored_texts(
    folder: Path, stored: Iterable[Stored], proven: TextColumns = PROVEN_TEXT
) -> Iterator[StoredTexts]:
    """The snapshot's texts, in a separate DuckDB in memory."""
    engine = create_engine(
        "duckdb:///:memory:", poolclass=StaticPool, connect_args=spilling_duckdb()
    )
    try:
        with engine.connect() as connection:
            yield StoredTexts(connection, folder, stored, proven)
    finally:
        engine.dispose()


# ------------------------------------------------------------------------------------- compared


def basis(reader: SourceReader) -> LocalText:
    """A note for reports on how the source's sums were made."""
    if reader.connection.dialect.name == "sqlite":
        return in_all("SQLite has no MD5: Python makes it from the bytes of the file")
    odd = [
        f"{entity}.{name}"
        for entity in reader.spec.proven
        for name in SourceTexts(reader).read_twice(entity)
    ]
    if not odd:
        return NO_TEXT
    columns = ", ".join(odd)
    return in_all("no text in the source, and read twice instead: {columns}", columns=columns)


def must_agree(
    reader: SourceReader,
    folder: Path,
    stored: Iterable[Stored],
    limit: TransactionLimit | None = None,
) -> list[Fingerprint]:
    """Compares source and snapshot, and returns the fingerprints.

    Raises ProofError with the records whose text differs. The source's transaction must still
    be open to look them up; `limit` bounds it.
    """
    source = SourceTexts(reader, limit)
    seen = source.fingerprints()
    with stored_texts(folder, stored, reader.spec.proven) as ours:
        if differing := _differing(seen, ours.fingerprints()):
            raise _refusal(
                [
                    row
                    for what, owners in differing.items()
                    for row in _records(source, ours, what, owners)
                ]
            )
    return seen


def recheck(
    witness: Iterable[Fingerprint],
    connection: Connection,
    folder: Path,
    stored: Iterable[Stored],
    proven: TextColumns = PROVEN_TEXT,
) -> None:
    """Proves the snapshot's texts again with the source's stored fingerprints, on a connection
    to any DuckDB.

    Raises ProofError with the owners that differ; their records are unknown without the source.
    """
    seen = list(witness)
    stored_sums = StoredTexts(connection, folder, stored, proven).fingerprints()
    sums = [
        {
            fingerprint[:3]: f"{fingerprint.texts} texts, sum {fingerprint.total}"
            for fingerprint in all_of
        }
        for all_of in (seen, stored_sums)
    ]
    rows = [
        (
            f"{entity}.{name} of {owner or 'nobody'}",
            "text",
            *(side.get((entity, name, owner), "none") for side in sums),
        )
        for (entity, name), owners in _differing(seen, stored_sums).items()
        for owner in owners
    ]
    if rows:
        raise _refusal([(name, where, source, mine) for name, where, source, mine in rows])


def _differing(
    seen: Iterable[Fingerprint], stored: Iterable[Fingerprint]
) -> dict[tuple[str, str], list[str]]:
    """(entity, column) -> the owners whose sums differ."""
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fingerprint in set(seen) ^ set(stored):
        owners[fingerprint.entity, fingerprint.column].add(fingerprint.owner)
    return {what: sorted(owners[what]) for what in sorted(owners)}


def _records(
    source: SourceTexts, ours: StoredTexts, what: tuple[str, str], owners: Sequence[str]
) -> Iterator[Difference]:
    """The records of these owners whose text in that column differs."""
    there, here = source.marks(*what, owners), ours.marks(*what, owners)
    keys = sorted(
        key for key in there.keys() | here.keys() if there.get(key, -1) != here.get(key, -1)
    )
    for owner, record in keys[:_SHOWN]:
        named = f"{what[0]} {record}", f"{what[1]}, owner {owner or 'nobody'}"
        yield *named, _written(there, (owner, record)), _written(here, (owner, record))
    if len(keys) > _SHOWN:
        yield f"{what[0]}.{what[1]}", "text", f"{len(keys) - _SHOWN} more records differ", ""


def _written(marks: Marks, key: tuple[str, str]) -> str:
    """A text as its hash, which shows a difference even in invisible characters."""
    if key not in marks:
        return "no text"
    mark = marks[key]
    return "no UTF-8" if mark is None else f"MD5 {mark:08x}"


def _refusal(differences: Sequence[Difference]) -> ProofError:
    return ProofError(
        "The text of records differs between the source and the snapshot; nothing was published, and the last good "
        "report stays. Run again; if it happens again, compare these records with the CRM.",
        tuple(
            (visible(name), visible(where), source, ours)
            for name, where, source, ours in differences
        ),
    )
