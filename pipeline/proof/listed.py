"""Checks that every count that names a defect lists as many records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pipeline.errors import ProofError
from pipeline.findings.tallies import Group
from pipeline.model import Rule, Tally, demands_of, failed
from pipeline.values.visible import visible

_Claim = tuple[str, str, str, bool]
"""(count, its dimension, owner or '', whether another owner has the record already)"""


def must_be_listed(
    tallies: Iterable[Tally], groups: Mapping[Group, int], rules: Mapping[str, Sequence[Rule]]
) -> None:
    """Raises ProofError if an owner's count is not the number of records listed.

    Count and list are two queries; nothing else would notice a record counted but not shown.
    """
    named = {(rule.measure, rule.dimension) for of in rules.values() for rule in of}
    counted: Counter[_Claim] = Counter()
    for tally in tallies:
        if not tally.company and (tally.name, tally.dimension) in named:
            # an owner's id may be blank, and so is nobody's
            counted[tally.name, tally.dimension, tally.owner or "", tally.is_repeat] += (
                tally.value
            )
    listed = _listed(groups, rules)
    differing = sorted((+counted - listed) + (listed - +counted))
    if differing:
        raise ProofError(
            f"{len(differing)} counts differ from the records listed for them; nothing was published, and the last "
            "good report stays.",
            tuple(
                (visible(_id(claim)), "records listed", str(counted[claim]), str(listed[claim]))
                for claim in differing
            ),
        )


def _listed(
    groups: Mapping[Group, int], rules: Mapping[str, Sequence[Rule]]
) -> Counter[_Claim]:
    listed: Counter[_Claim] = Counter()
    demands = {entity: demands_of(of_entity) for entity, of_entity in rules.items()}
    for (owner, entity, _, is_repeat, mask, *_), number in groups.items():
        for rule in failed(rules[entity], mask & ~demands[entity]):
            listed[rule.measure, rule.dimension, owner, False] += number
            listed[rule.measure, rule.dimension, owner, True] += number * is_repeat
    return +listed


def _id(claim: _Claim) -> str:
    name, dimension, owner, is_repeat = claim
    what = f"{name}/{dimension}" if dimension else name
    return f"{what} of {owner or 'nobody'}{', double-counted' if is_repeat else ''}"
