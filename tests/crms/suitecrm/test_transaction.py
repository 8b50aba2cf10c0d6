"""One moment of every table: what other writers commit meanwhile is not seen, and a lost moment or row is caught."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pipeline import source
from pipeline.errors import ProofError, SourceError
from pipeline.progress import Silence
from tests.crms.suitecrm.by_hand import Setting
from tests.crms.suitecrm.database import Database, suitecrm
from tests.crms.suitecrm.ours import compute, extract, prepared

NOW = Setting(
    zone="Europe/Amsterdam", as_of="2027-03-26 22:30:00", today="2027-03-26", soon="2027-04-02 22:00:00",
    score_first="2027-02-26 23:00:00", score_after="2027-03-26 23:00:00",
    first_day="2027-03-01", after_day="2027-04-01", first="2027-02-28 23:00:00", after="2027-03-31 22:00:00",
)  # fmt: skip
BETWEEN = "Asking the CRM's own database"  # the rows are out, and the witness is not asked yet


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with suitecrm() as loaded:
        yield loaded


class Writer(Silence):
    """Another user of the CRM, who commits between our two readings."""

    def __init__(self, database: Database, *statements: str) -> None:
        self.database, self.statements = database, statements

    def stage(self, title: str, total: int | None = None) -> None:
        if title == BETWEEN:
            self.database.execute(*self.statements)


def busy(database: Database) -> Writer:
    """One who adds, changes and removes."""
    return Writer(
        database,
        "INSERT INTO accounts (id, name, assigned_user_id) VALUES (UUID(), 'New', 'seed_max_id')",
        "UPDATE opportunities SET amount = amount + 1, sales_stage = 'Closed Won' ORDER BY id LIMIT 10",
        "UPDATE meetings SET name = '' ORDER BY id LIMIT 10",
        "DELETE FROM calls ORDER BY id LIMIT 10",
    )


def rows_of(database: Database, table: str) -> int:
    return int(database.rows(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"])


def test_a_commit_meanwhile_is_not_seen(database: Database, tmp_path: Path) -> None:
    audit, writer = prepared(NOW, tmp_path), busy(database)
    before = {table: rows_of(database, table) for table in ("accounts", "calls")}
    extract(database, NOW, audit, progress=writer)
    figures = compute(audit)
    assert {
        table: figures[f"table_rows/{table}@company"].numerator for table in before
    } == before
    after = {table: rows_of(database, table) for table in before}
    assert after == {"accounts": before["accounts"] + 1, "calls": before["calls"] - 10}


def test_without_its_transaction_it_is_caught(database: Database, tmp_path: Path) -> None:
    audit, writer = prepared(NOW, tmp_path), busy(database)
    clients, calls = rows_of(database, "accounts"), rows_of(database, "calls")
    extract(database, NOW, audit, begin=(), progress=writer)
    with pytest.raises(ProofError) as caught:
        compute(audit)
    told = {name: (there, ours) for name, _, there, ours in caught.value.differences}
    assert told["clients@company"] == (
        f"{clients + 1} count (stock)",
        f"{clients} count (stock)",
    )
    assert told["calls@company"] == (f"{calls - 10} count (stock)", f"{calls} count (stock)")


def test_one_changed_amount_is_enough(database: Database, tmp_path: Path) -> None:
    """No number of rows differs then: sums have to."""
    audit = prepared(NOW, tmp_path)
    writer = Writer(
        database,
        "UPDATE opportunities SET amount = amount + 0.01 WHERE sales_stage = 'Prospecting' ORDER BY id LIMIT 1",
    )
    extract(database, NOW, audit, begin=(), progress=writer)
    with pytest.raises(ProofError) as caught:
        compute(audit)
    assert {name.partition("@")[0] for name, *_ in caught.value.differences} == {
        "deals_open_amount/EUR"
    }


def test_a_lost_row_is_caught(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = source.SourceReader.rows

    def rows(reader: source.SourceReader, entity: str) -> Iterator[Sequence[Any]]:
        for number, batch in enumerate(whole(reader, entity)):
            yield batch[1:] if entity == "meeting" and number == 0 else batch

    monkeypatch.setattr(source.SourceReader, "rows", rows)
    with pytest.raises(
        SourceError, match=r"meeting: 199 rows came out of the source, where its .* says 200"
    ):
        extract(database, NOW, prepared(NOW, tmp_path))


def test_the_server_refuses_our_writes(database: Database, tmp_path: Path) -> None:
    preset = prepared(NOW, tmp_path).preset
    engine = source.open_engine(
        database.url.render_as_string(hide_password=False), tmp_path, preset
    )
    try:
        for write in (
            "INSERT INTO accounts (id) VALUES ('x')",
            "UPDATE users SET status = 'x'",
            "DELETE FROM meetings",
        ):
            with (
                pytest.raises(SourceError, match="READ ONLY transaction"),
                source.consistent(engine) as connection,
            ):
                connection.execute(text(write))
    finally:
        engine.dispose()
