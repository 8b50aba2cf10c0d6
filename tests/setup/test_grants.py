"""The account that `crm-audit grants` makes: it reads what the preset reads, and can do nothing else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pymysql
import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from pipeline import source
from pipeline.config import load_audit
from pipeline.databases.mysql import _reads_files, writing
from pipeline.errors import ConfigError, SourceError
from pipeline.presets import load_preset, preset_names
from pipeline.setup.grants import (
    PLACEHOLDER,
    Reader,
    _postgresql,
    custom_tables,
    grants,
    tables_of,
)
from tests import postgres
from tests.crms.suitecrm.database import Database, suitecrm
from tests.crms.suitecrm.ours import compute, extract, prepared
from tests.crms.suitecrm.test_transaction import NOW
from tests.paths import ROOT
from tests.program import crm_audit

PASSWORD = "a'b@c/d:e%20#?"  # whatever a password may hold


def audit_yaml(folder: Path, url: str, add: str = "{}") -> Path:
    file = folder / "audit.yaml"
    file.write_text(
        f"name: T\nsource: {{url: '{url}', preset: suitecrm, add: {add}}}\nzone: Europe/Amsterdam\ncurrency: EUR\n"
    )
    return file


# ------------------------------------------------------------------------------------------------ the text


@pytest.mark.parametrize("name", preset_names())
def test_every_table_of_every_preset_is_granted_once(name: str) -> None:
    preset = load_preset(name, ROOT)
    required, optional = tables_of(preset, {})
    declared = {part.table for parts in preset.entities.values() for part in parts} | set(
        preset.tables
    )
    assert set(preset.optional) == set(optional)
    assert not set(required) & set(optional)
    # the accounting counts each table that is read, so a table that only a SELECT names is a gap in the preset
    read = declared | {c.partition(".")[0] for c in preset.add.values()}
    assert set(required) == read - set(optional) - preset.derived.keys()


def test_a_select_may_read_more_than_it_declares() -> None:
    preset = load_preset("suitecrm", ROOT)
    part = preset.entities["deal"][0].model_copy(
        update={
            "select": "WITH w AS (SELECT 1 FROM one) SELECT EXTRACT(DAY FROM d.x), ' from no_table ' FROM `two` d"
            " JOIN w ON w.a IS NOT DISTINCT FROM d.b LEFT JOIN three t ON 1 = 1 -- from nowhere"
        }
    )
    changed = preset.model_copy(update={"entities": {**preset.entities, "deal": (part,)}})
    found = set(tables_of(changed, {"deal.x": "four.x"})[0]) - set(tables_of(preset, {})[0])
    assert found == {"one", "two", "three", "four"}


def test_an_audit_adds_its_fields_its_account_and_its_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = audit_yaml(
        tmp_path,
        "mysql+pymysql://o'neil:${PW}@h/crm`x",
        "{meeting.result: meetings_cstm.result_c}",
    )
    file.write_text(file.read_text().replace("'mysql", '"mysql').replace("crm`x'", 'crm`x"'))
    audit = load_audit(file)
    said = grants(audit.preset, audit=audit)
    assert "GRANT SELECT ON `crm``x`.`meetings_cstm` TO 'o''neil'@'%';" in said
    assert f"CREATE USER IF NOT EXISTS 'o''neil'@'%' IDENTIFIED BY '{PLACEHOLDER}';" in said
    monkeypatch.setenv("PW", "hunter2")
    assert "hunter2" not in grants(audit.preset, audit=audit)
    file.write_text(
        file.read_text()
        + "controls: [{figure: deals_won@company, select: SELECT n FROM totals}]\n"
    )
    assert "`totals` TO" in grants(audit.preset, audit=load_audit(file))
    given = grants(audit.preset, audit=audit, account="bob@10.0.0.5", database="other")
    assert "GRANT SELECT ON `other`.`users` TO 'bob'@'10.0.0.5';" in given


def test_whatever_a_preset_adds_is_granted() -> None:
    preset = load_preset("suitecrm", ROOT)
    own = preset.model_copy(update={"add": {"meeting.result": "meetings_cstm.result_c"}})
    assert set(tables_of(own, {"call.result": "calls_cstm.x"})[0]) - set(
        tables_of(preset, {})[0]
    ) == {
        "meetings_cstm",
        "calls_cstm",
    }


@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
def test_account_and_machine_are_texts_whatever_they_hold(dialect: str) -> None:
    """A quote or a backslash in either would end the text, and what follows would be SQL."""
    said = grants(
        load_preset("suitecrm", ROOT), account="o'n\\@h'o\\", database="c`r", dialect=dialect
    )
    assert (
        f"CREATE USER IF NOT EXISTS 'o''n\\\\'@'h''o\\\\' IDENTIFIED BY '{PLACEHOLDER}';"
        in said
    )
    granted = [line for line in said.splitlines() if line.startswith("GRANT")]
    assert granted
    assert all(
        re.fullmatch(r"GRANT SELECT ON `c``r`\.`\w+` TO 'o''n\\\\'@'h''o\\\\';", line)
        for line in granted
    )


def test_what_cannot_be_is_refused() -> None:
    preset = load_preset("suitecrm", ROOT)
    with pytest.raises(
        ConfigError, match=r"--dialect: .*suitecrm reads mysql, mariadb, not oracle"
    ):
        grants(preset, dialect="oracle")
    with pytest.raises(ConfigError, match=r"--account: [\s\S]*cannot be a name"):
        grants(preset, account="a\nb")


def test_sqlite_has_permissions_of_its_file() -> None:
    said = grants(load_preset("demo", ROOT))
    assert "chmod 640 crm.db" in said
    assert all(line.startswith("--") for line in said.splitlines())


def test_the_command_prints_sql_and_names_what_it_lacks(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return crm_audit(ROOT, "grants", *arguments, CRM_PASSWORD=PASSWORD)

    done = run("--preset", "suitecrm", "--database", "crm", "--account", "bob")
    assert (done.returncode, done.stderr) == (0, "")
    assert "GRANT SELECT ON `crm`.`meetings` TO 'bob'@'%';" in done.stdout
    nothing = run()
    assert (nothing.returncode, "--preset" in nothing.stderr) == (2, True)
    clash = run(str(audit_yaml(tmp_path, "mysql://u@h/d")), "--preset", "demo")
    assert (clash.returncode, "leave one of them out" in clash.stderr) == (2, True)


@pytest.mark.parametrize(
    ("line", "rights"),
    [
        ("GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*4'", []),
        ("GRANT SELECT, SHOW VIEW ON `crm`.* TO `a`@`%`", []),
        ("GRANT SELECT (`id`, `name`) ON `crm`.`users` TO `a`@`%`", []),
        (
            "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION",
            ["ALL PRIVILEGES"],
        ),
        (
            "GRANT SELECT, INSERT, UPDATE (`a`, `b`) ON `crm`.`users` TO `a`@`%`",
            ["INSERT", "UPDATE"],
        ),
        ("GRANT DELETE ON `other`.* TO `a`@`%`", []),
        ("GRANT DELETE ON `c%`.* TO `a`@`%`", ["DELETE"]),
        ("GRANT DELETE ON `c_m`.* TO `a`@`%`", ["DELETE"]),
        (r"GRANT DELETE ON `c\_m`.* TO `a`@`%`", []),
        ("GRANT EXECUTE ON PROCEDURE `crm`.`fix` TO `a`@`%`", ["EXECUTE"]),
        ("GRANT `staff` TO `a`@`%`", []),
    ],
)
def test_show_grants_is_read_sensibly(line: str, rights: list[str]) -> None:
    assert list(writing([line], "crm")) == rights


@pytest.mark.parametrize(
    ("on", "database", "reaches"),
    [
        (r"`c\_m`.*", "c_m", True),  # the underscore itself, and no other character
        (r"`c\_m`.*", "crm", False),
        (r"`50\%`.*", "50%", True),
        (r"`50\%`.*", "500", False),
        (r"`a\\b`.*", r"a\b", True),
        ("`c``r`.*", "c`r", True),
        ("`C_M`.*", "crm", True),
        ("`crm`.`deals`", "crm", True),
        ("`c_m`.`deals`", "crm", False),  # a pattern only where all tables are meant
        ("crm.*", "crm", True),
        ("*.*", "crm", True),
    ],
)
def test_a_grant_reaches_what_its_pattern_means(on: str, database: str, reaches: bool) -> None:
    assert list(writing([f"GRANT DELETE ON {on} TO `a`@`%`"], database)) == ["DELETE"] * reaches


# ------------------------------------------------------------------------------------------------ the account


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with suitecrm() as loaded:
        loaded.execute(
            "CREATE TABLE meetings_cstm (id_c CHAR(36) PRIMARY KEY, result_c TEXT)",
            "INSERT INTO meetings_cstm SELECT id, 'went well' FROM meetings",
            "CREATE TABLE salaries (id INT PRIMARY KEY)",
        )
        yield loaded


@pytest.fixture(scope="module")
def account(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The account that the printed SQL makes, line by line, as an administrator would run it."""
    name = f"crm_audit_{uuid4().hex[:8]}"
    folder = tmp_path_factory.mktemp("grants")
    audit = load_audit(
        audit_yaml(folder, "${NOT_SET}", "{meeting.result: meetings_cstm.result_c}")
    )
    said = grants(audit.preset, audit=audit, account=name, database=database.url.database)
    database.execute(
        *(_set(statement) for statement in _statements(said))
    )  # this copy has not all of them
    try:
        yield Database(database.url.set(username=name, password=PASSWORD))
    finally:
        database.execute(f"DROP USER '{name}'@'%'")


