"""What became of findings: whose it counts for."""

from __future__ import annotations

from collections import Counter

from pipeline.measures.credited import credit_tallies
from pipeline.model import Debtor, Person, Scope
from pipeline.model.history import Completions, Credit

USERS = (
    Person("a", "Ann", "", "", Scope.MANAGER),
    Person("x", "Kim", "", "", Scope.INACTIVE),
)


def test_each_is_credited_once_to_whoever_owed_it_and_to_the_company() -> None:
    """Sales support is one pool; who is not in the CRM any more is nobody."""
    completed = (
        Credit("1", "a", Debtor.OWNER),
        Credit("2", "a", Debtor.CREATOR),
        Credit("3", "x", Debtor.OWNER),
        Credit("4", "gone", Debtor.OWNER),
        Credit("5", "", Debtor.OPERATOR),
    )
    again = (Credit("6", "a", Debtor.OWNER),)
    counted: Counter[tuple[str, str, str]] = Counter()
    for tally in credit_tallies(Completions(completed, again), USERS):
        whose = "company" if tally.company else tally.owner or "nobody"
        counted[tally.name, whose, tally.dimension] += tally.value
    assert +counted == {
        ("findings_completed", "a", ""): 2,
        ("findings_completed", "x", ""): 1,
        ("findings_completed", "nobody", ""): 1,
        ("findings_completed", "nobody", "operator/"): 1,
        ("findings_completed", "company", ""): 4,
        ("findings_completed", "company", "operator/"): 1,
        ("findings_open_again", "a", ""): 1,
        ("findings_open_again", "company", ""): 1,
    }


def test_that_there_was_nothing_is_known_too() -> None:
    tallies = [*credit_tallies(Completions((), ()), USERS)]
    assert {(tally.name, tally.company, tally.value) for tally in tallies} == {
        ("findings_completed", True, 0),
        ("findings_open_again", True, 0),
    }
