"""The registry's tables. Ids and numbers only: no row holds a value of the CRM, or a secret.

Instants are fixed-width text in UTC, so text order is time order. A change here needs a
migration: a test holds the two together.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

METADATA: Final = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

FIRES: Final = Table(
    "fires",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("audit", Text, nullable=False),  # by name
    Column("schedule", Text, nullable=False),
    Column("fire_utc", Text, nullable=False),
    Column("run_id", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("started_at", Text),
    Column("ended_at", Text),
    Column("exit_status", Integer),
    Column("message", Text, nullable=False),
    UniqueConstraint("audit", "schedule", "fire_utc"),
    CheckConstraint("state IN ('open', 'published', 'missed')", name="state"),
)
SCHEDULES: Final = Table(
    "schedules",
    METADATA,
    Column("audit", Text, primary_key=True),  # by name
    Column("schedule", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("since_utc", Text, nullable=False),
)
LEASES: Final = Table(
    "leases",
    METADATA,
    Column("audit", Text, primary_key=True),  # by name
    Column("schedule", Text, primary_key=True),
    Column("holder", Text, nullable=False),  # machine and process
    Column("until_utc", Text, nullable=False),
)
RUNS: Final = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("audit", Text, nullable=False),  # by id
    Column("run_id", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("place", Text, nullable=False),  # machine and folder that publish it
    Column("as_of", Text, nullable=False),
    Column("day", Text, nullable=False),  # the local day that its period holds last
    Column("period", Text, nullable=False),  # its word, or ''
    Column("first_day", Text, nullable=False),
    Column("after_day", Text, nullable=False),
    Column("is_observed", Integer, nullable=False),  # whether lives took notice of it
    Column("program", Text, nullable=False),  # its version
    Column("rules", Text, nullable=False),  # SHA-256 of what decides completeness
    CheckConstraint("state IN ('publishing', 'published')", name="state"),
)
RULE_VERSIONS: Final = Table(
    "rule_versions",
    METADATA,
    Column("audit", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("content", Text, primary_key=True),
    Column("first_run", ForeignKey(RUNS.c.id), nullable=False),
)
LIVES: Final = Table(
    "lives",
    METADATA,
    Column("audit", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("id", Text, nullable=False),  # of the finding
    Column("state", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("debtor", Text, nullable=False),
    Column("content", Text, nullable=False),
)
LIFE_EVENTS: Final = Table(
    "life_events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey(RUNS.c.id), nullable=False),
    Column("entity", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("person", Text, nullable=False),  # whose the finding is after it
    Column("debtor", Text, nullable=False),
)
Index(None, LIFE_EVENTS.c.run)
HEADLINES: Final = Table(
    "headlines",
    METADATA,
    Column("run", ForeignKey(RUNS.c.id), primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    # 'score/deal' -> [numerator, denominator or null]: a row for each would be millions
    Column("figures", Text, nullable=False),
    # those of them of which a line is drawn; '' of a run that an older program recorded
    Column("lines", Text, nullable=False, server_default=""),
)
