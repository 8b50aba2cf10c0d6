"""Leases: which scheduler is at a schedule, where several machines share the registry."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Makes their table."""
    op.create_table(
        "leases",
        Column("audit", Text, primary_key=True),
        Column("schedule", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("until_utc", Text, nullable=False),
    )
