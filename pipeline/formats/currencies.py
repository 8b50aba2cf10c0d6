"""Currencies: what stands beside an amount as an ISO 4217 code, as Python reads it
and as each database does.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

from sqlalchemy import Boolean, Text, case, func, literal, null
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from pipeline.databases.expressions import SPACES, STRIPPED_MYSQL, compiles_by
from pipeline.values.money import CODES
from pipeline.values.texts import UNREADABLE, text_of
from pipeline.values.white_space import WHITE_SPACE

SIGNS: Final[Mapping[str, str]] = {"\u20ac": "EUR", "\u00a3": "GBP"}
"""The signs that are one currency's only; a preset declares the others, as {$: USD}."""


def read_currency(value: Any, signs: Mapping[str, str], currency: str) -> Any:
    """The code; of nothing the audit's `currency`, and UNREADABLE of what is no
    code, sign or declared word.
    """
    text = "" if value is None else str(text_of(value)).strip(WHITE_SPACE)
    if not text:
        return currency or UNREADABLE
    code = signs.get(text) or (text.upper() if text.isascii() else "")
    return code if code in CODES else UNREADABLE


def currency_of(
    entered: ColumnElement[Any], signs: Mapping[str, str], currency: str
) -> ColumnElement[Any]:
    """The same in SQL; NULL where it cannot be read."""
    code = raised(entered)
    # almost every amount is in the audit's own currency, and is settled first
    branches: list[Any] = [(code == currency, literal(currency))] if currency else []
    branches += [
        (is_sign(entered, literal(s), literal(s.encode().hex())), literal(c))
        for s, c in signs.items()
    ]
    nothing = [(func.coalesce(code, "") == "", literal(currency))] if currency else []
    return case(*branches, *nothing, (code.in_(sorted(CODES)), code), else_=null())


class raised(FunctionElement[str]):
    """raised(column): its text without white space around it, its ASCII letters as capitals."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class is_sign(FunctionElement[bool]):
    """is_sign(column, sign, hex): the sign and nothing else, white space around it aside;
    hex is that of its UTF-8.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


_TEMPLATES: Final[Mapping[type[FunctionElement[Any]], Mapping[str, str]]] = {
    raised: {
        "sqlite": f"upper(trim(CAST({{0}} AS TEXT), {SPACES}))",
        "duckdb": f"translate(trim(CAST({{0}} AS VARCHAR), {SPACES}), '{ascii_lowercase}', '{ascii_uppercase}')",
        # what is no ASCII becomes a '?', or UPPER would make an S of a long s
        "mysql": f"CONVERT(UPPER(CONVERT({STRIPPED_MYSQL} USING ascii)) USING utf8mb4) COLLATE utf8mb4_bin",
        "postgresql": f'upper(btrim(CAST({{0}} AS text), {SPACES}) COLLATE "C")',
    },
    is_sign: {
        "sqlite": f"trim(CAST({{0}} AS TEXT), {SPACES}) = {{1}}",
        "duckdb": f"trim(CAST({{0}} AS VARCHAR), {SPACES}) = {{1}}",
        "mysql": f"CAST({STRIPPED_MYSQL} AS BINARY) = UNHEX({{2}})",
        # a statement must not hold a sign for which the database's encoding has no character
        "postgresql": f"convert_to(btrim(CAST({{0}} AS text), {SPACES}), 'UTF8') = decode({{2}}, 'hex')",
    },
}


compiles_by(_TEMPLATES)
