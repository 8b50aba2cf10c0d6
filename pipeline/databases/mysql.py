"""MariaDB and MySQL, through PyMySQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions, convert_datetime
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from pipeline.databases import remedies
from pipeline.databases.adapter import Database, Rights
from pipeline.databases.select_guard import ALIAS, called, first_line, wrapped
from pipeline.model import Kind
from pipeline.presets import Preset

_CONNECT_SECONDS: Final = 10
_GRACE: Final = 30
"""Seconds beyond the longest hold until a silent network counts as a lost connection."""

_SEVERAL_STATEMENTS: Final = 1 << 16
"""The protocol's flag that allows several statements in a text; no address may set it."""

_SETTLED: Final = (
    "SET SESSION sql_mode = 'ANSI_QUOTES', group_concat_max_len = 1048576"
    # MySQL has no such switch, and reads this as a comment
    " /*M!100304 , optimizer_switch = 'split_materialized=off' */"
)
"""Overrides the server's settings, because some modes change the meaning of our SQL.

By default MySQL 8 refuses to compare with a zero date, and cuts joined e-mail addresses to
1,024 bytes; MariaDB groups the contacts of all meetings again for each meeting. ANSI_QUOTES
makes "Telefoon" a name, as on every other database; as a text it would be everybody's phone.
"""

_READING: Final = {
    "USAGE",
    "SELECT",
    "SHOW VIEW",
    "SHOW DATABASES",
    "PROCESS",
    "LOCK TABLES",
    "REPLICATION CLIENT",
    "BINLOG MONITOR",
    "REPLICA MONITOR",
    "SLAVE MONITOR",
    "REPLICATION SLAVE",
}
_GRANT: Final = re.compile(
    r"GRANT (?P<rights>.+?) ON (?:TABLE |PROCEDURE |FUNCTION )?(?P<on>\S.*?) TO ", re.IGNORECASE
)
_NAMES: Final = re.compile(r"""[`'"][^`'"]*[`'"](?:@[`'"][^`'"]*[`'"])?""")
_QUOTED: Final = re.compile(
    r"""(?P<mark>[`"])(?P<quoted>(?:(?!(?P=mark)).|(?P=mark){2})*)(?P=mark)|(?P<bare>\w+)"""
)
"""Names as SHOW GRANTS quotes them: with backticks, or as our session quotes names."""
_KINDS: Final[Mapping[int, Kind]] = {
    # texts and bytes of every length, JSON, ENUM
    **dict.fromkeys((15, *range(245, 256)), Kind.TEXT),
    **dict.fromkeys((7, 12), Kind.INSTANT),
    10: Kind.DAY,
    **dict.fromkeys((0, 1, 2, 3, 4, 5, 8, 9, 13, 246), Kind.MONEY),
}
"""The kind behind a type code of the protocol."""
_INTEGERS: Final = {1, 2, 3, 8, 9}
"""Of every length; a year is none: its text has four digits."""
_GEOMETRY: Final = 255
_ROLE: Final = re.compile(r"GRANT (?P<role>(?:(?! ON ).)+?) TO ", re.IGNORECASE)


def _open(url: URL, base: Path, _preset: Preset | None = None) -> Engine:
    # parameters are never logged: they may hold what people typed
    driven = url.set(drivername=f"{url.get_backend_name()}+pymysql")
    arguments = {"conv": {**conversions, FIELD_TYPE.TIMESTAMP: _instant}}
    engine = create_engine(
        driven, hide_parameters=True, isolation_level="AUTOCOMMIT", connect_args=arguments
    )

    @event.listens_for(engine, "do_connect")
    def _encode(
        _dialect: object, _record: object, _parameters: object, keywords: dict[str, Any]
    ) -> None:
        if isinstance(keywords.get("password"), str):  # the driver would send Latin-1, or fail
            keywords["password"] = keywords["password"].encode()
        keywords["client_flag"] = int(keywords.get("client_flag") or 0) & ~_SEVERAL_STATEMENTS

    # before SQLAlchemy checks how names are quoted
    @event.listens_for(engine, "connect", insert=True)
    def _settle(raw: Any, _record: object) -> None:
        with raw.cursor() as cursor:
            cursor.execute(_SETTLED)

    return engine


def _instant(text: str) -> Any:
    """A TIMESTAMP as an instant: the session's zone is UTC, but the driver drops it."""
    moment = convert_datetime(text)
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else moment


def _patience(max_hold: float) -> Mapping[str, Any]:
    waiting = int(max_hold) + _GRACE
    return {
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": waiting,
        "write_timeout": waiting,
    }


def _bound(raw: Any, seconds: float) -> None:
    mariadb = "mariadb" in str(raw.get_server_info()).lower()
    limit = (
        f"max_statement_time = {seconds:.3f}"
        if mariadb
        else f"max_execution_time = {int(seconds * 1000)}"
    )
    with raw.cursor() as cursor:
        cursor.execute(f"SET SESSION {limit}")


