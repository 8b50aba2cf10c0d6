"""Names that a preset gives are held against the tables that are there: on every engine, and all at once."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
import yaml
from sqlalchemy import Engine, create_engine, make_url, select, text

from pipeline import snapshot, source
from pipeline.config import load_audit
from pipeline.databases.sqlite import names_as_names
from pipeline.errors import AuditError, ConfigError, SourceError
from pipeline.flows.check.sentences import on_unmarked
from pipeline.formats import ReadingRules
from pipeline.model import Scope
from pipeline.presets import Preset, load_preset, preset_names
from pipeline.queries.ask import ask_people
from pipeline.source.selects import ReadSpec
from tests.benches import Bench

ENGINES = ("sqlite", "mysql", "postgresql", "duckdb", "files")


class Crm:
    """A table of clients in a database of one kind, and what a preset makes of it."""

    def __init__(self, url: str, folder: Path, table: str, dialect: str) -> None:
        self.url, self.folder, self.table, self.dialect = url, folder, table, dialect

    def preset(self, client: str, more: str = "") -> Preset:
        file = self.folder / f"{uuid4().hex}.yaml"
        file.write_text(
            f"about: A CRM\ndialects: [{self.dialect}]\nmoney: decimal\n{more}\n"
            f"entities:\n  client:\n    table: {self.table}\n    {client}\n",
            "utf-8",
        )
        return load_preset(file.name, self.folder)

    @contextmanager
    def reader(
        self, preset: Preset, add: dict[str, str] | None = None
    ) -> Iterator[source.SourceReader]:
        engine: Engine = source.open_engine(self.url, self.folder, preset)
        rules = ReadingRules.of(preset, "UTC", "EUR")
        absent = frozenset(preset.absent_columns().keys() - (add or {}).keys())
        demand = ReadSpec(preset, add or {}, "EUR", absent, reading_rules=rules)
        try:
            with source.consistent(engine) as connection:
                yield source.SourceReader(connection, demand)
        finally:
            engine.dispose()

    def holds(self, weg: str) -> None:
        """From now on one row, with this in its column weg."""
        if self.dialect == "files":
            with (self.folder / "exports" / f"{self.table}.csv").open(
                "w", newline="", encoding="utf-8"
            ) as file:
                csv.writer(file).writerows([("nr", "Telefoon nr", "weg"), ("1", "", weg)])
            return
        self.run(f"DELETE FROM {self.table}")
        self.run(f"INSERT INTO {self.table} (nr, weg) VALUES (1, :weg)", weg=weg)

    def run(self, statement: str, **values: str) -> None:
        """Changes the database, as nobody who only reads it may."""
        url = make_url(self.url)
        engine = create_engine(
            url.set(drivername="mysql+pymysql") if self.dialect == "mysql" else url
        )
        with engine.begin() as connection:
            connection.execute(text(statement), values)
        engine.dispose()

    def refused(self, preset: Preset, add: dict[str, str] | None = None) -> AuditError:
        with pytest.raises(AuditError) as caught, self.reader(preset, add):
            pass
        return caught.value


@pytest.fixture
def crm(benches: Callable[[str], Bench], tmp_path: Path) -> Callable[[str], Crm]:
    def made(dialect: str) -> Crm:
        name = f"relaties_{uuid4().hex[:8]}"
        if dialect == "files":
            (tmp_path / "exports").mkdir()
            (tmp_path / "exports" / f"{name}.csv").write_text(
                "nr,Telefoon nr,weg\n1,,\n2,020,ja\n3,,misschien\n"
            )
            return Crm("files:///exports", tmp_path, name, dialect)
        bench = benches(dialect)
        quoted = bench.engine.dialect.identifier_preparer.quote("Telefoon nr")
        with bench.engine.begin() as connection:
            connection.exec_driver_sql(
                f"CREATE TABLE {name} (nr INTEGER, {quoted} VARCHAR(20), weg VARCHAR(40))"
            )
            connection.exec_driver_sql(
                f"INSERT INTO {name} VALUES (1, NULL, NULL), (2, '020', 'ja'), (3, NULL, 'misschien')"
            )
        if dialect == "duckdb":
            bench.engine.dispose()  # a file is one process's, and one connection's that writes
        url = bench.engine.url.set(drivername=bench.engine.url.get_backend_name())
        return Crm(url.render_as_string(hide_password=False), tmp_path, name, dialect)

    return made


@pytest.mark.parametrize("dialect", ENGINES)
def test_a_mapped_column_that_is_not_there_is_refused_on_every_engine(
    dialect: str, crm: Callable[[str], Crm]
) -> None:
    """SQLite reads "Telefoonnr" as a text, and everybody would have a phone."""
    table = crm(dialect)
    preset = table.preset(
        "columns: {id: nr, phone: Telefoonnr, email: mailtje}\n    excluded: {deleted: wegg}"
    )
    error = table.refused(preset, {"client.last_name": f"{table.table}.naampje"})
    assert isinstance(error, ConfigError)
    said = str(error)
    assert (
        f"entities.client.columns.phone: table {table.table} has no column Telefoonnr; did you mean Telefoon nr?"
        in said
    )
    assert "entities.client.columns.email" in said
    assert (
        f"entities.client.excluded.deleted: table {table.table} has no column wegg; did you mean weg?"
        in said
    )
    assert "add.client.last_name" in said


@pytest.mark.parametrize("dialect", ENGINES)
def test_capitals_of_a_name_matter_to_postgresql_alone(
    dialect: str, crm: Callable[[str], Crm]
) -> None:
    table = crm(dialect)
    preset = table.preset("columns: {id: nr, name: WEG}")
    if dialect == "postgresql":
        error = table.refused(preset)
        assert isinstance(error, ConfigError)
        assert f"table {table.table} has no column WEG; did you mean weg?" in str(error)
        return
    with table.reader(preset) as reader:
        assert {row[-1] for row in reader.head("client", 3)} >= {"ja", "misschien"}


@pytest.mark.parametrize("dialect", ENGINES)
def test_a_quoted_name_in_sql_is_never_a_text(dialect: str, crm: Callable[[str], Crm]) -> None:
    table = crm(dialect)
    for client in (
        f'select: SELECT nr AS id, "Telefoon" AS phone, NULL AS excluded FROM {table.table}',
        "columns: {id: nr, phone: {sql: '\"Telefoon\"'}}",
        "columns: {id: nr}\n    excluded: {deleted: {sql: '\"Telefoon\" IS NOT NULL'}}",
    ):
        preset = table.preset(
            client, "absent: {client: here only what is asked}" if "select" in client else ""
        )
        preset = preset.model_copy(
            update={"absent": {k: v for k, v in preset.absent.items() if k != "client"}}
        )
        error = table.refused(preset.model_copy(update={"absent": preset.absent | WITHOUT}))
        assert "Telefoon" in str(error)
        assert isinstance(error, SourceError)


WITHOUT = {
    f"client.{name}": "not asked"
    for name in (
        "owner_id",
        "name",
        "private_person",
        "first_name",
        "last_name",
        "email",
        "created_at",
    )
}


@pytest.mark.parametrize("dialect", ENGINES)
def test_what_is_named_is_read(dialect: str, crm: Callable[[str], Crm]) -> None:
    table = crm(dialect)
    with table.reader(
        table.preset(
            "columns: {id: nr, phone: Telefoon nr, name: {value: 'a: b''s 100%'}, email: {sql: t.weg}}"
        )
    ) as reader:
        rows = sorted(tuple(map(str, row)) for row in reader.head("client", 9))
    nothing = "" if dialect == "files" else "None"
    assert rows == [("1", "a: b's 100%", nothing, nothing), ("2", "a: b's 100%", "020", "ja"),
                    ("3", "a: b's 100%", nothing, "misschien")]  # fmt: skip


@pytest.mark.parametrize("dialect", ENGINES)
def test_a_mark_of_deletion_is_read_as_yes_and_no(
    dialect: str, crm: Callable[[str], Crm]
) -> None:
    table = crm(dialect)
    with table.reader(
        table.preset("columns: {id: nr}\n    excluded: {deleted: weg}")
    ) as reader:
        [account] = reader.accounts()
        assert (account.audited, account.excluded) == (
            1,
            {"deleted": 1, "deleted_unreadable": 1},
        )
        with pytest.raises(SourceError, match=r"column weg.*misschien.*1 row"):
            reader.must_understand_marks()
    with table.reader(
        table.preset("columns: {id: nr}\n    excluded: {Gone away: {column: weg, is: no}}")
    ) as reader:
        [account] = reader.accounts()
        assert account.audited == 1
        assert account.excluded == {"Gone away": 1, "Gone away_unreadable": 1}


@pytest.mark.parametrize("dialect", ENGINES)
@pytest.mark.parametrize("given", ["weg", "{column: weg, is: no}"])
def test_a_flag_is_read_alike_by_the_source_and_in_the_snapshot(
    dialect: str, given: str, crm: Callable[[str], Crm]
) -> None:
    table = crm(dialect)
    with table.reader(table.preset(f"columns: {{id: nr, private_person: {given}}}")) as reader:
        client = reader.entities()["client"]
        flags = (client.c.private_person, client.c.private_person_unreadable)
        seen = reader.connection.execute(
            select(client.c.id, *flags).order_by(client.c.id)
        ).all()
        snapshot.write_entity(
            table.folder, "client", reader.columns("client"), [reader.head("client", 9)], expected=3, minor=False,
            advance=lambda _: None, reading_rules=reader.spec.reading_rules,
        )  # fmt: skip
    stored = pq.read_table(
        table.folder / "client.parquet", columns=["private_person", "private_person_unreadable"]
    )
    answers = [(flag, unread) for _, flag, unread in seen]
    assert answers == list(zip(*stored.to_pydict().values(), strict=True))
    assert answers == (
        [(None, 0), (1, 0), (None, 1)] if given == "weg" else [(1, 0), (0, 0), (None, 1)]
    )


@pytest.mark.parametrize("dialect", ENGINES)
@pytest.mark.parametrize(
    ("currency", "code"), [("", "EUR"), (", currency: {value: ' jpy'}", "JPY")]
)
def test_an_amount_that_names_no_currency_is_in_the_audits(
    dialect: str, currency: str, code: str, crm: Callable[[str], Crm]
) -> None:
    table = crm(dialect)
    deals = f"\n  deal: {{table: {table.table}, columns: {{id: nr, amount: nr{currency}}}}}"
    with table.reader(table.preset("columns: {id: nr}" + deals)) as reader:
        deal = reader.entities()["deal"]
        wanted = select(deal.c.amount, deal.c.currency, deal.c.amount_unreadable).order_by(
            deal.c.id
        )
        seen = [tuple(row) for row in reader.connection.execute(wanted)]
        snapshot.write_entity(
            table.folder, "deal", reader.columns("deal"), [reader.head("deal", 9)], expected=3, minor=False,
            advance=lambda _: None, reading_rules=reader.spec.reading_rules,
        )  # fmt: skip
    stored = pq.read_table(
        table.folder / "deal.parquet", columns=["amount", "currency", "amount_unreadable"]
    )
    factor = 100 if code == "EUR" else 1
    assert seen == list(zip(*stored.to_pydict().values(), strict=True))
    assert seen == [(number * factor, code, 0) for number in (1, 2, 3)]


def test_without_a_mark_everybody_is_active_and_it_is_said(crm: Callable[[str], Crm]) -> None:
    table = crm("sqlite")
    users = f"  user: {{table: {table.table}, columns: {{id: nr, name: weg}}}}"
    marked = "columns: {id: nr}\n    excluded: {deleted: weg}\n"
    preset = table.preset(marked + users)
    with table.reader(preset) as reader:
        people = ask_people(reader.connection, reader.entities()["user"])
        assert [person.scope for person in people] == [Scope.MANAGER] * 3
        assert list(on_unmarked(preset)) == [
            f"No mark of deleted rows was found in {table.table}: every row there counts."
        ]
        stored = snapshot.write_entity(
            table.folder, "user", reader.columns("user"), [reader.head("user", 9)], expected=3, minor=False,
            advance=lambda _: None,
        )  # fmt: skip
    assert pq.read_table(table.folder / stored.file)["active"].to_pylist() == [1, 1, 1]
    assert list(on_unmarked(table.preset(marked))) == []


@pytest.mark.parametrize("dialect", ENGINES)
def test_a_misspelt_name_of_a_select_is_told(dialect: str, crm: Callable[[str], Crm]) -> None:
    table = crm(dialect)
    preset = table.preset(
        f"select: SELECT nr AS id, weg AS phonee, NULL AS excluded FROM {table.table}"
    )
    preset = preset.model_copy(
        update={"absent": preset.absent | WITHOUT | {"client.phone": ""}}
    )
    assert "gives phonee, which we do not know; did you mean phone?" in str(
        table.refused(preset)
    )


@pytest.mark.parametrize("dialect", ENGINES)
def test_what_a_select_does_not_give_is_absent(dialect: str, crm: Callable[[str], Crm]) -> None:
    """Each new column of ours would break the presets that users have written."""
    table = crm(dialect)
    preset = table.preset(
        f"select: SELECT nr AS id, weg AS name, NULL AS excluded FROM {table.table}"
    )
    with table.reader(preset) as it:
        assert it.columns("client") == ["id", "name"]
        assert str(it.not_given["client.phone"]) == f"not given by the SELECT of {table.table}"
        client = it.entities()["client"]
        assert (
            it.connection.execute(select(client.c.phone, client.c.created_at)).all()
            == [(None, None)] * 3
        )
        assert it.caveats() == []


@pytest.mark.parametrize("dialect", ENGINES)
def test_what_one_part_gives_is_nothing_in_the_others(
    dialect: str, crm: Callable[[str], Crm]
) -> None:
    """Of three parts the last gives a number: PostgreSQL takes two NULLs without a type for texts."""
    table = crm(dialect)
    bare = f"{{table: {table.table}, select: 'SELECT nr + 10 AS id, NULL AS excluded FROM {table.table} WHERE nr = 1'}}"
    if dialect == "files":
        bare = bare.replace("nr + 10", "CAST(nr AS INTEGER) + 10").replace(
            "nr = 1", "nr = ''1''"
        )
    full = bare.replace(" AS id", " AS id, nr AS amount, weg AS name").replace("+ 10", "+ 20")
    parts = f"\n  deal: [{bare}, {bare.replace('+ 10', '+ 15')}, {full}]"
    with table.reader(table.preset("columns: {id: nr}" + parts)) as it:
        assert it.columns("deal") == ["id", "name", "amount"]
        deal = it.entities()["deal"]
        rows = it.connection.execute(
            select(deal.c.id, deal.c.amount, deal.c.name).order_by(deal.c.id)
        ).all()
        assert [(str(number), amount) for number, amount, _ in rows] == [
            ("11", None),
            ("16", None),
            ("21", 100),
        ]
        said = f"name, amount of deal: not given by the SELECT of {table.table} but by another"
        assert [str(caveat).startswith(said) for caveat in it.caveats()] == [True, True]
        assert not it.not_given.keys() & {"deal.amount", "deal.name"}


def test_without_an_id_there_is_no_record_and_without_ends_no_link(
    crm: Callable[[str], Crm],
) -> None:
    table = crm("sqlite")
    links = f"\n  meeting_contact: {{table: {table.table}, columns: {{meeting_id: nr, person_id: nr}}}}"
    said = str(table.refused(table.preset("columns: {phone: Telefoon nr}" + links)))
    assert (
        f"the SELECT of client from {table.table} gives no id, which every one must give"
        in said
    )
    assert f"the SELECT of meeting_contact from {table.table} gives no person_kind" in said
    said = str(table.refused(table.preset(f"select: SELECT nr AS id FROM {table.table}")))
    assert "gives no excluded" in said


def test_parts_that_map_other_columns_lose_none(crm: Callable[[str], Crm]) -> None:
    table = crm("sqlite")
    parts = "\n  deal: [{table: T, columns: {id: nr, amount: nr}}, {table: T, columns: {id: weg, name: weg}}]"
    with table.reader(
        table.preset("columns: {id: nr}" + parts.replace("T", table.table))
    ) as it:
        assert it.columns("deal") == ["id", "name", "amount"]
        assert str(it.spec.preset.absent["deal.stage"]) == "not mapped"


def test_what_looks_like_an_expression_is_told_how_to_be_one(crm: Callable[[str], Crm]) -> None:
    table = crm("sqlite")
    said = str(
        table.refused(table.preset("columns: {id: nr}\n    excluded: {deleted: weg = 1}"))
    )
    assert (
        "has no column weg = 1; an expression is written as {sql: …}, a constant as {value: …}"
        in said
    )


def test_all_selects_that_a_database_refuses_are_told_at_once(
    crm: Callable[[str], Crm],
) -> None:
    for dialect in ("sqlite", "mysql", "postgresql", "duckdb"):
        table = crm(dialect)
        preset = table.preset("columns: {id: {sql: nrr}}")
        both = {**preset.entities, "lead": preset.entities["client"]}
        preset = preset.model_copy(
            update={"entities": both, "absent": {k: v for k, v in preset.absent.items() if k != "lead"} | {
                f"lead.{name}": "" for name in ("owner_id", "first_name", "last_name", "phone", "email", "created_at")}}
        )  # fmt: skip
        said = str(table.refused(preset))
        assert "the SELECT of client" in said, dialect
        assert "the SELECT of lead" in said, dialect


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("{id: no}", "quote the column's name"),
        ("{id: 5}", "a constant is written as {value: 5}"),
        ("{id: {sql: a, value: b}}", "write a column's name, {sql: EXPRESSION}"),
        ("{id: {sql: a, is: no}}", "'is' goes with 'column' only"),
        ("{id: {column: a, is: maybe}}", "write yes or no"),
    ],
)
def test_forms_of_a_column(columns: str, said: str, tmp_path: Path) -> None:
    text = f"about: A\ndialects: [sqlite]\nmoney: minor\nentities: {{client: {{table: t, columns: {columns}}}}}\n"
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_preset("own.yaml", tmp_path)
    assert said in str(caught.value)


def test_names_become_names_of_sqlite() -> None:
    sql = (
        """SELECT "a ""b" AS "c`d", 'x "y" ''z', [e "f"], `g "h"` -- "i"\n/* "j" */ FROM "k" """
    )
    assert names_as_names(sql) == (
        """SELECT `a "b` AS `c``d`, 'x "y" ''z', [e "f"], `g "h"` -- "i"\n/* "j" */ FROM `k` """
    )


def test_a_table_that_is_nearly_called_so_is_named(crm: Callable[[str], Crm]) -> None:
    table = crm("sqlite")
    preset = table.preset("columns: {id: nr}")
    [part] = preset.entities["client"]
    wrong = preset.model_copy(
        update={"entities": {"client": (part.model_copy(update={"table": table.table + "x"}),)}}
    )
    assert f"did you mean {table.table}" in str(table.refused(wrong))


def test_yaml_reads_no_as_a_truth_value() -> None:
    assert yaml.safe_load("{is: no}") == {"is": False}


ELSEWHERE = ("mysql", "postgresql", "duckdb")


@contextmanager
def elsewhere(bench: Bench, folder: Path) -> Iterator[tuple[Crm, str]]:
    """A table of deals, and one of further fields, in a schema that is not the session's own."""
    dialect, schema = bench.engine.dialect.name, f"crm_audit_{uuid4().hex[:8]}"
    made = [
        f"CREATE SCHEMA {schema}",
        f"CREATE TABLE {schema}.deals (nr INTEGER, naam VARCHAR(20), weg VARCHAR(5))",
        f"INSERT INTO {schema}.deals VALUES (1, 'a', NULL), (2, 'b', 'ja'), (3, NULL, 'hm')",
        f"CREATE TABLE {schema}.more (nr INTEGER, soort VARCHAR(20))",
        f"INSERT INTO {schema}.more VALUES (1, 'x')",
        f"CREATE VIEW {schema}.seen AS SELECT * FROM {schema}.deals",
    ]
    if dialect == "postgresql":
        made.append(f"CREATE MATERIALIZED VIEW {schema}.kept AS SELECT * FROM {schema}.deals")
    with bench.engine.begin() as connection:
        for statement in made:
            connection.exec_driver_sql(statement)
    if dialect == "duckdb":
        bench.engine.dispose()
    url = bench.engine.url.set(drivername=bench.engine.url.get_backend_name())
    try:
        yield (
            Crm(url.render_as_string(hide_password=False), folder, f"{schema}.deals", dialect),
            schema,
        )
    finally:
        with bench.engine.begin() as connection:
            cascade = "" if dialect in ("mysql", "mariadb") else " CASCADE"
            connection.exec_driver_sql(f"DROP SCHEMA {schema}{cascade}")


