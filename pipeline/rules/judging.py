"""What Python judges, in a run: a table of verdicts per kind of record, beside the snapshot.

`judged_contact` has a record's id and the verdicts j0, j1, … of the entity's judgements in their
order, so that any query can join it. Values and verdicts pass through in batches; only DuckDB,
which spills to disk, holds more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import tee
from typing import Any, Final

import pyarrow as pa
from duckdb import DuckDBPyConnection
from sqlalchemy import Engine, FromClause, column, table

from pipeline.model import ENTITIES, Schema
from pipeline.model.judging import (
    OTHER_NAME,
    Judged,
    JudgedColumn,
    Judgement,
    Reach,
    Syntax,
    country_columns,
)
from pipeline.rules.opinions import Batch, JudgingContext, Opinion, opinions_on
from pipeline.workers import workers, workers_for

_BATCH: Final = 5_000
"""Values that are judged at a time: they take a tenth of a second."""

_OPINIONS: Final = pa.schema(
    {
        "syntax": pa.string(),
        "value": pa.string(),
        "beside": pa.string(),
        "verdict": pa.int8(),
        "form": pa.string(),
    }
)


def judged(entity: str, judgements: int) -> FromClause:
    """The table of an entity's verdicts, as queries join it: id, j0, j1, …"""
    names = (f"j{number}" for number in range(judgements))
    return table(f"judged_{entity}", column("id"), *map(column, names))


def judge_snapshot(
    engine: Engine,
    judgements: Mapping[str, Sequence[Judgement]],
    context: JudgingContext,
    schema: Schema = ENTITIES,
) -> dict[str, FromClause]:
    """Entity -> the table of its records' verdicts, in the DuckDB with the snapshot's views.

    The tables are committed, so that another engine or process that opens the file finds them.
    """
    with closing(engine.raw_connection()) as raw:
        # apart from any transaction of SQLAlchemy's
        driver: Any = raw.driver_connection
        with driver.duplicate() as connection:
            return {
                entity: judge(
                    connection, entity, asked, context, country_columns(entity, schema)
                )
                for entity, asked in judgements.items()
            }


def judge(
    connection: DuckDBPyConnection,
    entity: str,
    judgements: Sequence[Judgement],
    context: JudgingContext,
    countries: Sequence[str] = (),
) -> FromClause:
    """Judges an entity's records and writes the table of their verdicts.

    `view_contact` must hold the records with their owner. `countries` are the columns that name
    a phone number's country (`country_columns`); those of another entity are found by its id.
    """
    _gather(connection, entity, judgements, countries)
    for number, judgement in enumerate(judgements):
        _state(connection, judgement)
        _opine(connection, judgement, context)
        _decide(connection, number, judgement)
    _join(connection, entity, len(judgements))
    return judged(entity, len(judgements))


def _gather(
    connection: DuckDBPyConnection,
    entity: str,
    judgements: Sequence[Judgement],
    countries: Sequence[str],
) -> None:
    """The records with what is judged, once: a view may take long."""
    names = sorted({name for judgement in judgements for name in _columns(judgement)})
    beside, joins = _countries(entity, countries)
    columns = ", ".join(f"r.{name}" for name in names)
    connection.execute(
        f"CREATE OR REPLACE TABLE judging_records AS"
        f" SELECT r.id, coalesce(r.owner, '') AS owner, {beside} AS countries, {columns}"
        f" FROM view_{entity} AS r{joins}"
    )


def _columns(judgement: Judgement) -> Iterator[str]:
    for judged_column in judgement.columns:
        yield judged_column.name
        if judged_column.syntax is Syntax.NAME:
            yield OTHER_NAME[judged_column.name]


def _countries(entity: str, names: Sequence[str]) -> tuple[str, str]:
    """The countries of a record, as one text, and the joins that find them."""
    others = {owner for owner, _, _ in (name.partition(".") for name in names)} - {entity}
    joins = "".join(
        f" LEFT JOIN {other} AS of_{other} ON of_{other}.id = r.{other}_id"
        for other in sorted(others)
    )
    columns = []
    for name in names:
        owner, _, country = name.partition(".")
        columns.append(f"r.{country}" if owner == entity else f"of_{owner}.{country}")
    return f"concat_ws(chr(31), {', '.join(columns)})" if columns else "''", joins


def _state(connection: DuckDBPyConnection, judgement: Judgement) -> None:
    """A row per value of a record: the values of several columns are judged each by itself."""
    stated = " UNION ALL ".join(map(_stated, judgement.columns))
    connection.execute(f"CREATE OR REPLACE TABLE judging_stated AS {stated}")


