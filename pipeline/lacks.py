"""What this machine ran out of: memory, open files or room on a disk; said as that,
whoever complained of it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Final, NamedTuple


class _Lack(NamedTuple):
    numbers: tuple[int, ...]  # of the operating system's errors
    words: tuple[str, ...]  # of libraries that give no number, in lower case
    sentence: str


_MEMORY: Final = _Lack(
    (errno.ENOMEM,),
    (
        "out of memory",
        "cannot allocate memory",
        "could not allocate",
        "malloc of size",
        "bad_alloc",
        "failed to map segment",
    ),
    "This machine ran out of memory, and nothing was published. Give the program more, or end what else runs here, and "
    "run again.",
)
_LACKS: Final = (
    _Lack(
        (errno.ENOSPC, errno.EDQUOT),
        (
            "no space left on device",
            "disk is full",
            "disk quota exceeded",
            "max_temp_directory_size",
        ),
        "No space is left on the disk (No space left on device), and nothing was published. Free some where reports "
        "go, and run again.",
    ),
    _Lack(
        (errno.EMFILE, errno.ENFILE),
        ("too many open files",),
        "Too many files are open at once, and nothing was published. Allow more (ulimit -n 4096), and run again.",
    ),
    _MEMORY,
)
_LIBRARIES: Final = ("_duckdb", "duckdb", "sqlite3", "pyarrow", "zipfile", "lxml")
"""Whose errors tell a lack by their text alone, and quote nothing of the CRM in doing so."""


def lack_of(error: BaseException) -> str | None:
    """What ran out, as one paragraph with the remedy; None where the
    error is of another kind.
    """
    for one in _causes(error):
        if isinstance(one, MemoryError):
            return _MEMORY.sentence
        if isinstance(one, OSError) and one.errno is not None:
            found = next((lack.sentence for lack in _LACKS if one.errno in lack.numbers), None)
        elif isinstance(one, ImportError) or _library_of(one) in _LIBRARIES:
            found = lack_in(str(one))
        else:
            found = None
        if found:
            return found
    return None


def _library_of(error: BaseException) -> str:
    return type(error).__module__.split(".")[0]


def lack_in(text: str) -> str | None:
    """As `lack_of`, of a library's complaint in words."""
    lower = text.lower()
    return next(
        (lack.sentence for lack in _LACKS if any(word in lower for word in lack.words)), None
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it wraps, and what it was raised from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            inner = (
                getattr(one, "orig", None),
                one.__cause__,
                None if one.__suppress_context__ else one.__context__,
            )
            waiting += [cause for cause in inner if isinstance(cause, BaseException)]
