"""Marks of texts that are declared in one place and translated in another."""

from __future__ import annotations


def marked(english: str) -> str:
    """The text as it is; its mark puts it into the catalogues."""
    return english


def forms(one: str, many: str) -> tuple[str, str]:
    """A text in the singular and in the plural; the mark puts it into the catalogues."""
    return one, many
