"""What a reader cannot see in a text: written out, and encoded where a
mark of ours would lose it.

Ids and words of a CRM may hold line breaks, tabs, marks of direction, or half of a character.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ENCODED: Final = re.compile(r"%\{([0-9a-f]+)\}")


def visible(text: str) -> str:
    """The text with whatever is invisible, steers a terminal or is no character
    written out: 'a\\u202eb'.
    """
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def printable(text: str, instead: str = "?") -> str:
    """The text, with `instead` for whatever is invisible, steers a
    terminal or is no character.
    """
    return "".join(char if char.isprintable() else instead for char in text)


def told_apart(one: str, other: str) -> tuple[str, str]:
    """Both texts as `visible` writes them; character by character where they are
    different and look the same.
    """
    if one != other and _look(one) == _look(other):
        return _spelt_out(one), _spelt_out(other)
    return visible(one), visible(other)


def encoded(text: str) -> str:
    """An id as a mark of a page or a workbook can hold it: one line of printable
    characters, no two ids alike.
    """
    return "".join(char if _holds(char) else f"%{{{ord(char):x}}}" for char in text)


def decoded(mark: str) -> str:
    """The id that `encoded` made a mark of."""
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), mark)


def _holds(char: str) -> bool:
    return char.isprintable() and char != "%"


def _look(text: str) -> str:
    """The text as it looks: composed, its compatible forms alike,
    what is invisible left out.
    """
    return "".join(
        char for char in unicodedata.normalize("NFKC", text) if char.isprintable()
    ).strip()


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _spelt_out(text: str) -> str:
    """What is beyond ASCII written out, and where the text begins and ends."""
    return f"'{text.encode('unicode_escape').decode('ascii')}'"
