"""The few expressions that no two engines write alike, and what each means.

`pipeline/databases/sql/` has one file per database that writes them. Each is tested against
Python on the same values (tests/databases/test_sql.py), so one definition holds everywhere.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Boolean, Date, Dialect, Text, and_, false, literal, or_
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from pipeline.values.contents import SEVERAL

_T = TypeVar("_T")


class Construct(FunctionElement[_T]):
    """An expression that each database writes in its own way."""


class Piece(Construct[_T]):
    """A building block for other constructs, on databases that lack a function for them."""


def same_id(key: ColumnElement[Any], reference: ColumnElement[Any]) -> ColumnElement[bool]:
    """The reference equals this key exactly; the first comparison can use the key's index."""
    return and_(key == reference, same_bytes(key, reference))


def one_of_words(column: ColumnElement[Any], words: Collection[str]) -> ColumnElement[bool]:
    """The column equals one of these words; IN, not ORs, because there may be thousands."""
    return letters(column).in_(words)


def one_value_of_words(
    column: ColumnElement[Any], words: Collection[str]
) -> ColumnElement[bool]:
    """The column, or one of several values in it, equals one of these words."""
    if not words:
        return false()
    joined = literal(SEVERAL.join(words))
    return or_(one_of_words(column, words), has_word(column, joined))


# ---------------------------------------------------------- texts and ids, moments and amounts


class blank(Construct[bool]):
    """blank(text): NULL, empty or nothing but white space."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class letters(Construct[str]):
    """letters(column): the text, compared with words by code point, ignoring collation."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class _Utf8(TypeDecorator[str]):
    """Text that a database returns as bytes."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


class same_bytes(Construct[bool]):
    """same_bytes(left, right): exactly equal, including trailing blanks and case."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class exact_text(Construct[str]):
    """exact_text(column): the text, compared and grouped code point by code point."""

    type: TypeEngine[str] = _Utf8()
    inherit_cache = True


class derived_key(Construct[str]):
    """derived_key(id): an exact id of a derived table, usable by an automatic index.

    SQLite builds no index if it does not know both types, or if they differ.
    """

    type: TypeEngine[str] = _Utf8()
    inherit_cache = True


class micros(Construct[int]):
    """micros(instant): microseconds since 1970 in UTC; NULL if unreadable."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class day_of(Construct[Any]):
    """day_of(day): the calendar day; NULL if it does not exist (a zero date, 30 February)."""

    type: TypeEngine[Any] = Date()
    inherit_cache = True


class no_date(Construct[bool]):
    """no_date(value): nothing was entered: NULL, blank, or a zero date."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class whole_units(Construct[int]):
    """whole_units(amount): the amount if it is an integer of minor units, else NULL."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class minor_units(Construct[int]):
    """minor_units(amount, factor): exactly amount times factor; NULL unless whole."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class single_amount(Construct[Any]):
    """single_amount(amount): a single-precision number as a decimal of six digits.

    If the two differ, the original amount is lost; the result is then finer than any
    currency, and so unreadable.
    """

    # any numeric type might round on its way out
    type: TypeEngine[Any] = NullType()
    inherit_cache = True


class empty_word(Construct[bool]):
    """empty_word(column, word): exactly the word, apart from surrounding white space."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class has_pattern(Construct[bool]):
    """has_pattern(column, pattern): the whole text matches a pattern of `values/patterns.py`; of
    several values, joined by U+001F, one that is not blank does.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = False  # the pattern is written for each engine


class has_word(Construct[bool]):
    """has_word(column, words): one of several values, joined by U+001F, is one of the words, which
    are joined so too.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = False  # the words are written for each engine


# ---------------------------------------------------------- texts that are written in a format


class as_text(Construct[str]):
    """as_text(column): the text by code point; non-empty bytes become U+FFFD, which is unreadable."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class stripped(Construct[str]):
    """stripped(column): as_text without surrounding white space."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class written_day(Construct[Any]):
    """written_day(text, format): the day that the format writes exactly like this, else NULL."""

    type: TypeEngine[Any] = Date()
    inherit_cache = False  # the format's text shapes the SQL


class written_micros(Construct[int]):
    """written_micros(text, format): the written moment in microseconds, as if in UTC; else NULL."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = False


class written_instant(Construct[int]):
    """written_instant(text, format): the instant in microseconds; the format has an offset."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = False


class written_local_day(Construct[Any]):
    """written_local_day(text, format, bounds, offsets, zone): the zone's day at that instant.

    Bounds are the instants at which the zone's offset changes, ascending; offsets have the
    opposite sign. NULL if the format would not write the text.
    """

    type: TypeEngine[Any] = Date()
    inherit_cache = False


class local_micros(Construct[int]):
    """local_micros(local, bounds, offsets, zone): microseconds of UTC.

    Bounds are the local moments at which the offset changes, ascending.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class plain_number(Construct[str]):
    """plain_number(text, pattern, thousands, decimal, signs): '-1234.5', else NULL."""

    type: TypeEngine[str] = Text()
    inherit_cache = False


class decimal_units(Construct[int]):
    """decimal_units(number, digits): a plain number in minor units, exactly; else NULL."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class matches(Piece[bool]):
    """matches(text, pattern): the whole text matches."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class head(Piece[str]):
    """head(text, n): the text without its last n characters."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class tail(Piece[str]):
    """tail(text, n): its last n characters."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class day_at(Construct[Any]):
    """day_at(micros): the day of a local time in microseconds since 1970."""

    type: TypeEngine[Any] = Date()
    inherit_cache = True


class iso_day(Piece[Any]):
    """iso_day(text): the day of 'YYYY-MM-DD', if it exists."""

    type: TypeEngine[Any] = Date()
    inherit_cache = True


class iso_micros(Piece[int]):
    """iso_micros(text): the microseconds of 'YYYY-MM-DD HH:MM:SS.ffffff', if it exists."""

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


# ---------------------------------------------------------------------------- what nobody sees


class unseen_html(Construct[bool]):
    """unseen_html(text, tag, entity): only tags, white space and its entities."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class unseen_json(Construct[bool]):
    """unseen_json(text, filled, escape, keys): JSON without a filled value."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = False  # the patterns shape the SQL


class empty_parts(Construct[bool]):
    """empty_parts(text, words): several values, each blank or one of the words (one a line)."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = False


# ------------------------------------------------------------------------ currencies and flags


class raised(Construct[str]):
    """raised(column): the stripped text with ASCII letters in upper case."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class is_sign(Construct[bool]):
    """is_sign(column, sign, hex): only the sign; `hex` is its UTF-8."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class folded(Construct[str]):
    """folded(column): the stripped text with ASCII letters in lower case."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class begins_otherwise(Construct[bool]):
    """begins_otherwise(text, letters): its first character is a visible one of ASCII and none of
    these letters. Otherwise, where it is a blank, say, a closer look has to tell.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class looks_dated(Construct[bool]):
    """looks_dated(text): it begins like a date, perhaps with a time of day."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


# -------------------------------------------------------------------------------- fingerprints


class text_mark(Construct[int]):
    """text_mark(id, text): the first 32 bits of MD5 (id, U+001F, text) in UTF-8;
    NULL without text or UTF-8.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True
