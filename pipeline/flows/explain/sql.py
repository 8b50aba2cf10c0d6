"""The SQL by which a figure's records are found, to be read and run elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Dialect, Select

from pipeline import queries, snapshot
from pipeline.flows.explain.opened import OpenRun
from pipeline.flows.explain.records import Asked, Exempt
from pipeline.snapshot.open import entity_view

_QUOTED: Final = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`)")
"""A literal or a quoted name: what stands in it is left as it is."""

_BREAKS: Final = re.compile(
    r" (AND (?!NOT MATERIALIZED)|\+ CASE|LEFT OUTER JOIN|UNION ALL|FROM |WHERE |ORDER BY )"
)


def readable(sql: str) -> str:
    """The SQL on lines that can be read: each condition and each addend begins one."""
    parts = _QUOTED.split(sql)
    parts[::2] = (_BREAKS.sub(r"\n  \1", part) for part in parts[::2])
    return "".join(parts)


def rendered(statement: Select[Any], dialect: Dialect) -> str:
    """The statement with its values written out, on lines that can be read."""
    sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    if dialect.paramstyle in ("format", "pyformat"):
        sql = sql.replace("%%", "%")  # no driver will read it
    return readable(sql)


def snapshot_script(run: OpenRun, asked: Asked, exempt: Mapping[str, Exempt]) -> Iterator[str]:
    """Statements for DuckDB, to be run in the run's folder: the last ones list the records."""
    stored, dialect = run.stored, run.connection.dialect
    for entry in stored.manifest.stored:
        file = Path("snapshot") / entry.file
        yield entity_view(entry.entity, stored.audit.schema[entry.entity], file)
    tables = snapshot.entities(stored.manifest.stored, stored.audit.schema)
    for entity, view in queries.views_of(tables, stored.context).items():
        if entity in asked:
            yield f"CREATE OR REPLACE VIEW view_{entity} AS\n{rendered(view, dialect)}"
    selects = {entity: rendered(select, dialect) for entity, select in asked.items()}
    for entity, sql in selects.items():
        if f"exempt_{entity}" in sql:
            yield exempt[entity].sql
        if f"judged_{entity}" in sql:
            yield _WITHOUT_VERDICTS.format(entity=entity)
    yield from selects.values()


_WITHOUT_VERDICTS: Final = (
    "-- judged_{entity} holds what this program judges of each record, which no SQL can say.\n"
    "-- Without it the following statement does not run."
)
