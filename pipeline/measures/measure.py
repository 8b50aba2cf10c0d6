"""What a measure is: one declaration says what is counted, where that can be told,
and how it is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.model import Measure, Unit, Verdict
from pipeline.queries.context import Count, Where

PERIOD = "period"
MONTH = "month"
STOCK = "stock"
BASE = "base"
SCORED = "score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Measure):
    """A measure whose figures are the sum of `numerator`, over the sum of
    `denominator` where it is a ratio.
    """

    numerator: tuple[Count, ...]
    denominator: tuple[Count, ...] = ()
    month: Count | None = None  # the same over the calendar month: a target can be set

    @property
    def counts(self) -> tuple[Count, ...]:
        """All that databases count for it."""
        return (*self.numerator, *self.denominator, *((self.month,) if self.month else ()))


def counted(
    name: str,
    label: str,
    *,
    of: str,
    needs: Sequence[str] = (),
    where: Where,
    in_month: Where | None = None,
    period: str = PERIOD,
    each: str = "",
    left_out: bool = False,
    finds: Verdict | None = None,
    sentence: tuple[str, str] = ("", ""),
) -> Counted:
    """The number of records of the entity `of` that meet a condition.

    `finds` says what is wrong with these: then each of them is a finding.
    """
    count = Count(name, of, where, tuple(needs), verdict=finds)
    return Counted(
        name=name,
        label=label,
        period=period,
        numerator=(count,),
        month=Count(f"month.{name}", of, in_month, tuple(needs)) if in_month else None,
        each=each,
        left_out=left_out,
        sentence=sentence,
    )


def amount_of(records: Counted, name: str, label: str) -> Counted:
    """The money in the records that a measure counts, per currency."""
    (count,) = records.numerator
    money = Count(name, count.entity, count.where, (*count.needs, "amount"), money=True)
    return Counted(
        name=name,
        label=label,
        unit=Unit.MONEY,
        period=records.period,
        numerator=(money,),
        left_out=records.left_out,
    )


def share(
    name: str, label: str, numerator: Sequence[Count], denominator: Sequence[Count]
) -> Counted:
    """So many of so many, in per cent."""
    return Counted(
        name=name,
        label=label,
        unit=Unit.PERCENT,
        numerator=tuple(numerator),
        denominator=tuple(denominator),
    )


def average(name: str, label: str, amount: Counted) -> Counted:
    """The money of a measure over the number of records that it lies in, per currency."""
    (money,) = amount.numerator
    priced = replace(money, name=f"{money.name}.records", money=False, per_currency=True)
    return Counted(
        name=name,
        label=label,
        unit=Unit.MONEY,
        period=amount.period,
        numerator=(money,),
        denominator=(priced,),
    )
