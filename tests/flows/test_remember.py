"""What outlives a run is recorded once, whenever its process dies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.delivery.folder import Draft
from pipeline.flows.compute import open_run
from pipeline.flows.run import Outcome
from pipeline.progress import Silence
from pipeline.registry.runs import earlier
from pipeline.registry.tables import HEADLINES, LIFE_EVENTS, LIVES, RUNS
from tests.postgres import database
from tests.weeks import FIRST, WEEK, Weeks, deal

DEALS = [deal(f"d{number}", amount=None if number < 4 else 9) for number in range(1, 21)]


class Died(BaseException):
    """The process was killed."""


@pytest.fixture(params=["sqlite", "postgresql"])
def weeks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Weeks]:
    if request.param == "sqlite":
        yield Weeks(tmp_path, DEALS)
        return
    with database() as url:
        yield Weeks(tmp_path, DEALS, url.render_as_string(hide_password=False))


def states(weeks: Weeks) -> dict[str, str]:
    with weeks.registry().transaction() as connection:
        rows = connection.execute(select(RUNS).order_by(RUNS.c.id)).all()
    return {row.run_id: row.state for row in rows}


def test_runs_are_recorded_with_their_headlines_and_lives(weeks: Weeks) -> None:
    weeks.run(1)
    weeks.fill("d1")
    second = weeks.run(2)
    assert weeks.lives() == {
        ("d1", "amount"): "opened 1 a, repaired 2 a",
        ("d2", "amount"): "opened 1 a",
        ("d3", "amount"): "opened 1 a",
    }
    with weeks.registry().transaction() as connection:
        [found] = earlier(connection, "sales", "month", FIRST + 2 * WEEK, most=1)
        kept = connection.execute(select(HEADLINES.c.scope, HEADLINES.c.key)).all()
        days = connection.execute(select(RUNS.c.day).order_by(RUNS.c.id)).scalars().all()
    assert days == ["2026-05-31", "2026-06-07"]  # each the one before its Monday
    assert (found.run_id, found.as_of) == ("02-weekly", FIRST + WEEK)
    company, anna = found.figures["company"], found.figures["manager:a"]
    figures = second.result.figures
    base, open_amount = figures["base/deal@company"], figures["deals_open_amount/EUR@manager:a"]
    assert company["base/deal"] == (base.numerator, base.denominator) == (114, 120)
    assert anna["deals_open_amount/EUR"] == (open_amount.numerator, None)
    assert len(kept) == 2 * len({(f.scope, f.key) for f in figures.values()})


def test_reports_say_what_was(tmp_path: Path) -> None:
    """From the run before that of the same period; flows only where it is over the same days."""
    weeks = Weeks(tmp_path, DEALS)
    first = weeks.run(1)
    assert first.result.is_first
    weeks.change("UPDATE deals SET made = '2026-06-02 09:00:00', name = NULL WHERE id > 'd5'")
    second = weeks.run(2)
    weeks.fill("d1", "d2")
    third = weeks.run(3)
    base, now = (run.result.figures["base@manager:a"] for run in (second, third))
    was = third.result.was(now)
    assert was is not None
    assert (was.id, was.numerator, was.denominator) == (
        f"{now.id}#was",
        base.numerator,
        base.denominator,
    )
    assert (now.numerator, now.denominator) != (base.numerator, base.denominator)
    page = (third.folder / "managers").glob("*/report.html")
    assert all("was " in file.read_text("utf-8") for file in page)
    computed = open_run(third.folder, Silence())  # from its folder alone
    assert computed.history == third.result.history


def test_no_value_of_the_crm_is_kept(tmp_path: Path) -> None:
    weeks = Weeks(tmp_path, DEALS)
    weeks.change("UPDATE deals SET name = 'Secret deal' WHERE id = 'd1'")
    weeks.run(1)
    kept = (tmp_path / "output" / "registry.db").read_bytes()
    assert b"d1" in kept
    assert b"Secret deal" not in kept


def test_one_that_died_after_publishing_is_recorded_by_the_next(
    weeks: Weeks, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks.run(1)
    weeks.fill("d1")
    dies(monkeypatch, "pipeline.flows.run.remember", weeks, 2)
    assert states(weeks) == {"01-weekly": "published", "02-weekly": "publishing"}
    weeks.fill("d2")
    weeks.run(3)
    assert set(states(weeks).values()) == {"published"}
    assert weeks.lives()["d1", "amount"] == "opened 1 a, repaired 2 a"
    assert weeks.lives()["d2", "amount"] == "opened 1 a, repaired 3 a"


def test_one_that_died_before_it_had_its_name_is_forgotten_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks = Weeks(tmp_path, DEALS)
    dies(monkeypatch, "pipeline.delivery.folder.Draft.publish", weeks, 1)
    assert states(weeks) == {"01-weekly": "publishing"}
    weeks.run(1, late=timedelta(hours=1))  # tried again: the same run
    assert states(weeks) == {"01-weekly": "published"}
    dies(monkeypatch, "pipeline.delivery.folder.Draft.publish", weeks, 2)
    weeks.run(3)
    assert states(weeks) == {"01-weekly": "published", "03-weekly": "published"}


def test_one_that_may_still_be_under_way_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.flows import remember as flow

    weeks = Weeks(tmp_path, DEALS)
    dies(monkeypatch, "pipeline.delivery.folder.Draft.publish", weeks, 1)
    for later, left in ((timedelta(days=1), {"01-weekly": "publishing"}), (2 * WEEK, {})):
        flow.complete(weeks.registry(), weeks.folder / "output", FIRST + later, Silence())
        assert states(weeks) == left


def test_one_that_is_recorded_meanwhile_is_recorded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process completes it between its name and its record."""
    from pipeline.flows import remember as flow

    weeks = Weeks(tmp_path, DEALS)

    def late(registry: Any, run: Any, result: Any, data: Path) -> None:
        output = weeks.folder / "output"
        flow.complete(
            registry, output, datetime.fromisoformat("2026-06-01T06:00+00:00"), Silence()
        )
        flow.remember(registry, run, result, data)

    monkeypatch.setattr("pipeline.flows.run.remember", late)
    weeks.run(1)
    with weeks.registry().transaction() as connection:
        events = connection.execute(select(LIFE_EVENTS)).all()
        lives = connection.execute(select(LIVES)).all()
    assert len(events) == len(lives) == 3


