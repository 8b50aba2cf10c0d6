"""Every figure of a SuiteCRM and of an Odoo is explained: as many records as it counts."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine

from pipeline.flows import run
from pipeline.progress import Silence
from tests.crms.odoo import ours as odoo
from tests.crms.odoo import test_equal as of_odoo
from tests.crms.odoo.database import rebuilt
from tests.crms.odoo.overlay import lay
from tests.crms.suitecrm import ours as suitecrm
from tests.crms.suitecrm import test_equal as of_suitecrm
from tests.crms.suitecrm.database import Database
from tests.explained import Asks, explanations, listed_otherwise, unexplained


def test_every_figure_of_a_suitecrm(laid_suitecrm: Database, tmp_path: Path) -> None:
    audit = suitecrm.prepared(of_suitecrm.AMSTERDAM, tmp_path, results=True)
    suitecrm.extract(laid_suitecrm, of_suitecrm.AMSTERDAM, audit)
    engine = create_engine(laid_suitecrm.url)
    with engine.connect() as connection:
        must_be_explained(tmp_path / "data", lambda sql: connection.exec_driver_sql(sql).all())
    engine.dispose()


def test_every_figure_of_an_odoo(tmp_path: Path) -> None:
    with rebuilt(17) as database:
        lay(database, version=17, seed=20261126)
        audit = odoo.prepared(of_odoo.AMSTERDAM, tmp_path, results=True, by_time=True)
        suitecrm.extract(database, of_odoo.AMSTERDAM, audit)
        engine = create_engine(database.url)
        with engine.connect() as connection:
            must_be_explained(
                tmp_path / "data", lambda sql: connection.exec_driver_sql(sql).all()
            )
        engine.dispose()


def must_be_explained(data: Path, asks: Asks) -> None:
    figures = run.compute(data, run_id="test", progress=Silence()).figures
    wrong, asked = listed_otherwise(data, figures, lambda sql: asks(sql.replace("%", "%%")))
    assert wrong == []
    assert asked > 30
    assert unexplained(explanations(data, figures)) == []
