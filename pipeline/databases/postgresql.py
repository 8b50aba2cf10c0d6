"""PostgreSQL, through psycopg 3."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from pipeline.databases import remedies
from pipeline.databases.adapter import Database, Rights
from pipeline.databases.select_guard import called, first_line, wrapped
from pipeline.model import Kind
from pipeline.presets import Preset
from pipeline.values.texts import decoded
from pipeline.values.white_space import WHITE_SPACE

_CONNECT_SECONDS: Final = 10
_SILENT: Final = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
}
"""A network silent for 30 seconds is a lost connection; a busy server still answers."""

_KINDS: Final[Mapping[int, Kind | None]] = {
    1082: Kind.DAY,
    **dict.fromkeys((1114, 1184), Kind.INSTANT),
    **dict.fromkeys((20, 21, 23, 700, 701, 1700), Kind.MONEY),
    # boolean, oid, times, interval, uuid
    **dict.fromkeys((16, 26, 1083, 1186, 1266, 2950), None),
}
"""The kind behind a type's object id; all other types arrive as text."""
_SPELLED: Final = {17, 18, 19, 20, 21, 23, 25, 114, 705, 790, 1042, 1043, 3802}
"""Types whose text is the database's own: bytes, names, integers, texts, JSON, money, users' types."""
_FIRST_OF_USERS: Final = 16384

_WRITABLE: Final = """
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname !~ '^pg_'
  AND (pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
       OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
ORDER BY c.relname LIMIT 4
"""
_HIDING: Final = """
SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE (c.relname = ANY(%(names)s) AND pg_catalog.pg_table_is_visible(c.oid)
       OR n.nspname || '.' || c.relname = ANY(%(names)s))
  AND pg_catalog.row_security_active(c.oid)
  AND (NOT EXISTS (SELECT 1 FROM applying a WHERE a.polrelid = c.oid AND a.polpermissive AND a.seen = 'true')
       OR EXISTS (SELECT 1 FROM applying a WHERE a.polrelid = c.oid AND NOT a.polpermissive AND a.seen <> 'true'))
ORDER BY 1
"""
# policies that apply to this account's SELECTs; 0 means everybody
_APPLYING: Final = """
WITH applying AS (
  SELECT p.polrelid, p.polpermissive, COALESCE(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') AS seen
  FROM pg_catalog.pg_policy p
  WHERE p.polcmd IN ('r', '*')
    AND EXISTS (SELECT 1 FROM unnest(p.polroles) AS r (id) WHERE r.id = 0 OR pg_catalog.pg_has_role(r.id, 'USAGE')))
"""


def _open(url: URL, base: Path, _preset: Preset | None = None) -> Engine:
    # parameters are never logged: they may hold what people typed
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
    )

    # before SQLAlchemy sends its first query
    @event.listens_for(engine, "connect", insert=True)
    def _prepare(raw: Any, _record: object) -> None:
        encoding = _encoding(raw)
        bytewise = encoding == "ascii"
        _read_what_python_cannot(raw.adapters, bytewise=bytewise)
        # a literal must not hold characters that the database's encoding lacks
        spaces = WHITE_SPACE.encode(encoding, "ignore").decode(encoding)
        # the dialect has no fields for these
        engine.dialect.__dict__.update(white_space=spaces, bytewise=bytewise, encoding=encoding)

    return engine


def _encoding(raw: Any) -> str:
    from psycopg._encodings import pg2pyenc

    return str(pg2pyenc((raw.info.parameter_status("server_encoding") or "UTF8").encode()))


def _read_what_python_cannot(adapters: Any, *, bytewise: bool) -> None:
    """Makes the driver deliver values as the audit needs them.

    Days and instants beyond Python's calendar, such as 'infinity', become text: unreadable,
    but no crash. A float becomes the decimal of its text, which beyond 2^53 may differ from
    Python's shortest. JSON and bytes become the text that the database compares; char(n)
    loses its padding, which PostgreSQL ignores. SQL_ASCII delivers bytes, read as UTF-8.
    """
    from psycopg import DataError
    from psycopg.adapt import Loader
    from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
    from psycopg.types.numeric import NumericLoader
    from psycopg.types.string import TextLoader

    def tolerant(loader: type[Any]) -> type[Any]:
        class _Tolerant(loader):  # type: ignore[misc] # the library's loaders share no type with load()
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except DataError:
                    return bytes(data).decode("ascii", "replace")

        return _Tolerant

    class _Bytes(Loader):
        def load(self, data: Any) -> Any:
            return decoded(bytes(data))

    text: type[Any] = _Bytes if bytewise else TextLoader

    class _Unpadded(text):  # type: ignore[misc] # its base is chosen above
        def load(self, data: Any) -> Any:
            padded = super().load(data)
            return type(padded)(padded.rstrip(" "))

    for name, loader in (
        ("date", DateLoader),
        ("timestamp", TimestampLoader),
        ("timestamptz", TimestamptzLoader),
    ):
        adapters.register_loader(name, tolerant(loader))
    adapters.register_loader("bpchar", _Unpadded)
    for name in ("float4", "float8"):
        adapters.register_loader(name, NumericLoader)
    for name in ("json", "jsonb", "bytea"):
        adapters.register_loader(name, text)
    for type_name in ("text", "varchar", "name", 0) if bytewise else ():
        adapters.register_loader(type_name, text)


