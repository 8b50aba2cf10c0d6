"""The SQL by which a figure's records are found, to be read and run elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Alias, Dialect, FromClause, Select
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause

from pipeline import queries, snapshot
from pipeline.flows.explain.opened import OpenRun
from pipeline.flows.explain.records import Asked, Exempt
from pipeline.model import FieldSet
from pipeline.model.addends import Addends
from pipeline.queries.listed import counting_of, listing
from pipeline.queries.views import narrow_view
from pipeline.snapshot.open import entity_view
from pipeline.snapshot.source_sql import SourceSql

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


def source_script(run: OpenRun, source: SourceSql, addends: Addends) -> Iterator[str]:
    """One statement per kind of record, for the CRM's own database."""
    stored, dialect = run.stored, source.opened_dialect()
    tables = snapshot.entities(stored.manifest.stored, stored.audit.schema)
    left = dict(addends)
    for entity, view in run.views.items():
        fields = stored.audit.field_sets[entity]
        counting = counting_of(fields, view, stored.context)
        own = {each: times for each, times in addends.items() if counting.has(each)}
        if own:
            asked = listing(counting, own)
            rows = narrow_view(entity, tables, _columns_of(asked, view), stored.context)
            parts = [*_read_by(rows, tables, source, dialect)]
            parts.append((f"view_{entity}", rendered(rows, dialect)))
            named = ",\n".join(f"{name} AS (\n{select})" for name, select in parts)
            yield from _judged_here(fields, own)
            yield f"WITH {named}\n{rendered(asked, dialect)}"
        left = {each: times for each, times in left.items() if each not in own}
    for each in left:
        if not each.name.startswith("waived_"):  # exceptions are none of the CRM's
            yield f"{NOT_ASKED}: {each.name} {each.dimension}"


NOT_ASKED: Final = "-- Not asked of the CRM, because only this program can judge it"


def _judged_here(fields: FieldSet, addends: Addends) -> Iterator[str]:
    """Among the records that lose a point are those that lose it by what Python judges."""
    if any(each.name.startswith("failing.") for each in addends):
        names = [demand.name for demand in fields.demands if fields.costs_by_python(demand)]
        if names:
            yield f"{NOT_ASKED}: {fields.entity}, all but missing: {', '.join(names)}"


def _read_by(
    rows: Select[Any], tables: Mapping[str, FromClause], source: SourceSql, dialect: Dialect
) -> Iterator[tuple[str, str]]:
    """The kinds of record that a view looks at: their names, and how they are read."""
    for entity, of in source.entities.items():
        names = _columns_of(rows, tables[entity])
        if names:
            yield dialect.identifier_preparer.quote(entity), readable(of.of(names))


def _columns_of(rows: Select[Any], table: FromClause) -> set[str]:
    """The columns of a table, or of aliases of it, at which a SELECT looks."""
    return {
        str(element.key)
        for element in visitors.iterate(rows)
        if isinstance(element, ColumnClause) and _table_of(element) is table
    }


def _table_of(column: ColumnClause[Any]) -> FromClause | None:
    table = column.table
    return table.element if isinstance(table, Alias) else table
