"""Frees memory during a run, and keeps the garbage collector from slowing it down."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_FEWEST_ROWS: Final = 100_000
"""Rows of a snapshot that make a full collection, which takes half a second, worth it."""


def let_go(rows: int) -> None:
    """Returns memory to the system after so many rows have been read."""
    if rows < _FEWEST_ROWS:
        return
    import pyarrow as pa  # processes that write reports do not need it

    gc.collect()
    pa.default_memory_pool().release_unused()
    # on Linux the C library keeps freed memory
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


@contextmanager
def uncollected() -> Iterator[None]:
    """Pauses the collector, which would scan all new objects again and again."""
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
    """Makes the collector ignore the objects made of so many rows: none of them is garbage."""
    if rows < _FEWEST_ROWS:
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
