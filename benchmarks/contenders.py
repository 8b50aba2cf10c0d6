"""What is measured, one contender to a process: `python -m benchmarks.contenders NAME FOLDER` prints one line of JSON.

Each contender first imports what it needs and then hands back the piece of work that is timed; that one hands back
how to tell what was counted, which is not timed either.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from pipeline.values.white_space import WHITE_SPACE

Counted = dict[str, tuple[int, int, str]]
"""Demand -> (due, missing, a hash of the ids that miss it)."""
Work = Callable[[], Callable[[], Counted]]

USED: Final[Mapping[str, tuple[str, ...]]] = {
    "meeting": (
        "id", "owner_id", "subject", "status", "start_at", "start_at_unreadable", "created_at", "result", "parent_kind",
        "parent_id", "client_id",
    ),
    "meeting_contact": ("meeting_id", "person_kind", "person_id"),
    "contact": ("id", "first_name", "last_name", "phone", "email"),
    "lead": ("id", "first_name", "last_name", "phone", "email"),
    "client": ("id", "private_person", "first_name", "last_name", "phone", "email"),
    "user": ("id",),
}  # fmt: skip
"""Entity -> the columns that the meeting's view names, and so our two scans read."""


# ------------------------------------------------------------------------------------------------ ours


def ours(folder: Path) -> Work:
    """The stage as a run has it: the snapshot opened, its hashes compared, the view with its joins validated, and
    every failing record written to a file.
    """
    from pipeline import queries, snapshot

    _import_validation()
    from pipeline.snapshot.manifest import load_manifest

    stored = load_manifest(folder).stored
    view = queries.view_of("meeting", snapshot.entities(stored), _context())
    return _validated(folder, stored, view, works_out=True)


def ours_flat(folder: Path) -> Work:
    """The same validation over the flat file that the stock one gets: nothing to work out."""
    _import_validation()
    return _validated(folder, (), _flat_view(folder), works_out=False)


def _import_validation() -> None:
    import duckdb_engine  # noqa: F401  # an engine would import it when it is made
    import pyarrow.acero  # noqa: F401  # a table would import it when it is grouped

    import pipeline.rules.gx  # noqa: F401


def _validated(folder: Path, stored: tuple[Any, ...], view: Any, *, works_out: bool) -> Work:
    from pipeline import queries, snapshot
    from pipeline.rules import gx

    fields = _field_set()

    def work() -> Callable[[], Counted]:
        scratch = tempfile.TemporaryDirectory()
        atexit.register(scratch.cleanup)
        file = Path(scratch.name) / "failing.parquet"
        with snapshot.opened(folder, stored, {"meeting": view}, Path(scratch.name)) as shelf:
            if works_out:
                shelf.work_out()
            scans = queries.scans_of(shelf.views, {"meeting": fields}, _context())
            due = gx.validate(shelf.url, scans, file)
        return lambda: _counted(fields, due, file)

    return work


def _demand(declared: dict[str, Any]) -> Any:
    from pipeline.model import Demand
    from pipeline.model.conditions import InState

    when = InState((declared["when"],)) if "when" in declared else None
    return Demand(**{**declared, "columns": tuple(declared["columns"]), "when": when})


def _field_set() -> Any:
    """expectations/meeting.yaml, of a CRM that holds all its columns."""
    import yaml

    from pipeline.model import FieldSet
    from pipeline.resources import EXPECTATIONS

    declared = yaml.safe_load((EXPECTATIONS / "meeting.yaml").read_text("utf-8"))["fields"]
    return FieldSet(
        "meeting",
        tuple(map(_demand, declared)),
    )


def _context() -> Any:
    from benchmarks.data import AS_OF, WORDS
    from pipeline.calendar.window import open_window
    from pipeline.queries import QueryContext

    return QueryContext(
        open_window(as_of=AS_OF, zone="Europe/Berlin", working_week=range(5), injected=True),
        WORDS,
    )


