"""What is known about the company and about the audit itself."""

from __future__ import annotations

from typing import Final

from pipeline.measures.measure import STOCK
from pipeline.model import Measure

MANAGERS: Final = Measure(name="managers", label="Managers", period=STOCK)
TEAMS: Final = Measure(name="teams", label="Teams", period=STOCK)
INACTIVE_USERS: Final = Measure(name="inactive_users", label="Inactive owners", period=STOCK)
TABLE_ROWS: Final = Measure(name="table_rows", label="Rows in the source", period=STOCK)
TABLE_AUDITED: Final = Measure(name="table_audited", label="Audited", period=STOCK)
TABLE_EXCLUDED: Final = Measure(name="table_excluded", label="Excluded", period=STOCK)
FIGURES_PROVEN: Final = Measure(
    name="figures_proven", label="Figures equal to the CRM", period="run"
)
