"""Yes and no, as each database reads them; Python's reading is in `values/flags`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, case, func, null, or_
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import folded, looks_dated
from pipeline.values.flags import NO, NO_DATE, YES


def flag_nothing(entered: ColumnElement[Any]) -> ColumnElement[bool]:
    """Nothing was entered: NULL, white space or a zero date."""
    word = folded(entered)
    return or_(entered.is_(None), word == "", func.substr(word, 1, 5).in_(NO_DATE))


def flag_of(entered: ColumnElement[Any]) -> ColumnElement[Any]:
    """1 or 0; NULL if nothing was entered or it cannot be read."""
    word = folded(entered)
    return case(
        (func.substr(word, 1, 5).in_(NO_DATE), null()),
        (word.in_(YES), 1),
        (word.in_(NO), 0),
        (looks_dated(word), 1),
        else_=null(),
    ).cast(BigInteger)
