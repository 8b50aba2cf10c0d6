"""Field sets of an audit's own on an Odoo 15: every count equals SQL written by hand, on data full of dirt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.flows import run
from pipeline.progress import Silence
from tests.crms.odoo.database import Odoo, odoo15
from tests.crms.odoo.field_sets import (
    AMSTERDAM_DAYS,
    ASKED,
    FIELD_SETS,
    NEVER_SO,
    TABLES_ADDED,
    TOKYO_DAYS,
    UNKNOWN,
    FieldSetHand,
    lay_dirt,
)
from tests.crms.odoo.ours import prepared
from tests.crms.odoo.overlay import lay
from tests.crms.odoo.test_equal import AMSTERDAM, TOKYO
from tests.crms.suitecrm.ours import extract
from tests.crms.verdicts import counts_of, differences, failing, figures, listed, rarely_tried

SETTINGS = {"amsterdam": (AMSTERDAM, AMSTERDAM_DAYS), "tokyo": (TOKYO, TOKYO_DAYS)}


@pytest.fixture(scope="module")
def laid() -> Iterator[Odoo]:
    with odoo15() as odoo:
        lay(odoo, version=15, seed=20261126)
        odoo.execute(*TABLES_ADDED)
        yield odoo


@pytest.mark.parametrize(("seed", "zone"), [(1, "amsterdam"), (2, "tokyo")])
def test_every_count_equals_the_hand(laid: Odoo, tmp_path: Path, seed: int, zone: str) -> None:
    lay_dirt(laid, seed)
    setting, days = SETTINGS[zone]
    hand = FieldSetHand(laid, setting, days)
    judged = hand.judged()
    made = figures(hand, counts_of(judged, ASKED))
    if seed == 1:  # a verdict that nobody has proves nothing
        assert rarely_tried(made, ASKED, unknown=UNKNOWN, never=NEVER_SO) == []
    audit = prepared(setting, tmp_path, results=True, by_time=True, field_sets=FIELD_SETS)
    extract(laid, setting, audit)
    result = run.compute(tmp_path / "data", run_id="test", progress=Silence())
    assert differences(made, result.figures) == {}
    assert listed(result.fix_list) == failing(judged, ASKED)
