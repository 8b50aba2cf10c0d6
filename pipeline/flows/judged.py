"""What only Python judges, in a run: its verdicts beside the snapshot, the same verdicts for the
source's reading, and what reports say about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from pipeline.findings.amended import with_judged
from pipeline.findings.stored import read_failing, write_failing
from pipeline.language.languages import in_all
from pipeline.model import CELL_ERRORS, JUDGED_TEXT, Figures, LocalText, ResolvedAudit
from pipeline.model.rules import judgements_in
from pipeline.progress import Progress
from pipeline.queries import Scan
from pipeline.queries.ask import failing
from pipeline.queries.verdicts import NO_VERDICTS, Verdicts
from pipeline.rules.judging import judge_snapshot
from pipeline.rules.opinions import JudgingContext
from pipeline.snapshot.open import OpenSnapshot
from pipeline.values.phones import plans_version

_AMENDED: Final = "witness_judged.parquet"


def verdicts_on(audit: ResolvedAudit, opened: OpenSnapshot, progress: Progress) -> Verdicts:
    """Python's verdicts on an open snapshot, of the entities of which it judges anything."""
    judgements = {
        entity: asked
        for entity, asked in judgements_in(audit.field_sets).items()
        if entity in opened.views
    }
    if not judgements:
        return NO_VERDICTS
    progress.stage("Judging what was entered")
    context = JudgingContext(
        audit.region or None,
        frozenset(audit.empty_words),
        frozenset(CELL_ERRORS if audit.from_files else ()),
    )
    return judge_snapshot(opened.engine, judgements, context, audit.schema)


def with_verdicts(
    witness: Path,
    connection: Connection,
    scans: Sequence[Scan],
    audit: ResolvedAudit,
    work: Path,
) -> Path:
    """The source's failing records, Python's verdicts laid over them, in a file under `work`;
    `witness` itself where nothing is judged.
    """
    judged = [
        record
        for scan in scans
        if scan.judged is not None
        for record in failing(scan.entity, connection.execute(scan.judged))
    ]
    if not judged:
        return witness
    amended: Any = with_judged(read_failing(witness), judged, audit.field_sets)
    write_failing(work / _AMENDED, tuple(amended))
    return work / _AMENDED


def sentences(audit: ResolvedAudit, figures: Figures) -> Iterator[LocalText]:
    """How many figures depend on what Python judges, and by what it judges phone numbers."""
    if count := figures.by_basis()[JUDGED_TEXT]:
        yield in_all(
            "{count} of the figures depend on what this program judges (filler values, valid contact "
            "details, duplicates): their text equals the CRM's, letter by letter.",
            count=count,
        )
    judgements = [each for asked in judgements_in(audit.field_sets).values() for each in asked]
    if not any(judgement.judges_phones for judgement in judgements):
        return
    yield in_all(
        "Phone numbers are judged by the numbering plans of phonenumbers {version}.",
        version=plans_version(),
    )
    if not audit.region:
        yield in_all(
            "A phone number without + is not judged where its record names no country: audit.yaml "
            "names no region."
        )
