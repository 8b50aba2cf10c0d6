"""Writes the reports and the files for analysts, and reads every figure back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ProofError
from pipeline.findings.written import write_findings
from pipeline.measures.completeness import RECORDS_FAILING
from pipeline.model import Person, RunResult, Scope
from pipeline.progress import Progress
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_reports
from pipeline.reports.content.operators import operators_report
from pipeline.reports.figures_file import (
    FIGURES,
    TABLE,
    table_differences,
    write_figures,
    write_table,
)
from pipeline.workers import workers, workers_for

if TYPE_CHECKING:
    from pipeline.reports.pair import Pair


def write_reports(result: RunResult, folder: Path, progress: Progress) -> None:
    """Writes management's pair, sales support's where operators are named, a pair per manager,
    and the files for analysts.

    Then it reads every figure back. Reports are made one at a time, once for writing and again
    for comparing.
    """
    from pipeline.reports.pair import read_pair, write_pair

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
        differences = list(table_differences(result, folder / TABLE))
        for pair_differences in each(read_pair, _pairs(result, folder)):
            differences += pair_differences
            progress.advance(1)
    if differences:
        raise ProofError(
            f"{len(differences)} figures or rows were not written as computed; nothing was published, "
            "and the last good report stays.",
            tuple(differences),
        )


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


def folder_of(person: Person) -> str:
    """A manager's folder: readable, and unique whatever their name holds."""
    plain = unicodedata.normalize("NFKD", person.name).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40]
    return f"{readable or 'manager'}-{sha256(person.id.encode()).hexdigest()[:8]}"