_OF_THE_SQL: Final = {
    1044,
    1045,
    1046,
    1049,
    1052,
    1054,
    1055,
    1056,
    1060,
    1064,
    1065,
    1066,
    1103,
    1104,
    1109,
    1110,
    1111,
    1113,
    1115,
    1139,
    1142,
    1143,
    1146,
    1149,
    1176,
    1222,
    1227,
    1241,
    1247,
    1248,
    1250,
    1253,
    1267,
    1270,
    1271,
    1273,
    1302,
    1305,
    1318,
    1356,
    1370,
    1582,
    1583,
    1584,
    1698,
}
"""Errors about names, rights, syntax and collations, raised before a row is read."""
_OF_THE_CLIENT: Final = range(2000, 3000)  # connection errors


def _names_only(error: Any) -> bool:
    number = next(iter(error.args), None)
    return number in _OF_THE_SQL or number in _OF_THE_CLIENT


# --------------------------------------------------------------------------------- SQL of users

_ACTING: Final = frozenset(
    {
        "sleep",
        "benchmark",
        "get_lock",
        "release_lock",
        "release_all_locks",
        "load_file",
        "master_pos_wait",
        "source_pos_wait",
        "master_gtid_wait",
        "wait_for_executed_gtid_set",
        "wait_until_sql_thread_after_gtids",
        "nextval",
        "setval",
        "lastval",
        "sys_exec",
        "sys_eval",
        "sys_set",
    }
)
"""Functions that wait, lock, read files or run programs.

A read-only transaction stops only those of sequences.
"""
_NO_SELECT: Final = (1064, 1144, 1221, 1234, 1235, 1295, 1792, 3572)
"""Errors that the text is no statement, not allowed in a SELECT, or writes."""


def _refuses(connection: Connection, sql: str) -> str:
    """Prepares the SQL alone, without running it, then inside a SELECT, which forbids INTO."""
    if "/*!" in sql or "/*M!" in sql:
        return "it holds a comment that the server would run"
    code = called(sql, backslashes=True) & _ACTING
    if code:
        return f"it calls {', '.join(sorted(code))}"
    if lock := re.search(
        r":=|\bFOR\s+UPDATE\b|\bLOCK\s+IN\s+SHARE\b|\bFOR\s+SHARE\b", sql, re.IGNORECASE
    ):
        return f"it holds {lock[0]}"
    for text in (sql, wrapped(sql)):
        try:
            connection.exec_driver_sql(f"PREPARE {ALIAS} FROM %s", (text,))
            connection.exec_driver_sql(f"DEALLOCATE PREPARE {ALIAS}")
        except DBAPIError as error:
            number, complaint = (*getattr(error.orig, "args", ()), 0, "")[:2]
            if number in _NO_SELECT:
                return first_line(str(complaint))
    return ""  # an unknown name: reading reports it, with a remedy


# --------------------------------------------------------------------------------------- rights


def _rights(connection: Connection) -> Rights:
    database = str(connection.exec_driver_sql("SELECT DATABASE()").scalar() or "")
    try:
        rights = sorted(set(writing(_granted(connection), database)))
    except DBAPIError:
        return Rights(None, "SHOW GRANTS is refused to it, or one of its roles is")
    if rights:
        return Rights(True, f"SHOW GRANTS gives it {', '.join(rights)}")
    return Rights(False, "SHOW GRANTS gives it nothing beyond reading")


def _advice(connection: Connection) -> Sequence[str]:
    """Warns of a right that a read-only transaction does not take away."""
    try:
        right = _reads_files(_granted(connection))
    except DBAPIError:
        return ()
    warning = (
        f"This account has the right {right} on the whole server, and with it reads and writes files there, which a "
        "read-only transaction does not stop. What audit.yaml and presets hold as SQL is refused such functions; an "
        "account of crm-audit grants lacks the right."
    )
    return (warning,) if right else ()


def _reads_files(lines: Iterable[str]) -> str:
    """The right in SHOW GRANTS to read and write files of the server; else ''."""
    for line in lines:
        granted = _GRANT.match(line)
        if granted is None or not granted["on"].startswith("*"):
            continue
        rights = {right.strip().upper() for right in granted["rights"].split(",")}
        if broad := rights & {"FILE", "ALL PRIVILEGES", "ALL"}:
            return broad.pop()
    return ""


def _granted(connection: Connection) -> list[str]:
    """The lines of SHOW GRANTS, including every role that the account may take on."""
    lines = [str(line) for line in connection.exec_driver_sql("SHOW GRANTS").scalars()]
    roles = [
        role
        for line in lines
        if (granted := _ROLE.match(line))
        for role in _NAMES.findall(granted["role"])
    ]
    if not roles:
        return lines
    if not getattr(connection.dialect, "is_mariadb", False):
        using = f"SHOW GRANTS FOR CURRENT_USER() USING {', '.join(roles)}".replace("%", "%%")
        return [str(line) for line in connection.exec_driver_sql(using).scalars()]
    # MariaDB shows a role's rights only once the role is taken on
    taken = connection.exec_driver_sql("SELECT CURRENT_ROLE()").scalar()
    try:
        for role in roles:
            connection.exec_driver_sql(f"SET ROLE {role.replace('%', '%%')}")
            lines += [str(line) for line in connection.exec_driver_sql("SHOW GRANTS").scalars()]
    finally:
        back = "`" + str(taken).replace("`", "``").replace("%", "%%") + "`" if taken else "NONE"
        connection.exec_driver_sql(f"SET ROLE {back}")
    return lines


