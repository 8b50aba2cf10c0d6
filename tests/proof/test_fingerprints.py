"""Fingerprints: on every engine the sums of texts are those of hashes made by hand, and no other text passes."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

from pipeline import snapshot
from pipeline.config import load_audit
from pipeline.databases import postgresql
from pipeline.databases.files import DATABASE as FILES
from pipeline.databases.kinds import kind_of
from pipeline.databases.sqlite import DATABASE as SQLITE
from pipeline.errors import ProofError, SourceError
from pipeline.findings.waived import in_force
from pipeline.flows import extract
from pipeline.flows.compute import _prove
from pipeline.formats import ReadingRules
from pipeline.model import ENTITIES, PROVEN_TEXT, Figures, Fingerprint, TextColumns
from pipeline.model.judging import ASKED, JudgedColumn, Judgement, Syntax, proven_text
from pipeline.presets import Preset
from pipeline.progress import Silence
from pipeline.proof.fingerprints import (
    SourceTexts,
    basis,
    must_agree,
    recheck,
    stored_texts,
)
from pipeline.snapshot.manifest import load_manifest
from pipeline.source import ReadSpec, SourceReader, TransactionLimit, consistent
from pipeline.values.texts import Undecodable
from tests.benches import Bench, in_memory, writable
from tests.postgres import database
from tests.small_demo import write_tiny_demo

AS_OF: Final = datetime(2026, 11, 24, 8, tzinfo=UTC)
EMPTY: Final = ("-", "n/a")
LATIN: Final = ("", " ", "Ann", "ann", "Ann ", "-", " n/a ", "O'Neill", 'a"b', "50%", "\\", "\u00e9", "e\u00a0\u00fc",
                "tab\there", "line\r\nend", "0", "007", "x" * 3_000, None)  # fmt: skip
TEXTS: Final = (
    *LATIN,
    "\u65e5\u672c\u7cbe\u5de5",
    "\U0001f600",
    "e\u0301",
    "\u202eevil",
    "a\u200bb",
    "\ufffd",
    "\u0130",
)
OWNERS: Final = ("o1", "O1", None, "", "\u00e9")


@dataclass
class Table:
    """A table (n, owner, first, last) of contacts, and what both readings say of its texts.

    `first` is their first name, unless it is another column of ours.
    """

    engine: Engine
    name: str
    folder: Path
    empty: Sequence[str] = EMPTY
    first: str = "first_name"
    proven: TextColumns = field(default_factory=lambda: PROVEN_TEXT)

    @contextmanager
    def read(self) -> Iterator[tuple[SourceReader, snapshot.Stored]]:
        """The reading inside its transaction, and the snapshot that it gave."""
        preset = preset_of(self.engine.dialect.name, self.name, self.empty, self.first)
        absent = frozenset(preset.absent_columns())
        demand = ReadSpec(
            preset, {}, "EUR", absent, ENTITIES, ReadingRules.of(preset, "UTC"), "UTC",
            proven=self.proven,
        )  # fmt: skip
        with consistent(self.engine) as connection:
            reader = SourceReader(connection, demand)
            yield reader, snapshot.write_entity(
                self.folder, "contact", reader.columns("contact"), reader.rows("contact"), minor=False,
                expected=reader.count("contact"), advance=lambda _: None, reading_rules=demand.reading_rules,
                proven=demand.proven,
            )  # fmt: skip

    def by_hand(self) -> set[Fingerprint]:
        """The sums over what the driver delivers, hashed one by one."""
        with self.read() as (reader, _):
            names = reader.columns("contact")
            rows = [
                dict(zip(names, row, strict=True))
                for batch in reader.rows("contact")
                for row in batch
            ]
        sums: dict[tuple[str, str], list[int]] = {}
        for row in rows:
            for name in ("first_name", "last_name"):
                if row[name] is not None:
                    sums.setdefault((name, said(row["owner_id"])), []).append(
                        hashed(row["id"], row[name])
                    )
        return {
            Fingerprint("contact", *key, len(marks), sum(marks)) for key, marks in sums.items()
        }

    def agreed(self) -> set[Fingerprint]:
        """What both readings say."""
        with self.read() as (reader, stored):
            return set(must_agree(reader, self.folder, [stored]))


def preset_of(dialect: str, table: str, empty: Sequence[str], first: str) -> Preset:
    columns = {"id": "n", "owner_id": "owner", first: "first", "last_name": "last"}
    absent = {entity: "not kept" for entity in ENTITIES if entity != "contact"}
    absent |= {
        f"contact.{name}": "not kept" for name in ENTITIES["contact"] if name not in columns
    }
    return Preset.model_validate(
        {
            "name": "own", "about": "Own", "dialects": [dialect], "money": "decimal", "states": {}, "absent": absent,
            "entities": {"contact": [{"table": table, "columns": columns}]}, "empty": list(empty),
        }
    )  # fmt: skip


def said(value: Any) -> str:
    return (
        ""
        if value is None
        else value.decode("utf-8", "replace")
        if isinstance(value, bytes)
        else str(value)
    )


def hashed(record: Any, text: Any) -> int:
    """By hand: 0 where the text's bytes are no UTF-8."""
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError:
            return 0
    if isinstance(text, Undecodable):
        return 0
    return int(hashlib.md5(f"{said(record)}\x1f{text}".encode()).hexdigest()[:8], 16)


