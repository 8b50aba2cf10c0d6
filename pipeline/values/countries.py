"""Countries as people write them: a code, or a name in English, Dutch or the country's own
languages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from pipeline.values.white_space import WHITE_SPACE

LIST: Final = Path(__file__).with_name("countries.txt")
"""The dated list: a country a line, its ISO code first; `#` begins a comment."""


def region_of(country: str) -> str | None:
    """The ISO 3166 code of a country; None where the list has no such country."""
    return _regions().get(_fold(country))


@cache
def _regions() -> dict[str, str]:
    return {_fold(name): region for region, *names in _lines() for name in (region, *names)}


def _lines() -> Iterator[list[str]]:
    for line in LIST.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("|")


def _fold(country: str) -> str:
    text = unicodedata.normalize("NFKC", country).replace("’", "'")
    return text.strip(WHITE_SPACE).casefold().removeprefix("the ").replace(".", "")
