"""Whether each label is its figures': a name that of whom they are about, a heading that of what
they count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pipeline.language.format import month_text
from pipeline.language.labels import BESIDE, entity_label, lackable_label
from pipeline.language.languages import Language
from pipeline.language.marked import marked
from pipeline.measures.groups import EVERYBODY
from pipeline.measures.registry import MEASURES
from pipeline.model import Difference, Figure, Person, RunResult, Scope, figure_id
from pipeline.reports.content.report import Report, Row, Table, period_text

_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "score": (marked("Complete"), marked("Completeness")),
    "base": (marked("All records"),),
    "complete_meetings": (marked("Of which complete"), marked("Complete meetings")),
    "meetings_overdue": (marked("Still to be closed"),),
    "meetings_planned_7d": (marked("Next seven days"),),
    "records_failing": (marked("To complete"),),
    "plan_done": (marked("Target: done"),),
    "table_rows": (marked("Rows"),),
    "field_exempt": (marked("Exempt"),),
    "working_days_left": (marked("Time left"),),
    "field_good#denominator": (marked("Of"),),
    "records_complete#denominator": (marked("Records"),),
}
"""Measure, or a part of it -> how tables call it, besides its own label."""

_LABELS: Final[Mapping[str, str]] = {
    "score": marked("Completeness"),
    "base": marked("All records"),
}
"""Element of a headline -> its label, whatever figure is first in it."""

_OF_SUBJECTS: Final = ("teams", "managers", "own", "scatter")
"""Tables of which each row is about somebody."""

_BY_DIMENSION: Final = ("score", "fields", "accounting")
"""Tables of which each row is about a kind of record, a field, or a table."""

_BY_MEASURE: Final = ("findings", "seen")
"""Tables of which each row is another measure."""

_HEADED: Final = ("teams", "managers", "scatter", *_BY_DIMENSION)
"""Tables whose headings name measures."""

_WITHOUT_NUMBERS: Final = frozenset(
    (
        *("who", "proof", "stake", "plan", "score", "base", "team", "meetings", "completed"),
        *("lacking", "person", "ahead", "discussed"),
    )
)
"""Elements of a headline in whose words no number stands that is not a figure; so in all of a
fix-list's headings.
"""


def label_differences(
    result: RunResult, report: Report, person: Person | None
) -> Iterator[Difference]:
    """Every label of a report that is another figure's, and every figure of another person."""
    labels = _Labels(result, report.language)
    for row in report.headline:
        yield from labels.of_headline(row)
    for table in report.tables:
        yield from labels.of_table(table, report)
    if person is not None:
        yield from _of_others(report, person)
    elif report.reader == "management" and result.audience == "named":
        yield from labels.without_row(report)


def _of_others(report: Report, person: Person) -> Iterator[Difference]:
    """Figures on a manager's report that are about a colleague."""
    for figure in report.figures():
        if figure.scope is Scope.MANAGER and figure.key != person.id:
            yield figure.id, "whose it is", person.id, figure.key


