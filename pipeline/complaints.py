"""What a database says of an error, without what it quotes of the CRM's rows:
that may be a client's name.

A database complains of the SQL before it reads a row, and then quotes names of tables and
columns, which stay. Once it reads, what stands between quotes, and each long number, may be
anybody's: of those nothing is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_OPENING: Final = "'\"«„“‘"
_CLOSING: Final = "'\"»“”’"
_QUOTED: Final = re.compile(rf"(?<!\w)([{_OPENING}])(?:.*([{_CLOSING}])(?!\w)|.*)", re.DOTALL)
"""From the first mark to the last: what is quoted may hold marks itself, and an
apostrophe in a word is none.
"""
_NUMBER: Final = re.compile(r"(?<!\w)(?:\d{3,}[\d.,]*|\d+\.\d+)")


def complaint(error: SQLAlchemyError, names_only: Callable[[Any], bool]) -> str:
    """What the database itself says, on one line, without the statement, its
    parameters and the CRM's values.

    `names_only` tells of a driver's error whether what it quotes are names.
    """
    if not isinstance(error, DBAPIError) or error.orig is None:
        return type(error).__name__
    said = [str(part) for part in error.orig.args]
    if not names_only(error.orig) and said:
        said[-1] = without_values(said[-1])
    return " ".join(" ".join(said).split()) or type(error.orig).__name__


def without_values(said: str) -> str:
    """The first line of a complaint, with … for what it quotes; the lines behind it show
    the place, and the value.
    """
    first = said.strip().split("\n", 1)[0]
    return _NUMBER.sub(
        "…", _QUOTED.sub(lambda found: f"{found[1]}…{found[2] or found[1]}", first)
    )
