"""Drawings: pure functions from figures to inline SVG; text in them is marked like any figure.

Coordinates are floats, because nobody reads numbers from them: the exact ones are beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from markupsafe import Markup

from pipeline.language.format import format_figure
from pipeline.language.languages import Cell, Language
from pipeline.model import Figure
from pipeline.reports.content.report import Row, Table, clean
from pipeline.values.visible import encoded

_WIDTH: Final = 760
_HEIGHT: Final = 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 30, 26, 40  # margins
_LINE: Final = 19  # between two labels


def bar(part: int, whole: int) -> Markup:
    """A bar filled by `part` of `whole`; only decoration, beside the numbers."""
    filled = 100 * min(1.0, part / whole) if whole > 0 and part > 0 else 0.0
    return Markup(
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100" height="6"></rect><rect class="part" width="{}" height="6"></rect></svg>'
    ).format(f"{filled:.2f}")


def line(values: Sequence[Fraction | None], marks: Sequence[int]) -> Markup:
    """What a figure was in one report after another, and where rules changed:
    only decoration, for the table has the numbers. A report without a value is a gap.
    """
    known = [value for value in values if value is not None]
    low, span = min(known), max(known) - min(known)
    last = max(1, len(values) - 1)
    parts: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            parts.append([])
        else:
            up = float((value - low) / span) if span else 0.5
            parts[-1].append(f"{100 * place / last:.1f},{24 - 20 * up:.1f}")
    drawn = (
        Markup('<polyline points="{}"></polyline>').format(" ".join(points))
        for points in parts
        if len(points) > 1
    )
    marked = (
        Markup('<line x1="{0}" x2="{0}" y1="0" y2="26"></line>').format(
            f"{100 * (place - 0.5) / last:.1f}"
        )
        for place in marks
    )
    return Markup(
        '<svg class="line" viewBox="0 0 100 26" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false">{}{}</svg>'
    ).format(Markup("").join(marked), Markup("").join(drawn))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Places shares of the plan and completeness in the drawing."""

    reach: float  # the plan share at the right edge
    floor: float  # the score at the lower edge

    def x(self, progress: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * progress / self.reach

    def y(self, score: float) -> float:
        return (
            _HEIGHT
            - _BOTTOM
            - (_HEIGHT - _TOP - _BOTTOM) * (score - self.floor) / (1 - self.floor)
        )

    def spot(self, row: Row) -> tuple[float, float]:
        progress, score = _place(row)
        return self.x(progress), self.y(score)


def _share(cell: Cell) -> float:
    return (
        cell.numerator / cell.denominator
        if isinstance(cell, Figure) and cell.denominator
        else 0.0
    )


def _place(row: Row) -> tuple[float, float]:
    """(progress, score) of a row that holds (score, progress)."""
    return _share(row.cells[1]), _share(row.cells[0])


def scatter(table: Table, language: Language) -> Markup:
    """One point per manager, score over plan; the table's rows are labelled with figures."""
    places = [_place(row) for row in table.drawn]
    floor = min([0.9, *(score for _, score in places)])
    frame = _Frame(
        max([1.2, *(progress * 1.08 for progress, _ in places)]),
        max(0.0, floor - (1 - floor) * 0.15),
    )
    named = {row.label for row in table.rows}
    points = (
        Markup(
            '<circle class="{}" cx="{}" cy="{}" r="{}"><title data-words="point">{}</title></circle>'
        ).format(
            "named" if row.label in named else "point",
            f"{frame.x(progress):.1f}",
            f"{frame.y(score):.1f}",
            6 if row.label in named else 5,
            clean(row.label),
        )
        for row, (progress, score) in sorted(
            zip(table.drawn, places, strict=True), key=lambda p: p[0].label in named
        )
    )
    return Markup(
        '<svg class="scatter" viewBox="0 0 {} {}" role="img" aria-labelledby="scatter-name scatter-about">'
        '<title id="scatter-name" data-words="title">{}</title><desc id="scatter-about">{}</desc>{}{}{}</svg>'
    ).format(
        _WIDTH,
        _HEIGHT,
        table.title,
        language.translate(
            "One point per account manager: the further right, the more of the target is reached; "
            "the higher, the more complete the records. All values are in the table of account "
            "managers."
        ),
        _axes(frame, language),
        Markup("").join(points),
        _labels(frame, table, language),
    )


def _axes(frame: _Frame, language: Language) -> Markup:
    met, lower, upper = f"{frame.x(1):.1f}", _HEIGHT - _BOTTOM, _TOP
    return Markup(
        '<line class="axis" x1="{left}" y1="{low}" x2="{right}" y2="{low}"></line>'
        '<line class="axis" x1="{left}" y1="{up}" x2="{left}" y2="{low}"></line>'
        '<line class="plan" x1="{met}" y1="{up}" x2="{met}" y2="{low}"></line>'
        '<text class="mark" x="{met}" y="{mark}" text-anchor="middle">{reached}</text>'
        '<text class="mark" x="{left}" y="{below}">{nothing}</text>'
        '<text class="mark" x="{right}" y="{below}" text-anchor="end">{more}</text>'
        '<text class="mark" x="{left}" y="{mark}">{filled}</text>'
        '<text class="mark" transform="translate({side} {low}) rotate(-90)">{complete}</text>'
    ).format(
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        low=lower,
        up=upper,
        met=met,
        mark=upper - 9,
        below=lower + 22,
        side=_LEFT - 14,
        reached=language.translate("target reached"),
        nothing=language.translate("nothing of the target"),
        more=language.translate("more of the target →"),
        filled=language.translate("every field filled"),
        complete=language.translate("more complete →"),
    )


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def _labels(frame: _Frame, table: Table, language: Language) -> Markup:
    return Markup("").join(
        _label(row, *spot, language)
        for row, spot in zip(table.rows, _spots(frame, table), strict=True)
    )


def _spots(frame: _Frame, table: Table) -> Iterator[tuple[float, float, str]]:
    """For each named row, the nearest place where its label covers no point or other label."""
    taken = [(x - 7, y - 7, x + 7, y + 7) for x, y in (frame.spot(row) for row in table.drawn)]
    # the line that marks a fulfilled plan
    taken.append((frame.x(1) - 3, _TOP, frame.x(1) + 3, _HEIGHT - _BOTTOM))
    for row in table.rows:
        x, y = frame.spot(row)
        width = 8 * len(row.label) + 120.0
        free = (
            t for t in _tries(x, y, width) if not any(_overlap(t[1], other) for other in taken)
        )
        beside = (x - 12, y + 5), (x - 12 - width, y - 9, x - 12, y + 9), "end"
        at, box, anchor = next(free, beside)
        taken.append(box)
        yield *at, anchor


def _tries(x: float, y: float, width: float) -> Iterator[tuple[tuple[float, float], Box, str]]:
    """Possible places for a label, nearest first: baseline point, box, and text anchor."""
    for lower in (0, 1, -1, 2, -2, 3, -3):
        middle = y + lower * _LINE
        sides = (("start", x + 12, x + 12 + width), ("end", x - 12, x - 12))
        for anchor, at, right in sides:
            box = (right - width, middle - 9, right, middle + 9)
            if box[0] > _LEFT and right < _WIDTH and _TOP < middle < _HEIGHT - _BOTTOM:
                yield (at, middle + 5), box, anchor


def _overlap(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def _label(row: Row, x: float, y: float, anchor: str, language: Language) -> Markup:
    figures = Markup(" · ").join(
        Markup('<tspan class="fig" data-figure="{}">{}</tspan>').format(
            encoded(cell.id), clean(format_figure(cell, language))
        )
        for cell in row.cells
        if isinstance(cell, Figure)
    )
    return Markup(
        '<text data-row="scatter" x="{}" y="{}" text-anchor="{}"><tspan class="who" data-label>{}</tspan> {}</text>'
    ).format(f"{x:.1f}", f"{y:.1f}", anchor, clean(row.label), figures)
