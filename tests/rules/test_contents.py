"""What a rule asks for: a change of that ends the findings of before, and no other change does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.model import Debtor, Demand, FieldSet, Verdict, same_in_all
from pipeline.model.checks import OneOf
from pipeline.model.conditions import HELD
from pipeline.model.judging import ASKED, JudgedColumn, Judgement
from pipeline.rules.contents import contents_of, standard_of

RESULT = Demand("result", same_in_all("result"), ("result",))
JUDGEMENT = Judgement((JudgedColumn("result"),), ASKED[:1])


def content(**changed: Any) -> str:
    return contents_of(FieldSet("meeting", (replace(RESULT, **changed),)))["result"]


@pytest.mark.parametrize(
    "changed",
    [
        {"columns": ("result", "note")},
        {"when": HELD},
        {"checks": (OneOf(("won", "lost")),)},
        {"judgement": JUDGEMENT},
    ],
)
def test_who_fails_it_decides(changed: dict[str, Any]) -> None:
    assert content(**changed) != content()


@pytest.mark.parametrize(
    "changed",
    [
        {"label": same_in_all("outcome")},
        {"why": same_in_all("so that it can be read")},
        {"used_for": same_in_all("the forecast")},
        {"weight": 5},
        {"costs": (Verdict.MISSING,)},
        {"owed_by": Debtor.OPERATOR},
    ],
)
def test_what_it_is_worth_and_to_whom_does_not(changed: dict[str, Any]) -> None:
    assert content(**changed) == content()


def standard(shares: int = 30, **changed: Any) -> str:
    fields = FieldSet("meeting", (replace(RESULT, **changed),))
    return standard_of({"meeting": fields}, {"meeting": shares})


@pytest.mark.parametrize(
    "changed",
    [
        {"columns": ("result", "note")},
        {"when": HELD},
        {"weight": 5},
        {"costs": (Verdict.MISSING,)},
        {"owed_by": Debtor.OPERATOR},
        {"shares": 20},
    ],
)
def test_what_decides_completeness_is_another_standard(changed: dict[str, Any]) -> None:
    assert standard(**changed) != standard()


@pytest.mark.parametrize("said", ["label", "why", "used_for"])
def test_what_is_said_of_a_rule_is_not(said: str) -> None:
    assert standard(**{said: same_in_all("other words")}) == standard()


def test_a_column_that_must_be_readable_is_a_rule_of_its_own() -> None:
    fields = FieldSet("meeting", (RESULT,), readable=("start_at", "end_at"))
    contents = contents_of(fields)
    assert contents.keys() == {"result", "unreadable.start_at", "unreadable.end_at"}
    assert len(set(contents.values())) == 3