def make(
    engine: Engine, folder: Path, kind: str, values: Sequence[Any], *, key: str = "INTEGER", owner: str = "VARCHAR(20)",
    owners: Sequence[Any] = OWNERS,
) -> Table:  # fmt: skip
    """Each value once as a first name, and once, two records later, as a last name; owners in turn."""
    name, dialect = f"fp_{uuid4().hex}", engine.dialect.name
    mark = "?" if dialect in ("sqlite", "duckdb") else "%s"
    with engine.begin() as connection:
        writable(connection)
        if dialect in ("mysql", "mariadb"):
            connection.exec_driver_sql("SET SESSION sql_mode = ''")
        quote = engine.dialect.identifier_preparer.quote
        columns = f"n {key} PRIMARY KEY, owner {owner}, {quote('first')} {kind}, {quote('last')} {kind}"
        connection.exec_driver_sql(f"CREATE TABLE {name} ({columns})")
        turned = [*values[2:], *values[:2]]
        rows = [
            (str(n) if "CHAR" in key else n, owners[n % len(owners)], *pair)
            for n, pair in enumerate(zip(values, turned, strict=True), 1)
        ]
        connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({', '.join([mark] * 4)})", rows)
        if dialect in ("mysql", "mariadb"):
            connection.exec_driver_sql("SET SESSION sql_mode = DEFAULT")
    return Table(engine, name, folder)


@pytest.fixture
def table(benches: Callable[[str], Bench], tmp_path: Path) -> Callable[..., Table]:
    """A table on one of the engines."""

    def made(dialect: str, kind: str, values: Sequence[Any], **more: Any) -> Table:
        engine = benches(dialect).engine
        there = make(engine, tmp_path, kind, values, **more)
        return replace(there, engine=opened(engine, tmp_path)) if dialect == "sqlite" else there

    return made


def opened(engine: Engine, folder: Path) -> Engine:
    """The same SQLite file as a run opens it."""
    return SQLITE.open(engine.url, folder, None)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ equal


