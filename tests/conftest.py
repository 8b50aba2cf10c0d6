"""Options and fixtures that every test may use."""

from __future__ import annotations

import pytest

from tests.benches import benches, mariadb, postgres  # noqa: F401 - fixtures for every test


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew instead of comparing",
    )
