"""The snapshot: the CRM's audited rows as typed Parquet, queried with DuckDB.

All later stages read only these files.
"""

from pipeline.snapshot.open import OpenSnapshot, entities, opened
from pipeline.snapshot.typing import DELIVERED
from pipeline.snapshot.write import ROW_GROUP, Stored, write_entity

__all__ = [
    "DELIVERED",
    "ROW_GROUP",
    "OpenSnapshot",
    "Stored",
    "entities",
    "opened",
    "write_entity",
]
