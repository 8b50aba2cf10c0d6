"""What a run says on a terminal of 80 columns: every figure whole, on the line of its name."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pipeline.cli.summary import print_differences, summary_table
from pipeline.language.format import NOTHING, format_figure
from pipeline.language.languages import ENGLISH
from pipeline.measures.registry import MEASURES
from pipeline.model import Figures, Scope
from tests.factory import result

HEADINGS = {
    "Complete": ("score", ""), "All records": ("base", ""), "Meetings": ("meetings_held", ""),
    "of them complete": ("complete_meetings", ""), "To be closed": ("meetings_overdue", ""),
    "Open deals": ("deals_open", ""), "Won": ("deals_won", ""), "Target": ("plan_target", "deals_won"),
    "To go": ("plan_left", "deals_won"), "To com- plete": ("records_failing", ""),
}  # fmt: skip


def shown(width: int = 80, *, plan: bool = True) -> str:
    whole = result()
    figures = Figures(
        one for one in whole.figures.values() if plan or not one.id.startswith("plan_")
    )
    stream = io.StringIO()
    Console(file=stream, width=width).print(summary_table(replace(whole, figures=figures)))
    return stream.getvalue()


def test_no_figure_is_cut() -> None:
    said = shown()
    assert "…" not in said
    assert max(map(len, said.splitlines())) <= 80
    for person in result().people:
        if person.scope is Scope.MANAGER and person.name.isascii() and " " in person.name:
            line = next(
                line for line in said.splitlines() if line.startswith(person.name.split()[0])
            )
            for metric in ("score", "base", "meetings_held", "complete_meetings", "deals_open"):
                figure = result().find(MEASURES[metric], Scope.MANAGER, person.id, "")
                assert figure is not None
                assert format_figure(figure, ENGLISH) in line


def test_a_column_without_any_figure_is_left_out() -> None:
    assert "Target" in shown()
    without = shown(plan=False)
    assert "Target" not in without
    assert "Won" in without


def test_under_each_heading_is_its_own_figure() -> None:
    whole = result()
    made = summary_table(whole)
    names, *columns = made.columns
    assert [" ".join(str(one.header).split()) for one in columns] == list(HEADINGS)
    managers = [person for person in whole.people if person.scope is Scope.MANAGER]
    lines = [(Scope.MANAGER, person.id) for person in managers]
    lines += [(Scope.INACTIVE, ""), (Scope.UNASSIGNED, ""), (Scope.COMPANY, "")]
    assert len(list(names.cells)) == len(lines)
    for column, (metric, dimension) in zip(columns, HEADINGS.values(), strict=True):
        figures = [whole.find(MEASURES[metric], scope, key, dimension) for scope, key in lines]
        assert list(column.cells) == [
            format_figure(figure, ENGLISH) if figure else NOTHING for figure in figures
        ]
        assert len(set(column.cells)) > 2  # so that a neighbour's figures are seen to be others


@pytest.mark.parametrize("name", ["Sales [EU]", "Sales [/]", "[bold]Sales", "Sales\x1b[2J"])
def test_the_audits_own_name_is_a_text_too(name: str) -> None:
    stream = io.StringIO()
    Console(file=stream, width=120).print(summary_table(replace(result(), audit=name)))
    assert f"{name.replace(chr(27), chr(0xFFFD))}: " in stream.getvalue()


def test_a_name_is_a_text_and_steers_no_terminal() -> None:
    whole = result()
    first = next(person for person in whole.people if person.scope is Scope.MANAGER)
    people = tuple(
        replace(person, name="[red]X[/]\x1b[2J\u202ey") if person is first else person
        for person in whole.people
    )
    stream = io.StringIO()
    Console(file=stream, width=120).print(summary_table(replace(whole, people=people)))
    assert "[red]X[/]\ufffd[2J\ufffdy" in stream.getvalue()


@pytest.mark.parametrize(
    ("count", "more"), [(1, ""), (40, ""), (41, "and 1 more"), (1_234, "and 1194 more")]
)
def test_of_many_differences_a_screen_and_how_many_more(
    capsys: pytest.CaptureFixture[str], count: int, more: str
) -> None:
    print_differences(
        [
            (f"figure-{n}@company", "figures", f"{n} count", "no such figure")
            for n in range(count)
        ]
    )
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("@company") == min(count, 40)
    assert (
        said.err.splitlines()[-1].strip().startswith(more) if more else "more" not in said.err
    )


def test_what_differs_is_a_text_and_steers_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_differences([("deals_won/EU\rR@company", "[bold]x[/]", "\x1b[31mred", "[/]\u202e")])
    said = capsys.readouterr().err
    assert "[bold]x[/]" in said
    assert "[/]" in said
    assert not {"\r", "\x1b", "\u202e"} & set(said)
