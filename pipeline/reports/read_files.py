"""Reads the files for analysts back, with other libraries than wrote them, and compares them
with the result: by DuckDB, of which neither figures.json nor the files of findings are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Final

import duckdb
from sqlalchemy.exc import SQLAlchemyError

from pipeline.model import (
    Check,
    Debtor,
    Difference,
    ExceptionState,
    ExemptFinding,
    FixItem,
    Rule,
    RunResult,
    Scope,
)
from pipeline.reports.figures_file import TABLE, table_differences

NOTHING_THERE: Final = "nothing"
_MOST_NAMED: Final = 20
"""Differences that are named of a file: a lost line moves all behind it."""

_BATCH: Final = 20_000
"""Lines in memory at once."""

_Line = tuple[str, ...]


def file_differences(result: RunResult, folder: Path) -> Iterator[Difference]:
    """Where figures and findings, each in both its files, say anything else than the result."""
    readers: dict[str, Callable[[RunResult, Path], Iterator[Difference]]] = {
        "figures.json": _figures_differences,
        TABLE: table_differences,
        "findings.parquet": _parquet_differences,
        "findings.csv": _csv_differences,
    }
    for name, differences in readers.items():
        try:
            yield from islice(differences(result, folder / name), _MOST_NAMED)
        except (duckdb.Error, SQLAlchemyError) as error:
            yield name, name, "a readable file", type(error).__name__


# ----------------------------------------------------------------------------------------- figures

_TEXTS: Final = (
    *("id", "scope", "key", "name", "metric", "dimension", "period"),
    *("unit", "currency", "basis"),
)
_NUMBERS: Final = ("numerator", "denominator")
_PARTS: Final = (*_TEXTS, *_NUMBERS)
"""The parts of a figure, in the order of the file."""

_LINES: Final = (
    "SELECT line FROM read_csv(?, columns = {'line': 'VARCHAR'}, delim = '\x1f', quote = '', "
    "escape = '', header = false, auto_detect = false)"
)
"""The lines of a text: no JSON has the character that would end a column."""

_IS_FIGURE: Final = "starts_with(line, '  {\"')"
_PATHS: Final = ", ".join(f"'$.{name}'" for name in _TEXTS)
_KEYS: Final = ", ".join(f"'{name}'" for name in _PARTS)
_FIGURES: Final = f"""
    SELECT figure->>'id' AS id,
        CASE WHEN json_keys(figure) = [{_KEYS}]
            AND list_unique(json_type(figure, [{_PATHS}])) = 1
            AND json_type(figure, '$.id') = 'VARCHAR' THEN '' ELSE 'other parts' END,
        {", ".join(f"figure->>'{name}'" for name in _TEXTS[1:])},
        CAST(figure->'numerator' AS VARCHAR), CAST(figure->'denominator' AS VARCHAR), ending
    FROM (SELECT right(line, 1) AS ending, CAST(left(line, -1) AS JSON) AS figure
          FROM ({_LINES}) WHERE {_IS_FIGURE})
"""  # noqa: S608 - all of it is ours
"""A figure a line; its numbers as they are written, because JSON has no integers of any size."""

_AROUND: Final = f"SELECT line FROM ({_LINES}) WHERE NOT {_IS_FIGURE}"  # noqa: S608 - ours


def _figures_differences(result: RunResult, file: Path) -> Iterator[Difference]:
    yield from _head_differences(result, file)
    expected = _figure_lines(result)
    with duckdb.connect() as connection:
        actual = _fetched(connection.execute(_FIGURES, [str(file)]))
        for wanted, got in zip_longest(expected, actual):
            if wanted != got:
                name = (wanted or got or ("",))[0]
                yield name, file.name, _shown(wanted), _shown(got)


def _figure_lines(result: RunResult) -> Iterator[_Line]:
    """Each figure as `_FIGURES` gives it; a comma follows all but the last."""
    people = {(person.scope, person.id): person.name for person in result.people}
    teams = {person.team_id: person.team for person in result.people}
    before: _Line | None = None
    for figure in result.figures.values():
        if before:
            yield (*before, ",")
        name = people.get((figure.scope, figure.key), "")
        if figure.scope is Scope.TEAM:
            name = teams.get(figure.key, "")
        denominator = "null" if figure.denominator is None else str(figure.denominator)
        texts = (str(getattr(figure, part)) for part in (*_TEXTS[1:3], *_TEXTS[4:]))
        scope, key, *others = texts
        before = figure.id, "", scope, key, name, *others, str(figure.numerator), denominator
    if before:
        yield (*before, "]")


def _head_differences(result: RunResult, file: Path) -> Iterator[Difference]:
    """Which run's figures these are, and that no bracket is missing."""
    window = result.window
    expected = {
        "run_id": result.run_id,
        "audit_id": result.audit_id,
        "audit": result.audit,
        "as_of": window.as_of.isoformat(),
        "zone": window.zone,
        "period.word": window.word,
        "period.first": window.first.isoformat(),
        "period.to": window.after_last.isoformat(),
        "period.due": window.fire.isoformat() if window.fire else None,
    }
    with duckdb.connect() as connection:
        around = [line for (line,) in connection.execute(_AROUND, [str(file)]).fetchall()]
        closed = "]" if len(result.figures) else ""
        document = "\n".join((*around[:-1], closed, *around[-1:]))
        paths = [f"$.{name}" for name in (*expected, "figures")]
        [found] = connection.execute(
            "SELECT json_extract_string(CAST(? AS JSON), ?)", [document, paths]
        ).fetchall()[0]
    for (name, wanted), got in zip((*expected.items(), ("figures", "[]")), found, strict=True):
        if wanted != got:
            yield name, file.name, str(wanted), str(got)


