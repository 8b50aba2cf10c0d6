"""Reads the CRM twice in one consistent, read-only transaction.

The first reading streams the rows as the driver returns them. The second, the witness, is what
the database itself counts. Then the transaction ends.
"""

from pipeline.databases.adapter import Rights
from pipeline.source.connect import (
    DEFAULT_HOLD,
    TransactionLimit,
    advice,
    consistent,
    duration_text,
    hidden,
    moment,
    open_engine,
    rights,
)
from pipeline.source.reader import SourceReader
from pipeline.source.selects import ReadSpec

__all__ = [
    "DEFAULT_HOLD",
    "ReadSpec",
    "Rights",
    "SourceReader",
    "TransactionLimit",
    "advice",
    "consistent",
    "duration_text",
    "hidden",
    "moment",
    "open_engine",
    "rights",
]
