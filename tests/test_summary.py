"""What a run says on a terminal of 80 columns: every figure whole, on the line of its name."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from pipeline.model import Scope
from pipeline.show import show
from pipeline.summary import summary_table
from tests.factory import edition


def shown(width: int = 80, *, plan: bool = True) -> str:
    whole = edition()
    figures = {name: one for name, one in whole.figures.items() if plan or not name.startswith("plan_")}
    stream = io.StringIO()
    Console(file=stream, width=width).print(summary_table(replace(whole, figures=figures)))
    return stream.getvalue()


def test_no_figure_is_cut() -> None:
    said = shown()
    assert "…" not in said
    assert max(map(len, said.splitlines())) <= 80
    for person in edition().people:
        if person.scope is Scope.MANAGER and person.name.isascii() and " " in person.name:
            line = next(line for line in said.splitlines() if line.startswith(person.name.split()[0]))
            for metric in ("score", "base", "meetings_held", "complete_meetings", "deals_open"):
                figure = edition().find(metric, Scope.MANAGER, person.id, "")
                assert figure is not None
                assert show(figure) in line


def test_a_column_without_any_figure_is_left_out() -> None:
    assert "Target" in shown()
    without = shown(plan=False)
    assert "Target" not in without
    assert "Won" in without