def _quoted(password: str) -> str:
    return password.replace("'", "''")


def _set(statement: str) -> str:
    return statement.replace(PLACEHOLDER, _quoted(PASSWORD))


def _statements(said: str) -> list[str]:
    lines = (line for line in said.splitlines() if not line.startswith("--"))
    return [
        statement
        for statement in re.split(r";$", "\n".join(lines), flags=re.MULTILINE)
        if statement.strip()
    ]


def test_the_audit_runs_as_that_account(
    account: Database, database: Database, tmp_path: Path
) -> None:
    found = []
    for who in (account, database):
        folder = tmp_path / ("account" if who is account else "administrator")
        folder.mkdir()
        audit = prepared(NOW, folder, results=True)
        extract(who, NOW, audit)
        found.append({name: (f.numerator, f.denominator) for name, f in compute(audit).items()})
    assert found[0] == found[1]
    assert found[0]["meetings@company"][0] > 100


def test_the_whole_text_goes_into_the_servers_client(
    database: Database, tmp_path: Path
) -> None:
    """Twice, since who adds custom fields later does it again; tables that are lacking stop it neither time."""
    url, name = database.url, f"crm's \\ {uuid4().hex[:6]}"
    database.execute(
        "DROP TABLE IF EXISTS meetings_cstm",
        "CREATE TABLE meetings_cstm (id_c CHAR(36) PRIMARY KEY, result_c TEXT)",
    )
    asked = [
        "grants",
        "--preset",
        "suitecrm",
        "--database",
        str(url.database),
        "--account",
        name,
    ]
    client = [
        "mariadb",
        "-h",
        str(url.host),
        "-P",
        str(url.port or 3306),
        "-u",
        str(url.username),
    ]
    try:
        for more in ([], ["--custom"]):
            text_ = crm_audit(tmp_path, *asked, *more, CRM_PASSWORD=PASSWORD).stdout
            fed = subprocess.run(
                client, input=text_, capture_output=True, text=True, check=False
            )
            assert (fed.returncode, fed.stderr) == (0, "")
            reader = Database(url.set(username=name, password=PASSWORD))
            assert reader.rows("SELECT count(*) FROM meetings")
            if not more:
                assert "--custom" in text_
                with pytest.raises(pymysql.err.OperationalError, match="command denied"):
                    reader.rows("SELECT * FROM meetings_cstm")
        assert reader.rows("SELECT count(*) FROM meetings_cstm")
    finally:
        database.execute(
            "DROP TABLE meetings_cstm", f"DROP USER IF EXISTS '{_literal(name)}'@'%'"
        )


