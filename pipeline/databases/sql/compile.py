"""Compiles each construct by the SQL of the dialect that is spoken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement

from pipeline.databases.constructs import Construct, Piece
from pipeline.databases.sql import duckdb, mysql, postgresql, sqlite
from pipeline.databases.sql.parts import Filled, Sql

DIALECTS: Final[Mapping[str, Sql]] = {
    "sqlite": sqlite.SQL,
    "duckdb": duckdb.SQL,
    "files": duckdb.SQL,
    "mysql": mysql.SQL,
    "mariadb": mysql.SQL,
    "postgresql": postgresql.SQL,
}
"""SQLAlchemy's name of a dialect -> its SQL of every construct."""


_CONSTRUCTS: Final = tuple(one for one in Construct.__subclasses__() if one is not Piece)


def must_be_complete(dialects: Mapping[str, Sql]) -> None:
    """NotImplementedError names each construct that a dialect has no SQL for."""
    lacking = [
        f"{dialect} lacks {construct.__name__}"
        for dialect, sql in dialects.items()
        for construct in _CONSTRUCTS
        if construct not in sql
    ]
    if lacking:
        raise NotImplementedError(f"pipeline/databases/sql: {', '.join(lacking)}")


def compile_construct(element: Construct[Any], compiler: SQLCompiler, **kw: Any) -> str:
    """The construct's SQL, with its arguments in their places."""
    given = DIALECTS[compiler.dialect.name][type(element)]
    made = given if isinstance(given, str) else given(element, compiler.dialect)
    if isinstance(made, ColumnElement):
        return f"({compiler.process(made, **kw)})"
    filled = made if isinstance(made, Filled) else Filled(made, tuple(element.clauses))
    return f"({_filled(filled, compiler, **kw)})"


def _filled(filled: Filled, compiler: SQLCompiler, **kw: Any) -> str:
    template = filled.template
    if compiler.dialect.name == "postgresql":
        template = postgresql.adapted(template, compiler.dialect)
    # a constant per cent sign is the driver's own
    if compiler.dialect.paramstyle in ("format", "pyformat"):
        template = template.replace("%", "%%")
    for position, clause in enumerate(filled.clauses):
        if f"{{{position}}}" not in template:
            continue  # what this dialect has no use for must not be bound either
        template = template.replace(f"{{{position}}}", compiler.process(clause, **kw))
    return template


must_be_complete(DIALECTS)
for _construct in (*_CONSTRUCTS, *Piece.__subclasses__()):
    compiles(_construct)(compile_construct)
