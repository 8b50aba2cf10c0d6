"""What a preset says of what is read only where something asks for it, and of what its CRM enforces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.model import ENTITIES, FURTHER, LOGS
from pipeline.presets import load_preset, preset_names, reading
from tests.paths import ROOT


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("enforces: {deal: [stadium]}", "enforces.deal.stadium: no such column of ours; there are id, owner_id"),
        ("enforces: {deals: [stage]}", "enforces.deals.stage: no such column of ours"),
        ("further: {logs: {changes: []}}", "further.logs.changes: no such log; there are mailing, visit"),
        ("further: {exports: {deals: {city: [City]}}}", "further.exports.deals: exports has no such table"),
        (
            "further: {logs: {visit: {table: t, select: SELECT at FROM t WHERE at > :since}}}",
            "name :since and :until",
        ),
        (
            "further: {logs: {visit: {table: t, within: 'at > 1',"
            " select: 'SELECT at FROM t WHERE at > :since AND at < :until'}}}",
            "name :since and :until",
        ),
        ("entities: {visit: {table: t, select: SELECT 1}}", "entities.visit: a log stands under further.logs"),
        (
            "entities: {deal: {table: deals, columns: {id: id}, further: {next_step: x}}}",
            "goes with a select that begins with SELECT",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, lines: str, said: str) -> None:
    (tmp_path / "mine.yaml").write_text(f"extends: demo\n{lines}\n", "utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_preset("mine.yaml", tmp_path)
    assert said in str(refusal.value)


@pytest.mark.parametrize("name", preset_names())
def test_further_columns_are_ours(name: str) -> None:
    preset = load_preset(name, Path())
    for entity, parts in preset.entities.items():
        for part in parts:
            assert part.further.keys() <= FURTHER.get(entity, {}).keys()


@pytest.mark.parametrize("name", preset_names())
def test_what_nobody_asks_for_is_in_no_select(name: str) -> None:
    preset = load_preset(name, Path())
    always = {
        entity: {
            name: kind for name, kind in columns.items() if name not in FURTHER.get(entity, {})
        }
        for entity, columns in ENTITIES.items()
        if entity not in LOGS
    }
    narrow = reading(preset, always)
    assert narrow.entities.keys() == preset.entities.keys()
    assert (narrow.tables, narrow.optional) == (preset.tables, preset.optional)
    assert narrow.exports == preset.exports
    for entity, parts in preset.entities.items():
        assert [one.select for one in narrow.entities[entity]] == [one.select for one in parts]


@pytest.mark.parametrize("name", preset_names())
def test_what_is_asked_for_brings_its_tables_once(name: str) -> None:
    preset = load_preset(name, Path())
    wide = reading(preset, ENTITIES)
    assert reading(wide, ENTITIES) == wide
    assert wide.tables.keys() == preset.tables.keys() | preset.further.tables.keys()
    assert wide.optional.keys() == preset.optional.keys() | preset.further.optional.keys()
    for table, columns in preset.further.exports.items():
        assert columns.keys() <= wide.exports[table].keys()


def test_the_documentation_s_table_comes_with_the_column_that_needs_it(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "sources.md").read_text("utf-8")
    [own] = (one for one in re.findall(r"```yaml\n(.*?)```", text, re.S) if "further:" in one)
    (tmp_path / "mine.yaml").write_text(own, "utf-8")
    preset = load_preset("mine.yaml", tmp_path)
    client = ENTITIES["client"].items()
    without = {"client": {name: kind for name, kind in client if name != "country"}}
    assert "countries" not in reading(preset, without).tables
    assert "c.city AS city" in str(reading(preset, without).entities["client"][0].select)
    assert "countries" in reading(preset, ENTITIES).tables
    assert "countries" not in reading(preset, ENTITIES, {"client.country"}).tables
