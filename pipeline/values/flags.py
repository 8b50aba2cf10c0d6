"""Yes and no, as Python reads them.

A flag is written as a word of the table below, as a number or a truth value, as a byte (MySQL's
BIT), or as the date on which it was set. NULL and blank say no. Anything else is unreadable: a
mark of deletion that nobody understands must neither delete a record nor keep it.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any, Final

from pipeline.values.texts import UNREADABLE, text_of
from pipeline.values.white_space import WHITE_SPACE

YES: Final = (
    "1",
    "-1",
    "1.0",
    "-1.0",
    "true",
    "t",
    "yes",
    "y",
    "ja",
    "j",
    "waar",
    "on",
    "aan",
    "x",
)
"""In lower case, without surrounding white space. Access writes -1; 1.0 is a float."""

NO: Final = ("0", "0.0", "false", "f", "no", "n", "nee", "onwaar", "off", "uit")
"""Words for no; an empty value means no, too."""

NO_DATE: Final = ("0000-", "0000/", "0000.", "00-00", "00/00", "00.00")
"""Beginnings of a zero date, which is no date."""

_BITS: Final = {b"\x00": 0, b"\x01": 1}
_MARKS: Final = "[-/.]"
_WIDTHS: Final = (*product((4,), (1, 2), (1, 2)), *product((1, 2), (1, 2), (4, 2)))
"""Digits of the three parts of a date, wherever the year is."""
SHAPES: Final = tuple(_MARKS.join("[0-9]" * width for width in widths) for widths in _WIDTHS)
AFTER: Final = "[ t,]"
"""What may stand between a date and its time of day."""
DATED: Final = f"^({'|'.join(SHAPES)})($|{AFTER})"


def read_flag(value: Any) -> Any:
    """1 or 0; None if nothing was entered, UNREADABLE for anything else."""
    if value is None:
        return None
    if isinstance(value, bytes) and value in _BITS:
        return _BITS[value]
    text = str(text_of(value)).strip(WHITE_SPACE)
    if not text:
        return None
    word = text.lower() if text.isascii() else ""
    if word[:5] in NO_DATE:
        return None
    if word in YES or re.search(DATED, word):
        return 1
    return 0 if word in NO else UNREADABLE
