"""Changes to failing records after they were read: what Python judged is laid over what the CRM's
own database found.

Both readings must fail the same records in the end, so the source's, which knows nothing of
Python's verdicts, takes these over from the snapshot. Every other bit stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from pipeline.model import FailingRecord, FieldSet

_Key = tuple[str, str, bool, str]
"""(entity, record id, whether it is a repeat, of which owner then)"""


def with_judged(
    failing: Iterable[FailingRecord],
    judged: Iterable[FailingRecord],
    field_sets: Mapping[str, FieldSet],
) -> Iterator[FailingRecord]:
    """The failing records with the bits of those that Python `judged`; where a demand then has
    several verdicts, it keeps the first. Records that only Python finds are added.
    """
    settled = cache(lambda entity, mask: field_sets[entity].settled(mask))
    left = {_key(record): record for record in judged}
    for record in failing:
        other = left.pop(_key(record), None)
        mask = record.mask | other.mask if other else record.mask
        yield record._replace(mask=settled(record.entity, mask))
    for record in left.values():
        yield record._replace(mask=settled(record.entity, record.mask))


def _key(record: FailingRecord) -> _Key:
    holder = record.owner if record.is_repeat else ""
    return record.entity, record.record_id, record.is_repeat, holder