def _literal(text_: str) -> str:
    return text_.replace("\\", "\\\\").replace("'", "''")


@pytest.mark.parametrize(
    ("preset", "why"),
    [
        (
            "espocrm",
            "-- Custom fields are columns of the tables above (c_…), which the account reads whole: ",
        ),
        (
            "odoo",
            "-- Custom fields are columns of the tables above (x_…), which the account reads whole: ",
        ),
        (
            "demo",
            "-- The preset demo knows no tables of custom fields; columns of the tables above can all be read: ",
        ),
    ],
)
def test_where_no_table_of_custom_fields_is_lacking_the_option_says_why(
    preset: str, why: str
) -> None:
    known = load_preset(preset, ROOT)
    assert custom_tables(known) == ()
    plain, custom = (grants(known, custom=given).splitlines() for given in (False, True))
    assert custom == [*plain, f"{why}--custom adds nothing."]
    assert "--custom" not in "\n".join(plain)


def test_tables_of_custom_fields_that_audit_yaml_adds_are_granted_once(tmp_path: Path) -> None:
    names = {"client": "accountscf", "contact": "contactscf", "lead": "leadscf", "meeting": "activitycf",
             "deal": "potentialscf"}  # fmt: skip
    add = {f"{entity}.own": f"vtiger_{name}.cf_1" for entity, name in names.items()}
    document = {"name": "x", "zone": "UTC", "currency": "EUR", "period": "month",
                "source": {"url": "mysql+pymysql://a@h/vtiger", "preset": "vtiger", "add": add}}  # fmt: skip
    measures = {f"own_{entity}": {"count": count, "where": {f"{entity}.own": ["x"]}} for entity, count in
                {"client": "clients", "contact": "contacts", "lead": "leads", "meeting": "meetings_held",
                 "deal": "deals_won"}.items()}  # fmt: skip
    (tmp_path / "audit.yaml").write_text(
        yaml.safe_dump({**document, "measures": measures}), "utf-8"
    )
    audit = load_audit(tmp_path / "audit.yaml")
    said = grants(audit.preset, audit=audit, custom=True)
    assert said.count("GRANT SELECT ON `vtiger`.`vtiger_activitycf`") == 1
    assert "-- The tables of custom fields are among those above: vtiger_accountscf, " in said


