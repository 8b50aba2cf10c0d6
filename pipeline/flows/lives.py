"""What becomes of findings from one published run to the next, and what a period made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from pipeline import queries, snapshot
from pipeline.delivery import folder
from pipeline.findings.lives import begun, continued
from pipeline.measures.asked import context_of
from pipeline.model import (
    Debtor,
    Demand,
    ExemptFinding,
    FieldSet,
    FixItem,
    ResolvedAudit,
    Rule,
    Verdict,
    Window,
)
from pipeline.model.history import Completions, Credit
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState, Seen, Sight
from pipeline.queries.ask import joined, text_said
from pipeline.queries.fields import due_of_records
from pipeline.registry.lives import changed_in, kinds_with_lives, lives_of
from pipeline.registry.runs import Run
from pipeline.rules.contents import contents_of
from pipeline.snapshot.manifest import load_manifest


@dataclass(frozen=True, slots=True)
class Failing:
    """What fails in a run: of its findings those that lives take notice of."""

    audit: ResolvedAudit
    window: Window
    data: Path  # the snapshot
    fix_list: Iterable[FixItem]
    exempt: Iterable[ExemptFinding]


def changes(connection: Connection, run: Failing) -> Iterator[tuple[Life, LifeEvent | None]]:
    """The lives that a run changes: how each stands after it, and what changed."""
    audit_id, failing = run.audit.id, _by_kind(run)
    kinds = kinds_with_lives(connection, audit_id)
    with _looking(run, kinds) as due_of:
        for entity in sorted({*kinds, *failing}):
            seen = failing.get(entity, {})
            known = {life.key: life for life in lives_of(connection, audit_id, entity)}
            others = [life for key, life in known.items() if key not in seen]
            yield from _after(audit_id, known, seen)
            fields = run.audit.field_sets.get(entity)
            yield from _after(audit_id, known, _no_longer_failing(fields, others, due_of))


def completions(connection: Connection, run: Run, failing: Failing) -> Completions:
    """What the runs of a period, this one among them, saw completed and open again."""
    completed, open_again = changed_in(connection, run.audit_id, run.first, run.after_last)
    counts = run.first <= run.day < run.after_last
    for life, event in changes(connection, failing):
        key, credit = life.key, Credit(life.id, life.person, life.debtor)
        if key in open_again and life.state is not LifeState.OPEN:
            del open_again[key]
        elif key in open_again or (event is LifeEvent.REOPENED and counts):
            open_again[key] = credit  # its present owner's
        if life.state is not LifeState.REPAIRED:
            completed.pop(key, None)
        elif event is LifeEvent.REPAIRED and counts:
            completed[key] = credit  # whoever owns it later
    return Completions(tuple(completed.values()), tuple(open_again.values()))


def rule_contents(audit: ResolvedAudit) -> dict[tuple[str, str], str]:
    """(kind of record, rule) -> the hash of what it asks for."""
    return {
        (entity, rule): content
        for entity, fields in audit.field_sets.items()
        for rule, content in contents_of(fields).items()
    }


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


def _by_kind(run: Failing) -> dict[str, dict[FindingKey, Seen]]:
    """Kind of record -> its findings; each once, at the first of a record's owners. A hint is
    none.
    """
    contents = rule_contents(run.audit)
    found: dict[str, dict[FindingKey, Seen]] = defaultdict(dict)

    def add(rule: Rule, item: FixItem | ExemptFinding, sight: Sight) -> None:
        key = FindingKey(rule.entity, item.record_id, rule.id)
        content = contents.get((rule.entity, rule.id), "")
        found[rule.entity][key] = Seen(sight, _person(item), item.debtor, content)

    for item in run.fix_list:
        for rule in item.rules:
            if rule.verdict is not Verdict.HINT and not item.is_repeat:
                add(rule, item, Sight.FAILING)
    for exempt in run.exempt:
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
def _looking(run: Failing, kinds: Collection[str]) -> Iterator[_DueOf]:
    """Opens the snapshot, once for all kinds of records; not at all where there are none."""
    if not kinds:
        yield lambda fields, records: {}
        return
    manifest, schema = load_manifest(run.data), run.audit.schema
    context = context_of(run.audit, run.window)
    views = queries.views_of(snapshot.entities(manifest.stored, schema), context)
    asked = {entity: view.subquery() for entity, view in views.items() if entity in kinds}
    with (
        folder.scratch() as work,
        # without views: each is asked once
        snapshot.opened(run.data, manifest.stored, {}, work, schema) as opened,
        opened.engine.connect() as connection,
    ):

        def due_of(fields: FieldSet, records: Collection[str]) -> dict[str, _Due]:
            view = asked.get(fields.entity)
            if view is None:
                return {}
            rows = connection.execute(due_of_records(fields, view, run.window))
            return {
                record: (text_said(owner), text_said(entered_by), joined(words))
                for record_id, owner, entered_by, *words in rows
                if (record := text_said(record_id)) in records
            }

        yield due_of
