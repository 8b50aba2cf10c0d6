"""Makes invisible characters in a text visible, or encodes them to survive in a mark.

A CRM's ids and words may hold line breaks, tabs, direction marks, or half a character.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ENCODED: Final = re.compile(r"%\{([0-9a-f]+)\}")


def visible(text: str) -> str:
    """The text with invisible or invalid characters written out: 'a\\u202eb'."""
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def printable(text: str, instead: str = "?") -> str:
    """The text with `instead` for each invisible or invalid character."""
    return "".join(char if char.isprintable() else instead for char in text)


def distinguishable(text: str, other: str) -> tuple[str, str]:
    """Both texts as `visible` writes them, or spelt out if they differ but look the same."""
    if text != other and _look(text) == _look(other):
        return _spelt_out(text), _spelt_out(other)
    return visible(text), visible(other)


def encoded(text: str) -> str:
    """An id for a mark on a page or in a workbook: printable, one line, unique per id."""
    if text.isprintable() and "%" not in text:
        return text
    return "".join(char if _holds(char) else f"%{{{ord(char):x}}}" for char in text)


def decoded(mark: str) -> str:
    """The id that `encoded` turned into this mark."""
    if "%{" not in mark:
        return mark
    return _ENCODED.sub(lambda match: chr(int(match[1], 16)), mark)


def _holds(char: str) -> bool:
    return char.isprintable() and char != "%"


def _look(text: str) -> str:
    """The text as it looks: composed, in compatible form, without invisible characters."""
    return "".join(
        char for char in unicodedata.normalize("NFKC", text) if char.isprintable()
    ).strip()


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _spelt_out(text: str) -> str:
    """The text in quotes, with everything beyond ASCII escaped."""
    return f"'{text.encode('unicode_escape').decode('ascii')}'"
