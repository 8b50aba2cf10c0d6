"""Money: integers of minor units, never floats."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

# ISO 4217: the currencies whose minor unit is not a hundredth
_DIGITS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"), 0),
    **dict.fromkeys(("UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

ODD_FACTORS: Final = {currency: 10**digits for currency, digits in _DIGITS.items()}
"""Currency -> minor units in one unit, where that is not a hundred."""


def digits_of(currency: str) -> int:
    """Decimals of the currency's minor unit."""
    return _DIGITS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int | None:
    """The amount in minor units; None where it is finer than one, or no number."""
    if not amount.is_finite():
        return None
    numerator, denominator = amount.as_integer_ratio()
    units, finer = divmod(numerator * 10 ** digits_of(currency), denominator)
    return None if finer else units


def from_minor(units: int, currency: str) -> Decimal:
    """The amount as a decimal with the currency's own number of decimals."""
    digits = digits_of(currency)
    return Decimal((units < 0, tuple(map(int, str(abs(units)))), -digits))
