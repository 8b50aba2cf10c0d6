"""The languages of reports: texts, numbers and sentences in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from string import Formatter
from typing import Final

from pipeline.language.styles import STYLES, Style
from pipeline.model import Figure, LanguageCode, LocalText

Cell = Figure | str | None
"""A figure, a text, or nothing: the figure does not exist for this row."""

Cells = tuple[Cell, ...]
"""A sentence: its texts and the figures between them."""

_DOMAIN: Final = "crm_audit"


# compared by identity, because of its catalogue
@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language of reports. Texts are looked up by their English wording.

    A text with a place in braces is a template: `{done} of {target}`. It is translated as a
    whole, because the order of words differs between languages.
    """

    code: LanguageCode
    style: Style = field(repr=False)
    catalogue: NullTranslations = field(repr=False)

    def __reduce__(self) -> tuple[object, tuple[LanguageCode]]:
        return language_of, (self.code,)

    # ------------------------------------------------------------------------------- texts

    def translate(self, english: str, **places: object) -> str:
        """A text with its places filled; numbers are written in this language's style."""
        template = self.catalogue.gettext(english) if english else ""
        return template.format_map(self._written(places)) if places else template

    def translate_plural(
        self, singular: str, plural: str, number: int, **places: object
    ) -> str:
        """The singular or plural of a text, with its places filled."""
        template = self.catalogue.ngettext(singular, plural, number)
        return template.format_map(self._written(places)) if places else template

    def chosen(self, text: LocalText) -> str:
        """This language's wording of a text that exists in all languages."""
        return text.chosen(self.code)

    def number(self, number: int) -> str:
        """A whole number: '3,134'."""
        return f"{number:,}".replace(",", self.style.thousands)

    def _written(self, places: Mapping[str, object]) -> dict[str, str]:
        return {name: self._place(value) for name, value in places.items()}

    def _place(self, value: object) -> str:
        if isinstance(value, LocalText):
            return self.chosen(value)
        return self.number(value) if isinstance(value, int) else str(value)

    # --------------------------------------------------------------------------- sentences

    def sentence(self, english: str, **places: Cell | Cells) -> Cells:
        """A sentence that keeps its figures: each text between two figures is a cell."""
        return _split(self.catalogue.gettext(english), places)

    def plural_sentence(
        self, singular: str, plural: str, number: int, **places: Cell | Cells
    ) -> Cells:
        """The singular or plural of a sentence."""
        return _split(self.catalogue.ngettext(singular, plural, number), places)

    def listed(self, items: Iterable[Cell | Cells]) -> Cells:
        """All items in one line: 'a, b and c'."""
        *most, last = map(_as_cells, items)
        if not most:
            return last
        return self.sentence("{most} and {last}", most=joined(most, ", "), last=last)


def _split(template: str, places: Mapping[str, Cell | Cells]) -> Cells:
    """The template with its places filled; neighbouring texts share a cell."""
    return _merged(_parts(template, places))


def _parts(template: str, places: Mapping[str, Cell | Cells]) -> Iterator[Cell]:
    for text, place, *_ in Formatter().parse(template):
        yield text
        if place is not None:
            yield from _as_cells(places[place])


def _as_cells(item: Cell | Cells) -> Cells:
    return item if isinstance(item, tuple) else (item,)


def joined(sentences: Iterable[Cells], joint: str) -> Cells:
    """Joins the non-empty sentences."""
    cells: list[Cell] = []
    for sentence in filter(None, sentences):
        cells += [joint, *sentence] if cells else sentence
    return _merged(cells)


def _merged(cells: Iterable[Cell]) -> Cells:
    merged: list[Cell] = []
    for cell in cells:
        last = merged[-1] if merged else None
        if isinstance(cell, str) and isinstance(last, str):
            merged[-1] = last + cell
        elif cell or isinstance(cell, Figure):
            merged.append(cell)
    return tuple(merged)


@cache
def language_of(code: LanguageCode) -> Language:
    """The language of this code."""
    return Language(code, STYLES[code], _catalogue(code))


def _catalogue(code: LanguageCode) -> NullTranslations:
    """The translations of a language; English needs none."""
    if code == "en":
        return NullTranslations()
    folder = files(__package__ or "").joinpath("locale", code, "LC_MESSAGES")
    with folder.joinpath(f"{_DOMAIN}.mo").open("rb") as compiled:
        return GNUTranslations(compiled)


ENGLISH: Final = language_of("en")
"""The language of the terminal, of errors and of files for machines."""


def in_all(english: str, **places: object) -> LocalText:
    """A text in every language, for texts that are made before a report exists."""
    return _in_all(english, places) if places else _as_it_is(english)


def _in_all(english: str, places: Mapping[str, object]) -> LocalText:
    wordings = {code: language_of(code).translate(english, **places) for code in STYLES}
    return LocalText(**wordings)


@cache
def _as_it_is(english: str) -> LocalText:
    """A text without places, cached: all records share one object."""
    return _in_all(english, {})


def joined_texts(texts: Iterable[LocalText], joint: str) -> LocalText:
    """Joins the non-empty texts."""
    filled = [text for text in texts if text]
    return LocalText(
        joint.join(text.en for text in filled), joint.join(text.nl for text in filled)
    )
