"""Whose records a report lists: each person's own, all of them, as the result has them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from operator import attrgetter
from typing import Final
from urllib.parse import quote

from pipeline.measures.meetings import MEETINGS_LACKING
from pipeline.model import (
    Check,
    Debtor,
    Difference,
    FixItem,
    Person,
    RunResult,
    Scope,
)
from pipeline.reports.content.report import Report

_Finding = tuple[str, str, str]
"""(entity, record id, id of the finding)"""

_NOT_LISTED: Final = MEETINGS_LACKING.name
"""What a meeting lacks of its contact is told once, on the record that is to be completed."""


class Records:
    """The findings of a run by the person whose page has them."""

    def __init__(self, result: RunResult) -> None:
        self._result = result
        self._items: dict[str, list[FixItem]] = defaultdict(list)
        self._checks: dict[str, list[Check]] = defaultdict(list)
        for item in result.fix_list:
            for person in _pages_of(item):
                self._items[person].append(item)
        for check in result.checks:
            self._checks[check.owner].append(check)
        self._managers = {
            person.id for person in result.people if person.scope is Scope.MANAGER
        }

    def differences(self, report: Report, person: Person | None) -> Iterator[Difference]:
        """Records that a report has too many, too few, or otherwise."""
        if person is not None:
            yield from self._lost_or_strange(report, person)
            known = self._items[person.id], self._checks[person.id]
        elif report.reader == "operators":
            pool = (item for item in self._result.fix_list if item.debtor is Debtor.OPERATOR)
            known = [*pool], []
        else:
            known = self._of_nobody()
        yield from self._altered(report, *known)

    def _of_nobody(self) -> tuple[list[FixItem], list[Check]]:
        """What is on no manager's page."""
        items = (item for item in self._result.fix_list if item.person not in self._managers)
        checks = (check for check in self._result.checks if check.owner not in self._managers)
        return [*items], [*checks]

    def _lost_or_strange(self, report: Report, person: Person) -> Iterator[Difference]:
        expected: Counter[_Finding] = Counter()
        for item in self._items[person.id]:
            expected.update((item.entity, item.record_id, name) for name in item.ids)
        checks = self._checks[person.id]
        expected.update(map(_named, (c for c in checks if c.rule.measure != _NOT_LISTED)))
        possible = Counter(map(_named, (c for c in checks if c.rule.measure == _NOT_LISTED)))
        listed = Counter(
            (item.entity, item.record_id, name) for item in report.fix_list for name in item.ids
        )
        for finding in sorted(expected - listed):
            yield _record(finding), "fix-list", f"finding {finding[2]}", "nothing"
        for finding in sorted(listed - expected - possible):
            yield _record(finding), "fix-list", f"not of {person.id}", f"finding {finding[2]}"

    def _altered(
        self, report: Report, items: list[FixItem], checks: list[Check]
    ) -> Iterator[Difference]:
        """Records with another name, day, link or lack than the result's."""
        by_id = {
            (item.owner, item.entity, item.record_id, item.ids[:1]): item for item in items
        }
        by_check = {(check.owner, *_named(check)): check for check in checks}
        for item in report.fix_list:
            name = f"{item.entity}:{item.record_id}"
            known = by_id.get((item.owner, item.entity, item.record_id, item.ids[:1]))
            if known is not None and not _same(item, known, report):
                yield name, "fix-list", _told(known), _told(item)
            if known is None:
                yield from _check_differences(item, by_check, report)
            yield from self._misled(item)

    def _misled(self, item: FixItem) -> Iterator[Difference]:
        """A link that is not the audit's address with the record's own id."""
        if self._result.links is None:
            return
        address = self._result.links.get(item.entity, "")
        wanted = address.replace("{id}", quote(item.record_id, safe=""))
        if item.link != wanted:
            yield f"{item.entity}:{item.record_id}", "link", wanted, item.link


def _pages_of(item: FixItem) -> Iterator[str]:
    """On whose pages a record is: of whoever is to complete it, and of its owner."""
    if item.debtor is Debtor.OWNER:
        yield item.owner
        return
    if item.debtor is Debtor.CREATOR and not item.is_repeat:
        yield item.entered_by
        if item.entered_by == item.owner:
            return
    elif item.debtor is Debtor.CREATOR and item.entered_by == item.owner:
        return
    if not item.check:
        yield item.owner


def _named(check: Check) -> _Finding:
    return check.rule.entity, check.record_id, check.id


def _record(finding: _Finding) -> str:
    return f"{finding[0]}:{finding[1]}"


def _same(item: FixItem, known: FixItem, report: Report) -> bool:
    """Whether a record is as the result has it; its place in the list is the report's, and
    management reads no names.
    """
    if report.reader != "management" and _names(item) != _names(known):
        return False
    return _facts(item) == _facts(known)


_names: Final = attrgetter("label", "client")
_facts: Final = attrgetter(
    *("entity", "record_id", "owner", "missing", "why", "link", "span", "day", "rules", "ids"),
    *("disputed", "again", "check", "hour", "debtor", "entered_by", "is_repeat"),
)


def _told(item: FixItem) -> str:
    parts = (item.label, str(item.day or ""), item.link, *item.ids)
    return ", ".join(filter(None, (*parts, *map(str, item.missing))))


def _check_differences(
    item: FixItem, by_check: dict[tuple[str, str, str, str], Check], report: Report
) -> Iterator[Difference]:
    """A record to check, and each thing about it."""
    name = f"{item.entity}:{item.record_id}"
    for finding, rule in zip(item.ids, item.rules, strict=True):
        check = by_check.get((item.owner, item.entity, item.record_id, finding))
        if check is None:
            yield name, "fix-list", "a record of this report", f"finding {finding}"
            continue
        known = check.rule, check.link, check.day, check.hour
        if known != (rule, item.link, item.day, item.hour):
            yield name, "fix-list", f"{check.day}, {check.link}", f"{item.day}, {item.link}"
        if report.reader != "management" and check.label != item.label:
            yield name, "fix-list", check.label, item.label