# ---------------------------------------------------------------------------------------- findings

_COLUMNS: Final = (
    *("id", "audit", "entity", "record_id", "rule", "verdict", "span", "owner"),
    *("debtor_kind", "debtor", "link", "exception", "owner_name", "team", "day"),
)


_PARQUET: Final = "FROM read_parquet(?)"
_NAMED: Final = ", ".join(f"'{name}': 'VARCHAR'" for name in _COLUMNS)
_CSV: Final = f"""
    FROM read_csv(?, columns = {{{_NAMED}}}, force_not_null = {list(_COLUMNS)}, header = false,
        auto_detect = false, delim = ',', quote = '"', escape = '"', new_line = '\\r\\n')
"""
"""Everything is a text, '' too, and so is the line of headings."""


def _parquet_differences(result: RunResult, file: Path) -> Iterator[Difference]:
    with duckdb.connect() as connection:
        source = connection.execute(_PARQUET, [str(file)])
        columns = tuple(f"{name} {kind}" for name, kind, *_ in source.description or ())
        expected = tuple(f"{name} VARCHAR" for name in _COLUMNS)
        yield from _line_differences(
            chain([expected], _findings(result)), chain([columns], _fetched(source)), file
        )


def _csv_differences(result: RunResult, file: Path) -> Iterator[Difference]:
    expected = (tuple(map(_harmless, line)) for line in _findings(result))
    with duckdb.connect() as connection:
        actual = _fetched(connection.execute(_CSV, [str(file)]))
        yield from _line_differences(chain([_COLUMNS], expected), actual, file)


def _line_differences(
    expected: Iterable[_Line], actual: Iterable[_Line], file: Path
) -> Iterator[Difference]:
    for number, (wanted, got) in enumerate(zip_longest(expected, actual), 1):
        if wanted != got:
            finding = (wanted or got or ("",))[0]
            yield finding, f"{file.name} line {number}", _shown(wanted), _shown(got)


def _findings(result: RunResult) -> Iterator[_Line]:
    """A line per record, owner and rule, as the files have them: what counts, what is to be
    checked, and what is exempt.
    """
    people = {person.id: person for person in result.people}
    for name, rule, record, state in _states(result):
        owner = people.get(record.owner)
        debtor = Debtor.OWNER, record.owner
        if not isinstance(record, Check) and record.debtor is not Debtor.OWNER:
            debtor = record.debtor, _creator(record)
        about = name, result.audit_id, rule.entity, record.record_id, rule.id, rule.verdict
        whose = (owner.name, owner.team) if owner else ("", "")
        parts = (*about, record.span, record.owner, *debtor, record.link, state, *whose)
        yield (*map(str, parts), str(record.day or ""))


_Record = FixItem | Check | ExemptFinding


def _states(result: RunResult) -> Iterator[tuple[str, Rule, _Record, str]]:
    """(id, rule, record, what was decided about it) of each finding."""
    for item in result.fix_list:
        for number, name in enumerate(item.ids):
            state = ExceptionState.DISPUTED if name in item.disputed else ""
            yield name, item.rules[number], item, state
    for check in result.checks:
        state = ExceptionState.DISPUTED if check.disputed else ""
        yield check.id, check.rule, check, state
    for exempt in result.exempt:
        yield exempt.id, exempt.rule, exempt, ExceptionState.EXEMPT


def _creator(record: FixItem | ExemptFinding) -> str:
    """Who entered a record and is to complete it; sales support is one pool."""
    return record.entered_by if record.debtor is Debtor.CREATOR else ""


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula."""
    return f"'{cell}" if cell[:1] in {*"=+-@\t\r"} else cell


# ----------------------------------------------------------------------------------------- reading


def _fetched(source: duckdb.DuckDBPyConnection) -> Iterator[_Line]:
    """The rows of a query, in their order, some at a time."""
    while rows := source.fetchmany(_BATCH):
        yield from rows


def _shown(line: _Line | None) -> str:
    return ", ".join(map(str, line[1:])) if line else NOTHING_THERE
