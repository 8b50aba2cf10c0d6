"""What the audience of a report may see: with `audience: own` groups of five or more instead
of people, and what was agreed about that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.language.format import day_text
from pipeline.language.labels import BESIDE
from pipeline.language.languages import Language
from pipeline.language.marked import marked
from pipeline.measures.completeness import RECORDS_FAILING
from pipeline.measures.groups import FEWEST, FORMER, POOLED, Group, shown_groups
from pipeline.model import Person, RunResult, Scope
from pipeline.reports.content.elements import Subject
from pipeline.reports.content.report import Row

Line = tuple[str, Subject]
"""What a table's row is called, and whom it is about."""


def group_lines(company: Subject) -> list[Line]:
    """The rows above the company's with `audience: own`: teams by name, the other teams,
    former colleagues, records of nobody and sales support. None where the company alone may
    be shown.
    """
    groups = sorted(
        shown_groups(company.result.people),
        key=lambda group: (len(group.teams) != 1 or group.key == POOLED, _name_of(group)),
    )
    lines = [
        (group_label(group, company.language), company.about(Scope.GROUP, group.key))
        for group in groups
    ]
    if not lines:
        return []
    beside = Scope.UNASSIGNED, Scope.OPERATOR, Scope.DOUBLE_COUNTED
    return [*lines, *beside_lines(company, beside)]


def beside_lines(company: Subject, scopes: tuple[Scope, ...] = tuple(BESIDE)) -> list[Line]:
    """The rows that it takes beside people or groups to add up to the company."""
    subjects = ((company.about(scope), BESIDE[scope]) for scope in scopes)
    return [
        (company.language.translate(label), subject)
        for subject, label in subjects
        if subject.find(RECORDS_FAILING) is not None
    ]


def _name_of(group: Group) -> str:
    return group.managers[0].team if group.managers else ""


def group_label(group: Group, language: Language) -> str:
    """'North'; a team that is named after its leader is 'Team of Anna Berg'."""
    if group.key == FORMER:
        return language.translate(BESIDE[Scope.INACTIVE])
    if group.key == POOLED and group.former:
        return language.translate("Other teams and former colleagues")
    if group.key == POOLED:
        return language.translate("Other teams")
    (team,) = group.teams
    if not team:
        return language.translate("No team")
    name = _name_of(group) or group.key
    led = any(person.leader_id == team for person in group.managers)
    return language.translate("Team of {name}", name=name) if led else name


def on_groups(company: Subject) -> str:
    """Why some teams are shown together, or none at all."""
    language = company.language
    if shown_groups(company.result.people):
        return language.translate(
            "Teams of fewer than {fewest} account managers are shown together, if need be with the "
            "next smallest team, so that nobody's figures can be worked out.",
            fewest=FEWEST,
        )
    return language.translate(
        "Only the company is shown: there are no two groups of {fewest} account managers.",
        fewest=FEWEST,
    )


def lists_former(result: RunResult) -> bool:
    """Whether management sees which records are in former colleagues' names."""
    if result.audience == "named":
        return True
    return any(group.key == FORMER for group in shown_groups(result.people))


_YOUR_TEAM: Final = marked("Your team")
_THE_COMPANY: Final = marked("The company")


def compared_with(own: Subject, person: Person) -> Line | None:
    """Whose completeness stands on a manager's page beside their own. With `audience: own`
    at least five other managers are among them; None where there are not so many.
    """
    company = own.about(Scope.COMPANY)
    if own.result.audience == "named":
        if person.team_id:
            return _YOUR_TEAM, own.about(Scope.TEAM, person.team_id)
        return _THE_COMPANY, company
    for group in shown_groups(own.result.people):
        is_own = group.teams == (person.team_id,) and group.key != POOLED
        if person.team_id and is_own and len(group.managers) > FEWEST:
            return _YOUR_TEAM, own.about(Scope.GROUP, group.key)
    managers = [member for member in own.result.people if member.scope is Scope.MANAGER]
    return (_THE_COMPANY, company) if len(managers) > FEWEST else None


def shown_row(language: Language) -> Row:
    """Who is in management's report with `audience: own`, for its head."""
    who = language.translate("Groups of five account managers or more; nobody by name")
    return Row(language.translate("Who is shown"), (who,), element="readers")


def readers_row(own: Subject) -> Row:
    """Who sees a manager's page."""
    language = own.language
    if own.result.audience == "named":
        readers = language.translate(
            "For you, sales management and the analysts; no colleague sees it"
        )
    else:
        readers = language.translate(
            "For you and the analysts; no colleague sees it, and sales management sees only groups "
            "of five or more"
        )
    return Row(language.translate("Who sees this page"), (readers,), element="readers")


def agreement_notes(result: RunResult, language: Language) -> Iterator[str]:
    """With whom it was agreed who sees which figures."""
    agreement = result.agreement
    if agreement is None:
        return
    places = {"partner": agreement.partner, "day": day_text(agreement.agreed_on, language)}
    if agreement.until is None:
        yield language.translate(
            "An agreement with {partner} of {day} covers these figures.", **places
        )
        return
    places["until"] = day_text(agreement.until, language)
    if agreement.ended_by(result.window.today):
        yield language.translate(
            "The agreement with {partner} of {day} ended on {until}.", **places
        )
    else:
        yield language.translate(
            "An agreement with {partner} of {day} covers these figures until {until}.", **places
        )


def ended_row(result: RunResult, language: Language) -> Iterator[Row]:
    """That the agreement has ended, for the head of management's report."""
    if result.agreement is not None and result.agreement.ended_by(result.window.today):
        (ended,) = agreement_notes(result, language)
        yield Row(language.translate("Agreement"), (ended,), element="agreement")
