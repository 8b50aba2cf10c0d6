"""Parts shared by the SQL of several databases, and the types for a construct's SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import Construct
from pipeline.values.money import LARGEST_AMOUNT
from pipeline.values.white_space import WHITE_SPACE, WHITE_SPACE_CLASS


@dataclass(frozen=True, slots=True)
class Filled:
    """A template, and the arguments to use instead of the construct's."""

    template: str
    clauses: Sequence[ColumnElement[Any]]


Made = Callable[[Construct[Any], Dialect], str | Filled | ColumnElement[Any]]
"""Returns a construct's template, or the expression that it is composed of."""
Sql = Mapping[type[Construct[Any]], str | Made]
"""Construct -> its template, with {0} for its first argument, or a function that makes it."""

SPACES: Final = "'" + WHITE_SPACE + "'"
NOT_SPACE: Final = "'[^" + WHITE_SPACE_CLASS + "]'"
WITHIN: Final = f"{{0}} > -{LARGEST_AMOUNT} AND {{0}} < {LARGEST_AMOUNT}"
OPENS: Final = "IN ('[', '{', '\"')"
"""The beginning of JSON."""

# the days of the years 1 to 9999; a database fails at any other, or reads it in its own way
_LEAP: Final = "([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
DAY: Final = (
    "([0-9][0-9][0-9][0-9]-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
CALENDAR: Final = f"^(?!0000){DAY}"
CLOCK: Final = " ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9][0-9][0-9][0-9][0-9][0-9]"


def bytewise(pattern: str) -> str:
    """Turns a pattern of code points like \\x{20AC}, alone or in brackets, into UTF-8 bytes."""

    def bytes_of(point: int) -> str:
        return "".join(f"\\x{byte:02X}" for byte in chr(point).encode())

    def any_of(match: re.Match[str]) -> str:
        ranges = re.findall(r"\\x\{(\w+)\}(?:-\\x\{(\w+)\})?", match[1])
        points = (
            point
            for low, high in ranges
            for point in range(int(low, 16), int(high or low, 16) + 1)
        )
        return f"(?:{'|'.join(map(bytes_of, points))})"

    pattern = re.sub(r"\[((?:\\x\{\w+\}-?)+)\]", any_of, pattern)
    return re.sub(r"\\x\{(\w+)\}", lambda match: bytes_of(int(match[1], 16)), pattern)


def with_text(sql: Sql, text: str) -> Sql:
    """The SQL with {t} replaced by the first argument as text."""
    return {
        construct: made.replace("{t}", text) if isinstance(made, str) else made
        for construct, made in sql.items()
    }
