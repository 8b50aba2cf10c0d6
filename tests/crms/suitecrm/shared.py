"""SuiteCRMs that all tests of a process share: no test leaves one of them other than it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crms.suitecrm.database import Database, suitecrm
from tests.crms.suitecrm.overlay import lay


@pytest.fixture(scope="session")
def bare_suitecrm() -> Iterator[Database]:
    """The dump as it is."""
    with suitecrm() as database:
        yield database


@pytest.fixture(scope="session")
def laid_suitecrm() -> Iterator[Database]:
    """The dump with dirt laid over it."""
    with suitecrm() as database:
        lay(database, seed=20270326)
        yield database
