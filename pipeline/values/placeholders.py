"""Filler values: something was entered only because the form asked for it.

A value is a filler if it is, after NFKC, strip and case-folding, a declared word, one character
three or more times, or a run along the keyboard, the digits or the alphabet. It is judged as a
whole: a text that merely contains such a word is none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pipeline.values.white_space import WHITE_SPACE

_ENGLISH: Final = (
    "test", "test test", "testtest", "testing", "test123", "dummy", "n/a", "n.a.", "na", "none",
    "unknown", "not known", "not available", "not applicable", "tbd", "t.b.d.", "tba", "t.b.a.",
    "todo", "to do", "to be determined", "to be announced", "to follow", "foo", "foobar",
    "lorem ipsum", "blah", "blah blah", "fill in later", "unknown.", "none.", "test.",
)  # fmt: skip
_DUTCH: Final = (
    "nvt", "n.v.t.", "n.v.t", "niet van toepassing", "onbekend", "niet bekend", "geen", "leeg",
    "ntb", "n.t.b.", "nader te bepalen", "volgt", "volgt nog", "bla", "bla bla", "blabla",
    "later invullen", "vul later in", "invullen", "onbekend.", "geen.", "nvt.",
)  # fmt: skip
_NEITHER: Final = (
    "x", "xx", "-", "--", ".", "..", "?", "??", "*", "_", "/", "0", "00", "nn", "n.n.", "n.",
    "asd", "asdf", "qwer", "abc", "abcd", "123", "1234",
)  # fmt: skip
_PHONES: Final = ("0612345678", "06-12345678", "06 12345678", "+31612345678", "0600000000")
_MAILBOXES: Final = (
    "a", "aa", "aaa", "x", "xx", "xxx", "test", "asd", "asdf", "abc", "geen", "nvt", "onbekend",
    "unknown", "none", "noemail", "nomail", "geenemail", "geenmail", "dummy",
)  # fmt: skip
_DOMAINS: Final = ("nl", "be", "com", "net", "org", "eu")
_PROVIDERS: Final = ("gmail.com", "hotmail.com", "outlook.com")
_NO_MAIL: Final = ("noemail", "nomail", "geenemail", "geenmail")
_EXAMPLES: Final = ("test", "info", "nobody", "noemail", "user", "email", "mail", "name")


def _addresses() -> Iterable[str]:
    """The addresses that a form accepts and nobody reads: x@x.nl, test@example.com."""
    for name in _MAILBOXES:
        yield from (f"{name}@{name}.{domain}" for domain in _DOMAINS)
    for name in _NO_MAIL:
        yield from (f"{name}@{provider}" for provider in _PROVIDERS)
    for name in _EXAMPLES:
        yield from (f"{name}@example.{domain}" for domain in ("com", "net", "org"))


DEFAULT_WORDS: Final = (*_ENGLISH, *_DUTCH, *_NEITHER, *_PHONES, *_addresses())
"""The words of a field set that declares none."""

_ROWS: Final = (
    "01234567890",
    "qwertyuiop",
    "azertyuiop",
    "asdfghjkl",
    "qsdfghjklm",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
)
_LINES: Final = (*_ROWS, *(row[::-1] for row in _ROWS))
_SHORTEST_RUN: Final = 5
_FEWEST_REPEATS: Final = 3


@dataclass(frozen=True)
class Fillers:
    """The filler values of a field set: its words, and the patterns that need no words."""

    words: tuple[str, ...] = DEFAULT_WORDS

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(map(_fold, self.words))

    def has_text(self, text: str) -> bool:
        """Whether a text is a filler."""
        folded = _fold(text)
        return self._is_word(folded) or _is_run(folded)

    def has_phone(self, text: str) -> bool:
        """Whether a phone number is a filler: its digits alone may be the run."""
        folded = _fold(text)
        return self._is_word(folded) or _is_run(_digits(folded))

    def has_name(self, first_name: str, last_name: str) -> bool:
        """Whether a person's name is a filler: both parts are. Test and Xx are names too."""
        return self.has_text(first_name) and self.has_text(last_name)

    def _is_word(self, folded: str) -> bool:
        return folded in self._folded or _is_repeated(folded)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(WHITE_SPACE).casefold()


def _is_repeated(folded: str) -> bool:
    return len(folded) >= _FEWEST_REPEATS and len(set(folded)) == 1


def _is_run(folded: str) -> bool:
    return len(folded) >= _SHORTEST_RUN and any(folded in line for line in _LINES)


def _digits(folded: str) -> str:
    return "".join(character for character in folded if "0" <= character <= "9")
