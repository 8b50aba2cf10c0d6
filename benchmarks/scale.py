"""How long a CRM is held: counting and fingerprints beside reading its rows: `python -m benchmarks.scale`.

docs/scale.md says what is measured and holds the tables of a run. Needs PostgreSQL and MariaDB where the tests have
them, and for the makers' tables the same data beside the checkout as the tests; Linux, for processor seconds.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from benchmarks.crms import AS_OF, CRMS, PRESET
from benchmarks.questions import one_by_one
from pipeline import source
from pipeline.config import Audit, load_audit
from pipeline.flows.extract import _store, answers_of, read_spec_of, window_of
from pipeline.model import STATES, Answers, Demand, FieldSet, same_in_all
from pipeline.model.conditions import InState
from pipeline.progress import Silence
from pipeline.proof import fingerprints

SIZES: Final = (100_000, 1_000_000)
_HOLD: Final = "10 hours"
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SERVER: Final = {
    "postgresql": "SELECT pg_backend_pid()",
    "mysql": "SELECT TID FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()",
}
"""Which task of this machine works for the connection."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, and those of the processor: this process and the server's task together."""

    seconds: float
    processor: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One CRM of one size."""

    crm: str
    records: int
    rows: int
    reading: Took
    texts: Took
    at_once: Took
    before: Took | None
    tallies: int
    failing: int

    @property
    def ratio(self) -> float:
        """What the CRM is held for besides reading, of the reading."""
        return (self.at_once.processor + self.texts.processor) / self.reading.processor


def main(arguments: Sequence[str] | None = None) -> None:
    """Builds each CRM, reads it and counts it both ways, and prints a line of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--records", type=int, nargs="+", default=list(SIZES), help="default: 100000 1000000"
    )
    parser.add_argument(
        "--crms", nargs="+", choices=list(CRMS), default=list(CRMS), help="default: all of them"
    )
    parser.add_argument(
        "--without-before", action="store_true", help="leave out counting question by question"
    )
    parser.add_argument(
        "--rules",
        type=int,
        default=0,
        help="demands of each kind of record; default: our field sets",
    )
    given = parser.parse_args(arguments)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}; Python {platform.python_version()}, {os.cpu_count()} cores; processor seconds"
    )
    print(_HEADING, flush=True)
    for name in given.crms:
        for records in given.records:
            with tempfile.TemporaryDirectory(prefix="scale-") as folder:
                print(
                    _line(
                        measure(
                            name,
                            Path(folder),
                            records,
                            before=not given.without_before,
                            rules=given.rules,
                        )
                    ),
                    flush=True,
                )


def measure(name: str, folder: Path, records: int, *, before: bool, rules: int = 0) -> Measured:
    """Reads and counts one CRM inside of one transaction. SystemExit where the two ways do not count the same."""
    with CRMS[name](folder, records) as url:
        audit = _with_rules(audit_of(name, folder, url), rules)
        return held(name, records, audit, url, folder, before=before)


def held(
    name: str, records: int, audit: Audit, url: URL, folder: Path, *, before: bool = False
) -> Measured:
    """Reads and counts a CRM that is there, for this audit, inside of one transaction."""
    limit = source.TransactionLimit(audit.settings.source.max_hold)
    engine = source.open_engine(
        url.render_as_string(hide_password=False), folder, audit.preset, limit.allowed
    )
    try:
        with source.consistent(engine, limit=limit) as connection:
            return _measured(name, records, audit, connection, folder, limit, before=before)
    finally:
        engine.dispose()


def _measured(
    name: str,
    records: int,
    audit: Audit,
    connection: Connection,
    folder: Path,
    limit: source.TransactionLimit,
    *,
    before: bool,
) -> Measured:
    window = window_of(audit, AS_OF, injected=True)
    reader = source.SourceReader(connection, read_spec_of(audit, window))
    read, stored = timed(
        connection,
        lambda: [_store(reader, e, folder, audit, Silence(), limit) for e in audit.schema],
    )
    texts, _ = timed(connection, lambda: fingerprints.must_agree(reader, folder, stored, limit))
    once, counted = timed(connection, lambda: answers_of(audit, reader, window))
    former = None
    if before:
        former, asked = timed(connection, lambda: one_by_one(audit, reader, window))
        must_be_equal(name, counted, asked)
    rows = sum(entry.rows for entry in stored)
    return Measured(
        name,
        records,
        rows,
        read,
        texts,
        once,
        former,
        len(counted.tallies),
        len(counted.failing),
    )


