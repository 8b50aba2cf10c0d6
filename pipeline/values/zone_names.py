"""The names of all time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def zone_names() -> frozenset[str]:
    """Every zone that this machine knows; the library looks through hundreds of files for them."""
    return frozenset(available_timezones())
