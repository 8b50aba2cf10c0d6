"""The rows of a failing scan of the snapshot, made the records that `findings.stored` holds.

All of it in columns: hundreds of thousands of rows as Python objects would take longer than
asking for them.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import AuditError
from pipeline.findings.stored import FAILING
from pipeline.model import SPANS
from pipeline.queries import WORD

_TEXTS: Final = ("id", "owner", "entered_by")
_NAMED: Final = (*_TEXTS, "span", "is_repeat", "occurred_at_us")
_DIGITS: Final = WORD // 4
"""Hexadecimal digits of a word: 60 bits are 15 of them, and no bit is left over."""


def failing_records(entity: str, rows: pa.Table) -> pa.Table:
    """Rows of (id, owner, span, is_repeat, occurred_at_us, entered_by, *words of the mask) as a
    table of the schema `FAILING`, in the same order.

    AuditError where an id is no text, as every id of a snapshot is, or where a row lacks what
    none may lack.
    """
    _must_be_whole(entity, rows)
    spans = pa.array(map(str, SPANS), pa.string())
    columns = {
        "entity": pa.repeat(pa.scalar(entity, pa.string()), rows.num_rows),
        "record_id": pc.fill_null(rows["id"], ""),
        "owner": pc.fill_null(rows["owner"], ""),
        "mask": _in_hexadecimal([rows[name] for name in _words(rows)]),
        "span": spans.take(rows["span"]),
        "is_repeat": rows["is_repeat"].cast(pa.bool_()),
        "occurred_at_us": rows["occurred_at_us"].cast(pa.int64()),
        "entered_by": pc.fill_null(rows["entered_by"], ""),
    }
    return pa.table(columns, schema=FAILING)


def _words(rows: pa.Table) -> list[str]:
    """The columns of the mask, the lowest word first."""
    return [name for name in rows.column_names if name not in _NAMED]


def _must_be_whole(entity: str, rows: pa.Table) -> None:
    for name in _TEXTS:
        kind = rows.schema.field(name).type
        if not pa.types.is_string(kind):
            raise AuditError(f"The snapshot holds {name} of {entity} as {kind}, not as text.")
    for name in ("span", "is_repeat", *_words(rows)):
        if rows[name].null_count:
            raise AuditError(f"The validation of {entity} listed records without {name}.")


def _in_hexadecimal(words: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Words of bits, the lowest first, as one number each: 2 and 1 as '1000000000000002'."""
    if len(words) == 1:
        return _as_text(words[0], "x")
    digits = [_as_text(word, f"0{_DIGITS}x") for word in reversed(words)]
    return pc.utf8_ltrim(pc.binary_join_element_wise(*digits, ""), "0")


def _as_text(word: pa.ChunkedArray, form: str) -> pa.ChunkedArray:
    """The word of each record as text: each that differs is formatted once."""
    distinct = word.unique()
    texts = [format(number, form) for number in distinct.to_pylist()]
    return pa.array(texts, pa.string()).take(pc.index_in(word, distinct))
