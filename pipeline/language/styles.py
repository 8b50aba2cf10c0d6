"""How each language writes numbers, money, days and hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.model import LanguageCode
from pipeline.values.months import MONTHS


@dataclass(frozen=True, slots=True)
class Style:
    """Separators of numbers, signs before amounts, and names in dates."""

    decimal: str
    thousands: str
    symbols: Mapping[str, str]  # currency -> the sign before an amount; others use the code
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    short_days: tuple[str, ...]  # Monday first
    hour: str  # strftime's

    def before_amount(self, currency: str) -> str:
        """The text before an amount: '€', or 'CHF ' if no sign is common."""
        return self.symbols.get(currency, f"{currency} ".lstrip())


STYLES: Final[Mapping[LanguageCode, Style]] = {
    "en": Style(
        decimal=".",
        thousands=",",
        symbols={"EUR": "€", "GBP": "£", "USD": "$"},
        months=MONTHS,
        short_months=tuple(month[:3] for month in MONTHS),
        short_days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        hour="%H:%M",
    ),
    "nl": Style(
        decimal=",",
        thousands=".",
        symbols={"EUR": "€ ", "GBP": "£ ", "USD": "$ "},
        months=(
            *("januari", "februari", "maart", "april", "mei", "juni"),
            *("juli", "augustus", "september", "oktober", "november", "december"),
        ),
        short_months=(
            *("jan", "feb", "mrt", "apr", "mei", "jun"),
            *("jul", "aug", "sep", "okt", "nov", "dec"),
        ),
        short_days=("ma", "di", "wo", "do", "vr", "za", "zo"),
        hour="%H.%M uur",
    ),
}
"""The style of every language."""
