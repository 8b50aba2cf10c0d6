"""From counts to figures: for every scope, exactly, and so that the parts add up to the company."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from pipeline.calendar.window import open_window
from pipeline.errors import ProofError
from pipeline.findings.tallies import failing_tallies, group_of
from pipeline.measures.figures import make_figures
from pipeline.measures.points import Points, whole
from pipeline.measures.scopes import FigureInputs, plan_month, who_owns
from pipeline.model import (
    SHARES,
    Answers,
    Demand,
    FailingRecord,
    FieldSet,
    Figure,
    Person,
    Scope,
    Span,
    TableAccount,
    Tally,
    Target,
    Unit,
    Window,
    figure_id,
)
from pipeline.model.checks import OneOf
from pipeline.model.conditions import HELD

ANNA = Person("a", "Anna", "t1", "North", Scope.MANAGER)
BO = Person("b", "Bo", "t1", "North", Scope.MANAGER)
CARA = Person("c", "Cara", "", "", Scope.MANAGER)
GONE = Person("g", "Gone", "t1", "North", Scope.INACTIVE)
LEFT = Person("l", "Left", "", "", Scope.INACTIVE)
PEOPLE = (ANNA, BO, CARA, GONE, LEFT)

Count = tuple[str | None, str, str, str, int]
"""(owner, name, dimension, currency, value)"""


def window(first: date | None = None, after_last: date | None = None) -> Window:
    """Monday, 16 November 2026, in the morning: eleven working days are left."""
    return open_window(
        as_of=datetime(2026, 11, 16, 6, tzinfo=UTC), zone="Europe/Berlin", working_week=range(5), first=first,
        after_last=after_last,
    )  # fmt: skip


def answers(counts: Sequence[Count], failing: Sequence[FailingRecord] = ()) -> Answers:
    """The owners' counts, and the company's, which a database would have counted by itself."""
    company: dict[tuple[str, str, str], int] = {}
    for _, name, dimension, currency, value in counts:
        company[name, dimension, currency] = company.get((name, dimension, currency), 0) + value
    return Answers(
        (
            *(Tally(False, owner, name, dimension, currency, value) for owner, name, dimension, currency,
              value in counts),
            *(Tally(True, None, name, dimension, currency, value) for (name, dimension, currency),
              value in company.items()),
        ),
        tuple(failing),
    )  # fmt: skip


def figures(
    counts: Sequence[Count],
    *,
    failing: Sequence[FailingRecord] = (),
    field_sets: Mapping[str, FieldSet] | None = None,
    targets: Sequence[Target] = (),
    moments: Window | None = None,
    people: Sequence[Person] = PEOPLE,
    accounts: Sequence[TableAccount] = (),
) -> dict[str, Figure]:
    inputs = FigureInputs(people, field_sets or {}, targets, accounts, moments or window())
    made = make_figures(answers(counts, failing), inputs)
    assert len({*made}) == len(made)
    for figure in made.values():
        scope, key = figure.scope, figure.key
        assert figure.id == figure_id(
            figure.metric, figure.dimension, figure.currency, scope, key
        )
    return dict(made)


def won(**owners: int) -> list[Count]:
    return [
        (None if owner == "nobody" else owner, "deals_won", "", "", value)
        for owner, value in owners.items()
    ]


def numbers(found: Mapping[str, Figure], metric: str) -> dict[str, int | tuple[int, int]]:
    """scope[:key] -> the number, or the pair of a ratio."""
    return {
        name.partition("@")[2]: f.numerator
        if f.denominator is None
        else (f.numerator, f.denominator)
        for name, f in found.items()
        if name.startswith(f"{metric}@")
    }


# ------------------------------------------------------------------------------------------------ adding up


def test_every_scope_has_the_figure_and_the_parts_add_up() -> None:
    found = numbers(figures(won(a=3, b=2, c=1, g=5, l=7, nobody=11)), "deals_won")
    assert found == {
        "manager:a": 3,
        "manager:b": 2,
        "manager:c": 1,
        "inactive": 12,
        "unassigned": 11,
        "team": 1,  # no team
        "team:t1": 5,
        "company": 29,
    }


def test_who_has_nothing_has_a_zero() -> None:
    found = numbers(figures(won(a=3)), "deals_won")
    assert found == {
        **{
            "manager:a": 3,
            "manager:b": 0,
            "manager:c": 0,
            "inactive": 0,
            "unassigned": 0,
            "team": 0,
            "team:t1": 3,
        },
        "company": 3,
    }


@pytest.mark.parametrize("change", [1, -1])
def test_a_company_that_differs_is_named(change: int) -> None:
    good = answers(won(a=3, b=2, nobody=1))
    tallies = [replace(t, value=t.value + change) if t.company else t for t in good.tallies]
    with pytest.raises(ProofError, match="do not add up") as error:
        make_figures(Answers(tuple(tallies), ()), FigureInputs(PEOPLE, {}, (), (), window()))
    assert error.value.differences == (
        ("deals_won@company", "adding up", str(6 + change), "6"),
    )


def test_each_count_adds_up_by_itself() -> None:
    good = answers(
        [("a", "deals_won_amount", "", "EUR", 5), ("b", "deals_won_amount", "", "USD", 5)]
    )
    swapped = [
        replace(
            t,
            currency={"EUR": "USD", "USD": "EUR"}[t.currency],
            value=t.value + (t.currency == "EUR"),
        )
        if t.company
        else t
        for t in good.tallies
    ]
    with pytest.raises(ProofError) as error:
        make_figures(Answers(tuple(swapped), ()), FigureInputs(PEOPLE, {}, (), (), window()))
    assert error.value.differences == (("deals_won_amount/USD@company", "adding up", "6", "5"),)


def test_a_count_that_only_the_company_has_and_one_that_it_lacks() -> None:
    good = answers(won(a=3))
    more = (
        *good.tallies,
        Tally(True, None, "deals_lost", "", "", 2),
        Tally(False, "a", "calls_held", "", "", 4),
    )
    with pytest.raises(ProofError) as error:
        make_figures(Answers(more, ()), FigureInputs(PEOPLE, {}, (), (), window()))
    assert error.value.differences == (
        ("calls_held@company", "adding up", "0", "4"),
        ("deals_lost@company", "adding up", "2", "0"),
    )


def test_an_owner_whom_nobody_knows_does_not_vanish() -> None:
    with pytest.raises(ProofError, match="do not add up") as error:
        figures(won(a=3, stranger=4))
    assert error.value.differences == (("deals_won@company", "adding up", "7", "3"),)


def test_money_is_never_added_across_currencies() -> None:
    found = figures([
        ("a", "deals_open_amount", "", "EUR", 100), ("a", "deals_open_amount", "", "USD", 7),
        ("b", "deals_open_amount", "", "EUR", 50), (None, "deals_open_amount", "", "", 3),
    ])  # fmt: skip
    assert numbers(found, "deals_open_amount/EUR")["company"] == 150
    assert numbers(found, "deals_open_amount/USD")["company"] == 7
    assert numbers(found, "deals_open_amount/USD")["manager:b"] == 0
    assert not numbers(
        found, "deals_open_amount"
    )  # what has no currency is counted as unreadable, and is no money
    assert found["deals_open_amount/EUR@company"].unit is Unit.MONEY


def test_sums_beyond_64_bits() -> None:
    found = figures(
        [(owner, "deals_won_amount", "", "EUR", 2**63 - 1) for owner in ("a", "b", "c", None)]
    )
    assert found["deals_won_amount/EUR@company"].numerator == 4 * (2**63 - 1)


# ------------------------------------------------------------------------------------------------ ratios


def test_ratios_are_pooled_and_never_averaged() -> None:
    counts = [
        *won(a=1, b=90),
        ("a", "deals_lost", "", "", 0),
        ("b", "deals_lost", "", "", 10),
        ("c", "deals_lost", "", "", 4),
    ]
    found = numbers(figures(counts), "win_rate")
    assert found["manager:a"] == (1, 1)
    assert found["manager:b"] == (90, 100)
    assert found["manager:c"] == (0, 4)
    assert found["team:t1"] == (91, 101)
    assert found["company"] == (91, 105)
    assert found["unassigned"] == (0, 0)  # nothing closed: no rate, and not zero


def test_complete_meetings_are_a_part_of_those_held() -> None:
    counts = [("a", "meetings_held", "", "", 240), ("a", "meetings_complete", "", "", 212)]
    figure = figures(counts)["complete_meetings@manager:a"]
    assert (figure.numerator, figure.denominator, figure.unit) == (212, 240, Unit.PERCENT)


# ------------------------------------------------------------------------------------------------ scores

SETS = {
    "meeting": FieldSet("meeting", (Demand("date", "date", ("start_at",)), Demand("result", "result", ("result",), 3,
    HELD))),
    "client": FieldSet("client", (Demand("name", "name", ("name",)),)),
    "lead": FieldSet("lead", (Demand("last_name", "last name", ("last_name",), 5),)),
    "call": FieldSet("call", ()),
}  # fmt: skip


def fields(
    owner: str | None,
    dimension: str,
    due: int,
    missing: int,
    base_due: int = 0,
    base_missing: int = 0,
) -> list[Count]:
    entity, _, name = dimension.partition(".")
    (demand,) = (field for field in SETS[entity].demands if field.name == name)
    key = SETS[entity].due_key(demand)
    return [
        (owner, "due.score", key, "", due),
        (owner, "missing.score", dimension, "", missing),
        (owner, "due.base", key, "", base_due),
        (owner, "missing.base", dimension, "", base_missing),
    ]


def without_those_of(records: Sequence[FailingRecord], counts: Sequence[Count]) -> list[Count]:
    """The counts, less what these records miss: that is made from the list of them."""
    listed = {
        (tally.owner or None, tally.name, tally.dimension): tally.value
        for tally in failing_tallies(Counter(map(group_of, records)), SETS)
        if not tally.company
    }
    return [
        (owner, name, dimension, currency, value - listed.get((owner, name, dimension), 0))
        for owner, name, dimension, currency, value in counts
    ]


_COUNTED = [
    *fields("a", "meeting.date", 10, 1, 100, 20),
    *fields("a", "meeting.result", 6, 3, 60, 6),
    *fields("a", "client.name", 4, 0, 40, 10),
    *fields("a", "lead.last_name", 8, 8, 8, 8),
    *fields("b", "meeting.date", 2, 2, 2, 2),
    *fields("b", "meeting.result", 0, 0, 0, 0),
    *fields("b", "client.name", 0, 0, 5, 0),
    *fields("c", "lead.last_name", 3, 1, 3, 1),
    *fields("g", "client.name", 1, 1, 1, 1),
    *fields(None, "client.name", 0, 0, 2, 1),
]
RECORDS = [
    FailingRecord("meeting", "1", "a", 0b11, Span.SCORE),
    FailingRecord("meeting", "2", "a", 0b10, Span.SCORE),
    FailingRecord("meeting", "3", "a", 0b01, Span.OUTSIDE),
    FailingRecord("client", "1", "g", 0b1, Span.SCORE),
    FailingRecord("lead", "1", "a", 0b1, Span.SCORE),
    FailingRecord("lead", "2", "c", 0b1, Span.OUTSIDE),
    FailingRecord("client", "2", "", 0b1, Span.OUTSIDE),
]
COUNTED = without_those_of(RECORDS, _COUNTED)


def scored() -> dict[str, Figure]:
    return figures(COUNTED, failing=RECORDS, field_sets=SETS)


def test_what_nobody_can_tell_is_a_figure_of_each_demand_with_a_condition() -> None:
    """For everybody; a demand of every record has none."""
    told = [*COUNTED, ("a", "unknown.base", "meeting.held", "", 4)]
    found = figures(told, failing=RECORDS, field_sets=SETS)
    unknown = numbers(found, "demand_unknown/meeting.result")
    assert (unknown["manager:a"], unknown["manager:b"], unknown["company"]) == (4, 0, 4)
    assert not [name for name in found if name.startswith("demand_unknown/meeting.date")]


def test_what_is_not_valid_costs_points_and_has_a_figure() -> None:
    demand = Demand("source", "source", ("name",), 3, checks=(OneOf(("web",)),))
    sets = {**SETS, "deal": FieldSet("deal", (demand,))}
    due = [("a", f"{what}.{among}", "deal", "", 12)
           for what in ("due", "records") for among in ("score", "base")]  # fmt: skip
    invalid = FailingRecord("deal", "1", "a", 0b10, Span.SCORE)
    found = figures(due, failing=[invalid], field_sets=sets)
    assert numbers(found, "points_kept/deal")["manager:a"] == 3 * 11
    assert numbers(found, "field_good/deal.source")["manager:a"] == (11, 12)
    for name in ("field_invalid", "base_invalid"):
        assert numbers(found, f"{name}/deal.source")["company"] == 1
    assert numbers(found, "field_missing/deal.source")["company"] == 0


def test_points_are_weights_of_what_is_good_of_what_is_due() -> None:
    found = scored()
    assert numbers(found, "points_kept/meeting")["manager:a"] == 9 + 3 * 3
    assert numbers(found, "points_due/meeting")["manager:a"] == 10 + 3 * 6
    assert numbers(found, "score/meeting")["manager:a"] == (18, 28)
    assert numbers(found, "base_points_kept/meeting")["manager:a"] == 80 + 3 * 54
    assert numbers(found, "base/client")["manager:a"] == (30, 40)


def test_the_whole_is_the_mean_of_the_kinds_by_their_shares() -> None:
    """Meetings weigh 30 and clients 10; a client's 4 points in the score are too few to count."""
    found = scored()
    assert numbers(found, "score")["manager:a"] == (9, 14)
    expected = (30 * Fraction(242, 280) + 10 * Fraction(30, 40)) / 40
    assert numbers(found, "base")["manager:a"] == expected.as_integer_ratio()


