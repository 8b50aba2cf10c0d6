"""What Python judges, over DuckDB: rows by hand, and random ones against an oracle in plain loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import column, create_engine, select, table

from pipeline.model.judging import (
    ASKED,
    Judged,
    JudgedColumn,
    Judgement,
    Reach,
    Syntax,
    country_columns,
    judged_columns,
    proven_text,
)
from pipeline.model.schema import PROVEN_TEXT
from pipeline.rules.judging import judge, judge_snapshot, judged
from pipeline.rules.opinions import Judge, JudgingContext
from pipeline.values.emails import is_email
from pipeline.values.phones import PhoneVerdict, judge_phone
from pipeline.values.placeholders import Fillers

Row = Mapping[str, str | None]
COLUMNS = (
    "id", "owner", "name", "first_name", "last_name", "phone", "mobile", "email", "country", "client_id",
)  # fmt: skip
PHONE = JudgedColumn("phone", Syntax.PHONE)
MOBILE = JudgedColumn("mobile", Syntax.PHONE)
EMAIL = JudgedColumn("email", Syntax.EMAIL)
NAME = JudgedColumn("name")
FIRST, LAST = JudgedColumn("first_name", Syntax.NAME), JudgedColumn("last_name", Syntax.NAME)
COUNTRIES = ("contact.country", "client.country")
DUTCH = JudgingContext(region="NL", empty=frozenset({"leeg"}), errors=frozenset({"#REF!"}))
G, H, N, M = Judged.GOOD, Judged.HINT, Judged.NOT_JUDGED, Judged.MISSING
U, P, I, D = Judged.UNREADABLE, Judged.PLACEHOLDER, Judged.INVALID, Judged.DUPLICATE  # noqa: E741


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def verdicts(
    connection: DuckDBPyConnection,
    rows: Sequence[Row],
    judgements: Sequence[Judgement],
    context: JudgingContext = DUTCH,
    clients: Mapping[str, str] | None = None,
) -> dict[str, tuple[Judged, ...]]:
    """Record -> its verdicts, of contacts that hold these values."""
    texts = ", ".join(f"{name} VARCHAR" for name in COLUMNS)
    connection.execute(f"CREATE OR REPLACE TABLE view_contact ({texts})")
    connection.execute("CREATE OR REPLACE TABLE client (id VARCHAR, country VARCHAR)")
    marks = ", ".join("?" * len(COLUMNS))
    for row in rows:
        values = [row.get(name) for name in COLUMNS]
        connection.execute(f"INSERT INTO view_contact VALUES ({marks})", values)
    for client in (clients or {}).items():
        connection.execute("INSERT INTO client VALUES (?, ?)", client)
    judge(connection, "contact", judgements, context, COUNTRIES)
    table = connection.execute("SELECT * FROM judged_contact").fetchall()
    assert len({id for id, *_ in table}) == len(table)
    return {id: tuple(map(Judged, found)) for id, *found in table}


def texts(*values: str | None, column: str = "phone") -> list[Row]:
    return [{"id": str(number), column: value} for number, value in enumerate(values)]


def only(verdicts: Mapping[str, tuple[Judged, ...]]) -> list[Judged]:
    return [verdict for _, (verdict,) in sorted(verdicts.items())]


# --------------------------------------------------------------------------------- rows by hand


def test_phones(connection: DuckDBPyConnection) -> None:
    rows = texts(
        "06 2468 1357 (evenings)", "0600000000", "see notes", "12345", None, " \u200b", "leeg",
        "#REF!", "0 6 2 4 6 8 1 3 5 7",
    )  # fmt: skip
    demand = Judgement((PHONE,), (P, I))
    assert only(verdicts(connection, rows, [demand])) == [G, P, I, P, M, M, M, U, G]


def test_a_possible_number_is_a_hint_where_validity_is_asked(
    connection: DuckDBPyConnection,
) -> None:
    rows = texts("5550100", "020 555 0100")
    asked = Judgement((PHONE,), (I,))
    unasked = Judgement((PHONE,), (P,))
    found = verdicts(connection, rows, [asked, unasked])
    assert found == {"0": (H, G), "1": (G, G)}


def test_the_country_is_the_records_own_then_its_clients_then_the_audits(
    connection: DuckDBPyConnection,
) -> None:
    rows: list[Row] = [
        {"id": "own", "phone": "02 555 12 12", "country": "België", "client_id": "nl"},
        {"id": "clients", "phone": "02 555 12 12", "client_id": "be"},
        {"id": "unknown word", "phone": "02 555 12 12", "country": "?", "client_id": "be"},
        {"id": "audit's", "phone": "02 555 12 12", "country": "", "client_id": "gone"},
    ]
    demand = Judgement((PHONE,), (I,))
    clients = {"be": "BEL", "nl": "Nederland"}
    found = verdicts(connection, rows, [demand], clients=clients)
    assert found == {"own": (G,), "clients": (G,), "unknown word": (G,), "audit's": (H,)}
    nowhere = verdicts(connection, rows, [demand], JudgingContext(), clients)
    assert nowhere == {**found, "audit's": (N,)}


def test_several_values_are_judged_each_by_itself(connection: DuckDBPyConnection) -> None:
    rows = texts(
        "see notes\x1f06 2468 1357", "see notes\x1fleeg", "leeg\x1f ", "12345\x1fsee notes",
        "see notes\x1f12345", "06 2468 1358\x1f06 2468 1358",
    )  # fmt: skip
    demand = Judgement((PHONE,), ASKED)
    assert only(verdicts(connection, rows, [demand])) == [G, I, M, P, P, G]


def test_one_good_column_is_enough(connection: DuckDBPyConnection) -> None:
    rows: list[Row] = [
        {"id": "0", "phone": "see notes", "email": "jan@bedrijf.nl"},
        {"id": "1", "phone": "see notes", "email": "x@x.nl"},
        {"id": "2", "phone": None, "email": "jan@bedrijf"},
        {"id": "3"},
    ]
    demand = Judgement((PHONE, EMAIL), ASKED)
    assert only(verdicts(connection, rows, [demand])) == [G, P, I, M]


def test_names_are_fillers_together(connection: DuckDBPyConnection) -> None:
    rows: list[Row] = [
        {"id": "0", "first_name": "Test", "last_name": "xxx"},
        {"id": "1", "first_name": "Test", "last_name": "Jansen"},
        {"id": "2", "first_name": "Test", "last_name": None},
    ]
    first, last = (Judgement((column,), (P,)) for column in (FIRST, LAST))
    assert verdicts(connection, rows, [first, last]) == {"0": (P, P), "1": (G, G), "2": (G, M)}


def test_duplicates_by_reach(connection: DuckDBPyConnection) -> None:
    rows: list[Row] = [
        {"id": "0", "owner": "a", "phone": "06 2468 1357", "email": "Jan@Bedrijf.nl"},
        {
            "id": "1",
            "owner": "a",
            "phone": "0031624681357 toestel 3",
            "email": "jan@bedrijf.nl",
        },
        {"id": "2", "owner": "b", "phone": "+31 6 2468 1357", "email": "Jan@bedrijf.NL"},
        {"id": "3", "owner": None, "phone": "020 555 0100", "email": "no address"},
        {"id": "4", "owner": "", "phone": "020 555 0100", "email": "no address"},
        {"id": "5", "owner": "b", "phone": "12345", "email": "x@x.nl"},
        {"id": "6", "owner": "b", "phone": "12345", "email": "x@x.nl"},
    ]
    unique = (D,)
    demands = [
        Judgement((PHONE,), unique, reach=Reach.OWNER),
        Judgement((PHONE,), unique, reach=Reach.COMPANY),
        Judgement((EMAIL,), unique, reach=Reach.OWNER),
        Judgement((EMAIL,), unique, reach=Reach.COMPANY),
    ]
    assert verdicts(connection, rows, demands) == {
        "0": (D, D, G, D), "1": (D, D, G, G), "2": (G, D, G, D), "3": (D, D, G, G),
        "4": (D, D, G, G), "5": (G, G, G, G), "6": (G, G, G, G),
    }  # fmt: skip


def test_a_record_of_several_owners_is_one_record(connection: DuckDBPyConnection) -> None:
    rows: list[Row] = [
        {"id": "0", "owner": "a", "name": "Taart"},
        {"id": "0", "owner": "b", "name": "Taart"},
        {"id": "1", "owner": "b", "name": "Koek"},
        {"id": "2", "owner": "a", "name": "koek "},
        {"id": "2", "owner": "b", "name": "koek "},
    ]
    unique = Judgement((NAME,), (D,), reach=Reach.OWNER)
    assert only(verdicts(connection, rows, [unique])) == [G, D, D]


def test_a_value_in_two_columns_is_compared_across_them(connection: DuckDBPyConnection) -> None:
    rows: list[Row] = [
        {"id": "0", "phone": "06 2468 1357", "mobile": "06 2468 1357"},
        {"id": "1", "phone": None, "mobile": "06 1111 2222"},
        {"id": "2", "phone": "0611112222", "mobile": "020 555 0100"},
        {"id": "3", "phone": "0611112222"},
    ]
    unique = Judgement((PHONE, MOBILE), (D,))
    assert only(verdicts(connection, rows, [unique])) == [G, D, G, D]


def test_own_words(connection: DuckDBPyConnection) -> None:
    rows = texts("later", "test", "zzz", column="name")
    demand = Judgement((NAME,), (P,), words=("Later",))
    assert only(verdicts(connection, rows, [demand])) == [P, G, P]


def test_processes_share_the_work(
    connection: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.rules.judging._BATCH", 2)
    rows = texts(*(f"06 24{number:06d}" for number in range(200)), *("see notes", None))
    found = verdicts(connection, rows, [Judgement((PHONE,), ASKED)])
    assert found == {str(number): (G,) for number in range(200)} | {"200": (I,), "201": (M,)}


def test_nothing_is_left_but_the_verdicts(connection: DuckDBPyConnection) -> None:
    verdicts(connection, texts("06 2468 1357"), [Judgement((PHONE,), ASKED)])
    tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert {name for (name,) in tables} == {"view_contact", "client", "judged_contact"}


def test_another_engine_finds_the_verdicts_of_a_snapshot(tmp_path: Path) -> None:
    url = f"duckdb:///{tmp_path / 'audit.duckdb'}"
    engine = create_engine(url)
    with engine.begin() as opened:
        opened.exec_driver_sql(
            "CREATE TABLE client AS SELECT 'c1' AS id, 'a' AS owner, 'Taart' AS name,"
            " '02 555 12 12' AS phone, 'België' AS country"
        )
        opened.exec_driver_sql("CREATE VIEW view_client AS SELECT * FROM client")
        opened.exec_driver_sql(
            "CREATE VIEW view_contact AS SELECT 'p' AS id, 'a' AS owner, '02 555 12 12' AS phone,"
            " NULL::VARCHAR AS country, 'c1' AS client_id UNION ALL"
            " SELECT 'q', 'a', 'see notes', NULL, 'gone'"
        )
    phone = Judgement((PHONE,), ASKED)
    schema: Any = {"contact": {"country": None}, "client": {"country": None}}
    asked = {"client": [phone, Judgement((NAME,), ASKED)], "contact": [phone]}
    tables = judge_snapshot(engine, asked, DUTCH, schema)
    engine.dispose()

    view = table("view_contact", column("id"), column("phone"))
    verdict = tables["contact"].c
    statement = select(view.c.id, verdict.j0).join(tables["contact"], verdict.id == view.c.id)
    with create_engine(url).connect() as connection:
        assert dict(map(tuple, connection.execute(statement))) == {"p": G, "q": I}
        assert connection.execute(select(tables["client"])).all() == [("c1", G, G)]


def test_queries_name_the_columns() -> None:
    assert [column.key for column in judged("contact", 2).c] == ["id", "j0", "j1"]


# --------------------------------------------------------------------------------- random rows

VALUES = {
    "name": ("Taart", " TAART", "Café", "Cafe\u0301", "test", "-", "#REF!", "leeg", "\u200b"),
    "first_name": ("Test", "Jan", "xxx", "", "leeg"),
    "last_name": ("Test", "Jansen", "jansen ", "aaa", ""),
    "phone": (
        "06 2468 1357", "+31624681357", "02 555 12 12", "5550100", "12345", "see notes", "leeg",
        "#REF!",
    ),
    "mobile": ("0031 6 24681357", "06 1111 2222", "+32 2 555 12 12", "x"),
    "email": ("Jan@bedrijf.nl", "jan@BEDRIJF.nl", "Jan@Bedrijf.nl ", "jan@", "x@x.nl", ""),
}  # fmt: skip
"""Few, so that some are the same."""


def joined(values: Sequence[str]) -> st.SearchStrategy[str | None]:
    parts = st.lists(st.sampled_from(values), min_size=1, max_size=3)
    return st.none() | st.sampled_from(values) | parts.map("\x1f".join)


def records() -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries(
        {
            "owners": st.sets(st.sampled_from(["a", "b", ""]), min_size=1, max_size=2),
            "country": st.sampled_from([None, "NL", "België", "?"]),
            "client_id": st.sampled_from([None, "c1", "c2"]),
            **{name: joined(values) for name, values in VALUES.items()},
        }
    )
    return st.lists(one, max_size=7)


def judgements() -> st.SearchStrategy[list[Judgement]]:
    columns = st.lists(
        st.sampled_from([PHONE, MOBILE, EMAIL, NAME, FIRST, LAST]),
        min_size=1, max_size=3, unique=True,
    )  # fmt: skip
    asks = st.sets(st.sampled_from(ASKED)).map(lambda asks: tuple(sorted(asks)))
    words = st.sampled_from([None, ("Taart", "jan")])
    one = st.builds(Judgement, columns.map(tuple), asks, words, st.sampled_from(Reach))
    return st.lists(one, min_size=1, max_size=3)


CLIENTS = {"c1": "Belgium", "c2": ""}
REGIONS = {"NL": "NL", "België": "BE", "Belgium": "BE"}


class Oracle:
    """The definitions in plain loops over records that are dictionaries."""

    def __init__(
        self, rows: list[dict[str, Any]], judgement: Judgement, region: str | None
    ) -> None:
        self.rows, self.judgement, self.region = rows, judgement, region
        self.fillers = Fillers() if judgement.words is None else Fillers(judgement.words)

    def verdict(self, number: int) -> Judged:
        found = [self._of_value(number, *value) for value in self._values(self.rows[number])]
        stated = [verdict for verdict in found if verdict is not M]
        if not stated:
            return M
        for good in (G, H, N):
            if good in stated:
                return good
        return next(verdict for verdict in (U, P, I, D) if verdict in stated)

    def _values(self, row: dict[str, Any]) -> Iterator[tuple[JudgedColumn, str]]:
        for judged_column in self.judgement.columns:
            for value in (row[judged_column.name] or "").split("\x1f"):
                yield judged_column, value

    def _of_value(self, number: int, column: JudgedColumn, value: str) -> Judged:
        row, asks = self.rows[number], self.judgement.asks
        bare = value.strip(" \u200b\x1f")
        if bare in ("", "leeg"):
            return M
        if bare == "#REF!":
            return U
        plain, form = self._alone(row, column, value)
        if plain is P:
            return P if P in asks else G
        if plain in (I, H, N):
            plain = plain if I in asks else G
        if form is None or D not in asks:
            return plain
        return D if self._is_shared(number, column, form) else plain

    def _alone(
        self, row: dict[str, Any], column: JudgedColumn, value: str
    ) -> tuple[Judged, str | None]:
        match column.syntax:
            case Syntax.PHONE:
                if self.fillers.has_phone(value):
                    return P, None
                phone = judge_phone(value, self._region(row))
                return Judged[PhoneVerdict(phone.verdict).name], phone.number
            case Syntax.EMAIL:
                if self.fillers.has_text(value):
                    return P, None
                if not is_email(value):
                    return I, None
                local, domain = value.strip().split("@")
                return G, f"{local}@{domain.lower()}"
            case Syntax.NAME:
                other = "last_name" if column.name == "first_name" else "first_name"
                if self.fillers.has_text(value) and self.fillers.has_text(row[other] or ""):
                    return P, None
            case _:
                if self.fillers.has_text(value):
                    return P, None
        return G, value.strip().lower().replace("e\u0301", "é")

    def _region(self, row: dict[str, Any]) -> str | None:
        own, clients = row["country"], CLIENTS.get(row["client_id"] or "")
        return REGIONS.get(own or "") or REGIONS.get(clients or "") or self.region

    def _is_shared(self, number: int, column: JudgedColumn, form: str) -> bool:
        mine = self.rows[number]["owners"]
        for other, row in enumerate(self.rows):
            if other == number:
                continue
            if self.judgement.reach is Reach.OWNER and not mine & row["owners"]:
                continue
            for its_column, value in self._values(row):
                bare = value.strip(" \u200b\x1f")
                if its_column.syntax is not column.syntax or bare in ("", "leeg", "#REF!"):
                    continue
                if self._alone(row, its_column, value)[1] == form:
                    return True
        return False


@settings(max_examples=150)
@given(records(), judgements(), st.sampled_from(["NL", None]))
def test_every_verdict_is_the_oracles(
    connection: DuckDBPyConnection,
    rows: list[dict[str, Any]],
    demands: list[Judgement],
    region: str | None,
) -> None:
    by_owner = [
        {**row, "id": str(number), "owner": owner}
        for number, row in enumerate(rows)
        for owner in row["owners"]
    ]
    context = JudgingContext(region, frozenset({"leeg"}), frozenset({"#REF!"}))
    oracles = [Oracle(rows, demand, region) for demand in demands]
    assert verdicts(connection, by_owner, demands, context, CLIENTS) == {
        str(number): tuple(oracle.verdict(number) for oracle in oracles)
        for number in range(len(rows))
    }


@given(st.sampled_from(VALUES["phone"]), st.text(" \u00a0\u200b", max_size=2))
def test_a_verdict_does_not_depend_on_white_space_around(value: str, blank: str) -> None:
    opinion = Judge(Judgement((PHONE,), ASKED), Syntax.PHONE, DUTCH)
    assert opinion(f"{blank}{value}{blank}", "") == opinion(value, "")


# ------------------------------------------------------------------------------- what is proven


def test_what_decides_a_verdict_is_proven() -> None:
    schema = {"contact": {"country": None}, "client": {"country": None}, "lead": {}}
    asked = {
        "contact": [Judgement((PHONE, EMAIL), ASKED), Judgement((LAST,), ASKED)],
        "deal": [Judgement((NAME,), ASKED)],
    }
    assert judged_columns(asked, schema) == (
        "contact.phone", "contact.email", "contact.country", "client.country",
        "contact.last_name", "contact.first_name", "deal.name",
    )  # fmt: skip
    assert proven_text({}, schema) == PROVEN_TEXT
    assert proven_text(asked, schema) == {
        **PROVEN_TEXT,
        "contact": ("first_name", "last_name", "client_id", "phone", "email", "country"),
        "client": ("name", "country"),
    }


def test_a_crm_without_countries_names_none() -> None:
    assert country_columns("contact", {"contact": {}, "client": {"country": None}}) == (
        "client.country",
    )
    assert country_columns("deal") == ()
