"""The few expressions that no two engines write alike: what each of them means.

How each database writes them is in `pipeline/databases/sql/`, a file each. Each was tried against
Python on the same values (tests/databases/test_sql.py), so that one definition holds everywhere.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Boolean, Date, Dialect, Text, and_
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

_T = TypeVar("_T")


class Construct(FunctionElement[_T]):
    """An expression that each database writes in its own way."""


class Piece(Construct[_T]):
    """One of which others are composed, on databases that have no function for these."""


def same_id(key: ColumnElement[Any], reference: ColumnElement[Any]) -> ColumnElement[bool]:
    """The reference names this key: found by the key's index, and equal to the letter."""
    return and_(key == reference, same_bytes(key, reference))


def one_of_words(column: ColumnElement[Any], words: Collection[str]) -> ColumnElement[bool]:
    """The column holds exactly one of these words: a set and no chain of ORs,
    for they may be thousands.
    """
    return letters(column).in_(words)


# ---------------------------------------------------------- texts and ids, moments and amounts


class blank(Construct[bool]):
    """blank(text): NULL, empty or nothing but white space."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class letters(Construct[str]):
    """letters(column): the text, to be compared with words code point by code
    point, whatever its collation.
    """

    type: TypeEngine[str] = Text()
    inherit_cache = True


class _Utf8(TypeDecorator[str]):
    """Text that a database hands out as bytes."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


class same_bytes(Construct[bool]):
    """same_bytes(one, other): equal to the letter, trailing blanks and case included."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class exact_text(Construct[str]):
    """exact_text(column): the text, compared and grouped code point by code point."""

    type: TypeEngine[str] = _Utf8()
    inherit_cache = True


class derived_key(Construct[str]):
    """derived_key(id): an id of a derived table, and the one that finds it there:
    exact, and fit for an index.

    SQLite makes none where it cannot tell the type of one of the two, or their types differ.
    """

    type: TypeEngine[str] = _Utf8()
    inherit_cache = True


class micros(Construct[int]):
    """micros(instant): microseconds since 1970 in UTC; NULL where the
    database cannot read it.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class day_of(Construct[Any]):
    """day_of(day): the calendar day; NULL where it is none (a zero date, 30 February)."""

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
    """minor_units(amount, factor): amount times factor, exactly; NULL where
    that is no whole number.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class single_amount(Construct[Any]):
    """single_amount(amount): a number of single precision as the decimal of its six digits.

    Where these are not the same number, what was entered is lost: then it is finer than any
    currency is, and so unreadable.
    """

    # whatever is a type of numbers might round on its way out
    type: TypeEngine[Any] = NullType()
    inherit_cache = True


class empty_word(Construct[bool]):
    """empty_word(column, word): the word and nothing else, white space around it aside,
    code point for code point.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


# ---------------------------------------------------------- texts that are written in a format


class as_text(Construct[str]):
    """as_text(column): the text, code point for code point; of bytes that say something
    U+FFFD, which nothing reads.
    """

    type: TypeEngine[str] = Text()
    inherit_cache = True


class stripped(Construct[str]):
    """stripped(column): as_text without the white space around it."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class written_day(Construct[Any]):
    """written_day(text, format): the day that the format would write exactly so, else NULL."""

    type: TypeEngine[Any] = Date()
    inherit_cache = False  # of what stands in the format, statements are made


class written_micros(Construct[int]):
    """written_micros(text, format): microseconds, as if it was in UTC, of the moment
    written exactly so; else NULL.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = False


class written_instant(Construct[int]):
    """written_instant(text, format): microseconds of the instant that a format with an
    offset writes so; else NULL.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = False


class written_local_day(Construct[Any]):
    """written_local_day(text, format, bounds, offsets, zone): the zone's day at the
    instant written so; else NULL.

    Bounds are the instants at which the zone's offset changes, ascending;
    offsets have the other sign.
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
    """plain_number(text, pattern, thousands, decimal, signs): an amount
    as '-1234.5', else NULL.
    """

    type: TypeEngine[str] = Text()
    inherit_cache = False


class decimal_units(Construct[int]):
    """decimal_units(number, digits): minor units of a plain number's
    text, exactly; else NULL.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


class matches(Piece[bool]):
    """matches(text, pattern): the whole text is of this pattern."""

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
    """iso_day(text): the day of 'YYYY-MM-DD', if the calendar has it."""

    type: TypeEngine[Any] = Date()
    inherit_cache = True


class iso_micros(Piece[int]):
    """iso_micros(text): the microseconds of 'YYYY-MM-DD HH:MM:SS.ffffff', if
    calendar and clock have it.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True


# ---------------------------------------------------------------------------- what nobody sees


class unseen_html(Construct[bool]):
    """unseen_html(text, tag, entity): nothing but white space is left without tags and
    entities of white space.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class unseen_json(Construct[bool]):
    """unseen_json(text, filled, escape, keys): JSON in which the pattern
    of a value is not found.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = False  # of the patterns, statements are made


class empty_parts(Construct[bool]):
    """empty_parts(text, words): several values, each blank or one of the words, which
    have line breaks between.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = False


# ------------------------------------------------------------------------ currencies and flags


class raised(Construct[str]):
    """raised(column): its text without white space around it, its ASCII letters as capitals."""

    type: TypeEngine[str] = Text()
    inherit_cache = True


class is_sign(Construct[bool]):
    """is_sign(column, sign, hex): the sign and nothing else, white space around it aside;
    hex is that of its UTF-8.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class folded(Construct[str]):
    """folded(column): its text without white space around it, its ASCII
    capitals as small letters.
    """

    type: TypeEngine[str] = Text()
    inherit_cache = True


class looks_dated(Construct[bool]):
    """looks_dated(text): it begins as a date does, and goes on as a time of day may."""

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


# -------------------------------------------------------------------------------- fingerprints


class text_mark(Construct[int]):
    """text_mark(id, text): the first 32 bits of MD5 (id, U+001F, text) in UTF-8;
    NULL without text or UTF-8.
    """

    type: TypeEngine[int] = BigInteger()
    inherit_cache = True