def test_no_account_gets_a_password_that_everybody_knows(tmp_path: Path) -> None:
    first, second = (
        crm_audit(tmp_path, "grants", "--preset", "suitecrm", CRM_PASSWORD="") for _ in range(2)
    )
    assert PLACEHOLDER not in first.stdout
    assert first.stdout != second.stdout
    [password] = re.findall(r"export CRM_PASSWORD='([\w-]{24})'", first.stderr)
    assert f"IDENTIFIED BY '{password}'" in first.stdout


@pytest.mark.parametrize(
    ("preset", "table"), [("suitecrm", "meetings_cstm"), ("vtiger", "vtiger_activitycf")]
)
def test_tables_of_custom_fields_are_offered(preset: str, table: str) -> None:
    known = load_preset(preset, ROOT)
    assert table not in grants(known)
    assert "--custom" in grants(known)
    assert f"`{table}`" in grants(known, custom=True)
    assert custom_tables(load_preset("espocrm", ROOT)) == ()


def test_an_unlisted_table_is_refused_to_it(account: Database) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="command denied"):
        account.rows("SELECT * FROM salaries")


@pytest.mark.parametrize(
    "write",
    ["INSERT INTO accounts (id) VALUES ('x')", "UPDATE users SET status = 'x'", "DELETE FROM meetings",
     "CREATE TABLE mine (id INT)", "DROP TABLE calls", "TRUNCATE TABLE calls", "CREATE TEMPORARY TABLE mine (id INT)"],
)  # fmt: skip
def test_every_write_is_refused_to_it(account: Database, tmp_path: Path, write: str) -> None:
    engine = source.open_engine(
        account.url.render_as_string(hide_password=False),
        tmp_path,
        load_preset("suitecrm", ROOT),
    )
    with pytest.raises(SourceError), source.consistent(engine) as connection:
        connection.execute(text(write))
    engine.dispose()
    with (
        closing(account.connect()) as outside,
        outside.cursor() as cursor,
        pytest.raises(pymysql.err.OperationalError),
    ):
        cursor.execute(write)


