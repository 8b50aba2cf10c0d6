"""Checks as a field set's file writes them: a key each, beside the demand's other keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from pipeline.config.conditions import BoundsFile, ColumnTest, Known
from pipeline.config.settings import Strict
from pipeline.model.checks import Check, Dated, OneOf, Pattern, Recent, Within


class ChecksFile(Strict):
    """What a demand checks of what was entered."""

    one_of: tuple[str, ...] | None = None
    pattern: str | None = None
    between: BoundsFile | None = None
    lies: Literal["past", "future"] | None = None
    within_months: Annotated[int, Field(ge=1, le=1_200)] | None = None


def checks_of(written: ChecksFile, columns: tuple[str, ...], known: Known) -> tuple[Check, ...]:
    """What a demand checks of its columns. ValidationError where a column is not of the kind."""
    checks: tuple[Check, ...] = ()
    for column in columns:  # the same of each, unless it is refused
        checks = tuple(
            read(ColumnTest(known, column, (key,)), getattr(written, key))
            for key, read in _READ.items()
            if getattr(written, key) is not None
        )
    return checks


def _one_of(test: ColumnTest, words: Any) -> Check:
    return OneOf(test.among(words).words)


def _pattern(test: ColumnTest, pattern: Any) -> Check:
    return Pattern(test.matches(pattern).pattern)


def _within(test: ColumnTest, bounds: Any) -> Check:
    between = test.between(bounds)
    return Within(between.low, between.high)


def _dated(test: ColumnTest, lies: Any) -> Check:
    test.must_be_dated()
    return Dated(lies)


def _recent(test: ColumnTest, months: Any) -> Check:
    test.must_be_dated()
    return Recent(months)


_READ: Final[Mapping[str, Callable[[ColumnTest, Any], Check]]] = {
    "one_of": _one_of,
    "pattern": _pattern,
    "between": _within,
    "lies": _dated,
    "within_months": _recent,
}
"""Key -> the check that it writes."""
