"""Thirty weeks of forty deals: what becomes of each finding, against a table worked out by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from pipeline.registry.tables import RULE_VERSIONS, RUNS
from tests.weeks import FIELDS, Weeks, deal

WITHOUT_AMOUNT = [f"d{number:02}" for number in range(1, 11)]
WITHOUT_NAME = ["d11", "d12", "d13", "d14"]
WITHOUT_CLIENT = ["d14", "d15"]

DAYS: Mapping[int, date] = {
    week: date(2026, 5, 31) + timedelta(weeks=week - 1) for week in range(1, 31)
}
"""The day of a week's run: the one before its Monday."""

BY_HAND = {
    ("d01", "amount"): "opened 1 a, repaired 2 a, reopened 3 a, repaired 4 a",
    ("d02", "amount"): "opened 1 a, repaired 2 a",  # emptied and filled while a run was missed
    ("d03", "amount"): "opened 1 a, gone 3 a, resumed 5 a",
    ("d04", "amount"): "opened 1 a, handed_over 3 b, repaired 4 b",
    ("d05", "amount"): "opened 1 a, ended_by_time 4 a",
    ("d06", "amount"): "opened 1 a, waived 5 a, resumed 9 a",
    ("d07", "amount"): "opened 1 a, repaired 7 a",  # done in week 6, of which there is no run
    ("d08", "amount"): "opened 1 a, repaired 12 a",  # the look of week 10 was at last month
    ("d09", "amount"): "opened 1 a, handed_over 16 b, gone 17 b",
    ("d10", "amount"): "opened 1 a",
    # another rule of the same id: nobody completed these
    ("d11", "name"): "opened 1 a, ended_by_rule 8 a",
    (
        "d12",
        "name",
    ): "opened 1 a, ended_by_rule 8 a, resumed 14 a",  # misses by the new rule too, later
    (
        "d13",
        "name",
    ): "opened 1 a, ended_by_rule 8 a",  # its name is given in week 10: not by the rule
    ("d14", "name"): "opened 1 a",  # by both rules
    ("d14", "client"): "opened 1 a, ended_by_rule 15 a, resumed 18 a",
    ("d15", "client"): "opened 1 a, ended_by_rule 15 a",  # given while nobody asked
    ("d12", "client"): "opened 14 a, ended_by_rule 15 a, resumed 18 a",
    ("d16", "amount"): "opened 20 a, repaired 21 a, reopened 22 a, repaired 23 a, gone 24 a",
    ("d17", "amount"): "opened 20 a, repaired 26 b",  # handed over and completed in one week
    ("d18", "amount"): "opened 20 a, ended_by_time 27 a, repaired 28 a",
    ("d19", "amount"): "waived 20 a, repaired 22 a, reopened 25 a",
    ("d20", "amount"): "opened 20 a",
}


def _deals() -> list[dict[str, object]]:
    deals = [deal(f"d{number:02}") for number in range(1, 41)]
    for row in deals:
        if row["id"] in WITHOUT_AMOUNT:
            row["amount"] = None
        if row["id"] in WITHOUT_NAME:
            row["name"] = None
        if row["id"] in WITHOUT_CLIENT:
            row["client"] = None
    return deals


def what_became(week: int, first: date, after: date) -> tuple[Counter[str], Counter[str]]:
    """By the table: what was completed in these days, and what is open again, of each person."""
    completed: Counter[str] = Counter()
    open_again: Counter[str] = Counter()
    for line in BY_HAND.values():
        events = [event.split() for event in line.split(", ")]
        past = [(event, int(when), who) for event, when, who in events if int(when) <= week]
        states = [each for each in past if each[0] != "handed_over"]
        if not states:
            continue
        state, when, who = states[-1]
        if first <= DAYS[when] < after:
            completed[who] += state == "repaired"
            open_again[past[-1][2]] += state == "reopened"
    return completed, open_again


