"""What some tests need and not every machine has: real CRM data beside the checkout, and a MariaDB to load it into."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from tests.paths import ROOT

SHARED = Path(os.environ.get("CRM_AUDIT_SHARED") or ROOT.parent / "shared")
MARIADB = os.environ.get("CRM_AUDIT_MARIADB") or "mysql+pymysql://root@127.0.0.1:3306"


def require_shared(name: str) -> Path:
    """A file of the shared folder's data; without it the test is skipped."""
    file = SHARED / "data" / name
    if not file.is_file():
        pytest.skip(
            f"needs {name}, which lies in data/ of the folder 'shared' beside the checkout or of CRM_AUDIT_SHARED"
        )
    return file


def require_mariadb() -> URL:
    """A MariaDB whose account may create databases; without one the test is skipped, and fails where CI=true."""
    if problem := _mariadb_problem():
        how = (
            f"no MariaDB answers ({problem}); start one on 127.0.0.1:3306 with user root and no password, or set "
            "CRM_AUDIT_MARIADB to its SQLAlchemy URL, and run again"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(how)
        pytest.skip(how)
    return make_url(MARIADB)


@cache
def _mariadb_problem() -> str:
    """Asked once per test run: a host that does not answer costs seconds."""
    engine = create_engine(
        make_url(MARIADB).set(database=None), connect_args={"connect_timeout": 3}
    )
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        return type(error).__name__
    finally:
        engine.dispose()
    return ""
