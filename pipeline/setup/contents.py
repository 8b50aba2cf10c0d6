"""What stands in the tables of a database that nobody described: kinds of values, keys and references."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, column, func, inspect, select, table

from pipeline.setup.vocabulary import TABLES

_SAMPLE: Final = 400
_MOST_WORDS: Final = 20

SAFE: Final = re.compile(r"[^\W\d][\w $#.()/-]{0,62}")
"""Names that can stand in SQL between quotes whatever reads it."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a column, as far as a sample shows."""

    name: str
    what: str  # 'id', 'email', 'phone', 'instant', 'day', 'number', 'flag', 'word' or 'text'
    filled: int
    distinct: int
    odd_instants: int  # texts that are not written as we read an instant
    odd_days: int  # texts that are not written as we read a day
    whole: bool  # numbers without decimals


@dataclass(frozen=True, slots=True)
class Looked:
    """A table that was looked into."""

    name: str
    rows: int
    key: str | None
    columns: tuple[Contents, ...]
    refers: Mapping[str, str]  # declared foreign keys: column -> table


def plain(name: str) -> str:
    """'tblKlant_Personen' -> 'klant personen': words in small letters without accents and prefixes."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(
        r"^(tbl|tabel|table|crm|t|vw|dbo) ", "", re.sub(r"^tbl(?=\w)", "tbl ", " ".join(re.findall(r"[a-z0-9]+", text)))
    )


def entity_of(name: str) -> str | None:
    """The entity of ours that a table so called may hold."""
    words = plain(name)
    return next((entity for entity, pattern in TABLES.items() if re.match(rf"({pattern})", words)), None)


def look(connection: Connection, name: str) -> Looked:
    """Counts a table's rows, and looks at a sample of them."""
    inspector, source = inspect(connection), table(name)
    described = [one for one in inspector.get_columns(name) if SAFE.fullmatch(str(one["name"]))]
    names = [str(one["name"]) for one in described]
    if not names:
        return Looked(name, 0, None, (), {})
    rows = int(connection.scalar(select(func.count()).select_from(source)) or 0)
    wanted: list[ColumnElement[Any]] = [column(one) for one in names]
    taken = connection.execute(select(*wanted).select_from(source).limit(_SAMPLE)).all()
    contents = tuple(_contents(one, [row[place] for row in taken]) for place, one in enumerate(names))
    declared = [one for one in inspector.get_pk_constraint(name)["constrained_columns"] if one in names]
    key = declared[0] if len(declared) == 1 else _key_of(name, contents, len(taken))
    refers = {
        str(one["constrained_columns"][0]): str(one["referred_table"])
        for one in inspector.get_foreign_keys(name)
        if len(one["constrained_columns"]) == 1
    }
    return Looked(name, rows, key, contents, refers)


def _key_of(name: str, contents: Sequence[Contents], rows: int) -> str | None:
    """An undeclared key: different in every row, and called so, or after the table."""
    if entity_of(name) == "meeting_contact":
        return None  # what looks like one there is a reference
    for one in contents:
        called = re.fullmatch(r"(.*?) ?(id|nr|nummer|code|key|guid|uuid)", plain(one.name))
        if called and 0 < rows == one.distinct and plain(name).startswith(called[1][:4]):
            return one.name
    return None


def _contents(name: str, values: Sequence[Any]) -> Contents:
    given = [value for value in values if value is not None and str(value).strip()]
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in given]
    what = _what(given, texts)
    odd = [
        sum(isinstance(value, str) and not re.fullmatch(strict, value.strip()) for value in given)
        for strict in (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", r"\d{4}-\d\d-\d\d")
    ]
    whole = bool(texts) and all(re.fullmatch(r"-?\d+(\.0+)?", text.strip()) for text in texts)
    return Contents(name, what, len(given), len(set(texts)), odd[0], odd[1], whole)


_SHAPES: Final = (
    ("email", r"[^@\s]+@[^@\s]+\.\w+"),
    ("instant", r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{4} \d\d?:\d\d.*"),
    ("day", r"\d{4}-\d\d-\d\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"),
    ("flag", r"[01]|True|False"),
    ("number", r"-?\d{1,14}(\.\d+)?"),
    ("phone", r"\+?[\d\s()/.-]{7,20}"),
)


def _what(given: Sequence[Any], texts: Sequence[str]) -> str:
    """The kind of nearly all that stands there."""
    for what, shape in _SHAPES:
        if texts and sum(bool(re.fullmatch(shape, text.strip())) for text in texts) >= 0.8 * len(texts):
            return "phone" if what == "number" and _dialled(given, texts) else what
    short = max(map(len, texts), default=0) <= 40
    return "word" if texts and short and len(set(texts)) <= min(_MOST_WORDS, max(3, len(texts) // 2)) else "text"


def _dialled(given: Sequence[Any], texts: Sequence[str]) -> bool:
    return all(isinstance(value, str) for value in given) and all(text.strip()[0] == "0" for text in texts)