@pytest.mark.parametrize(
    ("dialect", "kind", "values", "more"),
    [
        ("sqlite", "TEXT", TEXTS, {}), ("sqlite", "TEXT COLLATE NOCASE", TEXTS, {"owner": "TEXT COLLATE NOCASE"}),
        ("mysql", "TEXT CHARACTER SET utf8mb4", TEXTS, {}),
        ("mysql", "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", TEXTS, {"key": "INT(5) ZEROFILL"}),
        ("mysql", "TEXT CHARACTER SET latin1 COLLATE latin1_german2_ci", LATIN,
         {"owner": "VARCHAR(9) CHARACTER SET latin1"}),
        ("mysql", "TEXT CHARACTER SET utf8mb3", LATIN, {"key": "CHAR(36) CHARACTER SET ascii"}),
        ("mysql", "TEXT CHARACTER SET utf16", TEXTS, {"key": "VARCHAR(36) CHARACTER SET utf16"}),
        ("postgresql", "TEXT", TEXTS, {}), ("postgresql", "CHAR(3000)", TEXTS, {"key": "VARCHAR(9)"}),
        ("duckdb", "VARCHAR", TEXTS, {"key": "BIGINT"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("empty", [(), EMPTY])
def test_texts_of_every_kind(
    table: Callable[..., Table], dialect: str, kind: str, values: Sequence[Any], more: dict[str, Any],
    empty: Sequence[str],
) -> None:  # fmt: skip
    there = replace(table(dialect, kind, values, **more), empty=empty)
    agreed = there.agreed()
    assert agreed == there.by_hand()
    assert {one.owner for one in agreed} == {"o1", "O1", "", "\u00e9"}
    assert sum(one.texts for one in agreed) == 2 * sum(value is not None for value in values)


@pytest.mark.parametrize(
    ("dialect", "kind", "values"),
    [
        ("sqlite", "BLOB", [1, 1.5, 1e16, "a", b"a", b"\xc3\xa9", None]), ("sqlite", "REAL", [1, 1e300, None]),
        ("mysql", "DOUBLE", [1, 1e300, 0.1, None]), ("mysql", "DECIMAL(12, 9)", ["1.5", "0", "0.000000001", None]),
        ("mysql", "DECIMAL(7, 2) ZEROFILL", [1, 0, None]), ("mysql", "YEAR", [0, 2026, None]),
        ("mysql", "DATETIME(3)", ["2026-02-28 10:00:00.25", "0000-00-00 00:00:00", None]),
        ("mysql", "TIME", ["10:00:00", "-30:00:00", None]), ("mysql", "BIT(3)", [5, 0, None]),
        ("mysql", "ENUM('Ann', 'b\u00e9')", ["Ann", "b\u00e9", None]),
        ("mysql", "JSON", ['{"a": "\u00e9"}', None, None]),
        ("postgresql", "BOOLEAN", [True, False, None]), ("postgresql", "DOUBLE PRECISION", [1.0, 1e300, None]),
        ("postgresql", "TIMESTAMPTZ", ["2026-02-28 10:00:00.25+02", "infinity", None]),
        ("postgresql", "TEXT[]", [["Ann", None], [], None]), ("postgresql", "INET", ["10.0.0.1/8", "::1", None]),
        ("postgresql", "JSONB", ['{"a":1}', "null", None]), ("postgresql", "BYTEA", [b"a", b"\xff", None]),
        ("postgresql", "INTERVAL", ["1 day", "1 hour", None]), ("postgresql", "NUMERIC", [Decimal("1E-9"), 5, None]),
        ("postgresql", "UUID", [UUID(int=5), UUID(int=0), None]),
        ("duckdb", "DOUBLE", [1.0, 1e300, None]), ("duckdb", "DATE", [date(2026, 2, 28), date(2026, 3, 1), None]),
        ("duckdb", "TIMESTAMP", [datetime(2026, 2, 28, 1, 2, 3, 4), None, None]),
        ("duckdb", "VARCHAR[]", [["a"], [], None]), ("duckdb", "UHUGEINT", [0, 2**128 - 1, None]),
    ],
)  # fmt: skip
def test_what_is_no_text_is_hashed_as_the_driver_delivers_it(
    table: Callable[..., Table], dialect: str, kind: str, values: Sequence[Any]
) -> None:
    there = table(dialect, kind, values)
    assert there.agreed() == there.by_hand() != set()
    with there.read() as (reader, _):
        read_twice = SourceTexts(reader).read_twice("contact")
        told = basis(reader)
    assert bool(told) == bool(read_twice or dialect == "sqlite")


@pytest.mark.parametrize(
    ("dialect", "kind", "values"),
    [
        ("sqlite", "INTEGER", [0, -7, 2**63 - 1, -(2**63), None]),
        ("mysql", "INT(5) ZEROFILL", [0, 42, 123456, 2**32 - 1, None]),
        ("mysql", "TINYINT(1)", [0, 1, -128, 127, None]), ("mysql", "SMALLINT", [0, -(2**15), 2**15 - 1, None]),
        ("mysql", "MEDIUMINT(9) ZEROFILL", [0, 5, 2**24 - 1, None]),
        ("mysql", "BIGINT", [0, -(2**63), 2**63 - 1, None]),
        ("mysql", "BIGINT UNSIGNED", [0, 2**63, 2**64 - 1, None]),
        ("mysql", "BIGINT(20) ZEROFILL", [0, 7, 2**63, 2**64 - 1, None]),
        ("postgresql", "SMALLINT", [0, -(2**15), 2**15 - 1, None]),
        ("postgresql", "INTEGER", [0, -(2**31), 2**31 - 1, None]),
        ("postgresql", "BIGINT", [0, -(2**63), 2**63 - 1, None]),
        ("duckdb", "TINYINT", [0, -(2**7), 2**7 - 1, None]), ("duckdb", "SMALLINT", [0, -(2**15), 2**15 - 1, None]),
        ("duckdb", "INTEGER", [0, -(2**31), 2**31 - 1, None]), ("duckdb", "BIGINT", [0, -(2**63), 2**63 - 1, None]),
        ("duckdb", "HUGEINT", [0, -(2**127), 2**127 - 1, None]), ("duckdb", "UTINYINT", [0, 2**8 - 1, None]),
        ("duckdb", "USMALLINT", [0, 2**16 - 1, None]), ("duckdb", "UINTEGER", [0, 2**32 - 1, None]),
        ("duckdb", "UBIGINT", [0, 2**63, 2**64 - 1, None]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("owner", ["VARCHAR(20)", "as the text"])
def test_integers_are_hashed_by_the_database_as_the_driver_delivers_them(
    table: Callable[..., Table], dialect: str, kind: str, values: Sequence[Any], owner: str
) -> None:
    """Texts, owners and ids alike, MySQL's leading zeros gone."""
    numbers = {"owner": kind, "owners": [*values, 3]} if owner == "as the text" else {}
    there = table(dialect, kind, values, key=kind, **numbers)
    assert there.agreed() == there.by_hand() != set()
    with there.read() as (reader, stored):
        assert SourceTexts(reader).read_twice("contact") == []
        assert bool(basis(reader)) == (dialect == "sqlite")
        attack(there.folder, stored, lambda rows: rows["first_name"].__setitem__(1, "9"))
        with pytest.raises(ProofError) as refused:
            must_agree(reader, there.folder, [stored])
    assert [name for name, *_ in refused.value.differences] == ["contact 2"]


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [("sqlite", "TEXT"), ("sqlite", "BLOB"), ("mysql", "VARBINARY(20)"), ("duckdb", "BLOB")],
)
def test_what_is_no_utf8_is_counted_and_left_out_of_the_sum(
    table: Callable[..., Table], benches: Callable[[str], Bench], dialect: str, kind: str
) -> None:
    odd = [
        b"\xff",
        b"a\xed\xa0\x80",
        b"\xcd\xa0",
        b"\xc0\x80",
        b"\xf4\x90\x80\x80",
        b"good",
        b"",
        "\u00e9".encode(),
        b"?",
        None,
    ]
    there = table(dialect, kind, odd)
    if kind == "TEXT":
        with benches(dialect).engine.begin() as connection:
            writable(connection)
            for name in ("first", "last"):
                connection.exec_driver_sql(
                    f'UPDATE {there.name} SET "{name}" = CAST("{name}" AS TEXT)'
                )
    agreed = there.agreed()
    assert agreed == there.by_hand()
    assert sum(one.texts for one in agreed) == 18


def test_half_of_a_character_in_a_text_of_mariadb_is_said(table: Callable[..., Table]) -> None:
    there = table("mysql", "VARCHAR(20) CHARACTER SET utf8mb4", ["Ann", "Ben"])
    with there.engine.begin() as connection:
        writable(connection)
        connection.exec_driver_sql(f"UPDATE {there.name} SET first = x'41EDA080' WHERE n = 1")
    with (
        pytest.raises(
            SourceError, match=r"half of a character.*HEX\(column\).*CAST\(column AS BINARY\)"
        ),
        there.read(),
    ):
        pass
    with there.engine.begin() as connection:
        writable(connection)
        name = f"{there.name}_read"
        binary = "n, owner, CAST(first AS BINARY) AS first, last"
        connection.exec_driver_sql(f"CREATE VIEW {name} AS SELECT {binary} FROM {there.name}")
    seen = replace(there, name=name)
    assert seen.agreed() == seen.by_hand()


@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
def test_an_owner_that_is_no_utf8(table: Callable[..., Table], dialect: str) -> None:
    kind = "VARBINARY(9)" if dialect == "mysql" else "BLOB"
    there = table(
        dialect, "VARCHAR(20)", ["Ann", "Ben", "?"], owner=kind, owners=[b"o\xff", b"o?", b"o1"]
    )
    assert {one.owner for one in there.agreed()} == {"o\ufffd", "o?", "o1"}


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "WIN1252"])
def test_a_postgresql_of_another_encoding(tmp_path: Path, encoding: str) -> None:
    with database(
        f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    ) as url:
        engine = postgresql.DATABASE.open(url, tmp_path)
        try:
            there = make(
                engine, tmp_path, "TEXT", ["Ann", "\u00e9\u00fc", "\u00a0", "-", "", None]
            )
            if encoding == "SQL_ASCII":
                with engine.begin() as connection:
                    writable(connection)
                    for n, data in enumerate(
                        (r"\xff", r"\x61eda080", r"\xe697a5", r"\xcda0"), 1
                    ):
                        text = f"convert_from('{data}'::bytea, 'SQL_ASCII')"
                        connection.exec_driver_sql(
                            f'UPDATE {there.name} SET "last" = {text} WHERE n = {n}'
                        )
            assert there.agreed() == there.by_hand()
        finally:
            engine.dispose()


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_an_sqlite_of_utf16(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "crm.db"
    with sqlite3.connect(file) as raw:
        raw.execute(f"PRAGMA encoding = '{encoding}'")
        raw.execute("CREATE TABLE c (n TEXT, owner TEXT, first, last)")
        rows = [
            ("i\u00e9", "o", "\u00e9\U0001f600", b"bytes \xc3\xa9"),
            ("j", "o", "a\x00b", b"\xff"),
            ("k", None, 1.0, 7),
        ]
        raw.executemany("INSERT INTO c VALUES (?, ?, ?, ?)", rows)
    there = Table(opened(create_engine(f"sqlite:///{file}"), tmp_path), "c", tmp_path)
    assert there.agreed() == there.by_hand()


def test_a_folder_of_exports(tmp_path: Path) -> None:
    rows = [
        f"{n},o{n % 2},{text},"
        for n, text in enumerate(
            ("Ann", "B\u00e9la", "-", "", "\u65e5", '"a, b"', "\U0001f600")
        )
    ]
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "people.csv").write_text(
        "\n".join(["n,owner,first,last", *rows]), "utf-8"
    )
    there = Table(FILES.open(make_url("files:///exports"), tmp_path, None), "people", tmp_path)  # type: ignore[arg-type]
    assert there.agreed() == there.by_hand()
    assert {(one.column, one.owner) for one in there.agreed()} >= {
        ("first_name", "o0"),
        ("first_name", "o1"),
    }


# ------------------------------------------------------------------------------------------------ attacked

PEOPLE: Final = ("Anneke", "B\u00e9la", "Chen", "-", "Dora", "Ewa ", "\U0001f600", "Femke")
Columns = dict[str, list[Any]]


def exchanged(rows: Columns) -> None:
    """Two records of one owner: all sums of texts alone would stay."""
    first = rows["first_name"]
    first[0], first[5] = first[5], first[0]


def exchanged_whole(rows: Columns) -> None:
    for name in ("first_name", "last_name"):
        rows[name][1], rows[name][2] = rows[name][2], rows[name][1]


def letter(rows: Columns) -> None:
    rows["last_name"][0] = "Chem"


def cut(rows: Columns) -> None:
    rows["first_name"] = [text and text[:5] for text in rows["first_name"]]


def encoded(rows: Columns) -> None:
    rows["first_name"][1] = "B\u00e9la".encode().decode("latin-1")


def decomposed(rows: Columns) -> None:
    rows["first_name"][1] = "Be\u0301la"


def swapped(rows: Columns) -> None:
    rows["first_name"], rows["last_name"] = rows["last_name"], rows["first_name"]
    given = [f"{name}{snapshot.DELIVERED}" for name in ("first_name", "last_name")]
    rows[given[0]], rows[given[1]] = rows[given[1]], rows[given[0]]


def stripped(rows: Columns) -> None:
    rows["first_name"][5] = "Ewa"


def unseen(rows: Columns) -> None:
    rows["first_name"][2] = "Che\u200bn"


def filled(rows: Columns) -> None:
    rows["first_name"][3] = "Dash"


def emptied(rows: Columns) -> None:
    rows["first_name"][2] = None


def blanked(rows: Columns) -> None:
    rows["first_name"][2] = ""


def handed_over(rows: Columns) -> None:
    rows["owner_id"][0] = "o1"


def shifted(rows: Columns) -> None:
    rows["first_name"] = [*rows["first_name"][1:], rows["first_name"][0]]
    name = f"first_name{snapshot.DELIVERED}"
    rows[name] = [*rows[name][1:], rows[name][0]]


ATTACKS: Final = {
    exchanged: {"1", "6"}, exchanged_whole: {"2", "3"}, letter: {"1"}, cut: {"1"}, encoded: {"2"}, decomposed: {"2"},
    swapped: {str(n) for n in range(1, 9)}, stripped: {"6"}, unseen: {"3"}, filled: {"4"}, emptied: {"3"},
    blanked: {"3"}, handed_over: {"1"}, shifted: {str(n) for n in range(1, 9)},
}  # fmt: skip


def attack(folder: Path, stored: snapshot.Stored, change: Callable[[Columns], None]) -> None:
    """Writes the file once more, changed."""
    file = folder / stored.file
    there = pq.read_table(file)
    rows = there.to_pydict()
    change(rows)
    pq.write_table(pa.table(rows, schema=there.schema), file)


@pytest.mark.parametrize("dialect", ["sqlite", "mysql", "postgresql", "duckdb"])
def test_what_an_audit_judges_is_proven_too(table: Callable[..., Table], dialect: str) -> None:
    phone = Judgement((JudgedColumn("phone", Syntax.PHONE),), ASKED)
    proven = proven_text({"contact": [phone]})
    kind = "TEXT CHARACTER SET utf8mb4" if dialect == "mysql" else "VARCHAR(20)"
    printed = replace(table(dialect, kind, PEOPLE), first="phone")
    judged = replace(printed, proven=proven)
    assert "phone" not in {sums.column for sums in printed.agreed()}
    assert sum(sums.texts for sums in judged.agreed() if sums.column == "phone") == len(PEOPLE)

    def exchange(rows: Columns) -> None:
        rows["phone"][0], rows["phone"][5] = rows["phone"][5], rows["phone"][0]

    with judged.read() as (reader, stored):
        fair = must_agree(reader, judged.folder, [stored])
        attack(judged.folder, stored, exchange)
        with pytest.raises(ProofError) as refused:
            must_agree(reader, judged.folder, [stored])
        with pytest.raises(ProofError):
            recheck(fair, in_memory(), judged.folder, [stored], proven)
    assert {name for name, *_ in refused.value.differences} == {"contact 1", "contact 6"}
    with printed.read() as (reader, stored):
        attack(printed.folder, stored, exchange)
        must_agree(reader, printed.folder, [stored])


@pytest.mark.parametrize("change", ATTACKS)
@pytest.mark.parametrize("dialect", ["sqlite", "mysql", "postgresql", "duckdb"])
def test_no_other_text_passes_and_its_records_are_named(
    table: Callable[..., Table], dialect: str, change: Callable[[Columns], None]
) -> None:
    there = table(
        dialect, "VARCHAR(40)" + " CHARACTER SET utf8mb4" * (dialect == "mysql"), PEOPLE
    )
    with there.read() as (reader, stored):
        fair = must_agree(reader, there.folder, [stored])
        attack(there.folder, stored, change)
        with pytest.raises(ProofError, match="nothing was published") as refused:
            must_agree(reader, there.folder, [stored])
        assert not reader.connection.closed
    assert {name.removeprefix("contact ") for name, *_ in refused.value.differences} == ATTACKS[
        change
    ]
    assert all(source != ours for *_, source, ours in refused.value.differences)
    with pytest.raises(ProofError) as again:
        recheck(fair, in_memory(), there.folder, [stored])
    assert {name.partition(" of ")[0] for name, *_ in again.value.differences} <= {
        "contact.first_name",
        "contact.last_name",
    }


def test_an_owner_that_is_an_empty_word_is_nobody_where_numbers_are_read_twice(
    table: Callable[..., Table],
) -> None:
    agreed = table("postgresql", "NUMERIC", [1, 2, 3, 4], owners=["-", "o1"]).agreed()
    assert {(one.owner, one.texts) for one in agreed} == {("", 2), ("o1", 2)}


def test_what_is_read_twice_is_attacked_in_vain(table: Callable[..., Table]) -> None:
    there = table("postgresql", "NUMERIC", [1, 2, 3, 4])
    with there.read() as (reader, stored):
        attack(there.folder, stored, lambda rows: rows["first_name"].__setitem__(0, "9"))
        with pytest.raises(ProofError) as refused:
            must_agree(reader, there.folder, [stored])
    ((name, where, source, ours),) = refused.value.differences
    assert (name, where) == ("contact 1", "first_name, owner O1")
    assert source == f"MD5 {hashed(1, '1'):08x}"
    assert ours == f"MD5 {hashed(1, '9'):08x}"


def test_a_record_that_is_lacking_or_too_many(table: Callable[..., Table]) -> None:
    there = table("sqlite", "TEXT", PEOPLE)
    with there.read() as (reader, stored):
        attack(there.folder, stored, lambda rows: [column.pop() for column in rows.values()])
        with pytest.raises(ProofError) as refused:
            must_agree(reader, there.folder, [stored])
    assert {(name, ours) for name, _, _, ours in refused.value.differences} == {
        ("contact 8", "no text")
    }


def test_a_lost_text_that_is_no_utf8_is_named_too(table: Callable[..., Table]) -> None:
    there = table("sqlite", "BLOB", ["Ann", "Ben", b"\xff"], owners=["o1"])
    with there.read() as (reader, stored):
        attack(there.folder, stored, lambda rows: [column.pop() for column in rows.values()])
        with pytest.raises(ProofError) as refused:
            must_agree(reader, there.folder, [stored])
    lost = ("contact 3", "first_name, owner o1", "no UTF-8", "no text")
    assert lost in refused.value.differences


def test_ids_that_nobody_sees_are_written_out(table: Callable[..., Table]) -> None:
    there = table("sqlite", "TEXT", ["Ann", "Ben"], owners=["o\u202e"], owner="TEXT")
    with there.read() as (reader, stored):
        attack(
            there.folder, stored, lambda rows: rows["first_name"].__setitem__(0, "Ann\u200b")
        )
        with pytest.raises(ProofError) as refused:
            must_agree(reader, there.folder, [stored])
        with pytest.raises(ProofError) as again:
            recheck(SourceTexts(reader).fingerprints(), in_memory(), there.folder, [stored])
    ((name, where, source, ours),) = refused.value.differences
    assert (name, where) == ("contact 1", "first_name, owner o\\u202e")
    assert source != ours
    assert again.value.differences[0][0] == "contact.first_name of o\\u202e"


def test_a_text_that_only_the_snapshot_has(table: Callable[..., Table]) -> None:
    there = table("sqlite", "TEXT", [None, None])
    with there.read() as (reader, stored):
        assert must_agree(reader, there.folder, [stored]) == []
        attack(there.folder, stored, lambda rows: rows["last_name"].__setitem__(1, "invented"))
        with pytest.raises(ProofError) as refused:
            must_agree(reader, there.folder, [stored])
    ((name, _, source, _),) = refused.value.differences
    assert (name, source) == ("contact 2", "no text")


def test_many_differences_are_counted(table: Callable[..., Table]) -> None:
    there = table("sqlite", "TEXT", [f"name {n}" for n in range(60)], owners=["o1"])
    with there.read() as (reader, stored):
        attack(there.folder, stored, lambda rows: rows["first_name"].reverse())
        with pytest.raises(ProofError) as refused:
            must_agree(reader, there.folder, [stored])
    assert len(refused.value.differences) == 21
    assert refused.value.differences[-1][2] == "40 more records differ"


def test_finding_the_records_is_bounded_too(table: Callable[..., Table]) -> None:
    there = table("sqlite", "TEXT", PEOPLE)
    with there.read() as (reader, _):
        spent = TransactionLimit(0.0)
        spent.begin()
        with pytest.raises(SourceError, match="max_hold"):
            SourceTexts(reader, spent).marks("contact", "first_name", ["o1"])


# ------------------------------------------------------------------------------------------------ in a run


def test_a_run_whose_text_differs_ends_while_the_crm_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manager's name and a deal's: both are printed, and neither is in a figure."""
    audit = load_audit(write_tiny_demo(tmp_path, date(2026, 11, 24)).config)
    written = snapshot.write_entity

    def changing(folder: Path, entity: str, *more: Any, **named: Any) -> snapshot.Stored:
        stored = written(folder, entity, *more, **named)
        if entity in ("user", "deal"):
            attack(
                folder,
                stored,
                lambda rows: rows["name"].__setitem__(slice(0, 2), reversed(rows["name"][:2])),
            )
        return stored

    monkeypatch.setattr(snapshot, "write_entity", changing)
    (tmp_path / "data").mkdir()
    with pytest.raises(ProofError) as refused:
        extract.extract(
            audit,
            tmp_path / "data",
            clock=lambda: datetime(2026, 11, 24, 8, tzinfo=UTC),
            as_of=None,
            progress=Silence(),
        )
    assert {name.split()[0] for name, *_ in refused.value.differences} == {"user", "deal"}
    assert len(refused.value.differences) == 4


def test_computing_proves_the_text_once_more(tmp_path: Path) -> None:
    """Of another witness nothing is computed, though every figure may be equal."""
    audit = load_audit(write_tiny_demo(tmp_path, date(2026, 11, 24)).config)
    data = tmp_path / "data"
    data.mkdir()
    extract.extract(audit, data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    witness = json.loads((data / "witness.json").read_text("utf-8"))
    for one in witness["fingerprints"]:
        one[-1] += one[:2] == ["deal", "name"]
    (data / "witness.json").write_text(json.dumps(witness), "utf-8")
    none = in_force((), date(2026, 11, 24), "demo", {})
    files = data / "a", data / "b"
    with pytest.raises(ProofError, match="text of records differs") as refused:
        _prove(
            data,
            load_manifest(data),
            in_memory(),
            lambda *_: ([], Figures()),
            Figures(),
            [],
            files,
            none,
        )
    assert {name.partition(" of ")[0] for name, *_ in refused.value.differences} == {
        "deal.name"
    }


def test_every_column_of_names_is_one_of_text() -> None:
    for entity, names in PROVEN_TEXT.items():
        assert {ENTITIES[entity][name] for name in names} == {"text"}
    assert kind_of("sqlite").spells("whatever")


def test_a_snapshot_that_lacks_an_entity(tmp_path: Path) -> None:
    with stored_texts(tmp_path, []) as texts:
        assert texts.fingerprints() == []
        assert texts.marks("deal", "name", [""]) == {}
