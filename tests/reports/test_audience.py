"""`audience: own`: what management sees tells nobody's figures, by name or by subtraction."""

from __future__ import annotations

import io
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from rich.console import Console

from pipeline.cli.summary import summary_table
from pipeline.language.format import format_figure
from pipeline.language.languages import ENGLISH, language_of
from pipeline.measures.groups import FEWEST
from pipeline.measures.registry import COUNTED
from pipeline.model import (
    Agreement,
    ExceptionLine,
    ExceptionOutcome,
    ExceptionState,
    ExceptionUse,
    Figure,
    LanguageCode,
    Person,
    RunResult,
    Scope,
    Unit,
)
from pipeline.reports.content.checks import of_nobody
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report, manager_reports
from pipeline.reports.excel.read_workbook import workbook_differences
from pipeline.reports.excel.workbook import write_workbook
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences
from tests.crowd import crowd, people

LANGUAGES: tuple[LanguageCode, ...] = ("en", "nl")


def unlike(place: int) -> int:
    """Numbers of six digits of which no sum of a few is another."""
    return 100_003 + 1_009 * place + 7 * place**3


def led(who: tuple[Person, ...], team: str) -> tuple[Person, ...]:
    """The same people, that team named after its first member, who leads it."""
    leader = next(person for person in who if person.team_id == team)
    return tuple(
        replace(
            person,
            team=leader.name,
            team_id=leader.id,
            leader_id="" if person is leader else leader.id,
        )
        if person.team_id == team
        else person
        for person in who
    )


WHO = led(people((7, 2, 3, 6), former=2, alone=1), "team-0")
LEADER = WHO[0]


def texts_of(result: RunResult, folder: Path) -> dict[str, str]:
    """All that management gets: the page as it is, each cell and comment of the workbook, the
    workbook's own XML, and the terminal's summary.
    """
    report = management_report(result)
    page, book = render_page(report), folder / "report.xlsx"
    assert page_differences(report, page) == []
    write_workbook(report, book)
    assert workbook_differences(report, book) == []
    stream = io.StringIO()
    Console(file=stream, width=200).print(summary_table(result))
    return {
        "page": unescape(page),
        "cells": "\n".join(_cells(book)),
        "xml": unescape("\n".join(_parts(book))),
        "terminal": stream.getvalue(),
    }


def _cells(book: Path) -> Iterator[str]:
    for sheet in load_workbook(book):
        yield sheet.title
        for row in sheet.iter_rows():
            for cell in row:
                yield f"{cell.value}"
                yield f"{cell.comment.text}" if cell.comment else ""
                yield f"{cell.hyperlink.target}" if cell.hyperlink else ""


def _parts(book: Path) -> Iterator[str]:
    with ZipFile(book) as archive:
        for name in archive.namelist():
            yield archive.read(name).decode("utf-8", "replace")


def unique_figures(result: RunResult) -> set[str]:
    """The numbers that only a single person has, as pages and cells write them."""
    owners: dict[int, set[tuple[Scope, str]]] = defaultdict(set)
    for figure in result.figures.values():
        for number in (figure.numerator, figure.denominator or 0):
            owners[number].add((figure.scope, figure.key))
    alone = {
        number
        for number, who in owners.items()
        if number > 99_999 and all(scope is Scope.MANAGER for scope, _ in who)
    }
    language = language_of(result.language)
    return {str(number) for number in alone} | {language.number(number) for number in alone}


@pytest.mark.parametrize("language", LANGUAGES)
def test_management_gets_nobodys_name_id_or_figure(
    language: LanguageCode, tmp_path: Path
) -> None:
    result = crowd(WHO, unlike, nobody=311, language=language)
    unique = unique_figures(result)
    assert len(unique) > 2 * len(WHO)
    for where, text in texts_of(result, tmp_path).items():
        for person in WHO:
            if person is not LEADER:  # by whose name a team of seven is known
                assert person.name not in text, where
            assert person.id not in text, where
        words = set(re.findall(r"\d[\d.,]*\d|\d", text))
        assert not unique & words, where
        assert "manager:" not in text.replace("account manager:", ""), where


