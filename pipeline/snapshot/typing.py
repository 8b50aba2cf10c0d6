"""Converts rows to typed columns: exact money, instants, calendar days, and text as it is.

A column beside each marks what cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import pyarrow as pa

from pipeline.formats import ReadingRules
from pipeline.formats.currencies import read_currency
from pipeline.model import ASSUMED, READ, Kind
from pipeline.values.flags import read_flag
from pipeline.values.money import LARGEST_AMOUNT, digits_of, to_minor
from pipeline.values.texts import UNREADABLE, minor_units, plain_decimal, text_of
from pipeline.values.white_space import WHITE_SPACE

DELIVERED: Final = "_delivered"
"""Suffix of the column that keeps a declared empty word, beside its fingerprinted one."""

_TYPES: Final[Mapping[Kind, pa.DataType]] = {
    Kind.TEXT: pa.string(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.MONEY: pa.int64(),
    Kind.CURRENCY: pa.string(),
    Kind.FLAG: pa.int8(),
}
_INSTANT_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\d (?:[01]\d|2[0-3]):\d\d:\d\d", re.ASCII)
_DAY_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def arrow_schema(kinds: Mapping[str, Kind], judged: Iterable[str]) -> pa.Schema:
    fields = [
        pa.field(name, _TYPES[kinds[name]])
        if name in kinds
        else pa.field(name, pa.int8(), nullable=False)
        for name in stored_columns(kinds)
    ]
    return pa.schema(
        [*fields, *(pa.field(f"{name}{DELIVERED}", pa.string()) for name in judged)]
    )


def typed_table(
    entity: str,
    kinds: Mapping[str, Kind],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    rules: ReadingRules,
    judged: Sequence[str],
    *,
    minor: bool,
) -> pa.Table:
    cells: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(columns)
    entered = {
        name: _kept(entity, name, values, rules)
        for name, values in zip(columns, cells, strict=True)
    }
    codes = _codes(entered.get("currency"), len(rows), rules)
    typed: dict[str, list[Any]] = {}
    for name, kind in kinds.items():
        values = entered.get(name, (ASSUMED.get(name),) * len(rows))
        if kind is Kind.MONEY:
            by_text = rules.money if rules.formats else None
            pairs = zip(
                values, (None if code is UNREADABLE else code for code in codes), strict=True
            )
            read = [
                by_text(value, currency)
                if by_text and isinstance(value, str)
                else typed_money(value, currency, minor)
                for value, currency in pairs
            ]
        else:
            read = codes if kind is Kind.CURRENCY else [*map(_reader(kind, rules), values)]
        typed[name] = [None if value is UNREADABLE else value for value in read]
        if kind in READ:
            typed[f"{name}_unreadable"] = [int(value is UNREADABLE) for value in read]
    for name in judged:
        delivered = cells[columns.index(name)] if name in columns else (None,) * len(rows)
        typed[f"{name}{DELIVERED}"] = [
            text_or_nothing(text) if kept is None else None
            for text, kept in zip(delivered, typed[name], strict=True)
        ]
    return pa.table(typed, schema=arrow_schema(kinds, judged))


def _codes(values: Sequence[Any] | None, rows: int, rules: ReadingRules) -> list[Any]:
    """The currency of each row; the audit's if the CRM has no such column."""
    if values is None:
        return [rules.currency or None] * rows
    read = {value: read_currency(value, rules.signs, rules.currency) for value in set(values)}
    return [read[value] for value in values]


def _reader(kind: Kind, rules: ReadingRules) -> Callable[[Any], Any]:
    """The function that reads values of a kind: text by declared formats, typed ones as is."""
    if kind not in (Kind.DAY, Kind.INSTANT):
        return read_flag if kind is Kind.FLAG else text_or_nothing
    own, by_text = (
        (typed_day, rules.day) if kind is Kind.DAY else (typed_instant, rules.instant)
    )
    if rules.formats is None:
        return lambda value: own(value, rules)
    return lambda value: by_text(value) if isinstance(value, str) else own(value, rules)


def _kept(entity: str, name: str, values: Sequence[Any], rules: ReadingRules) -> Sequence[Any]:
    """The values, with None for declared empty words and invisible contents.

    Ids are kept whatever they are, and a number is not a word.
    """
    if name == "id":
        return values
    if rules.empty:
        values = [None if rules.is_empty(value) else value for value in values]
    if content := rules.contents.get(f"{entity}.{name}"):
        values = [
            None
            if isinstance(text := text_of(value), str) and content.is_unseen(text)
            else value
            for value in values
        ]
    return values


def text_or_nothing(value: Any) -> str | None:
    return None if value is None else str(text_of(value))


def is_nothing(value: Any) -> bool:
    """Nothing was entered: NULL, white space or a zero date."""
    if value is None:
        return True
    zero = isinstance(value, str) and value[:10] == "0000-00-00"
    return zero or (isinstance(text := text_of(value), str) and not text.strip(WHITE_SPACE))


_IN_UTC: Final = ReadingRules()


def typed_instant(value: Any, rules: ReadingRules = _IN_UTC) -> Any:
    """An instant in UTC; a text must look like 'YYYY-MM-DD HH:MM:SS'."""
    if is_nothing(value):
        return None
    if isinstance(value, datetime):
        return rules.own_instant(value)
    try:
        return (
            rules.own_instant(datetime.fromisoformat(value))
            if _INSTANT_TEXT.fullmatch(value)
            else UNREADABLE
        )
    except (ValueError, TypeError):
        return UNREADABLE


def typed_day(value: Any, rules: ReadingRules = _IN_UTC) -> Any:
    if is_nothing(value):
        return None
    if isinstance(value, datetime):
        return rules.own_day(value)
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if _DAY_TEXT.fullmatch(value) else UNREADABLE
    except (ValueError, TypeError):
        return UNREADABLE


def typed_money(value: Any, currency: str | None, minor: bool) -> Any:
    """An amount in minor units; a text must look like '-1234.5', a float uses its shortest."""
    if value is None or (
        isinstance(text := text_of(value), str) and not text.strip(WHITE_SPACE)
    ):
        return None
    if not currency or not currency.strip(WHITE_SPACE):
        return UNREADABLE
    if minor:
        units = value if isinstance(value, int) else None
    elif isinstance(value, str):
        units = minor_units(plain_decimal(value), digits_of(currency))
    else:
        try:
            units = to_minor(Decimal(str(value)), currency)
        except InvalidOperation:
            return UNREADABLE
    return units if units is not None and abs(units) < LARGEST_AMOUNT else UNREADABLE


def stored_columns(kinds: Mapping[str, Kind]) -> Iterator[str]:
    for name, kind in kinds.items():
        yield name
        if kind in READ:
            yield f"{name}_unreadable"
