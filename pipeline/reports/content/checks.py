"""Records that one of our counts names: please check. They cost nobody a point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from pipeline.language.languages import Language, in_all, language_of
from pipeline.language.marked import marked
from pipeline.measures import calls, clients, deals, meetings
from pipeline.model import (
    Check,
    Debtor,
    FixItem,
    Measure,
    Person,
    Rule,
    RunResult,
    Scope,
    same_in_all,
)
from pipeline.reports.content.audience import lists_former
from pipeline.reports.content.report import SECTIONS, section_of

Words = tuple[str, str]
"""What is to be checked about a record, and what that changes."""

_STATUS: Final = (
    marked("its status is not known to this report"),
    marked("It counts nowhere until the audit says what that status means."),
)
_UNDATED: Final = (
    marked("it has no date at all"),
    marked("Without a date it belongs to no period."),
)
_AHEAD: Final = (
    marked("marked held, still to come"),
    marked("Check its date and its status. It counts once it has been held."),
)
_COMPLETE_CONTACT: Final = marked(
    "A complete meeting says whom you met: complete the contact's own record."
)
_OF_CONTACT: Final[Mapping[str, Words]] = {
    "last_name": (marked("no contact with a last name"), _COMPLETE_CONTACT),
    "first_name": (marked("no contact with a first name"), _COMPLETE_CONTACT),
    "contact_details": (marked("no contact with a phone or e-mail"), _COMPLETE_CONTACT),
}
"""What a meeting borrows of its contact. What is its own is to be completed, and said there."""

_TO_COMPLETE: Final[Mapping[str, Words]] = {
    "own": (
        marked("held and not complete yet"),
        marked("Complete what the meeting or its contact is missing."),
    ),
    "colleague": (
        marked("held and not complete yet: a colleague's contact"),
        marked("Ask the contact's owner to complete it; it costs you nothing."),
    ),
    "operators": (
        marked("held and not complete yet: with sales support"),
        marked("Sales support completes what is missing; it costs you nothing."),
    ),
}
"""Whose a held meeting is to complete -> what a reader is told of it."""

WORDS: Final[Mapping[str, Words]] = {
    meetings.MEETINGS_OVERDUE.name: (
        marked("planned, and its day has passed"),
        marked("Mark it as held or cancelled, or plan another day."),
    ),
    meetings.MEETINGS_HELD_IN_FUTURE.name: _AHEAD,
    meetings.MEETINGS_UNKNOWN.name: _STATUS,
    meetings.MEETINGS_UNDATED.name: _UNDATED,
    calls.CALLS_HELD_IN_FUTURE.name: _AHEAD,
    calls.CALLS_UNKNOWN.name: _STATUS,
    calls.CALLS_UNDATED.name: _UNDATED,
    deals.DEALS_WON_UNDATED.name: (
        marked("won, no closing date yet"),
        marked("It counts among your results as soon as it has one."),
    ),
    deals.DEALS_WON_UNREADABLE_DATE.name: (
        marked("won, and its closing date cannot be read"),
        marked("It counts among your results as soon as it has one that can."),
    ),
    deals.DEALS_WON_IN_FUTURE.name: (
        marked("won on a day that is still to come"),
        marked("It counts from that day on. Check the date."),
    ),
    deals.DEALS_UNKNOWN.name: (
        marked("its stage is not known to this report"),
        marked("It counts nowhere until the audit says what that stage means."),
    ),
    deals.DEALS_UNDATED.name: _UNDATED,
    clients.CLIENTS_UNDATED.name: _UNDATED,
    clients.CONTACTS_UNDATED.name: _UNDATED,
    clients.LEADS_UNDATED.name: _UNDATED,
}
"""Name of a count -> what a reader is told of its records."""

_BORROWED: Final[Measure] = meetings.MEETINGS_LACKING


def words_of(rule: Rule) -> Words | None:
    """What a reader is told of a record; None where the fix-list says it already."""
    if rule.measure == _BORROWED.name:
        return _OF_CONTACT.get(rule.dimension)
    if rule.measure == meetings.MEETINGS_TO_COMPLETE.name:
        return _TO_COMPLETE[rule.dimension]
    return WORDS[rule.measure]


_Key = tuple[str, str, str]
"""(owner, entity, record id)"""


def to_check(result: RunResult) -> list[FixItem]:
    """A line per record and owner, with all that is to be checked about it; in the order
    of the checks.
    """
    without_contact = set(_without_contact(result.fix_list))
    items: dict[_Key, FixItem] = {}
    for check in result.checks:
        words = words_of(check.rule)
        key = check.owner, check.rule.entity, check.record_id
        if words is None or (check.rule.measure == _BORROWED.name and key in without_contact):
            continue
        items[key] = _with(items.get(key) or _item(check), words, check)
    return list(items.values())


def _without_contact(fix_list: Iterable[FixItem]) -> Iterator[_Key]:
    """The meetings whose fix-list asks for a contact: that they borrow nothing goes
    without saying.
    """
    for item in fix_list:
        if item.entity == "meeting" and any(rule.id == "contact" for rule in item.rules):
            yield item.owner, item.entity, item.record_id


def _with(item: FixItem, words: Words, check: Check) -> FixItem:
    """One more thing to check; the same reason is said once."""
    what, why = (in_all(text) for text in words)
    repeated = why in item.why
    return replace(
        item,
        missing=(*item.missing, what),
        why=(*item.why, same_in_all("") if repeated else why),
        rules=(*item.rules, check.rule),
        ids=(*item.ids, check.id),
        disputed=(*item.disputed, *((check.id,) if check.disputed else ())),
    )


def _item(check: Check) -> FixItem:
    return FixItem(
        entity=check.rule.entity,
        record_id=check.record_id,
        owner=check.owner,
        label=check.label,
        missing=(),
        why=(),
        link=check.link,
        span=check.span,
        day=check.day,
        hour=check.hour,
        client=check.client,
        check=True,
    )


# ------------------------------------------------------------------------- without a manager

MOST_LISTED: Final = 1_000
"""Records of nobody that management's report lists; findings.csv has all of them."""


def of_nobody(result: RunResult) -> list[FixItem]:
    """The records that stand on no manager's page: without an owner, or in the names of
    former colleagues. By their numbers: management's report names no client.

    With `audience: own` it names no former colleague either, and leaves their records out
    where their number would tell what few people did.
    """
    managers = {person.id for person in result.people if person.scope is Scope.MANAGER}
    language = language_of(result.language)
    former = {person.id: person for person in result.people if person.id not in managers}
    listed = (*result.fix_list, *to_check(result))
    items = [item for item in listed if item.person not in managers and _is_listed(item)]
    items.sort(key=lambda item: SECTIONS.index(section_of(item)))
    if result.audience == "named":
        return [_of_nobody(item, former.get(item.person), language) for item in items]
    shown = items if lists_former(result) else (i for i in items if i.person not in former)
    return [_of_nobody(item, None, language) for item in shown]


def _is_listed(item: FixItem) -> bool:
    """Sales support has a list of its own; whoever entered a record owes it once."""
    if item.debtor is Debtor.CREATOR:
        return not item.is_repeat
    return item.debtor is Debtor.OWNER


def _of_nobody(item: FixItem, owner: Person | None, language: Language) -> FixItem:
    """The record without the names of clients; with its former owner's, where that is given."""
    known_by = language.translate("former colleague {name}", name=owner.name) if owner else ""
    return replace(item, label=known_by, client="")
