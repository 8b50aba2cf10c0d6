"""Reading the CRM: one consistent, read-only transaction, inside which two readings are made.

The rows go out as the driver gives them; the witness is what the database itself
counts. Then it is let go.
"""

from pipeline.databases.adapter import Rights
from pipeline.source.connect import (
    DEFAULT_HOLD,
    Hold,
    advice,
    consistent,
    hidden,
    moment,
    open_engine,
    rights,
    said_duration,
)
from pipeline.source.reading import Reading
from pipeline.source.selects import Demand

__all__ = [
    "DEFAULT_HOLD",
    "Demand",
    "Hold",
    "Reading",
    "Rights",
    "advice",
    "consistent",
    "hidden",
    "moment",
    "open_engine",
    "rights",
    "said_duration",
]
