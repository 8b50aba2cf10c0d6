"""`crm-audit grants`: SQL for an account that can read a preset's tables and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pipeline.config import Audit, secrets_of
from pipeline.config.asked import asked_schema
from pipeline.errors import ConfigError
from pipeline.model import CHECKED, ENTITIES
from pipeline.presets import Preset
from pipeline.presets.further import reading

ACCOUNT: Final = "crm_audit"
PLACEHOLDER: Final = "CHANGE-THIS-PASSWORD"

_SOME_LACK: Final = (
    "-- Not every installation has the tables below; each is granted if it exists."
)
_CUSTOM: Final = (
    "-- Tables of custom fields, in which init looks for a meeting's result. They hold what your company added, so",
    "-- they are granted on demand only: crm-audit grants --custom",
)

# what looks like a table after FROM and is none
_NO_TABLE: Final = re.compile(
    r"'(?:[^']|'')*'|--[^\n]*|\b(?:extract|trim|substring|overlay)\s*\([^()]*\)|\bdistinct\s+from\b",
    re.IGNORECASE,
)
_READ: Final = re.compile(
    r"\b(?:from|join)\s+(?:lateral\s+)?((?:\w+|[`\"][^`\"]+[`\"])(?:\s*\.\s*(?:\w+|[`\"][^`\"]+[`\"]))?)(?![\w.]|\s*\()",
    re.IGNORECASE,
)
_CTE: Final = re.compile(
    r"(?:\bwith(?:\s+recursive)?|,)\s*(\w+)\s+as\s+(?:materialized\s+)?\(", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reader:
    """An account and the tables it must read."""

    account: str
    host: str  # from where it comes in; '%' = from anywhere
    database: str
    tables: tuple[str, ...]
    optional: tuple[str, ...]  # those that an installation may lack
    password: str = PLACEHOLDER


def tables_of(
    preset: Preset, add: Mapping[str, str], own: Iterable[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tables an audit reads: required ones, and ones an installation may lack.

    `own` holds an analyst's SELECTs, which run in the same transaction.
    """
    selects = [
        part.select for parts in preset.entities.values() for part in parts if part.select
    ]
    tables = {part.table for parts in preset.entities.values() for part in parts} | set(
        preset.tables
    )
    tables |= {preset.place_of(theirs)[0] for theirs in {**preset.add, **add}.values()}
    for sql in (*selects, *preset.tables.values(), *own):
        tables |= _read_in(sql)
    tables -= preset.derived.keys()  # views over the others, which are ours
    optional = set(preset.optional)
    return tuple(sorted(tables - optional)), tuple(sorted(optional))


def custom_tables(preset: Preset) -> tuple[str, ...]:
    """The tables that hold custom fields once a CRM has any; none if they are columns."""
    read = {
        part.table for parts in preset.entities.values() for part in parts
    } | preset.tables.keys()
    if isinstance(preset.custom_key, dict):
        return tuple(sorted(preset.custom_key.keys() - read))
    if preset.custom_key in (None, "id"):
        return ()
    checked = {part.table for entity in CHECKED for part in preset.entities.get(entity, ())}
    return tuple(sorted(f"{table}_cstm" for table in checked))


def _read_in(sql: str) -> set[str]:
    """The tables that a SELECT names after FROM and JOIN."""
    plain = _NO_TABLE.sub(" ", sql)
    named = {
        re.sub(r"\s*\.\s*", ".", re.sub('[`"]', "", name)) for name in _READ.findall(plain)
    }
    return named - set(_CTE.findall(plain)) - {"select", "lateral", "unnest"}


