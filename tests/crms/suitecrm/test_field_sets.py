"""Field sets of an audit's own on a SuiteCRM: every count equals SQL written by hand, on data full of dirt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.flows import run
from pipeline.progress import Silence
from tests.crms.suitecrm.database import Database, suitecrm
from tests.crms.suitecrm.field_sets import (
    ADD,
    AMSTERDAM_DAYS,
    ASKED,
    FIELD_SETS,
    NEVER_SO,
    TOKYO_DAYS,
    UNKNOWN,
    FieldSetHand,
    lay_dirt,
)
from tests.crms.suitecrm.ours import extract, prepared
from tests.crms.suitecrm.overlay import lay
from tests.crms.suitecrm.test_equal import AMSTERDAM, TOKYO
from tests.crms.verdicts import counts_of, differences, failing, figures, listed, rarely_tried

SETTINGS = {"amsterdam": (AMSTERDAM, AMSTERDAM_DAYS), "tokyo": (TOKYO, TOKYO_DAYS)}
ACCEPTED = (
    "deal.amount.unreadable",
    "deal.close_day.unreadable",
    "deal.modified_at.unreadable",
)


@pytest.fixture(scope="module")
def laid() -> Iterator[Database]:
    with suitecrm() as database:
        lay(database, seed=20270326)
        yield database


@pytest.mark.parametrize(("seed", "zone"), [(1, "amsterdam"), (2, "tokyo")])
def test_every_count_equals_the_hand(
    laid: Database, tmp_path: Path, seed: int, zone: str
) -> None:
    lay_dirt(laid, seed)
    setting, days = SETTINGS[zone]
    hand = FieldSetHand(laid, setting, days)
    judged = hand.judged()
    made = figures(hand, counts_of(judged, ASKED))
    if seed == 1:  # a verdict that nobody has proves nothing
        assert rarely_tried(made, ASKED, unknown=UNKNOWN, never=NEVER_SO) == []
    audit = prepared(
        setting, tmp_path, results=True, add=ADD, field_sets=FIELD_SETS, accept=ACCEPTED
    )
    extract(laid, setting, audit)
    result = run.compute(tmp_path / "data", run_id="test", progress=Silence())
    assert differences(made, result.figures) == {}
    assert listed(result.fix_list) == failing(judged, ASKED)
