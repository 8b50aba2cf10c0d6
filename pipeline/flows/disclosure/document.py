"""A plain text of numbered sections, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Final

from pipeline.language.languages import Language
from pipeline.values.visible import printable

WIDTH: Final = 80
_GAP: Final = 2


class Document:
    """The lines so far."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._lines: list[str] = []
        self._sections = 0

    def text(self) -> str:
        """All lines, the last one ended."""
        return "\n".join(self._lines) + "\n"

    def title(self, text: str) -> None:
        """The title, underlined twice."""
        self._underlined(text, "=")

    def section(self, title: str) -> None:
        """A numbered heading, underlined."""
        self._sections += 1
        self._lines.append("")
        self._underlined(f"{self._sections}. {title}", "-")

    def paragraph(self, text: str) -> None:
        """A paragraph, after an empty line."""
        self._lines += ["", *_wrapped(text, WIDTH)]

    def bullets(self, texts: Iterable[str]) -> None:
        """A list, after an empty line."""
        self._lines.append("")
        for text in texts:
            first, *rest = _wrapped(text, WIDTH - 2)
            self._lines += [f"- {first}", *(f"  {line}" for line in rest)]

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Columns as wide as their texts need and the page has room for."""
        body = [tuple(map(printable, row)) for row in rows]
        widths = _widths([tuple(headings), *body])
        self._lines.append("")
        if any(headings):
            self._row(headings, widths)
            self._lines.append((" " * _GAP).join("-" * width for width in widths))
        for row in body:
            self._row(row, widths)

    def blank(self, label: str) -> None:
        """A line to write on."""
        self._lines += ["", f"{label}: ".ljust(WIDTH, "_")]

    def _underlined(self, text: str, mark: str) -> None:
        lines = _wrapped(text, WIDTH)
        self._lines += [*lines, mark * max(map(len, lines))]

    def _row(self, cells: Sequence[str], widths: Sequence[int]) -> None:
        columns = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for number in range(max(map(len, columns))):
            parts = [
                (lines[number] if number < len(lines) else "").ljust(width)
                for lines, width in zip(columns, widths, strict=True)
            ]
            self._lines.append((" " * _GAP).join(parts).rstrip())


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(printable(text), width) or [""]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """The widest text of each column; what is too much is taken from the widest columns."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    room = WIDTH - _GAP * (len(widths) - 1)
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    return widths
