"""The run ledger: a fire has one row and ends once, whoever writes, and however many do."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from pipeline.errors import PublishError
from pipeline.registry.database import Registry, open_registry
from pipeline.registry.fires import MANUAL, Fire, Ledger, State
from pipeline.registry.tables import FIRES

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRE = Fire("acme", "weekly", NOON)


@pytest.fixture
def ledger(registry: Registry) -> Ledger:
    return Ledger(registry)


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    open_registry(tmp_path / "output")
    assert stat.S_IMODE((tmp_path / "output").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "output" / "registry.db").stat().st_mode) == 0o600


def test_a_run_that_fails_and_then_succeeds(ledger: Ledger) -> None:
    ledger.opened(FIRE, "id", NOON)
    ledger.failed(FIRE, 3, "the CRM\n  does not answer", NOON + HOUR)
    (run,) = ledger.rows()
    assert (run.fire, run.run_id, run.state, run.attempts) == (FIRE, "id", State.OPEN, 1)
    assert (run.started_at, run.ended_at, run.exit_status) == (NOON, NOON + HOUR, 3)
    assert run.message == "the CRM does not answer"
    ledger.opened(FIRE, "id", NOON + 2 * HOUR)
    (run,) = ledger.rows()
    assert (run.attempts, run.started_at, run.ended_at, run.exit_status) == (
        2,
        NOON + 2 * HOUR,
        None,
        None,
    )
    ledger.published(FIRE, NOON + 3 * HOUR)
    (run,) = ledger.rows()
    assert (run.state, run.exit_status, run.ended_at, run.message) == (
        State.PUBLISHED,
        0,
        NOON + 3 * HOUR,
        "",
    )


def test_an_ended_fire_stays_as_it_ended(ledger: Ledger) -> None:
    missed = Fire("acme", "weekly", NOON - HOUR)
    ledger.opened(FIRE, "id", NOON)
    ledger.published(FIRE, NOON)
    ledger.missed([missed], NOON)
    before = ledger.rows()
    for fire in (FIRE, missed):
        ledger.opened(fire, "again", NOON + HOUR)
        ledger.failed(fire, 70, "", NOON + HOUR)
        ledger.published(fire, NOON + HOUR)
        ledger.missed([fire], NOON + HOUR)
    assert ledger.rows() == before


def test_a_missed_fire_that_had_failed_says_why(ledger: Ledger) -> None:
    ledger.opened(FIRE, "id", NOON)
    ledger.failed(FIRE, 4, "they differ", NOON)
    ledger.missed([FIRE, Fire("acme", "weekly", NOON + HOUR)], NOON + 2 * HOUR)
    failed, never_begun = ledger.rows()
    assert (failed.state, failed.exit_status, failed.message) == (
        State.MISSED,
        4,
        "they differ",
    )
    assert (never_begun.state, never_begun.exit_status, never_begun.run_id) == (
        State.MISSED,
        None,
        None,
    )


def test_the_last_ended_fire_is_of_that_schedule_alone(ledger: Ledger) -> None:
    assert ledger.last_fires("acme", "weekly", NOON) == (None, None)
    ledger.missed([Fire("acme", "weekly", NOON - HOUR), Fire("acme", "weekly", NOON)], NOON)
    ledger.missed(
        [Fire("acme", "daily", NOON + HOUR), Fire("other", "weekly", NOON + HOUR)], NOON
    )
    ledger.opened(Fire("acme", "weekly", NOON + HOUR), "id", NOON)
    assert ledger.last_fires("acme", "weekly", NOON) == (NOON, NOON + HOUR)
    assert ledger.last_fires("acme", "weekly", NOON - timedelta(seconds=1)) == (
        NOON - HOUR,
        NOON + HOUR,
    )
    assert [run.fire.at for run in ledger.rows("acme", "weekly", State.OPEN)] == [NOON + HOUR]


def test_a_schedule_is_known_since_first_sight_and_anew_with_another_line(
    ledger: Ledger,
) -> None:
    assert ledger.known_since("acme", "weekly", "0 7 * * mon", NOON) == NOON
    assert ledger.known_since("acme", "weekly", "0 7 * * mon", NOON + HOUR) == NOON
    assert ledger.known_since("acme", "daily", "0 7 * * *", NOON + HOUR) == NOON + HOUR
    assert (
        ledger.known_since("acme", "weekly", "0 8 * * mon", NOON + 2 * HOUR) == NOON + 2 * HOUR
    )
    assert (
        ledger.known_since("acme", "weekly", "0 8 * * mon", NOON + 3 * HOUR) == NOON + 2 * HOUR
    )


def test_setting_back_forgets_what_was_owed_or_missed_and_keeps_what_was_published(
    ledger: Ledger,
) -> None:
    later = [Fire("acme", "weekly", NOON + n * HOUR) for n in (1, 2, 3)]
    other = Fire("acme", "daily", NOON + HOUR)
    ledger.known_since("acme", "weekly", "line", NOON + 5 * HOUR)
    ledger.opened(FIRE, "now", NOON)
    ledger.missed([later[0], other], NOON)
    ledger.opened(later[1], "open", NOON)
    ledger.opened(later[2], "published", NOON)
    ledger.published(later[2], NOON)
    ledger.set_back("acme", "weekly", NOON)
    assert [run.fire for run in ledger.rows()] == [FIRE, other, later[2]]
    assert ledger.known_since("acme", "weekly", "line", NOON + 6 * HOUR) == NOON
    ledger.set_back("acme", "weekly", NOON + 6 * HOUR)
    assert ledger.known_since("acme", "weekly", "line", NOON + 6 * HOUR) == NOON


def test_rows_come_by_fire_time_and_then_as_they_were_written(ledger: Ledger) -> None:
    fires = [
        Fire("acme", "b", NOON + HOUR),
        Fire("acme", "b", NOON),
        Fire("acme", "a", NOON),
        Fire("zeta", "a", NOON),
    ]
    for fire in fires:
        ledger.opened(fire, "id", NOON)
    assert [run.fire for run in ledger.rows()] == [fires[1], fires[2], fires[3], fires[0]]
    assert [run.fire for run in ledger.rows(schedule="a")] == fires[2:]


def test_a_message_is_one_line_of_500_characters_at_most(ledger: Ledger) -> None:
    ledger.opened(FIRE, "id", NOON)
    ledger.failed(FIRE, 3, "x\n" + "y" * 600, NOON)
    [run] = ledger.rows()
    assert run.message == "x " + "y" * 498
    ledger.published(FIRE, NOON, "z " * 600)
    assert len(ledger.rows()[0].message) == 500


def test_times_are_text_in_utc_whatever_zone_they_came_in(
    ledger: Ledger, registry: Registry
) -> None:
    amsterdam = NOON.astimezone(timezone(HOUR))
    ledger.opened(Fire("acme", MANUAL, amsterdam), "id", amsterdam)
    ledger.opened(Fire("acme", MANUAL, NOON), "id", NOON)  # the same fire
    columns = FIRES.c.fire_utc, FIRES.c.started_at, FIRES.c.attempts
    with registry.transaction() as connection:
        assert connection.execute(select(*columns)).all() == [
            ("2026-11-16T12:00:00.000000Z", "2026-11-16T12:00:00.000000Z", 2)
        ]
    twice = insert(FIRES).from_select(
        ["audit", "schedule", "fire_utc", "state", "attempts", "message"],
        select(
            FIRES.c.audit,
            FIRES.c.schedule,
            FIRES.c.fire_utc,
            FIRES.c.state,
            FIRES.c.attempts,
            FIRES.c.message,
        ),
    )
    with pytest.raises(PublishError, match=r"(?i)unique"), registry.transaction() as connection:
        connection.execute(twice)


def test_many_writers_lose_nothing(address: str, tmp_path: Path) -> None:
    def write(writer: int) -> datetime:
        own = Ledger(
            open_registry(tmp_path, address)
        )  # also that several make the tables at once
        since = own.known_since("acme", "weekly", "line", NOON + writer * HOUR)
        for n in range(10):
            own.opened(Fire("acme", "weekly", NOON + n * HOUR), f"{writer}", NOON)
        return since

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(write, range(8)))) == 1
    assert [run.attempts for run in Ledger(open_registry(tmp_path, address)).rows()] == [8] * 10


def test_what_cannot_be_used_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "registry.db").write_text(
        "this is no database, it is a text of some length" * 50
    )
    with pytest.raises(PublishError, match=r"registry\.db.*not a database"):
        Ledger(open_registry(tmp_path))
    with pytest.raises(PublishError, match="cannot be opened"):
        open_registry(tmp_path / "registry.db")


def test_a_fire_that_was_never_begun_has_no_attempt(ledger: Ledger) -> None:
    begun, later = Fire("acme", "weekly", NOON - HOUR), Fire("acme", "weekly", NOON)
    ledger.opened(begun, "id", NOON)
    ledger.opened(begun, "id", NOON)
    ledger.missed([begun, later], NOON + HOUR)
    runs = {run.fire: run for run in ledger.rows()}
    assert (runs[begun].attempts, runs[begun].run_id, runs[begun].started_at) == (2, "id", NOON)
    assert (runs[later].attempts, runs[later].run_id, runs[later].started_at) == (0, None, None)
    assert {run.ended_at for run in runs.values()} == {NOON + HOUR}
    assert {run.message for run in runs.values()} == {"", "a later one was due"}
