"""Money as integers, and the one text of every figure: on pages, and in Excel by number and format."""

from __future__ import annotations

import random
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from pipeline.language.format import (
    NOTHING,
    display_value,
    excel_format,
    excel_value,
    format_figure,
)
from pipeline.language.languages import ENGLISH
from pipeline.model import Figure, Scope, Unit
from pipeline.values.money import ODD_FACTORS, digits_of, from_minor, to_minor


def figure(
    numerator: int, denominator: int | None = None, unit: Unit = Unit.COUNT, currency: str = ""
) -> Figure:
    return Figure(
        "x@company",
        Scope.COMPANY,
        "",
        "x",
        "",
        "period",
        numerator,
        denominator,
        unit,
        currency,
        "database",
    )


def percent(numerator: int, denominator: int) -> Figure:
    return figure(numerator, denominator, Unit.PERCENT)


def per_day(numerator: int, denominator: int) -> Figure:
    return figure(numerator, denominator, Unit.PER_DAY)


def money(units: int, currency: str) -> Figure:
    return figure(units, None, Unit.MONEY, currency)


# ------------------------------------------------------------------------------------------------ money


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [
        ("1.005", "EUR", None),
        ("1.005", "KWD", 1_005),
        ("1.005", "CLF", 10_050),
        ("1.005", "JPY", None),
        ("1", "JPY", 1),
        ("0.10", "EUR", 10),
        ("0.1000", "EUR", 10),
        ("-0.0", "EUR", 0),
        ("-12.30", "EUR", -1_230),
        ("12345678901234.86", "EUR", 1_234_567_890_123_486),
        ("1e3", "EUR", 100_000),
        ("1e-3", "EUR", None),
        ("1e300", "EUR", 10**302),
        ("NaN", "EUR", None),
        ("sNaN", "EUR", None),
        ("Infinity", "EUR", None),
        ("-Infinity", "JPY", None),
        ("0.30000000000000004", "EUR", None),
        ("7.25", "XXX", 725),  # a currency without an entry has hundredths
        ("7.25", "eur", 725),
    ],
)
def test_to_minor(text: str, currency: str, units: int | None) -> None:
    assert to_minor(Decimal(text), currency) == units


def test_there_and_back() -> None:
    seed = random.Random(4217)
    for currency in ("EUR", "JPY", "KWD", "CLF", "UYI", "ISK"):
        for _ in range(300):
            units = seed.randrange(-(10**17), 10**17)
            amount = from_minor(units, currency)
            assert to_minor(amount, currency) == units
            assert -amount.as_tuple().exponent == digits_of(currency)  # type: ignore[operator]
            assert amount * ODD_FACTORS.get(currency, 100) == units


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        *(
            ("EUR", 2),
            ("USD", 2),
            ("GBP", 2),
            ("CHF", 2),
            ("RUB", 2),
            ("MGA", 2),
            ("JPY", 0),
            ("KRW", 0),
            ("VND", 0),
        ),
        *(
            ("ISK", 0),
            ("CLP", 0),
            ("XOF", 0),
            ("KWD", 3),
            ("BHD", 3),
            ("TND", 3),
            ("JOD", 3),
            ("OMR", 3),
            ("LYD", 3),
        ),
        *(("IQD", 3), ("CLF", 4), ("UYW", 4)),
    ],
)
def test_digits_of_iso_4217(currency: str, digits: int) -> None:
    assert digits_of(currency) == digits
    assert ODD_FACTORS.get(currency, 100) == 10**digits


# ------------------------------------------------------------------------------------------------ show


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (1, 16, "6.3%"),  # 6.25: a float's format says 6.2
        (3, 16, "18.8%"),  # 18.75
        (1, 8, "12.5%"),
        (1, 32, "3.1%"),  # 3.125
        (1, 3, "33.3%"),
        (2, 3, "66.7%"),
        (1, 2, "50.0%"),
        (0, 7, "0.0%"),
        (7, 7, "100.0%"),
        (1, 10_000, "0.1%"),
        (1, 2_000, "0.1%"),  # 0.05, half up
        (1, 2_001, "0.1%"),
        (9_999, 10_000, "99.9%"),
        (1_999, 2_000, "99.9%"),
        (19_989, 20_000, "99.9%"),  # 99.945
        (10**17 - 1, 10**17, "99.9%"),
        (1, 10**17, "0.1%"),
        (212, 240, "88.3%"),
        (0, 0, NOTHING),
        (5, 0, NOTHING),
        (2_501, 2_500, "100.1%"),  # 100.04: more than all is never said to be all
        (20_001, 20_000, "100.1%"),
        (1_001, 1_000, "100.1%"),
        (2_000, 2_000, "100.0%"),
        (13, 10, "130.0%"),
        (1_234, 100, "1,234.0%"),
        (10**9, 1, "100,000,000,000.0%"),
    ],
)
def test_a_ratio(numerator: int, denominator: int, text: str) -> None:
    assert format_figure(percent(numerator, denominator), ENGLISH) == text


