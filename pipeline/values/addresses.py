"""Finds secrets in addresses, and keeps them out of files and messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus

_VARIABLE: Final = re.compile(r"\$\{\w+\}")
# an account's password, up to the last @, which precedes the host; a third slash starts a path
_PASSWORD: Final = re.compile(r"(://(?!/)[^:@/]*:)(?!\$\{\w+\}@).*@", re.DOTALL)
# a path to a file with a secret is not a secret: passfile, sslkey
_SECRET_OPTION: Final = re.compile(
    r"pass(?!file)|pwd|secret|token|credential|(api|access)[_-]?key", re.IGNORECASE
)
# up to the last @, because a password with blanks hides where an address ends
_IN_A_SENTENCE: Final = re.compile(r"(?<=://).*(?=@)", re.DOTALL)
_OPTION_IN_A_SENTENCE: Final = re.compile(
    rf"((?:{_SECRET_OPTION.pattern})[^=&\s]*=)[^&'\"]+", re.IGNORECASE
)


def holds_secret(url: str) -> bool:
    """Whether the address contains a password or a token; a variable, ${NAME}, is neither."""
    if _PASSWORD.search(url):
        return True
    return any(
        _is_secret(name) and value and not _VARIABLE.fullmatch(value)
        for name, value in _options(url)
    )


def holds_account(url: str) -> bool:
    """Whether the address names an account: https://reader@host, with or without password."""
    return bool(re.search(r"://(?!/)[^/?#]*@", url))


def without_secret(url: str, instead: str) -> str:
    """The address with each password and token replaced by `instead`."""
    url = _PASSWORD.sub(rf"\1{instead}@", url)
    for name, value in _options(url):
        if _is_secret(name) and value and not _VARIABLE.fullmatch(value):
            url = url.replace(f"{name}={value}", f"{name}={instead}")
    return url


def hushed(text: str) -> str:
    """A sentence without possible secrets in an address that it quotes."""
    return _OPTION_IN_A_SENTENCE.sub(r"\g<1>…", _IN_A_SENTENCE.sub("…", text))


def _options(url: str) -> Iterator[tuple[str, str]]:
    """Names and values after the question mark, as written."""
    for option in url.partition("?")[2].split("&"):
        name, _, value = option.partition("=")
        yield name, value


def _is_secret(name: str) -> bool:
    return bool(_SECRET_OPTION.search(unquote_plus(name)))


_ADDRESS: Final = re.compile(
    r"[^\s@,;:<>\"()\[\]\\%&?/]{1,64}@[^\s@,;:<>\"()\[\]\\%&?/]{1,255}"
)


def is_address(text: str) -> bool:
    """Whether a text is one plain e-mail address, to which a page can offer to write."""
    return bool(_ADDRESS.fullmatch(text)) and text.isprintable()