def _flat_view(folder: Path) -> Any:
    """The columns that a field set looks at, over the flat file: nothing to join."""
    from sqlalchemy import and_, case, func, literal, select

    from benchmarks.data import FLAT, WORDS
    from pipeline.queries import state_code

    w = _context().window
    m = func.read_parquet(str(folder / FLAT)).table_valued(
        "id",
        "owner",
        "status",
        "created_at",
        "date",
        "subject",
        "contact",
        "result",
        name="flat",
    )
    occurred_at_us = func.epoch_us(func.coalesce(m.c.date, m.c.created_at))
    in_score = and_(
        occurred_at_us >= w.score_first_us,
        occurred_at_us < w.score_after_us,
        occurred_at_us <= w.as_of_us,
    )
    states = [
        (m.c.status == said, state_code("meeting", state))
        for state, (said,) in WORDS["meeting"].items()
    ]
    return select(
        m.c.id, m.c.owner, m.c.subject, m.c.result,
        m.c.date.label("start_at"), literal(0).label("start_at_unreadable"),
        case((m.c.contact.is_(None), 0), else_=1).label("contact"),
        case(*states, else_=0).label("state"), literal(1).label("scored"), literal(0).label("is_repeat"),
        occurred_at_us.label("occurred_at_us"),
        case((in_score, 1), else_=0).label("span"),
    )  # fmt: skip


def _counted(fields: Any, due: Iterable[Any], file: Path) -> Counted:
    """What was counted, and the failing records read from the file that the validation wrote."""
    from pipeline.findings.stored import read_failing

    company = {(t.name, t.dimension): t.value for t in due if t.company}
    failing = tuple(read_failing(file))
    found: Counted = {}
    for bit, field in enumerate(fields.demands):
        ids = [record.record_id for record in failing if record.mask >> bit & 1]
        found[field.name] = (
            company["due.base", fields.due_key(field)],
            len(ids),
            _hash(ids),
        )
    return found


# ------------------------------------------------------------------------------------------------ stock


def stock_flat(folder: Path) -> Work:
    """Great Expectations as it comes, on pandas: an expectation per field, each with all the ids that fail it.

    Blanks are NULL in the flat file and the contact is a column: nothing that a user has to prepare is timed.
    """
    from benchmarks.data import FLAT

    return _stock(lambda pandas: pandas.read_parquet(folder / FLAT))


def stock(folder: Path) -> Work:
    """The same, with what our view does prepared by pandas: blanks made NULL, and the contact looked up."""
    return _stock(lambda pandas: _prepared(pandas, folder))


def _prepared(pandas: Any, folder: Path) -> Any:
    def table(entity: str, *columns: str) -> Any:
        return pandas.read_parquet(folder / f"{entity}.parquet", columns=list(columns))

    frame = table(
        "meeting",
        "id",
        "owner_id",
        "status",
        "start_at",
        "subject",
        "result",
        "parent_kind",
        "parent_id",
        "client_id",
    )
    known = {kind: table(kind, "id")["id"] for kind in ("contact", "lead")}
    link, client = (
        table("meeting_contact", *USED["meeting_contact"]),
        table("client", "id", "private_person"),
    )
    met = frame["client_id"].isin(client["id"][client["private_person"] == 1])
    for kind, ids in known.items():
        invited = link["meeting_id"][
            (link["person_kind"] == kind) & link["person_id"].isin(ids)
        ]
        met |= frame["id"].isin(invited) | (
            (frame["parent_kind"] == kind) & frame["parent_id"].isin(ids)
        )
    frame = frame.drop(columns=["parent_kind", "parent_id", "client_id"]).rename(
        columns={"start_at": "date"}
    )
    frame["contact"] = met.where(met)
    for name in ("subject", "result"):
        frame[name] = frame[name].mask(frame[name].str.strip(WHITE_SPACE) == "")
    return frame


def _stock(rows: Callable[[Any], Any]) -> Work:
    import os

    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at the import
    import great_expectations as gx
    import pandas as pd
    import pyarrow.parquet  # noqa: F401  # pandas would import it when it reads
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.row_conditions import Column

    filled = gx.expectations.ExpectColumnValuesToNotBeNull
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]}

    def work() -> Callable[[], Counted]:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("benchmark").add_dataframe_asset("meeting")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch(
            {"dataframe": rows(pd)}
        )
        suite = gx.ExpectationSuite("meeting", expectations=[
            *(filled(column=name) for name in ("date", "subject", "contact")),
            filled(column="result", row_condition=Column("status") == "Held"),
        ])  # fmt: skip
        outcome = batch.validate(suite, result_format=wanted)
        return lambda: _stock_counted(outcome)

    return work


