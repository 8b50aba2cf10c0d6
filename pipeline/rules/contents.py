"""What a rule asks for, as a hash: findings of a rule that asks for something else have another
standard to meet.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def standard_of(field_sets: Mapping[str, FieldSet], shares: Mapping[str, int]) -> str:
    """The SHA-256 of all that decides completeness: what rules ask for, of whom, for how many
    points, and the shares of kinds. A label or a reason does not.
    """
    rules = {entity: _standard(fields) for entity, fields in field_sets.items()}
    return json_sha256({"rules": rules, "shares": dict(shares)})


def _standard(fields: FieldSet) -> dict[str, list[Any]]:
    contents = contents_of(fields)
    return {
        demand.name: [
            contents[demand.name],
            demand.weight,
            demand.owed_by,
            *sorted(demand.costs),
        ]
        for demand in fields.demands
    }


def _hash(document: Any) -> str:
    """The first 16 digits of the SHA-256, in hexadecimal."""
    return json_sha256(document)[:16]


@cache
def _written() -> TypeAdapter[Demand]:
    return TypeAdapter(Demand)
