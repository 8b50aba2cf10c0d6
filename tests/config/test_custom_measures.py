"""Measures of one's own: a count of ours, narrowed by columns that an audit adds; without code."""

from __future__ import annotations

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import column, table

from pipeline import queries
from pipeline.calendar.window import open_window
from pipeline.config import load_audit
from pipeline.config.custom_measures import custom_measures
from pipeline.config.settings import MeasureFile
from pipeline.demo import write_demo
from pipeline.errors import ConfigError
from pipeline.flows import run
from pipeline.measures.custom import measure_of
from pipeline.measures.registry import COUNTED, NARROWED, counts_of
from pipeline.model import ENTITIES, READ, CustomMeasure, Kind, RunResult
from pipeline.progress import Silence
from pipeline.queries import QueryContext
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import Report, Table

TODAY = date(2026, 11, 24)
SOURCE = (
    "name: T\nzone: Europe/Amsterdam\ncurrency: EUR\nsource:\n  url: sqlite:///crm.db\n  preset: demo\n"
    "  add: {meeting.channel: meetings.channel, deal.branch: deals.branch}\n"
)
MEASURES = """
measures:
  meetings_online: {label: Meetings online, count: meetings_held, where: {meeting.channel: [Online, "Video "]}}
  online_share: {label: Online, count: meetings_held, where: {meeting.channel: [Online, "Video "]}, share: true}
  meetings_untold: {count: meetings_held, where: {meeting.channel: missing}}
  big_branch_won: {count: deals_won_amount, where: {deal.branch: [Steel], deal.name: filled}}
  big_branch_open: {count: deals_open, where: {deal.branch: [Steel]}}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo CRM, in which people also enter a channel and a branch."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, TODAY)
    rng = random.Random(11)
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for table, column, words in (
            ("meetings", "channel", ("Online", "online", "Video ", "Video", "Visit", "", None)),
            ("deals", "branch", ("Steel", "Wood", None)),
        ):
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")
            ids = [row[0] for row in db.execute(f"SELECT id FROM {table} ORDER BY id")]
            db.executemany(
                f"UPDATE {table} SET {column} = ? WHERE id = ?",
                [(rng.choice(words), one) for one in ids],
            )
        db.commit()
    return folder


@pytest.fixture(scope="module")
def result(demo: Path) -> RunResult:
    file = demo / "own.yaml"
    file.write_text(SOURCE + MEASURES, "utf-8")
    audit, data = load_audit(file), demo / "data"
    data.mkdir()
    as_of = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    run.extract(audit, data, clock=lambda: as_of, as_of=None, progress=Silence())
    return run.compute(data, run_id="r", progress=Silence())


def asked(demo: Path, sql: str) -> Counter[str]:
    with closing(sqlite3.connect(demo / "crm.db")) as db:
        return Counter(
            {str(owner or ""): int(number or 0) for owner, number in db.execute(sql)}
        )


def of_managers(result: RunResult, name: str) -> Mapping[str, int]:
    managers = [person.id for person in result.people if person.scope == "manager"]
    return {who: result.figures[f"{name}@manager:{who}"].numerator for who in managers}


HELD = """SELECT owner_id, count(*) FROM meetings m WHERE NOT m.is_deleted AND m.status = 'held'
          AND COALESCE(m.starts_at, m.created_at) >= '2026-10-31 23:00:00'
          AND COALESCE(m.starts_at, m.created_at) <= '2026-11-24 08:00:00' AND {} GROUP BY owner_id"""
WON = """SELECT owner_id, sum(amount_cents) FROM deals WHERE NOT is_deleted AND stage = 'won'
         AND closed_on >= '2026-11-01' AND closed_on <= '2026-11-24' AND currency = 'EUR' AND branch = 'Steel'
         AND trim(COALESCE(name, '')) <> '' GROUP BY owner_id"""


def test_it_counts_what_sql_counts(demo: Path, result: RunResult) -> None:
    for name, sql in (
        ("meetings_online", HELD.format("m.channel IN ('Online', 'Video ')")),
        ("meetings_untold", HELD.format("trim(COALESCE(m.channel, '')) = ''")),
        ("big_branch_won/EUR", WON),
    ):
        expected = asked(demo, sql)
        found = of_managers(result, name)
        assert found == {who: expected[who] for who in found}, name
        assert len([number for number in found.values() if number]) > 3, name
        assert result.figures[f"{name}@company"].numerator == sum(expected.values())


def test_a_share_is_of_what_it_narrows(result: RunResult) -> None:
    share = result.figures["online_share@company"]
    assert share.numerator == result.figures["meetings_online@company"].numerator
    assert share.denominator == result.figures["meetings_held@company"].numerator
    assert 0 < share.numerator < (share.denominator or 0)


def own(report: Report) -> Table:
    return next(table for table in report.tables if table.key == "own")


def test_reports_show_them_and_they_add_up(result: RunResult) -> None:
    table = own(management_report(result))
    assert table.columns == (
        "Account manager", "Meetings online", "Online", "meetings untold", "big branch won, EUR", "big branch open",
    )  # fmt: skip  # in the other currencies there is nothing
    *parts, company = (
        [cell.numerator for cell in row.cells if cell and not isinstance(cell, str)]
        for row in table.rows
    )
    assert [sum(column) for column in zip(*parts, strict=True)] == company
    person = next(person for person in result.people if person.scope == "manager")
    rows = own(manager_report(result, person)).rows
    assert [row.label for row in rows] == list(table.columns[1:])
    assert rows[0].cells[0] == result.figures[f"meetings_online@manager:{person.id}"]
    assert rows[-1].cells[1] == "all there is now"


WRONG = {
    "count: meetings": (
        "m: {count: talks, where: {meeting.channel: filled}}",
        "there is no 'talks'; allowed: meetings",
    ),
    "several figures": (
        "m: {count: meetings_lacking, where: {meeting.channel: filled}}",
        "no 'meetings_lacking'",
    ),
    "name": (
        "deals_won: {count: deals_won, where: {deal.branch: filled}}",
        "that no figure of ours has",
    ),
    "capitals": ("Won: {count: deals_won, where: {deal.branch: filled}}", "small letters"),
    "column": (
        "m: {count: deals_won, where: {deal.color: filled}}",
        "where: there is no 'deal.color'",
    ),
    "record": (
        "m: {count: deals_won, where: {meeting.channel: filled}}",
        "deals_won is about deal.id",
    ),
    "no text": (
        "m: {count: deals_won, where: {deal.close_day: [x]}}",
        "deal.close_day is no text",
    ),
    "no words": ("m: {count: deals_won, where: {deal.branch: []}}", "at least 1 item"),
    "nothing": ("m: {count: deals_won, where: {}}", "at least 1 item"),
    "share": (
        "m: {count: deals_won_amount, where: {deal.branch: filled}, share: true}",
        "share: of a count only",
    ),
}


@pytest.mark.parametrize(("measure", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(demo: Path, measure: str, said: str) -> None:
    file = demo / "wrong.yaml"
    file.write_text(
        f"{SOURCE}measures:\n  ok: {{count: meetings, where: {{meeting.channel: filled}}}}\n  {measure}\n"
    )
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_audit(file)


def test_whatever_may_be_narrowed_is_counted() -> None:
    """A count that a measure names and that no database is asked for would be in no figure."""
    entities = {
        name: table(name, *map(column, _with_unreadable(kinds)))
        for name, kinds in ENTITIES.items()
    }
    own = tuple(
        CustomMeasure(f"own_{name}", "", name, measure.numerator[0].entity, {"id": "filled"})
        for name, measure in NARROWED.items()
    )
    window = open_window(
        as_of=datetime(2026, 11, 24, tzinfo=UTC), zone="UTC", working_week=range(5)
    )
    context = QueryContext(window, {}, counts=counts_of((*COUNTED, *map(measure_of, own))))
    asked = queries.measures(
        {name: view.subquery() for name, view in queries.views_of(entities, context).items()},
        context,
    )
    counted = {name for question in asked for name, _ in question.counts}
    assert {one.name for one in own} - counted == set()


@pytest.mark.parametrize("share", [False, True])
def test_it_is_over_the_days_of_what_it_narrows(share: bool) -> None:
    """A share of a stock is none of the period."""
    for name, ours in NARROWED.items():
        own = CustomMeasure("own", "", name, ours.numerator[0].entity, {"id": "filled"}, share)
        assert measure_of(own).period == ours.period, name


def _with_unreadable(kinds: Mapping[str, Kind]) -> list[str]:
    return [*kinds, *(f"{name}_unreadable" for name, kind in kinds.items() if kind in READ)]


def test_what_the_crm_does_not_hold_cannot_be_counted(tmp_path: Path) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text(
        "name: T\nzone: UTC\ncurrency: EUR\nsource: {url: 'postgresql://x@y/z', preset: odoo}\n"
        "measures:\n  m: {count: meetings_held, where: {meeting.subject: filled}}\n"
    )
    with pytest.raises(
        ConfigError,
        match=r"needs meeting.status, which this CRM does not hold \(Odoo holds no status",
    ):
        load_audit(file)


def test_a_column_that_only_a_measure_asks_for_is_no_misspelling(demo: Path) -> None:
    file = demo / "unasked.yaml"
    file.write_text(SOURCE)
    with pytest.raises(ConfigError, match="neither a field set nor a measure asks for it"):
        load_audit(file)


@pytest.mark.parametrize(
    ("absent", "refused"),
    [
        ((), False),
        (("start_at",), False),
        (("created_at",), False),
        (("start_at", "created_at"), True),
    ],
)
def test_a_count_of_events_needs_one_of_two_moments(
    absent: tuple[str, ...], refused: bool
) -> None:
    reasons = {f"meeting.{column}": "not kept" for column in absent}
    given = {"online": MeasureFile(count="meetings_held", where={"meeting.subject": "filled"})}
    if refused:
        with pytest.raises(
            ConfigError, match=r"needs meeting.start_at or meeting.created_at, .*\(not kept\)"
        ):
            custom_measures(Path("audit.yaml"), given, reasons, ENTITIES)
    else:
        assert (
            custom_measures(Path("audit.yaml"), given, reasons, ENTITIES)[0].counted
            == "meetings_held"
        )
