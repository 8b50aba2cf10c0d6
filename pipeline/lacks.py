"""Recognises in any error that the machine ran out of memory, open files, disk or file size."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Final, NamedTuple


class _Lack(NamedTuple):
    numbers: tuple[int, ...]  # the operating system's error numbers
    words: tuple[str, ...]  # parts of libraries' messages without a number, in lower case
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
    _Lack(
        (errno.EFBIG,),
        ("file too large",),
        "A file would be larger than this machine allows (File too large), and nothing was published. Allow larger "
        "files where reports go (ulimit -f, the kind of disk), and run again.",
    ),
    _MEMORY,
)
_LIBRARIES: Final = ("_duckdb", "duckdb", "sqlite3", "pyarrow", "zipfile", "lxml")
"""Libraries whose errors show a lack only in their text, which quotes nothing of the CRM."""


def lack_of(error: BaseException) -> str | None:
    """What ran out, as one paragraph with the remedy; None for any other error."""
    for cause in _causes(error):
        if isinstance(cause, MemoryError):
            return _MEMORY.sentence
        if isinstance(cause, OSError) and cause.errno is not None:
            sentence = next(
                (lack.sentence for lack in _LACKS if cause.errno in lack.numbers), None
            )
        elif isinstance(cause, ImportError) or _library_of(cause) in _LIBRARIES:
            sentence = lack_in(str(cause))
        else:
            sentence = None
        if sentence:
            return sentence
    return None


def _library_of(error: BaseException) -> str:
    return type(error).__module__.split(".")[0]


def lack_in(text: str) -> str | None:
    """Like `lack_of`, for the text of a library's error."""
    lower = text.lower()
    return next(
        (lack.sentence for lack in _LACKS if any(word in lower for word in lack.words)), None
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, those it wraps, and those it was raised from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if id(current) not in seen:
            seen.add(id(current))
            yield current
            inner = (
                getattr(current, "orig", None),
                current.__cause__,
                None if current.__suppress_context__ else current.__context__,
            )
            waiting += [cause for cause in inner if isinstance(cause, BaseException)]
