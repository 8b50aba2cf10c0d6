"""SuiteCRM 8 is told from 7 by a table of its own, is counted as 7 is, and has other pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.flows import run
from pipeline.model import RunResult
from pipeline.presets import load_preset
from pipeline.progress import Silence
from pipeline.setup.grants import tables_of
from pipeline.setup.look.recognise import Place, best, fitting
from tests.crms.suitecrm.database import Database
from tests.crms.suitecrm.ours import extract, prepared
from tests.crms.suitecrm.test_equal import TOKYO

# as doctrine/migrations and SuiteCRM 8.8 itself make them
MARKS = {
    "cache_rebuild": "CREATE TABLE cache_rebuild (cache_key VARCHAR(255) NULL, rebuild TINYINT(1) NULL)",
    "migration_versions": "CREATE TABLE migration_versions (version VARCHAR(191) PRIMARY KEY, "
    "executed_at DATETIME NULL, execution_time INT NULL)",
}
PAGES = {
    "client": "accounts", "contact": "contacts", "lead": "leads", "meeting": "meetings", "call": "calls",
    "deal": "opportunities",
}  # fmt: skip


def recognised(database: Database) -> list[str]:
    place = Place(database.url.render_as_string(hide_password=False), Path())
    return [preset.name for preset in best(fitting(place))]


def result(database: Database, folder: Path, preset: str) -> RunResult:
    folder.mkdir()
    audit = prepared(TOKYO, folder, results=True, preset=preset)
    extract(database, TOKYO, audit)
    return run.compute(folder / "data", run_id="test", progress=Silence())


@pytest.mark.parametrize("table", MARKS)
def test_it_is_told_from_seven_by_a_table(laid_suitecrm: Database, table: str) -> None:
    assert recognised(laid_suitecrm) == ["suitecrm"]
    laid_suitecrm.execute(MARKS[table])
    try:
        assert recognised(laid_suitecrm) == ["suitecrm8"]
    finally:
        laid_suitecrm.execute(f"DROP TABLE {table}")


def test_its_figures_are_those_of_seven_and_its_pages_its_own(
    laid_suitecrm: Database, tmp_path: Path
) -> None:
    seven, eight = (
        result(laid_suitecrm, tmp_path / preset, preset) for preset in ("suitecrm", "suitecrm8")
    )
    assert eight.figures == seven.figures
    assert eight.not_checked == seven.not_checked
    forms = {item.entity: item.link.replace(item.record_id, "ID") for item in eight.fix_list}
    assert forms == {
        entity: f"https://crm.example/#/{page}/edit/ID" for entity, page in PAGES.items()
    }
    assert [item.record_id for item in eight.fix_list] == [
        item.record_id for item in seven.fix_list
    ]


def test_its_account_reads_the_tables_of_seven(tmp_path: Path) -> None:
    seven, eight = load_preset("suitecrm", tmp_path), load_preset("suitecrm8", tmp_path)
    assert tables_of(eight, {}) == tables_of(seven, {})


def test_a_preset_of_ones_own_may_extend_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: suitecrm8\nlinks: {deal: 'https://other.example/{id}'}\n", "utf-8"
    )
    mine = load_preset("mine.yaml", tmp_path)
    assert mine.links == {
        **{entity: f"#/{page}/edit/{{id}}" for entity, page in PAGES.items()},
        "deal": "https://other.example/{id}",
    }
    assert mine.states == load_preset("suitecrm", tmp_path).states
