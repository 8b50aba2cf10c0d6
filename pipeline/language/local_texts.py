"""Texts in presets and field sets: one for all languages, or one per language."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator

from pipeline.language.styles import STYLES
from pipeline.model import LocalText, same_in_all

_LANGUAGES: Final = tuple(STYLES)


def _read(value: object) -> LocalText:
    if isinstance(value, LocalText):
        return value
    if isinstance(value, str):
        return same_in_all(value)
    if isinstance(value, dict) and set(value) == set(_LANGUAGES):
        wordings = {code: text for code, text in value.items() if isinstance(text, str)}
        if len(wordings) == len(_LANGUAGES):
            return LocalText(**wordings)
    each = ", ".join(f"{code}: …" for code in _LANGUAGES)
    raise ValueError(f"write a text, or one in each language: {{{each}}}")


WrittenText = Annotated[
    LocalText, BeforeValidator(_read, json_schema_input_type=str | LocalText)
]
"""A text of a YAML file."""
