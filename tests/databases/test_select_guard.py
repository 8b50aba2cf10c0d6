"""What users write as SQL is one SELECT that only reads, on every engine and in every place that takes SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from pipeline.config import load_audit
from pipeline.databases.kinds import DATABASES
from pipeline.databases.select_guard import called, without_semicolon
from pipeline.errors import ConfigError, SourceError
from pipeline.flows.extract import read_spec_of
from pipeline.setup.look.recognise import Place
from pipeline.source import SourceReader, consistent, open_engine
from tests.postgres import database
from tests.requirements import require_mariadb

MAPPING = """
about: Our own CRM
money: decimal
entities:
  user: {table: people, columns: {id: id, name: name}}
  deal: {table: deals, columns: {id: id, owner_id: owner, name: name}}
"""
TABLES = (
    "CREATE TABLE people (id varchar(9), name varchar(9))",
    "INSERT INTO people VALUES ('a', 'Anna')",
    "CREATE TABLE deals (id varchar(9), owner varchar(9), name varchar(9))",
    "INSERT INTO deals VALUES ('1', 'a', 'One'), ('2', 'a', 'Two')",
)
ENGINES = ("sqlite", "duckdb", "files", "postgresql", "mysql")


class Crm:
    """Two deals on one engine, as an audit opens them."""

    def __init__(self, dialect: str, url: str, folder: Path) -> None:
        self.dialect, self.url, self.folder = dialect, url, folder

    def control(self, sql: str) -> str:
        """What a control total of this SELECT is."""
        with self.reader() as reader:
            return reader.control("f", sql)

    def read(self, more: str) -> int:
        """Accounts for every table, reads, and tells how many deals there were."""
        with self.reader(more) as reader:
            reader.accounts()
            return [sum(map(len, reader.rows(entity))) for entity in ("lead", "deal")][1]

    @contextmanager
    def reader(self, more: str = "", mapping: str = MAPPING) -> Iterator[SourceReader]:
        (self.folder / "own.yaml").write_text(
            f"dialects: [{self.dialect}]\n{mapping}{more}", "utf-8"
        )
        file = self.folder / "audit.yaml"
        file.write_text(
            f"name: T\nsource: {{url: '{self.url}', preset: own.yaml}}\nzone: UTC\ncurrency: EUR\n",
            "utf-8",
        )
        audit = load_audit(file)
        engine = open_engine(audit.settings.source.url, self.folder, audit.preset)
        try:
            with consistent(engine) as connection:
                yield SourceReader(connection, read_spec_of(audit))
        finally:
            engine.dispose()

    def deals(self) -> int:
        """How many deals there are, asked by somebody else."""
        if self.dialect == "files":
            return (self.folder.parent / "exported" / "deals.csv").read_text("utf-8").count(
                "\n"
            ) - 1
        engine = _writer(self.url)
        with engine.connect() as connection:
            found = int(connection.exec_driver_sql("SELECT count(*) FROM deals").scalar() or 0)
        engine.dispose()
        return found


def _writer(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


@pytest.fixture(scope="module")
def crms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Crm]]:
    folder = tmp_path_factory.mktemp("guarded")
    made: dict[str, Crm] = {}
    with database() as url:
        server = require_mariadb()
        name = f"crm_audit_guard_{folder.name.lower().replace('-', '_')}_{url.database[-6:]}"
        with create_engine(server).begin() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        urls = {
            "sqlite": f"sqlite:///{folder / 'crm.db'}",
            "duckdb": f"duckdb:///{folder / 'crm.duckdb'}",
            "files": f"files:///{folder / 'exported'}",
            "postgresql": url.set(drivername="postgresql").render_as_string(
                hide_password=False
            ),
            "mysql": server.set(database=name).render_as_string(hide_password=False),
        }

        def crm(dialect: str) -> Crm:
            if dialect not in made:
                place = folder / dialect
                place.mkdir()
                made[dialect] = Crm(dialect, urls[dialect], place)
                _fill(dialect, made[dialect], folder)
            return made[dialect]

        yield crm
        with create_engine(server).begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


def _fill(dialect: str, crm: Crm, folder: Path) -> None:
    if dialect == "files":
        (folder / "exported").mkdir()
        (folder / "exported" / "people.csv").write_text("id,name\na,Anna\n", "utf-8")
        (folder / "exported" / "deals.csv").write_text(
            "id,owner,name\n1,a,One\n2,a,Two\n", "utf-8"
        )
        return
    engine = _writer(crm.url)
    with engine.begin() as connection:
        for statement in TABLES:
            connection.exec_driver_sql(statement)
    engine.dispose()


COMMON = (
    "SELECT 2; COMMIT; DELETE FROM deals",
    "SELECT 2) q; COMMIT; DELETE FROM deals; SELECT * FROM (SELECT 2",
    "SELECT 2) one_select; COMMIT; DELETE FROM deals; SELECT * FROM (SELECT 2",
    "SELECT 2) q --",
    "SELECT 2 /*",
    "COMMIT",
    "DELETE FROM deals",
    "DROP TABLE deals",
    "UPDATE deals SET name = 'x'",
    "CREATE TABLE stolen AS SELECT * FROM deals",
    "SELECT count(*) INTO stolen FROM deals",
    "WITH gone AS (DELETE FROM deals RETURNING id) SELECT count(*) FROM gone",
    "EXPLAIN SELECT 2",
    "",
    ";",
)
OWN = {
    "sqlite": (
        "ATTACH DATABASE 'FOLDER/stolen.db' AS stolen",
        "PRAGMA query_only = OFF",
        "SELECT load_extension('FOLDER/stolen')",
        "VACUUM INTO 'FOLDER/stolen.db'",
    ),
    "duckdb": (
        "COPY deals TO 'FOLDER/stolen.csv'",
        "ATTACH 'FOLDER/stolen.db'",
        "SELECT count(*) FROM read_csv('/etc/passwd')",
        "SELECT size FROM read_text('/etc/passwd')",
        "SELECT count(*) FROM glob('/*')",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "CALL pragma_version()",
    ),
    "postgresql": (
        "COPY deals TO PROGRAM 'cat > FOLDER/stolen'",
        "COPY deals TO 'FOLDER/stolen'",
        "SELECT pg_terminate_backend(0)",
        "SELECT pg_catalog . pg_terminate_backend (0)",
        'SELECT "pg_terminate_backend"/* /* */ */(0)',
        'SELECT U&"pg_\\0074erminate_backend"(0)',
        "SELECT lo_export(1, 'FOLDER/stolen')",
        "SELECT length(pg_read_file('/etc/passwd'))",
        "SELECT count(*) FROM pg_ls_dir('/')",
        "SELECT nextval('numbers')",
        "SELECT pg_advisory_lock(1)",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SELECT query_to_xml('DELETE FROM deals', true, true, '')",
        "SELECT pg_notify('a', 'b')",
        "SELECT pg_sleep(0)",
        "SELECT unmarked()",
    ),
    "mysql": (
        "SELECT count(*) INTO OUTFILE 'FOLDER/stolen' FROM deals",
        "SELECT count(*) FROM deals INTO OUTFILE 'FOLDER/stolen'",
        "SELECT name INTO @stolen FROM deals LIMIT 1",
        "SELECT 2 /*! INTO @stolen */",
        "SELECT 2 /*M! INTO @stolen */",
        "SELECT @stolen := 2",
        "SELECT SLEEP(0)",
        "SELECT GET_LOCK ('a', 0)",
        "SELECT LENGTH(LOAD_FILE('/etc/passwd'))",
        "SELECT '\\'', SLEEP(0), '\\''",
        "SELECT BENCHMARK(1, 1)",
        "SELECT id FROM deals FOR UPDATE",
        "SELECT id FROM deals LOCK IN SHARE MODE",
        "SELECT unmarked()",
    ),
}  # fmt: skip
OWN["files"] = OWN["duckdb"]
PASSING = (
    "SELECT 2",
    "SELECT 2;",
    "SELECT 2 -- ;\n;",
    "SELECT count(*) FROM deals -- all of them",
    "SELECT sum(n) FROM (SELECT count(*) AS n FROM deals UNION ALL SELECT 0) parts",
    "WITH named AS (SELECT * FROM deals) SELECT count(*) FROM named",
    "SELECT (count(*) + 3) % 3 FROM deals",
    "SELECT max(2) /* COMMIT; DELETE FROM deals */ FROM deals",
    "SELECT 2 FROM people WHERE name <> 'a; DELETE FROM deals; sleep(9) % 9:30'",
)


@pytest.mark.parametrize("dialect", ENGINES)
def test_a_control_is_one_select_that_only_reads(
    crms: Callable[[str], Crm], dialect: str, tmp_path: Path
) -> None:
    crm = crms(dialect)
    if dialect in ("postgresql", "mysql"):
        _unmarked(crm)
    for sql in (*COMMON, *OWN[dialect]):
        with pytest.raises(
            ConfigError,
            match=r"^controls: the select of f: this is not a single SELECT that only reads",
        ):
            crm.control(sql.replace("FOLDER", str(tmp_path)))
        assert crm.deals() == 2, sql
    assert list(tmp_path.iterdir()) == []
    with crm.reader() as reader:
        assert {sql: float(reader.control("f", sql)) for sql in PASSING} == dict.fromkeys(
            PASSING, 2
        )


def _unmarked(crm: Crm) -> None:
    """A function that writes, of which the database knows no more than that."""
    engine = _writer(crm.url)
    body = {
        "postgresql": "CREATE OR REPLACE FUNCTION unmarked() RETURNS int LANGUAGE sql AS 'DELETE FROM deals; SELECT 2'",
        "mysql": "CREATE FUNCTION IF NOT EXISTS unmarked() RETURNS INT BEGIN DELETE FROM deals; RETURN 2; END",
    }
    with engine.begin() as connection:
        connection.exec_driver_sql(body[crm.dialect])
    engine.dispose()


ATTACK = "SELECT 2) q; COMMIT; DELETE FROM deals; SELECT * FROM (SELECT 2"
PLACES = {
    "a SELECT": "  lead: {table: deals, select: \"SELECT id, owner AS owner_id, NULL AS excluded FROM deals"
    "; COMMIT; DELETE FROM deals\"}\n",
    "a SELECT in brackets": f"  lead: {{table: deals, select: \"{ATTACK}\"}}\n",
    "a condition": "  lead: {table: deals, columns: {id: id}, excluded: "
    "{gone: \"1 = 1 THEN 'x' END FROM deals; COMMIT; DELETE FROM deals; SELECT CASE WHEN 1 = 1\"}}\n",
    "a reason": "  lead: {table: deals, columns: {id: id}, excluded: "
    "{\"x' END FROM deals; COMMIT; DELETE FROM deals; SELECT CASE WHEN 1 = 1 THEN '\": 1 = 1}}\n",
    "our column": "  lead: {table: deals, columns: {\"id FROM deals; COMMIT; DELETE FROM deals; --\": id, id: id}}\n",
    "a further table": f"tables: {{people: \"{ATTACK}\"}}\n",
    "an optional table": "  lead: {table: leads, select: \"SELECT id, NULL AS excluded FROM leads\"}\n"
    "optional: {leads: [\"id); COMMIT; DELETE FROM deals; WITH x AS (SELECT 1 AS id\"]}\n",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dialect", ENGINES)
def test_nor_does_any_other_place_take_more(
    crms: Callable[[str], Crm], dialect: str, place: str
) -> None:
    crm = crms(dialect)
    with pytest.raises((ConfigError, SourceError)) as caught:
        crm.read(PLACES[place])
    assert "defect" not in str(caught.value)
    assert crm.deals() == 2


@pytest.mark.parametrize(
    "derived",
    [
        "{all: \"SELECT 1; COPY deals TO 'FOLDER/stolen'\"}",
        "{all: \"SELECT * FROM read_csv('/etc/passwd')\"}",
        "{\"all AS SELECT 1; COPY deals TO 'FOLDER/stolen'; CREATE VIEW b\": SELECT 1 AS id}",
        '{all: "WITH gone AS (DELETE FROM deals RETURNING id) SELECT * FROM gone"}',
    ],
)
def test_nor_does_a_view_over_exports(
    crms: Callable[[str], Crm], derived: str, tmp_path: Path
) -> None:
    crm = crms("files")
    exports = (
        "exports: {people: {id: [id], name: [name]}, deals: {id: [id], owner: [owner], name: [name]}}\n"
        "known_by: {people: [id], deals: [owner]}\nderived: "
        + derived.replace("FOLDER", str(tmp_path))
        + "\n"
    )
    if "CREATE VIEW b" in derived:
        assert crm.read(exports) == 2  # an odd name, and nothing more
    else:
        with pytest.raises(
            ConfigError, match=r"derived\.all: this is not a SELECT that only reads"
        ):
            crm.read(exports)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("dialect", "ending"),
    # of files, the tables are ours, in memory: their transaction is enough
    [
        (one, end)
        for one in ENGINES
        for end in ("", "ROLLBACK", "COMMIT")
        if one != "files" or not end
    ],
)
def test_the_session_itself_refuses_to_write(
    crms: Callable[[str], Crm], dialect: str, ending: str
) -> None:
    """Were one text to slip through: after the end of our transaction too. Each is tried in a
    session of its own, since a statement that fails may end what comes after it.
    """
    crm = crms(dialect)
    with suppress(SourceError), crm.reader() as reader:
        if ending:
            reader.connection.exec_driver_sql(ending)
        with pytest.raises(Exception, match=r"(?i)read.?only"):
            reader.connection.exec_driver_sql("DELETE FROM deals")
    assert crm.deals() == 2


def test_no_address_lets_a_text_hold_several_statements(crms: Callable[[str], Crm]) -> None:
    """The flag of the protocol by which a server would take them."""
    crm = crms("mysql")
    with (
        pytest.raises(SourceError, match="syntax"),
        Place(f"{crm.url}?client_flag={1 << 16}", crm.folder).opened() as connection,
    ):
        connection.exec_driver_sql("SELECT 1; SELECT 2")


def test_every_engine_has_a_guard() -> None:
    assert (
        len({database.refuses for database in DATABASES}) == len(DATABASES) - 1
    )  # DuckDB's is that of files too


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ('SELECT a(1), "b" (2), `c`(3), [d](4), x.e(5)', {"a", "b", "c", "d", "e"}),
        ("SELECT 'a(1)' || \"b(\"", set()),
        ("SELECT a /* one /* two */ */ (1) -- b(\n", {"a"}),
        ("SELECT E'\\' || a(1) || ', b(2)", {"b"}),
        ("SELECT $x$ a( $x$, $$ b( $$, c(1)", {"c"}),
        ("SELECT A(1)", {"a"}),
    ],
)
def test_the_functions_that_a_text_calls(sql: str, found: set[str]) -> None:
    assert called(sql) == found


def test_backslashes_of_mariadb() -> None:
    assert called("SELECT '\\'', sleep(9), '\\''", backslashes=True) == {"sleep"}
    assert called("SELECT '\\' sleep(9) \\''", backslashes=True) == set()
    assert called('SELECT "\\"", sleep(9), "\\""', backslashes=True) == {"sleep"}


@pytest.mark.parametrize("sql", ["SELECT 1", "SELECT 1;", " SELECT 1 ;;\n; "])
def test_the_last_semicolon(sql: str) -> None:
    assert without_semicolon(sql).strip() == "SELECT 1"


def test_virtual_tables_of_sqlite_can_be_read(crms: Callable[[str], Crm]) -> None:
    assert crms("sqlite").control("SELECT count(*) FROM json_each('[1, 2]')") == "2"
