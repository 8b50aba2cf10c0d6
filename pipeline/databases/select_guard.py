"""Refuses users' SQL unless it is a single SELECT that only reads.

The server enforces this too, with a read-only transaction. But a second statement can end a
transaction, and some functions act outside of it, so the SQL is checked before it runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection

ALIAS: Final = "one_select"

CLOSED: Final = (
    # otherwise DuckDB looks up unknown names in our own variables
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""After these statements DuckDB can access no file but the one it has open."""

_NAME: Final = r'[^\W\d][\w$]*|"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]'
_WORD: Final = re.compile(rf"({_NAME})(\s*\()?")  # a quoted name may hold a bracket
_CODE: Final = re.compile(
    r"""(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)"""
    r"""|(?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*')"""
    r"""|(?P<dollars>(?<![\w$])\$(?P<tag>[^\W\d]\w*)?\$.*?\$(?(tag)(?P=tag))\$)"""
    r"""|(?P<text>'(?:[^']|'')*')"""
    r"""|(?P<line>--[^\n]*)"""
    r"""|(?P<block>/\*)""",
    re.DOTALL,
)


def wrapped(sql: str) -> str:
    """The SELECT inside another, where no other statement is allowed.

    The line breaks end a trailing comment.
    """
    return f"SELECT * FROM (\n{sql}\n) {ALIAS}"


def without_semicolon(sql: str) -> str:
    """The SQL without its final semicolon, to embed it in another statement."""
    return re.sub(r"[\s;]+\Z", "", sql)


def called(sql: str, *, backslashes: bool = False) -> frozenset[str]:
    """The functions that the SQL calls, in lower case.

    With `backslashes` they escape in every literal, as on MariaDB.
    """
    code = "".join(_code(sql, backslashes))
    return frozenset(_unquoted(name).lower() for name, opened in _WORD.findall(code) if opened)


def _unquoted(name: str) -> str:
    mark = name[0]
    if mark not in '"`[':
        return name
    return name[1:-1].replace(mark * 2, mark)


def _code(sql: str, backslashes: bool) -> Iterator[str]:
    """The SQL without literals and comments."""
    escaped = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"", re.DOTALL)
    position = 0
    while token := _CODE.search(sql, position):
        yield sql[position : token.start()]
        position = token.end()
        if token["quoted"] and not (backslashes and token["quoted"][0] == '"'):
            yield token["quoted"]
        elif token["block"]:
            position = _end_of_comment(sql, position)
            yield " "
        else:
            literal = (
                escaped.match(sql, token.start()) if backslashes and not token["line"] else None
            )
            position = literal.end() if literal else position
            yield " ''" if not token["line"] else " "
    yield sql[position:]


def _end_of_comment(sql: str, position: int) -> int:
    """Where an open comment ends; comments may be nested."""
    depth = 1
    for mark in re.finditer(r"/\*|\*/", sql[position:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return position + mark.end()
    return len(sql)


def refused_by_duckdb(connection: Connection, sql: str) -> str:
    """Why DuckDB does not accept the SQL as a single reading SELECT; else ''."""
    import duckdb

    raw: Any = connection.connection.dbapi_connection
    try:
        kinds = [statement.type for statement in raw.extract_statements(sql)]
        if (
            kinds != [duckdb.StatementType.SELECT]
            or len(raw.extract_statements(wrapped(sql))) != 1
        ):
            return "it is not a single statement that only reads"
        raw.execute(f"EXPLAIN {wrapped(sql)}")
    except (duckdb.ParserException, duckdb.PermissionException) as error:
        return first_line(error)
    except duckdb.Error as error:
        # an unknown name: reading reports it, with a remedy
        return first_line(error) if "data-modifying" in str(error) else ""
    return ""


def first_line(error: Exception | str) -> str:
    """The first line of the database's error message, without the position."""
    return str(error).strip().split("\n", 1)[0].rstrip(".")
