"""What Python's judging costs a run: a million contacts, their phones and addresses nearly all distinct.

    .venv/bin/python -m benchmarks.judging [--rows 1000000]

Seconds by the clock and the most memory, for phone, e-mail, names and uniqueness at once.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from pipeline.model.judging import ASKED, JudgedColumn, Judgement, Reach, Syntax
from pipeline.rules.judging import judge
from pipeline.rules.opinions import JudgingContext

CONTACTS = """
CREATE TABLE view_contact AS SELECT
  'c' || lpad(i::VARCHAR, 12, '0') AS id,
  'owner-' || (i % 600) AS owner,
  CASE i % 50 WHEN 0 THEN 'Test' ELSE 'First' || (i % 5000) END AS first_name,
  CASE i % 70 WHEN 0 THEN 'xxx' ELSE 'Last' || (i % 90000) END AS last_name,
  CASE i % 20
    WHEN 0 THEN NULL
    WHEN 1 THEN '06 1234'
    WHEN 2 THEN '+32 2 ' || lpad((i % 9999999)::VARCHAR, 7, '0')
    WHEN 3 THEN '06-' || lpad(((i * 7919) % 99999999)::VARCHAR, 8, '0') || ' (evenings)'
    ELSE '06-' || lpad(((i * 7919) % 99999999)::VARCHAR, 8, '0')
  END AS phone,
  CASE i % 30
    WHEN 0 THEN 'geen'
    ELSE 'jan.' || i || '@bedrijf' || (i % 20000) || '.nl'
  END AS email,
  CASE i % 6 WHEN 0 THEN 'België' WHEN 1 THEN NULL ELSE 'Nederland' END AS country
FROM range({rows}) r(i)
"""
JUDGEMENTS = (
    Judgement((JudgedColumn("phone", Syntax.PHONE),), ASKED),
    Judgement((JudgedColumn("email", Syntax.EMAIL),), ASKED, reach=Reach.OWNER),
    Judgement((JudgedColumn("last_name", Syntax.NAME),), ASKED),
)


def measured(connection: duckdb.DuckDBPyConnection) -> float:
    """Seconds by the clock for all judgements."""
    started = time.perf_counter()
    context = JudgingContext(region="NL")
    judge(connection, "contact", JUDGEMENTS, context, ("contact.country",))
    return time.perf_counter() - started


def most_memory() -> float:
    """MB, of this process: a worker takes some 60 MB besides."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(Path(folder) / "audit.duckdb") as connection,
    ):
        connection.execute(CONTACTS.format(rows=rows))
        before = most_memory()
        seconds = measured(connection)
        times = os.times()
    processor = times.user + times.system + times.children_user + times.children_system
    print(f"{rows:,} contacts: {seconds:.1f} s by the clock, {processor:.1f} s of processors")
    print(f"{most_memory():.0f} MB at most, {before:.0f} MB before")


if __name__ == "__main__":
    main()
