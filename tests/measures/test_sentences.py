"""What reports say in words is true of the figures beside them; code that asks for no figure of ours is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.calendar.window import open_window
from pipeline.config import load_audit
from pipeline.flows.compute import _without_plan
from pipeline.language.format import format_figure
from pipeline.language.languages import ENGLISH
from pipeline.measures.completeness import FAILING_OUTSIDE, SCORE
from pipeline.measures.deals import DEALS_WON
from pipeline.measures.plan import PLAN_TARGET
from pipeline.measures.registry import LEFT_OUT
from pipeline.model import Figure, Figures, Measure, Person, RunResult, Scope
from pipeline.reports.content.elements import score_rows, the_company
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import ELEMENTS, Report, Row
from pipeline.resources import REPORT_TEMPLATES
from tests.factory import PEOPLE, result

MANAGERS = [person for person in PEOPLE if person.scope is Scope.MANAGER]
WINDOW = open_window(
    as_of=datetime(2026, 11, 16, 6, tzinfo=UTC), zone="Europe/Berlin", working_week=range(5)
)


def text_of(row: Row) -> str:
    """A line of the headline as a page prints it."""
    return "".join(
        format_figure(cell, ENGLISH) if isinstance(cell, Figure) else cell or ""
        for cell in row.cells
    )


def said(report: Report, element: str) -> dict[str, str]:
    """Label -> sentence, of one element of the headline."""
    return {row.label: text_of(row) for row in report.element(element)}


def with_numbers(given: Mapping[str, tuple[int, int | None]]) -> RunResult:
    """The factory's edition with other numbers in some figures."""
    figures = dict(result().figures)
    for name, (numerator, denominator) in given.items():
        figures[name] = replace(figures[name], numerator=numerator, denominator=denominator)
    return replace(result(), figures=Figures(figures.values()))


# ------------------------------------------------------------------------------------------------ completeness


def test_complete_records_stand_beside_completeness() -> None:
    company = the_company(result())
    assert [row.label for row in score_rows(company)] == ["Completeness", "All records"]
    for row in score_rows(company):
        assert re.search(r"%(?:was [\d.]+%; )?[\d,]+ of [\d,]+ records complete$", text_of(row))
    team = said(manager_report(result(), MANAGERS[0]), "team")
    assert team["Your team"].endswith(" records complete")


def test_without_a_percentage_the_sentence_says_why() -> None:
    few = {"score@company": (0, 0), "base@company": (0, 0)}
    none = {"records_complete@company": (0, 0), "base_complete@company": (0, 0)}
    for row in score_rows(the_company(with_numbers(few))):
        assert text_of(row).endswith(" records complete: too few for a percentage")
    for row in score_rows(the_company(with_numbers(few | none))):
        assert text_of(row) == "No records to look at yet."


def test_records_outside_the_days_of_completeness_are_called_so_and_not_older() -> None:
    assert FAILING_OUTSIDE.label == "Records to complete outside these days"
    for person in MANAGERS:
        report = manager_report(result(), person)
        for element in ("fix outside", "fix leads outside"):
            assert all(
                "outside these days" in sentence for sentence in said(report, element).values()
            )
        words = " ".join([*(text_of(row) for row in report.headline), *report.notes])
        assert "older" not in words.lower()
    assert said(manager_report(result(), MANAGERS[0]), "fix outside")


# ------------------------------------------------------------------------------------------------ misspelt


def test_who_has_nothing_to_complete_is_thanked() -> None:
    person = MANAGERS[0]
    clean = with_numbers({f"records_failing@manager:{person.id}": (0, None)})
    assert said(manager_report(clean, person), "fix now") == {
        "To complete": "Nothing to complete in these days. Thank you."
    }
    assert "Thank you" not in said(manager_report(result(), person), "fix now")["To complete"]


def test_every_row_of_a_headline_is_of_an_element_that_is_asked_for() -> None:
    """A misspelt name in a template, or in a report, would leave the row out."""
    reports = [
        management_report(result()),
        *(manager_report(result(), person) for person in MANAGERS),
    ]
    assert {row.element for report in reports for row in report.headline} <= ELEMENTS
    with pytest.raises(KeyError):
        reports[0].element("meetigns")
    templates = " ".join(file.read_text("utf-8") for file in REPORT_TEMPLATES.glob("*.j2"))
    assert {row.element for row in reports[0].headline} <= set(re.findall(r"[a-z]+", templates))


