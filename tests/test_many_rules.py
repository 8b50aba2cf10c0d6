"""What hundreds of rules and thousands of people cost: how often things are worked out, never for
how long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from pipeline.findings import About, findings_of
from pipeline.findings.stored import ids_in, write_failing
from pipeline.findings.tallies import failing_tallies, group_of
from pipeline.measures.figures import make_figures
from pipeline.measures.scopes import FigureInputs
from pipeline.model import (
    Answers,
    Demand,
    FailingRecord,
    FieldSet,
    Person,
    Scope,
    Span,
    Tally,
    conditions,
    same_in_all,
)
from pipeline.model.checks import OneOf
from pipeline.model.conditions import InState
from pipeline.reports.content.manager import manager_report
from pipeline.reports.excel import sheet_text
from pipeline.reports.excel.sheet_text import list_rows
from tests.factory import PEOPLE, result, window

HELD = InState(("held",))
DEMANDS = tuple(
    Demand(f"d{n}", same_in_all(f"thing {n}"), ("subject",), when=HELD, checks=(OneOf(("x",)),))
    for n in range(40)
)
FIELDS = FieldSet("meeting", DEMANDS)
RECORDS = tuple(
    FailingRecord("meeting", f"m{n}", f"u{n % 7}", n, Span.SCORE) for n in range(1, 1_000)
)
"""Each with a mask of its own."""


@contextmanager
def calls_of(owner: Any, name: str) -> Iterator[list[object]]:
    """The calls of a function while this lasts."""
    calls: list[object] = []
    plain: Callable[..., Any] = getattr(owner, name)

    def counting(*arguments: Any) -> Any:
        calls.append(arguments)
        return plain(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, counting)
        yield calls


def test_a_condition_is_put_in_words_once_per_demand() -> None:
    fields = replace(FIELDS)
    with calls_of(conditions.InState, "__str__") as words:
        keys = {fields.due_key(demand) for _ in range(100) for demand in fields.demands}
    assert keys == {"meeting.held"}
    assert len(words) == len(DEMANDS)


def test_counts_are_named_once_for_all_masks() -> None:
    def tallies_of(records: Sequence[FailingRecord]) -> tuple[list[Tally], int]:
        with calls_of(FieldSet, "verdicts_key") as named:
            groups = Counter(map(group_of, records))
            return list(failing_tallies(groups, {"meeting": FIELDS})), len(named)

    tallies, times = tallies_of(RECORDS)
    assert times == tallies_of(RECORDS[:1])[1]
    failing = [t for t in tallies if t.company and t.name == "failing.score"]
    assert [tally.value for tally in failing] == [len(RECORDS)]
    first = next(t for t in tallies if t.company and t.name == "missing.base")
    assert (first.dimension, first.value) == ("meeting.d0", 500)  # every other mask has bit 0


def test_records_share_the_texts_of_what_they_lack() -> None:
    labels = {("meeting", record.record_id): "" for record in RECORDS}
    about = About(labels, {"meeting": FIELDS}, {"meeting": FIELDS.rules}, {}, "Europe/Berlin")
    invalid = (record._replace(mask=record.mask << len(DEMANDS)) for record in RECORDS)
    items = findings_of(invalid, about).items
    assert items[0].missing[0].en == "thing 0: not valid"
    assert len(items) == len(RECORDS)
    assert sum(len(item.missing) for item in items) > 4_000
    said = (text for item in items for text in item.missing)
    assert len({id(text) for text in said}) == 10  # masks below 1,000 have ten bits


def test_people_share_all_of_their_figures_but_the_numbers() -> None:
    people = [Person(f"u{n}", f"U{n}", "", "", Scope.MANAGER) for n in range(50)]
    due = (Tally(False, p.id, "due.score", "meeting.held", "", 20) for p in people)
    company = Tally(True, None, "due.score", "meeting.held", "", 20 * len(people))
    inputs = FigureInputs(people, {"meeting": FIELDS}, (), (), window())
    figures = make_figures(Answers((*due, company), ()), inputs)
    headings = {id(heading) for heading, *_ in figures.entries()}
    assert len(figures) > 50 * 3 * len(DEMANDS)
    assert len(headings) < len(figures) / 8
    good = figures["field_good/meeting.d3@manager:u7"]
    assert (good.numerator, good.denominator) == (20, 20)
    assert figures[good.id] is not good  # made when it is asked for


def test_a_workbooks_list_asks_once_what_a_rule_says() -> None:
    report = manager_report(result(), PEOPLE[0])
    report = replace(report, fix_list=report.fix_list * 20)
    with calls_of(sheet_text, "field_labels") as asked:
        rows = list(list_rows(report))
    assert len(rows) > 20 * len(asked)
    rules = {rule for item in report.fix_list for rule in item.rules}
    assert len(asked) == len(rules)


def test_the_list_of_failing_records_says_whom_to_name(tmp_path: Path) -> None:
    """So that no statement of hundreds of conditions is asked again for it."""
    file = tmp_path / "it's failing%.parquet"
    call = FailingRecord("call", "c1", "u1", 1, Span.SCORE)
    write_failing(file, (*RECORDS[:3], RECORDS[0]._replace(owner="u9", is_repeat=True), call))
    with create_engine("duckdb://").connect() as connection:
        named = {str(row.id) for row in connection.execute(ids_in(file, "meeting"))}
        rows = len(connection.execute(ids_in(file, "meeting")).all())
    assert named == {"m1", "m2", "m3"}
    assert rows == len(named)
