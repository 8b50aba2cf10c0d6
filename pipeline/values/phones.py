"""Phone numbers: whether a text holds one that can be dialled, and which.

Only an impossible number is a fault. Whether a possible one has been issued depends on the
numbering plans' date, so that is a hint, and reports name the version.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class PhoneVerdict(StrEnum):
    GOOD = "good"
    HINT = "hint"  # possible, but of no range that the numbering plan has issued
    INVALID = "invalid"
    NOT_JUDGED = "not judged"  # no + before it, and nobody knows the country


class Phone(NamedTuple):
    """The verdict on a text, and the number in it as E.164 without extension, if any."""

    verdict: PhoneVerdict
    number: str | None = None


def judge_phone(text: str, region: str | None) -> Phone:
    """The first number in a text, dialled from `region` ('NL'). A note beside it is no fault."""
    # costs 30 ms, which `--help` does without
    from phonenumbers import (
        Leniency,
        PhoneNumberFormat,
        PhoneNumberMatcher,
        format_number,
        is_valid_number,
    )

    matches = PhoneNumberMatcher(text, region, leniency=Leniency.POSSIBLE)
    match = next(iter(matches), None)
    if match is None:
        return _no_number(text, region)
    number = format_number(match.number, PhoneNumberFormat.E164)
    if is_valid_number(match.number):
        return Phone(PhoneVerdict.GOOD, number)
    return Phone(PhoneVerdict.HINT, number)


def _no_number(text: str, region: str | None) -> Phone:
    if region is None and "+" not in text and "＋" not in text:
        return Phone(PhoneVerdict.NOT_JUDGED)
    return Phone(PhoneVerdict.INVALID)


def plans_version() -> str:
    """The version of the numbering plans, for reports to name."""
    import phonenumbers

    return phonenumbers.__version__
