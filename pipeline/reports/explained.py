"""An explanation as rows: what the terminal, a CSV and a workbook show of it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

from pipeline.language.format import display_value, format_figure
from pipeline.language.languages import ENGLISH
from pipeline.model import Figure, Unit
from pipeline.model.explanations import Explanation, Listed, Part
from pipeline.values.csv_cells import harmless

COLUMNS = (
    "kind",
    "id",
    "name",
    "client",
    "day",
    "closes",
    "owner",
    "owner name",
    "adds",
    "link",
)
"""What is said of a record; `adds` is what it adds to the number."""


def rows_of(figure: Figure, part: Part) -> Iterator[tuple[tuple[str, ...], Figure | None]]:
    """What a number is made of: texts under COLUMNS, and what the record adds as a figure that
    can be printed; None of a figure from which the number is worked out, of which the name is
    its value.
    """
    for listed in part.listed:
        adds = in_part(figure, part, listed.value)
        yield _texts(listed, format_figure(adds, ENGLISH)), adds
    for other in part.drawn_from:
        yield _texts(Listed("figure", other.id, 0, format_figure(other, ENGLISH)), ""), None


def _texts(listed: Listed, adds: str) -> tuple[str, ...]:
    return (
        listed.kind,
        listed.id,
        listed.name,
        listed.client,
        listed.day.isoformat() if listed.day else "",
        listed.closes.isoformat() if listed.closes else "",
        listed.owner,
        listed.owner_name,
        adds,
        listed.link,
    )


def in_part(figure: Figure, part: Part, value: int) -> Figure:
    """A part's number, or what a record adds to it, as a figure: money as money."""
    is_money = figure.unit is Unit.MONEY and part.name != "denominator"
    unit = Unit.MONEY if is_money else Unit.COUNT
    return replace(figure, numerator=value, denominator=None, unit=unit)


def heading(explanation: Explanation, part: Part) -> str:
    """'denominator: 94, of 94 deals'; 'number: €79,850, of 11 deals'."""
    figure = explanation.figure
    number = format_figure(in_part(figure, part, part.number), ENGLISH)
    if part.drawn_from:
        whole = len(explanation.parts) > len(list(parts_shown(explanation)))
        shown = format_figure(figure, ENGLISH) if whole else f"{part.name}: {number}"
        return f"{shown}, worked out from other figures"
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


_ADDS = COLUMNS.index("adds")


def write_csv(explanation: Explanation, stream: TextIO) -> None:
    """Writes a line per record of each of the figure's numbers; what a record adds is a number
    with a point, in the unit of the figure. `stream` is opened without translating line ends.
    """
    writer = csv.writer(stream)
    writer.writerow(("figure", "part", *COLUMNS, "currency"))
    figure = explanation.figure
    for part in parts_shown(explanation):
        for texts, adds in rows_of(figure, part):
            cells = [harmless(text) for text in texts]
            cells[_ADDS] = "" if adds is None else f"{display_value(adds):f}"
            currency = adds.currency if adds is not None and adds.unit is Unit.MONEY else ""
            writer.writerow((harmless(figure.id), part.name, *cells, currency))
