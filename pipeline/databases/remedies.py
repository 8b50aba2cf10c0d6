"""Advice for SQL that a database refuses or that fails on the CRM's contents.

The file of each database maps its own error messages to these sentences. The SQL is the
user's: a `select`, an `{sql: …}`, or a control in audit.yaml.
"""

from __future__ import annotations

from typing import Final

TYPES: Final = (
    "The SQL of the preset or of a control compares or mixes two types, such as a text and a number: turn one of "
    "them into the other by CAST(… AS …)."
)
VALUES: Final = (
    "A value in the CRM does not fit the type into which the SQL of the preset or of a control turns it. Give the "
    "column as it is, without a CAST, and say under formats how its text is read; or cast only where a CASE finds "
    "that it fits."
)
ZERO: Final = (
    "The SQL of the preset or of a control divides by zero: write NULLIF(…, 0) as the divisor."
)
FUNCTIONS: Final = (
    "The SQL of the preset or of a control calls a function that this database does not have, or not for "
    "arguments of these types: correct its name, or CAST the arguments."
)
AMBIGUOUS: Final = (
    "Two tables in the SQL of the preset or of a control have a column of this name: write the table's alias "
    "before it, as in t.name."
)
ALIASES: Final = (
    "The SQL of the preset or of a control uses a table's name or alias that no FROM defines."
)
TWICE: Final = (
    "A SELECT of the preset gives two columns the same name: give each a name of its own by AS."
)
GROUPS: Final = (
    "The SQL of the preset or of a control mixes single values with counts or sums: put each column that is not "
    "counted or summed into GROUP BY, and a condition on a count or sum into HAVING."
)
SUBQUERIES: Final = (
    "A SELECT between brackets stands where one value is meant, in the SQL of the preset or of a control, and "
    "gives more: let it give one column and one row, by MIN(…) or LIMIT 1."
)
COLUMNS: Final = (
    "The SELECTs of a UNION in the preset or a control give different numbers of columns: give NULL for those "
    "that lack."
)
COLLATIONS: Final = (
    "The SQL of the preset or of a control compares texts of two collations, as tables of different age have "
    "them: write COLLATE with one of the two behind one side, as in a.id = b.id COLLATE utf8mb4_unicode_ci."
)
UNKNOWN_COLLATION: Final = (
    "This database does not have the collation or character set that the SQL of the preset or of a control names; "
    "correct it, or leave COLLATE out."
)
PATTERNS: Final = "Correct the regular expression in the SQL of the preset or of a control."
JSON: Final = (
    "A text that the SQL of the preset or of a control reads as JSON is none: "
    "ask json_valid first, or give it as text."
)
SYNTAX: Final = (
    "Correct the SQL of the preset or of the control near the word that is quoted; "
    "this database has SQL of its own."
)
OTHERS: Final = (
    "Another session locks what is read; run again at a quiet hour, or read from a replica."
)
CANCELLED: Final = "Somebody at the server cancelled the statement; ask the administrator, and run at a quiet hour."

OF_DUCKDB: Final = {
    "Cannot mix values": TYPES,
    "Cannot compare values": TYPES,
    "Unimplemented type for cast": TYPES,
    "Malformed JSON": JSON,
    "Conversion Error": VALUES,
    "Out of Range Error": VALUES,
    "Scalar Function with name": FUNCTIONS,
    "No function matches": FUNCTIONS,
    "Ambiguous reference": AMBIGUOUS,
    "Referenced table": ALIASES,
    "GROUP BY": GROUPS,
    "cannot contain aggregates": GROUPS,
    "More than one row returned by a subquery": SUBQUERIES,
    "Subquery returns": SUBQUERIES,
    "same number of result columns": COLUMNS,
    "Collation with name": UNKNOWN_COLLATION,
    "missing )": PATTERNS,
    "Referenced column": "The SQL of the preset or of a control names a column that is not there; correct it.",
    "Table with name": "The SQL of the preset or of a control names a table that is not there; correct it.",
    "syntax error": SYNTAX,
}
"""Also used for files, which DuckDB reads."""
