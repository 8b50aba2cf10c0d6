"""What is altered between the stages of a run is named, with its file and place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from pipeline.errors import ProofError
from pipeline.progress import Silence
from pipeline.reports import write
from pipeline.reports.read_files import file_differences
from tests import factory
from tests.reports.alterations import KINDS, Kind, Site, site

TWENTY = (
    "page: digit_after_figure",
    "page: row_with_attribute",
    "page: style_that_hides",
    "page: items_turned",
    "page: columns_exchanged",
    "page: paragraph_added",
    "workbook: flat_row",
    "workbook: white_font",
    "workbook: index_links_exchanged",
    "workbook: comment_altered",
    "folder: numerator",
    "folder: part_altered",
    "folder: line_lost_of_parquet",
    "folder: owners_exchanged_of_csv",
    "folder: pages_exchanged",
    "made: lists_exchanged",
    "made: record_of_a_colleague",
    "made: label_of_managers",
    "made: manager_nowhere",
    "made: links_of_records",
    "made: figure_as_text",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site(factory.result(), tmp_path_factory.mktemp("site") / "run")


def kind_of(name: str) -> Kind:
    return next(kind for kind in KINDS if str(kind) == name)


@pytest.mark.parametrize("name", TWENTY)
def test_an_alteration_is_named_with_its_place(
    name: str, written: Site, tmp_path: Path
) -> None:
    differences = written.altered(kind_of(name), Random(name), tmp_path / "run")
    assert differences
    named = " ".join(where for _, where, _, _ in differences)
    assert any(file in named for file in ("report.", "figures.json", "findings.", "managers/"))


def test_what_nobody_altered_has_no_difference(written: Site) -> None:
    pairs = written.pairs_in(written.folder)
    assert list(write.differences_in(written.result, written.folder, pairs)) == []


def test_a_run_whose_lists_are_exchanged_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two managers' records, on both pages with the right number under each heading."""
    result = factory.result()
    owners = {"m1": "m2", "m2": "m1"}

    def exchanged(result: object, folder: Path) -> Iterator[object]:
        pairs = list(original(result, folder))  # type: ignore[arg-type]
        at = {pair.report.person.id: n for n, pair in enumerate(pairs) if pair.report.person}
        for own, other in owners.items():
            mine, theirs = pairs[at[own]], original_lists[other]
            pairs[at[own]] = replace(mine, report=replace(mine.report, fix_list=theirs))
        yield from pairs

    original = write._pairs
    original_lists = {
        pair.report.person.id: pair.report.fix_list
        for pair in original(result, tmp_path)
        if pair.report.person
    }
    monkeypatch.setattr(write, "_pairs", exchanged)
    with pytest.raises(ProofError, match="nothing was published") as refused:
        write.write_reports(result, tmp_path, Silence())
    assert any("fix-list" in where for _, where, *_ in refused.value.differences)


def test_integers_of_any_size_and_texts_of_any_kind_are_read_as_written(tmp_path: Path) -> None:
    given = factory.result()
    first, *others = given.figures.values()
    odd = 'a"b\n,\u2028é\t{}[]\\'
    large = replace(first, numerator=10**37, denominator=-(10**36), dimension=odd)
    figures = type(given.figures)([large, *others])
    item = given.fix_list[0]
    listed = (
        replace(item, record_id=odd, link='=1+1,"x"\r\ny'),
        replace(item, record_id="", link="\r"),
        *given.fix_list,
    )
    result = replace(given, figures=figures, fix_list=listed)
    write.write_figures(result, tmp_path / "figures.json")
    write.write_table(result, tmp_path / "figures.parquet")
    write.write_findings(tmp_path, result)
    assert list(file_differences(result, tmp_path)) == []
    smaller = replace(large, numerator=10**37 - 1)
    other = replace(result, figures=type(given.figures)([smaller, *others]))
    differences = list(file_differences(other, tmp_path))
    assert [where for _, where, *_ in differences] == ["figures.json", "figures.parquet"]
    assert all(odd in name for name, *_ in differences)


def test_a_run_without_figures_or_findings_is_read_back(tmp_path: Path) -> None:
    empty = replace(
        factory.result(), figures=type(factory.result().figures)(), fix_list=(), checks=()
    )
    write.write_figures(empty, tmp_path / "figures.json")
    write.write_table(empty, tmp_path / "figures.parquet")
    write.write_findings(tmp_path, empty)
    assert list(file_differences(empty, tmp_path)) == []
    assert list(file_differences(factory.result(), tmp_path))