def test_its_password_may_hold_any_character(
    account: Database, database: Database, tmp_path: Path
) -> None:
    name, password = account.url.username, "né€\u0436"
    database.execute(f"ALTER USER '{name}'@'%' IDENTIFIED BY '{password}'")
    try:
        url = account.url.set(password=password).render_as_string(hide_password=False)
        engine = source.open_engine(url, tmp_path, load_preset("suitecrm", ROOT))
        with source.consistent(engine) as connection:
            assert connection.execute(text("SELECT count(*) FROM users")).scalar()
        engine.dispose()
    finally:
        database.execute(f"ALTER USER '{name}'@'%' IDENTIFIED BY '{_quoted(PASSWORD)}'")


def test_its_rights_are_seen(account: Database, database: Database, tmp_path: Path) -> None:
    could = {}
    for who in (account, database):
        url = who.url.render_as_string(hide_password=False)
        engine = source.open_engine(url, tmp_path, load_preset("suitecrm", ROOT))
        with source.consistent(engine) as connection:
            could[who.url.username] = source.rights(connection).could_write
        engine.dispose()
    assert could == {account.url.username: False, database.url.username: True}


def test_the_right_to_files_of_the_server_is_told(
    account: Database, database: Database, tmp_path: Path
) -> None:
    """A read-only transaction does not stop it."""
    told = []
    for who in (account, database):
        url = who.url.render_as_string(hide_password=False)
        engine = source.open_engine(url, tmp_path, load_preset("suitecrm", ROOT))
        with source.consistent(engine) as connection:
            told.append(
                [line for line in source.advice(connection) if "reads and writes files" in line]
            )
        engine.dispose()
    assert [len(lines) for lines in told] == [0, 1]


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("GRANT FILE ON *.* TO `a`@`%`", "FILE"),
        ("GRANT SELECT, FILE ON *.* TO `a`@`%`", "FILE"),
        ("GRANT ALL PRIVILEGES ON *.* TO `a`@`%`", "ALL PRIVILEGES"),
        ("GRANT ALL PRIVILEGES ON `crm`.* TO `a`@`%`", ""),
        ("GRANT SELECT ON *.* TO `a`@`%`", ""),
    ],
)
def test_that_right_is_read_from_show_grants(line: str, right: str) -> None:
    assert _reads_files([line]) == right


def test_a_superuser_of_postgresql_is_told() -> None:
    role = f"crm_audit_{uuid4().hex[:8]}"
    with postgres.database() as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            assert "is a superuser" in source.advice(connection)[0]
            connection.exec_driver_sql(f"CREATE ROLE {role}")
            try:
                connection.exec_driver_sql(f"SET ROLE {role}")
                assert source.advice(connection) == []
                connection.exec_driver_sql("RESET ROLE")
                connection.exec_driver_sql(f"GRANT pg_read_server_files TO {role}")
                connection.exec_driver_sql(f"SET ROLE {role}")
                assert "has the role pg_read_server_files" in source.advice(connection)[0]
            finally:
                connection.exec_driver_sql(f"RESET ROLE; DROP ROLE {role}")
        engine.dispose()