def test_a_figure_that_this_crm_does_not_have_is_none_and_so_is_one_of_its_own_measures() -> (
    None
):
    own = Measure(name="online", label="Online")
    given = replace(result(), figures=Figures(), custom=(own,))
    assert given.find(DEALS_WON) is None
    assert given.find(own) is None
    assert the_company(given).company_has(own) == ()


# ------------------------------------------------------------------------------------------------ what is not counted


@pytest.mark.parametrize(
    "metric", [m.name for m in LEFT_OUT if m.name.endswith(("_unknown", "_in_future"))]
)
@pytest.mark.parametrize("number", [1, 2])
def test_a_managers_records_that_are_in_none_of_the_counters_are_named(
    metric: str, number: int
) -> None:
    person = MANAGERS[0]
    figures = dict(result().figures)
    for scope, key in ((Scope.MANAGER, person.id), (Scope.COMPANY, "")):
        name = f"{metric}@{scope}:{key}" if key else f"{metric}@{scope}"
        figures[name] = replace(figures["deals_won@company"], id=name, scope=scope, key=key, metric=metric,
                                numerator=number)  # fmt: skip
    given = replace(result(), figures=Figures(figures.values()))
    report = manager_report(given, person)
    sentences = [
        row
        for row in report.element("warning")
        if figures[f"{metric}@manager:{person.id}"] in row.cells
    ]
    assert len(sentences) == 1
    record = metric.split("s_", maxsplit=1)[0]
    assert f"{number} {record}{'s' if number > 1 else ''} " in text_of(
        sentences[0]
    ) or metric.startswith("deals_won")
    assert f"{metric}@company" in {
        figure.id
        for figure in management_report(
            replace(result(), figures=Figures(figures.values()))
        ).figures()
    }


AUDIT = """
name: T
source: {url: 'sqlite:///crm.db', preset: PRESET, crm_url: 'CRM_URL'}
zone: Europe/Amsterdam
currency: EUR
targets:
  m1: {2026-11: {deals_won: 8}}
  x1: {2026-11: {deals_won: 1200, meetings_held: 3}, 2026-12: {clients_new: 4}}
  nobody: {2026-11: {deals_won: 2}}
"""


def audit_of(folder: Path, *, preset: str = "suitecrm", crm_url: str = ""):  # type: ignore[no-untyped-def]
    file = folder / "audit.yaml"
    file.write_text(AUDIT.replace("PRESET", preset).replace("CRM_URL", crm_url), "utf-8")
    return load_audit(file)


def test_a_target_of_somebody_who_is_no_manager_does_not_disappear_without_a_word(
    tmp_path: Path,
) -> None:
    users = [
        *PEOPLE[:-1],
        Person("x1", "Former\u202e Colleague", "t1", "North", Scope.INACTIVE),
    ]
    audit = audit_of(tmp_path)
    [sentence] = map(str, _without_plan(audit.targets, users, "2026-11"))
    assert "nobody (Deals won: 2)" in sentence
    assert (
        "Former\ufffd Colleague (Deals won: 1,200), Former\ufffd Colleague (Meetings held: 3)"
        in sentence
    )
    assert "m1" not in sentence
    assert "clients" not in sentence
    assert list(_without_plan(audit.targets, users, None)) == []
    assert list(_without_plan(audit.targets, users, "2026-10")) == []


@pytest.mark.parametrize("crm_url", ["https://crm.example.com", "https://crm.example.com/", ""])
def test_links_lead_into_the_crm_and_nowhere_without_its_address(
    tmp_path: Path, crm_url: str
) -> None:
    links = audit_of(tmp_path, crm_url=crm_url).resolved().links
    assert links
    for link in links.values():
        assert link.startswith("https://crm.example.com/index.php") if crm_url else link == ""
    whole = audit_of(tmp_path, preset="demo", crm_url=crm_url).resolved().links
    assert all(link.startswith("https://demo-crm.example/") for link in whole.values())


# ------------------------------------------------------------------------------------------------ people


