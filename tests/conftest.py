"""Options and fixtures that every test may use."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

import tests.certificates  # noqa: F401
from tests.benches import benches, mariadb, postgres  # noqa: F401 - fixtures for every test
from tests.crms.suitecrm.shared import bare_suitecrm, laid_suitecrm  # noqa: F401 - the same

# the same examples each time, however busy the machine is
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew instead of comparing",
    )


# statements and reports are many objects and few circles: the usual 700 cost a tenth of the time
gc.set_threshold(100_000, 50, 1000)


@pytest.fixture(scope="module", autouse=True)
def _lasting() -> None:
    """What stands when a module begins, libraries above all, stands to the end: the collector
    looks at it no more.
    """
    gc.collect()
    gc.freeze()
