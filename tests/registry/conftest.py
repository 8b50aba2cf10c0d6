"""A registry of each kind: a file, and a PostgreSQL of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.registry.database import Registry, open_registry
from tests.postgres import database


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where an audit says that its registry is; '' is a file in the output folder."""
    if request.param == "sqlite":
        yield ""
        return
    with database() as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def registry(address: str, tmp_path: Path) -> Registry:
    return open_registry(tmp_path / "output", address)