def test_named_management_gets_them_all(tmp_path: Path) -> None:
    """What the test above looks for is there to be found."""
    result = crowd(WHO, unlike, nobody=311, audience="named")
    texts = texts_of(result, tmp_path)
    words = set(re.findall(r"\d[\d.,]*\d|\d", texts["cells"]))
    assert len(unique_figures(result) & words) > len(WHO)
    for person in WHO:
        if person.scope is Scope.MANAGER:
            assert all(person.name in texts[where] for where in ("page", "cells", "terminal"))


def test_a_team_is_never_called_by_a_bare_name_of_its_leader() -> None:
    for language, label in (("en", "Team of "), ("nl", "Team van ")):
        report = management_report(crowd(WHO, unlike, language=language))  # type: ignore[arg-type]
        labels = [row.label for table in report.tables for row in table.rows]
        assert f"{label}{LEADER.name}" in labels
        assert LEADER.name not in labels


# ---------------------------------------------------------------------------------- subtraction


def sets_shown(result: RunResult, who: tuple[Person, ...]) -> set[frozenset[str]]:
    """Of whom each number of management's report is the sum: person i has 2**i of everything."""
    direct = {measure.name for measure in COUNTED if measure.unit is not Unit.PERCENT}
    found = set()
    for figure in management_report(result).figures():
        if figure.metric in direct | {"plan_done"}:
            found.add(_members(figure, who))
    listed = Counter(item.owner for item in of_nobody(result))
    found.add(frozenset(listed) - {""})
    return found


def _members(figure: Figure, who: tuple[Person, ...]) -> frozenset[str]:
    return frozenset(
        person.id for place, person in enumerate(who) if figure.numerator >> place & 1
    )


def atoms(sets: set[frozenset[str]], who: tuple[Person, ...]) -> list[list[str]]:
    """The people whom no sum and no difference of these sets tells apart."""
    alike: dict[tuple[bool, ...], list[str]] = defaultdict(list)
    order = sorted(sets, key=sorted)
    for person in who:
        alike[tuple(person.id in one for one in order)].append(person.id)
    return list(alike.values())


@pytest.mark.parametrize("seed", range(120))
def test_no_difference_of_what_is_shown_is_about_fewer_than_five(seed: int) -> None:
    dice = random.Random(seed)
    teams = [dice.choice((1, 1, 2, 3, 4, 5, 5, 6, 8)) for _ in range(dice.randrange(6))]
    who = people(
        teams, former=dice.choice((0, 1, 3, 4, 5, 7)), alone=dice.choice((0, 0, 1, 4, 5))
    )
    result = crowd(who, lambda place: 1 << place, nobody=1 << len(who))
    told_apart = atoms(sets_shown(result, who), who)
    if len(told_apart) > 1:
        assert min(map(len, told_apart)) >= FEWEST
    managers = {person.id for person in who if person.scope is Scope.MANAGER}
    for group in told_apart if len(told_apart) > 1 else ():
        of_managers = managers.intersection(group)
        assert not of_managers or len(of_managers) >= FEWEST


def test_the_attack_succeeds_where_management_sees_names() -> None:
    who = people((6, 5), former=1)
    named = crowd(who, lambda place: 1 << place, audience="named")
    assert min(map(len, atoms(sets_shown(named, who), who))) == 1
    own = crowd(who, lambda place: 1 << place)
    assert sorted(map(len, atoms(sets_shown(own, who), who))) == [6, 6]


@pytest.mark.parametrize("teams", [(3,), (4,), (12,), (2, 4)])
def test_a_company_of_one_group_is_shown_as_a_whole(teams: tuple[int, ...]) -> None:
    result = crowd(people(teams, former=1), unlike, nobody=5)
    report = management_report(result)
    (table,) = (table for table in report.tables if table.key == "teams")
    assert [row.label for row in table.rows] == ["Company"]
    assert "Only the company is shown" in table.note


def test_what_is_listed_tells_nothing_of_few_former_colleagues() -> None:
    few, many = (crowd(people((6, 7), former=former), unlike) for former in (4, 5))
    assert {item.owner for item in of_nobody(few)} == {""}
    assert len({item.owner for item in of_nobody(many)}) == 6
    for result in (few, many):
        assert not any("Oud" in item.label for item in of_nobody(result))
    assert "without an owner are listed" in " ".join(management_report(few).notes)


# ------------------------------------------------------------------------------- managers' pages


