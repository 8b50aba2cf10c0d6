"""Reads the currency of an amount as an ISO 4217 code, in Python and in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import case, func, literal, null
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import is_sign, raised
from pipeline.values.money import CODES
from pipeline.values.texts import UNREADABLE, text_of
from pipeline.values.white_space import WHITE_SPACE

SIGNS: Final[Mapping[str, str]] = {"\u20ac": "EUR", "\u00a3": "GBP"}
"""Signs that belong to one currency; a preset declares the others, as {$: USD}."""


def read_currency(value: Any, signs: Mapping[str, str], currency: str) -> Any:
    """The code; a blank gives the audit's `currency`, anything unknown UNREADABLE."""
    text = "" if value is None else str(text_of(value)).strip(WHITE_SPACE)
    if not text:
        return currency or UNREADABLE
    code = signs.get(text) or (text.upper() if text.isascii() else "")
    return code if code in CODES else UNREADABLE


def currency_of(
    entered: ColumnElement[Any], signs: Mapping[str, str], currency: str
) -> ColumnElement[Any]:
    """The same in SQL; NULL if it cannot be read."""
    code = raised(entered)
    # the audit's currency comes first, because almost every amount is in it
    branches: list[Any] = [(code == currency, literal(currency))] if currency else []
    branches += [
        (is_sign(entered, literal(s), literal(s.encode().hex())), literal(c))
        for s, c in signs.items()
    ]
    nothing = [(func.coalesce(code, "") == "", literal(currency))] if currency else []
    return case(*branches, *nothing, (code.in_(sorted(CODES)), code), else_=null())
