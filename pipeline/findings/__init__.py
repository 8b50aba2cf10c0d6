"""Findings: every failing record with the rules that it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, FromClause, Select, func, select
from sqlalchemy.sql.elements import ColumnElement

from pipeline.findings.ids import finding_id
from pipeline.findings.tallies import place_of
from pipeline.findings.waived import Exceptions, waived
from pipeline.language.labels import column_text
from pipeline.language.languages import in_all
from pipeline.language.marked import marked
from pipeline.model import (
    PEOPLE,
    RECORD_NAMES,
    Check,
    Debtor,
    Demand,
    ExceptionLine,
    ExceptionState,
    ExemptFinding,
    FailingRecord,
    FieldSet,
    FixItem,
    LocalText,
    Rule,
    Span,
    Verdict,
    demands_of,
    failed,
)
from pipeline.model.rules import bits_in

_UNREADABLE: Final = in_all("it is not counted until it can be read")
_NOT_READ: Final = marked("{column}: cannot be read")
_WRONG: Final[Mapping[Verdict, str]] = {
    Verdict.UNREADABLE: _NOT_READ,
    Verdict.PLACEHOLDER: marked("{column}: filler value"),
    Verdict.INVALID: marked("{column}: not valid"),
    Verdict.DUPLICATE: marked("{column}: another record has it too"),
    Verdict.HINT: marked("{column}: number not known to be in use"),
}
"""What is wrong where something was entered."""

_TO_CHECK: Final[Mapping[Verdict, LocalText]] = {
    Verdict.PLACEHOLDER: in_all(
        "It looks as if it was entered only because the form asked for it."
    ),
    Verdict.DUPLICATE: in_all("If both records are about the same, keep one of them."),
    Verdict.HINT: in_all("It may be right: numbers are issued all the time."),
}
"""Why a reader is asked to look at what costs nothing."""


def labels_of(
    connection: Connection, views: Mapping[str, FromClause], failing: Mapping[str, Select[Any]]
) -> dict[tuple[str, str], str]:
    """(entity, record id) -> the record's name, for every failing record."""
    labels: dict[tuple[str, str], str] = {}
    for entity, statement in failing.items():
        view, wrong = views[entity], statement.subquery("wrong")
        name: ColumnElement[Any] = func.concat_ws(
            " ", *(view.c[part] for part in RECORD_NAMES[entity])
        )
        rows = connection.execute(select(view.c.id, name).join(wrong, wrong.c.id == view.c.id))
        labels.update(
            {(entity, str(record)): str(label or "").strip() for record, label in rows}
        )
    return labels


def clients_of(
    connection: Connection,
    views: Mapping[str, FromClause],
    failing: Mapping[str, Select[Any]],
    labels: Mapping[tuple[str, str], str],
) -> dict[tuple[str, str], str]:
    """(entity, record id) -> the name of its client, for the failing records without a name."""
    clients: dict[tuple[str, str], str] = {}
    for entity, statement in failing.items():
        if "client" not in views or "client_id" not in views[entity].c:
            continue
        view, client, wrong = views[entity], views["client"].alias(), statement.subquery()
        rows = connection.execute(
            select(view.c.id, client.c.name)
            .join(wrong, wrong.c.id == view.c.id)
            .join(client, client.c.id == view.c.client_id)
        )
        for record, name in rows:
            key = entity, str(record)
            if not labels[key] and str(name or "").strip():
                clients[key] = str(name).strip()
    return clients


@dataclass(frozen=True, slots=True)
class About:
    """What findings need to know about failing records besides their masks."""

    labels: Mapping[tuple[str, str], str]  # (entity, record id) -> the record's name
    field_sets: Mapping[str, FieldSet]
    rules: Mapping[str, Sequence[Rule]]  # entity -> the rules of a mask's bits
    # entity -> the address of a record's edit form, with {id} for its id
    links: Mapping[str, str]
    zone: str
    audit_id: str = ""
    # (entity, record id) -> its client's name, where it has none of its own
    clients: Mapping[tuple[str, str], str] = field(default_factory=dict)
    exceptions: Exceptions | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """Failing records as people read them."""

    items: tuple[FixItem, ...]  # what is to be completed
    checks: tuple[Check, ...]  # what one of our counts names
    exempt: tuple[ExemptFinding, ...]
    met: Mapping[ExceptionLine, int]  # to how many findings an exception applies


def findings_of(failing: Iterable[FailingRecord], about: About) -> Findings:
    """The failing records as people read them; of the score first, then by kind and id, and
    of several owners the first one's first: in whatever order they come.
    """
    words = _Words(about)
    items: list[FixItem] = []
    checks: list[Check] = []
    exempt: list[ExemptFinding] = []
    met: Counter[ExceptionLine] = Counter()
    if about.exceptions:
        failing = waived(failing, about.exceptions)
    for record in sorted(failing, key=_reading_order):
        items += _items(record, about, words)
        checks += _checks(record, about, words)
        if record.waived:
            exempt += _exempt(record, about)
        if about.exceptions and not record.is_repeat:
            met.update(_deciding(record, about, words))
    return Findings(tuple(items), tuple(checks), tuple(exempt), met)


