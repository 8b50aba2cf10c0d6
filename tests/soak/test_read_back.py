"""A hundred alterations of what a small run has written, and of its reports on the way there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import pytest

from pipeline.flows.compute import open_run
from pipeline.progress import Silence
from tests.published import published_run
from tests.reports.alterations import KINDS, Kind, NoPlaceError, Site, site

ALTERATIONS: Final = 100


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Site:
    result = open_run(published_run(), Silence())
    return site(result, tmp_path_factory.mktemp("site") / "run")


def drawn(seed: int) -> Sequence[Kind]:
    """The kinds in an order of chance: any hundred are a fair sample of them."""
    return Random(seed).sample(KINDS, len(KINDS))


def test_a_hundred_alterations_are_all_named(written: Site, tmp_path: Path) -> None:
    unseen: list[str] = []
    tried = 0
    for number, kind in enumerate(drawn(46)):
        try:
            folder = tmp_path / str(number)
            differences = written.altered(kind, Random(f"{kind} {number}"), folder)
        except NoPlaceError:
            continue
        tried += 1
        places = [where for _, where, _, _ in differences]
        if not all(places) or not differences:
            unseen.append(str(kind))
        if tried == ALTERATIONS:
            break
    assert tried == ALTERATIONS
    assert unseen == []
