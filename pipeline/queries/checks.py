"""Checks that are asked of one value together."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model.checks import Check, OneOf, Pattern
from pipeline.values.patterns import has_pattern


def checks_together(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks, each of which can be asked by itself: one of several values must be both a
    word and written like a pattern, and not one the one and another the other.
    """
    patterns = [check.pattern for check in checks if isinstance(check, Pattern)]
    if not patterns:
        return tuple(checks)
    return tuple(
        _matching(check, patterns) if isinstance(check, OneOf) else check
        for check in checks
        if not (isinstance(check, Pattern) and any(isinstance(c, OneOf) for c in checks))
    )


def _matching(words: OneOf, patterns: Sequence[str]) -> OneOf:
    """The words that are written like the patterns."""
    return OneOf(
        tuple(
            word
            for word in words.words
            if all(has_pattern(word.encode(), pattern) for pattern in patterns)
        )
    )
