"""What is known of a measure wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.figures import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Something that is published of every scope. What its figures are made of is
    declared in pipeline/measures.
    """

    name: str
    label: str
    unit: Unit = Unit.COUNT
    period: str = (
        "period"  # 'period', 'month', 'stock', 'score', 'base', 'next_7_days' or 'run'
    )
    each: str = ""  # what each of its figures is of, where there are several: 'thing lacking'
    left_out: bool = False  # counts records that are in no result
    # what is said of one record, and of many, after their number
    sentence: tuple[str, str] = ("", "")
