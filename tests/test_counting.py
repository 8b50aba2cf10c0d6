"""Counting in the CRM's own database: all of it in one statement of an entity, equal to the questions one by one."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.source.databases import mysql
from tests.requirements import require_mariadb


def test_mariadb_groups_before_it_joins(tmp_path: Path) -> None:
    """Else it groups all contacts anew for each meeting. To MySQL, which has no such switch, it is a comment."""
    engine = mysql._open(require_mariadb(), tmp_path)
    with engine.connect() as connection:
        switches = str(connection.exec_driver_sql("SELECT @@optimizer_switch").scalar()).split(",")
    engine.dispose()
    assert "split_materialized=off" in switches
    assert "optimizer_switch" not in re.sub(r"/\*[^!].*?\*/", "", mysql._SETTLED)
