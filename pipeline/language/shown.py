"""Reads the text of a figure as a reader does, and says whether it is the figure's.

It shares nothing with `format`, which writes these texts, but the currencies' decimals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from pipeline.model import Figure, LanguageCode, Unit
from pipeline.values.money import digits_of

_SEPARATORS: Final[Mapping[LanguageCode, tuple[str, str]]] = {
    "en": (",", r"\."),
    "nl": (r"\.", ","),
}
"""Language -> what parts thousands, and what decimals, as patterns."""

_SIGNS: Final = {"EUR": "€", "GBP": "£", "USD": "$"}
_NO_VALUE: Final = "–"


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it is shown: '-€1,234.50' is (True, '€', 123450, 2, False)."""

    is_negative: bool
    before: str  # what stands before its digits, without blanks
    digits: int  # all of them, as one integer
    decimals: int
    is_percentage: bool


def read_shown(text: str, language: LanguageCode) -> Shown | None:
    """The number that a text shows in a language; None if it shows none."""
    match = _pattern(language).fullmatch(text)
    if match is None:
        return None
    minus, before, number, decimals, percent = match.groups()
    digits = "".join(filter(str.isdigit, number))
    return Shown(
        bool(minus), before.strip(), int(digits), len((decimals or " ")[1:]), bool(percent)
    )


@cache
def _pattern(language: LanguageCode) -> re.Pattern[str]:
    thousands, decimal = _SEPARATORS[language]
    number = rf"(?:0|[1-9][0-9]{{0,2}}(?:{thousands}[0-9]{{3}})*)({decimal}[0-9]+)?"
    return re.compile(rf"(-?)(.*?)({number})(%?)", re.DOTALL)


def is_shown_as(figure: Figure, text: str, language: LanguageCode) -> bool:
    """Whether a text shows the figure: its exact numbers, rounded as is said in docs/measures.md."""
    is_ratio = figure.unit in (Unit.PERCENT, Unit.PER_DAY) or (
        figure.unit is Unit.MONEY and figure.denominator is not None
    )
    if is_ratio and not figure.denominator:
        return text == _NO_VALUE
    shown = read_shown(text, language)
    if shown is None or shown.is_percentage is not (figure.unit is Unit.PERCENT):
        return False
    if not _is_before(shown.before, figure):
        return False
    digits = -shown.digits if shown.is_negative else shown.digits
    if figure.unit is Unit.MONEY:
        return _is_amount(figure, digits, shown.decimals)
    if not is_ratio:
        return shown.decimals == 0 and digits == figure.numerator
    return shown.decimals == 1 and _is_tenth(figure, digits)


def _is_before(text: str, figure: Figure) -> bool:
    """Whether this is an amount's currency; other figures have nothing before them."""
    if figure.unit is not Unit.MONEY:
        return not text
    return _visible(text) == _visible(_SIGNS.get(figure.currency, figure.currency))


def _visible(text: str) -> str:
    """Without what a page or a cell replaces by a sign."""
    return "".join(c for c in text if c.isprintable() and not c.isspace() and c != "\ufffd")


def _is_amount(figure: Figure, digits: int, decimals: int) -> bool:
    """Minor units are shown where there are any, and where there are none they are not."""
    minor = digits_of(figure.currency)
    if decimals not in (0, minor):
        return False
    units = digits * 10 ** (minor - decimals)
    if decimals and units % 10**minor == 0:
        return False
    return _is_nearest(units, figure.numerator, figure.denominator or 1)


def _is_tenth(figure: Figure, tenths: int) -> bool:
    """Whether a ratio rounds to these tenths; 0 % and 100 % are exact."""
    numerator, denominator = figure.numerator, figure.denominator or 0
    if denominator < 0:
        return True  # nothing is counted in such; its text is compared all the same
    if figure.unit is Unit.PER_DAY:
        return _is_nearest(tenths, 10 * numerator, denominator)
    if _is_nearest(tenths, 1000 * numerator, denominator):
        return tenths not in (0, 1000) or 1000 * numerator == tenths * denominator
    if tenths == 1:
        return 0 < 2000 * numerator < denominator
    if tenths == 999:
        return numerator < denominator and 2000 * numerator >= 1999 * denominator
    return tenths == 1001 and numerator > denominator and 2000 * numerator < 2001 * denominator


def _is_nearest(number: int, numerator: int, denominator: int) -> bool:
    """Whether it is the integer nearest to a fraction; of two, the greater one."""
    return -denominator < 2 * (number * denominator - numerator) <= denominator
