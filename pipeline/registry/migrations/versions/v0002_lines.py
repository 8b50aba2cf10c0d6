"""The headline figures of which a line is drawn, beside all of them: twelve runs of these are read
for each report.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds them; '' for the runs that were recorded before."""
    op.add_column("headlines", Column("lines", Text, nullable=False, server_default=""))
