"""The groups that management sees with `audience: own`: who is in which, and that they add up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import ProofError
from pipeline.measures.figures import make_figures
from pipeline.measures.groups import EVERYBODY, FORMER, POOLED, Group, shown_groups
from pipeline.measures.scopes import FigureInputs, must_add_up, totals_of
from pipeline.model import Figure, Scope, Tally, Target
from tests.crowd import answers, crowd, people
from tests.factory import ACCOUNTS, field_sets, window


def sizes(groups: tuple[Group, ...]) -> list[tuple[tuple[str, ...], int, int]]:
    return [(group.teams, len(group.managers), len(group.former)) for group in groups]


@pytest.mark.parametrize(
    ("teams", "former", "alone", "expected"),
    [
        # large enough as they are
        ((5, 6), 0, 0, [(("team-0",), 5, 0), (("team-1",), 6, 0)]),
        # small ones are one group, which is large enough
        ((7, 2, 3), 0, 0, [(("team-0",), 7, 0), (("team-1", "team-2"), 5, 0)]),
        # a single small one takes the next smallest along, of two alike the first by id
        ((9, 6, 6, 2), 0, 0, [
            (("team-0",), 9, 0), (("team-2",), 6, 0), (("team-3", "team-1"), 8, 0),
        ]),
        # those of no team are a team among others
        ((6,), 0, 5, [(("",), 5, 0), (("team-0",), 6, 0)]),
        ((6, 8), 0, 2, [(("team-1",), 8, 0), (("", "team-0"), 8, 0)]),
        # former colleagues: few are among the others, five are a line of their own
        ((5, 6), 2, 0, [(("team-1",), 6, 0), (("team-0",), 5, 2)]),
        ((7, 2, 3), 4, 0, [(("team-0",), 7, 0), (("team-1", "team-2"), 5, 4)]),
        ((5, 6), 5, 0, [(("team-0",), 5, 0), (("team-1",), 6, 0), ((), 0, 5)]),
        # nothing but the company
        ((4,), 0, 0, []),
        ((1, 1, 2), 9, 0, []),
        ((12,), 0, 0, []),
        ((12,), 3, 0, []),
        ((5, 2), 0, 0, []),
        ((4, 4), 0, 0, []),
        ((), 7, 0, []),
        ((), 0, 0, []),
    ],
)  # fmt: skip
def test_who_is_shown_together(
    teams: tuple[int, ...],
    former: int,
    alone: int,
    expected: list[tuple[tuple[str, ...], int, int]],
) -> None:
    assert sizes(shown_groups(people(teams, former=former, alone=alone))) == expected


def test_no_key_of_a_group_is_an_id_of_the_crm() -> None:
    groups = shown_groups(people((5, 6, 2, 3, 5), former=6, alone=6))
    keys = [group.key for group in groups]
    assert len(set(keys)) == len(keys) == 6
    assert {POOLED, FORMER, "no_team"} < set(keys)
    assert not any("team-" in key for key in keys)


WHO = people((7, 2, 3), former=2)
RESULT = crowd(WHO, lambda place: 1_000 + place, nobody=17)


def figure(name: str) -> Figure:
    return RESULT.figures[name]


def test_a_ratio_is_computed_on_the_pool() -> None:
    pooled = [place for place, person in enumerate(WHO) if person.team_id != "team-0"]
    number = sum(1_000 + place for place in pooled)
    rate = figure(f"win_rate@group:{POOLED}")
    assert (rate.numerator, rate.denominator) == (number, 2 * number)
    filled = figure(f"field_good/client.name@group:{POOLED}")
    assert filled.denominator == 3 * number


def test_a_groups_plan_counts_what_everybody_in_it_did() -> None:
    pooled = [place for place, person in enumerate(WHO) if person.team_id != "team-0"]
    done = figure(f"plan_done/deals_won@group:{POOLED}")
    assert done.numerator == sum(1_000 + place for place in pooled)
    with_target = [place for place in pooled if place < 12 and place % 3]
    target = figure(f"plan_target/deals_won@group:{POOLED}")
    assert target.numerator == 700_000 * len(with_target)
    everybody = figure(f"plan_done/deals_won@group:{EVERYBODY}")
    assert everybody.numerator == figure("deals_won@company").numerator
    assert not any(
        name.startswith("plan_without_target") and "@group" in name for name in RESULT.figures
    )


def test_named_has_no_groups() -> None:
    named = crowd(WHO, lambda place: place, audience="named")
    assert not any(one.scope is Scope.GROUP for one in named.figures.values())
    others = {name: one for name, one in RESULT.figures.items() if one.scope is not Scope.GROUP}
    same = crowd(WHO, lambda place: 1_000 + place, nobody=17, audience="named")
    assert {*others} - {"figures_proven@company"} == {*same.figures} - {
        "figures_proven@company"
    }
    assert all(
        same.figures[name] == one for name, one in others.items() if "proven" not in name
    )


def test_groups_that_do_not_add_up_stop_the_run() -> None:
    inputs = FigureInputs(
        WHO, field_sets(), (Target("nobody", "2026-11", "deals_won", 1),), ACCOUNTS, window(),
        audience="own",
    )  # fmt: skip
    found = answers(WHO, lambda place: place, 3)
    assert make_figures(found, inputs)
    totals = totals_of(found, inputs)
    lost = [pool for pool in totals if (pool.scope, pool.key) != (Scope.GROUP, POOLED)]
    with pytest.raises(
        ProofError, match="Groups, records of nobody and sales support do not add up"
    ):
        must_add_up(lost)
    more = [
        replace(pool, counts={**pool.counts, ("deals_won", "", ""): 1})
        if (pool.scope, pool.key) == (Scope.GROUP, POOLED)
        else pool
        for pool in totals
    ]
    with pytest.raises(ProofError, match="Groups, records of nobody and sales support"):
        must_add_up(more)


def test_a_record_of_two_owners_of_different_groups_counts_in_both() -> None:
    found = answers(WHO, lambda place: place, 3)
    second = WHO[-1].id  # a former colleague's also
    again = [
        Tally(False, second, "deals_won", "", "", 5),
        Tally(False, second, "month.deals_won", "", "", 5),
    ]
    repeats = [replace(tally, is_repeat=True) for tally in again]
    both = replace(found, tallies=(*found.tallies, *again, *repeats))
    inputs = FigureInputs(WHO, field_sets(), (), ACCOUNTS, window(), audience="own")
    before, after = (
        {one.id: one.numerator for one in make_figures(given, inputs).values()}
        for given in (found, both)
    )
    name = f"deals_won@group:{POOLED}"
    assert after[name] == before[name] + 5
    assert after["deals_won@company"] == before["deals_won@company"]
    assert after["deals_won@double_counted"] == 5