def test_thirty_weeks_of_forty_deals(tmp_path: Path) -> None:
    weeks = Weeks(tmp_path, _deals())
    lenient = FIELDS | {"name": "{name: name, columns: [name, client_id]}"}
    without = {name: field for name, field in lenient.items() if name != "client"}

    def exempt(*records: str) -> None:
        weeks.exempts(
            "".join(f",deal,{one},amount,exempt,agreed,Ann,2027-12-31\n" for one in records)
        )

    weeks.run(1)
    weeks.fill("d01", "d02")
    weeks.run(2)
    weeks.empty("d01")
    weeks.delete("d03")
    weeks.hand_over("d04")
    weeks.run(3)
    weeks.fill("d01", "d04")
    weeks.change("UPDATE deals SET state = 'won' WHERE id = 'd05'")
    weeks.run(4)
    weeks.change(
        "INSERT INTO deals SELECT 'd03', owner, name, client, state, NULL, closed, made FROM deals WHERE id = 'd40'"
    )
    exempt("d06")
    weeks.run(5)
    weeks.empty("d02")  # week 6: no run
    weeks.fill("d07")
    weeks.fill("d02")
    weeks.run(7)
    weeks.asks(lenient)
    weeks.run(8)
    exempt()
    weeks.run(9)
    weeks.change("UPDATE deals SET name = 'Named' WHERE id = 'd13'")
    weeks.fill("d08")
    weeks.run(10, as_of=datetime(2026, 7, 20, 5, tzinfo=UTC))
    weeks.empty("d08")
    weeks.run(11)
    weeks.fill("d08")
    weeks.run(12, late=timedelta(days=2))  # made up on Wednesday
    weeks.run(13)
    weeks.change("UPDATE deals SET client = NULL WHERE id = 'd12'")
    weeks.run(14)
    weeks.asks(without)
    weeks.run(15)
    weeks.hand_over("d09")
    weeks.change("UPDATE deals SET client = 'c1' WHERE id = 'd15'")
    weeks.run(16)
    weeks.delete("d09")
    weeks.run(17)
    weeks.asks(lenient)
    weeks.run(18)
    weeks.run(19)
    weeks.empty("d16", "d17", "d18", "d19", "d20")
    exempt("d19")
    weeks.run(20)
    weeks.fill("d16")
    weeks.run(21)
    weeks.empty("d16")
    weeks.fill("d19")
    weeks.run(22)
    weeks.fill("d16")
    weeks.run(23)
    weeks.delete("d16")
    exempt()
    weeks.run(24)
    weeks.empty("d19")
    weeks.run(25)
    weeks.fill("d17")
    weeks.hand_over("d17")
    weeks.run(26)
    weeks.change("UPDATE deals SET state = 'won' WHERE id = 'd18'")
    weeks.run(27)
    weeks.change("UPDATE deals SET state = 'open', amount = 7 WHERE id = 'd18'")
    weeks.run(28)
    weeks.run(29)
    weeks.run(30)

    assert weeks.lives() == BY_HAND
    for week, outcome in weeks.outcomes.items():
        figures = outcome.result.figures
        if week in (1, 10):  # the first, and one that observes nothing
            assert not any(name.startswith("findings_") for name in figures)
            continue
        window = outcome.result.window
        for metric, expected in zip(
            ("findings_completed", "findings_open_again"),
            what_became(week, window.first, window.after_last),
            strict=True,
        ):
            for who in ("a", "b"):
                found = figures.get(f"{metric}@manager:{who}")
                assert (found.numerator if found else 0) == expected[who], (week, metric, who)
            assert figures[f"{metric}@company"].numerator == expected.total(), (week, metric)
    with weeks.registry().transaction() as connection:
        runs = connection.execute(select(RUNS).order_by(RUNS.c.id)).all()
        contents = connection.execute(select(RULE_VERSIONS)).all()
    assert {run.state for run in runs} == {"published"}
    assert [run.run_id for run in runs if not run.is_observed] == ["10-by-hand"]
    assert len(runs) == 29
    assert sorted(
        row.rule for row in contents if row.entity == "deal" and "." not in row.rule
    ) == [
        "amount",
        "client",
        "name",
        "name",
    ]
    assert [run.day for run in runs[:2]] == ["2026-05-31", "2026-06-07"]
