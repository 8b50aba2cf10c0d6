"""What changed since the report before: three sentences at most, by a rule that everybody can
check. In this order, as far as both reports tell it: that the rules are others; completeness;
the team whose completeness moved most; complete meetings; the records to complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from operator import itemgetter
from typing import Final

from pipeline.language.languages import Cells
from pipeline.language.marked import marked
from pipeline.measures.completeness import RECORDS_FAILING, SCORE
from pipeline.measures.meetings import COMPLETE_MEETINGS
from pipeline.model import Figure, Measure
from pipeline.reports.content.audience import Line
from pipeline.reports.content.elements import Subject
from pipeline.reports.content.report import Row

_MOST: Final = 3

_SCORE: Final = marked("Completeness was {was} and is {now}.")
_STAYED: Final = marked("Completeness is {now}, as it was.")
_TEAM: Final = marked("Of the teams {team} moved most: it was {was} and is {now}.")
_MEETINGS: Final = marked("Of the held meetings {was} were complete, and {now} are.")
_RECORDS: Final = marked("Records to complete were {was} and are {now}.")


def changed_rows(company: Subject, teams: Iterable[Line]) -> Iterator[Row]:
    """The sentences; none in a first report."""
    if company.result.before is None:
        return
    label = company.language.translate("Since the previous report")
    for sentence in islice(_sentences(company, teams), _MOST):
        yield Row(label, sentence, element="changed")


def _sentences(company: Subject, teams: Iterable[Line]) -> Iterator[Cells]:
    language, history = company.language, company.result.history
    if history is not None and history.rules_changed:
        yield (
            language.translate(
                "The rules for minimum data have changed since then: part of what moved may come from that."
            ),
        )
    yield from _told(company, SCORE, _SCORE, _STAYED)
    yield from _moved_most(company, teams)
    yield from _told(company, COMPLETE_MEETINGS, _MEETINGS)
    yield from _told(company, RECORDS_FAILING, _RECORDS)


def _told(company: Subject, measure: Measure, moved: str, stayed: str = "") -> Iterator[Cells]:
    """What a figure was and is; without a sentence of its own nothing where it stayed."""
    pair = _pair(company, company.find(measure))
    sentence = moved if pair is None or _moved(*pair) else stayed
    if pair is not None and sentence:
        was, now = pair
        told = {"was": was, "now": now} if sentence is moved else {"now": now}
        yield company.language.sentence(sentence, **told)


def _pair(subject: Subject, now: Figure | None) -> tuple[Figure, Figure] | None:
    """A figure as it was and as it is; None where one of them has no value."""
    was = subject.result.was(now) if now is not None and now.denominator != 0 else None
    return (was, now) if was is not None and now is not None else None


def _moved(was: Figure, now: Figure) -> Fraction:
    """By how much a figure moved, up or down."""
    return abs(_value(now) - _value(was))


def _value(figure: Figure) -> Fraction:
    return Fraction(figure.numerator, figure.denominator or 1)


def _moved_most(company: Subject, teams: Iterable[Line]) -> Iterator[Cells]:
    """The team whose completeness moved by most percentage points; one team alone is none."""
    pairs = [(name, _pair(team, team.find(SCORE))) for name, team in teams]
    told = [(_moved(*pair), name, *pair) for name, pair in pairs if pair is not None]
    by, name, was, now = max(told, key=itemgetter(0), default=(0, "", None, None))
    if by and len(told) > 1:
        yield company.language.sentence(_TEAM, team=name, was=was, now=now)
