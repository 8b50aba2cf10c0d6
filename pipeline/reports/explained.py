"""An explanation as rows: what the terminal, a CSV and a workbook show of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pipeline.language.format import format_figure
from pipeline.language.languages import ENGLISH
from pipeline.model import Figure, Unit
from pipeline.model.explanations import Explanation, Listed, Part

COLUMNS = ("kind", "id", "name", "client", "day", "owner", "owner name", "adds", "link")
"""What is said of a record; `adds` is what it adds to the number."""


def row_of(listed: Listed, adds: str) -> tuple[str, ...]:
    """A record as texts, under COLUMNS."""
    return (
        listed.kind,
        listed.id,
        listed.name,
        listed.client,
        listed.day.isoformat() if listed.day else "",
        listed.owner,
        listed.owner_name,
        adds,
        listed.link,
    )


def amount_text(figure: Figure, part: Part, value: int) -> str:
    """A part's number, or what a record adds to it: money as money."""
    is_money = figure.unit is Unit.MONEY and part.name != "denominator"
    unit = Unit.MONEY if is_money else Unit.COUNT
    return format_figure(replace(figure, numerator=value, denominator=None, unit=unit), ENGLISH)


def heading(explanation: Explanation, part: Part) -> str:
    """'denominator: 94, of 94 deals'; 'number: €79,850, of 11 deals'."""
    number = amount_text(explanation.figure, part, part.number)
    if part.drawn_from:
        return f"{part.name}: {number}, worked out from other figures"
    kinds = Counter(listed.kind for listed in part.listed)
    return f"{part.name}: {number}" + (f", of {_listed(kinds)}" if kinds else "")


def _listed(kinds: Counter[str]) -> str:
    return ", ".join(
        f"{ENGLISH.number(number)} {kind.replace('_', ' ')}{'s' * (number != 1)}"
        for kind, number in kinds.items()
    )


def parts_shown(explanation: Explanation) -> Iterator[Part]:
    """The parts, but for one that is worked out from what another one is worked out from."""
    drawn: list[tuple[Figure, ...]] = []
    for part in explanation.parts:
        if not part.drawn_from or part.drawn_from not in drawn:
            yield part
        drawn.append(part.drawn_from)
