"""Columns of which nobody sees every character: HTML, JSON, and several
columns joined into one.

A value in which nobody sees anything is missing, like a blank one. Python judges the rows, and
each database judges by a regular expression of its own; SQLite has none and calls Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Boolean, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from pipeline.databases.expressions import SPACES, bytewise, compile_by
from pipeline.values.contents import ENTITY, ESCAPE, TAG, Content, by_point
from pipeline.values.white_space import WHITE_SPACE_CLASS


def unseen(content: Content, text: ColumnElement[Any]) -> ColumnElement[bool]:
    """Nobody sees anything of what the column holds."""
    if content.what == "html":
        return unseen_html(text, literal(TAG), literal(ENTITY))
    return unseen_json(
        text, literal(content.filled), literal(ESCAPE), literal(",".join(content.keys))
    )


def empty_parts(text: ColumnElement[Any], words: Sequence[str]) -> ColumnElement[bool]:
    """The same, of a column that holds several values; false of one that holds a single one."""
    return _empty_parts(text, literal("\n".join(words)))


# ------------------------------------------------------------------------------------- compiled


class unseen_html(FunctionElement[bool]):
    """unseen_html(text, tag, entity): nothing but white space is left without tags and
    entities of white space.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = True


class unseen_json(FunctionElement[bool]):
    """unseen_json(text, filled, escape, keys): JSON in which the pattern
    of a value is not found.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = False  # of the patterns, statements are made


class _empty_parts(FunctionElement[bool]):
    """_empty_parts(text, words): several values, each blank or one of the words, which
    have line breaks between.
    """

    type: TypeEngine[bool] = Boolean()
    inherit_cache = False


_NOT_SPACE: Final = "'[^" + WHITE_SPACE_CLASS + "]'"
_NOT_SPACE_MYSQL: Final = _NOT_SPACE.replace("\\", "\\\\")
_OPENS: Final = "IN ('[', '{', '\"')"
_WORDS_SQLITE: Final = "char(10) || {1} || char(10)"

# each asks first for what is quickly seen: a mark of HTML, the first character of JSON,
# the mark between values
_SQL: Final[Mapping[type[FunctionElement[Any]], Mapping[str, str]]] = {
    unseen_html: {
        "sqlite": "CASE WHEN instr({t}, '<') > 0 OR instr({t}, '&') > 0 THEN html_unseen(CAST({0} AS BLOB)) ELSE 0 END",
        "duckdb": "CASE WHEN contains({t}, '<') OR contains({t}, '&') THEN NOT regexp_matches(regexp_replace("
        "regexp_replace({t}, {1}, '', 'g'), {2}, '', 'g'), " + _NOT_SPACE + ") ELSE false END",
        "mysql": "CASE WHEN LOCATE('<', {t}) > 0 OR LOCATE('&', {t}) > 0 THEN"
        " REGEXP_REPLACE(REGEXP_REPLACE({t}, {1}, ''), {2}, '') NOT REGEXP "
        + _NOT_SPACE_MYSQL
        + " ELSE 0 END",
        "postgresql": "CASE WHEN strpos({t}, '<') > 0 OR strpos({t}, '&') > 0 THEN btrim(CAST(regexp_replace("
        "regexp_replace({t}, {1}, '', 'g'), {2}, '', 'g') AS text), "
        + SPACES
        + ") = '' ELSE false END",
    },
    unseen_json: {
        "sqlite": "CASE WHEN substr(trim({t}, " + SPACES + "), 1, 1) " + _OPENS + " THEN"
        " json_unseen(CAST({0} AS BLOB), {3}) ELSE 0 END",
        "duckdb": "CASE WHEN left(trim({t}, " + SPACES + "), 1) " + _OPENS + " THEN"
        " NOT regexp_matches(regexp_replace({t}, {2}, '', 'g'), {1}) ELSE false END",
        "mysql": "CASE WHEN REGEXP_SUBSTR({t}, " + _NOT_SPACE_MYSQL + ") " + _OPENS + " THEN"
        " REGEXP_REPLACE({t}, {2}, '') NOT REGEXP {1} ELSE 0 END",
        "postgresql": "CASE WHEN left(btrim({t}, " + SPACES + "), 1) " + _OPENS + " THEN"
        " regexp_replace({t}, {2}, '', 'g') !~ {1} ELSE false END",
    },
    _empty_parts: {
        "sqlite": "CASE WHEN instr({t}, char(31)) > 0 THEN NOT EXISTS (SELECT 1 FROM json_each('[' ||"  # noqa: S608
        " replace(json_quote(replace({t}, '\\', char(1))), '\\u001f', '\",\"') || ']') part"
        " WHERE instr(char(10) || "
        + _WORDS_SQLITE
        + ", char(10) || trim(part.value, "
        + SPACES
        + ") || char(10)) = 0)"
        " ELSE 0 END",
        "duckdb": "CASE WHEN contains({t}, chr(31)) THEN len(list_filter(string_split({t}, chr(31)), lambda p:"
        " NOT list_contains(string_split(chr(10) || {1}, chr(10)), trim(p, "
        + SPACES
        + ")))) = 0 ELSE false END",
        "mysql": "CASE WHEN LOCATE(CHAR(31), {t}) > 0 THEN {t} REGEXP {1} ELSE 0 END",
        "postgresql": "CASE WHEN strpos({t}, chr(31)) > 0 THEN NOT EXISTS (SELECT 1 FROM"
        " unnest(string_to_array({t}, chr(31))) part WHERE btrim(CAST(part AS text), "
        + SPACES
        + ') COLLATE "C"'
        " <> ALL (string_to_array(chr(10) || {1}, chr(10)))) ELSE false END",
    },
}
_AS_TEXT: Final[Mapping[str, str]] = {
    "sqlite": "CAST({0} AS TEXT)",
    "duckdb": "CAST({0} AS VARCHAR)",
    "mysql": "CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin",
    "postgresql": "CAST({0} AS text)",
}
_TEMPLATES: Final[Mapping[type[FunctionElement[Any]], Mapping[str, str]]] = {
    construct: {
        dialect: sql.replace("{t}", _AS_TEXT[dialect]) for dialect, sql in by_dialect.items()
    }
    for construct, by_dialect in _SQL.items()
}


def _parts_pattern(words: str) -> str:
    """MySQL has no lists: the same as one regular expression."""
    inner = WHITE_SPACE_CLASS.replace(r"\x{1C}-\x{20}", r"\x{1C}-\x{1E}\x{20}")
    known = "|".join(
        f"\\Q{word}\\E" for word in sorted(words.split("\n"), key=len, reverse=True)
    )
    part = f"[{inner}]*+(?:{known})?[{inner}]*+"
    return f"^{part}(?:\\x{{1F}}{part})*\\z"


def _compile(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
    dialect = compiler.dialect.name
    if dialect in ("mysql", "mariadb") and isinstance(element, _empty_parts):
        text, words = element.clauses
        element = _empty_parts(text, literal(_parts_pattern(str(words.value))))
    if dialect == "postgresql" and isinstance(element, unseen_json):
        text, filled, *more = element.clauses
        pattern = str(filled.value)
        read = (
            bytewise(pattern)
            if getattr(compiler.dialect, "bytewise", False)
            else by_point(pattern)
        )
        element = unseen_json(text, literal(read), *more)
    return compile_by(_TEMPLATES, element, compiler, **kw)


for _construct in _TEMPLATES:
    compiles(_construct)(_compile)