def grants(
    preset: Preset,
    *,
    audit: Audit | None = None,
    account: str | None = None,
    database: str | None = None,
    dialect: str | None = None,
    custom: bool = False,
    password: str = PLACEHOLDER,
) -> str:
    """The SQL to hand to the database administrator.

    An audit.yaml adds its own fields, account and database. `custom` also grants the tables
    of custom fields, which `init` looks into.
    """
    known = _known_of(audit) if audit else {}
    if audit is None:  # what an audit reads that asks for nothing of its own
        preset = reading(preset, asked_schema(ENTITIES, preset.on_demand(), (), {}, ()))
    dialect = dialect or known.get("dialect") or preset.dialects[0]
    if dialect not in preset.dialects:
        raise ConfigError(
            f"--dialect: the preset {preset.name} reads {', '.join(preset.dialects)}, not {dialect}."
        )
    write = _WRITERS.get(dialect)
    if write is None:
        raise ConfigError(
            f"--dialect: {dialect} has no accounts; there are grants for {', '.join(sorted(_WRITERS))}."
        )
    name, _, host = (account or known.get("account") or ACCOUNT).partition("@")
    own = (
        [control.select for control in audit.settings.controls if control.select]
        if audit
        else []
    )
    required, optional = tables_of(preset, audit.add if audit else {}, own)
    of_fields = custom_tables(preset)
    extra = tuple(table for table in of_fields if table not in required)
    if custom:
        optional = (*optional, *extra)
    database = database or known.get("database") or preset.name
    reader = Reader(name, host or "%", database, required, optional, password)
    for what, value in (
        ("--account", reader.account),
        ("--account", reader.host),
        ("--database", reader.database),
    ):
        if not value or not value.isprintable():
            raise ConfigError(f"{what}: {value!r} cannot be a name; write one like {ACCOUNT}.")
    first = f"-- crm-audit reads these tables by the preset {preset.name}, and nothing else."
    offer: tuple[str, ...] = ()
    if custom != bool(extra):
        offer = (_nothing_more(preset, of_fields),) if custom else _CUSTOM
    return "\n".join([first, *write(reader), *offer])


def _nothing_more(preset: Preset, of_fields: Iterable[str]) -> str:
    """Why tables of custom fields add no grants."""
    if preset.custom_columns:
        columns = f"columns of the tables above ({preset.custom_columns}…)"
        reason = f"Custom fields are {columns}, which the account reads whole"
    elif tables := ", ".join(of_fields):
        reason = f"The tables of custom fields are among those above: {tables}"
    else:
        reason = (
            f"The preset {preset.name} knows no tables of custom fields; "
            "columns of the tables above can all be read"
        )
    return f"-- {reason}: --custom adds nothing."


def _known_of(audit: Audit) -> dict[str, str]:
    """Dialect, account and database from source.url, as far as it names them."""
    try:
        url = make_url(secrets_of(audit.settings.source.url))
    # the variable that is not set is usually the password, which is not needed here
    except ConfigError:
        try:
            url = make_url(audit.settings.source.url)
        except (ArgumentError, ValueError):
            return {}
    except (ArgumentError, ValueError):
        return {}
    parts = {
        "dialect": url.get_backend_name(),
        "account": url.username,
        "database": url.database,
    }
    return {name: value for name, value in parts.items() if value and "${" not in value}


# --------------------------------------------------------------------------------- per database


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _placed(reader: Reader, table: str) -> tuple[str, str]:
    """(database, table) on MariaDB and MySQL, where a schema is a database."""
    database, _, name = table.rpartition(".")
    return database or reader.database, name


def _if_there(reader: Reader, table: str, grant: str) -> Iterator[str]:
    """A grant that does nothing if the table is missing; a plain GRANT would stop the script."""
    database, name = _placed(reader, table)
    named = f"table_schema = {_text(database)} AND table_name = {_text(name)}"
    yield f"SET @there = EXISTS (SELECT 1 FROM information_schema.tables WHERE {named});"
    yield f"SET @grant = IF(@there, {_text(grant)}, 'DO 0');"
    yield from (
        "PREPARE crm_audit FROM @grant;",
        "EXECUTE crm_audit;",
        "DEALLOCATE PREPARE crm_audit;",
    )


