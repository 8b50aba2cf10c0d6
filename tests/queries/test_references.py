"""References are equal to the letter on every engine: whatever its collation takes to be alike names nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from pipeline.calendar.window import open_window
from pipeline.formats import ReadingRules
from pipeline.model import ENTITIES
from pipeline.presets import Preset
from pipeline.queries import QueryContext, view_of
from pipeline.source import ReadSpec, SourceReader, consistent
from tests.benches import Bench

HELD = {"meeting": {"held": ("held",)}}
LINKS = (
    ("AB", "good"),
    ("cd", "poor"),
    ("CD", "good"),
    ("cd ", "good"),
    ("ef", "good"),
    ("ef", "POOR"),
    ("gh", "Good"),
)
EXPECTED = {"ab": (0, 7), "cd": (1, 7), "ef": (1, 0), "gh": (0, 7)}
"""Meeting -> whether it has a contact, and what the best one lacks."""


def preset_of(dialect: str, name: str) -> Preset:
    person = {"id": "id", "first_name": "given", "last_name": "given", "phone": "given"}
    tables = {
        "user": ("people", {"id": "id"}),
        "meeting": ("meetings", {"id": "id", "status": "status"}),
        "contact": ("contacts", person),
        "meeting_contact": (
            "links",
            {"meeting_id": "meeting", "person_kind": "kind", "person_id": "contact"},
        ),
    }
    absent = {
        f"{entity}.{c}": "no"
        for entity, (_, held) in tables.items()
        for c in ENTITIES[entity]
        if c not in held
    }
    absent |= {entity: "no" for entity in ENTITIES if entity not in tables}
    entities = {
        entity: [{"table": f"{name}_{table}", "columns": held}]
        for entity, (table, held) in tables.items()
    }
    return Preset.model_validate(
        {
            "name": "own", "about": "Own", "dialects": [dialect], "money": "decimal", "states": HELD,
            "absent": absent, "entities": entities,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [
        ("mysql", "VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"),
        ("sqlite", "TEXT COLLATE NOCASE"), ("postgresql", "VARCHAR(9)"), ("duckdb", "VARCHAR"),
    ],
)  # fmt: skip
def test_an_invitee_of_another_spelling_is_nobodys(
    benches: Callable[[str], Bench], dialect: str, kind: str
) -> None:
    engine, name = benches(dialect).engine, f"ref_{uuid4().hex[:12]}"
    mark = "?" if dialect in ("sqlite", "duckdb") else "%s"
    rows = {
        "people": ("id", [("m1",)]),
        "meetings": ("id status", [(meeting, "held") for meeting in EXPECTED]),
        "contacts": ("id given", [("good", "A"), ("poor", "")]),
        "links": (
            "meeting kind contact",
            [(meeting, "contact", contact) for meeting, contact in LINKS],
        ),
    }
    with engine.begin() as connection:
        for table, (columns, values) in rows.items():
            names = columns.split()
            connection.exec_driver_sql(
                f"CREATE TABLE {name}_{table} ({', '.join(f'{c} {kind}' for c in names)})"
            )
            marks = ", ".join([mark] * len(names))
            connection.exec_driver_sql(f"INSERT INTO {name}_{table} VALUES ({marks})", values)
    preset = preset_of(dialect, name)
    demand = ReadSpec(
        preset, {}, "EUR", frozenset(preset.absent_columns()), ENTITIES, ReadingRules(), "UTC"
    )
    window = open_window(
        as_of=datetime(2026, 11, 16, tzinfo=UTC), zone="UTC", working_week=range(5)
    )
    with consistent(engine) as connection:
        context = QueryContext(window, HELD, demand.absent)
        view = view_of(
            "meeting", SourceReader(connection, demand).entities(), context
        ).subquery()
        lacks = (
            view.c.contact_lacks_last_name
            + 2 * view.c.contact_lacks_first_name
            + 4 * view.c.contact_lacks_details
        )
        found = connection.execute(select(view.c.id, view.c.contact, lacks)).all()
    assert {record: (contact, lacks) for record, contact, lacks in found} == EXPECTED
