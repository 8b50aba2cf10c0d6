"""Control totals: a number of the analyst's own blocks publication when it differs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.config import load_audit
from pipeline.errors import ConfigError, ProofError, SourceError
from pipeline.flows import run
from pipeline.progress import Silence
from tests.small_demo import write_tiny_demo

WON = (
    "SELECT count(*) FROM deals WHERE NOT is_deleted AND stage = 'won'"
    " AND closed_on BETWEEN '2026-11-01' AND '2026-11-24'"
)
AMOUNT = WON.replace("count(*)", "sum(amount_cents) / 100.0") + " AND currency = 'EUR'"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("controls")
    made = write_tiny_demo(folder, date(2026, 11, 24))
    with closing(sqlite3.connect(made.database)) as db, db:
        db.execute(
            "UPDATE deals SET stage = 'won', closed_on = '2026-11-20' WHERE stage = 'negotiation'"
        )
    return folder


def compute(demo: Path, data: Path, *controls: str) -> None:
    file = demo / "controlled.yaml"
    text = (
        (demo / "audit.yaml").read_text("utf-8")
        + "controls:\n"
        + "".join(f"  - {{{c}}}\n" for c in controls)
    )
    file.write_text(text, "utf-8")
    audit = load_audit(file)
    run.extract(
        audit,
        data,
        clock=lambda: datetime(2026, 11, 24, 8, tzinfo=UTC),
        as_of=None,
        progress=Silence(),
    )
    run.compute(data, run_id="r", progress=Silence())


def test_equal_totals_pass(demo: Path, tmp_path: Path) -> None:
    compute(
        demo, tmp_path,
        f'figure: deals_won@company, select: "{WON}"',
        f'figure: deals_won_amount/EUR@company, select: "{AMOUNT}"',
        "figure: deals_won@company, equals: 2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (f'figure: deals_won@company, select: "SELECT 1 + ({WON})"', "deals_won@company"),
        ("figure: deals_won@company, equals: 1", "deals_won@company"),
        (
            "figure: deals_won_amount/EUR@company, equals: 12450.01",
            "deals_won_amount/EUR@company",
        ),
        ("figure: deals_wan@company, equals: 2", "deals_wan@company"),
    ],
)
def test_any_other_total_blocks(demo: Path, tmp_path: Path, control: str, said: str) -> None:
    with pytest.raises(ProofError, match="control totals differ") as caught:
        compute(demo, tmp_path, control)
    assert [what for what, *_ in caught.value.differences] == [said]


def test_what_is_no_total(demo: Path, tmp_path: Path) -> None:
    """None of these is compared: a figure would differ from it, and nobody would know why."""
    for select, said in {
        "SELECT 1, 2": "2 columns",
        "SELECT 1 UNION ALL SELECT 2": "several rows",
        "SELECT 2 UNION ALL SELECT 2": "several rows",
        "SELECT id FROM deals": "several rows",
        "SELECT 1 WHERE 1 = 0": "none",
        "SELECT NULL": "something else",
        "SELECT 'many'": "something else",
        "SELECT 'NaN'": "something else",
    }.items():
        with pytest.raises(
            SourceError, match=f"select of deals_won@company must give one row.*gives {said}"
        ):
            compute(demo, tmp_path, f'figure: deals_won@company, select: "{select}"')
    with pytest.raises(ConfigError, match="either 'equals"):
        compute(demo, tmp_path, "figure: deals_won@company")


def test_a_control_cannot_write(demo: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"select of deals_won@company: .*only reads .*syntax error"
    ):
        compute(demo, tmp_path, 'figure: deals_won@company, select: "DELETE FROM deals"')
