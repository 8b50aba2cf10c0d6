"""Marks of texts that are declared in one place and translated in another."""

from __future__ import annotations


def marked(english: str) -> str:
    """Returns the text; the call puts it into the catalogues."""
    return english


def forms(singular: str, plural: str) -> tuple[str, str]:
    """Returns the singular and plural of a text; the call puts them into the catalogues."""
    return singular, plural
