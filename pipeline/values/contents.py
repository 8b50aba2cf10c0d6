"""Texts with characters that nobody sees: HTML, JSON, and several columns joined into one.

A value without anything visible is missing, like a blank one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from pipeline.values.white_space import WHITE_SPACE, WHITE_SPACE_CLASS

SEVERAL: Final = "\x1f"
"""Separates values of several columns of one kind, such as two phones."""

TAG: Final = "<[^<>]*>"
ENTITY: Final = "&(nbsp|#160|#xa0|ensp|emsp|thinsp|zwnj|zwj|shy|#8203|#x200b|#32|#13|#10|#9);?"
ESCAPE: Final = r"\\(n|r|t|u00a0|u00A0)"
_SPACE: Final = f"[{WHITE_SPACE_CLASS}]*"
_VALUE: Final = f'(-?[0-9]|"{_SPACE}[^{WHITE_SPACE_CLASS}"])'
_ANY_VALUE: Final = f'(-?[0-9]|"{_SPACE}[^{WHITE_SPACE_CLASS}"][^"]*"{_SPACE}(\\]|\\}}|,|$))'
_PLAIN_PART: Final = f"\\x{{1F}}{_SPACE}[^{WHITE_SPACE_CLASS}\\x{{22}}\\x{{5B}}\\x{{7B}}]"
"""A plain value that follows a JSON column."""


@dataclass(frozen=True, slots=True)
class Content:
    """A text column's contents: 'html' or 'json', and the JSON keys that hold a value, or any."""

    what: str
    keys: tuple[str, ...] = ()

    def is_unseen(self, text: str) -> bool:
        """Whether nothing of the text is visible."""
        if self.what == "html":
            return not re.sub(ENTITY, "", re.sub(TAG, "", text)).strip(WHITE_SPACE)
        plain = text.strip(WHITE_SPACE)[:1] not in ("[", "{", '"')
        return not plain and not _in_python(self.filled).search(re.sub(ESCAPE, "", text))

    @property
    def filled(self) -> str:
        """A regular expression for a value; strings that are keys do not match."""
        if self.keys:
            names = "|".join(map(re.escape, self.keys))
            value = f'"({names})"{_SPACE}:{_SPACE}{_VALUE}'
        else:
            value = f"(^|\\[|,|:){_SPACE}{_ANY_VALUE}"
        return f"{value}|{_PLAIN_PART}"


@cache
def _in_python(pattern: str) -> re.Pattern[str]:
    return re.compile(by_point(pattern))


def by_point(pattern: str) -> str:
    r"""Rewrites \x{20AC} as Python and PostgreSQL expect it."""
    return re.sub(r"\\x\{(\w+)\}", lambda point: f"\\U{point[1]:0>8}", pattern)


def is_empty_in_parts(text: str, words: frozenset[str]) -> bool:
    """Whether each of several values is blank or one of these words."""
    return all(
        part in words or not part
        for part in (part.strip(WHITE_SPACE) for part in text.split(SEVERAL))
    )


# ----------------------------------------------------------------------------------- for SQLite


def html_unseen(data: bytes) -> bool:
    """Whether nothing of the HTML in these bytes is visible."""
    return Content("html").is_unseen(data.decode("utf-8", "replace"))


def json_unseen(data: bytes, keys: str) -> bool:
    """Whether nothing of the JSON in these bytes is visible; commas separate the keys."""
    return Content("json", tuple(keys.split(",")) if keys else ()).is_unseen(
        data.decode("utf-8", "replace")
    )
