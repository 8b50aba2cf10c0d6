"""Writes the reports and the files for analysts, and reads every figure back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ProofError
from pipeline.findings.written import write_findings
from pipeline.measures.completeness import RECORDS_FAILING
from pipeline.model import Difference, RunResult, Scope
from pipeline.progress import Progress
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_reports
from pipeline.reports.content.operators import operators_report
from pipeline.reports.figures_file import (
    FIGURES,
    TABLE,
    write_figures,
    write_table,
)
from pipeline.reports.folders import folder_of
from pipeline.workers import Each, workers, workers_for

if TYPE_CHECKING:
    from pipeline.reports.pair import Pair


def write_reports(result: RunResult, folder: Path, progress: Progress) -> None:
    """Writes management's pair, sales support's where operators are named, a pair per manager,
    and the files for analysts.

    Then it reads every figure back. Reports are made one at a time, once for writing and again
    for comparing.
    """
    from pipeline.reports.pair import write_pair

    managers = sum(person.scope is Scope.MANAGER for person in result.people)
    has_queue = result.find(RECORDS_FAILING, Scope.OPERATOR) is not None
    reports = 1 + managers + has_queue
    with workers(workers_for(managers)) as each:
        progress.stage("Writing the reports", reports)
        for _ in each(write_pair, _places_made(_pairs(result, folder))):
            progress.advance(1)
        write_findings(folder, result)
        write_figures(result, folder / FIGURES)
        write_table(result, folder / TABLE)
        progress.stage("Reading every figure back", reports)
        differences = tuple(
            differences_in(result, folder, _pairs(result, folder), each, progress)
        )
    if differences:
        raise ProofError(
            f"{len(differences)} figures or rows were not written as computed; nothing was published, "
            "and the last good report stays.",
            differences,
        )


def differences_in(
    result: RunResult,
    folder: Path,
    pairs: Iterable[Pair],
    each: Each = map,
    progress: Progress | None = None,
) -> Iterator[Difference]:
    """Where a folder says anything else than the result: each report in its place, the files for
    analysts, and what is missing or beside them.

    `pairs` are compared with the result, and what is written with them.
    """
    from pipeline.reports.crosscheck import CrossCheck
    from pipeline.reports.pair import read_pair
    from pipeline.reports.read_files import file_differences

    check, strange = CrossCheck(result), list[Difference]()

    def compared() -> Iterator[Pair]:
        for pair in pairs:
            strange.extend(check.report_differences(pair))
            yield pair

    for differences in each(read_pair, compared()):
        yield from differences
        if progress is not None:
            progress.advance(1)
    yield from strange
    yield from check.folder_differences(folder)
    yield from file_differences(result, folder)


def _pairs(result: RunResult, folder: Path) -> Iterator[Pair]:
    """Every report and its place, in a fixed order."""
    from pipeline.reports.pair import pair_of

    yield pair_of(management_report(result), folder, Path())
    if (queue := operators_report(result)) is not None:
        yield pair_of(queue, folder, Path("sales-support"))
    for report in manager_reports(result):
        if report.person is not None:
            yield pair_of(report, folder, Path("managers") / folder_of(report.person))


def _places_made(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The pairs, after their folders are made; an existing folder would be another report's."""
    for pair in pairs:
        if pair.place.parts:
            pair.page.parent.mkdir(parents=True)
        yield pair