def _patience(max_hold: float) -> Mapping[str, Any]:
    return {"connect_timeout": _CONNECT_SECONDS, "tcp_user_timeout": 30_000, **_SILENT}


def _bound(raw: Any, seconds: float) -> None:
    with raw.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {int(seconds * 1000)}")


_OF_ROWS: Final = ("21", "22", "23", "P0")
"""SQLSTATE prefixes of errors caused by a row or by a function of the CRM."""


def _names_only(error: Any) -> bool:
    """Errors of the driver itself have no SQLSTATE: the connection, or a value beyond Python."""
    state = getattr(error, "sqlstate", None)
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    return not state.startswith(_OF_ROWS)


def _hides(connection: Connection, tables: Collection[str]) -> Sequence[str]:
    """Tables under row-level security, unless a policy shows this account every row."""
    return [
        str(name)
        for name in connection.exec_driver_sql(
            _APPLYING + _HIDING, {"names": [*tables]}
        ).scalars()
    ]


_NO_SELECT: Final = ("42601", "25006", "0A000", "42P15")
"""SQLSTATEs of errors that the text is no statement, several, or not allowed in a SELECT."""
_VOLATILE: Final = """
SELECT DISTINCT p.proname FROM pg_catalog.pg_proc p
WHERE lower(p.proname) = ANY(%s) AND p.provolatile = 'v' ORDER BY p.proname
"""


def _refuses(connection: Connection, sql: str) -> str:
    """Prepares the SQL alone, then inside a SELECT; the protocol accepts one statement.

    Functions with side effects are VOLATILE; so is every function not declared otherwise.
    """
    raw: Any = connection.connection.dbapi_connection
    if reason := _unprepared(raw, sql) or _unprepared(raw, wrapped(sql)):
        return reason
    if re.search(r"\bU&\"", sql, re.IGNORECASE):
        return 'it holds a name written as U&"…"'
    acting = connection.exec_driver_sql(_VOLATILE, ([*called(sql)],)).scalars().all()
    if acting:
        return (
            f"it calls {', '.join(acting)}, which PostgreSQL holds to be VOLATILE; "
            "declare a function STABLE if it is"
        )
    return ""


def _unprepared(raw: Any, sql: str) -> str:
    """The error that the SQL is not a single SELECT; reading reports any other error."""
    from psycopg.pq import DiagnosticField, ExecStatus

    raw.pgconn.exec_(b"SAVEPOINT one_select")
    result = raw.pgconn.prepare(b"", sql.encode(_encoding(raw), "replace"))
    if result.status == ExecStatus.COMMAND_OK:
        raw.pgconn.exec_(b"RELEASE SAVEPOINT one_select")
        return ""
    raw.pgconn.exec_(b"ROLLBACK TO SAVEPOINT one_select")
    state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
    complaint = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode(
        _encoding(raw), "replace"
    )
    return first_line(complaint) if state in _NO_SELECT else ""


_SERVER_RIGHTS: Final = """
SELECT CASE WHEN rolsuper THEN 'is a superuser' ELSE 'has the role ' || (
    SELECT string_agg(g.rolname, ', ' ORDER BY g.rolname) FROM pg_catalog.pg_roles g
    WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
      AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')) END
FROM pg_catalog.pg_roles r WHERE rolname = current_user
"""


def _advice(connection: Connection) -> Sequence[str]:
    """Warns of a right that a read-only transaction does not take away."""
    has = connection.exec_driver_sql(_SERVER_RIGHTS).scalar()
    warning = (
        f"This account {has}, and so may reach files, programs and sessions of the server, which a read-only "
        "transaction does not stop. What audit.yaml and presets hold as SQL is refused such functions; an account of "
        "crm-audit grants lacks the right."
    )
    return (warning,) if has else ()


