"""The verdict on one value: each distinct one is judged once, whoever's records hold it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pipeline.model.judging import Judged, Judgement, Syntax
from pipeline.values.contents import SEVERAL
from pipeline.values.countries import region_of
from pipeline.values.emails import is_email
from pipeline.values.normal_forms import normal_email, normal_text
from pipeline.values.phones import PhoneVerdict, judge_phone
from pipeline.values.placeholders import DEFAULT_WORDS, Fillers
from pipeline.values.white_space import WHITE_SPACE


class Opinion(NamedTuple):
    """The verdict on a value, and the form in which duplicates of it are the same text."""

    verdict: Judged
    form: str | None = None


@dataclass(frozen=True, slots=True)
class JudgingContext:
    """Everything a verdict depends on besides the value and the demand."""

    region: str | None = None  # of phone numbers whose record names no country
    empty: frozenset[str] = frozenset()  # the words that count as nothing
    errors: frozenset[str] = frozenset()  # the words that a spreadsheet writes for a value


_PHONES: Final = {
    PhoneVerdict.GOOD: Judged.GOOD,
    PhoneVerdict.HINT: Judged.HINT,
    PhoneVerdict.NOT_JUDGED: Judged.NOT_JUDGED,
    PhoneVerdict.INVALID: Judged.INVALID,
}
_OF_VALIDITY: Final = (Judged.HINT, Judged.NOT_JUDGED)
"""What only a demand for valid values has to say."""


class Judge:
    """Judges the values of a demand's columns of one syntax."""

    def __init__(self, judgement: Judgement, syntax: Syntax, context: JudgingContext) -> None:
        self.asks = judgement.asks
        self.syntax = syntax
        self.context = context
        self.fillers = Fillers(DEFAULT_WORDS if judgement.words is None else judgement.words)
        self._form = self._forms[syntax]

    def __call__(self, value: str, beside: str) -> Opinion:
        """The opinion on a value. `beside` is what it is judged by: of a name the person's other
        name, of a phone number its countries with U+001F between them.
        """
        stated = value.strip(WHITE_SPACE)
        if not stated or stated in self.context.empty:
            return Opinion(Judged.MISSING)
        if stated in self.context.errors:
            return Opinion(Judged.UNREADABLE)
        if self._is_filler(value, beside):
            return Opinion(self._asked(Judged.PLACEHOLDER))
        verdict, form = self._form(self, value, beside)
        return Opinion(self._asked(verdict), form)

    def _asked(self, verdict: Judged) -> Judged:
        """The verdict, where the demand asks for it; else the value is good enough."""
        asked = Judged.INVALID if verdict in _OF_VALIDITY else verdict
        return verdict if asked in self.asks else Judged.GOOD

    def _is_filler(self, value: str, beside: str) -> bool:
        match self.syntax:
            case Syntax.PHONE:
                return self.fillers.has_phone(value)
            case Syntax.NAME:
                return self.fillers.has_name(value, beside)
            case _:
                return self.fillers.has_text(value)

    def _phone(self, value: str, beside: str) -> Opinion:
        regions = filter(None, map(region_of, beside.split(SEVERAL)))
        phone = judge_phone(value, next(regions, self.context.region))
        return Opinion(_PHONES[phone.verdict], phone.number)

    def _email(self, value: str, _beside: str) -> Opinion:
        if is_email(value):
            return Opinion(Judged.GOOD, normal_email(value))
        return Opinion(Judged.INVALID)

    def _text(self, value: str, _beside: str) -> Opinion:
        return Opinion(Judged.GOOD, normal_text(value))

    _forms: Final[dict[Syntax, Callable[[Judge, str, str], Opinion]]] = {
        Syntax.PHONE: _phone,
        Syntax.EMAIL: _email,
        Syntax.TEXT: _text,
        Syntax.NAME: _text,
    }


@dataclass(frozen=True, slots=True)
class Batch:
    """Distinct values of a demand's columns, as columns of a table."""

    judgement: Judgement
    context: JudgingContext
    syntaxes: Sequence[str]
    values: Sequence[str]
    besides: Sequence[str]


def opinions_on(batch: Batch) -> list[Opinion]:
    """The opinion on each value of a batch: a worker's task."""
    judges = {
        column.syntax: Judge(batch.judgement, column.syntax, batch.context)
        for column in batch.judgement.columns
    }
    values = zip(batch.syntaxes, batch.values, batch.besides, strict=True)
    return [judges[Syntax(syntax)](value, beside) for syntax, value, beside in values]
