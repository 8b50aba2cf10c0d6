"""One run, from the CRM to its published reports. It reads as the architecture does: top to bottom."""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline import catalogue, findings, publish, snapshot, source
from pipeline.ask import ask, ask_failing, ask_people
from pipeline.config import WEEKDAYS, Audit, Period, secrets_of
from pipeline.errors import ProofError
from pipeline.formats import Rules
from pipeline.model import Answers, Figure, Person, Scope, Unit, Window, figure_id
from pipeline.progress import Progress
from pipeline.prove import Difference, prove, prove_controls
from pipeline.reports.management import management_report
from pipeline.reports.manager import manager_report
from pipeline.reports.report import Edition, Report
from pipeline.retry import anew
from pipeline.score import Ground, make_figures, plan_month, who_owns
from pipeline.window import open_window
from pipeline.witness import Witness, load_witness, save_witness

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A published run."""

    run_id: str
    folder: Path
    edition: Edition
    held_seconds: float
    warnings: tuple[str, ...] = ()


def run_audit(
    audit: Audit, *, run_id: str, clock: Clock, progress: Progress, as_of: datetime | None = None,
    begin: Sequence[str] | None = None,
) -> Outcome:  # fmt: skip
    """Extracts, validates, measures, proves, renders, verifies and publishes; an AuditError means that nothing was.

    `as_of` injects the instant of the run; `begin` replaces the statements that open the source's transaction.
    """
    os.umask(0o077)  # what is written holds clients' data: folders 0700, files 0600
    with publish.draft(audit.output) as draft:
        data = draft.folder / "snapshot"
        data.mkdir()
        extract(audit, data, clock=clock, as_of=as_of, progress=progress, begin=begin)
        edition = compute(audit, data, run_id=run_id, progress=progress)
        write_reports(edition, draft.folder, progress)
        folder = draft.publish(run_id)
        stored = folder / "snapshot"
        warnings = targets_of_strangers(audit, load_witness(stored).people)
        return Outcome(run_id, folder, edition, snapshot.load_manifest(stored).held_seconds, warnings)


def targets_of_strangers(audit: Audit, users: Iterable[Person]) -> tuple[str, ...]:
    """A warning where targets are set for users who are no managers: they count in no plan."""
    managers = {user.id for user in users if user.scope is Scope.MANAGER}
    if strangers := sorted({target.manager for target in audit.targets} - managers):
        named = ", ".join(strangers[:20]) + (f" and {len(strangers) - 20} more" if len(strangers) > 20 else "")
        return (f"targets are set for users who are no managers of this CRM, and count in no plan: {named}.",)
    return ()


# ------------------------------------------------------------------------------------------------ extract


def extract(
    audit: Audit, folder: Path, *, clock: Clock, as_of: datetime | None, progress: Progress,
    begin: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """One transaction, two readings: the rows to Parquet, and the witness. A passing failure begins it anew."""

    def once() -> None:
        _extract_once(audit, folder, clock=clock, as_of=as_of, progress=progress, begin=begin)

    anew(once, progress.stage)


def _extract_once(
    audit: Audit, folder: Path, *, clock: Clock, as_of: datetime | None, progress: Progress,
    begin: Sequence[str] | None,
) -> None:  # fmt: skip
    """Every file that it writes replaces the one of an attempt before it."""
    settings = audit.settings
    hold = source.Hold(settings.source.max_hold)
    engine = source.open_engine(secrets_of(settings.source.url), audit.file.parent, audit.preset, hold.limit)
    demand = source.Demand(
        audit.preset,
        audit.add,
        settings.currency,
        frozenset(audit.absent),
        audit.schema,
        rules_of(audit),
        settings.zone,
    )
    progress.stage("Opening the CRM")
    try:
        with source.consistent(engine, begin, hold) as connection:
            moment = as_of or clock()
            reading = source.Reading(connection, demand)
            accounts = reading.accounts()
            stored = [_store(reading, entity, folder, audit, progress, hold) for entity in audit.schema]
            progress.stage("Asking the CRM's own database")
            witness = witness_of(audit, reading, window_of(audit, moment, injected=as_of is not None))
    finally:
        engine.dispose()
    held = round(hold.seconds, 3)
    save_witness(folder, witness)
    snapshot.save_manifest(
        folder,
        snapshot.Manifest(
            moment, as_of is not None, audit.preset.name, held, tuple(stored), tuple(accounts), source.moment(engine)
        ),
    )


def _store(
    reading: source.Reading, entity: str, folder: Path, audit: Audit, progress: Progress, hold: source.Hold
) -> snapshot.Stored:
    expected = reading.count(entity)
    progress.stage(f"Reading {entity.replace('_', ' ')}s", expected)
    return snapshot.write_entity(
        folder, entity, reading.columns(entity), hold.watched(reading.rows(entity)),
        schema=audit.schema, rules=rules_of(audit), expected=expected, minor=audit.preset.money == "minor",
        advance=progress.advance,
    )  # fmt: skip


def witness_of(audit: Audit, reading: source.Reading, window: Window) -> Witness:
    """All that is published, as the source's own database counts it."""
    terms, entities = audit.terms(window), reading.entities()
    views = {name: view.cte(f"view_{name}") for name, view in catalogue.views_of(entities, terms).items()}
    questions = (*catalogue.measures(views, terms), *catalogue.field_counts(views, audit.field_sets))
    answers = Answers(
        tuple(ask(reading.connection, questions)),
        tuple(ask_failing(reading.connection, catalogue.failing(views, audit.field_sets))),
    )
    controls = tuple(
        (control.figure, str(control.equals) if control.select is None else reading.control(control.select))
        for control in audit.settings.controls
    )
    return Witness(answers, tuple(ask_people(reading.connection, entities["manager"])), controls)


