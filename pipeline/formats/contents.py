"""Columns of which nobody sees every character: HTML, JSON, and several
columns joined into one.

A value in which nobody sees anything is missing, like a blank one. Python judges the rows, and
each database judges by a regular expression of its own; SQLite has none and calls Python.
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
    """Nobody sees anything of what the column holds."""
    if content.what == "html":
        return unseen_html(text, literal(TAG), literal(ENTITY))
    return unseen_json(
        text, literal(content.filled), literal(ESCAPE), literal(",".join(content.keys))
    )


def empty_parts(text: ColumnElement[Any], words: Sequence[str]) -> ColumnElement[bool]:
    """The same, of a column that holds several values; false of one that holds a single one."""
    return constructs.empty_parts(text, literal("\n".join(words)))