@pytest.mark.parametrize(("done", "named"), [(9, 1), (8, 1), (7, 0)])
def test_of_those_who_sell_but_do_not_type_the_least_complete_is_named(
    done: int, named: int
) -> None:
    """Who does less than the target of eight does not sell enough to be one of them."""
    figures = result().figures
    planned = [
        person for person in MANAGERS if f"plan_target/deals_won@manager:{person.id}" in figures
    ][:3]
    company = figures["score@company"]
    numbers: dict[str, tuple[int, int | None]] = {}
    sold, scores = (9, done, 9), (40, 30, 100)
    for person, won, score in zip(planned, sold, scores, strict=True):
        numbers[f"plan_target/deals_won@manager:{person.id}"] = (8, None)
        numbers[f"plan_done/deals_won@manager:{person.id}"] = (won, None)
        numbers[f"score@manager:{person.id}"] = (score, 100)
    first, *_ = management_report(with_numbers(numbers)).element("person")
    assert first.label == planned[named].name
    assert (
        text_of(first) == f"target reached: {sold[named]} of 8 won; records {scores[named]}.0% "
        f"complete, company {format_figure(company, ENGLISH)}"
    )


# ------------------------------------------------------------------------------------------------ the plan


def plan_of(
    person: Person, done: int, target: int, pace: tuple[int, int] | None = (0, 11)
) -> str:
    """The line of a manager's plan for deals won."""
    given = {
        "plan_done": (done, None), "plan_target": (target, None), "plan_left": (max(0, target - done), None),
        "plan_over": (max(0, done - target), None), "plan_needed_per_day": pace or (0, 0),
    }  # fmt: skip
    numbers = {f"{name}/deals_won@manager:{person.id}": pair for name, pair in given.items()}
    return said(manager_report(with_numbers(numbers), person), "plan")["Deals won"]


def test_a_plan_that_is_met_exactly_is_met() -> None:
    person = next(
        one
        for one in MANAGERS
        if result().find(PLAN_TARGET, Scope.MANAGER, one.id, DEALS_WON.name)
    )
    assert plan_of(person, 8, 8).endswith("target reached")
    assert "1 over target" in plan_of(person, 9, 8)
    assert "1 to go" in plan_of(person, 7, 8, (1, 11))


def test_a_pace_is_said_while_a_working_day_is_left_and_not_after() -> None:
    person = next(
        one
        for one in MANAGERS
        if result().find(PLAN_TARGET, Scope.MANAGER, one.id, DEALS_WON.name)
    )
    assert "3 to go; pace: 1.5 needed per working day" in plan_of(person, 5, 8, (3, 2))
    last = plan_of(person, 5, 8, (3, 0))
    assert "3 to go" in last
    assert "working day" not in last


def test_who_has_no_team_is_compared_with_the_company() -> None:
    with_team, without = (
        next(one for one in MANAGERS if bool(one.team_id) is team) for team in (True, False)
    )
    assert said(manager_report(result(), with_team), "team").keys() == {"Your team"}
    lonely = said(manager_report(result(), without), "team")
    assert lonely.keys() == {"The company"}
    company = result().find(SCORE)
    assert company is not None
    assert lonely["The company"].startswith(format_figure(company, ENGLISH))


def test_a_teams_target_stands_in_its_line() -> None:
    [teams] = [table for table in management_report(result()).tables if table.key == "teams"]
    place = teams.columns.index("Target") - 1
    shown = {row.label: row.cells[place] for row in teams.rows}
    expected = {
        p.team: result().find(PLAN_TARGET, Scope.TEAM, p.team_id, DEALS_WON.name)
        for p in MANAGERS
        if p.team_id
    }
    assert {label: shown[label] for label in expected} == expected
    sums = {
        team: sum(
            figure.numerator
            for person in MANAGERS
            if person.team == team
            and (figure := result().find(PLAN_TARGET, Scope.MANAGER, person.id, DEALS_WON.name))
            is not None
        )
        for team in expected
    }
    assert any(sums.values())
    assert {
        team: figure.numerator if figure else 0 for team, figure in expected.items()
    } == sums


def test_to_date_ends_with_the_last_day() -> None:
    from pipeline.reports.content.report import period_text

    def period(day: int, month: int = 11) -> str:
        as_of = datetime(2026, month, day, 12, tzinfo=UTC)
        return period_text(open_window(as_of=as_of, zone="UTC", working_week=range(5), first=date(2026, 11, 1),
                                       after_last=date(2026, 12, 1)), ENGLISH)  # fmt: skip

    assert [period(1), period(30)] == ["November 2026 to date"] * 2
    assert [period(31, 10), period(1, 12)] == ["November 2026"] * 2
