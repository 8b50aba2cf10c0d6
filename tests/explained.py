"""Explains every figure of a snapshot, for tests: `explain` itself raises where a list does not add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.flows.explain import open_explainer
from pipeline.flows.explain.sql import NOT_ASKED
from pipeline.model import Figure, Figures, Scope, Unit
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


# ------------------------------------------------------------------------------- the CRM's own answer

Asks = Callable[[str], Iterable[Sequence[Any]]]
"""A statement -> its rows."""


def listed_otherwise(data: Path, figures: Figures, asks: Asks) -> tuple[list[str], int]:
    """The ids of figures of which the CRM's own database lists other records, or other values; and how many it
    was asked for: of each measure the figure of the company with the most records.
    """
    wrong, asked = [], 0
    with open_explainer(data, figures, Silence()) as explainer:
        for figure in _largest(figures):
            *_, part = explainer.explain(figure).parts
            statements = explainer.source_sql(figure)
            if any(each.startswith(NOT_ASKED) for each in statements):
                continue  # Python judges a part of it
            if figure.denominator is not None or part.drawn_from or not statements:
                continue
            asked += 1
            theirs = Counter(
                (str(row[0]), str(row[1] or ""), int(row[-1]))
                for statement in statements
                if not statement.startswith("--")
                for row in asks(statement)
            )
            ours = Counter((each.id, each.owner, each.value) for each in part.listed)
            if theirs != ours:
                wrong.append(figure.id)
    return wrong, asked


def _largest(figures: Figures) -> list[Figure]:
    by_metric: dict[str, Figure] = {}
    for figure in figures.about(Scope.COMPANY):
        known = by_metric.setdefault(figure.metric, figure)
        if figure.numerator > known.numerator:
            by_metric[figure.metric] = figure
    return list(by_metric.values())
