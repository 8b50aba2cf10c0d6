"""Texts of which nobody sees every character, as far as a column's
texts show it: HTML and JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

_TAG: Final = re.compile(
    r"(?i)<(!--|(!doctype|html|head|body|p|br|div|span|font|a|b|i|u|strong|em|small|ul|ol|li|table|tr|td|h[1-6]|pre"
    r"|blockquote|img|hr|style)[\s/>])"
)
"""What an editor begins with; <jan@example.org> and <unknown> are read by
people as they stand there.
"""
_VALUES: Final = ("value", "number", "phone", "email", "address", "text")
"""Keys under which a list of numbers or addresses keeps them, beside their kind."""
_ENOUGH: Final = 0.5


@dataclass(frozen=True, slots=True)
class Markup:
    """What a column holds, and how many of the values that were looked at say so."""

    what: str  # 'html' or 'json'
    keys: tuple[str, ...]  # of JSON those under which a value stands; () is any
    times: int
    of: int

    def said(self) -> str:
        """'HTML in 12 of 20'."""
        return f"{self.what.upper()} in {self.times:,} of {self.of:,}"

    def declared(self) -> str:
        """As a preset says it."""
        return f"{{json: [{', '.join(self.keys)}]}}" if self.keys else self.what


def markup_in(texts: Sequence[str]) -> Markup | None:
    """What half of these texts or more are, if they are one of both."""
    tagged = sum(bool(_TAG.match(text.lstrip())) for text in texts)
    parsed = [value for text in texts if (value := _parsed(text)) is not None]
    times, what = max((tagged, "html"), (len(parsed), "json"))
    if not times or times < _ENOUGH * len(texts):
        return None
    found = {key for value in parsed for key in _keys(value)}
    keys = tuple(key for key in _VALUES if key in found) if what == "json" else ()
    return Markup(what, keys, times, len(texts))


def _parsed(text: str) -> Any:
    """The list or object that a text is; None where it is neither."""
    if text.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _keys(value: Any) -> Iterator[str]:
    """The keys of an object, or of the objects in a list."""
    objects: Iterable[Any] = value if isinstance(value, list) else [value]
    for one in objects:
        if isinstance(one, dict):
            yield from one