def _stock_counted(outcome: Any) -> Counted:
    found: Counted = {}
    for one in outcome.results:
        if one.exception_info.get("raised_exception"):
            raise RuntimeError(f"the stock validation did not run: {one.exception_info}")
        ids = (entry["id"] for entry in one.result["unexpected_index_list"])
        counts = one.result["element_count"], one.result["unexpected_count"]
        found[one.expectation_config.kwargs["column"]] = *counts, _hash(ids)
    return found


# ------------------------------------------------------------------------------------------------ scans


def scan_counts(folder: Path) -> Work:
    """Our first scan alone: due and missing, per owner."""
    from pipeline.queries import Grain, field_question

    return _scan(
        folder,
        lambda fields, view: field_question(fields, view, _context(), Grain.OWNERS).statement,
    )


def scan_company(folder: Path) -> Work:
    """The same counts once more, of the company."""
    from pipeline.queries import Grain, field_question

    return _scan(
        folder,
        lambda fields, view: field_question(fields, view, _context(), Grain.COMPANY).statement,
    )


def scan_failing(folder: Path) -> Work:
    """Our second scan alone: every failing record, fetched."""
    from pipeline.queries import failing_conditions, failing_records

    return _scan(
        folder,
        lambda fields, view: failing_records(
            failing_conditions(fields, view, _context()), view
        ),
    )


def _scan(folder: Path, statement: Callable[[Any, Any], Any]) -> Work:
    """One statement over the view, in a DuckDB that is open already."""
    from pipeline import queries, snapshot
    from pipeline.snapshot.manifest import load_manifest

    fields, stored = _field_set(), load_manifest(folder).stored
    views = {"meeting": queries.view_of("meeting", snapshot.entities(stored), _context())}
    stack = ExitStack()
    atexit.register(stack.close)
    scratch = stack.enter_context(tempfile.TemporaryDirectory())
    shelf = stack.enter_context(snapshot.opened(folder, stored, views, Path(scratch)))
    shelf.work_out()
    connection = stack.enter_context(shelf.engine.connect())

    def work() -> Callable[[], Counted]:
        rows = connection.execute(statement(fields, shelf.views["meeting"])).all()
        return lambda: {"rows": (len(rows), 0, "")}

    return work


def read(folder: Path) -> Work:
    """DuckDB reading every column that the scans use, each value hashed so that none can be skipped."""
    import duckdb

    def work() -> Callable[[], Counted]:
        with duckdb.connect() as connection:
            for entity, columns in USED.items():
                touched = ", ".join(f"bit_xor(hash({column}))" for column in columns)
                connection.execute(
                    f"SELECT {touched} FROM '{folder}/{entity}.parquet'"
                ).fetchall()
        return dict

    return work


# ------------------------------------------------------------------------------------------------ one process


CONTENDERS: Final[Mapping[str, Callable[[Path], Work]]] = {
    "ours": ours,
    "ours_flat": ours_flat,
    "stock_flat": stock_flat,
    "stock": stock,
    "scan_counts": scan_counts,
    "scan_company": scan_company,
    "scan_failing": scan_failing,
    "read": read,
}


def _hash(ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def _peak_mib() -> float:
    """The peak of this process: getrusage's would begin with that of the process which started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise RuntimeError(
            "the peak of memory is read from /proc/self/status, which this system does not have"
        )
    return int(found[1]) / 1024


def main(name: str, folder: Path) -> None:
    """Runs one contender: seconds, processor seconds, MiB above the imports, and what it counted."""
    work = CONTENDERS[name](folder)
    imported, began, busy = _peak_mib(), time.perf_counter(), time.process_time()
    counted = work()
    seconds, processor, memory = (
        time.perf_counter() - began,
        time.process_time() - busy,
        _peak_mib() - imported,
    )
    print(
        json.dumps(
            {"seconds": seconds, "processor": processor, "memory": memory, "counted": counted()}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