def _mysql(reader: Reader) -> Iterable[str]:
    def quoted(name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def qualified(table: str) -> str:
        return ".".join(map(quoted, _placed(reader, table)))

    user = f"{_text(reader.account)}@{_text(reader.host)}"
    yield "-- Run as an administrator. Put the machine that the audit runs on instead of %."
    yield "-- An existing account of this name keeps its password."
    yield f"CREATE USER IF NOT EXISTS {user} IDENTIFIED BY {_text(reader.password)};"
    for table in reader.tables:
        yield f"GRANT SELECT ON {qualified(table)} TO {user};"
    if reader.optional:
        yield _SOME_LACK
        for table in reader.optional:
            yield from _if_there(reader, table, f"GRANT SELECT ON {qualified(table)} TO {user}")
    yield f"-- What it may do now: SHOW GRANTS FOR {user};"


def _postgresql(reader: Reader) -> Iterable[str]:
    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def qualified(table: str) -> str:
        schema, _, name = table.rpartition(".")
        return f"{quoted(schema or 'public')}.{quoted(name)}"

    role, database = quoted(reader.account), quoted(reader.database)
    schemas = sorted(
        {table.rpartition(".")[0] or "public" for table in (*reader.tables, *reader.optional)}
    )
    password = reader.password.replace("'", "''")
    yield f"-- Run as an administrator, in the database {reader.database}."
    yield f"CREATE ROLE {role} LOGIN PASSWORD '{password}';"
    yield f"ALTER ROLE {role} SET default_transaction_read_only = on;"
    yield f"GRANT CONNECT ON DATABASE {database} TO {role};"
    yield from (f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {role};" for schema in schemas)
    yield from (
        f"GRANT SELECT ON TABLE {qualified(table)} TO {role};" for table in reader.tables
    )
    if reader.optional:
        yield _SOME_LACK
        for table in reader.optional:
            there = "'" + qualified(table).replace("'", "''") + "'"
            grant = f"GRANT SELECT ON TABLE {qualified(table)} TO {role}"
            yield f"DO $grant$ BEGIN IF to_regclass({there}) IS NOT NULL THEN {grant}; END IF; END $grant$;"
    yield "-- What PUBLIC, and so this account too, may still do. Before PostgreSQL 15 that was to create tables in the"
    yield "-- schema public; REVOKE takes away what you do not want to leave to everybody."
    yield "SELECT 'schema ' || nspname AS what, 'CREATE' AS may FROM pg_namespace"
    yield " WHERE has_schema_privilege('public', oid, 'CREATE') AND nspname NOT LIKE 'pg\\_%'"
    yield "UNION ALL SELECT 'database ' || current_database(), 'TEMPORARY'"
    yield " WHERE has_database_privilege('public', current_database(), 'TEMPORARY')"
    yield "UNION ALL SELECT 'table ' || table_schema || '.' || table_name, privilege_type"
    yield " FROM information_schema.table_privileges"
    yield " WHERE grantee = 'PUBLIC' AND table_schema NOT IN ('pg_catalog', 'information_schema');"


def _sqlite(reader: Reader) -> Iterable[str]:
    file = Path(reader.database).name if "." in reader.database else "crm.db"
    yield "-- SQLite has no accounts: the permissions of the file are the rights, and the audit opens it read-only."
    yield f"-- Let the audit run as a user of its own ({reader.account}) who may read {file} and not write it:"
    yield f"--   chown crm:{reader.account} {file} && chmod 640 {file}"
    yield "-- In WAL mode readers also need the files beside it, so that user must be able to read those:"
    yield f"--   chgrp {reader.account} . && chmod 750 . && chgrp {reader.account} {file}-wal {file}-shm"
    yield (
        "-- It reads "
        + ", ".join((*reader.tables, *reader.optional))
        + "; what lies beside them it does not touch."
    )


_WRITERS: Final[Mapping[str, Callable[[Reader], Iterable[str]]]] = {
    "mysql": _mysql,
    "mariadb": _mysql,
    "postgresql": _postgresql,
    "sqlite": _sqlite,
}
