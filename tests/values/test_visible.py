"""Ids and words that hold what nobody sees: written, read back and told apart, and never in the way of a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.model import Figures, RunResult, Scope, figure_id
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.excel.read_workbook import workbook_differences
from pipeline.reports.excel.workbook import write_workbook
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences
from pipeline.values.visible import decoded, distinguishable, encoded, visible
from tests.factory import result

ODD = (
    "a\tb",
    "a\nb",
    "a\rb",
    "a\r\nb",
    "\u202ea",
    "a\x00b",
    "a\u200bb",
    "e\u0301",
    "\xa0a ",
    "%{41}",
    "100 %",
    "a\ud800",
)


@pytest.mark.parametrize("text", [*ODD, "", "plain", "\U0001f600"])
def test_a_mark_is_one_printable_line_and_is_read_back(text: str) -> None:
    assert encoded(text).isprintable()
    assert decoded(encoded(text)) == text


def test_no_two_ids_have_one_mark() -> None:
    assert len({encoded(text) for text in ODD}) == len(ODD)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\tb", "a\\tb"), ("a\u202e", "a\\u202e"), ("né", "né"), ("\ud800", "\\ud800")],
)
def test_what_is_invisible_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("EUR", "EUR\r"),
        ("EUR", "EUR "),
        ("\xe9", "e\u0301"),
        ("a", "\u200ba"),
        ("A", "\uff21"),
        ("a b", "a\xa0b"),
    ],
)
def test_two_texts_that_look_alike_are_told_apart(one: str, other: str) -> None:
    shown = distinguishable(one, other)
    assert shown[0] != shown[1]
    assert "".join(shown).isascii()
    assert distinguishable("North", "S\xfcd") == ("North", "S\xfcd")


def renamed(odd: str) -> RunResult:
    """The edition of the other tests, in which a manager, a team and a record have that in their ids."""
    ids = {"m1": f"m1{odd}", "t1": f"t1{odd}"}
    whole = result()
    figures = {}
    for figure in whole.figures.values():
        key = ids.get(figure.key, figure.key)
        name = figure_id(figure.metric, figure.dimension, figure.currency, figure.scope, key)
        figures[name] = replace(figure, id=name, key=key)
    return replace(
        whole,
        figures=Figures(figures.values()),
        people=tuple(
            replace(
                person,
                id=ids.get(person.id, person.id),
                team_id=ids.get(person.team_id, person.team_id),
            )
            for person in whole.people
        ),
        fix_list=tuple(
            replace(
                item,
                owner=ids.get(item.owner, item.owner),
                record_id=f"{item.record_id}{odd}",
            )
            for item in whole.fix_list
        ),
    )


@pytest.mark.parametrize("odd", ["\t\r\n", "\u202e\x00\u200b"])
def test_an_odd_id_stops_no_report(odd: str, tmp_path: Path) -> None:
    whole = renamed(odd)
    person = next(
        person
        for person in whole.people
        if person.id.startswith("m1") and person.scope is Scope.MANAGER
    )
    for report in (management_report(whole), manager_report(whole, person)):
        page = render_page(report)
        assert page_differences(report, page) == []
        write_workbook(report, tmp_path / "report.xlsx")
        assert workbook_differences(report, tmp_path / "report.xlsx") == []


def test_another_id_in_a_mark_is_seen() -> None:
    """The encoding hides no difference."""
    report = management_report(renamed("\t"))
    page = render_page(report)
    assert "m1%{9}" in page
    assert page_differences(report, page.replace("m1%{9}", "m1%{a}", 1))


@pytest.mark.parametrize("text", ['name: "a\\ud800"', '"a\\udfff": b'])
def test_half_a_character_in_a_file_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    from pipeline.errors import ConfigError
    from pipeline.yaml_files import read_yaml

    (tmp_path / "a.yaml").write_text(f"zone: UTC\n{text}\n", "utf-8")
    with pytest.raises(ConfigError, match=r"a\.yaml, line 2: half of a character"):
        read_yaml(tmp_path / "a.yaml")
