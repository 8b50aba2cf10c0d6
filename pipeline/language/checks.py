"""Checks and judgements in words: 'it must be web or fair', 'it must be no filler value'."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from pipeline.language.conditions import alternatives, bound_text
from pipeline.language.languages import Language
from pipeline.model import checks
from pipeline.model.judging import Judged, Judgement, Reach, Syntax


@singledispatch
def check_text(check: Any, language: Language) -> str:
    """What a check asks of a value, as a sentence without its end."""
    raise TypeError(f"no check: {check!r}")


@check_text.register
def _one_of(check: checks.OneOf, language: Language) -> str:
    return language.translate("it must be {words}", words=alternatives(check.words, language))


@check_text.register
def _pattern(check: checks.Pattern, language: Language) -> str:
    return language.translate("it must be written as {pattern}", pattern=check.pattern)


@check_text.register
def _within(check: checks.Within, language: Language) -> str:
    low, high = bound_text(check.low, language), bound_text(check.high, language)
    if check.high is None:
        return language.translate("it must be {low} or more", low=low)
    if check.low is None:
        return language.translate("it must be {high} or less", high=high)
    return language.translate("it must be between {low} and {high}", low=low, high=high)


@check_text.register
def _dated(check: checks.Dated, language: Language) -> str:
    if check.lies == "past":
        return language.translate("it must be today or earlier")
    return language.translate("it must be today or later")


@check_text.register
def _recent(check: checks.Recent, language: Language) -> str:
    return language.translate_plural(
        "it must lie at most {months} month back",
        "it must lie at most {months} months back",
        check.months,
        months=check.months,
    )


def _fillers(judgement: Judgement, language: Language) -> str:
    """An audit's own words take the place of ours, which nobody needs to read."""
    if judgement.words is None:
        return language.translate("it must be no filler value")
    return language.translate(
        "it must be no filler value, such as {words}",
        words=alternatives(judgement.words, language),
    )


def judgement_texts(judgement: Judgement, language: Language) -> Iterator[str]:
    """What Python judges of a value, each as a sentence without its end."""
    syntaxes = {column.syntax for column in judgement.columns}
    if Judged.INVALID in judgement.asks:
        if Syntax.PHONE in syntaxes:
            yield language.translate(
                "a phone number must be possible in the record's country, or else in the audit's region"
            )
        if Syntax.EMAIL in syntaxes:
            yield language.translate("an e-mail address must be valid")
    if Judged.PLACEHOLDER in judgement.asks:
        yield _fillers(judgement, language)
    if Judged.DUPLICATE in judgement.asks:
        if judgement.reach is Reach.OWNER:
            yield language.translate("no two records of one owner may share it")
        else:
            yield language.translate("no two records may share it")
