"""What analysts get: the frames of runs and of the registry, and the examples of docs/analysts.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert

from pipeline import open_registry, open_run
from pipeline.config import load_audit
from pipeline.errors import ConfigError, ProofError
from pipeline.flows.run import run_audit
from pipeline.progress import Silence
from pipeline.registry import database, runs
from pipeline.registry.runs import Run
from pipeline.registry.tables import LIFE_EVENTS
from pipeline.reports.figures_file import read_figures
from tests.paths import ROOT
from tests.small_demo import write_tiny_demo

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of a tiny demo."""
    folder = tmp_path_factory.mktemp("analysts")
    write_tiny_demo(folder, date(2026, 11, 24))
    for days, name in enumerate(("first", "second")):
        moment = MONDAY + timedelta(days=days)
        audit = load_audit(folder / "audit.yaml")
        run_audit(audit, run_id=name, clock=lambda now=moment: now, progress=Silence())  # type: ignore[misc]
    return folder / "output"


def test_figures_are_those_of_the_run(output: Path) -> None:
    run = open_run(output / "latest")
    assert (run.run_id, run.as_of) == ("second", MONDAY + timedelta(days=1))
    exact = read_figures(output / "latest" / "figures.json")
    frame = run.figures
    assert list(frame.index) == list(exact)
    for figure in exact.values():
        row = frame.loc[figure.id]
        assert (row.numerator, None if pd.isna(row.denominator) else row.denominator) == (
            figure.numerator,
            figure.denominator,
        )
        if figure.denominator == 0:
            assert pd.isna(row.value)
        elif figure.denominator:
            units = 100 if figure.unit == "money" else 1
            assert row.value == pytest.approx(
                float(Fraction(figure.numerator, figure.denominator) / units)
            )
    assert (
        frame.loc["deals_won_amount/EUR@company"].value
        == exact["deals_won_amount/EUR@company"].numerator / 100
    )
    named = frame[frame["scope"] == "manager"].groupby("key")["name"].unique()
    assert all(len(names) == 1 and names[0] for names in named)


def test_findings_and_entities_have_names_teams_and_days(output: Path) -> None:
    run = open_run(str(output / "runs" / "second"))
    findings = run.findings
    assert findings["day"].notna().sum() > 100
    assert set(findings[findings["owner"] == "u02"]["owner_name"]) == {"Daan van der Zandvliet"}
    assert set(run.entities) >= {"user", "deal", "meeting"}
    deals = run.entity("deal")
    assert str(deals["created_at"].dt.tz) == "Europe/Amsterdam"
    assert str(deals["amount"].dtype) == "Int64"
    assert set(deals[deals["owner_id"] == "u02"]["team"]) == {"North"}
    with pytest.raises(
        ConfigError, match="there is no kind of record 'deals' in this run; there are user,"
    ):
        run.entity("deals")


def test_the_registry(output: Path) -> None:
    registry = open_registry(output)
    assert list(registry.runs.index) == ["first", "second"]
    figures = registry.figures
    exact = read_figures(output / "latest" / "figures.json")
    for row in figures[figures["run"] == "second"].itertuples():
        who = f"{row.scope}:{row.key}" if row.key else row.scope
        assert exact[f"{row.what}@{who}"].numerator == row.numerator
    lives, events = registry.lives, registry.events
    assert set(lives["state"]) >= {"open"}
    assert (events["event"] == "opened").sum() == len(
        lives[["entity", "record_id", "rule"]].drop_duplicates()
    )


def recorded(output: Path, told: list[tuple[int, str, str, str]]) -> Path:
    """A registry in which runs, a day each, saw this: (day, record, event, person)."""
    registry = database.open_registry(output)
    with registry.transaction() as connection:
        for day in sorted({day for day, *_ in told}):
            moment = MONDAY + timedelta(days=day)
            run = Run(
                "demo", f"r{day}", "here", moment, False, moment.date(), "month", date(2026, 11, 1),
                date(2026, 12, 1), "0.1.0", "",
            )  # fmt: skip
            runs.announce(connection, run)
            number = runs.number_of(connection, run.run_id)
            assert number is not None
            runs.record(connection, number, observed=True)
            for _, record, event, person in (of for of in told if of[0] == day):
                connection.execute(
                    insert(LIFE_EVENTS).values(
                        run=number, entity="deal", record_id=record, rule="name", event=event,
                        person=person, debtor="owner",
                    )
                )  # fmt: skip
    return output


def test_how_long_findings_were_open(tmp_path: Path) -> None:
    """What was handed over stays open; what was never open has no time."""
    told = [
        (0, "d1", "opened", "anna"), (0, "d2", "opened", "anna"), (1, "d2", "handed_over", "ben"),
        (2, "d1", "repaired", "anna"), (3, "d2", "gone", "ben"), (4, "d1", "gone", "anna"),
        (5, "d1", "resumed", "anna"), (6, "d3", "repaired", "ben"),
    ]  # fmt: skip
    times = open_registry(recorded(tmp_path, told)).open_times
    rows = {
        (row.record_id, row.since.date().day - MONDAY.day): (row.person, row.ended_by, row.days)
        for row in times.itertuples()
    }
    assert rows.pop(("d1", 5))[0] == "anna"  # still open
    assert rows == {("d1", 0): ("anna", "repaired", 2.0), ("d2", 0): ("ben", "gone", 3.0)}
    assert times["until"].isna().sum() == 1


def test_every_example_of_the_docs_runs(output: Path) -> None:
    text = (ROOT / "docs" / "analysts.md").read_text("utf-8")
    examples = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    assert len(examples) > 6
    code = "\n".join(["from pipeline import open_run, open_registry", *examples])
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=output.parent, capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Daan van der Zandvliet" in done.stdout


def test_the_program_needs_no_pandas_to_start() -> None:
    code = "import sys, pipeline; print('pandas' in sys.modules, hasattr(pipeline, 'nothing'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_what_is_no_run_or_was_altered(output: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no run in .*; name output/latest"):
        open_run(output / "runs")
    with pytest.raises(ConfigError, match="There is no registry in"):
        open_registry(tmp_path)
    run = open_run(shutil.copytree(output / "runs" / "second", tmp_path / "copy"))
    (run.folder / "figures.parquet").write_bytes((run.folder / "findings.parquet").read_bytes())
    with pytest.raises(ProofError, match=r"figures\.parquet cannot be read"):
        _ = run.figures
    (run.folder / "snapshot" / "deal.parquet").unlink()
    with pytest.raises(ConfigError, match=r"deal\.parquet is not there"):
        run.entity("deal")