def _stated(judged_column: JudgedColumn) -> str:
    name = judged_column.name
    match judged_column.syntax:
        case Syntax.NAME:
            beside = f"coalesce({OTHER_NAME[name]}, '')"
        case Syntax.PHONE:
            beside = "countries"
        case _:
            beside = "''"
    return (
        f"SELECT id, owner, '{judged_column.syntax}' AS syntax,"
        f" unnest(string_split({name}, chr(31))) AS value, {beside} AS beside"
        f" FROM judging_records WHERE {name} IS NOT NULL"
    )


def _opine(
    connection: DuckDBPyConnection, judgement: Judgement, context: JudgingContext
) -> None:
    """Judges each distinct value, in batches that several processes share."""
    connection.execute(
        "CREATE OR REPLACE TABLE judging_values AS"
        " SELECT DISTINCT syntax, value, beside FROM judging_stated"
    )
    connection.execute(
        "CREATE OR REPLACE TABLE judging_opinions"
        " (syntax VARCHAR, value VARCHAR, beside VARCHAR, verdict TINYINT, form VARCHAR)"
    )
    [count] = connection.execute("SELECT count(*) FROM judging_values").fetchall()[0]
    ours, theirs = tee(_batches(connection, judgement, context))
    with workers(workers_for(count // _BATCH)) as each:
        for batch, opinions in zip(ours, each(opinions_on, theirs), strict=True):
            _keep(connection, batch, opinions)


def _batches(
    connection: DuckDBPyConnection, judgement: Judgement, context: JudgingContext
) -> Iterator[Batch]:
    """The values to judge, through a connection of their own."""
    with connection.cursor() as cursor:
        values = cursor.sql("FROM judging_values")
        for batch in values.to_arrow_reader(_BATCH):
            columns = (column.to_pylist() for column in batch.columns)
            yield Batch(judgement, context, *columns)


def _keep(connection: DuckDBPyConnection, batch: Batch, opinions: Sequence[Opinion]) -> None:
    verdicts = [int(opinion.verdict) for opinion in opinions]
    forms = [opinion.form for opinion in opinions]
    columns = [batch.syntaxes, batch.values, batch.besides, verdicts, forms]
    connection.register("judging_batch", pa.table(columns, schema=_OPINIONS))
    connection.execute("INSERT INTO judging_opinions FROM judging_batch")
    connection.unregister("judging_batch")


def _decide(connection: DuckDBPyConnection, number: int, judgement: Judgement) -> None:
    """The verdict on each record: the lowest of its values'."""
    connection.execute(
        "CREATE OR REPLACE TABLE judging_formed AS SELECT id, owner, syntax, verdict, form"
        " FROM judging_stated JOIN judging_opinions USING (syntax, value, beside)"
    )
    if Judged.DUPLICATE in judgement.asks:
        _find_duplicates(connection, judgement.reach)
        verdicts = (
            f"SELECT id, CASE WHEN shared THEN {Judged.DUPLICATE:d} ELSE verdict END AS verdict"
            " FROM judging_formed LEFT JOIN judging_shared USING (id, syntax, form)"
        )
    else:
        verdicts = "SELECT id, verdict FROM judging_formed"
    connection.execute(
        f"CREATE OR REPLACE TABLE judging_{number} AS"
        f" SELECT id, min(verdict) AS verdict FROM ({verdicts}) GROUP BY id"
    )


def _find_duplicates(connection: DuckDBPyConnection, reach: Reach) -> None:
    """The values that another record within reach holds too, by record."""
    key = "syntax, form, owner" if reach is Reach.OWNER else "syntax, form"
    connection.execute(
        "CREATE OR REPLACE TABLE judging_shared AS"
        " SELECT id, syntax, form, true AS shared FROM judging_formed JOIN ("
        f"SELECT {key} FROM judging_formed WHERE form IS NOT NULL"
        f" GROUP BY {key} HAVING min(id) <> max(id)) USING ({key})"
    )


def _join(connection: DuckDBPyConnection, entity: str, judgements: int) -> None:
    """The table of verdicts. A record of which nothing is stated misses everything."""
    numbers = range(judgements)
    verdicts = "".join(
        f", coalesce(v{number}.verdict, {Judged.MISSING:d}) AS j{number}" for number in numbers
    )
    joins = "".join(
        f" LEFT JOIN judging_{number} AS v{number} USING (id)" for number in numbers
    )
    connection.execute(
        f"CREATE OR REPLACE TABLE judged_{entity} AS SELECT id{verdicts}"
        f" FROM (SELECT DISTINCT id FROM judging_records){joins}"
    )
    work = ("records", "stated", "values", "opinions", "formed", "shared", *map(str, numbers))
    for name in work:
        connection.execute(f"DROP TABLE IF EXISTS judging_{name}")
