"""How a figure is written: one text everywhere, and the Excel cell that prints it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pipeline.model import Figure, Unit
from pipeline.values.money import digits_of, from_minor

NOTHING: Final = "–"
"""A ratio of which nothing was due: no value, and never zero."""


def _tenths(numerator: int, denominator: int) -> int:
    """numerator / denominator in tenths, half up, exactly."""
    return (20 * numerator + denominator) // (2 * denominator)


def display_value(figure: Figure) -> Decimal | None:
    """The decimal that is printed: a percentage in hundredths of its own (91.3), money
    in units; None = no value.

    A ratio that is not exactly 0 or 1 is printed as 0.1 to 99.9, or as 100.1 and more, so that
    neither is said of what is not so.
    """
    match figure.unit:
        case Unit.MONEY if figure.denominator is None:
            return from_minor(figure.numerator, figure.currency)
        case Unit.MONEY:
            return _average(figure)
        case Unit.PERCENT | Unit.PER_DAY:
            return _ratio(figure)
        case _:
            return Decimal(figure.numerator)


def _average(figure: Figure) -> Decimal | None:
    """Money over a number, to the nearest minor unit, half up."""
    if not figure.denominator:
        return None
    units = (2 * figure.numerator + figure.denominator) // (2 * figure.denominator)
    return from_minor(units, figure.currency)


def _ratio(figure: Figure) -> Decimal | None:
    if not figure.denominator:
        return None
    if figure.unit is Unit.PER_DAY:
        return Decimal(_tenths(figure.numerator, figure.denominator)).scaleb(-1)
    tenths = _tenths(100 * figure.numerator, figure.denominator)
    if 0 < figure.numerator < figure.denominator:
        tenths = min(max(tenths, 1), 999)
    elif figure.numerator > figure.denominator:
        tenths = max(tenths, 1001)
    return Decimal(tenths).scaleb(-1)


def format_figure(figure: Figure) -> str:
    """The figure's text, the same on every page, sheet and screen."""
    value = display_value(figure)
    if value is None:
        return NOTHING
    match figure.unit:
        case Unit.PERCENT:
            return f"{value:,.1f} %"
        case Unit.PER_DAY:
            return f"{value:,.1f}"
        case Unit.MONEY:
            return f"{value:,.{digits_of(figure.currency)}f} {figure.currency}"
        case _:
            return f"{value:,}"


def excel_format(figure: Figure) -> str:
    """The number format under which a cell holding `excel_value` prints what `show` says."""
    match figure.unit:
        case Unit.PERCENT:
            return "#,##0.0 %"
        case Unit.PER_DAY:
            return "#,##0.0"
        case Unit.MONEY:
            digits = digits_of(figure.currency)
            return f'#,##0{"." + "0" * digits if digits else ""} "{figure.currency}"'
        case _:
            return "#,##0"


def excel_value(figure: Figure) -> Decimal | None:
    """The number for the cell; None where Excel cannot hold it exactly (or there is
    none): then `show`, as text.
    """
    value = display_value(figure)
    if value is None:
        return None
    if figure.unit is Unit.PERCENT:
        value = value.scaleb(-2)
    # it could not stand in a format
    odd = not figure.currency.isalnum() if figure.unit is Unit.MONEY else False
    return value if len(value.as_tuple().digits) <= 15 and not odd else None
