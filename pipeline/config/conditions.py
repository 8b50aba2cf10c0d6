"""Conditions as a field set's file writes them: a mapping, of which every key must be true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from pipeline.config.settings import Strict
from pipeline.model import Kind, conditions
from pipeline.model.conditions import MOMENT, REACHED, Condition
from pipeline.values.patterns import PatternError, parse_pattern

_DEEPEST: Final = 4
"""How deep conditions may lie in each other: what SQL they make trebles with each level."""
_MOST_PARTS: Final = 50
_MOST_DAYS: Final = 36_500
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_DATED: Final = (Kind.DAY, Kind.INSTANT)

Path = tuple[str | int, ...]


BoundsFile = tuple[int | float | str | None, int | float | str | None]
"""A lower and an upper bound; null leaves a side open."""


class ComparisonFile(Strict):
    """A comparison of a column: exactly one of these."""

    pattern: str | None = None
    between: BoundsFile | None = None
    older_than: Annotated[int, Field(ge=0, le=_MOST_DAYS)] | None = None


def _form(value: object) -> str | None:
    """Which form a test of a column has. A name in brackets is no part of an error's path."""
    if isinstance(value, bool):
        return "[flag]"
    if isinstance(value, str):
        return "[word]"
    if isinstance(value, list | tuple):
        return "[words]"
    return "[comparison]" if isinstance(value, Mapping | ComparisonFile) else None


TestFile = Annotated[
    Annotated[bool, Tag("[flag]")]
    | Annotated[str, Tag("[word]")]
    | Annotated[tuple[str, ...], Tag("[words]")]
    | Annotated[ComparisonFile, Tag("[comparison]")],
    Discriminator(
        _form,
        custom_error_type="test",
        custom_error_message="write a word (in quotes, if it looks like a number), a list of words, filled, missing, "
        "yes, no, {pattern: …}, {between: [a, b]} or {older_than: days}",
    ),
]
"""What is asked of a column."""


class ConditionFile(BaseModel):
    """A condition: all of its keys are true. A key that is none of these names a column."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, TestFile] = Field(init=False)

    all: tuple[ConditionFile, ...] | None = None
    any: tuple[ConditionFile, ...] | None = None
    not_: ConditionFile | None = Field(default=None, alias="not")
    state: str | tuple[str, ...] | None = None


def _spelt_out(value: object) -> object:
    """`held` is short for `{state: held}`, and `reached` for `{reached: yes}`."""
    if value == REACHED.column:
        return {REACHED.column: True}
    return {"state": value} if isinstance(value, str) else value


WhenFile = Annotated[
    ConditionFile, BeforeValidator(_spelt_out, json_schema_input_type=str | ConditionFile)
]
"""The condition of a demand."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an entity has that a condition may name."""

    entity: str
    columns: Mapping[str, Kind]  # those that this CRM does not hold too
    states: Collection[str]


def misplaced(path: Path, message: str, found: object = None) -> ValidationError:
    """An error whose key is at this path, seen from the value that is being checked."""
    problem = PydanticCustomError("misplaced", "{message}", {"message": message})
    details = InitErrorDetails(type=problem, loc=path, input=found)
    return ValidationError.from_exception_data("field set", [details])


def condition_of(written: ConditionFile, known: Known, path: Path) -> Condition:
    """The condition that is written at this path. ValidationError where it names what the
    entity lacks, or compares what cannot be compared.
    """
    condition = _condition(written, known, path, 1)
    if sum(1 for _ in _leaves(condition)) > _MOST_PARTS:
        raise misplaced(path, f"has more than {_MOST_PARTS} parts; leave some out")
    return condition


def _leaves(condition: Condition) -> Iterator[Condition]:
    match condition:
        case conditions.AllOf(parts) | conditions.AnyOf(parts):
            for part in parts:
                yield from _leaves(part)
        case conditions.Not(part):
            yield from _leaves(part)
        case _:
            yield condition


def _condition(written: ConditionFile, known: Known, path: Path, depth: int) -> Condition:
    if depth > _DEEPEST:
        raise misplaced(
            path, f"conditions lie more than {_DEEPEST} deep in each other; write it flatter"
        )
    parts = [*_joined(written, known, path, depth), *_tests(written, known, path)]
    if not parts:
        raise misplaced(
            path, "asks nothing; name a column, or leave it out for a demand of every record"
        )
    return parts[0] if len(parts) == 1 else conditions.AllOf(tuple(parts))


def _joined(
    written: ConditionFile, known: Known, path: Path, depth: int
) -> Iterator[Condition]:
    """The parts under `all`, `any` and `not`."""

    def each(key: str, inner: tuple[ConditionFile, ...]) -> tuple[Condition, ...]:
        if not inner:
            raise misplaced((*path, key), "an empty list asks nothing; leave the key out")
        return tuple(
            _condition(part, known, (*path, key, place), depth + 1)
            for place, part in enumerate(inner)
        )

    if written.all is not None:
        yield conditions.AllOf(each("all", written.all))
    if written.any is not None:
        yield conditions.AnyOf(each("any", written.any))
    if written.not_ is not None:
        yield conditions.Not(_condition(written.not_, known, (*path, "not"), depth + 1))


def _tests(written: ConditionFile, known: Known, path: Path) -> Iterator[Condition]:
    """The state, and what is asked of columns."""
    if written.state is not None:
        yield _in_state(written.state, known, (*path, "state"))
    for column, test in (written.__pydantic_extra__ or {}).items():
        yield ColumnTest(known, column, (*path, column)).condition(test)


