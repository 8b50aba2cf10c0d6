"""What measures how long a CRM is held: both ways of counting say the same, and neither grows faster than the CRM."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.crms import AS_OF, CRMS
from benchmarks.scale import audit_of, measure, must_be_equal
from pipeline import queries, source
from pipeline.flows.extract import answers_of, read_spec_of, window_of
from pipeline.model import Answers, FailingRecord, Span, Tally


def test_reading_and_counting_are_measured(tmp_path: Path) -> None:
    found = measure(
        "sqlite", tmp_path, 500, before=True
    )  # SystemExit where the two ways differ
    assert found.rows > 700
    assert found.failing > 100
    assert found.reading.processor > 0
    assert found.texts.processor > 0
    assert found.at_once.processor > 0


@pytest.mark.parametrize("several", [False, True])
def test_sqlite_finds_by_a_key_whatever_it_joins(several: bool, tmp_path: Path) -> None:
    """A table that is scanned for each row of another makes a CRM of twice the size four times as slow."""
    with CRMS["sqlite"](tmp_path, 100_000) as url:
        audit = audit_of("sqlite", tmp_path, url)
        engine = source.open_engine(
            url.render_as_string(hide_password=False), tmp_path, audit.preset
        )
        with source.consistent(engine) as connection:
            reader = source.SourceReader(
                connection, read_spec_of(audit, window_of(audit, AS_OF, injected=True))
            )
            context = replace(
                audit.query_context(window_of(audit, AS_OF, injected=True)),
                several_owners=several,
            )
            for census in queries.censuses(
                reader.entities(),
                audit.field_sets,
                context,
                reader.worked_out,
                rolled_up=False,
            ):
                sql = census.statement.compile(
                    connection, compile_kwargs={"literal_binds": True}
                )
                steps = [
                    row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")
                ]
                assert len(steps) > 5
                assert [
                    step for step in steps if step.startswith("SCAN") and "LEFT-JOIN" in step
                ] == []
        engine.dispose()


def test_a_difference_ends_it() -> None:
    tally, record = (
        Tally(True, None, "deals", "", "", 1),
        FailingRecord("deal", "d1", "", 1, Span.SCORE),
    )
    with pytest.raises(SystemExit, match="differ in 1 integers"):
        must_be_equal("x", Answers((tally,), ()), Answers((), ()))
    with pytest.raises(SystemExit, match="other failing records"):
        must_be_equal(
            "x", Answers((tally,), (record,)), Answers((tally,), (record._replace(mask=3),))
        )


@pytest.mark.parametrize("maker", ["suitecrm", "espocrm", "vtiger"])
def test_a_record_is_looked_at_a_few_times(maker: str, tmp_path: Path) -> None:
    """By the rows that MariaDB reads, which are the same on any machine: 20 to 35 for each record of the CRM.

    A plan that goes through the contacts of all meetings for each meeting reads 820 in a CRM of this size, and more in
    a larger one.
    """
    assert 1_000 < looked_at(maker, tmp_path, 1_000) < 60_000


def looked_at(maker: str, folder: Path, records: int) -> int:
    """Rows that the server reads to count the CRM."""
    with CRMS[maker](folder, records) as url:
        audit = audit_of(maker, folder, url)
        engine = source.open_engine(
            url.render_as_string(hide_password=False), folder, audit.preset
        )
        with source.consistent(engine) as connection:
            reader = source.SourceReader(
                connection, read_spec_of(audit, window_of(audit, AS_OF, injected=True))
            )
            lacking = [name for name in reader.not_given if not name.startswith("change.")]
            assert lacking == []  # our own presets declare what they lack
            connection.exec_driver_sql("FLUSH STATUS")
            answers_of(audit, reader, window_of(audit, AS_OF, injected=True))
            rows = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'").all()
        engine.dispose()
    return sum(int(value) for _, value in rows)
