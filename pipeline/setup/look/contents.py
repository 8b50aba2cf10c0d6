"""The contents of an undescribed database's tables: kinds of values, keys and references."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, column, func, inspect, select, table

from pipeline.setup.look.markup import Markup, markup_in
from pipeline.setup.look.vocabulary import COLUMNS, EMPTY, TABLES
from pipeline.source.names import described
from pipeline.values.flags import NO, YES

_SAMPLE: Final = 400
_MOST_WORDS: Final = 20
_MOST_TIMES: Final = 5_000
_HOURS_SHOWN: Final = 3

SAFE: Final = re.compile(r"[^\W\d][\w $€#.()/-]{0,62}")
"""Names that any database accepts in quotes."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A column's contents, as far as a sample shows them."""

    name: str
    what: str  # 'id', 'email', 'phone', 'instant', 'day', 'number', 'flag', 'word' or 'text'
    filled: int
    distinct: int
    odd_instants: int  # texts that are not written as we read an instant
    odd_days: int  # texts that are not written as we read a day
    odd_amounts: int  # texts that are no plain number
    whole: bool  # numbers without decimals
    markup: Markup | None = None  # HTML or JSON that people do not see as such
    # whether the database's own datetimes name their zone; None for other types
    zoned: bool | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A table and what a look into it showed."""

    name: str
    rows: int
    key: str | None
    columns: tuple[Contents, ...]
    refers: Mapping[str, str]  # declared foreign keys: column -> table
    names: tuple[
        str, ...
    ] = ()  # columns of a name that no two rows share: others may refer to the table by it
    odd_names: tuple[str, ...] = ()  # of columns, which cannot stand in a preset


def plain(name: str) -> str:
    """'tblKlant_Personen' -> 'klant personen': lower-case words, no accents, no prefixes."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(
        r"^(tbl|tabel|table|crm|t|vw|dbo|export) ",
        "",
        re.sub(r"^tbl(?=\w)", "tbl ", " ".join(re.findall(r"[a-z0-9]+", text))),
    )


def entity_of(name: str) -> str | None:
    """The entity that a table of this name may hold."""
    words = plain(name)
    return next(
        (entity for entity, pattern in TABLES.items() if re.match(rf"({pattern})", words)), None
    )


def _duckdb(connection: Connection) -> bool:
    return connection.dialect.name in ("duckdb", "files")


def look(connection: Connection, name: str) -> Looked:
    """Counts a table's rows, and looks at a sample of them."""
    source = table(name)
    all_names = list(described(connection, name))
    names = [own for own in all_names if SAFE.fullmatch(own)]
    odd = tuple(own for own in all_names if own not in names)
    if not names:
        return Looked(name, 0, None, (), {}, odd_names=odd)
    rows = int(connection.scalar(select(func.count()).select_from(source)) or 0)
    wanted: list[ColumnElement[Any]] = [column(own) for own in names]
    taken = connection.execute(select(*wanted).select_from(source).limit(_SAMPLE)).all()
    contents = tuple(
        _contents(own, [row[place] for row in taken]) for place, own in enumerate(names)
    )
    keyed = (
        []
        if _duckdb(connection)
        else inspect(connection).get_pk_constraint(name)["constrained_columns"]
    )
    declared = [own for own in keyed if own in names]
    unique = [
        contents_of.name
        for contents_of in contents
        if 0 < len(taken) == contents_of.distinct
        and _differs(connection, name, contents_of, rows)
    ]
    shared = tuple(own for own in unique if _names_it(name, own)) or _in_two_parts(
        connection, name, names, rows
    )
    key = (
        declared[0]
        if len(declared) == 1
        else next((own for own in unique if _is_key(name, own)), None)
    )
    refers = {
        str(reference["constrained_columns"][0]): str(reference["referred_table"])
        for reference in (
            [] if _duckdb(connection) else inspect(connection).get_foreign_keys(name)
        )
        if len(reference["constrained_columns"]) == 1
    }
    return Looked(name, rows, key or next(iter(shared), None), contents, refers, shared, odd)


GLUE: Final = " + "
"""Joins first and last name in a key made of both; no column's name contains it."""


def key_column(key: str) -> ColumnElement[Any]:
    """A key as SQL: a column, or first and last name joined with a blank."""
    first, glue, last = key.partition(GLUE)
    if not glue:
        return column(key)
    parts: list[ColumnElement[str]] = [
        func.coalesce(column(part, String), "") for part in (first, last)
    ]
    return func.trim(parts[0] + " " + parts[1])


def _in_two_parts(
    connection: Connection, name: str, names: Sequence[str], rows: int
) -> tuple[str, ...]:
    """First and last name as a key, if no two people share both."""
    if entity_of(name) != "user" or not rows:
        return ()
    parts = [
        next((own for own in names if re.fullmatch(COLUMNS["user"][part], plain(own))), None)
        for part in ("first_name", "last_name")
    ]
    if None in parts:
        return ()
    key = GLUE.join(map(str, parts))
    different = connection.scalar(
        select(func.count(key_column(key).distinct())).select_from(table(name))
    )
    return (key,) if different == rows else ()