def test_a_ratio_without_denominator_has_no_value() -> None:
    assert format_figure(figure(5, None, Unit.PERCENT), ENGLISH) == NOTHING == "–"
    assert display_value(figure(5, None, Unit.PERCENT)) is None
    assert excel_value(percent(0, 0)) is None


def test_half_up_from_the_fraction_whatever_the_fraction() -> None:
    seed = random.Random(625)
    pairs = [(a, b) for b in range(1, 161) for a in range(b + 1)]
    pairs += [(seed.randrange(10**12), seed.randrange(1, 10**12)) for _ in range(2_000)]
    for numerator, denominator in pairs:
        tenths = Fraction(1_000 * numerator, denominator)
        expected = int(tenths + Fraction(1, 2))  # floor of a positive: half up
        if 0 < numerator < denominator:
            expected = min(max(expected, 1), 999)
        assert (
            format_figure(percent(numerator, denominator), ENGLISH)
            == f"{Decimal(expected) / 10:,.1f}%"
        )


@pytest.mark.parametrize(
    ("units", "number", "currency", "text"),
    [
        (1_001, 2, "EUR", "€5.01"),  # 5.005
        (1_000, 3, "EUR", "€3.33"),
        (2_000, 3, "EUR", "€6.67"),
        (5, 2, "JPY", "JPY 3"),
        (-1_001, 2, "EUR", "-€5"),  # half up is towards more
        (0, 7, "EUR", "€0"),
        (7, 0, "EUR", NOTHING),
    ],
)
def test_an_average_is_to_the_nearest_minor_unit(
    units: int, number: int, currency: str, text: str
) -> None:
    assert format_figure(figure(units, number, Unit.MONEY, currency), ENGLISH) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (5, 2, "2.5"),
        (1, 4, "0.3"),  # 0.25
        (25, 4, "6.3"),
        (10, 3, "3.3"),
        (0, 11, "0.0"),
        (7, 7, "1.0"),
        (11_000, 1, "11,000.0"),
        (3, 0, NOTHING),
    ],
)
def test_per_day(numerator: int, denominator: int, text: str) -> None:
    assert format_figure(per_day(numerator, denominator), ENGLISH) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (figure(0), "0"),
        (figure(999), "999"),
        (figure(1_000), "1,000"),
        (figure(1_234_567), "1,234,567"),
        (figure(305184080441754059), "305,184,080,441,754,059"),
        (figure(11, None, Unit.DAYS), "11"),
        (money(0, "EUR"), "€0"),
        (money(6_570_000, "EUR"), "€65,700"),
        (money(6_570_050, "EUR"), "€65,700.50"),
        (money(120_000, "CHF"), "CHF 1,200"),
        (money(120_000, "USD"), "$1,200"),
        (money(-120_000, "GBP"), "-£1,200"),
        (money(5, "EUR"), "€0.05"),
        (money(-5, "EUR"), "-€0.05"),
        (money(-123_456, "EUR"), "-€1,234.56"),
        (money(1_234_567_890_123_486, "EUR"), "€12,345,678,901,234.86"),
        (money(1_234_567, "JPY"), "JPY 1,234,567"),
        (money(0, "JPY"), "JPY 0"),
        (money(1_234_567, "KWD"), "KWD 1,234.567"),
        (money(1, "KWD"), "KWD 0.001"),
        (money(12_345, "CLF"), "CLF 1.2345"),
        (money(10**21 + 1, "EUR"), "€10,000,000,000,000,000,000.01"),
    ],
)
def test_counts_and_money(given: Figure, text: str) -> None:
    assert format_figure(given, ENGLISH) == text


# ------------------------------------------------------------------------------------------------ Excel


def printed(value: Decimal, number_format: str) -> str:
    """What an English spreadsheet prints of a number under one of our formats: `"€"#,##0.00`, `#,##0.0%`."""
    match = re.fullmatch(r'(?:"([^"]*)")?#,##0(?:\.(0+))?(%)?', number_format)
    assert match, number_format
    before, digits, is_percent = match[1] or "", len(match[2] or ""), bool(match[3])
    # a spreadsheet holds a double, scales a percentage, and rounds half away from zero
    held = Decimal(repr(float(value))) * (100 if is_percent else 1)
    text = f"{abs(held).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,}"
    minus = "-" if held < 0 and float(text.replace(",", "")) else ""
    return f"{minus}{before}{text}{'%' if is_percent else ''}"


