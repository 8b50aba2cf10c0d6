"""What a rule asks for, as a hash: findings of a rule that asks for something else have another
standard to meet.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from pipeline.model import Demand, FieldSet
from pipeline.values.hashes import json_sha256

_ASKED = {"columns", "when", "checks", "judgement"}
"""What of a demand decides who fails it. A label, a reason, a weight do not."""


def contents_of(fields: FieldSet) -> dict[str, str]:
    """The rules of a field set, each with the hash of what it asks for."""
    demands = {
        demand.name: _hash(_written().dump_python(demand, mode="json", include=_ASKED))
        for demand in fields.demands
    }
    return demands | {f"unreadable.{column}": _hash(column) for column in fields.readable}


def _hash(document: Any) -> str:
    """The first 16 digits of the SHA-256, in hexadecimal."""
    return json_sha256(document)[:16]


@cache
def _written() -> TypeAdapter[Demand]:
    return TypeAdapter(Demand)