@pytest.mark.parametrize("dialect", ELSEWHERE)
def test_a_table_of_another_schema_is_read(
    dialect: str, benches: Callable[[str], Bench], tmp_path: Path
) -> None:
    with elsewhere(benches(dialect), tmp_path) as (table, schema):
        mapped = "columns: {id: nr, name: naam}\n    excluded: {deleted: weg}"
        key = f"custom_key: {{{schema}.more: nr}}"
        with table.reader(
            table.preset(mapped, key), {"client.phone": f"{schema}.more.soort"}
        ) as it:
            assert [tuple(map(str, row)) for row in it.head("client", 9)] == [("1", "a", "x")]
            accounts = {
                one.table: (one.rows, one.audited, one.excluded) for one in it.accounts()
            }
            assert accounts[table.table] == (3, 1, {"deleted": 1, "deleted_unreadable": 1})
            assert accounts[f"{schema}.more"] == (1, 1, {})
            assert it.tables == {table.table, f"{schema}.more"}
            with pytest.raises(SourceError, match=f"table {schema}.deals, column weg"):
                it.must_understand_marks()
        said = str(table.refused(table.preset("columns: {id: nr, name: naammm}")))
        assert f"table {table.table} has no column naammm; did you mean naam?" in said
        for view in ["seen", *(["kept"] if dialect == "postgresql" else [])]:
            table.table = f"{schema}.{view}"
            with table.reader(table.preset("columns: {id: nr}")) as it:
                assert list(map(str, it.caveats())) == [
                    f"A view, so that rows which it leaves out are not accounted for: {schema}.{view}."
                ]
                assert it.count("client") == 3
        table.table = f"{schema}.dealss"
        assert f"did you mean {schema}.deals?" in str(
            table.refused(table.preset("columns: {id: nr}"))
        )
        table.table = "no_such_schema.deals"
        assert "no table no_such_schema.deals" in str(
            table.refused(table.preset("columns: {id: nr}"))
        )


