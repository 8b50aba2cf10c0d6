"""Writes figures, days and hours: the same text everywhere, and an Excel cell that shows it."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.language.languages import Language
from pipeline.language.styles import Style
from pipeline.model import Figure, Unit
from pipeline.values.money import from_minor

NOTHING: Final = "–"
"""A ratio with nothing due: no value, and never zero."""

_EXACT_DIGITS: Final = 15  # significant digits that Excel keeps


# ------------------------------------------------------------------------------------ figures


def display_value(figure: Figure) -> Decimal | None:
    """The decimal that is printed: 91.3 for a percentage, units for money; None if no value.

    A ratio that is not exactly 0 or 1 shows 0.1 to 99.9, or 100.1 and more: 0% and 100% appear
    only when exact. An amount shows cents only if there are any.
    """
    match figure.unit:
        case Unit.MONEY if figure.denominator is None:
            return _amount(figure.numerator, figure.currency)
        case Unit.MONEY:
            return _average(figure)
        case Unit.PERCENT | Unit.PER_DAY:
            return _ratio(figure)
        case _:
            return Decimal(figure.numerator)


def _amount(units: int, currency: str) -> Decimal:
    amount = from_minor(units, currency)
    whole = amount.to_integral_value()
    return whole if whole == amount else amount


def _average(figure: Figure) -> Decimal | None:
    """Money divided by a number, to the nearest minor unit, half up."""
    if not figure.denominator:
        return None
    units = (2 * figure.numerator + figure.denominator) // (2 * figure.denominator)
    return _amount(units, figure.currency)


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


def _tenths(numerator: int, denominator: int) -> int:
    """numerator / denominator in tenths, half up, exactly."""
    return (20 * numerator + denominator) // (2 * denominator)


def format_figure(figure: Figure, language: Language) -> str:
    """The figure's text, the same on every page, sheet and screen of a language."""
    value = display_value(figure)
    if value is None:
        return NOTHING
    number = _decimal(value, language.style)
    if figure.unit is Unit.PERCENT:
        return f"{number}%"
    if figure.unit is not Unit.MONEY:
        return number
    minus = "-" if value < 0 else ""
    return f"{minus}{language.style.before_amount(figure.currency)}{number.lstrip('-')}"


def hundredths(value: Fraction) -> Decimal:
    """A positive number with two decimals, half up, and never 0.00."""
    numerator, denominator = (100 * value).as_integer_ratio()
    return Decimal(max(1, (2 * numerator + denominator) // (2 * denominator))).scaleb(-2)


def plain_decimal(value: Decimal, language: Language) -> str:
    """A number without a unit: '1,234.5'."""
    return _decimal(value, language.style)


def _decimal(value: Decimal, style: Style) -> str:
    """With all its digits: '1,234.5'."""
    whole, _, decimals = f"{value:,f}".partition(".")
    grouped = whole.replace(",", style.thousands)
    return f"{grouped}{style.decimal}{decimals}" if decimals else grouped


# -------------------------------------------------------------------------------------- Excel


def excel_format(figure: Figure, language: Language) -> str:
    """The number format that makes a cell with `excel_value` show what `format_figure` writes.

    A format is the same in all languages; Excel shows it with the reader's separators.
    """
    value = display_value(figure)
    decimals = -int(value.as_tuple().exponent) if value is not None else 0
    number = f"#,##0.{'0' * decimals}" if decimals > 0 else "#,##0"
    match figure.unit:
        case Unit.PERCENT:
            return f"{number}%"
        case Unit.MONEY:
            return f'"{language.style.before_amount(figure.currency)}"{number}'
        case _:
            return number


def excel_value(figure: Figure) -> Decimal | None:
    """The number for the cell; None if there is none or Excel cannot hold it exactly.

    Then the cell holds `format_figure` as text.
    """
    value = display_value(figure)
    if value is None:
        return None
    if figure.unit is Unit.PERCENT:
        value = value.scaleb(-2)
    # such a currency cannot be part of a format
    odd = not figure.currency.isalnum() if figure.unit is Unit.MONEY else False
    return value if len(value.as_tuple().digits) <= _EXACT_DIGITS and not odd else None


# ------------------------------------------------------------------------------- days and hours


def day_text(day: date, language: Language) -> str:
    """'16 Nov 2026'."""
    return f"{day.day} {language.style.short_months[day.month - 1]} {day.year}"


def hour_text(hour: time, language: Language) -> str:
    """'14:30'."""
    return f"{hour:{language.style.hour}}"


def month_text(day: date, language: Language) -> str:
    """'November 2026'."""
    return f"{language.style.months[day.month - 1]} {day.year}"


def moment_text(instant: datetime, zone: str, language: Language) -> str:
    """'Mon 16 Nov 2026 07:00 CET'."""
    local = instant.astimezone(ZoneInfo(zone))
    weekday = language.style.short_days[local.weekday()]
    hour = f"{local:{language.style.hour}}"
    return f"{weekday} {day_text(local.date(), language)} {hour} {local.tzname()}"
