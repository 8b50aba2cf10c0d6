"""The languages of reports: what a text, a number and a sentence read like in each."""

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


# by identity: the catalogue is part of it
@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language of reports. Texts are looked up by what they read like in English.

    A text with a place in braces is a template: `{done} of {target}`. It is
    translated as a whole, since the order of words differs between languages.
    """

    code: LanguageCode
    style: Style = field(repr=False)
    catalogue: NullTranslations = field(repr=False)

    def __reduce__(self) -> tuple[object, tuple[LanguageCode]]:
        return language_of, (self.code,)

    # ------------------------------------------------------------------------------- texts

    def translate(self, english: str, **places: object) -> str:
        """A text, its places filled; numbers are written as this language does."""
        template = self.catalogue.gettext(english) if english else ""
        return template.format_map(self._written(places)) if places else template

    def translate_plural(self, one: str, many: str, number: int, **places: object) -> str:
        """The form of a text that goes with a number."""
        template = self.catalogue.ngettext(one, many, number)
        return template.format_map(self._written(places)) if places else template

    def chosen(self, text: LocalText) -> str:
        """A text that was made in all languages, in this one."""
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
        """A sentence whose figures stay figures: each text between two of them is a cell."""
        return _split(self.catalogue.gettext(english), places)

    def plural_sentence(
        self, one: str, many: str, number: int, **places: Cell | Cells
    ) -> Cells:
        """The same, in the form that goes with a number."""
        return _split(self.catalogue.ngettext(one, many, number), places)

    def listed(self, items: Iterable[Cell | Cells]) -> Cells:
        """All of them in one line: 'a, b and c'."""
        *most, last = map(_as_cells, items)
        if not most:
            return last
        return self.sentence("{most} and {last}", most=joined(most, ", "), last=last)


def _split(template: str, places: Mapping[str, Cell | Cells]) -> Cells:
    """The template with its places filled, neighbouring texts in one cell."""
    return _merged(_parts(template, places))


def _parts(template: str, places: Mapping[str, Cell | Cells]) -> Iterator[Cell]:
    for text, place, *_ in Formatter().parse(template):
        yield text
        if place is not None:
            yield from _as_cells(places[place])


def _as_cells(item: Cell | Cells) -> Cells:
    return item if isinstance(item, tuple) else (item,)


def joined(sentences: Iterable[Cells], joint: str) -> Cells:
    """Sentences in one line, the joint between each two that say anything."""
    cells: list[Cell] = []
    for sentence in filter(None, sentences):
        cells += [joint, *sentence] if cells else sentence
    return _merged(cells)


def _merged(cells: Iterable[Cell]) -> Cells:
    found: list[Cell] = []
    for cell in cells:
        last = found[-1] if found else None
        if isinstance(cell, str) and isinstance(last, str):
            found[-1] = last + cell
        elif cell or isinstance(cell, Figure):
            found.append(cell)
    return tuple(found)


@cache
def language_of(code: LanguageCode) -> Language:
    """The language of this code."""
    return Language(code, STYLES[code], _catalogue(code))


def _catalogue(code: LanguageCode) -> NullTranslations:
    """What its texts read like; English is what they are looked up by."""
    if code == "en":
        return NullTranslations()
    folder = files(__package__ or "").joinpath("locale", code, "LC_MESSAGES")
    with folder.joinpath(f"{_DOMAIN}.mo").open("rb") as compiled:
        return GNUTranslations(compiled)


ENGLISH: Final = language_of("en")
"""The language of the terminal, of errors and of files for machines."""


def in_all(english: str, **places: object) -> LocalText:
    """A text that is made before a report and printed in it, in every language."""
    return _in_all(english, places) if places else _as_it_is(english)


def _in_all(english: str, places: Mapping[str, object]) -> LocalText:
    wordings = {code: language_of(code).translate(english, **places) for code in STYLES}
    return LocalText(**wordings)


@cache
def _as_it_is(english: str) -> LocalText:
    """A text without places, the same object for all records of which it is said."""
    return _in_all(english, {})


def joined_texts(texts: Iterable[LocalText], joint: str) -> LocalText:
    """Texts in one line, the joint between each two that say anything."""
    said = [text for text in texts if text]
    return LocalText(joint.join(text.en for text in said), joint.join(text.nl for text in said))
