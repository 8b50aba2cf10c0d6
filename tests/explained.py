"""Explains every figure of a snapshot, for tests: `explain` itself raises where a list does not add up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.flows.explain import open_explainer
from pipeline.model import Figures, Unit
from pipeline.model.explanations import Explanation
from pipeline.progress import Silence


def explanations(data: Path, figures: Figures) -> Iterator[Explanation]:
    """Of every figure, in order."""
    with open_explainer(data, figures, Silence()) as explainer:
        for figure in figures.values():
            yield explainer.explain(figure)


def unexplained(explanations: Iterator[Explanation]) -> list[str]:
    """The ids of figures of which the list is not what is counted, or of which nothing is said."""
    return [each.figure.id for each in explanations if not all(_wholly(each))]


def _wholly(explanation: Explanation) -> Iterator[bool]:
    figure = explanation.figure
    yield len(explanation.text) >= 2
    numbers = [figure.numerator, *([] if figure.denominator is None else [figure.denominator])]
    yield [part.number for part in explanation.parts] == numbers
    for part in explanation.parts:
        if part.drawn_from:
            yield not part.listed
            continue
        values = [listed.value for listed in part.listed]
        yield sum(values) == part.number
        if {*values} == {1}:
            yield len(values) == part.number
        # a count of records is never made up of others that cancel out
        if figure.unit is Unit.COUNT and min(values, default=1) < 0:
            yield False
