"""Texts that reports print in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.model.sent import by_fields

LanguageCode = Literal["en", "nl"]
"""The languages in which reports are written."""


@dataclass(frozen=True, slots=True)
class LocalText:
    """A text in every language of reports; which of them is printed is settled when a
    report is made.

    As a string it is English: the language of the terminal, of errors and of files for
    machines.
    """

    en: str
    nl: str

    __reduce__ = by_fields

    def __str__(self) -> str:
        return self.en

    def __bool__(self) -> bool:
        return bool(self.en or self.nl)

    def chosen(self, code: LanguageCode) -> str:
        """The text in this language."""
        text: str = getattr(self, code)
        return text


NO_TEXT = LocalText("", "")


def same_in_all(text: str) -> LocalText:
    """A name or a user's own text: every language prints it as it is."""
    return LocalText(text, text)
