"""What outlives a run: that it was published, its headline figures, what became of findings."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pipeline import __version__, queries, snapshot
from pipeline.delivery import folder
from pipeline.errors import AuditError
from pipeline.findings.lives import begun, continued
from pipeline.flows.compute import open_run
from pipeline.measures.asked import context_of
from pipeline.measures.headlines import HEADLINES
from pipeline.model import (
    Debtor,
    Demand,
    ExemptFinding,
    FieldSet,
    FixItem,
    ResolvedAudit,
    Rule,
    RunResult,
    Verdict,
    Window,
)
from pipeline.model.history import History
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
    except AuditError:  # of another version, or altered: it is published all the same
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
        headlines = result.figures.only(lambda heading: heading.metric in _HEADLINES)
        runs.record_headlines(connection, number, headlines.numbers())
        if observed:
            audit = load_manifest(data).audit
            assert audit is not None, "this version wrote it"
            record_rules(connection, run.audit_id, number, _contents(audit))
            lives = _lives(connection, audit, result, data)
            record_lives(connection, run.audit_id, number, lives)


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
    kinds = kinds_with_lives(connection, audit.id)
    with _looking(audit, result.window, data, kinds) as due_of:
        for entity in sorted({*kinds, *failing}):
            seen = failing.get(entity, {})
            known = {life.key: life for life in lives_of(connection, audit.id, entity)}
            others = [life for key, life in known.items() if key not in seen]
            yield from _after(audit.id, known, seen)
            fields = audit.field_sets.get(entity)
            yield from _after(audit.id, known, _no_longer_failing(fields, others, due_of))


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


_Due = tuple[str, str, int]
"""(owner, who entered it, the bits of `due_of_records`)"""
_DueOf = Callable[[FieldSet, Collection[str]], Mapping[str, _Due]]
"""What is due of records, by their ids, as far as they are audited."""


def _no_longer_failing(
    fields: FieldSet | None, lives: Sequence[Life], due_of: _DueOf
) -> dict[FindingKey, Seen]:
    """What the snapshot tells of findings of a kind of record that do not fail in it."""
    contents = contents_of(fields) if fields else {}
    asked = [life.key for life in lives if life.key.rule in contents]
    seen = {life.key: Seen(Sight.DROPPED) for life in lives if life.key.rule not in contents}
    if fields is None or not asked:
        return seen
    due = due_of(fields, {key.record_id for key in asked})
    demands = {demand.name: demand for demand in fields.demands}
    for key in asked:
        if key.record_id in due:
            demand = demands.get(key.rule)
            seen[key] = _seen(fields, demand, due[key.record_id], contents[key.rule])
        else:
            seen[key] = Seen(Sight.GONE)
    return seen


def _seen(fields: FieldSet, demand: Demand | None, due: _Due, content: str) -> Seen:
    """A demand that is not failed, good or not due. Without one it is a column that can be read:
    that is looked at in every record, and its owner's.
    """
    owner, entered_by, bits = due
    if demand is None:
        return Seen(Sight.GOOD, owner, content=content)
    is_due = bits >> fields.due_keys.index(fields.due_key(demand)) & 1
    whose = {Debtor.OWNER: owner, Debtor.CREATOR: entered_by, Debtor.OPERATOR: ""}
    sight = Sight.GOOD if is_due else Sight.NOT_DUE
    return Seen(sight, whose[demand.owed_by], demand.owed_by, content)


@contextmanager
def _looking(
    audit: ResolvedAudit, window: Window, data: Path, kinds: Collection[str]
) -> Iterator[_DueOf]:
    """Opens the snapshot, once for all kinds of records; not at all where there are none."""
    if not kinds:
        yield lambda fields, records: {}
        return
    manifest, context = load_manifest(data), context_of(audit, window)
    views = queries.views_of(snapshot.entities(manifest.stored, audit.schema), context)
    views = {entity: view for entity, view in views.items() if entity in kinds}
    with (
        folder.scratch() as work,
        snapshot.opened(data, manifest.stored, views, work, audit.schema) as opened,
        opened.engine.connect() as connection,
    ):

        def due_of(fields: FieldSet, records: Collection[str]) -> dict[str, _Due]:
            view = opened.views.get(fields.entity)
            if view is None:
                return {}
            rows = connection.execute(due_of_records(fields, view, window))
            return {
                record: (text_said(owner), text_said(entered_by), joined(words))
                for record_id, owner, entered_by, *words in rows
                if (record := text_said(record_id)) in records
            }

        yield due_of