def test_rows_hidden_in_another_schema_are_seen(
    benches: Callable[[str], Bench], tmp_path: Path
) -> None:
    bench = benches("postgresql")
    with elsewhere(bench, tmp_path) as (_, schema), bench.engine.connect() as connection:
        role = f"crm_audit_{uuid4().hex[:8]}"
        connection.exec_driver_sql(f"ALTER TABLE {schema}.deals ENABLE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"CREATE ROLE {role}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        try:
            connection.exec_driver_sql(f"SET ROLE {role}")
            assert source.hidden(connection, [f"{schema}.deals", f"{schema}.more"]) == [
                f"{schema}.deals"
            ]
        finally:
            connection.exec_driver_sql("RESET ROLE")
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")


def test_where_an_added_column_stands(crm: Callable[[str], Crm]) -> None:
    table = crm("sqlite")
    preset = table.preset("columns: {id: nr}")
    assert preset.place_of("deals_cstm.won_c") == ("deals_cstm", "won_c")
    assert preset.place_of("crm.deals_cstm.won_c") == ("crm.deals_cstm", "won_c")
    assert preset.place_of(f"{table.table}.E-mail nr. 2") == (table.table, "E-mail nr. 2")
    files = preset.model_copy(update={"dialects": ("files",)})
    assert files.place_of("export.E.mail") == ("export", "E.mail")


@pytest.mark.parametrize("dialect", ENGINES)
def test_a_flag_that_a_select_gives_in_other_words_is_named(
    dialect: str, crm: Callable[[str], Crm]
) -> None:
    table = crm(dialect)
    given = (
        f"select: SELECT nr AS id, weg AS private_person, NULL AS excluded FROM {table.table}"
    )
    with table.reader(table.preset(given)) as it:
        assert it.flags_unread(["client"]) == {
            "client.private_person": "neither yes nor no: 'misschien' (1 row)"
        }
        it.must_understand_marks()
    user = (
        f"\n  user:\n    table: {table.table}\n    {given.replace('private_person', 'active')}"
    )
    with (
        table.reader(table.preset("columns: {id: nr}" + user)) as it,
        pytest.raises(
            SourceError, match=r"user\.active: neither yes nor no: 'misschien' \(1 row\)"
        ),
    ):
        it.must_understand_marks()


def test_a_misspelt_column_of_an_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "extends: pipedrive\nexports: {deals: {ammount: [Deal - Waarde in EUR]}}\n"
    )
    audit = tmp_path / "audit.yaml"
    text = (
        "name: T\nsource: {url: 'files:///exports', preset: PRESET}\nzone: UTC\ncurrency: EUR\n"
    )
    audit.write_text(text.replace("PRESET", "own.yaml"))
    with pytest.raises(ConfigError, match=r"exports\.deals\.ammount.*did you mean amount\?"):
        load_audit(audit)
    for preset in preset_names():
        if load_preset(preset, tmp_path).exports:
            audit.write_text(text.replace("PRESET", preset))
            load_audit(audit)


