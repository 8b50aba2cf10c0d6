"""What a run holds in memory: what it has computed stays until it is published, and the rest is given back."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa


def let_go() -> None:
    """Gives back to the system what is held and used no more: of many objects, and of tables."""
    gc.collect()
    pa.default_memory_pool().release_unused()


@contextmanager
def settled() -> Iterator[None]:
    """Within it the collector leaves alone what there is now: millions of objects, none of them garbage."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
