"""What is kept no longer is erased after each run, and everything else stays as it was."""

from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from pipeline.config import Audit, load_audit
from pipeline.delivery.erased import ERASED, note_erasure, read_erased
from pipeline.delivery.sums import SUMS, deviations, entries, read_sums
from pipeline.errors import ConfigError
from pipeline.flows.compare import compare
from pipeline.flows.explain import published_figures
from pipeline.flows.keep import sweep
from pipeline.flows.rerun import rerun
from pipeline.flows.run import run_audit
from pipeline.model.keeping import Age
from pipeline.progress import Silence
from pipeline.registry.tables import HEADLINES, LIFE_EVENTS, LIVES, RUNS
from pipeline.snapshot.history import load_history
from tests.paths import ROOT
from tests.program import crm_audit
from tests.small_demo import write_tiny_demo

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
TABLE = "figures.parquet"


def audit_in(folder: Path) -> Audit:
    return load_audit(folder / "audit.yaml")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of day 0, 20 and 60, each of which keeps what is its time."""
    folder = tmp_path_factory.mktemp("keep")
    write_tiny_demo(folder, START.date())
    for days in (0, 20, 60):
        run_on(folder, days)
    return folder


@pytest.fixture
def folder(three: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three, tmp_path / "copy", symlinks=True))


def run_on(folder: Path, days: int) -> None:
    moment = START + timedelta(days=days)
    outcome = run_audit(
        audit_in(folder), run_id=f"day{days}", clock=lambda: moment, progress=Silence()
    )
    assert not [warning for warning in outcome.warnings if "erased" in warning]


def run_of(folder: Path, days: int) -> Path:
    return folder / "output" / "runs" / f"day{days}"


def swept(folder: Path, days: int) -> None:
    audit = audit_in(folder)
    sweep(audit, audit.registry(), START + timedelta(days=days))


def rows_of(run: Path) -> list[dict[str, Any]]:
    return pq.read_table(run / TABLE).to_pylist()


# ------------------------------------------------------------------------------------- snapshots


def test_audited_rows_are_kept_for_35_days(three: Path) -> None:
    for days in (0, 20):
        run = run_of(three, days)
        assert [path.name for path in (run / "snapshot").iterdir()] == ["manifest.json"]
        assert (run / "report.html").is_file()
        assert (run / "figures.json").is_file()
        assert deviations(run, read_sums(run)) == []
        [erasure] = read_erased(run).erasures
        assert (erasure.why, erasure.at[:10]) == ("keep: snapshots 35 days", "2027-01-23")
        assert set(erasure.paths) == {
            path for path in read_sums(run).files if path.startswith("snapshot/")
        } - {"snapshot/manifest.json"}
    last = run_of(three, 60)
    assert (last / "snapshot" / "deal.parquet").is_file()
    assert not (last / ERASED).exists()


def test_verify_says_what_was_erased_and_what_it_cannot_check(folder: Path) -> None:
    run = run_of(folder, 0)
    done = crm_audit(ROOT, "verify", str(run))
    assert done.returncode == 0, done.stderr
    erased = len(read_erased(run).reasons)
    assert (
        f"Changed by erasure on 2027-01-23 (keep: snapshots 35 days): {erased} files."
        in done.stdout
    )
    assert (
        f"SHA-256 of {len(read_sums(run).files) - erased} files equal those in" in done.stdout
    )
    assert (
        f"What the {erased} others held when they were published cannot be checked"
        in done.stdout
    )
    (run / "report.html").write_text("mine")
    (run / "managers" / "new.html").write_text("mine")
    done = crm_audit(ROOT, "verify", str(run))
    assert done.returncode == 4
    assert "report.html: altered" in done.stdout
    assert "managers/new.html: not published" in done.stdout
    (run / ERASED).write_text("{}")
    done = crm_audit(ROOT, "verify", str(run))
    assert done.returncode == 4
    assert "is no list that this program wrote" in done.stderr


def test_what_lacks_its_rows_is_not_made_again_and_compared_without_causes(
    folder: Path,
) -> None:
    with pytest.raises(
        ConfigError,
        match=r"cannot be made again: its data were erased \(keep: snapshots 35 days\)",
    ):
        rerun(run_of(folder, 0), Silence())
    with pytest.raises(ConfigError, match=r"can be explained: its data were erased"):
        published_figures(run_of(folder, 0))
    comparison = compare(run_of(folder, 0), run_of(folder, 60), Silence())
    assert not comparison.told
    assert comparison.changes["deals@company"].difference == 0


# ------------------------------------------------------------------------------- reports and people


def test_after_thirteen_months_only_figures_of_teams_are_left(folder: Path) -> None:
    before = rows_of(run_of(folder, 0))
    swept(folder, 400)  # 13 months and 400 days of the first run, 380 days of the second
    run = run_of(folder, 0)
    assert sorted(path.name for path in run.iterdir()) == [ERASED, SUMS, TABLE]
    assert deviations(run, read_sums(run)) == []
    after = rows_of(run)
    assert {row["scope"] for row in before} - {row["scope"] for row in after} == {"manager"}
    assert {row["key"] for row in after if row["scope"] == "inactive"} == {""}
    names = {row["name"] for row in before if row["scope"] in ("manager", "inactive")}
    assert len(names) > 2
    assert not (names & {row["name"] for row in after}) - {""}
    assert [row for row in before if row["scope"] in ("team", "company", "unassigned")] == [
        row for row in after if row["scope"] in ("team", "company", "unassigned")
    ]
    assert (run_of(folder, 20) / "report.html").is_file()
    assert TABLE not in read_erased(run_of(folder, 20)).rewritten


def test_what_is_left_still_adds_up(folder: Path) -> None:
    swept(folder, 400)
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows_of(run_of(folder, 0)):
        sums[row["id"].partition("@")[0]][row["scope"]] += row["numerator"]
    for what in (
        "deals",
        "deals_open",
        "meetings",
        "calls",
        "meetings_held",
        "field_missing/contact.details",
    ):
        of = sums[what]
        assert (
            of["team"] + of["inactive"] + of["unassigned"] - of["double_counted"]
            == of["company"]
        ), what
    assert sums["deals"]["inactive"] > 0


def test_a_second_sweep_changes_nothing(folder: Path) -> None:
    swept(folder, 400)
    run = run_of(folder, 0)
    before = {path: (run / path).read_bytes() for path in (ERASED, TABLE)}
    swept(folder, 401)
    assert before == {path: (run / path).read_bytes() for path in (ERASED, TABLE)}


def told_by(folder: Path) -> tuple[dict[str, set[str]], set[str], set[str]]:
    """Run -> of whom the registry has its figures; runs whose events say whose a finding is; the
    states of findings whose persons it knows.
    """
    with audit_in(folder).registry().transaction() as connection:
        scopes: dict[str, set[str]] = defaultdict(set)
        for run, scope in connection.execute(
            select(RUNS.c.run_id, HEADLINES.c.scope).join_from(HEADLINES, RUNS)
        ):
            scopes[run].add(scope)
        events = (
            select(RUNS.c.run_id).join_from(LIFE_EVENTS, RUNS).where(LIFE_EVENTS.c.person != "")
        )
        states = select(LIVES.c.state).where(LIVES.c.person != "")
        return (
            scopes,
            set(connection.execute(events).scalars()),
            set(connection.execute(states).scalars()),
        )


def test_the_registry_forgets_people_and_keeps_teams(folder: Path) -> None:
    scopes, events, states = told_by(folder)
    assert "manager" in scopes["day0"]
    assert "day0" in events
    swept(folder, 400)
    scopes, events, left = told_by(folder)
    assert "manager" not in scopes["day0"]
    assert scopes["day0"] >= {"team", "company"}
    assert scopes["day20"] >= {"manager", "team", "company"}
    assert "day0" not in events
    assert "open" in left <= states


def test_the_next_report_still_knows_the_runs_before(folder: Path) -> None:
    swept(folder, 420)
    run_on(folder, 420)
    history = load_history(run_of(folder, 420) / "snapshot")
    assert history is not None
    assert [run.run_id for run in history.earlier] == ["day0", "day20", "day60"]
    assert "score@company".partition("@")[0] in history.earlier[0].figures["company"]
    assert not any(who.startswith("manager") for who in history.earlier[0].figures)


# ------------------------------------------------------------------------------------- what is spared


def test_the_last_good_run_and_others_runs_are_spared(folder: Path) -> None:
    swept(folder, 3_000)
    assert (run_of(folder, 60) / "snapshot" / "deal.parquet").is_file()
    audit = folder / "audit.yaml"
    audit.write_text(audit.read_text("utf-8").replace("id: demo", "id: another"), "utf-8")
    before = list(entries(run_of(folder, 60)))
    run_on(folder, 90)
    swept(folder, 3_000)
    assert list(entries(run_of(folder, 60))) == before


def test_a_run_as_of_long_ago_is_as_old_as_its_data(folder: Path) -> None:
    """Its rows were read today."""
    now = START + timedelta(days=61)
    audit = audit_in(folder)
    long_ago = START - timedelta(days=900)
    outcome = run_audit(
        audit, run_id="past", clock=lambda: now, as_of=long_ago, progress=Silence()
    )
    assert (outcome.folder / "snapshot" / "deal.parquet").is_file()
    swept(folder, 62)
    assert (outcome.folder / "snapshot" / "deal.parquet").is_file()
    run_on(folder, 100)
    assert not (outcome.folder / "snapshot" / "deal.parquet").is_file()


@pytest.mark.parametrize(
    ("zone", "over"),
    [
        # read there on 14 December, and on the 13th; the day begins 14 hours later there
        ("Europe/Amsterdam", datetime(2027, 1, 18, 23, tzinfo=UTC)),
        ("America/Anchorage", datetime(2027, 1, 18, 9, tzinfo=UTC)),
    ],
)
def test_an_age_is_over_with_a_day_in_the_audits_zone(
    folder: Path, zone: str, over: datetime
) -> None:
    file = folder / "audit.yaml"
    text = file.read_text("utf-8").replace("Europe/Amsterdam", zone)
    file.write_text(f"{text}keep: {{reports: 35 days}}\n", "utf-8")
    audit = audit_in(folder)
    assert audit.settings.zone == zone
    sweep(audit, audit.registry(), over - timedelta(seconds=1))
    assert (run_of(folder, 20) / "report.html").is_file()
    sweep(audit, audit.registry(), over)
    assert not (run_of(folder, 20) / "report.html").is_file()


def test_forever(three: Path, folder: Path) -> None:
    audit = folder / "audit.yaml"
    ever = "keep: {snapshots: forever, reports: forever, people: forever}\n"
    audit.write_text(audit.read_text("utf-8") + ever, "utf-8")
    swept(folder, 3_000)
    for days in (0, 20, 60):
        assert sorted(entries(run_of(folder, days))) == sorted(entries(run_of(three, days)))
        assert rows_of(run_of(folder, days)) == rows_of(run_of(three, days))


def test_what_a_kill_left_is_erased_by_the_next_run(folder: Path) -> None:
    run = run_of(folder, 60)
    rows = [
        path for path in entries(run) if path.startswith("snapshot/") and "manifest" not in path
    ]
    note_erasure(run, START, "keep: snapshots 35 days", rows, {})
    assert deviations(run, read_sums(run)) == []
    run_on(folder, 100)
    assert [path.name for path in (run / "snapshot").iterdir()] == ["manifest.json"]
    assert len(read_erased(run).erasures) == 1


# ------------------------------------------------------------------------------------------- ages


@pytest.mark.parametrize(
    ("age", "day", "limit"),
    [
        (Age(35, "day"), date(2026, 3, 1), date(2026, 1, 25)), (Age(13, "month"), date(2026, 3, 31), date(2025, 2, 28)),
        (Age(1, "month"), date(2026, 1, 15), date(2025, 12, 15)),
        (Age(12, "month"), date(2028, 2, 29), date(2027, 2, 28)),
    ],
)  # fmt: skip
def test_an_age_is_counted_in_days_or_calendar_months(age: Age, day: date, limit: date) -> None:
    assert age.before(day) == limit


@pytest.mark.parametrize(
    ("written", "age"),
    [
        ("35 days", Age(35, "day")), ("1 day", Age(1, "day")), ("2 weeks", Age(14, "day")),
        ("13 Months", Age(13, "month")), ("2 years", Age(24, "month")), ("forever", None),
    ],
)  # fmt: skip
def test_ages_as_they_are_written(folder: Path, written: str, age: Age | None) -> None:
    audit = folder / "audit.yaml"
    audit.write_text(audit.read_text("utf-8") + f"keep: {{people: {written}}}\n", "utf-8")
    assert audit_in(folder).settings.keep.kept().people == age


@pytest.mark.parametrize(
    "written", ["soon", "0 days", "-3 days", "35", "1.5 years", "99999 years", "yes"]
)
def test_what_is_no_age(folder: Path, written: str) -> None:
    audit = folder / "audit.yaml"
    audit.write_text(audit.read_text("utf-8") + f"keep: {{people: {written}}}\n", "utf-8")
    with pytest.raises(
        ConfigError,
        match=r"keep.people.*write how long, like 35 days, 13 months, 2 years, or forever",
    ):
        audit_in(folder)
