"""Spreads work over processes. Results keep the items' order; errors are raised here.

Workers are spawned, not forked: they inherit no connection, lock, thread or open file, only the
file mode mask and the current folder. They import only the module of their task.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Final, Protocol, TypeVar

from pipeline.errors import PublishError

_FEWEST_ITEMS: Final = 40
"""Items per worker that make it worth starting, which takes about a second."""

_MOST_WORKERS: Final = 8
_AHEAD: Final = 2
"""Items waiting per worker: enough to keep it busy, few enough to save memory."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Each(Protocol):
    """Runs a task for each item, taken lazily, and yields the results in the items' order."""

    def __call__(
        self, task: Callable[[_Item], _Result], items: Iterable[_Item], /
    ) -> Iterator[_Result]:
        """`task` is a function of a module, items and results can be pickled."""


def workers_for(items: int) -> int:
    """How many workers to use for so many items: at most one per core, 1 if more gain nothing."""
    return max(1, min(_cores(), items // _FEWEST_ITEMS, _MOST_WORKERS))


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def workers(count: int) -> Iterator[Each]:
    """Runs that many processes while the context lasts; with one, this process does the work.

    It also does if the system has no shared semaphores, as in a container without /dev/shm. At
    the end of the context no worker is left: running tasks finish, the others never start.
    Raises PublishError if a worker dies.
    """
    pool = _pool(count) if count > 1 else None
    if pool is None:
        yield map
        return

    def each(task: Callable[[_Item], _Result], items: Iterable[_Item], /) -> Iterator[_Result]:
        waiting: deque[Future[_Result]] = deque()
        for item in items:
            waiting.append(_submitted(pool, task, item))
            if len(waiting) > count * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    with _ended_in_order(pool):
        yield each


def apart(task: Callable[..., _Result], *arguments: object) -> _Result:
    """Runs the task in its own process, whose memory is freed at its end.

    `task` is a function of a module; arguments and result can be pickled. Without shared
    semaphores this process runs it. Raises PublishError if the other process dies.
    """
    pool = _pool(1)
    if pool is None:
        return task(*arguments)
    with _ended_in_order(pool):
        return _submitted(pool, task, *arguments).result()


@contextmanager
def _ended_in_order(pool: ProcessPoolExecutor) -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise PublishError(
            "a process of this run was ended from outside, perhaps because memory ran out; nothing was published, and "
            "the last good report stays. Free memory and run again."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _pool(count: int) -> ProcessPoolExecutor | None:
    try:
        return ProcessPoolExecutor(
            count, multiprocessing.get_context("spawn"), initializer=_end_with_parent
        )
    except (OSError, NotImplementedError):
        return None


def _submitted(
    pool: ProcessPoolExecutor, task: Callable[..., _Result], *arguments: object
) -> Future[_Result]:
    """Submits a task; a worker started meanwhile ignores Ctrl-C, which this process handles."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(task, *arguments)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Ends this worker when the run's process is gone; otherwise it would wait for ever."""
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
