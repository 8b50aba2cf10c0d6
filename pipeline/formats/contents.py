"""SQL for columns with characters that nobody sees: HTML, JSON, several columns in one.

A value without anything visible is missing, like a blank one. Python judges the rows; each
database judges by its own regular expression, except SQLite, which calls Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import literal
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases import constructs
from pipeline.databases.constructs import unseen_html, unseen_json
from pipeline.values.contents import ENTITY, ESCAPE, TAG, Content


def unseen(content: Content, text: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether nothing in the column is visible."""
    if content.what == "html":
        return unseen_html(text, literal(TAG), literal(ENTITY))
    return unseen_json(
        text, literal(content.filled), literal(ESCAPE), literal(",".join(content.keys))
    )


def empty_parts(text: ColumnElement[Any], words: Sequence[str]) -> ColumnElement[bool]:
    """Whether each of several values is blank or one of these words; false for a single value."""
    return constructs.empty_parts(text, literal("\n".join(words)))
