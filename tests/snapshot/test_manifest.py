"""The manifest: a run is computed again from its own folder, whatever became of the files that it was made from."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.config import load_audit
from pipeline.errors import ConfigError
from pipeline.flows import run
from pipeline.flows.compute import open_run
from pipeline.model import Demand, same_in_all
from pipeline.model.conditions import HELD
from pipeline.progress import Silence
from pipeline.resources import EXPECTATIONS
from pipeline.snapshot.manifest import hash_of, load_manifest, versions
from tests.small_demo import write_tiny_demo

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
PRESET = "extends: demo\nabout: Our own CRM\n"
CONTROL = 'controls: [{figure: deals@company, select: "SELECT count(*) FROM deals WHERE NOT is_deleted"}]\n'
MEASURES = "measures: {low: {count: deals_won, where: {deal.name: filled}, share: true}}\n"
URL = "sqlite:///${CRM_FILE}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, run.Outcome]:
    """An audit that names files of all kinds, and its run."""
    folder = tmp_path_factory.mktemp("audit")
    text = write_tiny_demo(folder, date(2026, 11, 24)).config.read_text("utf-8")
    (folder / "own.yaml").write_text(PRESET, "utf-8")
    shutil.copytree(EXPECTATIONS, folder / "sets")
    for before, after in (
        ("preset: demo", "preset: own.yaml"),
        ("sqlite:///crm.db", URL),
        ("field_sets: expectations", "field_sets: sets"),
    ):
        text = text.replace(before, after)
    (folder / "audit.yaml").write_text(f"{text}\n{CONTROL}{MEASURES}", "utf-8")
    os.environ["CRM_FILE"] = "crm.db"
    audit = load_audit(folder / "audit.yaml")
    outcome = run.run_audit(audit, run_id="r", clock=lambda: NOW, progress=Silence())
    del os.environ["CRM_FILE"]
    return folder, outcome


def test_a_run_is_computed_again_from_its_own_folder(
    made: tuple[Path, run.Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, outcome = made
    shutil.copytree(outcome.folder, tmp_path / "elsewhere" / "r")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    monkeypatch.setattr("pipeline.resources.EXPECTATIONS", tmp_path / "gone")
    for stage in ("pipeline.config.load_audit", "pipeline.presets.load_preset"):
        monkeypatch.setattr(stage, None)
    again = open_run(tmp_path / "elsewhere" / "r", Silence())
    monkeypatch.undo()
    time.tzset()
    assert again == outcome.result
    assert again.figures["low@company"].denominator
    assert again.figures["plan_target/deals_won@company"].numerator
    assert str(again.source).startswith("Our own CRM")


def test_the_manifest_tells_the_audit_and_the_versions_and_no_address(
    made: tuple[Path, run.Outcome],
) -> None:
    folder, outcome = made
    manifest = load_manifest(outcome.folder / "snapshot")
    assert manifest.audit is not None
    assert manifest.versions == versions()
    assert {"crm-audit", "python", "duckdb", "time zones"} <= manifest.versions.keys()
    assert all(manifest.versions.values())
    assert manifest.audit.targets
    text = (outcome.folder / "snapshot" / "manifest.json").read_text("utf-8")
    assert "CRM_FILE" not in text
    assert "sqlite:" not in text
    assert str(folder) not in text


def test_the_hash_of_field_sets_tells_whether_the_same_is_demanded(
    made: tuple[Path, run.Outcome],
) -> None:
    manifest = load_manifest(made[1].folder / "snapshot")
    assert manifest.audit is not None
    sets = manifest.audit.field_sets
    assert hash_of(sets) == manifest.field_sets_sha256
    assert hash_of(dict(reversed(sets.items()))) == manifest.field_sets_sha256
    first = sets["meeting"].demands[0]
    for changed in (
        replace(first, weight=2),
        replace(first, when=HELD),
        Demand("more", same_in_all("More"), ("subject",)),
    ):
        other = replace(sets["meeting"], demands=(changed, *sets["meeting"].demands[1:]))
        assert hash_of({**sets, "meeting": other}) != manifest.field_sets_sha256


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"language":"en"', '"language":"fr"', r"audit\.language"),
        ('"as_of":"', '"as_of":"x', "as_of"),
        ("{", "", "its JSON"),
    ],
)
def test_a_manifest_of_another_version_is_said_in_a_paragraph(
    made: tuple[Path, run.Outcome], tmp_path: Path, old: str, new: str, where: str
) -> None:
    shutil.copytree(made[1].folder, tmp_path / "old")
    file = tmp_path / "old" / "snapshot" / "manifest.json"
    text = json.dumps(json.loads(file.read_text("utf-8")), separators=(",", ":"))
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(
        ConfigError, match=rf"manifest\.json: {where}.*Another version"
    ) as refused:
        open_run(tmp_path / "old", Silence())
    assert "\n" not in str(refused.value)


def test_a_run_that_did_not_write_its_audit_down_says_so(
    made: tuple[Path, run.Outcome], tmp_path: Path
) -> None:
    shutil.copytree(made[1].folder, tmp_path / "old")
    file = tmp_path / "old" / "snapshot" / "manifest.json"
    document = json.loads(file.read_text("utf-8"))
    for later in ("audit", "field_sets_sha256", "versions"):
        del document[later]
    file.write_text(json.dumps(document), "utf-8")
    assert load_manifest(file.parent).as_of == NOW
    with pytest.raises(ConfigError, match="an earlier version of this program wrote it"):
        open_run(tmp_path / "old", Silence())
