"""Computing everything that is printed from the snapshot alone, and proving it against the witness."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pipeline import catalogue, findings, fingerprints, snapshot
from pipeline.ask import ask, ask_people
from pipeline.config import Audit, completed
from pipeline.entity_counts import count_entities
from pipeline.extract import window_of
from pipeline.measures.company import FIGURES_PROVEN
from pipeline.measures.own import measure_of
from pipeline.measures.registry import COUNTED, MEASURES
from pipeline.model import Answers, Edition, Figure, Person, Scope, Target, figure_id
from pipeline.plausible import implausibilities, must_be_plausible
from pipeline.progress import Progress
from pipeline.prove import prove, prove_accounts, prove_controls, prove_people, proven
from pipeline.reports.report import clean
from pipeline.score import Ground, make_figures, plan_month, who_owns
from pipeline.witness import WITNESS_FAILING, load_witness, write_failing

_NAMED: Final = 20
"""Records or users that a sentence names before it says how many more there are."""


def compute(audit: Audit, data: Path, *, run_id: str, progress: Progress) -> Edition:
    """Everything that is printed, from the snapshot alone, proven against its witness. ProofError where it differs."""
    progress.stage("Validating the minimum field sets")
    from pipeline.validate import validate

    manifest = snapshot.load_manifest(data)
    audit = completed(audit, manifest.not_given)
    window = window_of(audit, manifest.as_of, injected=manifest.injected, period=manifest.period)
    terms = audit.terms(window)
    entities = snapshot.entities(manifest.stored, audit.schema)
    views = catalogue.views_of(entities, terms)
    own = tuple(map(measure_of, audit.measures))

    def figures_of(given: Answers, users: Iterable[Person]) -> tuple[list[Person], list[Figure]]:
        people = who_owns(users, given, audit.targets, plan_month(window) or "")
        ground = Ground(people, audit.field_sets, audit.targets, manifest.accounts, window, (*COUNTED, *own))
        return people, make_figures(given, ground)

    with (
        tempfile.TemporaryDirectory(dir=data.parent, prefix=".work-") as work,
        snapshot.opened(data, manifest.stored, views, Path(work), audit.schema) as shelf,
    ):
        validated = validate(shelf.url, shelf.views, audit.field_sets, several_owners=terms.several_owners)
        progress.stage("Measuring")
        with shelf.engine.connect() as connection:
            measured = tuple(ask(connection, catalogue.measures(shelf.views, terms)))
            users = ask_people(connection, entities["manager"])
            counted = tuple(count_entities(connection, entities, audit.schema, measured))
            rows = {one.entity: one.rows for one in counted}
            odd = implausibilities(counted, manifest.accounts, [user.scope for user in users])
            must_be_plausible(odd, audit.settings.accept)
            labels = findings.labels_of(connection, shelf.views, catalogue.failing(shelf.views, audit.field_sets))
        people, figures = figures_of(Answers((*measured, *validated.tallies), validated.failing), users)
        progress.stage("Proving every figure against the CRM")
        write_failing(Path(work) / "failing.parquet", validated.failing)
        controls = _prove(data, manifest, figures_of, figures, users, Path(work) / "failing.parquet")
    prove_accounts(manifest.accounts, _tables_of(audit), rows)
    by_id = {figure.id: figure for figure in [*figures, _proven(proven(figures))]}
    prove_controls(by_id, controls)
    progress.stage("Making the fix-lists")
    links = _links(audit)
    return Edition(
        run_id=run_id,
        audit=audit.settings.name,
        source="; ".join(filter(None, (audit.preset.about, manifest.moment, manifest.hidden))),
        window=window,
        people=tuple(people),
        figures=by_id,
        repairs=tuple(findings.repairs(validated.failing, labels, audit.field_sets, links, window.zone)),
        field_sets=audit.field_sets,
        not_checked=_not_checked(audit, manifest.not_given),
        own=own,
        warnings=tuple(filter(None, (manifest.hidden, *targets_of_strangers(audit, users)))),
        caveats=(
            *manifest.caveats,
            *_undecodable(manifest.stored),
            *(f"Accepted in audit.yaml though not plausible, {one.name}: {one.sentence}" for one in odd),
            *_without_plan(audit, users, plan_month(window)),
        ),
    )


def _prove(
    data: Path, manifest: snapshot.Manifest,
    figures_of: Callable[[Answers, Iterable[Person]], tuple[list[Person], list[Figure]]],
    figures: Sequence[Figure], users: Sequence[Person], failing: Path,
) -> tuple[tuple[str, str], ...]:  # fmt: skip
    """Compares ours with the witness. Nothing of it stays in memory but the control totals, which are returned."""
    witness = load_witness(data)
    fingerprints.prove_again(witness.fingerprints, data, manifest.stored)
    _, seen = figures_of(witness.answers, witness.people)
    prove(seen, figures, data / WITNESS_FAILING, failing)
    prove_people(witness.people, users)
    return witness.controls


def _tables_of(audit: Audit) -> dict[str, set[str]]:
    """Entity -> the tables from which its rows are read; without those entities that are not read at all."""
    return {
        entity: {part.table for part in parts}
        for entity, parts in audit.preset.entities.items()
        if any(f"{entity}.{column}" not in audit.absent for column in audit.schema[entity])
    }


def _proven(count: int) -> Figure:
    measure = FIGURES_PROVEN
    name = figure_id(measure.name, "", "", Scope.COMPANY, "")
    return Figure(name, Scope.COMPANY, "", measure.name, "", measure.period, count, None, measure.unit, "", "proof")


def _not_checked(audit: Audit, not_given: Mapping[str, str]) -> dict[str, str]:
    """'meeting.result' -> why: each field of a set that this CRM does not hold, each column that no SELECT gives."""
    fields = {
        f"{entity}.{name}": why for entity, fields in audit.field_sets.items() for name, why in fields.absent.items()
    }
    return {**fields, **not_given}


def _undecodable(stored: Iterable[snapshot.Stored]) -> Iterator[str]:
    """The records that hold text which is no UTF-8, as a sentence."""
    found = [f"{one.entity} {record} ({column})" for one in stored for column, record in one.undecodable]
    if found:
        more = f" and {len(found) - _NAMED} more, all in snapshot/manifest.json" if len(found) > _NAMED else ""
        yield (
            f"Text that is no UTF-8 counts as entered, and is shown with \ufffd where it cannot be read: "
            f"{', '.join(found[:_NAMED])}{more}."
        )


def _links(audit: Audit) -> dict[str, str]:
    base = audit.settings.source.crm_url.rstrip("/")
    found = {}
    for entity, parts in audit.preset.entities.items():
        if link := audit.preset.links.get(entity, parts[0].link):
            found[entity] = link if "://" in link else f"{base}/{link}" if base else ""
    return found


def _strangers(audit: Audit, users: Iterable[Person]) -> list[Target]:
    """The targets of those who are no managers, by manager: they count in no plan."""
    managers = {user.id for user in users if user.scope is Scope.MANAGER}
    strangers = (target for target in audit.targets if target.manager not in managers)
    return sorted(strangers, key=lambda target: (target.manager, target.metric))


def _without_plan(audit: Audit, users: Sequence[Person], month: str | None) -> Iterator[str]:
    """What management reads about targets of the plan's month that are in no plan, by name where there is one."""
    names = {user.id: user.name for user in users}
    found = [
        f"{names.get(target.manager, target.manager)} ({MEASURES[target.metric].label.lower()}: {target.target:,})"
        for target in _strangers(audit, users)
        if target.month == month
    ]
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        yield clean(
            f"Targets of people who are no account managers now, or whom this CRM does not know, are in no plan: "
            f"{', '.join(found[:_NAMED])}{more}."
        )


def targets_of_strangers(audit: Audit, users: Iterable[Person]) -> tuple[str, ...]:
    """A warning where targets are set for users who are no managers: they count in no plan."""
    if strangers := sorted({target.manager for target in _strangers(audit, users)}):
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        named = ", ".join(strangers[:_NAMED]) + more
        return (f"targets are set for users who are no managers of this CRM, and count in no plan: {named}.",)
    return ()
