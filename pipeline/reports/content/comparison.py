"""What two runs are beside each other: by what their figures differ, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.language.changes import (
    format_change,
    format_part,
    largest,
    shown_difference,
    shown_parts,
)
from pipeline.language.format import NOTHING, format_figure
from pipeline.language.labels import BESIDE, cause_label
from pipeline.language.languages import Language
from pipeline.language.marked import marked
from pipeline.measures.completeness import BASE_SCORE, RECORDS_FAILING, SCORE
from pipeline.measures.headlines import HEADLINES
from pipeline.measures.meetings import COMPLETE_MEETINGS
from pipeline.measures.registry import MEASURES, PLANNED
from pipeline.model import Figure, Scope, Unit
from pipeline.model.comparison import Cause, Change, Comparison, Side
from pipeline.reports.content.report import as_of_text, clean, period_text

_MOST: Final = 3
"""The causes that are named; all others are added up."""

_OF_PEOPLE: Final = (SCORE, BASE_SCORE, COMPLETE_MEETINGS, RECORDS_FAILING)
"""What is told of each team and account manager."""

_PLANNED: Final = frozenset(measure.name for measure in PLANNED)

_OTHER: Final = marked("other")
_STAYED: Final = marked("as it was")
_UNTOLD: Final = marked("the stored data do not tell why")
_WITHOUT_VALUE: Final = marked("no figure in one of the runs")


@dataclass(frozen=True, slots=True)
class Line:
    """A figure of both runs, and its difference by cause, as texts."""

    who: str
    label: str
    was: str
    now: str
    difference: str
    why: str
    change: Change


@dataclass(frozen=True, slots=True)
class Section:
    """Lines about the company, its teams or its account managers."""

    key: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ComparisonReport:
    """A comparison, for its page, its workbook and the terminal."""

    title: str
    runs: tuple[str, str]  # 'Run …, as of …: November 2026 to date'
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    comparison: Comparison
    language: Language


def comparison_report(comparison: Comparison, language: Language) -> ComparisonReport:
    """The comparison in a language; about people where management sees them by name."""
    about = [("company", language.translate("Company"), _company(comparison, language))]
    if comparison.after.audit.audience == "named":
        about += [
            ("teams", language.translate("Teams"), _people(comparison, Scope.TEAM, language)),
            (
                "managers",
                language.translate("Account managers"),
                _people(comparison, Scope.MANAGER, language),
            ),
        ]
    sections = (Section(key, title, tuple(lines)) for key, title, lines in about)
    return ComparisonReport(
        language.translate("{audit}: what changed", audit=comparison.after.audit.name),
        (_run_text(comparison.before, language), _run_text(comparison.after, language)),
        tuple(_notes(comparison, language)),
        tuple(section for section in sections if section.lines),
        comparison,
        language,
    )


def _run_text(side: Side, language: Language) -> str:
    return language.translate(
        "{period}, as of {as_of} (run {run})",
        run=side.run_id,
        as_of=as_of_text(side.window, language),
        period=period_text(side.window, language),
    )


def _company(comparison: Comparison, language: Language) -> Iterator[Line]:
    """The headline figures that one of the runs has, as a whole; the workbook has their parts."""
    places = {measure.name: place for place, measure in enumerate(HEADLINES)}
    found = [
        change
        for change in comparison.changes.values()
        if change.figure.scope is Scope.COMPANY and change.figure.metric in places
        if change.figure.dimension in ("", *_PLANNED) and _is_worth_telling(change)
    ]
    for change in sorted(found, key=lambda change: places[change.figure.metric]):
        yield line_of(change, comparison, language)


def _people(comparison: Comparison, scope: Scope, language: Language) -> Iterator[Line]:
    """Some figures of each team or account manager, by name."""
    by_key: dict[str, list[Line]] = {}
    for measure in _OF_PEOPLE:
        for change in comparison.changes.values():
            figure = change.figure
            if figure.scope is scope and figure.metric == measure.name and not figure.dimension:
                line = line_of(change, comparison, language)
                by_key.setdefault(figure.key, []).append(line)
    for _, lines in sorted(by_key.items(), key=lambda item: (item[1][0].who, item[0])):
        yield from lines


def _is_worth_telling(change: Change) -> bool:
    """Whether a figure says something in one of the runs: a count of nothing in both does not."""
    return any(
        figure is not None and (figure.numerator or figure.denominator)
        for figure in (change.before, change.after)
    )


def line_of(change: Change, comparison: Comparison, language: Language) -> Line:
    """A change as texts."""
    figure = change.figure
    difference = shown_difference(change)
    was, now = (
        format_figure(side, language) if side else NOTHING
        for side in (change.before, change.after)
    )
    return Line(
        who_text(figure, comparison, language),
        figure_label(figure, language),
        was,
        now,
        format_change(figure, difference, language) if difference is not None else NOTHING,
        _why(change, language),
        change,
    )


def who_text(figure: Figure, comparison: Comparison, language: Language) -> str:
    """The name of whom a figure is about."""
    users = comparison.users
    match figure.scope:
        case Scope.COMPANY:
            return language.translate("Company")
        case Scope.MANAGER:
            return clean(users[figure.key].name) if figure.key in users else clean(figure.key)
        case Scope.TEAM:
            teams = {user.team_id: user.team for user in users.values()}
            named = teams.get(figure.key) or figure.key
            return clean(named) if named else language.translate("No team")
        case scope if scope in BESIDE:
            return language.translate(BESIDE[scope])
        case _:
            return clean(figure.key)


def figure_label(figure: Figure, language: Language) -> str:
    """'Open deals, EUR', 'Target reached: deals won': what a figure counts."""
    measure = MEASURES.get(figure.metric)
    label = language.translate(measure.label) if measure else figure.metric
    of = MEASURES.get(figure.dimension)
    details = [
        language.translate(of.label) if of else figure.dimension,
        figure.currency if figure.unit is Unit.MONEY else "",
    ]
    named = ", ".join(filter(None, details))
    return f"{label}: {named}" if named else label


def _why(change: Change, language: Language) -> str:
    """The causes that count most, and all others as one: 'records entered -1.2 points, …'."""
    if change.difference is None:
        return language.translate(_WITHOUT_VALUE)
    if not change.told:
        return language.translate(_UNTOLD) if change.difference else ""
    parts = shown_parts(change)
    named = largest(parts, _MOST)
    told = [
        f"{causes_text(change.steps[place].causes, language)} "
        f"{format_part(change.figure, parts[place], language)}"
        for place in named
    ]
    if other := sum(part for place, part in enumerate(parts) if place not in named):
        told.append(
            f"{language.translate(_OTHER)} {format_part(change.figure, other, language)}"
        )
    return "; ".join(told) or language.translate(_STAYED)


def causes_text(causes: Iterable[Cause], language: Language) -> str:
    """'records entered', or several that cannot be told apart."""
    return " + ".join(cause_label(cause, language) for cause in causes)


def _notes(comparison: Comparison, language: Language) -> Iterator[str]:
    if not comparison.told:
        yield language.translate(
            "The data of one of the runs are no longer kept: differences are shown without causes."
        )
        return
    yield language.translate(
        "Each cause is the figure computed again after one more part of the first run was made "
        "that of the second, in this order: {causes}. The parts add up to the difference.",
        causes=", ".join(cause_label(cause, language) for cause in Cause),
    )
