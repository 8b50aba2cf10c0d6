"""Fires, runs, the lives of findings, headline figures."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Text, UniqueConstraint

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes every table of the first registry."""
    _make_fires()
    _make_runs()
    _make_lives()


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _keys(*names: str) -> list[Column[str]]:
    return [Column(name, Text, primary_key=True) for name in names]


def _make_fires() -> None:
    op.create_table(
        "fires",
        Column("id", Integer, primary_key=True),
        *_texts("audit", "schedule", "fire_utc"),
        Column("run_id", Text),
        *_texts("state"),
        Column("attempts", Integer, nullable=False),
        Column("started_at", Text),
        Column("ended_at", Text),
        Column("exit_status", Integer),
        *_texts("message"),
        UniqueConstraint("audit", "schedule", "fire_utc", name="uq_fires_audit"),
        CheckConstraint("state IN ('open', 'published', 'missed')", name="ck_fires_state"),
    )
    op.create_table("schedules", *_keys("audit", "schedule"), *_texts("line", "since_utc"))


def _make_runs() -> None:
    op.create_table(
        "runs",
        Column("id", Integer, primary_key=True),
        *_texts("audit", "run_id", "state", "place", "as_of"),
        *_texts("day", "period", "first_day", "after_day"),
        Column("is_observed", Integer, nullable=False),
        *_texts("program", "rules"),
        UniqueConstraint("run_id", name="uq_runs_run_id"),
        CheckConstraint("state IN ('publishing', 'published')", name="ck_runs_state"),
    )
    op.create_table(
        "headlines",
        Column("run", Integer, ForeignKey("runs.id"), primary_key=True),
        *_keys("scope", "key"),
        *_texts("figures"),
    )
    op.create_table(
        "rule_versions",
        *_keys("audit", "entity", "rule", "content"),
        Column("first_run", Integer, ForeignKey("runs.id"), nullable=False),
    )


def _make_lives() -> None:
    op.create_table(
        "lives",
        *_keys("audit", "entity", "record_id", "rule"),
        *_texts("id", "state", "person", "debtor", "content"),
    )
    op.create_table(
        "life_events",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id"), nullable=False),
        *_texts("entity", "record_id", "rule", "event", "person", "debtor"),
    )
    op.create_index("ix_life_events_run", "life_events", ["run"])
