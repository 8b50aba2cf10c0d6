"""Compiles each construct to the SQL of its dialect."""

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


_CONSTRUCTS: Final = tuple(
    construct for construct in Construct.__subclasses__() if construct is not Piece
)


def must_be_complete(dialects: Mapping[str, Sql]) -> None:
    """Raises NotImplementedError with every construct that a dialect lacks."""
    lacking = [
        f"{dialect} lacks {construct.__name__}"
        for dialect, sql in dialects.items()
        for construct in _CONSTRUCTS
        if construct not in sql
    ]
    if lacking:
        raise NotImplementedError(f"pipeline/databases/sql: {', '.join(lacking)}")


def compile_construct(element: Construct[Any], compiler: SQLCompiler, **kw: Any) -> str:
    """The construct's SQL with its arguments filled in."""
    source = DIALECTS[compiler.dialect.name][type(element)]
    made = source if isinstance(source, str) else source(element, compiler.dialect)
    if isinstance(made, ColumnElement):
        return f"({compiler.process(made, **kw)})"
    filled = made if isinstance(made, Filled) else Filled(made, tuple(element.clauses))
    return f"({_filled(filled, compiler, **kw)})"


def _filled(filled: Filled, compiler: SQLCompiler, **kw: Any) -> str:
    template = filled.template
    if compiler.dialect.name == "postgresql":
        template = postgresql.adapted(template, compiler.dialect)
    # the driver unescapes literal percent signs
    if compiler.dialect.paramstyle in ("format", "pyformat"):
        template = template.replace("%", "%%")
    for position, clause in enumerate(filled.clauses):
        if f"{{{position}}}" not in template:
            continue  # an unused argument must not be bound
        template = template.replace(f"{{{position}}}", compiler.process(clause, **kw))
    return template


must_be_complete(DIALECTS)
for _construct in (*_CONSTRUCTS, *Piece.__subclasses__()):
    compiles(_construct)(compile_construct)
