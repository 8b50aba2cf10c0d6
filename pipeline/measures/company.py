"""What is known about the company and about the audit itself."""

from __future__ import annotations

from typing import Final

from pipeline.language.marked import marked
from pipeline.measures.measure import STOCK
from pipeline.model import Measure

MANAGERS: Final = Measure(name="managers", label=marked("Account managers"), period=STOCK)
TEAMS: Final = Measure(name="teams", label=marked("Teams"), period=STOCK)
INACTIVE_USERS: Final = Measure(
    name="inactive_users", label=marked("In former colleagues' names"), period=STOCK
)
TABLE_ROWS: Final = Measure(name="table_rows", label=marked("Rows in the source"), period=STOCK)
TABLE_AUDITED: Final = Measure(name="table_audited", label=marked("Audited"), period=STOCK)
TABLE_EXCLUDED: Final = Measure(name="table_excluded", label=marked("Excluded"), period=STOCK)
OF_TABLES: Final = frozenset({TABLE_ROWS.name, TABLE_AUDITED.name, TABLE_EXCLUDED.name})
"""What was counted when rows were read: no snapshot holds the rows that are not audited."""

FIGURES_PROVEN: Final = Measure(
    name="figures_proven", label=marked("Figures compared with the CRM"), period="run"
)
