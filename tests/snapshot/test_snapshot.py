"""The snapshot: typed Parquet that holds what the source gave, and DuckDB over exactly those files."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pyarrow.parquet as pq
import pytest
from sqlalchemy import column, func, select, table

from pipeline import snapshot
from pipeline.errors import SourceError
from pipeline.model import ENTITIES, Kind, PeriodBounds, TableAccount
from pipeline.snapshot import Stored, entities, opened, write_entity
from pipeline.snapshot.manifest import Manifest, load_manifest, save_manifest
from pipeline.values.hashes import file_sha256

Row = Sequence[Any]


def write(
    folder: Path,
    entity: str,
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    expected: int | None = None,
    minor: bool = True,
) -> Stored:
    return write_entity(
        folder, entity, columns, [rows], expected=len(rows) if expected is None else expected, minor=minor,
        advance=lambda rows: None,
    )  # fmt: skip


def read(folder: Path, stored: Stored) -> list[dict[str, Any]]:
    return list(pq.read_table(folder / stored.file).to_pylist())


# ------------------------------------------------------------------------------------------------ typing


def test_a_flag_that_the_crm_does_not_hold_says_what_is_assumed(tmp_path: Path) -> None:
    """Every user is active and a person, no client is a private one; and nothing is unreadable."""
    users = read(tmp_path, write(tmp_path, "user", ["id", "name"], [("1", "Ada")]))
    clients = read(tmp_path, write(tmp_path, "client", ["id", "name"], [("k", "Firm")]))
    assert [(user["active"], user["person"]) for user in users] == [(1, 1)]
    assert [client["private_person"] for client in clients] == [0]
    marks = {
        name: value for name, value in {**users[0], **clients[0]}.items() if "unread" in name
    }
    assert marks
    assert set(marks.values()) == {0}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, None),
        ("", ""),
        (" a ", " a "),
        ("\u65e5\u672c\U0001f642\u0301", "\u65e5\u672c\U0001f642\u0301"),
        (305184080441754059, "305184080441754059"),
        (2**63 - 1, "9223372036854775807"),
        (0, "0"),
        (b"0\xc3\xa9", "0\u00e9"),
        ("x\x00y", "x\x00y"),
        ("x" * 40_000, "x" * 40_000),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_text_stays_text(tmp_path: Path, given: Any, text: str | None) -> None:
    stored = write(tmp_path, "lead", ["id", "last_name"], [("1", given)])
    assert read(tmp_path, stored)[0]["last_name"] == text


def test_an_identifier_of_eighteen_digits_stays_text(tmp_path: Path) -> None:
    stored = write(
        tmp_path,
        "meeting_contact",
        ["meeting_id", "person_kind", "person_id"],
        [(305184080441754059, "contact", "305184080441754059")],
    )
    with (
        opened(tmp_path, [stored], {}, tmp_path) as shelf,
        shelf.engine.connect() as connection,
    ):
        link = entities([stored])["meeting_contact"]
        assert (
            connection.execute(select(link.c.meeting_id, link.c.person_id)).one()
            == ("305184080441754059",) * 2
        )


@pytest.mark.parametrize(
    ("given", "value", "unreadable"),
    [
        (None, None, 0),
        ("", None, 0),
        (" \u3000", None, 0),
        ("0000-00-00 00:00:00", None, 0),
        ("0000-00-00", None, 0),
        ("2026-11-24 10:00:00", datetime(2026, 11, 24, 10, tzinfo=UTC), 0),
        ("1969-12-31 23:59:59", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 24, 10, 0, 0, 123_457), datetime(2026, 11, 24, 10, 0, 0, 123_457, tzinfo=UTC), 0),
        (datetime(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC), 0),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 0),
        (datetime(2026, 11, 24, 10, tzinfo=timezone(timedelta(hours=9))), datetime(2026, 11, 24, 1, tzinfo=UTC), 0),
        ("2026-02-30 10:00:00", None, 1),
        ("2026-11-24 24:00:00", None, 1),
        ("2026-11-24T10:00:00", None, 1),
        ("2026-11-24", None, 1),
        ("2026-11-24 10:00:00.5", None, 1),
        (" 2026-11-24 10:00:00", None, 1),
        ("soon", None, 1),
        (1795514400, None, 1),
        (date(2026, 11, 24), None, 1),
    ],
)  # fmt: skip
def test_an_instant(
    tmp_path: Path, given: Any, value: datetime | None, unreadable: int
) -> None:
    stored = write(tmp_path, "call", ["id", "start_at"], [("1", given)])
    row = read(tmp_path, stored)[0]
    assert (row["start_at"], row["start_at_unreadable"]) == (value, unreadable)
    assert (row["end_at"], row["end_at_unreadable"]) == (None, 0)


@pytest.mark.parametrize(
    ("given", "value", "unreadable"),
    [
        (None, None, 0),
        ("", None, 0),
        ("\u200b", None, 0),
        ("0000-00-00", None, 0),
        ("2026-11-24", date(2026, 11, 24), 0),
        (date(2026, 11, 24), date(2026, 11, 24), 0),
        (date(1, 1, 1), date(1, 1, 1), 0),
        (date(9999, 12, 31), date(9999, 12, 31), 0),
        ("2026-02-30", None, 1),
        ("2026-11-24 00:00:00", None, 1),
        ("24.11.2026", None, 1),
        ("20261124", None, 1),
        ("2026-W48-2", None, 1),
        ("soon", None, 1),
        (20261124, None, 1),
    ],
)
def test_a_day(tmp_path: Path, given: Any, value: date | None, unreadable: int) -> None:
    stored = write(tmp_path, "deal", ["id", "close_day"], [("1", given)])
    row = read(tmp_path, stored)[0]
    assert (row["close_day"], row["close_day_unreadable"]) == (value, unreadable)


@pytest.mark.parametrize(
    ("given", "currency", "minor", "value", "unreadable"),
    [
        (None, "EUR", True, None, 0),
        (None, None, True, None, 0),
        (" ", None, True, None, 0),
        (250_000, "EUR", True, 250_000, 0),
        (-5, "EUR", True, -5, 0),
        (0, "EUR", True, 0, 0),
        (10**18 - 1, "EUR", True, 10**18 - 1, 0),
        (10**18, "EUR", True, None, 1),
        (1 - 10**18, "EUR", True, 1 - 10**18, 0),
        (-(10**18), "EUR", True, None, 1),
        (250_000, None, True, None, 1),
        (250_000, " ", True, None, 1),
        (100.0, "EUR", True, None, 1),
        ("100", "EUR", True, None, 1),
        ("12,50", "EUR", True, None, 1),
        (1.005, "EUR", False, None, 1),
        (1.005, "KWD", False, 1_005, 0),
        (0.1 + 0.2, "EUR", False, None, 1),
        (0.3, "EUR", False, 30, 0),
        (2.675, "KWD", False, 2_675, 0),
        (12345678901234.86, "EUR", False, 1_234_567_890_123_486, 0),
        (8.2, "EUR", False, 820, 0),
        (-0.0, "EUR", False, 0, 0),
        (5, "JPY", False, 5, 0),
        (5.5, "JPY", False, None, 1),
        (Decimal("19.9900"), "EUR", False, 1_999, 0),
        (1e300, "EUR", False, None, 1),
        (1e-25, "EUR", False, None, 1),
        (float("nan"), "EUR", False, None, 1),
        (float("inf"), "EUR", False, None, 1),
        ("12,50", "EUR", False, None, 1),
        (12.5, None, False, None, 1),
        (9_999_999_999_999_999.5, "EUR", False, None, 1),
    ],
)
def test_an_amount(
    tmp_path: Path,
    given: Any,
    currency: str | None,
    minor: bool,
    value: int | None,
    unreadable: int,
) -> None:
    stored = write(
        tmp_path, "deal", ["id", "amount", "currency"], [("1", given, currency)], minor=minor
    )
    row = read(tmp_path, stored)[0]
    named = (
        currency if currency and currency.strip() else None
    )  # a blank one would be the audit's
    assert (row["amount"], row["amount_unreadable"], row["currency"]) == (
        value,
        unreadable,
        named,
    )


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (None, None),
        (0, 0),
        (1, 1),
        (True, 1),
        (False, 0),
        ("ja", 1),
        (b"\x00", 0),
        ("hm", None),
    ],
)
def test_a_flag(tmp_path: Path, given: Any, value: int) -> None:
    stored = write(tmp_path, "client", ["id", "private_person"], [("1", given)])
    assert read(tmp_path, stored)[0]["private_person"] == value


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_entity_has_all_its_columns_and_types(tmp_path: Path, entity: str) -> None:
    stored = write(tmp_path, entity, [], [])
    schema = pq.read_schema(tmp_path / stored.file)
    expected: dict[str, str] = {}
    types = {Kind.TEXT: "string", Kind.INSTANT: "timestamp[us, tz=UTC]", Kind.DAY: "date32[day]", Kind.MONEY: "int64",
             Kind.FLAG: "int8", Kind.CURRENCY: "string"}  # fmt: skip
    for name, kind in ENTITIES[entity].items():
        expected[name] = types[kind]
        if kind is not Kind.TEXT:
            expected[f"{name}_unreadable"] = "int8"
    assert {field.name: str(field.type) for field in schema} == expected
    assert stored.rows == pq.read_metadata(tmp_path / stored.file).num_rows == 0


def test_columns_may_come_in_any_order_and_be_lacking(tmp_path: Path) -> None:
    stored = write(tmp_path, "contact", ["email", "id"], [("a@b", "1"), (None, "2")])
    rows = read(tmp_path, stored)
    assert [
        (row["id"], row["email"], row["phone"], row["created_at_unreadable"]) for row in rows
    ] == [
        ("1", "a@b", None, 0),
        ("2", None, None, 0),
    ]


# ------------------------------------------------------------------------------------------------ streaming


@pytest.mark.parametrize("lost", [-1, 1])
def test_a_row_lost_or_won_is_an_error_of_the_source(tmp_path: Path, lost: int) -> None:
    rows = [(str(number),) for number in range(10)]
    with pytest.raises(
        SourceError, match=rf"lead: 10 rows came out .* says {10 + lost}"
    ) as error:
        write(tmp_path, "lead", ["id"], rows, expected=10 + lost)
    assert error.value.exit_status == 3


def test_row_groups_are_of_a_size_that_cores_can_share(tmp_path: Path) -> None:
    rows = [(str(number), "contact", "c") for number in range(205_000)]
    batches = [rows[first : first + 5_000] for first in range(0, len(rows), 5_000)]
    told: list[int] = []
    stored = write_entity(
        tmp_path, "meeting_contact", ["meeting_id", "person_kind", "person_id"], batches,
        expected=len(rows), minor=True, advance=told.append,
    )  # fmt: skip
    file = pq.ParquetFile(tmp_path / stored.file)
    groups = [
        file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)
    ]
    assert groups == [100_000, 100_000, 5_000]
    assert told == [5_000] * 41
    assert stored.rows == 205_000
    assert file.read(["meeting_id"]).column(0).to_pylist() == [
        row[0] for row in rows
    ]  # in the order of the stream


class Tracked(list[Any]):
    """A row that can be seen to be forgotten."""

    __hash__ = object.__hash__  # type: ignore[assignment]


def test_rows_are_let_go_while_they_are_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.snapshot.write.ROW_GROUP", 1_000)
    living: WeakSet[Tracked] = WeakSet()
    most = 0

    def batches() -> Iterator[list[Tracked]]:
        nonlocal most
        for first in range(0, 20_000, 250):
            batch = [Tracked([str(number)]) for number in range(first, first + 250)]
            living.update(batch)
            most = max(most, len(living))
            yield batch
            del batch

    stored = write_entity(
        tmp_path,
        "lead",
        ["id"],
        batches(),
        expected=20_000,
        minor=True,
        advance=lambda rows: None,
    )
    assert stored.rows == 20_000
    assert most <= 2_500  # a row group, the batch at hand, and what the next one replaces


def test_an_interrupted_stream_is_no_file_of_the_snapshot(tmp_path: Path) -> None:
    def batches() -> Iterator[list[Row]]:
        yield [("1",)]
        raise SourceError("gone away")

    with pytest.raises(SourceError, match="gone away"):
        write_entity(
            tmp_path,
            "lead",
            ["id"],
            batches(),
            expected=2,
            minor=True,
            advance=lambda rows: None,
        )


# ------------------------------------------------------------------------------------------------ reading


def test_a_file_that_is_not_the_manifests(tmp_path: Path) -> None:
    stored = write(tmp_path, "lead", ["id"], [("1",), ("2",)])
    with opened(tmp_path, [stored], {}, tmp_path):
        pass
    write(tmp_path, "lead", ["id"], [("1",), ("3",)])
    with (
        pytest.raises(SourceError, match=r"lead\.parquet is not the file"),
        opened(tmp_path, [stored], {}, tmp_path),
    ):
        pass


def test_one_bit_is_enough(tmp_path: Path) -> None:
    stored = write(tmp_path, "lead", ["id"], [("1",)])
    file = tmp_path / stored.file
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert file_sha256(file) != stored.sha256
    with pytest.raises(SourceError), opened(tmp_path, [stored], {}, tmp_path):
        pass


def test_what_is_asked_gets_what_was_written(tmp_path: Path) -> None:
    seed = random.Random(9)
    moments = [
        datetime(1970, 1, 1) + timedelta(microseconds=seed.randrange(-(10**15), 10**16))
        for _ in range(500)
    ]
    rows = [
        (str(n), f"2026-11-{n % 28 + 1:02d}", n * 7, "EUR", moment)
        for n, moment in enumerate(moments)
    ]
    stored = write(
        tmp_path, "deal", ["id", "close_day", "amount", "currency", "created_at"], rows
    )
    deal = entities([stored])["deal"]
    early = select(deal.c.id, deal.c.created_at.label("occurred_at_us")).where(
        deal.c.close_day < date(2026, 11, 5)
    )
    with (
        opened(tmp_path, [stored], {"deal": early}, tmp_path) as shelf,
        shelf.engine.connect() as connection,
    ):
        asked = select(
            deal.c.id,
            deal.c.created_at,
            deal.c.close_day,
            deal.c.amount,
            deal.c.created_at_unreadable,
        )
        found = connection.execute(asked).all()
        (total,) = connection.execute(select(func.sum(deal.c.amount))).one()
        viewed = connection.execute(
            select(shelf.views["deal"].c.id, shelf.views["deal"].c.occurred_at_us)
        ).all()
    microsecond = timedelta(microseconds=1)
    expected = {row[0]: (row[4] - datetime(1970, 1, 1)) // microsecond for row in rows}
    assert {row[0]: row[1] for row in found} == expected
    assert {row[0]: row[2] for row in found} == {
        row[0]: date.fromisoformat(row[1]) for row in rows
    }
    assert {row[4] for row in found} == {0}
    assert total == sum(row[2] for row in rows)
    assert dict(map(tuple, viewed)) == {
        row[0]: expected[row[0]] for row in rows if row[1] < "2026-11-05"
    }


def test_another_connection_finds_the_views(tmp_path: Path) -> None:
    stored = write(tmp_path, "lead", ["id"], [("1",), ("2",)])
    lead = entities([stored])["lead"]
    with opened(tmp_path, [stored], {"lead": select(lead.c.id)}, tmp_path) as shelf:
        with shelf.engine.connect() as connection:
            names = table("view_lead", column("id"))
            assert connection.scalar(select(func.count()).select_from(names)) == 2
        assert shelf.url.startswith("duckdb:///")


@pytest.mark.parametrize(
    "name",
    ["it's", "a b", "\u00fc\u65e5", "[2026]", "a*b", "50%", "a%20b", "a#b", "{x}", "a;b"],
)
def test_folders_of_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    stored = write(folder, "lead", ["id"], [("1",)])
    lead = entities([stored])["lead"]
    work = folder / "work"
    work.mkdir()
    with opened(folder, [stored], {}, work) as shelf, shelf.engine.connect() as connection:
        assert connection.scalar(select(lead.c.id)) == "1"
    assert [entry.name for entry in work.iterdir()] == ["audit.duckdb"]


def test_the_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    manifest = Manifest(
        datetime(2026, 11, 24, 8, 0, 0, 1, tzinfo=UTC),
        True,
        "demo",
        0.123,
        (write(tmp_path, "lead", ["id"], [("1",)]), Stored("deal", "deal.parquet", 0, "00")),
        (
            TableAccount("leads", 3, 1, {"deleted": 1, "converted": 1}),
            TableAccount("teams", 0, 0, {}),
        ),
        period=PeriodBounds(
            date(2026, 11, 1), date(2026, 12, 1), "month", datetime(2026, 12, 1, 6, tzinfo=UTC)
        ),
    )
    save_manifest(tmp_path, manifest)
    assert load_manifest(tmp_path) == manifest


def test_the_record_whose_text_cannot_be_decoded_is_named_wherever_its_id_stands(
    tmp_path: Path,
) -> None:
    rows = [("fine", "1", b"\xff"), (b"caf\xe9", "2", "x"), ("fine", "3", "y")]
    stored = snapshot.write_entity(
        tmp_path,
        "client",
        ["name", "id", "owner_id"],
        [rows],
        expected=3,
        minor=True,
        advance=lambda _: None,
    )
    assert sorted(stored.undecodable) == [("name", "2"), ("owner_id", "1")]
