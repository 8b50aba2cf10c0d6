"""Work spread over processes. Results come in the order of the items; an error arrives as
if it had happened here.

Workers are started anew instead of forked: they inherit no connection, no lock, no
thread and no open file, only the file mode mask and the folder. They import the module
of their task and nothing else.
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
"""Items that a worker must have before it is worth starting: it takes about a second."""

_MOST_WORKERS: Final = 8
_AHEAD: Final = 2
"""Items a worker has waiting: enough that it never idles, few enough
that they take no memory.
"""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Each(Protocol):
    """Does a task for each item, and yields the results in the items' order. Items are
    taken as they are needed.
    """

    def __call__(
        self, task: Callable[[_Item], _Result], items: Iterable[_Item], /
    ) -> Iterator[_Result]:
        """`task` is a function of a module, items and results can be pickled."""


def workers_for(items: int) -> int:
    """How many workers so many items deserve: as many as there are cores,
    1 where that is no gain.
    """
    return max(1, min(_cores(), items // _FEWEST_ITEMS, _MOST_WORKERS))


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def workers(count: int) -> Iterator[Each]:
    """So many processes for as long as the context lasts; with one, this
    process does the work itself.

    So it does where the system gives no shared semaphores, as in a container without /dev/shm.
    However the context ends, no worker is left when it has: tasks under way are finished, the
    others are not begun. PublishError where a worker dies.
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


def apart(task: Callable[..., _Result], *given: object) -> _Result:
    """The task done by a process of its own: the memory that it takes is given back with it.

    `task` is a function of a module; what it is given and gives can be pickled. Where the
    system gives no shared semaphores, this process does it. PublishError where the other dies.
    """
    pool = _pool(1)
    if pool is None:
        return task(*given)
    with _ended_in_order(pool):
        return _submitted(pool, task, *given).result()


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
    pool: ProcessPoolExecutor, task: Callable[..., _Result], *given: object
) -> Future[_Result]:
    """Hands over a task. A worker that is started meanwhile never sees Ctrl-C, which is
    for this process to handle.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(task, *given)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """In a worker: ends it when the run's process is gone, however that went;
    else it would wait for ever.
    """
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