def _deciding(record: FailingRecord, about: About, words: _Words) -> Iterator[ExceptionLine]:
    """The line that decides on each of a record's findings, where there is one."""
    assert about.exceptions is not None
    for *_, line in about.exceptions.exempting(record):
        yield line
    listed = words.of(record.entity, record.mask, record.waived)[0]
    for rule in (*listed, *words.counts(record.entity, record.mask)):
        decides = about.exceptions.about(record.entity, record.record_id, rule.id)
        if decides is not None and decides.state is not ExceptionState.EXEMPT:
            yield decides


def _reading_order(record: FailingRecord) -> tuple[bool, str, str, bool, str]:
    late = record.span is not Span.SCORE
    return late, record.entity, record.record_id, record.is_repeat, record.owner


_Owed = tuple[Debtor, int, int, int]
"""(a debtor, the bits that it is to mend, those only to be checked, those that cost it points)
"""
_Part = tuple[Debtor, int, bool]
"""(who is to mend it, the bits of it, whether it is only to be checked)"""


_Said = tuple[Rule, LocalText, LocalText]
"""(a rule that a record fails, what it lacks or what is wrong with it, why that is asked)"""
_Listed = tuple[tuple[Rule, ...], tuple[LocalText, ...], tuple[LocalText, ...]]
"""The same of all its rules."""

_MASKS_KEPT: Final = 10_000
"""Of a few rules that is all there are; of hundreds hardly any comes again."""


class _Words:
    """What the bits of a mask say of a record, in texts that all records share."""

    def __init__(self, about: About) -> None:
        self._kinds = {
            entity: _WordsOf(fields, about.rules.get(entity, ()))
            for entity, fields in about.field_sets.items()
        }

    def of(self, entity: str, mask: int, waived: int) -> _Listed:
        """The demands that a record with this mask fails and that are not waived, their labels,
        and their reasons.
        """
        return self._kinds[entity].listed(mask, waived)

    def parts(self, record: FailingRecord) -> tuple[_Part, ...]:
        """The mask, less what is waived, in its parts that have demands: for each debtor what
        is to be completed, and what costs nothing and may be wrong.
        """
        place = place_of(record)
        by_owner = place.entered_by_owner and not place.is_repeat
        mask = record.mask & ~record.waived
        return self._kinds[record.entity].parts(mask, by_owner)

    def counts(self, entity: str, mask: int) -> tuple[Rule, ...]:
        """The rules of counts that a record with this mask fails."""
        return self._kinds[entity].counts(mask)


class _WordsOf:
    """The same of one kind of record."""

    def __init__(self, fields: FieldSet, rules: Sequence[Rule]) -> None:
        self._fields, self._rules = fields, rules
        self._demands = [_said(demand, rule) for demand, rule in fields.judged]
        self._columns = {column: _not_read(fields, column) for column in fields.readable}
        self._owed = {by_owner: tuple(_owed(fields, by_owner)) for by_owner in (True, False)}
        self._named = ~demands_of(rules)
        self._unread = sum(
            1 << bit
            for bit, (_, rule) in enumerate(fields.judged)
            if rule.verdict is Verdict.UNREADABLE
        )
        kept = lru_cache(_MASKS_KEPT)
        self.listed = kept(self._listed)
        self.parts = kept(lambda mask, by_owner: tuple(_parts(self._owed[by_owner], mask)))
        self.counts = kept(lambda mask: failed(self._rules, mask & self._named))

    def _listed(self, mask: int, waived: int) -> _Listed:
        said = list(self._said(mask, waived))
        rules, missing, why = zip(*said, strict=True) if said else ((), (), ())
        return rules, missing, why

    def _said(self, mask: int, waived: int) -> Iterator[_Said]:
        """The demands, then the columns that cannot be read. A column is named once: by the
        demand that asks for it, if any.
        """
        demands = (1 << len(self._demands)) - 1
        for bit in bits_in(mask & ~waived & demands):
            yield self._demands[bit]
        unread = self._fields.failed((mask | waived) & self._unread)
        asked = {column for demand, _ in unread for column in demand.columns}
        for column in self._fields.unreadable(mask):
            if column not in asked:
                yield self._columns[column]


def _said(demand: Demand, rule: Rule) -> _Said:
    return rule, _lacking(demand, rule), _why(demand, rule)


def _not_read(fields: FieldSet, column: str) -> _Said:
    rule = Rule(fields.entity, f"unreadable.{column}", Verdict.UNREADABLE)
    return rule, in_all(_NOT_READ, column=column_text(column)), _UNREADABLE


