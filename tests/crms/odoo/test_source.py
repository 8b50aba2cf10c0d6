"""PostgreSQL as a source: what it says where it fails, and what an account may do there."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url

from pipeline import source
from pipeline.databases import postgresql
from pipeline.errors import SourceError
from pipeline.presets import load_preset
from pipeline.setup.grants import grants
from tests.crms.odoo.database import Odoo, odoo15
from tests.crms.odoo.ours import prepared
from tests.crms.odoo.test_equal import AMSTERDAM
from tests.crms.suitecrm.ours import compute, extract
from tests.setup.test_grants import _statements as sql_in

SECRET = "s3cr/t@Ps"


@pytest.fixture(scope="module")
def odoo() -> Iterator[Odoo]:
    with odoo15() as loaded:
        yield loaded


@pytest.fixture
def reader(odoo: Odoo) -> Iterator[URL]:
    """The account that `crm-audit grants` makes."""
    name = f"reader_{odoo.url.database}"
    printed = grants(load_preset("odoo", Path()), account=name, database=odoo.url.database)
    *made, _ = sql_in(printed)  # the last one only asks what PUBLIC may do
    odoo.execute(*made)
    try:
        yield odoo.url.set(username=name, password=None)
    finally:
        odoo.execute(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def complaint(
    url: URL, folder: Path, sql: str = "SELECT 1", hold: source.TransactionLimit | None = None
) -> str:
    """What the administrator reads where this fails."""
    engine = source.open_engine(
        url.render_as_string(hide_password=False), folder, load_preset("odoo", folder)
    )
    try:
        with (
            pytest.raises(SourceError) as caught,
            source.consistent(engine, limit=hold) as connection,
        ):
            connection.execute(text(sql))
    finally:
        engine.dispose()
    return str(caught.value)


@contextmanager
def refusing(code: str, words: str) -> Iterator[URL]:
    """A server that says this to everyone who wants to log in: ours trusts whoever comes."""

    def answer(server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                while True:
                    length, kind = struct.unpack("!ii", client.recv(8, socket.MSG_WAITALL))
                    client.recv(length - 8, socket.MSG_WAITALL)
                    if kind == 196608:
                        break
                    client.sendall(b"N")  # neither TLS nor GSS
                said = b"".join(
                    field + value.encode() + b"\0"
                    for field, value in ((b"S", "FATAL"), (b"C", code), (b"M", words))
                )
                client.sendall(b"E" + struct.pack("!i", len(said) + 5) + said + b"\0")

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        port = server.getsockname()[1]
        yield URL.create("postgresql", "reader", SECRET, "127.0.0.1", port, "odoo")


def test_a_wrong_password(tmp_path: Path) -> None:
    with refusing("28P01", 'password authentication failed for user "reader"') as url:
        said = complaint(url, tmp_path)
    assert 'password authentication failed for user "reader"' in said
    assert "Check the account and its password." in said
    assert SECRET not in said
    assert "s3cr" not in said


def test_an_account_that_may_not_come_from_here(tmp_path: Path) -> None:
    with refusing("28000", 'no pg_hba.conf entry for host "127.0.0.1", user "reader"') as url:
        assert "add a line to its pg_hba.conf" in complaint(url, tmp_path)


def test_a_database_or_account_that_is_not_there(odoo: Odoo, tmp_path: Path) -> None:
    assert "Check the database's name" in complaint(
        odoo.url.set(database="crm_audit_absent"), tmp_path
    )
    if odoo.url.host:  # through a socket the embedded server may ask the system who we are
        nobody = odoo.url.set(username="crm_audit_nobody", password=SECRET)
        said = complaint(nobody, tmp_path)
        assert "Check the account's name" in said
        assert "s3cr" not in said


def test_nobody_listens(tmp_path: Path) -> None:
    said = complaint(make_url(f"postgresql://reader:{'x' * 9}@127.0.0.1:1/odoo"), tmp_path)
    assert "Check host and port in source.url" in said
    assert "x" * 9 not in said


def test_what_the_account_may_not_read_or_the_database_has_not(
    odoo: Odoo, reader: URL, tmp_path: Path
) -> None:
    odoo.execute(f"REVOKE SELECT ON crm_lead FROM {reader.username}")
    assert "The account lacks SELECT on this table" in complaint(
        reader, tmp_path, "SELECT id FROM crm_lead"
    )
    assert "names a column that this CRM does not have" in complaint(
        odoo.url, tmp_path, "SELECT l.nothing FROM crm_lead l"
    )
    assert "reads a table that this CRM does not have" in complaint(
        odoo.url, tmp_path, "SELECT 1 FROM crm_nothing"
    )


def test_a_statement_is_bound_by_the_hold(odoo: Odoo, tmp_path: Path) -> None:
    said = complaint(odoo.url, tmp_path, "SELECT pg_sleep(20)", source.TransactionLimit(0.5))
    assert "source.max_hold" in said


def test_a_connection_that_is_cut(odoo: Odoo, tmp_path: Path) -> None:
    said = complaint(odoo.url, tmp_path, "SELECT pg_terminate_backend(pg_backend_pid())")
    ended = "terminating connection" in said and "The server ended the connection" in said
    assert ended or ("closed the connection" in said and "The connection broke" in said)


def test_a_silent_network_is_a_lost_connection(odoo: Odoo, tmp_path: Path) -> None:
    """As the operating system has it: nobody can cut a cable here."""
    if not odoo.url.host:
        pytest.skip(
            "the embedded server is reached through a socket, which no network can silence"
        )
    address = odoo.url.render_as_string(hide_password=False)
    engine = source.open_engine(address, tmp_path, load_preset("odoo", tmp_path))
    try:
        with (
            source.consistent(engine) as connection,
            socket.socket(fileno=os.dup(_descriptor(connection))) as tcp,
        ):
            assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
            assert tcp.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            assert [tcp.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [
                10,
                5,
                4,
            ]
    finally:
        engine.dispose()


def _descriptor(connection: Connection) -> int:
    return int(connection.connection.dbapi_connection.fileno())  # type: ignore[union-attr] # psycopg's own


def test_whether_the_account_could_write(odoo: Odoo, reader: URL, tmp_path: Path) -> None:
    def rights(url: URL) -> source.connect.Rights:
        engine = postgresql.DATABASE.open(url, tmp_path)
        try:
            with engine.connect() as connection:
                return source.connect.rights(connection)
        finally:
            engine.dispose()

    assert rights(odoo.url).could_write is True
    assert rights(reader).could_write is False
    odoo.execute(f"GRANT UPDATE (name) ON crm_lead TO {reader.username}")
    assert rights(reader).could_write is True
    assert "crm_lead" in rights(reader).seen_by


def test_rows_that_are_hidden_from_the_account_are_told(
    odoo: Odoo, reader: URL, tmp_path: Path
) -> None:
    def hidden(url: URL) -> list[str]:
        engine = postgresql.DATABASE.open(url, tmp_path)
        try:
            with source.consistent(engine) as connection:
                return source.hidden(connection, ["crm_lead", "res_users"])
        finally:
            engine.dispose()

    assert hidden(reader) == []
    odoo.execute("ALTER TABLE crm_lead ENABLE ROW LEVEL SECURITY")
    try:
        assert hidden(reader) == ["crm_lead"]
        assert hidden(odoo.url) == []  # a superuser sees them all
    finally:
        odoo.execute("ALTER TABLE crm_lead DISABLE ROW LEVEL SECURITY")


def test_the_audit_runs_as_one_who_may_only_read(
    odoo: Odoo, reader: URL, tmp_path: Path
) -> None:
    audit = prepared(AMSTERDAM, tmp_path, by_time=True)
    extract(Odoo(reader), AMSTERDAM, audit)
    assert (tmp_path / "data" / "manifest.json").is_file()


def test_an_odoo_that_keeps_its_companies_from_us(odoo: Odoo, tmp_path: Path) -> None:
    """Without res_company and res_currency amounts are in the audit's currency."""
    audit = prepared(AMSTERDAM, tmp_path, by_time=True)
    odoo.execute(
        "ALTER TABLE res_company RENAME TO kept", "ALTER TABLE res_currency RENAME TO kept_too"
    )
    try:
        extract(odoo, AMSTERDAM, audit)
    finally:
        odoo.execute(
            "ALTER TABLE kept RENAME TO res_company",
            "ALTER TABLE kept_too RENAME TO res_currency",
        )
    figures = compute(audit)
    assert figures["deals_open_amount/EUR@company"].numerator > 0
    assert "deals_open_amount/USD@company" not in figures