def _with_rules(audit: Audit, rules: int) -> Audit:
    """The audit, each of whose field sets has at least so many demands: one or two columns
    of the record each, every third due in one state only.
    """
    field_sets = {
        entity: _more(fields, list(audit.schema[entity]), audit, rules)
        for entity, fields in audit.field_sets.items()
    }
    return replace(audit, field_sets=field_sets)


def _more(fields: FieldSet, columns: Sequence[str], audit: Audit, rules: int) -> FieldSet:
    entity = fields.entity
    absent = {f"{entity}.owner_id", *audit.absent}  # owners are counted, not demanded
    there = [name for name in columns if f"{entity}.{name}" not in absent]
    states = STATES.get(entity, ())
    further = tuple(
        Demand(
            f"further_{n}",
            same_in_all(f"further {n}"),
            (there[n % len(there)], there[n // len(there) % len(there)])[: 1 + n % 2],
            when=InState((states[n % len(states)],)) if states and n % 3 == 0 else None,
        )
        for n in range(rules - len(fields.demands))
    )
    return replace(fields, demands=(*fields.demands, *further))


def must_be_equal(name: str, at_once: Answers, before: Answers) -> None:
    """SystemExit unless every integer and every failing record, with its mask, is the same in both."""
    ours, theirs = _sums(at_once), _sums(before)
    if ours != theirs or ours.keys() != theirs.keys():
        wrong = [key for key in {**ours, **theirs} if ours[key] != theirs[key]]
        raise SystemExit(
            f"{name}: the two ways of counting differ in {len(wrong)} integers, such as {wrong[:3]}"
        )
    if Counter(at_once.failing) != Counter(before.failing):
        raise SystemExit(f"{name}: the two ways of counting name other failing records")


def _sums(answers: Answers) -> Counter[tuple[Any, ...]]:
    sums: Counter[tuple[Any, ...]] = Counter()
    for t in answers.tallies:
        sums[t.company, t.owner, t.name, t.dimension, t.currency, t.is_repeat] += t.value
    return sums


def audit_of(name: str, folder: Path, url: URL, field_sets: str = "") -> Audit:
    """The audit of a CRM: the preset of its maker, or the one of our own tables; its field sets
    those of a folder, or ours.
    """
    own = name in ("sqlite", "postgresql")
    if own:
        (folder / "own.yaml").write_text(PRESET, "utf-8")
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    file = folder / "audit.yaml"
    file.write_text(
        f"name: Scale\nzone: Europe/Berlin\ncurrency: EUR\n"
        f"source: {{url: '{address}', preset: {'own.yaml' if own else name}, max_hold: {_HOLD}}}\n"
        + (f"field_sets: {field_sets}\n" if field_sets else "")
    )
    return load_audit(file)


# ------------------------------------------------------------------------------------------------ time


def timed(connection: Connection, work: Callable[[], Any]) -> tuple[Took, Any]:
    """How long the work took, on the clock and of the processors."""
    server = _task_of(connection)
    began, busy = time.perf_counter(), time.process_time() + _busy(server)
    result = work()
    return Took(time.perf_counter() - began, time.process_time() + _busy(server) - busy), result


def _task_of(connection: Connection) -> int | None:
    asked = _SERVER.get(connection.dialect.name)
    return None if asked is None else int(connection.exec_driver_sql(asked).scalar_one())


def _busy(task: int | None) -> float:
    """Processor seconds of a task of this machine; a server on another one counts for nothing."""
    file = Path(f"/proc/{task}/task/{task}/stat")
    if task is None or not file.is_file():
        return 0.0
    fields = file.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


# ------------------------------------------------------------------------------------------------ the table


_HEADING: Final = (
    f"{'CRM':<12}{'records':>10}{'rows':>10}{'reading':>9}{'texts':>7}{'before':>8}{'at once':>9}"
    f"{'before/reading':>16}{'(at once + texts)/reading':>27}{'tallies':>9}{'failing':>9}"
)


def _line(m: Measured) -> str:
    before = f"{m.before.processor:.1f}" if m.before else "-"
    former = f"{m.before.processor / m.reading.processor:.2f}" if m.before else "-"
    return (
        f"{m.crm:<12}{m.records:>10,}{m.rows:>10,}{m.reading.processor:>9.1f}{m.texts.processor:>7.1f}{before:>8}"
        f"{m.at_once.processor:>9.1f}{former:>16}{m.ratio:>27.2f}{m.tallies:>9,}{m.failing:>9,}"
    )


if __name__ == "__main__":
    main()
