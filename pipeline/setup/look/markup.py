"""HTML and JSON in a column: texts with characters that nobody sees in the CRM."""

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
"""Tags that an editor writes; people read <jan@example.org> and <unknown> as they are."""
_VALUES: Final = ("value", "number", "phone", "email", "address", "text")
"""Keys under which a list of numbers or addresses keeps them, beside their kind."""
_ENOUGH: Final = 0.5


@dataclass(frozen=True, slots=True)
class Markup:
    """What a column holds, and how many of the sampled values show it."""

    what: str  # 'html' or 'json'
    keys: tuple[str, ...]  # the JSON keys that hold a value; () means any
    times: int
    of: int

    def summary(self) -> str:
        """'HTML in 12 of 20'."""
        return f"{self.what.upper()} in {self.times:,} of {self.of:,}"

    def declared(self) -> str:
        """The declaration as written in a preset."""
        return f"{{json: [{', '.join(self.keys)}]}}" if self.keys else self.what


def markup_in(texts: Sequence[str]) -> Markup | None:
    """HTML or JSON, if at least half of the texts are."""
    tagged = sum(bool(_TAG.match(text.lstrip())) for text in texts)
    parsed = [value for text in texts if (value := _parsed(text)) is not None]
    times, what = max((tagged, "html"), (len(parsed), "json"))
    if not times or times < _ENOUGH * len(texts):
        return None
    used = {key for value in parsed for key in _keys(value)}
    keys = tuple(key for key in _VALUES if key in used) if what == "json" else ()
    return Markup(what, keys, times, len(texts))


def _parsed(text: str) -> Any:
    """The JSON list or object in a text; None if it holds neither."""
    if text.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _keys(value: Any) -> Iterator[str]:
    """The keys of an object, or of the objects in a list."""
    objects: Iterable[Any] = value if isinstance(value, list) else [value]
    for item in objects:
        if isinstance(item, dict):
            yield from item
