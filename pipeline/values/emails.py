"""E-mail addresses: whether the text can be one, by its syntax alone.

Nothing is looked up, so a verdict depends on the text and never on the network.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pipeline.values.white_space import WHITE_SPACE

_PLAIN: Final = re.compile(r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@([A-Za-z0-9.-]+)")
"""An address whose part before the @ is certainly valid."""
_SHORT: Final = 200
"""Characters that break no limit, whatever the address is made of."""


def is_email(text: str) -> bool:
    """Whether a text is one address and nothing else.

    White space around it is no fault. A display name, `mailto:`, a full stop at the end or a
    second address is: whoever copies the text into a mail program gets an error.
    """
    address = text.strip(WHITE_SPACE)
    plain = _PLAIN.fullmatch(address)
    if plain and len(address) <= _SHORT:
        return _is_domain(plain[1])
    return _is_valid(address)


@lru_cache(maxsize=100_000)
def _is_domain(domain: str) -> bool:
    """Whether addresses may end so. Most of the time goes into that, and colleagues share it."""
    return _is_valid(f"a@{domain}")


def _is_valid(address: str) -> bool:
    # costs 30 ms, which `--help` does without
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False, test_environment=False)
    except EmailNotValidError:
        return False
    return True
