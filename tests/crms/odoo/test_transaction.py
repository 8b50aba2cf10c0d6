"""One moment of every table: what other writers commit meanwhile is not seen, and a lost moment or row is caught."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pipeline import source
from pipeline.errors import ProofError, SourceError
from pipeline.progress import Silence
from tests.crms.odoo.by_hand import Zoned
from tests.crms.odoo.database import Odoo, odoo15
from tests.crms.odoo.ours import prepared
from tests.crms.odoo.test_equal import AMSTERDAM
from tests.crms.suitecrm.ours import compute, extract

BETWEEN = "Asking the CRM's own database"  # the rows are out, and the witness is not asked yet
READ_COMMITTED = ("SET TIME ZONE 'UTC'", "BEGIN")  # each statement sees a moment of its own
NOW: Zoned = AMSTERDAM


@pytest.fixture(scope="module")
def odoo() -> Iterator[Odoo]:
    with odoo15() as loaded:
        yield loaded


class Writer(Silence):
    """Another user of the CRM, who commits between our two readings."""

    def __init__(self, odoo: Odoo, *statements: str) -> None:
        self.odoo, self.statements = odoo, statements

    def stage(self, title: str, total: int | None = None) -> None:
        if title == BETWEEN:
            self.odoo.execute(*self.statements)


def busy(odoo: Odoo) -> Writer:
    """One who adds, changes and removes."""
    return Writer(
        odoo,
        "INSERT INTO res_partner (id, name, active, type, is_company) "
        "SELECT max(id) + 1, 'New', true, 'contact', true FROM res_partner",
        "UPDATE crm_lead SET expected_revenue = expected_revenue + 1, stage_id = 4 WHERE id BETWEEN 13 AND 22",
        "UPDATE calendar_event SET name = ''",
        "DELETE FROM mail_activity WHERE id = (SELECT max(id) FROM mail_activity WHERE activity_type_id = 2"
        " AND res_model = 'crm.lead')",
    )


@contextmanager
def committing(odoo: Odoo) -> Iterator[list[int]]:
    """A writer who commits without a pause for as long as this is open; the list holds one entry per commit."""
    commits: list[int] = []
    done = threading.Event()

    def write() -> None:
        with odoo.connect() as connection:
            while not done.is_set():
                number = 50_000 + len(commits)
                connection.execute(
                    "INSERT INTO crm_lead (id, name, type, active, user_id, stage_id, expected_revenue)"
                    " VALUES (%s, '', 'opportunity', true, 2, 1, 100)",
                    (number,),
                )
                connection.execute(
                    "UPDATE crm_lead SET expected_revenue = expected_revenue + 1 WHERE id >= 50000"
                )
                connection.execute("UPDATE calendar_event SET active = NOT active")
                commits.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield commits
    finally:
        done.set()
        writer.join()


def rows_of(odoo: Odoo, table: str) -> int:
    return int(odoo.rows(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"])


def test_a_writer_who_never_rests_is_not_seen(odoo: Odoo, tmp_path: Path) -> None:
    audit = prepared(NOW, tmp_path, by_time=True)
    with committing(odoo) as commits:
        extract(odoo, NOW, audit)
        during = len(commits)
    figures = compute(audit)
    assert during > 5
    assert figures["figures_proven@company"].numerator > 500
    odoo.execute(
        "DELETE FROM crm_lead WHERE id >= 50000", "UPDATE calendar_event SET active = true"
    )


def test_a_commit_meanwhile_is_not_seen(odoo: Odoo, tmp_path: Path) -> None:
    audit, writer = prepared(NOW, tmp_path), busy(odoo)
    before = {table: rows_of(odoo, table) for table in ("res_partner", "mail_activity")}
    extract(odoo, NOW, audit, progress=writer)
    figures = compute(audit)
    assert {
        table: figures[f"table_rows/{table}@company"].numerator for table in before
    } == before
    after = {table: rows_of(odoo, table) for table in before}
    assert after == {
        "res_partner": before["res_partner"] + 1,
        "mail_activity": before["mail_activity"] - 1,
    }


def test_without_one_moment_it_is_caught(odoo: Odoo, tmp_path: Path) -> None:
    audit, writer = prepared(NOW, tmp_path), busy(odoo)
    extract(odoo, NOW, audit, begin=READ_COMMITTED, progress=writer)
    with pytest.raises(ProofError) as caught:
        compute(audit)
    told = {name: (there, ours) for name, _, there, ours in caught.value.differences}
    clients, calls = told["clients@company"], told["calls@company"]
    assert int(clients[0].split()[0]) == int(clients[1].split()[0]) + 1
    assert int(calls[0].split()[0]) == int(calls[1].split()[0]) - 1


def test_one_changed_amount_is_enough(odoo: Odoo, tmp_path: Path) -> None:
    """No number of rows differs then: sums have to."""
    audit = prepared(NOW, tmp_path)
    writer = Writer(
        odoo, "UPDATE crm_lead SET expected_revenue = expected_revenue + 0.01 WHERE id = 24"
    )
    extract(odoo, NOW, audit, begin=READ_COMMITTED, progress=writer)
    with pytest.raises(ProofError) as caught:
        compute(audit)
    assert {name.partition("@")[0] for name, *_ in caught.value.differences} == {
        "deals_open_amount/USD"
    }


def test_outside_a_transaction_nothing_is_read(odoo: Odoo, tmp_path: Path) -> None:
    """PostgreSQL streams inside a transaction only, so its lack is seen before a figure could be."""
    with pytest.raises(SourceError, match="can only be used in transaction blocks"):
        extract(odoo, NOW, prepared(NOW, tmp_path), begin=())


def test_a_lost_row_is_caught(
    odoo: Odoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = source.SourceReader.rows

    def rows(reader: source.SourceReader, entity: str) -> Iterator[Sequence[Any]]:
        for number, batch in enumerate(whole(reader, entity)):
            yield batch[1:] if entity == "meeting" and number == 0 else batch

    monkeypatch.setattr(source.SourceReader, "rows", rows)
    with pytest.raises(
        SourceError, match=r"meeting: 6 rows came out of the source, where its .* says 7"
    ):
        extract(odoo, NOW, prepared(NOW, tmp_path))


def test_the_server_refuses_our_writes(odoo: Odoo, tmp_path: Path) -> None:
    preset = prepared(NOW, tmp_path).preset
    engine = source.open_engine(
        odoo.url.render_as_string(hide_password=False), tmp_path, preset
    )
    try:
        for write in (
            "INSERT INTO crm_tag (id, name) VALUES (99, 'x')",
            "UPDATE res_users SET active = false",
            "DELETE FROM calendar_event",
            "CREATE TABLE mine (i integer)",
        ):
            with (
                pytest.raises(SourceError, match="read-only transaction"),
                source.consistent(engine) as connection,
            ):
                connection.execute(text(write))
    finally:
        engine.dispose()
