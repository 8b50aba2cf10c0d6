"""A demand for a reference: one to a record that is in the bin, or nowhere, is missing. By hand on the demo."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.config import load_audit
from pipeline.flows import run
from pipeline.model import Figure
from pipeline.progress import Silence
from tests.small_demo import write_small_demo

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
REFERENCES = {"contact": "client", "meeting": "deal", "call": "deal"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, with a field set of one demand for each, and references to nothing."""
    folder = tmp_path_factory.mktemp("demo")
    write_small_demo(folder, date(2026, 11, 24))
    (folder / "sets").mkdir()
    for entity, referred in REFERENCES.items():
        (folder / "sets" / f"{entity}.yaml").write_text(
            f"entity: {entity}\nfields:\n  - {{name: {referred}, columns: [{referred}_id]}}\n"
        )
    audit = (folder / "audit.yaml").read_text("utf-8")
    audit = audit.replace("field_sets: expectations", "field_sets: sets")
    audit = audit.replace("exceptions: exceptions.csv\n", "")
    (folder / "audit.yaml").write_text(audit, "utf-8")
    with closing(sqlite3.connect(folder / "crm.db")) as db, db:
        for table in ("meetings", "calls"):
            db.execute(
                f"UPDATE {table} SET deal_id = CASE rowid % 4 WHEN 0 THEN 'nowhere' WHEN 1 THEN NULL ELSE"
                " (SELECT id FROM deals WHERE deals.rowid = 1 + {0}.rowid % 1000) END".format(
                    table
                )
            )
    return folder


@pytest.fixture(scope="module")
def figures(folder: Path) -> dict[str, Figure]:
    audit, data = load_audit(folder / "audit.yaml"), folder / "data"
    data.mkdir()
    run.extract(audit, data, clock=lambda: AS_OF, as_of=AS_OF, progress=Silence())
    return dict(run.compute(data, run_id="test", progress=Silence()).figures)


@pytest.mark.parametrize("entity", REFERENCES)
def test_what_refers_to_nothing_is_missing(
    folder: Path, figures: dict[str, Figure], entity: str
) -> None:
    referred = REFERENCES[entity]
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        [(due, good, entered)] = db.execute(
            f"SELECT count(*), sum(EXISTS (SELECT 1 FROM {referred}s x WHERE x.id = r.{referred}_id"
            f" AND NOT x.is_deleted)), count(r.{referred}_id) FROM {entity}s r WHERE NOT r.is_deleted"
            f"{'' if entity == 'contact' else TELLING}"
        )
    figure = figures[f"base_good/{entity}.{referred}@company"]
    assert (figure.numerator, figure.denominator) == (good, due)
    assert good < entered < due


TELLING = " AND coalesce(r.status, '') <> 'tbd'"
"""A status that nobody knows owes nothing."""