class _Labels:
    """The names and headings of one report."""

    def __init__(self, result: RunResult, language: Language) -> None:
        self._result, self._language = result, language
        self._names = {person.id: person.name for person in result.people}
        self._teams = {person.team_id: person.team for person in result.people}
        self._custom = {measure.name: measure.label for measure in result.custom}
        self._by_dimension: Mapping[str, Callable[[Figure], str]] = {
            "score": lambda figure: entity_label(figure.dimension, language),
            "fields": self._field,
            "accounting": lambda figure: figure.dimension.partition("/")[0],
        }

    # ------------------------------------------------------------------------------- headline

    def of_headline(self, row: Row) -> Iterator[Difference]:
        """A row whose label is another's, or whose words hold a number."""
        figures = [cell for cell in row.cells if isinstance(cell, Figure)]
        wanted = self._headline_label(row.element, figures)
        if wanted and row.label not in wanted:
            name = figures[0].id if figures else row.element
            yield name, "label", " or ".join(wanted), row.label
        if row.element in _WITHOUT_NUMBERS or row.element.startswith("fix "):
            for cell in row.cells:
                if isinstance(cell, str) and self._has_number(cell):
                    yield row.label, "headline", "no number but figures", cell

    def _headline_label(self, element: str, figures: list[Figure]) -> tuple[str, ...]:
        """What a row may be called; () where that is no figure's."""
        if element == "person":
            keys = {figure.key for figure in figures if figure.scope is Scope.MANAGER}
            return tuple(self._names.get(key, key) for key in sorted(keys))[:1]
        if element in _LABELS:
            return (self._language.translate(_LABELS[element]),)
        if not figures:
            return ()
        first = figures[0]
        if element == "lacking":
            return (lackable_label(first.dimension, self._language),)
        if element == "plan" and first.dimension in MEASURES:
            return (self._language.translate(MEASURES[first.dimension].label),)
        return self._headings(first) if element in ("meetings", "ahead") else ()

    def _has_number(self, text: str) -> bool:
        """Whether a digit is left once the CRM's and the audit's own names are taken out."""
        if not any(map(str.isnumeric, text)):
            return False
        demands = (d for fields in self._result.field_sets.values() for d in fields.demands)
        known = {
            *self._names.values(),
            *self._teams.values(),
            *self._custom.values(),
            *(self._language.chosen(demand.label) for demand in demands),
            period_text(self._result.window, self._language),
            *(
                month_text(day, self._language)
                for day in (self._result.window.month_first, self._result.window.first)
                if day is not None
            ),
        }
        for name in sorted(filter(None, known), key=len, reverse=True):
            text = text.replace(name, "")
        return any(map(str.isnumeric, text))

    # --------------------------------------------------------------------------------- tables

    def of_table(self, table: Table, report: Report) -> Iterator[Difference]:
        """Rows and columns of a table that are called otherwise than what they hold."""
        is_own = table.key == "own" and report.reader != "management"  # a row per measure there
        if table.key in _OF_SUBJECTS and not is_own:
            for row in table.rows:
                yield from self._of_subject(row, table)
        if table.key in self._by_dimension:
            for row in table.rows:
                yield from self._of_dimension(row, table)
        if table.key in _BY_MEASURE or is_own:
            named = ((row.label, figure) for row in table.rows for figure in _figures_in(row))
            yield from self._exchanged([*named], f"{table.key}: label")
        if table.key in _HEADED:
            headed = (
                (heading, cell)
                for row in table.rows
                for heading, cell in zip(table.columns[1:], row.cells, strict=False)
                if isinstance(cell, Figure)
            )
            yield from self._exchanged([*headed], f"{table.key}: heading")

    def _of_subject(self, row: Row, table: Table) -> Iterator[Difference]:
        """All of a row is about one subject, whose name it has."""
        figures = _figures_in(row)
        subjects = set(map(_subject_of, figures))
        if len(subjects) > 1:
            yield row.label, table.key, "figures of one subject", _ids(figures)
        if len(subjects) != 1:
            return
        [(scope, key)] = subjects
        wanted = self._name_of(scope, key)
        if wanted and row.label != wanted:
            yield figures[0].id, f"{table.key}: label", wanted, row.label
        yield from self._cells_of(row, table, scope, key)

    def _name_of(self, scope: Scope, key: str) -> str:
        """Whom a row is about; '' for groups, whose names say who is in them."""
        translate = self._language.translate
        match scope:
            case Scope.MANAGER:
                return self._names.get(key) or key
            case Scope.TEAM:
                return (self._teams.get(key) or key) if key else translate("No team")
            case Scope.COMPANY:
                return translate("Company")
        return translate(BESIDE[scope]) if scope in BESIDE else ""

    def _cells_of(self, row: Row, table: Table, scope: Scope, key: str) -> Iterator[Difference]:
        """Each cell has what its column has, of this row's subject; none is left out."""
        for at, cell in enumerate(row.cells):
            pattern = _pattern(table, at)
            if pattern is None:
                continue
            about = pattern.metric, pattern.dimension, pattern.currency
            wanted = figure_id(*about, *self._asked_of(pattern, scope, key))
            found = cell.id if isinstance(cell, Figure) else None
            if found != (wanted if wanted in self._result.figures else None):
                yield wanted, f"{table.key}: {row.label}", wanted, found or "nothing"

    def _asked_of(self, figure: Figure, scope: Scope, key: str) -> tuple[Scope, str]:
        """Of whom such a figure of a subject's row is: with `audience: own` the company's plan is
        everybody's.
        """
        of_plan = figure.metric.startswith("plan_")
        if scope is Scope.COMPANY and of_plan and self._result.audience == "own":
            return Scope.GROUP, EVERYBODY
        return scope, key

    def _of_dimension(self, row: Row, table: Table) -> Iterator[Difference]:
        figures = [figure for figure in _figures_in(row) if figure.dimension]
        for figure in figures:
            wanted = self._by_dimension[table.key](figure)
            if row.label != wanted:
                yield figure.id, f"{table.key}: label", wanted, row.label

    def _exchanged(self, named: list[tuple[str, Figure]], where: str) -> Iterator[Difference]:
        """Figures under the name of another one of the same table."""
        kinds = {_kind(figure): figure for _, figure in named}
        for name, figure in named:
            if self._is_called(name, figure):
                continue
            if any(self._is_called(name, other) for other in kinds.values()):
                yield figure.id, where, self._called(figure), name

    def _field(self, figure: Figure) -> str:
        """'meeting: result'."""
        entity, _, name = figure.dimension.partition(".")
        demands = self._result.field_sets[entity].demands
        label = next((d.label for d in demands if d.name == name), None)
        shown = self._language.chosen(label) if label else name
        return f"{entity_label(entity, self._language)}: {shown}"

    def _is_called(self, heading: str, figure: Figure) -> bool:
        """Whether a heading is the figure's, perhaps with a currency or a reason behind it."""
        return any(
            heading == name or heading.startswith((f"{name}, ", f"{name}: "))
            for name in self._headings(figure)
        )

    def _called(self, figure: Figure) -> str:
        return " or ".join(self._headings(figure))

    def _headings(self, figure: Figure) -> tuple[str, ...]:
        """How a figure may be called: by its measure's label, or as tables call it."""
        _, part = _kind(figure)
        if figure.metric in self._custom:
            return (self._custom[figure.metric],)
        if figure.metric == "table_excluded":
            pattern = self._language.translate("Excluded: {reason}", reason="")
            return (re.sub(r"\W+$", "", pattern),)
        names = _HEADINGS.get(f"{figure.metric}#{part}") if part == "denominator" else None
        if names is None:
            names = (*_HEADINGS.get(figure.metric, ()), MEASURES[figure.metric].label)
        return tuple(map(self._language.translate, names))

    # ------------------------------------------------------------------------------- everybody

    def without_row(self, report: Report) -> Iterator[Difference]:
        """Managers who have no row of their own on management's report, or more than one."""
        rows = [row for table in report.tables if table.key == "managers" for row in table.rows]
        named = [row.label for row in rows]
        for person in self._result.people:
            if person.scope is Scope.MANAGER:
                mine = [row for row in rows if _is_about(row, person)]
                if len(mine) > 1 or (not mine and person.name not in named):
                    yield person.id, "managers", f"one row of {person.name}", f"{len(mine)}"


def _is_about(row: Row, person: Person) -> bool:
    about = (f.scope is Scope.MANAGER and f.key == person.id for f in _figures_in(row))
    return any(about)


def _figures_in(row: Row) -> list[Figure]:
    return [cell for cell in row.cells if isinstance(cell, Figure)]


def _pattern(table: Table, at: int) -> Figure | None:
    """The first figure of a column: what all of it is."""
    cells = (row.cells[at] for row in table.rows if at < len(row.cells))
    return next((cell for cell in cells if isinstance(cell, Figure)), None)


def _kind(figure: Figure) -> tuple[str, str]:
    """What a heading names: the measure, and which part of it."""
    return figure.metric, figure.id.rpartition("#")[2] if "#" in figure.id else ""


def _ids(figures: list[Figure]) -> str:
    return ", ".join(figure.id for figure in figures)


def _subject_of(figure: Figure) -> tuple[Scope, str]:
    """Whom a figure is about; the group of everybody is the company."""
    if (figure.scope, figure.key) == (Scope.GROUP, EVERYBODY):
        return Scope.COMPANY, ""
    return figure.scope, figure.key