def writing(lines: Iterable[str], database: str) -> Iterator[str]:
    """The rights in SHOW GRANTS that let an account change this database."""
    for line in lines:
        granted = _GRANT.match(line)
        if granted is None or not _reaches(granted["on"], database):
            continue
        # without the columns of a column-level right
        rights = re.sub(r"\([^)]*\)", "", granted["rights"]).split(",")
        yield from (
            right.strip().upper() for right in rights if right.strip().upper() not in _READING
        )


def _reaches(on: str, database: str) -> bool:
    """Whether `*.*`, `name`.* (a LIKE pattern) or `name`.`table` covers this database."""
    if on.startswith("*"):
        return True
    name = _QUOTED.match(on)
    if name is None:
        return True  # not understood, so warn
    mark = name["mark"] or ""
    pattern = name["bare"] or name["quoted"].replace(mark * 2, mark)
    if not on.endswith(".*"):
        return pattern.lower() == database.lower()
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return bool(
        re.fullmatch(
            "".join(wild.get(part) or re.escape(part[-1]) for part in parts),
            database,
            re.IGNORECASE,
        )
    )


def _spells(code: int) -> bool:
    """Texts and integers: the driver writes fractions, moments and shapes in its own way."""
    return code in _INTEGERS or (_KINDS.get(code) is Kind.TEXT and code != _GEOMETRY)


DATABASE: Final = Database(
    dialects=("mysql", "mariadb"),
    example="mysql+pymysql://reader:${CRM_PASSWORD}@127.0.0.1/suitecrm",
    open=_open,
    begin=(
        "SET time_zone = '+00:00'",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET SESSION TRANSACTION READ ONLY",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    remedies={
        "Illegal mix of collations": remedies.COLLATIONS,
        "Unknown collation": remedies.UNKNOWN_COLLATION,
        "Unknown character set": remedies.UNKNOWN_COLLATION,
        "is not valid for CHARACTER SET": remedies.UNKNOWN_COLLATION,
        "value is out of range": remedies.VALUES,
        " value: ": remedies.VALUES,
        "Division by 0": remedies.ZERO,
        "1305 FUNCTION": remedies.FUNCTIONS,
        "native function": remedies.FUNCTIONS,
        "is ambiguous": remedies.AMBIGUOUS,
        "Unknown table": remedies.ALIASES,
        "Duplicate column name": remedies.TWICE,
        "GROUP BY": remedies.GROUPS,
        "use of group function": remedies.GROUPS,
        "Subquery returns more than 1 row": remedies.SUBQUERIES,
        "Operand should contain": remedies.SUBQUERIES,
        "different number of columns": remedies.COLUMNS,
        "Regex error": remedies.PATTERNS,
        "regular expression": remedies.PATTERNS,
        "error in your SQL syntax": remedies.SYNTAX,
        "Lock wait timeout": remedies.OTHERS,
        "execution was interrupted": remedies.CANCELLED,
        "Can't connect": "Check host and port in source.url, and that the server runs and lets this machine in.",
        "Access denied": "Check the account and its password, and its rights: `crm-audit grants` prints what it needs.",
        "Unknown database": "Check the database's name in source.url.",
        "command denied": "The account lacks SELECT on this table; `crm-audit grants` prints what it needs.",
        "Unknown column": "The preset's SELECT names a column that this CRM does not have: another version, or "
        "a change of its own. Give a SELECT of yours in a preset that extends this one, or correct source.add. A text "
        "goes between single quotes.",
        "doesn't exist": "The preset reads a table that this CRM does not have; check that source.url names the CRM's "
        "database and that the preset is of its version.",
        "Lost connection": "The connection broke; if it happens again, read from a replica or nearer to the server.",
    },
    names_only=_names_only,
    patience=_patience,
    bound=_bound,
    out_of_time=("max_statement_time exceeded", "maximum statement execution time exceeded"),
    passing=(
        "Lost connection",
        "gone away",
        "was killed",
        "Connection refused",
        "timed out",
        "Too many connections",
        "Deadlock found",
        "Lock wait timeout",
        "shutdown in progress",
    ),
    advice=_advice,
    rights=_rights,
    refuses=_refuses,
    column_kind=_KINDS.get,
    instants=lambda code: code == FIELD_TYPE.TIMESTAMP,
    single=lambda code: code == 4,
    spells=_spells,
    rolls_up=True,
)
