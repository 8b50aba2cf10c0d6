"""Writing the reports and the files for analysts, and reading every figure back."""

from __future__ import annotations

import json
import re
import unicodedata
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline import findings
from pipeline.errors import ProofError
from pipeline.model import Figure, Person, Scope
from pipeline.progress import Progress
from pipeline.prove import Difference
from pipeline.reports.management import management_report
from pipeline.reports.manager import manager_report
from pipeline.reports.report import Edition, Report


def write_reports(edition: Edition, folder: Path, progress: Progress) -> None:
    """Management's pair, a pair per manager, and the files for analysts; then every figure is read back."""
    from pipeline.reports.page import render_page
    from pipeline.reports.workbook import write_workbook

    reports = {folder: management_report(edition)}
    for person in edition.people:
        if person.scope is Scope.MANAGER:
            reports[folder / "managers" / folder_of(person)] = manager_report(edition, person)
    progress.stage("Writing the reports", len(reports))
    for place, report in reports.items():
        place.mkdir(parents=True, exist_ok=True)
        (place / "report.html").write_text(render_page(report), "utf-8")
        write_workbook(report, place / "report.xlsx")
        progress.advance(1)
    findings.write_findings(folder, edition.repairs)
    _write_figures(edition, folder / "figures.json")
    progress.stage("Reading every figure back", len(reports))
    differences: list[Difference] = []
    for place, report in reports.items():
        differences += _read_back(report, place, folder)
        progress.advance(1)
    if differences:
        raise ProofError(
            f"{len(differences)} figures or rows were not written as computed; nothing was published, "
            "and the last good report stays.",
            tuple(differences),
        )


def _read_back(report: Report, place: Path, folder: Path) -> list[Difference]:
    from pipeline.reports.read_page import page_differences
    from pipeline.reports.read_workbook import workbook_differences

    page, book = place / "report.html", place / "report.xlsx"
    found = [(page, page_differences(report, page.read_text("utf-8"))), (book, workbook_differences(report, book))]
    return [
        (what, f"{file.relative_to(folder)} {where}".strip(), expected, got)
        for file, differences in found
        for what, where, expected, got in differences
    ]


def folder_of(person: Person) -> str:
    """A manager's folder: readable, and unique whatever his name holds."""
    plain = unicodedata.normalize("NFKD", person.name).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40]
    return f"{readable or 'manager'}-{sha256(person.id.encode()).hexdigest()[:8]}"


def _write_figures(edition: Edition, file: Path) -> None:
    window = edition.window
    document: dict[str, Any] = {
        "run_id": edition.run_id,
        "audit": edition.audit,
        "as_of": window.as_of.isoformat(),
        "zone": window.zone,
        "period": {
            "word": window.word,
            "first": window.first.isoformat(),
            "to": window.after_last.isoformat(),
            "due": window.fire.isoformat() if window.fire else None,
        },
        "figures": [{name: getattr(figure, name) for name in Figure.__slots__} for figure in edition.figures.values()],
    }
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
