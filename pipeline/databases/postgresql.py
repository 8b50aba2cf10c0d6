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
"""A network that is silent for 30 seconds is a lost connection; a server that computes
for longer still answers.
"""

_KINDS: Final[Mapping[int, Kind | None]] = {
    1082: Kind.DAY,
    **dict.fromkeys((1114, 1184), Kind.INSTANT),
    **dict.fromkeys((20, 21, 23, 700, 701, 1700), Kind.MONEY),
    # boolean, oid, times, interval, uuid
    **dict.fromkeys((16, 26, 1083, 1186, 1266, 2950), None),
}
"""What the types of these object ids hold; all others come as text."""
_SPELLED: Final = {17, 18, 19, 25, 114, 705, 790, 1042, 1043, 3802}
"""Bytes, names, texts, JSON and money: the driver delivers the database's own text, as of
every type of the user's.
"""
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
# of SELECTs by this account; 0 stands for everybody
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

    # before SQLAlchemy asks its first question
    @event.listens_for(engine, "connect", insert=True)
    def _prepare(raw: Any, _record: object) -> None:
        bytewise = _encoding(raw) == "ascii"
        _read_what_python_cannot(raw.adapters, bytewise=bytewise)
        # a literal must not hold what the database's encoding has no character for
        spaces = WHITE_SPACE.encode(_encoding(raw), "ignore").decode(_encoding(raw))
        # the dialect knows nothing of it
        engine.dialect.__dict__.update(white_space=spaces, bytewise=bytewise)

    return engine


def _encoding(raw: Any) -> str:
    from psycopg._encodings import pg2pyenc

    return str(pg2pyenc((raw.info.parameter_status("server_encoding") or "UTF8").encode()))


def _read_what_python_cannot(adapters: Any, *, bytewise: bool) -> None:
    """Days and instants beyond Python's calendar, 'infinity' among them, come as text:
    unreadable, and no crash.

    A float comes as the decimal of its text, which beyond 2^53 is not always Python's shortest.
    Values of JSON, and bytes, come as the text that the database itself compares; char(n) comes
    without its padding, which PostgreSQL holds to be nothing. A database of SQL_ASCII has
    bytes, whatever they are: read as UTF-8.
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

    class _Unpadded(text):  # type: ignore[misc] # either of the two
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
"""How the SQLSTATE of an error begins that a row, or a function of the
CRM's own, gave rise to.
"""


def _names_only(error: Any) -> bool:
    """The driver's own errors have no SQLSTATE: of the connection, or of a value
    that Python cannot hold.
    """
    state = getattr(error, "sqlstate", None)
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    return not state.startswith(_OF_ROWS)


def _hides(connection: Connection, tables: Collection[str]) -> Sequence[str]:
    """Those under row-level security, unless a policy shows this account every row."""
    return [
        str(name)
        for name in connection.exec_driver_sql(
            _APPLYING + _HIDING, {"names": [*tables]}
        ).scalars()
    ]


_NO_SELECT: Final = ("42601", "25006", "0A000", "42P15")
"""The states of the complaints that a text is no statement, several, or none
that stands in a SELECT.
"""
_VOLATILE: Final = """
SELECT DISTINCT p.proname FROM pg_catalog.pg_proc p
WHERE lower(p.proname) = ANY(%s) AND p.provolatile = 'v' ORDER BY p.proname
"""


def _refuses(connection: Connection, sql: str) -> str:
    """Prepared by the protocol, which takes one statement and runs nothing;
    then as a part of a SELECT.

    A function that acts on something is declared VOLATILE, as every function is that
    nobody has declared otherwise.
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
    """The complaint that the text is no single SELECT; any other is left to the reading
    itself, with its remedy.
    """
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
    """A right that no read-only transaction takes away."""
    has = connection.exec_driver_sql(_SERVER_RIGHTS).scalar()
    said = (
        f"This account {has}, and so may reach files, programs and sessions of the server, which a read-only "
        "transaction does not stop. What audit.yaml and presets hold as SQL is refused such functions; an account of "
        "crm-audit grants lacks the right."
    )
    return (said,) if has else ()


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
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",  # the next one too, should this one be ended
        "SET extra_float_digits = 1",  # a float's text is its shortest exact one
        # compiling our long expressions took ten times as long as asking them; and a table
        # of which little is known yet (no ANALYZE) must not be joined row by row: all our
        # joins are of equal ids
        "SELECT set_config(name, 'off', false) FROM pg_catalog.pg_settings WHERE name IN ('jit', 'enable_nestloop')",
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SELECT 1",  # its moment is that of the first SELECT
    ),
    # the first that fits: "column " is in many a complaint
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
        # one of a database or of an account names it between quotes, as one of a table does
        'role "': "Check the account's name in source.url.",
        'database "': "Check the database's name in source.url.",
        "column ": "The preset's SELECT names a column that this CRM has not: another version, or a change of its "
        "own. Give a SELECT of yours in a preset that extends this one, or correct source.add.",
        'relation "': "The preset reads a table that this CRM has not; check that source.url names the CRM's "
        "database and that the preset is of its version.",
        "connection refused": "Check host and port in source.url, and that the server runs and lets this machine in.",
        "resolve host": "Check the host's name in source.url.",
        "connection timeout": "Check host and port in source.url, and that no firewall stands between.",
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
