"""Texts of which nobody sees anything: the same verdict by Python and by each engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import case, column

from pipeline.errors import ConfigError
from pipeline.formats import ReadingRules
from pipeline.presets import load_preset
from pipeline.values.contents import Content
from tests.benches import Bench, benches, mariadb, postgres

__all__ = ["benches", "mariadb", "postgres"]

ENGINES = ("sqlite", "duckdb", "mysql", "postgresql")
TYPES = {
    "sqlite": "TEXT",
    "duckdb": "VARCHAR",
    "mysql": "LONGTEXT CHARACTER SET utf8mb4",
    "postgresql": "text",
}

UNSEEN_ENTITIES = (
    "nbsp", "#160", "#xa0", "ensp", "emsp", "thinsp", "zwnj", "zwj", "shy", "#8203", "#x200b", "#32", "#13", "#10",
    "#9",
)  # fmt: skip
HTML = {
    **{f"<p>&{name};</p>": True for name in UNSEEN_ENTITIES},
    "<p><br></p>": True, "&nbsp;": True, "<p>&nbsp;&#160;&#xa0 &zwnj;</p>": True, '<img src="x.png">': True,
    "<div>\n<p class='x'> \u00a0</p></div>": True, "<p>They will order</p>": False, "1 < 2": False, "&amp;": False,
    "<": False, "plain": False, "a<br>": False, "&nbspx": False, "<p>\U0001f642": False,
    "<p></p>\x1f<br>": True, "<p></p>\x1fx": False,
}  # fmt: skip
JSON = {
    **{f'["\\{name}"]': True for name in ("n", "r", "t", "u00a0", "u00A0")},
    "[]": True, "{}": True, '[{"label":"work","value":null}]': False, '[{"label":"","value":""}]': True,
    '[{"value": " \\n\\u00a0"}]': True, '""': True, '"x"': False, '[null, true]': True, "[5]": False, "[-5]": False,
    '{"a": 1}': False, '{"a":["", "x"]}': False, '[{"label":"work","value":"06 12"}]': False, "06 12": False,
    ' ["x"]': False, '[]\x1f06 12': False, '[]\x1f[]': True, '[]\x1f[1]': False, '{"value":0}': False,
}  # fmt: skip
VALUES = {
    "[]": True, '[{"label":"work","value":null}]': True, '[{"label":"work","value":""}]': True,
    '[{"label":"work","value":"\u00a0"}]': True, '[{"label":"work","value": "06 12"}]': False,
    '[{"label":"work","value":\n6}]': False, '[{"label":"work"}]': True, '{"number":"1"}': False, "plain": False,
}  # fmt: skip
SEVERAL = {
    "-\x1f-": True, "-": True, " - \x1f\u00a0n/a\x1f": True, "\x1f-": True, "-\x1f06 12": False, "--": False,
    "- -": False, "-\x1f--": False, "06\x1f12": False, "n\x1f/a": False, "-\n\x1f-": True, "-\x1f\\u001f": False,
}  # fmt: skip
RULES = ReadingRules(empty=frozenset({"-", "n", "n/a"}))


def dropped(
    bench: Bench, engine: str, rules: ReadingRules, values: list[str], content: Content | None
) -> list[bool]:
    """Whether the engine counts each value as missing."""
    source = bench.load(TYPES[engine], values)
    kept = rules.kept(column("v"), content=content)
    return [
        bool(missing) for _, missing in bench.said(source, case((kept.is_(None), 1), else_=0))
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (Content("html"), HTML),
        (Content("json"), JSON),
        (Content("json", ("value", "number")), VALUES),
    ],
    ids=["html", "json", "json by keys"],
)
def test_nobody_sees_anything(
    benches: Callable[[str], Bench], engine: str, content: Content, texts: dict[str, bool]
) -> None:
    assert {text: content.is_unseen(text) for text in texts} == texts
    assert (
        dict(
            zip(
                texts,
                dropped(benches(engine), engine, ReadingRules(), list(texts), content),
                strict=True,
            )
        )
        == texts
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_each_of_several_values_is_judged_by_itself(
    benches: Callable[[str], Bench], engine: str
) -> None:
    expected = {**SEVERAL, "n\x1f/a": False}
    assert {text: RULES.is_empty(text) for text in expected} == expected
    assert (
        dict(
            zip(
                expected,
                dropped(benches(engine), engine, RULES, list(expected), None),
                strict=True,
            )
        )
        == expected
    )


def test_a_preset_declares_contents(tmp_path: Path) -> None:
    """By the name of one of our columns; the CRM's own demo knows no such column."""
    (tmp_path / "p.yaml").write_text(
        "extends: demo\ncontents: {meeting.result: html, contact.phone: {json: [value]}, deal.remark: html}\n",
        "utf-8",
    )
    preset = load_preset("p.yaml", tmp_path)
    contents = ReadingRules.of(preset, "UTC").contents
    assert contents["meeting.result"] == Content("html")
    assert contents["contact.phone"] == Content("json", ("value",))
    keys = "{contact.phone: {json: ['a\"']}}"
    for wrong in ("{meeting.start_at: html}", "{contact: html}", "{contact.phone: xml}", keys):
        (tmp_path / "p.yaml").write_text(f"extends: demo\ncontents: {wrong}\n", "utf-8")
        with pytest.raises(ConfigError, match=r"preset p\.yaml: .*contents"):
            load_preset("p.yaml", tmp_path)