# ------------------------------------------------------------------------------------------------ each row once

DOUBLED = "SELECT t.nr AS id, {excluded} AS excluded FROM {table} t JOIN {table} o ON o.nr = t.nr OR {again}"


@pytest.mark.parametrize(
    "again", ["o.nr = 1 AND t.nr = 3", "o.nr = 1 AND t.nr = 2", None], ids=["out", "in", "once"]
)
@pytest.mark.parametrize("readers", [1, 2])
@pytest.mark.parametrize("dialect", ENGINES)
def test_a_select_that_doubles_rows_is_refused_also_where_it_excludes_them(
    dialect: str, readers: int, again: str | None, crm: Callable[[str], Crm]
) -> None:
    """Of one entity, and of one of two that share a table; row 3 is excluded."""
    table = crm(dialect)
    number = "CAST({}.nr AS integer)" if dialect == "files" else "{}.nr"
    condition = (
        (again or "1 = 0")
        .replace("o.nr", number.format("o"))
        .replace("t.nr", number.format("t"))
    )
    excluded = "CASE WHEN t.weg = 'misschien' THEN 'gone' END"
    doubled = DOUBLED.format(table=table.table, again=condition, excluded=excluded)
    other = f"SELECT nr AS id, 'client' AS excluded FROM {table.table}"
    contact = (
        f"\n  contact:\n    table: {table.table}\n    select: {other}" if readers == 2 else ""
    )
    with table.reader(table.preset(f'select: "{doubled}"{contact}')) as reader:
        if again:
            with pytest.raises(SourceError, match=r"each row must come out once"):
                reader.accounts()
        else:
            [account] = reader.accounts()
            assert (account.rows, account.audited, account.excluded) == (3, 2, {"gone": 1})


@pytest.mark.parametrize("lost", [1, 3], ids=["in", "out"])
@pytest.mark.parametrize("readers", [1, 2])
@pytest.mark.parametrize("dialect", ENGINES)
def test_a_select_that_loses_rows_is_refused(
    dialect: str, readers: int, lost: int, crm: Callable[[str], Crm]
) -> None:
    table = crm(dialect)
    number = "CAST(t.nr AS integer)" if dialect == "files" else "t.nr"
    excluded = "CASE WHEN t.weg = 'misschien' THEN 'gone' END"
    select = f"SELECT t.nr AS id, {excluded} AS excluded FROM {table.table} t WHERE {number} <> {lost}"
    other = f"SELECT nr AS id, 'client' AS excluded FROM {table.table}"
    contact = (
        f"\n  contact:\n    table: {table.table}\n    select: {other}" if readers == 2 else ""
    )
    with (
        table.reader(table.preset(f'select: "{select}"{contact}')) as reader,
        pytest.raises(SourceError, match=r"each row must come out once"),
    ):
        reader.accounts()
