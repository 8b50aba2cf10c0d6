"""Thirty random histories: the causes of every figure add up."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipeline.flows.compare import compare
from pipeline.progress import Silence
from tests.flows.test_compare import must_add_up
from tests.histories import Crm, lived


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Crm:
    return Crm.made(tmp_path_factory.mktemp("crm"))


@pytest.fixture(scope="module")
def first(crm: Crm) -> Path:
    return crm.run("first")


@pytest.mark.parametrize("seed", range(100, 130))
def test_causes_add_up(seed: int, crm: Crm, first: Path, tmp_path: Path) -> None:
    later = crm.copied(tmp_path / "later")
    as_of = lived(later, random.Random(seed))
    must_add_up(compare(first, later.run("second", as_of), Silence()))