def hours_of(connection: Connection, name: str, own: str) -> list[int]:
    """The most frequent hours in a column of times, most frequent first."""
    wanted: ColumnElement[Any] = column(own)
    values = connection.execute(
        select(wanted).select_from(table(name)).limit(_MOST_TIMES)
    ).scalars()
    times = (re.match(r"\d{4}-\d\d-\d\d[ T](\d\d):", str(value)) for value in values)
    return [
        int(hour)
        for hour, _ in Counter(time[1] for time in times if time).most_common(_HOURS_SHOWN)
    ]


def _differs(connection: Connection, name: str, contents: Contents, rows: int) -> bool:
    """Whether a possible key is unique over the whole table, not only in the sample."""
    if not (_is_key(name, contents.name) or _names_it(name, contents.name)):
        return False
    return (
        int(
            connection.scalar(
                select(func.count(column(contents.name).distinct())).select_from(table(name))
            )
            or 0
        )
        == rows
    )


def _is_key(name: str, own: str) -> bool:
    """Whether a column is named like a key of this table."""
    if entity_of(name) == "meeting_contact":
        return False  # such a column is a reference there
    called = re.fullmatch(r"(.*?) ?(id|nr|nummer|code|key|guid|uuid)", plain(own))
    return called is not None and (
        called[1] == "record" or plain(name).startswith(called[1][:4])
    )


def _names_it(name: str, own: str) -> bool:
    """Whether the column holds the names of users or clients."""
    entity = entity_of(name)
    return entity in ("user", "client") and bool(
        re.fullmatch(COLUMNS[entity]["name"], plain(own))
    )


def _contents(name: str, values: Sequence[Any]) -> Contents:
    filled = [value for value in values if value is not None and str(value).strip()]
    texts = [_shown(value) for value in filled]
    telling = [place for place, text in enumerate(texts) if text.strip().lower() not in EMPTY]
    what = _what([filled[place] for place in telling], [texts[place] for place in telling])
    odd = [
        sum(
            isinstance(filled[place], str) and not re.fullmatch(strict, filled[place].strip())
            for place in telling
        )
        for strict in (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", r"\d{4}-\d\d-\d\d", r"-?\d+(\.\d+)?")
    ]
    whole = bool(texts) and all(re.fullmatch(r"-?\d+(\.0+)?", text.strip()) for text in texts)
    markup = (
        markup_in([texts[place] for place in telling]) if what in ("text", "word") else None
    )
    zones = [value.tzinfo is not None for value in filled if isinstance(value, datetime)]
    zoned = all(zones) if zones else None
    return Contents(
        name, what, len(filled), len(set(texts)), odd[0], odd[1], odd[2], whole, markup, zoned
    )


def _shown(value: Any) -> str:
    """The value as text; a BIT arrives as a byte and becomes its number."""
    if isinstance(value, dict | list):  # PostgreSQL's JSON
        return json.dumps(value)
    if value in (b"\x00", b"\x01"):
        return str(value[0])
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


_DAY: Final = r"\d{4}[-/.]\d\d?[-/.]\d\d?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)|\d{1,2}[- ][A-Z][a-z]{2,8}[- ]\d{4}"
_SHAPES: Final = (
    ("email", r"[^@\s]+@[^@\s]+\.\w+"),
    ("instant", rf"(?:{_DAY})(?:,? |T)\d\d?:\d\d.*"),
    ("day", _DAY),
    ("flag", f"(?i:{'|'.join(map(re.escape, (*NO, *YES)))})"),
    (
        "number",
        r"-?\d{1,14}(\.\d+)?|-?(?:[€$£]|[A-Z]{3})? ?-?\d{1,3}(?:[., '\u00a0]?\d{3})*(?:[.,]\d+)? ?(?:[€$£]|[A-Z]{3})?",
    ),
    ("phone", r"\+?[\d\s()/.-]{7,20}"),
)


def _what(values: Sequence[Any], texts: Sequence[str]) -> str:
    """The kind of at least 80 % of the texts."""
    for what, shape in _SHAPES:
        if texts and sum(
            bool(re.fullmatch(shape, text.strip())) for text in texts
        ) >= 0.8 * len(texts):
            return "phone" if what == "number" and _dialled(values, texts) else what
    short = max(map(len, texts), default=0) <= 40
    return (
        "word"
        if texts and short and len(set(texts)) <= min(_MOST_WORDS, max(3, len(texts) // 2))
        else "text"
    )


def _dialled(values: Sequence[Any], texts: Sequence[str]) -> bool:
    return all(isinstance(value, str) for value in values) and all(
        text.strip()[0] == "0" for text in texts
    )
