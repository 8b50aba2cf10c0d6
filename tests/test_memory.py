"""What a large run holds in memory is given back, and a small one does not wait for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline.memory import let_go, settled


@contextmanager
def collections() -> Iterator[list[int]]:
    """The generations that the collector has looked at; it does so of itself no more."""
    seen: list[int] = []

    def look(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    gc.disable()
    gc.callbacks.append(look)
    try:
        yield seen
    finally:
        gc.callbacks.remove(look)
        gc.enable()


@pytest.mark.parametrize(("rows", "looks"), [(0, []), (99_999, []), (100_000, [2])])
def test_the_collector_looks_at_everything_where_many_rows_were_read(
    rows: int, looks: list[int]
) -> None:
    with collections() as seen:
        let_go(rows)
    assert seen == looks


@pytest.mark.parametrize(("rows", "looks"), [(99_999, []), (100_000, [2])])
def test_what_many_rows_became_is_left_alone_by_the_collector(
    rows: int, looks: list[int]
) -> None:
    gc.unfreeze()  # what other tests left so
    with collections() as seen, settled(rows):
        assert (gc.get_freeze_count() > 0) == bool(looks)
    assert seen == looks
    assert gc.get_freeze_count() == 0
