"""Computes everything that is printed from the snapshot alone, and proves it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from pipeline import findings, queries, snapshot
from pipeline.delivery.folder import scratch
from pipeline.findings import Findings
from pipeline.findings.lives import with_open_again
from pipeline.findings.stored import ids_in, read_failing, waived_groups
from pipeline.findings.waived import Exceptions, in_force, uses_of
from pipeline.flows import judged
from pipeline.flows.counting import (
    FiguresOf,
    audit_and_period,
    count,
    figures_by,
    window_of,
)
from pipeline.language.languages import in_all, joined_texts
from pipeline.language.marked import marked
from pipeline.measures.asked import context_of
from pipeline.measures.company import FIGURES_PROVEN
from pipeline.measures.custom import face_of, measure_of
from pipeline.measures.figures import entry
from pipeline.measures.registry import MEASURES
from pipeline.measures.scopes import plan_month
from pipeline.model import (
    ASKED_BY_CODE,
    LEADERS_ADDRESS,
    LOGS,
    PROVEN_TEXT,
    Audience,
    Figures,
    LocalText,
    Person,
    ResolvedAudit,
    RunResult,
    Scope,
    Target,
    Window,
    same_in_all,
)
from pipeline.model.rules import proven_in
from pipeline.progress import Progress
from pipeline.proof import fingerprints
from pipeline.proof.entity_counts import count_entities
from pipeline.proof.listed import must_be_listed
from pipeline.proof.plausible import implausibilities, must_be_plausible
from pipeline.proof.prove import prove, prove_accounts, prove_controls, prove_people, proven
from pipeline.proof.witness import WITNESS_FAILING, load_witness
from pipeline.reports.content.report import clean
from pipeline.snapshot.history import load_history
from pipeline.snapshot.manifest import Manifest, load_manifest
from pipeline.values.addresses import is_address

Remembers = Callable[[ResolvedAudit, Window, Findings], None]

_NAMED: Final = 20
"""Records or users that a sentence names; any others are only counted."""


def open_run(folder: Path, progress: Progress) -> RunResult:
    """A published run's result, computed again from its folder's manifest and snapshot; a copy
    of it may have any name.
    """
    data = folder / "snapshot"
    run_id = load_manifest(data).run_id or folder.name
    return compute(data, run_id=run_id, progress=progress)


def compute(
    data: Path,
    *,
    run_id: str,
    progress: Progress,
    audit: ResolvedAudit | None = None,
    proves: bool = True,
    remembers: Remembers | None = None,
) -> RunResult:
    """Everything that is printed, computed from the snapshot and proven by its witness.

    The audit is the manifest's unless another is given. Raises ProofError on a difference;
    a witness knows nothing of other field sets, so that these are computed without proof.
    `remembers` adds to the snapshot's history what becomes of the run's findings.
    """
    progress.stage("Validating the minimum field sets")
    manifest = load_manifest(data)
    run_audit, period = audit_and_period(manifest, data)
    audit = audit or run_audit
    window = window_of(audit, manifest, period)
    entities = snapshot.entities(manifest.stored, audit.schema)
    views = queries.views_of(entities, context_of(audit, window))
    exceptions = in_force(audit.exceptions, window.today, audit.id, audit.field_sets)

    with (
        scratch() as work,  # a published run's folder stays as it is
        snapshot.opened(data, manifest.stored, views, work, audit.schema) as opened,
    ):
        counts = count(
            audit, window, opened, entities["user"], work, progress, rows=manifest.rows
        )
        measured, failing = counts.measured, counts.failing
        scans, users = counts.scans, counts.users
        rules = {scan.entity: scan.rules for scan in scans}
        with opened.engine.connect() as connection:
            counted = tuple(count_entities(connection, entities, audit.schema, measured))
            rows = {of.entity: of.rows for of in counted}
            odd = implausibilities(counted, manifest.accounts, [user.scope for user in users])
            must_be_plausible(odd, audit.accept)
            wrong = {scan.entity: ids_in(failing, scan.entity) for scan in scans}
            labels = findings.labels_of(connection, opened.views, wrong)
            clients = findings.clients_of(connection, opened.views, wrong, labels)
            seen = (
                judged.with_verdicts(data / WITNESS_FAILING, connection, scans, audit, work)
                if proves
                else failing
            )
        groups = waived_groups(failing, exceptions)
        must_be_listed(measured, groups, rules)
        progress.stage("Making the fix-lists")
        listed = findings.findings_of(
            read_failing(failing),
            findings.About(
                labels,
                audit.field_sets,
                rules,
                audit.links,
                window.zone,
                audit.id,
                clients,
                exceptions,
            ),
        )
        if remembers is not None:
            remembers(audit, window, listed)
        history = load_history(data)
        figures_of = figures_by(audit, manifest.accounts, window, history)
        people, figures = figures_of((*measured, *counts.due), groups, users)
        if proves:
            progress.stage("Proving every figure against the CRM")
            sides = seen, failing
            with opened.engine.connect() as connection:
                connection.detach()  # the proof's views end with it
                controls = _prove(
                    data, manifest, connection, figures_of, figures, users, sides, exceptions
                )
            prove_accounts(manifest.accounts, audit.tables, rows)
            prove_controls(figures, controls)
            number = entry(FIGURES_PROVEN, proven(figures), basis="proof")
            figures.add(Scope.COMPANY, "", [number])
    return RunResult(
        run_id=run_id,
        audit_id=audit.id,
        audit=audit.name,
        source=joined_texts((audit.about, manifest.moment, manifest.hidden), "; "),
        window=window,
        people=tuple(people),
        figures=figures,
        fix_list=with_open_again(listed.items, history.completions if history else None),
        checks=listed.checks,
        field_sets=audit.field_sets,
        not_checked=_not_checked(audit, manifest.not_given),
        custom=tuple(map(face_of, map(measure_of, audit.measures))),
        warnings=tuple(
            filter(None, (str(manifest.hidden), *targets_of_strangers(audit.targets, users)))
        ),
        caveats=(
            *manifest.caveats,
            *_undecodable(manifest.stored, audit.audience),
            *(
                in_all(
                    "Accepted in audit.yaml though not plausible, {name}: {sentence}",
                    name=problem.name,
                    sentence=problem.sentence,
                )
                for problem in odd
            ),
            *judged.sentences(audit, figures),
            *_without_plan(audit.targets, users, plan_month(window), audit.audience),
        ),
        untold_makers=audit.untold_makers,
        untold_owners=audit.untold_owners,
        language=audit.language,
        audience=audit.audience,
        agreement=audit.agreement,
        contacts=contacts_of(people, users, audit.contact),
        contact=audit.contact,
        links=audit.links,
        exempt=listed.exempt,
        history=history,
        read_at=manifest.read_at,
        exceptions=uses_of(audit.exceptions, listed.met, window.today),
    )


def _prove(
    data: Path,
    manifest: Manifest,
    connection: Connection,
    figures_of: FiguresOf,
    figures: Figures,
    users: Sequence[Person],
    failing: tuple[Path, Path],
    exceptions: Exceptions,
) -> tuple[tuple[str, str], ...]:
    """Compares ours with the witness, and returns only its control totals, to save memory.

    `failing` are the files of failing records, the source's first; the connection is to any
    DuckDB.
    """
    witness = load_witness(data)
    audit = manifest.audit
    texts = proven_in(audit.field_sets, audit.schema) if audit else PROVEN_TEXT
    fingerprints.recheck(witness.fingerprints, connection, data, manifest.stored, texts)
    groups = waived_groups(failing[0], exceptions)
    _, seen = figures_of(witness.answers.tallies, groups, witness.people)
    prove(seen, figures, connection, *failing)
    prove_people(witness.people, users)
    return witness.controls


def _not_checked(
    audit: ResolvedAudit, not_given: Mapping[str, LocalText]
) -> dict[str, LocalText]:
    """'meeting.result' -> why, for fields that this CRM lacks and columns that no SELECT returns."""
    fields = {
        f"{entity}.{name}": why
        for entity, fields in audit.field_sets.items()
        for name, why in fields.absent.items()
    }
    return {
        **fields,
        **{name: why for name, why in not_given.items() if not _asked_by_code(name)},
    }


def _asked_by_code(name: str) -> bool:
    """Whether nobody is asked for it: a column of a log, or one that our own measures look at."""
    ours = {*ASKED_BY_CODE, LEADERS_ADDRESS}
    return name in ours or name.partition(".")[0] in LOGS


def _undecodable(stored: Iterable[snapshot.Stored], audience: Audience) -> Iterator[LocalText]:
    """The records that hold text which is no UTF-8, as a sentence; users only where
    management sees people by name.
    """
    texts = [
        same_in_all(f"{entry.entity} {record} ({column})")
        for entry in stored
        for column, record in entry.undecodable
        if audience == "named" or entry.entity != "user"
    ]
    if texts:
        records = _first_of(
            texts, marked("{records} and {more} more, all in snapshot/manifest.json")
        )
        yield in_all(
            "Text that is no UTF-8 counts as entered, and is shown with {sign} where it cannot be "
            "read: {records}.",
            sign="\ufffd",
            records=records,
        )


def _first_of(named: Sequence[LocalText], and_more: str) -> LocalText:
    """Some of what is named, and how many more there are."""
    records = joined_texts(named[:_NAMED], ", ")
    more = len(named) - _NAMED
    return in_all(and_more, records=records, more=more) if more > 0 else records


def contacts_of(
    people: Iterable[Person], users: Iterable[Person], contact: str
) -> dict[str, str]:
    """Account manager -> the address of whom they report to; the audit's own where the CRM has
    none.
    """
    leaders = {
        user.id: user.email
        for user in users
        if user.scope is Scope.MANAGER and is_address(user.email)
    }
    addresses = {
        person.id: leaders.get(person.leader_id, contact)
        for person in people
        if person.scope is Scope.MANAGER
    }
    return {owner: address for owner, address in addresses.items() if address}


def _strangers(targets: Iterable[Target], users: Iterable[Person]) -> list[Target]:
    """The targets of people who are not managers, by manager: they count in no plan."""
    managers = {user.id for user in users if user.scope is Scope.MANAGER}
    strangers = (target for target in targets if target.manager not in managers)
    return sorted(strangers, key=lambda target: (target.manager, target.metric))


def _without_plan(
    targets: Iterable[Target],
    users: Sequence[Person],
    month: str | None,
    audience: Audience = "named",
) -> Iterator[LocalText]:
    """What management reads about targets of the plan's month that are in no plan, by
    name where there is one and management sees names.
    """
    strangers = [target for target in _strangers(targets, users) if target.month == month]
    if audience == "own":
        if strangers:
            yield in_all(
                "Targets of people who are not account managers now, or whom this CRM does not "
                "know, are not counted: {count} in all.",
                count=len(strangers),
            )
        return
    names = {user.id: user.name for user in users}
    people = [
        in_all(
            "{person} ({measure}: {target})",
            person=clean(names.get(target.manager, target.manager)),
            measure=in_all(MEASURES[target.metric].label),
            target=target.target,
        )
        for target in strangers
    ]
    if people:
        yield in_all(
            "Targets of people who are not account managers now, or whom this CRM does not know, "
            "are not counted: {people}.",
            people=_first_of(people, marked("{records} and {more} more")),
        )


def targets_of_strangers(targets: Iterable[Target], users: Iterable[Person]) -> tuple[str, ...]:
    """A warning where targets are set for users who are no managers: they count in no plan."""
    if strangers := sorted({target.manager for target in _strangers(targets, users)}):
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        named = ", ".join(strangers[:_NAMED]) + more
        return (
            f"targets are set for users who are no managers of this CRM, and count in no plan: {named}.",
        )
    return ()
