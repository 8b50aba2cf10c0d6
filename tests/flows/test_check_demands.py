"""What `check` notices of demands: those that nothing uses, and those that nobody fails."""

from __future__ import annotations

from datetime import date

from pipeline.flows.check.demands import on_unfailed, on_unused, unfailed
from pipeline.model import (
    Answers,
    CustomMeasure,
    Demand,
    FailingRecord,
    FieldSet,
    Span,
    Tally,
    same_in_all,
)
from pipeline.model.conditions import Filled, InState
from tests.factory import window
from tests.queries.test_conditions import midnight

NAME = same_in_all("x")
WON = InState(("won",))


def of_deals(*demands: Demand) -> dict[str, FieldSet]:
    return {"deal": FieldSet("deal", demands)}


def test_a_demand_that_nothing_uses() -> None:
    sets = of_deals(
        Demand("amount", NAME, ("amount",)),  # deals are counted by it
        Demand("step", NAME, ("next_step",)),
        Demand("explained", NAME, ("next_step",), why=same_in_all("it keeps a deal moving")),
        Demand("used", NAME, ("next_step",), used_for=same_in_all("the Monday meeting")),
        Demand("checked", NAME, ("next_step",), when=Filled("next_step")),
        Demand("narrowed", NAME, ("lost_reason", "next_step")),
    )
    own = CustomMeasure("m", "m", "deals_lost", "deal", {"lost_reason": "filled"})
    lines = list(on_unused(sets, [own]))
    assert [line.partition(":")[0] for line in lines] == ["deal.step"]
    assert "used_for" in lines[0]
    assert [line.partition(":")[0] for line in on_unused(sets, [])] == [
        "deal.step",
        "deal.narrowed",
    ]


def failing(day: date | None, mask: int) -> FailingRecord:
    moment = None if day is None else midnight(day)
    return FailingRecord("deal", "1", "u", mask, Span.OUTSIDE, False, moment)


def tally(dimension: str, value: int, *, company: bool = True) -> Tally:
    return Tally(company, None, "due.score", dimension, "", value)


def test_a_demand_that_no_record_of_twelve_months_fails() -> None:
    """As of 16 November 2026: a year ago is in, the day before is not."""
    assert window().today == date(2026, 11, 16)
    sets = of_deals(
        Demand("name", NAME, ("name",)),
        Demand("stage", NAME, ("stage",)),
        Demand("amount", NAME, ("amount",), when=WON),
        Demand("free", NAME, ("next_step",), weight=0),
    )
    records = (
        failing(date(2025, 11, 16), 0b0001),
        failing(date(2025, 11, 15), 0b0010),
        failing(None, 0b0010),
    )
    answers = Answers(
        (tally("deal", 20), tally("deal.won", 19), tally("deal.won", 500, company=False)),
        records,
    )
    demands = unfailed(sets, answers, window())
    assert [(one.demand.name, one.records) for one in demands] == [("stage", 20)]
    (line,) = on_unfailed(demands)
    assert line.startswith("deal.stage: no deal of the last twelve months fails it")
    assert "20 in the days of the score" in line
