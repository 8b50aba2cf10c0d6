"""Addresses that may hold a secret: told, taken out, and kept out of messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus

_VARIABLE: Final = re.compile(r"\$\{\w+\}")
# of an account; what follows is a host, or a password with an @; a file's path
# begins with a third slash
_PASSWORD: Final = re.compile(r"(://(?!/)[^:@/]*:)(?!\$\{\w+\}@).*@", re.DOTALL)
# paths of files that hold a secret are none: passfile, sslkey
_SECRET_OPTION: Final = re.compile(
    r"pass(?!file)|pwd|secret|token|credential|(api|access)[_-]?key", re.IGNORECASE
)
# where an address ends in a sentence cannot be told if a password holds
# blanks: up to the last @
_IN_A_SENTENCE: Final = re.compile(r"(?<=://).*(?=@)", re.DOTALL)
_OPTION_IN_A_SENTENCE: Final = re.compile(
    rf"((?:{_SECRET_OPTION.pattern})[^=&\s]*=)[^&'\"]+", re.IGNORECASE
)


def holds_secret(url: str) -> bool:
    """Whether a password or a token stands in the address; the name of a
    variable, ${NAME}, is none.
    """
    if _PASSWORD.search(url):
        return True
    return any(
        _is_secret(name) and value and not _VARIABLE.fullmatch(value)
        for name, value in _options(url)
    )


def holds_account(url: str) -> bool:
    """Whether the address says who comes: https://reader@host, with or without a password."""
    return bool(re.search(r"://(?!/)[^/?#]*@", url))


def without_secret(url: str, instead: str) -> str:
    """The address with `instead` in the place of each password and token."""
    url = _PASSWORD.sub(rf"\1{instead}@", url)
    for name, value in _options(url):
        if _is_secret(name) and value and not _VARIABLE.fullmatch(value):
            url = url.replace(f"{name}={value}", f"{name}={instead}")
    return url


def hushed(text: str) -> str:
    """A sentence without what may be a secret in an address that it quotes."""
    return _OPTION_IN_A_SENTENCE.sub(r"\g<1>…", _IN_A_SENTENCE.sub("…", text))


def _options(url: str) -> Iterator[tuple[str, str]]:
    """Names and values behind the question mark, as they are written."""
    for option in url.partition("?")[2].split("&"):
        name, _, value = option.partition("=")
        yield name, value


def _is_secret(name: str) -> bool:
    return bool(_SECRET_OPTION.search(unquote_plus(name)))
