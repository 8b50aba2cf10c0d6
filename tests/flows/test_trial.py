"""A stored run with other field sets: as a run with these sets would have been, and nothing is published."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.expectations import expectations
from pipeline.config import Audit, load_audit
from pipeline.errors import ConfigError
from pipeline.flows import run
from pipeline.flows.trial import try_field_sets
from pipeline.measures.completeness import RECORDS_FAILING, SCORE
from pipeline.progress import Silence
from tests.small_demo import write_small_demo

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DEALS = """\
entity: deal
fields:
  - {name: amount, columns: [amount], weight: 5, why: x}
  - {name: close_date, columns: [close_day], when: {state: won}, lies: past, why: x}
  - {name: name, columns: [name], pattern: '[A-Z].*[a-m]', why: x}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo, and the snapshot of its run 'r'."""
    folder = tmp_path_factory.mktemp("demo")
    write_small_demo(folder, date(2026, 11, 24))
    audit = load_audit(folder / "audit.yaml")
    extract(audit, audit.output / "runs" / "r" / "snapshot")
    return folder


def extract(audit: Audit, data: Path) -> None:
    data.mkdir(parents=True)
    run.extract(audit, data, clock=lambda: NOW, progress=Silence(), as_of=NOW)


@pytest.fixture
def sets(demo: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo / "expectations", tmp_path / "sets")
    (tmp_path / "sets" / "deal.yaml").write_text(DEALS, "utf-8")
    return tmp_path / "sets"


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_it_is_what_a_run_with_these_sets_is(demo: Path, sets: Path, tmp_path: Path) -> None:
    trial = try_field_sets(sets, demo / "output" / "runs" / "r", Silence())
    text = (demo / "audit.yaml").read_text("utf-8")
    text = text.replace("field_sets: expectations", f"field_sets: {sets}")
    (demo / "other.yaml").write_text(text, "utf-8")
    extract(load_audit(demo / "other.yaml"), tmp_path / "data")
    other = run.compute(tmp_path / "data", run_id="other", progress=Silence())
    expected = {name: f for name, f in other.figures.items() if f.metric != "figures_proven"}
    assert dict(trial.after.figures) == expected
    before, after = trial.before.find(SCORE), trial.after.find(SCORE)
    assert before is not None
    assert after is not None
    assert (before.numerator, before.denominator) != (after.numerator, after.denominator)
    assert trial.before.find(RECORDS_FAILING) != trial.after.find(RECORDS_FAILING)
    assert trial.sha256_before != trial.sha256_after


def test_one_file_leaves_the_other_sets_as_they_were(demo: Path, sets: Path) -> None:
    whole = demo / "output" / "runs" / "r"
    one = try_field_sets(sets / "deal.yaml", whole, Silence())
    assert {**one.before.field_sets, "deal": one.after.field_sets["deal"]} == dict(
        one.after.field_sets
    )
    assert one.after.figures == try_field_sets(sets, whole, Silence()).after.figures


def test_the_same_sets_change_nothing(demo: Path) -> None:
    trial = try_field_sets(demo / "expectations", demo / "output" / "runs" / "r", Silence())
    assert trial.sha256_before == trial.sha256_after
    assert {f for f in trial.before.figures.values() if f.metric != "figures_proven"} == {
        *trial.after.figures.values()
    }


def test_what_the_crm_itself_asks_for_has_no_points_in_a_trial_either(
    demo: Path, tmp_path: Path
) -> None:
    (demo / "mine.yaml").write_text("extends: demo\nenforces: {deal: [amount]}\n", "utf-8")
    text = (demo / "audit.yaml").read_text("utf-8").replace("preset: demo", "preset: mine.yaml")
    (demo / "enforced.yaml").write_text(text, "utf-8")
    extract(load_audit(demo / "enforced.yaml"), tmp_path / "r" / "snapshot")
    trial = try_field_sets(demo / "expectations", tmp_path / "r", Silence())
    amount = {demand.name: demand.weight for demand in trial.after.field_sets["deal"].demands}
    assert amount["amount"] == 0
    assert trial.sha256_before == trial.sha256_after


def test_the_command_shows_both_and_publishes_nothing(demo: Path, sets: Path) -> None:
    before = files(demo / "output")
    result = CliRunner().invoke(
        expectations,
        ["try", str(sets / "deal.yaml"), "--run", "r", "--output", str(demo / "output")],
    )
    assert result.exit_code == 0, result.output
    assert files(demo / "output") == before
    assert re.search(r"Company +[0-9.]+% → [0-9.]+%", result.output)
    assert result.output.count("Team: North") == 1
    assert len(set(re.findall(r"[0-9a-f]{64}", result.output))) == 2
    assert "nothing was published" in result.output


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        (
            "deal.yaml",
            "entity: deal\nfields: [{name: n, columns: [lost_reason]}]\n",
            ("deal.n", "lost_reason", "did not read"),
        ),
        (
            "deal.yaml",
            "entity: deal\nfields: [{name: n, columns: [nam]}]\n",
            ("deal.yaml", "line 2", "no 'nam'"),
        ),
        ("deals.yaml", DEALS, ("deals.yaml", "rename it", "deal.yaml")),
    ],
)
def test_what_cannot_be_tried(
    demo: Path, tmp_path: Path, name: str, text: str, parts: tuple[str, ...]
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refused:
        try_field_sets(tmp_path / name, demo / "output" / "runs" / "r", Silence())
    for part in parts:
        assert part in str(refused.value)


def test_a_run_that_is_not_there(sets: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no run"):
        try_field_sets(sets, tmp_path / "runs" / "gone", Silence())
