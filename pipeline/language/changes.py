"""Writes by what figures changed: '+2.2 points', and parts that add up as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from pipeline.language.format import display_value, plain_decimal
from pipeline.language.languages import Language
from pipeline.language.marked import marked
from pipeline.model import Figure, Unit
from pipeline.model.comparison import Change
from pipeline.values.money import from_minor

_POINTS: Final = marked("{number} points")


def shown_difference(change: Change) -> Decimal | None:
    """The later figure less the earlier one, as both are shown; None where one has no value."""
    before, after = _shown(change.before), _shown(change.after)
    return None if before is None or after is None else after - before


def _shown(figure: Figure | None) -> Decimal | None:
    return None if figure is None else display_value(figure)


def shown_parts(change: Change) -> list[Decimal]:
    """The change of each step, rounded so that they add up to the difference as it is shown:
    what rounding down leaves goes to the largest remainders.
    """
    total = shown_difference(change)
    if total is None or not change.steps:
        return []
    quantum = _quantum(change.figure)
    exact = [step.change * _scale(change.figure) / Fraction(quantum) for step in change.steps]
    units = [value.__floor__() for value in exact]
    left = int(total / quantum) - sum(units)
    by_remainder = sorted(range(len(exact)), key=lambda at: units[at] - exact[at])
    for number in range(abs(left)):
        # too many were rounded up only where a shown figure is itself kept from 0% or 100%
        place = by_remainder[number % len(exact) if left > 0 else -1 - number % len(exact)]
        units[place] += 1 if left > 0 else -1
    return [quantum * unit for unit in units]


def format_change(figure: Figure, change: Decimal, language: Language) -> str:
    """'+2.2 points', '-3', '+€1,200'."""
    number = format_part(figure, change, language)
    return language.translate(_POINTS, number=number) if figure.unit is Unit.PERCENT else number


def format_part(figure: Figure, part: Decimal, language: Language) -> str:
    """The same without 'points', for parts of a change that has them; cents only if there are
    any.
    """
    sign = "+" if part > 0 else "-" if part < 0 else ""
    whole = part.to_integral_value()
    size = abs(whole if figure.unit is Unit.MONEY and whole == part else part)
    number = plain_decimal(size, language)
    money = figure.unit is Unit.MONEY
    return f"{sign}{language.style.before_amount(figure.currency) if money else ''}{number}"


def excel_change(figure: Figure, change: Decimal, language: Language) -> tuple[Decimal, str]:
    """The number and the format of a cell that shows the change, without a unit but money's."""
    decimals = max(0, -int(change.as_tuple().exponent))
    number = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    before = (
        f'"{language.style.before_amount(figure.currency)}"'
        if figure.unit is Unit.MONEY and figure.currency.isalnum()
        else ""
    )
    return change, f"+{before}{number};-{before}{number};0"


def _quantum(figure: Figure) -> Decimal:
    """The least by which a figure can be seen to change."""
    match figure.unit:
        case Unit.PERCENT | Unit.PER_DAY:
            return Decimal("0.1")
        case Unit.MONEY:
            return from_minor(1, figure.currency)
        case _:
            return Decimal(1)


def _scale(figure: Figure) -> Fraction:
    """What turns a figure's exact value into the number that is shown."""
    match figure.unit:
        case Unit.PERCENT:
            return Fraction(100)
        case Unit.MONEY:
            return Fraction(from_minor(1, figure.currency))
        case _:
            return Fraction(1)


def largest(parts: Sequence[Decimal], most: int) -> list[int]:
    """The places of the parts that count most, the largest first; none that is nothing."""
    places = [place for place, part in enumerate(parts) if part]
    return sorted(places, key=lambda place: -abs(parts[place]))[:most]