def rules_of(audit: Audit) -> Rules:
    """How the source's text is read."""
    return Rules.of(audit.preset, audit.settings.zone)


def window_of(audit: Audit, as_of: datetime, *, injected: bool) -> Window:
    """The moments of a run of this audit."""
    period = audit.settings.period
    return open_window(
        as_of=as_of,
        zone=audit.settings.zone,
        working_week=[WEEKDAYS.index(day) for day in audit.settings.working_week],
        first=period.first if isinstance(period, Period) else None,
        after_last=period.to if isinstance(period, Period) else None,
        injected=injected,
    )


# ------------------------------------------------------------------------------------------------ compute and prove


def compute(audit: Audit, data: Path, *, run_id: str, progress: Progress) -> Edition:
    """Everything that is printed, from the snapshot alone, proven against its witness. ProofError where it differs."""
    progress.stage("Validating the minimum field sets")
    from pipeline.validate import validate

    manifest, witness = snapshot.load_manifest(data), load_witness(data)
    window = window_of(audit, manifest.as_of, injected=manifest.injected)
    terms = audit.terms(window)
    views = catalogue.views_of(snapshot.entities(manifest.stored, audit.schema), terms)
    with (
        tempfile.TemporaryDirectory(dir=data.parent, prefix=".work-") as work,
        snapshot.opened(data, manifest.stored, views, Path(work), audit.schema) as shelf,
    ):
        validated = validate(shelf.url, shelf.views, audit.field_sets)
        progress.stage("Measuring")
        with shelf.engine.connect() as connection:
            measured = tuple(ask(connection, catalogue.measures(shelf.views, terms)))
            users = ask_people(connection, snapshot.entities(manifest.stored, audit.schema)["manager"])
            known = findings.known_by(connection, shelf.views, catalogue.failing(shelf.views, audit.field_sets))
    answers = Answers((*measured, *validated.tallies), validated.failing)

    def figures_of(given: Answers, users: Iterable[Person]) -> tuple[list[Person], list[Figure]]:
        people = who_owns(users, given, audit.targets, plan_month(window) or "")
        ground = Ground(people, audit.field_sets, audit.targets, manifest.accounts, window)
        return people, make_figures(given, ground)

    progress.stage("Proving every figure against the CRM")
    people, figures = figures_of(answers, users)
    _, seen = figures_of(witness.answers, witness.people)
    prove(seen, figures, witness.answers.failing, answers.failing)
    prove_controls({figure.id: figure for figure in figures}, witness.controls)
    return Edition(
        run_id=run_id,
        audit=audit.settings.name,
        source="; ".join(filter(None, (audit.preset.about, manifest.moment))),
        window=window,
        people=tuple(people),
        figures={figure.id: figure for figure in [*figures, _proven(len(figures))]},
        repairs=tuple(findings.repairs(answers.failing, known, audit.field_sets, _links(audit), window.zone)),
        field_sets=audit.field_sets,
        not_checked=_not_checked(audit),
    )


def _proven(count: int) -> Figure:
    name = figure_id("figures_proven", "", "", Scope.COMPANY, "")
    return Figure(name, Scope.COMPANY, "", "figures_proven", "", "run", count, None, Unit.COUNT, "", "proof")


def _not_checked(audit: Audit) -> dict[str, str]:
    """'meeting.result' -> why, for every field of a set that this CRM does not hold."""
    return {
        f"{entity}.{name}": why for entity, fields in audit.field_sets.items() for name, why in fields.absent.items()
    }


def _links(audit: Audit) -> dict[str, str]:
    base = audit.settings.source.crm_url.rstrip("/")
    found = {}
    for entity, parts in audit.preset.entities.items():
        if link := parts[0].link:
            found[entity] = link if "://" in link else f"{base}/{link}" if base else ""
    return found


# ------------------------------------------------------------------------------------------------ write and verify


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
        "period": {"first": window.first.isoformat(), "to": window.after_last.isoformat()},
        "figures": [{name: getattr(figure, name) for name in Figure.__slots__} for figure in edition.figures.values()],
    }
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
