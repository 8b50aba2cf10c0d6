"""What a database says of a preset's own SQL, provoked for real: the remedy that a user reads, and nobody's data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from pipeline.databases import remedies
from pipeline.databases.kinds import kind_of
from pipeline.errors import SourceError
from tests.source.test_mapped_columns import Crm, crm

__all__ = ["crm"]

ONE: Final = "(SELECT u.nr FROM TABLE u)"
TWO: Final = "(SELECT u.nr, u.weg FROM TABLE u WHERE u.nr = 1)"
UNION: Final = "(SELECT 1 UNION ALL SELECT 1, 2)"
ODD: Final = "(SELECT max(d.weg) FROM TABLE d JOIN TABLE e ON d.nr = e.nr WHERE nr = 1)"
SUMS: Final = "(SELECT u.weg FROM TABLE u WHERE count(*) > 1)"
HUGE: Final = "9223372036854775807 + t.nr"

SAID: Final = [
    ("postgresql", "CASE WHEN t.weg = t.nr THEN 1 END", remedies.TYPES),
    ("postgresql", "COALESCE(t.nr, t.weg)", remedies.TYPES),
    ("postgresql", "CAST(CURRENT_DATE AS integer)", remedies.TYPES),
    ("postgresql", "CAST(t.weg AS integer)", remedies.VALUES),
    ("postgresql", "CAST(t.weg AS date)", remedies.VALUES),
    ("postgresql", HUGE, remedies.VALUES),
    ("postgresql", "CAST(t.weg AS json)", remedies.JSON),
    ("postgresql", "1 / (t.nr - 1)", remedies.ZERO),
    ("postgresql", "nosuch(t.weg)", remedies.FUNCTIONS),
    ("postgresql", "x.weg", remedies.ALIASES),
    ("postgresql", "(SELECT u.weg FROM TABLE u GROUP BY u.nr)", remedies.GROUPS),
    ("postgresql", SUMS, remedies.GROUPS),
    ("postgresql", ONE, remedies.SUBQUERIES),
    ("postgresql", ODD, remedies.AMBIGUOUS),
    ("postgresql", 't.weg COLLATE "nosuch"', remedies.UNKNOWN_COLLATION),
    ("postgresql", "t.weg ~ '('", remedies.PATTERNS),
    (
        "mysql",
        "(t.weg COLLATE utf8mb4_bin) = (t.weg COLLATE utf8mb4_unicode_ci)",
        remedies.COLLATIONS,
    ),
    ("mysql", "t.weg COLLATE nosuch", remedies.UNKNOWN_COLLATION),
    ("mysql", HUGE, remedies.VALUES),
    ("mysql", "nosuch(t.weg)", remedies.FUNCTIONS),
    ("mysql", "upper(t.weg, 2)", remedies.FUNCTIONS),
    ("mysql", ONE, remedies.SUBQUERIES),
    ("mysql", TWO, remedies.SUBQUERIES),
    ("mysql", ODD, remedies.AMBIGUOUS),
    ("mysql", "(SELECT sum(count(u.nr)) FROM TABLE u)", remedies.GROUPS),
    ("mysql", "t.weg REGEXP '('", remedies.PATTERNS),
    ("sqlite", "nosuch(t.weg)", remedies.FUNCTIONS),
    ("sqlite", "upper(t.weg, 2)", remedies.FUNCTIONS),
    ("sqlite", TWO, remedies.SUBQUERIES),
    ("sqlite", ODD, remedies.AMBIGUOUS),
    ("sqlite", SUMS, remedies.GROUPS),
    ("sqlite", "t.weg COLLATE nosuch = 'a'", remedies.UNKNOWN_COLLATION),
    ("sqlite", "json_extract(t.weg, '$')", remedies.JSON),
    ("sqlite", UNION, remedies.COLUMNS),
    ("duckdb", "COALESCE(t.nr, t.weg)", remedies.TYPES),
    ("duckdb", "CAST(t.weg AS integer)", remedies.VALUES),
    ("duckdb", HUGE, remedies.VALUES),
    ("duckdb", "nosuch(t.weg)", remedies.FUNCTIONS),
    ("duckdb", "x.weg", remedies.ALIASES),
    ("duckdb", ONE, remedies.SUBQUERIES),
    ("duckdb", TWO, remedies.SUBQUERIES),
    ("duckdb", ODD, remedies.AMBIGUOUS),
    ("duckdb", SUMS, remedies.GROUPS),
    ("files", "CAST(t.weg AS integer)", remedies.VALUES),
    ("files", "nosuch(t.weg)", remedies.FUNCTIONS),
]


@pytest.mark.parametrize("dialect", sorted({dialect for dialect, *_ in SAID}))
def test_a_remedy_fits_what_the_database_says(dialect: str, crm: Callable[[str], Crm]) -> None:
    table = crm(dialect)
    for spoken, sql, remedy in SAID:
        if spoken != dialect:
            continue
        written = sql.replace("TABLE", table.table)
        preset = table.preset(
            f"select: |\n      SELECT t.nr AS id, {written} AS name, NULL AS excluded FROM {table.table} t"
        )
        with pytest.raises(SourceError) as caught, table.reader(preset) as reader:
            reader.head("client", 9)
        assert remedy in str(caught.value), (sql, str(caught.value))
        assert "the account and its rights" not in str(caught.value)


@pytest.mark.parametrize(
    ("dialect", "complaint", "remedy"),
    [
        ("mysql", "1055 'crm.t.naam' isn't in GROUP BY", remedies.GROUPS),
        (
            "mysql",
            "1222 The used SELECT statements have a different number of columns",
            remedies.COLUMNS,
        ),
        (
            "mysql",
            "1267 Illegal mix of collations (a,IMPLICIT) and (b,IMPLICIT) for operation '='",
            remedies.COLLATIONS,
        ),
        ("postgresql", 'column "id" specified more than once', remedies.TWICE),
        ("postgresql", "UNION types text and integer cannot be matched", remedies.TYPES),
        ("postgresql", "canceling statement due to lock timeout", remedies.OTHERS),
        ("postgresql", 'column "phone" does not exist', "The preset's SELECT names a column"),
    ],
)
def test_the_first_remedy_that_fits_is_said(dialect: str, complaint: str, remedy: str) -> None:
    known = kind_of(dialect).remedies
    assert next(
        do for part, do in known.items() if part.lower() in complaint.lower()
    ).startswith(remedy)


# ------------------------------------------------------------------------------------------------ nobody's data

CLIENTS: Final = (
    "Jan Jansen", 'Jan "de Boer" Jansen', '"" Jansen', '"Jansen', "Jan O'Brien", "'Jansen'", "Jan\n\nLINE 1: Jansen",
    "Jan\r\nJansen", "«Jan» Jansen",
)  # fmt: skip
TOLD: Final = ("Jan", "Boer", "Brien", "sen", "31337")

OWN_FUNCTION: Final = (
    "CREATE FUNCTION as_number(given TEXT) RETURNS INT DETERMINISTIC "
    "BEGIN DECLARE number INT; SET number = given; RETURN number; END"
)

QUOTING: Final = [  # SQL that fails on a row, and what of the complaint stays readable
    ("postgresql", "CAST(t.weg AS integer)", "invalid input syntax for type integer: "),
    ("postgresql", "CAST(t.weg AS date)", "invalid input syntax for type date: "),
    ("postgresql", "CAST(t.weg AS json)", "invalid input syntax for type json"),
    ("postgresql", "to_timestamp(t.weg, 'YYYY-MM-DD')", "invalid value "),
    (
        "postgresql",
        "CAST(CAST(t.nr + 31337 AS text) AS boolean)",
        "invalid input syntax for type boolean: ",
    ),
    ("mysql", "as_number(t.weg)", "Incorrect integer value: '…'"),
    ("mysql", "9223372036854775807 + t.nr + 31337", "value is out of range in"),
    ("sqlite", "json_extract('{}', t.weg)", "JSON path"),
    ("sqlite", "json(t.weg)", "malformed JSON"),
    ("duckdb", "CAST(t.weg AS integer)", "Could not convert string "),
    ("duckdb", "CAST(t.weg AS date)", "Conversion Error"),
    ("duckdb", "json_extract(t.weg, '$.a')", "Malformed JSON"),
    ("duckdb", "CAST(t.nr + 313370 AS smallint)", "with value … can't be cast"),
    ("files", "CAST(t.weg AS integer)", "Could not convert string "),
]


@pytest.mark.parametrize(("dialect", "sql", "readable"), QUOTING)
def test_what_a_database_quotes_of_a_row_is_shown_to_nobody(
    dialect: str, sql: str, readable: str, crm: Callable[[str], Crm]
) -> None:
    table = crm(dialect)
    if "as_number" in sql:
        table.run(OWN_FUNCTION)
    preset = table.preset(
        f"select: |\n      SELECT t.nr AS id, {sql} AS name, NULL AS excluded FROM {table.table} t"
    )
    for client in CLIENTS:
        table.holds(client)
        with pytest.raises(SourceError) as caught, table.reader(preset) as reader:
            reader.head("client", 9)
        said = str(caught.value)
        assert readable in said
        assert not [one for one in TOLD if one in said], said
