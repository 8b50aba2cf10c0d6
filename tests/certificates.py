"""A client of MariaDB reads this machine's certificates once, and not for each connection: that
takes it longer than to connect. Whoever imports this gains.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

from pymysql.connections import Connection

_made_anew = Connection._create_ssl_ctx


@cache
def _of_no_wishes() -> ssl.SSLContext:
    context: ssl.SSLContext = _made_anew(None, {})
    return context


def _context(connection: Connection, wishes: Any) -> ssl.SSLContext:
    return _made_anew(connection, wishes) if wishes else _of_no_wishes()


Connection._create_ssl_ctx = _context
