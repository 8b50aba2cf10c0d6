"""Money: integers of minor units, never floats."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

# ISO 4217 as of 1 January 2026
_IN_USE: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP "
    "GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR "
    "KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
# withdrawn since 2010: old deals still name them
_WITHDRAWN: Final = "ANG BGN CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL"

CODES: Final = frozenset((*_IN_USE.split(), *_WITHDRAWN.split()))
"""The currencies that an amount may name, without metals, units of account and XXX."""

# those whose minor unit is not a hundredth
_DIGITS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"), 0
    ),
    **dict.fromkeys(("UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

ODD_FACTORS: Final = {currency: 10**digits for currency, digits in _DIGITS.items()}
"""Currency -> minor units in one unit, where that is not a hundred."""


LARGEST_AMOUNT: Final = 10**18
"""Amounts of this many minor units or more are unreadable: sums would exceed 64 bits."""


def digits_of(currency: str) -> int:
    """Decimals of the currency's minor unit."""
    return _DIGITS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int | None:
    """The amount in minor units; None if it is not a whole number of them, or no number."""
    if not amount.is_finite():
        return None
    numerator, denominator = amount.as_integer_ratio()
    units, finer = divmod(numerator * 10 ** digits_of(currency), denominator)
    return None if finer else units


def from_minor(units: int, currency: str) -> Decimal:
    """The amount as a decimal with the currency's own number of decimals."""
    digits = digits_of(currency)
    return Decimal((units < 0, tuple(map(int, str(abs(units)))), -digits))
