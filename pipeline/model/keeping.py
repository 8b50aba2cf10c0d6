"""How long what a run published is kept."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Age:
    """'35 days' or '13 months'."""

    number: int
    unit: str  # 'day' or 'month'

    def before(self, day: date) -> date:
        """The day that many days or months earlier; of a shorter month its last."""
        if self.unit == "day":
            return day - timedelta(days=self.number)
        months = day.year * 12 + day.month - 1 - self.number
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

    def __str__(self) -> str:
        return f"{self.number} {self.unit}{'s' * (self.number != 1)}"


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept for how long after a run; None is for ever.

    After `snapshots` the audited rows go, after `reports` all that a run published but its figures,
    after `people` whatever is about a single person.
    """

    snapshots: Age | None = Age(35, "day")
    reports: Age | None = Age(400, "day")
    people: Age | None = Age(13, "month")
