"""What outlives a run: that it was published, its headline figures, what became of findings."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pipeline import __version__, queries, snapshot
from pipeline.delivery import folder
from pipeline.errors import ConfigError
from pipeline.findings.lives import begun, continued
from pipeline.flows.compute import open_run
from pipeline.measures.asked import context_of
from pipeline.measures.headlines import HEADLINES
from pipeline.model import (
    Debtor,
    ExemptFinding,
    FieldSet,
    FixItem,
    ResolvedAudit,
    Rule,
    RunResult,
    Scope,
    Verdict,
    Window,
)
from pipeline.model.history import History, Numbers
from pipeline.model.lives import FindingKey, Life, LifeEvent, Seen, Sight
from pipeline.progress import Progress
from pipeline.queries.ask import joined, text_said
from pipeline.queries.fields import due_of_records
from pipeline.registry import runs
from pipeline.registry.database import Registry
from pipeline.registry.lives import kinds_with_lives, lives_of, record_lives, record_rules
from pipeline.registry.runs import Run
from pipeline.rules.contents import contents_of
from pipeline.snapshot.history import save_history
from pipeline.snapshot.manifest import load_manifest

_HEADLINES: Final = frozenset(measure.name for measure in HEADLINES)


_FORGOTTEN_AFTER: Final = timedelta(days=1)
"""No run needs so long between being announced and getting its name."""


def recall(registry: Registry, audit_id: str, data: Path) -> None:
    """Keeps beside a snapshot what the registry knows of the runs before it; nothing of an audit
    without an id, which nobody can tell from another.
    """
    manifest = load_manifest(data)
    if not audit_id or manifest.period is None:
        return
    word = manifest.period.word or ""
    with registry.transaction() as connection:
        before = runs.before(connection, audit_id, word, manifest.as_of)
    save_history(data, History(before))


def announce(registry: Registry, result: RunResult, output: Path, data: Path) -> Run:
    """Writes down that a run is about to be published."""
    run = _run_of(result, output, data)
    with registry.transaction() as connection:
        runs.announce(connection, run)
    return run


def complete(registry: Registry, output: Path, now: datetime, progress: Progress) -> None:
    """Records the runs of this place whose process died after publishing; forgets those whose
    process died before.
    """
    place = _place_of(output)
    with registry.transaction() as connection:
        waiting = runs.announced(connection, place)
    for run_id, as_of in waiting:
        published = output / "runs" / run_id
        if published.is_dir():
            _complete(registry, published, output, progress)
        elif now - as_of > _FORGOTTEN_AFTER:
            with registry.transaction() as connection:
                runs.withdraw(connection, run_id)


def _complete(registry: Registry, published: Path, output: Path, progress: Progress) -> None:
    data = published / "snapshot"
    try:
        result = open_run(published, progress)
    except ConfigError:  # of another version, or altered: it is published all the same
        with registry.transaction() as connection:
            number = runs.number_of(connection, published.name)
            if number is not None:
                runs.record(connection, number, observed=False)
        return
    remember(registry, _run_of(result, output, data), result, data)


def _run_of(result: RunResult, output: Path, data: Path) -> Run:
    """The run as the registry keeps it."""
    window = result.window
    return Run(
        audit_id=result.audit_id,
        run_id=result.run_id,
        place=_place_of(output),
        as_of=window.as_of,
        injected=window.injected,
        day=_day(window),
        period=window.word or "",
        first=window.first,
        after_last=window.after_last,
        program=__version__,
        rules=load_manifest(data).field_sets_sha256,
    )


def _place_of(output: Path) -> str:
    """This machine and its output folder."""
    return f"{socket.gethostname()}:{output.resolve()}"


def _day(window: Window) -> date:
    """The last local day that the run's period can hold: of a fire the day before."""
    if window.fire is None:
        return window.today
    return window.fire.astimezone(ZoneInfo(window.zone)).date() - timedelta(days=1)


def remember(registry: Registry, run: Run, result: RunResult, data: Path) -> None:
    """Records a published run, all in one transaction; nothing where another process did."""
    with registry.transaction() as connection:
        number = runs.number_of(connection, run.run_id)
        if number is None:
            return
        observed = bool(run.audit_id) and runs.is_later(connection, run)
        runs.record(connection, number, observed=observed)
        runs.record_headlines(connection, number, _headlines(result))
        if observed:
            audit = load_manifest(data).audit
            assert audit is not None, "this version wrote it"
            record_rules(connection, run.audit_id, number, _contents(audit))
            lives = _lives(connection, audit, result, data)
            record_lives(connection, run.audit_id, number, lives)


def _headlines(result: RunResult) -> Iterator[tuple[Scope, str, Mapping[str, Numbers]]]:
    kept = result.figures.only(lambda heading: heading.metric in _HEADLINES)
    by_scope: dict[tuple[Scope, str], dict[str, Numbers]] = defaultdict(dict)
    for figure in kept.values():
        name = figure.id.removesuffix(f":{figure.key}").removesuffix(f"@{figure.scope}")
        by_scope[figure.scope, figure.key][name] = figure.numerator, figure.denominator
    for (scope, key), figures in by_scope.items():
        yield scope, key, figures


