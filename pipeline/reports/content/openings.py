"""What the figures of reports open: the reasons that a table lists; on a manager's page also the
records that a figure counts, or what it means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.measures.completeness import (
    BASE_EXEMPT,
    FAILING,
    FIELD_EXEMPT,
    IN_ALL,
    IN_SCORE,
    NOT_HELD,
    OF_COLLEAGUES_BESIDE,
    OPEN_AGAIN,
    RECORDS_FAILING,
    RECORDS_OF_COLLEAGUES,
    RECORDS_WITH_COLLEAGUES,
    RECORDS_WITH_OPERATORS,
)
from pipeline.measures.deals import WON_ON_NO_DAY
from pipeline.measures.meetings import COMPLETE_MEETINGS, MEETINGS_TO_COMPLETE
from pipeline.measures.registry import MEASURES
from pipeline.model import Figure, FixItem, Rule, Span, Verdict
from pipeline.model.history import EARLIER
from pipeline.reports.content.explanations import EXPLANATIONS
from pipeline.reports.content.report import Report, parts_of

_Key = tuple[str, str]
"""(name of a measure, its dimension): what a defect is counted by."""

_SECTIONS: Final[Mapping[_Key, str]] = {
    (RECORDS_FAILING.name, ""): "now",
    (RECORDS_FAILING.name, "lead"): "leads",
    (FAILING[Span.COMING_UP].name, ""): "coming up",
    (RECORDS_WITH_OPERATORS.name, ""): "with others",
    (RECORDS_WITH_COLLEAGUES.name, ""): "with colleagues",
    (OF_COLLEAGUES_BESIDE.name, ""): "of colleagues",
    (RECORDS_OF_COLLEAGUES.name, ""): "now",
    (FAILING[Span.TAKEN_OVER].name, ""): "taken over",
    (FAILING[Span.IMPORTED].name, ""): "imported",
    (FAILING[Span.OUTSIDE].name, ""): "outside",
    (FAILING[Span.OUTSIDE].name, "lead"): "leads outside",
}
"""The part of the fix-list that a count of records to complete is the heading of."""

_COUNTED_WITH: Final[Mapping[str, str]] = {
    amount.name: deals.name for deals, amount in WON_ON_NO_DAY
}
"""An amount -> the count of the deals in which it lies."""

_RESTS: Final[Mapping[str, str]] = {COMPLETE_MEETINGS.name: MEETINGS_TO_COMPLETE.name}
"""A ratio -> the count of what is not in its numerator."""


_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    NOT_HELD.name: ("not_checked",),
    FIELD_EXEMPT.name: ("exempt", "exceptions"),
    BASE_EXEMPT.name: ("exempt", "exceptions"),
}
"""Name of a measure -> the tables that say why, of which a report has one at most."""


def _is_past(figure: Figure) -> bool:
    """Whether an earlier report published it: nothing on this page is counted by it."""
    return figure.basis == EARLIER


class TableOpenings:
    """The tables that figures of a report open."""

    def __init__(self, report: Report) -> None:
        keys = {table.key for table in report.tables}
        self._tables = {
            metric: key for metric, tables in _TABLES.items() for key in tables if key in keys
        }

    def of(self, figure: Figure) -> str:
        """The key of a table: 'not_checked'; '' where the figure opens none."""
        opens = figure.numerator and not _is_past(figure)
        return self._tables.get(figure.metric, "") if opens else ""


class Openings:
    """The anchors of a page's figures."""

    def __init__(self, report: Report) -> None:
        self._tables = TableOpenings(report)
        self._sections = [name for name, _ in parts_of(report) if report.element(f"fix {name}")]
        self._listed: dict[_Key, str] = {}
        for name, items in parts_of(report):
            for key in _keys_of(items) if name in self._sections else ():
                self._listed.setdefault(key, name)

    def of(self, figure: Figure) -> str:
        """'fix-now', 'not_checked', or 'about-score'."""
        if table := self._tables.of(figure):
            return table
        section = self._section(figure)
        return f"fix-{section.replace(' ', '-')}" if section else f"about-{figure.metric}"

    def _section(self, figure: Figure) -> str:
        """The first part of the fix-list in which what the figure counts is listed; '' if none."""
        if not figure.numerator or _is_past(figure):
            return ""
        name = "now later" if figure.id.endswith("#others") else ""
        name = name or _SECTIONS.get((figure.metric, figure.dimension), "")
        if name:
            return name if name in self._sections else ""
        rest = figure.metric if figure.id.endswith("#rest") else ""
        metric = _RESTS.get(rest) or _COUNTED_WITH.get(figure.metric, figure.metric)
        return self._listed.get((metric, figure.dimension), "")


def _keys_of(items: tuple[FixItem, ...]) -> Iterator[_Key]:
    """By what the records are counted."""
    for item in items:
        if item.again:
            yield OPEN_AGAIN.name, ""
        for rule in item.rules:
            yield from _keys(rule, in_score=item.span is Span.SCORE)


def _keys(rule: Rule, *, in_score: bool) -> Iterator[_Key]:
    dimension = f"{rule.entity}.{rule.id}"
    if rule.measure:
        yield rule.measure, rule.dimension
        yield rule.measure, ""
        return
    for among in (IN_SCORE, IN_ALL) if in_score else (IN_ALL,):
        if rule.verdict in among.verdicts:
            yield among.verdicts[rule.verdict].name, dimension
    if rule.verdict is Verdict.UNREADABLE:
        yield "unreadable", f"{rule.entity}.{rule.id.removeprefix('unreadable.')}"


def explanations_of(report: Report) -> list[tuple[str, str, str]]:
    """(name, label, meaning) of every measure that the page has a figure of, in its order."""
    language = report.language
    names = dict.fromkeys(figure.metric for figure in report.figures())
    custom = {measure.name: measure for measure in report.result.custom}
    made = []
    for name in names:
        if name in custom:
            meaning = language.translate(
                "A measure of this audit's own. Its settings say which records it counts."
            )
            made.append((name, custom[name].label, meaning))
        else:
            label = language.translate(MEASURES[name].label)
            meaning = language.translate(EXPLANATIONS.get(name, MEASURES[name].label))
            made.append((name, label, meaning))
    return made
