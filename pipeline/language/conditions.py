"""Conditions in words: 'once held', 'if the source is web or fair'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import singledispatch
from typing import Any, Final

from pipeline.language.format import day_text, plain_decimal
from pipeline.language.labels import column_label
from pipeline.language.languages import Language
from pipeline.language.marked import marked
from pipeline.model import conditions
from pipeline.model.conditions import Condition

_STATES: Final[Mapping[str, str]] = {
    "planned": marked("planned"),
    "held": marked("held"),
    "not held": marked("not held"),
    "open": marked("open"),
    "won": marked("won"),
    "lost": marked("lost"),
}


def condition_text(condition: Condition, language: Language) -> str:
    """A condition as the end of a sentence."""
    if condition == conditions.HELD:
        return language.translate("once held")
    if condition == conditions.REACHED:
        return language.translate("once it reached somebody")
    return language.translate("if {clause}", clause=clause(condition, language))


@singledispatch
def clause(condition: Any, language: Language) -> str:
    """A condition as the clause that follows 'if'."""
    raise TypeError(f"no condition: {condition!r}")


@clause.register
def _all(condition: conditions.AllOf, language: Language) -> str:
    parts = [_within(part, language) for part in condition.parts]
    return _chained(parts, language.translate("{one} and {other}"))


@clause.register
def _any(condition: conditions.AnyOf, language: Language) -> str:
    parts = [_within(part, language) for part in condition.parts]
    return _chained(parts, language.translate("{one} or {other}"))


@clause.register
def _not(condition: conditions.Not, language: Language) -> str:
    return language.translate(
        "it is not so that {clause}", clause=_within(condition.part, language)
    )


@clause.register
def _in_state(condition: conditions.InState, language: Language) -> str:
    states = [language.translate(_STATES[state]) for state in condition.states]
    return language.translate("the status is {words}", words=alternatives(states, language))


@clause.register
def _filled(condition: conditions.Filled, language: Language) -> str:
    return _of_column(marked("the {column} is filled in"), condition.column, language)


@clause.register
def _missing(condition: conditions.Missing, language: Language) -> str:
    return _of_column(marked("the {column} is missing"), condition.column, language)


@clause.register
def _says(condition: conditions.Says, language: Language) -> str:
    if condition.yes:
        return _of_column(marked("“{column}” is yes"), condition.column, language)
    return _of_column(marked("“{column}” is no"), condition.column, language)


@clause.register
def _among(condition: conditions.Among, language: Language) -> str:
    words = alternatives(condition.words, language)
    return _of_column(
        marked("the {column} is {words}"), condition.column, language, words=words
    )


@clause.register
def _matches(condition: conditions.Matches, language: Language) -> str:
    return _of_column(
        marked("the {column} is written as {pattern}"),
        condition.column,
        language,
        pattern=condition.pattern,
    )


@clause.register
def _between(condition: conditions.Between, language: Language) -> str:
    low, high = (bound_text(bound, language) for bound in (condition.low, condition.high))
    if condition.high is None:
        return _of_column(
            marked("the {column} is {low} or more"), condition.column, language, low=low
        )
    if condition.low is None:
        return _of_column(
            marked("the {column} is {high} or less"), condition.column, language, high=high
        )
    return _of_column(
        marked("the {column} is between {low} and {high}"),
        condition.column,
        language,
        low=low,
        high=high,
    )


@clause.register
def _older(condition: conditions.OlderThan, language: Language) -> str:
    return _of_column(
        marked("the {column} is more than {days} days ago"),
        condition.column,
        language,
        days=condition.days,
    )


@clause.register
def _since(condition: conditions.Since, language: Language) -> str:
    return language.translate(
        "the record is of {day} or later", day=day_text(condition.day, language)
    )


def _of_column(english: str, column: str, language: Language, **places: object) -> str:
    return language.translate(english, column=column_label(column, language), **places)


def bound_text(bound: Decimal | date | None, language: Language) -> str:
    """A bound as people write it; '' where there is none."""
    if isinstance(bound, date):
        return day_text(bound, language)
    return "" if bound is None else plain_decimal(bound, language)


def _within(part: Condition, language: Language) -> str:
    """A part that itself has parts stands in brackets."""
    text = clause(part, language)
    compound = isinstance(part, conditions.AllOf | conditions.AnyOf)
    return f"({text})" if compound else text


def alternatives(words: Iterable[str], language: Language) -> str:
    """'web, fair or other'."""
    return _chained(list(words), language.translate("{one} or {other}"))


def _chained(parts: list[str], template: str) -> str:
    """'a, b or c'. A part may hold braces of its own."""
    *most, last = parts
    if not most:
        return last
    before, between, after = template.replace("{other}", "{one}").split("{one}")
    return f"{before}{', '.join(most)}{between}{last}{after}"
