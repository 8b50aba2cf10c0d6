"""As many records are listed as are counted: neither more nor fewer, and each in its own owner's name."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.errors import ProofError
from pipeline.findings.stored import Group
from pipeline.model import Rule, Span, Tally, Verdict
from pipeline.proof.listed import must_be_listed

RULES = {
    "deal": (
        Rule("deal", "amount", Verdict.MISSING),  # a demand, which no measure counts
        Rule("deal", "check.deals_undated", Verdict.MISSING, measure="deals_undated"),
    )
}
UNDATED = 0b10


def counted(owner: str | None, number: int, *, is_repeat: bool = False) -> Tally:
    return Tally(False, owner, "deals_undated", "", "", number, is_repeat)


def listed(owner: str, *, is_repeat: bool = False, mask: int = UNDATED) -> Group:
    return owner, "deal", Span.OUTSIDE, is_repeat, mask, 0


def differences(tallies: list[Tally], groups: Mapping[Group, int]) -> list[tuple[str, ...]]:
    with pytest.raises(ProofError) as caught:
        must_be_listed(tallies, groups, RULES)
    return list(caught.value.differences)


def test_as_many_as_are_counted() -> None:
    tallies = [counted("m1", 2), counted("m2", 1), counted("m2", 1, is_repeat=True)]
    groups = {listed("m1"): 2, listed("m2", is_repeat=True): 1, listed("m3", mask=1): 5}
    must_be_listed(tallies, groups, RULES)


def test_nobodys_are_those_of_a_blank_owner() -> None:
    must_be_listed([counted(None, 1), counted("", 2)], {listed(""): 3}, RULES)


def test_what_is_counted_and_not_listed() -> None:
    found = differences([counted("m1", 2)], {listed("m1"): 1})
    assert found == [("deals_undated of m1", "records listed", "2", "1")]


def test_what_is_listed_and_not_counted() -> None:
    found = differences([counted("m1", 1)], {listed("m1"): 1, listed(""): 2})
    assert found == [("deals_undated of nobody", "records listed", "0", "2")]


def test_what_another_owner_has_already_is_compared_apart() -> None:
    found = differences([counted("m1", 1)], {listed("m1", is_repeat=True): 1})
    assert found == [("deals_undated of m1, double-counted", "records listed", "0", "1")]
