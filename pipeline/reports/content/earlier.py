"""The reports before: a line beside what it leads up to, and its figures in a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from pipeline.language.format import moment_text
from pipeline.language.marked import marked
from pipeline.measures.completeness import SCORE
from pipeline.measures.meetings import COMPLETE_MEETINGS
from pipeline.measures.plan import PLAN_PROGRESS
from pipeline.measures.registry import PLANNED
from pipeline.model import Figure
from pipeline.reports.content.elements import Subject
from pipeline.reports.content.people import share
from pipeline.reports.content.report import Row, Table

_OTHER_RULES: Final = marked("rules changed")


def lined(rows: Iterable[Row], subject: Subject) -> Iterator[Row]:
    """The rows of a headline, with the line of those that have one."""
    drawn = dict(_by_row(subject))
    for row in rows:
        now = drawn.get((row.element, row.label))
        yield row if now is None else _with_line(row, subject, now)


def _by_row(subject: Subject) -> Iterator[tuple[tuple[str, str], Figure]]:
    """(element, label) of a row -> the figure of its line."""
    language = subject.language
    for element, measure in (("score", SCORE), ("meetings", COMPLETE_MEETINGS)):
        if (now := subject.find(measure)) is not None:
            yield (element, language.translate(measure.label)), now
    for planned in PLANNED:
        if (now := subject.plan(PLAN_PROGRESS, planned)) is not None:
            yield ("plan", language.translate(planned.label)), now


def _with_line(row: Row, subject: Subject, now: Figure) -> Row:
    """As it is where the figure never moved, or no report before had it."""
    line = tuple(map(share, (*_ago(subject, now), now)))
    if len({value for value in line if value is not None}) < 2:
        return row
    return replace(row, line=line, marks=_marks(subject))


def earlier_table(subject: Subject) -> Iterator[Table]:
    """What was in the reports before, the last one first; no table in a first report."""
    language, result = subject.language, subject.result
    told = [
        (_heading(element, label, subject), now)
        for (element, label), now in _by_row(subject)
        if any(_ago(subject, now))
    ]
    if not told:
        return
    marks = _marks(subject)
    rows = [
        Row(
            moment_text(run.as_of, result.window.zone, language),
            (
                *(result.ago(now, reports) for _, now in told),
                *(
                    [language.translate(_OTHER_RULES) if place in marks else None]
                    if marks
                    else []
                ),
            ),
        )
        for place, run in enumerate(result.earlier)
        for reports in [len(result.earlier) - place]
    ]
    columns = (
        language.translate("Report as of"),
        *(label for label, _ in told),
        *([language.translate("Minimum data")] if marks else []),
    )
    yield Table("earlier", language.translate("Earlier reports"), columns, tuple(rows[::-1]))


def _heading(element: str, label: str, subject: Subject) -> str:
    if element != "plan":
        return label
    return subject.language.translate("Target reached: {measure}", measure=label)


def _ago(subject: Subject, now: Figure) -> list[Figure | None]:
    """What a figure was in the reports before, the oldest first."""
    result = subject.result
    return [result.ago(now, reports) for reports in range(len(result.earlier), 0, -1)]


def _marks(subject: Subject) -> tuple[int, ...]:
    """The places of the reports whose rules are others than those of the one before."""
    history = subject.result.history
    if history is None:
        return ()
    rules = [*(run.rules for run in history.earlier), history.rules]
    changed = (before != after for before, after in pairwise(rules))
    return tuple(place for place, is_other in enumerate(changed, 1) if is_other)
