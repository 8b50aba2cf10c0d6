"""The SQL by which a CRM's own database gives the audited rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

COLUMNS: Final = "{columns}"
"""Where the columns stand in a SELECT."""


@dataclass(frozen=True, slots=True)
class EntitySql:
    """The SELECT of an entity's rows, and of each of its columns how it is read."""

    select: str  # with COLUMNS where they stand
    columns: Mapping[str, str]

    def of(self, names: Iterable[str]) -> str:
        """The SELECT with some of the columns; `names` are those that are wanted, by ours."""
        wanted = {*names}
        listed = (f"{sql} AS {name}" for name, sql in self.columns.items() if name in wanted)
        return self.select.replace(COLUMNS, ",\n  ".join(listed), 1)
