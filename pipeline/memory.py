"""What a run holds in memory: what it has computed stays until it is published,
and the rest is given back.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_FEWEST_ROWS: Final = 100_000
"""Rows of a snapshot that make the collector worth a look at everything, which takes it
half a second.
"""


def let_go(rows: int) -> None:
    """Gives back to the system what reading so many rows has left: many
    objects, and tables.
    """
    if rows < _FEWEST_ROWS:
        return
    import pyarrow as pa  # which processes that write reports do without

    gc.collect()
    pa.default_memory_pool().release_unused()
    # Linux: the C library keeps what was freed
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


@contextmanager
def uncollected() -> Iterator[None]:
    """Pauses the collector, which would look at all that is made within again and again;
    at the end it looks once.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if running:
            gc.enable()


@contextmanager
def settled(rows: int) -> Iterator[None]:
    """Within it the collector leaves alone what has been made of so many rows: millions of
    objects, none of them garbage.
    """
    if rows < _FEWEST_ROWS:
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
