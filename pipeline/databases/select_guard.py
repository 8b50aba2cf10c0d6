"""What may run of the SQL that users write: one SELECT that only reads.

The server enforces that too: its transaction is read-only. This refuses the text before
it runs, because a transaction can be ended by a second statement, and because some
functions act outside of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection

ALIAS: Final = "one_select"

CLOSED: Final = (
    "SET python_enable_replacements = false",  # else a name that is no table would be looked for in our own variables
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""After these statements DuckDB reads and writes no file but the one that it has open."""

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
    """The SELECT as part of another: no other kind of statement can stand there. A
    comment may end its last line.
    """
    return f"SELECT * FROM (\n{sql}\n) {ALIAS}"


def without_semicolon(sql: str) -> str:
    """The text without the semicolon that ends a statement: it is to be part of another."""
    return re.sub(r"[\s;]+\Z", "", sql)


def called(sql: str, *, backslashes: bool = False) -> frozenset[str]:
    """The functions that the text calls, in lower case. `backslashes` escape in
    every literal, as on MariaDB.
    """
    code = "".join(_code(sql, backslashes))
    return frozenset(_unquoted(name).lower() for name, opened in _WORD.findall(code) if opened)


def _unquoted(name: str) -> str:
    mark = name[0]
    if mark not in '"`[':
        return name
    return name[1:-1].replace(mark * 2, mark)


def _code(sql: str, backslashes: bool) -> Iterator[str]:
    """The text without its literals and comments."""
    escaped = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"", re.DOTALL)
    position = 0
    while found := _CODE.search(sql, position):
        yield sql[position : found.start()]
        position = found.end()
        if found["quoted"] and not (backslashes and found["quoted"][0] == '"'):
            yield found["quoted"]
        elif found["block"]:
            position = _end_of_comment(sql, position)
            yield " "
        else:
            literal = (
                escaped.match(sql, found.start()) if backslashes and not found["line"] else None
            )
            position = literal.end() if literal else position
            yield " ''" if not found["line"] else " "
    yield sql[position:]


def _end_of_comment(sql: str, position: int) -> int:
    """Where a comment ends that has begun; comments may hold comments."""
    depth = 1
    for mark in re.finditer(r"/\*|\*/", sql[position:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return position + mark.end()
    return len(sql)


def refused_by_duckdb(connection: Connection, sql: str) -> str:
    """Why DuckDB would not take the text as one SELECT that only reads; else ''."""
    import duckdb

    raw: Any = connection.connection.dbapi_connection
    try:
        kinds = [statement.type for statement in raw.extract_statements(sql)]
        if (
            kinds != [duckdb.StatementType.SELECT]
            or len(raw.extract_statements(wrapped(sql))) != 1
        ):
            return "it is no statement that reads, or more than one"
        raw.execute(f"EXPLAIN {wrapped(sql)}")
    except (duckdb.ParserException, duckdb.PermissionException) as error:
        return first_line(error)
    except duckdb.Error as error:
        # a name that is not there: the reading itself says so, with its remedy
        return first_line(error) if "data-modifying" in str(error) else ""
    return ""


def first_line(error: Exception | str) -> str:
    """The database's complaint in one line, without the place to which it points."""
    return str(error).strip().split("\n", 1)[0].rstrip(".")