def _rights(connection: Connection) -> Rights:
    role = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
    if connection.exec_driver_sql(role).scalar():
        return Rights(True, "it is a superuser")
    if tables := [str(name) for name in connection.exec_driver_sql(_WRITABLE).scalars()]:
        more = ", …" if len(tables) > 3 else ""
        return Rights(True, f"its privileges let it write to {', '.join(tables[:3])}{more}")
    return Rights(False, "it has the privilege to write on no table")


DATABASE: Final = Database(
    dialects=("postgresql",),
    example="postgresql://reader:${CRM_PASSWORD}@127.0.0.1/odoo",
    open=_open,
    begin=(
        "SET TIME ZONE 'UTC'",
        "SET datestyle = 'ISO'",
        "SET standard_conforming_strings = on",
        # also covers the next transaction, if this one is ended
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET extra_float_digits = 1",  # a float's text is its shortest exact one
        # jit took ten times longer to compile our long expressions than to run them; without
        # ANALYZE the planner may choose nested loops, although all our joins are of equal ids
        "SELECT set_config(name, 'off', false) FROM pg_catalog.pg_settings WHERE name IN ('jit', 'enable_nestloop')",
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SELECT 1",  # the first SELECT fixes the transaction's moment
    ),
    # the first match wins: many messages contain "column "
    remedies={
        "operator does not exist": remedies.TYPES,
        "cannot be matched": remedies.TYPES,
        "cannot cast": remedies.TYPES,
        "could not convert type": remedies.TYPES,
        "invalid input syntax for type json": remedies.JSON,
        "invalid input syntax": remedies.VALUES,
        "invalid value": remedies.VALUES,
        "out of range": remedies.VALUES,
        "division by zero": remedies.ZERO,
        "is ambiguous": remedies.AMBIGUOUS,
        "is not unique": remedies.FUNCTIONS,
        "aggregate functions are not allowed": remedies.GROUPS,
        ") does not exist": remedies.FUNCTIONS,
        "missing FROM-clause": remedies.ALIASES,
        "invalid reference to FROM-clause": remedies.ALIASES,
        "specified more than once": remedies.TWICE,
        "GROUP BY": remedies.GROUPS,
        "used as an expression": remedies.SUBQUERIES,
        "same number of columns": remedies.COLUMNS,
        "determine which collation": remedies.UNKNOWN_COLLATION,
        'collation "': remedies.UNKNOWN_COLLATION,
        "collation mismatch": remedies.COLLATIONS,
        "regular expression": remedies.PATTERNS,
        "syntax error": remedies.SYNTAX,
        "lock timeout": remedies.OTHERS,
        "due to user request": remedies.CANCELLED,
        "password authentication failed": "Check the account and its password.",
        "no password supplied": "Give the password in source.url as ${NAME}, and set that environment variable.",
        "no pg_hba.conf entry": "The server lets this account in from elsewhere only: add a line to its pg_hba.conf.",
        "permission denied": "The account lacks SELECT on this table; `crm-audit grants` prints what it needs.",
        # messages about a role, database or table quote its name
        'role "': "Check the account's name in source.url.",
        'database "': "Check the database's name in source.url.",
        "column ": "The preset's SELECT names a column that this CRM does not have: another version, or a change of "
        "its own. Give a SELECT of yours in a preset that extends this one, or correct source.add.",
        'relation "': "The preset reads a table that this CRM does not have; check that source.url names the CRM's "
        "database and that the preset is of its version.",
        "connection refused": "Check host and port in source.url, and that the server runs and lets this machine in.",
        "resolve host": "Check the host's name in source.url.",
        "connection timeout": "Check host and port in source.url, and that no firewall is in between.",
        "closed the connection": "The connection broke; if it happens again, read from a replica or nearer to the "
        "server.",
        "conflict with recovery": "The replica had to drop what was being read; set hot_standby_feedback = on there, "
        "or run at a quiet hour.",
        "terminating connection": "The server ended the connection: a restart, an administrator, or a timeout of its "
        "own; run at a quiet hour, or read from a replica.",
        "timed out": "The network fell silent; if it happens again, read from a replica or nearer to the server.",
    },
    names_only=_names_only,
    hides=_hides,
    patience=_patience,
    bound=_bound,
    out_of_time=("due to statement timeout",),
    passing=(
        "closed the connection",
        "connection is lost",
        "connection refused",
        "connection timeout",
        "timed out",
        "terminating connection",
        "starting up",
        "shutting down",
        "too many clients",
        "remaining connection slots",
        "conflict with recovery",
        "deadlock detected",
    ),
    advice=_advice,
    rights=_rights,
    refuses=_refuses,
    column_kind=lambda code: _KINDS.get(code, Kind.TEXT),
    instants=lambda code: code == 1184,
    single=lambda code: code == 700,
    spells=lambda code: code in _SPELLED or code >= _FIRST_OF_USERS,
)