@pytest.mark.parametrize("audience", ["own", "named"])
def test_an_exception_for_one_record_tells_where_it_stands_and_no_more(audience: str) -> None:
    """With `own`: a reason or an approver might say whose record it is."""
    about = {"entity": "deal", "reason": "agreed with Kim", "approver": "Lou"}
    record, rule = (
        ExceptionUse(
            ExceptionLine(f"line {number}", ExceptionState.EXEMPT, **about, **which),
            ExceptionOutcome.EXEMPT,
            1,
        )
        for number, which in ((2, {"record_id": "d-4711"}), (3, {"rule": "amount"}))
    )
    result = crowd(WHO, unlike, audience=audience)  # type: ignore[arg-type]
    report = management_report(replace(result, exceptions=(record, rule)))
    (table,) = (table for table in report.tables if table.key == "exceptions")
    of_record, of_rule = (" ".join(map(str, row.cells)) for row in table.rows)
    for private in ("d-4711", "Kim", "Lou"):
        assert (private in of_record) == (audience == "named")
    assert "Kim" in of_rule
    assert "Lou" in of_rule


def test_every_manager_keeps_the_own_page() -> None:
    own, named = (crowd(WHO, unlike, audience=audience) for audience in ("own", "named"))  # type: ignore[arg-type]
    of_own, of_named = list(manager_reports(own)), list(manager_reports(named))
    assert len(of_own) == len(of_named) == 19
    for mine, theirs in zip(of_own, of_named, strict=True):
        assert mine.fix_list == theirs.fix_list
        assert mine.tables == tuple(t for t in theirs.tables if t.key != "seen")
        assert "sales management sees only groups" in str(mine.element("readers"))
        assert "For you, sales management" in str(theirs.element("readers"))


@pytest.mark.parametrize(
    ("teams", "label"),
    [((6, 6), "Your team"), ((5, 6), "The company"), ((3, 3), "The company"), ((3, 2), None)],
)
def test_nobody_can_take_their_own_from_a_group_and_see_less_than_five(
    teams: tuple[int, ...], label: str | None
) -> None:
    result = crowd(people(teams), unlike)
    report = manager_report(result, result.people[0])
    assert [row.label for row in report.element("team")] == ([label] if label else [])


# ------------------------------------------------------------------------------------ agreement

AGREED = Agreement("the OR", date(2026, 1, 31), date(2026, 12, 31))
ENDED = replace(AGREED, until=date(2026, 11, 15))
"""A day before as-of's."""


@pytest.mark.parametrize(
    ("agreement", "language", "expected"),
    [
        (AGREED, "en", "An agreement with the OR of 31 Jan 2026 covers these figures until 31 Dec 2026."),
        (AGREED, "nl", "Een overeenkomst met the OR van 31 jan 2026 geldt voor deze cijfers tot en met 31 dec 2026."),
        (replace(AGREED, until=None), "en", "An agreement with the OR of 31 Jan 2026 covers these figures."),
        (ENDED, "en", "The agreement with the OR of 31 Jan 2026 ended on 15 Nov 2026."),
        (ENDED, "nl", "De overeenkomst met the OR van 31 jan 2026 is op 15 nov 2026 geëindigd."),
    ],
)  # fmt: skip
def test_the_agreement_is_on_every_page(
    agreement: Agreement, language: LanguageCode, expected: str
) -> None:
    result = replace(crowd(WHO, unlike, language=language), agreement=agreement)
    reports = (management_report(result), manager_report(result, WHO[0]))
    for report in reports:
        assert expected in report.notes
        assert expected in render_page(report)
    headed = [row.cells for row in reports[0].element("agreement")]
    assert headed == ([(expected,)] if agreement is ENDED else [])


def test_an_agreement_holds_on_its_last_day() -> None:
    assert not AGREED.ended_by(date(2026, 12, 31))
    assert AGREED.ended_by(date(2027, 1, 1))


# ------------------------------------------------------------------------------------- terminal


def test_the_terminal_has_the_groups_and_their_figures() -> None:
    result = crowd(WHO, unlike, nobody=311, language="nl")
    made = summary_table(result)
    names, *_ = made.columns
    assert [str(cell) for cell in names.cells] == [
        "Region 3", f"Team of {LEADER.name}", "Other teams and former colleagues", "No owner",
        "[bold]Company[/]",
    ]  # fmt: skip
    assert names.header == "Team"
    (won,) = (column for column in made.columns if column.header == "Won")
    company = format_figure(result.figures["deals_won@company"], ENGLISH)
    assert list(won.cells)[-1] == company