def _in_state(written: str | tuple[str, ...], known: Known, path: Path) -> Condition:
    states = (written,) if isinstance(written, str) else written
    if not states:
        raise misplaced(path, "an empty list asks nothing; leave the key out")
    for state in states:
        if state not in known.states:
            allowed = ", ".join(known.states) or "no state"
            raise misplaced(path, f"'{state}' is none of {allowed}")
    return conditions.InState(states)


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """What a file asks of one column."""

    known: Known
    column: str
    path: Path

    def condition(self, test: bool | str | tuple[str, ...] | ComparisonFile) -> Condition:
        """The test as a condition."""
        if self.column != MOMENT and self.column not in self.known.columns:
            raise misplaced(
                self.path,
                f"{self.known.entity} has no '{self.column}'; it has {', '.join(self.known.columns)}; "
                "map it under source.add, or correct the key",
            )
        if isinstance(test, ComparisonFile):
            return self._comparison(test)
        self._must_be_a_column()
        if test == "filled":
            return conditions.Filled(self.column)
        if test == "missing":
            return conditions.Missing(self.column)
        if isinstance(test, bool):
            self._must_be(test, "yes or no", Kind.FLAG)
            return conditions.Says(self.column, test)
        return self.among((test,) if isinstance(test, str) else test)

    def among(self, words: tuple[str, ...]) -> conditions.Among:
        """One of these words."""
        self._must_be(words[0] if len(words) == 1 else words, "words", Kind.TEXT, Kind.CURRENCY)
        if not words:
            raise misplaced(self.path, "an empty list asks nothing; leave the key out")
        if not all(word.strip() for word in words):
            raise misplaced(self.path, "a blank is no word; write missing instead")
        return conditions.Among(self.column, words)

    def matches(self, pattern: str) -> conditions.Matches:
        """The whole text matches."""
        self._must_be(pattern, "a pattern", Kind.TEXT, Kind.CURRENCY)
        try:
            parse_pattern(pattern)
        except PatternError as error:
            raise misplaced(self.path, str(error), pattern) from None
        return conditions.Matches(self.column, pattern)

    def _comparison(self, test: ComparisonFile) -> Condition:
        keys = test.model_dump(exclude_none=True).keys()
        if len(keys) != 1:
            raise misplaced(self.path, "write one of pattern, between and older_than")
        if test.older_than is not None:
            if self.column != MOMENT:
                self._must_be("older_than", "days", *_DATED)
            return conditions.OlderThan(self.column, test.older_than)
        self._must_be_a_column()
        inner = ColumnTest(self.known, self.column, (*self.path, *keys))
        if test.pattern is not None:
            return inner.matches(test.pattern)
        return inner.between(test.between or (None, None))

    def must_be_dated(self) -> None:
        """ValidationError unless it is a column of days or moments."""
        self._must_be(None, "a day", *_DATED)

    def between(self, bounds: BoundsFile) -> conditions.Between:
        """Within these bounds."""
        self._must_be("between", "bounds", Kind.MONEY, *_DATED)
        read = _amount if self.known.columns[self.column] is Kind.MONEY else day_of
        low, high = (self._bound(bound, read) for bound in bounds)
        if low is None and high is None:
            raise misplaced(self.path, "between needs a bound on one side at least")
        # of one kind, as both are read alike
        if low is not None and high is not None and low > high:  # type: ignore[operator]
            raise misplaced(self.path, f"{low} is beyond {high}; write the lower bound first")
        return conditions.Between(self.column, low, high)

    def _bound(
        self, bound: object, read: Callable[[object], Decimal | date]
    ) -> Decimal | date | None:
        if bound is None:
            return None
        try:
            return read(bound)
        except (ValueError, TypeError, InvalidOperation):
            wanted = (
                "an amount like 1000 or 99.95" if read is _amount else "a day like 2026-01-31"
            )
            raise misplaced(self.path, f"write {wanted}", bound) from None

    def _must_be_a_column(self) -> None:
        if self.column == MOMENT:
            raise misplaced(self.path, "of a record's moment only {older_than: days} is asked")

    def _must_be(self, test: object, wants: str, *kinds: Kind) -> None:
        kind = self.known.columns[self.column]
        if kind not in kinds:
            raise misplaced(
                self.path,
                f"{wants} cannot be asked of '{self.column}', which is {_KINDS[kind]}",
                test if isinstance(test, str | bool) else None,
            )


_KINDS: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "a text: write a word, a list of words, {pattern: …}, filled or missing",
    Kind.INSTANT: "a moment: write {between: [day, day]}, {older_than: days}, filled or missing",
    Kind.DAY: "a day: write {between: [day, day]}, {older_than: days}, filled or missing",
    Kind.MONEY: "an amount: write {between: [a, b]}, filled or missing",
    Kind.CURRENCY: "a currency: write a code, a list of codes, filled or missing",
    Kind.FLAG: "a flag: write yes or no, filled or missing",
}


def _amount(bound: object) -> Decimal:
    amount = Decimal(str(bound))
    if not amount.is_finite() or isinstance(bound, bool):
        raise ValueError(bound)
    return amount


def day_of(written: object) -> date:
    """A day that a file writes. Raises ValueError for any other, and beyond all use."""
    try:
        day = date.fromisoformat(written) if isinstance(written, str) else date.min
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError("write a day like 2026-01-31")
    return day
