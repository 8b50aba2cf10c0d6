"""Every figure of a run, exactly: figures.json, a figure a line, and figures.parquet."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, create_engine, func, select

from pipeline.errors import ConfigError
from pipeline.model import Difference, Figure, Figures, RunResult, Scope, Unit
from pipeline.model.figures import what_of
from pipeline.values.batches import batches

FIGURES: Final = "figures.json"
TABLE: Final = "figures.parquet"
"""Their names in a run's folder."""

_OF_PEOPLE: Final = (Scope.MANAGER, Scope.INACTIVE)
_ADDENDS: Final = (*_OF_PEOPLE, Scope.UNASSIGNED, Scope.OPERATOR)
"""Scopes that add up to the company's, less what is counted twice."""

_Row = dict[str, Any]
_BATCH: Final = 50_000
"""Figures written per batch."""

_TEXTS: Final = (
    "id",
    "scope",
    "key",
    "name",
    "metric",
    "dimension",
    "period",
    "unit",
    "currency",
    "basis",
)
_TABLE: Final = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in _TEXTS),
        # sums of minor units may exceed 64 bits
        pa.field("numerator", pa.decimal128(38)),
        pa.field("denominator", pa.decimal128(38)),
    ]
)


def write_figures(result: RunResult, file: Path) -> None:
    """Writes figures.json line by line, because all figures together could fill the memory."""
    window = result.window
    document: dict[str, Any] = {
        "run_id": result.run_id,
        "audit_id": result.audit_id,
        "audit": result.audit,
        "as_of": window.as_of.isoformat(),
        "zone": window.zone,
        "period": {
            "word": window.word,
            "first": window.first.isoformat(),
            "to": window.after_last.isoformat(),
            "due": window.fire.isoformat() if window.fire else None,
        },
        "figures": [],
    }
    names = result.names
    begun, _, ended = json.dumps(document, ensure_ascii=False, indent=1).rpartition("]")
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(begun)
        for position, figure in enumerate(result.figures.values()):
            parts = _parts(figure, names)
            stream.write(f"{',' * bool(position)}\n  {json.dumps(parts, ensure_ascii=False)}")
        stream.write(f"]{ended}")


def write_table(result: RunResult, file: Path) -> None:
    """Writes figures.parquet; the integers of its figures are exact. It knows its audit (its id, or
    its name) and when the CRM was read: it may outlive all other files of the run.
    """
    names = result.names
    read_at = result.read_at or result.window.as_of
    of_run = {"audit": result.audit_id or result.audit, "read_at": read_at.isoformat()}
    schema = _TABLE.with_metadata(of_run)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for figures in batches(iter(result.figures.values()), _BATCH):
            rows = [_parts(figure, names) for figure in figures]
            columns = {name: [row[name] for row in rows] for name in _TABLE.names}
            writer.write_table(pa.table(columns, schema=schema))


def _parts(figure: Figure, names: Mapping[tuple[Scope, str], str]) -> dict[str, Any]:
    """A figure's parts, with the name of whom it is about."""
    parts = {name: getattr(figure, name) for name in Figure.__slots__}
    parts["name"] = names.get((figure.scope, figure.key), "")
    return {name: parts[name] for name in _TABLE.names}


def without_people(file: Path, target: Path) -> None:
    """Writes such a table without figures of single people; those of former colleagues become one
    figure where that adds up, so that with teams and the rest they still make the company's.
    """
    table = pq.read_table(file)
    rows = table.to_pylist()
    kept = [row for row in rows if row["scope"] not in _OF_PEOPLE]
    columns = {
        name: [row[name] for row in (*kept, *_former(rows))] for name in table.schema.names
    }
    pq.write_table(pa.table(columns, schema=table.schema), target, compression="zstd")


def _former(rows: Iterable[_Row]) -> Iterator[_Row]:
    """One figure for all former colleagues, of each that adds up to the company's."""
    by_what: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_what[what_of(row["metric"], row["dimension"], row["currency"])].append(row)
    for what, figures in by_what.items():
        former = _of(figures, Scope.INACTIVE)
        if former and _adds_up(figures):
            is_ratio = former[0]["denominator"] is not None
            yield {
                **former[0],
                "id": f"{what}@{Scope.INACTIVE}",
                "key": "",
                "name": "",
                "numerator": _sum(former, "numerator"),
                "denominator": _sum(former, "denominator") if is_ratio else None,
            }


def _adds_up(figures: Sequence[_Row]) -> bool:
    parts, twice = _of(figures, *_ADDENDS), _of(figures, Scope.DOUBLE_COUNTED)
    company = _of(figures, Scope.COMPANY)
    return bool(company) and all(
        _sum(parts, part) - _sum(twice, part) == _sum(company, part)
        for part in ("numerator", "denominator")
    )


def _of(figures: Iterable[_Row], *scopes: Scope) -> list[_Row]:
    return [row for row in figures if row["scope"] in scopes]


def _sum(rows: Iterable[_Row], part: str) -> Decimal:
    return sum((row[part] for row in rows if row[part] is not None), Decimal(0))


def table_differences(result: RunResult, file: Path) -> Iterator[Difference]:
    """Where DuckDB reads another row in figures.parquet than the result has."""
    names = result.names
    engine = create_engine("duckdb:///:memory:")
    try:
        with engine.connect() as connection:
            rows = connection.execute(_read(file)).yield_per(_BATCH)
            pairs = zip_longest(result.figures.values(), rows)
            for figure, row in pairs:
                expected = None if figure is None else tuple(_parts(figure, names).values())
                if expected != (None if row is None else tuple(row)):
                    name = figure.id if figure else row[0]
                    yield name, TABLE, str(expected), str(row)
    finally:
        engine.dispose()


def _read(file: Path) -> Select[Any]:
    table = func.read_parquet(str(file)).table_valued(*_TABLE.names, name="figures")
    return select(table)


def read_figures(file: Path) -> Figures:
    """The figures of such a file. Raises ConfigError if it is not one."""
    try:
        with file.open(encoding="utf-8") as stream:
            return Figures(_figures_in(stream))
    except FileNotFoundError:
        raise ConfigError(f"There is no {file}: name a run that was published.") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{file} cannot be read: it was altered, or another version of this program wrote it. "
            "Take the run's folder from where it was published, or run the audit again."
        ) from None


def _figures_in(lines: Iterator[str]) -> Iterator[Figure]:
    """Line by line, because all figures together could fill the memory."""
    for line in lines:
        if line.lstrip().startswith('{"id"'):
            parts, _ = json.JSONDecoder().raw_decode(line.lstrip())
            del parts["name"]  # of whom it is about
            yield Figure(
                **{**parts, "scope": Scope(parts["scope"]), "unit": Unit(parts["unit"])}
            )
