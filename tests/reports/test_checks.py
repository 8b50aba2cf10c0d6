"""Records that counts name: said on their owner's page, once, and by whom nobody owns them in management's."""

from __future__ import annotations

from dataclasses import replace

from pipeline.language.languages import ENGLISH
from pipeline.measures.registry import COUNTED
from pipeline.model import FixItem, Person, Rule, RunResult, Scope, Span, Verdict
from pipeline.reports.content import checks
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import section_of
from tests.factory import result


def manager(key: str) -> Person:
    return next(person for person in result().people if person.id == key)


def said(items: list[FixItem], owner: str) -> dict[str, list[tuple[str, str]]]:
    """Record -> (what, why) of it."""
    return {
        item.record_id: [
            (ENGLISH.chosen(what), ENGLISH.chosen(why))
            for what, why in zip(item.missing, item.why, strict=True)
        ]
        for item in items
        if item.owner == owner
    }


def test_every_count_that_names_a_defect_has_words_for_its_records() -> None:
    named = {
        count.name
        for measure in COUNTED
        for count in measure.numerator
        if count.verdict is not None
    }
    assert named == {*checks.WORDS, "meetings_lacking", "meetings_to_complete"}
    assert len(named) > 14


VERDICTS = {
    "overdue": Verdict.OVERDUE,
    "in_future": Verdict.INVALID,
    "unknown": Verdict.INVALID,
    "undated": Verdict.MISSING,
    "lacking": Verdict.MISSING,
    "to_complete": Verdict.MISSING,
    "unreadable_date": Verdict.UNREADABLE,
}
"""How a count's name ends -> what docs/measures.md says is wrong with its records."""


def test_each_count_says_what_is_wrong_with_its_records() -> None:
    counts = [
        count for measure in COUNTED for count in measure.numerator if count.verdict is not None
    ]
    for count in counts:
        (verdict,) = {VERDICTS[end] for end in VERDICTS if count.name.endswith(f"_{end}")}
        assert (count.name, count.verdict) == (count.name, verdict)


SAID = {
    "meetings_overdue": "planned, and its day has passed",
    "held_in_future": "marked held, still to come",
    "won_in_future": "won on a day that is still to come",
    "deals_unknown": "its stage is not known to this report",
    "meetings_unknown": "its status is not known to this report",
    "calls_unknown": "its status is not known to this report",
    "won_undated": "won, no closing date yet",
    "won_unreadable_date": "won, and its closing date cannot be read",
    "s_undated": "it has no date at all",
}
"""How a count's name ends -> what its records are said to be."""


def test_the_words_are_those_of_the_count() -> None:
    for name, (what, _) in checks.WORDS.items():
        assert [what] == [SAID[end] for end in SAID if name.endswith(end)], name


def test_a_record_is_said_once_with_all_that_is_to_be_checked() -> None:
    found = said(checks.to_check(result()), "m1")
    first, why = found["m1-meeting-check-000"], "A complete meeting says whom you met"
    assert [what for what, _ in first] == [
        "planned, and its day has passed",
        "its status is not known to this report",
        "no contact with a last name",
        "no contact with a phone or e-mail",
        "held and not complete yet",
    ]
    assert first[2][1].startswith(why)
    assert first[3][1] == ""  # the same reason
    assert [what for what, _ in found["m1-meeting-check-001"]] == [
        "planned, and its day has passed"
    ]


def asking_for_a_contact() -> RunResult:
    """The first meeting's fix-list asks for a contact."""
    demanded = FixItem(
        "meeting", "m1-meeting-check-000", "m1", "", (), (), "", Span.SCORE,
        rules=(Rule("meeting", "contact", Verdict.MISSING),),
    )  # fmt: skip
    return replace(result(), fix_list=(demanded,))


def test_who_has_no_contact_is_not_told_what_it_lacks() -> None:
    found = said(checks.to_check(asking_for_a_contact()), "m1")
    assert [what for what, _ in found["m1-meeting-check-000"]] == [
        "planned, and its day has passed",
        "its status is not known to this report",
        "held and not complete yet",
    ]


def test_they_stand_on_their_owners_page_apart() -> None:
    report = manager_report(result(), manager("m1"))
    items = [item for item in report.fix_list if section_of(item) == "check"]
    assert {item.record_id for item in items} == {
        "m1-meeting-check-000",
        "m1-meeting-check-001",
    }
    assert [row.label for row in report.element("fix check")] == ["To check"]
    without = manager_report(replace(result(), checks=()), manager("m1"))
    assert without.element("fix check") == ()


def test_management_lists_what_is_on_nobodys_page_and_names_no_client() -> None:
    report = management_report(result())
    managers = {person.id for person in result().people if person.scope is Scope.MANAGER}
    assert report.fix_list
    assert not {item.owner for item in report.fix_list} & managers
    everything = {
        (item.entity, item.record_id)
        for item in (*result().fix_list, *checks.to_check(result()))
        if item.owner not in managers
    }
    assert {(item.entity, item.record_id) for item in report.fix_list} == everything
    (former,) = [person for person in result().people if person.id == "x1"]
    assert {(item.owner, item.label) for item in report.fix_list} == {
        ("", ""),
        (former.id, f"former colleague {former.name}"),
    }
    named = replace(checks.to_check(result())[0], owner="", client="Aurora Foods")
    without = management_report(replace(result(), fix_list=(named,), checks=()))
    assert [item.client for item in without.fix_list] == [""]


def test_a_list_that_is_cut_says_so() -> None:
    one = next(item for item in result().fix_list if not item.owner)
    many = [replace(one, record_id=str(number)) for number in range(checks.MOST_LISTED + 5)]
    report = management_report(replace(result(), fix_list=tuple(many), checks=()))
    assert len(report.fix_list) == checks.MOST_LISTED
    assert (
        "Of 1,005 records without an account manager the first 1,000 are listed."
        in report.notes
    )
    assert not any("are listed." in note for note in management_report(result()).notes)