def many_figures() -> list[Figure]:
    seed = random.Random(15)
    found = [percent(a, b) for b in range(1, 130) for a in range(b + 2)]
    found += [per_day(a, b) for a in range(200) for b in range(1, 23)]
    found += [figure(seed.randrange(10**digits)) for digits in range(1, 20) for _ in range(60)]
    found += [
        money(seed.choice((1, -1)) * seed.randrange(10**digits), currency)
        for digits in range(1, 18)
        for currency in ("EUR", "JPY", "KWD", "CLF", "USD")
        for _ in range(40)
    ]
    return found


def test_a_cell_prints_what_show_says() -> None:
    as_text = 0
    for given in many_figures():
        value = excel_value(given)
        if value is None:
            as_text += 1
            assert len(str(abs(given.numerator))) > 15 or not given.denominator
        else:
            assert printed(value, excel_format(given, ENGLISH)) == format_figure(given, ENGLISH)
    assert 0 < as_text < len(many_figures()) // 4


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (figure(10**15 - 1), True),
        (figure(10**15), False),
        (figure(305184080441754059), False),
        (money(999_999_999_999_999, "EUR"), True),
        (money(1_234_567_890_123_486, "EUR"), False),
        (money(-999_999_999_999_999, "KWD"), True),
        (money(10**15 + 1, "JPY"), False),
    ],
)
def test_more_than_fifteen_digits_are_text(given: Figure, held: bool) -> None:
    assert (excel_value(given) is not None) is held


@pytest.mark.parametrize("currency", ['E"R', "€", "E R", "[Red]", "", "E;R", "EUR\r"])
def test_a_currency_that_would_break_a_number_format_is_text(currency: str) -> None:
    assert excel_value(money(1_234, currency)) is None
    assert format_figure(money(1_234, currency), ENGLISH).endswith(f"{currency} 12.34".lstrip())
    assert excel_value(money(1_234, "EUR")) == Decimal("12.34")


def test_the_cell_holds_the_rounded_decimal() -> None:
    assert excel_value(percent(1, 16)) == Decimal("0.063")
    assert excel_value(percent(1, 3)) == Decimal("0.333")
    assert excel_value(percent(9_999, 10_000)) == Decimal("0.999")
    assert excel_value(percent(7, 7)) == 1
    assert excel_value(per_day(5, 2)) == Decimal("2.5")
    assert excel_value(money(123_456, "EUR")) == Decimal("1234.56")
    assert display_value(percent(1, 16)) == Decimal("6.3")


@pytest.mark.parametrize(
    ("given", "number_format"),
    [
        (figure(1), "#,##0"),
        (figure(1, None, Unit.DAYS), "#,##0"),
        (percent(1, 2), "#,##0.0%"),
        (per_day(1, 2), "#,##0.0"),
        (money(1, "EUR"), '"€"#,##0.00'),
        (money(100, "EUR"), '"€"#,##0'),
        (money(1, "JPY"), '"JPY "#,##0'),
        (money(1, "KWD"), '"KWD "#,##0.000'),
        (money(1, "CLF"), '"CLF "#,##0.0000'),
        (money(1, "UYW"), '"UYW "#,##0.0000'),
        (money(1, "ISK"), '"ISK "#,##0'),
    ],
)
def test_the_format_of_each_unit(given: Figure, number_format: str) -> None:
    assert excel_format(given, ENGLISH) == number_format


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("1.00", "EUR", 100), ("1.005", "EUR", None), ("0.001", "EUR", None), ("1.5", "JPY", None), ("2", "JPY", 2),
        ("1.005", "KWD", 1005), ("1.0005", "KWD", None), ("1.00005", "CLF", None), ("1.0005", "CLF", 10_005),
        ("12345678901234567890.12", "EUR", 1_234_567_890_123_456_789_012), ("1E+3", "EUR", 100_000),
        ("1E-30", "EUR", None), ("Infinity", "EUR", None), ("NaN", "EUR", None),
    ],
)  # fmt: skip
def test_what_is_finer_than_a_minor_unit_is_no_amount(
    sign: str, amount: str, currency: str, units: int | None
) -> None:
    expected = None if units is None else int(f"{sign}{units}")
    assert to_minor(Decimal(f"{sign}{amount}"), currency) == expected
