"""Retries what may succeed: a few times from the start, with growing, uneven pauses.

A wrong password or a missing table stays wrong, and is never tried twice: accounts are locked
for less.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from pipeline.errors import SourceError

ATTEMPTS: Final = 3
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 20.0
JITTER: Final = 1.0

_Result = TypeVar("_Result")


class PassingError(SourceError):
    """The source failed, but another attempt may succeed."""


def retry(
    attempt: Callable[[], _Result],
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> _Result:
    """The result of `attempt`, repeated after each passing failure; the last one is raised.

    A new attempt must replace whatever the failed one left behind.
    """
    from tenacity import (
        RetryCallState,
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        wait_exponential_jitter,
    )

    def before(state: RetryCallState) -> None:
        tell(f"The CRM failed; again from the start ({state.attempt_number + 1} of {ATTEMPTS})")

    retrying = Retrying(
        retry=retry_if_exception_type(PassingError),
        stop=stop_after_attempt(ATTEMPTS),
        # uneven, so several audits of a server do not retry at the same moment
        wait=wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=JITTER),
        before_sleep=before,
        sleep=sleep,
        reraise=True,
    )
    try:
        return retrying(attempt)
    except PassingError as error:
        raise SourceError(f"{error} It was tried {ATTEMPTS} times.") from None
