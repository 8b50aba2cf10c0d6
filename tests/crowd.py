"""A company of any teams: each of its people has counts of their own, by which they are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from pipeline.measures.company import FIGURES_PROVEN
from pipeline.measures.figures import entry, make_figures
from pipeline.measures.registry import COUNTED, PLANNED, counts_of
from pipeline.measures.scopes import FigureInputs
from pipeline.model import (
    Answers,
    Audience,
    Check,
    FailingRecord,
    FixItem,
    LanguageCode,
    LocalText,
    Person,
    Rule,
    RunResult,
    Scope,
    Span,
    Tally,
    Target,
    Verdict,
)
from pipeline.proof.prove import proven as proven_of
from tests.factory import ACCOUNTS, NOBODY, field_sets, window

NumberOf = Callable[[int], int]
"""Position of an owner -> how many of everything they have."""


def people(teams: Sequence[int], *, former: int = 0, alone: int = 0) -> tuple[Person, ...]:
    """Managers of teams of these sizes, those of no team, and former colleagues."""
    places = [
        (f"team-{number}", f"Region {number}")
        for number, size in enumerate(teams)
        for _ in range(size)
    ]
    places += [("", "")] * alone
    managers = [
        Person(f"uid-{number:03d}-x", f"Vera Zwartewater{number:03d}", *place, Scope.MANAGER)
        for number, place in enumerate(places)
    ]
    left = [
        Person(f"old-{number:03d}-x", f"Oud Vertrokken{number:03d}", "", "", Scope.INACTIVE)
        for number in range(former)
    ]
    return (*managers, *left)


def _numbers(number: int) -> Iterator[tuple[str, str, str, int]]:
    """The counts of one owner: `number` of everything."""
    for count in counts_of(COUNTED):
        if count.name == "unreadable":
            yield count.name, "deal.amount", "", number
        elif count.name == "meetings_lacking":
            yield count.name, "last_name", "", number
        elif count.name == "meetings_to_complete":
            yield count.name, "own", "", number
        else:
            yield count.name, "", "EUR" if count.money or count.per_currency else "", number
    for fields in field_sets().values():
        for key in sorted({fields.due_key(field) for field in fields.demands}):
            for span in ("score", "base"):
                yield f"due.{span}", key, "", 3 * number
        for span in ("score", "base"):
            yield f"records.{span}", fields.entity, "", 3 * number


def _items(who: Sequence[Person]) -> Iterator[FixItem]:
    """Two records of everybody, and of nobody, that miss something."""
    rules = field_sets()["meeting"].rules
    for owner in (*(person.id for person in who), NOBODY):
        for number in range(2):
            yield FixItem(
                entity="meeting",
                record_id=f"record-{owner}-{number}",
                owner=owner,
                label="Lunch",
                missing=(LocalText("result", "resultaat"),),
                why=(LocalText("", ""),),
                link="",
                span=Span.SCORE,
                day=date(2026, 11, 3),
                rules=rules[-1:],
                ids=("A234567BCD",),
            )


def _checks(who: Sequence[Person]) -> Iterator[Check]:
    rule = Rule("meeting", "check.meetings_overdue", Verdict.OVERDUE, "meetings_overdue")
    for owner in (*(person.id for person in who), NOBODY):
        yield Check(rule, f"check-{owner}", owner, "Dinner", "", Span.SCORE, date(2026, 11, 2))


def answers(who: Sequence[Person], number_of: NumberOf, nobody: int = 0) -> Answers:
    """Everybody's counts, the company's as their sum."""
    owners = [(person.id, number_of(place)) for place, person in enumerate(who)]
    company: Counter[tuple[str, str, str]] = Counter()
    tallies: list[Tally] = []
    for owner, number in (*owners, (NOBODY, nobody)):
        for name, dimension, currency, value in _numbers(number):
            tallies.append(Tally(False, owner or None, name, dimension, currency, value))
            company[name, dimension, currency] += value
    tallies += [Tally(True, None, *what, value) for what, value in company.items()]
    last = 1 << len(field_sets()["meeting"].demands) - 1
    failing = (
        FailingRecord("meeting", item.record_id, item.owner, last, Span.SCORE)
        for item in _items(who)
    )
    return Answers(tuple(tallies), tuple(failing))


def crowd(
    who: Sequence[Person],
    number_of: NumberOf,
    *,
    nobody: int = 0,
    audience: Audience = "own",
    language: LanguageCode = "en",
    targets: Sequence[Target] | None = None,
) -> RunResult:
    """What a run results in; all managers but each third have a target, unless others are
    given.
    """
    if targets is None:
        managers = [person for person in who if person.scope is Scope.MANAGER]
        targets = [
            Target(person.id, "2026-11", measure.name, 700_000)
            for place, person in enumerate(managers)
            for measure in PLANNED
            if place % 3
        ]
    inputs = FigureInputs(who, field_sets(), targets, ACCOUNTS, window(), audience=audience)
    figures = make_figures(answers(who, number_of, nobody), inputs)
    number = entry(FIGURES_PROVEN, proven_of(figures), basis="proof")
    figures.add(Scope.COMPANY, "", [number])
    return RunResult(
        run_id="2026-11-16T060000Z-7f3a",
        audit_id="sales",
        audit="Sales",
        source=LocalText("The demo CRM (SQLite)", "Het demo-CRM (SQLite)"),
        window=window(),
        people=tuple(who),
        figures=figures,
        fix_list=tuple(_items(who)),
        checks=tuple(_checks(who)),
        field_sets=field_sets(),
        not_checked={},
        language=language,
        audience=audience,
    )
