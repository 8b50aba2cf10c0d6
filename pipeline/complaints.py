"""A database's error messages without values of the CRM, which may be clients' names.

Before a database reads a row, it complains about the SQL and quotes names of tables and columns,
which are kept. Once it reads, quoted text and long numbers may be personal data, so they are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_OPENING: Final = "'\"«„“‘"
_CLOSING: Final = "'\"»“”’"
_QUOTED: Final = re.compile(rf"(?<!\w)([{_OPENING}])(?:.*([{_CLOSING}])(?!\w)|.*)", re.DOTALL)
"""From the first mark to the last: quoted text may contain marks, and an apostrophe is none."""
_NUMBER: Final = re.compile(r"(?<!\w)(?:\d{3,}[\d.,]*|\d+\.\d+)")


def complaint(error: SQLAlchemyError, names_only: Callable[[Any], bool]) -> str:
    """The database's own message on one line, without statement, parameters and values.

    `names_only` decides whether a driver's error quotes only names.
    """
    if not isinstance(error, DBAPIError) or error.orig is None:
        return type(error).__name__
    parts = [str(part) for part in error.orig.args]
    if not names_only(error.orig) and parts:
        parts[-1] = without_values(parts[-1])
    return " ".join(" ".join(parts).split()) or type(error.orig).__name__


def without_values(message: str) -> str:
    """The first line of a message, with … for what it quotes; further lines show the value."""
    first = message.strip().split("\n", 1)[0]
    return _NUMBER.sub(
        "…", _QUOTED.sub(lambda match: f"{match[1]}…{match[2] or match[1]}", first)
    )
