"""Reading the CRM: one consistent, read-only transaction, inside which two readings are made.

The rows go out as the driver gives them; the witness is what the database itself
counts. Then it is let go.
"""

from pipeline.databases.adapter import Rights
from pipeline.source.connect import (
    DEFAULT_HOLD,
    TransactionLimit,
    advice,
    consistent,
    hidden,
    moment,
    open_engine,
    rights,
    said_duration,
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
    "hidden",
    "moment",
    "open_engine",
    "rights",
    "said_duration",
]
