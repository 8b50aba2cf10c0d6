"""Whatever is printed, exactly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from pipeline.model.people import Scope
from pipeline.model.sent import by_fields


class Unit(StrEnum):
    COUNT = "count"
    PERCENT = "percent"
    MONEY = "money"
    DAYS = "days"
    PER_DAY = "per_day"


@dataclass(frozen=True, slots=True)
class Figure:
    """Whatever is printed. Exact: counts and minor units are integers, a
    ratio is a pair of integers.

    `denominator` is None where the figure is no ratio; 0 means that nothing was
    due: no value, never zero.
    """

    id: str
    scope: Scope
    key: str  # the manager's or team's id; '' for the others
    metric: str
    dimension: str
    period: str  # 'period', 'month', 'stock', 'score', 'base', 'next_7_days' or 'run'
    numerator: int
    denominator: int | None
    unit: Unit
    currency: str
    basis: str  # 'database', or how else it was found; those of UNCOMPARED no second reading has made

    __reduce__ = by_fields


ONE_READING: Final = "the source alone"
"""The basis of a figure that only the CRM's database has counted: rows that are
not audited are never read.
"""

JUDGED_TEXT: Final = "proven text"
"""The basis of a figure for which Python judged what was entered. Not the figure but its text was
compared: letter by letter it is the CRM's.
"""

REMEMBERED: Final = "earlier reports"
"""The basis of a figure that this report and those before it tell only together."""

UNCOMPARED: Final = (ONE_READING, "targets", "calendar", "settings", REMEMBERED)
"""The bases of figures that are in no proof: no second reading makes them, or
they are none of the CRM's.
"""


def figure_id(metric: str, dimension: str, currency: str, scope: Scope, key: str) -> str:
    """The name under which a figure is found in every file:
    metric[/dimension][/currency]@scope[:key].
    """
    return f"{what_of(metric, dimension, currency)}@{who_of(scope, key)}"


def what_of(metric: str, dimension: str, currency: str) -> str:
    """What a figure counts: 'score/deal'."""
    return "/".join(part for part in (metric, dimension, currency) if part)


def who_of(scope: Scope, key: str) -> str:
    """Whom it is about: 'manager:m1'."""
    return f"{scope}:{key}" if key else str(scope)


# ------------------------------------------------------------------------------- all of a run


class Heading(NamedTuple):
    """All of a figure but its numbers, and whom it is about."""

    metric: str
    dimension: str
    period: str
    unit: Unit
    currency: str
    basis: str


Numbers = tuple[int, int | None]
"""(numerator, denominator; None where a figure is no ratio)"""

Entry = tuple[Heading, int, int | None]
"""(heading, numerator, denominator)"""


class Figures(Mapping[str, Figure]):
    """Every figure of a run by its id: a table of which each scope is a row, under headings that
    most scopes share.

    Figures may be millions. The table keeps their numbers alone, and makes a figure when
    somebody asks for it.
    """

    def __init__(self, figures: Iterable[Figure] = ()) -> None:
        self._rows: dict[str, _Row] = {}  # 'manager:m1' -> its figures
        self._columns: dict[tuple[Heading, ...], _Columns] = {}
        by_scope: dict[tuple[Scope, str], list[Entry]] = defaultdict(list)
        for figure in figures:
            by_scope[figure.scope, figure.key].append(_entry(figure))
        for (scope, key), entries in by_scope.items():
            self.add(scope, key, entries)

    def add(self, scope: Scope, key: str, entries: Iterable[Entry]) -> None:
        """Adds figures of a scope, behind those that it has."""
        who, added = who_of(scope, key), list(entries)
        if who in self._rows:
            added = [*self._rows[who].entries(), *added]
        headings = tuple(heading for heading, *_ in added)
        if headings not in self._columns:
            self._columns[headings] = _Columns(headings)
        self._rows[who] = _Row(
            scope,
            key,
            self._columns[headings],
            [numerator for _, numerator, _ in added],
            [denominator for *_, denominator in added],
        )

    def __getitem__(self, name: str) -> Figure:
        place = name.find("@")
        while place >= 0:  # an id of the CRM may hold another one
            row = self._rows.get(name[place + 1 :])
            column = row.columns.places.get(name[:place]) if row else None
            if row is not None and column is not None:
                return row.figure(column)
            place = name.find("@", place + 1)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (figure.id for figure in self._made())

    def __len__(self) -> int:
        return sum(len(row.numerators) for row in self._rows.values())

    def values(self) -> ValuesView[Figure]:
        """Every figure, in order."""
        return _Values(self)

    def _made(self) -> Iterator[Figure]:
        for row in self._rows.values():
            yield from map(row.figure, range(len(row.numerators)))

    def about(self, scope: Scope) -> Iterator[Figure]:
        """The figures of a scope."""
        for row in self._rows.values():
            if row.scope is scope:
                yield from map(row.figure, range(len(row.numerators)))

    def entries(self) -> Iterator[Entry]:
        """Every figure, whomever it is about."""
        for row in self._rows.values():
            yield from row.entries()

    def numbers(self) -> Iterator[tuple[Scope, str, dict[str, Numbers]]]:
        """(scope, key, what -> its numbers) of everybody who has a figure: 'score/deal' -> (9, 10)."""
        for row in self._rows.values():
            if row.numerators:
                numbers = zip(row.numerators, row.denominators, strict=True)
                yield row.scope, row.key, dict(zip(row.columns.names, numbers, strict=True))

    def by_basis(self) -> Counter[str]:
        """How many figures were found in each way."""
        return Counter(heading.basis for heading, *_ in self.entries())

    def repeated(self) -> Iterator[str]:
        """The ids that more than one figure has."""
        for who, row in self._rows.items():
            yield from (f"{what}@{who}" for what in row.columns.repeated)

    def only(self, wanted: Callable[[Heading], bool]) -> Figures:
        """The figures under some of the headings."""
        kept = Figures()
        for row in self._rows.values():
            entries = (entry for entry in row.entries() if wanted(entry[0]))
            kept.add(row.scope, row.key, entries)
        return kept

    def unlike(self, other: Figures) -> Iterator[str]:
        """The ids of all figures of the scopes that are not wholly the same in both."""
        for who in dict.fromkeys((*self._rows, *other._rows)):
            rows = self._rows.get(who), other._rows.get(who)
            if rows[0] != rows[1]:
                yield from dict.fromkeys(name for row in rows if row for name in row.ids(who))


class _Values(ValuesView[Figure]):
    """Makes each figure once, without looking for it by its id."""

    _mapping: Figures

    def __iter__(self) -> Iterator[Figure]:
        return self._mapping._made()


@dataclass(slots=True)
class _Columns:
    """The headings of a row, and where each is."""

    headings: tuple[Heading, ...]
    names: list[str] = field(init=False, compare=False)
    places: dict[str, int] = field(init=False, compare=False)
    repeated: list[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.names = [
            what_of(heading.metric, heading.dimension, heading.currency)
            for heading in self.headings
        ]
        self.places = {name: at for at, name in enumerate(self.names)}
        self.repeated = [name for name, number in Counter(self.names).items() if number > 1]


@dataclass(slots=True)
class _Row:
    """The figures of a scope, side by side."""

    scope: Scope
    key: str
    columns: _Columns
    numerators: list[int]
    denominators: list[int | None]

    def figure(self, at: int) -> Figure:
        """The figure in this place."""
        heading = self.columns.headings[at]
        metric, dimension, period, unit, currency, basis = heading
        return Figure(
            f"{self.columns.names[at]}@{who_of(self.scope, self.key)}",
            self.scope,
            self.key,
            metric,
            dimension,
            period,
            self.numerators[at],
            self.denominators[at],
            unit,
            currency,
            basis,
        )

    def entries(self) -> Iterator[Entry]:
        """Its headings, each with its numbers."""
        headings = self.columns.headings
        return zip(headings, self.numerators, self.denominators, strict=True)

    def ids(self, who: str) -> Iterator[str]:
        """The ids of its figures."""
        return (f"{what}@{who}" for what in self.columns.places)


def _entry(figure: Figure) -> Entry:
    heading = Heading(
        figure.metric,
        figure.dimension,
        figure.period,
        figure.unit,
        figure.currency,
        figure.basis,
    )
    return heading, figure.numerator, figure.denominator
