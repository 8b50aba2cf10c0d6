"""Trying again where that helps: a few times, with growing and uneven pauses,
each time from the start.

A wrong password or a missing table stays wrong, and is never tried twice:
accounts are locked for less.
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
    """The source failed in a way that another attempt may not meet."""


def retry(
    attempt: Callable[[], _Result],
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> _Result:
    """The result of `attempt`, begun anew after each passing failure. The last one is
    raised, with how often it was.

    The attempt must leave nothing behind that its next beginning does not replace.
    """
    from tenacity import (
        RetryCallState,
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        wait_exponential_jitter,
    )

    def before(state: RetryCallState) -> None:
        tell(
            f"The CRM failed; once more from the start ({state.attempt_number + 1} of {ATTEMPTS})"
        )

    retrying = Retrying(
        retry=retry_if_exception_type(PassingError),
        stop=stop_after_attempt(ATTEMPTS),
        # uneven, so that several audits of one server do not come back at one moment
        wait=wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=JITTER),
        before_sleep=before,
        sleep=sleep,
        reraise=True,
    )
    try:
        return retrying(attempt)
    except PassingError as error:
        raise SourceError(f"{error} It was tried {ATTEMPTS} times.") from None
