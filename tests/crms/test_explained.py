"""Every figure of a SuiteCRM and of an Odoo is explained: as many records as it counts."""

from __future__ import annotations

from pathlib import Path

from pipeline.flows import run
from pipeline.progress import Silence
from tests.crms.odoo import ours as odoo
from tests.crms.odoo import test_equal as of_odoo
from tests.crms.odoo.database import rebuilt
from tests.crms.odoo.overlay import lay
from tests.crms.suitecrm import ours as suitecrm
from tests.crms.suitecrm import test_equal as of_suitecrm
from tests.crms.suitecrm.database import Database
from tests.explained import explanations, unexplained


def test_every_figure_of_a_suitecrm(laid_suitecrm: Database, tmp_path: Path) -> None:
    audit = suitecrm.prepared(of_suitecrm.AMSTERDAM, tmp_path, results=True)
    suitecrm.extract(laid_suitecrm, of_suitecrm.AMSTERDAM, audit)
    must_be_explained(tmp_path / "data")


def test_every_figure_of_an_odoo(tmp_path: Path) -> None:
    with rebuilt(17) as database:
        lay(database, version=17, seed=20261126)
        audit = odoo.prepared(of_odoo.AMSTERDAM, tmp_path, results=True, by_time=True)
        suitecrm.extract(database, of_odoo.AMSTERDAM, audit)
    must_be_explained(tmp_path / "data")


def must_be_explained(data: Path) -> None:
    figures = run.compute(data, run_id="test", progress=Silence()).figures
    assert unexplained(explanations(data, figures)) == []
