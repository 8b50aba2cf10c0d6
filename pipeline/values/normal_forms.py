"""Normal forms: two values are duplicates if theirs are the same text."""

from __future__ import annotations

import unicodedata

from pipeline.values.white_space import WHITE_SPACE


def normal_text(text: str) -> str:
    """A text without the differences that nobody means: composition, white space around it,
    capitals.
    """
    return unicodedata.normalize("NFC", text).strip(WHITE_SPACE).casefold()


def normal_email(text: str) -> str:
    """An address with its domain in lower case. The part before it stays: servers may tell
    its capitals apart.
    """
    mailbox, at, domain = text.strip(WHITE_SPACE).rpartition("@")
    return f"{mailbox}{at}{domain.lower()}"
