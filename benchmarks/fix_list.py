"""What a long list of findings costs in Excel: memory and seconds to write it and to read it back.

.venv/bin/python -m benchmarks.fix_list [--rows 100000]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline.model import FixItem, Rule, Span, Verdict, same_in_all
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import Report
from pipeline.reports.excel.read_workbook import workbook_differences
from pipeline.reports.excel.workbook import write_workbook
from tests.factory import PEOPLE, result

_MISSING = (
    Rule("meeting", "subject", Verdict.MISSING),
    Rule("meeting", "result", Verdict.MISSING),
)
_LABELS = (same_in_all("subject"), same_in_all("result"))
_WHY = (same_in_all("it tells your colleagues what was discussed"),) * 2


def report_of(rows: int) -> Report:
    """A manager's report with so many findings, two of each meeting."""
    items = tuple(_meeting(number) for number in range(rows // 2))
    return replace(manager_report(result(), PEOPLE[0]), fix_list=items)


def _meeting(number: int) -> FixItem:
    record = f"m{number:08d}"
    return FixItem(
        entity="meeting",
        record_id=record,
        owner=PEOPLE[0].id,
        label=f"Quarterly review {number}, Aurora Foods",
        missing=_LABELS,
        why=_WHY,
        link=f"https://crm.example/index.php?module=Meetings&action=EditView&record={record}",
        span=Span.SCORE,
        day=date(2026, 11, 1 + number % 28),
        rules=_MISSING,
        ids=(f"A{number:09d}", f"B{number:09d}"),
    )


def peak() -> float:
    """The most memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Prints what writing adds to the most memory, then what reading back does."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    report = report_of(rows)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.xlsx"
        write_workbook(report_of(100), file)  # what is loaded once
        before, started = peak(), time.perf_counter()
        write_workbook(report, file)
        written, seconds = peak(), time.perf_counter() - started
        print(f"writing {rows} rows: {written - before:.0f} MB more, {seconds:.0f} s")
        started = time.perf_counter()
        differences = workbook_differences(report, file)
        seconds = time.perf_counter() - started
        print(f"reading back: {peak() - written:.0f} MB more, {seconds:.0f} s")
        print(f"differences: {len(differences)}")


if __name__ == "__main__":
    main()