def test_a_report_is_published_though_the_registry_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks = Weeks(tmp_path, DEALS)
    weeks.run(1)
    monkeypatch.setattr("pipeline.registry.database._BUSY_SECONDS", 0.05)
    publish = Draft.publish
    holders: list[sqlite3.Connection] = []

    def locked(draft: Draft, *given: Any) -> Path:
        holder = sqlite3.connect(tmp_path / "output" / "registry.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        holders.append(holder)
        return publish(draft, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Draft, "publish", locked)
        outcome = weeks.run(2)
    [warning, unswept] = [line for line in outcome.warnings if "registry" in line]
    assert "the report is published, and the next run records that" in warning
    assert "locked" in warning
    assert "what is kept no longer could not be erased yet" in unswept
    holders[0].close()
    weeks.run(3)
    assert set(states(weeks).values()) == {"published"}
    assert len(states(weeks)) == 3


def test_an_older_run_by_hand_observes_nothing(tmp_path: Path) -> None:
    weeks = Weeks(tmp_path, DEALS)
    weeks.run(2)
    weeks.fill("d1")
    weeks.run(1)  # a fire whose clock was set back
    weeks.run(3, late=-2 * WEEK)  # as of the same moment as that one
    assert weeks.lives()["d1", "amount"] == "opened 2 a"
    weeks.run(4)
    assert weeks.lives()["d1", "amount"] == "opened 2 a, repaired 4 a"


def dies(monkeypatch: pytest.MonkeyPatch, at: str, weeks: Weeks, week: int) -> None:
    """A run whose process is killed there."""

    def die(*_: Any, **__: Any) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(at, die)
        with pytest.raises(Died):
            weeks.run(week)


def test_what_became_of_findings_is_kept_with_the_run(weeks: Weeks) -> None:
    def told(outcome: Outcome) -> dict[str, int]:
        return {
            figure.id: figure.numerator
            for figure in outcome.result.figures.values()
            if figure.metric.startswith("findings_")
        }

    assert told(weeks.run(1)) == {}  # before it nobody knew of any
    weeks.fill("d1", "d2")
    second = weeks.run(2)
    assert told(second)["findings_completed@manager:a"] == 2
    weeks.empty("d1")
    weeks.hand_over("d1")
    third = weeks.run(3)
    assert {name for name, number in told(third).items() if number} == {
        f"findings_{what}"
        for what in (
            "completed@manager:a", "completed@team:north", "completed@company",
            "open_again@manager:b", "open_again@team:north", "open_again@company",
        )
    }  # fmt: skip
    [item] = [item for item in third.result.fix_list if item.record_id == "d1"]
    assert len(item.again) == 1
    assert told(weeks.run(4, as_of=FIRST + WEEK)) == {}  # one by hand observes nothing
    again = open_run(third.folder, Silence())
    assert again.figures == third.result.figures
    assert again.fix_list == third.result.fix_list


def test_what_is_completed_after_a_period_is_none_of_its(tmp_path: Path) -> None:
    """The report on May counts what runs of May saw."""
    weeks = Weeks(tmp_path, DEALS)
    weeks.file.write_text(f"{weeks.file.read_text('utf-8')}period: last month\n", "utf-8")
    weeks.run(2)
    weeks.fill("d1")
    figures = weeks.run(3).result.figures
    assert weeks.lives()["d1", "amount"] == "opened 2 a, repaired 3 a"
    assert figures["findings_completed@company"].numerator == 0
