"""Hundreds of demands: counted as question by question, by statements that hardly grow."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL

from benchmarks import rules
from benchmarks.crms import AS_OF, CRMS
from benchmarks.scale import audit_of, held
from pipeline import queries, source
from pipeline.flows.extract import read_spec_of, window_of


def test_hundreds_of_demands_are_counted_as_question_by_question(tmp_path: Path) -> None:
    with CRMS["sqlite"](tmp_path, 600, 20) as url:
        rules.write_field_sets(tmp_path, 90)
        audit = audit_of("sqlite", tmp_path, url, field_sets="expectations")
        assert sum(len(fields.demands) for fields in audit.field_sets.values()) == 90
        # SystemExit where the two ways differ
        measured = held("sqlite", 600, audit, url, tmp_path, before=True)
    assert measured.failing > 300


def test_a_statement_grows_with_conditions_and_not_with_demands(tmp_path: Path) -> None:
    with CRMS["sqlite"](tmp_path, 50, 5) as url:
        few, many = (lengths(tmp_path, url, number) for number in (30, 300))
    assert few.keys() == many.keys() == rules.CONDITIONS.keys()
    for entity in few:
        assert many[entity] < 2 * few[entity], entity


def lengths(folder: Path, url: URL, number: int) -> dict[str, int]:
    """Entity -> the characters of its statement, under so many demands in all."""
    rules.write_field_sets(folder, number)
    audit = audit_of("sqlite", folder, url, field_sets="expectations")
    window = window_of(audit, AS_OF, injected=True)
    engine = source.open_engine(url.render_as_string(), folder, audit.preset)
    with source.consistent(engine) as connection:
        reader = source.SourceReader(connection, read_spec_of(audit, window))
        asked = (reader.entities(), audit.field_sets, audit.query_context(window))
        counted = {
            census.entity: len(str(census.statement.compile(connection)))
            for census in queries.censuses(*asked, reader.worked_out, rolled_up=False)
        }
    engine.dispose()
    return counted