@pytest.mark.parametrize(
    ("meetings", "clients", "kind", "whole"),
    [
        (9, 100, False, (1, 2)),  # 9 points of a kind are too few for a percentage
        (10, 9, True, (0, 0)),  # and 19 in all too few for the whole
        (10, 10, True, (7, 8)),  # shares 30 and 10
        (20, 9, True, (1, 1)),
    ],
)
def test_too_few_points_make_no_percentage(
    meetings: int, clients: int, kind: bool, whole: tuple[int, int]
) -> None:
    counts = [
        *fields("a", "meeting.date", meetings, 0),
        *fields("a", "client.name", clients, 0),
        *fields("b", "client.name", 1_000, 0),
    ]
    half = [FailingRecord("client", str(n), "a", 1, Span.SCORE) for n in range(clients // 2)]
    found = figures(counts, failing=half, field_sets=SETS)
    score = found.get("score/meeting@manager:a")  # a ratio of nothing is not made
    assert (score is not None and score.numerator == score.denominator) is kind
    assert numbers(found, "score")["manager:a"] == whole
    assert numbers(found, "points_due/meeting")["manager:a"] == meetings


def test_two_hundred_easy_calls_do_not_bury_a_deal() -> None:
    points = {"deal": Points(5, 10), "call": Points(20, 20)}
    more = {"deal": Points(5, 10), "call": Points(820, 820)}
    assert whole(points, SHARES) == whole(more, SHARES) == (Fraction(30, 2) + 10) / 40


def test_shares_of_nothing_make_no_whole() -> None:
    assert whole({"deal": Points(50, 50)}, {"deal": 0, "meeting": 30}) is None
    assert whole({"lead": Points(50, 50)}, SHARES) is None


def test_leads_are_in_no_managers_score_and_have_their_own() -> None:
    found = scored()
    assert numbers(found, "score")["manager:c"] == (0, 0)
    assert numbers(found, "score/lead")["manager:c"] == (10, 15)
    assert numbers(found, "score/lead")["manager:a"] == (0, 40)
    assert numbers(found, "score/lead")["company"] == (10, 55)
    # Bo's two dates are the meetings' alone; the former colleague's client makes 5 points
    assert numbers(found, "score")["company"] == (3, 5)


def test_where_nothing_is_due_there_is_no_score() -> None:
    found = scored()
    assert numbers(found, "score")["unassigned"] == (0, 0)
    assert numbers(found, "score/meeting")["inactive"] == (0, 0)
    assert numbers(found, "base")["unassigned"] == (0, 0)
    assert numbers(found, "base_points_due/client")["unassigned"] == 2
    # a set without demands has none at all
    assert not any(name.startswith("score/call") for name in found)


def test_a_ratio_of_which_nothing_is_due_to_anybody_is_not_made() -> None:
    counts = [*fields("a", "meeting.date", 0, 0), *fields("a", "client.name", 0, 0, 3, 0)]
    found = figures(
        counts, failing=[FailingRecord("client", "1", "a", 1, Span.OUTSIDE)], field_sets=SETS
    )
    assert {figure.metric for figure in found.values() if figure.denominator is not None} == {
        "base_good",
    }
    assert {figure.dimension for figure in found.values() if figure.metric == "base_good"} == {
        "client.name"
    }
    filled = numbers(found, "base_good/client.name")
    assert (filled["manager:a"], filled["unassigned"], filled["company"]) == (
        (2, 3),
        (0, 0),
        (2, 3),
    )
    for scope in (
        "inactive",
        "unassigned",
        "company",
    ):  # counts stay, so that the parts are seen to add up
        assert numbers(found, "records_failing")[scope] == 0
        assert numbers(found, "field_missing/meeting.date")[scope] == 0


def test_a_failing_record_of_several_owners_is_the_companys_once() -> None:
    again = [(True, "b"), (True, "c")]
    records = [
        *RECORDS,
        *(FailingRecord("meeting", "1", owner, 1, Span.SCORE, later) for later, owner in again),
    ]
    found = figures(COUNTED, failing=records, field_sets=SETS)
    once = figures(COUNTED, failing=RECORDS, field_sets=SETS)
    assert (
        numbers(found, "records_failing")["company"]
        == numbers(once, "records_failing")["company"]
        == 3
    )
    assert numbers(found, "records_failing")["double_counted"] == 2
    assert numbers(found, "records_failing")["manager:b"] == 1


def test_failing_records_of_an_owner_whom_nobody_knows_do_not_vanish() -> None:
    with pytest.raises(ProofError) as refused:
        figures(
            COUNTED,
            failing=[*RECORDS, FailingRecord("client", "9", "a stranger", 1, Span.OUTSIDE)],
            field_sets=SETS,
        )
    assert [(name, *values) for name, _, *values in refused.value.differences] == [
        ("failing.base/client@company", "2", "1"),
        ("missing.base/client.name@company", "13", "12"),
    ]


def test_scores_are_pooled() -> None:
    found = scored()
    assert numbers(found, "score/meeting")["team:t1"] == (18 + 0, 28 + 2)
    assert numbers(found, "score")["team:t1"] == (3, 5)
    assert numbers(found, "score")["team"] == (0, 0)
    assert numbers(found, "points_due/client")["inactive"] == 1


def test_each_field_is_told_with_what_is_missing() -> None:
    found = scored()
    assert numbers(found, "field_good/meeting.result")["manager:a"] == (3, 6)
    assert numbers(found, "field_missing/meeting.result")["manager:a"] == 3
    assert numbers(found, "base_good/meeting.date")["company"] == (80, 102)
    assert numbers(found, "base_missing/meeting.date")["company"] == 22
    assert numbers(found, "field_good/lead.last_name")["company"] == (2, 11)


def test_records_to_repair_are_counted_once_each() -> None:
    found = scored()
    assert numbers(found, "records_failing/meeting")["manager:a"] == 2
    assert numbers(found, "records_failing_outside/meeting")["manager:a"] == 1
    assert numbers(found, "records_failing")["manager:a"] == 2  # the lead stands apart
    assert numbers(found, "records_failing/lead")["manager:a"] == 1
    assert numbers(found, "records_failing")["inactive"] == 1
    assert numbers(found, "records_failing_outside")["unassigned"] == 1
    assert numbers(found, "records_failing")["company"] == 3
    assert numbers(found, "records_failing_outside")["company"] == 2
    assert numbers(found, "records_failing_outside/lead")["company"] == 1
    assert numbers(found, "records_failing")["team:t1"] == 2


# ------------------------------------------------------------------------------------------------ plans


def month(**owners: int) -> list[Count]:
    """Deals won in the month of the plan, and as many in the period."""
    return [
        (None if owner == "nobody" else owner, name, "", "", value)
        for owner, value in owners.items()
        for name in ("month.deals_won", "deals_won")
    ]


TARGETS = (Target("a", "2026-11", "deals_won", 8), Target("b", "2026-11", "deals_won", 2))
DONE = month(a=5, b=6, c=4, g=2, nobody=1)


def plan(found: Mapping[str, Figure], name: str) -> dict[str, int | tuple[int, int]]:
    return numbers(found, f"plan_{name}/deals_won")


def test_done_target_left_and_over() -> None:
    found = figures(DONE, targets=TARGETS)
    assert plan(found, "target") == {
        "manager:a": 8,
        "manager:b": 2,
        "team:t1": 10,
        "company": 10,
    }
    assert plan(found, "done") == {"manager:a": 5, "manager:b": 6, "team:t1": 11, "company": 11}
    assert plan(found, "left") == {"manager:a": 3, "manager:b": 0, "team:t1": 0, "company": 0}
    assert plan(found, "over") == {"manager:a": 0, "manager:b": 4, "team:t1": 1, "company": 1}
    assert plan(found, "progress") == {
        "manager:a": (5, 8),
        "manager:b": (6, 2),
        "team:t1": (11, 10),
        "company": (11, 10),
    }
    assert plan(found, "needed_per_day") == {
        "manager:a": (3, 11),
        "manager:b": (0, 11),
        "team:t1": (0, 11),
        "company": (0, 11),
    }
    assert found["working_days_left@company"].numerator == 11


def test_what_was_done_without_a_target_is_shown_as_such() -> None:
    found = figures(DONE, targets=TARGETS)
    # a manager with a target has nothing without one
    assert plan(found, "without_target") == {
        "manager:c": 4,
        "team": 4,
        "team:t1": 0,
        "company": 4 + 2 + 1,
    }
    everything = plan(found, "without_target")["company"], plan(found, "done")["company"]
    assert sum(everything) == found["deals_won@company"].numerator  # type: ignore[arg-type]


def test_a_plan_without_targets() -> None:
    found = figures(DONE)
    assert plan(found, "target") == plan(found, "done") == {}
    assert plan(found, "without_target")["company"] == 18
    assert plan(found, "without_target")["manager:a"] == 5


def test_a_target_of_zero_and_one_of_a_manager_who_did_nothing() -> None:
    targets = (Target("a", "2026-11", "deals_won", 0), Target("c", "2026-11", "deals_won", 4))
    found = figures(month(a=2), targets=targets)
    assert (plan(found, "progress")["manager:a"], plan(found, "over")["manager:a"]) == (
        (2, 0),
        2,
    )
    assert (plan(found, "done")["manager:c"], plan(found, "left")["manager:c"]) == (0, 4)
    assert plan(found, "target")["team"] == 4


def test_targets_of_other_months_and_metrics_do_not_count() -> None:
    targets = (
        Target("a", "2026-10", "deals_won", 8),
        Target("a", "2026-12", "deals_won", 8),
        Target("a", "2025-11", "deals_won", 8),
        Target("a", "2027-11", "deals_won", 8),
        Target("a", "2026-11", "clients_new", 3),
    )
    found = figures([*DONE, ("a", "month.clients_new", "", "", 1)], targets=targets)
    assert plan(found, "target") == {}
    assert numbers(found, "plan_target/clients_new") == {
        "manager:a": 3,
        "team:t1": 3,
        "company": 3,
    }


def test_a_period_that_leaves_its_month_has_no_plan() -> None:
    moments = window(date(2026, 10, 1), date(2026, 12, 1))
    found = figures(DONE, targets=TARGETS, moments=moments)
    assert [
        name for name in found if name.startswith("plan_") or name.startswith("working_days")
    ] == []
    assert plan_month(moments) is None
    assert found["deals_won@company"].numerator == 18


def test_a_month_that_is_over_has_a_plan_and_no_days_left() -> None:
    moments = window(date(2026, 10, 1), date(2026, 11, 1))
    targets = (Target("a", "2026-10", "deals_won", 8),)
    found = figures(DONE, targets=targets, moments=moments)
    assert plan(found, "left")["manager:a"] == 3
    assert plan(found, "needed_per_day") == {}
    assert "working_days_left@company" not in found
    assert plan_month(moments) == "2026-10"


def test_a_part_of_the_month_has_the_whole_months_plan() -> None:
    moments = window(date(2026, 11, 10), date(2026, 11, 20))
    counts: list[Count] = [("a", "month.deals_won", "", "", 5), ("a", "deals_won", "", "", 2)]
    found = figures(counts, targets=TARGETS, moments=moments)
    assert plan(found, "done")["manager:a"] == 5
    assert found["deals_won@manager:a"].numerator == 2


# ------------------------------------------------------------------------------------------------ people and tables


def test_who_owns() -> None:
    extra = Person("z", "Zoe", "", "", Scope.MANAGER)
    idle = Person("i", "Idle", "", "", Scope.INACTIVE)
    people = [*PEOPLE, extra, idle]
    counted = answers(
        [*won(a=1, g=1), ("b", "meetings", "", "", 0), ("l", "contacts", "", "", 1)]
    )
    targets = [
        Target("c", "2026-11", "deals_won", 5),
        Target("z", "2026-10", "deals_won", 5),
        Target("i", "2026-11", "deals_won", 5),
    ]

    def found(month: str) -> list[str]:
        return [person.id for person in who_owns(people, counted, targets, month)]

    assert found("2026-11") == [
        "a",
        "c",
        "g",
        "l",
    ]  # Bo owns nothing; who is inactive has no plan
    assert found("2026-10") == ["a", "g", "l", "z"]
    assert found("2025-11") == ["a", "g", "l"]
    assert found("") == ["a", "g", "l"]


def test_where_people_report_to_each_other_a_leader_belongs_to_the_team_led() -> None:
    boss, lead, seller = (
        Person(name, name.upper(), "", "", Scope.MANAGER, leader_id=leader)
        for name, leader in (("boss", ""), ("lead", "boss"), ("seller", "lead"))
    )
    owned = [Tally(False, name, "clients", "", "", 1) for name in ("boss", "lead", "seller")]
    people = who_owns([boss, lead, seller], Answers(tuple(owned), ()), (), "2026-11")
    assert {p.id: (p.team_id, p.team) for p in people} == {
        "boss": ("boss", "BOSS"),
        "lead": ("lead", "LEAD"),
        "seller": ("lead", "LEAD"),
    }


def test_whom_only_the_inactive_report_to_leads_no_team() -> None:
    boss = Person("boss", "BOSS", "", "", Scope.MANAGER)
    lead = Person("lead", "LEAD", "", "", Scope.MANAGER, leader_id="boss")
    gone = Person("gone", "GONE", "", "", Scope.INACTIVE, leader_id="lead")
    owned = [Tally(False, name, "clients", "", "", 1) for name in ("boss", "gone", "lead")]
    people = who_owns([boss, lead, gone], Answers(tuple(owned), ()), (), "2026-11")
    assert {p.id: p.team_id for p in people} == {"boss": "boss", "lead": "boss", "gone": "lead"}


def test_a_team_is_called_after_a_leader_who_owns_nothing() -> None:
    boss = Person("boss", "Boss", "", "", Scope.MANAGER)
    seller = Person("seller", "Seller", "", "", Scope.MANAGER, leader_id="boss")
    owned = Answers((Tally(False, "seller", "clients", "", "", 1),), ())
    [found] = who_owns([boss, seller], owned, (), "2026-11")
    assert (found.id, found.team_id, found.team) == ("seller", "boss", "Boss")


def test_the_company_counts_its_people() -> None:
    found = figures(won(a=1))
    assert found["managers@company"].numerator == 3
    assert found["teams@company"].numerator == 1  # none is no team
    assert found["inactive_users@company"].numerator == 2


def test_the_accounting_of_every_table() -> None:
    found = figures(
        won(a=1),
        accounts=[
            TableAccount("deals", 12, 9, {"deleted": 2, "outside": 1}),
            TableAccount("teams", 0, 0, {}),
        ],
    )
    assert found["table_rows/deals@company"].numerator == 12
    assert found["table_audited/deals@company"].numerator == 9
    assert found["table_excluded/deals/deleted@company"].numerator == 2
    assert found["table_excluded/deals/outside@company"].numerator == 1
    assert found["table_rows/teams@company"].numerator == 0


def test_nobody_at_all() -> None:
    found = figures(won(nobody=3), people=())
    assert numbers(found, "deals_won") == {"inactive": 0, "unassigned": 3, "company": 3}
    assert found["managers@company"].numerator == 0


def test_the_order_is_the_same_whatever_the_order_of_the_answers() -> None:
    given = answers(COUNTED, RECORDS)
    turned = Answers(tuple(reversed(given.tallies)), tuple(reversed(given.failing)))
    inputs = FigureInputs(PEOPLE, SETS, TARGETS, (), window())
    made = (make_figures(each, inputs) for each in (given, turned))
    first, second = (list(figures.values()) for figures in made)
    assert first == second