def test_a_role_that_writes_is_seen(
    account: Database, database: Database, tmp_path: Path
) -> None:
    role, name = f"role_{uuid4().hex[:8]}", account.url.username
    database.execute(f"CREATE ROLE {role}", f"GRANT DELETE ON `{database.url.database}`.* TO {role}",
                     f"GRANT {role} TO '{name}'@'%'")  # fmt: skip
    try:
        url = account.url.render_as_string(hide_password=False)
        engine = source.open_engine(url, tmp_path, load_preset("suitecrm", ROOT))
        with source.consistent(engine) as connection:
            rights = source.rights(connection)
        engine.dispose()
        assert rights.could_write
        assert "DELETE" in rights.seen_by
    finally:
        database.execute(f"DROP ROLE {role}")


def test_on_postgresql_it_reads_what_is_listed_and_writes_nothing() -> None:
    role = f"crm_audit_{uuid4().hex[:8]}"
    with postgres.database() as url:
        administrator = create_engine(url, isolation_level="AUTOCOMMIT")
        optional = ("notes", "it's lacking", "more.late")
        reader = Reader(role, "%", str(url.database), ("deals", "order", "Crm.mine"), optional)
        with administrator.connect() as connection:
            connection.exec_driver_sql(
                'CREATE TABLE deals (id int); CREATE TABLE "order" (id int)'
            )
            connection.exec_driver_sql(
                "CREATE TABLE salaries (id int); CREATE TABLE notes (id int)"
            )
            connection.exec_driver_sql("GRANT INSERT ON notes TO PUBLIC")
            connection.exec_driver_sql(f"REVOKE CONNECT ON DATABASE {url.database} FROM PUBLIC")
            connection.exec_driver_sql('CREATE SCHEMA "Crm"; CREATE TABLE "Crm".mine (id int)')
            connection.exec_driver_sql("CREATE SCHEMA more; CREATE TABLE more.late (id int)")
            *statements, public = _statements("\n".join(_postgresql(reader)))
            for statement in statements:
                connection.execute(text(statement.replace(PLACEHOLDER, "secret")))
            told = {tuple(row) for row in connection.execute(text(public))}
            assert ("table public.notes", "INSERT") in told
            assert (f"database {url.database}", "TEMPORARY") in told
        try:
            engine = create_engine(
                url.set(username=role, password="secret"), isolation_level="AUTOCOMMIT"
            )
            with engine.connect() as connection:
                assert (
                    connection.execute(text('SELECT count(*) FROM deals, "order"')).scalar()
                    == 0
                )
                assert (
                    connection.execute(
                        text('SELECT count(*) FROM "Crm".mine, more.late')
                    ).scalar()
                    == 0
                )
                for refused in ("SELECT * FROM salaries", "INSERT INTO deals VALUES (1)", "CREATE TABLE mine (id int)",
                                "INSERT INTO notes VALUES (1)", "CREATE SCHEMA mine"):  # fmt: skip
                    with pytest.raises(
                        DBAPIError, match=r"permission denied|read-only transaction"
                    ):
                        connection.execute(text(refused))
            engine.dispose()
        finally:
            with administrator.connect() as connection:
                connection.exec_driver_sql(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')
            administrator.dispose()


@pytest.mark.parametrize(
    ("dialect", "granted"),
    [
        ("postgresql", 'GRANT SELECT ON TABLE "crm"."{}" TO "crm_audit";'),
        ("mysql", "GRANT SELECT ON `crm`.`{}` TO 'crm_audit'@'%';"),
    ],
)
def test_tables_of_another_schema_are_granted_there(
    dialect: str, granted: str, tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text(
        f"about: A\ndialects: [{dialect}]\nmoney: minor\nadd: {{client.phone: crm.more.tel}}\n"
        "custom_key: nr\nentities:\n  client: {table: crm.klanten, columns: {id: nr}}\n"
        "  lead:\n    table: crm.leads\n    select: SELECT l.id, NULL AS excluded FROM crm.leads l JOIN "
        '"crm"."Words" w ON w.id = l.id\n'
    )
    said = grants(load_preset("own.yaml", tmp_path), database="db")
    assert [granted.format(name) in said for name in ("klanten", "leads", "more", "Words")] == [
        True
    ] * 4
    assert "public" not in [
        line.split(".")[0] for line in said.splitlines() if line.startswith("GRANT SELECT")
    ]