def _contents(audit: ResolvedAudit) -> dict[tuple[str, str], str]:
    return {
        (entity, rule): content
        for entity, fields in audit.field_sets.items()
        for rule, content in contents_of(fields).items()
    }


# ---------------------------------------------------------------------------------- findings


def _lives(
    connection: Connection, audit: ResolvedAudit, result: RunResult, data: Path
) -> Iterator[tuple[Life, LifeEvent | None]]:
    """The lives that the run changes: how each stands now, and what changed."""
    failing = _failing(audit, result)
    kinds = sorted({*kinds_with_lives(connection, audit.id), *failing})
    for entity in kinds:
        seen = failing.get(entity, {})
        known = {life.key: life for life in lives_of(connection, audit.id, entity)}
        others = [life for key, life in known.items() if key not in seen]
        yield from _after(audit.id, known, seen)
        yield from _after(
            audit.id, known, _no_longer_failing(audit, result.window, data, entity, others)
        )


def _after(
    audit_id: str, known: Mapping[FindingKey, Life], seen: Mapping[FindingKey, Seen]
) -> Iterator[tuple[Life, LifeEvent | None]]:
    for key, sight in seen.items():
        life = known.get(key)
        if life is None:
            if new := begun(audit_id, key, sight):
                yield new
            continue
        after, event = continued(life, sight)
        if after != life:
            yield after, event


def _failing(audit: ResolvedAudit, result: RunResult) -> dict[str, dict[FindingKey, Seen]]:
    """Kind of record -> its findings; each once, at the first of a record's owners. A hint is
    none.
    """
    contents = _contents(audit)
    found: dict[str, dict[FindingKey, Seen]] = defaultdict(dict)

    def add(rule: Rule, item: FixItem | ExemptFinding, sight: Sight) -> None:
        key = FindingKey(rule.entity, item.record_id, rule.id)
        content = contents.get((rule.entity, rule.id), "")
        found[rule.entity][key] = Seen(sight, _person(item), item.debtor, content)

    for item in result.fix_list:
        for rule in item.rules:
            if rule.verdict is not Verdict.HINT and not item.is_repeat:
                add(rule, item, Sight.FAILING)
    for exempt in result.exempt:
        if not exempt.is_repeat:
            add(exempt.rule, exempt, Sight.WAIVED)
    return found


def _person(item: FixItem | ExemptFinding) -> str:
    """Whose a finding is; sales support is one pool."""
    return "" if item.debtor is Debtor.OPERATOR else item.person


def _no_longer_failing(
    audit: ResolvedAudit,
    window: Window,
    data: Path,
    entity: str,
    lives: Sequence[Life],
) -> dict[FindingKey, Seen]:
    """What the snapshot tells of findings that do not fail in it."""
    fields = audit.field_sets.get(entity)
    contents = contents_of(fields) if fields else {}
    asked = [life for life in lives if life.key.rule in contents]
    seen = {life.key: Seen(Sight.DROPPED) for life in lives if life.key.rule not in contents}
    if not asked or fields is None:
        return seen
    records = {life.key.record_id for life in asked}
    due = _due(audit, window, data, fields, records)
    places = {key: place for place, key in enumerate(fields.due_keys)}
    demands = {demand.name: demand for demand in fields.demands}
    for life in asked:
        content = contents[life.key.rule]
        if life.key.record_id not in due:
            seen[life.key] = Seen(Sight.GONE, content=content)
            continue
        owner, entered_by, bits = due[life.key.record_id]
        demand = demands.get(life.key.rule)
        # what cannot be read is looked at in every record
        is_due = demand is None or bits >> places[fields.due_key(demand)] & 1
        debtor = demand.owed_by if demand else Debtor.OWNER
        whose = {Debtor.OWNER: owner, Debtor.CREATOR: entered_by, Debtor.OPERATOR: ""}
        sight = Sight.GOOD if is_due else Sight.NOT_DUE
        seen[life.key] = Seen(sight, whose[debtor], debtor, content)
    return seen


_Due = tuple[str, str, int]
"""(owner, who entered it, the bits of `due_of_records`)"""


def _due(
    audit: ResolvedAudit, window: Window, data: Path, fields: FieldSet, records: set[str]
) -> dict[str, _Due]:
    """What is due of these records, as far as they are audited."""
    manifest, context = load_manifest(data), context_of(audit, window)
    views = queries.views_of(snapshot.entities(manifest.stored, audit.schema), context)
    if fields.entity not in views:
        return {}
    view = {fields.entity: views[fields.entity]}
    with (
        folder.scratch() as work,
        snapshot.opened(data, manifest.stored, view, work, audit.schema) as opened,
        opened.engine.connect() as connection,
    ):
        rows = connection.execute(due_of_records(fields, opened.views[fields.entity], window))
        return {
            record: (text_said(owner), text_said(entered_by), joined(words))
            for record_id, owner, entered_by, *words in rows
            if (record := text_said(record_id)) in records
        }