def _owed(fields: FieldSet, by_owner: bool) -> Iterator[_Owed]:
    """What each debtor owes; of a record entered `by_owner` they owe both as one."""
    owing: dict[Debtor, tuple[Debtor, ...]] = {of: (of,) for of in fields.debtors}
    if by_owner and fields.asks_creator:
        owing[Debtor.OWNER] = PEOPLE
        del owing[Debtor.CREATOR]
    for debtor, of in owing.items():
        yield debtor, fields.owned(*of), fields.to_check, fields.costing(*of)


def _parts(owed: Iterable[_Owed], mask: int) -> Iterator[_Part]:
    for debtor, owned, to_check, costing in owed:
        beside = mask & owned & to_check
        for part in filter(None, (mask & owned & ~beside, beside)):
            yield debtor, part, not part & costing


def _lacking(demand: Demand, rule: Rule) -> LocalText:
    if rule.verdict in _WRONG:
        return in_all(_WRONG[rule.verdict], column=demand.label)
    return demand.label


def _why(demand: Demand, rule: Rule) -> LocalText:
    return (
        demand.why if rule.verdict in demand.costs else _TO_CHECK.get(rule.verdict, demand.why)
    )


def _items(record: FailingRecord, about: About, words: _Words) -> Iterator[FixItem]:
    """What is to be completed, and apart from it what a reader is only asked to check; for each
    debtor by itself.
    """
    key = record.entity, record.record_id
    label, moment = about.labels[key], local_moment(record.occurred_at_us, about.zone)
    for debtor, mask, check in words.parts(record):
        rules, missing, why = words.of(record.entity, mask, record.waived)
        if not rules:  # a column that cannot be read, and need not be
            continue
        yield FixItem(
            entity=record.entity,
            record_id=record.record_id,
            owner=record.owner,
            label=label,
            rules=rules,
            missing=missing,
            why=why,
            link=_link(record, about),
            span=record.span,
            day=moment.date() if moment else None,
            hour=_hour(label, moment),
            client=about.clients.get(key, ""),
            check=check,
            debtor=debtor,
            entered_by=record.entered_by,
            is_repeat=record.is_repeat,
            ids=tuple(_id(record, rule, about) for rule in rules),
            disputed=_disputed(record, rules, about),
        )


def _checks(record: FailingRecord, about: About, words: _Words) -> Iterator[Check]:
    key = record.entity, record.record_id
    rules = words.counts(record.entity, record.mask)
    for rule in rules:
        label, moment = about.labels[key], local_moment(record.occurred_at_us, about.zone)
        yield Check(
            rule=rule,
            record_id=record.record_id,
            owner=record.owner,
            label=label,
            link=_link(record, about),
            span=record.span,
            id=_id(record, rule, about),
            day=moment.date() if moment else None,
            hour=_hour(label, moment),
            client=about.clients.get(key, ""),
            disputed=bool(_disputed(record, (rule,), about)),
        )


def _exempt(record: FailingRecord, about: About) -> Iterator[ExemptFinding]:
    assert about.exceptions is not None
    moment = local_moment(record.occurred_at_us, about.zone)
    for _, demand, rule, line in about.exceptions.exempting(record):
        yield ExemptFinding(
            id=_id(record, rule, about),
            rule=rule,
            record_id=record.record_id,
            owner=record.owner,
            label=about.labels[record.entity, record.record_id],
            what=_lacking(demand, rule),
            debtor=demand.owed_by,
            entered_by=record.entered_by,
            is_repeat=record.is_repeat,
            link=_link(record, about),
            span=record.span,
            day=moment.date() if moment else None,
            line=line,
        )


def _disputed(record: FailingRecord, rules: Iterable[Rule], about: About) -> tuple[str, ...]:
    """The ids of those of the findings that are under discussion."""
    exceptions = about.exceptions
    if not exceptions:
        return ()
    return tuple(
        _id(record, rule, about)
        for rule in rules
        if exceptions.is_disputed(record.entity, record.record_id, rule.id)
    )


def _id(record: FailingRecord, rule: Rule, about: About) -> str:
    return finding_id(about.audit_id, record.entity, record.record_id, rule.id)


def _link(record: FailingRecord, about: About) -> str:
    address = about.links.get(record.entity, "")
    return address.replace("{id}", quote(record.record_id, safe=""))


def local_moment(occurred_at_us: int | None, zone: str) -> datetime | None:
    """A record's own moment in the audit's zone; None without one."""
    if occurred_at_us is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=occurred_at_us)
    try:
        return moment.astimezone(ZoneInfo(zone))
    # programs write 0001-01-01 for "no date"; west of Greenwich that is in the year 0
    except OverflowError:
        return moment


def _hour(label: str, moment: datetime | None) -> time | None:
    """By what its owner knows a record without a name, beside its day. Midnight is no hour:
    programs write it where they know the day alone.
    """
    if label or moment is None or moment.time() == time.min:
        return None
    return moment.time()
